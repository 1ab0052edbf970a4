//! The ordered state of one process: what arrived inside the window, and what each new article is.

use std::cmp::Ordering;
use std::collections::VecDeque;

use rustc_hash::FxHashMap;

use crate::config;
use crate::model::{ArticleId, StoryId};

use super::Error;
use super::compare::{Found, Match, Probe};
use super::postings::{Postings, Slot};
use super::record::{Change, Put, Record};
use super::sketch::Sketch;
use super::story::Frequencies;

/// A shingle that stands in so many groups is furniture (measured: 3 to 5 make no difference, 2 loses merged reports).
const FEW_GROUPS: usize = 4;
/// A story term is looked up in the latest so many stories.
const FEW_STORIES: usize = 12;
/// Groups and stories that are compared in full, so that work stays bounded.
const MAX_CANDIDATES: usize = 6;
/// Members of a group that are compared in full.
const MAX_MEMBERS: usize = 2;
/// Other members of a group that are asked whether they share anything with the article too.
const MAX_WITNESSES: usize = 3;
/// Articles that may leave with one that arrives: after a pause of days, they leave a few at a time.
const MAX_LEAVING: usize = 64;
/// A body of fewer words is a copy of an equal one only if the titles are equal too.
const MIN_BODY_WORDS: u32 = 12;

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
    /// How much of the text is shared with the group, 0–1; `None` for an article that founded its group.
    pub similarity: Option<f32>,
    /// The story.
    pub story: StoryId,
    /// Articles in memory whose group changed because two groups turned out to be one.
    pub moved: Vec<Move>,
    /// Groups that turned out to be [`Decision::group`]; members that left the window follow by these names.
    pub merged_groups: Vec<ArticleId>,
    /// Stories that turned out to be another: the old name and the one that stays.
    pub merged_stories: Vec<(StoryId, StoryId)>,
    /// The number of the record: one more than that of the record before.
    pub number: u64,
    /// What [`Memory::restore`] needs of this decision.
    pub record: Vec<u8>,
}

struct Held {
    number: u64,
    group: u32,
    /// It founded its group and speaks for it among the stories, also after that group became part of another.
    founder: bool,
    sketch: Sketch,
}

struct Group {
    key: ArticleId,
    born: u64,
    story: StoryId,
    members: Vec<Slot>,
}

/// What arrived inside the window, and the ordered decisions about it. One owner, no locks.
pub struct Memory {
    window: i64,
    next: u64,
    horizon: u64,
    /// The latest arrival, in seconds since 1970; it never goes back.
    now: i64,
    articles: Vec<Option<Held>>,
    free_articles: Vec<Slot>,
    by_id: FxHashMap<ArticleId, Slot>,
    /// In order of arrival: number, arrival, id. An article that was revised or forgotten leaves its old place behind.
    queue: VecDeque<(u64, i64, ArticleId)>,
    groups: Vec<Option<Group>>,
    free_groups: Vec<u32>,
    by_key: FxHashMap<ArticleId, u32>,
    stories: FxHashMap<StoryId, Vec<u32>>,
    bodies: FxHashMap<u64, Slot>,
    shingles: Postings<FEW_GROUPS>,
    terms: Postings<FEW_STORIES>,
    frequencies: Frequencies,
}

/// What the new article turned out to be.
#[derive(Default)]
struct Verdict {
    /// Best first; the rest are groups that turned out to be the same.
    groups: Vec<u32>,
    similarity: f32,
}

struct Candidate {
    group: u32,
    matched: Match,
}

impl Memory {
    /// Returns an empty memory.
    pub fn new(settings: &config::Dedup) -> Self {
        Self {
            window: i64::try_from(settings.window.as_secs()).unwrap_or(i64::MAX),
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
        let verdict = self.recognise(&sketch);
        let Some(&best) = verdict.groups.first() else {
            let stories = self.find_stories(&sketch);
            let story = stories.first().copied().unwrap_or_else(|| sketch.id.into());
            let put = Put { group: sketch.id, born: self.next, story, groups: Vec::new(), stories: Vec::new(), sketch };
            return self.commit(put, None, Vec::new());
        };
        let all = || verdict.groups.iter().map(|&group| self.group(group));
        // The oldest names of all that turned out to be one stay.
        let group = all().min_by_key(|group| group.born).unwrap_or_else(|| self.group(best));
        let story = group.story;
        let mut groups: Vec<ArticleId> = all().map(|other| other.key).filter(|&key| key != group.key).collect();
        groups.sort_unstable();
        let mut stories: Vec<StoryId> = all().map(|other| other.story).filter(|&other| other != story).collect();
        stories.sort_unstable();
        stories.dedup();
        let moved = groups.iter().flat_map(|key| self.members(*key)).map(|(article, from)| Move { article, from, to: group.key });
        let moved = moved.collect();
        let put = Put { group: group.key, born: group.born, story, groups, stories, sketch };
        self.commit(put, Some(verdict.similarity), moved)
    }

    /// Remembers the new text of a known article, which stays in its group and story; later copies are compared with the
    /// new text. An article that left the window is assigned like a new one.
    pub fn revise(&mut self, sketch: Sketch) -> Decision {
        let Some(&slot) = self.by_id.get(&sketch.id) else { return self.assign(sketch) };
        let group = self.group(self.held(slot).group);
        let similarity = (group.key != sketch.id).then(|| {
            let found = vec![Found::Not; sketch.shingles.len()];
            let others = group.members.iter().rev().filter(|&&other| other != slot).take(MAX_MEMBERS);
            let share = |&other: &Slot| Probe::new(&sketch, &vec![false; found.len()], &self.frequencies).compare(&found, &self.held(other).sketch).known.share();
            others.map(share).fold(0.0, f32::max)
        });
        let put = Put { group: group.key, born: group.born, story: group.story, groups: Vec::new(), stories: Vec::new(), sketch };
        self.commit(put, similarity, Vec::new())
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

    fn commit(&mut self, put: Put, similarity: Option<f32>, moved: Vec<Move>) -> Decision {
        let mut decision = Decision {
            group: put.group,
            similarity,
            story: put.story,
            moved,
            merged_groups: put.groups.clone(),
            merged_stories: put.stories.iter().map(|&old| (old, put.story)).collect(),
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
        decision
    }

    /// Which records have left once an article arrives: a few at a time, oldest first.
    fn next_horizon(&self, arrived_at: i64) -> u64 {
        let oldest = self.now.max(arrived_at).saturating_sub(self.window);
        let leaving = self.queue.iter().take(MAX_LEAVING).take_while(|&&(_, arrived_at, _)| arrived_at < oldest).count();
        match self.queue.get(leaving) {
            _ if leaving == 0 => self.horizon,
            Some(&(number, _, _)) => number,
            None => self.next,
        }
    }

    fn group(&self, group: u32) -> &Group {
        self.groups[group as usize].as_ref().expect("a held article's group exists")
    }

    fn held(&self, slot: Slot) -> &Held {
        self.articles[slot as usize].as_ref().expect("only held articles are listed")
    }

    fn members(&self, key: ArticleId) -> impl Iterator<Item = (ArticleId, ArticleId)> {
        let group = self.by_key.get(&key).map(|&group| self.group(group));
        group.into_iter().flat_map(|group| &group.members).map(move |&slot| (self.held(slot).sketch.id, key))
    }
}

/// Decisions: they change nothing.
impl Memory {
    fn recognise(&self, sketch: &Sketch) -> Verdict {
        if let Some(group) = self.equal_body(sketch) {
            return Verdict { groups: vec![group], similarity: 1.0 };
        }
        let mut candidates = self.candidates(sketch);
        candidates.retain(|candidate| is_copy(&candidate.matched));
        let rank = |candidate: &Candidate| rank(&candidate.matched);
        candidates.sort_by(|one, other| {
            rank(other).total_cmp(&rank(one)).then_with(|| self.group(one.group).born.cmp(&self.group(other.group).born))
        });
        let Some(best) = candidates.first() else { return Verdict::default() };
        let similarity = best.matched.new.share().max(best.matched.known.share()).min(1.0);
        let same = candidates.iter().skip(1).filter(|candidate| is_surely_copy(&candidate.matched));
        let groups = std::iter::once(best).chain(same.filter(|_| is_surely_copy(&best.matched)));
        Verdict { groups: groups.map(|candidate| candidate.group).collect(), similarity }
    }

    fn equal_body(&self, sketch: &Sketch) -> Option<u32> {
        let known = self.held(*self.bodies.get(&sketch.body)?);
        let same = sketch.words >= MIN_BODY_WORDS || (sketch.words > 0 && known.sketch.title == sketch.title);
        (same && known.sketch.words == sketch.words).then_some(known.group)
    }

    /// The groups that share most shingles with an article, compared in full.
    fn candidates(&self, sketch: &Sketch) -> Vec<Candidate> {
        let mut furniture = vec![false; sketch.shingles.len()];
        let mut hits: Vec<(usize, Slot)> = Vec::new();
        let mut weights: FxHashMap<u32, (f32, FxHashMap<Slot, u32>)> = FxHashMap::default();
        for (at, &shingle) in sketch.shingles.iter().enumerate() {
            let from = hits.len();
            let count = self.shingles.visit(shingle, |slot| hits.push((at, slot)));
            if count >= FEW_GROUPS {
                furniture[at] = true;
                hits.truncate(from);
                continue;
            }
            for &(_, slot) in &hits[from..] {
                let (weight, slots) = weights.entry(self.held(slot).group).or_default();
                *weight += 1.0 / count as f32;
                *slots.entry(slot).or_default() += 1;
            }
        }
        let mut best: Vec<(f32, u32)> = weights.iter().map(|(&group, &(weight, _))| (weight, group)).collect();
        best.sort_by(|one, other| other.0.total_cmp(&one.0).then_with(|| self.group(one.1).born.cmp(&self.group(other.1).born)));
        best.truncate(MAX_CANDIDATES);
        let probe = Probe::new(sketch, &furniture, &self.frequencies);
        let mut candidates = Vec::new();
        for (_, group) in best {
            let mut found: Vec<Found> = furniture.iter().map(|&furniture| if furniture { Found::Furniture } else { Found::Not }).collect();
            for &(at, slot) in &hits {
                let held = self.held(slot);
                if held.group == group {
                    found[at] = Found::Here;
                } else if held.sketch.outlet == sketch.outlet && found[at] == Found::Not {
                    // The outlet said it in another report.
                    found[at] = Found::Furniture;
                }
            }
            let mut members: Vec<(u32, Slot)> = weights[&group].1.iter().map(|(&slot, &count)| (count, slot)).collect();
            members.sort_by_key(|&(count, slot)| (std::cmp::Reverse(count), self.held(slot).number));
            let matches = members.iter().take(MAX_MEMBERS).map(|&(_, slot)| (slot, probe.compare(&found, &self.held(slot).sketch)));
            let order = |matched: &Match| (is_copy(matched), rank(matched));
            let best = matches.max_by(|one, other| order(&one.1).partial_cmp(&order(&other.1)).unwrap_or(Ordering::Equal));
            let Some((slot, mut matched)) = best else { continue };
            if is_copy(&matched) {
                let members = &self.group(group).members;
                let others = members.iter().chain(members.iter().rev()).filter(|&&other| other != slot).take(MAX_WITNESSES);
                let shared = |&other: &Slot| probe.compare(&found, &self.held(other).sketch).known.found;
                matched.alone = members.len() > 1 && others.map(shared).fold(0.0, f32::max) < 8.0;
            }
            candidates.push(Candidate { group, matched });
        }
        candidates
    }

    /// The stories that an article may belong to, nearest first.
    fn find_stories(&self, sketch: &Sketch) -> Vec<StoryId> {
        let mut shared: FxHashMap<Slot, u32> = FxHashMap::default();
        for term in &sketch.terms {
            let mut slots = Vec::new();
            if self.terms.visit(term.word(), |slot| slots.push(slot)) <= FEW_STORIES {
                slots.into_iter().for_each(|slot| *shared.entry(slot).or_default() += 1);
            }
        }
        let mut nearest: Vec<(u32, Slot)> = shared.into_iter().map(|(slot, count)| (count, slot)).collect();
        nearest.sort_by_key(|&(count, slot)| (std::cmp::Reverse(count), self.held(slot).number));
        nearest.truncate(MAX_CANDIDATES * 4);
        let mut stories: Vec<(f64, StoryId)> = nearest
            .into_iter()
            .map(|(_, slot)| self.held(slot))
            .filter(|held| self.frequencies.is_same_story(sketch, &held.sketch))
            .map(|held| (self.frequencies.nearness(sketch, &held.sketch), self.group(held.group).story))
            .collect();
        stories.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
        stories.into_iter().map(|(_, story)| story).collect()
    }
}

/// Tells whether what two texts share makes one a copy of the other.
fn is_copy(matched: &Match) -> bool {
    let (new, known) = (matched.new, matched.known);
    if new.found.max(known.found) < 8.0 || !matched.facts_agree() {
        return false;
    }
    let (more, less) = (new.share().max(known.share()), new.share().min(known.share()));
    if matched.alone && less < 0.5 {
        return false;
    }
    let lead = new.lead.min(known.lead);
    let titles = matched.title >= 0.6;
    lead >= 14.0
        || (titles && lead >= 8.0)
        || (lead >= 6.0 && more >= 0.35)
        || (more >= 0.5 && less >= 0.35)
}

fn is_surely_copy(matched: &Match) -> bool {
    let (new, known) = (matched.new, matched.known);
    new.lead.min(known.lead) >= 14.0 && new.share().max(known.share()) >= 0.6
}

fn rank(matched: &Match) -> f32 {
    matched.new.share() + matched.known.share() + 0.02 * matched.new.lead.min(matched.known.lead).min(25.0)
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
        if let Some(groups) = self.stories.get_mut(&group.story) {
            groups.retain(|&other| other != at);
            if groups.is_empty() {
                self.stories.remove(&group.story);
            }
        }
        Some(group)
    }

    fn insert(&mut self, mut held: Held) {
        let slot = self.free_articles.pop().unwrap_or_else(|| {
            self.articles.push(None);
            self.articles.len() as Slot - 1
        });
        let (articles, groups) = (&self.articles, &self.groups);
        let group_of = |other: Slot| articles[other as usize].as_ref().map(|held| held.group);
        let story_of = |group: Option<u32>| group.and_then(|group| groups[group as usize].as_ref()).map(|group| group.story);
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
        self.articles[slot as usize] = Some(held);
    }

    fn remove(&mut self, id: ArticleId) {
        let Some(slot) = self.by_id.remove(&id) else { return };
        let Some(held) = self.articles[slot as usize].take() else { return };
        self.free_articles.push(slot);
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

impl Memory {
    /// Returns about how many bytes the memory takes.
    pub fn memory_bytes(&self) -> usize {
        use std::mem::size_of;
        let sketches: usize = self.articles.iter().flatten().map(|held| held.sketch.heap_bytes()).sum();
        let groups: usize = self.groups.iter().flatten().map(|group| group.members.capacity() * size_of::<Slot>()).sum();
        let maps = self.by_id.capacity() + self.by_key.capacity() + self.bodies.capacity() + self.stories.capacity() * 2;
        sketches
            + groups
            + self.articles.capacity() * size_of::<Option<Held>>()
            + self.groups.capacity() * size_of::<Option<Group>>()
            + self.queue.capacity() * size_of::<(u64, i64, ArticleId)>()
            + maps * 20
            + self.shingles.memory_bytes()
            + self.terms.memory_bytes()
    }
}
// DEBUG BEGIN
#[allow(missing_docs)]
impl Memory {
    pub fn explain(&self, sketch: &Sketch) -> Vec<(ArticleId, String)> {
        self.candidates(sketch).into_iter().map(|c| {
            let m = c.matched;
            let s = format!("{{\"nw\":{},\"nf\":{},\"nl\":{},\"kw\":{},\"kf\":{},\"kl\":{},\"title\":{},\"af\":[{},{},{},{}],\"f\":[{},{},{},{}],\"g\":[{},{},{},{}],\"form\":[{},{},{},{},{},{}],\"ok\":{},\"sure\":{},\"rank\":{}}}",
                m.new.words, m.new.found, m.new.lead, m.known.words, m.known.found, m.known.lead, m.title,
                m.all_facts[0].all, m.all_facts[0].same, m.all_facts[1].all, m.all_facts[1].same,
                m.facts[0].all, m.facts[0].same, m.facts[1].all, m.facts[1].same,
                m.all_facts[0].weak,m.all_facts[1].weak,m.facts[0].weak,m.facts[1].weak, m.new.form, m.known.form, m.form_facts[0].all, m.form_facts[0].same, m.form_facts[1].all, m.form_facts[1].same, is_copy(&m), is_surely_copy(&m), rank(&m));
            (self.group(c.group).key, s)
        }).collect()
    }
}
// DEBUG END
