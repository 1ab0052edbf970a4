//! Who wrote an article: names from JSON-LD, metas, microdata and bylines, split and cleaned.

use super::{
    dom::{Dom, Tag, collapse, plain},
    witness::{Witnesses, key},
    words::{AFTER, AND, BY, EMPTY, JOBS, TITLES_AFTER},
};

/// Metas that name authors, best first.
const METAS: &[&str] = &[
    "author",
    "article:author",
    "og:article:author",
    "parsely-author",
    "sailthru.author",
    "cxenseparse:author",
    "article:author_name",
    "dc.creator",
    "dcterms.creator",
    "dc.creator",
    "byl",
    "byline",
    "citation_author",
    "rnews:author",
    "authors",
    "article.author",
    "creator",
];

/// The longest name, in characters: "Her Excellency …" fits, a sentence does not.
const MAX_NAME: usize = 70;

/// The most elements called byline or author that are looked at.
const MAX_BYLINES: usize = 200;

/// The most authors of one article.
const MAX_AUTHORS: usize = 24;

/// Returns the authors' names and which place gave them.
///
/// Persons come before organisations, and the site's own name, which is no news to anybody, last.
pub(super) fn authors(
    dom: &Dom<'_>,
    page: &Witnesses<'_>,
    sites: &[String],
    hints: &[String],
) -> (Vec<String>, Option<&'static str>) {
    let is_site = |name: &str| {
        let name = key(name);
        sites.iter().any(|site| {
            *site == name
                || (name.len() >= 5 && site.starts_with(&name))
                || (site.len() >= 5 && name.len() < site.len() + 5 && name.starts_with(site.as_str()))
        })
    };
    let is_domain = |name: &str| !name.contains(' ') && name.trim_end_matches('.').contains('.') && name.len() > 4;
    let is_other = |name: &&str| !is_site(name) && !is_domain(name);
    let linked = |organizations: bool| {
        let authors = page.linked.authors.iter().filter(move |author| author.is_organization == organizations);
        authors.map(|author| author.name.as_str())
    };
    let mut persons = clean(linked(false).filter(is_other), false);
    if !persons.is_empty() {
        // An agency beside a person is an author too.
        persons.extend(clean(linked(true).filter(is_other), true));
        return (persons, Some("json-ld"));
    }
    let places: [(&'static str, &dyn Fn() -> Vec<String>); 5] = [
        ("meta", &|| {
            let mut names = METAS.iter().map(|name| clean(page.meta(&[name]).filter(is_other), false));
            names.find(|names| !names.is_empty()).unwrap_or_default()
        }),
        ("markup", &|| clean(marked(dom, page).iter().map(String::as_str).filter(is_other), false)),
        ("json-ld", &|| clean(linked(true).filter(is_other), true)),
        ("byline", &|| {
            let names = clean(byline(dom, page).iter().map(String::as_str).filter(is_other), false);
            // Whatever stands in an element called byline: only what is surely a person's name counts.
            if names.first().is_some_and(|name| is_full_name(name)) {
                names.into_iter().filter(|name| is_full_name(name)).collect()
            } else {
                Vec::new()
            }
        }),
        ("feed", &|| from_names(hints)),
    ];
    for (place, names) in places {
        let names = names();
        if !names.is_empty() {
            return (names, Some(place));
        }
    }
    let own = [clean(linked(false), false), clean(linked(true), true)].into_iter().find(|names| !names.is_empty());
    own.map_or((Vec::new(), None), |names| (names, Some("json-ld")))
}

/// Cleans names that were given as a list.
pub(super) fn from_names(names: &[String]) -> Vec<String> {
    clean(names.iter().map(String::as_str), false)
}

/// The texts of elements marked as author: the inner `itemprop=name` where there is one.
fn marked(dom: &Dom<'_>, page: &Witnesses<'_>) -> Vec<String> {
    let text = |at: usize| {
        let name = dom.range(at).skip(1).find(|&at| dom.nodes[at].attr("itemprop") == Some("name"));
        let at = name.unwrap_or(at);
        dom.nodes[at].attr("content").map_or_else(|| name_inside(dom, at), str::to_owned)
    };
    page.authors.iter().filter(|&&at| !is_foreign(dom, at)).take(16).map(|&at| text(at)).collect()
}

/// The text of an element, or only its first line that is a name: the function stands in a line of its own.
fn name_inside(dom: &Dom<'_>, at: usize) -> String {
    let mut lines = dom.range(at).map(|at| strip_by(&collapse(dom.nodes[at].text))).filter(|line| !line.is_empty());
    let first = lines.next();
    match first {
        Some(first) if lines.next().is_some() && first.split_whitespace().count() >= 2 && looks_like_name(&first) => {
            first
        }
        _ => dom.text(at),
    }
}

/// Texts of elements whose names say byline or author, near the headline.
fn byline(dom: &Dom<'_>, page: &Witnesses<'_>) -> Vec<String> {
    let headline = page.headline.unwrap_or(0);
    let named = |at: usize| {
        let node = &dom.nodes[at];
        node.element.is_some()
            && !matches!(node.tag, Tag::Body | Tag::Html | Tag::Void | Tag::Script | Tag::Article | Tag::Main)
            && [node.attr("class"), node.attr("id"), node.attr("data-testid")].into_iter().flatten().any(|names| {
                let names = names.to_ascii_lowercase();
                ["author", "byline", "autor", "auteur", "writer", "reporter", "journalist"]
                    .iter()
                    .any(|word| names.contains(word))
            })
    };
    let mut found: Vec<(usize, String)> = Vec::new();
    let (mut at, mut looked) = (0, 0);
    while at < dom.nodes.len() && looked < MAX_BYLINES {
        if !named(at) {
            at += 1;
            continue;
        }
        looked += 1;
        if is_foreign(dom, at) {
            at += 1;
            continue;
        }
        // The innermost name is the cleanest: "By <a class=author>Ada Lind</a>, Harbour correspondent".
        let inner = dom.range(at).skip(1).find(|&at| dom.nodes[at].tag == Tag::A || named(at));
        let text = dom.text(at);
        let inner_text = inner.map(|at| dom.text(at)).filter(|text| looks_like_name(text));
        if text.chars().count() <= 160 {
            if looks_like_name(&strip_by(&text)) || inner_text.is_none() {
                found.push((at.abs_diff(headline), text));
            } else {
                found.extend(inner_text.map(|text| (at.abs_diff(headline), text)));
            }
            at = dom.nodes[at].end as usize;
        } else {
            at += 1;
        }
    }
    found.sort_by_key(|(distance, _)| *distance);
    let is_name = |text: &String| !clean(std::iter::once(text.as_str()), false).is_empty();
    let named = found.into_iter().map(|(_, text)| text).find(is_name);
    named.or_else(|| spoken(dom, page).filter(is_name)).or_else(|| signed(dom).filter(is_name)).into_iter().collect()
}

/// The first short line after the headline that says "by" and then a name.
fn spoken(dom: &Dom<'_>, page: &Witnesses<'_>) -> Option<String> {
    const WINDOW: usize = 160;
    let headline = page.headline?;
    let end = dom.nodes[headline].end as usize;
    (end..(end + WINDOW).min(dom.nodes.len())).find_map(|at| {
        let node = &dom.nodes[at];
        let parent = node.parent as usize;
        if node.text.trim().is_empty() || matches!(dom.nodes[parent].tag, Tag::Script | Tag::Void) {
            return None;
        }
        let whole = dom.text(parent);
        let rest = strip_by(&whole);
        (whole.chars().count() <= 100 && rest.len() < whole.len() && rest.starts_with(is_capital)).then_some(whole)
    })
}

/// Whether a letter may begin a name: a capital, or any letter of a script without them.
fn is_capital(c: char) -> bool {
    c.is_alphabetic() && !c.is_lowercase()
}

/// The names after "edited by" or "reporter" and a colon, as East Asian pages sign their texts, often at the end.
fn signed(dom: &Dom<'_>) -> Option<String> {
    const WORDS: &[&str] = &["责任编辑", "责编", "記者", "记者", "作者", "撰文", "编辑"];
    dom.nodes.iter().find_map(|node| {
        let text = node.text.trim().trim_matches(['(', '（', ')', '）', '[', '【', ']', '】']);
        let names = WORDS.iter().find_map(|word| text.strip_prefix(word))?.strip_prefix([':', '：'])?.trim();
        (text.chars().count() <= 40 && !names.is_empty()).then(|| names.to_owned())
    })
}

/// Whether a node belongs to comments, a sidebar or another article's teaser.
fn is_foreign(dom: &Dom<'_>, at: usize) -> bool {
    dom.ancestors(at).any(|at| {
        let node = &dom.nodes[at];
        matches!(node.tag, Tag::Aside | Tag::Footer | Tag::Nav)
            || (!matches!(node.tag, Tag::Body | Tag::Html)
                && [node.attr("class"), node.attr("id")].into_iter().flatten().any(|names| {
                    let names = names.to_ascii_lowercase();
                    ["comment", "related", "sidebar", "recommend", "teaser", "widget", "latest", "popular"]
                        .iter()
                        .any(|word| names.contains(word))
                }))
    })
}

/// Splits and cleans names, without repetitions.
fn clean<'a>(texts: impl Iterator<Item = &'a str>, is_organization: bool) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for text in texts.take(MAX_AUTHORS * 2) {
        if text.len() > 1000 || text.contains("://") || text.starts_with("www.") {
            continue;
        }
        let text = strip_by(&plain(text));
        let parts = if is_organization { vec![text] } else { split(&text) };
        for part in parts {
            let name = trim_name(&part);
            let fresh = names.len() < MAX_AUTHORS && !names.iter().any(|other| key(other) == key(&name));
            if fresh && (looks_like_name(&name) || is_organization && !name.is_empty()) {
                names.push(name);
            }
        }
    }
    names
}

fn strip_by(text: &str) -> String {
    let mut text = text.trim().to_owned();
    loop {
        let lower = text.to_lowercase();
        let hit = BY.iter().filter_map(|by| {
            let rest = lower.strip_prefix(by)?;
            let ends = rest.starts_with([' ', ':', '\u{a0}', '：']);
            // Lowercasing can change lengths: only a cut on a boundary of the original is safe.
            (ends && text.is_char_boundary(by.len())).then_some(by.len())
        });
        let Some(len) = hit.max() else {
            // "16 September, written by Ada Lind"
            return match lower.find(" by ").filter(|&at| lower.len() == text.len() && at < 40) {
                Some(at) => text[at + 4..].trim().to_owned(),
                None => text,
            };
        };
        text = text[len..].trim_start_matches([' ', ':', '\u{a0}', '：']).to_owned();
    }
}

fn split(text: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for piece in text.split([';', '|', '\n', '、', '，', '•', '·', '⋅', '/']) {
        let commas: Vec<&str> = piece.split([',', '،']).map(str::trim).filter(|part| !part.is_empty()).collect();
        for (i, part) in commas.iter().enumerate() {
            // "Lind, Ada" is one name; "AFP, Manila" and "Ada Lind, Harbour correspondent" are a name and a place or title.
            let words = part.split_whitespace().count();
            let is_pair = commas.len() == 2 && commas[0].split_whitespace().count() == 1 && words <= 2;
            if i > 0 && is_pair {
                if commas[0].chars().any(char::is_lowercase) && parts.pop().is_some() {
                    parts.push(format!("{part} {}", commas[0]));
                }
                continue;
            }
            let is_job = part.split_whitespace().any(|word| JOBS.contains(&key(word).as_str()));
            if i > 0 && (is_job || part.chars().filter(|c| c.is_alphabetic()).count() < 3) {
                continue;
            }
            parts.extend(split_and(part));
        }
    }
    parts
}

fn split_and(text: &str) -> Vec<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut parts = vec![Vec::new()];
    for (i, word) in words.iter().enumerate() {
        let joins =
            AND.contains(word) && i > 0 && words.get(i + 1).is_some_and(|next| !next.starts_with(char::is_lowercase));
        if joins {
            parts.push(Vec::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(*word);
        }
    }
    parts.into_iter().map(|part| part.join(" ")).collect()
}

fn trim_name(text: &str) -> String {
    let mut text = collapse(text);
    if let Some(at) = text.find(|c: char| c.is_ascii_digit()).filter(|&at| at > 4) {
        // "Ada Lind September 4": what is before a number may be a month.
        text.truncate(text[..at].trim_end().len());
        let last = text.rsplit(' ').next().unwrap_or_default().trim_matches('.').to_owned();
        if crate::text::date::parse(&format!("1 {last} 2020")).is_some() {
            text.truncate(text.rfind(' ').unwrap_or(0));
        }
    }
    for after in [" Last update", " Updated", " Published", " Posted", " Aktualisiert", " Mis à jour", " Actualizado"]
    {
        if let Some(at) = text.find(after) {
            text.truncate(at);
        }
    }
    for after in [" on", " by", " in"] {
        text.truncate(text.strip_suffix(after).map_or(text.len(), str::len));
    }
    for title in TITLES_AFTER {
        if let Some(name) = text.strip_suffix(title).filter(|name| !name.is_empty()) {
            text = name.trim_end().to_owned();
        }
    }
    for after in AFTER {
        if let Some(at) = text.find(after).filter(|&at| at > 2) {
            text.truncate(at);
        }
    }
    if let Some(at) = text.find(['(', '[', '<', '（']).filter(|&at| at > 2) {
        text.truncate(at);
    }
    let trimmed = strip_by(text.trim_matches(|c: char| !c.is_alphanumeric() && c != '.' && c != ')'));
    trimmed.trim_end_matches([',', ':', '-']).trim().to_owned()
}

/// Whether a text is a first and a last name: words with capitals, in scripts that have them.
fn is_full_name(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    let unspaced =
        !text.contains(' ') && text.chars().all(|c| c.is_alphabetic() && !c.is_lowercase() && !c.is_uppercase());
    if unspaced {
        return (2..=6).contains(&text.chars().count());
    }
    let small = words.iter().filter(|word| word.starts_with(char::is_lowercase)).count();
    (2..=5).contains(&words.len())
        && small * 2 < words.len()
        && !words[0].starts_with(char::is_lowercase)
        && !text.contains(':')
}

fn looks_like_name(text: &str) -> bool {
    let chars = text.chars().count();
    let digits = text.chars().filter(|c| c.is_numeric()).count();
    let words = text.split_whitespace().count();
    (2..=MAX_NAME).contains(&chars)
        && words <= 7
        && digits * 4 <= chars
        && digits < 4
        && text.chars().any(char::is_alphabetic)
        && !text.contains(['@', '{', '}', '=', '_'])
        && !text.contains("://")
        && !text.ends_with(['.', '?', '!', ':']) | text.ends_with("r.")
        && !EMPTY.contains(&key(text).as_str())
        && text.chars().find(|c| c.is_alphabetic()).is_some_and(|first| !first.is_lowercase() || words <= 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        assert_eq!(clean(std::iter::once(text), false), expected, "{text}");
    }

    #[test]
    fn names_are_split() {
        check("By Ada Lind and Omar Said", &["Ada Lind", "Omar Said"]);
        check("Von Ada Lind, Omar Said und Eva Maria Roth", &["Ada Lind", "Omar Said", "Eva Maria Roth"]);
        check("Ада Линд и Омар Саид", &["Ада Линд", "Омар Саид"]);
        check("Ada Lind &amp; Omar Said", &["Ada Lind", "Omar Said"]);
        check("Lind, Ada", &["Ada Lind"]);
        check("AFP, Manila", &["AFP"]);
        check("12 October, written by Ada Lind", &["Ada Lind"]);
    }

    #[test]
    fn what_is_no_name_goes() {
        check("admin", &[]);
        check("https://a.example/authors/ada", &[]);
        check("ada@a.example", &[]);
        check("12 October 2026", &[]);
        check("Ada Lind, Harbour correspondent", &["Ada Lind"]);
        check("Ada Lind (Harbour)", &["Ada Lind"]);
    }
}
