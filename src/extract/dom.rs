//! The page as a flat list of nodes in document order, so that every later pass is a loop and never recursion.

use std::ops::Range;

use scraper::{ElementRef, Html, node::Element};

use super::tidy::tidy;

/// The most nodes of a page that are looked at: a tag makes two or three.
const MAX_NODES: usize = 150_000;

/// The longest text of one headline, name or date, in bytes. Without it, nested elements would be read over and over.
const MAX_LINE: usize = 1000;

/// What an element is to the extractor; names it does not care about are `Other`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tag {
    Text,
    A,
    Article,
    Aside,
    Blockquote,
    Body,
    Br,
    Caption,
    /// `b strong em i span …`: part of the line it stands in.
    Inline,
    /// Never text: scripts, styles, forms' parts, embedded things.
    Void,
    Figcaption,
    Figure,
    Footer,
    Form,
    Head,
    Header,
    Heading(u8),
    Html,
    Item,
    Link,
    List,
    Main,
    Meta,
    Nav,
    Other,
    P,
    Pre,
    Script,
    Table,
    Cell,
    Row,
    Time,
    Title,
}

/// One node in document order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node<'a> {
    pub tag: Tag,
    /// The index of the parent; the root is its own.
    pub parent: u32,
    /// One past the index of the last node inside.
    pub end: u32,
    /// The text of a text node, else empty.
    pub text: &'a str,
    pub element: Option<ElementRef<'a>>,
}

impl<'a> Node<'a> {
    /// Returns an attribute of an element.
    pub fn attr(&self, name: &str) -> Option<&'a str> {
        let element: &'a Element = self.element?.value();
        // Most elements have few attributes: a walk is cheaper than making an interned name to search by.
        element.attrs().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// Returns the name of an element, else an empty text.
    pub fn name(&self) -> &'a str {
        self.element.map_or("", |element| element.value().name())
    }
}

/// A page's nodes.
#[derive(Debug)]
pub(super) struct Dom<'a> {
    pub nodes: Vec<Node<'a>>,
}

impl<'a> Dom<'a> {
    /// Lists a parsed page's nodes in document order.
    pub fn new(html: &'a Html) -> Self {
        let mut nodes: Vec<Node<'a>> = Vec::with_capacity(html.tree.values().len().min(MAX_NODES));
        let mut open: Vec<u32> = Vec::with_capacity(64);
        let mut node = html.tree.root();
        'walk: while nodes.len() < MAX_NODES {
            let at = nodes.len() as u32;
            let element = ElementRef::wrap(node);
            let text = node.value().as_text().map_or("", |text| &text.text);
            let tag = match element {
                Some(element) => tag_of(element.value().name()),
                None if node.value().is_text() => Tag::Text,
                None if node.value().is_document() || node.value().is_fragment() => Tag::Other,
                None => Tag::Void,
            };
            nodes.push(Node { tag, parent: open.last().copied().unwrap_or(0), end: at + 1, text, element });
            if let Some(child) = node.first_child() {
                open.push(at);
                node = child;
                continue;
            }
            loop {
                if let Some(next) = node.next_sibling() {
                    node = next;
                    break;
                }
                let (Some(parent), Some(at)) = (node.parent(), open.pop()) else { break 'walk };
                nodes[at as usize].end = nodes.len() as u32;
                node = parent;
            }
        }
        for at in open {
            nodes[at as usize].end = nodes.len() as u32;
        }
        Self { nodes }
    }

    /// Returns the indices of everything inside a node, itself first.
    pub fn range(&self, at: usize) -> Range<usize> {
        at..self.nodes[at].end as usize
    }

    /// Returns a node's ancestors, nearest first, itself not among them.
    pub fn ancestors(&self, at: usize) -> impl Iterator<Item = usize> + '_ {
        std::iter::successors(Some(at), |&at| (at != 0).then(|| self.nodes[at].parent as usize)).skip(1)
    }

    /// Returns a node's children.
    pub fn children(&self, at: usize) -> impl Iterator<Item = usize> + '_ {
        let end = self.nodes[at].end as usize;
        let inside = move |child: usize| (child < end).then_some(child);
        std::iter::successors(inside(at + 1), move |&child| inside(self.nodes[child].end as usize))
    }

    /// Returns the text inside a node with its white space collapsed, and no more than a line or two of it.
    pub fn text(&self, at: usize) -> String {
        self.text_within(at, MAX_LINE)
    }

    /// Returns the text inside a node with its white space collapsed; stops with the node that exceeds the limit in bytes.
    fn text_within(&self, at: usize, limit: usize) -> String {
        let mut text = String::new();
        let mut i = at;
        while i < self.nodes[at].end as usize && text.len() <= limit {
            let node = &self.nodes[i];
            match node.tag {
                Tag::Void | Tag::Script => {
                    i = node.end as usize;
                    continue;
                }
                Tag::Text => push_collapsed(&mut text, node.text),
                Tag::Inline | Tag::A | Tag::Time => {}
                _ => push_collapsed(&mut text, " "),
            }
            i += 1;
        }
        text.truncate(text.trim_end().len());
        text
    }

    /// Returns the text directly inside an element, as a script or a title has it, unchanged.
    pub fn raw_text(&self, at: usize) -> &'a str {
        self.children(at).map(|child| self.nodes[child].text).find(|text| !text.is_empty()).unwrap_or_default()
    }
}

/// Parses a page, tidied first.
pub(super) fn parse(text: &str) -> Html {
    Html::parse_document(&tidy(text))
}

/// Appends a text with each run of white space made one space, and none at the start.
pub(super) fn push_collapsed(out: &mut String, text: &str) {
    for c in text.chars() {
        if c.is_whitespace() || matches!(c, '\u{ad}' | '\u{200b}' | '\u{feff}') {
            if c.is_whitespace() && !out.is_empty() && !out.ends_with([' ', '\n']) {
                out.push(' ');
            }
        } else {
            out.push(c);
        }
    }
}

/// Returns a text with its white space collapsed.
pub(super) fn collapse(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    push_collapsed(&mut out, text);
    out.truncate(out.trim_end().len());
    out
}

fn tag_of(name: &str) -> Tag {
    match name {
        "a" => Tag::A,
        "article" => Tag::Article,
        "aside" => Tag::Aside,
        "blockquote" | "q" => Tag::Blockquote,
        "body" => Tag::Body,
        "br" | "hr" => Tag::Br,
        "caption" => Tag::Caption,
        "abbr" | "acronym" | "b" | "bdi" | "bdo" | "big" | "cite" | "code" | "data" | "del" | "dfn" | "em" | "font"
        | "i" | "ins" | "kbd" | "label" | "mark" | "ruby" | "rb" | "s" | "samp" | "small" | "span" | "strike"
        | "strong" | "sub" | "sup" | "tt" | "u" | "var" | "wbr" | "nobr" => Tag::Inline,
        "style" | "noscript" | "template" | "iframe" | "object" | "embed" | "canvas" | "audio" | "video" | "svg"
        | "math" | "button" | "select" | "textarea" | "input" | "dialog" | "datalist" | "noframes" | "map" | "rt"
        | "rp" | "img" | "picture" | "source" | "applet" | "progress" | "meter" | "option" => Tag::Void,
        "figcaption" => Tag::Figcaption,
        "figure" => Tag::Figure,
        "footer" => Tag::Footer,
        "form" => Tag::Form,
        "head" => Tag::Head,
        "header" => Tag::Header,
        "h1" => Tag::Heading(1),
        "h2" => Tag::Heading(2),
        "h3" => Tag::Heading(3),
        "h4" => Tag::Heading(4),
        "h5" => Tag::Heading(5),
        "h6" => Tag::Heading(6),
        "html" => Tag::Html,
        "li" | "dt" | "dd" => Tag::Item,
        "link" => Tag::Link,
        "ul" | "ol" | "dl" => Tag::List,
        "main" => Tag::Main,
        "meta" => Tag::Meta,
        "nav" | "menu" => Tag::Nav,
        "p" => Tag::P,
        "pre" => Tag::Pre,
        "script" => Tag::Script,
        "table" => Tag::Table,
        "td" | "th" => Tag::Cell,
        "tr" => Tag::Row,
        "time" => Tag::Time,
        "title" => Tag::Title,
        _ => Tag::Other,
    }
}

/// Returns a text from a metadata field as a reader would see it: markup and entities resolved, white space collapsed.
///
/// Content systems escape once too often, hence a second look.
pub(super) fn plain(text: &str) -> String {
    let mut text = collapse(text);
    for _ in 0..2 {
        if !text.contains(['<', '&']) {
            break;
        }
        let html = parse(&text);
        let dom = Dom::new(&html);
        text = dom.text_within(0, usize::MAX);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_are_in_document_order_with_their_extent() {
        let html = Html::parse_document("<p>a<b>b</b></p><p>c");
        let dom = Dom::new(&html);
        let first = dom.nodes.iter().position(|node| node.tag == Tag::P).expect("a paragraph");
        assert_eq!(dom.text(first), "ab");
        assert_eq!(dom.range(first).len(), 4);
        assert_eq!(dom.children(first).count(), 2);
        assert_eq!(dom.ancestors(first).map(|at| dom.nodes[at].tag).next(), Some(Tag::Body));
    }

    #[test]
    fn metadata_is_read_as_readers_see_it() {
        assert_eq!(plain("Tom &amp;amp; Jerry <b>win</b>\n again"), "Tom & Jerry win again");
        assert_eq!(plain("a < b"), "a < b");
    }
}
