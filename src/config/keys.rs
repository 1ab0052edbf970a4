//! Every single-valued setting under its name: the one list that files, variables, options and `dateline config` share.

use std::{path::PathBuf, time::Duration};

use super::{
    Dedup, Harvest, Http, Index, Log, Poll, Secret, Serve, Settings, Store, units,
    value::{Given, Value},
};

/// Where the value of one setting goes, and with that how it is read and shown.
pub(super) enum Slot<'s> {
    Text(&'s mut String),
    MaybeText(&'s mut Option<String>),
    Flag(&'s mut bool),
    Count(&'s mut usize),
    SmallCount(&'s mut u32),
    Size(&'s mut u64),
    /// A size that may be absent, with the word for its absence.
    MaybeSize(&'s mut Option<u64>, &'static str),
    Duration(&'s mut Duration),
    /// A duration that may be absent, with the word for its absence.
    MaybeDuration(&'s mut Option<Duration>, &'static str),
    Durations(&'s mut Vec<Duration>),
    Path(&'s mut PathBuf),
    MaybePath(&'s mut Option<PathBuf>),
    Paths(&'s mut Vec<PathBuf>),
    Secret(&'s mut Option<Secret>),
}

/// Returns the slots of all settings. Taken apart field by field, so that a new setting cannot be forgotten here.
pub(super) fn slots(settings: &mut Settings) -> Vec<(&'static str, Slot<'_>)> {
    let Settings {
        data_dir,
        sources,
        topics,
        names,
        shutdown_grace,
        log,
        http,
        poll,
        harvest,
        extract: _,
        dedup,
        index,
        store,
        serve,
        alerts: _,
    } = settings;
    let Log { level } = log;
    let Http {
        user_agent,
        timeout,
        max_body,
        max_redirects,
        max_concurrency,
        per_host_concurrency,
        per_host_delay,
        respect_robots,
        allow_private_addresses,
        proxy,
        record,
        replay,
    } = http;
    let Poll { min_interval, default_interval, max_interval, max_entry_age } = poll;
    let Harvest { enabled, reread } = harvest;
    let Dedup { window, max_memory } = dedup;
    let Index { commit_interval, writer_memory } = index;
    let Store { keep, keep_size } = store;
    let Serve { listen, token_file, token, public, rate_limit, public_url } = serve;
    vec![
        ("data_dir", Slot::Path(data_dir)),
        ("sources", Slot::Paths(sources)),
        ("topics", Slot::Paths(topics)),
        ("names", Slot::Paths(names)),
        ("shutdown_grace", Slot::Duration(shutdown_grace)),
        ("log.level", Slot::Text(level)),
        ("http.user_agent", Slot::Text(user_agent)),
        ("http.timeout", Slot::Duration(timeout)),
        ("http.max_body", Slot::Size(max_body)),
        ("http.max_redirects", Slot::SmallCount(max_redirects)),
        ("http.max_concurrency", Slot::Count(max_concurrency)),
        ("http.per_host_concurrency", Slot::Count(per_host_concurrency)),
        ("http.per_host_delay", Slot::Duration(per_host_delay)),
        ("http.respect_robots", Slot::Flag(respect_robots)),
        ("http.allow_private_addresses", Slot::Flag(allow_private_addresses)),
        ("http.proxy", Slot::MaybeText(proxy)),
        ("http.record", Slot::MaybePath(record)),
        ("http.replay", Slot::MaybePath(replay)),
        ("poll.min_interval", Slot::Duration(min_interval)),
        ("poll.default_interval", Slot::Duration(default_interval)),
        ("poll.max_interval", Slot::Duration(max_interval)),
        ("poll.max_entry_age", Slot::MaybeDuration(max_entry_age, "off")),
        ("harvest.enabled", Slot::Flag(enabled)),
        ("harvest.reread", Slot::Durations(reread)),
        ("dedup.window", Slot::Duration(window)),
        ("dedup.max_memory", Slot::Size(max_memory)),
        ("index.commit_interval", Slot::Duration(commit_interval)),
        ("index.writer_memory", Slot::Size(writer_memory)),
        ("store.keep", Slot::MaybeDuration(keep, "forever")),
        ("store.keep_size", Slot::MaybeSize(keep_size, "unlimited")),
        ("serve.listen", Slot::Text(listen)),
        ("serve.token_file", Slot::MaybePath(token_file)),
        ("serve.token", Slot::Secret(token)),
        ("serve.public", Slot::Flag(public)),
        ("serve.rate_limit", Slot::Count(rate_limit)),
        ("serve.public_url", Slot::MaybeText(public_url)),
    ]
}

impl Slot<'_> {
    /// Takes a value.
    ///
    /// # Errors
    /// What is wrong with it, to be put after the setting's name.
    pub fn set(&mut self, given: Given<'_>) -> Result<(), String> {
        let is_empty = given.text().is_ok_and(|text| text.is_empty());
        match self {
            Slot::Text(slot) => **slot = given.text()?,
            Slot::MaybeText(slot) => **slot = if is_empty { None } else { Some(given.text()?) },
            Slot::Flag(slot) => **slot = given.boolean()?,
            Slot::Count(slot) => **slot = usize::try_from(given.count()?).map_err(|_| "is too large")?,
            Slot::SmallCount(slot) => **slot = u32::try_from(given.count()?).map_err(|_| "is too large")?,
            Slot::Size(slot) => **slot = given.size()?,
            Slot::MaybeSize(slot, absent) => {
                let is_absent = is_empty || given.text().is_ok_and(|text| text == *absent);
                **slot = if is_absent {
                    None
                } else {
                    Some(given.size().map_err(|message| format!("{message}, or `{absent}`"))?)
                };
            }
            Slot::Duration(slot) => **slot = given.duration()?,
            Slot::MaybeDuration(slot, absent) => {
                let is_absent = is_empty || given.text().is_ok_and(|text| text == *absent);
                **slot = if is_absent {
                    None
                } else {
                    Some(given.duration().map_err(|message| format!("{message}, or `{absent}`"))?)
                };
            }
            Slot::Durations(slot) => {
                **slot = given.list()?.iter().map(|text| units::parse_duration(text)).collect::<Result<_, _>>()?;
            }
            Slot::Path(_) if is_empty => return Err("needs a path".to_owned()),
            Slot::Path(slot) => **slot = given.path()?,
            Slot::MaybePath(slot) => **slot = if is_empty { None } else { Some(given.path()?) },
            Slot::Paths(slot) => **slot = given.list()?.iter().map(|path| given.base.join(path)).collect(),
            Slot::Secret(slot) => match given.value {
                Value::Text(text) => **slot = (!text.is_empty()).then(|| Secret(text.to_owned())),
                Value::Toml(_) => return Err("is a secret, which does not stand in a configuration file".to_owned()),
            },
        }
        Ok(())
    }

    /// Returns the value as the user would write it, without any secret.
    pub fn show(&self) -> String {
        match self {
            Slot::Text(value) => (*value).clone(),
            Slot::MaybeText(value) => super::without_password(value.as_deref().unwrap_or_default()),
            Slot::Flag(value) => value.to_string(),
            Slot::Count(value) => value.to_string(),
            Slot::SmallCount(value) => value.to_string(),
            Slot::Size(value) => units::format_size(**value),
            Slot::MaybeSize(value, absent) => value.map_or((*absent).to_owned(), units::format_size),
            Slot::Duration(value) => units::format_duration(**value),
            Slot::MaybeDuration(value, absent) => value.map_or((*absent).to_owned(), units::format_duration),
            Slot::Durations(values) => {
                values.iter().map(|value| units::format_duration(*value)).collect::<Vec<_>>().join(", ")
            }
            Slot::Path(value) => value.display().to_string(),
            Slot::MaybePath(value) => value.as_ref().map(|path| path.display().to_string()).unwrap_or_default(),
            Slot::Paths(values) => values.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", "),
            Slot::Secret(value) => if value.is_some() { "(set)" } else { "" }.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[track_caller]
    fn check(key: &str, text: &str, expected: Result<&str, &str>) {
        let mut settings = Settings::default();
        let (_, mut slot) = slots(&mut settings).into_iter().find(|(name, _)| *name == key).expect("a known key");
        let got = slot.set(Given { value: Value::Text(text), base: Path::new("/base") }).map(|()| slot.show());
        match expected {
            Ok(shown) => assert_eq!(got.as_deref(), Ok(shown), "{key} = {text}"),
            Err(part) => assert!(got.as_ref().is_err_and(|message| message.contains(part)), "{key} = {text}: {got:?}"),
        }
    }

    #[test]
    fn a_value_is_shown_as_it_is_written() {
        check("http.timeout", "90s", Ok("1m30s"));
        check("http.max_body", "1024KiB", Ok("1MiB"));
        check("http.max_redirects", "4294967296", Err("too large"));
        check("http.respect_robots", "false", Ok("false"));
        check("poll.max_entry_age", "off", Ok("off"));
        check("poll.max_entry_age", "30d", Ok("30d"));
        check("poll.max_entry_age", "never", Err("or `off`"));
        check("store.keep", "", Ok("forever"));
        check("store.keep_size", "50GB", Ok("50GB"));
        check("store.keep_size", "unlimited", Ok("unlimited"));
        check("store.keep_size", "much", Err("or `unlimited`"));
        check("harvest.reread", "1h, 6h", Ok("1h, 6h"));
        check("data_dir", "d", Ok("/base/d"));
        check("data_dir", "", Err("needs a path"));
        check("http.replay", "", Ok(""));
        check("sources", "a.toml,/b.opml", Ok("/base/a.toml, /b.opml"));
    }

    #[test]
    fn secrets_are_never_shown() {
        check("serve.token", "hunter2", Ok("(set)"));
        check("http.proxy", "http://me:hunter2@proxy.example:3128", Ok("http://***@proxy.example:3128"));
        check("http.proxy", "me:hunter2@proxy.example", Ok("***@proxy.example"));
        check("http.proxy", "http://proxy.example:3128", Ok("http://proxy.example:3128"));
    }
}
