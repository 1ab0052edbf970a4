//! The main configuration file, laid over the settings.

use std::collections::BTreeMap;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    Alert, Origin, Place, Secret, Settings, SiteRule,
    document::{Document, Fields, tables},
    keys::slots,
    problem::{Position, Problem, nearest},
    value::{Given, Value, described},
};

/// The lists whose elements have fields of their own.
const LISTS: &[&str] = &["alerts", "extract.site"];

/// Where the elements of the lists stand.
#[derive(Debug, Default)]
pub(super) struct ListPositions {
    pub alerts: Vec<Position>,
    pub sites: Vec<Position>,
}

/// Lays a file over the settings and says for each key where it stands.
pub(super) fn apply(
    document: &mut Document,
    table: DeTable<'_>,
    settings: &mut Settings,
    origins: &mut BTreeMap<String, Origin>,
) -> ListPositions {
    let mut positions = ListPositions::default();
    for (key, item) in leaves(document, table) {
        match key.as_str() {
            "alerts" => {
                for item in tables(document, &key, item) {
                    if let Some((alert, position)) = alert(document, item) {
                        settings.alerts.push(alert);
                        positions.alerts.push(position);
                    }
                }
            }
            "extract.site" => {
                for item in tables(document, &key, item) {
                    if let Some((site, position)) = site(document, item) {
                        settings.extract.site.push(site);
                        positions.sites.push(position);
                    }
                }
            }
            _ => set(document, &key, &item, settings, origins),
        }
    }
    positions
}

fn set(
    document: &mut Document,
    key: &str,
    item: &Spanned<DeValue<'_>>,
    settings: &mut Settings,
    origins: &mut BTreeMap<String, Origin>,
) {
    let Some((_, mut slot)) = slots(settings).into_iter().find(|(name, _)| *name == key) else { return };
    let given = Given { value: Value::Toml(item.get_ref()), base: &document.base };
    match slot.set(given) {
        Ok(()) => {
            let place = Place::File(document.position(&item.span()));
            origins.insert(key.to_owned(), Origin { value: slot.show(), place });
        }
        Err(message) => document.report(&item.span(), Problem::new(format!("`{key}`: {message}"))),
    }
}

/// Returns the known keys of a file with their values, however deep the file nests them, and reports the unknown ones.
fn leaves<'t>(document: &mut Document, table: DeTable<'t>) -> Vec<(String, Spanned<DeValue<'t>>)> {
    let mut defaults = Settings::default();
    let known: Vec<&str> = slots(&mut defaults).iter().map(|(name, _)| *name).chain(LISTS.iter().copied()).collect();
    let is_section =
        |name: &str| known.iter().any(|key| key.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')));
    let mut found = Vec::new();
    let mut open = vec![(String::new(), table)];
    while let Some((section, table)) = open.pop() {
        for (key, item) in table {
            let name =
                if section.is_empty() { key.get_ref().to_string() } else { format!("{section}.{}", key.get_ref()) };
            if known.contains(&name.as_str()) {
                found.push((name, item));
            } else if !is_section(&name) {
                document.report(&key.span(), unknown(&name, item.get_ref(), &known));
            } else {
                let span = item.span();
                match item.into_inner() {
                    DeValue::Table(inner) => open.push((name, inner)),
                    other => {
                        let message = format!("`{name}` is a section, not {}", described(&other));
                        document
                            .report(&span, Problem::new(message).hint(format!("write [{name}] on a line of its own")));
                    }
                }
            }
        }
    }
    found
}

fn unknown(name: &str, item: &DeValue<'_>, known: &[&str]) -> Problem {
    if matches!(item, DeValue::Table(_)) {
        let sections = known.iter().filter_map(|key| key.split_once('.')).map(|(section, _)| section);
        let problem = Problem::new(format!("unknown section [{name}]"));
        return match nearest(name, sections) {
            Some(near) => problem.hint(format!("did you mean [{near}]?")),
            None => problem,
        };
    }
    let problem = Problem::new(format!("unknown key `{name}`"));
    match nearest(name, known.iter().copied()) {
        Some(near) => problem.hint(format!("did you mean `{near}`?")),
        None => problem.hint("run `dateline config` to see every key"),
    }
}

fn alert(document: &mut Document, item: Spanned<DeValue<'_>>) -> Option<(Alert, Position)> {
    let mut fields = Fields::of(document, "alert", item)?;
    let name = fields.text("name").unwrap_or_default();
    if name.is_empty() {
        fields.report("has no name", Some("add `name = \"…\"`"));
    } else {
        fields.name_subject(&name);
    }
    let alert = Alert {
        name,
        query: fields.text("query"),
        topic: fields.text("topic"),
        webhook: fields.text("webhook"),
        secret_file: fields.read("secret_file", |given| given.path()),
        secret: None::<Secret>,
        // `-` is standard output, not a file beside this one.
        file: fields.read("file", |given| if given.text()? == "-" { Ok("-".into()) } else { given.path() }),
        every_article: fields.read("every_article", |given| given.boolean()).unwrap_or_default(),
    };
    check_alert(&mut fields, &alert);
    let position = fields.position();
    fields.finish();
    Some((alert, position))
}

fn check_alert(fields: &mut Fields<'_, '_>, alert: &Alert) {
    match (&alert.query, &alert.topic) {
        (None, None) => fields.report("has neither query nor topic", Some("add `query = \"…\"` or `topic = \"…\"`")),
        (Some(_), Some(_)) => {
            fields.report("has both query and topic", Some("write the topic into the query: `topic:\"…\"`"))
        }
        _ => {}
    }
    if alert.webhook.is_none() && alert.file.is_none() {
        fields.report("has nowhere to deliver to", Some("add `webhook = \"https://…\"` or `file = \"alerts.jsonl\"`"));
    }
    if alert.secret_file.is_some() && alert.webhook.is_none() {
        fields.report("has a secret_file but no webhook to sign for", None);
    }
    if let Some(webhook) = &alert.webhook
        && !super::is_web_address(webhook)
    {
        // The address of a webhook is often a secret in itself, so it is not repeated.
        fields.report("has a webhook that is not an http or https address", None);
    }
}

fn site(document: &mut Document, item: Spanned<DeValue<'_>>) -> Option<(SiteRule, Position)> {
    let mut fields = Fields::of(document, "extract.site", item)?;
    let host = fields.text("host").unwrap_or_default();
    if host.is_empty() || host.contains(['/', ':', ' ']) {
        fields.report("needs a host", Some("write `host = \"news.example\"`, without http:// and path"));
    } else {
        fields.name_subject(&host);
    }
    let rule = SiteRule {
        host: host.to_lowercase(),
        body: fields.text("body"),
        title: fields.text("title"),
        author: fields.text("author"),
        date: fields.text("date"),
        remove: fields.list("remove"),
    };
    if rule == (SiteRule { host: rule.host.clone(), ..SiteRule::default() }) {
        fields.report("says nothing", Some("add `body`, `title`, `author`, `date` or `remove`, as CSS selectors"));
    }
    let position = fields.position();
    fields.finish();
    Some((rule, position))
}
