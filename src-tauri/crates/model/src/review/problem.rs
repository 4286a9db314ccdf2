//! What makes a wish unsendable, whichever service it goes to.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    rules::{self, RulePlace},
    targeting,
};
use crate::{
    Edit, FieldPath, FlagDefinition, FlagState, FlagValue, Subject, SubjectState, ValueKind, Variant,
    changed_fields, fields_of,
};

/// Something in a wish that no service takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Problem {
    /// The field it is in.
    pub field: FieldPath,
    /// What is wrong with it.
    #[serde(flatten)]
    pub kind: ProblemKind,
}

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "problem", rename_all = "snake_case")]
pub enum ProblemKind {
    /// The state is of another kind than the subject.
    WrongState,
    /// A name that is empty or blank: of a flag, a config, a segment, an
    /// identity, a trait or a label.
    Empty,
    /// A share below 0 % or over 100 %, or no number.
    WeightOutOfRange {
        /// The option's identifier.
        option: String,
        /// The share, in percent.
        weight: f64,
    },
    /// Shares that come to more than 100 %.
    WeightsExceed {
        /// What they come to, in percent.
        total: f64,
    },
    /// An option that is named twice.
    RepeatedOption {
        /// The option's identifier.
        option: String,
    },
    /// A second override for one segment.
    RepeatedOverride,
    /// A segment without a rule.
    NoRules,
    /// A rule without conditions and without rules below it.
    EmptyRule {
        /// Where it is.
        at: RulePlace,
    },
    /// A rule below more than one other: two levels are taken.
    NestedTooDeep {
        /// Where it is.
        at: RulePlace,
    },
    /// A condition without an operator.
    NoOperator {
        /// Where it is.
        at: RulePlace,
    },
    /// A condition that names nothing it looks at.
    NoProperty {
        /// Where it is.
        at: RulePlace,
    },
    /// A share of identities that is no number from 0 to 100.
    BadPercentage {
        /// Where it is; none for a rollout.
        at: Option<RulePlace>,
    },
    /// A rollout that does not say what identities are told apart by.
    NoAttribute,
    /// A rule of a flag's targeting that does not say what it serves.
    NoServedValue {
        /// Where it is.
        at: RulePlace,
    },
    /// Rules, conditions or a rollout of another shape than they must have.
    Malformed {
        /// Where it is, in rules.
        at: Option<RulePlace>,
    },
    /// A trait that is neither text nor a number nor a boolean.
    BadTraitValue,
    /// A moment that is not written as ISO 8601.
    BadMoment,
    /// A window that ends before it begins.
    EndsBeforeItBegins,
    /// Text in the place of JSON that does not parse.
    NotJson {
        /// Line of the mistake, the first being 1.
        line: usize,
        /// Column of the mistake, the first being 1.
        column: usize,
    },
}

/// What was found, as it is being found.
pub(super) struct Found(pub(super) Vec<Problem>);

impl Found {
    pub(super) fn add(&mut self, field: FieldPath, kind: ProblemKind) {
        self.0.push(Problem { field, kind });
    }

    fn add_if_blank(&mut self, field: FieldPath, text: &str) {
        if text.trim().is_empty() {
            self.add(field, ProblemKind::Empty);
        }
    }
}

/// What makes a wish unsendable, with the field it is in; nothing for a wish
/// that can be sent.
pub fn problems(subject: &Subject, wish: Option<&SubjectState>) -> Vec<Problem> {
    let mut found = Found(Vec::new());
    for name in names(subject) {
        found.add_if_blank(FieldPath::Existence, name);
    }
    match (subject, wish) {
        (_, None) => {}
        (Subject::FlagState { .. }, Some(SubjectState::FlagState(state))) => flag_state(state, &mut found),
        (Subject::IdentityOverride { .. }, Some(SubjectState::IdentityOverride(own))) => {
            weights(&FieldPath::Weights, &own.variants, &mut found);
        }
        (Subject::Flag { .. }, Some(SubjectState::Flag(flag))) => definition(flag, &mut found),
        (Subject::Segment { .. }, Some(SubjectState::Segment(segment))) => {
            found.add_if_blank(FieldPath::Name, &segment.name);
            rules::check(&segment.rules, &mut found);
        }
        (Subject::Traits { .. }, Some(SubjectState::Traits(traits))) => {
            for (name, value) in traits {
                found.add_if_blank(FieldPath::Trait(name.clone()), name);
                if !matches!(value, Value::String(_) | Value::Number(_) | Value::Bool(_)) {
                    found.add(FieldPath::Trait(name.clone()), ProblemKind::BadTraitValue);
                }
            }
        }
        (Subject::Config { .. }, Some(SubjectState::Config(config))) => {
            for name in config.environments.keys() {
                found.add_if_blank(FieldPath::EnvironmentValue(name.clone()), name);
            }
        }
        _ => found.add(FieldPath::Existence, ProblemKind::WrongState),
    }
    found.0
}

fn names(subject: &Subject) -> Vec<&str> {
    match subject {
        Subject::FlagState { flag } | Subject::Flag { flag } => vec![&flag.0],
        Subject::IdentityOverride { flag, identity } => vec![&flag.0, identity],
        // What is about to be made is asked for its name below.
        Subject::Segment { .. } => Vec::new(),
        Subject::Traits { identity } => vec![identity],
        Subject::Config { key } => vec![key],
    }
}

fn flag_state(state: &FlagState, found: &mut Found) {
    weights(&FieldPath::Weights, &state.variants, found);
    let mut known = BTreeSet::new();
    for own in &state.segment_overrides {
        let id = &own.segment_id;
        found.add_if_blank(FieldPath::Override(id.clone()), id);
        if !known.insert(id) {
            found.add(FieldPath::Override(id.clone()), ProblemKind::RepeatedOverride);
        }
        weights(&FieldPath::OverrideWeights(id.clone()), &own.variants, found);
    }
    targeting::check(state.targeting.as_ref(), found);
}

fn definition(flag: &FlagDefinition, found: &mut Found) {
    for tag in &flag.tags {
        found.add_if_blank(FieldPath::Tag(tag.clone()), tag);
    }
    weights(&FieldPath::Options, &flag.options, found);
    targeting::check(flag.targeting.as_ref(), found);
    targeting::check_window(flag.active_from.as_deref(), flag.active_until.as_deref(), found);
}

/// What is left of 100 % gets the flag's value, so shares may come to less.
fn weights(field: &FieldPath, options: &[Variant], found: &mut Found) {
    let mut known = BTreeSet::new();
    for option in options {
        let name = || option.id.clone();
        if !(0.0..=100.0).contains(&option.weight) {
            let weight = option.weight;
            found.add(
                field.clone(),
                ProblemKind::WeightOutOfRange {
                    option: name(),
                    weight,
                },
            );
        }
        // Options that an edit adds have no identifier yet.
        if !option.id.is_empty() && !known.insert(&option.id) {
            found.add(field.clone(), ProblemKind::RepeatedOption { option: name() });
        }
    }
    let total: f64 = options.iter().map(|option| option.weight).sum();
    // Thirds do not add up to 100 exactly.
    if total > 100.0 + 1e-6 {
        found.add(field.clone(), ProblemKind::WeightsExceed { total });
    }
}

impl Edit {
    /// What makes it unsendable. It is not blamed for what was there before and
    /// that it leaves alone.
    pub fn problems(&self) -> Vec<Problem> {
        let before = problems(&self.subject, self.base.as_ref());
        let changed = self.changes();
        let mut found = problems(&self.subject, self.wish.as_ref());
        found.retain(|problem| changed.contains(&problem.field) || !before.contains(problem));
        found.extend(broken_json(self.base.as_ref(), self.wish.as_ref()));
        found
    }
}

/// Values that were JSON and are text now that looks as if it were to be.
fn broken_json(base: Option<&SubjectState>, wish: Option<&SubjectState>) -> Vec<Problem> {
    let (before, after) = (fields_of(base), fields_of(wish));
    let broken = |field: FieldPath| {
        let was = FlagValue(before.get(&field)?.clone());
        let text = after.get(&field)?.as_str()?;
        let is_meant = text.trim_start().starts_with(['{', '[']);
        if was.kind() != ValueKind::Json || !is_meant {
            return None;
        }
        let error = serde_json::from_str::<Value>(text).err()?;
        Some(Problem {
            field,
            kind: ProblemKind::NotJson {
                line: error.line(),
                column: error.column(),
            },
        })
    };
    let values = changed_fields(base, wish).into_iter().filter(FieldPath::is_value);
    values.filter_map(broken).collect()
}
