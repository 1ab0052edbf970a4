//! Appends every exchange to a WARC file.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use chrono::Utc;
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, HeaderMap, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH, USER_AGENT};
use tracing::error;

use super::{Error, Response, warc};

/// The headers of a request that are recorded; any other may be a user's secret.
const NO_SECRET: [HeaderName; 5] = [ACCEPT, ACCEPT_ENCODING, IF_MODIFIED_SINCE, IF_NONE_MATCH, USER_AGENT];

/// The one owner of a recording.
#[derive(Debug, Clone)]
pub(super) struct Recorder {
    path: PathBuf,
    /// `None` once writing has failed: half a recording is worth keeping, a daemon more.
    file: Arc<Mutex<Option<File>>>,
}

impl Recorder {
    /// Opens a recording; what it holds already stays.
    pub fn append_to(path: &Path) -> Result<Self, Error> {
        let open = || -> io::Result<File> {
            let mut file = OpenOptions::new().create(true).append(true).open(path)?;
            if file.metadata()?.len() == 0 {
                warc::Writer::new(&mut file).info(Utc::now())?;
            }
            Ok(file)
        };
        let file = open().map_err(|source| Error::Recording { path: path.to_owned(), source })?;
        Ok(Self { path: path.to_owned(), file: Arc::new(Mutex::new(Some(file))) })
    }

    /// Records an exchange. A failure ends the recording, not the exchange.
    pub async fn record(&self, request_headers: HeaderMap, answer: Response) {
        let recorder = self.clone();
        // Compressing takes longer than an async thread may be held.
        let written = tokio::task::spawn_blocking(move || recorder.write(&request_headers, &answer));
        if let Ok(Err(error)) = written.await {
            error!(%error, "the recording {} ends here: it cannot be written", self.path.display());
        }
    }

    fn write(&self, request_headers: &HeaderMap, answer: &Response) -> io::Result<()> {
        let request_headers: Vec<(&str, &[u8])> = request_headers
            .iter()
            .filter(|(name, _)| NO_SECRET.contains(name))
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .collect();
        let headers: Vec<(&str, &[u8])> = answer.headers.iter().collect();
        let records = warc::Exchange {
            url: &answer.url,
            date: answer.fetched_at,
            request_headers: &request_headers,
            status: answer.status,
            headers: &headers,
            body: &answer.body,
        }
        .encode();
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let written = file.as_mut().map_or(Ok(()), |file| file.write_all(&records));
        if written.is_err() {
            *file = None;
        }
        written
    }
}
