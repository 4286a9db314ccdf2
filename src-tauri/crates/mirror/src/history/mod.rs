//! The history of each environment: one moment per difference that a refresh
//! found, its parts kept once each.

use halyard_model::{
    Author, ConnectionId, EnvironmentKey, FlagKey, Moment, MomentId, Retention, Snapshot, Timestamp,
};

use crate::{Mirror, MirrorError, Result};

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
    /// Moments, the one first seen last in front.
    pub async fn moments(&self, _wanted: &MomentFilter) -> Result<Vec<Moment>> {
        Ok(Vec::new())
    }

    /// One moment without its content.
    pub async fn moment(&self, _id: MomentId) -> Result<Option<Moment>> {
        Ok(None)
    }

    /// What an environment was at a time: the newest moment first seen by then.
    /// Whether it surely was, [`Moment::surely_held_at`] says.
    pub async fn moment_at(
        &self,
        _connection: &ConnectionId,
        _environment: &EnvironmentKey,
        _at: Timestamp,
    ) -> Result<Option<Moment>> {
        Ok(None)
    }

    /// A moment with its content.
    pub async fn open_moment(&self, _id: MomentId) -> Result<Option<OpenedMoment>> {
        Ok(None)
    }

    /// Gives a moment a name, or takes it away.
    pub async fn name_moment(&self, _id: MomentId, _name: Option<&str>) -> Result<()> {
        Err(MirrorError::Missing)
    }

    /// Keeps a moment for ever, or no longer.
    pub async fn pin_moment(&self, _id: MomentId, _pinned: bool) -> Result<()> {
        Err(MirrorError::Missing)
    }

    /// Writes down who made a change.
    pub async fn set_authors(&self, _id: MomentId, _authors: &[Author]) -> Result<()> {
        Err(MirrorError::Missing)
    }

    /// Removes what is not to be kept any longer; returns how many moments went.
    pub async fn prune_history(&self, _keep: &Retention, _now: Timestamp) -> Result<u64> {
        Ok(0)
    }

    /// How much the history of a connection holds; of all for none.
    pub async fn history_size(&self, _connection: Option<&ConnectionId>) -> Result<HistorySize> {
        Ok(HistorySize::default())
    }

    /// Looks at every part of the history, and names what is damaged.
    pub async fn check_history(&self) -> Result<Vec<DamagedPart>> {
        Ok(Vec::new())
    }

    /// Writes moments that a file held, the oldest first, with the names,
    /// times and authors they carry; their ids are given anew. The newest one
    /// of each environment becomes what the mirror holds of it. All or nothing.
    pub async fn import_moments(&self, _moments: &[OpenedMoment]) -> Result<()> {
        Err(MirrorError::Missing)
    }
}
