//! Phrases as rules write them, read into words.

use crate::text;

/// Words of a phrase at most; longer ones are refused.
pub(super) const MAX_WORDS: usize = 8;

/// One word of a phrase, folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word {
    /// Matches its inflected forms.
    Stem(String),
    /// Written with `*`: matches every word that begins so.
    Prefix(String),
}

/// Reads a phrase; empty where it has no word.
pub(super) fn read(phrase: &str) -> Vec<Word> {
    let mut words = Vec::new();
    for part in phrase.split_whitespace() {
        let tokens = text::tokenize(part);
        words.extend(tokens.iter().map(|(_, word)| Word::Stem(word.to_owned())));
        if part.ends_with('*')
            && let Some(Word::Stem(word)) = words.pop_if(|_| !tokens.is_empty())
        {
            words.push(Word::Prefix(word));
        }
    }
    words
}

/// Splits the alternatives of one side of a `near` rule.
pub(super) fn alternatives(side: &str) -> impl Iterator<Item = &str> {
    side.split('|').map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(phrase: &str, expected: &[&str]) {
        let words: Vec<String> = read(phrase)
            .into_iter()
            .map(|word| match word {
                Word::Stem(word) => word,
                Word::Prefix(word) => word + "*",
            })
            .collect();
        assert_eq!(words, expected);
    }

    #[test]
    fn phrase_reads_as_its_text_would() {
        check("Cease-Fire", &["cease", "fire"]);
        check("air strike*", &["air", "strike*"]);
        check("négoci* de paix", &["negoci*", "de", "paix"]);
        check("制裁", &["制", "裁"]);
        check(" ", &[]);
        check("* x", &["x"]);
    }
}
