//! `dateline extract`: pages to articles, storing nothing.

use std::{
    fs,
    io::{self, Read},
    path::Path,
};

use anyhow::Error;
use chrono::Utc;
use flate2::read::MultiGzDecoder;
use rayon::prelude::*;
use serde::Serialize;

use super::{
    Global, Told, open,
    output::{Output, Style, printable, wrap},
    run::extractor,
    search::day_and_time,
    sources::fetch_following,
};
use crate::{
    extract::{Extractor, Hints},
    model::{CanonicalUrl, Extracted, Kind, Method, Page},
    serve::json::time,
    text::detect,
};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Pages (.html, .html.gz), directories of pages, or addresses; - is standard input
    #[arg(value_name = "FILE|DIR|URL|-", required = true)]
    inputs: Vec<String>,
    /// The page's address, for its relative links
    #[arg(long)]
    url: Option<String>,
}

/// A page is read up to this size after unpacking, like one from the network by default.
const LARGEST_PAGE: u64 = 64 << 20;
/// Pages read at once; their rows are printed in order, so this bounds what waits in memory.
const CHUNK: usize = 64;

#[derive(Serialize)]
struct ExtractRow {
    input: String,
    url: Option<String>,
    title: Option<String>,
    authors: Vec<String>,
    published_at: Option<String>,
    lang: Option<String>,
    site: Option<String>,
    image: Option<String>,
    body: String,
    kind: Kind,
    method: Method,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

pub(crate) fn run(arguments: &Arguments, global: &Global, output: &Output) -> Result<(), Error> {
    let loaded = open::configuration(global)?;
    let extractor = extractor(&loaded)?;
    let url = arguments.url.as_deref();
    let mut files = Vec::new();
    let mut failed = false;
    for input in &arguments.inputs {
        if input == "-" {
            let mut body = Vec::new();
            io::stdin().take(LARGEST_PAGE).read_to_end(&mut body)?;
            failed |= !show(&read(&extractor, "-".to_owned(), url, None, body), output)?;
        } else if input.starts_with("http://") || input.starts_with("https://") {
            let settings = &loaded.settings;
            let row = match fetch_following(input, &settings.http, &settings.data_dir)? {
                Ok(response) if (200..300).contains(&response.status) => {
                    let page = response.into_page();
                    let address = page.url.clone();
                    read(&extractor, input.clone(), Some(&address), page.content_type, page.body.to_vec())
                }
                Ok(response) => refused(input.clone(), format!("HTTP {}", response.status)),
                Err(reason) => refused(input.clone(), reason),
            };
            failed |= !show(&row, output)?;
        } else {
            files.extend(open::files(Path::new(input), is_page)?);
        }
    }
    for chunk in files.chunks(CHUNK) {
        let rows: Vec<ExtractRow> = chunk.par_iter().map(|file| read_file(&extractor, file, url)).collect();
        for row in &rows {
            failed |= !show(row, output)?;
        }
    }
    if failed { Err(Told.into()) } else { Ok(()) }
}

fn is_page(path: &Path) -> bool {
    let name = path.to_string_lossy().to_lowercase();
    [".html", ".htm", ".html.gz", ".htm.gz"].iter().any(|ending| name.ends_with(ending))
}

fn read_file(extractor: &Extractor, file: &Path, url: Option<&str>) -> ExtractRow {
    let input = file.display().to_string();
    let body = || -> io::Result<Vec<u8>> {
        let file_reader = fs::File::open(file)?;
        let mut body = Vec::new();
        if file.extension().is_some_and(|extension| extension == "gz") {
            MultiGzDecoder::new(io::BufReader::new(file_reader)).take(LARGEST_PAGE).read_to_end(&mut body)?;
        } else {
            file_reader.take(LARGEST_PAGE).read_to_end(&mut body)?;
        }
        Ok(body)
    };
    match body() {
        Ok(body) => read(extractor, input, url, None, body),
        Err(error) => refused(input, format!("cannot be read: {error}")),
    }
}

fn read(
    extractor: &Extractor,
    input: String,
    url: Option<&str>,
    content_type: Option<String>,
    body: Vec<u8>,
) -> ExtractRow {
    let now = Utc::now();
    let page = Page { url: url.unwrap_or_default().to_owned(), content_type, body: body.into(), fetched_at: now };
    let text = extractor.extract(&page, &Hints::default(), now);
    let Extracted { declared_url, title, authors, published_at, lang, site, image, body, kind, method, .. } = text;
    let url = match url {
        Some(url) => CanonicalUrl::of_page(url, declared_url.as_deref()).ok().map(|url| url.to_string()),
        // Without an address of its own a page is taken at its word.
        None => declared_url,
    };
    let lang = detect(title.as_deref().unwrap_or_default(), &body, lang.as_deref());
    let published_at = published_at.map(|published| time(published.at));
    ExtractRow { input, url, title, authors, published_at, lang, site, image, body, kind, method, error: None }
}

fn refused(input: String, error: String) -> ExtractRow {
    ExtractRow {
        input,
        url: None,
        title: None,
        authors: Vec::new(),
        published_at: None,
        lang: None,
        site: None,
        image: None,
        body: String::new(),
        kind: Kind::Error,
        method: Method::default(),
        error: Some(error),
    }
}

/// Prints a row; returns whether its input could be read.
fn show(row: &ExtractRow, output: &Output) -> Result<bool, Error> {
    if output.json {
        output.row(row)?;
        return Ok(row.error.is_none());
    }
    if let Some(error) = &row.error {
        output.error(&format!("{}: {error}", row.input));
        return Ok(false);
    }
    if row.title.is_none() && row.body.is_empty() {
        output.note(&format!("{}: nothing to read", row.input));
        return Ok(true);
    }
    let width = output.width();
    for line in wrap(&printable(row.title.as_deref().unwrap_or("(no title)")), width) {
        output.line(&output.paint(Style::Title, &line))?;
    }
    let mut facts = row.authors.clone();
    facts.extend(row.published_at.as_deref().map(day_and_time));
    facts.extend([row.site.clone(), row.lang.clone()].into_iter().flatten());
    if row.kind != Kind::Article {
        facts.push(format!("{:?}", row.kind).to_lowercase());
    }
    for line in wrap(&printable(&facts.join(" · ")), width) {
        output.line(&output.paint(Style::Dim, &line))?;
    }
    output.line("")?;
    for line in wrap(&printable(&row.body), width) {
        output.line(&line)?;
    }
    output.line("")?;
    Ok(true)
}
