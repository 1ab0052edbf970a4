//! `dateline import FILE…`: articles from JSON lines.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::PathBuf,
};

use anyhow::{Context, Error};
use flate2::bufread::MultiGzDecoder;

use super::{
    Global,
    open::{self, Owned},
    output::{Output, count},
};
use crate::pipeline::{self, ImportSummary, Target};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Files of JSON lines with `url` and `body`, plain or .gz; - is standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments, global: &Global, output: &Output) -> Result<(), Error> {
    let loaded = open::configuration(global)?;
    let tagger = open::tagger(&loaded)?;
    // Everything is opened before anything is written.
    let (input, size) = open_all(&arguments.files)?;
    let Owned { lock, store, index, applied } = open::own(&loaded)?;
    let bar = output.progress(size, "importing");
    let target = Target { store, index, applied, settings: &loaded.settings, tagger: &tagger };
    let summary = pipeline::import(target, input, |lines, bytes| {
        bar.set_position(bytes);
        bar.set_message(format!("{lines} lines"));
    })?;
    bar.finish_and_clear();
    drop(lock);
    print(&summary, output)
}

/// Opens all files as one input; the size in bytes where it can be known.
fn open_all(files: &[PathBuf]) -> Result<(impl BufRead, Option<u64>), Error> {
    let mut input: Box<dyn Read> = Box::new(io::empty());
    let mut size = Some(0);
    for path in files {
        let part: Box<dyn Read> = if path.as_os_str() == "-" {
            size = None;
            Box::new(io::stdin())
        } else {
            let file = File::open(path).with_context(|| format!("{} cannot be read", path.display()))?;
            anyhow::ensure!(!path.is_dir(), "{} is a directory; import takes files", path.display());
            let packed = path.extension().is_some_and(|extension| extension == "gz");
            let length = file.metadata().map(|data| data.len()).ok().filter(|_| !packed);
            size = size.zip(length).map(|(sum, length)| sum + length);
            if packed { Box::new(MultiGzDecoder::new(BufReader::new(file))) } else { Box::new(file) }
        };
        // A file that does not end in a newline must not run into the next.
        input = Box::new(input.chain(part).chain(&b"\n"[..]));
    }
    Ok((BufReader::with_capacity(1 << 20, input), size))
}

fn print(summary: &ImportSummary, output: &Output) -> Result<(), Error> {
    use std::io::IsTerminal;
    if output.json || !io::stdout().is_terminal() {
        return output.row(summary);
    }
    let seconds = summary.duration_ms as f64 / 1000.0;
    output.line(&format!(
        "{} ({}), {} from {} in {seconds:.1} s; {} left out",
        count(summary.articles, "article", "articles"),
        count(summary.copies, "copy", "copies"),
        count(summary.revisions, "revision", "revisions"),
        count(summary.lines, "line", "lines"),
        summary.failed,
    ))
}
