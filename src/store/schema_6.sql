-- What entries say stands apart, packed together with what else the poll brought, in the order in which it came: a
-- third of the room, and a poll writes a few pages at the end instead of one for each entry. A bundle goes with the
-- last of its entries that needs it.
CREATE TABLE bundles (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    waiting INTEGER NOT NULL
);
-- Apart, so that counting does not write every text anew.
CREATE TABLE bundle_texts (
    id     INTEGER PRIMARY KEY REFERENCES bundles (id) ON DELETE CASCADE,
    packed BLOB NOT NULL
);
ALTER TABLE entries ADD COLUMN bundle INTEGER;
ALTER TABLE entries ADD COLUMN place INTEGER;

-- An older entry is a bundle by itself.
UPDATE entries SET bundle = numbers.number, place = 0
    FROM (SELECT id, row_number() OVER (ORDER BY id) AS number FROM entries WHERE payload IS NOT NULL) AS numbers
    WHERE entries.id = numbers.id;
INSERT INTO bundles SELECT bundle, 1 FROM entries WHERE bundle IS NOT NULL ORDER BY bundle;
INSERT INTO bundle_texts SELECT bundle, payload FROM entries WHERE bundle IS NOT NULL ORDER BY bundle;
ALTER TABLE entries DROP COLUMN payload;

CREATE TRIGGER entry_left_bundle AFTER UPDATE OF bundle ON entries
WHEN old.bundle IS NOT NULL AND old.bundle IS NOT new.bundle BEGIN
    UPDATE bundles SET waiting = waiting - 1 WHERE id = old.bundle;
    DELETE FROM bundles WHERE id = old.bundle AND waiting = 0;
END;
