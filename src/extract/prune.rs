//! What is not the article: marked by tag, by name, and by the shape of boxes of links and teasers.

use super::{
    block::{Block, Weights, sums},
    body::container,
    dom::{Dom, Tag},
    marks::{self, Role},
    witness::key,
};

/// How much of the text may be called something beside it, before the word is taken to mean something else.
const BESIDE_SHARE: f32 = 0.3;

/// The same for words that have one meaning only: a sidebar may well be longer than a short report.
const CERTAIN_SHARE: f32 = 0.75;

/// Marks every node that by its tag is no text of an article.
pub(super) fn without_text(dom: &Dom<'_>, weights: &Weights) -> Vec<bool> {
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
pub(super) fn prune_by_name(dom: &Dom<'_>, blocks: &[Block], title: Option<&str>, out: &mut [bool]) {
    let Some(middle) = container(dom, blocks) else { return };
    let title = title.map(key).unwrap_or_default();
    let is_headline = |at: &usize| match dom.nodes[*at].tag {
        Tag::Heading(1) => true,
        Tag::Heading(_) => key(&dom.text(*at)) == title,
        _ => false,
    };
    let headlines: Vec<usize> = (0..dom.nodes.len()).filter(is_headline).take(8).collect();
    let gains = sums(dom, blocks, |block| block.worth().max(0.0));
    let mut known = marks::Known::default();
    let roles: Vec<Role> = dom.nodes.iter().map(|node| marks::role(node, &mut known)).collect();
    let word_of = |at: usize| match (dom.nodes[at].tag, roles[at]) {
        (Tag::Text | Tag::Html | Tag::Body | Tag::Br, _) => None,
        (Tag::Blockquote, Role::Beside("twitter" | "instagram" | "facebook")) => None,
        // The way down to the middle of the text.
        _ if dom.range(at).contains(&middle) => None,
        (_, Role::Beside(word)) => Some(word),
        (_, Role::Hidden) => Some("hidden"),
        (Tag::Aside, _) => Some("aside"),
        (Tag::Footer, _) => Some("footer"),
        _ => None,
    };
    let mut taken: Vec<(&str, f32, usize)> = Vec::new();
    for (at, node) in dom.nodes.iter().enumerate() {
        if let Some(word) = word_of(at) {
            let end = node.end as usize;
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
            && !headlines.iter().any(|headline| dom.range(at).contains(headline));
        if is_foreign || word_of(at).is_some_and(means_it) {
            out[dom.range(at)].fill(true);
            at = dom.nodes[at].end as usize;
        } else {
            at += 1;
        }
    }
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

/// Marks what stands in boxes of links and scraps inside the container, by node counted from the container.
pub(super) fn boxes(dom: &Dom<'_>, blocks: &[Block], container: usize) -> Vec<bool> {
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
