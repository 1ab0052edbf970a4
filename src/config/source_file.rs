//! Sources files: `[[source]]` in TOML.

use std::collections::BTreeMap;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    document::{Document, Fields, tables},
    problem::{Position, Problem, nearest},
    value::{Given, Value},
};
use crate::model::{FullText, Source, SourceKind};

/// Reads the sources of a file, each with where it stands.
pub(super) fn read(document: &mut Document, table: DeTable<'_>) -> Vec<(Source, Position)> {
    let mut sources = Vec::new();
    for (key, item) in table {
        if key.get_ref() == "source" {
            let items = tables(document, "source", item);
            sources.extend(items.into_iter().filter_map(|item| source(document, item)));
        } else {
            let problem = Problem::new(format!("unknown key `{}` in a sources file", key.get_ref()));
            document.report(&key.span(), problem.hint("a sources file has nothing but [[source]]"));
        }
    }
    sources
}

fn source(document: &mut Document, item: Spanned<DeValue<'_>>) -> Option<(Source, Position)> {
    let mut fields = Fields::of(document, "source", item)?;
    let url = fields.text("url").unwrap_or_default().trim().to_owned();
    let name = fields.text("name");
    if !url.is_empty() {
        fields.name_subject(&name.clone().unwrap_or_else(|| super::without_password(&url)));
    }
    if !super::is_web_address(&url) {
        let message = if url.is_empty() { "has no url" } else { "has a url that is not an http or https address" };
        fields.report(message, Some("write `url = \"https://…\"`"));
    }
    let mut source = Source::new(url);
    source.name = name;
    source.kind = choice(
        &mut fields,
        "kind",
        &[("feed", SourceKind::Feed), ("sitemap", SourceKind::Sitemap), ("listing", SourceKind::Listing)],
    );
    source.interval = fields.duration("interval");
    source.lang = fields.text("lang");
    source.tags = fields.list("tags");
    source.full_text = choice(
        &mut fields,
        "full_text",
        &[("auto", FullText::Auto), ("page", FullText::Page), ("feed", FullText::Feed)],
    );
    source.headers = headers(&mut fields);
    source.selector = fields.text("selector");
    check(&mut fields, &source);
    let position = fields.position();
    fields.finish();
    Some((source, position))
}

fn check(fields: &mut Fields<'_, '_>, source: &Source) {
    if source.interval.is_some_and(|interval| interval.is_zero()) {
        fields.report("has an interval of nothing", Some("leave `interval` out for the adaptive one"));
    }
    if source.selector.is_some() && source.kind != SourceKind::Listing {
        fields.report("has a selector but is not a listing", Some("add `kind = \"listing\"`, or remove the selector"));
    }
    if let Some(lang) = &source.lang
        && !is_language(lang)
    {
        fields.report(&format!("has `{lang}` as lang"), Some("write a language code such as `de`, `uk` or `pt-BR`"));
    }
}

fn choice<T: Copy + Default>(fields: &mut Fields<'_, '_>, name: &'static str, choices: &[(&'static str, T)]) -> T {
    let chosen = fields.read(name, |given| {
        let text = given.text()?;
        let names = || choices.iter().map(|(name, _)| *name);
        choices.iter().find(|(name, _)| *name == text).map(|(_, value)| *value).ok_or_else(|| {
            let known = names().collect::<Vec<_>>().join(", ");
            match nearest(&text, names()) {
                Some(near) => format!("is `{text}`: did you mean `{near}`? (known are {known})"),
                None => format!("is `{text}`: known are {known}"),
            }
        })
    });
    chosen.unwrap_or_default()
}

fn headers(fields: &mut Fields<'_, '_>) -> BTreeMap<String, String> {
    fields.read("headers", read_headers).unwrap_or_default()
}

fn read_headers(given: &Given<'_>) -> Result<BTreeMap<String, String>, String> {
    let Value::Toml(DeValue::Table(table)) = given.value else {
        return Err("needs a table such as { User-Agent = \"…\" }".to_owned());
    };
    let mut headers = BTreeMap::new();
    for (name, value) in table {
        let value = Given { value: Value::Toml(value.get_ref()), ..*given }.text()?;
        // RFC 9110, sections 5.1 and 5.5: a name is a token, a value is visible text; a line break would forge headers.
        let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
        if name.get_ref().is_empty() || !name.get_ref().bytes().all(is_token) {
            return Err(format!("has `{}`, which is no header name", name.get_ref()));
        }
        if value.chars().any(|c| c.is_control() && c != '\t') {
            return Err(format!("has control characters in `{}`", name.get_ref()));
        }
        headers.insert(name.get_ref().to_string(), value);
    }
    Ok(headers)
}

/// Whether a text has the shape of a language tag (BCP 47): two or three letters, then short parts after hyphens.
pub(super) fn is_language(text: &str) -> bool {
    let mut parts = text.split('-');
    let primary = parts.next().unwrap_or_default();
    matches!(primary.len(), 2 | 3)
        && primary.bytes().all(|b| b.is_ascii_alphabetic())
        && parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use std::{path::Path, time::Duration};

    use super::*;

    fn read_text(text: &str) -> (Vec<(Source, Position)>, Vec<Problem>) {
        let (mut document, table) = Document::parse(text, Path::new("s.toml"), Path::new("/etc"));
        let sources = read(&mut document, table);
        (sources, document.problems)
    }

    #[track_caller]
    fn refused(fields: &str, line: usize, part: &str) {
        let (_, problems) = read_text(&format!("[[source]]\nurl = \"https://a.example/feed\"\n{fields}\n"));
        assert_eq!(problems.len(), 1, "{fields}: {problems:?}");
        assert_eq!(problems[0].line, Some(line), "{problems:?}");
        assert!(problems[0].to_string().contains(part), "{}", problems[0]);
    }

    #[test]
    fn a_source_has_what_its_table_says() {
        let (sources, problems) = read_text(
            r#"
            [[source]]
            url = " https://a.example/news "
            name = "A"
            kind = "listing"
            interval = "1h30m"
            lang = "pt-BR"
            tags = ["wire", "europe"]
            full_text = "page"
            headers = { User-Agent = "me" }
            selector = "h2 a"
            "#,
        );
        assert_eq!(problems, []);
        let mut expected = Source::new("https://a.example/news");
        expected.name = Some("A".to_owned());
        expected.kind = SourceKind::Listing;
        expected.interval = Some(Duration::from_secs(5400));
        expected.lang = Some("pt-BR".to_owned());
        expected.tags = vec!["wire".to_owned(), "europe".to_owned()];
        expected.full_text = FullText::Page;
        expected.headers = BTreeMap::from([("User-Agent".to_owned(), "me".to_owned())]);
        expected.selector = Some("h2 a".to_owned());
        assert_eq!(sources, [(expected, Position { file: "s.toml".into(), line: 2 })]);
    }

    #[test]
    fn what_does_not_fit_is_named_with_its_line() {
        refused("nmae = \"x\"", 3, "did you mean `name`?");
        refused("kind = \"feeds\"", 3, "did you mean `feed`?");
        refused("interval = 30", 3, "has no unit");
        refused("interval = \"0\"", 1, "interval of nothing");
        refused("tags = \"wire\"", 3, "needs a list");
        refused("lang = \"english\"", 1, "language code");
        refused("selector = \"a\"", 1, "not a listing");
        refused("headers = { \"a b\" = \"x\" }", 3, "no header name");
        refused("headers = { a = \"x\\r\\ny: z\" }", 3, "control characters");
    }

    #[test]
    fn a_source_needs_a_web_address() {
        for url in ["", "ftp://a.example/", "a.example/feed", "javascript:alert(1)", "http://", "https://a.example/a b"]
        {
            let (_, problems) = read_text(&format!("[[source]]\nurl = \"{url}\""));
            assert_eq!(problems.len(), 1, "{url}");
        }
    }

    #[test]
    fn other_shapes_are_problems_not_panics() {
        for text in ["source = 1", "source = [1]", "[source]\nurl = \"https://a.example/\"", "[[sources]]", "x = 1"] {
            assert_eq!(read_text(text).1.len(), 1, "{text}");
        }
    }
}
