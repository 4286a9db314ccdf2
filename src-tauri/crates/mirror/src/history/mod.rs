//! The history of each environment: one moment per difference that a refresh
//! found, its parts kept once each.

mod between;
mod body;
mod check;
mod list;
mod order;
mod parts;
mod prune;
mod read;
mod row;
mod scan;
mod seal;
mod size;
mod span;
mod store;
mod timeline;
mod touched;
mod write;

use std::collections::BTreeMap;

use halyard_model::{ConnectionId, EnvironmentKey, FlagKey, Moment, MomentId, Snapshot, Touched};

pub(crate) use prune::remove_orphans;
pub(crate) use write::{write_fetched, write_seen_again};

use sqlx::Connection as _;

use crate::table::replace_current;
use crate::{Mirror, Result};

/// What is damaged where the row of a moment is not what was stored.
const MOMENT_ITSELF: &str = "what is written about the moment";

/// Which moments are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MomentFilter {
    /// Of these environments; of all where empty.
    pub environments: Vec<(ConnectionId, EnvironmentKey)>,
    /// Only pinned and named ones.
    pub kept_only: bool,
    /// Only those that touched this flag.
    pub flag: Option<FlagKey>,
    /// Only those first seen before this one, and not it.
    pub before: Option<MomentId>,
    /// At most so many.
    pub limit: u32,
}

/// A part of the history whose bytes are no longer those that were stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DamagedPart {
    /// The moment it was found in, or the first of those that hold it.
    pub moment: MomentId,
    /// What it is, such as `flag new_checkout` or `the order of the segments`.
    pub what: String,
}

/// A moment with its content.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenedMoment {
    /// The moment.
    pub moment: Moment,
    /// Its content: the document normalised (see the module), the flags and
    /// the segments. What is damaged is left out.
    pub snapshot: Snapshot,
    /// What is damaged; empty for a whole one.
    pub damaged: Vec<DamagedPart>,
}

/// How much the history holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HistorySize {
    /// Number of moments.
    pub moments: u64,
    /// Bytes on disk, parts and rows, as SQLite counts its pages.
    pub bytes: u64,
}

impl Mirror {
    /// A moment with its content.
    pub async fn open_moment(&self, id: MomentId) -> Result<Option<OpenedMoment>> {
        // One view of the file for all that is read.
        let mut reader = self.reader().await?;
        let mut transaction = reader.begin().await?;
        read::open(&mut transaction, id).await
    }

    /// What differs from one moment of an environment to another one of it,
    /// told without reading their content; nothing where they are not of the
    /// same environment, or one is not there.
    pub async fn touched_between(&self, from: MomentId, to: MomentId) -> Result<Option<Vec<Touched>>> {
        let mut reader = self.reader().await?;
        let mut transaction = reader.begin().await?;
        between::touched(&mut transaction, from, to).await
    }

    /// How much the history of a connection holds; of all for none.
    pub async fn history_size(&self, connection: Option<&ConnectionId>) -> Result<HistorySize> {
        size::of(&mut *self.reader().await?, connection).await
    }

    /// Looks at every part of the history, and names what is damaged.
    pub async fn check_history(&self) -> Result<Vec<DamagedPart>> {
        let mut reader = self.reader().await?;
        let mut transaction = reader.begin().await?;
        check::check(&mut transaction).await
    }

    /// Writes moments that a file held, the oldest first, with the names,
    /// times and authors they carry; their ids are given anew. The newest one
    /// of each environment becomes what the mirror holds of it. All or nothing.
    ///
    /// They count as read from a file, and what they touched is found out
    /// anew. Where an environment has moments already, they go behind those.
    /// [`MirrorError::Missing`](crate::MirrorError::Missing) where an
    /// environment is not there.
    pub async fn import_moments(&self, moments: &[OpenedMoment]) -> Result<()> {
        let mut transaction = self.write().await?;
        let mut newest = BTreeMap::new();
        for given in moments {
            write::write_given(&mut transaction, given).await?;
            let moment = &given.moment;
            newest.insert((&moment.connection, &moment.environment), given);
        }
        for ((connection, environment), given) in newest {
            let snapshot = Snapshot {
                environment: environment.clone(),
                fetched_at: given.moment.last_seen,
                ..given.snapshot.clone()
            };
            replace_current(&mut transaction, connection, &snapshot).await?;
        }
        Ok(transaction.commit().await?)
    }
}
