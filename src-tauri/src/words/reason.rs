//! Why a flag came out as it did, in one sentence.

use halyard_engine::{ConditionFact, Decision, Explanation, Obstacle, Operator, RuleJoin, SplitFact};
use serde_json::Value;

/// One sentence for a flag: who decided and on what, shortest first.
pub fn sentence(explanation: &Explanation, environment: &str) -> String {
    if explanation.is_cyclic {
        return "The flag depends on itself, so its default applies.".into();
    }
    match &explanation.decided_by {
        Decision::IdentityOverride { identifier } => format!("Identity override for {identifier}."),
        Decision::Segment(segment) => {
            let because = segment.conditions.first().map(condition);
            let more = segment.conditions.len().saturating_sub(1);
            let base = match (because, more) {
                (None, _) => format!("In segment {}.", segment.name),
                (Some(because), 0) => format!("In segment {}: {because}.", segment.name),
                (Some(because), more) => format!("In segment {}: {because}, and {more} more.", segment.name),
            };
            match &explanation.split {
                Some(split) => format!("{base} {}.", bucket(split)),
                None => base,
            }
        }
        Decision::EnvironmentDefault { .. } => default(explanation, environment),
    }
}

fn default(explanation: &Explanation, environment: &str) -> String {
    let lost = explanation.lost.len();
    if let Some(split) = &explanation.split {
        let unmatched = if lost > 0 { " No override matched." } else { "" };
        return format!("{}.{unmatched}", bucket(split));
    }
    match (explanation.enabled, lost) {
        (true, 0) => "Environment default.".into(),
        (true, 1) => "Environment default; 1 override did not match.".into(),
        (true, lost) => format!("Environment default; {lost} overrides did not match."),
        (false, 0) => format!("Off for everyone in {environment}."),
        (false, 1) => format!("Off in {environment}; the override did not match."),
        (false, lost) => format!("Off in {environment}; none of {lost} overrides matched."),
    }
}

/// Such as `Bucket 23.19 is in one_page (0 to 30)`.
fn bucket(split: &SplitFact) -> String {
    let at = two(split.bucket);
    match split.chosen.and_then(|chosen| split.ranges.get(chosen)) {
        Some(range) => {
            format!(
                "Bucket {at} is in {} ({} to {})",
                range.label,
                short(range.from),
                short(range.until)
            )
        }
        None => {
            let from = split.ranges.last().map_or(0.0, |range| range.until);
            format!("Bucket {at} is in control ({} to 100)", short(from))
        }
    }
}

/// A condition that held, or under a NONE rule one that did not, as a fact
/// about the identity.
fn condition(fact: &ConditionFact) -> String {
    let property = if fact.property.is_empty() {
        "the identity"
    } else {
        name(&fact.property)
    };
    if fact.joins == RuleJoin::None {
        return not_held(fact, property);
    }
    let operand = text(&fact.operand);
    match fact.operator {
        Operator::Equal => format!("{property} is {operand}"),
        Operator::NotEqual => format!("{property} is not {operand}"),
        Operator::GreaterThan => format!("{property} is over {operand}"),
        Operator::GreaterThanInclusive => format!("{property} is at least {operand}"),
        Operator::LessThan => format!("{property} is under {operand}"),
        Operator::LessThanInclusive => format!("{property} is at most {operand}"),
        Operator::Contains => format!("{property} contains {operand}"),
        Operator::NotContains => format!("{property} does not contain {operand}"),
        Operator::Regex => format!("{property} matches {operand}"),
        Operator::Modulo => {
            let (divisor, remainder) = operand.split_once('|').unwrap_or((&operand, "0"));
            format!("{property} modulo {divisor} is {remainder}")
        }
        Operator::In => match &fact.seen {
            Some(seen) => format!("{property} is {}", text(seen)),
            None => format!("{property} is one of {operand}"),
        },
        Operator::PercentageSplit => match &fact.bucket {
            Some(bucket) => format!("bucket {} is under {}", two(bucket.bucket), operand),
            None => format!("{property} is in {operand}%"),
        },
        Operator::IsSet => format!("{property} is set"),
        Operator::IsNotSet => format!("{property} is not set"),
        // An operator without words of its own keeps its name.
        _ => format!("{property} {} {operand}", fact.operator_name),
    }
}

fn not_held(fact: &ConditionFact, property: &str) -> String {
    match (&fact.seen, fact.obstacle) {
        (None, _) | (_, Some(Obstacle::Unset)) => format!("{property} is not set"),
        (Some(seen), _) => format!("{property} is {}", text(seen)),
    }
}

/// The identity's own facts by their plain names.
fn name(property: &str) -> &str {
    match property {
        "$.identity.identifier" => "the identifier",
        "$.identity.key" => "the identity key",
        "$.environment.name" => "the environment",
        other => other.strip_prefix("$.identity.traits.").unwrap_or(other),
    }
}

fn text(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Null => "nothing".into(),
        other => other.to_string(),
    };
    if text.chars().count() <= 60 {
        return text;
    }
    let beginning: String = text.chars().take(57).collect();
    format!("{beginning}…")
}

fn two(number: f64) -> String {
    format!("{number:.2}")
}

fn short(number: f64) -> String {
    let text = format!("{number:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use halyard_engine::{Dialect, Engine, Identity};
    use serde_json::json;

    /// Evaluates one flag of a small document for an identity with traits.
    fn check(traits: &Value, flag: &str, expected: &str) {
        let engine = Engine::from_document(&document(), Dialect::Server10_2).unwrap();
        let traits = traits.as_object().unwrap().clone().into_iter().collect();
        let identity = Identity {
            identifier: "u_1".into(),
            key: None,
            traits,
        };
        let explanation = engine.explain(&identity, flag).unwrap().unwrap();
        assert_eq!(sentence(&explanation, "Production"), expected);
    }

    fn state(id: u32, name: &str, enabled: bool) -> Value {
        json!({"feature": {"id": id, "name": name, "type": "STANDARD"}, "enabled": enabled, "django_id": id,
               "featurestate_uuid": format!("00000000-0000-4000-8000-{id:012}"), "feature_state_value": null,
               "multivariate_feature_state_values": []})
    }

    fn document() -> Value {
        let mut over = state(1, "shipping", true);
        over["feature_segment"] = json!({"priority": 0});
        let mut split = state(3, "checkout", true);
        split["multivariate_feature_state_values"] = json!([{
            "id": 1, "mv_fs_value_uuid": "00000000-0000-4000-8000-00000000000a", "percentage_allocation": 100.0,
            "multivariate_feature_option": {"id": 1, "key": "one_page", "value": "one_page"}}]);
        json!({
            "id": 1, "api_key": "env", "name": "Production", "identity_overrides": [{
                "identifier": "u_9", "identity_features": [state(2, "banner", true)], "identity_traits": [],
                "identity_uuid": "00000000-0000-4000-8000-00000000000b", "environment_api_key": "env"}],
            "project": {"id": 1, "name": "Shop", "segments": [{
                "id": 7, "name": "Germany", "feature_states": [over],
                "rules": [{"type": "ALL", "conditions": [], "rules": [{"type": "ANY", "rules": [],
                    "conditions": [{"operator": "EQUAL", "property_": "country", "value": "DE"}]}]}]}]},
            "feature_states": [state(1, "shipping", true), state(2, "banner", false), split],
        })
    }

    #[test]
    fn the_sentence_names_who_decided() {
        check(
            &json!({"country": "DE"}),
            "shipping",
            "In segment Germany: country is DE.",
        );
        check(
            &json!({"country": "FR"}),
            "shipping",
            "Environment default; 1 override did not match.",
        );
        check(&json!({}), "banner", "Off for everyone in Production.");
    }

    #[test]
    fn a_split_names_bucket_and_range() {
        let engine = Engine::from_document(&document(), Dialect::Server10_2).unwrap();
        let explanation = engine
            .explain(&Identity::new("u_1"), "checkout")
            .unwrap()
            .unwrap();
        let bucket = explanation.split.as_ref().unwrap().bucket;
        assert_eq!(
            sentence(&explanation, "Production"),
            format!("Bucket {bucket:.2} is in one_page (0 to 100).")
        );
    }

    #[test]
    fn an_identity_override_names_the_identity() {
        let engine = Engine::from_document(&document(), Dialect::Server10_2).unwrap();
        let explanation = engine.explain(&Identity::new("u_9"), "banner").unwrap().unwrap();
        assert_eq!(sentence(&explanation, "Production"), "Identity override for u_9.");
    }
}
