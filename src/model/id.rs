//! Typed ids: 64 bits derived from what they name, written as 16 hexadecimal digits.
//!
//! Derived, never random: the same source, entry or URL has the same id on every machine and in every run.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

/// The text is not 16 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an id (16 hexadecimal digits)")]
pub struct IdError(pub String);

/// The first 64 bits of SHA-256 over the parts, each preceded by its length so that no two lists of parts collide by
/// concatenation. A cryptographic hash, because the parts come from strangers who could otherwise craft a collision.
fn derive(parts: &[&str]) -> u64 {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    let digest = hash.finalize();
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    u64::from_be_bytes(first)
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u64);

        impl $name {
            /// Takes an id from its 64 bits, as the store and the index keep it.
            pub const fn from_bits(bits: u64) -> Self {
                Self(bits)
            }

            /// Returns the 64 bits, as the store and the index keep them.
            pub const fn bits(self) -> u64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:016x}", self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                let digits = text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit());
                match u64::from_str_radix(text, 16) {
                    Ok(bits) if digits => Ok(Self(bits)),
                    _ => Err(IdError(text.to_owned())),
                }
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

id!(
    /// A configured place to poll: derived from its URL as configured.
    SourceId
);
id!(
    /// What a feed announces: derived from the source and the guid, else from the canonical link. The first bits are
    /// those of the source, so that in the store what one source announced stands together.
    EntryId
);
id!(
    /// An article: derived from its canonical URL when first seen, then fixed.
    ArticleId
);
id!(
    /// A story: the bits of the article that founded it.
    StoryId
);

impl SourceId {
    /// Derives the id from what it names.
    pub fn derive(parts: &[&str]) -> Self {
        Self(derive(parts))
    }
}

impl ArticleId {
    /// Derives the id from what it names.
    pub fn derive(parts: &[&str]) -> Self {
        Self(derive(parts))
    }
}

impl EntryId {
    /// How many bits are its own: of 3,500 sources with a hundred thousand entries each, one has two that share theirs.
    /// The others tell a million sources apart.
    const OWN_BITS: u32 = 44;

    /// Derives the id of what a source announced.
    pub fn of(source: SourceId, parts: &[&str]) -> Self {
        let name = source.to_string();
        let all: Vec<&str> = [&*name].into_iter().chain(parts.iter().copied()).collect();
        let own = (1 << Self::OWN_BITS) - 1;
        Self((source.0 & !own) | (derive(&all) & own))
    }
}

impl From<ArticleId> for StoryId {
    fn from(founder: ArticleId) -> Self {
        Self(founder.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_survives_a_round_trip_as_text() {
        let id = ArticleId::derive(&["https://example.org/a"]);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.to_string().len(), 16);
    }

    #[test]
    fn parts_do_not_run_together() {
        assert_ne!(ArticleId::derive(&["ab", "c"]), ArticleId::derive(&["a", "bc"]));
    }

    #[test]
    fn what_one_source_announces_stands_together() {
        let (one, other) = (SourceId::derive(&["one"]), SourceId::derive(&["other"]));
        let mut ids: Vec<_> = (0..99).flat_map(|n| [one, other].map(|it| EntryId::of(it, &[&n.to_string()]))).collect();
        ids.sort();
        ids.dedup();
        let source_of = |id: &EntryId| id.bits() >> EntryId::OWN_BITS;
        let changes = ids.windows(2).filter(|pair| source_of(&pair[0]) != source_of(&pair[1])).count();
        assert_eq!((ids.len(), changes), (198, 1));
    }

    #[test]
    fn text_that_is_no_id_is_refused() {
        for text in ["", "12", "zzzzzzzzzzzzzzzz", "+123456789abcdef", "0123456789abcdef0"] {
            assert!(text.parse::<ArticleId>().is_err(), "{text}");
        }
    }
}
