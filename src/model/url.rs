//! URLs in one canonical spelling, and the outlet behind them.

use std::{fmt, net::IpAddr};

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::address;

/// Why a text is not a URL that dateline follows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Not a URL at all.
    #[error("`{0}` is not a URL")]
    Unreadable(String),
    /// A scheme other than http and https, or no host.
    #[error("`{0}` is not an http or https address")]
    Scheme(String),
}

/// A URL in canonical spelling: no fragment, no tracking parameters, no credentials, no default port; the target of an
/// aggregator's link where that stands in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CanonicalUrl(String);

impl CanonicalUrl {
    /// Reads a URL and brings it into canonical spelling.
    ///
    /// # Errors
    /// When the text is no URL, or not one of http or https with a host.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let mut url = Url::parse(text.trim()).map_err(|_| UrlError::Unreadable(text.to_owned()))?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(UrlError::Scheme(text.to_owned()));
        }
        url.set_fragment(None);
        // Neither can fail on a URL that has a host.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        if let Some(target) = address::unwrapped(&url) {
            url = target;
        }
        address::strip_format(&mut url);
        if let Some(query) = url.query().map(str::to_owned) {
            let outlet = outlet_of(url.as_str()).unwrap_or_default();
            // The kept pairs stay byte for byte: some servers read their own spelling only.
            let is_kept = |pair: &&str| !pair.is_empty() && !address::is_tracking(pair, &outlet);
            let kept: Vec<&str> = query.split('&').filter(is_kept).collect();
            url.set_query((!kept.is_empty()).then(|| kept.join("&")).as_deref());
        }
        Ok(Self(url.into()))
    }

    /// Returns the page's canonical URL: what the page declares of itself where that is on the same outlet, else
    /// the address that answered.
    ///
    /// # Errors
    /// When the address that answered is itself unusable.
    pub fn of_page(answered: &str, declared: Option<&str>) -> Result<Self, UrlError> {
        let answered = Self::parse(answered)?;
        let declared = declared.and_then(|url| Self::parse(url).ok());
        Ok(match declared {
            // A declared front page is a template's mistake, unless the front page itself was asked for.
            Some(declared) if declared.outlet() == answered.outlet() && (!declared.is_root() || answered.is_root()) => {
                declared
            }
            _ => answered,
        })
    }

    /// Returns the URL as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the URL without `http://` or `https://`: what stays when an outlet changes to https.
    pub fn without_scheme(&self) -> &str {
        self.0.split_once("://").map_or(&self.0, |(_, rest)| rest)
    }

    /// Returns the addresses that, where they are known, are this page's too: with and without `www.` or the label of a
    /// mobile host, with and without a slash at the end, at the outlet's other name.
    pub fn siblings(&self) -> Vec<Self> {
        if self.is_root() {
            return Vec::new();
        }
        address::siblings(&self.0).into_iter().map(Self).collect()
    }

    /// Returns the outlet: the registrable domain, or the address or bare host itself.
    pub fn outlet(&self) -> String {
        outlet_of(&self.0).expect("a canonical URL has a host")
    }

    fn is_root(&self) -> bool {
        Url::parse(&self.0).is_ok_and(|url| url.path() == "/" && url.query().is_none())
    }
}

/// Returns the host of an address that is one of the web beyond doubt and is spelled as a browser would spell it, for
/// which no parser need be asked: most links are.
pub fn plain_host(address: &str) -> Option<&str> {
    let rest = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"))?;
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    // A name that ends in letters is no number of a machine, and one without this mark is not written in other letters.
    let (name, last) = host.rsplit_once('.')?;
    let is_plain = last.len() >= 2
        && last.bytes().all(|byte| byte.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.'))
        && !name.is_empty()
        && !host.contains("--")
        && path.bytes().all(|byte| byte.is_ascii_graphic());
    is_plain.then_some(host)
}

/// Returns the host of a URL in lowercase, without its port: the unit that manners are kept by.
pub fn host_of(url: &str) -> Option<String> {
    if let Some(host) = plain_host(url) {
        return Some(host.to_owned());
    }
    host_in(&Url::parse(url).ok()?)
}

/// Returns the host of a URL that is parsed already, as [`host_of`] does.
pub fn host_in(url: &Url) -> Option<String> {
    Some(match url.host()? {
        Host::Domain(name) => name.trim_end_matches('.').to_ascii_lowercase(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    })
}

/// Returns the outlet of a URL: the registrable domain of its host by the public suffix list, or the host itself
/// where that is an address or a bare name.
pub fn outlet_of(url: &str) -> Option<String> {
    let host = host_of(url)?;
    if host.parse::<IpAddr>().is_ok() {
        return Some(host);
    }
    Some(psl::domain_str(&host).map_or_else(|| host.clone(), str::to_owned))
}

impl fmt::Display for CanonicalUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for CanonicalUrl {
    type Error = UrlError;

    fn try_from(text: String) -> Result<Self, UrlError> {
        Self::parse(&text)
    }
}

impl From<CanonicalUrl> for String {
    fn from(url: CanonicalUrl) -> Self {
        url.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(input: &str, expected: &str) {
        assert_eq!(CanonicalUrl::parse(input).expect("readable").as_str(), expected);
    }

    #[test]
    fn tracking_and_fragment_go_the_rest_stays() {
        check("HTTPS://Example.ORG:443/a?utm_source=x&id=7&fbclid=1#top", "https://example.org/a?id=7");
        check("http://user:pw@example.org/?utm_medium=rss", "http://example.org/");
        check("https://example.org/a?q=a%20b&&x", "https://example.org/a?q=a%20b&x");
    }

    #[test]
    fn only_web_addresses_are_urls() {
        for text in ["javascript:alert(1)", "file:///etc/passwd", "mailto:a@b.c", "/a", "", "data:text/html,x"] {
            assert!(CanonicalUrl::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn usual_links_are_plain_and_unusual_ones_are_not() {
        assert_eq!(plain_host("https://www.a-b.example/x?y=%C3%A9#z"), Some("www.a-b.example"));
        for unusual in [
            "https://a.example:80/",
            "https://u@a.example/",
            "https://A.example/",
            "https://a.example./",
            "https://x/",
            "https://1.2.3.4/",
            "https://0x7f.1/",
            "https://xn--e1a.example/",
            "ftp://a.example/",
            "https://a.example?x",
            "https://a.example/\u{e9}",
            "https://a.example/ x",
            "//a.example/",
            "https:///a.example",
            "https://.example/",
        ] {
            assert_eq!(plain_host(unusual), None, "{unusual}");
        }
    }

    proptest! {
        #[test]
        fn a_plain_host_is_what_the_parser_finds(
            address in "https?://[a-z0-9.:@-]{0,12}(\\.[a-zA-Z0-9]{1,4})?([/?#\\\\%][!-~]{0,12}| )?",
        ) {
            if let Some(host) = plain_host(&address) {
                let url = Url::parse(&address).expect("it is beyond doubt");
                prop_assert_eq!(url.host_str(), Some(host));
            }
        }
    }

    #[test]
    fn outlet_is_the_registrable_domain_or_the_host_itself() {
        for (url, outlet) in [
            ("https://www.bbc.co.uk/news", "bbc.co.uk"),
            ("https://news.example.org/", "example.org"),
            ("http://127.0.0.1:8080/a", "127.0.0.1"),
            ("http://localhost/a", "localhost"),
            ("http://[::1]:80/", "::1"),
        ] {
            assert_eq!(outlet_of(url).as_deref(), Some(outlet));
        }
    }

    #[test]
    fn a_declared_url_is_believed_on_the_same_outlet_only() {
        let of = |answered, declared| CanonicalUrl::of_page(answered, Some(declared)).expect("readable").to_string();
        assert_eq!(of("https://amp.a.example/x", "https://www.a.example/x"), "https://www.a.example/x");
        assert_eq!(of("https://a.example/x", "https://b.example/x"), "https://a.example/x");
        assert_eq!(of("https://a.example/x", "https://a.example/"), "https://a.example/x");
    }
}
