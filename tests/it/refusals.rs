//! What is refused, with which words and exit code: a second writer, a broken configuration, an unreadable question.

use std::net::TcpListener;

use crate::world::{Dateline, Web, wait_for};

#[test]
fn a_second_writer_is_told_who_owns_the_data() {
    let web = Web::new();
    let dateline = Dateline::following(&[web.outlet(1).url("/feed.xml")]);
    let daemon = dateline.start(&["run"]);
    wait_for("the daemon to own its data", || {
        dateline.run(&["status", "--json"]).stdout.contains("\"running\":true").then_some(())
    });
    dateline.run(&["run", "--once"]).exits(75).says("process ");
    dateline.pipe(&["import", "-"], "").exits(75).says("process ");
    // Readers are not in the way, once there is an index to read.
    wait_for("a search beside the daemon", || (dateline.run(&["search", "anything"]).code == 0).then_some(()));
    assert_eq!(daemon.terminate(), 0);
    dateline.row(&["status"]);
}

#[test]
fn a_broken_configuration_is_told_in_full() {
    let dateline = Dateline::new();
    let settings = r#"sources = ["sources.toml"]

[http]
timeoutt = "30s"
max_body = "lots"

[poll]
min_interval = -1
"#;
    let sources = r#"source = [
  { url = "ftp://outlet.example/" },
  { name = "No address" },
]
"#;
    dateline.write("dateline.toml", settings);
    dateline.write("sources.toml", sources);
    for command in ["check", "run", "config", "topics"] {
        let done = dateline.run(&[command]).exits(78).says("`http.timeout`?");
        for place in ["dateline.toml:4", "dateline.toml:5", "dateline.toml:8", "sources.toml:2", "sources.toml:3"] {
            assert!(done.stderr.contains(place), "{command}: {place} is not in {}", done.stderr);
        }
        assert_eq!(done.stdout, "");
    }
}

#[test]
fn each_bad_name_is_told_with_its_line() {
    let dateline = Dateline::new();
    let names = "[[name]]\nname = \"Ada Byron\"\nkind = \"person\"\naliases = [\n  \"ab\",\n]\n\n[[name]]\nname = \"Port\"\n\
                 [[name]]\nname = \"Ada Byron\"\nkind = \"town\"\n";
    dateline.write("names.toml", names);
    let done = dateline.run(&["check"]).exits(78);
    for told in
        ["names.toml:5: name `Ada Byron` `ab`", "names.toml:8: name \"Port\" has no kind", "names.toml:12: `kind`"]
    {
        assert!(done.stderr.contains(told), "{told} is not in {}", done.stderr);
    }
}

#[test]
fn each_bad_rule_is_told_with_its_line() {
    let lines: [(&str, &str); 21] = [
        ("[[topic]]", ""),
        ("id = \"one\"", ""),
        ("iptc = \"20000271\"", ""),
        ("parent = \"two\"", ""),
        ("[topic.en]", ""),
        ("strong = [\"truce\", \"ab*\",", "begins too many words"),
        ("  \"a*b\",", "has a * inside a word"),
        ("  \"truce\"]", "is there twice"),
        ("near = [[\"word\", \"!|other\", 3],", "has no word"),
        ("  [\"word\", 3]]", "needs the form"),
        ("[[topic]]", "is its own ancestor"),
        ("id = \"two\"", ""),
        ("parent = \"one\"", ""),
        ("[[topic]]", "can never be given"),
        ("id = \"three\"", ""),
        ("parent = \"twoo\"", ""),
        ("[topic.en]", ""),
        ("weak = [\"war\"]", ""),
        ("[[topic]]", "cannot be asked of one text"),
        ("id = \"four\"", ""),
        ("query = \"peace~1\"", ""),
    ];
    let dateline = Dateline::new();
    let text: String = lines.iter().map(|(line, _)| format!("{line}\n")).collect();
    dateline.write("topics.toml", &text);
    let told = dateline.run(&["check"]).exits(78).stderr;
    for ((_, problem), line) in lines.iter().zip(1..).filter(|((_, told), _)| !told.is_empty()) {
        let place = format!("topics.toml:{line}: ");
        assert!(told.lines().any(|told| told.contains(&place) && told.contains(problem)), "{place}{problem} in {told}");
    }
    for problem in
        ["\"medtop:20000271\" is no Media Topics code", "parent \"twoo\" is no topic", "did you mean \"two\"?"]
    {
        assert!(told.contains(problem), "{problem} in {told}");
    }
}

#[test]
fn a_broken_topic_is_a_broken_configuration() {
    let dateline = Dateline::new();
    dateline.write(
        "topics.toml",
        "[[topic]]\nid = \"one\"\n[topic.en]\nstrong = [\"word\"]\n\n[[topic]]\nid = \"one\"\nparent = \"nobody\"\n",
    );
    let done = dateline.run(&["check"]).exits(78);
    assert!(done.stderr.contains("topics.toml:"), "{}", done.stderr);
}

#[test]
fn questions_that_cannot_be_read_or_answered_have_their_codes() {
    let dateline = Dateline::new();
    // Without any data there is nothing to search.
    dateline.run(&["search", "word"]).exits(1);
    dateline
        .pipe(&["import", "-"], "{\"url\":\"https://a.example/1\",\"title\":\"One\",\"body\":\"One word.\"}\n")
        .ok();
    dateline.run(&["search", "word"]).ok();
    dateline.run(&["search", "(word"]).exits(2).says("^");
    dateline.run(&["topics", "count", "(word"]).exits(2).says("^");
    dateline.run(&["search", "word", "--topic", "nonsense"]).exits(2);
    dateline.run(&["search", "word", "--since", "yesterdayish"]).exits(2);
    dateline.run(&["search", "word", "--sort", "sideways"]).exits(2);
    dateline.run(&["nonsense"]).exits(2);
    dateline.run(&["show", "0123456789abcdef"]).exits(1).says("0123456789abcdef");
    dateline.run(&["show", "nonsense"]).exits(2);
    dateline.run(&["topics", "explain", "0123456789abcdef"]).exits(1);
    dateline.run(&["delete", "0123456789abcdef"]).exits(1);
    dateline.run(&["delete"]).exits(2);
    dateline.run(&["import", "missing.jsonl"]).exits(1).says("missing.jsonl");
    dateline.plain(&["--config", "missing.toml", "check"]).exits(78).says("missing.toml");
}

#[test]
fn an_address_that_is_taken_stops_the_daemon_with_words() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    let dateline = Dateline::new().set("serve.listen", &format!("\"{address}\""));
    dateline.run(&["run"]).exits(1).says(&address);
}
