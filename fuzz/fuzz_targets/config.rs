//! A file of the configuration, read as settings, as sources, as topics and as OPML: no panic, every problem in words, and
//! what is accepted can be used.
#![no_main]

use std::{fs, path::Path, sync::LazyLock};

use dateline::{
    config::{self, LoadOptions, Loaded},
    extract::Extractor,
    topic::{self, Tagger},
};
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

/// The input stands beside files that name it.
static DIR: LazyLock<TempDir> = LazyLock::new(|| {
    let dir = tempfile::tempdir().expect("a directory");
    for (name, text) in [
        ("with-sources.toml", "sources = [\"input.toml\"]\ntopics = []\n"),
        ("with-opml.toml", "sources = [\"input.opml\"]\ntopics = []\n"),
        ("with-topics.toml", "topics = [\"input.toml\"]\n"),
    ] {
        fs::write(dir.path().join(name), text).expect("a writable directory");
    }
    dir
});

fuzz_target!(|input: &[u8]| {
    let dir = DIR.path();
    fs::write(dir.join("input.toml"), input).expect("a writable directory");
    fs::write(dir.join("input.opml"), input).expect("a writable directory");
    for file in ["input.toml", "with-sources.toml", "with-opml.toml", "with-topics.toml"] {
        read(dir, file);
    }
    if let Ok(text) = str::from_utf8(input) {
        let listed = config::parse_opml(text);
        assert_eq!(listed.sources.len(), listed.lines.len());
        let _ = (config::parse_duration(text), config::parse_size(text));
    }
});

fn read(dir: &Path, file: &str) {
    let options = LoadOptions { config_file: Some(file.into()), current_dir: dir.to_owned(), ..LoadOptions::default() };
    // Settings alone: with them would come the built-in topics, which take most of the time and are no news.
    let read = if file == "input.toml" {
        config::load_settings(&options).map(|settings| Loaded { settings, ..Loaded::default() })
    } else {
        config::load(&options)
    };
    match read {
        // Selectors and queries are for the rooms to judge; they may refuse, in words.
        Ok(Loaded { settings, topics, names, .. }) => {
            drop(Extractor::new(&settings.extract));
            topic::lint(&topics);
            drop(Tagger::new(&topics, &names));
        }
        Err(problems) => assert!(!problems.to_string().is_empty()),
    }
}
