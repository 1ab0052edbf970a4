//! As much of an HTTP server as outlets on loopback need: connections that stay open, and documents of text.

use std::{
    io::{self, BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::Arc,
    thread,
};

/// Its media type and its text.
pub type Document = (&'static str, String);

/// A connection's thread needs little room, and a press has many of them.
const STACK_BYTES: usize = 256 << 10;

/// Answers until the process ends: `document` is asked with the host and the path, and `None` means 404.
pub fn serve(listener: TcpListener, document: impl Fn(&str, &str) -> Option<Document> + Send + Sync + 'static) {
    let document = Arc::new(document);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let document = document.clone();
            // Clients that hang up, even in the middle, are to be expected.
            let answers = move || drop(answer(stream, &*document));
            let _ = thread::Builder::new().stack_size(STACK_BYTES).spawn(answers);
        }
    });
}

fn answer(mut stream: TcpStream, document: &dyn Fn(&str, &str) -> Option<Document>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        let mut host = String::new();
        loop {
            line.clear();
            if reader.read_line(&mut line)? <= 2 {
                break;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("host")
            {
                value.trim().clone_into(&mut host);
            }
        }
        let (status, (media, body)) = match document(&host, &path) {
            Some(document) => ("200 OK", document),
            None => ("404 Not Found", ("text/plain", String::new())),
        };
        let length = body.len();
        let head = format!("HTTP/1.1 {status}\r\ncontent-type: {media}\r\ncontent-length: {length}\r\n\r\n");
        stream.write_all(&[head.as_bytes(), body.as_bytes()].concat())?;
    }
}
