//! Outlets on loopback that publish at a steady pace: what is out, and what a page says, follows from the time and its
//! number alone, so that a press of any size takes no memory.

use std::{
    collections::HashSet,
    io,
    net::TcpListener,
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::{SecondsFormat, Utc};
use dateline::model::Time;

use super::{
    dice::Dice,
    http::{self, Document},
};

/// How many reports a feed lists.
const LISTED: usize = 200;
/// Every so many-th report is a copy of the one so many reports before, at another outlet and without its end.
const COPY_EVERY: usize = 5;
const COPY_BEHIND: usize = 203;
/// Words that are used, the first ones much more often than the last.
const VOCABULARY: usize = 20_000;
const PARAGRAPHS: usize = 9;
const PARAGRAPH_WORDS: usize = 45;

pub struct Outlets {
    authorities: Vec<String>,
    words: Vec<String>,
    per_second: f64,
    lasts: Duration,
    began: (Instant, Time),
}

impl Outlets {
    /// Opens so many outlets that publish together so many reports a second, for so long.
    pub fn open(count: usize, per_second: f64, lasts: Duration) -> io::Result<Arc<Self>> {
        let listeners = (0..count)
            .map(|outlet| TcpListener::bind((format!("127.0.{}.{}", 12 + outlet / 250, 1 + outlet % 250), 0)))
            .collect::<io::Result<Vec<_>>>()?;
        let authorities = listeners
            .iter()
            .map(|listener| listener.local_addr().map(|address| address.to_string()))
            .collect::<io::Result<_>>()?;
        let began = (Instant::now(), Utc::now());
        let outlets = Arc::new(Self { authorities, words: vocabulary(), per_second, lasts, began });
        for (outlet, listener) in listeners.into_iter().enumerate() {
            let outlets = outlets.clone();
            http::serve(listener, move |_, path| outlets.document(outlet, path));
        }
        Ok(outlets)
    }

    /// Returns the addresses of all feeds.
    pub fn feeds(&self) -> impl Iterator<Item = String> {
        self.authorities.iter().map(|authority| format!("http://{authority}/feed"))
    }

    /// How long ago the first report came out.
    pub fn elapsed(&self) -> Duration {
        self.began.0.elapsed()
    }

    /// How many reports are out.
    pub fn published(&self) -> usize {
        (self.elapsed().min(self.lasts).as_secs_f64() * self.per_second) as usize
    }

    /// Returns a word of the reports, the often used more often.
    pub fn word(&self, dice: &mut Dice) -> &str {
        let uniform = dice.roll(VOCABULARY);
        &self.words[uniform * uniform / VOCABULARY]
    }

    fn text(&self, dice: &mut Dice, words: usize) -> String {
        (0..words).map(|_| self.word(dice)).collect::<Vec<_>>().join(" ")
    }

    fn document(&self, outlet: usize, path: &str) -> Option<Document> {
        if path == "/feed" {
            return Some(("application/rss+xml", self.feed(outlet)));
        }
        let number: usize = path.strip_prefix("/report/")?.parse().ok()?;
        (number < self.published()).then(|| ("text/html; charset=utf-8", self.page(number)))
    }

    fn feed(&self, outlet: usize) -> String {
        let numbers = (0..self.published()).rev().filter(|number| number % self.authorities.len() == outlet);
        let item = |number: usize| {
            let (authority, date) = (&self.authorities[outlet], self.published_at(number).to_rfc2822());
            let link = format!("http://{authority}/report/{number}");
            format!(
                "<item><guid>{link}</guid><link>{link}</link><title>{}</title><pubDate>{date}</pubDate></item>\n",
                self.title(number)
            )
        };
        let items: String = numbers.take(LISTED).map(item).collect();
        format!("<rss version=\"2.0\"><channel><title>Outlet {outlet}</title>\n{items}</channel></rss>\n")
    }

    fn page(&self, number: usize) -> String {
        let (title, at) = (self.title(number), self.published_at(number).to_rfc3339_opts(SecondsFormat::Millis, true));
        let is_copy = number % COPY_EVERY == COPY_EVERY - 1 && number >= COPY_BEHIND;
        let dice = &mut Dice(if is_copy { number - COPY_BEHIND } else { number } as u64);
        let paragraph = |_| format!("<p>{}.</p>\n", self.text(dice, PARAGRAPH_WORDS));
        let text: String = (0..PARAGRAPHS - usize::from(is_copy)).map(paragraph).collect();
        let dice = &mut Dice(!(number as u64));
        let link = |link| format!("<li><a href=\"/section/{link}\">{}</a></li>", self.text(dice, 2));
        let links: String = (0..60).map(link).collect();
        format!(
            "<!doctype html><html lang=\"en\"><head><title>{title}</title><meta property=\"og:type\" content=\"article\">\
             <meta property=\"article:published_time\" content=\"{at}\"></head><body><nav><ul>{links}</ul></nav>\n\
             <main><article><h1>{title}</h1><time datetime=\"{at}\">{at}</time>\n{text}</article></main>\n\
             <aside><ul>{links}</ul></aside><footer><p>All rights reserved.</p></footer></body></html>\n"
        )
    }

    fn title(&self, number: usize) -> String {
        self.text(&mut Dice((number as u64) << 32), 8)
    }

    fn published_at(&self, number: usize) -> Time {
        self.began.1 + Duration::from_secs_f64(number as f64 / self.per_second)
    }
}

/// Invents words of two to four syllables, no two alike.
fn vocabulary() -> Vec<String> {
    const SYLLABLES: [&str; 24] = [
        "ba", "rel", "to", "min", "sa", "kor", "ven", "di", "lu", "par", "ne", "gos", "tra", "fi", "mel", "un", "der",
        "pol", "ka", "ris", "ho", "ten", "wy", "zam",
    ];
    let dice = &mut Dice(24);
    let (mut words, mut known) = (Vec::with_capacity(VOCABULARY), HashSet::new());
    while words.len() < VOCABULARY {
        let word: String = (0..2 + dice.roll(3)).map(|_| dice.pick(&SYLLABLES)).collect();
        if known.insert(word.clone()) {
            words.push(word);
        }
    }
    words
}
