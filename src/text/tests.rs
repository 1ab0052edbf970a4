//! What the tests of the pure rooms share.

use std::{
    fs,
    time::{Duration, Instant},
};

/// Tells whether this takes the processor less than a time, whatever else the machine does meanwhile: in one of some tries,
/// as a machine that is itself simulated may take a pause of its own for work.
pub(crate) fn is_done_within(limit: Duration, work: impl Fn()) -> bool {
    (0..5).any(|_| processor_time(&work) < limit)
}

/// Returns how long the processor worked for this; how long it took, where that is not told.
fn processor_time(work: impl FnOnce()) -> Duration {
    let used = || {
        let told = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        told.split(' ').next()?.parse().ok().map(Duration::from_nanos)
    };
    let (began, before) = (Instant::now(), used());
    work();
    used().zip(before).map_or(began.elapsed(), |(now, before)| now.saturating_sub(before))
}

#[test]
fn work_is_measured() {
    let spin = || {
        let began = Instant::now();
        while began.elapsed() < Duration::from_millis(5) {}
    };
    // How much of the time a thread gets is the machine's business, so it is added up.
    let mut total = Duration::ZERO;
    let mut is_measured = || {
        total += processor_time(spin);
        total > Duration::from_millis(20)
    };
    assert!((0..100_000).any(|_| is_measured()));
    assert!(!is_done_within(Duration::ZERO, spin));
}
