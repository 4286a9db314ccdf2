//! What the services hold when they start.

mod acme;
mod acme_named;
mod acme_people;
mod acme_segments;
mod big;
mod builder;
pub(crate) mod edgeflags;
mod words;

use crate::flagsmith::store::Store;

/// Which data the services hold when they start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Seed {
    /// The Acme Store, the sample shop: 128 flags, 31 segments, 4 environments.
    #[default]
    Acme,
    /// 400 flags, 400 segments and 5,000 overrides.
    Large,
    /// 10,000 flags.
    TenThousand,
    /// Environments without any flag.
    Empty,
}

/// What Flagsmith holds at the start. The same seed gives the same ids and keys each time; times count back
/// from the start.
pub(crate) fn flagsmith(seed: Seed) -> Store {
    let mut store = match seed {
        Seed::Acme => acme::store(),
        Seed::Large => big::large(),
        Seed::TenThousand => big::ten_thousand(),
        Seed::Empty => big::empty(),
    };
    store.begin_audit();
    store
}
