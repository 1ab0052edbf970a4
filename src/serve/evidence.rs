//! What an article was tagged by, shown in its text.

use std::cmp::Reverse;

use super::TopicNames;
use crate::{
    model::{Article, Entity, TextField},
    text::html::escape,
};

/// Returns the title as HTML, with what spoke for the article's topics marked.
pub(super) fn title(names: &TopicNames, article: &Article) -> String {
    marked(&article.title, 0, &places(names, article, TextField::Title))
}

/// Returns the body as paragraphs of HTML, marked likewise.
pub(super) fn paragraphs(names: &TopicNames, article: &Article) -> String {
    let places = places(names, article, TextField::Body);
    let mut from = 0;
    let paragraph = |part: &str| {
        let html = marked(part, from, &places).replace('\n', "<br>");
        from += part.len() + "\n\n".len();
        format!("<p>{html}</p>")
    };
    article.body.split("\n\n").map(paragraph).collect()
}

/// Returns the names in the text, each a search for it, as a list.
pub(super) fn entities(article: &Article) -> String {
    let entity = |entity: &Entity| {
        let query = format!("entity:\"{}\"", entity.name.replace('"', ""));
        let query: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
        format!("<li><a href=\"/?q={query}\">{}</a> {}", escape(&entity.name), entity.count)
    };
    match &article.entities[..] {
        [] => String::new(),
        all => format!("<ul class=topics aria-label=Names>{}</ul>", all.iter().map(entity).collect::<String>()),
    }
}

/// A piece of evidence: where it begins in its field, its words, and the topic that it speaks for.
type Place<'a> = (usize, &'a str, &'a str);

/// The evidence in one field, in its order, the longer first where two begin in one place.
fn places<'a>(names: &'a TopicNames, article: &'a Article, field: TextField) -> Vec<Place<'a>> {
    let given = article.topics.iter().filter(|topic| topic.matched);
    let all = given.flat_map(|topic| topic.evidence.iter().map(move |evidence| (evidence, names.name(&topic.topic))));
    let here = all.filter(|(evidence, _)| evidence.field == field);
    let mut places: Vec<Place<'a>> = here.map(|(found, topic)| (found.offset, found.phrase.as_str(), topic)).collect();
    places.sort_by_key(|&(offset, phrase, _)| (offset, Reverse(phrase.len())));
    places
}

/// Marks the evidence in a part of a field that begins at `from`. What goes on beyond the part is not marked, nor is
/// what overlaps something that is.
fn marked(part: &str, from: usize, places: &[Place<'_>]) -> String {
    let (mut html, mut done) = (String::with_capacity(part.len()), 0);
    for &(offset, phrase, topic) in places {
        let Some(start) = offset.checked_sub(from).filter(|start| *start >= done) else { continue };
        if part.get(start..).is_some_and(|rest| rest.starts_with(phrase)) {
            html += &escape(&part[done..start]);
            html += &format!("<mark title=\"{}\">{}</mark>", escape(topic), escape(phrase));
            done = start + phrase.len();
        }
    }
    html + &escape(&part[done..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_is_marked_where_it_stands_and_everything_is_escaped() {
        let places = [(2, "b", "\"T\""), (2, "b c", "U"), (4, "c", "U"), (6, "<d>", "U"), (9, " e\n\nf", "U")];
        assert_eq!(
            marked("a b c <d> e", 0, &places),
            "a <mark title=\"&quot;T&quot;\">b</mark> <mark title=\"U\">c</mark> <mark title=\"U\">&lt;d&gt;</mark> e"
        );
        assert_eq!(marked("d c", 2, &[(0, "x", "U"), (4, "c", "U")]), "d <mark title=\"U\">c</mark>");
        assert_eq!(marked("é", 0, &[(1, "x", "U")]), "é");
    }
}
