//! Why a response holds no feed.

use super::Discovered;

/// Why a response holds no feed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// A web page instead of a feed.
    #[error("{}", describe_page(feeds, *login))]
    Html {
        /// The feeds that the page points to.
        feeds: Vec<Discovered>,
        /// The page asks for a login, a consent or a proof of being human.
        login: bool,
    },
    /// Nothing at all, or only white space.
    #[error("empty document")]
    Empty,
    /// Something else.
    #[error("not a feed: {0}")]
    NotAFeed(String),
    /// A selector of the configuration that cannot be read.
    #[error("unreadable selector `{0}`")]
    Selector(String),
}

impl Error {
    /// Returns the reason as one word for metrics and output: `html`, `empty`, `not-a-feed` or `selector`.
    pub fn class(&self) -> &'static str {
        match self {
            Self::Html { .. } => "html",
            Self::Empty => "empty",
            Self::NotAFeed(_) => "not-a-feed",
            Self::Selector(_) => "selector",
        }
    }

    /// Tells whether the next poll may bring a feed without anybody's doing.
    pub fn is_transient(&self) -> bool {
        !matches!(self, Self::Selector(_))
    }
}

fn describe_page(feeds: &[Discovered], login: bool) -> String {
    let mut text = "html: a web page instead of a feed".to_owned();
    if login {
        text.push_str(", asking for a login, consent or a browser check");
    }
    if let Some(feed) = feeds.first() {
        text.push_str("; it points to the feed ");
        text.push_str(&feed.url);
    }
    text
}
