//! What is in force at one place of a document: namespace prefixes, and the address that links are relative to.

use url::Url;

use super::vocabulary::Space;
use crate::source::resolve;

/// Most prefixes in force at one place: each prefixed element looks through them.
const MAX_PREFIXES: usize = 200;

/// How much was in force at some place, to come back to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    prefixes: usize,
    bases: usize,
}

/// What is in force, the innermost last.
pub(super) struct Scope<'a> {
    prefixes: Vec<(&'a str, Space)>,
    bases: Vec<Url>,
}

impl<'a> Scope<'a> {
    /// Returns what is in force before the first element.
    pub fn of_document(url: &str) -> Self {
        Self { prefixes: Vec::new(), bases: Url::parse(url).into_iter().collect() }
    }

    /// Returns how much is in force here.
    pub fn mark(&self) -> Mark {
        Mark { prefixes: self.prefixes.len(), bases: self.bases.len() }
    }

    /// Ends what was declared since.
    pub fn back_to(&mut self, mark: Mark) {
        self.prefixes.truncate(mark.prefixes);
        self.bases.truncate(mark.bases);
    }

    /// Takes `xmlns:prefix`.
    pub fn declare_prefix(&mut self, prefix: &'a str, address: &str) {
        if self.prefixes.len() < MAX_PREFIXES {
            let space = Space::of_address(address).unwrap_or_else(|| Space::of_prefix(prefix));
            self.prefixes.push((prefix, space));
        }
    }

    /// Takes `xml:base`, relative to the one outside.
    pub fn declare_base(&mut self, address: &str) {
        self.bases.extend(self.resolve(address).and_then(|base| Url::parse(&base).ok()));
    }

    /// Returns the family of names that a prefix stands for.
    pub fn space_of(&self, prefix: &str) -> Space {
        let declared = self.prefixes.iter().rev().find(|(known, _)| *known == prefix);
        declared.map_or_else(|| Space::of_prefix(prefix), |&(_, space)| space)
    }

    /// Returns an address as an absolute link.
    pub fn resolve(&self, address: &str) -> Option<String> {
        resolve(address, self.bases.last())
    }

    /// Returns a name that may stand for a link: an absolute one, or a `urn:` or `tag:` as it is.
    pub fn resolve_name(&self, name: &str) -> Option<String> {
        let is_name = Url::parse(name).is_ok_and(|url| matches!(url.scheme(), "urn" | "tag"));
        if is_name { Some(name.to_owned()) } else { self.resolve(name) }
    }
}
