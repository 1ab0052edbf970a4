//! Outlets on loopback whose feeds grow: the first `shown` reports are out.

use std::{
    io,
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::{
    http::{self, Document},
    press::{self, Item, Report},
};

/// Outlets, each an address of its own.
const OUTLETS: usize = 8;
/// Feeds of each outlet.
const FEEDS: usize = 4;

pub struct Outlets {
    reports: Vec<Report>,
    authorities: Vec<String>,
    shown: AtomicUsize,
}

impl Outlets {
    /// Opens the outlets; they answer until the process ends.
    pub fn open(reports: usize) -> io::Result<Arc<Self>> {
        let listeners = (0..OUTLETS)
            .map(|outlet| TcpListener::bind((format!("127.0.11.{}", outlet + 1), 0)))
            .collect::<io::Result<Vec<_>>>()?;
        let authorities = listeners
            .iter()
            .map(|listener| listener.local_addr().map(|address| address.to_string()))
            .collect::<io::Result<_>>()?;
        let outlets = Arc::new(Self { reports: press::reports(reports), authorities, shown: AtomicUsize::new(0) });
        for listener in listeners {
            let outlets = outlets.clone();
            http::serve(listener, move |host, path| outlets.document(host, path));
        }
        Ok(outlets)
    }

    /// Publishes so many more reports.
    pub fn publish(&self, more: usize) {
        let all = self.reports.len();
        let _ = self.shown.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |shown| Some((shown + more).min(all)));
    }

    /// Returns the addresses of all feeds.
    pub fn feeds(&self) -> Vec<String> {
        let of =
            |authority: &String| (0..FEEDS).map(|feed| format!("http://{authority}/feed/{feed}")).collect::<Vec<_>>();
        self.authorities.iter().flat_map(of).collect()
    }

    /// Returns the addresses of all reports that are out.
    pub fn published(&self) -> Vec<String> {
        (0..self.shown.load(Ordering::Relaxed)).map(|number| self.url(number)).collect()
    }

    fn url(&self, number: usize) -> String {
        format!("http://{}/report/{number}", self.authorities[number % OUTLETS])
    }

    fn document(&self, host: &str, path: &str) -> Option<Document> {
        let outlet = self.authorities.iter().position(|authority| authority == host)?;
        if let Some(number) = path.strip_prefix("/report/") {
            let number = number.parse().ok().filter(|number| *number < self.reports.len())?;
            return Some(("text/html", press::page(&self.reports, number, &self.url(number))));
        }
        let feed: usize = path.strip_prefix("/feed/")?.parse().ok()?;
        let item = |number: usize| {
            let report = &self.reports[number];
            Item {
                link: self.url(number),
                title: report.title.clone(),
                summary: String::new(),
                published_at: Some(report.published_at),
            }
        };
        let numbers = (0..self.shown.load(Ordering::Relaxed)).rev();
        let own = numbers.filter(|number| number % OUTLETS == outlet && number / OUTLETS % FEEDS == feed);
        Some((
            "application/rss+xml",
            press::feed(&format!("Paper {outlet}, section {feed}"), &own.map(item).collect::<Vec<_>>()),
        ))
    }
}
