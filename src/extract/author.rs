//! Who wrote an article: names from JSON-LD, metas, microdata and bylines, split and cleaned.

use super::{
    dom::{Dom, Tag, collapse, plain},
    witness::{Witnesses, key},
};

/// Metas that name authors, best first.
const METAS: &[&str] = &[
    "author", "article:author", "og:article:author", "parsely-author", "sailthru.author", "cxenseparse:author",
    "article:author_name", "dc.creator", "dcterms.creator", "dc.creator", "byl", "byline", "citation_author", "rnews:author",
    "authors", "article.author", "creator",
];

/// Words between "by" and a name in many languages, to be taken off the front. Followed by a space or colon.
const BY: &[&str] = &[
    "by", "von", "par", "por", "di", "da", "door", "av", "af", "od", "autor", "autora", "autore", "auteur", "author",
    "authors", "written by", "text", "text von", "words by", "story by", "report by", "reported by", "posted by",
    "published by", "escrito por", "redigé par", "rédigé par", "propos recueillis par", "ein artikel von", "eine analyse von", "ein kommentar von", "tekst", "texto",
    "texte", "автор", "авторы", "автори", "текст", "yazan", "penulis", "oleh", "przez", "skrevet af", "skrevet av", "από", "του", "کتبه",
    "por:", "بقلم", "كتب", "contributed by", "edited by", "a cura di", "av:", "von:", "by:", "tác giả", "글", "文",
];

/// Words that join names in one text. The single letters only count between capitalised names.
const AND: &[&str] = &["and", "und", "og", "och", "et", "y", "e", "i", "и", "та", "і", "en", "with", "mit", "con", "ve", "dan", "a", "&"];

/// Where a name ends and a place or function begins.
const AFTER: &[&str] = &[" in ", " for ", " | ", " - ", " – ", " — ", " • ", " · ", " @", " / ", " für ", " at "];

/// Names that say nothing.
const EMPTY: &[&str] = &[
    "admin", "administrator", "editor", "author", "authors", "staff", "unknown", "guest", "user", "redaktion", "redaccion", "redacao", "redazione",
    "webmaster", "root", "none", "null", "undefined", "anonymous", "moderator", "contributor", "newsdesk", "newsroom",
    "follow", "view", "more", "share", "email", "readmore", "comments", "updated", "published", "allposts", "aboutus", "about",
    "seealso", "subscribe", "posts", "writer", "name", "webdesk", "byline",
];

/// The longest name, in characters: "Her Excellency …" fits, a sentence does not.
const MAX_NAME: usize = 70;

/// The most authors of one article.
const MAX_AUTHORS: usize = 24;

/// Returns the authors' names and which place gave them.
pub(super) fn authors(dom: &Dom<'_>, page: &Witnesses<'_>, site: Option<&str>, hints: &[String]) -> (Vec<String>, Option<&'static str>) {
    let linked = |organizations: bool| {
        let names = page.linked.authors.iter().filter(move |author| author.is_organization == organizations);
        clean(names.map(|author| author.name.as_str()), organizations)
    };
    let is_site = |name: &String| site.is_some_and(|site| key(site) == key(name));
    let persons = |names: &[String]| !names.is_empty() && !names.iter().all(is_site);
    let mut best = linked(false);
    if persons(&best) {
        return (best, Some("json-ld"));
    }
    let meta = METAS.iter().map(|name| clean(page.meta(&[name]), false)).find(|names| persons(names));
    if let Some(names) = meta {
        return (names, Some("meta"));
    }
    let marked = clean(marked(dom, page).iter().map(String::as_str), false);
    if persons(&marked) {
        return (marked, Some("markup"));
    }
    let byline = clean(byline(dom, page).iter().map(String::as_str), false);
    if persons(&byline) {
        return (byline, Some("byline"));
    }
    if best.is_empty() {
        best = linked(true);
    }
    if !best.is_empty() {
        return (best, Some("json-ld"));
    }
    let hinted = clean(hints.iter().map(String::as_str), false);
    let place = (!hinted.is_empty()).then_some("feed");
    (hinted, place)
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
        dom.nodes[at].attr("content").map_or_else(|| dom.text(at), str::to_owned)
    };
    page.authors.iter().filter(|&&at| !is_foreign(dom, at)).take(16).map(|&at| text(at)).collect()
}

/// Texts of elements whose names say byline or author, near the headline.
fn byline(dom: &Dom<'_>, page: &Witnesses<'_>) -> Vec<String> {
    let headline = page.h1.iter().map(|(at, _)| *at).next_back().unwrap_or(0);
    let named = |at: usize| {
        let node = &dom.nodes[at];
        node.element.is_some()
            && !matches!(node.tag, Tag::Body | Tag::Html | Tag::Void | Tag::Script | Tag::Article | Tag::Main)
            && [node.attr("class"), node.attr("id"), node.attr("data-testid")].into_iter().flatten().any(|names| {
                let names = names.to_ascii_lowercase();
                ["author", "byline", "autor", "auteur", "writer", "reporter", "journalist"].iter().any(|word| names.contains(word))
            })
    };
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut at = 0;
    while at < dom.nodes.len() && found.len() < 64 {
        if !named(at) || is_foreign(dom, at) {
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
    let candidates: Vec<String> = found.into_iter().map(|(_, text)| text).filter(|text| text.chars().any(char::is_alphabetic)).collect();
    candidates.into_iter().find(|text| !clean(std::iter::once(text.as_str()), false).is_empty()).into_iter().collect()
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
        let Some(len) = hit.max() else { return text };
        text = text[len..].trim_start_matches([' ', ':', '\u{a0}', '：']).to_owned();
    }
}

fn split(text: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for piece in text.split([';', '|', '\n', '、', '，', '•', '/']) {
        let commas: Vec<&str> = piece.split([',', '،']).map(str::trim).filter(|part| !part.is_empty()).collect();
        for (i, part) in commas.iter().enumerate() {
            // "Lind, Ada" is one name; "AFP, Manila" and "Ada Lind, Harbour correspondent" are a name and a place or title.
            let words = part.split_whitespace().count();
            if i > 0 && words == 1 && commas.len() == 2 && commas[0].split_whitespace().count() == 1 {
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
        let joins = AND.contains(word) && i > 0 && words.get(i + 1).is_some_and(|next| !next.starts_with(char::is_lowercase));
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

fn looks_like_name(text: &str) -> bool {
    let chars = text.chars().count();
    let digits = text.chars().filter(|c| c.is_numeric()).count();
    let words = text.split_whitespace().count();
    (2..=MAX_NAME).contains(&chars)
        && words <= 7
        && digits * 4 <= chars
        && !(digits >= 4)
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
        check("José Ortega y Gasset", &["José Ortega", "Gasset"]);
    }

    #[test]
    fn what_is_no_name_goes() {
        check("admin", &[]);
        check("https://a.example/authors/ada", &[]);
        check("ada@a.example", &[]);
        check("12 October 2026", &[]);
        check("Ada Lind | Harbour Times", &["Ada Lind"]);
        check("Ada Lind (Harbour)", &["Ada Lind"]);
    }
}
