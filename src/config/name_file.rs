//! Names files: `[[name]]` in TOML.
//!
//! Only the shape is checked here; whether a form can be found at all is `topic/`'s business, which is why every form
//! keeps its line.

use std::collections::BTreeMap;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    NameKind, NameRule,
    document::{Document, Fields, tables},
    problem::{Position, Problem},
    value::{Given, Value},
};

/// Where a name and its forms stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamePosition {
    /// Where the name begins.
    pub name: Position,
    /// The line of each form.
    forms: BTreeMap<String, usize>,
}

impl NamePosition {
    /// Returns where a form stands, as it is written; the name's own place when it has no such form.
    pub fn of_form(&self, form: &str) -> Position {
        let line = self.forms.get(form).copied().unwrap_or(self.name.line);
        Position { file: self.name.file.clone(), line }
    }
}

/// Reads the names of a file, each with where it stands.
pub(super) fn read(document: &mut Document, table: DeTable<'_>) -> Vec<(NameRule, NamePosition)> {
    let mut names = Vec::new();
    for (key, item) in table {
        if key.get_ref() == "name" {
            names.extend(tables(document, "name", item).into_iter().filter_map(|item| name(document, item)));
        } else {
            let problem = Problem::new(format!("unknown key `{}` in a names file", key.get_ref()));
            document.report(&key.span(), problem.hint("a names file has nothing but [[name]]"));
        }
    }
    names
}

fn name(document: &mut Document, item: Spanned<DeValue<'_>>) -> Option<(NameRule, NamePosition)> {
    let mut fields = Fields::of(document, "name", item)?;
    let mut position = NamePosition { name: fields.position(), forms: BTreeMap::new() };
    let name = fields.text("name").unwrap_or_default();
    if name.is_empty() {
        fields.report("has no name", Some("add `name = \"…\"`: what it is called in results"));
    } else {
        fields.name_subject(&name);
    }
    if !fields.has("kind") {
        fields.report("has no kind", Some("add `kind = \"person\"`, \"organisation\" or \"place\""));
    }
    let kind = fields.read("kind", |given| {
        let text = given.text()?;
        NameKind::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| format!("`{text}` is not one of {}", NameKind::ALL.map(NameKind::as_str).join(", ")))
    });
    let aliases = forms(&mut fields, "aliases", &mut position);
    let short = forms(&mut fields, "short", &mut position);
    fields.finish();
    Some((NameRule { name, kind: kind.unwrap_or(NameKind::Person), aliases, short }, position))
}

/// Reads a list of forms one by one, so that one bad form hides no other.
fn forms(fields: &mut Fields<'_, '_>, key: &'static str, position: &mut NamePosition) -> Vec<String> {
    let Some(item) = fields.take(key) else { return Vec::new() };
    let DeValue::Array(items) = item.get_ref() else {
        let problem = Problem::new(format!("`{key}` needs a list such as [\"a\", \"b\"]"));
        fields.document.report(&item.span(), problem);
        return Vec::new();
    };
    let mut forms = Vec::new();
    for item in items {
        match (Given { value: Value::Toml(item.get_ref()), base: &fields.document.base }).text() {
            Ok(form) => {
                position.forms.insert(form.clone(), fields.document.position(&item.span()).line);
                forms.push(form);
            }
            Err(message) => {
                fields.document.report(&item.span(), Problem::new(format!("a form of `{key}`: {message}")));
            }
        }
    }
    forms
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn read_text(text: &str) -> (Vec<(NameRule, NamePosition)>, Vec<Problem>) {
        let (mut document, table) = Document::parse(text, Path::new("n.toml"), Path::new("/etc"));
        let names = read(&mut document, table);
        (names, document.problems)
    }

    #[track_caller]
    fn refused(fields: &str, line: usize, part: &str) {
        let (_, problems) = read_text(&format!("[[name]]\n{fields}\n"));
        assert_eq!(problems.len(), 1, "{fields}: {problems:?}");
        assert_eq!(problems[0].line, Some(line), "{problems:?}");
        assert!(problems[0].to_string().contains(part), "{}", problems[0]);
    }

    #[test]
    fn a_name_has_its_forms_and_each_its_line() {
        let text =
            "[[name]]\nname = \"Ada Byron\"\nkind = \"person\"\naliases = [\n  \"Ада Байрон\",\n]\nshort = [\"Byron\"]";
        let (names, problems) = read_text(text);
        assert_eq!(problems, []);
        let (rule, position) = &names[0];
        assert_eq!(rule.full().collect::<Vec<_>>(), ["Ada Byron", "Ада Байрон"]);
        assert_eq!((rule.kind, &*rule.short), (NameKind::Person, &["Byron".to_owned()][..]));
        for (form, line) in [("Ада Байрон", 5), ("Byron", 7), ("Ada Byron", 1)] {
            assert_eq!(position.of_form(form), Position { file: "n.toml".into(), line }, "{form}");
        }
    }

    #[test]
    fn what_does_not_fit_is_named_with_its_line() {
        refused("kind = \"person\"", 1, "has no name");
        refused("name = \"A B\"", 1, "has no kind");
        refused("name = \"A B\"\nkind = \"animal\"", 3, "person, organisation, place");
        refused("name = \"A B\"\nkind = \"person\"\nalias = [\"C\"]", 4, "did you mean `aliases`?");
        refused("name = \"A B\"\nkind = \"person\"\nshort = \"B\"", 4, "needs a list");
        refused("name = \"A B\"\nkind = \"person\"\naliases = [1]", 4, "needs text");
        assert!(read_text("names = []").1[0].to_string().contains("[[name]]"));
    }
}
