//! The use cases of the flag console.
//!
//! The only crate that knows the services, the mirror and the keychain at
//! once. It never knows windows, and puts nothing into words that a service or
//! a rule has not given: wording is the shell's. The clock and the key store
//! are passed in.

mod clock;
mod connect;
mod demo;
mod edit;
mod engines;
mod environments;
mod error;
mod evaluate;
mod event;
mod input;
mod keys;
mod listing;
mod open;
mod places;
mod reach;
mod refresh;
mod schedule;
pub mod secret;
mod state;

pub use clock::{Clock, SystemClock};
pub use connect::{AuthKind, ConnectInput, DraftFacts, DraftId, KeepKey, KeyHome, SaveDraft};
pub use demo::DemoService;
pub use edit::{EditInput, Outcome, Resolution};
pub use error::ConsoleError;
pub use evaluate::{LocalPreview, LocalRow, Preview, PreviewInput, RemotePreview};
pub use event::Event;
pub use halyard_mirror::MirrorError;
pub use halyard_provider::{
    Credential, Discovery, Failure, FailureKind, Listing, Permission, RateLimit, Stage, Standing,
};
pub use input::parse_value;
pub use listing::{EnvironmentFacts, FlagFacts, revision};
pub use open::Beginning;
pub use places::{Place, Settings, Theme};
pub use schedule::Pace;
pub use state::{Console, ConsoleParts, Providers};
