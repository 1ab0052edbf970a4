//! Entries: what sources announced, what is to be done about it, and what became of it.

use rusqlite::{OptionalExtension, Row, named_params, types::ValueRef};
use sha2::{Digest, Sha256};

use super::{
    Error, PollRecord, Reader, Tx,
    column::{Ms, from_json, to_json},
};
use crate::model::{ArticleId, Entry, EntryId, SourceId, SourceState, Time, Validators, host_of};

/// What a poll brought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PollSaved {
    /// Entries that were not known before and are due now.
    pub new: Vec<EntryId>,
    /// Known entries that say something else than before and are due again.
    pub changed: Vec<EntryId>,
    /// Entries that were not known before and are skipped, because they are too old.
    pub too_old: Vec<EntryId>,
}

/// What became of an entry.
#[derive(Debug, Clone, PartialEq)]
pub enum Fate {
    /// An article.
    Article(ArticleId),
    /// An article whose page is to be read again later.
    Revisit {
        /// The article.
        article: ArticleId,
        /// When to read it again.
        at: Time,
        /// What its page can be asked for with.
        validators: Validators,
    },
    /// An article from the feed's words, because its page could not be read.
    Partial {
        /// The article.
        article: ArticleId,
        /// Why the page could not be read.
        reason: String,
        /// When to try again; `None` to leave it at that.
        next_try_at: Option<Time>,
    },
    /// Nothing that should become an article.
    Skipped {
        /// Why.
        reason: String,
    },
    /// Nothing yet.
    Failed {
        /// Why.
        reason: String,
        /// When to try again; `None` to give up.
        next_try_at: Option<Time>,
    },
}

/// What decides whether an entry can be worked on now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due<'a> {
    /// Which entry.
    pub id: EntryId,
    /// Who announced it.
    pub source_id: SourceId,
    /// The host of its link; empty without a link.
    pub host: &'a str,
}

/// An entry with what is needed to work on it.
#[derive(Debug, Clone, PartialEq)]
pub struct DueEntry {
    /// Which entry.
    pub id: EntryId,
    /// Who announced it.
    pub source_id: SourceId,
    /// What it says.
    pub entry: Entry,
    /// Tries that failed so far.
    pub attempts: u32,
    /// The article that it already has.
    pub article: Option<ArticleId>,
    /// It says something else than when it was last settled.
    pub changed: bool,
    /// When it was first announced.
    pub first_seen_at: Time,
    /// What its page can be asked for with.
    pub validators: Validators,
}

impl Tx<'_> {
    /// Saves the outcome of a poll: the new state of its source and the entries of its document, new and known.
    ///
    /// An entry is known by its id; where a document gives an id twice, the first counts. One published before
    /// `too_old_before` is skipped. The record's `new` is counted here.
    ///
    /// # Errors
    /// [`Error::Unknown`] for a source that the store does not have, else when the database refuses.
    pub fn save_poll(
        &mut self,
        source_id: SourceId,
        state: &SourceState,
        entries: &[(EntryId, Entry)],
        poll: &PollRecord,
        too_old_before: Option<Time>,
    ) -> Result<PollSaved, Error> {
        let mut saved = PollSaved::default();
        let mut seen = std::collections::HashSet::with_capacity(entries.len());
        for (id, entry) in entries.iter().filter(|(id, _)| seen.insert(*id)) {
            let too_old = too_old_before.is_some_and(|limit| entry.published_at.is_some_and(|at| at < limit));
            self.save_entry(*id, source_id, entry, poll.at, too_old, &mut saved)?;
        }
        self.save_source_state(source_id, state, poll, saved.new.len() + saved.too_old.len())?;
        Ok(saved)
    }

    fn save_entry(
        &mut self,
        id: EntryId,
        source_id: SourceId,
        entry: &Entry,
        now: Time,
        too_old: bool,
        saved: &mut PollSaved,
    ) -> Result<(), Error> {
        let digest = digest(entry);
        let known = self
            .db()
            .prepare_cached("SELECT digest, state, due_at IS NOT NULL FROM entries WHERE id = ?1")?
            .query_row([id], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, bool>(2)?)))
            .optional()?;
        let Some((known_digest, known_state, is_waiting)) = known else {
            return self.add_entry(id, source_id, entry, digest, now, too_old, saved);
        };
        if known_digest == digest || too_old {
            return Ok(());
        }
        // Who waits to be tried for the first time or again keeps its time and only says something else.
        let becomes_due = !(is_waiting && matches!(known_state.as_str(), "due" | "failed"));
        let payload = self.packer.pack(to_json(entry).as_bytes());
        self.run(
            "UPDATE entries SET digest = :digest, payload = :payload, link = :link, host = :host, changed = 1,
                due_at = iif(:becomes_due, :now, due_at), state = iif(:becomes_due AND article_id IS NULL, 'due', state),
                attempts = iif(:becomes_due, 0, attempts)
             WHERE id = :id",
            named_params! {
                ":id": id, ":digest": digest, ":payload": payload, ":link": entry.link, ":host": link_host(entry),
                ":becomes_due": becomes_due, ":now": Ms(now),
            },
        )?;
        if becomes_due {
            saved.changed.push(id);
        }
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "one insert, whose columns these are")]
    fn add_entry(
        &mut self,
        id: EntryId,
        source_id: SourceId,
        entry: &Entry,
        digest: i64,
        now: Time,
        too_old: bool,
        saved: &mut PollSaved,
    ) -> Result<(), Error> {
        let payload = (!too_old).then(|| self.packer.pack(to_json(entry).as_bytes()));
        self.run(
            "INSERT INTO entries (id, source_id, state, due_at, reason, digest, first_seen_at, link, host, payload)
             VALUES (:id, :source_id, :state, :due_at, :reason, :digest, :now, :link, :host, :payload)",
            named_params! {
                ":id": id, ":source_id": source_id, ":state": if too_old { "skipped" } else { "due" },
                ":due_at": (!too_old).then_some(Ms(now)), ":reason": too_old.then_some("too old"), ":digest": digest,
                ":now": Ms(now), ":link": entry.link, ":host": link_host(entry), ":payload": payload,
            },
        )?;
        if too_old {
            saved.too_old.push(id)
        } else {
            saved.new.push(id)
        }
        Ok(())
    }

    /// Writes what became of an entry.
    ///
    /// # Errors
    /// [`Error::Unknown`] for an entry that the store does not have, else when the database refuses.
    pub fn settle(&mut self, id: EntryId, fate: &Fate, now: Time) -> Result<(), Error> {
        let settled = match fate {
            Fate::Article(article) => self.settle_as(id, "article", Some(*article), None, None)?,
            Fate::Revisit { article, at, validators } => {
                let settled = self.settle_as(id, "article", Some(*article), None, Some((*at).max(now)))?;
                let validators = (*validators != Validators::default()).then(|| to_json(validators));
                self.run("UPDATE entries SET validators = ?2 WHERE id = ?1", (id, validators))?;
                settled
            }
            Fate::Partial { article, reason, next_try_at } => {
                self.settle_as(id, "article", Some(*article), Some(reason), *next_try_at)?
            }
            Fate::Skipped { reason } => self.settle_as(id, "skipped", None, Some(reason), None)?,
            Fate::Failed { reason, next_try_at } => self.settle_as(id, "failed", None, Some(reason), *next_try_at)?,
        };
        if settled { Ok(()) } else { Err(Error::Unknown { what: "entry", id: id.to_string() }) }
    }

    /// An entry that already has an article keeps it, whatever happens to its page later.
    fn settle_as(
        &mut self,
        id: EntryId,
        state: &str,
        article: Option<ArticleId>,
        reason: Option<&String>,
        due_at: Option<Time>,
    ) -> Result<bool, Error> {
        let failed = reason.is_some() && state != "skipped";
        let changed = self.run(
            "UPDATE entries SET state = iif(article_id IS NULL, :state, 'article'), article_id = coalesce(:article, article_id),
                reason = :reason, due_at = :due_at, changed = changed AND :failed AND :due_at IS NOT NULL,
                attempts = iif(:failed, attempts + 1, 0), payload = iif(:due_at IS NULL, NULL, payload)
             WHERE id = :id",
            named_params! {
                ":id": id, ":state": state, ":article": article, ":reason": reason, ":due_at": due_at.map(Ms),
                ":failed": failed,
            },
        )?;
        Ok(changed > 0)
    }
}

impl Reader {
    /// Returns up to `limit` entries of polled sources that are due, longest due first, without those that `wants` refuses.
    ///
    /// `wants` sees every due entry until the limit is reached: those already in work or of a host that has
    /// enough to do are best refused here.
    ///
    /// # Errors
    /// When the database refuses or a row is unreadable.
    pub fn due_entries(
        &self,
        now: Time,
        limit: usize,
        mut wants: impl FnMut(Due<'_>) -> bool,
    ) -> Result<Vec<DueEntry>, Error> {
        let mut statement = self.db.prepare_cached(
            "SELECT id, source_id, host FROM entries INDEXED BY entries_due
             WHERE due_at <= ?1 AND source_id IN (SELECT id FROM sources WHERE configured) ORDER BY due_at, id",
        )?;
        let mut rows = statement.query([Ms(now)])?;
        let mut due = Vec::new();
        while due.len() < limit
            && let Some(row) = rows.next()?
        {
            let (id, source_id) = (row.get(0)?, row.get(1)?);
            let host = row.get_ref(2)?.as_str().unwrap_or_default();
            if wants(Due { id, source_id, host }) {
                due.extend(self.entry(id)?);
            }
        }
        Ok(due)
    }

    /// Returns one entry, as long as something is to be done about it.
    ///
    /// # Errors
    /// When the database refuses or the row is unreadable.
    pub fn entry(&self, id: EntryId) -> Result<Option<DueEntry>, Error> {
        let mut statement = self.db.prepare_cached(
            "SELECT id, source_id, payload, attempts, article_id, changed, first_seen_at, validators FROM entries
             WHERE id = ?1 AND payload IS NOT NULL",
        )?;
        statement.query_and_then([id], |row| self.read_entry(row))?.next().transpose()
    }

    /// Returns how many of these entries are not known yet.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn unknown_entries(&self, ids: impl IntoIterator<Item = EntryId>) -> Result<usize, Error> {
        let mut statement = self.db.prepare_cached("SELECT 1 FROM entries WHERE id = ?1")?;
        let mut unknown = std::collections::HashSet::new();
        for id in ids {
            if !statement.exists([id])? {
                unknown.insert(id);
            }
        }
        Ok(unknown.len())
    }

    fn read_entry(&self, row: &Row<'_>) -> Result<DueEntry, Error> {
        let payload = self.texts.unpack("entry", row.get_ref(2)?.as_blob().unwrap_or_default())?;
        Ok(DueEntry {
            id: row.get(0)?,
            source_id: row.get(1)?,
            entry: from_json("entry", &payload)?,
            attempts: row.get(3)?,
            article: row.get(4)?,
            changed: row.get(5)?,
            first_seen_at: row.get::<_, Ms>(6)?.0,
            validators: match row.get_ref(7)? {
                ValueRef::Text(text) => from_json("validators of an entry", text)?,
                _ => Validators::default(),
            },
        })
    }

    /// Returns how many entries wait for a later time, and the earliest of these times.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn waiting_entries(&self, now: Time) -> Result<(u64, Option<Time>), Error> {
        let mut statement = self.db.prepare_cached(
            "SELECT count(*), min(due_at) FROM entries INDEXED BY entries_due
             WHERE due_at > ?1 AND source_id IN (SELECT id FROM sources WHERE configured)",
        )?;
        let (count, next): (i64, Option<Ms>) = statement.query_row([Ms(now)], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok((count.cast_unsigned(), next.map(|next| next.0)))
    }
}

/// What an entry says, in 64 bits: a change of these makes it due again. Its link and summary are not among them: some
/// feeds put a new token into the one, or a count of comments into the other, at each poll.
fn digest(entry: &Entry) -> i64 {
    let mut hash = Sha256::new();
    let updated_at = entry.updated_at.map(|at| at.to_rfc3339());
    for part in [&entry.title, &updated_at, &entry.content] {
        let part = part.as_deref().unwrap_or_default();
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let mut first = [0; 8];
    first.copy_from_slice(&hash.finalize()[..8]);
    i64::from_le_bytes(first)
}

fn link_host(entry: &Entry) -> String {
    entry.link.as_deref().and_then(host_of).unwrap_or_default()
}
