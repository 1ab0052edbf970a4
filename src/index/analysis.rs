//! How texts and values become the terms of the index, when they are indexed and when they are asked for.
//!
//! Words and stems both come from `crate::text`, so that the index, the topics and the snippets see the same words.
//! A character of a script without spaces is a word, and a run of them is asked for as a phrase.

use rustc_hash::FxHashMap;
use tantivy::tokenizer::{Token, TokenStream, Tokenizer, TokenizerManager};

use crate::{
    model::outlet_of,
    text::{Stemmer, Tokens, tokenize},
};

/// The name of the tokenizer for words as they are.
pub(super) const WORDS: &str = "words";
/// The name of the tokenizer for stems.
pub(super) const STEMS: &str = "stems";

/// Longer words are noise (encoded data, broken markup) and not worth a place in the dictionary.
const MAX_WORD_BYTES: usize = 100;
/// Longer values are cut: no name of a source, author or tag comes near.
const MAX_VALUE_BYTES: usize = 500;
/// So many words of a language are remembered with their stems: the commonest come first, and these are nine in ten
/// words of a text.
const MAX_KNOWN: usize = 10_000;
/// Stands between the language and the text in a value of a stemmed field.
const AFTER_LANGUAGE: char = '\0';

/// Returns the tokenizers that the schema names.
pub(super) fn tokenizers() -> TokenizerManager {
    let manager = TokenizerManager::default();
    manager.register(WORDS, Analyzer::new(false));
    manager.register(STEMS, Analyzer::new(true));
    manager
}

/// Returns the value of a stemmed field: a tokenizer sees nothing but its text, so the language stands in front.
pub(super) fn with_language(lang: Option<&str>, text: &str) -> String {
    format!("{}{AFTER_LANGUAGE}{text}", lang.unwrap_or_default())
}

/// Returns the form in which names are compared: lowercase, single spaces.
pub(super) fn name_key(name: &str) -> String {
    let lower = clip(name).to_lowercase();
    lower.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns the outlet that is meant: any host or address stands for its registrable domain.
pub(super) fn outlet_key(value: &str) -> String {
    let value = value.trim();
    let outlet = if value.contains("://") { outlet_of(value) } else { outlet_of(&format!("http://{value}/")) };
    outlet.unwrap_or_else(|| name_key(value))
}

/// Returns the primary subtag of a language tag: `en` for `en-GB`.
pub(super) fn lang_key(tag: &str) -> String {
    clip(tag.trim()).split(['-', '_']).next().unwrap_or_default().to_lowercase()
}

/// Returns an address without the scheme: what stays when an outlet changes to https.
pub(super) fn without_scheme(url: &str) -> &str {
    url.split_once("://").map_or(url, |(_, rest)| rest)
}

/// Cuts a value at the length that the index keeps.
pub(super) fn clip(value: &str) -> &str {
    &value[..value.floor_char_boundary(MAX_VALUE_BYTES)]
}

/// Words, or their stems in the language that stands in front of the text.
#[derive(Clone)]
struct Analyzer {
    stems: bool,
    /// The stems of words met before, by language. The engine makes an analyzer for each segment.
    known: FxHashMap<String, Known>,
}

/// Words and their stems.
type Known = FxHashMap<Box<str>, Box<str>>;

impl Analyzer {
    fn new(stems: bool) -> Self {
        Self { stems, known: FxHashMap::default() }
    }
}

impl Tokenizer for Analyzer {
    type TokenStream<'a> = Stream<'a>;

    fn token_stream<'a>(&'a mut self, value: &'a str) -> Stream<'a> {
        let (stems, text) = match value.split_once(AFTER_LANGUAGE).filter(|_| self.stems) {
            Some((lang, text)) => {
                // Only real languages are remembered, whatever a page declares: there are few of them.
                let lang = if lang.len() <= 3 { lang } else { "" };
                let known = self.known.entry(lang.to_owned()).or_default();
                (Some(Stems { stemmer: Stemmer::new(lang), known }), text)
            }
            None => (None, value),
        };
        Stream { tokens: tokenize(text), next: 0, stems, token: Token::default() }
    }
}

struct Stream<'a> {
    tokens: Tokens,
    next: usize,
    stems: Option<Stems<'a>>,
    token: Token,
}

impl TokenStream for Stream<'_> {
    fn advance(&mut self) -> bool {
        while self.next < self.tokens.len() {
            let word = self.tokens.word(self.next);
            self.next += 1;
            if word.len() > MAX_WORD_BYTES {
                continue;
            }
            // The place counts overlooked words too: those beside them are no neighbours.
            self.token.position = self.next - 1;
            self.token.text.clear();
            match &mut self.stems {
                Some(stems) => stems.append(word, &mut self.token.text),
                None => self.token.text.push_str(word),
            }
            return true;
        }
        false
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

/// The stems of one language.
struct Stems<'a> {
    stemmer: Stemmer,
    known: &'a mut Known,
}

impl Stems<'_> {
    fn append(&mut self, word: &str, text: &mut String) {
        if let Some(stem) = self.known.get(word) {
            text.push_str(stem);
            return;
        }
        let stem = self.stemmer.stem(word);
        text.push_str(&stem);
        if self.known.len() < MAX_KNOWN {
            self.known.insert(word.into(), stem.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(tokenizer: &str, value: &str, expected: &[(usize, &str)]) {
        let mut analyzer = tokenizers().get(tokenizer).expect("registered");
        let mut stream = analyzer.token_stream(value);
        let mut seen = Vec::new();
        while let Some(token) = stream.next() {
            seen.push((token.position, token.text.clone()));
        }
        let seen: Vec<(usize, &str)> = seen.iter().map(|(at, text)| (*at, text.as_str())).collect();
        assert_eq!(seen, expected);
    }

    #[test]
    fn stems_are_those_of_the_language_in_front() {
        check(STEMS, &with_language(Some("en"), "New sanctions"), &[(0, "new"), (1, "sanction")]);
        check(STEMS, &with_language(None, "New sanctions"), &[(0, "new"), (1, "sanctions")]);
        check(WORDS, "New sanctions", &[(0, "new"), (1, "sanctions")]);
    }

    #[test]
    fn an_endless_word_is_overlooked_but_keeps_its_place() {
        check(WORDS, &format!("a {} b", "x".repeat(200)), &[(0, "a"), (2, "b")]);
    }

    #[test]
    fn values_are_compared_by_their_key() {
        assert_eq!(name_key("  BBC\tNews "), "bbc news");
        assert_eq!(outlet_key("https://www.Example.co.uk/a"), "example.co.uk");
        assert_eq!(outlet_key("News.example.org"), "example.org");
        assert_eq!(outlet_key("localhost"), "localhost");
        assert_eq!(lang_key("en-GB"), "en");
        assert_eq!(clip(&"é".repeat(400)).len(), 500);
    }
}
