//! What happens to a running installation over time: its files change, articles age, pages are corrected.

use std::collections::BTreeMap;

use serde_json::json;

use crate::world::{Answer, Dateline, Item, Outlet, Web, ago, feed, free_address, get, page, paragraphs, wait_for};

/// Publishes one article alone in a feed.
fn publish(outlet: &Outlet, title: &str, number: usize) {
    outlet.serve("/a.html", Answer::html(page(title, &paragraphs(number), ago(30))));
    outlet.serve("/feed.xml", Answer::feed(feed("Paper", &[Item::new(outlet.url("/a.html"), title, ago(30))])));
}

#[test]
fn a_hangup_reads_the_files_again_and_mistakes_leave_all_as_it_was() {
    let web = Web::new();
    let (first, second, third, fourth) = (web.outlet(1), web.outlet(2), web.outlet(3), web.outlet(4));
    for (number, outlet) in [&first, &second, &third, &fourth].into_iter().enumerate() {
        publish(outlet, &format!("Harbour report {number}"), number);
    }
    let listen = free_address();
    let dateline = Dateline::following(&[first.url("/feed.xml")])
        .set("serve.listen", &format!("\"{listen}\""))
        .set("poll.min_interval", "\"1s\"")
        .set("index.commit_interval", "\"100ms\"");
    let daemon = dateline.start_ready(&listen);
    let wait_for_hits = |count: usize| {
        wait_for("hits", || (dateline.run(&["search", "harbour", "--json"]).rows().len() == count).then_some(()));
    };
    let wait_for_reload = |outcome: u8| {
        let line = format!("dateline_config_last_reload_successful {outcome}");
        wait_for("the reload", || get(&listen, "/metrics", "")?.1.contains(&line).then_some(()));
    };
    wait_for_hits(1);

    dateline.follow(&[first.url("/feed.xml"), second.url("/feed.xml")]);
    // A headline alone may give it.
    let rule = "[[topic]]\nid = \"bay\"\nname = \"Bay\"\nmin_score = 1.5\n[topic.en]\nstrong = [\"harbour report\"]\n";
    dateline.write("topics.toml", rule);
    daemon.signal("HUP");
    wait_for_hits(2);
    wait_for_reload(1);
    wait_for("the new topic on every article", || {
        (dateline.run(&["search", "--topic", "bay", "--json"]).rows().len() == 2).then_some(())
    });

    dateline.write("sources.toml", "[[source]]\nname = \"no address\"\n");
    daemon.signal("HUP");
    wait_for_reload(0);
    dateline.follow(&[first.url("/feed.xml"), second.url("/feed.xml"), third.url("/feed.xml")]);
    daemon.signal("HUP");
    wait_for_reload(1);
    wait_for_hits(3);

    // A rule that nobody can follow: what comes is tagged by the rules that held.
    dateline.write("topics.toml", "[[topic]]\nid = \"bay\"\n[topic.en]\nstrong = [\"b*\"]\n");
    daemon.signal("HUP");
    wait_for_reload(0);
    dateline.run(&["sources", "add", &fourth.url("/feed.xml")]).ok();
    wait_for_hits(4);
    assert_eq!(dateline.run(&["search", "--topic", "bay", "--json"]).rows().len(), 4);
    assert_eq!(daemon.terminate(), 0);
}

#[test]
fn what_is_older_than_the_store_keeps_is_gone() {
    let dateline = Dateline::new();
    let line = |n: usize, minutes: i64| {
        let (url, at) = (format!("https://a.example/{n}"), ago(minutes).to_rfc3339());
        json!({ "url": url, "title": format!("Report {n}"), "body": paragraphs(n).join(" "), "published_at": at })
            .to_string()
            + "\n"
    };
    const DAY: i64 = 24 * 60;
    dateline.pipe(&["import", "-"], line(1, 40 * DAY) + &line(2, 29 * DAY) + &line(3, DAY)).ok();
    let dateline = dateline.set("store.keep", "\"30d\"");
    dateline.pass();
    assert_eq!(dateline.json(&["export"]).len(), 2);
    let mut titles: Vec<String> = dateline.json(&["search"]).iter().map(|row| row["title"].to_string()).collect();
    titles.sort();
    assert_eq!(titles, ["\"Report 2\"", "\"Report 3\""]);
}

#[test]
fn a_page_is_read_again_at_the_ages_that_are_set() {
    let web = Web::new();
    let outlet = web.outlet(1);
    publish(&outlet, "Harbour report", 1);
    let mut text = paragraphs(1);
    text.push("Correction: the harbour master counted forty faults, not forty-two.".to_owned());
    let pages = [paragraphs(1), text].map(|text| Answer::html(page("Harbour report", &text, ago(30))));
    outlet.serve_in_turn("/a.html", pages.to_vec());
    let dateline = Dateline::following(&[outlet.url("/feed.xml")]).set("harvest.reread", "[\"2s\"]");
    assert_eq!(dateline.pass()["articles"], 1);
    // Already in the first pass, where that took so long.
    wait_for("the second reading", || {
        let read = dateline.row(&["export"])["revision"] == 2;
        read.then_some(()).or_else(|| {
            dateline.row(&["run", "--once"]);
            None
        })
    });
    assert_eq!(dateline.json(&["search", "correction forty"]).len(), 1);
    // Once for each age, and no more.
    assert_eq!(dateline.row(&["run", "--once"])["waiting"], 0);
    assert_eq!(outlet.asked("/a.html").len(), 2);
}

#[test]
fn a_store_that_is_too_large_gives_up_its_oldest_articles() {
    let dateline = Dateline::new();
    let lines: String = (0..300)
        .map(|n| {
            let (url, at) = (format!("https://a.example/{n}"), ago(n).to_rfc3339());
            let body = (0..8).flat_map(|part| paragraphs(n as usize * 8 + part)).collect::<Vec<_>>().join(" ");
            json!({ "url": url, "title": format!("Report {n}"), "body": body, "published_at": at }).to_string() + "\n"
        })
        .collect();
    dateline.pipe(&["import", "-"], lines).ok();
    // After a pass all of it is in the database, nothing in its log.
    dateline.pass();
    let before = dateline.row(&["status"])["database_bytes"].as_u64().expect("a size");
    let dateline = dateline.set("store.keep_size", &format!("\"{}KB\"", before * 85 / 100_000));
    dateline.pass();
    let left = dateline.json(&["export"]);
    assert!(!left.is_empty() && left.len() < 300, "{}", left.len());
    assert!(left.iter().any(|row| row["title"] == "Report 0"), "the newest stays");
    assert!(!left.iter().any(|row| row["title"] == "Report 299"), "the oldest went");
    assert_eq!(dateline.json(&["search", "--copies", "--limit", "1000"]).len(), left.len());
}

#[test]
fn commands_that_write_close_the_index_in_order_so_that_the_next_start_looks_for_no_damage() {
    let dateline = Dateline::new();
    let line = json!({ "url": "https://a.example/1", "title": "Harbour report", "body": paragraphs(1).join(" ") });
    dateline.pipe(&["import", "-"], line.to_string()).ok();
    let id = dateline.json(&["export"])[0]["id"].as_str().expect("an id").to_owned();
    for command in [vec!["topics", "retag"], vec!["reindex"], vec!["delete", &id]] {
        dateline.run(&command).ok();
        assert!(dateline.path("data/index/closed").is_file(), "{command:?}");
    }
}

#[test]
fn a_hangup_changes_how_much_is_logged() {
    let listen = free_address();
    let dateline = Dateline::new().set("serve.listen", &format!("\"{listen}\"")).set("log.level", "\"warn\"");
    let daemon = dateline.start_ready(&listen);
    assert!(!daemon.log().contains("listening on"), "{}", daemon.log());
    let settings = std::fs::read_to_string(dateline.path("dateline.toml")).expect("it is written");
    dateline.write("dateline.toml", settings.replace("\"warn\"", "\"info\""));
    daemon.signal("HUP");
    wait_for("the first line of that level", || daemon.log().contains("was read again").then_some(()));
    let gauge = "dateline_config_last_reload_timestamp_seconds ";
    let metrics = get(&listen, "/metrics", "").expect("an answer").1;
    let at = metrics.lines().find_map(|line| line.strip_prefix(gauge)).expect("it is there").to_owned();
    assert!(at.parse::<f64>().is_ok_and(|at| at > 1.7e9), "{at}");
    dateline.write("dateline.toml", "log.level = \"loud\"\n");
    dateline.run(&["check"]).exits(78).says("none of error, warn, info, debug, trace");
}

#[test]
fn two_copies_of_a_data_directory_go_their_own_ways_and_what_one_lacks_can_be_brought() {
    let web = Web::new();
    let outlet = web.outlet(1);
    let announce = |numbers: &[usize]| {
        let items = numbers.iter().map(|&number| {
            let (path, title) = (format!("/{number}.html"), format!("Harbour report {number}"));
            outlet.serve(&path, Answer::html(page(&title, &paragraphs(number), ago(30))));
            Item::new(outlet.url(&path), &title, ago(30))
        });
        outlet.serve("/feed.xml", Answer::feed(feed("Paper", &items.collect::<Vec<_>>())));
    };
    announce(&[1, 2]);
    let listen = free_address();
    let dateline = Dateline::following(&[outlet.url("/feed.xml")])
        .set("serve.listen", &format!("\"{listen}\""))
        .set("poll.min_interval", "\"1s\"")
        .set("poll.default_interval", "\"1s\"")
        .set("poll.max_interval", "\"1s\"");
    let daemon = dateline.start_ready(&listen);
    let articles = |dir: &str| -> BTreeMap<String, String> {
        let rows = dateline.json(&["export", "--data-dir", dir]);
        rows.iter().map(|row| (row["title"].to_string(), row["id"].to_string())).collect()
    };
    let wait_for_articles = |count| wait_for("the articles", || (articles("data").len() == count).then_some(()));
    wait_for_articles(2);
    dateline.run(&["backup", "fork"]).ok();
    announce(&[1, 2, 3]);
    wait_for_articles(3);
    // While the first one runs, the second finds what comes later, but not what it has missed.
    announce(&[1, 2, 4]);
    assert_eq!(dateline.row(&["run", "--once", "--force", "--data-dir", "fork"])["articles"], 1);
    wait_for_articles(4);
    let (whole, part) = (articles("data"), articles("fork"));
    assert_eq!(part.len(), 3);
    assert!(part.iter().all(|article| whole.get(article.0) == Some(article.1)), "{part:?}, {whole:?}");
    let exported = dateline.run(&["export"]).ok().stdout;
    dateline.pipe(&["import", "--data-dir", "fork", "-"], exported).ok();
    assert_eq!(articles("fork"), whole);
    assert_eq!(daemon.terminate(), 0);
    for dir in ["data", "fork"] {
        dateline.run(&["check", "--store", "--data-dir", dir]).ok();
    }
}
