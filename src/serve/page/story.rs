//! Stories: the largest of a day, a week or a month, and of each who published when.

use axum::{
    extract::{Path, RawQuery, State},
    response::Response,
};
use chrono::{Duration, Utc};

use super::{Page, answer, apart, chart, headline, language, link::Link, many, missing, topic_list, when};
use crate::{
    model::{Article, Story, StoryId, Time},
    serve::{
        Archive, Error, Shared,
        api::story_filter,
        ask::Manner,
        json::{StoryRow, time},
    },
    text::html::escape,
};

/// What one chooses from: the first with a story is shown to who chose nothing.
const AGES: [(&str, &str); 4] = [("24h", "Day"), ("7d", "Week"), ("30d", "Month"), ("", "All")];
/// Articles that the page of a story lists.
const ARTICLES: usize = 300;
/// Outlets that its picture has a line for.
const LINES: usize = 12;

pub(in crate::serve) async fn stories(State(shared): State<Shared>, RawQuery(query): RawQuery) -> Response {
    let link = Link::of(&query.unwrap_or_default());
    answer(shared.ask(move |archive| stories_page(archive, &link).map(Some)).await, "page")
}

pub(in crate::serve) async fn story(State(shared): State<Shared>, Path(id): Path<String>) -> Response {
    let Ok(id) = id.parse::<StoryId>() else { return missing("story") };
    let page = shared.ask(move |archive| {
        let Some(story) = archive.reader.story(id)? else { return Ok(None) };
        let shown = &story.members[..story.members.len().min(ARTICLES)];
        let articles = archive.reader.articles(shown)?;
        Ok(Some(story_page(archive, &story, &articles)))
    });
    answer(page.await, "story")
}

fn stories_page(archive: &Archive, link: &Link) -> Result<Page, Error> {
    let asked = link.pairs().find(|(name, _)| *name == "since").map(|(_, since)| since.to_owned());
    let of_age =
        |age: &str| if age.is_empty() { link.clone().without("since") } else { link.clone().with("since", age) };
    let ages: Vec<&str> = match &asked {
        Some(since) => vec![since],
        None => AGES.iter().map(|(age, _)| *age).collect(),
    };
    let (mut stories, mut shown) = (Vec::new(), "");
    for age in ages {
        let query = of_age(age).href("");
        let query = query.trim_start_matches('?').replace("&amp;", "&");
        (stories, shown) = (archive.stories(&story_filter(archive, Some(&query), Manner::Form)?)?, age);
        if !stories.is_empty() {
            break;
        }
    }
    let age = |(age, name): (&str, &str)| {
        let current = if age == shown { " aria-current=true" } else { "" };
        // The whole time is the time since the first, or else it would be chosen as if nothing was.
        let href = of_age(if age.is_empty() { "1970-01-01" } else { age }).href("/stories");
        format!("<li><a href=\"{href}\"{current}>{name}</a>")
    };
    let mut main = format!("<h1>Stories</h1><nav aria-label=Time><ul class=tabs>{}</ul></nav>", AGES.map(age).concat());
    if stories.is_empty() {
        main += "<p role=status>No event of this time is reported by two outlets.";
    }
    main.extend(stories.iter().map(story_html));
    Ok(Page { title: "Stories".to_owned(), main, place: "/stories", ..Page::default() })
}

fn story_html(story: &StoryRow) -> String {
    let outlets: Vec<String> = story.outlets.iter().map(|outlet| apart(outlet)).collect();
    format!(
        "<article class=hit><h2 dir=auto><a href=\"/stories/{}\">{}</a></h2><p class=facts>{} · {}</p>\
         <p class=outlets>{}</p>{}</article>",
        story.id,
        headline(&story.title),
        many(story.articles.into(), "article", "articles"),
        span(story),
        outlets.join(", "),
        topic_list(&story.topics),
    )
}

fn story_page(archive: &Archive, story: &Story, articles: &[Article]) -> Page {
    let row = StoryRow::new(story, &archive.names, Utc::now());
    let search = Link::default().with("story", &story.id.to_string());
    let mut main = format!(
        "<h1 dir=auto>{}</h1><p class=facts>{} of {} · {}</p><p class=actions><a href=\"{}\">Search in this \
         story</a> <a href=\"{}\">Feed of this story</a></p>{}{}",
        headline(&story.title),
        many(story.articles.into(), "article", "articles"),
        many(story.outlets.len() as u64, "outlet", "outlets"),
        span(&row),
        search.href("/"),
        search.href("/feeds/search.atom"),
        topic_list(&row.topics),
        lines(story, articles),
    );
    main += "<h2>Who published when</h2><ol class=timeline>";
    for article in articles {
        main += &member(article, story.first_published_at);
    }
    main += "</ol>";
    let left_out = story.members.len() - articles.len();
    if left_out > 0 {
        let href = search.with("sort", "oldest").with("copies", "true").href("/");
        main += &format!("<p><a href=\"{href}\">{}</a>", many(left_out as u64, "more article", "more articles"));
    }
    Page {
        title: story.title.clone(),
        head: super::link::alternates(&Link::of(&format!("story={}", story.id))),
        main,
        place: "",
    }
}

/// From when to when it was reported, and whether it is over.
fn span(story: &StoryRow) -> String {
    let closed = if story.closed_at.is_some() { " · closed" } else { "" };
    format!("{} – {}{closed}", when(&story.first_published_at), when(&story.last_published_at))
}

fn published(article: &Article) -> Time {
    article.published_at.map_or(article.fetched_at, |published| published.at)
}

/// A line for each outlet with a dot for each of its articles.
fn lines(story: &Story, articles: &[Article]) -> String {
    let times: Vec<Time> = articles.iter().map(published).collect();
    let (Some(&first), Some(&last)) = (times.iter().min(), times.iter().max()) else { return String::new() };
    if story.outlets.len() < 2 || first == last {
        return String::new();
    }
    let line = |outlet: &String| {
        let own: Vec<Time> = articles.iter().filter(|article| article.outlet == *outlet).map(published).collect();
        format!("<li><span>{}</span>{}", apart(outlet), chart::dots(&own, first, last))
    };
    let mut outlets: Vec<&String> = Vec::new();
    for article in articles {
        if !outlets.contains(&&article.outlet) {
            outlets.push(&article.outlet);
        }
    }
    let lines: String = outlets.into_iter().take(LINES).map(line).collect();
    format!("<ul class=lines aria-hidden=true>{lines}</ul>")
}

fn member(article: &Article, first: Time) -> String {
    let at = published(article);
    let later = at - first;
    let later = if later >= Duration::minutes(1) {
        format!(" <span class=later>{}</span>", after(later))
    } else {
        String::new()
    };
    let copy = match article.duplicate_of {
        Some(id) => format!(" · <a href=\"/articles/{id}/copies/{}\">a copy</a>", article.id),
        None => String::new(),
    };
    format!(
        "<li><p class=facts>{}{later} · <b>{}</b>{copy}</p><a{} href=\"/articles/{}\">{}</a>",
        when(&time(at)),
        apart(&article.outlet),
        language(article.lang.as_deref()),
        article.id,
        headline(&article.title),
    )
}

/// How much later, in the two largest units.
fn after(span: Duration) -> String {
    let (days, hours, minutes) = (span.num_days(), span.num_hours() % 24, span.num_minutes() % 60);
    let text = match (days, hours, minutes) {
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    };
    escape(&format!("+{text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_is_told_in_two_units() {
        assert_eq!(after(Duration::minutes(7)), "+7 min");
        assert_eq!(after(Duration::minutes(125)), "+2 h 5 min");
        assert_eq!(after(Duration::minutes(3 * 1_440 + 61)), "+3 d 1 h");
    }
}
