//! What a server answered.

use std::borrow::Cow;

use bytes::Bytes;
use reqwest::header::{
    CACHE_CONTROL, CONTENT_TYPE, DATE, ETAG, EXPIRES, HeaderMap, HeaderValue, LAST_MODIFIED, LINK, LOCATION,
    RETRY_AFTER,
};
use url::Url;

use crate::model::{Page, Time, Validators};

/// One answer of a server.
#[derive(Debug, Clone)]
pub struct Response {
    /// The URL that was asked.
    pub url: String,
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: Headers,
    /// The body, decompressed, within `http.max_body`.
    pub body: Bytes,
    /// When the answer was complete.
    pub fetched_at: Time,
    /// The body's size in bytes as it came, compressed or not.
    pub wire_bytes: u64,
}

impl Response {
    /// Returns the absolute address that the server redirects to, if it does.
    pub fn redirect(&self) -> Option<String> {
        if !matches!(self.status, 301 | 302 | 303 | 307 | 308) {
            return None;
        }
        let target = Url::parse(&self.url).ok()?.join(self.headers.location()?.trim()).ok()?;
        Some(target.into())
    }

    /// Whether the address has moved for good.
    pub fn is_permanent_redirect(&self) -> bool {
        matches!(self.status, 301 | 308) && self.redirect().is_some()
    }

    /// Returns the answer as the page of an article.
    pub fn into_page(self) -> Page {
        let content_type = self.headers.content_type().map(Cow::into_owned);
        Page { url: self.url, content_type, body: self.body, fetched_at: self.fetched_at }
    }
}

/// The headers of an answer; names are case-blind.
#[derive(Debug, Clone, Default)]
pub struct Headers(HeaderMap);

impl Headers {
    /// Returns the first header of that name as text: as UTF-8 where it is, else as Latin-1.
    pub fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        self.0.get(name).map(text)
    }

    /// Returns every header in the order of names first seen, names in lowercase.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_bytes()))
    }

    /// Returns what a later request sends back to be told "not modified".
    pub fn validators(&self) -> Validators {
        let exact = |name| self.0.get(name).map(|value| latin1(value.as_bytes())).filter(|text| !text.is_empty());
        Validators { etag: exact(ETAG), last_modified: exact(LAST_MODIFIED) }
    }

    /// Returns `ETag`, byte for byte: bytes beyond ASCII are the characters of the same number.
    pub fn etag(&self) -> Option<String> {
        self.validators().etag
    }

    /// Returns `Last-Modified`, byte for byte.
    pub fn last_modified(&self) -> Option<String> {
        self.validators().last_modified
    }

    /// Returns `Content-Type`.
    pub fn content_type(&self) -> Option<Cow<'_, str>> {
        self.0.get(CONTENT_TYPE).map(text)
    }

    /// Returns `Location`, as it was sent.
    pub fn location(&self) -> Option<Cow<'_, str>> {
        self.0.get(LOCATION).map(text)
    }

    /// Returns `Retry-After`: seconds or an HTTP date.
    pub fn retry_after(&self) -> Option<Cow<'_, str>> {
        self.0.get(RETRY_AFTER).map(text)
    }

    /// Returns `Cache-Control`, several of them joined by commas.
    pub fn cache_control(&self) -> Option<Cow<'_, str>> {
        self.0.get_all(CACHE_CONTROL).iter().map(text).reduce(|all, next| format!("{all}, {next}").into())
    }

    /// Returns where the first `Link` of a relation leads (RFC 8288), as it was sent.
    pub fn link(&self, relation: &str) -> Option<String> {
        let links = self.0.get_all(LINK).iter().map(text).collect::<Vec<_>>().join(",");
        links.split('<').skip(1).find_map(|link| {
            let (address, parameters) = link.split_once('>')?;
            let named =
                parameters.split(';').filter_map(|parameter| parameter.trim().strip_prefix("rel=")).any(|names| {
                    let names = names.trim_end_matches([',', ' ']).trim_matches('"');
                    names.split_ascii_whitespace().any(|name| name.eq_ignore_ascii_case(relation))
                });
            named.then(|| address.trim().to_owned())
        })
    }

    /// Returns `Expires`.
    pub fn expires(&self) -> Option<Cow<'_, str>> {
        self.0.get(EXPIRES).map(text)
    }

    /// Returns `Date`.
    pub fn date(&self) -> Option<Cow<'_, str>> {
        self.0.get(DATE).map(text)
    }
}

impl From<HeaderMap> for Headers {
    fn from(headers: HeaderMap) -> Self {
        Self(headers)
    }
}

/// Returns a validator as the header value it was read from.
pub(super) fn exact_value(validator: &str) -> Option<HeaderValue> {
    let bytes: Option<Vec<u8>> = validator.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
    // A character that no byte stands for was never received: the store was filled by other means.
    HeaderValue::from_bytes(&bytes.unwrap_or_else(|| validator.as_bytes().to_vec())).ok()
}

fn text(value: &HeaderValue) -> Cow<'_, str> {
    match std::str::from_utf8(value.as_bytes()) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(latin1(value.as_bytes())),
    }
}

fn latin1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderName;

    use super::*;

    fn response(url: &str, status: u16, headers: &[(&str, &[u8])]) -> Response {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| {
                let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
                (name, HeaderValue::from_bytes(value).expect("a value"))
            })
            .collect();
        Response {
            url: url.to_owned(),
            status,
            headers: headers.into(),
            body: Bytes::new(),
            fetched_at: Time::UNIX_EPOCH,
            wire_bytes: 0,
        }
    }

    #[test]
    fn redirects_are_absolute() {
        #[track_caller]
        fn check(status: u16, location: &[u8], expected: Option<&str>) {
            let response = response("http://a.example/x/y?q", status, &[("LoCation", location)]);
            assert_eq!(response.redirect().as_deref(), expected);
        }
        check(301, b"https://b.example/", Some("https://b.example/"));
        check(302, b"/z", Some("http://a.example/z"));
        check(303, b" z ", Some("http://a.example/x/z"));
        check(307, b"//c.example/q", Some("http://c.example/q"));
        check(308, "/\u{fc}ber".as_bytes(), Some("http://a.example/%C3%BCber"));
        check(308, b"/\xfcber", Some("http://a.example/%C3%BCber"));
        check(200, b"/z", None);
        check(304, b"/z", None);
        check(301, b"http://[", None);
        assert_eq!(response("http://a.example/", 301, &[]).redirect(), None);
        assert!(response("http://a.example/", 308, &[("location", b"/z")]).is_permanent_redirect());
        assert!(!response("http://a.example/", 302, &[("location", b"/z")]).is_permanent_redirect());
    }

    #[test]
    fn validators_go_back_byte_for_byte() {
        for etag in [b"W/\"a b\"".as_slice(), b"unquoted", b"\"\xe9\"", "\"\u{e9}\"".as_bytes(), b"\"x-gzip\""] {
            let validators = response("http://a.example/", 200, &[("etag", etag)]).headers.validators();
            let sent = exact_value(&validators.etag.expect("an ETag")).expect("sendable");
            assert_eq!(sent.as_bytes(), etag);
        }
    }

    #[test]
    fn links_are_found_by_their_relation() {
        let first = b"<https://a.example/f>; rel=\"self\", </x>; rel=next".as_slice();
        let headers =
            response("http://a.example/", 200, &[("link", first), ("link", b"<https://h.example/>;rel=hub")]).headers;
        assert_eq!(headers.link("self").as_deref(), Some("https://a.example/f"));
        assert_eq!(headers.link("next").as_deref(), Some("/x"));
        assert_eq!(headers.link("HUB").as_deref(), Some("https://h.example/"));
        assert_eq!(headers.link("prev"), None);
    }

    #[test]
    fn headers_that_are_not_utf8_are_latin1() {
        let response = response("http://a.example/", 200, &[("x-note", b"caf\xe9"), ("content-type", b"text/html")]);
        assert_eq!(response.headers.get("X-Note").as_deref(), Some("caf\u{e9}"));
        assert_eq!(response.headers.content_type().as_deref(), Some("text/html"));
        assert_eq!(response.headers.get("bad name\n"), None);
    }
}
