//! A page as it was read, before it is settled what becomes of its entry: where it shows little of its article, another
//! version of it (AMP, for print) may show more.

use crate::model::{CanonicalUrl, Extracted, Kind, Time, UrlError, Validators, outlet_of};

/// A page as it was read.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    /// Where it came from, after redirects.
    pub url: String,
    /// The addresses that led there.
    pub hops: Vec<String>,
    pub text: Extracted,
    pub fetched_at: Time,
    /// When it is read again for changes, and what it can then be asked for with.
    pub reread: Option<(Time, Validators)>,
}

impl Draft {
    /// Returns the address that the article is kept under.
    ///
    /// # Errors
    /// When that is not an address to keep.
    pub fn address(&self) -> Result<CanonicalUrl, UrlError> {
        CanonicalUrl::of_page(&self.url, self.text.declared_url.as_deref())
    }

    /// Returns where another version of the page stands that may show more: on its own outlet only.
    pub fn fuller_version(&self) -> Option<&str> {
        self.text.fuller_url.as_deref().filter(|url| outlet_of(url) == outlet_of(&self.url))
    }

    /// Returns the draft with the text of another version where that is longer; all else stays the page's own.
    pub fn or_fuller(mut self, version: Self) -> Self {
        let length = |draft: &Self| draft.text.body.chars().count();
        if length(&version) > length(&self) && self.is_told_by(&version) {
            self.hops.push(version.url);
            self.hops.extend(version.hops);
            let Extracted { title, authors, published_at, body, kind, method, .. } = version.text;
            let text = &mut self.text;
            text.method.body = method.body;
            text.title = text.title.take().or(title);
            text.published_at = text.published_at.or(published_at);
            if text.authors.is_empty() {
                text.authors = authors;
            }
            (text.body, text.kind) = (body, kind);
        }
        self
    }

    /// Whether another version tells the same article: by its own word on the address, or under the same headline. Some
    /// pages link one version for all, or one that leads to the front page by now.
    fn is_told_by(&self, version: &Self) -> bool {
        let same_address = self.address().is_ok_and(|own| version.address().is_ok_and(|other| own == other));
        let same_title = self.text.title.is_some() && self.text.title == version.text.title;
        !matches!(version.text.kind, Kind::Index | Kind::Error)
            && outlet_of(&self.url) == outlet_of(&version.url)
            && (same_address || same_title)
    }
}
