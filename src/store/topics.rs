//! The topics and names of articles, and the union of topics over a group of copies.

use std::collections::{BTreeSet, HashMap};

use rusqlite::OptionalExtension;
use serde::Serialize;

use super::{ChangeKind, Error, Reader, Tx, column::to_json};
use crate::model::{ArticleId, Findings, TopicId, TopicMatch};

impl Tx<'_> {
    /// Gives an article its topics and names. Returns whether these are others than before, which also writes a row in the
    /// change log; other scores, evidence or counts for the same ones are stored without one.
    ///
    /// # Errors
    /// [`Error::Unknown`] without such an article, else when the database refuses.
    pub fn set_findings(&mut self, id: ArticleId, findings: &Findings) -> Result<bool, Error> {
        let (seq, ..) = self.row_of(id)?;
        let before = self.findings(seq)?;
        if before == *findings {
            return Ok(false);
        }
        let (topics, entities) = (self.pack_list(&findings.topics), self.pack_list(&findings.entities));
        self.run("UPDATE articles SET topics = ?2, entities = ?3 WHERE seq = ?1", (seq, topics, entities))?;
        self.run("DELETE FROM article_topics WHERE seq = ?1", [seq])?;
        self.give_topics(seq, &findings.topics)?;
        let changed = shown(&before) != shown(findings);
        if changed {
            self.log(id, ChangeKind::Retagged)?;
        }
        Ok(changed)
    }

    /// Does the same where the article's text is still the revision that the findings are of. Does nothing where it was
    /// revised or deleted since it was read.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn set_findings_of(&mut self, id: ArticleId, revision: u32, findings: &Findings) -> Result<bool, Error> {
        let mut statement = self.db().prepare_cached("SELECT revision FROM articles WHERE id = ?1")?;
        let now: Option<u32> = statement.query_row([id], |row| row.get(0)).optional()?;
        drop(statement);
        if now == Some(revision) { self.set_findings(id, findings) } else { Ok(false) }
    }

    /// Findings as they stand in an article's row.
    pub(super) fn pack_list<T: Serialize>(&mut self, list: &[T]) -> Option<Vec<u8>> {
        (!list.is_empty()).then(|| self.packer.pack(to_json(&list).as_bytes()))
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

/// What a search sees of findings: the topics that are given and the names.
fn shown(findings: &Findings) -> (BTreeSet<&TopicId>, BTreeSet<&str>) {
    let names = findings.entities.iter().map(|entity| entity.name.as_str());
    (given(&findings.topics).map(|found| &found.topic).collect(), names.collect())
}

fn given(topics: &[TopicMatch]) -> impl Iterator<Item = &TopicMatch> {
    topics.iter().filter(|found| found.matched)
}

impl Reader {
    fn findings(&self, seq: i64) -> Result<Findings, Error> {
        let mut statement = self.db.prepare_cached("SELECT topics, entities FROM articles WHERE seq = ?1")?;
        let mut rows = statement.query([seq])?;
        let Some(row) = rows.next()? else { return Ok(Findings::default()) };
        Ok(Findings {
            topics: self.read_list("topics", row.get_ref(0)?)?,
            entities: self.read_list("entities", row.get_ref(1)?)?,
        })
    }

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
        model::{Entity, Evidence, NameKind, TextField},
        store::{
            NewArticle, Store,
            tests::{article, id, transact},
        },
    };

    fn found(topic: &str, score: f32, offset: usize) -> TopicMatch {
        let evidence = vec![Evidence { phrase: "words".to_owned(), field: TextField::Title, offset }];
        TopicMatch { topic: TopicId(topic.to_owned()), score, matched: score >= 1.0, evidence }
    }

    fn topics(topics: Vec<TopicMatch>) -> Findings {
        Findings { topics, entities: Vec::new() }
    }

    fn names(topics: &[TopicId]) -> Vec<&str> {
        topics.iter().map(|topic| topic.0.as_str()).collect()
    }

    #[test]
    fn only_another_set_of_topics_is_a_change() {
        let mut store = Store::in_memory().expect("store");
        transact(&mut store, |tx| tx.insert(&NewArticle { findings: topics(vec![found("a", 2.0, 0)]), ..article(1) }));
        let mut check = |found: &[TopicMatch], is_change: bool| {
            let findings = topics(found.to_vec());
            let seq = store.reads().last_seq().expect("readable");
            assert_eq!(transact(&mut store, |tx| tx.set_findings(id(1), &findings)), is_change, "{found:?}");
            assert_eq!(store.reads().last_seq().expect("readable") > seq, is_change, "{found:?}");
            assert_eq!(store.reads().article(id(1)).expect("readable").expect("there").topics, found);
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
    fn another_name_is_a_change_and_another_count_is_not() {
        let mut store = Store::in_memory().expect("store");
        transact(&mut store, |tx| tx.insert(&article(1)));
        let mut check = |name: &str, count: u32, is_change: bool| {
            let entity = Entity { name: name.to_owned(), kind: NameKind::Person, count };
            let findings = Findings { topics: Vec::new(), entities: vec![entity] };
            assert_eq!(transact(&mut store, |tx| tx.set_findings(id(1), &findings)), is_change, "{name} {count}");
            assert_eq!(store.reads().article(id(1)).expect("readable").expect("there").entities, findings.entities);
        };
        check("Ada Byron", 1, true);
        check("Ada Byron", 3, false);
        check("Ada Lovelace", 3, true);
    }

    #[test]
    fn what_was_found_in_an_older_text_is_not_given_to_the_newer_one() {
        let mut store = Store::in_memory().expect("store");
        transact(&mut store, |tx| tx.insert(&article(1)));
        let mut text = article(1).text;
        text.body = "Another text.".to_owned();
        assert_eq!(transact(&mut store, |tx| tx.revise(id(1), &text)), 2);
        let findings = topics(vec![found("a", 2.0, 0)]);
        let mut given = |n, revision| transact(&mut store, |tx| tx.set_findings_of(id(n), revision, &findings));
        assert_eq!((given(1, 1), given(2, 1), given(1, 2)), (false, false, true));
        assert_eq!(store.reads().article(id(1)).expect("readable").expect("there").topics, findings.topics);
    }

    #[test]
    fn a_group_has_the_topics_of_all_its_members_best_first() {
        let mut store = Store::in_memory().expect("store");
        transact(&mut store, |tx| {
            tx.insert(&NewArticle { findings: topics(vec![found("a", 1.5, 0), found("c", 0.9, 0)]), ..article(1) })?;
            tx.insert(&NewArticle {
                findings: topics(vec![found("b", 2.0, 0), found("a", 1.0, 0)]),
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
