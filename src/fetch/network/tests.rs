//! Claims about requests over the network, against scripted servers.

use std::{io::Write, net::IpAddr, sync::Arc};

use flate2::{Compression, write::GzEncoder};
use tokio::{io::AsyncWriteExt, net::TcpListener};

use super::*;
use crate::fetch::{
    scripted::{Say, Server},
    warc::Reader,
};

const BRIEFLY: Duration = Duration::from_millis(500);

fn open_settings() -> Http {
    // A limit that no machine reaches by being slow: few of these claims are about time.
    Http { allow_private_addresses: true, timeout: Duration::from_secs(600), ..Http::default() }
}

async fn fetch(http: &Http, request: Request) -> Result<Response, Error> {
    Network::new(http).expect("settings are fine").fetch(request).await
}

async fn get(http: &Http, script: Vec<Say>) -> Result<Response, Error> {
    let server = Server::start(script).await;
    fetch(http, Request::new(server.url("/a"), Purpose::Page)).await
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).expect("memory");
    encoder.finish().expect("memory")
}

fn answer(head: &str, body: &[u8]) -> Say {
    let mut bytes = format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(body);
    Say::Bytes(bytes)
}

#[tokio::test]
async fn an_answer_comes_with_status_headers_and_body() {
    let got =
        get(&open_settings(), vec![answer("404 Gone fishing\r\nX-Note: caf\u{e9}\r\nx-bad name: 1", b"hello")]).await;
    let got = got.expect("an answer");
    assert_eq!((got.status, got.body.as_ref(), got.wire_bytes), (404, b"hello".as_slice(), 5));
    assert_eq!(got.headers.get("x-NOTE").as_deref(), Some("caf\u{e9}"));
}

#[tokio::test]
async fn latin1_headers_are_no_failure() {
    let bytes = b"HTTP/1.1 200 OK\r\nx-note: caf\xe9\r\netag: \"\xe9\"\r\ncontent-length: 0\r\n\r\n".to_vec();
    let got = get(&open_settings(), vec![Say::Bytes(bytes)]).await.expect("an answer");
    assert_eq!(got.headers.get("x-note").as_deref(), Some("caf\u{e9}"));
}

#[tokio::test]
async fn compressed_bodies_are_decompressed() {
    let got = get(&open_settings(), vec![answer("200 OK\r\ncontent-encoding: gzip", &gzip(b"hello"))]).await;
    assert_eq!(got.expect("an answer").body.as_ref(), b"hello");
    let zstd = zstd::encode_all(b"hello".as_slice(), 3).expect("memory");
    let got = get(&open_settings(), vec![answer("200 OK\r\ncontent-encoding: zstd", &zstd)]).await;
    assert_eq!(got.expect("an answer").body.as_ref(), b"hello");
}

#[tokio::test]
async fn an_empty_body_that_claims_to_be_compressed_is_empty() {
    let not_modified = "HTTP/1.1 304 Not Modified\r\ncontent-encoding: gzip\r\netag: \"x\"\r\n\r\n";
    let got = get(&open_settings(), vec![Say::text(not_modified)]).await.expect("an answer");
    assert_eq!((got.status, got.body.len()), (304, 0));
    let got = get(&open_settings(), vec![answer("200 OK\r\ncontent-encoding: gzip", b"")]).await.expect("an answer");
    assert_eq!((got.status, got.body.len()), (200, 0));
}

#[tokio::test]
async fn a_gzip_bomb_stops_at_the_limit() {
    let bomb = gzip(&vec![0; 16 << 20]);
    assert!(bomb.len() < 1 << 20);
    let http = Http { max_body: 1 << 20, ..open_settings() };
    let problem = get(&http, vec![answer("200 OK\r\ncontent-encoding: gzip", &bomb)]).await.expect_err("too large");
    assert!(matches!(problem, Error::TooLarge { limit, .. } if limit == 1 << 20), "{problem}");
    assert!(!problem.is_transient());
}

#[tokio::test]
async fn a_body_of_exactly_the_limit_passes() {
    let http = Http { max_body: 5, ..open_settings() };
    assert_eq!(get(&http, vec![answer("200 OK", b"hello")]).await.expect("fits").body.len(), 5);
    let problem = get(&http, vec![answer("200 OK", b"hello!")]).await.expect_err("one too many");
    assert!(matches!(problem, Error::TooLarge { limit: 5, .. }), "{problem}");
}

#[tokio::test]
async fn an_endless_body_stops_at_the_limit() {
    let http = Http { max_body: 1 << 20, ..open_settings() };
    let endless = Say::Forever(b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), vec![b'x'; 10_000]);
    assert!(matches!(get(&http, vec![endless]).await, Err(Error::TooLarge { .. })));
    let chunks =
        Say::Forever(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec(), b"4\r\nwiki\r\n".repeat(999));
    assert!(matches!(get(&http, vec![chunks]).await, Err(Error::TooLarge { .. })));
}

#[tokio::test]
async fn large_bodies_that_drip_do_not_keep_others_from_being_read() {
    let mut start = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    start.resize(2 << 20, b'x');
    let drip = Server::start(vec![Say::Drip(start, Duration::from_secs(60))]).await;
    let large = Server::start(vec![answer("200 OK", &vec![b'x'; 4 << 20])]).await;
    let network = Network::new(&open_settings()).expect("settings are fine");
    let get = |server: &Server| network.fetch(Request::new(server.url("/"), Purpose::Page));
    let read = tokio::select! {
        _ = async { tokio::join!(get(&drip), get(&drip), get(&drip)) } => None,
        read = async {
            while drip.requests().len() < 3 {
                time::sleep(Duration::from_millis(5)).await;
            }
            get(&large).await
        } => read.ok(),
    };
    assert_eq!(read.expect("the others take longer").body.len(), 4 << 20);
}

#[tokio::test]
async fn a_swarm_of_bombs_ends_and_a_feed_among_them_is_read() {
    let bomb = answer("200 OK\r\ncontent-encoding: gzip", &gzip(&vec![0; 9 << 20]));
    let bombs = Server::start(vec![bomb]).await;
    let feed = Server::start(vec![answer("200 OK", &vec![b'x'; 300 << 10])]).await;
    let network = Arc::new(Network::new(&open_settings()).expect("settings are fine"));
    let asking: Vec<_> = (0..12)
        .map(|n| {
            let (network, url) = (network.clone(), if n == 6 { feed.url("/") } else { bombs.url("/") });
            tokio::spawn(async move { network.fetch(Request::new(url, Purpose::Source)).await })
        })
        .collect();
    let mut read = 0;
    for asked in asking {
        match asked.await.expect("no panic") {
            Ok(answer) => read += answer.body.len(),
            Err(problem) => assert!(matches!(problem, Error::TooLarge { .. }), "{problem}"),
        }
    }
    assert_eq!(read, 300 << 10);
}

#[tokio::test]
async fn bytes_are_counted_as_they_came() {
    let text = vec![b'x'; 100_000];
    let packed = gzip(&text);
    let got =
        get(&open_settings(), vec![answer("200 OK\r\ncontent-encoding: gzip", &packed)]).await.expect("an answer");
    assert_eq!((got.body.len(), got.wire_bytes), (text.len(), packed.len() as u64));
    let mut chunked = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    chunked.extend(format!("{:x}\r\n", packed.len()).bytes());
    chunked.extend(packed.iter().chain(b"\r\n0\r\n\r\n"));
    let got = get(&open_settings(), vec![Say::Bytes(chunked)]).await.expect("an answer");
    assert_eq!((got.body.len(), got.wire_bytes), (text.len(), packed.len() as u64));
}

#[tokio::test]
async fn endless_headers_are_not_proper_http() {
    let endless = Say::Forever(b"HTTP/1.1 200 OK\r\n".to_vec(), b"a: bcdefgh\r\n".repeat(100));
    let problem = get(&open_settings(), vec![endless]).await.expect_err("no end");
    assert!(matches!(problem, Error::Protocol { .. }), "{problem}");
    let long = Say::Forever(b"HTTP/1.1 200 OK\r\nx: ".to_vec(), vec![b'x'; 10_000]);
    let problem = get(&open_settings(), vec![long]).await.expect_err("no end");
    assert!(matches!(problem, Error::Protocol { .. }), "{problem}");
}

#[tokio::test]
async fn one_byte_now_and_then_does_not_hold_a_worker() {
    let http = Http { timeout: BRIEFLY, ..open_settings() };
    let drip = Say::Drip(b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), Duration::from_millis(20));
    let mut problem = get(&http, vec![drip.clone()]).await.expect_err("too slow");
    for _ in 0..20 {
        // Where the machine stalls, not even the first byte comes in time.
        if matches!(problem, Error::Timeout { received: 0, .. } | Error::Connect { .. }) {
            problem = get(&http, vec![drip.clone()]).await.expect_err("too slow");
        }
    }
    assert!(matches!(problem, Error::Timeout { limit: BRIEFLY, received: 1.., .. }), "{problem}");
    assert!(problem.is_transient());
    let silent = Say::Drip(Vec::new(), Duration::from_secs(60));
    assert!(matches!(get(&http, vec![silent]).await, Err(Error::Timeout { received: 0, .. })));
}

#[tokio::test]
async fn a_refusal_counts_whatever_comes_with_it() {
    let head = |rest: &str| format!("HTTP/1.1 429 Too Many\r\nretry-after: 60\r\n{rest}\r\n").into_bytes();
    for said in [
        Say::Forever(head(""), vec![b'x'; 10_000]),
        Say::Drip(head(""), Duration::from_secs(60)),
        Say::Last(head("content-length: 50\r\n")),
        answer("429 Too Many\r\nretry-after: 60\r\ncontent-encoding: gzip", b"plain"),
    ] {
        let got = get(&open_settings(), vec![said.clone()]).await.expect("an answer");
        assert_eq!((got.status, got.headers.retry_after().as_deref()), (429, Some("60")), "{said:?}");
        assert!(got.body.len() <= MAX_NOTICE_BYTES);
    }
}

#[tokio::test]
async fn redirects_are_told_not_followed() {
    let server = Server::start(vec![answer("301 Moved\r\nlocation: /b", b"")]).await;
    let got = fetch(&open_settings(), Request::new(server.url("/a"), Purpose::Page)).await.expect("an answer");
    assert_eq!((got.status, got.redirect()), (301, Some(server.url("/b"))));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn validators_are_sent_byte_for_byte() {
    let server = Server::start(vec![answer("304 Not Modified", b"")]).await;
    let mut request = Request::new(server.url("/a?b=c"), Purpose::Source);
    request.validators.etag = Some("W/\"\u{e9} x\"-gzip".to_owned());
    request.validators.last_modified = Some("Sun, 22 Nov 2026 07:05:09 +0000 (odd)".to_owned());
    fetch(&open_settings(), request).await.expect("an answer");
    let [head] = server.requests().try_into().expect("one request");
    assert!(head.starts_with("GET /a?b=c HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("\r\nif-none-match: W/\"\u{e9} x\"-gzip\r\n"), "{head}");
    assert!(head.contains("\r\nif-modified-since: Sun, 22 Nov 2026 07:05:09 +0000 (odd)"), "{head}");
    assert!(
        head.contains("\r\nuser-agent: dateline/") && head.contains("\r\naccept-encoding: gzip, br, zstd"),
        "{head}"
    );
    assert!(!head.contains("cookie") && !head.contains("referer"), "{head}");
}

#[tokio::test]
async fn cookies_are_not_kept_and_connections_are() {
    let server = Server::start(vec![answer("200 OK\r\nset-cookie: a=b", b"x")]).await;
    let network = Network::new(&open_settings()).expect("settings are fine");
    for _ in 0..3 {
        network.fetch(Request::new(server.url("/"), Purpose::Source)).await.expect("an answer");
    }
    assert!(server.requests().iter().all(|head| !head.contains("cookie")));
    assert_eq!((server.requests().len(), server.connections()), (3, 1));
}

#[tokio::test]
async fn headers_of_a_source_replace_ours() {
    let server = Server::start(vec![answer("200 OK", b"")]).await;
    let mut request = Request::new(server.url("/"), Purpose::Source);
    request.headers.insert("User-Agent".to_owned(), "Reader/1".to_owned());
    fetch(&open_settings(), request.clone()).await.expect("an answer");
    assert!(server.requests()[0].contains("\r\nuser-agent: Reader/1"));
    assert!(!server.requests()[0].contains("dateline"));
    request.headers.insert("X\r\nY".to_owned(), "1".to_owned());
    assert!(matches!(fetch(&open_settings(), request).await, Err(Error::BadHeader { .. })));
}

#[tokio::test]
async fn a_body_is_posted() {
    let server = Server::start(vec![answer("204 No Content", b"")]).await;
    let mut request = Request::new(server.url("/hook"), Purpose::Webhook);
    request.body = Some(Bytes::from_static(b""));
    assert_eq!(fetch(&open_settings(), request).await.expect("an answer").status, 204);
    assert!(server.requests()[0].starts_with("POST /hook "));
}

#[tokio::test]
async fn a_server_that_hangs_up_is_transient() {
    for bytes in ["", "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc", "SSH-2.0-x\r\n", "HTTP/1.1 200 OK\r\nA"] {
        let problem = get(&open_settings(), vec![Say::Last(bytes.as_bytes().to_vec())]).await.expect_err("no answer");
        assert!(matches!(problem, Error::Protocol { .. }) && problem.is_transient(), "{bytes}: {problem}");
    }
    let cut = gzip(&[7; 5000]);
    let problem = get(&open_settings(), vec![answer("200 OK\r\ncontent-encoding: gzip", &cut[..20])]).await;
    assert!(matches!(problem, Err(Error::Protocol { .. })));
}

#[tokio::test]
async fn nobody_at_the_address_is_transient() {
    let closed = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = closed.local_addr().expect("an address").port();
    drop(closed);
    let url = format!("http://127.0.0.1:{port}/");
    let problem = fetch(&open_settings(), Request::new(url, Purpose::Page)).await.expect_err("nobody there");
    assert!(matches!(problem, Error::Connect { .. }) && problem.is_transient(), "{problem}");
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_has_no_secure_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let plain = async {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.expect("somebody listens");
        std::future::pending::<()>().await;
    };
    let http = open_settings();
    let asked = fetch(&http, Request::new(format!("https://127.0.0.1:{port}/"), Purpose::Page));
    let problem = tokio::select! { answer = asked => answer.expect_err("no TLS"), () = plain => unreachable!() };
    assert!(matches!(problem, Error::Tls { .. }), "{problem}");
}

#[tokio::test]
async fn only_public_addresses_are_asked() {
    let server = Server::start(vec![answer("200 OK", b"secret")]).await;
    let port = server.port();
    let http = Http { allow_private_addresses: false, ..open_settings() };
    let network = Network::new(&http).expect("settings are fine");
    for host in [
        "127.0.0.1",
        "10.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "169.254.169.254",
        "2130706433",
        "0x7f000001",
        "0177.1",
        "0.0.0.0",
        "[64:ff9b::7f00:1]",
        "localhost",
        "LOCALHOST",
    ] {
        for purpose in [Purpose::Source, Purpose::Page, Purpose::Robots, Purpose::Webhook] {
            let problem = network.fetch(Request::new(format!("http://{host}:{port}/"), purpose)).await;
            let problem = problem.expect_err(host);
            assert!(matches!(problem, Error::Refused { .. }) && !problem.is_transient(), "{host}: {problem}");
        }
    }
    assert_eq!(server.connections(), 0);
    let loopback = IpAddr::from([127, 0, 0, 1]);
    let problem = network.fetch(Request::new("http://2130706433/", Purpose::Page)).await;
    assert!(matches!(problem, Err(Error::Refused { address, .. }) if address == loopback));
}

#[tokio::test]
async fn a_name_that_changes_its_address_after_the_check_gains_nothing() {
    // The script's world: this machine is public, but for one address of it.
    const PRIVATE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(127, 9, 9, 9));
    let is_public = |address| address != PRIVATE;
    let server = Server::start(vec![Say::Last(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\npublic".to_vec())]).await;
    let here = IpAddr::from([127, 0, 0, 1]);
    let network = |answers| Network::guarded(&Http::default(), Some(Guard::scripted(answers, is_public)));
    let url = format!("http://rebinding.example:{}/", server.port());
    let rebound = network(vec![here, PRIVATE]).expect("settings are fine");
    // One lookup serves check and connection: the second answer is not even asked for.
    let got = rebound.fetch(Request::new(&url, Purpose::Page)).await.expect("an answer");
    assert_eq!((got.body.as_ref(), server.connections()), (b"public".as_slice(), 1));
    // The next connection looks again, and is refused.
    let problem = rebound.fetch(Request::new(&url, Purpose::Page)).await.expect_err("it is private now");
    assert!(matches!(problem, Error::Refused { address: PRIVATE, .. }), "{problem}");
    let redirected = network(vec![here]).expect("settings are fine");
    let hop = redirected.fetch(Request::new(format!("http://127.9.9.9:{}/", server.port()), Purpose::Page)).await;
    assert!(matches!(hop, Err(Error::Refused { address: PRIVATE, .. })));
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_name_is_asked_where_private_addresses_are_allowed() {
    let server = Server::start(vec![answer("200 OK", b"x")]).await;
    let got =
        fetch(&open_settings(), Request::new(format!("http://localhost:{}/", server.port()), Purpose::Page)).await;
    assert_eq!(got.expect("an answer").body.as_ref(), b"x");
}

#[tokio::test]
async fn a_proxy_is_asked_instead_and_the_guard_keeps_to_the_target() {
    let proxy = Server::start(vec![answer("200 OK", b"by proxy")]).await;
    let http = Http { proxy: Some(proxy.url("")), ..Http::default() };
    let got = fetch(&http, Request::new("http://feeds.example/a", Purpose::Source)).await.expect("an answer");
    assert_eq!(got.body.as_ref(), b"by proxy");
    assert!(proxy.requests()[0].starts_with("GET http://feeds.example/a HTTP/1.1"));
    let problem = fetch(&http, Request::new("http://10.0.0.1/", Purpose::Source)).await;
    assert!(matches!(problem, Err(Error::Refused { .. })));
}

#[tokio::test]
async fn only_web_addresses_are_asked() {
    for url in ["ftp://a.example/", "file:///etc/passwd", "javascript:alert(1)", "gopher://127.0.0.1:70/"] {
        assert!(
            matches!(fetch(&open_settings(), Request::new(url, Purpose::Page)).await, Err(Error::Scheme { .. })),
            "{url}"
        );
    }
    let endless = format!("http://127.0.0.1/{}", "x".repeat(100_000));
    for url in ["", "http://", &endless, "/a", "http://[::1", "http://a b/"] {
        let problem = fetch(&open_settings(), Request::new(url, Purpose::Page)).await;
        assert!(matches!(problem, Err(Error::BadUrl { .. })), "{url}");
    }
}

#[tokio::test]
async fn a_name_without_address_is_said_to_have_none() {
    // A label of more than 63 characters fails in the resolver itself: nobody is asked.
    let url = format!("http://{}.example/", "x".repeat(64));
    let problem = fetch(&Http::default(), Request::new(url, Purpose::Page)).await.expect_err("no such name");
    assert!(matches!(problem, Error::Dns { .. }) && problem.is_transient(), "{problem}");
}

#[tokio::test]
async fn exchanges_are_recorded_and_a_recording_goes_on() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("all.warc.gz");
    let http = Http { record: Some(path.clone()), ..open_settings() };
    let server = Server::start(vec![answer("200 OK\r\ncontent-encoding: gzip\r\netag: \"1\"", &gzip(b"hello"))]).await;
    for purpose in [Purpose::Source, Purpose::Webhook, Purpose::Page] {
        let mut request = Request::new(server.url("/a"), purpose);
        request.headers.insert("Authorization".to_owned(), "Bearer secret".to_owned());
        fetch(&http, request).await.expect("an answer");
    }
    let file = std::io::BufReader::new(std::fs::File::open(path).expect("a recording"));
    let records: Vec<_> = Reader::new(file, 1 << 20).collect::<Result<_, _>>().expect("readable");
    let kinds: Vec<_> = records.iter().filter_map(|record| record.field("WARC-Type")).collect();
    assert_eq!(kinds, ["warcinfo", "request", "response", "request", "response"]);
    assert_eq!(records[2].target_uri(), Some(server.url("/a").as_str()));
    let got = records[2].answer(1 << 20).expect("an answer");
    assert_eq!((got.body.as_slice(), got.header("ETag")), (b"hello".as_slice(), Some(b"\"1\"".as_slice())));
    assert_eq!((got.header("content-encoding"), got.header("content-length")), (None, Some(b"5".as_slice())));
    assert!(records.iter().all(|record| !String::from_utf8_lossy(&record.block).contains("secret")));
}

#[test]
fn unusable_settings_are_said_to_be() {
    let check = |http: Http, expected: &str| {
        let problem = Network::new(&http).expect_err("unusable").to_string();
        assert!(problem.starts_with(expected), "{problem}");
    };
    check(Http { user_agent: "a\nb".to_owned(), ..Http::default() }, "http.user_agent: ");
    check(Http { proxy: Some("not a url".to_owned()), ..Http::default() }, "http.proxy: ");
    check(Http { proxy: Some("socks5://127.0.0.1:1".to_owned()), ..Http::default() }, "http.proxy: ");
    check(Http { record: Some("/nowhere/x.warc.gz".into()), ..Http::default() }, "recording /nowhere/x.warc.gz: ");
}
