//! What to know before an edit is sent, though nothing forbids it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::targeting::has_targets;
use crate::{
    Edit, FieldPath, Fields, Flag, FlagDefinition, FlagKey, FlagNote, FlagState, FlagValue, IdentityState,
    Named, Service, Subject, SubjectState, ValueKind, fields_of,
};

/// What the mirror knows of an edit's surroundings.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The service it goes to.
    pub service: Service,
    /// Whether the environment wants change requests.
    pub requires_change_requests: bool,
    /// The flag it concerns, as the environment has it.
    pub flag: Option<&'a Flag>,
    /// The flag as every environment has it, where that is known.
    pub definition: Option<&'a FlagDefinition>,
    /// The names of the project's environments.
    pub environments: &'a [String],
    /// Where the segment it concerns is used.
    pub uses: &'a [SegmentUse],
}

/// A place where a segment decides something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentUse {
    /// The flag that has an override for it or asks for it in its rules.
    pub flag: FlagKey,
    /// The environment's name; none for what holds in every environment.
    pub environment: Option<String>,
}

/// What to know before an edit is sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "warning", rename_all = "snake_case")]
pub enum Warning {
    /// A value becomes one of another kind; clients that read the old kind may
    /// break. An override that comes is compared with the flag's value.
    KindChanges {
        /// The field.
        field: FieldPath,
        /// The kind it was.
        from: ValueKind,
        /// The kind it is to be.
        to: ValueKind,
    },
    /// The environment wants change requests, and an identity override does
    /// without.
    BypassesChangeRequests,
    /// These segments get the flag turned on although it is off by default.
    OverridesActWhileOff {
        /// The segments.
        segments: Vec<Named>,
    },
    /// The identity gets the flag turned on although it is off by default.
    IdentityActsWhileOff,
    /// EdgeFlags: an explicit value hides the rules and the rollout.
    ValueHidesTargeting,
    /// EdgeFlags: the flag itself is off, and an environment cannot turn it on.
    BaseDisabledWins,
    /// EdgeFlags: while it is off clients get `false`, whatever the kind of its
    /// value.
    DisabledServesFalse {
        /// The kind of its value.
        kind: ValueKind,
    },
    /// The flag is put away, and clients are still served it.
    ArchivedIsServed,
    /// These fields change what users get in every environment.
    TouchesEveryEnvironment {
        /// The fields.
        fields: Vec<FieldPath>,
        /// The names of the environments.
        environments: Vec<String>,
    },
    /// What a flag's deletion takes along in this environment.
    DeletesStates {
        /// How many segment overrides.
        segment_overrides: usize,
        /// How many identity overrides, where that is known.
        identity_overrides: Option<u32>,
    },
    /// The segment that goes is used, and its overrides go with it.
    DeletesUsedSegment {
        /// Where.
        uses: Vec<SegmentUse>,
    },
    /// Who is in a segment changes, and with it what these flags give.
    ChangesUsedSegment {
        /// Where.
        uses: Vec<SegmentUse>,
    },
}

/// What to know before an edit is sent, as far as the mirror can tell.
pub fn warnings(edit: &Edit, facts: &Facts<'_>) -> Vec<Warning> {
    let before = fields_of(edit.base.as_ref());
    let after = fields_of(edit.wish.as_ref());
    let changes = edit.changes();
    let mut found = kind_changes(&changes, &before, &after, facts);
    match (&edit.subject, &edit.wish) {
        (Subject::FlagState { .. }, Some(SubjectState::FlagState(state))) => {
            found.extend(of_flag_state(state, &changes, facts));
        }
        (Subject::IdentityOverride { .. }, wish) => found.extend(of_identity(wish.as_ref(), facts)),
        (Subject::Flag { .. }, Some(SubjectState::Flag(flag))) => {
            found.extend(of_definition(flag, &changes, facts));
        }
        (Subject::Flag { .. }, None) => found.extend(of_deleted_flag(facts)),
        (Subject::Segment { .. }, wish) if !facts.uses.is_empty() => {
            let uses = facts.uses.to_vec();
            match wish {
                None => found.push(Warning::DeletesUsedSegment { uses }),
                Some(_) if changes.contains(&FieldPath::Rules) => {
                    found.push(Warning::ChangesUsedSegment { uses });
                }
                Some(_) => {}
            }
        }
        _ => {}
    }
    found.extend(everywhere(edit, &changes, facts));
    found
}

fn kind_changes(changes: &[FieldPath], before: &Fields, after: &Fields, facts: &Facts<'_>) -> Vec<Warning> {
    let kind = |value: &Value| FlagValue(value.clone()).kind();
    // What comes has no kind of its own yet; the flag's is what clients know.
    let of_flag = |field: &FieldPath| match field {
        FieldPath::OverrideValue(_) => before.get(&FieldPath::Value).map(kind),
        FieldPath::EnvironmentValue(_) => before.get(&FieldPath::Value).map(kind),
        FieldPath::Value => facts.flag.map(|flag| flag.state.value.kind()),
        _ => None,
    };
    let changed = |field: &FieldPath| {
        let to = kind(after.get(field)?);
        let from = before.get(field).map(kind).or_else(|| of_flag(field))?;
        let is_another = from != to && from != ValueKind::None && to != ValueKind::None;
        is_another.then(|| Warning::KindChanges {
            field: field.clone(),
            from,
            to,
        })
    };
    changes
        .iter()
        .filter(|field| field.is_value())
        .filter_map(changed)
        .collect()
}

fn of_flag_state(state: &FlagState, changes: &[FieldPath], facts: &Facts<'_>) -> Vec<Warning> {
    let mut found = Vec::new();
    let turned_on = state.segment_overrides.iter().filter(|own| own.enabled);
    let segments: Vec<Named> = turned_on
        .map(|own| Named {
            id: own.segment_id.clone(),
            name: own.segment_name.clone(),
        })
        .collect();
    let is_about_state = |field: &FieldPath| {
        matches!(
            field,
            FieldPath::Enabled | FieldPath::Override(_) | FieldPath::OverrideEnabled(_)
        )
    };
    if !state.enabled && !segments.is_empty() && changes.iter().any(is_about_state) {
        found.push(Warning::OverridesActWhileOff { segments });
    }
    let targeting = state.targeting.as_ref();
    found.extend(hidden_or_off(
        state.enabled,
        &state.value,
        targeting,
        changes,
        facts,
    ));
    let base_is_off = facts.definition.is_some_and(|base| !base.enabled)
        || facts
            .flag
            .is_some_and(|flag| flag.notes.contains(&FlagNote::BaseDisabled));
    if facts.service == Service::EdgeFlags && state.enabled && base_is_off {
        found.push(Warning::BaseDisabledWins);
    }
    if facts.flag.is_some_and(|flag| flag.archived) {
        found.push(Warning::ArchivedIsServed);
    }
    found
}

/// What EdgeFlags makes of a value beside targeting, and of a flag that is off.
fn hidden_or_off(
    enabled: bool,
    value: &FlagValue,
    targeting: Option<&Value>,
    changes: &[FieldPath],
    facts: &Facts<'_>,
) -> Vec<Warning> {
    let mut found = Vec::new();
    if facts.service != Service::EdgeFlags {
        return found;
    }
    if value.kind() != ValueKind::None && targeting.is_some_and(has_targets) {
        found.push(Warning::ValueHidesTargeting);
    }
    let is_typed = !matches!(value.kind(), ValueKind::None | ValueKind::Boolean);
    if !enabled && is_typed && changes.contains(&FieldPath::Enabled) {
        found.push(Warning::DisabledServesFalse { kind: value.kind() });
    }
    found
}

fn of_identity(wish: Option<&SubjectState>, facts: &Facts<'_>) -> Vec<Warning> {
    let mut found = Vec::new();
    if facts.requires_change_requests {
        found.push(Warning::BypassesChangeRequests);
    }
    let is_off = facts.flag.is_some_and(|flag| !flag.state.enabled);
    let turns_on = matches!(
        wish,
        Some(SubjectState::IdentityOverride(IdentityState {
            enabled: true,
            ..
        }))
    );
    if is_off && turns_on {
        found.push(Warning::IdentityActsWhileOff);
    }
    if facts.flag.is_some_and(|flag| flag.archived) {
        found.push(Warning::ArchivedIsServed);
    }
    found
}

fn of_definition(flag: &FlagDefinition, changes: &[FieldPath], facts: &Facts<'_>) -> Vec<Warning> {
    let mut found = hidden_or_off(flag.enabled, &flag.value, flag.targeting.as_ref(), changes, facts);
    if flag.archived && changes.contains(&FieldPath::Archived) {
        found.push(Warning::ArchivedIsServed);
    }
    found
}

fn of_deleted_flag(facts: &Facts<'_>) -> Option<Warning> {
    let flag = facts.flag?;
    let segment_overrides = flag.state.segment_overrides.len();
    let identity_overrides = flag.identity_overrides;
    let takes_along = segment_overrides > 0 || identity_overrides.is_some_and(|count| count > 0);
    takes_along.then_some(Warning::DeletesStates {
        segment_overrides,
        identity_overrides,
    })
}

/// What changes in more environments than the one that is looked at. Nothing
/// does where the subject comes, or where only people see the change.
fn everywhere(edit: &Edit, changes: &[FieldPath], facts: &Facts<'_>) -> Option<Warning> {
    let is_made = edit.base.is_none();
    if is_made || facts.environments.len() < 2 {
        return None;
    }
    let reaches_users = |field: &&FieldPath| match &edit.subject {
        Subject::Flag { .. } if facts.service == Service::Flagsmith => {
            matches!(
                field,
                FieldPath::Existence | FieldPath::Options | FieldPath::ServerOnly
            )
        }
        Subject::Flag { .. } => !matches!(
            field,
            FieldPath::Description | FieldPath::Tag(_) | FieldPath::Archived
        ),
        Subject::Segment { .. } => matches!(field, FieldPath::Existence | FieldPath::Rules),
        Subject::Config { .. } => matches!(field, FieldPath::Existence | FieldPath::Value),
        Subject::FlagState { .. } | Subject::IdentityOverride { .. } | Subject::Traits { .. } => false,
    };
    let is_deleted = changes.contains(&FieldPath::Existence);
    let fields: Vec<FieldPath> = changes
        .iter()
        .filter(|field| !is_deleted || **field == FieldPath::Existence)
        .filter(reaches_users)
        .cloned()
        .collect();
    (!fields.is_empty()).then(|| Warning::TouchesEveryEnvironment {
        fields,
        environments: facts.environments.to_vec(),
    })
}
