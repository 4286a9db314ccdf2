//! Where the official Rust engine disagrees with the reference.
//!
//! Every disagreement over the grid and the frozen corpus has to fall into a class of `disagreements.md`. One that does
//! not, fails; so does a class that has none any more: then the crate was mended, and the list is to follow.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test"
)]

mod answers;
mod conditions;
mod documents;
mod flags;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use answers::{Answer, Pair, identity_of};
use conditions::{OPERATORS, Probe};
use documents::{completed, conditions_of, isolated, readable};
use halyard_engine::Identity;
use serde_json::{Value, json};

/// Disagreements by class.
#[derive(Default)]
struct Found {
    compared: usize,
    classes: BTreeMap<&'static str, usize>,
    unlisted: Vec<String>,
}

impl Found {
    fn add(&mut self, class: Option<&'static str>, about: impl FnOnce() -> String) {
        match class {
            Some(class) => *self.classes.entry(class).or_default() += 1,
            None => self.unlisted.push(about()),
        }
    }
}

fn engine_tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../src-tauri/crates/engine/tests")
}

/// One condition about one trait, all operators, operands and values.
fn compare_grid(found: &mut Found) {
    let values = std::fs::read_to_string(engine_tests().join("grid/values.json")).unwrap();
    let values: Value = serde_json::from_str(&values).unwrap();
    for operator in OPERATORS.into_iter().chain(["WHATEVER"]) {
        for operand in values["conditions"].as_array().unwrap() {
            let condition = json!({ "property_": "trait", "operator": operator, "value": operand });
            let document = completed(&json!({
                "api_key": "grid", "name": "Grid", "feature_states": [], "identity_overrides": [],
                "project": { "segments": [{
                    "id": 1, "name": "cell", "feature_states": [],
                    "rules": [{ "type": "ALL", "rules": [], "conditions": [condition] }],
                }]},
            }));
            let pair = Pair::of(&document).unwrap();
            for value in values["traits"].as_array().unwrap() {
                let identity = Identity::new("grid").with_trait("trait", value.clone());
                let (own, theirs) = pair.answers(Some(&identity));
                found.compared += 1;
                if own != theirs {
                    let class = Probe::of(&condition, &identity, &document).class(&own, own.has("1"));
                    found.add(class, || {
                        format!("{value} {operator} {operand}: {own:?}, crate {theirs:?}")
                    });
                }
            }
        }
    }
}

fn compare_corpus(found: &mut Found) {
    let corpus = std::fs::read_to_string(engine_tests().join("corpus/corpus.jsonl")).unwrap();
    for line in corpus.lines() {
        let request: Value = serde_json::from_str(line).unwrap();
        let mut document = completed(&request["document"]);
        for class in readable(&mut document) {
            found.add(Some(class), String::new);
        }
        let pair = match Pair::of(&document) {
            Ok(pair) => pair,
            Err(error) => {
                found.unlisted.push(format!("{error}: {document}"));
                continue;
            }
        };
        for person in request["identities"].as_array().unwrap() {
            compare_identity(found, &document, &pair, identity_of(person).as_ref());
        }
    }
}

fn compare_identity(found: &mut Found, document: &Value, pair: &Pair, identity: Option<&Identity>) {
    let (own, theirs) = pair.answers(identity);
    if let Answer::Result { flags, .. } = &own {
        found.compared += flags.len();
    }
    if own == theirs {
        return;
    }
    let Some(identity) = identity else {
        found.add(Some("nobody"), String::new);
        return;
    };
    let (flags, their_flags) = match (&own, &theirs) {
        (Answer::Result { flags, .. }, Answer::Result { flags: others, .. }) => (flags, others),
        (Answer::Fails(_), Answer::Result { .. }) => {
            return found.add(Some("failing-evaluation"), String::new);
        }
        (_, Answer::Panics(cause)) => {
            let is_overflow = cause.contains("PosOverflow");
            return found.add(is_overflow.then_some("panic-beyond-64-bits"), || {
                format!("{cause}: {identity:?}")
            });
        }
        _ => return found.unlisted.push(format!("{own:?}, crate {theirs:?}")),
    };
    let mut explained = Vec::new();
    for segment in document["project"]["segments"].as_array().into_iter().flatten() {
        let id = segment["id"].to_string();
        if own.has(&id) != theirs.has(&id) {
            explain_segment(found, document, identity, segment, &own);
            explained.push(segment);
        }
    }
    for (name, flag) in flags {
        let Some(other) = their_flags.get(name) else {
            found.unlisted.push(format!("{name} is missing: {identity:?}"));
            continue;
        };
        let overrides = |segment: &&&Value| {
            segment["feature_states"]
                .as_array()
                .into_iter()
                .flatten()
                .any(|state| state["feature"]["name"] == name.as_str())
        };
        if flag != other && !explained.iter().any(|segment| overrides(&segment)) {
            let class = flags::class(document, identity, name, flag, other);
            found.add(class, || {
                format!("{name}: {flag:?}, crate {other:?}, {identity:?}")
            });
        }
    }
}

/// Asks each condition of a segment alone, and files those about which the engines disagree.
fn explain_segment(found: &mut Found, document: &Value, identity: &Identity, segment: &Value, own: &Answer) {
    let id = segment["id"].to_string();
    let mut conditions = Vec::new();
    conditions_of(&segment["rules"], &mut conditions);
    let mut explained = false;
    for condition in &conditions {
        let document = isolated(document, segment, condition);
        let pair = Pair::of(&document).unwrap();
        let (alone, theirs) = pair.answers(Some(identity));
        if alone.has(&id) == theirs.has(&id) && !matches!(alone, Answer::Fails(_)) {
            continue;
        }
        explained = true;
        let probe = Probe::of(condition, identity, &document);
        found.add(probe.class(&alone, alone.has(&id)), || {
            format!("{condition} {identity:?}: {alone:?}, crate {theirs:?}")
        });
    }
    if explained {
        return;
    }
    // Nothing differs about one condition alone where other flags or the order of traits come in.
    let mut classes = conditions
        .iter()
        .filter_map(|condition| Probe::of(condition, identity, document).wide_class());
    found.add(classes.next(), || format!("{segment} {identity:?} {own:?}"));
}

/// The classes of the list: what stands in bold at the start of an item.
fn listed() -> BTreeSet<String> {
    let list =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("disagreements.md")).unwrap();
    let name = |line: &str| {
        Some(
            line.trim_start()
                .strip_prefix("- **")?
                .split_once("**")?
                .0
                .to_owned(),
        )
    };
    list.lines().filter_map(name).collect()
}

#[test]
fn every_disagreement_of_the_official_crate_is_listed() {
    // Panics of the crate are caught and counted; their messages would only be noise.
    std::panic::set_hook(Box::new(|_| {}));
    let mut found = Found::default();
    compare_grid(&mut found);
    compare_corpus(&mut found);
    drop(std::panic::take_hook());
    println!(
        "{} decisions compared with the official crate; disagreements by class:",
        found.compared
    );
    for (class, count) in &found.classes {
        println!("{count:7} {class}");
    }
    let shown: Vec<&String> = found.unlisted.iter().take(5).collect();
    assert!(
        shown.is_empty(),
        "{} unlisted disagreements: {shown:#?}",
        found.unlisted.len()
    );
    let occurring: BTreeSet<String> = found.classes.into_keys().map(str::to_owned).collect();
    let listed = listed();
    let gone: Vec<&String> = listed.difference(&occurring).collect();
    let new: Vec<&String> = occurring.difference(&listed).collect();
    assert!(gone.is_empty(), "listed, but the crate agrees by now: {gone:?}");
    assert!(new.is_empty(), "not described in disagreements.md: {new:?}");
}
