//! Rules of segments and of targeting in words.

use halyard_model::{RuleKind, SegmentCondition, SegmentRule};
use serde_json::Value;

use super::{
    condition::{Asked, property},
    number::{cut, list, quoted, short, value},
};

/// A segment's rules, one line each. The rules below one that only holds them
/// together stand for themselves.
pub fn lines(rules: &[SegmentRule]) -> Vec<String> {
    rules
        .iter()
        .flat_map(|rule| {
            let only_holds = rule.kind == RuleKind::All && rule.conditions.is_empty();
            if only_holds && !rule.rules.is_empty() {
                rule.rules.iter().map(phrase).collect()
            } else {
                vec![phrase(rule)]
            }
        })
        .collect()
}

/// A rule with everything below it: `plan is beta or email contains @acme`.
fn phrase(rule: &SegmentRule) -> String {
    let alone = rule.conditions.len() + rule.rules.len() == 1;
    if let (RuleKind::None, true, Some(only)) = (rule.kind, alone, rule.conditions.first()) {
        return opposite(only);
    }
    let below = |inner: &SegmentRule| {
        let several = inner.conditions.len() + inner.rules.len() > 1;
        if several && !alone {
            format!("({})", phrase(inner))
        } else {
            phrase(inner)
        }
    };
    let parts: Vec<String> = rule
        .conditions
        .iter()
        .map(condition)
        .chain(rule.rules.iter().map(below))
        .collect();
    match (rule.kind, parts.is_empty()) {
        (_, true) => "no conditions".into(),
        (RuleKind::All, _) => parts.join(" and "),
        (RuleKind::Any, _) => parts.join(" or "),
        (RuleKind::None, _) => format!("none of: {}", parts.join(", ")),
    }
}

/// A condition of either service.
pub fn condition(condition: &SegmentCondition) -> String {
    said(condition, |asked| asked.asks())
}

fn opposite(condition: &SegmentCondition) -> String {
    said(condition, |asked| asked.asks_not())
}

fn said(condition: &SegmentCondition, asks: fn(&Asked<'_>) -> String) -> String {
    let of = condition.property.as_deref().unwrap_or_default();
    let known = |operator| Asked::new(of, operator, &condition.value);
    let asked = match condition.operator.as_str() {
        "equals" => known("EQUAL"),
        "not_equals" => known("NOT_EQUAL"),
        "contains" => known("CONTAINS"),
        "not_contains" => known("NOT_CONTAINS"),
        "gt" => known("GREATER_THAN"),
        "gte" => known("GREATER_THAN_INCLUSIVE"),
        "lt" => known("LESS_THAN"),
        "lte" => known("LESS_THAN_INCLUSIVE"),
        "regex" => known("REGEX"),
        "in" | "not_in" if of == "segment" => return membership(condition),
        "in" => known("IN"),
        "not_in" => return format!("{} {}", property(of), known("IN").asks_not()),
        "starts_with" => return format!("{} starts with {}", property(of), value(&condition.value)),
        "ends_with" => return format!("{} ends with {}", property(of), value(&condition.value)),
        other => known(other),
    };
    format!("{} {}", asked.property(), asks(&asked))
}

/// EdgeFlags writes membership of segments as a condition.
fn membership(condition: &SegmentCondition) -> String {
    let named: Vec<String> = match &condition.value {
        Value::Array(members) => members.iter().map(value).collect(),
        one => vec![value(one)],
    };
    let not = if condition.operator == "in" {
        "in"
    } else {
        "not in"
    };
    format!("{not} segment {}", list(&named))
}

/// The rules of a flag on EdgeFlags, one line each: what holds, and what those
/// get for whom it holds first.
pub fn targeting_lines(rules: &Value) -> Vec<String> {
    let rules = rules.as_array().map(Vec::as_slice).unwrap_or_default();
    rules.iter().map(targeting_line).collect()
}

fn targeting_line(rule: &Value) -> String {
    let conditions: Vec<String> = rule["conditions"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| {
            condition(&SegmentCondition {
                operator: one["operator"].as_str().unwrap_or_default().to_owned(),
                property: one["property"].as_str().map(str::to_owned),
                value: one["value"].clone(),
            })
        })
        .collect();
    let gets = match rule.get("value") {
        Some(value) => quoted(value),
        None => "no value".into(),
    };
    if conditions.is_empty() {
        return format!("everybody gets {gets}");
    }
    format!("{}: {gets}", conditions.join(" and "))
}

/// A rollout of EdgeFlags: `25% by user_id`.
pub fn rollout(rollout: &Value) -> String {
    let share = rollout["percentage"].as_f64().map(short);
    let share = share.map_or_else(|| "no share".to_owned(), |share| format!("{share}%"));
    match rollout["attribute"].as_str() {
        Some(attribute) => format!("{share} by {}", cut(attribute)),
        None => share,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn condition_of(property: &str, operator: &str, value: Value) -> SegmentCondition {
        SegmentCondition {
            operator: operator.into(),
            property: (!property.is_empty()).then(|| property.into()),
            value,
        }
    }

    fn rule(kind: RuleKind, conditions: Vec<SegmentCondition>, rules: Vec<SegmentRule>) -> SegmentRule {
        SegmentRule {
            kind,
            conditions,
            rules,
        }
    }

    #[test]
    fn rules_have_one_line_each() {
        let beta = || condition_of("plan", "EQUAL", json!("beta"));
        let acme = || condition_of("email", "CONTAINS", json!("@acme"));
        let any = || rule(RuleKind::Any, vec![beta(), acme()], Vec::new());
        let split = || condition_of("", "PERCENTAGE_SPLIT", json!("25"));
        let cases = [
            (
                vec![rule(
                    RuleKind::All,
                    Vec::new(),
                    vec![any(), rule(RuleKind::None, vec![beta()], Vec::new())],
                )],
                vec!["plan is beta or email contains @acme", "plan is not beta"],
            ),
            (
                vec![rule(RuleKind::All, vec![split()], vec![any()])],
                vec!["the identity is in the first 25% and (plan is beta or email contains @acme)"],
            ),
            (
                vec![rule(RuleKind::None, vec![beta(), acme()], Vec::new())],
                vec!["none of: plan is beta, email contains @acme"],
            ),
            (
                vec![rule(RuleKind::All, Vec::new(), Vec::new())],
                vec!["no conditions"],
            ),
        ];
        for (rules, expected) in cases {
            assert_eq!(lines(&rules), expected);
        }
    }

    #[test]
    fn conditions_of_edgeflags_have_words() {
        let cases = [
            ("plan", "equals", json!("beta"), "plan is beta"),
            ("plan", "not_equals", json!("beta"), "plan is not beta"),
            ("age", "gte", json!(18), "age is at least 18"),
            ("country", "in", json!(["DE", "AT"]), "country is one of DE, AT"),
            ("country", "not_in", json!(["DE"]), "country is not one of DE"),
            ("segment", "in", json!(["beta_users"]), "in segment beta_users"),
            ("segment", "not_in", json!(["a", "b"]), "not in segment a, b"),
            ("email", "ends_with", json!("@acme"), "email ends with @acme"),
            ("email", "regex", json!("a.*"), "email matches a.*"),
            ("email", "sounds_like", json!("a"), "email sounds_like a"),
        ];
        for (property, operator, value, words) in cases {
            assert_eq!(condition(&condition_of(property, operator, value)), words);
        }
    }

    #[test]
    fn targeting_says_who_gets_what() {
        let rules = json!([
            {"conditions": [{"property": "plan", "operator": "equals", "value": "pro"}], "value": "a"},
            {"conditions": [], "value": true},
        ]);
        assert_eq!(
            targeting_lines(&rules),
            ["plan is pro: \"a\"", "everybody gets true"]
        );
        assert_eq!(
            rollout(&json!({"percentage": 25, "attribute": "user_id"})),
            "25% by user_id"
        );
        assert_eq!(rollout(&json!({})), "no share");
    }
}
