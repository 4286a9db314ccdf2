//! Listing moments, and what people write on them.

use halyard_model::{Author, ConnectionId, EnvironmentKey, Moment, MomentId, Timestamp};
use sqlx::QueryBuilder;
use sqlx::sqlite::Sqlite;

use super::MomentFilter;
use super::row::{MOMENTS, MomentRow, TOUCHING, read_moment};
use crate::import::UNFINISHED;
use crate::record::Rows;
use crate::{Mirror, Result};

fn listing(wanted: &MomentFilter) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::<Sqlite>::new(match wanted.flag {
        Some(_) => TOUCHING,
        None => MOMENTS,
    });
    query.push(" WHERE TRUE");
    if wanted.environments.is_empty() {
        query
            .push(" AND timelines.connection_id <> ")
            .push_bind(UNFINISHED);
    }
    if let Some(flag) = &wanted.flag {
        query
            .push(" AND touched_flags.flag_key = ")
            .push_bind(flag.0.clone());
    }
    if wanted.kept_only {
        query.push(" AND (moments.pinned OR moments.name IS NOT NULL)");
    }
    let one = wanted.environments.len() == 1;
    if !wanted.environments.is_empty() {
        query.push(if one {
            " AND moments.timeline_id = "
        } else {
            " AND moments.timeline_id IN "
        });
        query.push("(SELECT id FROM timelines WHERE (connection_id, environment_key) IN (VALUES ");
        let mut pairs = query.separated(", ");
        for (connection, environment) in &wanted.environments {
            pairs.push("(").push_bind_unseparated(connection.0.clone());
            pairs
                .push_unseparated(", ")
                .push_bind_unseparated(environment.0.clone());
            pairs.push_unseparated(")");
        }
        query.push("))");
    }
    page(&mut query, wanted, one);
    query
}

/// Those of one environment by the order in which they came, those of several
/// by time.
fn page(query: &mut QueryBuilder<Sqlite>, wanted: &MomentFilter, one: bool) {
    match (wanted.before, one) {
        (None, _) => {}
        (Some(before), true) => {
            query.push(" AND moments.id < ").push_bind(before.0);
        }
        (Some(before), false) => {
            query
                .push(
                    " AND (moments.first_seen, moments.id) < (SELECT first_seen, id FROM moments WHERE id = ",
                )
                .push_bind(before.0)
                .push(")");
        }
    }
    query.push(if one {
        " ORDER BY moments.id DESC LIMIT "
    } else {
        " ORDER BY moments.first_seen DESC, moments.id DESC LIMIT "
    });
    query.push_bind(wanted.limit);
}

impl Mirror {
    /// Moments, the one first seen last in front. Those of one environment are
    /// in the order in which they came, whatever the clock said.
    pub async fn moments(&self, wanted: &MomentFilter) -> Result<Vec<Moment>> {
        let mut query = listing(wanted);
        let rows = query.build().fetch_all(&mut *self.reader().await?).await?;
        Ok(Rows::of("moments", "id", &rows, read_moment).readable())
    }

    /// One moment without its content.
    pub async fn moment(&self, id: MomentId) -> Result<Option<Moment>> {
        sqlx::query(sqlx::AssertSqlSafe(format!("{MOMENTS} WHERE moments.id = ?")))
            .bind(id.0)
            .fetch_optional(&mut *self.reader().await?)
            .await?
            .map(|row| read_moment(&row))
            .transpose()
    }

    /// What an environment was at a time: the newest moment first seen by then.
    /// Whether it surely was, [`Moment::surely_held_at`] says.
    pub async fn moment_at(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
        at: Timestamp,
    ) -> Result<Option<Moment>> {
        sqlx::query(sqlx::AssertSqlSafe(format!(
            "{MOMENTS} WHERE moments.id = (
                SELECT moments.id FROM moments
                WHERE timeline_id = (SELECT id FROM timelines WHERE connection_id = ? AND environment_key = ?)
                    AND first_seen <= ?
                ORDER BY moments.id DESC LIMIT 1)"
        )))
        .bind(&connection.0)
        .bind(&environment.0)
        .bind(at.0)
        .fetch_optional(&mut *self.reader().await?)
        .await?
        .map(|row| read_moment(&row))
        .transpose()
    }

    /// The moment of an environment that follows another; its first one where
    /// none is given.
    pub async fn moment_behind(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
        moment: Option<MomentId>,
    ) -> Result<Option<Moment>> {
        sqlx::query(sqlx::AssertSqlSafe(format!(
            "{MOMENTS} WHERE moments.id = (
                SELECT moments.id FROM moments
                WHERE timeline_id = (SELECT id FROM timelines WHERE connection_id = ? AND environment_key = ?)
                    AND moments.id > ?
                ORDER BY moments.id LIMIT 1)"
        )))
        .bind(&connection.0)
        .bind(&environment.0)
        .bind(moment.map_or(i64::MIN, |moment| moment.0))
        .fetch_optional(&mut *self.reader().await?)
        .await?
        .map(|row| read_moment(&row))
        .transpose()
    }

    /// Gives a moment a name, or takes it away.
    ///
    /// [`MirrorError::Missing`](crate::MirrorError::Missing) where it is not there.
    pub async fn name_moment(&self, id: MomentId, name: Option<&str>) -> Result<()> {
        self.change_moment(id, |moment| {
            moment.name = name.map(str::to_owned);
            Ok(())
        })
        .await
    }

    /// Keeps a moment for ever, or no longer.
    ///
    /// [`MirrorError::Missing`](crate::MirrorError::Missing) where it is not there.
    pub async fn pin_moment(&self, id: MomentId, pinned: bool) -> Result<()> {
        self.change_moment(id, |moment| {
            moment.pinned = pinned;
            Ok(())
        })
        .await
    }

    /// Writes down who made a change.
    ///
    /// [`MirrorError::Missing`](crate::MirrorError::Missing) where it is not there.
    pub async fn set_authors(&self, id: MomentId, authors: &[Author]) -> Result<()> {
        self.change_moment(id, |moment| {
            let mut record = moment.record()?;
            record.authors = authors.to_vec();
            moment.set_record(&record)
        })
        .await
    }

    async fn change_moment(
        &self,
        id: MomentId,
        change: impl FnOnce(&mut MomentRow) -> Result<()>,
    ) -> Result<()> {
        let mut transaction = self.write().await?;
        let mut row = MomentRow::of(&mut transaction, id).await?;
        let was_whole = row.is_whole();
        change(&mut row)?;
        row.update(was_whole, &mut transaction).await?;
        Ok(transaction.commit().await?)
    }
}

#[cfg(test)]
mod tests {
    use halyard_model::FlagKey;
    use sqlx::{AssertSqlSafe, Row};

    use super::*;

    /// A flag's past is found among the few rows that name it, and the newest
    /// moments of an environment are read from the end of its own.
    #[tokio::test]
    async fn lists_are_found_by_an_index() -> Result<()> {
        let mirror = Mirror::in_memory().await?;
        let here = vec![(ConnectionId("c".into()), EnvironmentKey("e".into()))];
        let flag = Some(FlagKey("f".into()));
        for (environments, flag, index) in [
            (
                here.clone(),
                flag.clone(),
                "touched_flags USING COVERING INDEX moments_by_flag",
            ),
            (
                Vec::new(),
                flag,
                "touched_flags USING COVERING INDEX moments_by_flag",
            ),
            (here, None, "moments USING INDEX moments_by_timeline"),
            (Vec::new(), None, "moments USING INDEX moments_by_time"),
        ] {
            let wanted = MomentFilter {
                environments,
                flag,
                limit: 50,
                ..MomentFilter::default()
            };
            let plan = format!("EXPLAIN QUERY PLAN {}", listing(&wanted).sql().as_str());
            let rows = sqlx::query(AssertSqlSafe(plan))
                .fetch_all(&mut *mirror.reader().await?)
                .await?;
            let details: Vec<String> = rows.iter().map(|row| row.get("detail")).collect();
            assert!(details.iter().any(|detail| detail.contains(index)), "{details:?}");
        }
        Ok(())
    }
}
