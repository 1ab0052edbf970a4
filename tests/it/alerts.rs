//! Alerts: what is new reaches a file or a webhook, once for each story, at least once whatever happens.

use std::fs;

use serde_json::Value;

use crate::world::{Answer, Dateline, Item, Outlet, Web, ago, feed, json_lines, page, paragraphs, wait_for};

/// Two outlets with the same report and a third with another; returns their feeds.
fn publish(web: &Web) -> Vec<String> {
    let one = |n: u8, title: &str, number: usize| publish_one(&web.outlet(n), title, number, 100 - i64::from(n));
    vec![one(1, "Dock workers stay out", 1), one(2, "Third day at the gates", 1), one(3, "Tram drivers join in", 2)]
}

/// An outlet with one report, published some minutes ago; returns its feed.
fn publish_one(outlet: &Outlet, title: &str, number: usize, minutes: i64) -> String {
    let mut text = paragraphs(number);
    text.insert(0, "The walkout of the dock workers entered its third day without an end in sight.".to_owned());
    outlet.serve("/a.html", Answer::html(page(title, &text, ago(minutes))));
    let item = Item::new(outlet.url("/a.html"), title, ago(minutes));
    outlet.serve("/feed.xml", Answer::feed(feed("Paper", &[item])));
    outlet.url("/feed.xml")
}

/// An installation with these alerts, as TOML.
fn alerting(urls: &[String], alerts: &str) -> Dateline {
    let dateline = Dateline::following(urls).set("poll.min_interval", "\"1s\"");
    let settings = fs::read_to_string(dateline.path("dateline.toml")).expect("it is written");
    dateline.write("dateline.toml", settings + alerts);
    dateline
}

fn delivered(dateline: &Dateline, name: &str) -> Vec<Value> {
    let text = fs::read_to_string(dateline.path(name)).unwrap_or_default();
    // Whoever reads beside a writer may see a part of the last line.
    json_lines(&text[..text.rfind('\n').map_or(0, |end| end + 1)])
}

#[test]
fn a_story_is_told_once_unless_every_article_is_wanted() {
    let web = Web::new();
    let dateline = alerting(
        &publish(&web),
        "[[alerts]]\nname = \"labour\"\ntopic = \"Labour disputes\"\nfile = \"labour.jsonl\"\n\
         [[alerts]]\nname = \"all\"\nquery = \"walkout\"\nfile = \"all.jsonl\"\nevery_article = true\n\
         [[alerts]]\nname = \"none\"\nquery = \"giraffe\"\nfile = \"none.jsonl\"\n",
    );
    dateline.run(&["check"]).ok();
    dateline.pass();
    assert_eq!(delivered(&dateline, "all.jsonl").len(), 3);
    // Two stories: the report with its copy, and the other.
    let stories = dateline.json(&["stories", "--min-outlets", "1"]).len();
    assert_eq!(delivered(&dateline, "labour.jsonl").len(), stories);
    assert!(delivered(&dateline, "none.jsonl").is_empty());
    // What was told is not told again.
    dateline.pass();
    assert_eq!(delivered(&dateline, "all.jsonl").len(), 3);
}

#[test]
fn a_story_that_got_another_name_is_not_told_again() {
    let web = Web::new();
    let labour = "[[alerts]]\nname = \"labour\"\ntopic = \"Labour disputes\"\nfile = \"labour.jsonl\"\n";
    let mut urls = vec![publish_one(&web.outlet(1), "Dock workers stay out", 1, 100)];
    let dateline = alerting(&urls, labour);
    dateline.pass();
    let story = || dateline.row(&["stories", "--min-outlets", "1"])["id"].clone();
    let old = story();
    urls.push(publish_one(&web.outlet(2), "Third day at the gates", 1, 200));
    dateline.follow(&urls);
    dateline.pass();
    assert_ne!(story(), old, "the earlier report names it");
    assert_eq!(delivered(&dateline, "labour.jsonl").len(), 1);
}

#[test]
fn an_alert_is_tried_before_it_is_relied_on() {
    let web = Web::new();
    let receiver = web.outlet(9);
    receiver.serve_in_turn("/hook", vec![Answer::status(204), Answer::status(500)]);
    let dateline = alerting(
        &publish(&web),
        &format!(
            "[[alerts]]\nname = \"hook\"\ntopic = \"labour\"\nwebhook = \"{}\"\n\
             [[alerts]]\nname = \"none\"\nquery = \"giraffe\"\nfile = \"none.jsonl\"\n",
            receiver.url("/hook")
        ),
    );
    let line = serde_json::json!({ "url": "https://a.example/1", "title": "Stay out", "body": "The walkout goes on." });
    dateline.pipe(&["import", "-"], line.to_string()).ok();
    let rows = dateline.json(&["alerts", "test"]);
    assert_eq!((rows.len(), &rows[0]["alert"], &rows[0]["article"]["title"]), (1, &"hook".into(), &"Stay out".into()));
    assert!(receiver.seen().is_empty(), "nothing is sent unasked");
    dateline.run(&["alerts", "test", "hook", "--send"]).ok().says("was delivered");
    let seen = receiver.asked("/hook").remove(0);
    assert!(seen.header("idempotency-key").is_some_and(|key| key.starts_with("test-")));
    assert_eq!(json_lines(&seen.body)[0]["article"]["title"], "Stay out");
    dateline.run(&["alerts", "test", "hook", "--send"]).exits(1).says("could not be delivered");
    dateline.run(&["alerts", "test", "none"]).ok().says("no article fits yet");
    dateline.run(&["alerts", "test", "giraffe"]).exits(2).says("there are: hook, none");
}

#[test]
fn a_receiver_that_never_answers_holds_no_other_alert() {
    let web = Web::new();
    let receiver = web.outlet(9);
    receiver.serve("/hook", Answer::stall());
    let dateline = alerting(
        &publish(&web),
        &format!(
            "[[alerts]]\nname = \"stuck\"\ntopic = \"labour\"\nwebhook = \"{}\"\n\
             [[alerts]]\nname = \"file\"\ntopic = \"labour\"\nfile = \"file.jsonl\"\nevery_article = true\n",
            receiver.url("/hook")
        ),
    );
    let daemon = dateline.start(&["run"]);
    wait_for("the delivery that hangs", || (!receiver.asked("/hook").is_empty()).then_some(()));
    wait_for("all deliveries of the other", || (delivered(&dateline, "file.jsonl").len() == 3).then_some(()));
    drop(daemon);
}

#[test]
fn a_webhook_that_is_down_gets_everything_later_and_signed() {
    let web = Web::new();
    let receiver = web.outlet(9);
    receiver.serve_in_turn("/hook", vec![Answer::status(500), Answer::status(204)]);
    let dateline = alerting(
        &publish(&web),
        &format!(
            "[[alerts]]\nname = \"labour\"\ntopic = \"labour\"\nwebhook = \"{}\"\n\
             secret_file = \"key\"\nevery_article = true\n",
            receiver.url("/hook")
        ),
    );
    dateline.write("key", "s3cret\n");
    let daemon = dateline.start(&["run"]);
    let posted = wait_for("the failed delivery and three more", || {
        let posted = receiver.asked("/hook");
        (posted.len() >= 4).then_some(posted)
    });
    let keys: Vec<&str> = posted.iter().filter_map(|seen| seen.header("idempotency-key")).collect();
    assert_eq!(keys[0], keys[1], "the same delivery is tried again under the same key");
    let mut different = keys.clone();
    different.sort_unstable();
    different.dedup();
    assert_eq!(different.len(), 3);
    for seen in &posted {
        assert!(seen.header("dateline-signature").is_some_and(|signature| signature.starts_with("sha256=")));
        assert_eq!(json_lines(&seen.body).len(), 1);
    }
    assert!(!daemon.log().contains("s3cret"));
    assert_eq!(daemon.terminate(), 0);
}
