//! The tables, a file for each noun.

mod activity;
mod connections;
mod edits;
mod environments;
mod fetch_status;
mod flags;
mod personas;
mod propagations;
mod provider_status;
mod settings;
mod snapshots;
mod surface_settings;
mod surfaces;
mod unreadable;

pub use activity::{EXCHANGES_KEPT, ExchangeFilter, KeptExchange, NewExchange};
pub use flags::{FlagRow, FlagRows};
pub use personas::{Persona, PersonaId, SavedPersona};
pub use propagations::{KeptPropagation, PROPAGATIONS_KEPT, PropagationId};
pub use snapshots::{SnapshotFacts, Stored};
