//! `dateline extract`: pages to articles, storing nothing.

mod pages;

use std::path::PathBuf;

use anyhow::Error;
use rayon::prelude::*;
use serde::Serialize;

use self::pages::{Input, inputs};
use super::{
    Global, Told, open,
    output::{Output, Style, count, cut, pad, printable, wrap},
    run::extractor,
    search::day_and_time,
};
use crate::{
    config::{LoadOptions, load_settings},
    extract::{Extractor, Hints, Trial},
    model::{CanonicalUrl, Extracted, Kind, Method, Page},
    serve::json::time,
    text::detect,
};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Pages (.html, .html.gz), recordings (.warc, .warc.gz), directories of them, or addresses; - is standard input
    #[arg(value_name = "FILE|DIR|URL|-", required = true)]
    inputs: Vec<String>,
    /// The page's address, for its relative links, its date and the rule for its site
    #[arg(long)]
    url: Option<String>,
    /// Try out the `[[extract.site]]` rules of this file instead of the configured ones, and show what each selector finds
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
}

/// Pages read at once, and their bytes; their rows are printed in order, so this bounds what waits in memory.
const CHUNK: usize = 64;
const CHUNK_BYTES: usize = 64 << 20;

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
    /// With `--rules`: what the rule for the page's site finds, `null` where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<Option<Trial>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

pub(crate) fn run(arguments: &Arguments, global: &Global, output: &Output) -> Result<(), Error> {
    let mut loaded = load_settings(&open::options(global)?)?;
    if let Some(file) = &arguments.rules {
        let options =
            LoadOptions { config_file: Some(file.clone()), env: Default::default(), ..open::options(global)? };
        loaded.settings.extract = load_settings(&options)?.settings.extract;
        loaded.file = Some(file.clone());
    }
    let reading =
        Reading { extractor: extractor(&loaded)?, url: arguments.url.as_deref(), is_trial: arguments.rules.is_some() };
    let mut failed = false;
    let mut chunk = Vec::new();
    for argument in &arguments.inputs {
        let mut is_empty = true;
        for input in inputs(argument, reading.url.unwrap_or_default(), &loaded.settings)? {
            is_empty = false;
            chunk.push(input);
            if chunk.len() >= CHUNK || chunk.iter().map(Input::size).sum::<usize>() >= CHUNK_BYTES {
                failed |= !reading.show(std::mem::take(&mut chunk), output)?;
            }
        }
        if is_empty {
            output.note(&format!("{argument}: no pages\nhint: pages are files in .html and .html.gz, and recordings"));
        }
    }
    failed |= !reading.show(chunk, output)?;
    if failed { Err(Told.into()) } else { Ok(()) }
}

/// How the pages are read.
struct Reading<'a> {
    extractor: Extractor,
    url: Option<&'a str>,
    /// Whether the rules are on trial.
    is_trial: bool,
}

impl Reading<'_> {
    /// Reads pages on all cores and prints their rows in order; returns whether all could be read.
    fn show(&self, chunk: Vec<Input>, output: &Output) -> Result<bool, Error> {
        let rows: Vec<ExtractRow> = chunk.into_par_iter().map(|input| self.row(input)).collect();
        let mut all = true;
        for row in &rows {
            all &= show(row, output)?;
        }
        Ok(all)
    }

    fn row(&self, input: Input) -> ExtractRow {
        let (input, page) = input.read(self.url.unwrap_or_default());
        match page {
            Ok(page) => self.read(input, &page),
            Err(error) => refused(input, error),
        }
    }

    fn read(&self, input: String, page: &Page) -> ExtractRow {
        let text = self.extractor.extract(page, &Hints::default(), page.fetched_at);
        let Extracted { declared_url, title, authors, published_at, lang, site, image, body, kind, method, .. } = text;
        // Without an address of its own a page is taken at its word.
        let url = if page.url.is_empty() {
            declared_url
        } else {
            CanonicalUrl::of_page(&page.url, declared_url.as_deref()).ok().map(|url| url.to_string())
        };
        let lang = detect(title.as_deref().unwrap_or_default(), &body, lang.as_deref());
        let published_at = published_at.map(|published| time(published.at));
        let rule = self.is_trial.then(|| self.extractor.try_rule(page));
        ExtractRow {
            input,
            url,
            title,
            authors,
            published_at,
            lang,
            site,
            image,
            body,
            kind,
            method,
            rule,
            error: None,
        }
    }
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
        rule: None,
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
    if let Some(trial) = &row.rule {
        show_trial(trial.as_ref(), row.url.as_deref(), output)?;
    }
    output.line("")?;
    for line in wrap(&printable(&row.body), width) {
        output.line(&line)?;
    }
    output.line("")?;
    Ok(true)
}

/// Prints what each selector of a rule finds.
fn show_trial(trial: Option<&Trial>, url: Option<&str>, output: &Output) -> Result<(), Error> {
    let Some(trial) = trial else {
        return output.line(&format!("no rule for {}", url.unwrap_or("a page without an address; say --url")));
    };
    output.line(&format!("rule for {}", trial.host))?;
    for hit in &trial.selectors {
        let style = if hit.matches > 0 { Style::Good } else { Style::Bad };
        let found = count(hit.matches as u64, "match", "matches");
        let first = hit.first.as_deref().map(|text| format!(": {text}")).unwrap_or_default();
        let line = format!("  {} {}  {found}{first}", pad(hit.field, 6), hit.selector);
        output.line(&output.paint(style, &cut(&line, output.width())))?;
    }
    Ok(())
}
