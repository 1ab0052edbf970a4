//! Places where a test makes a stage panic. Outside tests there is nothing here.

#[cfg(not(test))]
pub(crate) const fn point(_stage: &str, _subject: &str) {}

#[cfg(test)]
pub(crate) use self::armed::{arm, point};

#[cfg(test)]
mod armed {
    use std::{
        collections::HashMap,
        sync::{Mutex, PoisonError},
    };

    /// How often which stage still panics on which subject.
    static ARMED: Mutex<Option<HashMap<String, u32>>> = Mutex::new(None);

    /// Lets a stage panic on a subject, so many times.
    pub(crate) fn arm(stage: &str, subject: &str, times: u32) {
        let mut armed = ARMED.lock().unwrap_or_else(PoisonError::into_inner);
        armed.get_or_insert_default().insert(format!("{stage} {subject}"), times);
    }

    /// Panics where a test has armed this place.
    #[expect(clippy::panic, reason = "that is what it is for")]
    pub(crate) fn point(stage: &str, subject: &str) {
        let mut armed = ARMED.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(left) = armed.as_mut().and_then(|armed| armed.get_mut(&format!("{stage} {subject}"))) else { return };
        if *left > 0 {
            *left -= 1;
            panic!("a fault of {stage} at {subject}");
        }
    }
}
