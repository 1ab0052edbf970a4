//! What a page's JSON-LD says about its article.

use rustc_hash::FxHashMap;
use serde_json::{Map, Value};

use super::json;

/// The most JSON-LD of one page that is read, in bytes.
const MAX_BYTES: usize = 1 << 20;

/// The most objects that are looked at.
const MAX_OBJECTS: usize = 10_000;

/// The longest text of a field other than the article itself, in bytes: what is longer is no headline, name or date.
const MAX_FIELD: usize = 4096;

/// An author as JSON-LD names one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Author {
    pub name: String,
    pub is_organization: bool,
}

/// The article that a page's JSON-LD describes; texts as written, markup and entities included.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Linked {
    /// Whether there was an article-like object at all.
    pub is_article: bool,
    pub is_live: bool,
    /// Whether the page is described as a list or section.
    pub is_collection: bool,
    /// How many videos are described.
    pub videos: usize,
    pub headlines: Vec<String>,
    pub authors: Vec<Author>,
    pub published: Option<String>,
    pub created: Option<String>,
    pub modified: Option<String>,
    pub body: Option<String>,
    pub description: Option<String>,
    pub lang: Option<String>,
    pub image: Option<String>,
    pub site: Option<String>,
    /// `isAccessibleForFree`.
    pub is_free: Option<bool>,
}

/// Reads the blocks of a page. `is_headline` tells whether a headline is the one that the page shows elsewhere.
pub(super) fn read<'a>(blocks: impl Iterator<Item = &'a str>, is_headline: impl Fn(&str) -> bool) -> Linked {
    let mut left = MAX_BYTES;
    let mut values = Vec::new();
    for block in blocks {
        if let Some(rest) = left.checked_sub(block.len()) {
            left = rest;
            values.extend(json::read(block));
        }
    }
    let objects = flatten(&values);
    let ids: FxHashMap<&str, &Map<String, Value>> = objects
        .iter()
        .filter(|object| object.len() > 1)
        .filter_map(|object| Some((object.get("@id")?.as_str()?, *object)))
        .collect();
    let mut linked = Linked::default();
    let mut articles: Vec<&Map<String, Value>> =
        objects.iter().copied().filter(|object| types(object).any(is_article_type)).collect();
    // Related articles are described too: the one with the page's own headline first, then document order.
    articles.sort_by_key(|object| !text(object, "headline").is_some_and(|headline| is_headline(&headline)));
    linked.is_article = !articles.is_empty();
    for (rank, article) in articles.iter().enumerate() {
        let own = rank == 0 || text(article, "headline").is_some_and(|headline| is_headline(&headline));
        if own {
            linked.take(article, &ids);
        }
    }
    for object in &objects {
        if types(object).any(|kind| matches!(kind, "CollectionPage" | "ItemList" | "SearchResultsPage")) {
            linked.is_collection = true;
        }
        linked.videos += usize::from(types(object).any(|kind| kind == "VideoObject"));
        if types(object).any(|kind| kind.ends_with("WebPage") || kind == "ItemPage") {
            linked.take_page(object, &ids);
        }
        if linked.site.is_none() && types(object).any(|kind| kind == "WebSite" || kind == "NewsMediaOrganization") {
            linked.site = text(object, "name");
        }
    }
    linked
}

impl Linked {
    fn take(&mut self, article: &Map<String, Value>, ids: &FxHashMap<&str, &Map<String, Value>>) {
        self.is_live |= types(article).any(|kind| kind == "LiveBlogPosting");
        for key in ["headline", "name", "alternativeHeadline"] {
            let headline = text(article, key).filter(|headline| !self.headlines.contains(headline));
            if key == "headline" || self.headlines.is_empty() {
                self.headlines.extend(headline);
            }
        }
        if self.authors.is_empty() {
            for key in ["author", "creator"] {
                let value = article.get(key);
                if self.authors.is_empty() {
                    authors(value, ids, &mut self.authors);
                }
            }
        }
        let fields = [
            (&mut self.published, "datePublished"),
            (&mut self.created, "dateCreated"),
            (&mut self.modified, "dateModified"),
            (&mut self.description, "description"),
            (&mut self.lang, "inLanguage"),
            (&mut self.body, "articleBody"),
        ];
        for (field, key) in fields {
            if field.is_none() {
                *field = text(article, key);
            }
        }
        if self.image.is_none() {
            self.image = article.get("image").and_then(|image| first_of(image, ids, "url"));
        }
        if self.site.is_none() {
            self.site = article.get("publisher").and_then(|publisher| first_of(publisher, ids, "name"));
        }
        if self.is_free.is_none() {
            self.is_free = boolean(article.get("isAccessibleForFree"));
        }
    }

    /// What the object for the page itself may add: only what no article object has said.
    fn take_page(&mut self, page: &Map<String, Value>, ids: &FxHashMap<&str, &Map<String, Value>>) {
        if self.published.is_none() {
            self.published = text(page, "datePublished");
        }
        if self.authors.is_empty() {
            authors(page.get("author"), ids, &mut self.authors);
        }
        if self.lang.is_none() {
            self.lang = text(page, "inLanguage");
        }
        if self.is_free.is_none() {
            self.is_free = boolean(page.get("isAccessibleForFree"));
        }
    }
}

/// Returns every object, the outer before the inner.
fn flatten(values: &[Value]) -> Vec<&Map<String, Value>> {
    let mut objects = Vec::new();
    let mut level: Vec<&Value> = values.iter().collect();
    while !level.is_empty() && objects.len() < MAX_OBJECTS {
        let mut next = Vec::new();
        for value in level {
            match value {
                Value::Array(items) => next.extend(items),
                Value::Object(object) => {
                    objects.push(object);
                    next.extend(object.values().filter(|value| value.is_object() || value.is_array()));
                }
                _ => {}
            }
        }
        level = next;
    }
    objects
}

fn types(object: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let one = object.get("@type");
    let many = one.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    one.and_then(Value::as_str)
        .into_iter()
        .chain(many.iter().filter_map(Value::as_str))
        .map(|kind| kind.rsplit(['/', ':']).next().unwrap_or(kind))
}

fn is_article_type(kind: &str) -> bool {
    kind.ends_with("Article")
        || matches!(kind, "BlogPosting" | "LiveBlogPosting" | "Report" | "Review" | "CreativeWork")
}

fn text(object: &Map<String, Value>, key: &str) -> Option<String> {
    let value = object.get(key)?;
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let texts: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            // An articleBody is sometimes a list of paragraphs; of any other field the first counts.
            if key == "articleBody" { texts.join("\n\n") } else { (*texts.first()?).to_owned() }
        }
        Value::Object(inner) => inner.get("@value").or_else(|| inner.get("name"))?.as_str()?.to_owned(),
        _ => return None,
    };
    let is_bounded = key == "articleBody" || text.len() <= MAX_FIELD;
    Some(text).filter(|text| is_bounded && !text.trim().is_empty())
}

fn authors(value: Option<&Value>, ids: &FxHashMap<&str, &Map<String, Value>>, out: &mut Vec<Author>) {
    match value {
        Some(Value::String(name)) => out.push(Author { name: name.clone(), is_organization: false }),
        Some(Value::Array(items)) => {
            for item in items.iter().take(32).filter(|item| !item.is_array()) {
                authors(Some(item), ids, out);
            }
        }
        Some(Value::Object(object)) => {
            let object = resolve(object, ids);
            let is_organization = types(object).any(|kind| kind.ends_with("Organization") || kind == "Corporation");
            let names = match object.get("name") {
                Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).take(32).collect(),
                Some(Value::String(name)) => vec![name.as_str()],
                _ => Vec::new(),
            };
            out.extend(names.into_iter().map(|name| Author { name: name.to_owned(), is_organization }));
        }
        _ => {}
    }
}

/// Follows `{"@id": …}` to the object of that name, once.
fn resolve<'a>(
    object: &'a Map<String, Value>,
    ids: &FxHashMap<&str, &'a Map<String, Value>>,
) -> &'a Map<String, Value> {
    if object.contains_key("name") || object.contains_key("url") {
        return object;
    }
    object.get("@id").and_then(Value::as_str).and_then(|id| ids.get(id).copied()).unwrap_or(object)
}

fn first_of(value: &Value, ids: &FxHashMap<&str, &Map<String, Value>>, key: &str) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => items.first().filter(|item| !item.is_array()).and_then(|item| first_of(item, ids, key)),
        Value::Object(object) => text(resolve(object, ids), key),
        _ => None,
    }
}

fn boolean(value: Option<&Value>) -> Option<bool> {
    match value? {
        Value::Bool(value) => Some(*value),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(block: &str) -> Linked {
        read(std::iter::once(block), |headline| headline == "Ours")
    }

    #[test]
    fn a_graph_with_references_is_followed() {
        let linked = of(r##"{"@graph": [
            {"@type": "NewsArticle", "headline": "Ours", "author": [{"@id": "#a"}], "publisher": {"@id": "#p"},
             "datePublished": "2026-11-01", "isAccessibleForFree": "False"},
            {"@id": "#a", "@type": "Person", "name": "Ada Lind"},
            {"@id": "#p", "@type": "Organization", "name": "The Daily"}]}"##);
        assert_eq!(linked.authors, [Author { name: "Ada Lind".into(), is_organization: false }]);
        assert_eq!(linked.site.as_deref(), Some("The Daily"));
        assert_eq!((linked.published.as_deref(), linked.is_free), (Some("2026-11-01"), Some(false)));
    }

    #[test]
    fn the_article_with_the_pages_headline_wins() {
        let linked = of(r#"[{"@type": "Article", "headline": "Other", "datePublished": "2020-01-01"},
            {"@type": ["Article"], "headline": "Ours", "datePublished": "2026-11-02"}]"#);
        assert_eq!(linked.headlines, ["Ours"]);
        assert_eq!(linked.published.as_deref(), Some("2026-11-02"));
    }

    #[test]
    fn live_blogs_and_sections_are_told_apart() {
        assert!(of(r#"{"@type": "LiveBlogPosting", "headline": "Ours"}"#).is_live);
        assert!(of(r#"{"@type": "CollectionPage"}"#).is_collection);
    }

    #[test]
    fn no_json_is_no_witness() {
        assert_eq!(of("window.x = 1"), Linked::default());
    }
}
