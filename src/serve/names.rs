//! What topics are called: ids in the store and the index, names on screen and in JSON.
//!
//! The last run leaves this list in the store, so that a search needs no topic file and shows what the archive was tagged by.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::{
    config::TopicRule,
    model::TopicId,
    store::{Error, Reader},
};

/// Where the list is kept in the store.
pub const NAMES: &str = "topics.names";

/// One topic's names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopicName {
    /// Its id.
    pub id: TopicId,
    /// Its name.
    pub name: String,
    /// Its parent's id.
    pub parent: Option<TopicId>,
    /// Its IPTC Media Topics code.
    pub iptc: Option<String>,
}

/// All topics' names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TopicNames {
    /// As the store has them; empty where they come from rules.
    stored: String,
    list: Vec<TopicName>,
    by_id: HashMap<TopicId, usize>,
}

impl TopicNames {
    /// Takes the names from the rules of a configuration.
    pub fn of_rules(rules: &[TopicRule]) -> Self {
        Self::new(
            rules
                .iter()
                .map(|rule| TopicName {
                    id: TopicId(rule.id.clone()),
                    name: rule.name.clone(),
                    parent: rule.parent.clone().map(TopicId),
                    iptc: rule.iptc.clone(),
                })
                .collect(),
        )
    }

    /// Reads the names that the last run left in the store.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn of_store(reader: &Reader) -> Result<Self, Error> {
        let mut names = Self::default();
        names.refresh(reader)?;
        Ok(names)
    }

    /// Reads the names again, where a run has left others.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn refresh(&mut self, reader: &Reader) -> Result<(), Error> {
        let stored = reader.get_meta(NAMES)?.unwrap_or_default();
        if stored != self.stored {
            let names = Self::new(serde_json::from_str(&stored).unwrap_or_default());
            *self = Self { stored, ..names };
        }
        Ok(())
    }

    /// Returns the list as it is kept in the store.
    pub fn to_json(&self) -> String {
        serde_json::to_string(&self.list).expect("names are plain data")
    }

    fn new(list: Vec<TopicName>) -> Self {
        let by_id = list.iter().enumerate().map(|(at, topic)| (topic.id.clone(), at)).collect();
        Self { stored: String::new(), list, by_id }
    }

    /// Returns the topics in the order of the configuration.
    pub fn list(&self) -> &[TopicName] {
        &self.list
    }

    /// Returns a topic's name; a topic that is configured no more is shown by its id.
    pub fn name<'a>(&'a self, id: &'a TopicId) -> &'a str {
        self.by_id.get(id).map_or(id.0.as_str(), |&at| self.list[at].name.as_str())
    }

    /// Returns the names of several topics.
    pub fn names<'a>(&self, ids: impl IntoIterator<Item = &'a TopicId>) -> Vec<String> {
        ids.into_iter().map(|id| self.name(id).to_owned()).collect()
    }

    /// Returns the topic meant by a name or id, whatever its case, and everything below it.
    ///
    /// # Errors
    /// With the nearest known name when there is no such topic.
    pub fn resolve(&self, asked: &str) -> Result<Vec<TopicId>, String> {
        let asked = asked.trim();
        let same = |topic: &&TopicName| {
            topic.id.0.eq_ignore_ascii_case(asked) || topic.name.to_lowercase() == asked.to_lowercase()
        };
        let Some(found) = self.list.iter().find(same) else { return Err(self.unknown(asked)) };
        let mut ids = vec![found.id.clone()];
        let mut next = 0;
        // Breadth first over the children; a cycle, which the configuration refuses, would end here too.
        while next < ids.len() {
            let parent = ids[next].clone();
            let children = self.list.iter().filter(|topic| topic.parent.as_ref() == Some(&parent));
            let new: Vec<TopicId> = children.map(|topic| topic.id.clone()).filter(|id| !ids.contains(id)).collect();
            ids.extend(new);
            next += 1;
        }
        Ok(ids)
    }

    fn unknown(&self, asked: &str) -> String {
        let likeness = |name: &str| strsim::jaro_winkler(&name.to_lowercase(), &asked.to_lowercase());
        let nearest = self.list.iter().max_by(|a, b| likeness(&a.name).total_cmp(&likeness(&b.name)));
        // Jaro–Winkler below this is another word, not a slip.
        match nearest.filter(|topic| likeness(&topic.name) >= 0.8) {
            Some(topic) => {
                format!("no topic `{asked}`\nhint: did you mean `{}`? `dateline topics` lists all", topic.name)
            }
            None if self.list.is_empty() => format!("no topic `{asked}`: topics are known after the first run"),
            None => format!("no topic `{asked}`\nhint: `dateline topics` lists all"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> TopicNames {
        let rule = |id: &str, name: &str, parent: Option<&str>| TopicRule {
            id: id.into(),
            name: name.into(),
            parent: parent.map(Into::into),
            ..TopicRule::default()
        };
        TopicNames::of_rules(&[
            rule("diplomacy", "Diplomacy", None),
            rule("peace-talks", "Peace talks", Some("diplomacy")),
            rule("envoys", "Envoys", Some("peace-talks")),
        ])
    }

    #[test]
    fn a_topic_is_found_by_name_or_id_with_its_children() {
        let ids = |asked: &str| names().resolve(asked).map(|ids| ids.into_iter().map(|id| id.0).collect::<Vec<_>>());
        assert_eq!(ids("PEACE talks"), Ok(vec!["peace-talks".to_owned(), "envoys".to_owned()]));
        assert_eq!(ids("diplomacy").map(|ids| ids.len()), Ok(3));
        assert!(ids("peace-talk").is_err_and(|hint| hint.contains("Peace talks")));
    }

    #[test]
    fn the_list_survives_the_store() {
        let names = names();
        assert_eq!(TopicNames::new(serde_json::from_str(&names.to_json()).expect("own JSON")), names);
    }
}
