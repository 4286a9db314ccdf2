//! What makes an edit unsendable.

use halyard_model::{ProblemKind, RulePlace};

use super::{field::place, number::short};

/// Why a wish cannot be sent as it is.
pub fn problem(kind: &ProblemKind) -> String {
    match kind {
        ProblemKind::WrongState => "This is not what can be kept here.".into(),
        ProblemKind::Empty => "A name is missing.".into(),
        ProblemKind::WeightOutOfRange { weight, .. } => {
            format!("A share of {}% is not between 0 and 100.", short(*weight))
        }
        ProblemKind::WeightsExceed { total } => {
            format!("The shares come to {}%, which is more than 100.", short(*total))
        }
        ProblemKind::RepeatedOption { option } => format!("The option {option} is there twice."),
        ProblemKind::RepeatedOverride => "The segment has an override already.".into(),
        ProblemKind::NoRules => "A segment needs a rule.".into(),
        ProblemKind::EmptyRule { at } => format!("{} has no conditions.", rule(at)),
        ProblemKind::NestedTooDeep { at } => {
            format!("{} is nested too deep: two levels are taken.", rule(at))
        }
        ProblemKind::NoOperator { at } => format!("{} has no comparison.", condition(at)),
        ProblemKind::NoProperty { at } => format!("{} names no trait.", condition(at)),
        ProblemKind::BadPercentage { at: Some(at) } => {
            format!("{} needs a share from 0 to 100.", condition(at))
        }
        ProblemKind::BadPercentage { at: None } => "A rollout needs a share from 0 to 100.".into(),
        ProblemKind::NoAttribute => "A rollout needs to say what identities are told apart by.".into(),
        ProblemKind::NoServedValue { at } => format!("{} does not say what it serves.", rule(at)),
        ProblemKind::Malformed { at: Some(at) } => format!("{} is not written as it must be.", rule(at)),
        ProblemKind::Malformed { at: None } => "This is not written as it must be.".into(),
        ProblemKind::BadTraitValue => "A trait is text, a number, true or false.".into(),
        ProblemKind::BadMoment => "A moment is written like 2026-11-21T09:00:00Z.".into(),
        ProblemKind::EndsBeforeItBegins => "It ends before it begins.".into(),
        ProblemKind::NotJson { line, column } => {
            format!("This is not JSON: line {line}, column {column}.")
        }
    }
}

/// `The second rule`; of one below another, that too.
fn rule(at: &RulePlace) -> String {
    let parts: Vec<String> = at
        .rule
        .iter()
        .rev()
        .map(|index| format!("the {} rule", place(*index)))
        .collect();
    capital(&parts.join(" in "))
}

fn condition(at: &RulePlace) -> String {
    match at.condition {
        Some(index) => {
            let of = rule(at);
            let (first, rest) = of.split_at(of.len().min(1));
            format!("The {} condition of {}{rest}", place(index), first.to_lowercase())
        }
        None => rule(at),
    }
}

fn capital(text: &str) -> String {
    let (first, rest) = text.split_at(text.len().min(1));
    format!("{}{rest}", first.to_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_say_where_they_are() {
        let at = |rule: &[usize], condition| RulePlace {
            rule: rule.to_vec(),
            condition,
        };
        let cases = [
            (
                ProblemKind::WeightsExceed { total: 110.0 },
                "The shares come to 110%, which is more than 100.",
            ),
            (
                ProblemKind::EmptyRule { at: at(&[1], None) },
                "The second rule has no conditions.",
            ),
            (
                ProblemKind::NoProperty {
                    at: at(&[0, 1], Some(2)),
                },
                "The third condition of the second rule in the first rule names no trait.",
            ),
            (
                ProblemKind::NotJson { line: 1, column: 7 },
                "This is not JSON: line 1, column 7.",
            ),
        ];
        for (kind, sentence) in cases {
            assert_eq!(problem(&kind), sentence);
        }
    }
}
