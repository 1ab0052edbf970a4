//! `dateline delete`: takes articles out for good.

use anyhow::{Error, anyhow};
use chrono::Utc;

use super::{
    Global, Usage,
    open::{self, Owned},
    output::{Output, count, cut},
};
use crate::{
    model::ArticleId,
    pipeline,
    serve::read_time,
    store::{ArticleFilter, Cursor, Reader},
};

#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("which").required(true).multiple(true).args(["ids", "source", "before"]))]
pub(crate) struct Arguments {
    /// Articles, by id
    #[arg(value_name = "ID", conflicts_with_all = ["source", "before"])]
    ids: Vec<String>,
    /// All articles that this source announced, by name or id
    #[arg(long)]
    source: Option<String>,
    /// All articles published before: a time, a date, or an age such as 90d
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    before: Option<String>,
    /// Only say what would be deleted
    #[arg(long)]
    dry_run: bool,
}

const BATCH: usize = 1_000;
/// Titles shown before something is deleted.
const SHOWN: usize = 20;

pub(crate) fn run(arguments: &Arguments, global: &Global, output: &Output) -> Result<(), Error> {
    let loaded = open::configuration(global)?;
    let data_dir = &loaded.settings.data_dir;
    let reader = Reader::open(data_dir)?;
    let ids = which(arguments, &reader)?;
    for article in reader.articles(&ids[..ids.len().min(SHOWN)])? {
        output.note(&cut(&format!("{}  {}", article.id, article.title), output.width()));
    }
    if ids.len() > SHOWN {
        output.note(&format!("… and {} more", ids.len() - SHOWN));
    }
    if arguments.dry_run || ids.is_empty() {
        output.note(&format!("{} would be deleted", articles(ids.len())));
        return Ok(());
    }
    drop(reader);
    if open::is_owned(data_dir) {
        open::ask(data_dir, "delete", &serde_json::to_value(&ids)?)?;
        output.note(&format!("{}: the running dateline deletes within seconds", articles(ids.len())));
        return Ok(());
    }
    let Owned { lock, store, index, applied } = open::own(&loaded)?;
    let number = ids.len();
    pipeline::delete(store, index, applied, &loaded.settings, ids)?;
    drop(lock);
    output.note(&format!("{} deleted", articles(number)));
    Ok(())
}

fn articles(number: usize) -> String {
    count(number as u64, "article", "articles")
}

fn which(arguments: &Arguments, reader: &Reader) -> Result<Vec<ArticleId>, Error> {
    if !arguments.ids.is_empty() {
        let mut ids = Vec::new();
        for text in &arguments.ids {
            let id: ArticleId = text.parse().map_err(|error| Usage(format!("{error}")))?;
            if reader.article(id)?.is_none() {
                return Err(anyhow!("no article has the id {id}"));
            }
            ids.push(id);
        }
        return Ok(ids);
    }
    let source = match &arguments.source {
        Some(name) => Some(
            reader
                .find_source(name)?
                .ok_or_else(|| Usage(format!("no source `{name}`\nhint: `dateline sources` lists all")))?,
        ),
        None => None,
    };
    let until = arguments.before.as_deref().map(|text| read_time(text, Utc::now(), false)).transpose()?;
    let filter = ArticleFilter { source, until, ..ArticleFilter::default() };
    let (mut ids, mut after) = (Vec::new(), Cursor::default());
    loop {
        let (page, next) = reader.article_ids(&filter, after, BATCH)?;
        ids.extend(page);
        let Some(next) = next else { return Ok(ids) };
        after = next;
    }
}
