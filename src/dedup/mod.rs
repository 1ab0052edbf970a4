//! Is an article a copy, of what, and which story does it belong to.
//!
//! [`sketch()`] boils an article down to what the decision needs: hashes of word shingles sentence by sentence, facts
//! (figures and names), title words and story terms. It is pure and runs in parallel. [`Memory`] is the one ordered
//! state: it holds the sketches of the window and decides, one article after the other, which group of copies and
//! which story each belongs to.
//!
//! Every decision comes with a record. The records of a window, applied in order by [`Memory::restore`], give a memory
//! that answers exactly like the one that wrote them: all state is a sum over the articles inside the window, counted
//! in integers, and articles leave in the order in which they came.
//!
//! What this room deliberately does not do: it does not choose the representative of a group (the earliest published is
//! the store's to find), it does not read clocks or disks, and it does not follow reports in translation.

mod compare;
mod memory;
mod naming;
mod parting;
mod postings;
mod recognise;
mod record;
mod sketch;
mod story;
#[cfg(test)]
mod tests;

pub use self::memory::{Decision, Memory, Move};
pub use self::sketch::{Document, Sketch, sketch};

/// What can be wrong with the bytes of a record or sketch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Written by another version of dateline.
    #[error("dedup record has version {found}, expected {expected}")]
    Version {
        /// The version in the bytes.
        found: u8,
        /// The version that this build writes.
        expected: u8,
    },
    /// The bytes end early or say what cannot be.
    #[error("dedup record of {size_bytes} bytes is damaged at byte {at}")]
    Damaged {
        /// The length of the record.
        size_bytes: usize,
        /// Where reading failed.
        at: usize,
    },
}

impl Error {
    /// Tells whether trying again may help: it never does, the records have to be dropped.
    pub fn is_transient(&self) -> bool {
        false
    }
}
