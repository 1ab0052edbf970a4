//! What is known of spellings of addresses, from the table `addresses.toml`: tracking parameters, formats, hosts with
//! the same pages, links that only lead to another.

use std::sync::LazyLock;

use base64::{Engine, alphabet, engine::GeneralPurpose, engine::general_purpose::NO_PAD};
use serde::Deserialize;
use url::Url;

use super::{outlet_of, plain_host};

static TABLE: LazyLock<Table> =
    LazyLock::new(|| toml::from_str(include_str!("addresses.toml")).expect("a table that the tests have read"));

/// Wrappers in wrappers that are opened: an aggregator's link to a redirector's, and one more.
const NESTED: usize = 3;

/// Ids of aggregators, which end where it suits them.
const LENIENT: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, NO_PAD.with_decode_allow_trailing_bits(true));

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    tracking: Vec<String>,
    at: Vec<At>,
    amp: Amp,
    hosts: Hosts,
    wrapper: Vec<Wrapper>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct At {
    outlets: Vec<String>,
    tracking: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Amp {
    endings: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Hosts {
    labels: Vec<String>,
    twins: Vec<[String; 2]>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wrapper {
    hosts: Vec<String>,
    path: String,
    /// The target is the value of one of these.
    #[serde(default)]
    parameters: Vec<String>,
    /// The target is encoded in the part of the path after one of these; without both, it is the rest of the path.
    #[serde(default)]
    encoded_after: Vec<String>,
}

impl Wrapper {
    fn is_at(&self, host: &str) -> bool {
        let is_below =
            |name: &String| host.strip_suffix(name.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        self.hosts.iter().any(is_below)
    }
}

/// Returns whether a pair of a query says nothing of which page is meant, on an outlet.
pub(super) fn is_tracking(pair: &str, outlet: &str) -> bool {
    let pair = pair.to_ascii_lowercase();
    let name = pair.split('=').next().unwrap_or_default();
    let matches = |pattern: &String| {
        let text = if pattern.contains('=') { &pair } else { name };
        pattern.strip_suffix('*').map_or(text == pattern, |start| text.starts_with(start))
    };
    let special = TABLE.at.iter().filter(|at| at.outlets.iter().any(|name| name == outlet));
    TABLE.tracking.iter().any(matches) || special.flat_map(|at| &at.tracking).any(matches)
}

/// Returns where the link of an aggregator or redirector leads, if it is one and that stands in it.
pub fn target_of(link: &str) -> Option<String> {
    if plain_host(link).is_some_and(|host| !TABLE.wrapper.iter().any(|wrapper| wrapper.is_at(host))) {
        return None;
    }
    Some(unwrapped(&Url::parse(link).ok()?)?.into())
}

/// Returns where an aggregator's or redirector's link leads, if that stands in it.
pub(super) fn unwrapped(url: &Url) -> Option<Url> {
    let first = unwrap_once(url)?;
    std::iter::successors(Some(first), unwrap_once).take(NESTED).last()
}

fn unwrap_once(url: &Url) -> Option<Url> {
    let host = url.host_str()?;
    let wrappers = TABLE.wrapper.iter().filter(|wrapper| wrapper.is_at(host) && url.path().starts_with(&wrapper.path));
    wrappers.filter_map(|wrapper| target(url, wrapper)).find(|target| {
        matches!(target.scheme(), "http" | "https")
            && target.host_str().is_some_and(|host| host.contains('.'))
            && target != url
    })
}

fn target(url: &Url, wrapper: &Wrapper) -> Option<Url> {
    if !wrapper.parameters.is_empty() {
        let mut pairs = url.query_pairs();
        let (_, value) =
            pairs.find(|(name, value)| wrapper.parameters.iter().any(|p| p == name) && value.starts_with("http"))?;
        return Url::parse(&value).ok();
    }
    if !wrapper.encoded_after.is_empty() {
        let mut parts = url.path_segments()?.skip_while(|part| !wrapper.encoded_after.iter().any(|name| name == part));
        return decoded(parts.nth(1)?);
    }
    let rest = &url[url::Position::BeforePath..url::Position::AfterQuery][wrapper.path.len()..];
    let (scheme, rest) = rest.strip_prefix("s/").map_or(("http", rest), |rest| ("https", rest));
    Url::parse(&format!("{scheme}://{rest}")).ok()
}

/// Reads an article's id of Google News as it was until 2024: a message whose fields are numbers and, fourth, the
/// address. Younger ids say nothing without asking.
fn decoded(id: &str) -> Option<Url> {
    let message = LENIENT.decode(id.trim_end_matches('=')).ok()?;
    let [0x08, _, 0x22, rest @ ..] = message.as_slice() else { return None };
    let (length, rest) = match rest {
        [low @ 0x80..=0xff, high @ ..0x80, rest @ ..] => (usize::from(low & 0x7f) | usize::from(*high) << 7, rest),
        [length @ ..0x80, rest @ ..] => (usize::from(*length), rest),
        _ => return None,
    };
    Url::parse(std::str::from_utf8(rest.get(..length)?).ok()?).ok()
}

/// Takes from an article's address what only chooses its format.
pub(super) fn strip_format(url: &mut Url) {
    let path = url.path();
    let stripped = TABLE.amp.endings.iter().find_map(|ending| path.strip_suffix(ending.as_str()));
    // A page about it may have the same name: what is left has to look like an article's address.
    let is_article = |path: &&str| {
        let last = path.rsplit('/').next().unwrap_or_default();
        last.matches('-').count() >= 2 || last.bytes().filter(u8::is_ascii_digit).count() >= 4
    };
    if let Some(stripped) = stripped.filter(is_article).map(str::to_owned) {
        url.set_path(&stripped);
    }
}

/// Returns other spellings of an address that lead to the same page where they lead to any.
pub(super) fn siblings(address: &str) -> Vec<String> {
    let Some(url) = Url::parse(address).ok() else { return Vec::new() };
    let (Some(host), Some(outlet)) = (url.domain(), outlet_of(address)) else { return Vec::new() };
    let bare = TABLE.hosts.labels.iter().find_map(|label| host.strip_prefix(label.as_str())?.strip_prefix('.'));
    // Not beyond the outlet: `m.example` may itself be registered.
    let bare = bare.filter(|bare| *bare == outlet || bare.ends_with(&format!(".{outlet}"))).unwrap_or(host);
    let mut names = vec![bare.to_owned()];
    for [one, other] in &TABLE.hosts.twins {
        for (from, to) in [(one, other), (other, one)] {
            names
                .extend(bare.strip_suffix(from.as_str()).filter(|_| outlet == *from).map(|rest| format!("{rest}{to}")));
        }
    }
    let labelled = |name: &String| -> Vec<String> {
        TABLE.hosts.labels.iter().map(|label| format!("{label}.{name}")).chain([name.clone()]).collect()
    };
    let path = url.path();
    let slashed = path.strip_suffix('/').map_or_else(|| format!("{path}/"), str::to_owned);
    let mut found = Vec::new();
    for name in names.iter().flat_map(labelled) {
        for path in [path, &slashed] {
            let mut other = url.clone();
            other.set_path(path);
            if other.set_host(Some(&name)).is_ok() && other != url {
                found.push(other.into());
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{super::CanonicalUrl, *};

    #[track_caller]
    fn check(input: &str, expected: &str) {
        assert_eq!(CanonicalUrl::parse(input).expect("readable").as_str(), expected);
    }

    #[test]
    fn a_parameter_may_track_on_one_outlet_and_choose_on_another() {
        check("https://www.dw.com/en/talks/a-7?maca=en-rss", "https://www.dw.com/en/talks/a-7");
        check("https://a.example/x?maca=7&CMP=y", "https://a.example/x?maca=7&CMP=y");
        check("https://a.example/x?ref=rss&page=2", "https://a.example/x?page=2");
        check("https://a.example/x?ref=7", "https://a.example/x?ref=7");
    }

    #[test]
    fn a_second_format_is_the_same_article() {
        check("https://a.example/2026/talks-in-geneva-open/amp/", "https://a.example/2026/talks-in-geneva-open");
        check("https://a.example/news/20261117.amp.html", "https://a.example/news/20261117");
        check("https://a.example/x?outputType=amp&id=7", "https://a.example/x?id=7");
        check("https://a.example/music/amp", "https://a.example/music/amp");
    }

    #[test]
    fn links_that_only_lead_to_another_are_that_other() {
        let article = "https://www.a.example/talks?id=7";
        check("https://www.google.com/url?rct=j&url=https%3A%2F%2Fwww.a.example%2Ftalks%3Fid%3D7&ct=ga", article);
        check("https://www.google.com/amp/s/www.a.example/talks?id=7", article);
        check("https://www-a-example.cdn.ampproject.org/c/s/www.a.example/talks?id=7", article);
        check("https://l.facebook.com/l.php?u=https%3A%2F%2Fwww.a.example%2Ftalks%3Fid%3D7%26fbclid%3Dx&h=A", article);
        check("https://vk.com/away.php?to=https%3A%2F%2Fwww.a.example%2Ftalks%3Fid%3D7", article);
        let nested = "https://www.google.com/url?q=https%3A%2F%2Fl.facebook.com%2Fl.php%3Fu%3Dhttps%253A%252F%252Fwww.a.example%252Ftalks%253Fid%253D7";
        check(nested, article);
        // What is no address, or one of another scheme, leads nowhere.
        for link in ["https://www.google.com/url?q=a", "https://vk.com/away.php?to=javascript:alert(1)"] {
            check(link, link);
        }
        check("https://notgoogle.com/url?q=https://a.example/", "https://notgoogle.com/url?q=https://a.example/");
    }

    #[test]
    fn older_ids_of_google_news_hold_the_address() {
        let id = |address: &str| {
            let mut message = vec![0x08, 0x13, 0x22];
            match u8::try_from(address.len()) {
                Ok(length @ ..0x80) => message.push(length),
                _ => message.extend([(address.len() & 0x7f) as u8 | 0x80, (address.len() >> 7) as u8]),
            }
            message.extend(address.bytes());
            message.extend([0xd2, 0x01, 0x00]);
            LENIENT.encode(message)
        };
        let short = "https://www.a.example/talks-open";
        let long = format!("https://www.a.example/{}", "talks-".repeat(40));
        check(&format!("https://news.google.com/rss/articles/{}?oc=5", id(short)), short);
        check(&format!("https://news.google.com/__i/rss/rd/articles/{}?hl=en", id(&long)), &long);
        let young = format!("https://news.google.com/rss/articles/{}", id("AU_yqLOpaque"));
        check(&young, &young);
        check("https://news.google.com/articles/CBM", "https://news.google.com/articles/CBM");
    }

    #[test]
    fn siblings_are_the_same_page_on_the_outlets_other_hosts() {
        let has = |one: &str, other: &str| siblings(one).contains(&other.to_owned());
        assert!(has("https://m.a.example/x?id=7", "https://www.a.example/x?id=7"));
        assert!(has("https://www.a.example/x", "https://a.example/x/"));
        assert!(has("https://www.bbc.co.uk/news/1", "https://www.bbc.com/news/1"));
        assert!(!has("https://news.a.example/x", "https://a.example/x"));
        assert!(!has("https://m.example/x", "https://example/x"));
        assert_eq!(siblings("http://127.0.0.1/x"), Vec::<String>::new());
        assert_eq!(CanonicalUrl::parse("https://www.a.example/").expect("readable").siblings(), []);
    }
}
