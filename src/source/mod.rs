//! Reads what a poll returned into entries, and says when to poll next.
//!
//! Feeds (RSS, RDF, Atom, CDF, JSON Feed), news sitemaps and listing pages, as bytes, whatever their encoding and
//! however damaged: what can be read is read, and what was wrong is told in [`Feed::problems`]. Nothing is fetched,
//! stored, judged or dropped here; entries come in document order, with their dates as given, and `schedule` computes
//! without a clock of its own.

mod decode;
mod discover;
mod doctype;
mod error;
mod feed;
mod json;
mod listing;
mod markup;
mod sitemap;

pub mod schedule;

use std::time::Duration;

use url::Url;

pub use self::{
    discover::{Discovered, discover},
    error::Error,
};
use crate::model::{Entry, Source, SourceKind, Time, plain_host};

/// What a server answered to a poll.
#[derive(Debug, Clone, Copy)]
pub struct Response<'a> {
    /// The address that answered, after redirects.
    pub url: &'a str,
    /// The `Content-Type` header.
    pub content_type: Option<&'a str>,
    /// The body, decompressed.
    pub body: &'a [u8],
}

/// What a response announces.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Feed {
    /// The title that the feed gives itself.
    pub title: Option<String>,
    /// The entries in document order, all of them.
    pub entries: Vec<Entry>,
    /// What was wrong with the document, in plain words.
    pub problems: Vec<String>,
    /// When the feed wants to be polled.
    pub rhythm: Rhythm,
    /// The WebSub hub that the feed offers.
    pub hub: Option<String>,
    /// The address by which the hub knows the feed (`rel=self`).
    pub self_link: Option<String>,
    /// The sitemaps that a sitemap index points to.
    pub more: Vec<String>,
    /// The language that the feed declares (BCP 47).
    pub lang: Option<String>,
}

/// When a feed wants to be polled.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rhythm {
    /// The time between polls that it asks for (`ttl`, `sy:updatePeriod`).
    pub interval: Option<Duration>,
    /// Hours of the day (UTC) in which it asks not to be polled.
    pub skip_hours: Vec<u8>,
    /// Days (0 = Monday) on which it asks not to be polled.
    pub skip_days: Vec<u8>,
}

/// Reads a response by the kind of its source.
///
/// # Errors
/// When the response is no document of that kind; [`Error::class`] says in one word what it is instead.
pub fn read(source: &Source, response: &Response<'_>, now: Time) -> Result<Feed, Error> {
    let text = decode::decode(response.body, response.content_type);
    let text = text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\0'));
    if text.is_empty() {
        return Err(Error::Empty);
    }
    match source.kind {
        SourceKind::Listing => listing::read(text, response.url, source.selector.as_deref()),
        SourceKind::Sitemap => sitemap::read(text, response.url),
        SourceKind::Feed if text.starts_with(['{', '[']) => json::read(text, response.url),
        SourceKind::Feed => feed::read(text, response.url, now).map_err(|error| match error {
            Error::Html { .. } => {
                Error::Html { feeds: discover(text, response.url), login: discover::is_barrier(text) }
            }
            other => other,
        }),
    }
}

/// Longest address that is taken, in bytes: browsers and servers agree on about this much.
const MAX_ADDRESS_BYTES: usize = 8 << 10;

/// Returns an address as an absolute link to the web; `None` for other schemes and what is no address.
///
/// Where nothing is known to resolve against, as for a file on disk, a relative address stays as it is.
fn resolve(address: &str, base: Option<&Url>) -> Option<String> {
    let address = address.trim();
    if address.is_empty() || address.len() > MAX_ADDRESS_BYTES {
        return None;
    }
    if plain_host(address).is_some() {
        return Some(address.to_owned());
    }
    match (Url::parse(address), base) {
        (Ok(url), _) if !matches!(url.scheme(), "http" | "https") => None,
        // An absolute address keeps its own spelling: some servers read no other.
        (Ok(_), _) if address.bytes().all(|byte| byte.is_ascii_graphic()) => Some(address.to_owned()),
        (Ok(url), _) => Some(url.into()),
        (Err(_), Some(base)) => {
            base.join(address).ok().filter(|url| matches!(url.scheme(), "http" | "https")).map(String::from)
        }
        (Err(url::ParseError::RelativeUrlWithoutBase), None) => Some(address.to_owned()),
        (Err(_), None) => None,
    }
}

#[cfg(test)]
mod tests;
