//! From files, variables and options to the settings in force.

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
};

use super::{
    NamePosition, NameRule, Origin, Place, Position, Problem, Problems, Secret, Settings, TopicPosition, TopicRule,
    check,
    document::Document,
    file::{self, Unreadable},
    keys::slots,
    problem::nearest,
    settings_file::{self, ListPositions},
    value::{Given, Value},
};
use crate::model::Source;

/// What the caller knows of how dateline was started.
#[derive(Debug, Clone, Default)]
pub struct LoadOptions {
    /// `--config`.
    pub config_file: Option<PathBuf>,
    /// `--data-dir`.
    pub data_dir: Option<PathBuf>,
    /// The environment; only names that begin with `DATELINE_` are looked at.
    pub env: BTreeMap<String, String>,
    /// The working directory, absolute.
    pub current_dir: PathBuf,
    /// Settings given by other options, such as `("http.timeout", "10s")`.
    pub overrides: Vec<(String, String)>,
}

/// A configuration without problems.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// Every setting; its paths are absolute.
    pub settings: Settings,
    /// The sources of all source files, each URL once.
    pub sources: Vec<Source>,
    /// The topics of all topic files, or the built-in ones where `topics` is not set.
    pub topics: Vec<TopicRule>,
    /// The names of all names files, or the built-in ones where `names` is not set.
    pub names: Vec<NameRule>,
    /// The configuration file that was read; `None` for the built-in defaults.
    pub file: Option<PathBuf>,
    /// The value of each setting as the user would write it, without secrets, and where it came from.
    pub origins: BTreeMap<String, Origin>,
    /// Where each of `sources` stands.
    pub source_positions: Vec<Position>,
    /// Where each of `topics` and its phrases stand.
    pub topic_positions: Vec<TopicPosition>,
    /// Where each of `names` and its forms stand.
    pub name_positions: Vec<NamePosition>,
    /// Where each of `settings.alerts` stands.
    pub alert_positions: Vec<Position>,
    /// Where each of `settings.extract.site` stands.
    pub site_positions: Vec<Position>,
    /// What was skipped in lists made by other programs; it does not keep dateline from working.
    pub warnings: Vec<Problem>,
}

/// Finds, reads and checks the configuration: option over environment over file over default.
///
/// # Errors
/// Every problem of all files, variables and options at once.
pub fn load(options: &LoadOptions) -> Result<Loaded, Problems> {
    let (loaded, Problems(problems)) = examine(options);
    if problems.is_empty() { Ok(loaded) } else { Err(Problems(problems)) }
}

/// Does what [`load()`] does, but returns what could be read along with the problems, for who wants to look further.
pub fn examine(options: &LoadOptions) -> (Loaded, Problems) {
    let mut loading = Loading { options, loaded: Loaded::default(), problems: Vec::new() };
    loading.read_settings();
    loading.read_sources();
    loading.read_topics();
    loading.read_names();
    loading.check();
    loading.finish()
}

/// Finds, reads and checks the settings alone, as [`load()`] does: enough for a search and for reading pages, which have
/// no use for lists of sources and topics.
///
/// # Errors
/// Every problem of the settings at once.
pub fn load_settings(options: &LoadOptions) -> Result<Loaded, Problems> {
    let mut loading = Loading { options, loaded: Loaded::default(), problems: Vec::new() };
    loading.read_settings();
    let (loaded, Problems(problems)) = loading.finish();
    if problems.is_empty() { Ok(loaded) } else { Err(Problems(problems)) }
}

/// A configuration while it is being put together.
pub(super) struct Loading<'o> {
    pub options: &'o LoadOptions,
    pub loaded: Loaded,
    pub problems: Vec<Problem>,
}

impl Loading<'_> {
    fn read_settings(&mut self) {
        self.begin();
        self.read_main_file();
        self.read_environment();
        self.read_options();
        self.read_secrets();
        self.problems.extend(check::check(&self.loaded.settings, &self.loaded.origins));
    }

    fn begin(&mut self) {
        self.loaded.settings.data_dir = self.options.current_dir.join("data");
        for (key, slot) in slots(&mut self.loaded.settings) {
            self.loaded.origins.insert(key.to_owned(), Origin { value: slot.show(), place: Place::Default });
        }
    }

    fn read_main_file(&mut self) {
        let Some(file) = self.main_file() else { return };
        let shown = self.shown(&file);
        self.loaded.file = Some(file.clone());
        let Some(text) = self.read_text(&file, None) else { return };
        let (mut document, table) = Document::parse(&text, &shown, parent(&file));
        let Loaded { settings, origins, .. } = &mut self.loaded;
        let ListPositions { alerts, sites } = settings_file::apply(&mut document, table, settings, origins);
        self.loaded.alert_positions = alerts;
        self.loaded.site_positions = sites;
        self.problems.append(&mut document.problems);
    }

    /// Returns the configuration file: the one asked for, whether it exists or not, else the first that exists.
    fn main_file(&self) -> Option<PathBuf> {
        let named = self.options.env.get("DATELINE_CONFIG").filter(|path| !path.is_empty()).map(PathBuf::from);
        if let Some(asked) = self.options.config_file.clone().or(named) {
            return Some(self.options.current_dir.join(asked));
        }
        let usual = [self.options.current_dir.join("config/dateline.toml"), "/etc/dateline/dateline.toml".into()];
        usual.into_iter().find(|path| path.is_file())
    }

    fn read_environment(&mut self) {
        let mut defaults = Settings::default();
        let known: Vec<&str> = slots(&mut defaults).iter().map(|(key, _)| *key).collect();
        for (name, value) in &self.options.env {
            let Some(rest) = name.strip_prefix("DATELINE_") else { continue };
            let key = rest.replace("__", ".").to_lowercase();
            if known.contains(&key.as_str()) && variable(&key) == *name {
                self.set(&key, value, Place::Environment(name.clone()));
                continue;
            }
            let near = nearest(&key, known.iter().copied());
            // Without two underscores it may be anything: Kubernetes makes DATELINE_PORT for a service of that name.
            let is_slip = near.is_some_and(|near| strsim::damerau_levenshtein(near, &key) <= 2);
            if rest.contains("__") || is_slip {
                let mut problem = Problem::new(format!("{name}: unknown setting in the environment"));
                problem.hint = near.map(|near| format!("did you mean `{}`?", variable(near)));
                self.problems.push(problem);
            }
        }
    }

    fn read_options(&mut self) {
        for (key, value) in &self.options.overrides {
            self.set(key, value, Place::Option);
        }
        if let Some(data_dir) = &self.options.data_dir {
            self.loaded.settings.data_dir = self.options.current_dir.join(data_dir);
            let value = self.loaded.settings.data_dir.display().to_string();
            self.loaded.origins.insert("data_dir".to_owned(), Origin { value, place: Place::Option });
        }
    }

    fn set(&mut self, key: &str, text: &str, place: Place) {
        let Some((_, mut slot)) = slots(&mut self.loaded.settings).into_iter().find(|(name, _)| *name == key) else {
            self.problems.push(place.locate(Problem::new(format!("unknown key `{key}`"))));
            return;
        };
        match slot.set(Given { value: Value::Text(text), base: &self.options.current_dir }) {
            Ok(()) => {
                self.loaded.origins.insert(key.to_owned(), Origin { value: slot.show(), place });
            }
            Err(message) => self.problems.push(place.locate(Problem::new(format!("`{key}`: {message}")))),
        }
    }

    fn read_secrets(&mut self) {
        let serve = &self.loaded.settings.serve;
        if let (Some(file), None) = (serve.token_file.clone(), &serve.token) {
            let place =
                self.loaded.origins.get("serve.token_file").map(|origin| origin.place.clone()).unwrap_or_default();
            self.loaded.settings.serve.token = self.secret(&file, "serve.token_file", &place);
        }
        for at in 0..self.loaded.settings.alerts.len() {
            let alert = &self.loaded.settings.alerts[at];
            if let Some(file) = alert.secret_file.clone() {
                let subject = format!("secret_file of alert \"{}\"", alert.name);
                let place = Place::File(self.loaded.alert_positions[at].clone());
                self.loaded.settings.alerts[at].secret = self.secret(&file, &subject, &place);
            }
        }
    }

    fn secret(&mut self, file: &Path, subject: &str, place: &Place) -> Option<Secret> {
        let message = match file::read_text(file) {
            Ok(text) if text.trim().is_empty() => "is empty".to_owned(),
            Ok(text) => return Some(Secret(text.trim().to_owned())),
            Err(Unreadable::NotText { line }) => format!("line {line} is not UTF-8"),
            Err(Unreadable::NotRead(reason)) => reason,
        };
        self.problems.push(place.locate(Problem::new(format!("{subject}: {}: {message}", self.shown(file).display()))));
        None
    }

    /// Checks what needs all lists: alerts against each other and against the topics.
    fn check(&mut self) {
        let topics = &self.loaded.topics;
        let names = || topics.iter().flat_map(|topic| [topic.id.as_str(), topic.name.as_str()]);
        let mut alerts: HashMap<&str, &Position> = HashMap::new();
        for (alert, position) in self.loaded.settings.alerts.iter().zip(&self.loaded.alert_positions) {
            if let Some(first) = alerts.insert(&alert.name, position).filter(|_| !alert.name.is_empty()) {
                let message = format!("alert \"{}\" is there already, at {first}", alert.name);
                self.problems.push(Problem::new(message).at(position).hint("give it another name"));
            }
            let Some(topic) = &alert.topic else { continue };
            if !names().any(|name| name.to_lowercase() == topic.to_lowercase()) {
                let mut problem = Problem::new(format!("alert \"{}\" has an unknown topic `{topic}`", alert.name));
                problem.hint = Some(match nearest(topic, names()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "run `dateline topics` to see every topic".to_owned(),
                });
                self.problems.push(problem.at(position));
            }
        }
    }

    fn finish(mut self) -> (Loaded, Problems) {
        self.problems.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
        self.problems.dedup();
        (self.loaded, Problems(self.problems))
    }

    /// Reads a file as text, or reports why not where `key` named it.
    pub fn read_text(&mut self, file: &Path, key: Option<&str>) -> Option<String> {
        let place =
            key.and_then(|key| self.loaded.origins.get(key)).map(|origin| origin.place.clone()).unwrap_or_default();
        match file::read_text(file) {
            Ok(text) => Some(text),
            Err(Unreadable::NotText { line }) => {
                let position = Position { file: self.shown(file), line };
                self.problems.push(Problem::new("is not UTF-8").at(&position));
                None
            }
            Err(Unreadable::NotRead(reason)) => {
                let message = format!("{}: {reason}", self.shown(file).display());
                self.problems.push(place.locate(Problem::new(message)));
                None
            }
        }
    }

    /// Returns a path as the user would type it here.
    pub fn shown(&self, file: &Path) -> PathBuf {
        file.strip_prefix(&self.options.current_dir).unwrap_or(file).to_owned()
    }
}

/// Returns the environment variable of a setting: `DATELINE_HTTP__TIMEOUT` for `http.timeout`.
fn variable(key: &str) -> String {
    format!("DATELINE_{}", key.replace('.', "__").to_uppercase())
}

/// Returns the directory that the paths in a file are relative to.
pub(super) fn parent(file: &Path) -> &Path {
    file.parent().unwrap_or(Path::new(""))
}
