//! Events: the journal that people read, in SQLite (WAL), with indices by time and by tag.
//!
//! ```text
//! events.sqlite         table event(id, time_ms, kind, tag, text, user)
//! events.sqlite-wal     what was committed last; readers see it at once
//! events.sqlite-shm
//! ```
//! `kind` is the word of [`model::wire::EventKind`], so that the file can be read with any SQLite
//! tool. A batch is one transaction, on disk when `append_batch` returns.

mod query;

pub use query::EventReader;

use std::path::{Path, PathBuf};

use model::wire::EventRecord;
use rusqlite::{Connection, ErrorCode, params};

use crate::disk;
use crate::error::HistorianError;

const FILE: &str = "events.sqlite";
const VERSION: i32 = 1;
/// One transaction of the clean-up, so that a batch of events never waits long behind it.
const DELETE_AT_ONCE: u32 = 20_000;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS event(
        id INTEGER PRIMARY KEY,
        time_ms INTEGER NOT NULL,
        kind TEXT NOT NULL,
        tag TEXT NOT NULL,
        text TEXT NOT NULL,
        user TEXT NOT NULL);
    CREATE INDEX IF NOT EXISTS event_by_time ON event(time_ms);
    CREATE INDEX IF NOT EXISTS event_by_tag ON event(tag, time_ms);";

/// How much to keep; `None` is no bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventRetention {
    pub max_rows: Option<u64>,
    pub max_age_ms: Option<i64>,
}

/// The one writer of events.
#[derive(Debug)]
pub struct EventStore {
    path: PathBuf,
    connection: Connection,
    set_aside: Option<PathBuf>,
}

impl EventStore {
    /// Opens or makes the store in this folder. A file that is no database any more is set aside.
    pub fn open(folder: &Path) -> Result<Self, HistorianError> {
        disk::create_folder(folder)?;
        let path = folder.join(FILE);
        match connect(&path) {
            Ok(connection) => Ok(Self { path, connection, set_aside: None }),
            Err(error) if is_damaged(&error) => {
                let aside = disk::set_aside(&path)?;
                for suffix in ["-wal", "-shm"] {
                    let side = disk::with_suffix(&path, suffix);
                    if side.exists() {
                        disk::set_aside(&side)?;
                    }
                }
                let connection = connect(&path).map_err(sqlite(&path))?;
                Ok(Self { path, connection, set_aside: Some(aside) })
            }
            Err(error) => Err(sqlite(&path)(error)),
        }
    }

    /// Where the damaged file went, when there was one and a new store was begun.
    pub fn set_aside(&self) -> Option<&Path> {
        self.set_aside.as_deref()
    }

    /// All of them or none, durable when this returns.
    pub fn append_batch(&mut self, records: &[EventRecord]) -> Result<(), HistorianError> {
        if records.is_empty() {
            return Ok(());
        }
        insert(&mut self.connection, records).map_err(sqlite(&self.path))
    }

    /// Removes the oldest events, so many at a time. Returns how many went; call again while it is not 0.
    pub fn enforce(&mut self, now_ms: i64, retention: &EventRetention) -> Result<u64, HistorianError> {
        delete(&self.connection, now_ms, retention).map_err(sqlite(&self.path))
    }

    /// Everything that SQLite finds wrong with the file; empty when all is well. Reads all of it.
    pub fn check(&self) -> Result<Vec<String>, HistorianError> {
        query::check(&self.connection).map_err(sqlite(&self.path))
    }

    /// A handle for queries from other threads.
    pub fn reader(&self) -> Result<EventReader, HistorianError> {
        EventReader::open_file(&self.path)
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(query::BUSY)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // FULL: a committed batch survives a power cut, not only a kill.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.execute_batch(SCHEMA)?;
    connection.pragma_update(None, "user_version", VERSION)?;
    Ok(connection)
}

fn insert(connection: &mut Connection, records: &[EventRecord]) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    {
        let mut insert = transaction.prepare_cached(
            "INSERT INTO event(time_ms, kind, tag, text, user) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        for record in records {
            insert.execute(params![
                record.time_ms,
                record.kind.word(),
                record.tag,
                record.text,
                record.user
            ])?;
        }
    }
    transaction.commit()
}

fn delete(connection: &Connection, now_ms: i64, retention: &EventRetention) -> rusqlite::Result<u64> {
    let mut deleted = 0;
    if let Some(age) = retention.max_age_ms {
        let sql = "DELETE FROM event WHERE id IN
            (SELECT id FROM event WHERE time_ms < ?1 ORDER BY time_ms LIMIT ?2)";
        deleted += connection.execute(sql, params![now_ms.saturating_sub(age), DELETE_AT_ONCE])?;
    }
    if let Some(rows) = retention.max_rows {
        let sql = "DELETE FROM event WHERE id IN
            (SELECT id FROM event ORDER BY time_ms, id
             LIMIT min(?2, max(0, (SELECT count(*) FROM event) - ?1)))";
        let rows = i64::try_from(rows).unwrap_or(i64::MAX);
        deleted += connection.execute(sql, params![rows, DELETE_AT_ONCE])?;
    }
    Ok(deleted as u64)
}

fn is_damaged(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt))
}

fn sqlite(path: &Path) -> impl Fn(rusqlite::Error) -> HistorianError + '_ {
    |source| HistorianError::Sqlite { path: path.to_owned(), source }
}
