//! Sources of every kind, and articles that several of them announce.

use crate::world::{Answer, Dateline, Item, Outlet, Web, ago, feed, page, paragraphs};

/// Serves a page that nothing is wrong with.
fn publish(outlet: &Outlet, path: &str, title: &str, number: usize) {
    outlet.serve(path, Answer::html(page(title, &paragraphs(number), ago(30))));
}

fn urls(dateline: &Dateline) -> Vec<String> {
    let mut urls: Vec<String> =
        dateline.json(&["export"]).iter().map(|row| row["url"].as_str().expect("an address").to_owned()).collect();
    urls.sort();
    urls
}

#[test]
fn a_news_sitemap_is_a_source() {
    let web = Web::new();
    let outlet = web.outlet(1);
    let entries: String = (1..=2)
        .map(|n| {
            publish(&outlet, &format!("/{n}.html"), &format!("Report {n}"), n);
            let (link, at) = (outlet.url(&format!("/{n}.html")), ago(30).to_rfc3339());
            format!(
                "<url><loc>{link}</loc><news:news>
                 <news:publication><news:name>Paper</news:name><news:language>en</news:language></news:publication>
                 <news:publication_date>{at}</news:publication_date><news:title>Report {n}</news:title>
                 </news:news></url>"
            )
        })
        .collect();
    let sitemap = format!(
        r#"<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
        xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">{entries}</urlset>"#
    );
    outlet.serve("/news.xml", Answer::ok("application/xml", sitemap));
    let dateline = Dateline::new();
    dateline.write("sources.toml", format!("[[source]]\nurl = \"{}\"\nkind = \"sitemap\"\n", outlet.url("/news.xml")));
    assert_eq!(dateline.pass()["articles"], 2);
    assert_eq!(urls(&dateline), [outlet.url("/1.html"), outlet.url("/2.html")]);
}

#[test]
fn a_listing_is_a_source_and_its_selector_chooses() {
    let web = Web::new();
    let outlet = web.outlet(1);
    publish(&outlet, "/news/ferries-return-to-the-bay", "Ferries return to the bay after a long winter", 1);
    publish(&outlet, "/ads/buy-a-boat-today", "Buy a boat today and pay for it next year", 2);
    let listing = r#"<!doctype html><title>News</title><body>
        <h2 class=story><a href="/news/ferries-return-to-the-bay">Ferries return to the bay after a long winter</a></h2>
        <h2 class=advert><a href="/ads/buy-a-boat-today">Buy a boat today and pay for it next year</a></h2>"#;
    outlet.serve("/news", Answer::html(listing));
    let dateline = Dateline::new();
    let source =
        format!("[[source]]\nurl = \"{}\"\nkind = \"listing\"\nselector = \"h2.story\"\n", outlet.url("/news"));
    dateline.write("sources.toml", source);
    assert_eq!(dateline.pass()["articles"], 1);
    assert_eq!(urls(&dateline), [outlet.url("/news/ferries-return-to-the-bay")]);
}

#[test]
fn feeds_of_a_page_are_discovered() {
    let web = Web::new();
    let outlet = web.outlet(1);
    let html = r#"<!doctype html><title>Paper</title>
        <link rel=alternate type="application/rss+xml" title="All of it" href="/feed.xml"><p>Welcome."#;
    outlet.serve("/", Answer::html(html));
    let dateline = Dateline::new();
    let row = dateline.row(&["sources", "discover", &outlet.url("/")]);
    assert_eq!((&row["url"], &row["title"]), (&outlet.url("/feed.xml").into(), &"All of it".into()));
    outlet.serve("/feed.xml", Answer::feed(feed("Paper", &[Item::new(outlet.url("/1.html"), "One", ago(5))])));
    let checked = dateline.row(&["sources", "check", &outlet.url("/feed.xml")]);
    assert_eq!((&checked["ok"], &checked["entries"][0]["title"]), (&true.into(), &"One".into()));
}

#[test]
fn an_article_that_two_sources_announce_is_one_and_found_under_both() {
    let web = Web::new();
    let outlet = web.outlet(1);
    publish(&outlet, "/1.html", "Report one", 1);
    let item = |tracking: &str| [Item::new(outlet.url(&format!("/1.html{tracking}")), "Report one", ago(30))];
    outlet.serve("/world.xml", Answer::feed(feed("World", &item(""))));
    outlet.serve("/local.xml", Answer::feed(feed("Local", &item("#top"))));
    let dateline = Dateline::following(&[outlet.url("/world.xml"), outlet.url("/local.xml")]);
    let pass = dateline.pass();
    assert_eq!((&pass["entries"], &pass["articles"]), (&2.into(), &1.into()), "{pass}");
    assert_eq!(urls(&dateline), [outlet.url("/1.html")]);
    for source in ["World", "local"] {
        assert_eq!(dateline.json(&["search", "report", "--source", source]).len(), 1, "{source}");
    }
}

#[test]
fn a_canonical_link_is_believed_on_its_own_outlet_only() {
    let web = Web::new();
    let (outlet, other) = (web.outlet(1), web.outlet(2));
    let with_canonical = |path: &str, to: &str, number: usize| {
        let html = page(&format!("Report {number}"), &paragraphs(number), ago(30));
        let link = format!("<head><link rel=\"canonical\" href=\"{to}\">");
        outlet.serve(path, Answer::html(html.replace("<head>", &link)));
        Item::new(outlet.url(path), &format!("Report {number}"), ago(30))
    };
    let items = [
        with_canonical("/amp/1.html", &outlet.url("/1.html"), 1),
        with_canonical("/2.html", &other.url("/stolen.html"), 2),
    ];
    outlet.serve("/feed.xml", Answer::feed(feed("Paper", &items)));
    let dateline = Dateline::following(&[outlet.url("/feed.xml")]);
    dateline.pass();
    assert_eq!(urls(&dateline), [outlet.url("/1.html"), outlet.url("/2.html")]);
    // The other spelling leads to the same article, without another request.
    outlet.serve("/feed.xml", Answer::feed(feed("Paper", &[Item::new(outlet.url("/1.html"), "Report 1", ago(30))])));
    web.forget();
    assert_eq!(dateline.pass()["articles"], 0);
    assert!(outlet.asked("/1.html").is_empty());
}

#[test]
fn entries_that_are_too_old_are_skipped() {
    let web = Web::new();
    let outlet = web.outlet(1);
    publish(&outlet, "/new.html", "New report", 1);
    let items = [
        Item::new(outlet.url("/new.html"), "New report", ago(30)),
        Item::new(outlet.url("/old.html"), "Old report", ago(60 * 24 * 9)),
    ];
    outlet.serve("/feed.xml", Answer::feed(feed("Paper", &items)));
    let dateline = Dateline::following(&[outlet.url("/feed.xml")]).set("poll.max_entry_age", "\"7d\"");
    let pass = dateline.pass();
    assert_eq!((&pass["articles"], &pass["skipped"]), (&1.into(), &1.into()), "{pass}");
    assert!(outlet.asked("/old.html").is_empty());
}

#[test]
fn a_feed_with_the_whole_text_needs_no_page() {
    let web = Web::new();
    let outlet = web.outlet(1);
    let text = paragraphs(3);
    let html: String = text.iter().map(|paragraph| format!("<p>{paragraph}</p>")).collect();
    let item = || Item::new(outlet.url("/1.html"), "Report", ago(30)).content(&html);
    outlet.serve("/feed.xml", Answer::feed(feed("Paper", &[item()])));
    let dateline = Dateline::following(&[outlet.url("/feed.xml")]);
    assert_eq!(dateline.pass()["articles"], 1);
    assert!(outlet.asked("/1.html").is_empty());
    assert_eq!(dateline.row(&["export"])["body"], text.join("\n\n").as_str());
}

#[test]
fn a_source_taken_out_of_the_file_is_polled_no_more_and_its_articles_stay() {
    let web = Web::new();
    let outlet = web.outlet(1);
    publish(&outlet, "/1.html", "Report one", 1);
    outlet.serve("/feed.xml", Answer::feed(feed("Paper", &[Item::new(outlet.url("/1.html"), "Report one", ago(30))])));
    let dateline = Dateline::following(&[outlet.url("/feed.xml")]);
    dateline.pass();
    dateline.follow(&[]);
    web.forget();
    assert_eq!(dateline.pass()["sources"], 0);
    assert!(web.seen().is_empty());
    assert!(dateline.json(&["sources"]).is_empty());
    assert_eq!(dateline.json(&["search", "--source", "Paper"]).len(), 1);
}

#[test]
fn sources_go_out_and_in_as_opml() {
    let dateline = Dateline::following(&["https://paper.example/feed".to_owned()]);
    dateline.run(&["sources", "add", "https://other.example/feed", "--name", "Other & Sons"]).ok();
    let opml = dateline.run(&["sources", "export"]).ok().stdout;
    let second = Dateline::new();
    second.pipe(&["sources", "import", "-"], &opml).ok();
    let urls = |dateline: &Dateline| {
        let mut urls: Vec<String> = dateline.json(&["sources"]).iter().map(|row| row["url"].to_string()).collect();
        urls.sort();
        urls
    };
    assert_eq!(urls(&second), urls(&dateline));
    assert!(second.json(&["sources"]).iter().any(|row| row["name"] == "Other & Sons"));
    second.run(&["sources", "add", "nonsense"]).exits(2);
    second.run(&["sources", "remove", "nobody"]).exits(1);
}

#[test]
fn a_sitemap_index_leads_to_its_sitemaps() {
    let web = Web::new();
    let outlet = web.outlet(1);
    for n in 1..=2 {
        publish(&outlet, &format!("/{n}.html"), &format!("Report {n}"), n);
        let page = outlet.url(&format!("/{n}.html"));
        let sitemap = format!("<?xml version=\"1.0\"?><urlset><url><loc>{page}</loc></url></urlset>");
        outlet.serve(&format!("/news-{n}.xml"), Answer::ok("application/xml", sitemap));
    }
    let sitemaps: String =
        (1..=3).map(|n| format!("<sitemap><loc>{}</loc></sitemap>", outlet.url(&format!("/news-{n}.xml")))).collect();
    outlet.serve("/index.xml", Answer::ok("application/xml", format!("<sitemapindex>{sitemaps}</sitemapindex>")));
    let dateline = Dateline::new();
    dateline.write("sources.toml", format!("[[source]]\nurl = \"{}\"\nkind = \"sitemap\"\n", outlet.url("/index.xml")));
    // The third sitemap does not exist, which harms neither the others nor the source.
    let pass = dateline.pass();
    assert_eq!((&pass["articles"], &pass["failed"]), (&2.into(), &0.into()), "{pass}");
    assert_eq!(urls(&dateline), [outlet.url("/1.html"), outlet.url("/2.html")]);
}

#[test]
fn a_feed_with_full_texts_needs_no_page_and_makes_revisions() {
    let web = Web::new();
    let outlet = web.outlet(1);
    let link = outlet.url("/1.html");
    let announce = |title: &str, body: &[String]| {
        let html: String = body.iter().map(|paragraph| format!("<p>{paragraph}</p>")).collect();
        outlet.serve("/feed.xml", Answer::feed(feed("Paper", &[Item::new(&link, title, ago(60)).content(&html)])));
    };
    let mut body: Vec<String> = (1..=4).flat_map(paragraphs).collect();
    announce("Harbour wall to be raised", &body);
    let dateline = Dateline::following(&[outlet.url("/feed.xml")]);
    assert_eq!(dateline.pass()["articles"], 1);
    body.push("The council agreed to the work late on Thursday night after a second vote.".to_owned());
    announce("Harbour wall will be raised, council says", &body);
    assert_eq!(dateline.pass()["revisions"], 1);
    let article = dateline.row(&["search", "harbour"]);
    assert_eq!(article["title"], "Harbour wall will be raised, council says");
    assert!(outlet.asked("/1.html").is_empty(), "the page was not needed");
}

#[test]
fn an_edited_address_under_an_edited_guid_is_the_same_article() {
    let web = Web::new();
    let outlet = web.outlet(1);
    let at = ago(90);
    let publish = |path: &str, title: &str, body: &[String]| {
        outlet.serve(path, Answer::html(page(title, body, at)));
        outlet.serve("/feed.xml", Answer::feed(feed("Paper", &[Item::new(outlet.url(path), title, at)])));
    };
    let mut body = paragraphs(3);
    publish("/2026/harbour-wall-to-be-raised", "Harbour wall to be raised", &body);
    let dateline = Dateline::following(&[outlet.url("/feed.xml")]);
    assert_eq!(dateline.pass()["articles"], 1);

    body.push("The council agreed to the work late on Thursday night.".to_owned());
    publish("/2026/council-agrees-to-raise-wall", "Council agrees to raise wall", &body);
    let pass = dateline.pass();
    assert_eq!((&pass["articles"], &pass["revisions"]), (&0.into(), &1.into()), "{pass}");

    // Another report of the same second is another article, though a machine wrote most of it.
    publish("/2026/something-else", "Library roof repaired", &paragraphs(4));
    assert_eq!(dateline.pass()["articles"], 1);
}

#[test]
fn an_aggregators_link_is_read_at_the_page_it_leads_to() {
    let web = Web::new();
    let outlet = web.outlet(1);
    publish(&outlet, "/wall.html", "Harbour wall to be raised", 3);
    let link = format!("https://www.google.com/url?rct=j&amp;url={}", outlet.url("/wall.html"));
    outlet.serve("/feed.xml", Answer::feed(feed("Alerts", &[Item::new(link, "Harbour wall", ago(60))])));
    let dateline = Dateline::following(&[outlet.url("/feed.xml")]);
    let pass = dateline.pass();
    assert_eq!(pass["articles"], 1, "{pass}");
    assert_eq!(urls(&dateline), [outlet.url("/wall.html")]);
}
