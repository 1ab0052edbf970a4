//! A query written back as text that reads to the same tree.

use std::fmt;

use chrono::SecondsFormat;

use super::{Query, parse::is_quote};
use crate::model::{TextField, Time};

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("*"),
            Self::Word { field, word } => {
                write_part(f, *field)?;
                write_value(f, word)
            }
            Self::Phrase { field, words, slop } => {
                write_part(f, *field)?;
                write_quoted(f, words)?;
                if *slop > 0 { write!(f, "~{slop}") } else { Ok(()) }
            }
            Self::Prefix { field, prefix } => {
                write_part(f, *field)?;
                write!(f, "{prefix}*")
            }
            Self::Fuzzy { field, word, distance } => {
                write_part(f, *field)?;
                write!(f, "{word}~{distance}")
            }
            Self::Is { field, value } => {
                write!(f, "{}:", field.name())?;
                write_value(f, value)
            }
            Self::Published { from, to } => write!(f, "published:[{} TO {}]", End(*from), End(*to)),
            Self::And(all) if all.is_empty() => f.write_str("*"),
            Self::Or(any) if any.is_empty() => f.write_str("NOT *"),
            Self::And(all) => write_list(f, all, " "),
            Self::Or(any) => write_list(f, any, " OR "),
            Self::Not(inner) => {
                f.write_str("NOT ")?;
                write_operand(f, inner)
            }
        }
    }
}

fn write_part(f: &mut fmt::Formatter<'_>, field: Option<TextField>) -> fmt::Result {
    match field {
        None => Ok(()),
        Some(TextField::Title) => f.write_str("title:"),
        Some(TextField::Body) => f.write_str("body:"),
    }
}

fn write_value(f: &mut fmt::Formatter<'_>, value: &str) -> fmt::Result {
    let plain = |c: char| !c.is_whitespace() && !is_quote(c) && !matches!(c, '(' | ')');
    if !value.is_empty() && value.chars().all(plain) { f.write_str(value) } else { write_quoted(f, value) }
}

fn write_quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str("\"")?;
    for c in text.chars() {
        if is_quote(c) || c == '\\' {
            f.write_str("\\")?;
        }
        write!(f, "{c}")?;
    }
    f.write_str("\"")
}

fn write_list(f: &mut fmt::Formatter<'_>, list: &[Query], between: &str) -> fmt::Result {
    for (index, query) in list.iter().enumerate() {
        if index > 0 {
            f.write_str(between)?;
        }
        write_operand(f, query)?;
    }
    Ok(())
}

fn write_operand(f: &mut fmt::Formatter<'_>, query: &Query) -> fmt::Result {
    if matches!(query, Query::And(_) | Query::Or(_)) { write!(f, "({query})") } else { write!(f, "{query}") }
}

/// One end of a range.
struct End(Option<Time>);

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("*"),
            Some(time) => f.write_str(&time.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
        }
    }
}
