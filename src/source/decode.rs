//! From bytes to text, before any parser sees them.
//!
//! A byte order mark is believed, then zero bytes that give UTF-16 and UTF-32 away, then the bytes themselves: what is
//! valid UTF-8 is UTF-8 whatever a declaration says. Only then count what the server and the document declare, and
//! last a guess.

use std::borrow::Cow;

use encoding_rs::{Encoding, ISO_2022_JP, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// How far into a document its own declaration is looked for, in bytes.
const DECLARATION_BYTES: usize = 1024;

/// Returns the body as text, without byte order mark.
pub(super) fn decode<'a>(body: &'a [u8], content_type: Option<&str>) -> Cow<'a, str> {
    if let Some(text) = decode_utf32(body) {
        return Cow::Owned(text);
    }
    if let Some((encoding, mark)) = Encoding::for_bom(body) {
        let body = &body[mark..];
        return if encoding == UTF_8 { utf8(body) } else { encoding.decode_without_bom_handling(body).0 };
    }
    match body {
        [0, b'<' | b'{', ..] => return UTF_16BE.decode_without_bom_handling(body).0,
        [b'<' | b'{', 0, ..] => return UTF_16LE.decode_without_bom_handling(body).0,
        _ => {}
    }
    let declared = content_type.and_then(charset).or_else(|| declaration(body));
    let declared = declared.and_then(|label| Encoding::for_label(label.as_bytes()));
    // The one encoding whose bytes are all valid UTF-8 without being it.
    if declared == Some(ISO_2022_JP) && body.contains(&0x1b) {
        return ISO_2022_JP.decode_without_bom_handling(body).0;
    }
    if let Ok(text) = str::from_utf8(body) {
        return Cow::Borrowed(text);
    }
    match declared.filter(|encoding| encoding.is_ascii_compatible() && *encoding != UTF_8) {
        Some(encoding) => encoding.decode_without_bom_handling(body).0,
        None if declared == Some(UTF_8) || is_mostly_utf8(body) => utf8(body),
        None => guess(body).decode_without_bom_handling(body).0,
    }
}

/// Reads UTF-32, with its mark or by the zero bytes around the first `<`.
fn decode_utf32(body: &[u8]) -> Option<String> {
    let (body, number): (_, fn([u8; 4]) -> u32) = match body {
        [0xff, 0xfe, 0, 0, rest @ ..] => (rest, u32::from_le_bytes),
        [0, 0, 0xfe, 0xff, rest @ ..] => (rest, u32::from_be_bytes),
        [b'<', 0, 0, 0, ..] => (body, u32::from_le_bytes),
        [0, 0, 0, b'<', ..] => (body, u32::from_be_bytes),
        _ => return None,
    };
    let (quads, _) = body.as_chunks::<4>();
    Some(quads.iter().map(|&quad| char::from_u32(number(quad)).unwrap_or(char::REPLACEMENT_CHARACTER)).collect())
}

/// Reads UTF-8 in which single bytes of windows-1252 stand: the usual accident of a feed pasted together.
fn utf8(body: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = str::from_utf8(body) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(body.len());
    for chunk in body.utf8_chunks() {
        text.push_str(chunk.valid());
        text.push_str(&WINDOWS_1252.decode_without_bom_handling(chunk.invalid()).0);
    }
    Cow::Owned(text)
}

/// Whether most of what is not ASCII reads as UTF-8.
fn is_mostly_utf8(body: &[u8]) -> bool {
    let (mut valid, mut invalid) = (0, 0);
    for chunk in body.utf8_chunks() {
        valid += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        invalid += chunk.invalid().len();
    }
    valid > invalid
}

fn guess(body: &[u8]) -> &'static Encoding {
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(body, true);
    detector.guess(None, chardetng::Utf8Detection::Deny)
}

/// Returns the value of `charset` in a content type.
fn charset(content_type: &str) -> Option<&str> {
    let parameters = content_type.split(';').skip(1);
    let value = parameters
        .filter_map(|part| part.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
    value.map(|(_, value)| value.trim().trim_matches(['"', '\'']))
}

/// Returns the encoding that the XML declaration names, or the `<meta>` of a page.
fn declaration(body: &[u8]) -> Option<&str> {
    let head = &body[..body.len().min(DECLARATION_BYTES)];
    let find =
        |word: &[u8]| head.windows(word.len()).position(|at| at.eq_ignore_ascii_case(word)).map(|at| at + word.len());
    let at = find(b"encoding=").or_else(|| find(b"charset="))?;
    let rest = &head[at..];
    let rest = rest.strip_prefix(b"\"").or_else(|| rest.strip_prefix(b"'")).unwrap_or(rest);
    let end =
        rest.iter().position(|byte| !(byte.is_ascii_alphanumeric() || b"-_.:".contains(byte))).unwrap_or(rest.len());
    str::from_utf8(&rest[..end]).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: &[u8], content_type: Option<&str>, expected: &str) {
        assert_eq!(decode(body, content_type), expected);
    }

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn valid_utf8_wins_over_every_declaration() {
        check(
            "<?xml encoding='iso-8859-1'?><a>é</a>".as_bytes(),
            Some("text/xml; charset=koi8-r"),
            "<?xml encoding='iso-8859-1'?><a>é</a>",
        );
        check("\u{feff}<a>é".as_bytes(), None, "<a>é");
    }

    #[test]
    fn declarations_count_where_the_bytes_allow() {
        check(b"<a>caf\xe9", Some("text/xml; charset=\"ISO-8859-1\""), "<a>café");
        check(b"<?xml encoding='windows-1251'?><a>\xcc\xe8\xf0", None, "<?xml encoding='windows-1251'?><a>Мир");
        check(
            b"<?xml encoding='utf-16'?><a>caf\xe9 noir, d\xe9j\xe0 vu",
            None,
            "<?xml encoding='utf-16'?><a>café noir, déjà vu",
        );
        check(b"<?xml encoding='iso-2022-jp'?><a>\x1b$B;q\x1b(B", None, "<?xml encoding='iso-2022-jp'?><a>資");
    }

    #[test]
    fn stray_bytes_in_utf8_are_windows_1252() {
        check(b"<?xml encoding='utf-8'?>\xc3\xa9 caf\xe9 \x93q\x94", None, "<?xml encoding='utf-8'?>é café “q”");
    }

    #[test]
    fn wide_encodings_are_seen_with_and_without_mark() {
        check(&utf16("\u{feff}<a>é", u16::to_le_bytes), None, "<a>é");
        check(&utf16("<a>é", u16::to_be_bytes), None, "<a>é");
        check(&utf16("<a>é", u16::to_le_bytes), Some("text/xml; charset=utf-8"), "<a>é");
        let wide: Vec<u8> = "\u{feff}<a>é".chars().flat_map(|c| u32::from(c).to_be_bytes()).collect();
        check(&wide, None, "<a>é");
        check(&wide[4..], None, "<a>é");
    }
}
