//! From page to article: title, authors, date, language and text, and what kind of page it is.
//!
//! One parse, one list of nodes, loops over it. Every field is decided among all the places that speak about it, and the
//! method says which won. What the feed said comes last, where the page is silent.
//!
//! It does not believe the page's own address where it knows another (the caller does, within one outlet), does not guess the language from the
//! text, does not fetch, and does not follow links to a next page.

mod author;
mod block;
mod body;
mod date;
mod decode;
mod dom;
mod json;
mod kind;
mod linked;
mod marks;
mod notice;
mod part;
mod prune;
mod select;
mod site;
mod tidy;
mod title;
mod witness;
mod words;

#[cfg(test)]
mod shapes;

pub use self::site::{Hit, Trial};
use self::{
    body::Context,
    dom::{Dom, plain},
    site::{Rule, Sites},
    witness::Witnesses,
};
use crate::{
    config,
    model::{Extracted, Kind, Method, Page, PublishedAt, Time},
};

/// The largest page that is read, in bytes: what is beyond is not parsed. The largest of 260 real pages measured has 1.5 MB.
const MAX_BYTES: usize = 4 << 20;

/// A text of some 80 words: few reports are shorter, and another version of the page costs a request.
const LITTLE: u32 = 400;

/// Why an extractor cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A rule's selector cannot be read.
    #[error("extract.site `{host}`: `{field}` is not a CSS selector: `{selector}`")]
    Selector {
        /// The rule's host.
        host: String,
        /// Which of the rule's settings.
        field: &'static str,
        /// The text that is no selector.
        selector: String,
    },
}

/// What the feed said about a page: the last witness.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hints<'a> {
    /// The entry's title.
    pub title: Option<&'a str>,
    /// The entry's authors.
    pub authors: &'a [String],
    /// When the entry says it was published.
    pub published_at: Option<Time>,
    /// The declared language of entry or feed.
    pub lang: Option<&'a str>,
    /// The entry's summary as plain text.
    pub summary: Option<&'a str>,
    /// The entry's full content as HTML.
    pub content_html: Option<&'a str>,
}

/// Takes articles out of pages.
#[derive(Debug, Default)]
pub struct Extractor {
    sites: Sites,
}

impl Extractor {
    /// Makes an extractor with the user's rules for single sites.
    ///
    /// # Errors
    /// Every selector that cannot be read, with its host.
    pub fn new(settings: &config::Extract) -> Result<Self, Vec<Error>> {
        Ok(Self { sites: Sites::new(&settings.site)? })
    }

    /// Takes the article out of a page.
    pub fn extract(&self, page: &Page, hints: &Hints<'_>, now: Time) -> Extracted {
        let text = decode::decode(&page.body, page.content_type.as_deref(), MAX_BYTES);
        let html = dom::parse(&text);
        let dom = Dom::new(&html);
        let witnesses = Witnesses::gather(&dom);
        let url = address(page, &witnesses);
        let mut found = read(&dom, &witnesses, url, self.sites.of(url), hints, now);
        if found.body.is_empty() || found.kind == Kind::Teaser {
            rescue(&mut found, hints);
        }
        found.fuller_url = fuller_version(&found, &witnesses, url);
        found
    }

    /// Tells what the selectors of the rule for a page find on it; `None` where there is no rule.
    pub fn try_rule(&self, page: &Page) -> Option<Trial> {
        let text = decode::decode(&page.body, page.content_type.as_deref(), MAX_BYTES);
        let html = dom::parse(&text);
        let dom = Dom::new(&html);
        let rule = self.sites.of(address(page, &Witnesses::gather(&dom)))?;
        Some(rule.trial(&dom))
    }

    /// Makes an article of what the feed carries: its content is the text.
    pub fn from_feed(&self, base_url: &str, hints: &Hints<'_>, now: Time) -> Extracted {
        let image = hints.content_html.and_then(|html| body::first_image(&Dom::new(&dom::parse(html))));
        let published_at = hints.published_at.filter(|at| date::is_credible(*at, now));
        let has = |given: bool| given.then(|| "feed".to_owned());
        let body = hints.content_html.map(body::of_fragment).unwrap_or_default();
        Extracted {
            declared_url: None,
            fuller_url: None,
            title: hints.title.map(plain).filter(|title| !title.is_empty()),
            authors: author::from_names(hints.authors),
            published_at: published_at.map(|at| PublishedAt { at, date_only: false }),
            lang: hints.lang.and_then(primary_subtag),
            site: None,
            image: image.map(|link| absolute(base_url, &link)),
            summary: hints.summary.map(plain).filter(|summary| !summary.is_empty()),
            kind: Kind::Article,
            method: Method {
                title: has(hints.title.is_some()),
                authors: has(!hints.authors.is_empty()),
                date: has(published_at.is_some()),
                body: has(!body.is_empty()),
            },
            body,
        }
    }
}

/// Returns the address of a page: where it came from, or its own word where nobody knows, as of a file.
fn address<'a>(page: &'a Page, witnesses: &Witnesses<'a>) -> &'a str {
    let given = Some(page.url.as_str()).filter(|url| !url.is_empty());
    given.or(witnesses.canonical).or_else(|| witnesses.meta(&["og:url"]).next()).unwrap_or_default()
}

/// Reads a page: metadata by vote, then the text, then what kind of page they make it.
fn read(
    dom: &Dom<'_>,
    page: &Witnesses<'_>,
    url: &str,
    rule: Option<&Rule>,
    hints: &Hints<'_>,
    now: Time,
) -> Extracted {
    let site = page.meta(&["og:site_name"]).next().or(page.linked.site.as_deref()).map(plain);
    let sites = title::site_keys(page, site.as_deref(), url);
    let by_rule = |found: Option<String>| found.map(|found| (found, "rule".to_owned()));
    let title = by_rule(rule.and_then(|rule| rule.title(dom))).or_else(|| title::title(page, &sites, hints.title));
    let (authors, authors_method) = match rule.map(|rule| rule.authors(dom)).filter(|names| !names.is_empty()) {
        Some(names) => (names, Some("rule")),
        None => author::authors(dom, page, &sites, hints.authors),
    };
    let date = rule
        .and_then(|rule| rule.date(dom))
        .map(|date| (date, "rule"))
        .or_else(|| date::published(dom, page, url, hints, now));
    let summary = page.meta(&["og:description", "description", "twitter:description"]).next().map(plain);
    let context = Context {
        title: title.as_ref().map(|(title, _)| title.as_str()),
        summary: summary.as_deref(),
        article_body: page.linked.body.as_deref(),
        rule,
    };
    let body = body::body(dom, &context);
    let kind = kind::kind(page, context.title, &body, url);
    let is_video = kind == Kind::Teaser && kind::is_video(page, &body);
    let image = page.meta(&["og:image", "og:image:url", "twitter:image"]).next().or(page.linked.image.as_deref());
    Extracted {
        declared_url: page.canonical.or_else(|| page.meta(&["og:url"]).next()).map(|link| absolute(url, link)),
        fuller_url: None,
        authors,
        published_at: date.map(|(date, _)| date),
        lang: lang(page, hints),
        site,
        image: image.map(|link| absolute(url, link)),
        summary,
        // A list of links has no text of its own.
        body: if kind == Kind::Index { String::new() } else { body.text },
        kind,
        method: Method {
            title: title.as_ref().map(|(_, method)| method.clone()),
            authors: authors_method.map(str::to_owned),
            date: date.map(|(_, method)| method.to_owned()),
            body: (body.weight > 0 && kind != Kind::Index)
                .then(|| if is_video { "video" } else { body.method }.to_owned()),
        },
        title: title.map(|(title, _)| title),
    }
}

/// Puts the feed's own content in the place of a text that the page does not give.
fn rescue(found: &mut Extracted, hints: &Hints<'_>) {
    let Some(html) = hints.content_html else { return };
    let text = body::of_fragment(html);
    // Twice as much: a feed's excerpt is no better than a page's.
    if block::weigh(&text) > 2 * block::weigh(&found.body) + 100 && matches!(found.kind, Kind::Article | Kind::Teaser) {
        found.body = text;
        found.kind = Kind::Article;
        found.method.body = Some("feed".to_owned());
    }
}

/// Returns where another version of a page stands, if the page itself shows little of an article. A teaser is left as what
/// its publisher shows: the rest is for subscribers.
fn fuller_version(found: &Extracted, page: &Witnesses<'_>, url: &str) -> Option<String> {
    let is_little = match found.kind {
        Kind::Article | Kind::Live => block::weigh(&found.body) < LITTLE,
        Kind::Teaser | Kind::Index | Kind::Error => false,
    };
    page.amp.or(page.print).filter(|_| is_little).map(|link| absolute(url, link))
}

/// Returns the declared language's primary subtag.
fn lang(page: &Witnesses<'_>, hints: &Hints<'_>) -> Option<String> {
    let declared = page
        .lang
        .into_iter()
        .chain(page.linked.lang.as_deref())
        .chain(page.meta(&["content-language", "language", "og:locale", "dc.language", "inlanguage"]))
        .chain(hints.lang);
    declared.filter_map(primary_subtag).next()
}

fn primary_subtag(lang: &str) -> Option<String> {
    let subtag = lang.trim().split(['-', '_', ',', ' ']).next()?.to_ascii_lowercase();
    ((2..=3).contains(&subtag.len()) && subtag.bytes().all(|b| b.is_ascii_lowercase())).then_some(subtag)
}

/// Resolves a link against the page's address, as far as both can be read.
fn absolute(base: &str, link: &str) -> String {
    url::Url::parse(base).and_then(|base| base.join(link.trim())).map_or_else(|_| link.to_owned(), String::from)
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;
    use proptest::prelude::*;

    use super::*;

    const TEXT: &str = "<p>The ferry company and the harbour authority met again on Tuesday, and both said that a deal was closer.</p>\
        <p>A spokesman for the company declined to say when the boats would sail again, or what a crossing would cost.</p>";

    fn now() -> Time {
        chrono::Utc.with_ymd_and_hms(2026, 11, 22, 12, 0, 0).unwrap()
    }

    fn page(url: &str, html: &str) -> Page {
        Page { url: url.to_owned(), content_type: None, body: html.as_bytes().to_vec().into(), fetched_at: now() }
    }

    fn extract(html: &str) -> Extracted {
        Extractor::default().extract(&page("https://www.harbour.example/news/ferry", html), &Hints::default(), now())
    }

    #[test]
    fn an_article_is_taken_whole() {
        let found = extract(&format!(
            "<html lang=en-GB><head><title>Ferry talks resume - Harbour Courier</title><link rel=canonical href=/news/1>\
             <meta property=og:site_name content='Harbour Courier'><meta property=og:image content=/i.jpg>\
             <meta name=description content='Both sides talk.'><script type=application/ld+json>{{\"@type\": \"NewsArticle\",\
             \"headline\": \"Ferry talks resume\", \"author\": {{\"@type\": \"Person\", \"name\": \"Ada Lind\"}},\
             \"datePublished\": \"2026-11-20T08:00:00+01:00\"}}</script></head><body><h1>Ferry talks resume</h1>{TEXT}</body></html>"
        ));
        assert_eq!(found.title.as_deref(), Some("Ferry talks resume"));
        assert_eq!(found.authors, ["Ada Lind"]);
        assert_eq!(found.published_at.map(|date| date.at.to_rfc3339()).as_deref(), Some("2026-11-20T07:00:00+00:00"));
        assert_eq!(found.lang.as_deref(), Some("en"));
        assert_eq!(found.site.as_deref(), Some("Harbour Courier"));
        assert_eq!(found.image.as_deref(), Some("https://www.harbour.example/i.jpg"));
        assert_eq!(found.declared_url.as_deref(), Some("https://www.harbour.example/news/1"));
        assert_eq!(found.body.split("\n\n").count(), 2);
        assert_eq!(found.kind, Kind::Article);
        assert_eq!(found.method.title.as_deref(), Some("json-ld+h1+title"));
    }

    #[test]
    fn pages_that_are_no_article_are_told_apart() {
        let links: String =
            (0..60).map(|i| format!("<li><a href=/{i}>Another headline of the day number {i}</a></li>")).collect();
        assert_eq!(extract(&format!("<title>Harbour</title><ul>{links}</ul>")).kind, Kind::Index);
        assert_eq!(
            extract("<title>Just a moment...</title><p>Checking your browser before you go on to the site.</p>").kind,
            Kind::Error
        );
        assert_eq!(extract("<h1>Seite nicht gefunden</h1><p>Leider gibt es diese Seite nicht.</p>").kind, Kind::Error);
        let ld =
            |json: &str| extract(&format!("<script type=application/ld+json>{json}</script><h1>Ferry</h1>{TEXT}")).kind;
        assert_eq!(ld("{\"@type\":\"LiveBlogPosting\",\"headline\":\"Ferry\"}"), Kind::Live);
        assert_eq!(
            ld("{\"@type\":\"NewsArticle\",\"headline\":\"Ferry\",\"isAccessibleForFree\":false}"),
            Kind::Teaser
        );
    }

    #[test]
    fn only_a_page_that_shows_little_names_its_other_version() {
        let check = |head: &str, text: &str, expected: Option<&str>| {
            let found = extract(&format!("<meta property=og:type content=article>{head}<h1>Ferry</h1>{text}"));
            assert_eq!(found.fuller_url.as_deref(), expected, "{head} {text}");
        };
        let little = "<p>The ferry company and the harbour authority met again.</p>";
        let (amp, print) = ("<link rel=amphtml href=/amp/1>", "<link rel=alternate media=Print href=/print/1>");
        let much: String = (1..6).map(|day| TEXT.replace("Tuesday", &format!("{day} November"))).collect();
        let at = |path: &str| format!("https://www.harbour.example{path}");
        check(&format!("{print}{amp}"), little, Some(&at("/amp/1")));
        check(print, little, Some(&at("/print/1")));
        check("<link rel=alternate href=/feed>", little, None);
        check(
            "",
            &format!("{little}<a rel='nofollow print' href=?print=1>Print</a>"),
            Some(&at("/news/ferry?print=1")),
        );
        check(amp, "", Some(&at("/amp/1")));
        check(amp, &much, None);
        let fenced =
            "<script type=application/ld+json>{\"@type\": \"NewsArticle\", \"isAccessibleForFree\": false}</script>";
        check(&format!("{fenced}{amp}"), &much, None);
        check(&format!("{fenced}{amp}"), little, None);
    }

    #[test]
    fn a_player_and_its_caption_are_not_passed_off_as_an_article() {
        let check = |head: &str, text: &str, expected: (Kind, &str)| {
            let found = extract(&format!("{head}<h1>Ferry</h1><video src=/v.mp4></video>{text}"));
            assert_eq!((found.kind, found.method.body.as_deref().unwrap_or_default()), expected, "{head}");
        };
        let caption = "<p>The boats of the ferry company at anchor on Tuesday, seen from the harbour wall.</p>";
        let ld = |json: &str| format!("<script type=application/ld+json>{json}</script>");
        let video = "{\"@type\": \"VideoObject\", \"name\": \"Ferry\"}";
        check("<meta property=og:type content=video.other>", caption, (Kind::Teaser, "video"));
        check(&ld(video), caption, (Kind::Teaser, "video"));
        let report = format!("{{\"@type\": \"NewsArticle\", \"headline\": \"Ferry\", \"video\": {video}}}");
        check(&ld(&report), caption, (Kind::Article, "page"));
        let long: String = (1..8).map(|day| TEXT.replace("Tuesday", &format!("{day} November"))).collect();
        check(&ld(video), &long, (Kind::Article, "page"));
    }

    #[test]
    fn the_users_rule_overrides_everything() {
        let rule = config::SiteRule {
            host: "harbour.example".to_owned(),
            body: Some(".mine".to_owned()),
            title: Some("h3".to_owned()),
            author: Some(".who".to_owned()),
            date: Some(".when".to_owned()),
            remove: vec![".ad".to_owned()],
        };
        let extractor = Extractor::new(&config::Extract { site: vec![rule] }).expect("selectors");
        let html = format!(
            "<h1>Wrong</h1>{TEXT}<h3>Right</h3><i class=who>By Ada Lind</i><b class=when>3 November 2026</b>\
             <div class=mine>Short.<p class=ad>Buy!</p></div>"
        );
        let found = extractor.extract(&page("https://www.harbour.example/x", &html), &Hints::default(), now());
        assert_eq!((found.title.as_deref(), found.body.as_str()), (Some("Right"), "Short."));
        assert_eq!(found.authors, ["Ada Lind"]);
        assert_eq!(found.published_at.map(|date| date.at.date_naive().to_string()).as_deref(), Some("2026-11-03"));
    }

    #[test]
    fn a_page_of_unknown_address_is_taken_at_its_word() {
        let html = format!("<link rel=canonical href=https://harbour.example/2026/11/03/ferry><h1>Ferry</h1>{TEXT}");
        let day = |url: &str| {
            let found = Extractor::default().extract(&page(url, &html), &Hints::default(), now());
            found.published_at.map(|date| date.at.date_naive().to_string())
        };
        assert_eq!(day("").as_deref(), Some("2026-11-03"));
        assert_eq!(day("https://harbour.example/2026/10/01/other").as_deref(), Some("2026-10-01"));
    }

    #[test]
    fn markup_inside_metadata_costs_no_more_than_its_size() {
        // Parsed as it stands, depth would be paid for twice over: minutes for this page.
        let headline = "<dl><dd>".repeat(20_000);
        let page = format!(
            "<meta name=description content='{0}'><script type=application/ld+json>{{\"@type\":\"NewsArticle\",\
             \"headline\":\"{headline}\"}}</script><h1>Ferry</h1>{TEXT}",
            &headline[..4000]
        );
        assert!(crate::text::tests::is_done_within(std::time::Duration::from_secs(5), || drop(extract(&page))));
    }

    #[test]
    fn the_feed_speaks_where_the_page_is_silent() {
        let at = chrono::Utc.with_ymd_and_hms(2026, 11, 21, 9, 0, 0).unwrap();
        let authors = ["Ada Lind".to_owned()];
        let hints = Hints {
            title: Some("Ferry"),
            authors: &authors,
            published_at: Some(at),
            lang: Some("de-AT"),
            content_html: Some(TEXT),
            ..Hints::default()
        };
        let found = Extractor::default().extract(&page("https://a.example/x", "<div id=app></div>"), &hints, now());
        assert_eq!(found.title.as_deref(), Some("Ferry"));
        assert_eq!((found.authors, found.lang.as_deref()), (vec!["Ada Lind".to_owned()], Some("de")));
        assert_eq!(found.published_at.map(|date| date.at), Some(at));
        assert_eq!(found.method.body.as_deref(), Some("feed"));
        let fed = Extractor::default().from_feed("https://a.example/x", &hints, now());
        assert_eq!(fed.body, found.body);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
            let page = Page { body: bytes.into(), ..page("https://a.example/", "") };
            Extractor::default().extract(&page, &Hints::default(), now());
        }

        #[test]
        fn mutated_pages_are_read_without_panic(cuts in proptest::collection::vec((0usize..600, 0usize..20, "[<>/a-z\"'=& ]{0,6}"), 0..12)) {
            let mut html = format!("<html><head><title>A - B</title><meta name=author content='Ada &amp; Bo'></head><body><h1>A</h1>\
                <table><tr><td>{TEXT}</td></tr></table><ul><li><a href=x>y</a></ul><time datetime=2026-11-01>x</time></body></html>");
            for (at, len, text) in cuts {
                let at = at.min(html.len());
                let end = (at + len).min(html.len());
                html.replace_range(at..end, &text);
            }
            let found = extract(&html);
            prop_assert!(found.body.len() <= html.len());
        }
    }
}
