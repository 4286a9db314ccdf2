//! The mirror: Halyard's local copy of what the services said, in SQLite.
//!
//! It holds connections, environments, the newest snapshot of each, edits,
//! what is typed and not sent, personas, the state of fetching and a few settings. Everything shown comes out of
//! here, so everything shown has an age.
//!
//! It never speaks HTTP, never opens an environment document, never reads a
//! clock (a [`Timestamp`](halyard_model::Timestamp) is always passed in) and
//! has no place for a credential: those are in the keychain, under the
//! connection's identifier.
//!
//! Every write is one transaction: it happened or it did not, also when the
//! process is killed in the middle of it. An [`Import`] is several, and seen once
//! the last of them is there.

mod content;
mod encrypt;
mod error;
pub mod file;
mod history;
mod import;
mod key;
mod open;
mod pools;
mod record;
mod table;

use std::path::Path;
use std::sync::Arc;

use sqlx::pool::PoolConnection;
use sqlx::sqlite::Sqlite;

pub use error::{KeyTrouble, MirrorError};
pub use history::{DamagedPart, HistorySize, MomentFilter, OpenedMoment};
pub use import::{Import, STRETCH_BYTES, STRETCH_MOMENTS};
pub use key::{KeyId, MirrorKey};
pub use open::{Opened, SetAsideReason};
pub use record::UnreadableRow;
pub use table::{
    DAYS_KEPT, EXCHANGES_KEPT, ExchangeFilter, FlagRow, FlagRows, KeptExchange, KeptPropagation, NewExchange,
    PROPAGATIONS_KEPT, Persona, PersonaId, PropagationId, SERVER_READINGS_KEPT, SavedPersona, SnapshotFacts,
    Stored, Unsent,
};

/// What every call of this crate gives.
pub type Result<T> = std::result::Result<T, MirrorError>;

/// The mirror. Clones share the same file.
#[derive(Clone)]
pub struct Mirror {
    pools: pools::Pools,
    directory: Option<Arc<Path>>,
}

impl Mirror {
    /// Where its file is; none for one in memory.
    pub fn directory(&self) -> Option<&Path> {
        self.directory.as_deref()
    }

    /// A connection to read from. Whoever holds it must not ask for another,
    /// nor begin a write: while the file is replaced, everybody waits.
    async fn reader(&self) -> Result<PoolConnection<Sqlite>> {
        self.pools.read().await.reader().await
    }

    /// Begins a write. Whoever holds it must not ask for a reader.
    async fn write(&self) -> Result<sqlx::Transaction<'static, Sqlite>> {
        self.pools.read().await.write().await
    }
}

impl std::fmt::Debug for Mirror {
    /// Nothing of its connections: their settings hold the key.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Mirror")
            .field("directory", &self.directory)
            .finish_non_exhaustive()
    }
}
