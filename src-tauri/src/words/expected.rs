//! What the documented order of EdgeFlags leads one to expect. The service
//! evaluates by itself, so every sentence says that nothing is verified.

use halyard_engine::edgeflags::{Doubt, Expectation, Expected, Step};

use super::number::{quoted, short};

/// What was expected and why: `Expected, not verified: true, because rule 2 matches.`
pub fn sentence(expectation: &Expectation) -> String {
    match &expectation.expected {
        Expected::Value(expected) => {
            let because = expectation.because.last().and_then(because).unwrap_or_default();
            format!("Expected, not verified: {}{because}.", quoted(expected))
        }
        Expected::RolloutDecides {
            percentage,
            attribute,
            outside,
        } => format!(
            "Expected, not verified: the service's rollout decides. {}% by {attribute} are in, all others get {}.",
            short(*percentage),
            quoted(outside)
        ),
        Expected::Unknown => "The flag's definition does not say what to expect.".into(),
    }
}

fn because(step: &Step) -> Option<String> {
    Some(match step {
        Step::Enabled(false) => ", because the flag is off".into(),
        Step::Enabled(true) => return None,
        Step::Window { inside: false } => ", because it is outside its window".into(),
        Step::Window { inside: true } => return None,
        Step::EnvironmentOverride { environment, .. } => {
            format!(", by the override of {environment}")
        }
        Step::ExplicitValue => ", the flag's explicit value".into(),
        Step::Rule { position, .. } => format!(", because rule {} matches", position + 1),
        Step::Rollout { percentage, .. } => format!(", by the rollout to {}%", short(*percentage)),
        Step::Default => ", the default".into(),
    })
}

/// What the documentation leaves open, in a sentence.
pub fn doubt(doubt: &Doubt) -> String {
    match doubt {
        Doubt::EnabledMissing => "The definition does not say whether the flag is on.".into(),
        Doubt::OutsideWindow => "What a flag gives outside its window is not documented.".into(),
        Doubt::UnreadableMoment { field } => {
            format!("{field} cannot be read as a moment and is taken for absent.")
        }
        Doubt::OnWindowBound { field } => {
            format!("It is the very moment of {field}, and whether that is inside is not documented.")
        }
        Doubt::OverrideSaysOn { environment } => format!(
            "The flag is off and the override of {environment} says on. By the documented order off wins."
        ),
        Doubt::PartialOverride { environment } => {
            format!("The override of {environment} is not complete, and what that means is not documented.")
        }
        Doubt::NoEnvironment => "The flag has overrides and nothing names an environment.".into(),
        Doubt::ValueBesideTargeting => {
            "The flag has a value beside rules or a rollout. By the documented order the value hides them."
                .into()
        }
        Doubt::AmbiguousProperty { property } => {
            format!("{property} is there twice, at the top and under custom.")
        }
        Doubt::DottedProperty { property } => {
            format!("{property} has a dot in its name and is taken as one name.")
        }
        Doubt::MissingProperty { property, operator } => {
            format!("{property} is not set, and {operator} is taken as holding then.")
        }
        Doubt::LetterCase { property } => {
            format!("{property} differs only in upper and lower case, and is taken as different.")
        }
        Doubt::OperandTypes { property, operator } => {
            format!("What {operator} does with the type of {property} is not documented.")
        }
        Doubt::NumberConversion { property } => {
            format!("How {property} becomes a number is not documented.")
        }
        Doubt::Pattern { property } => {
            format!("The pattern for {property} may be one the service cannot read.")
        }
        Doubt::UnknownOperator { operator } => {
            format!("The operator {operator} is not documented and is taken as not holding.")
        }
        Doubt::UnknownSegment { segment } => format!("The segment {segment} is not known here."),
        Doubt::AssertedMembership { segment } => {
            format!("The caller and the conditions of {segment} do not agree on who is in it.")
        }
        Doubt::SegmentCycle { segment } => format!("The segment {segment} refers to itself."),
        Doubt::NoConditions => "A rule without conditions is taken as holding for everybody.".into(),
        Doubt::RuleWithoutValue { position } => format!("Rule {} has no value.", position + 1),
        Doubt::RolloutAttributeMissing { attribute } => {
            format!("The rollout goes by {attribute}, which is not set. That is taken as outside.")
        }
        Doubt::RolloutPercentage => "The rollout has no percentage from 0 to 100.".into(),
        Doubt::RolloutValue => "What those inside the rollout get is not documented; presumably true.".into(),
        Doubt::NoDefault => "The flag has no default; presumably false.".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn expectation(expected: Expected, because: Vec<Step>) -> Expectation {
        Expectation {
            expected,
            reason: None,
            because,
            unsure: Vec::new(),
        }
    }

    #[test]
    fn what_is_expected_is_never_called_verified() {
        let on = Step::Enabled(true);
        let cases = [
            (
                Step::Enabled(false),
                json!(false),
                "Expected, not verified: false, because the flag is off.",
            ),
            (
                Step::Rule {
                    position: 1,
                    holds: true,
                    failing_condition: None,
                },
                json!("blue"),
                "Expected, not verified: \"blue\", because rule 2 matches.",
            ),
            (Step::Default, json!(7), "Expected, not verified: 7, the default."),
            (
                Step::EnvironmentOverride {
                    environment: "staging".into(),
                    decided: true,
                },
                json!(true),
                "Expected, not verified: true, by the override of staging.",
            ),
            (
                Step::ExplicitValue,
                json!("x"),
                "Expected, not verified: \"x\", the flag's explicit value.",
            ),
        ];
        for (step, value, sentence_expected) in cases {
            let expectation = expectation(Expected::Value(value), vec![on.clone(), step]);
            assert_eq!(sentence(&expectation), sentence_expected);
        }
        let rollout = Expected::RolloutDecides {
            percentage: 25.0,
            attribute: "user_id".into(),
            outside: json!(false),
        };
        assert_eq!(
            sentence(&expectation(rollout, Vec::new())),
            "Expected, not verified: the service's rollout decides. 25% by user_id are in, all others get false."
        );
        assert_eq!(
            sentence(&expectation(Expected::Unknown, Vec::new())),
            "The flag's definition does not say what to expect."
        );
    }

    #[test]
    fn doubts_are_whole_sentences() {
        let property = || "plan".to_owned();
        let doubts = [
            Doubt::EnabledMissing,
            Doubt::OnWindowBound { field: "active_from" },
            Doubt::MissingProperty {
                property: property(),
                operator: "neq".into(),
            },
            Doubt::LetterCase { property: property() },
            Doubt::RuleWithoutValue { position: 0 },
            Doubt::NoDefault,
        ];
        for one in doubts {
            let sentence = doubt(&one);
            assert!(sentence.ends_with('.') && !sentence.contains('!'), "{sentence}");
        }
        assert_eq!(
            doubt(&Doubt::RuleWithoutValue { position: 0 }),
            "Rule 1 has no value."
        );
    }
}
