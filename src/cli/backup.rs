//! `dateline backup`: a consistent copy of the data directory, beside a running daemon.

use std::path::PathBuf;

use anyhow::Error;
use serde_json::json;

use super::{
    Global, open,
    output::{Output, human_size},
};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Where to write it: a directory that is empty or does not exist
    dir: PathBuf,
}

pub(crate) fn run(arguments: &Arguments, global: &Global, output: &Output) -> Result<(), Error> {
    let reader = open::reader(global)?;
    let size_bytes = reader.backup(&arguments.dir)?;
    if output.json {
        return output.row(&json!({ "dir": arguments.dir, "size_bytes": size_bytes }));
    }
    output.note(&format!(
        "{}: the store as of now, {}\nhint: it is a data directory without an index, which the first `dateline run` or \
         `dateline reindex --data-dir {0}` builds",
        arguments.dir.display(),
        human_size(size_bytes),
    ));
    Ok(())
}
