//! A clock that stands still and a keychain that fails on request.

use std::{
    collections::HashMap,
    sync::{
        Mutex,
        atomic::{AtomicI64, AtomicU32, Ordering},
    },
};

use async_trait::async_trait;
use halyard_console::{
    Clock, Credential,
    secret::{KeyStore, KeyStoreState, SecretError},
};
use halyard_model::{ConnectionId, Timestamp};
use tokio::sync::{RwLock, RwLockWriteGuard};

/// Where every clock of these tests begins.
pub const BEGINNING: Timestamp = Timestamp(1_795_000_000_000);

/// A clock that stands still, except that no two readings are the same.
pub struct SteppedClock(AtomicI64);

impl Default for SteppedClock {
    fn default() -> SteppedClock {
        SteppedClock(AtomicI64::new(BEGINNING.0))
    }
}

impl SteppedClock {
    pub fn advance(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for SteppedClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.fetch_add(1, Ordering::SeqCst))
    }
}

/// A keychain in memory that fails on request and counts how often it was asked.
#[derive(Default)]
pub struct Keychain {
    kept: Mutex<HashMap<String, Credential>>,
    failure: Mutex<Option<SecretError>>,
    asked: AtomicU32,
    door: RwLock<()>,
}

impl Keychain {
    pub fn fail_with(&self, failure: Option<SecretError>) {
        *self.failure.lock().unwrap() = failure;
    }

    /// Lets nobody have a key until the guard is dropped, as while a person is asked for a password.
    pub async fn hold(&self) -> RwLockWriteGuard<'_, ()> {
        self.door.write().await
    }

    /// How often a key was asked for.
    pub fn asked(&self) -> u32 {
        self.asked.load(Ordering::SeqCst)
    }

    /// Loses every key.
    pub fn lose(&self) {
        self.kept.lock().unwrap().clear();
    }

    pub fn holds(&self, connection: &ConnectionId) -> bool {
        self.kept.lock().unwrap().contains_key(&connection.0)
    }

    /// How many keys it holds.
    pub fn count(&self) -> usize {
        self.kept.lock().unwrap().len()
    }

    fn working(&self) -> Result<(), SecretError> {
        self.failure.lock().unwrap().clone().map_or(Ok(()), Err)
    }
}

#[async_trait]
impl KeyStore for Keychain {
    async fn probe(&self) -> KeyStoreState {
        self.working()
            .map_or_else(KeyStoreState::Failing, |()| KeyStoreState::Ready)
    }

    async fn persist(&self, item: &str, credential: &Credential) -> Result<(), SecretError> {
        self.working()?;
        self.kept
            .lock()
            .unwrap()
            .insert(item.to_owned(), credential.clone());
        Ok(())
    }

    async fn retrieve(&self, item: &str) -> Result<Option<Credential>, SecretError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let _open = self.door.read().await;
        self.working()?;
        Ok(self.kept.lock().unwrap().get(item).cloned())
    }

    async fn delete(&self, item: &str) -> Result<(), SecretError> {
        self.working()?;
        self.kept.lock().unwrap().remove(item);
        Ok(())
    }
}
