//! Requests over the network, each within its limits.

use std::{error::Error as _, io, sync::Once, time::Duration};

use bytes::Bytes;
use chrono::Utc;
use reqwest::{
    Certificate, Client, Proxy,
    header::{
        ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue,
        IF_MODIFIED_SINCE, IF_NONE_MATCH,
    },
    redirect::Policy,
};
use tokio::{task, time};
use url::Url;

use super::{
    Error, Fetch, Purpose, Request, Response,
    body::{Body, Budget},
    encoding::Decoder,
    error::shown,
    guard::{Guard, Unresolved},
    record::Recorder,
    response::exact_value,
};
use crate::{config::Http, model::host_in};

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
/// What a server may send ahead of what is read, over HTTP/2: a body that waits for room waits on its server's side.
const HTTP2_WINDOW_BYTES: u32 = 512 << 10;
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
    /// `None` where private addresses may be asked.
    guard: Option<Guard>,
    budget: Budget,
    recorder: Option<Recorder>,
}

impl Network {
    /// Returns a network that keeps to the settings.
    ///
    /// # Errors
    /// When a setting is unusable, or the recording cannot be opened.
    pub fn new(http: &Http) -> Result<Self, Error> {
        Self::guarded(http, (!http.allow_private_addresses).then(Guard::of_system))
    }

    fn guarded(http: &Http, guard: Option<Guard>) -> Result<Self, Error> {
        install_crypto();
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
            .http2_initial_stream_window_size(HTTP2_WINDOW_BYTES)
            .http2_initial_connection_window_size(HTTP2_WINDOW_BYTES)
            // Compression is undone here, where what comes and what it becomes can both be counted.
            .no_gzip()
            .no_brotli()
            .no_deflate()
            .no_zstd()
            .tls_certs_merge(root_certificates());
        match (&http.proxy, &guard) {
            // The only name resolved here is then the proxy's own, which may well be private.
            (Some(address), _) => builder = builder.proxy(proxy(address)?),
            (None, Some(guard)) => builder = builder.dns_resolver(guard.clone()),
            (None, None) => {}
        }
        let client = builder.build().map_err(|error| Error::Client { reason: innermost(&error) })?;
        let recorder = http.record.as_deref().map(Recorder::append_to).transpose()?;
        let budget = Budget::new(http.max_body);
        Ok(Self { client, timeout: http.timeout, max_body: http.max_body, guard, budget, recorder })
    }

    /// Checks what can be checked before anything is sent, and returns the host for messages.
    fn admit(&self, text: &str) -> Result<(Url, String), Error> {
        let url = Url::parse(text.trim()).map_err(|_| Error::BadUrl { url: shown(text) })?;
        let host = match host_in(&url) {
            Some(host) if matches!(url.scheme(), "http" | "https") => host,
            _ => return Err(Error::Scheme { url: shown(text) }),
        };
        match self.guard.as_ref().and_then(|guard| guard.refuses(&url)) {
            Some(address) => Err(Error::Refused { host, address }),
            None => Ok((url, host)),
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
        let decoder = decoder(answer.headers_mut());
        let (body, wire_bytes) = if answer.status().is_success() {
            if answer.content_length().is_some_and(|declared| declared > self.max_body) {
                return Err(self.too_large(host));
            }
            self.read_body(&mut answer, decoder, host, received).await?
        } else {
            read_notice(&mut answer, decoder).await
        };
        let status = answer.status().as_u16();
        let headers = std::mem::take(answer.headers_mut()).into();
        Ok(Response { url, status, headers, wire_bytes, body, fetched_at: Utc::now() })
    }

    async fn read_body(
        &self,
        answer: &mut reqwest::Response,
        mut decoder: Option<Decoder>,
        host: &str,
        received: &mut u64,
    ) -> Result<(Bytes, u64), Error> {
        let mut body = Body::new(decoder.as_ref().is_some_and(Decoder::remembers));
        let mut wire_bytes = 0;
        while let Some(chunk) = answer.chunk().await.map_err(|error| explain(&error, host))? {
            wire_bytes += chunk.len() as u64;
            let mut rest = &*chunk;
            while let Some(piece) = next_piece(&mut decoder, &mut rest).map_err(|error| undecodable(&error, host))? {
                *received += piece.len() as u64;
                if !self.budget.append(&mut body, piece).await {
                    return Err(self.too_large(host));
                }
                // A small chunk may hold megabytes: others get their turn in between.
                task::consume_budget().await;
            }
        }
        if let Some(decoder) = decoder {
            decoder.finish().map_err(|error| undecodable(&error, host))?;
        }
        Ok((body.finish(), wire_bytes))
    }

    fn too_large(&self, host: &str) -> Error {
        Error::TooLarge { host: host.to_owned(), limit: self.max_body }
    }
}

/// Returns what undoes an answer's compression, whose headers then say nothing more of it.
fn decoder(headers: &mut HeaderMap) -> Option<Decoder> {
    let decoder = Decoder::of(headers.get(CONTENT_ENCODING)?.to_str().ok()?)?;
    headers.remove(CONTENT_ENCODING);
    headers.remove(CONTENT_LENGTH);
    Some(decoder)
}

/// Returns the next piece of a body, none when all that came is used up.
fn next_piece<'p, 'c: 'p>(decoder: &'p mut Option<Decoder>, rest: &mut &'c [u8]) -> io::Result<Option<&'p [u8]>> {
    match decoder {
        Some(decoder) => decoder.next(rest),
        None => Ok(Some(std::mem::take(rest)).filter(|piece| !piece.is_empty())),
    }
}

fn undecodable(error: &io::Error, host: &str) -> Error {
    Error::Protocol { host: host.to_owned(), reason: format!("its compression is broken: {error}") }
}

/// Reads what comes with a redirect or a refusal. Status and headers are what counts there: a body that is long, slow or
/// broken does not take them away.
async fn read_notice(answer: &mut reqwest::Response, mut decoder: Option<Decoder>) -> (Bytes, u64) {
    let (mut body, mut wire_bytes) = (Vec::new(), 0);
    let read = async {
        while let Ok(Some(chunk)) = answer.chunk().await {
            wire_bytes += chunk.len() as u64;
            let mut rest = &*chunk;
            while let Ok(Some(piece)) = next_piece(&mut decoder, &mut rest) {
                let room = MAX_NOTICE_BYTES - body.len();
                body.extend_from_slice(&piece[..piece.len().min(room)]);
                if body.len() == MAX_NOTICE_BYTES {
                    return;
                }
            }
        }
    };
    // Whoever is cut off keeps what was read; the connection is not used again.
    let _ = time::timeout(NOTICE_TIMEOUT, read).await;
    (body.into(), wire_bytes)
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
            (None, _) | (_, Purpose::Webhook | Purpose::Hub) => None,
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
        Purpose::Webhook | Purpose::Hub => "*/*",
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
