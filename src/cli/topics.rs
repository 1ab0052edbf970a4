//! `dateline topics`: what articles are tagged by, and why.

mod count;

use std::{
    fs,
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use anyhow::{Context, Error, anyhow};
use serde::Deserialize;

use super::{
    Global, Told, Usage,
    open::{self, Owned},
    output::{Output, Style, pad, printable, wrap},
};
use crate::{
    model::{ArticleId, Entity, TextField, TopicMatch},
    pipeline,
    serve::{TopicNames, json::TagRow, json::TopicRow},
    store::{self, Reader},
    text::detect,
    topic::{Text, lint},
};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Tag a text, or JSON lines with id, lang, title, body
    Test {
        /// The file; - is standard input
        file: PathBuf,
    },
    /// Say why an article has its topics, and which it nearly has
    Explain {
        /// The article's id
        id: String,
    },
    /// Count the stored articles that a rule would tag
    Count {
        /// A topics file, a [[topic]] or the inside of one, or a query in the language of search
        #[arg(
            value_name = "RULE",
            long_help = "A topics file, a [[topic]] as it would stand in one, the inside of one such as \
                         `en.strong = [\"peace talks\"]`, or a query in the language of search"
        )]
        rule: String,
    },
    /// Report doubtful rules
    Lint,
    /// Tag all stored articles anew
    Retag,
}

pub(crate) fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<(), Error> {
    match arguments.action {
        None => list(global, output),
        Some(Action::Test { file }) => test(&file, global, output),
        Some(Action::Explain { id }) => explain(&id, global, output),
        Some(Action::Count { rule }) => count::count(&rule, global, output),
        Some(Action::Lint) => check(global, output),
        Some(Action::Retag) => retag(global, output),
    }
}

fn list(global: &Global, output: &Output) -> Result<(), Error> {
    let loaded = open::configuration(global)?;
    let counts = match Reader::open(&loaded.settings.data_dir) {
        Ok(reader) => reader.topic_counts()?,
        Err(store::Error::Missing { .. }) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    let names = TopicNames::of_rules(&loaded.topics);
    let widest = names.list().iter().map(|topic| console::measure_text_width(&topic.name)).max().unwrap_or(0);
    for topic in names.list() {
        let articles = counts.iter().find(|(id, _)| *id == topic.id).map_or(0, |(_, count)| *count);
        if output.json {
            let (id, name) = (topic.id.clone(), topic.name.clone());
            output.row(&TopicRow { id, name, parent: topic.parent.clone(), iptc: topic.iptc.clone(), articles })?;
        } else {
            let parent =
                topic.parent.as_ref().map(|parent| format!("under {}", names.name(parent))).unwrap_or_default();
            let id = output.paint(Style::Dim, &topic.id.to_string());
            output.line(&format!(
                "{articles:>8}  {}  {id}  {}",
                pad(&topic.name, widest),
                output.paint(Style::Dim, &parent)
            ))?;
        }
    }
    Ok(())
}

/// One text of a test file.
#[derive(Debug, Default, Deserialize)]
struct Sample {
    id: Option<serde_json::Value>,
    lang: Option<String>,
    title: Option<String>,
    #[serde(default)]
    body: String,
    topics: Option<Vec<String>>,
}

fn test(file: &Path, global: &Global, output: &Output) -> Result<(), Error> {
    let tagger = open::tagger(&open::configuration(global)?)?;
    let mut input: Box<dyn Read> = if file.as_os_str() == "-" {
        Box::new(io::stdin())
    } else {
        Box::new(fs::File::open(file).with_context(|| format!("{} cannot be read", file.display()))?)
    };
    let mut text = String::new();
    input.read_to_string(&mut text).with_context(|| format!("{} cannot be read", file.display()))?;
    let (mut right, mut wrong, mut missed) = (0_usize, 0_usize, 0_usize);
    let mut labelled = false;
    for sample in samples(&text)? {
        let title = sample.title.unwrap_or_default();
        let lang = detect(&title, &sample.body, sample.lang.as_deref());
        let findings = tagger.explain(&Text { title: &title, body: &sample.body, lang: lang.as_deref() });
        let id = sample.id.map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned));
        let row = TagRow::new(id, lang, findings);
        if let Some(expected) = &sample.topics {
            labelled = true;
            let given = |topic: &str| row.topics.iter().any(|id| id.0 == topic);
            right += expected.iter().filter(|topic| given(topic)).count();
            missed += expected.iter().filter(|topic| !given(topic)).count();
            wrong += row.topics.iter().filter(|id| !expected.contains(&id.0)).count();
        }
        if output.json {
            output.row(&row)?;
        } else {
            if let Some(id) = &row.id {
                output.line(&output.paint(Style::Title, id))?;
            }
            print_matches(&row.matches, &title, &sample.body, output)?;
            print_names(&row.names, output)?;
        }
    }
    if labelled {
        let share = |part: usize, whole: usize| if whole == 0 { 1.0 } else { part as f64 / whole as f64 };
        let (precision, recall) = (share(right, right + wrong), share(right, right + missed));
        output.note(&format!(
            "precision {precision:.3} ({right} of {}), recall {recall:.3} ({right} of {})",
            right + wrong,
            right + missed
        ));
    }
    Ok(())
}

/// A file of JSON lines is many texts, anything else is one; the first line of a plain text is its title.
fn samples(text: &str) -> Result<Vec<Sample>, Error> {
    if !text.trim_start().starts_with('{') {
        let text = text.trim();
        let (title, body) = match text.split_once('\n') {
            Some((first, rest)) if first.chars().count() <= 200 => (first.trim(), rest),
            _ => ("", text),
        };
        let sample = Sample { title: Some(title.to_owned()), body: body.to_owned(), ..Sample::default() };
        return Ok(vec![sample]);
    }
    BufReader::new(text.as_bytes())
        .lines()
        .enumerate()
        .filter(|(_, line)| line.as_ref().is_ok_and(|line| !line.trim().is_empty()))
        .map(|(number, line)| serde_json::from_str(&line?).with_context(|| format!("line {}", number + 1)))
        .collect()
}

fn explain(id: &str, global: &Global, output: &Output) -> Result<(), Error> {
    let id: ArticleId = id.parse().map_err(|error| Usage(format!("{error}")))?;
    let loaded = open::configuration(global)?;
    let article = Reader::open(&loaded.settings.data_dir)?.article(id)?;
    let article = article.ok_or_else(|| anyhow!("no article has the id {id}\nhint: `dateline search` shows ids"))?;
    let text = Text { title: &article.title, body: &article.body, lang: article.lang.as_deref() };
    let findings = open::tagger(&loaded)?.explain(&text);
    if output.json {
        return output.row(&TagRow::new(Some(id.to_string()), article.lang.clone(), findings));
    }
    output.line(&output.paint(Style::Title, &printable(&article.title)))?;
    print_matches(&findings.topics, &article.title, &article.body, output)?;
    print_names(&findings.entities, output)
}

/// The names and how often each stands in the text.
fn print_names(names: &[Entity], output: &Output) -> Result<(), Error> {
    let named: Vec<String> = names.iter().map(Entity::to_string).collect();
    wrap(&named.join(", "), output.width().saturating_sub(2))
        .iter()
        .filter(|line| !line.is_empty())
        .try_for_each(|line| output.line(&format!("  {line}")))
}

fn print_matches(matches: &[TopicMatch], title: &str, body: &str, output: &Output) -> Result<(), Error> {
    if matches.is_empty() {
        return output.line("  no topic");
    }
    for found in matches {
        let (mark, style) = if found.matched { ("+", Style::Good) } else { ("-", Style::Dim) };
        let note = if found.matched { "" } else { " (not given)" };
        output
            .line(&output.paint(style, &format!("{mark} {}  {:.2} × what it takes{note}", found.topic, found.score)))?;
        for evidence in &found.evidence {
            let text = match evidence.field {
                TextField::Title => title,
                TextField::Body => body,
            };
            let place = sentence(text, evidence.offset, &evidence.phrase, output);
            let field = if evidence.field == TextField::Title { "title" } else { "text " };
            output.line(&format!("    {} {place}", output.paint(Style::Dim, field)))?;
        }
    }
    Ok(())
}

/// The words around a piece of evidence, on one line.
fn sentence(text: &str, offset: usize, phrase: &str, output: &Output) -> String {
    let around = output.width().saturating_sub(12 + phrase.chars().count()) / 2;
    let before = text.get(..offset).unwrap_or_default();
    let after = text.get(offset + phrase.len()..).unwrap_or_default();
    let tail: String = before.chars().rev().take_while(|c| *c != '\n').take(around).collect();
    let tail: String = tail.chars().rev().collect();
    let head: String = after.chars().take_while(|c| *c != '\n').take(around).collect();
    format!("{}{}{}", printable(&tail), output.paint(Style::Match, &printable(phrase)), printable(&head))
}

fn check(global: &Global, output: &Output) -> Result<(), Error> {
    let loaded = open::configuration(global)?;
    let problems = lint(&loaded.topics);
    for problem in &problems {
        output.line(&open::topic_problem(&loaded, problem).to_string())?;
    }
    if problems.is_empty() {
        output.note(&format!("{} topics, no problems", loaded.topics.len()));
        return Ok(());
    }
    Err(Told.into())
}

fn retag(global: &Global, output: &Output) -> Result<(), Error> {
    let loaded = open::configuration(global)?;
    let tagger = open::tagger(&loaded)?;
    let data_dir = &loaded.settings.data_dir;
    if open::is_owned(data_dir) {
        open::ask(data_dir, "retag", &serde_json::Value::Null)?;
        output.note("the running dateline tags all articles anew, by the topics that it has loaded");
        return Ok(());
    }
    let Owned { lock, store, index, applied } = open::own(&loaded)?;
    let articles = store.reader()?.counts()?.articles;
    let bar = output.progress(Some(articles), "tagging");
    pipeline::retag_all(store, index, applied, &loaded.settings, &tagger, |done| bar.set_position(done))?;
    bar.finish_and_clear();
    drop(lock);
    output.note(&format!("{articles} articles tagged anew"));
    Ok(())
}
