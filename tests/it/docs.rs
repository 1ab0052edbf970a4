//! What is written about dateline is true: settings, commands and metrics are those of the binary.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::Value;

use crate::{
    cli::COMMANDS,
    world::{Dateline, free_address, get},
};

fn file(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The settings that the shipped file shows, in force or at rest (`#key = …`), as `section.key`.
fn shown_settings(text: &str) -> BTreeSet<String> {
    let mut section = String::new();
    let mut shown = BTreeSet::new();
    for line in text.lines() {
        let line = line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line);
        if line.starts_with('#') {
            continue;
        }
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_matches(['[', ']']).split(']').next().unwrap_or_default().to_owned();
        } else if let Some((key, _)) = line.split_once(" = ") {
            shown.insert(if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") });
        }
    }
    shown
}

/// A duration or size that is written in another way is the same value.
fn plain(row: &Value) -> (String, String) {
    let text = |field: &str| row[field].as_str().unwrap_or_default().to_owned();
    (text("setting"), text("value"))
}

#[test]
fn the_shipped_file_shows_every_setting_with_its_default() {
    let shipped = file("config/dateline.toml");
    let dateline = Dateline::new();
    // Away from any configuration the defaults hold.
    let defaults: Vec<(String, String)> = dateline.plain(&["config", "--json"]).ok().rows().iter().map(plain).collect();
    let shown = shown_settings(&shipped);
    for (setting, _) in &defaults {
        // The token itself belongs in no file: only `token_file` is shown.
        assert!(shown.contains(setting) || setting == "serve.token", "{setting} is not shown in config/dateline.toml");
    }
    let known: BTreeSet<&str> = defaults.iter().map(|(setting, _)| setting.as_str()).collect();
    for setting in &shown {
        let listed = setting.starts_with("alerts.") || setting.starts_with("extract.site.");
        assert!(listed || known.contains(setting.as_str()), "{setting} is no setting");
    }

    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/config/dateline.toml");
    let in_force: Vec<(String, String)> =
        dateline.plain(&["--config", config, "config", "--json"]).ok().rows().iter().map(plain).collect();
    for (default, shown) in defaults.iter().zip(&in_force) {
        // The shipped file names its own lists and lives beside its data directory.
        if !matches!(default.0.as_str(), "sources" | "topics" | "names" | "data_dir") {
            assert_eq!(shown, default);
        }
    }
    dateline.plain(&["--config", config, "check"]).ok().says("no problems");
}

#[test]
fn the_readme_names_every_command() {
    let readme = file("README.md");
    for command in COMMANDS {
        let name = command.join(" ");
        assert!(
            readme.contains(&format!("dateline {name}")) || readme.contains(&format!("`{name}")),
            "`{name}` is not in README.md"
        );
    }
}

#[test]
fn the_demonstration_does_what_the_readme_shows() {
    let demo = concat!(env!("CARGO_MANIFEST_DIR"), "/config/examples/demo.toml");
    let dateline = Dateline::new();
    let data = dateline.path("demo").display().to_string();
    let run = |args: &[&str]| {
        dateline.plain(&[args, &["--config", demo, "--data-dir", &data, "--json"]].concat()).ok().rows()
    };
    let pass = run(&["run", "--once"]).remove(0);
    let fields = ["entries", "articles", "copies", "revisions", "skipped", "failed_pages", "waiting"];
    let counts = fields.map(|field| pass[field].as_u64().expect("a number")).to_vec();
    let readme = file("README.md");
    let shown = readme.lines().skip_while(|line| !line.contains("sources polled in")).nth(1).expect("a summary");
    assert_eq!(numbers(shown), counts, "README.md shows: {shown}");
    assert!(!run(&["search", "sanctions"]).is_empty());
    assert!(!run(&["stories"]).is_empty());
}

fn numbers(text: &str) -> Vec<u64> {
    text.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).collect()
}

/// The names of metrics in a text.
fn metric_names(text: &str) -> BTreeSet<String> {
    let letter = |c: char| c.is_ascii_lowercase() || c == '_';
    let names = text
        .match_indices("dateline_")
        .map(|(at, _)| text[at..].chars().take_while(|&c| letter(c)).collect::<String>());
    names.map(|name| name.trim_end_matches('_').to_owned()).collect()
}

#[test]
fn the_operations_guide_lists_every_metric() {
    let guide = metric_names(&file("docs/operations.md"));
    let registered = metric_names(&file("src/telemetry.rs"));
    let missing: Vec<&String> = registered.difference(&guide).collect();
    assert!(missing.is_empty(), "not in docs/operations.md: {missing:?}");

    let listen = free_address();
    let dateline = Dateline::new().set("serve.listen", &format!("\"{listen}\""));
    let _daemon = dateline.start_ready(&listen);
    let served = get(&listen, "/metrics", "").expect("the daemon answers").1;
    let families: BTreeSet<String> =
        served.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next().map(str::to_owned)).collect();
    assert!(families.len() > 5, "{served}");
    assert!(families.is_subset(&registered), "{families:?}");
}

#[test]
fn the_dashboard_and_the_alert_rules_ask_for_metrics_that_exist() {
    let registered = metric_names(&file("src/telemetry.rs"));
    let dashboard = file("config/examples/prometheus/dashboard.json");
    serde_json::from_str::<Value>(&dashboard).expect("JSON");
    for text in [dashboard, file("config/examples/prometheus/alerts.yaml")] {
        let asked = metric_names(&text);
        assert!(asked.len() > 5, "{asked:?}");
        for name in asked {
            // A histogram is asked for by its parts.
            let family = ["_bucket", "_count", "_sum"].iter().find_map(|part| name.strip_suffix(part)).unwrap_or(&name);
            assert!(registered.contains(family), "{name} is no metric");
        }
    }
}
