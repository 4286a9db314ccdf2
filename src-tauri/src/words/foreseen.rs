//! What a foreseen effect cannot say.

use halyard_console::{DraftNotes, DraftOrigin, Estimated, LeftOut, LeftOutReason};

/// When it is foreseen for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// For what is there now.
    Now,
    /// For what was there at a moment.
    Then,
}

/// The same in sentences. `label` names a draft and its part for people.
pub fn sentences(notes: &DraftNotes, when: When, label: impl Fn(&LeftOut) -> String) -> Vec<String> {
    let left_out = notes
        .left_out
        .iter()
        .map(|one| format!("{} is not counted: {}", label(one), because(&one.why, when)));
    left_out.chain(notes.estimated.iter().map(estimated)).collect()
}

/// What somebody is typing has no name yet.
pub fn typed(left_out: &LeftOut) -> String {
    match (&left_out.of, &left_out.field) {
        (DraftOrigin::Typed(_), Some(field)) => format!("What is typed for {field}"),
        (DraftOrigin::Typed(_), None) => "What is typed".into(),
        (DraftOrigin::Staged(_), _) => "A staged edit".into(),
    }
}

fn because(why: &LeftOutReason, when: When) -> String {
    let then = match why {
        _ if when == When::Now => None,
        LeftOutReason::FlagMissing => Some("the flag was not there then."),
        LeftOutReason::FlagThere => Some("a flag of this name was there then."),
        LeftOutReason::SegmentMissing => Some("the segment was not there then."),
        LeftOutReason::OverrideMissing => Some("the flag had no override for this segment then."),
        LeftOutReason::OptionMissing => Some("the flag did not have this option then."),
        LeftOutReason::IdentitiesApart => {
            Some("the environment kept identity overrides out of its document then.")
        }
        // What the service takes does not depend on the time.
        LeftOutReason::FixedOnceMade
        | LeftOutReason::Stays
        | LeftOutReason::Elsewhere
        | LeftOutReason::NotKept
        | LeftOutReason::Unreadable => None,
    };
    if let Some(then) = then {
        return then.into();
    }
    let sentence = why.to_string();
    let mut letters = sentence.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

fn estimated(what: &Estimated) -> String {
    match what {
        Estimated::Flag(flag) => format!(
            "The split of {} is an estimate: the service draws it by a number it gives when the flag is made.",
            flag.0
        ),
        Estimated::Override(flag, _) => format!(
            "The split of the new override of {} is an estimate: the service draws it by a number it gives then.",
            flag.0
        ),
        Estimated::Segment(_) => {
            "The share of the new segment is an estimate: the service draws it by a number it gives then."
                .into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use halyard_model::FlagKey;

    #[test]
    fn what_is_left_out_and_what_is_estimated_is_said() {
        let notes = DraftNotes {
            left_out: vec![LeftOut {
                of: DraftOrigin::Typed(0),
                field: None,
                why: LeftOutReason::FlagMissing,
            }],
            estimated: vec![Estimated::Flag(FlagKey("a".into()))],
        };
        let told = sentences(&notes, When::Now, typed);
        assert_eq!(told[0], "What is typed is not counted: the flag is not there.");
        let then = sentences(&notes, When::Then, typed);
        assert_eq!(
            then[0],
            "What is typed is not counted: the flag was not there then."
        );
        assert!(told[1].starts_with("The split of a is an estimate"), "{told:?}");
    }
}
