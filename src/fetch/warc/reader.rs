//! Reads records, and finds one again by its place.

use std::{
    io::{self, BufRead, ErrorKind, Read, Seek, SeekFrom},
    ops::ControlFlow,
};

use chrono::{DateTime, Utc};
use flate2::bufread::GzDecoder;
use serde::{Deserialize, Serialize};

use super::Answer;
use crate::model::Time;

/// A record's named fields take a kilobyte; more than this is not a record.
const MAX_HEAD_BYTES: usize = 64 << 10;
/// Each damaged place may cost a search through what follows it; a file with more of them is not read to its end.
const MAX_DAMAGED: u32 = 256;
const BUFFER_BYTES: usize = 32 << 10;

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The named fields in order.
    pub fields: Vec<(String, String)>,
    /// What they describe.
    pub block: Vec<u8>,
    /// Where it stands.
    pub place: Place,
}

impl Record {
    /// Returns the first field of that name, case-blind.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Tells whether it is of this type, such as `response`.
    pub fn is_of_type(&self, kind: &str) -> bool {
        self.field("WARC-Type").is_some_and(|known| known.eq_ignore_ascii_case(kind))
    }

    /// Returns the URL that it is about.
    pub fn target_uri(&self) -> Option<&str> {
        // WARC 1.0 was understood by some to want angle brackets.
        self.field("WARC-Target-URI").map(|uri| uri.trim_start_matches('<').trim_end_matches('>'))
    }

    /// Returns when it was recorded.
    pub fn date(&self) -> Option<Time> {
        Some(DateTime::parse_from_rfc3339(self.field("WARC-Date")?).ok()?.with_timezone(&Utc))
    }

    /// Returns the answer in a response record, its body cut at `max_body` bytes; `None` for other records.
    pub fn answer(&self, max_body: u64) -> Option<Answer> {
        self.is_of_type("response").then(|| Answer::parse(&self.block, max_body))?
    }
}

/// Where a record stands in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    offset: u64,
    /// Records before it in the same gzip member.
    skip: u32,
}

/// Goes through the records of a file. What is damaged is left out and counted; an error is one of the disk, and the end.
#[derive(Debug)]
pub struct Reader<R: BufRead + Seek> {
    stream: Stream<R>,
    max_block: usize,
    damaged: u32,
    oversized: u32,
}

impl<R: BufRead + Seek> Reader<R> {
    /// Returns a reader that leaves out records with a block of more than `max_block` bytes.
    pub fn new(input: R, max_block: usize) -> Self {
        Self { stream: Stream::new(input), max_block, damaged: 0, oversized: 0 }
    }

    /// Reads the one record that stood at `place`.
    ///
    /// # Errors
    /// When the file cannot be read, or has changed.
    pub fn read_at(input: R, place: Place, max_block: usize) -> io::Result<Record> {
        Self::new(input, max_block).go_to(place)
    }

    /// Returns a reader that goes on behind the record that stood at `place`.
    ///
    /// # Errors
    /// When the file cannot be read, or has changed.
    pub fn after(input: R, place: Place, max_block: usize) -> io::Result<Self> {
        let mut reader = Self::new(input, max_block);
        reader.go_to(place)?;
        Ok(reader)
    }

    fn go_to(&mut self, place: Place) -> io::Result<Record> {
        self.stream.start_at(place.offset)?;
        for record in self {
            let record = record?;
            if record.place == place {
                return Ok(record);
            }
            if record.place.offset > place.offset {
                break;
            }
        }
        Err(io::Error::new(ErrorKind::InvalidData, "the file has changed: a record is not where it was"))
    }

    /// Returns how many places were damaged.
    pub fn damaged(&self) -> u32 {
        self.damaged
    }

    /// Returns how many records were too large.
    pub fn oversized(&self) -> u32 {
        self.oversized
    }

    /// Reads the next record; `Continue` where it was left out.
    fn read(&mut self) -> io::Result<ControlFlow<Option<Record>>> {
        loop {
            match self.stream.fill()?.first() {
                None => return Ok(ControlFlow::Break(None)),
                Some(b'\r' | b'\n') => self.stream.consume(1),
                Some(_) => break,
            }
        }
        let place = self.stream.place();
        let fields = self.read_fields()?;
        let length = fields.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        let length: u64 =
            length.and_then(|(_, value)| value.parse().ok()).ok_or_else(|| damage("no content length"))?;
        self.stream.skip += 1;
        match usize::try_from(length) {
            Ok(length) if length <= self.max_block => {
                let mut block = Vec::new();
                self.stream.read_exactly(length as u64, |bytes| block.extend_from_slice(bytes))?;
                Ok(ControlFlow::Break(Some(Record { fields, block, place })))
            }
            _ => {
                self.oversized += 1;
                self.stream.read_exactly(length, |_| {})?;
                Ok(ControlFlow::Continue(()))
            }
        }
    }

    fn read_fields(&mut self) -> io::Result<Vec<(String, String)>> {
        let mut left = MAX_HEAD_BYTES;
        if !self.stream.read_line(&mut left)?.starts_with("WARC/") {
            return Err(damage("not a record"));
        }
        let mut fields: Vec<(String, String)> = Vec::new();
        loop {
            let line = self.stream.read_line(&mut left)?;
            if line.is_empty() {
                return Ok(fields);
            }
            if line.starts_with([' ', '\t']) {
                if let Some((_, value)) = fields.last_mut() {
                    value.push(' ');
                    value.push_str(line.trim());
                }
            } else if let Some((name, value)) = line.split_once(':') {
                fields.push((name.trim().to_owned(), value.trim().to_owned()));
            }
        }
    }
}

impl<R: BufRead + Seek> Iterator for Reader<R> {
    type Item = io::Result<Record>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let problem = match self.read() {
                Ok(ControlFlow::Break(record)) => return record.map(Ok),
                Ok(ControlFlow::Continue(())) => continue,
                Err(problem) => problem,
            };
            self.damaged += 1;
            let going_on = if is_damage(&problem) && self.damaged <= MAX_DAMAGED {
                self.stream.start_after_damage()
            } else if is_damage(&problem) {
                self.stream.input = Input::End;
                Ok(())
            } else {
                Err(problem)
            };
            if let Err(problem) = going_on {
                self.stream.input = Input::End;
                return Some(Err(problem));
            }
        }
    }
}

fn damage(what: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what)
}

/// What flate2 and the reader say of bytes that make no sense, as opposed to bytes that cannot be had.
fn is_damage(problem: &io::Error) -> bool {
    matches!(problem.kind(), ErrorKind::InvalidInput | ErrorKind::InvalidData | ErrorKind::UnexpectedEof)
}

/// The decompressed bytes of a file. What is buffered never spans two members, so that places are exact.
#[derive(Debug)]
struct Stream<R> {
    input: Input<R>,
    buffer: Vec<u8>,
    at: usize,
    /// Where the current member began.
    member: u64,
    /// Records begun in the current member.
    skip: u32,
}

#[derive(Debug)]
enum Input<R> {
    Unknown(Counted<R>),
    Gzip(Box<GzDecoder<Counted<R>>>),
    Plain(Counted<R>),
    End,
}

impl<R: BufRead + Seek> Stream<R> {
    fn new(input: R) -> Self {
        Self { input: Input::Unknown(Counted { input, at: 0 }), buffer: Vec::new(), at: 0, member: 0, skip: 0 }
    }

    /// Where the next byte stands.
    fn place(&self) -> Place {
        match &self.input {
            Input::Plain(input) => Place { offset: input.at - (self.buffer.len() - self.at) as u64, skip: 0 },
            _ => Place { offset: self.member, skip: self.skip },
        }
    }

    /// Returns the bytes that come next, of this member or another; none at the end.
    fn fill(&mut self) -> io::Result<&[u8]> {
        while self.fill_inside()?.is_empty() && self.open_member()? {}
        Ok(&self.buffer[self.at..])
    }

    /// Returns the bytes that come next in this member, in which a record has to end; none at its end.
    fn fill_inside(&mut self) -> io::Result<&[u8]> {
        if self.at == self.buffer.len() {
            self.at = 0;
            self.buffer.resize(BUFFER_BYTES, 0);
            let read = match &mut self.input {
                Input::Gzip(decoder) => decoder.read(&mut self.buffer),
                Input::Plain(input) => input.read(&mut self.buffer),
                Input::Unknown(_) | Input::End => Ok(0),
            };
            self.buffer.truncate(*read.as_ref().unwrap_or(&0));
            read?;
        }
        Ok(&self.buffer[self.at..])
    }

    fn consume(&mut self, bytes: usize) {
        self.at += bytes;
    }

    /// Goes on with the next member, if there is one.
    fn open_member(&mut self) -> io::Result<bool> {
        let mut input = match std::mem::replace(&mut self.input, Input::End) {
            Input::Unknown(input) => input,
            Input::Gzip(decoder) => decoder.into_inner(),
            Input::Plain(_) | Input::End => return Ok(false),
        };
        let first = input.at == self.member;
        let next = input.fill_buf()?.first().copied();
        (self.member, self.skip) = (input.at, 0);
        self.input = match next {
            None => Input::End,
            Some(0x1f) => Input::Gzip(Box::new(GzDecoder::new(input))),
            Some(_) if first => Input::Plain(input),
            Some(_) => {
                self.input = Input::Unknown(input);
                return Err(damage("neither a member nor the end"));
            }
        };
        Ok(!matches!(self.input, Input::End))
    }

    fn start_at(&mut self, offset: u64) -> io::Result<()> {
        let mut input = match std::mem::replace(&mut self.input, Input::End) {
            Input::Unknown(input) | Input::Plain(input) => input,
            Input::Gzip(decoder) => decoder.into_inner(),
            Input::End => return Ok(()),
        };
        input.seek_to(offset)?;
        self.buffer.clear();
        (self.at, self.member, self.skip) = (0, offset, 0);
        self.input = Input::Unknown(input);
        Ok(())
    }

    /// Looks for the next gzip member after one that is damaged; an uncompressed file ends at its first damage.
    fn start_after_damage(&mut self) -> io::Result<()> {
        self.buffer.clear();
        self.at = 0;
        let mut input = match std::mem::replace(&mut self.input, Input::End) {
            Input::Unknown(input) => input,
            Input::Gzip(decoder) => decoder.into_inner(),
            Input::Plain(_) | Input::End => return Ok(()),
        };
        input.seek_to(self.member + 1)?;
        let Some(offset) = find_member(&mut input)? else { return Ok(()) };
        self.input = Input::Unknown(input);
        self.start_at(offset)
    }

    fn read_line(&mut self, left: &mut usize) -> io::Result<String> {
        let mut line = Vec::new();
        loop {
            let bytes = self.fill_inside()?;
            let end = bytes.iter().position(|byte| *byte == b'\n');
            let taken = end.map_or(bytes.len(), |end| end + 1);
            if taken == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            *left = left.checked_sub(taken).ok_or_else(|| damage("endless fields"))?;
            line.extend_from_slice(&bytes[..taken]);
            self.consume(taken);
            if end.is_some() {
                return Ok(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned());
            }
        }
    }

    fn read_exactly(&mut self, mut length: u64, mut take: impl FnMut(&[u8])) -> io::Result<()> {
        while length > 0 {
            let bytes = self.fill_inside()?;
            if bytes.is_empty() {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            let taken = bytes.len().min(usize::try_from(length).unwrap_or(usize::MAX));
            take(&bytes[..taken]);
            self.consume(taken);
            length -= taken as u64;
        }
        Ok(())
    }
}

/// Returns where the next gzip member may begin.
fn find_member<R: BufRead>(input: &mut Counted<R>) -> io::Result<Option<u64>> {
    let mut last_four = 0u32;
    loop {
        let bytes = input.fill_buf()?;
        if bytes.is_empty() {
            return Ok(None);
        }
        for (i, byte) in bytes.iter().enumerate() {
            last_four = last_four << 8 | u32::from(*byte);
            // Magic, deflate, and flags without a reserved bit (RFC 1952).
            if last_four >> 8 == 0x1f_8b08 && byte & 0xe0 == 0 {
                return Ok(Some(input.at + i as u64 - 3));
            }
        }
        let read = bytes.len();
        input.consume(read);
    }
}

/// An input that knows how far it was read.
#[derive(Debug)]
struct Counted<R> {
    input: R,
    at: u64,
}

impl<R: Seek> Counted<R> {
    fn seek_to(&mut self, offset: u64) -> io::Result<()> {
        self.at = self.input.seek(SeekFrom::Start(offset))?;
        Ok(())
    }
}

impl<R: BufRead> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.input.fill_buf()
    }

    fn consume(&mut self, bytes: usize) {
        self.at += bytes as u64;
        self.input.consume(bytes);
    }
}

#[cfg(test)]
mod tests;
