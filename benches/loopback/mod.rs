//! Outlets on addresses of this machine: one feed each and its pages, gzipped, over connections that stay open.

use std::{
    collections::HashMap,
    io::{self, BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::Arc,
    thread,
};

use flate2::{Compression, write::GzEncoder};

/// Tries to find a port that is free on every address.
const TRIES: usize = 20;

/// What an outlet answers, by path.
#[derive(Default)]
pub struct Site {
    answers: HashMap<String, (&'static str, Vec<u8>)>,
}

impl Site {
    /// Adds a document, compressed once and for all.
    pub fn add(&mut self, path: &str, media: &'static str, body: &[u8]) {
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        packed.write_all(body).expect("memory takes it");
        self.answers.insert(path.to_owned(), (media, packed.finish().expect("memory takes it")));
    }
}

/// The addresses of outlets, before they answer.
pub struct Loopback {
    listeners: Vec<TcpListener>,
    port: u16,
}

impl Loopback {
    /// Listens at `count` addresses, all at the same port. Only Linux has all of 127.0.0.0/8 without being asked.
    pub fn bind(count: u8) -> io::Result<Self> {
        let mut tried = Self::try_bind(count);
        for _ in 1..TRIES {
            if tried.is_ok() {
                break;
            }
            tried = Self::try_bind(count);
        }
        tried
    }

    fn try_bind(count: u8) -> io::Result<Self> {
        let first = TcpListener::bind((address(0), 0))?;
        let port = first.local_addr()?.port();
        let others = (1..count).map(|outlet| TcpListener::bind((address(outlet), port)));
        let listeners = std::iter::once(Ok(first)).chain(others).collect::<io::Result<_>>()?;
        Ok(Self { listeners, port })
    }

    /// Returns an address of an outlet.
    pub fn url(&self, outlet: usize, path: &str) -> String {
        format!("http://{}:{}{path}", address(outlet as u8), self.port)
    }

    /// Lets the outlets answer until the process ends.
    pub fn serve(self, sites: Vec<Site>) {
        for (listener, site) in self.listeners.into_iter().zip(sites) {
            let site = Arc::new(site);
            thread::spawn(move || {
                for stream in listener.incoming().flatten() {
                    let site = Arc::clone(&site);
                    // A client that hangs up has what it wants.
                    thread::spawn(move || drop(answer(&site, stream)));
                }
            });
        }
    }
}

fn address(outlet: u8) -> String {
    format!("127.0.9.{}", outlet + 1)
}

/// Answers the requests of one connection.
fn answer(site: &Site, mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        while reader.read_line(&mut line)? > 2 {}
        let answer = match site.answers.get(&path) {
            Some((media, body)) => {
                let head = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: {media}\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
                    body.len(),
                );
                [head.as_bytes(), body].concat()
            }
            None => b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_vec(),
        };
        stream.write_all(&answer)?;
    }
}
