//! The parts of a state that can change on their own.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A part of a [`SubjectState`](crate::SubjectState) that can change, be merged
/// and be decided on its own. Its text form is a word, and what it is keyed by
/// after a colon: `enabled`, `override_value:12`, `tag:checkout`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FieldPath {
    /// That the subject exists at all.
    Existence,
    /// A segment's name.
    Name,
    /// What it is for.
    Description,
    /// On or off.
    Enabled,
    /// The value.
    Value,
    /// Weights of the options: one part, because they must add up.
    Weights,
    /// The options of a flag with the weights that new environments get.
    Options,
    /// That a segment has an override, by its identifier.
    Override(String),
    /// An override's state.
    OverrideEnabled(String),
    /// An override's value.
    OverrideValue(String),
    /// An override's weights.
    OverrideWeights(String),
    /// The order in which overrides are tried.
    OverrideOrder,
    /// EdgeFlags: that there is targeting at all. An environment that has it,
    /// be it empty, hides the flag's own.
    HasTargeting,
    /// Rules: of a segment, or of a flag's targeting on EdgeFlags.
    Rules,
    /// EdgeFlags: share of identities and what they are told apart by.
    Rollout,
    /// EdgeFlags: another member of the targeting.
    Targeting(String),
    /// EdgeFlags: inactive before.
    ActiveFrom,
    /// EdgeFlags: inactive from then on.
    ActiveUntil,
    /// A label.
    Tag(String),
    /// Put away.
    Archived,
    /// Served only to server-side keys.
    ServerOnly,
    /// A trait, by its name.
    Trait(String),
    /// A config's value in an environment.
    EnvironmentValue(String),
}

impl FieldPath {
    /// Its word, and what it is keyed by.
    fn parts(&self) -> (&'static str, Option<&str>) {
        match self {
            FieldPath::Existence => ("existence", None),
            FieldPath::Name => ("name", None),
            FieldPath::Description => ("description", None),
            FieldPath::Enabled => ("enabled", None),
            FieldPath::Value => ("value", None),
            FieldPath::Weights => ("weights", None),
            FieldPath::Options => ("options", None),
            FieldPath::Override(id) => ("override", Some(id)),
            FieldPath::OverrideEnabled(id) => ("override_enabled", Some(id)),
            FieldPath::OverrideValue(id) => ("override_value", Some(id)),
            FieldPath::OverrideWeights(id) => ("override_weights", Some(id)),
            FieldPath::OverrideOrder => ("override_order", None),
            FieldPath::HasTargeting => ("has_targeting", None),
            FieldPath::Rules => ("rules", None),
            FieldPath::Rollout => ("rollout", None),
            FieldPath::Targeting(name) => ("targeting", Some(name)),
            FieldPath::ActiveFrom => ("active_from", None),
            FieldPath::ActiveUntil => ("active_until", None),
            FieldPath::Tag(label) => ("tag", Some(label)),
            FieldPath::Archived => ("archived", None),
            FieldPath::ServerOnly => ("server_only", None),
            FieldPath::Trait(name) => ("trait", Some(name)),
            FieldPath::EnvironmentValue(name) => ("environment_value", Some(name)),
        }
    }

    /// A member of EdgeFlags' targeting, by its name there.
    pub fn of_targeting(name: &str) -> FieldPath {
        match name {
            "rules" => FieldPath::Rules,
            "rollout" => FieldPath::Rollout,
            other => FieldPath::Targeting(other.to_owned()),
        }
    }

    /// What it is part of: nothing of it is left when that goes. A segment's
    /// rules are part of its existence, a flag's of its targeting, which only a
    /// state can tell apart; this says the latter.
    pub fn whole(&self) -> Option<FieldPath> {
        match self {
            FieldPath::Existence => None,
            FieldPath::OverrideEnabled(id)
            | FieldPath::OverrideValue(id)
            | FieldPath::OverrideWeights(id) => Some(FieldPath::Override(id.clone())),
            FieldPath::Rules | FieldPath::Rollout | FieldPath::Targeting(_) => Some(FieldPath::HasTargeting),
            _ => Some(FieldPath::Existence),
        }
    }

    /// Whether other fields are part of it.
    pub fn is_whole(&self) -> bool {
        matches!(
            self,
            FieldPath::Existence | FieldPath::Override(_) | FieldPath::HasTargeting
        )
    }

    /// Whether it is part of `whole`, or of a part of it.
    pub fn is_within(&self, whole: &FieldPath) -> bool {
        match whole {
            FieldPath::Existence => *self != FieldPath::Existence,
            FieldPath::Override(id) => self != whole && self.override_of() == Some(id),
            FieldPath::HasTargeting => matches!(
                self,
                FieldPath::Rules | FieldPath::Rollout | FieldPath::Targeting(_)
            ),
            _ => false,
        }
    }

    /// Whether it holds a value that clients read.
    pub fn is_value(&self) -> bool {
        matches!(
            self,
            FieldPath::Value
                | FieldPath::OverrideValue(_)
                | FieldPath::EnvironmentValue(_)
                | FieldPath::Trait(_)
        )
    }

    /// The segment whose override it belongs to.
    pub fn override_of(&self) -> Option<&str> {
        match self {
            FieldPath::Override(id)
            | FieldPath::OverrideEnabled(id)
            | FieldPath::OverrideValue(id)
            | FieldPath::OverrideWeights(id) => Some(id),
            _ => None,
        }
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.parts() {
            (word, None) => formatter.write_str(word),
            (word, Some(key)) => write!(formatter, "{word}:{key}"),
        }
    }
}

/// Text that names no field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownField(pub String);

impl fmt::Display for UnknownField {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} is no field", self.0)
    }
}

impl std::error::Error for UnknownField {}

impl FromStr for FieldPath {
    type Err = UnknownField;

    fn from_str(text: &str) -> Result<FieldPath, UnknownField> {
        let (word, key) = match text.split_once(':') {
            Some((word, key)) => (word, Some(key.to_owned())),
            None => (text, None),
        };
        Ok(match (word, key) {
            ("existence", None) => FieldPath::Existence,
            ("name", None) => FieldPath::Name,
            ("description", None) => FieldPath::Description,
            ("enabled", None) => FieldPath::Enabled,
            ("value", None) => FieldPath::Value,
            ("weights", None) => FieldPath::Weights,
            ("options", None) => FieldPath::Options,
            ("override", Some(id)) => FieldPath::Override(id),
            ("override_enabled", Some(id)) => FieldPath::OverrideEnabled(id),
            ("override_value", Some(id)) => FieldPath::OverrideValue(id),
            ("override_weights", Some(id)) => FieldPath::OverrideWeights(id),
            ("override_order", None) => FieldPath::OverrideOrder,
            ("has_targeting", None) => FieldPath::HasTargeting,
            ("rules", None) => FieldPath::Rules,
            ("rollout", None) => FieldPath::Rollout,
            ("targeting", Some(name)) => FieldPath::of_targeting(&name),
            ("active_from", None) => FieldPath::ActiveFrom,
            ("active_until", None) => FieldPath::ActiveUntil,
            ("tag", Some(label)) => FieldPath::Tag(label),
            ("archived", None) => FieldPath::Archived,
            ("server_only", None) => FieldPath::ServerOnly,
            ("trait", Some(name)) => FieldPath::Trait(name),
            ("environment_value", Some(name)) => FieldPath::EnvironmentValue(name),
            _ => return Err(UnknownField(text.to_owned())),
        })
    }
}

impl Serialize for FieldPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for FieldPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<FieldPath, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}
