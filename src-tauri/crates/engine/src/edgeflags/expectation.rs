//! What is expected of EdgeFlags, why, and what the documentation leaves open about it.

use serde_json::Value;

/// What the documented order leads one to expect; not verified, since the service evaluates by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// The value.
    pub expected: Expected,
    /// The reason that the service should give. `None` where the documentation has none for the case, and where a
    /// rollout decides.
    pub reason: Option<EdgeReason>,
    /// The steps taken, in order; the last one decided.
    pub because: Vec<Step>,
    /// What the documentation leaves open and what could lead to another answer. Empty: the documentation is clear.
    pub unsure: Vec<Doubt>,
}

/// The value part of an expectation.
#[derive(Clone, Debug, PartialEq)]
pub enum Expected {
    /// This value.
    Value(Value),
    /// The service's own hash decides, which is not published and never simulated here.
    RolloutDecides {
        /// Percent of the callers that are in.
        percentage: f64,
        /// The context property that is hashed.
        attribute: String,
        /// What callers outside get.
        outside: Value,
    },
    /// The definition does not tell.
    Unknown,
}

/// The documented reasons. The set is open; see [`EdgeReason::from_name`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EdgeReason {
    /// `disabled`: the flag is off.
    Disabled,
    /// `environment_override`: the environment of the context has an answer of its own.
    EnvironmentOverride,
    /// `override`: the flag has an explicit value.
    Override,
    /// `targeting`: a rule's conditions all hold.
    Targeting,
    /// `rollout`: the caller is in the rollout.
    Rollout,
    /// `default`: nothing else applied.
    Default,
}

impl EdgeReason {
    /// The service's word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::EnvironmentOverride => "environment_override",
            Self::Override => "override",
            Self::Targeting => "targeting",
            Self::Rollout => "rollout",
            Self::Default => "default",
        }
    }

    /// Reads the service's word; `None` for one that is not documented.
    pub fn from_name(name: &str) -> Option<Self> {
        let all = [
            Self::Disabled,
            Self::EnvironmentOverride,
            Self::Override,
            Self::Targeting,
            Self::Rollout,
            Self::Default,
        ];
        all.into_iter().find(|reason| reason.name() == name)
    }
}

/// A step of the documented order and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// The flag is on (`true`) or off: off ends the search.
    Enabled(bool),
    /// The flag has an activation window and the moment lies inside or outside of it: outside ends the search.
    Window {
        /// Inside.
        inside: bool,
    },
    /// The context's environment has an override, which decides or leaves the answer to later steps.
    EnvironmentOverride {
        /// The environment's name.
        environment: String,
        /// It decided.
        decided: bool,
    },
    /// The flag has an explicit value, which ends the search.
    ExplicitValue,
    /// The rule at this position (from 0) was looked at.
    Rule {
        /// Position from 0.
        position: usize,
        /// All of its conditions hold, which ends the search.
        holds: bool,
        /// The first condition that does not hold, from 0.
        failing_condition: Option<usize>,
    },
    /// The flag has a rollout.
    Rollout {
        /// Percent.
        percentage: f64,
        /// The property that is hashed.
        attribute: String,
    },
    /// Nothing else applied.
    Default,
}

/// Something that the documentation does not say, or contradicts itself about, and that matters for this answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Doubt {
    /// The definition does not say whether the flag is on.
    EnabledMissing,
    /// Outside of the activation window there is no documented reason, and no documented value.
    OutsideWindow,
    /// A bound of the activation window cannot be read as a moment; it is taken for absent.
    UnreadableMoment {
        /// `active_from` or `active_until`.
        field: &'static str,
    },
    /// The moment is exactly a bound of the window.
    OnWindowBound {
        /// `active_from` or `active_until`.
        field: &'static str,
    },
    /// The flag is off, and the environment's override says on. By the documented order off wins.
    OverrideSaysOn {
        /// The environment's name.
        environment: String,
    },
    /// The environment's override has no value of its own, or is off and has one.
    PartialOverride {
        /// The environment's name.
        environment: String,
    },
    /// The flag has overrides and the context names no environment.
    NoEnvironment,
    /// A value stands beside rules or a rollout. By the documented order the value hides them; an example of the
    /// documentation has both.
    ValueBesideTargeting,
    /// A property that is in the context twice, at the top and under `custom`.
    AmbiguousProperty {
        /// Its name.
        property: String,
    },
    /// A property with dots, which is taken as one name.
    DottedProperty {
        /// Its name.
        property: String,
    },
    /// A missing property under an operator that denies; taken as holding, as in plain JavaScript.
    MissingProperty {
        /// Its name.
        property: String,
        /// The operator.
        operator: String,
    },
    /// Texts that differ only in case; taken as different.
    LetterCase {
        /// The property.
        property: String,
    },
    /// Types that the operator's documentation does not speak of.
    OperandTypes {
        /// The property.
        property: String,
        /// The operator.
        operator: String,
    },
    /// A value whose conversion to a number is not documented, such as empty text or a boolean.
    NumberConversion {
        /// The property.
        property: String,
    },
    /// A pattern that may break the service's limits or that this reader cannot read.
    Pattern {
        /// The property.
        property: String,
    },
    /// An operator that is not documented; taken as not holding.
    UnknownOperator {
        /// The operator.
        operator: String,
    },
    /// A segment whose definition is not known here.
    UnknownSegment {
        /// Its key.
        segment: String,
    },
    /// The caller's assertion and the segment's conditions disagree; taken as a member if either says so.
    AssertedMembership {
        /// Its key.
        segment: String,
    },
    /// Segments that refer to each other in a circle.
    SegmentCycle {
        /// Its key.
        segment: String,
    },
    /// A rule or segment without conditions; taken as holding for everybody.
    NoConditions,
    /// A rule without a value.
    RuleWithoutValue {
        /// Position from 0.
        position: usize,
    },
    /// The context lacks the property that a rollout hashes; taken as outside.
    RolloutAttributeMissing {
        /// Its name.
        attribute: String,
    },
    /// The rollout has no percentage, or one outside of 0 to 100.
    RolloutPercentage,
    /// What callers inside of a rollout get is not documented; presumably true.
    RolloutValue,
    /// The definition has no default; presumably false.
    NoDefault,
}

/// How an answer of the service relates to an expectation.
#[derive(Clone, Debug, PartialEq)]
pub enum Agreement {
    /// As expected.
    Agrees,
    /// Not as expected, although the documentation is clear.
    Disagrees {
        /// The value differs.
        value: bool,
        /// The reason differs.
        reason: bool,
    },
    /// The documentation does not tell, or the answer does not.
    CannotTell,
}
