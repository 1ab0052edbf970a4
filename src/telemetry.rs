//! Logs and metrics: set up once, used everywhere by the same names.
//!
//! Metrics are `dateline_<noun>_<unit>[_total]` with
//! labels from closed sets, never URLs.

mod logs;

use std::sync::LazyLock;

use prometheus::{
    CounterVec, Encoder, Histogram, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Registry, TextEncoder,
    histogram_opts, opts,
};

pub use self::logs::{LogFormat, init_logs, set_verbosity};

/// Every metric of dateline.
pub struct Metrics {
    registry: Registry,
    /// Polls by `outcome`: new, unchanged, not_modified, failed.
    pub polls: IntCounterVec,
    /// Requests by `purpose`: source, page, robots, hub.
    pub requests: IntCounterVec,
    /// Bytes received from servers, as sent over the wire.
    pub received_bytes: IntCounter,
    /// Articles by `result`: new, revised, unchanged.
    pub articles: IntCounterVec,
    /// Pages that brought no article, by `result`: skipped, failed.
    pub pages: IntCounterVec,
    /// What passed a stage, by `stage` (poll, harvest, commit, index, alert) and `flow` (in, out, failed).
    pub stage_items: IntCounterVec,
    /// How long a `stage` had to wait for what comes after it.
    pub backpressure_seconds: CounterVec,
    /// What waits now, by `stage`: poll, harvest, commit, index, alert.
    pub queue_depth: IntGaugeVec,
    /// Hosts whose pages wait because they asked for it, or because their robots.txt cannot be had.
    pub hosts_held: IntGauge,
    /// Sources known, by `status`.
    pub sources: IntGaugeVec,
    /// How long a transaction of the store takes.
    pub commit_seconds: Histogram,
    /// How long a commit of the index takes.
    pub index_commit_seconds: Histogram,
    /// From the end of a fetch to the index commit that makes it searchable.
    pub searchable_lag_seconds: Histogram,
    /// From the publication to the index commit that makes it searchable.
    pub published_lag_seconds: Histogram,
    /// The last sequence number of the change log that the index has applied.
    pub index_sequence: IntGauge,
    /// Failed writes to the store.
    pub store_failures: IntCounter,
    /// Failed writes to the index, and failed tries to open it again.
    pub index_failures: IntCounter,
    /// Panics by `stage`: poll, harvest, commit, follow, alert, requests, retag, prune, reload, dispatch.
    pub stage_deaths: IntCounterVec,
    /// Alert deliveries by `outcome`: delivered, failed.
    pub alerts: IntCounterVec,
    /// When the last poll succeeded, in seconds since 1970.
    pub last_successful_poll: IntGauge,
    /// When the configuration was last read, in seconds since 1970.
    pub config_last_reload: IntGauge,
    /// Whether the last reload of the configuration succeeded (1) or not (0).
    pub config_last_reload_successful: IntGauge,
}

static METRICS: LazyLock<Metrics> = LazyLock::new(Metrics::new);

/// Returns the metrics of this process.
pub fn metrics() -> &'static Metrics {
    &METRICS
}

impl Metrics {
    fn new() -> Self {
        let registry = Registry::new();
        let counters = |name: &str, help: &str, label: &str| {
            register(&registry, IntCounterVec::new(opts!(name, help), &[label]).expect("a valid metric name"))
        };
        let gauges = |name: &str, help: &str, label: &str| {
            register(&registry, IntGaugeVec::new(opts!(name, help), &[label]).expect("a valid metric name"))
        };
        let counter =
            |name: &str, help: &str| register(&registry, IntCounter::new(name, help).expect("a valid metric name"));
        let gauge =
            |name: &str, help: &str| register(&registry, IntGauge::new(name, help).expect("a valid metric name"));
        let histogram = |name: &str, help: &str, buckets: Vec<f64>| {
            let options = histogram_opts!(name, help, buckets);
            register(&registry, Histogram::with_opts(options).expect("a valid metric name"))
        };
        let commit_buckets = vec![0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0];
        Self {
            polls: counters("dateline_polls_total", "Polls by outcome", "outcome"),
            requests: counters("dateline_requests_total", "Requests sent by purpose", "purpose"),
            received_bytes: counter("dateline_received_bytes_total", "Bytes received over the wire"),
            articles: counters("dateline_articles_total", "Articles stored by result", "result"),
            pages: counters("dateline_pages_total", "Pages without an article by result", "result"),
            stage_items: register(
                &registry,
                IntCounterVec::new(opts!("dateline_stage_items_total", "Items by stage and flow"), &["stage", "flow"])
                    .expect("a valid metric name"),
            ),
            backpressure_seconds: register(
                &registry,
                CounterVec::new(opts!("dateline_backpressure_seconds_total", "Waiting for the next stage"), &["stage"])
                    .expect("a valid metric name"),
            ),
            hosts_held: gauge("dateline_hosts_held", "Hosts whose pages wait"),
            queue_depth: gauges("dateline_queue_depth", "Jobs waiting by stage", "stage"),
            sources: gauges("dateline_sources", "Sources by status", "status"),
            commit_seconds: histogram("dateline_commit_seconds", "Store transaction time", commit_buckets.clone()),
            index_commit_seconds: histogram("dateline_index_commit_seconds", "Index commit time", commit_buckets),
            searchable_lag_seconds: histogram(
                "dateline_searchable_lag_seconds",
                "From fetched to searchable",
                vec![0.5, 1.0, 2.0, 5.0, 15.0, 60.0, 300.0],
            ),
            published_lag_seconds: histogram(
                "dateline_published_lag_seconds",
                "From published to searchable",
                vec![60.0, 300.0, 900.0, 1800.0, 3600.0, 14_400.0, 86_400.0],
            ),
            index_sequence: gauge("dateline_index_sequence", "Last change applied to the index"),
            store_failures: counter("dateline_store_failures_total", "Failed writes to the store"),
            index_failures: counter("dateline_index_failures_total", "Failures of the index, which is opened again"),
            stage_deaths: counters("dateline_stage_deaths_total", "Panics by stage, which is started again", "stage"),
            alerts: counters("dateline_alerts_total", "Alert deliveries by outcome", "outcome"),
            last_successful_poll: gauge(
                "dateline_last_successful_poll_timestamp_seconds",
                "When the last poll succeeded",
            ),
            config_last_reload: gauge(
                "dateline_config_last_reload_timestamp_seconds",
                "When the configuration was last read",
            ),
            config_last_reload_successful: gauge(
                "dateline_config_last_reload_successful",
                "Whether the last reload of the configuration succeeded",
            ),
            registry,
        }
    }

    /// Counts items that came into a stage (`flow` "in"), left it ("out") or failed in it ("failed").
    pub fn passed(&self, stage: &str, flow: &str, items: usize) {
        self.stage_items.with_label_values(&[stage, flow]).inc_by(items as u64);
    }

    /// Notes that the configuration was read, at this time (seconds since 1970), and whether it holds.
    pub fn reloaded(&self, at: i64, succeeded: bool) {
        self.config_last_reload.set(at);
        self.config_last_reload_successful.set(i64::from(succeeded));
    }

    /// Returns all metrics in the text format of Prometheus.
    pub fn render(&self) -> String {
        let mut text = Vec::new();
        // Writing into memory cannot fail, and the encoder emits UTF-8.
        let _ = TextEncoder::new().encode(&self.registry.gather(), &mut text);
        String::from_utf8_lossy(&text).into_owned()
    }
}

fn register<C: prometheus::core::Collector + Clone + 'static>(registry: &Registry, metric: C) -> C {
    registry.register(Box::new(metric.clone())).expect("each metric is registered once");
    metric
}
