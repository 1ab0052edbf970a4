//! What the service manager is told (systemd, `Type=notify`): ready, reloading, stopping, and that the loops move.
//!
//! Without a manager that asks for it (`NOTIFY_SOCKET`) nothing is sent.

use sd_notify::NotifyState;
use tokio::time;
use tracing::{error, warn};

use crate::serve::Liveness;

pub(crate) fn ready() {
    tell(&[NotifyState::Ready, NotifyState::Status("following the news")]);
}

pub(crate) fn reloading() {
    // The time belongs to the message (sd_notify(3)); without a clock there is no message.
    if let Ok(now) = NotifyState::monotonic_usec_now() {
        tell(&[NotifyState::Reloading, now]);
    }
}

/// The end of a reload, successful or not: the daemon serves as before.
pub(crate) fn reloaded(succeeded: bool) {
    let status = if succeeded { "following the news" } else { "the new configuration has problems, the old one stays" };
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
}

pub(crate) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// Feeds the watchdog as long as every loop moves; where one is stuck, the manager is left to start us again.
pub(crate) async fn watch(liveness: Liveness) {
    let Some(limit) = sd_notify::watchdog_enabled() else { return };
    let mut tick = time::interval(limit / 3);
    tick.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        match liveness.stuck() {
            None => tell(&[NotifyState::Watchdog]),
            Some(name) => error!("the loop `{name}` does not move: the watchdog is not fed any more"),
        }
    }
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        warn!(%error, "the service manager cannot be told");
    }
}
