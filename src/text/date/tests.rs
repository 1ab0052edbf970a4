//! Claims about reading dates.

use proptest::prelude::*;

use super::*;

/// A moment is written `2024-12-15T12:15:00`, a day `2024-12-15`.
#[track_caller]
fn check(text: &str, expected: &str) {
    let found = parse(text).map_or_else(String::new, |found| {
        let format = match (found.date_only, found.at.timestamp_subsec_millis()) {
            (true, _) => "%Y-%m-%d",
            (false, 0) => "%Y-%m-%dT%H:%M:%S",
            (false, _) => "%Y-%m-%dT%H:%M:%S%.3f",
        };
        found.at.format(format).to_string()
    });
    assert_eq!(found, expected, "{text}");
}

#[test]
fn rfc3339_and_w3cdtf_read_with_their_partial_forms() {
    check("2024-12-15T12:15:00Z", "2024-12-15T12:15:00");
    check("2024-12-15T12:15:00.250+01:00", "2024-12-15T11:15:00.250");
    check("2024-12-15T12:15:00+0530", "2024-12-15T06:45:00");
    check("2024-12-15T12:15-08:00", "2024-12-15T20:15:00");
    check("2024-12-15 12:15:00", "2024-12-15T12:15:00");
    check("2024-12-15t12:15:00z", "2024-12-15T12:15:00");
    check("2024-12-15T24:00:00Z", "2024-12-16T00:00:00");
    check("2024-12-15T10Z", "2024-12-15T10:00:00");
    check("2024-12-15", "2024-12-15");
    check("2024-12", "2024-12-01");
    check("2024", "2024-01-01");
    check("2024-350", "2024-12-15");
    check("24-12-15", "2024-12-15");
    check("2024-12-15T12:15:00+02:00[Europe/Berlin]", "2024-12-15T10:15:00");
}

#[test]
fn rfc822_reads_with_its_mistakes() {
    for text in [
        "Sun, 15 Dec 2024 12:15:00 GMT",
        "Sun, 15 Dec 2024 12:15:00 +0000",
        "Sun, 15 Dec 2024 12:15:00 UT",
        "Mon, 15 Dec 2024 12:15:00 GMT",
        "Sun 15 Dec 2024 12:15:00 GMT",
        "Sun, 15 December 2024 12:15 UTC",
        "15 Dec 24 12:15:00 GMT",
        "Sun,15 Dec 2024 12:15:00 GMT",
        "Sun, 15 Dec 2024 07:15:00 EST",
        "Sun, 15 Dec 2024 14:15:00 CEST",
        "Sun, 15 Dec 2024 21:15:00 JST",
        "Sun, 15 Dec 2024 15:15:00 MSK",
        "Sun, 15 Dec 2024 13:15:00 +01:00",
        "Sun, 15 Dec 2024 13:15:00 GMT+1",
        "Sun, 15 Dec 2024 13:15:00 GMT+0100 (CET)",
        "Sunday, December 15, 2024 12:15 PM",
        "15 Dec 2024 12:15 PM",
        "Dec 15, 2024 at 12:15 p.m.",
        "Dec. 15th, 2024, 12:15",
        "Sun Dec 15 12:15:00 2024",
        "Sun Dec 15 07:15:00 EST 2024",
        "15-Dec-2024 12:15:00",
    ] {
        check(text, "2024-12-15T12:15:00");
    }
    check("Thu, 5 Sept 2024 9:05 a.m. PDT", "2024-09-05T16:05:00");
    check("5 Sep 2024 12:05 am", "2024-09-05T00:05:00");
    check("5 Sep 99 10:00:00 GMT", "1999-09-05T10:00:00");
    check("Sun, 31 Jun 2024 10:00:00 GMT", "2024-07-01T10:00:00");
}

#[test]
fn digits_alone_are_dates_or_seconds() {
    check("20241215", "2024-12-15");
    check("20241215121500", "2024-12-15T12:15:00");
    check("202412151215", "2024-12-15T12:15:00");
    check("20241215T121500Z", "2024-12-15T12:15:00");
    check("1734264900", "2024-12-15T12:15:00");
    check("1734264900000", "2024-12-15T12:15:00");
}

#[test]
fn numeric_dates_put_the_day_first_unless_they_cannot() {
    check("2024/12/15", "2024-12-15");
    check("15.12.2024 12:15", "2024-12-15T12:15:00");
    check("15.12.2024 12.15", "2024-12-15T12:15:00");
    check("15/12/2024", "2024-12-15");
    check("12/15/2024", "2024-12-15");
    check("05/04/2024", "2024-04-05");
    check("05/04/2024 1:30 PM", "2024-05-04T13:30:00");
    check("15.12.24", "2024-12-15");
    check("12:15 15.12.2024", "2024-12-15T12:15:00");
    check("12:15 - 15.12.2024", "2024-12-15T12:15:00");
    check("2024:12:15 12:15:00", "2024-12-15T12:15:00");
}

#[test]
fn month_names_read_in_many_languages() {
    for text in [
        "15. Dezember 2024 um 12:15 Uhr",
        "15 décembre 2024 à 12h15",
        "15 de diciembre de 2024, 12:15 h",
        "15 dicembre 2024, 12:15",
        "15 de dezembro de 2024 às 12:15",
        "15 december 2024 om 12:15",
        "15 grudnia 2024, 12:15",
        "15. prosince 2024 12:15",
        "15 декабря 2024 г., 12:15",
        "15 грудня 2024, 12:15",
        "15 декември 2024 12:15",
        "15 Aralık 2024 12:15",
        "15. joulukuuta 2024 klo 12.15",
        "15. desember 2024 kl. 12:15",
        "2024. december 15. 12:15",
        "15 decembrie 2024, 12:15",
        "15 Δεκεμβρίου 2024 12:15",
        "2024年12月15日 12:15",
        "2024年12月15日(日) 12時15分",
        "2024년 12월 15일 오후 12:15",
        "2024年12月15日 下午12:15",
        "15 Tháng 12, 2024 12:15",
        "15 Desember 2024 12:15",
    ] {
        check(text, "2024-12-15T12:15:00");
    }
    check("mardi 5 août 2025", "2025-08-05");
    check("3 März 2025", "2025-03-03");
    check("1er février 2025", "2025-02-01");
    check("Пн, 03 мая 2025 10:00:00 +0300", "2025-05-03T07:00:00");
    check("٣ مارس 2025", "2025-03-03");
    check("December 2024", "2024-12-01");
}

#[test]
fn what_is_no_date_gives_none() {
    for text in [
        "",
        " ",
        "yesterday",
        "2 hours ago",
        "12:15",
        "15 Dec",
        "99999999999999999999",
        "0000-00-00",
        "2024-13-01",
        "32.12.2024",
        "call 555 1234",
        "-",
        "2024-00-10",
        "version 1.2.3",
        "Dec Dec Dec",
    ] {
        check(text, "");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_without_panic(text in "\\PC{0,200}") {
        let _ = parse(&text);
    }

    #[test]
    fn any_mix_of_date_parts_is_read_without_panic(
        parts in prop::collection::vec("[0-9]{1,20}|[-+:./, T]|Dec|PM|GMT|年|h", 0..20),
    ) {
        let _ = parse(&parts.concat());
    }

    #[test]
    fn what_is_written_as_rfc3339_is_read_back(seconds in 0i64..4_000_000_000) {
        let at = DateTime::from_timestamp(seconds, 0).expect("in range");
        prop_assert_eq!(parse(&at.to_rfc3339()), Some(PublishedAt { at, date_only: false }));
        prop_assert_eq!(parse(&at.to_rfc2822()), Some(PublishedAt { at, date_only: false }));
    }
}
