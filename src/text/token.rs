//! Words of a text, folded so that spelling variants of one word are one token.
//!
//! Lowercase; compatibility forms decomposed (NFKD); marks removed from every script but Cyrillic й and ї, which are
//! letters of their own (ё becomes е); an apostrophe inside a Cyrillic word is dropped (об’єкт), elsewhere it
//! separates (l’accord, Ukraine’s). Han, Hiragana, Katakana, Thai, Lao, Khmer and Burmese characters, which are written
//! without spaces, are one token each; everything else that is a letter or digit runs together.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// One word: where it stands in the text and in the folded buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// First byte in the text.
    pub start: u32,
    /// One past the last byte in the text.
    pub end: u32,
    from: u32,
    to: u32,
    /// Whether the word starts with an uppercase letter in the text.
    pub capital: bool,
}

/// The words of a text in order, with one buffer for all their folded forms.
#[derive(Debug, Clone, Default)]
pub struct Tokens {
    folded: String,
    tokens: Vec<Token>,
}

impl Tokens {
    /// Returns the number of words.
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Tells whether there is no word.
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// Returns the folded form of the word at `index`.
    pub fn word(&self, index: usize) -> &str {
        let token = self.tokens[index];
        &self.folded[token.from as usize..token.to as usize]
    }

    /// Returns the word at `index` without its folded form.
    pub fn token(&self, index: usize) -> Token {
        self.tokens[index]
    }

    /// Returns the words with their folded forms, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (Token, &str)> {
        self.tokens.iter().map(|&token| (token, &self.folded[token.from as usize..token.to as usize]))
    }
}

/// Returns the words of a text. Text beyond 4 GiB is ignored.
pub fn tokenize(text: &str) -> Tokens {
    let text = &text[..text.floor_char_boundary(u32::MAX as usize)];
    let mut tokens = Tokens { folded: String::with_capacity(text.len()), tokens: Vec::with_capacity(text.len() / 6) };
    let mut open: Option<Token> = None;
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        // Most characters of most texts, and none of what follows concerns them.
        let run = ascii_word(&text.as_bytes()[at..]);
        if run > 0 {
            extend(&mut open, &tokens, at, at + run, c.is_ascii_uppercase());
            let from = tokens.folded.len();
            tokens.folded.push_str(&text[at..at + run]);
            tokens.folded[from..].make_ascii_lowercase();
            at += run;
            continue;
        }
        let end = at + c.len_utf8();
        if is_apostrophe(c) {
            let cyrillic = |c: char| ('\u{400}'..='\u{52f}').contains(&c);
            let joins = tokens.folded.chars().next_back().is_some_and(cyrillic)
                && text[end..].chars().next().is_some_and(cyrillic);
            if !(open.is_some() && joins) {
                close(&mut open, &mut tokens);
            }
        } else if is_cyrillic_letter(c) {
            extend(&mut open, &tokens, at, end, c < 'а');
            fold_char(c, &mut tokens.folded);
        } else if c.is_alphanumeric() || (!c.is_ascii() && is_combining_mark(c)) {
            let alone = is_unspaced(c);
            if alone {
                close(&mut open, &mut tokens);
            }
            extend(&mut open, &tokens, at, end, c.is_uppercase());
            fold_char(c, &mut tokens.folded);
            if alone {
                close(&mut open, &mut tokens);
            }
        } else {
            close(&mut open, &mut tokens);
        }
        at = end;
    }
    close(&mut open, &mut tokens);
    tokens
}

/// Returns how many ASCII letters and digits a text begins with.
fn ascii_word(text: &[u8]) -> usize {
    text.iter().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(text.len())
}

/// А to я, to which no other rule applies.
fn is_cyrillic_letter(c: char) -> bool {
    matches!(c, 'А'..='я')
}

/// Begins a word at a place, or makes the one that is open reach its end.
fn extend(open: &mut Option<Token>, tokens: &Tokens, start: usize, end: usize, capital: bool) {
    let from = tokens.folded.len() as u32;
    let fresh = Token { start: start as u32, end: end as u32, from, to: from, capital };
    open.get_or_insert(fresh).end = end as u32;
}

fn close(open: &mut Option<Token>, tokens: &mut Tokens) {
    if let Some(mut token) = open.take() {
        token.to = tokens.folded.len() as u32;
        if token.to > token.from {
            tokens.tokens.push(token);
        }
    }
}

/// Appends the folded form of one character: lowercase, decomposed, without marks.
pub fn fold_char(c: char, folded: &mut String) {
    match c {
        'a'..='z' | '0'..='9' => folded.push(c),
        'A'..='Z' => folded.push(c.to_ascii_lowercase()),
        'а'..='я' | 'є' | 'і' | 'ї' | 'ґ' => folded.push(c),
        // Й and Ї, too, stay letters of their own.
        'А'..='Я' => folded.push(char::from_u32(c as u32 + 0x20).unwrap_or(c)),
        'Ї' => folded.push('ї'),
        'ß' => folded.push_str("ss"),
        'æ' | 'Æ' => folded.push_str("ae"),
        'œ' | 'Œ' => folded.push_str("oe"),
        'ø' | 'Ø' => folded.push('o'),
        'ł' | 'Ł' => folded.push('l'),
        'đ' | 'Đ' => folded.push('d'),
        'ı' => folded.push('i'),
        _ => folded.extend(std::iter::once(c).nfkd().flat_map(char::to_lowercase).filter(|&c| !is_combining_mark(c))),
    }
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '’' | '‘' | 'ʼ' | '`' | '´' | '＇')
}

/// Whether a character belongs to a script that is written without spaces between words.
fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{0e00}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
        | '\u{3040}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ff9f}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let tokens = tokenize(text);
        let words: Vec<&str> = tokens.iter().map(|(_, word)| word).collect();
        assert_eq!(words, expected);
    }

    #[test]
    fn words_are_folded() {
        check("Élysée’s PEACE—talks, 2026!", &["elysee", "s", "peace", "talks", "2026"]);
        check("Größe Łódź ﬁnal", &["grosse", "lodz", "final"]);
    }

    #[test]
    fn cyrillic_letters_stay_and_apostrophes_join() {
        check("Об’єкт Её Київ Мирный", &["обєкт", "ее", "київ", "мирный"]);
    }

    #[test]
    fn scripts_without_spaces_give_a_token_a_character() {
        check("制裁2026年", &["制", "裁", "2026", "年"]);
    }

    #[test]
    fn offsets_point_into_the_text() {
        let text = "Über Kyjiw";
        let tokens = tokenize(text);
        let (last, _) = tokens.iter().last().expect("two words");
        assert_eq!(&text[last.start as usize..last.end as usize], "Kyjiw");
    }
}
