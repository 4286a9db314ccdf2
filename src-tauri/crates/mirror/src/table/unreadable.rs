//! Finding the rows that no read can give back.

use halyard_model::{Connection, FetchStatus, Segment, SurfaceRecord};
use sqlx::sqlite::SqliteRow;

use super::{change_sets, edits, environments, flags, personas, propagations};
use crate::record::{Rows, UnreadableRow, decode};
use crate::{Mirror, MirrorError, Result};

impl Mirror {
    /// Every row of the mirror that cannot be read, of all tables. The lists
    /// leave such rows out; a person must be able to learn of them. Reads the
    /// whole mirror except for the documents.
    pub async fn unreadable_rows(&self) -> Result<Vec<UnreadableRow>> {
        let mut found = Vec::new();
        self.look(
            &mut found,
            "connections",
            "SELECT id AS name, record FROM connections",
            |row| decode::<Connection>(row, "record"),
        )
        .await?;
        self.look(
            &mut found,
            "environments",
            "SELECT key AS name, protection, record FROM environments",
            environments::read,
        )
        .await?;
        self.look(
            &mut found,
            "flags",
            "SELECT key AS name, coalesce(flags.fetched_at, snapshots.fetched_at) AS fetched_at, record
             FROM flags JOIN snapshots ON snapshots.id = snapshot_id",
            flags::read,
        )
        .await?;
        self.look(
            &mut found,
            "segments",
            "SELECT name, record FROM segments",
            |row| decode::<Segment>(row, "record"),
        )
        .await?;
        self.look(
            &mut found,
            "fetch_status",
            "SELECT environment_key AS name, record FROM fetch_status",
            |row| decode::<FetchStatus>(row, "record"),
        )
        .await?;
        self.look(
            &mut found,
            "surface_readings",
            "SELECT environment_key AS name, record FROM surface_readings",
            |row| decode::<SurfaceRecord>(row, "record"),
        )
        .await?;
        self.look(
            &mut found,
            "change_sets",
            "SELECT id, connection_id, name, state, created_at, changed_at, undoes FROM change_sets",
            change_sets::read,
        )
        .await?;
        self.look(
            &mut found,
            "edits",
            "SELECT id AS name, * FROM edits",
            edits::read,
        )
        .await?;
        self.look(
            &mut found,
            "personas",
            "SELECT id, name, identifier, traits FROM personas",
            personas::read,
        )
        .await?;
        self.look(
            &mut found,
            "propagations",
            "SELECT id AS name, * FROM propagations",
            propagations::read,
        )
        .await?;
        Ok(found)
    }

    async fn look<T>(
        &self,
        found: &mut Vec<UnreadableRow>,
        table: &'static str,
        query: &'static str,
        read: impl Fn(&SqliteRow) -> std::result::Result<T, MirrorError>,
    ) -> Result<()> {
        let rows = sqlx::query(query).fetch_all(&mut *self.reader().await?).await?;
        let names = Rows::of(table, "name", &rows, read).unreadable;
        found.extend(names.into_iter().map(|name| UnreadableRow { table, name }));
        Ok(())
    }
}
