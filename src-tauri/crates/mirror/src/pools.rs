//! The connections to the file, which can be exchanged under the clones of a
//! mirror: encrypting replaces the file, and a file whose key comes later is
//! opened later.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::sqlite::{Sqlite, SqlitePool};
use tokio::sync::RwLock;
use tokio::time::{Instant, sleep};

use crate::{KeyTrouble, MirrorError, MirrorKey, Result};

/// Beside the mirror. Whoever has the mirror open shares the system's lock on
/// it; whoever replaces the file holds it alone.
const LOCK_FILE: &str = "mirror.lock";
const WAIT_FOR_OTHERS: Duration = Duration::from_secs(5);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Connections to one file.
pub(crate) struct Open {
    pub(crate) writer: SqlitePool,
    pub(crate) readers: SqlitePool,
    /// What the file is encrypted with.
    pub(crate) key: Option<MirrorKey>,
}

impl Open {
    pub(crate) async fn close(&self) {
        // The writer goes last: the last connection cleans up, and a reader may not.
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// Whether there are connections.
pub(crate) enum State {
    Open(Open),
    /// The file is encrypted, and nobody gave its key.
    Locked(KeyTrouble),
    Closed,
}

/// What the clones of a mirror share. A connection is taken while it is held
/// for reading; whoever holds it for writing may close the pools, which waits
/// for connections that are out, and put others in their place. Who holds a
/// connection must therefore not ask for another.
pub(crate) struct Held {
    pub(crate) state: State,
    /// None for a mirror in memory, and for a closed one.
    pub(crate) presence: Option<Presence>,
}

pub(crate) type Pools = Arc<RwLock<Held>>;

impl Held {
    pub(crate) fn shared(state: State, presence: Option<Presence>) -> Pools {
        Arc::new(RwLock::new(Held { state, presence }))
    }

    pub(crate) fn opened(&self) -> Result<&Open> {
        match &self.state {
            State::Open(open) => Ok(open),
            State::Locked(trouble) => Err(MirrorError::Locked(*trouble)),
            State::Closed => Err(sqlx::Error::PoolClosed.into()),
        }
    }

    pub(crate) async fn close(&mut self) {
        if let State::Open(open) = std::mem::replace(&mut self.state, State::Closed) {
            open.close().await;
        }
        self.presence = None;
    }

    pub(crate) async fn reader(&self) -> Result<PoolConnection<Sqlite>> {
        Ok(self.opened()?.readers.acquire().await?)
    }

    /// Folds the write-ahead log into the file and gives its room back, unless
    /// somebody reads what is older for longer than a write waits.
    pub(crate) async fn fold_log(&self) -> Result<()> {
        let mut writer = self.opened()?.writer.acquire().await?;
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
            .fetch_all(&mut *writer)
            .await?;
        Ok(())
    }

    /// Begins a write. The lock is taken at once, because one taken at the
    /// first changed row can fail after others were read.
    pub(crate) async fn write(&self) -> Result<sqlx::Transaction<'static, Sqlite>> {
        Ok(self.opened()?.writer.begin_with("BEGIN IMMEDIATE").await?)
    }
}

/// Says to other processes that the file is in use here, for as long as it
/// lives; ends with the process, however that ends.
#[derive(Debug)]
pub(crate) struct Presence(File);

impl Presence {
    /// Waits a moment for whoever replaces the file; [`MirrorError::Busy`]
    /// when that takes longer.
    pub(crate) async fn announce(directory: &Path) -> Result<Presence> {
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(directory.join(LOCK_FILE))?;
        let presence = Presence(file);
        presence.share().await?;
        Ok(presence)
    }

    /// Takes the file for this process alone, at once or not at all.
    pub(crate) async fn be_alone(&self) -> Result<()> {
        self.0.unlock()?;
        match self.0.try_lock() {
            Ok(()) => Ok(()),
            Err(TryLockError::WouldBlock) => {
                self.share().await?;
                Err(MirrorError::Busy)
            }
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }

    /// Lets others in again.
    pub(crate) async fn share(&self) -> Result<()> {
        self.0.unlock()?;
        let patience = Instant::now() + WAIT_FOR_OTHERS;
        loop {
            match self.0.try_lock_shared() {
                Ok(()) => return Ok(()),
                Err(TryLockError::WouldBlock) if Instant::now() < patience => sleep(LOOK_AGAIN).await,
                Err(TryLockError::WouldBlock) => return Err(MirrorError::Busy),
                Err(TryLockError::Error(error)) => return Err(error.into()),
            }
        }
    }
}
