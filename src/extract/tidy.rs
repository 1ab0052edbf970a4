//! Cleans a page's markup before it is parsed, so that no page, however hostile, costs more than its size.
//!
//! The HTML standard's tree construction takes time that is quadratic in the depth of nesting, in the number of attributes of
//! a tag and in the number of formatting elements left open. So the parser only sees markup that is written here: properly nested,
//! of bounded depth, with few attributes, and without what no article needs (scripts but for their JSON, styles, comments,
//! drawings, forms). That makes it faster too: half of a news page is script.
//!
//! Where markup is broken it is mended much as a browser would: a block ends an open paragraph, an item the item before
//! it, and an end tag without its start is dropped.

/// How deep elements may nest; what is deeper keeps its text and loses its tags. The deepest of 260 real pages has 51 levels.
const MAX_DEPTH: usize = 256;

/// The most tags that are read. The largest of 260 real pages has 5,000.
const MAX_TAGS: usize = 50_000;

/// The most attributes of one tag, and the longest value in bytes: a `<meta>` description fits.
const MAX_ATTRIBUTES: usize = 64;
const MAX_VALUE: usize = 4096;

/// What a script holds that carries the page's text for a program to show.
const PARAGRAPHS: &[&str] = &["\\u003c/p", "</p>", "<\\/p>"];

/// The longest script that is passed on, in bytes. The largest JSON-LD of 260 real pages has 30 kB, the largest data 815 kB.
const MAX_SCRIPT: usize = 1 << 20;

/// The most characters of a title.
const MAX_TITLE: usize = 1000;

/// Returns the page in clean markup.
pub(super) fn tidy(text: &str) -> String {
    let mut tidy = Tidy {
        text,
        at: 0,
        out: String::with_capacity(text.len() / 2),
        open: Vec::new(),
        too_deep: 0,
        tags: 0,
        dropping: None,
    };
    tidy.out.push_str("<!doctype html>");
    tidy.run();
    tidy.out
}

struct Tidy<'a> {
    text: &'a str,
    at: usize,
    out: String,
    /// The names of the open elements.
    open: Vec<&'a str>,
    /// How many elements are open that were too deep to be passed on.
    too_deep: usize,
    tags: usize,
    /// The element that is left out with all that is inside, and how often it is open.
    dropping: Option<(&'a str, usize)>,
}

impl<'a> Tidy<'a> {
    fn run(&mut self) {
        while self.at < self.text.len() && self.tags < MAX_TAGS {
            let rest = &self.text[self.at..];
            let next = rest.find('<').unwrap_or(rest.len());
            self.put(&rest[..next]);
            self.at += next;
            let rest = &rest[next..];
            match rest.as_bytes().get(1) {
                None => {
                    self.at = self.text.len();
                }
                Some(b'!') if rest.starts_with("<!--") => self.skip_past(2, "-->"),
                Some(b'!' | b'?') => self.skip_past(1, ">"),
                Some(b'/') if rest.as_bytes().get(2).is_some_and(u8::is_ascii_alphabetic) => self.end_tag(),
                Some(b'/') => self.skip_past(1, ">"),
                Some(c) if c.is_ascii_alphabetic() => self.start_tag(),
                Some(_) => {
                    self.put("&lt;");
                    self.at += 1;
                    self.tags += 1;
                }
            }
        }
    }

    fn put(&mut self, text: &str) {
        if self.dropping.is_none() {
            // A character reference takes the parser a quarter of the time of a tag.
            let left = MAX_TAGS.saturating_sub(self.tags) * 4;
            let mut references = text.match_indices('&').map(|(at, _)| at);
            let end = references.nth(left).unwrap_or(text.len());
            self.tags += text[..end].bytes().filter(|&b| b == b'&').count() / 4;
            self.out.push_str(&text[..end]);
        }
    }

    fn skip_past(&mut self, skip: usize, end: &str) {
        let from = self.at + skip;
        self.at = self.text[from..].find(end).map_or(self.text.len(), |found| from + found + end.len());
    }

    fn end_tag(&mut self) {
        let name = self.name(self.at + 2);
        self.skip_past(2, ">");
        if let Some((dropped, depth)) = self.dropping {
            if name.eq_ignore_ascii_case(dropped) {
                self.dropping = (depth > 1).then_some((dropped, depth - 1));
            }
            return;
        }
        if is_void(name) || is_unstacked(name) {
            if name.eq_ignore_ascii_case("br") {
                self.out.push_str("<br>");
            }
            return;
        }
        if self.too_deep > 0 {
            self.too_deep -= 1;
            return;
        }
        let inline = is_inline(name);
        let found = self.open.iter().rposition(|open| open.eq_ignore_ascii_case(name));
        let Some(found) = found else { return };
        // An inline end tag closes no block, and nothing inside a cell closes what is around the table.
        let blocked = self.open[found + 1..].iter().any(|open| (inline && !is_inline(open)) || is_cell(open));
        if !blocked || is_table_part(name) {
            self.close_to(found);
        }
    }

    fn start_tag(&mut self) {
        let name = self.name(self.at + 1);
        self.tags += 1;
        if let Some((dropped, depth)) = self.dropping {
            if name.eq_ignore_ascii_case(dropped) {
                self.dropping = Some((dropped, depth + 1));
            } else if is_block(name) && !dropped.eq_ignore_ascii_case("template") {
                // A drawing or selection box that nobody closed ends where the page goes on.
                self.dropping = None;
            }
        }
        let start = self.out.len();
        self.out.push('<');
        self.out.push_str(name);
        self.at += 1 + name.len();
        let is_json = self.attributes();
        self.out.push('>');
        let tag = self.out.split_off(start);
        if is_raw(name) {
            return self.raw(name, &tag, is_json);
        }
        if self.dropping.is_some() || is_form(name) {
            return;
        }
        if is_dropped(name) {
            self.dropping = Some((name, 1));
            return;
        }
        if is_void(name) || is_unstacked(name) {
            self.out.push_str(&tag);
            return;
        }
        self.close_implied(name);
        if self.open.len() >= MAX_DEPTH {
            self.too_deep += 1;
            return;
        }
        self.open.push(name);
        self.out.push_str(&tag);
    }

    fn name(&self, from: usize) -> &'a str {
        let rest = &self.text[from..];
        let end =
            rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | ':' | '_'))).unwrap_or(rest.len());
        &rest[..end.min(64)]
    }

    /// Passes the attributes of a tag on and moves past its end. Tells whether it is typed as JSON.
    fn attributes(&mut self) -> bool {
        let bytes = self.text.as_bytes();
        let is_space = |b: u8| b.is_ascii_whitespace() || b == b'/';
        let mut count = 0;
        let mut is_json = false;
        loop {
            while self.at < bytes.len() && is_space(bytes[self.at]) {
                self.at += 1;
            }
            match bytes.get(self.at) {
                None => return is_json,
                Some(b'>') => {
                    self.at += 1;
                    return is_json;
                }
                Some(_) => {}
            }
            let start = self.at;
            self.at += 1;
            while self.at < bytes.len() && !is_space(bytes[self.at]) && !matches!(bytes[self.at], b'>' | b'=') {
                self.at += 1;
            }
            let name = &self.text[start..self.at];
            let value = self.value();
            let known = !name.starts_with("on") && !matches!(name, "srcset" | "sizes" | "d" | "srcdoc");
            let is_name = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b':' | b'_'));
            if count < MAX_ATTRIBUTES && known && is_name && value.len() <= MAX_VALUE {
                count += 1;
                is_json |= name.eq_ignore_ascii_case("type") && value.to_ascii_lowercase().contains("json");
                self.out.push(' ');
                self.out.push_str(name);
                self.out.push_str("=\"");
                for (i, part) in value.split('"').enumerate() {
                    if i > 0 {
                        self.out.push_str("&quot;");
                    }
                    self.out.push_str(part);
                }
                self.out.push('"');
            }
        }
    }

    /// Reads `= value` where it follows.
    fn value(&mut self) -> &'a str {
        let bytes = self.text.as_bytes();
        let mut at = self.at;
        let skip = |mut at: usize| {
            while at < bytes.len() && bytes[at].is_ascii_whitespace() {
                at += 1;
            }
            at
        };
        at = skip(at);
        if bytes.get(at) != Some(&b'=') {
            return "";
        }
        at = skip(at + 1);
        let (start, end, next) = match bytes.get(at) {
            Some(&quote @ (b'"' | b'\'')) => {
                let end = bytes[at + 1..].iter().position(|&b| b == quote).map_or(bytes.len(), |found| at + 1 + found);
                (at + 1, end, (end + 1).min(bytes.len()))
            }
            _ => {
                let len =
                    bytes[at..].iter().position(|&b| b.is_ascii_whitespace() || b == b'>').unwrap_or(bytes.len() - at);
                (at, at + len, at + len)
            }
        };
        self.at = next;
        &self.text[start..end]
    }

    /// Handles an element whose content is no markup: a title and JSON are passed on, the rest is left out.
    fn raw(&mut self, name: &str, tag: &str, is_json: bool) {
        let rest = &self.text[self.at..];
        let is_end =
            |at: usize| rest.get(at + 2..at + 2 + name.len()).is_some_and(|end| end.eq_ignore_ascii_case(name));
        let end = rest.match_indices("</").map(|(at, _)| at).find(|&at| is_end(at));
        let content = &rest[..end.unwrap_or(rest.len())];
        self.at += content.len();
        if end.is_some() {
            self.skip_past(2, ">");
        }
        if self.dropping.is_some() {
            return;
        }
        if name.eq_ignore_ascii_case("title") {
            self.out.push_str(tag);
            let end = content.char_indices().map(|(at, _)| at).nth(MAX_TITLE).unwrap_or(content.len());
            self.out.push_str(&content[..end].replace('<', "&lt;"));
            self.out.push_str("</title>");
        } else if name.eq_ignore_ascii_case("script")
            && content.len() <= MAX_SCRIPT
            && (is_json || PARAGRAPHS.iter().any(|mark| content.contains(mark)))
        {
            self.out.push_str(tag);
            // Of all content only this could lead the parser out of or deeper into the script.
            if content.contains("<!--") || content.to_ascii_lowercase().contains("<script") {
                self.out.push_str(&content.replace('<', "\\u003c"));
            } else {
                self.out.push_str(&content.replace("</", "<\\/"));
            }
            self.out.push_str("</script>");
        }
    }

    /// Closes what the start of an element ends without saying so.
    fn close_implied(&mut self, name: &str) {
        let name = name.to_ascii_lowercase();
        let ends: &[&str] = match name.as_str() {
            "li" => &["li"],
            "dt" | "dd" => &["dt", "dd"],
            "td" | "th" => &["td", "th"],
            "tr" => &["tr"],
            "tbody" | "thead" | "tfoot" => &["tbody", "thead", "tfoot"],
            "a" => &["a"],
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => &["h1", "h2", "h3", "h4", "h5", "h6"],
            _ => &[],
        };
        let passes = |open: &str| match name.as_str() {
            "td" | "th" | "tr" | "tbody" | "thead" | "tfoot" => !open.eq_ignore_ascii_case("table"),
            "li" | "dt" | "dd" => is_inline(open) || ["p", "div"].iter().any(|name| open.eq_ignore_ascii_case(name)),
            _ => is_inline(open),
        };
        if is_block(&name) {
            self.close_nearest(&["p"], |open| !is_cell(open) && is_inline(open));
        }
        if !ends.is_empty() {
            self.close_nearest(ends, passes);
        }
    }

    /// Closes the nearest open element of the given names, unless one that may not be passed is nearer.
    fn close_nearest(&mut self, names: &[&str], passes: impl Fn(&str) -> bool) {
        for at in (0..self.open.len()).rev() {
            let open = self.open[at];
            if names.iter().any(|name| open.eq_ignore_ascii_case(name)) {
                return self.close_to(at);
            }
            if !passes(open) {
                return;
            }
        }
    }

    fn close_to(&mut self, depth: usize) {
        while self.open.len() > depth {
            if let Some(name) = self.open.pop() {
                self.out.push_str("</");
                self.out.push_str(name);
                self.out.push('>');
            }
        }
    }
}

fn is_one_of(name: &str, names: &[&str]) -> bool {
    names.iter().any(|other| name.eq_ignore_ascii_case(other))
}

fn is_void(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "br", "img", "meta", "link", "hr", "input", "wbr", "source", "base", "area", "col", "embed", "param", "track",
    ];
    is_one_of(name, NAMES)
}

/// Elements that the parser opens and closes by itself.
fn is_unstacked(name: &str) -> bool {
    is_one_of(name, &["html", "head", "body"])
}

fn is_raw(name: &str) -> bool {
    is_one_of(name, &["script", "style", "title", "noscript", "iframe", "textarea", "xmp", "noembed", "noframes"])
}

fn is_dropped(name: &str) -> bool {
    is_one_of(name, &["svg", "math", "select", "template", "datalist"])
}

/// Elements that only change how the parser works.
fn is_form(name: &str) -> bool {
    is_one_of(name, &["form", "frameset", "frame", "plaintext", "applet", "marquee", "option", "optgroup", "nobr"])
}

fn is_cell(name: &str) -> bool {
    is_one_of(name, &["td", "th", "caption"])
}

fn is_table_part(name: &str) -> bool {
    is_one_of(name, &["table", "tbody", "thead", "tfoot", "tr", "td", "th", "caption"])
}

fn is_inline(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "a", "span", "b", "i", "em", "strong", "u", "s", "small", "big", "font", "sub", "sup", "code", "tt", "mark",
        "cite", "abbr", "time", "q", "label", "del", "ins", "strike", "var", "kbd", "samp", "dfn", "bdi", "bdo",
        "data", "acronym",
    ];
    is_one_of(name, NAMES)
}

fn is_block(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "div",
        "p",
        "ul",
        "ol",
        "li",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "section",
        "article",
        "table",
        "blockquote",
        "header",
        "footer",
        "aside",
        "nav",
        "main",
        "figure",
        "figcaption",
        "dl",
        "dt",
        "dd",
        "pre",
        "address",
        "center",
        "details",
        "summary",
        "fieldset",
        "hgroup",
        "menu",
        "dir",
    ];
    is_one_of(name, NAMES)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(tidy(text).strip_prefix("<!doctype html>"), Some(expected));
    }

    #[test]
    fn broken_markup_is_nested_properly() {
        check("<p>a<b>b<p>c", "<p>a<b>b</b></p><p>c");
        check("<ul><li>a<li>b</ul>c", "<ul><li>a</li><li>b</li></ul>c");
        check("<b><div>a</b>b</div>", "<b><div>ab</div>");
        check("<div>a</span></div>", "<div>a</div>");
        check(
            "<table><tr><td>a<td>b<tr><td>c</table>",
            "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>",
        );
    }

    #[test]
    fn what_no_article_needs_goes() {
        check("a<script>if (a<b) x='</div>'</script>b<!-- <p> -->c<style>p{}</style>", "abc");
        check("<svg><title>x</title><path d='M'/></svg>a<svg><g><p>b</p>", "a<p>b</p>");
        check(
            "<script type=application/ld+json>{\"a\":\"<b>\"}</script>",
            "<script type=\"application/ld+json\">{\"a\":\"<b>\"}</script>",
        );
        check("<title>a <b> c</title>", "<title>a &lt;b> c</title>");
    }

    #[test]
    fn attributes_are_quoted_and_few() {
        check(
            "<a href=x?a=1&b title='say \"hi\"' onclick=y()>z</a>",
            "<a href=\"x?a=1&b\" title=\"say &quot;hi&quot;\">z</a>",
        );
        let many: String = (0..10_000).map(|i| format!("a{i}=1 ")).collect();
        assert!(tidy(&format!("<p {many}>x")).len() < 1000);
    }

    #[test]
    fn depth_is_bounded_and_text_stays() {
        let deep = format!("{}x{}y", "<div>".repeat(10_000), "</div>".repeat(10_000));
        let out = tidy(&deep);
        assert_eq!(out.matches("<div>").count(), MAX_DEPTH);
        assert!(out.contains('x') && out.ends_with('y'));
    }

    proptest! {
        #[test]
        fn any_text_is_tidied_in_bounds(text in "(<[/!a-z]{0,3}(p|b|a|td|table|script|svg|title|li)[ a=\"'>-]{0,4}|[a-zé<>]{0,4}){0,60}") {
            let out = tidy(&text);
            prop_assert!(out.len() <= 15 + text.len() * 8);
        }
    }
}
