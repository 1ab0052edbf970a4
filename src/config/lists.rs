//! The lists that the settings name: sources, topics and names, each element with its position.

use std::{collections::HashMap, path::Path};

use super::{
    Outlines, Place, Position, Problem,
    document::Document,
    load::{Loading, parent},
    name_file, parse_opml, source_file, topic_file,
};
use crate::model::Source;

/// The shipped topics and names, for those who configure none.
const BUILT_IN_TOPICS: [(&str, &str); 2] = [
    ("built-in topics.toml", include_str!("../../config/topics.toml")),
    ("built-in topics-languages.toml", include_str!("../../config/topics-languages.toml")),
];
const BUILT_IN_NAMES: &str = include_str!("../../config/names.toml");

impl Loading<'_> {
    pub fn read_sources(&mut self) {
        let mut first_seen: HashMap<String, Position> = HashMap::new();
        for file in self.loaded.settings.sources.clone() {
            let Some(text) = self.read_text(&file, Some("sources")) else { continue };
            let shown = self.shown(&file);
            // Lists come under many names; what is XML cannot be TOML.
            let is_opml = text.trim_start_matches('\u{feff}').trim_start().starts_with('<');
            let sources = if is_opml {
                self.outlines(&shown, parse_opml(&text))
            } else {
                let (mut document, table) = Document::parse(&text, &shown, parent(&file));
                let sources = source_file::read(&mut document, table);
                self.problems.append(&mut document.problems);
                sources
            };
            for (source, position) in sources {
                let address = super::same_address(&source.url);
                match first_seen.get(&address) {
                    Some(first) => {
                        let problem = Problem::new(format!(
                            "`{}` is a source already, at {first}",
                            super::without_password(&source.url)
                        ));
                        let list = if is_opml { &mut self.loaded.warnings } else { &mut self.problems };
                        list.push(problem.at(&position).hint("remove one of the two"));
                    }
                    None => {
                        first_seen.insert(address, position.clone());
                        self.loaded.sources.push(source);
                        self.loaded.source_positions.push(position);
                    }
                }
            }
        }
    }

    /// Takes what an OPML file lists; another program wrote it, so what is wrong in it stops nobody.
    fn outlines(&mut self, shown: &Path, outlines: Outlines) -> Vec<(Source, Position)> {
        self.loaded.warnings.extend(outlines.problems.into_iter().map(|problem| problem.in_file(shown)));
        let positions = outlines.lines.into_iter().map(|line| Position { file: shown.to_owned(), line });
        outlines.sources.into_iter().zip(positions).collect()
    }

    pub fn read_topics(&mut self) {
        if !self.is_set("topics") {
            for (shown, text) in BUILT_IN_TOPICS {
                self.take_topics(text, Path::new(shown), Path::new(""));
            }
        }
        for file in self.loaded.settings.topics.clone() {
            if let Some(text) = self.read_text(&file, Some("topics")) {
                self.take_topics(&text, &self.shown(&file), parent(&file));
            }
        }
    }

    /// Takes the topics of a file; one that only adds phrases to a topic of an earlier file becomes a part of it.
    fn take_topics(&mut self, text: &str, shown: &Path, base: &Path) {
        let (mut document, table) = Document::parse(text, shown, base);
        for (topic, position) in topic_file::read(&mut document, table) {
            let earlier = self.loaded.topics.iter().position(|known| known.id == topic.id && !topic.id.is_empty());
            if let Some(earlier) = earlier {
                let first = &mut self.loaded.topic_positions[earlier];
                if topic.only_adds_phrases() && first.topic.file != position.topic.file {
                    self.loaded.topics[earlier].add_phrases(topic);
                    first.add(position);
                    continue;
                }
                let problem = Problem::new(format!("topic \"{}\" is there already, at {}", topic.id, first.topic));
                document.problems.push(problem.at(&position.topic).hint(
                    "remove one of the two, or give it another id; in another file, an id and phrases alone add to it",
                ));
            }
            self.loaded.topics.push(topic);
            self.loaded.topic_positions.push(position);
        }
        self.problems.append(&mut document.problems);
    }

    pub fn read_names(&mut self) {
        if !self.is_set("names") {
            self.take_names(BUILT_IN_NAMES, Path::new("built-in names.toml"), Path::new(""));
        }
        for file in self.loaded.settings.names.clone() {
            if let Some(text) = self.read_text(&file, Some("names")) {
                self.take_names(&text, &self.shown(&file), parent(&file));
            }
        }
    }

    fn take_names(&mut self, text: &str, shown: &Path, base: &Path) {
        let (mut document, table) = Document::parse(text, shown, base);
        for (name, position) in name_file::read(&mut document, table) {
            self.loaded.names.push(name);
            self.loaded.name_positions.push(position);
        }
        self.problems.append(&mut document.problems);
    }

    fn is_set(&self, key: &str) -> bool {
        self.loaded.origins.get(key).is_some_and(|origin| origin.place != Place::Default)
    }
}
