//! The schema, and how a database of an older version is brought up to it.

use std::{fs, path::Path};

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::Error;

/// The steps from an empty database to the current schema; `user_version` counts how many were done.
pub(super) const MIGRATIONS: &[&str] = &[
    include_str!("schema.sql"),
    include_str!("schema_2.sql"),
    include_str!("schema_3.sql"),
    include_str!("schema_4.sql"),
    include_str!("schema_5.sql"),
    include_str!("schema_6.sql"),
    include_str!("schema_7.sql"),
];

/// Returns the schema that a database has; 0 for an empty one.
pub(super) fn version(connection: &Connection) -> Result<i64, Error> {
    Ok(connection.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

/// Brings a database up to the last of the migrations, all of them or none.
///
/// A database that already had a schema is copied first, to `<file>.v<old version>` beside it: going back to the older
/// dateline is then possible.
pub(super) fn migrate(connection: &Connection, path: Option<&Path>, migrations: &[&str]) -> Result<(), Error> {
    let known = i64::try_from(migrations.len()).expect("a handful of migrations");
    let found = version(connection)?;
    if found == known {
        return Ok(());
    }
    if found > known {
        return Err(Error::Newer { path: path.unwrap_or(Path::new(":memory:")).to_owned(), found, known });
    }
    if let (Some(path), 1..) = (path, found) {
        keep_copy(connection, path, found)?;
    }
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    // Another process may have done the same in the meantime.
    let found = usize::try_from(version(&transaction)?).unwrap_or(0);
    for step in migrations.iter().skip(found) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", known)?;
    transaction.commit()?;
    Ok(())
}

fn keep_copy(connection: &Connection, path: &Path, version: i64) -> Result<(), Error> {
    let copy = path.with_extension(format!("db.v{version}"));
    let partial = path.with_extension(format!("db.v{version}.partial"));
    let failed = |what| move |source| Error::File { path: path.to_owned(), what, source };
    // What an interrupted attempt left.
    if partial.exists() {
        fs::remove_file(&partial).map_err(failed("cannot remove an unfinished copy"))?;
    }
    connection.execute("VACUUM INTO ?1", [partial.to_string_lossy()])?;
    fs::rename(&partial, &copy).map_err(failed("cannot keep a copy before the schema changes"))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use rusqlite::Row;

    use super::*;
    use crate::{
        model::{EntryId, Source, SourceId},
        store::Store,
    };

    const STEPS: &[&str] = &["CREATE TABLE a (x); INSERT INTO a VALUES (7);", "ALTER TABLE a ADD COLUMN y DEFAULT 8;"];

    #[test]
    fn an_older_database_is_copied_and_brought_up_to_date() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("dateline.db");
        let old = Connection::open(&path).expect("open");
        migrate(&old, Some(&path), &STEPS[..1]).expect("version 1");
        assert!(!dir.path().join("dateline.db.v0").exists(), "an empty database is worth no copy");
        fs::write(dir.path().join("dateline.db.v1.partial"), "left by a crash").expect("write");

        migrate(&old, Some(&path), STEPS).expect("version 2");
        let both: (i64, i64) =
            old.query_row("SELECT x, y FROM a", [], |row| Ok((row.get(0)?, row.get(1)?))).expect("row");
        assert_eq!((both, version(&old).expect("version")), ((7, 8), 2));

        let copy = Connection::open(dir.path().join("dateline.db.v1")).expect("the copy");
        assert_eq!(version(&copy).expect("version"), 1);
        migrate(&old, Some(&path), STEPS).expect("nothing to do");
    }

    #[test]
    fn entries_of_an_older_store_stand_with_their_source_and_keep_what_became_of_them() {
        let database = Connection::open_in_memory().expect("open");
        migrate(&database, None, &MIGRATIONS[..3]).expect("version 3");
        let source = SourceId::derive(&["https://a.example/feed"]);
        let ids = ["a", "b"].map(|guid| EntryId::of(source, &["guid", guid]));
        // The ids as they were: their first bits are as good as random.
        let [a, b] = ids.map(|id| id.bits() ^ 0x5a5a_5000_0000_0000);
        database
            .execute_batch(&format!(
                "INSERT INTO sources (id, url, name, tags, source, state, status) VALUES ({s}, '', '', '', '', '', '');
                 INSERT INTO entries (id, source_id, state, due_at, reason, digest, first_seen_at, host, payload)
                 VALUES ({a}, {s}, 'due', 5, NULL, 7, 5, 'a.example', x'01'), ({b}, {s}, 'skipped', NULL, 'why', 8, 6, '', NULL);",
                s = source.bits().cast_signed(), a = a.cast_signed(), b = b.cast_signed(),
            ))
            .expect("rows");

        migrate(&database, None, MIGRATIONS).expect("the last version");
        let row = |id: EntryId| {
            let columns = "state, due_at, reason, digest, first_seen_at, packed";
            let mut statement =
                database.prepare(&format!("SELECT {columns} FROM entries LEFT JOIN bundle_texts ON bundle_texts.id = bundle WHERE entries.id = ?1")).expect("columns");
            let read =
                |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?));
            statement.query_row([id], read).expect("a row under its new id")
        };
        type Columns = (String, Option<i64>, Option<String>, i64, i64, Option<Vec<u8>>);
        let (first, second): (Columns, Columns) = (row(ids[0]), row(ids[1]));
        assert_eq!(first, ("due".to_owned(), Some(5), None, 7, 5, Some(vec![1])));
        assert_eq!(second, ("skipped".to_owned(), None, Some("why".to_owned()), 8, 6, None));
        let total = |name: &str| database.query_row("SELECT n FROM counts WHERE name = ?1", [name], |row| row.get(0));
        assert_eq!((total("entries:due"), total("entries:skipped")), (Ok(1), Ok(1)));
    }

    #[test]
    fn a_source_of_an_older_store_keeps_how_it_is_doing_and_its_latest_polls_in_their_order() {
        let dir = tempfile::tempdir().expect("a directory");
        let database = Connection::open(dir.path().join("dateline.db")).expect("open");
        migrate(&database, None, &MIGRATIONS[..6]).expect("version 6");
        let [polled, never] = ["https://a.example/feed", "https://b.example/feed"].map(Source::new);
        for (source, state, status) in
            [(&polled, r#"{"title":"A","unread":null,"moved_seen":0}"#, "ok"), (&never, "{}", "never")]
        {
            let columns = "id, url, name, tags, source, state, status, in_file";
            let source_text = serde_json::to_string(source).expect("plain data");
            let row = (source.id, &source.url, "", "[]", source_text, state, format!("\"{status}\""), true);
            database
                .execute(&format!("INSERT INTO sources ({columns}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"), row)
                .expect("a source");
        }
        // A ring whose latest poll stands before its earliest.
        for (slot, number) in [(0, 30), (1, 31), (28, 28), (29, 29)] {
            let row = (polled.id, slot, number, number * 1000, 200, "new", 7, 40);
            database.execute("INSERT INTO polls VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)", row).expect("a poll");
        }
        drop(database);

        let store = Store::open(dir.path()).expect("the last version");
        let sources = store.reads().configured_sources().expect("readable");
        let states = sources.iter().map(|stored| (stored.source.id, stored.state.title.as_deref()));
        assert_eq!(states.collect::<HashMap<_, _>>(), HashMap::from([(polled.id, Some("A")), (never.id, None)]));
        let polls = |source: &Source| store.reads().polls(source.id).expect("readable");
        assert_eq!(polls(&polled).iter().map(|poll| poll.at.timestamp()).collect::<Vec<_>>(), [31, 30, 29, 28]);
        assert_eq!((polls(&polled)[0].status, polls(&polled)[0].new, polls(&never).len()), (Some(200), 7, 0));
        let counts = store.reads().counts().expect("readable").sources;
        assert_eq!((counts.ok, counts.never), (1, 1));
        assert_eq!(store.reads().integrity_check().expect("readable"), [] as [String; 0]);
    }

    #[test]
    fn an_entry_has_one_of_four_states_and_no_list_is_made_to_see_that() {
        let database = Connection::open_in_memory().expect("open");
        migrate(&database, None, MIGRATIONS).expect("the last version");
        let insert =
            "INSERT INTO entries (id, source_id, state, digest, first_seen_at, host) VALUES (?1, 1, ?2, 0, 0, '')";
        database
            .execute("INSERT INTO sources (id, url, name, tags, source) VALUES (1, '', '', '', '')", [])
            .expect("a source");
        for (id, state) in (0_i64..).zip(["due", "article", "skipped", "failed"]) {
            database.execute(insert, (id, state)).expect(state);
        }
        let error = database.execute(insert, (9, "lost")).expect_err("no such state");
        assert!(error.to_string().contains("CHECK"), "{error}");
        let mut program = database.prepare(&format!("EXPLAIN {insert}")).expect("a program");
        let steps = program.query_map((9, "due"), |row| row.get::<_, String>("opcode")).expect("steps");
        assert!(steps.map(|step| step.expect("a name")).all(|step| step != "OpenEphemeral"));
    }

    #[test]
    fn a_failing_step_leaves_the_database_as_it_was() {
        let database = Connection::open_in_memory().expect("open");
        migrate(&database, None, &STEPS[..1]).expect("version 1");
        assert!(migrate(&database, None, &[STEPS[0], STEPS[1], "nonsense"]).is_err());
        assert_eq!(version(&database).expect("version"), 1);
        assert!(database.query_row("SELECT y FROM a", [], |_| Ok(())).is_err(), "step 2 was taken back");
    }

    #[test]
    fn a_newer_database_is_refused() {
        let database = Connection::open_in_memory().expect("open");
        migrate(&database, None, STEPS).expect("version 2");
        assert!(matches!(migrate(&database, None, &STEPS[..1]), Err(Error::Newer { found: 2, known: 1, .. })));
    }
}
