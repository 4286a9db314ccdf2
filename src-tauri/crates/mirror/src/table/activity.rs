//! Requests that were made, for people to look at afterwards. Bounded: the
//! newest stay.

use halyard_model::{ConnectionId, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::sqlite::{Sqlite, SqliteRow};
use sqlx::{QueryBuilder, Row};

use crate::record::{Rows, decode, encode};
use crate::{Mirror, MirrorError, Result};

/// How many requests are kept.
pub const EXCHANGES_KEPT: u32 = 10_000;

/// A request to be kept.
#[derive(Clone, Debug)]
pub struct NewExchange<T> {
    /// Whom it was made for.
    pub connection: Option<ConnectionId>,
    /// When it left.
    pub at: Timestamp,
    /// What it was counted against.
    pub class: &'static str,
    /// How it ended.
    pub outcome: &'static str,
    /// What a search looks into, in small letters.
    pub search: String,
    /// Everything to be known about it.
    pub record: T,
}

/// A request as it is kept.
#[derive(Clone, Debug)]
pub struct KeptExchange<T> {
    /// Names it; newer ones have larger numbers.
    pub id: i64,
    /// Whom it was made for.
    pub connection: Option<ConnectionId>,
    /// Everything known about it.
    pub record: T,
}

/// Which requests are wanted. Empty lists and `None` leave nothing out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExchangeFilter {
    /// Made for this connection.
    pub connection: Option<ConnectionId>,
    /// Counted against one of these.
    pub classes: Vec<&'static str>,
    /// Ended so.
    pub outcomes: Vec<&'static str>,
    /// Each of these occurs in [`NewExchange::search`], letter for letter.
    pub words: Vec<String>,
    /// Left at this moment or later.
    pub since: Option<Timestamp>,
}

impl Mirror {
    /// Writes requests down, in the order given, and drops the oldest beyond
    /// [`EXCHANGES_KEPT`]. Those of a connection that is gone are left out.
    pub async fn record_exchanges<T: Serialize>(&self, exchanges: &[NewExchange<T>]) -> Result<()> {
        let records = exchanges
            .iter()
            .map(|exchange| encode(&exchange.record))
            .collect::<Result<Vec<_>>>()?;
        let mut transaction = self.write().await?;
        for (exchange, record) in exchanges.iter().zip(records) {
            let connection = exchange.connection.as_ref().map(|id| id.0.as_str());
            sqlx::query(
                "INSERT INTO exchanges (connection_id, at, class, outcome, search, record)
                 SELECT ?1, ?2, ?3, ?4, ?5, ?6
                 WHERE ?1 IS NULL OR EXISTS (SELECT 1 FROM connections WHERE id = ?1)",
            )
            .bind(connection)
            .bind(exchange.at.0)
            .bind(exchange.class)
            .bind(exchange.outcome)
            .bind(&exchange.search)
            .bind(record)
            .execute(&mut *transaction)
            .await?;
        }
        sqlx::query("DELETE FROM exchanges WHERE id <= (SELECT max(id) FROM exchanges) - ?")
            .bind(EXCHANGES_KEPT)
            .execute(&mut *transaction)
            .await?;
        Ok(transaction.commit().await?)
    }

    /// Requests of a kind, the newest first: at most `most`, and only those
    /// before `before`. With each page comes how many there are of the kind.
    pub async fn exchanges<T: DeserializeOwned>(
        &self,
        filter: &ExchangeFilter,
        before: Option<i64>,
        most: u32,
    ) -> Result<(Vec<KeptExchange<T>>, u64)> {
        let mut count = QueryBuilder::<Sqlite>::new("SELECT count(*) FROM exchanges WHERE TRUE");
        push_filter(&mut count, filter)?;
        let total: i64 = count
            .build_query_scalar()
            .fetch_one(&mut *self.reader().await?)
            .await?;

        let mut query =
            QueryBuilder::<Sqlite>::new("SELECT id, connection_id, record FROM exchanges WHERE TRUE");
        push_filter(&mut query, filter)?;
        if let Some(before) = before {
            query.push(" AND id < ").push_bind(before);
        }
        query.push(" ORDER BY id DESC LIMIT ").push_bind(most);
        let rows = query.build().fetch_all(&mut *self.reader().await?).await?;
        let kept = Rows::of("exchanges", "id", &rows, read).readable();
        Ok((kept, total.unsigned_abs()))
    }

    /// One request.
    pub async fn exchange<T: DeserializeOwned>(&self, id: i64) -> Result<Option<KeptExchange<T>>> {
        sqlx::query("SELECT id, connection_id, record FROM exchanges WHERE id = ?")
            .bind(id)
            .fetch_optional(&mut *self.reader().await?)
            .await?
            .map(|row| read(&row))
            .transpose()
    }

    /// Drops the requests of a connection, or every request.
    pub async fn clear_exchanges(&self, connection: Option<&ConnectionId>) -> Result<()> {
        let mut transaction = self.write().await?;
        sqlx::query("DELETE FROM exchanges WHERE ?1 IS NULL OR connection_id = ?1")
            .bind(connection.map(|id| id.0.as_str()))
            .execute(&mut *transaction)
            .await?;
        Ok(transaction.commit().await?)
    }
}

fn push_filter(query: &mut QueryBuilder<Sqlite>, filter: &ExchangeFilter) -> Result<()> {
    if let Some(connection) = &filter.connection {
        query
            .push(" AND connection_id = ")
            .push_bind(connection.0.clone());
    }
    for (column, values) in [("class", &filter.classes), ("outcome", &filter.outcomes)] {
        if !values.is_empty() {
            query.push(format!(" AND {column} IN (SELECT value FROM json_each("));
            query.push_bind(encode(values)?).push("))");
        }
    }
    if let Some(since) = filter.since {
        query.push(" AND at >= ").push_bind(since.0);
    }
    for word in &filter.words {
        // `instr` knows no wildcards, so that a typed % is a %.
        query
            .push(" AND instr(search, ")
            .push_bind(word.clone())
            .push(") > 0");
    }
    Ok(())
}

fn read<T: DeserializeOwned>(row: &SqliteRow) -> std::result::Result<KeptExchange<T>, MirrorError> {
    Ok(KeptExchange {
        id: row.try_get("id")?,
        connection: row
            .try_get::<Option<String>, _>("connection_id")?
            .map(ConnectionId),
        record: decode(row, "record")?,
    })
}
