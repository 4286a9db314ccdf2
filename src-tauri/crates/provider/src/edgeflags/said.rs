//! The service's own words about what it refused, by the field they concern.
//!
//! Documented are an `error` text, a `code` and `details` of no stated shape.
//! So details are read in the shapes that validators give: texts by a field's
//! name, and lists of objects with a place and a message.

use halyard_model::{FieldPath, Said, Subject};
use serde_json::Value;

use super::content::Members;
use crate::http::shorten;

/// Words by the field they speak of, the particular before the general: a
/// condition's value is about the rules, not about the value.
const WORDS: [(&[&str], FieldPath); 9] = [
    (&["rollout", "percentage", "attribute"], FieldPath::Rollout),
    (
        &[
            "rules",
            "rule",
            "conditions",
            "condition",
            "operator",
            "property",
            "regex",
            "pattern",
            "targeting",
        ],
        FieldPath::Rules,
    ),
    (&["active_from"], FieldPath::ActiveFrom),
    (&["active_until"], FieldPath::ActiveUntil),
    (&["description"], FieldPath::Description),
    (&["key", "name"], FieldPath::Name),
    (&["enabled"], FieldPath::Enabled),
    (&["value", "default_value", "defaultvalue"], FieldPath::Value),
    (&["archived"], FieldPath::Archived),
];

/// Members in which an entry of `details` tells its place.
const PLACES: [&str; 4] = ["path", "field", "property", "loc"];

/// Members in which an entry of `details` tells its words.
const MESSAGES: [&str; 3] = ["message", "msg", "error"];

/// So many are kept; more would not be read.
const MOST: usize = 20;

/// As many characters of each are kept.
const LONGEST: usize = 300;

/// What was sent when something was refused.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sent<'a> {
    /// A new definition: its key may be what is wrong.
    Made(&'a Members),
    /// A change to one that has its key.
    Changed,
}

/// What an answer that is no success says, by field.
pub(super) fn by_field(subject: &Subject, sent: Sent<'_>, answer: Option<&Value>) -> Vec<Said> {
    let Some(answer) = answer else {
        return Vec::new();
    };
    let text = |name: &str| answer.get(name).and_then(Value::as_str);
    let mut told = Vec::new();
    if let Some(details) = answer
        .get("details")
        .filter(|it| it.get("current_version").is_none())
    {
        gather(details, "", &mut told);
    }
    let mut said: Vec<Said> = told
        .into_iter()
        .map(|(place, words)| Said {
            field: field_of(subject, sent, &place).or_else(|| field_of(subject, sent, &words)),
            words,
        })
        .collect();
    let words = text("error").or_else(|| text("message"));
    if let Some(words) = words.filter(|words| !words.is_empty()) {
        let field = match text("code") {
            Some("CONFLICT") => Some(FieldPath::Name),
            Some("NOT_FOUND") if !words.starts_with("Environment") => Some(FieldPath::Existence),
            Some("VALIDATION_ERROR") if said.is_empty() => field_of(subject, sent, words),
            _ => None,
        };
        let words = shorten(words, LONGEST);
        if said.iter().all(|one| one.words != words) {
            said.insert(0, Said { field, words });
        }
    }
    said.truncate(MOST);
    said
}

/// Collects places and words from details of any known shape.
fn gather(details: &Value, place: &str, told: &mut Vec<(String, String)>) {
    if told.len() >= MOST {
        return;
    }
    match details {
        Value::String(words) => told.push((place.to_owned(), shorten(words, LONGEST))),
        Value::Array(all) => all.iter().for_each(|one| gather(one, place, told)),
        Value::Object(members) => {
            let words = MESSAGES.iter().find_map(|name| members.get(*name)?.as_str());
            if let Some(words) = words {
                let own = PLACES.iter().find_map(|name| members.get(*name)).map(place_of);
                told.push((own.unwrap_or_else(|| place.to_owned()), shorten(words, LONGEST)));
                return;
            }
            for (name, member) in members {
                gather(member, &format!("{place}.{name}"), told);
            }
        }
        _ => {}
    }
}

/// A place as text: `["targeting", "rules", 0]` as `targeting.rules.0`.
fn place_of(place: &Value) -> String {
    let part = |part: &Value| part.as_str().map_or_else(|| part.to_string(), str::to_owned);
    match place {
        Value::Array(parts) => parts.iter().map(part).collect::<Vec<String>>().join("."),
        one => part(one),
    }
}

/// The field that a place or a sentence speaks of.
fn field_of(subject: &Subject, sent: Sent<'_>, text: &str) -> Option<FieldPath> {
    if let Some(environment) = environment_in(text) {
        if matches!(subject, Subject::Config { .. }) {
            return Some(FieldPath::EnvironmentValue(environment.to_owned()));
        }
        let rest = text.replace(environment, "");
        return named_in(&rest, sent);
    }
    named_in(text, sent)
}

fn named_in(text: &str, sent: Sent<'_>) -> Option<FieldPath> {
    let text = text.to_lowercase();
    let is_part = |one: char| one.is_alphanumeric() || one == '_';
    let words: Vec<&str> = text.split(|one| !is_part(one)).collect();
    // Of several that are required, the one that is not there.
    let missing = |name: &&str| match sent {
        Sent::Made(body) if words.contains(&"required") => words.contains(name) && !body.contains_key(*name),
        _ => false,
    };
    let missing = ["enabled", "value", "conditions"].into_iter().find(missing);
    let words = missing.map_or(words, |name| vec![name]);
    let speaks = |names: &[&str]| names.iter().any(|name| words.contains(name));
    let found = WORDS.into_iter().find(|(names, field)| {
        let has_its_key = *field == FieldPath::Name && matches!(sent, Sent::Changed);
        !has_its_key && speaks(names)
    });
    found.map(|(_, field)| field)
}

/// The environment that a text names: `environments.staging.value`, or
/// `environment "staging"`.
fn environment_in(text: &str) -> Option<&str> {
    let (_, after) = text.split_once("environment")?;
    let after = after.strip_prefix('s').unwrap_or(after);
    let (end, after) = match after.strip_prefix('.') {
        Some(after) => (['.', ' '], after),
        None => (['"', '\''], after.trim_start().strip_prefix(['"', '\''])?),
    };
    after.split(end).next().filter(|name| !name.is_empty())
}

/// The largest part of a body that was too large.
pub(super) fn largest(subject: &Subject, body: &Members) -> Option<FieldPath> {
    let size = |value: &Value| value.to_string().len();
    let (name, value) = body.iter().max_by_key(|(_, value)| size(value))?;
    if name != "environments" {
        return field_of(subject, Sent::Changed, name);
    }
    let all = value.as_object()?;
    let (environment, own) = all.iter().max_by_key(|(_, own)| size(own))?;
    if matches!(subject, Subject::Config { .. }) {
        return Some(FieldPath::EnvironmentValue(environment.clone()));
    }
    let (name, _) = own.as_object()?.iter().max_by_key(|(_, value)| size(value))?;
    field_of(subject, Sent::Changed, name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use halyard_model::FlagKey;
    use serde_json::json;

    fn flag() -> Subject {
        Subject::Flag {
            flag: FlagKey("f".into()),
        }
    }

    fn config() -> Subject {
        Subject::Config { key: "c".into() }
    }

    #[test]
    fn words_find_their_field() {
        let rules = Some("rules");
        for (subject, answer, expected) in [
            (
                flag(),
                json!({"error": "enabled must be a boolean", "code": "VALIDATION_ERROR"}),
                vec![(Some("enabled"), "enabled must be a boolean")],
            ),
            (
                flag(),
                json!({"error": "unknown operator \"like\"", "code": "VALIDATION_ERROR"}),
                vec![(rules, "unknown operator \"like\"")],
            ),
            (
                flag(),
                json!({"error": "a condition needs property, operator and value", "code": "VALIDATION_ERROR"}),
                vec![(rules, "a condition needs property, operator and value")],
            ),
            (
                flag(),
                json!({"error": "rollout.percentage must be a number from 0 to 100", "code": "VALIDATION_ERROR"}),
                vec![(
                    Some("rollout"),
                    "rollout.percentage must be a number from 0 to 100",
                )],
            ),
            (
                flag(),
                json!({"error": "active_until must be an ISO 8601 time", "code": "VALIDATION_ERROR"}),
                vec![(Some("active_until"), "active_until must be an ISO 8601 time")],
            ),
            (
                flag(),
                json!({"error": "The body is not a JSON object", "code": "VALIDATION_ERROR"}),
                vec![(None, "The body is not a JSON object")],
            ),
            (
                flag(),
                json!({"error": "key and enabled are required", "code": "VALIDATION_ERROR"}),
                vec![(Some("name"), "key and enabled are required")],
            ),
            (
                config(),
                json!({"error": "environment \"canary.eu\" does not exist", "code": "VALIDATION_ERROR"}),
                vec![(
                    Some("environment_value:canary.eu"),
                    "environment \"canary.eu\" does not exist",
                )],
            ),
            (
                flag(),
                json!({"error": "environments.staging.value is too long", "code": "VALIDATION_ERROR"}),
                vec![(Some("value"), "environments.staging.value is too long")],
            ),
            (
                flag(),
                json!({"error": "The token lacks the permission write:flags", "code": "FORBIDDEN"}),
                vec![(None, "The token lacks the permission write:flags")],
            ),
            (
                flag(),
                json!({"error": "Flag not found", "code": "NOT_FOUND"}),
                vec![(Some("existence"), "Flag not found")],
            ),
            (
                flag(),
                json!({"error": "Environment not found", "code": "NOT_FOUND"}),
                vec![(None, "Environment not found")],
            ),
            (
                flag(),
                json!({"error": "Flag \"f\" exists already", "code": "CONFLICT"}),
                vec![(Some("name"), "Flag \"f\" exists already")],
            ),
            (
                flag(),
                json!({"error": "Invalid", "code": "VALIDATION_ERROR", "details": {"value": ["too long", "not allowed"], "enabled": "required"}}),
                vec![
                    (None, "Invalid"),
                    (Some("value"), "too long"),
                    (Some("value"), "not allowed"),
                    (Some("enabled"), "required"),
                ],
            ),
            (
                flag(),
                json!({"error": "Invalid", "code": "VALIDATION_ERROR", "details": {"issues": [{"path": ["targeting", "rules", 0, "value"], "message": "Required"}]}}),
                vec![(None, "Invalid"), (rules, "Required")],
            ),
            (
                flag(),
                json!({"error": "Invalid", "code": "VALIDATION_ERROR", "details": [{"field": "active_from", "message": "Not a date"}]}),
                vec![(None, "Invalid"), (Some("active_from"), "Not a date")],
            ),
            (
                config(),
                json!({"error": "Invalid", "details": {"fieldErrors": {"environments.staging": ["Expected object"]}}}),
                vec![
                    (None, "Invalid"),
                    (Some("environment_value:staging"), "Expected object"),
                ],
            ),
            (flag(), json!({"message": "Nope"}), vec![(None, "Nope")]),
            (flag(), json!("<html>"), vec![]),
            (flag(), json!({"error": 3}), vec![]),
        ] {
            let body = json!({"key": "f", "enabled": true, "value": 1});
            let said = by_field(&subject, Sent::Made(body.as_object().unwrap()), Some(&answer));
            let told: Vec<(Option<String>, &str)> = said
                .iter()
                .map(|one| (one.field.as_ref().map(ToString::to_string), one.words.as_str()))
                .collect();
            let expected: Vec<(Option<String>, &str)> = expected
                .into_iter()
                .map(|(field, words)| (field.map(str::to_owned), words))
                .collect();
            assert_eq!(told, expected, "{answer}");
        }
    }

    #[test]
    fn what_is_required_is_what_is_missing() {
        let answer = json!({"error": "key and value are required", "code": "VALIDATION_ERROR"});
        let field = |sent: Sent<'_>| by_field(&config(), sent, Some(&answer))[0].field.clone();
        for body in [json!({"key": "c"}), json!({"key": "c", "environments": {}})] {
            assert_eq!(
                field(Sent::Made(body.as_object().unwrap())),
                Some(FieldPath::Value)
            );
        }
        let whole = json!({"key": "C", "value": 1});
        assert_eq!(
            field(Sent::Made(whole.as_object().unwrap())),
            Some(FieldPath::Name)
        );
        assert_eq!(field(Sent::Changed), Some(FieldPath::Value));
    }

    #[test]
    fn what_is_too_large_is_named() {
        let long = "x".repeat(100);
        for (subject, body, expected) in [
            (
                flag(),
                json!({"enabled": true, "value": long, "targeting": {}}),
                "value",
            ),
            (
                flag(),
                json!({"enabled": true, "targeting": {"rules": [long]}}),
                "rules",
            ),
            (
                flag(),
                json!({"environments": {"staging": {"value": long}}}),
                "value",
            ),
            (
                config(),
                json!({"value": 1, "environments": {"staging": {"value": long}}}),
                "environment_value:staging",
            ),
        ] {
            let field = largest(&subject, body.as_object().unwrap());
            assert_eq!(field.unwrap().to_string(), expected);
        }
    }
}
