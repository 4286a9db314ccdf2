//! Whether an edit may still be sent.

use crate::{Change, Field, FlagState, differences};

/// What the state read just before a write says about an edit.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Nobody changed the flag since the edit's base: send it.
    Clear,
    /// Somebody already made the same change: there is nothing to send.
    AlreadyThere,
    /// Somebody changed the flag otherwise, in these fields: ask.
    Conflict(Vec<Field>),
}

/// Compares the state an edit rests on with the one the service holds now.
///
/// Any difference in content is a conflict, also in a field the edit does not
/// touch: what a user decided, they decided on the state they saw.
pub fn judge(base: &FlagState, theirs: &FlagState, mine: &Change) -> Verdict {
    let moved = differences(base, theirs);
    if moved.is_empty() {
        return if mine.is_met_by(theirs) {
            Verdict::AlreadyThere
        } else {
            Verdict::Clear
        };
    }
    if differences(&mine.applied_to(base), theirs).is_empty() {
        return Verdict::AlreadyThere;
    }
    Verdict::Conflict(moved)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FlagValue;
    use proptest::prelude::*;
    use serde_json::json;

    fn states() -> impl Strategy<Value = FlagState> {
        (any::<bool>(), 0..3u8)
            .prop_map(|(enabled, value)| FlagState::plain(enabled, FlagValue(json!(value))))
    }

    fn changes() -> impl Strategy<Value = Change> {
        (proptest::option::of(any::<bool>()), proptest::option::of(0..3u8)).prop_map(|(enabled, value)| {
            Change {
                enabled,
                value: value.map(|value| FlagValue(json!(value))),
            }
        })
    }

    proptest! {
        /// Whatever is sent after a clear verdict replaces exactly the base.
        #[test]
        fn clear_means_unchanged(base in states(), theirs in states(), mine in changes()) {
            match judge(&base, &theirs, &mine) {
                Verdict::Clear => prop_assert!(differences(&base, &theirs).is_empty()),
                Verdict::AlreadyThere => prop_assert!(mine.is_met_by(&theirs)),
                Verdict::Conflict(fields) => {
                    prop_assert!(!fields.is_empty());
                    prop_assert!(!differences(&base, &theirs).is_empty());
                }
            }
        }
    }
}
