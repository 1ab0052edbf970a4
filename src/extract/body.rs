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
    notice::prune_notices,
    part::part,
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
    prune_notices(dom, &blocks, context.title, &mut out);
    blocks.retain(|block| !out[block.at]);
    prune_by_name(dom, &blocks, context.title, &mut out);
    blocks.retain(|block| !out[block.at]);
    let own = part(dom, &blocks, context.title).map(|part| dom.range(part));
    let own: Vec<Block> =
        blocks.iter().filter(|b| own.as_ref().is_some_and(|own| own.contains(&b.at))).cloned().collect();
    if let Some(container) = container(dom, &own).or_else(|| container(dom, &blocks)) {
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

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: &str = "The ferry company and the harbour authority met again on Tuesday, and both said that a deal was closer than before.";

    fn of(page: &str) -> String {
        let html = dom::parse(page);
        body(&Dom::new(&html), &Context { title: Some("Ferry talks resume"), ..Context::default() }).text
    }

    /// The page's text is `expected`, where `LONG` stands for a long paragraph.
    #[track_caller]
    fn check(page: &str, expected: &[&str]) {
        assert_eq!(of(&page.replace("LONG", LONG)).replace(LONG, "LONG").split("\n\n").collect::<Vec<_>>(), expected);
    }

    #[test]
    fn paragraphs_lists_quotes_headings_and_tables_stay() {
        check(
            "<h1>Ferry talks resume</h1><article><p>LONG</p><h2>Tolls</h2><p>LONG</p><ul><li>Cars: 4 euros</li><li>Bikes: free</li></ul>\
             <blockquote>LONG</blockquote><table><tr><td>Year</td><td>Boats</td></tr></table><p>LONG</p></article>",
            &["LONG", "Tolls", "LONG", "Cars: 4 euros", "Bikes: free", "LONG", "Year Boats", "LONG"],
        );
    }

    #[test]
    fn navigation_captions_boxes_and_comments_go() {
        check(
            "<nav><a href=/>Home</a></nav><div class=story><figure><img><figcaption>The harbour at night, seen from above.</figcaption></figure>\
             <p>LONG</p><div class=share-bar>Share this with your friends today please</div><p>LONG</p>\
             <div class=newsletter-signup><p>Sign up for our daily letter about boats and never miss a thing again.</p></div><p>LONG</p></div>\
             <div id=comments><p>LONG</p><p>LONG</p><p>LONG</p><p>LONG</p><p>LONG</p></div><footer><p>LONG</p></footer>",
            &["LONG", "LONG", "LONG"],
        );
    }

    #[test]
    fn teasers_of_other_articles_go() {
        check(
            "<main><div><p>LONG</p><p>LONG</p><p>LONG</p><p>LONG</p></div><section><h3>Read more</h3>\
             <div class=c><h4><a href=a>Old bridge closes for repairs</a></h4><p>LONG</p></div>\
             <div class=c><h4><a href=b>New bridge opens to walkers</a></h4><p>LONG</p></div></section></main>",
            &["LONG", "LONG", "LONG", "LONG"],
        );
    }

    #[test]
    fn a_text_over_several_containers_is_joined() {
        check(
            "<h1>Ferry talks resume</h1><article><div class=standfirst><p>Both sides say that they want a deal.</p></div>\
             <div class=part><p>LONG</p><p>LONG</p></div><div class=ad>Buy boats here now</div><div class=part><p>LONG</p></div></article>",
            &["Both sides say that they want a deal.", "LONG", "LONG", "LONG"],
        );
    }

    #[test]
    fn a_page_builder_may_call_everything_a_widget() {
        check(
            "<div class=widget><p>LONG</p></div><div class=widget><p>LONG</p></div><div class=widget><p>LONG</p></div>",
            &["LONG", "LONG", "LONG"],
        );
    }

    #[test]
    fn a_window_that_holds_the_headline_is_the_page() {
        // Single-page sites show their articles in what their templates call a modal.
        check(
            "<div class=modal><h2>Ferry talks resume</h2><p>LONG</p><p>LONG</p></div><div class=modal><p>LONG</p></div>",
            &["LONG", "LONG"],
        );
    }

    #[test]
    fn scripts_without_spaces_weigh_as_much() {
        let text = "渡轮公司与港务局周二再次会面，双方表示协议比以前更近了一步。";
        assert_eq!(
            of(&format!("<div><a href=x>首页</a> <a href=y>新闻</a></div><div><p>{text}</p><p>{text}</p></div>")),
            format!("{text}\n\n{text}")
        );
    }

    #[test]
    fn a_text_that_only_scripts_carry_is_rescued() {
        let html = format!("<p>{LONG}</p><p>{LONG}</p><p>{LONG}</p>").replace('<', "\\u003c");
        let page = format!("<script>window.x = {{\"a\": 1, \"html\": \"{html}\"}};</script><div id=app></div>");
        assert_eq!(of(&page), format!("{LONG}\n\n{LONG}\n\n{LONG}"));
    }

    #[test]
    fn breaks_are_lines_and_two_of_them_paragraphs() {
        check("<div>LONG<br><br>LONG<br>LONG</div>", &["LONG", "LONG\nLONG"]);
    }
}
