//! What was found out about the words of earlier texts.
//!
//! Stemming is the dearest step of tagging and a language repeats itself: a table of fixed size remembers the class of
//! recent words, the newer word replacing the older one in its place. Bounded in memory and in time whatever the text.

use std::hash::Hasher;

use rustc_hash::FxHasher;

use super::automaton::Class;

/// Places in the table: with 48 bytes each, 790 kB a language and thread.
const PLACES: usize = 1 << 14;
/// Longer words are not remembered.
const MAX_BYTES: usize = 31;

/// A word of `MAX_BYTES` at most, filled up, and its length.
type Key = [u8; MAX_BYTES + 1];

#[derive(Clone, Copy)]
struct Place {
    key: Key,
    class: Class,
}

/// Remembers the classes of words.
pub(super) struct Memo(Vec<Place>);

impl Memo {
    pub(super) fn new() -> Self {
        Self(vec![Place { key: [0; _], class: Class::NONE }; PLACES])
    }

    /// Returns the class of a word, from memory or by `classify`.
    pub(super) fn class(&mut self, word: &str, classify: impl FnOnce(&str) -> Class) -> Class {
        let Some(key) = key(word) else { return classify(word) };
        let mut hasher = FxHasher::default();
        for part in key.as_chunks().0 {
            hasher.write_u64(u64::from_ne_bytes(*part));
        }
        let place = &mut self.0[hasher.finish() as usize % PLACES];
        if place.key != key {
            *place = Place { key, class: classify(word) };
        }
        place.class
    }
}

fn key(word: &str) -> Option<Key> {
    let mut key = [0; _];
    key[..MAX_BYTES].get_mut(..word.len())?.copy_from_slice(word.as_bytes());
    key[MAX_BYTES] = word.len() as u8;
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn word_is_classified_once() {
        let mut memo = Memo::new();
        let mut asked = 0;
        for _ in 0..3 {
            memo.class("truce", |_| {
                asked += 1;
                Class::NONE
            });
        }
        assert_eq!(asked, 1);
    }

    #[test]
    fn long_word_is_asked_every_time() {
        let mut memo = Memo::new();
        let mut asked = 0;
        for _ in 0..2 {
            memo.class(&"a".repeat(100), |_| {
                asked += 1;
                Class::NONE
            });
        }
        assert_eq!(asked, 2);
    }
}
