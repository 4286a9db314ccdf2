//! Removing what an import left. In steps, each a transaction of its own: it
//! may be thousands of moments, and others want to write.

use sqlx::Row;
use sqlx::sqlite::SqliteConnection;

use super::UNFINISHED;
use crate::history::remove_bodies;
use crate::{Mirror, Result};

/// Spans, or moments, of one step.
const AT_ONCE: u32 = 1_000;

/// Removes it all, and gives its room back to the disk.
pub(super) async fn remove(mirror: &Mirror) -> Result<()> {
    let left: Option<i64> = sqlx::query_scalar("SELECT 1 FROM connections WHERE id = ?")
        .bind(UNFINISHED)
        .fetch_optional(&mut *mirror.reader().await?)
        .await?;
    if left.is_none() {
        return Ok(());
    }
    loop {
        let mut transaction = mirror.write().await?;
        let gone = remove_spans(&mut transaction).await? + remove_moments(&mut transaction).await?;
        if gone == 0 {
            sqlx::query("DELETE FROM connections WHERE id = ?")
                .bind(UNFINISHED)
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        if gone == 0 {
            break;
        }
    }
    mirror.give_back_pages().await?;
    mirror.pools.read().await.fold_log().await
}

async fn remove_spans(transaction: &mut SqliteConnection) -> Result<u64> {
    let rows = sqlx::query(
        "DELETE FROM spans WHERE id IN (
             SELECT spans.id FROM spans JOIN timelines ON timelines.id = spans.timeline_id
             WHERE timelines.connection_id = ? LIMIT ?)
         RETURNING body",
    )
    .bind(UNFINISHED)
    .bind(AT_ONCE)
    .fetch_all(&mut *transaction)
    .await?;
    let bodies: std::result::Result<_, _> = rows.iter().map(|row| row.try_get("body")).collect();
    remove_bodies(transaction, bodies?).await?;
    Ok(rows.len() as u64)
}

async fn remove_moments(transaction: &mut SqliteConnection) -> Result<u64> {
    let done = sqlx::query(
        "DELETE FROM moments WHERE id IN (
             SELECT moments.id FROM moments JOIN timelines ON timelines.id = moments.timeline_id
             WHERE timelines.connection_id = ? LIMIT ?)",
    )
    .bind(UNFINISHED)
    .bind(AT_ONCE)
    .execute(transaction)
    .await?;
    Ok(done.rows_affected())
}
