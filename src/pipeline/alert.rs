//! Follows the change log and delivers what alerts ask for, at least once.
//!
//! Each alert has its own place in the log, kept in the store and moved only after a delivery: a receiver that is down
//! gets everything later, in order. A new alert starts at the end of the log, not with the archive.

use std::{collections::HashSet, sync::Arc, time::Duration};

use serde::Serialize;
use tokio::{sync::watch, task::JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::{Context, Error, work::Work};
use crate::{
    config,
    fetch::{Fetch, Fetcher, Purpose, Request},
    index::Searcher,
    model::{Article, StoryId},
    query::{self, Field, Query},
    serve::{TopicNames, json},
    sink::{Delivery, Sink, append},
    store::{ChangeKind, Reader},
    telemetry::metrics,
};

const BATCH: usize = 200;
/// Waits after failed deliveries double from here …
const FIRST_WAIT: Duration = Duration::from_secs(2);
/// … to here.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

struct Watch {
    alert: config::Alert,
    sink: Sink,
    query: Query,
    position: u64,
    /// Stories told of already, since a start; the store has the rest.
    told: HashSet<StoryId>,
    /// How long the next failure makes it wait.
    wait: Duration,
    /// How many changes it has not looked at, as told by the gauge that all share.
    behind: i64,
}

/// Delivers until told to stop; then once more what the last index commit brought.
pub(crate) async fn run(
    context: Arc<Context>,
    indexed: watch::Receiver<u64>,
    searcher: Searcher,
    stop: CancellationToken,
) {
    let watches = match watches(&context) {
        Ok(watches) => watches,
        Err(error) => return error!(%error, "alerts are off"),
    };
    metrics().queue_depth.with_label_values(&["alert"]).set(0);
    // A task for each: a receiver that takes its time holds nobody else.
    let mut tasks = JoinSet::new();
    for watch in watches {
        remember(&context, position_key(&watch.alert), watch.position.to_string()).await;
        tasks.spawn(watch.follow(context.clone(), indexed.clone(), searcher.clone(), stop.clone()));
    }
    while let Some(ended) = tasks.join_next().await {
        if let Err(error) = ended {
            error!(%error, "an alert is off");
        }
    }
}

impl Watch {
    async fn follow(
        mut self,
        context: Arc<Context>,
        mut indexed: watch::Receiver<u64>,
        searcher: Searcher,
        stop: CancellationToken,
    ) {
        let mut last = false;
        loop {
            let busy = context.clock.busy();
            let end = *indexed.borrow_and_update();
            self.gauge(end);
            let delivered = deliver_new(&context, &searcher, &mut self, end).await;
            self.gauge(end);
            if last {
                return delivered.unwrap_or_else(|reason| self.failed(&reason));
            }
            last = match delivered {
                Ok(()) => {
                    self.wait = FIRST_WAIT;
                    drop(busy);
                    tokio::select! {
                        changed = indexed.changed() => changed.is_err(),
                        () = stop.cancelled() => true,
                    }
                }
                Err(reason) => {
                    self.failed(&reason);
                    let wait = self.wait;
                    self.wait = (wait * 2).min(LONGEST_WAIT);
                    tokio::select! {
                        () = context.clock.sleep(wait) => false,
                        () = stop.cancelled() => true,
                    }
                }
            };
        }
    }

    fn gauge(&mut self, end: u64) {
        let behind = end.saturating_sub(self.position).cast_signed();
        metrics().queue_depth.with_label_values(&["alert"]).add(behind - self.behind);
        self.behind = behind;
    }

    fn failed(&self, reason: &str) {
        metrics().alerts.with_label_values(&["failed"]).inc();
        metrics().passed("alert", "failed", 1);
        let name = &self.alert.name;
        warn!(alert = name, reason, "alert {name} could not be delivered: {reason}");
    }
}

fn watches(context: &Context) -> Result<Vec<Watch>, Error> {
    let mut watches = Vec::new();
    for alert in &context.settings.alerts {
        let Some(sink) = Sink::of(alert) else { continue };
        let Some(query) = query_of(context, alert) else {
            error!(alert = alert.name, "alert {} is off: its query or topic cannot be read", alert.name);
            continue;
        };
        let known = context.read(|reader| reader.get_meta(&position_key(alert)))?;
        let position = match known.and_then(|at| at.parse().ok()) {
            Some(position) => position,
            None => context.read(Reader::last_seq)?,
        };
        watches.push(Watch {
            alert: alert.clone(),
            sink,
            query,
            position,
            told: HashSet::new(),
            wait: FIRST_WAIT,
            behind: 0,
        });
    }
    Ok(watches)
}

fn position_key(alert: &config::Alert) -> String {
    format!("alert.position:{}", alert.name)
}

fn told_key(alert: &config::Alert, story: StoryId) -> String {
    format!("alert.story:{}:{story}", alert.name)
}

fn query_of(context: &Context, alert: &config::Alert) -> Option<Query> {
    let tagger = context.tagger();
    let resolve =
        |name: &str| tagger.resolve(name).map(|ids| ids.into_iter().map(|id| id.0).collect::<Vec<_>>()).ok_or(());
    let query = match (&alert.query, &alert.topic) {
        (Some(text), _) => query::parse(text, context.clock.now()).ok()?,
        (None, Some(topic)) => Query::Is { field: Field::Topic, value: topic.clone() },
        (None, None) => return None,
    };
    query.map_values(Field::Topic, &resolve).ok()
}

/// Delivers what the log holds for one alert up to `end`; on failure the alert's place stays before what failed.
async fn deliver_new(context: &Context, searcher: &Searcher, watch: &mut Watch, end: u64) -> Result<(), String> {
    searcher.refresh().map_err(|error| error.to_string())?;
    while watch.position < end {
        let changes =
            context.read(|reader| reader.changes_after(watch.position, BATCH)).map_err(|error| error.to_string())?;
        let Some(newest) = changes.last().map(|change| change.seq.min(end)) else { return Ok(()) };
        for change in changes.iter().filter(|change| change.seq <= end && change.kind == ChangeKind::New) {
            let article = context.read(|reader| reader.article(change.article)).map_err(|error| error.to_string())?;
            let Some(article) = article else { continue };
            let just_this = Query::Is { field: Field::Id, value: article.id.to_string() };
            let hits = searcher.count(&just_this.and(watch.query.clone()), false).map_err(|error| error.to_string())?;
            if hits == 0 || was_told(context, watch, article.story)? {
                continue;
            }
            deliver(context, watch, &article).await?;
            watch.told.insert(article.story);
            remember(context, told_key(&watch.alert, article.story), "1".to_owned()).await;
            remember(context, position_key(&watch.alert), change.seq.to_string()).await;
            watch.position = change.seq;
        }
        watch.position = newest;
        remember(context, position_key(&watch.alert), newest.to_string()).await;
    }
    Ok(())
}

fn was_told(context: &Context, watch: &Watch, story: StoryId) -> Result<bool, String> {
    if watch.alert.every_article {
        return Ok(false);
    }
    // It may have been told under a name that the story had before.
    for name in context.read(|reader| reader.story_names(story)).map_err(|error| error.to_string())? {
        let key = told_key(&watch.alert, name);
        let told = context.read(|reader| reader.get_meta(&key)).map_err(|error| error.to_string())?;
        if told.is_some() || watch.told.contains(&name) {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn remember(context: &Context, key: String, value: String) {
    context.hand_over(Work::Remember { key, value }).await;
}

async fn deliver(context: &Context, watch: &Watch, article: &Article) -> Result<(), String> {
    let names = context.read(TopicNames::of_store).map_err(|error| error.to_string())?;
    let row = json::article(&names, article);
    metrics().passed("alert", "in", 1);
    let delivery = Delivery::new(&watch.alert.name, &article.id.to_string(), article.revision, row);
    send(&context.fetcher, &watch.sink, &delivery).await?;
    metrics().alerts.with_label_values(&["delivered"]).inc();
    metrics().passed("alert", "out", 1);
    info!(alert = watch.alert.name, article.id = %article.id, "alert {} delivered", watch.alert.name);
    Ok(())
}

/// Sends one delivery to its receiver.
///
/// # Errors
/// With the reason, when the receiver has not taken it.
pub async fn send<A: Serialize>(fetcher: &Fetcher, sink: &Sink, delivery: &Delivery<A>) -> Result<(), String> {
    let body = serde_json::to_string(delivery).map_err(|error| error.to_string())?;
    match sink {
        Sink::Lines(path) => append(path, &body).map_err(|error| error.to_string()),
        Sink::Webhook(webhook) => {
            let headers = webhook.headers(&delivery.id, body.as_bytes());
            let request =
                Request { headers, body: Some(body.into()), ..Request::new(webhook.url.clone(), Purpose::Webhook) };
            let response = fetcher.fetch(request).await.map_err(|error| error.to_string())?;
            if (200..300).contains(&response.status) { Ok(()) } else { Err(super::poll::http_error(response.status)) }
        }
    }
}
