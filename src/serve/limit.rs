//! How much one client may ask: a token bucket for each address.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::Response,
};

use super::api::problem;

/// What may be asked at once after a pause, in seconds of the rate: a page with all that belongs to it, a script's start.
const RESERVE_SECONDS: f64 = 10.0;
/// Addresses remembered: some megabytes at most, whoever asks.
const MOST_CLIENTS: usize = 20_000;
/// What proxies add to a request: whose it is.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// What each client has left.
#[derive(Clone)]
pub(super) struct Limits {
    per_second: f64,
    buckets: Arc<Mutex<HashMap<IpAddr, Bucket>>>,
}

#[derive(Clone, Copy)]
struct Bucket {
    left: f64,
    at: Instant,
}

impl Limits {
    /// Returns limits of so many requests a second for each address; none where it is 0.
    pub fn new(per_second: usize) -> Self {
        Self { per_second: per_second as f64, buckets: Arc::default() }
    }

    /// Takes one request from what an address has left.
    ///
    /// # Errors
    /// When nothing is left, with the wait until there is.
    fn take(&self, address: IpAddr, now: Instant) -> Result<(), Duration> {
        // This machine is not limited: what runs here could as well read the data directory.
        if self.per_second == 0.0 || address.to_canonical().is_loopback() {
            return Ok(());
        }
        let most = self.per_second * RESERVE_SECONDS;
        let filled = |bucket: &Bucket| {
            most.min(bucket.left + now.saturating_duration_since(bucket.at).as_secs_f64() * self.per_second)
        };
        let mut buckets = self.buckets.lock().expect("nobody panics with the lock");
        if buckets.len() >= MOST_CLIENTS {
            buckets.retain(|_, bucket| filled(bucket) < most);
            if buckets.len() >= MOST_CLIENTS {
                buckets.clear();
            }
        }
        let bucket = buckets.entry(network(address)).or_insert(Bucket { left: most, at: now });
        let left = filled(bucket);
        if left < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - left) / self.per_second));
        }
        *bucket = Bucket { left: left - 1.0, at: now };
        Ok(())
    }
}

/// What one client has: an address, of version 6 the network of 64 bits that a household gets.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !0 << 64)),
        address => address,
    }
}

/// Returns who asks: behind a proxy on this machine the last that its `X-Forwarded-For` names, which is the one that the
/// proxy has added. Nobody else is believed.
fn asking(peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let named =
        || headers.get_all(FORWARDED_FOR).iter().next_back()?.to_str().ok()?.rsplit(',').next()?.trim().parse().ok();
    if peer.to_canonical().is_loopback() { named().unwrap_or(peer) } else { peer }
}

/// Answers 429 to who asks too much, before anything is looked at.
pub(super) async fn limit(
    State(limits): State<Limits>,
    ConnectInfo(client): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    let client = asking(client.ip(), request.headers());
    let Err(wait) = limits.take(client, Instant::now()) else { return next.run(request).await };
    let seconds = wait.as_secs_f64().ceil() as u64;
    let mut response = problem(
        StatusCode::TOO_MANY_REQUESTS,
        "too many requests",
        &format!("more than {} requests a second from one address (serve.rate_limit)", limits.per_second),
    );
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn who_asks_too_much_waits_and_nobody_else_does() {
        let limits = Limits::new(2);
        let now = Instant::now();
        let client = address("203.0.113.5");
        assert_eq!((0..30).take_while(|_| limits.take(client, now).is_ok()).count(), 20);
        assert_eq!(limits.take(client, now), Err(Duration::from_millis(500)));
        assert_eq!(limits.take(address("203.0.113.6"), now), Ok(()));
        let later = now + Duration::from_secs(1);
        assert_eq!((0..30).take_while(|_| limits.take(client, later).is_ok()).count(), 2);
    }

    #[test]
    fn a_network_of_version_6_is_one_client_and_this_machine_is_none() {
        assert_eq!(network(address("2001:db8::1")), network(address("2001:db8::ffff:2")));
        assert_ne!(network(address("2001:db8::1")), network(address("2001:db8:0:1::1")));
        assert_eq!(network(address("::ffff:203.0.113.5")), address("203.0.113.5"));
        let (limits, now) = (Limits::new(1), Instant::now());
        for local in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
            assert!((0..100).all(|_| limits.take(address(local), now).is_ok()));
        }
        assert!((0..100).all(|_| Limits::new(0).take(address("203.0.113.5"), now).is_ok()));
    }

    #[test]
    fn only_a_proxy_on_this_machine_says_who_asks() {
        let asked = |peer: &str, named: &[&str]| {
            let named =
                named.iter().map(|value| (FORWARDED_FOR.parse().expect("a name"), value.parse().expect("a value")));
            asking(address(peer), &HeaderMap::from_iter(named)).to_string()
        };
        assert_eq!(asked("127.0.0.1", &["198.51.100.1, 203.0.113.5"]), "203.0.113.5");
        assert_eq!(asked("127.0.0.1", &["198.51.100.1", "203.0.113.5"]), "203.0.113.5");
        assert_eq!(asked("::ffff:127.0.0.1", &["2001:db8::1"]), "2001:db8::1");
        assert_eq!(asked("127.0.0.1", &["nobody"]), "127.0.0.1");
        assert_eq!(asked("203.0.113.6", &["127.0.0.1"]), "203.0.113.6");
    }

    #[test]
    fn many_addresses_take_no_more_memory() {
        let (limits, now) = (Limits::new(1), Instant::now());
        for number in 0..3 * MOST_CLIENTS as u32 {
            let _ = limits.take(IpAddr::V4((0x0a00_0000 + number).into()), now);
        }
        assert!(limits.buckets.lock().expect("the lock").len() <= MOST_CLIENTS);
    }
}
