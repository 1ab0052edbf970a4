//! The searching side: a snapshot of the index, queries against it.

use std::{
    panic::AssertUnwindSafe,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use tantivy::{Directory, IndexReader, ReloadPolicy};

use super::{
    Error,
    after::{After, GroupsUpTo, Skipped},
    collect::{Found, Order, Top},
    compile::Compiler,
    count::Counted,
    frequency::Frequencies,
    generation,
    groups::Groups,
    schema,
    schema::Fields,
    writer::{open_files, read_payload},
};
use crate::{
    model::{ArticleId, Time},
    query::Query,
};

/// How often opening is tried again when a swap takes the files away meanwhile.
const TRIES: usize = 3;
/// The file in which the engine lists all others.
const LIST: &str = "meta.json";

/// Searches the index. Clones share their view of it.
#[derive(Clone)]
pub struct Searcher {
    shared: Arc<Shared>,
}

struct Shared {
    /// Where a swap would show; `None` in memory.
    root: Option<PathBuf>,
    view: RwLock<Arc<View>>,
    /// One looks at a time, or else the slower might put back what it saw first.
    refreshing: Mutex<()>,
}

impl Shared {
    fn new(root: Option<&Path>, view: View) -> Arc<Self> {
        let view = RwLock::new(Arc::new(view));
        Arc::new(Self { root: root.map(Path::to_owned), view, refreshing: Mutex::default() })
    }
}

/// The index as it was at one moment.
pub(super) struct View {
    generation: String,
    reader: IndexReader,
    pub fields: Fields,
    pub searcher: tantivy::Searcher,
    /// The languages of its articles: a word is looked for in its stems in all of them.
    pub languages: Vec<String>,
    /// What was counted in it.
    pub counted: Counted,
    /// Its groups of copies.
    pub groups: Groups,
    /// How many of its articles have which terms.
    pub frequencies: Frequencies,
    /// What the engine's list of files said when it was opened, or shortly before.
    listed: Vec<u8>,
}

/// How hits are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// By how well they match, the fresher a little before the older.
    Relevance,
    /// By time of publication, the latest first.
    Newest,
    /// By time of publication, the earliest first.
    Oldest,
}

impl Sort {
    /// Returns what fits a query: relevance where there are words to rank by, else newest.
    pub fn for_query(query: &Query) -> Self {
        if query.has_words() { Self::Relevance } else { Self::Newest }
    }

    /// Returns the order of hits. Freshness is seen from the beginning of the hour, so that the same question has the same
    /// answer for a while, to the last digit of a score.
    pub(super) fn order(self, now: Time) -> Order {
        match self {
            Self::Relevance => Order::Score { now: now.timestamp() / 3_600 * 3_600 },
            Self::Newest => Order::Newest,
            Self::Oldest => Order::Oldest,
        }
    }
}

/// What of a result is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// The order; `None` for what fits the query.
    pub sort: Option<Sort>,
    /// The most hits.
    pub limit: usize,
    /// The number of hits to leave out before the first.
    pub offset: usize,
    /// Whether a group of copies is one hit: its best member among those that match.
    pub collapse: bool,
    /// Whether to count all hits, which reads every match.
    pub total: bool,
    /// When the search is made: freshness is seen from here.
    pub now: Time,
}

/// A result.
#[derive(Debug, Clone, PartialEq)]
pub struct Hits {
    /// The hits in order.
    pub hits: Vec<Hit>,
    /// The number of all hits, where asked for.
    pub total: Option<u64>,
}

/// One article that was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    /// The article.
    pub id: ArticleId,
    /// Its group of copies.
    pub group: ArticleId,
    /// How well it matches; 0 where nothing was ranked.
    pub score: f32,
    /// When it was published, in seconds since 1970; 0 where hits are ordered by relevance.
    pub at: i64,
}

impl Searcher {
    /// Opens the index in `dir` for searching only, beside a process that may be writing to it.
    ///
    /// # Errors
    /// When there is none, when another version built it, or when its files cannot be read.
    pub fn open(dir: &Path) -> Result<Self, Error> {
        let view = guarded(|| open_view(dir))?;
        Ok(Self { shared: Shared::new(Some(dir), view) })
    }

    /// Opens the index in `dir` as [`Searcher::open`] does; one that is not there yet is empty until a refresh finds it.
    ///
    /// # Errors
    /// When another version built it, or when its files cannot be read.
    pub fn open_or_empty(dir: &Path) -> Result<Self, Error> {
        match Self::open(dir) {
            Err(Error::Missing { .. }) => {
                Self::of(&tantivy::Index::create_in_ram(schema::schema().0), Some(dir), String::new())
            }
            opened => opened,
        }
    }

    /// Tells whether there is an index, rather than none yet.
    pub fn is_there(&self) -> bool {
        !self.view().generation.is_empty()
    }

    /// Returns a searcher of an open index.
    pub(super) fn of(index: &tantivy::Index, root: Option<&Path>, generation: String) -> Result<Self, Error> {
        let view = View::of(index, generation).map_err(Error::engine("read"))?;
        Ok(Self { shared: Shared::new(root, view) })
    }

    /// Sees what was committed, or swapped in, since the last time.
    ///
    /// # Errors
    /// When the files cannot be read; the searcher then keeps what it saw.
    pub fn refresh(&self) -> Result<(), Error> {
        let _alone = self.shared.refreshing.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = self.view();
        let view = match &self.shared.root {
            Some(root) if generation::current(root)?.is_some_and(|name| name != seen.generation) => open_view(root)?,
            _ => match seen.reloaded().map_err(Error::engine("read"))? {
                Some(view) => view,
                None => return Ok(()),
            },
        };
        *self.shared.view.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(view);
        Ok(())
    }

    /// Returns the articles that a query asks for.
    ///
    /// Filters first, then collapses; equal hits are in the order of their ids.
    ///
    /// # Errors
    /// When a value is asked for as an id and is none, or when the files cannot be read.
    pub fn search(&self, query: &Query, options: &Options) -> Result<Hits, Error> {
        self.search_after(query, options, &After::Start)
    }

    /// Returns the articles that a query asks for, going on after what was shown before.
    ///
    /// # Errors
    /// As [`Searcher::search`].
    pub fn search_after(&self, query: &Query, options: &Options, after: &After) -> Result<Hits, Error> {
        let hits = guarded(|| self.hits(query, options, after))?;
        let total = options.total.then(|| self.count(query, options.collapse)).transpose()?;
        Ok(Hits { hits, total })
    }

    /// Returns the number of articles in the index.
    pub fn articles(&self) -> u64 {
        self.view().searcher.num_docs()
    }

    fn hits(&self, query: &Query, options: &Options, after: &After) -> Result<Vec<Hit>, Error> {
        if options.limit == 0 {
            return Ok(Vec::new());
        }
        let view = self.view();
        let sort = options.sort.unwrap_or_else(|| Sort::for_query(query));
        let order = sort.order(options.now);
        let compiled = Compiler::new(&view, query, sort == Sort::Relevance).compile(query)?;
        let limit = options.offset.saturating_add(options.limit);
        let mut skipped = Skipped { place: after.place(order), ..Skipped::default() };
        if let After::Shown(shown) = after {
            skipped.shown.clone_from(shown);
        }
        if let (Some(last), true) = (skipped.place, options.collapse) {
            let groups = GroupsUpTo { order, last };
            skipped.groups = view.searcher.search(&*compiled, &groups).map_err(Error::engine("search"))?;
        }
        let top = Top { limit, collapse: options.collapse, order, skipped };
        let found = top.of(&view, &*compiled).map_err(Error::engine("search"))?;
        let hit = |found: Found| Hit {
            id: ArticleId::from_bits(found.id),
            group: ArticleId::from_bits(found.group),
            score: found.score,
            at: match order {
                Order::Score { .. } => 0,
                Order::Newest => found.rank as i64,
                Order::Oldest => -found.rank as i64,
            },
        };
        Ok(found.into_iter().skip(options.offset).map(hit).collect())
    }

    pub(super) fn view(&self) -> Arc<View> {
        self.shared.view.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl View {
    fn of(index: &tantivy::Index, generation: String) -> tantivy::Result<Self> {
        let listed = listed(index)?;
        // Reloading by hand: no thread watches the directory, and a command that searches once needs none.
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let (_, fields) = schema::schema();
        Self::snapshot(generation, reader, fields, Groups::default(), listed)
    }

    /// Returns the index as it is now; `None` where it is still the same.
    fn reloaded(&self) -> tantivy::Result<Option<Self>> {
        let listed = listed(self.searcher.index())?;
        if listed == self.listed {
            return Ok(None);
        }
        self.reader.reload()?;
        let groups = self.groups.after();
        Self::snapshot(self.generation.clone(), self.reader.clone(), self.fields, groups, listed).map(Some)
    }

    fn snapshot(
        generation: String,
        reader: IndexReader,
        fields: Fields,
        groups: Groups,
        listed: Vec<u8>,
    ) -> tantivy::Result<Self> {
        let searcher = reader.searcher();
        let mut languages = Vec::new();
        for segment in searcher.segment_readers() {
            let index = segment.inverted_index(fields.lang)?;
            let mut terms = index.terms().stream()?;
            while terms.advance() {
                languages.extend(str::from_utf8(terms.key()).ok().map(str::to_owned));
            }
        }
        languages.sort_unstable();
        languages.dedup();
        Ok(Self {
            generation,
            reader,
            fields,
            searcher,
            languages,
            counted: Counted::default(),
            groups,
            frequencies: Frequencies::default(),
            listed,
        })
    }
}

/// Returns the engine's list of files, which every commit and every merge writes anew.
fn listed(index: &tantivy::Index) -> tantivy::Result<Vec<u8>> {
    Ok(index.directory().atomic_read(Path::new(LIST))?)
}

/// Reads the index; what the engine does not expect of a damaged file ends the reading, not the process.
///
/// The files of an index open for writing are checked when it is opened. To check them before each search of another
/// process would cost more than the search.
pub(super) fn guarded<T>(read: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    std::panic::catch_unwind(AssertUnwindSafe(read)).unwrap_or(Err(Error::Damaged))
}

fn open_view(root: &Path) -> Result<View, Error> {
    let mut tries = 1;
    loop {
        let generation = generation::current(root)?.ok_or_else(|| Error::Missing { dir: root.to_owned() })?;
        let open = || {
            let index = open_files(root, &generation)?;
            let ours = read_payload(&index)?.is_some();
            ours.then(|| View::of(&index, generation.clone())).transpose()
        };
        match open() {
            Ok(Some(view)) => return Ok(view),
            Ok(None) => return Err(Error::Outdated { dir: root.to_owned() }),
            Err(_) if tries < TRIES => tries += 1,
            Err(error) => return Err(Error::engine("open")(error)),
        }
    }
}
