//! Why there is no answer, in words that a source's status shows.

use std::{io, net::IpAddr, path::PathBuf, time::Duration};

use super::warc::target;

/// What fits a line of a status.
const MAX_SHOWN_CHARS: usize = 200;

/// Why a request has no complete answer. `host` is the host that was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text is no URL.
    #[error("`{url}` is not a URL")]
    BadUrl {
        /// What was to be asked.
        url: String,
    },
    /// Only http and https are spoken.
    #[error("`{url}` is not an http or https address")]
    Scheme {
        /// What was to be asked.
        url: String,
    },
    /// A header of the request cannot be sent.
    #[error("{host}: the header `{name}` cannot be sent as it is written")]
    BadHeader {
        /// The host.
        host: String,
        /// The header's name.
        name: String,
    },
    /// The address guard: the host has no public address.
    #[error("{host}: {address} is not a public address (http.allow_private_addresses)")]
    Refused {
        /// The host.
        host: String,
        /// What it resolves to, or is.
        address: IpAddr,
    },
    /// The name has no address, or nobody could say.
    #[error("{host}: the name cannot be resolved: {reason}")]
    Dns {
        /// The host.
        host: String,
        /// What the resolver said.
        reason: String,
    },
    /// Nobody answers at the address.
    #[error("{host}: cannot connect: {reason}")]
    Connect {
        /// The host.
        host: String,
        /// What the system said.
        reason: String,
    },
    /// The server's certificate or its TLS is not acceptable.
    #[error("{host}: no secure connection: {reason}")]
    Tls {
        /// The host.
        host: String,
        /// What is wrong.
        reason: String,
    },
    /// The answer was not complete in time.
    #[error("{host}: no complete answer within {} (http.timeout), {} of the body read", seconds(*.limit), size(*.received))]
    Timeout {
        /// The host.
        host: String,
        /// `http.timeout`.
        limit: Duration,
        /// Bytes of the body that came, decompressed.
        received: u64,
    },
    /// The body, decompressed, is larger than is read.
    #[error("{host}: body exceeds {} (http.max_body)", size(*.limit))]
    TooLarge {
        /// The host.
        host: String,
        /// `http.max_body`, in bytes.
        limit: u64,
    },
    /// The server does not speak proper HTTP, or hung up.
    #[error("{host}: the answer broke off or is not proper HTTP: {reason}")]
    Protocol {
        /// The host.
        host: String,
        /// What is wrong.
        reason: String,
    },
    /// The recording has no answer.
    #[error("{host}: unreachable: the recording has no answer for `{url}`")]
    Unreachable {
        /// The host.
        host: String,
        /// What was to be asked.
        url: String,
    },
    /// A setting of `[http]` cannot be used.
    #[error("http.{setting}: {reason}")]
    Setting {
        /// The setting's name.
        setting: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// There is no client to ask with: TLS cannot be set up.
    #[error("no client for http: {reason}")]
    Client {
        /// What is wrong.
        reason: String,
    },
    /// A recording cannot be read or written.
    #[error("recording {}: {source}", path.display())]
    Recording {
        /// The WARC file, or the file that keeps the position in it.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Error {
    /// Whether the same request may well succeed at another time.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Dns { .. }
            | Self::Connect { .. }
            | Self::Timeout { .. }
            | Self::Protocol { .. }
            | Self::Unreachable { .. } => true,
            Self::BadUrl { .. }
            | Self::Scheme { .. }
            | Self::BadHeader { .. }
            | Self::Refused { .. }
            | Self::Tls { .. }
            | Self::TooLarge { .. }
            | Self::Setting { .. }
            | Self::Client { .. }
            | Self::Recording { .. } => false,
        }
    }
}

/// Returns a URL for a message: without a password, and not endless.
pub(super) fn shown(url: &str) -> String {
    let mut url = target(url);
    if let Some((end, _)) = url.char_indices().nth(MAX_SHOWN_CHARS) {
        url.replace_range(end.., "…");
    }
    url
}

fn seconds(limit: Duration) -> String {
    format!("{} s", limit.as_secs_f64())
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..0x10_0000 => format!("{} KiB", bytes / 1024),
        _ if bytes.is_multiple_of(1 << 20) => format!("{} MiB", bytes >> 20),
        _ => format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_shown_without_password_and_end() {
        assert_eq!(shown("ftp://user:secret@a.example/x"), "ftp://a.example/x");
        assert_eq!(shown("no url"), "no url");
        assert_eq!(shown(&"ü".repeat(5000)).chars().count(), MAX_SHOWN_CHARS + 1);
    }

    #[test]
    fn messages_name_host_and_limit() {
        let host = || "a.example".to_owned();
        let check = |error: Error, expected: &str| assert_eq!(error.to_string(), expected);
        check(Error::TooLarge { host: host(), limit: 8 << 20 }, "a.example: body exceeds 8 MiB (http.max_body)");
        check(
            Error::Timeout { host: host(), limit: Duration::from_secs(30), received: 31 },
            "a.example: no complete answer within 30 s (http.timeout), 31 B of the body read",
        );
        check(
            Error::Refused { host: host(), address: IpAddr::from([10, 0, 0, 1]) },
            "a.example: 10.0.0.1 is not a public address (http.allow_private_addresses)",
        );
    }
}
