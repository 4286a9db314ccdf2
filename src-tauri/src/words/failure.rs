//! Where a server would fail instead of answering.

use halyard_engine::{EvaluationError, FailureCause};

use super::{condition::Asked, number::cut};

/// What fails and why: `The server would fail here: in segment Old apps, version matches ^(1: the pattern is broken.`
pub fn sentence(failure: &EvaluationError) -> String {
    let place = match (&failure.segment, &failure.flag) {
        (Some(segment), _) => format!("in segment {segment}, "),
        (None, Some(flag)) => format!("for flag {flag}, "),
        (None, None) => String::new(),
    };
    let condition = failure.condition.as_ref().map(|condition| {
        // The operand comes as JSON; text is shown without its quotes.
        let operand = serde_json::from_str(&condition.operand).unwrap_or_default();
        let asked = Asked::new(&condition.property, &condition.operator, &operand);
        format!("{}: ", asked.in_words())
    });
    format!(
        "The server would fail for this identity: {place}{}{}.",
        condition.unwrap_or_default(),
        cause(&failure.cause)
    )
}

/// Why the server fails, as a clause.
pub fn cause(cause: &FailureCause) -> String {
    match cause {
        FailureCause::InvalidPattern(_) => "the pattern is broken".into(),
        FailureCause::CostlyPattern(_) => "the pattern is too costly to try".into(),
        FailureCause::DivisionByZero => "it divides by zero".into(),
        FailureCause::UnreadableOperand(what) => format!("{what} cannot be compared with"),
        FailureCause::TooManyDigits => "a number has too many digits".into(),
        FailureCause::IntegerTooLarge => "a number is too large for a modulo".into(),
        FailureCause::UnknownRuleType(name) => format!("the rule type {} is not known", cut(name)),
        FailureCause::NullPriority => "two overrides apply and one has no priority".into(),
        FailureCause::InvalidPath(_) => "the path cannot be read".into(),
        FailureCause::TooDeep => "flags depend on each other too deeply".into(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use halyard_engine::FailingCondition;

    #[test]
    fn a_failure_names_place_condition_and_cause() {
        let failure = EvaluationError {
            segment: Some("Old apps".into()),
            flag: None,
            condition: Some(Box::new(FailingCondition {
                property: "version".into(),
                operator: "REGEX".into(),
                operand: "\"^(1\"".into(),
            })),
            cause: FailureCause::InvalidPattern("missing )".into()),
        };
        assert_eq!(
            sentence(&failure),
            "The server would fail for this identity: in segment Old apps, version matches ^(1: the pattern is broken."
        );
        let tied = EvaluationError {
            segment: None,
            flag: Some("checkout".into()),
            condition: None,
            cause: FailureCause::NullPriority,
        };
        assert_eq!(
            sentence(&tied),
            "The server would fail for this identity: for flag checkout, two overrides apply and one has no priority."
        );
    }

    #[test]
    fn every_cause_is_a_plain_clause() {
        let cases = [
            (FailureCause::DivisionByZero, "it divides by zero"),
            (
                FailureCause::UnreadableOperand("null"),
                "null cannot be compared with",
            ),
            (
                FailureCause::UnknownRuleType("SOME".into()),
                "the rule type SOME is not known",
            ),
            (FailureCause::TooDeep, "flags depend on each other too deeply"),
        ];
        for (given, expected) in cases {
            assert_eq!(cause(&given), expected);
        }
    }
}
