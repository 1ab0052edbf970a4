//! Takes markup apart without ever refusing it: what a feed should be and what it is are two things.
//!
//! Events borrow from the text; nothing is decoded, nested or checked here. Linear in the text.

use memchr::{memchr, memchr_iter, memchr3, memmem};

/// A piece of the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event<'a> {
    /// A start tag, or an empty one.
    Start(Tag<'a>),
    /// The name in an end tag.
    End(&'a str),
    /// Text between tags, with its references still in it.
    Text(&'a str),
    /// The inside of a CDATA section.
    Cdata(&'a str),
    /// The inside of a document type declaration.
    Doctype(&'a str),
}

/// A start tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag<'a> {
    /// The name with its prefix.
    pub name: &'a str,
    /// Everything after the name.
    attributes: &'a str,
    /// Whether it is its own end (`<link/>`).
    pub empty: bool,
    /// The whole tag, brackets included.
    pub raw: &'a str,
}

impl<'a> Tag<'a> {
    /// Returns the attributes as they stand, references included.
    pub fn attributes(&self) -> Attributes<'a> {
        Attributes(self.attributes)
    }

    /// Returns the value of an attribute whose local name is `name`, whatever its case and prefix.
    pub fn attribute(&self, name: &str) -> Option<&'a str> {
        self.attributes().find(|(key, _)| local(key).eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// Returns a name without its prefix.
pub(super) fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// The attributes of a tag: name and raw value.
pub(super) struct Attributes<'a>(&'a str);

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.0.trim_start_matches(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '"' | '\'' | '='));
        if rest.is_empty() {
            return None;
        }
        let end = rest.find(|c: char| c.is_ascii_whitespace() || c == '=').unwrap_or(rest.len());
        let (name, rest) = rest.split_at(end);
        let Some(value) = rest.trim_start().strip_prefix('=').map(str::trim_start) else {
            self.0 = rest;
            return Some((name, ""));
        };
        let (value, rest) = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => value[1..].split_once(quote).unwrap_or((&value[1..], "")),
            _ => value.split_at(value.find(|c: char| c.is_ascii_whitespace()).unwrap_or(value.len())),
        };
        self.0 = rest;
        Some((name, value))
    }
}

/// Walks over a text.
pub(super) struct Events<'a> {
    rest: &'a str,
    /// No `>` is left in the text: whatever looks like a tag is text.
    spent: bool,
    /// No `-->` is left in the text: a comment ends like a tag.
    comments_stay_open: bool,
}

impl<'a> Events<'a> {
    /// Starts at the beginning of a text.
    pub fn of(text: &'a str) -> Self {
        Self { rest: text, spent: false, comments_stay_open: false }
    }

    /// Splits the rest: returns its first `length` bytes and goes on behind them.
    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }

    /// Goes on behind the next `mark`; returns whether there is one.
    fn skip_past(&mut self, mark: &str) -> bool {
        match find(self.rest, mark) {
            Some(at) => {
                self.rest = &self.rest[at + mark.len()..];
                true
            }
            None => false,
        }
    }

    fn comment(&mut self) {
        if !self.comments_stay_open && self.skip_past("-->") {
            return;
        }
        self.comments_stay_open = true;
        if !self.skip_past(">") {
            self.rest = "";
        }
    }

    /// Takes a CDATA section. One that is not closed before the next opens ends with its element.
    fn cdata(&mut self) -> &'a str {
        let inside = &self.rest["<![CDATA[".len()..];
        let reach = find(inside, "<![CDATA[").unwrap_or(inside.len());
        let (end, mark) = match find(&inside[..reach], "]]>") {
            Some(end) => (end, "]]>".len()),
            None => (find(&inside[..reach], "</").unwrap_or(reach), 0),
        };
        self.rest = &inside[end + mark..];
        &inside[..end]
    }

    fn tag(&mut self) -> Option<Event<'a>> {
        let Some(end) = tag_end(self.rest) else {
            self.spent = true;
            return None;
        };
        let raw = self.take(end);
        let inside = raw[1..].strip_suffix('>').unwrap_or(&raw[1..]);
        if let Some(name) = inside.strip_prefix('/') {
            return Some(Event::End(name.split_ascii_whitespace().next().unwrap_or_default()));
        }
        let (inside, empty) = match inside.strip_suffix('/') {
            Some(inside) => (inside, true),
            None => (inside, false),
        };
        let at = inside.find(|c: char| c.is_ascii_whitespace() || c == '/').unwrap_or(inside.len());
        Some(Event::Start(Tag { name: &inside[..at], attributes: &inside[at..], empty, raw }))
    }
}

impl<'a> Iterator for Events<'a> {
    type Item = Event<'a>;

    fn next(&mut self) -> Option<Event<'a>> {
        loop {
            if self.rest.is_empty() {
                return None;
            }
            if self.spent {
                return Some(Event::Text(self.take(self.rest.len())));
            }
            let Some(open) = markup_start(self.rest) else {
                return Some(Event::Text(self.take(self.rest.len())));
            };
            if open > 0 {
                return Some(Event::Text(self.take(open)));
            }
            let rest = self.rest;
            if rest.starts_with("<!--") {
                self.comment();
            } else if rest.starts_with("<![CDATA[") {
                return Some(Event::Cdata(self.cdata()));
            } else if rest.get(..9).is_some_and(|start| start.eq_ignore_ascii_case("<!doctype")) {
                return Some(Event::Doctype(self.take(doctype_end(rest))));
            } else if rest.starts_with("<!") || rest.starts_with("<?") {
                if !self.skip_past(">") {
                    self.rest = "";
                }
            } else if let Some(event) = self.tag() {
                return Some(event);
            }
        }
    }
}

fn find(text: &str, mark: &str) -> Option<usize> {
    memmem::find(text.as_bytes(), mark.as_bytes())
}

/// Finds the next `<` that starts markup; any other is text.
fn markup_start(text: &str) -> Option<usize> {
    memchr_iter(b'<', text.as_bytes()).find(|at| {
        let after = text.as_bytes().get(at + 1).copied().unwrap_or_default();
        after.is_ascii_alphabetic() || matches!(after, b'/' | b'!' | b'?' | b'_') || after >= 0x80
    })
}

/// Where a tag ends. A `<` cannot stand in a tag: one that does shows that a quote or bracket was never closed.
fn tag_end(rest: &str) -> Option<usize> {
    // Most have no quotes.
    let inside = &rest.as_bytes()[1..];
    if let Some(at) = memchr3(b'>', b'<', b'"', inside)
        && inside[at] != b'"'
        && memchr(b'\'', &inside[..at]).is_none()
    {
        return Some(1 + at + usize::from(inside[at] == b'>'));
    }
    quoted_tag_end(rest)
}

fn quoted_tag_end(rest: &str) -> Option<usize> {
    let mut quote = None;
    let mut unquoted = None;
    for (at, byte) in rest.bytes().enumerate().skip(1) {
        match (quote, byte) {
            (None, b'>') => return Some(at + 1),
            (None, b'<') => return Some(at),
            (Some(_), b'<') => return Some(unquoted.unwrap_or(at)),
            (Some(open), _) if open == byte => quote = None,
            (Some(_), b'>') if unquoted.is_none() => unquoted = Some(at + 1),
            // A quote opens a value only after "=": elsewhere it is a slip of the pen.
            (None, b'"' | b'\'') if rest[..at].trim_end().ends_with('=') => quote = Some(byte),
            _ => {}
        }
    }
    unquoted
}

/// Where a document type declaration ends, with its internal subset.
fn doctype_end(rest: &str) -> usize {
    let mut in_subset = false;
    let mut quote = None;
    for (at, byte) in rest.bytes().enumerate() {
        match (quote, byte) {
            (Some(open), _) if open == byte => quote = None,
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'[') => in_subset = true,
            (None, b']') => in_subset = false,
            (None, b'>') if !in_subset => return at + 1,
            _ => {}
        }
    }
    // Quotes or brackets that never close: the declaration is its first line.
    rest.find('>').map_or(rest.len(), |at| at + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let found: Vec<String> = Events::of(text)
            .map(|event| match event {
                Event::Start(tag) => {
                    let attributes: String = tag.attributes().map(|(name, value)| format!(" {name}={value}")).collect();
                    format!("<{}{attributes}{}>", tag.name, if tag.empty { "/" } else { "" })
                }
                Event::End(name) => format!("</{name}>"),
                Event::Text(text) => text.to_owned(),
                Event::Cdata(text) => format!("[{text}]"),
                Event::Doctype(text) => format!("!{}", text.len()),
            })
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn well_formed_markup_comes_apart() {
        check("<a x='1' y = \"2>\"/>t&amp;<b>u</b >", &["<a x=1 y=2>/>", "t&amp;", "<b>", "u", "</b>"]);
        check("<?xml version='1.0'?><!-- <a> --><a><![CDATA[<b>]]></a>", &["<a>", "[<b>]", "</a>"]);
        check("<!DOCTYPE a [<!ENTITY x \"]>\">]><a/>", &["!31", "<a/>"]);
    }

    #[test]
    fn damaged_markup_comes_apart_too() {
        check("1 < 2 <a", &["1 < 2 ", "<a"]);
        check("<a href='x>t</a>", &["<a href=x>", "t", "</a>"]);
        check("<a <b>t</b>", &["<a>", "<b>", "t", "</b>"]);
        check("<a it's>t", &["<a it's=>", "t"]);
        check("<![CDATA[cut", &["[cut]"]);
        check("<a><![CDATA[open</a><b><![CDATA[c]]></b>", &["<a>", "[open]", "</a>", "<b>", "[c]", "</b>"]);
        check("a<!-- open <b>c", &["a", "c"]);
        check("<a checked x=1>", &["<a checked= x=1>"]);
        check("</>", &["</>"]);
    }

    proptest! {
        #[test]
        fn any_text_is_taken_apart_without_panic(text in "(<[a-z/!?]{0,3}|<!--|-->|<!\\[CDATA\\[|\\]\\]>|<!DOCTYPE|[\"'>=\\[ ]|\\PC){0,60}") {
            let length: usize = Events::of(&text).map(|event| match event {
                Event::Start(tag) => tag.attributes().map(|(name, value)| name.len() + value.len()).sum(),
                Event::End(text) | Event::Text(text) | Event::Cdata(text) | Event::Doctype(text) => text.len(),
            }).sum();
            prop_assert!(length <= text.len());
        }

        #[test]
        fn a_tag_without_quotes_ends_where_any_does(text in "<[a-z<>/='\" é]{0,12}") {
            prop_assert_eq!(tag_end(&text), quoted_tag_end(&text), "{}", text);
        }
    }
}
