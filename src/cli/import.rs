//! `dateline import FILE…`: articles from JSON lines and web archives.

use std::{
    cell::Cell,
    io::{self, IsTerminal},
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Context, Error, anyhow};

use super::{
    Global,
    open::{self, Owned},
    output::{Output, count},
    run::extractor,
};
use crate::pipeline::{self, ImportSummary, Input, Target};

#[derive(clap::Args)]
#[command(after_help = "An import that was interrupted goes on where it was when the same command is given again.")]
pub(crate) struct Arguments {
    /// JSON lines with `url` and `body`, or web archives (WARC), plain or .gz; - is standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

/// How often progress is told where nobody watches a bar.
const TOLD_EVERY: Duration = Duration::from_secs(30);

pub(crate) fn run(arguments: &Arguments, global: &Global, output: &Output) -> Result<(), Error> {
    let loaded = open::configuration(global)?;
    let (tagger, extractor) = (open::tagger(&loaded)?, extractor(&loaded)?);
    // Everything is opened before anything is written.
    let open = |path: &PathBuf| {
        let input = if path.as_os_str() == "-" { Input::stdin() } else { Input::open(path) };
        input.with_context(|| format!("{} cannot be read", path.display()))
    };
    let inputs = arguments.files.iter().map(open).collect::<Result<Vec<_>, _>>()?;
    let size = inputs.iter().map(Input::size).sum::<Option<u64>>();
    let Owned { lock, store, index, applied } = open::own(&loaded)?;
    let bar = output.progress(size, "importing");
    let told = Cell::new(Instant::now());
    let settings = &loaded.settings;
    let target = Target { store, index, applied, settings, tagger: &tagger, extractor: &extractor };
    let summary = pipeline::import(target, inputs, |items, bytes| {
        bar.set_position(bytes);
        bar.set_message(format!("{items} read"));
        if !io::stderr().is_terminal() && told.get().elapsed() >= TOLD_EVERY {
            told.set(Instant::now());
            let share = size.map_or(String::new(), |size| format!(", {} %", 100 * bytes / size.max(1)));
            output.note(&format!("importing: {items} read{share}"));
        }
    })?;
    bar.finish_and_clear();
    drop(lock);
    print(&summary, output)?;
    if summary.failed > 0 && summary.failed == summary.lines {
        return Err(anyhow!("no line could be read\nhint: a line is a JSON object with at least `url` and `body`"));
    }
    Ok(())
}

fn print(summary: &ImportSummary, output: &Output) -> Result<(), Error> {
    if output.json || !io::stdout().is_terminal() {
        return output.row(summary);
    }
    let seconds = summary.duration_ms as f64 / 1000.0;
    let read = match (summary.lines, summary.pages) {
        (lines, 0) => count(lines, "line", "lines"),
        (0, pages) => count(pages, "page", "pages"),
        (lines, pages) => format!("{} and {}", count(lines, "line", "lines"), count(pages, "page", "pages")),
    };
    output.line(&format!(
        "{} ({}), {} from {read} in {seconds:.1} s; {} left out",
        count(summary.articles, "article", "articles"),
        count(summary.copies, "copy", "copies"),
        count(summary.revisions, "revision", "revisions"),
        summary.failed,
    ))?;
    for (reason, number) in &summary.skipped {
        output.line(&format!("  {number} skipped: {reason}"))?;
    }
    if summary.resumed > 0 {
        output.line(&format!("  {} had been taken before", summary.resumed))?;
    }
    Ok(())
}
