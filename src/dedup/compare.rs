//! How much of one text stands in another, where, and whether the facts agree.

use rustc_hash::FxHashMap;

use super::sketch::{Block, Sketch, TitleWord, is_figure, is_sampled};
use super::story::Frequencies;

/// A block with this share of its shingles found is aligned with one of the other text: its facts should agree.
const ALIGNED: f32 = 0.15;
/// With this share it stands in both word for word.
const WHOLE: f32 = 0.99;
/// Facts that two texts must share, if both have as many.
const MIN_FACTS: f32 = 2.0;
/// What a common fact (a weekday, a small number) counts towards these: many of them say something (lottery numbers).
const WEAK_ALONE: f32 = 1.0 / 7.0;
/// What a common fact counts towards agreement.
const WEAK: f32 = 0.5;
/// The share of their facts in which two texts must agree.
const FACTS_AGREE: f32 = 0.55;
/// From so many figures in sentences that both texts have, but not word for word, it tells whether they are the same.
const MANY_FIGURES: u32 = 6;
/// Of these, one in so many has to stand beside the same fact in both texts, unless they begin alike or less than this
/// share of what they have in common is common word for word: small figures (draws, tables) are the same by chance.
/// Measured on seven streams of 20,000: of the joins that this refuses, four in five were wrong.
const FIGURES_IN_PLACE: u32 = 8;
const WORD_FOR_WORD: f32 = 0.7;
/// Where so many sentences of a form give other facts and no more give the same, these are what never changes: a scale, a
/// legal notice. Measured on three streams of 20,000, in texts that begin otherwise: where two give the same, of the joins
/// that this refuses, 130 were wrong and 4 right.
const FEW_SENTENCES: u32 = 2;
/// Words of a title that says little if one of them is not found.
const SHORT_TITLE: u32 = 3;
/// The share of common words from which two titles may be edits of one.
pub(super) const SAME_TITLE: f32 = 0.6;
/// Shared words at the start of both that make a copy: one full sentence.
pub(super) const LEAD_WORDS: f32 = 14.0;
/// What is filled into a form of one outlet has to agree in so many facts.
const MIN_FILLED_IN: u32 = 3;
/// A dateline has no more words than this.
const DATELINE_WORDS: f32 = 8.0;
/// Words that may stand before the lead: a dateline, a correction, a line of the outlet.
const LEAD_SKIP: f32 = 30.0;

/// What is known about one shingle of the new text, for one candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// The candidate has it.
    Here,
    /// The candidate has it not.
    Not,
    /// Too many have it to say anything, or the outlet repeats it.
    Furniture,
    /// Furniture that both texts have: both may be filled-in copies of one form.
    Form,
}

/// How much of one text is found in another.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Side {
    /// Words that can be compared.
    pub words: f32,
    /// Words of these that are found.
    pub found: f32,
    /// Words of sentences that are found whole.
    pub whole: f32,
    /// Words found in the sentences at the start, up to the first that is mostly not found.
    pub lead: f32,
    /// Words of a form that both texts fill in.
    pub form: f32,
    /// Words of these that are found.
    pub form_found: f32,
    /// Words before these sentences.
    pub before: f32,
}

impl Side {
    /// Returns the share that is found, 0–1.
    pub fn share(self) -> f32 {
        if self.words > 0.0 { self.found / self.words } else { 0.0 }
    }

    /// Returns the share that is found, words of a form with the others, 0–1.
    fn whole_share(self) -> f32 {
        let words = self.words + self.form;
        if words > 0.0 { ((self.found + self.form_found) / words).min(1.0) } else { 0.0 }
    }

    /// Returns the share of what is found that is found in whole sentences, 0–1.
    fn whole_of_found(self) -> f32 {
        if self.found > 0.0 { self.whole / self.found } else { 0.0 }
    }

    /// Words that are not found.
    pub fn rest(self) -> f32 {
        self.words - self.found
    }
}

/// A new text and one that is known, side by side.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Match {
    /// How much of the new text is in the known one.
    pub new: Side,
    /// How much of the known text is in the new one.
    pub known: Side,
    /// All facts of the new and the known text; the same are those in sentences that have their like.
    pub all_facts: [Agreement; 2],
    /// Facts of sentences that have their like but are not equal, of the new and the known text.
    pub facts: [Agreement; 2],
    /// The figures among them.
    pub figures: [Agreement; 2],
    /// Facts in the words of a form that both texts fill in.
    pub form_facts: [Agreement; 2],
    /// Sentences that have their like, or are of such a form: how many give half of their facts alike, and how many do not.
    pub sentences: [Sentences; 2],
    /// The other members of the group have nothing of what the two share: it may be a paragraph of another report that
    /// one copy took in.
    pub alone: bool,
    /// Both are of one outlet, whose furniture may not be known yet.
    pub same_outlet: bool,
    /// Shared title words, as a share of the shorter title, 0–1.
    pub title: f32,
    /// Whether the title of the new text names what its sentences say where the known text says otherwise, and the other way
    /// round.
    pub named: [bool; 2],
    /// How much of what the title of the new text says stands in the start of the known one, and the other way round, 0–1.
    pub headlines: [f32; 2],
    /// Hours between the two.
    pub hours: f32,
}

impl Match {
    /// Facts that both texts give and few others.
    pub fn same_facts(&self) -> u32 {
        let [new, known] = self.all_facts;
        new.same.min(known.same)
    }

    /// Returns what a reader sees: the share of the shorter text's own words that stand in the other, 0–1.
    pub fn similarity(&self) -> f32 {
        let shorter =
            if self.new.words + self.new.form <= self.known.words + self.known.form { self.new } else { self.known };
        shorter.whole_share()
    }

    /// Words shared at the start of both.
    pub fn lead(&self) -> f32 {
        self.new.lead.min(self.known.lead)
    }

    /// Tells whether more than a dateline stands before that start.
    pub fn is_late(&self) -> bool {
        self.new.before.max(self.known.before) > DATELINE_WORDS
    }

    /// Tells whether the aligned sentences give the same facts. In a recurring form (weather, markets, match reports)
    /// the words agree and the facts do not.
    pub fn facts_agree(&self) -> bool {
        let [new, known] = self.all_facts;
        let shared = self.same_facts();
        let weak = new.weak.min(known.weak);
        let other = |[new, known]: [Agreement; 2]| new.other().min(known.other());
        let mut other_facts = other(self.facts);
        let mut agreed = shared as f32 + WEAK * weak as f32;
        let is_form = self.new.form.min(self.known.form) >= self.new.found.max(self.known.found);
        if is_form {
            let [one, two] = self.form_facts;
            let (in_form, weak_in_form) = (one.same.min(two.same), one.weak.min(two.weak));
            // What of one outlet is equal as a whole may be its furniture: only what was filled in tells.
            let filled_in = in_form + self.facts[0].same.min(self.facts[1].same);
            if self.same_outlet && self.lead() < LEAD_WORDS && filled_in < MIN_FILLED_IN {
                return false;
            }
            other_facts += other(self.form_facts);
            agreed = (shared + in_form) as f32 + WEAK_ALONE * (weak + weak_in_form) as f32;
        }
        if self.is_renamed() || self.is_filled_in_otherwise() {
            return false;
        }
        let lead = self.lead();
        // Text without facts: then a long shared start has to do.
        let long_lead = if self.title >= SAME_TITLE { 16.0 } else { 25.0 };
        let enough = shared as f32 + WEAK_ALONE * weak as f32 >= (new.all.min(known.all) as f32).min(MIN_FACTS)
            || (!is_form && other_facts == 0 && lead >= long_lead);
        enough && !self.is_refuted() && agreed >= FACTS_AGREE * (agreed + other_facts as f32)
    }
}

impl Match {
    /// Tells whether one headline stands over two texts that fill in another name or figure: one form, two subjects.
    fn is_renamed(&self) -> bool {
        self.title >= SAME_TITLE && self.named == [true; 2]
    }

    /// Tells whether two texts fill in a form otherwise, and no more says the same in both than may be a part of the form.
    fn is_filled_in_otherwise(&self) -> bool {
        let [new, known] = self.sentences;
        let form = self.new.form.min(self.known.form);
        form * 2.0 >= self.new.found.max(self.known.found)
            && new.differ.min(known.differ) >= FEW_SENTENCES
            && new.agree.min(known.agree) <= FEW_SENTENCES
            && !self.begin_alike()
    }

    /// Tells whether both start with a common sentence.
    fn begin_alike(&self) -> bool {
        self.lead() >= LEAD_WORDS && !self.is_late()
    }

    /// Tells whether the figures are others. An update changes some of them, a form nearly all; in German names are no
    /// help.
    fn is_refuted(&self) -> bool {
        let [new, known] = self.figures;
        let (figures, same) = (new.all, new.same + new.weak).min((known.all, known.same + known.weak));
        let in_place = new.in_place.min(known.in_place);
        let whole = self.new.whole_of_found().min(self.known.whole_of_found());
        figures >= MANY_FIGURES
            && (same * 5 <= figures
                || (in_place * FIGURES_IN_PLACE <= figures && !self.begin_alike() && whole >= WORD_FOR_WORD))
    }
}

/// Sentences with facts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sentences {
    agree: u32,
    differ: u32,
}

/// How many facts there are, and how many of them the other side has too.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Agreement {
    pub all: u32,
    /// Of these, facts that few reports give.
    pub same: u32,
    /// Of these, common ones.
    pub weak: u32,
    /// Of both, those beside which the other side has the same fact too.
    pub in_place: u32,
}

/// What the other side says to a fact.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Said {
    same: bool,
    /// Many say so.
    weak: bool,
    /// The fact before or behind it is the same too.
    in_place: bool,
}

impl Sentences {
    fn count(&mut self, share: Share, said: &[Said]) {
        let has_its_like = matches!(share, Share::Form(_)) || matches!(share, Share::Part(share) if share >= ALIGNED);
        if has_its_like && !said.is_empty() {
            let same = said.iter().filter(|said| said.same).count();
            self.agree += u32::from(same * 2 >= said.len());
            self.differ += u32::from(same * 2 < said.len());
        }
    }
}

impl Agreement {
    fn count(&mut self, said: Said) {
        self.all += 1;
        self.same += u32::from(said.same && !said.weak);
        self.weak += u32::from(said.same && said.weak);
        self.in_place += u32::from(said.in_place);
    }

    fn other(self) -> u32 {
        self.all - self.same - self.weak
    }
}

/// A new text, prepared to be compared with many.
pub(super) struct Probe<'a> {
    sketch: &'a Sketch,
    frequencies: &'a Frequencies,
    /// Shingle → place.
    shingles: FxHashMap<u32, usize>,
    furniture: &'a [bool],
    /// Fact → place, and whether it is common.
    facts: FxHashMap<u32, (usize, bool)>,
}

impl<'a> Probe<'a> {
    /// Prepares a text; `furniture` has one value a shingle.
    pub fn new(sketch: &'a Sketch, furniture: &'a [bool], frequencies: &'a Frequencies) -> Self {
        Self {
            sketch,
            frequencies,
            shingles: sketch.shingles.iter().copied().zip(0..).collect(),
            furniture,
            facts: sketch.facts.iter().zip(0..).map(|(&fact, at)| (fact, (at, frequencies.is_common(fact)))).collect(),
        }
    }

    /// Compares with a known text; `found` says of each shingle of the new text whether the known one's group has it.
    pub fn compare(&self, found: &[Found], known: &Sketch) -> Match {
        let mut forth = found.to_vec();
        let back = known.shingles.iter().map(|shingle| match self.shingles.get(shingle) {
            Some(&at) if self.furniture[at] => {
                forth[at] = Found::Form;
                Found::Form
            }
            Some(_) => Found::Here,
            None => Found::Not,
        });
        let back: Vec<Found> = back.collect();
        let (new_said, known_said) = self.same_facts(known);
        let same_outlet = self.sketch.outlet == known.outlet;
        // Behind a start of its own, what a text shares with another of its outlet may be furniture.
        let skip = if same_outlet { 0.0 } else { LEAD_SKIP };
        let title = title_share(&self.sketch.title, &known.title);
        // Where many versions of one report are about, its own words look like a form.
        let own_form = !same_outlet && title >= SAME_TITLE;
        let new_blocks = shares(self.sketch, &forth, &new_said, own_form);
        let known_blocks = shares(known, &back, &known_said, own_form);
        let mut matched = Match {
            new: side(self.sketch, &new_blocks, skip),
            known: side(known, &known_blocks, skip),
            same_outlet,
            title,
            headlines: [self.headline(self.sketch, known), self.headline(known, self.sketch)],
            hours: self.sketch.time().abs_diff(known.time()) as f32 / 3600.0,
            ..Match::default()
        };
        matched.count_facts(0, [self.sketch, known], &new_blocks, &new_said);
        matched.count_facts(1, [known, self.sketch], &known_blocks, &known_said);
        matched
    }

    /// Returns what each text says to the facts of the other.
    fn same_facts(&self, known: &Sketch) -> (Vec<Said>, Vec<Said>) {
        let mut new_said = vec![Said::default(); self.sketch.facts.len()];
        let mut known_said = vec![Said::default(); known.facts.len()];
        let mut before = None;
        for (place, fact) in known.facts.iter().enumerate() {
            let same = self.facts.get(fact).copied();
            if let Some((at, weak)) = same {
                new_said[at] = Said { same: true, weak, ..new_said[at] };
                known_said[place] = new_said[at];
                if at > 0 && before == Some(at - 1) {
                    new_said[at - 1..=at].iter_mut().for_each(|said| said.in_place = true);
                    known_said[place - 1..=place].iter_mut().for_each(|said| said.in_place = true);
                }
            }
            before = same.map(|(at, _)| at);
        }
        (new_said, known_said)
    }

    /// Returns how much of what the title of one text says stands in the start of the other, 0–1: rare words say more.
    fn headline(&self, one: &Sketch, other: &Sketch) -> f32 {
        let (mut all, mut found) = (0.0, 0.0);
        let (mut words, mut missing) = (0, 0);
        for &word in one.title.iter().filter(|word| word.is_telling()) {
            let weight = self.frequencies.rarity(word.0);
            let has = other.opening.has(word);
            all += weight;
            found += if has { weight } else { 0.0 };
            words += 1;
            missing += u32::from(!has);
        }
        // The one missing word of a short title may be a synonym, or stand there in another form.
        if all == 0.0 || (words <= SHORT_TITLE && missing < 2) { 1.0 } else { (found / all) as f32 }
    }
}

impl Match {
    fn count_facts(&mut self, side: usize, [sketch, other]: [&Sketch; 2], shares: &[Share], said: &[Said]) {
        let mut at = 0;
        for (block, share) in sketch.blocks.iter().zip(shares) {
            let facts = at..at + usize::from(block.facts);
            at = facts.end;
            self.sentences[side].count(*share, &said[facts.clone()]);
            for (&fact, &said) in sketch.facts[facts.clone()].iter().zip(&said[facts]) {
                match *share {
                    Share::Nothing => {}
                    Share::Form(_) => self.form_facts[side].count(said),
                    Share::Part(share) if share < ALIGNED => self.all_facts[side].count(Said::default()),
                    Share::Part(share) => {
                        self.all_facts[side].count(said);
                        if share < WHOLE {
                            self.facts[side].count(said);
                            self.named[side] |= !said.same && is_named_by_one(fact, sketch, other);
                            if is_figure(fact) {
                                self.figures[side].count(said);
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Tells whether the title of one text gives a fact of it and the other's headline and start do not.
fn is_named_by_one(fact: u32, one: &Sketch, other: &Sketch) -> bool {
    one.title.iter().any(|&word| word.is_telling() && word.is_fact(fact) && !other.opening.has(word))
}

/// Returns what is found of each block.
///
/// The start of a text keeps all its shingles, the rest a sample. Where the start of one stands in the middle of the
/// other, only the sampled ones can be found: then they alone are counted.
fn shares(sketch: &Sketch, found: &[Found], said: &[Said], own_form: bool) -> Vec<Share> {
    let mut all = Count::default();
    let mut sampled = Count::default();
    let ends: Vec<usize> = sketch
        .blocks
        .iter()
        .scan(0, |end, block| {
            *end += usize::from(block.shingles);
            Some(*end)
        })
        .collect();
    let dense = sketch.shingles.iter().rposition(|&shingle| !is_sampled(shingle)).map_or(0, |last| last + 1);
    for (&shingle, &found) in sketch.shingles[..dense].iter().zip(found) {
        all.add(found);
        if is_sampled(shingle) {
            sampled.add(found);
        }
    }
    let sampled_only = sampled.known >= 4 && sampled.share() > all.share() + 0.3;
    let (mut at, mut fact) = (0, 0);
    let share = |(end, block): (usize, &Block)| {
        let from = std::mem::replace(&mut at, end);
        let facts = &said[fact..fact + usize::from(block.facts)];
        fact += facts.len();
        if block.whole && found[end - 1] == Found::Here {
            return Share::Part(1.0);
        }
        let mut count = Count::default();
        for (&shingle, &found) in sketch.shingles[from..end].iter().zip(&found[from..end]) {
            if !sampled_only || from >= dense || is_sampled(shingle) {
                count.add(found);
            }
        }
        match count.judge() {
            Share::Form(_) if own_form && agree(facts) => Share::Part(1.0),
            share => share,
        }
    };
    ends.into_iter().zip(&sketch.blocks).map(share).collect()
}

/// Tells whether the facts of a sentence say that both texts have the same sentence.
fn agree(facts: &[Said]) -> bool {
    let same = facts.iter().filter(|said| said.same).count();
    same >= 2 && same * 5 >= facts.len() * 4 && facts.iter().any(|said| said.same && !said.weak)
}

/// What is found of one block.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Share {
    /// The share of it, 0–1.
    Part(f32),
    /// It is furniture, but of both texts, and the share of it that stands in both, 0–1.
    Form(f32),
    /// There is nothing to go by.
    Nothing,
}

#[derive(Default)]
struct Count {
    all: u32,
    known: u32,
    here: u32,
    form: u32,
}

impl Count {
    fn add(&mut self, found: Found) {
        self.all += 1;
        self.known += u32::from(matches!(found, Found::Here | Found::Not));
        self.here += u32::from(found == Found::Here);
        self.form += u32::from(found == Found::Form);
    }

    fn judge(&self) -> Share {
        if self.all == 0 {
            return Share::Nothing;
        }
        if self.form * 6 >= self.all && self.here < self.form {
            Share::Form((self.here + self.form) as f32 / self.all as f32)
        } else if self.known * 2 >= self.all {
            Share::Part(self.share())
        } else {
            Share::Nothing
        }
    }

    fn share(&self) -> f32 {
        if self.known > 0 { self.here as f32 / self.known as f32 } else { 0.0 }
    }
}

fn side(sketch: &Sketch, shares: &[Share], skip: f32) -> Side {
    let blocks: Vec<(f32, Share)> =
        sketch.blocks.iter().map(|block| f32::from(block.words)).zip(shares.iter().copied()).collect();
    let mut side = Side::default();
    for &(words, share) in &blocks {
        match share {
            Share::Part(share) => {
                side.words += words;
                side.found += words * share;
                side.whole += if share >= WHOLE { words } else { 0.0 };
            }
            Share::Form(share) => {
                side.form += words;
                side.form_found += words * share;
            }
            Share::Nothing => {}
        }
    }
    let mut before = 0.0;
    for (at, &(words, share)) in blocks.iter().enumerate() {
        if before > skip {
            break;
        }
        let found = lead(&blocks[at..]);
        if found > side.lead {
            (side.lead, side.before) = (found, before);
        }
        before += if share == Share::Nothing { 0.0 } else { words };
    }
    side
}

/// Words found in the sentences at the start that are mostly found.
fn lead(blocks: &[(f32, Share)]) -> f32 {
    let mut lead = 0.0;
    for &(words, share) in blocks {
        match share {
            Share::Part(share) if share >= 0.5 => lead += words * share,
            Share::Nothing => {}
            Share::Part(_) | Share::Form(_) => break,
        }
    }
    lead
}

fn title_share(one: &[TitleWord], other: &[TitleWord]) -> f32 {
    let shorter = one.len().min(other.len());
    if shorter == 0 {
        return 0.0;
    }
    one.iter().filter(|word| other.contains(word)).count().min(shorter) as f32 / shorter as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(words: f32, found: f32, form: f32, form_found: f32) -> Side {
        Side { words, found, form, form_found, ..Side::default() }
    }

    /// Two texts of which 60 words are a form, 10 are not, and so many of the facts that were filled in agree.
    fn filled_in(same: u32, of: u32, same_outlet: bool) -> Match {
        let both = side(10.0, 6.0, 60.0, 50.0);
        let facts = Agreement { all: of, same, ..Agreement::default() };
        let outside = Agreement { all: 2, same: 2, ..Agreement::default() };
        let (all_facts, form_facts) = ([outside; 2], [facts; 2]);
        Match { new: both, known: both, all_facts, form_facts, same_outlet, ..Match::default() }
    }

    #[test]
    fn a_form_is_filled_in_alike_or_it_is_another_report() {
        assert!(filled_in(5, 6, false).facts_agree());
        assert!(!filled_in(1, 6, false).facts_agree());
        // Where little of it is a form, what the form says is not asked.
        let mut report = filled_in(1, 6, false);
        (report.new, report.known) = (side(100.0, 80.0, 60.0, 50.0), side(100.0, 80.0, 60.0, 50.0));
        assert!(report.facts_agree());
    }

    #[test]
    fn a_form_of_one_outlet_needs_three_facts_or_a_start() {
        assert!(filled_in(3, 3, true).facts_agree());
        let mut bare = filled_in(2, 2, true);
        assert!(!bare.facts_agree());
        (bare.new.lead, bare.known.lead) = (LEAD_WORDS, LEAD_WORDS);
        assert!(bare.facts_agree());
    }

    #[test]
    fn a_form_whose_sentences_differ_is_another_report_unless_more_of_them_agree() {
        let told = |agree: u32, differ: u32| {
            let facts = Agreement { all: 14, same: 8, weak: 5, ..Agreement::default() };
            let (both, sentences) = (side(56.0, 38.0, 31.0, 20.0), Sentences { agree, differ });
            let mut matched =
                Match { new: both, known: both, all_facts: [facts; 2], sentences: [sentences; 2], ..Match::default() };
            let apart = matched.facts_agree();
            (matched.new.lead, matched.known.lead) = (LEAD_WORDS, LEAD_WORDS);
            (apart, matched.facts_agree())
        };
        assert_eq!(told(1, 2), (false, true), "where both begin alike, less is asked");
        assert_eq!(told(2, 3), (false, true));
        assert_eq!(told(3, 2), (true, true));
        assert_eq!(told(1, 1), (true, true));
    }

    #[test]
    fn similarity_is_the_share_of_the_shorter_text_with_the_words_of_forms() {
        let matched =
            Match { new: side(20.0, 20.0, 60.0, 30.0), known: side(300.0, 20.0, 0.0, 0.0), ..Match::default() };
        assert_eq!(matched.similarity(), 50.0 / 80.0);
        let turned = Match { new: matched.known, known: matched.new, ..matched };
        assert_eq!(turned.similarity(), matched.similarity());
    }
}
