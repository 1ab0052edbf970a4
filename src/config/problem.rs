//! What is wrong with a configuration, and where.

use std::{
    fmt,
    path::{Path, PathBuf},
};

/// A line of a configuration file.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The file as it is shown to the user: relative to the working directory where it lies below it.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)
    }
}

/// One thing that is wrong with a configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file it stands in; `None` for an environment variable or an option.
    pub file: Option<PathBuf>,
    /// The line in that file, from 1.
    pub line: Option<usize>,
    /// What is wrong, with its subject.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Problem {
    /// Returns a problem without a place.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), ..Self::default() }
    }

    /// Returns the problem placed in a file.
    #[must_use]
    pub fn in_file(mut self, file: &Path) -> Self {
        self.file = Some(file.to_owned());
        self
    }

    /// Returns the problem placed on a line.
    #[must_use]
    pub fn at(mut self, position: &Position) -> Self {
        self.file = Some(position.file.clone());
        self.line = Some(position.line);
        self
    }

    /// Returns the problem with advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.file, self.line) {
            (Some(file), Some(line)) => write!(f, "{}:{line}: {}", file.display(), self.message)?,
            (Some(file), None) => write!(f, "{}: {}", file.display(), self.message)?,
            (None, _) => write!(f, "{}", self.message)?,
        }
        match &self.hint {
            Some(hint) => write!(f, "\n  hint: {hint}"),
            None => Ok(()),
        }
    }
}

/// Everything that is wrong with a configuration: never empty, in the order of files and lines.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct Problems(pub Vec<Problem>);

/// Returns the name in `known` that was probably meant by `given`, if one is near enough to be worth a suggestion.
pub(super) fn nearest<'k>(given: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    // The right last part in the wrong section (`timeout` for `http.timeout`) is a likelier slip than any typing error.
    let last = |name: &str| name.rsplit('.').next().unwrap_or_default().replace('-', "_").to_lowercase();
    let score = |name: &str| {
        let typed = strsim::jaro_winkler(&given.to_lowercase(), name);
        if last(given) == last(name) { 2.0 + typed } else { typed }
    };
    let best = known.into_iter().map(|name| (score(name), name)).max_by(|a, b| a.0.total_cmp(&b.0))?;
    // 0.8 keeps `timout` and `max_bdy`, and drops what only shares its first letters.
    (best.0 >= 0.8).then_some(best.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_reads_as_place_message_and_hint() {
        let problem =
            Problem::new("unknown key `a`").at(&Position { file: "x.toml".into(), line: 3 }).hint("remove it");
        assert_eq!(problem.to_string(), "x.toml:3: unknown key `a`\n  hint: remove it");
        assert_eq!(Problem::new("no file").to_string(), "no file");
    }

    #[test]
    fn nearest_finds_the_slip_and_nothing_far_fetched() {
        let known = ["http.timeout", "http.max_body", "poll.min_interval", "data_dir"];
        for (given, expected) in [
            ("http.timeot", Some("http.timeout")),
            ("timeout", Some("http.timeout")),
            ("poll.max_body", Some("http.max_body")),
            ("datadir", Some("data_dir")),
            ("http.max-body", Some("http.max_body")),
            ("colour", None),
        ] {
            assert_eq!(nearest(given, known), expected, "{given}");
        }
    }
}
