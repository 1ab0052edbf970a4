//! One pass over a page for everything that speaks about its article without being its text.

use super::{
    dom::{Dom, Node, Tag, collapse},
    linked::{self, Linked},
};

/// The longest content of a `<meta>` that is kept, in bytes: longer ones are descriptions gone wrong.
const MAX_CONTENT: usize = 4096;

/// The longest line that is compared with the page's title, in bytes.
const MAX_TITLE: usize = 400;

/// The most elements of one kind that are marked as date or author.
const MAX_MARKED: usize = 100;

/// What a page says of itself.
#[derive(Debug, Default)]
pub(super) struct Witnesses<'a> {
    /// `<meta>` by lowercase name, property or itemprop, in document order.
    pub metas: Vec<(String, &'a str)>,
    /// The first `<title>` of the head.
    pub title: Option<String>,
    /// Every `<h1>` with a text of its own, not that of a link home: its node and text.
    pub h1: Vec<(usize, String)>,
    /// Where the headline stands: the last `<h1>`, else what reads as the page's title does.
    pub headline: Option<usize>,
    /// Elements with `itemprop=headline`.
    pub headlines: Vec<String>,
    /// `rel=canonical`.
    pub canonical: Option<&'a str>,
    /// `rel=amphtml`: the page as AMP.
    pub amp: Option<&'a str>,
    /// The page for print: an alternate for that medium, or a link marked as such.
    pub print: Option<&'a str>,
    /// The `lang` of the page.
    pub lang: Option<&'a str>,
    /// `<time>` elements and `itemprop=datePublished`, by node.
    pub times: Vec<usize>,
    /// Nodes that name an author: `rel=author`, `itemprop=author`.
    pub authors: Vec<usize>,
    /// What JSON-LD says.
    pub linked: Linked,
}

impl<'a> Witnesses<'a> {
    /// Gathers what a page says of itself.
    pub fn gather(dom: &Dom<'a>) -> Self {
        let mut found = Self::default();
        let mut blocks = Vec::new();
        for (at, node) in dom.nodes.iter().enumerate() {
            match node.tag {
                Tag::Meta => found.take_meta(dom, at),
                Tag::Title if found.title.is_none() && !is_in_svg(dom, at) => {
                    found.title = Some(collapse(dom.raw_text(at))).filter(|title| !title.is_empty());
                }
                Tag::Html if found.lang.is_none() => found.lang = node.attr("lang").or_else(|| node.attr("xml:lang")),
                Tag::Link => found.take_link(node),
                Tag::Script if node.attr("type").is_some_and(|kind| kind.to_ascii_lowercase().contains("ld+json")) => {
                    blocks.push(dom.raw_text(at));
                }
                Tag::Heading(1) => {
                    let text = dom.text(at);
                    if !text.is_empty() && found.h1.len() < 32 && !leads_home(dom, at) {
                        found.h1.push((at, text));
                    }
                }
                Tag::Time if found.times.len() < MAX_MARKED => found.times.push(at),
                _ => {}
            }
            if node.element.is_some() && !matches!(node.tag, Tag::Meta | Tag::Link) {
                found.take_marked(dom, at);
            }
        }
        let shown: Vec<String> = found
            .h1
            .iter()
            .map(|(_, text)| text.as_str())
            .chain(found.meta(&["og:title"]))
            .chain(found.title.as_deref())
            .map(key)
            .collect();
        found.headline = found.h1.last().map(|(at, _)| *at).or_else(|| found.shown_title(dom));
        found.linked = linked::read(blocks.into_iter(), |headline| {
            let headline = key(headline);
            !headline.is_empty()
                && shown.iter().any(|title| title.starts_with(&headline) || headline.starts_with(title))
        });
        found
    }

    /// Returns the contents of the metas of the given names, in the order of the names, then of the document.
    pub fn meta<'b>(&'b self, names: &'b [&str]) -> impl Iterator<Item = &'a str> + 'b {
        names.iter().flat_map(|name| self.metas.iter().filter(move |(key, _)| key == name).map(|(_, content)| *content))
    }

    /// The first heading, or else text of the body, that the page gives as its title, alone or beside the site's name.
    fn shown_title(&self, dom: &Dom<'_>) -> Option<usize> {
        let titles: Vec<String> = self.meta(&["og:title"]).chain(self.title.as_deref()).map(key).collect();
        let is_title = |text: &str| {
            let text = key(text);
            text.len() >= 8 && titles.iter().any(|title| title.starts_with(&text) || title.ends_with(&text))
        };
        let body = dom.nodes.iter().position(|node| node.tag == Tag::Body)?;
        let heading = |at: &usize| matches!(dom.nodes[*at].tag, Tag::Heading(_)) && is_title(&dom.text(*at));
        let line = |at: &usize| (8..=MAX_TITLE).contains(&dom.nodes[*at].text.len()) && is_title(dom.nodes[*at].text);
        dom.range(body).find(heading).or_else(|| dom.range(body).find(line))
    }

    fn take_meta(&mut self, dom: &Dom<'a>, at: usize) {
        let node = &dom.nodes[at];
        let Some(content) = node.attr("content").map(str::trim).filter(|c| !c.is_empty() && c.len() <= MAX_CONTENT)
        else {
            return;
        };
        for key in ["property", "name", "itemprop", "http-equiv"] {
            if let Some(name) = node.attr(key)
                && self.metas.len() < 500
            {
                self.metas.push((name.trim().to_ascii_lowercase(), content));
            }
        }
    }

    fn take_link(&mut self, node: &Node<'a>) {
        let (Some(rel), href) = (node.attr("rel"), node.attr("href")) else { return };
        let is_print = node.attr("media").is_some_and(|media| media.trim().eq_ignore_ascii_case("print"));
        if has_word(rel, "canonical") {
            self.canonical = self.canonical.or(href);
        } else if has_word(rel, "amphtml") {
            self.amp = self.amp.or(href);
        } else if has_word(rel, "print") || (is_print && has_word(rel, "alternate")) {
            self.print = self.print.or(href);
        }
    }

    fn take_marked(&mut self, dom: &Dom<'a>, at: usize) {
        let node = &dom.nodes[at];
        if let Some(prop) = node.attr("itemprop") {
            if has_word(prop, "headline") && self.headlines.len() < 8 {
                self.headlines.push(dom.text(at));
            } else if has_word(prop, "datePublished") && node.tag != Tag::Time && self.times.len() < MAX_MARKED {
                self.times.push(at);
            } else if has_word(prop, "author") && self.authors.len() < MAX_MARKED {
                self.authors.push(at);
            }
        }
        if node.tag == Tag::A
            && let Some(rel) = node.attr("rel")
        {
            if has_word(rel, "author") && self.authors.len() < MAX_MARKED {
                self.authors.push(at);
            } else if has_word(rel, "print") {
                self.print = self.print.or(node.attr("href"));
            }
        }
    }
}

/// Returns a text as it is compared: letters and digits only, folded.
pub(super) fn key(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().filter(|c| c.is_alphanumeric()) {
        crate::text::fold_char(c, &mut out);
    }
    out
}

/// Tells whether a space-separated attribute holds a word.
pub(super) fn has_word(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|item| item.eq_ignore_ascii_case(word))
}

/// Whether an element is nothing but a link to the front page, as a logo is.
fn leads_home(dom: &Dom<'_>, at: usize) -> bool {
    let home = |href: &str| {
        let path = href.split_once("://").map_or(href, |(_, rest)| rest.find('/').map_or("/", |slash| &rest[slash..]));
        path == "/"
    };
    let links = dom.range(at).filter(|&inner| dom.nodes[inner].attr("href").is_some_and(home));
    links.take(1).any(|link| dom.text(link) == dom.text(at))
}

fn is_in_svg(dom: &Dom<'_>, at: usize) -> bool {
    dom.ancestors(at).any(|ancestor| dom.nodes[ancestor].name() == "svg")
}
