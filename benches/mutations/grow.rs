//! Pages that grow by chance out of what pages are made of.

use crate::dice::Dice;

const TAGS: &[&str] = &[
    "div",
    "p",
    "span",
    "a",
    "ul",
    "ol",
    "li",
    "table",
    "tr",
    "td",
    "th",
    "tbody",
    "h1",
    "h2",
    "h3",
    "article",
    "main",
    "section",
    "header",
    "footer",
    "nav",
    "aside",
    "figure",
    "figcaption",
    "blockquote",
    "pre",
    "b",
    "i",
    "em",
    "font",
    "time",
    "form",
    "button",
    "select",
    "option",
    "textarea",
    "svg",
    "math",
    "template",
    "noscript",
    "iframe",
    "dl",
    "dt",
    "dd",
    "caption",
    "details",
    "dialog",
    "center",
    "nobr",
    "plaintext",
    "frameset",
    "ruby",
    "rt",
    "x-story",
];
const VOID: &[&str] = &["br", "img", "hr", "meta", "link", "input", "wbr", "base", "source"];
const NAMES: &[&str] = &[
    "class",
    "id",
    "itemprop",
    "role",
    "style",
    "href",
    "datetime",
    "content",
    "property",
    "name",
    "rel",
    "lang",
    "type",
    "hidden",
    "aria-hidden",
    "data-testid",
    "srcset",
    "onclick",
];
const VALUES: &[&str] = &[
    "article-body",
    "share bar",
    "comments",
    "author",
    "byline",
    "datePublished",
    "headline",
    "display:none",
    "true",
    "2026-11-03T08:00:00Z",
    "og:title",
    "article:published_time",
    "canonical",
    "amphtml",
    "/2026/11/03/ferry",
    "https://paper.example/a?b=c&amp;d=e",
    "en-GB",
    "application/ld+json",
    "teaser",
    "related",
    "&quot;&#x110000;&bogus;",
];
const WORDS: &[&str] = &[
    "The",
    "ferry",
    "sailed",
    "on",
    "Tuesday.",
    "By",
    "Ada",
    "Lind",
    "and",
    "3",
    "November",
    "2026,",
    "08:15",
    "Uhr",
    "Related",
    "articles",
    "渡轮公司",
    "与港务局",
    "会面。",
    "الميناء",
    "паром",
    "Größe",
    "İstanbul",
    "Photo:",
    "©",
    "&amp;",
    "&nbsp;",
    "&lt;",
    "&#0;",
    "…",
    "“Boats”",
    "e\u{301}",
    "\u{200b}",
    "\u{202e}",
    "\u{0}",
    "ﬁ",
    "👩‍👩‍👧",
];
const LINKED: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"@type\"",
    "\"NewsArticle\"",
    "\"@graph\"",
    "\"headline\"",
    "\"Ferry\"",
    "\"author\"",
    "\"articleBody\"",
    "\"datePublished\"",
    "\"2026-11-03\"",
    "{\"@id\":\"#a\"}",
    "\"@id\"",
    "\"#a\"",
    "null",
    "1e999",
    "\"\\ud83d\"",
    "\"",
    "\\",
    "//",
    "/*",
    "<!--",
    "]]>",
];

/// Grows a page, mostly a small one.
pub fn page(dice: &mut Dice) -> String {
    let mut page = String::from("<!doctype html><html><head><title>Ferry talks resume | Courier</title>");
    for _ in 0..dice.roll(4) {
        tag(dice, "meta", &mut page);
    }
    if dice.roll(2) == 0 {
        page += "<script type=application/ld+json>{\"@type\":\"NewsArticle\",\"headline\":\"Ferry talks resume\"";
        tokens(dice, LINKED, "", 60, &mut page);
        page += "</script>";
    }
    page += "</head><body><h1>Ferry talks resume</h1>";
    let mut open = Vec::new();
    let turns = 1 << dice.roll(8);
    for _ in 0..turns {
        match dice.roll(8) {
            0 | 1 => {
                let name = dice.pick(TAGS);
                tag(dice, name, &mut page);
                open.push(name);
            }
            2 => {
                let name = dice.pick(VOID);
                tag(dice, name, &mut page);
            }
            3 | 4 => page += &format!("</{}>", open.pop().unwrap_or("p")),
            5 => page += &format!("<p>{} sailed.</p>", dice.pick(WORDS).repeat(1 + dice.roll(30))),
            _ => tokens(dice, WORDS, " ", 40, &mut page),
        }
    }
    page
}

fn tag(dice: &mut Dice, name: &str, page: &mut String) {
    page.push('<');
    page.push_str(name);
    for _ in 0..dice.roll(4) {
        *page += &format!(" {}=\"{}\"", dice.pick(NAMES), dice.pick(VALUES));
    }
    page.push('>');
}

fn tokens(dice: &mut Dice, words: &[&str], between: &str, most: usize, page: &mut String) {
    for _ in 0..dice.roll(most) {
        page.push_str(dice.pick(words));
        page.push_str(between);
    }
}
