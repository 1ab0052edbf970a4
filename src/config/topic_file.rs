//! Topics files: `[[topic]]` in TOML, with a table for each language.
//!
//! Only the shape is checked here; what phrases mean, and whether they can match at all, is `topic/`'s business, which
//! is why every phrase keeps its line.

use std::{collections::BTreeMap, path::Path};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    Phrases, TopicRule,
    document::{Document, Fields, tables},
    problem::{Position, Problem, Problems},
    value::{Given, Value},
};

/// Where a topic and its phrases stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TopicPosition {
    /// Where the topic begins.
    pub topic: Position,
    /// The line of each phrase, under its language, whose own line stands under the empty phrase.
    phrases: BTreeMap<(String, String), usize>,
    /// Where other files add phrases.
    added: Vec<Self>,
}

impl TopicPosition {
    /// Returns where a phrase stands, as it is written: the last place of several; that of its language when there is no
    /// such phrase, and the topic's own without such a language.
    pub fn of_phrase(&self, language: &str, phrase: &str) -> Position {
        let place = |phrase: &str| {
            let key = (language.to_owned(), phrase.to_owned());
            let mut parts = self.added.iter().rev().chain([self]);
            parts.find_map(|part| Some(Position { file: part.topic.file.clone(), line: *part.phrases.get(&key)? }))
        };
        place(phrase).or_else(|| place("")).unwrap_or_else(|| self.topic.clone())
    }

    /// Takes the positions of phrases that another file adds.
    pub(super) fn add(&mut self, other: Self) {
        self.added.push(other);
    }
}

/// Reads topics from a text, each with where it stands in what is `shown` as its file.
///
/// # Errors
/// Everything that keeps it from being a topics file.
pub fn parse_topics(text: &str, shown: &Path) -> Result<Vec<(TopicRule, TopicPosition)>, Problems> {
    let (mut document, table) = Document::parse(text, shown, Path::new(""));
    let topics = read(&mut document, table);
    if document.problems.is_empty() { Ok(topics) } else { Err(Problems(document.problems)) }
}

/// Reads the topics of a file, each with where it stands.
pub(super) fn read(document: &mut Document, table: DeTable<'_>) -> Vec<(TopicRule, TopicPosition)> {
    let mut topics = Vec::new();
    for (key, item) in table {
        if key.get_ref() == "topic" {
            let items = tables(document, "topic", item);
            topics.extend(items.into_iter().filter_map(|item| topic(document, item)));
        } else {
            let problem = Problem::new(format!("unknown key `{}` in a topics file", key.get_ref()));
            document.report(&key.span(), problem.hint("a topics file has nothing but [[topic]]"));
        }
    }
    topics
}

fn topic(document: &mut Document, item: Spanned<DeValue<'_>>) -> Option<(TopicRule, TopicPosition)> {
    let mut fields = Fields::of(document, "topic", item)?;
    let id = fields.text("id").unwrap_or_default();
    if id.is_empty() {
        fields.report("has no id", Some("add `id = \"…\"`: lowercase words joined by hyphens"));
    } else {
        fields.name_subject(&id);
    }
    let mut rule = TopicRule {
        name: fields.text("name").unwrap_or_else(|| TopicRule::name_of(&id)),
        id,
        // With its scheme, as it stands in results, or without, as the lists of codes show it.
        iptc: fields.text("iptc").map(|code| format!("medtop:{}", code.trim_start_matches("medtop:"))),
        parent: fields.text("parent"),
        outranks: fields.list("outranks"),
        description: fields.text("description"),
        min_score: fields.read("min_score", |given| given.number()),
        query: fields.text("query"),
        phrases: BTreeMap::new(),
    };
    let mut position = TopicPosition { topic: fields.position(), ..TopicPosition::default() };
    let languages = fields.take_where(|key, value| is_language(key) && matches!(value, DeValue::Table(_)));
    for (language, item) in languages {
        let subject = format!("topic \"{}\", language {language}", rule.id);
        let line = fields.document.position(&item.span()).line;
        position.phrases.insert((language.clone(), String::new()), line);
        let phrases = phrases(fields.document, &subject, &language, item, &mut position);
        rule.phrases.insert(language, phrases);
    }
    fields.finish();
    Some((rule, position))
}

fn phrases(
    document: &mut Document,
    subject: &str,
    language: &str,
    item: Spanned<DeValue<'_>>,
    position: &mut TopicPosition,
) -> Phrases {
    let Some(mut fields) = Fields::of(document, subject, item) else { return Phrases::default() };
    let phrases = Phrases {
        strong: list(&mut fields, "strong", language, position, single),
        weak: list(&mut fields, "weak", language, position, single),
        near: list(&mut fields, "near", language, position, pair),
        none: list(&mut fields, "none", language, position, single),
        none_near: list(&mut fields, "none_near", language, position, pair),
    };
    fields.finish();
    phrases
}

/// The phrases in an element of a list, whose lines are kept, and the element itself.
type Element<T> = Result<(Vec<String>, T), String>;

/// Reads a list element by element, so that one bad phrase hides no other.
fn list<T>(
    fields: &mut Fields<'_, '_>,
    name: &'static str,
    language: &str,
    position: &mut TopicPosition,
    element: impl Fn(&Given<'_>) -> Element<T>,
) -> Vec<T> {
    let Some(item) = fields.take(name) else { return Vec::new() };
    let DeValue::Array(items) = item.get_ref() else {
        fields.document.report(&item.span(), Problem::new(format!("`{name}` needs a list such as [\"a\", \"b\"]")));
        return Vec::new();
    };
    let mut read = Vec::new();
    for item in items {
        let line = fields.document.position(&item.span()).line;
        let given = Given { value: Value::Toml(item.get_ref()), base: &fields.document.base };
        match element(&given) {
            Ok((texts, value)) => {
                position.phrases.extend(texts.into_iter().map(|text| ((language.to_owned(), text), line)));
                read.push(value);
            }
            Err(message) => {
                fields.document.report(&item.span(), Problem::new(format!("a phrase of `{name}`: {message}")))
            }
        }
    }
    read
}

fn single(given: &Given<'_>) -> Element<String> {
    let text = given.text()?;
    if text.trim().is_empty() { Err("is empty".to_owned()) } else { Ok((vec![text.clone()], text)) }
}

fn pair(given: &Given<'_>) -> Element<(String, String, u32)> {
    let shape =
        || "needs the form [\"a|b\", \"c|d\", 6]: two sets of phrases and how many words apart at most".to_owned();
    let Value::Toml(DeValue::Array(items)) = given.value else { return Err(shape()) };
    let [first, second, words] = &items[..] else { return Err(shape()) };
    let part = |item| Given { value: Value::Toml(Spanned::get_ref(item)), ..*given };
    let (first, second) = (part(first).text()?, part(second).text()?);
    let words = part(words).count().ok().and_then(|words| u32::try_from(words).ok()).filter(|words| *words > 0);
    let words = words.ok_or_else(shape)?;
    let alternatives = first.split('|').chain(second.split('|')).map(|phrase| phrase.trim().to_owned());
    Ok((alternatives.collect(), (first, second, words)))
}

fn is_language(text: &str) -> bool {
    text == "any" || (matches!(text.len(), 2 | 3) && text.bytes().all(|b| b.is_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> (Vec<(TopicRule, TopicPosition)>, Vec<Problem>) {
        let (mut document, table) = Document::parse(text, Path::new("t.toml"), Path::new("/etc"));
        let topics = read(&mut document, table);
        (topics, document.problems)
    }

    #[track_caller]
    fn refused(fields: &str, line: usize, part: &str) {
        let (_, problems) = read_text(&format!("[[topic]]\nid = \"talks\"\n{fields}\n[topic.de]\nweak = [\"x\"]\n"));
        assert_eq!(problems.len(), 1, "{fields}: {problems:?}");
        assert_eq!(problems[0].line, Some(line), "{problems:?}");
        assert!(problems[0].to_string().contains(part), "{}", problems[0]);
    }

    #[test]
    fn a_topic_has_its_phrases_by_language_and_each_its_line() {
        let text = r#"
[[topic]]
id = "peace-talks"
name = "Peace talks"
min_score = 4
[topic.en]
strong = [
  "peace talks",
  "peace deal",
]
near = [["talk*", "peace|truce", 6]]
[topic.any]
none = ["chess"]
"#;
        let (topics, problems) = read_text(text);
        assert_eq!(problems, []);
        let (rule, position) = &topics[0];
        assert_eq!((rule.id.as_str(), rule.name.as_str(), rule.min_score), ("peace-talks", "Peace talks", Some(4.0)));
        assert_eq!(rule.phrases["en"].strong, ["peace talks", "peace deal"]);
        assert_eq!(rule.phrases["en"].near, [("talk*".to_owned(), "peace|truce".to_owned(), 6)]);
        assert_eq!(rule.phrases["any"].none, ["chess"]);
        for (language, phrase, line) in [
            ("en", "peace talks", 8),
            ("en", "peace deal", 9),
            ("en", "talk*", 11),
            ("en", "truce", 11),
            ("any", "chess", 13),
            ("any", "unheard of", 12),
            ("de", "unheard of", 2),
        ] {
            assert_eq!(position.of_phrase(language, phrase), Position { file: "t.toml".into(), line }, "{phrase}");
        }
    }

    #[test]
    fn a_topic_without_a_name_is_called_as_its_id_reads() {
        assert_eq!(read_text("[[topic]]\nid = \"air-strikes\"\nquery = \"strike\"").0[0].0.name, "air strikes");
    }

    #[test]
    fn what_does_not_fit_is_named_with_its_line() {
        refused("nmae = \"x\"", 3, "did you mean `name`?");
        refused("[topic.en]\nstrongs = [\"x\"]", 4, "did you mean `strong`?");
        refused("[topic.en]\nstrong = [\"\"]", 4, "is empty");
        refused("[topic.en]\nstrong = [\n\"a\",\n1]", 6, "needs text");
        refused("[topic.en]\nstrong = \"x\"", 4, "needs a list");
        refused("[topic.en]\nnear = [[\"a\", \"b\"]]", 4, "needs the form");
        refused("[topic.en]\nnear = [[\"a\", \"b\", 0]]", 4, "needs the form");
        refused("[topic.english]\nstrong = [\"x\"]", 3, "unknown key `english`");
        refused("min_score = \"high\"", 3, "needs a number");
    }
}
