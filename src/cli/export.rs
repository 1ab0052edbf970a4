//! `dateline export`: articles as JSON lines, in the order in which they were first seen.

use std::io::{self, BufWriter, Write};

use anyhow::Error;
use chrono::Utc;

use super::{Global, open, output::Output};
use crate::{
    model::{Article, Time},
    serve::{Archive, Question, TopicNames, json, read_time},
    store::{ArticleFilter, Cursor, Reader},
};

#[derive(clap::Args)]
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
    /// Only what this query finds, in the language of search
    #[arg(long)]
    query: Option<String>,
}

const BATCH: usize = 200;

pub(crate) fn run(arguments: &Arguments, global: &Global, _output: &Output) -> Result<(), Error> {
    let now = Utc::now();
    let mut lines = BufWriter::with_capacity(1 << 18, io::stdout().lock());
    if arguments.query.is_some() {
        return found(&open::archive(global)?, arguments, now, &mut lines);
    }
    let reader = open::reader(global)?;
    let names = TopicNames::of_store(&reader)?;
    stored(&reader, &names, arguments, now, &mut lines)
}

/// Without a query the store alone answers, page by page.
fn stored(
    reader: &Reader,
    names: &TopicNames,
    arguments: &Arguments,
    now: Time,
    lines: &mut impl Write,
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
    let mut after = Cursor::default();
    loop {
        let (articles, next) = reader.export(&filter, after, BATCH)?;
        write(names, &articles, lines)?;
        let Some(next) = next else { return Ok(lines.flush()?) };
        after = next;
    }
}

fn found(archive: &Archive, arguments: &Arguments, now: Time, lines: &mut impl Write) -> Result<(), Error> {
    let question = Question {
        query: arguments.query.clone(),
        topic: arguments.topic.clone(),
        since: arguments.since.clone(),
        until: arguments.until.clone(),
        ..Question::default()
    };
    let ids = archive.matching(&question, now)?;
    for ids in ids.chunks(BATCH) {
        write(&archive.names, &archive.reader.articles(ids)?, lines)?;
    }
    Ok(lines.flush()?)
}

fn write(names: &TopicNames, articles: &[Article], lines: &mut impl Write) -> Result<(), Error> {
    for article in articles {
        serde_json::to_writer(&mut *lines, &json::article(names, article)).map_err(io::Error::from)?;
        lines.write_all(b"\n")?;
    }
    Ok(())
}
