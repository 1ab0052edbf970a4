//! `dateline sources check` and `discover`: what would be taken, storing nothing.

use std::{fs, path::Path};

use anyhow::{Context, Error, anyhow};
use chrono::Utc;
use rayon::prelude::*;
use serde::Serialize;

use super::{
    super::{
        Global, Told, open,
        output::{Output, Style, cut},
        search::day_and_time,
    },
    DiscoveredRow,
};
use crate::{
    config::Http,
    fetch::{self, Fetch, Fetcher, Purpose, Request},
    model::{Entry, Source, SourceKind},
    serve::json::time,
    source::{self, Response, discover as discover_in},
};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Addresses, files or directories
    #[arg(value_name = "URL|FILE|DIR", required = true)]
    inputs: Vec<String>,
    /// How the documents are read: feed, sitemap or listing
    #[arg(long, value_parser = super::kind, default_value = "feed")]
    kind: SourceKind,
    /// The address that a file was taken from, for its relative links
    #[arg(long)]
    url: Option<String>,
}

#[derive(Serialize)]
struct CheckRow {
    input: String,
    ok: bool,
    error: Option<String>,
    title: Option<String>,
    entries: Vec<EntryRow>,
    problems: Vec<String>,
}

#[derive(Serialize)]
struct EntryRow {
    id: Option<String>,
    link: Option<String>,
    title: Option<String>,
    published_at: Option<String>,
    updated_at: Option<String>,
}

impl From<Entry> for EntryRow {
    fn from(entry: Entry) -> Self {
        Self {
            id: entry.guid,
            link: entry.link.or(entry.permalink),
            title: entry.title,
            published_at: entry.published_at.map(time),
            updated_at: entry.updated_at.map(time),
        }
    }
}

/// Inputs read at once; their rows are printed in order, so this bounds what waits in memory.
const CHUNK: usize = 64;

pub(crate) fn run(arguments: &Arguments, global: &Global, output: &Output) -> Result<(), Error> {
    let mut failed = false;
    let mut files = Vec::new();
    for input in &arguments.inputs {
        if input.starts_with("http://") || input.starts_with("https://") {
            failed |= !show(check_url(input, arguments.kind, global)?, output)?;
        } else {
            files.extend(open::files(Path::new(input), |_| true)?);
        }
    }
    for chunk in files.chunks(CHUNK) {
        let rows: Vec<CheckRow> = chunk.par_iter().map(|file| check_file(file, arguments)).collect();
        for row in rows {
            failed |= !show(row, output)?;
        }
    }
    if failed { Err(Told.into()) } else { Ok(()) }
}

fn check_file(file: &Path, arguments: &Arguments) -> CheckRow {
    let input = file.display().to_string();
    match fs::read(file) {
        Ok(body) => {
            let url = arguments.url.as_deref().unwrap_or_default();
            read(input, arguments.kind, &Response { url, content_type: None, body: &body })
        }
        Err(error) => refused(input, format!("cannot be read: {error}")),
    }
}

fn read(input: String, kind: SourceKind, response: &Response<'_>) -> CheckRow {
    let source = Source { kind, ..Source::new(response.url) };
    match source::read(&source, response, Utc::now()) {
        Ok(feed) => CheckRow {
            input,
            ok: true,
            error: None,
            title: feed.title,
            entries: feed.entries.into_iter().map(EntryRow::from).collect(),
            problems: feed.problems,
        },
        Err(error) => refused(input, error.to_string()),
    }
}

fn refused(input: String, error: String) -> CheckRow {
    CheckRow { input, ok: false, error: Some(error), title: None, entries: Vec::new(), problems: Vec::new() }
}

fn check_url(url: &str, kind: SourceKind, global: &Global) -> Result<CheckRow, Error> {
    let settings = open::settings(global)?;
    Ok(match fetch_following(url, &settings.http, &settings.data_dir)? {
        Ok(response) if (200..300).contains(&response.status) => {
            let content_type = response.headers.content_type();
            let document = Response { url: &response.url, content_type: content_type.as_deref(), body: &response.body };
            read(url.to_owned(), kind, &document)
        }
        Ok(response) => refused(url.to_owned(), format!("HTTP {}", response.status)),
        Err(reason) => refused(url.to_owned(), reason),
    })
}

/// Fetches one address with its redirects, as a person trying something out does. The inner error is the server's.
pub(crate) fn fetch_following(
    url: &str,
    http: &Http,
    data_dir: &Path,
) -> Result<Result<fetch::Response, String>, Error> {
    // A try-out leaves no trace: no recording, and a replay keeps its place.
    let http = Http { record: None, ..http.clone() };
    let fetcher = Fetcher::new(&http, data_dir)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(async {
        let mut url = url.to_owned();
        for _ in 0..=http.max_redirects {
            let request = Request::new(url.clone(), Purpose::Page);
            let response = fetcher.fetch(request).await.map_err(|error| error.to_string())?;
            match response.redirect() {
                Some(to) => url = to,
                None => return Ok(response),
            }
        }
        Err(format!("more than {} redirects (http.max_redirects)", http.max_redirects))
    }))
}

fn show(row: CheckRow, output: &Output) -> Result<bool, Error> {
    let ok = row.ok;
    if output.json {
        output.row(&row)?;
        return Ok(ok);
    }
    if let Some(error) = &row.error {
        output.line(&format!("{}  {}: {error}", output.paint(Style::Bad, "failed"), row.input))?;
        return Ok(ok);
    }
    let title = row.title.as_deref().unwrap_or("(no title)");
    output.line(&format!(
        "{}  {}: {title}, {} entries",
        output.paint(Style::Good, "ok"),
        row.input,
        row.entries.len()
    ))?;
    for problem in &row.problems {
        output.line(&format!("    {}", output.paint(Style::Dim, problem)))?;
    }
    for entry in &row.entries {
        let at = entry.published_at.as_deref().or(entry.updated_at.as_deref()).map(day_and_time).unwrap_or_default();
        let title = entry.title.as_deref().or(entry.link.as_deref()).unwrap_or("(no title)");
        output.line(&format!("    {at:<16}  {}", cut(title, output.width().saturating_sub(22))))?;
    }
    Ok(ok)
}

/// Finds the feeds that a page names.
pub(crate) fn discover(url: &str, global: &Global, output: &Output) -> Result<(), Error> {
    let (base, html) = if url.starts_with("http://") || url.starts_with("https://") {
        let settings = open::settings(global)?;
        let response =
            fetch_following(url, &settings.http, &settings.data_dir)?.map_err(|reason| anyhow!("{reason}"))?;
        (response.url.clone(), String::from_utf8_lossy(&response.body).into_owned())
    } else {
        let bytes = fs::read(url).with_context(|| format!("{url} cannot be read"))?;
        (String::new(), String::from_utf8_lossy(&bytes).into_owned())
    };
    let found = discover_in(&html, &base);
    if found.is_empty() {
        return Err(anyhow!("{url} names no feed"));
    }
    for feed in found {
        if output.json {
            output.row(&DiscoveredRow { url: feed.url, title: feed.title, kind: SourceKind::Feed })?;
        } else {
            let title = feed.title.as_deref().unwrap_or_default();
            output.line(&format!("{}  {}", feed.url, output.paint(Style::Dim, title)))?;
        }
    }
    Ok(())
}
