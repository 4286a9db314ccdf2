//! Storing bodies, each once.

use std::collections::{HashMap, HashSet};

use sqlx::sqlite::{Sqlite, SqliteConnection, SqliteRow};
use sqlx::{QueryBuilder, Row, Transaction};

use super::body::{COMPRESSED, Decoder, Encoded, Encoder, Hash, encode_against};
use crate::Result;

const ROWS_AT_ONCE: usize = 250;

/// A text to be stored.
pub(super) struct NewBody<'a> {
    pub(super) hash: Hash,
    pub(super) text: &'a str,
    /// The body that stood where it will.
    pub(super) instead_of: Option<i64>,
}

struct BodyRow<'a> {
    id: i64,
    hash: &'a Hash,
    base: Option<i64>,
    encoded: Encoded,
}

/// Stores the texts that are not there yet, and gives the identifier of each.
pub(super) async fn store_bodies(
    transaction: &mut Transaction<'_, Sqlite>,
    wanted: &[NewBody<'_>],
) -> Result<HashMap<Hash, i64>> {
    let mut known = known_bodies(transaction, wanted).await?;
    let mut next: i64 = sqlx::query_scalar("SELECT coalesce(max(id), 0) + 1 FROM bodies")
        .fetch_one(&mut **transaction)
        .await?;
    let mut encoder = Encoder::new()?;
    let mut rows = Vec::new();
    for body in wanted {
        if known.contains_key(&body.hash) {
            continue;
        }
        let alone = encoder.encode(body.text)?;
        let (base, encoded) = shortest(transaction, body, alone).await?;
        known.insert(body.hash, next);
        rows.push(BodyRow {
            id: next,
            hash: &body.hash,
            base,
            encoded,
        });
        next += 1;
    }
    insert(transaction, &rows).await?;
    Ok(known)
}

async fn known_bodies(
    transaction: &mut SqliteConnection,
    wanted: &[NewBody<'_>],
) -> Result<HashMap<Hash, i64>> {
    let mut known = HashMap::new();
    let hashes: HashSet<&Hash> = wanted.iter().map(|body| &body.hash).collect();
    let hashes: Vec<&Hash> = hashes.into_iter().collect();
    for chunk in hashes.chunks(ROWS_AT_ONCE) {
        let mut query = QueryBuilder::<Sqlite>::new("SELECT id, hash FROM bodies WHERE hash IN (");
        let mut list = query.separated(", ");
        for hash in chunk {
            list.push_bind(hash.as_slice());
        }
        query.push(")");
        let rows = query
            .build()
            .persistent(chunk.len() == ROWS_AT_ONCE)
            .fetch_all(&mut *transaction)
            .await?;
        for row in rows {
            let hash: &[u8] = row.try_get("hash")?;
            if let Ok(hash) = Hash::try_from(hash) {
                known.insert(hash, row.try_get("id")?);
            }
        }
    }
    Ok(known)
}

/// The text against the first one that stood in its place, where that takes
/// less than half the room. Always against one that stands by itself, so that
/// no text needs more than one other to be read.
async fn shortest(
    transaction: &mut SqliteConnection,
    body: &NewBody<'_>,
    alone: Encoded,
) -> Result<(Option<i64>, Encoded)> {
    let Some(before) = body.instead_of else {
        return Ok((None, alone));
    };
    let row = sqlx::query(
        "SELECT id, hash, codec, bytes FROM bodies
         WHERE id = (SELECT coalesce(base, id) FROM bodies WHERE id = ?)",
    )
    .bind(before)
    .fetch_optional(transaction)
    .await?;
    let Some(row) = row else {
        return Ok((None, alone));
    };
    // One that is damaged would damage this one, too.
    let Some(text) = read_alone(&row) else {
        return Ok((None, alone));
    };
    let against = encode_against(&text, body.text)?;
    if against.codec == COMPRESSED && against.bytes.len() * 2 < alone.bytes.len() {
        return Ok((Some(row.try_get("id")?), against));
    }
    Ok((None, alone))
}

fn read_alone(row: &SqliteRow) -> Option<String> {
    Decoder::new().decode(
        row.try_get("hash").ok()?,
        row.try_get("codec").ok()?,
        row.try_get("bytes").ok()?,
        None,
    )
}

async fn insert(transaction: &mut Transaction<'_, Sqlite>, rows: &[BodyRow<'_>]) -> Result<()> {
    for chunk in rows.chunks(ROWS_AT_ONCE) {
        let mut insert = QueryBuilder::<Sqlite>::new("INSERT INTO bodies (id, hash, base, codec, bytes) ");
        insert.push_values(chunk, |mut row, body| {
            row.push_bind(body.id)
                .push_bind(body.hash.as_slice())
                .push_bind(body.base)
                .push_bind(body.encoded.codec)
                .push_bind(body.encoded.bytes.as_slice());
        });
        insert
            .build()
            .persistent(chunk.len() == ROWS_AT_ONCE)
            .execute(&mut **transaction)
            .await?;
    }
    Ok(())
}
