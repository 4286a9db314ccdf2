//! Finding, keeping and dropping the keys of connections.

use std::{sync::PoisonError, time::Duration};

use halyard_model::ConnectionId;
use halyard_provider::Credential;

use crate::{
    Console, ConsoleError, Event, KeepKey, KeyHome, connect::Draft, secret::KeyStoreState, state::Inner,
};

/// How long a list waits for a keychain.
const PATIENCE: Duration = Duration::from_millis(500);

/// On whose behalf the keychain is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asker {
    /// Somebody who wants something now, and may be asked for a password.
    Somebody,
    /// Nobody in particular: background work and lists.
    Nobody,
}

impl Console {
    /// A connection's key: from this session, else from the keychain, which
    /// may ask a person.
    pub(crate) async fn credential(&self, id: &ConnectionId) -> Result<Credential, ConsoleError> {
        self.credential_for(id, Asker::Somebody).await
    }

    /// Whether a key can be had without asking again for one that was asked
    /// for in vain: for what runs by itself and for what is merely shown.
    pub(crate) async fn has_key(&self, id: &ConnectionId) -> bool {
        self.credential_for(id, Asker::Nobody).await.is_ok()
    }

    async fn credential_for(&self, id: &ConnectionId, asker: Asker) -> Result<Credential, ConsoleError> {
        if let Some(told) = self.told_already(id, asker) {
            return told;
        }
        // On its own, so that the question stays the only one also where
        // whoever asked has gone meanwhile.
        let (console, id) = (self.clone(), id.clone());
        let asked = tokio::spawn(async move { console.ask_keychain(&id, asker).await });
        asked.await.unwrap_or(Err(ConsoleError::NoKey))
    }

    /// What is known without the keychain.
    fn told_already(&self, id: &ConnectionId, asker: Asker) -> Option<Result<Credential, ConsoleError>> {
        if let Some(credential) = self.key_at_hand(id) {
            return Some(Ok(credential));
        }
        let in_vain = asker == Asker::Nobody && self.volatile().keyless.contains(id);
        in_vain.then_some(Err(ConsoleError::NoKey))
    }

    async fn ask_keychain(&self, id: &ConnectionId, asker: Asker) -> Result<Credential, ConsoleError> {
        let _turn = self.inner.key_turn.lock().await;
        // Whoever had the turn before may have found it, or asked in vain.
        if let Some(told) = self.told_already(id, asker) {
            return told;
        }
        let credential = match self.inner.keys.retrieve(&id.0).await {
            Ok(Some(credential)) => credential,
            Ok(None) => return Err(self.remember_keyless(id, ConsoleError::NoKey)),
            Err(error) => return Err(self.remember_keyless(id, error.into())),
        };
        let was_keyless = {
            let mut volatile = self.volatile();
            volatile.unlocked.insert(id.clone(), credential.clone());
            volatile.keyless.remove(id)
        };
        if was_keyless {
            self.tell(Event::App);
        }
        Ok(credential)
    }

    fn key_at_hand(&self, id: &ConnectionId) -> Option<Credential> {
        let of_session = self.inner.session.get(id);
        of_session.or_else(|| self.volatile().unlocked.get(id).cloned())
    }

    fn remember_keyless(&self, id: &ConnectionId, error: ConsoleError) -> ConsoleError {
        if self.volatile().keyless.insert(id.clone()) {
            self.tell(Event::App);
        }
        error
    }

    /// A snapshot file, which no key belongs to.
    async fn is_file(&self, id: &ConnectionId) -> bool {
        let found = self.inner.mirror.connection(id).await;
        found.is_ok_and(|found| found.is_some_and(|connection| connection.endpoint.is_file()))
    }

    /// Where a connection's key is; a snapshot file needs none, which counts
    /// as one in memory. Asks the keychain once; after a failure
    /// again only when somebody wants something or tries the keychain again.
    /// While a person is asked to unlock it, the key counts as there: a list
    /// does not wait for them, and an event tells where they refuse.
    pub async fn key_home(&self, id: &ConnectionId) -> KeyHome {
        if self.inner.session.get(id).is_some() || self.is_file(id).await {
            return KeyHome::Session;
        }
        match tokio::time::timeout(PATIENCE, self.has_key(id)).await {
            Ok(false) => KeyHome::Missing,
            Ok(true) | Err(_) => KeyHome::Keychain,
        }
    }

    /// Whether the keychain works, as last seen; probes it the first time.
    pub async fn key_store(&self) -> KeyStoreState {
        let seen = self.volatile().key_store.clone();
        match seen {
            Some(state) => state,
            None => self.probe_key_store().await,
        }
    }

    /// Tries the keychain again, and what was asked of it in vain.
    pub async fn probe_key_store(&self) -> KeyStoreState {
        let _turn = self.inner.key_turn.lock().await;
        let state = self.inner.keys.probe().await;
        let changed = {
            let mut volatile = self.volatile();
            let before = volatile.key_store.replace(state.clone());
            let in_vain = !volatile.keyless.is_empty();
            if state == KeyStoreState::Ready {
                volatile.keyless.clear();
            }
            before.is_some_and(|before| before != state) || (in_vain && state == KeyStoreState::Ready)
        };
        if changed {
            self.tell(Event::App);
        }
        state
    }

    pub(crate) async fn keep_key(
        &self,
        id: &ConnectionId,
        credential: &Credential,
        keep: KeepKey,
    ) -> Result<(), ConsoleError> {
        let _turn = self.inner.key_turn.lock().await;
        match keep {
            KeepKey::Session => self.inner.session.set(id, credential.clone()),
            KeepKey::Keychain => {
                self.inner.keys.persist(&id.0, credential).await?;
                self.inner.session.remove(id);
                self.volatile().unlocked.insert(id.clone(), credential.clone());
            }
        }
        self.volatile().keyless.remove(id);
        Ok(())
    }

    /// Drops a connection's key wherever it is. A keychain that cannot be
    /// opened is only noted: the item it may still hold opens nothing without
    /// the connection's address.
    pub(crate) async fn drop_key(&self, id: &ConnectionId) {
        let _turn = self.inner.key_turn.lock().await;
        self.inner.session.remove(id);
        {
            let mut volatile = self.volatile();
            volatile.unlocked.remove(id);
            volatile.keyless.remove(id);
        }
        if let Err(error) = self.inner.keys.delete(&id.0).await {
            tracing::warn!(connection = id.0, %error, "the key could not be deleted from the keychain");
        }
    }
}

impl Inner {
    /// The keys known without asking anybody: a connection's, and those of
    /// the connections that are being made.
    pub(crate) fn keys_in_memory(&self, id: Option<&ConnectionId>) -> Vec<Credential> {
        let volatile = self.volatile.lock().unwrap_or_else(PoisonError::into_inner);
        let mut keys: Vec<Credential> = volatile.drafts.values().map(Draft::credential).cloned().collect();
        if let Some(id) = id {
            keys.extend(volatile.unlocked.get(id).cloned());
            keys.extend(self.session.get(id));
        }
        keys
    }
}
