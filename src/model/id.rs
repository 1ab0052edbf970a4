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
            /// Derives the id from what it names.
            pub fn derive(parts: &[&str]) -> Self {
                Self(derive(parts))
            }

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
    /// What a feed announces: derived from the source and the guid, else from the canonical link.
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
        assert_ne!(EntryId::derive(&["ab", "c"]), EntryId::derive(&["a", "bc"]));
    }

    #[test]
    fn text_that_is_no_id_is_refused() {
        for text in ["", "12", "zzzzzzzzzzzzzzzz", "+123456789abcdef", "0123456789abcdef0"] {
            assert!(text.parse::<ArticleId>().is_err(), "{text}");
        }
    }
}
