//! Keys: in the system keychain, or in memory for this session. Nowhere else.

mod session;
mod system;

use async_trait::async_trait;
use halyard_provider::Credential;

pub use session::SessionKeys;
pub use system::SystemKeychain;

/// Why a key could not be kept or found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// No keychain answers.
    #[error("no system keychain answers: {reason}")]
    Absent {
        /// The system's words.
        reason: String,
    },
    /// A keychain answers and is locked, or refuses.
    #[error("the system keychain is locked or refuses: {reason}")]
    Locked {
        /// The system's words.
        reason: String,
    },
}

/// Whether keys can be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyStoreState {
    /// A round trip (set, get, delete) succeeded.
    Ready,
    /// It did not.
    Failing(SecretError),
}

/// Where keys are kept: one item per connection, by the connection's
/// identifier, and one per encrypted local copy, by `mirror-` and the name of
/// its key (16 hexadecimal digits, which the file begins with). The system's
/// keychain in the app, something in memory in tests.
#[async_trait]
pub trait KeyStore: Send + Sync {
    /// Tries a round trip. Finding no item proves nothing: a keychain without
    /// an unlocked collection also says that there is none.
    async fn probe(&self) -> KeyStoreState;

    /// Keeps a key, replacing an older one.
    async fn persist(&self, item: &str, credential: &Credential) -> Result<(), SecretError>;

    /// The key of an item; `None` where none is kept.
    async fn retrieve(&self, item: &str) -> Result<Option<Credential>, SecretError>;

    /// Forgets the key of an item; forgetting none is no error.
    async fn delete(&self, item: &str) -> Result<(), SecretError>;
}
