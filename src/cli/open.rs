//! Opening what commands work with: the configuration, the archive for reading, the data directory for writing.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Error};

use super::Global;
use crate::{
    config::{self, LoadOptions, Loaded, Problem, Problems},
    index::Index,
    pipeline,
    serve::{Archive, TopicNames},
    store::{Lock, Reader, Store},
    topic::{Subject, Tagger},
};

/// Loads the configuration that the options and the environment name.
pub(crate) fn configuration(global: &Global) -> Result<Loaded, Error> {
    Ok(config::load(&options(global)?)?)
}

/// What the options and the environment say of where the configuration is.
pub(crate) fn options(global: &Global) -> Result<LoadOptions, Error> {
    let env: BTreeMap<String, String> = env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| name.starts_with("DATELINE_"))
        .collect();
    Ok(LoadOptions {
        config_file: global.config.clone(),
        data_dir: global.data_dir.clone(),
        env,
        current_dir: env::current_dir().context("the working directory cannot be read")?,
        overrides: Vec::new(),
    })
}

/// Opens the archive for reading, beside whoever writes it.
pub(crate) fn archive(global: &Global) -> Result<Archive, Error> {
    let settings = settings(global)?;
    Ok(Archive::open(&settings.data_dir)?)
}

/// Returns the settings alone: what a search needs, without reading sources and topics.
pub(crate) fn settings(global: &Global) -> Result<config::Settings, Error> {
    Ok(config::load_settings(&options(global)?)?.settings)
}

/// Opens the store for reading, beside whoever writes it.
pub(crate) fn reader(global: &Global) -> Result<Reader, Error> {
    Ok(Reader::open(&settings(global)?.data_dir)?)
}

/// Compiles the topics and names of the configuration; their problems are configuration problems.
pub(crate) fn tagger(loaded: &Loaded) -> Result<Tagger, Error> {
    Tagger::new(&loaded.topics, &loaded.names).map_err(|problems| {
        let problems = problems.iter().map(|problem| topic_problem(loaded, problem)).collect();
        Problems(problems).into()
    })
}

/// Says where in which file a rule has a problem.
pub(crate) fn topic_problem(loaded: &Loaded, problem: &crate::topic::Problem) -> Problem {
    let language = problem.language.as_deref();
    let mut message = match &problem.subject {
        Subject::Topic(id) => format!("topic `{id}`"),
        Subject::Name(_, name) => format!("name `{name}`"),
    };
    if let Some(language) = language {
        message += &format!(" [{language}]");
    }
    if let Some(phrase) = &problem.phrase {
        message += &format!(" `{phrase}`");
    }
    let mut told = Problem::new(format!("{message}: {}", problem.message));
    if let Some(hint) = &problem.hint {
        told = told.hint(hint.clone());
    }
    match &problem.subject {
        Subject::Topic(id) => {
            let rule = loaded.topics.iter().position(|rule| rule.id == *id);
            let Some(position) = rule.and_then(|at| loaded.topic_positions.get(at)) else { return told };
            match language {
                Some(language) => told.at(&position.of_phrase(language, problem.phrase.as_deref().unwrap_or_default())),
                None => told.at(&position.topic),
            }
        }
        Subject::Name(at, _) => match loaded.name_positions.get(*at) {
            Some(position) => told.at(&position.of_form(problem.phrase.as_deref().unwrap_or_default())),
            None => told,
        },
    }
}

/// A data directory whose owner this process is.
pub(crate) struct Owned {
    /// Given back when dropped: keep it as long as anything is written.
    pub lock: Lock,
    pub store: Store,
    pub index: Index,
    /// The last change that the index has applied.
    pub applied: u64,
}

/// Opens a data directory for writing: nobody else may own it.
pub(crate) fn own(loaded: &Loaded) -> Result<Owned, Error> {
    let settings = &loaded.settings;
    let lock = Lock::acquire(&settings.data_dir)?;
    let mut store = Store::open(&settings.data_dir)?;
    let names = TopicNames::of_rules(&loaded.topics);
    store.transaction(|tx| tx.put_meta(crate::serve::NAMES, &names.to_json()))?;
    let (index, applied) = pipeline::open_index(settings)?;
    Ok(Owned { lock, store, index, applied })
}

/// Tells whether some process owns the data directory now.
pub(crate) fn is_owned(data_dir: &Path) -> bool {
    Lock::is_held(data_dir)
}

/// Leaves a request for the process that owns the data directory.
pub(crate) fn ask(data_dir: &Path, kind: &str, args: &serde_json::Value) -> Result<(), Error> {
    let mut store = Store::open(data_dir)?;
    store.transaction(|tx| tx.add_request(kind, args))?;
    Ok(())
}

/// Lists a file as it is, or the files of a directory that are `wanted`, in the order of their names.
pub(crate) fn files(path: &Path, wanted: fn(&Path) -> bool) -> Result<Vec<PathBuf>, Error> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let read = || format!("{} cannot be read", path.display());
    let mut found = Vec::new();
    for entry in fs::read_dir(path).with_context(read)? {
        let entry = entry.with_context(read)?.path();
        if entry.is_file() && wanted(&entry) {
            found.push(entry);
        }
    }
    found.sort();
    Ok(found)
}
