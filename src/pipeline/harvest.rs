//! From an entry to an article: its page is fetched and read, or what the feed says is taken.

use std::sync::Arc;

use tracing::debug;

use super::{
    Context, Error,
    draft::Draft,
    errand::{Errand, Outcome},
    fault,
    poll::http_error,
    work::{Harvested, Work},
};
use crate::{
    dedup::{self, Document},
    extract::Hints,
    fetch::{self, Fetch, Purpose, Request, robots::Robots},
    model::{ArticleId, CanonicalUrl, Entry, EntryId, Extracted, Findings, FullText, Kind, SourceId, Time, Validators},
    source::schedule,
    store::{DueEntry, Fate, Reader},
    telemetry::metrics,
    text::{detect, html},
    topic::{Tagger, Text},
};

/// Waits between tries of one page, in minutes; after the last it is given up. Spread so that an outlet's hour, evening
/// and day of trouble are each survived.
const TRIES: [i64; 7] = [5, 30, 120, 360, 720, 1440, 2880];
/// What a feed says of an article is worth keeping without its page from this length on, in characters.
const WORDS_WORTH_KEEPING: usize = 100;
/// A feed carries an article in full from this length on, in characters of plain text: shorter ones are mostly teasers.
const FULL_TEXT: usize = 1_500;

/// What is to be done about an entry.
pub(crate) enum Plan {
    /// It is settled already.
    Nothing,
    /// Its page is read.
    Read(DueEntry),
    /// The feed has it in full.
    Feed(DueEntry),
    /// The page cannot be had: what the feed says is all there is.
    Words(DueEntry, Missing),
    /// The page was read; another version of it cannot be had.
    Page(DueEntry, Box<Draft>),
    /// The article is stored already, announced by another entry.
    Known { entry: EntryId, source: SourceId, article: ArticleId },
}

impl Plan {
    /// How often the reader has died on the entry.
    fn deaths(&self) -> u32 {
        match self {
            Self::Read(due) | Self::Feed(due) | Self::Words(due, _) | Self::Page(due, _) => due.deaths,
            Self::Nothing | Self::Known { .. } => 0,
        }
    }
}

/// Why a page cannot be had now.
pub(crate) enum Missing {
    /// It is tried again at this time.
    Until(Time, String),
    /// It is not tried again.
    ForGood(String),
}

/// Decides what an entry needs.
pub(crate) fn plan(context: &Context, reader: &Reader, due: DueEntry) -> Result<Plan, Error> {
    let link = due.entry.link.as_deref().map(CanonicalUrl::parse);
    let Some(Ok(link)) = link else {
        return Ok(Plan::Words(due, Missing::ForGood("the entry has no link to a page".into())));
    };
    if !due.changed
        && due.article.is_none()
        && let Some(article) = known_at(reader, &link)?
    {
        return Ok(Plan::Known { entry: due.id, source: due.source_id, article });
    }
    let from_feed = match context.full_text_of(&due) {
        FullText::Page => false,
        FullText::Feed => true,
        FullText::Auto => carries_full_text(&due.entry),
    };
    Ok(if from_feed { Plan::Feed(due) } else { Plan::Read(due) })
}

/// Returns the article at an address, however that is spelled.
fn known_at(reader: &Reader, link: &CanonicalUrl) -> Result<Option<ArticleId>, Error> {
    for url in std::iter::once(link).chain(&link.siblings()) {
        if let Some(article) = reader.resolve(url)? {
            return Ok(Some(article));
        }
    }
    Ok(None)
}

/// Whether the feed carries the whole article: long enough, and not cut off with a mark that says so.
fn carries_full_text(entry: &Entry) -> bool {
    let Some(content) = &entry.content else { return false };
    let text = html::to_text(content);
    let end = text.trim_end();
    text.chars().count() >= FULL_TEXT && !["…", "...", "[…]", "[...]"].iter().any(|mark| end.ends_with(mark))
}

/// Fetches and reads the page of an entry, or follows one of its redirects, or asks for another version of it.
pub(crate) async fn read_page(context: Arc<Context>, host: String, errand: Errand, due: DueEntry) -> Outcome {
    let asking = context.asking(host);
    let request = Request {
        headers: context.headers_of(&due, &errand.url),
        // They are of the page itself, not of another version.
        validators: if errand.draft.is_some() { Validators::default() } else { due.validators.clone() },
        ..Request::new(errand.url.clone(), Purpose::Page)
    };
    let response = context.fetcher.fetch(request).await;
    metrics().requests.with_label_values(&["page"]).inc();
    let now = context.clock.now();
    let asked = response.as_ref().ok().and_then(|response| retry_after(response, now));
    match &response {
        Ok(_) => asking.answered(asked.and_then(|at| (at - now).to_std().ok())).await,
        Err(_) => asking.failed().await,
    }

    let entry = due.id;
    let missing = match response {
        Ok(response) => {
            metrics().received_bytes.inc_by(response.wire_bytes);
            if let Some(to) = response.redirect() {
                match context.may_follow(&errand, &to) {
                    Ok(()) => return Outcome::Redirect(errand.redirected(to, false)),
                    Err(reason) => retry_later(&due, reason, None, now),
                }
            } else if let (304, Some(article)) = (response.status, due.article) {
                let fate = match reread(&context, &due, response.fetched_at, due.validators.clone()) {
                    Some((at, validators)) => Fate::Revisit { article, at, validators },
                    None => Fate::Article(article),
                };
                context.hand_over(Work::Settle { entry, fate }).await;
                return Outcome::Settled(entry);
            } else if (200..300).contains(&response.status) {
                return digest(context, due, errand, response).await;
            } else {
                retry_later(&due, http_error(response.status), asked, now)
            }
        }
        Err(error) => retry_later(&due, error.to_string(), None, now),
    };
    without_page(context, entry, unread(due, errand, missing)).await
}

/// What is left of an entry when its errand cannot be done: what was read before, else the feed's words.
pub(crate) fn unread(due: DueEntry, errand: Errand, missing: Missing) -> Plan {
    match errand.draft {
        Some(draft) => Plan::Page(due, draft),
        None => Plan::Words(due, missing),
    }
}

/// When the page of an entry is read again: at the next of the ages that the user asked for.
fn reread(context: &Context, due: &DueEntry, now: Time, validators: Validators) -> Option<(Time, Validators)> {
    let ages = context.settings.harvest.reread.iter().filter_map(|age| chrono::Duration::from_std(*age).ok());
    let next = ages.map(|age| due.first_seen_at + age).filter(|at| *at > now).min()?;
    Some((next, validators))
}

fn retry_after(response: &fetch::Response, now: Time) -> Option<Time> {
    matches!(response.status, 429 | 503)
        .then(|| response.headers.retry_after().and_then(|text| schedule::parse_retry_after(&text, now)))
        .flatten()
}

/// When a page that failed is tried again: with growing waits, never before the server's own word, in the end not at all.
fn retry_later(due: &DueEntry, reason: String, asked: Option<Time>, now: Time) -> Missing {
    match TRIES.get(due.attempts as usize) {
        Some(&minutes) => {
            let at = now + chrono::Duration::minutes(minutes);
            Missing::Until(asked.map_or(at, |asked| at.max(asked)), reason)
        }
        None => Missing::ForGood(format!("given up after {} tries: {reason}", due.attempts + 1)),
    }
}

/// What a page that came leads to.
enum Step {
    Done(Work),
    /// Another version of it is asked for first.
    Ask(Box<Errand>),
}

/// Reads a page that came, off the async threads, and hands on what it is.
async fn digest(context: Arc<Context>, due: DueEntry, errand: Errand, response: fetch::Response) -> Outcome {
    let reading = context.clone();
    let (entry, deaths) = (due.id, due.deaths);
    let before = errand.draft.clone().map(|draft| Plan::Page(due.clone(), draft));
    let read = context.compute_entry(deaths, move || {
        let _noted = reading.reading.begin(entry);
        read_response(&reading, due, errand, response)
    });
    let work = match read.await {
        Ok(Step::Ask(errand)) => return Outcome::Redirect(*errand),
        Ok(Step::Done(work)) => work,
        // A page that breaks the reader is that page's failure, but no other version's.
        Err(reason) => match before {
            Some(plan) => return without_page(context, entry, plan).await,
            None => Work::Died { entry, reason },
        },
    };
    context.hand_over(work).await;
    Outcome::Settled(entry)
}

fn read_response(context: &Context, due: DueEntry, mut errand: Errand, response: fetch::Response) -> Step {
    let before = errand.draft.take();
    let draft = match (before, draft(context, &due, &errand, response)) {
        (None, Err(reason)) => {
            return Step::Done(Work::Settle { entry: due.id, fate: Fate::Skipped { reason } });
        }
        (None, Ok(draft)) => match draft.fuller_version().map(str::to_owned) {
            Some(to) if context.may_follow(&errand, &to).is_ok() => {
                return Step::Ask(Box::new(errand.for_version(to, draft)));
            }
            _ => draft,
        },
        (Some(before), Ok(version)) => before.or_fuller(version),
        (Some(before), Err(_)) => *before,
    };
    Step::Done(settle_draft(context, due, draft))
}

/// Reads a response, or says why it cannot be an article's page.
fn draft(context: &Context, due: &DueEntry, errand: &Errand, response: fetch::Response) -> Result<Draft, String> {
    let reread = reread(context, due, response.fetched_at, response.headers.validators());
    let page = response.into_page();
    if let Some(reason) = not_a_page(page.content_type.as_deref()) {
        return Err(reason);
    }
    fault::point("harvest", &page.url);
    let text = context.extractor.extract(&page, &hints(&due.entry), page.fetched_at);
    let hops = errand.hops.iter().map(|hop| hop.from.clone()).collect();
    Ok(Draft { url: page.url, hops, text, fetched_at: page.fetched_at, reread })
}

/// Makes of a page that was read what it is: mostly an article.
fn settle_draft(context: &Context, due: DueEntry, draft: Draft) -> Work {
    let front = |url: &str| url::Url::parse(url).is_ok_and(|url| url.path() == "/" && url.query().is_none());
    let lost = !draft.hops.is_empty() && front(&draft.url) && !due.entry.link.as_deref().is_some_and(front);
    let failure = match draft.text.kind {
        _ if lost => Some("the link leads to the front page"),
        Kind::Index => {
            let reason = "an index page, not an article".to_owned();
            return Work::Settle { entry: due.id, fate: Fate::Skipped { reason } };
        }
        Kind::Error => Some("an error page served as a page"),
        _ if draft.text.body.trim().is_empty() => {
            // Nothing says that the page will have text later; an update of the entry brings it back.
            return words(context, due, Missing::ForGood("no text found on the page".to_owned()));
        }
        Kind::Article | Kind::Live | Kind::Teaser => None,
    };
    if let Some(reason) = failure {
        let missing = retry_later(&due, reason.to_owned(), None, draft.fetched_at);
        return words(context, due, missing);
    }
    let Ok(url) = draft.address() else {
        let reason = format!("`{}` is not an address to keep", draft.url);
        return Work::Settle { entry: due.id, fate: Fate::Skipped { reason } };
    };
    let aliases = draft.hops.iter().chain([&draft.url]).filter_map(|hop| CanonicalUrl::parse(hop).ok()).collect();
    let work = harvested(context, due, url, aliases, draft.text, draft.fetched_at, None);
    match work {
        Work::Harvested(item) => Work::Harvested(Box::new(Harvested { reread: draft.reread, ..*item })),
        other => other,
    }
}

/// Why a response cannot be an article's page, by its content type.
fn not_a_page(content_type: Option<&str>) -> Option<String> {
    let kind = content_type?.split(';').next()?.trim().to_ascii_lowercase();
    let page = kind.is_empty() || kind.contains("html") || kind.contains("xml") || kind == "text/plain";
    (!page).then(|| format!("not a page but {kind}"))
}

/// Settles an entry without asking for its page.
pub(crate) async fn without_page(context: Arc<Context>, entry: EntryId, plan: Plan) -> Outcome {
    let reading = context.clone();
    let settled = context.compute_entry(plan.deaths(), move || {
        let _noted = reading.reading.begin(entry);
        settle_plan(&reading, plan)
    });
    if let Some(work) = settled.await.unwrap_or_else(|reason| Some(Work::Died { entry, reason })) {
        context.hand_over(work).await;
    }
    Outcome::Settled(entry)
}

fn settle_plan(context: &Context, plan: Plan) -> Option<Work> {
    match plan {
        Plan::Nothing => None,
        Plan::Known { entry, source, article } => Some(Work::Announced { entry, source, article }),
        Plan::Read(due) | Plan::Feed(due) => {
            let reason = "the feed carries no text of it".to_owned();
            Some(words(context, due, Missing::ForGood(reason)))
        }
        Plan::Words(due, missing) => Some(words(context, due, missing)),
        Plan::Page(due, draft) => Some(settle_draft(context, due, *draft)),
    }
}

/// Makes an article of what the feed says, where that is worth keeping.
fn words(context: &Context, due: DueEntry, missing: Missing) -> Work {
    let entry = due.id;
    let link = due.entry.link.as_deref().map(CanonicalUrl::parse);
    let full = context.full_text_of(&due) == FullText::Feed || carries_full_text(&due.entry);
    // An article that is known already is told anew by a feed that has it in full, never by a few words.
    if let Some(Ok(url)) = link
        && (full || due.article.is_none())
    {
        let fetched_at = context.clock.now();
        let mut text = context.extractor.from_feed(url.as_str(), &hints(&due.entry), fetched_at);
        if text.body.trim().is_empty() {
            text.body = due.entry.summary.clone().unwrap_or_default();
        }
        let enough = text.body.chars().count() >= WORDS_WORTH_KEEPING || (full && !text.body.trim().is_empty());
        if enough && text.title.is_some() {
            let missing_page = match missing {
                Missing::Until(at, reason) if !full => Some((reason, at)),
                _ => None,
            };
            return harvested(context, due, url, Vec::new(), text, fetched_at, missing_page);
        }
    }
    let fate = match (due.article, missing) {
        (Some(article), Missing::ForGood(reason)) => {
            debug!(entry.id = %entry, reason, "page given up, the feed's words stay");
            Fate::Article(article)
        }
        (_, Missing::Until(at, reason)) => Fate::Failed { reason, next_try_at: Some(at) },
        (None, Missing::ForGood(reason)) => Fate::Skipped { reason },
    };
    Work::Settle { entry, fate }
}

fn harvested(
    context: &Context,
    due: DueEntry,
    url: CanonicalUrl,
    mut aliases: Vec<CanonicalUrl>,
    mut text: Extracted,
    fetched_at: Time,
    missing_page: Option<(String, Time)>,
) -> Work {
    aliases.extend(due.entry.link.as_deref().and_then(|link| CanonicalUrl::parse(link).ok()));
    aliases.retain(|alias| *alias != url);
    let declared = text.lang.clone().or_else(|| due.entry.lang.clone()).or_else(|| context.lang_of(&due));
    let (sketch, findings) = analyse(&context.tagger(), &url, &mut text, declared, fetched_at);
    Work::Harvested(Box::new(Harvested {
        entry: Some(due.id),
        source_id: Some(due.source_id),
        source: None,
        url,
        aliases,
        text,
        fetched_at,
        reread: None,
        missing_page,
        sketch,
        findings,
    }))
}

/// What can be said of a text alone: its language, its sketch, its topics and names. Free of order, so it runs on all cores.
pub(crate) fn analyse(
    tagger: &Tagger,
    url: &CanonicalUrl,
    text: &mut Extracted,
    declared: Option<String>,
    arrived_at: Time,
) -> (dedup::Sketch, Findings) {
    let title = text.title.clone().unwrap_or_default();
    text.lang = detect(&title, &text.body, declared.as_deref());
    let sketch = dedup::sketch(&Document {
        id: ArticleId::derive(&[url.as_str()]),
        outlet: &url.outlet(),
        title: &title,
        body: &text.body,
        lang: text.lang.as_deref(),
        published_at: text.published_at,
        arrived_at,
    });
    let findings = tagger.tag(&Text { title: &title, body: &text.body, lang: text.lang.as_deref() });
    (sketch, findings)
}

fn hints(entry: &Entry) -> Hints<'_> {
    Hints {
        title: entry.title.as_deref(),
        authors: &entry.authors,
        published_at: entry.published_at.or(entry.updated_at),
        lang: entry.lang.as_deref(),
        summary: entry.summary.as_deref(),
        content_html: entry.content.as_deref(),
    }
}

/// Asks for robots.txt of an origin, or follows one of its redirects.
pub(crate) async fn ask_robots(context: Arc<Context>, host: String, errand: Errand) -> Outcome {
    let super::errand::Job::Robots { origin } = errand.job.clone() else {
        unreachable!("only robots errands come here")
    };
    let asking = context.asking(host);
    let response = context.fetcher.fetch(Request::new(errand.url.clone(), Purpose::Robots)).await;
    asking.answered(None).await;
    metrics().requests.with_label_values(&["robots"]).inc();
    let rules = match response {
        Ok(response) => match response.redirect() {
            Some(to) if context.may_follow(&errand, &to).is_ok() => {
                return Outcome::Redirect(errand.redirected(to, false));
            }
            // A redirect that leads nowhere counts as "no such file" (RFC 9309, section 2.3.1.2).
            Some(_) => Some(Robots::default()),
            None => Robots::from_status(response.status, &response.body, &context.settings.http.user_agent),
        },
        Err(error) => {
            debug!(origin, %error, "robots.txt could not be read");
            None
        }
    };
    Outcome::Robots { origin, rules }
}
