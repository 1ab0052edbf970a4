//! `dateline show ID`: one article, its earlier versions, its copies.

use anyhow::{Error, anyhow};
use similar::{ChangeTag, TextDiff};

use super::{
    Global, Usage, open,
    output::{Output, Style, cut, printable, wrap},
    search::day_and_time,
};
use crate::{
    model::{Article, ArticleId, Entity, Revision},
    serve::{
        Archive,
        json::{self, RevisionRow, time},
    },
};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The article's id, as `search` shows it
    #[arg(value_name = "ID")]
    id: String,
    /// Show every version of its text
    #[arg(long)]
    revisions: bool,
    /// Show what changed from version to version
    #[arg(long)]
    diff: bool,
    /// Show its copies, and how they differ
    #[arg(long)]
    copies: bool,
}

pub(crate) fn run(arguments: &Arguments, global: &Global, output: &Output) -> Result<(), Error> {
    let id: ArticleId = arguments.id.parse().map_err(|error| Usage(format!("{error}")))?;
    let archive = open::archive(global)?;
    let Some(article) = archive.reader.article(id)? else {
        return Err(anyhow!("no article has the id {id}\nhint: `dateline search` shows ids"));
    };
    if arguments.copies {
        return copies(&archive, &article, output);
    }
    if arguments.revisions || arguments.diff {
        return revisions(&archive.reader.revisions(id)?, arguments.diff, output);
    }
    if output.json {
        return output.row(&json::article(&archive.names, &article));
    }
    print(&archive, &article, output)
}

/// Columns for what a fact is called.
const FACT_COLUMNS: usize = 10;

fn print(archive: &Archive, article: &Article, output: &Output) -> Result<(), Error> {
    let row = json::article(&archive.names, article);
    let width = output.width();
    for line in wrap(&printable(&article.title), width) {
        output.line(&output.paint(Style::Title, &line))?;
    }
    let fact = |name: &str, value: &str| -> Result<(), Error> {
        if value.is_empty() {
            return Ok(());
        }
        for (at, line) in wrap(&printable(value), width.saturating_sub(FACT_COLUMNS + 1)).iter().enumerate() {
            let name = if at == 0 { name } else { "" };
            output.line(&format!("{} {line}", output.paint(Style::Dim, &format!("{name:<FACT_COLUMNS$}"))))?;
        }
        Ok(())
    };
    fact("url", &row.head.url)?;
    fact("outlet", &row.head.outlet)?;
    fact("source", row.head.source.as_deref().unwrap_or_default())?;
    fact("authors", &row.head.authors.join(", "))?;
    fact("published", &row.head.published_at.as_deref().map(day_and_time).unwrap_or_default())?;
    fact("fetched", &day_and_time(&row.head.fetched_at))?;
    fact("language", row.head.lang.as_deref().unwrap_or_default())?;
    fact("topics", &row.head.topics.join(", "))?;
    fact("names", &row.names.iter().map(Entity::to_string).collect::<Vec<_>>().join(", "))?;
    fact("story", &row.head.story.to_string())?;
    if row.revision > 1 {
        fact("revision", &format!("{} (--diff shows what changed)", row.revision))?;
    }
    if row.head.copies > 0 {
        fact("copies", &format!("{} (--copies lists them)", row.head.copies))?;
    }
    if let Some(representative) = row.head.duplicate_of {
        fact("copy of", &representative.to_string())?;
    }
    output.line("")?;
    for line in wrap(&printable(&article.body), width) {
        output.line(&line)?;
    }
    Ok(())
}

fn revisions(revisions: &[Revision], diff: bool, output: &Output) -> Result<(), Error> {
    if output.json {
        return revisions.iter().try_for_each(|revision| output.row(&RevisionRow::from(revision)));
    }
    let mut before: Option<&Revision> = None;
    for revision in revisions {
        let head = format!("revision {} · {}", revision.number, day_and_time(&time(revision.fetched_at)));
        output.line(&output.paint(Style::Title, &head))?;
        let text = |revision: &Revision| printable(&format!("{}\n\n{}\n", revision.title, revision.body));
        match before {
            Some(before) if diff => print_diff(&text(before), &text(revision), output)?,
            _ => {
                for line in wrap(&text(revision), output.width()) {
                    output.line(&line)?;
                }
            }
        }
        before = Some(revision);
    }
    Ok(())
}

/// Prints the paragraphs that differ, with `-` and `+`.
fn print_diff(old: &str, new: &str, output: &Output) -> Result<(), Error> {
    let diff = TextDiff::from_lines(old, new);
    for change in diff.iter_all_changes() {
        let (mark, style) = match change.tag() {
            ChangeTag::Equal => continue,
            ChangeTag::Delete => ("- ", Style::Bad),
            ChangeTag::Insert => ("+ ", Style::Good),
        };
        let text = change.value().trim_end();
        if text.is_empty() {
            continue;
        }
        for line in wrap(text, output.width().saturating_sub(2)) {
            output.line(&output.paint(style, &format!("{mark}{line}")))?;
        }
    }
    Ok(())
}

fn copies(archive: &Archive, article: &Article, output: &Output) -> Result<(), Error> {
    let ids = archive.reader.group_members(article.id)?;
    let members = archive.reader.articles(&ids)?;
    if output.json {
        return members.iter().try_for_each(|member| output.row(&json::article(&archive.names, member)));
    }
    if members.len() < 2 {
        output.note("no copies are known of this article");
        return Ok(());
    }
    for member in &members {
        let role = if member.duplicate_of.is_none() { "first" } else { "copy " };
        let at = member.published_at.map(|published| time(published.at)).unwrap_or_else(|| time(member.fetched_at));
        let similar = member.similarity.map(|share| format!(" · {:.0} % shared", share * 100.0)).unwrap_or_default();
        let facts = format!("{role} {} · {} · {}{similar}", member.id, member.outlet, day_and_time(&at));
        output.line(&output.paint(Style::Dim, &facts))?;
        output.line(&format!("      {}", cut(&member.title, output.width().saturating_sub(6))))?;
    }
    if let Some(first) = members.iter().find(|member| member.duplicate_of.is_none()) {
        for member in members.iter().filter(|member| member.id != first.id) {
            output.line("")?;
            output.line(&output.paint(Style::Title, &format!("{} against {}", member.outlet, first.outlet)))?;
            let text = |article: &Article| printable(&format!("{}\n\n{}\n", article.title, article.body));
            print_diff(&text(first), &text(member), output)?;
        }
    }
    Ok(())
}
