//! Rules written in the language of search, asked of a text before it is in any index.
//!
//! Words, phrases and beginnings become leaves of the automaton like the phrases of other rules; what is left is
//! true or false. A text knows its title, body and language only, so other fields are refused, and so is a query that
//! would hold for a text with none of its words.

use super::phrase::{self, MAX_WORDS, Word};
use crate::model::{TextField, Time};
use crate::query::{self, Field, Query};

/// A query over the words of a text.
#[derive(Debug, Clone)]
pub(super) struct Condition {
    tree: Tree,
    /// What to look for; the tree refers to them by number.
    pub(super) leaves: Vec<Vec<Word>>,
}

#[derive(Debug, Clone)]
enum Tree {
    /// A leaf stands in the text: in the title, in the body, or in either.
    Leaf {
        number: u32,
        title: Option<bool>,
    },
    Lang(String),
    And(Vec<Tree>),
    Or(Vec<Tree>),
    Not(Box<Tree>),
}

impl Condition {
    /// Reads a query.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        // The time is for ages in `published:`, which is refused below.
        let query = query::parse(text, Time::UNIX_EPOCH).map_err(|error| error.to_string())?;
        let mut leaves = Vec::new();
        let tree = tree(query, &mut leaves)?;
        let condition = Self { tree, leaves };
        if condition.holds(None, &|_, _| false) || !condition.needs_words() {
            return Err("holds for texts with none of its words".to_owned());
        }
        Ok(condition)
    }

    /// Tells whether it holds for a text of a language in which the leaves stand that `asked` knows.
    pub(super) fn holds(&self, lang: Option<&str>, asked: &impl Fn(u32, Option<bool>) -> bool) -> bool {
        holds(&self.tree, lang, asked)
    }

    /// Tells whether some word has to stand in the text, whatever its language.
    fn needs_words(&self) -> bool {
        fn needs(tree: &Tree) -> bool {
            match tree {
                Tree::Leaf { .. } => true,
                Tree::Lang(_) | Tree::Not(_) => false,
                Tree::And(all) => all.iter().any(needs),
                Tree::Or(any) => any.iter().all(needs),
            }
        }
        needs(&self.tree)
    }
}

fn tree(query: Query, leaves: &mut Vec<Vec<Word>>) -> Result<Tree, String> {
    let all = |parts: Vec<Query>, leaves: &mut Vec<Vec<Word>>| {
        parts.into_iter().map(|part| tree(part, leaves)).collect::<Result<Vec<_>, _>>()
    };
    Ok(match query {
        Query::Word { field, word } => leaf(field, phrase::read(&word), leaves)?,
        Query::Phrase { field, words, slop: 0 } => leaf(field, phrase::read(&words), leaves)?,
        Query::Prefix { field, prefix } => leaf(field, phrase::read(&format!("{prefix}*")), leaves)?,
        Query::Is { field: Field::Lang, value } => Tree::Lang(value.to_lowercase()),
        Query::And(parts) => Tree::And(all(parts, leaves)?),
        Query::Or(parts) => Tree::Or(all(parts, leaves)?),
        Query::Not(part) => Tree::Not(Box::new(tree(*part, leaves)?)),
        Query::Phrase { words, .. } => return Err(format!("\"{words}\"~ cannot be asked of one text (use near)")),
        Query::Fuzzy { word, .. } => return Err(format!("{word}~ cannot be asked of one text")),
        Query::Is { field, .. } => return Err(format!("{}: cannot be asked of a text alone", field.name())),
        Query::Published { .. } => return Err("published: cannot be asked of a text alone".to_owned()),
        Query::All => return Err("holds for every text".to_owned()),
    })
}

fn leaf(field: Option<TextField>, words: Vec<Word>, leaves: &mut Vec<Vec<Word>>) -> Result<Tree, String> {
    if words.is_empty() || words.len() > MAX_WORDS {
        return Err(format!("a phrase has 1 to {MAX_WORDS} words"));
    }
    let title = field.map(|field| field == TextField::Title);
    leaves.push(words);
    Ok(Tree::Leaf { number: leaves.len() as u32 - 1, title })
}

/// As deep as the query, whose depth its parser limits.
fn holds(tree: &Tree, lang: Option<&str>, asked: &impl Fn(u32, Option<bool>) -> bool) -> bool {
    match tree {
        Tree::Leaf { number, title } => asked(*number, *title),
        Tree::Lang(wanted) => lang.is_some_and(|lang| lang.eq_ignore_ascii_case(wanted)),
        Tree::And(all) => all.iter().all(|part| holds(part, lang, asked)),
        Tree::Or(any) => any.iter().any(|part| holds(part, lang, asked)),
        Tree::Not(part) => !holds(part, lang, asked),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn query_that_a_text_cannot_answer_is_refused() {
        for query in ["source:x peace", "peace~1", "\"a b\"~3", "NOT peace", "peace OR NOT war", "lang:en", "(", "*"] {
            assert!(Condition::read(query).is_err(), "{query}");
        }
    }

    #[test]
    fn words_phrases_beginnings_and_language_are_leaves() {
        let condition =
            Condition::read("lang:en \"peace talks\" (sanction* OR title:truce) -football").expect("a query");
        assert_eq!(condition.leaves.len(), 4);
        assert!(condition.holds(Some("en"), &|leaf, _| leaf < 2));
        assert!(!condition.holds(Some("en"), &|_, _| true));
        assert!(!condition.holds(Some("de"), &|leaf, _| leaf < 2));
    }
}
