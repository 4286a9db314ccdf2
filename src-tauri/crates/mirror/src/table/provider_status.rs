//! The last copy of each status feed.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::record::{decode, encode};
use crate::{Mirror, Result};

impl Mirror {
    /// What a status feed said last, by its address; nothing where it was
    /// never read, or what was kept has since got another shape.
    pub async fn provider_status<T: DeserializeOwned>(&self, url: &str) -> Result<Option<T>> {
        let row = sqlx::query("SELECT record FROM provider_status WHERE url = ?")
            .bind(url)
            .fetch_optional(&mut *self.reader().await?)
            .await?;
        Ok(row.and_then(|row| decode(&row, "record").ok()))
    }

    /// Keeps what a status feed says. A feed is public and belongs to no
    /// connection, so that it stays when one goes.
    pub async fn save_provider_status<T: Serialize + ?Sized>(&self, url: &str, status: &T) -> Result<()> {
        let record = encode(status)?;
        let mut transaction = self.write().await?;
        sqlx::query(
            "INSERT INTO provider_status (url, record) VALUES (?, ?)
             ON CONFLICT (url) DO UPDATE SET record = excluded.record",
        )
        .bind(url)
        .bind(record)
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }
}
