//! When an article was first published: every place that says so, from the most explicit to the least.

use chrono::{Datelike, Duration, NaiveDate};

use super::{
    Hints,
    dom::{Dom, Tag},
    witness::{Witnesses, has_word},
};
use crate::{
    model::{PublishedAt, Time},
    text::date::parse,
};

/// Metas that give the first publication, best first.
const METAS: &[&str] = &[
    "article:published_time",
    "og:article:published_time",
    "article:published",
    "datepublished",
    "og:published_time",
    "parsely-pub-date",
    "sailthru.date",
    "cxenseparse:recs:publishtime",
    "cxenseparse:publishtime",
    "dc.date.issued",
    "dcterms.issued",
    "dcterms.created",
    "dc.date.created",
    "dc.date.published",
    "article.published",
    "publishdate",
    "publish-date",
    "publish_date",
    "pubdate",
    "publication_date",
    "publication-date",
    "published_date",
    "published",
    "article_date_original",
    "originalpublicationdate",
    "date.published",
    "citation_publication_date",
    "citation_date",
    "dc.date",
    "dcterms.date",
    "bt:pubdate",
    "rnews:datepublished",
    "publishtime",
    "pdate",
    "apub:time",
    "date",
    "created",
    "analyticsattributes.articledate",
    "iso-8601-publish-date",
    "firstpublishedtime",
    "release_date",
    "article:post_date",
];

/// How far ahead of our clock a date may be: editors' clocks and zone mistakes, not announcements.
const AHEAD: Duration = Duration::hours(26);

/// Returns when the article was published and which place said so.
pub(super) fn published(
    dom: &Dom<'_>,
    page: &Witnesses<'_>,
    url: &str,
    hints: &Hints<'_>,
    now: Time,
) -> Option<(PublishedAt, &'static str)> {
    let credible = |text: &str| parse(text).filter(|date| is_credible(date.at, now));
    let marked = || marked_times(dom, page);
    let linked = page.linked.published.as_deref().and_then(credible).map(|date| (date, "json-ld"));
    let meta = || page.meta(METAS).find_map(credible).map(|date| (date, "meta"));
    let time = || marked().find_map(|text| credible(&text)).map(|date| (date, "time"));
    let from_url = || in_url(url).filter(|date| is_credible(date.at, now)).map(|date| (date, "url"));
    let near = || near_headline(dom, page, now).map(|date| (date, "byline"));
    let created = || page.linked.created.as_deref().and_then(credible).map(|date| (date, "json-ld"));
    let hint = || {
        hints.published_at.filter(|at| is_credible(*at, now)).map(|at| (PublishedAt { at, date_only: false }, "feed"))
    };
    let (best, place) =
        linked.or_else(meta).or_else(time).or_else(near).or_else(from_url).or_else(created).or_else(hint)?;
    if !best.date_only {
        return Some((best, place));
    }
    // A bare date from the best place is made exact by the next place that gives a time on that day.
    let exact = [meta(), time(), near(), hint()].into_iter().flatten().find(|(other, _)| {
        !other.date_only && (other.at - best.at).num_hours().abs() <= 36 && same_day(other.at, best.at)
    });
    Some(exact.unwrap_or((best, place)))
}

fn same_day(a: Time, b: Time) -> bool {
    a.date_naive() == b.date_naive()
}

/// Tells whether a date can be that of a publication.
pub(super) fn is_credible(at: Time, now: Time) -> bool {
    at <= now + AHEAD && at.year() >= 1990
}

/// The values of `itemprop=datePublished` first, then of `<time>`, those around the headline before those above it.
fn marked_times<'a>(dom: &'a Dom<'_>, page: &'a Witnesses<'_>) -> impl Iterator<Item = String> + 'a {
    let headline = page.headline.unwrap_or(0);
    let mut times: Vec<(u8, usize, usize)> = page
        .times
        .iter()
        .filter(|&&at| !is_update(dom, at))
        .map(|&at| {
            let node = &dom.nodes[at];
            let marked = node.attr("itemprop").is_some_and(|prop| has_word(prop, "datePublished"))
                || node.attr("pubdate").is_some();
            (if marked { 0 } else { 1 }, at.abs_diff(headline), at)
        })
        .collect();
    times.sort_unstable();
    times.into_iter().take(16).flat_map(|(_, _, at)| {
        let node = &dom.nodes[at];
        ["datetime", "content", "title"]
            .into_iter()
            .filter_map(|name| node.attr(name))
            .map(str::to_owned)
            .chain(Some(dom.text(at)))
    })
}

/// Whether a time is that of a change, of a comment or of another article.
fn is_update(dom: &Dom<'_>, at: usize) -> bool {
    std::iter::once(at).chain(dom.ancestors(at).take(4)).any(|at| {
        let node = &dom.nodes[at];
        if matches!(node.tag, Tag::Footer | Tag::Aside | Tag::Nav | Tag::Body) {
            return node.tag != Tag::Body;
        }
        let names = [node.attr("class"), node.attr("id"), node.attr("itemprop")];
        names.into_iter().flatten().any(|names| {
            let names = names.to_ascii_lowercase();
            ["modif", "updat", "comment", "related", "sidebar", "teaser", "latest"]
                .iter()
                .any(|word| names.contains(word))
        })
    })
}

/// The first short text after the headline, or just before it, that is a date.
fn near_headline(dom: &Dom<'_>, page: &Witnesses<'_>, now: Time) -> Option<PublishedAt> {
    const WINDOW: usize = 220;
    let headline = page.headline?;
    let end = dom.nodes[headline].end as usize;
    let after = end..(end + WINDOW).min(dom.nodes.len());
    let before = headline.saturating_sub(WINDOW / 4)..headline;
    after.chain(before.rev()).find_map(|at| {
        let node = &dom.nodes[at];
        let text = node.text.trim();
        // A sentence that mentions a date is no byline; a bare year or time is no date.
        let short = (6..=90).contains(&text.len()) && text.bytes().filter(u8::is_ascii_digit).count() >= 3;
        if !short || is_update(dom, node.parent as usize) || dom.nodes[node.parent as usize].tag == Tag::Script {
            return None;
        }
        let has_year = text.split(|c: char| !c.is_ascii_digit()).any(|digits| digits.len() == 4 || digits.len() == 8);
        parse(text).filter(|date| has_year && is_credible(date.at, now))
    })
}

/// A date in the path of a URL: `/2026/11/22/`, `/2026-11-22-`, `/20261122/`.
fn in_url(url: &str) -> Option<PublishedAt> {
    let path = url.split_once("://").map_or(url, |(_, rest)| rest).split(['?', '#']).next()?;
    let numbers: Vec<&str> = path.split(|c: char| !c.is_ascii_digit()).collect();
    let day = |year: &str, month: &str, day: &str| {
        if year.len() != 4 || !(1..=2).contains(&month.len()) || !(1..=2).contains(&day.len()) {
            return None;
        }
        let date = NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)?;
        Some(PublishedAt { at: date.and_hms_opt(0, 0, 0)?.and_utc(), date_only: true })
    };
    let split = numbers.windows(3).find_map(|three| day(three[0], three[1], three[2]));
    split.or_else(|| numbers.iter().filter(|n| n.len() == 8).find_map(|n| day(&n[..4], &n[4..6], &n[6..])))
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;
    use scraper::Html;

    use super::*;

    #[track_caller]
    fn check(page: &str, expected: Option<&str>) {
        let now = chrono::Utc.with_ymd_and_hms(2026, 11, 22, 12, 0, 0).unwrap();
        let html = Html::parse_document(page);
        let dom = Dom::new(&html);
        let witnesses = Witnesses::gather(&dom);
        let found = published(&dom, &witnesses, "https://a.example/2026/03/04/x", &Hints::default(), now);
        assert_eq!(found.map(|(date, _)| date.at.to_rfc3339()).as_deref(), expected);
    }

    #[test]
    fn published_counts_and_modified_does_not() {
        check(
            "<script type=application/ld+json>{\"@type\":\"NewsArticle\",\"dateModified\":\"2026-11-02T00:00:00Z\",\
             \"datePublished\":\"2026-11-01T08:00:00+02:00\"}</script>",
            Some("2026-11-01T06:00:00+00:00"),
        );
        check("<meta property=article:modified_time content=2026-11-02>", Some("2026-03-04T00:00:00+00:00"));
    }

    #[test]
    fn a_date_in_the_future_is_a_mistake() {
        check(
            "<meta property=article:published_time content=2027-01-01><time datetime=2026-11-03>3 Nov</time>",
            Some("2026-11-03T00:00:00+00:00"),
        );
    }

    #[test]
    fn a_bare_date_is_made_exact_by_the_next_place() {
        check(
            "<meta name=date content=2026-11-01><time datetime='2026-11-01T10:30:00Z'>x</time>",
            Some("2026-11-01T10:30:00+00:00"),
        );
    }

    #[test]
    fn bylines_are_read() {
        check(
            "<h1>Hafen</h1><p>Von Ada Lind</p><span>12. Oktober 2026, 08:15 Uhr</span>",
            Some("2026-10-12T08:15:00+00:00"),
        );
    }

    #[test]
    fn dates_in_addresses_are_read() {
        for (url, expected) in [
            ("https://a.example/2026/11/05/x", Some("2026-11-05")),
            ("https://a.example/x-20261105-7", Some("2026-11-05")),
            ("https://a.example/2026-1-5/x", Some("2026-01-05")),
            ("https://a.example/20269999/12345678", None),
            ("https://a.example/x?d=2026-11-05", None),
        ] {
            assert_eq!(in_url(url).map(|date| date.at.date_naive().to_string()).as_deref(), expected, "{url}");
        }
    }
}
