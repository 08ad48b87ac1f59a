//! Questions to the events, while the writer runs in this process or another.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use model::wire::{EventKind, EventRecord};
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, Row, params_from_iter};

use super::{FILE, sqlite};
use crate::error::HistorianError;

/// How long one side waits for the other's lock; with WAL it is held for moments only.
pub(super) const BUSY: Duration = Duration::from_secs(5);

/// A read-only handle. Clones share one connection; open another for queries side by side.
#[derive(Clone, Debug)]
pub struct EventReader {
    path: PathBuf,
    connection: Arc<Mutex<Connection>>,
}

impl EventReader {
    /// `folder` as for [`super::EventStore::open`]; the store must have been made before.
    pub fn open(folder: &Path) -> Result<Self, HistorianError> {
        Self::open_file(&folder.join(FILE))
    }

    pub(super) fn open_file(path: &Path) -> Result<Self, HistorianError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(sqlite(path))?;
        connection.busy_timeout(BUSY).map_err(sqlite(path))?;
        Ok(Self { path: path.to_owned(), connection: Arc::new(Mutex::new(connection)) })
    }

    /// Events of `[from_ms, to_ms]`, newest first, at most `max`. A tag `FIC-301` finds its parts
    /// (`FIC-301.SP`) too. No kinds means all of them.
    pub fn query(
        &self,
        from_ms: i64,
        to_ms: i64,
        tag: Option<&str>,
        kinds: &[EventKind],
        max: usize,
    ) -> Result<Vec<EventRecord>, HistorianError> {
        let mut sql =
            "SELECT time_ms, kind, tag, text, user FROM event WHERE time_ms BETWEEN ? AND ?".to_owned();
        let mut values = vec![Value::Integer(from_ms), Value::Integer(to_ms)];
        if let Some(tag) = tag {
            // A slash is the character after the dot.
            sql.push_str(" AND (tag = ? OR (tag > ? AND tag < ?))");
            values.extend([tag.to_owned(), format!("{tag}."), format!("{tag}/")].map(Value::Text));
        }
        if !kinds.is_empty() {
            let marks = vec!["?"; kinds.len()].join(",");
            sql.push_str(&format!(" AND kind IN ({marks})"));
            values.extend(kinds.iter().map(|kind| Value::Text(kind.word().to_owned())));
        }
        sql.push_str(" ORDER BY time_ms DESC, id DESC LIMIT ?");
        values.push(Value::Integer(i64::try_from(max).unwrap_or(i64::MAX)));
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        rows(&connection, &sql, values).map_err(sqlite(&self.path))
    }

    pub fn count(&self) -> Result<u64, HistorianError> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let count = connection.query_row("SELECT count(*) FROM event", [], |row| row.get::<_, i64>(0));
        count.map(i64::unsigned_abs).map_err(sqlite(&self.path))
    }

    /// Everything that SQLite finds wrong with the file; empty when all is well. Reads all of it.
    pub fn check(&self) -> Result<Vec<String>, HistorianError> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        check(&connection).map_err(sqlite(&self.path))
    }
}

fn rows(connection: &Connection, sql: &str, values: Vec<Value>) -> rusqlite::Result<Vec<EventRecord>> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params_from_iter(values), record)?;
    rows.collect()
}

fn record(row: &Row<'_>) -> rusqlite::Result<EventRecord> {
    let kind: String = row.get(1)?;
    Ok(EventRecord {
        time_ms: row.get(0)?,
        // A kind of a newer program is still an event of the system.
        kind: EventKind::parse(&kind).unwrap_or(EventKind::System),
        tag: row.get(2)?,
        text: row.get(3)?,
        user: row.get(4)?,
    })
}

pub(super) fn check(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare("PRAGMA quick_check(20)")?;
    let lines = statement.query_map([], |row| row.get::<_, String>(0))?;
    lines.filter(|line| !matches!(line, Ok(text) if text == "ok")).collect()
}
