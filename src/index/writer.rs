//! The writing side: opening, checking, upserting, committing, swapping.

use std::{
    num::NonZero,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use tantivy::{
    Directory, IndexReader, IndexSettings, IndexWriter, ReloadPolicy, TantivyError, Term,
    directory::{MmapDirectory, RamDirectory, error::OpenReadError},
    merge_policy::LogMergePolicy,
};

use super::{
    Document, Error, Searcher,
    analysis::tokenizers,
    generation,
    schema::{self, Fields},
};
use crate::{config, model::ArticleId};

/// The least memory that the engine gives a writing thread to work with.
const MIN_THREAD_MEMORY: usize = 16 << 20;
/// The most that it accepts.
const MAX_THREAD_MEMORY: usize = 2 << 30;
/// More threads make more and smaller segments of each commit, and two keep up with any harvest.
const MAX_THREADS: usize = 2;

/// An index open for writing.
pub struct Index {
    /// Where the generations lie; `None` in memory.
    root: Option<PathBuf>,
    generation: String,
    /// Whether searchers may see this generation already.
    published: bool,
    writer: IndexWriter,
    fields: Fields,
    fingerprint: String,
    searcher: Searcher,
}

/// What opening an index found.
pub struct Opened {
    /// The index.
    pub index: Index,
    /// The number of the last change that it holds; later ones are to be put.
    pub last_seq: u64,
    /// What was there.
    pub state: State,
}

/// What was there when an index was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Nothing: it is new.
    Fresh,
    /// An index that goes on from its last change.
    Existing,
    /// One that could not be used and was replaced by an empty one.
    Rebuilt {
        /// Why.
        reason: String,
    },
}

/// What a commit carries beside the documents.
#[derive(Serialize, Deserialize)]
struct Payload {
    seq: u64,
    fingerprint: String,
}

impl Index {
    /// Opens the index in `dir` for writing; a missing, damaged or outdated one is replaced by an empty one.
    ///
    /// Where the last writer did not [`Index::close`] it, every file is read once to see whether it is whole.
    ///
    /// # Errors
    /// When another process writes to it, or when a new index cannot be made.
    pub fn open(dir: &Path, settings: &config::Index) -> Result<Opened, Error> {
        let reason = match generation::current(dir) {
            Ok(None) => None,
            Ok(Some(name)) => match open_generation(dir, &name, generation::take_closed(dir, &name)) {
                Ok((index, last_seq)) => match Self::with_writer(index, Some(dir), name, true, settings) {
                    Ok(index) => {
                        generation::remove_others(dir, &index.generation)?;
                        generation::remove_unfinished(dir, &index.generation)?;
                        // A commit that is made again after a kill gives the same names to its files.
                        index.writer.garbage_collect_files().wait().map_err(Error::engine("open"))?;
                        return Ok(Opened { index, last_seq, state: State::Existing });
                    }
                    // Damage that only its first reading shows.
                    Err(error @ Error::Engine { .. }) => Some(error.to_string()),
                    Err(error) => return Err(error),
                },
                Err(reason) => Some(reason),
            },
            Err(error) => Some(error.to_string()),
        };
        let mut index = Self::create_beside(dir, settings)?;
        index.publish()?;
        let state = reason.map_or(State::Fresh, |reason| State::Rebuilt { reason });
        Ok(Opened { index, last_seq: 0, state })
    }

    /// Makes an empty index beside the one in `dir`; nobody sees it before [`Index::swap`].
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create_beside(dir: &Path, settings: &config::Index) -> Result<Self, Error> {
        let name = generation::create(dir)?;
        let path = generation::path(dir, &name);
        let directory = MmapDirectory::open(path).map_err(|error| Error::engine("create")(error.into()))?;
        let index = create(directory)?;
        let mut index = Self::with_writer(index, Some(dir), name, false, settings)?;
        index.commit(0)?;
        Ok(index)
    }

    /// Makes an empty index in memory.
    ///
    /// # Errors
    /// When the engine cannot start its threads.
    pub fn in_memory() -> Result<Self, Error> {
        let index = create(RamDirectory::create())?;
        let mut index = Self::with_writer(index, None, String::new(), true, &config::Index::default())?;
        index.commit(0)?;
        Ok(index)
    }

    /// Puts this index in the place of `live`, whose searchers go on with this one.
    ///
    /// # Errors
    /// When the swap cannot be written; `live` is then closed and still the one in use.
    pub fn swap(mut self, live: Self) -> Result<Self, Error> {
        let searcher = live.searcher.clone();
        // Its lock and its threads go before its files do.
        drop(live.writer);
        self.publish()?;
        searcher.refresh()?;
        self.searcher = searcher;
        Ok(self)
    }

    /// Takes an article in; one with its id is replaced.
    ///
    /// # Errors
    /// When the engine's threads have failed: the index is then to be opened again.
    pub fn put(&mut self, document: &Document<'_>) -> Result<(), Error> {
        self.delete(document.article.id);
        self.add(document)
    }

    /// Takes an article in that is not there: unlike [`Index::put`] it has no segment searched for it.
    ///
    /// # Errors
    /// When the engine's threads have failed: the index is then to be opened again.
    pub fn add(&mut self, document: &Document<'_>) -> Result<(), Error> {
        let kept = schema::document(&self.fields, document);
        self.writer.add_document(kept).map(drop).map_err(Error::engine("write to"))
    }

    /// Takes an article out.
    pub fn delete(&mut self, id: ArticleId) {
        self.writer.delete_term(Term::from_field_u64(self.fields.id, id.bits()));
    }

    /// Makes everything up to the change `last_seq` durable and searchable.
    ///
    /// # Errors
    /// When it cannot be written: the index is then to be opened again.
    pub fn commit(&mut self, last_seq: u64) -> Result<(), Error> {
        let payload = Payload { seq: last_seq, fingerprint: self.fingerprint.clone() };
        let payload = serde_json::to_string(&payload).expect("a payload is plain data");
        let mut commit = self.writer.prepare_commit().map_err(Error::engine("commit to"))?;
        commit.set_payload(&payload);
        commit.commit().map_err(Error::engine("commit to"))?;
        if self.published { self.searcher.refresh() } else { Ok(()) }
    }

    /// Returns a searcher that sees every commit of this index.
    pub fn searcher(&self) -> Searcher {
        self.searcher.clone()
    }

    /// Closes the index when the merges under way have ended.
    ///
    /// # Errors
    /// When a merge failed; what was committed stays.
    pub fn wait_merges(self) -> Result<(), Error> {
        self.writer.wait_merging_threads().map_err(Error::engine("merge segments of"))
    }

    /// Closes the index in order, so that the next opening need not look for damage. What was put since the last commit
    /// is not kept.
    ///
    /// # Errors
    /// When that cannot be noted.
    pub fn close(self) -> Result<(), Error> {
        let Self { root, generation, writer, .. } = self;
        drop(writer);
        root.map_or(Ok(()), |root| generation::mark_closed(&root, &generation))
    }

    fn with_writer(
        index: tantivy::Index,
        root: Option<&Path>,
        generation: String,
        published: bool,
        settings: &config::Index,
    ) -> Result<Self, Error> {
        let memory = usize::try_from(settings.writer_memory).unwrap_or(usize::MAX);
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        let threads = (memory / MIN_THREAD_MEMORY).min(cores).clamp(1, MAX_THREADS);
        let memory = memory.clamp(threads * MIN_THREAD_MEMORY, threads * MAX_THREAD_MEMORY);
        let writer = index.writer_with_num_threads(threads, memory).map_err(|error| match error {
            TantivyError::LockFailure(..) => Error::Busy { dir: root.unwrap_or(Path::new("")).to_owned() },
            error => Error::engine("open")(error),
        })?;
        writer.set_merge_policy(Box::new(merge_policy()));
        // Numbers of operations (opstamps) begin anew with that of the last commit, and a merge that starts before the next
        // one applies what has its number to some of its segments only: the first is used up, so that it is no deletion's.
        writer.run([]).map_err(Error::engine("open"))?;
        let (_, fields) = schema::schema();
        let searcher = Searcher::of(&index, root.filter(|_| published), generation.clone())?;
        let fingerprint = schema::fingerprint();
        Ok(Self { root: root.map(Path::to_owned), generation, published, writer, fields, fingerprint, searcher })
    }

    /// Puts this generation in use and removes the others.
    fn publish(&mut self) -> Result<(), Error> {
        self.published = true;
        let Some(root) = &self.root else { return Ok(()) };
        generation::publish(root, &self.generation)?;
        self.searcher = Searcher::of(self.writer.index(), Some(root), self.generation.clone())?;
        generation::remove_others(root, &self.generation)
    }
}

/// Opens a generation that is whole and of our making; else says why it cannot be used.
fn open_generation(root: &Path, name: &str, was_closed: bool) -> Result<(tantivy::Index, u64), String> {
    let index = open_files(root, name).map_err(|error| error.to_string())?;
    let last_seq = read_payload(&index).map_err(|error| error.to_string())?;
    let last_seq = last_seq.ok_or_else(|| "another version of dateline built it".to_owned())?;
    let (metas, listed) =
        (index.load_metas().map_err(|error| error.to_string())?, index.directory().list_managed_files());
    // The check below goes by this list, in which the engine itself tolerates damage.
    let unlisted = |file: &PathBuf| !listed.contains(file) && index.directory().exists(file).unwrap_or(false);
    if let Some(file) = metas.list_segment_files().into_iter().find(unlisted) {
        return Err(format!("the list of files is damaged: {} is not in it", file.display()));
    }
    if !was_closed {
        // Nobody else writes here: a file that is missing is an error, unlike for who looks on from beside.
        let damaged = index.validate_checksum().map_err(|error| error.to_string())?;
        if let Some(file) = damaged.iter().min() {
            return Err(format!("{} is damaged", file.display()));
        }
    }
    // Opens every segment: a file that is missing shows here.
    let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual);
    TryInto::<IndexReader>::try_into(reader).map_err(|error| error.to_string())?;
    Ok((index, last_seq))
}

/// Opens the files of a generation.
pub(super) fn open_files(root: &Path, name: &str) -> tantivy::Result<tantivy::Index> {
    let mut index = tantivy::Index::open(MmapDirectory::open(generation::path(root, name))?)?;
    index.set_tokenizers(tokenizers());
    Ok(index)
}

/// Returns the number of the last change of an index of our making, `None` for any other.
pub(super) fn read_payload(index: &tantivy::Index) -> tantivy::Result<Option<u64>> {
    let payload = index.load_metas()?.payload.unwrap_or_default();
    let payload = serde_json::from_str::<Payload>(&payload).ok();
    Ok(payload.filter(|payload| payload.fingerprint == schema::fingerprint()).map(|payload| payload.seq))
}

/// Reads every file once and returns those that are not what was written. One that a merge takes away meanwhile is none.
pub(super) fn damaged_files(index: &tantivy::Index) -> tantivy::Result<Vec<PathBuf>> {
    let mut damaged = Vec::new();
    for file in index.load_metas()?.list_segment_files() {
        match index.directory().validate_checksum(&file) {
            Ok(true) | Err(OpenReadError::FileDoesNotExist(_)) => {}
            Ok(false) => damaged.push(file),
            Err(error) => return Err(error.into()),
        }
    }
    damaged.sort_unstable();
    Ok(damaged)
}

fn create(directory: impl Into<Box<dyn Directory>>) -> Result<tantivy::Index, Error> {
    tantivy::Index::builder()
        .schema(schema::schema().0)
        .tokenizers(tokenizers())
        .settings(IndexSettings::default())
        .open_or_create(directory)
        .map_err(Error::engine("create"))
}

/// Merges for small commits every second: the default takes all segments below 10,000 documents for one size, and so
/// writes such a segment again with every eighth commit.
fn merge_policy() -> LogMergePolicy {
    let mut policy = LogMergePolicy::default();
    policy.set_min_num_segments(6);
    policy.set_min_layer_size(100);
    // Sizes within a factor of four (two doublings) are one layer: some five layers up to 100,000 articles.
    policy.set_level_log_size(2.0);
    // A revised article leaves its old text behind: at most so much of a segment is such.
    policy.set_del_docs_ratio_before_merge(0.3);
    policy
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, fs};

    use tantivy::merge_policy::NoMergePolicy;

    use super::*;
    use crate::index::{
        Content,
        tests::{article, put},
    };

    /// The name of a file of deletions has in it the number of the commit, which the same commit has again after a kill.
    #[test]
    fn files_of_a_commit_that_was_killed_are_not_in_the_way_of_the_same_commit() {
        let dir = tempfile::tempdir().expect("a directory");
        let settings = config::Index::default();
        let text = |number| article(number, "en", "Dockers end walkout", "The dockers of Korvo ended their walkout.");
        let mut index = Index::open(dir.path(), &settings).expect("an index").index;
        (1..9).for_each(|number| put(&mut index, &text(number), 1));
        index.commit(8).expect("a commit");
        let metas = index.writer.index().load_metas().expect("a commit");
        index.close().expect("closed");
        // Like the engine: listed, then written.
        let path = generation::path(dir.path(), "generation-1");
        let listed = fs::read_to_string(path.join(".managed.json")).expect("a list");
        let mut listed: Vec<String> = serde_json::from_str(&listed).expect("a list");
        for segment in &metas.segments {
            for number in 0..20 {
                let file = format!("{}.{}.del", segment.id().uuid_string(), metas.opstamp + number);
                fs::write(path.join(&file), "cut off").expect("written");
                listed.push(file);
            }
        }
        fs::write(path.join(".managed.json"), serde_json::to_string(&listed).expect("a list")).expect("written");

        let mut index = Index::open(dir.path(), &settings).expect("an index").index;
        (1..3).for_each(|number| put(&mut index, &text(number), 1));
        index.commit(10).expect("the same names are free");
        assert_eq!(index.searcher().articles(), 8);
    }

    /// The engine numbers operations from that of the last commit on when it is opened again. For a segment that had a
    /// deletion with that commit, a merge took a new one with the same number for done.
    #[test]
    fn what_is_replaced_first_after_an_opening_is_there_once_when_segments_are_merged_meanwhile() {
        let dir = tempfile::tempdir().expect("a directory");
        // One thread: each commit is one segment.
        let settings = config::Index { writer_memory: MIN_THREAD_MEMORY as u64, ..config::Index::default() };
        let text =
            |number: u64| article(number, "en", "Dockers end walkout", "The dockers of Korvo ended their walkout.");
        let mut index = Index::open(dir.path(), &settings).expect("an index").index;
        index.writer.set_merge_policy(Box::new(NoMergePolicy));
        for segment in 0..10 {
            // The larger ones come first in a merge.
            for number in 0..10 - segment {
                put(&mut index, &text(10 * segment + number), 1);
            }
            index.commit(segment).expect("a commit");
        }
        index.delete(ArticleId::from_bits(70));
        index.commit(10).expect("a commit");
        index.close().expect("closed");

        let mut index = Index::open(dir.path(), &settings).expect("an index").index;
        put(&mut index, &text(71), 1);
        index.commit(11).expect("a commit");
        index.wait_merges().expect("merged");
        let ids: Vec<ArticleId> =
            Content::read(dir.path()).expect("an index").articles.into_iter().map(|(id, _)| id).collect();
        assert_eq!((ids.len(), ids.iter().collect::<HashSet<_>>().len()), (54, 54));
    }
}
