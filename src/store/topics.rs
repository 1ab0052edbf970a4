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
        self.write_topics(seq, topics)?;
        if before != after {
            self.log(id, ChangeKind::Retagged)?;
        }
        Ok(before != after)
    }

    /// Writes topics over those that are there, and nothing where they are the same.
    pub(super) fn write_topics(&mut self, seq: i64, topics: &[TopicMatch]) -> Result<(), Error> {
        let packed = (!topics.is_empty()).then(|| self.packer.pack(to_json(&topics).as_bytes()));
        let changed = self.run("UPDATE articles SET topics = ?2 WHERE seq = ?1 AND topics IS NOT ?2", (seq, packed))?;
        if changed == 0 {
            return Ok(());
        }
        self.run("DELETE FROM article_topics WHERE seq = ?1", [seq])?;
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
