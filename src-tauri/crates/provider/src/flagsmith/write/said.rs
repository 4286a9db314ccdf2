//! Which field a refusal speaks of.
//!
//! Flagsmith's refusals come in many shapes: lists of sentences by field,
//! sentences alone, lists within lists where rules are nested, a list that
//! holds a list as text. All of them are walked alike: every sentence is kept,
//! and the names and places on the way to it tell which field it concerns.

use halyard_model::{FieldPath, Said};
use serde_json::Value;

/// What a request was about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum About {
    /// A flag's default state.
    Default,
    /// The override of one segment.
    Override(String),
    /// The order of overrides.
    Order,
    /// A whole flag, with overrides of these segments in the order sent.
    Whole(Vec<String>),
    /// A whole draft: overrides made and overrides updated, as sent; no
    /// segment for the default state.
    Draft {
        made: Vec<String>,
        updated: Vec<Option<String>>,
    },
    /// What a flag is in every environment.
    Definition,
    /// A label.
    Tag(String),
    /// One of a flag's options.
    Options,
    /// A segment.
    Segment,
    /// An identity, or what it gets of a flag.
    Identity,
    /// One trait.
    Trait(String),
}

/// The most sentences that are kept of one answer.
const MOST: usize = 20;

/// The sentences of a refusal with the fields they concern.
pub(super) fn said(answer: &Value, about: &About) -> Vec<Said> {
    let mut found = Vec::new();
    walk(answer, &mut Vec::new(), about, &mut found);
    found
}

/// A step on the way to a sentence.
enum Step<'a> {
    Name(&'a str),
    Place(usize),
}

fn walk<'a>(value: &'a Value, way: &mut Vec<Step<'a>>, about: &About, found: &mut Vec<Said>) {
    if found.len() >= MOST {
        return;
    }
    match value {
        Value::String(text) => {
            let words = unquoted(text);
            found.push(Said {
                field: field(way, words, about),
                words: words.to_owned(),
            });
        }
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                way.push(Step::Place(place));
                walk(item, way, about, found);
                way.pop();
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                // A code is for programs.
                if name == "code" {
                    continue;
                }
                way.push(Step::Name(name));
                walk(member, way, about, found);
                way.pop();
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The sentence in a list that came as text: `['…']`.
fn unquoted(text: &str) -> &str {
    let inner = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .map(|inner| inner.trim_matches(|quote| quote == '\'' || quote == '"'));
    inner.unwrap_or(text)
}

/// What a member of a body is a part of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Value,
    Weights,
    Enabled,
    Priority,
    Segment,
    Rules,
    Name,
    Description,
    Tags,
    Archived,
    ServerOnly,
    Trait,
}

/// The parts by the names that the service gives them.
const NAMES: &[(&str, Part)] = &[
    ("feature_state_value", Part::Value),
    ("string_value", Part::Value),
    ("integer_value", Part::Value),
    ("boolean_value", Part::Value),
    ("initial_value", Part::Value),
    ("value", Part::Value),
    ("multivariate_feature_state_values", Part::Weights),
    ("multivariate_options", Part::Weights),
    ("variants", Part::Weights),
    ("percentage_allocation", Part::Weights),
    ("default_percentage_allocation", Part::Weights),
    ("enabled", Part::Enabled),
    ("default_enabled", Part::Enabled),
    ("priority", Part::Priority),
    ("segment", Part::Segment),
    ("feature_segment", Part::Segment),
    ("rules", Part::Rules),
    ("conditions", Part::Rules),
    ("operator", Part::Rules),
    ("property", Part::Rules),
    ("name", Part::Name),
    ("description", Part::Description),
    ("tags", Part::Tags),
    ("label", Part::Tags),
    ("is_archived", Part::Archived),
    ("is_server_key_only", Part::ServerOnly),
    ("trait_key", Part::Trait),
    ("trait_value", Part::Trait),
    ("float_value", Part::Trait),
];

/// The parts by what sentences without a name speak of.
const WORDS: &[(&str, Part)] = &[
    ("percentage", Part::Weights),
    ("total weight", Part::Weights),
    ("priority", Part::Priority),
    ("nested more than", Part::Rules),
    ("feature with that name", Part::Name),
];

fn field(way: &[Step<'_>], words: &str, about: &About) -> Option<FieldPath> {
    let named = way.iter().rev().find_map(|step| match step {
        Step::Name(name) => NAMES
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, part)| *part),
        Step::Place(_) => None,
    });
    let lower = words.to_lowercase();
    let part = named.or_else(|| {
        let known = WORDS.iter().find(|(known, _)| lower.contains(known));
        known.map(|(_, part)| *part)
    });
    match about {
        About::Default => of_state(part?, None),
        About::Override(id) => of_state(part.unwrap_or(Part::Segment), Some(id)),
        About::Order => Some(FieldPath::OverrideOrder),
        About::Whole(_) | About::Draft { .. } => of_state(part?, concerned(way, about)),
        About::Definition => of_definition(part?),
        About::Tag(label) => Some(FieldPath::Tag(label.clone())),
        About::Options => Some(FieldPath::Options),
        About::Segment => match part {
            Some(Part::Name) => Some(FieldPath::Name),
            Some(Part::Description) if !is_within(way, "rules") => Some(FieldPath::Description),
            Some(_) => Some(FieldPath::Rules),
            None => None,
        },
        About::Identity => of_state(part?, None),
        About::Trait(name) => Some(FieldPath::Trait(name.clone())),
    }
}

/// The segment whose override stands at the place that is spoken of.
fn concerned<'a>(way: &[Step<'_>], about: &'a About) -> Option<&'a String> {
    let place_in = |list: &str| {
        let at = way
            .iter()
            .position(|step| matches!(step, Step::Name(name) if *name == list))?;
        match way.get(at + 1)? {
            Step::Place(place) => Some(*place),
            Step::Name(_) => None,
        }
    };
    match about {
        About::Whole(sent) => sent.get(place_in("segment_overrides")?),
        About::Draft { made, updated } => match place_in("feature_states_to_create") {
            Some(place) => made.get(place),
            None => updated.get(place_in("feature_states_to_update")?)?.as_ref(),
        },
        _ => None,
    }
}

fn is_within(way: &[Step<'_>], member: &str) -> bool {
    way.iter()
        .any(|step| matches!(step, Step::Name(name) if *name == member))
}

fn of_state(part: Part, segment: Option<&String>) -> Option<FieldPath> {
    Some(match (part, segment.cloned()) {
        (Part::Value, None) => FieldPath::Value,
        (Part::Value, Some(id)) => FieldPath::OverrideValue(id),
        (Part::Weights, None) => FieldPath::Weights,
        (Part::Weights, Some(id)) => FieldPath::OverrideWeights(id),
        (Part::Enabled, None) => FieldPath::Enabled,
        (Part::Enabled, Some(id)) => FieldPath::OverrideEnabled(id),
        (Part::Priority, _) => FieldPath::OverrideOrder,
        (_, Some(id)) => FieldPath::Override(id),
        (_, None) => return None,
    })
}

fn of_definition(part: Part) -> Option<FieldPath> {
    Some(match part {
        Part::Value => FieldPath::Value,
        Part::Weights => FieldPath::Options,
        Part::Enabled => FieldPath::Enabled,
        Part::Name => FieldPath::Name,
        Part::Description => FieldPath::Description,
        Part::Archived => FieldPath::Archived,
        Part::ServerOnly => FieldPath::ServerOnly,
        Part::Priority | Part::Segment | Part::Rules | Part::Tags | Part::Trait => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Every shape in which the service refuses, with what must be told.
    #[test]
    fn each_shape_of_refusal_is_put_beside_its_field() {
        let over = |id: &str| About::Override(id.into());
        let whole = || About::Whole(vec!["7".into(), "12".into()]);
        let draft = || About::Draft {
            made: vec!["12".into()],
            updated: vec![None, Some("7".into())],
        };
        for (about, answer, expected) in [
            (
                About::Default,
                json!({"string_value": ["Not a valid string."]}),
                "value: Not a valid string.",
            ),
            (
                About::Default,
                json!({"integer_value": ["Ensure this value is less than or equal to 2147483647."]}),
                "value: Ensure this value is less than or equal to 2147483647.",
            ),
            (
                About::Default,
                json!({"non_field_errors": ["Multivariate percentage values exceed 100%."]}),
                "weights: Multivariate percentage values exceed 100%.",
            ),
            (
                About::Default,
                json!({"enabled": ["Must be a valid boolean."]}),
                "enabled: Must be a valid boolean.",
            ),
            (About::Default, json!({"detail": "No."}), "-: No."),
            (About::Default, json!({"message": "No."}), "-: No."),
            (About::Default, json!(["Only text."]), "-: Only text."),
            (About::Default, json!("Only text."), "-: Only text."),
            (
                over("12"),
                json!({"feature_state_value": {"string_value": ["Too long."]}}),
                "override_value:12: Too long.",
            ),
            (
                over("12"),
                json!({"feature_segment": {"segment": ["Invalid pk \"99999\" - object does not exist."]}}),
                "override:12: Invalid pk \"99999\" - object does not exist.",
            ),
            (
                over("12"),
                json!({"environment": "The environment has reached the maximum."}),
                "override:12: The environment has reached the maximum.",
            ),
            (
                whole(),
                json!({"environment_default": {"value": ["'abc' is not a valid integer"]}}),
                "value: 'abc' is not a valid integer",
            ),
            (
                whole(),
                json!({"environment_default": {"variants": ["Must include all feature's variants."]}}),
                "weights: Must include all feature's variants.",
            ),
            (
                whole(),
                json!({"segment_overrides": [{}, {"variants": ["Total weight must not exceed 100."]}]}),
                "override_weights:12: Total weight must not exceed 100.",
            ),
            (
                whole(),
                json!({"segment_overrides": [{"segment": {"id": ["Segment not found."]}}]}),
                "override:7: Segment not found.",
            ),
            (
                whole(),
                json!({"detail": "Duplicate priority: 1."}),
                "override_order: Duplicate priority: 1.",
            ),
            (
                draft(),
                json!({"feature_states_to_update": [{"feature_state_value": {"string_value": ["Long."]}}]}),
                "value: Long.",
            ),
            (
                draft(),
                json!({"feature_states_to_update": [{}, {"enabled": ["Odd."]}]}),
                "override_enabled:7: Odd.",
            ),
            (
                draft(),
                json!({"feature_states_to_create": [{"enabled": ["Odd."]}]}),
                "override_enabled:12: Odd.",
            ),
            (
                draft(),
                json!({"message": "An unresolvable conflict occurred"}),
                "-: An unresolvable conflict occurred",
            ),
            (
                About::Definition,
                json!({"name": ["Feature with that name already exists for this project."]}),
                "name: Feature with that name already exists for this project.",
            ),
            (
                About::Definition,
                json!({"multivariate_options": ["Invalid percentage allocation"]}),
                "options: Invalid percentage allocation",
            ),
            (
                About::Definition,
                json!({"project": "The project has reached the maximum allowed features limit."}),
                "-: The project has reached the maximum allowed features limit.",
            ),
            (
                About::Options,
                json!({"default_percentage_allocation": ["Invalid percentage allocation"]}),
                "options: Invalid percentage allocation",
            ),
            (
                About::Tag("Checkout".into()),
                json!({"label": ["Too long."]}),
                "tag:Checkout: Too long.",
            ),
            (
                About::Segment,
                json!({"rules": [{"rules": [{"conditions": [{"operator": ["\"FOO\" is not a valid choice."]}]}]}]}),
                "rules: \"FOO\" is not a valid choice.",
            ),
            (
                About::Segment,
                json!({"rules": {"non_field_errors": ["This list may not be empty."]}}),
                "rules: This list may not be empty.",
            ),
            (
                About::Segment,
                json!({"segment": ["Rules must not be nested more than 2 levels deep."]}),
                "rules: Rules must not be nested more than 2 levels deep.",
            ),
            (
                About::Segment,
                json!({"rules": [{"conditions": [{"description": ["Too long."]}]}]}),
                "rules: Too long.",
            ),
            (
                About::Segment,
                json!({"name": ["This field is required."]}),
                "name: This field is required.",
            ),
            (
                About::Identity,
                json!(["['Feature state already exists for this environment']"]),
                "-: Feature state already exists for this environment",
            ),
            (
                About::Identity,
                json!({"identifier": "Identity with identifier 'a' already exists in this environment"}),
                "-: Identity with identifier 'a' already exists in this environment",
            ),
            (
                About::Trait("plan".into()),
                json!({"string_value": ["Ensure this field has no more than 2000 characters."]}),
                "trait:plan: Ensure this field has no more than 2000 characters.",
            ),
            (
                About::Default,
                json!({"detail": "Change requests are on.", "code": "change_requests_enabled"}),
                "-: Change requests are on.",
            ),
        ] {
            let told: Vec<String> = said(&answer, &about)
                .into_iter()
                .map(|said| {
                    let field = said.field.map_or("-".to_owned(), |field| field.to_string());
                    format!("{field}: {}", said.words)
                })
                .collect();
            assert_eq!(told, [expected], "{about:?} {answer}");
        }
    }

    #[test]
    fn an_endless_answer_is_cut() {
        let answer = json!(vec!["again"; 500]);
        assert_eq!(said(&answer, &About::Segment).len(), MOST);
    }
}
