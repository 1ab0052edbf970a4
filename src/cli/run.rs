//! `dateline run`: the daemon, or one pass for a scheduler.

use std::{
    io::{self, IsTerminal},
    process,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Error, anyhow};
use chrono::Utc;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::mpsc,
};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::{
    Global, Told,
    open::{self, Owned},
    output::{Output, Style, count},
    service, verbosity,
};
use crate::{
    config::{self, LoadOptions, Loaded, Problem, Problems},
    extract::Extractor,
    fetch::Fetcher,
    pipeline::{self, Clock, Options, Parts, Reload, Summary},
    serve::{Liveness, Server, TopicNames},
    telemetry::{metrics, set_verbosity},
};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// One pass over what is due, then a summary
    #[arg(long)]
    once: bool,
    /// Ignore our own intervals and back-off, never what a server asked for
    #[arg(long, requires = "once")]
    force: bool,
    /// Take on nothing more after this time, such as 10m
    #[arg(long, requires = "once", value_name = "DURATION", value_parser = duration)]
    deadline: Option<Duration>,
}

fn duration(text: &str) -> Result<Duration, String> {
    config::parse_duration(text).map_err(|error| error.to_string())
}

pub(crate) fn run(arguments: &Arguments, global: &Global, output: &Output) -> Result<(), Error> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("the runtime cannot start")?;
    // Before anything is held: a stop that comes early is then heeded, too.
    let signals = runtime.block_on(async { Signals::listen() }).context("signals cannot be received")?;
    let load_options = open::options(global)?;
    let loaded = config::load(&load_options)?;
    let more = verbosity(global);
    set_verbosity(loaded.settings.log.verbosity() + more);
    metrics().reloaded(Utc::now().timestamp(), true);
    let tagger = open::tagger(&loaded)?;
    let extractor = extractor(&loaded)?;
    let Owned { lock, store, index, applied } = open::own(&loaded)?;
    let settings = Arc::new(loaded.settings);
    let fetcher = Fetcher::new(&settings.http, &settings.data_dir)?;
    let server = if arguments.once { None } else { Server::bind(&settings.serve)? };
    let options = Options { once: arguments.once, force: arguments.force, deadline: arguments.deadline };
    if loaded.sources.is_empty() && store.reader()?.sources()?.is_empty() {
        output.note("no sources are configured\nhint: `dateline init` writes files to edit, `dateline sources add URL` adds one");
    }

    let liveness = Liveness::default();
    let watched = liveness.clone();
    let grace = settings.shutdown_grace;
    let data_dir = settings.data_dir.clone();
    let (reloads, reload) = mpsc::channel(1);
    let (hub_calls, hub_calls_heard) = mpsc::channel(4);
    let hub_calls = settings.serve.public_url.is_some().then_some(hub_calls);
    let parts = Parts {
        settings,
        sources: loaded.sources,
        tagger,
        extractor,
        fetcher,
        store,
        index,
        applied,
        liveness: liveness.clone(),
        clock: Clock::default(),
        reload,
        hub_calls: hub_calls_heard,
    };
    // Where the log is shown, it is the progress.
    let silent = arguments.once && global.quiet > 0;
    let bar = silent.then(|| output.progress(None, "one pass over the sources that are due"));
    let summary = runtime.block_on(async move {
        let stop = CancellationToken::new();
        let listener = tokio::spawn(heed(signals, stop.clone(), liveness.clone(), (load_options, more), reloads));
        let serving = server.map(|server| tokio::spawn(server.run(data_dir, liveness, hub_calls, stop.clone())));
        let watchdog = tokio::spawn(service::watch(watched));
        let running = pipeline::run(parts, options, stop.clone());
        service::ready();
        tokio::pin!(running);
        let finished = tokio::select! {
            finished = &mut running => finished,
            () = async { stop.cancelled().await; tokio::time::sleep(grace).await } => {
                warn!("not everything was done within shutdown_grace: what is left is taken up at the next start");
                return Ok(None);
            }
        };
        stop.cancel();
        listener.abort();
        watchdog.abort();
        service::stopping();
        if let Some(serving) = serving {
            serving.await.map_err(|error| anyhow!("the server died: {error}"))?.context("the server failed")?;
        }
        Ok::<_, Error>(Some(finished?))
    });
    runtime.shutdown_timeout(Duration::from_secs(1));
    drop(lock);
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    let Some(summary) = summary? else {
        // What was committed is safe; a scheduler learns that this pass is not whole.
        return if arguments.once { Err(Told.into()) } else { Ok(()) };
    };
    if arguments.once {
        print(&summary, output)?;
        if summary.polled > 0 && summary.failed == summary.polled {
            output.error("every source that was polled failed\nhint: `dateline sources` shows why");
            return Err(Told.into());
        }
    }
    Ok(())
}

/// Compiles the site rules of the configuration; their problems are configuration problems.
pub(crate) fn extractor(loaded: &Loaded) -> Result<Extractor, Error> {
    Extractor::new(&loaded.settings.extract).map_err(|errors| {
        let problem = |error: &crate::extract::Error| {
            let told = Problem::new(error.to_string());
            loaded.file.as_deref().map_or(told.clone(), |file| told.in_file(file))
        };
        Problems(errors.iter().map(problem).collect()).into()
    })
}

/// The signals that a run heeds, from the moment on that they are listened for.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }
}

/// The first SIGTERM or SIGINT asks for an orderly stop, the second ends the process at once; SIGHUP reads the
/// configuration again.
async fn heed(
    mut signals: Signals,
    stop: CancellationToken,
    liveness: Liveness,
    options: (LoadOptions, i8),
    reloads: mpsc::Sender<Reload>,
) {
    let mut stops = 0;
    loop {
        let name = tokio::select! {
            _ = signals.terminate.recv() => "SIGTERM",
            _ = signals.interrupt.recv() => "SIGINT",
            _ = signals.hangup.recv() => {
                service::reloading();
                let succeeded = reload(&options, &reloads).await;
                metrics().reloaded(Utc::now().timestamp(), succeeded);
                service::reloaded(succeeded);
                continue;
            }
        };
        stops += 1;
        if stops > 1 {
            warn!("{name} again: stopping at once");
            process::exit(1);
        }
        info!("{name}: finishing what is under way");
        service::stopping();
        liveness.drain();
        stop.cancel();
    }
}

/// Reads sources, topics and the log's level again; where anything is wrong with them, what was read before stays, and it
/// returns `false`. Flags add their `verbosity`.
async fn reload((options, verbosity): &(LoadOptions, i8), reloads: &mpsc::Sender<Reload>) -> bool {
    let read = || -> Result<Reload, Error> {
        let loaded = config::load(options)?;
        let tagger = open::tagger(&loaded)?;
        let names = TopicNames::of_rules(&loaded.topics);
        set_verbosity(loaded.settings.log.verbosity() + verbosity);
        Ok(Reload { sources: loaded.sources, tagger, names })
    };
    match tokio::task::block_in_place(read) {
        Ok(reload) => reloads.send(reload).await.is_ok(),
        Err(error) => {
            error!(%error, "SIGHUP: the configuration has problems, the old one stays: {error:#}");
            false
        }
    }
}

fn print(summary: &Summary, output: &Output) -> Result<(), Error> {
    // The summary is the pass's data: a line of JSON wherever a program reads it.
    if output.json || !io::stdout().is_terminal() {
        return output.row(summary);
    }
    let polled = format!("{} of {} sources polled", summary.polled, summary.sources);
    output.line(&format!(
        "{} in {:.1} s ({} not modified, {} failed)",
        output.paint(Style::Title, &polled),
        summary.duration_ms as f64 / 1000.0,
        summary.not_modified,
        summary.failed,
    ))?;
    let counted = [
        count(summary.entries, "new entry", "new entries"),
        format!("{} ({})", count(summary.articles, "article", "articles"), count(summary.copies, "copy", "copies")),
        count(summary.revisions, "revision", "revisions"),
        format!("{} skipped", summary.skipped),
        format!("{} failed", count(summary.failed_pages, "page", "pages")),
        format!("{} waiting", summary.waiting),
    ];
    output.line(&counted.join(", "))
}
