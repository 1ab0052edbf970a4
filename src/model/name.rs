//! Names that stand in a text: people, organisations, places.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a name names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NameKind {
    /// A person.
    Person,
    /// An organisation: a party, a company, an authority, an army.
    Organisation,
    /// A place: a country, a town, a strait.
    Place,
}

impl NameKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Person, Self::Organisation, Self::Place];

    /// Returns the word for it in files and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Organisation => "organisation",
            Self::Place => "place",
        }
    }
}

/// A known name in a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entity {
    /// The name that stands for all its forms.
    pub name: String,
    /// What it names.
    pub kind: NameKind,
    /// How often it stands in title and text, in whatever form.
    pub count: u32,
}

impl fmt::Display for Entity {
    /// The name and its count, which no line break parts.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\u{a0}{}", self.name, self.count)
    }
}
