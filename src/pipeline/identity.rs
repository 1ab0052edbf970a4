//! Which stored article a page is where its address does not say: outlets edit the words in an address as they edit a
//! headline, and then announce the same article at another place.

use std::collections::HashSet;

use super::{Error, work::Harvested};
use crate::{
    model::{Article, ArticleId, Kind, host_of},
    store::Tx,
};

/// Three words in a row are what two texts are compared by: one word is shared by any two.
const WORDS: usize = 3;
/// What the same entry announces is the same article if half of the shorter text stands in the other: some feeds use an
/// id again for another article.
const SAME_ENTRY: f64 = 0.5;
/// What one host publishes at the same second is the same article if nearly all of the shorter text stands in the other.
const SAME_MOMENT: f64 = 0.8;

/// Returns the article that has moved to the address of this one. Imports are taken at their word.
pub(super) fn moved(tx: &Tx<'_>, item: &Harvested) -> Result<Option<ArticleId>, Error> {
    let Some(entry) = item.entry else { return Ok(None) };
    let on_same_host = |article: &Article| host_of(article.url.as_str()) == host_of(item.url.as_str());
    if let Some(id) = tx.article_of(entry)?
        && let Some(known) = tx.article(id)?.filter(on_same_host)
    {
        let title = item.text.title.as_deref().unwrap_or_default();
        let started_as_teaser = known.kind == Kind::Teaser && known.title == title;
        if started_as_teaser || shared(&known.body, &item.text.body) >= SAME_ENTRY {
            return Ok(Some(id));
        }
    }
    let Some(published) = item.text.published_at.filter(|published| !published.date_only) else { return Ok(None) };
    for id in tx.published_at(&item.url.outlet(), published.at)? {
        let Some(known) = tx.article(id)?.filter(on_same_host) else { continue };
        // Reports that a machine writes by the second differ in nothing but their figures.
        let agrees = figures(&known.body) == figures(&item.text.body);
        if agrees && shared(&known.body, &item.text.body) >= SAME_MOMENT {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

fn words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

/// Returns how much of the shorter text stands in the other, from 0 to 1.
fn shared(one: &str, other: &str) -> f64 {
    let (one, other) = (words(one), words(other));
    let (one, other): (HashSet<_>, HashSet<_>) = (one.windows(WORDS).collect(), other.windows(WORDS).collect());
    let shorter = one.len().min(other.len());
    if shorter == 0 {
        return 0.0;
    }
    one.intersection(&other).count() as f64 / shorter as f64
}

fn figures(text: &str) -> HashSet<String> {
    words(text).into_iter().filter(|word| word.bytes().any(|byte| byte.is_ascii_digit())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUAKE: &str = "A quake of magnitude 4 shook the coast of Tolvia in the night, the institute said on Monday.";

    #[test]
    fn what_is_shared_is_measured_on_the_shorter_text() {
        let check = |one: &str, other: &str, expected: f64| {
            assert!((shared(one, other) - expected).abs() < 0.01, "{one} / {other}: {}", shared(one, other));
        };
        check(QUAKE, QUAKE, 1.0);
        check(QUAKE, &format!("{QUAKE} Nobody was hurt, and the harbour opened again at noon."), 1.0);
        check(QUAKE, "The dockers of Korvo ended their walkout.", 0.0);
        check("one two three four five", "One two three, nine five", 1.0 / 3.0);
        check("too short", "too short", 0.0);
    }

    #[test]
    fn machines_reports_of_one_second_differ_in_their_figures() {
        assert_ne!(figures(QUAKE), figures(&QUAKE.replace('4', "5")));
        assert_eq!(figures(QUAKE), figures(&QUAKE.replace("night", "evening")));
    }
}
