//! Reading a file as text, and saying plainly why it cannot be.

use std::{io, path::Path};

/// Why a file gives no text.
pub(super) enum Unreadable {
    /// Not UTF-8, first on this line.
    NotText { line: usize },
    /// The system does not give it, for this reason.
    NotRead(String),
}

pub(super) fn read_text(file: &Path) -> Result<String, Unreadable> {
    let bytes = std::fs::read(file).map_err(|error| Unreadable::NotRead(plain(&error)))?;
    let text = decode(&bytes).map_err(|line| Unreadable::NotText { line })?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

/// Reads bytes as UTF-8, or in the encoding that an XML declaration or a byte order mark names; else returns the line of
/// the first byte that is not UTF-8.
fn decode(bytes: &[u8]) -> Result<String, usize> {
    let error = match std::str::from_utf8(bytes) {
        Ok(text) => return Ok(text.to_owned()),
        Err(error) => error,
    };
    let declared = || {
        let head = bytes.get(..200).unwrap_or(bytes);
        let head = head.starts_with(b"<?xml").then(|| String::from_utf8_lossy(head).into_owned())?;
        let label = head.split_once("encoding=")?.1.get(1..)?.split(['"', '\'']).next()?.to_owned();
        encoding_rs::Encoding::for_label(label.as_bytes())
    };
    match encoding_rs::Encoding::for_bom(bytes).map(|(encoding, _)| encoding).or_else(declared) {
        Some(encoding) if encoding != encoding_rs::UTF_8 => Ok(encoding.decode(bytes).0.into_owned()),
        _ => Err(bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1),
    }
}

/// Says what an input or output error means without its number.
fn plain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "may not be read".to_owned(),
        io::ErrorKind::IsADirectory => "is a directory".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_utf_8_or_what_they_declare() {
        for (bytes, expected) in [
            ("<a>ж</a>".as_bytes(), Ok("<a>ж</a>")),
            ("<?xml encoding='windows-1251'?>ж".as_bytes(), Ok("<?xml encoding='windows-1251'?>ж")),
            (
                b"<?xml version=\"1.0\" encoding=\"windows-1251\"?>\xe6",
                Ok("<?xml version=\"1.0\" encoding=\"windows-1251\"?>ж"),
            ),
            (b"\xff\xfe<\0a\0", Ok("<a")),
            (b"a\nb\xe6", Err(2)),
            (b"<?xml encoding=", Ok("<?xml encoding=")),
            (b"<?xml encoding=\xff", Err(1)),
        ] {
            assert_eq!(decode(bytes).as_deref(), expected.as_ref().map(|text| *text));
        }
    }
}
