//! What breaks under dateline: the disk, the network. It is said, tried again, and nothing is lost.

use std::process::Command;

use crate::world::{Answer, Dateline, Item, Outlet, Web, ago, feed, page, paragraphs, wait_for};

fn publish(outlet: &Outlet, number: usize) {
    let title = format!("Harbour report {number}");
    outlet.serve("/a.html", Answer::html(page(&title, &paragraphs(number), ago(20))));
    outlet.serve("/feed.xml", Answer::feed(feed("Paper", &[Item::new(outlet.url("/a.html"), &title, ago(20))])));
}

#[test]
fn a_disk_that_takes_nothing_is_waited_for_and_nothing_is_lost() {
    let dateline = Dateline::new();
    let lines: String = (0..200)
        .map(|n| {
            let body = paragraphs(n).join(" ");
            format!("{{\"url\":\"https://a.example/{n}\",\"title\":\"Report {n}\",\"body\":\"{body}\"}}\n")
        })
        .collect();
    let file = dateline.write("lines.jsonl", lines).display().to_string();
    // What a quota or a full disk does: no file may grow beyond 300 KiB, until somebody makes room.
    let plain = dateline.command(&["-vv", "import", &file]);
    let mut limited = Command::new("prlimit");
    limited.args(["--fsize=307200:unlimited", "sh", "-c", "trap '' XFSZ; exec \"$0\" \"$@\""]);
    limited.arg(plain.get_program()).args(plain.get_args());
    limited.current_dir(plain.get_current_dir().expect("a directory"));
    let mut import = dateline.start_command(limited);
    wait_for("the first refusal", || import.log().contains("trying again in").then_some(()));
    let room = ["--pid", &import.id().to_string(), "--fsize=unlimited"];
    assert!(Command::new("prlimit").args(room).status().expect("prlimit is there").success());
    let code = wait_for("the end of the import", || import.ended());
    assert_eq!(code, 0, "{}", import.log());
    assert_eq!(dateline.json(&["export"]).len(), 200);
    assert_eq!(dateline.json(&["search", "--copies", "--limit", "1000"]).len(), 200);
}

#[test]
fn names_that_cannot_be_resolved_fail_with_a_reason_and_are_tried_again() {
    let dateline = Dateline::following(&["http://paper.invalid/feed.xml".to_owned()]).set("http.timeout", "\"2s\"");
    dateline.run(&["run", "--once"]).exits(1).says("every source");
    let row = dateline.row(&["sources"]);
    assert!(row["last_error"].is_string() && row["next_poll_at"].is_string(), "{row}");
    assert_eq!((&row["status"], &row["consecutive_failures"]), (&"failing".into(), &1.into()));
}

#[test]
fn servers_that_all_fail_lose_nothing_once_they_work_again() {
    let web = Web::new();
    let outlets: Vec<Outlet> = (1..=5).map(|n| web.outlet(n)).collect();
    for outlet in &outlets {
        outlet.serve("/feed.xml", Answer::status(500));
    }
    let urls: Vec<String> = outlets.iter().map(|outlet| outlet.url("/feed.xml")).collect();
    let dateline = Dateline::following(&urls);
    dateline.run(&["run", "--once"]).exits(1).says("every source");
    assert_eq!(dateline.row(&["status"])["sources"]["failing"], 5);
    for (number, outlet) in outlets.iter().enumerate() {
        publish(outlet, number);
    }
    assert_eq!(dateline.pass()["articles"], 5);
    assert_eq!(dateline.row(&["status"])["sources"]["failing"], 0);
}

#[test]
fn a_data_directory_that_cannot_be_written_says_what_to_do() {
    // Nobody makes directories there, not even root.
    let done = Dateline::new().run(&["run", "--once", "--data-dir", "/sys/dateline"]).exits(1);
    assert!(done.stderr.contains("/sys/dateline") && done.stderr.contains("hint: "), "{}", done.stderr);
}
