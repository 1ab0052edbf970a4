//! `dateline reindex`: the index anew from the store.

use anyhow::Error;

use super::{
    Global,
    open::{self, Owned},
    output::Output,
};
use crate::pipeline;

pub(crate) fn run(global: &Global, output: &Output) -> Result<(), Error> {
    let loaded = open::configuration(global)?;
    let data_dir = &loaded.settings.data_dir;
    if open::is_owned(data_dir) {
        open::ask(data_dir, "reindex", &serde_json::Value::Null)?;
        output.note("the running dateline rebuilds the index");
        return Ok(());
    }
    let Owned { lock, store, index, .. } = open::own(&loaded)?;
    let reader = store.reader()?;
    let changes = reader.last_seq()?;
    let articles = reader.counts()?.articles;
    let bar = output.progress(Some(changes), "rebuilding the index");
    pipeline::reindex(reader, index, &loaded.settings, |applied| bar.set_position(applied))?;
    bar.finish_and_clear();
    drop((store, lock));
    output.note(&format!("{articles} articles indexed"));
    Ok(())
}
