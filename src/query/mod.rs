//! The query language: a text read into a tree, errors that show where, and the tree written back as text.
//!
//! ```text
//! peace talks                  both words, in any inflected form
//! "peace talks"  "a b"~3       a phrase; its words within three places of each other
//! sanction*  sancion~1         a beginning; a word with up to one (or two) letters wrong
//! a OR b  a AND b  NOT a  -a   AND binds tighter than OR and may be left out; brackets group
//! title:word  body:"a phrase"  in one part of the text
//! source: outlet: topic: lang: author: url: tag: story: entity: id:
//! published:[2026-11-01 TO 7d] from … to; `*` leaves an end open; a single date is that day, an age is since then
//! ```
//!
//! Pure text work: what a topic is called, which languages there are and how words inflect is for others to know.

mod display;
mod error;
mod parse;
mod time;

pub use self::error::Error;
pub use self::parse::parse;
pub use self::time::parse_time;

use crate::model::{TextField, Time};

/// A query as a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Query {
    /// Every article.
    All,
    /// A word in any of its forms.
    Word {
        /// In which part of the text; `None` for any.
        field: Option<TextField>,
        /// The word as written.
        word: String,
    },
    /// Words next to each other.
    Phrase {
        /// In which part of the text; `None` for any.
        field: Option<TextField>,
        /// The words as written.
        words: String,
        /// How many places the words may be apart from their places in the phrase, all together.
        slop: u32,
    },
    /// Words with this beginning.
    Prefix {
        /// In which part of the text; `None` for any.
        field: Option<TextField>,
        /// The beginning as written, without the star.
        prefix: String,
    },
    /// Words that differ from this one by a few letters.
    Fuzzy {
        /// In which part of the text; `None` for any.
        field: Option<TextField>,
        /// The word as written.
        word: String,
        /// The most letters that may be wrong: 1 or 2.
        distance: u8,
    },
    /// Articles whose field has a value.
    Is {
        /// Which field.
        field: Field,
        /// The value as written.
        value: String,
    },
    /// Articles published (fetched, where unknown) in a span of time, both ends included.
    Published {
        /// The beginning; `None` leaves it open.
        from: Option<Time>,
        /// The end; `None` leaves it open.
        to: Option<Time>,
    },
    /// All of these.
    And(Vec<Query>),
    /// Any of these.
    Or(Vec<Query>),
    /// Not this.
    Not(Box<Query>),
}

/// What an article can be asked for beside its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    /// The name or id of a source that announced it.
    Source,
    /// Who published it.
    Outlet,
    /// A topic's id.
    Topic,
    /// The language (ISO 639-1).
    Lang,
    /// Words of an author's name.
    Author,
    /// A part of its address.
    Url,
    /// A tag of its sources.
    Tag,
    /// The story it belongs to, by id.
    Story,
    /// A name found in its text.
    Entity,
    /// Its own id.
    Id,
}

impl Field {
    /// Every field, in the order of the documentation.
    pub const ALL: [Self; 10] = [
        Self::Source,
        Self::Outlet,
        Self::Topic,
        Self::Lang,
        Self::Author,
        Self::Url,
        Self::Tag,
        Self::Story,
        Self::Entity,
        Self::Id,
    ];

    /// Returns the name of the field in a query.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Outlet => "outlet",
            Self::Topic => "topic",
            Self::Lang => "lang",
            Self::Author => "author",
            Self::Url => "url",
            Self::Tag => "tag",
            Self::Story => "story",
            Self::Entity => "entity",
            Self::Id => "id",
        }
    }
}

impl Query {
    /// Returns the words that are looked for (not those that must be absent), as written, phrases whole.
    pub fn words(&self) -> Vec<&str> {
        match self {
            Self::Word { word: text, .. }
            | Self::Phrase { words: text, .. }
            | Self::Prefix { prefix: text, .. }
            | Self::Fuzzy { word: text, .. } => vec![text],
            Self::And(all) | Self::Or(all) => all.iter().flat_map(Self::words).collect(),
            Self::All | Self::Is { .. } | Self::Published { .. } | Self::Not(_) => Vec::new(),
        }
    }

    /// Tells whether there are words to rank by.
    pub fn has_words(&self) -> bool {
        match self {
            Self::Word { .. } | Self::Phrase { .. } | Self::Prefix { .. } | Self::Fuzzy { .. } => true,
            Self::And(all) | Self::Or(all) => all.iter().any(Self::has_words),
            Self::All | Self::Is { .. } | Self::Published { .. } | Self::Not(_) => false,
        }
    }

    /// Returns a query that asks for both; `All` adds nothing.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::All, query) | (query, Self::All) => query,
            (Self::And(mut all), Self::And(more)) => {
                all.extend(more);
                Self::And(all)
            }
            (Self::And(mut all), one) => {
                all.push(one);
                Self::And(all)
            }
            (one, Self::And(mut all)) => {
                all.insert(0, one);
                Self::And(all)
            }
            (one, two) => Self::And(vec![one, two]),
        }
    }

    /// Replaces each value of `field` by what `resolve` makes of it, any of which then fits: a topic's name by its id
    /// and its children's.
    ///
    /// # Errors
    /// The first that `resolve` returns.
    pub fn map_values<E>(self, field: Field, resolve: &impl Fn(&str) -> Result<Vec<String>, E>) -> Result<Self, E> {
        let each = |all: Vec<Self>| {
            all.into_iter().map(|query| query.map_values(field, resolve)).collect::<Result<Vec<_>, E>>()
        };
        Ok(match self {
            Self::Is { field: asked, value } if asked == field => {
                let mut values: Vec<Self> =
                    resolve(&value)?.into_iter().map(|value| Self::Is { field, value }).collect();
                if values.len() == 1 { values.remove(0) } else { Self::Or(values) }
            }
            Self::And(all) => Self::And(each(all)?),
            Self::Or(all) => Self::Or(each(all)?),
            Self::Not(inner) => Self::Not(Box::new(inner.map_values(field, resolve)?)),
            other => other,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Query {
        parse(text, Time::UNIX_EPOCH).expect("readable")
    }

    #[test]
    fn words_that_must_be_absent_are_not_looked_for() {
        let query = read("peace \"grain deal\" -war source:x (ab* OR cd~)");
        assert_eq!(query.words(), ["peace", "grain deal", "ab", "cd"]);
        assert!(query.has_words());
        assert!(!read("-war source:x").has_words());
    }

    #[test]
    fn a_value_is_replaced_by_all_that_it_stands_for() {
        let resolve = |name: &str| match name {
            "Peace" => Ok(vec!["peace".to_owned(), "truce".to_owned()]),
            other => Err(format!("no topic `{other}`")),
        };
        let query = read("a -topic:Peace").map_values(Field::Topic, &resolve);
        assert_eq!(query.map(|query| query.to_string()), Ok("a NOT (topic:peace OR topic:truce)".to_owned()));
        assert_eq!(read("topic:x").map_values(Field::Topic, &resolve), Err("no topic `x`".to_owned()));
    }

    #[test]
    fn joining_with_everything_changes_nothing() {
        assert_eq!(Query::All.and(read("a")), read("a"));
        assert_eq!(read("a b").and(read("c")), read("a b c"));
        assert_eq!(read("a OR b").and(read("c d")), read("(a OR b) c d"));
    }
}
