//! Notices that ask for consent to cookies, known by what they say, whatever their boxes are called.

use super::{
    block::{Block, sums},
    body::container,
    dom::{Dom, Tag},
    witness::key,
};

/// The thing itself, in the spellings of the languages that do not say cookie.
const THINGS: &[&str] = &["cookie", "クッキー", "쿠키", "çerez", "eväste"];

/// What a notice says of it: who uses it, and what the reader is to do.
const ASKS: &[&str] = &[
    "we use",
    "uses",
    "accept",
    "consent",
    "website",
    "this site",
    "our site",
    "browser",
    "privacy",
    "akzept",
    "zustimm",
    "verwend",
    "nutzen",
    "utilis",
    "acept",
    "aceit",
    "utiliz",
    "accett",
    "gebruik",
    "toestemm",
    "samtyk",
    "samtyck",
    "godkän",
    "używ",
    "zgod",
    "souhlas",
    "použív",
    "соглас",
    "использу",
    "використ",
    "同意",
    "使用",
    "利用",
    "동의",
    "사용",
    "kabul",
    "kullan",
];

/// How much of a box must speak of cookies.
const SHARE: f32 = 0.4;

/// Marks the boxes of consent notices, unless cookies are what the article is about.
pub(super) fn prune_notices(dom: &Dom<'_>, blocks: &[Block], title: Option<&str>, out: &mut [bool]) {
    let title = title.unwrap_or_default();
    let asking: Vec<&Block> = blocks.iter().filter(|block| asks(&block.text)).collect();
    if asking.is_empty() || mentions(title) {
        return;
    }
    let title = key(title);
    let speaking = sums(dom, blocks, |block| if mentions(&block.text) { block.weight as f32 } else { 0.0 });
    let all = sums(dom, blocks, |block| block.weight as f32);
    let headline = dom.nodes.iter().enumerate().find(|(at, node)| match node.tag {
        Tag::Heading(1) => true,
        Tag::Heading(_) => key(&dom.text(*at)) == title,
        _ => false,
    });
    // Where the other text stands.
    let others: Vec<Block> = blocks.iter().filter(|block| !mentions(&block.text)).cloned().collect();
    let middle = container(dom, &others);
    let is_notice = |at: &usize| {
        middle.is_none_or(|middle| !dom.range(*at).contains(&middle))
            && !matches!(dom.nodes[*at].tag, Tag::Body | Tag::Html)
            && speaking[*at] >= all[*at] * SHARE
            && headline.is_none_or(|(headline, _)| !dom.range(*at).contains(&headline))
    };
    for block in asking {
        let boxes = std::iter::once(block.owner).chain(dom.ancestors(block.owner));
        // A paragraph alone among others may be the article's own.
        if let Some(top) = boxes.take_while(is_notice).last().filter(|top| dom.nodes[*top].tag != Tag::P) {
            out[dom.range(top)].fill(true);
        }
    }
}

fn mentions(text: &str) -> bool {
    let lower = text.to_lowercase();
    THINGS.iter().any(|thing| lower.contains(thing))
}

fn asks(text: &str) -> bool {
    let lower = text.to_lowercase();
    THINGS.iter().any(|thing| lower.contains(thing)) && ASKS.iter().any(|ask| lower.contains(ask))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::{block::blocks, dom::parse};

    /// Whether the text with the word HERE is taken for a notice.
    #[track_caller]
    fn check(page: &str, title: &str, expected: bool) {
        let html = parse(page);
        let dom = Dom::new(&html);
        let blocks = blocks(&dom, &vec![false; dom.nodes.len()]);
        let mut out = vec![false; dom.nodes.len()];
        prune_notices(&dom, &blocks, Some(title), &mut out);
        let here = blocks.iter().find(|block| block.text.contains("HERE")).expect("a block");
        assert_eq!(out[here.at], expected, "{page}");
    }

    #[test]
    fn boxes_that_ask_go_and_paragraphs_that_mention_stay() {
        check("<p>The boats sail.</p><div><p>HERE we use cookies.</p><button>OK</button></div>", "Ferry", true);
        check("<p>Die Schiffe fahren.</p><div>HERE Wir verwenden Cookies, um zu zählen.</div>", "Fähre", true);
        check(
            "<article><p>The boats sail to the islands again.</p><p>HERE The site uses cookies, the report says.</p></article>",
            "Ferry",
            false,
        );
        check("<p>The boats sail.</p><div><p>HERE we use cookies.</p></div>", "Who eats cookies", false);
        check("<div><h1>Ferry</h1><p>HERE we use cookies.</p></div>", "Ferry", false);
    }
}
