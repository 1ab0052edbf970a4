//! Which part of a page its own markup sets apart as the article, whatever its classes are called.

use super::{
    block::{Block, sums},
    dom::{Dom, Tag},
    witness::{has_word, key},
};

/// How much of the page's text the part must hold: the marks are found on teasers and empty wrappers, too.
/// Of 260 real pages none marks less than a third of its text by mistake when all classes are made unreadable.
const SHARE: f32 = 0.3;

/// The least worth of a part: some 40 words.
const LEAST: f32 = 200.0;

/// Returns the element that is marked as the text of an article, or else the one around the headline where other
/// headlines stand in other elements: a page may go on with the next article, with comments that have a title, or with a
/// notice under a headline of its own.
pub(super) fn part(dom: &Dom<'_>, blocks: &[Block], title: Option<&str>) -> Option<usize> {
    let worth = sums(dom, blocks, |block| block.worth().max(0.0));
    let is_enough = |at: &usize| worth[*at] >= LEAST.max(worth[0] * SHARE);
    let is_marked = |at: &usize| dom.nodes[*at].attr("itemprop").is_some_and(|prop| has_word(prop, "articleBody"));
    let marked = (0..dom.nodes.len()).filter(is_enough).filter(is_marked);
    marked.max_by(|&a, &b| worth[a].total_cmp(&worth[b])).or_else(|| around_headline(dom, title).filter(is_enough))
}

/// Returns the largest element around the headline that holds no other headline, where there is another.
fn around_headline(dom: &Dom<'_>, title: Option<&str>) -> Option<usize> {
    let title = title.map(key)?;
    let tops = || (0..dom.nodes.len()).filter(|at| dom.nodes[*at].tag == Tag::Heading(1));
    let is_title = |at: &usize| matches!(dom.nodes[*at].tag, Tag::Heading(_)) && key(&dom.text(*at)) == title;
    let headline = (0..dom.nodes.len()).find(is_title).or_else(|| tops().next())?;
    let others: Vec<usize> = tops().filter(|at| *at != headline).collect();
    let is_alone = |at: &usize| {
        let range = dom.range(*at);
        let next = others.partition_point(|other| *other < range.start);
        others.get(next).is_none_or(|other| *other >= range.end)
    };
    let around = dom.ancestors(headline).take_while(is_alone).last();
    around.filter(|_| !others.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::{block::blocks, dom::parse};

    const LONG: &str = "<p>The ferry company and the harbour authority met again on Tuesday, and both said that a deal was closer.</p>";

    /// The name of the element that the part is.
    #[track_caller]
    fn check(page: &str, expected: Option<&str>) {
        let html = parse(&page.replace("TEXT", &LONG.repeat(6)));
        let dom = Dom::new(&html);
        let part = part(&dom, &blocks(&dom, &vec![false; dom.nodes.len()]), Some("Ferry talks resume"));
        assert_eq!(part.and_then(|at| dom.nodes[at].attr("id")), expected, "{page}");
    }

    #[test]
    fn marked_text_is_the_article() {
        check("<div id=a itemprop=articleBody>TEXT</div><div>TEXT</div>", Some("a"));
        check("<div itemprop=articleBody><p>Read on.</p></div><div>TEXT</div>", None);
    }

    #[test]
    fn the_next_article_on_the_page_is_another() {
        check(
            "<div id=a><h1>Ferry talks resume</h1>TEXT</div><div id=b><h1>Bridge closed</h1>TEXTTEXT</div>",
            Some("a"),
        );
        check("<div id=b><h1>Bridge closed</h1>TEXT</div><div id=a><h2>Ferry talks resume</h2>TEXT</div>", Some("a"));
    }

    #[test]
    fn sections_with_large_headings_are_one_article() {
        check("<div><h1>Ferry talks resume</h1>TEXT<h1>Tolls</h1>TEXT</div>", None);
        check("<header id=h><h1>Ferry talks resume</h1></header><main>TEXT<h1>Tolls</h1>TEXT</main>", None);
    }
}
