//! A feed's head or an entry while it is being read: which of several titles, links and texts to take.

use crate::{
    model::{Entry, Time},
    text::html::to_text,
};

/// A description of this many characters is the article itself, not a summary of it: twice the length of what
/// agencies send as a brief.
const FULL_TEXT_CHARS: usize = 2_000;

/// A guid is the last choice for a link.
pub(super) const GUID_RANK: u8 = 3;

/// Most authors of one entry.
const MAX_AUTHORS: usize = 20;

/// What has been read so far.
#[derive(Debug, Default)]
pub(super) struct Draft {
    title: Option<((u8, usize), String)>,
    link: Option<(u8, String)>,
    guid: Option<String>,
    /// The guid says of itself that it is a link.
    pub guid_is_link: bool,
    /// The guid that does, or does not say that it is none, resolved.
    pub permalink: Option<String>,
    /// It has a link that is none to follow: the guid is no stand-in for that.
    has_refused_link: bool,
    /// When it was published.
    pub published: Option<Time>,
    /// When it was changed.
    pub updated: Option<Time>,
    /// A date that does not say of what.
    pub date: Option<Time>,
    summary: Option<(u8, String)>,
    content: Option<String>,
    authors: Vec<String>,
    /// The declared language.
    pub lang: Option<String>,
    /// The address of a picture.
    pub image: Option<String>,
}

impl Draft {
    /// Takes a title if it is better than the last: of a better family, or nearer to the entry itself.
    pub fn offer_title(&mut self, rank: (u8, usize), title: String) {
        if !title.is_empty() && self.title.as_ref().is_none_or(|(known, _)| rank < *known) {
            self.title = Some((rank, title));
        }
    }

    /// Takes a link unless the last was better; of equals the later one counts, as most readers have it.
    pub fn offer_link(&mut self, rank: u8, link: Option<String>) {
        self.has_refused_link |= link.is_none() && rank < GUID_RANK;
        if let Some(link) = link
            && self.link.as_ref().is_none_or(|(known, _)| rank <= *known)
        {
            self.link = Some((rank, link));
        }
    }

    /// Takes a guid; white space and control characters are no part of an identity.
    pub fn set_guid(&mut self, guid: &str) {
        let guid: String = guid.trim().chars().filter(|c| !c.is_control()).collect();
        if !guid.is_empty() {
            self.guid = Some(guid);
        }
    }

    /// Takes the HTML of a summary if it is better than the last, or longer.
    pub fn offer_summary(&mut self, rank: u8, html: String) {
        if self.summary.as_ref().is_none_or(|(known, _)| rank < *known) {
            self.summary = Some((rank, html));
        }
    }

    /// Takes the HTML of a full text if it is longer than the last.
    pub fn offer_content(&mut self, html: String) {
        if self.content.as_ref().is_none_or(|known| html.len() > known.len()) {
            self.content = Some(html);
        }
    }

    /// Takes an author's name out of what feeds put there: `a@b.c (Name)`, `Name <a@b.c>`, a name.
    pub fn push_author(&mut self, text: &str) {
        let name = match text.split_once('@') {
            None => text,
            Some(_) => match text.split_once('(') {
                Some((_, rest)) => rest.split(')').next().unwrap_or_default(),
                None => text.split('<').next().filter(|name| !name.contains('@')).unwrap_or_default(),
            },
        };
        let name = name.trim();
        let is_name = !name.is_empty() && !name.contains("://");
        if is_name && self.authors.len() < MAX_AUTHORS && self.authors.iter().all(|known| known != name) {
            self.authors.push(name.to_owned());
        }
    }

    /// Takes the first language that is one.
    pub fn set_lang(&mut self, lang: Option<&str>) {
        let is_tag = |lang: &&str| {
            (2..=16).contains(&lang.len())
                && lang.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        };
        if self.lang.is_none() {
            self.lang = lang.map(str::trim).filter(is_tag).map(|lang| lang.replace('_', "-"));
        }
    }

    /// Tells whether there is a link that no guid takes the place of.
    pub fn has_better_link_than_guid(&self) -> bool {
        self.link.as_ref().is_some_and(|(rank, _)| *rank < GUID_RANK)
    }

    /// Tells whether there is neither guid nor link to know the entry by.
    pub fn is_nameless(&self) -> bool {
        self.guid.is_none() && self.link.is_none()
    }

    /// Returns the best title.
    pub fn title(&self) -> Option<String> {
        self.title.as_ref().map(|(_, title)| title.clone())
    }

    /// Returns the entry.
    pub fn finish(self) -> Entry {
        let summary = self.summary.map(|(_, html)| html);
        let text = summary.as_deref().map(to_text).filter(|text| !text.is_empty());
        let is_full = text.as_ref().is_some_and(|text| text.len() >= FULL_TEXT_CHARS);
        let content = self.content.or_else(|| summary.filter(|_| is_full));
        Entry {
            guid: self.guid,
            permalink: self.permalink.filter(|_| self.link.is_none() && !self.has_refused_link),
            link: self.link.map(|(_, link)| link),
            title: self.title.map(|(_, title)| title),
            authors: self.authors,
            published_at: self.published.or(self.date),
            updated_at: self.updated,
            summary: text,
            content,
            lang: self.lang,
            image: self.image,
        }
    }
}

/// Decodes base64, as Atom 0.3 allows for every text; `None` where it is none.
pub(super) fn decode_base64(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0u32, 0);
    for byte in text.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=') {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(six);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    String::from_utf8(bytes).ok()
}
