//! Where people and programs meet the archive over HTTP: a JSON API, a search page, health and metrics.
//!
//! Everything here only reads; what a request wants is asked of the [`Archive`], the same one that the command line asks.

mod api;
mod archive;
mod ask;
mod cache;
mod cursor;
mod evidence;
mod feed;
mod health;
pub mod json;
mod limit;
mod mcp;
mod names;
mod openapi;
mod page;
mod websub;

use std::{
    io,
    net::{SocketAddr, ToSocketAddrs},
    path::PathBuf,
    sync::{Arc, Mutex, OnceLock},
    thread,
    time::Duration,
};

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::Response,
    routing::get,
};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tokio::{
    net::TcpListener,
    sync::{Semaphore, mpsc},
};
use tokio_util::sync::CancellationToken;
use tower_http::compression::CompressionLayer;
use tracing::{info, warn};

pub use self::cursor::START;
use self::limit::Limits;
pub use self::{
    archive::{Archive, By, Error, Found, Order, Question, read_query, read_time},
    health::{Liveness, Loop, check as check_health},
    mcp::serve_assistant,
    names::{NAMES, TopicName, TopicNames},
    websub::{HubCall, HubMessage},
};
use crate::{config::Serve, index::Searcher};

/// Open requests at a stop get this long.
const GOODBYE: Duration = Duration::from_secs(2);

/// Why the server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address.
    #[error("serve.listen `{listen}`: {source}")]
    Listen {
        /// As configured.
        listen: String,
        /// What the system said.
        source: io::Error,
    },
}

/// What requests share.
#[derive(Clone)]
pub(crate) struct Shared {
    data_dir: PathBuf,
    /// Archives that are open and idle.
    pool: Arc<Mutex<Vec<Archive>>>,
    /// As many questions are answered at once as there are processors: those who read the news do not hold up its coming.
    turns: Arc<Semaphore>,
    /// One view of the index for all of the pool, and what was counted in it.
    searcher: Arc<OnceLock<Searcher>>,
    liveness: Liveness,
    token: Option<Arc<[u8]>>,
    /// Where hubs are heard; `None` where nobody listens to them.
    hub_calls: Option<mpsc::Sender<HubCall>>,
    deliveries: Arc<Semaphore>,
}

impl Shared {
    /// Answers from an archive, off the async threads.
    async fn ask<T: Send + 'static>(
        &self,
        answer: impl FnOnce(&Archive) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let shared = self.clone();
        let turn = self.turns.clone().acquire_owned().await.expect("the semaphore is never closed");
        let answered = tokio::task::spawn_blocking(move || {
            // Its own, not the request's: who hangs up does not end the work.
            let _turn = turn;
            let archive = shared.take()?;
            let answer = answer(&archive);
            shared.give_back(archive);
            answer
        });
        answered.await.unwrap_or_else(|error| Err(Error::Question(format!("the question broke the archive: {error}"))))
    }

    fn take(&self) -> Result<Archive, Error> {
        let kept = self.pool.lock().expect("nobody panics with the lock").pop();
        let mut archive = match kept {
            Some(archive) => archive,
            None => {
                let archive = Archive::open(&self.data_dir)?;
                let searcher = self.searcher.get_or_init(|| archive.searcher.clone()).clone();
                Archive { searcher, ..archive }
            }
        };
        archive.refresh()?;
        Ok(archive)
    }

    fn give_back(&self, archive: Archive) {
        self.pool.lock().expect("nobody panics with the lock").push(archive);
    }
}

/// A server that listens, but does not answer yet.
pub struct Server {
    listener: std::net::TcpListener,
    token: Option<Arc<[u8]>>,
    limits: Limits,
}

impl Server {
    /// Starts to listen where the configuration says; `None` where it says nowhere.
    ///
    /// # Errors
    /// When the address is taken or unusable.
    pub fn bind(settings: &Serve) -> Result<Option<Self>, StartError> {
        if settings.listen.is_empty() {
            return Ok(None);
        }
        let failed = |source| StartError::Listen { listen: settings.listen.clone(), source };
        let addresses: Vec<SocketAddr> = settings.listen.to_socket_addrs().map_err(failed)?.collect();
        let listener = std::net::TcpListener::bind(addresses.as_slice()).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let token = settings.token.as_ref().map(|token| token.0.as_bytes().into());
        Ok(Some(Self { listener, token, limits: Limits::new(settings.rate_limit) }))
    }

    /// Returns where it listens.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers requests until told to stop; what hubs say goes to `hub_calls`, where there is somebody to hear it.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn run(
        self,
        data_dir: PathBuf,
        liveness: Liveness,
        hub_calls: Option<mpsc::Sender<HubCall>>,
        stop: CancellationToken,
    ) -> io::Result<()> {
        let address = self.address()?;
        let deliveries = Arc::new(Semaphore::new(websub::AT_ONCE));
        let shared = Shared {
            data_dir,
            pool: Arc::default(),
            turns: Arc::new(Semaphore::new(thread::available_parallelism().map_or(2, usize::from))),
            searcher: Arc::default(),
            liveness,
            token: self.token,
            hub_calls,
            deliveries,
        };
        let listener = TcpListener::from_std(self.listener)?;
        info!(listen = %address, "listening on http://{address}/");
        let ended = stop.clone();
        let server =
            axum::serve(listener, router(shared, self.limits).into_make_service_with_connect_info::<SocketAddr>())
                .with_graceful_shutdown(async move { stop.cancelled().await });
        tokio::select! {
            result = server.into_future() => result,
            () = async { ended.cancelled().await; tokio::time::sleep(GOODBYE).await } => {
                warn!("requests were still open at the stop");
                Ok(())
            }
        }
    }
}

fn router(shared: Shared, limits: Limits) -> Router {
    Router::new()
        .route("/", get(page::search))
        .route("/style.css", get(page::style))
        .route("/icon.svg", get(page::icon))
        .route("/articles/{id}", get(page::article))
        .route("/articles/{id}/revisions/{number}", get(page::revision))
        .route("/articles/{id}/copies/{other}", get(page::copy))
        .route("/stories", get(page::stories))
        .route("/stories/{id}", get(page::story))
        .route("/sources", get(page::sources))
        .route("/sources/{id}", get(page::source))
        .route("/topics", get(page::topics))
        .merge(api::router())
        .route("/feeds/{name}", get(feed::search))
        .layer(middleware::from_fn(cache::revalidate))
        .route("/metrics", get(health::metrics_text))
        .layer(middleware::from_fn_with_state(shared.clone(), guard))
        // Hubs carry no token: they prove themselves by what was agreed with them.
        .route("/websub/{source}", get(websub::verify).post(websub::deliver))
        .layer(middleware::from_fn_with_state(limits, limit::limit))
        .route("/livez", get(health::livez))
        .route("/readyz", get(health::readyz))
        .fallback(page::nowhere)
        .method_not_allowed_fallback(api::only_reading)
        .layer(middleware::from_fn(harden))
        .layer(CompressionLayer::new())
        .with_state(shared)
}

/// Lets only those in who carry the token, where there is one: as a bearer token, or as the password of basic
/// authentication so that a browser can ask for it.
async fn guard(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let Some(token) = &shared.token else { return next.run(request).await };
    let given = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(credential);
    if given.is_some_and(|given| same(&given, token)) {
        return next.run(request).await;
    }
    let ask = HeaderValue::from_static("Basic realm=\"dateline\", charset=\"UTF-8\"");
    let mut response = api::problem(StatusCode::UNAUTHORIZED, "unauthorized", "a token is needed (serve.token_file)");
    response.headers_mut().insert(header::WWW_AUTHENTICATE, ask);
    response
}

fn credential(header: &str) -> Option<Vec<u8>> {
    let (scheme, value) = header.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(value.trim().as_bytes().to_vec());
    }
    let decoded = scheme.eq_ignore_ascii_case("basic").then(|| BASE64.decode(value.trim()).ok())??;
    let colon = decoded.iter().position(|&byte| byte == b':')?;
    Some(decoded[colon + 1..].to_vec())
}

/// Compares in a time that depends neither on where the two differ nor on how long the token is.
fn same(given: &[u8], token: &[u8]) -> bool {
    Sha256::digest(given).ct_eq(&Sha256::digest(token)).into()
}

/// Headers that keep pages from doing what they never need to.
async fn harden(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        ),
    );
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_authorization_carry_the_token() {
        assert_eq!(credential("Bearer s3cret"), Some(b"s3cret".to_vec()));
        assert_eq!(credential("Basic YW55Om15OnRva2Vu"), Some(b"my:token".to_vec()));
        for header in ["", "Bearer", "Basic !!", "Digest x"] {
            assert_eq!(credential(header), None, "{header}");
        }
    }

    #[test]
    fn only_the_same_token_is_the_same() {
        assert!(same(b"a", b"a"));
        assert!(!same(b"a", b"ab"));
    }
}
