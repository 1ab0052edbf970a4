//! Is it alive, is it ready: for orchestrators, and for `dateline health`, which asks without any other tool.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};

use super::Shared;
use crate::telemetry::metrics;

/// Each loop goes round every few seconds; after this many seconds without it is stuck.
const STUCK_AFTER_S: u64 = 60;

/// The loops that have to move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loop {
    /// Decides what is requested next.
    Schedule,
    /// Writes to the store.
    Commit,
    /// Brings changes into the index.
    Follow,
}

impl Loop {
    const ALL: [(Self, &str); 3] = [(Self::Schedule, "schedule"), (Self::Commit, "commit"), (Self::Follow, "follow")];
}

/// How the daemon is doing, told by the daemon. Measured by a clock that nobody sets.
#[derive(Debug, Clone)]
pub struct Liveness {
    started: Instant,
    /// When each loop last went round, in seconds since the start.
    moved_at: Arc<[AtomicU64; Loop::ALL.len()]>,
    draining: Arc<AtomicBool>,
}

impl Default for Liveness {
    fn default() -> Self {
        Self { started: Instant::now(), moved_at: Arc::default(), draining: Arc::default() }
    }
}

impl Liveness {
    /// A loop has gone round once more.
    pub fn beat(&self, of: Loop) {
        self.moved_at[of as usize].store(self.started.elapsed().as_secs(), Ordering::Relaxed);
    }

    /// A stop was asked for.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Names a loop that no longer moves; nobody has to while everything stops.
    pub fn stuck(&self) -> Option<&'static str> {
        let now = self.started.elapsed().as_secs();
        let is_stuck =
            |of: Loop| now.saturating_sub(self.moved_at[of as usize].load(Ordering::Relaxed)) > STUCK_AFTER_S;
        Loop::ALL.into_iter().find(|(of, _)| !self.is_draining() && is_stuck(*of)).map(|(_, name)| name)
    }

    fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}

pub(crate) async fn livez(State(shared): State<Shared>) -> impl IntoResponse {
    match shared.liveness.stuck() {
        None => (StatusCode::OK, "ok\n".to_owned()),
        Some(name) => (StatusCode::SERVICE_UNAVAILABLE, format!("the loop `{name}` does not move\n")),
    }
}

pub(crate) async fn readyz(State(shared): State<Shared>) -> impl IntoResponse {
    if shared.liveness.is_draining() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n".to_owned());
    }
    match shared.ask(|archive| Ok(archive.reader.last_seq()?)).await {
        Ok(_) => (StatusCode::OK, "ok\n".to_owned()),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, format!("{error}\n")),
    }
}

pub(crate) async fn metrics_text() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], metrics().render())
}

/// Asks a running daemon whether it is ready.
///
/// # Errors
/// With the reason in plain words when it is not, or does not answer in time.
pub fn check(listen: &str, timeout: Duration) -> Result<(), String> {
    let ask = |address: SocketAddr| -> std::io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&address, timeout)?;
        stream.set_read_timeout(Some(timeout))?;
        stream.set_write_timeout(Some(timeout))?;
        stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.take(64 << 10).read_to_string(&mut answer)?;
        Ok(answer)
    };
    let address = address_of(listen)?;
    let answer = ask(address).map_err(|error| {
        format!("no answer from {address}: {error}\nhint: `dateline run` answers there, on serve.listen")
    })?;
    if answer.split_whitespace().nth(1) == Some("200") {
        return Ok(());
    }
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.lines().next().unwrap_or_default();
    Err(format!("{address} answers {status}: {}", body.trim()))
}

/// Where to ask a daemon that listens there: itself where it listens everywhere.
fn address_of(listen: &str) -> Result<SocketAddr, String> {
    use std::net::ToSocketAddrs;
    let mut addresses = listen.to_socket_addrs().map_err(|error| format!("serve.listen `{listen}`: {error}"))?;
    let mut address = addresses.next().ok_or_else(|| format!("serve.listen `{listen}` is no address"))?;
    if address.ip().is_unspecified() {
        match address {
            SocketAddr::V4(_) => address.set_ip(std::net::Ipv4Addr::LOCALHOST.into()),
            SocketAddr::V6(_) => address.set_ip(std::net::Ipv6Addr::LOCALHOST.into()),
        }
    }
    Ok(address)
}
