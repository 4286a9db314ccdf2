//! The rows of spans: a part, and the moments in which it held.

use std::collections::HashMap;
use std::sync::Arc;

use sqlx::Row;
use sqlx::sqlite::{Sqlite, SqliteConnection, SqliteRow};
use sqlx::{QueryBuilder, Transaction};

use super::body::Hash;
use super::fetch::{Bodies, fetch, nameless};
use super::list::List;
use super::seal::seal;
use crate::{MirrorError, Result};

/// The last moment of a span that goes on.
pub(super) const OPEN: i64 = i64::MAX;

const ROWS_AT_ONCE: usize = 250;

/// What tells a part from the others of its moment.
pub(super) type Identity<'a> = (&'a str, u32);

/// A span as it is stored, with the hash of its body.
#[derive(Clone, Debug)]
pub(super) struct Span {
    /// None of one that is yet to be written.
    pub(super) id: Option<i64>,
    pub(super) list: Arc<List>,
    pub(super) key: String,
    pub(super) occurrence: u32,
    pub(super) place: i64,
    pub(super) label: Option<String>,
    pub(super) aside: Option<String>,
    pub(super) body: i64,
    pub(super) hash: Hash,
    pub(super) seal: i64,
}

impl Span {
    pub(super) fn identity(&self) -> Identity<'_> {
        (&self.key, self.occurrence)
    }

    /// What its seal is, if nothing altered it.
    pub(super) fn expected_seal(&self) -> i64 {
        seal(&[
            Some(self.list.written().as_bytes()),
            Some(self.key.as_bytes()),
            Some(&self.occurrence.to_le_bytes()),
            Some(&self.place.to_le_bytes()),
            self.label.as_deref().map(str::as_bytes),
            self.aside.as_deref().map(str::as_bytes),
            Some(&self.hash),
        ])
    }

    /// What it is, for people.
    pub(super) fn name(&self) -> String {
        self.list.part_name(&self.key, self.label.as_deref())
    }

    /// Reads a row of a span with the hash of its body. A row that cannot be read
    /// gives what there is of its name.
    pub(super) fn read(row: &SqliteRow, lists: &mut KnownLists) -> std::result::Result<Span, String> {
        let text = |column: &str| {
            row.try_get_unchecked::<&[u8], _>(column)
                .map(|text| String::from_utf8_lossy(text).into_owned())
                .unwrap_or_default()
        };
        let written = text("list");
        let Some(list) = lists.of(&written) else {
            return Err(nameless(&written, &text("key")));
        };
        Self::read_in(list.clone(), row).map_err(|_| list.part_name(&text("key"), None))
    }

    fn read_in(list: Arc<List>, row: &SqliteRow) -> std::result::Result<Span, MirrorError> {
        let hash: Option<&[u8]> = row.try_get("hash")?;
        let hash = hash.and_then(|hash| Hash::try_from(hash).ok());
        Ok(Span {
            id: row.try_get("id")?,
            list,
            key: row.try_get("key")?,
            occurrence: row.try_get("occurrence")?,
            place: row.try_get("place")?,
            label: row.try_get("label")?,
            aside: row.try_get("aside")?,
            body: row.try_get("body")?,
            hash: hash.ok_or(MirrorError::Missing)?,
            seal: row.try_get("seal")?,
        })
    }
}

/// The lists that were read, each once.
#[derive(Debug, Default)]
pub(super) struct KnownLists(HashMap<String, Arc<List>>);

impl KnownLists {
    pub(super) fn of(&mut self, written: &str) -> Option<Arc<List>> {
        if let Some(known) = self.0.get(written) {
            return Some(known.clone());
        }
        let list = Arc::new(List::read(written)?);
        self.0.insert(written.to_owned(), list.clone());
        Some(list)
    }
}

/// The spans of a timeline that go on, in the order of their places, and the
/// identifiers of those that are not what was stored: they are to be ended, so
/// that what comes next is whole.
pub(super) async fn going_on(
    connection: &mut SqliteConnection,
    timeline: i64,
) -> Result<(Vec<Span>, Vec<i64>)> {
    let condition = "timeline_id = ?1 AND last = ?2";
    let found = fetch(connection, condition, &[timeline, OPEN], Bodies::Named).await?;
    let (mut spans, mut altered) = (Vec::with_capacity(found.len()), Vec::new());
    for found in found {
        match found.span {
            Ok(span) if span.seal == span.expected_seal() => spans.push(span),
            _ => altered.push(found.id),
        }
    }
    spans.sort_by_key(|span| span.place);
    Ok((spans, altered))
}

/// Ends spans with a moment.
pub(super) async fn close(connection: &mut SqliteConnection, ids: &[i64], last: i64) -> Result<()> {
    sqlx::query("UPDATE spans SET last = ? WHERE id IN (SELECT value FROM json_each(?))")
        .bind(last)
        .bind(crate::record::encode(ids)?)
        .execute(connection)
        .await?;
    Ok(())
}

/// Begins spans with a moment.
pub(super) async fn open(
    transaction: &mut Transaction<'_, Sqlite>,
    timeline: i64,
    first: i64,
    spans: &[&Span],
) -> Result<()> {
    for chunk in spans.chunks(ROWS_AT_ONCE) {
        let mut insert = QueryBuilder::<Sqlite>::new(
            "INSERT INTO spans (timeline_id, list, key, occurrence, place, label, aside, body, first, last, seal) ",
        );
        insert.push_values(chunk, |mut row, span| {
            row.push_bind(timeline)
                .push_bind(span.list.written())
                .push_bind(&span.key)
                .push_bind(span.occurrence)
                .push_bind(span.place)
                .push_bind(&span.label)
                .push_bind(&span.aside)
                .push_bind(span.body)
                .push_bind(first)
                .push_bind(OPEN)
                .push_bind(span.seal);
        });
        // Of any length: not worth a place among the prepared ones.
        insert
            .build()
            .persistent(chunk.len() == ROWS_AT_ONCE)
            .execute(&mut **transaction)
            .await?;
    }
    Ok(())
}
