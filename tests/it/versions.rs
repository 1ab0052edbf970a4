//! Pages that show little of their article, and their other versions (AMP, for print) that show it whole.

use serde_json::Value;

use crate::world::{Answer, Dateline, Item, Outlet, Web, ago, feed, page, paragraphs};

const PAGE: &str = "/1.html";
const VERSION: &str = "/lite/1";
const STUB: &str = "The ferry timetable of Brindle Bay has been opened again.";

/// Announces one page, which shows `text` and has `link` in its head.
fn announce(outlet: &Outlet, link: &str, text: &[String]) {
    let html = page("Report", text, ago(60)).replace("</head>", &format!("{link}</head>"));
    outlet.serve(PAGE, Answer::html(html));
    outlet.serve("/feed.xml", Answer::feed(feed("Paper", &[Item::new(outlet.url(PAGE), "Report", ago(60))])));
}

fn amp(to: &str) -> String {
    format!("<link rel=amphtml href='{to}'>")
}

fn stub() -> Vec<String> {
    vec![STUB.to_owned()]
}

/// Makes one pass, in which one article is read and nothing fails; returns it.
fn read(outlet: &Outlet) -> (Dateline, Value) {
    let dateline = Dateline::following(&[outlet.url("/feed.xml")]);
    let pass = dateline.pass();
    assert_eq!(
        (&pass["articles"], &pass["failed_pages"], &pass["waiting"]),
        (&1.into(), &0.into(), &0.into()),
        "{pass}"
    );
    let article = dateline.row(&["export"]);
    assert_eq!(article["url"], outlet.url(PAGE).as_str());
    assert_eq!(outlet.asked(PAGE).len(), 1);
    (dateline, article)
}

/// The page has `link`, and `version` stands at its end: the page's own text is kept.
#[track_caller]
fn check_stays(link: &str, version: Answer, asked: usize) {
    let web = Web::new();
    let outlet = web.outlet(1);
    announce(&outlet, link, &stub());
    outlet.serve(VERSION, version);
    let (_, article) = read(&outlet);
    assert_eq!((&article["body"], outlet.asked(VERSION).len()), (&STUB.into(), asked));
}

#[test]
fn the_amp_version_gives_the_text_that_the_page_does_not() {
    let web = Web::new();
    let outlet = web.outlet(1);
    announce(&outlet, &amp(VERSION), &stub());
    let canonical = format!("<link rel=canonical href='{}'></head>", outlet.url(PAGE));
    let whole = page("Report as AMP has it", &paragraphs(1), ago(60)).replace("</head>", &canonical);
    outlet.serve(VERSION, Answer::html(whole));
    let (dateline, article) = read(&outlet);
    assert_eq!(article["body"], paragraphs(1).join("\n\n"));
    assert_eq!(article["title"], "Report");
    assert_eq!(outlet.asked(VERSION).len(), 1);

    // Its address leads to the same article from now on.
    let again = [Item::new(outlet.url(VERSION), "Report", ago(50))];
    outlet.serve("/feed.xml", Answer::feed(feed("Paper", &again)));
    let pass = dateline.pass();
    assert_eq!((&pass["entries"], &pass["articles"]), (&1.into(), &0.into()), "{pass}");
    assert_eq!(outlet.asked(VERSION).len(), 1);
}

#[test]
fn a_page_without_any_text_is_read_in_its_print_version() {
    let web = Web::new();
    let outlet = web.outlet(1);
    announce(&outlet, &format!("<link rel=alternate media=print href={VERSION}>"), &[]);
    outlet.serve(VERSION, Answer::html(page("Report", &paragraphs(1), ago(60))));
    assert_eq!(read(&outlet).1["body"], paragraphs(1).join("\n\n"));
}

#[test]
fn a_page_that_shows_its_text_needs_no_version() {
    let web = Web::new();
    let outlet = web.outlet(1);
    announce(&outlet, &amp(VERSION), &paragraphs(1));
    read(&outlet);
    assert!(outlet.asked(VERSION).is_empty());
}

#[test]
fn a_version_on_another_outlet_is_ignored() {
    let web = Web::new();
    let other = web.outlet(2);
    other.serve(VERSION, Answer::html(page("Report", &paragraphs(1), ago(60))));
    check_stays(&amp(&other.url(VERSION)), Answer::status(404), 0);
    assert!(other.seen().is_empty());
}

#[test]
fn a_version_that_cannot_be_had_is_no_failure() {
    check_stays(&amp(VERSION), Answer::status(404), 1);
    check_stays(&amp(VERSION), Answer::close(), 1);
    check_stays(&amp(VERSION), Answer::ok("application/pdf", "%PDF"), 1);
    // AMP was given up by many: its addresses lead back to the page, which is not asked for twice.
    check_stays(&amp(VERSION), Answer::redirect(301, PAGE), 1);
}

#[test]
fn a_version_of_another_article_is_not_taken() {
    check_stays(&amp(VERSION), Answer::html(page("Council repairs the roof", &paragraphs(2), ago(60))), 1);
}

#[test]
fn a_version_is_asked_for_no_version_of_its_own() {
    let further = page("Report", &stub(), ago(60)).replace("</head>", &format!("{}</head>", amp("/lite/2")));
    check_stays(&amp(VERSION), Answer::html(further), 1);
}

#[test]
fn robots_txt_governs_versions_too() {
    let web = Web::new();
    let outlet = web.outlet(1);
    outlet.serve("/robots.txt", Answer::ok("text/plain", "User-agent: *\nDisallow: /lite/\n"));
    announce(&outlet, &amp(VERSION), &stub());
    outlet.serve(VERSION, Answer::html(page("Report", &paragraphs(1), ago(60))));
    assert_eq!(read(&outlet).1["body"], STUB);
    assert!(outlet.asked(VERSION).is_empty());
}
