//! What was found out about the words of earlier texts.
//!
//! Stemming is the dearest step of tagging and a language repeats itself: a table of fixed size remembers the class of
//! recent words, the newer word replacing the older one in its place. Bounded in memory and in time whatever the text.

use std::hash::Hasher;

use rustc_hash::FxHasher;

use super::automaton::Class;

/// Places in the table: with 44 bytes each, 720 kB a language and thread.
const PLACES: usize = 1 << 14;
/// Longer words are not remembered.
const MAX_BYTES: usize = 27;

#[derive(Clone, Copy)]
struct Place {
    length: u8,
    word: [u8; MAX_BYTES],
    class: Class,
}

/// Remembers the classes of words.
pub(super) struct Memo(Vec<Place>);

impl Memo {
    pub(super) fn new() -> Self {
        Self(vec![Place { length: 0, word: [0; MAX_BYTES], class: Class::NONE }; PLACES])
    }

    /// Returns the class of a word, from memory or by `classify`.
    pub(super) fn class(&mut self, word: &str, classify: impl FnOnce(&str) -> Class) -> Class {
        let bytes = word.as_bytes();
        if bytes.len() > MAX_BYTES {
            return classify(word);
        }
        let mut hasher = FxHasher::default();
        hasher.write(bytes);
        let place = &mut self.0[hasher.finish() as usize % PLACES];
        if usize::from(place.length) != bytes.len() || &place.word[..bytes.len()] != bytes {
            place.length = bytes.len() as u8;
            place.word[..bytes.len()].copy_from_slice(bytes);
            place.class = classify(word);
        }
        place.class
    }
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
