//! The search page: a form, when and by whom what it found was published, the hits, and ways to narrow them.

use std::mem;

use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use chrono::{Duration, Utc};

use super::{
    Page, answer, apart, chart, grouped, headline, language,
    link::{Link, alternates},
    many, problem, topic_list, when,
};
use crate::{
    model::Time,
    serve::{
        Archive, By, Error, Found, Question, Shared,
        ask::{self, Asked, Manner, asked},
        json::{CountRow, Hit},
    },
    text::html::escape,
};

/// Hits of one page.
const HITS: usize = 20;
/// Values that a facet offers.
const VALUES: usize = 8;
/// Below this many days a chart shows hours.
const DAYS: usize = 3;

/// Something that hits have in common, by which a search is narrowed.
struct Facet {
    by: By,
    parameter: &'static str,
    heading: &'static str,
    asked: fn(&mut Question) -> &mut Vec<String>,
}

const FACETS: [Facet; 6] = [
    Facet { by: By::Topic, parameter: "topic", heading: "Topics", asked: |question| &mut question.topic },
    Facet { by: By::Entity, parameter: "entity", heading: "Names", asked: |question| &mut question.entity },
    Facet { by: By::Outlet, parameter: "outlet", heading: "Outlets", asked: |question| &mut question.outlet },
    Facet { by: By::Lang, parameter: "lang", heading: "Languages", asked: |question| &mut question.lang },
    Facet { by: By::Source, parameter: "source", heading: "Sources", asked: |question| &mut question.source },
    Facet { by: By::Author, parameter: "author", heading: "Authors", asked: |question| &mut question.author },
];

/// What the form cannot show, but other pages and charts can ask for.
const KEPT: [(&str, &str); 9] = [
    ("topic", "topic"),
    ("entity", "name"),
    ("outlet", "outlet"),
    ("lang", "language"),
    ("source", "source"),
    ("author", "author"),
    ("tag", "tag"),
    ("story", "story"),
    ("until", "until"),
];

pub(in crate::serve) async fn search(State(shared): State<Shared>, RawQuery(query): RawQuery) -> Response {
    let raw = query.unwrap_or_default();
    let asked = match asked(Some(&raw), ask::PAGE, HITS, Manner::Form) {
        Ok(asked) => asked,
        Err(error) => return problem(&error, &form(&Link::default())),
    };
    let link = Link::of(&raw);
    let shown = form(&link);
    match shared.ask(move |archive| page(archive, &link, asked, Utc::now())).await {
        Ok(page) => answer(Ok(Some(page)), "search"),
        Err(error) => problem(&error, &shown),
    }
}

fn page(archive: &Archive, link: &Link, mut asked: Asked, now: Time) -> Result<Page, Error> {
    let question = &mut asked.question;
    let words = question.query.clone().unwrap_or_default();
    let title = if words.is_empty() { "Latest".to_owned() } else { words.clone() };
    let found = archive.search(question, now)?;
    let (total, counts) = counted(archive, question, now)?;
    let mut main = format!("<h1 class=hidden>{}</h1>{}{}", headline(&title), form(link), filters(link));
    if total == 0 {
        main += "<p role=status>No article fits. Fewer words or filters find more, and so does <code>OR</code> \
                 between words.</p>";
    } else {
        let feed = link.clone().without("stories").href("/feeds/search.atom");
        main += &format!(
            "<p class=note role=status>{} <a class=narrow href=#narrow>Narrow down</a> <a href=\"{feed}\">Feed of \
             this search</a></p>",
            many(total, "article", "articles")
        );
        main += &time_chart(link, &counts);
    }
    main += "<div class=columns><section aria-label=Results>";
    main += &hits(&found, link, &words, asked.stories);
    main += "</section>";
    if total > 0 || link.pairs().any(|(name, _)| KEPT.iter().any(|(known, _)| *known == name)) {
        main += &facets(archive, link, question, &counts, now)?;
    }
    main += "</div>";
    Ok(Page { title, head: alternates(link), main, place: "/" })
}

/// Counts what was found, by days, by hours and by each facet.
fn counted(archive: &Archive, question: &Question, now: Time) -> Result<(u64, Vec<Vec<CountRow>>), Error> {
    let facets = FACETS.iter().map(|facet| (facet.by, VALUES));
    let wanted: Vec<_> = [(By::Day, usize::MAX), (By::Hour, usize::MAX)].into_iter().chain(facets).collect();
    archive.counts(question, &wanted, now)
}

fn of(by: By, counts: &[Vec<CountRow>]) -> &[CountRow] {
    counts.iter().find(|rows| rows.first().is_some_and(|row| row.by == by)).map_or(&[], Vec::as_slice)
}

/// The form, with what is asked already.
fn form(link: &Link) -> String {
    let value = |name: &str| link.pairs().find(|(known, _)| *known == name).map_or("", |(_, value)| value);
    let words = if value("q").is_empty() { value("query") } else { value("q") };
    let mut form = format!(
        "<form role=search action=/ method=get><label for=q>Search the archive</label>\
         <input id=q name=q type=search value=\"{}\" placeholder=\"&quot;peace talks&quot; OR ceasefire\" \
         dir=auto><button>Search</button><div class=options>",
        escape(words)
    );
    let ages = [("", "any time"), ("24h", "last 24 hours"), ("7d", "last 7 days"), ("30d", "last 30 days")];
    form += &select("since", "Published", &ages, value("since"));
    let orders = [("", "best fit"), ("newest", "newest first"), ("oldest", "oldest first")];
    form += &select("sort", "Order", &orders, value("sort"));
    for (name, label) in [("stories", "Group by story"), ("copies", "Show every copy")] {
        let checked = if value(name).is_empty() || value(name) == "false" { "" } else { " checked" };
        form += &format!("<label><input type=checkbox name={name} value=true{checked}> {label}</label>");
    }
    form += "</div>";
    for (name, value) in link.pairs().filter(|(name, _)| KEPT.iter().any(|(kept, _)| kept == name)) {
        form += &format!("<input type=hidden name={name} value=\"{}\">", escape(value));
    }
    form + "</form>"
}

fn select(name: &str, label: &str, offered: &[(&str, &str)], chosen: &str) -> String {
    let mut html = format!("<label>{label} <select name={name}>");
    if !offered.iter().any(|(value, _)| *value == chosen) {
        html += &format!("<option value=\"{0}\" selected>since {0}", escape(chosen));
    }
    for (value, text) in offered {
        let selected = if *value == chosen { " selected" } else { "" };
        html += &format!("<option value=\"{value}\"{selected}>{text}");
    }
    html + "</select></label>"
}

/// What the search is narrowed to: each a link that takes it away.
fn filters(link: &Link) -> String {
    let known = |name: &str| KEPT.iter().find(|(kept, _)| *kept == name).map(|(_, label)| *label);
    let filter = |(name, value): (&str, &str)| {
        let (label, href) = (known(name)?, link.clone().except(name, value).href("/"));
        Some(format!(
            "<li><a href=\"{href}\"><span class=hidden>Without </span>{label}: {} <span aria-hidden=true>×</span></a>",
            apart(value)
        ))
    };
    let all: String = link.pairs().filter_map(filter).collect();
    if all.is_empty() { all } else { format!("<ul class=filters aria-label=\"Narrowed to\">{all}</ul>") }
}

/// When the hits were published, as a picture and as a table.
fn time_chart(link: &Link, counts: &[Vec<CountRow>]) -> String {
    let days = of(By::Day, counts);
    let bars = if days.len() > DAYS {
        chart::bars(days, Duration::days(1))
    } else {
        chart::bars(of(By::Hour, counts), Duration::hours(1))
    };
    let (Some(first), Some(last)) = (bars.first(), bars.last()) else { return String::new() };
    let href = |bar: &chart::Bar| {
        let (since, until) = bar.bounds();
        link.clone().with("since", &since).with("until", &until).href("/")
    };
    let row =
        |bar: &chart::Bar| format!("<tr><th scope=row><a href=\"{}\">{}</a><td>{}", href(bar), bar.name(), bar.count);
    let rows: String = bars.iter().filter(|bar| bar.count > 0).map(row).collect();
    let (from, to) = (first.from.format("%-d %b %Y"), (last.to - Duration::seconds(1)).format("%-d %b %Y"));
    format!(
        "<figure class=chart>{}<figcaption><span>{from}</span><span>{to}</span></figcaption>\
         <details><summary>By time, as a table</summary><table><thead><tr><th scope=col>Published<th scope=col>\
         Articles<tbody>{rows}</table></details></figure>",
        chart::bar_chart(&bars, href)
    )
}

fn hits(found: &Found, link: &Link, words: &str, by_story: bool) -> String {
    let mut html = String::new();
    for (at, hit) in found.hits.iter().enumerate() {
        let same = |other: &&Hit| by_story && other.head.story == hit.head.story;
        if found.hits[..at].iter().any(|other| same(&other)) {
            continue;
        }
        let others: Vec<&Hit> = found.hits[at + 1..].iter().filter(same).collect();
        html += &hit_html(hit, words, &others);
    }
    if let Some(next) = &found.next {
        let href = link.clone().and("cursor", next).href("/");
        html += &format!("<nav class=pager aria-label=Pages><a rel=next href=\"{href}\">More results</a></nav>");
    }
    html
}

fn hit_html(hit: &Hit, words: &str, others: &[&Hit]) -> String {
    let head = &hit.head;
    let lang = language(head.lang.as_deref());
    let mut facts = vec![apart(&head.outlet), when(head.published_at.as_deref().unwrap_or(&head.fetched_at))];
    if head.copies > 0 {
        let copies = many(head.copies.into(), "copy", "copies");
        facts.push(format!("<a href=\"{}#copies\">{copies}</a>", article_href(hit, "")));
    }
    // The snippet is HTML already: marked and escaped by the index.
    let mut html = format!(
        "<article class=hit><h2{lang}><a href=\"{}\">{}</a></h2><p class=facts>{}</p><p{lang}>{}</p>{}",
        article_href(hit, words),
        headline(&head.title),
        facts.join(" · "),
        hit.snippet,
        topic_list(&head.topics),
    );
    if !others.is_empty() {
        let more = many(others.len() as u64, "more article", "more articles");
        html += &format!("<details class=same-story><summary>{more} of this story</summary><ul>");
        for other in others {
            html += &format!(
                "<li>{} · {} · <a{} href=\"{}\">{}</a>",
                apart(&other.head.outlet),
                when(other.head.published_at.as_deref().unwrap_or(&other.head.fetched_at)),
                language(other.head.lang.as_deref()),
                article_href(other, words),
                headline(&other.head.title),
            );
        }
        html += &format!("</ul><p><a href=\"/stories/{}\">The whole story</a></details>", head.story);
    }
    html + "</article>"
}

/// An article, with the words to mark in it.
fn article_href(hit: &Hit, words: &str) -> String {
    let link = if words.is_empty() { Link::default() } else { Link::default().with("q", words) };
    link.href(&format!("/articles/{}", hit.head.id))
}

fn facets(
    archive: &Archive,
    link: &Link,
    question: &mut Question,
    counts: &[Vec<CountRow>],
    now: Time,
) -> Result<String, Error> {
    let mut html = "<aside id=narrow tabindex=-1 aria-label=\"Narrow down\">".to_owned();
    for facet in &FACETS {
        let chosen = mem::take((facet.asked)(question));
        let mut rows = of(facet.by, counts).to_vec();
        if !chosen.is_empty() {
            // What one could choose instead is counted without what is chosen already.
            rows = archive.counts(question, &[(facet.by, VALUES)], now)?.1.concat();
            (facet.asked)(question).clone_from(&chosen);
        }
        // A language or source that all hits have narrows nothing.
        if rows.len() < 2 && chosen.is_empty() && facet.by != By::Topic {
            rows.clear();
        }
        if rows.is_empty() {
            continue;
        }
        html += &format!("<section><h2>{}</h2><ul>", facet.heading);
        html.extend(rows.iter().map(|row| facet_row(archive, link, facet, row, &chosen)));
        html += "</ul></section>";
    }
    Ok(html + "</aside>")
}

fn facet_row(archive: &Archive, link: &Link, facet: &Facet, row: &CountRow, chosen: &[String]) -> String {
    let is_it = |asked: &&String| {
        // A topic may be asked for by its id.
        let topic =
            || archive.names.resolve(asked).ok().and_then(|ids| Some(archive.names.name(ids.first()?) == row.value));
        asked.to_lowercase() == row.value.to_lowercase() || facet.by == By::Topic && topic() == Some(true)
    };
    let (href, current) = match chosen.iter().find(is_it) {
        Some(asked) => (link.clone().except(facet.parameter, asked), " aria-current=true"),
        None => (link.clone().and(facet.parameter, &row.value), ""),
    };
    format!(
        "<li><a href=\"{}\"{current}>{}</a> <span class=count>{}</span>",
        href.href("/"),
        apart(&row.value),
        grouped(row.count)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_carries_its_question_along_escaped() {
        let form = form(&Link::of("q=%22%3E%3Cscript%3E&topic=a%22b&since=2026-11-01&copies=true&sort=oldest"));
        assert!(!form.contains("<script>") && form.contains("value=\"&quot;&gt;&lt;script&gt;\""), "{form}");
        for part in [
            "<input type=hidden name=topic value=\"a&quot;b\">",
            "<option value=\"2026-11-01\" selected>",
            "name=copies value=true checked",
            "<option value=\"oldest\" selected>",
        ] {
            assert!(form.contains(part), "{part} in {form}");
        }
    }

    #[test]
    fn each_filter_is_a_link_without_it() {
        let filters = filters(&Link::of("q=a&topic=x&lang=de"));
        assert!(
            filters.contains("<a href=\"/?q=a&amp;topic=x\"><span class=hidden>Without </span>language: <bdi>de</bdi>")
        );
        assert_eq!(super::filters(&Link::of("q=a&since=7d")), "");
    }
}
