//! What EdgeFlags accepts as a definition.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{answer::Refusal, kind::Kind};

const OPERATORS: [&str; 13] = [
    "equals",
    "not_equals",
    "contains",
    "not_contains",
    "starts_with",
    "ends_with",
    "in",
    "not_in",
    "gt",
    "gte",
    "lt",
    "lte",
    "regex",
];

/// Whether a key or an environment name has the shape the service asks for.
pub(super) fn is_key(text: &str) -> bool {
    let first = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let rest = |byte: u8| first(byte) || matches!(byte, b'.' | b'_' | b'-');
    (1..=128).contains(&text.len()) && text.bytes().next().is_some_and(first) && text.bytes().all(rest)
}

/// Whether a body is complete enough to stand alone as a definition.
pub(super) fn whole(kind: Kind, body: &Map<String, Value>) -> Result<(), Refusal> {
    let (member, present) = match kind {
        Kind::Flag => ("enabled", body.get("enabled").is_some_and(Value::is_boolean)),
        Kind::Config => ("value", body.contains_key("value")),
        Kind::Segment => ("conditions", body.get("conditions").is_some_and(Value::is_array)),
    };
    if present {
        Ok(())
    } else {
        Err(Refusal::invalid(format!("key and {member} are required")))
    }
}

/// Whether every member that a body names has the right shape. `null` stands for a cleared member.
pub(super) fn members(kind: Kind, body: &Map<String, Value>, environments: &[String]) -> Result<(), Refusal> {
    for (name, value) in body.iter().filter(|(_, value)| !value.is_null()) {
        match (kind, name.as_str()) {
            (Kind::Flag, "enabled") if !value.is_boolean() => {
                return Err(Refusal::invalid("enabled must be a boolean"));
            }
            (Kind::Flag, "targeting") => targeting(value)?,
            (Kind::Flag, "active_from" | "active_until") => moment(name, value)?,
            (Kind::Segment, "conditions") => conditions(value)?,
            (Kind::Flag | Kind::Config, "environments") => overrides(kind, value, environments)?,
            _ => {}
        }
    }
    Ok(())
}

fn overrides(kind: Kind, value: &Value, environments: &[String]) -> Result<(), Refusal> {
    let Some(map) = value.as_object() else {
        return Err(Refusal::invalid("environments must be an object"));
    };
    for (name, entry) in map {
        if !environments.contains(name) {
            return Err(Refusal::invalid(format!("environment \"{name}\" does not exist")));
        }
        let Some(entry) = entry.as_object() else {
            return Err(Refusal::invalid(format!("environments.{name} must be an object")));
        };
        members(kind, entry, &[])?;
    }
    Ok(())
}

fn targeting(value: &Value) -> Result<(), Refusal> {
    let Some(targeting) = value.as_object() else {
        return Err(Refusal::invalid("targeting must be an object"));
    };
    if let Some(rules) = targeting.get("rules").filter(|rules| !rules.is_null()) {
        let Some(rules) = rules.as_array() else {
            return Err(Refusal::invalid("targeting.rules must be an array"));
        };
        for rule in rules {
            conditions(&rule["conditions"])?;
            if rule.get("value").is_none() {
                return Err(Refusal::invalid("a targeting rule needs a value"));
            }
        }
    }
    if let Some(rollout) = targeting.get("rollout").filter(|rollout| !rollout.is_null()) {
        let percentage = rollout["percentage"].as_f64();
        if !percentage.is_some_and(|share| (0.0..=100.0).contains(&share)) {
            return Err(Refusal::invalid(
                "rollout.percentage must be a number from 0 to 100",
            ));
        }
        if !rollout["attribute"].is_string() {
            return Err(Refusal::invalid("rollout.attribute must be a string"));
        }
    }
    Ok(())
}

fn conditions(value: &Value) -> Result<(), Refusal> {
    let Some(all) = value.as_array() else {
        return Err(Refusal::invalid("conditions must be an array"));
    };
    for one in all {
        if !one["property"].is_string() || one.get("value").is_none() {
            return Err(Refusal::invalid("a condition needs property, operator and value"));
        }
        if !one["operator"]
            .as_str()
            .is_some_and(|operator| OPERATORS.contains(&operator))
        {
            return Err(Refusal::invalid(format!("unknown operator {}", one["operator"])));
        }
    }
    Ok(())
}

fn moment(name: &str, value: &Value) -> Result<(), Refusal> {
    let parsed = value.as_str().and_then(|text| text.parse::<Timestamp>().ok());
    parsed
        .map(drop)
        .ok_or_else(|| Refusal::invalid(format!("{name} must be an ISO 8601 time")))
}
