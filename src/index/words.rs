//! The terms in which the words of a query are looked for.
//!
//! A word is looked for in its stem in every language that the index holds (only in those asked for, where the query
//! names one). Where hits are ranked, the word as written counts beside its stem, and the title more than the lead, which
//! counts beside the body. Most stems that some language makes of a word are in no article; they cost nothing but a look
//! into the dictionaries, once for a view of the index.

use tantivy::{
    Score, Term,
    query::{BooleanQuery, BoostQuery, EmptyQuery, PhraseQuery, Query as EngineQuery},
    schema::Field,
};

use super::{
    Error,
    all_words::{AllWords, AnyTerm, Terms},
    schema::Part,
    search::View,
};
use crate::{
    model::TextField,
    text::{Stemmer, tokenize},
};

/// A word in the headline says more of an article than one in its text.
const TITLE: Score = 3.0;
/// What a report begins with is what it is about; its later paragraphs name much else.
const LEAD: Score = 0.5;
/// What the word as written adds to its stem.
const EXACT: Score = 0.5;

/// Makes terms of words.
pub(super) struct Words<'a> {
    view: &'a View,
    stemmers: Vec<Stemmer>,
    ranked: bool,
}

impl<'a> Words<'a> {
    /// Returns what makes terms of words in these languages, all of the index where there is none.
    pub fn new(view: &'a View, asked: &[String], ranked: bool) -> Self {
        let languages = view.languages.iter().filter(|lang| asked.is_empty() || asked.contains(*lang));
        Self { view, stemmers: languages.map(|lang| Stemmer::new(lang)).collect(), ranked }
    }

    /// Returns a query for one word or for words in their order, as a part of a larger one.
    pub fn query(&self, field: Option<TextField>, text: &str, slop: u32) -> Result<Box<dyn EngineQuery>, Error> {
        match self.single(field, text)? {
            Some(terms) => Ok(any_form(terms)),
            None => self.phrase(field, text, slop),
        }
    }

    /// Returns the terms of a text that is a single word.
    pub fn single(&self, field: Option<TextField>, text: &str) -> Result<Option<AnyTerm>, Error> {
        let Some(word) = single(text) else { return Ok(None) };
        let (mut finding, mut ranking) = (Vec::new(), Vec::new());
        let stems = self.stems(&[&word]);
        for (part, weight) in self.parts(field) {
            finding.extend(self.weighted(part.stems, weight, &word, &stems)?);
            if self.ranked {
                ranking.extend(self.written((part, weight), &word)?);
            }
        }
        if self.ranked && field != Some(TextField::Title) {
            ranking.extend(self.weighted(self.view.fields.lead, LEAD, &word, &stems)?);
        }
        Ok(Some(AnyTerm { finding, ranking }))
    }

    /// Returns a query for words in their order, in the stems of each language.
    fn phrase(&self, field: Option<TextField>, text: &str, slop: u32) -> Result<Box<dyn EngineQuery>, Error> {
        let tokens = tokenize(text);
        let words: Vec<&str> = tokens.iter().map(|(_, word)| word).collect();
        let mut any: Vec<Box<dyn EngineQuery>> = Vec::new();
        for (part, weight) in self.parts(field) {
            for stems in self.stems(&words) {
                let terms: Vec<Term> = stems.iter().map(|stem| Term::from_field_text(part.stems, stem)).collect();
                if terms.is_empty() || !self.are_known(&terms)? {
                    continue;
                }
                let mut phrase = PhraseQuery::new(terms);
                phrase.set_slop(slop);
                any.push(boosted(Box::new(phrase), weight));
            }
        }
        Ok(any_of(any))
    }

    /// Returns what finds the stems of a text in one part.
    pub fn in_stems(&self, field: TextField, text: &str, slop: u32) -> Result<Box<dyn EngineQuery>, Error> {
        let Some(word) = single(text) else { return self.phrase(Some(field), text, slop) };
        let mut terms = Vec::new();
        for (part, weight) in self.parts(Some(field)) {
            terms.extend(self.weighted(part.stems, weight, &word, &self.stems(&[&word]))?);
        }
        Ok(AnyTerm { finding: terms, ..AnyTerm::default() }.alone())
    }

    /// Returns what finds the stems of a single word at the beginning of the body.
    pub fn in_lead(&self, text: &str) -> Result<Box<dyn EngineQuery>, Error> {
        let Some(word) = single(text) else { return Ok(Box::new(EmptyQuery)) };
        let finding = self.weighted(self.view.fields.lead, LEAD, &word, &self.stems(&[&word]))?;
        Ok(AnyTerm { finding, ..AnyTerm::default() }.alone())
    }

    /// Returns what finds a single word as written in one part.
    pub fn as_written(&self, field: TextField, text: &str) -> Result<Box<dyn EngineQuery>, Error> {
        let Some(word) = single(text) else { return Ok(Box::new(EmptyQuery)) };
        let mut terms = Vec::new();
        for part in self.parts(Some(field)) {
            terms.extend(self.written(part, &word)?);
        }
        Ok(AnyTerm { finding: terms, ..AnyTerm::default() }.alone())
    }

    /// Returns the parts of a text that are looked at, with their weights.
    pub fn parts(&self, field: Option<TextField>) -> impl Iterator<Item = (Part, Score)> {
        let fields = &self.view.fields;
        [(TextField::Title, fields.title, TITLE), (TextField::Body, fields.body, 1.0)]
            .into_iter()
            .filter(move |(part, ..)| field.is_none_or(|field| field == *part))
            .map(|(_, part, weight)| (part, weight))
    }

    /// Returns words stemmed in every language, each outcome once; as they are for articles whose language is not known.
    fn stems(&self, words: &[&str]) -> Vec<Vec<String>> {
        let stemmed = |stemmer: &Stemmer| words.iter().map(|word| stemmer.stem(word).into_owned()).collect();
        let mut stems: Vec<Vec<String>> = self.stemmers.iter().map(stemmed).collect();
        stems.push(words.iter().map(|&word| word.to_owned()).collect());
        stems.sort_unstable();
        stems.dedup();
        stems
    }

    /// Returns the stems of one word that articles have in a field.
    fn weighted(&self, field: Field, weight: Score, word: &str, stems: &[Vec<String>]) -> Result<Terms, Error> {
        let mut terms = Vec::new();
        for stem in stems.iter().flatten() {
            let term = Term::from_field_text(field, stem);
            if self.are_known(std::slice::from_ref(&term))? {
                terms.push((term, weight * closeness(word, stem)));
            }
        }
        Ok(terms)
    }

    fn written(&self, (part, weight): (Part, Score), word: &str) -> Result<Option<(Term, Score)>, Error> {
        let term = Term::from_field_text(part.words, word);
        Ok(self.are_known(std::slice::from_ref(&term))?.then_some((term, weight * EXACT)))
    }

    /// Tells whether each of some terms is in an article.
    fn are_known(&self, terms: &[Term]) -> Result<bool, Error> {
        for term in terms {
            if self.view.frequencies.of(&self.view.searcher, term).map_err(Error::engine("read"))? == 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }
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
fn closeness(word: &str, stem: &str) -> Score {
    (stem.chars().count() as Score / word.chars().count().max(1) as Score).min(1.0)
}

/// Returns a query for the forms of a word as a part of another query.
pub(super) fn any_form(terms: AnyTerm) -> Box<dyn EngineQuery> {
    if terms.are_few() { Box::new(AllWords { words: vec![terms], filter: None }) } else { terms.alone() }
}

/// Returns a query for any of some others.
pub(super) fn any_of(mut any: Vec<Box<dyn EngineQuery>>) -> Box<dyn EngineQuery> {
    match any.len() {
        0 => Box::new(EmptyQuery),
        1 => any.remove(0),
        _ => Box::new(BooleanQuery::union(any)),
    }
}

/// Returns a query whose scores weigh so much.
pub(super) fn boosted(query: Box<dyn EngineQuery>, weight: Score) -> Box<dyn EngineQuery> {
    if weight == 1.0 { query } else { Box::new(BoostQuery::new(query, weight)) }
}
