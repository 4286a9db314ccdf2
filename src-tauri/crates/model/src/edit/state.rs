//! The whole state of what an edit is about.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{FlagState, FlagValue, Variant, Version};

/// What one identity gets of a flag.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IdentityState {
    /// On or off.
    pub enabled: bool,
    /// The value.
    pub value: FlagValue,
    /// Weights for this identity: one option at 100 pins it.
    pub variants: Vec<Variant>,
}

/// What a flag is in every environment of its project.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FlagDefinition {
    /// What it is for.
    pub description: Option<String>,
    /// Labels.
    pub tags: BTreeSet<String>,
    /// Put away; it is still served.
    pub archived: bool,
    /// Served only to server-side keys.
    pub server_only: bool,
    /// Flagsmith: the options with the weights that new environments get.
    pub options: Vec<Variant>,
    /// Flagsmith: what a new environment begins with, fixed once the flag is
    /// made. EdgeFlags: the master switch.
    pub enabled: bool,
    /// Flagsmith: what a new environment begins with, fixed once the flag is
    /// made. EdgeFlags: the explicit value, which hides rules and rollout.
    pub value: FlagValue,
    /// EdgeFlags: rules and rollout where an environment sets none of its own.
    pub targeting: Option<Value>,
    /// EdgeFlags: inactive before, ISO 8601.
    pub active_from: Option<String>,
    /// EdgeFlags: inactive from then on, ISO 8601.
    pub active_until: Option<String>,
    /// EdgeFlags: counts the states; not part of the content.
    pub version: Option<Version>,
}

/// How the conditions and rules below a rule are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RuleKind {
    /// All must hold.
    All,
    /// One must hold.
    Any,
    /// None may hold.
    None,
}

/// A condition of a segment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SegmentCondition {
    /// The service's name for the comparison, such as `EQUAL` or `equals`.
    pub operator: String,
    /// The trait, or a path into the context; none for a percentage split.
    pub property: Option<String>,
    /// What it is compared with. Flagsmith: text or nothing. EdgeFlags: any JSON.
    pub value: Value,
}

/// A rule of a segment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SegmentRule {
    /// How its parts are put together.
    #[serde(rename = "type")]
    pub kind: RuleKind,
    /// Its own conditions.
    pub conditions: Vec<SegmentCondition>,
    /// The rules below it. Flagsmith takes two levels; EdgeFlags one rule of
    /// kind `ALL` with conditions alone.
    pub rules: Vec<SegmentRule>,
}

/// A segment with its rules.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SegmentDefinition {
    /// Its name; the key on EdgeFlags.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Its rules; all must hold.
    pub rules: Vec<SegmentRule>,
    /// EdgeFlags: counts the states; not part of the content.
    pub version: Option<Version>,
}

/// An EdgeFlags config.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConfigDefinition {
    /// The value where an environment has none of its own.
    pub value: FlagValue,
    /// Values by environment.
    pub environments: BTreeMap<String, FlagValue>,
    /// Counts the states; not part of the content.
    pub version: Option<Version>,
}

/// The whole state of an edit's subject. An absent one is `None` beside it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "of", content = "state", rename_all = "snake_case")]
pub enum SubjectState {
    /// A flag's state in an environment.
    FlagState(FlagState),
    /// What an identity gets of a flag.
    IdentityOverride(IdentityState),
    /// A flag in every environment.
    Flag(FlagDefinition),
    /// A segment.
    Segment(SegmentDefinition),
    /// An identity's traits by name: text, numbers, booleans.
    Traits(BTreeMap<String, Value>),
    /// A config.
    Config(ConfigDefinition),
}

impl SubjectState {
    /// The state of a flag in an environment, where it is one.
    pub fn flag_state(&self) -> Option<&FlagState> {
        match self {
            SubjectState::FlagState(state) => Some(state),
            _ => None,
        }
    }

    /// The service's count of states, where it keeps one.
    pub fn version(&self) -> Option<&Version> {
        match self {
            SubjectState::FlagState(state) => state.version.as_ref(),
            SubjectState::Flag(flag) => flag.version.as_ref(),
            SubjectState::Segment(segment) => segment.version.as_ref(),
            SubjectState::Config(config) => config.version.as_ref(),
            SubjectState::IdentityOverride(_) | SubjectState::Traits(_) => None,
        }
    }
}

impl From<FlagState> for SubjectState {
    fn from(state: FlagState) -> SubjectState {
        SubjectState::FlagState(state)
    }
}
