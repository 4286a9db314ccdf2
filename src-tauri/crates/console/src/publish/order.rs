//! The order in which a set's edits are sent: such that a stop anywhere leaves
//! nothing that names what does not exist. What is made comes first, what is
//! deleted last, and between them the user's own order.

use halyard_model::{Edit, EditState, SegmentKey, Subject, SubjectState, fields_of};

/// When an edit may come, whatever its place: a smaller number first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    MakeSegment,
    Make,
    Change,
    Delete,
    DeleteSegment,
}

fn phase(edit: &Edit) -> Phase {
    let (made, deleted) = (edit.base.is_none(), edit.wish.is_none());
    match (&edit.subject, made, deleted) {
        (Subject::Segment { .. }, true, _) => Phase::MakeSegment,
        (Subject::Segment { .. }, _, true) => Phase::DeleteSegment,
        (Subject::Flag { .. } | Subject::Config { .. }, true, _) => Phase::Make,
        (Subject::Flag { .. } | Subject::Config { .. }, _, true) => Phase::Delete,
        _ => Phase::Change,
    }
}

/// Edits in the order in which they are sent.
pub(crate) fn sequence(edits: &[Edit]) -> Vec<&Edit> {
    let mut sequence: Vec<&Edit> = edits.iter().collect();
    sequence.sort_by_key(|edit| (phase(edit), edit.position));
    sequence
}

/// Whether an edit waits to be sent, now or once somebody says so.
pub(crate) fn is_unsent(edit: &Edit) -> bool {
    matches!(
        edit.state,
        EditState::Staged | EditState::Pending | EditState::Refused(_)
    )
}

/// The edits of a set that must be confirmed before one of them is sent.
pub(crate) fn waits_for<'e>(edit: &'e Edit, all: &'e [Edit]) -> impl Iterator<Item = &'e Edit> {
    all.iter().filter(move |other| {
        let over = matches!(other.state, EditState::Confirmed | EditState::Dropped);
        !over && other.id != edit.id && needs(edit, other)
    })
}

/// Whether an edit makes no sense, or does harm, before another is there.
fn needs(edit: &Edit, other: &Edit) -> bool {
    if let (Some(flag), Subject::Flag { flag: made }) = (edit.flag(), &other.subject)
        && flag == made
        && other.base.is_none()
    {
        return true;
    }
    if let (Subject::Segment { segment }, None) = (&other.subject, &other.base)
        && names(edit.wish.as_ref(), segment)
    {
        return true;
    }
    match (&edit.subject, &edit.wish) {
        // A segment goes after what uses it was changed. What is not ticked is
        // not waited for: it is not going to be sent.
        (Subject::Segment { segment }, None) if other.ticked => {
            names(other.base.as_ref(), segment) && !names(other.wish.as_ref(), segment)
        }
        // A flag goes after the edits that are about it.
        (Subject::Flag { flag }, None) => other.ticked && other.flag() == Some(flag),
        _ => false,
    }
}

/// Whether a state names a segment, in an override or in a rule.
fn names(state: Option<&SubjectState>, segment: &SegmentKey) -> bool {
    let overridden = fields_of(state)
        .keys()
        .any(|field| field.override_of() == Some(segment.0.as_str()));
    overridden || state.is_some_and(|state| names_in_rules(state, segment))
}

fn names_in_rules(state: &SubjectState, segment: &SegmentKey) -> bool {
    let targeting = match state {
        SubjectState::FlagState(state) => state.targeting.as_ref(),
        SubjectState::Flag(flag) => flag.targeting.as_ref(),
        _ => None,
    };
    let key = segment.name_to_be().unwrap_or(&segment.0);
    targeting.is_some_and(|targeting| crate::subject::names_segment(targeting, key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use halyard_model::{
        Change, ConnectionId, EditId, EnvironmentKey, FlagDefinition, FlagKey, FlagState, FlagValue,
        SegmentDefinition, SegmentOverride, Timestamp,
    };

    fn edit(
        id: &str,
        position: u32,
        subject: Subject,
        base: Option<SubjectState>,
        wish: Option<SubjectState>,
    ) -> Edit {
        let site = (ConnectionId("c".into()), EnvironmentKey("e".into()));
        let mut edit = Edit::new(EditId(id.into()), site, subject, (base, wish), Timestamp(0));
        edit.position = position;
        edit
    }

    fn segment(key: &str) -> Subject {
        Subject::Segment {
            segment: SegmentKey(key.into()),
        }
    }

    fn members() -> SubjectState {
        SubjectState::Segment(SegmentDefinition {
            name: "members".into(),
            description: None,
            rules: Vec::new(),
            version: None,
        })
    }

    fn state(overridden: Option<&str>) -> SubjectState {
        let mut state = FlagState::plain(true, FlagValue::default());
        state.segment_overrides = overridden
            .map(|segment| SegmentOverride {
                segment_id: segment.into(),
                segment_name: "members".into(),
                priority: None,
                enabled: true,
                value: FlagValue::default(),
                variants: Vec::new(),
            })
            .into_iter()
            .collect();
        state.into()
    }

    /// A set with something of everything, in the worst order.
    fn all() -> Vec<Edit> {
        let flag = |name: &str| FlagKey(name.into());
        let off = Change::toggle(false).applied_to(state(None).flag_state().unwrap());
        vec![
            edit("delete segment 7", 0, segment("7"), Some(members()), None),
            edit(
                "delete flag",
                1,
                Subject::Flag { flag: flag("old") },
                Some(SubjectState::Flag(FlagDefinition::default())),
                None,
            ),
            edit(
                "use new",
                2,
                Subject::state_of(&flag("a")),
                Some(state(None)),
                Some(state(Some("new:members"))),
            ),
            edit(
                "no longer use 7",
                3,
                Subject::state_of(&flag("b")),
                Some(state(Some("7"))),
                Some(state(None)),
            ),
            edit(
                "old off",
                4,
                Subject::state_of(&flag("old")),
                Some(state(None)),
                Some(off.into()),
            ),
            edit(
                "state of new flag",
                5,
                Subject::state_of(&flag("fresh")),
                Some(state(None)),
                Some(state(Some("7"))),
            ),
            edit(
                "make flag",
                6,
                Subject::Flag { flag: flag("fresh") },
                None,
                Some(SubjectState::Flag(FlagDefinition::default())),
            ),
            edit("make segment", 7, segment("new:members"), None, Some(members())),
        ]
    }

    #[test]
    fn what_is_made_comes_first_and_what_is_deleted_last() {
        let edits = all();
        let names: Vec<&str> = sequence(&edits).iter().map(|edit| edit.id.0.as_str()).collect();
        assert_eq!(
            names,
            [
                "make segment",
                "make flag",
                "use new",
                "no longer use 7",
                "old off",
                "state of new flag",
                "delete flag",
                "delete segment 7"
            ]
        );
    }

    #[test]
    fn nothing_is_sent_before_what_it_needs() {
        let mut edits = all();
        let waits = |edits: &[Edit], id: &str| -> Vec<String> {
            let edit = edits.iter().find(|edit| edit.id.0 == id).unwrap();
            waits_for(edit, edits).map(|other| other.id.0.clone()).collect()
        };
        assert_eq!(waits(&edits, "use new"), ["make segment"]);
        assert_eq!(waits(&edits, "delete segment 7"), ["no longer use 7"]);
        assert_eq!(waits(&edits, "delete flag"), ["old off"]);
        assert_eq!(waits(&edits, "state of new flag"), ["make flag"]);
        assert!(waits(&edits, "make segment").is_empty());
        // The sequence never puts one before what it waits for.
        let order = sequence(&edits);
        for (place, edit) in order.iter().enumerate() {
            for needed in waits_for(edit, &edits) {
                assert!(
                    order[..place].iter().any(|one| one.id == needed.id),
                    "{:?}",
                    edit.id
                );
            }
        }
        edits[7].state = EditState::Confirmed;
        assert!(waits(&edits, "use new").is_empty());
    }
}
