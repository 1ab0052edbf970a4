//! A query tree made into a query of the engine.
//!
//! A word is looked for in its stem in every language that the index holds (only in those asked for, where the query
//! names one). Where hits are ranked, the word as written counts beside its stem, and the title more than the lead, which
//! counts beside the body.
//! Fields and dates decide, they do not rank.

use std::ops::Bound;

use tantivy::{
    Term,
    query::{
        AllQuery, BooleanQuery, BoostQuery, ConstScoreQuery, EmptyQuery, FuzzyTermQuery, Occur, PhraseQuery,
        Query as EngineQuery, RangeQuery, TermQuery,
    },
    schema::{Field as EngineField, IndexRecordOption},
};

use super::{
    Error,
    analysis::{lang_key, name_key, outlet_key, without_scheme},
    schema::Part,
    search::View,
};
use crate::{
    model::{ArticleId, TextField},
    query::{Field, Query},
    text::{Stemmer, tokenize},
};

/// A word in the headline says more of an article than one in its text.
const TITLE: f32 = 3.0;
/// What a report begins with is what it is about; its later paragraphs name much else.
const LEAD: f32 = 0.5;
/// What the word as written adds to its stem.
const EXACT: f32 = 0.5;

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
    stemmers: Vec<Stemmer>,
    ranked: bool,
}

impl<'a> Compiler<'a> {
    /// Returns a compiler for a query; without `ranked` the hits are found but their scores mean nothing.
    pub fn new(view: &'a View, query: &Query, ranked: bool) -> Self {
        let asked = languages(query);
        let languages = view.languages.iter().filter(|lang| asked.is_empty() || asked.contains(*lang));
        Self { view, stemmers: languages.map(|lang| Stemmer::new(lang)).collect(), ranked }
    }

    /// Returns the engine's form of a query.
    ///
    /// # Errors
    /// When a value is asked for as an id and is none.
    pub fn compile(&self, query: &Query) -> Result<Box<dyn EngineQuery>, Error> {
        Ok(match query {
            Query::All => Box::new(AllQuery),
            Query::Word { field, word } => self.words(*field, word, 0),
            Query::Phrase { field, words, slop } => self.words(*field, words, *slop),
            Query::Prefix { field, prefix } => self.last_word(*field, prefix, &beginning),
            Query::Fuzzy { field, word, distance } => self.last_word(*field, word, &near(*distance)),
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
            Query::And(all) => self.all_of(all)?,
            Query::Or(any) => any_of(any.iter().map(|query| self.compile(query)).collect::<Result<_, _>>()?),
            Query::Not(_) => self.all_of(std::slice::from_ref(query))?,
        })
    }

    fn all_of(&self, all: &[Query]) -> Result<Box<dyn EngineQuery>, Error> {
        let mut clauses = Vec::with_capacity(all.len() + 1);
        for query in all {
            clauses.push(match query {
                Query::Not(inner) => (Occur::MustNot, self.compile(inner)?),
                query => (Occur::Must, self.compile(query)?),
            });
        }
        if clauses.iter().all(|(occur, _)| *occur == Occur::MustNot) {
            clauses.push((Occur::Must, Box::new(AllQuery)));
        }
        Ok(if clauses.len() == 1 { clauses.remove(0).1 } else { Box::new(BooleanQuery::new(clauses)) })
    }

    /// One word or words in their order: in their stems, and where hits are ranked a single word also as written.
    fn words(&self, field: Option<TextField>, text: &str, slop: u32) -> Box<dyn EngineQuery> {
        let mut any = Vec::new();
        for part in self.parts(field) {
            any.extend(self.stems(part, text, slop));
            any.extend(self.written(part, text).filter(|_| self.ranked));
        }
        if self.ranked && field != Some(TextField::Title) {
            any.extend(self.leads(text));
        }
        any_of(any)
    }

    /// The stems of a text in every language.
    fn stems(&self, (part, weight): (Part, f32), text: &str, slop: u32) -> Vec<Box<dyn EngineQuery>> {
        let tokens = tokenize(text);
        let words: Vec<&str> = tokens.iter().map(|(_, word)| word).collect();
        let mut any: Vec<Box<dyn EngineQuery>> = Vec::new();
        for variant in self.variants(&words) {
            let terms: Vec<Term> = variant.iter().map(|stem| Term::from_field_text(part.stems, stem)).collect();
            any.push(match (variant.as_slice(), terms.as_slice()) {
                ([stem], [term]) => ranked_term(term.clone(), weight * closeness(words[0], stem)),
                ([], _) => continue,
                _ => {
                    let mut phrase = PhraseQuery::new(terms);
                    phrase.set_slop(slop);
                    boosted(Box::new(phrase), weight)
                }
            });
        }
        any
    }

    /// The stems of a single word at the beginning of the body.
    fn leads(&self, text: &str) -> Vec<Box<dyn EngineQuery>> {
        let Some(word) = single(text) else { return Vec::new() };
        let term = |stem: &str| Term::from_field_text(self.view.fields.lead, stem);
        let variants = self.variants(&[&word]).into_iter().flatten();
        variants.map(|stem| ranked_term(term(&stem), LEAD * closeness(&word, &stem))).collect()
    }

    /// A single word as written.
    fn written(&self, (part, weight): (Part, f32), text: &str) -> Option<Box<dyn EngineQuery>> {
        let term = Term::from_field_text(part.words, &single(text)?);
        Some(ranked_term(term, weight * EXACT))
    }

    /// Returns what one word or phrase of a query asks for in one part of the text, in one form.
    pub fn clause(&self, leaf: &Query, field: TextField, form: Form) -> Option<Box<dyn EngineQuery>> {
        let (Query::Word { field: asked, .. }
        | Query::Phrase { field: asked, .. }
        | Query::Prefix { field: asked, .. }
        | Query::Fuzzy { field: asked, .. }) = leaf
        else {
            return None;
        };
        if asked.is_some_and(|asked| asked != field) {
            return None;
        }
        let part = self.parts(Some(field)).next()?;
        match (leaf, form) {
            (Query::Word { word, .. }, Form::Stem) => Some(any_of(self.stems(part, word, 0))),
            (Query::Word { word: text, .. } | Query::Phrase { words: text, .. }, Form::Lead)
                if field == TextField::Body =>
            {
                Some(any_of(self.leads(text)))
            }
            (Query::Word { word: text, .. } | Query::Phrase { words: text, .. }, Form::Written) => {
                self.written(part, text)
            }
            (Query::Phrase { words, slop, .. }, Form::Stem) => Some(any_of(self.stems(part, words, *slop))),
            (Query::Prefix { prefix, .. }, Form::Written) => Some(self.last_word(Some(field), prefix, &beginning)),
            (Query::Fuzzy { word, distance, .. }, Form::Written) => {
                Some(self.last_word(Some(field), word, &near(*distance)))
            }
            _ => None,
        }
    }

    /// Returns the words stemmed in every language, each outcome once; as they are for articles whose language is
    /// not known.
    fn variants(&self, words: &[&str]) -> Vec<Vec<String>> {
        let mut variants: Vec<Vec<String>> = self
            .stemmers
            .iter()
            .map(|stemmer| words.iter().map(|word| stemmer.stem(word).into_owned()).collect())
            .collect();
        variants.push(words.iter().map(|&word| word.to_owned()).collect());
        variants.sort_unstable();
        variants.dedup();
        variants
    }

    /// A text whose last word is looked for as `find` says, what stands before it as a phrase.
    fn last_word(
        &self,
        field: Option<TextField>,
        text: &str,
        find: &dyn Fn(Part, &str) -> Box<dyn EngineQuery>,
    ) -> Box<dyn EngineQuery> {
        let tokens = tokenize(text);
        let Some((last, word)) = tokens.iter().last() else { return Box::new(EmptyQuery) };
        let found = any_of(self.parts(field).map(|(part, weight)| boosted(find(part, word), weight)).collect());
        if tokens.len() == 1 {
            return found;
        }
        let before = self.words(field, &text[..last.start as usize], 0);
        Box::new(BooleanQuery::intersection(vec![before, found]))
    }

    fn parts(&self, field: Option<TextField>) -> impl Iterator<Item = (Part, f32)> {
        let fields = &self.view.fields;
        [(TextField::Title, fields.title, TITLE), (TextField::Body, fields.body, 1.0)]
            .into_iter()
            .filter(move |(part, ..)| field.is_none_or(|field| field == *part))
            .map(|(_, part, weight)| (part, weight))
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

fn ranked_term(term: Term, weight: f32) -> Box<dyn EngineQuery> {
    boosted(Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs)), weight)
}

/// Returns the word of a text that is one.
fn single(text: &str) -> Option<String> {
    let tokens = tokenize(text);
    let mut words = tokens.iter().map(|(_, word)| word);
    let (word, None) = (words.next()?, words.next()) else { return None };
    Some(word.to_owned())
}

/// Returns how much a stem says of the word: the share of its letters that is left. Languages cut the same word to
/// different stems, and the shortest of them stands for the most other words.
fn closeness(word: &str, stem: &str) -> f32 {
    (stem.chars().count() as f32 / word.chars().count().max(1) as f32).min(1.0)
}

fn any_of(mut any: Vec<Box<dyn EngineQuery>>) -> Box<dyn EngineQuery> {
    match any.len() {
        0 => Box::new(EmptyQuery),
        1 => any.remove(0),
        _ => Box::new(BooleanQuery::union(any)),
    }
}

fn boosted(query: Box<dyn EngineQuery>, weight: f32) -> Box<dyn EngineQuery> {
    if weight == 1.0 { query } else { Box::new(BoostQuery::new(query, weight)) }
}

fn unranked(query: Box<dyn EngineQuery>) -> Box<dyn EngineQuery> {
    Box::new(ConstScoreQuery::new(query, 0.0))
}
