//! Why a flag came out as it did, in one sentence.

use halyard_engine::{AskedCondition, Candidate, CandidateSource, FlagTrace, SplitTrace};

use super::{
    condition::Asked,
    number::{short, two},
};

/// One sentence for a flag: who decided and on what, shortest first. Nothing
/// where the server would fail instead of answering.
pub fn sentence(flag: &FlagTrace<'_>, identifier: &str, environment: &str) -> String {
    let (Some(result), Some(decided)) = (flag.result(), flag.decided_by()) else {
        return String::new();
    };
    if flag.is_cyclic() {
        return "The flag depends on itself, so its default applies.".into();
    }
    match decided.source {
        CandidateSource::IdentityOverride => format!("Identity override for {identifier}."),
        CandidateSource::Segment { name, .. } => segment(name, &decided, flag.split().as_ref()),
        CandidateSource::EnvironmentDefault { .. } => {
            // All but the identity's own override and the default itself.
            let lost = flag.candidates().len().saturating_sub(2);
            match flag.split() {
                Some(split) if lost > 0 => format!("{}. No override matched.", bucket(&split)),
                Some(split) => format!("{}.", bucket(&split)),
                None => default(result.enabled, lost, environment),
            }
        }
    }
}

fn segment(name: &str, decided: &Candidate<'_>, split: Option<&SplitTrace<'_>>) -> String {
    let conditions = decided.decisive_conditions();
    let more = conditions.len().saturating_sub(1);
    let base = match (conditions.first().map(fact), more) {
        (None, _) => format!("In segment {name}."),
        (Some(fact), 0) => format!("In segment {name}: {fact}."),
        (Some(fact), more) => format!("In segment {name}: {fact}, and {more} more."),
    };
    match split {
        Some(split) => format!("{base} {}.", bucket(split)),
        None => base,
    }
}

fn default(enabled: bool, lost: usize, environment: &str) -> String {
    match (enabled, lost) {
        (true, 0) => "Environment default.".into(),
        (true, 1) => "Environment default; 1 override did not match.".into(),
        (true, lost) => format!("Environment default; {lost} overrides did not match."),
        (false, 0) => format!("Off for everyone in {environment}."),
        (false, 1) => format!("Off in {environment}; the override did not match."),
        (false, lost) => format!("Off in {environment}; none of {lost} overrides matched."),
    }
}

/// Such as `Bucket 23.19 is in one_page (0 to 30)`.
fn bucket(split: &SplitTrace<'_>) -> String {
    let at = two(split.bucket);
    match split.chosen.and_then(|chosen| split.ranges.get(chosen)) {
        Some(range) => format!(
            "Bucket {at} is in {} ({} to {})",
            range.label,
            short(range.from),
            short(range.until)
        ),
        None => {
            let from = split.ranges.last().map_or(0.0, |range| range.until);
            format!("Bucket {at} is in control ({} to 100)", short(from))
        }
    }
}

/// A condition on which the verdict rests, as a fact about the identity.
fn fact(one: &AskedCondition<'_>) -> String {
    let condition = one.condition;
    let asked = Asked::new(condition.property, condition.operator_name, condition.operand);
    let bucket = condition.bucket.as_ref().map(|bucket| bucket.bucket);
    let seen = condition.raw.as_deref();
    if condition.holds() {
        asked.fact(seen, bucket)
    } else {
        asked.fact_of_failure(seen, bucket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use halyard_engine::{Dialect, Engine, Identity};
    use serde_json::{Value, json};

    /// Evaluates one flag of a small document for an identity with traits.
    fn check(traits: &Value, flag: &str, expected: &str) {
        let engine = Engine::from_document(&document(), Dialect::Server10_2).unwrap();
        let traits = traits.as_object().unwrap().clone().into_iter().collect();
        let identity = Identity {
            identifier: "u_1".into(),
            key: None,
            traits,
        };
        let trace = engine.trace(&identity);
        assert_eq!(
            sentence(&trace.flag(flag).unwrap(), "u_1", "Production"),
            expected
        );
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
        let identity = Identity::new("u_1");
        let trace = engine.trace(&identity);
        let flag = trace.flag("checkout").unwrap();
        let bucket = flag.split().unwrap().bucket;
        assert_eq!(
            sentence(&flag, "u_1", "Production"),
            format!("Bucket {bucket:.2} is in one_page (0 to 100).")
        );
    }

    #[test]
    fn an_identity_override_names_the_identity() {
        let engine = Engine::from_document(&document(), Dialect::Server10_2).unwrap();
        let identity = Identity::new("u_9");
        let trace = engine.trace(&identity);
        let flag = trace.flag("banner").unwrap();
        assert_eq!(sentence(&flag, "u_9", "Production"), "Identity override for u_9.");
    }
}
