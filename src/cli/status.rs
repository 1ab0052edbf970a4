//! `dateline status`: what the data directory holds and how it is doing.

use std::cmp::Reverse;

use anyhow::Error;
use chrono::Utc;
use serde::Serialize;
use serde_json::json;

use super::{
    Global, open,
    output::{Output, Style, count, human_size},
    search::day_and_time,
};
use crate::{
    model::SourceStatus,
    serve::json::time,
    store::{Lock, Reader},
};

/// Quarantined pages that are listed: each is one to report, and there should be none.
const SHOWN: usize = 100;
/// Failing sources that people are shown, those that fail longest first; `dateline sources` shows all.
const FAILING_SHOWN: usize = 10;

#[derive(Serialize)]
struct Failing {
    name: String,
    failures: u32,
    error: Option<String>,
}

pub(crate) fn run(global: &Global, output: &Output) -> Result<(), Error> {
    let loaded = open::configuration(global)?;
    let data_dir = &loaded.settings.data_dir;
    let reader = Reader::open(data_dir)?;
    let counts = reader.counts()?;
    let sizes = reader.sizes();
    let sources = reader.sources()?;
    let (waiting, next_try) = reader.waiting_entries(Utc::now())?;
    let last_poll = sources.iter().filter_map(|source| source.state.last_polled_at).max();
    let next_poll =
        sources.iter().filter(|source| source.is_configured()).filter_map(|source| source.state.next_poll_at).min();
    let index_bytes = directory_size(&data_dir.join("index"));
    let mut failing: Vec<Failing> = sources
        .iter()
        .filter(|source| source.is_configured() && source.state.status == SourceStatus::Failing)
        .map(|source| Failing {
            name: source.name.clone(),
            failures: source.state.consecutive_failures,
            error: source.state.last_error.clone(),
        })
        .collect();
    failing.sort_by_key(|source| Reverse(source.failures));
    let quarantined = reader.quarantined_entries(SHOWN)?;
    let owner = Lock::owner(data_dir);
    if output.json {
        return output.row(&json!({
            "data_dir": data_dir, "running": owner.is_some(), "owner": owner,
            "sources": { "ok": counts.sources.ok, "failing": counts.sources.failing, "gone": counts.sources.gone, "never": counts.sources.never },
            "entries": { "due": counts.entries.due, "article": counts.entries.article, "skipped": counts.entries.skipped, "failed": counts.entries.failed },
            "waiting": waiting, "next_try_at": next_try.map(time),
            "articles": counts.articles, "copies": counts.copies, "stories": counts.stories, "changes": counts.changes,
            "database_bytes": sizes.database_bytes, "log_bytes": sizes.log_bytes, "index_bytes": index_bytes,
            "last_polled_at": last_poll.map(time), "next_poll_at": next_poll.map(time), "failing": failing,
            "quarantined": quarantined.iter().map(|entry| json!({
                "entry": entry.id, "link": entry.link, "tries": entry.attempts, "reason": entry.reason,
            })).collect::<Vec<_>>(),
        }));
    }
    let fact = |name: &str, value: String| {
        output.line(&format!("{} {value}", output.paint(Style::Dim, &format!("{name:<10}"))))
    };
    let shown_dir = data_dir.canonicalize();
    fact("directory", shown_dir.as_ref().unwrap_or(data_dir).display().to_string())?;
    fact("daemon", owner.map_or_else(|| "not running".to_owned(), |owner| format!("running, {owner}")))?;
    let (sources, entries) = (counts.sources, counts.entries);
    fact(
        "sources",
        format!(
            "{} ok, {} failing, {} gone, {} not polled yet",
            sources.ok, sources.failing, sources.gone, sources.never
        ),
    )?;
    fact(
        "entries",
        format!(
            "{} articles, {} due, {} failed, {} skipped",
            entries.article, entries.due, entries.failed, entries.skipped
        ),
    )?;
    fact("articles", format!("{} ({} copies) in {} stories", counts.articles, counts.copies, counts.stories))?;
    let shown = |at: Option<crate::model::Time>| at.map_or_else(|| "–".to_owned(), |at| day_and_time(&time(at)));
    fact("polled", format!("last {}, next {}", shown(last_poll), shown(next_poll)))?;
    fact("waiting", format!("{}, next try {}", count(waiting, "entry", "entries"), shown(next_try)))?;
    fact(
        "sizes",
        format!("store {}, index {}", human_size(sizes.database_bytes + sizes.log_bytes), human_size(index_bytes)),
    )?;
    for source in failing.iter().take(FAILING_SHOWN) {
        let failures = count(source.failures.into(), "failure", "failures");
        let error = source.error.as_deref().unwrap_or_default();
        output.line(&output.paint(Style::Bad, &format!("{}: {failures}, last: {error}", source.name)))?;
    }
    if failing.len() > FAILING_SHOWN {
        output.line(&format!("… and {} more: `dateline sources` shows each", failing.len() - FAILING_SHOWN))?;
    }
    for page in quarantined {
        let link = page.link.unwrap_or_default();
        let reason = page.reason;
        output
            .line(&output.paint(Style::Bad, &format!("{link}: quarantined after {} tries: {reason}", page.attempts)))?;
    }
    Ok(())
}

fn directory_size(dir: &std::path::Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(dir) else { return 0 };
    let size = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(data) if data.is_dir() => directory_size(&entry.path()),
        Ok(data) => data.len(),
        Err(_) => 0,
    };
    entries.filter_map(Result::ok).map(size).sum()
}
