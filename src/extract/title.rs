//! The headline, by vote: pages name it in up to six places, and some one of them is nearly always right.

use super::{
    dom::{collapse, plain},
    witness::{Witnesses, key},
};

/// What a place's word is worth. JSON-LD gives the headline of this one article and outweighs the others together: on 71 news
/// pages measured it stood alone against `<h1>` and `og:title` twice, and was right both times. `og:title` is at times
/// rewritten for sharing, `<title>` for search engines.
const JSON_LD: f32 = 6.0;
const H1: f32 = 2.0;
const MICRODATA: f32 = 2.0;
const OG: f32 = 1.9;
const TITLE: f32 = 1.2;
const TWITTER: f32 = 0.5;
const HINT: f32 = 0.9;

struct Candidate {
    place: &'static str,
    text: String,
    weight: f32,
}

/// Returns the headline and the places that agreed on it.
pub(super) fn title(page: &Witnesses<'_>, sites: &[String], hint: Option<&str>) -> Option<(String, String)> {
    let mut candidates = candidates(page, hint);
    strip_sites(&mut candidates, sites);
    // Texts that differ in punctuation and case only are one; the votes of each are added up.
    let keys: Vec<String> = candidates.iter().map(|candidate| key(&candidate.text)).collect();
    let votes = |of: usize| -> f32 {
        keys.iter().zip(&candidates).filter(|(key, _)| **key == keys[of]).map(|(_, candidate)| candidate.weight).sum()
    };
    let best = (0..candidates.len())
        .filter(|&i| !keys[i].is_empty())
        .reduce(|a, b| if votes(b) > votes(a) { b } else { a })?;
    let mut places: Vec<&str> =
        keys.iter().zip(&candidates).filter(|(key, _)| **key == keys[best]).map(|(_, c)| c.place).collect();
    places.dedup();
    Some((candidates[best].text.clone(), places.join("+")))
}

fn candidates(page: &Witnesses<'_>, hint: Option<&str>) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = Vec::new();
    let mut put = |place, text: &str, weight| {
        let text = plain(text);
        if !text.is_empty() && text.len() <= 600 {
            found.push(Candidate { place, text, weight });
        }
    };
    if let Some(headline) = page.linked.headlines.first().filter(|headline| !headline.trim_end().ends_with(['…'])) {
        put("json-ld", headline, JSON_LD);
    }
    if let Some(h1) = own_h1(page) {
        put("h1", h1, H1);
    }
    if let Some(headline) =
        page.headlines.first().filter(|headline| page.headlines.iter().all(|other| other == *headline))
    {
        // An h1 that carries the mark has voted already.
        let again = own_h1(page).is_some_and(|h1| h1 == headline.as_str());
        put("microdata", headline, if again { 0.4 } else { MICRODATA });
    }
    if let Some(og) = page.meta(&["og:title"]).next() {
        put("og", og, OG);
    }
    if let Some(title) = &page.title {
        put("title", title, TITLE);
    }
    if let Some(twitter) = page.meta(&["twitter:title"]).next() {
        put("twitter", twitter, TWITTER);
    }
    if let Some(hint) = hint {
        put("feed", hint, HINT);
    }
    found
}

/// The `<h1>` that is the headline: the one that shares most with the other places; the first long one where none does.
fn own_h1<'a>(page: &'a Witnesses<'_>) -> Option<&'a str> {
    let others: Vec<String> = page
        .linked
        .headlines
        .iter()
        .map(String::as_str)
        .chain(page.meta(&["og:title"]))
        .chain(page.title.as_deref())
        .map(|text| plain(text).to_lowercase())
        .collect();
    let shared = |text: &str| -> usize {
        let text = text.to_lowercase();
        let words: Vec<&str> = text.split_whitespace().collect();
        let count =
            |other: &String| words.iter().filter(|word| other.contains(**word)).count() * 100 / words.len().max(1);
        others.iter().map(count).max().unwrap_or(0)
    };
    let best = page
        .h1
        .iter()
        .map(|(_, text)| text.as_str())
        .max_by_key(|text| (shared(text), text.chars().count().min(20)))?;
    (others.is_empty() || shared(best) >= 30).then_some(best)
}

/// Takes the site's name and section off candidates.
fn strip_sites(candidates: &mut [Candidate], sites: &[String]) {
    // A feed's title is often the short form of the headline, so it shortens nothing.
    let places = candidates.iter().filter(|candidate| candidate.place != "feed");
    let originals: Vec<String> = places.map(|candidate| candidate.text.clone()).collect();
    for candidate in candidates.iter_mut() {
        // What another place gives alone is the headline; what follows it after a separator is decoration.
        let shorter = originals
            .iter()
            .filter(|other| other.chars().count() >= 12 && other.len() < candidate.text.len())
            .filter(|other| {
                let rest = candidate.text.strip_prefix(other.as_str());
                rest.is_some_and(|rest| rest.trim_start().chars().next().is_some_and(is_separator))
            })
            .min_by_key(|other| other.len());
        if let Some(shorter) = shorter {
            candidate.text = shorter.clone();
            continue;
        }
        while let Some(cut) = without_site(&candidate.text, sites) {
            candidate.text = without_section(&cut).to_owned();
        }
    }
}

/// Returns a title without its last or first part, where that is the site's name or stands behind a bar.
fn without_site(title: &str, sites: &[String]) -> Option<String> {
    let parts: Vec<(usize, usize)> = separators(title);
    let is_site = |part: &str| {
        let part = key(part);
        !part.is_empty()
            && sites.iter().any(|site| {
                *site == part || (site.len() > 3 && part.starts_with(site.as_str()) && part.len() < site.len() + 8)
            })
    };
    if let Some(&(start, end)) = parts.last() {
        let (head, tail) = (title[..start].trim_end(), &title[end..]);
        let words = tail.split_whitespace().count();
        let bar = title[start..end].contains(['|', 'ㅣ', '｜', '»', '·', '•'])
            && title[start..end].trim().len() < end - start;
        let long_head = head.split_whitespace().count() >= 3 || head.chars().count() >= 12;
        if is_site(tail) || (bar && words <= 4 && long_head) {
            return Some(head.to_owned()).filter(|head| !head.is_empty());
        }
    }
    // "The Courier: a history" is about the site: a colon is no separator in front.
    if let Some(&(start, end)) = parts.first()
        && is_site(&title[..start])
        && !title[start..end].contains(':')
    {
        return Some(collapse(&title[end..])).filter(|tail| !tail.is_empty());
    }
    None
}

/// Takes off the section that East Asian sites put between headline and name, without spaces: `…-정치`.
fn without_section(title: &str) -> &str {
    match title.rsplit_once('-') {
        Some((head, tail))
            if !tail.is_ascii() && tail.chars().count() <= 4 && !tail.contains(' ') && head.len() > 30 =>
        {
            head
        }
        _ => title,
    }
}

/// Returns where separators stand in a title: a bar anywhere, a dash with space around it, a dash before an East Asian
/// section name.
fn separators(title: &str) -> Vec<(usize, usize)> {
    let chars: Vec<(usize, char)> = title.char_indices().collect();
    let mut found = Vec::new();
    for (i, &(at, c)) in chars.iter().enumerate() {
        let space = |i: Option<usize>| i.and_then(|i| chars.get(i)).is_some_and(|(_, c)| c.is_whitespace());
        let spaced = space(i.checked_sub(1)) && space(Some(i + 1));
        let wide = matches!(c, '|' | 'ㅣ' | '｜' | '»' | '«' | '_');
        if is_separator(c) && (spaced || (wide && c != '_') || (wide && at > 0 && !title.is_ascii())) {
            let start = title[..at].trim_end().len();
            let end = title.len() - title[at + c.len_utf8()..].trim_start().len();
            found.push((start, end));
        }
    }
    found
}

fn is_separator(c: char) -> bool {
    matches!(
        c,
        '|' | '-'
            | '–'
            | '—'
            | '·'
            | '•'
            | '»'
            | '«'
            | 'ㅣ'
            | '｜'
            | '_'
            | '/'
            | ':'
            | '‹'
            | '›'
            | '<'
            | '>'
            | '~'
            | '―'
    )
}

/// Returns the names by which a site may sign its titles, as [`key`]s.
pub(super) fn site_keys(page: &Witnesses<'_>, site: Option<&str>, url: &str) -> Vec<String> {
    let mut keys: Vec<String> =
        site.into_iter().chain(page.meta(&["og:site_name", "application-name"])).map(key).collect();
    keys.extend(page.linked.site.as_deref().map(|site| key(&plain(site))));
    if let Some(outlet) = crate::model::outlet_of(url) {
        keys.push(key(&outlet));
        keys.extend(outlet.split('.').next().filter(|label| label.len() > 2).map(key));
    }
    keys.retain(|key| !key.is_empty());
    keys.sort();
    keys.dedup();
    keys
}

#[cfg(test)]
mod tests {
    use scraper::Html;

    use super::{super::dom::Dom, *};

    #[track_caller]
    fn check(page: &str, expected: &str) {
        let html = Html::parse_document(page);
        let witnesses = Witnesses::gather(&Dom::new(&html));
        let sites = site_keys(&witnesses, None, "https://www.harbour.example/a");
        let (title, _) = title(&witnesses, &sites, None).expect("a title");
        assert_eq!(title, expected);
    }

    #[test]
    fn the_site_goes_where_it_is_known_or_agreed_on() {
        check("<title>Ferry talks resume - Harbour</title>", "Ferry talks resume");
        check("<title>Ferry talks resume | News | The Courier</title>", "Ferry talks resume");
        check("<title>Ferry talks resume — Local desk</title><h1>Ferry talks resume</h1>", "Ferry talks resume");
        check("<title>Harbour | Ferry talks resume</title>", "Ferry talks resume");
        check("<title>Ferry - a short history of boats</title>", "Ferry - a short history of boats");
    }

    #[test]
    fn places_vote() {
        check(
            "<title>10 facts on ferries | Courier</title><meta property=og:title content='Ferries: all you need'>\
             <script type=application/ld+json>{\"@type\":\"NewsArticle\",\"headline\":\"Ferry talks &amp; tolls\"}</script>\
             <h1>Log in</h1><h1>Ferry talks &amp; tolls</h1>",
            "Ferry talks & tolls",
        );
    }
}
