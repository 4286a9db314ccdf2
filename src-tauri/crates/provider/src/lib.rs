//! Clients of the flag services: one trait, one implementation per service.
//!
//! Knows HTTP and the services' wire shapes, which stay private to their
//! modules. Never knows the mirror, the keychain, windows, or what the user is
//! looking at. A credential is an argument of each call; no client stores one.
//! A client never sleeps in secret either: when a service asks for patience,
//! the call returns [`FailureKind::RateLimited`] and the caller decides.

mod failure;
mod provide;

pub use failure::{Failure, FailureKind, Stage};
pub use provide::{
    Answer, Credential, Discovery, Listing, Permission, Progress, Provider, RateLimit, Standing, Surface,
    Target, Write, WriteOutcome,
};
