//! What a caller gets for a flag: the order the documentation gives, and an own bucketing.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// Segments may refer to segments; past this depth membership is taken as false.
const SEGMENT_DEPTH: u8 = 16;
const LONGEST_PATTERN: usize = 256;

/// A value and why it is that.
#[derive(Debug, PartialEq)]
pub(super) struct Evaluation {
    pub(super) value: Value,
    pub(super) reason: &'static str,
}

impl Evaluation {
    fn new(value: Value, reason: &'static str) -> Self {
        Self { value, reason }
    }

    /// The answer of `GET /flags/:key`.
    pub(super) fn to_json(&self) -> Value {
        json!({ "value": self.value, "type": type_name(&self.value), "reason": self.reason })
    }
}

/// Who asks, and the segments that may be named.
pub(super) struct Asker<'a> {
    pub(super) context: &'a Map<String, Value>,
    pub(super) segments: &'a Map<String, Value>,
    pub(super) now: Timestamp,
}

impl Asker<'_> {
    /// Evaluates one flag's definition.
    pub(super) fn evaluate(&self, key: &str, flag: &Value) -> Evaluation {
        if flag["enabled"] != Value::Bool(true) || !self.inside_window(flag) {
            return Evaluation::new(Value::Bool(false), "disabled");
        }
        if let Some(found) = self.environment_override(key, flag) {
            return found;
        }
        if let Some(value) = flag.get("value").filter(|value| !value.is_null()) {
            return Evaluation::new(value.clone(), "override");
        }
        if let Some(found) = self.target(key, &flag["targeting"]) {
            return found;
        }
        let fallback = flag.get("default_value").or_else(|| flag.get("defaultValue"));
        Evaluation::new(fallback.cloned().unwrap_or(Value::Bool(false)), "default")
    }

    /// The environment's own answer, or nothing where it leaves the answer to the base definition.
    fn environment_override(&self, key: &str, flag: &Value) -> Option<Evaluation> {
        let environment = self.context.get("environment")?.as_str()?;
        let found = flag.get("environments")?.get(environment)?;
        if found["enabled"] == Value::Bool(false) {
            return Some(Evaluation::new(Value::Bool(false), "environment_override"));
        }
        if let Some(value) = found.get("value").filter(|value| !value.is_null()) {
            return Some(Evaluation::new(value.clone(), "environment_override"));
        }
        self.target(key, &found["targeting"])
    }

    fn target(&self, key: &str, targeting: &Value) -> Option<Evaluation> {
        let rules = targeting["rules"].as_array().map_or(&[][..], Vec::as_slice);
        for rule in rules {
            if self.all_hold(&rule["conditions"], SEGMENT_DEPTH) {
                return Some(Evaluation::new(rule["value"].clone(), "targeting"));
            }
        }
        let percentage = targeting["rollout"]["percentage"].as_f64()?;
        let attribute = targeting["rollout"]["attribute"].as_str().unwrap_or("user_id");
        let subject = self.property(attribute)?;
        let inside = bucket(key, subject) < percentage;
        inside.then(|| Evaluation::new(Value::Bool(true), "rollout"))
    }

    fn inside_window(&self, flag: &Value) -> bool {
        let moment = |member: &str| {
            flag[member]
                .as_str()
                .and_then(|text| text.parse::<Timestamp>().ok())
        };
        moment("active_from").is_none_or(|start| self.now >= start)
            && moment("active_until").is_none_or(|end| self.now < end)
    }

    fn property(&self, name: &str) -> Option<&Value> {
        let own = self
            .context
            .get(name)
            .filter(|_| name != "custom" && name != "segments");
        own.or_else(|| self.context.get("custom")?.get(name))
            .filter(|value| !value.is_null())
    }

    fn all_hold(&self, conditions: &Value, depth: u8) -> bool {
        conditions
            .as_array()
            .is_some_and(|all| all.iter().all(|one| self.holds(one, depth)))
    }

    fn holds(&self, condition: &Value, depth: u8) -> bool {
        let operator = condition["operator"].as_str().unwrap_or_default();
        let wanted = &condition["value"];
        let name = condition["property"].as_str().unwrap_or_default();
        if name == "segment" {
            let member = segment_names(wanted).any(|segment| self.in_segment(segment, depth));
            return match operator {
                "in" | "equals" => member,
                "not_in" | "not_equals" => !member,
                _ => false,
            };
        }
        compare(operator, self.property(name), wanted)
    }

    /// Membership that the caller asserts and membership that the conditions give both count.
    fn in_segment(&self, key: &str, depth: u8) -> bool {
        let asserted = self.context.get("segments").and_then(Value::as_array);
        if asserted.is_some_and(|all| all.iter().any(|one| one.as_str() == Some(key))) {
            return true;
        }
        let Some(below) = depth.checked_sub(1) else {
            return false;
        };
        self.segments
            .get(key)
            .is_some_and(|segment| self.all_hold(&segment["conditions"], below))
    }
}

fn segment_names(wanted: &Value) -> impl Iterator<Item = &str> {
    let many = wanted.as_array().map_or(&[][..], Vec::as_slice);
    many.iter().chain(Some(wanted)).filter_map(Value::as_str)
}

/// A missing property makes positive operators false and negative ones true, as plain comparison would.
fn compare(operator: &str, held: Option<&Value>, wanted: &Value) -> bool {
    let null = Value::Null;
    let held = held.unwrap_or(&null);
    let text = || Some((held.as_str()?, wanted.as_str()?));
    let numbers = || Some((number(held)?, number(wanted)?));
    match operator {
        "equals" => held == wanted,
        "not_equals" => held != wanted,
        "contains" => text().is_some_and(|(held, part)| held.contains(part)),
        "not_contains" => !text().is_some_and(|(held, part)| held.contains(part)),
        "starts_with" => text().is_some_and(|(held, part)| held.starts_with(part)),
        "ends_with" => text().is_some_and(|(held, part)| held.ends_with(part)),
        "in" => wanted.as_array().is_some_and(|all| all.contains(held)),
        "not_in" => !wanted.as_array().is_some_and(|all| all.contains(held)),
        "gt" => numbers().is_some_and(|(held, bound)| held > bound),
        "gte" => numbers().is_some_and(|(held, bound)| held >= bound),
        "lt" => numbers().is_some_and(|(held, bound)| held < bound),
        "lte" => numbers().is_some_and(|(held, bound)| held <= bound),
        "regex" => text().is_some_and(|(held, pattern)| matches(held, pattern)),
        _ => false,
    }
}

fn matches(held: &str, pattern: &str) -> bool {
    pattern.len() <= LONGEST_PATTERN && regex::Regex::new(pattern).is_ok_and(|regex| regex.is_match(held))
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A place from 0 to 100. The service does not publish its own, so clients must not simulate this one.
fn bucket(key: &str, subject: &Value) -> f64 {
    let subject = subject
        .as_str()
        .map_or_else(|| subject.to_string(), str::to_owned);
    let digest = Sha256::digest(format!("{key}\u{1f}{subject}").as_bytes());
    let part = digest
        .iter()
        .take(4)
        .fold(0_u32, |sum, byte| (sum << 8) | u32::from(*byte));
    f64::from(part % 10_000) / 100.0
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Null | Value::Array(_) | Value::Object(_) => "json",
    }
}
