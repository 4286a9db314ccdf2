//! The mirror: Halyard's local copy of what the services said, in SQLite.
//!
//! It holds connections, environments, the newest snapshot of each, edits,
//! personas, the state of fetching and a few settings. Everything shown comes out of
//! here, so everything shown has an age.
//!
//! It never speaks HTTP, never opens an environment document, never reads a
//! clock (a [`Timestamp`](halyard_model::Timestamp) is always passed in) and
//! has no place for a credential: those are in the keychain, under the
//! connection's identifier.
//!
//! Every write is one transaction: it happened or it did not, also when the
//! process is killed in the middle of it.

mod content;
mod error;
mod history;
mod open;
mod record;
mod table;

use std::path::Path;
use std::sync::Arc;

use sqlx::sqlite::{Sqlite, SqlitePool};

pub use error::MirrorError;
pub use history::{DamagedPart, HistorySize, MomentFilter, OpenedMoment};
pub use open::{Opened, SetAsideReason};
pub use record::UnreadableRow;
pub use table::{
    DAYS_KEPT, EXCHANGES_KEPT, ExchangeFilter, FlagRow, FlagRows, KeptExchange, KeptPropagation, NewExchange,
    PROPAGATIONS_KEPT, Persona, PersonaId, PropagationId, SERVER_READINGS_KEPT, SavedPersona, SnapshotFacts,
    Stored,
};

/// What every call of this crate gives.
pub type Result<T> = std::result::Result<T, MirrorError>;

/// The mirror. Clones share the same file.
#[derive(Clone, Debug)]
pub struct Mirror {
    writer: SqlitePool,
    readers: SqlitePool,
    directory: Option<Arc<Path>>,
}

impl Mirror {
    /// Where its file is; none for one in memory.
    pub fn directory(&self) -> Option<&Path> {
        self.directory.as_deref()
    }

    /// Begins a write. The lock is taken at once, because one taken at the
    /// first changed row can fail after others were read.
    async fn write(&self) -> Result<sqlx::Transaction<'static, Sqlite>> {
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
    }
}
