//! What the room promises, on texts of our own writing.

use chrono::Duration;
use proptest::prelude::*;

use super::*;
use crate::config;
use crate::model::{ArticleId, PublishedAt, Time};

const FERRY: &str = "A ferry with 212 people aboard ran aground near the island of Vessa early on Tuesday, the coast guard said.
The captain, Marit Solheim, radioed for help at 4:35 after the ship struck a reef that is marked on every chart of the Kalund strait.
Rescue boats from Kalund and Norby took off all passengers within three hours, and 14 of them were treated for cold and bruises.
The operator, Vessa Lines, said the hull was torn over a length of nine metres but that no fuel had leaked into the sea.
Investigators from the Maritime Board will question the crew on Wednesday and have seized the voyage recorder.
Service between Kalund and Vessa stays suspended until at least Friday, and the operator is laying on buses over the Torsund bridge.";

const BUDGET: &str = "The parliament in Lorvia passed a budget of 48.2 billion crowns on Thursday after a debate of eleven hours.
Finance minister Petra Hanak called it the most difficult plan since the currency reform and promised not to raise the fuel tax.
The opposition around Jonas Brekke walked out before the vote and wants the Constitutional Court to rule on the pension clause.
Spending on hospitals rises by 6.4 per cent while the Ministry of Transport has to give up the tunnel under the Orsk pass.";

fn day(days: i64) -> Time {
    "2026-03-02T08:00:00Z".parse::<Time>().expect("a valid time") + Duration::days(days)
}

fn document<'a>(name: &str, outlet: &'a str, title: &'a str, body: &'a str, arrived_at: Time) -> Document<'a> {
    let published_at = Some(PublishedAt { at: arrived_at, date_only: false });
    Document { id: id(name), outlet, title, body, lang: None, published_at, arrived_at }
}

fn id(name: &str) -> ArticleId {
    ArticleId::derive(&[name])
}

fn memory() -> Memory {
    Memory::new(&config::Dedup::default())
}

/// Assigns texts of different outlets in order; checks which share a group, by the number of the first of it.
#[track_caller]
fn check(texts: &[(&str, &str)], groups: &[usize]) {
    let mut memory = memory();
    let mut keys = Vec::new();
    for (at, (title, body)) in texts.iter().enumerate() {
        let outlet = format!("outlet{at}.example");
        let decision = memory.assign(sketch(&document(&at.to_string(), &outlet, title, body, day(0))));
        keys.push(decision.group);
        for moved in decision.moved {
            let place = (0..texts.len()).find(|at| id(&at.to_string()) == moved.article).expect("an assigned article");
            keys[place] = moved.to;
        }
    }
    let first: Vec<usize> =
        keys.iter().map(|key| keys.iter().position(|other| other == key).expect("itself")).collect();
    assert_eq!(first, groups);
}

fn lines(text: &str, count: usize) -> String {
    text.lines().take(count).collect::<Vec<_>>().join("\n")
}

/// Keeps the first line at its place and turns the others round.
fn reordered(text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    lines[1..].reverse();
    lines.join("\n")
}

#[test]
fn versions_of_one_report_are_one_group() {
    let cut = format!("KALUND (NNA) — {}", lines(FERRY, 4));
    let promoted = format!("{}\nRead more in our app and sign up for the evening letter.", lines(FERRY, 5));
    let texts = [
        ("Ferry runs aground near Vessa", FERRY),
        ("All saved from stranded ship", &cut),
        ("Ferry runs aground near Vessa - Norby Post", &promoted),
        ("Lorvia passes budget", BUDGET),
    ];
    check(&texts, &[0, 0, 0, 3]);
}

#[test]
fn a_teaser_joins_whichever_comes_first() {
    let teaser =
        format!("{}\nThis text is for subscribers. Log in or order a trial month to read on.", lines(FERRY, 1));
    check(&[("Ferry aground", FERRY), ("Ship on reef", &teaser)], &[0, 0]);
    check(&[("Ship on reef", &teaser), ("Ferry aground", FERRY)], &[0, 0]);
}

#[test]
fn a_text_that_brings_two_groups_together_merges_them() {
    let start = lines(FERRY, 2);
    let end = FERRY.lines().skip(2).collect::<Vec<_>>().join("\n");
    let mut memory = memory();
    let first = memory.assign(sketch(&document("a", "a.example", "Ferry aground", &start, day(0))));
    let second = memory.assign(sketch(&document("b", "b.example", "All saved", &end, day(0))));
    assert_ne!(first.group, second.group);
    let mixed = format!("{end}\n{start}");
    memory.assign(sketch(&document("c", "c.example", "Ferry aground, all saved", FERRY, day(0))));
    let last = memory.assign(sketch(&document("d", "d.example", "All saved", &mixed, day(0))));
    assert_eq!(last.group, id("a"));
}

#[test]
fn what_two_reports_share_by_quoting_is_no_copy() {
    let page = format!(
        "Our live page collects what happens this morning in politics and elsewhere, newest entries first, with comments.\n\
         Readers wrote to us about the weather, the price of bread and the football on Sunday night in Torsund.\n{}",
        FERRY.lines().nth(3).expect("four lines")
    );
    check(&[("Ferry aground", FERRY), ("Live: the morning", &page)], &[0, 1]);
}

#[test]
fn a_lead_quoted_behind_another_start_makes_no_copy() {
    let page = format!(
        "The harbour museum of Norby lends eleven charts of the old sea marks to the school in Torsund until summer.\n{}\n\
         Teachers may order a guided tour, and classes from Kalund travel free of charge on weekdays.",
        lines(FERRY, 1)
    );
    check(&[("Ferry runs aground near Vessa", FERRY), ("Old charts go to school", &page)], &[0, 1]);
    check(&[("Old charts go to school", &page), ("Ferry runs aground near Vessa", FERRY)], &[0, 1]);
    // Under the same headline it is a copy with a line of the outlet before it.
    check(&[("Ferry runs aground near Vessa", FERRY), ("Ferry aground near Vessa: charts", &page)], &[0, 0]);
}

#[test]
fn forms_with_other_facts_stay_apart() {
    let weather = |city: &str, high: i32, low: i32, wind: i32, rain: i32| {
        format!(
            "The weather service expects a mostly dry day in {city} with some cloud in the afternoon.\n\
             Highs reach {high} degrees and the night cools down to {low} degrees, with wind at {wind} km/h.\n\
             The chance of rain is {rain} per cent. Drivers should expect fog in low places before sunrise.\n\
             Hourly values are on our weather page and in the app, where warnings can be ordered by text message."
        )
    };
    let texts = [
        weather("Kalund", 17, 6, 23, 35),
        weather("Norby", 12, 3, 41, 60),
        weather("Torsund", 21, 9, 14, 5),
        weather("Norby", 12, 3, 41, 60) + "\nSource: NNA",
    ];
    let texts: Vec<(&str, &str)> = texts.iter().map(|text| ("The weather tomorrow", text.as_str())).collect();
    check(&texts, &[0, 1, 2, 1]);
}

/// The rules of a draw are the same in every report of it, and so is what the reports of one day are called.
fn draw(first: &str, second: &str) -> String {
    format!(
        "The numbers of the Monday draw are out. The balls came up as {first} this time.\n\
         Small wheel: {second} were drawn.\n\
         Winners have ninety days to bring the slip to a shop, and the slip has to bear a name on the back.\n\
         Nobody under age may play, and whoever plays too much can talk to somebody at any hour and free of charge.\n\
         Machines close half an hour before the wheel turns, and shops tell you whether yours is among those that stay open."
    )
}

#[test]
fn draws_of_one_day_under_one_title_are_told_by_their_numbers() {
    let texts = [
        draw("44, 18, 4, 5, 35, 59", "11, 21, 38, 33"),
        draw("56, 11, 12, 34, 53, 4", "52, 9, 5, 2, 18"),
        draw("11, 18, 26, 43, 56, 20", "10, 12, 35, 21, 8"),
        draw("56, 11, 12, 34, 53, 4", "52, 9, 5, 2, 18").replace("came up as", "that came up were"),
    ];
    let texts: Vec<(&str, &str)> = texts.iter().map(|text| ("Lottery: the numbers of Monday", text.as_str())).collect();
    check(&texts, &[0, 1, 2, 1]);
}

#[test]
fn one_headline_over_two_names_is_no_copy_but_with_the_name_of_the_outlet_it_is() {
    let notice = |place: &str| {
        format!(
            "The Vessa Pilots expect the usual traffic in {place} on Monday, January 5, and ask boats to keep clear of the quay.\n\
             Ships of the line tie up before noon, and the pilots take the last of them out with the tide in the evening.\n\
             Fishing boats find room at the old pier, where ice and fuel are sold from six in the morning until four.\n\
             Whoever brings his own ice has to tell the master of the pier a day before."
        )
    };
    let ad = "Get the evening letter";
    let (kalund, norby) = (notice("Kalund"), notice("Norby"));
    let (one, other) = (format!("{kalund}\n{ad} of the Torsund Post."), format!("{kalund}\n{ad} of the Orsk Mirror."));
    check(&[("Kalund harbour on Monday", &kalund), ("Norby harbour on Monday", &norby)], &[0, 1]);
    check(&[("Harbour on Monday - Torsund Post", &one), ("Harbour on Monday - Orsk Mirror", &other)], &[0, 0]);
}

#[test]
fn a_filled_in_form_is_found_again_by_its_facts() {
    let filing = |company: &str, place: &str, millions: &str, bank: &str| {
        format!(
            "{company} of {place} said it intends to file a registration statement with the market supervisor covering the \
             sale of {millions} million crowns of convertible bonds that fall due in ten years, with {bank} as lead manager.\n\
             The company said the offering will be made only by prospectus and proceeds will repay a loan from the bank."
        )
    };
    let companies = "Aldor Bramwil Cestrin Dunvale Estory Fenwold Garsund Holmkar Istrand";
    let mut texts: Vec<(String, String)> = companies
        .split(' ')
        .enumerate()
        .map(|(at, name)| {
            let text = filing(name, &format!("Port {name}"), &format!("{}.{at}", 31 + at), &format!("Bank {name}burg"));
            (format!("{name} files for bonds"), text)
        })
        .collect();
    let copy = filing("Kalund (NNA): Cestrin", "Port Cestrin", "33.2", "Bank Cestrinburg") + " It gave no date.";
    texts.push(("Cestrin Files For Bonds - Norby Post".to_owned(), copy));
    let texts: Vec<(&str, &str)> = texts.iter().map(|(title, text)| (title.as_str(), text.as_str())).collect();
    check(&texts, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 2]);
}

#[test]
fn a_shared_start_makes_a_copy_only_where_the_other_text_bears_out_the_headline() {
    let start = lines(FERRY, 1);
    let copy = format!(
        "{start}\nHarbour master Ole Dahl of Norby had sent two tugs by six, and at noon divers went down to look at the plates \
         that the reef had torn."
    );
    let digest = format!(
        "{start}\nLorvia votes on its budget, Torsund argues about a school, the herring is late for the third year in a row \
         and bread costs more from Monday."
    );
    let ferry = ("Ferry runs aground near Vessa", FERRY);
    check(&[ferry, ("Coast guard: 212 people on ferry off Vessa", &copy)], &[0, 0]);
    check(&[ferry, ("Budget, school, herring: the morning in brief", &digest)], &[0, 1]);
    check(&[("Budget, school, herring: the morning in brief", &digest), ferry], &[0, 1]);
}

#[test]
fn what_comes_back_days_later_in_part_is_the_next_of_a_series() {
    let start = lines(FERRY, 2);
    let later = format!(
        "{start}\nHarbour master Ole Dahl of Norby had sent two tugs by six, and divers went down at noon to look at the torn plates.\n\
         Nobody was hurt badly, the hospital said, and most travellers went on by bus in the course of the morning.\n\
         Ferry crews train for such a night every spring, union leader Tove Rask said, and asked for a second radar on each ship.\n\
         The reef took three ships since the war, and fishermen of Vessa have asked for a light on it for twenty years."
    );
    let group = |days: i64| {
        let mut memory = memory();
        memory.assign(sketch(&document("a", "a.example", "Ferry runs aground near Vessa", FERRY, day(0))));
        memory.assign(sketch(&document("b", "b.example", "Ferry aground near Vessa", &later, day(days)))).group
    };
    assert_eq!(group(0), id("a"));
    assert_eq!(group(3), id("b"));
}

#[test]
fn a_standing_introduction_makes_no_copies_of_long_texts() {
    let digest = |subject: &str| {
        let notes = (0..30)
            .map(|at| format!("{subject}{at} alder{subject} birch{at}{subject} cedar{subject}, said Elm{subject}."));
        let notes: Vec<String> = notes.collect();
        format!(
            "These are the notes that our readers in the Kalund district sent to Marit Solheim of the Norby Post today.\n{}",
            notes.join("\n")
        )
    };
    let texts = [digest("harbour"), digest("school"), digest("forest")];
    let texts: Vec<(&str, &str)> = texts.iter().map(|text| ("Notes from the district", text.as_str())).collect();
    check(&texts, &[0, 1, 2]);
}

#[test]
fn furniture_of_an_outlet_makes_no_copies() {
    let furniture = "Get the best of the Norby Post every evening: order our letter and read what moved the region today.\n\
        The Norby Post is a member of the Press Council and corrects its errors openly, write to the editor on duty.";
    let mut memory = memory();
    for (name, text) in [("a", lines(FERRY, 1)), ("b", lines(BUDGET, 1))] {
        let body = format!("{text}\n{furniture}");
        let decision = memory.assign(sketch(&document(name, "norby.example", name, &body, day(0))));
        assert_eq!(decision.group, id(name));
    }
}

#[test]
fn edited_versions_are_one_group_in_other_languages() {
    let russian = "Паром с 212 пассажирами сел на мель у острова Весса рано утром во вторник, сообщила береговая охрана.\n\
        Капитан Марит Сульхейм запросила помощь в 4:35, когда судно наскочило на риф в проливе Калунн.\n\
        Спасатели из Калунна и Норбю сняли с борта всех людей за три часа, четырнадцать человек осмотрели врачи.\n\
        Корпус пробит на длине девяти метров, но топливо в море не попало, заявила компания «Весса Лайн».\n\
        Экипаж допросят в среду, а до пятницы пассажиров повезут автобусами через Торсуннский мост.";
    let cut =
        lines(russian, 3).replace("рано утром во вторник", "во вторник утром").replace("запросила", "попросила о");
    let moved = format!(
        "{}\nФото: «Норбю пост»\nЧитайте также: десять маяков округа. Подпишитесь на рассылку.",
        reordered(russian)
    );
    let other = "Паром между Калунном и островом Весса с мая станет электрическим, решил совет округа.\n\
        Судно на 180 пассажиров построит верфь в Торсунне, контракт стоит 96 миллионов крон.\n\
        Причал в Норбю удлинят на двадцать метров, а билет подорожает на пять крон.";
    check(
        &[
            ("Паром на мели", russian),
            ("Всех спасли", &cut),
            ("Экипаж парома допросят", &moved),
            ("Паром станет электрическим", other),
        ],
        &[0, 0, 0, 3],
    );

    let german = "Eine Fähre mit 212 Menschen an Bord ist am Dienstagmorgen vor der Insel Vessa auf Grund gelaufen.\n\
        Kapitänin Marit Solheim bat um 4:35 Uhr um Hilfe, nachdem das Schiff im Kalundsund ein Riff gerammt hatte.\n\
        Retter aus Kalund und Norby holten binnen drei Stunden alle Fahrgäste von Bord, 14 wurden ärztlich versorgt.\n\
        Der Rumpf ist auf neun Metern aufgerissen, doch lief laut der Reederei Vessa-Linie kein Öl ins Meer.\n\
        Die Seeaufsicht befragt die Besatzung am Mittwoch, bis Freitag fahren Busse über die Torsundbrücke.";
    let cut = lines(german, 3).replace("Fahrgäste", "Passagiere").replace("bat um", "rief um");
    let moved = format!(
        "Kalund (nna) – {}\nLesen Sie auch: zehn Leuchttürme. Bestellen Sie unseren Newsletter.",
        reordered(german)
    );
    let other = "Die Fähre zwischen Kalund und der Insel Vessa fährt vom Mai an elektrisch, beschloss der Kreistag.\n\
        Das Schiff für 180 Fahrgäste baut die Werft in Torsund, der Auftrag kostet 96 Millionen Kronen.\n\
        In Norby wird der Anleger um zwanzig Meter verlängert, die Überfahrt kostet künftig fünf Kronen mehr.";
    check(
        &[
            ("Fähre auf Grund", german),
            ("Alle gerettet", &cut),
            ("Busse statt Fähre", &moved),
            ("Fähre wird elektrisch", other),
        ],
        &[0, 0, 0, 3],
    );

    let japanese = "火曜日の早朝、乗客乗員212人を乗せたフェリーがベッサ島の近くで座礁したと沿岸警備隊が発表した。\n\
        船長のマリット・ソールハイム氏は午前4時35分に救助を要請した。船はカルン海峡の暗礁に乗り上げていた。\n\
        カルンとノルビューの救助艇が3時間以内に全員を救助し、14人が手当てを受けた。\n\
        船体は9メートルにわたって裂けたが、運航会社によると燃料は海に流れ出ていない。\n\
        海事委員会は水曜日に乗組員から話を聴く。金曜日まではバスがトルスン橋を経由して乗客を運ぶ。";
    let cut = lines(japanese, 3).replace("早朝", "朝早く").replace("要請した", "求めた");
    let moved = format!("【カルン共同】{}\n【関連記事】郡内の灯台十選。会員登録はこちら。", reordered(japanese));
    let other = "カルンとベッサ島を結ぶフェリーが5月から電動船に替わる。郡議会が可決した。\n\
        定員180人の船はトルスンの造船所が建造し、契約額は9600万クローネになる。\n\
        ノルビューの桟橋は20メートル延ばされ、運賃は5クローネ上がる。";
    check(
        &[("フェリー座礁", japanese), ("全員救助", &cut), ("乗組員を聴取へ", &moved), ("フェリー電動化", other)],
        &[0, 0, 0, 3],
    );
}

#[test]
fn an_equal_body_is_a_copy_and_an_empty_one_is_not() {
    check(
        &[("One", "Eight words are all that this text has."), ("One", "Eight words are all that this text has.")],
        &[0, 0],
    );
    check(&[("One", ""), ("One", ""), ("", "")], &[0, 1, 2]);
}

#[test]
fn reports_of_one_event_are_one_story_though_no_copies() {
    let other = "Passengers of the ferry that ran aground off Vessa told of a loud bang before dawn.\n\
        Captain Marit Solheim led them to the boats herself, said Ole Dahl from Norby when he came ashore in Kalund.\n\
        The reef off Vessa is known to every fisherman in the Kalund strait, and nobody sees why the ferry went there.";
    let mut memory = memory();
    // What many report is no sign of one event.
    for at in 0..40 {
        let title = format!("Subject{at} topic{at}");
        let body = format!(
            "Investigators said early on Tuesday that the captain of team{at} and the coast guard will question place{at}.\n\
             Passengers of bus{at} told of a loud bang before dawn, and the operator suspended service for hours near island{at}."
        );
        memory.assign(sketch(&document(&format!("x{at}"), &format!("x{at}.example"), &title, &body, day(0))));
    }
    let one =
        memory.assign(sketch(&document("a", "a.example", "Ferry aground off Vessa, captain Solheim", FERRY, day(0))));
    let two = memory.assign(sketch(&document(
        "b",
        "b.example",
        "Captain Solheim stayed calm: the ferry aground off Vessa",
        other,
        day(0) + Duration::hours(1),
    )));
    let three = memory.assign(sketch(&document("c", "c.example", "Lorvia passes budget", BUDGET, day(0))));
    assert_ne!(one.group, two.group);
    assert_eq!(one.story, two.story);
    assert_ne!(one.story, three.story);
}

#[test]
fn stories_that_turn_out_to_be_one_keep_the_name_of_the_earlier() {
    let start = lines(FERRY, 2);
    let end = FERRY.lines().skip(2).collect::<Vec<_>>().join("\n");
    let mixed = format!("{end}\n{start}");
    for earlier in [0, 1] {
        let mut memory = memory();
        let mut put = |name: &str, title: &str, body: &str, days: i64| {
            let published_at = Some(PublishedAt { at: day(days), date_only: false });
            let outlet = format!("{name}.example");
            memory.assign(sketch(&Document { published_at, ..document(name, &outlet, title, body, day(1)) }))
        };
        let first = put("a", "Ferry aground", &start, i64::from(earlier == 1));
        let second = put("b", "All saved", &end, i64::from(earlier == 0));
        put("c", "Ferry aground, all saved", FERRY, 1);
        let last = put("d", "All saved", &mixed, 1);
        let (old, into) = if earlier == 0 { (second, first) } else { (first, second) };
        assert_eq!((last.story, last.merged_stories), (into.story, vec![(old.story, into.story)]));
    }
}

#[test]
fn recurring_forms_with_other_facts_are_no_story() {
    let mut memory = memory();
    let stories = (0..20).map(|at| {
        let body = format!(
            "The regional lottery drew its six winning balls on Monday night before witnesses in the hall of the broadcaster.\n\
             The winning numbers of the draw are {}, {}, {} and {}, the additional ball shows the number {}.\n\
             Nobody guessed all winning balls of the draw, so that the lottery jackpot grows, the regional lottery said.",
            at + 1, at * 7 + 3, at * 5 + 11, at * 3 + 200, at * 11 + 500
        );
        let name = format!("draw{at}");
        memory.assign(sketch(&document(&name, &format!("{name}.example"), "Winning numbers of the lottery", &body, day(0)))).story
    });
    let mut latest: Vec<_> = stories.skip(10).collect();
    latest.sort_unstable();
    latest.dedup();
    assert_eq!(latest.len(), 10);
}

#[test]
fn a_revision_keeps_its_group_and_is_what_copies_are_compared_with() {
    let mut memory = memory();
    memory.assign(sketch(&document("a", "a.example", "Ferry aground", FERRY, day(0))));
    let revised = memory.revise(sketch(&document("a", "a.example", "Budget passed", BUDGET, day(0))));
    assert_eq!(revised.group, id("a"));
    let copy = memory.assign(sketch(&document("b", "b.example", "Lorvia", BUDGET, day(0))));
    assert_eq!(copy.group, id("a"));
    let old = memory.assign(sketch(&document("c", "c.example", "Ferry", FERRY, day(0))));
    assert_eq!(old.group, id("c"));
    assert_eq!(memory.len(), 3);
}

#[test]
fn similarity_is_what_stands_of_the_shorter_text_in_the_other() {
    let mut memory = memory();
    assert!(memory.assign(sketch(&document("a", "a.example", "Ferry aground", FERRY, day(0)))).similarity.is_none());
    let cut = format!("{}\nOn Monday the harbour of Torsund had turned away another ship.", lines(FERRY, 2));
    let copy = memory.assign(sketch(&document("c", "c.example", "Ferry aground near Vessa", &cut, day(0)))).similarity;
    assert!((0.75..0.9).contains(&copy.expect("a copy")), "{copy:?}");
    let revised =
        memory.revise(sketch(&document("c", "c.example", "Ferry aground", &lines(FERRY, 2), day(0)))).similarity;
    assert!(revised.expect("a copy") > 0.95, "{revised:?}");
}

#[test]
fn what_is_forgotten_or_out_of_the_window_has_no_copies() {
    let mut memory = memory();
    memory.assign(sketch(&document("a", "a.example", "Ferry", FERRY, day(0))));
    memory.forget(id("a"));
    assert!(memory.is_empty());
    assert_eq!(memory.assign(sketch(&document("b", "b.example", "Ferry", FERRY, day(0)))).group, id("b"));
    assert_eq!(memory.assign(sketch(&document("c", "c.example", "Ferry", FERRY, day(6)))).group, id("b"));
    assert_eq!(memory.assign(sketch(&document("d", "d.example", "Budget", BUDGET, day(9)))).group, id("d"));
    // The founder left, its group lives on under its name.
    assert_eq!(memory.assign(sketch(&document("e", "e.example", "Ferry", FERRY, day(10)))).group, id("b"));
    assert_eq!(memory.len(), 3);
}

#[test]
fn a_memory_that_is_full_forgets_the_oldest_and_takes_no_more_than_it_may() {
    const MAX: usize = 1 << 20;
    let mut memory = Memory::new(&config::Dedup { max_memory: MAX as u64, ..config::Dedup::default() });
    // No two of them have anything in common.
    let text = |number: usize| -> String { (0..120).map(|word| format!("w{number}x{word} ")).collect() };
    let put = |memory: &mut Memory, name: usize, number: usize| {
        let (name, outlet) = (name.to_string(), format!("{name}.example"));
        memory.assign(sketch(&document(&name, &outlet, "News", &text(number), day(0)))).group
    };
    let mut most = 0;
    for number in 0..1_500 {
        put(&mut memory, number, number);
        most = most.max(memory.memory_bytes());
    }
    let held = memory.len();
    // The tables of so few are not as even as those of many.
    assert!((300..700).contains(&held) && (MAX * 3 / 4..MAX * 21 / 20).contains(&most), "{held} take {most}");
    let (young, old) = (1_500 - held / 2, 1_500 - 2 * held);
    assert_eq!(put(&mut memory, 2_000, young), id(&young.to_string()));
    assert_eq!(put(&mut memory, 2_001, old), id("2001"));
}

/// The memory that never stopped kept the birth of the old group; the restored one had only the founder's second record.
#[test]
fn a_founder_that_comes_back_to_its_group_finds_it_as_it_was() {
    let settings = config::Dedup::default();
    let mut memory = memory();
    let put = |memory: &mut Memory, name: &str, body: &str, at: i64| {
        memory.assign(sketch(&document(name, &format!("{name}.example"), "News", body, day(at))))
    };
    let mut log = vec![put(&mut memory, "a", FERRY, 0).record, put(&mut memory, "b", FERRY, 0).record];
    log.push(memory.forget(id("a")));
    let back = put(&mut memory, "a", BUDGET, 5);
    assert_eq!((back.group, back.number), (id("a"), 3));
    log.push(back.record);
    log.push(put(&mut memory, "c", "The museum of Norby opens a hall of old maps on Sunday.", 8).record);
    let kept = log.split_off(memory.horizon() as usize);
    assert_eq!(kept.len(), 2, "the first records have left");
    let mut restored = Memory::restore(&settings, kept.into_iter()).expect("own records");
    assert_eq!(put(&mut memory, "d", BUDGET, 8), put(&mut restored, "d", BUDGET, 8));
}

#[test]
fn hostile_texts_stay_small() {
    let same = "word ".repeat(1_000_000);
    let numbers: String = (0..200_000).map(|number| format!("{number} ")).collect();
    let mut memory = memory();
    for (name, text) in [("a", &same), ("b", &numbers), ("c", &same), ("d", &numbers)] {
        let sketch = sketch(&document(name, "a.example", text, text, day(0)));
        assert!(sketch.to_bytes().len() < 10_000);
        memory.assign(sketch);
    }
}

/// A stream of little articles that share sentences, with revisions, deletions and jumps in time.
fn streams() -> impl Strategy<Value = Vec<(u8, u8, Vec<u8>, u8)>> {
    prop::collection::vec((0..12_u8, 0..20_u8, prop::collection::vec(0..10_u8, 1..4), 0..60_u8), 1..60)
}

fn play(
    memory: &mut Memory,
    step: usize,
    (what, name, sentences, hours): &(u8, u8, Vec<u8>, u8),
    now: &mut Time,
) -> (Option<Decision>, Vec<u8>) {
    *now += Duration::hours(i64::from(*hours) - 8);
    let text: Vec<&str> =
        sentences.iter().map(|&at| FERRY.lines().chain(BUDGET.lines()).nth(at.into()).expect("ten lines")).collect();
    let (body, outlet) = (text.join("\n"), format!("outlet{}.example", name % 3));
    let name = if *what < 9 { format!("new{step}") } else { name.to_string() };
    let sketch = sketch(&document(&name, &outlet, text[0], &body, *now));
    match what {
        11 => (None, memory.forget(id(&name))),
        10 => {
            let decision = memory.revise(sketch);
            (Some(decision.clone()), decision.record)
        }
        _ => {
            let decision = memory.assign(sketch);
            (Some(decision.clone()), decision.record)
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_restored_memory_answers_like_one_that_never_stopped(
        stream in streams(),
        at in 0..60_usize,
        max_memory in prop_oneof![Just(1 << 30), Just(5_000)],
    ) {
        let settings = config::Dedup { max_memory, ..config::Dedup::default() };
        let (mut memory, mut now, mut log) = (Memory::new(&settings), day(0), Vec::new());
        let at = at.min(stream.len());
        for (step, event) in stream[..at].iter().enumerate() {
            log.push(play(&mut memory, step, event, &mut now).1);
        }
        let kept = log.split_off(memory.horizon() as usize);
        let mut restored = Memory::restore(&settings, kept.into_iter()).expect("own records");
        prop_assert_eq!(restored.len(), memory.len());
        let mut then = now;
        for (step, event) in stream.iter().enumerate().skip(at) {
            prop_assert_eq!(play(&mut memory, step, event, &mut now), play(&mut restored, step, event, &mut then));
        }
    }

    #[test]
    fn any_text_gives_a_sketch_that_survives_a_round_trip(title in ".{0,60}", body in "(?s).{0,400}") {
        let sketch = sketch(&document("a", "a.example", &title, &body, day(0)));
        prop_assert_eq!(Sketch::from_bytes(&sketch.to_bytes()), Ok(sketch));
    }

    #[test]
    fn arbitrary_bytes_are_an_error_or_harmless(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let settings = config::Dedup::default();
        let versioned = [&[4][..], &bytes].concat();
        for bytes in [bytes, versioned] {
            if let Ok(mut memory) = Memory::restore(&settings, std::iter::once(bytes)) {
                memory.assign(sketch(&document("a", "a.example", "Ferry", FERRY, day(0))));
            }
        }
    }

    #[test]
    fn a_damaged_record_is_an_error_or_harmless(at in 0..2000_usize, byte in any::<u8>()) {
        let settings = config::Dedup::default();
        let mut record = Memory::new(&settings).assign(sketch(&document("a", "a.example", "Ferry", FERRY, day(0)))).record;
        let at = at % record.len();
        record[at] = byte;
        if let Ok(mut memory) = Memory::restore(&settings, std::iter::once(record)) {
            memory.assign(sketch(&document("b", "b.example", "Ferry", FERRY, day(0))));
        }
    }
}
