//! The house as it is drawn: imports go down only, every file says what it is.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

const WORDS: &[&str] = &["model", "config", "telemetry"];
const PURE: &[&str] = &["text", "query", "source", "extract", "dedup", "topic"];
const EDGES: &[&str] = &["fetch", "store", "index", "sink"];
const WIRING: &[&str] = &["pipeline", "serve", "cli"];
/// Rooms of the pure floor that serve the others.
const SERVING: &[&str] = &["text", "query"];
/// Names that say nothing of what is inside.
const NAMELESS: &[&str] = &["util", "utils", "common", "helpers", "helper", "misc", "types"];

fn floor(room: &str) -> usize {
    let floors = [WORDS, PURE, EDGES, WIRING];
    floors.iter().position(|rooms| rooms.contains(&room)).unwrap_or_else(|| panic!("room `{room}` is on no floor"))
}

fn may_use(room: &str, other: &str) -> bool {
    let (own, below) = (floor(room), floor(other));
    match own {
        _ if room == other || own > below => true,
        0 | 3 => own == below,
        1 => SERVING.contains(&other) && room != "text",
        _ => false,
    }
}

/// Every Rust file below `src/`, with the room it belongs to (none for `lib.rs` and `main.rs`).
fn sources() -> Vec<(PathBuf, Option<String>, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut dirs = vec![root.clone()];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(&dir).expect("a directory of sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                dirs.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let inside = path.strip_prefix(&root).expect("below the root").to_owned();
                let first = inside.components().next().expect("a name").as_os_str().to_string_lossy().into_owned();
                let room = first.trim_end_matches(".rs").to_owned();
                let text = fs::read_to_string(&path).expect("a readable file");
                found.push((inside, Some(room).filter(|room| !matches!(room.as_str(), "lib" | "main")), text));
            }
        }
    }
    assert!(found.len() > 50, "the sources are found");
    found.sort();
    found
}

/// What the product compiles: without comments and without what is for tests alone.
fn product(text: &str) -> String {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).map(|line| format!("{line}\n")).collect()
}

/// The rooms that a file names: `crate::room…` and `crate::{room…, room…}`.
fn named_rooms(code: &str) -> BTreeSet<String> {
    let mut rooms = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        match rest.strip_prefix('{') {
            None => rooms.extend(word(rest)),
            Some(group) => {
                let mut depth = 1;
                let mut item = true;
                for (at, c) in group.char_indices() {
                    match c {
                        '{' => depth += 1,
                        '}' => depth -= 1,
                        ',' if depth == 1 => item = true,
                        c if item && c.is_alphabetic() => {
                            rooms.extend(word(&group[at..]));
                            item = false;
                        }
                        _ => {}
                    }
                    if depth == 0 {
                        break;
                    }
                }
            }
        }
    }
    rooms
}

fn word(text: &str) -> Option<String> {
    let word: String = text.chars().take_while(|&c| c.is_alphanumeric() || c == '_').collect();
    (!word.is_empty()).then_some(word)
}

#[test]
fn imports_go_down_only() {
    let mut wrong = Vec::new();
    for (path, room, text) in sources() {
        let Some(room) = room else { continue };
        if path.ends_with("tests.rs") || path.to_string_lossy().contains("/tests/") {
            continue;
        }
        let all = [WORDS, PURE, EDGES, WIRING].concat();
        let names = named_rooms(&product(&text));
        let rooms = names.iter().filter(|name| all.contains(&name.as_str()));
        wrong.extend(rooms.filter(|other| !may_use(&room, other)).map(|other| format!("{}: {other}", path.display())));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn nested_imports_are_read() {
    let names = |code| named_rooms(code).into_iter().collect::<Vec<_>>();
    assert_eq!(names("use crate::{\n a::{b, c},\n d, e::f,\n}; crate::g::h()"), ["a", "d", "e", "g"]);
}

#[test]
fn pure_rooms_touch_nothing_outside() {
    const OUTSIDE: &[&str] = &[
        "tokio",
        "reqwest",
        "std::fs",
        "std::net",
        "std::env",
        "fs::",
        "File::open",
        "Utc::now",
        "SystemTime",
        "Instant::now",
        "rusqlite",
        "tantivy",
    ];
    let mut wrong = Vec::new();
    for (path, room, text) in sources() {
        if room.is_some_and(|room| PURE.contains(&room.as_str())) && !path.ends_with("tests.rs") {
            let code = product(&text);
            wrong.extend(
                OUTSIDE.iter().filter(|word| code.contains(*word)).map(|word| format!("{}: {word}", path.display())),
            );
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_file_says_what_it_is_and_nothing_is_left_for_later() {
    let mut wrong = Vec::new();
    for (path, _, text) in sources() {
        let path = path.display();
        let first = text.lines().next().unwrap_or_default();
        if !first.starts_with("//! ") || first.len() < 12 {
            wrong.push(format!("{path} begins with `{first}`"));
        }
        let left = ["TODO", "FIXME", "XXX", "todo!(", "unimplemented!("].into_iter().filter(|mark| text.contains(mark));
        wrong.extend(left.map(|mark| format!("{path}: {mark}")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_file_has_a_name_that_says_something() {
    for (path, ..) in sources() {
        for part in path.iter().map(|part| part.to_string_lossy()) {
            assert!(!NAMELESS.contains(&part.trim_end_matches(".rs")), "{}", path.display());
        }
    }
}
