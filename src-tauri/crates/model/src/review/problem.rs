//! What makes a wish unsendable, whichever service it goes to.

use serde::{Deserialize, Serialize};

use crate::{FieldPath, Subject, SubjectState, Variant};

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
}

/// What makes a wish unsendable, with the field it is in; nothing for a wish
/// that can be sent, which a deletion always can.
pub fn problems(_subject: &Subject, wish: Option<&SubjectState>) -> Vec<Problem> {
    let mut found = Vec::new();
    match wish {
        Some(SubjectState::FlagState(state)) => {
            weights(&FieldPath::Weights, &state.variants, &mut found);
            for own in &state.segment_overrides {
                let field = FieldPath::OverrideWeights(own.segment_id.clone());
                weights(&field, &own.variants, &mut found);
            }
        }
        Some(SubjectState::IdentityOverride(own)) => weights(&FieldPath::Weights, &own.variants, &mut found),
        Some(SubjectState::Flag(flag)) => weights(&FieldPath::Options, &flag.options, &mut found),
        _ => {}
    }
    found
}

/// What is left of 100 % gets the flag's value, so shares may come to less.
fn weights(field: &FieldPath, options: &[Variant], found: &mut Vec<Problem>) {
    let mut add = |kind| {
        found.push(Problem {
            field: field.clone(),
            kind,
        });
    };
    for option in options {
        if !(0.0..=100.0).contains(&option.weight) {
            add(ProblemKind::WeightOutOfRange {
                option: option.id.clone(),
                weight: option.weight,
            });
        }
    }
    let total: f64 = options.iter().map(|option| option.weight).sum();
    // Thirds do not add up to 100 exactly.
    if total > 100.0 + 1e-6 {
        add(ProblemKind::WeightsExceed { total });
    }
}
