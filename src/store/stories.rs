//! Stories: their size and time span, which are kept up to date with each article, and the ids under which merged ones
//! still answer.

use rusqlite::OptionalExtension;

use super::{
    ChangeKind, Error, Reader, Tx,
    column::{Ms, to_json},
};
use crate::model::{ArticleId, Story, StoryId, Time, TopicId};

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
        let moved: Vec<ArticleId> = {
            let mut statement =
                self.db().prepare_cached("UPDATE articles SET story_id = ?2 WHERE story_id = ?1 RETURNING id")?;
            statement.query_map((old, into), |row| row.get(0))?.collect::<Result<_, _>>()?
        };
        for id in &moved {
            self.log(*id, ChangeKind::Story)?;
        }
        self.refresh_story(old)?;
        self.refresh_story(into)?;
        Ok(moved.len())
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
            sql += " AND EXISTS (SELECT 1 FROM articles a JOIN article_topics t USING (seq)
                WHERE a.story_id = s.id AND t.topic IN (SELECT value FROM json_each(?3)))";
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

    /// The title of the report that most outlets copied; of equals, of the earliest.
    fn story_title(&self, id: StoryId) -> Result<String, Error> {
        let mut statement = self.db.prepare_cached(
            "SELECT a.title FROM articles a LEFT JOIN groups g ON g.id = a.group_id WHERE a.story_id = ?1
             ORDER BY coalesce(g.members, 1) DESC, a.order_at, a.id < 0, a.id LIMIT 1",
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
