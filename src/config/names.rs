//! Names as plain data: the people, organisations and places to find in texts. How they are found is `topic/`'s business.

pub use crate::model::NameKind;

/// `[[name]]`: somebody or something with a name of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameRule {
    /// The name that stands for all its forms in JSON, in the index and on screen.
    pub name: String,
    /// What it names.
    pub kind: NameKind,
    /// Other full forms, in any script; each means the name wherever it stands.
    pub aliases: Vec<String>,
    /// Forms that mean the name only in a text in which the name or an alias stands, too: a last name.
    pub short: Vec<String>,
}

impl NameRule {
    /// Returns every full form: the name itself and its aliases.
    pub fn full(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.name.as_str()).chain(self.aliases.iter().map(String::as_str))
    }
}
