//! What is wrong with a rule, and with which.

use std::fmt;

/// Something wrong with the rule of a topic or a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Problem {
    /// Whose rule it is.
    pub subject: Subject,
    /// The language of the phrases, where it is about phrases.
    pub language: Option<String>,
    /// The phrase or form, where it is about one.
    pub phrase: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// Whose rule has a problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// The topic of that id, as written.
    Topic(String),
    /// The name at that place of the list.
    Name(usize, String),
}

impl Problem {
    pub(super) fn new(subject: Subject, message: impl Into<String>) -> Self {
        Self { subject, language: None, phrase: None, message: message.into(), hint: None }
    }

    pub(super) fn phrase(mut self, phrase: &str) -> Self {
        self.phrase = Some(phrase.to_owned());
        self
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.subject {
            Subject::Topic(id) => write!(f, "topic \"{id}\"")?,
            Subject::Name(_, name) => write!(f, "name \"{name}\"")?,
        }
        if let Some(language) = &self.language {
            write!(f, ", {language}")?;
        }
        if let Some(phrase) = &self.phrase {
            write!(f, ", \"{phrase}\"")?;
        }
        write!(f, ": {}", self.message)
    }
}
