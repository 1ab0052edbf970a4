//! The blocks of a page: runs of text that a reader sees as one paragraph, item, heading or row, and what each is worth.

use super::dom::{Dom, Node, Tag, push_collapsed};

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
    /// Returns the share of its text that is in links.
    pub fn density(&self) -> f32 {
        self.linked as f32 / self.weight.max(1) as f32
    }

    /// What the block says for (positive) or against being in an article.
    pub fn worth(&self) -> f32 {
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

/// Sums of text weight in document order, so that the weight inside any element is a subtraction.
pub(super) struct Weights {
    all: Vec<u32>,
    linked: Vec<u32>,
}

impl Weights {
    /// Adds up the text of a page.
    pub fn of(dom: &Dom<'_>) -> Self {
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

    /// Returns the weight of the text between two nodes.
    pub fn inside(&self, start: usize, end: usize) -> u32 {
        self.all[end] - self.all[start]
    }

    /// Returns the weight of the linked text between two nodes.
    pub fn linked_inside(&self, start: usize, end: usize) -> u32 {
        self.linked[end] - self.linked[start]
    }
}

/// Returns the weight of a text: its letters and digits, three for one of a script without spaces.
pub(super) fn weigh(text: &str) -> u32 {
    let mut weight = 0;
    for c in text.chars() {
        if c.is_ascii() {
            weight += u32::from(c.is_ascii_alphanumeric());
        } else if matches!(c, '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
        {
            weight += 3;
        } else if c.is_alphanumeric() {
            weight += 1;
        }
    }
    weight
}

/// Cuts what is left into blocks.
pub(super) fn blocks(dom: &Dom<'_>, out: &[bool]) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut owners: Vec<u32> = Vec::with_capacity(dom.nodes.len());
    let mut link_until = 0;
    let mut breaks = 0;
    let mut fresh = true;
    let mut data_row = 0;
    for (at, node) in dom.nodes.iter().enumerate() {
        if node.tag == Tag::Row && is_data_row(dom, at) {
            data_row = at;
        }
        let inline = matches!(node.tag, Tag::Text | Tag::Inline | Tag::A | Tag::Time | Tag::Br | Tag::Void)
            || node.tag == Tag::Cell && data_row == node.parent as usize;
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

/// Returns what every element's blocks add up to.
pub(super) fn sums(dom: &Dom<'_>, blocks: &[Block], worth_of: impl Fn(&Block) -> f32) -> Vec<f32> {
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

/// Tells whether a text ends as a sentence does.
pub(super) fn ends_sentence(text: &str) -> bool {
    let text = text.trim_end_matches(['"', '\'', '”', '’', '»', '“', ')', '」', '』', ' ']);
    text.ends_with(['.', '!', '?', '…', '。', '！', '？', '।', '؟', ':', '：', '։', '۔'])
}

/// Whether an anchor leads anywhere: headings are wrapped in anchors to link to, and footnotes point into the page.
fn is_link(node: &Node<'_>) -> bool {
    node.attr("href").is_some_and(|href| !href.is_empty())
}

/// Whether a table row holds data, a line of short cells, and not a page's layout with its columns of lines.
fn is_data_row(dom: &Dom<'_>, row: usize) -> bool {
    let has_lines = dom.range(row).filter(|&at| dom.nodes[at].tag == Tag::Br).nth(2).is_some();
    let has_sentences = || dom.range(row).any(|at| weigh(dom.nodes[at].text) > 80);
    !(has_lines && has_sentences())
        && dom.range(row).skip(1).all(|at| {
            matches!(
                dom.nodes[at].tag,
                Tag::Text | Tag::Cell | Tag::Inline | Tag::A | Tag::Br | Tag::Time | Tag::Void | Tag::P
            )
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
