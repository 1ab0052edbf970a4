//! From feeds to answers: one report under three mastheads, and what users then ask about it.

use serde_json::{Value, json};

use crate::world::{Answer, Dateline, Item, Outlet, Web, ago, feed, page, paragraphs};

/// A report of our own, as an agency sends it.
const WIRE: [&str; 7] = [
    "Dock workers at the northern container terminal stopped loading grain ships on Thursday night after talks over \
     night shifts broke down, leaving eleven vessels at anchor outside the breakwater and a queue of lorries that \
     reached back to the motorway bridge.",
    "The walkout began at ten in the evening, when about four hundred members of the crane drivers' union left their \
     cabins and gathered at the eastern gate with lanterns and a brass band that had been booked for a wedding.",
    "The terminal's operator called the stoppage unlawful and said that it would ask a judge in the capital to order \
     the crews back before the weekend, when the first refrigerated cargo of the season is expected from the islands.",
    "A spokeswoman for the union said that its members had accepted three changes of the rota since January and would \
     not accept a fourth, which would have had crews working six nights in every nine without a further day of rest.",
    "Millers in the valley have flour for about twelve days, according to the regional chamber of bakers, which asked \
     both sides to let through at least the two ships that carry seed for the spring sowing.",
    "Insurers said the delay was costing ship owners some forty thousand crowns a day for each vessel, a sum that the \
     union put at a fraction of what the operator had earned from the storage of empty containers last year.",
    "The ministry of transport offered to send a mediator on Saturday morning, and both sides said late at night that \
     they would at least listen to what she had to propose.",
];

/// Three outlets with the same report, one with another; each a feed of one entry.
struct Newsstand {
    outlets: Vec<Outlet>,
    dateline: Dateline,
}

impl Newsstand {
    /// Opens the stand and makes one pass over it.
    fn open() -> Self {
        let web = Web::new();
        let outlets: Vec<Outlet> = (1..=4).map(|n| web.outlet(n)).collect();
        let whole: Vec<String> = WIRE.map(str::to_owned).to_vec();
        // Half an hour later: another headline, the agency's dateline, the end cut.
        let mut cut = whole[..6].to_vec();
        cut[0] = format!("PORT LINDEN (Meridian Wire) – {}", cut[0]);
        // An hour later: two thirds of it and a line of advertising.
        let mut short = whole[..5].to_vec();
        short.push("Subscribe to our evening letter and get the first month for half the price.".to_owned());
        publish(&outlets[0], "first", "Grain ships wait as crane drivers leave their cabins", &whole, 180);
        publish(&outlets[1], "second", "Freight blockade at northern terminal enters first night", &cut, 150);
        publish(&outlets[2], "third", "Lanterns and a brass band: terminal stands still", &short, 120);
        publish(&outlets[3], "other", "Council repairs the library roof", &paragraphs(3), 140);
        let urls: Vec<String> = outlets.iter().map(|outlet| outlet.url("/feed.xml")).collect();
        let stand = Self { outlets, dateline: Dateline::following(&urls) };
        let pass = stand.dateline.pass();
        assert_eq!(
            (pass["polled"].as_u64(), pass["articles"].as_u64(), pass["copies"].as_u64()),
            (Some(4), Some(4), Some(2)),
            "{pass}"
        );
        stand
    }

    fn url(&self, outlet: usize) -> String {
        let names = ["first", "second", "third", "other"];
        self.outlets[outlet].url(&format!("/{}.html", names[outlet]))
    }

    /// The article of an outlet, as `export` writes it.
    fn article(&self, outlet: usize) -> Value {
        let url = self.url(outlet);
        self.dateline.json(&["export"]).into_iter().find(|row| row["url"] == url.as_str()).expect("it was read")
    }
}

/// Puts one article on an outlet, in its feed and as a page.
fn publish(outlet: &Outlet, name: &str, title: &str, text: &[String], minutes_ago: i64) {
    let path = format!("/{name}.html");
    let at = ago(minutes_ago);
    outlet.serve(&path, Answer::html(page(title, text, at)));
    outlet
        .serve("/feed.xml", Answer::feed(feed(&format!("Outlet {name}"), &[Item::new(outlet.url(&path), title, at)])));
}

fn text(row: &Value, field: &str) -> String {
    row[field].as_str().unwrap_or_default().to_owned()
}

fn sorted(row: &Value, field: &str) -> Vec<String> {
    let list = row[field].as_array().expect("a list");
    let mut list: Vec<String> = list.iter().map(|item| item.as_str().unwrap_or_default().to_owned()).collect();
    list.sort();
    list
}

#[test]
fn a_report_under_three_mastheads_is_one_hit_with_two_copies() {
    let stand = Newsstand::open();
    let hit = stand.dateline.row(&["search", "crane drivers' union"]);
    assert_eq!(hit["copies"], 2, "{hit}");
    // The second outlet's headline alone speaks of shipping: a collapsed hit has the topics of all its members.
    assert_eq!(sorted(&hit, "topics"), ["Labour disputes", "Shipping"]);
    assert!(text(&hit, "snippet").contains("<b>"), "{hit}");

    let members = stand.dateline.json(&["search", "crane drivers' union", "--copies"]);
    assert_eq!(members.len(), 3);
    let representative = stand.article(0);
    assert_eq!(representative["duplicate_of"], Value::Null);
    for copy in [1, 2] {
        assert_eq!(stand.article(copy)["duplicate_of"], representative["id"]);
    }
    // Said of those that found the group when they came, which need not be the copies.
    let shares: Vec<f64> = (0..3).filter_map(|outlet| stand.article(outlet)["similarity"].as_f64()).collect();
    assert!(shares.len() == 2 && shares.iter().all(|&share| share > 0.5 && share <= 1.0), "{shares:?}");
    assert_eq!(stand.article(3)["copies"], 0);
    assert_eq!(stand.article(3)["duplicate_of"], Value::Null);
}

#[test]
fn a_filter_comes_before_the_collapse() {
    let stand = Newsstand::open();
    let hit = stand.dateline.row(&["search", "walkout", "--source", "Outlet third"]);
    assert_eq!((text(&hit, "url"), &hit["copies"]), (stand.url(2), &Value::from(2)));
    let host = stand.outlets[1].host.clone();
    let hit = stand.dateline.row(&["search", "walkout", "--outlet", &host]);
    assert_eq!(text(&hit, "url"), stand.url(1));
    assert!(stand.dateline.json(&["search", "walkout", "--source", "Outlet other"]).is_empty());
    let hit = stand.dateline.row(&["search", "--topic", "SHIPPING"]);
    assert_eq!(text(&hit, "url"), stand.url(1));
}

#[test]
fn a_story_counts_members_and_outlets_and_leaves_the_unrelated_out() {
    let stand = Newsstand::open();
    let story = stand.dateline.row(&["stories"]);
    assert_eq!(story["articles"], 3, "{story}");
    let mut hosts: Vec<String> = stand.outlets[..3].iter().map(|outlet| outlet.host.clone()).collect();
    hosts.sort();
    assert_eq!(sorted(&story, "outlets"), hosts);
    assert_eq!(sorted(&story, "topics"), ["Labour disputes", "Shipping"]);
    assert!(!sorted(&story, "members").contains(&text(&stand.article(3), "id")));
    assert_eq!(text(&story, "first_published_at"), text(&stand.article(0), "published_at"));

    let all = stand.dateline.json(&["stories", "--min-outlets", "1"]);
    assert_eq!(all.len(), 2);
    assert_eq!(all[1]["articles"], 1);
    let within = stand.dateline.json(&["search", "--story", &text(&story, "id"), "--copies"]);
    assert_eq!(within.len(), 3);
}

#[test]
fn an_article_is_shown_with_its_text_and_its_copies() {
    let stand = Newsstand::open();
    let first = stand.article(0);
    let id = text(&first, "id");
    let shown = stand.dateline.row(&["show", &id]);
    assert_eq!(shown, first, "export and show print the same row");
    assert_eq!(text(&shown, "title"), "Grain ships wait as crane drivers leave their cabins");
    assert_eq!(text(&shown, "body"), WIRE.join("\n\n"));
    assert_eq!((&shown["lang"], &shown["revision"]), (&Value::from("en"), &Value::from(1)));

    let copies = stand.dateline.run(&["show", &id, "--copies"]).ok().stdout;
    for outlet in [1, 2] {
        assert!(copies.contains(&text(&stand.article(outlet), "title")), "{copies}");
    }
    assert!(!copies.contains("library roof"), "{copies}");
    // A person sees the same without JSON.
    let page = stand.dateline.run(&["show", &id]).ok().stdout;
    assert!(page.contains("Grain ships wait") && page.contains("2 ("), "{page}");
}

#[test]
fn export_takes_the_questions_of_search() {
    let stand = Newsstand::open();
    let urls = |args: &[&str]| {
        let mut urls: Vec<String> = stand.dateline.json(args).iter().map(|row| text(row, "url")).collect();
        urls.sort();
        urls
    };
    let mut three: Vec<String> = (0..3).map(|outlet| stand.url(outlet)).collect();
    three.sort();
    assert_eq!(urls(&["export", "--topic", "labour"]), three);
    assert_eq!(urls(&["export", "--query", "title:library"]), [stand.url(3)]);
    assert_eq!(urls(&["export", "--since", "125m"]), [stand.url(2)]);
    assert_eq!(urls(&["export", "--until", "170m"]), [stand.url(0)]);
}

#[test]
fn topics_explain_shows_the_evidence_where_it_stands() {
    let stand = Newsstand::open();
    let first = stand.article(0);
    let told = stand.dateline.row(&["topics", "explain", &text(&first, "id")]);
    assert_eq!(sorted(&told, "topics"), ["labour"]);
    let matched = &told["matches"][0];
    assert_eq!((&matched["topic"], &matched["matched"]), (&Value::from("labour"), &Value::from(true)));
    let evidence = &matched["evidence"][0];
    let field = text(&first, evidence["field"].as_str().expect("a field"));
    let offset = usize::try_from(evidence["offset"].as_u64().expect("an offset")).expect("small");
    assert!(field[offset..].starts_with(evidence["phrase"].as_str().expect("a phrase")), "{evidence}");
}

#[test]
fn the_shipped_topics_tag_a_report_on_sanctions() {
    let web = Web::new();
    let outlet = web.outlet(1);
    let text = [
        "The foreign ministers agreed on Monday to impose new sanctions on eleven banks, freezing their assets and \
         banning transactions with them from the first of next month, diplomats said after a meeting of nine hours.",
        "The sanctions package also lowers the price cap on crude oil and adds forty tankers to the list of ships that \
         may not enter the ports of the member states, because they are said to evade the embargo.",
    ]
    .map(str::to_owned);
    publish(&outlet, "sanctions", "Ministers agree on new sanctions package against banks", &text, 30);
    let shipped = concat!("[\"", env!("CARGO_MANIFEST_DIR"), "/config/topics.toml\"]");
    let dateline = Dateline::following(&[outlet.url("/feed.xml")]).set("topics", shipped);
    dateline.pass();
    let hit = dateline.row(&["search", "--topic", "sanctions"]);
    assert!(sorted(&hit, "topics").iter().any(|topic| topic.to_lowercase().contains("sanctions")), "{hit}");
}

#[test]
fn a_changed_text_is_a_revision_of_the_same_article() {
    let stand = Newsstand::open();
    let before = stand.article(0);
    let mut changed: Vec<String> = WIRE.map(str::to_owned).to_vec();
    changed[6] = "The mediator arrived on Saturday and both sides called the first hour friendly.".to_owned();
    publish(&stand.outlets[0], "first", "Mediator meets crane drivers as grain ships wait", &changed, 180);
    let pass = stand.dateline.pass();
    assert_eq!((pass["revisions"].as_u64(), pass["articles"].as_u64()), (Some(1), Some(0)), "{pass}");

    let after = stand.article(0);
    assert_eq!(after["id"], before["id"]);
    assert_eq!(after["revision"], 2);
    assert_eq!(text(&after, "title"), "Mediator meets crane drivers as grain ships wait");
    let id = text(&after, "id");
    let revisions = stand.dateline.json(&["show", &id, "--revisions"]);
    let bodies: Vec<bool> =
        revisions.iter().map(|row| text(row, "body").contains("mediator on Saturday morning")).collect();
    assert_eq!(bodies, [true, false]);
    let diff = stand.dateline.run(&["show", &id, "--diff"]).ok().stdout;
    assert!(diff.lines().any(|line| line.starts_with("- The ministry of transport")), "{diff}");
    assert!(diff.lines().any(|line| line.starts_with("+ The mediator arrived")), "{diff}");
    assert!(!diff.contains("- Millers"), "what stayed is no difference: {diff}");
    // The new words are found, under the same id, and nothing is left of the old title.
    assert_eq!(stand.dateline.row(&["search", "mediator friendly"])["id"], after["id"]);
    assert!(stand.dateline.json(&["search", "title:cabins"]).is_empty());
}

#[test]
fn counts_are_of_hits_and_with_copies_of_articles() {
    let stand = Newsstand::open();
    let total = |args: &[&str]| -> u64 {
        let rows = stand.dateline.json(args);
        rows.iter().map(|row| row["count"].as_u64().expect("a number")).sum()
    };
    assert_eq!(total(&["search", "--count-by", "outlet"]), 2);
    assert_eq!(total(&["search", "--count-by", "outlet", "--copies"]), 4);
    assert_eq!(total(&["search", "walkout", "--count-by", "lang"]), 1);
    let page = |offset: &str| stand.dateline.json(&["search", "--limit", "1", "--offset", offset]);
    let urls: Vec<String> = ["0", "1"].iter().map(|offset| text(&page(offset)[0], "url")).collect();
    assert_ne!(urls[0], urls[1]);
    assert!(page("2").is_empty());
}

#[test]
fn names_are_found_counted_and_follow_their_file() {
    let stand = Newsstand::open();
    let second = stand.article(1);
    assert_eq!(second["names"], json!([{ "name": "Meridian Wire", "kind": "organisation", "count": 1 }]));
    assert_eq!(stand.dateline.row(&["search", "entity:\"meridian wire\""])["entities"], json!(["Meridian Wire"]));

    let places = "[[name]]\nname = \"Linden\"\nkind = \"place\"\naliases = [\"Port Linden\"]\n";
    stand.dateline.write("names.toml", places);
    stand.dateline.pass();
    assert!(stand.dateline.json(&["search", "entity:\"Meridian Wire\""]).is_empty());
    assert_eq!(stand.dateline.row(&["search", "entity:linden"])["id"], second["id"]);
    let counts = stand.dateline.json(&["search", "--count-by", "entity", "--copies"]);
    assert_eq!((counts.len(), &counts[0]["value"], &counts[0]["count"]), (1, &json!("Linden"), &json!(1)));
}

#[test]
fn changed_topics_tag_what_is_stored() {
    let stand = Newsstand::open();
    let grain =
        "[[topic]]\nid = \"grain\"\nname = \"Grain\"\n[topic.en]\nstrong = [\"grain ships\", \"container terminal\"]\n";
    stand.dateline.write("topics.toml", grain);
    // A pass notices by itself; `topics retag` does the same at once.
    stand.dateline.pass();
    let hit = stand.dateline.row(&["search", "--topic", "grain"]);
    assert_eq!(sorted(&hit, "topics"), ["Grain"]);
    assert_eq!(stand.dateline.row(&["topics"])["articles"], 3);
    stand.dateline.run(&["topics", "retag"]).ok();
    assert_eq!(stand.dateline.row(&["topics"])["articles"], 3);
    // An unknown topic is a mistake, not an empty answer.
    stand.dateline.run(&["search", "--topic", "labour"]).exits(2);
}

#[test]
fn topics_that_change_back_leave_no_article_with_others() {
    let stand = Newsstand::open();
    let write = |word: &str| {
        let topic = format!("[[topic]]\nid = \"quay\"\nname = \"Quay\"\n[topic.en]\nstrong = [\"{word}\"]\n");
        stand.dateline.write("topics.toml", topic);
    };
    write("barges");
    stand.dateline.pass();
    // An import tags by the rules of now, and tags nothing that is stored.
    write("lighters");
    let line = json!({
        "url": "https://archive.example/1", "title": "Forty lighters lie at the old quay",
        "body": "Forty lighters lay at the old quay of Linden on Monday. ".repeat(9),
    });
    stand.dateline.pipe(&["import", "-"], line.to_string()).ok();
    assert_eq!(stand.dateline.json(&["search", "--topic", "quay"]).len(), 1);
    write("barges");
    stand.dateline.pass();
    assert!(stand.dateline.json(&["search", "lighters", "--topic", "quay"]).is_empty());
}
