//! The tables, a file for each noun.

mod connections;
mod edits;
mod environments;
mod fetch_status;
mod flags;
mod personas;
mod settings;
mod snapshots;
mod unreadable;

pub use flags::{FlagRow, FlagRows};
pub use personas::{Persona, PersonaId, SavedPersona};
pub use snapshots::{SnapshotFacts, Stored};
