//! Settings, sources and topics as plain data; every problem reported at once.

mod settings;
mod topics;

pub use self::settings::{Alert, Dedup, Extract, Harvest, Http, Index, Poll, Serve, Settings, SiteRule, Store};
pub use self::topics::{Phrases, TopicRule};
