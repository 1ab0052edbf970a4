//! Pages and feeds, with the furniture that real ones have.

use chrono::SecondsFormat;
use dateline::model::Time;

use super::{
    Report,
    words::{TONGUES, Tongue},
};

/// What a feed says of one page.
pub struct Item {
    pub link: String,
    pub title: String,
    pub summary: String,
    pub published_at: Option<Time>,
}

/// Writes an RSS feed.
pub fn feed(title: &str, items: &[Item]) -> String {
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<rss version=\"2.0\"><channel><title>{title}</title>\
         <link>{}</link><ttl>15</ttl>\n",
        items.first().map_or("", |item| &item.link),
    );
    for Item { link, title, summary, published_at } in items {
        let date = published_at.map(|at| format!("<pubDate>{}</pubDate>", at.to_rfc2822())).unwrap_or_default();
        text += &format!(
            "<item><guid isPermaLink=\"true\">{link}</guid><link>{link}</link><title>{}</title>{date}\
             <description>{}</description></item>\n",
            escaped(title),
            escaped(summary),
        );
    }
    text + "</channel></rss>\n"
}

/// Writes the page of one of the reports, at `url`.
pub fn page(reports: &[Report], number: usize, url: &str) -> String {
    let report = &reports[number];
    let tongue = TONGUES.iter().find(|tongue| tongue.lang == report.lang).unwrap_or(&TONGUES[0]);
    let title = escaped(&report.title);
    format!(
        "<!doctype html>\n<html lang=\"{lang}\">\n{head}\n<body class=\"article section-{section}\">\n{script}\n{navigation}\n\
         <div class=\"page\"><main><article class=\"story\">\n<h1 class=\"headline\">{title}</h1>\n\
         <p class=\"byline\">{author} · <time datetime=\"{at}\">{at}</time></p>\n{text}\n</article>\n{related}\n</main>\n\
         <aside class=\"sidebar\">{sidebar}</aside></div>\n{footer}\n</body></html>\n",
        lang = report.lang,
        head = head(report, url),
        section = number % tongue.sections.len(),
        script = script(number),
        navigation = navigation(tongue, "site-nav", 4),
        author = report.author,
        at = timestamp(report),
        text = text(report, tongue, number),
        related = teasers(reports, number, 20, "related"),
        sidebar = teasers(reports, number + 50, 10, "most-read"),
        footer = navigation(tongue, "site-footer", 3),
    )
}

fn head(report: &Report, url: &str) -> String {
    let (title, at) = (escaped(&report.title), timestamp(report));
    let linked = serde_json::json!({
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": report.title,
        "datePublished": at,
        "inLanguage": report.lang,
        "mainEntityOfPage": url,
        "author": {"@type": "Person", "name": report.author},
        "publisher": {"@type": "Organization", "name": "The Invented Courier"},
    });
    format!(
        "<head><meta charset=\"utf-8\"><title>{title} | The Invented Courier</title>\n\
         <link rel=\"canonical\" href=\"{url}\"><meta property=\"og:type\" content=\"article\">\n\
         <meta property=\"og:title\" content=\"{title}\"><meta property=\"og:site_name\" content=\"The Invented Courier\">\n\
         <meta property=\"article:published_time\" content=\"{at}\"><meta name=\"author\" content=\"{}\">\n\
         <style>{}</style>\n<script type=\"application/ld+json\">{linked}</script></head>",
        report.author,
        (0..60)
            .map(|rule| format!(".block-{rule} > .inner {{ margin: {rule}px auto; color: #{rule:03}; }}\n"))
            .collect::<String>(),
    )
}

/// A script that says nothing, as long as the ones that say something.
fn script(number: usize) -> String {
    let calls: String =
        (0..120).map(|call| format!("track(\"slot-{call}\", {{ page: {number}, wide: a < {call} }});\n")).collect();
    format!("<script>window.settings = {{}};\n{calls}</script>")
}

fn navigation(tongue: &Tongue, class: &str, rows: usize) -> String {
    let row = |row: usize| -> String {
        let link =
            |section: &&str| format!("<li><a class=\"item\" href=\"/{class}/{row}/{section}\">{section}</a></li>\n");
        format!("<ul class=\"menu menu-{row}\">\n{}</ul>\n", tongue.sections.iter().map(link).collect::<String>())
    };
    let rows: String = (0..rows).map(row).collect();
    let tag = if class.ends_with("nav") { "nav" } else { "footer" };
    format!("<{tag} class=\"{class}\"><div class=\"inner\">{rows}</div><p>{}</p></{tag}>", tongue.furniture[3])
}

fn text(report: &Report, tongue: &Tongue, number: usize) -> String {
    let mut text = String::from("<div class=\"story-body\">\n");
    for (place, paragraph) in report.paragraphs.iter().enumerate() {
        text += &format!("<p>{}</p>\n", escaped(paragraph));
        match place {
            1 => {
                text +=
                    "<figure><img src=\"/images/lead.jpg\" alt=\"\"><figcaption>Photo: Courier</figcaption></figure>\n"
            }
            3 => {
                let offer = tongue.furniture[number % 2].replace('#', &(number % 9).to_string());
                text += &format!("<div class=\"newsletter-box\"><p>{offer}</p><button>OK</button></div>\n");
            }
            _ => {}
        }
    }
    text + &format!("</div><div class=\"share-tools\"><p>{}</p></div>", tongue.furniture[2])
}

fn teasers(reports: &[Report], from: usize, count: usize, class: &str) -> String {
    let others = (1..=count).map(|ahead| (from + ahead * 7) % reports.len());
    let teaser = |other: usize| {
        let Report { title, paragraphs, .. } = &reports[other];
        format!(
            "<li class=\"teaser\"><div class=\"card\"><a href=\"/{other}\"><img src=\"/images/{other}.jpg\" alt=\"\">\
             <h3>{}</h3></a><p>{}</p></div></li>\n",
            escaped(title),
            escaped(lead(&paragraphs[0])),
        )
    };
    format!("<section class=\"{class}\"><ul>\n{}</ul></section>", others.map(teaser).collect::<String>())
}

/// The first sentence.
fn lead(paragraph: &str) -> &str {
    paragraph.split_inclusive(". ").next().unwrap_or(paragraph).trim_end()
}

fn timestamp(report: &Report) -> String {
    report.published_at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
