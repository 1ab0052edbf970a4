//! A story that drifted from one event to another is parted again.
//!
//! Each report joins by one other that it is like, so that a chain of them may end far from its start. Whether it did is
//! asked when the next report comes: reports are joined by their mean likeness, most alike first, and what is left unlike
//! the rest is a story of its own.

use crate::model::{ArticleId, StoryId};

use super::memory::{Group, Memory};
use super::sketch::Sketch;

/// Two events have two reports each, or more.
const MIN_EVENT: usize = 2;
/// Mean likeness below which reports tell of two events. On streams of 20,000 and on 18,847 agency reports one story is
/// parted here and none below, so that this guards against chains and touches nothing else.
const APART: f64 = 0.35;

/// What leaves a story.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Part {
    /// Its own name: that of its earliest article.
    pub story: StoryId,
    pub groups: Vec<ArticleId>,
}

impl Memory {
    /// Returns what should leave a story. The part with the article that the story is named after stays, else the larger.
    pub(super) fn part(&self, story: StoryId) -> Option<Part> {
        if self.stories.get(&story)?.len() < 2 * MIN_EVENT {
            return None;
        }
        let reports = self.reports(story);
        let mut parts = events(
            reports
                .iter()
                .map(|&(_, one)| reports.iter().map(|&(_, other)| self.frequencies.likeness(one, other).0).collect())
                .collect(),
        );
        parts.retain(|part| part.len() >= MIN_EVENT);
        parts.sort_by_key(|part| std::cmp::Reverse(part.len()));
        let namesake = self.by_id.get(&ArticleId::from_bits(story.bits()));
        let has_namesake = |part: &Vec<usize>| {
            namesake.is_some_and(|slot| part.iter().any(|&at| reports[at].0.members.contains(slot)))
        };
        let stays = parts.iter().position(has_namesake).unwrap_or(0);
        let leaving = parts.iter().enumerate().find(|&(at, _)| at != stays)?.1;
        let groups: Vec<&Group> = leaving.iter().map(|&at| reports[at].0).collect();
        let members = groups.iter().flat_map(|group| &group.members).map(|&slot| &self.held(slot).sketch);
        let first: &Sketch = members.min_by_key(|sketch| (sketch.time(), sketch.id))?;
        let name = StoryId::from(first.id);
        let is_free = !self.stories.contains_key(&name);
        is_free.then(|| Part { story: name, groups: groups.iter().map(|group| group.key).collect() })
    }
}

/// Joins reports by their mean likeness as long as it is enough; returns which are together.
fn events(mut likeness: Vec<Vec<f64>>) -> Vec<Vec<usize>> {
    let mut parts: Vec<Vec<usize>> = (0..likeness.len()).map(|at| vec![at]).collect();
    loop {
        let mean =
            |&(one, other): &(usize, usize)| likeness[one][other] / (parts[one].len() * parts[other].len()) as f64;
        let pairs = (0..parts.len()).flat_map(|other| (0..other).map(move |one| (one, other)));
        let nearest = pairs.max_by(|one, other| mean(one).total_cmp(&mean(other)));
        let Some((one, other)) = nearest.filter(|pair| mean(pair) >= APART) else { return parts };
        let joined = parts.remove(other);
        parts[one].extend(joined);
        let row = likeness.remove(other);
        likeness[one].iter_mut().zip(row).for_each(|(sum, more)| *sum += more);
        for sums in &mut likeness {
            let more = sums.remove(other);
            sums[one] += more;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::naming::tests::{hour, id, memory};
    use super::*;
    use crate::config;
    use crate::dedup::{Decision, Document, sketch};
    use crate::model::PublishedAt;

    /// A report of so many words of a flood and so many of a strike, none of them in the order of another's.
    fn report(memory: &mut Memory, name: &str, flood: usize, strike: usize, hours: i64) -> Decision {
        let words = (0..flood).map(|at| format!("flood{at}")).chain((0..strike).map(|at| format!("strike{at}")));
        let words: Vec<String> = words.collect();
        let body: String =
            words.iter().enumerate().map(|(at, word)| format!("{name}{at} {word} {name}x{at} ")).collect();
        memory.assign(sketch(&Document {
            id: id(name),
            outlet: name,
            title: &words.join(" "),
            body: &body,
            lang: None,
            published_at: Some(PublishedAt { at: hour(hours), date_only: false }),
            arrived_at: hour(hours),
        }))
    }

    /// Two reports of a flood, two of both, two of a strike: one an hour.
    fn chain(memory: &mut Memory) -> Vec<Decision> {
        let reports = [("a", 20, 0), ("b", 20, 0), ("c", 13, 7), ("d", 9, 11), ("e", 0, 20), ("f", 0, 20)];
        (0..).zip(reports).map(|(hours, (name, flood, strike))| report(memory, name, flood, strike, hours)).collect()
    }

    #[test]
    fn a_story_that_drifted_to_another_event_is_parted_and_the_first_keeps_its_name() {
        let mut memory = memory();
        let chained = chain(&mut memory);
        let story = StoryId::from(id("a"));
        assert!(chained.iter().all(|decision| decision.story == story), "it drifted");
        let strike = report(&mut memory, "g", 0, 20, 6);
        assert_eq!((strike.story, strike.parted), (id("e").into(), Some((id("e").into(), vec![id("e"), id("f")]))));
        let flood = report(&mut memory, "h", 20, 0, 7);
        assert_eq!((flood.story, flood.parted), (story, None));
    }

    #[test]
    fn a_story_is_parted_alike_after_a_restart() {
        let settings = config::Dedup::default();
        let mut memory = Memory::new(&settings);
        let others = (0..40).map(|at| report(&mut memory, &format!("other{at}x"), 0, 0, 0).record);
        let mut log: Vec<Vec<u8>> = others.collect();
        log.extend(chain(&mut memory).into_iter().map(|decision| decision.record));
        let last = report(&mut memory, "g", 0, 20, 6);
        assert!(last.parted.is_some());
        log.push(last.record);
        let mut restored = Memory::restore(&settings, log.into_iter()).expect("own records");
        for (name, flood, strike) in [("h", 20, 0), ("i", 0, 20)] {
            assert_eq!(report(&mut memory, name, flood, strike, 7), report(&mut restored, name, flood, strike, 7));
        }
    }

    #[test]
    fn reports_of_one_event_stay_together_however_many() {
        let mut memory = memory();
        for at in 0..40 {
            let decision = report(&mut memory, &format!("r{at}x"), 20 - at % 6, at % 6, 1);
            assert_eq!(decision.parted, None);
        }
    }
}
