//! Topics with their articles, and how many of them came lately.

use std::{cmp::Ordering, collections::HashMap};

use axum::{extract::State, response::Response};
use chrono::{Days, Utc};

use super::{Page, answer, chart, grouped, link::Link, topic_list};
use crate::{
    model::{Time, TopicId},
    serve::{
        Archive, By, Error, Question, Shared,
        json::{CountRow, TopicRow},
    },
    text::html::escape,
};

/// Days of a trend.
const DAYS: u64 = 30;

pub(in crate::serve) async fn topics(State(shared): State<Shared>) -> Response {
    answer(shared.ask(|archive| page(archive, Utc::now()).map(Some)).await, "page")
}

fn page(archive: &Archive, now: Time) -> Result<Page, Error> {
    let rows = archive.topic_rows()?;
    let mut children: HashMap<Option<&TopicId>, Vec<&TopicRow>> = HashMap::new();
    for row in &rows {
        // What has an unknown parent stands at the top.
        let parent = row.parent.as_ref().filter(|parent| rows.iter().any(|row| row.id == **parent));
        children.entry(parent).or_default().push(row);
    }
    let mut main = format!(
        "<h1>Topics</h1><table class=trends><caption>Articles by topic, and by day of the last {DAYS} days</caption>\
         <thead><tr><th scope=col>Topic<th scope=col>Articles<th scope=col>7 days<th scope=col>Trend<tbody>"
    );
    let mut next: Vec<(&TopicRow, usize)> =
        children.get(&None).into_iter().flatten().rev().map(|row| (*row, 0)).collect();
    let mut without = Vec::new();
    while let Some((row, depth)) = next.pop() {
        // What its link asks for: its articles and those of the topics below it, copies counted once.
        let question = Question { topic: vec![row.id.0.clone()], ..Question::default() };
        let (found, days) = archive.counts(&question, &[(By::Day, usize::MAX)], now)?;
        if found == 0 {
            without.push(row.name.clone());
        } else {
            main += &topic_html(row, depth, found, &latest(&days.concat(), now));
        }
        next.extend(children.get(&Some(&row.id)).into_iter().flatten().rev().map(|row| (*row, depth + 1)));
    }
    main += "</table>";
    if !without.is_empty() {
        main += &format!("<h2>Without articles</h2>{}", topic_list(&without));
    }
    Ok(Page { title: "Topics".to_owned(), main, place: "/topics", ..Page::default() })
}

fn topic_html(topic: &TopicRow, depth: usize, found: u64, days: &[u64]) -> String {
    let week = |from: usize| days.iter().rev().skip(from).take(7).sum::<u64>();
    let (this, last) = (week(0), week(7));
    let arrow = |class: &str, sign: char, way: &str| {
        format!(
            " <span class={class}><span aria-hidden=true>{sign}</span><span class=hidden>, {way} from {last}</span></span>"
        )
    };
    let change = match this.cmp(&last) {
        Ordering::Greater => arrow("up", '▲', "up"),
        Ordering::Less => arrow("down", '▼', "down"),
        Ordering::Equal => String::new(),
    };
    let href = Link::default().with("topic", &topic.id.0).href("/");
    format!(
        "<tr class=depth-{}><th scope=row><a href=\"{href}\">{}</a><td>{}<td>{}{change}<td>{}",
        depth.min(3),
        escape(&topic.name),
        grouped(found),
        grouped(this),
        chart::sparkline(days),
    )
}

/// Returns how many articles came on each of the last days.
fn latest(counts: &[CountRow], now: Time) -> Vec<u64> {
    let day = |ago: u64| (now - Days::new(ago)).format("%Y-%m-%d").to_string();
    let count = |day: String| counts.iter().rfind(|row| row.value == day).map_or(0, |row| row.count);
    (0..DAYS).rev().map(|ago| count(day(ago))).collect()
}
