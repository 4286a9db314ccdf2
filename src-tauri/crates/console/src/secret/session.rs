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
    keys: Mutex<HashMap<String, Credential>>,
}

impl SessionKeys {
    /// A connection's key.
    pub fn get(&self, connection: &ConnectionId) -> Option<Credential> {
        self.lock().get(&connection.0).cloned()
    }

    /// Keeps a connection's key.
    pub fn set(&self, connection: &ConnectionId, credential: Credential) {
        self.lock().insert(connection.0.clone(), credential);
    }

    /// Forgets a connection's key.
    pub fn remove(&self, connection: &ConnectionId) {
        self.lock().remove(&connection.0);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Credential>> {
        // A map of whole entries is as good after a panic elsewhere as before.
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl KeyStore for SessionKeys {
    async fn probe(&self) -> KeyStoreState {
        KeyStoreState::Ready
    }

    async fn persist(&self, item: &str, credential: &Credential) -> Result<(), SecretError> {
        self.lock().insert(item.to_owned(), credential.clone());
        Ok(())
    }

    async fn retrieve(&self, item: &str) -> Result<Option<Credential>, SecretError> {
        Ok(self.lock().get(item).cloned())
    }

    async fn delete(&self, item: &str) -> Result<(), SecretError> {
        self.lock().remove(item);
        Ok(())
    }
}
