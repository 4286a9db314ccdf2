//! Changes somebody considers and has not sent.

use halyard_model::{Change, FlagKey};

/// A change to a flag that is laid over the mirror's document before it is
/// evaluated. Nothing of it is written down or sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// The flag.
    pub flag: FlagKey,
    /// What becomes of its state where no override decides.
    pub change: Change,
}
