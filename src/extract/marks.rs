//! What class names, ids and stock phrases tell of an element: the words that templates the world over use for what is
//! not the article.
//!
//! Words, not patterns of single sites: a name is cut into words at hyphens, underscores and capitals first, so that
//! `ArticleShareBar`, `article__share-bar` and `article_share_bar` all say "share".

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::{
    dom::{Node, Tag},
    words::{BESIDE, BESIDE_PAIRS, CREDIT_STARTS, CREDITS, ENDS, FOREIGN, LEAD, TEXT},
};

/// What an element's names say about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Nothing either way.
    Plain,
    /// Names of article text.
    Text,
    /// Names of a lead paragraph or standfirst.
    Lead,
    /// Names of something beside the text: the word that said so.
    Beside(&'static str),
    /// Names of what is never text, however long: readers' comments, cookie notices.
    Foreign,
    /// Not shown to readers at all.
    Hidden,
}

/// What the names that a page has used so far say: templates repeat theirs.
pub(super) type Known<'a> = FxHashMap<&'a str, Role>;

/// Returns what an element's names, role and visibility say.
pub(super) fn role<'a>(node: &Node<'a>, known: &mut Known<'a>) -> Role {
    let Some(element) = node.element else { return Role::Plain };
    let mut found = Role::Plain;
    for (key, value) in element.value().attrs() {
        match key {
            "hidden" => return Role::Hidden,
            "aria-hidden" if value == "true" && !matches!(node.tag, Tag::P | Tag::Inline | Tag::Body) => {
                return Role::Hidden;
            }
            "style" if hides(value) => return Role::Hidden,
            "role"
                if matches!(
                    value,
                    "navigation"
                        | "complementary"
                        | "contentinfo"
                        | "banner"
                        | "search"
                        | "dialog"
                        | "alert"
                        | "alertdialog"
                        | "toolbar"
                        | "menu"
                        | "menubar"
                ) =>
            {
                return Role::Beside("role");
            }
            "itemprop" => match value {
                "articleBody" => found = Role::Text,
                "comment" => return Role::Foreign,
                "author" | "publisher" => return Role::Beside("author"),
                _ => {}
            },
            "class" | "id" | "data-testid" | "data-component" | "data-type" | "data-module" => {
                match *known.entry(value).or_insert_with(|| role_of_names(value)) {
                    Role::Plain => {}
                    role @ (Role::Beside(_) | Role::Foreign) => return role,
                    other => found = other,
                }
            }
            _ => {}
        }
    }
    found
}

fn hides(style: &str) -> bool {
    let style: String = style.chars().filter(|c| !c.is_whitespace()).collect();
    style.contains("display:none") || style.contains("visibility:hidden")
}

fn role_of_names(names: &str) -> Role {
    let mut found = Role::Plain;
    for name in names.split_ascii_whitespace().take(24).filter(|name| name.len() <= 80) {
        let lower = name.to_ascii_lowercase();
        let words: Vec<&str> = words(name).into_iter().map(|(start, end)| &lower[start..end]).collect();
        // State and layout modifiers (`has-sidebar`, `no-comments`, `with-ads`) speak of something else.
        if words.first().is_some_and(|first| matches!(*first, "has" | "no" | "not" | "with" | "without" | "is")) {
            continue;
        }
        let roles = words.iter().filter_map(|word| WORDS.get(word)).copied();
        let pair =
            words.windows(2).find_map(|two| BESIDE_PAIRS.iter().find(|pair| pair.0 == two[0] && pair.1 == two[1]));
        for role in roles.chain(pair.map(|pair| Role::Beside(pair.1))) {
            found = match (found, role) {
                (_, Role::Foreign) | (Role::Foreign, _) => Role::Foreign,
                (Role::Beside(word), _) | (_, Role::Beside(word)) => Role::Beside(word),
                (Role::Lead, _) => Role::Lead,
                (_, role) => role,
            };
        }
    }
    found
}

static WORDS: LazyLock<FxHashMap<&str, Role>> = LazyLock::new(|| {
    let text = TEXT.iter().map(|&word| (word, Role::Text));
    let lead = LEAD.iter().map(|&word| (word, Role::Lead));
    let beside = BESIDE.iter().map(|&word| (word, Role::Beside(word)));
    let foreign = FOREIGN.iter().map(|&word| (word, Role::Foreign));
    text.chain(lead).chain(beside).chain(foreign).collect()
});

/// Tells whether a word that [`role`] gave has no other meaning in templates.
pub(super) fn is_certain(word: &str) -> bool {
    const CERTAIN: &[&str] = &[
        "aside",
        "footer",
        "sidebar",
        "related",
        "relatedposts",
        "recommended",
        "recommendations",
        "recommendation",
        "trending",
        "popular",
        "breadcrumb",
        "breadcrumbs",
        "nav",
        "navbar",
        "navigation",
        "menu",
        "sharing",
        "social",
        "taboola",
        "outbrain",
        "taglist",
        "newsletter",
        "pagination",
        "read",
        "viewed",
        "next",
        "stories",
        "promo",
    ];
    CERTAIN.contains(&word)
}

/// Cuts a name into words, given as ranges, at what is no letter and at capitals.
fn words(name: &str) -> Vec<(usize, usize)> {
    let mut words: Vec<(usize, usize)> = Vec::new();
    let mut before = ' ';
    for (at, c) in name.char_indices() {
        if c.is_ascii_alphabetic() {
            let starts = !before.is_ascii_alphabetic() || (c.is_ascii_uppercase() && before.is_ascii_lowercase());
            match words.last_mut() {
                Some((_, end)) if !starts => *end = at + 1,
                _ => words.push((at, at + 1)),
            }
        }
        before = c;
    }
    words
}

/// Tells whether a line says that other things than the article follow.
pub(super) fn is_end(line: &str) -> bool {
    if line.len() > 120 {
        return false;
    }
    let tokens = crate::text::tokenize(line);
    // "Comments (3)" says no more than "Comments".
    let is_word = |word: &&str| !word.bytes().all(|b| b.is_ascii_digit());
    let words: Vec<&str> = tokens.iter().map(|(_, word)| word).filter(is_word).collect();
    if words.is_empty() || words.len() > 7 {
        return false;
    }
    let line = words.join(" ");
    let tight = words.concat();
    ENDS.iter().any(|end| line == *end || tight == *end || (end.contains(' ') && line.starts_with(end)))
}

/// Tells whether a short line is a picture's credit or caption.
pub(super) fn is_credit(line: &str) -> bool {
    if line.len() > 400 {
        return false;
    }
    let line = line.to_lowercase();
    let short = line.len() < 120;
    let closed = line.ends_with(['.', '!', '?', '"', '”', ':', '。']);
    (short && CREDIT_STARTS.iter().any(|start| line.starts_with(start)))
        || (!closed && CREDITS.iter().any(|credit| line.contains(credit)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(names: &str, expected: Role) {
        assert_eq!(role_of_names(names), expected, "{names}");
    }

    #[test]
    fn names_are_read_as_words() {
        check("articleShareBar", Role::Beside("share"));
        check("c-article__share-tools", Role::Beside("share"));
        check("shareholders-report", Role::Plain);
        check("article-body", Role::Text);
        check("has-sidebar article-content", Role::Text);
        check("Article_Standfirst__x7", Role::Lead);
        check("post-meta", Role::Beside("meta"));
        check("", Role::Plain);
    }

    #[test]
    fn the_end_is_announced_in_many_languages() {
        for line in [
            "Related articles:",
            "Comments (3)",
            "MEHR ZUM THEMA",
            "À lire aussi",
            "Читайте также:",
            "関連記事",
            "You may also like…",
        ] {
            assert!(is_end(line), "{line}");
        }
        for line in ["The comments came late", "More boats", "Related", "A related inquiry found nothing"] {
            assert_eq!(is_end(line), line == "Related", "{line}");
        }
    }
}
