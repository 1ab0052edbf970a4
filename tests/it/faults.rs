//! What breaks under dateline: the disk, the network. It is said, tried again, and nothing is lost.

use std::{fs, io::Write, os::unix::fs::symlink, process::Command};

use crate::world::{Answer, Dateline, Gate, Item, Outlet, Web, ago, feed, free_address, page, paragraphs, wait_for};

fn publish(outlet: &Outlet, number: usize) {
    let title = format!("Harbour report {number}");
    outlet.serve("/a.html", Answer::html(page(&title, &paragraphs(number), ago(20))));
    outlet.serve("/feed.xml", Answer::feed(feed("Paper", &[Item::new(outlet.url("/a.html"), &title, ago(20))])));
}

const REPORTS: usize = 30;

/// Follows two outlets of so many reports together, a third of which can be read before the gate is open.
fn following_reports(web: &Web, gate: &Gate) -> Dateline {
    let (quick, slow) = (web.outlet(1), web.outlet(2));
    let publish = |outlet: &Outlet, numbers: std::ops::Range<usize>, answer: &dyn Fn(String) -> Answer| {
        let items = numbers.map(|n| {
            let (path, title) = (format!("/{n}.html"), format!("Harbour report {n}"));
            outlet.serve(&path, answer(page(&title, &paragraphs(n), ago(20))));
            Item::new(outlet.url(&path), &title, ago(20))
        });
        outlet.serve("/feed.xml", Answer::feed(feed("Paper", &items.collect::<Vec<_>>())));
    };
    publish(&quick, 0..REPORTS / 3, &|page| Answer::html(page));
    publish(&slow, REPORTS / 3..REPORTS, &|page| Answer::html(page).behind(gate));
    let dateline = Dateline::following(&[quick.url("/feed.xml"), slow.url("/feed.xml")]).set("http.timeout", "\"1h\"");
    fs::create_dir(dateline.path("data")).expect("a directory");
    dateline
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
fn a_file_system_that_is_full_is_waited_for_and_nothing_is_lost() {
    // A small file system of its own, which ends with the process; not everywhere may everybody make one.
    let apart = ["--user", "--map-root-user", "--mount", "--pid", "--fork", "--kill-child"];
    let tried = Command::new("unshare").args(apart).args(["mount", "-t", "tmpfs", "tmpfs", "/mnt"]).output();
    if !tried.as_ref().is_ok_and(|tried| tried.status.success()) {
        eprintln!("skipped: no file system can be mounted here: {tried:?}");
        return;
    }
    let (web, gate) = (Web::new(), Gate::default());
    let dateline = following_reports(&web, &gate);
    let plain = dateline.command(&["-vv", "run", "--once"]);
    let mut command = Command::new("unshare");
    let steps = "mount -t tmpfs -o size=32m tmpfs data && \"$0\" \"$@\" && \
                 \"$0\" --data-dir data check --store && \"$0\" --data-dir data export > exported.jsonl";
    command.args(apart).args(["sh", "-c", steps]).arg(plain.get_program()).args(plain.get_args());
    command.current_dir(plain.get_current_dir().expect("a directory"));
    let mut pass = dateline.start_command(command);
    wait_for("the first articles", || pass.log().contains("article read").then_some(()));
    let inside = format!("/proc/{}/root{}", pass.id(), dateline.path("data/filler").display());
    let mut filler = fs::File::create(&inside).expect("it can be reached");
    while filler.write_all(&[0; 4096]).is_ok() {}
    gate.open();
    wait_for("the first refusal", || pass.log().contains("trying again in").then_some(()));
    assert!(pass.log().contains("the disk is full"), "{}", pass.log());
    fs::remove_file(inside).expect("it is there");
    drop(filler);
    let code = wait_for("the end of the pass", || pass.ended());
    assert_eq!(code, 0, "{}", pass.log());
    let exported = fs::read_to_string(dateline.path("exported.jsonl")).expect("an export");
    assert_eq!(exported.lines().count(), REPORTS);
}

#[test]
fn a_disk_that_turns_read_only_is_named_and_once_it_is_repaired_nothing_is_lost() {
    let (web, gate) = (Web::new(), Gate::default());
    let dateline = following_reports(&web, &gate).set("shutdown_grace", "\"100ms\"");
    // What a failing disk does to its file system, whatever is open there. Only root can make one and bring that about.
    let within = |steps: &str, plain: &Command| {
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", &format!("mount -o loop disk data && {steps}")]);
        command.arg(plain.get_program()).args(plain.get_args()).current_dir(dateline.path(""));
        command
    };
    let made = Command::new("sh")
        .args(["-c", "truncate -s 64M disk && PATH=$PATH:/sbin:/usr/sbin mkfs.ext4 -q -F disk"])
        .current_dir(dateline.path(""))
        .output();
    let tried = within("exec true", &Command::new("true")).output();
    if ![&made, &tried].into_iter().all(|done| done.as_ref().is_ok_and(|done| done.status.success())) {
        eprintln!("skipped: no disk can be made here: {made:?}, {tried:?}");
        return;
    }
    let pass = dateline.start_command(within("exec \"$0\" \"$@\"", &dateline.command(&["-vv", "run", "--once"])));
    wait_for("the first articles", || pass.log().contains("article read").then_some(()));
    let mut enter = Command::new("nsenter");
    enter.args(["--mount", "--target", &pass.id().to_string(), "mount", "-o", "remount,abort"]);
    assert!(enter.arg(dateline.path("data")).status().expect("nsenter is there").success());
    gate.open();
    // What is under way in that moment fails in another way; the next try is told.
    let told = "cannot be written: Read-only file system";
    wait_for("the refusal that names it", || pass.log().contains(told).then_some(()));
    assert_eq!(pass.terminate(), 1);
    // It can be mounted again once it is repaired.
    let steps =
        "\"$0\" \"$@\" && \"$0\" --data-dir data check --store && \"$0\" --data-dir data export > exported.jsonl";
    let repaired = "PATH=$PATH:/sbin:/usr/sbin e2fsck -fy disk";
    let repaired = Command::new("sh").args(["-c", repaired]).current_dir(dateline.path("")).output();
    assert_eq!(repaired.expect("mkfs.ext4 brings it").status.code(), Some(1), "one for what was repaired");
    let done = within(steps, &dateline.command(&["run", "--once", "--force"])).output().expect("unshare is there");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let exported = fs::read_to_string(dateline.path("exported.jsonl")).expect("an export");
    assert_eq!(exported.lines().count(), REPORTS);
}

#[test]
fn an_index_that_cannot_be_written_is_opened_again_and_misses_nothing() {
    let web = Web::new();
    let outlet = web.outlet(1);
    publish(&outlet, 1);
    let listen = free_address();
    let dateline = Dateline::following(&[outlet.url("/feed.xml")])
        .set("serve.listen", &format!("\"{listen}\""))
        .set("poll.min_interval", "\"1s\"")
        .set("poll.default_interval", "\"1s\"")
        .set("poll.max_interval", "\"1s\"")
        .set("index.commit_interval", "\"50ms\"");
    let mut daemon = dateline.start_ready(&listen);
    let hits = || dateline.json(&["search", "harbour"]).len();
    wait_for("the first article", || (hits() == 1).then_some(()));
    // The index is gone, and none can be made in its place.
    let (index, away) = (dateline.path("data/index"), dateline.path("data/away"));
    fs::rename(&index, &away).expect("an index");
    fs::write(&index, "in the way").expect("a writable directory");
    outlet.serve("/b.html", Answer::html(page("Harbour report 2", &paragraphs(2), ago(10))));
    outlet.serve(
        "/feed.xml",
        Answer::feed(feed("Paper", &[Item::new(outlet.url("/b.html"), "Harbour report 2", ago(10))])),
    );
    wait_for("the index to fail", || daemon.log().contains("the index failed").then_some(()));
    let stored = || dateline.row(&["status"])["articles"].as_u64();
    wait_for("the store to go on", || (stored() == Some(2)).then_some(()));
    // In one step: the daemon may look at any moment, and would find room for a new one.
    let link = dateline.path("data/link");
    symlink(&away, &link).expect("a writable directory");
    fs::rename(link, &index).expect("an index");
    wait_for("the second article", || (hits() == 2).then_some(()));
    assert!(daemon.ended().is_none(), "{}", daemon.log());
    assert_eq!(daemon.terminate(), 0);
    dateline.run(&["check", "--store"]).ok();
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
