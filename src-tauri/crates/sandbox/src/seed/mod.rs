//! What the services hold when they start.

pub(crate) mod edgeflags;

/// Which data the services hold when they start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Seed {
    /// The Acme Store of the mock-ups: 128 flags, 31 segments, 4 environments.
    #[default]
    Acme,
    /// 400 flags, 400 segments and 5,000 overrides.
    Large,
    /// 10,000 flags.
    TenThousand,
    /// Environments without any flag.
    Empty,
}
