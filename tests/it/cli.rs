//! The command line as documented: help, fields, plain output, exit codes.

use std::process::Stdio;

use serde_json::json;

use crate::world::{Dateline, check_fields, paragraphs};

/// Every command, with its subcommands.
pub const COMMANDS: &[&[&str]] = &[
    &["init"],
    &["run"],
    &["search"],
    &["show"],
    &["stories"],
    &["sources"],
    &["sources", "add"],
    &["sources", "remove"],
    &["sources", "check"],
    &["sources", "discover"],
    &["sources", "import"],
    &["sources", "export"],
    &["topics"],
    &["topics", "test"],
    &["topics", "explain"],
    &["topics", "count"],
    &["topics", "lint"],
    &["topics", "retag"],
    &["alerts"],
    &["alerts", "test"],
    &["extract"],
    &["import"],
    &["export"],
    &["delete"],
    &["backup"],
    &["reindex"],
    &["check"],
    &["config"],
    &["status"],
    &["health"],
    &["mcp"],
    &["completions"],
];

/// An installation with two articles, the second a copy of the first under another title.
fn archive() -> Dateline {
    let dateline = Dateline::new();
    let line = |url: &str, title: &str, at: &str| {
        let body = format!("The walkout of the dock workers goes on.\n\n{}", paragraphs(1).join("\n\n"));
        json!({ "url": url, "title": title, "body": body, "published_at": at }).to_string() + "\n"
    };
    let lines = line("https://one.example/a", "Dock workers stay out", "2026-03-01T10:00:00Z")
        + &line("https://two.example/b", "No end to the walkout", "2026-03-01T11:00:00Z");
    dateline.pipe(&["import", "-"], lines).ok();
    dateline
}

#[test]
fn every_command_explains_itself() {
    let dateline = Dateline::new();
    let all = dateline.plain(&["--help"]).ok().stdout;
    assert!(all.contains("Examples:"), "{all}");
    for command in COMMANDS {
        if command.len() == 1 {
            assert!(all.contains(&format!("\n  {} ", command[0])), "{} is not in {all}", command[0]);
        }
        for help in ["--help", "-h"] {
            let done = dateline.plain(&[command, &[help][..]].concat()).ok();
            assert!(done.stdout.contains("Usage: dateline"), "{command:?}: {}", done.stdout);
            assert_eq!(done.stderr, "");
        }
    }
    assert!(dateline.plain(&["--version"]).ok().stdout.starts_with("dateline "));
}

#[test]
fn help_lists_no_command_that_is_not_known_here() {
    let dateline = Dateline::new();
    for parent in [&[][..], &["sources"], &["topics"], &["alerts"]] {
        let help = dateline.plain(&[parent, &["--help"][..]].concat()).ok().stdout;
        let commands =
            help.split("Commands:\n").nth(1).expect("a list").lines().take_while(|line| line.starts_with("  "));
        for line in commands.filter(|line| !line.starts_with("   ")) {
            let name = line.split_whitespace().next().expect("a name");
            let command = [parent, &[name][..]].concat();
            assert!(COMMANDS.contains(&command.as_slice()), "{command:?}");
        }
    }
}

#[test]
fn rows_have_the_documented_fields() {
    let dateline = archive();
    let head = "id, url, title, source, outlet, authors, published_at, fetched_at, lang, topics, entities, story, copies, \
         duplicate_of";
    let hit = dateline.row(&["search", "walkout"]);
    check_fields(&hit, &format!("{head}, score, snippet"));
    let id = hit["id"].as_str().expect("an id").to_owned();
    assert!(id.len() == 16 && id.chars().all(|c| c.is_ascii_hexdigit()), "{id}");
    for row in [dateline.row(&["show", &id]), dateline.json(&["export"]).remove(0)] {
        check_fields(&row, &format!("{head}, body, summary, site, image, similarity, revision, names"));
        assert!(row.get("score").is_none() && row.get("snippet").is_none(), "{row}");
    }
    let story = dateline.row(&["stories"]);
    check_fields(
        &story,
        "id, title, articles, outlets, first_published_at, last_published_at, closed_at, topics, members",
    );
    check_fields(&dateline.row(&["topics", "explain", &id]), "id, lang, topics, matches, names");
    dateline.run(&["sources", "add", "https://paper.example/feed"]).ok();
    check_fields(
        &dateline.row(&["sources"]),
        "id, url, name, title, status, last_polled_at, next_poll_at, next_poll_reason, consecutive_failures, \
         last_error, http_status, entries",
    );
    assert_eq!(dateline.row(&["sources"])["status"], "never");
    check_fields(&dateline.row(&["status"]), "data_dir, running, sources, entries, articles, copies, stories");
    for row in dateline.json(&["topics"]) {
        check_fields(&row, "id, name, parent, articles");
    }
    for row in dateline.json(&["config"]) {
        check_fields(&row, "setting, value, from");
    }
    let counts = dateline.json(&["search", "--count-by", "outlet", "--copies"]);
    assert_eq!(counts.len(), 2);
    assert_eq!(dateline.row(&["topics", "count", "walkout"])["articles"], 2);
    // Rules as they would be saved: the inside of a topic, a topic, a file of them.
    assert_eq!(dateline.row(&["topics", "count", "min_score = 0.1\nany.strong = [\"walkout\"]"])["articles"], 2);
    assert_eq!(
        dateline.row(&["topics", "count", "[[topic]]\nid = \"none\"\nany.strong = [\"iceberg\"]"])["topic"],
        "none"
    );
    let file = dateline.path("topics.toml").display().to_string();
    let counts = dateline.json(&["topics", "count", &file]);
    let stored = dateline.json(&["topics"]);
    assert_eq!((&counts[0]["topic"], &counts[0]["articles"]), (&stored[0]["id"], &stored[0]["articles"]));
    dateline.run(&["topics", "count", "any.strong = [\"w*\"]"]).exits(78).says("rule:3");
}

#[test]
fn a_pass_sums_up_in_the_documented_fields() {
    let row = Dateline::new().row(&["run", "--once"]);
    check_fields(
        &row,
        "sources, polled, not_modified, failed, entries, articles, copies, revisions, skipped, failed_pages, waiting, \
         duration_ms",
    );
    assert_eq!(row["sources"], 0);
}

#[test]
fn what_goes_to_a_pipe_has_no_colour() {
    let dateline = archive();
    let id = dateline.row(&["search", "walkout"])["id"].as_str().expect("an id").to_owned();
    let commands: [&[&str]; 8] = [
        &["search", "walkout"],
        &["show", &id],
        &["show", &id, "--copies"],
        &["stories"],
        &["sources"],
        &["topics"],
        &["status"],
        &["search", "--count-by", "day"],
    ];
    for command in commands {
        let done = dateline.run(command).ok();
        assert!(!done.stdout.contains('\u{1b}') && !done.stderr.contains('\u{1b}'), "{command:?}: {done:?}");
    }
    // Nor has it an end of lines: whoever looks for an address finds it.
    let long = format!("https://paper.example/{}", "feed/".repeat(20));
    dateline.run(&["sources", "add", &long]).ok();
    assert!(dateline.run(&["sources"]).ok().stdout.contains(&long));
    let coloured = dateline.run(&["search", "walkout", "--color", "always"]).ok().stdout;
    assert!(coloured.contains("\u{1b}["), "{coloured}");
    let plain = dateline.run(&["search", "walkout", "--color", "never"]).ok().stdout;
    assert_eq!(plain, dateline.run(&["search", "walkout"]).ok().stdout);
}

#[test]
fn a_reader_that_leaves_early_is_no_failure() {
    let dateline = Dateline::new();
    let lines: String = (0..40)
        .map(|n| {
            let body = paragraphs(n).join(" ");
            json!({ "url": format!("https://a.example/{n}"), "title": format!("Report {n}"), "body": body }).to_string()
                + "\n"
        })
        .collect();
    dateline.pipe(&["import", "-"], lines).ok();
    for command in [&["export"][..], &["search", "--copies", "--limit", "60", "--json"], &["completions", "bash"]] {
        let mut child =
            dateline.command(command).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        drop(child.stdout.take());
        let done = child.wait_with_output().expect("it ends");
        assert!(done.status.success(), "{command:?}: {done:?}");
        assert!(done.stderr.is_empty(), "{command:?}: {done:?}");
    }
}

#[test]
fn output_that_finds_no_room_is_a_failure_that_names_it() {
    let dateline = archive();
    for command in [&["export"][..], &["search", "walkout"], &["completions", "bash"]] {
        let mut command = dateline.command(command);
        let full = std::fs::File::options().write(true).open("/dev/full").expect("Linux");
        let done = command.stdout(full).output().expect("it runs");
        let told = String::from_utf8_lossy(&done.stderr);
        assert_eq!((done.status.code(), told.contains("standard output cannot be written")), (Some(1), true), "{told}");
    }
}

#[test]
fn completions_are_written_for_the_shells() {
    for shell in ["bash", "zsh", "fish"] {
        let script = Dateline::new().plain(&["completions", shell]).ok().stdout;
        assert!(script.contains("dateline") && script.contains("stories"), "{shell}");
    }
}

#[test]
fn init_writes_a_configuration_that_is_sound_and_keeps_what_is_there() {
    let dateline = Dateline::new();
    std::fs::create_dir(dateline.path("empty")).expect("a directory");
    dateline.plain(&["init", "empty"]).ok().says("wrote");
    dateline.plain(&["--config", "empty/dateline.toml", "check"]).ok().says("no problems");
    std::fs::write(dateline.path("empty/sources.toml"), "# mine\n").expect("a file");
    dateline.plain(&["init", "empty"]).ok().says("kept");
    assert_eq!(std::fs::read_to_string(dateline.path("empty/sources.toml")).expect("a file"), "# mine\n");
    // Where nothing is said, the configuration of the working directory holds.
    dateline.plain(&["init"]).ok();
    let told = dateline.plain(&["config"]).ok().stdout;
    assert!(told.contains("config/dateline.toml"), "{told}");
}

#[test]
fn a_data_directory_without_an_index_yet_is_searched_in_vain() {
    let dateline = archive();
    std::fs::remove_dir_all(dateline.path("data/index")).expect("it is there");
    let done = dateline.run(&["search", "walkout"]).ok().says("nothing is searchable yet");
    assert_eq!(done.stdout, "");
    assert_eq!(dateline.run(&["search", "--count-by", "day", "--json"]).ok().stdout, "");
}

#[test]
fn a_page_behind_the_last_hit_says_how_many_there_are() {
    let dateline = archive();
    let total = dateline.json(&["search"]).len();
    let behind = format!("0 of {total} hits");
    dateline.run(&["search", "--offset", "100"]).ok().says(&behind);
    dateline.run(&["search", "--limit", "0"]).ok().says(&behind);
    dateline.run(&["search", "giraffe", "--limit", "0"]).ok().says("no article fits");
}

#[test]
fn a_query_without_measure_is_refused() {
    let dateline = archive();
    dateline.run(&["search", &"a".repeat(100_000)]).exits(2).says("10000 characters");
    dateline.run(&["search", &"a OR ".repeat(1_000)]).exits(2).says("200 clauses");
    dateline.run(&["search", &"(".repeat(1_000)]).exits(2).says("50 deep");
}

#[test]
fn an_empty_result_is_a_result_with_advice() {
    let dateline = archive();
    let done = dateline.run(&["search", "unheardof"]).ok().says("hint:");
    assert_eq!(done.stdout, "");
    assert_eq!(dateline.run(&["search", "unheardof", "--json"]).ok().stdout, "");
    dateline.run(&["stories", "--min-outlets", "9"]).ok().says("hint:");
}

#[test]
fn the_environment_beats_the_file_and_an_option_beats_both() {
    let dateline = Dateline::new();
    let setting = |command: &mut std::process::Command, name: &str| {
        let done = command.output().expect("it runs");
        let rows = crate::world::json_lines(&String::from_utf8_lossy(&done.stdout));
        rows.into_iter().find(|row| row["setting"] == name).expect("it is listed")
    };
    let row = setting(
        dateline.command(&["config", "--json"]).env("DATELINE_HTTP__PER_HOST_DELAY", "3s"),
        "http.per_host_delay",
    );
    assert_eq!(row["value"], "3s");
    assert!(row["from"].as_str().is_some_and(|from| from.contains("DATELINE_HTTP__PER_HOST_DELAY")), "{row}");
    let other = dateline.path("elsewhere").display().to_string();
    let mut command = dateline.command(&["config", "--json", "--data-dir", &other]);
    let row = setting(command.env("DATELINE_DATA_DIR", "/nowhere"), "data_dir");
    assert_eq!(row["value"], other.as_str());
    dateline.plain(&["config"]).ok();
    let mut misspelt = dateline.command(&["check"]);
    assert_eq!(misspelt.env("DATELINE_HTTP__TIMEOUTT", "3s").output().expect("it runs").status.code(), Some(78));
}
