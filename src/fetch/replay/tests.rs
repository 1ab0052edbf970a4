//! Claims about replayed recordings.

use std::{io::BufWriter, io::Write};

use super::*;
use crate::fetch::{Purpose, warc};

type Recorded<'a> = (&'a str, u16, &'a [(&'a str, &'a [u8])], &'a [u8]);

fn record(path: &Path, exchanges: &[Recorded]) {
    let mut writer = warc::Writer::new(BufWriter::new(File::create(path).expect("a file")));
    for (url, status, headers, body) in exchanges {
        let date = chrono::DateTime::UNIX_EPOCH;
        let exchange = warc::Exchange { url, date, request_headers: &[], status: *status, headers, body };
        writer.exchange(&exchange).expect("disk");
    }
    writer.into_inner().flush().expect("disk");
}

async fn ask(replay: &Replay, url: &str, etag: Option<&str>) -> (u16, String) {
    let mut request = Request::new(url, Purpose::Source);
    request.validators.etag = etag.map(str::to_owned);
    let got = replay.fetch(request).await.expect("an answer");
    assert_eq!(got.url, url);
    (got.status, String::from_utf8(got.body.to_vec()).expect("text"))
}

const FEED: &str = "http://a.example/feed";

#[tokio::test]
async fn answers_come_in_recorded_order_and_the_last_repeats() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("r.warc.gz");
    record(
        &path,
        &[
            (FEED, 200, &[], b"1"),
            ("http://b.example/", 404, &[], b"no"),
            (FEED, 500, &[], b"2"),
            (FEED, 200, &[], b"3"),
        ],
    );
    let replay = Replay::open(&path, dir.path()).expect("a recording");
    let mut got = Vec::new();
    for _ in 0..4 {
        got.push(ask(&replay, FEED, None).await);
    }
    let expected = [(200, "1"), (500, "2"), (200, "3"), (200, "3")].map(|(status, body)| (status, body.to_owned()));
    assert_eq!(got, expected);
    assert_eq!(ask(&replay, "http://b.example/#x", None).await, (404, "no".to_owned()));
}

#[tokio::test]
async fn a_restarted_replay_goes_on_where_it_was() {
    let dir = tempfile::tempdir().expect("a directory");
    let (path, other) = (dir.path().join("r.warc.gz"), dir.path().join("other.warc.gz"));
    record(&path, &[(FEED, 200, &[], b"1"), (FEED, 200, &[], b"2"), (FEED, 200, &[], b"3")]);
    for expected in ["1", "2", "3", "3"] {
        let replay = Replay::open(&path, dir.path()).expect("a recording");
        assert_eq!(ask(&replay, FEED, None).await.1, expected);
    }
    fs::copy(&path, &other).expect("disk");
    let replay = Replay::open(&other, dir.path()).expect("a recording");
    assert_eq!(ask(&replay, FEED, None).await.1, "1", "another recording starts at its beginning");
    fs::write(dir.path().join(POSITION_FILE), "{ broken").expect("disk");
    let replay = Replay::open(&path, dir.path()).expect("a recording");
    assert_eq!(ask(&replay, FEED, None).await.1, "1");
}

#[tokio::test]
async fn whoever_has_the_answer_is_told_so() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("r.warc.gz");
    record(&path, &[(FEED, 200, &[("etag", b"\"1\"")], b"1"), (FEED, 200, &[("ETag", b"\"2\"")], b"2")]);
    let replay = Replay::open(&path, dir.path()).expect("a recording");
    assert_eq!(ask(&replay, FEED, None).await, (200, "1".to_owned()));
    assert_eq!(ask(&replay, FEED, Some("\"1\"")).await, (200, "2".to_owned()));
    assert_eq!(ask(&replay, FEED, Some("\"2\"")).await, (304, String::new()));
    assert_eq!(ask(&replay, FEED, Some("\"1\"")).await, (200, "2".to_owned()));
    assert_eq!(ask(&replay, FEED, None).await, (200, "2".to_owned()));
}

#[tokio::test]
async fn not_modified_is_never_said_to_whoever_did_not_ask() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("r.warc.gz");
    let page = "http://a.example/page";
    record(&path, &[(FEED, 200, &[], b"1"), (FEED, 304, &[], b""), (page, 304, &[], b""), (page, 200, &[], b"p")]);
    let replay = Replay::open(&path, dir.path()).expect("a recording");
    ask(&replay, FEED, None).await;
    assert_eq!(ask(&replay, FEED, None).await, (200, "1".to_owned()));
    assert_eq!(ask(&replay, FEED, Some("\"any\"")).await, (304, String::new()));
    assert_eq!(ask(&replay, page, None).await, (200, "p".to_owned()));
}

#[tokio::test]
async fn unknown_urls_are_unreachable_hosts() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("r.warc.gz");
    record(&path, &[(FEED, 200, &[], b"1")]);
    let replay = Replay::open(&path, dir.path()).expect("a recording");
    let problem = replay.fetch(Request::new("http://c.example/", Purpose::Page)).await.expect_err("not recorded");
    assert!(matches!(&problem, Error::Unreachable { host, .. } if host == "c.example") && problem.is_transient());
    assert!(matches!(replay.fetch(Request::new("file:///x", Purpose::Page)).await, Err(Error::Scheme { .. })));
}

#[test]
fn a_file_that_is_no_recording_is_refused() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("r.warc.gz");
    assert!(matches!(Replay::open(&path, dir.path()), Err(Error::Recording { .. })));
    fs::write(&path, "no recording").expect("disk");
    assert!(matches!(Replay::open(&path, dir.path()), Err(Error::Recording { .. })));
}
