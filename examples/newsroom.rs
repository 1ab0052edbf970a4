//! Renders the invented newsroom under `config/examples/newsroom/` and records it as `config/examples/newsroom.warc.gz`.
//!
//! Run it with `cargo run --example newsroom` after a change of the texts or templates. The output is the same on every
//! machine: all dates are in the texts.

use std::{
    cmp::Reverse,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use chrono::{DateTime, FixedOffset};
use dateline::{
    fetch::warc::{Exchange, Writer},
    model::Time,
};
use quick_xml::escape::escape;
use serde::Deserialize;
use serde_json::json;

/// When the recording was made: once everything, and a second time what had changed by then.
const FIRST_POLL: &str = "2026-11-22T06:00:00Z";
const SECOND_POLL: &str = "2026-11-22T08:00:00Z";

/// Every outlet, in the order in which it is asked.
const OUTLETS: &[&str] = &[
    "meridian-wire",
    "harbour-ledger",
    "northgate-courier",
    "saltmarsh-post",
    "uferkurier",
    "vestnik-prichala",
    "gazette-du-quai",
    "nova-havan",
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Outlet {
    name: String,
    host: String,
    lang: String,
    feed: Feed,
    /// The template of its pages.
    page: String,
    nav: Vec<String>,
    by: String,
    #[serde(default = "numeric")]
    date_format: String,
    related: String,
    promo: String,
    footer: String,
    #[serde(rename = "article")]
    articles: Vec<Article>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Feed {
    kind: String,
    path: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Article {
    path: String,
    published: DateTime<FixedOffset>,
    title: String,
    #[serde(default)]
    author: String,
    section: String,
    #[serde(default)]
    summary: String,
    #[serde(default)]
    body: String,
    /// Printed from the agency's report.
    wire: Option<Wire>,
    /// How it reads from the second poll on.
    revised: Option<Revised>,
    /// The status of its page.
    #[serde(default = "ok")]
    status: u16,
    /// Its page is a section page.
    #[serde(default)]
    index: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    #[serde(default)]
    dateline: String,
    paragraphs: usize,
    #[serde(default)]
    promo: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Revised {
    updated: DateTime<FixedOffset>,
    title: String,
    body: String,
}

#[derive(Deserialize)]
struct Report {
    body: String,
}

fn ok() -> u16 {
    200
}

fn numeric() -> String {
    "%d.%m.%Y, %H:%M".to_owned()
}

fn main() -> Result<()> {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/examples");
    let newsroom = Newsroom { directory: examples.join("newsroom") };
    let mut writer = Writer::new(Vec::new());
    writer.info(FIRST_POLL.parse()?)?;
    for name in OUTLETS {
        let outlet = newsroom.outlet(name)?;
        let all: Vec<_> = outlet.articles.iter().collect();
        let mut recorder = Recorder { writer: &mut writer, date: FIRST_POLL.parse()? };
        newsroom.record(&outlet, &all, &mut recorder)?;
        let outlet = outlet.into_revised();
        let revised: Vec<_> = outlet.articles.iter().filter(|article| article.revised.is_some()).collect();
        if !revised.is_empty() {
            recorder.date = SECOND_POLL.parse()?;
            newsroom.record(&outlet, &revised, &mut recorder)?;
        }
    }
    let recording = writer.into_inner();
    let path = examples.join("newsroom.warc.gz");
    fs::write(&path, &recording).with_context(|| format!("cannot write {}", path.display()))?;
    eprintln!("{}: {} bytes", path.display(), recording.len());
    Ok(())
}

/// Writes answers that all came at the same time.
struct Recorder<'w> {
    writer: &'w mut Writer<Vec<u8>>,
    date: Time,
}

impl Recorder<'_> {
    fn answer(&mut self, url: &str, status: u16, content_type: &str, body: &str) -> Result<()> {
        // Enough for a validator: the texts are our own.
        let etag = format!("\"{:x}-{}\"", body.len(), self.date.timestamp());
        let headers: [(&str, &[u8]); 2] = [("content-type", content_type.as_bytes()), ("etag", etag.as_bytes())];
        let headers = if status == 200 { &headers[..] } else { &headers[..1] };
        let body = body.as_bytes();
        self.writer.exchange(&Exchange { url, date: self.date, request_headers: &[], status, headers, body })?;
        Ok(())
    }
}

struct Newsroom {
    directory: PathBuf,
}

impl Newsroom {
    fn read(&self, name: &str) -> Result<String> {
        let path = self.directory.join(name);
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    }

    fn outlet(&self, name: &str) -> Result<Outlet> {
        let mut outlet: Outlet =
            toml::from_str(&self.read(&format!("{name}.toml"))?).with_context(|| name.to_owned())?;
        let report: Report = toml::from_str(&self.read("wire.toml")?)?;
        for article in &mut outlet.articles {
            if let Some(wire) = &article.wire {
                article.body = wire.print(&report.body);
            }
        }
        outlet.articles.sort_by_key(|article| Reverse(article.published));
        Ok(outlet)
    }

    /// Records the outlet's feed and the pages of some of its articles.
    fn record(&self, outlet: &Outlet, pages: &[&Article], recorder: &mut Recorder<'_>) -> Result<()> {
        let is_second = recorder.date == SECOND_POLL.parse::<Time>()?;
        let (content_type, feed) = match outlet.feed.kind.as_str() {
            "rss" => ("application/rss+xml; charset=utf-8", rss(outlet)),
            "atom" => ("application/atom+xml", atom(outlet, is_second)),
            "json" => ("application/feed+json", json_feed(outlet)),
            other => bail!("{}: unknown kind of feed `{other}`", outlet.name),
        };
        recorder.answer(&outlet.url(&outlet.feed.path), 200, content_type, &feed)?;
        for article in pages {
            let template = match article {
                Article { index: true, .. } => "index",
                Article { status: 404, .. } => "missing",
                _ => &outlet.page,
            };
            let page = render(&self.read(&format!("pages/{template}.html"))?, outlet, article);
            recorder.answer(&outlet.url(&article.path), article.status, "text/html; charset=utf-8", &page)?;
        }
        Ok(())
    }
}

impl Wire {
    /// Prints the agency's report as this outlet does: cut at the end, with its own dateline and a line of its own.
    fn print(&self, report: &str) -> String {
        let mut paragraphs: Vec<String> = paragraphs(report).take(self.paragraphs).map(str::to_owned).collect();
        if let Some(first) = paragraphs.first_mut().filter(|_| !self.dateline.is_empty()) {
            *first = format!("{} — {first}", self.dateline);
        }
        if !self.promo.is_empty() {
            paragraphs.push(self.promo.clone());
        }
        paragraphs.join("\n\n")
    }
}

impl Outlet {
    fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.host)
    }

    /// Returns the outlet as it is at the second poll.
    fn into_revised(mut self) -> Self {
        for article in &mut self.articles {
            if let Some(revised) = &article.revised {
                article.title.clone_from(&revised.title);
                article.body.clone_from(&revised.body);
            }
        }
        self
    }
}

impl Article {
    fn summary(&self) -> &str {
        if self.summary.is_empty() { paragraphs(&self.body).next().unwrap_or_default() } else { &self.summary }
    }
}

fn paragraphs(body: &str) -> impl Iterator<Item = &str> {
    body.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty())
}

fn render(template: &str, outlet: &Outlet, article: &Article) -> String {
    let link = |(url, text): (String, &str)| format!("<li><a href=\"{}\">{}</a></li>", escape(url), escape(text));
    let nav: String =
        outlet.nav.iter().zip(1..).map(|(text, number)| link((outlet.url(&format!("/s/{number}")), text))).collect();
    let shown = if article.index { usize::MAX } else { 4 };
    let others =
        outlet.articles.iter().filter(|other| other.path != article.path && other.status == 200 && !other.index);
    let related: String = others.take(shown).map(|other| link((outlet.url(&other.path), &other.title))).collect();
    let url = outlet.url(&article.path);
    let image = outlet.url(&format!("/media{}.jpg", article.path.trim_end_matches(".html")));
    let published = article.published.to_rfc3339();
    let body: Vec<String> = paragraphs(&article.body).map(|text| format!("<p>{}</p>", escape(text))).collect();
    // A `<` would end the script.
    let json_ld = json_ld(outlet, article, &url, &image).to_string().replace('<', "\\u003c");
    let date = article.published.format(&outlet.date_format).to_string();
    let texts = [
        ("lang", outlet.lang.as_str()),
        ("title", &article.title),
        ("site", &outlet.name),
        ("host", &outlet.host),
        ("url", &url),
        ("image", &image),
        ("summary", article.summary()),
        ("published", &published),
        ("date", &date),
        ("author", &article.author),
        ("by", if article.author.is_empty() { "" } else { &outlet.by }),
        ("section", &article.section),
        ("related_title", &outlet.related),
        ("promo", &outlet.promo),
        ("footer", &outlet.footer),
    ];
    let ready = [("nav", nav), ("related", related), ("body", body.join("\n")), ("json_ld", json_ld)];
    let page = texts
        .iter()
        .fold(template.to_owned(), |page, (name, text)| page.replace(&format!("{{{{{name}}}}}"), &escape(*text)));
    ready.iter().fold(page, |page, (name, html)| page.replace(&format!("{{{{{name}}}}}"), html))
}

fn json_ld(outlet: &Outlet, article: &Article, url: &str, image: &str) -> serde_json::Value {
    json!({
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": article.title,
        "datePublished": article.published.to_rfc3339(),
        "author": [{ "@type": "Person", "name": article.author }],
        "publisher": { "@type": "NewsMediaOrganization", "name": outlet.name },
        "mainEntityOfPage": url,
        "image": [image],
        "inLanguage": outlet.lang,
    })
}

fn rss(outlet: &Outlet) -> String {
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\n\
         <channel>\n<title>{}</title>\n<link>{}</link>\n<language>{}</language>\n",
        escape(&outlet.name),
        outlet.url("/"),
        outlet.lang,
    );
    for article in &outlet.articles {
        let url = outlet.url(&article.path);
        text += &format!(
            "<item>\n<title>{}</title>\n<link>{url}</link>\n<guid isPermaLink=\"true\">{url}</guid>\n<pubDate>{}</pubDate>\n\
             <dc:creator>{}</dc:creator>\n<category>{}</category>\n<description>{}</description>\n</item>\n",
            escape(&article.title),
            article.published.to_rfc2822(),
            escape(&article.author),
            escape(&article.section),
            escape(article.summary()),
        );
    }
    text + "</channel>\n</rss>\n"
}

fn atom(outlet: &Outlet, is_second: bool) -> String {
    let updated = |article: &Article| {
        let revised = article.revised.as_ref().filter(|_| is_second);
        revised.map_or(article.published, |revised| revised.updated)
    };
    let newest = outlet.articles.iter().map(updated).max().unwrap_or_default();
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"{}\">\n\
         <title>{}</title>\n<id>tag:{},2026:news</id>\n<link rel=\"self\" href=\"{}\"/>\n<updated>{}</updated>\n",
        outlet.lang,
        escape(&outlet.name),
        outlet.host,
        outlet.url(&outlet.feed.path),
        newest.to_rfc3339(),
    );
    for article in &outlet.articles {
        text += &format!(
            "<entry>\n<title>{}</title>\n<id>tag:{},2026:{}</id>\n<link href=\"{}\"/>\n<published>{}</published>\n\
             <updated>{}</updated>\n<author><name>{}</name></author>\n<category term=\"{}\"/>\n<summary>{}</summary>\n</entry>\n",
            escape(&article.title),
            outlet.host,
            escape(&article.path),
            outlet.url(&article.path),
            article.published.to_rfc3339(),
            updated(article).to_rfc3339(),
            escape(if article.author.is_empty() { &outlet.name } else { &article.author }),
            escape(&article.section),
            escape(article.summary()),
        );
    }
    text + "</feed>\n"
}

fn json_feed(outlet: &Outlet) -> String {
    let items = outlet.articles.iter().map(|article| {
        json!({
            "id": outlet.url(&article.path),
            "url": outlet.url(&article.path),
            "title": article.title,
            "summary": article.summary(),
            "date_published": article.published.to_rfc3339(),
            "authors": [{ "name": article.author }],
            "tags": [article.section],
        })
    });
    let feed = json!({
        "version": "https://jsonfeed.org/version/1.1",
        "title": outlet.name,
        "home_page_url": outlet.url("/"),
        "feed_url": outlet.url(&outlet.feed.path),
        "language": outlet.lang,
        "items": items.collect::<Vec<_>>(),
    });
    format!("{feed:#}\n")
}
