//! Letting go of what is not to be kept any longer.
//!
//! In steps of a few moments, each a transaction of its own: nobody waits long
//! to write, and whenever the process is killed, every moment that is still
//! listed is whole. With a moment go the spans that held in no moment that is
//! left, and the bodies that no span is left of.

use std::collections::BTreeMap;

use halyard_model::{Author, Retention, Timestamp};
use sqlx::sqlite::{Sqlite, SqliteConnection};
use sqlx::{Row, Transaction};

use super::between::touches_between;
use super::row::{MomentRow, Record};
use super::size;
use super::span::OPEN;
use super::touched::Touches;
use super::write::write_touched_flags;
use crate::record::encode;
use crate::{Mirror, Result};

const DAY_MILLIS: i64 = 24 * 3_600_000;
/// Moments of one step.
const AT_ONCE: u32 = 32;
/// Pages given back in one step, and free ones that are left for what comes
/// next.
const PAGES_AT_ONCE: i64 = 256;
/// What `PRAGMA auto_vacuum` says of a file whose free pages can be given back.
const INCREMENTAL: i64 = 2;

/// Those that may go at all: neither named nor pinned, none that a file held,
/// which the user gave, and not the newest one of an environment that there is.
const REMOVABLE: &str = "SELECT moments.id, moments.timeline_id, moments.record FROM moments
    WHERE NOT pinned AND name IS NULL AND source = 'refresh' AND last_seen < ?
        AND (EXISTS (SELECT 1 FROM moments AS later
                     WHERE later.timeline_id = moments.timeline_id AND later.id > moments.id)
             OR NOT EXISTS (SELECT 1 FROM timelines JOIN environments
                            ON environments.connection_id = timelines.connection_id
                               AND environments.key = timelines.environment_key
                            WHERE timelines.id = moments.timeline_id))
    ORDER BY last_seen, id LIMIT ?";

impl Mirror {
    /// Removes what is not to be kept any longer; returns how many moments
    /// went. Besides the pinned and named ones and the newest of each
    /// environment, those that were read from a file stay.
    ///
    /// The one that follows on those that went is then the first, or differs
    /// from the one kept before it, and says so. Room that was freed is given
    /// back to the disk, but for a little; in a file that was made before there
    /// was a history it is used again instead.
    pub async fn prune_history(&self, keep: &Retention, now: Timestamp) -> Result<u64> {
        let mut gone = 0;
        if let Some(days) = keep.days {
            let until = now.0.saturating_sub(i64::from(days).saturating_mul(DAY_MILLIS));
            loop {
                let step = self.prune_step(until, AT_ONCE).await?;
                gone += step;
                if step == 0 {
                    break;
                }
            }
        }
        if let Some(bytes) = keep.bytes {
            gone += self.prune_to(bytes).await?;
        }
        self.give_back_pages().await?;
        Ok(gone)
    }

    /// Removes the oldest until the history takes no more than so many bytes.
    async fn prune_to(&self, bytes: u64) -> Result<u64> {
        let mut gone = 0;
        loop {
            let held = {
                let mut reader = self.reader().await?;
                if size::bytes_of_file(&mut reader).await? <= bytes {
                    return Ok(gone);
                }
                size::of(&mut reader, None).await?
            };
            if held.bytes <= bytes {
                return Ok(gone);
            }
            // Half of what seems to be needed: the oldest may be the largest.
            let share =
                u128::from(held.bytes - bytes) * u128::from(held.moments) / u128::from(held.bytes) / 2;
            let mut wanted = u64::try_from(share).unwrap_or_default().max(1);
            while wanted > 0 {
                let count = u32::try_from(wanted).unwrap_or(AT_ONCE).min(AT_ONCE);
                let step = self.prune_step(i64::MAX, count).await?;
                gone += step;
                if step == 0 {
                    return Ok(gone);
                }
                wanted = wanted.saturating_sub(step);
            }
        }
    }

    async fn prune_step(&self, last_seen_before: i64, count: u32) -> Result<u64> {
        let mut transaction = self.write().await?;
        let rows = sqlx::query(REMOVABLE)
            .bind(last_seen_before)
            .bind(count)
            .fetch_all(&mut *transaction)
            .await?;
        let mut of_timelines: BTreeMap<i64, BTreeMap<i64, Vec<Author>>> = BTreeMap::new();
        for row in &rows {
            let record = row.try_get::<&str, _>("record").ok();
            let record = record.and_then(|record| serde_json::from_str::<Record>(record).ok());
            of_timelines
                .entry(row.try_get("timeline_id")?)
                .or_default()
                .insert(row.try_get("id")?, record.unwrap_or_default().authors);
        }
        for (timeline, moments) in &of_timelines {
            remove(&mut transaction, *timeline, moments).await?;
        }
        transaction.commit().await?;
        Ok(rows.len() as u64)
    }

    pub(crate) async fn give_back_pages(&self) -> Result<()> {
        loop {
            let mut transaction = self.write().await?;
            let mode: i64 = sqlx::query_scalar("PRAGMA auto_vacuum")
                .fetch_one(&mut *transaction)
                .await?;
            let free: i64 = sqlx::query_scalar("PRAGMA freelist_count")
                .fetch_one(&mut *transaction)
                .await?;
            if mode != INCREMENTAL || free <= PAGES_AT_ONCE {
                return Ok(());
            }
            let pages = (free - PAGES_AT_ONCE).min(PAGES_AT_ONCE);
            sqlx::query(sqlx::AssertSqlSafe(format!("PRAGMA incremental_vacuum({pages})")))
                .fetch_all(&mut *transaction)
                .await?;
            transaction.commit().await?;
        }
    }
}

/// Removes moments of a timeline, given with their authors, and what only
/// they held.
async fn remove(
    transaction: &mut Transaction<'_, Sqlite>,
    timeline: i64,
    moments: &BTreeMap<i64, Vec<Author>>,
) -> Result<()> {
    let ids: Vec<i64> = moments.keys().copied().collect();
    let (Some(lowest), Some(highest)) = (ids.first(), ids.last()) else {
        return Ok(());
    };
    sqlx::query("DELETE FROM moments WHERE id IN (SELECT value FROM json_each(?))")
        .bind(encode(&ids)?)
        .execute(&mut **transaction)
        .await?;
    // Whoever holds in the moment after all of them stays.
    let next = kept_after(transaction, timeline, *highest).await?;
    let bodies: Vec<i64> = sqlx::query_scalar(
        "DELETE FROM spans
         WHERE timeline_id = ?1 AND last >= ?2 AND last < ?3 AND NOT EXISTS (
             SELECT 1 FROM moments
             WHERE moments.timeline_id = ?1 AND moments.id BETWEEN spans.first AND spans.last)
         RETURNING body",
    )
    .bind(timeline)
    .bind(lowest)
    .bind(next.unwrap_or(OPEN))
    .fetch_all(&mut **transaction)
    .await?;
    remove_bodies(transaction, bodies).await?;
    if next.is_none() && kept_before(transaction, timeline, i64::MAX).await?.is_none() {
        return forget(transaction, timeline).await;
    }
    follow_up(transaction, timeline, moments).await
}

/// Forgets a timeline without moments, with the spans that went on.
async fn forget(transaction: &mut Transaction<'_, Sqlite>, timeline: i64) -> Result<()> {
    let bodies = sqlx::query_scalar("DELETE FROM spans WHERE timeline_id = ? RETURNING body")
        .bind(timeline)
        .fetch_all(&mut **transaction)
        .await?;
    remove_bodies(transaction, bodies).await?;
    sqlx::query("DELETE FROM timelines WHERE id = ?")
        .bind(timeline)
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

/// Removes those of the bodies that nothing holds, and then those against
/// which only they were compressed.
pub(crate) async fn remove_bodies(transaction: &mut SqliteConnection, mut bodies: Vec<i64>) -> Result<()> {
    while !bodies.is_empty() {
        let bases: Vec<Option<i64>> = sqlx::query_scalar(
            "DELETE FROM bodies
             WHERE id IN (SELECT value FROM json_each(?))
                 AND NOT EXISTS (SELECT 1 FROM spans WHERE spans.body = bodies.id)
                 AND NOT EXISTS (SELECT 1 FROM bodies AS others WHERE others.base = bodies.id)
             RETURNING base",
        )
        .bind(encode(&bodies)?)
        .fetch_all(&mut *transaction)
        .await?;
        bodies = bases.into_iter().flatten().collect();
    }
    Ok(())
}

/// Removes all bodies that nothing holds.
pub(crate) async fn remove_orphans(transaction: &mut SqliteConnection) -> Result<()> {
    let orphans = sqlx::query_scalar(
        "SELECT id FROM bodies WHERE NOT EXISTS (SELECT 1 FROM spans WHERE spans.body = bodies.id)",
    )
    .fetch_all(&mut *transaction)
    .await?;
    remove_bodies(transaction, orphans).await
}

async fn kept_after(transaction: &mut SqliteConnection, timeline: i64, id: i64) -> Result<Option<i64>> {
    Ok(
        sqlx::query_scalar("SELECT min(id) FROM moments WHERE timeline_id = ? AND id > ?")
            .bind(timeline)
            .bind(id)
            .fetch_one(transaction)
            .await?,
    )
}

async fn kept_before(transaction: &mut SqliteConnection, timeline: i64, id: i64) -> Result<Option<i64>> {
    Ok(
        sqlx::query_scalar("SELECT max(id) FROM moments WHERE timeline_id = ? AND id < ?")
            .bind(timeline)
            .bind(id)
            .fetch_one(transaction)
            .await?,
    )
}

/// Each moment that followed on some that went differs from another one now.
async fn follow_up(
    transaction: &mut Transaction<'_, Sqlite>,
    timeline: i64,
    gone: &BTreeMap<i64, Vec<Author>>,
) -> Result<()> {
    let mut followers: BTreeMap<i64, Vec<Author>> = BTreeMap::new();
    for (id, authors) in gone {
        if let Some(next) = kept_after(transaction, timeline, *id).await? {
            followers.entry(next).or_default().extend(authors.iter().cloned());
        }
    }
    for (id, mut authors) in followers {
        let before = kept_before(transaction, timeline, id).await?;
        let mut row = MomentRow::of(transaction, halyard_model::MomentId(id)).await?;
        let was_whole = row.is_whole();
        let touches = match before {
            Some(before) => Some(touches_between(transaction, timeline, (before, id)).await?),
            None => None,
        };
        // What cannot be read is left as it is, and is told of where it is opened.
        if let Ok(mut record) = row.record() {
            record.touched = touches.as_ref().map(Touches::first).unwrap_or_default();
            record.counts = touches.as_ref().map(|touches| touches.counts).unwrap_or_default();
            if before.is_some() {
                authors.append(&mut record.authors);
                record.authors = authors;
            }
            row.set_record(&record)?;
        }
        row.before = match before {
            Some(before) => {
                let before = MomentRow::of(transaction, halyard_model::MomentId(before)).await?;
                Some(before.last_seen.min(row.first_seen))
            }
            None => None,
        };
        row.update(was_whole, transaction).await?;
        sqlx::query("DELETE FROM touched_flags WHERE moment_id = ?")
            .bind(id)
            .execute(&mut **transaction)
            .await?;
        write_touched_flags(transaction, id, touches.as_ref()).await?;
    }
    Ok(())
}
