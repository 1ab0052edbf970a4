//! Where a search goes on: what `next` gives and `cursor` takes, opaque to whoever passes it on.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::DateTime;

use super::Error;
use crate::{
    index::{After, Hit, Sort},
    model::{ArticleId, Time},
};

/// Begins a search whose next pages are wanted.
pub const START: &str = "start";
/// The first byte: another meaning of the rest would have another one.
const VERSION: u8 = 1;
/// The most hits that a cursor of relevance remembers: with more, addresses become too long for proxies.
const MOST_SHOWN: usize = 1_000;

/// A place in a result.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cursor {
    /// When the first page was asked for: ages and freshness are seen from there, so that all pages mean the same.
    pub now: Time,
    pub sort: Sort,
    pub after: After,
}

impl Cursor {
    /// Reads a cursor.
    ///
    /// # Errors
    /// When the text is none of ours.
    pub fn read(text: &str) -> Result<Self, Error> {
        let none = || Error::Question(format!("`{text:.60}` is not a cursor\nhint: take the `next` of an answer"));
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| none())?;
        let ([VERSION, sort], rest) = bytes.split_first_chunk().ok_or_else(none)? else { return Err(none()) };
        let (now, rest) = rest.split_first_chunk().ok_or_else(none)?;
        let now = DateTime::from_timestamp(i64::from_be_bytes(*now), 0).ok_or_else(none)?;
        let by_time = |sort| {
            let (at, id) = rest.split_first_chunk::<8>().filter(|(_, id)| id.len() == 8).ok_or_else(none)?;
            let id = id.iter().fold(0, |id, byte| id << 8 | u64::from(*byte));
            Ok::<_, Error>((sort, After::Hit { at: i64::from_be_bytes(*at), id: ArticleId::from_bits(id) }))
        };
        let (sort, after) = match sort {
            b'r' if rest.len().is_multiple_of(4) && rest.len() <= 4 * MOST_SHOWN => {
                let shown = rest.as_chunks().0.iter().map(|mark| u32::from_be_bytes(*mark)).collect();
                (Sort::Relevance, After::Shown(shown))
            }
            b'n' => by_time(Sort::Newest)?,
            b'o' => by_time(Sort::Oldest)?,
            _ => return Err(none()),
        };
        Ok(Self { now, sort, after })
    }

    /// Returns the cursor behind the hits of a page; `None` where relevance has been read as deep as it goes.
    pub fn behind(self, hits: &[Hit], collapsed: bool) -> Option<Self> {
        let after = match (self.sort, self.after) {
            (Sort::Relevance, after) => {
                let mut shown = if let After::Shown(shown) = after { shown } else { Default::default() };
                shown.extend(hits.iter().map(|hit| After::mark(if collapsed { hit.group } else { hit.id })));
                (shown.len() <= MOST_SHOWN).then_some(After::Shown(shown))?
            }
            _ => hits.last().map(|last| After::Hit { at: last.at, id: last.id })?,
        };
        Some(Self { after, ..self })
    }

    /// Returns the text that [`Cursor::read`] reads.
    pub fn write(&self) -> String {
        let sort = match self.sort {
            Sort::Relevance => b'r',
            Sort::Newest => b'n',
            Sort::Oldest => b'o',
        };
        let mut bytes = vec![VERSION, sort];
        bytes.extend(self.now.timestamp().to_be_bytes());
        match &self.after {
            After::Start => {}
            After::Hit { at, id } => {
                bytes.extend(at.to_be_bytes());
                bytes.extend(id.bits().to_be_bytes());
            }
            After::Shown(shown) => {
                // In order, so that the same page has the same cursor.
                let mut shown: Vec<u32> = shown.iter().copied().collect();
                shown.sort_unstable();
                bytes.extend(shown.into_iter().flat_map(u32::to_be_bytes));
            }
        }
        URL_SAFE_NO_PAD.encode(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn start(sort: Sort) -> Cursor {
        Cursor { now: "2026-11-22T12:00:00Z".parse().expect("a time"), sort, after: After::Start }
    }

    fn hit(number: u64) -> Hit {
        let id = ArticleId::from_bits(number << 33);
        Hit { id, group: id, score: 1.0, at: -5 }
    }

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        for sort in [Sort::Relevance, Sort::Newest, Sort::Oldest] {
            let cursor = start(sort).behind(&[hit(1), hit(2)], true).expect("there is more");
            assert_eq!(Cursor::read(&cursor.write()).ok(), Some(cursor));
        }
    }

    #[test]
    fn relevance_is_read_to_a_thousand_hits() {
        let all: Vec<Hit> = (1..=1_001).map(hit).collect();
        let deep = start(Sort::Relevance).behind(&all[..1_000], false).expect("there is more");
        assert!(deep.write().len() < 6_000);
        assert_eq!(deep.behind(&all[1_000..], false), None);
        assert_eq!(start(Sort::Newest).behind(&[], false), None);
    }

    proptest! {
        #[test]
        fn any_text_is_a_cursor_or_refused(text in "\\PC{0,40}|AX[a-zA-Z0-9_-]{0,40}") {
            let _ = Cursor::read(&text);
        }
    }
}
