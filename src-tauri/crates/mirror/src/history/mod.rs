//! The history of each environment: one moment per difference that a refresh
//! found, its parts kept once each.
//!
//! # Form
//!
//! A snapshot is taken apart ([`parts`]) into the elements of its lists: the
//! states of flags, segments, overrides and identities of a Flagsmith
//! document, or the flags, configs and segments of an EdgeFlags one; what is
//! around them; and the records of flags and segments. Each part is in a list
//! under a key, at a place that tells the order and leaves room between two
//! neighbours ([`order`]).
//!
//! A *span* says in which moments of a timeline a part held, from the first
//! one to the last; what holds still has no last one yet. A moment is what the
//! spans around it say: there is no chain to follow, so any moment is opened
//! alike, and letting one go removes only the spans that held in no other.
//!
//! A span's text is a *body* ([`body`]): named by its hash, so that it is
//! there once however often and wherever it comes back, and compressed, where
//! that pays against the first text that stood in its place.
//!
//! # What is a difference
//!
//! The document is *normalised*: no white space between its tokens, no
//! `identity_uuid` in identity overrides, which is another one on every
//! request; everything else letter for letter. Its `updated_at`, and of a
//! flag's record `updated_at` and the number of identity overrides, are kept
//! beside and make no moment alone. Another order of a list does.
//!
//! # Times
//!
//! Moments of a timeline have the order in which they came, which is that of
//! their identifiers; their times are what the clock said. Where the clock was
//! set back by more than collections can overlap, the newest moment is cut to
//! what the clock of now vouches for when it is seen again; other moments
//! stay as they are. So a moment never claims to have been seen when it surely
//! was not.
//!
//! # Damage
//!
//! A body is read only where its text still has its hash, a span only where
//! its seal is that of what it says, and each moment has sums over the seals
//! of its spans, by which a lost one is missed ([`seal`]). What is damaged is
//! named and left out. The next write ends altered spans, so that what comes
//! later is whole.
//!
//! A timeline is bound to its connection and goes with it. It outlives the
//! disappearance of its environment from the service's list, until it is old.

mod between;
mod body;
mod check;
mod fetch;
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

pub(crate) use prune::{remove_bodies, remove_orphans};
pub(crate) use write::{write_fetched, write_given, write_seen_again};

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
