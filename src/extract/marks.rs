//! What class names, ids and stock phrases tell of an element: the words that templates the world over use for what is
//! not the article.
//!
//! Words, not patterns of single sites: a name is cut into words at hyphens, underscores and capitals first, so that
//! `ArticleShareBar`, `article__share-bar` and `article_share_bar` all say "share".

use super::dom::{Node, Tag};

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

/// Returns what an element's names, role and visibility say.
pub(super) fn role(node: &Node<'_>) -> Role {
    let Some(element) = node.element else { return Role::Plain };
    let mut found = Role::Plain;
    for (key, value) in element.value().attrs() {
        match key {
            "hidden" => return Role::Hidden,
            "aria-hidden" if value == "true" && !matches!(node.tag, Tag::P | Tag::Inline | Tag::Body) => {
                return Role::Hidden;
            }
            "style" if hides(value) => return Role::Hidden,
            "role" if matches!(value, "navigation" | "complementary" | "contentinfo" | "banner" | "search" | "dialog"
                | "alert" | "alertdialog" | "toolbar" | "menu" | "menubar") =>
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
                match role_of_names(value) {
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
    for name in names.split_ascii_whitespace().take(24) {
        if name.len() > 80 {
            continue;
        }
        let words = words(name);
        let find = |list: &'static [&'static str]| list.iter().find(|word| words.iter().any(|own| own == *word)).copied();
        let pair = |pair: &&(&str, &str)| words.windows(2).any(|two| two[0] == pair.0 && two[1] == pair.1);
        // State and layout modifiers (`has-sidebar`, `no-comments`, `with-ads`) speak of something else.
        if words.first().is_some_and(|first| matches!(first.as_str(), "has" | "no" | "not" | "with" | "without" | "is")) {
            continue;
        }
        if find(FOREIGN).is_some() {
            return Role::Foreign;
        }
        if let Some(word) = find(BESIDE).or_else(|| BESIDE_PAIRS.iter().find(pair).map(|pair| pair.1)) {
            return Role::Beside(word);
        }
        if find(LEAD).is_some() {
            found = Role::Lead;
        } else if found == Role::Plain && find(TEXT).is_some() {
            found = Role::Text;
        }
    }
    found
}

/// Tells whether a word that [`role`] gave has no other meaning in templates.
pub(super) fn is_certain(word: &str) -> bool {
    const CERTAIN: &[&str] = &[
        "aside", "footer", "sidebar", "related", "relatedposts", "recommended", "recommendations", "recommendation",
        "trending", "popular", "breadcrumb", "breadcrumbs", "nav", "navbar", "navigation", "menu", "sharing", "social",
        "taboola", "outbrain", "taglist", "newsletter", "pagination", "read", "viewed", "next", "stories", "promo",
    ];
    CERTAIN.contains(&word)
}

/// Cuts a name into lowercase words at what is no letter and at capitals.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut open = false;
    let mut was_lower = false;
    for c in name.chars() {
        if !c.is_ascii_alphabetic() {
            open = false;
            was_lower = false;
            continue;
        }
        if !open || (c.is_ascii_uppercase() && was_lower) {
            words.push(String::new());
            open = true;
        }
        was_lower = c.is_ascii_lowercase();
        if let Some(word) = words.last_mut() {
            word.push(c.to_ascii_lowercase());
        }
    }
    words
}

/// Any of these words in a name: never text.
const FOREIGN: &[&str] = &[
    "comment", "commentlist", "comments", "commentaires", "comentarios", "kommentare", "disqus", "livefyre", "replies",
    "respond", "facebookcomments", "coral", "kommentar", "komentarze", "yorumlar", "reacties", "kommentarer",
    "cookie", "cookies", "gdpr", "consent", "onetrust", "didomi", "cookielaw", "modal", "popup", "lightbox",
];

/// Any of these words in a name: beside the text.
const BESIDE: &[&str] = &[
    "ad", "ads", "adv", "advert", "advertisement", "advertising", "adslot", "adbox", "adunit", "anzeige", "anzeigen",
    "banner", "biography", "breadcrumb", "breadcrumbs", "byline", "bylines", "caption", "captions", "cc", "colophon",
    "copyright", "credit", "credits", "disclaimer", "donate", "donation", "facebook", "feedback", "figcaption",
    "flyout", "followus", "footer", "infobox", "jsonld", "login", "mailchimp", "masthead", "menu",
    "metadata", "nav", "navbar", "navi", "navigation", "newsletter", "newsletters", "noprint", "notification",
    "offscreen", "outbrain", "overlay", "pager", "pagination", "paging", "partner", "paywall", "piano", "pinterest",
    "popular", "poll", "promo", "promos", "promobox", "promotion", "publicidad", "rating", "ratings",
    "readalso", "readmore", "recirc", "recirculation", "recommend", "recommendation", "recommendations", "recommended",
    "register", "registration", "rel", "related", "relatedposts", "relacionadas", "share",
    "sharebar", "shares", "sharing", "sharedaddy", "shop", "shoutbox", "sidebar", "signin", "signup", "skip", "skyscraper",
    "slideshow", "social", "socials", "sociallinks", "sponsor", "sponsored", "sponsors", "srt", "subscribe", "subscription",
    "suggest", "suggested", "suggestions", "syndication", "tag", "taglist", "tags", "tagcloud", "taboola", "telegram",
    "ticker", "timestamp", "toc", "toolbar", "tools", "tooltip", "trending", "twitter", "upsell", "whatsapp", "widget",
    "widgets", "werbung", "youtube", "thumbnail", "thumbnails", "carousel", "gallery", "topics", "keywords",
];

/// Two words in a row of a name: beside the text.
const BESIDE_PAIRS: &[(&str, &str)] = &[
    ("author", "bio"), ("author", "box"), ("author", "info"), ("author", "card"), ("about", "author"), ("post", "meta"),
    ("entry", "meta"), ("article", "meta"), ("most", "read"), ("most", "viewed"), ("read", "more"), ("read", "next"),
    ("read", "also"), ("see", "also"), ("also", "read"), ("more", "stories"), ("more", "news"), ("more", "articles"),
    ("up", "next"), ("next", "article"), ("next", "post"), ("prev", "next"), ("screen", "reader"), ("visually", "hidden"),
    ("sr", "only"), ("top", "stories"), ("latest", "news"), ("call", "action"), ("sign", "up"), ("log", "in"),
    ("follow", "us"), ("post", "navigation"), ("reading", "time"), ("article", "actions"), ("print", "only"),
    ("you", "may"), ("also", "like"), ("wp", "caption"), ("image", "description"), ("photo", "description"),
    ("table", "contents"), ("back", "top"), ("other", "news"), ("other", "articles"), ("similar", "articles"),
];

/// Any of these words in a name: the text itself.
const TEXT: &[&str] = &[
    "articlebody", "articletext", "body", "content", "entry", "paragraph", "paragraphs", "prose", "richtext", "story",
    "storybody", "text", "texte", "texto", "testo", "post", "article", "artikel", "articulo",
];

/// Any of these words in a name: the lead paragraph.
const LEAD: &[&str] = &[
    "abstract", "bajada", "chapo", "dek", "deck", "entradilla", "excerpt", "intro", "introduction", "lead", "leadtext",
    "lede", "perex", "sapo", "standfirst", "subheadline", "subhead", "subtitle", "subtitulo", "summary", "teasertext",
    "vorspann", "sommario", "occhiello", "ingress", "anons",
];

/// Headings and lines that end an article: what follows speaks of other articles. Folded, without punctuation.
const ENDS: &[&str] = &[
    "related", "related articles", "related stories", "related posts", "related news", "related topics", "related content",
    "related coverage", "related links", "read more", "read next", "read also", "also read", "more stories", "more news", "more on this story",
    "more on this topic", "you may also like", "you might also like", "recommended", "recommended for you", "recommended stories",
    "most read", "most popular", "trending", "trending now", "latest news", "latest stories", "up next", "dont miss", "more from",
    "more like this", "see also", "further reading", "comments", "leave a comment", "leave a reply", "post a comment", "share this", "share this article",
    "about the author", "about the authors", "sign up for our newsletter", "subscribe to our newsletter", "popular posts", "recent posts", "similar posts",
    "mehr zum thema", "lesen sie auch", "das konnte sie auch interessieren", "auch interessant", "weitere artikel",
    "meistgelesen", "kommentare", "mehr dazu", "mehr aus", "weitere meldungen", "weitere themen", "zum thema", "das konnte dich auch interessieren", "empfohlen",
    "a lire aussi", "lire aussi", "sur le meme sujet", "articles lies", "les plus lus", "commentaires", "a voir aussi", "nos derniers articles", "a decouvrir",
    "te puede interesar", "lee tambien", "lea tambien", "mas noticias", "noticias relacionadas", "lo mas leido", "comentarios", "ver tambien", "mas informacion", "temas relacionados",
    "leia tambem", "leia mais", "veja tambem", "noticias relacionadas", "mais lidas", "voce pode gostar", "voce tambem pode gostar", "artigos relacionados",
    "leggi anche", "potrebbe interessarti", "articoli correlati", "i piu letti", "commenti", "ti potrebbe interessare",
    "lees ook", "meer over", "gerelateerd", "meest gelezen", "reacties", "les ogsa", "laes ogsa", "mer om", "las ocksa", "mest lest", "mest last", "relaterte saker", "lue myos",
    "czytaj takze", "zobacz takze", "czytaj rowniez", "komentarze", "mohlo by vas zajimat", "ctete take", "souvisejici", "nejctenejsi", "diskuse",
    "читаите также", "читайте также", "по теме", "комментарии", "читаите також", "читайте також", "коментарі", "до теми", "материалы по теме", "новости по теме",
    "ilgili haberler", "benzer haberler", "yorumlar", "baca juga", "artikel terkait", "tin lien quan", "xem them",
    "関連記事", "あわせて読みたい", "相关阅读", "相关新闻", "相關新聞", "延伸閱讀", "관련기사", "관련 기사", "댓글", "اقرا ايضا", "مواضيع ذات صلة",
];

/// Tells whether a line says that other things than the article follow.
pub(super) fn is_end(line: &str) -> bool {
    if line.len() > 120 {
        return false;
    }
    let tokens = crate::text::tokenize(line);
    let words: Vec<&str> = tokens.iter().map(|(_, word)| word).collect();
    if words.is_empty() || words.len() > 7 {
        return false;
    }
    let line = words.join(" ");
    let tight = words.concat();
    ENDS.iter().any(|end| line == *end || tight == *end || (end.contains(' ') && line.starts_with(end)))
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
        for line in ["Related articles:", "MEHR ZUM THEMA", "À lire aussi", "Читайте также:", "関連記事", "You may also like…"] {
            assert!(is_end(line), "{line}");
        }
        for line in ["The comments came late", "More boats", "Related", "A related inquiry found nothing"] {
            assert_eq!(is_end(line), line == "Related", "{line}");
        }
    }
}
