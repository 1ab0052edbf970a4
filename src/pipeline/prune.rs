//! Takes out what is older than `store.keep`, in the background, store and index together.

use std::{sync::Arc, time::Duration};

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{Context, fault, work::Work};
use crate::store::{ArticleFilter, Cursor};

const INTERVAL: Duration = Duration::from_secs(3600);
/// Articles taken out in one transaction: a moment's work, so that nothing else waits for it.
const BATCH: usize = 100;

/// Prunes every hour until told to stop, or `once`.
pub(crate) async fn run(context: Arc<Context>, once: bool, stop: CancellationToken) {
    let keep = context.settings.store.keep.and_then(|keep| chrono::Duration::from_std(keep).ok());
    let Some(keep) = keep else { return };
    let _busy = context.clock.busy();
    loop {
        fault::point("prune", &context.settings.data_dir.to_string_lossy());
        let mut pruned = 0;
        while !stop.is_cancelled() {
            let filter = ArticleFilter { until: Some(context.clock.now() - keep), ..ArticleFilter::default() };
            let ids = match context.read(|reader| reader.article_ids(&filter, Cursor::default(), BATCH)) {
                Ok((ids, _)) if ids.is_empty() => break,
                Ok((ids, _)) => ids,
                Err(error) => {
                    warn!(%error, "old articles could not be looked up");
                    break;
                }
            };
            pruned += ids.len();
            context.hand_over(Work::Delete(ids)).await;
            let (reply, written) = oneshot::channel();
            context.hand_over(Work::Flush { reply }).await;
            if written.await.is_err() {
                return;
            }
        }
        if pruned > 0 {
            info!(articles = pruned, "{pruned} articles were older than store.keep and are gone");
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
