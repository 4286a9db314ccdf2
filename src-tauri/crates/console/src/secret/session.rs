//! Keys kept in memory until Halyard is closed.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use async_trait::async_trait;
use halyard_model::ConnectionId;
use halyard_provider::Credential;

use super::{KeyStore, KeyStoreState, SecretError};

/// Keys kept in memory only: what the user chooses where no keychain answers,
/// and what tests use.
#[derive(Debug, Default)]
pub struct SessionKeys {
    keys: Mutex<HashMap<ConnectionId, Credential>>,
}

impl SessionKeys {
    /// A connection's key.
    pub fn get(&self, connection: &ConnectionId) -> Option<Credential> {
        self.lock().get(connection).cloned()
    }

    /// Keeps a connection's key.
    pub fn set(&self, connection: &ConnectionId, credential: Credential) {
        self.lock().insert(connection.clone(), credential);
    }

    /// Forgets a connection's key.
    pub fn remove(&self, connection: &ConnectionId) {
        self.lock().remove(connection);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<ConnectionId, Credential>> {
        // A map of whole entries is as good after a panic elsewhere as before.
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl KeyStore for SessionKeys {
    async fn probe(&self) -> KeyStoreState {
        KeyStoreState::Ready
    }

    async fn persist(&self, connection: &ConnectionId, credential: &Credential) -> Result<(), SecretError> {
        self.set(connection, credential.clone());
        Ok(())
    }

    async fn retrieve(&self, connection: &ConnectionId) -> Result<Option<Credential>, SecretError> {
        Ok(self.get(connection))
    }

    async fn delete(&self, connection: &ConnectionId) -> Result<(), SecretError> {
        self.remove(connection);
        Ok(())
    }
}
