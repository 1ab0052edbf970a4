//! Walking over articles in the order in which they were first seen, a page at a time: a long walk never holds up the
//! write-ahead log, and goes on where it stopped whatever is added or deleted meanwhile.

use rusqlite::OptionalExtension;

use super::{
    Error, Reader,
    column::{Ms, to_json},
};
use crate::model::{Article, ArticleId, SourceId, Time, TopicId};

/// A place in the order in which articles were first seen; the default is the beginning.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cursor(i64);

impl Cursor {
    /// Returns the place as a number, to be kept in the store.
    pub const fn bits(self) -> i64 {
        self.0
    }

    /// Takes a place from its number.
    pub const fn from_bits(bits: i64) -> Self {
        Self(bits)
    }
}

/// Which articles are meant; the default means all.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ArticleFilter {
    /// Published (fetched, where that is unknown) at this time or later.
    pub since: Option<Time>,
    /// Published (fetched, where that is unknown) before this time.
    pub until: Option<Time>,
    /// Announced by this source.
    pub source: Option<SourceId>,
    /// With one of these topics; no topics mean any article.
    pub topics: Vec<TopicId>,
}

impl Reader {
    /// Returns the next articles in the order in which they were first seen, and where to go on; `None` after the last.
    ///
    /// # Errors
    /// When the database refuses or a row is unreadable.
    pub fn export(
        &self,
        filter: &ArticleFilter,
        after: Cursor,
        limit: usize,
    ) -> Result<(Vec<Article>, Option<Cursor>), Error> {
        self.consistently(|reader| {
            let (ids, next) = reader.article_ids(filter, after, limit)?;
            Ok((reader.articles(&ids)?, next))
        })
    }

    /// Returns the place of an article, to go on behind it.
    ///
    /// # Errors
    /// When it is unknown, or the database refuses.
    pub fn cursor_of(&self, id: ArticleId) -> Result<Cursor, Error> {
        let mut statement = self.db.prepare_cached("SELECT seq FROM articles WHERE id = ?1")?;
        let seq = statement.query_row([id], |row| row.get(0)).optional()?;
        seq.map(Cursor).ok_or_else(|| Error::Unknown { what: "article", id: id.to_string() })
    }

    /// Returns the ids of the articles that were published (fetched, where that is unknown) first.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn oldest_articles(&self, limit: usize) -> Result<Vec<ArticleId>, Error> {
        let mut statement = self.db.prepare_cached("SELECT id FROM articles ORDER BY order_at LIMIT ?1")?;
        let rows = statement.query_map([i64::try_from(limit).unwrap_or(i64::MAX)], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Returns the ids of the next articles in the order in which they were first seen, and where to go on; `None` after
    /// the last.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn article_ids(
        &self,
        filter: &ArticleFilter,
        after: Cursor,
        limit: usize,
    ) -> Result<(Vec<ArticleId>, Option<Cursor>), Error> {
        // Each restriction is a clause of its own, so that each combination gets a plan that uses it.
        let mut sql = "SELECT a.seq, a.id FROM articles a WHERE a.seq > :after".to_owned();
        if filter.since.is_some() {
            sql += " AND a.order_at >= :since";
        }
        if filter.until.is_some() {
            sql += " AND a.order_at < :until";
        }
        if filter.source.is_some() {
            sql += " AND a.seq IN (SELECT seq FROM announcements WHERE source_id = :source AND seq > :after)";
        }
        if !filter.topics.is_empty() {
            sql += " AND EXISTS (SELECT 1 FROM article_topics t WHERE t.seq = a.seq
                AND t.topic IN (SELECT value FROM json_each(:topics)))";
        }
        sql += " ORDER BY a.seq LIMIT :limit";
        let (since, until) = (filter.since.map(Ms), filter.until.map(Ms));
        let topics = to_json(&filter.topics);
        let rows_wanted = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut params: Vec<(&str, &dyn rusqlite::ToSql)> = vec![(":after", &after.0), (":limit", &rows_wanted)];
        let optional: [(&str, bool, &dyn rusqlite::ToSql); 4] = [
            (":since", since.is_some(), &since),
            (":until", until.is_some(), &until),
            (":source", filter.source.is_some(), &filter.source),
            (":topics", !filter.topics.is_empty(), &topics),
        ];
        params.extend(optional.into_iter().filter(|(_, used, _)| *used).map(|(name, _, value)| (name, value)));
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows =
            statement.query_map(params.as_slice(), |row| Ok((row.get::<_, i64>(0)?, row.get::<_, ArticleId>(1)?)))?;
        let (seqs, ids): (Vec<_>, Vec<_>) = rows.collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
        let next = seqs.last().filter(|_| seqs.len() == limit).map(|seq| Cursor(*seq));
        Ok((ids, next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{
        Store,
        tests::{article, at, transact},
    };

    #[test]
    fn export_goes_on_where_it_stopped_in_order_of_first_sight() {
        let mut store = Store::in_memory().expect("store");
        let order = [5, 1, 9, 2, 7];
        transact(&mut store, |tx| order.iter().try_for_each(|n| tx.insert(&article(*n)).map(drop)));
        let ids = |filter: &ArticleFilter| {
            let (mut ids, mut after) = (Vec::new(), Some(Cursor::default()));
            while let Some(cursor) = after {
                let (page, next) = store.reads().export(filter, cursor, 2).expect("readable");
                ids.extend(page.into_iter().map(|article| article.id.bits()));
                after = next;
            }
            ids
        };
        assert_eq!(ids(&ArticleFilter::default()), order);
        assert_eq!(ids(&ArticleFilter { since: Some(at(2)), until: Some(at(7)), ..Default::default() }), [5, 2]);
        assert_eq!(ids(&ArticleFilter { topics: vec![TopicId("x".to_owned())], ..Default::default() }), [] as [u64; 0]);
    }
}
