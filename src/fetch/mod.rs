//! Asks servers, one hop at a time: the network with its limits and its manners, or a recording or a simulation that
//! answers instead.
//!
//! [`Fetcher`] sends one request and brings back one answer within `http.timeout` and `http.max_body`, to public addresses
//! only. [`hosts`] says which request may start when, [`robots`] what a site allows, [`warc`] reads and writes recordings.
//!
//! It follows no redirect, sleeps on no gap, retries nothing and keeps no state of sources: who asks does that, so that
//! every hop goes through the one schedule of its host.

mod body;
mod double;
mod encoding;
mod error;
mod guard;
pub mod hosts;
mod network;
mod record;
mod replay;
mod response;
pub mod robots;
#[cfg(test)]
mod scripted;
pub mod warc;
mod websub;

use std::{collections::BTreeMap, path::Path, sync::Arc};

use bytes::Bytes;

pub use self::{
    double::Double,
    error::Error,
    network::Network,
    replay::Replay,
    response::{Headers, Response},
    websub::Subscription,
};
use crate::{config::Http, model::Validators};

/// Something that answers requests: the network, or a recording.
pub trait Fetch: Send + Sync + 'static {
    /// Sends one request and returns its answer, whatever its status; redirects are not followed.
    ///
    /// # Errors
    /// When there is no complete answer within the limits: [`Error`] says why, and whether trying again may help.
    fn fetch(&self, request: Request) -> impl Future<Output = Result<Response, Error>> + Send;
}

impl<F: Fetch> Fetch for Arc<F> {
    fn fetch(&self, request: Request) -> impl Future<Output = Result<Response, Error>> + Send {
        (**self).fetch(request)
    }
}

/// What is asked of a server.
#[derive(Debug, Clone)]
pub struct Request {
    /// An http or https address.
    pub url: String,
    /// What the answer is for.
    pub purpose: Purpose,
    /// What the last full answer carried, to be told "not modified" instead of the same again.
    pub validators: Validators,
    /// Headers in addition to dateline's own, or instead of them, such as a source's `User-Agent`.
    pub headers: BTreeMap<String, String>,
    /// What is posted; `None` makes it a GET.
    pub body: Option<Bytes>,
}

impl Request {
    /// Returns an unconditional GET without headers of its own.
    pub fn new(url: impl Into<String>, purpose: Purpose) -> Self {
        Self { url: url.into(), purpose, validators: Validators::default(), headers: BTreeMap::new(), body: None }
    }
}

/// What an answer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A poll of a source.
    Source,
    /// An article's page.
    Page,
    /// A host's robots.txt.
    Robots,
    /// The delivery of an alert; never recorded.
    Webhook,
    /// A word to a hub; never recorded.
    Hub,
}

/// The fetcher that the configuration asks for.
#[derive(Debug)]
pub enum Fetcher {
    /// Asks servers.
    Network(Network),
    /// Answers from a recording.
    Replay(Replay),
    /// Answers that a simulation makes up.
    Double(Double),
}

impl Fetcher {
    /// Returns a replay where `http.replay` names a recording, else the network. The position in a recording is kept in
    /// `data_dir`, which must exist.
    ///
    /// # Errors
    /// When a recording cannot be opened, or a setting is unusable; starting again without changes does not help.
    pub fn new(http: &Http, data_dir: &Path) -> Result<Self, Error> {
        Ok(match &http.replay {
            Some(recording) => Self::Replay(Replay::open(recording, data_dir)?),
            None => Self::Network(Network::new(http)?),
        })
    }

    /// Whether answers come from a recording: no robots.txt, no gaps.
    pub fn is_replay(&self) -> bool {
        matches!(self, Self::Replay(_))
    }
}

impl Fetch for Fetcher {
    async fn fetch(&self, request: Request) -> Result<Response, Error> {
        match self {
            Self::Network(network) => network.fetch(request).await,
            Self::Replay(replay) => replay.fetch(request).await,
            Self::Double(double) => double.fetch(request).await,
        }
    }
}
