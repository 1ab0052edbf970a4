//! One bad source or page never stops another, and each failure has its reason and its next try.

use serde_json::Value;

use crate::world::{Answer, Dateline, Item, Outlet, Web, ago, feed, free_address, page, paragraphs, wait_for};

/// Publishes one article that nothing is wrong with; returns its entry.
fn good(outlet: &Outlet) -> Item {
    outlet.serve("/good.html", Answer::html(page("Nothing is wrong here", &paragraphs(1), ago(60))));
    Item::new(outlet.url("/good.html"), "Nothing is wrong here", ago(60))
}

fn source(dateline: &Dateline, url: &str) -> Value {
    dateline.json(&["sources"]).into_iter().find(|row| row["url"] == url).expect("it is listed")
}

/// A source that answers so fails with this reason, while the one beside it is read.
#[track_caller]
fn check_source(answer: Answer, reason: &str) {
    let web = Web::new();
    let (bad, fine) = (web.outlet(1), web.outlet(2));
    bad.serve("/feed.xml", answer);
    fine.serve("/feed.xml", Answer::feed(feed("Fine", &[good(&fine)])));
    let dateline = Dateline::following(&[bad.url("/feed.xml"), fine.url("/feed.xml")]).set("http.max_body", "\"1MiB\"");
    let pass = dateline.pass();
    assert_eq!((&pass["polled"], &pass["failed"], &pass["articles"]), (&2.into(), &1.into(), &1.into()), "{pass}");
    let row = source(&dateline, &bad.url("/feed.xml"));
    assert_eq!((&row["status"], &row["consecutive_failures"]), (&"failing".into(), &1.into()));
    assert!(row["last_error"].as_str().is_some_and(|error| error.contains(reason)), "`{reason}` is not in {row}");
    assert_eq!(source(&dateline, &fine.url("/feed.xml"))["status"], "ok");
    let status = dateline.row(&["status"]);
    assert_eq!((&status["sources"]["failing"], &status["sources"]["ok"]), (&1.into(), &1.into()), "{status}");
}

#[test]
fn a_source_that_is_not_found_fails() {
    check_source(Answer::status(404), "404");
}

#[test]
fn a_source_whose_server_fails_fails() {
    check_source(Answer::status(500), "500");
}

#[test]
fn a_source_that_is_a_page_fails() {
    check_source(Answer::html("<!doctype html><title>Welcome</title><p>Please log in."), "");
}

#[test]
fn a_source_that_is_empty_fails() {
    check_source(Answer::feed(""), "");
}

#[test]
fn status_shows_people_ten_failing_sources_and_machines_all() {
    let web = Web::new();
    let dead: Vec<String> = (0..12).map(|number| web.outlet(1).url(&format!("/{number}.xml"))).collect();
    let dateline = Dateline::following(&dead);
    dateline.run(&["run", "--once"]).exits(1);
    let told = dateline.run(&["status"]).ok().stdout;
    assert_eq!(told.matches(": 1 failure, last: ").count(), 10, "{told}");
    assert!(told.contains("… and 2 more: `dateline sources` shows each"), "{told}");
    assert_eq!(dateline.row(&["status"])["failing"].as_array().map(Vec::len), Some(12));
}

#[test]
fn a_source_that_stalls_fails_in_time() {
    let web = Web::new();
    let (bad, fine) = (web.outlet(1), web.outlet(2));
    bad.serve("/feed.xml", Answer::stall());
    fine.serve("/feed.xml", Answer::feed(feed("Fine", &[good(&fine)])));
    let dateline = impatient(&[bad.url("/feed.xml"), fine.url("/feed.xml")]);
    assert_eq!(dateline.run(&["run", "--once", "--json"]).rows()[0]["polled"], 2, "one does not stop the other");
    let row = source(&dateline, &bad.url("/feed.xml"));
    assert_eq!(row["status"], "failing");
    assert!(row["last_error"].as_str().is_some_and(|error| error.contains("http.timeout")), "{row}");
    pass_until(&dateline, || {
        source(&dateline, &fine.url("/feed.xml"))["status"] == "ok" && dateline.json(&["export"]).len() == 1
    });
}

/// One with so little patience that other requests fail, too, where the machine stalls.
fn impatient(urls: &[String]) -> Dateline {
    Dateline::following(urls).set("http.timeout", "\"500ms\"")
}

/// Makes passes until something holds.
#[track_caller]
fn pass_until(dateline: &Dateline, holds: impl Fn() -> bool) {
    wait_for("what a pass brings", || {
        let done = holds();
        if !done {
            dateline.run(&["run", "--once", "--force"]);
        }
        done.then_some(())
    });
}

#[test]
fn a_source_that_hangs_up_fails() {
    check_source(Answer::close(), "");
}

#[test]
fn a_source_without_an_end_fails_at_the_limit() {
    check_source(Answer::endless(), "http.max_body");
}

#[test]
fn a_source_where_nobody_listens_fails() {
    let web = Web::new();
    let fine = web.outlet(2);
    fine.serve("/feed.xml", Answer::feed(feed("Fine", &[good(&fine)])));
    let dead = format!("http://{}/feed.xml", free_address());
    let dateline = Dateline::following(&[dead.clone(), fine.url("/feed.xml")]);
    let pass = dateline.pass();
    assert_eq!((&pass["failed"], &pass["articles"]), (&1.into(), &1.into()), "{pass}");
    assert!(source(&dateline, &dead)["last_error"].is_string());
}

/// A page that answers so leaves no article, while the one beside it is read; it is tried again later.
#[track_caller]
fn check_page(answer: Answer) {
    let web = Web::new();
    let outlet = web.outlet(1);
    let items = [Item::new(outlet.url("/bad.html"), "Something is wrong here", ago(50)), good(&outlet)];
    outlet.serve("/feed.xml", Answer::feed(feed("Paper", &items)));
    outlet.serve("/bad.html", answer);
    let dateline = Dateline::following(&[outlet.url("/feed.xml")]).set("http.max_body", "\"1MiB\"");
    let pass = dateline.pass();
    assert_eq!(
        (&pass["articles"], &pass["failed_pages"], &pass["waiting"]),
        (&1.into(), &1.into(), &1.into()),
        "{pass}"
    );
    assert!(!outlet.asked("/bad.html").is_empty());
    let status = dateline.row(&["status"]);
    assert_eq!((&status["entries"]["failed"], &status["waiting"]), (&1.into(), &1.into()), "{status}");
    assert!(status["next_try_at"].is_string(), "{status}");
    // It is well again: the next try brings the article.
    outlet.serve("/bad.html", Answer::html(page("Something was wrong here", &paragraphs(2), ago(50))));
    let pass = dateline.pass();
    assert_eq!((&pass["articles"], &pass["waiting"]), (&1.into(), &0.into()), "{pass}");
}

#[test]
fn a_page_that_is_not_found_is_tried_again() {
    check_page(Answer::status(404));
}

#[test]
fn a_page_whose_server_fails_is_tried_again() {
    check_page(Answer::status(500));
}

#[test]
fn a_page_that_stalls_is_tried_again() {
    let web = Web::new();
    let outlet = web.outlet(1);
    let items = [Item::new(outlet.url("/bad.html"), "Something is wrong here", ago(50)), good(&outlet)];
    outlet.serve("/feed.xml", Answer::feed(feed("Paper", &items)));
    outlet.serve("/bad.html", Answer::stall());
    let dateline = impatient(&[outlet.url("/feed.xml")]);
    let articles = || dateline.json(&["export"]).len();
    pass_until(&dateline, || !outlet.asked("/bad.html").is_empty() && articles() == 1);
    let status = dateline.row(&["status"]);
    assert_eq!((&status["entries"]["failed"], &status["waiting"]), (&1.into(), &1.into()), "{status}");
    assert!(status["next_try_at"].is_string(), "{status}");
    outlet.serve("/bad.html", Answer::html(page("Something was wrong here", &paragraphs(2), ago(50))));
    pass_until(&dateline, || articles() == 2);
}

#[test]
fn a_page_that_hangs_up_is_tried_again() {
    check_page(Answer::close());
}

#[test]
fn a_page_without_text_is_skipped() {
    for body in ["", "<!doctype html><title>Something is wrong here</title><div id=app></div>"] {
        let web = Web::new();
        let outlet = web.outlet(1);
        let items = [Item::new(outlet.url("/empty.html"), "Something is wrong here", ago(50)), good(&outlet)];
        outlet.serve("/feed.xml", Answer::feed(feed("Paper", &items)));
        outlet.serve("/empty.html", Answer::html(body));
        let pass = Dateline::following(&[outlet.url("/feed.xml")]).pass();
        assert_eq!(
            (&pass["articles"], &pass["skipped"], &pass["waiting"]),
            (&1.into(), &1.into(), &0.into()),
            "{pass}"
        );
    }
}

#[test]
fn a_page_without_an_end_is_tried_again() {
    check_page(Answer::endless());
}

#[test]
fn a_page_that_redirects_in_circles_is_tried_again() {
    check_page(Answer::redirect(302, "/bad.html"));
}

#[test]
fn a_front_page_is_skipped_with_a_reason() {
    let web = Web::new();
    let outlet = web.outlet(1);
    let links: String = (0..40)
        .map(|n| format!("<li><h3><a href=\"/news/2026/{n}.html\">Headline number {n} of the day</a></h3></li>"))
        .collect();
    outlet.serve(
        "/news/",
        Answer::html(format!(
            "<!doctype html><html><head><title>News</title></head><body><main><ul>{links}</ul></main></body></html>"
        )),
    );
    let items = [Item::new(outlet.url("/news/"), "News", ago(50)), good(&outlet)];
    outlet.serve("/feed.xml", Answer::feed(feed("Paper", &items)));
    let dateline = Dateline::following(&[outlet.url("/feed.xml")]);
    let pass = dateline.pass();
    assert_eq!(pass["articles"], 1, "{pass}");
    assert_eq!(pass["skipped"].as_u64().unwrap_or(0) + pass["failed_pages"].as_u64().unwrap_or(0), 1, "{pass}");
}

#[test]
fn a_charset_that_is_declared_wrongly_does_no_harm() {
    let web = Web::new();
    let outlet = web.outlet(1);
    let title = "Möwen über dem Fährhafen";
    let text = vec![format!("Die Möwen über dem Fährhafen störten die Übergabe. {}", paragraphs(4).join(" "))];
    let page = page(title, &text, ago(60)).replace("charset=\"utf-8\"", "charset=\"iso-8859-1\"");
    outlet.serve("/a.html", Answer::ok("text/html; charset=iso-8859-1", page));
    let body = feed("Zeitung für Fähren", &[Item::new(outlet.url("/a.html"), title, ago(60))]);
    outlet.serve("/feed.xml", Answer::ok("application/rss+xml; charset=windows-1251", body));
    let dateline = Dateline::following(&[outlet.url("/feed.xml")]);
    dateline.pass();
    let row = dateline.row(&["export"]);
    assert_eq!((&row["title"], &row["source"]), (&title.into(), &"Zeitung für Fähren".into()));
    assert!(row["body"].as_str().is_some_and(|body| body.starts_with("Die Möwen")), "{row}");
}

#[test]
fn a_huge_page_is_refused_and_the_others_are_read() {
    let web = Web::new();
    let outlet = web.outlet(1);
    outlet.serve("/huge.html", Answer::html(vec![b'x'; 50 << 20]));
    let items = [Item::new(outlet.url("/huge.html"), "Huge", ago(50)), good(&outlet)];
    outlet.serve("/feed.xml", Answer::feed(feed("Paper", &items)));
    let pass = Dateline::following(&[outlet.url("/feed.xml")]).pass();
    assert_eq!((&pass["articles"], &pass["failed_pages"]), (&1.into(), &1.into()), "{pass}");
}

#[test]
fn a_pass_in_which_every_source_failed_says_so() {
    let web = Web::new();
    let outlet = web.outlet(1);
    let dateline = Dateline::following(&[outlet.url("/a.xml"), outlet.url("/b.xml")]);
    let done = dateline.run(&["run", "--once", "--json"]).exits(1).says("every source");
    assert_eq!(done.rows()[0]["failed"], 2);
    // Nothing is due now, so nothing failed.
    dateline.run(&["run", "--once"]).ok();
}

#[test]
fn a_pass_ends_at_its_deadline_and_the_next_goes_on() {
    let web = Web::new();
    let outlet = web.outlet(1);
    let items: Vec<Item> = (0..30)
        .map(|n| {
            let (path, title) = (format!("/{n}.html"), format!("Report {n}"));
            outlet.serve(&path, Answer::html(page(&title, &paragraphs(n), ago(60))));
            Item::new(outlet.url(&path), &title, ago(60))
        })
        .collect();
    outlet.serve("/feed.xml", Answer::feed(feed("Paper", &items)));
    // With such gaps a pass would take ten minutes, which nobody here waits for.
    let dateline = Dateline::following(&[outlet.url("/feed.xml")]).set("http.per_host_delay", "\"20s\"");
    let run = || dateline.row(&["run", "--once", "--deadline", "1s"]);
    // A machine that stalls may not even come to the feed.
    wait_for("a pass that was cut short", || (run()["waiting"].as_u64() > Some(0)).then_some(()));
    let had = dateline.json(&["export"]).len();
    assert!(had < 30, "{had}");
    let rest = dateline.set("http.per_host_delay", "\"0s\"").row(&["run", "--once"]);
    assert_eq!(rest["articles"], 30 - had, "{rest}");
}
