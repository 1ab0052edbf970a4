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

/// Returns the words of a text. Text beyond 1 GiB is ignored.
pub fn tokenize(text: &str) -> Tokens {
    let text = &text[..text.floor_char_boundary(1 << 30)];
    // Most words of most texts are ASCII and stand in this copy as they are; the folded forms of others follow it.
    let mut tokens = Tokens { folded: text.to_ascii_lowercase(), tokens: Vec::with_capacity(text.len() / 6) };
    let mut at = 0;
    while at < text.len() {
        let end = at + ascii_word(&text.as_bytes()[at..]);
        let ends = match text.as_bytes().get(end) {
            Some(byte) if !byte.is_ascii() => text[end..].chars().next().is_none_or(|c| !is_in_word(c)),
            _ => true,
        };
        at = match ends {
            true if end > at => {
                let [start, to] = [at, end].map(|place| place as u32);
                let capital = text.as_bytes()[at].is_ascii_uppercase();
                tokens.tokens.push(Token { start, end: to, from: start, to, capital });
                end
            }
            true => text.ceil_char_boundary(end + 1),
            false => fold_word(text, at, &mut tokens),
        };
    }
    tokens
}

/// Returns how many ASCII letters and digits a text begins with.
fn ascii_word(text: &[u8]) -> usize {
    text.iter().position(|&byte| !IN_ASCII_WORD[byte as usize]).unwrap_or(text.len())
}

const IN_ASCII_WORD: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    table
};

/// Adds the word that begins at a place and returns where it ends.
fn fold_word(text: &str, start: usize, tokens: &mut Tokens) -> usize {
    let from = tokens.folded.len();
    let (mut end, mut last) = (start, None);
    let mut chars = text[start..].chars().peekable();
    while let Some(c) = chars.next() {
        let joins =
            is_apostrophe(c) && last.is_some_and(is_cyrillic) && chars.peek().is_some_and(|&next| is_cyrillic(next));
        if is_in_word(c) && !(is_unspaced(c) && last.is_some()) {
            fold_char(c, &mut tokens.folded);
        } else if !joins {
            break;
        }
        last = Some(c);
        end += c.len_utf8();
        if is_unspaced(c) {
            break;
        }
    }
    let to = tokens.folded.len();
    // A mark alone is no word.
    if to > from {
        let capital = text[start..].chars().next().is_some_and(char::is_uppercase);
        let [start, end, from, to] = [start, end, from, to].map(|place| place as u32);
        tokens.tokens.push(Token { start, end, from, to, capital });
    }
    end
}

/// Letters, digits and the marks on them; apostrophes are none, though some count as letters.
fn is_in_word(c: char) -> bool {
    matches!(c, 'А'..='я') || ((c.is_alphanumeric() || is_combining_mark(c)) && !is_apostrophe(c))
}

fn is_cyrillic(c: char) -> bool {
    matches!(c, '\u{400}'..='\u{52f}')
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
    fn letters_and_marks_of_any_script_run_together() {
        check("cafe\u{301}s naïve 5ème İzmir’de", &["cafes", "naive", "5eme", "izmir", "de"]);
        check("\u{301} a \u{301}", &["a"]);
        check(
            "G7制裁NATO 평화회담",
            &["g7", "制", "裁", "nato", "평화회담"]
                .map(|word| word.nfkd().collect::<String>())
                .each_ref()
                .map(String::as_str),
        );
        check("don’t ’Об’ 'Д'Артаньян", &["don", "t", "об", "дартаньян"]);
        check("“…”—", &[]);
    }

    #[test]
    fn capitals_are_those_of_the_text() {
        let tokens = tokenize("Élan über Київ міст USA xX");
        let capitals: Vec<bool> = tokens.iter().map(|(token, _)| token.capital).collect();
        assert_eq!(capitals, [true, false, true, false, true, false]);
    }

    #[test]
    fn offsets_point_into_the_text() {
        let text = "Über Kyjiw";
        let tokens = tokenize(text);
        let (last, _) = tokens.iter().last().expect("two words");
        assert_eq!(&text[last.start as usize..last.end as usize], "Kyjiw");
    }
}
