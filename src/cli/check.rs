//! `dateline check` and `dateline config`: the configuration's problems, and what it comes to.

use anyhow::Error;
use serde::Serialize;

use super::{
    Global, open,
    output::{Output, Style, pad},
};
use crate::{
    config::{Loaded, Problem, Problems},
    extract::Extractor,
    query,
    topic::{Tagger, lint},
};

/// Reports every problem, those that only the rooms can see among them.
pub(crate) fn check(global: &Global, output: &Output) -> Result<(), Error> {
    let (loaded, mut problems) = match open::configuration(global) {
        Ok(loaded) => (Some(loaded), Vec::new()),
        Err(error) => match error.downcast::<Problems>() {
            Ok(Problems(problems)) => (None, problems),
            Err(error) => return Err(error),
        },
    };
    if let Some(loaded) = &loaded {
        problems.extend(rooms(loaded));
    }
    for warning in loaded.iter().flat_map(|loaded| &loaded.warnings) {
        output.note(&format!("warning: {warning}"));
    }
    if problems.is_empty() {
        let loaded = loaded.unwrap_or_default();
        let file =
            loaded.file.map_or_else(|| "the built-in configuration".to_owned(), |file| file.display().to_string());
        output.note(&format!("{file}: {} sources, {} topics, no problems", loaded.sources.len(), loaded.topics.len()));
        return Ok(());
    }
    Err(Problems(problems).into())
}

/// What only the rooms that use a part of the configuration can say of it.
fn rooms(loaded: &Loaded) -> Vec<Problem> {
    let mut problems = Vec::new();
    let told = match Tagger::new(&loaded.topics) {
        Ok(_) => lint(&loaded.topics),
        Err(told) => told,
    };
    problems.extend(told.iter().map(|problem| open::topic_problem(loaded, problem)));
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
            problems.push(Problem::new(format!("alert `{}`: {}", alert.name, error.render(text))).at(position));
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
