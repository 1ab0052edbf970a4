//! Where the value of a setting came from.

use std::fmt;

use super::{Position, Problem};

/// The value of a setting and where it came from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// As the user would write it, without secrets.
    pub value: String,
    /// Where it came from.
    pub place: Place,
}

/// Where a value can come from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Place {
    /// Nobody set it.
    #[default]
    Default,
    /// A line of the configuration file.
    File(Position),
    /// The environment variable of that name.
    Environment(String),
    /// An option of the command line.
    Option,
}

impl Place {
    /// Returns the problem of a value, placed where the value came from.
    pub(super) fn locate(&self, problem: Problem) -> Problem {
        match self {
            Self::File(position) => problem.at(position),
            Self::Environment(name) => Problem { message: format!("{name}: {}", problem.message), ..problem },
            Self::Option | Self::Default => problem,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(position) => position.fmt(f),
            Self::Environment(name) => f.write_str(name),
            Self::Option => f.write_str("option"),
        }
    }
}
