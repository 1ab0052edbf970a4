//! Which blocks of the container are the article's, from its standfirst to its last paragraph.

use rustc_hash::FxHashMap;

use super::{
    block::{Block, ends_sentence, weigh},
    body::Context,
    dom::{Dom, Tag},
    marks::{self, Role},
    prune,
    witness::key,
};

/// How much of the text must stand side by side in one element, before the rest is judged by where it stands.
const HOME_SHARE: f32 = 0.7;

/// The most bytes that a witness may be searched in all: a thousand times what real pages need.
const MAX_COMPARED: usize = 50_000_000;

/// The most lead paragraphs outside the container.
const MAX_LEADS: usize = 8;

/// Chooses the blocks of the article.
pub(super) fn select<'b>(
    dom: &Dom<'_>,
    blocks: &'b [Block],
    container: usize,
    context: &Context<'_>,
) -> Vec<&'b Block> {
    let range = dom.range(container);
    let title = context.title.map(key).unwrap_or_default();
    let boxes = prune::boxes(dom, blocks, container);
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
    let mut to_come: u32 = kept.iter().filter(|block| is_home(block) && is_full(block)).map(|block| block.weight).sum();
    let own: f32 = kept.iter().filter(|block| is_home(block)).map(|block| block.worth()).sum();
    let all: f32 = kept.iter().map(|block| block.worth().max(0.0)).sum();
    let is_gathered = own > all * HOME_SHARE;
    let (mut beside, mut over) = (false, false);
    kept.retain(|block| {
        let is_text = is_home(block) && is_full(block);
        if is_text {
            to_come -= block.weight;
        }
        if block.tag != Tag::Item && marks::is_end(&block.text) {
            beside = true;
            // A heading late in the text announces comments or an author's life; before, the text goes on after a box.
            over |= is_gathered && matches!(block.tag, Tag::Heading(_)) && to_come * 6 < total;
        } else if is_text {
            beside = false;
        }
        !beside && !over && !marks::is_credit(&block.text)
    });
    // Where the paragraphs stand side by side, what comes after the last of them in other elements is not theirs.
    if is_gathered {
        let last = kept.iter().rposition(|block| is_home(block)).unwrap_or(0);
        let is_part = |block: &Block| {
            matches!(block.tag, Tag::Item | Tag::Row | Tag::Cell | Tag::Blockquote | Tag::Pre)
                && dom.range(home as usize).contains(&block.at)
        };
        let mut index = 0;
        kept.retain(|block| {
            index += 1;
            index <= last + 1 || is_part(block)
        });
    }
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
    if witness.len().saturating_mul(kept.len()) > MAX_COMPARED {
        return;
    }
    let total: u32 = kept.iter().map(|block| block.weight).sum();
    let is_said: Vec<bool> = kept
        .iter()
        .map(|block| {
            let text = key(&block.text);
            text.len() >= 12 && witness.contains(&text)
        })
        .collect();
    let said: u32 = kept.iter().zip(&is_said).filter(|(_, said)| **said).map(|(block, _)| block.weight).sum();
    let (Some(first), Some(last)) = (is_said.iter().position(|said| *said), is_said.iter().rposition(|said| *said))
    else {
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

/// Returns the element that holds most of the paragraphs directly.
fn home(dom: &Dom<'_>, kept: &[&Block]) -> u32 {
    let mut sums: FxHashMap<u32, f32> = FxHashMap::default();
    for block in kept {
        *sums.entry(dom.nodes[block.owner].parent).or_default() += block.worth();
    }
    sums.into_iter().max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0))).map_or(0, |(parent, _)| parent)
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

/// Returns the lead paragraphs that stand outside the container, between the headline and it.
fn standfirst<'b>(
    dom: &Dom<'_>,
    blocks: &'b [Block],
    container: usize,
    context: &Context<'_>,
    kept: &[&Block],
) -> Vec<&'b Block> {
    let summary = context.summary.map(key).unwrap_or_default();
    let article = dom.ancestors(container).find(|&at| matches!(dom.nodes[at].tag, Tag::Article | Tag::Main));
    let start = blocks.partition_point(|block| block.at < container);
    let title = context.title.map(key).unwrap_or_default();
    let is_headline = |block: &Block| {
        block.tag == Tag::Heading(1) || matches!(block.tag, Tag::Heading(_)) && key(&block.text) == title
    };
    let headline = blocks[..start].iter().rposition(is_headline);
    let from = headline.map_or(start.saturating_sub(12), |headline| headline + 1);
    let mut known = marks::Known::default();
    blocks[from..start]
        .iter()
        .filter(|block| block.weight >= 30 && block.density() < 0.3 && !is_headline(block))
        .filter(|block| {
            let text = key(&block.text);
            let said = summary.len() >= 30 && (summary.starts_with(&text) || text.starts_with(&summary));
            let named = std::iter::once(block.owner)
                .chain(dom.ancestors(block.owner).take(3))
                .any(|at| marks::role(&dom.nodes[at], &mut known) == Role::Lead);
            let inside = headline.is_some()
                && block.weight >= 60
                && block.density() < 0.1
                && ends_sentence(&block.text)
                && article.is_some_and(|article| dom.range(article).contains(&block.at));
            (said || named || inside) && !kept.iter().take(10).any(|other| key(&other.text).starts_with(&text))
        })
        .take(MAX_LEADS)
        .collect()
}
