//! Pages for people: each answers, is well made, leads on, and is not taken over by what strangers wrote.

use scraper::{Html, Selector};
use serde_json::{Value, json};

use crate::world::{Daemon, Dateline, free_address, get, get_whole, paragraphs};

/// What an outlet would write to take over a page.
const HOSTILE: &str =
    "\"'><script>alert(1)</script><img src=x onerror=alert(2)><style>*{display:none}</style>\u{202e}end";

/// A daemon with a few articles: two copies, one of them revised, in a story, one right to left, one hostile.
struct Desk {
    dateline: Dateline,
    listen: String,
    _daemon: Daemon,
}

impl Desk {
    fn new() -> Self {
        let listen = free_address();
        let dateline = Dateline::following(&[]).set("serve.listen", &format!("\"{listen}\""));
        let text = paragraphs(1).join("\n\n");
        let line = |url: &str, title: &str, body: &str, at: &str, lang: &str| {
            json!({ "url": url, "title": title, "body": body, "published_at": at, "lang": lang, "authors": ["Ann Doe"] })
                .to_string()
        };
        let walkout = format!("The walkout of dock workers begins.\n\n{text}");
        let first = "https://one.example/a";
        let lines = [
            line(first, "Walkout at the docks", &walkout, "2026-03-01T10:00:00Z", "en"),
            line("https://two.example/b", "Docks: walkout begins", &walkout, "2026-03-01T12:05:00Z", "en"),
            line("https://rtl.example/c", "محادثات السلام", "بدأت محادثات السلام اليوم.", "2026-03-03T10:00:00Z", "ar"),
            json!({
                "url": "https://hostile.example/d?x=\"><script>", "title": format!("Zebra {HOSTILE}"), "source": HOSTILE,
                "body": format!("{HOSTILE}\n\n{}\n\n\u{200b}\u{2067}", "w".repeat(10_000)), "authors": [HOSTILE],
            })
            .to_string(),
            line(first, "Walkout at the docks", &walkout.replace("begins", "ends"), "2026-03-01T10:00:00Z", "en"),
        ];
        dateline.pipe(&["import", "-"], lines.join("\n")).ok();
        let _daemon = dateline.start_ready(&listen);
        Self { dateline, listen, _daemon }
    }

    fn article(&self, query: &str) -> Value {
        self.dateline.json(&["search", query, "--copies", "--sort", "oldest"]).remove(0)
    }

    #[track_caller]
    fn page(&self, target: &str) -> Html {
        let (status, html) = get(&self.listen, target, "").expect("the daemon answers");
        assert_eq!(status, 200, "{target}: {html}");
        Html::parse_document(&html)
    }
}

fn id(row: &Value) -> &str {
    row["id"].as_str().expect("an id")
}

fn all<'a>(page: &'a Html, selector: &str) -> Vec<scraper::ElementRef<'a>> {
    page.select(&Selector::parse(selector).expect("a selector")).collect()
}

fn text(page: &Html, selector: &str) -> String {
    all(page, selector).iter().flat_map(|element| element.text()).collect()
}

/// What is wrong with the structure of a page.
fn faults(page: &Html) -> Vec<String> {
    let mut faults: Vec<String> = page.errors.iter().map(ToString::to_string).collect();
    for (selector, count) in
        [("main", 1), ("h1", 1), ("header nav", 1), ("head title", 1), ("html[lang]", 1), (".skip", 1)]
    {
        let found = all(page, selector).len();
        if found != count {
            faults.push(format!("{found} of {selector}"));
        }
    }
    for selector in ["script", "img", "main style", "iframe", "object", "[style]", "a:not([href])"] {
        faults.extend(all(page, selector).first().map(|element| format!("there is {}", element.html())));
    }
    for element in all(page, "*") {
        faults.extend(
            element.value().attrs().filter(|(name, _)| name.starts_with("on")).map(|(name, _)| name.to_owned()),
        );
    }
    for control in all(page, "input:not([type=hidden]), select") {
        let labelled = control.ancestors().any(|node| node.value().as_element().is_some_and(|e| e.name() == "label"))
            || control.attr("id").is_some_and(|id| !all(page, &format!("label[for={id}]")).is_empty());
        if !labelled {
            faults.push(format!("no label on {}", control.html()));
        }
    }
    faults
}

#[test]
fn every_page_is_well_made_and_nothing_of_strangers_becomes_markup() {
    let desk = Desk::new();
    let (first, hostile) = (desk.article("walkout"), desk.article("zebra"));
    let copies = desk.dateline.json(&["show", id(&first), "--copies"]);
    let copy = copies.iter().find(|copy| id(copy) != id(&first)).expect("a copy");
    let pages = [
        "/".to_owned(),
        "/?q=walkout&copies=true&stories=true&since=2026-01-01&sort=newest".to_owned(),
        "/?q=zebra&outlet=hostile.example".to_owned(),
        "/?q=%27%3E%3Cscript%3E&author=%3Cscript%3E".to_owned(),
        format!("/articles/{}?q=walkout", id(&first)),
        format!("/articles/{}?q=%28", id(&first)),
        format!("/articles/{}", id(&hostile)),
        format!("/articles/{}/copies/{}", id(&first), id(copy)),
        format!("/articles/{}/revisions/2", id(&first)),
        "/stories".to_owned(),
        format!("/stories/{}", first["story"].as_str().expect("a story")),
        format!("/stories/{}", hostile["story"].as_str().expect("a story")),
        "/sources".to_owned(),
        "/topics".to_owned(),
    ];
    for target in &pages {
        let faults = faults(&desk.page(target));
        assert!(faults.is_empty(), "{target}: {faults:?}");
    }
    let page = desk.page(&format!("/articles/{}", id(&hostile)));
    assert!(text(&page, "h1").contains("<script>alert(1)</script>"), "the words are there, as words");
    assert!(!text(&page, "head title").contains('\u{202e}'), "the title bar keeps its direction");
    assert_eq!(text(&page, ".facts bdi").matches("\u{202e}end").count(), 1, "an author's direction ends with the name");
}

#[test]
fn an_address_that_is_none_is_a_page_for_people() {
    let desk = Desk::new();
    let article = desk.article("zebra");
    let none = [
        "/nowhere".to_owned(),
        "/articles/x".to_owned(),
        format!("/articles/{}/revisions/2", id(&article)),
        format!("/articles/{}/revisions/x", id(&article)),
        format!("/articles/{}/copies/{}", id(&article), id(&desk.article("walkout"))),
        "/stories/0000000000000000".to_owned(),
        "/sources/0000000000000000".to_owned(),
    ];
    for target in none {
        let (head, html) = get_whole(&desk.listen, &target, "accept: text/html\r\n").expect("the daemon answers");
        assert!(head.starts_with("HTTP/1.1 404"), "{target}: {head}");
        let faults = faults(&Html::parse_document(&html));
        assert!(faults.is_empty(), "{target}: {faults:?}");
        let policy =
            "content-security-policy: default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'";
        assert!(head.contains(policy), "{target}: {head}");
    }
    let (status, html) = get(&desk.listen, "/?q=%28a&lang=de", "").expect("the daemon answers");
    let page = Html::parse_document(&html);
    assert_eq!((status, faults(&page)), (400, Vec::new()));
    let asked = all(&page, "#q")[0].attr("value");
    assert_eq!((asked, all(&page, "[role=alert]").len()), (Some("(a"), 1), "what was asked can be corrected");
}

#[test]
fn facets_narrow_a_search_and_filters_widen_it_again() {
    let desk = Desk::new();
    let page = desk.page("/");
    assert_eq!(all(&page, "article.hit").len(), 3, "the copy is with its original");
    let arabic = all(&page, "aside a").into_iter().find(|link| link.text().collect::<String>() == "ar");
    let narrow = arabic.and_then(|link| link.attr("href")).expect("a language to choose").to_owned();
    let page = desk.page(&narrow);
    assert_eq!(all(&page, "article.hit").len(), 1);
    assert_eq!(all(&page, "article.hit h2")[0].attr("dir"), Some("rtl"));
    assert_eq!(all(&page, "link[rel=alternate][href='/feeds/search.atom?lang=ar']").len(), 1);
    // The other languages are still there to choose instead.
    assert!(text(&page, "aside").contains("en"));
    assert_eq!(all(&page, ".filters a")[0].attr("href"), Some("/"));

    let page = desk.page("/?since=2026-01-01&until=2026-03-31");
    let rows = all(&page, ".chart tbody tr");
    assert_eq!((rows.len(), all(&page, ".chart svg a").len()), (2, 47), "hours, those without articles too");
    let first = all(&page, ".chart tbody a")[0].attr("href").expect("a link");
    assert_eq!(all(&desk.page(first), "article.hit").len(), 1);
}

#[test]
fn results_go_on_behind_a_cursor() {
    let desk = Desk::new();
    let page = desk.page("/?limit=2&copies=true");
    let next = all(&page, "a[rel=next]")[0].attr("href").expect("more").to_owned();
    let page = desk.page(&next);
    assert_eq!((all(&page, "article.hit").len(), all(&page, "a[rel=next]").len()), (2, 0));
}

#[test]
fn an_article_shows_what_was_looked_for_its_copies_and_its_revisions() {
    let desk = Desk::new();
    let first = desk.article("walkout");
    let page = desk.page(&format!("/articles/{}?q=volunteers", id(&first)));
    assert!(text(&page, ".text mark.found").starts_with("volunteers"), "{}", text(&page, ".text"));
    assert!(!all(&page, ".text mark[title='Labour disputes']").is_empty(), "evidence is marked");
    assert!(text(&page, ".about dt").contains("Labour disputes"));
    assert_eq!(all(&page, "#copies li").len(), 1);

    let compare = all(&page, "#copies .facts a")[0].attr("href").expect("a link").to_owned();
    let beside = desk.page(&compare);
    assert!(text(&beside, "table del").contains("ends") && text(&beside, "table ins").contains("begins"));

    let changed = all(&page, "#revisions a")[0].attr("href").expect("a link").to_owned();
    let diff = desk.page(&changed);
    assert_eq!((text(&diff, "del"), text(&diff, "ins")), ("begins.".to_owned(), "ends.".to_owned()));
}

#[test]
fn a_story_tells_who_published_how_much_later() {
    let desk = Desk::new();
    let page = desk.page("/stories");
    let story = all(&page, "article.hit h2 a")[0].attr("href").expect("a story").to_owned();
    let page = desk.page(&story);
    assert_eq!(all(&page, ".timeline li").len(), 2);
    assert_eq!(text(&page, ".later"), "+2 h 5 min");
    assert_eq!(all(&page, ".lines circle").len(), 2);
}
