//! `dateline search`: full-text search of the archive.

use std::collections::BTreeMap;

use anyhow::Error;
use chrono::{DateTime, Utc};

use super::{
    Global, open,
    output::{Output, Style, cut, pad, printable, wrap},
};
use crate::{
    index::Section,
    serve::{
        By, Order, Question,
        json::{CountRow, Explained, ExplainedPart, Hit},
    },
    text::html,
};

const EXAMPLES: &str = "\
Examples:
  dateline search 'peace talks'
  dateline search '\"prisoner exchange\" -football' --since 7d --sort newest
  dateline search --topic sanctions --lang de --count-by outlet
  dateline search 'Крым OR Crimea' --json | jq .title

Query language: words (all of them needed), \"phrases\", \"near phrases\"~3, AND OR NOT -word ( ),
  title: body: source: outlet: topic:\"peace talks\" lang: author: url:
  published:[2026-11-01 TO 2026-11-22], prefix*, fuzzy~1";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// What to look for; everything where it is left out (after `--` where it begins with a hyphen)
    #[arg(value_name = "QUERY")]
    query: Vec<String>,
    /// With this topic or one below it, by name or id
    #[arg(long)]
    topic: Vec<String>,
    /// Announced by this source, by name or id
    #[arg(long)]
    source: Vec<String>,
    /// Published by this outlet
    #[arg(long)]
    outlet: Vec<String>,
    /// With this tag
    #[arg(long)]
    tag: Vec<String>,
    /// In this language, such as de
    #[arg(long)]
    lang: Vec<String>,
    /// By this author
    #[arg(long)]
    author: Vec<String>,
    /// With this name in it
    #[arg(long, value_name = "NAME")]
    entity: Vec<String>,
    /// In this story, by id
    #[arg(long)]
    story: Vec<String>,
    /// Published since: a time, a date, or an age such as 24h
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    since: Option<String>,
    /// Published until
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    until: Option<String>,
    /// The order [default: relevance where there are words to rank, else newest]
    #[arg(long)]
    sort: Option<Order>,
    /// Hits to show [default: 10; counts: 50]
    #[arg(long)]
    limit: Option<usize>,
    /// Hits to skip
    #[arg(long, default_value_t = 0)]
    offset: usize,
    /// Go on where a page ended; `start` begins, and each page says where the next one is
    #[arg(long, conflicts_with = "offset")]
    cursor: Option<String>,
    /// Show each copy instead of one hit a group
    #[arg(long)]
    copies: bool,
    /// Tell of each hit why it has its score
    #[arg(long)]
    explain: bool,
    /// Count hits instead of showing them, by one field or by several
    #[arg(long, value_name = "FIELD", value_delimiter = ',')]
    count_by: Vec<By>,
}

/// Counts shown where no number is asked for.
const COUNTS: usize = 50;
/// Hits shown where no number is asked for.
const HITS: usize = 10;

pub(crate) fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<(), Error> {
    let archive = open::archive(global)?;
    let now = Utc::now();
    let count_by = arguments.count_by;
    let limit = arguments.limit.unwrap_or(if count_by.is_empty() { HITS } else { COUNTS });
    let pages = arguments.cursor.is_some();
    let question = Question {
        query: (!arguments.query.is_empty()).then(|| arguments.query.join(" ")),
        topic: arguments.topic,
        source: arguments.source,
        outlet: arguments.outlet,
        tag: arguments.tag,
        lang: arguments.lang,
        author: arguments.author,
        entity: arguments.entity,
        story: arguments.story,
        since: arguments.since,
        until: arguments.until,
        sort: arguments.sort,
        offset: arguments.offset,
        limit,
        copies: arguments.copies,
        // A program that asks for rows gets rows: counting reads every match.
        total: !output.json,
        cursor: arguments.cursor,
        explain: arguments.explain,
    };
    if !count_by.is_empty() {
        for (place, rows) in archive.count_by(&question, &count_by, now)?.iter().enumerate() {
            if place > 0 && !output.json {
                output.line("")?;
            }
            counts(rows, output)?;
        }
        return Ok(());
    }
    let found = archive.search(&question, now)?;
    for (place, hit) in found.hits.iter().enumerate() {
        if output.json {
            output.row(hit)?;
        } else {
            show(hit, question.offset + place + 1, output)?;
        }
    }
    if let (Some(next), true) = (&found.next, pages) {
        output.note(&format!("next: {next}"));
    }
    if output.json {
        return Ok(());
    }
    if found.hits.is_empty() && found.total.unwrap_or(0) == 0 {
        let articles = archive.reader.counts()?.articles;
        output.note(&format!("no article fits ({articles} articles were searched)"));
        if !archive.searcher.is_there() {
            output.note("hint: nothing is searchable yet: the first pass of `dateline run` is still under way");
            return Ok(());
        }
        output.note("hint: fewer words, a longer --since, or `OR` between words find more");
    } else if let Some(total) = found.total.filter(|total| *total > found.hits.len() as u64) {
        output.note(&format!("{} of {total} hits; --limit, --offset and --cursor show more", found.hits.len()));
    }
    Ok(())
}

fn show(hit: &Hit, place: usize, output: &Output) -> Result<(), Error> {
    let width = output.width();
    let head = &hit.head;
    let title = if head.title.is_empty() { "(no title)" } else { &head.title };
    for (line, text) in wrap(&printable(title), width.saturating_sub(4)).iter().enumerate() {
        let lead = if line == 0 { format!("{place:>2}. ") } else { "    ".to_owned() };
        output.line(&format!("{lead}{}", output.paint(Style::Title, text)))?;
    }
    let mut facts = vec![head.outlet.clone()];
    facts.extend(head.published_at.as_deref().map(day_and_time));
    facts.extend(head.lang.clone());
    if head.copies > 0 {
        facts.push(format!("{} {}", head.copies, if head.copies == 1 { "copy" } else { "copies" }));
    }
    facts.push(head.id.to_string());
    output.line(&format!("    {}", output.paint(Style::Dim, &cut(&facts.join(" · "), width - 4))))?;
    for line in wrap(&snippet(&hit.snippet), width.saturating_sub(4)) {
        output.line(&format!("    {}", marked(&line, output)))?;
    }
    if !head.topics.is_empty() {
        output.line(&format!("    {}", output.paint(Style::Good, &cut(&head.topics.join(", "), width - 4))))?;
    }
    if let Some(explain) = &hit.explain {
        for line in wrap(&printable(&explained(hit.score, explain)), width.saturating_sub(4)) {
            output.line(&format!("    {}", output.paint(Style::Dim, &line)))?;
        }
    }
    output.line("")
}

/// `4.20 = (talks 2.10 title + talks 0.40 title, as written) × 1.05 new × 1.1 first of its copies`.
fn explained(score: Option<f32>, explain: &Explained) -> String {
    let part = |part: &ExplainedPart| {
        let field = match part.field {
            Section::Title => "title",
            Section::Lead => "first lines",
            Section::Body => "text",
        };
        let written = if part.as_written { ", as written" } else { "" };
        format!("{} {:.2} {field}{written}", part.words, part.score)
    };
    let parts: Vec<String> = explain.parts.iter().map(part).collect();
    format!(
        "{:.2} = ({}) × {:.2} for its age × {:.1} among its copies",
        score.unwrap_or_default(),
        parts.join(" + "),
        explain.freshness,
        explain.representative
    )
}

/// A private mark around what fits, word by word, so that breaking lines cannot part a mark from its end.
const MARK: char = '\u{1}';

fn snippet(html_text: &str) -> String {
    let mut text = String::new();
    for (part, piece) in html_text.split("<b>").enumerate() {
        let (marked, rest) = if part == 0 { ("", piece) } else { piece.split_once("</b>").unwrap_or((piece, "")) };
        let words: Vec<String> =
            printable(&html::decode_entities(marked)).split(' ').map(|word| format!("{MARK}{word}{MARK}")).collect();
        if part > 0 {
            text += &words.join(" ");
        }
        text += &printable(&html::decode_entities(rest)).replace('\n', " ");
    }
    text
}

fn marked(line: &str, output: &Output) -> String {
    let mut shown = String::new();
    for (part, piece) in line.split(MARK).enumerate() {
        shown += &if part % 2 == 1 { output.paint(Style::Match, piece) } else { piece.to_owned() };
    }
    shown
}

/// `2026-11-22T10:30:00Z` as `2026-11-22 10:30`.
pub(crate) fn day_and_time(rfc3339: &str) -> String {
    DateTime::parse_from_rfc3339(rfc3339)
        .map_or_else(|_| rfc3339.to_owned(), |at| at.with_timezone(&Utc).format("%Y-%m-%d %H:%M").to_string())
}

fn counts(rows: &[CountRow], output: &Output) -> Result<(), Error> {
    if output.json {
        return rows.iter().try_for_each(|row| output.row(row));
    }
    if rows.is_empty() {
        output.note("no article fits, so there is nothing to count");
        return Ok(());
    }
    if matches!(rows[0].by, By::Day | By::Hour) && output.is_terminal() {
        output.line(&sparkline(rows, output.width()))?;
    }
    let most = rows.iter().map(|row| row.count).max().unwrap_or(1).max(1);
    let widest = rows.iter().map(|row| console::measure_text_width(&row.value)).max().unwrap_or(0).min(32);
    let room = output.width().saturating_sub(widest + 11).min(40) as u64;
    for row in rows {
        let bar = "▇".repeat((row.count * room).div_ceil(most) as usize);
        output.line(&format!(
            "{}  {:>7}  {}",
            pad(&cut(&row.value, widest), widest),
            row.count,
            output.paint(Style::Dim, &bar)
        ))?;
    }
    Ok(())
}

/// The course of counts by day or hour in one line, spans without hits included; the latest where not all fit.
fn sparkline(rows: &[CountRow], width: usize) -> String {
    let by_hour = rows.first().is_some_and(|row| row.by == By::Hour);
    let span = |value: &str| {
        let whole = if by_hour { value.to_owned() } else { format!("{value}T00:00:00Z") };
        Some(DateTime::parse_from_rfc3339(&whole).ok()?.timestamp() / if by_hour { 3_600 } else { 86_400 })
    };
    let counts: BTreeMap<i64, u64> = rows.iter().filter_map(|row| Some((span(&row.value)?, row.count))).collect();
    let (Some((&first, _)), Some((&last, _))) = (counts.first_key_value(), counts.last_key_value()) else {
        return String::new();
    };
    let most = counts.values().copied().max().unwrap_or(1).max(1);
    let level =
        |count: u64| ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'][((count * 8).div_ceil(most) as usize).clamp(1, 8) - 1];
    let shown = first.max(last - width as i64 + 1)..=last;
    shown.map(|span| counts.get(&span).map_or(' ', |&count| level(count))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sparkline_shows_gaps_and_the_latest() {
        let row = |value: &str, count| CountRow { by: By::Day, value: value.to_owned(), count };
        let rows = [row("2026-11-01", 8), row("2026-11-02", 1), row("2026-11-04", 4)];
        assert_eq!(sparkline(&rows, 80), "█▁ ▄");
        assert_eq!(sparkline(&rows, 2), " ▄");
        let hour = |value: &str, count| CountRow { by: By::Hour, value: value.to_owned(), count };
        assert_eq!(sparkline(&[hour("2026-11-01T23:00:00Z", 2), hour("2026-11-02T00:00:00Z", 2)], 80), "██");
    }

    #[test]
    fn snippets_lose_their_html_and_keep_their_marks() {
        assert_eq!(snippet("a &lt;i&gt; <b>peace talks</b> z"), "a <i> \u{1}peace\u{1} \u{1}talks\u{1} z");
        assert_eq!(snippet("nothing"), "nothing");
    }
}
