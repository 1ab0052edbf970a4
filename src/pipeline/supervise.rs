//! What happens when a stage panics: it is named, counted and started again, a few times.

use std::{
    any::Any,
    future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    slice,
    sync::Arc,
    task::Poll,
    time::{Duration, Instant},
};

use tokio::{
    sync::Notify,
    task::{JoinError, JoinHandle},
    time,
};
use tokio_util::sync::CancellationToken;
use tracing::error;

use super::{Context, Error};
use crate::telemetry::metrics;

/// Waits before a task that died is started again, in seconds. After the last the run stops, for its supervisor to start.
const RESTARTS: [u64; 4] = [1, 5, 30, 120];
/// A task that lived that long since has all its restarts again.
const HEALED: Duration = Duration::from_secs(600);

/// Counts and tells the death of a stage.
pub(crate) fn died(stage: &'static str, reason: &str) {
    metrics().stage_deaths.with_label_values(&[stage]).inc();
    error!(stage, reason, "stage {stage} died: {reason}");
}

/// Does something on this thread; a panic becomes an error that names the stage.
///
/// # Errors
/// Those of `work`, and [`Error::Stage`] where it panicked.
pub(crate) fn caught<T>(stage: &'static str, work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    // Whoever calls this throws away what a panic may have left half done.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let reason = panic_message(&*panic);
        died(stage, &reason);
        Err(Error::Stage { stage, reason })
    })
}

/// What the tasks beside the flow are started with.
#[derive(Clone)]
pub(crate) struct Tasks {
    pub context: Arc<Context>,
    /// Told when other sources are to be polled.
    pub sources_changed: Arc<Notify>,
    /// Ends the whole run.
    pub stop: CancellationToken,
    /// Ends these tasks.
    pub background: CancellationToken,
}

impl Tasks {
    /// Starts a task that runs until it ends by itself; one that panics is started again.
    ///
    /// Its end is [`Error::Stage`] where it died once too often; everything is then told to stop.
    pub fn start<F>(
        &self,
        stage: &'static str,
        task: impl FnMut(Self) -> F + Send + 'static,
    ) -> JoinHandle<Result<(), Error>>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        tokio::spawn(self.clone().supervise(stage, task))
    }

    async fn supervise<F>(self, stage: &'static str, mut task: impl FnMut(Self) -> F) -> Result<(), Error>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let mut restarts = Restarts::default();
        loop {
            let Err(death) = tokio::spawn(task(self.clone())).await else { return Ok(()) };
            let reason = reason_of(death);
            died(stage, &reason);
            let Some(wait) = restarts.next() else {
                self.stop.cancel();
                return Err(Error::Stage { stage, reason });
            };
            tokio::select! {
                () = time::sleep(wait) => {}
                () = self.background.cancelled() => return Ok(()),
            }
        }
    }
}

/// How often something that died may be started again.
pub(crate) struct Restarts {
    left: slice::Iter<'static, u64>,
    began: Instant,
}

impl Default for Restarts {
    fn default() -> Self {
        Self { left: RESTARTS.iter(), began: Instant::now() }
    }
}

impl Restarts {
    /// Returns how long to wait before the next start; `None` where there were enough.
    pub fn next(&mut self) -> Option<Duration> {
        if self.began.elapsed() > HEALED {
            self.left = RESTARTS.iter();
        }
        let wait = Duration::from_secs(*self.left.next()?);
        self.began = Instant::now() + wait;
        Some(wait)
    }
}

/// Works on this task; a panic becomes its message. Whoever calls this throws away what a panic may have left half done.
///
/// # Errors
/// When it panicked.
pub(crate) async fn unwinding<T>(work: impl Future<Output = T>) -> Result<T, String> {
    let mut work = pin!(work);
    future::poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
        Ok(polled) => polled.map(Ok),
        Err(panic) => Poll::Ready(Err(panic_message(&*panic))),
    })
    .await
}

/// Waits for the end of a stage.
///
/// # Errors
/// [`Error::Stage`] where it panicked.
pub(crate) async fn join<T>(stage: &'static str, handle: JoinHandle<T>) -> Result<T, Error> {
    handle.await.map_err(|death| {
        let reason = reason_of(death);
        died(stage, &reason);
        Error::Stage { stage, reason }
    })
}

/// Returns what a task that died said.
pub(crate) fn reason_of(death: JoinError) -> String {
    death.try_into_panic().map_or_else(|error| error.to_string(), |panic| panic_message(&*panic))
}

/// Returns what a panic said.
pub(crate) fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no reason given".to_owned())
}
