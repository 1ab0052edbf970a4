//! Topic rules as plain data. What they mean is `topic/`'s business.

use std::collections::BTreeMap;

use serde::Deserialize;

/// `[[topic]]`: a named rule that tags articles.
// Every key that is no setting is a language, so an unknown one is refused where phrases are checked.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct TopicRule {
    /// Lowercase words joined by hyphens.
    pub id: String,
    /// The name on screen and in JSON.
    pub name: String,
    /// The IPTC Media Topics code with its scheme, such as `medtop:20000076`.
    pub iptc: Option<String>,
    /// The id of the parent, which finds its children's articles too.
    pub parent: Option<String>,
    /// The ids of topics (their descendants, too) that are not given where this one has a higher score.
    #[serde(default)]
    pub outranks: Vec<String>,
    /// When the topic is given, for the reader of the file.
    pub description: Option<String>,
    /// The score that gives the topic, in the units of the phrases (a strong phrase counts 3, a weak one 1).
    pub min_score: Option<f32>,
    /// A query in the language of search, instead of phrases.
    pub query: Option<String>,
    /// The phrases of each language (ISO 639-1); `any` holds in every language.
    #[serde(flatten)]
    pub phrases: BTreeMap<String, Phrases>,
}

impl TopicRule {
    /// Tells whether it has nothing but an id and phrases: it says more of a topic that is told elsewhere.
    pub(super) fn only_adds_phrases(&self) -> bool {
        let Self { id, phrases, .. } = self.clone();
        !phrases.is_empty() && *self == Self { name: Self::name_of(&id), id, phrases, ..Self::default() }
    }

    /// Takes the phrases of another rule beside its own.
    pub(super) fn add_phrases(&mut self, other: Self) {
        for (language, more) in other.phrases {
            let Phrases { strong, weak, near, none, none_near } = self.phrases.entry(language).or_default();
            strong.extend(more.strong);
            weak.extend(more.weak);
            near.extend(more.near);
            none.extend(more.none);
            none_near.extend(more.none_near);
        }
    }

    /// Returns the name of a topic that is given none: as its id reads.
    pub(super) fn name_of(id: &str) -> String {
        id.replace('-', " ")
    }
}

/// The phrases of one topic in one language.
///
/// A phrase is one or more words; a word that ends in `*` matches any ending, other words match their inflected forms
/// where a stemmer exists, and an acronym (a word in capitals) matches itself only. Weak phrases count fully beside strong
/// ones, and half without.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Phrases {
    /// Phrases that speak for the topic by themselves.
    pub strong: Vec<String>,
    /// Phrases that speak for it only together with others.
    pub weak: Vec<String>,
    /// `["a|b", "c|d", 6]`: one of the first within so many words of one of the second; counts as strong.
    pub near: Vec<(String, String, u32)>,
    /// Phrases that rule the topic out.
    pub none: Vec<String>,
    /// `["a|b", "c|d", 6]`: drops a hit of the first that stands within so many words of one of the second.
    pub none_near: Vec<(String, String, u32)>,
}
