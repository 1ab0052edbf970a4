//! The configuration: settings, sources, topics and names as plain data, read from files, variables and options.
//!
//! [`load()`] finds the files, lays the layers over each other, checks everything that can be checked without the rooms
//! that use it, and reports every problem at once with file and line. It reads no environment by itself and writes
//! nothing; what a query or a CSS selector means is left to the rooms that read them, which is why every source, topic,
//! phrase, name, alert and site rule keeps its position.

mod check;
mod document;
mod file;
mod keys;
mod lists;
mod load;
mod name_file;
mod names;
mod opml;
mod origin;
mod problem;
mod settings;
mod settings_file;
mod source_file;
mod topic_file;
mod topics;
mod units;
mod value;

#[cfg(test)]
mod tests;

pub use self::load::{LoadOptions, Loaded, examine, load, load_settings};
pub use self::name_file::NamePosition;
pub use self::names::{NameKind, NameRule};
pub use self::opml::{Outlines, parse_opml, write_opml};
pub use self::origin::{Origin, Place};
pub use self::problem::{Position, Problem, Problems};
pub use self::settings::{
    Alert, Dedup, Extract, Harvest, Http, Index, Log, Poll, Secret, Serve, Settings, SiteRule, Store,
};
pub use self::topic_file::{TopicPosition, parse_topics};
pub use self::topics::{Phrases, TopicRule};
pub use self::units::{format_duration, format_size, parse_duration, parse_size};

/// Whether a text is an address that can be asked over http or https.
fn is_web_address(text: &str) -> bool {
    // The parser drops line breaks, but who keeps the text would keep them.
    !text.contains(|c: char| c.is_whitespace() || c.is_control())
        && url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some())
}

/// Returns one spelling for addresses that mean the same source: case of the host, default port and fragment aside.
fn same_address(url: &str) -> String {
    let Ok(mut parsed) = url::Url::parse(url) else { return url.to_owned() };
    parsed.set_fragment(None);
    parsed.into()
}

/// Returns an address as it may be shown: without user name and password.
fn without_password(address: &str) -> String {
    let (scheme, rest) = address.split_once("://").map_or(("", address), |(scheme, rest)| (scheme, rest));
    let end = rest.find('/').unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) if scheme.is_empty() => format!("***{}", &rest[at..]),
        Some(at) => format!("{scheme}://***{}", &rest[at..]),
        None => address.to_owned(),
    }
}
