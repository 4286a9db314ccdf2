//! Segments, identities, configs and what of a flag is edited in the panel.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{
    EditBadgeView, FieldView, FreshnessView, MarkView, RuleView, SubjectView, ValueView, WeightView,
};

/// Any subject with its fields, to be edited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct SubjectFieldsView {
    /// What it is.
    pub subject: SubjectView,
    /// Its name for people.
    pub name: String,
    /// It exists.
    pub exists: bool,
    /// Its fields as the mirror has them.
    pub fields: Vec<FieldView>,
    /// Names the state; goes back with an edit as its base.
    pub revision: String,
    /// The staged edit, whose values are not in `fields`.
    pub staged: Option<String>,
    /// An edit whose outcome is open.
    pub edit: Option<EditBadgeView>,
    /// How a write is kept from overwriting, in a sentence.
    pub precondition: String,
    /// Why it cannot be changed, in a sentence.
    pub read_only: Option<String>,
}

/// What one identity gets of a flag by an override of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct IdentityOverrideView {
    /// The identity.
    pub identity: String,
    /// The flag.
    pub flag: String,
    /// On or off.
    pub enabled: bool,
    /// What it gets.
    pub value: ValueView,
    /// Shares; one at 100 pins an option.
    pub weights: Vec<WeightView>,
    /// Names the state.
    pub revision: String,
    /// An edit whose outcome is open, or that is staged.
    pub edit: Option<EditBadgeView>,
}

/// Where a segment is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct SegmentUseView {
    /// The environment's name.
    pub environment: String,
    /// Its mark.
    pub mark: MarkView,
    /// The flag it overrides, or the segment that refers to it.
    pub name: String,
    /// On or off for members; `null` where it is a reference.
    pub enabled: Option<bool>,
    /// What members get.
    pub value: Option<ValueView>,
}

/// A segment in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct SegmentRowView {
    /// The service's identifier.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Its rules in words, one line each.
    pub lines: Vec<String>,
    /// Flags it overrides in this environment.
    pub uses: u32,
    /// An edit whose outcome is open, or that is staged.
    pub edit: Option<EditBadgeView>,
}

/// The segments of a project, as an environment's mirror has them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct SegmentListView {
    /// The segments, sorted by name.
    pub segments: Vec<SegmentRowView>,
    /// Comparisons that the service takes, for the editor.
    pub operators: Vec<OperatorView>,
    /// Rules can stand below rules.
    pub nested: bool,
    /// How fresh all of this is.
    pub freshness: FreshnessView,
}

/// A comparison.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct OperatorView {
    /// The service's name for it.
    pub operator: String,
    /// In words, such as `is`, `contains`.
    pub label: String,
    /// It compares with nothing.
    pub without_value: bool,
    /// It looks at no trait.
    pub without_property: bool,
    /// How its value is written, such as `divisor|remainder`; empty where it
    /// needs no saying.
    pub hint: String,
}

/// A segment in full.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct SegmentDetailView {
    /// As in the list.
    pub row: SegmentRowView,
    /// Its rules.
    pub rules: Vec<RuleView>,
    /// Where it is used, in all environments of the mirror.
    pub uses: Vec<SegmentUseView>,
    /// Names the state.
    pub revision: String,
    /// How a write is kept from overwriting, in a sentence.
    pub precondition: String,
    /// What to know before changing it, in sentences.
    pub notes: Vec<String>,
}

/// A trait the service keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct TraitFieldView {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: ValueView,
}

/// An identity in full.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct IdentityDetailView {
    /// The identifier.
    pub identity: String,
    /// The service knows it; an override or a trait makes it known.
    pub known: bool,
    /// Traits the service keeps; read from the service just now.
    pub traits: Vec<TraitFieldView>,
    /// Names the traits' state.
    pub traits_revision: String,
    /// Why the traits could not be read, in a sentence.
    pub traits_failure: Option<String>,
    /// When the traits were read.
    pub traits_read_at: u32,
    /// Overrides of its own, from the mirror.
    pub overrides: Vec<IdentityOverrideView>,
    /// What to know, in sentences: identity overrides bypass change requests.
    pub notes: Vec<String>,
}

/// A config in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct ConfigRowView {
    /// Its key.
    pub key: String,
    /// What this environment gets.
    pub value: ValueView,
    /// The environment has a value of its own.
    pub own: bool,
    /// The value where an environment has none of its own.
    pub base: ValueView,
    /// Values by environment.
    pub environments: Vec<ConfigValueView>,
    /// The service's version, such as `version 4`.
    pub version: Option<String>,
    /// Names the state.
    pub revision: String,
    /// An edit whose outcome is open, or that is staged.
    pub edit: Option<EditBadgeView>,
}

/// A config's value in one environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct ConfigValueView {
    /// The environment.
    pub environment: String,
    /// The value.
    pub value: ValueView,
}

/// The configs of a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct ConfigListView {
    /// The configs, sorted by key.
    pub configs: Vec<ConfigRowView>,
    /// How fresh all of this is.
    pub freshness: FreshnessView,
}
