//! Writes records.

use std::{
    fmt::Write as _,
    io::{self, Write},
};

use chrono::SecondsFormat;
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};
use url::{Position, Url};

use crate::model::Time;

/// Headers that say how a body travelled; recorded bodies are as they were read, after that was undone.
const OF_THE_WIRE: &[&str] = &["content-length", "content-encoding", "transfer-encoding"];

/// Writes records to a file or into memory.
#[derive(Debug)]
pub struct Writer<W: Write> {
    out: W,
}

impl<W: Write> Writer<W> {
    /// Returns a writer; a new file begins with [`Writer::info`].
    pub fn new(out: W) -> Self {
        Self { out }
    }

    /// Writes the record that says who wrote the file.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn info(&mut self, date: Time) -> io::Result<()> {
        let block = concat!("software: dateline/", env!("CARGO_PKG_VERSION"), "\r\nformat: WARC File Format 1.1\r\n");
        let fields = [
            ("WARC-Type", "warcinfo"),
            ("WARC-Record-ID", &record_id("warcinfo", "", date, block.as_bytes())),
            ("WARC-Date", &date_text(date)),
            ("Content-Type", "application/warc-fields"),
        ];
        self.out.write_all(&member(&fields, block.as_bytes()))?;
        self.out.flush()
    }

    /// Writes a request and its answer.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn exchange(&mut self, exchange: &Exchange) -> io::Result<()> {
        self.out.write_all(&exchange.encode())?;
        self.out.flush()
    }

    /// Returns the output.
    pub fn into_inner(self) -> W {
        self.out
    }
}

/// A request and its answer.
#[derive(Debug, Clone, Copy)]
pub struct Exchange<'a> {
    /// The URL that was asked; a password in it is not written.
    pub url: &'a str,
    /// When the answer was complete.
    pub date: Time,
    /// The headers of the request, without `Host`.
    pub request_headers: &'a [(&'a str, &'a [u8])],
    /// The HTTP status.
    pub status: u16,
    /// The headers of the answer.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// The body, decompressed.
    pub body: &'a [u8],
}

impl Exchange<'_> {
    /// Returns both records, compressed, ready to be appended to a file in one piece.
    pub fn encode(&self) -> Vec<u8> {
        let url = target(self.url);
        let request_id = record_id("request", &url, self.date, self.body);
        let response_id = record_id("response", &url, self.date, self.body);
        let date = date_text(self.date);
        let common = |kind| [("WARC-Type", kind), ("WARC-Target-URI", url.as_str()), ("WARC-Date", date.as_str())];

        let mut fields = common("request").to_vec();
        fields.extend([
            ("WARC-Record-ID", request_id.as_str()),
            ("WARC-Concurrent-To", &response_id),
            ("Content-Type", "application/http;msgtype=request"),
        ]);
        let mut records = member(&fields, &self.request_block(&url));

        let digest = format!("sha256:{}", hex(&Sha256::digest(self.body)));
        let mut fields = common("response").to_vec();
        fields.extend([
            ("WARC-Record-ID", response_id.as_str()),
            ("WARC-Payload-Digest", &digest),
            ("Content-Type", "application/http;msgtype=response"),
            (
                "Dateline-Body",
                "decoded; Content-Length is its length, Content-Encoding and Transfer-Encoding are left out",
            ),
        ]);
        records.extend(member(&fields, &self.response_block()));
        records
    }

    fn request_block(&self, url: &str) -> Vec<u8> {
        let url = Url::parse(url).ok();
        let path = url.as_ref().map_or("/", |url| &url[Position::BeforePath..Position::AfterQuery]);
        let host = url.as_ref().map_or("", |url| &url[Position::BeforeHost..Position::AfterPort]);
        let mut block = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\n").into_bytes();
        append_headers(&mut block, self.request_headers);
        block.extend_from_slice(b"\r\n");
        block
    }

    fn response_block(&self) -> Vec<u8> {
        let reason = reqwest::StatusCode::from_u16(self.status).ok().and_then(|status| status.canonical_reason());
        let mut block = format!("HTTP/1.1 {} {}\r\n", self.status, reason.unwrap_or_default()).into_bytes();
        let kept: Vec<_> = self.headers.iter().filter(|(name, _)| !is_of_the_wire(name)).copied().collect();
        append_headers(&mut block, &kept);
        block.extend_from_slice(format!("content-length: {}\r\n\r\n", self.body.len()).as_bytes());
        block.extend_from_slice(self.body);
        block
    }
}

/// Returns a URL as recordings know it: normalised, without fragment and credentials.
pub(in crate::fetch) fn target(url: &str) -> String {
    let Ok(mut parsed) = Url::parse(url.trim()) else { return url.to_owned() };
    parsed.set_fragment(None);
    // Neither fails where there is a host, and without one there is nothing to take out.
    let _ = parsed.set_username("");
    let _ = parsed.set_password(None);
    parsed.into()
}

fn is_of_the_wire(name: &str) -> bool {
    OF_THE_WIRE.iter().any(|known| name.eq_ignore_ascii_case(known))
}

fn append_headers(block: &mut Vec<u8>, headers: &[(&str, &[u8])]) {
    for (name, value) in headers {
        block.extend_from_slice(name.as_bytes());
        block.extend_from_slice(b": ");
        block.extend_from_slice(value);
        block.extend_from_slice(b"\r\n");
    }
}

fn member(fields: &[(&str, &str)], block: &[u8]) -> Vec<u8> {
    let mut head = String::from("WARC/1.1\r\n");
    for (name, value) in fields {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    let _ = write!(head, "Content-Length: {}\r\n\r\n", block.len());
    let mut encoder = GzEncoder::new(Vec::with_capacity(block.len() / 3 + 512), Compression::default());
    let encoded = (|| {
        encoder.write_all(head.as_bytes())?;
        encoder.write_all(block)?;
        encoder.write_all(b"\r\n\r\n")?;
        encoder.finish()
    })();
    encoded.expect("writing into memory does not fail")
}

/// Returns an id derived from what the record is, in the form of a version 8 UUID (RFC 9562).
fn record_id(kind: &str, url: &str, date: Time, content: &[u8]) -> String {
    let mut hash = Sha256::new();
    for part in [kind.as_bytes(), url.as_bytes(), date_text(date).as_bytes(), content] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let hash = hex(&hash.finalize());
    format!("<urn:uuid:{}-{}-8{}-8{}-{}>", &hash[..8], &hash[8..12], &hash[13..16], &hash[17..20], &hash[20..32])
}

fn date_text(date: Time) -> String {
    date.to_rfc3339_opts(SecondsFormat::Micros, true)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
