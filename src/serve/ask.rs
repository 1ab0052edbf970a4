//! The parameters of requests: one table that reading them and the API's description share.

use clap::ValueEnum;

use super::{By, Error, Order, Question};

/// The most rows of one answer.
pub(super) const MOST_ROWS: usize = 1_000;
/// The deepest `offset`; with a cursor there is no end.
pub(super) const MOST_OFFSET: usize = 100_000;

/// What a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    /// A text.
    Text,
    /// Texts: given several times, each of them fits.
    Texts,
    /// An id.
    Id,
    /// Ids, given several times.
    Ids,
    /// A time, a date or an age.
    Time,
    /// A number from 0 to this.
    Number(usize),
    /// `true` or `false`.
    Flag,
    /// One of the orders.
    Order,
    /// Fields to count by, separated by commas.
    Fields,
}

/// A parameter: its name, what it takes, what it means.
pub(super) struct Parameter {
    pub name: &'static str,
    pub takes: Takes,
    pub about: &'static str,
}

const fn parameter(name: &'static str, takes: Takes, about: &'static str) -> Parameter {
    Parameter { name, takes, about }
}

const PARAMETERS: [Parameter; 22] = [
    parameter("q", Takes::Text, "What to look for, in the language of search; everything where it is left out"),
    parameter("query", Takes::Text, "The same as `q`"),
    parameter("topic", Takes::Texts, "With one of these topics or one below it, by name or id"),
    parameter("source", Takes::Texts, "Announced by one of these sources, by name or id"),
    parameter("outlet", Takes::Texts, "Published by one of these outlets"),
    parameter("tag", Takes::Texts, "With one of these tags"),
    parameter("lang", Takes::Texts, "In one of these languages, such as `de`"),
    parameter("author", Takes::Texts, "By one of these authors"),
    parameter("entity", Takes::Texts, "With one of these names in them"),
    parameter("story", Takes::Ids, "In one of these stories"),
    parameter("since", Takes::Time, "Published since: a time (RFC 3339), a date, or an age such as `24h` or `7d`"),
    parameter("until", Takes::Time, "Published until"),
    parameter("sort", Takes::Order, "The order; by relevance where there are words to rank, else the newest first"),
    parameter("limit", Takes::Number(MOST_ROWS), "The most rows of the answer"),
    parameter("offset", Takes::Number(MOST_OFFSET), "Hits to skip; a cursor is better where articles arrive meanwhile"),
    parameter("cursor", Takes::Text, "Goes on where an answer ended: its `next`"),
    parameter("copies", Takes::Flag, "Show each copy instead of one hit a group"),
    parameter("explain", Takes::Flag, "Tell of each hit why it has its score"),
    parameter("count_by", Takes::Fields, "Count the hits by these fields instead of showing them"),
    parameter("id", Takes::Id, "Its id, 16 hexadecimal digits"),
    parameter("stories", Takes::Flag, "Group the hits of a page by story"),
    parameter("min_outlets", Takes::Number(u32::MAX as usize), "Reported by so many outlets or more"),
];

/// The parameters of `/api/v1/search`.
pub(super) const SEARCH: &[&str] = &[
    "q", "query", "topic", "source", "outlet", "tag", "lang", "author", "entity", "story", "since", "until", "sort",
    "limit", "offset", "cursor", "copies", "explain", "count_by",
];
/// The parameters of feeds.
pub(super) const FEED: &[&str] = &[
    "q", "query", "topic", "source", "outlet", "tag", "lang", "author", "entity", "story", "since", "until", "sort",
    "limit", "offset", "copies",
];
/// The parameters of the search page.
pub(super) const PAGE: &[&str] = &[
    "q", "query", "topic", "source", "outlet", "tag", "lang", "author", "entity", "story", "since", "until", "sort",
    "limit", "cursor", "copies", "stories",
];
/// The parameters of `/api/v1/stories`.
pub(super) const STORIES: &[&str] = &["topic", "since", "min_outlets", "limit"];
/// The parameters of what is asked for by its id.
pub(super) const ONE: &[&str] = &["id"];
/// The parameters of numbers by day.
pub(super) const TRENDS: &[&str] = &["topic", "since", "until"];

/// Returns a parameter by its name; hyphens are as good as underscores.
pub(super) fn known(name: &str) -> Option<&'static Parameter> {
    let name = name.replace('-', "_");
    PARAMETERS.iter().find(|parameter| parameter.name == name)
}

/// A question with what only a request can say of it.
#[derive(Debug)]
pub(super) struct Asked {
    pub question: Question,
    pub count_by: Vec<By>,
    pub id: Option<String>,
    pub stories: bool,
    pub min_outlets: Option<u32>,
}

/// Who asks: a program says what it means, a form sends its empty fields along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    Program,
    Form,
}

/// Reads the parameters of a request, of those that are `accepted`.
///
/// # Errors
/// When a parameter is unknown, comes twice or has no meaning: a misspelt filter must not widen a search silently.
pub(super) fn asked(query: Option<&str>, accepted: &[&str], limit: usize, manner: Manner) -> Result<Asked, Error> {
    let mut asked = Asked {
        question: Question { limit, ..Question::default() },
        count_by: Vec::new(),
        id: None,
        stories: false,
        min_outlets: None,
    };
    let mut seen = Vec::new();
    for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        let Some(parameter) = known(&name).filter(|parameter| accepted.contains(&parameter.name)) else {
            return Err(unknown(&name, accepted));
        };
        if manner == Manner::Form && value.is_empty() {
            continue;
        }
        let once = !matches!(parameter.takes, Takes::Texts | Takes::Ids);
        if once && seen.contains(&parameter.name) {
            return Err(Error::Question(format!("`{}` is given twice", parameter.name)));
        }
        seen.push(parameter.name);
        asked.take(parameter, value.into_owned(), manner)?;
    }
    if asked.question.cursor.is_some() && asked.question.offset > 0 {
        return Err(Error::Question("`cursor` and `offset` exclude each other".to_owned()));
    }
    Ok(asked)
}

impl Asked {
    fn take(&mut self, parameter: &Parameter, text: String, manner: Manner) -> Result<(), Error> {
        let question = &mut self.question;
        let name = parameter.name;
        let number = |text: &str| match parameter.takes {
            Takes::Number(most) => number(name, text, most),
            _ => Ok(0),
        };
        let texts = |list: &mut Vec<String>, text: String| {
            if !text.is_empty() {
                list.push(text);
            }
        };
        match name {
            "q" | "query" => question.query = Some(text),
            "topic" => texts(&mut question.topic, text),
            "source" => texts(&mut question.source, text),
            "outlet" => texts(&mut question.outlet, text),
            "tag" => texts(&mut question.tag, text),
            "lang" => texts(&mut question.lang, text),
            "author" => texts(&mut question.author, text),
            "entity" => texts(&mut question.entity, text),
            "story" => question.story.push(text),
            "since" => question.since = Some(text),
            "until" => question.until = Some(text),
            "sort" => question.sort = Some(choice::<Order>(name, &text)?),
            "limit" => question.limit = number(&text)?,
            "offset" => question.offset = number(&text)?,
            "cursor" => question.cursor = Some(text).filter(|text| !text.is_empty()),
            "copies" => question.copies = flag(name, &text, manner)?,
            "stories" => self.stories = flag(name, &text, manner)?,
            "explain" => question.explain = flag(name, &text, manner)?,
            "count_by" => {
                self.count_by = text.split(',').map(|text| choice::<By>(name, text)).collect::<Result<_, _>>()?;
            }
            "id" => self.id = Some(text),
            _ => self.min_outlets = Some(u32::try_from(number(&text)?).unwrap_or(u32::MAX)),
        }
        Ok(())
    }
}

fn unknown(name: &str, accepted: &[&str]) -> Error {
    let nearest = accepted.iter().map(|known| (strsim::damerau_levenshtein(known, name), known)).min();
    // Two letters of a short name: farther off it is another word.
    let hint = match nearest {
        Some((0..=2, known)) => format!("did you mean `{known}`?"),
        _ => format!("there are {}", accepted.join(", ")),
    };
    Error::Question(format!("unknown parameter `{name:.60}`\nhint: {hint}"))
}

/// Returns the names of an enumeration.
pub(super) fn names<T: ValueEnum>() -> Vec<String> {
    T::value_variants().iter().filter_map(|value| Some(value.to_possible_value()?.get_name().to_owned())).collect()
}

fn choice<T: ValueEnum>(name: &str, text: &str) -> Result<T, Error> {
    T::from_str(text, false)
        .map_err(|_| Error::Question(format!("{name} `{text:.60}` is none of {}", names::<T>().join(", "))))
}

fn number(name: &str, text: &str, most: usize) -> Result<usize, Error> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse()
        .ok()
        .filter(|number| digits && *number <= most)
        .ok_or_else(|| Error::Question(format!("{name} `{text:.60}` is not a number from 0 to {most}")))
}

fn flag(name: &str, text: &str, manner: Manner) -> Result<bool, Error> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ if manner == Manner::Form => Ok(true),
        _ => Err(Error::Question(format!("{name} `{text:.60}` is neither true nor false"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refuse(query: &str, accepted: &[&str], message: &str) {
        let error = asked(Some(query), accepted, 10, Manner::Program).expect_err(query).to_string();
        assert!(error.contains(message), "{query}: {error}");
    }

    #[test]
    fn what_has_no_meaning_is_refused_with_advice() {
        refuse("sorce=x", SEARCH, "did you mean `source`?");
        refuse("q=a&giraffe=1", SEARCH, "unknown parameter `giraffe`");
        refuse("author=x", STORIES, "unknown parameter `author`");
        refuse("limit=1001", SEARCH, "from 0 to 1000");
        refuse("limit=", SEARCH, "not a number");
        refuse("offset=-1", SEARCH, "not a number");
        refuse("sort=best", SEARCH, "none of relevance, newest, oldest");
        refuse("count_by=lang,giraffe", SEARCH, "none of topic, source");
        refuse("copies=perhaps", SEARCH, "neither true nor false");
        refuse("q=a&q=b", SEARCH, "given twice");
        refuse("cursor=abc&offset=1", SEARCH, "exclude each other");
    }

    #[test]
    fn a_form_sends_its_empty_fields_along() {
        let asked = asked(Some("q=a&since=&limit=&copies=on&topic="), FEED, 20, Manner::Form).expect("readable");
        let Question { query, since, limit, copies, topic, .. } = asked.question;
        assert_eq!((query.as_deref(), since, limit, copies, topic.len()), (Some("a"), None, 20, true, 0));
    }

    #[test]
    fn every_parameter_is_known_and_read() {
        for name in SEARCH.iter().chain(STORIES) {
            assert!(known(name).is_some(), "{name}");
        }
        let query = "topic=a&topic=b&count-by=lang,topic&limit=5&explain=true&cursor=x";
        let asked = asked(Some(query), SEARCH, 10, Manner::Program).expect("readable");
        assert_eq!(asked.question.topic, ["a", "b"]);
        assert_eq!(asked.count_by, [By::Lang, By::Topic]);
        assert!(asked.question.explain && asked.question.limit == 5);
    }
}
