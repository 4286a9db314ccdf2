//! Records: the model's nouns as JSON text in a column.

use halyard_model::FlagKey;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::MirrorError;

/// A row that is there and cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadableRow {
    /// The table it is in.
    pub table: &'static str,
    /// What the row is called: the key, name or identifier in it.
    pub name: String,
}

/// What a list held: the rows that could be read, and the names of the others.
pub(crate) struct Rows<T> {
    pub(crate) read: Vec<T>,
    pub(crate) unreadable: Vec<String>,
}

impl<T> Rows<T> {
    /// Reads each row on its own, so that one bad row loses no other.
    pub(crate) fn of(
        table: &'static str,
        name: &str,
        rows: &[SqliteRow],
        read: impl Fn(&SqliteRow) -> Result<T, MirrorError>,
    ) -> Rows<T> {
        let mut result = Rows {
            read: Vec::with_capacity(rows.len()),
            unreadable: Vec::new(),
        };
        for row in rows {
            match read(row) {
                Ok(value) => result.read.push(value),
                Err(_) => result.unreadable.push(lossy(row, name)),
            }
        }
        if !result.unreadable.is_empty() {
            tracing::warn!(
                table,
                count = result.unreadable.len(),
                "the mirror holds rows that cannot be read"
            );
        }
        result
    }

    /// The rows that could be read. The others were logged, and
    /// [`Mirror::unreadable_rows`](crate::Mirror::unreadable_rows) lists them.
    pub(crate) fn readable(self) -> Vec<T> {
        self.read
    }

    pub(crate) fn unreadable_keys(&self) -> Vec<FlagKey> {
        self.unreadable.iter().cloned().map(FlagKey).collect()
    }
}

pub(crate) fn encode<T: Serialize + ?Sized>(value: &T) -> Result<String, MirrorError> {
    Ok(serde_json::to_string(value)?)
}

/// Reads a record. The column is taken as bytes: damaged text need not be
/// UTF-8, and that is for the JSON reader to report.
pub(crate) fn decode<T: DeserializeOwned>(row: &SqliteRow, column: &str) -> Result<T, MirrorError> {
    let bytes: &[u8] = row.try_get_unchecked(column)?;
    Ok(serde_json::from_slice(bytes)?)
}

fn lossy(row: &SqliteRow, column: &str) -> String {
    row.try_get_unchecked::<&[u8], _>(column)
        .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
        .unwrap_or_default()
}
