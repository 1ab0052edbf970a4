//! Invented outlets: what each of them answers is a function of its address and the time, so that a web of ten thousand
//! takes no memory and is the same in every run.

use std::{collections::HashMap, time::Duration};

use dateline::{
    fetch::Request,
    model::{Source, SourceId, SourceKind, Time, host_of},
};

/// Entries of a feed.
const ENTRIES: i64 = 20;
const SYLLABLES: [&str; 16] =
    ["ba", "den", "kor", "lis", "mar", "no", "per", "ra", "sol", "ta", "ul", "ven", "wic", "yo", "zan", "shi"];

/// What an outlet is like to those who poll it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Temper {
    /// ETag and Last-Modified, "not modified" where they fit.
    Proper,
    /// No validators at all.
    Plain,
    /// Fresh for an hour by its own word.
    Cached,
    /// Says "not modified" whatever has happened.
    Liar,
    /// Every sixth hour it is overloaded, and says for how long.
    Overloaded,
    /// Every sixth hour nobody answers.
    Absent,
    /// Answers twice an hour at most, else asks for an hour's pause.
    Jealous,
    /// Its feed has moved for good.
    Moved,
    /// Its feed is gone for good.
    Gone,
    /// Its feed is not there.
    Missing,
    /// Takes twenty seconds.
    Slow,
    /// No dates, and ids that change their scheme each day.
    Careless,
}

/// An answer, or none at all.
pub struct Says {
    pub status: Option<u16>,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
    pub latency: Duration,
}

struct Outlet {
    url: String,
    host: String,
    kind: SourceKind,
    seed: u64,
    temper: Temper,
    /// Seconds between two of its articles.
    gap: i64,
}

/// All of them, by the addresses of their feeds.
pub struct Outlets {
    outlets: Vec<Outlet>,
    feeds: HashMap<String, usize>,
    /// The same by the first part of their pages' addresses.
    pages: HashMap<String, usize>,
}

/// A number that belongs to these: SplitMix64, by Sebastiano Vigna.
fn mix(seed: u64, salt: u64) -> u64 {
    let mut z = seed.wrapping_add(salt.wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A number from 0 to 1.
fn unit(seed: u64, salt: u64) -> f64 {
    (mix(seed, salt) >> 11) as f64 / (1_u64 << 53) as f64
}

fn words(seed: u64, count: u64) -> String {
    let word = |n: u64| -> String {
        let word = mix(seed, n) % 1_500;
        (0..3).map(|place| SYLLABLES[(mix(word, place) % 16) as usize]).collect()
    };
    (0..count).map(word).collect::<Vec<_>>().join(" ")
}

impl Temper {
    fn of(seed: u64) -> Self {
        match mix(seed, 1) % 100 {
            0..60 => Self::Proper,
            60..70 => Self::Plain,
            70..75 => Self::Cached,
            75..80 => Self::Liar,
            80..84 => Self::Overloaded,
            84..88 => Self::Absent,
            88..91 => Self::Jealous,
            91..94 => Self::Moved,
            94 => Self::Gone,
            95 => Self::Missing,
            96..98 => Self::Slow,
            _ => Self::Careless,
        }
    }
}

impl Outlet {
    fn new(source: &Source) -> Self {
        let seed = source.id.bits();
        // From ten minutes to ten days, each size as frequent as any other.
        let gap = (600.0 * 1440_f64.powf(unit(seed, 2))) as i64;
        let host = host_of(&source.url).unwrap_or_default();
        Self { url: source.url.clone(), host, kind: source.kind, seed, temper: Temper::of(seed), gap }
    }

    /// When its article of a number appears.
    fn appears(&self, number: i64) -> i64 {
        number * self.gap + (0.8 * unit(self.seed, number as u64) * self.gap as f64) as i64
    }

    /// The numbers of its newest articles, newest first.
    fn newest(&self, now: i64) -> impl Iterator<Item = i64> + '_ {
        (0..)
            .map(move |back| now / self.gap - back)
            .filter(move |&number| self.appears(number) <= now)
            .take(ENTRIES as usize)
    }

    /// Every seventh article is edited two hours after it appeared: headline, text and address.
    fn edition(&self, number: i64, now: i64) -> u8 {
        u8::from(number % 7 == 0 && now >= self.appears(number) + 7_200)
    }

    fn pages(&self) -> String {
        format!("https://{}/{:x}", self.host, self.seed >> 40)
    }

    fn link(&self, number: i64, edition: u8) -> String {
        let slug = words(mix(self.seed, number as u64), 3).replace(' ', "-");
        let slug = if edition > 0 { format!("{slug}-corrected") } else { slug };
        format!("{}/{number}/{slug}", self.pages())
    }

    /// Every fourth article is an agency's report, the same for all who print it in that hour.
    fn story(&self, number: i64) -> u64 {
        let hour = (self.appears(number) / 3600) as u64;
        if mix(self.seed, number as u64).is_multiple_of(4) { mix(hour, 77) } else { mix(self.seed, number as u64) }
    }

    fn title(&self, number: i64, edition: u8) -> String {
        let update = if edition > 0 { "Updated: " } else { "" };
        format!("{update}{}", words(self.story(number), 8))
    }

    fn feed(&self, now: i64) -> String {
        let date = |at: i64| Time::from_timestamp(at, 0).unwrap_or_default();
        let mut items = String::new();
        for number in self.newest(now) {
            let edition = self.edition(number, now);
            let (link, title) = (self.link(number, edition), self.title(number, edition));
            let at = date(self.appears(number));
            if self.kind == SourceKind::Sitemap {
                items += &format!(
                    "<url><loc>{link}</loc><news:news><news:publication_date>{}</news:publication_date>\
                     <news:title>{title}</news:title></news:news></url>\n",
                    at.to_rfc3339()
                );
                continue;
            }
            let scheme = if self.temper == Temper::Careless && now / 86_400 % 2 == 0 { "http" } else { "https" };
            let date = if self.temper == Temper::Careless {
                String::new()
            } else {
                format!("<pubDate>{}</pubDate>", at.to_rfc2822())
            };
            let guid = format!("{scheme}://{}/{:x}/{number}", self.host, self.seed >> 40);
            items += &format!("<item><title>{title}</title><link>{link}</link><guid>{guid}</guid>{date}</item>\n");
        }
        if self.kind == SourceKind::Sitemap {
            return format!(
                "<?xml version=\"1.0\"?><urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\" \
                 xmlns:news=\"http://www.google.com/schemas/sitemap-news/0.9\">\n{items}</urlset>"
            );
        }
        format!(
            "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>{}</title>\n{items}</channel></rss>",
            self.host
        )
    }

    fn page(&self, number: i64, now: i64) -> String {
        let edition = self.edition(number, now);
        let (story, title) = (self.story(number), self.title(number, edition));
        let mut text: String = (0..4).map(|n| format!("<p>{}.</p>\n", words(mix(story, n), 55))).collect();
        if edition > 0 {
            text += &format!("<p>{}.</p>\n", words(mix(story, 9), 30));
        }
        let at = Time::from_timestamp(self.appears(number), 0).unwrap_or_default().to_rfc3339();
        format!(
            "<!doctype html><html lang=\"en\"><head><title>{title}</title>\
             <meta property=\"article:published_time\" content=\"{at}\"></head>\
             <body><nav><a href=\"/\">Home</a></nav><article><h1>{title}</h1>\n{text}</article></body></html>"
        )
    }

    /// When its document last changed.
    fn changed_at(&self, now: i64) -> i64 {
        let edits = self.newest(now).filter(|&number| self.edition(number, now) > 0);
        let edited = edits.map(|number| self.appears(number) + 7_200);
        self.newest(now).map(|number| self.appears(number)).chain(edited).max().unwrap_or_default()
    }

    fn answer_feed(
        &self,
        request: &Request,
        now: i64,
        last_asked: Option<i64>,
    ) -> (u16, Vec<(&'static str, String)>, String) {
        let bad_hour = now / 3600 % 6 == (self.seed % 6) as i64;
        let etag = format!("\"{:x}\"", mix(self.seed, self.changed_at(now) as u64));
        let conditional = request.validators.etag.is_some();
        let fits = request.validators.etag.as_ref() == Some(&etag);
        let validators = || vec![("etag", etag.clone()), ("last-modified", "Mon, 02 Mar 2026 10:00:00 GMT".to_owned())];
        match self.temper {
            Temper::Overloaded if bad_hour => {
                (503, vec![("retry-after", (3600 - now % 3600).to_string())], String::new())
            }
            Temper::Jealous if last_asked.is_some_and(|last| now - last < 1_800) => {
                (429, vec![("retry-after", "3600".to_owned())], String::new())
            }
            Temper::Gone => (410, Vec::new(), String::new()),
            Temper::Missing => (404, Vec::new(), String::new()),
            Temper::Moved if request.url == self.url => (301, vec![("location", self.new_url())], String::new()),
            Temper::Plain | Temper::Careless => (200, Vec::new(), self.feed(now)),
            Temper::Liar if conditional => (304, Vec::new(), String::new()),
            _ if fits => (304, validators(), String::new()),
            Temper::Cached => {
                let mut headers = validators();
                headers.push(("cache-control", "max-age=3600".to_owned()));
                (200, headers, self.feed(now))
            }
            _ => (200, validators(), self.feed(now)),
        }
    }

    fn new_url(&self) -> String {
        format!("https://{}/new/{:x}/feed.xml", self.host, self.seed)
    }
}

impl Outlets {
    pub fn new(sources: &[Source]) -> Self {
        let outlets: Vec<Outlet> = sources.iter().map(Outlet::new).collect();
        let moved = outlets.iter().enumerate().map(|(n, outlet)| (outlet.new_url(), n));
        let feeds = outlets.iter().enumerate().map(|(n, outlet)| (outlet.url.clone(), n)).chain(moved).collect();
        let pages = outlets.iter().enumerate().map(|(n, outlet)| (outlet.pages(), n)).collect();
        Self { outlets, feeds, pages }
    }

    /// The source that an address belongs to, by its number.
    pub fn source(&self, url: &str) -> Option<usize> {
        self.feeds.get(url).copied()
    }

    pub fn id(&self, source: usize) -> SourceId {
        SourceId::derive(&[&self.outlets[source].url])
    }

    /// Returns what is said to a request, and how long that takes. `last_asked` is when the source was asked before.
    pub fn answer(&self, request: &Request, now: Time, last_asked: Option<Time>) -> Says {
        let now_s = now.timestamp();
        let chance = unit(now.timestamp_millis() as u64, request.url.len() as u64);
        let mut latency = Duration::from_millis(50 + (chance * chance * 700.0) as u64);
        let (status, headers, body) = match self.source(&request.url) {
            Some(source) => {
                let outlet = &self.outlets[source];
                if outlet.temper == Temper::Slow {
                    latency = Duration::from_secs(20);
                }
                if outlet.temper == Temper::Absent && now_s / 3600 % 6 == (outlet.seed % 6) as i64 {
                    return Says {
                        status: None,
                        headers: Vec::new(),
                        body: String::new(),
                        latency: Duration::from_secs(10),
                    };
                }
                outlet.answer_feed(request, now_s, last_asked.map(|at| at.timestamp()))
            }
            None => self.answer_page(request, now_s),
        };
        Says { status: Some(status), headers, body, latency }
    }

    fn answer_page(&self, request: &Request, now: i64) -> (u16, Vec<(&'static str, String)>, String) {
        let Ok(url) = url::Url::parse(&request.url) else { return (400, Vec::new(), String::new()) };
        let host = url.host_str().unwrap_or_default();
        let parts: Vec<&str> = url.path().trim_start_matches('/').split('/').collect();
        let [outlet, number, ..] = parts[..] else {
            // One host in ten asks for some patience, the others have no robots.txt.
            let patient = host.len() % 10 == 0;
            let rules = if patient { "User-agent: *\nCrawl-delay: 3\n" } else { "" };
            return (if patient { 200 } else { 404 }, Vec::new(), rules.to_owned());
        };
        let outlet = self.pages.get(&format!("https://{host}/{outlet}")).map(|&outlet| &self.outlets[outlet]);
        let Some((outlet, number)) = outlet.zip(number.parse().ok()) else {
            return (404, Vec::new(), String::new());
        };
        // One page in thirty fails for its first hour.
        if number % 30 == 0 && now < outlet.appears(number) + 3600 {
            return (500, Vec::new(), String::new());
        }
        let etag = format!("\"{number}-{}\"", outlet.edition(number, now));
        if request.validators.etag.as_ref() == Some(&etag) {
            return (304, Vec::new(), String::new());
        }
        (200, vec![("etag", etag), ("content-type", "text/html".to_owned())], outlet.page(number, now))
    }
}
