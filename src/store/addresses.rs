//! The addresses of articles: which article one leads to, and which ones lead nowhere for good.
//!
//! They are kept without their scheme, because an outlet that changes to https keeps its articles.

use rusqlite::OptionalExtension;

use super::{Error, Reader, Tx, column::Ms};
use crate::model::{ArticleId, CanonicalUrl, EntryId, Time};

impl Tx<'_> {
    /// Lets another address lead to an article. Returns whether it leads there now: an address that belongs to another
    /// article or to a deleted one stays what it is.
    ///
    /// # Errors
    /// When there is no such article or the database refuses.
    pub fn alias(&mut self, url: &CanonicalUrl, id: ArticleId) -> Result<bool, Error> {
        self.run(
            "INSERT INTO urls (url, article_id, is_alias) VALUES (?1, ?2, 1) ON CONFLICT DO NOTHING",
            (url.without_scheme(), id),
        )?;
        Ok(self.resolve(url)? == Some(id))
    }
}

impl Reader {
    /// Returns the article that an address leads to, whatever its scheme.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn resolve(&self, url: &CanonicalUrl) -> Result<Option<ArticleId>, Error> {
        let mut statement = self.db.prepare_cached("SELECT article_id FROM urls WHERE url = ?1")?;
        let found = statement.query_row([url.without_scheme()], |row| row.get::<_, Option<ArticleId>>(0)).optional()?;
        Ok(found.flatten())
    }

    /// Returns the article that an entry has become.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn article_of(&self, entry: EntryId) -> Result<Option<ArticleId>, Error> {
        let mut statement = self.db.prepare_cached("SELECT article_id FROM entries WHERE id = ?1")?;
        Ok(statement.query_row([entry], |row| row.get(0)).optional()?.flatten())
    }

    /// Returns the articles that an outlet published at a moment.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn published_at(&self, outlet: &str, at: Time) -> Result<Vec<ArticleId>, Error> {
        let mut statement = self.db.prepare_cached(
            "SELECT id FROM articles INDEXED BY articles_by_time
             WHERE order_at = ?1 AND outlet = ?2 AND published_at = ?1 AND NOT date_only ORDER BY id",
        )?;
        Ok(statement.query_map((Ms(at), outlet), |row| row.get(0))?.collect::<Result<_, _>>()?)
    }

    /// Returns whether the article of an address was deleted for good.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn is_tombstoned(&self, url: &CanonicalUrl) -> Result<bool, Error> {
        let mut statement = self.db.prepare_cached("SELECT 1 FROM urls WHERE url = ?1 AND article_id IS NULL")?;
        Ok(statement.exists([url.without_scheme()])?)
    }

    /// Returns the other addresses that lead to an article, without their schemes.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn aliases(&self, id: ArticleId) -> Result<Vec<String>, Error> {
        let mut statement =
            self.db.prepare_cached("SELECT url FROM urls WHERE article_id = ?1 AND is_alias ORDER BY url")?;
        Ok(statement.query_map([id], |row| row.get(0))?.collect::<Result<_, _>>()?)
    }
}
