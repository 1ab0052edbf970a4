//! The settings as plain data, with their defaults. What each means to its user is said in `config/dateline.toml`.

use std::{fmt, path::PathBuf, time::Duration};

/// Every setting, ready to use.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Where store, index and lock live.
    pub data_dir: PathBuf,
    /// Source files (TOML or OPML), absolute.
    pub sources: Vec<PathBuf>,
    /// Topic files, absolute.
    pub topics: Vec<PathBuf>,
    /// Names files, absolute.
    pub names: Vec<PathBuf>,
    /// How long a stop may take to drain.
    pub shutdown_grace: Duration,
    /// Logs of the daemon.
    pub log: Log,
    /// Requests.
    pub http: Http,
    /// Polling.
    pub poll: Poll,
    /// Reading pages.
    pub harvest: Harvest,
    /// Extraction.
    pub extract: Extract,
    /// Copies and stories.
    pub dedup: Dedup,
    /// The full-text index.
    pub index: Index,
    /// The store.
    pub store: Store,
    /// The HTTP server.
    pub serve: Serve,
    /// Where to deliver what.
    pub alerts: Vec<Alert>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("data"),
            sources: Vec::new(),
            topics: Vec::new(),
            names: Vec::new(),
            shutdown_grace: Duration::from_secs(8),
            log: Log::default(),
            http: Http::default(),
            poll: Poll::default(),
            harvest: Harvest::default(),
            extract: Extract::default(),
            dedup: Dedup::default(),
            index: Index::default(),
            store: Store::default(),
            serve: Serve::default(),
            alerts: Vec::new(),
        }
    }
}

/// How much is logged, least first.
pub const LOG_LEVELS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];

/// `[log]`: logs of the daemon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// One of `error`, `warn`, `info`, `debug` and `trace`.
    pub level: String,
}

impl Default for Log {
    fn default() -> Self {
        Self { level: "info".to_owned() }
    }
}

impl Log {
    /// Returns how much more than `info` is logged; below 0 for less.
    pub fn verbosity(&self) -> i8 {
        let place = |level: &str| LOG_LEVELS.iter().position(|known| *known == level).unwrap_or(2) as i8;
        place(&self.level) - place("info")
    }
}

/// `[http]`: requests.
#[derive(Debug, Clone, PartialEq)]
pub struct Http {
    /// Sent with every request; should name a contact.
    pub user_agent: String,
    /// The whole exchange: connect, headers and body of one request.
    pub timeout: Duration,
    /// The largest body after decompression, in bytes.
    pub max_body: u64,
    /// The most redirect hops of one request.
    pub max_redirects: u32,
    /// Requests under way at once, all hosts together.
    pub max_concurrency: usize,
    /// Requests under way at once on one host.
    pub per_host_concurrency: usize,
    /// From the end of one response of a host to the next request to it.
    pub per_host_delay: Duration,
    /// Whether robots.txt governs pages.
    pub respect_robots: bool,
    /// Whether private, loopback and link-local addresses may be asked.
    pub allow_private_addresses: bool,
    /// A proxy for all requests.
    pub proxy: Option<String>,
    /// Every exchange is appended to this WARC file.
    pub record: Option<PathBuf>,
    /// Answers come from this WARC file instead of the network.
    pub replay: Option<PathBuf>,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            user_agent: concat!(
                "dateline/",
                env!("CARGO_PKG_VERSION"),
                " (news reader; set http.user_agent to name a contact)"
            )
            .to_owned(),
            timeout: Duration::from_secs(30),
            max_body: 8 << 20,
            max_redirects: 8,
            max_concurrency: 32,
            per_host_concurrency: 1,
            per_host_delay: Duration::from_secs(1),
            respect_robots: true,
            allow_private_addresses: false,
            proxy: None,
            record: None,
            replay: None,
        }
    }
}

/// `[poll]`: how often sources are polled.
#[derive(Debug, Clone, PartialEq)]
pub struct Poll {
    /// No source is polled more often.
    pub min_interval: Duration,
    /// Until a source's rhythm is known.
    pub default_interval: Duration,
    /// No source that works is polled less often.
    pub max_interval: Duration,
    /// Entries published longer ago are skipped; `None` takes all.
    pub max_entry_age: Option<Duration>,
}

impl Default for Poll {
    fn default() -> Self {
        Self {
            min_interval: Duration::from_secs(5 * 60),
            default_interval: Duration::from_secs(30 * 60),
            max_interval: Duration::from_secs(24 * 3600),
            max_entry_age: None,
        }
    }
}

/// `[harvest]`: reading the pages of entries.
#[derive(Debug, Clone, PartialEq)]
pub struct Harvest {
    /// Whether entries become articles at all; without, they are stored and wait.
    pub enabled: bool,
    /// Ages at which a young article's page is read again for changes.
    pub reread: Vec<Duration>,
}

impl Default for Harvest {
    fn default() -> Self {
        Self { enabled: true, reread: Vec::new() }
    }
}

/// `[extract]`: from page to article.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Extract {
    /// The user's rules for single sites.
    pub site: Vec<SiteRule>,
}

/// `[[extract.site]]`: the user's rule for one site, as CSS selectors.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SiteRule {
    /// The host, or a domain whose subdomains are meant too.
    pub host: String,
    /// What holds the text.
    pub body: Option<String>,
    /// What holds the headline.
    pub title: Option<String>,
    /// What holds an author's name.
    pub author: Option<String>,
    /// What holds the date.
    pub date: Option<String>,
    /// What is removed before anything is read.
    pub remove: Vec<String>,
}

/// `[dedup]`: copies and stories.
#[derive(Debug, Clone, PartialEq)]
pub struct Dedup {
    /// How long an article can still be recognised.
    pub window: Duration,
    /// The memory that this may take, in bytes: where the window would take more, the oldest articles leave it.
    pub max_memory: u64,
}

impl Default for Dedup {
    fn default() -> Self {
        Self { window: Duration::from_secs(7 * 24 * 3600), max_memory: 1 << 30 }
    }
}

/// `[index]`: the full-text index.
#[derive(Debug, Clone, PartialEq)]
pub struct Index {
    /// The longest a change waits before it is searchable.
    pub commit_interval: Duration,
    /// Memory of the index writer in bytes.
    pub writer_memory: u64,
}

impl Default for Index {
    fn default() -> Self {
        Self { commit_interval: Duration::from_secs(1), writer_memory: 64 << 20 }
    }
}

/// `[store]`: the store.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Store {
    /// Articles published longer ago are pruned; `None` keeps them forever.
    pub keep: Option<Duration>,
    /// The oldest articles are pruned while the store is larger, in bytes; `None` for no limit.
    pub keep_size: Option<u64>,
}

/// `[serve]`: the HTTP server of the daemon.
#[derive(Debug, Clone, PartialEq)]
pub struct Serve {
    /// Address and port; empty for none.
    pub listen: String,
    /// A file with the token that requests must carry.
    pub token_file: Option<PathBuf>,
    /// The token, from that file or from the environment.
    pub token: Option<Secret>,
    /// Listen beyond loopback without a token.
    pub public: bool,
    /// Requests a second that one address may make; 0 for any number.
    pub rate_limit: usize,
    /// The address under which others reach this server, for hubs.
    pub public_url: Option<String>,
}

impl Default for Serve {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8480".to_owned(),
            token_file: None,
            token: None,
            public: false,
            rate_limit: 20,
            public_url: None,
        }
    }
}

/// `[[alerts]]`: what is delivered where.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Alert {
    /// The user's name for it.
    pub name: String,
    /// A query in the language of search.
    pub query: Option<String>,
    /// A topic, by id or name.
    pub topic: Option<String>,
    /// A webhook's address.
    pub webhook: Option<String>,
    /// A file with the key that signs webhook bodies (HMAC-SHA-256).
    pub secret_file: Option<PathBuf>,
    /// The key, from that file.
    pub secret: Option<Secret>,
    /// A file that gets JSON lines; `-` for standard output.
    pub file: Option<PathBuf>,
    /// Deliver every article, not only the first of a story.
    pub every_article: bool,
}

/// A token or key that is used but never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
