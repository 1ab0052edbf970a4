//! The parser: one pass over the text by recursive descent, its depth and size bounded.

use super::{Error, Field, Query, parse_time, time::read_age};
use crate::{
    model::{ArticleId, TextField, Time},
    text::tokenize,
};

/// The most characters of a query; an alert's query of some hundred names is below 3,000.
const MAX_CHARS: usize = 10_000;
/// The most clauses: words, phrases and fields.
const MAX_CLAUSES: usize = 200;
/// The most words, those in phrases counted: each is a list of places to read.
const MAX_WORDS: usize = 1_000;
/// The most clauses with `*` or `~`: each is a walk through the whole dictionary.
const MAX_LOOSE: usize = 30;
/// The longest word with `~` in characters: the automaton that finds it grows with it, to about a megabyte here.
const MAX_FUZZY_CHARS: usize = 40;
/// The deepest nesting of brackets and NOT.
const MAX_DEPTH: usize = 50;
/// The most places between the words of a phrase; further apart than this AND says the same.
const MAX_SLOP: u32 = 100;

/// Reads a query. An empty text asks for everything.
///
/// # Errors
/// When the text cannot be read or asks for more than the limits allow; the error says where.
pub fn parse(text: &str, now: Time) -> Result<Query, Error> {
    if let Some((at, _)) = text.char_indices().nth(MAX_CHARS) {
        return Err(Error::new(at, format!("a query has at most {MAX_CHARS} characters")));
    }
    let mut parser = Parser { text, at: 0, now, depth: 0, clauses: 0, words: 0, loose: 0 };
    let query = parser.any_of(Scope::Text(None))?;
    if parser.peek() == Some(')') {
        return Err(Error::new(parser.at, "this `)` closes nothing"));
    }
    match query {
        Some(query) => Ok(query),
        None if text.trim().is_empty() => Ok(Query::All),
        None => Err(Error::new(0, "there is no word in this query")),
    }
}

/// Whether a character opens or closes a phrase: users paste quotation marks of every kind.
pub(super) fn is_quote(c: char) -> bool {
    matches!(c, '"' | '“' | '”' | '„' | '«' | '»')
}

/// What the words at a place are looked for in.
#[derive(Clone, Copy)]
enum Scope {
    Text(Option<TextField>),
    Is(Field),
    Published,
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    now: Time,
    depth: usize,
    clauses: usize,
    words: usize,
    loose: usize,
}

impl<'a> Parser<'a> {
    /// `a b OR c`: lists joined by OR, up to the end or a closing bracket.
    fn any_of(&mut self, scope: Scope) -> Result<Option<Query>, Error> {
        let mut any = Vec::new();
        let mut all = Vec::new();
        // An operator that still waits for what follows it.
        let mut operator: Option<(usize, &str)> = None;
        loop {
            self.skip_space();
            if matches!(self.peek(), None | Some(')')) {
                break;
            }
            if let Some(word @ ("AND" | "OR")) = self.peek_word() {
                if let Some((at, word)) = operator.or_else(|| all.is_empty().then_some((self.at, word))) {
                    return Err(operator_alone(at, word));
                }
                operator = Some((self.at, word));
                self.at += word.len();
                if word == "OR" {
                    any.push(joined(std::mem::take(&mut all)));
                }
            } else if let Some(query) = self.operand(scope)? {
                all.push(query);
                operator = None;
            }
        }
        if let Some((at, word)) = operator {
            return Err(operator_alone(at, word));
        }
        if all.is_empty() {
            return Ok(None);
        }
        any.push(joined(all));
        Ok(Some(if any.len() == 1 { any.remove(0) } else { Query::Or(any) }))
    }

    /// One operand with what negates it; `None` where there is only punctuation.
    fn operand(&mut self, scope: Scope) -> Result<Option<Query>, Error> {
        let at = self.at;
        let rest = &self.text[at..];
        if let Some(word @ ("AND" | "OR")) = self.peek_word() {
            return Err(operator_alone(at, word));
        }
        if self.peek_word() == Some("NOT") {
            self.at += "NOT".len();
            self.skip_space();
            if matches!(self.peek(), None | Some(')')) {
                return Err(operator_alone(at, "NOT"));
            }
            return self.negated(at, scope);
        }
        let signs = rest.trim_start_matches(['-', '+']);
        if signs.is_empty() || signs.starts_with(char::is_whitespace) {
            self.at += rest.len() - signs.len();
            return Ok(None);
        }
        if rest.starts_with('-') {
            self.at += 1;
            return self.negated(at, scope);
        }
        if signs.len() < rest.len() {
            // A plus asks for what holds anyway.
            self.at += 1;
            return self.deeper(at, |parser| parser.operand(scope));
        }
        self.primary(scope)
    }

    fn negated(&mut self, at: usize, scope: Scope) -> Result<Option<Query>, Error> {
        let inner = self.deeper(at, |parser| parser.operand(scope))?;
        match inner {
            Some(inner) => Ok(Some(Query::Not(Box::new(inner)))),
            None => Err(Error::new(at, "there is no word after this")),
        }
    }

    fn primary(&mut self, scope: Scope) -> Result<Option<Query>, Error> {
        match (self.peek(), scope) {
            (Some('('), _) => self.group(scope).map(Some),
            (Some(_), Scope::Published) => self.published().map(Some),
            (Some(c), Scope::Text(field)) if is_quote(c) => self.phrase(field).map(Some),
            (Some(c), Scope::Is(field)) if is_quote(c) => {
                let at = self.at;
                let value = self.quoted()?;
                self.value(field, at, value).map(Some)
            }
            _ => match self.field_name()? {
                Some(scope) => self.field_value(scope),
                None => self.bare(scope),
            },
        }
    }

    fn group(&mut self, scope: Scope) -> Result<Query, Error> {
        let at = self.at;
        self.at += 1;
        let inner = self.deeper(at, |parser| parser.any_of(scope))?;
        if self.peek() != Some(')') {
            return Err(Error::new(at, "this `(` is never closed"));
        }
        self.at += 1;
        inner.ok_or_else(|| Error::new(at, "there is no word between the brackets"))
    }

    /// Reads `name:` where a value follows it directly.
    fn field_name(&mut self) -> Result<Option<Scope>, Error> {
        let rest = &self.text[self.at..];
        let end = rest.bytes().take_while(|byte| byte.is_ascii_alphabetic() || *byte == b'_').count();
        let Some(value) = rest[end..].strip_prefix(':').filter(|_| end > 0) else { return Ok(None) };
        let name = rest[..end].to_ascii_lowercase();
        let has_value = !value.is_empty() && !value.starts_with(|c: char| c.is_whitespace() || c == ')');
        let scope = match name.as_str() {
            "title" => Scope::Text(Some(TextField::Title)),
            "body" => Scope::Text(Some(TextField::Body)),
            "published" => Scope::Published,
            name => match Field::ALL.into_iter().find(|field| field.name() == name) {
                Some(field) => Scope::Is(field),
                // An address, a line of a headline: not a field.
                None if value.starts_with("//") || !has_value => return Ok(None),
                None => return Err(unknown_field(self.at, name)),
            },
        };
        if !has_value {
            return Err(Error::new(self.at, format!("`{name}:` needs a value right behind it")));
        }
        self.at += end + 1;
        Ok(Some(scope))
    }

    fn field_value(&mut self, scope: Scope) -> Result<Option<Query>, Error> {
        let at = self.at;
        let query = match self.peek() {
            Some(c) if c == '(' || is_quote(c) => self.primary(scope)?,
            _ if matches!(scope, Scope::Published) => Some(self.published()?),
            _ => self.bare(scope)?,
        };
        // Punctuation is overlooked between words, but not as the whole of what a field is asked for.
        query.map(Some).ok_or_else(|| Error::new(at, "there is no word in this value"))
    }

    /// A word without quotes, with the `*` or `~1` that may end it.
    fn bare(&mut self, scope: Scope) -> Result<Option<Query>, Error> {
        let at = self.at;
        let word = self.take_bare();
        let field = match scope {
            Scope::Is(field) => return self.value(field, at, word.to_owned()).map(Some),
            Scope::Text(field) => field,
            Scope::Published => None,
        };
        if word == "*" {
            return Ok(Some(Query::All));
        }
        let words = tokenize(word).len();
        if words == 0 {
            return Ok(None);
        }
        self.count(at, words)?;
        let (stem, loose) = split_loose(word);
        if let Some(star) = stem.find('*') {
            let hint = "`word*` finds every word that begins so";
            return Err(Error::new(at + star, "a `*` stands only at the end of a word").hint(hint));
        }
        if loose.is_some() {
            self.loose += 1;
            if self.loose > MAX_LOOSE {
                return Err(Error::new(at, format!("a query has at most {MAX_LOOSE} words with `*` or `~`")));
            }
        }
        let word = stem.to_owned();
        Ok(Some(match loose {
            None => Query::Word { field, word },
            Some("*") => Query::Prefix { field, prefix: word },
            Some(_) if word.chars().count() > MAX_FUZZY_CHARS => {
                return Err(Error::new(at, format!("a word with `~` has at most {MAX_FUZZY_CHARS} letters")));
            }
            Some("~" | "~1") => Query::Fuzzy { field, word, distance: 1 },
            Some("~2") => Query::Fuzzy { field, word, distance: 2 },
            Some(_) => {
                let hint = "`word~1` allows one wrong letter, `\"two words\"~5` five places between the words";
                return Err(Error::new(at + stem.len(), "behind a word `~` takes 1 or 2").hint(hint));
            }
        }))
    }

    fn phrase(&mut self, field: Option<TextField>) -> Result<Query, Error> {
        let at = self.at;
        let words = self.quoted()?;
        let count = tokenize(&words).len();
        if count == 0 {
            return Err(Error::new(at, "there is no word between the quotes"));
        }
        self.count(at, count)?;
        let mut slop = 0;
        if let Some(rest) = self.text[self.at..].strip_prefix('~') {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            slop = rest[..digits].parse().ok().filter(|&slop| slop <= MAX_SLOP).ok_or_else(|| {
                Error::new(self.at, format!("behind a phrase `~` takes a number up to {MAX_SLOP}"))
                    .hint("`\"peace talks\"~3` allows three places between the words")
            })?;
            self.at += 1 + digits;
        }
        Ok(Query::Phrase { field, words, slop })
    }

    fn value(&mut self, field: Field, at: usize, value: String) -> Result<Query, Error> {
        self.count(at, 1)?;
        if value.trim().is_empty() {
            return Err(Error::new(at, format!("`{}:` needs a value", field.name())));
        }
        if matches!(field, Field::Id | Field::Story)
            && let Err(error) = value.parse::<ArticleId>()
        {
            return Err(Error::new(at, error.to_string()));
        }
        Ok(Query::Is { field, value })
    }

    /// `[from TO to]`, a day, a moment, or an age.
    fn published(&mut self) -> Result<Query, Error> {
        let at = self.at;
        self.count(at, 1)?;
        let Some(rest) = self.text[at..].strip_prefix('[') else {
            let value = if self.peek().is_some_and(is_quote) { self.quoted()? } else { self.take_bare().to_owned() };
            if let Some(from) = read_age(&value, self.now) {
                return Ok(Query::Published { from: Some(from), to: None });
            }
            let end = |end_of_day| parse_time(&value, self.now, end_of_day).map_err(|error| Error { at, ..error });
            return Ok(Query::Published { from: Some(end(false)?), to: Some(end(true)?) });
        };
        let Some(length) = rest.find(']') else { return Err(Error::new(at, "this `[` is never closed")) };
        self.at += length + 2;
        let Some((from, to)) = rest[..length].split_once(" TO ") else {
            return Err(Error::new(at, "a span of time is written `[from TO to]`")
                .hint("for instance [2026-11-01 TO 2026-11-22], [7d TO *]"));
        };
        let end = |text: &str, end_of_day| match text.trim() {
            "*" => Ok(None),
            text => parse_time(text, self.now, end_of_day).map(Some).map_err(|error| Error { at, ..error }),
        };
        let (from, to) = (end(from, false)?, end(to, true)?);
        if from.zip(to).is_some_and(|(from, to)| from > to) {
            return Err(Error::new(at, "this span of time ends before it begins"));
        }
        Ok(Query::Published { from, to })
    }

    /// Reads a quoted text; `\"` and `\\` stand for the character itself.
    fn quoted(&mut self) -> Result<String, Error> {
        let at = self.at;
        let mut chars = self.text[at..].char_indices();
        chars.next();
        let mut text = String::new();
        while let Some((offset, c)) = chars.next() {
            match c {
                '\\' => text.extend(chars.next().map(|(_, escaped)| escaped)),
                c if is_quote(c) => {
                    self.at = at + offset + c.len_utf8();
                    return Ok(text);
                }
                c => text.push(c),
            }
        }
        Err(Error::new(at, "this quotation mark is never closed"))
    }

    fn take_bare(&mut self) -> &'a str {
        let rest = &self.text[self.at..];
        let end = rest.find(ends_word).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn count(&mut self, at: usize, words: usize) -> Result<(), Error> {
        self.clauses += 1;
        self.words += words;
        if self.clauses > MAX_CLAUSES {
            return Err(Error::new(at, format!("a query has at most {MAX_CLAUSES} clauses")));
        }
        if self.words > MAX_WORDS {
            return Err(Error::new(at, format!("a query has at most {MAX_WORDS} words")));
        }
        Ok(())
    }

    fn deeper<T>(&mut self, at: usize, read: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        if self.depth == MAX_DEPTH {
            return Err(Error::new(at, format!("a query nests at most {MAX_DEPTH} deep")));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    /// Returns what stands up to the next space, bracket or quote.
    fn peek_word(&self) -> Option<&'a str> {
        self.text[self.at..].split(ends_word).next()
    }

    fn skip_space(&mut self) {
        self.at = self.text.len() - self.text[self.at..].trim_start().len();
    }
}

fn ends_word(c: char) -> bool {
    c.is_whitespace() || is_quote(c) || matches!(c, '(' | ')')
}

/// Splits the `*`, `~`, `~1` off a word that ends so.
fn split_loose(word: &str) -> (&str, Option<&str>) {
    if let Some(stem) = word.strip_suffix('*') {
        return (stem, Some("*"));
    }
    let stem = word.trim_end_matches(|c: char| c.is_ascii_digit());
    match stem.strip_suffix('~') {
        Some(stem) => (stem, Some(&word[stem.len()..])),
        None => (word, None),
    }
}

fn joined(mut all: Vec<Query>) -> Query {
    if all.len() == 1 { all.remove(0) } else { Query::And(all) }
}

fn operator_alone(at: usize, word: &str) -> Error {
    let message = if word == "NOT" { "NOT needs something behind it" } else { "this needs something on both sides" };
    Error::new(at, message).hint(format!("to look for the word itself write it small or in quotes: \"{word}\""))
}

fn unknown_field(at: usize, name: &str) -> Error {
    let names = ["title", "body", "published"].into_iter().chain(Field::ALL.map(Field::name));
    let nearest = names.clone().min_by_key(|known| strsim::damerau_levenshtein(known, name));
    let hint = match nearest {
        // Two letters of a name of three to nine: farther off it is another word.
        Some(known) if strsim::damerau_levenshtein(known, name) <= 2 => format!("did you mean `{known}:`?"),
        _ => format!(
            "the fields are {}; to look for the text itself put it in quotes",
            names.collect::<Vec<_>>().join(", ")
        ),
    };
    Error::new(at, format!("there is no field `{name}`")).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn now() -> Time {
        "2026-11-22T12:00:00Z".parse().expect("a time")
    }

    /// Compares the shape of the tree: lists in brackets, a field before its value.
    #[track_caller]
    fn check(text: &str, expected: &str) {
        let shown = parse(text, now()).map(|query| shape(&query));
        assert_eq!(shown, Ok(expected.to_owned()), "{text}");
    }

    fn shape(query: &Query) -> String {
        let list =
            |name: &str, all: &[Query]| format!("{name}[{}]", all.iter().map(shape).collect::<Vec<_>>().join(", "));
        match query {
            Query::And(all) => list("and", all),
            Query::Or(any) => list("or", any),
            Query::Not(inner) => format!("not {}", shape(inner)),
            other => other.to_string(),
        }
    }

    #[track_caller]
    fn refuse(text: &str, at: usize, message: &str) {
        let error = parse(text, now()).expect_err(text);
        assert!(error.message.contains(message), "{text}: {error}");
        assert_eq!(error.at, at, "{text}: {error}");
    }

    #[test]
    fn all_words_are_needed_and_and_binds_tighter_than_or() {
        check("", "*");
        check("*", "*");
        check("peace", "peace");
        check("peace talks", "and[peace, talks]");
        check("peace AND talks", "and[peace, talks]");
        check("a OR b c", "or[a, and[b, c]]");
        check("(a OR b) c", "and[or[a, b], c]");
        check("and or not", "and[and, or, not]");
    }

    #[test]
    fn words_are_excluded_by_minus_and_not() {
        check("a -b", "and[a, not b]");
        check("-a", "not a");
        check("a NOT (b OR c)", "and[a, not or[b, c]]");
        check("a AND NOT b", "and[a, not b]");
        check("+a --b", "and[a, not not b]");
        check("long-term peace-talks", "and[long-term, peace-talks]");
    }

    #[test]
    fn phrases_beginnings_and_near_words_are_read() {
        check("\"peace talks\"", "\"peace talks\"");
        check("\"peace talks\"~3 x", "and[\"peace talks\"~3, x]");
        check("“peace talks” «мирные переговоры»", "and[\"peace talks\", \"мирные переговоры\"]");
        check(r#""say \"yes\"""#, r#""say \"yes\"""#);
        check("sanct* sancion~ sancion~2", "and[sanct*, sancion~1, sancion~2]");
    }

    #[test]
    fn fields_take_a_word_a_phrase_or_a_group() {
        check("title:peace body:\"a b\"~1", "and[title:peace, body:\"a b\"~1]");
        check("title:(a b OR c)", "or[and[title:a, title:b], title:c]");
        check("topic:\"peace talks\" Lang:en", "and[topic:\"peace talks\", lang:en]");
        check("source:(bbc OR \"the x\")", "or[source:bbc, source:\"the x\"]");
        check("url:https://example.org/a?b=c", "url:https://example.org/a?b=c");
        check("-outlet:example.org", "not outlet:example.org");
        check("story:0123456789abcdef", "story:0123456789abcdef");
    }

    #[test]
    fn spans_of_time_are_read() {
        check("published:[2026-11-01 TO 2026-11-22]", "published:[2026-11-01T00:00:00Z TO 2026-11-22T23:59:59.999Z]");
        check("published:[* TO 7d]", "published:[* TO 2026-11-15T12:00:00Z]");
        check("published:24h", "published:[2026-11-21T12:00:00Z TO *]");
        check("published:2026-11-01", "published:[2026-11-01T00:00:00Z TO 2026-11-01T23:59:59.999Z]");
    }

    #[test]
    fn punctuation_between_words_is_overlooked() {
        check("war & peace — a story", "and[war, peace, a, story]");
        check("Minsk: talks at 10:30 - live", "and[Minsk:, talks, at, 10:30, live]");
        check("https://example.org/a", "https://example.org/a");
        check("(talks OR live:) b", "and[or[talks, live:], b]");
    }

    #[test]
    fn errors_say_where() {
        refuse("peace (talks", 6, "never closed");
        refuse("peace talks)", 11, "closes nothing");
        refuse("peace \"talks", 6, "never closed");
        refuse("a ()", 2, "no word between");
        refuse("a \"—\"", 2, "no word between");
        refuse("a OR", 2, "both sides");
        refuse("OR a", 0, "both sides");
        refuse("a AND OR b", 2, "both sides");
        refuse("a NOT", 2, "behind");
        refuse("a (b NOT )", 5, "behind");
        refuse("sanc*ion", 4, "end of a word");
        refuse("word~3", 4, "takes 1 or 2");
        refuse("\"a b\"~1000", 5, "number up to");
        refuse("a title: b", 2, "needs a value");
        refuse("title:—", 6, "no word");
        refuse("…", 0, "no word");
        refuse("id:12", 3, "not an id");
        refuse("published:soon", 10, "not a time");
        refuse("published:[a b]", 10, "written");
        refuse("published:[2026-11-02 TO 2026-11-01]", 10, "ends before");
        refuse("published:[2026-11-02 TO", 10, "never closed");
    }

    #[test]
    fn an_unknown_field_names_the_nearest() {
        let error = parse("a sorce:bbc", now()).expect_err("no such field");
        assert_eq!((error.at, error.hint.as_deref()), (2, Some("did you mean `source:`?")));
        let error = parse("weather:bbc", now()).expect_err("no such field");
        assert!(error.hint.is_some_and(|hint| hint.contains("title, body, published, source")));
    }

    #[test]
    fn queries_beyond_the_limits_are_refused() {
        refuse(&"x".repeat(10_001), 10_000, "10000 characters");
        refuse(&"x ".repeat(201), 400, "200 clauses");
        refuse(&"(".repeat(5_000), 50, "50 deep");
        refuse(&format!("{}x", "NOT ".repeat(60)), 200, "50 deep");
        refuse(&format!("{}x", "-".repeat(60)), 50, "50 deep");
        refuse(&format!("{}x", "+".repeat(60)), 50, "50 deep");
        refuse(&"a* ".repeat(31), 90, "30 words");
        refuse(&format!("{}~", "a".repeat(41)), 0, "40 letters");
        refuse(&format!("\"{}\"", "a ".repeat(1_001)), 0, "1000 words");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_within_itself(text in "\\PC{0,200}") {
            if let Err(error) = parse(&text, now()) {
                prop_assert!(text.is_char_boundary(error.at));
                prop_assert_eq!(error.render(&text).lines().count(), 2);
            }
        }

        #[test]
        fn a_query_written_back_reads_to_the_same_tree(
            parts in proptest::collection::vec(proptest::sample::select(vec![
                "peace", "-", "+", "(", ")", "\"", "“", "AND", "OR", "NOT", " ", " ", " ", "title:", "body:", "source:", "url:",
                "published:", "[2026-11-01 TO *]", "7d", "~", "~2", "*", "\\", "制裁", "a:b", "live:", "https://a/", "10:30", "AND", "é’s", "—",
            ]), 0..40)
        ) {
            if let Ok(query) = parse(&parts.concat(), now()) {
                let again = parse(&query.to_string(), now());
                prop_assert_eq!(again, Ok(query));
            }
        }
    }
}
