//! Pages that kill their reader: tried again, then kept from every reader.
//!
//! A panic is caught where it happens. A page that takes the whole process with it (a stack that overflows, memory that
//! runs out) is known by a note on disk of what is being read: what stands there at a start was being read at a death.

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

/// The note in the data directory.
const FILE: &str = "reading";

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
        for entry in fs::read(&path).unwrap_or_default().chunks_exact(8).filter_map(entry_of) {
            died("harvest", "the process ended while it read a page");
            store.transaction(|tx| settle(tx, entry, "the process died while it read this page", now))?;
        }
        let file = File::create(&path).inspect_err(|error| warn!(%error, "what is being read cannot be noted"));
        Ok(Self { file: file.ok(), slots: Mutex::default() })
    }

    /// Notes that an entry is being read, until the note is dropped.
    pub fn begin(&self, entry: EntryId) -> Note<'_> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = slots.iter().position(|taken| !taken).unwrap_or(slots.len());
        if slot == slots.len() {
            slots.push(true);
        }
        slots[slot] = true;
        self.write(slot, entry.bits());
        Note { reading: self, slot }
    }

    fn write(&self, slot: usize, bits: u64) {
        if let Some(file) = &self.file {
            // Where even this fails, the store fails too, and says so.
            let _ = file.write_all_at(&bits.to_le_bytes(), slot as u64 * 8);
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
        self.reading.write(self.slot, 0);
        self.reading.slots.lock().unwrap_or_else(PoisonError::into_inner)[self.slot] = false;
    }
}

fn entry_of(bytes: &[u8]) -> Option<EntryId> {
    let bits = u64::from_le_bytes(bytes.try_into().ok()?);
    (bits != 0).then(|| EntryId::from_bits(bits))
}
