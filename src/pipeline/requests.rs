//! What other processes ask of the one that owns the data directory: rows in the store, looked at once a second.
//!
//! Where nobody owns it, the commands do the same by themselves, through the same functions.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{Mutex, mpsc, oneshot, watch},
    time,
};
use tracing::{info, warn};

use super::{Clock, Error, Poke, Reload, Tasks, commit::Owner, follow::Follower, retag, work::Work};
use crate::{
    config::Settings,
    index::Index,
    model::ArticleId,
    store::{Reader, Store},
    topic::Tagger,
};

const INTERVAL: Duration = Duration::from_secs(1);

/// Acts on requests until told to stop.
pub(crate) async fn run(tasks: Tasks, rebuild: Arc<AtomicBool>) {
    let Tasks { context, sources_changed, background: stop, .. } = &tasks;
    let mut tick = time::interval(INTERVAL);
    tick.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            () = stop.cancelled() => return,
        }
        match context.read(Reader::has_requests) {
            Ok(false) => continue,
            Ok(true) => {}
            Err(error) => {
                warn!(%error, "requests of other processes could not be read");
                continue;
            }
        }
        let (reply, taken) = oneshot::channel();
        context.hand_over(Work::TakeRequests { reply }).await;
        for request in taken.await.unwrap_or_default() {
            info!(kind = request.kind, "request from another process");
            match request.kind.as_str() {
                "sources" => sources_changed.notify_one(),
                "reindex" => rebuild.store(true, Ordering::Relaxed),
                "retag" => retag::again(&tasks).await,
                other => warn!(kind = other, "unknown request from another process, dropped"),
            }
        }
    }
}

/// Takes new configurations up until told to stop: sources at once, topics for what comes and, in the background, for
/// what is stored.
pub(crate) async fn reload(
    tasks: Tasks,
    reloads: Arc<Mutex<mpsc::Receiver<Reload>>>,
    tagger: watch::Sender<Arc<Tagger>>,
) {
    let Tasks { context, sources_changed, background: stop, .. } = &tasks;
    let mut reloads = reloads.lock().await;
    loop {
        let reload = tokio::select! {
            Some(reload) = reloads.recv() => reload,
            () = stop.cancelled() => return,
        };
        let Reload { sources, tagger: new, names } = reload;
        let changed = new.fingerprint() != context.tagger().fingerprint();
        context.hand_over(Work::Configure { sources, topic_names: names.to_json() }).await;
        if changed {
            retag::begin(context, new.fingerprint()).await;
        }
        let (reply, written) = oneshot::channel();
        context.hand_over(Work::Flush { reply }).await;
        if written.await.is_err() {
            return;
        }
        sources_changed.notify_one();
        if changed {
            tagger.send_replace(Arc::new(new));
            // What has tags of before is then stored, and tagged anew with the rest.
            context.settle().await;
            tasks.start("retag", |tasks| retag::run(tasks.context, tasks.background));
        }
        info!("the configuration was read again");
    }
}

/// Takes articles out for good, store and index together, in a data directory that nobody else owns.
///
/// # Errors
/// When the store or the index fails.
pub fn delete(store: Store, index: Index, applied: u64, settings: &Settings, ids: Vec<ArticleId>) -> Result<(), Error> {
    let reader = store.reader()?;
    let mut owner = Owner::new(store, Arc::new(settings.clone()), Arc::default(), Clock::default(), Poke::default())?;
    owner.write(vec![Work::Delete(ids)])?;
    follower(reader, index, applied, settings).finish()
}

/// Rebuilds the index from the store, in a data directory that nobody else owns. `progress` is told how many articles are done.
///
/// # Errors
/// When the store or the index fails.
pub fn reindex(reader: Reader, index: Index, settings: &Settings, progress: impl Fn(u64)) -> Result<(), Error> {
    let mut follower = follower(reader, index, 0, settings);
    follower.rebuild(progress)?;
    follower.finish()
}

fn follower(reader: Reader, index: Index, applied: u64, settings: &Settings) -> Follower {
    Follower::new(reader, index, applied, settings, Arc::default(), tokio::sync::watch::channel(applied).0)
}
