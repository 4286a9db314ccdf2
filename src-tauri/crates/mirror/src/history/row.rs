//! The rows of moments.

use halyard_model::{
    Author, ConnectionId, EnvironmentKey, Moment, MomentId, MomentSource, Timestamp, Touched, TouchedCounts,
};
use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::seal::seal;
use crate::record::{decode, encode};
use crate::{MirrorError, Result};

/// What a moment's row says besides its columns.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) document_updated_at: Option<Timestamp>,
    /// The document's `updated_at`, letter for letter.
    pub(super) stamp: Option<String>,
    pub(super) touched: Vec<Touched>,
    pub(super) counts: TouchedCounts,
    pub(super) authors: Vec<Author>,
    pub(super) flag_count: u32,
    pub(super) segment_count: u32,
    pub(super) document_bytes: u64,
}

/// A moment's row as it is stored.
#[derive(Clone, Debug)]
pub(super) struct MomentRow {
    pub(super) id: i64,
    pub(super) timeline: i64,
    pub(super) first_seen: i64,
    pub(super) last_seen: i64,
    pub(super) before: Option<i64>,
    pub(super) source: String,
    pub(super) name: Option<String>,
    pub(super) pinned: bool,
    pub(super) record: String,
    pub(super) roots: Vec<u8>,
    /// As it was stored; of a row that is whole, [`MomentRow::seal`].
    sealed: i64,
}

/// The columns of a moment's row, its table called `moments`.
pub(super) const COLUMNS: &str = "moments.id, moments.timeline_id, moments.first_seen, moments.last_seen,
    moments.before, moments.source, moments.name, moments.pinned, moments.record, moments.roots, moments.seal";

/// Moments with what they are moments of.
pub(super) const MOMENTS: &str = "SELECT moments.*, timelines.connection_id, timelines.environment_key
    FROM moments JOIN timelines ON timelines.id = moments.timeline_id";

/// The same, found by a flag that they touched: `CROSS` keeps the order of
/// the tables, so that the few rows of the flag are looked up first.
pub(super) const TOUCHING: &str = "SELECT moments.*, timelines.connection_id, timelines.environment_key
    FROM touched_flags CROSS JOIN moments ON moments.id = touched_flags.moment_id
        JOIN timelines ON timelines.id = moments.timeline_id";

impl MomentRow {
    pub(super) fn read(row: &SqliteRow) -> std::result::Result<MomentRow, MirrorError> {
        Ok(MomentRow {
            id: row.try_get("id")?,
            timeline: row.try_get("timeline_id")?,
            first_seen: row.try_get("first_seen")?,
            last_seen: row.try_get("last_seen")?,
            before: row.try_get("before")?,
            source: row.try_get("source")?,
            name: row.try_get("name")?,
            pinned: row.try_get("pinned")?,
            record: row.try_get("record")?,
            roots: row.try_get("roots")?,
            sealed: row.try_get("seal")?,
        })
    }

    /// A row to be written, under an identifier that it gets then.
    pub(super) fn new(timeline: i64, source: MomentSource, seen: (Timestamp, Timestamp)) -> MomentRow {
        MomentRow {
            id: 0,
            timeline,
            first_seen: seen.0.0,
            last_seen: seen.1.0,
            before: None,
            source: match source {
                MomentSource::Refresh => "refresh".into(),
                MomentSource::File => "file".into(),
            },
            name: None,
            pinned: false,
            record: String::new(),
            roots: Vec::new(),
            sealed: 0,
        }
    }

    /// Whether the row is as it was stored.
    pub(super) fn is_whole(&self) -> bool {
        self.sealed == self.seal()
    }

    fn seal(&self) -> i64 {
        let number = |number: i64| number.to_le_bytes();
        let before = self.before.map(number);
        seal(&[
            Some(&number(self.id)),
            Some(&number(self.timeline)),
            Some(&number(self.first_seen)),
            Some(&number(self.last_seen)),
            before.as_ref().map(|before| before.as_slice()),
            Some(self.source.as_bytes()),
            self.name.as_deref().map(str::as_bytes),
            Some(&[u8::from(self.pinned)]),
            Some(self.record.as_bytes()),
            Some(&self.roots),
        ])
    }

    /// Writes a new row under the identifier it has.
    pub(super) async fn insert(&self, connection: &mut SqliteConnection) -> Result<()> {
        sqlx::query(
            "INSERT INTO moments (id, timeline_id, first_seen, last_seen, before, source, name, pinned, record,
                                  roots, seal)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(self.id)
        .bind(self.timeline)
        .bind(self.first_seen)
        .bind(self.last_seen)
        .bind(self.before)
        .bind(&self.source)
        .bind(&self.name)
        .bind(self.pinned)
        .bind(&self.record)
        .bind(&self.roots)
        .bind(self.seal())
        .execute(connection)
        .await?;
        Ok(())
    }

    /// Writes what can change in a row. One that was altered by an accident
    /// stays noticeable: it keeps the seal it had.
    pub(super) async fn update(&self, was_whole: bool, connection: &mut SqliteConnection) -> Result<()> {
        sqlx::query(
            "UPDATE moments SET first_seen = ?, last_seen = ?, before = ?, name = ?, pinned = ?, record = ?, seal = ?
             WHERE id = ?",
        )
        .bind(self.first_seen)
        .bind(self.last_seen)
        .bind(self.before)
        .bind(&self.name)
        .bind(self.pinned)
        .bind(&self.record)
        .bind(if was_whole { self.seal() } else { self.sealed })
        .bind(self.id)
        .execute(connection)
        .await?;
        Ok(())
    }

    /// The moment with this identifier, to be changed.
    pub(super) async fn of(connection: &mut SqliteConnection, id: MomentId) -> Result<MomentRow> {
        let query = format!("SELECT {COLUMNS} FROM moments WHERE id = ?");
        let row = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(id.0)
            .fetch_optional(connection)
            .await?;
        MomentRow::read(&row.ok_or(MirrorError::Missing)?)
    }

    pub(super) fn record(&self) -> Result<Record> {
        Ok(serde_json::from_str(&self.record)?)
    }

    pub(super) fn set_record(&mut self, record: &Record) -> Result<()> {
        self.record = encode(record)?;
        Ok(())
    }
}

/// The moment that a row with its connection and environment is.
pub(super) fn read_moment(row: &SqliteRow) -> std::result::Result<Moment, MirrorError> {
    let record: Record = decode(row, "record")?;
    let source: &str = row.try_get("source")?;
    Ok(Moment {
        id: MomentId(row.try_get("id")?),
        connection: ConnectionId(row.try_get("connection_id")?),
        environment: EnvironmentKey(row.try_get("environment_key")?),
        first_seen: Timestamp(row.try_get("first_seen")?),
        last_seen: Timestamp(row.try_get("last_seen")?),
        before: row.try_get::<Option<i64>, _>("before")?.map(Timestamp),
        source: match source {
            "file" => MomentSource::File,
            _ => MomentSource::Refresh,
        },
        document_updated_at: record.document_updated_at,
        name: row.try_get("name")?,
        pinned: row.try_get("pinned")?,
        touched: record.touched,
        counts: record.counts,
        authors: record.authors,
        flag_count: record.flag_count,
        segment_count: record.segment_count,
        document_bytes: record.document_bytes,
    })
}
