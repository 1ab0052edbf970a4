//! Entries: what sources announced, what is to be done about it, and what became of it.

use rusqlite::{OptionalExtension, Row, named_params, types::ValueRef};
use sha2::{Digest, Sha256};

use super::{
    Error, Reader, Tx, bundle,
    column::{Ms, from_json, to_json},
};
use crate::model::{ArticleId, Entry, EntryId, SourceId, Time, Validators, host_of};

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
    /// Nothing yet, and the reader died on it.
    Deadly {
        /// What the reader said last.
        reason: String,
        /// When to try again; `None` to keep it from every reader.
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
    /// How often the reader died on it.
    pub deaths: u32,
    /// The article that it already has.
    pub article: Option<ArticleId>,
    /// It says something else than when it was last settled.
    pub changed: bool,
    /// When it was first announced.
    pub first_seen_at: Time,
    /// What its page can be asked for with.
    pub validators: Validators,
}

/// An entry that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedEntry {
    /// Which entry.
    pub id: EntryId,
    /// Who announced it.
    pub source_id: SourceId,
    /// Its link.
    pub link: Option<String>,
    /// Why it failed.
    pub reason: String,
    /// Tries that failed so far.
    pub attempts: u32,
    /// When it is tried again; `None` when it is given up.
    pub next_try_at: Option<Time>,
}

/// An entry of a document, with what the store knows it by.
#[derive(Debug, Clone, PartialEq)]
pub struct Announced {
    /// Which entry.
    pub id: EntryId,
    /// What it says.
    pub entry: Entry,
    /// The host of its link; empty without a link.
    pub host: String,
    /// What it says, in 64 bits: another one makes it due again.
    digest: i64,
}

impl Announced {
    /// Returns an entry under an id; costs the time of reading all that it says.
    pub fn new(id: EntryId, entry: Entry) -> Self {
        let host = entry.link.as_deref().and_then(host_of).unwrap_or_default();
        Self { id, host, digest: digest(&entry), entry }
    }
}

/// What the store knows of an announced entry.
struct Known {
    digest: i64,
    /// It waits to be tried for the first time or again.
    is_waiting: bool,
}

/// The bundle that was read last: those that came together are mostly due together.
#[derive(Default)]
struct Unpacked {
    bundle: Option<i64>,
    text: Vec<u8>,
}

impl Tx<'_> {
    /// Saves the entries of a source's document, new and known, as announced at a time.
    ///
    /// An entry is known by its id; where a document gives an id twice, the first counts. One published before
    /// `too_old_before` is skipped.
    ///
    /// # Errors
    /// When the database refuses, as it does for a source that it does not have.
    pub fn save_entries(
        &mut self,
        source_id: SourceId,
        entries: &[Announced],
        now: Time,
        too_old_before: Option<Time>,
    ) -> Result<PollSaved, Error> {
        let mut saved = PollSaved::default();
        let mut seen = std::collections::HashSet::with_capacity(entries.len());
        let mut news = Vec::new();
        let any_known = self.knows_any(entries)?;
        for entry in entries.iter().filter(|entry| seen.insert(entry.id)) {
            let too_old = too_old_before.is_some_and(|limit| entry.entry.published_at.is_some_and(|at| at < limit));
            let known = if any_known { self.known(entry.id)? } else { None };
            match known {
                None if too_old => {
                    self.add_too_old(source_id, entry, now)?;
                    saved.too_old.push(entry.id);
                }
                None => {
                    news.push((entry, None));
                    saved.new.push(entry.id);
                }
                Some(known) if known.digest != entry.digest && !too_old => {
                    if !known.is_waiting {
                        saved.changed.push(entry.id);
                    }
                    news.push((entry, Some(known)));
                }
                Some(_) => {}
            }
        }
        // In the order of the store, where each then goes beside the last.
        news.sort_unstable_by_key(|(announced, _)| announced.id.bits().cast_signed());
        self.save_news(source_id, &news, now)?;
        self.count_entries("entries:due", saved.new.len())?;
        self.count_entries("entries:skipped", saved.too_old.len())?;
        Ok(saved)
    }

    /// Writes what is new, or says something else than is known, in as few bundles as take it.
    fn save_news(
        &mut self,
        source_id: SourceId,
        mut news: &[(&Announced, Option<Known>)],
        now: Time,
    ) -> Result<(), Error> {
        while !news.is_empty() {
            let (text, count) = bundle::write(news.iter().map(|(announced, _)| &announced.entry));
            let (bundled, rest) = news.split_at(count);
            let bundle = self.add_bundle(&text, count)?;
            let placed = (0..).zip(bundled).map(|(place, (announced, known))| (place, announced, known));
            let new = placed.clone().filter(|(_, _, known)| known.is_none());
            self.add_entries(source_id, bundle, new.map(|(place, announced, _)| (place, *announced)), now)?;
            for (place, announced, known) in placed {
                if let Some(known) = known {
                    self.change_entry(announced, (bundle, place), now, !known.is_waiting)?;
                }
            }
            news = rest;
        }
        Ok(())
    }

    /// Keeps what some entries say, and returns under which number.
    fn add_bundle(&mut self, text: &[u8], waiting: usize) -> Result<i64, Error> {
        let packed = self.packer.pack_briefly(text);
        self.run("INSERT INTO bundles (waiting) VALUES (?1)", [i64::try_from(waiting).unwrap_or(i64::MAX)])?;
        let bundle = self.db().last_insert_rowid();
        self.run("INSERT INTO bundle_texts (id, packed) VALUES (?1, ?2)", (bundle, packed))?;
        Ok(bundle)
    }

    /// Whether there is anything among the ids of these entries: of a source's first document nothing is known.
    fn knows_any(&self, entries: &[Announced]) -> Result<bool, Error> {
        // In the order of the store, where ids are signed.
        let bits = entries.iter().map(|entry| entry.id.bits().cast_signed());
        let (Some(first), Some(last)) = (bits.clone().min(), bits.max()) else { return Ok(false) };
        let mut statement = self.db().prepare_cached("SELECT 1 FROM entries WHERE id BETWEEN ?1 AND ?2")?;
        Ok(statement.exists([first, last])?)
    }

    fn known(&self, id: EntryId) -> Result<Option<Known>, Error> {
        let mut statement = self.db().prepare_cached(
            "SELECT digest, due_at IS NOT NULL AND state IN ('due', 'failed') FROM entries WHERE id = ?1",
        )?;
        let known = |row: &Row<'_>| Ok(Known { digest: row.get(0)?, is_waiting: row.get(1)? });
        Ok(statement.query_row([id], known).optional()?)
    }

    fn add_too_old(&self, source_id: SourceId, announced: &Announced, now: Time) -> Result<(), Error> {
        let Announced { id, entry, host, digest } = announced;
        self.run(
            "INSERT INTO entries (id, source_id, state, reason, digest, first_seen_at, link, host)
             VALUES (?1, ?2, 'skipped', 'too old', ?3, ?4, ?5, ?6)",
            (id, source_id, digest, Ms(now), &entry.link, host),
        )?;
        Ok(())
    }

    fn add_entries<'a>(
        &self,
        source_id: SourceId,
        bundle: i64,
        mut placed: impl Iterator<Item = (u32, &'a Announced)>,
        now: Time,
    ) -> Result<(), Error> {
        self.write(
            "INSERT INTO entries (id, source_id, state, due_at, digest, first_seen_at, link, host, bundle, place)
             VALUES (?1, ?2, 'due', ?3, ?4, ?3, ?5, ?6, ?7, ?8)",
            |statement| {
                placed.try_for_each(|(place, Announced { id, entry, host, digest })| {
                    statement.execute((id, source_id, Ms(now), digest, &entry.link, host, bundle, place)).map(drop)
                })
            },
        )
    }

    /// Who waits to be tried keeps its time and only says something else.
    fn change_entry(
        &self,
        Announced { id, entry, host, digest }: &Announced,
        (bundle, place): (i64, u32),
        now: Time,
        becomes_due: bool,
    ) -> Result<(), Error> {
        self.run(
            "UPDATE entries SET digest = :digest, bundle = :bundle, place = :place, link = :link, host = :host, changed = 1,
                due_at = iif(:becomes_due, :now, due_at), state = iif(:becomes_due AND article_id IS NULL, 'due', state),
                attempts = iif(:becomes_due, 0, attempts), deaths = iif(:becomes_due, 0, deaths)
             WHERE id = :id",
            named_params! {
                ":id": id, ":digest": digest, ":bundle": bundle, ":place": place, ":link": entry.link, ":host": host,
                ":becomes_due": becomes_due, ":now": Ms(now),
            },
        )?;
        Ok(())
    }

    /// Adds new entries to a running total, once for all: a trigger would for each.
    fn count_entries(&self, name: &str, new: usize) -> Result<(), Error> {
        if new > 0 {
            let new = i64::try_from(new).unwrap_or(i64::MAX);
            self.run("UPDATE counts SET n = n + ?2 WHERE name = ?1", (name, new))?;
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
            Fate::Deadly { reason, next_try_at } => {
                self.run("UPDATE entries SET deaths = deaths + 1 WHERE id = ?1", [id])?;
                self.settle_as(id, "failed", None, Some(reason), *next_try_at)?
            }
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
                attempts = iif(:failed, attempts + 1, 0), deaths = iif(:failed, deaths, 0), bundle = iif(:due_at IS NULL, NULL, bundle)
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
    /// Returns up to `limit` entries of polled sources that came due from `since` to `now`, longest due first, without those that `wants` refuses.
    ///
    /// `wants` sees every due entry until the limit is reached: those already in work or of a host that has
    /// enough to do are best refused here.
    ///
    /// # Errors
    /// When the database refuses or a row is unreadable.
    pub fn due_entries(
        &self,
        since: Time,
        now: Time,
        limit: usize,
        mut wants: impl FnMut(Due<'_>) -> bool,
    ) -> Result<Vec<DueEntry>, Error> {
        let mut statement = self.db.prepare_cached(
            "SELECT id, source_id, host FROM entries INDEXED BY entries_due
             WHERE due_at BETWEEN ?1 AND ?2 AND source_id IN (SELECT id FROM sources WHERE configured) ORDER BY due_at, id",
        )?;
        let mut rows = statement.query([Ms(since), Ms(now)])?;
        let (mut due, mut unpacked) = (Vec::new(), Unpacked::default());
        while due.len() < limit
            && let Some(row) = rows.next()?
        {
            let (id, source_id) = (row.get(0)?, row.get(1)?);
            let host = row.get_ref(2)?.as_str().unwrap_or_default();
            if wants(Due { id, source_id, host }) {
                due.extend(self.entry_of(id, &mut unpacked)?);
            }
        }
        Ok(due)
    }

    /// Returns one entry, as long as something is to be done about it.
    ///
    /// # Errors
    /// When the database refuses or the row is unreadable.
    pub fn entry(&self, id: EntryId) -> Result<Option<DueEntry>, Error> {
        self.entry_of(id, &mut Unpacked::default())
    }

    fn entry_of(&self, id: EntryId, unpacked: &mut Unpacked) -> Result<Option<DueEntry>, Error> {
        let mut statement = self.db.prepare_cached(
            "SELECT id, source_id, place, attempts, article_id, changed, first_seen_at, validators, deaths, bundle
             FROM entries WHERE id = ?1 AND bundle IS NOT NULL",
        )?;
        statement.query_and_then([id], |row| self.read_entry(row, unpacked))?.next().transpose()
    }

    fn read_entry(&self, row: &Row<'_>, unpacked: &mut Unpacked) -> Result<DueEntry, Error> {
        let bundle = row.get(9)?;
        if unpacked.bundle != Some(bundle) {
            let mut statement = self.db.prepare_cached("SELECT packed FROM bundle_texts WHERE id = ?1")?;
            let unpack = |row: &Row<'_>| self.texts.unpack("entries", row.get_ref(0)?.as_blob().unwrap_or_default());
            let text = statement.query_and_then([bundle], unpack)?.next().transpose()?.unwrap_or_default();
            *unpacked = Unpacked { bundle: Some(bundle), text };
        }
        Ok(DueEntry {
            id: row.get(0)?,
            source_id: row.get(1)?,
            entry: bundle::read(&unpacked.text, row.get::<_, u32>(2)?)?,
            attempts: row.get(3)?,
            deaths: row.get(8)?,
            article: row.get(4)?,
            changed: row.get(5)?,
            first_seen_at: row.get::<_, Ms>(6)?.0,
            validators: match row.get_ref(7)? {
                ValueRef::Text(text) => from_json("validators of an entry", text)?,
                _ => Validators::default(),
            },
        })
    }

    /// Returns entries that failed, those that are tried again soonest first, given up ones last.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn failed_entries(&self, limit: usize) -> Result<Vec<FailedEntry>, Error> {
        self.failures("state = 'failed' ORDER BY due_at NULLS LAST, id", limit)
    }

    /// Returns entries on which the reader died so often that no reader gets them any more.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn quarantined_entries(&self, limit: usize) -> Result<Vec<FailedEntry>, Error> {
        self.failures("deaths > 0 AND due_at IS NULL ORDER BY id", limit)
    }

    fn failures(&self, which: &str, limit: usize) -> Result<Vec<FailedEntry>, Error> {
        let sql = format!("SELECT id, source_id, link, reason, attempts, due_at FROM entries WHERE {which} LIMIT ?1");
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map([i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
            Ok(FailedEntry {
                id: row.get(0)?,
                source_id: row.get(1)?,
                link: row.get(2)?,
                reason: row.get::<_, Option<String>>(3)?.unwrap_or_default(),
                attempts: row.get(4)?,
                next_try_at: row.get::<_, Option<Ms>>(5)?.map(|next| next.0),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Returns how many entries wait for a later time, and the earliest of these times.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn waiting_entries(&self, now: Time) -> Result<(u64, Option<Time>), Error> {
        // Mostly all are of sources that are polled, and then need not be asked.
        let of_polled = "AND source_id IN (SELECT id FROM sources WHERE configured)";
        let any_other = self.db.prepare_cached("SELECT 1 FROM sources WHERE NOT configured")?.exists([])?;
        let waiting =
            format!("FROM entries INDEXED BY entries_due WHERE due_at > ?1 {}", if any_other { of_polled } else { "" });
        // Two questions: in one, each row is read where counting it is enough.
        let count: i64 =
            self.db.prepare_cached(&format!("SELECT count(*) {waiting}"))?.query_row([Ms(now)], |row| row.get(0))?;
        let mut next = self.db.prepare_cached(&format!("SELECT due_at {waiting} ORDER BY due_at LIMIT 1"))?;
        let next: Option<Ms> = next.query_row([Ms(now)], |row| row.get(0)).optional()?;
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        model::{Source, SourceState},
        store::{
            PollRecord, Store,
            tests::{article, at, id, transact},
        },
    };

    const FEED: &str = "https://a.example/feed";

    fn with_source() -> (Store, SourceId) {
        let mut store = Store::in_memory().expect("store");
        let source = Source::new(FEED);
        transact(&mut store, |tx| tx.sync_sources(std::slice::from_ref(&source)));
        (store, source.id)
    }

    fn entry(guid: &str, title: &str) -> Entry {
        Entry {
            guid: Some(guid.to_owned()),
            link: Some(format!("https://pages.example/{guid}")),
            title: Some(title.to_owned()),
            ..Entry::default()
        }
    }

    fn poll(store: &mut Store, source: SourceId, seconds: i64, entries: &[Entry]) -> PollSaved {
        let entries: Vec<_> = entries.iter().map(|entry| Announced::new(entry.id(source), entry.clone())).collect();
        transact(store, |tx| tx.save_entries(source, &entries, at(seconds), Some(at(-1000))))
    }

    fn due(store: &Store, seconds: i64) -> Vec<DueEntry> {
        store.reads().due_entries(Time::MIN_UTC, at(seconds), 99, |_| true).expect("readable")
    }

    #[test]
    fn an_entry_is_new_once_and_due_again_when_it_says_something_else() {
        let (mut store, source) = with_source();
        let a = entry("a", "one");
        let a_id = a.id(source);
        let again = PollSaved { changed: vec![a_id], ..PollSaved::default() };
        assert_eq!(poll(&mut store, source, 0, &[a.clone(), entry("a", "twice in one document")]).new, [a_id]);
        assert_eq!(poll(&mut store, source, 1, std::slice::from_ref(&a)), PollSaved::default());
        // Nobody has read it yet, so it is only read with its newer words.
        assert_eq!(poll(&mut store, source, 2, &[entry("a", "two")]), PollSaved::default());
        assert_eq!(due(&store, 0)[0].entry.title.as_deref(), Some("two"));

        transact(&mut store, |tx| {
            tx.insert(&article(1))?;
            tx.settle(a_id, &Fate::Article(id(1)), at(3))
        });
        assert_eq!(due(&store, 9), []);
        let token = Entry { link: Some("https://pages.example/a?token=2".to_owned()), ..entry("a", "two") };
        assert_eq!(poll(&mut store, source, 4, &[token]), PollSaved::default(), "another link is nothing new");
        assert_eq!(poll(&mut store, source, 5, &[entry("a", "three")]), again);
        let now = due(&store, 5);
        assert_eq!((now[0].changed, now[0].article, now[0].first_seen_at), (true, Some(id(1)), at(0)));
    }

    #[test]
    fn what_entries_say_is_kept_until_the_last_of_a_poll_is_settled() {
        let (mut store, source) = with_source();
        let [a, b, c] = ["a", "b", "c"].map(|guid| entry(guid, guid));
        poll(&mut store, source, 0, &[a.clone(), b.clone(), c.clone()]);
        let kept = |store: &Store| {
            assert_eq!(store.reads().integrity_check().expect("readable"), [""; 0]);
            let count = "SELECT count(*) FROM bundle_texts";
            store.reads().db.query_row(count, [], |row| row.get::<_, i64>(0)).expect("a count")
        };
        assert_eq!(kept(&store), 1);
        let skip = |store: &mut Store, entry: &Entry| {
            transact(store, |tx| tx.settle(entry.id(source), &Fate::Skipped { reason: String::new() }, at(1)));
        };
        skip(&mut store, &a);
        poll(&mut store, source, 2, &[entry("b", "says more")]);
        assert_eq!(kept(&store), 2, "what is new came later, and one is left of what came first");
        let titles: Vec<_> = due(&store, 9).into_iter().map(|due| due.entry.title.expect("a title")).collect();
        assert_eq!(titles.len(), 2);
        assert!(titles.contains(&"says more".to_owned()) && titles.contains(&"c".to_owned()), "{titles:?}");
        skip(&mut store, &c);
        assert_eq!(kept(&store), 1);
        skip(&mut store, &b);
        skip(&mut store, &b);
        assert_eq!(kept(&store), 0);
    }

    #[test]
    fn too_old_entries_are_skipped_and_stay_so() {
        let (mut store, source) = with_source();
        let old = Entry { published_at: Some(at(-2000)), ..entry("a", "one") };
        assert_eq!(poll(&mut store, source, 0, std::slice::from_ref(&old)).too_old, [old.id(source)]);
        let changed = Entry { title: Some("two".to_owned()), ..old };
        assert_eq!(poll(&mut store, source, 1, &[changed]), PollSaved::default());
        assert_eq!(due(&store, 9), []);
        assert_eq!(store.reads().counts().expect("counts").entries.skipped, 1);
    }

    #[test]
    fn every_fate_says_when_to_come_back() {
        // The fate, then: when it is due again, tries so far, whether it has an article.
        let check = |fate: Fate, expected: Option<(i64, u32, bool)>| {
            let (mut store, source) = with_source();
            let first = entry("a", "one");
            poll(&mut store, source, 0, std::slice::from_ref(&first));
            transact(&mut store, |tx| {
                tx.insert(&article(1))?;
                tx.settle(first.id(source), &fate, at(5))
            });
            let later = due(&store, 1000).pop();
            assert_eq!(
                later.as_ref().map(|later| (later.attempts, later.article.is_some())),
                expected.map(|e| (e.1, e.2))
            );
            let (waiting, next) = store.reads().waiting_entries(at(5)).expect("readable");
            assert_eq!(
                (waiting, next),
                (expected.is_some().into(), expected.map(|expected| at(expected.0))),
                "{fate:?}"
            );
            // Whatever became of it: another word from its source and it is tried again, unless it waits already.
            poll(&mut store, source, 6, &[entry("a", "two")]);
            let failed = matches!(fate, Fate::Failed { next_try_at: Some(_), .. });
            assert_eq!(due(&store, 6).len(), usize::from(!failed), "{fate:?}");
        };
        let reason = || "timed out".to_owned();
        check(Fate::Article(id(1)), None);
        check(Fate::Skipped { reason: reason() }, None);
        check(Fate::Failed { reason: reason(), next_try_at: None }, None);
        check(Fate::Failed { reason: reason(), next_try_at: Some(at(60)) }, Some((60, 1, false)));
        check(Fate::Partial { article: id(1), reason: reason(), next_try_at: None }, None);
        check(Fate::Partial { article: id(1), reason: reason(), next_try_at: Some(at(60)) }, Some((60, 1, true)));
        let validators = Validators { etag: Some("\"x\"".to_owned()), last_modified: None };
        check(Fate::Revisit { article: id(1), at: at(60), validators }, Some((60, 0, true)));
    }

    #[test]
    fn an_entry_with_an_article_keeps_it_when_its_page_fails_later() {
        let (mut store, source) = with_source();
        let entry = entry("a", "one");
        let entry_id = entry.id(source);
        poll(&mut store, source, 0, std::slice::from_ref(&entry));
        let validators = Validators { etag: Some("\"x\"".to_owned()), last_modified: None };
        transact(&mut store, |tx| {
            tx.insert(&article(1))?;
            let revisit = Fate::Revisit { article: id(1), at: at(60), validators: validators.clone() };
            tx.settle(entry_id, &revisit, at(5))
        });
        assert_eq!(due(&store, 60)[0].validators, validators);
        for tries in 1..=2 {
            let failed = Fate::Failed { reason: "404".to_owned(), next_try_at: Some(at(70)) };
            transact(&mut store, |tx| tx.settle(entry_id, &failed, at(60)));
            let now = due(&store, 70);
            assert_eq!((now[0].attempts, now[0].article), (tries, Some(id(1))));
        }
        let counts = store.reads().counts().expect("counts").entries;
        assert_eq!((counts.article, counts.failed, counts.due), (1, 0, 0));
    }

    #[test]
    fn entries_of_sources_that_nobody_wants_polled_rest() {
        let (mut store, source) = with_source();
        poll(&mut store, source, 0, &[entry("a", "one")]);
        transact(&mut store, |tx| tx.sync_sources(&[]));
        assert_eq!((due(&store, 9), store.reads().waiting_entries(at(-5)).expect("readable").0), (vec![], 0));
        transact(&mut store, |tx| tx.add_source(&Source::new(FEED)));
        assert_eq!(due(&store, 9).len(), 1);
    }

    #[test]
    fn who_asks_for_due_entries_can_pass_over_some() {
        let (mut store, source) = with_source();
        poll(&mut store, source, 1, &[entry("b", "two"), entry("c", "three")]);
        poll(&mut store, source, 0, &[entry("a", "one")]);
        let first = entry("a", "one").id(source);
        let one = store.reads().due_entries(Time::MIN_UTC, at(9), 1, |_| true).expect("readable");
        assert_eq!(one.iter().map(|due| due.id).collect::<Vec<_>>(), [first]);
        let others = store.reads().due_entries(Time::MIN_UTC, at(9), 9, |due| due.id != first).expect("readable");
        assert_eq!(others.len(), 2);
        assert_eq!(
            store.reads().due_entries(Time::MIN_UTC, at(9), 9, |due| due.host != "pages.example").expect("readable"),
            []
        );
        assert_eq!(due(&store, 0).len(), 1, "the others are not due yet");
    }

    #[test]
    fn a_failure_is_a_row_with_its_reason_and_next_try() {
        let (mut store, source) = with_source();
        let (a, b) = (entry("a", "one"), entry("b", "two"));
        poll(&mut store, source, 0, &[a.clone(), b.clone()]);
        let failed = |next_try_at| Fate::Failed { reason: "timed out".to_owned(), next_try_at };
        transact(&mut store, |tx| {
            tx.settle(a.id(source), &failed(None), at(1))?;
            tx.settle(b.id(source), &failed(Some(at(9))), at(1))
        });
        let expected = |entry: Entry, next_try_at| FailedEntry {
            id: entry.id(source),
            source_id: source,
            link: entry.link,
            reason: "timed out".to_owned(),
            attempts: 1,
            next_try_at,
        };
        let found = store.reads().failed_entries(9).expect("readable");
        assert_eq!(found, [expected(b, Some(at(9))), expected(a, None)]);
    }

    #[test]
    fn what_the_store_does_not_know_is_refused() {
        let (mut store, source) = with_source();
        let nobody = SourceId::derive(&["nobody"]);
        let poll = PollRecord { at: at(0), status: None, outcome: String::new(), new: 0, duration: Duration::ZERO };
        let saved = store.transaction(|tx| tx.save_poll(nobody, None, &SourceState::default(), &poll));
        assert!(matches!(saved, Err(Error::Unknown { what: "source", .. })));
        let announced = Announced::new(entry("a", "one").id(nobody), entry("a", "one"));
        assert!(store.transaction(|tx| tx.save_entries(nobody, &[announced], at(0), None)).is_err());
        let settled = store
            .transaction(|tx| tx.settle(entry("a", "one").id(source), &Fate::Skipped { reason: String::new() }, at(0)));
        assert!(matches!(settled, Err(Error::Unknown { what: "entry", .. })));
    }
}
