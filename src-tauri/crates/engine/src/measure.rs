//! How large the parts of a document are, for who holds them against a service's limits.

use serde_json::Value;

/// How large the parts of a document are. Bytes are those of the shortest JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Measure {
    /// The segments, in the document's order.
    pub segments: Vec<SegmentMeasure>,
    /// Identities with overrides of their own.
    pub identity_overrides: usize,
    /// Flagsmith has stopped serving flags for the organisation, where the document says so or that it has not.
    pub stops_serving: Option<bool>,
    /// Each flag, config and segment as EdgeFlags takes it in one request, by key; none in Flagsmith's documents.
    pub definitions: Vec<(String, usize)>,
}

/// How large a segment is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SegmentMeasure {
    /// Its name; the key on EdgeFlags.
    pub name: String,
    /// Its conditions, those of nested rules among them.
    pub conditions: usize,
    /// The longest value of a condition, in bytes.
    pub longest_value: usize,
    /// What it takes of the document with its overrides, in bytes.
    pub bytes: usize,
}

/// Measures Flagsmith's environment document, or EdgeFlags' lists as one object. Lenient: what has another shape
/// than expected counts nothing. `None` for text that is not a JSON object.
pub fn measure(document: &str) -> Option<Measure> {
    let document: Value = serde_json::from_str(document).ok()?;
    document
        .is_object()
        .then(|| match document["project"].is_object() {
            true => flagsmith(&document),
            false => edgeflags(&document),
        })
}

fn flagsmith(document: &Value) -> Measure {
    Measure {
        segments: items(&document["project"]["segments"])
            .map(|found| segment(found, "name"))
            .collect(),
        identity_overrides: items(&document["identity_overrides"]).count(),
        stops_serving: document["project"]["organisation"]["stop_serving_flags"].as_bool(),
        definitions: Vec::new(),
    }
}

fn edgeflags(document: &Value) -> Measure {
    let definitions = ["flags", "configs", "segments"].into_iter();
    Measure {
        segments: items(&document["segments"])
            .map(|found| segment(found, "key"))
            .collect(),
        identity_overrides: 0,
        stops_serving: None,
        definitions: definitions
            .flat_map(|kind| items(&document[kind]))
            .map(|found| (text(&found["key"]), found.to_string().len()))
            .collect(),
    }
}

fn segment(found: &Value, name: &str) -> SegmentMeasure {
    let mut measured = SegmentMeasure {
        name: text(&found[name]),
        bytes: found.to_string().len(),
        ..SegmentMeasure::default()
    };
    add_conditions(found, &mut measured);
    measured
}

/// Adds the conditions of a rule and of the rules in it. The reader of JSON bounds how deep they lie.
fn add_conditions(rule: &Value, measured: &mut SegmentMeasure) {
    for condition in items(&rule["conditions"]) {
        let bytes = match &condition["value"] {
            Value::String(text) => text.len(),
            Value::Null => 0,
            other => other.to_string().len(),
        };
        measured.conditions += 1;
        measured.longest_value = measured.longest_value.max(bytes);
    }
    for nested in items(&rule["rules"]) {
        add_conditions(nested, measured);
    }
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().map_or(&[][..], Vec::as_slice).iter()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn conditions_count_however_deep_they_lie() {
        let segment = json!({"id": 1, "name": "Germany", "feature_states": [], "rules": [{
            "type": "ALL",
            "conditions": [{"operator": "IN", "property_": "a", "value": ["DE", "AT"]}],
            "rules": [
                {"type": "ANY", "rules": [], "conditions": [
                    {"operator": "EQUAL", "property_": "b", "value": "Größe"},
                    {"operator": "IS_SET", "property_": "c", "value": null},
                ]},
                {"type": "NONE", "conditions": [{"operator": "EQUAL", "property_": "d", "value": "12345678"}]},
            ],
        }]});
        let document = json!({
            "project": {
                "segments": [segment, {"name": "Empty"}],
                "organisation": {"id": 1, "stop_serving_flags": true},
            },
            "identity_overrides": [{"identifier": "u"}, {"identifier": "v"}],
        });
        let measured = measure(&document.to_string()).unwrap();
        assert_eq!(
            measured.segments,
            [
                SegmentMeasure {
                    name: "Germany".into(),
                    conditions: 4,
                    // `["DE","AT"]`; "Größe" has seven.
                    longest_value: 11,
                    bytes: segment.to_string().len(),
                },
                SegmentMeasure {
                    name: "Empty".into(),
                    bytes: r#"{"name":"Empty"}"#.len(),
                    ..SegmentMeasure::default()
                },
            ]
        );
        assert_eq!(
            (measured.identity_overrides, measured.stops_serving),
            (2, Some(true))
        );
        assert_eq!(measured.definitions, []);
    }

    #[test]
    fn definitions_of_edgeflags_are_measured_one_by_one() {
        let flag = json!({"key": "dark_mode", "enabled": true, "targeting": {"rules": []}});
        let conditions = json!([{"property": "plan", "operator": "equals", "value": "pro"}]);
        let document = json!({
            "flags": [flag], "configs": [{"key": "limits", "value": {"a": 1}}],
            "segments": [{"key": "pro", "conditions": conditions}], "environment": "production",
        });
        let measured = measure(&document.to_string()).unwrap();
        let keys: Vec<&str> = measured.definitions.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["dark_mode", "limits", "pro"]);
        assert_eq!(measured.definitions[0].1, flag.to_string().len());
        assert_eq!(
            (
                measured.segments[0].name.as_str(),
                measured.segments[0].conditions
            ),
            ("pro", 1)
        );
    }

    #[test]
    fn another_shape_counts_nothing() {
        for text in ["", "[]", "7", "{"] {
            assert_eq!(measure(text), None, "{text}");
        }
        for text in [
            "{}",
            r#"{"project": {"segments": 4}}"#,
            r#"{"flags": {}, "segments": "x"}"#,
        ] {
            assert_eq!(measure(text), Some(Measure::default()), "{text}");
        }
    }
}
