//! A server on loopback that says what a test tells it to, byte for byte.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// What is said to a request.
#[derive(Debug, Clone)]
pub(super) enum Say {
    /// These bytes; the connection stays open.
    Bytes(Vec<u8>),
    /// These bytes; then the connection is closed.
    Last(Vec<u8>),
    /// These bytes, then the second again and again.
    Forever(Vec<u8>, Vec<u8>),
    /// These bytes, then one byte each time this has passed.
    Drip(Vec<u8>, Duration),
}

impl Say {
    pub fn text(text: &str) -> Self {
        Self::Bytes(text.as_bytes().to_vec())
    }
}

pub(super) struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    connections: Arc<Mutex<usize>>,
    accepting: JoinHandle<()>,
}

impl Server {
    /// Answers the first request with the first of `script`, and so on; the last answer repeats.
    pub async fn start(script: Vec<Say>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (requests, connections) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(0)));
        let (heard, counted) = (requests.clone(), connections.clone());
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                *counted.lock().expect("no test fails here") += 1;
                tokio::spawn(talk(stream, script.clone(), heard.clone()));
            }
        });
        Self { address, requests, connections, accepting }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The heads of all requests so far.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("no test fails here").clone()
    }

    pub fn connections(&self) -> usize {
        *self.connections.lock().expect("no test fails here")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn talk(mut stream: TcpStream, script: Vec<Say>, heard: Arc<Mutex<Vec<String>>>) {
    while let Some(head) = hear(&mut stream).await {
        let number = {
            let mut heard = heard.lock().expect("no test fails here");
            heard.push(head);
            heard.len() - 1
        };
        let said = match script[number.min(script.len() - 1)].clone() {
            Say::Bytes(bytes) => stream.write_all(&bytes).await,
            Say::Last(bytes) => {
                let _ = stream.write_all(&bytes).await;
                return;
            }
            Say::Forever(first, again) => {
                let mut said = stream.write_all(&first).await;
                while said.is_ok() {
                    said = stream.write_all(&again).await;
                }
                said
            }
            Say::Drip(first, pause) => {
                let mut said = stream.write_all(&first).await;
                while said.is_ok() {
                    tokio::time::sleep(pause).await;
                    said = stream.write_all(b"x").await;
                }
                said
            }
        };
        if said.is_err() {
            return;
        }
    }
}

/// Reads the head of a request, without the empty line.
async fn hear(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    Some(head.iter().copied().map(char::from).collect::<String>().trim_end().to_owned())
}
