//! Which addresses may be asked: public ones, so that no feed can make dateline knock on doors inside its own network.
//!
//! The guard stands where names become addresses, right before connecting, so a name that changes its address between
//! check and use (DNS rebinding) gains nothing. Addresses in URLs never see a resolver and are checked by themselves.

use std::{
    error, fmt, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    pin::Pin,
    sync::Arc,
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// Whether an address belongs to the public internet (IANA special-purpose address registries).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    !matches!(
        address.octets(),
        [0 | 10 | 127, ..]
            | [100, 64..=127, ..]
            | [169, 254, ..]
            | [172, 16..=31, ..]
            | [192, 0, 0 | 2, _]
            | [192, 88, 99, _]
            | [192, 168, ..]
            | [198, 18 | 19, ..]
            | [198, 51, 100, _]
            | [203, 0, 113, _]
            | [224..=255, ..]
            // Azure's platform address: it answers with metadata and looks public.
            | [168, 63, 129, 16]
    )
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return is_public_v4(mapped);
    }
    match address.segments() {
        // NAT64 (RFC 6052) and 6to4 (RFC 3056) reach the IPv4 address inside.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => is_public_v4(v4(high, low)),
        [0x2002, high, low, ..] => is_public_v4(v4(high, low)),
        // Teredo, ORCHID, benchmarking and the rest of 2001::/23; documentation twice.
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        // All public unicast is within 2000::/3.
        [0x2000..=0x3fff, ..] => true,
        _ => false,
    }
}

fn v4(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low))
}

/// Why a name has no address to connect to.
#[derive(Debug)]
pub(super) enum Unresolved {
    /// It has addresses, none of them public; this is the first.
    Refused(IpAddr),
    /// It has none.
    Failed(io::Error),
}

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(address) => write!(f, "{address} is not a public address"),
            Self::Failed(error) => error.fmt(f),
        }
    }
}

impl error::Error for Unresolved {}

/// What resolves a name.
type Lookup = Arc<dyn Fn(String) -> Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>> + Send + Sync>;

/// Lets requests through to public addresses only: as a resolver, it leaves out all others.
#[derive(Clone)]
pub(super) struct Guard {
    lookup: Lookup,
    is_public: fn(IpAddr) -> bool,
}

impl Guard {
    /// Returns the guard that asks the system's resolver.
    pub fn of_system() -> Self {
        let lookup = |name: String| tokio::net::lookup_host((name, 0));
        Self { lookup: Arc::new(move |name| Box::pin(async move { Ok(lookup(name).await?.collect()) })), is_public }
    }

    /// Returns the address that a URL names literally, if it may not be asked.
    pub fn refuses(&self, url: &Url) -> Option<IpAddr> {
        literal(url).filter(|address| !(self.is_public)(*address))
    }

    fn keep_public(&self, found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, Unresolved> {
        let first = found.first().map(SocketAddr::ip);
        let public: Vec<SocketAddr> = found.into_iter().filter(|address| (self.is_public)(address.ip())).collect();
        match first {
            Some(first) if public.is_empty() => Err(Unresolved::Refused(first)),
            Some(_) => Ok(public),
            None => Err(Unresolved::Failed(io::Error::other("no address"))),
        }
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let found = (guard.lookup)(name.as_str().to_owned()).await.map_err(Unresolved::Failed)?;
            let public = guard.keep_public(found)?;
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guard")
    }
}

/// Returns the address that a URL names literally, in whatever spelling `url` reads: decimal, octal, bracketed.
fn literal(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
        Host::Domain(_) => None,
    }
}

#[cfg(test)]
impl Guard {
    /// Returns a guard for which these lookups are answered in turn, the last one again and again, and one address private.
    pub fn scripted(answers: Vec<IpAddr>, is_public: fn(IpAddr) -> bool) -> Self {
        let next = std::sync::atomic::AtomicUsize::new(0);
        let lookup = move |_| {
            let number = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let address = answers[number.min(answers.len() - 1)];
            Box::pin(async move { Ok(vec![SocketAddr::new(address, 0)]) }) as _
        };
        Self { lookup: Arc::new(lookup), is_public }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(addresses: &[&str], expected: bool) {
        for address in addresses {
            assert_eq!(is_public(address.parse().expect("an address")), expected, "{address}");
        }
    }

    #[test]
    fn public_addresses_pass() {
        check(
            &["1.1.1.1", "93.184.216.34", "172.15.0.1", "172.32.0.1", "100.63.0.1", "100.128.0.1", "192.0.1.1"],
            true,
        );
        check(&["2606:4700::1111", "2a00:1450::1", "2001:4860:4860::8888", "2001:200::1", "3fff:1000::1"], true);
        check(&["::ffff:1.1.1.1", "64:ff9b::1.1.1.1", "2002:101:101::1"], true);
    }

    #[test]
    fn private_and_special_addresses_do_not() {
        check(&["127.0.0.1", "127.9.9.9", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.0.1"], false);
        check(&["0.0.0.0", "0.1.2.3", "100.64.0.1", "100.100.100.200", "169.254.169.254", "168.63.129.16"], false);
        check(&["192.0.0.192", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1"], false);
        check(&["224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "192.88.99.1"], false);
        check(&["::", "::1", "fe80::1", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1"], false);
        check(&["::ffff:0:127.0.0.1", "64:ff9b:1::a00:1", "fe80::5efe:127.0.0.1", "2002:a9fe:a9fe::1"], false);
        check(&["100::1", "2001::1", "2001:10::1", "3fff::1", "5f00::1", "64:ff9b:1::1"], false);
    }

    #[test]
    fn a_private_address_in_another_form_is_private() {
        check(&["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1"], false);
        check(&["64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a00:1::1"], false);
    }

    #[test]
    fn literals_are_found_in_every_spelling() {
        for url in ["http://2130706433/", "http://0x7f.1/", "http://0177.0.0.1/", "http://127.1/", "http://127.0.0.1./"]
        {
            let url = Url::parse(url).expect("a URL");
            assert_eq!(literal(&url), Some(IpAddr::from([127, 0, 0, 1])), "{url}");
        }
        assert_eq!(literal(&Url::parse("http://[::1]:80/").expect("a URL")), Some(Ipv6Addr::LOCALHOST.into()));
        assert_eq!(literal(&Url::parse("http://localhost/").expect("a URL")), None);
    }

    #[test]
    fn a_name_is_refused_only_when_none_of_its_addresses_is_public() {
        let address = |text: &str| SocketAddr::new(text.parse().expect("an address"), 0);
        let guard = Guard::of_system();
        let kept = guard.keep_public(vec![address("10.0.0.1"), address("1.1.1.1")]).expect("one is public");
        assert_eq!(kept, [address("1.1.1.1")]);
        assert!(matches!(guard.keep_public(vec![address("10.0.0.1")]), Err(Unresolved::Refused(_))));
        assert!(matches!(guard.keep_public(Vec::new()), Err(Unresolved::Failed(_))));
    }
}
