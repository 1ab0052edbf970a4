//! Claims about reading recordings.

use std::io::{Cursor, Write};

use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::{super::*, *};

const LIMIT: usize = 1 << 20;

fn exchange<'a>(url: &'a str, body: &'a [u8]) -> Exchange<'a> {
    Exchange {
        url,
        date: DateTime::from_timestamp(1_780_000_000, 123_456_789).expect("a date"),
        request_headers: &[("accept", b"*/*")],
        status: 200,
        headers: &[("etag", b"\"\xe9\""), ("Content-Length", b"999"), ("content-encoding", b"br")],
        body,
    }
}

fn recording(bodies: &[&[u8]]) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new());
    writer.info(DateTime::UNIX_EPOCH).expect("memory");
    for (number, body) in bodies.iter().enumerate() {
        writer.exchange(&exchange(&format!("http://a.example/{number}"), body)).expect("memory");
    }
    writer.into_inner()
}

fn read(bytes: &[u8]) -> (Vec<Record>, u32) {
    let mut reader = Reader::new(Cursor::new(bytes), LIMIT);
    let records = reader.by_ref().collect::<io::Result<_>>().expect("memory does not fail");
    (records, reader.damaged())
}

fn bodies(records: &[Record]) -> Vec<String> {
    records.iter().filter_map(|r| r.answer(1 << 20)).map(|a| String::from_utf8_lossy(&a.body).into_owned()).collect()
}

fn unzip(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    flate2::read::MultiGzDecoder::new(bytes).read_to_end(&mut plain).expect("gzip");
    plain
}

#[test]
fn what_is_written_is_read() {
    let (records, damaged) = read(&recording(&[b"first", b"", b"third\r\n\r\nWARC/1.1\r\n"]));
    assert_eq!((records.len(), damaged), (7, 0));
    assert_eq!(bodies(&records), ["first", "", "third\r\n\r\nWARC/1.1\r\n"]);
    let response = &records[2];
    assert_eq!(response.target_uri(), Some("http://a.example/0"));
    assert_eq!(response.date(), DateTime::from_timestamp(1_780_000_000, 123_456_000));
    let answer = response.answer(1 << 20).expect("an answer");
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.headers,
        [("etag".to_owned(), b"\"\xe9\"".to_vec()), ("content-length".to_owned(), b"5".to_vec())]
    );
    assert_eq!(records[1].field("WARC-Concurrent-To"), response.field("warc-record-id"));
    assert!(records[1].block.starts_with(b"GET /0 HTTP/1.1\r\nhost: a.example\r\naccept: */*\r\n\r\n"));
}

#[test]
fn each_record_is_a_member_and_is_found_again_by_its_place() {
    let bytes = recording(&[b"first", b"second"]);
    for file in [bytes.clone(), unzip(&bytes), whole(&bytes)] {
        let (records, damaged) = read(&file);
        assert_eq!((records.len(), damaged), (5, 0));
        for record in records {
            let again = Reader::read_at(Cursor::new(&file), record.place, LIMIT).expect("still there");
            assert_eq!(again, record);
        }
    }
    let (records, _) = read(&bytes);
    assert!(records.iter().all(|record| record.place.skip == 0));
}

fn whole(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&unzip(bytes)).expect("memory");
    encoder.finish().expect("memory")
}

#[test]
fn a_file_is_the_same_whenever_it_is_written() {
    assert_eq!(recording(&[b"a", b"b"]), recording(&[b"a", b"b"]));
}

#[test]
fn a_password_is_not_written() {
    let mut writer = Writer::new(Vec::new());
    writer.exchange(&exchange("http://user:secret@a.example/x#top", b"")).expect("memory");
    let bytes = writer.into_inner();
    assert!(!String::from_utf8_lossy(&unzip(&bytes)).contains("secret"));
    assert_eq!(read(&bytes).0[1].target_uri(), Some("http://a.example/x"));
}

#[test]
fn a_recording_that_was_cut_off_goes_on_after_the_damage() {
    let noise: Vec<u8> = (0..300u32).flat_map(|n| Sha256::digest(n.to_le_bytes())).collect();
    let first = recording(&[b"first", &noise]);
    for cut in [1, 5, 9, 200, 3000] {
        let mut bytes = first[..first.len() - cut].to_vec();
        bytes.extend(recording(&[b"second", b"third"]));
        let (records, damaged) = read(&bytes);
        let read = bodies(&records);
        assert_eq!(
            (&read[0], &read[read.len() - 2..]),
            (&"first".to_owned(), ["second".to_owned(), "third".to_owned()].as_slice())
        );
        assert!(damaged >= 1);
    }
}

#[test]
fn a_record_that_claims_more_than_its_member_takes_no_other_with_it() {
    let member = |length| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        write!(encoder, "WARC/1.0\r\nContent-Length: {length}\r\n\r\nabc\r\n\r\n").expect("memory");
        encoder.finish().expect("memory")
    };
    let (records, damaged) = read(&[member(3), member(900), member(3)].concat());
    assert_eq!((records.len(), damaged), (2, 1));
}

#[test]
fn the_end_may_be_missing_or_be_something_else() {
    let bytes = recording(&[b"first", b"second"]);
    let (records, damaged) = read(&bytes[..bytes.len() - 3]);
    // The record itself was complete; only the member's end was not.
    assert_eq!((bodies(&records).len(), damaged), (2, 1));
    let mut padded = bytes.clone();
    padded.extend([0; 512]);
    assert_eq!((read(&padded).0.len(), read(&padded).1), (5, 1));
    assert_eq!(read(b""), (Vec::new(), 0));
}

#[test]
fn records_that_are_too_large_are_left_out() {
    let bytes = recording(&[&vec![b'x'; LIMIT + 1], b"small"]);
    let mut reader = Reader::new(Cursor::new(bytes), LIMIT);
    let records: Vec<_> = reader.by_ref().collect::<io::Result<_>>().expect("memory does not fail");
    assert_eq!((bodies(&records), reader.oversized(), reader.damaged()), (vec!["small".to_owned()], 1, 0));
}

#[test]
fn files_of_others_are_read() {
    let other = b"WARC/1.0\r\nwarc-type: response\r\nWARC-Target-URI: <http://a.example/>\r\nX: a\r\n b\r\n\
        WARC-Date: 2026-11-22T10:00:00Z\r\ncontent-length:  19\r\n\r\nHTTP/1.0 200 OK\n\nhi\r\n\r\n\
        WARC/1.0\r\nWARC-Type: resource\r\nContent-Length: 0\r\n\r\n\r\n\r\n";
    let (records, damaged) = read(other);
    assert_eq!((records.len(), damaged), (2, 0));
    assert_eq!(records[0].target_uri(), Some("http://a.example/"));
    assert_eq!((records[0].field("x"), bodies(&records)), (Some("a b"), vec!["hi".to_owned()]));
    for broken in [b"WARC/1.0\r\n\r\n".as_slice(), b"nothing of the kind", b"WARC/1.0\r\nContent-Length: 9\r\n\r\nabc"]
    {
        assert_eq!((read(broken).0.len(), read(broken).1), (0, 1));
    }
    assert_eq!(read(&[b"WARC/1.0\r\nA: ".as_slice(), &vec![b'x'; 100_000]].concat()), (Vec::new(), 1));
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let mut gzip = vec![0x1f, 0x8b, 8, 0];
        gzip.extend(&bytes);
        let mut head = b"WARC/1.1\r\n".to_vec();
        head.extend(&bytes);
        for bytes in [bytes, gzip, head] {
            let (records, _) = read(&bytes);
            prop_assert!(records.len() <= bytes.len());
        }
    }

    #[test]
    fn any_damage_to_a_recording_leaves_a_readable_one(at in 0usize..2000, byte: u8, cut in 0usize..2000) {
        let mut bytes = recording(&[b"first", b"second", b"third"]);
        let at = at % bytes.len();
        bytes[at] = byte;
        let cut = bytes.len() - cut % bytes.len();
        let (records, damaged) = read(&bytes[..cut]);
        prop_assert!(records.len() <= 7 && damaged <= MAX_DAMAGED);
        prop_assert!(cut < bytes.len() || records.len() >= 5);
    }
}

#[test]
fn reading_goes_on_behind_any_record() {
    let members = recording(&[b"first", b"second", b"third"]);
    let mut whole = GzEncoder::new(Vec::new(), Compression::fast());
    whole.write_all(&unzip(&members)).expect("memory");
    for file in [members.clone(), unzip(&members), whole.finish().expect("memory")] {
        let (records, _) = read(&file);
        for (number, record) in records.iter().enumerate() {
            let rest = Reader::after(Cursor::new(&file), record.place, LIMIT).expect("it is there");
            assert_eq!(rest.collect::<io::Result<Vec<_>>>().expect("memory"), records[number + 1..]);
        }
        let beyond = Place { offset: file.len() as u64, skip: 0 };
        assert!(Reader::after(Cursor::new(&file), beyond, LIMIT).is_err());
    }
}
