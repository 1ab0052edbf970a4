-- How often a reader died on an entry since it was last read well.
ALTER TABLE entries ADD COLUMN deaths INTEGER NOT NULL DEFAULT 0;
CREATE INDEX entries_deadly ON entries (id) WHERE deaths > 0;
