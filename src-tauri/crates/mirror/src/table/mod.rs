//! The tables, a file for each noun.

mod activity;
mod allowances;
mod change_sets;
mod connections;
mod daily_counts;
mod edits;
mod environments;
mod fetch_status;
mod flags;
mod personas;
mod propagations;
mod provider_status;
mod server_readings;
mod settings;
mod snapshots;
mod surface_settings;
mod surfaces;
mod unreadable;
mod unsent;

pub(crate) use connections::write_connection;
pub(crate) use fetch_status::write_fetch_status;

pub use activity::{EXCHANGES_KEPT, ExchangeFilter, KeptExchange, NewExchange};
pub use daily_counts::DAYS_KEPT;
pub use flags::{FlagRow, FlagRows};
pub use personas::{Persona, PersonaId, SavedPersona};
pub use propagations::{KeptPropagation, PROPAGATIONS_KEPT, PropagationId};
pub use server_readings::SERVER_READINGS_KEPT;
pub(crate) use snapshots::replace_current;
pub use snapshots::{SnapshotFacts, Stored};
pub use unsent::Unsent;
