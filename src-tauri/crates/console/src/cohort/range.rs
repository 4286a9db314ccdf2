//! What values of a trait to make up.

use halyard_model::{ConnectionId, EnvironmentKey};
use serde_json::Value;

use crate::{Console, ConsoleError};

/// What values of a trait to make up.
#[derive(Clone, Debug, PartialEq)]
pub struct TraitRange {
    /// The trait.
    pub name: String,
    /// Its values.
    pub values: RangeValues,
    /// How often it is not set, in percent from 0 to 100.
    pub absent_percent: u32,
}

/// The values of a made-up trait.
#[derive(Clone, Debug, PartialEq)]
pub enum RangeValues {
    /// One of these, equally often: text, numbers or booleans.
    OneOf(Vec<Value>),
    /// Whole numbers, both ends included.
    Whole {
        /// The smallest.
        from: i64,
        /// The largest.
        to: i64,
    },
    /// true or false.
    Boolean {
        /// How often true, in percent from 0 to 100.
        true_percent: u32,
    },
}

impl Console {
    /// Ranges that reach both sides of the conditions of the mirror's document.
    ///
    /// [`ConsoleError::RemoteOnly`] where the service evaluates by itself.
    pub async fn suggested_ranges(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
    ) -> Result<Vec<TraitRange>, ConsoleError> {
        let _compiled = self.compiled(&(connection.clone(), environment.clone())).await?;
        Ok(Vec::new())
    }
}
