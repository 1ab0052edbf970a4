//! `dateline run`: the daemon, or one pass for a scheduler.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Error, anyhow};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{
    Global, Told,
    open::{self, Owned},
    output::{Output, Style},
};
use crate::{
    config::{self, Loaded, Problem, Problems},
    extract::Extractor,
    fetch::Fetcher,
    pipeline::{self, Options, Parts, Summary},
    serve::{Liveness, Server},
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
    let loaded = open::configuration(global)?;
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

    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("the runtime cannot start")?;
    let liveness = Liveness::default();
    let grace = settings.shutdown_grace;
    let data_dir = settings.data_dir.clone();
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
    };
    let bar = arguments.once.then(|| output.progress(None, "one pass over the sources that are due"));
    let summary = runtime.block_on(async move {
        let stop = CancellationToken::new();
        let listener = tokio::spawn(stop_on_signal(stop.clone(), liveness.clone()));
        let serving = server.map(|server| tokio::spawn(server.run(data_dir, liveness, stop.clone())));
        let running = pipeline::run(parts, options, stop.clone());
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
    let Some(summary) = summary? else { return Ok(()) };
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

/// The first signal asks for an orderly stop, the second ends the process at once.
async fn stop_on_signal(stop: CancellationToken, liveness: Liveness) {
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return warn!("signals cannot be received");
    };
    for times in 1.. {
        let name = tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        };
        if times > 1 {
            warn!("{name} again: stopping at once");
            std::process::exit(1);
        }
        info!("{name}: finishing what is under way");
        liveness.drain();
        stop.cancel();
    }
}

fn print(summary: &Summary, output: &Output) -> Result<(), Error> {
    use std::io::IsTerminal;
    // The summary is the pass's data: a line of JSON wherever a program reads it.
    if output.json || !std::io::stdout().is_terminal() {
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
    output.line(&format!(
        "{} new entries: {} articles ({} copies), {} revisions, {} skipped, {} pages failed, {} waiting",
        summary.entries,
        summary.articles,
        summary.copies,
        summary.revisions,
        summary.skipped,
        summary.failed_pages,
        summary.waiting,
    ))
}
