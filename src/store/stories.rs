//! Stories: their size and time span, which are kept up to date with each article, and the ids under which merged ones
//! still answer.

use rusqlite::OptionalExtension;

use super::{
    ChangeKind, Error, Reader, Tx,
    column::{Ms, to_json},
};
use crate::model::{ArticleId, Story, StoryId, Time, TopicId};

/// A topic is rare that fewer than one article in so many has: from there on reading all topics once is faster than
/// looking into story after story (100,000 articles, stories of two outlets or more).
const RARE: u64 = 40;

/// Which stories are meant.
#[derive(Debug, Clone, PartialEq)]
pub struct StoryFilter {
    /// With an article published at this time or later.
    pub since: Option<Time>,
    /// With an article of one of these topics; no topics mean any story.
    pub topics: Vec<TopicId>,
    /// Reported by so many outlets or more.
    pub min_outlets: u32,
    /// The most stories.
    pub limit: usize,
}

impl Default for StoryFilter {
    fn default() -> Self {
        Self { since: None, topics: Vec::new(), min_outlets: 2, limit: 20 }
    }
}

impl Tx<'_> {
    /// Moves all articles of one story to another; the old id answers for that one from now on. Returns how many moved.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn merge_story(&mut self, old: StoryId, into: StoryId) -> Result<usize, Error> {
        let (old, into) = (self.story_now(old)?, self.story_now(into)?);
        if old == into {
            return Ok(0);
        }
        self.run("UPDATE story_aliases SET into_id = ?2 WHERE into_id = ?1", (old, into))?;
        self.run("INSERT INTO story_aliases (id, into_id) VALUES (?1, ?2)", (old, into))?;
        let moved: Vec<ArticleId> = self
            .write("UPDATE articles SET story_id = ?2 WHERE story_id = ?1 RETURNING id", |statement| {
                statement.query_map((old, into), |row| row.get(0))?.collect()
            })?;
        for id in &moved {
            self.log(*id, ChangeKind::Story)?;
        }
        self.refresh_story(old)?;
        self.refresh_story(into)?;
        Ok(moved.len())
    }

    /// Lets groups of copies leave their story for one of their own, to which its id leads from now on, wherever it led before.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn part_story(&mut self, story: StoryId, groups: &[ArticleId]) -> Result<(), Error> {
        self.run("DELETE FROM story_aliases WHERE id = ?1", [story])?;
        for &group in groups {
            for member in self.members_of(group)? {
                self.place(member, group, None, story)?;
            }
        }
        Ok(())
    }

    /// Says which group of copies is the most central of a story, so that it gives the title.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn set_centre(&mut self, story: StoryId, group: ArticleId) -> Result<(), Error> {
        let story = self.story_now(story)?;
        self.run("UPDATE stories SET centre = ?2 WHERE id = ?1 AND centre IS NOT ?2", (story, group))?;
        Ok(())
    }

    /// Counts an article that is about to be inserted: cheaper than counting the whole story again.
    pub(super) fn extend_story(&mut self, story: StoryId, outlet: &str, order_at: Time) -> Result<(), Error> {
        self.run(
            "INSERT INTO stories (id, articles, outlets, first_at, last_at) VALUES (?1, 1, 1, ?3, ?3)
             ON CONFLICT (id) DO UPDATE SET articles = articles + 1,
                outlets = outlets + NOT EXISTS (SELECT 1 FROM articles WHERE story_id = ?1 AND outlet = ?2),
                first_at = min(first_at, ?3), last_at = max(last_at, ?3)",
            (story, outlet, Ms(order_at)),
        )?;
        Ok(())
    }

    /// Counts a story again; one without articles is none.
    pub(super) fn refresh_story(&mut self, story: StoryId) -> Result<(), Error> {
        let counted = self.run(
            "INSERT INTO stories (id, articles, outlets, first_at, last_at)
             SELECT story_id, count(*), count(DISTINCT outlet), min(order_at), max(order_at)
             FROM articles WHERE story_id = ?1 GROUP BY story_id
             ON CONFLICT (id) DO UPDATE SET articles = excluded.articles, outlets = excluded.outlets,
                first_at = excluded.first_at, last_at = excluded.last_at",
            [story],
        )?;
        if counted == 0 {
            self.run("DELETE FROM stories WHERE id = ?1", [story])?;
        }
        Ok(())
    }
}

impl Reader {
    /// Returns the stories that a filter lets through, largest first.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn stories(&self, filter: &StoryFilter) -> Result<Vec<Story>, Error> {
        // The index of stories of two outlets or more is used only where the statement says so itself.
        let mut sql = "SELECT id FROM stories s WHERE outlets >= ?1".to_owned();
        if filter.min_outlets >= 2 {
            sql += " AND outlets >= 2";
        }
        if filter.since.is_some() {
            sql += " AND last_at >= ?2";
        }
        if !filter.topics.is_empty() {
            // Each story is looked into until enough have the topic; where few have, what has the topic is looked for.
            sql += if self.are_rare(&filter.topics)? {
                " AND id IN (SELECT a.story_id FROM article_topics t JOIN articles a USING (seq)
                    WHERE t.topic IN (SELECT value FROM json_each(?3)))"
            } else {
                " AND EXISTS (SELECT 1 FROM articles a JOIN article_topics t USING (seq)
                    WHERE a.story_id = s.id AND t.topic IN (SELECT value FROM json_each(?3)))"
            };
        }
        sql += " ORDER BY articles DESC, last_at DESC, id LIMIT ?4";
        self.consistently(|reader| {
            let limit = i64::try_from(filter.limit).unwrap_or(i64::MAX);
            let mut statement = reader.db.prepare_cached(&sql)?;
            let ids = statement
                .query_map((filter.min_outlets, filter.since.map(Ms), to_json(&filter.topics), limit), |row| {
                    row.get(0)
                })?
                .collect::<Result<Vec<StoryId>, _>>()?;
            ids.into_iter().filter_map(|id| reader.read_story(id).transpose()).collect()
        })
    }

    fn are_rare(&self, topics: &[TopicId]) -> Result<bool, Error> {
        let counts = self.topic_counts()?.into_iter().filter(|(topic, _)| topics.contains(topic));
        Ok(counts.map(|(_, articles)| articles).sum::<u64>() < self.counts()?.articles / RARE)
    }

    /// Returns one story, also by an id that was merged into it.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn story(&self, id: StoryId) -> Result<Option<Story>, Error> {
        self.consistently(|reader| reader.read_story(reader.story_now(id)?))
    }

    /// Returns the id that a story has now: its own, or that of the story it was merged into.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn story_now(&self, id: StoryId) -> Result<StoryId, Error> {
        let mut statement = self.db.prepare_cached("SELECT into_id FROM story_aliases WHERE id = ?1")?;
        Ok(statement.query_row([id], |row| row.get(0)).optional()?.unwrap_or(id))
    }

    /// Returns all ids of a story: its own, and those that answer for it.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn story_names(&self, id: StoryId) -> Result<Vec<StoryId>, Error> {
        self.column_of(self.story_now(id)?, "SELECT ?1 UNION ALL SELECT id FROM story_aliases WHERE into_id = ?1")
    }

    fn read_story(&self, id: StoryId) -> Result<Option<Story>, Error> {
        let mut statement = self.db.prepare_cached("SELECT articles, first_at, last_at FROM stories WHERE id = ?1")?;
        let row = statement.query_row([id], |row| Ok((row.get(0)?, row.get::<_, Ms>(1)?, row.get::<_, Ms>(2)?)));
        let Some((articles, first_at, last_at)) = row.optional()? else { return Ok(None) };
        Ok(Some(Story {
            id,
            title: self.story_title(id)?,
            articles,
            outlets: self.column_of(id, "SELECT DISTINCT outlet FROM articles WHERE story_id = ?1 ORDER BY outlet")?,
            first_published_at: first_at.0,
            last_published_at: last_at.0,
            topics: self.story_topics(id)?,
            members: self.column_of(id, "SELECT id FROM articles WHERE story_id = ?1 ORDER BY order_at, id < 0, id")?,
        }))
    }

    /// The title of the most central report; where that is not known, of the one that most outlets copied, of equals the
    /// earliest.
    fn story_title(&self, id: StoryId) -> Result<String, Error> {
        let mut statement = self.db.prepare_cached(
            "SELECT a.title FROM stories s JOIN articles a ON a.story_id = s.id LEFT JOIN groups g ON g.id = a.group_id
             WHERE s.id = ?1
             ORDER BY a.group_id IS s.centre DESC, coalesce(g.members, 1) DESC, a.order_at, a.id < 0, a.id LIMIT 1",
        )?;
        Ok(statement.query_row([id], |row| row.get(0)).optional()?.unwrap_or_default())
    }

    fn story_topics(&self, id: StoryId) -> Result<Vec<TopicId>, Error> {
        let topics = self.column_of(
            id,
            "SELECT t.topic FROM articles a JOIN article_topics t USING (seq) WHERE a.story_id = ?1
             GROUP BY t.topic ORDER BY count(*) DESC, t.topic",
        )?;
        Ok(topics.into_iter().map(TopicId).collect())
    }

    fn column_of<T: rusqlite::types::FromSql>(&self, story: StoryId, sql: &str) -> Result<Vec<T>, Error> {
        let mut statement = self.db.prepare_cached(sql)?;
        Ok(statement.query_map([story], |row| row.get(0))?.collect::<Result<_, _>>()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{Findings, TopicMatch},
        store::{
            NewArticle, Store,
            tests::{article, at, id, transact},
        },
    };

    /// Stories 1 (articles 1 to 3, of both outlets), 4 (4 and 6, of one) and 5 (5 and 8, of both).
    fn three_stories() -> Store {
        let mut store = Store::in_memory().expect("store");
        transact(&mut store, |tx| {
            for (n, story) in [(1, 1), (2, 1), (3, 1), (4, 4), (6, 4), (5, 5), (8, 5)] {
                let topic =
                    TopicMatch { topic: TopicId(format!("t{story}")), score: 1.0, matched: true, evidence: vec![] };
                tx.insert(&NewArticle {
                    story: id(story).into(),
                    findings: Findings { topics: vec![topic], ..Findings::default() },
                    ..article(n)
                })?;
            }
            Ok(())
        });
        store
    }

    #[track_caller]
    fn check(store: &Store, filter: &StoryFilter, expected: &[u64]) {
        let stories = store.reads().stories(filter).expect("readable");
        assert_eq!(stories.iter().map(|story| story.id.bits()).collect::<Vec<_>>(), expected, "{filter:?}");
    }

    #[test]
    fn stories_come_largest_first_and_only_those_that_are_meant() {
        let store = three_stories();
        let all = StoryFilter { min_outlets: 1, ..StoryFilter::default() };
        check(&store, &StoryFilter::default(), &[1, 5]);
        check(&store, &all, &[1, 5, 4]);
        check(&store, &StoryFilter { limit: 1, ..all.clone() }, &[1]);
        check(&store, &StoryFilter { since: Some(at(4)), ..all.clone() }, &[5, 4]);
        check(
            &store,
            &StoryFilter { topics: vec![TopicId("t4".to_owned()), TopicId("t1".to_owned())], ..all },
            &[1, 4],
        );
        check(&store, &StoryFilter { min_outlets: 3, ..StoryFilter::default() }, &[]);
    }

    #[test]
    fn the_stories_of_a_rare_topic_are_found_among_many() {
        let mut store = three_stories();
        transact(&mut store, |tx| {
            (100..400).try_for_each(|n| tx.insert(&NewArticle { story: id(n / 2).into(), ..article(n) }).map(drop))
        });
        let of = |topic: &str| StoryFilter { topics: vec![TopicId(topic.to_owned())], ..StoryFilter::default() };
        assert!(store.reads().are_rare(&of("t5").topics).expect("readable"));
        check(&store, &of("t5"), &[5]);
        check(&store, &of("t4"), &[]);
        check(&store, &StoryFilter { min_outlets: 1, ..of("t4") }, &[4]);
    }

    #[test]
    fn a_story_tells_the_title_that_most_copied_and_who_reported_when() {
        let mut store = three_stories();
        transact(&mut store, |tx| tx.place(id(3), id(2), None, id(1).into()));
        let story = store.reads().story(id(1).into()).expect("readable").expect("there");
        assert_eq!((story.title.as_str(), story.articles), ("Title 2", 3));
        assert_eq!(story.outlets, ["outlet0.example", "outlet1.example"]);
        assert_eq!((story.first_published_at, story.last_published_at), (at(1), at(3)));
        assert_eq!(story.members, [id(1), id(2), id(3)]);
        assert_eq!(story.topics, [TopicId("t1".to_owned())]);
    }

    #[test]
    fn the_most_central_report_gives_the_title_by_its_representative() {
        let mut store = three_stories();
        transact(&mut store, |tx| {
            tx.place(id(3), id(2), None, id(1).into())?;
            tx.set_centre(id(1).into(), id(1))
        });
        let title = |store: &Store| store.reads().story(id(1).into()).expect("readable").expect("there").title;
        assert_eq!(title(&store), "Title 1");
        transact(&mut store, |tx| tx.set_centre(id(1).into(), id(2)));
        assert_eq!(title(&store), "Title 2");
        transact(&mut store, |tx| tx.delete(id(2)));
        transact(&mut store, |tx| tx.delete(id(3)));
        assert_eq!(title(&store), "Title 1", "the group is gone");
    }

    #[test]
    fn a_part_of_a_story_leaves_it_under_an_id_that_led_to_it_before() {
        let mut store = three_stories();
        transact(&mut store, |tx| {
            tx.place(id(8), id(5), Some(0.75), id(5).into())?;
            tx.merge_story(id(5).into(), id(1).into())?;
            tx.part_story(id(5).into(), &[id(5)])
        });
        let story = |n: u64| store.reads().story(id(n).into()).expect("readable").expect("there");
        assert_eq!((story(1).members, story(5).members), (vec![id(1), id(2), id(3)], vec![id(5), id(8)]));
        let copy = store.reads().article(id(8)).expect("readable").expect("there");
        assert_eq!((copy.duplicate_of, copy.similarity), (Some(id(5)), Some(0.75)));
        assert_eq!(store.reads().integrity_check().expect("check"), [] as [String; 0]);
    }

    #[test]
    fn a_story_is_closed_when_it_was_quiet_for_long() {
        let story = three_stories().reads().story(id(1).into()).expect("readable").expect("there");
        let closing = story.last_published_at + Story::QUIET;
        assert_eq!(story.closed_at(closing - chrono::TimeDelta::seconds(1)), None);
        assert_eq!(story.closed_at(closing), Some(closing));
    }

    #[test]
    fn a_merged_story_keeps_answering_also_after_the_next_merger() {
        let mut store = three_stories();
        assert_eq!(transact(&mut store, |tx| tx.merge_story(id(4).into(), id(5).into())), 2);
        assert_eq!(transact(&mut store, |tx| tx.merge_story(id(5).into(), id(1).into())), 4);
        assert_eq!(transact(&mut store, |tx| tx.merge_story(id(4).into(), id(1).into())), 0, "merged already");
        for old in [1, 4, 5] {
            let story = store.reads().story(id(old).into()).expect("readable").expect("it answers");
            assert_eq!((story.id, story.articles, story.outlets.len()), (id(1).into(), 7, 2));
        }
        let mut names = store.reads().story_names(id(5).into()).expect("readable");
        names.sort_unstable();
        assert_eq!(names, [id(1).into(), id(4).into(), id(5).into()]);
        // A late article of the old story is of the new one.
        transact(&mut store, |tx| tx.insert(&NewArticle { story: id(4).into(), ..article(10) }));
        let late = store.reads().article(id(10)).expect("readable").expect("there");
        assert_eq!(late.story, id(1).into());
        assert!(store.reads().story(id(99).into()).expect("readable").is_none());
        assert_eq!(store.reads().integrity_check().expect("check"), [] as [String; 0]);
    }
}
