//! A webhook: a POST of JSON, signed where a key is configured.

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// A receiver on the web.
#[derive(Clone)]
pub struct Webhook {
    /// Its address.
    pub url: String,
    key: Option<Vec<u8>>,
}

impl Webhook {
    /// Returns a webhook whose bodies are signed with `key`, where there is one.
    pub fn new(url: String, key: Option<&str>) -> Self {
        Self { url, key: key.map(|key| key.as_bytes().to_vec()) }
    }

    /// Returns the headers of a delivery: its type, its id for telling repetitions, and with a key the signature
    /// `sha256=<hexadecimal HMAC-SHA-256 of the body>` (RFC 2104).
    pub fn headers(&self, delivery_id: &str, body: &[u8]) -> BTreeMap<String, String> {
        let mut headers = BTreeMap::from([
            ("content-type".to_owned(), "application/json".to_owned()),
            ("idempotency-key".to_owned(), delivery_id.to_owned()),
        ]);
        if let Some(key) = &self.key {
            let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
            mac.update(body);
            let signature: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
            headers.insert("dateline-signature".to_owned(), format!("sha256={signature}"));
        }
        headers
    }
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The key never reaches a log.
        f.debug_struct("Webhook").field("url", &self.url).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn body_is_signed_with_the_key() {
        // RFC 4231, test case 2.
        let webhook = Webhook::new(String::new(), Some("Jefe"));
        let headers = webhook.headers("x", b"what do ya want for nothing?");
        let expected = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(headers["dateline-signature"], expected);
    }

    #[test]
    fn no_key_no_signature_and_no_key_in_debug() {
        let webhook = Webhook::new("https://a.example/".into(), None);
        assert!(!webhook.headers("x", b"{}").contains_key("dateline-signature"));
        assert!(!format!("{webhook:?}").contains("key:"));
    }
}
