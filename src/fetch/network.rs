//! Requests over the network, each within its limits.

use std::{error::Error as _, io, sync::Once, time::Duration};

use bytes::Bytes;
use chrono::Utc;
use reqwest::{
    Certificate, Client, Proxy,
    header::{ACCEPT, ACCEPT_ENCODING, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH},
    redirect::Policy,
};
use tokio::{sync::Semaphore, time};
use url::Url;

use super::{
    Error, Fetch, Purpose, Request, Response,
    error::shown,
    guard::{self, GuardedResolver, Unresolved},
    record::Recorder,
    response::exact_value,
};
use crate::{config::Http, model::host_of};

/// A host that does not take a connection in this time is down; the rest of `http.timeout` is for its answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Long enough to serve the next request to a host after the usual gap, shorter than the five seconds after which Apache
/// and Node close by default: a request sent into a closing connection would fail. Few idle connections also keep a
/// daemon of thousands of hosts below the usual limit of 1,024 open files.
const KEEP_ALIVE: Duration = Duration::from_secs(4);
/// Some sites send more than hyper's default of 100 headers, or, over HTTP/2, more than its 16 KiB. Over HTTP/1 hyper
/// reads no more than about 400 KiB of them.
const MAX_HEADERS: usize = 256;
const MAX_HEADERS_BYTES: u32 = 64 << 10;
/// The most memory that is set aside for a body because of its declared size: declaring is cheap.
const BODY_START_BYTES: usize = 64 << 10;
/// Bodies beyond this size are read few at a time: bombs and endless bodies come in swarms, and each fills the limit.
/// Nearly all pages and feeds are smaller.
const LARGE_BODY_BYTES: usize = 1 << 20;
const LARGE_BODIES_AT_ONCE: usize = 2;
/// A large body waits no longer for its turn: one that drips must not keep others from being read.
const LARGE_BODY_WAIT: Duration = Duration::from_secs(2);
/// As much as is read of the body of an answer that is no success, and how long.
const MAX_NOTICE_BYTES: usize = 64 << 10;
const NOTICE_TIMEOUT: Duration = Duration::from_secs(2);
/// Not `deflate`, which servers send in two incompatible forms; it is read where it comes unasked.
const ENCODINGS: &str = "gzip, br, zstd";

/// Asks servers over HTTP/1.1 and HTTP/2: no cookies, no referrer, no redirect followed, no request repeated.
#[derive(Debug)]
pub struct Network {
    client: Client,
    timeout: Duration,
    max_body: u64,
    guarded: bool,
    large_bodies: Semaphore,
    recorder: Option<Recorder>,
}

impl Network {
    /// Returns a network that keeps to the settings.
    ///
    /// # Errors
    /// When a setting is unusable, or the recording cannot be opened.
    pub fn new(http: &Http) -> Result<Self, Error> {
        install_crypto();
        let guarded = !http.allow_private_addresses;
        let mut builder = Client::builder()
            .user_agent(agent(&http.user_agent)?)
            .redirect(Policy::none())
            .referer(false)
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT.min(http.timeout))
            .pool_idle_timeout(KEEP_ALIVE)
            .pool_max_idle_per_host(http.per_host_concurrency.max(1))
            .http1_ignore_invalid_headers_in_responses(true)
            .http1_allow_spaces_after_header_name_in_responses(true)
            .http1_allow_obsolete_multiline_headers_in_responses(true)
            .http1_max_headers(MAX_HEADERS)
            .http2_max_header_list_size(MAX_HEADERS_BYTES)
            .tls_certs_merge(root_certificates());
        match &http.proxy {
            // The only name resolved here is then the proxy's own, which may well be private.
            Some(address) => builder = builder.proxy(proxy(address)?),
            None if guarded => builder = builder.dns_resolver(GuardedResolver),
            None => {}
        }
        let client = builder.build().map_err(|error| Error::Client { reason: innermost(&error) })?;
        let recorder = http.record.as_deref().map(Recorder::append_to).transpose()?;
        let large_bodies = Semaphore::new(LARGE_BODIES_AT_ONCE);
        Ok(Self { client, timeout: http.timeout, max_body: http.max_body, guarded, large_bodies, recorder })
    }

    /// Checks what can be checked before anything is sent, and returns the host for messages.
    fn admit(&self, text: &str) -> Result<(Url, String), Error> {
        let url = Url::parse(text.trim()).map_err(|_| Error::BadUrl { url: shown(text) })?;
        let host = match host_of(url.as_str()) {
            Some(host) if matches!(url.scheme(), "http" | "https") => host,
            _ => return Err(Error::Scheme { url: shown(text) }),
        };
        match guard::literal(&url) {
            Some(address) if self.guarded && !guard::is_public(address) => Err(Error::Refused { host, address }),
            _ => Ok((url, host)),
        }
    }

    /// Sends the request and reads the answer. `received` counts the body's bytes for whoever cuts this short.
    async fn exchange(
        &self,
        request: reqwest::Request,
        url: String,
        host: &str,
        received: &mut u64,
    ) -> Result<Response, Error> {
        let mut answer = self.client.execute(request).await.map_err(|error| explain(&error, host))?;
        let declared = answer.content_length();
        let body = if answer.status().is_success() {
            self.read_body(&mut answer, host, received).await?
        } else {
            read_notice(&mut answer).await
        };
        Ok(Response {
            url,
            status: answer.status().as_u16(),
            headers: std::mem::take(answer.headers_mut()).into(),
            wire_bytes: declared.unwrap_or(body.len() as u64),
            body: Bytes::from(body),
            fetched_at: Utc::now(),
        })
    }

    async fn read_body(
        &self,
        answer: &mut reqwest::Response,
        host: &str,
        received: &mut u64,
    ) -> Result<Vec<u8>, Error> {
        let declared = answer.content_length().unwrap_or_default();
        if declared > self.max_body {
            return Err(self.too_large(host));
        }
        let mut body = Vec::with_capacity((declared as usize).min(BODY_START_BYTES));
        let mut turn = None;
        while let Some(chunk) = answer.chunk().await.map_err(|error| explain(&error, host))? {
            *received += chunk.len() as u64;
            if *received > self.max_body {
                return Err(self.too_large(host));
            }
            if body.len() + chunk.len() > LARGE_BODY_BYTES && turn.is_none() {
                turn = Some(time::timeout(LARGE_BODY_WAIT, self.large_bodies.acquire()).await);
            }
            body.extend_from_slice(&chunk);
        }
        body.shrink_to_fit();
        Ok(body)
    }

    fn too_large(&self, host: &str) -> Error {
        Error::TooLarge { host: host.to_owned(), limit: self.max_body }
    }
}

/// Reads what comes with a redirect or a refusal. Status and headers are what counts there: a body that is long, slow or
/// broken does not take them away.
async fn read_notice(answer: &mut reqwest::Response) -> Vec<u8> {
    let mut body = Vec::new();
    let read = async {
        while let Ok(Some(chunk)) = answer.chunk().await {
            let room = MAX_NOTICE_BYTES - body.len();
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if body.len() == MAX_NOTICE_BYTES {
                break;
            }
        }
    };
    // Whoever is cut off keeps what was read; the connection is not used again.
    let _ = time::timeout(NOTICE_TIMEOUT, read).await;
    body
}

impl Fetch for Network {
    async fn fetch(&self, request: Request) -> Result<Response, Error> {
        let (url, host) = self.admit(&request.url)?;
        let headers = headers_of(&request, &host)?;
        let builder = match request.body {
            Some(body) => self.client.post(url).body(body),
            None => self.client.get(url),
        };
        let sent = builder.headers(headers).build().map_err(|error| explain(&error, &host))?;
        let recorded = match (&self.recorder, request.purpose) {
            (None, _) | (_, Purpose::Webhook) => None,
            (Some(recorder), _) => Some((recorder, sent.headers().clone())),
        };
        let mut received = 0;
        let exchange = self.exchange(sent, request.url, &host, &mut received);
        let Ok(answer) = time::timeout(self.timeout, exchange).await else {
            return Err(Error::Timeout { host, limit: self.timeout, received });
        };
        let answer = answer?;
        if let Some((recorder, headers)) = recorded {
            recorder.record(headers, answer.clone()).await;
        }
        Ok(answer)
    }
}

fn install_crypto() {
    static INSTALL: Once = Once::new();
    // An error says that another part of the process has chosen a provider already: that one serves as well.
    INSTALL.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
}

fn agent(text: &str) -> Result<HeaderValue, Error> {
    HeaderValue::from_str(text).map_err(|error| Error::Setting { setting: "user_agent", reason: error.to_string() })
}

/// Mozilla's roots, beside the platform's own: a container without certificates works, a company's own authority too.
fn root_certificates() -> impl Iterator<Item = Certificate> {
    webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().filter_map(|der| Certificate::from_der(der).ok())
}

fn proxy(address: &str) -> Result<Proxy, Error> {
    let problem = |reason| Error::Setting { setting: "proxy", reason };
    if !address.starts_with("http://") && !address.starts_with("https://") {
        return Err(problem(format!("`{address}` is not an http or https address")));
    }
    Proxy::all(address).map_err(|error| problem(innermost(&error)))
}

fn headers_of(request: &Request, host: &str) -> Result<HeaderMap, Error> {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static(accepted(request.purpose)));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(ENCODINGS));
    for (name, value) in
        [(IF_NONE_MATCH, &request.validators.etag), (IF_MODIFIED_SINCE, &request.validators.last_modified)]
    {
        if let Some(value) = value.as_deref().and_then(exact_value) {
            headers.insert(name, value);
        }
    }
    for (name, value) in &request.headers {
        let bad = || Error::BadHeader { host: host.to_owned(), name: name.clone() };
        let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| bad())?;
        headers.insert(HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?, value);
    }
    Ok(headers)
}

fn accepted(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Source => {
            "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml, \
             application/xml;q=0.9, text/xml;q=0.9, */*;q=0.8"
        }
        Purpose::Page => "text/html, application/xhtml+xml, */*;q=0.8",
        Purpose::Robots => "text/plain, */*;q=0.8",
        Purpose::Webhook => "*/*",
    }
}

/// Finds in the chain of causes what a person can make something of.
fn explain(error: &reqwest::Error, host: &str) -> Error {
    let host = host.to_owned();
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(Unresolved::Refused(address)) = error.downcast_ref() {
            return Error::Refused { host, address: *address };
        }
        if let Some(tls) = tls_cause(error) {
            return Error::Tls { host, reason: tls.to_string() };
        }
        cause = error.source();
    }
    let reason = innermost(error);
    match error {
        // Longer than a request may be.
        _ if error.is_builder() => Error::BadUrl { url: error.url().map_or(host, |url| shown(url.as_str())) },
        _ if error.is_dns() => Error::Dns { host, reason },
        _ if error.is_connect() => Error::Connect { host, reason },
        _ => Error::Protocol { host, reason },
    }
}

/// An [`io::Error`] does not name the error it carries as its source, and TLS comes wrapped in two of them.
fn tls_cause<'a>(mut error: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    while let Some(carried) = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        error = carried;
    }
    error.downcast_ref()
}

fn innermost(error: &reqwest::Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

#[cfg(test)]
mod tests;
