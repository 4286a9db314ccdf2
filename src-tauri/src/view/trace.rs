//! How one flag came to its value, step by step, and what would change it.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::TraitKindView;

/// What a step looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum StepKindView {
    /// The identity's own override.
    Identity,
    /// A segment's override.
    Segment,
    /// The environment's default.
    Default,
}

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum StepOutcomeView {
    /// It supplied the state.
    Decides,
    /// It does not apply to this identity.
    NoMatch,
    /// It applies, and something stronger decided.
    Outranked,
    /// The server would fail here instead of answering.
    Fails,
}

/// What became of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum VerdictView {
    /// It holds.
    Holds,
    /// It does not hold.
    Fails,
    /// The server would fail on it.
    Breaks,
}

/// How the conditions of a rule are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum JoinView {
    /// All must hold.
    All,
    /// At least one must hold.
    Any,
    /// None may hold.
    None,
}

/// One condition as asked of this identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct TraceConditionView {
    /// Whether it holds.
    pub verdict: VerdictView,
    /// How deep its rule is nested, from 0.
    pub depth: u32,
    /// How its rule joins it with its neighbours.
    pub join: JoinView,
    /// Numbers its rule within the segment, from 1: two rules may stand beside
    /// each other with the same join and depth.
    #[specta(optional)]
    pub rule: Option<u32>,
    /// The trait, or a few words such as `the identity`.
    pub property: String,
    /// What is asked of it, such as `is one of DE, AT`.
    pub asks: String,
    /// What was seen, as JSON: `"DE"`, `7`; `null` when there is no value.
    pub saw: Option<String>,
    /// Why it does not hold or what was made of the value, where the values
    /// alone do not say, such as `trait not set`.
    pub because: Option<String>,
    /// For a percentage: where the bucket lies.
    pub bucket: Option<BucketView>,
    /// What makes it doubtful: other engines evaluate it differently, or it can
    /// never hold.
    pub warning: Option<String>,
}

/// A bucket against a threshold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct BucketView {
    /// What was hashed.
    pub hashed: String,
    /// Percent, such as `23.19`.
    pub bucket: String,
    /// In hundredths of a percent, for drawing.
    pub bucket_basis_points: u32,
    /// Buckets up to here are in, in hundredths of a percent.
    pub threshold_basis_points: u32,
}

/// A range of buckets on the ruler.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct SplitRangeView {
    /// The option's key or value; `control` for the last.
    pub label: String,
    /// In hundredths of a percent.
    pub from_basis_points: u32,
    /// In hundredths of a percent.
    pub until_basis_points: u32,
    /// The identity's bucket lies here.
    pub chosen: bool,
}

/// How an option was chosen: the ruler from 0 to 100.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct SplitView {
    /// What was hashed.
    pub hashed: String,
    /// Percent, such as `23.19`.
    pub bucket: String,
    /// In hundredths of a percent.
    pub bucket_basis_points: u32,
    /// The options in order, then control.
    pub ranges: Vec<SplitRangeView>,
}

/// One step of the evaluation, strongest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct TraceStepView {
    /// What it looks at.
    pub kind: StepKindView,
    /// Such as `1. EU beta testers` or `Environment default`.
    pub title: String,
    /// What became of it.
    pub outcome: StepOutcomeView,
    /// The same in words, such as `Decides` or `No match`.
    pub outcome_text: String,
    /// What it gives or would give, such as `On, express`.
    pub gives: String,
    /// What there is to say without conditions, such as `None for u_48213`.
    pub note: Option<String>,
    /// Its conditions in order.
    pub conditions: Vec<TraceConditionView>,
    /// How the option was chosen, at the step that decides.
    pub split: Option<SplitView>,
}

/// One trait to try. Without a kind the trait is taken away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct TryTraitView {
    /// Its name.
    pub name: String,
    /// What its value is; `null` to take it away.
    pub kind: Option<TraitKindView>,
    /// Its value, as in [`super::TraitView::text`].
    pub text: String,
}

/// What would lead to another result; found by evaluating it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct WayView {
    /// The result it leads to, such as `express` or `Off`.
    pub goal: String,
    /// What to do, such as `set beta_opt_in to true`.
    pub sentence: String,
    /// The traits to try; empty where traits alone cannot do it.
    pub traits: Vec<TryTraitView>,
    /// Label of the button, such as `Try beta_opt_in = true`.
    pub try_label: Option<String>,
}

/// How one flag came to its value for one identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct TraceView {
    /// The flag.
    pub flag: String,
    /// The steps, strongest first, the default last.
    pub steps: Vec<TraceStepView>,
    /// Other flags its segments read, in sentences.
    pub dependencies: Vec<String>,
    /// Ways to each other result, cheapest first.
    pub ways: Vec<WayView>,
    /// What a client may see differently, in sentences.
    pub caveats: Vec<String>,
}
