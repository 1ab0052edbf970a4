//! Where alerts go: what is delivered, and how each kind of receiver wants it.
//!
//! A webhook is a request that the alert stage sends through the same guarded network as everything else; a file gets a JSON
//! line. Nothing here retries or remembers: the alert stage does.

mod lines;
mod webhook;

use std::path::PathBuf;

use serde::Serialize;
use sha2::{Digest, Sha256};

pub use self::{lines::append, webhook::Webhook};
use crate::config;

/// Why something could not be delivered.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file of an alert.
    #[error("alert file {path}: {source}", path = .path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

impl Error {
    /// Tells whether the same may work later: a file may become writable again.
    pub fn is_transient(&self) -> bool {
        true
    }
}

/// One article on its way to a receiver.
#[derive(Debug, Clone, Serialize)]
pub struct Delivery<A> {
    /// The same for each try, so that a receiver can tell a repetition.
    pub id: String,
    /// The alert's name.
    pub alert: String,
    /// The article, with the fields of `show`.
    pub article: A,
}

impl<A> Delivery<A> {
    /// Returns the delivery of an article (by id and revision) by an alert.
    pub fn new(alert: &str, article_id: &str, revision: u32, article: A) -> Self {
        let digest = Sha256::digest(format!("{alert}\n{article_id}\n{revision}"));
        let id = digest[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        Self { id, alert: alert.to_owned(), article }
    }
}

/// Where an alert delivers to.
#[derive(Debug, Clone)]
pub enum Sink {
    /// JSON lines at the end of a file; `-` is standard output.
    Lines(PathBuf),
    /// A request.
    Webhook(Webhook),
}

impl Sink {
    /// Returns where an alert of the configuration delivers to; `None` where it says nowhere.
    pub fn of(alert: &config::Alert) -> Option<Self> {
        if let Some(url) = &alert.webhook {
            let key = alert.secret.as_ref().map(|secret| secret.0.as_str());
            return Some(Self::Webhook(Webhook::new(url.clone(), key)));
        }
        alert.file.clone().map(Self::Lines)
    }
}
