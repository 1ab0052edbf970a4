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
    let mut tokens = Tokens { folded: String::with_capacity(text.len()), tokens: Vec::with_capacity(text.len() / 6) };
    let mut open: Option<Token> = None;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let Ok(at) = u32::try_from(at) else { break };
        let end = at + c.len_utf8() as u32;
        // Most characters of most texts, and none of what follows concerns them.
        if c.is_ascii_alphanumeric() {
            let from = tokens.folded.len() as u32;
            let first = Token { start: at, end, from, to: from, capital: c.is_ascii_uppercase() };
            open.get_or_insert(first).end = end;
            tokens.folded.push(c.to_ascii_lowercase());
            continue;
        }
        if is_apostrophe(c) {
            let cyrillic = |c: char| ('\u{400}'..='\u{52f}').contains(&c);
            let joins = tokens.folded.chars().next_back().is_some_and(cyrillic)
                && chars.peek().is_some_and(|&(_, next)| cyrillic(next));
            if !(open.is_some() && joins) {
                close(&mut open, &mut tokens);
            }
            continue;
        }
        if !c.is_alphanumeric() && (c.is_ascii() || !is_combining_mark(c)) {
            close(&mut open, &mut tokens);
            continue;
        }
        let alone = is_unspaced(c);
        if alone {
            close(&mut open, &mut tokens);
        }
        let from = tokens.folded.len() as u32;
        let token = open.get_or_insert(Token { start: at, end, from, to: from, capital: c.is_uppercase() });
        fold_char(c, &mut tokens.folded);
        token.end = end;
        if alone {
            close(&mut open, &mut tokens);
        }
    }
    close(&mut open, &mut tokens);
    tokens
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
        'й' | 'ї' => folded.push(c),
        'Й' => folded.push('й'),
        'Ї' => folded.push('ї'),
        'а'..='я' | 'є' | 'і' | 'ґ' => folded.push(c),
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
