//! What settings have to be for dateline to work, each and together.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use super::{Origin, Problem, Settings, settings::LOG_LEVELS};

/// More requests at once than this need more file descriptors than systems give.
const MAX_CONCURRENCY: usize = 10_000;

/// tantivy refuses an index writer with less (`MEMORY_BUDGET_NUM_BYTES_MIN`) or more (`MEMORY_BUDGET_NUM_BYTES_MAX`).
const WRITER_MEMORY: std::ops::Range<u64> = 15_000_000..(4 << 30) - 1_000_000;

/// Less than this would forget within hours what a hundred outlets publish.
const MIN_DEDUP_MEMORY: u64 = 16_000_000;

/// Returns what is wrong with the settings, each problem placed where the value came from.
pub(super) fn check(settings: &Settings, origins: &BTreeMap<String, Origin>) -> Vec<Problem> {
    let mut checks = Checks { origins, problems: Vec::new() };
    checks.http(settings);
    checks.rhythm(settings);
    checks.serve(settings);
    checks.problems
}

struct Checks<'o> {
    origins: &'o BTreeMap<String, Origin>,
    problems: Vec<Problem>,
}

impl Checks<'_> {
    fn http(&mut self, settings: &Settings) {
        let http = &settings.http;
        self.positive("http.timeout", http.timeout);
        self.require("http.max_body", http.max_body > 0, "leaves no room for a body");
        self.require("http.max_redirects", http.max_redirects <= 50, "is more than 50");
        let is_possible = (1..=MAX_CONCURRENCY).contains(&http.max_concurrency);
        self.require("http.max_concurrency", is_possible, "is not between 1 and 10000");
        let is_possible = (1..=http.max_concurrency.max(1)).contains(&http.per_host_concurrency);
        self.require("http.per_host_concurrency", is_possible, "is not between 1 and http.max_concurrency");
        let is_header =
            !http.user_agent.trim().is_empty() && http.user_agent.bytes().all(|b| (0x20..0x7f).contains(&b));
        self.require("http.user_agent", is_header, "is not plain ASCII text on one line");
        if let Some(proxy) = &http.proxy {
            self.require("http.proxy", super::is_web_address(proxy), "is not an http or https address");
        }
        if http.record.is_some() {
            self.require("http.record", http.replay.is_none(), "cannot be used together with http.replay");
        }
        if let Some(replay) = &http.replay {
            self.require("http.replay", replay.is_file(), "is not a file");
        }
    }

    fn rhythm(&mut self, settings: &Settings) {
        let poll = &settings.poll;
        self.positive("poll.min_interval", poll.min_interval);
        let in_range = (poll.min_interval..=poll.max_interval).contains(&poll.default_interval);
        if poll.min_interval > poll.max_interval {
            self.require("poll.min_interval", false, "is longer than poll.max_interval");
        } else {
            self.require("poll.default_interval", in_range, "is not between poll.min_interval and poll.max_interval");
        }
        for (key, duration) in [
            ("poll.max_entry_age", poll.max_entry_age),
            ("store.keep", settings.store.keep),
            ("harvest.reread", settings.harvest.reread.iter().min().copied()),
            ("dedup.window", Some(settings.dedup.window)),
            ("index.commit_interval", Some(settings.index.commit_interval)),
            ("shutdown_grace", Some(settings.shutdown_grace)),
        ] {
            self.positive(key, duration.unwrap_or(Duration::MAX));
        }
        let is_level = LOG_LEVELS.contains(&settings.log.level.as_str());
        self.require("log.level", is_level, "is none of error, warn, info, debug, trace");
        self.require("dedup.max_memory", settings.dedup.max_memory >= MIN_DEDUP_MEMORY, "is below 16MB");
        let is_possible = WRITER_MEMORY.contains(&settings.index.writer_memory);
        self.require("index.writer_memory", is_possible, "is not between 15MB and 4GiB");
    }

    fn serve(&mut self, settings: &Settings) {
        let serve = &settings.serve;
        if let Some(url) = &serve.public_url {
            self.require("serve.public_url", super::is_web_address(url), "is not an http or https address");
            self.require("serve.public_url", !serve.listen.is_empty(), "is of no use without serve.listen");
        }
        if serve.listen.is_empty() {
            return;
        }
        let (host, port) = serve.listen.rsplit_once(':').unwrap_or_default();
        let is_local_name = host == "localhost" && port.parse::<u16>().is_ok();
        let address = serve.listen.parse::<SocketAddr>().ok();
        if address.is_none() && !is_local_name {
            self.require("serve.listen", false, "is not an address and port such as `127.0.0.1:8480` or `[::1]:8480`");
            return;
        }
        let is_closed = address.is_none_or(|address| address.ip().is_loopback());
        if !is_closed && !serve.public && serve.token_file.is_none() && serve.token.is_none() {
            self.require("serve.listen", false, "can be reached from other machines without a token");
            if let Some(problem) = self.problems.last_mut() {
                problem.hint = Some("set serve.token_file, or serve.public = true to let everybody read".to_owned());
            }
        }
    }

    fn positive(&mut self, key: &str, duration: Duration) {
        self.require(key, !duration.is_zero(), "is not longer than nothing");
    }

    fn require(&mut self, key: &str, holds: bool, message: &str) {
        if holds {
            return;
        }
        let origin = self.origins.get(key).cloned().unwrap_or_default();
        let value = if origin.value.is_empty() { String::new() } else { format!(" (`{}`)", origin.value) };
        let problem = Problem::new(format!("`{key}`{value} {message}"));
        self.problems.push(origin.place.locate(problem));
    }
}
