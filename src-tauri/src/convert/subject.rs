//! Segments, identities, configs, and any subject with its fields.

use std::collections::BTreeMap;

use halyard_console::{
    ConfigFacts, EnvironmentFacts, IdentityFacts, IdentityOverrideFacts, SegmentFacts, SubjectFacts,
};
use halyard_model::{
    Edit, Environment, FieldPath, Fields, FlagValue, IdentityState, Protection, SegmentDefinition, Service,
    Subject, SubjectState, fields_of,
};

use super::{
    connection::freshness,
    count,
    field::{
        outward::{Names, Purpose, rule, segment_name, shown},
        rows::tags,
        subject as subject_view,
    },
    flag::{badge, value, weights},
    seconds,
};
use crate::{
    view::*,
    words::{
        self,
        field::{Place, TAGS},
        operator::Takes,
    },
};

/// Any subject with its fields. `begins` are the fields of one that does not
/// exist yet.
pub fn fields_view(
    facts: &SubjectFacts,
    begins: &Fields,
    service: Service,
    environment: &Environment,
) -> SubjectFieldsView {
    let held = fields_of(facts.state.as_ref());
    let fields = if facts.state.is_some() { &held } else { begins };
    let named = edit_named(facts);
    SubjectFieldsView {
        subject: subject_view(&facts.subject),
        name: named.unwrap_or_else(|| name(&facts.subject, facts.state.as_ref())),
        exists: facts.state.is_some(),
        fields: fields_in_order(service, &facts.subject, fields),
        revision: facts.revision.clone(),
        staged: facts.staged.as_ref().map(|edit| edit.id.0.clone()),
        edit: facts.open.as_ref().or(facts.staged.as_ref()).and_then(badge_of),
        precondition: words::conflict::precondition(
            service,
            environment,
            &facts.subject,
            facts.state.as_ref(),
        ),
        read_only: words::subject::read_only(environment, environment.protection == Protection::ReadOnly),
    }
}

fn edit_named(facts: &SubjectFacts) -> Option<String> {
    let edit = facts.staged.as_ref().or(facts.open.as_ref())?;
    Some(words::outcome::name(edit))
}

/// A subject's name for people.
fn name(subject: &Subject, state: Option<&SubjectState>) -> String {
    match (subject, state) {
        (_, Some(SubjectState::Segment(segment))) => segment.name.clone(),
        (Subject::Segment { segment }, _) => segment_name(&segment.0).to_owned(),
        (Subject::FlagState { flag } | Subject::Flag { flag }, _) => flag.0.clone(),
        (Subject::IdentityOverride { flag, identity }, _) => format!("{} for {identity}", flag.0),
        (Subject::Traits { identity }, _) => identity.clone(),
        (Subject::Config { key }, _) => key.clone(),
    }
}

fn badge_of(edit: &Edit) -> Option<EditBadgeView> {
    badge(&edit.state)
}

/// The fields as they are edited: those that are set, and those that can be.
fn fields_in_order(service: Service, subject: &Subject, fields: &Fields) -> Vec<FieldView> {
    let names = Names::of(service, subject, &[fields]);
    let mut paths = settable(service, subject);
    for path in fields.keys() {
        let known = matches!(path, FieldPath::Existence | FieldPath::Tag(_)) || paths.contains(path);
        if !known {
            paths.push(path.clone());
        }
    }
    let mut views: Vec<FieldView> = paths
        .iter()
        .map(|path| FieldView {
            field: path.to_string(),
            label: names.label(path, Place::Change),
            note: words::field::note(path, subject, Place::Change).map(str::to_owned),
            value: shown(path, fields, &names, Purpose::Edit),
        })
        .collect();
    if matches!(subject, Subject::Flag { .. }) && service == Service::Flagsmith {
        views.push(FieldView {
            field: TAGS.into(),
            label: "Tags".into(),
            note: words::field::note(&FieldPath::Archived, subject, Place::Change).map(str::to_owned),
            value: tags(fields, fields),
        });
    }
    views
}

/// The fields that can be set of a subject, whether they are or not.
fn settable(service: Service, subject: &Subject) -> Vec<FieldPath> {
    use FieldPath::{
        ActiveFrom, ActiveUntil, Archived, Description, Enabled, HasTargeting, Name, Rollout, Rules,
        ServerOnly, Value,
    };
    match (subject, service) {
        (Subject::FlagState { .. }, Service::Flagsmith) => vec![Enabled, Value],
        (Subject::FlagState { .. }, Service::EdgeFlags) => {
            vec![Enabled, Value, HasTargeting, Rules, Rollout]
        }
        (Subject::IdentityOverride { .. }, _) => vec![Enabled, Value],
        (Subject::Flag { .. }, Service::Flagsmith) => vec![Description, Archived, ServerOnly],
        (Subject::Flag { .. }, Service::EdgeFlags) => {
            vec![Enabled, Value, Rules, Rollout, ActiveFrom, ActiveUntil]
        }
        (Subject::Segment { .. }, Service::Flagsmith) => vec![Name, Description, Rules],
        (Subject::Segment { .. }, Service::EdgeFlags) => vec![Rules],
        (Subject::Config { .. }, _) => vec![Value],
        (Subject::Traits { .. }, _) => Vec::new(),
    }
}

/// What an identity gets of a flag by an override of its own; nothing where
/// that is only to be deleted or its edit tells nothing.
pub fn identity_override(facts: &IdentityOverrideFacts) -> Option<IdentityOverrideView> {
    let wished = facts.staged.as_ref().and_then(|edit| edit.wish.as_ref());
    let state: &IdentityState = match (&facts.state, wished) {
        (Some(state), _) => state,
        (None, Some(SubjectState::IdentityOverride(state))) => state,
        _ => return None,
    };
    Some(IdentityOverrideView {
        identity: facts.identity.clone(),
        flag: facts.flag.0.clone(),
        enabled: state.enabled,
        value: value(&state.value),
        weights: weights(&state.value, &state.variants),
        revision: facts.revision.clone(),
        edit: facts.staged.as_ref().and_then(badge_of),
    })
}

/// An identity in full.
pub fn identity(
    facts: &IdentityFacts,
    known: bool,
    environment: &Environment,
    now: u32,
) -> IdentityDetailView {
    IdentityDetailView {
        identity: facts.identity.clone(),
        known: known || !facts.traits.is_empty() || facts.overrides.iter().any(|one| one.state.is_some()),
        traits: facts
            .traits
            .iter()
            .map(|(name, held)| TraitFieldView {
                name: name.clone(),
                value: value(&FlagValue(held.clone())),
            })
            .collect(),
        traits_revision: facts.traits_revision.clone(),
        traits_failure: facts.traits_failure.clone(),
        traits_read_at: facts.traits_read_at.map_or(now, seconds),
        overrides: facts.overrides.iter().filter_map(identity_override).collect(),
        notes: words::subject::identity_notes(environment),
    }
}

/// The segments of a project.
pub fn segments(segments: &[SegmentFacts], service: Service, facts: &EnvironmentFacts) -> SegmentListView {
    let mut rows: Vec<SegmentRowView> = segments.iter().filter_map(segment_row).collect();
    rows.sort_by_key(|row| row.name.to_lowercase());
    SegmentListView {
        segments: rows,
        operators: words::operator::of(service)
            .iter()
            .map(|(operator, label, takes, hint)| OperatorView {
                operator: (*operator).into(),
                label: (*label).into(),
                without_value: *takes == Takes::TraitAlone,
                without_property: *takes == Takes::ValueAlone,
                hint: (*hint).into(),
            })
            .collect(),
        nested: service == Service::Flagsmith,
        freshness: freshness(facts),
    }
}

/// A segment as the mirror has it, or as it is about to be made.
pub fn definition(facts: &SegmentFacts) -> Option<&SegmentDefinition> {
    if facts.definition.is_some() {
        return facts.definition.as_ref();
    }
    match facts.staged.as_ref().and_then(|edit| edit.wish.as_ref()) {
        Some(SubjectState::Segment(segment)) => Some(segment),
        _ => None,
    }
}

fn segment_row(facts: &SegmentFacts) -> Option<SegmentRowView> {
    let definition = definition(facts)?;
    Some(SegmentRowView {
        id: facts.segment.0.clone(),
        name: definition.name.clone(),
        description: definition.description.clone(),
        lines: words::rule::lines(&definition.rules),
        uses: count(facts.uses.len()),
        edit: facts.staged.as_ref().and_then(badge_of),
    })
}

/// A segment in full. `uses` are those in all environments that are read.
pub fn segment(
    facts: &SegmentFacts,
    uses: Vec<SegmentUseView>,
    service: Service,
    environment: &Environment,
) -> Option<SegmentDetailView> {
    let definition = definition(facts)?;
    let subject = Subject::Segment {
        segment: facts.segment.clone(),
    };
    let state = facts.definition.clone().map(SubjectState::Segment);
    Some(SegmentDetailView {
        row: segment_row(facts)?,
        rules: definition.rules.iter().map(|one| rule(service, one)).collect(),
        revision: facts.revision.clone(),
        precondition: words::conflict::precondition(service, environment, &subject, state.as_ref()),
        notes: words::subject::segment_notes(service, uses.len()),
        uses,
    })
}

/// The configs of a project, as an environment gets them.
pub fn configs(configs: &[ConfigFacts], facts: &EnvironmentFacts) -> ConfigListView {
    let here = &facts.environment.key.0;
    ConfigListView {
        configs: configs.iter().filter_map(|one| config(one, here)).collect(),
        freshness: freshness(facts),
    }
}

fn config(facts: &ConfigFacts, here: &str) -> Option<ConfigRowView> {
    let wished = facts.staged.as_ref().and_then(|edit| edit.wish.as_ref());
    let definition = match (&facts.definition, wished) {
        (Some(definition), _) => definition,
        (None, Some(SubjectState::Config(definition))) => definition,
        _ => return None,
    };
    let environments: &BTreeMap<String, FlagValue> = &definition.environments;
    let own = environments.get(here);
    Some(ConfigRowView {
        key: facts.key.clone(),
        value: value(own.unwrap_or(&definition.value)),
        own: own.is_some(),
        base: value(&definition.value),
        environments: environments
            .iter()
            .map(|(environment, held)| ConfigValueView {
                environment: environment.clone(),
                value: value(held),
            })
            .collect(),
        version: definition.version.as_ref().map(words::conflict::version),
        revision: facts.revision.clone(),
        edit: facts.staged.as_ref().and_then(badge_of),
    })
}
