//! A revised engine is the engine of the changed document, and no flag it calls unaffected changes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod common;

use std::collections::HashSet;

use common::{DIALECTS, answer, test_folder};
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
