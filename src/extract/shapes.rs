//! Claims about the shapes that content systems give their pages: own writing in the structure of common templates.

use chrono::TimeZone;

use super::*;

/// Long paragraphs, written `1` to `6` in the pages and in what is expected of them.
const LONG: [&str; 6] = [
    "The ferry company and the harbour authority met again on Tuesday, and both said that a deal was closer than before.",
    "A spokesman for the company declined to say when the boats would sail again, or what a crossing would cost by then.",
    "Islanders have been without a regular service since the spring, when the older of the two ships failed an inspection.",
    "Most of them now fly, which costs three times as much, or wait for the mail boat that calls at the pier on Fridays.",
    "The council voted for a subsidy in June, but the money is bound to a timetable that nobody has been able to promise.",
    "Both sides will sit down again next week, this time with a mediator whom the ministry of transport has proposed.",
];

#[track_caller]
fn extract(page: &str) -> Extracted {
    let now = chrono::Utc.with_ymd_and_hms(2026, 11, 22, 12, 0, 0).unwrap();
    let text =
        LONG.iter().enumerate().fold(page.to_owned(), |page, (i, text)| page.replace(&format!("[{}]", i + 1), text));
    let page = Page { url: "https://courier.example/x".into(), content_type: None, body: text.into(), fetched_at: now };
    Extractor::default().extract(&page, &Hints::default(), now)
}

fn short(body: &str) -> String {
    LONG.iter()
        .enumerate()
        .fold(body.replace("\n\n", " / "), |body, (i, text)| body.replace(text, &format!("[{}]", i + 1)))
}

/// The page has this title, authors, day and text.
#[track_caller]
fn check(page: &str, title: &str, authors: &[&str], day: &str, body: &str) {
    let found = extract(page);
    assert_eq!(found.title.as_deref(), Some(title));
    assert_eq!(found.authors, authors);
    assert_eq!(found.published_at.map(|date| date.at.date_naive().to_string()).as_deref().unwrap_or_default(), day);
    assert_eq!(short(&found.body), body);
    assert_eq!(found.kind, Kind::Article);
}

#[test]
fn a_blog_theme_with_entry_header_and_author_box() {
    check(
        "<title>Ferry talks resume &#8211; Harbour Notes</title><div id=page class='hfeed site'><header class=site-header><p class=site-title>\
         <a href=/>Harbour Notes</a></p></header><article class='post type-post status-publish hentry category-sea tag-boats'><header class=entry-header>\
         <h1 class=entry-title>Ferry talks resume</h1><div class=entry-meta><span class=posted-on>Posted on <a href=/x rel=bookmark>\
         <time class='entry-date published' datetime=2026-11-03T08:00:00+00:00>November 3, 2026</time><time class=updated datetime=2026-11-09T08:00:00+00:00>\
         November 9, 2026</time></a></span><span class=byline> by <span class='author vcard'><a class='url fn n' href=/author/ada>Ada Lind</a></span></span></div></header>\
         <div class=entry-content><p>[1]</p><p>[2]</p><h2>Tolls</h2><ul><li>Cars: 4 euros</li><li>Bikes: free</li></ul><p>[3]</p>\
         <div class='sharedaddy sd-block'><h3>Share this:</h3><ul><li><a href=#t>Tweet</a></li></ul></div></div>\
         <div class=author-box><h4>About Ada Lind</h4><p>Ada Lind has written about boats and islands for twenty years and lives by the sea.</p></div></article>\
         <div id=comments><h2>3 thoughts on “Ferry talks resume”</h2><ol><li><p>[4]</p></li><li><p>[5]</p></li></ol></div></div>",
        "Ferry talks resume",
        &["Ada Lind"],
        "2026-11-03",
        "[1] / [2] / Tolls / Cars: 4 euros / Bikes: free / [3]",
    );
}

#[test]
fn a_headline_that_is_no_h1_with_its_date_beside_it() {
    check(
        "<title>Courier | Ferry talks resume</title><div id=logo><h1><a href=/>The Harbour Courier</a></h1></div><div class=z1><div class=z2><h2>Ferry talks resume</h2>\
         <div class=z3>3 November 2026 | Sea</div><div class=z4><p>[1]</p><p>[2]</p><p>[3]</p></div></div>\
         <div class=z5><h3>Other days</h3><a href=/1>Bridge closed for repairs until the summer</a><a href=/2>School roof found to be leaking again</a></div></div>",
        "Ferry talks resume",
        &[],
        "2026-11-03",
        "[1] / [2] / [3]",
    );
}

#[test]
fn a_text_split_by_advertisements_under_names_without_meaning() {
    check(
        "<title>Ferry talks resume - Courier</title><meta property=article:published_time content=2026-11-03T08:00:00Z><div class=css-1a><h1>Ferry talks resume</h1>\
         <div class=css-2b><p>Both sides want a deal before the winter storms begin.</p></div><div class=css-3c><p>[1]</p><p>[2]</p></div>\
         <div class=css-4d>Story continues below</div><div class=css-3c><p>[3]</p><p>[4]</p></div><div class=css-3c><p>[5]</p></div>\
         <div class=css-6f><a href=/1>Bridge closed for repairs until the summer</a><a href=/2>School roof found to be leaking</a></div></div>",
        "Ferry talks resume",
        &[],
        "2026-11-03",
        "Both sides want a deal before the winter storms begin. / [1] / [2] / [3] / [4] / [5]",
    );
}

#[test]
fn a_cookie_notice_longer_than_the_report_under_any_name() {
    check(
        "<title>Ferry talks resume - Courier</title><meta property=article:published_time content=2026-11-03><main><h1>Ferry talks resume</h1><div><p>[1]</p><p>[2]</p></div></main>\
         <div class=qx7><div><h2>Your choice</h2><p>We use cookies and similar technologies on our website to show you advertisements that fit what you read, to count our readers and to make our pages better.</p>\
         <p>Necessary cookies are needed so that the site works at all, such as the ones that keep you logged in, and cannot be switched off in our systems.</p>\
         <p>Cookies of our partners are used to measure how well advertisements do and to show you more of what you may like on other sites that you visit.</p>\
         <p>You can accept cookies or refuse them, and change your mind later in the cookie settings at the foot of every page of this website.</p></div></div>",
        "Ferry talks resume",
        &[],
        "2026-11-03",
        "[1] / [2]",
    );
}

#[test]
fn comments_longer_than_the_report_under_any_name() {
    check(
        "<title>Ferry talks resume - Courier</title><meta property=article:published_time content=2026-11-03><div><h1>Ferry talks resume</h1><div class=a1><p>[1]</p><p>[2]</p><p>[3]</p></div>\
         <section class=b2><h3>Comments (3)</h3><div class=c3><b>islander42</b><p>[4]</p></div><div class=c3><b>old_salt</b><p>[5]</p></div><div class=c3><b>gull</b><p>[6]</p></div></section></div>",
        "Ferry talks resume",
        &[],
        "2026-11-03",
        "[1] / [2] / [3]",
    );
}

#[test]
fn a_second_article_after_the_first() {
    check(
        "<title>Ferry talks resume - Courier</title><meta property=article:published_time content=2026-11-03><div class=scroll><div class=item><h1>Ferry talks resume</h1><p>[1]</p><p>[2]</p><p>[3]</p><p>[4]</p></div>\
         <div class=item><h1>Bridge closed for the summer</h1><p>[5]</p><p>[6]</p><p>[5]</p><p>[6]</p></div></div>",
        "Ferry talks resume",
        &[],
        "2026-11-03",
        "[1] / [2] / [3] / [4]",
    );
}

#[test]
fn a_table_of_results_and_a_quotation_stay() {
    check(
        "<title>Ferry race - Courier</title><meta property=article:published_time content=2026-11-03><article><h1>Ferry race</h1><p>[1]</p><table><tr><th>Boat</th><th>Time</th></tr>\
         <tr><td>Gull</td><td>1:02</td></tr><tr><td>Tern</td><td>1:05</td></tr></table><blockquote><p>[2]</p></blockquote><p>[3]</p></article>",
        "Ferry race",
        &[],
        "2026-11-03",
        "[1] / Boat Time / Gull 1:02 / Tern 1:05 / [2] / [3]",
    );
}

#[test]
fn lines_of_a_table_layout_are_paragraphs() {
    check(
        "<title>Ferry talks resume</title><table width=100%><tr><td width=20%><a href=/>Home</a><br><a href=/n>News</a><br><a href=/s>Sea</a></td><td>\
         <font size=5><b>Ferry talks resume</b></font><br><font size=1>03.11.2026</font><br><br>[1]<br><br>[2]<br><br>[3]</td>\
         <td><a href=/1>Bridge closed for repairs</a><br><a href=/2>School roof leaks</a></td></tr></table>",
        "Ferry talks resume",
        &[],
        "2026-11-03",
        "[1] / [2] / [3]",
    );
}

#[test]
fn a_page_that_only_its_program_shows() {
    check(
        "<title>Ferry talks resume | Courier</title><meta property=og:title content='Ferry talks resume'><div id=__next></div><script id=__NEXT_DATA__ type=application/json>\
         {\"props\":{\"pageProps\":{\"article\":{\"title\":\"Ferry talks resume\",\"publishedAt\":\"2026-11-03T08:00:00Z\",\"html\":\"<p>[1]<\\/p><p>[2]<\\/p><p>[3]<\\/p>\"}}}}</script>",
        "Ferry talks resume",
        &[],
        "",
        "[1] / [2] / [3]",
    );
}

#[test]
fn a_japanese_page_with_its_date_in_words() {
    let text = "渡し船の会社と港の当局は火曜日に再び会談し、双方とも合意がこれまでより近づいたと述べた。";
    check(
        &format!(
            "<html lang=ja><title>渡し船の協議が再開｜港新聞</title><div class=w><p class=t1><a href=/>トップ</a> &gt; <a href=/n>ニュース</a></p><h1>渡し船の協議が再開</h1><p class=d>2026年11月3日 8時00分</p>\
             <div class=b><p>{text}</p><p>{text}</p></div><div class=r><h2>関連記事</h2><ul><li><a href=/1>橋が夏まで閉鎖される</a></li></ul></div></div>"
        ),
        "渡し船の協議が再開",
        &[],
        "2026-11-03",
        &format!("{text} / {text}"),
    );
}

#[test]
fn an_arabic_page_with_its_author_in_words() {
    let text = "اجتمعت شركة العبارات وسلطة الميناء مجددا يوم الثلاثاء، وقال الطرفان إن الاتفاق أصبح أقرب من أي وقت مضى.";
    check(
        &format!(
            "<html lang=ar dir=rtl><title>استئناف محادثات العبارات - صحيفة الميناء</title><article><h1>استئناف محادثات العبارات</h1><div class=k>كتب: أحمد سعيد</div><div class=d>3 نوفمبر 2026</div>\
             <div><p>{text}</p><p>{text}</p></div></article>"
        ),
        "استئناف محادثات العبارات",
        &["أحمد سعيد"],
        "2026-11-03",
        &format!("{text} / {text}"),
    );
}

#[test]
fn a_russian_portal_with_a_lead_and_a_source_line() {
    let text = "Паромная компания и управление порта снова встретились во вторник, и обе стороны сообщили, что соглашение близко.";
    check(
        &format!(
            "<html lang=ru><title>Переговоры о пароме продолжены :: Портовый вестник</title><div class=news-detail><h1>Переговоры о пароме продолжены</h1><span class=news-date-time>03.11.2026 08:15</span>\
             <div class=preview_text><p>{text}</p></div><div class=detail_text>{text}<br><br>{text}</div><div class=tags>Теги: <a href=/t>паром</a></div></div>"
        ),
        "Переговоры о пароме продолжены",
        &[],
        "2026-11-03",
        &format!("{text} / {text} / {text}"),
    );
}

#[test]
fn kinds_of_page_are_told_without_json_ld() {
    let links: String = (0..40)
        .map(|i| format!("<div class=q><h3><a href=/{i}>Another headline of the day number {i}</a></h3><p>A line about it.</p></div>"))
        .collect();
    assert_eq!(extract(&format!("<title>Sea news - Courier</title><h1>Sea</h1>{links}")).kind, Kind::Index);
    assert_eq!(extract("<title>Courier</title><h1>Oops! That page can’t be found.</h1><p>It looks like nothing was found at this location.</p>").kind, Kind::Error);
    assert_eq!(
        extract("<title>Access Denied</title><h1>Access Denied</h1>You don't have permission to access this page.")
            .kind,
        Kind::Error
    );
    let wall = extract(
        "<title>Courier</title><div><p>We use cookies on our website to show you advertisements that fit what you read. By going on you accept cookies of ours and of our partners.</p></div>",
    );
    assert_eq!(wall.body, "");
}
