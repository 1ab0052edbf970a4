//! Polls one source: asks, judges the answer, hands it to the owner of the store.

use std::{hash::BuildHasher, sync::Arc};

use rustc_hash::FxBuildHasher;
use tokio::sync::oneshot;
use tracing::{info, warn};
use url::Url;

use super::{
    Context,
    errand::{Errand, Outcome},
    fault,
    websub::Pushed,
    work::{Document, Polled, Verdict, Work},
};
use crate::{
    fetch::{self, Fetch, Purpose, Request},
    model::{Source, SourceState, Time, Validators},
    source::{self, schedule},
    telemetry::metrics,
};

/// Polls a source, or follows one of its redirects.
pub(crate) async fn poll(
    context: Arc<Context>,
    host: String,
    errand: Errand,
    source: Arc<Source>,
    before: SourceState,
) -> Outcome {
    let started = context.clock.elapsed();
    let asking = context.asking(host);
    fault::point("poll", &source.url);
    let request = Request {
        validators: if errand.gathered.is_some() {
            Validators::default()
        } else {
            schedule::conditional(&before, context.clock.now())
        },
        headers: context.headers_for(&source, &errand.url),
        ..Request::new(errand.url.clone(), Purpose::Source)
    };
    let response = context.fetcher.fetch(request).await;
    match &response {
        Ok(_) => asking.answered(None).await,
        Err(_) => asking.failed().await,
    }
    metrics().requests.with_label_values(&["source"]).inc();

    let ended_at = context.clock.now();
    let id = source.id;
    let (verdict, answer) = match response {
        Ok(response) => {
            metrics().received_bytes.inc_by(response.wire_bytes);
            let answer = answer(&response, &errand, ended_at);
            match response.redirect().map(|to| context.may_follow(&errand, &to).map(|()| to)) {
                Some(Ok(to)) => return Outcome::Redirect(errand.redirected(to, response.is_permanent_redirect())),
                Some(Err(error)) => (Verdict::Failed { error, http_status: Some(response.status) }, answer),
                None => {
                    let known = if errand.gathered.is_some() { SourceState::default() } else { before.clone() };
                    (judge(&context, &source, known, response, ended_at).await, answer)
                }
            }
        }
        Err(error) => {
            let answer = schedule::Answer { asked_url: errand.url.clone(), ..schedule::Answer::default() };
            (Verdict::Failed { error: error.to_string(), http_status: None }, answer)
        }
    };
    let (verdict, mut answer) = match gather(errand, verdict, answer) {
        Ok(done) => done,
        Err(next) => return Outcome::Redirect(next),
    };
    report(&source, &verdict, ended_at);
    answer.pushed_until = context.leases.borrow().get(&id).copied();
    let (reply, settled) = oneshot::channel();
    let duration_ms = (context.clock.elapsed() - started).as_millis() as u64;
    let polled = Polled { source: source.clone(), before, verdict, answer, ended_at, duration_ms, reply };
    if !context.hand_over(Work::Polled(Box::new(polled))).await {
        return Outcome::PollLost(id);
    }
    match settled.await {
        Ok(settled) => {
            context.offer(&source, &settled.state);
            Outcome::Polled(Box::new(settled))
        }
        Err(_) => Outcome::PollLost(id),
    }
}

/// Reads what a hub has delivered for a source: a document with all of the feed, or only with what is new.
pub(crate) async fn read_pushed(context: Arc<Context>, source: Arc<Source>, pushed: Pushed) -> Outcome {
    let (started, ended_at) = (context.clock.elapsed(), context.clock.now());
    let reading = source.clone();
    let read = move || {
        let Pushed { topic, content_type, body, .. } = pushed;
        let document = source::Response { url: &topic, content_type: content_type.as_deref(), body: &body };
        let read = source::read(&reading, &document, ended_at).map_err(|error| error.to_string());
        read.map(|feed| Document::new(feed, reading.id))
    };
    let id = source.id;
    let document = match context.compute("poll", read).await.and_then(|read| read) {
        Ok(document) => Box::new(document),
        Err(error) => {
            warn!(source.id = %id, error, "what a hub delivered could not be read: {error}");
            return Outcome::Pushed(Vec::new());
        }
    };
    let verdict = Verdict::Pushed { document };
    report(&source, &verdict, ended_at);
    let (reply, settled) = oneshot::channel();
    let duration_ms = (context.clock.elapsed() - started).as_millis() as u64;
    let (before, answer) = (SourceState::default(), schedule::Answer::default());
    let polled = Polled { source, before, verdict, answer, ended_at, duration_ms, reply };
    context.hand_over(Work::Polled(Box::new(polled))).await;
    match settled.await {
        Ok(settled) => Outcome::Pushed(settled.due),
        Err(_) => Outcome::Pushed(Vec::new()),
    }
}

/// The most sitemaps of one index that are read in one poll: the newest ones, of which a news outlet has a few.
const MOST_SITEMAPS: usize = 10;

/// What a sitemap index has brought so far, and which of its sitemaps are left.
#[derive(Debug, Clone)]
pub(crate) struct Gathered {
    document: Box<Document>,
    left: Vec<String>,
    body_hash: String,
    validators: Validators,
    answer: schedule::Answer,
}

/// Adds what a sitemap brought to its index. Returns the whole when all are read, else the errand to the next.
fn gather(
    mut errand: Errand,
    verdict: Verdict,
    answer: schedule::Answer,
) -> Result<(Verdict, schedule::Answer), Errand> {
    let mut gathered = match (errand.gathered.take(), verdict) {
        (Some(mut gathered), Verdict::Fresh { document, .. }) => {
            gathered.document.entries.extend(document.entries);
            gathered
        }
        (
            Some(mut gathered),
            Verdict::Unread { error, .. } | Verdict::Failed { error, .. } | Verdict::Asked { error, .. },
        ) => {
            gathered.document.feed.problems.push(format!("{}: {error}", errand.url));
            gathered
        }
        (Some(gathered), _) => gathered,
        (None, Verdict::Fresh { mut document, body_hash, validators }) if !document.feed.more.is_empty() => {
            let more = std::mem::take(&mut document.feed.more);
            let mut left: Vec<String> = more.into_iter().take(MOST_SITEMAPS).collect();
            left.reverse();
            Box::new(Gathered { document, left, body_hash, validators, answer })
        }
        (None, verdict) => return Ok((verdict, answer)),
    };
    match gathered.left.pop() {
        Some(url) => Err(errand.gathering(url, gathered)),
        None => {
            let Gathered { document, body_hash, validators, answer, .. } = *gathered;
            Ok((Verdict::Fresh { document, body_hash, validators }, answer))
        }
    }
}

/// What the headers of an answer ask of the schedule.
fn answer(response: &fetch::Response, errand: &Errand, now: Time) -> schedule::Answer {
    // Only a chain of nothing but permanent redirects says that the source has moved.
    let moved = !errand.hops.is_empty() && errand.hops.iter().all(|hop| hop.permanent) && response.status < 400;
    schedule::Answer {
        asked_url: errand.hops.first().map_or(&errand.url, |hop| &hop.from).clone(),
        http_status: Some(response.status),
        max_age: schedule::parse_max_age(
            response.headers.cache_control().as_deref(),
            response.headers.expires().as_deref(),
            response.headers.date().as_deref(),
            now,
        ),
        pushed_until: None,
        moved_to: moved.then(|| errand.url.clone()),
    }
}

async fn judge(
    context: &Context,
    source: &Arc<Source>,
    known: SourceState,
    response: fetch::Response,
    now: Time,
) -> Verdict {
    let status = response.status;
    let validators = response.headers.validators();
    match status {
        304 => match known.unread {
            Some(unread) => Verdict::Unread { error: unread.error, validators },
            None => Verdict::NotModified { validators },
        },
        410 => Verdict::Gone,
        429 | 503 => Verdict::Asked {
            error: http_error(status),
            http_status: status,
            retry_after: response.headers.retry_after().and_then(|text| schedule::parse_retry_after(&text, now)),
        },
        200..=299 => {
            let source = source.clone();
            let read = context
                .compute("poll", move || read(&source, &response, known.body_hash.as_deref(), validators, now))
                .await;
            read.unwrap_or_else(|error| Verdict::Failed { error, http_status: Some(status) })
        }
        _ => Verdict::Failed { error: http_error(status), http_status: Some(status) },
    }
}

/// Reads the document, unless its bytes are those of the last poll.
fn read(
    source: &Source,
    response: &fetch::Response,
    known: Option<&str>,
    validators: Validators,
    now: Time,
) -> Verdict {
    // Only ever compared with that of the last poll: nobody gains by making two alike, and another after an upgrade
    // costs one reading.
    let body_hash = format!("{:016x}-{}", FxBuildHasher.hash_one(&*response.body), response.body.len());
    if known == Some(body_hash.as_str()) {
        return Verdict::Unchanged { validators };
    }
    let content_type = response.headers.content_type();
    let document = source::Response { url: &response.url, content_type: content_type.as_deref(), body: &response.body };
    match source::read(source, &document, now) {
        Ok(mut feed) => {
            // A header says it for documents that cannot.
            let link =
                |name| Some(Url::parse(&response.url).ok()?.join(&response.headers.link(name)?).ok()?.to_string());
            feed.hub = feed.hub.or_else(|| link("hub"));
            feed.self_link = feed.self_link.or_else(|| link("self"));
            Verdict::Fresh { document: Box::new(Document::new(feed, source.id)), body_hash, validators }
        }
        Err(error) => Verdict::Unread { error: error.to_string(), validators },
    }
}

/// An HTTP status in plain words.
pub(crate) fn http_error(status: u16) -> String {
    let words = match status {
        400 => "bad request",
        401 => "login required",
        402 => "payment required",
        403 => "forbidden",
        404 => "not found",
        406 => "not acceptable",
        408 => "the server timed out",
        410 => "gone",
        418 | 421 => "refused",
        429 => "too many requests",
        451 => "unavailable for legal reasons",
        500 => "the server failed",
        502 | 504 => "the server behind the gateway failed",
        503 => "the server is overloaded or down",
        520..=530 => "the outlet's front server failed",
        _ => return format!("HTTP {status}"),
    };
    format!("HTTP {status}: {words}")
}

fn report(source: &Source, verdict: &Verdict, now: Time) {
    let outcome = match verdict {
        Verdict::Fresh { .. } | Verdict::Pushed { .. } => "new",
        Verdict::Unchanged { .. } => "unchanged",
        Verdict::NotModified { .. } => "not_modified",
        Verdict::Unread { .. } | Verdict::Failed { .. } | Verdict::Asked { .. } | Verdict::Gone => "failed",
    };
    metrics().polls.with_label_values(&[outcome]).inc();
    if outcome != "failed" {
        metrics().last_successful_poll.set(now.timestamp());
    }
    let name = source.name.as_deref().unwrap_or(&source.url);
    match verdict {
        Verdict::Fresh { document, .. } | Verdict::Pushed { document } => {
            let entries = document.entries.len();
            info!(source.id = %source.id, entries, "polled {name}: {entries} entries");
            for problem in &document.feed.problems {
                tracing::debug!(source.id = %source.id, "polled {name}: {problem}");
            }
        }
        Verdict::Unchanged { .. } | Verdict::NotModified { .. } => {
            info!(source.id = %source.id, "polled {name}: nothing new");
        }
        Verdict::Unread { error, .. } | Verdict::Failed { error, .. } | Verdict::Asked { error, .. } => {
            warn!(source.id = %source.id, error, "polling {name} failed: {error}");
        }
        Verdict::Gone => warn!(source.id = %source.id, "polling {name} failed: gone (HTTP 410)"),
    }
}
