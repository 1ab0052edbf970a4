//! `dateline stories`: what several outlets report, largest first.

use anyhow::Error;
use chrono::Utc;

use super::{
    Global, open,
    output::{Output, Style, cut, printable, wrap},
    search::day_and_time,
};
use crate::{
    serve::{json::StoryRow, read_time},
    store::StoryFilter,
};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// With articles published since: a time, a date, or an age such as 24h
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    since: Option<String>,
    /// With this topic or one below it, by name or id
    #[arg(long)]
    topic: Vec<String>,
    /// Reported by at least so many outlets
    #[arg(long, value_name = "N", default_value_t = 2)]
    min_outlets: u32,
    /// Stories to show
    #[arg(long, default_value_t = 20)]
    limit: usize,
}

pub(crate) fn run(arguments: &Arguments, global: &Global, output: &Output) -> Result<(), Error> {
    let archive = open::archive(global)?;
    let since = arguments.since.as_deref().map(|text| read_time(text, Utc::now(), false)).transpose()?;
    let filter = StoryFilter {
        since,
        topics: archive.topics(&arguments.topic)?,
        min_outlets: arguments.min_outlets,
        limit: arguments.limit,
    };
    let stories = archive.stories(&filter)?;
    if output.json {
        return stories.iter().try_for_each(|story| output.row(story));
    }
    if stories.is_empty() {
        let count = archive.reader.counts()?.stories;
        output.note(&format!("no story fits ({count} are known)"));
        output.note("hint: --min-outlets 1 also shows what one outlet reports alone");
    }
    stories.iter().try_for_each(|story| print(story, output))
}

fn print(story: &StoryRow, output: &Output) -> Result<(), Error> {
    let width = output.width();
    for (line, text) in wrap(&printable(&story.title), width.saturating_sub(6)).iter().enumerate() {
        let count = if line == 0 { format!("{:>4}  ", story.articles) } else { "      ".to_owned() };
        output.line(&format!("{count}{}", output.paint(Style::Title, text)))?;
    }
    let closed = if story.closed_at.is_some() { " · closed" } else { "" };
    let (first, last) = (day_and_time(&story.first_published_at), day_and_time(&story.last_published_at));
    let span = format!("{first} – {last}{closed}");
    output.line(&format!("      {}", output.paint(Style::Dim, &cut(&format!("{span} · {}", story.id), width - 6))))?;
    output.line(&format!("      {}", cut(&story.outlets.join(", "), width - 6)))?;
    if !story.topics.is_empty() {
        output.line(&format!("      {}", output.paint(Style::Good, &cut(&story.topics.join(", "), width - 6))))?;
    }
    output.line("")
}
