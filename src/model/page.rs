//! What a request brought back.

use super::Time;

/// The fetched bytes of an article's URL.
#[derive(Debug, Clone)]
pub struct Page {
    /// The URL that answered, after redirects.
    pub url: String,
    /// The `Content-Type` header, if any.
    pub content_type: Option<String>,
    /// The body, decompressed, within the size limit.
    pub body: bytes::Bytes,
    /// When the answer was complete.
    pub fetched_at: Time,
}
