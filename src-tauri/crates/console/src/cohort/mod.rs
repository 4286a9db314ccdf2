//! Many identities at once: where they come from.

mod feed;
mod file;
mod range;
mod whom;

pub(crate) use file::Cohorts;
pub use file::{CohortFile, CohortId};
pub use halyard_engine::{BrokenLine, CohortFormat};
pub use range::{RangeValues, TraitRange};
pub(crate) use whom::{Whom, personas_and_overridden};

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
