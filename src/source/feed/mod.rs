//! Reads RSS, RDF, Atom and CDF into entries, however damaged.
//!
//! One reader for clean and broken documents, so that a feed that breaks one day announces the same entries under the
//! same ids. It walks over the tags once, keeps the open elements on a stack, and collects the text of those that the
//! vocabulary knows. What is wrong is repaired where it stands and told in `problems`: an end tag that fits nothing is
//! ignored, one that fits further up closes what is in between, a new entry closes the last one.

mod draft;
mod field;
mod scope;
mod vocabulary;

use std::time::Duration;

use self::{
    draft::Draft,
    scope::{Mark, Scope},
    vocabulary::{Field, Space},
};
use super::{
    Error, Feed,
    doctype::Entities,
    markup::{Event, Events, Tag, local},
};
use crate::model::Time;

/// Elements deeper than this are passed over: no feed nests so deep, and a bomb must not fill the memory.
const MAX_DEPTH: usize = 512;

/// Most entries of one document, as the sitemap protocol has it: a bomb of empty ones must not fill the memory.
const MAX_ENTRIES: usize = 50_000;

/// How far up an end tag may reach to close elements left open.
const MAX_REACH: usize = 128;

/// HTML elements without an end tag, for feeds that carry HTML as it is.
const VOID: &[&str] = &["br", "img", "hr", "input", "wbr", "col", "embed", "source", "param"];

/// How many repairs are told one by one.
const MAX_PROBLEMS: usize = 20;

/// Reads a feed.
pub(super) fn read(text: &str, url: &str, now: Time) -> Result<Feed, Error> {
    let mut reader = Reader::new(url);
    for event in Events::of(text) {
        reader.event(event);
    }
    reader.finish(now)
}

/// An element that has been opened and not closed.
struct Open<'a> {
    name: &'a str,
    field: Field,
    /// The family of names without a prefix.
    default: Space,
    /// What was in force outside.
    outside: Mark,
    lang: Option<&'a str>,
}

/// An element whose text is being collected.
struct Capture {
    field: Field,
    depth: usize,
    /// The text is XHTML as it stands, so its references must not be decoded.
    raw: bool,
    base64: bool,
    text: String,
}

struct Reader<'a> {
    feed: Feed,
    /// What the feed says of itself.
    head: Draft,
    entry: Option<(usize, Draft)>,
    stack: Vec<Open<'a>>,
    /// Start tags beyond `MAX_DEPTH` that are still open.
    too_deep: usize,
    scope: Scope<'a>,
    entities: Entities<'a>,
    capture: Option<Capture>,
    /// The depth of an image, text input or source that is open.
    aside: Option<usize>,
    is_feed: bool,
    is_page: bool,
    period: Option<Duration>,
    frequency: Option<u32>,
    unreadable_dates: usize,
}

impl<'a> Reader<'a> {
    fn new(url: &str) -> Self {
        Self {
            feed: Feed::default(),
            head: Draft::default(),
            entry: None,
            stack: Vec::new(),
            too_deep: 0,
            scope: Scope::of_document(url),
            entities: Entities::default(),
            capture: None,
            aside: None,
            is_feed: false,
            is_page: false,
            period: None,
            frequency: None,
            unreadable_dates: 0,
        }
    }

    fn event(&mut self, event: Event<'a>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(name) => self.end(name),
            Event::Text(text) => {
                if let Some(capture) = &mut self.capture {
                    if capture.raw {
                        capture.text.push_str(text);
                    } else {
                        self.entities.decode_into(text, &mut capture.text);
                    }
                }
            }
            Event::Cdata(text) => {
                if let Some(capture) = &mut self.capture {
                    if capture.raw {
                        capture.text.push_str(&text.replace('&', "&amp;").replace('<', "&lt;"));
                    } else {
                        capture.text.push_str(text);
                    }
                }
            }
            Event::Doctype(declaration) => {
                self.is_page |=
                    declaration[9..].trim_start().get(..4).is_some_and(|name| name.eq_ignore_ascii_case("html"));
                self.entities.declare(declaration);
            }
        }
    }

    fn start(&mut self, tag: Tag<'a>) {
        if self.stack.len() >= MAX_DEPTH && !self.surface(tag) {
            self.too_deep += usize::from(!tag.empty);
            return;
        }
        let mut open = self.open(tag);
        if self.stack.is_empty() && !self.is_feed && is_page_root(tag.name) {
            self.is_page = true;
        }
        if self.recover(open.field) {
            // Other names may be in force where the element turns out to stand.
            open = self.open(tag);
        }
        let mut is_empty = tag.empty;
        if let Some(capture) = &mut self.capture {
            if capture.field == Field::Author && open.field == Field::Name {
                capture.text.clear();
                capture.field = Field::Name;
            } else if !matches!(capture.field, Field::Author | Field::Name) {
                capture.text.push_str(tag.raw);
            }
            open.field = Field::None;
            is_empty |= VOID.iter().any(|void| void.eq_ignore_ascii_case(tag.name));
        }
        let field = open.field;
        self.stack.push(open);
        self.enter(field, tag);
        if is_empty {
            self.close_to(self.stack.len() - 1);
        }
    }

    /// Comes up from beyond all depth where a new entry starts; returns whether there is room for it now.
    fn surface(&mut self, tag: Tag<'a>) -> bool {
        let is_entry = Field::of(Space::Core, tag.name) == Field::Entry;
        if let Some((depth, _)) = self.entry.as_ref().filter(|_| is_entry) {
            let depth = *depth;
            self.problem("elements nest too deep");
            self.too_deep = 0;
            self.close_to(depth);
        }
        self.stack.len() < MAX_DEPTH
    }

    /// Makes an open element of a tag, with what its attributes declare.
    fn open(&mut self, tag: Tag<'a>) -> Open<'a> {
        let mut open = Open {
            name: tag.name,
            field: Field::None,
            default: self.stack.last().map_or(Space::Core, |parent| parent.default),
            outside: self.scope.mark(),
            lang: None,
        };
        for (name, value) in tag.attributes() {
            self.declare(&mut open, name, value);
        }
        let space = match tag.name.split_once(':') {
            Some((prefix, _)) => self.scope.space_of(prefix),
            None => open.default,
        };
        open.field = Field::of(space, tag.name);
        open
    }

    /// Takes what an attribute declares for its element and all within.
    fn declare(&mut self, open: &mut Open<'a>, name: &'a str, value: &'a str) {
        if name.eq_ignore_ascii_case("xmlns") {
            open.default = Space::of_address(value).unwrap_or(Space::Core);
        } else if let Some(prefix) = name.strip_prefix("xmlns:") {
            self.scope.declare_prefix(prefix, value);
        } else if name.eq_ignore_ascii_case("xml:lang") || name.eq_ignore_ascii_case("lang") {
            open.lang = Some(value);
        } else if name.eq_ignore_ascii_case("xml:base") {
            let base = self.decode(value);
            self.scope.declare_base(&base);
        }
    }

    /// Closes what must have been left open where this element starts; returns whether there was something.
    fn recover(&mut self, field: Field) -> bool {
        let in_xhtml = self.capture.as_ref().is_some_and(|capture| capture.raw);
        let (problem, depth) = match (&self.entry, &self.capture) {
            (Some((depth, _)), _) if field == Field::Entry && !in_xhtml => ("an entry starts inside another", *depth),
            (_, Some(capture)) if !in_xhtml && is_short(capture.field) && is_landmark(field) => {
                ("an element is not closed", capture.depth)
            }
            _ => return false,
        };
        self.problem(problem);
        self.close_to(depth);
        true
    }

    fn end(&mut self, name: &'a str) {
        if self.too_deep > 0 {
            self.too_deep -= 1;
            return;
        }
        let mut reach = self.stack.iter().rev().take(MAX_REACH);
        let Some(above) = reach.position(|open| open.name.eq_ignore_ascii_case(name)) else {
            if self.capture.is_none() {
                self.problem("an end tag closes nothing");
            }
            return;
        };
        if above > 0 {
            self.problem("an element is not closed");
        }
        let depth = self.stack.len() - 1 - above;
        if let Some(capture) = &mut self.capture
            && capture.depth < depth
            && !matches!(capture.field, Field::Author | Field::Name)
        {
            capture.text.push_str("</");
            capture.text.push_str(name);
            capture.text.push('>');
        }
        self.close_to(depth);
    }

    /// Closes all elements from the innermost down to the one at `depth`.
    fn close_to(&mut self, depth: usize) {
        while self.stack.len() > depth {
            let at = self.stack.len() - 1;
            if let Some(capture) = self
                .capture
                .take_if(|capture| capture.depth == at || capture.field == Field::Name && is_name(self.stack[at].name))
            {
                self.captured(capture);
            }
            if self.aside == Some(at) {
                self.aside = None;
            }
            if let Some((_, draft)) = self.entry.take_if(|(depth, _)| *depth == at) {
                if self.feed.entries.len() < MAX_ENTRIES {
                    self.feed.entries.push(draft.finish());
                } else {
                    self.problem("too many entries: the rest is left out");
                }
            }
            if let Some(open) = self.stack.pop() {
                self.scope.back_to(open.outside);
            }
        }
    }

    fn decode(&self, raw: &str) -> String {
        let mut decoded = String::with_capacity(raw.len());
        self.entities.decode_into(raw, &mut decoded);
        decoded
    }

    fn resolve(&self, raw: &str) -> Option<String> {
        self.scope.resolve(&self.decode(raw))
    }

    fn problem(&mut self, what: &str) {
        if self.feed.problems.len() < MAX_PROBLEMS {
            let entry = self.feed.entries.len() + 1;
            self.feed.problems.push(format!("{what} (at entry {entry})"));
        }
    }

    fn finish(mut self, now: Time) -> Result<Feed, Error> {
        // A cut text is worse than none: half a link is another link.
        self.capture = None;
        if let Some((_, draft)) = &self.entry {
            let is_nameless = draft.is_nameless();
            self.problem("the document ends inside an entry");
            if is_nameless {
                self.entry = None;
            }
        }
        self.close_to(0);
        if self.is_page && !self.is_feed {
            return Err(Error::Html { feeds: Vec::new(), login: false });
        }
        if !self.is_feed && self.feed.entries.is_empty() {
            return Err(Error::NotAFeed("no rss, rdf or feed element".to_owned()));
        }
        let Self { mut feed, head, .. } = self;
        feed.title = head.title();
        feed.lang = head.lang;
        let frequency = self.frequency.unwrap_or(1);
        feed.rhythm.interval = feed.rhythm.interval.or(self.period.map(|period| period / frequency));
        for skipped in [&mut feed.rhythm.skip_hours, &mut feed.rhythm.skip_days] {
            skipped.sort_unstable();
            skipped.dedup();
        }
        if self.unreadable_dates > 0 {
            feed.problems.push(format!("{} dates could not be read", self.unreadable_dates));
        }
        let early = feed.entries.iter().filter(|entry| entry.published_at.is_some_and(|at| at > now)).count();
        if early > 0 {
            feed.problems.push(format!("{early} entries are dated in the future"));
        }
        for entry in &mut feed.entries {
            entry.lang = entry.lang.take().or_else(|| feed.lang.clone());
        }
        Ok(feed)
    }
}

/// Whether a field holds a short text, in which no other field can stand.
fn is_short(field: Field) -> bool {
    !matches!(field, Field::Content | Field::Summary(_) | Field::Author | Field::Name)
}

/// Elements that stand directly in a feed or entry: one that starts inside a short text shows that the text's end tag
/// is missing.
fn is_landmark(field: Field) -> bool {
    matches!(
        field,
        Field::Title(_)
            | Field::Link
            | Field::Guid
            | Field::Published
            | Field::Updated
            | Field::Summary(_)
            | Field::Content
    )
}

fn is_page_root(name: &str) -> bool {
    ["html", "head", "body"].iter().any(|known| local(name).eq_ignore_ascii_case(known))
}

fn is_name(name: &str) -> bool {
    local(name).eq_ignore_ascii_case("name")
}

#[cfg(test)]
mod tests;
