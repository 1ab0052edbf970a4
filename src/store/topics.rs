//! The topics of articles, and the union of them over a group of copies.

use std::collections::HashMap;

use rusqlite::OptionalExtension;

use super::{ChangeKind, Error, Reader, Tx, column::to_json};
use crate::model::{ArticleId, TopicId, TopicMatch};

impl Tx<'_> {
    /// Gives an article its topics. Returns whether these are others than before, which also writes a row in the change
    /// log; other scores or evidence for the same topics are stored without one.
    ///
    /// # Errors
    /// [`Error::Unknown`] without such an article, else when the database refuses.
    pub fn set_topics(&mut self, id: ArticleId, topics: &[TopicMatch]) -> Result<bool, Error> {
        let (seq, ..) = self.row_of(id)?;
        let mut before: Vec<TopicId> = {
            let mut statement = self.db().prepare_cached("SELECT topic FROM article_topics WHERE seq = ?1")?;
            statement.query_map([seq], |row| row.get(0).map(TopicId))?.collect::<Result<_, _>>()?
        };
        let mut after: Vec<TopicId> = given(topics).map(|found| found.topic.clone()).collect();
        before.sort_unstable();
        after.sort_unstable();
        after.dedup();
        let packed = self.pack_topics(topics);
        let changed = self.run("UPDATE articles SET topics = ?2 WHERE seq = ?1 AND topics IS NOT ?2", (seq, packed))?;
        if changed > 0 {
            self.run("DELETE FROM article_topics WHERE seq = ?1", [seq])?;
            self.give_topics(seq, topics)?;
        }
        if before != after {
            self.log(id, ChangeKind::Retagged)?;
        }
        Ok(before != after)
    }

    /// Topics with their evidence as they stand in an article's row.
    pub(super) fn pack_topics(&mut self, topics: &[TopicMatch]) -> Option<Vec<u8>> {
        (!topics.is_empty()).then(|| self.packer.pack(to_json(&topics).as_bytes()))
    }

    /// Writes the rows of the given topics for an article that has none.
    pub(super) fn give_topics(&mut self, seq: i64, topics: &[TopicMatch]) -> Result<(), Error> {
        for found in given(topics) {
            self.run(
                "INSERT OR IGNORE INTO article_topics (seq, topic, score) VALUES (?1, ?2, ?3)",
                (seq, &found.topic.0, found.score),
            )?;
        }
        Ok(())
    }
}

fn given(topics: &[TopicMatch]) -> impl Iterator<Item = &TopicMatch> {
    topics.iter().filter(|found| found.matched)
}

impl Reader {
    /// Returns for each article the topics of all members of its group, best first; unknown articles are left out.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn group_topics(&self, ids: &[ArticleId]) -> Result<HashMap<ArticleId, Vec<TopicId>>, Error> {
        self.consistently(|reader| {
            let mut group = reader.db.prepare_cached("SELECT group_id FROM articles WHERE id = ?1")?;
            let mut union = reader.db.prepare_cached(
                "SELECT t.topic FROM articles a JOIN article_topics t USING (seq) WHERE a.group_id = ?1
                 GROUP BY t.topic ORDER BY max(t.score) DESC, t.topic",
            )?;
            let mut topics = HashMap::with_capacity(ids.len());
            for id in ids {
                if let Some(group) = group.query_row([id], |row| row.get::<_, ArticleId>(0)).optional()? {
                    let found = union.query_map([group], |row| row.get(0).map(TopicId))?;
                    topics.insert(*id, found.collect::<Result<_, _>>()?);
                }
            }
            Ok(topics)
        })
    }

    /// Returns how many articles have each topic, copies included; topics without articles are left out.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn topic_counts(&self) -> Result<Vec<(TopicId, u64)>, Error> {
        let mut statement = self.db.prepare_cached(
            "SELECT substr(name, 7), n FROM counts WHERE name >= 'topic:' AND name < 'topic;' AND n > 0",
        )?;
        let rows = statement.query_map([], |row| Ok((TopicId(row.get(0)?), row.get::<_, i64>(1)?.cast_unsigned())))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{Evidence, TextField},
        store::{
            NewArticle, Store,
            tests::{article, id, transact},
        },
    };

    fn found(topic: &str, score: f32, offset: usize) -> TopicMatch {
        let evidence = vec![Evidence { phrase: "words".to_owned(), field: TextField::Title, offset }];
        TopicMatch { topic: TopicId(topic.to_owned()), score, matched: score >= 1.0, evidence }
    }

    fn names(topics: &[TopicId]) -> Vec<&str> {
        topics.iter().map(|topic| topic.0.as_str()).collect()
    }

    #[test]
    fn only_another_set_of_topics_is_a_change() {
        let mut store = Store::in_memory().expect("store");
        transact(&mut store, |tx| tx.insert(&NewArticle { topics: vec![found("a", 2.0, 0)], ..article(1) }));
        let mut check = |topics: &[TopicMatch], is_change: bool| {
            let seq = store.reads().last_seq().expect("readable");
            assert_eq!(transact(&mut store, |tx| tx.set_topics(id(1), topics)), is_change, "{topics:?}");
            assert_eq!(store.reads().last_seq().expect("readable") > seq, is_change, "{topics:?}");
            assert_eq!(store.reads().article(id(1)).expect("readable").expect("there").topics, topics);
        };
        check(&[found("a", 2.0, 0)], false);
        check(&[found("a", 3.0, 7)], false);
        check(&[found("a", 3.0, 7), found("b", 0.5, 1)], false);
        check(&[found("a", 3.0, 7), found("b", 1.5, 1)], true);
        check(&[found("b", 1.5, 1)], true);
        check(&[], true);
        assert_eq!(store.reads().topic_counts().expect("readable"), []);
    }

    #[test]
    fn a_group_has_the_topics_of_all_its_members_best_first() {
        let mut store = Store::in_memory().expect("store");
        transact(&mut store, |tx| {
            tx.insert(&NewArticle { topics: vec![found("a", 1.5, 0), found("c", 0.9, 0)], ..article(1) })?;
            tx.insert(&NewArticle {
                topics: vec![found("b", 2.0, 0), found("a", 1.0, 0)],
                group: id(1),
                ..article(2)
            })?;
            tx.insert(&article(3))
        });
        let topics = store.reads().group_topics(&[id(1), id(2), id(3), id(4)]).expect("readable");
        assert_eq!((names(&topics[&id(1)]), names(&topics[&id(2)])), (vec!["b", "a"], vec!["b", "a"]));
        assert_eq!((topics[&id(3)].len(), topics.len()), (0, 3));
        let counts = store.reads().topic_counts().expect("readable");
        assert_eq!(counts, [(TopicId("a".to_owned()), 2), (TopicId("b".to_owned()), 1)]);
    }
}
