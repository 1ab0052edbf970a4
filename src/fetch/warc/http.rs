//! The HTTP answer inside a response record.

use std::io::Read;

use flate2::read::{MultiGzDecoder, ZlibDecoder};

/// An HTTP answer as a record holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers in order, names as written.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body, out of its chunks and decompressed.
    pub body: Vec<u8>,
}

impl Answer {
    /// Reads an answer; a body longer than `max_body` bytes is cut there.
    ///
    /// Others record what travelled, or undo it and leave the headers that announced it: a body that is not what they say
    /// is taken as it is. `None` is no HTTP at all. Brotli is not undone.
    pub fn parse(block: &[u8], max_body: u64) -> Option<Self> {
        let (head, body) = split_head(block);
        let mut lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
        let status = status(lines.next()?)?;
        let mut answer = Self { status, headers: headers(lines), body: Vec::new() };
        let body = if answer.says("transfer-encoding", b"chunked") { dechunk(body) } else { None }
            .unwrap_or_else(|| body.to_vec());
        answer.body = answer.decompress(&body, max_body).unwrap_or(body);
        answer.body.truncate(usize::try_from(max_body).unwrap_or(usize::MAX));
        Some(answer)
    }

    /// Returns the first header of that name, case-blind.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_slice())
    }

    fn says(&self, name: &str, expected: &[u8]) -> bool {
        self.header(name).is_some_and(|value| value.eq_ignore_ascii_case(expected))
    }

    fn decompress(&self, body: &[u8], max_body: u64) -> Option<Vec<u8>> {
        let encoding = self.header("content-encoding")?.to_ascii_lowercase();
        let decoder: Box<dyn Read> = match encoding.as_slice() {
            b"gzip" | b"x-gzip" => Box::new(MultiGzDecoder::new(body)),
            b"deflate" => Box::new(ZlibDecoder::new(body)),
            b"zstd" => Box::new(zstd::stream::read::Decoder::new(body).ok()?),
            _ => return None,
        };
        let mut text = Vec::new();
        let complete = decoder.take(max_body).read_to_end(&mut text);
        (complete.is_ok() || !text.is_empty()).then_some(text)
    }
}

fn split_head(block: &[u8]) -> (&[u8], &[u8]) {
    let mut at = 0;
    while let Some(line) = block[at..].iter().position(|byte| *byte == b'\n') {
        let end = at + line + 1;
        if block[at..end].trim_ascii().is_empty() && at > 0 {
            return (&block[..at], &block[end..]);
        }
        at = end;
    }
    (block, &[])
}

fn status(line: &[u8]) -> Option<u16> {
    let line = str::from_utf8(line).ok()?;
    let (version, rest) = line.split_once(' ')?;
    let code = rest.trim_start().get(..3)?;
    version.starts_with("HTTP/").then(|| code.parse().ok())?.filter(|status| (100..1000).contains(status))
}

fn headers<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Vec<(String, Vec<u8>)> {
    let mut headers: Vec<(String, Vec<u8>)> = Vec::new();
    for line in lines {
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            if let Some((_, value)) = headers.last_mut() {
                value.push(b' ');
                value.extend_from_slice(line.trim_ascii());
            }
        } else if let Some(colon) = line.iter().position(|byte| *byte == b':') {
            let name = String::from_utf8_lossy(line[..colon].trim_ascii()).into_owned();
            headers.push((name, line[colon + 1..].trim_ascii().to_vec()));
        }
    }
    headers
}

/// Joins the chunks of a body; `None` where it does not consist of chunks. The last chunk may be missing.
fn dechunk(mut body: &[u8]) -> Option<Vec<u8>> {
    let mut joined = Vec::with_capacity(body.len());
    loop {
        let line_end = body.iter().position(|byte| *byte == b'\n');
        let Some(line_end) = line_end else { return (!joined.is_empty()).then_some(joined) };
        let size = str::from_utf8(&body[..line_end]).ok()?.split(';').next()?.trim();
        let size = usize::from_str_radix(size, 16).ok()?;
        if size == 0 {
            return Some(joined);
        }
        body = &body[line_end + 1..];
        joined.extend_from_slice(&body[..size.min(body.len())]);
        body = body.get(size..).unwrap_or_default();
        body = body.strip_prefix(b"\r\n").or_else(|| body.strip_prefix(b"\n")).unwrap_or(body);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(block: &[u8], status: u16, body: &[u8]) {
        let answer = Answer::parse(block, 1000).expect("an answer");
        assert_eq!((answer.status, answer.body.as_slice()), (status, body));
    }

    #[test]
    fn answers_are_read() {
        check(b"HTTP/1.1 200 OK\r\nA: b\r\n\r\nbody\r\n\r\n", 200, b"body\r\n\r\n");
        check(b"HTTP/1.0 404\n\nnone", 404, b"none");
        check(b"HTTP/2 304 \r\netag: x\r\n\r\n", 304, b"");
        check(b"HTTP/1.1 200 OK\r\nno end of head", 200, b"");
        for block in
            [b"".as_slice(), b"GET / HTTP/1.1\r\n\r\n", b"HTTP/1.1 two\r\n\r\n", b"HTTP/1.1 999999\xff", b"\r\n\r\n"]
        {
            assert_eq!(Answer::parse(block, 10).map(|answer| answer.status).filter(|s| *s != 999), None);
        }
    }

    #[test]
    fn headers_fold_and_keep_their_bytes() {
        let answer =
            Answer::parse(b"HTTP/1.1 200 OK\nETag:  \"\xe9\"\nX: a\n  b\nno colon\n\n", 10).expect("an answer");
        assert_eq!(answer.header("etag"), Some(b"\"\xe9\"".as_slice()));
        assert_eq!(answer.header("x"), Some(b"a b".as_slice()));
    }

    #[test]
    fn chunks_are_joined_where_there_are_any() {
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        check(format!("{head}3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n").as_bytes(), 200, b"abcde");
        check(format!("{head}5\r\nabc").as_bytes(), 200, b"abc");
        check(format!("{head}<p>plain\n</p>").as_bytes(), 200, b"<p>plain\n</p>");
    }

    #[test]
    fn compressed_bodies_are_undone_within_the_limit() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&vec![b'a'; 1 << 20]).expect("memory");
        let mut block = b"HTTP/1.1 200 OK\r\nContent-Encoding: GZIP\r\n\r\n".to_vec();
        block.extend(encoder.finish().expect("memory"));
        check(&block, 200, &[b'a'; 1000]);
        check(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\nplain", 200, b"plain");
    }

    proptest! {
        #[test]
        fn any_block_is_survived(block in proptest::collection::vec(any::<u8>(), 0..400)) {
            let mut framed = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n".to_vec();
            framed.extend(&block);
            let _ = Answer::parse(&block, 100);
            prop_assert!(Answer::parse(&framed, 100).expect("an answer").body.len() <= 100);
        }
    }
}
