//! What each known element does to the feed or entry that it stands in.

use std::time::Duration;

use url::Url;

use super::{
    Capture, Draft, Field, Reader,
    draft::{GUID_RANK, decode_base64},
};
use crate::{
    source::{
        markup::{Tag, local},
        resolve,
    },
    text::{date, html::to_text},
};

impl<'a> Reader<'a> {
    /// Does what the start of an element asks for; the element is on the stack already.
    pub(super) fn enter(&mut self, field: Field, tag: Tag<'a>) {
        let depth = self.stack.len() - 1;
        match field {
            Field::None | Field::Name => {}
            Field::Root => {
                // RDF and channels may be anything until they have entries, unless they say that they are RSS.
                self.is_feed |= match local(tag.name).to_ascii_lowercase().as_str() {
                    "rdf" => tag.attributes().any(|(_, value)| is_rss_address(value)),
                    "channel" => false,
                    _ => true,
                };
                let lang = self.stack[depth].lang;
                self.head.set_lang(lang);
                if let Some(href) = tag.attribute("href") {
                    // CDF has its link on the channel.
                    let link = self.resolve(href);
                    self.head.offer_link(0, link);
                }
            }
            Field::Entry => self.enter_entry(depth, tag),
            Field::Aside => {
                if self.aside.is_none() {
                    self.aside = Some(depth);
                }
            }
            Field::Enclosure | Field::Media => self.enter_media(tag),
            Field::Link if tag.attribute("href").is_some() => self.enter_link(tag),
            _ if self.aside.is_some() => {}
            Field::Hour | Field::Day if !self.stack.iter().any(|open| is_skip(open.name)) => {}
            _ => self.begin(field, depth, tag),
        }
    }

    fn enter_entry(&mut self, depth: usize, tag: Tag<'a>) {
        self.aside = None;
        let mut draft = Draft::default();
        draft.set_lang(self.stack[depth].lang);
        if let Some(about) = tag.attributes().find(|(name, _)| name.eq_ignore_ascii_case("rdf:about")) {
            draft.set_guid(&self.decode(about.1));
        }
        if let Some(href) = tag.attribute("href") {
            draft.offer_link(0, self.resolve(href));
        }
        if let Some(changed) = tag.attribute("lastmod") {
            draft.updated = date::parse(changed).map(|date| date.at);
        }
        self.entry = Some((depth, draft));
    }

    fn enter_media(&mut self, tag: Tag<'a>) {
        let Some(address) = tag.attribute("url").or_else(|| tag.attribute("href")) else { return };
        let kind = tag.attribute("type").or_else(|| tag.attribute("medium"));
        let is_image = kind.map_or_else(|| is_image_address(address), |kind| kind.starts_with("image"));
        let is_image = is_image || matches!(local(tag.name), "thumbnail" | "image");
        if is_image && let Some(link) = self.resolve(address) {
            self.draft().image.get_or_insert(link);
        }
    }

    /// Reads an Atom link: everything is in its attributes.
    fn enter_link(&mut self, tag: Tag<'a>) {
        if self.aside.is_some() {
            return;
        }
        let href = self.resolve(tag.attribute("href").unwrap_or_default());
        let kind = tag.attribute("type").unwrap_or("text/html").to_ascii_lowercase();
        match tag.attribute("rel").unwrap_or("alternate") {
            "alternate" => {
                let is_page = kind.starts_with("text/html") || kind.starts_with("application/xhtml");
                self.draft().offer_link(if is_page { 0 } else { 2 }, href);
            }
            "hub" => self.feed.hub = self.feed.hub.take().or(href),
            "self" if self.entry.is_none() => self.feed.self_link = self.feed.self_link.take().or(href),
            "enclosure" if kind.starts_with("image/") => {
                let image = &mut self.draft().image;
                *image = image.take().or(href);
            }
            _ => {}
        }
    }

    /// Starts collecting the text of an element.
    fn begin(&mut self, field: Field, depth: usize, tag: Tag<'a>) {
        let kind = tag.attribute("type").unwrap_or_default().to_ascii_lowercase();
        let mode = tag.attribute("mode").unwrap_or_default();
        if field == Field::Guid {
            let permalink = tag.attribute("ispermalink").is_none_or(|value| value.eq_ignore_ascii_case("true"));
            self.draft().guid_is_link = permalink;
        }
        self.capture = Some(Capture {
            field,
            depth,
            raw: kind.contains("xhtml") || mode == "xml",
            base64: mode == "base64" || is_binary(&kind),
            text: String::new(),
        });
    }

    /// Puts the text of an element where it belongs.
    pub(super) fn captured(&mut self, capture: Capture) {
        let Capture { field, depth, base64, mut text, .. } = capture;
        trim(&mut text);
        if text.is_empty() {
            return;
        }
        if base64 && let Some(decoded) = decode_base64(&text) {
            text = decoded;
        }
        let lang = self.stack.last().and_then(|open| open.lang);
        match field {
            Field::Title(rank) => self.draft().offer_title((rank, depth), to_text(&text)),
            Field::Summary(rank) => self.draft().offer_summary(rank, text),
            Field::Content => {
                let draft = self.draft();
                draft.set_lang(lang);
                draft.offer_content(text);
            }
            Field::Link => {
                let link = self.scope.resolve(&text);
                self.draft().offer_link(0, link);
            }
            Field::Guid => {
                self.draft().set_guid(&text);
                // It stands in for a link where there is none.
                if self.draft().guid_is_link && !self.draft().has_better_link_than_guid() {
                    let permalink = self.scope.resolve_name(&text);
                    let draft = self.draft();
                    draft.permalink = permalink;
                    // A guid is a link by default, but only an absolute one is to be believed: many are bare numbers.
                    draft.offer_link(GUID_RANK, resolve(&text, None).filter(|link| Url::parse(link).is_ok()));
                }
            }
            Field::Author | Field::Name => self.draft().push_author(&to_text(&text)),
            Field::Lang => self.draft().set_lang(Some(&text)),
            Field::Published | Field::Updated | Field::Date => self.captured_date(field, &text),
            field => self.captured_rhythm(field, &text),
        }
    }

    fn captured_date(&mut self, field: Field, text: &str) {
        let Some(date) = date::parse(text) else {
            self.unreadable_dates += 1;
            return;
        };
        let draft = self.draft();
        let place = match field {
            Field::Published => &mut draft.published,
            Field::Updated => &mut draft.updated,
            _ => &mut draft.date,
        };
        *place = Some(date.at);
    }

    /// Reads what the feed says of its own rhythm; only the head may.
    fn captured_rhythm(&mut self, field: Field, text: &str) {
        if self.entry.is_some() {
            return;
        }
        let rhythm = &mut self.feed.rhythm;
        match field {
            Field::Ttl => rhythm.interval = text.parse().ok().and_then(minutes).or(rhythm.interval),
            Field::Period => {
                let hours = match text.to_ascii_lowercase().as_str() {
                    "hourly" => 1,
                    "daily" => 24,
                    "weekly" => 7 * 24,
                    "monthly" => 30 * 24,
                    "yearly" => 365 * 24,
                    _ => return,
                };
                self.period = Some(Duration::from_secs(hours * 3600));
            }
            Field::Frequency => self.frequency = text.parse().ok().filter(|&times| times > 0),
            Field::Hour => {
                rhythm.skip_hours.extend(text.parse::<u8>().ok().filter(|&hour| hour <= 24).map(|hour| hour % 24))
            }
            Field::Day => rhythm.skip_days.extend(weekday(text)),
            _ => {}
        }
    }

    fn draft(&mut self) -> &mut Draft {
        match &mut self.entry {
            Some((_, draft)) => draft,
            None => &mut self.head,
        }
    }
}

/// Takes the white space from both ends, in place.
fn trim(text: &mut String) {
    text.truncate(text.trim_end().len());
    text.drain(..text.len() - text.trim_start().len());
}

/// Atom has whatever is neither text nor XML in base64 (RFC 4287, section 4.1.3.3).
fn is_binary(kind: &str) -> bool {
    kind.contains('/') && !kind.starts_with("text/") && !kind.ends_with("xml")
}

fn is_rss_address(address: &str) -> bool {
    address.ends_with("purl.org/rss/1.0/") || address.contains("my.netscape.com/rdf/simple")
}

fn is_skip(name: &str) -> bool {
    ["skiphours", "skipdays"].iter().any(|known| local(name).eq_ignore_ascii_case(known))
}

fn is_image_address(address: &str) -> bool {
    let path = address.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    [".jpg", ".jpeg", ".png", ".webp", ".gif", ".avif"].iter().any(|end| path.ends_with(end))
}

fn minutes(count: u64) -> Option<Duration> {
    // A ttl of nothing is no wish; one beyond a year is a mistake.
    (1..=527_040).contains(&count).then(|| Duration::from_secs(count * 60))
}

/// Returns the number of a weekday, 0 for Monday.
fn weekday(name: &str) -> Option<u8> {
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let name = name.trim().to_ascii_lowercase();
    days.iter().position(|day| name.starts_with(day)).map(|day| day as u8)
}
