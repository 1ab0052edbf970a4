-- The names found in an article, packed like its topics.
ALTER TABLE articles ADD COLUMN entities BLOB;
