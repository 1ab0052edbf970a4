//! The text of the article: which blocks of a page belong to it.
//!
//! Each block of text (a paragraph, an item, a heading) is worth something to the article, for better or worse: long
//! sentences speak for it, links and scraps against. The article's container is the smallest element that holds nearly all
//! the worth there is, so that a text split over several containers stays whole. What stands inside it and is not text
//! (related links, boxes, captions) is taken out by name and by the share of its links.

use super::{
    block::{Block, Weights, blocks, sums, weigh},
    dom::{self, Dom, Tag},
    json,
    prune::{prune_by_name, without_text},
    select::select,
    site::Rule,
};

/// How much of the best sum of worth the container must hold.
const KEEP: f32 = 0.85;

/// A text of some 40 words: less is no article.
const LITTLE: u32 = 200;

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
        body.rescue(witness, "json-ld");
    }
    if body.weight < LITTLE
        && let Some(html) = carried(dom)
    {
        body.rescue(&html, "data");
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

    /// Takes a text that is given beside the page where the page itself shows little of it.
    fn rescue(&mut self, witness: &str, method: &'static str) {
        let text = if witness.contains("</") || witness.contains("<br") || witness.contains("&lt;") {
            of_fragment(witness)
        } else {
            let lines = witness.lines().map(dom::plain).filter(|line| !line.is_empty());
            lines.collect::<Vec<_>>().join("\n\n")
        };
        let weight = weigh(&text);
        if weight >= LITTLE && self.weight * 2 < weight {
            self.text = text;
            self.weight = weight;
            self.method = method;
        }
    }
}

/// Returns the text that a page carries as data for its program to show: the longest piece of HTML in its scripts.
fn carried(dom: &Dom<'_>) -> Option<String> {
    let scripts = (0..dom.nodes.len()).filter(|&at| dom.nodes[at].tag == Tag::Script);
    let pieces = scripts.filter_map(|at| json::longest_text(dom.raw_text(at), |text| text.contains("</p>")));
    pieces.max_by_key(String::len)
}

/// Returns the smallest element that holds nearly all the worth there is.
pub(super) fn container(dom: &Dom<'_>, blocks: &[Block]) -> Option<usize> {
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
