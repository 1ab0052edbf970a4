//! What a story is called: its id, and the article that gives its title.

use std::cmp::Reverse;

use crate::model::{ArticleId, StoryId};

use super::memory::{Group, Memory};
use super::sketch::Sketch;

/// Reports of a story that are compared with each other.
const MAX_REPORTS: usize = 32;
/// For so many seconds after the article that named a story arrived, one published before it may still take its place.
const YOUNG: i64 = 24 * 3600;

impl Memory {
    /// Returns the id of the story that an article belongs to, and the ids of those that become it: `stories` are all that
    /// turned out to be this one, none for a new one.
    ///
    /// A story is named after its earliest article, in whichever order they arrive. Once it is no longer young, or that
    /// article is forgotten, its name stays.
    pub(super) fn name_story(&self, sketch: &Sketch, mut stories: Vec<StoryId>) -> (StoryId, Vec<StoryId>) {
        let namesake =
            |story: StoryId| self.by_id.get(&ArticleId::from_bits(story.bits())).map(|&slot| &self.held(slot).sketch);
        let age = |story: StoryId| (namesake(story).map(Sketch::time), story);
        let now = self.now.max(sketch.arrived_at);
        let is_young = |story| namesake(story).is_some_and(|sketch| now - sketch.arrived_at <= YOUNG);
        let own = StoryId::from(sketch.id);
        let name = match stories.iter().copied().min_by_key(|&story| age(story)) {
            None => own,
            Some(known) => {
                let is_earlier = (Some(sketch.time()), own) < age(known);
                if is_earlier && is_young(known) && !self.stories.contains_key(&own) { own } else { known }
            }
        };
        stories.retain(|&story| story != name);
        stories.sort_unstable();
        stories.dedup();
        (name, stories)
    }

    /// The group whose report is the most central of a story, if there are several.
    pub(super) fn centre(&self, story: StoryId) -> Option<ArticleId> {
        self.stories.get(&story).filter(|groups| groups.len() > 1)?;
        let reports = self.reports(story);
        let weighed: Vec<(&Sketch, usize)> =
            reports.iter().map(|&(group, sketch)| (sketch, group.members.len())).collect();
        self.frequencies.most_central(&weighed).map(|at| reports[at].0.key)
    }

    /// The reports of a story, earliest first: its groups of copies, each with the article that speaks for it. Of many, those
    /// that were copied most.
    pub(super) fn reports(&self, story: StoryId) -> Vec<(&Group, &Sketch)> {
        let speaker = |group: &Group| group.members.iter().map(|&slot| self.held(slot)).find(|held| held.founder);
        let groups = self.stories.get(&story).into_iter().flatten().map(|&group| self.group(group));
        let mut reports: Vec<(&Group, &Sketch)> =
            groups.filter_map(|group| Some((group, &speaker(group)?.sketch))).collect();
        reports.sort_by_key(|(group, sketch)| (Reverse(group.members.len()), sketch.time(), sketch.id));
        reports.truncate(MAX_REPORTS);
        reports.sort_by_key(|(_, sketch)| (sketch.time(), sketch.id));
        reports
    }
}

#[cfg(test)]
pub(super) mod tests {
    use chrono::Duration;

    use super::*;
    use crate::config;
    use crate::dedup::{Decision, Document, sketch};
    use crate::model::{PublishedAt, Story, Time};

    pub fn hour(hours: i64) -> Time {
        "2026-03-02T08:00:00Z".parse::<Time>().expect("a valid time") + Duration::hours(hours)
    }

    pub fn id(name: &str) -> ArticleId {
        ArticleId::derive(&[name])
    }

    /// The words of an event: its reports share `shared` of them, and no phrase.
    pub fn report(memory: &mut Memory, name: &str, shared: usize, published: i64, arrived: i64) -> Decision {
        let words: Vec<String> =
            (0..20).map(|at| if at < shared { format!("event{at}") } else { format!("{name}{at}") }).collect();
        let body: Vec<String> =
            words.iter().enumerate().map(|(at, word)| format!("{name}own{at} {word} {name}last{at}")).collect();
        let published_at = Some(PublishedAt { at: hour(published), date_only: false });
        memory.assign(sketch(&Document {
            id: id(name),
            outlet: name,
            title: &words.join(" "),
            body: &body.join(" "),
            lang: None,
            published_at,
            arrived_at: hour(arrived),
        }))
    }

    /// A memory that knows forty reports of nothing in common.
    pub fn memory() -> Memory {
        let mut memory = Memory::new(&config::Dedup::default());
        (0..40).for_each(|at| drop(report(&mut memory, &format!("other{at}x"), 0, 0, 0)));
        memory
    }

    #[test]
    fn a_story_is_named_after_its_earliest_report_in_whichever_order_they_arrive() {
        let published = [("first", 1), ("second", 2), ("third", 3)];
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let mut memory = memory();
            let mut names: Vec<StoryId> = Vec::new();
            for at in order {
                let (name, published) = published[at];
                let decision = report(&mut memory, name, 18, published, 4);
                for (old, into) in decision.merged_stories {
                    names.iter_mut().filter(|name| **name == old).for_each(|name| *name = into);
                }
                names.push(decision.story);
            }
            assert_eq!(names, [StoryId::from(id("first")); 3], "{order:?}");
        }
    }

    #[test]
    fn a_story_that_is_no_longer_young_keeps_its_name() {
        let mut memory = memory();
        let founder = report(&mut memory, "late", 18, 4, 4);
        assert_eq!(report(&mut memory, "early", 18, 2, 30).story, founder.story);
        memory.forget(id("late"));
        assert_eq!(report(&mut memory, "earlier", 18, 1, 30).story, founder.story, "its article is forgotten");
    }

    #[test]
    fn a_report_after_the_quiet_time_founds_another_story() {
        let quiet = i64::try_from(Story::QUIET.as_secs() / 3600).expect("some days");
        for (hours, same) in [(quiet, true), (quiet + 1, false)] {
            let mut memory = memory();
            let founder = report(&mut memory, "first", 20, 0, 0);
            assert_eq!(report(&mut memory, "second", 20, hours, hours).story == founder.story, same, "{hours} h");
        }
    }

    #[test]
    fn the_most_central_report_gives_the_title_and_of_equals_the_earliest() {
        let mut memory = memory();
        assert_eq!(report(&mut memory, "aside", 12, 0, 0).centre, None);
        assert_eq!(report(&mut memory, "third", 20, 3, 3).centre, Some(id("aside")), "two are equally near to both");
        assert_eq!(report(&mut memory, "second", 19, 2, 3).centre, Some(id("second")));
        assert_eq!(report(&mut memory, "fourth", 20, 4, 4).centre, Some(id("second")), "it stays");
    }
}
