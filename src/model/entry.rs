//! What a feed announces.

use serde::{Deserialize, Serialize};

use super::{CanonicalUrl, EntryId, SourceId, Time};

/// An item of a feed, sitemap or listing, as its document gives it, with links resolved.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The guid, atom:id or rdf:about as given.
    pub guid: Option<String>,
    /// The link to the article, absolute; `http` and `https` only.
    pub link: Option<String>,
    /// What stands in for a link where there is none: the guid, unless it says of itself that it is no link. To be shown,
    /// not to be asked for: it is often no address at all.
    #[serde(skip)]
    pub permalink: Option<String>,
    /// The title as plain text.
    pub title: Option<String>,
    /// The authors' names.
    pub authors: Vec<String>,
    /// When the entry says it was published.
    pub published_at: Option<Time>,
    /// When the entry says it was last changed.
    pub updated_at: Option<Time>,
    /// The summary as plain text.
    pub summary: Option<String>,
    /// The full content as HTML, where the feed carries it.
    pub content: Option<String>,
    /// The language declared for the entry, else for its feed (BCP 47).
    pub lang: Option<String>,
    /// The address of a lead image.
    pub image: Option<String>,
}

impl Entry {
    /// Returns the entry's id: from source and guid, else from source and canonical link, else from what it says.
    ///
    /// A link without a guid is canonicalised first, so a volatile tracking token makes no second entry.
    pub fn id(&self, source: SourceId) -> EntryId {
        if let Some(guid) = self.guid.as_deref().filter(|guid| !guid.is_empty()) {
            // A guid that is a link keeps its identity when the outlet moves from http to https.
            return match CanonicalUrl::parse(guid) {
                Ok(url) => EntryId::of(source, &["url", url.without_scheme()]),
                Err(_) => EntryId::of(source, &["guid", guid]),
            };
        }
        match self.link.as_deref().map(CanonicalUrl::parse) {
            Some(Ok(url)) => match url.without_scheme().split_once('?') {
                // Some servers put another token into the link of each answer: title and date say more than a query.
                Some((page, _)) if self.title.is_some() && self.published_at.is_some() => {
                    let title = self.title.as_deref().unwrap_or_default();
                    let published_at = self.published_at.map(|at| at.to_rfc3339()).unwrap_or_default();
                    EntryId::of(source, &["page", page, title, &published_at])
                }
                _ => EntryId::of(source, &["url", url.without_scheme()]),
            },
            _ => {
                let title = self.title.as_deref().unwrap_or_default();
                let summary = self.summary.as_deref().unwrap_or_default();
                EntryId::of(source, &["text", title, summary])
            }
        }
    }
}
