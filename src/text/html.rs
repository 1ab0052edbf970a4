//! From HTML fragments, as titles and summaries carry them, to plain text.
//!
//! No tree is built: one pass, linear in the text, whatever the text is.

use std::{borrow::Cow, sync::LazyLock};

use memchr::memchr;
use rustc_hash::{FxHashMap, FxHashSet};

use super::entities::{NAMED, WITHOUT_SEMICOLON};

/// Elements that stand inside a line: their tags separate no words.
const INLINE: &[&str] = &[
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins",
    "kbd", "label", "mark", "nobr", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt",
    "u", "var", "wbr",
];

/// Elements whose content is no text.
const SILENT: &[&str] = &["script", "style", "template", "noembed", "noframes"];

/// Longest entity name, in bytes (`CounterClockwiseContourIntegral`).
const MAX_NAME_BYTES: usize = 31;

/// Returns the text of an HTML fragment in one line: tags, scripts and control characters out, entities decoded,
/// white space folded, a space where a block ends.
pub fn to_text(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    let mut ends = Ends::default();
    while let Some(at) = memchr(b'<', rest.as_bytes()) {
        push_text(&rest[..at], &mut text);
        rest = &rest[at..];
        match ends.of_markup(rest) {
            Some(end) => {
                let name = tag_name(&rest[..end]);
                if !INLINE.iter().any(|inline| name.eq_ignore_ascii_case(inline)) && !rest.starts_with("<!--") {
                    push_space(&mut text);
                }
                let silent = SILENT.iter().any(|silent| name.eq_ignore_ascii_case(silent));
                let tag_is_open = !rest[1..].starts_with('/') && !rest[..end].ends_with("/>");
                rest = &rest[end..];
                if silent && tag_is_open {
                    rest = after_element(rest, name_of(SILENT, name));
                }
            }
            None => {
                push_text("<", &mut text);
                rest = &rest[1..];
            }
        }
    }
    push_text(rest, &mut text);
    text.truncate(text.trim_end().len());
    text
}

/// Decodes the character references of a text: numbers, and every name that HTML knows.
///
/// A name without its semicolon counts where HTML allows that and no letter, digit or `=` follows, so that the query
/// of an unescaped link (`?a=1&copy=2`) stays what it is. Anything else after an ampersand is left alone.
pub fn decode_entities(text: &str) -> Cow<'_, str> {
    if memchr(b'&', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let mut decoded = String::with_capacity(text.len());
    decode_into(text, &mut decoded, |_| None);
    Cow::Owned(decoded)
}

/// Appends the text with its references decoded; `own` knows names that a document declares for itself, and goes first.
pub fn decode_into<'a>(text: &str, decoded: &mut String, own: impl Fn(&str) -> Option<&'a str>) {
    decoded.reserve(text.len());
    let mut rest = text;
    while let Some(at) = memchr(b'&', rest.as_bytes()) {
        decoded.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let length = reference(rest, decoded, &own);
        if length == 0 {
            decoded.push('&');
        }
        rest = &rest[length..];
    }
    decoded.push_str(rest);
}

/// Appends what the reference after an ampersand stands for and returns its length, 0 where it is none.
fn reference<'a>(rest: &str, decoded: &mut String, own: &impl Fn(&str) -> Option<&'a str>) -> usize {
    if let Some(number) = rest.strip_prefix('#') {
        return 1 + match numeric(number) {
            Some((c, length)) => {
                decoded.push(c);
                length
            }
            None => return 0,
        };
    }
    // Names that a document declares may hold more than letters and digits.
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':');
    let end = rest.char_indices().find(|&(at, c)| at > MAX_NAME_BYTES || !is_name(c)).map_or(rest.len(), |(at, _)| at);
    if rest[end..].starts_with(';') {
        let name = &rest[..end];
        if let Some(value) = own(name).or_else(|| named(name)) {
            decoded.push_str(value);
            return end + 1;
        }
    }
    let end = rest.bytes().take(MAX_NAME_BYTES).take_while(u8::is_ascii_alphanumeric).count();
    let name = &rest[..end];
    if end > 0
        && !rest[end..].starts_with(['=', ';'])
        && without_semicolon(name)
        && let Some(value) = named(name)
    {
        decoded.push_str(value);
        return end;
    }
    0
}

/// Reads a decimal or hexadecimal character number after `&#`.
fn numeric(rest: &str) -> Option<(char, usize)> {
    let (digits, radix) = match rest.strip_prefix(['x', 'X']) {
        Some(digits) => (digits, 16),
        None => (rest, 10),
    };
    let length = digits.bytes().take_while(|b| char::from(*b).is_digit(radix)).count();
    if length == 0 {
        return None;
    }
    let number = u32::from_str_radix(&digits[..length], radix).unwrap_or(u32::MAX);
    let semicolon = usize::from(digits[length..].starts_with(';'));
    Some((character(number), rest.len() - digits.len() + length + semicolon))
}

/// The character of a number; 128–159 are windows-1252, as HTML has it.
fn character(number: u32) -> char {
    match number {
        0x80..=0x9f => {
            let byte = [number as u8];
            let (text, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(&byte);
            text.chars().next().unwrap_or(char::REPLACEMENT_CHARACTER)
        }
        0 => char::REPLACEMENT_CHARACTER,
        _ => char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER),
    }
}

fn named(name: &str) -> Option<&'static str> {
    static NAMES: LazyLock<FxHashMap<&str, &str>> = LazyLock::new(|| {
        let mut parts = NAMED.split(' ');
        std::iter::from_fn(|| parts.next().zip(parts.next())).collect()
    });
    match name {
        "amp" => Some("&"),
        "lt" => Some("<"),
        "gt" => Some(">"),
        "quot" => Some("\""),
        _ => NAMES.get(name).copied(),
    }
}

fn without_semicolon(name: &str) -> bool {
    static NAMES: LazyLock<FxHashSet<&str>> = LazyLock::new(|| WITHOUT_SEMICOLON.split(' ').collect());
    NAMES.contains(name)
}

/// What has been searched for in vain, so that it is not searched for again: each search is linear in the text.
#[derive(Default)]
struct Ends {
    no_comment_end: bool,
    no_tag_end: bool,
}

impl Ends {
    /// Where the tag, comment or declaration that starts here ends; `None` where `<` is just a character.
    fn of_markup(&mut self, rest: &str) -> Option<usize> {
        if let Some(comment) = rest.strip_prefix("<!--")
            && !self.no_comment_end
        {
            match comment.find("-->") {
                Some(at) => return Some(4 + at + 3),
                // An unclosed comment ends like a tag, so that it cannot hide the rest.
                None => self.no_comment_end = true,
            }
        }
        let next = rest[1..].chars().next()?;
        if self.no_tag_end || !(next.is_ascii_alphabetic() || matches!(next, '/' | '!' | '?')) {
            return None;
        }
        let Some(close) = memchr(b'>', rest.as_bytes()) else {
            self.no_tag_end = true;
            return rest.starts_with("<!--").then_some(4);
        };
        Some(end_of_tag(rest).unwrap_or(close + 1))
    }
}

/// Where a tag ends: a `>` inside a quoted value ends none. `None` where a quote is never closed.
fn end_of_tag(tag: &str) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in tag.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(at + 1),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

fn tag_name(tag: &str) -> &str {
    let name = tag[1..].strip_prefix('/').unwrap_or(&tag[1..]);
    &name[..name.bytes().take_while(u8::is_ascii_alphanumeric).count()]
}

fn name_of(list: &'static [&'static str], name: &str) -> &'static str {
    list.iter().find(|known| name.eq_ignore_ascii_case(known)).copied().unwrap_or_default()
}

/// Returns what follows the end tag of an element whose content is passed over.
fn after_element<'a>(rest: &'a str, name: &str) -> &'a str {
    let mut from = 0;
    while let Some(at) = rest[from..].find("</") {
        let start = from + at;
        let after = &rest[start + 2..];
        if after.get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name)) {
            return after.find('>').map_or("", |close| &after[close + 1..]);
        }
        from = start + 2;
    }
    // Never closed: the rest was code.
    ""
}

/// Appends text between tags: decoded, white space folded, control characters out.
fn push_text(raw: &str, text: &mut String) {
    let decoded = decode_entities(raw);
    let mut rest = &*decoded;
    while let Some(c) = rest.chars().next() {
        let words = plain_words(rest.as_bytes());
        if words > 0 {
            text.push_str(&rest[..words]);
        } else if c.is_whitespace() || c == '\u{feff}' {
            push_space(text);
        } else if !c.is_control() {
            text.push(c);
        }
        rest = &rest[words.max(c.len_utf8())..];
    }
}

/// Returns how many bytes of a text can be taken as they are: words of plain letters with single spaces between them.
fn plain_words(bytes: &[u8]) -> usize {
    // As many at once as a processor compares with one instruction.
    const LANES: usize = 32;
    let is_plain = |before: u8, byte: u8| byte.is_ascii_graphic() | (byte == b' ') & (before != b' ');
    if !bytes.first().is_some_and(u8::is_ascii_graphic) {
        return 0;
    }
    let mut at = 1;
    while let (Some(before), Some(here)) = (bytes[at - 1..].first_chunk::<LANES>(), bytes[at..].first_chunk::<LANES>())
        && before.iter().zip(here).fold(true, |plain, (&before, &byte)| plain & is_plain(before, byte))
    {
        at += LANES;
    }
    at + bytes[at - 1..].windows(2).take_while(|pair| is_plain(pair[0], pair[1])).count()
}

fn push_space(text: &mut String) {
    if !text.is_empty() && !text.ends_with(' ') {
        text.push(' ');
    }
}

/// Returns a text as it stands in HTML, inside an element or a quoted attribute.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(html: &str, expected: &str) {
        assert_eq!(to_text(html), expected, "{html}");
    }

    #[test]
    fn tags_go_and_blocks_become_a_space() {
        check("a <b>bold</b> claim", "a bold claim");
        check("<p>one</p><p>two</p>three<br/>four", "one two three four");
        check("un<wbr>der<i>line</i>d", "underlined");
        check("<a href='x>y' title=\">\">link</a>", "link");
        check("x<!-- <b>gone</b> -->y", "xy");
        check("<![CDATA[a]]>", "");
    }

    #[test]
    fn scripts_and_styles_are_silent() {
        check("a<script>if (1 < 2) '</p>'</script>b", "a b");
        check("a<STYLE>p{}</style >b", "a b");
        check("a<script>never closed", "a");
    }

    #[test]
    fn a_bare_bracket_is_text() {
        check("1 < 2 and 3 > 2", "1 < 2 and 3 > 2");
        check("a <b", "a <b");
        check("<a href='>unclosed", "unclosed");
    }

    #[test]
    fn entities_are_decoded() {
        check("AT&T &amp; caf&eacute; &#8212; &#x2014; &#151;", "AT&T & café — — —");
        check("&copy 2024 ?a=1&copy=2 &notit; &unknown;", "© 2024 ?a=1&copy=2 &notit; &unknown;");
        check("a&nbsp;&nbsp;b&zwj;c&#0;&#xD800;&#99999999999;", "a b\u{200d}c\u{fffd}\u{fffd}\u{fffd}");
        check("&bne;&NotEqualTilde;&quot;&apos;&#", "=\u{20e5}≂\u{338}\"'&#");
    }

    #[test]
    fn controls_go_and_white_space_folds() {
        check("  a\u{1}b \r\n\t c\u{a0}d\u{7f} ", "ab c d");
    }

    #[test]
    fn a_documents_own_names_go_first() {
        let mut decoded = String::new();
        decode_into("&me.too; &amp;", &mut decoded, |name| (name == "me.too").then_some("<us>"));
        assert_eq!(decoded, "<us> &");
    }

    #[test]
    fn every_name_of_the_table_is_within_the_length() {
        let names: Vec<&str> = NAMED.split(' ').step_by(2).collect();
        assert_eq!(names.len(), 2125);
        assert!(names.iter().all(|name| name.len() <= MAX_NAME_BYTES && named(name).is_some()));
    }

    proptest! {
        #[test]
        fn white_space_is_folded_wherever_it_stands(text in "[a-zé \\t\u{a0}]{0,120}") {
            prop_assert_eq!(to_text(&text), text.split_whitespace().collect::<Vec<_>>().join(" "));
        }

        #[test]
        fn any_text_is_read_without_panic(text in "(<[a-z/!?]{0,4}|[\"'>&;#x]|\\PC|script|-->){0,60}") {
            prop_assert!(!to_text(&text).contains("  "));
            prop_assert!(decode_entities(&text).len() <= text.len() * 3);
        }
    }
}
