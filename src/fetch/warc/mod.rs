//! Recordings of exchanges: WARC 1.1 (ISO 28500), every record its own gzip member.
//!
//! [`Writer`] writes what [`Reader`] reads; the reader also takes what others write: uncompressed files, files compressed
//! as a whole, WARC 1.0, bodies in chunks or compressed. Revisit records and WARC/ARC indexes are not read.

mod http;
mod reader;
mod writer;

pub(super) use self::writer::target;
pub use self::{
    http::Answer,
    reader::{Place, Reader, Record},
    writer::{Exchange, Writer},
};
