//! Encrypting the local copy, with a key that the keychain keeps.
//!
//! Whether it is on is nowhere but in the file, which also names the key it
//! needs. The key is kept before the file is encrypted and forgotten after it
//! no longer is, so that no instant leaves a file without its key.

use std::{path::PathBuf, time::Duration};

use halyard_mirror::{KeyId, KeyTrouble, Mirror, MirrorError, MirrorKey, Opened, SetAsideReason};
use halyard_provider::Credential;
use tokio_util::sync::CancellationToken;

use crate::{
    Beginning, Console, ConsoleError, Event,
    open::beginning,
    secret::{KeyStoreState, SecretError},
};

/// How long the window waits for a keychain that may ask a person first.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

/// Whether the local copy is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// It is.
    On,
    /// It is not.
    Off,
}

/// What is known about the local copy's encryption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncryptionFacts {
    /// Whether it is encrypted.
    pub now: Encryption,
    /// Why that cannot be changed.
    pub hindrance: Option<EncryptionHindrance>,
    /// The keychain's item with its key.
    pub item: Option<String>,
}

/// Why the local copy can be neither encrypted nor made plain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncryptionHindrance {
    /// Nothing is kept on the disk in this session.
    #[error("the local copy is in memory")]
    InMemory,
    /// No keychain would keep the key.
    #[error("the key could not be kept: {0}")]
    KeyStore(SecretError),
}

/// Why an encrypted local copy is not open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lock {
    /// The keychain has not answered yet; it may be asking a person. When it
    /// does, the local copy opens by itself.
    Waiting,
    /// The keychain works and has no such item.
    KeyMissing {
        /// The item's name.
        item: String,
    },
    /// The item holds something else than the file's key.
    KeyWrong {
        /// The item's name.
        item: String,
    },
    /// The keychain does not work.
    KeyStore(SecretError),
}

/// The keychain's item for a key of a local copy.
fn item(id: KeyId) -> String {
    format!("mirror-{id}")
}

impl Console {
    /// Why the local copy is not open; everything that needs it answers
    /// [`MirrorError::Locked`] until it is.
    pub fn lock(&self) -> Option<Lock> {
        self.inner.lock.borrow().clone()
    }

    /// Waits until the local copy is open, or until cancelled.
    pub async fn until_unlocked(&self, cancel: &CancellationToken) {
        let mut seen = self.inner.lock.subscribe();
        tokio::select! {
            () = cancel.cancelled() => {}
            _never_gone = seen.wait_for(Option::is_none) => {}
        }
    }

    /// What was found when the local copy was opened after the start.
    pub fn found_later(&self) -> Option<Beginning> {
        self.volatile().found_later.clone()
    }

    /// Whether the local copy is encrypted, open or not. Asks no keychain.
    pub async fn is_encrypted(&self) -> bool {
        let encrypted_with = self.inner.mirror.encrypted_with().await;
        self.lock().is_some() || encrypted_with.is_ok_and(|id| id.is_some())
    }

    /// Whether the local copy is encrypted, and whether that can be changed.
    pub async fn encryption(&self) -> Result<EncryptionFacts, ConsoleError> {
        let id = self.inner.mirror.encrypted_with().await?;
        let hindrance = match (self.inner.mirror.directory(), id) {
            (None, _) => Some(EncryptionHindrance::InMemory),
            // To make it plain, the keychain is not needed.
            (Some(_), Some(_)) => None,
            (Some(_), None) => match self.key_store().await {
                KeyStoreState::Ready => None,
                KeyStoreState::Failing(error) => Some(EncryptionHindrance::KeyStore(error)),
            },
        };
        Ok(EncryptionFacts {
            now: id.map_or(Encryption::Off, |_| Encryption::On),
            hindrance,
            item: id.map(item),
        })
    }

    /// Encrypts the local copy, or makes it a plain one again. What else goes
    /// on waits meanwhile.
    pub async fn set_encryption(&self, wanted: Encryption) -> Result<EncryptionFacts, ConsoleError> {
        let console = self.clone();
        // On its own: half of the steps would leave a key behind.
        let set = tokio::spawn(async move {
            let _turn = console.inner.encryption_turn.lock().await;
            match wanted {
                Encryption::On => console.encrypt().await,
                Encryption::Off => console.decrypt().await,
            }
        });
        let set = set.await;
        self.tell(Event::App);
        set.unwrap_or_else(|stopped| Err(MirrorError::Other(stopped.into()).into()))?;
        self.encryption().await
    }

    async fn encrypt(&self) -> Result<(), ConsoleError> {
        let mirror = &self.inner.mirror;
        if mirror.directory().is_none() {
            return Err(EncryptionHindrance::InMemory.into());
        }
        if mirror.encrypted_with().await?.is_some() {
            return Ok(());
        }
        let key = self.make_key().await?;
        let encrypted = mirror.encrypt(&key).await;
        // Also where something failed after the file was exchanged.
        if encrypted.is_err() {
            self.forget_unless_needed(key.id()).await;
        }
        Ok(encrypted?)
    }

    async fn decrypt(&self) -> Result<(), ConsoleError> {
        let Some(id) = self.inner.mirror.encrypted_with().await? else {
            return Ok(());
        };
        self.inner.mirror.decrypt().await?;
        self.forget_unless_needed(id).await;
        Ok(())
    }

    /// A new key, which the keychain keeps and gave back.
    async fn make_key(&self) -> Result<MirrorKey, ConsoleError> {
        if let KeyStoreState::Failing(error) = self.probe_key_store().await {
            return Err(EncryptionHindrance::KeyStore(error).into());
        }
        let key = MirrorKey::generate()?;
        let item = item(key.id());
        let _turn = self.inner.key_turn.lock().await;
        let keys = &self.inner.keys;
        let refused = |error| ConsoleError::from(EncryptionHindrance::KeyStore(error));
        keys.persist(&item, &Credential::new(key.expose()))
            .await
            .map_err(refused)?;
        let kept = keys.retrieve(&item).await.map_err(refused)?;
        if kept.is_none_or(|kept| kept.expose() != key.expose()) {
            return Err(refused(SecretError::Locked {
                reason: "it did not keep the key".into(),
            }));
        }
        Ok(key)
    }

    /// Deletes a key from the keychain, unless a file in the folder needs it,
    /// one that was set aside included.
    async fn forget_unless_needed(&self, id: KeyId) {
        let Some(folder) = self.inner.mirror.directory() else {
            return;
        };
        match Mirror::needs_key(folder, id) {
            Ok(false) => {}
            Ok(true) => return,
            Err(error) => {
                tracing::warn!(%error, "the key of the local copy is kept: it may still be needed");
                return;
            }
        }
        let _turn = self.inner.key_turn.lock().await;
        if let Err(error) = self.inner.keys.delete(&item(id)).await {
            tracing::warn!(%error, "the key of the local copy could not be deleted from the keychain");
        }
    }

    /// Tries to open the local copy with the key from the keychain.
    pub async fn unlock(&self) -> Result<(), ConsoleError> {
        let console = self.clone();
        let unlocked = tokio::spawn(async move { console.look_for_key().await });
        unlocked
            .await
            .unwrap_or_else(|stopped| Err(MirrorError::Other(stopped.into()).into()))
    }

    async fn look_for_key(&self) -> Result<(), ConsoleError> {
        let Some(folder) = self.inner.mirror.directory() else {
            return Ok(());
        };
        if self.lock().is_none() {
            return Ok(());
        }
        // Before its turn: a keychain may ask a person, who may rather begin anew.
        let key = match Mirror::key_needed(folder)? {
            None => None,
            Some(id) => match self.kept_key(id).await {
                Ok(key) => Some(key),
                Err(lock) => return self.still_locked(lock),
            },
        };
        let _turn = self.inner.encryption_turn.lock().await;
        if self.lock().is_none() {
            return Ok(());
        }
        match self.inner.mirror.unlock(key.as_ref()).await {
            Ok(opened) => {
                self.now_unlocked(beginning(opened));
                Ok(())
            }
            Err(MirrorError::Locked(KeyTrouble::Wrong)) => {
                let item = key.map(|key| item(key.id())).unwrap_or_default();
                self.still_locked(Lock::KeyWrong { item })
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn kept_key(&self, id: KeyId) -> Result<MirrorKey, Lock> {
        let item = item(id);
        let kept = {
            let _turn = self.inner.key_turn.lock().await;
            self.inner.keys.retrieve(&item).await
        };
        match kept {
            Ok(Some(kept)) => MirrorKey::parse(kept.expose())
                .filter(|key| key.id() == id)
                .ok_or(Lock::KeyWrong { item }),
            // A locked keychain also says that there is none.
            Ok(None) => match self.probe_key_store().await {
                KeyStoreState::Ready => Err(Lock::KeyMissing { item }),
                KeyStoreState::Failing(error) => Err(Lock::KeyStore(error)),
            },
            Err(error) => Err(Lock::KeyStore(error)),
        }
    }

    fn still_locked(&self, lock: Lock) -> Result<(), ConsoleError> {
        let trouble = match lock {
            Lock::KeyWrong { .. } => KeyTrouble::Wrong,
            Lock::Waiting | Lock::KeyMissing { .. } | Lock::KeyStore(_) => KeyTrouble::Missing,
        };
        tracing::warn!("the local copy is encrypted, and {trouble}");
        self.inner.lock.send_replace(Some(lock));
        self.tell(Event::App);
        Err(MirrorError::Locked(trouble).into())
    }

    fn now_unlocked(&self, found: Beginning) {
        if found != Beginning::Ready {
            self.volatile().found_later = Some(found);
        }
        self.inner.lock.send_replace(None);
        self.tell(Event::App);
    }

    /// Renames an encrypted local copy that cannot be opened and begins an
    /// empty one: encrypted with a new key where the keychain keeps one, else
    /// a plain one, which [`Console::found_later`] tells.
    pub async fn set_mirror_aside(&self) -> Result<PathBuf, ConsoleError> {
        let console = self.clone();
        let set_aside = tokio::spawn(async move {
            let _turn = console.inner.encryption_turn.lock().await;
            console.begin_anew().await
        });
        set_aside
            .await
            .unwrap_or_else(|stopped| Err(MirrorError::Other(stopped.into()).into()))
    }

    async fn begin_anew(&self) -> Result<PathBuf, ConsoleError> {
        if self.lock().is_none() {
            return Err(ConsoleError::Gone {
                what: "the locked local copy",
            });
        }
        let key = match tokio::time::timeout(PATIENCE, self.make_key()).await {
            Ok(Ok(key)) => Some(key),
            // No keychain, or one that does not answer.
            Ok(Err(ConsoleError::Encryption(_))) | Err(_) => None,
            Ok(Err(error)) => return Err(error),
        };
        let begun = self.inner.mirror.begin_anew(key.as_ref()).await;
        if let (Err(_), Some(key)) = (&begun, &key) {
            self.forget_unless_needed(key.id()).await;
        }
        match begun? {
            Opened::SetAside {
                kept_as,
                why: SetAsideReason::Locked,
            } => {
                let now = key.map_or(Encryption::Off, |_| Encryption::On);
                self.now_unlocked(Beginning::Anew {
                    kept_as: kept_as.clone(),
                    now,
                });
                Ok(kept_as)
            }
            other => {
                self.now_unlocked(beginning(other));
                Err(ConsoleError::Gone {
                    what: "the locked local copy",
                })
            }
        }
    }
}
