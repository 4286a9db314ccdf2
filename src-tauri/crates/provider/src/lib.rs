//! Clients of the flag services: one trait, one implementation per service.
//!
//! Knows HTTP and the services' wire shapes, which stay private to their
//! modules. Never knows the mirror, the keychain, windows, or what the user is
//! looking at. A credential is an argument of each call; no client stores one.
//! A client never sleeps in secret either: what waits for its turn shows in
//! [`Governor::budgets`], can be given up, and where somebody would have to be
//! patient for long, the call returns [`FailureKind::RateLimited`] at once.

#![allow(
    clippy::result_large_err,
    reason = "a failure is rare and travels a short way; its plain members are worth more than its size"
)]

mod address;
mod audit;
mod cache;
pub mod diagnosis;
pub mod edgeflags;
mod exchange;
mod failure;
mod flagsmith;
mod governor;
mod http;
mod probe;
mod provide;
mod status_feed;

pub use address::{NormalisedAddress, normalise_address};
pub use audit::{Audit, AuditEntry, AuditReach, NotGiven};
pub use diagnosis::{Diagnosis, Remedy};
pub use edgeflags::EdgeFlags;
pub use exchange::{Exchange, Observer};
pub use failure::{Failure, FailureKind, Stage};
pub use flagsmith::Flagsmith;
pub use governor::{
    Admission, Ask, Budget, BudgetClass, Cost, Denied, Ending, Governor, Known, Said, Step, Turn,
};
pub use http::{CaBundle, Clock, HttpSettings, ProxyRule, Resolver};
pub use probe::{
    Allowances, Confirm, DocumentText, Door, LONGEST_UNCHANGED, MOST_UNCHANGED, ProxyHealth, Queue, Reach,
    Reached, ServedFlag, ServerHealth, Stamp, SurfaceReading,
};
pub use provide::{
    Access, Answer, Credential, Discovery, Found, Leftover, LeftoverKind, Listing, NoSteps, Permission,
    Progress, Provider, RateLimit, Standing, Steps, Target, Urgency, Write, WriteOutcome, WriteStep,
};

pub use status_feed::{Incident, ProviderStatus, StatusFeed, default_status_url};

use std::sync::Arc;

use halyard_model::{Endpoint, Service};

/// The client for an endpoint, with a connection pool of its own. Fails where
/// the system offers no usable encryption. The one for a file, behind which no
/// service is, refuses every call.
pub fn provider_for(endpoint: &Endpoint, settings: HttpSettings) -> Result<Arc<dyn Provider>, Failure> {
    Ok(match endpoint {
        Endpoint::Flagsmith(_)
        | Endpoint::File {
            of: Service::Flagsmith,
            ..
        } => Arc::new(Flagsmith::new(settings)?),
        Endpoint::EdgeFlags { .. }
        | Endpoint::File {
            of: Service::EdgeFlags,
            ..
        } => Arc::new(EdgeFlags::new(settings)?),
    })
}
