//! The search engine by itself, with dateline's schema and its own analysis of English: what dateline is compared with.

use std::path::Path;

use dateline::{
    model::{Article, ArticleId, Time},
    store::Reader,
};
use tantivy::{
    Index, IndexWriter, Order, Result, Searcher, TantivyDocument, Term,
    collector::TopDocs,
    directory::MmapDirectory,
    query::{BooleanQuery, Query, QueryParser, RangeQuery},
    schema::Schema,
    snippet::SnippetGenerator,
};

/// Memory and threads as dateline gives them.
const MEMORY: usize = 64 << 20;
const THREADS: usize = 2;
const HITS: usize = 10;

/// The engine with an index of its own.
pub struct Engine {
    index: Index,
    writer: IndexWriter,
}

impl Engine {
    /// Makes an empty index with the schema of another one.
    pub fn create(like: &Path, dir: &Path) -> Result<Self> {
        let schema = serde_json::to_string(&Index::open_in_dir(like)?.schema())?;
        let schema = schema.replace("\"stems\"", "\"en_stem\"").replace("\"words\"", "\"default\"");
        let schema: Schema = serde_json::from_str(&schema)?;
        let index = Index::open_or_create(MmapDirectory::open(dir)?, schema)?;
        let writer = index.writer_with_num_threads(THREADS, MEMORY)?;
        Ok(Self { index, writer })
    }

    /// Replaces an article.
    pub fn put(&mut self, article: &Article) -> Result<()> {
        let schema = self.index.schema();
        let field = |name: &str| schema.get_field(name);
        let mut document = TantivyDocument::default();
        let published = article.published_at.map_or(article.fetched_at, |published| published.at);
        let group = article.duplicate_of.unwrap_or(article.id);
        document.add_u64(field("id")?, article.id.bits());
        document.add_u64(field("group")?, group.bits());
        document.add_i64(field("published")?, published.timestamp());
        document.add_u64(field("story")?, article.story.bits());
        for (name, text) in [("title", &article.title), ("body", &article.body)] {
            document.add_text(field(name)?, text);
            document.add_text(field(&format!("{name}_words"))?, text);
        }
        // About what dateline takes for the lead.
        document.add_text(field("lead")?, &article.body[..article.body.floor_char_boundary(300)]);
        if let Some(source) = &article.source {
            document.add_text(field("source")?, source);
            document.add_text(field("source_name")?, source);
        }
        document.add_text(field("outlet")?, &article.outlet);
        let topics = article.topics.iter().filter(|topic| topic.matched).map(|topic| &topic.topic.0);
        let several = [
            ("topic", topics.collect::<Vec<_>>()),
            ("lang", article.lang.iter().collect()),
            ("author", article.authors.iter().collect()),
            ("tag", article.tags.iter().collect()),
            ("entity", article.entities.iter().map(|entity| &entity.name).collect()),
            ("entity_name", article.entities.iter().map(|entity| &entity.name).collect()),
        ];
        for (name, values) in several {
            values.into_iter().try_for_each(|value| field(name).map(|field| document.add_text(field, value)))?;
        }
        document.add_text(field("url")?, article.url.as_str());
        self.writer.delete_term(Term::from_field_u64(field("id")?, article.id.bits()));
        self.writer.add_document(document).map(drop)
    }

    pub fn commit(&mut self) -> Result<()> {
        self.writer.commit().map(drop)
    }

    /// Waits for merges and returns what answers questions.
    pub fn finish(self) -> Result<Asked> {
        self.writer.wait_merging_threads()?;
        let schema = self.index.schema();
        let mut parser =
            QueryParser::for_index(&self.index, vec![schema.get_field("title")?, schema.get_field("body")?]);
        parser.set_conjunction_by_default();
        Ok(Asked { searcher: self.index.reader()?.searcher(), parser })
    }
}

/// Answers questions.
pub struct Asked {
    searcher: Searcher,
    parser: QueryParser,
}

impl Asked {
    /// The ten best.
    pub fn best(&self, query: &str) -> Result<usize> {
        let query = self.parser.parse_query(query)?;
        Ok(self.searcher.search(&query, &TopDocs::with_limit(HITS).order_by_score())?.len())
    }

    /// The ten newest of a time.
    pub fn newest(&self, query: &str, from: Time, to: Time) -> Result<usize> {
        let published = self.searcher.schema().get_field("published")?;
        let bound = |time: Time| std::ops::Bound::Included(Term::from_field_i64(published, time.timestamp()));
        let range: Box<dyn Query> = Box::new(RangeQuery::new(bound(from), bound(to)));
        let query = BooleanQuery::intersection(vec![self.parser.parse_query(query)?, range]);
        let newest = TopDocs::with_limit(HITS).order_by_fast_field::<i64>("published", Order::Desc);
        Ok(self.searcher.search(&query, &newest)?.len())
    }

    /// The ten best with their passages; the texts are not in the index and come from the store.
    pub fn passages(&self, query: &str, store: &Reader) -> Result<usize> {
        let query = self.parser.parse_query(query)?;
        let mut ids = Vec::new();
        for (_, at) in self.searcher.search(&query, &TopDocs::with_limit(HITS).order_by_score())? {
            let column = self.searcher.segment_reader(at.segment_ord).fast_fields().u64("id")?;
            ids.extend(column.first(at.doc_id).map(ArticleId::from_bits));
        }
        let body = self.searcher.schema().get_field("body")?;
        let passages = SnippetGenerator::create(&self.searcher, &*query, body)?;
        let articles = store.articles(&ids).map_err(|error| tantivy::TantivyError::InternalError(error.to_string()))?;
        Ok(articles.iter().map(|article| passages.snippet(&article.body).to_html().len()).sum())
    }
}
