//! Links to the search page that ask a little more, less or other than the page that shows them.

use url::form_urlencoded;

use crate::text::html::escape;

/// The parameters of a search. One that is changed begins on its first page.
#[derive(Debug, Clone, Default)]
pub(super) struct Link {
    pairs: Vec<(String, String)>,
}

impl Link {
    /// Takes the parameters of a request; what a form left empty asks nothing.
    pub fn of(query: &str) -> Self {
        let pairs = form_urlencoded::parse(query.as_bytes()).into_owned();
        Self { pairs: pairs.filter(|(name, value)| !value.is_empty() && name != "cursor").collect() }
    }

    /// Asks for one more value.
    pub fn and(mut self, name: &str, value: &str) -> Self {
        self.pairs.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Asks for this value instead of any other.
    pub fn with(self, name: &str, value: &str) -> Self {
        self.without(name).and(name, value)
    }

    /// Asks nothing by this name.
    pub fn without(mut self, name: &str) -> Self {
        self.pairs.retain(|(known, _)| known != name);
        self
    }

    /// Asks for this value no more.
    pub fn except(mut self, name: &str, value: &str) -> Self {
        self.pairs.retain(|(known, asked)| known != name || asked != value);
        self
    }

    /// Returns the names and values.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Returns the address under a path, escaped for an attribute.
    pub fn href(&self, path: &str) -> String {
        if self.pairs.is_empty() {
            return path.to_owned();
        }
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.pairs).finish();
        format!("{path}?{}", escape(&query))
    }
}

/// Where feed readers find a search, for the head of its page.
pub(super) fn alternates(link: &Link) -> String {
    let formats = [("atom", "application/atom+xml"), ("rss", "application/rss+xml"), ("json", "application/feed+json")];
    let link = link.clone().without("stories");
    let line = |(end, kind)| {
        let href = link.href(&format!("/feeds/search.{end}"));
        format!("<link rel=alternate type=\"{kind}\" title=\"This search\" href=\"{href}\">")
    };
    formats.map(line).concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_keep_what_they_do_not_change() {
        let link = Link::of("q=a+b&topic=x&topic=y&since=&cursor=AX");
        let href = |link: Link| link.href("/");
        assert_eq!(href(link.clone()), "/?q=a+b&amp;topic=x&amp;topic=y");
        assert_eq!(href(link.clone().with("q", "c")), "/?topic=x&amp;topic=y&amp;q=c");
        assert_eq!(href(link.clone().and("topic", "\"><b")), "/?q=a+b&amp;topic=x&amp;topic=y&amp;topic=%22%3E%3Cb");
        assert_eq!(href(link.clone().except("topic", "x")), "/?q=a+b&amp;topic=y");
        assert_eq!(href(link.without("q").without("topic")), "/");
    }
}
