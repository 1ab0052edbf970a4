//! `dateline check` and `dateline config`: problems of the configuration, or of the data directory, and what it comes to.

use anyhow::Error;
use serde::Serialize;

use super::{
    Global, Told, open,
    output::{Output, Style, pad},
};
use crate::{
    config::{self, Loaded, Problem, Problems},
    extract::Extractor,
    pipeline::{self, Audit},
    query,
    topic::{Tagger, lint},
};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Look for damage of store and index instead, and for what they say differently; reads all of both
    #[arg(long)]
    store: bool,
}

pub(crate) fn run(arguments: &Arguments, global: &Global, output: &Output) -> Result<(), Error> {
    if arguments.store { store(global, output) } else { configuration(global, output) }
}

/// Reports what is wrong with the data directory, also while a daemon works in it.
fn store(global: &Global, output: &Output) -> Result<(), Error> {
    let bar = output.progress(None, "reading store and index");
    let audit = pipeline::audit(&open::configuration(global)?.settings.data_dir);
    bar.finish_and_clear();
    let audit = audit?;
    let Audit { problems, articles, indexed, behind } = &audit;
    if output.json {
        output.row(&audit)?;
    } else {
        problems.iter().try_for_each(|problem| output.line(problem))?;
    }
    if !problems.is_empty() {
        output.note("hint: a damaged store needs its backup; an index alone is built anew by `dateline reindex`");
        return Err(Told.into());
    }
    output.note(&format!(
        "{articles} articles in the store, {indexed} in the index, {behind} changes behind; no problems"
    ));
    Ok(())
}

/// Reports every problem, those that only the rooms can see among them; doubtful topic rules are warnings.
fn configuration(global: &Global, output: &Output) -> Result<(), Error> {
    let (loaded, Problems(mut problems)) = config::examine(&open::options(global)?);
    problems.extend(rooms(&loaded));
    let doubts = if Tagger::new(&loaded.topics, &loaded.names).is_ok() { lint(&loaded.topics) } else { Vec::new() };
    for warning in loaded.warnings.iter().cloned().chain(doubts.iter().map(|doubt| open::topic_problem(&loaded, doubt)))
    {
        output.note(&format!("warning: {warning}"));
    }
    if !problems.is_empty() {
        return Err(Problems(problems).into());
    }
    let file =
        loaded.file.as_ref().map_or_else(|| "the built-in configuration".to_owned(), |file| file.display().to_string());
    output.note(&format!(
        "{file}: {} sources, {} topics, {} names, no problems",
        loaded.sources.len(),
        loaded.topics.len(),
        loaded.names.len()
    ));
    Ok(())
}

/// What only the rooms that use a part of the configuration can say of it.
fn rooms(loaded: &Loaded) -> Vec<Problem> {
    let mut problems = Vec::new();
    if let Err(told) = Tagger::new(&loaded.topics, &loaded.names) {
        problems.extend(told.iter().map(|problem| open::topic_problem(loaded, problem)));
    }
    if let Err(errors) = Extractor::new(&loaded.settings.extract) {
        problems.extend(errors.iter().map(|error| {
            let problem = Problem::new(error.to_string());
            loaded.file.as_deref().map_or(problem.clone(), |file| problem.in_file(file))
        }));
    }
    for (alert, position) in loaded.settings.alerts.iter().zip(&loaded.alert_positions) {
        if let Some(text) = &alert.query
            && let Err(error) = query::parse(text, chrono::Utc::now())
        {
            let place = format!("alert `{}`: {error}\n{}", alert.name, error.render(text));
            problems.push(Problem::new(place).at(position));
        }
    }
    problems
}

#[derive(Serialize)]
struct SettingRow<'a> {
    setting: &'a str,
    value: &'a str,
    from: String,
}

/// Shows every setting with its value and where that came from.
pub(crate) fn show(global: &Global, output: &Output) -> Result<(), Error> {
    let loaded = open::configuration(global)?;
    if output.json {
        return loaded.origins.iter().try_for_each(|(setting, origin)| {
            output.row(&SettingRow { setting, value: &origin.value, from: origin.place.to_string() })
        });
    }
    let widest = |texts: Vec<usize>| texts.into_iter().max().unwrap_or(0);
    let names = widest(loaded.origins.keys().map(String::len).collect());
    let values = widest(loaded.origins.values().map(|origin| origin.value.chars().count()).collect()).min(32);
    for (setting, origin) in &loaded.origins {
        let from = output.paint(Style::Dim, &origin.place.to_string());
        output.line(&format!("{}  {}  {from}", pad(setting, names), pad(&origin.value, values)))?;
    }
    Ok(())
}
