//! What kind of page it is: an article, or something that only answers like one.

use super::{body::Body, witness::Witnesses};
use crate::model::Kind;

/// Titles and first lines of pages that are no article though the status said 200, lowercase.
const ERRORS: &[&str] = &[
    "404",
    "403",
    "500",
    "502",
    "503",
    "page not found",
    "not found",
    "just a moment",
    "attention required",
    "access denied",
    "are you a robot",
    "are you human",
    "verify you are human",
    "security check",
    "checking your browser",
    "error",
    "forbidden",
    "service unavailable",
    "bad gateway",
    "oops",
    "page unavailable",
    "page can't be found",
    "page cannot be found",
    "page doesn't exist",
    "page does not exist",
    "page no longer exists",
    "seite nicht gefunden",
    "nicht gefunden",
    "fehler",
    "page introuvable",
    "page non trouvée",
    "página no encontrada",
    "no encontrada",
    "página não encontrada",
    "pagina non trovata",
    "pagina niet gevonden",
    "siden ble ikke funnet",
    "siden blev ikke fundet",
    "sidan hittades inte",
    "sivua ei löytynyt",
    "nie znaleziono",
    "strona nie istnieje",
    "stránka nenalezena",
    "страница не найдена",
    "сторінку не знайдено",
    "ページが見つかりません",
    "找不到",
    "sayfa bulunamadı",
    "페이지를 찾을 수 없",
    "enable javascript",
    "javascript is disabled",
    "ddos protection",
    "pardon our interruption",
    "too many requests",
];

/// Parts of an address that announce a live blog.
const LIVE: &[&str] = &[
    "liveblog",
    "live-blog",
    "liveticker",
    "live-ticker",
    "newsticker",
    "newsblog",
    "live-updates",
    "minute-par-minute",
];

/// An error page says little: some 120 words.
const SHORT: u32 = 600;

/// A teaser shows some paragraphs: up to 250 words.
const TEASER: u32 = 1250;

/// Returns what kind of page it is.
pub(super) fn kind(page: &Witnesses<'_>, title: Option<&str>, body: &Body, url: &str) -> Kind {
    let declared = page.linked.is_article
        || page.meta(&["og:type"]).any(|kind| kind.eq_ignore_ascii_case("article"))
        || page.meta(&["article:published_time"]).next().is_some();
    if body.weight < SHORT && !declared && is_error(title, page) {
        return Kind::Error;
    }
    let path = url.split(['?', '#']).next().unwrap_or(url).to_lowercase();
    if page.linked.is_live || (body.weight >= SHORT && LIVE.iter().any(|mark| path.contains(mark))) {
        return Kind::Live;
    }
    // A text that the page carries beside what it shows is the whole one.
    if page.linked.is_free == Some(false) && body.weight < TEASER && body.method == "page" {
        return Kind::Teaser;
    }
    if is_video(page, body) {
        return Kind::Teaser;
    }
    if !declared && is_index(page, body) {
        return Kind::Index;
    }
    Kind::Article
}

/// Whether the page is a player and a caption, by its own word: it calls itself a video, or describes one and no article.
pub(super) fn is_video(page: &Witnesses<'_>, body: &Body) -> bool {
    let is_called_video =
        page.meta(&["og:type"]).any(|kind| kind.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("video")));
    let linked = &page.linked;
    let describes_one = linked.videos == 1 && !linked.is_article && !linked.is_collection;
    body.weight < SHORT && (is_called_video || describes_one)
}

fn is_error(title: Option<&str>, page: &Witnesses<'_>) -> bool {
    let texts = title.into_iter().chain(page.title.as_deref()).chain(page.h1.iter().map(|(_, text)| text.as_str()));
    texts.map(str::to_lowercase).any(|text| {
        // A headline about an error is longer than the notice of one.
        text.chars().count() <= 60
            && ERRORS.iter().any(|mark| {
                text.match_indices(mark).any(|(at, _)| {
                    let before = text[..at].chars().next_back();
                    let after = text[at + mark.len()..].chars().next();
                    !mark.is_ascii() || !before.into_iter().chain(after).any(char::is_alphanumeric)
                })
            })
    })
}

/// A front or section page: mostly links, with little text that runs on, or text in scraps only.
fn is_index(page: &Witnesses<'_>, body: &Body) -> bool {
    let linked = body.page_linked as f32 / body.page_weight.max(1) as f32;
    let text = body.weight as f32 / body.page_weight.max(1) as f32;
    let listed = page.linked.is_collection || page.meta(&["og:type"]).any(|kind| kind.eq_ignore_ascii_case("website"));
    if listed {
        linked > 0.5 && text < 0.3 && body.weight < 2 * SHORT
    } else {
        linked > 0.6 && text < 0.15 && body.weight < SHORT / 2
    }
}
