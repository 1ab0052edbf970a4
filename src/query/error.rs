//! Why a query cannot be read, and where.

use unicode_normalization::char::is_combining_mark;

/// The width of a terminal that a shown place fits in.
const COLUMNS: usize = 80;
/// What is shown of the query before the place, where it does not fit as a whole.
const COLUMNS_BEFORE: usize = 50;

/// A query that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// Where, in bytes of the query.
    pub at: usize,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Error {
    pub(super) fn new(at: usize, message: impl Into<String>) -> Self {
        Self { at, message: message.into(), hint: None }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Tells whether trying again may help: never, the query has to change.
    pub const fn is_transient(&self) -> bool {
        false
    }

    /// Returns two lines of at most 80 columns: the query around the place, and a caret under it.
    pub fn render(&self, query: &str) -> String {
        let before: Vec<char> = query.char_indices().take_while(|&(at, _)| at < self.at).map(|(_, c)| c).collect();
        let mut first = before.len();
        let mut caret = 0;
        while first > 0 && caret + width(before[first - 1]) <= COLUMNS_BEFORE {
            first -= 1;
            caret += width(before[first]);
        }
        let mut line = String::new();
        let mut columns = caret;
        if first > 0 {
            line.push('…');
            caret += 1;
            columns += 1;
        }
        line.extend(before[first..].iter().copied().map(printable));
        let mut after = query.chars().skip(before.len()).peekable();
        while let Some(c) = after.next() {
            columns += width(c);
            // One column is kept for the mark that something follows.
            if columns >= COLUMNS && (columns > COLUMNS || after.peek().is_some()) {
                line.push('…');
                break;
            }
            line.push(printable(c));
        }
        format!("{line}\n{}^", " ".repeat(caret))
    }
}

fn printable(c: char) -> char {
    // Control and direction characters would move the caret, or worse, the terminal.
    let unprintable = c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    if unprintable { ' ' } else { c }
}

/// The columns that a character takes in a terminal: 0 for marks, 2 for the wide East Asian ones (UAX #11).
fn width(c: char) -> usize {
    match c {
        _ if is_combining_mark(c) => 0,
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{1f300}'..='\u{1faff}'
        | '\u{20000}'..='\u{3ffff}' => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(query: &str, at: usize, expected: &str) {
        assert_eq!(Error::new(at, "").render(query), expected);
    }

    #[test]
    fn the_caret_stands_under_the_place() {
        check("a (b", 2, "a (b\n  ^");
        check("", 0, "\n^");
        check("制裁 (b", 7, "制裁 (b\n     ^");
        check("a\tb(", 3, "a b(\n   ^");
    }

    #[test]
    fn a_long_query_is_cut_on_both_sides() {
        let query = format!("{}({}", "a".repeat(100), "b".repeat(100));
        let shown = Error::new(100, "").render(&query);
        let (line, caret) = shown.split_once('\n').expect("two lines");
        assert_eq!(line.chars().count(), 80);
        assert_eq!(line.chars().nth(caret.len() - 1), Some('('));
    }
}
