//! Feels whether the owner of the store still writes: asks it for an answer every few seconds.

use std::time::Duration;

use tokio::{sync::oneshot, time};

use super::{Tasks, work::Work};
use crate::serve::{Liveness, Loop};

const INTERVAL: Duration = Duration::from_secs(5);

/// Asks until told to stop.
pub(crate) async fn run(tasks: Tasks, liveness: Liveness) {
    let Tasks { context, background: stop, .. } = &tasks;
    loop {
        let (reply, written) = oneshot::channel();
        let answered = async {
            context.hand_over(Work::Flush { reply }).await;
            written.await
        };
        tokio::select! {
            answered = answered => match answered {
                Ok(()) => liveness.beat(Loop::Commit),
                Err(_) => return,
            },
            () = stop.cancelled() => return,
        }
        tokio::select! {
            // By the real clock: it is real threads that get stuck.
            () = time::sleep(INTERVAL) => {}
            () = stop.cancelled() => return,
        }
    }
}
