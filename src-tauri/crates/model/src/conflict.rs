//! Whether an edit may still be sent.

use crate::{Change, FieldPath, FlagState, SubjectState, changed_fields};

/// What the state read just before a write says about an edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nobody changed the subject since the edit's base: send it.
    Clear,
    /// The service holds what is wished for: there is nothing to send.
    AlreadyThere,
    /// Somebody changed the subject otherwise, in these fields: ask.
    Conflict(Vec<FieldPath>),
}

/// Compares the state a write rests on with the one the service holds now.
///
/// Any difference in content is a conflict, also in a field the write does not
/// touch: what a user decided, they decided on the state they saw. An absent
/// state is content as well: one that was deleted meanwhile, or made by
/// somebody else, differs from the base in [`FieldPath::Existence`].
pub fn judge_write(
    base: Option<&SubjectState>,
    theirs: Option<&SubjectState>,
    wish: Option<&SubjectState>,
) -> Verdict {
    if changed_fields(wish, theirs).is_empty() {
        return Verdict::AlreadyThere;
    }
    let moved = changed_fields(base, theirs);
    if moved.is_empty() {
        Verdict::Clear
    } else {
        Verdict::Conflict(moved)
    }
}

/// [`judge_write`] of the commonest change to a flag's state.
pub fn judge(base: &FlagState, theirs: &FlagState, mine: &Change) -> Verdict {
    let wish = mine.applied_to(base).into();
    judge_write(
        Some(&base.clone().into()),
        Some(&theirs.clone().into()),
        Some(&wish),
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{FlagValue, differences};
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

    #[test]
    fn making_and_deleting_are_judged_as_well() {
        let traits = |plan: &str| SubjectState::Traits(BTreeMap::from([("plan".to_owned(), json!(plan))]));
        let (free, pro) = (traits("free"), traits("pro"));
        let (free, pro) = (Some(&free), Some(&pro));
        let plan = || FieldPath::Trait("plan".into());
        for (base, theirs, wish, verdict) in [
            (None, None, free, Verdict::Clear),
            (None, free, free, Verdict::AlreadyThere),
            (
                None,
                pro,
                free,
                Verdict::Conflict(vec![FieldPath::Existence, plan()]),
            ),
            (free, free, None, Verdict::Clear),
            (free, None, None, Verdict::AlreadyThere),
            (free, pro, None, Verdict::Conflict(vec![plan()])),
            (
                free,
                None,
                pro,
                Verdict::Conflict(vec![FieldPath::Existence, plan()]),
            ),
            (free, free, free, Verdict::AlreadyThere),
        ] {
            assert_eq!(
                judge_write(base, theirs, wish),
                verdict,
                "{base:?} {theirs:?} {wish:?}"
            );
        }
    }
}
