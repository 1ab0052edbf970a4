//! Reads news sitemaps and sitemap indexes, <https://www.sitemaps.org/protocol.html>.

use url::Url;

use super::{
    Error, Feed,
    doctype::Entities,
    markup::{Event, Events, local},
    resolve,
};
use crate::{
    model::{Entry, Time},
    text::{date, html::to_text},
};

/// The protocol allows 50,000 addresses a file.
const MAX_ENTRIES: usize = 50_000;

/// Reads a sitemap: its pages as entries, or the sitemaps it points to in [`Feed::more`].
pub(super) fn read(text: &str, url: &str) -> Result<Feed, Error> {
    let base = Url::parse(url).ok();
    let mut feed = Feed::default();
    let mut is_sitemap = false;
    let mut page = Page::default();
    let mut entities = Entities::default();
    let mut collected = String::new();
    for event in Events::of(text) {
        match event {
            Event::Doctype(declaration) => entities.declare(declaration),
            Event::Start(tag) => {
                collected.clear();
                match local(tag.name) {
                    "urlset" | "sitemapindex" => is_sitemap = true,
                    "url" | "sitemap" => page = Page::default(),
                    _ => {}
                }
            }
            Event::Text(text) => entities.decode_into(text, &mut collected),
            Event::Cdata(text) => collected.push_str(text),
            Event::End(name) => {
                let value = std::mem::take(&mut collected);
                match local(name) {
                    "url" if feed.entries.len() < MAX_ENTRIES => feed.entries.extend(page.take_entry()),
                    "sitemap" if feed.more.len() < MAX_ENTRIES => feed.more.extend(page.link.take()),
                    field => page.set(name, field, value.trim(), base.as_ref()),
                }
            }
        }
    }
    if is_sitemap { Ok(feed) } else { Err(Error::NotAFeed("no urlset or sitemapindex element".to_owned())) }
}

/// One `<url>` while it is being read.
#[derive(Default)]
struct Page {
    link: Option<String>,
    title: Option<String>,
    published: Option<Time>,
    changed: Option<Time>,
    lang: Option<String>,
    image: Option<String>,
}

impl Page {
    fn set(&mut self, name: &str, field: &str, value: &str, base: Option<&Url>) {
        let when = || date::parse(value).map(|date| date.at);
        let is_image = name.starts_with("image:") || name.starts_with("video:");
        match field {
            "loc" if is_image => self.image = self.image.take().or_else(|| resolve(value, base)),
            "loc" => self.link = resolve(value, base),
            // The publication inside a news entry has a name and language; the picture has a title.
            "title" if !is_image => self.title = Some(to_text(value)).filter(|title| !title.is_empty()),
            "publication_date" if !is_image => self.published = when(),
            "lastmod" => self.changed = when(),
            "language" => self.lang = Some(value.to_owned()).filter(|lang| !lang.is_empty()),
            _ => {}
        }
    }

    fn take_entry(&mut self) -> Option<Entry> {
        let page = std::mem::take(self);
        page.link.as_ref()?;
        Some(Entry {
            link: page.link,
            title: page.title,
            published_at: page.published,
            updated_at: page.changed,
            lang: page.lang,
            image: page.image,
            ..Entry::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_news_sitemap_is_read() {
        let text = r#"<?xml version="1.0"?><urlset xmlns:news="n" xmlns:image="i"><url><loc>https://news.example/a?x=1&amp;y=2</loc>
            <lastmod>2026-03-02</lastmod><news:news><news:publication><news:name>News</news:name><news:language>uk</news:language>
            </news:publication><news:publication_date>2026-03-01T10:00:00+02:00</news:publication_date>
            <news:title><![CDATA[Talks & more]]></news:title></news:news>
            <image:image><image:loc>https://news.example/a.jpg</image:loc><image:title>Photo</image:title></image:image></url>
            <url><loc>/b</loc></url><url></url></urlset>"#;
        let feed = read(text, "https://news.example/sitemap.xml").expect("a sitemap");
        assert_eq!(feed.entries.len(), 2);
        let (a, b) = (&feed.entries[0], &feed.entries[1]);
        assert_eq!(a.link.as_deref(), Some("https://news.example/a?x=1&y=2"));
        assert_eq!(a.title.as_deref(), Some("Talks & more"));
        assert_eq!(a.lang.as_deref(), Some("uk"));
        assert_eq!(a.image.as_deref(), Some("https://news.example/a.jpg"));
        assert_eq!(a.published_at.expect("a date").to_rfc3339(), "2026-03-01T08:00:00+00:00");
        assert_eq!(b.link.as_deref(), Some("https://news.example/b"));
    }

    #[test]
    fn an_index_points_to_more() {
        let text =
            "<sitemapindex><sitemap><loc>https://a.example/1.xml</loc></sitemap><sitemap><loc>2.xml</loc></sitemap>";
        let feed = read(text, "https://a.example/").expect("an index");
        assert_eq!(feed.more, ["https://a.example/1.xml", "https://a.example/2.xml"]);
    }

    #[test]
    fn another_document_is_no_sitemap() {
        assert_eq!(read("<rss/>", "").expect_err("no sitemap").class(), "not-a-feed");
    }
}
