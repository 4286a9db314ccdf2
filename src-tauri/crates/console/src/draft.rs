//! Changes somebody considers and has not sent.

use halyard_model::{Change, FieldChanges, FlagKey, Subject};

/// A change to a subject that is laid over the mirror's document before it is
/// evaluated. Nothing of it is written down or sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// What it is about.
    pub subject: Subject,
    /// What becomes of it, field by field.
    pub changes: FieldChanges,
}

impl Draft {
    /// A change to a flag where no override decides.
    pub fn of_flag(flag: &FlagKey, change: &Change) -> Draft {
        Draft {
            subject: Subject::state_of(flag),
            changes: change.fields(),
        }
    }
}
