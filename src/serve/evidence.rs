//! What an article was tagged by, and what was looked for, shown in its text.

use std::{cmp::Reverse, ops::Range};

use super::TopicNames;
use crate::{
    index,
    model::{Article, TextField},
    query::Query,
    text::html::escape,
};

/// Returns the title as HTML, with what spoke for the article's topics and what a query looks for marked.
pub(super) fn title(names: &TopicNames, article: &Article, query: &Query) -> String {
    marked(&article.title, 0, &places(names, article, TextField::Title, query))
}

/// Returns the body as paragraphs of HTML, marked likewise.
pub(super) fn paragraphs(names: &TopicNames, article: &Article, query: &Query) -> String {
    let places = places(names, article, TextField::Body, query);
    let mut from = 0;
    let paragraph = |part: &str| {
        let html = marked(part, from, &places).replace('\n', "<br>");
        from += part.len() + "\n\n".len();
        format!("<p>{html}</p>")
    };
    article.body.split("\n\n").map(paragraph).collect()
}

/// A place in a field, and the topic that it speaks for; `None` where a query's words stand.
type Place<'a> = (Range<usize>, Option<&'a str>);

/// What to mark in one field, in its order, the longer first where two begin in one place.
fn places<'a>(names: &'a TopicNames, article: &'a Article, field: TextField, query: &Query) -> Vec<Place<'a>> {
    let text = if field == TextField::Title { &article.title } else { &article.body };
    let words = index::places(query, article.lang.as_deref(), text).into_iter().map(|range| (range, None));
    let given = article.topics.iter().filter(|topic| topic.matched);
    let all = given.flat_map(|topic| topic.evidence.iter().map(move |evidence| (evidence, names.name(&topic.topic))));
    let spoke = all.filter(|(evidence, _)| {
        // A text that has changed since is not marked in the wrong place.
        evidence.field == field
            && text.get(evidence.offset..).is_some_and(|rest| rest.starts_with(evidence.phrase.as_str()))
    });
    let spoke = spoke.map(|(found, topic)| (found.offset..found.offset + found.phrase.len(), Some(topic)));
    let mut places: Vec<Place<'a>> = words.chain(spoke).collect();
    places.sort_by_key(|(range, topic)| (range.start, Reverse(range.end), topic.is_none()));
    places
}

/// Marks the places in a part of a field that begins at `from`. What goes on beyond the part is not marked, nor is
/// what overlaps something that is.
fn marked(part: &str, from: usize, places: &[Place<'_>]) -> String {
    let (mut html, mut done) = (String::with_capacity(part.len()), 0);
    for (range, topic) in places {
        let Some(start) = range.start.checked_sub(from).filter(|start| *start >= done) else { continue };
        let Some(words) = part.get(start..range.end - from) else { continue };
        html += &escape(&part[done..start]);
        html += &match topic {
            Some(topic) => format!("<mark title=\"{}\">{}</mark>", escape(topic), escape(words)),
            None => format!("<mark class=found>{}</mark>", escape(words)),
        };
        done = range.end - from;
    }
    html + &escape(&part[done..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_is_marked_where_it_stands_and_everything_is_escaped() {
        let topic = |from, to, topic| (from..to, Some(topic));
        let places = [topic(2, 3, "\"T\""), topic(2, 5, "U"), (4..5, None), topic(6, 9, "U"), topic(9, 14, "U")];
        assert_eq!(
            marked("a b c <d> e", 0, &places),
            "a <mark title=\"&quot;T&quot;\">b</mark> <mark class=found>c</mark> <mark title=\"U\">&lt;d&gt;</mark> e"
        );
        assert_eq!(marked("d c", 2, &[topic(0, 1, "U"), topic(4, 5, "U")]), "d <mark title=\"U\">c</mark>");
        assert_eq!(marked("é", 0, &[topic(1, 2, "U")]), "é");
    }
}
