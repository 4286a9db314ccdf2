//! API tokens and what they may do.

use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// A permission as the service names it.
pub(super) mod permission {
    pub(crate) const READ_FLAGS: &str = "read:flags";
    pub(crate) const READ_CONFIGS: &str = "read:configs";
    pub(crate) const WRITE_FLAGS: &str = "write:flags";
    pub(crate) const WRITE_CONFIGS: &str = "write:configs";
    pub(crate) const ADMIN: &str = "*";
    pub(crate) const ALL: [&str; 5] = [READ_FLAGS, READ_CONFIGS, WRITE_FLAGS, WRITE_CONFIGS, ADMIN];
}

/// A token, known by its digest only, as in the service.
#[derive(Clone)]
pub(super) struct Token {
    digest: [u8; 32],
    pub(super) name: String,
    pub(super) prefix: String,
    pub(super) permissions: Vec<String>,
    pub(super) created_at: String,
    pub(super) expires_at: Option<Timestamp>,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Token")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Token {
    pub(super) fn new(
        plaintext: &str,
        name: &str,
        permissions: &[&str],
        created_at: String,
        expires_at: Option<Timestamp>,
    ) -> Self {
        Self {
            digest: Sha256::digest(plaintext.as_bytes()).into(),
            name: name.to_owned(),
            prefix: plaintext.chars().take(12).collect(),
            permissions: permissions.iter().map(|one| (*one).to_owned()).collect(),
            created_at,
            expires_at,
        }
    }

    /// Whether this is the token of that plaintext, and still valid.
    pub(super) fn accepts(&self, plaintext: &str, now: Timestamp) -> bool {
        let digest: [u8; 32] = Sha256::digest(plaintext.as_bytes()).into();
        digest == self.digest && self.expires_at.is_none_or(|end| now < end)
    }

    pub(super) fn may(&self, permission: &str) -> bool {
        self.permissions
            .iter()
            .any(|held| held == permission || held == permission::ADMIN)
    }

    /// What its budgets are kept under. Prefixes are short enough for two tokens to share one.
    pub(super) fn budget_key(&self) -> [u8; 32] {
        self.digest
    }

    /// How the audit log names the token.
    pub(super) fn actor(&self) -> String {
        format!("{}...", self.prefix)
    }

    pub(super) fn meta(&self, project_id: &str) -> Value {
        let mut meta = json!({
            "name": self.name,
            "token_prefix": self.prefix,
            "project_id": project_id,
            "permissions": self.permissions,
            "created_at": self.created_at,
        });
        if let Some(end) = self.expires_at {
            meta["expires_at"] = Value::String(end.to_string());
        }
        meta
    }
}

/// `ff_`, four characters of the project, `_` and twenty characters. Seeded tokens are the same at every
/// start, so that a saved demo connection keeps working.
pub(super) fn plaintext(project_id: &str, secret: &str) -> String {
    let project: String = project_id.chars().take(4).collect();
    let digest = Sha256::digest(secret.as_bytes());
    let hex: String = digest.iter().take(10).map(|byte| format!("{byte:02x}")).collect();
    format!("ff_{project}_{hex}")
}
