//! Every cause that needs no server to be shown.

use halyard_engine::Identity;
use halyard_model::{FlagKey, FlagValue, RemoteFlag, Surface};
use serde_json::{Value, json};

use super::{
    DifferenceCause,
    case::{Answers, answered, evaluated},
    guess::{Inquiry, Known},
};
use crate::engines::Compiled;

fn state(name: &str, id: i64, value: &str) -> Value {
    json!({
        "feature": {"id": id, "name": name}, "enabled": true, "feature_state_value": value,
        "django_id": id, "featurestate_uuid": "9225949b-1a7c-4101-85bd-2a5a208f5a7d",
        "multivariate_feature_state_values": [],
    })
}

fn over(name: &str, id: i64, value: &str, priority: i64) -> Value {
    let mut state = state(name, id, value);
    state["feature_segment"] = json!({"priority": priority});
    state
}

fn segment(id: i64, name: &str, condition: &Value, state: &Value) -> Value {
    json!({"id": id, "name": name, "feature_states": [state], "rules": [
        {"type": "ALL", "rules": [], "conditions": [condition]},
    ]})
}

/// Two flags; the second is split over everybody and off where the split says no.
fn document() -> Value {
    let is_set = json!({"operator": "IS_SET", "property_": "plan", "value": null});
    let half = json!({"operator": "PERCENTAGE_SPLIT", "property_": "", "value": "50"});
    let mut split = state("split", 2, "out");
    split["enabled"] = json!(false);
    json!({
        "api_key": "key", "name": "Test", "feature_states": [state("tied", 1, "default"), split],
        "project": {"segments": [
            segment(1, "First", &is_set, &over("tied", 1, "first", 0)),
            segment(2, "Second", &is_set, &over("tied", 1, "second", 0)),
            segment(3, "Half", &half, &over("split", 2, "in", 0)),
        ]},
    })
}

struct Differing {
    compiled: Compiled,
    identity: Identity,
    there: Answers,
}

impl Differing {
    /// A server that says of each flag what is given.
    fn of(document: &Value, there: &[(&str, bool, &str)]) -> Differing {
        let flags = there.iter().map(|(name, enabled, value)| RemoteFlag {
            key: FlagKey((*name).to_owned()),
            enabled: Some(*enabled),
            value: FlagValue(json!(value)),
            reason: None,
        });
        Differing {
            compiled: Compiled::of(document.to_string()).unwrap(),
            identity: Identity::new("maya").with_trait("plan", "beta"),
            there: answered(flags.collect()),
        }
    }

    fn causes(&self, surface: &Surface, known: &Known) -> Vec<(String, DifferenceCause, bool)> {
        let here = evaluated(&self.compiled.engine, &self.identity).unwrap();
        let mut inquiry = Inquiry::new(surface, &self.compiled, &self.identity, &here, &self.there);
        inquiry.look_here(false);
        inquiry.look_there(known);
        let found = inquiry.differences.into_iter();
        found.map(|one| (one.flag.0, one.cause, one.verified)).collect()
    }
}

/// What the engine itself makes of the split.
fn split() -> (bool, &'static str) {
    let differing = Differing::of(&document(), &[]);
    let here = evaluated(&differing.compiled.engine, &differing.identity).unwrap();
    if here["split"].enabled {
        (true, "in")
    } else {
        (false, "out")
    }
}

#[test]
fn of_tied_overrides_the_flags_api_takes_the_last() {
    let (on, value) = split();
    let differing = Differing::of(&document(), &[("tied", true, "second"), ("split", on, value)]);
    let segment = "Second".to_owned();
    let tied = DifferenceCause::TiedPriorities { segment };
    assert_eq!(
        differing.causes(&Surface::FlagsApi, &Known::default()),
        [("tied".into(), tied, true)]
    );
    let proxy = Surface::EdgeProxy("http://proxy/".into());
    assert_eq!(
        differing.causes(&proxy, &Known::default()),
        [("tied".into(), DifferenceCause::Unknown, false)],
        "a proxy takes the first, as the preview does"
    );
}

#[test]
fn a_flag_that_is_off_may_be_hidden() {
    let mut hiding = document();
    hiding["feature_states"][1]["enabled"] = json!(false);
    hiding["project"]["segments"].as_array_mut().unwrap().pop();
    hiding["hide_disabled_flags"] = json!(true);
    let differing = Differing::of(&hiding, &[("tied", true, "first")]);
    let hidden = [("split".to_owned(), DifferenceCause::HiddenWhenOff, true)];
    assert_eq!(differing.causes(&Surface::FlagsApi, &Known::default()), hidden);
    // A proxy goes by the project's word alone.
    let proxy = Surface::EdgeProxy("http://proxy/".into());
    let behind = ("split".to_owned(), DifferenceCause::StaleServer, false);
    assert_eq!(differing.causes(&proxy, &Known::default()), [behind]);
    hiding["hide_disabled_flags"] = json!(null);
    hiding["project"]["hide_disabled_flags"] = json!(true);
    let differing = Differing::of(&hiding, &[("tied", true, "first")]);
    assert_eq!(differing.causes(&proxy, &Known::default()), hidden);
}

#[test]
fn another_bucket_is_verified_by_the_record_where_it_is_known() {
    let mut by_record = document();
    by_record["use_identity_composite_key_for_hashing"] = json!(false);
    let (on, _) = split();
    let other = if on { (false, "out") } else { (true, "in") };
    let differing = Differing::of(
        &by_record,
        &[("tied", true, "first"), ("split", other.0, other.1)],
    );
    let cause = |known: &Known| differing.causes(&Surface::FlagsApi, known);
    let bucket = |verified| [("split".to_owned(), DifferenceCause::BucketByRecord, verified)];
    assert_eq!(cause(&Known::default()), bucket(false));
    let records: Vec<bool> = (0..40)
        .map(|number| {
            let known = Known {
                record: Some(number.to_string()),
                ..Known::default()
            };
            cause(&known) == bucket(true)
        })
        .collect();
    assert!(records.contains(&true) && records.contains(&false), "{records:?}");
    let hashing = Differing::of(
        &document(),
        &[("tied", true, "first"), ("split", other.0, other.1)],
    );
    let unknown = [("split".to_owned(), DifferenceCause::Unknown, false)];
    assert_eq!(hashing.causes(&Surface::FlagsApi, &Known::default()), unknown);
}

#[test]
fn overrides_outside_of_the_document_are_suspected_and_told_by_the_server() {
    let mut apart = document();
    apart["use_identity_overrides_in_local_eval"] = json!(false);
    let (on, value) = split();
    let differing = Differing::of(&apart, &[("tied", true, "mine"), ("split", on, value)]);
    for told in [false, true] {
        let flag = FlagKey("tied".into());
        let known = Known {
            own_overrides: told.then_some(flag).into_iter().collect(),
            ..Known::default()
        };
        assert_eq!(
            differing.causes(&Surface::FlagsApi, &known),
            [("tied".into(), DifferenceCause::OverridesNotInDocument, told)]
        );
    }
}

#[test]
fn a_flag_that_only_the_server_has_came_since() {
    let (on, value) = split();
    let differing = Differing::of(
        &document(),
        &[
            ("tied", true, "first"),
            ("split", on, value),
            ("young", true, "x"),
        ],
    );
    assert_eq!(
        differing.causes(&Surface::FlagsApi, &Known::default()),
        [("young".into(), DifferenceCause::StaleMirror, true)]
    );
}

#[test]
fn stored_traits_count_together_and_after_those_of_the_request() {
    let mut document = document();
    let condition = |property: &str, operator: &str, value: &str| json!({"operator": operator, "property_": property, "value": value});
    let french = json!({"id": 4, "name": "French", "feature_states": [over("tied", 1, "french", -1)], "rules": [
        {"type": "ALL", "rules": [], "conditions": [
            condition("country", "EQUAL", "FR"),
            condition("order_count", "GREATER_THAN_INCLUSIVE", "10"),
            condition("plan", "EQUAL", "beta"),
        ]},
    ]});
    document["project"]["segments"]
        .as_array_mut()
        .unwrap()
        .push(french);
    let (on, value) = split();
    let differing = Differing::of(&document, &[("tied", true, "french"), ("split", on, value)]);
    let stored: Vec<(String, Value)> = [
        ("country", json!("FR")),
        ("order_count", json!(27)),
        ("plan", json!("free")),
        ("gone", json!(null)),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    let known = Known {
        stored: stored.clone(),
        ..Known::default()
    };
    let cause = DifferenceCause::StoredTraits {
        traits: stored[..2].to_vec(),
    };
    assert_eq!(
        differing.causes(&Surface::FlagsApi, &known),
        [("tied".into(), cause, true)]
    );
    let proxy = Surface::EdgeProxy("http://proxy/".into());
    assert_eq!(
        differing.causes(&proxy, &known),
        [("tied".into(), DifferenceCause::Unknown, false)],
        "a proxy stores nothing"
    );
}
