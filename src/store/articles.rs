//! Articles: their texts, revisions and who announced them.

use std::collections::HashMap;

use rusqlite::{OptionalExtension, Row, named_params, types::ValueRef};
use serde::de::DeserializeOwned;

use super::{
    ChangeKind, Error, Reader, Tx,
    column::{Ms, from_json, to_json},
};
use crate::model::{Article, ArticleId, CanonicalUrl, Findings, Kind, PublishedAt, Revision, SourceId, StoryId, Time};

/// The text of an article and what its page says of it.
#[derive(Debug, Clone, PartialEq)]
pub struct NewText {
    /// The headline.
    pub title: String,
    /// The authors' names.
    pub authors: Vec<String>,
    /// When it was published.
    pub published_at: Option<PublishedAt>,
    /// When it was fetched.
    pub fetched_at: Time,
    /// The language (ISO 639-1).
    pub lang: Option<String>,
    /// The site's own name.
    pub site: Option<String>,
    /// The lead image's address.
    pub image: Option<String>,
    /// A short description.
    pub summary: Option<String>,
    /// The text.
    pub body: String,
    /// What kind of page it came from.
    pub kind: Kind,
}

/// An article that the store does not have yet, with where it belongs.
#[derive(Debug, Clone, PartialEq)]
pub struct NewArticle {
    /// Derived from `url`.
    pub id: ArticleId,
    /// Its address.
    pub url: CanonicalUrl,
    /// Who announced it, if anybody.
    pub source_id: Option<SourceId>,
    /// Its text.
    pub text: NewText,
    /// Its topics and names.
    pub findings: Findings,
    /// Names its group of copies: the id of whichever article founded it, its own where it has no copies.
    pub group: ArticleId,
    /// How much of the text is shared with its group, 0–1.
    pub similarity: Option<f32>,
    /// The story it belongs to.
    pub story: StoryId,
}

impl Tx<'_> {
    /// Stores an article and places it in its group and story.
    ///
    /// Returns whether it is there now: an address that leads to an article already, or whose article was deleted for
    /// good, changes nothing.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn insert(&mut self, article: &NewArticle) -> Result<bool, Error> {
        if self.is_known(article)? {
            return Ok(false);
        }
        let outlet = article.url.outlet();
        let story = self.story_now(article.story)?;
        let text = &article.text;
        let order_at = text.published_at.map_or(text.fetched_at, PublishedAt::order_key);
        let topics = self.pack_list(&article.findings.topics);
        let entities = self.pack_list(&article.findings.entities);
        self.extend_story(story, &outlet, order_at)?;
        self.run(
            "INSERT INTO articles (id, url, outlet, source_id, title, authors, published_at, date_only, order_at, first_at,
                fetched_at, lang, site, image, summary, kind, revision, group_id, similarity, story_id, topics, entities)
             VALUES (:id, :url, :outlet, :source_id, :title, :authors, :published_at, :date_only, :order_at, :fetched_at,
                :fetched_at, :lang, :site, :image, :summary, :kind, 1, :group_id, :similarity, :story_id,
                :topics, :entities)",
            named_params! {
                ":id": article.id, ":url": article.url.as_str(), ":outlet": outlet, ":source_id": article.source_id,
                ":title": text.title, ":authors": to_json(&text.authors),
                ":published_at": text.published_at.map(|published| Ms(published.at)),
                ":date_only": text.published_at.is_some_and(|published| published.date_only), ":order_at": Ms(order_at),
                ":fetched_at": Ms(text.fetched_at), ":lang": text.lang, ":site": text.site, ":image": text.image,
                ":summary": text.summary, ":kind": kind_name(text.kind), ":group_id": article.group,
                ":similarity": article.similarity, ":story_id": story, ":topics": topics, ":entities": entities,
            },
        )?;
        let seq = self.db().last_insert_rowid();
        let address = article.url.without_scheme();
        self.run("INSERT INTO urls (url, article_id, is_alias) VALUES (?1, ?2, 0)", (address, article.id))?;
        let body = self.packer.pack(text.body.as_bytes());
        self.run("INSERT INTO bodies (seq, body) VALUES (?1, ?2)", (seq, body))?;
        if let Some(source) = article.source_id {
            self.run("INSERT INTO announcements (seq, source_id) VALUES (?1, ?2)", (seq, source))?;
        }
        self.give_topics(seq, &article.findings.topics)?;
        self.log(article.id, ChangeKind::New)?;
        self.regroup(article.group, Some(article.id))?;
        Ok(true)
    }

    fn is_known(&self, article: &NewArticle) -> Result<bool, Error> {
        let mut statement = self
            .db()
            .prepare_cached("SELECT 1 FROM urls WHERE url = ?1 UNION ALL SELECT 1 FROM articles WHERE id = ?2")?;
        Ok(statement.exists((article.url.without_scheme(), article.id))?)
    }

    /// Gives an article another text; the old one becomes a revision. Returns the number of the text it has now.
    ///
    /// The same title and body make no revision, and what the new text does not know (`None`, no authors) stays as it was.
    ///
    /// # Errors
    /// [`Error::Unknown`] without such an article, else when the database refuses.
    pub fn revise(&mut self, id: ArticleId, text: &NewText) -> Result<u32, Error> {
        let (seq, old, group, story) = self.row_of(id)?;
        let Some(before) = self.article(id)? else { return Err(unknown(id)) };
        let published_at = text.published_at.or(before.published_at);
        let order_at = published_at.map_or(old.first_at, PublishedAt::order_key);
        let other_text = before.title != text.title || before.body != text.body;
        let number = before.revision + u32::from(other_text);
        if other_text {
            self.run(
                "INSERT INTO revisions (seq, number, fetched_at, title, body)
                 SELECT seq, revision, fetched_at, title, body FROM articles JOIN bodies USING (seq) WHERE seq = ?1",
                [seq],
            )?;
            let body = self.packer.pack(text.body.as_bytes());
            self.run("UPDATE bodies SET body = ?2 WHERE seq = ?1", (seq, body))?;
            self.run("UPDATE articles SET fetched_at = ?2 WHERE seq = ?1", (seq, Ms(text.fetched_at)))?;
        }
        let changed = self.run(
            "UPDATE articles SET title = :title, authors = coalesce(:authors, authors), published_at = :published_at,
                date_only = :date_only, order_at = :order_at, lang = coalesce(:lang, lang), site = coalesce(:site, site),
                image = coalesce(:image, image), summary = coalesce(:summary, summary), kind = :kind, revision = :revision
             WHERE seq = :seq AND (:other_text OR kind <> :kind OR authors <> coalesce(:authors, authors)
                OR published_at IS NOT :published_at OR date_only <> :date_only OR lang IS NOT coalesce(:lang, lang)
                OR site IS NOT coalesce(:site, site) OR image IS NOT coalesce(:image, image)
                OR summary IS NOT coalesce(:summary, summary))",
            named_params! {
                ":seq": seq, ":title": text.title,
                ":authors": (!text.authors.is_empty()).then(|| to_json(&text.authors)),
                ":published_at": published_at.map(|published| Ms(published.at)),
                ":date_only": published_at.is_some_and(|published| published.date_only), ":order_at": Ms(order_at),
                ":lang": text.lang, ":site": text.site, ":image": text.image, ":summary": text.summary,
                ":kind": kind_name(text.kind), ":revision": number, ":other_text": other_text,
            },
        )?;
        if changed > 0 {
            self.log(id, ChangeKind::Revised)?;
        }
        if order_at.timestamp_millis() != old.order_at.timestamp_millis() {
            self.regroup(group, None)?;
            self.refresh_story(story)?;
        }
        Ok(number)
    }

    /// Notes that a source announced an article; who did so first stays its source. Returns whether that is new.
    ///
    /// # Errors
    /// [`Error::Unknown`] without such an article, else when the database refuses.
    pub fn announce(&mut self, id: ArticleId, source: SourceId) -> Result<bool, Error> {
        let (seq, ..) = self.row_of(id)?;
        let added = self
            .run("INSERT INTO announcements (seq, source_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING", (seq, source))?;
        if added > 0 {
            self.run("UPDATE articles SET source_id = ?2 WHERE seq = ?1 AND source_id IS NULL", (seq, source))?;
            self.log(id, ChangeKind::Sources)?;
        }
        Ok(added > 0)
    }

    /// Takes an article out for good: none of its addresses can become an article again, its entries are skipped.
    /// Returns whether there was such an article.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn delete(&mut self, id: ArticleId) -> Result<bool, Error> {
        let (seq, _, group, story) = match self.row_of(id) {
            Err(Error::Unknown { .. }) => return Ok(false),
            row => row?,
        };
        let address = "(SELECT substr(url, instr(url, '://') + 3) FROM articles WHERE seq = ?1)";
        self.run(&format!("UPDATE urls SET article_id = NULL WHERE url = {address}"), [seq])?;
        self.run("UPDATE urls SET article_id = NULL, is_alias = 0 WHERE article_id = ?1 AND is_alias", [id])?;
        self.run(
            "UPDATE entries SET state = 'skipped', reason = 'deleted', article_id = NULL, due_at = NULL, bundle = NULL
             WHERE article_id = ?1",
            [id],
        )?;
        for table in ["bodies", "revisions", "announcements", "article_topics", "articles"] {
            self.run(&format!("DELETE FROM {table} WHERE seq = ?1"), [seq])?;
        }
        self.log(id, ChangeKind::Deleted)?;
        self.regroup(group, None)?;
        self.refresh_story(story)?;
        Ok(true)
    }

    /// The row number of an article and what places it.
    pub(super) fn row_of(&self, id: ArticleId) -> Result<(i64, Times, ArticleId, StoryId), Error> {
        self.db()
            .prepare_cached("SELECT seq, order_at, first_at, group_id, story_id FROM articles WHERE id = ?1")?
            .query_row([id], |row| {
                let times = Times { order_at: row.get::<_, Ms>(1)?.0, first_at: row.get::<_, Ms>(2)?.0 };
                Ok((row.get(0)?, times, row.get(3)?, row.get(4)?))
            })
            .optional()?
            .ok_or_else(|| unknown(id))
    }
}

/// What an article is ordered by.
pub(super) struct Times {
    pub order_at: Time,
    pub first_at: Time,
}

/// Every column of an article, with its text and who represents its group.
const ARTICLE: &str =
    "SELECT a.id, a.url, a.outlet, a.source_id, s.name, a.title, a.authors, a.published_at, a.date_only,
        a.fetched_at, a.lang, a.site, a.image, a.summary, b.body, a.kind, a.revision, g.representative, g.members,
        a.similarity, a.story_id, a.topics, a.entities, a.seq
    FROM articles a JOIN bodies b USING (seq) LEFT JOIN sources s ON s.id = a.source_id
    LEFT JOIN groups g ON g.id = a.group_id";

impl Reader {
    /// Returns one article.
    ///
    /// # Errors
    /// When the database refuses or the row is unreadable.
    pub fn article(&self, id: ArticleId) -> Result<Option<Article>, Error> {
        Ok(self.articles(&[id])?.pop())
    }

    /// Returns articles in the order of their ids, without those that do not exist.
    ///
    /// # Errors
    /// When the database refuses or a row is unreadable.
    pub fn articles(&self, ids: &[ArticleId]) -> Result<Vec<Article>, Error> {
        self.consistently(|reader| {
            let mut statement = reader.db.prepare_cached(&format!("{ARTICLE} WHERE a.id = ?1"))?;
            let mut articles = Vec::with_capacity(ids.len());
            for id in ids {
                for article in statement.query_and_then([id], |row| reader.read_article(row))? {
                    articles.push(article?);
                }
            }
            Ok(articles)
        })
    }

    /// Returns all texts that an article had, the current one last; none for an unknown article.
    ///
    /// # Errors
    /// When the database refuses or a row is unreadable.
    pub fn revisions(&self, id: ArticleId) -> Result<Vec<Revision>, Error> {
        let mut statement = self.db.prepare_cached(
            "SELECT r.number, r.fetched_at, r.title, r.body FROM articles a JOIN revisions r USING (seq) WHERE a.id = ?1
             UNION ALL
             SELECT a.revision, a.fetched_at, a.title, b.body FROM articles a JOIN bodies b USING (seq) WHERE a.id = ?1
             ORDER BY 1",
        )?;
        let rows = statement.query_and_then([id], |row| {
            Ok(Revision {
                number: row.get(0)?,
                fetched_at: row.get::<_, Ms>(1)?.0,
                title: row.get(2)?,
                body: self.texts.unpack_text("revision", row.get_ref(3)?.as_blob().unwrap_or_default())?,
            })
        })?;
        rows.collect()
    }

    fn read_article(&self, row: &Row<'_>) -> Result<Article, Error> {
        let id: ArticleId = row.get(0)?;
        let url: String = row.get(1)?;
        let seq: i64 = row.get(23)?;
        let representative: Option<ArticleId> = row.get(17)?;
        let duplicate_of = representative.filter(|representative| *representative != id);
        Ok(Article {
            id,
            url: CanonicalUrl::try_from(url)
                .map_err(|error| Error::Unreadable { what: "article", detail: error.to_string() })?,
            outlet: row.get(2)?,
            source_id: row.get(3)?,
            source: row.get(4)?,
            title: row.get(5)?,
            authors: from_json("authors", row.get_ref(6)?.as_bytes().unwrap_or_default())?,
            published_at: match row.get::<_, Option<Ms>>(7)? {
                Some(Ms(at)) => Some(PublishedAt { at, date_only: row.get(8)? }),
                None => None,
            },
            fetched_at: row.get::<_, Ms>(9)?.0,
            lang: row.get(10)?,
            site: row.get(11)?,
            image: row.get(12)?,
            summary: row.get(13)?,
            body: self.texts.unpack_text("article", row.get_ref(14)?.as_blob().unwrap_or_default())?,
            kind: kind_of(row.get_ref(15)?.as_str().unwrap_or_default()),
            tags: self.tags(seq)?,
            revision: row.get(16)?,
            duplicate_of,
            similarity: if duplicate_of.is_some() { row.get(19)? } else { None },
            copies: row.get::<_, Option<u32>>(18)?.map_or(0, |members| members.saturating_sub(1)),
            story: row.get(20)?,
            topics: self.read_list("topics", row.get_ref(21)?)?,
            entities: self.read_list("entities", row.get_ref(22)?)?,
        })
    }

    pub(super) fn read_list<T: DeserializeOwned>(
        &self,
        what: &'static str,
        value: ValueRef<'_>,
    ) -> Result<Vec<T>, Error> {
        match value {
            ValueRef::Blob(packed) => from_json(what, &self.texts.unpack(what, packed)?),
            _ => Ok(Vec::new()),
        }
    }

    fn tags(&self, seq: i64) -> Result<Vec<String>, Error> {
        let mut statement = self.db.prepare_cached(
            "SELECT s.tags FROM announcements n JOIN sources s ON s.id = n.source_id WHERE n.seq = ?1 AND s.tags <> '[]'",
        )?;
        let mut rows = statement.query([seq])?;
        let mut tags: Vec<String> = Vec::new();
        while let Some(row) = rows.next()? {
            tags.extend(from_json::<Vec<String>>("tags", row.get_ref(0)?.as_bytes().unwrap_or_default())?);
        }
        tags.sort_unstable();
        tags.dedup();
        Ok(tags)
    }

    /// Returns the sources that announced each article, by name, first announcer or not.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn announcers(&self, ids: &[ArticleId]) -> Result<HashMap<ArticleId, Vec<SourceId>>, Error> {
        let mut statement = self.db.prepare_cached(
            "SELECT n.source_id FROM articles a JOIN announcements n USING (seq) WHERE a.id = ?1 ORDER BY n.source_id",
        )?;
        let mut announcers = HashMap::with_capacity(ids.len());
        for id in ids {
            let sources = statement.query_map([id], |row| row.get(0))?.collect::<Result<_, _>>()?;
            announcers.insert(*id, sources);
        }
        Ok(announcers)
    }
}

fn unknown(id: ArticleId) -> Error {
    Error::Unknown { what: "article", id: id.to_string() }
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Article => "article",
        Kind::Index => "index",
        Kind::Live => "live",
        Kind::Teaser => "teaser",
        Kind::Error => "error",
    }
}

fn kind_of(name: &str) -> Kind {
    match name {
        "index" => Kind::Index,
        "live" => Kind::Live,
        "teaser" => Kind::Teaser,
        "error" => Kind::Error,
        _ => Kind::Article,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{Source, TopicId, TopicMatch},
        store::{
            Announced, Fate, Store,
            tests::{article, at, id, transact, url},
        },
    };

    fn stored(store: &Store, n: u64) -> Article {
        store.reads().article(id(n)).expect("readable").expect("there")
    }

    fn last_kinds(store: &Store, after: u64) -> Vec<ChangeKind> {
        store.reads().changes_after(after, 99).expect("readable").into_iter().map(|change| change.kind).collect()
    }

    #[test]
    fn an_article_comes_back_as_it_was_given() {
        let mut store = Store::in_memory().expect("store");
        let mut new = article(1);
        new.text.body = "Ünïcode \u{0} and more. ".repeat(500);
        new.text.published_at = Some(PublishedAt { at: at(-50), date_only: true });
        new.text.kind = Kind::Live;
        new.findings.topics =
            vec![TopicMatch { topic: TopicId("talks".to_owned()), score: 1.5, matched: true, evidence: vec![] }];
        assert!(transact(&mut store, |tx| tx.insert(&new)));
        let expected = Article {
            id: id(1),
            url: url(1),
            outlet: "outlet1.example".to_owned(),
            source_id: None,
            source: None,
            title: new.text.title,
            authors: new.text.authors,
            published_at: new.text.published_at,
            fetched_at: at(1),
            lang: new.text.lang,
            site: None,
            image: None,
            summary: None,
            body: new.text.body,
            kind: Kind::Live,
            tags: Vec::new(),
            revision: 1,
            duplicate_of: None,
            similarity: None,
            copies: 0,
            story: id(1).into(),
            topics: new.findings.topics,
            entities: new.findings.entities,
        };
        assert_eq!(stored(&store, 1), expected);
    }

    #[test]
    fn the_same_address_is_the_same_article() {
        let mut store = Store::in_memory().expect("store");
        let insert = |store: &mut Store, n, address: &str| {
            let url = CanonicalUrl::parse(address).expect("a URL");
            transact(store, |tx| tx.insert(&NewArticle { url, ..article(n) }))
        };
        assert!(insert(&mut store, 1, "http://a.example/x"));
        assert!(!insert(&mut store, 2, "https://a.example/x"), "only its scheme is another");
        assert!(!insert(&mut store, 1, "https://a.example/y"), "the id is taken");
        assert_eq!(
            (last_kinds(&store, 0), store.reads().counts().expect("counts").articles),
            (vec![ChangeKind::New], 1)
        );
    }

    #[test]
    fn another_text_makes_a_revision_and_the_same_text_none() {
        let mut store = Store::in_memory().expect("store");
        transact(&mut store, |tx| tx.insert(&article(1)));
        let mut text = article(1).text;
        text.fetched_at = at(100);
        assert_eq!(transact(&mut store, |tx| tx.revise(id(1), &text)), 1);
        assert_eq!((last_kinds(&store, 1), stored(&store, 1).fetched_at), (vec![], at(1)));

        text.body = "Another text.".to_owned();
        text.authors.clear();
        text.lang = None;
        assert_eq!(transact(&mut store, |tx| tx.revise(id(1), &text)), 2);
        let now = stored(&store, 1);
        assert_eq!((now.body.as_str(), now.revision, now.fetched_at), ("Another text.", 2, at(100)));
        assert_eq!((now.authors.len(), now.lang.as_deref()), (1, Some("en")), "what is not known stays");
        let revisions = store.reads().revisions(id(1)).expect("readable");
        let revisions: Vec<_> = revisions.iter().map(|revision| (revision.number, revision.fetched_at)).collect();
        assert_eq!((revisions, last_kinds(&store, 1)), (vec![(1, at(1)), (2, at(100))], vec![ChangeKind::Revised]));
    }

    #[test]
    fn metadata_that_becomes_known_is_a_change_but_no_revision() {
        let mut store = Store::in_memory().expect("store");
        let mut new = article(1);
        new.text.published_at = None;
        transact(&mut store, |tx| tx.insert(&new));
        assert_eq!(transact(&mut store, |tx| tx.revise(id(1), &article(1).text)), 1);
        assert_eq!(stored(&store, 1).published_at, article(1).text.published_at);
        assert_eq!(last_kinds(&store, 1), [ChangeKind::Revised]);
    }

    #[test]
    fn a_deleted_article_never_comes_back_under_any_of_its_addresses() {
        let mut store = Store::in_memory().expect("store");
        let source = Source::new("https://a.example/feed");
        let entry = crate::model::Entry { guid: Some("1".to_owned()), ..Default::default() };
        let entry_id = entry.id(source.id);
        transact(&mut store, |tx| {
            tx.sync_sources(std::slice::from_ref(&source))?;
            tx.save_entries(source.id, &[Announced::new(entry_id, entry)], at(0), None)?;
            tx.insert(&NewArticle { source_id: Some(source.id), ..article(1) })?;
            tx.revise(id(1), &NewText { body: "another".to_owned(), ..article(1).text })?;
            tx.settle(entry_id, &Fate::Revisit { article: id(1), at: at(9), validators: Default::default() }, at(1))?;
            assert!(tx.alias(&url(21), id(1))?);
            tx.insert(&article(2))
        });
        assert!(!transact(&mut store, |tx| tx.alias(&url(2), id(1))), "it leads to another article");
        assert_eq!(store.reads().resolve(&url(21)).expect("readable"), Some(id(1)));

        assert!(transact(&mut store, |tx| tx.delete(id(1))));
        assert!(!transact(&mut store, |tx| tx.delete(id(1))));
        for address in [url(1), url(21)] {
            assert!(store.reads().is_tombstoned(&address).expect("readable"), "{address}");
            assert_eq!(store.reads().resolve(&address).expect("readable"), None);
            assert!(!transact(&mut store, |tx| tx.insert(&NewArticle { url: address, ..article(3) })));
        }
        let counts = store.reads().counts().expect("counts");
        assert_eq!((counts.articles, counts.entries.skipped, counts.stories), (1, 1, 1));
        assert_eq!(store.reads().waiting_entries(at(0)).expect("readable"), (0, None));
        assert_eq!(store.reads().integrity_check().expect("check"), [] as [String; 0]);
    }

    #[test]
    fn every_announcer_gives_its_tags_and_the_first_its_name() {
        let mut store = Store::in_memory().expect("store");
        let source = |name: &str, tags: &[&str]| Source {
            name: Some(name.to_owned()),
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            ..Source::new(format!("https://{name}.example/feed"))
        };
        let (a, b) = (source("a", &["x", "y"]), source("b", &["y", "w"]));
        transact(&mut store, |tx| {
            tx.sync_sources(&[a.clone(), b.clone()])?;
            tx.insert(&article(1))
        });
        assert!(transact(&mut store, |tx| tx.announce(id(1), b.id)));
        assert!(transact(&mut store, |tx| tx.announce(id(1), a.id)));
        assert!(!transact(&mut store, |tx| tx.announce(id(1), a.id)));
        let now = stored(&store, 1);
        assert_eq!((now.source.as_deref(), now.tags.join(" ")), (Some("b"), "w x y".to_owned()));
        assert_eq!(last_kinds(&store, 1), [ChangeKind::Sources; 2]);

        transact(&mut store, |tx| tx.sync_sources(&[a, source("b", &[])]));
        assert_eq!(stored(&store, 1).tags, ["x", "y"]);
        assert_eq!(last_kinds(&store, 3), [ChangeKind::Sources], "other tags are a change");
    }
}
