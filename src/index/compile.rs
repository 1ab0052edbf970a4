//! A query tree made into a query of the engine.
//!
//! Words rank, in the terms that [`super::words`] makes of them; fields and dates decide, they do not rank.

use std::ops::Bound;

use tantivy::{
    Term,
    query::{
        AllQuery, BooleanQuery, ConstScoreQuery, EmptyQuery, FuzzyTermQuery, Occur, PhraseQuery, Query as EngineQuery,
        RangeQuery, TermQuery,
    },
    schema::{Field as EngineField, IndexRecordOption},
};

use super::{
    Error,
    all_words::{AllWords, AnyTerm},
    analysis::{lang_key, name_key, outlet_key, without_scheme},
    schema::Part,
    search::View,
    words::{Words, any_form, any_of, boosted},
};
use crate::{
    model::{ArticleId, TextField},
    query::{Field, Query},
    text::tokenize,
};

/// How a word is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// In its stem.
    Stem,
    /// As written.
    Written,
    /// In its stem, at the beginning of the body.
    Lead,
}

/// Compiles the queries of one search.
pub(super) struct Compiler<'a> {
    view: &'a View,
    words: Words<'a>,
    ranked: bool,
}

impl<'a> Compiler<'a> {
    /// Returns a compiler for a query; without `ranked` the hits are found but their scores mean nothing.
    pub fn new(view: &'a View, query: &Query, ranked: bool) -> Self {
        Self { view, words: Words::new(view, &languages(query), ranked), ranked }
    }

    /// Returns the engine's form of a query.
    ///
    /// # Errors
    /// When a value is asked for as an id and is none, or the index cannot be read.
    pub fn compile(&self, query: &Query) -> Result<Box<dyn EngineQuery>, Error> {
        let parts = if let Query::And(all) = query { all.as_slice() } else { std::slice::from_ref(query) };
        let (mut words, mut filters) = (Vec::new(), Vec::new());
        for part in parts {
            match self.any_word(part)? {
                Some(terms) if terms.are_few() => words.push(terms),
                None if !part.has_words() => filters.push(part),
                _ => return self.part(query),
            }
        }
        match (words.len(), filters.as_slice()) {
            (0, _) => self.part(query),
            // To count, the engine reads one list after the other.
            (1, []) if !self.ranked => Ok(words.remove(0).alone()),
            (_, []) => Ok(Box::new(AllWords { words, filter: None })),
            _ => Ok(Box::new(AllWords { words, filter: Some(self.all_of(&filters)?.into()) })),
        }
    }

    /// Returns the terms of a query that asks for a word, or any of some words.
    fn any_word(&self, query: &Query) -> Result<Option<AnyTerm>, Error> {
        match query {
            Query::Word { field, word } => self.words.single(*field, word),
            Query::Or(any) => {
                let mut all = AnyTerm::default();
                for query in any {
                    let Some(terms) = self.any_word(query)? else { return Ok(None) };
                    all.finding.extend(terms.finding);
                    all.ranking.extend(terms.ranking);
                }
                Ok(Some(all))
            }
            _ => Ok(None),
        }
    }

    /// Returns the engine's form of a part of a query.
    fn part(&self, query: &Query) -> Result<Box<dyn EngineQuery>, Error> {
        Ok(match query {
            Query::All => Box::new(AllQuery),
            Query::Word { field, word } => self.words.query(*field, word, 0)?,
            Query::Phrase { field, words, slop } => self.words.query(*field, words, *slop)?,
            Query::Prefix { field, prefix } => self.last_word(*field, prefix, &beginning)?,
            Query::Fuzzy { field, word, distance } => self.last_word(*field, word, &near(*distance))?,
            Query::Is { field, value } => unranked(self.value(*field, value)?),
            Query::Published { from, to } => {
                let bound = |time: &Option<crate::model::Time>| match time {
                    Some(time) => Bound::Included(Term::from_field_i64(self.view.fields.published, time.timestamp())),
                    None => Bound::Unbounded,
                };
                match (bound(from), bound(to)) {
                    (Bound::Unbounded, Bound::Unbounded) => Box::new(AllQuery),
                    (from, to) => unranked(Box::new(RangeQuery::new(from, to))),
                }
            }
            Query::And(all) => self.all_of(&all.iter().collect::<Vec<_>>())?,
            Query::Or(any) => match self.any_word(query)? {
                Some(terms) => any_form(terms),
                None => any_of(any.iter().map(|query| self.part(query)).collect::<Result<_, _>>()?),
            },
            Query::Not(_) => self.all_of(&[query])?,
        })
    }

    fn all_of(&self, all: &[&Query]) -> Result<Box<dyn EngineQuery>, Error> {
        let mut clauses = Vec::with_capacity(all.len() + 1);
        for query in all {
            clauses.push(match query {
                Query::Not(inner) => (Occur::MustNot, self.part(inner)?),
                query => (Occur::Must, self.part(query)?),
            });
        }
        if clauses.iter().all(|(occur, _)| *occur == Occur::MustNot) {
            clauses.push((Occur::Must, Box::new(AllQuery)));
        }
        Ok(if clauses.len() == 1 { clauses.remove(0).1 } else { Box::new(BooleanQuery::new(clauses)) })
    }

    /// Returns what one word or phrase of a query asks for in one part of the text, in one form.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn clause(&self, leaf: &Query, field: TextField, form: Form) -> Result<Box<dyn EngineQuery>, Error> {
        let nothing = || Ok::<Box<dyn EngineQuery>, Error>(Box::new(EmptyQuery));
        let (Query::Word { field: asked, .. }
        | Query::Phrase { field: asked, .. }
        | Query::Prefix { field: asked, .. }
        | Query::Fuzzy { field: asked, .. }) = leaf
        else {
            return nothing();
        };
        if asked.is_some_and(|asked| asked != field) {
            return nothing();
        }
        match (leaf, form) {
            (Query::Word { word, .. }, Form::Stem) => self.words.in_stems(field, word, 0),
            (Query::Phrase { words, slop, .. }, Form::Stem) => self.words.in_stems(field, words, *slop),
            (Query::Word { word: text, .. } | Query::Phrase { words: text, .. }, Form::Written) => {
                self.words.as_written(field, text)
            }
            (Query::Word { word: text, .. } | Query::Phrase { words: text, .. }, Form::Lead)
                if field == TextField::Body =>
            {
                self.words.in_lead(text)
            }
            (Query::Prefix { prefix, .. }, Form::Written) => self.last_word(Some(field), prefix, &beginning),
            (Query::Fuzzy { word, distance, .. }, Form::Written) => self.last_word(Some(field), word, &near(*distance)),
            _ => nothing(),
        }
    }

    /// A text whose last word is looked for as `find` says, what stands before it as a phrase.
    fn last_word(
        &self,
        field: Option<TextField>,
        text: &str,
        find: &dyn Fn(Part, &str) -> Box<dyn EngineQuery>,
    ) -> Result<Box<dyn EngineQuery>, Error> {
        let tokens = tokenize(text);
        let Some((last, word)) = tokens.iter().last() else { return Ok(Box::new(EmptyQuery)) };
        let found = any_of(self.words.parts(field).map(|(part, weight)| boosted(find(part, word), weight)).collect());
        if tokens.len() == 1 {
            return Ok(found);
        }
        let before = self.words.query(field, &text[..last.start as usize], 0)?;
        Ok(Box::new(BooleanQuery::intersection(vec![before, found])))
    }

    fn value(&self, field: Field, value: &str) -> Result<Box<dyn EngineQuery>, Error> {
        let fields = &self.view.fields;
        let text = |field, value: String| term(Term::from_field_text(field, &value));
        Ok(match field {
            Field::Source => text(fields.source, name_key(value)),
            Field::Outlet => text(fields.outlet, outlet_key(value)),
            Field::Topic => text(fields.topic, name_key(value)),
            Field::Lang => text(fields.lang, lang_key(value)),
            Field::Tag => text(fields.tag, name_key(value)),
            Field::Entity => text(fields.entity, name_key(value)),
            Field::Author => in_order(fields.author, value),
            Field::Url => in_order(fields.url, without_scheme(value)),
            Field::Story => term(Term::from_field_u64(fields.story, value.parse::<ArticleId>()?.bits())),
            Field::Id => term(Term::from_field_u64(fields.id, value.parse::<ArticleId>()?.bits())),
        })
    }
}

/// Returns the languages that a query restricts its hits to; none where it leaves them open.
fn languages(query: &Query) -> Vec<String> {
    match query {
        Query::Is { field: Field::Lang, value } => vec![lang_key(value)],
        Query::And(all) => all.iter().map(languages).find(|asked| !asked.is_empty()).unwrap_or_default(),
        Query::Or(any) => {
            let each: Vec<Vec<String>> = any.iter().map(languages).collect();
            if each.iter().any(Vec::is_empty) { Vec::new() } else { each.concat() }
        }
        _ => Vec::new(),
    }
}

/// Words that begin so: a range of the dictionary.
fn beginning(part: Part, prefix: &str) -> Box<dyn EngineQuery> {
    let term = |text: &str| Term::from_field_text(part.words, text);
    let end = format!("{prefix}{}", char::MAX);
    Box::new(RangeQuery::new(Bound::Included(term(prefix)), Bound::Excluded(term(&end))))
}

/// Words that differ by so many letters.
fn near(distance: u8) -> impl Fn(Part, &str) -> Box<dyn EngineQuery> {
    move |part, word| Box::new(FuzzyTermQuery::new(Term::from_field_text(part.words, word), distance, true))
}

/// Words as they are, in their order.
fn in_order(field: EngineField, text: &str) -> Box<dyn EngineQuery> {
    let tokens = tokenize(text);
    let mut terms: Vec<Term> = tokens.iter().map(|(_, word)| Term::from_field_text(field, word)).collect();
    match terms.len() {
        0 => Box::new(EmptyQuery),
        1 => term(terms.remove(0)),
        _ => Box::new(PhraseQuery::new(terms)),
    }
}

fn term(term: Term) -> Box<dyn EngineQuery> {
    Box::new(TermQuery::new(term, IndexRecordOption::Basic))
}

fn unranked(query: Box<dyn EngineQuery>) -> Box<dyn EngineQuery> {
    Box::new(ConstScoreQuery::new(query, 0.0))
}
