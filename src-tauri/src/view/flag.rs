//! Flags as rows and in detail.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{FreshnessView, MarkView};

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum ValueKindView {
    /// No value.
    None,
    /// Text.
    Text,
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// JSON.
    Json,
}

/// A value as a person reads and types it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct ValueView {
    /// What it is.
    pub kind: ValueKindView,
    /// Text without quotes, everything else as JSON, nothing for none.
    pub text: String,
}

/// One option of a multivariate flag; the first row is control, which takes
/// what the options leave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct VariantView {
    /// Key or value, as people know it; `control` for the flag's own value.
    pub label: String,
    /// What identities in it get.
    pub value: ValueView,
    /// Share in percent, as text such as `33.3`.
    pub weight: String,
    /// Share in hundredths of a percent, for drawing.
    pub weight_basis_points: u32,
    /// This is the flag's own value.
    pub control: bool,
}

/// How a flag stands in the reference environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct DriftView {
    /// On, value, options and overrides are equal.
    pub same: bool,
    /// In a word: `Same`, `On`, `39`, `differs`, `only here`.
    pub text: String,
}

/// What an open edit does to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum EditBadgeView {
    /// In a change set.
    Staged,
    /// On its way.
    Sending,
    /// Its outcome is unknown until the flag is read again.
    Unknown,
    /// Waits for a decision.
    Conflict,
}

/// A flag in the table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct FlagRowView {
    /// The flag's name.
    pub key: String,
    /// On or off.
    pub enabled: bool,
    /// It has options.
    pub multivariate: bool,
    /// Its value.
    pub value: ValueView,
    /// Its options, control first; empty for a flag without options.
    pub variants: Vec<VariantView>,
    /// How many segments override it.
    pub segment_overrides: u32,
    /// How many identities override it; `null` where unknown.
    pub identity_overrides: Option<u32>,
    /// Its labels.
    pub tags: Vec<String>,
    /// Put away; still served.
    pub archived: bool,
    /// Served only to server-side keys.
    pub server_only: bool,
    /// Against the reference environment; `null` without one.
    pub drift: Option<DriftView>,
    /// When the service says it last changed.
    pub changed_at: Option<u32>,
    /// An edit whose outcome is open.
    pub edit: Option<EditBadgeView>,
    /// Names the state shown here; goes back with an edit as its base.
    pub revision: String,
}

/// An environment's flags.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct FlagListView {
    /// The rows, sorted by name.
    pub flags: Vec<FlagRowView>,
    /// The environment that `drift` compares with.
    pub reference: Option<String>,
    /// How fresh all of this is.
    pub freshness: FreshnessView,
}

/// A segment's own state of a flag.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct SegmentOverrideView {
    /// The service's identifier of the segment; names its fields.
    pub segment_id: String,
    /// The segment's name.
    pub segment: String,
    /// On or off for members.
    pub enabled: bool,
    /// What members get: of a pinned option, its value.
    pub value: ValueView,
    /// The override's own value, as it is edited.
    pub own_value: ValueView,
    /// Shares for members, control first; empty where the flag has no options.
    pub weights: Vec<super::WeightView>,
}

/// The flag's state in another environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct ElsewhereView {
    /// The environment's name.
    pub environment: String,
    /// Its mark.
    pub mark: MarkView,
    /// On or off; `null` where the flag is not mirrored.
    pub enabled: Option<bool>,
}

/// A flag in the panel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct FlagDetailView {
    /// As in the table.
    pub row: FlagRowView,
    /// What it is for.
    pub description: Option<String>,
    /// Who owns it.
    pub owners: Vec<String>,
    /// When it was made.
    pub created_at: Option<u32>,
    /// What to know before changing it, in sentences.
    pub notes: Vec<String>,
    /// Segment overrides, the one tried first in front.
    pub overrides: Vec<SegmentOverrideView>,
    /// EdgeFlags rules and rollout, as formatted JSON.
    pub targeting: Option<String>,
    /// The same flag in the other environments.
    pub elsewhere: Vec<ElsewhereView>,
    /// The service's version of this state, such as `version 41`.
    pub version: Option<String>,
    /// When this flag was read.
    pub fetched_at: u32,
    /// How a write here is kept from overwriting somebody else's, in a sentence.
    pub precondition: String,
    /// Shares as they are edited, control first; empty without options.
    pub weights: Vec<super::WeightView>,
    /// Segments that have no override here, for a new one.
    pub free_segments: Vec<super::NamedView>,
    /// Names the definition's state: description, tags, options.
    pub definition_revision: String,
    /// The flag can have overrides for segments and identities.
    pub takes_overrides: bool,
    /// The staged edit of its state; its changes are not in `row`.
    pub staged: Option<super::EditView>,
}
