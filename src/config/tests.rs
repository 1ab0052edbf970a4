//! The room as a whole: files on disk, layers, and the shipped configuration.

use std::{collections::BTreeMap, fs, path::Path, time::Duration};

use proptest::prelude::*;
use tempfile::TempDir;

use super::{keys::slots, *};

/// A working directory with files in it.
fn directory(files: &[(&str, &str)]) -> TempDir {
    let directory = TempDir::new().expect("a temporary directory");
    for (name, text) in files {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("created");
        fs::write(path, text).expect("written");
    }
    directory
}

fn options(directory: &TempDir) -> LoadOptions {
    LoadOptions { current_dir: directory.path().to_owned(), ..LoadOptions::default() }
}

/// The same with one topic instead of the built-in ones, which take long to read.
fn one_topic(directory: &TempDir) -> LoadOptions {
    fs::write(directory.path().join("one.toml"), "[[topic]]\nid = \"sanctions\"\nquery = \"x\"").expect("written");
    let env = BTreeMap::from([("DATELINE_TOPICS".to_owned(), "one.toml".to_owned())]);
    LoadOptions { env, ..options(directory) }
}

/// Loads `text` as the configuration file and compares the problems as the user reads them, hints aside.
#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let directory = directory(&[("config/dateline.toml", text)]);
    let problems = load(&one_topic(&directory)).map_or_else(|problems| problems.0, |_| Vec::new());
    let got: Vec<String> = problems.into_iter().map(|problem| Problem { hint: None, ..problem }.to_string()).collect();
    assert_eq!(got, expected, "{text}");
}

#[test]
fn without_any_file_defaults_and_built_in_topics_hold() {
    let directory = directory(&[]);
    let loaded = load(&options(&directory)).expect("no problem");
    let expected = Settings { data_dir: directory.path().join("data"), ..Settings::default() };
    assert_eq!(loaded.settings, expected);
    assert_eq!(loaded.file, None);
    assert!(loaded.sources.is_empty() && !loaded.topics.is_empty());
}

#[test]
fn an_option_beats_the_environment_beats_the_file_beats_the_default() {
    let directory = directory(&[("other.toml", "[http]\ntimeout = \"1s\"\nmax_body = \"1MiB\"\nmax_redirects = 3\n")]);
    let mut options = options(&directory);
    options.env = BTreeMap::from([
        ("DATELINE_CONFIG".to_owned(), "other.toml".to_owned()),
        ("DATELINE_HTTP__TIMEOUT".to_owned(), "2s".to_owned()),
        ("DATELINE_HTTP__MAX_BODY".to_owned(), "2MiB".to_owned()),
        ("DATELINE_DATA_DIR".to_owned(), "elsewhere".to_owned()),
        ("DATELINE_PORT".to_owned(), "tcp://10.0.0.1:8480".to_owned()),
        ("DATELINE_LOG".to_owned(), "debug".to_owned()),
    ]);
    options.overrides = vec![("http.timeout".to_owned(), "3s".to_owned())];
    let loaded = load(&options).expect("no problem");
    assert_eq!(loaded.settings.http.timeout, Duration::from_secs(3));
    assert_eq!(loaded.settings.http.max_body, 2 << 20);
    assert_eq!(loaded.settings.http.max_redirects, 3);
    assert_eq!(loaded.settings.data_dir, directory.path().join("elsewhere"));
    for (key, value, place) in [
        ("http.timeout", "3s", "option"),
        ("http.max_body", "2MiB", "DATELINE_HTTP__MAX_BODY"),
        ("http.max_redirects", "3", "other.toml:4"),
        ("http.per_host_delay", "1s", "default"),
    ] {
        let origin = &loaded.origins[key];
        assert_eq!((origin.value.as_str(), origin.place.to_string().as_str()), (value, place), "{key}");
    }
}

#[test]
fn every_problem_is_reported_at_once_with_its_line() {
    check(
        "data_dir = 5\n\n[http]\ntimeot = \"5s\"\ntimeout = 30\nmax_body = \"huge\"\n\n[htpp]\nproxy = \"x\"\n[poll]\nmin_interval = \"2d\"\n",
        &[
            "config/dateline.toml:1: `data_dir`: needs text in quotes, not an integer",
            "config/dateline.toml:4: unknown key `http.timeot`",
            "config/dateline.toml:5: `http.timeout`: has no unit: write \"30s\" for seconds, \"30m\" for minutes",
            "config/dateline.toml:6: `http.max_body`: `huge` is not a size: write a number with B, KB, MB, GB, KiB, MiB or GiB, such as `8MiB`",
            "config/dateline.toml:8: unknown section [htpp]",
            "config/dateline.toml:11: `poll.min_interval` (`2d`) is longer than poll.max_interval",
        ],
    );
}

#[test]
fn hints_name_the_nearest_key() {
    let directory = directory(&[("config/dateline.toml", "timeout = \"5s\"\n[htpp]\n[http]\nmax_bdy = 1\n")]);
    let problems = load(&one_topic(&directory)).expect_err("three problems");
    let hints: Vec<_> = problems.0.iter().filter_map(|problem| problem.hint.as_deref()).collect();
    assert_eq!(hints, ["did you mean `http.timeout`?", "did you mean [http]?", "did you mean `http.max_body`?"]);
}

#[test]
fn broken_syntax_hides_no_other_problem() {
    let directory = directory(&[("config/dateline.toml", "[http]\ntimeout = 30s\n\n[poll]\nmin_intervall = \"5m\"\n")]);
    let problems = load(&one_topic(&directory)).expect_err("two problems").0;
    assert_eq!(problems.iter().map(|problem| problem.line).collect::<Vec<_>>(), [Some(2), Some(5)], "{problems:?}");
}

#[test]
fn a_broken_header_is_one_problem_whatever_stands_below_it() {
    let text =
        "[[source]]\nurl = \"https://a.example/\"\n[[source]\nurl = \"https://b.example/\"\n[[source]]\nurll = \"x\"\n";
    let directory = directory(&[("config/dateline.toml", "sources = [\"a.toml\"]"), ("config/a.toml", text)]);
    let problems = load(&one_topic(&directory)).expect_err("problems").0;
    let lines: Vec<_> = problems.iter().filter_map(|problem| problem.line).collect();
    assert_eq!(lines, [3, 6], "{problems:?}");
}

#[test]
fn settings_that_cannot_work_are_refused() {
    for (text, line, part) in [
        ("[http]\ntimeout = \"0s\"", 2, "`http.timeout` (`0s`) is not longer than nothing"),
        ("[http]\nper_host_concurrency = 0", 2, "not between 1 and"),
        ("[http]\nmax_concurrency = 0", 2, "not between 1 and 10000"),
        ("[http]\nuser_agent = \"a\\nb\"", 2, "not plain ASCII"),
        ("[http]\nproxy = \"socks5://a:1\"", 2, "not an http or https address"),
        ("[http]\nreplay = \"no.warc.gz\"", 2, "is not a file"),
        ("[http]\nrecord = \"a.warc.gz\"\nreplay = \"dateline.toml\"", 2, "together with http.replay"),
        ("[poll]\ndefault_interval = \"1m\"", 2, "not between poll.min_interval"),
        ("[index]\nwriter_memory = \"1MiB\"", 2, "not between 15MB"),
        ("[harvest]\nreread = [\"1h\", \"0s\"]", 2, "not longer than nothing"),
        ("[serve]\nlisten = \"8480\"", 2, "not an address and port"),
        ("[serve]\nlisten = \"0.0.0.0:8480\"", 2, "without a token"),
        ("[serve]\ntoken_file = \"no\"", 2, "there is no such file"),
        ("[serve]\ntoken = \"hunter2\"", 2, "does not stand in a configuration file"),
        ("sources = [\"no.toml\"]", 1, "config/no.toml: there is no such file"),
        ("http = 3", 1, "`http` is a section"),
        ("[[alerts]]\nname = \"a\"\nfile = \"-\"", 1, "neither query nor topic"),
        ("[[alerts]]\nname = \"a\"\nfile = \"-\"\nquery = \"x\"\ntopic = \"sanctions\"", 1, "both query and topic"),
        ("[[alerts]]\nname = \"a\"\nquery = \"x\"", 1, "nowhere to deliver"),
        ("[[alerts]]\nname = \"a\"\nquery = \"x\"\nwebhook = \"ftp://a.example/\"", 1, "not an http or https address"),
        ("[[alerts]]\nquery = \"x\"\nfile = \"-\"", 1, "has no name"),
        ("[[alerts]]\nname = \"a\"\ntopic = \"peace-talk\"\nfile = \"-\"", 1, "unknown topic `peace-talk`"),
        ("[[alerts]]\nname = \"a\"\nquery = \"x\"\nfile = \"-\"\nquerry = \"x\"", 5, "did you mean `query`?"),
        ("[[extract.site]]\nhost = \"https://a.example/\"\nbody = \"p\"", 1, "needs a host"),
        ("[[extract.site]]\nhost = \"a.example\"", 1, "says nothing"),
        ("[extract]\nsite = 3", 2, "write [[extract.site]]"),
    ] {
        let directory = directory(&[("config/dateline.toml", text)]);
        let problems = load(&one_topic(&directory)).expect_err(text).0;
        assert_eq!(problems.len(), 1, "{text}: {problems:?}");
        assert!(problems[0].to_string().contains(part), "{text}: {}", problems[0]);
        assert_eq!(problems[0].line, Some(line), "{text}");
    }
}

#[test]
fn listening_beyond_loopback_needs_a_token_or_the_word_public() {
    for serve in [
        "listen = \"0.0.0.0:8480\"\npublic = true",
        "listen = \"[::]:8480\"\ntoken_file = \"token\"",
        "listen = \"\"",
        "listen = \"localhost:0\"",
    ] {
        let directory =
            directory(&[("config/dateline.toml", &format!("[serve]\n{serve}")), ("config/token", "hunter2\n")]);
        let loaded = load(&one_topic(&directory)).expect("no problem");
        if serve.contains("token_file") {
            assert_eq!(loaded.settings.serve.token, Some(Secret("hunter2".to_owned())));
        }
        assert!(!format!("{loaded:?}").contains("hunter2"));
    }
}

#[test]
fn unknown_variables_and_options_are_problems() {
    let directory = directory(&[]);
    let mut options = one_topic(&directory);
    for name in
        ["DATELINE_HTTP__TIMEOT", "DATELINE_DATADIR", "DATELINE_HTTP__MAX_REDIRECTS", "DATELINE_SERVICE_HOST", "HOME"]
    {
        options.env.insert(name.to_owned(), "x".to_owned());
    }
    options.overrides = vec![("http.nothing".to_owned(), "1".to_owned())];
    let problems = load(&options).expect_err("four problems").to_string();
    let expected = "DATELINE_DATADIR: unknown setting in the environment\n  hint: did you mean `DATELINE_DATA_DIR`?\n\
                    DATELINE_HTTP__MAX_REDIRECTS: `http.max_redirects`: needs a whole number from 0, not `x`\n\
                    DATELINE_HTTP__TIMEOT: unknown setting in the environment\n  hint: did you mean `DATELINE_HTTP__TIMEOUT`?\n\
                    unknown key `http.nothing`";
    assert_eq!(problems, expected);
}

#[test]
fn sources_come_from_toml_and_opml_each_once() {
    let directory = directory(&[
        ("config/dateline.toml", "sources = [\"a.toml\", \"lists/b.opml\"]"),
        ("config/a.toml", "[[source]]\nurl = \"https://a.example/feed\"\n"),
        (
            "config/lists/b.opml",
            "<opml><body><outline xmlUrl='https://A.example/feed'/>\n<outline text='B' xmlUrl='https://b.example/'/>\n<outline xmlUrl='mailto:x'/></body></opml>",
        ),
    ]);
    let loaded = load(&one_topic(&directory)).expect("only warnings");
    let urls: Vec<_> = loaded.sources.iter().map(|source| source.url.as_str()).collect();
    assert_eq!(urls, ["https://a.example/feed", "https://b.example/"]);
    let places: Vec<_> = loaded.source_positions.iter().map(ToString::to_string).collect();
    assert_eq!(places, ["config/a.toml:1", "config/lists/b.opml:2"]);
    let warnings: Vec<_> = loaded.warnings.iter().filter_map(|problem| problem.line).collect();
    assert_eq!(warnings, [3, 1], "{:?}", loaded.warnings);
}

#[test]
fn the_same_source_or_topic_twice_is_a_problem_that_names_both_places() {
    let directory = directory(&[
        ("config/dateline.toml", "sources = [\"a.toml\"]\ntopics = [\"t.toml\"]"),
        (
            "config/a.toml",
            "[[source]]\nurl = \"https://a.example/feed\"\n[[source]]\nurl = \"https://a.example:443/feed\"\n",
        ),
        (
            "config/t.toml",
            "[[topic]]\nid = \"a\"\n[[topic]]\nid = \"b\"\nparent = \"a\"\nquery = \"y\"\n[[topic]]\nid = \"b\"\n",
        ),
    ]);
    let problems = load(&options(&directory)).expect_err("two problems").0;
    assert_eq!(
        problems[0].to_string().lines().next(),
        Some("config/a.toml:3: `https://a.example:443/feed` is a source already, at config/a.toml:1")
    );
    assert_eq!(
        problems[1].to_string().lines().next(),
        Some("config/t.toml:7: topic \"b\" is there already, at config/t.toml:3")
    );
}

#[test]
fn a_later_file_adds_phrases_to_a_topic_and_each_keeps_its_place() {
    let full = "[[topic]]\nid = \"a\"\nname = \"A\"\n[topic.en]\nstrong = [\"x\"]\n";
    let files = |second: &str| {
        directory(&[
            ("config/dateline.toml", "topics = [\"t.toml\", \"u.toml\"]"),
            ("config/t.toml", full),
            ("config/u.toml", second),
        ])
    };
    let directory =
        files("[[topic]]\nid = \"a\"\n[topic.en]\nstrong = [\"y\"]\nnone = [\"w\"]\n[topic.de]\nweak = [\"z\"]\n");
    let loaded = load(&options(&directory)).expect("no problem");
    assert_eq!(loaded.topics.len(), 1, "{:?}", loaded.topics);
    let topic = &loaded.topics[0];
    assert_eq!((&*topic.name, &topic.phrases["en"].strong[..]), ("A", &["x".to_owned(), "y".to_owned()][..]));
    assert_eq!((&topic.phrases["en"].none[..], &topic.phrases["de"].weak[..]), (&["w".into()][..], &["z".into()][..]));
    for (language, phrase, file, line) in [("en", "x", "t", 5), ("en", "y", "u", 4), ("de", "z", "u", 7)] {
        let expected = Position { file: format!("config/{file}.toml").into(), line };
        assert_eq!(loaded.topic_positions[0].of_phrase(language, phrase), expected, "{phrase}");
    }
    // What says more than phrases, or none, is a second topic of that id.
    for second in ["[[topic]]\nid = \"a\"\nmin_score = 2\n[topic.de]\nstrong = [\"z\"]", "[[topic]]\nid = \"a\""] {
        let problems = load(&options(&files(second))).expect_err("the same id").0;
        assert!(problems[0].to_string().starts_with("config/u.toml:1: topic \"a\" is there already"), "{problems:?}");
    }
}

#[test]
fn a_file_asked_for_has_to_be_there_and_be_text() {
    let directory = directory(&[]);
    fs::write(directory.path().join("latin.toml"), b"# ok\n# \xe9\n").expect("written");
    for (name, expected) in [
        ("no.toml", "no.toml: there is no such file"),
        ("latin.toml", "latin.toml:2: is not UTF-8"),
        (".", ": is a directory"),
    ] {
        let options = LoadOptions { config_file: Some(name.into()), ..one_topic(&directory) };
        let problems = load(&options).expect_err(name).to_string();
        assert!(problems.ends_with(expected), "{problems}");
    }
}

/// Returns the shipped file with its commented-out settings (`#key = …`, `#[[alerts]]`) brought to life.
fn uncommented(text: &str) -> String {
    let is_setting = |rest: &str| rest.starts_with(|c: char| c.is_ascii_lowercase() || c == '[');
    text.lines()
        .map(|line| line.strip_prefix('#').filter(|rest| is_setting(rest)).unwrap_or(line))
        .collect::<Vec<_>>()
        .join("\n")
}

fn shipped() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/config"))
}

#[test]
fn the_shipped_file_shows_every_setting_with_its_default() {
    let text = uncommented(&fs::read_to_string(shipped().join("dateline.toml")).expect("the shipped file"));
    let directory = directory(&[
        ("config/dateline.toml", &text),
        ("config/sources.toml", ""),
        ("config/topics.toml", "[[topic]]\nid = \"sanctions\"\nquery = \"sanctions\""),
        ("config/topics-languages.toml", ""),
        ("config/names.toml", ""),
    ]);
    fs::write(directory.path().join("config/alert.key"), "key").expect("written");
    let loaded = load(&options(&directory)).expect("no problem");
    let mut defaults = Settings { data_dir: directory.path().join("config/../data"), ..Settings::default() };
    for (key, slot) in slots(&mut defaults) {
        let origin = &loaded.origins[key];
        match key {
            // Never in a file.
            "serve.token" => continue,
            // The shipped file names its lists; without a file there is nothing to name.
            "sources" | "topics" | "names" => {}
            _ => assert_eq!(origin.value, slot.show(), "{key}"),
        }
        assert!(matches!(origin.place, Place::File(_)), "{key} is missing");
    }
    assert_eq!((loaded.settings.alerts.len(), loaded.settings.extract.site.len()), (1, 1), "examples of both lists");
}

#[test]
fn the_shipped_configuration_works() {
    let options = LoadOptions {
        config_file: Some(shipped().join("dateline.toml")),
        current_dir: shipped().to_owned(),
        ..LoadOptions::default()
    };
    let loaded = load(&options).expect("no problem");
    assert_eq!(loaded.warnings, []);
    let languages: std::collections::BTreeSet<_> =
        loaded.sources.iter().filter_map(|source| source.lang.as_deref()).collect();
    assert!(loaded.sources.len() >= 60 && languages.len() >= 10, "{} sources in {languages:?}", loaded.sources.len());
    assert!(loaded.sources.iter().all(|source| source.name.is_some() && source.url.starts_with("https://")));
}

#[test]
fn the_demonstration_works() {
    let demo = shipped().join("examples/demo.toml");
    let options = LoadOptions { config_file: Some(demo), current_dir: shipped().to_owned(), ..LoadOptions::default() };
    let loaded = load(&options).expect("no problem");
    assert!(loaded.settings.http.replay.is_some() && loaded.settings.serve.listen.is_empty());
    assert!(loaded.sources.iter().all(|source| source.url.contains(".example/")), "only reserved names");
}

#[test]
fn passwords_in_addresses_are_not_shown() {
    for (address, shown) in [
        ("https://me:pw@a.example/feed", "https://***@a.example/feed"),
        ("https://a.example/@me", "https://a.example/@me"),
        ("me:pw@a.example", "***@a.example"),
    ] {
        assert_eq!(without_password(address), shown);
    }
}

proptest! {
    #[test]
    fn any_file_is_read_or_refused(text in "(\\[|\\]|=|\"|\n|#|http|poll|source|topic|alerts|extract|site|timeout|en|strong|url|[0-9]|\\PC){0,40}") {
        for (shown, read) in [("a", 0), ("b", 1), ("c", 2)] {
            let (mut document, table) = document::Document::parse(&text, Path::new(shown), Path::new("/"));
            match read {
                0 => drop(source_file::read(&mut document, table)),
                1 => drop(topic_file::read(&mut document, table)),
                _ => drop(settings_file::apply(&mut document, table, &mut Settings::default(), &mut BTreeMap::new())),
            }
            let lines = text.lines().count() + 1;
            prop_assert!(document.problems.iter().all(|problem| problem.line.is_some_and(|line| line <= lines)));
        }
    }
}
