//! How ids, times, lists and texts stand in the columns of the database.

use std::cell::RefCell;

use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use serde::{Serialize, de::DeserializeOwned};
use zstd::bulk::{Compressor, Decompressor};

use super::Error;
use crate::model::{ArticleId, EntryId, SourceId, StoryId, Time};

/// zstd's own default: on news texts of 3.5 kB each level above costs more time than it saves space.
const LEVEL: i32 = 3;

/// What the entries of a poll say (43 kB, of 2,600 bundles) takes two thirds of the time of zstd's default, and a
/// twentieth more room until they are settled; the faster levels below save no time on it.
const BRIEF_LEVEL: i32 = 1;

/// No text comes from a page larger than `http.max_body` can reasonably be; a damaged length must not ask for more.
const MAX_TEXT_BYTES: usize = 256 << 20;

macro_rules! id_column {
    ($($id:ident)*) => {$(
        impl ToSql for $id {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(ToSqlOutput::from(self.bits().cast_signed()))
            }
        }

        impl FromSql for $id {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                value.as_i64().map(|bits| Self::from_bits(bits.cast_unsigned()))
            }
        }
    )*};
}

id_column!(ArticleId EntryId SourceId StoryId);

/// A moment as milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ms(pub Time);

impl ToSql for Ms {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.0.timestamp_millis()))
    }
}

impl FromSql for Ms {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let ms = value.as_i64()?;
        Time::from_timestamp_millis(ms).map(Self).ok_or(rusqlite::types::FromSqlError::OutOfRange(ms))
    }
}

/// Writes a value as JSON.
pub(super) fn to_json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("the model's types have text keys and no failing serializer")
}

/// Reads a value that [`to_json`] wrote.
pub(super) fn from_json<T: DeserializeOwned>(what: &'static str, text: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(text).map_err(|error| Error::Unreadable { what, detail: error.to_string() })
}

/// Compresses texts; one is kept for long, because its tables cost more than a text.
pub(super) struct Packer {
    thorough: Compressor<'static>,
    brief: Compressor<'static>,
}

impl Packer {
    pub(super) fn new() -> Self {
        let level = |level| Compressor::new(level).expect("zstd knows the level");
        Self { thorough: level(LEVEL), brief: level(BRIEF_LEVEL) }
    }

    /// Packs what is kept.
    pub(super) fn pack(&mut self, text: &[u8]) -> Vec<u8> {
        self.thorough.compress(text).expect("the buffer has the size that zstd asks for")
    }

    /// Packs what is soon dropped.
    pub(super) fn pack_briefly(&mut self, text: &[u8]) -> Vec<u8> {
        self.brief.compress(text).expect("the buffer has the size that zstd asks for")
    }
}

/// Restores texts; the counterpart of [`Packer`].
pub(super) struct Unpacker(RefCell<Decompressor<'static>>);

impl Unpacker {
    pub(super) fn new() -> Self {
        Self(RefCell::new(Decompressor::default()))
    }

    pub(super) fn unpack(&self, what: &'static str, packed: &[u8]) -> Result<Vec<u8>, Error> {
        let unreadable = |detail: String| Error::Unreadable { what, detail };
        let size = zstd::zstd_safe::get_frame_content_size(packed).ok().flatten();
        let size = size.and_then(|size| usize::try_from(size).ok()).filter(|size| *size <= MAX_TEXT_BYTES);
        let size = size.ok_or_else(|| unreadable("no zstd frame".to_owned()))?;
        self.0.borrow_mut().decompress(packed, size).map_err(|error| unreadable(error.to_string()))
    }

    pub(super) fn unpack_text(&self, what: &'static str, packed: &[u8]) -> Result<String, Error> {
        String::from_utf8(self.unpack(what, packed)?)
            .map_err(|error| Error::Unreadable { what, detail: error.to_string() })
    }
}
