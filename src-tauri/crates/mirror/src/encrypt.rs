//! Encrypted files: whether one is, and opening it later.

use std::path::Path;

use crate::key::{Nature, nature};
use crate::open::{FILE, SetAsideReason, open_file, set_aside};
use crate::pools::{Pools, Presence, State};
use crate::{KeyId, KeyTrouble, Mirror, MirrorError, MirrorKey, Opened, Result};

impl Mirror {
    /// The name of the key that the mirror in a directory needs; `None` where
    /// it needs none, which is so also where there is no mirror yet.
    pub fn key_needed(directory: &Path) -> Result<Option<KeyId>> {
        match nature(&directory.join(FILE))? {
            Nature::Encrypted(id) => Ok(Some(id)),
            Nature::Nothing | Nature::Plain | Nature::Foreign => Ok(None),
        }
    }

    /// Stands in for an encrypted mirror whose key is not at hand: everything
    /// answers [`MirrorError::Locked`] until [`Mirror::unlock`] or
    /// [`Mirror::begin_anew`] succeeded. The file is not touched.
    pub async fn locked(directory: &Path, trouble: KeyTrouble) -> Result<Mirror> {
        let presence = Presence::announce(directory).await?;
        Ok(Mirror {
            pools: Pools::new(State::Locked(trouble), Some(presence)).into(),
            directory: Some(directory.into()),
        })
    }

    /// Opens what [`Mirror::locked`] stands in for, for all clones; does
    /// nothing where that is done.
    pub async fn unlock(&self, key: Option<&MirrorKey>) -> Result<Opened> {
        let directory = self.directory().ok_or(MirrorError::Missing)?;
        let mut state = self.pools.state.write().await;
        let State::Locked(trouble) = &mut *state else {
            return state.opened().map(|_| Opened::Ready);
        };
        match open_file(directory, key).await {
            Ok((open, opened)) => {
                *state = State::Open(open);
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
        let (Some(directory), Some(presence)) = (self.directory(), &self.pools.presence) else {
            return Err(MirrorError::Missing);
        };
        let mut state = self.pools.state.write().await;
        if !matches!(*state, State::Locked(_)) {
            return Err(MirrorError::Busy);
        }
        presence.be_alone().await?;
        let begun = async {
            let opened = set_aside(&directory.join(FILE), SetAsideReason::Locked)?;
            let (open, _) = open_file(directory, key).await?;
            Ok((open, opened))
        };
        let begun: Result<_> = begun.await;
        presence.share().await?;
        let (open, opened) = begun?;
        *state = State::Open(open);
        Ok(opened)
    }

    /// The name of the key that the file is encrypted with; `None` for a plain
    /// one and for one in memory.
    pub async fn encrypted_with(&self) -> Result<Option<KeyId>> {
        let state = self.pools.state.read().await;
        Ok(state.opened()?.key.as_ref().map(MirrorKey::id))
    }
}
