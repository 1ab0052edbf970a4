//! The text of the article: which blocks of a page belong to it.
//!
//! Each block of text (a paragraph, an item, a heading) is worth something to the article, for better or worse: long
//! sentences speak for it, links and scraps against. The article's container is the smallest element that holds nearly all
//! the worth there is, so that a text split over several containers stays whole. What stands inside it and is not text
//! (related links, boxes, captions) is taken out by name and by the share of its links.

use super::{
    dom::{self, Dom, Node, Tag, push_collapsed},
    marks::{self, Role},
    site::Rule,
    witness::key,
};

/// How much of the best sum of worth the container must hold.
const KEEP: f32 = 0.85;

/// How much of the text may be called something beside it, before the word is taken to mean something else.
const BESIDE_SHARE: f32 = 0.3;

/// The same for words that have one meaning only: a sidebar may well be longer than a short report.
const CERTAIN_SHARE: f32 = 0.75;

/// A run of text that a reader sees as one paragraph, item, heading or row.
#[derive(Debug, Clone)]
pub(super) struct Block {
    /// The element it stands in.
    pub owner: usize,
    /// The first node of its text.
    pub at: usize,
    pub tag: Tag,
    pub text: String,
    /// Letters and digits; one of a script without spaces counts as three.
    pub weight: u32,
    /// The weight of what is in links.
    pub linked: u32,
}

impl Block {
    fn density(&self) -> f32 {
        self.linked as f32 / self.weight.max(1) as f32
    }

    /// What the block says for (positive) or against being in an article.
    fn worth(&self) -> f32 {
        let weight = self.weight as f32;
        let density = self.density();
        if matches!(self.tag, Tag::Heading(_)) {
            return if density > 0.5 { -10.0 } else { 0.0 };
        }
        if density > 0.5 {
            return -(10.0 + weight.min(120.0) * 0.5);
        }
        if self.weight < 20 {
            return if matches!(self.tag, Tag::Item | Tag::Cell | Tag::Row | Tag::Pre) { 0.0 } else { -4.0 };
        }
        let text = weight - 2.0 * self.linked as f32;
        match self.tag {
            Tag::P | Tag::Blockquote | Tag::Pre => text,
            Tag::Item | Tag::Cell | Tag::Row => text * 0.6,
            _ if self.weight < 60 => text * 0.3 - 8.0,
            _ => text * 0.9,
        }
    }
}

/// The text that was found.
#[derive(Debug, Default)]
pub(super) struct Body {
    pub text: String,
    /// The weight of the text.
    pub weight: u32,
    /// The weight of all text on the page, boilerplate included.
    pub page_weight: u32,
    /// The part of it that is in links.
    pub page_linked: u32,
    /// Where the text was found.
    pub method: &'static str,
}

/// What the text is measured against.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Context<'a> {
    pub title: Option<&'a str>,
    /// The page's description of itself: a witness for the standfirst.
    pub summary: Option<&'a str>,
    /// The text as JSON-LD gives it.
    pub article_body: Option<&'a str>,
    /// The user's rule for the site.
    pub rule: Option<&'a Rule>,
}

/// Finds the text of the article.
pub(super) fn body(dom: &Dom<'_>, context: &Context<'_>) -> Body {
    let weights = Weights::of(dom);
    let total = dom.nodes.len();
    let mut body =
        Body { page_weight: weights.inside(0, total), page_linked: weights.linked_inside(0, total), ..Body::default() };
    let mut out = without_text(dom, &weights);
    for at in context.rule.map(|rule| rule.removed(dom)).unwrap_or_default() {
        out[dom.range(at)].fill(true);
    }
    let mut blocks = blocks(dom, &out);
    if let Some(chosen) = context.rule.and_then(|rule| rule.body(dom)) {
        let inside = |block: &&Block| chosen.iter().any(|&at| dom.range(at).contains(&block.at));
        body.put(&blocks.iter().filter(inside).collect::<Vec<_>>(), "rule");
        return body;
    }
    prune_by_name(dom, &blocks, &mut out);
    blocks.retain(|block| !out[block.at]);
    if let Some(container) = container(dom, &blocks) {
        body.put(&select(dom, &blocks, container, context), "page");
    }
    if let Some(witness) = context.article_body {
        body.rescue(witness);
    }
    body
}

/// Returns the text of a piece of HTML that is all article, as feeds carry it.
pub(super) fn of_fragment(html: &str) -> String {
    let html = dom::parse(html);
    let dom = Dom::new(&html);
    let out = without_text(&dom, &Weights::of(&dom));
    let blocks = blocks(&dom, &out);
    let mut body = Body::default();
    body.put(&blocks.iter().collect::<Vec<_>>(), "feed");
    body.text
}

/// Returns the address of the first image of a page.
pub(super) fn first_image(dom: &Dom<'_>) -> Option<String> {
    let mut images = dom.nodes.iter().filter(|node| node.name() == "img");
    images.find_map(|node| node.attr("src")).filter(|src| !src.starts_with("data:")).map(str::to_owned)
}

impl Body {
    fn put(&mut self, blocks: &[&Block], method: &'static str) {
        for block in blocks {
            if !self.text.is_empty() {
                self.text.push_str("\n\n");
            }
            self.text.push_str(&block.text);
            self.weight += block.weight;
        }
        self.method = method;
    }

    /// Takes the text that JSON-LD gives where the page itself shows little of it.
    fn rescue(&mut self, witness: &str) {
        let text = if witness.contains("</") || witness.contains("<br") || witness.contains("&lt;") {
            of_fragment(witness)
        } else {
            let lines = witness.lines().map(dom::plain).filter(|line| !line.is_empty());
            lines.collect::<Vec<_>>().join("\n\n")
        };
        let weight = weigh(&text);
        if weight >= 200 && self.weight * 2 < weight {
            self.text = text;
            self.weight = weight;
            self.method = "json-ld";
        }
    }
}

/// Sums of text weight in document order, so that the weight inside any element is a subtraction.
struct Weights {
    all: Vec<u32>,
    linked: Vec<u32>,
}

impl Weights {
    fn of(dom: &Dom<'_>) -> Self {
        let mut all = Vec::with_capacity(dom.nodes.len() + 1);
        let mut linked = Vec::with_capacity(dom.nodes.len() + 1);
        let (mut sum, mut link_sum) = (0, 0);
        let (mut void_until, mut link_until) = (0, 0);
        for (at, node) in dom.nodes.iter().enumerate() {
            all.push(sum);
            linked.push(link_sum);
            match node.tag {
                Tag::Void | Tag::Script | Tag::Head => void_until = void_until.max(node.end as usize),
                Tag::A if is_link(node) => link_until = link_until.max(node.end as usize),
                Tag::Text if at >= void_until => {
                    let weight = weigh(node.text);
                    sum += weight;
                    if at < link_until {
                        link_sum += weight;
                    }
                }
                _ => {}
            }
        }
        all.push(sum);
        linked.push(link_sum);
        Self { all, linked }
    }

    fn inside(&self, start: usize, end: usize) -> u32 {
        self.all[end] - self.all[start]
    }

    fn linked_inside(&self, start: usize, end: usize) -> u32 {
        self.linked[end] - self.linked[start]
    }
}

/// Whether an anchor leads anywhere: headings are wrapped in anchors to link to, and footnotes point into the page.
fn is_link(node: &Node<'_>) -> bool {
    node.attr("href").is_some_and(|href| !href.is_empty())
}

/// Returns the weight of a text: its letters and digits, three for one of a script without spaces.
pub(super) fn weigh(text: &str) -> u32 {
    let mut weight = 0;
    for c in text.chars() {
        if c.is_ascii() {
            weight += u32::from(c.is_ascii_alphanumeric());
        } else if matches!(c, '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}') {
            weight += 3;
        } else if c.is_alphanumeric() {
            weight += 1;
        }
    }
    weight
}

/// Marks every node that by its tag is no text of an article.
fn without_text(dom: &Dom<'_>, weights: &Weights) -> Vec<bool> {
    let mut out = vec![false; dom.nodes.len()];
    let mut at = 0;
    while at < dom.nodes.len() {
        let node = &dom.nodes[at];
        let end = node.end as usize;
        let drop = match node.tag {
            Tag::Void | Tag::Script | Tag::Head | Tag::Figcaption | Tag::Caption | Tag::Nav => true,
            // A list of links folded into a line, such as what pops up over a name.
            Tag::Inline => {
                let weight = weights.inside(at, end);
                weight > 120 && weights.linked_inside(at, end) * 10 > weight * 9
            }
            _ => false,
        };
        if drop {
            out[at..end].fill(true);
            at = end;
        } else {
            at += 1;
        }
    }
    out
}

/// Marks what by its names or visibility is beside the text.
///
/// A name on a wrapper speaks of some part of it, and a page builder calls everything a widget: the way to where most of the
/// text stands is safe, and a word that would take much of the text with it means something else on this page.
fn prune_by_name(dom: &Dom<'_>, blocks: &[Block], out: &mut [bool]) {
    let Some(middle) = container(dom, blocks) else { return };
    let safe: Vec<usize> = std::iter::once(middle).chain(dom.ancestors(middle)).collect();
    let gains = sums(dom, blocks, |block| block.worth().max(0.0));
    let roles: Vec<Role> = dom.nodes.iter().map(marks::role).collect();
    let word_of = |at: usize| match (dom.nodes[at].tag, roles[at]) {
        (Tag::Text | Tag::Html | Tag::Body | Tag::Br, _) => None,
        (Tag::Blockquote, Role::Beside("twitter" | "instagram" | "facebook")) => None,
        _ if safe.contains(&at) => None,
        (_, Role::Beside(word)) => Some(word),
        (_, Role::Hidden) => Some("hidden"),
        (Tag::Aside, _) => Some("aside"),
        (Tag::Footer, _) => Some("footer"),
        _ => None,
    };
    let mut taken: Vec<(&str, f32, usize)> = Vec::new();
    for at in 0..dom.nodes.len() {
        if let Some(word) = word_of(at) {
            let end = dom.nodes[at].end as usize;
            match taken.iter_mut().find(|(other, ..)| *other == word) {
                Some((_, sum, until)) if at >= *until => (*sum, *until) = (*sum + gains[at], end),
                Some(_) => {}
                None => taken.push((word, gains[at], end)),
            }
        }
    }
    let means_it = |word: &str| {
        let share = if marks::is_certain(word) { CERTAIN_SHARE } else { BESIDE_SHARE };
        taken.iter().any(|(other, sum, _)| *other == word && *sum < gains[0] * share)
    };
    let mut at = 0;
    while at < dom.nodes.len() {
        let is_foreign = matches!(roles[at], Role::Foreign)
            && !matches!(dom.nodes[at].tag, Tag::Html | Tag::Body)
            && !dom.range(at).any(|at| dom.nodes[at].tag == Tag::Heading(1));
        if is_foreign || word_of(at).is_some_and(means_it) {
            out[dom.range(at)].fill(true);
            at = dom.nodes[at].end as usize;
        } else {
            at += 1;
        }
    }
}

/// Cuts what is left into blocks.
fn blocks(dom: &Dom<'_>, out: &[bool]) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut owners: Vec<u32> = Vec::with_capacity(dom.nodes.len());
    let mut link_until = 0;
    let mut breaks = 0;
    let mut fresh = true;
    for (at, node) in dom.nodes.iter().enumerate() {
        let inline = matches!(node.tag, Tag::Text | Tag::Inline | Tag::A | Tag::Time | Tag::Br | Tag::Void)
            || node.tag == Tag::Cell && is_data_row(dom, node.parent as usize);
        owners.push(if inline { owners.get(node.parent as usize).copied().unwrap_or(0) } else { at as u32 });
        if out[at] {
            fresh |= !inline;
            continue;
        }
        match node.tag {
            Tag::A if is_link(node) => link_until = link_until.max(node.end as usize),
            Tag::Br => {
                breaks += 1;
                if let Some(last) = blocks.last_mut().filter(|_| !fresh) {
                    last.text.truncate(last.text.trim_end().len());
                    last.text.push('\n');
                }
            }
            Tag::Text => {
                let blank = node.text.chars().all(char::is_whitespace);
                if blank {
                    if let Some(last) = blocks.last_mut().filter(|_| !fresh) {
                        push_collapsed(&mut last.text, node.text);
                    }
                    continue;
                }
                let owner = owners[at] as usize;
                if fresh || breaks >= 2 || blocks.last().is_none_or(|last| last.owner != owner) {
                    let tag = block_tag(dom, owner);
                    blocks.push(Block { owner, at, tag, text: String::new(), weight: 0, linked: 0 });
                }
                fresh = false;
                breaks = 0;
                if let Some(last) = blocks.last_mut() {
                    push_collapsed(&mut last.text, node.text);
                    let weight = weigh(node.text);
                    last.weight += weight;
                    if at < link_until {
                        last.linked += weight;
                    }
                }
            }
            Tag::Cell if inline => {
                if let Some(last) = blocks.last_mut().filter(|last| !fresh && last.owner == owners[at] as usize) {
                    push_collapsed(&mut last.text, " ");
                }
            }
            _ => fresh |= !inline,
        }
    }
    for block in &mut blocks {
        block.text.truncate(block.text.trim_end().len());
    }
    blocks.retain(|block| block.text.chars().any(char::is_alphanumeric));
    blocks
}

/// Whether a table row holds data, a line of short cells, and not a page's layout.
fn is_data_row(dom: &Dom<'_>, row: usize) -> bool {
    dom.nodes[row].tag == Tag::Row
        && dom.range(row).skip(1).take(400).all(|at| {
            matches!(dom.nodes[at].tag, Tag::Text | Tag::Cell | Tag::Inline | Tag::A | Tag::Br | Tag::Time | Tag::Void | Tag::P)
        })
        && dom.children(row).filter(|&at| dom.nodes[at].tag == Tag::Cell).nth(1).is_some()
}

/// What a block is: its element, or the list item, quote or cell that the element only wraps a line of.
fn block_tag(dom: &Dom<'_>, owner: usize) -> Tag {
    let own = dom.nodes[owner].tag;
    if matches!(own, Tag::P | Tag::Other) {
        let near = dom.ancestors(owner).take(2).map(|at| dom.nodes[at].tag);
        for tag in near {
            match tag {
                Tag::Item | Tag::Cell => return tag,
                Tag::Heading(_) | Tag::Blockquote if own == Tag::Other => return tag,
                _ => {}
            }
        }
    }
    own
}

/// Returns what every element's blocks add up to.
fn sums(dom: &Dom<'_>, blocks: &[Block], worth_of: impl Fn(&Block) -> f32) -> Vec<f32> {
    let mut worth = vec![0.0; dom.nodes.len()];
    for block in blocks {
        worth[block.owner] += worth_of(block);
    }
    // Children come after their parents: one walk backwards adds every element's worth to its parent.
    for at in (1..dom.nodes.len()).rev() {
        let parent = dom.nodes[at].parent as usize;
        worth[parent] += worth[at];
    }
    worth
}

/// Returns the smallest element that holds nearly all the worth there is.
fn container(dom: &Dom<'_>, blocks: &[Block]) -> Option<usize> {
    let worth = sums(dom, blocks, Block::worth);
    let best = (0..dom.nodes.len()).max_by(|&a, &b| worth[a].total_cmp(&worth[b]))?;
    if worth[best] <= 0.0 {
        return None;
    }
    let need = worth[best] * KEEP;
    let mut at = best;
    while let Some(child) = dom.children(at).find(|&child| worth[child] >= need) {
        at = child;
    }
    Some(at)
}

/// What the blocks inside an element add up to.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    worth: f32,
    weight: u32,
    linked: u32,
    /// The weight of the heaviest block.
    longest: u32,
}

/// Chooses the blocks of the article.
fn select<'b>(dom: &Dom<'_>, blocks: &'b [Block], container: usize, context: &Context<'_>) -> Vec<&'b Block> {
    let range = dom.range(container);
    let title = context.title.map(key).unwrap_or_default();
    let boxes = boxes(dom, blocks, container);
    let mut kept: Vec<&Block> = blocks
        .iter()
        .filter(|block| range.contains(&block.at) && !boxes[block.at - container])
        .filter(|block| block.density() <= 0.6 || matches!(block.tag, Tag::Heading(_)))
        .filter(|block| {
            let is_title = matches!(block.tag, Tag::Heading(_)) && key(&block.text) == title;
            !is_title && block.tag != Tag::Heading(1)
        })
        .collect();
    trim_ends(dom, &mut kept);
    trim_by_witness(&mut kept, context);
    // A heading that heads nothing is the title of a box that has gone.
    let heads = |i: usize| kept.get(i + 1).is_some_and(|next| !matches!(next.tag, Tag::Heading(_)));
    let keep: Vec<bool> = (0..kept.len()).map(|i| !matches!(kept[i].tag, Tag::Heading(_)) || heads(i)).collect();
    let mut kept: Vec<&Block> = kept.into_iter().zip(keep).filter_map(|(block, keep)| keep.then_some(block)).collect();
    let mut lead = standfirst(dom, blocks, container, context, &kept);
    if !lead.is_empty() {
        lead.append(&mut kept);
        return lead;
    }
    kept
}

/// Takes away what stands before the first and after the last full paragraph (dates, names, buttons), and the boxes that an
/// end mark announces.
fn trim_ends(dom: &Dom<'_>, kept: &mut Vec<&Block>) {
    let home = home(dom, kept);
    let is_home = |block: &Block| dom.nodes[block.owner].parent == home;
    let total: u32 = kept.iter().map(|block| block.weight).sum();
    let (mut seen, mut beside, mut over) = (0, false, false);
    kept.retain(|block| {
        seen += block.weight;
        if block.tag != Tag::Item && marks::is_end(&block.text) {
            beside = true;
            // A heading late in the text announces comments or an author's life; before, the text goes on after a box.
            over |= matches!(block.tag, Tag::Heading(_)) && seen * 10 > total * 7;
        } else if beside && is_home(block) && is_full(block) {
            beside = false;
        }
        !beside && !over
    });
    let first = kept.iter().position(|block| is_full(block)).unwrap_or(0);
    let last = kept.iter().rposition(|block| is_full(block)).map_or(kept.len(), |last| last + 1);
    let stays = |block: &Block| match block.tag {
        Tag::Heading(_) | Tag::Item | Tag::Row => true,
        Tag::P => is_home(block),
        _ => false,
    };
    let mut index = 0;
    kept.retain(|block| {
        index += 1;
        let inside = first < index && index <= last;
        (inside || stays(block)) && !(index <= first + 4 && is_dateline(block))
    });
}

/// Takes away what stands before and after everything that JSON-LD gives as the text, where the two agree on most.
fn trim_by_witness(kept: &mut Vec<&Block>, context: &Context<'_>) {
    let witness = context.article_body.map(key).unwrap_or_default();
    let total: u32 = kept.iter().map(|block| block.weight).sum();
    let is_said: Vec<bool> = kept
        .iter()
        .map(|block| {
            let text = key(&block.text);
            text.len() >= 12 && witness.contains(&text)
        })
        .collect();
    let said: u32 = kept.iter().zip(&is_said).filter(|(_, said)| **said).map(|(block, _)| block.weight).sum();
    let (Some(first), Some(last)) = (is_said.iter().position(|said| *said), is_said.iter().rposition(|said| *said)) else {
        return;
    };
    // A witness that gives an excerpt says nothing of what follows it.
    if said * 2 < total || weigh(&witness) * 10 > said * 13 {
        return;
    }
    let from = if first <= 3 { 0 } else { first };
    let mut index = 0;
    kept.retain(|_| {
        index += 1;
        from < index && index <= last + 1
    });
}

/// Whether a block is a paragraph beyond doubt.
fn is_full(block: &Block) -> bool {
    block.worth() >= 60.0 || (block.worth() >= 20.0 && ends_sentence(&block.text))
}

/// Whether a block only says when something was published.
fn is_dateline(block: &Block) -> bool {
    let digits = block.text.bytes().filter(u8::is_ascii_digit).count();
    block.weight < 90 && digits >= 4 && !ends_sentence(&block.text) && crate::text::date::parse(&block.text).is_some()
}

/// Returns the element that holds most of the paragraphs directly.
fn home(dom: &Dom<'_>, kept: &[&Block]) -> u32 {
    let mut sums: Vec<(u32, f32)> = Vec::new();
    for block in kept {
        let parent = dom.nodes[block.owner].parent;
        match sums.iter_mut().rev().find(|(other, _)| *other == parent) {
            Some((_, sum)) => *sum += block.worth(),
            None => sums.push((parent, block.worth())),
        }
    }
    sums.into_iter().max_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(parent, _)| parent)
}

fn ends_sentence(text: &str) -> bool {
    let text = text.trim_end_matches(['"', '\'', '”', '’', '»', '“', ')', '」', '』', ' ']);
    text.ends_with(['.', '!', '?', '…', '。', '！', '？', '।', '؟', ':', '：', '։', '۔'])
}

/// Returns the lead paragraphs that stand outside the container, between the headline and it.
fn standfirst<'b>(dom: &Dom<'_>, blocks: &'b [Block], container: usize, context: &Context<'_>, kept: &[&Block]) -> Vec<&'b Block> {
    let summary = context.summary.map(key).unwrap_or_default();
    let article = dom.ancestors(container).find(|&at| matches!(dom.nodes[at].tag, Tag::Article | Tag::Main));
    let start = blocks.partition_point(|block| block.at < container);
    let headline = blocks[..start].iter().rposition(|block| block.tag == Tag::Heading(1));
    let from = headline.map_or(start.saturating_sub(12), |headline| headline + 1);
    blocks[from..start]
        .iter()
        .filter(|block| block.weight >= 30 && block.density() < 0.3 && !matches!(block.tag, Tag::Heading(1)))
        .filter(|block| {
            let text = key(&block.text);
            let said = summary.len() >= 30 && (summary.starts_with(&text) || text.starts_with(&summary));
            let named = std::iter::once(block.owner)
                .chain(dom.ancestors(block.owner).take(3))
                .any(|at| marks::role(&dom.nodes[at]) == Role::Lead);
            let inside = headline.is_some()
                && block.weight >= 60
                && block.density() < 0.1
                && ends_sentence(&block.text)
                && article.is_some_and(|article| dom.range(article).contains(&block.at));
            (said || named || inside) && !kept.iter().any(|other| key(&other.text).starts_with(&text))
        })
        .collect()
}

/// Marks what stands in boxes of links and scraps inside the container, by node counted from the container.
fn boxes(dom: &Dom<'_>, blocks: &[Block], container: usize) -> Vec<bool> {
    let range = dom.range(container);
    let mut sums = vec![Sum::default(); range.len()];
    for block in blocks.iter().filter(|block| range.contains(&block.at)) {
        let sum = &mut sums[block.owner.max(container) - container];
        sum.worth += block.worth();
        sum.weight += block.weight;
        sum.linked += block.linked;
        sum.longest = sum.longest.max(block.weight - block.linked.min(block.weight));
    }
    for at in (container + 1..range.end).rev() {
        let inner = sums[at - container];
        let outer = &mut sums[dom.nodes[at].parent as usize - container];
        outer.worth += inner.worth;
        outer.weight += inner.weight;
        outer.linked += inner.linked;
        outer.longest = outer.longest.max(inner.longest);
    }
    let cards = cards(dom, blocks, container, sums[0].weight);
    let mut out = vec![false; range.len()];
    let mut at = container + 1;
    while at < range.end {
        let node = &dom.nodes[at];
        let sum = sums[at - container];
        let density = sum.linked as f32 / sum.weight.max(1) as f32;
        let drop = match node.tag {
            Tag::Text | Tag::P | Tag::Heading(_) | Tag::Inline | Tag::A | Tag::Item | Tag::Cell | Tag::Row => false,
            Tag::List => density > 0.5,
            Tag::Table => density > 0.6,
            _ => density > 0.5 || (sum.worth < 0.0 && sum.longest < 60),
        } || cards[at - container];
        if drop && sum.weight > 0 {
            out[at - container..node.end as usize - container].fill(true);
            at = node.end as usize;
        } else {
            at += 1;
        }
    }
    out
}

/// Marks the teasers of other articles: what shares an element with one linked heading and with no other heading, and rows of
/// like elements with a linked line in each.
fn cards(dom: &Dom<'_>, blocks: &[Block], container: usize, total: u32) -> Vec<bool> {
    let range = dom.range(container);
    let mut headings = vec![0u32; range.len()];
    let mut weights = vec![0u32; range.len()];
    let mut links = vec![false; range.len()];
    for block in blocks.iter().filter(|block| range.contains(&block.at)) {
        let own = block.owner.max(container) - container;
        weights[own] += block.weight;
        headings[own] += u32::from(matches!(block.tag, Tag::Heading(_)));
        links[own] |= block.density() >= 0.8 && block.weight >= 10;
    }
    for at in (container + 1..range.end).rev() {
        let parent = dom.nodes[at].parent as usize - container;
        headings[parent] += headings[at - container];
        weights[parent] += weights[at - container];
        links[parent] |= links[at - container];
    }
    let mut cards = vec![false; range.len()];
    for block in blocks.iter().filter(|block| range.contains(&block.at)) {
        if !matches!(block.tag, Tag::Heading(_)) || block.density() < 0.8 {
            continue;
        }
        let is_card =
            |at: &usize| *at > container && headings[at - container] == 1 && weights[at - container] * 4 < total;
        let card = std::iter::once(block.owner).chain(dom.ancestors(block.owner)).take_while(is_card).last();
        if let Some(card) = card.filter(|&card| card != block.owner) {
            cards[card - container] = true;
        }
    }
    for parent in range.clone().filter(|&at| links[at - container]) {
        let like: Vec<usize> = dom
            .children(parent)
            .filter(|&at| {
                let tag = dom.nodes[at].tag;
                matches!(tag, Tag::Other | Tag::Article | Tag::Item) && links[at - container]
            })
            .collect();
        let class = like.first().map(|&at| dom.nodes[at].attr("class"));
        if like.len() >= 3 && like.iter().all(|&at| Some(dom.nodes[at].attr("class")) == class) {
            for at in like {
                cards[at - container] |= weights[at - container] * 4 < total;
            }
        }
    }
    // An article that is a list of things has such headings and links throughout.
    let mut taken = 0;
    let mut at = container;
    while at < range.end {
        if cards[at - container] {
            taken += weights[at - container];
            at = dom.nodes[at].end as usize;
        } else {
            at += 1;
        }
    }
    if taken * 5 > total * 3 { vec![false; range.len()] } else { cards }
}
