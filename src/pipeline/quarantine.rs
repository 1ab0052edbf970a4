//! Pages that kill their reader: tried again, then kept from every reader.
//!
//! A panic is caught where it happens. A page that takes the whole process with it (a stack that overflows, memory that
//! runs out) is known by a note on disk of what is being read: what stands there at a start was being read at a death,
//! which is counted once, however often the start itself is killed.

use std::{
    fs::{self, File},
    os::unix::fs::FileExt,
    path::Path,
    sync::{Mutex, PoisonError},
};

use tracing::{error, warn};

use super::{Error, died};
use crate::{
    model::{EntryId, Time},
    store::{Fate, Store, Tx},
};

/// Waits after a death before an entry is read again, in minutes; after the last try it is quarantined. The first is none:
/// who is read when a process is killed is mostly innocent.
const TRIES: [i64; 2] = [0, 60];

/// The note in the data directory: the number of the run that wrote it, then the entries that it reads.
const FILE: &str = "reading";
/// The run whose note was settled last.
const SETTLED: &str = "reading.settled";

/// Takes down that the reader died on an entry: it is tried again, or quarantined.
pub(crate) fn settle(tx: &mut Tx<'_>, entry: EntryId, reason: &str, now: Time) -> Result<(), Error> {
    // Settled since, by an update of its source.
    let Some(due) = tx.entry(entry)? else { return Ok(()) };
    let link = due.entry.link.unwrap_or_default();
    let next_try_at = TRIES.get(due.deaths as usize).map(|&minutes| now + chrono::Duration::minutes(minutes));
    if next_try_at.is_none() {
        error!(entry.id = %entry, entry.url = link, reason, "page quarantined after {} tries: {reason}", due.deaths + 1);
    } else {
        warn!(entry.id = %entry, entry.url = link, reason, "the reader died on a page, which is tried again: {reason}");
    }
    Ok(tx.settle(entry, &Fate::Deadly { reason: reason.to_owned(), next_try_at }, now)?)
}

/// Which entries are being read now, noted on disk. The note is not synced: it has to outlive the process, not the machine.
pub(crate) struct Reading {
    file: Option<File>,
    slots: Mutex<Vec<bool>>,
}

impl Reading {
    /// Settles what the last process read when it died, and starts the note anew.
    ///
    /// # Errors
    /// When the store refuses. Without the note itself everything else goes on.
    pub fn open(dir: &Path, store: &mut Store, now: Time) -> Result<Self, Error> {
        let path = dir.join(FILE);
        let note = fs::read(&path).unwrap_or_default();
        let mut numbers = note.chunks_exact(8).map(|bytes| u64::from_le_bytes(bytes.try_into().expect("eight bytes")));
        let run = numbers.next().unwrap_or(0);
        let entries: Vec<EntryId> = numbers.filter(|bits| *bits != 0).map(EntryId::from_bits).collect();
        let mut settled: u64 = store.reads().get_meta(SETTLED)?.and_then(|run| run.parse().ok()).unwrap_or(0);
        // The note of a run that is settled was left by a start that was killed in between: it is no second death.
        if !entries.is_empty() && run != settled {
            store.transaction(|tx| {
                for &entry in &entries {
                    died("harvest", "the process ended while it read a page");
                    settle(tx, entry, "the process died while it read this page", now)?;
                }
                Ok::<_, Error>(tx.put_meta(SETTLED, &run.to_string())?)
            })?;
            settled = run;
        }
        let file = File::create(&path).inspect_err(|error| warn!(%error, "what is being read cannot be noted"));
        let reading = Self { file: file.ok(), slots: Mutex::default() };
        reading.write(0, settled.wrapping_add(1));
        Ok(reading)
    }

    /// Notes that an entry is being read, until the note is dropped.
    pub fn begin(&self, entry: EntryId) -> Note<'_> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = slots.iter().position(|taken| !taken).unwrap_or(slots.len());
        if slot == slots.len() {
            slots.push(true);
        }
        slots[slot] = true;
        self.write(slot + 1, entry.bits());
        Note { reading: self, slot }
    }

    fn write(&self, place: usize, number: u64) {
        if let Some(file) = &self.file {
            // Where even this fails, the store fails too, and says so.
            let _ = file.write_all_at(&number.to_le_bytes(), place as u64 * 8);
        }
    }
}

/// A note that an entry is being read.
pub(crate) struct Note<'a> {
    reading: &'a Reading,
    slot: usize,
}

impl Drop for Note<'_> {
    fn drop(&mut self) {
        self.reading.write(self.slot + 1, 0);
        self.reading.slots.lock().unwrap_or_else(PoisonError::into_inner)[self.slot] = false;
    }
}
