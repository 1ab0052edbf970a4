//! `dateline sources`: what is polled, and how it is doing.

mod check;

pub(super) use self::check::fetch_following;

use std::{
    fs,
    io::{self, Read},
    path::PathBuf,
};

use anyhow::{Context, Error, anyhow};
use serde::Serialize;

use super::{
    Global, Usage, open,
    output::{Output, Style, count, cut, pad},
    search::day_and_time,
};
use crate::{
    config::{parse_opml, write_opml},
    model::{CanonicalUrl, Source, SourceKind, SourceStatus, host_of},
    serve::json::{SourceRow, time},
    store::{Reader, Store, StoredSource},
};

#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Option<Action>,
    /// Show this source alone, with its latest polls; by name, id or URL
    #[arg(value_name = "SOURCE")]
    name: Option<String>,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Follow another source, beside those of the files
    Add {
        /// Its address
        url: String,
        /// What to call it
        #[arg(long)]
        name: Option<String>,
        /// How its document is read: feed, sitemap or listing
        #[arg(long, value_parser = kind, default_value = "feed")]
        kind: SourceKind,
        /// The language of its articles
        #[arg(long)]
        lang: Option<String>,
        /// A tag for its articles
        #[arg(long)]
        tag: Vec<String>,
    },
    /// Stop following a source that was added
    Remove {
        /// By name, id or URL
        source: String,
    },
    /// Show what would be taken from feeds, storing nothing
    Check(check::Arguments),
    /// Find the feeds of a page
    Discover {
        /// The page's address, or a file
        url: String,
    },
    /// Follow the feeds of an OPML file
    Import {
        /// The file; - is standard input
        file: PathBuf,
    },
    /// Print the sources as OPML
    Export,
}

fn kind(text: &str) -> Result<SourceKind, String> {
    serde_json::from_value(serde_json::Value::String(text.to_lowercase()))
        .map_err(|_| "one of feed, sitemap, listing".to_owned())
}

pub(crate) fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<(), Error> {
    match arguments.action {
        None => list(arguments.name.as_deref(), global, output),
        Some(Action::Add { url, name, kind, lang, tag }) => {
            CanonicalUrl::parse(&url)
                .map_err(|error| Usage(format!("{error}\nhint: write the whole address, with https:// or http://")))?;
            let source = Source { name, kind, lang, tags: tag, ..Source::new(url) };
            add(vec![source], global, output)
        }
        Some(Action::Remove { source }) => remove(&source, global, output),
        Some(Action::Check(arguments)) => check::run(&arguments, global, output),
        Some(Action::Discover { url }) => check::discover(&url, global, output),
        Some(Action::Import { file }) => import(&file, global, output),
        Some(Action::Export) => export(global, output),
    }
}

/// The sources of the store, or where nothing was polled yet those of the configuration.
fn known(global: &Global) -> Result<Vec<StoredSource>, Error> {
    let loaded = open::configuration(global)?;
    let mut sources = match Reader::open(&loaded.settings.data_dir) {
        Ok(reader) => reader.sources()?,
        Err(crate::store::Error::Missing { .. }) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    sources.retain(StoredSource::is_configured);
    let fresh = loaded.sources.into_iter().filter(|source| !sources.iter().any(|known| known.source.id == source.id));
    let fresh: Vec<StoredSource> = fresh.map(StoredSource::unpolled).collect();
    sources.extend(fresh);
    Ok(sources)
}

fn unknown(name: &str) -> Error {
    anyhow!("no source `{name}`\nhint: `dateline sources` lists all")
}

fn list(name: Option<&str>, global: &Global, output: &Output) -> Result<(), Error> {
    let mut sources = known(global)?;
    if let Some(name) = name {
        sources.retain(|source| {
            source.name.eq_ignore_ascii_case(name) || source.source.url == name || source.source.id.to_string() == name
        });
        if sources.is_empty() {
            return Err(unknown(name));
        }
    }
    if output.json {
        return sources.iter().try_for_each(|source| output.row(&SourceRow::from(source)));
    }
    if let (Some(_), [source]) = (name, sources.as_slice()) {
        return details(source, global, output);
    }
    if sources.is_empty() {
        output.note("no sources\nhint: `dateline init` writes files to edit, `dateline sources add URL` adds one");
    }
    let widest = sources.iter().map(|source| console::measure_text_width(&source.name)).max().unwrap_or(0).min(28);
    for source in &sources {
        let (status, style) = match source.state.status {
            SourceStatus::Ok => ("ok     ", Style::Good),
            SourceStatus::Failing => ("failing", Style::Bad),
            SourceStatus::Gone => ("gone   ", Style::Bad),
            SourceStatus::Never => ("never  ", Style::Dim),
        };
        let about = match &source.state.last_error {
            // Its host stands in the address, and often in the name.
            Some(error) if source.state.status != SourceStatus::Ok => {
                let host = host_of(&source.source.url).unwrap_or_default();
                error.trim_start_matches(&format!("{host}: ")).to_owned()
            }
            _ => source.source.url.clone(),
        };
        let next = source.state.next_poll_at.map_or_else(|| "at the next run".to_owned(), |at| day_and_time(&time(at)));
        // Only a screen has an end: who reads a pipe looks for addresses.
        let room = if output.is_terminal() { output.width().saturating_sub(widest + 30) } else { usize::MAX };
        let name = pad(&cut(&source.name, widest), widest);
        output.line(&format!("{}  {name}  {}  {}", output.paint(style, status), pad(&next, 16), cut(&about, room)))?;
    }
    Ok(())
}

fn details(source: &StoredSource, global: &Global, output: &Output) -> Result<(), Error> {
    let state = &source.state;
    let at = |at: Option<crate::model::Time>| at.map_or_else(|| "–".to_owned(), |at| day_and_time(&time(at)));
    output.line(&output.paint(Style::Title, &source.name))?;
    let fact =
        |name: &str, value: &str| output.line(&format!("{} {value}", output.paint(Style::Dim, &format!("{name:<10}"))));
    fact("url", &source.source.url)?;
    if let Some(learned) = &state.learned_url {
        fact("moved to", learned)?;
    }
    fact("id", &source.source.id.to_string())?;
    fact("last poll", &at(state.last_polled_at))?;
    let reason = state.next_poll_reason.as_deref().unwrap_or("not polled yet");
    fact("next poll", &format!("{} ({reason})", at(state.next_poll_at)))?;
    if let Some(error) = &state.last_error {
        fact("last error", error)?;
    }
    let Ok(reader) = open::reader(global) else { return Ok(()) };
    for poll in reader.polls(source.source.id)? {
        let status = poll.status.map_or_else(|| "–".to_owned(), |status| status.to_string());
        let line = format!(
            "{}  {status:>3}  {:>4} new  {:>6} ms  {}",
            day_and_time(&time(poll.at)),
            poll.new,
            poll.duration.as_millis(),
            poll.outcome
        );
        output.line(&cut(&line, output.width()))?;
    }
    Ok(())
}

/// Adds sources to the store; a running daemon takes them up.
fn add(sources: Vec<Source>, global: &Global, output: &Output) -> Result<(), Error> {
    let settings = open::settings(global)?;
    let mut store = Store::open(&settings.data_dir)?;
    let added = store.transaction(|tx| -> Result<usize, crate::store::Error> {
        let mut added = 0;
        for source in &sources {
            added += usize::from(tx.add_source(source)?);
        }
        tx.add_request("sources", &serde_json::Value::Null)?;
        Ok(added)
    })?;
    let known = sources.len() - added;
    let also = if known == 0 { String::new() } else { format!("; {known} followed already") };
    output.note(&format!("{} added{also}", count(added as u64, "source", "sources")));
    Ok(())
}

fn remove(name: &str, global: &Global, output: &Output) -> Result<(), Error> {
    let settings = open::settings(global)?;
    let id = Reader::open(&settings.data_dir)?.find_source(name)?.ok_or_else(|| unknown(name))?;
    let mut store = Store::open(&settings.data_dir)?;
    let removed = store.transaction(|tx| -> Result<bool, crate::store::Error> {
        tx.add_request("sources", &serde_json::Value::Null)?;
        tx.remove_source(id)
    })?;
    if !removed {
        return Err(anyhow!("`{name}` was not added by a command\nhint: take it out of the sources file"));
    }
    if store.reader()?.source(id)?.is_some_and(|source| source.is_configured()) {
        output.note("removed; a sources file lists it too, so it is still followed");
    } else {
        output.note("removed; its articles stay");
    }
    Ok(())
}

fn import(file: &PathBuf, global: &Global, output: &Output) -> Result<(), Error> {
    let text = if file.as_os_str() == "-" {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text)?;
        text
    } else {
        fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?
    };
    let outlines = parse_opml(&text);
    for problem in &outlines.problems {
        output.note(&format!("{}: {problem}", file.display()));
    }
    if outlines.sources.is_empty() {
        return Err(anyhow!("{}: no feed in it", file.display()));
    }
    add(outlines.sources, global, output)
}

fn export(global: &Global, output: &Output) -> Result<(), Error> {
    let sources: Vec<Source> = known(global)?.into_iter().map(|source| source.source).collect();
    output.line(write_opml(&sources).trim_end())
}

/// A feed that a page names.
#[derive(Serialize)]
pub(crate) struct DiscoveredRow {
    pub url: String,
    pub title: Option<String>,
    pub kind: SourceKind,
}
