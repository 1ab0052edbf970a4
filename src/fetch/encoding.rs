//! Undoes the compression of a body, piece by piece, so that whoever asks for the next piece decides how much there is.

use std::{fmt, io};

use compression_codecs::{
    BrotliDecoder, DecodeV2, DeflateDecoder, GzipDecoder, ZlibDecoder, ZstdDecoder,
    core::util::{PartialBuffer, WriteBuffer},
    zstd::params::DParameter,
};

/// The largest window of zstd on the web, 8 MiB (RFC 9659): a frame may ask for 128.
const ZSTD_WINDOW_LOG: u32 = 23;
/// What is handed on at once. Small, since every body under way has one.
const PIECE_BYTES: usize = 16 << 10;

/// Undoes one `Content-Encoding`.
pub(super) struct Decoder {
    coding: Coding,
    codec: Option<Box<dyn DecodeV2 + Send>>,
    /// The compressed data have come to their end.
    ended: bool,
    piece: Vec<u8>,
    /// How much of it was filled the last time.
    filled: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

impl Decoder {
    /// Returns the decoder of a `Content-Encoding`; `None` where there is nothing to undo, or nothing that is known.
    pub fn of(encoding: &str) -> Option<Self> {
        let coding = match encoding.trim().to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => Coding::Gzip,
            "deflate" => Coding::Deflate,
            "br" => Coding::Brotli,
            "zstd" => Coding::Zstd,
            _ => return None,
        };
        Some(Self { coding, codec: None, ended: false, piece: Vec::new(), filled: 0 })
    }

    /// Whether what was decoded stays in the decoder's own memory, too: brotli and zstd look back over megabytes.
    pub fn remembers(&self) -> bool {
        matches!(self.coding, Coding::Brotli | Coding::Zstd)
    }

    /// Takes from the front of `input` and returns the next piece of the body; none when the input is used up.
    ///
    /// # Errors
    /// When the input is not what its encoding says.
    pub fn next(&mut self, input: &mut &[u8]) -> io::Result<Option<&[u8]>> {
        if self.ended {
            // Another member may follow; padding and whatever else comes after the end is passed over.
            if self.coding != Coding::Gzip || !input.starts_with(&[0x1f]) {
                return Ok(None);
            }
            self.codec = None;
            self.ended = false;
        } else if input.is_empty() && self.filled < PIECE_BYTES {
            return Ok(None);
        }
        let codec = self.codec.get_or_insert_with(|| codec(self.coding, input));
        self.piece.resize(PIECE_BYTES, 0);
        let mut from = PartialBuffer::new(*input);
        let mut to = WriteBuffer::new_initialized(&mut self.piece);
        let decoded = codec.decode(&mut from, &mut to);
        let (taken, written) = (from.written_len(), to.written_len());
        self.filled = written;
        self.ended = match decoded {
            // Asked for the rest of what it has, a decoder that has nothing more takes the empty input for a failure.
            Err(_) if input.is_empty() => false,
            decoded => decoded?,
        };
        *input = &input[taken..];
        Ok((taken > 0 || written > 0).then_some(&self.piece[..written]))
    }

    /// Tells that nothing more comes.
    ///
    /// # Errors
    /// When the data have not come to their end. Nothing at all is an empty body, whatever its encoding.
    pub fn finish(self) -> io::Result<()> {
        match self.codec {
            Some(_) if !self.ended => {
                Err(io::Error::new(io::ErrorKind::UnexpectedEof, "compressed data end too early"))
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Decoder({:?})", self.coding)
    }
}

fn codec(coding: Coding, start: &[u8]) -> Box<dyn DecodeV2 + Send> {
    match coding {
        Coding::Gzip => Box::new(GzipDecoder::new()),
        // Half of the servers mean zlib, as RFC 9110 does, the others what the name says.
        Coding::Deflate if is_zlib(start) => Box::new(ZlibDecoder::new()),
        Coding::Deflate => Box::new(DeflateDecoder::new()),
        Coding::Brotli => Box::new(BrotliDecoder::new()),
        Coding::Zstd => Box::new(ZstdDecoder::new_with_params(&[DParameter::window_log_max(ZSTD_WINDOW_LOG)])),
    }
}

/// Whether data begin as zlib's do (RFC 1950, section 2.2).
fn is_zlib(start: &[u8]) -> bool {
    match start {
        [first, second, ..] => first & 0x0f == 8 && u16::from_be_bytes([*first, *second]).is_multiple_of(31),
        [first] => first & 0x0f == 8,
        [] => true,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{
        Compression,
        write::{DeflateEncoder, GzEncoder, ZlibEncoder},
    };

    use super::*;

    fn text() -> Vec<u8> {
        (0..8_000u32).flat_map(|n| n.to_string().into_bytes()).collect()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).expect("memory");
        encoder.finish().expect("memory")
    }

    fn decode(encoding: &str, bytes: &[u8], at_once: usize) -> io::Result<Vec<u8>> {
        let mut decoder = Decoder::of(encoding).expect("it is known");
        let mut body = Vec::new();
        for mut chunk in bytes.chunks(at_once) {
            while let Some(piece) = decoder.next(&mut chunk)? {
                assert!(piece.len() <= PIECE_BYTES);
                body.extend_from_slice(piece);
            }
        }
        decoder.finish().map(|()| body)
    }

    #[test]
    fn every_encoding_is_undone_however_it_comes() {
        let text = text();
        let mut deflate = DeflateEncoder::new(Vec::new(), Compression::default());
        deflate.write_all(&text).expect("memory");
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
        zlib.write_all(&text).expect("memory");
        let zstd = zstd::encode_all(text.as_slice(), 3).expect("memory");
        for (encoding, bytes) in [
            ("gzip", gzip(&text)),
            ("X-GZIP", [gzip(&text[..10]), gzip(&text[10..])].concat()),
            ("gzip", [gzip(&text).as_slice(), b"\0\0\0"].concat()),
            ("deflate", deflate.finish().expect("memory")),
            ("deflate", zlib.finish().expect("memory")),
            ("zstd", zstd),
        ] {
            for at_once in [1, 7, 1000, usize::MAX] {
                assert!(
                    decode(encoding, &bytes, at_once).expect("memory") == text,
                    "{encoding}, {at_once} bytes at once"
                );
            }
        }
        // "hello" twice, by another program.
        let brotli = b"\x8b\x04\x80hellohello\x03";
        assert_eq!(decode("br", brotli, 3).expect("memory"), b"hellohello");
    }

    #[test]
    fn what_is_cut_or_no_such_data_is_said_to_be() {
        let whole = gzip(&text());
        assert_eq!(
            decode("gzip", &whole[..whole.len() - 9], 1000).expect_err("it is cut").kind(),
            io::ErrorKind::UnexpectedEof
        );
        for encoding in ["gzip", "deflate", "br", "zstd"] {
            assert!(decode(encoding, b"<html>plain text, not compressed</html>", 1000).is_err(), "{encoding}");
            assert_eq!(decode(encoding, b"", 1000).expect("memory"), b"", "{encoding}");
        }
        assert!(Decoder::of("identity").is_none() && Decoder::of("utf-8").is_none());
    }

    #[test]
    fn a_zstd_frame_with_a_huge_window_is_refused() {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).expect("memory");
        encoder.window_log(27).expect("memory");
        encoder.write_all(&vec![0; 1 << 20]).expect("memory");
        assert!(decode("zstd", &encoder.finish().expect("memory"), 1000).is_err());
    }
}
