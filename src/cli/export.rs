//! `dateline export`: articles as JSON lines or as a table, in the order in which they were first seen.

use std::io::{self, BufWriter, Write};

use anyhow::Error;
use chrono::Utc;
use indicatif::ProgressBar;

use super::{
    Global, open,
    output::{Out, Output, count},
};
use crate::{
    model::{Article, ArticleId, Time},
    serve::{Archive, Question, TopicNames, json, read_time},
    store::{ArticleFilter, Cursor, Reader},
};

#[derive(clap::Args)]
#[command(
    after_help = "An export that was interrupted goes on with `--after ID` of its last row, which prints no header."
)]
pub(crate) struct Arguments {
    /// Published since: a time, a date, or an age such as 24h
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    since: Option<String>,
    /// Published until
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    until: Option<String>,
    /// With this topic or one below it, by name or id
    #[arg(long)]
    topic: Vec<String>,
    /// Only what this query finds, in the language of search, oldest first
    #[arg(long)]
    query: Option<String>,
    /// JSON lines, or a table
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Leave the texts out
    #[arg(long)]
    no_body: bool,
    /// Only what comes after this article
    #[arg(long, value_name = "ID")]
    after: Option<ArticleId>,
}

/// How articles are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    #[default]
    Jsonl,
    Csv,
}

/// The columns of a table: fields of a row, the text last. Lists are joined with `; `, what is unknown stays empty.
const COLUMNS: [&str; 21] = [
    "id",
    "url",
    "title",
    "source",
    "outlet",
    "authors",
    "published_at",
    "fetched_at",
    "lang",
    "topics",
    "entities",
    "tags",
    "story",
    "copies",
    "duplicate_of",
    "similarity",
    "revision",
    "site",
    "image",
    "summary",
    BODY,
];
const BODY: &str = "body";

const BATCH: usize = 200;

pub(crate) fn run(arguments: &Arguments, global: &Global, output: &Output) -> Result<(), Error> {
    let now = Utc::now();
    let out = BufWriter::with_capacity(1 << 18, Out::lock());
    if arguments.query.is_some() {
        let archive = open::archive(global)?;
        let mut rows = Rows::new(arguments, &archive.names, out, output)?;
        return found(&archive, arguments, now, &mut rows);
    }
    let reader = open::reader(global)?;
    let names = TopicNames::of_store(&reader)?;
    let mut rows = Rows::new(arguments, &names, out, output)?;
    stored(&reader, &names, arguments, now, &mut rows)
}

/// Without a query the store alone answers, page by page.
fn stored(
    reader: &Reader,
    names: &TopicNames,
    arguments: &Arguments,
    now: Time,
    rows: &mut Rows<impl Write>,
) -> Result<(), Error> {
    let read = |text: &Option<String>, end| text.as_deref().map(|text| read_time(text, now, end)).transpose();
    let mut topics = Vec::new();
    for topic in &arguments.topic {
        topics.extend(names.resolve(topic).map_err(crate::serve::Error::Question)?);
    }
    let filter = ArticleFilter {
        since: read(&arguments.since, false)?,
        // The filter's end is exclusive, that of the option inclusive to the second.
        until: read(&arguments.until, true)?.map(|until| until + chrono::Duration::milliseconds(1)),
        topics,
        ..ArticleFilter::default()
    };
    let mut after = match arguments.after {
        Some(id) => reader.cursor_of(id)?,
        None => Cursor::default(),
    };
    loop {
        let (articles, next) = reader.export(&filter, after, BATCH)?;
        rows.write(&articles)?;
        let Some(next) = next else { return rows.end() };
        after = next;
    }
}

fn found(archive: &Archive, arguments: &Arguments, now: Time, rows: &mut Rows<impl Write>) -> Result<(), Error> {
    let question = Question {
        query: arguments.query.clone(),
        topic: arguments.topic.clone(),
        since: arguments.since.clone(),
        until: arguments.until.clone(),
        ..Question::default()
    };
    let mut ids = archive.matching(&question, now)?;
    if let Some(last) = arguments.after {
        let place = ids.iter().position(|id| *id == last);
        let place = place.ok_or_else(|| super::Usage(format!("article {last} is not among what the query finds")))?;
        ids.drain(..=place);
    }
    for ids in ids.chunks(BATCH) {
        rows.write(&archive.reader.articles(ids)?)?;
    }
    rows.end()
}

/// Where rows go.
struct Rows<'a, W: Write> {
    names: &'a TopicNames,
    out: Written<W>,
    has_body: bool,
    bar: ProgressBar,
    written: u64,
}

enum Written<W: Write> {
    Lines(W),
    Table(Box<csv::Writer<W>>),
}

impl<'a, W: Write> Rows<'a, W> {
    fn new(arguments: &Arguments, names: &'a TopicNames, out: W, output: &Output) -> Result<Self, Error> {
        let has_body = !arguments.no_body;
        let out = match arguments.format {
            Format::Jsonl => Written::Lines(out),
            Format::Csv => {
                let mut table = csv::Writer::from_writer(out);
                // What goes on where another export stopped is appended to it.
                if arguments.after.is_none() {
                    table.write_record(columns(has_body))?;
                }
                Written::Table(Box::new(table))
            }
        };
        // Rows on a terminal are progress enough.
        let bar = if output.is_terminal() { ProgressBar::hidden() } else { output.progress(None, "exporting") };
        Ok(Self { names, out, has_body, bar, written: 0 })
    }

    fn write(&mut self, articles: &[Article]) -> Result<(), Error> {
        for article in articles {
            let row = json::article(self.names, article);
            match &mut self.out {
                Written::Lines(lines) if self.has_body => write_line(lines, &row)?,
                Written::Lines(lines) => {
                    let mut row = serde_json::to_value(row)?;
                    row.as_object_mut().map(|fields| fields.remove(BODY));
                    write_line(lines, &row)?;
                }
                Written::Table(table) => {
                    let row = serde_json::to_value(row)?;
                    table.write_record(columns(self.has_body).iter().map(|column| cell(&row[column])))?;
                }
            }
        }
        self.written += articles.len() as u64;
        self.bar.set_message(count(self.written, "article", "articles"));
        Ok(())
    }

    fn end(&mut self) -> Result<(), Error> {
        self.bar.finish_and_clear();
        match &mut self.out {
            Written::Lines(lines) => lines.flush(),
            Written::Table(table) => table.flush(),
        }?;
        Ok(())
    }
}

fn columns(has_body: bool) -> &'static [&'static str] {
    &COLUMNS[..COLUMNS.len() - usize::from(!has_body)]
}

fn write_line(lines: &mut impl Write, row: &impl serde::Serialize) -> Result<(), Error> {
    serde_json::to_writer(&mut *lines, row).map_err(io::Error::from)?;
    Ok(lines.write_all(b"\n")?)
}

fn cell(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(parts) => parts.iter().map(cell).collect::<Vec<_>>().join("; "),
        other => other.to_string(),
    }
}
