//! Why a hit has its score: what each word adds in each part of the text, and what lifts the sum.

use serde::Serialize;
use tantivy::{DocAddress, TERMINATED, query::EnableScoring};

use super::{
    Error, Options, Searcher, Sort,
    collect::REPRESENTATIVE,
    compile::{Compiler, Form},
    schema::{GROUP, PUBLISHED},
    search::{View, guarded},
};
use crate::{
    model::{ArticleId, TextField},
    query::{Field, Query},
};

/// Why an article has its score: the sum of the parts times the two factors.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The score.
    pub score: f32,
    /// What the words add.
    pub parts: Vec<Part>,
    /// The factor for being new, 1 to 1.2.
    pub freshness: f64,
    /// The factor for being the representative of its group: 1 or 1.1.
    pub representative: f64,
}

/// Where a word stands in an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Section {
    /// In the headline.
    Title,
    /// At the beginning of the text, for which it counts once more.
    Lead,
    /// In the text.
    Body,
}

/// What one word or phrase adds to a score.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// As it stands in the query.
    pub words: String,
    /// Where it was found.
    pub field: Section,
    /// Whether as written, beside its stem.
    pub as_written: bool,
    /// How much.
    pub score: f32,
}

/// Each form in which a word counts, and where.
const FORMS: [(TextField, Form, Section); 5] = [
    (TextField::Title, Form::Stem, Section::Title),
    (TextField::Title, Form::Written, Section::Title),
    (TextField::Body, Form::Lead, Section::Lead),
    (TextField::Body, Form::Stem, Section::Body),
    (TextField::Body, Form::Written, Section::Body),
];

impl Searcher {
    /// Returns why an article has its score as a hit of a query; `None` where the index does not have it.
    ///
    /// # Errors
    /// As [`Searcher::search`].
    pub fn explain(&self, query: &Query, options: &Options, id: ArticleId) -> Result<Option<Explanation>, Error> {
        let view = self.view();
        guarded(|| explain(&view, query, options, id))
    }
}

fn explain(view: &View, query: &Query, options: &Options, id: ArticleId) -> Result<Option<Explanation>, Error> {
    let compiler = Compiler::new(view, query, true);
    let just_this = compiler.compile(&Query::Is { field: Field::Id, value: id.to_string() })?;
    let found = view.searcher.search(&*just_this, &tantivy::collector::DocSetCollector);
    let Some(doc) = found.map_err(Error::engine("search"))?.into_iter().next() else { return Ok(None) };
    let mut parts = Vec::new();
    for leaf in leaves(query) {
        for (text, form, field) in FORMS {
            let clause = compiler.clause(leaf, text, form)?;
            let score = score(view, &*clause, doc).map_err(Error::engine("search"))?;
            if let (Some(score), Some(words)) = (score, leaf.words().first()) {
                parts.push(Part { words: (*words).to_owned(), field, as_written: form == Form::Written, score });
            }
        }
    }
    let columns = view.searcher.segment_reader(doc.segment_ord).fast_fields();
    let published = columns.i64(PUBLISHED).map_err(Error::engine("read"))?.first(doc.doc_id).unwrap_or_default();
    let group = columns.u64(GROUP).map_err(Error::engine("read"))?.first(doc.doc_id);
    let freshness = Sort::Relevance.order(options.now).rank(1.0, published);
    let representative = if options.collapse && group == Some(id.bits()) { REPRESENTATIVE } else { 1.0 };
    let sum: f64 = parts.iter().map(|part| f64::from(part.score)).sum();
    Ok(Some(Explanation { score: (sum * freshness * representative) as f32, parts, freshness, representative }))
}

/// The words and phrases that add to a score.
fn leaves(query: &Query) -> Vec<&Query> {
    match query {
        Query::And(all) | Query::Or(all) => all.iter().flat_map(leaves).collect(),
        Query::Word { .. } | Query::Phrase { .. } | Query::Prefix { .. } | Query::Fuzzy { .. } => vec![query],
        Query::All | Query::Is { .. } | Query::Published { .. } | Query::Not(_) => Vec::new(),
    }
}

/// What a clause gives an article; `None` where it does not fit.
fn score(view: &View, clause: &dyn tantivy::query::Query, doc: DocAddress) -> tantivy::Result<Option<f32>> {
    let weight = clause.weight(EnableScoring::enabled_from_statistics_provider(view, &view.searcher))?;
    let mut scorer = weight.scorer(view.searcher.segment_reader(doc.segment_ord), 1.0)?;
    let at = if scorer.doc() < doc.doc_id { scorer.seek(doc.doc_id) } else { scorer.doc() };
    Ok((at == doc.doc_id && at != TERMINATED).then(|| scorer.score()))
}
