//! The scripted web and the process under test.
//!
//! `Web` has outlets, each an address of its own; what they answer is data. `Dateline` writes a configuration into a
//! fresh directory and runs commands with it. `press` writes the feeds and pages.

mod dateline;
mod press;
mod web;

use std::{
    thread,
    time::{Duration, Instant},
};

pub use self::{
    dateline::{Daemon, Dateline, check_fields, free_address, get, get_whole, json_lines},
    press::{Item, ago, feed, page, paragraphs},
    web::{Answer, Outlet, Seen, Web},
};

/// Far beyond what anything here takes, so that only a claim that does not hold runs into it.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Polls until something is there.
#[track_caller]
pub fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        thread::sleep(Duration::from_millis(20));
    }
}
