//! The user's rules for single sites.

use scraper::Selector;
use serde::Serialize;

use super::{Error, author, dom::Dom};
use crate::{
    config::SiteRule,
    model::{PublishedAt, host_of},
    text::date,
};

/// The rules, with their selectors compiled.
#[derive(Debug, Default)]
pub(super) struct Sites {
    rules: Vec<Rule>,
}

/// One site's rule.
#[derive(Debug)]
pub(super) struct Rule {
    host: String,
    body: Option<Compiled>,
    title: Option<Compiled>,
    author: Option<Compiled>,
    date: Option<Compiled>,
    remove: Vec<Compiled>,
}

/// A selector as it was written, and compiled.
#[derive(Debug)]
struct Compiled {
    text: String,
    selector: Selector,
}

/// What a rule's selectors found on a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trial {
    /// The rule's host.
    pub host: String,
    /// Every selector of the rule, in the order of the settings.
    pub selectors: Vec<Hit>,
}

/// What one selector found on a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hit {
    /// Which of the rule's settings.
    pub field: &'static str,
    /// The selector as written.
    pub selector: String,
    /// How many elements it matches.
    pub matches: usize,
    /// The text of the first of them.
    pub first: Option<String>,
}

impl Sites {
    /// Compiles the rules.
    ///
    /// # Errors
    /// Every selector that cannot be read.
    pub fn new(rules: &[SiteRule]) -> Result<Self, Vec<Error>> {
        let mut errors = Vec::new();
        let mut compile = |host: &str, field: &'static str, selector: Option<&str>| {
            let selector = selector?;
            let text = selector.to_owned();
            match Selector::parse(selector) {
                Ok(selector) => return Some(Compiled { text, selector }),
                Err(_) => errors.push(Error::Selector { host: host.to_owned(), field, selector: text }),
            }
            None
        };
        let rules = rules
            .iter()
            .map(|rule| Rule {
                host: rule.host.trim_start_matches("www.").to_ascii_lowercase(),
                body: compile(&rule.host, "body", rule.body.as_deref()),
                title: compile(&rule.host, "title", rule.title.as_deref()),
                author: compile(&rule.host, "author", rule.author.as_deref()),
                date: compile(&rule.host, "date", rule.date.as_deref()),
                remove: rule.remove.iter().filter_map(|remove| compile(&rule.host, "remove", Some(remove))).collect(),
            })
            .collect();
        if errors.is_empty() { Ok(Self { rules }) } else { Err(errors) }
    }

    /// Returns the rule for a page: the one for the longest matching host.
    pub fn of(&self, url: &str) -> Option<&Rule> {
        if self.rules.is_empty() {
            return None;
        }
        let host = host_of(url)?;
        let matches =
            |rule: &&Rule| host == rule.host || host.strip_suffix(&rule.host).is_some_and(|front| front.ends_with('.'));
        self.rules.iter().filter(matches).max_by_key(|rule| rule.host.len())
    }
}

impl Rule {
    /// Returns the headline that the rule points at.
    pub fn title(&self, dom: &Dom<'_>) -> Option<String> {
        let at = *matches(dom, self.title.as_ref()?).first()?;
        Some(dom.text(at)).filter(|title| !title.is_empty())
    }

    /// Returns the names that the rule points at.
    pub fn authors(&self, dom: &Dom<'_>) -> Vec<String> {
        let found = self.author.iter().flat_map(|selector| matches(dom, selector)).take(32);
        author::from_names(&found.map(|at| dom.text(at)).collect::<Vec<_>>())
    }

    /// Returns the date that the rule points at.
    pub fn date(&self, dom: &Dom<'_>) -> Option<PublishedAt> {
        matches(dom, self.date.as_ref()?).into_iter().take(8).find_map(|at| {
            let node = &dom.nodes[at];
            let given = ["datetime", "content"].into_iter().find_map(|name| node.attr(name));
            given.and_then(date::parse).or_else(|| date::parse(&dom.text(at)))
        })
    }

    /// Returns the elements that hold the text, outermost only; `None` where the rule does not say.
    pub fn body(&self, dom: &Dom<'_>) -> Option<Vec<usize>> {
        let mut until = 0;
        let found = matches(dom, self.body.as_ref()?).into_iter().filter(|&at| {
            let is_outer = at >= until;
            until = until.max(dom.nodes[at].end as usize);
            is_outer
        });
        Some(found.collect())
    }

    /// Returns what each selector finds.
    pub fn trial(&self, dom: &Dom<'_>) -> Trial {
        let one = [("body", &self.body), ("title", &self.title), ("author", &self.author), ("date", &self.date)];
        let one = one.into_iter().filter_map(|(field, compiled)| Some((field, compiled.as_ref()?)));
        let all = one.chain(self.remove.iter().map(|compiled| ("remove", compiled)));
        let hit = |(field, compiled): (&'static str, &Compiled)| {
            let found = matches(dom, compiled);
            let first = found.first().map(|&at| dom.text(at));
            Hit { field, selector: compiled.text.clone(), matches: found.len(), first }
        };
        Trial { host: self.host.clone(), selectors: all.map(hit).collect() }
    }

    /// Returns the elements that are to be left out.
    pub fn removed(&self, dom: &Dom<'_>) -> Vec<usize> {
        self.remove.iter().flat_map(|selector| matches(dom, selector)).collect()
    }
}

fn matches(dom: &Dom<'_>, compiled: &Compiled) -> Vec<usize> {
    let is_match = |at: &usize| dom.nodes[*at].element.is_some_and(|element| compiled.selector.matches(&element));
    (0..dom.nodes.len()).filter(is_match).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(host: &str, body: &str) -> SiteRule {
        SiteRule { host: host.to_owned(), body: Some(body.to_owned()), ..SiteRule::default() }
    }

    #[test]
    fn the_most_exact_host_wins() {
        let sites = Sites::new(&[rule("a.example", "p"), rule("live.a.example", "q")]).expect("selectors");
        let host = |url| sites.of(url).map(|rule| rule.host.as_str());
        assert_eq!(host("https://www.a.example/x"), Some("a.example"));
        assert_eq!(host("https://live.a.example/x"), Some("live.a.example"));
        assert_eq!(host("https://ba.example/x"), None);
    }

    #[test]
    fn every_bad_selector_is_named_with_its_host() {
        let errors =
            Sites::new(&[rule("a.example", "p >"), rule("b.example", "]"), rule("c.example", "p")]).expect_err("two");
        let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(texts[0], "extract.site `a.example`: `body` is not a CSS selector: `p >`");
        assert_eq!(texts.len(), 2);
    }
}
