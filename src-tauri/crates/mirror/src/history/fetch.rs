//! Many spans at once.
//!
//! A moment of a large environment has thousands of spans. Handed over from
//! SQLite as rows of a dozen columns they cost several times what finding them
//! does; as one JSON text they do not. Where a damaged file gives no such text
//! they are read row by row, and what cannot be read is named.

use std::borrow::Cow;

use serde::Deserialize;
use sqlx::Row;
use sqlx::query::Query;
use sqlx::sqlite::{Sqlite, SqliteArguments, SqliteConnection, SqliteRow};

use super::body::Hash;
use super::span::{KnownLists, Span};
use crate::Result;

/// How much of the bodies is fetched along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bodies {
    /// Their hashes.
    Named,
    /// Their bytes, too.
    Whole,
}

/// A span as it was found.
pub(super) struct Found {
    pub(super) id: i64,
    /// What there is of its name, where it cannot be read.
    pub(super) span: std::result::Result<Span, String>,
    /// The body, where it was asked for and can be read.
    pub(super) body: Option<Body>,
}

/// The bytes of a body.
pub(super) struct Body {
    /// The body it was compressed against.
    pub(super) base: Option<i64>,
    pub(super) codec: i64,
    pub(super) bytes: Vec<u8>,
}

/// The spans that meet a condition, which has the numbers as `?1`, `?2` and so
/// on; in no order.
pub(super) async fn fetch(
    connection: &mut SqliteConnection,
    condition: &'static str,
    numbers: &[i64],
    bodies: Bodies,
) -> Result<Vec<Found>> {
    match fetch_packed(connection, condition, numbers, bodies).await {
        Ok(found) => Ok(found),
        Err(error) => {
            tracing::debug!(%error, "spans are read row by row");
            fetch_rows(connection, condition, numbers, bodies).await
        }
    }
}

fn select<'q>(columns: &str, condition: &str, numbers: &'q [i64]) -> Query<'q, Sqlite, SqliteArguments> {
    let query =
        format!("SELECT {columns} FROM spans LEFT JOIN bodies ON bodies.id = spans.body WHERE {condition}");
    numbers
        .iter()
        .fold(sqlx::query(sqlx::AssertSqlSafe(query)), |query, number| {
            query.bind(number)
        })
}

/// A span as the JSON text has it: the columns of [`fetch_rows`] in their
/// order, hashes and bytes in hexadecimal digits.
#[derive(Deserialize)]
struct Packed<'a>(
    i64,
    #[serde(borrow)] Cow<'a, str>,
    #[serde(borrow)] Cow<'a, str>,
    u32,
    i64,
    Option<String>,
    Option<String>,
    i64,
    i64,
    &'a str,
    Option<i64>,
    Option<i64>,
    &'a str,
);

async fn fetch_packed(
    connection: &mut SqliteConnection,
    condition: &str,
    numbers: &[i64],
    bodies: Bodies,
) -> Result<Vec<Found>> {
    let body = match bodies {
        Bodies::Named => "NULL, NULL, ''",
        Bodies::Whole => "bodies.base, bodies.codec, hex(bodies.bytes)",
    };
    let columns = format!(
        "json_group_array(json_array(spans.id, list, key, occurrence, place, label, aside, body, seal,
             hex(bodies.hash), {body}))"
    );
    let row = select(&columns, condition, numbers).fetch_one(connection).await?;
    let text: &str = row.try_get(0)?;
    let packed: Vec<Packed<'_>> = serde_json::from_str(text)?;
    let mut lists = KnownLists::default();
    Ok(packed
        .into_iter()
        .map(|packed| packed.unpack(&mut lists))
        .collect())
}

impl Packed<'_> {
    fn unpack(self, lists: &mut KnownLists) -> Found {
        let Packed(id, written, key, occurrence, place, label, aside, body, seal, hash, base, codec, bytes) =
            self;
        let stored = codec.and_then(|codec| {
            Some(Body {
                base,
                codec,
                bytes: hex::decode(bytes).ok()?,
            })
        });
        let mut read = Hash::default();
        let span = match (lists.of(&written), hex::decode_to_slice(hash, &mut read)) {
            (None, _) => Err(nameless(&written, &key)),
            (Some(list), Err(_)) => Err(list.part_name(&key, None)),
            (Some(list), Ok(())) => Ok(Span {
                id: Some(id),
                list,
                key: key.into_owned(),
                occurrence,
                place,
                label,
                aside,
                body,
                hash: read,
                seal,
            }),
        };
        Found {
            id,
            span,
            body: stored,
        }
    }
}

/// What a part is called whose list is none.
pub(super) fn nameless(list: &str, key: &str) -> String {
    format!("{key} of {list}")
}

async fn fetch_rows(
    connection: &mut SqliteConnection,
    condition: &str,
    numbers: &[i64],
    bodies: Bodies,
) -> Result<Vec<Found>> {
    let body = match bodies {
        Bodies::Named => "",
        Bodies::Whole => ", bodies.base, bodies.codec, bodies.bytes",
    };
    let columns =
        format!("spans.id, list, key, occurrence, place, label, aside, body, seal, bodies.hash{body}");
    let rows = select(&columns, condition, numbers).fetch_all(connection).await?;
    let mut lists = KnownLists::default();
    rows.iter()
        .map(|row| {
            Ok(Found {
                id: row.try_get("id")?,
                span: Span::read(row, &mut lists),
                body: body_of(row).filter(|_| bodies == Bodies::Whole),
            })
        })
        .collect()
}

fn body_of(row: &SqliteRow) -> Option<Body> {
    Some(Body {
        base: row.try_get("base").ok()?,
        codec: row.try_get("codec").ok()?,
        bytes: row.try_get("bytes").ok()?,
    })
}
