//! A TOML file with its lines, and a table of it whose fields are asked for one by one.

use std::{
    borrow::Cow,
    ops::Range,
    path::{Path, PathBuf},
    time::Duration,
};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    problem::{Position, Problem, nearest},
    value::{Given, Value, described},
};

/// A configuration file being read: what it is called, where its lines begin, what is wrong with it.
pub(super) struct Document {
    /// As shown to the user.
    pub shown: PathBuf,
    /// What its relative paths are relative to.
    pub base: PathBuf,
    starts: Vec<usize>,
    broken_lines: Vec<usize>,
    pub problems: Vec<Problem>,
}

impl Document {
    /// Parses a file. What a syntax error leaves readable is read, so that all problems are found at once.
    pub fn parse<'t>(text: &'t str, shown: &Path, base: &Path) -> (Self, DeTable<'t>) {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let mut document = Self {
            shown: shown.to_owned(),
            base: base.to_owned(),
            starts,
            broken_lines: Vec::new(),
            problems: Vec::new(),
        };
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            let position = document.position(&error.span().unwrap_or_default());
            document.problems.push(Problem::new(error.message().trim()).at(&position));
        }
        document.problems.sort_by_key(|problem| problem.line);
        document.problems.dedup_by_key(|problem| problem.line);
        document.broken_lines = broken_lines(text, &document.problems);
        (document, table.into_inner())
    }

    pub fn position(&self, span: &Range<usize>) -> Position {
        Position { file: self.shown.clone(), line: self.starts.partition_point(|start| *start <= span.start) }
    }

    pub fn report(&mut self, span: &Range<usize>, problem: Problem) {
        let position = self.position(span);
        // Where the syntax is broken, whatever else is found is a consequence.
        if self.broken_lines.binary_search(&position.line).is_err() {
            self.problems.push(problem.at(&position));
        }
    }
}

/// Returns the lines of the syntax errors, and with a broken table header the lines below it, which lost their table.
fn broken_lines(text: &str, problems: &[Problem]) -> Vec<usize> {
    let mut broken = Vec::new();
    let mut errors = problems.iter().filter_map(|problem| problem.line).peekable();
    let mut in_broken_table = false;
    for (line, content) in (1..).zip(text.lines()) {
        let is_error = errors.next_if_eq(&line).is_some();
        if content.trim_start().starts_with('[') {
            in_broken_table = is_error;
        }
        if is_error || in_broken_table {
            broken.push(line);
        }
    }
    broken.extend(errors);
    broken
}

/// A table whose fields are asked for by name; what nobody asked for is unknown.
pub(super) struct Fields<'d, 't> {
    pub document: &'d mut Document,
    /// What the table describes, for messages: `source "x"`.
    subject: String,
    span: Range<usize>,
    rows: Vec<(Spanned<Cow<'t, str>>, Spanned<DeValue<'t>>)>,
    asked: Vec<&'static str>,
}

impl<'d, 't> Fields<'d, 't> {
    /// Takes a table apart; anything else is a problem.
    pub fn of(document: &'d mut Document, subject: &str, item: Spanned<DeValue<'t>>) -> Option<Self> {
        let span = item.span();
        match item.into_inner() {
            DeValue::Table(table) => {
                let rows = table.into_iter().collect();
                Some(Self { document, subject: subject.to_owned(), span, rows, asked: Vec::new() })
            }
            other => {
                document.report(&span, Problem::new(format!("{subject} needs a table, not {}", described(&other))));
                None
            }
        }
    }

    pub fn position(&self) -> Position {
        self.document.position(&self.span)
    }

    /// Puts a name into the messages that follow.
    pub fn name_subject(&mut self, name: &str) {
        self.subject = format!("{} \"{name}\"", self.subject);
    }

    pub fn report(&mut self, message: &str, hint: Option<&str>) {
        let mut problem = Problem::new(format!("{} {message}", self.subject));
        problem.hint = hint.map(str::to_owned);
        self.document.report(&self.span.clone(), problem);
    }

    /// Tells whether there is such a field that was not taken yet.
    pub fn has(&self, name: &str) -> bool {
        self.rows.iter().any(|(key, _)| key.get_ref() == name)
    }

    /// Takes a field as it stands.
    pub fn take(&mut self, name: &'static str) -> Option<Spanned<DeValue<'t>>> {
        self.asked.push(name);
        let at = self.rows.iter().position(|(key, _)| key.get_ref() == name)?;
        Some(self.rows.remove(at).1)
    }

    pub fn text(&mut self, name: &'static str) -> Option<String> {
        self.read(name, |given| given.text()).filter(|text| !text.is_empty())
    }

    pub fn list(&mut self, name: &'static str) -> Vec<String> {
        self.read(name, |given| given.list()).unwrap_or_default()
    }

    pub fn duration(&mut self, name: &'static str) -> Option<Duration> {
        self.read(name, |given| given.duration())
    }

    /// Reads a field by one of the readings of [`Given`], reporting what does not fit.
    pub fn read<T>(&mut self, name: &'static str, reading: impl Fn(&Given<'_>) -> Result<T, String>) -> Option<T> {
        let item = self.take(name)?;
        let given = Given { value: Value::Toml(item.get_ref()), base: &self.document.base };
        match reading(&given) {
            Ok(value) => Some(value),
            Err(message) => {
                let problem = Problem::new(format!("`{name}` of {}: {message}", self.subject));
                self.document.report(&item.span(), problem);
                None
            }
        }
    }

    /// Takes the fields nobody asked for that `wanted` wants.
    pub fn take_where(&mut self, wanted: impl Fn(&str, &DeValue<'_>) -> bool) -> Vec<(String, Spanned<DeValue<'t>>)> {
        let (taken, rest) =
            std::mem::take(&mut self.rows).into_iter().partition(|(key, value)| wanted(key.get_ref(), value.get_ref()));
        self.rows = rest;
        taken.into_iter().map(|(key, value)| (key.into_inner().into_owned(), value)).collect()
    }

    /// Reports what nobody asked for.
    pub fn finish(self) {
        for (key, _) in &self.rows {
            let mut problem = Problem::new(format!("unknown key `{}` in {}", key.get_ref(), self.subject));
            problem.hint = Some(match nearest(key.get_ref(), self.asked.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known are {}", self.asked.join(", ")),
            });
            self.document.report(&key.span(), problem);
        }
    }
}

/// Returns the tables of an array of tables; anything else is a problem.
pub(super) fn tables<'t>(document: &mut Document, name: &str, item: Spanned<DeValue<'t>>) -> Vec<Spanned<DeValue<'t>>> {
    let span = item.span();
    match item.into_inner() {
        DeValue::Array(items) => items.into_iter().collect(),
        _ => {
            document.report(&span, Problem::new(format!("`{name}` is a list: write [[{name}]], once for each")));
            Vec::new()
        }
    }
}
