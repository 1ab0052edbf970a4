//! What the tests of the pure rooms share.

use std::{
    fs,
    time::{Duration, Instant},
};

/// Returns how long the processor worked for this, whatever else the machine did meanwhile; how long it took, where that
/// is not told.
pub(crate) fn processor_time(work: impl FnOnce()) -> Duration {
    let used = || {
        let told = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        told.split(' ').next()?.parse().ok().map(Duration::from_nanos)
    };
    let (began, before) = (Instant::now(), used());
    work();
    used().zip(before).map_or(began.elapsed(), |(now, before)| now.saturating_sub(before))
}

#[test]
fn work_is_measured_and_waiting_is_not() {
    let spin = || {
        let began = Instant::now();
        while began.elapsed() < Duration::from_millis(50) {}
    };
    let wait = || std::thread::sleep(Duration::from_millis(50));
    // A machine that stalls keeps a thread from spinning all of the time.
    assert!((0..100).any(|_| processor_time(spin) > Duration::from_millis(20)));
    if fs::exists("/proc/thread-self/schedstat").is_ok_and(|exists| exists) {
        assert!(processor_time(wait) < Duration::from_millis(20));
    }
}
