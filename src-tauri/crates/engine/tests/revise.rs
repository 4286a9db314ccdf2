//! A revised engine is the engine of the changed document, and no flag it calls unaffected changes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod common;

use std::collections::HashSet;

use common::{DIALECTS, answer, identity_of, test_folder};
use halyard_engine::{Dialect, Engine, Revision};
use serde_json::{Value, json};

/// Numbers that look random, the same ones every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) as usize % sides
    }

    fn pick<'a>(&mut self, items: &'a Value) -> Option<&'a Value> {
        let items = items.as_array().filter(|items| !items.is_empty())?;
        items.get(self.roll(items.len()))
    }
}

/// A change, as a revision and as what it does to a document.
enum Change {
    Flag(Value),
    RemoveFlag(String),
    Segment(Value),
    RemoveSegment(String),
    Identity(Value),
    RemoveIdentity(String),
}

impl Change {
    /// Some change, with parts of another document.
    fn any(dice: &mut Dice, own: &Value, other: &Value) -> Option<Self> {
        Some(match dice.roll(8) {
            0 | 1 => Self::Flag(dice.pick(&other["feature_states"])?.clone()),
            2 => Self::RemoveFlag(text(&dice.pick(&own["feature_states"])?["feature"]["name"])),
            3 | 4 => Self::Segment(dice.pick(&other["project"]["segments"])?.clone()),
            5 => Self::RemoveSegment(text(&dice.pick(&own["project"]["segments"])?["id"])),
            6 => Self::Identity(dice.pick(&other["identity_overrides"])?.clone()),
            _ => Self::RemoveIdentity(text(&dice.pick(&own["identity_overrides"])?["identifier"])),
        })
    }

    fn revision(&self) -> Revision<'_> {
        match self {
            Self::Flag(value) => Revision::Flag(value),
            Self::RemoveFlag(name) => Revision::RemoveFlag(name),
            Self::Segment(value) => Revision::Segment(value),
            Self::RemoveSegment(key) => Revision::RemoveSegment(key),
            Self::Identity(value) => Revision::Identity(value),
            Self::RemoveIdentity(identifier) => Revision::RemoveIdentity(identifier),
        }
    }

    fn apply(&self, document: &mut Value) {
        let flag_name = |state: &Value| text(&state["feature"]["name"]);
        let segment_id = |segment: &Value| text(&segment["id"]);
        let identifier = |identity: &Value| text(&identity["identifier"]);
        match self {
            Self::Flag(value) => put(&mut document["feature_states"], value, flag_name),
            Self::RemoveFlag(name) => {
                remove(&mut document["feature_states"], name, flag_name);
                for segment in document["project"]["segments"].as_array_mut().unwrap() {
                    remove(&mut segment["feature_states"], name, flag_name);
                }
                for identity in document["identity_overrides"].as_array_mut().unwrap() {
                    remove(&mut identity["identity_features"], name, flag_name);
                }
            }
            Self::Segment(value) => put(&mut document["project"]["segments"], value, segment_id),
            Self::RemoveSegment(key) => remove(&mut document["project"]["segments"], key, segment_id),
            Self::Identity(value) => put(&mut document["identity_overrides"], value, identifier),
            Self::RemoveIdentity(name) => remove(&mut document["identity_overrides"], name, identifier),
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn put(items: &mut Value, item: &Value, name: impl Fn(&Value) -> String) {
    let items = items.as_array_mut().unwrap();
    match items.iter_mut().find(|known| name(known) == name(item)) {
        Some(place) => *place = item.clone(),
        None => items.push(item.clone()),
    }
}

fn remove(items: &mut Value, named: &str, name: impl Fn(&Value) -> String) {
    if let Some(items) = items.as_array_mut() {
        items.retain(|item| name(item) != named);
    }
}

/// Each flag, segment and identity once, as revisions take them to be.
fn without_duplicates(document: &Value) -> Value {
    let mut document = document.clone();
    if document["identity_overrides"].is_null() {
        document["identity_overrides"] = json!([]);
    }
    type Name = fn(&Value) -> String;
    let lists: [(&str, Name); 3] = [
        ("/feature_states", |item| text(&item["feature"]["name"])),
        ("/project/segments", |item| text(&item["id"])),
        ("/identity_overrides", |item| text(&item["identifier"])),
    ];
    for (place, name) in lists {
        let mut seen = HashSet::new();
        let items = document.pointer_mut(place).unwrap().as_array_mut().unwrap();
        items.retain(|item| seen.insert(name(item)));
    }
    document
}

/// What a trace tells of every segment and flag.
fn traced(engine: &Engine, identity: &Value) -> Vec<String> {
    if identity.is_null() {
        return Vec::new();
    }
    let identity = identity_of(identity);
    let trace = engine.trace(&identity);
    let segments = trace
        .segments()
        .map(|one| format!("{} {} {} {:?}", one.index, one.key, one.name, one.standing));
    let flags = trace.flags().map(|flag| {
        let candidates = flag.candidates().into_iter();
        let candidates = candidates.map(|one| (one.source, one.state, one.standing));
        format!(
            "{:?} {:?} {:?}",
            flag.result(),
            candidates.collect::<Vec<_>>(),
            flag.caveats()
        )
    });
    segments.chain(flags).collect()
}

fn check(before: &Engine, revised: &Engine, whole: &Engine, identities: &[&Value]) -> usize {
    let reached: HashSet<&str> = before
        .affected(revised)
        .into_iter()
        .filter_map(|flag| revised.flag_name(flag))
        .collect();
    let mut unaffected = 0;
    for identity in identities {
        let (now, then) = (answer(revised, identity), answer(before, identity));
        assert_eq!(now, answer(whole, identity), "{identity}");
        assert_eq!(traced(revised, identity), traced(whole, identity), "{identity}");
        let (Some(now), Some(then)) = (now["flags"].as_object(), then["flags"].as_object()) else {
            continue;
        };
        for (flag, result) in now.iter().filter(|(flag, _)| !reached.contains(flag.as_str())) {
            assert_eq!(Some(result), then.get(flag), "{flag} of {identity}");
            unaffected += 1;
        }
    }
    unaffected
}

#[test]
fn a_revised_engine_is_that_of_the_changed_document() {
    let corpus = std::fs::read_to_string(test_folder().join("corpus/corpus.jsonl")).unwrap();
    let requests: Vec<Value> = corpus
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let mut dice = Dice(11);
    let (mut revised_often, mut unaffected) = (0, 0);
    for round in 0..800 {
        let (own, other) = (
            &requests[round % requests.len()],
            &requests[dice.roll(requests.len())],
        );
        let mut document = without_duplicates(&own["document"]);
        let (_, dialect) = DIALECTS[round % 2];
        let before = Engine::from_document(&document, dialect).unwrap();
        let original = document.clone();
        let changes: Vec<Change> = (0..=dice.roll(3))
            .filter_map(|_| Change::any(&mut dice, &original, &without_duplicates(&other["document"])))
            .collect();
        for change in &changes {
            change.apply(&mut document);
        }
        let revisions: Vec<Revision<'_>> = changes.iter().map(Change::revision).collect();
        let revised = before.revised(&revisions).unwrap();
        let whole = Engine::from_document(&document, dialect).unwrap();
        let identities: Vec<&Value> = [own, other]
            .iter()
            .flat_map(|request| request["identities"].as_array().unwrap())
            .collect();
        unaffected += check(&before, &revised, &whole, &identities);
        revised_often += usize::from(!revisions.is_empty());
    }
    assert!(
        revised_often > 400 && unaffected > 1000,
        "{revised_often} {unaffected}"
    );
}

#[test]
fn a_flag_that_is_added_gets_the_overrides_that_waited_for_it() {
    let state = |value: &str| {
        json!({"feature": {"id": 1, "name": "a"}, "enabled": true, "feature_state_value": value, "django_id": 1,
               "feature_segment": {"priority": 0}})
    };
    let rules = json!([{"type": "ALL", "conditions": [], "rules": []}]);
    let document = json!({"api_key": "k", "name": "n", "feature_states": [], "project": {"segments": [
        {"id": 1, "name": "everybody", "rules": rules, "feature_states": [state("theirs")]}]}});
    let engine = Engine::from_document(&document, Dialect::Server10_2).unwrap();
    let added = engine.revised(&[Revision::Flag(&state("default"))]).unwrap();
    let value = answer(&added, &json!({"identifier": "me"}))["flags"]["a"][1].clone();
    assert_eq!(value, "theirs");
}

/// A state of a flag; `id` is the flag's and its seed.
fn state(id: i64, name: &str, value: &str, priority: &Value) -> Value {
    let mut state = json!({"feature": {"id": id, "name": name}, "enabled": true, "feature_state_value": value,
                           "django_id": id});
    if !priority.is_string() {
        state["feature_segment"] = json!({ "priority": priority });
    }
    state
}

/// A segment that everybody is in.
fn everybody(id: i64, states: &[Value]) -> Value {
    json!({"id": id, "name": format!("segment {id}"), "feature_states": states,
           "rules": [{"type": "ALL", "conditions": [], "rules": []}]})
}

fn environment(states: &[Value], segments: &[Value]) -> Value {
    json!({"api_key": "k", "name": "n", "feature_states": states, "project": {"segments": segments}})
}

#[test]
fn a_segment_that_comes_back_comes_at_the_end() {
    let default = [state(1, "a", "default", &json!("none"))];
    let theirs = |segment: i64| everybody(segment, &[state(1, "a", &format!("of {segment}"), &json!(0))]);
    let reads = json!({"id": 3, "name": "reads", "feature_states": [], "rules": [
        {"type": "ALL", "rules": [], "conditions": [
            {"property_": "$.segments['1'].name", "operator": "IS_SET", "value": null}]}]});
    let document = environment(&default, &[theirs(1), theirs(2), reads.clone()]);
    let engine = Engine::from_document(&document, Dialect::Server10_2).unwrap();
    let me = json!({"identifier": "me"});

    let gone = engine.revised(&[Revision::RemoveSegment("1")]).unwrap();
    let whole = environment(&default, &[theirs(2), reads.clone()]);
    let whole = Engine::from_document(&whole, Dialect::Server10_2).unwrap();
    assert_eq!(answer(&gone, &me), answer(&whole, &me));
    let names = |engine: &Engine| {
        let identity = identity_of(&me);
        let trace = engine.trace(&identity);
        trace
            .segments()
            .map(|segment| segment.name.to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&gone), names(&whole));
    assert_eq!(gone.lint().len(), whole.lint().len());

    let back = gone.revised(&[Revision::Segment(&theirs(1))]).unwrap();
    let whole = environment(&default, &[theirs(2), reads, theirs(1)]);
    let whole = Engine::from_document(&whole, Dialect::Server10_2).unwrap();
    assert_eq!(answer(&back, &me), answer(&whole, &me));
    assert_eq!(answer(&back, &me)["flags"]["a"][1], "of 2");
}

#[test]
fn a_revised_segment_keeps_its_turn() {
    let theirs = |segment: i64, value: &str| everybody(segment, &[state(1, "a", value, &json!(0))]);
    let document = environment(
        &[state(1, "a", "default", &json!("none"))],
        &[theirs(1, "first"), theirs(2, "second")],
    );
    let engine = Engine::from_document(&document, Dialect::Server10_2).unwrap();
    let revised = engine
        .revised(&[Revision::Segment(&theirs(1, "changed"))])
        .unwrap();
    assert_eq!(
        answer(&revised, &json!({"identifier": "me"}))["flags"]["a"][1],
        "changed"
    );
}

#[test]
fn remote_rules_are_those_of_the_changed_document() {
    let flag = |id: i64, name: &str| state(id, name, "", &json!("none"));
    let mut document = environment(&[flag(1, "a"), flag(2, "b"), flag(4, "d")], &[]);
    document["project"]["server_key_only_feature_ids"] = json!([4, 3, 2, 3]);
    let engine = Engine::from_document(&document, Dialect::Server10_2).unwrap();
    assert_eq!(engine.remote().server_only_flags, ["b", "d"]);
    let added = engine
        .revised(&[Revision::Flag(&flag(3, "c")), Revision::RemoveFlag("b")])
        .unwrap();
    assert_eq!(added.remote().server_only_flags, ["d", "c"]);
    let renumbered = added.revised(&[Revision::Flag(&flag(5, "d"))]).unwrap();
    assert_eq!(renumbered.remote().server_only_flags, ["c"]);
}

#[test]
fn an_identity_that_the_document_has_twice_is_replaced_whole() {
    let own = |flags: &[&str]| {
        let states = flags.iter().map(|flag| state(1, flag, "mine", &json!("none")));
        json!({"identifier": "me", "identity_features": states.collect::<Vec<_>>()})
    };
    let defaults = ["a", "b"].map(|flag| state(1, flag, "default", &json!("none")));
    let mut document = environment(&defaults, &[]);
    document["identity_overrides"] = json!([own(&["a"]), own(&["b"])]);
    let engine = Engine::from_document(&document, Dialect::Server10_2).unwrap();
    let revised = engine.revised(&[Revision::Identity(&own(&["a"]))]).unwrap();
    let flags = answer(&revised, &json!({"identifier": "me"}))["flags"].clone();
    assert_eq!(
        (&flags["a"][1], &flags["b"][1]),
        (&json!("mine"), &json!("default"))
    );
}

#[test]
fn whatever_a_result_shows_makes_a_flag_affected() {
    let document = environment(
        &[
            state(1, "a", "x", &json!("none")),
            state(2, "b", "x", &json!("none")),
        ],
        &[
            everybody(1, &[state(1, "a", "y", &json!(1))]),
            everybody(2, &[state(1, "a", "z", &json!(2))]),
        ],
    );
    let variant = json!({"id": 1, "percentage_allocation": 100.0,
                         "multivariate_feature_option": {"value": "v", "key": "one"}});
    let affected = |change: &dyn Fn(&mut Value)| {
        let mut before = document.clone();
        before["feature_states"][1]["multivariate_feature_state_values"] = json!([variant]);
        let mut after = before.clone();
        change(&mut after);
        let compile = |document| Engine::from_document(document, Dialect::Server10_2).unwrap();
        compile(&before).affected(&compile(&after))
    };
    let cases: [(&str, Value, &[usize]); 14] = [
        ("/name", json!("n"), &[]),
        ("/feature_states/1/feature_state_value", json!("other"), &[1]),
        ("/feature_states/1/enabled", json!(false), &[1]),
        ("/feature_states/1/feature/id", json!(9), &[1]),
        ("/feature_states/1/django_id", json!(9), &[1]),
        (
            "/feature_states/1/multivariate_feature_state_values/0/percentage_allocation",
            json!(100.5),
            &[1],
        ),
        (
            "/feature_states/1/multivariate_feature_state_values/0/multivariate_feature_option/key",
            json!("k"),
            &[1],
        ),
        (
            "/feature_states/1/multivariate_feature_state_values/0/multivariate_feature_option/value",
            json!(1),
            &[1],
        ),
        ("/project/segments/0/name", json!("renamed"), &[0]),
        ("/project/segments/0/rules/0/type", json!("ANY"), &[0]),
        (
            "/project/segments/0/feature_states/0/feature_segment/priority",
            json!(3),
            &[0],
        ),
        (
            "/project/segments/0/feature_states/0/feature_segment/priority",
            Value::Null,
            &[0, 1],
        ),
        ("/name", json!("other"), &[0, 1]),
        ("/api_key", json!("other"), &[0, 1]),
    ];
    for (place, value, expected) in cases {
        let found = affected(&|document| *document.pointer_mut(place).unwrap() = value.clone());
        assert_eq!(found, expected, "{place}");
    }
}

#[test]
fn what_cannot_be_read_is_named_and_nothing_changes() {
    let document = json!({"api_key": "k", "name": "n", "project": {"segments": []}, "feature_states": []});
    let engine = Engine::from_document(&document, Dialect::Server10_2).unwrap();
    let broken = json!({"feature": {"id": 1, "name": "a"}, "enabled": "yes"});
    let error = engine.revised(&[Revision::Flag(&broken)]).unwrap_err();
    assert_eq!(error.to_string(), "featurestate_uuid: missing");
    let context = json!({"environment": {"key": "k", "name": "n"}});
    let engine = Engine::from_context(&context, Dialect::Server10_2).unwrap();
    assert!(engine.revised(&[]).is_err());
}
