//! The pages that the inputs of `dateline extract` hold: files, packed files, recordings, directories of them, addresses.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::{Path, PathBuf},
};

use anyhow::Error;
use chrono::Utc;
use flate2::read::MultiGzDecoder;

use super::super::{open, sources::fetch_following};
use crate::{
    config::Settings,
    fetch::warc::{self, Record},
    model::Page,
};

/// A page is read up to this size after unpacking, like one from the network by default.
const LARGEST_PAGE: u64 = 64 << 20;

/// Something to extract from, or why it cannot be read.
pub(super) struct Input {
    /// The file or address as the user named it.
    pub name: String,
    pub page: Result<Source, String>,
}

/// A page, read or still to be read.
pub(super) enum Source {
    File(PathBuf),
    Page(Page),
}

impl Input {
    /// Returns the page; a file is read only here, so that files are read on all cores.
    pub fn read(self, url: &str) -> (String, Result<Page, String>) {
        let page = self.page.and_then(|source| match source {
            Source::Page(page) => Ok(page),
            Source::File(path) => {
                read_file(&path).map(|body| page(url, body)).map_err(|error| format!("cannot be read: {error}"))
            }
        });
        (self.name, page)
    }

    /// How many bytes it holds in memory.
    pub fn size(&self) -> usize {
        match &self.page {
            Ok(Source::Page(page)) => page.body.len(),
            _ => 0,
        }
    }
}

/// Returns the inputs that one argument names, one after another.
pub(super) fn inputs(argument: &str, url: &str, settings: &Settings) -> Result<Box<dyn Iterator<Item = Input>>, Error> {
    let name = argument.to_owned();
    if argument == "-" {
        let mut body = Vec::new();
        io::stdin().take(LARGEST_PAGE).read_to_end(&mut body)?;
        return Ok(Box::new(std::iter::once(Input { name, page: Ok(Source::Page(page(url, body))) })));
    }
    if argument.starts_with("http://") || argument.starts_with("https://") {
        let page = match fetch_following(argument, &settings.http, &settings.data_dir)? {
            Ok(response) if (200..300).contains(&response.status) => Ok(Source::Page(response.into_page())),
            Ok(response) => Err(format!("HTTP {}", response.status)),
            Err(reason) => Err(reason),
        };
        return Ok(Box::new(std::iter::once(Input { name, page })));
    }
    let files = open::files(Path::new(argument), |path| is_page(path) || is_recording(path))?;
    Ok(Box::new(files.into_iter().flat_map(|path| -> Box<dyn Iterator<Item = Input>> {
        let name = path.display().to_string();
        if !is_recording(&path) {
            return Box::new(std::iter::once(Input { name, page: Ok(Source::File(path)) }));
        }
        match File::open(&path) {
            Ok(file) => Box::new(recorded(name, file)),
            Err(error) => Box::new(std::iter::once(Input { name, page: Err(format!("cannot be read: {error}")) })),
        }
    })))
}

fn page(url: &str, body: Vec<u8>) -> Page {
    Page { url: url.to_owned(), content_type: None, body: body.into(), fetched_at: Utc::now() }
}

fn ends_with_one_of(path: &Path, endings: &[&str]) -> bool {
    let name = path.to_string_lossy().to_lowercase();
    endings.iter().any(|ending| name.ends_with(ending))
}

fn is_page(path: &Path) -> bool {
    ends_with_one_of(path, &[".html", ".htm", ".html.gz", ".htm.gz"])
}

fn is_recording(path: &Path) -> bool {
    ends_with_one_of(path, &[".warc", ".warc.gz"])
}

fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let mut body = Vec::new();
    if path.extension().is_some_and(|extension| extension == "gz") {
        MultiGzDecoder::new(BufReader::new(file)).take(LARGEST_PAGE).read_to_end(&mut body)?;
    } else {
        file.take(LARGEST_PAGE).read_to_end(&mut body)?;
    }
    Ok(body)
}

/// Goes through the pages of a recording: the good answers in HTML. What is no record ends as an error at the end.
fn recorded(name: String, file: File) -> impl Iterator<Item = Input> {
    let mut records = warc::Reader::new(BufReader::new(file), LARGEST_PAGE as usize);
    let (mut ended, mut any) = (false, false);
    std::iter::from_fn(move || {
        while !ended {
            let problem = match records.next() {
                Some(Ok(record)) => {
                    any = true;
                    let Some(page) = recorded_page(&record) else { continue };
                    return Some(Input { name: name.clone(), page: Ok(Source::Page(page)) });
                }
                Some(Err(error)) => Some(format!("cannot be read: {error}")),
                None if records.damaged() > 0 => Some(format!("damaged in {} places", records.damaged())),
                None if !any => Some("holds no record".to_owned()),
                None => None,
            };
            ended = true;
            return problem.map(|problem| Input { name: name.clone(), page: Err(problem) });
        }
        None
    })
}

fn recorded_page(record: &Record) -> Option<Page> {
    let answer = record.answer(LARGEST_PAGE)?;
    let content_type = answer.header("content-type").map(|value| String::from_utf8_lossy(value).into_owned());
    let is_html = content_type.as_deref().is_none_or(|kind| kind.to_ascii_lowercase().contains("html"));
    ((200..300).contains(&answer.status) && is_html && !answer.body.is_empty()).then(|| Page {
        url: record.target_uri().unwrap_or_default().to_owned(),
        content_type,
        body: answer.body.into(),
        fetched_at: record.date().unwrap_or_else(Utc::now),
    })
}
