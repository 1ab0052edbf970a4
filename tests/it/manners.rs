//! What publishers may expect: conditional requests, gaps, robots.txt, Retry-After, and no knocking on private doors.

use std::time::Duration;

use crate::world::{Answer, Dateline, Gate, Item, Outlet, Web, ago, feed, page, paragraphs, wait_for};

/// Publishes so many articles, `/1.html` and on, in `/feed.xml`.
fn publish(outlet: &Outlet, count: usize) {
    let items: Vec<Item> = (1..=count)
        .map(|n| {
            let (path, title, at) =
                (format!("/{n}.html"), format!("Report number {n} of {}", outlet.host), ago(60 + n as i64));
            outlet.serve(&path, Answer::html(page(&title, &paragraphs(n), at)));
            Item::new(outlet.url(&path), &title, at)
        })
        .collect();
    outlet.serve("/feed.xml", Answer::feed(feed("Paper", &items)));
}

fn pages_of(outlet: &Outlet) -> Vec<String> {
    outlet.seen().into_iter().map(|seen| seen.path).filter(|path| path.ends_with(".html")).collect()
}

#[test]
fn validators_go_back_byte_for_byte_in_the_next_process() {
    let web = Web::new();
    let outlet = web.outlet(1);
    let (tag, date) = ("W/\"a b;\u{e9}\u{fc}-1\"", "Tue, 3 Nov 2026 9:07:5 +0100");
    let tag = tag.replace(['\u{e9}', '\u{fc}'], "~");
    let body = feed("Paper", &[Item::new(outlet.url("/a.html"), "A report", ago(60))]);
    outlet.serve("/feed.xml", Answer::feed(body).etag(&tag).header("last-modified", date));
    let dateline = Dateline::following(&[outlet.url("/feed.xml")]);
    let counted: Vec<_> = (0..3).map(|_| dateline.pass()["not_modified"].as_u64()).collect();
    assert_eq!(counted, [Some(0), Some(1), Some(1)]);
    let sent: Vec<_> = outlet
        .asked("/feed.xml")
        .iter()
        .map(|seen| {
            (seen.header("if-none-match").map(str::to_owned), seen.header("if-modified-since").map(str::to_owned))
        })
        .collect();
    let known = (Some(tag), Some(date.to_owned()));
    assert_eq!(sent, [(None, None), known.clone(), known]);
}

#[test]
fn a_second_pass_reads_no_page_again() {
    let web = Web::new();
    let outlet = web.outlet(1);
    publish(&outlet, 3);
    let dateline = Dateline::following(&[outlet.url("/feed.xml")]);
    assert_eq!(dateline.pass()["articles"], 3);
    assert_eq!(pages_of(&outlet).len(), 3);
    web.forget();
    let second = dateline.pass();
    assert_eq!(
        (&second["polled"], &second["entries"], &second["articles"]),
        (&1.into(), &0.into(), &0.into()),
        "{second}"
    );
    assert_eq!(pages_of(&outlet), [""; 0]);
}

#[test]
fn a_pass_without_force_keeps_to_the_interval() {
    let web = Web::new();
    let outlet = web.outlet(1);
    publish(&outlet, 1);
    let dateline = Dateline::following(&[outlet.url("/feed.xml")]);
    assert_eq!(dateline.row(&["run", "--once"])["polled"], 1);
    assert_eq!(dateline.row(&["run", "--once"])["polled"], 0);
    assert_eq!(outlet.asked("/feed.xml").len(), 1);
}

#[test]
fn a_host_is_asked_one_thing_at_a_time_with_a_gap_while_others_go_on() {
    const GAP: Duration = Duration::from_millis(150);
    let web = Web::new();
    let outlets = [web.outlet(1), web.outlet(2), web.outlet(3)];
    let gate = Gate::default();
    for outlet in &outlets {
        publish(outlet, 4);
        outlet.serve("/1.html", Answer::html(page("Slow", &paragraphs(1), ago(60))).behind(&gate));
    }
    let urls: Vec<String> = outlets.iter().map(|outlet| outlet.url("/feed.xml")).collect();
    let dateline = Dateline::following(&urls).set("http.per_host_delay", "\"150ms\"").set("http.timeout", "\"1h\"");
    let mut pass = dateline.start(&["run", "--once"]);
    // None of these is answered before all were asked for: no host waits for another.
    wait_for("every slow page", || outlets.iter().all(|outlet| !outlet.asked("/1.html").is_empty()).then_some(()));
    gate.open();
    assert_eq!(wait_for("the end of the pass", || pass.ended()), 0, "{}", pass.log());
    for outlet in &outlets {
        let seen = outlet.seen();
        // The feed, robots.txt and four pages.
        assert_eq!(seen.len(), 6, "{seen:?}");
        for pair in seen.windows(2) {
            let ended = pair[0].ended.expect("it was answered");
            let gap = pair[1].began.saturating_duration_since(ended);
            assert!(gap >= GAP, "{} came {gap:?} after {}", pair[1].path, pair[0].path);
        }
    }
}

#[test]
fn a_page_that_robots_txt_excludes_is_never_asked_for() {
    let web = Web::new();
    let outlet = web.outlet(1);
    publish(&outlet, 3);
    outlet.serve("/robots.txt", Answer::ok("text/plain", "User-agent: dateline\nDisallow: /2.html\n"));
    let dateline = Dateline::following(&[outlet.url("/feed.xml")]);
    let pass = dateline.pass();
    assert_eq!((&pass["articles"], &pass["skipped"]), (&2.into(), &1.into()), "{pass}");
    assert!(outlet.asked("/2.html").is_empty());
    assert_eq!(outlet.asked("/robots.txt").len(), 1);
    // The source itself was listed by the user: the file does not govern it.
    outlet.serve("/robots.txt", Answer::ok("text/plain", "User-agent: *\nDisallow: /\n"));
    assert_eq!(dateline.pass()["failed"], 0);
}

#[test]
fn the_feeds_own_words_serve_where_the_page_is_excluded() {
    let web = Web::new();
    let outlet = web.outlet(1);
    let words = paragraphs(9)[..2].join(" ");
    let item = Item::new(outlet.url("/2.html"), "What the feed says", ago(30)).content(&format!("<p>{words}</p>"));
    outlet.serve("/feed.xml", Answer::feed(feed("Paper", &[item])));
    outlet.serve("/robots.txt", Answer::ok("text/plain", "User-agent: *\nDisallow: /\n"));
    let dateline = Dateline::following(&[outlet.url("/feed.xml")]);
    assert_eq!(dateline.pass()["articles"], 1);
    assert!(outlet.asked("/2.html").is_empty());
    assert_eq!(dateline.row(&["export"])["body"], words.as_str());
}

#[test]
fn pages_wait_while_robots_txt_is_in_trouble() {
    for trouble in [Answer::status(503), Answer::close()] {
        let web = Web::new();
        let outlet = web.outlet(1);
        publish(&outlet, 2);
        outlet.serve("/robots.txt", trouble);
        let dateline = Dateline::following(&[outlet.url("/feed.xml")]);
        let pass = dateline.pass();
        assert_eq!((&pass["articles"], &pass["waiting"]), (&0.into(), &2.into()), "{pass}");
        assert_eq!(pages_of(&outlet), [""; 0]);
        // The next pass asks again, and the pages come.
        outlet.serve("/robots.txt", Answer::status(404));
        assert_eq!(dateline.pass()["articles"], 2);
    }
}

#[test]
fn retry_after_holds_even_against_force() {
    for status in [429, 503] {
        let web = Web::new();
        let (busy, other) = (web.outlet(1), web.outlet(2));
        busy.serve("/feed.xml", Answer::status(status).header("retry-after", "3600"));
        publish(&other, 1);
        let dateline = Dateline::following(&[busy.url("/feed.xml"), other.url("/feed.xml")]);
        assert_eq!(dateline.pass()["failed"], 1);
        let second = dateline.pass();
        assert_eq!((&second["polled"], &second["failed"]), (&1.into(), &0.into()), "{second}");
        assert_eq!(busy.asked("/feed.xml").len(), 1);
        let url = busy.url("/feed.xml");
        let row = dateline.json(&["sources"]).into_iter().find(|row| row["url"] == url.as_str()).expect("it is listed");
        assert!(row["next_poll_reason"].as_str().is_some_and(|reason| reason.contains("Retry-After")), "{row}");
        assert_eq!((&row["http_status"], &row["status"]), (&status.into(), &"failing".into()));
    }
}

#[test]
fn max_age_holds_even_against_force() {
    let web = Web::new();
    let outlet = web.outlet(1);
    let body = feed("Paper", &[Item::new(outlet.url("/a.html"), "A report", ago(60))]);
    outlet.serve("/feed.xml", Answer::feed(body).header("cache-control", "public, max-age=1800"));
    let dateline = Dateline::following(&[outlet.url("/feed.xml")]);
    assert_eq!((dateline.pass()["polled"].as_u64(), dateline.pass()["polled"].as_u64()), (Some(1), Some(0)));
}

#[test]
fn a_document_that_is_no_feed_is_asked_for_like_one() {
    let web = Web::new();
    let (fresh, stale) = (web.outlet(1), web.outlet(2));
    let html = || Answer::html("<title>Soon here</title>").etag("\"1\"");
    fresh.serve("/feed.xml", html().header("cache-control", "max-age=1800"));
    stale.serve("/feed.xml", html());
    let dateline = Dateline::following(&[fresh.url("/feed.xml"), stale.url("/feed.xml")]);
    for polled in [2, 1] {
        let run = dateline.run(&["run", "--once", "--force", "--json"]);
        assert_eq!(run.rows()[0]["polled"], polled);
    }
    assert_eq!(fresh.asked("/feed.xml").len(), 1);
    assert_eq!(stale.asked("/feed.xml")[1].header("if-none-match"), Some("\"1\""));
    // "Not modified" since what could not be read: it still cannot.
    let url = stale.url("/feed.xml");
    let row = dateline.json(&["sources"]).into_iter().find(|row| row["url"] == url.as_str()).expect("it is listed");
    assert_eq!((&row["status"], &row["http_status"]), (&"failing".into(), &304.into()), "{row}");
    assert!(row["last_error"].as_str().is_some_and(|error| error.contains("not a feed")), "{row}");
    // The feed comes back, and so does the source.
    publish(&stale, 1);
    assert_eq!(dateline.pass()["articles"], 1);
}

#[test]
fn a_feed_that_moved_for_good_is_in_the_end_asked_at_its_new_place_only() {
    let web = Web::new();
    let (old, new) = (web.outlet(1), web.outlet(2));
    old.serve("/feed.xml", Answer::redirect(308, &new.url("/feed.xml")));
    new.serve("/feed.xml", Answer::feed(feed("Paper", &[])).etag("\"1\""));
    let dateline = Dateline::following(&[old.url("/feed.xml")]);
    for _ in 0..7 {
        dateline.pass();
    }
    assert_eq!((old.asked("/feed.xml").len(), new.asked("/feed.xml").len()), (5, 7));
    let sent: Vec<bool> = new.asked("/feed.xml").iter().map(|seen| seen.header("if-none-match").is_some()).collect();
    assert_eq!(sent, [false, true, true, true, true, true, true]);
}

#[test]
fn a_source_that_is_gone_is_not_asked_again() {
    let web = Web::new();
    let outlet = web.outlet(1);
    outlet.serve("/feed.xml", Answer::status(410));
    let dateline = Dateline::following(&[outlet.url("/feed.xml")]);
    // Every source that was polled failed.
    dateline.run(&["run", "--once", "--force"]).exits(1);
    let row = dateline.row(&["sources"]);
    assert_eq!((&row["status"], &row["http_status"]), (&"gone".into(), &410.into()));
    dateline.run(&["run", "--once", "--force"]).ok();
    assert_eq!(outlet.asked("/feed.xml").len(), 1);
}

#[test]
fn redirects_are_followed_hop_by_hop_and_loops_end() {
    let web = Web::new();
    let (old, new) = (web.outlet(1), web.outlet(2));
    publish(&new, 1);
    old.serve("/feed.xml", Answer::redirect(301, &old.url("/moved.xml")));
    old.serve("/moved.xml", Answer::redirect(302, &new.url("/feed.xml")));
    old.serve("/loop.xml", Answer::redirect(302, &old.url("/pool.xml")));
    old.serve("/pool.xml", Answer::redirect(302, &old.url("/loop.xml")));
    let dateline = Dateline::following(&[old.url("/feed.xml"), old.url("/loop.xml")]);
    let pass = dateline.pass();
    assert_eq!((&pass["polled"], &pass["failed"], &pass["articles"]), (&2.into(), &1.into(), &1.into()), "{pass}");
    assert!(old.seen().len() <= 2 + 12, "a loop ends soon: {:?}", old.seen());
    let url = old.url("/loop.xml");
    let row = dateline.json(&["sources"]).into_iter().find(|row| row["url"] == url.as_str()).expect("it is listed");
    assert!(row["last_error"].as_str().is_some_and(|error| error.contains("redirect")), "{row}");
}

#[test]
fn a_page_that_moved_is_one_article_under_its_new_address() {
    let web = Web::new();
    let outlet = web.outlet(1);
    publish(&outlet, 1);
    outlet.serve("/feed.xml", Answer::feed(feed("Paper", &[Item::new(outlet.url("/old"), "Report", ago(60))])));
    outlet.serve("/old", Answer::redirect(301, "/1.html?utm_source=feed#top"));
    outlet.serve("/1.html?utm_source=feed", Answer::html(page("Report", &paragraphs(1), ago(60))));
    let dateline = Dateline::following(&[outlet.url("/feed.xml")]);
    assert_eq!(dateline.pass()["articles"], 1);
    assert_eq!(dateline.row(&["export"])["url"], outlet.url("/1.html").as_str());
}

#[test]
fn private_addresses_are_refused_unless_allowed() {
    let web = Web::new();
    let outlet = web.outlet(1);
    publish(&outlet, 1);
    let dateline = Dateline::following(&[outlet.url("/feed.xml")]).set("http.allow_private_addresses", "false");
    dateline.run(&["run", "--once", "--force"]).exits(1);
    assert!(web.seen().is_empty());
    let row = dateline.row(&["sources"]);
    assert!(row["last_error"].as_str().is_some_and(|error| error.contains("allow_private_addresses")), "{row}");
}

#[test]
fn every_request_names_us_and_carries_no_cookie() {
    let web = Web::new();
    let outlet = web.outlet(1);
    publish(&outlet, 1);
    let body = feed("Paper", &[Item::new(outlet.url("/1.html"), "Report", ago(60))]);
    outlet.serve("/feed.xml", Answer::feed(body).header("set-cookie", "reader=1; Path=/"));
    Dateline::following(&[outlet.url("/feed.xml")])
        .set("http.user_agent", "\"TestDesk (+https://desk.example/)\"")
        .pass();
    for seen in web.seen() {
        assert_eq!(seen.header("user-agent"), Some("TestDesk (+https://desk.example/)"), "{}", seen.path);
        assert_eq!((seen.header("cookie"), seen.header("referer")), (None, None), "{}", seen.path);
    }
}

#[test]
fn a_page_that_asks_to_wait_holds_its_host_and_not_the_pass() {
    let web = Web::new();
    let (busy, other) = (web.outlet(1), web.outlet(2));
    let items = |outlet: &Outlet, count: usize| -> String {
        let item = |n: usize| Item::new(outlet.url(&format!("/{n}.html")), &format!("Report {n}"), ago(30));
        feed("Paper", &(1..=count).map(item).collect::<Vec<_>>())
    };
    busy.serve("/feed.xml", Answer::feed(items(&busy, 3)));
    for n in 1..=3 {
        busy.serve(&format!("/{n}.html"), Answer::status(429).header("retry-after", "3600"));
    }
    other.serve("/feed.xml", Answer::feed(items(&other, 1)));
    other.serve("/1.html", Answer::html(page("Report 1", &paragraphs(1), ago(30))));
    let dateline = Dateline::following(&[busy.url("/feed.xml"), other.url("/feed.xml")]);
    let pass = dateline.pass();
    assert_eq!((&pass["articles"], &pass["failed_pages"]), (&1.into(), &3.into()), "it did not wait an hour: {pass}");
    let asked = || -> usize { (1..=3).map(|n| busy.asked(&format!("/{n}.html")).len()).sum() };
    assert_eq!(asked(), 1, "after the first answer no page of this host was asked for");
    dateline.run(&["run", "--once", "--force"]).ok();
    assert_eq!(asked(), 1, "what a server asked for holds in the next process and against force");
}

/// An installation with the guard in force, which reaches the web through this proxy. Names are the proxy's business then,
/// so a test can serve "public" outlets: by whole addresses, as a proxy is asked for them.
fn behind(proxy: &Outlet, source: &str) -> Dateline {
    Dateline::following(&[source.to_owned()])
        .set("http.allow_private_addresses", "false")
        .set("http.proxy", &format!("\"{}\"", proxy.url("")))
}

#[test]
fn a_redirect_to_a_private_address_is_refused_for_feeds_and_pages() {
    let web = Web::new();
    let (proxy, inside) = (web.outlet(1), web.outlet(2));
    inside.serve("/secret", Answer::html(page("Inside", &paragraphs(1), ago(60))));
    let forms =
        ["169.254.169.254", "2130706433", "0x7f.1", "[::ffff:10.0.0.1]", "[64:ff9b::7f00:1]", "[fd00:ec2::254]"];
    let links: Vec<String> = forms
        .iter()
        .enumerate()
        .map(|(n, _)| format!("http://news.example/{n}.html"))
        .chain([inside.url("/secret")])
        .collect();
    for (link, to) in links.iter().zip(forms) {
        proxy.serve(link, Answer::redirect(302, &format!("http://{to}/latest/meta-data")));
    }
    let items: Vec<Item> = links.iter().map(|link| Item::new(link.clone(), "A report", ago(60))).collect();
    proxy.serve("http://news.example/feed.xml", Answer::feed(feed("Paper", &items)));
    proxy.serve("http://news.example/moved.xml", Answer::redirect(301, &inside.url("/secret")));
    let dateline = behind(&proxy, "http://news.example/feed.xml");
    let pass = dateline.pass();
    assert_eq!((&pass["articles"], &pass["failed_pages"]), (&0.into(), &links.len().into()), "{pass}");
    let moved = behind(&proxy, "http://news.example/moved.xml");
    moved.run(&["run", "--once"]).exits(1);
    let error = moved.row(&["sources"])["last_error"].to_string();
    assert!(error.contains("allow_private_addresses"), "{error}");
    assert!(inside.seen().is_empty());
    assert!(web.seen().iter().all(|seen| seen.path.starts_with("http://news.example/")), "{:?}", web.seen());
}

#[test]
fn robots_and_webhooks_that_lead_inside_are_refused() {
    let web = Web::new();
    let (proxy, inside) = (web.outlet(1), web.outlet(2));
    let text = format!("<p>{}</p>", vec!["The walkout of the dock workers goes on."; 60].join("</p><p>"));
    let items = [
        Item::new("http://news.example/1.html", "A report", ago(60)),
        Item::new("http://news.example/2.html", "A walkout of the dock workers", ago(60)).content(&text),
    ];
    proxy.serve("http://news.example/feed.xml", Answer::feed(feed("Paper", &items)));
    proxy.serve("http://news.example/robots.txt", Answer::redirect(301, &inside.url("/robots.txt")));
    proxy.serve("http://news.example/1.html", Answer::html(page("A walkout", &paragraphs(1), ago(60))));
    let dateline = behind(&proxy, "http://news.example/feed.xml");
    let alert = format!("[[alerts]]\nname = \"all\"\nquery = \"walkout\"\nwebhook = \"{}\"\n", inside.url("/hook"));
    let settings = std::fs::read_to_string(dateline.path("dateline.toml")).expect("it is written");
    dateline.write("dateline.toml", settings + &alert);
    let done = dateline.run(&["run", "--once"]).ok();
    assert!(inside.seen().is_empty(), "{:?}", inside.seen());
    // What robots.txt says is unknown, so that page waits; the other article needs none, and is not delivered inside.
    assert_eq!((&done.rows()[0]["articles"], &done.rows()[0]["waiting"]), (&1.into(), &1.into()), "{}", done.stdout);
    done.says("robots.txt could not be read").says("127.0.7.2 is not a public address");
}

#[test]
fn links_to_files_and_scripts_lead_nowhere() {
    let web = Web::new();
    let outlet = web.outlet(1);
    let links =
        ["file:///etc/passwd", "javascript:alert(1)", "data:text/html,x", "ftp://127.0.0.1/x", "FILE:/etc/passwd"];
    let items: Vec<Item> = links.iter().map(|link| Item::new((*link).to_owned(), "A report", ago(60))).collect();
    outlet.serve("/feed.xml", Answer::feed(feed("Paper", &items)));
    let dateline = Dateline::following(&[outlet.url("/feed.xml")]);
    let pass = dateline.pass();
    assert_eq!((&pass["articles"], &pass["failed"]), (&0.into(), &0.into()), "{pass}");
    assert_eq!(web.seen().len(), 1, "{:?}", web.seen());
    let checked = dateline.row(&["sources", "check", &outlet.url("/feed.xml")]);
    assert!(checked["entries"].as_array().is_some_and(|entries| entries.iter().all(|entry| entry["link"].is_null())));
    for link in links {
        dateline.run(&["sources", "check", link]).exits(1);
    }
}
