//! How much room the history takes.

use halyard_model::ConnectionId;
use sqlx::Row;
use sqlx::sqlite::SqliteConnection;

use super::HistorySize;
use crate::Result;

/// Bytes of the pages that the history's tables and their indexes have.
pub(super) async fn bytes(connection: &mut SqliteConnection) -> Result<u64> {
    let bytes: i64 = sqlx::query_scalar(
        "SELECT coalesce(sum(pgsize), 0) FROM dbstat
         WHERE aggregate = TRUE AND name IN (
             SELECT name FROM sqlite_schema
             WHERE tbl_name IN ('timelines', 'moments', 'touched_flags', 'bodies', 'spans'))",
    )
    .fetch_one(connection)
    .await?;
    Ok(bytes.unsigned_abs())
}

/// Bytes of all pages in use, the history's among them. Costs nothing.
pub(super) async fn bytes_of_file(connection: &mut SqliteConnection) -> Result<u64> {
    let bytes: i64 = sqlx::query_scalar(
        "SELECT (page_count - freelist_count) * page_size
         FROM pragma_page_count, pragma_freelist_count, pragma_page_size",
    )
    .fetch_one(connection)
    .await?;
    Ok(bytes.unsigned_abs())
}

/// How much there is of all connections, or of one. Pages are shared: of one
/// connection it is the part of them that its rows are of all rows.
pub(super) async fn of(
    reader: &mut SqliteConnection,
    connection: Option<&ConnectionId>,
) -> Result<HistorySize> {
    let all = bytes(reader).await?;
    let total = weigh(reader, None).await?;
    let Some(connection) = connection else {
        return Ok(HistorySize {
            moments: total.moments,
            bytes: if total.moments == 0 { 0 } else { all },
        });
    };
    let own = weigh(reader, Some(connection)).await?;
    let share = u128::from(all) * u128::from(own.bytes) / u128::from(total.bytes.max(1));
    Ok(HistorySize {
        moments: own.moments,
        bytes: u64::try_from(share).unwrap_or(all),
    })
}

/// The rows by what is in them, and about what each takes besides.
async fn weigh(reader: &mut SqliteConnection, connection: Option<&ConnectionId>) -> Result<HistorySize> {
    let row = sqlx::query(
        "WITH own AS (SELECT id FROM timelines WHERE ?1 IS NULL OR connection_id = ?1)
         SELECT
            (SELECT count(*) FROM moments WHERE timeline_id IN own) AS moments,
            (SELECT coalesce(sum(length(record) + 200), 0) FROM moments WHERE timeline_id IN own)
            + (SELECT count(*) * 100 FROM spans WHERE timeline_id IN own)
            + (SELECT coalesce(sum(length(bytes) + 60), 0) FROM bodies
               WHERE ?1 IS NULL OR id IN (SELECT body FROM spans WHERE timeline_id IN own)) AS bytes",
    )
    .bind(connection.map(|connection| &connection.0))
    .fetch_one(reader)
    .await?;
    Ok(HistorySize {
        moments: row.try_get::<i64, _>("moments")?.unsigned_abs(),
        bytes: row.try_get::<i64, _>("bytes")?.unsigned_abs(),
    })
}
