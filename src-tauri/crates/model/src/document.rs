//! What an environment document says, without what changes from answer to
//! answer.

use std::fmt::Write as _;
use std::io;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// The SHA-256, in hex, of what an environment document says: the same for the
/// same content, whichever surface served it. `None` for text that is not a
/// JSON object.
///
/// Left out are `identity_uuid`, which is made up for every answer, and the
/// document's own `updated_at`, which may differ where the content does not
/// and the other way round. The order of members does not count; the order of
/// lists does, since it may decide what users get. A number counts by its
/// value, so that `25` and `25.0` are the same share.
pub fn document_digest(document: &str) -> Option<String> {
    let Ok(Value::Object(mut members)) = serde_json::from_str::<Value>(document) else {
        return None;
    };
    members.shift_remove("updated_at");
    digest_of(&Value::Object(members))
}

/// The SHA-256, in hex, of a part of a document, by the same rules.
pub(crate) fn digest_of(part: &Value) -> Option<String> {
    let mut hash = Hash(Sha256::new());
    write_value(&mut hash, part).ok()?;
    let mut text = String::with_capacity(64);
    for byte in hash.0.finalize() {
        write!(text, "{byte:02x}").ok()?;
    }
    Some(text)
}

/// Takes what is written into a hash.
struct Hash(Sha256);

impl io::Write for Hash {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn write_value(hash: &mut Hash, value: &Value) -> serde_json::Result<()> {
    match value {
        Value::Object(members) => write_object(hash, members),
        Value::Array(items) => {
            hash.0.update(b"[");
            for item in items {
                write_value(hash, item)?;
                hash.0.update(b",");
            }
            hash.0.update(b"]");
            Ok(())
        }
        Value::Number(number) => {
            // Every whole number that a float holds exactly is written alike.
            match number.as_f64().filter(|_| number.is_f64()) {
                Some(float) if float.fract() == 0.0 && float.abs() < 9e15 => {
                    serde_json::to_writer(hash, &(float as i64))
                }
                _ => serde_json::to_writer(hash, number),
            }
        }
        _ => serde_json::to_writer(hash, value),
    }
}

fn write_object(hash: &mut Hash, members: &Map<String, Value>) -> serde_json::Result<()> {
    let mut sorted: Vec<(&String, &Value)> = members
        .iter()
        .filter(|(name, _)| name.as_str() != "identity_uuid")
        .collect();
    sorted.sort_unstable_by_key(|(name, _)| *name);
    hash.0.update(b"{");
    for (name, value) in sorted {
        serde_json::to_writer(&mut *hash, name)?;
        hash.0.update(b":");
        write_value(hash, value)?;
        hash.0.update(b",");
    }
    hash.0.update(b"}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn digest(document: &Value) -> String {
        document_digest(&document.to_string()).unwrap()
    }

    fn document() -> Value {
        json!({
            "id": 1, "updated_at": "2026-11-21T03:32:01.494293+00:00", "name": "Production",
            "feature_states": [
                {"feature": {"id": 1, "name": "a"}, "enabled": true, "feature_state_value": "1"},
                {"feature": {"id": 2, "name": "b"}, "enabled": false, "feature_state_value": null,
                 "multivariate_feature_state_values": [{"percentage_allocation": 25.0}]},
            ],
            "identity_overrides": [{"identifier": "alice", "identity_uuid": "3610df26", "created_date": "x"}],
        })
    }

    type Edit = fn(&mut Value);

    #[test]
    fn what_is_random_or_only_a_time_does_not_count() {
        let edits: [Edit; 4] = [
            |document| document["updated_at"] = json!("2026-11-21T03:40:39.299384+00:00"),
            |document| document["identity_overrides"][0]["identity_uuid"] = json!("52a4fd39"),
            |document| {
                document["feature_states"][1]["multivariate_feature_state_values"][0]["percentage_allocation"] =
                    json!(25);
            },
            |document| {
                let Value::Object(members) = document else {
                    unreachable!()
                };
                members.sort_keys();
                let last = members.shift_remove("id").unwrap();
                members.insert("id".into(), last);
            },
        ];
        for (number, edit) in edits.into_iter().enumerate() {
            let mut edited = document();
            edit(&mut edited);
            assert_eq!(digest(&edited), digest(&document()), "edit {number}");
        }
    }

    #[test]
    fn everything_else_counts() {
        let edits: [Edit; 8] = [
            |document| document["feature_states"][0]["enabled"] = json!(false),
            // The type of a value is part of it.
            |document| document["feature_states"][0]["feature_state_value"] = json!(1),
            |document| document["feature_states"][1]["feature_state_value"] = json!(""),
            |document| document["feature_states"][0]["updated_at"] = json!("inner"),
            |document| document["identity_overrides"][0]["created_date"] = json!("y"),
            |document| {
                document["feature_states"].as_array_mut().unwrap().reverse();
            },
            |document| {
                document["identity_overrides"].as_array_mut().unwrap().clear();
            },
            |document| document["new_member"] = json!(null),
        ];
        let mut seen = vec![digest(&document())];
        for (number, edit) in edits.into_iter().enumerate() {
            let mut edited = document();
            edit(&mut edited);
            let found = digest(&edited);
            assert!(!seen.contains(&found), "edit {number}");
            seen.push(found);
        }
    }

    #[test]
    fn boundaries_between_values_count() {
        let cases = [
            json!({"a": ["b", "c"]}),
            json!({"a": ["b,c"]}),
            json!({"a": [["b"], "c"]}),
            json!({"a": [["b", "c"]]}),
            json!({"a": "b", "c": {}}),
            json!({"a": {"c": "b"}}),
            json!({"a": 9_007_199_254_740_993_i64}),
            json!({"a": 9_007_199_254_740_992_i64}),
            json!({"a": 1.5}),
            json!({}),
        ];
        let digests: std::collections::HashSet<String> = cases.iter().map(digest).collect();
        assert_eq!(digests.len(), cases.len());
    }

    #[test]
    fn only_an_object_has_a_digest() {
        for text in ["", "[]", "null", "{\"a\":", "<html>", "{} {}"] {
            assert_eq!(document_digest(text), None, "{text}");
        }
        assert_eq!(document_digest("{}").unwrap().len(), 64);
    }

    #[test]
    fn two_answers_of_a_real_server_are_the_same() {
        let folder = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../../../shared/reference/captures/flagsmith/"
        );
        let read = |name: &str| {
            let text = std::fs::read_to_string(format!("{folder}{name}.json")).ok()?;
            let capture: Value = serde_json::from_str(&text).ok()?;
            Some(capture["body"].clone())
        };
        let (Some(by_server_key), Some(by_client_key)) = (
            read("edge-proxy-environment-document"),
            read("edge-proxy-environment-document-client-key"),
        ) else {
            println!("skipped: documents of a real server, which are not here");
            return;
        };
        assert_eq!(digest(&by_server_key), digest(&by_client_key));
        // Served by the proxy after a change that the API's answer lacks.
        let older = read("environment-document").unwrap();
        assert_ne!(digest(&older), digest(&by_server_key));
    }
}
