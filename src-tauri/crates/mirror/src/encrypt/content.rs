//! What a database holds, as one number that two copies of it share.

use futures_util::TryStreamExt as _;
use sha2::{Digest as _, Sha256};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Column as _, Row as _, TypeInfo as _, Value as _, ValueRef as _};

use crate::{MirrorError, Result};

/// A hash over everything that an attached database holds: what it is made
/// of, and every value of every row in the order of the table.
pub(super) async fn digest(connection: &mut SqliteConnection, database: &'static str) -> Result<[u8; 32]> {
    let mut hash = Sha256::new();
    let made_of =
        format!("SELECT type, name, tbl_name, sql FROM {database}.sqlite_schema ORDER BY type, name");
    add(&mut *connection, made_of, &mut hash).await?;
    let tables = format!(
        "SELECT name FROM {database}.sqlite_schema WHERE type = 'table' AND rootpage > 0
         AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
    );
    let tables: Vec<String> = sqlx::query_scalar(AssertSqlSafe(tables))
        .fetch_all(&mut *connection)
        .await?;
    for table in tables {
        let table = table.replace('"', "\"\"");
        // Not by an index, so that the order is that of the table in both.
        let rows = format!("SELECT * FROM {database}.\"{table}\" NOT INDEXED");
        add(&mut *connection, rows, &mut hash).await?;
    }
    Ok(hash.finalize().into())
}

async fn add(connection: &mut SqliteConnection, query: String, hash: &mut Sha256) -> Result<()> {
    let mut rows = sqlx::query(AssertSqlSafe(query)).fetch(connection);
    while let Some(row) = rows.try_next().await? {
        for column in row.columns() {
            add_value(&row, column.ordinal(), hash)?;
        }
        hash.update(b"\n");
    }
    hash.update(b"\nend\n");
    Ok(())
}

/// A value with its type and length, so that no two rows give the same bytes.
fn add_value(row: &SqliteRow, place: usize, hash: &mut Sha256) -> Result<()> {
    let value = row.try_get_raw(place)?.to_owned();
    let kind = value.type_info().name().to_owned();
    hash.update(&kind);
    match kind.as_str() {
        "NULL" => {}
        "INTEGER" => hash.update(row.try_get_unchecked::<i64, _>(place)?.to_le_bytes()),
        "REAL" => hash.update(row.try_get_unchecked::<f64, _>(place)?.to_bits().to_le_bytes()),
        "TEXT" | "BLOB" => {
            let bytes: &[u8] = row.try_get_unchecked(place)?;
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        }
        other => {
            return Err(MirrorError::Other(
                format!("a value of the unknown type {other}").into(),
            ));
        }
    }
    Ok(())
}
