//! Sources and how they are doing: those that need somebody first.

use axum::{
    extract::{Path, RawQuery, State},
    response::Response,
};

use super::{Page, answer, apart, link::Link, many, missing, when};
use crate::{
    model::{SourceId, SourceStatus},
    serve::{
        Archive, Error, Shared,
        json::{SourceRow, time},
    },
    store::PollRecord,
    text::html::escape,
};

/// Polls that the page of a source lists.
const POLLS: usize = 50;

pub(in crate::serve) async fn sources(State(shared): State<Shared>, RawQuery(query): RawQuery) -> Response {
    // How many sources stand on the pages before this one.
    let from = query.as_deref().and_then(|query| query.strip_prefix("from=")?.parse().ok()).unwrap_or(0);
    answer(shared.ask(move |archive| sources_page(archive, from).map(Some)).await, "page")
}

pub(in crate::serve) async fn source(State(shared): State<Shared>, Path(id): Path<String>) -> Response {
    let Ok(id) = id.parse::<SourceId>() else { return missing("source") };
    let page = shared.ask(move |archive| {
        let Some(stored) = archive.reader.source(id)? else { return Ok(None) };
        Ok(Some(source_page(&SourceRow::from(&stored), &archive.reader.polls(id)?)))
    });
    answer(page.await, "source")
}

/// What a status is called, in the order of urgency.
const STATUSES: [(SourceStatus, &str, &str); 4] = [
    (SourceStatus::Failing, "failing", "failing"),
    (SourceStatus::Gone, "gone", "gone"),
    (SourceStatus::Never, "never", "not polled yet"),
    (SourceStatus::Ok, "ok", "ok"),
];

/// Most sources of one page: a phone shows them, and a daemon of thousands has them in memory.
const SOURCES: usize = 500;

fn sources_page(archive: &Archive, from: usize) -> Result<Page, Error> {
    let mut ids: [Vec<SourceId>; STATUSES.len()] = Default::default();
    archive.reader.each_source(|stored| {
        let status = STATUSES.iter().position(|(status, ..)| *status == stored.state.status);
        if let Some(status) = status.filter(|_| stored.is_configured()) {
            ids[status].push(stored.source.id);
        }
    })?;
    let counts = STATUSES.iter().zip(&ids).filter(|(_, ids)| !ids.is_empty());
    let counts: String = counts.map(|((.., name), ids)| format!(" · {} {name}", ids.len())).collect();
    let ids = ids.concat();
    let mut list = String::new();
    for id in ids.iter().skip(from).take(SOURCES) {
        if let Some(stored) = archive.reader.source(*id)? {
            list += &source_html(&SourceRow::from(&stored));
        }
    }
    let mut main = format!(
        "<h1>Sources</h1><p class=note>{}{counts}</p><ul class=sources>{list}</ul>",
        many(ids.len() as u64, "source", "sources")
    );
    let next = from.saturating_add(SOURCES);
    if next < ids.len() {
        main += &format!(
            "<nav class=pager aria-label=Pages><a rel=next href=\"/sources?from={next}\">More sources</a></nav>"
        );
    }
    Ok(Page { title: "Sources".to_owned(), main, place: "/sources", ..Page::default() })
}

fn badge(status: SourceStatus) -> String {
    let (class, name) =
        STATUSES.iter().find(|(known, ..)| *known == status).map_or(("", ""), |(_, class, name)| (class, name));
    format!("<span class=\"badge {class}\">{name}</span>")
}

fn source_html(source: &SourceRow) -> String {
    let mut html = format!(
        "<li><h2><a href=\"/sources/{}\">{}</a> {}</h2><dl>",
        source.id,
        apart(&source.name),
        badge(source.status),
    );
    html += &facts(source);
    html + "</dl>"
}

/// When it was and will be polled, why then, and what went wrong.
fn facts(source: &SourceRow) -> String {
    let mut facts = Vec::new();
    if let Some(at) = &source.last_polled_at {
        facts.push(("Last poll", format!("{}, {}", when(at), many(source.entries.into(), "entry", "entries"))));
    }
    if let Some(at) = &source.next_poll_at {
        let why = source.next_poll_reason.as_deref().map(|why| format!(": {}", apart(why))).unwrap_or_default();
        facts.push(("Next poll", format!("{}{why}", when(at))));
    }
    if let Some(error) = &source.last_error {
        let times = match source.consecutive_failures {
            0 | 1 => String::new(),
            times => format!(" ({times} times in a row)"),
        };
        facts.push(("Last error", format!("<span class=error>{}</span>{times}", apart(error))));
    }
    facts.into_iter().map(|(name, told)| format!("<div><dt>{name}<dd>{told}</div>")).collect()
}

fn source_page(source: &SourceRow, polls: &[PollRecord]) -> Page {
    let search = Link::default().with("source", &source.name);
    let mut main = format!(
        "<h1>{}</h1><p class=facts>{} · {}</p><p class=actions><a href=\"{}\">Its articles</a> <a href=\"{}\">Its articles \
         as a feed</a></p><dl class=facts-list>{}</dl>",
        apart(&source.name),
        badge(source.status),
        apart(&source.url),
        search.href("/"),
        search.href("/feeds/search.atom"),
        facts(source),
    );
    if !polls.is_empty() {
        let row = |poll: &PollRecord| {
            format!(
                "<tr><td>{}<td>{}<td>{}<td>{}<td>{} ms",
                when(&time(poll.at)),
                poll.status.map(|status| status.to_string()).unwrap_or_default(),
                escape(&poll.outcome),
                poll.new,
                poll.duration.as_millis()
            )
        };
        let rows: String = polls.iter().take(POLLS).map(row).collect();
        main += &format!(
            "<h2>Latest polls</h2><div class=wide tabindex=0 role=region aria-label=\"Latest polls\"><table><thead><tr>\
             <th scope=col>At<th scope=col>Status<th scope=col>Outcome<th scope=col>New entries<th scope=col>Took\
             <tbody>{rows}</table></div>"
        );
    }
    Page { title: source.name.clone(), main, ..Page::default() }
}
