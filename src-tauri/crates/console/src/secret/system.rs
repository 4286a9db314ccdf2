//! The system's keychain.

use async_trait::async_trait;
use halyard_provider::Credential;
use keyring::{Entry as KeyringEntry, Error as KeyringError};
use keyring_core::Entry;

use super::{KeyStore, KeyStoreState, SecretError};

/// Under which all items are kept; people find them by this name.
const SERVICE: &str = "Halyard";

/// The user name of the item that the probe writes and deletes.
const PROBE: &str = "keychain-check";

/// The system's keychain: Keychain Services, Credential Manager or the Secret
/// Service. Calls may wait for a person to unlock it.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemKeychain;

#[async_trait]
impl KeyStore for SystemKeychain {
    async fn probe(&self) -> KeyStoreState {
        match blocking(round_trip).await {
            Ok(()) => KeyStoreState::Ready,
            Err(error) => KeyStoreState::Failing(error),
        }
    }

    async fn persist(&self, item: &str, credential: &Credential) -> Result<(), SecretError> {
        let (user, credential) = (item.to_owned(), credential.clone());
        blocking(move || {
            with_entry(&user, |entry| entry.set_password(credential.expose()))?;
            // Some keychains accept an item and keep none.
            match with_entry(&user, Entry::get_password)? {
                kept if kept == credential.expose() => Ok(()),
                _ => Err(SecretError::Locked {
                    reason: "it kept something else than it was given".into(),
                }),
            }
        })
        .await
    }

    async fn retrieve(&self, item: &str) -> Result<Option<Credential>, SecretError> {
        let user = item.to_owned();
        blocking(move || {
            with_entry(&user, |entry| match entry.get_password() {
                Ok(secret) => Ok(Some(Credential::new(&secret))),
                Err(KeyringError::NoEntry) => Ok(None),
                Err(error) => Err(error),
            })
        })
        .await
    }

    async fn delete(&self, item: &str) -> Result<(), SecretError> {
        let user = item.to_owned();
        blocking(move || {
            with_entry(&user, |entry| match entry.delete_credential() {
                Err(KeyringError::NoEntry) => Ok(()),
                other => other,
            })
        })
        .await
    }
}

fn round_trip() -> Result<(), SecretError> {
    let user = format!("{PROBE}-{}", uuid::Uuid::new_v4());
    with_entry(&user, |entry| entry.set_password(PROBE))?;
    let kept = with_entry(&user, Entry::get_password);
    with_entry(&user, Entry::delete_credential)?;
    if kept? != PROBE {
        return Err(SecretError::Locked {
            reason: "it kept something else than it was given".into(),
        });
    }
    Ok(())
}

/// Keychain calls block, some until a person has typed a password.
async fn blocking<T: Send + 'static>(
    call: impl FnOnce() -> Result<T, SecretError> + Send + 'static,
) -> Result<T, SecretError> {
    match tokio::task::spawn_blocking(call).await {
        Ok(result) => result,
        Err(stopped) => Err(SecretError::Absent {
            reason: stopped.to_string(),
        }),
    }
}

/// Does something with an item, once more on a freshly opened store when the
/// store itself failed: `keyring` opens its store once and would repeat the
/// first failure for the life of the process.
fn with_entry<T>(user: &str, action: impl Fn(&Entry) -> keyring::Result<T>) -> Result<T, SecretError> {
    let first = entry(user).and_then(|entry| action(&entry));
    let failed = match first {
        Err(error @ (KeyringError::NoDefaultStore | KeyringError::PlatformFailure(_))) => error,
        other => return other.map_err(sorted),
    };
    reopen().map_err(|_| sorted(failed))?;
    entry(user).and_then(|entry| action(&entry)).map_err(sorted)
}

fn entry(user: &str) -> keyring::Result<Entry> {
    match KeyringEntry::new(SERVICE, user) {
        Ok(entry) => Ok(entry.inner),
        // Set where an earlier attempt opened the store again.
        Err(KeyringError::NoDefaultStore) => Entry::new(SERVICE, user),
        Err(error) => Err(error),
    }
}

#[cfg(all(unix, not(target_os = "macos")))]
fn reopen() -> keyring::Result<()> {
    let store = zbus_secret_service_keyring_store::Store::new()?;
    keyring_core::set_default_store(store);
    Ok(())
}

/// These keychains need no connection that could be lost.
#[cfg(not(all(unix, not(target_os = "macos"))))]
fn reopen() -> keyring::Result<()> {
    Err(KeyringError::NoDefaultStore)
}

/// Sorts by what a person can do. The system's words hold no secret: the
/// variants that carry data are reduced to their kind.
fn sorted(error: KeyringError) -> SecretError {
    match error {
        KeyringError::NoDefaultStore => SecretError::Absent {
            reason: store_failure(),
        },
        KeyringError::PlatformFailure(reason) => SecretError::Absent {
            reason: reason.to_string(),
        },
        KeyringError::NoStorageAccess(reason) => SecretError::Locked {
            reason: reason.to_string(),
        },
        KeyringError::NoEntry => SecretError::Locked {
            reason: "it did not keep the item".into(),
        },
        KeyringError::BadEncoding(_) | KeyringError::BadDataFormat(..) => SecretError::Locked {
            reason: "the item is not readable".into(),
        },
        other => SecretError::Locked {
            reason: other.to_string(),
        },
    }
}

fn store_failure() -> String {
    match KeyringEntry::store_status() {
        Err(error) => error.to_string(),
        Ok(()) => "it could not be opened".into(),
    }
}
