//! Whatever the document: what is stored is what is read.

use halyard_mirror::MomentFilter;
use halyard_model::{Snapshot, Timestamp};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::samples::{furnished, id, key, snapshot};

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[a-c\"\\\\{}\\[\\], :é🎈]{0,6}".prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
    ]
}

fn any_value() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[a-d]{0,2}", inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// An element with a name out of a few, so that some are there twice.
fn element(named: &'static str) -> impl Strategy<Value = Value> {
    prop_oneof![
        8 => (0..5_u8, leaf(), leaf()).prop_map(move |(name, one, other)| match named {
            "feature" => json!({"feature": {"name": format!("f{name}"), "id": name}, "enabled": one, "v": other}),
            "identifier" => json!({"identity_uuid": other, "identifier": format!("u{name}"), "created": one, "identity_features": []}),
            "id" => json!({"id": name, "name": format!("s{name}"), "rules": one}),
            _ => json!({"key": format!("k{name}"), "name": one, "value": other}),
        }),
        1 => any_value().prop_map(|value| json!({"value": value})),
        1 => Just(json!({"identity_uuid": "x"})),
    ]
}

fn list(named: &'static str) -> impl Strategy<Value = Value> {
    prop_oneof![
        8 => prop::collection::vec(element(named), 0..6).prop_map(Value::from),
        1 => prop::collection::vec(any_value(), 0..4).prop_map(Value::from),
        1 => any_value(),
    ]
}

fn segments() -> impl Strategy<Value = Value> {
    prop::collection::vec((element("id"), prop::option::of(list("feature"))), 0..5).prop_map(|found| {
        let with_states = |(mut segment, states): (Value, Option<Value>)| {
            if let (Some(members), Some(states)) = (segment.as_object_mut(), states) {
                members.insert("feature_states".into(), states);
            }
            segment
        };
        found.into_iter().map(with_states).collect()
    })
}

fn document() -> impl Strategy<Value = Value> {
    let flagsmith = (list("feature"), prop_oneof![4 => segments(), 1 => any_value()], list("identifier"), leaf(), leaf())
        .prop_map(|(states, segments, identities, name, updated_at)| {
            json!({"id": 1, "project": {"name": name, "segments": segments, "more": []}, "feature_states": states,
                   "updated_at": updated_at, "identity_overrides": identities, "tags": []})
        });
    let edgeflags = (list("key"), list("key"), list("key"), leaf()).prop_map(|(flags, configs, segments, more)| {
        json!({"environment": "staging", "flags": flags, "configs": configs, "segments": segments, "more": more})
    });
    prop_oneof![4 => flagsmith, 2 => edgeflags, 1 => any_value()]
}

/// What is to be read: nothing random, and no white space.
fn normalised(document: &Value) -> String {
    let mut document = document.clone();
    let identities = document
        .as_object_mut()
        .and_then(|members| members.get_mut("identity_overrides"))
        .and_then(Value::as_array_mut);
    for identity in identities.into_iter().flatten() {
        if let Some(members) = identity.as_object_mut() {
            let kept: Map<String, Value> = std::mem::take(members)
                .into_iter()
                .filter(|(name, _)| name != "identity_uuid")
                .collect();
            *members = kept;
        }
    }
    document.to_string()
}

async fn stored_is_read(documents: Vec<(Value, bool)>) {
    let mirror = furnished().await;
    let mut expected = Vec::new();
    for (at, (document, indented)) in documents.into_iter().enumerate() {
        let text = match indented {
            true => serde_json::to_string_pretty(&document).unwrap(),
            false => document.to_string(),
        };
        let snapshot = Snapshot {
            document: text,
            ..snapshot("staging", &["a"], at as i64)
        };
        mirror.store_snapshot(&id("shop"), &snapshot).await.unwrap();
        expected.push((at as i64, normalised(&document)));
        let filter = MomentFilter {
            environments: vec![(id("shop"), key("staging"))],
            limit: 100,
            ..MomentFilter::default()
        };
        for moment in mirror.moments(&filter).await.unwrap() {
            let opened = mirror.open_moment(moment.id).await.unwrap().unwrap();
            assert_eq!(opened.damaged, []);
            let (_, expected) = expected
                .iter()
                .find(|(at, _)| *at == moment.first_seen.0)
                .unwrap();
            assert_eq!(opened.snapshot.document, *expected);
        }
        let now = mirror
            .moment_at(&id("shop"), &key("staging"), Timestamp(at as i64))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(now.last_seen, Timestamp(at as i64));
    }
    assert_eq!(mirror.check_history().await.unwrap(), []);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]
    #[test]
    fn any_documents_are_read_as_they_were_stored(
        documents in prop::collection::vec((document(), any::<bool>()), 1..7),
    ) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(stored_is_read(documents));
    }
}

/// Letter for letter, also where a reader of numbers or of text would lose something; and what is no JSON at all.
#[tokio::test]
async fn what_is_odd_is_kept_letter_for_letter() {
    let mirror = furnished().await;
    let texts = [
        r#"{"feature_states":[{"feature":{"name":"a"},"v":1.0e5,"w":1.50,"big":123456789012345678901234567890}]}"#,
        r#"{"feature_states":[{"feature":{"name":"\u0061"},"v":"\u00e9\/"}],"fe\u0061ture_states":[{"k":1}]}"#,
        r#"{"feature_states":[{"a":1}],"feature_states":[{"a":2}]}"#,
        r#"{"project":{"segments":[{"id":1,"feature_states":[{"x":1}]},{"id":1,"feature_states":[{"x":2}]},{"id":1,"feature_states":[]}]}}"#,
        r#"{"project":{"segments":[{"id":1,"feature_states":[{"x":1}],"feature_states":[]}]},"project":1}"#,
        r#"{"flags":[{"key":"a"},7],"updated_at":null,"configs":[{"key":{}}]}"#,
        r#"{"updated_at":"x","updated_at":"y"}"#,
        r#"[{"key":"a"}]"#,
        "not json { at all",
        "",
        "{\"a\": ",
        "\u{feff}{}",
    ];
    for (at, text) in (0..).zip(texts) {
        let snapshot = Snapshot {
            document: text.into(),
            ..snapshot("staging", &["a", "a"], at)
        };
        mirror.store_snapshot(&id("shop"), &snapshot).await.unwrap();
        let moment = mirror
            .moment_at(&id("shop"), &key("staging"), Timestamp(at))
            .await
            .unwrap()
            .unwrap();
        let opened = mirror.open_moment(moment.id).await.unwrap().unwrap();
        assert_eq!(opened.damaged, [], "{text}");
        assert_eq!(opened.snapshot.document, text);
        assert_eq!(
            opened.snapshot.flags, snapshot.flags,
            "a flag that is there twice is twice"
        );
        assert_eq!(moment.first_seen, Timestamp(at), "each is another: {text}");
    }
}
