//! OPML, the format in which readers exchange their lists of feeds: read tolerantly, written plainly.
//!
//! Interval, headers, selector and full text have no place in OPML and are not written; headers may hold secrets.

use std::collections::HashMap;

use quick_xml::{
    Reader,
    escape::{escape, unescape},
    events::{BytesStart, Event},
};

use super::{problem::Problem, source_file::is_language};
use crate::model::{Source, SourceKind};

/// Folders deeper than this give no tags: more is damage, and tags are copied to every feed below.
const MAX_FOLDERS: usize = 16;

/// What an OPML document lists.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outlines {
    /// The feeds in document order, each once; the folders and categories it is in are its tags.
    pub sources: Vec<Source>,
    /// The line of each source.
    pub lines: Vec<usize>,
    /// What was skipped, with its line.
    pub problems: Vec<Problem>,
}

/// Reads the feeds of an OPML document: what can be read is returned, what cannot is named.
///
/// Other readers write unescaped `&`, `feed:` addresses, unclosed folders and the same feed in several folders; none of
/// these is a problem.
pub fn parse_opml(text: &str) -> Outlines {
    let mut outlines = Outlines::default();
    let mut seen = HashMap::new();
    let mut folders: Vec<Option<String>> = Vec::new();
    let mut lines = Lines::new(text);
    let mut has_outline = false;
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = false;
    reader.config_mut().allow_unmatched_ends = true;
    loop {
        let line = lines.at(reader.buffer_position());
        match reader.read_event() {
            Ok(Event::Start(tag)) if is_outline(&tag) => {
                has_outline = true;
                let folder = outlines.take(&Outline::read(&tag), &folders, line, &mut seen);
                folders.push(folder);
            }
            Ok(Event::Empty(tag)) if is_outline(&tag) => {
                has_outline = true;
                outlines.take(&Outline::read(&tag), &folders, line, &mut seen);
            }
            Ok(Event::End(tag)) if tag.local_name().as_ref().eq_ignore_ascii_case("outline") => {
                folders.pop();
            }
            Ok(Event::Eof) => break,
            Ok(_) => {}
            Err(error) => {
                let line = lines.at(reader.error_position());
                outlines.skip(line, format!("the rest is not XML: {error}"));
                break;
            }
        }
    }
    if !has_outline && outlines.problems.is_empty() {
        outlines.skip(1, "no outline in it: not an OPML document".to_owned());
    }
    outlines
}

/// Writes sources as OPML 2.0, which every reader imports; tags go into `category`.
pub fn write_opml(sources: &[Source]) -> String {
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<opml version=\"2.0\">\n  <head><title>dateline sources</title></head>\n  <body>\n",
    );
    for source in sources {
        let kind = match source.kind {
            SourceKind::Feed => "rss",
            SourceKind::Sitemap => "sitemap",
            SourceKind::Listing => "listing",
        };
        let name = source.name.as_deref().unwrap_or(&source.url);
        text += "    <outline";
        attribute(&mut text, "type", kind);
        attribute(&mut text, "text", name);
        attribute(&mut text, "title", name);
        attribute(&mut text, "xmlUrl", &source.url);
        if let Some(lang) = &source.lang {
            attribute(&mut text, "language", lang);
        }
        if !source.tags.is_empty() {
            attribute(&mut text, "category", &source.tags.join(","));
        }
        text += "/>\n";
    }
    text + "  </body>\n</opml>\n"
}

impl Outlines {
    /// Takes a feed, or returns the name of a folder.
    fn take(
        &mut self,
        outline: &Outline,
        folders: &[Option<String>],
        line: usize,
        seen: &mut HashMap<String, usize>,
    ) -> Option<String> {
        let Some(url) = &outline.url else { return outline.name.clone() };
        let url = web_address(url);
        if !super::is_web_address(&url) {
            self.skip(line, format!("`{}` is not an http or https address", super::without_password(&url)));
            return None;
        }
        let tags = folders.iter().take(MAX_FOLDERS).flatten().chain(&outline.categories);
        let at = *seen.entry(super::same_address(&url)).or_insert(self.sources.len());
        if at == self.sources.len() {
            let mut source = Source::new(url);
            source.name = outline.name.clone().filter(|name| *name != source.url);
            source.kind = outline.kind;
            source.lang = outline.lang.clone();
            self.sources.push(source);
            self.lines.push(line);
        }
        for tag in tags {
            if !self.sources[at].tags.contains(tag) {
                self.sources[at].tags.push(tag.clone());
            }
        }
        None
    }

    fn skip(&mut self, line: usize, message: String) {
        self.problems.push(Problem { line: Some(line), ..Problem::new(message) });
    }
}

/// The attributes of one outline that matter here.
#[derive(Default)]
struct Outline {
    url: Option<String>,
    name: Option<String>,
    lang: Option<String>,
    kind: SourceKind,
    categories: Vec<String>,
}

impl Outline {
    fn read(tag: &BytesStart<'_>) -> Self {
        let mut outline = Self::default();
        let mut text = None;
        for attribute in tag.html_attributes().with_checks(false).flatten() {
            let value = unescape_tolerantly(&attribute.value).split_whitespace().collect::<Vec<_>>().join(" ");
            if value.is_empty() {
                continue;
            }
            match attribute.key.0.to_ascii_lowercase().as_str() {
                "xmlurl" => outline.url = Some(value),
                "title" => outline.name = Some(value),
                "text" => text = Some(value),
                "language" => outline.lang = Some(value).filter(|value| is_language(value)),
                // A category is a comma-separated list of slash-delimited paths (OPML 2.0).
                "category" => {
                    let parts = value.split([',', '/']).map(str::trim).filter(|part| !part.is_empty());
                    outline.categories = parts.map(str::to_owned).collect();
                }
                "type" if value == "sitemap" => outline.kind = SourceKind::Sitemap,
                "type" if value == "listing" => outline.kind = SourceKind::Listing,
                _ => {}
            }
        }
        outline.name = outline.name.or(text);
        outline
    }
}

/// Counts lines on the way through a text.
struct Lines<'t> {
    text: &'t str,
    offset: usize,
    line: usize,
}

impl<'t> Lines<'t> {
    fn new(text: &'t str) -> Self {
        Self { text, offset: 0, line: 1 }
    }

    fn at(&mut self, offset: u64) -> usize {
        let offset = usize::try_from(offset).unwrap_or(usize::MAX).min(self.text.len());
        if offset > self.offset {
            self.line += self.text.as_bytes()[self.offset..offset].iter().filter(|byte| **byte == b'\n').count();
            self.offset = offset;
        }
        self.line
    }
}

fn is_outline(tag: &BytesStart<'_>) -> bool {
    tag.local_name().as_ref().eq_ignore_ascii_case("outline")
}

/// Turns the `feed:` spellings of browsers into the address they stand for.
fn web_address(url: &str) -> String {
    match url.strip_prefix("feed:") {
        Some(rest) if rest.starts_with("//") => format!("http:{rest}"),
        Some(rest) => rest.to_owned(),
        None => url.to_owned(),
    }
}

/// Resolves entities one by one and leaves what is none as it stands: addresses often hold a bare `&`.
fn unescape_tolerantly(raw: &str) -> String {
    let mut parts = raw.split('&');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let entity = part.split_once(';').filter(|(name, _)| name.len() <= 8);
        match entity.map(|(name, rest)| (unescape(&format!("&{name};")).map(|value| value.into_owned()), rest)) {
            Some((Ok(value), rest)) => {
                text += &value;
                text += rest;
            }
            _ => {
                text.push('&');
                text += part;
            }
        }
    }
    text
}

fn attribute(text: &mut String, name: &str, value: &str) {
    // XML 1.0 has no way to write most control characters.
    let writable: String = value.chars().filter(|c| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}')).collect();
    *text += &format!(" {name}=\"{}\"", escape(writable));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(body: &str, expected: &[(&str, Option<&str>, &[&str])]) {
        let outlines = parse_opml(&format!("<opml version='2.0'><body>{body}</body></opml>"));
        let got: Vec<_> = outlines
            .sources
            .iter()
            .map(|source| {
                let tags: Vec<&str> = source.tags.iter().map(String::as_str).collect();
                (source.url.as_str(), source.name.as_deref(), tags)
            })
            .collect();
        let expected: Vec<_> = expected.iter().map(|(url, name, tags)| (*url, *name, tags.to_vec())).collect();
        assert_eq!(got, expected, "{body}");
    }

    #[test]
    fn folders_and_categories_are_tags() {
        check("<outline text='A' xmlUrl='https://a.example/f'/>", &[("https://a.example/f", Some("A"), &[])]);
        check(
            "<outline text='News'><outline text='Wire'><outline title='A' text='x' xmlUrl='https://a.example/f' category='/eu/de,top'/>\
             </outline><outline xmlUrl='https://b.example/f'/></outline><outline xmlUrl='https://c.example/f'/>",
            &[
                ("https://a.example/f", Some("A"), &["News", "Wire", "eu", "de", "top"]),
                ("https://b.example/f", None, &["News"]),
                ("https://c.example/f", None, &[]),
            ],
        );
    }

    #[test]
    fn what_other_readers_write_is_read() {
        check(
            "<OUTLINE TEXT='A & B' XMLURL='https://a.example/f?a=1&b=2'/>",
            &[("https://a.example/f?a=1&b=2", Some("A & B"), &[])],
        );
        check(
            "<outline text='A &amp;amp; &#39;B&#39; &nbsp;' xmlUrl='https://a.example/f?a=1&amp;b=2'/>",
            &[("https://a.example/f?a=1&b=2", Some("A &amp; 'B' &nbsp;"), &[])],
        );
        check(
            "<outline title='A\n  B' language='English' xmlUrl=' https://a.example/f\n'/>",
            &[("https://a.example/f", Some("A B"), &[])],
        );
        check("<outline text='A' xmlUrl='feed://a.example/f'/>", &[("http://a.example/f", Some("A"), &[])]);
        check("<outline text='A' xmlUrl='feed:https://a.example/f'/>", &[("https://a.example/f", Some("A"), &[])]);
        check("<outline text='A' xmlUrl='https://a.example/f'></outline>", &[("https://a.example/f", Some("A"), &[])]);
        check(
            "<outline text='open'><outline xmlUrl='https://a.example/f'/>",
            &[("https://a.example/f", None, &["open"])],
        );
    }

    #[test]
    fn a_feed_in_two_folders_is_one_source_with_both_tags() {
        check(
            "<outline text='x'><outline xmlUrl='https://a.example/f'/></outline>\
             <outline text='y'><outline xmlUrl='https://A.example/f'/></outline>",
            &[("https://a.example/f", None, &["x", "y"])],
        );
    }

    #[test]
    fn what_is_no_feed_is_named_with_its_line() {
        let outlines =
            parse_opml("<opml>\n<outline xmlUrl='javascript:1'/>\n<outline xmlUrl='https://a.example/'/>\n<");
        assert_eq!(outlines.sources.len(), 1);
        assert_eq!(outlines.lines, [3]);
        let lines: Vec<_> = outlines.problems.iter().map(|problem| problem.line).collect();
        assert_eq!(lines, [Some(2), Some(4)], "{:?}", outlines.problems);
        assert_eq!(parse_opml("<html></html>").problems.len(), 1);
        assert_eq!(parse_opml("").problems.len(), 1);
    }

    #[test]
    fn deep_folders_cost_no_more_than_their_text() {
        let depth = 50_000;
        let text = "<outline text='x'>".repeat(depth) + &"<outline xmlUrl='https://a.example/f'/>".repeat(depth);
        assert_eq!(parse_opml(&text).sources.len(), 1);
    }

    #[test]
    fn what_is_written_is_read_back() {
        let mut source = Source::new("https://a.example/f?a=1&b=\"2\"");
        source.name = Some("A < B & \"C\"\u{7}".to_owned());
        source.kind = SourceKind::Sitemap;
        source.lang = Some("uk".to_owned());
        source.tags = vec!["eu".to_owned(), "sanctions & trade".to_owned()];
        let outlines = parse_opml(&write_opml(&[source.clone(), Source::new("https://b.example/")]));
        source.name = Some("A < B & \"C\"".to_owned());
        assert_eq!(outlines.sources, [source, Source::new("https://b.example/")]);
        assert_eq!(outlines.problems, []);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "(<|>|'|\"|&|;|/|outline|xmlUrl=|text=|https://a.example|\\PC){0,60}") {
            let outlines = parse_opml(&text);
            prop_assert_eq!(outlines.sources.len(), outlines.lines.len());
        }
    }
}
