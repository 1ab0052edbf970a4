//! Articles from the pages of a web archive (WARC): each good answer in HTML is read as if it had just come.

use std::{
    fs::File,
    io::{self, BufReader},
};

use chrono::Utc;

use super::CHUNK;
use crate::{
    extract::{Extractor, Hints},
    fetch::warc::{Answer, Place, Reader, Record},
    model::{CanonicalUrl, Kind, Page},
    pipeline::{
        caught,
        harvest::analyse,
        work::{Harvested, Work},
    },
    topic::Tagger,
};

/// A page is read up to this size after unpacking, and a record left out beyond it.
const LARGEST_PAGE: usize = 64 << 20;
/// Bytes of records that wait in memory at once.
const CHUNK_BYTES: usize = 32 << 20;
/// What a document begins with that is no page but a feed or a sitemap.
const FEEDS: [&str; 5] = ["<rss", "<feed", "<rdf:rdf", "<urlset", "<sitemapindex"];
/// How far into a document its first element is looked for.
const PROLOGUE: usize = 1 << 10;

/// Goes through the answers in a web archive.
pub(super) struct Pages {
    records: Reader<BufReader<File>>,
    /// The last record that was read.
    pub place: Option<Place>,
    /// Answers read, those of an earlier attempt included.
    pub answers: u64,
}

impl Pages {
    /// Goes on behind the record at `place`, up to which there are so many answers.
    pub fn after(input: BufReader<File>, place: Option<Place>, answers: u64) -> io::Result<Self> {
        let records = match place {
            Some(place) => Reader::after(input, place, LARGEST_PAGE)?,
            None => Reader::new(input, LARGEST_PAGE),
        };
        Ok(Self { records, place, answers })
    }

    /// Reads the next records that tell of an answer; none at the end.
    pub fn chunk(&mut self) -> io::Result<Vec<Record>> {
        let (mut chunk, mut bytes) = (Vec::new(), 0);
        while chunk.len() < CHUNK && bytes < CHUNK_BYTES {
            let Some(record) = self.records.next().transpose()? else { break };
            self.place = Some(record.place);
            if record.is_of_type("response") || record.is_of_type("revisit") {
                bytes += record.block.len();
                chunk.push(record);
            }
        }
        self.answers += chunk.len() as u64;
        Ok(chunk)
    }

    /// How many records were damaged or too large.
    pub fn failed(&self) -> u64 {
        u64::from(self.records.damaged() + self.records.oversized())
    }
}

/// Reads the page in a record; runs on any core.
///
/// # Errors
/// With the reason why there is no article in it, one of a handful.
pub(super) fn harvest(extractor: &Extractor, tagger: &Tagger, record: &Record) -> Result<Work, String> {
    if record.is_of_type("revisit") {
        return Err("the answer had not changed (revisit)".to_owned());
    }
    let answer = record.answer(LARGEST_PAGE as u64).ok_or("no HTTP answer")?;
    let page = page(record, answer)?;
    let read = || Ok(extractor.extract(&page, &Hints::default(), page.fetched_at));
    let mut text = caught("harvest", read).map_err(|_| "the reader gave up")?;
    match text.kind {
        Kind::Index => return Err("an index page, not an article".to_owned()),
        Kind::Error => return Err("an error page served as a page".to_owned()),
        _ if text.body.trim().is_empty() => return Err("no text found on the page".to_owned()),
        Kind::Article | Kind::Live | Kind::Teaser => {}
    }
    let unusable = |_| "no address to keep";
    let answered = CanonicalUrl::parse(&page.url).map_err(unusable)?;
    let url = CanonicalUrl::of_page(&page.url, text.declared_url.as_deref()).map_err(unusable)?;
    let declared = text.lang.take();
    let (sketch, findings) = analyse(tagger, &url, &mut text, declared, page.fetched_at);
    Ok(Work::Harvested(Box::new(Harvested {
        entry: None,
        source_id: None,
        source: None,
        aliases: Some(answered).filter(|answered| *answered != url).into_iter().collect(),
        url,
        text,
        fetched_at: page.fetched_at,
        reread: None,
        missing_page: None,
        sketch,
        findings,
    })))
}

/// Returns the page in an answer, or why there is none.
fn page(record: &Record, answer: Answer) -> Result<Page, String> {
    if !(200..300).contains(&answer.status) {
        return Err(format!("HTTP {}", answer.status));
    }
    let content_type = answer.header("content-type").map(|value| String::from_utf8_lossy(value).into_owned());
    let media = content_type.as_deref().unwrap_or_default().to_ascii_lowercase();
    if is_feed(&media, &answer.body) {
        return Err("a feed".to_owned());
    }
    if !media.is_empty() && !media.contains("html") {
        return Err("not a page".to_owned());
    }
    Ok(Page {
        url: record.target_uri().unwrap_or_default().to_owned(),
        content_type,
        body: answer.body.into(),
        fetched_at: record.date().unwrap_or_else(Utc::now),
    })
}

/// Whether a document is a feed or a sitemap, whatever the server calls it.
fn is_feed(media: &str, body: &[u8]) -> bool {
    let start = String::from_utf8_lossy(&body[..body.len().min(PROLOGUE)]).to_ascii_lowercase();
    let called = ["rss", "atom", "feed+json"].iter().any(|kind| media.contains(kind));
    called || (FEEDS.iter().any(|first| start.contains(first)) && !start.contains("<html"))
}
