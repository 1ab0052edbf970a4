//! What is said to a hub and heard from it (WebSub, <https://www.w3.org/TR/websub/>): requests, signatures, secrets.

use std::{collections::BTreeMap, fmt, time::Duration};

use ring::{
    hmac,
    rand::{SecureRandom, SystemRandom},
};
use serde::{Deserialize, Serialize};
use url::form_urlencoded;

use super::{Purpose, Request};
use crate::model::Time;

/// How long a subscription shall last; hubs may say otherwise.
const LEASE: Duration = Duration::from_secs(10 * 24 * 3600);

/// A subscription, as it is kept between runs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// The hub's address.
    pub hub: String,
    /// The address under which the hub knows the source.
    pub topic: String,
    /// Signs what the hub delivers.
    secret: String,
    /// When the hub was last asked.
    pub asked_at: Time,
    /// Since when the hub has confirmed it, and until when.
    pub lease: Option<(Time, Time)>,
}

impl Subscription {
    /// Returns a subscription with a new secret, for which the hub is to be asked. `None` when the system has no randomness.
    pub fn new(hub: String, topic: String, now: Time) -> Option<Self> {
        let mut bytes = [0; 24];
        SystemRandom::new().fill(&mut bytes).ok()?;
        let secret = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Some(Self { hub, topic, secret, asked_at: now, lease: None })
    }

    /// Returns the request that asks the hub to begin or end.
    pub fn request(&self, begin: bool, callback: &str) -> Request {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("hub.mode", if begin { "subscribe" } else { "unsubscribe" });
        form.append_pair("hub.topic", &self.topic).append_pair("hub.callback", callback);
        if begin {
            form.append_pair("hub.secret", &self.secret);
            form.append_pair("hub.lease_seconds", &LEASE.as_secs().to_string());
        }
        let kind = ("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned());
        Request {
            headers: BTreeMap::from([kind]),
            body: Some(form.finish().into()),
            ..Request::new(self.hub.clone(), Purpose::Hub)
        }
    }

    /// Tells whether a delivery carries the signature (`X-Hub-Signature`) that only the hub can have made.
    pub fn has_signed(&self, signature: &str, body: &[u8]) -> bool {
        let Some((method, digest)) = signature.trim().split_once('=') else { return false };
        let algorithm = match method {
            // Widely used hubs know nothing else, and HMAC does not rest on what SHA-1 has lost.
            "sha1" => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            "sha256" => hmac::HMAC_SHA256,
            "sha384" => hmac::HMAC_SHA384,
            "sha512" => hmac::HMAC_SHA512,
            _ => return false,
        };
        let key = hmac::Key::new(algorithm, self.secret.as_bytes());
        from_hexadecimal(digest).is_some_and(|digest| hmac::verify(&key, body, &digest).is_ok())
    }

    /// Tells whether the hub has to be asked (again): nothing is confirmed, or a quarter of the lease is left.
    pub fn is_due(&self, now: Time) -> bool {
        let (wait, renew_at) = match self.lease {
            Some((since, until)) => ((until - since) / 8, until - (until - since) / 4),
            None => (chrono::Duration::hours(6), self.asked_at),
        };
        now >= renew_at && now - self.asked_at >= wait.min(chrono::Duration::hours(6))
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The secret never reaches a log.
        f.debug_struct("Subscription").field("hub", &self.hub).field("topic", &self.topic).finish_non_exhaustive()
    }
}

fn from_hexadecimal(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text.chars().map(|c| c.to_digit(16).map(|digit| digit as u8)).collect();
    digits
        .filter(|digits| digits.len() % 2 == 0)
        .map(|digits| digits.chunks(2).map(|two| two[0] << 4 | two[1]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subscription() -> Subscription {
        let hub = "https://hub.example/".to_owned();
        Subscription {
            secret: "Jefe".to_owned(),
            ..Subscription::new(hub, "https://a.example/f".into(), Time::UNIX_EPOCH).expect("randomness")
        }
    }

    #[test]
    fn only_the_holder_of_the_secret_signs() {
        let body = b"what do ya want for nothing?";
        let subscription = subscription();
        // RFC 2202 and RFC 4231, test case 2 of each.
        assert!(subscription.has_signed("sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c79", body));
        let sha256 = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert!(subscription.has_signed(&format!("sha256={sha256}"), body));
        for wrong in ["", "sha256", "sha256=", "sha256=5b", "md5=00", "sha256=zz", "sha1=é"] {
            assert!(!subscription.has_signed(wrong, body), "{wrong}");
        }
        assert!(!subscription.has_signed(&format!("sha256={sha256}"), b"something else"));
        assert!(!subscription.has_signed(&format!("sha1={sha256}"), body));
    }

    #[test]
    fn secrets_differ_and_are_not_shown() {
        let (one, other) = (subscription(), Subscription::new(String::new(), String::new(), Time::UNIX_EPOCH));
        assert_ne!(Some(one.secret.clone()), other.map(|other| other.secret));
        assert!(!format!("{one:?}").contains("Jefe"));
    }

    #[test]
    fn a_lease_is_renewed_before_it_ends_and_not_asked_for_again_and_again() {
        let at = |hours| Time::UNIX_EPOCH + chrono::Duration::hours(hours);
        let mut subscription = subscription();
        assert!(!subscription.is_due(at(1)) && subscription.is_due(at(6)));
        subscription.lease = Some((at(0), at(240)));
        assert!(!subscription.is_due(at(179)) && subscription.is_due(at(180)));
        subscription.asked_at = at(180);
        assert!(!subscription.is_due(at(185)) && subscription.is_due(at(186)));
    }
}
