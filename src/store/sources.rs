//! Sources: who wants them polled, how they are doing, and their latest polls.

use std::{collections::HashMap, time::Duration};

use rusqlite::{OptionalExtension, Row, named_params};

use super::{
    Error, Reader, Tx,
    column::{from_json, to_json},
};
use crate::model::{Source, SourceId, SourceState, Time, host_of};

/// Polls that are remembered of each source: a week of a daily feed, hours of a busy one.
const POLLS_KEPT: usize = 30;

/// A poll as it is stored: its end in milliseconds since 1970, HTTP status, outcome, new entries, milliseconds that it took.
type PollColumns = (i64, Option<u16>, String, u32, u64);

/// Where a source comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A sources file lists it.
    File,
    /// A command added it.
    Command,
    /// Nobody wants it polled: it was removed, or an import named it. It keeps its name for its articles.
    Unlisted,
}

/// A source with everything that is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredSource {
    /// As configured.
    pub source: Source,
    /// How it is doing.
    pub state: SourceState,
    /// What its articles are shown under: its configured name, else the title of its feed, else its host.
    pub name: String,
    /// Where it comes from.
    pub origin: Origin,
}

impl StoredSource {
    /// Returns a source of a file that nobody has polled yet.
    pub fn unpolled(source: Source) -> Self {
        let name = display_name(&source, None);
        Self { source, state: SourceState::default(), name, origin: Origin::File }
    }

    /// Returns whether it is to be polled.
    pub fn is_configured(&self) -> bool {
        self.origin != Origin::Unlisted
    }
}

/// One poll in a source's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PollRecord {
    /// When it ended.
    pub at: Time,
    /// The HTTP status, if a server answered.
    pub status: Option<u16>,
    /// How it went, in plain words.
    pub outcome: String,
    /// Entries that were not known before.
    pub new: u32,
    /// How long it took.
    pub duration: Duration,
}

impl Tx<'_> {
    /// Makes the sources of the files the ones that are listed there; a source that is no longer in a file stays only if
    /// a command added it. Articles of a source with another name or other tags get a row in the change log.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn sync_sources(&mut self, sources: &[Source]) -> Result<(), Error> {
        let mut listed = self.listed()?;
        for (position, source) in (0_i64..).zip(sources) {
            let (known_position, known) = listed.remove(&source.id).unzip();
            // Most are what they were at the last start, and no row is written without need.
            if known != Some(to_json(source)) {
                self.put_source(source)?;
            }
            if known_position != Some(position) {
                self.run("UPDATE sources SET in_file = 1, position = ?2 WHERE id = ?1", (source.id, position))?;
            }
        }
        listed.into_keys().try_for_each(|id| self.run("UPDATE sources SET in_file = 0 WHERE id = ?1", [id]).map(drop))
    }

    /// The sources that a file listed at the last start, with their places and as they were configured.
    fn listed(&self) -> Result<HashMap<SourceId, (i64, String)>, Error> {
        let mut statement = self.db().prepare_cached("SELECT id, position, source FROM sources WHERE in_file")?;
        let listed = |row: &Row<'_>| Ok((row.get(0)?, (row.get(1)?, row.get(2)?)));
        Ok(statement.query_map([], listed)?.collect::<Result<_, _>>()?)
    }

    /// Adds a source that a command asked for; returns whether it was not polled before.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn add_source(&mut self, source: &Source) -> Result<bool, Error> {
        let known = self.source(source.id)?;
        // The file's word on its own source stands.
        if known.as_ref().is_none_or(|known| known.origin != Origin::File) {
            self.put_source(source)?;
        }
        self.run("UPDATE sources SET by_command = 1 WHERE id = ?1", [source.id])?;
        Ok(known.is_none_or(|known| !known.is_configured()))
    }

    /// Takes back what [`Tx::add_source`] did; returns whether there was anything to take back. A source that is in a file
    /// is polled as before.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn remove_source(&mut self, id: SourceId) -> Result<bool, Error> {
        Ok(self.run("UPDATE sources SET by_command = 0 WHERE id = ?1 AND by_command", [id])? > 0)
    }

    /// Returns the source that an import means by a name, id or URL, and makes one of that name, which is never polled, if
    /// there is none.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn name_source(&mut self, name: &str) -> Result<SourceId, Error> {
        if let Some(known) = self.find_source(name)? {
            return Ok(known);
        }
        let mut source = Source::new(name);
        source.name = Some(name.to_owned());
        self.put_source(&source)?;
        Ok(source.id)
    }

    /// Writes the row of a source, new or not; who wants it polled is not touched.
    fn put_source(&mut self, source: &Source) -> Result<(), Error> {
        let before = self.source(source.id)?;
        let way = |source: &Source| (source.kind, source.selector.clone());
        if let Some(before) = before.as_ref().filter(|before| way(&before.source) != way(source)) {
            // The same document may say something else when it is read another way.
            let mut state = before.state.clone();
            (state.validators, state.unread, state.body_hash) = Default::default();
            self.run("UPDATE source_states SET state = ?2 WHERE id = ?1", (source.id, to_json(&state)))?;
        }
        let name = display_name(source, before.as_ref().and_then(|before| before.state.title.as_deref()));
        let tags_changed = before.as_ref().is_some_and(|before| before.source.tags != source.tags);
        let renamed = before.as_ref().is_some_and(|before| before.name != name);
        self.run(
            "INSERT INTO sources (id, url, name, tags, source) VALUES (:id, :url, :name, :tags, :source)
             ON CONFLICT (id) DO UPDATE SET url = :url, name = :name, tags = :tags, source = :source",
            named_params! {
                ":id": source.id, ":url": source.url, ":name": name, ":tags": to_json(&source.tags),
                ":source": to_json(source),
            },
        )?;
        if tags_changed || renamed {
            self.log_articles_of(source.id)?;
        }
        Ok(())
    }

    /// Writes how a poll left its source, which had the title `title_before`, and remembers the poll.
    ///
    /// # Errors
    /// [`Error::Unknown`] for a source that the store does not have, else when the database refuses.
    pub fn save_poll(
        &mut self,
        id: SourceId,
        title_before: Option<&str>,
        state: &SourceState,
        poll: &PollRecord,
    ) -> Result<(), Error> {
        let mut polls = match self.poll_columns(id)? {
            Some(polls) => polls,
            None if self.source(id)?.is_none() => return Err(Error::Unknown { what: "source", id: id.to_string() }),
            None => Vec::new(),
        };
        polls.drain(..(polls.len() + 1).saturating_sub(POLLS_KEPT));
        let duration_ms = u64::try_from(poll.duration.as_millis()).unwrap_or(u64::MAX);
        polls.push((poll.at.timestamp_millis(), poll.status, poll.outcome.clone(), poll.new, duration_ms));
        self.run(
            "INSERT INTO source_states (id, state, status, polls) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (id) DO UPDATE SET state = ?2, status = ?3, polls = ?4",
            (id, to_json(state), to_json(&state.status), to_json(&polls)),
        )?;
        if state.title.as_deref() != title_before
            && let Some(known) = self.source(id)?
        {
            // A title that is new with each poll would otherwise rewrite all articles of its source each time; those get
            // the new title in the index when something else of theirs changes.
            let name = display_name(&known.source, state.title.as_deref());
            self.run("UPDATE sources SET name = ?2 WHERE id = ?1", (id, name))?;
        }
        Ok(())
    }
}

impl Reader {
    /// Returns all sources: those of files in their order, then those of commands, then those that are kept for their name.
    ///
    /// # Errors
    /// When the database refuses or a row is unreadable.
    pub fn sources(&self) -> Result<Vec<StoredSource>, Error> {
        let mut sources = Vec::new();
        self.each_source(|source| sources.push(source))?;
        Ok(sources)
    }

    /// Hands every source to `each`, in the order of [`Self::sources`], with one in memory at a time.
    ///
    /// # Errors
    /// When the database refuses or a row is unreadable.
    pub fn each_source(&self, mut each: impl FnMut(StoredSource)) -> Result<(), Error> {
        // Only the ids are sorted in memory, not all that is known of each. (A limit keeps SQLite from dropping the order.)
        let mut statement = self.db.prepare_cached(
            "SELECT source, state, name, in_file, by_command
             FROM (SELECT id FROM sources ORDER BY NOT in_file, NOT by_command, position, name, url LIMIT -1)
             CROSS JOIN sources USING (id) LEFT JOIN source_states USING (id)",
        )?;
        statement.query_and_then([], read_source)?.try_for_each(|source| source.map(&mut each))
    }

    /// Returns the sources that are to be polled, in the order of the store.
    ///
    /// # Errors
    /// When the database refuses or a row is unreadable.
    pub fn configured_sources(&self) -> Result<Vec<StoredSource>, Error> {
        let mut statement = self.db.prepare_cached(
            "SELECT source, state, name, in_file, by_command FROM sources LEFT JOIN source_states USING (id) WHERE configured",
        )?;
        statement.query_and_then([], read_source)?.collect()
    }

    /// Returns one source.
    ///
    /// # Errors
    /// When the database refuses or the row is unreadable.
    pub fn source(&self, id: SourceId) -> Result<Option<StoredSource>, Error> {
        let mut statement = self.db.prepare_cached(
            "SELECT source, state, name, in_file, by_command FROM sources LEFT JOIN source_states USING (id) WHERE id = ?1",
        )?;
        statement.query_and_then([id], read_source)?.next().transpose()
    }

    /// Returns the source that a user means by its name (case-blind in ASCII), id or URL; a polled one where several have a name.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn find_source(&self, name: &str) -> Result<Option<SourceId>, Error> {
        let id = name.parse().unwrap_or_else(|_| SourceId::derive(&[name]));
        let mut statement = self.db.prepare_cached("SELECT id FROM sources WHERE id = ?1")?;
        if let Some(id) = statement.query_row([id], |row| row.get(0)).optional()? {
            return Ok(Some(id));
        }
        let mut statement = self.db.prepare_cached(
            "SELECT id FROM sources WHERE name = ?1 COLLATE NOCASE ORDER BY name <> ?1, NOT configured, position LIMIT 1",
        )?;
        Ok(statement.query_row([name], |row| row.get(0)).optional()?)
    }

    /// Returns the latest polls of a source, latest first.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn polls(&self, id: SourceId) -> Result<Vec<PollRecord>, Error> {
        let record = |(at, status, outcome, new, duration_ms): PollColumns| {
            let at = Time::from_timestamp_millis(at)?;
            Some(PollRecord { at, status, outcome, new, duration: Duration::from_millis(duration_ms) })
        };
        Ok(self.poll_columns(id)?.unwrap_or_default().into_iter().rev().filter_map(record).collect())
    }

    /// The latest polls of a source, oldest first; `None` where there was none.
    fn poll_columns(&self, id: SourceId) -> Result<Option<Vec<PollColumns>>, Error> {
        let mut statement = self.db.prepare_cached("SELECT polls FROM source_states WHERE id = ?1")?;
        let polls = |row: &Row<'_>| from_json("polls of a source", row.get_ref(0)?.as_bytes().unwrap_or_default());
        statement.query_and_then([id], polls)?.next().transpose()
    }
}

fn read_source(row: &Row<'_>) -> Result<StoredSource, Error> {
    let state = row.get_ref(1)?.as_bytes_or_null().unwrap_or_default();
    Ok(StoredSource {
        source: from_json("source", row.get_ref(0)?.as_bytes().unwrap_or_default())?,
        // A source that was never polled has none.
        state: state.map_or(Ok(SourceState::default()), |state| from_json("state of a source", state))?,
        name: row.get(2)?,
        origin: match (row.get(3)?, row.get(4)?) {
            (true, _) => Origin::File,
            (false, true) => Origin::Command,
            (false, false) => Origin::Unlisted,
        },
    })
}

fn display_name(source: &Source, title: Option<&str>) -> String {
    let given = |text: &&str| !text.trim().is_empty();
    let name = source.name.as_deref().filter(given).or(title.filter(given)).map(|name| name.trim().to_owned());
    name.or_else(|| host_of(&source.url)).unwrap_or_else(|| source.url.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{SourceKind, Unread, Validators},
        store::{
            Store,
            tests::{at, transact},
        },
    };

    fn named(url: &str, name: &str) -> Source {
        Source { name: Some(name.to_owned()), ..Source::new(url) }
    }

    fn poll(n: i64) -> PollRecord {
        PollRecord {
            at: at(n),
            status: Some(200),
            outcome: format!("poll {n}"),
            new: 0,
            duration: Duration::from_millis(40),
        }
    }

    fn origins(store: &Store) -> Vec<(String, Origin)> {
        store.reads().sources().expect("sources").into_iter().map(|source| (source.name, source.origin)).collect()
    }

    #[test]
    fn files_and_commands_each_keep_their_own_sources() {
        let mut store = Store::in_memory().expect("store");
        let (a, b) = (named("https://a.example/feed", "A"), named("https://b.example/feed", "B"));
        transact(&mut store, |tx| tx.sync_sources(&[b.clone(), a.clone()]));
        assert_eq!(origins(&store), [("B".to_owned(), Origin::File), ("A".to_owned(), Origin::File)]);

        assert!(!transact(&mut store, |tx| tx.add_source(&a)), "it is polled already");
        transact(&mut store, |tx| tx.sync_sources(&[]));
        assert_eq!(origins(&store), [("A".to_owned(), Origin::Command), ("B".to_owned(), Origin::Unlisted)]);
        assert!(transact(&mut store, |tx| tx.add_source(&b)));
        assert!(transact(&mut store, |tx| tx.remove_source(a.id)));
        assert!(!transact(&mut store, |tx| tx.remove_source(a.id)));
        assert_eq!(origins(&store), [("B".to_owned(), Origin::Command), ("A".to_owned(), Origin::Unlisted)]);
    }

    #[test]
    fn a_source_is_shown_by_its_name_else_its_title_else_its_host() {
        let check = |name: Option<&str>, title: Option<&str>, expected: &str| {
            let source = Source { name: name.map(str::to_owned), ..Source::new("https://www.a.example/feed") };
            assert_eq!(display_name(&source, title), expected);
        };
        check(Some("Mine"), Some("Theirs"), "Mine");
        check(None, Some(" Theirs "), "Theirs");
        check(Some(""), Some(" "), "www.a.example");
    }

    #[test]
    fn state_survives_and_the_latest_polls_are_remembered() {
        let mut store = Store::in_memory().expect("store");
        let source = Source::new("https://a.example/feed");
        let state = SourceState { title: Some("The A".to_owned()), consecutive_failures: 3, ..SourceState::default() };
        transact(&mut store, |tx| tx.sync_sources(std::slice::from_ref(&source)));
        for n in 0..45 {
            transact(&mut store, |tx| tx.save_poll(source.id, None, &state, &poll(n)));
        }
        transact(&mut store, |tx| tx.sync_sources(std::slice::from_ref(&source)));
        let stored = store.reads().source(source.id).expect("read").expect("known");
        assert_eq!((stored.state, stored.name.as_str()), (state, "The A"));
        let polls = store.reads().polls(source.id).expect("polls");
        assert_eq!((polls.len(), &polls[0], &polls[29]), (30, &poll(44), &poll(15)));
    }

    #[test]
    fn a_source_read_another_way_is_asked_for_its_document_again() {
        let mut store = Store::in_memory().expect("store");
        let source = Source::new("https://a.example/news");
        let validators = Validators { etag: Some("\"a\"".to_owned()), last_modified: None };
        let unread = Some(Unread { error: "a web page, not a feed".to_owned(), at: at(1) });
        let state = SourceState { validators, unread, consecutive_failures: 2, ..SourceState::default() };
        transact(&mut store, |tx| tx.sync_sources(std::slice::from_ref(&source)));
        transact(&mut store, |tx| tx.save_poll(source.id, None, &state, &poll(1)));
        let renamed = Source { name: Some("A".to_owned()), ..source };
        let listing = Source { kind: SourceKind::Listing, selector: Some("a".to_owned()), ..renamed.clone() };
        let fresh = SourceState { validators: Validators::default(), unread: None, ..state.clone() };
        for (source, expected) in [(renamed, state), (listing, fresh)] {
            transact(&mut store, |tx| tx.sync_sources(std::slice::from_ref(&source)));
            assert_eq!(store.reads().source(source.id).expect("read").expect("known").state, expected);
        }
    }

    #[test]
    fn an_import_names_a_source_that_is_never_polled() {
        let mut store = Store::in_memory().expect("store");
        let a = named("https://a.example/feed", "Agency A");
        transact(&mut store, |tx| tx.sync_sources(std::slice::from_ref(&a)));
        for name in ["Agency A", "agency a", "https://a.example/feed", &a.id.to_string()] {
            assert_eq!(transact(&mut store, |tx| tx.name_source(name)), a.id, "{name}");
        }
        let other = transact(&mut store, |tx| tx.name_source("Other"));
        assert_eq!(transact(&mut store, |tx| tx.name_source("Other")), other);
        assert!(!store.reads().source(other).expect("read").expect("known").is_configured());
    }
}
