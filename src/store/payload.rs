//! What an entry says, as it stands in its row until it is settled.
//!
//! The fields one after the other, each text behind its length: a feed of forty entries is written and read again in a
//! fraction of the time that JSON takes, which the first releases wrote and which is still read.

use super::{Error, column::from_json};
use crate::model::{Entry, Time};

/// What such a row begins with; JSON begins with `{`.
const VERSION: u8 = 1;

/// The length of a text that is not there.
const NONE: u32 = u32::MAX;

/// Writes what an entry says.
pub(super) fn write(entry: &Entry) -> Vec<u8> {
    let texts = [&entry.guid, &entry.link, &entry.title, &entry.summary, &entry.content, &entry.lang, &entry.image];
    let texts_bytes: usize = texts.iter().map(|text| text.as_ref().map_or(0, String::len)).sum();
    let authors_bytes: usize = entry.authors.iter().map(|author| author.len() + 4).sum();
    let mut bytes = Vec::with_capacity(64 + texts_bytes + authors_bytes);
    bytes.push(VERSION);
    for text in texts {
        write_text(&mut bytes, text.as_deref());
    }
    for time in [entry.published_at, entry.updated_at] {
        let (seconds, nanoseconds) = time.map_or((0, NONE), |at| (at.timestamp(), at.timestamp_subsec_nanos()));
        bytes.extend(seconds.to_le_bytes());
        bytes.extend(nanoseconds.to_le_bytes());
    }
    for author in &entry.authors {
        write_text(&mut bytes, Some(author));
    }
    bytes
}

/// Reads what [`write`] wrote.
pub(super) fn read(bytes: &[u8]) -> Result<Entry, Error> {
    match bytes {
        [VERSION, rest @ ..] => Fields(rest)
            .entry()
            .ok_or_else(|| Error::Unreadable { what: "entry", detail: "a field is cut or damaged".to_owned() }),
        json => from_json("entry", json),
    }
}

fn write_text(bytes: &mut Vec<u8>, text: Option<&str>) {
    let length = text.map_or(NONE, |text| u32::try_from(text.len()).expect("http.max_body is far below 4 GiB"));
    bytes.extend(length.to_le_bytes());
    bytes.extend_from_slice(text.unwrap_or_default().as_bytes());
}

/// The fields that are still to be read.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn entry(mut self) -> Option<Entry> {
        let [guid, link, title, summary, content, lang, image] =
            [self.text()?, self.text()?, self.text()?, self.text()?, self.text()?, self.text()?, self.text()?];
        let (published_at, updated_at) = (self.time()?, self.time()?);
        let mut authors = Vec::new();
        while !self.0.is_empty() {
            authors.push(self.text()??);
        }
        let permalink = None;
        Some(Entry { guid, link, permalink, title, authors, published_at, updated_at, summary, content, lang, image })
    }

    fn text(&mut self) -> Option<Option<String>> {
        let length = self.number()?;
        if length == NONE {
            return Some(None);
        }
        let (text, rest) = self.0.split_at_checked(usize::try_from(length).ok()?)?;
        self.0 = rest;
        Some(Some(str::from_utf8(text).ok()?.to_owned()))
    }

    fn time(&mut self) -> Option<Option<Time>> {
        let (seconds, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        match self.number()? {
            NONE => Some(None),
            nanoseconds => Time::from_timestamp(i64::from_le_bytes(*seconds), nanoseconds).map(Some),
        }
    }

    fn number(&mut self) -> Option<u32> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_le_bytes(*number))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::store::column::to_json;

    fn entries() -> impl Strategy<Value = Entry> {
        let text = || proptest::option::of("\\PC{0,20}");
        let time = || {
            let at = (-9_000_000_000i64..9_000_000_000, 0u32..1_000_000_000);
            proptest::option::of(at.prop_map(|(s, n)| Time::from_timestamp(s, n).expect("in range")))
        };
        let texts = (text(), text(), text(), text(), text(), text(), text());
        (texts, proptest::collection::vec("\\PC{0,9}", 0..4), time(), time()).prop_map(
            |((guid, link, title, summary, content, lang, image), authors, published_at, updated_at)| Entry {
                guid,
                link,
                permalink: None,
                title,
                authors,
                published_at,
                updated_at,
                summary,
                content,
                lang,
                image,
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(entry in entries()) {
            prop_assert_eq!(read(&write(&entry)).expect("readable"), entry);
        }

        #[test]
        fn rows_of_the_first_releases_are_read(entry in entries()) {
            prop_assert_eq!(read(to_json(&entry).as_bytes()).expect("readable"), entry);
        }

        #[test]
        fn damaged_rows_are_refused_or_read_without_panic(entry in entries(), cut in 0usize..99, at in 0usize..99, byte: u8) {
            let mut bytes = write(&entry);
            bytes.truncate(bytes.len().saturating_sub(cut));
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
            let _ = read(&bytes);
        }
    }
}
