//! Settings: small values under a name.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::record::{decode, encode};
use crate::{Mirror, Result};

impl Mirror {
    /// A setting, or nothing where it was never saved or has since got another
    /// shape: the caller's default then holds.
    pub async fn setting<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        let row = sqlx::query("SELECT value FROM settings WHERE name = ?")
            .bind(name)
            .fetch_optional(&mut *self.reader().await?)
            .await?;
        let value = row.map(|row| decode(&row, "value"));
        if let Some(Err(_)) = value {
            tracing::warn!(name, "a setting cannot be read");
        }
        Ok(value.and_then(std::result::Result::ok))
    }

    /// Saves a setting. Nothing secret may go here: the file is not encrypted.
    pub async fn save_setting<T: Serialize + ?Sized>(&self, name: &str, value: &T) -> Result<()> {
        let value = encode(value)?;
        let mut transaction = self.write().await?;
        sqlx::query(
            "INSERT INTO settings (name, value) VALUES (?, ?)
             ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        )
        .bind(name)
        .bind(value)
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }
}
