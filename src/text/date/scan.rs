//! A text as numbers, words and marks.

use crate::text::fold_char;

/// Most numbers, words and marks that are looked at.
const MAX_TOKENS: usize = 64;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Number { value: u64, digits: usize },
    Word { from: usize, to: usize },
    Mark(char),
}

/// A number, word or mark.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub kind: Kind,
    /// No space stands before it.
    pub glued: bool,
}

/// The text as tokens; words are folded into one buffer.
pub(super) struct Scan {
    pub tokens: Vec<Token>,
    folded: String,
}

impl Scan {
    pub fn of(text: &str) -> Self {
        let mut scan = Self { tokens: Vec::with_capacity(16), folded: String::with_capacity(text.len()) };
        let mut glued = true;
        let mut chars = text.chars().peekable();
        while let Some(&c) = chars.peek() {
            if scan.tokens.len() == MAX_TOKENS {
                break;
            }
            let kind = if c.is_whitespace() || c == '\u{200e}' || c == '\u{200f}' {
                chars.next();
                glued = false;
                continue;
            } else if digit(c).is_some() {
                let (mut value, mut digits) = (0u64, 0);
                while let Some(next) = chars.peek().copied().and_then(digit) {
                    value = value.saturating_mul(10).saturating_add(next);
                    digits += 1;
                    chars.next();
                }
                Kind::Number { value, digits }
            } else if is_unit(c) {
                chars.next();
                scan.word(std::iter::once(c))
            } else if c.is_alphabetic() {
                let word = std::iter::from_fn(|| chars.next_if(|&c| is_letter(c) && !is_unit(c)));
                scan.word(word)
            } else {
                chars.next();
                Kind::Mark(c)
            };
            scan.tokens.push(Token { kind, glued });
            glued = true;
        }
        scan
    }

    fn word(&mut self, chars: impl Iterator<Item = char>) -> Kind {
        let from = self.folded.len();
        for c in chars {
            // Folding would take Hangul syllables apart.
            if ('\u{ac00}'..='\u{d7a3}').contains(&c) {
                self.folded.push(c);
            } else {
                fold_char(c, &mut self.folded);
            }
        }
        Kind::Word { from, to: self.folded.len() }
    }

    pub fn kind(&self, at: usize) -> Option<Kind> {
        self.tokens.get(at).map(|token| token.kind)
    }

    pub fn number(&self, at: usize) -> Option<(u64, usize)> {
        match self.kind(at)? {
            Kind::Number { value, digits } => Some((value, digits)),
            _ => None,
        }
    }

    pub fn is_mark(&self, at: usize, mark: char) -> bool {
        self.kind(at) == Some(Kind::Mark(mark))
    }

    pub fn text(&self, at: usize) -> &str {
        match self.kind(at) {
            Some(Kind::Word { from, to }) => &self.folded[from..to],
            _ => "",
        }
    }
}

/// ASCII, full-width and Arabic-Indic digits.
fn digit(c: char) -> Option<u64> {
    let zero = match c {
        '0'..='9' => '0',
        '０'..='９' => '０',
        '\u{660}'..='\u{669}' => '\u{660}',
        _ => return None,
    };
    Some(u64::from(u32::from(c) - u32::from(zero)))
}

fn is_letter(c: char) -> bool {
    c.is_alphabetic() || unicode_normalization::char::is_combining_mark(c)
}

/// The signs that name a part of a date after its number, in Chinese, Japanese and Korean.
fn is_unit(c: char) -> bool {
    matches!(c, '年' | '月' | '日' | '时' | '時' | '点' | '點' | '分' | '秒' | '년' | '월' | '일' | '시' | '분' | '초')
}
