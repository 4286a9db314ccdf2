//! What edits are about, and the fields they change.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::ValueView;

/// What an edit is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SubjectView {
    /// A flag's state in the environment.
    FlagState {
        /// The flag.
        flag: String,
    },
    /// What one identity gets of a flag.
    IdentityOverride {
        /// The flag.
        flag: String,
        /// The identity.
        identity: String,
    },
    /// A flag in every environment.
    Flag {
        /// The flag.
        flag: String,
    },
    /// A segment.
    Segment {
        /// The service's identifier; `new:` and a name for one not made yet.
        segment: String,
    },
    /// The traits the service keeps for an identity.
    Traits {
        /// The identity.
        identity: String,
    },
    /// An EdgeFlags config.
    Config {
        /// Its key.
        key: String,
    },
}

/// The share of one option.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct WeightView {
    /// The service's identifier of the option; `null` for control, which takes
    /// what the options leave.
    pub id: Option<String>,
    /// Key or value, as people know it.
    pub label: String,
    /// What identities in it get.
    pub value: ValueView,
    /// Share in percent, as text such as `33.3`.
    pub weight: String,
    /// Share in hundredths of a percent, for drawing.
    pub weight_basis_points: u32,
}

/// How the parts of a rule are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum RuleKindView {
    /// All must hold.
    All,
    /// One must hold.
    Any,
    /// None may hold.
    None,
}

/// A condition of a segment or of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct ConditionView {
    /// The service's name for the comparison, such as `EQUAL` or `equals`.
    pub operator: String,
    /// The trait; `null` for a percentage split.
    pub property: Option<String>,
    /// What it is compared with, as typed; JSON on EdgeFlags; empty for none.
    pub value: String,
}

/// A rule of a segment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct RuleView {
    /// How its parts are put together.
    pub kind: RuleKindView,
    /// Its own conditions.
    pub conditions: Vec<ConditionView>,
    /// The rules below it, as deep as the service takes them.
    pub rules: Vec<RuleView>,
}

/// A field's value, in the shape it is drawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FieldValueView {
    /// The field is not set, or its subject does not exist.
    Absent {
        /// In words, such as `No override` or `No value`.
        text: String,
    },
    /// On or off, yes or no.
    Toggle {
        /// On.
        on: bool,
        /// In a word.
        text: String,
    },
    /// A typed value.
    Value {
        /// It.
        value: ValueView,
    },
    /// Shares that add up; control in front where there is one.
    Weights {
        /// The rows.
        rows: Vec<WeightView>,
        /// In short, such as `60 / 30 / 10`.
        text: String,
    },
    /// A segment's override as a whole.
    Override {
        /// On or off for members.
        enabled: bool,
        /// What members get.
        value: ValueView,
        /// Shares for members; empty where the flag has no options.
        weights: Vec<WeightView>,
        /// In short, such as `on, express, first`.
        text: String,
    },
    /// The order in which overrides are tried.
    Order {
        /// Identifiers, the one tried first in front.
        ids: Vec<String>,
        /// Their names, in the same order.
        names: Vec<String>,
    },
    /// Labels.
    Tags {
        /// The labels.
        labels: Vec<String>,
        /// Those that the other side does not have.
        fresh: Vec<String>,
    },
    /// Rules of a segment, or those of a flag to be read.
    Rules {
        /// The rules of a segment; empty for those of a flag.
        rules: Vec<RuleView>,
        /// One line per rule, in words.
        lines: Vec<String>,
    },
    /// Text.
    Text {
        /// It.
        text: String,
    },
    /// Anything else, as formatted JSON.
    Json {
        /// It.
        text: String,
    },
}

/// A field as it is set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct FieldView {
    /// Its path, such as `override_value:12`; goes back with a change. `tags`
    /// holds all labels together; a change names each as `tag:checkout`.
    pub field: String,
    /// Its name for people, such as `Value`.
    pub label: String,
    /// Whose it is, such as `Override for B2B buyers` or `All environments`.
    pub note: Option<String>,
    /// Its value.
    pub value: FieldValueView,
}

/// A field before and after an edit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct FieldChangeView {
    /// Its path; `tags` for all labels together.
    pub field: String,
    /// Its name for people.
    pub label: String,
    /// Whose it is.
    pub note: Option<String>,
    /// Before.
    pub before: FieldValueView,
    /// After.
    pub after: FieldValueView,
}

/// The share of an option, as typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct WeightInput {
    /// [`WeightView::id`] of an option, never control's.
    pub id: String,
    /// Percent, as typed.
    pub weight: String,
}

/// An option of a flag that is being made or changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct OptionInput {
    /// The service's identifier; `null` for a new one.
    pub id: Option<String>,
    /// Its key; empty for none.
    pub key: String,
    /// What identities in it get.
    pub value: ValueView,
    /// Percent in new environments, as typed.
    pub weight: String,
}

/// What a field is to become.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FieldInput {
    /// Unset it; removes an override, a tag, a trait; deletes a subject.
    Unset,
    /// Set it without more: a tag, a subject. An override is added by `text`,
    /// its segment's name, and begins as the flag's own state.
    Set,
    /// On or off.
    Toggle {
        /// On.
        on: bool,
    },
    /// A typed value.
    Value {
        /// It.
        value: ValueView,
    },
    /// Shares.
    Weights {
        /// The options.
        rows: Vec<WeightInput>,
    },
    /// The options of a flag.
    Options {
        /// The options.
        rows: Vec<OptionInput>,
    },
    /// An order.
    Order {
        /// Identifiers, the one tried first in front.
        ids: Vec<String>,
    },
    /// Text.
    Text {
        /// It.
        text: String,
    },
    /// Rules of a segment.
    Rules {
        /// The rules.
        rules: Vec<RuleView>,
    },
    /// Anything else, as JSON.
    Json {
        /// It.
        text: String,
    },
}

/// One field that somebody changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct FieldEdit {
    /// [`FieldView::field`].
    pub field: String,
    /// What it is to become.
    pub to: FieldInput,
}

/// Changes of one subject that are considered and not written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct DraftEditView {
    /// What they are about.
    pub subject: SubjectView,
    /// The changes.
    pub changes: Vec<FieldEdit>,
}
