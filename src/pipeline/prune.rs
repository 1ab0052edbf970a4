//! Takes out what is older than `store.keep` or beyond `store.keep_size`, in the background, store and index together.

use std::{sync::Arc, time::Duration};

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{Context, fault, work::Work};
use crate::{
    config,
    model::{ArticleId, Time},
    store::{self, ArticleFilter, Cursor, Reader},
};

const INTERVAL: Duration = Duration::from_secs(3600);
/// Articles taken out in one transaction: a moment's work, so that nothing else waits for it.
const BATCH: usize = 100;

/// Prunes every hour until told to stop, or `once`.
pub(crate) async fn run(context: Arc<Context>, once: bool, stop: CancellationToken) {
    let keep = &context.settings.store;
    if keep.keep.is_none() && keep.keep_size.is_none() {
        return;
    }
    let _busy = context.clock.busy();
    loop {
        fault::point("prune", &context.settings.data_dir.to_string_lossy());
        let mut pruned = 0;
        while !stop.is_cancelled() {
            let ids = match context.read(|reader| next(reader, keep, context.clock.now())) {
                Ok(ids) if ids.is_empty() => break,
                Ok(ids) => ids,
                Err(error) => {
                    warn!(%error, "old articles could not be looked up");
                    break;
                }
            };
            let before = context.read(Reader::used_bytes).unwrap_or(0);
            pruned += ids.len();
            context.hand_over(Work::Delete(ids)).await;
            let (reply, written) = oneshot::channel();
            context.hand_over(Work::Flush { reply }).await;
            if written.await.is_err() {
                return;
            }
            // Old articles go in any case; for the sake of room only what makes room.
            let after = context.read(Reader::used_bytes).unwrap_or(0);
            if keep.keep.is_none() && after >= before {
                warn!("store.keep_size is too small: the store takes that much without its articles");
                break;
            }
        }
        if pruned > 0 {
            info!(articles = pruned, "{pruned} articles were more than the store keeps and are gone");
        }
        if once {
            return;
        }
        tokio::select! {
            () = context.clock.sleep(INTERVAL) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// What is to go next: what is older than the limit, else the oldest as long as the store is too large.
fn next(reader: &Reader, keep: &config::Store, now: Time) -> Result<Vec<ArticleId>, store::Error> {
    if let Some(age) = keep.keep.and_then(|age| chrono::Duration::from_std(age).ok()) {
        let filter = ArticleFilter { until: Some(now - age), ..ArticleFilter::default() };
        let (ids, _) = reader.article_ids(&filter, Cursor::default(), BATCH)?;
        if !ids.is_empty() {
            return Ok(ids);
        }
    }
    match keep.keep_size {
        Some(most) if reader.used_bytes()? > most => reader.oldest_articles(BATCH),
        _ => Ok(Vec::new()),
    }
}
