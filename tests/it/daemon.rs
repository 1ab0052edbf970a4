//! The daemon: it answers, it takes requests from other processes, it stops when told to.

use std::{os::unix::net::UnixDatagram, sync::mpsc, thread};

use serde_json::{Value, json};

use crate::world::{
    Answer, Dateline, Gate, Item, Outlet, PATIENCE, Web, ago, feed, free_address, get, page, paragraphs, wait_for,
};

/// A daemon's installation, with the address it listens on.
struct Desk {
    dateline: Dateline,
    listen: String,
}

impl Desk {
    fn following(urls: &[String]) -> Self {
        let listen = free_address();
        let dateline = Dateline::following(urls)
            .set("serve.listen", &format!("\"{listen}\""))
            .set("poll.min_interval", "\"1s\"")
            .set("index.commit_interval", "\"100ms\"");
        Self { dateline, listen }
    }

    #[track_caller]
    fn get(&self, target: &str) -> (u16, String) {
        get(&self.listen, target, "").expect("the daemon answers")
    }

    #[track_caller]
    fn json(&self, target: &str) -> Value {
        let (status, body) = self.get(target);
        assert_eq!(status, 200, "{target}: {body}");
        serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {body}"))
    }

    /// Waits until a search of another process finds so many articles.
    #[track_caller]
    fn wait_for_hits(&self, query: &str, count: usize) -> Vec<Value> {
        wait_for(&format!("{count} hits for {query}"), || {
            let done = self.dateline.run(&["search", query, "--json"]);
            (done.code == 0).then(|| done.rows()).filter(|rows| rows.len() == count)
        })
    }
}

/// Publishes one article at `/{name}.html`, alone in `/feed.xml`.
fn publish(outlet: &Outlet, name: &str, title: &str, number: usize) {
    let path = format!("/{name}.html");
    outlet.serve(&path, Answer::html(page(title, &paragraphs(number), ago(20))));
    outlet.serve(
        "/feed.xml",
        Answer::feed(feed(&format!("Paper {name}"), &[Item::new(outlet.url(&path), title, ago(20))])),
    );
}

#[test]
fn the_daemon_answers_programs_and_people() {
    let web = Web::new();
    let outlet = web.outlet(1);
    publish(&outlet, "a", "Zebra & Sons", 1);
    let desk = Desk::following(&[outlet.url("/feed.xml")]);
    let daemon = desk.dateline.start_ready(&desk.listen);
    let hit = desk.wait_for_hits("zebra", 1).remove(0);
    assert_eq!(desk.get("/livez").0, 200);
    desk.dateline.run(&["health", "--timeout", "1m"]).ok();

    let found = desk.json("/api/v1/search?q=zebra");
    assert_eq!((&found["total"], &found["hits"][0]["id"]), (&1.into(), &hit["id"]));
    let id = hit["id"].as_str().expect("an id");
    let article = desk.json(&format!("/api/v1/articles/{id}"));
    assert_eq!(article["body"], paragraphs(1).join("\n\n").as_str());
    assert_eq!(desk.json("/api/v1/sources")["sources"][0]["status"], "ok");
    assert_eq!(desk.json("/api/v1/stories?min_outlets=1")["stories"][0]["articles"], 1);
    let labour =
        desk.json("/api/v1/topics")["topics"].as_array().expect("a list").iter().any(|row| row["id"] == "labour");
    assert!(labour);
    assert_eq!(desk.get("/api/v1/search?q=(zebra").0, 400);
    assert_eq!(desk.get("/api/v1/search?sauce=x").0, 400);
    assert_eq!(desk.get("/api/v1/articles/0123456789abcdef").0, 404);
    assert_eq!(desk.get("/nowhere").0, 404);

    for page in ["/?q=zebra", "/", &format!("/articles/{id}"), "/stories?min_outlets=1", "/sources", "/topics"] {
        let (status, html) = desk.get(page);
        assert_eq!(status, 200, "{page}");
        assert!(html.starts_with("<!doctype html>"), "{page}: {html}");
    }
    assert!(desk.get("/?q=zebra").1.contains("Zebra &amp; Sons"));

    // What is counted after a commit may come later than what others see of it.
    for name in [
        "dateline_polls_total{outcome=\"new\"}",
        "dateline_requests_total{purpose=\"page\"} 1",
        "dateline_articles_total{result=\"new\"} 1",
        "dateline_searchable_lag_seconds_count",
        "dateline_queue_depth{stage=\"commit\"}",
    ] {
        wait_for(name, || desk.get("/metrics").1.contains(name).then_some(()));
    }
    assert_eq!(daemon.terminate(), 0);
    desk.dateline.run(&["health"]).exits(1);
}

#[test]
fn the_words_of_strangers_are_only_words_on_pages() {
    let desk = Desk::following(&[]);
    let hostile = |name: &str| format!("{name} \"'><script>alert(1)</script><img src=x onerror=alert(2)>");
    let line = json!({
        "url": "https://paper.example/a?b=\"><script>", "title": hostile("Zebra"),
        "body": hostile("The Meridian Wire reports a walkout of dock workers, a walkout:"),
        "source": hostile("Paper"), "authors": [hostile("Ann")], "site": hostile("Site"), "summary": hostile("Sum"),
    });
    desk.dateline.pipe(&["import", "-"], line.to_string()).ok();
    let hit = desk.dateline.row(&["search", "zebra"]);
    assert_eq!(hit["title"], hostile("Zebra").as_str(), "it is kept as it came");
    assert!(!hit["snippet"].as_str().expect("a snippet").replace("<b>", "").replace("</b>", "").contains('<'), "{hit}");

    let _daemon = desk.dateline.start_ready(&desk.listen);
    let (id, story) = (hit["id"].as_str().expect("an id"), hit["story"].as_str().expect("a story"));
    let pages = [
        "/?q=zebra".to_owned(),
        "/?q=%22%27%3E%3Cscript%3E".to_owned(),
        "/?topic=%3Cscript%3E&sort=%3Cscript%3E".to_owned(),
        format!("/articles/{id}"),
        "/articles/%3Cscript%3E".to_owned(),
        "/stories?min_outlets=1".to_owned(),
        format!("/stories/{story}"),
        "/sources".to_owned(),
    ];
    for page in pages {
        let html = desk.get(&page).1;
        assert!(!html.contains("<script") && !html.contains("<img"), "{page}: {html}");
    }
    assert!(desk.get("/?q=zebra").1.contains("&lt;script&gt;"));
    let page = desk.get(&format!("/articles/{id}")).1;
    for shown in [
        "<mark title=\"Labour disputes\">walkout</mark>",
        "href=\"/?entity=Meridian+Wire\"><bdi>Meridian Wire</bdi></a>",
    ] {
        assert!(page.contains(shown), "{shown} in {page}");
    }
}

#[test]
fn a_token_guards_everything_but_health() {
    let desk = Desk::following(&[]);
    desk.dateline.write("token", "s3cret\n");
    let dateline = desk.dateline.set("serve.token_file", "\"token\"");
    let _daemon = dateline.start_ready(&desk.listen);
    let ask = |target: &str, headers: &str| get(&desk.listen, target, headers).expect("the daemon answers").0;
    for target in ["/", "/api/v1/search", "/metrics", "/sources"] {
        assert_eq!(ask(target, ""), 401, "{target}");
        assert_eq!(ask(target, "authorization: Bearer wrong\r\n"), 401, "{target}");
        assert_eq!(ask(target, "authorization: Bearer s3cret\r\n"), 200, "{target}");
    }
    // A browser's form: any name, the token as password.
    assert_eq!(ask("/", "authorization: Basic YW55OnMzY3JldA==\r\n"), 200);
    assert_eq!((ask("/livez", ""), ask("/readyz", "")), (200, 200));
    dateline.run(&["health", "--timeout", "1m"]).ok();
}

#[test]
fn listening_to_everybody_needs_a_token_or_a_word() {
    let dateline = Dateline::new().set("serve.listen", "\"0.0.0.0:0\"");
    dateline.run(&["check"]).exits(78).says("public");
    dateline.set("serve.public", "true").run(&["check"]).ok();
}

#[test]
fn a_running_daemon_takes_up_what_others_ask() {
    let web = Web::new();
    let (first, second) = (web.outlet(1), web.outlet(2));
    publish(&first, "a", "Zebra in the harbour", 1);
    publish(&second, "b", "Giraffe in the harbour", 2);
    let desk = Desk::following(&[first.url("/feed.xml")]);
    let daemon = desk.dateline.start_ready(&desk.listen);
    desk.wait_for_hits("harbour", 1);

    desk.dateline.run(&["sources", "add", &second.url("/feed.xml"), "--name", "Second paper"]).ok();
    let hits = desk.wait_for_hits("harbour", 2);
    let giraffe = hits.iter().find(|hit| hit["source"] == "Second paper").expect("it has its name").clone();

    desk.dateline.run(&["delete", giraffe["id"].as_str().expect("an id")]).ok();
    desk.wait_for_hits("harbour", 1);
    assert!(desk.dateline.json(&["search", "giraffe"]).is_empty());

    desk.dateline.run(&["reindex"]).ok();
    wait_for("the index to be built anew", || daemon.log().contains("request from another process").then_some(()));
    desk.wait_for_hits("harbour", 1);

    desk.dateline.run(&["sources", "remove", "Second paper"]).ok();
    let urls: Vec<Value> = desk.dateline.json(&["sources"]).into_iter().map(|row| row["url"].clone()).collect();
    assert_eq!(urls, [first.url("/feed.xml")]);
    desk.dateline.run(&["topics", "retag"]).ok();
    assert_eq!(daemon.terminate(), 0);

    // What was deleted does not come back, though its feed still has it.
    desk.dateline.follow(&[first.url("/feed.xml"), second.url("/feed.xml")]);
    let dateline = desk.dateline.set("serve.listen", "\"\"");
    dateline.pass();
    assert!(dateline.json(&["search", "giraffe"]).is_empty());
}

#[test]
fn the_daemon_polls_again_by_itself() {
    let web = Web::new();
    let outlet = web.outlet(1);
    publish(&outlet, "a", "Zebra in the harbour", 1);
    outlet.serve("/b.html", Answer::html(page("Giraffe in the harbour", &paragraphs(2), ago(10))));
    let items = [
        Item::new(outlet.url("/a.html"), "Zebra in the harbour", ago(20)),
        Item::new(outlet.url("/b.html"), "Giraffe in the harbour", ago(10)),
    ];
    let bodies = [&items[..1], &items[..]].map(|items| Answer::feed(feed("Paper", items))).to_vec();
    outlet.serve_in_turn("/feed.xml", bodies);
    let desk = Desk::following(&[]);
    desk.dateline
        .write("sources.toml", format!("[[source]]\nurl = \"{}\"\ninterval = \"1s\"\n", outlet.url("/feed.xml")));
    let _daemon = desk.dateline.start_ready(&desk.listen);
    desk.wait_for_hits("harbour", 2);
    assert_eq!(outlet.asked("/a.html").len(), 1);
}

#[test]
fn a_stop_waits_for_requests_in_flight_no_longer_than_the_grace_and_loses_nothing() {
    let web = Web::new();
    let outlets = [web.outlet(1), web.outlet(2), web.outlet(3)];
    for outlet in &outlets {
        outlet.serve("/feed.xml", Answer::stall());
    }
    let fine = web.outlet(4);
    publish(&fine, "a", "Zebra in the harbour", 1);
    let mut urls: Vec<String> = outlets.iter().map(|outlet| outlet.url("/feed.xml")).collect();
    urls.push(fine.url("/feed.xml"));
    let desk = Desk::following(&urls);
    // A stop that waited for them would not end while this test does.
    let dateline = desk.dateline.set("shutdown_grace", "\"1s\"").set("http.timeout", "\"1h\"");
    let daemon = dateline.start_ready(&desk.listen);
    wait_for("polls in flight", || outlets.iter().all(|outlet| !outlet.seen().is_empty()).then_some(()));
    wait_for("the article", || (dateline.run(&["export"]).stdout.lines().count() == 1).then_some(()));
    assert_eq!(daemon.terminate(), 0);
    assert_eq!(dateline.row(&["status"])["running"], false);
    assert_eq!(dateline.row(&["status"])["articles"], 1);
}

#[test]
fn a_pass_that_is_told_to_stop_keeps_what_it_has_and_the_next_goes_on() {
    let web = Web::new();
    let (quick, slow) = (web.outlet(1), web.outlet(2));
    let gate = Gate::default();
    let publish = |outlet: &Outlet, count: usize, gate: &Gate| {
        let items = (0..count).map(|n| {
            let (path, title) = (format!("/{n}.html"), format!("Report {n} of {}", outlet.host));
            outlet.serve(&path, Answer::html(page(&title, &paragraphs(10 * count + n), ago(30))).behind(gate));
            Item::new(outlet.url(&path), &title, ago(30))
        });
        outlet.serve("/feed.xml", Answer::feed(feed("Paper", &items.collect::<Vec<_>>())));
    };
    let open = Gate::default();
    open.open();
    publish(&quick, 3, &open);
    publish(&slow, 5, &gate);
    let dateline = Dateline::following(&[quick.url("/feed.xml"), slow.url("/feed.xml")])
        .set("http.timeout", "\"1h\"")
        .set("shutdown_grace", "\"1h\"");
    let mut pass = dateline.start(&["run", "--once"]);
    let articles = || dateline.run(&["export"]).stdout.lines().count();
    let pages_of_slow = || slow.seen().iter().filter(|seen| seen.path.ends_with(".html")).count();
    wait_for("what is read, and a page that is not", || (articles() == 3 && pages_of_slow() == 1).then_some(()));
    pass.signal("TERM");
    wait_for("the stop to be heard", || pass.log().contains("finishing what is under way").then_some(()));
    gate.open();
    assert_eq!(wait_for("the end of the pass", || pass.ended()), 0, "{}", pass.log());
    // The page that was under way, and none after it.
    assert_eq!((articles(), pages_of_slow()), (4, 1));
    assert_eq!(dateline.row(&["run", "--once"])["articles"], 4);
}

#[test]
fn the_service_manager_is_told_that_it_is_ready_alive_reloading_and_stopping() {
    let desk = Desk::following(&[]);
    let socket = desk.dateline.path("notify");
    let manager = UnixDatagram::bind(&socket).expect("a socket");
    let mut command = desk.dateline.command(&["run"]);
    command.env("NOTIFY_SOCKET", &socket).env("WATCHDOG_USEC", "300000");
    let daemon = desk.dateline.start_command(command);
    // A manager hears at once: a socket holds few messages, and who sends one more waits.
    let (heard, messages) = mpsc::channel();
    thread::spawn(move || {
        let mut message = [0; 4096];
        while let Ok(length) = manager.recv(&mut message) {
            drop(heard.send(String::from_utf8_lossy(&message[..length]).into_owned()));
        }
    });
    let told = |what: &str| loop {
        let message = messages.recv_timeout(PATIENCE).unwrap_or_else(|error| panic!("waiting for {what}: {error}"));
        if message.contains(what) {
            return message;
        }
    };
    told("READY=1");
    told("WATCHDOG=1");
    told("WATCHDOG=1");
    daemon.signal("HUP");
    assert!(told("RELOADING=1").contains("MONOTONIC_USEC="));
    told("READY=1");
    desk.dateline.write("sources.toml", "[[source]]\nname = \"no address\"\n");
    daemon.signal("HUP");
    told("the old one stays");
    assert_eq!(daemon.terminate(), 0);
    told("STOPPING=1");
}

#[test]
fn a_backup_of_a_running_daemon_opens_and_has_everything() {
    let web = Web::new();
    let outlet = web.outlet(1);
    publish(&outlet, "a", "Zebra in the harbour", 1);
    let desk = Desk::following(&[outlet.url("/feed.xml")]);
    let _daemon = desk.dateline.start_ready(&desk.listen);
    desk.wait_for_hits("harbour", 1);
    let copy = desk.dateline.path("backups/today").display().to_string();
    desk.dateline.run(&["backup", &copy]).ok().says("hint: ");
    desk.dateline.run(&["backup", &copy]).exits(1).says("is not empty");
    let of_copy = |args: &[&str]| desk.dateline.run(&[args, &["--data-dir", &copy]].concat());
    of_copy(&["reindex"]).ok();
    assert_eq!(of_copy(&["search", "harbour", "--json"]).rows().len(), 1);
    assert_eq!(of_copy(&["export"]).stdout, desk.dateline.run(&["export"]).stdout);
}

#[test]
fn a_stop_with_a_hundred_polls_in_flight_waits_for_none_and_loses_nothing() {
    let web = Web::new();
    let outlets: Vec<Outlet> = (1..=100).map(|n| web.outlet(n)).collect();
    let urls: Vec<String> = outlets.iter().map(|outlet| outlet.url("/feed.xml")).collect();
    for outlet in &outlets {
        outlet.serve("/feed.xml", Answer::stall());
    }
    let desk = Desk::following(&urls);
    let settings = desk.dateline.json(&["config"]);
    let grace = settings.iter().find(|row| row["setting"] == "shutdown_grace").expect("it is listed");
    assert_eq!(grace["value"], "8s", "who runs containers kills after ten seconds");
    let dateline = desk.dateline.set("http.max_concurrency", "200").set("http.timeout", "\"1h\"");
    let dateline = dateline.set("shutdown_grace", "\"1s\"");
    let daemon = dateline.start_ready(&desk.listen);
    wait_for("a hundred polls in flight", || (web.seen().len() >= 100).then_some(()));
    assert_eq!(daemon.terminate(), 0);
    for (number, outlet) in outlets.iter().enumerate() {
        publish(outlet, "a", &format!("Zebra number {number} in the harbour"), number);
    }
    let dateline = dateline.set("serve.listen", "\"\"");
    assert_eq!(dateline.row(&["run", "--once"])["articles"], 100);
}
