//! Phrases as rules write them, read into words.

use crate::text;

/// Words of a phrase at most; longer ones are refused.
pub(super) const MAX_WORDS: usize = 8;

/// One word of a phrase, folded.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Word {
    /// Matches its inflected forms.
    Stem(String),
    /// A word of a name: matches its cases.
    Name(String),
    /// Written with `*`: matches every word that begins so.
    Prefix(String),
    /// Written in capitals: an acronym, which matches itself only, whatever its case.
    Exact(String),
}

/// Reads a phrase; empty where it has no word.
pub(super) fn read(phrase: &str) -> Vec<Word> {
    let mut words = Vec::new();
    for part in phrase.split_whitespace() {
        let tokens = text::tokenize(part);
        let last = tokens.len().wrapping_sub(1);
        words.extend(tokens.iter().enumerate().map(|(at, (token, word))| {
            let written = &part[token.start as usize..token.end as usize];
            match word.to_owned() {
                word if at == last && part.ends_with('*') => Word::Prefix(word),
                word if is_acronym(written) => Word::Exact(word),
                word => Word::Stem(word),
            }
        }));
    }
    words
}

/// Two letters or digits or more, all letters capital: such words do not inflect, and their stems would meet common words.
fn is_acronym(written: &str) -> bool {
    written.contains(char::is_uppercase)
        && written.chars().filter(|c| c.is_uppercase() || c.is_numeric()).count() >= 2
        && !written.chars().any(char::is_lowercase)
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
                Word::Stem(word) | Word::Name(word) => word,
                Word::Prefix(word) => word + "*",
                Word::Exact(word) => word.to_uppercase(),
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
        check("NATO-Gipfel F-16", &["NATO", "gipfel", "f", "16"]);
        check("Nato* LNG*", &["nato*", "lng*"]);
        check("G7 M23 2025", &["G7", "M23", "2025"]);
    }
}
