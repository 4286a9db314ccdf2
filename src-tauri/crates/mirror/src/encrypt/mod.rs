//! Encrypted files: whether one is, opening it later, and converting the file
//! from one to the other.

mod content;
mod convert;

use std::path::Path;
use std::time::Duration;

use crate::key::{Nature, nature};
use crate::open::{FILE, SetAsideReason, connect, open_file, set_aside};
use crate::pools::{Held, Open, Pools, Presence, State};
pub(crate) use convert::remove_unfinished;

use crate::{KeyId, KeyTrouble, Mirror, MirrorError, MirrorKey, Opened, Result};

/// How long a conversion waits for reads and writes that are under way.
const WAIT_FOR_WORK: Duration = Duration::from_secs(10);

impl Mirror {
    /// Encrypts the file, while clones are in use: what they ask meanwhile
    /// waits. Ends early where it is encrypted with this key already.
    ///
    /// At every instant there is one whole file under the mirror's name: the
    /// plain one until the encrypted one is complete, compared and on the
    /// disk, then that one. Whatever is returned, the mirror is open again.
    ///
    /// [`MirrorError::Full`] where there is no room for both,
    /// [`MirrorError::Busy`] where another process uses the file. The key must
    /// be in safe keeping *before* this is called.
    pub async fn encrypt(&self, key: &MirrorKey) -> Result<()> {
        self.convert(Some(key.clone())).await
    }

    /// Makes the file a plain one again, as [`Mirror::encrypt`] does the other
    /// way. The key must be kept until this has succeeded.
    pub async fn decrypt(&self) -> Result<()> {
        self.convert(None).await
    }

    async fn convert(&self, to: Option<MirrorKey>) -> Result<()> {
        let directory = self.directory.clone().ok_or(MirrorError::NotAllowed)?;
        let pools = self.pools.clone();
        // On its own, so that it comes to its end also where whoever asked
        // has gone meanwhile.
        let converted = tokio::spawn(async move { exchange(&pools, &directory, to.as_ref()).await });
        converted
            .await
            .map_err(|stopped| MirrorError::Other(stopped.into()))?
    }

    /// The name of the key that the mirror in a directory needs; `None` where
    /// it needs none, which is so also where there is no mirror yet.
    pub fn key_needed(directory: &Path) -> Result<Option<KeyId>> {
        match nature(&directory.join(FILE))? {
            Nature::Encrypted(id) => Ok(Some(id)),
            Nature::Nothing | Nature::Plain | Nature::Foreign => Ok(None),
        }
    }

    /// Whether a file in a directory needs a key, be it the mirror or one that
    /// was set aside.
    pub fn needs_key(directory: &Path, key: KeyId) -> Result<bool> {
        for entry in std::fs::read_dir(directory)? {
            let path = entry?.path();
            if path.is_file() && nature(&path)? == Nature::Encrypted(key) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Stands in for an encrypted mirror whose key is not at hand: everything
    /// answers [`MirrorError::Locked`] until [`Mirror::unlock`] or
    /// [`Mirror::begin_anew`] succeeded. The file is not touched.
    pub async fn locked(directory: &Path, trouble: KeyTrouble) -> Result<Mirror> {
        let presence = Presence::announce(directory).await?;
        Ok(Mirror {
            pools: Held::shared(State::Locked(trouble), Some(presence)),
            directory: Some(directory.into()),
        })
    }

    /// Opens what [`Mirror::locked`] stands in for, for all clones; does
    /// nothing where that is done.
    pub async fn unlock(&self, key: Option<&MirrorKey>) -> Result<Opened> {
        let directory = self.directory().ok_or(MirrorError::Missing)?;
        let mut held = self.pools.write().await;
        let State::Locked(trouble) = &mut held.state else {
            return held.opened().map(|_| Opened::Ready);
        };
        match open_file(directory, key).await {
            Ok((open, opened)) => {
                held.state = State::Open(open);
                drop(held);
                self.tidy().await;
                Ok(opened)
            }
            Err(error) => {
                if let MirrorError::Locked(now) = &error {
                    *trouble = *now;
                }
                Err(error)
            }
        }
    }

    /// Sets the file aside that [`Mirror::locked`] stands in for, renamed and
    /// otherwise untouched, and puts an empty mirror in its place, encrypted
    /// where a key is given. Tells where the old file is.
    ///
    /// [`MirrorError::Busy`] where another process has the file open, or where
    /// it is not locked any more.
    pub async fn begin_anew(&self, key: Option<&MirrorKey>) -> Result<Opened> {
        let directory = self.directory().ok_or(MirrorError::Missing)?;
        let mut held = self.pools.write().await;
        let (State::Locked(_), Some(presence)) = (&held.state, &held.presence) else {
            return Err(MirrorError::Busy);
        };
        presence.be_alone().await?;
        let begun = async {
            let opened = set_aside(&directory.join(FILE), SetAsideReason::Locked)?;
            let (open, _) = open_file(directory, key).await?;
            Ok((open, opened))
        };
        let begun: Result<_> = begun.await;
        presence.share().await?;
        let (open, opened) = begun?;
        held.state = State::Open(open);
        Ok(opened)
    }

    /// The name of the key that the file is encrypted with; `None` for a plain
    /// one and for one in memory.
    pub async fn encrypted_with(&self) -> Result<Option<KeyId>> {
        let held = self.pools.read().await;
        Ok(held.opened()?.key.as_ref().map(MirrorKey::id))
    }
}

/// Converts the file with nobody else at it, and opens what is there then.
async fn exchange(pools: &Pools, directory: &Path, to: Option<&MirrorKey>) -> Result<()> {
    let path = directory.join(FILE);
    let mut held = pools.write().await;
    let open = held.opened()?;
    let from = open.key.clone();
    if from.as_ref().map(MirrorKey::id) == to.map(MirrorKey::id) {
        return Ok(());
    }
    let presence = held.presence.as_ref().ok_or(MirrorError::NotAllowed)?;
    convert::reserve(&path)?;
    presence.be_alone().await?;
    let converted = match tokio::time::timeout(WAIT_FOR_WORK, open.close()).await {
        Ok(()) => convert::convert(&path, from.as_ref(), to).await,
        Err(_) => Err(MirrorError::Busy),
    };
    let reopened = reopen(&path, from.as_ref(), to).await;
    if let Err(error) = presence.share().await {
        // SQLite's own locks still keep others from replacing the file.
        tracing::warn!(%error, "other processes cannot see that the mirror is in use");
    }
    let (state, reopened) = match reopened {
        Ok(open) => (State::Open(open), Ok(())),
        Err(error) => (State::Closed, Err(error)),
    };
    held.state = state;
    converted.and(reopened)
}

/// Opens the file with whichever key it says it has.
async fn reopen(path: &Path, from: Option<&MirrorKey>, to: Option<&MirrorKey>) -> Result<Open> {
    convert::remove_unfinished(path)?;
    let key = match nature(path)? {
        Nature::Encrypted(id) => [from, to].into_iter().flatten().find(|key| key.id() == id),
        Nature::Nothing | Nature::Plain | Nature::Foreign => None,
    };
    connect(path, key).await
}
