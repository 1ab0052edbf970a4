//! `dateline topics count`: what a rule would tag, before it is saved.

use std::{fs, path::Path};

use anyhow::{Context, Error};
use chrono::Utc;
use rayon::prelude::*;

use super::{Global, Output, open};
use crate::{
    config::{self, Loaded, TopicPosition, TopicRule},
    model::Article,
    serve,
    store::{ArticleFilter, Cursor},
    topic::Text,
};

/// Articles read and tagged at once.
const BATCH: usize = 400;

/// Counts what a rule would tag among the stored articles, by tagging them.
pub(super) fn count(rule: &str, global: &Global, output: &Output) -> Result<(), Error> {
    let topics = rules(rule)?;
    let tagger = open::tagger(&topics)?;
    let reader = open::reader(global)?;
    let articles = reader.counts()?.articles;
    let bar = output.progress(Some(articles), "reading");
    let mut counts = vec![0_u64; topics.topics.len()];
    let mut next = Some(Cursor::default());
    while let Some(cursor) = next {
        let (page, after) = reader.export(&ArticleFilter::default(), cursor, BATCH)?;
        let tag = |article: &Article| {
            let text = Text { title: &article.title, body: &article.body, lang: article.lang.as_deref() };
            tagger.tag(&text).topics
        };
        for found in page.par_iter().map(tag).collect::<Vec<_>>().into_iter().flatten() {
            let topic = tagger.topics().iter().position(|topic| topic.id == found.topic);
            counts[topic.expect("the tagger gives its own topics")] += 1;
        }
        bar.inc(page.len() as u64);
        next = after;
    }
    bar.finish_and_clear();
    for (topic, count) in topics.topics.iter().zip(counts) {
        if output.json {
            output.row(&serde_json::json!({ "rule": rule, "topic": topic.id, "articles": count }))?;
        } else {
            let id = if topic.id == UNNAMED { String::new() } else { format!("{}: ", topic.id) };
            output.line(&format!("{id}{count} of {articles} stored articles"))?;
        }
    }
    Ok(())
}

/// What a rule without an id is called.
const UNNAMED: &str = "rule";

/// Reads a rule: a topics file, what would stand in one, the inside of a `[[topic]]`, or a query.
fn rules(rule: &str) -> Result<Loaded, Error> {
    let path = Path::new(rule);
    let topics = if path.is_file() {
        let text = fs::read_to_string(path).with_context(|| format!("{rule} cannot be read"))?;
        config::parse_topics(&text, path)?
    } else if rule.contains("[[topic]]") {
        config::parse_topics(rule, Path::new("rule"))?
    } else if rule.parse::<toml::Table>().is_ok() {
        config::parse_topics(&format!("[[topic]]\nid = \"{UNNAMED}\"\n{rule}"), Path::new("rule"))?
    } else {
        serve::read_query(rule, Utc::now())?;
        let query =
            TopicRule { id: UNNAMED.into(), name: UNNAMED.into(), query: Some(rule.into()), ..TopicRule::default() };
        vec![(query, TopicPosition::default())]
    };
    // The parent is among the topics that hold, and has no part in what the rule finds.
    let alone = |(rule, position)| (TopicRule { parent: None, outranks: Vec::new(), ..rule }, position);
    let (topics, topic_positions) = topics.into_iter().map(alone).unzip();
    Ok(Loaded { topics, topic_positions, ..Loaded::default() })
}
