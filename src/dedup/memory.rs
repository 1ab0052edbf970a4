//! The ordered state of one process: what arrived inside the window, and what each new article is.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;

use crate::config;
use crate::model::{ArticleId, StoryId};

use super::Error;
use super::parting::Part;
use super::postings::{Postings, Slot};
use super::record::{Change, Put, Record};
use super::sketch::Sketch;
use super::story::Frequencies;

/// A shingle that stands in so many groups is furniture. Measured on streams of 10,000 to 20,000: 4 takes the words of
/// real reports for furniture (recall -.015), 10 lets recurring forms through.
pub(super) const FEW_GROUPS: usize = 7;
/// A story term is looked up in the latest so many stories.
const FEW_STORIES: usize = 12;
/// Articles that may leave with one that arrives: after a pause of days, they leave a few at a time.
const MAX_LEAVING: usize = 64;
/// What an article takes beside its sketch, in bytes: its places in lists and tables, which double when they are full.
const ARTICLE_BYTES: usize = 700;
/// What a shingle or term takes in the tables that find it: nine bytes a place, of which 7 in 16 are used at least.
const KEY_BYTES: usize = 21;

/// An article that now belongs to another group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Move {
    /// The article.
    pub article: ArticleId,
    /// The group it left.
    pub from: ArticleId,
    /// The group it belongs to now.
    pub to: ArticleId,
}

/// Where an article belongs.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// The group of copies, named after the member that arrived first.
    pub group: ArticleId,
    /// The share of the shorter text's own words that stand in the other, 0–1, in the member that it was recognised by;
    /// `None` for an article that founded its group.
    pub similarity: Option<f32>,
    /// The story.
    pub story: StoryId,
    /// Articles in memory whose group changed because two groups turned out to be one.
    pub moved: Vec<Move>,
    /// Groups that turned out to be [`Decision::group`]; members that left the window follow by these names.
    pub merged_groups: Vec<ArticleId>,
    /// A story that leaves another which drifted from its event, and the groups that it takes along; before the mergers.
    pub parted: Option<(StoryId, Vec<ArticleId>)>,
    /// Stories that turned out to be another, or got its name: the old name and the one that stays.
    pub merged_stories: Vec<(StoryId, StoryId)>,
    /// The most central article of the story, by its group; `None` where one report alone is remembered.
    pub centre: Option<ArticleId>,
    /// The number of the record: one more than that of the record before.
    pub number: u64,
    /// What [`Memory::restore`] needs of this decision.
    pub record: Vec<u8>,
}

pub(super) struct Held {
    pub number: u64,
    pub group: u32,
    /// It founded its group and speaks for it among the stories, also after that group became part of another.
    pub founder: bool,
    pub sketch: Sketch,
}

impl Held {
    /// How much memory it takes at most, in bytes.
    fn weight(&self) -> usize {
        let keys = self.sketch.shingles.len() + self.sketch.terms.len();
        ARTICLE_BYTES + KEY_BYTES * keys + self.sketch.heap_bytes()
    }
}

pub(super) struct Group {
    pub key: ArticleId,
    /// The number of the record that founded it.
    pub born: u64,
    pub story: StoryId,
    /// In order of arrival.
    pub members: Vec<Slot>,
}

/// What arrived inside the window, and the ordered decisions about it. One owner, no locks.
pub struct Memory {
    window: i64,
    /// What all articles may weigh, and what they do.
    max_weight: usize,
    weight: usize,
    next: u64,
    horizon: u64,
    /// The latest arrival, in seconds since 1970; it never goes back.
    pub(super) now: i64,
    articles: Vec<Option<Held>>,
    free_articles: Vec<Slot>,
    pub(super) by_id: FxHashMap<ArticleId, Slot>,
    /// In order of arrival: number, arrival, id. An article that was revised or forgotten leaves its old place behind.
    queue: VecDeque<(u64, i64, ArticleId)>,
    groups: Vec<Option<Group>>,
    free_groups: Vec<u32>,
    by_key: FxHashMap<ArticleId, u32>,
    pub(super) stories: FxHashMap<StoryId, Vec<u32>>,
    pub(super) bodies: FxHashMap<u64, Slot>,
    pub(super) shingles: Postings<FEW_GROUPS>,
    pub(super) terms: Postings<FEW_STORIES>,
    pub(super) frequencies: Frequencies,
}

impl Memory {
    /// Returns an empty memory.
    pub fn new(settings: &config::Dedup) -> Self {
        Self {
            window: i64::try_from(settings.window.as_secs()).unwrap_or(i64::MAX),
            max_weight: usize::try_from(settings.max_memory).unwrap_or(usize::MAX),
            weight: 0,
            next: 0,
            horizon: 0,
            now: i64::MIN,
            articles: Vec::new(),
            free_articles: Vec::new(),
            by_id: FxHashMap::default(),
            queue: VecDeque::new(),
            groups: Vec::new(),
            free_groups: Vec::new(),
            by_key: FxHashMap::default(),
            stories: FxHashMap::default(),
            bodies: FxHashMap::default(),
            shingles: Postings::new(),
            terms: Postings::new(),
            frequencies: Frequencies::new(),
        }
    }

    /// Rebuilds the memory from its records, oldest first: those with a number of at least [`Memory::horizon`], more do
    /// no harm.
    ///
    /// # Errors
    /// The first record that cannot be read. The caller starts with an empty memory and says so.
    pub fn restore(settings: &config::Dedup, records: impl Iterator<Item = Vec<u8>>) -> Result<Self, Error> {
        let mut memory = Self::new(settings);
        for record in records {
            memory.apply(Record::from_bytes(&record)?);
        }
        Ok(memory)
    }

    /// Decides where an article belongs and remembers it. An article that is known already is revised.
    pub fn assign(&mut self, sketch: Sketch) -> Decision {
        if self.by_id.contains_key(&sketch.id) {
            return self.revise(sketch);
        }
        let Some(recognised) = self.recognise(&sketch) else {
            // A founder that left may come back while its group, which bears its name, still has members.
            let known = self.by_key.get(&sketch.id).map(|&group| self.group(group));
            let born = known.map_or(self.next, |group| group.born);
            let like = known.or_else(|| self.find_report(&sketch));
            let part = like.filter(|_| known.is_none()).and_then(|group| self.part(group.story));
            let found = like.map(|group| match &part {
                Some(part) if part.groups.contains(&group.key) => part.story,
                _ => group.story,
            });
            let (story, stories) = self.name_story(&sketch, found.into_iter().collect());
            let put = Put { group: sketch.id, born, story, part, groups: Vec::new(), stories, sketch };
            return self.commit(put, None, Vec::new());
        };
        // The oldest name of all groups that turned out to be one stays.
        let mut same: Vec<&Group> = recognised.groups.iter().map(|&group| self.group(group)).collect();
        same.sort_by_key(|group| group.born);
        let (into, others) = (same[0], &same[1..]);
        let (story, stories) = self.name_story(&sketch, same.iter().map(|group| group.story).collect());
        let mut moved = Vec::new();
        for group in others {
            let article = |&slot: &Slot| self.held(slot).sketch.id;
            let ids = group.members.iter().map(article);
            moved.extend(ids.map(|article| Move { article, from: group.key, to: into.key }));
        }
        let groups = others.iter().map(|group| group.key).collect();
        let put = Put { group: into.key, born: into.born, story, part: None, groups, stories, sketch };
        self.commit(put, Some(recognised.similarity), moved)
    }

    /// Remembers the new text of a known article, which stays in its group and story; later copies are compared with the
    /// new text. An article that left the window is assigned like a new one.
    pub fn revise(&mut self, sketch: Sketch) -> Decision {
        let Some(&slot) = self.by_id.get(&sketch.id) else { return self.assign(sketch) };
        let group = self.group(self.held(slot).group);
        let similarity = (group.key != sketch.id).then(|| self.similarity(&sketch, slot));
        let (key, born, story) = (group.key, group.born, group.story);
        let put = Put { group: key, born, story, part: None, groups: Vec::new(), stories: Vec::new(), sketch };
        self.commit(put, similarity, Vec::new())
    }

    /// Takes in an article whose place is known already, where the record of it cannot be read. Returns the record to keep.
    pub fn place(&mut self, sketch: Sketch, group: ArticleId, story: StoryId) -> Vec<u8> {
        let born = self.by_key.get(&group).map_or(self.next, |&at| self.group(at).born);
        let put = Put { group, born, story, part: None, groups: Vec::new(), stories: Vec::new(), sketch };
        self.commit(put, None, Vec::new()).record
    }

    /// Takes an article out, so that nothing is compared with it any more. Returns the record to keep.
    pub fn forget(&mut self, id: ArticleId) -> Vec<u8> {
        let record = Record { number: self.next, horizon: self.horizon, now: self.now, change: Change::Forget(id) };
        let bytes = record.to_bytes();
        self.apply(record);
        bytes
    }

    /// Returns the number of the oldest record that still matters: all with a smaller number may be pruned.
    pub fn horizon(&self) -> u64 {
        self.horizon
    }

    /// Returns the number that the next record will have.
    pub fn next_number(&self) -> u64 {
        self.next
    }

    /// Returns the number of articles in memory.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Tells whether nothing is in memory.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Returns about how many bytes the memory takes.
    pub fn memory_bytes(&self) -> usize {
        let sketches: usize = self.articles.iter().flatten().map(|held| held.sketch.heap_bytes()).sum();
        let groups: usize =
            self.groups.iter().flatten().map(|group| group.members.capacity() * size_of::<Slot>()).sum();
        let maps =
            self.by_id.capacity() + self.by_key.capacity() + self.bodies.capacity() + self.stories.capacity() * 2;
        sketches
            + groups
            + self.articles.capacity() * size_of::<Option<Held>>()
            + self.groups.capacity() * size_of::<Option<Group>>()
            + self.queue.capacity() * size_of::<(u64, i64, ArticleId)>()
            + maps * 20
            + self.shingles.memory_bytes()
            + self.terms.memory_bytes()
    }

    fn commit(&mut self, put: Put, similarity: Option<f32>, moved: Vec<Move>) -> Decision {
        let mut decision = Decision {
            group: put.group,
            similarity,
            story: put.story,
            moved,
            parted: put.part.clone().map(|part| (part.story, part.groups)),
            merged_groups: put.groups.clone(),
            merged_stories: put.stories.iter().map(|&old| (old, put.story)).collect(),
            centre: None,
            number: self.next,
            record: Vec::new(),
        };
        let record = Record {
            number: self.next,
            horizon: self.next_horizon(put.sketch.arrived_at),
            now: self.now.max(put.sketch.arrived_at),
            change: Change::Put(Box::new(put)),
        };
        decision.record = record.to_bytes();
        self.apply(record);
        decision.centre = self.centre(decision.story);
        decision
    }

    /// Which records have left once an article arrives: a few at a time, oldest first.
    fn next_horizon(&self, arrived_at: i64) -> u64 {
        let oldest = self.now.max(arrived_at).saturating_sub(self.window);
        let mut surplus = self.weight.saturating_sub(self.max_weight);
        let mut leaving = 0;
        for &(number, arrived_at, id) in self.queue.iter().take(MAX_LEAVING) {
            if arrived_at >= oldest && surplus == 0 {
                break;
            }
            leaving += 1;
            let held = self.by_id.get(&id).map(|&slot| self.held(slot)).filter(|held| held.number == number);
            surplus = surplus.saturating_sub(held.map_or(0, Held::weight));
        }
        match self.queue.get(leaving) {
            _ if leaving == 0 => self.horizon,
            Some(&(number, _, _)) => number,
            None => self.next,
        }
    }

    pub(super) fn group(&self, group: u32) -> &Group {
        self.groups[group as usize].as_ref().expect("a held article's group exists")
    }

    pub(super) fn held(&self, slot: Slot) -> &Held {
        self.articles[slot as usize].as_ref().expect("only held articles are listed")
    }
}

/// Changes: they decide nothing.
impl Memory {
    fn apply(&mut self, record: Record) {
        self.next = record.number + 1;
        self.now = record.now;
        self.leave(record.horizon);
        match record.change {
            Change::Forget(id) => self.remove(id),
            Change::Put(put) => self.put(*put, record.number),
        }
    }

    /// Lets all articles go whose record is older than the horizon.
    fn leave(&mut self, horizon: u64) {
        self.horizon = self.horizon.max(horizon);
        while let Some(&(number, _, id)) = self.queue.front().filter(|(number, _, _)| *number < horizon) {
            self.queue.pop_front();
            if self.by_id.get(&id).is_some_and(|&slot| self.held(slot).number == number) {
                self.remove(id);
            }
        }
    }

    fn put(&mut self, put: Put, number: u64) {
        self.remove(put.sketch.id);
        if let Some(part) = &put.part {
            self.part_story(part);
        }
        let group = self.open_group(&put);
        for key in &put.groups {
            self.merge_group(*key, group);
        }
        for story in &put.stories {
            self.merge_story(*story, put.story);
        }
        self.queue.push_back((number, self.now, put.sketch.id));
        self.insert(Held { number, group, founder: put.group == put.sketch.id, sketch: put.sketch });
    }

    fn open_group(&mut self, put: &Put) -> u32 {
        if let Some(&group) = self.by_key.get(&put.group) {
            return group;
        }
        let group = Group { key: put.group, born: put.born, story: put.story, members: Vec::new() };
        let at = self.free_groups.pop().unwrap_or_else(|| {
            self.groups.push(None);
            self.groups.len() as u32 - 1
        });
        self.groups[at as usize] = Some(group);
        self.by_key.insert(put.group, at);
        self.stories.entry(put.story).or_default().push(at);
        at
    }

    fn merge_group(&mut self, key: ArticleId, into: u32) {
        let Some(from) = self.by_key.get(&key).copied().filter(|&from| from != into) else { return };
        let Some(group) = self.close_group(from) else { return };
        for &slot in &group.members {
            if let Some(held) = &mut self.articles[slot as usize] {
                held.group = into;
            }
        }
        let Some(mut target) = self.groups[into as usize].take() else { return };
        target.members.extend(group.members);
        target.members.sort_by_key(|&slot| self.held(slot).number);
        self.groups[into as usize] = Some(target);
    }

    fn part_story(&mut self, part: &Part) {
        for key in &part.groups {
            let Some(&at) = self.by_key.get(key) else { continue };
            let Some(group) = &mut self.groups[at as usize] else { continue };
            let old = std::mem::replace(&mut group.story, part.story);
            self.leave_story(old, at);
            self.stories.entry(part.story).or_default().push(at);
        }
    }

    fn leave_story(&mut self, story: StoryId, group: u32) {
        if let Some(groups) = self.stories.get_mut(&story) {
            groups.retain(|&other| other != group);
            if groups.is_empty() {
                self.stories.remove(&story);
            }
        }
    }

    fn merge_story(&mut self, story: StoryId, into: StoryId) {
        for at in self.stories.remove(&story).unwrap_or_default() {
            if let Some(group) = &mut self.groups[at as usize] {
                group.story = into;
            }
            self.stories.entry(into).or_default().push(at);
        }
    }

    fn close_group(&mut self, at: u32) -> Option<Group> {
        let group = self.groups[at as usize].take()?;
        self.free_groups.push(at);
        self.by_key.remove(&group.key);
        self.leave_story(group.story, at);
        Some(group)
    }

    fn insert(&mut self, mut held: Held) {
        let slot = self.free_articles.pop().unwrap_or_else(|| {
            self.articles.push(None);
            self.articles.len() as Slot - 1
        });
        let (articles, groups) = (&self.articles, &self.groups);
        let group_of = |other: Slot| articles[other as usize].as_ref().map(|held| held.group);
        let story_of =
            |group: Option<u32>| group.and_then(|group| groups[group as usize].as_ref()).map(|group| group.story);
        for &shingle in &held.sketch.shingles {
            self.shingles.add(shingle, slot, |other| group_of(other) == Some(held.group));
        }
        let story = story_of(Some(held.group));
        if !held.founder {
            // Only founders are compared with other stories.
            held.sketch.terms = Box::default();
        } else {
            self.frequencies.add(&held.sketch);
            for term in &held.sketch.terms {
                self.terms.add(term.word(), slot, |other| story_of(group_of(other)) == story);
            }
        }
        self.bodies.insert(held.sketch.body, slot);
        self.by_id.insert(held.sketch.id, slot);
        if let Some(group) = &mut self.groups[held.group as usize] {
            group.members.push(slot);
        }
        self.weight += held.weight();
        self.articles[slot as usize] = Some(held);
    }

    fn remove(&mut self, id: ArticleId) {
        let Some(slot) = self.by_id.remove(&id) else { return };
        let Some(held) = self.articles[slot as usize].take() else { return };
        self.free_articles.push(slot);
        self.weight -= held.weight();
        for &shingle in &held.sketch.shingles {
            self.shingles.remove(shingle, slot);
        }
        if self.bodies.get(&held.sketch.body) == Some(&slot) {
            self.bodies.remove(&held.sketch.body);
        }
        if held.founder {
            self.frequencies.remove(&held.sketch);
            for term in &held.sketch.terms {
                self.terms.remove(term.word(), slot);
            }
        }
        let Some(group) = &mut self.groups[held.group as usize] else { return };
        group.members.retain(|&member| member != slot);
        if group.members.is_empty() {
            self.close_group(held.group);
        }
    }
}
