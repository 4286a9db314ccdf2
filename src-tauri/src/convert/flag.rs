//! Flags as rows and in detail.

use halyard_console::{FlagFacts, revision};
use halyard_model::{
    Drift, EditState, Environment, Flag, FlagKind, FlagNote, FlagValue, SegmentOverride, Service, ValueKind,
    Variant, Version,
};

use super::{basis_points, count, seconds};
use crate::{view::*, words};

/// A value as people read it.
pub fn value(value: &FlagValue) -> ValueView {
    ValueView {
        kind: value_kind(value.kind()),
        text: value.text(),
    }
}

fn value_kind(kind: ValueKind) -> ValueKindView {
    match kind {
        ValueKind::None => ValueKindView::None,
        ValueKind::Text => ValueKindView::Text,
        ValueKind::Number => ValueKindView::Number,
        ValueKind::Boolean => ValueKindView::Boolean,
        ValueKind::Json => ValueKindView::Json,
    }
}

/// What a value is, inwards.
pub fn value_kind_in(kind: ValueKindView) -> ValueKind {
    match kind {
        ValueKindView::None => ValueKind::None,
        ValueKindView::Text => ValueKind::Text,
        ValueKindView::Number => ValueKind::Number,
        ValueKindView::Boolean => ValueKind::Boolean,
        ValueKindView::Json => ValueKind::Json,
    }
}

/// A flag in the table, against the same flag in the reference environment.
pub fn row(facts: &FlagFacts, reference: Option<Option<&Flag>>) -> FlagRowView {
    let flag = &facts.flag;
    FlagRowView {
        key: flag.key.0.clone(),
        enabled: flag.state.enabled,
        multivariate: flag.kind == FlagKind::Multivariate,
        value: value(&flag.state.value),
        variants: variants(flag),
        segment_overrides: count(flag.state.segment_overrides.len()),
        identity_overrides: flag.identity_overrides,
        tags: flag.tags.iter().map(|tag| tag.label.clone()).collect(),
        archived: flag.archived,
        server_only: flag.server_only,
        drift: reference.map(|other| drift(flag, other)),
        changed_at: flag.state.updated_at.map(seconds),
        edit: facts.edit.as_ref().and_then(badge),
        revision: revision(&flag.state),
    }
}

/// What an edit does to a row.
pub fn badge(state: &EditState) -> Option<EditBadgeView> {
    match state {
        EditState::Pending | EditState::Sent => Some(EditBadgeView::Sending),
        EditState::Unknown { .. } => Some(EditBadgeView::Unknown),
        EditState::Conflicted { .. } => Some(EditBadgeView::Conflict),
        EditState::Staged => Some(EditBadgeView::Staged),
        EditState::Confirmed | EditState::Refused(_) | EditState::Dropped => None,
    }
}

fn drift(flag: &Flag, other: Option<&Flag>) -> DriftView {
    let Some(other) = other else {
        return DriftView {
            same: false,
            text: "only here".into(),
        };
    };
    let drift = Drift::of(&flag.state, &other.state);
    if !drift.is_any() {
        return DriftView {
            same: true,
            text: "Same".into(),
        };
    }
    let short = |kind| !matches!(kind, ValueKind::Json | ValueKind::None);
    let text = if drift.enabled {
        if other.state.enabled {
            "On".into()
        } else {
            "Off".into()
        }
    } else if drift.value && short(other.state.value.kind()) {
        other.state.value.text()
    } else {
        "differs".into()
    };
    DriftView { same: false, text }
}

/// The options with control in front, which takes what the options leave.
fn variants(flag: &Flag) -> Vec<VariantView> {
    if flag.kind != FlagKind::Multivariate {
        return Vec::new();
    }
    let taken: f64 = flag.state.variants.iter().map(|variant| variant.weight).sum();
    let control = VariantView {
        label: "control".into(),
        value: value(&flag.state.value),
        weight: percent((100.0 - taken).max(0.0)),
        weight_basis_points: basis_points((100.0 - taken).max(0.0)),
        control: true,
    };
    std::iter::once(control)
        .chain(flag.state.variants.iter().map(variant))
        .collect()
}

fn variant(variant: &Variant) -> VariantView {
    VariantView {
        label: variant.key.clone().unwrap_or_else(|| variant.value.text()),
        value: value(&variant.value),
        weight: percent(variant.weight),
        weight_basis_points: basis_points(variant.weight),
        control: false,
    }
}

/// Shares as they are edited, control in front; none without options.
pub fn weights(own: &FlagValue, variants: &[Variant]) -> Vec<WeightView> {
    if variants.is_empty() {
        return Vec::new();
    }
    let taken: f64 = variants.iter().map(|variant| variant.weight).sum();
    let row = |id: Option<String>, label: String, of: &FlagValue, weight: f64| WeightView {
        id,
        label,
        value: value(of),
        weight: percent(weight),
        weight_basis_points: basis_points(weight),
    };
    let control = row(None, "control".into(), own, (100.0 - taken).max(0.0));
    let options = variants.iter().map(|variant| {
        let label = variant.key.clone().unwrap_or_else(|| variant.value.text());
        row(Some(variant.id.clone()), label, &variant.value, variant.weight)
    });
    std::iter::once(control).chain(options).collect()
}

/// Up to two decimals, none where they are zero.
fn percent(weight: f64) -> String {
    let text = format!("{weight:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// What the panel shows around a flag.
pub struct Around {
    /// When the flag was read.
    pub fetched_at: u32,
    /// Segments that have no override of it.
    pub free_segments: Vec<NamedView>,
    /// Names the state of its definition.
    pub definition_revision: String,
    /// The staged edit of its state.
    pub staged: Option<EditView>,
}

/// One flag in full. `elsewhere` is the same flag in the other environments.
pub fn detail(
    facts: &FlagFacts,
    reference: Option<Option<&Flag>>,
    elsewhere: Vec<ElsewhereView>,
    environment: &Environment,
    service: Service,
    around: Around,
) -> FlagDetailView {
    let flag = &facts.flag;
    FlagDetailView {
        row: row(facts, reference),
        description: flag.description.clone().filter(|text| !text.is_empty()),
        owners: flag.owners.clone(),
        created_at: flag.created_at.map(seconds),
        notes: notes(flag, environment),
        overrides: flag
            .state
            .segment_overrides
            .iter()
            .map(|own| SegmentOverrideView {
                segment_id: own.segment_id.clone(),
                segment: own.segment_name.clone(),
                enabled: own.enabled,
                value: value(pinned(own).unwrap_or(&own.value)),
                own_value: value(&own.value),
                weights: weights(&own.value, &own.variants),
            })
            .collect(),
        targeting: flag
            .state
            .targeting
            .as_ref()
            .and_then(|rules| serde_json::to_string_pretty(rules).ok()),
        elsewhere,
        version: flag.state.version.as_ref().map(words::conflict::version),
        fetched_at: around.fetched_at,
        precondition: precondition(flag, environment, service),
        weights: weights(&flag.state.value, &flag.state.variants),
        free_segments: around.free_segments,
        definition_revision: around.definition_revision,
        takes_overrides: service == Service::Flagsmith,
        staged: around.staged,
    }
}

/// The value of the option that an override gives to all of its members.
fn pinned(own: &SegmentOverride) -> Option<&FlagValue> {
    own.variants
        .iter()
        .find(|variant| variant.weight >= 100.0)
        .map(|variant| &variant.value)
}

fn notes(flag: &Flag, environment: &Environment) -> Vec<String> {
    let mut notes: Vec<String> = flag
        .notes
        .iter()
        .map(|note| match note {
            FlagNote::BaseDisabled => format!(
                "The flag itself is off. By the documented order an override for {} probably cannot turn it on.",
                environment.name
            ),
            FlagNote::ValueHidesTargeting => {
                "An explicit value is set, and by the documented order it hides the rules and the rollout.".into()
            }
            FlagNote::AbridgedDefinition => {
                "The service lists this flag abridged, so only what an edit changes is sent.".into()
            }
        })
        .collect();
    if flag.archived {
        notes.push("Archived. Flagsmith still serves archived flags.".into());
    }
    if flag.server_only {
        notes.push("Served to server-side keys only.".into());
    }
    notes
}

/// How a write here is kept from overwriting, and what remains
/// (`docs/safety.md` has the measurement).
fn precondition(flag: &Flag, environment: &Environment, service: Service) -> String {
    let abridged = flag.notes.contains(&FlagNote::AbridgedDefinition);
    match (service, &flag.state.version) {
        (Service::EdgeFlags, Some(Version::Number(number))) if !abridged => {
            format!("Written only if version {number} is still the latest.")
        }
        (Service::Flagsmith, _) if environment.versioned => {
            "Published only if nobody has published meanwhile. A publish in between is detected and shown.".into()
        }
        _ => "Read again just before it is sent, and sent only if nothing has changed. A change within that instant \
              would not be noticed here."
            .into(),
    }
}
