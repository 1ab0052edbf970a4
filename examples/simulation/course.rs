//! Runs the pipeline, all of it, over invented outlets and invented time, in a data directory.

use std::{
    fs,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use dateline::{
    config::Settings,
    extract::Extractor,
    fetch::{Double, Error, Fetcher, Headers, Request, Response},
    model::{Source, Time, host_of},
    pipeline::{self, Clock, Options, Parts},
    serve::Liveness,
    store::Store,
    topic::Tagger,
};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tokio::{runtime, sync::mpsc};
use tokio_util::sync::CancellationToken;

use super::{outlets::Outlets, witness::Seen};

pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// How often a run is looked at.
const LOOK: Duration = Duration::from_secs(3600);

/// What is simulated.
pub struct Course {
    pub settings: Settings,
    pub sources: Vec<Source>,
    pub clock: Clock,
    pub outlets: Arc<Outlets>,
    pub seen: Arc<Mutex<Seen>>,
}

/// How the process was doing at some time.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    pub at: Time,
    /// Memory of its own, and what of files is mapped, which the system takes back when others need it.
    pub own_kib: u64,
    pub files_kib: u64,
    pub descriptors: usize,
    pub articles: u64,
    pub requests: u64,
}

impl Course {
    pub fn new(settings: Settings, sources: Vec<Source>, start: Time) -> Self {
        let outlets = Arc::new(Outlets::new(&sources));
        Self { settings, sources, clock: Clock::simulated(start), outlets, seen: Arc::default() }
    }

    /// Starts dateline, lets so many hours go by, looks at it after each, and stops it in good order.
    pub fn run(&self, hours: u64, mut look: impl FnMut(Look)) -> Result<()> {
        let dir = &self.settings.data_dir;
        let store = Store::open(dir)?;
        let reader = store.reader()?;
        let counting = store.reader()?;
        let (index, applied) = pipeline::open_index(&self.settings)?;
        self.seen().start(self.clock.now());
        let (_reloads, reload) = mpsc::channel(1);
        let parts = Parts {
            settings: Arc::new(self.settings.clone()),
            sources: self.sources.clone(),
            tagger: Tagger::new(&[], &[]).map_err(|_| "no topics have no problems")?,
            extractor: Extractor::new(&self.settings.extract).map_err(|_| "no rules have no problems")?,
            fetcher: Fetcher::Double(self.double(reader)),
            store,
            index,
            applied,
            liveness: Liveness::default(),
            clock: self.clock.clone(),
            reload,
            hub_calls: mpsc::channel(1).1,
        };
        let stop = CancellationToken::new();
        let running = pipeline::run(parts, Options::default(), stop.clone());
        let looking = async {
            let busy = self.clock.busy();
            for _ in 0..hours {
                self.clock.sleep(LOOK).await;
                let articles = counting.counts().map_or(0, |counts| counts.articles);
                look(Look {
                    at: self.clock.now(),
                    own_kib: memory_kib("RssAnon:"),
                    files_kib: memory_kib("RssFile:"),
                    descriptors: descriptors(),
                    articles,
                    requests: self.seen().requests,
                });
            }
            drop(busy);
            stop.cancel();
        };
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            tokio::select! {
                (done, ()) = async { tokio::join!(running, looking) } => done.map(drop),
                () = self.clock.drive() => Ok(()),
            }
        })?;
        Ok(())
    }

    /// Lets time go by while dateline does not run.
    pub fn pause(&self, pause: Duration) -> Result<()> {
        let runtime = runtime::Builder::new_current_thread().build()?;
        runtime.block_on(async {
            let busy = self.clock.busy();
            tokio::select! {
                () = self.clock.sleep(pause) => {}
                () = self.clock.drive() => {}
            }
            drop(busy);
        });
        Ok(())
    }

    pub fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().expect("nobody panics while seeing")
    }

    fn double(&self, reader: dateline::store::Reader) -> Double {
        let (clock, outlets, seen) = (self.clock.clone(), self.outlets.clone(), self.seen.clone());
        let gap = self.settings.http.per_host_delay;
        let reader = Arc::new(Mutex::new(reader));
        Double::new(move |request: Request| {
            let (clock, outlets, seen, reader) = (clock.clone(), outlets.clone(), seen.clone(), reader.clone());
            async move {
                let says = {
                    let reader = reader.lock().expect("nobody panics while reading");
                    let mut seen = seen.lock().expect("nobody panics while seeing");
                    let before = seen.begin(&request, &outlets, &reader, gap, clock.now());
                    outlets.answer(&request, clock.now(), before)
                };
                clock.sleep(says.latency).await;
                let wire_bytes = says.body.len() as u64;
                let mut seen = seen.lock().expect("nobody panics while seeing");
                seen.end(&request, &outlets, says.status, wire_bytes, clock.now());
                let Some(status) = says.status else {
                    let host = host_of(&request.url).unwrap_or_default();
                    return Err(Error::Connect { host, reason: "nobody answers in this hour".to_owned() });
                };
                let mut headers = HeaderMap::new();
                for (name, value) in says.headers {
                    headers.append(HeaderName::from_static(name), HeaderValue::from_str(&value).expect("plain text"));
                }
                Ok(Response {
                    url: request.url,
                    status,
                    headers: Headers::from(headers),
                    body: Bytes::from(says.body),
                    fetched_at: clock.now(),
                    wire_bytes,
                })
            }
        })
    }
}

/// The resident memory of this process, of one kind.
fn memory_kib(kind: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(kind)).unwrap_or_default();
    line.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or_default()
}

/// Files and sockets that this process has open.
fn descriptors() -> usize {
    fs::read_dir(Path::new("/proc/self/fd")).map_or(0, Iterator::count)
}
