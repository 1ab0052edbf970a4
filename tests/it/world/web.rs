//! A web of loopback addresses: routes are data, every request is recorded.

use std::{
    collections::HashMap,
    io::{self, BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex},
    thread,
    time::{Duration, Instant},
};

/// Larger than any limit under test; ends an endless body if nobody hangs up.
const ENDLESS_BYTES: usize = 64 << 20;

/// Holds answers back until it is opened.
#[derive(Clone, Default)]
pub struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    pub fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }

    fn pass(&self) {
        drop(self.0.1.wait_while(self.0.0.lock().unwrap(), |open| !*open).unwrap());
    }
}

/// What a server sends for one request.
#[derive(Clone)]
pub struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    manner: Manner,
    delay: Duration,
    gate: Option<Gate>,
}

#[derive(Clone, Copy, PartialEq)]
enum Manner {
    Whole,
    Close,
    Stall,
    Endless,
}

impl Answer {
    /// A page or feed, with this media type.
    pub fn ok(media: &str, body: impl Into<Vec<u8>>) -> Self {
        Self::status(200).header("content-type", media).with_body(body)
    }

    pub fn html(body: impl Into<Vec<u8>>) -> Self {
        Self::ok("text/html; charset=utf-8", body)
    }

    pub fn feed(body: impl Into<Vec<u8>>) -> Self {
        Self::ok("application/rss+xml; charset=utf-8", body)
    }

    pub fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new(), manner: Manner::Whole, delay: Duration::ZERO, gate: None }
    }

    pub fn redirect(status: u16, to: &str) -> Self {
        Self::status(status).header("location", to)
    }

    /// The connection ends without an answer.
    pub fn close() -> Self {
        Self { manner: Manner::Close, ..Self::status(200) }
    }

    /// Nothing is answered, and the connection stays.
    pub fn stall() -> Self {
        Self { manner: Manner::Stall, ..Self::status(200) }
    }

    /// The body goes on without an end or a declared length.
    pub fn endless() -> Self {
        Self { manner: Manner::Endless, ..Self::ok("text/html", "") }
    }

    /// The same, so much later.
    pub fn after(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }

    /// The same, as soon as the gate is open.
    pub fn behind(self, gate: &Gate) -> Self {
        Self { gate: Some(gate.clone()), ..self }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// An ETag that is honoured: who sends it back is told "not modified".
    pub fn etag(self, tag: &str) -> Self {
        self.header("etag", tag)
    }

    fn with_body(self, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..self }
    }

    fn is_known_to(&self, seen: &Seen) -> bool {
        let tag = self.headers.iter().find(|(name, _)| name == "etag");
        tag.is_some_and(|(_, tag)| seen.header("if-none-match") == Some(tag))
    }
}

/// One request that was received.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The address that was asked, without its port.
    pub host: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
    /// When it was complete.
    pub began: Instant,
    /// Just before its answer ended; `None` while it is under way.
    pub ended: Option<Instant>,
}

impl Seen {
    /// Returns a header's value, by its lowercase name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

#[derive(Default)]
struct Book {
    /// By address and path: the nth request gets the nth answer, the last one stays.
    routes: HashMap<(String, String), (Vec<Answer>, usize)>,
    seen: Vec<Seen>,
}

/// Outlets that answer as they are told.
#[derive(Clone, Default)]
pub struct Web {
    book: Arc<Mutex<Book>>,
}

/// One address of the web. Its listener lives as long as the test process.
#[derive(Clone)]
pub struct Outlet {
    web: Web,
    /// Its address and port.
    authority: String,
    /// Its address alone: what dateline calls its host and its outlet.
    pub host: String,
}

impl Web {
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens an outlet at 127.0.7.`n`, which answers 404 to everything at first.
    pub fn outlet(&self, n: u8) -> Outlet {
        let host = format!("127.0.7.{n}");
        let listener = TcpListener::bind((host.as_str(), 0)).expect("a free port of a loopback address");
        let authority = listener.local_addr().expect("an address").to_string();
        let outlet = Outlet { web: self.clone(), authority, host };
        let serving = outlet.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let outlet = serving.clone();
                // A client that hangs up is part of the tests.
                thread::spawn(move || drop(outlet.answer(stream)));
            }
        });
        outlet
    }

    /// Returns every request so far, in the order in which they arrived.
    pub fn seen(&self) -> Vec<Seen> {
        self.book.lock().unwrap().seen.clone()
    }

    /// Forgets the requests so far.
    pub fn forget(&self) {
        self.book.lock().unwrap().seen.clear();
    }
}

impl Outlet {
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.authority)
    }

    /// Answers a path so from now on.
    pub fn serve(&self, path: &str, answer: Answer) {
        self.serve_in_turn(path, vec![answer]);
    }

    /// Answers a path with each answer in turn, and then with the last.
    pub fn serve_in_turn(&self, path: &str, answers: Vec<Answer>) {
        let key = (self.authority.clone(), path.to_owned());
        self.web.book.lock().unwrap().routes.insert(key, (answers, 0));
    }

    /// Returns the requests for a path of this outlet.
    pub fn asked(&self, path: &str) -> Vec<Seen> {
        self.seen().into_iter().filter(|seen| seen.path == path).collect()
    }

    /// Returns all requests to this outlet.
    pub fn seen(&self) -> Vec<Seen> {
        self.web.seen().into_iter().filter(|seen| seen.host == self.host).collect()
    }

    fn answer(&self, stream: TcpStream) -> io::Result<()> {
        stream.set_read_timeout(Some(super::PATIENCE))?;
        let mut reader = BufReader::new(stream.try_clone()?);
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        let mut headers = Vec::new();
        loop {
            line.clear();
            reader.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let length =
            headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, value)| value.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        reader.read_exact(&mut body)?;
        let body = String::from_utf8_lossy(&body).into_owned();
        let seen = Seen { host: self.host.clone(), path, headers, body, began: Instant::now(), ended: None };
        let (number, answer) = self.record(&seen);
        thread::sleep(answer.delay);
        answer.gate.iter().for_each(Gate::pass);
        match answer.manner {
            Manner::Close => self.end(number),
            Manner::Stall => {
                // Until the client hangs up: nothing else is ever sent here.
                reader.read_line(&mut line)?;
                self.end(number);
            }
            Manner::Whole | Manner::Endless => self.send(stream, number, &seen, answer)?,
        }
        Ok(())
    }

    fn record(&self, seen: &Seen) -> (usize, Answer) {
        let mut book = self.web.book.lock().unwrap();
        book.seen.push(seen.clone());
        let number = book.seen.len() - 1;
        let answer = match book.routes.get_mut(&(self.authority.clone(), seen.path.clone())) {
            Some((answers, next)) => {
                let answer = answers[(*next).min(answers.len() - 1)].clone();
                *next += 1;
                answer
            }
            None => Answer::status(404),
        };
        (number, answer)
    }

    /// Noted before the last byte leaves, so that no gap is ever measured shorter than the client kept it.
    fn end(&self, number: usize) {
        if let Some(seen) = self.web.book.lock().unwrap().seen.get_mut(number) {
            seen.ended = Some(Instant::now());
        }
    }

    fn send(&self, mut stream: TcpStream, number: usize, seen: &Seen, answer: Answer) -> io::Result<()> {
        let known = answer.is_known_to(seen);
        let status = if known { 304 } else { answer.status };
        let mut head = format!("HTTP/1.1 {status} x\r\nconnection: close\r\n");
        for (name, value) in &answer.headers {
            head += &format!("{name}: {value}\r\n");
        }
        if answer.manner == Manner::Endless {
            stream.write_all(format!("{head}\r\n").as_bytes())?;
            let block = [b'x'; 64 << 10];
            for _ in 0..ENDLESS_BYTES / block.len() {
                if stream.write_all(&block).is_err() {
                    break;
                }
            }
            self.end(number);
            return Ok(());
        }
        let body = if known { &[][..] } else { &answer.body };
        let message = [format!("{head}content-length: {}\r\n\r\n", body.len()).as_bytes(), body].concat();
        // The last byte of the whole, as an answer without a body ends with its head.
        let (start, last) = message.split_at(message.len() - 1);
        stream.write_all(start)?;
        self.end(number);
        stream.write_all(last)
    }
}
