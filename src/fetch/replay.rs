//! Answers from a recording, as the recorded servers would.
//!
//! Per URL the answers come in recorded order and the last one repeats. Which comes next is kept in the data directory, so
//! that a restarted replay goes on where it was.

use std::{
    collections::{BTreeMap, HashMap},
    fs::{self, File},
    io::{self, BufReader},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use chrono::Utc;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use tracing::warn;

use super::{
    Error, Fetch, Headers, Request, Response,
    error::shown,
    warc::{Answer, Place, Reader, target},
};
use crate::model::{Validators, host_of};

/// The file in the data directory that keeps the position.
const POSITION_FILE: &str = "replay.json";
/// Recordings made by others may hold anything; no page or feed is larger.
const MAX_BLOCK_BYTES: usize = 64 << 20;
const NOT_MODIFIED: u16 = 304;

/// Answers from a recording; cheap to clone.
#[derive(Debug, Clone)]
pub struct Replay {
    recording: Arc<Recording>,
}

#[derive(Debug)]
struct Recording {
    path: PathBuf,
    /// Where the answers of each URL stand, in recorded order.
    answers: HashMap<String, Vec<Place>>,
    position_file: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    position: Position,
    /// Someone writes the position file, and looks again when done.
    saving: bool,
    unsaved: bool,
}

/// Which answer of each URL comes next; those whose first does are left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Position {
    /// The recording that the numbers are about.
    recording: PathBuf,
    next: BTreeMap<String, usize>,
}

impl Replay {
    /// Opens a recording and takes up the position that `data_dir` keeps for it.
    ///
    /// # Errors
    /// When the recording cannot be read or holds no answer.
    pub fn open(recording: &Path, data_dir: &Path) -> Result<Self, Error> {
        let failed = |source| Error::Recording { path: recording.to_owned(), source };
        let answers = index(recording).map_err(failed)?;
        if answers.is_empty() {
            return Err(failed(io::Error::new(io::ErrorKind::InvalidData, "there is no recorded answer in it")));
        }
        let position_file = data_dir.join(POSITION_FILE);
        let position = load(&position_file, recording);
        let state = Mutex::new(State { position, saving: false, unsaved: false });
        Ok(Self { recording: Arc::new(Recording { path: recording.to_owned(), answers, position_file, state }) })
    }
}

impl Fetch for Replay {
    async fn fetch(&self, request: Request) -> Result<Response, Error> {
        let recording = self.recording.clone();
        // Reading a record is work for the disk and the processor.
        let answering = tokio::task::spawn_blocking(move || recording.answer(&request)).await;
        answering.unwrap_or_else(|died| Err(self.recording.failed(io::Error::other(died))))
    }
}

impl Recording {
    fn answer(&self, request: &Request) -> Result<Response, Error> {
        let url = target(&request.url);
        let host = host_of(&url).ok_or_else(|| Error::Scheme { url: shown(&request.url) })?;
        let unreachable = || Error::Unreachable { host, url: shown(&url) };
        let places = self.answers.get(&url).ok_or_else(unreachable)?;
        let turn = self.take_turn(&url, places.len());
        let answer = self.read(places[turn])?;
        let asked_if_modified = request.validators != Validators::default();
        let answer = if answer.status == NOT_MODIFIED && !asked_if_modified {
            self.full_answer_near(places, turn)?.unwrap_or(answer)
        } else {
            answer
        };
        let headers = headers_of(&answer);
        let unchanged = answer.status == 200 && matches(&request.validators, &headers.validators());
        let (status, body) = if unchanged { (NOT_MODIFIED, Vec::new()) } else { (answer.status, answer.body) };
        Ok(Response {
            url: request.url.clone(),
            status,
            headers,
            wire_bytes: body.len() as u64,
            body: Bytes::from(body),
            fetched_at: Utc::now(),
        })
    }

    /// Returns which of its `answers` a URL gets now, and remembers that it did.
    fn take_turn(&self, url: &str, answers: usize) -> usize {
        let mut state = self.state();
        let turn = state.position.next.get(url).copied().unwrap_or(0).min(answers - 1);
        if turn + 1 < answers {
            state.position.next.insert(url.to_owned(), turn + 1);
            state.unsaved = true;
        }
        self.save(state);
        turn
    }

    /// Saves the position unless someone is at it, who will then save once more: a burst costs few writes.
    fn save<'a>(&'a self, mut state: MutexGuard<'a, State>) {
        if state.saving {
            return;
        }
        while state.unsaved {
            (state.saving, state.unsaved) = (true, false);
            let position = state.position.clone();
            drop(state);
            if let Err(error) = store(&self.position_file, &position) {
                warn!(%error, "the position in the recording is not kept: {}", self.position_file.display());
            }
            state = self.state();
            state.saving = false;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A server has no reason to say "not modified" to whoever does not ask: the recorded asker knew what this one does
    /// not. It gets the full answer before, else the next one after.
    fn full_answer_near(&self, places: &[Place], turn: usize) -> Result<Option<Answer>, Error> {
        for place in places[..turn].iter().rev().chain(&places[turn + 1..]) {
            let answer = self.read(*place)?;
            if answer.status != NOT_MODIFIED {
                return Ok(Some(answer));
            }
        }
        Ok(None)
    }

    fn read(&self, place: Place) -> Result<Answer, Error> {
        let read = || {
            let file = BufReader::new(File::open(&self.path)?);
            let record = Reader::read_at(file, place, MAX_BLOCK_BYTES)?;
            record.answer(MAX_BLOCK_BYTES as u64).ok_or_else(|| io::Error::other("a record is no answer any more"))
        };
        read().map_err(|source| self.failed(source))
    }

    fn failed(&self, source: io::Error) -> Error {
        Error::Recording { path: self.path.clone(), source }
    }
}

fn index(recording: &Path) -> io::Result<HashMap<String, Vec<Place>>> {
    let mut answers: HashMap<String, Vec<Place>> = HashMap::new();
    let mut reader = Reader::new(BufReader::new(File::open(recording)?), MAX_BLOCK_BYTES);
    for record in &mut reader {
        let record = record?;
        if let (Some(url), Some(_)) = (record.target_uri(), record.answer(0)) {
            answers.entry(target(url)).or_default().push(record.place);
        }
    }
    let left_out = reader.damaged() + reader.oversized();
    if left_out > 0 {
        warn!(records = left_out, "the recording {} is damaged: some records are left out", recording.display());
    }
    Ok(answers)
}

fn load(file: &Path, recording: &Path) -> Position {
    let known: Option<Position> = fs::read(file).ok().and_then(|json| serde_json::from_slice(&json).ok());
    let recording = recording.canonicalize().unwrap_or_else(|_| recording.to_owned());
    known
        .filter(|position| position.recording == recording)
        .unwrap_or_else(|| Position { recording, next: BTreeMap::new() })
}

fn store(file: &Path, position: &Position) -> io::Result<()> {
    let written = file.with_extension("json.new");
    fs::write(&written, serde_json::to_vec(position)?)?;
    fs::rename(written, file)
}

fn headers_of(answer: &Answer) -> Headers {
    let parse = |(name, value): &(String, Vec<u8>)| {
        Some((HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_bytes(value).ok()?))
    };
    let mut headers = HeaderMap::new();
    for (name, value) in answer.headers.iter().filter_map(parse) {
        // More headers than a map holds are no answer's.
        let _ = headers.try_append(name, value);
    }
    headers.into()
}

/// Whether a server with these validators would answer "not modified" (RFC 9110, section 13.2.2).
fn matches(asked: &Validators, own: &Validators) -> bool {
    match (&asked.etag, &asked.last_modified) {
        (Some(etag), _) => own.etag.as_ref() == Some(etag),
        (None, Some(date)) => own.last_modified.as_ref() == Some(date),
        (None, None) => false,
    }
}

#[cfg(test)]
mod tests;
