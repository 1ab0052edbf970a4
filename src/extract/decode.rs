//! Bytes to text: which encoding a page is in.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8};

/// How far into a page a `<meta charset>` is looked for. The HTML standard asks for 1,024 bytes; pages with long comments
/// before it are common enough for more.
const META_WINDOW: usize = 4096;

/// How much is shown to the detector, which needs no more and runs at some 100 MB/s.
const DETECT_WINDOW: usize = 256 * 1024;

/// Returns the first `limit` bytes of a page as text.
///
/// Bytes that are valid UTF-8 are UTF-8 whatever is declared; else a byte order mark decides, then the `Content-Type`
/// header, then the page's own `<meta>`, then what the bytes look like.
pub(super) fn decode<'a>(bytes: &'a [u8], content_type: Option<&str>, limit: usize) -> Cow<'a, str> {
    let cut = bytes.len() > limit;
    let bytes = &bytes[..bytes.len().min(limit)];
    let (encoding, bom) = Encoding::for_bom(bytes).unwrap_or((UTF_8, 0));
    let bytes = &bytes[bom..];
    if encoding != UTF_8 {
        return encoding.decode_without_bom_handling(bytes).0;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => return Cow::Borrowed(text),
        // The limit may cut a character in two: that is no reason to doubt the rest.
        Err(e) if cut && e.error_len().is_none() => {
            return String::from_utf8_lossy(&bytes[..e.valid_up_to()]);
        }
        Err(_) => {}
    }
    let declared = if bom > 0 {
        Some(UTF_8)
    } else {
        content_type
            .and_then(|header| charset(header.as_bytes()))
            .or_else(|| charset(&bytes[..bytes.len().min(META_WINDOW)]))
    };
    // A page in UTF-16 could not have spelled its own declaration in ASCII.
    let declared = declared.filter(|encoding| encoding.is_ascii_compatible());
    declared.unwrap_or_else(|| detect(bytes)).decode_without_bom_handling(bytes).0
}

/// Finds `charset=NAME` in a header or in the head of a page.
fn charset(text: &[u8]) -> Option<&'static Encoding> {
    let lower = text.to_ascii_lowercase();
    let at = lower.windows(7).position(|window| window == b"charset")? + 7;
    let rest = lower[at..].trim_ascii_start().strip_prefix(b"=")?;
    let rest = rest.trim_ascii_start();
    let rest = rest.strip_prefix(b"\"").or_else(|| rest.strip_prefix(b"'")).unwrap_or(rest);
    let end = rest.iter().position(|b| !(b.is_ascii_alphanumeric() || b"-_:.".contains(b))).unwrap_or(rest.len());
    Encoding::for_label(&rest[..end])
}

fn detect(bytes: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(&bytes[..bytes.len().min(DETECT_WINDOW)], true);
    detector.guess(None, Utf8Detection::Allow)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], content_type: Option<&str>, expected: &str) {
        assert_eq!(decode(bytes, content_type, 1 << 20), expected);
    }

    #[test]
    fn valid_utf8_beats_every_declaration() {
        check(
            "<meta charset=latin1>Größe".as_bytes(),
            Some("text/html; charset=windows-1251"),
            "<meta charset=latin1>Größe",
        );
        check(b"\xef\xbb\xbfabc", None, "abc");
    }

    #[test]
    fn a_declaration_decides_what_is_not_utf8() {
        check(b"Gr\xf6\xdfe", Some("text/html; charset=\"ISO-8859-1\""), "Größe");
        check(b"<meta charset='windows-1251'>\xcc\xe8\xf0", None, "<meta charset='windows-1251'>Мир");
        check(b"\xff\xfea\0b\0", Some("text/html; charset=utf-8"), "ab");
    }

    #[test]
    fn undeclared_bytes_are_recognised() {
        let russian = "Министерство обороны сообщило о переговорах";
        let (bytes, ..) = encoding_rs::WINDOWS_1251.encode(russian);
        check(&bytes, None, russian);
    }

    #[test]
    fn a_cut_character_does_not_spoil_the_rest() {
        assert_eq!(decode("aé".as_bytes(), None, 2), "a");
    }
}
