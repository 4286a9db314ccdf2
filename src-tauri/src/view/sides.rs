//! Two environments or moments beside each other, and what is taken from one to the other.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{AtView, FieldValueView, FreshnessView, ImpactView, MarkView, SubjectIconView, SubjectView};

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct SideView {
    /// Which.
    pub at: AtView,
    /// The connection's name.
    pub connection_name: String,
    /// The environment's name.
    pub environment_name: String,
    /// The environment's mark.
    pub mark: MarkView,
    /// When it was, such as `now`, `today 14:32`, or the moment's name.
    pub when: String,
    /// How fresh the mirror's copy is, for now; `null` for a moment.
    pub freshness: Option<FreshnessView>,
    /// What it lacks because it is damaged, in sentences.
    pub damaged: Vec<String>,
}

/// How two sides stand to each other in one respect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum PresenceView {
    /// Both have it, with different contents.
    Changed,
    /// Only A has it.
    OnlyA,
    /// Only B has it.
    OnlyB,
}

/// The tabs of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum AspectView {
    /// On or off.
    State,
    /// The value or the weights.
    Value,
    /// Segment and identity overrides, and targeting.
    Overrides,
    /// A whole flag, or what it is everywhere.
    Flags,
    /// Segments.
    Segments,
    /// Configs.
    Configs,
}

/// What a line of a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum LineKindView {
    /// In both.
    Same,
    /// Only in A.
    OnlyA,
    /// Only in B.
    OnlyB,
}

/// A piece of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct LinePieceView {
    /// Its text.
    pub text: String,
    /// It is what differs within the line.
    pub marked: bool,
}

/// A line of a value that differs by line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct LineView {
    /// What it is.
    pub kind: LineKindView,
    /// Its number in A, from 1.
    pub a: Option<u32>,
    /// Its number in B, from 1.
    pub b: Option<u32>,
    /// Its text, piece by piece.
    pub pieces: Vec<LinePieceView>,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct SideDifferenceView {
    /// Names it; what a ticked box sends back.
    pub id: String,
    /// Which tab it is under.
    pub aspect: AspectView,
    /// How the sides stand to each other.
    pub presence: PresenceView,
    /// What it is about, as B names it.
    pub subject: SubjectView,
    /// The subject's name for people.
    pub name: String,
    /// What stands before the name.
    pub icon: SubjectIconView,
    /// Which part of it, such as `State`, `Value, 2 of 5 lines`, `Override, Beta testers`, `Rule 2`.
    pub label: String,
    /// It holds in every environment.
    pub everywhere: bool,
    /// What A has.
    pub a: FieldValueView,
    /// What B has.
    pub b: FieldValueView,
    /// Line by line, where the values have lines; else empty.
    pub lines: Vec<LineView>,
    /// Why it cannot be taken over to B, in a sentence; `null` when it can.
    pub blocked: Option<String>,
    /// Differences that go along where this one is ticked, by id: a flag that
    /// must be made first.
    pub needs: Vec<String>,
}

/// How many differences a tab has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct AspectCountView {
    /// The tab.
    pub aspect: AspectView,
    /// How many.
    pub count: u32,
}

/// Two environments or moments beside each other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct SidesView {
    /// What is taken from.
    pub a: SideView,
    /// What it would be taken to.
    pub b: SideView,
    /// The differences, by name.
    pub differences: Vec<SideDifferenceView>,
    /// How many each tab has; those without any are left out.
    pub counts: Vec<AspectCountView>,
    /// Differences that only A has.
    pub only_a: u32,
    /// Differences that only B has.
    pub only_b: u32,
    /// Both have, with different contents.
    pub changed: u32,
    /// What is the same, such as `117 flags are the same`.
    pub same: String,
    /// What exists on one side and has no counterpart in the other service, in
    /// sentences; never guessed.
    pub unmapped: Vec<String>,
    /// Why nothing can be taken over to B, in a sentence, such as that it is a
    /// moment; `null` when it can.
    pub read_only: Option<String>,
    /// What to do before taking over, in a sentence, such as `Staging is stale. Sync it first to be sure.`
    pub advice: Option<String>,
}

/// Asks for differences to be taken over from A to B.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct PromoteRequest {
    /// What is taken from.
    pub a: AtView,
    /// What it is taken to: now.
    pub b: AtView,
    /// The ticked differences, by id.
    pub picked: Vec<String>,
    /// The change set; `null` for a new one.
    pub change_set: Option<String>,
}

/// Something to be made first, because what was ticked needs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct NeededView {
    /// What, in a sentence, such as `Segment Beta testers is not there and will be made.`
    pub sentence: String,
    /// The difference that makes it.
    pub id: String,
}

/// What taking over would do, checked on the target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct PromoteCheckView {
    /// How many edits would be staged.
    pub edits: u32,
    /// What is made along with what was ticked.
    pub needed: Vec<NeededView>,
    /// Why some of it cannot be taken over, in sentences; those are left out.
    pub problems: Vec<String>,
    /// What to know, in sentences: types, limits, names.
    pub warnings: Vec<String>,
    /// What it does to the identities of the target, flag by flag; empty where
    /// that cannot be worked out.
    pub impact: Vec<ImpactView>,
    /// Why the impact is not known, in a sentence.
    pub impact_note: Option<String>,
}

/// Edits were staged from a comparison or a restore.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct PromotedView {
    /// The change set.
    pub change_set: String,
    /// How many edits were staged.
    pub staged: u32,
    /// Such as `Staged 4 edits for Production.`
    pub sentence: String,
    /// What was left out and why, in sentences.
    pub left_out: Vec<String>,
}

/// How a comparison is written to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum DiffFormatView {
    /// To be read.
    Text,
    /// To be processed.
    Json,
}
