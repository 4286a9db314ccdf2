//! The commands of the window: each a use case and a conversion.

pub mod activity;
pub mod batch;
pub mod changes;
pub mod cohorts;
pub mod compare;
pub mod conflicts;
pub mod connections;
pub mod doctor;
pub mod edits;
pub mod encryption;
pub mod environments;
pub mod files;
pub mod findings;
pub mod flags;
pub mod health;
pub mod impact;
pub mod lint;
pub mod matrix;
pub mod moments;
pub mod personas;
mod prepare;
pub mod preview;
pub mod propagation;
pub mod sides;
pub mod subjects;
pub mod trace;
pub mod unsent;

#[cfg(test)]
mod doctor_tests;
#[cfg(test)]
mod propagation_tests;
#[cfg(test)]
mod tests;

use halyard_model::{ConnectionId, Environment, EnvironmentKey};

use crate::{app::Halyard, error::WireError};

/// The environment an answer speaks of.
async fn environment(app: &Halyard, connection: &str, key: &str) -> Result<Environment, WireError> {
    let (connection, key) = (
        ConnectionId(connection.to_owned()),
        EnvironmentKey(key.to_owned()),
    );
    Ok(app.console.environment(&connection, &key).await?.environment)
}
