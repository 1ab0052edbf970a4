//! A query for words, each in any of its forms, and for what else an article must have.
//!
//! An article that no strong term has cannot come close to one that has the word in its headline: once enough of those
//! are found, only what has a strong term is looked at (MaxScore: Turtle and Flood, Query evaluation, 1995). Terms are
//! many here, as each word has several forms in three fields, and so the bound of each is worth more than those of its
//! blocks, which the engine goes by.

use std::sync::Arc;

use tantivy::{
    DocId, DocSet, Score, SegmentReader, TERMINATED, Term,
    fieldnorm::FieldNormReader,
    postings::{Postings, SegmentPostings},
    query::{Bm25Weight, EmptyScorer, EnableScoring, Explanation, Query, Scorer, TermQuery, Weight},
    schema::IndexRecordOption,
};

use super::words::{any_of, boosted};

/// Sums in another order differ by less.
const ROUNDING: Score = 1.0001;
/// With more terms, the engine's union is the better one.
const FEW: usize = 40;

/// Terms, each with its weight.
pub(super) type Terms = Vec<(Term, Score)>;

/// The forms of a word.
#[derive(Debug, Clone, Default)]
pub(super) struct AnyTerm {
    /// Any of these finds an article.
    pub finding: Terms,
    /// These add to the score of what the others found.
    pub ranking: Terms,
}

impl AnyTerm {
    /// Returns the engine's query for the terms, which all find and rank.
    pub fn alone(self) -> Box<dyn Query> {
        let query = |(term, weight)| boosted(Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs)), weight);
        any_of(self.finding.into_iter().chain(self.ranking).map(query).collect())
    }

    /// Tells whether the terms are few enough to go through them for each article.
    pub fn are_few(&self) -> bool {
        self.finding.len() <= FEW
    }
}

/// Finds what has each of some words and what else it must have.
#[derive(Debug, Clone)]
pub(super) struct AllWords {
    /// Each in any of its forms.
    pub words: Vec<AnyTerm>,
    /// What decides, but does not rank.
    pub filter: Option<Arc<dyn Query>>,
}

impl Query for AllWords {
    fn weight(&self, scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        let mut terms = Vec::new();
        for (word, AnyTerm { finding, ranking }) in self.words.iter().enumerate() {
            let ranking = if scoring.is_scoring_enabled() { ranking.as_slice() } else { &[] };
            let finding = finding.iter().map(|term| (term, true));
            for ((term, weight), finds) in finding.chain(ranking.iter().map(|term| (term, false))) {
                terms.push(Weighed { term: term.clone(), weight: weigh(scoring, term, *weight)?, word, finds });
            }
        }
        // The strongest first.
        terms.sort_by(|a, b| b.most().total_cmp(&a.most()));
        let unscored = match scoring.searcher() {
            Some(searcher) => EnableScoring::disabled_from_searcher(searcher),
            None => EnableScoring::disabled_from_schema(scoring.schema()),
        };
        let filter = self.filter.as_ref().map(|filter| filter.weight(unscored)).transpose()?;
        Ok(Box::new(AllWordsWeight { terms, words: self.words.len(), filter }))
    }
}

/// Returns the weight of a term by BM25; `None` where nothing is ranked.
fn weigh(scoring: EnableScoring<'_>, term: &Term, boost: Score) -> tantivy::Result<Option<Bm25Weight>> {
    let EnableScoring::Enabled { statistics_provider: statistics, .. } = scoring else { return Ok(None) };
    let articles = statistics.total_num_docs()?;
    let length = statistics.total_num_tokens(term.field())? as Score / articles as Score;
    let weight = Bm25Weight::for_one_term_without_explain(statistics.doc_freq(term)?, articles, length);
    Ok(Some(weight.boost_by(boost)))
}

struct Weighed {
    term: Term,
    weight: Option<Bm25Weight>,
    word: usize,
    finds: bool,
}

impl Weighed {
    fn most(&self) -> Score {
        self.weight.as_ref().map_or(0.0, most)
    }
}

/// Returns more than a term adds to the score of any article: one of nothing else, as often as there are numbers.
fn most(weight: &Bm25Weight) -> Score {
    weight.score(0, u32::MAX)
}

struct AllWordsWeight {
    terms: Vec<Weighed>,
    words: usize,
    filter: Option<Box<dyn Weight>>,
}

impl AllWordsWeight {
    /// Returns what finds articles in a segment; `None` where nothing can be found.
    fn finder(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Option<Finder>> {
        let mut lists = Vec::with_capacity(self.terms.len());
        for Weighed { term, weight, word, finds } in &self.terms {
            let index = reader.inverted_index(term.field())?;
            let Some(info) = index.get_term_info(term)? else { continue };
            let kept = if weight.is_some() { IndexRecordOption::WithFreqs } else { IndexRecordOption::Basic };
            let articles = index.read_postings_from_terminfo(&info, kept)?;
            let ranks = match weight {
                Some(weight) => {
                    let lengths = reader.fieldnorms_readers().get_field(term.field())?;
                    let lengths = lengths.unwrap_or_else(|| FieldNormReader::constant(reader.max_doc(), 1));
                    Some((weight.boost_by(boost), lengths))
                }
                None => None,
            };
            lists.push(List { articles, ranks, word: *word, finds: *finds });
        }
        let of_word =
            |word: usize| (0..lists.len()).filter(|&at| lists[at].finds && lists[at].word == word).collect::<Vec<_>>();
        let finding: Vec<Vec<usize>> = (0..self.words).map(of_word).collect();
        if finding.iter().any(Vec::is_empty) {
            return Ok(None);
        }
        let filter = self.filter.as_ref().map(|filter| filter.scorer(reader, 1.0)).transpose()?;
        Ok(Some(Finder::new(lists, finding, filter)))
    }
}

impl Weight for AllWordsWeight {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        Ok(match self.finder(reader, boost)? {
            Some(finder) => Box::new(finder),
            None => Box::new(EmptyScorer),
        })
    }

    fn for_each_pruning(
        &self,
        mut threshold: Score,
        reader: &SegmentReader,
        callback: &mut dyn FnMut(DocId, Score) -> Score,
    ) -> tantivy::Result<()> {
        let Some(mut finder) = self.finder(reader, 1.0)? else { return Ok(()) };
        finder.lead_above(threshold);
        while finder.doc != TERMINATED {
            if let Some(score) = finder.score_above(threshold) {
                threshold = callback(finder.doc, score);
                finder.lead_above(threshold);
            }
            finder.find(finder.doc + 1);
        }
        Ok(())
    }

    fn explain(&self, reader: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        let mut scorer = self.scorer(reader, 1.0)?;
        let score = if scorer.doc() <= doc && scorer.seek(doc) == doc { scorer.score() } else { 0.0 };
        Ok(Explanation::new("each of some words", score))
    }
}

/// The articles of a segment that have a term.
struct List {
    articles: SegmentPostings,
    /// The weight of the term, and how long the texts are.
    ranks: Option<(Bm25Weight, FieldNormReader)>,
    word: usize,
    finds: bool,
}

impl List {
    /// Goes to the first article from `target` on.
    fn find(&mut self, target: DocId) -> DocId {
        if self.articles.doc() < target { self.articles.seek(target) } else { self.articles.doc() }
    }

    /// Returns what the term adds to the score of the article that it is at.
    fn score(&self) -> Score {
        let Some((weight, lengths)) = &self.ranks else { return 0.0 };
        weight.score(lengths.fieldnorm_id(self.articles.doc()), self.articles.term_freq())
    }
}

/// Goes through the articles of a segment that have all that is asked for.
struct Finder {
    /// The strongest first.
    lists: Vec<List>,
    /// More than each list and all behind it add to a score.
    left: Vec<Score>,
    /// For each word the lists of which an article must have one.
    finding: Vec<Vec<usize>>,
    filter: Option<Box<dyn Scorer>>,
    leads: Leads,
    /// How many articles there are in what leads.
    cost: u64,
    doc: DocId,
}

/// What says which articles are looked at.
enum Leads {
    Filter,
    /// Some lists: an article is in one of them.
    Lists(Vec<usize>),
}

impl Finder {
    fn new(lists: Vec<List>, finding: Vec<Vec<usize>>, filter: Option<Box<dyn Scorer>>) -> Self {
        let mut left: Vec<Score> = vec![0.0; lists.len() + 1];
        for (at, list) in lists.iter().enumerate().rev() {
            left[at] = left[at + 1] + list.ranks.as_ref().map_or(0.0, |(weight, _)| most(weight));
        }
        let rarest = finding.iter().map(|word| (cost(&lists, word), word)).min();
        let (mut cost, mut leads) =
            rarest.map_or((0, Leads::Filter), |(cost, word)| (cost, Leads::Lists(word.clone())));
        if let Some(filter) = filter.as_ref().filter(|filter| filter.cost() < cost) {
            (cost, leads) = (filter.cost(), Leads::Filter);
        }
        let mut finder = Self { lists, left, finding, filter, leads, cost, doc: 0 };
        finder.find(0);
        finder
    }

    /// Goes to the first article from `target` on.
    fn find(&mut self, mut target: DocId) -> DocId {
        while target < TERMINATED {
            let doc = match &self.leads {
                Leads::Filter => target,
                Leads::Lists(leading) => {
                    leading.iter().map(|&at| self.lists[at].find(target)).min().unwrap_or(TERMINATED)
                }
            };
            let filtered = match &mut self.filter {
                Some(filter) if filter.doc() < doc => filter.seek(doc),
                Some(filter) => filter.doc().max(doc),
                None => doc,
            };
            if filtered == doc && (doc == TERMINATED || self.has_words(doc)) {
                self.doc = doc;
                return doc;
            }
            target = filtered.max(doc + 1);
        }
        self.doc = TERMINATED;
        TERMINATED
    }

    fn has_words(&mut self, doc: DocId) -> bool {
        let lists = &mut self.lists;
        self.finding.iter().all(|word| word.iter().any(|&at| lists[at].find(doc) == doc))
    }

    /// Looks only at what can have a score above a threshold, where that is less.
    fn lead_above(&mut self, threshold: Score) {
        let Some(weak) = self.left.iter().position(|left| left * ROUNDING <= threshold) else { return };
        let strong: Vec<usize> = (0..weak).collect();
        let cost = cost(&self.lists, &strong);
        if cost < self.cost {
            (self.cost, self.leads) = (cost, Leads::Lists(strong));
        }
    }

    /// Returns the score of the article that it is at, where that is above a threshold.
    fn score_above(&mut self, threshold: Score) -> Option<Score> {
        let mut score = 0.0;
        for (list, left) in self.lists.iter_mut().zip(&self.left) {
            if (score + left) * ROUNDING <= threshold {
                return None;
            }
            if list.find(self.doc) == self.doc {
                score += list.score();
            }
        }
        (score > threshold).then_some(score)
    }
}

fn cost(lists: &[List], some: &[usize]) -> u64 {
    some.iter().map(|&at| u64::from(lists[at].articles.size_hint())).sum()
}

impl DocSet for Finder {
    fn advance(&mut self) -> DocId {
        self.find(self.doc + 1)
    }

    fn seek(&mut self, target: DocId) -> DocId {
        if self.doc < target { self.find(target) } else { self.doc }
    }

    fn doc(&self) -> DocId {
        self.doc
    }

    fn size_hint(&self) -> u32 {
        u32::try_from(self.cost).unwrap_or(u32::MAX)
    }
}

impl Scorer for Finder {
    fn score(&mut self) -> Score {
        self.score_above(Score::MIN).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        index::{
            Hit,
            tests::{index_of, now, options},
        },
        query,
    };

    #[test]
    fn words_find_and_rank_beside_a_filter_as_they_do_alone() {
        let long = format!("Quays.\n\n{}The harbours of strikes.", "Filler. ".repeat(90));
        let index = index_of(&[
            ("en", "Harbour strike", "Striking workers closed the harbour."),
            ("en", "Harbours", &long),
            ("de", "Streik", "Die Harbour Bridge."),
            ("", "A strike", "No harbours."),
            ("en", "None", "Of these."),
        ]);
        let searcher = index.searcher();
        let hits = |text: &str| -> Vec<Hit> {
            let query = query::parse(text, now()).expect("readable");
            searcher.search(&query, &options(None, false)).expect("searched").hits
        };
        for (words, found) in [("harbour", 3), ("harbour OR strike", 4), ("title:harbours", 2), ("body:striking", 2)] {
            let (alone, filtered) = (hits(words), hits(&format!("({words}) tag:\"My Tag\" -none")));
            assert_eq!(alone.len(), found, "{words}");
            for (a, b) in alone.iter().zip(&filtered) {
                assert!(a.id == b.id && (a.score - b.score).abs() < 1e-4, "{words}: {a:?} {b:?}");
            }
            assert_eq!(alone.len(), filtered.len(), "{words}");
        }
    }
}
