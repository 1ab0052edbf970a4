//! What the element names of all feed dialects mean.
//!
//! RSS 0.90 to 2.0, RDF, Atom 0.3 and 1.0 and CDF use few words for few things, so one vocabulary reads them all,
//! whatever a document calls itself.

use crate::source::markup::local;

/// A family of names. Prefixes are looked up by their address; an unknown address falls back to what the prefix
/// usually means, since many feeds declare a wrong one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Space {
    /// RSS, Atom and CDF: the words of feeds themselves.
    Core,
    /// Dublin Core elements and terms.
    Dublin,
    /// RSS content module.
    Content,
    /// RSS syndication module.
    Syndication,
    /// Media RSS.
    Media,
    /// Podcasts.
    Itunes,
    /// XHTML.
    Xhtml,
    /// Anything else.
    Other,
}

impl Space {
    /// Returns the family behind a namespace's address, where it is known.
    pub fn of_address(address: &str) -> Option<Self> {
        let address = address.trim().to_ascii_lowercase();
        let address = address.trim_start_matches("https://").trim_start_matches("http://");
        let address = address.trim_start_matches("www.").trim_end_matches(['/', '#']);
        Some(match address {
            "w3.org/2005/atom" | "purl.org/atom/ns" | "purl.org/rss/1.0" | "purl.org/net/rss1.1" => Self::Core,
            "my.netscape.com/rdf/simple/0.9" | "channel.netscape.com/rdf/simple/0.9" => Self::Core,
            "blogs.law.harvard.edu/tech/rss" | "cyber.law.harvard.edu/rss/rss.html" => Self::Core,
            "purl.org/rss/1.0/modules/rss091" | "w3.org/1999/02/22-rdf-syntax-ns" => Self::Core,
            _ if address.starts_with("backend.userland.com/rss") => Self::Core,
            "purl.org/rss/1.0/modules/content" => Self::Content,
            "purl.org/rss/1.0/modules/syndication" => Self::Syndication,
            "search.yahoo.com/mrss" => Self::Media,
            "w3.org/1999/xhtml" => Self::Xhtml,
            _ if address.starts_with("purl.org/dc/") => Self::Dublin,
            _ if address.ends_with("/podcast-1.0.dtd") => Self::Itunes,
            _ => return None,
        })
    }

    /// Returns the family that a prefix usually stands for.
    pub fn of_prefix(prefix: &str) -> Self {
        match prefix.to_ascii_lowercase().as_str() {
            "" | "atom" | "atom10" | "atom03" | "a10" | "rss" | "rdf" => Self::Core,
            "dc" | "dcterms" | "dct" => Self::Dublin,
            "content" => Self::Content,
            "sy" | "syn" => Self::Syndication,
            "media" => Self::Media,
            "itunes" => Self::Itunes,
            "xhtml" | "html" => Self::Xhtml,
            _ => Self::Other,
        }
    }
}

/// What an element is to a reader of feeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// The document's outermost element.
    Root,
    /// An announced article.
    Entry,
    /// Something with a title and link of its own that is neither feed nor entry.
    Aside,
    /// A title; a lower rank is preferred.
    Title(u8),
    /// A link, in its text or `href`.
    Link,
    /// The entry's own identity.
    Guid,
    /// When it was published.
    Published,
    /// When it was changed.
    Updated,
    /// A date that does not say of what.
    Date,
    /// A short text; a lower rank is preferred.
    Summary(u8),
    /// The full text.
    Content,
    /// Who wrote it: text, or a `Name` inside.
    Author,
    /// The name inside an author.
    Name,
    /// The language.
    Lang,
    /// A file that goes with the entry.
    Enclosure,
    /// A picture or film.
    Media,
    /// Minutes to wait between polls.
    Ttl,
    /// The unit of the update frequency.
    Period,
    /// How often per unit.
    Frequency,
    /// An hour not to poll in, inside `skipHours`.
    Hour,
    /// A day not to poll on, inside `skipDays`.
    Day,
    /// None of these.
    None,
}

impl Field {
    /// Returns what an element of this name means.
    pub fn of(space: Space, name: &str) -> Self {
        let mut buffer = [0; 20];
        let name = local(name).as_bytes();
        let Some(lower) = buffer.get_mut(..name.len()) else { return Self::None };
        lower.copy_from_slice(name);
        lower.make_ascii_lowercase();
        match (space, &*lower) {
            (Space::Core, name) => Self::core(name),
            (Space::Dublin, b"title") => Self::Title(1),
            (Space::Dublin, b"creator" | b"author") => Self::Author,
            (Space::Dublin, b"date") => Self::Date,
            (Space::Dublin, b"issued") => Self::Published,
            (Space::Dublin, b"modified") => Self::Updated,
            (Space::Dublin, b"description") => Self::Summary(1),
            (Space::Dublin, b"language") => Self::Lang,
            (Space::Content, b"encoded") | (Space::Xhtml, b"body") => Self::Content,
            (Space::Syndication, b"updateperiod") => Self::Period,
            (Space::Syndication, b"updatefrequency") => Self::Frequency,
            (Space::Media, b"title") => Self::Title(2),
            (Space::Media, b"description") => Self::Summary(3),
            (Space::Media, b"content" | b"thumbnail") | (Space::Itunes, b"image") => Self::Media,
            (Space::Itunes, b"summary" | b"subtitle") => Self::Summary(2),
            (Space::Itunes, b"author") => Self::Author,
            (Space::Itunes, b"owner") => Self::Aside,
            _ => Self::None,
        }
    }

    fn core(name: &[u8]) -> Self {
        match name {
            b"rss" | b"rdf" | b"feed" | b"channel" => Self::Root,
            b"item" | b"entry" => Self::Entry,
            b"image" | b"textinput" | b"source" => Self::Aside,
            b"title" => Self::Title(0),
            b"link" => Self::Link,
            b"guid" | b"id" => Self::Guid,
            b"pubdate" | b"published" | b"issued" => Self::Published,
            b"updated" | b"modified" | b"lastbuilddate" => Self::Updated,
            b"description" | b"summary" | b"subtitle" | b"tagline" | b"abstract" => Self::Summary(0),
            b"content" | b"fullitem" | b"body" => Self::Content,
            b"author" | b"contributor" | b"managingeditor" => Self::Author,
            b"name" => Self::Name,
            b"language" => Self::Lang,
            b"enclosure" => Self::Enclosure,
            b"ttl" => Self::Ttl,
            b"hour" => Self::Hour,
            b"day" => Self::Day,
            _ => Self::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_known_in_every_spelling() {
        for address in
            ["http://www.w3.org/2005/Atom", "https://www.w3.org/2005/atom/", "http://backend.userland.com/rss2"]
        {
            assert_eq!(Space::of_address(address), Some(Space::Core), "{address}");
        }
        assert_eq!(Space::of_address("http://search.yahoo.com/mrss"), Some(Space::Media));
        assert_eq!(Space::of_address("http://example.org/"), None);
    }

    #[test]
    fn names_mean_the_same_whatever_their_case() {
        assert_eq!(Field::of(Space::Core, "pubDate"), Field::Published);
        assert_eq!(Field::of(Space::Core, "PUBDATE"), Field::Published);
        assert_eq!(Field::of(Space::Dublin, "dc:date"), Field::Date);
        assert_eq!(Field::of(Space::Other, "x:title"), Field::None);
        assert_eq!(Field::of(Space::Core, "a-name-longer-than-any-known"), Field::None);
    }
}
