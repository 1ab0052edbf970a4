//! Articles from JSON lines.

use std::io::{self, BufRead, Read};

use chrono::Utc;
use serde::{Deserialize, Serialize};
use tracing::warn;

use super::CHUNK;
use crate::{
    model::{CanonicalUrl, Extracted, PublishedAt, Time},
    pipeline::{
        harvest::analyse,
        work::{Harvested, Work},
    },
    text::date,
    topic::Tagger,
};

/// The longest line in bytes: many times any article, so that a file that is not JSON lines ends in words, not in memory.
const LONGEST_LINE: usize = 64 << 20;

/// One line of an import, as `dateline export` also writes it.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Line {
    /// The article's address.
    pub url: String,
    /// Its text.
    pub body: String,
    /// Its headline.
    pub title: Option<String>,
    /// When it was published.
    pub published_at: Option<String>,
    /// The name of the source that announced it.
    pub source: Option<String>,
    /// The language (BCP 47).
    pub lang: Option<String>,
    /// The authors' names.
    #[serde(default)]
    pub authors: Vec<String>,
    /// A short description.
    pub summary: Option<String>,
    /// The site's own name.
    pub site: Option<String>,
    /// The lead image's address.
    pub image: Option<String>,
}

/// Goes through the lines of an input.
pub(super) struct Lines {
    input: Box<dyn BufRead>,
    /// Lines read, those of an earlier attempt included.
    pub line: u64,
    /// Bytes read, unpacked, likewise.
    pub offset: u64,
    pub failed: u64,
}

impl Lines {
    /// Goes on behind the first `line` lines, which take `offset` bytes.
    pub fn after(mut input: Box<dyn BufRead>, line: u64, offset: u64) -> io::Result<Self> {
        io::copy(&mut input.by_ref().take(offset), &mut io::sink())?;
        Ok(Self { input, line, offset, failed: 0 })
    }

    /// Reads the next lines; none at the end.
    ///
    /// # Errors
    /// With what is wrong with the input as a whole.
    pub fn chunk(&mut self, clock: &mut Clock) -> Result<Vec<Placed>, String> {
        let mut chunk = Vec::with_capacity(CHUNK);
        while chunk.len() < CHUNK {
            let mut text = String::new();
            let line = self.line + 1;
            let limited = &mut self.input.by_ref().take(LONGEST_LINE as u64 + 1);
            let size = limited.read_line(&mut text).map_err(|error| format!("line {line}: {error}"))?;
            if size == 0 {
                break;
            }
            if size > LONGEST_LINE {
                return Err(format!("line {line}: longer than 64 MiB, so this is no file of JSON lines"));
            }
            self.offset += size as u64;
            if text.trim().is_empty() {
                continue;
            }
            self.line = line;
            match article(&text) {
                Ok((url, article)) => chunk.push((url, clock.place(article.published), article)),
                Err(reason) => {
                    self.failed += 1;
                    // The same fault again and again is one message, held back by the log.
                    warn!(line, "a line is left out: {reason}");
                }
            }
        }
        Ok(chunk)
    }
}

/// An article with its address and where in time it stands.
pub(super) type Placed = (CanonicalUrl, Time, Imported);

/// What a line says.
pub(super) struct Imported {
    source: Option<String>,
    published: Option<PublishedAt>,
    lang: Option<String>,
    text: Extracted,
}

fn article(line: &str) -> Result<(CanonicalUrl, Imported), String> {
    let line: Line = serde_json::from_str(line).map_err(|error| {
        // The parser counts lines from the one that it was given.
        error.to_string().replace(" at line 1 column ", " at byte ")
    })?;
    let url = CanonicalUrl::parse(&line.url).map_err(|error| error.to_string())?;
    let published = match line.published_at.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        Some(text) => Some(date::parse(text).ok_or_else(|| format!("`{text}` is not a time"))?),
        None => None,
    };
    let text = Extracted {
        title: line.title,
        authors: line.authors,
        published_at: published,
        site: line.site,
        image: line.image,
        summary: line.summary,
        body: line.body,
        ..Extracted::default()
    };
    Ok((url, Imported { source: line.source, published, lang: line.lang, text }))
}

/// Where in time a line stands: the latest time of the lines before it where its own is missing or earlier.
#[derive(Clone, Copy, Default, Serialize, Deserialize)]
pub(super) struct Clock {
    latest: Option<Time>,
}

impl Clock {
    fn place(&mut self, published: Option<PublishedAt>) -> Time {
        let now = Utc::now();
        // A time in the future is somebody's mistake and moves no clock.
        if let Some(at) = published.map(|published| published.at).filter(|at| *at <= now) {
            self.latest = Some(self.latest.map_or(at, |latest| latest.max(at)));
        }
        self.latest.unwrap_or(now)
    }
}

/// Analyses an article; runs on any core.
pub(super) fn harvest(tagger: &Tagger, (url, arrived_at, imported): Placed) -> Work {
    let Imported { source, lang, mut text, .. } = imported;
    let (sketch, findings) = analyse(tagger, &url, &mut text, lang, arrived_at);
    Work::Harvested(Box::new(Harvested {
        entry: None,
        source_id: None,
        source,
        url,
        aliases: Vec::new(),
        text,
        fetched_at: arrived_at,
        reread: None,
        missing_page: None,
        sketch,
        findings,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_without_a_time_stands_with_its_neighbours() {
        let at = |text: &str| date::parse(text);
        let mut clock = Clock::default();
        let first = clock.place(at("2026-01-02T10:00:00Z"));
        assert_eq!(clock.place(None), first);
        assert_eq!(clock.place(at("2026-01-01T10:00:00Z")), first);
        assert!(clock.place(at("2026-01-03T10:00:00Z")) > first);
    }

    #[test]
    fn a_line_that_is_no_article_says_why() {
        for line in [
            "{}",
            "nonsense",
            r#"{"url":"ftp://a/b","body":""}"#,
            r#"{"url":"http://a/b","body":"x","published_at":"soon"}"#,
        ] {
            assert!(article(line).is_err(), "{line}");
        }
    }
}
