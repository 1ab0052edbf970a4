//! dateline follows the news: it polls feeds, reads every article in full, recognises the same report under many
//! mastheads, groups what covers one event, tags topics, and keeps everything searchable.
//!
//! The rooms in the order in which an article passes them, on four floors. Imports go down only; rooms of one floor do not
//! import each other, but for `text` and `query`, which serve the pure floor, and for the wiring.
//!
//! | floor | room | |
//! |---|---|---|
//! | words | [`model`] | what things are called: source, entry, page, article, story, topic |
//! | | [`config`] | settings, sources and topics as plain data, every problem reported at once |
//! | | [`telemetry`] | logs and metrics |
//! | pure | [`text`] | words, folding, stemming, language, dates |
//! | | [`query`] | the language of search |
//! | | [`source`] | a response into entries; when to poll next |
//! | | [`extract`] | a page into an article |
//! | | [`dedup`] | is it a copy, of what, and which story does it belong to |
//! | | [`topic`] | which topics, and why |
//! | edges | [`fetch`] | requests: the network or a recording |
//! | | [`store`] | SQLite, the truth |
//! | | [`index`] | tantivy, derived from it |
//! | | [`sink`] | where alerts go |
//! | wiring | [`pipeline`] | the flow from a due source to a searchable article |
//! | | [`serve`] | HTTP: JSON, pages, health, metrics |
//! | | [`cli`] | the command line |
//!
//! From `main` to one article: `main.rs`, `cli/run.rs`, `pipeline/mod.rs`, `pipeline/harvest.rs`.

/// What one thread makes another often drops: an entry is read here and stored there. The C library's heaps make these
/// wait for each other, or keep what each once needed; see `docs/operations.md` for what that came to.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

// Words.
pub mod config;
pub mod model;
pub mod telemetry;
// Pure.
pub mod dedup;
pub mod extract;
pub mod query;
pub mod source;
pub mod text;
pub mod topic;
// Edges.
pub mod fetch;
pub mod index;
pub mod sink;
pub mod store;
// Wiring.
pub mod cli;
pub mod pipeline;
pub mod serve;
