//! One article: its text with what was looked for and what spoke for its topics, its copies and its revisions.

use axum::{
    extract::{Path, RawQuery, State},
    response::Response,
};
use chrono::Utc;

use super::{Page, answer, apart, diff, headline, language, link::Link, many, missing, topic_list, when};
use crate::{
    model::{Article, ArticleId, Revision, TextField, TopicMatch},
    query::{self, Query},
    serve::{
        Archive, Error, Shared, evidence,
        json::{article as article_row, time},
    },
    text::html::escape,
};

/// Copies that a page lists.
const COPIES: usize = 100;

pub(in crate::serve) async fn article(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let Ok(id) = id.parse::<ArticleId>() else { return missing("article") };
    let page = shared.ask(move |archive| {
        let Some(article) = archive.reader.article(id)? else { return Ok(None) };
        let link = Link::of(&query.unwrap_or_default());
        // Words that cannot be read mark nothing.
        let words = link.pairs().find(|(name, _)| *name == "q").and_then(|(_, q)| query::parse(q, Utc::now()).ok());
        page(archive, &article, &words.unwrap_or(Query::All)).map(Some)
    });
    answer(page.await, "article")
}

/// What a revision changed.
pub(in crate::serve) async fn revision(
    State(shared): State<Shared>,
    Path((id, number)): Path<(String, String)>,
) -> Response {
    let (Ok(id), Ok(number)) = (id.parse::<ArticleId>(), number.parse::<u32>()) else { return missing("revision") };
    let page = shared.ask(move |archive| {
        let Some(article) = archive.reader.article(id)? else { return Ok(None) };
        Ok(revision_page(&article, &archive.reader.revisions(id)?, number))
    });
    answer(page.await, "revision")
}

/// An article beside one of its copies.
pub(in crate::serve) async fn copy(
    State(shared): State<Shared>,
    Path((id, other)): Path<(String, String)>,
) -> Response {
    let (Ok(id), Ok(other)) = (id.parse::<ArticleId>(), other.parse::<ArticleId>()) else { return missing("copy") };
    let page = shared.ask(move |archive| {
        let is_copy = id != other && archive.reader.group_members(id)?.contains(&other);
        Ok(match &archive.reader.articles(&[id, other])?[..] {
            [one, other] if is_copy => Some(copy_page(one, other)),
            _ => None,
        })
    });
    answer(page.await, "copy")
}

fn page(archive: &Archive, article: &Article, words: &Query) -> Result<Page, Error> {
    let row = article_row(&archive.names, article);
    let lang = language(article.lang.as_deref());
    let mut facts = vec![apart(&article.outlet)];
    if !article.authors.is_empty() {
        facts.push(apart(&article.authors.join(", ")));
    }
    facts.push(when(row.head.published_at.as_deref().unwrap_or(&row.head.fetched_at)));
    let text = evidence::paragraphs(&archive.names, article, words);
    let mut main = format!(
        "<article class=whole><h1{lang}>{}</h1><p class=facts>{}</p>{}{}<div class=text{lang}>{text}</div></article>",
        evidence::title(&archive.names, article, words),
        facts.join(" · "),
        actions(archive, article)?,
        topic_list(&row.head.topics),
    );
    main += "<div class=about>";
    main += &topics(archive, article);
    main += &names(article);
    main += &copies(archive, article)?;
    main += &revisions(&archive.reader.revisions(article.id)?, article.id);
    main += "</div>";
    Ok(Page { title: article.title.clone(), main, ..Page::default() })
}

/// Where to go from here.
fn actions(archive: &Archive, article: &Article) -> Result<String, Error> {
    let original = format!(
        "<a rel=\"noreferrer nofollow\" href=\"{}\">Read it at {}</a>",
        escape(article.url.as_str()),
        apart(&article.outlet)
    );
    let mut links = vec![original];
    if let Some(story) = archive.reader.story(article.story)?.filter(|story| story.articles > 1) {
        let size = many(story.articles.into(), "article", "articles");
        links.push(format!("<a href=\"/stories/{}\">The story: {size}</a>", article.story));
    }
    if article.copies > 0 {
        links.push(format!("<a href=#copies>{}</a>", many(article.copies.into(), "copy", "copies")));
    }
    if article.revision > 1 {
        links.push(format!("<a href=#revisions>{}</a>", many(article.revision.into(), "revision", "revisions")));
    }
    Ok(format!("<p class=actions>{}</p>", links.join(" ")))
}

/// The topics with what spoke for each.
fn topics(archive: &Archive, article: &Article) -> String {
    let row = |found: &TopicMatch| {
        let mut phrases: Vec<(&str, usize, bool)> = Vec::new();
        for evidence in &found.evidence {
            let in_title = evidence.field == TextField::Title;
            match phrases.iter_mut().find(|(phrase, ..)| phrase.eq_ignore_ascii_case(&evidence.phrase)) {
                Some((_, count, seen_in_title)) => (*count, *seen_in_title) = (*count + 1, *seen_in_title || in_title),
                None => phrases.push((&evidence.phrase, 1, in_title)),
            }
        }
        let phrase = |&(phrase, count, in_title): &(&str, usize, bool)| {
            let times = if count > 1 { format!(" {count} times") } else { String::new() };
            let place = if in_title { " (title)" } else { "" };
            format!("<q>{}</q>{times}{place}", apart(phrase))
        };
        let href = Link::default().with("topic", &found.topic.0).href("/");
        let told = phrases.iter().map(phrase).collect::<Vec<_>>().join(", ");
        format!("<dt><a href=\"{href}\">{}</a><dd>{told}", escape(archive.names.name(&found.topic)))
    };
    let rows: String = article.topics.iter().filter(|found| found.matched).map(row).collect();
    if rows.is_empty() { rows } else { format!("<section><h2>Why these topics</h2><dl>{rows}</dl></section>") }
}

/// The names in the text, each a search for it.
fn names(article: &Article) -> String {
    let name = |entity: &crate::model::Entity| {
        let href = Link::default().with("entity", &entity.name).href("/");
        format!(
            "<li><a href=\"{href}\">{}</a> <span class=count>{}</span>",
            apart(&entity.name),
            many(entity.count.into(), "time", "times")
        )
    };
    let rows: String = article.entities.iter().map(name).collect();
    if rows.is_empty() { rows } else { format!("<section><h2>Names</h2><ul>{rows}</ul></section>") }
}

fn copies(archive: &Archive, article: &Article) -> Result<String, Error> {
    let mut ids = archive.reader.group_members(article.id)?;
    ids.retain(|id| *id != article.id);
    let left_out = ids.len().saturating_sub(COPIES);
    ids.truncate(COPIES);
    if ids.is_empty() {
        return Ok(String::new());
    }
    let mut html = "<section id=copies><h2>Copies</h2><ul>".to_owned();
    for copy in archive.reader.articles(&ids)? {
        let at = copy.published_at.map_or(copy.fetched_at, |published| published.at);
        html += &format!(
            "<li><a{} href=\"/articles/{}\">{}</a><p class=facts>{} · {} · <a href=\"/articles/{}/copies/{}\">Compare<span \
             class=hidden> with {}</span></a></p>",
            language(copy.lang.as_deref()),
            copy.id,
            headline(&copy.title),
            apart(&copy.outlet),
            when(&time(at)),
            article.id,
            copy.id,
            apart(&copy.outlet),
        );
    }
    html += "</ul>";
    if left_out > 0 {
        html += &format!("<p>{} are not listed.", many(left_out as u64, "more copy", "more copies"));
    }
    Ok(html + "</section>")
}

fn revisions(revisions: &[Revision], id: ArticleId) -> String {
    if revisions.len() < 2 {
        return String::new();
    }
    let row = |revision: &Revision| {
        let at = when(&time(revision.fetched_at));
        if revision.number == revisions[0].number {
            return format!("<li>{at} first read");
        }
        format!("<li>{at} <a href=\"/articles/{id}/revisions/{0}\">What revision {0} changed</a>", revision.number)
    };
    format!(
        "<section id=revisions><h2>Revisions</h2><ol class=plain>{}</ol></section>",
        revisions.iter().map(row).collect::<String>()
    )
}

fn revision_page(article: &Article, revisions: &[Revision], number: u32) -> Option<Page> {
    let at = revisions.iter().position(|revision| revision.number == number)?;
    let (before, after) = (revisions.get(at.checked_sub(1)?)?, &revisions[at]);
    let lang = language(article.lang.as_deref());
    let step = |revision: Option<&Revision>, word: &str| match revision {
        Some(revision) => format!("<a href=\"/articles/{}/revisions/{}\">{word}</a> ", article.id, revision.number),
        None => String::new(),
    };
    let earlier =
        step(at.checked_sub(1).filter(|before| *before > 0).map(|before| &revisions[before]), "Earlier change");
    let later = step(revisions.get(at + 1), "Later change");
    let title = format!("Revision {number}: {}", article.title);
    let main = format!(
        "<h1>What revision {number} changed</h1><p class=facts>{} – {} · {}</p><p class=actions>\
         <a href=\"/articles/{}\">The article as it is now</a> {earlier}{later}</p>\
         <div class=\"text diff\"{lang}><div class=title>{}</div>{}</div>",
        when(&time(before.fetched_at)),
        when(&time(after.fetched_at)),
        apart(&article.outlet),
        article.id,
        diff::inline(&before.title, &after.title),
        diff::inline(&before.body, &after.body),
    );
    Some(Page { title, main, ..Page::default() })
}

fn copy_page(one: &Article, other: &Article) -> Page {
    let head = |article: &Article| {
        let at = article.published_at.map_or(article.fetched_at, |published| published.at);
        format!("<th scope=col><a href=\"/articles/{}\">{}</a> {}", article.id, apart(&article.outlet), when(&time(at)))
    };
    let main = format!(
        "<h1>Two copies, side by side</h1><table class=beside{}><thead><tr>{}{}<tbody class=title>{}<tbody>{}</table>",
        language(one.lang.as_deref()),
        head(one),
        head(other),
        diff::beside(&one.title, &other.title),
        diff::beside(&one.body, &other.body),
    );
    Page { title: format!("{} and {}: {}", one.outlet, other.outlet, one.title), main, ..Page::default() }
}
