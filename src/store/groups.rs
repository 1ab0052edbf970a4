//! Groups of copies: who is in one, and which member represents it.
//!
//! The representative is the member that was published first (fetched first, where that is unknown), ties by id. Who is
//! alone in a group has no row in `groups`.

use std::time::Duration;

use rusqlite::OptionalExtension;

use super::{ChangeKind, Error, Reader, Tx, column::Ms};
use crate::model::{ArticleId, StoryId, Time};

impl Tx<'_> {
    /// Moves an article to a group and a story; the groups and stories at both ends are brought in order.
    ///
    /// Every article whose `duplicate_of` or `copies` changes by that gets a row in the change log.
    ///
    /// # Errors
    /// [`Error::Unknown`] without such an article, else when the database refuses.
    pub fn place(
        &mut self,
        id: ArticleId,
        group: ArticleId,
        similarity: Option<f32>,
        story: StoryId,
    ) -> Result<(), Error> {
        let (seq, _, old_group, old_story) = self.row_of(id)?;
        let story = self.story_now(story)?;
        self.run(
            "UPDATE articles SET similarity = CASE group_id WHEN ?2 THEN coalesce(?3, similarity) ELSE ?3 END,
                group_id = ?2, story_id = ?4 WHERE seq = ?1",
            (seq, group, similarity, story),
        )?;
        if group != old_group {
            self.log(id, ChangeKind::Representative)?;
            self.regroup(old_group, None)?;
            self.regroup(group, Some(id))?;
        }
        if story != old_story {
            self.log(id, ChangeKind::Story)?;
            self.refresh_story(old_story)?;
            self.refresh_story(story)?;
        }
        Ok(())
    }

    /// Determines the representative and size of a group from its members, and logs each member that this changes, except
    /// `logged`, which has its row already.
    pub(super) fn regroup(&mut self, group: ArticleId, logged: Option<ArticleId>) -> Result<(), Error> {
        let before: Option<(ArticleId, i64)> = self
            .db()
            .prepare_cached("SELECT representative, members FROM groups WHERE id = ?1")?
            .query_row([group], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let members = self.members(group)?;
        let Some(&representative) = members.first() else {
            self.run("DELETE FROM groups WHERE id = ?1", [group])?;
            return Ok(());
        };
        let count = i64::try_from(members.len()).unwrap_or(i64::MAX);
        let kind = match before {
            Some((old, old_count)) if (old, old_count) == (representative, count) => return Ok(()),
            Some((old, _)) if old == representative => ChangeKind::Copies,
            Some(_) => ChangeKind::Representative,
            // Without a row there was at most one member, and that one stood for itself.
            None if count == 1 => return Ok(()),
            None if logged.is_some_and(|joined| joined != representative) => ChangeKind::Copies,
            None => ChangeKind::Representative,
        };
        if count == 1 {
            self.run("DELETE FROM groups WHERE id = ?1", [group])?;
        } else {
            self.run(
                "INSERT INTO groups (id, representative, members) VALUES (?1, ?2, ?3)
                 ON CONFLICT (id) DO UPDATE SET representative = ?2, members = ?3",
                (group, representative, count),
            )?;
            // Who founded the group is compared with nobody until another takes its place.
            self.run(
                "UPDATE articles SET similarity = (SELECT similarity FROM articles WHERE id = ?2)
                 WHERE group_id = ?1 AND id <> ?2 AND similarity IS NULL",
                (group, representative),
            )?;
        }
        for member in members.into_iter().filter(|member| Some(*member) != logged) {
            self.log(member, kind)?;
        }
        Ok(())
    }
}

/// Where an article belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// The article.
    pub id: ArticleId,
    /// When it was first fetched.
    pub first_at: Time,
    /// The name of its group of copies.
    pub group: ArticleId,
    /// Its story.
    pub story: StoryId,
}

impl Reader {
    /// Returns where the articles belong that were first fetched so long before the latest, or later, in the order in which
    /// they were first seen.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn placed_within(&self, window: Duration) -> Result<Vec<Placed>, Error> {
        let window_ms = i64::try_from(window.as_millis()).unwrap_or(i64::MAX);
        let mut statement = self.db.prepare_cached(
            "SELECT id, first_at, group_id, story_id FROM articles
             WHERE first_at >= (SELECT max(first_at) FROM articles) - ?1 ORDER BY seq",
        )?;
        let placed = |row: &rusqlite::Row<'_>| {
            Ok(Placed { id: row.get(0)?, first_at: row.get::<_, Ms>(1)?.0, group: row.get(2)?, story: row.get(3)? })
        };
        Ok(statement.query_map([window_ms], placed)?.collect::<Result<_, _>>()?)
    }

    /// Returns all members of an article's group, itself included, the representative first; none for an unknown article.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn group_members(&self, id: ArticleId) -> Result<Vec<ArticleId>, Error> {
        let mut statement = self.db.prepare_cached("SELECT group_id FROM articles WHERE id = ?1")?;
        match statement.query_row([id], |row| row.get(0)).optional()? {
            Some(group) => self.members(group),
            None => Ok(Vec::new()),
        }
    }

    /// Returns the members of the group with this name, in the order in which they represent it.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn members_of(&self, group: ArticleId) -> Result<Vec<ArticleId>, Error> {
        self.members(group)
    }

    /// As unsigned numbers, ids with the highest bit come last; as SQLite's signed ones they would come first.
    fn members(&self, group: ArticleId) -> Result<Vec<ArticleId>, Error> {
        let mut statement =
            self.db.prepare_cached("SELECT id FROM articles WHERE group_id = ?1 ORDER BY order_at, id < 0, id")?;
        Ok(statement.query_map([group], |row| row.get(0))?.collect::<Result<_, _>>()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{PublishedAt, Time},
        store::{
            Store,
            tests::{article, at, id, transact},
        },
    };

    fn moment(seconds: i64) -> Option<PublishedAt> {
        Some(PublishedAt { at: at(seconds), date_only: false })
    }

    /// The day that begins so many days after that of the tests' time zero.
    fn day(days: i64) -> Option<PublishedAt> {
        let midnight = at(0).date_naive() + chrono::Duration::days(days);
        Some(PublishedAt { at: midnight.and_time(chrono::NaiveTime::MIN).and_utc(), date_only: true })
    }

    /// Inserts articles 1, 2, … with these times of publication and fetching into one group, and compares who
    /// represents it.
    #[track_caller]
    fn check(members: &[(Option<PublishedAt>, Time)], expected: u64) {
        let mut store = Store::in_memory().expect("store");
        for (n, (published_at, fetched_at)) in (1..).zip(members) {
            let mut member = article(n);
            member.group = id(1);
            member.text.published_at = *published_at;
            member.text.fetched_at = *fetched_at;
            transact(&mut store, |tx| tx.insert(&member));
        }
        let others = u32::try_from(members.len()).expect("few") - 1;
        for (n, _) in (1..).zip(members) {
            let stored = store.reads().article(id(n)).expect("read").expect("there");
            assert_eq!(stored.duplicate_of, (n != expected).then(|| id(expected)), "article {n}");
            assert_eq!(stored.copies, others, "article {n}");
        }
        assert_eq!(store.reads().integrity_check().expect("check"), [] as [String; 0]);
    }

    #[test]
    fn the_earliest_published_represents_whoever_came_first() {
        check(&[(moment(5), at(10))], 1);
        check(&[(moment(5), at(10)), (moment(6), at(9))], 1);
        check(&[(moment(5), at(10)), (moment(4), at(99))], 2);
        check(&[(moment(5), at(10)), (moment(7), at(11)), (moment(3), at(12)), (moment(4), at(13))], 3);
    }

    #[test]
    fn a_founder_whose_place_is_taken_gets_the_similarity_of_the_two() {
        let mut store = Store::in_memory().expect("store");
        let join = |n, similarity| crate::store::NewArticle { group: id(2), similarity, ..article(n) };
        transact(&mut store, |tx| Ok((tx.insert(&join(2, None))?, tx.insert(&join(3, Some(0.5)))?)));
        let similarities = |store: &Store| {
            let article = |n| store.reads().article(id(n)).expect("read").expect("there").similarity;
            [1, 2, 3].map(article)
        };
        transact(&mut store, |tx| tx.insert(&join(1, Some(0.75))));
        assert_eq!(similarities(&store), [None, Some(0.75), Some(0.5)]);
        // A revision of the founder knows no similarity, and that says nothing.
        transact(&mut store, |tx| tx.place(id(2), id(2), None, id(2).into()));
        assert_eq!(similarities(&store), [None, Some(0.75), Some(0.5)]);
    }

    #[test]
    fn ties_go_to_the_smaller_id() {
        check(&[(moment(5), at(10)), (moment(5), at(9)), (moment(5), at(8))], 1);
    }

    #[test]
    fn an_unknown_date_counts_as_the_fetch_and_a_bare_one_as_the_end_of_its_day() {
        check(&[(moment(5), at(10)), (None, at(4))], 2);
        check(&[(None, at(10)), (moment(11), at(12))], 1);
        check(&[(day(0), at(10)), (moment(1), at(11))], 2);
        check(&[(day(0), at(10)), (moment(86_400), at(11))], 1);
        check(&[(day(1), at(10)), (day(0), at(11)), (day(2), at(12))], 2);
    }

    #[test]
    fn ids_with_the_highest_bit_come_last_among_equals() {
        let mut store = Store::in_memory().expect("store");
        let (mut low, mut high) = (article(1), article(2));
        (low.id, high.id) = (ArticleId::from_bits(7), ArticleId::from_bits(u64::MAX - 7));
        (low.group, high.group) = (low.id, low.id);
        transact(&mut store, |tx| Ok((tx.insert(&high)?, tx.insert(&low)?)));
        assert_eq!(store.reads().group_members(high.id).expect("read"), [low.id, high.id]);
        assert_eq!(store.reads().article(low.id).expect("read").expect("there").duplicate_of, None);
    }

    #[test]
    fn a_group_that_is_left_gets_another_representative() {
        let mut store = Store::in_memory().expect("store");
        transact(&mut store, |tx| {
            for n in 1..=3 {
                tx.insert(&crate::store::NewArticle { group: id(1), ..article(n) })?;
            }
            tx.place(id(1), id(9), None, id(1).into())
        });
        assert_eq!(store.reads().group_members(id(3)).expect("read"), [id(2), id(3)]);
        assert_eq!(store.reads().group_members(id(1)).expect("read"), [id(1)]);
        transact(&mut store, |tx| tx.place(id(3), id(9), Some(0.5), id(3).into()));
        let three = store.reads().article(id(3)).expect("read").expect("there");
        assert_eq!((three.duplicate_of, three.copies, three.similarity), (Some(id(1)), 1, Some(0.5)));
        assert_eq!(store.reads().article(id(2)).expect("read").expect("there").copies, 0);
        assert_eq!(store.reads().integrity_check().expect("check"), [] as [String; 0]);
    }

    #[test]
    fn a_new_copy_logs_the_others_once_each() {
        let mut store = Store::in_memory().expect("store");
        let kinds = |store: &Store, after| {
            let changes = store.reads().changes_after(after, 99).expect("read");
            changes.into_iter().map(|change| (change.article, change.kind)).collect::<Vec<_>>()
        };
        let join = |n| crate::store::NewArticle { group: id(2), ..article(n) };
        transact(&mut store, |tx| tx.insert(&join(2)));
        transact(&mut store, |tx| tx.insert(&join(3)));
        assert_eq!(kinds(&store, 0), [(id(2), ChangeKind::New), (id(3), ChangeKind::New), (id(2), ChangeKind::Copies)]);
        transact(&mut store, |tx| tx.insert(&join(1)));
        assert_eq!(
            kinds(&store, 3),
            [(id(1), ChangeKind::New), (id(2), ChangeKind::Representative), (id(3), ChangeKind::Representative)]
        );
    }
}
