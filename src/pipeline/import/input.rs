//! The inputs of an import, what they hold, and how far an import of them has come.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, Read, Seek},
    os::fd::AsFd,
    path::Path,
    time::SystemTime,
};

use chrono::{DateTime, Utc};
use flate2::bufread::{GzDecoder, MultiGzDecoder};
use serde::{Deserialize, Serialize};

use super::{
    lines::{Clock, Lines},
    pages::Pages,
};
use crate::{fetch::warc::Place, model::Time};

/// One input of an import: JSON lines or a web archive, plain or packed with gzip. Its first bytes say which.
pub struct Input {
    /// As messages call it.
    pub(super) name: String,
    file: File,
    /// Which file it is, where it is one and the import can go on in it.
    identity: Option<Identity>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Identity {
    key: String,
    version: Version,
}

/// What of a file changes when its contents do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Version {
    size_bytes: u64,
    modified_at: Time,
}

impl Input {
    /// Opens a file.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let found = file.metadata()?;
        if found.is_dir() {
            return Err(io::Error::other("it is a directory; import takes files"));
        }
        let modified_at = DateTime::<Utc>::from(found.modified().unwrap_or(SystemTime::UNIX_EPOCH));
        let identity = found.is_file().then_some(()).and_then(|()| {
            let key = format!("import {}", fs::canonicalize(path).ok()?.display());
            Some(Identity { key, version: Version { size_bytes: found.len(), modified_at } })
        });
        Ok(Self { name: path.display().to_string(), file, identity })
    }

    /// Takes the standard input; an import from it cannot be resumed.
    ///
    /// # Errors
    /// When there is none.
    pub fn stdin() -> io::Result<Self> {
        let file = File::from(io::stdin().as_fd().try_clone_to_owned()?);
        Ok(Self { name: "standard input".to_owned(), file, identity: None })
    }

    /// Returns the size in bytes; `None` where only the end will tell.
    pub fn size(&self) -> Option<u64> {
        self.file.metadata().ok().filter(fs::Metadata::is_file).map(|found| found.len())
    }

    /// Under which key the store keeps how far it was read.
    pub(super) fn key(&self) -> Option<&str> {
        self.identity.as_ref().map(|identity| identity.key.as_str())
    }

    /// Returns how far an earlier attempt came, from what the store keeps; another file is begun anew.
    pub(super) fn position(&self, kept: Option<&str>) -> Position {
        let kept = kept.and_then(|kept| serde_json::from_str::<Position>(kept).ok());
        let version = self.identity.as_ref().map(|identity| identity.version);
        kept.filter(|kept| kept.version == version).unwrap_or(Position { version, ..Position::default() })
    }

    /// Another handle that tells how far the file was read, packed bytes where it is packed.
    pub(super) fn gauge(&self) -> io::Result<Gauge> {
        Ok(Gauge(self.file.try_clone()?))
    }

    /// Opens what it holds at a position.
    pub(super) fn contents(self, position: &Position) -> io::Result<Contents> {
        let mut input = BufReader::with_capacity(1 << 20, self.file);
        let head = input.fill_buf()?;
        let is_packed = head.starts_with(&[0x1f, 0x8b]);
        let mut first = [0; 5];
        let is_warc = match is_packed {
            true => GzDecoder::new(head).read_exact(&mut first).is_ok() && first == *b"WARC/",
            false => head.starts_with(b"WARC/"),
        };
        Ok(if is_warc {
            Contents::Pages(Pages::after(input, position.place, position.items)?)
        } else {
            let input: Box<dyn BufRead> = match is_packed {
                true => Box::new(BufReader::with_capacity(1 << 20, MultiGzDecoder::new(input))),
                false => Box::new(input),
            };
            Contents::Lines(Lines::after(input, position.items, position.offset)?)
        })
    }
}

/// Tells how far a file was read.
pub(super) struct Gauge(File);

impl Gauge {
    /// Returns the bytes; 0 for a pipe.
    pub fn bytes(&mut self) -> u64 {
        self.0.stream_position().unwrap_or(0)
    }
}

/// What an input holds.
pub(super) enum Contents {
    Lines(Lines),
    Pages(Pages),
}

/// How far an import of a file has come. The store keeps it in the order of the articles, so it is never ahead of them.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Position {
    version: Option<Version>,
    /// Lines or answers read.
    pub items: u64,
    /// The bytes of those lines, unpacked.
    offset: u64,
    /// The last record, in a web archive.
    place: Option<Place>,
    /// Where in time the last line stands.
    pub clock: Clock,
    /// Whether that was all.
    pub ended: bool,
}

impl Position {
    /// Notes how far the contents were read.
    pub fn advance(&mut self, contents: &Contents, clock: Clock, ended: bool) {
        match contents {
            Contents::Lines(lines) => (self.items, self.offset) = (lines.line, lines.offset),
            Contents::Pages(pages) => (self.items, self.place) = (pages.answers, pages.place),
        }
        (self.clock, self.ended) = (clock, ended);
    }
}
