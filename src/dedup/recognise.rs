//! Decisions: which group an article belongs to, and which story. They change nothing.

use std::cmp::{Ordering, Reverse};

use rustc_hash::{FxHashMap, FxHashSet};

use super::compare::{Found, LEAD_WORDS, Match, Probe, SAME_TITLE};
use super::memory::{FEW_GROUPS, Group, Memory};
use super::postings::Slot;
use super::sketch::Sketch;

/// Groups that are compared in full, so that work stays bounded.
const MAX_GROUPS: usize = 6;
/// Members of a group that are compared in full: those that share most.
const MAX_MEMBERS: usize = 2;
/// Other members of a group that are asked whether they share anything with the article too.
const MAX_WITNESSES: usize = 3;
/// Founders that are compared in full for the story.
const MAX_FOUNDERS: usize = 24;
/// A body of fewer words is a copy of an equal one only if the titles are equal too.
const MIN_BODY_WORDS: u32 = 12;
/// Words of which two texts must share more than a phrase.
const MIN_WORDS: f32 = 8.0;
/// The share of common words from which two titles are not unlike.
const SOME_TITLE: f32 = 0.25;
/// The share of what a headline says that has to stand in the other text, for one of the two headlines; for both where
/// neither text has half of its words from the other.
const HEADLINE_TOLD: f32 = 0.5;
/// The same for one of the two where one text goes on for long.
const HEADLINE_TOLD_OF_PART: f32 = 0.6;
/// There, this share and that of the words come to so much: what shares few words is known by its headline.
const HEADLINE_AND_WORDS: f32 = 1.15;
/// More is never asked: headlines carry the names of outlets.
const HEADLINE_MOST: f32 = 0.8;
/// A report is taken over within a day; what comes back later in like words is the next of a series, or a follow-up.
const PART_HOURS: f32 = 24.0;
/// Two texts that both go on with so many words of their own share no more than a standing introduction.
const LONG_REST: f32 = 100.0;

/// The group of an article that is a copy.
pub(super) struct Recognised {
    /// The group, and others that turned out to be the same.
    pub groups: Vec<u32>,
    /// The share of the shorter text that stands in the other, 0–1.
    pub similarity: f32,
}

struct Candidate {
    group: u32,
    matched: Match,
}

/// What a new article shares with those that are known.
struct Shared {
    /// A value a shingle: too many groups have it.
    furniture: Vec<bool>,
    /// Place of a shingle that is not furniture, and who has it.
    hits: Vec<(usize, Slot)>,
    /// Groups with what they share, best first.
    groups: Vec<SharedGroup>,
}

struct SharedGroup {
    group: u32,
    /// Shared shingles, each divided by the number of those who have it.
    weight: f32,
    /// Who has how many of them.
    members: FxHashMap<Slot, u32>,
}

impl Memory {
    /// Returns the group that an article is a copy of, if any.
    pub(super) fn recognise(&self, sketch: &Sketch) -> Option<Recognised> {
        if let Some(group) = self.equal_body(sketch) {
            return Some(Recognised { groups: vec![group], similarity: 1.0 });
        }
        let mut candidates = self.candidates(sketch);
        candidates.retain(|candidate| is_copy(&candidate.matched));
        let born = |candidate: &Candidate| self.group(candidate.group).born;
        candidates.sort_by(|one, other| {
            rank(&other.matched).total_cmp(&rank(&one.matched)).then_with(|| born(one).cmp(&born(other)))
        });
        let best = candidates.first()?;
        let surely = is_surely_copy(&best.matched);
        let same = candidates[1..].iter().filter(|candidate| surely && is_surely_copy(&candidate.matched));
        let groups = std::iter::once(best).chain(same).map(|candidate| candidate.group).collect();
        Some(Recognised { groups, similarity: best.matched.similarity() })
    }

    /// Returns the group of another report of the same event, if any.
    pub(super) fn find_report(&self, sketch: &Sketch) -> Option<&Group> {
        let mut shared: FxHashMap<Slot, u32> = FxHashMap::default();
        for term in &sketch.terms {
            self.terms.visit(term.word(), |slot| *shared.entry(slot).or_default() += 1);
        }
        let mut founders: Vec<(u32, Slot)> = shared.into_iter().map(|(slot, terms)| (terms, slot)).collect();
        founders.sort_by_key(|&(terms, slot)| (Reverse(terms), self.held(slot).number));
        let founders = founders.iter().take(MAX_FOUNDERS).map(|&(_, slot)| self.held(slot));
        let form = self.is_form(sketch);
        founders
            .filter_map(|held| Some((self.frequencies.same_story(sketch, &held.sketch, form)?, held)))
            .max_by(|one, other| one.0.total_cmp(&other.0).then(other.1.number.cmp(&one.1.number)))
            .map(|(_, held)| self.group(held.group))
    }

    /// Whether most of an article stands in many others: a draw, a forecast, a table with its figures filled in.
    fn is_form(&self, sketch: &Sketch) -> bool {
        let furniture = sketch.shingles.iter().filter(|&&shingle| self.shingles.visit(shingle, |_| ()) >= FEW_GROUPS);
        furniture.count() * 2 >= sketch.shingles.len()
    }

    /// Returns how similar the new text of an article is to the latest other members of its group, 0–1.
    pub(super) fn similarity(&self, sketch: &Sketch, slot: Slot) -> f32 {
        let members = &self.group(self.held(slot).group).members;
        let others = members.iter().rev().filter(|&&other| other != slot).take(MAX_WITNESSES);
        let furniture = vec![false; sketch.shingles.len()];
        let probe = Probe::new(sketch, &furniture, &self.frequencies);
        let similarity = |&other: &Slot| {
            let known = &self.held(other).sketch;
            let shingles: FxHashSet<u32> = known.shingles.iter().copied().collect();
            let found = |shingle| if shingles.contains(shingle) { Found::Here } else { Found::Not };
            let found: Vec<Found> = sketch.shingles.iter().map(found).collect();
            probe.compare(&found, known).similarity()
        };
        others.map(similarity).fold(0.0, f32::max)
    }

    fn equal_body(&self, sketch: &Sketch) -> Option<u32> {
        let known = self.held(*self.bodies.get(&sketch.body)?);
        let telling = sketch.words >= MIN_BODY_WORDS || (sketch.words > 0 && known.sketch.title == sketch.title);
        (telling && known.sketch.words == sketch.words).then_some(known.group)
    }

    /// The groups that share most with an article, compared in full.
    fn candidates(&self, sketch: &Sketch) -> Vec<Candidate> {
        let shared = self.shared(sketch);
        let probe = Probe::new(sketch, &shared.furniture, &self.frequencies);
        shared.groups.iter().filter_map(|group| self.candidate(&shared, group, &probe, sketch.outlet)).collect()
    }

    fn shared(&self, sketch: &Sketch) -> Shared {
        let mut shared = Shared { furniture: vec![false; sketch.shingles.len()], hits: Vec::new(), groups: Vec::new() };
        let mut places: FxHashMap<u32, usize> = FxHashMap::default();
        for (at, &shingle) in sketch.shingles.iter().enumerate() {
            let from = shared.hits.len();
            let count = self.shingles.visit(shingle, |slot| shared.hits.push((at, slot)));
            if count >= FEW_GROUPS {
                shared.furniture[at] = true;
                shared.hits.truncate(from);
            }
            for &(_, slot) in &shared.hits[from..] {
                let group = self.held(slot).group;
                let place = *places.entry(group).or_insert_with(|| {
                    shared.groups.push(SharedGroup { group, weight: 0.0, members: FxHashMap::default() });
                    shared.groups.len() - 1
                });
                shared.groups[place].weight += 1.0 / count as f32;
                *shared.groups[place].members.entry(slot).or_default() += 1;
            }
        }
        let born = |shared: &SharedGroup| self.group(shared.group).born;
        shared
            .groups
            .sort_by(|one, other| other.weight.total_cmp(&one.weight).then_with(|| born(one).cmp(&born(other))));
        shared.groups.truncate(MAX_GROUPS);
        shared
    }

    fn candidate(&self, shared: &Shared, group: &SharedGroup, probe: &Probe<'_>, outlet: u32) -> Option<Candidate> {
        let found = self.found(shared, group.group, outlet);
        let mut members: Vec<(u32, Slot)> = group.members.iter().map(|(&slot, &count)| (count, slot)).collect();
        members.sort_by_key(|&(count, slot)| (Reverse(count), self.held(slot).number));
        let matches =
            members.iter().take(MAX_MEMBERS).map(|&(_, slot)| (slot, probe.compare(&found, &self.held(slot).sketch)));
        let order = |matched: &Match| (is_copy(matched), rank(matched));
        let best = matches.max_by(|one, other| order(&one.1).partial_cmp(&order(&other.1)).unwrap_or(Ordering::Equal));
        let (slot, mut matched) = best?;
        if is_copy(&matched) {
            let members = &self.group(group.group).members;
            let others = members.iter().chain(members.iter().rev()).filter(|&&other| other != slot).take(MAX_WITNESSES);
            let words = |&other: &Slot| probe.compare(&found, &self.held(other).sketch).known.found;
            matched.alone = members.len() > 1 && others.map(words).fold(0.0, f32::max) < MIN_WORDS;
        }
        Some(Candidate { group: group.group, matched })
    }

    /// What of each shingle is found in a group. What the outlet said in another report is its furniture.
    fn found(&self, shared: &Shared, group: u32, outlet: u32) -> Vec<Found> {
        let of = |&furniture: &bool| if furniture { Found::Furniture } else { Found::Not };
        let mut found: Vec<Found> = shared.furniture.iter().map(of).collect();
        for &(at, slot) in &shared.hits {
            let held = self.held(slot);
            if held.group == group {
                found[at] = Found::Here;
            } else if held.sketch.outlet == outlet && found[at] == Found::Not {
                found[at] = Found::Furniture;
            }
        }
        found
    }
}

fn larger_share(matched: &Match) -> f32 {
    matched.new.share().max(matched.known.share())
}

fn smaller_share(matched: &Match) -> f32 {
    matched.new.share().min(matched.known.share())
}

/// Tells whether what two texts share makes one a copy of the other.
///
/// A report is known by its start: briefs, teasers and cut texts share that and little else. Without it, much of both has
/// to be shared, or else a page that quotes a paragraph of a report would be a copy. The thresholds were chosen on streams
/// of 10,000 articles and kept on streams with other texts, furniture and forms.
fn is_copy(matched: &Match) -> bool {
    let (more, less, lead) = (larger_share(matched), smaller_share(matched), matched.lead());
    if matched.new.found.max(matched.known.found) < MIN_WORDS || !matched.facts_agree() || (matched.alone && less < 0.5)
    {
        return false;
    }
    if more < 0.25 && matched.new.rest().min(matched.known.rest()) >= LONG_REST {
        return false;
    }
    if !is_of_one_event(matched) {
        return false;
    }
    let titles = matched.title >= SAME_TITLE;
    let facts = if matched.same_outlet { 8 } else { 5 };
    if more >= 0.5 && less >= 0.25 && matched.same_facts() >= facts {
        return true;
    }
    if matched.same_outlet {
        // Its furniture may be most of both.
        return lead >= LEAD_WORDS || (titles && more >= 0.35) || less >= 0.75;
    }
    // Behind a start of its own, or beside much else under another headline, a shared lead may be a quotation.
    let quoted = matched.title < SOME_TITLE && (matched.is_late() || more < 0.4);
    (lead >= LEAD_WORDS && !quoted)
        || (lead >= MIN_WORDS && titles)
        || (lead >= 6.0 && more >= 0.35 && !matched.is_late())
        || (more >= 0.5 && less >= 0.35)
}

/// Tells whether headlines and times allow that two texts are versions of one report.
///
/// Whatever it was renamed, the headline of a copy says what stands in the original. That of a live page that quotes it
/// does not, nor does that of the next report of a series: there the market, the company, the day is another. The less is
/// shared, the more both have to say so. Chosen on 18,847 agency reports, each pair read by eye, and streams of 20,000.
fn is_of_one_event(matched: &Match) -> bool {
    let (more, less) = (larger_share(matched), smaller_share(matched));
    let [one, other] = matched.headlines;
    let told = if less < 0.5 {
        (HEADLINE_AND_WORDS - more).clamp(HEADLINE_TOLD_OF_PART, HEADLINE_MOST)
    } else {
        HEADLINE_TOLD
    };
    let late = less < 0.5 && more < 0.75 && matched.hours > PART_HOURS;
    one.max(other) >= told && (more >= 0.5 || one.min(other) >= HEADLINE_TOLD) && !late
}

/// Tells whether the match is strong enough to make two groups one. A wrong one would join all their members, so besides
/// the start the headline or much of both texts has to agree.
fn is_surely_copy(matched: &Match) -> bool {
    matched.lead() >= LEAD_WORDS
        && larger_share(matched) >= 0.6
        && (matched.title >= SAME_TITLE || smaller_share(matched) >= 0.5)
}

/// Orders candidates: what is shared both ways, and a shared start for a little more.
fn rank(matched: &Match) -> f32 {
    matched.new.share() + matched.known.share() + 0.02 * matched.lead().min(25.0)
}
