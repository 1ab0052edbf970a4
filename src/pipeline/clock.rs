//! The time that a run lives by: the system's, or one that a simulation moves on.
//!
//! A simulated clock stands still while anybody is at work and, when all sleep, jumps to the moment that the first of
//! them waits for. A week then takes as long as its work, and the same week comes out on a slow machine.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use chrono::Utc;
use tokio::{
    sync::{Notify, oneshot},
    task, time,
};

use crate::model::Time;

/// Turns that the runtime gets before a simulated clock jumps: who has been sent a message is awake, but does not know it
/// yet.
const TURNS: usize = 8;

/// The time that a run lives by; cheap to clone.
#[derive(Debug, Clone)]
pub struct Clock {
    started: Instant,
    simulated: Option<Arc<Simulated>>,
}

#[derive(Debug)]
struct Simulated {
    state: Mutex<State>,
    /// Told when nobody is at work any more.
    quiet: Notify,
}

#[derive(Debug)]
struct State {
    started: Time,
    now: Time,
    /// By how much the time of day was set to another.
    shift: chrono::Duration,
    /// How many are at work.
    busy: usize,
    /// Who sleeps until when; the number tells apart those who wait for the same moment.
    sleepers: BTreeMap<(Time, u64), oneshot::Sender<()>>,
    naps: u64,
}

impl Default for Clock {
    fn default() -> Self {
        Self { started: Instant::now(), simulated: None }
    }
}

impl Clock {
    /// Returns a clock that stands at `now` until [`Clock::drive`] moves it.
    pub fn simulated(now: Time) -> Self {
        let state =
            State { started: now, now, shift: chrono::Duration::zero(), busy: 0, sleepers: BTreeMap::new(), naps: 0 };
        let simulated = Simulated { state: Mutex::new(state), quiet: Notify::new() };
        Self { simulated: Some(Arc::new(simulated)), ..Self::default() }
    }

    /// Returns the time of day.
    pub fn now(&self) -> Time {
        self.simulated.as_ref().map_or_else(Utc::now, |simulated| {
            let state = simulated.state();
            state.now + state.shift
        })
    }

    /// Sets the time of day of a simulated clock to another, as who looks after a machine may do. Sleeps last as long as before.
    pub fn set(&self, now: Time) {
        if let Some(simulated) = &self.simulated {
            let mut state = simulated.state();
            state.shift = now - state.now;
        }
    }

    /// Returns the time since the clock was made, which never goes back.
    pub fn elapsed(&self) -> Duration {
        match &self.simulated {
            Some(simulated) => {
                let state = simulated.state();
                (state.now - state.started).to_std().unwrap_or_default()
            }
            None => self.started.elapsed(),
        }
    }

    /// Sleeps. Whoever sleeps on a simulated clock holds a [`Busy`], which counts for nothing meanwhile.
    pub async fn sleep(&self, duration: Duration) {
        let Some(simulated) = &self.simulated else { return time::sleep(duration).await };
        let (nap, woken) = simulated.lie_down(duration);
        // Told by the clock, which lives as long as this does.
        let _ = woken.await;
        drop(nap);
    }

    /// Says that somebody is at work, for as long as the answer is kept.
    pub fn busy(&self) -> Busy {
        if let Some(simulated) = &self.simulated {
            simulated.state().busy += 1;
        }
        Busy(self.simulated.clone())
    }

    /// Moves a simulated clock on, for ever: to be polled beside the run, on the same runtime of a single thread.
    pub async fn drive(&self) {
        let Some(simulated) = &self.simulated else { return std::future::pending().await };
        loop {
            simulated.quiet.notified().await;
            for _ in 0..TURNS {
                task::yield_now().await;
            }
            simulated.jump();
        }
    }
}

impl Simulated {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lie_down(self: &Arc<Self>, duration: Duration) -> (Nap, oneshot::Receiver<()>) {
        let (wake, woken) = oneshot::channel();
        let mut state = self.state();
        let until =
            chrono::Duration::from_std(duration).ok().and_then(|duration| state.now.checked_add_signed(duration));
        state.naps += 1;
        let place = (until.unwrap_or(Time::MAX_UTC), state.naps);
        state.sleepers.insert(place, wake);
        drop(state);
        self.rest();
        (Nap { simulated: self.clone(), place }, woken)
    }

    /// One fewer is at work.
    fn rest(&self) {
        let mut state = self.state();
        state.busy = state.busy.saturating_sub(1);
        if state.busy == 0 {
            self.quiet.notify_one();
        }
    }

    /// Wakes who waits for the earliest moment, unless somebody is at work.
    fn jump(&self) {
        let mut state = self.state();
        let Some((&(next, _), _)) = state.sleepers.first_key_value().filter(|_| state.busy == 0) else { return };
        state.now = state.now.max(next);
        while let Some(sleeper) = state.sleepers.first_entry().filter(|sleeper| sleeper.key().0 <= next) {
            // Who gave up in this moment is counted by the end of the nap, like everybody.
            let _ = sleeper.remove().send(());
            state.busy += 1;
        }
    }
}

/// Somebody is at work: a simulated clock stands still.
#[derive(Debug, Default)]
pub struct Busy(Option<Arc<Simulated>>);

impl Drop for Busy {
    fn drop(&mut self) {
        if let Some(simulated) = &self.0 {
            simulated.rest();
        }
    }
}

/// A sleep on a simulated clock; who gives it up is at work again.
struct Nap {
    simulated: Arc<Simulated>,
    place: (Time, u64),
}

impl Drop for Nap {
    fn drop(&mut self) {
        let mut state = self.simulated.state();
        if state.sleepers.remove(&self.place).is_some() {
            state.busy += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run<T>(test: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        runtime.block_on(async { time::timeout(Duration::from_secs(20), test).await.expect("done in time") })
    }

    fn hour(hours: u64) -> Duration {
        Duration::from_secs(3600 * hours)
    }

    #[test]
    fn a_day_takes_no_time_and_sleepers_wake_in_order() {
        run(async {
            let clock = Clock::simulated(Time::UNIX_EPOCH);
            let sleeper = |hours: u64| {
                let (clock, busy) = (clock.clone(), clock.busy());
                async move {
                    let _busy = busy;
                    for _ in 0..3 {
                        clock.sleep(hour(hours)).await;
                    }
                    clock.elapsed()
                }
            };
            let woken = async { tokio::join!(sleeper(8), sleeper(1), sleeper(2)) };
            tokio::select! {
                woken = woken => assert_eq!(woken, (hour(24), hour(3), hour(6))),
                () = clock.drive() => unreachable!("it drives for ever"),
            }
            assert_eq!(clock.now(), Time::UNIX_EPOCH + chrono::Duration::hours(24));
        });
    }

    #[test]
    fn time_stands_still_while_somebody_works_and_a_nap_that_is_given_up_counts_as_work() {
        run(async {
            let clock = Clock::simulated(Time::UNIX_EPOCH);
            let _sleeper = clock.busy();
            let worker = clock.busy();
            let working = async {
                for _ in 0..10 * TURNS {
                    task::yield_now().await;
                }
                drop(worker);
            };
            let seen = async {
                tokio::select! {
                    () = clock.sleep(hour(1)) => unreachable!("somebody is at work"),
                    () = working => {}
                }
                assert_eq!(clock.elapsed(), Duration::ZERO);
                task::yield_now().await;
                clock.sleep(hour(2)).await;
                clock.elapsed()
            };
            tokio::select! {
                elapsed = seen => assert_eq!(elapsed, hour(2)),
                () = clock.drive() => unreachable!("it drives for ever"),
            }
        });
    }
}
