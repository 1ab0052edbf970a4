//! A webhook: a POST of JSON, signed where a key is configured.

use std::{collections::BTreeMap, fs, path::Path};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::Error;

/// A receiver on the web.
#[derive(Clone)]
pub struct Webhook {
    /// Its address.
    pub url: String,
    key: Option<Vec<u8>>,
}

impl Webhook {
    /// Returns a webhook; the key is the content of `secret_file` without white space at its end.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn new(url: String, secret_file: Option<&Path>) -> Result<Self, Error> {
        let read = |path: &Path| fs::read(path).map_err(|source| Error::Secret { path: path.to_owned(), source });
        let key = secret_file.map(read).transpose()?;
        Ok(Self { url, key: key.map(|key| key.trim_ascii_end().to_vec()) })
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
        let webhook = Webhook { url: String::new(), key: Some(b"Jefe".to_vec()) };
        let headers = webhook.headers("x", b"what do ya want for nothing?");
        let expected = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(headers["dateline-signature"], expected);
    }

    #[test]
    fn no_key_no_signature_and_no_key_in_debug() {
        let webhook = Webhook { url: "https://a.example/".into(), key: None };
        assert!(!webhook.headers("x", b"{}").contains_key("dateline-signature"));
        assert!(!format!("{webhook:?}").contains("key:"));
    }
}
