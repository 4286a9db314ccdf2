//! What damage is.

use std::sync::OnceLock;

use halyard_engine::Identity;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Map, Value, json};

/// One change to a JSON tree.
#[derive(Clone, Debug)]
enum TreeDamage {
    Replace(Value),
    Remove,
    /// An item of a list comes twice, a field gets another name.
    Repeat(String),
    /// Something from elsewhere in the document: often still of the right form.
    Graft(Index),
    /// Wrapped into lists or rules, so many times.
    Nest(usize),
}

/// One change to text.
#[derive(Clone, Debug)]
enum TextDamage {
    Insert(String),
    Delete(usize),
    Cut,
}

/// A damaged document and whom to evaluate.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// The document's text, not always JSON any more.
    pub(crate) text: String,
    pub(crate) identity: Identity,
    /// A part for a revision, from anywhere.
    pub(crate) part: Value,
}

impl Case {
    /// For `kept.json`.
    pub(crate) fn written(&self) -> String {
        let Identity {
            identifier,
            key,
            traits,
        } = &self.identity;
        let identity = json!({ "identifier": identifier, "key": key, "traits": traits });
        json!({ "about": "", "text": self.text, "identity": identity, "part": self.part }).to_string()
    }

    pub(crate) fn kept(case: &Value) -> Self {
        let traits = case["identity"]["traits"]
            .as_object()
            .cloned()
            .unwrap_or_default();
        Self {
            text: case["text"].as_str().unwrap().to_owned(),
            identity: Identity {
                identifier: case["identity"]["identifier"].as_str().unwrap().to_owned(),
                key: case["identity"]["key"].as_str().map(str::to_owned),
                traits: traits.into_iter().collect(),
            },
            part: case["part"].clone(),
        }
    }
}

/// The documents that damage starts from: the committed cases and generated ones of the corpus.
fn documents() -> &'static [Value] {
    static DOCUMENTS: OnceLock<Vec<Value>> = OnceLock::new();
    DOCUMENTS.get_or_init(|| {
        let mut paths: Vec<_> = std::fs::read_dir(crate::folder().join("cases"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        paths.sort();
        let read = |text: &str| serde_json::from_str::<Value>(text).unwrap()["document"].take();
        let cases = paths
            .iter()
            .map(|path| read(&std::fs::read_to_string(path).unwrap()));
        let corpus = std::fs::read_to_string(crate::folder().join("corpus/corpus.jsonl")).unwrap();
        let generated = corpus.lines().filter(|line| line.len() > 6000).take(60).map(read);
        cases.chain(generated).collect()
    })
}

fn odd_text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => ".{0,12}",
        // Looks like a pattern, a path, a version, a number.
        3 => "[\\\\(){}\\[\\]|*+?^$.a-cPiwdb<=!:#0-9,-]{0,14}",
        2 => "\\$\\.(flags|identity|features|segments|environment)?[a-c.*\\[\\]'?@=()_0-9]{0,16}",
        1 => "\\$\\.flags\\.flag_[0-9]\\.(enabled|value|variant|reason)",
        1 => "v?[0-9]{1,22}\\.[0-9]{1,3}(\\.[0-9]{1,3}(-[a-z.0-9]{1,6})?(\\+[a-z]{1,3})?)?(:semver)?",
        2 => "[+-]?[0-9_]{0,30}(\\.[0-9]{0,20})?(e[+-]?[0-9]{1,5})?",
        1 => Just("9".repeat(5000)),
        1 => Just("\u{0}\u{feff}\u{202e}e\u{301}\u{1f468}\u{200d}\u{1f469}\u{fffd}".to_owned()),
        1 => Just(format!("{}1", "[".repeat(200))),
        1 => Just("(".repeat(300)),
        1 => prop::sample::select(vec!["ALL", "ANY", "NONE", "EQUAL", "IN", "REGEX", "MODULO", "PERCENTAGE_SPLIT",
            "IS_SET", "CONTAINS", "NOT_CONTAINS", "GREATER_THAN", "nan", "inf", "0|0", "1|2|3", "identity_overrides"])
            .prop_map(str::to_owned),
    ]
}

fn odd_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        2 => any::<i64>().prop_map(Value::from),
        1 => any::<u64>().prop_map(Value::from),
        2 => (-3i64..40).prop_map(Value::from),
        2 => any::<f64>().prop_map(Value::from),
        1 => prop::sample::select(vec![1e308, -1e308, 5e-324, 0.1, 33.333, 100.0, -0.0]).prop_map(Value::from),
        5 => odd_text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((odd_text(), inner), 0..4).prop_map(|fields| fields.into_iter().collect()),
        ]
    })
}

fn tree_damage() -> impl Strategy<Value = TreeDamage> {
    prop_oneof![
        4 => odd_value().prop_map(TreeDamage::Replace),
        2 => Just(TreeDamage::Remove),
        2 => odd_text().prop_map(TreeDamage::Repeat),
        4 => any::<Index>().prop_map(TreeDamage::Graft),
        1 => (1usize..60).prop_map(TreeDamage::Nest),
    ]
}

fn text_damage() -> impl Strategy<Value = TextDamage> {
    prop_oneof![
        prop_oneof![
            odd_text(),
            "[\\[\\]{}\",:0-9eE.+-]{1,6}",
            Just("[".repeat(150)),
            Just("1e999999".to_owned())
        ]
        .prop_map(TextDamage::Insert),
        (1usize..40).prop_map(TextDamage::Delete),
        Just(TextDamage::Cut),
    ]
}

fn identity() -> impl Strategy<Value = Identity> {
    let names = prop_oneof![
        6 => prop::sample::select(vec!["plan", "age", "email", "country", "beta", "version", "score", "$.odd", "x", "t",
            "n", "a", "v", "text", "$.identity.identifier"]).prop_map(str::to_owned),
        1 => odd_text(),
    ];
    let identifiers = prop_oneof![
        prop::sample::select(vec!["maya", "42", "007", "1.5", "", "a,b"]).prop_map(str::to_owned),
        odd_text(),
    ];
    let traits = prop::collection::btree_map(names, odd_value(), 0..8);
    (identifiers, prop::option::of(odd_text()), traits).prop_map(|(identifier, key, traits)| Identity {
        identifier,
        key,
        traits,
    })
}

/// The places of a tree, as pointers, parents before children.
fn places(value: &Value, here: &str, found: &mut Vec<String>) {
    found.push(here.to_owned());
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                places(item, &format!("{here}/{index}"), found);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                let name = name.replace('~', "~0").replace('/', "~1");
                places(field, &format!("{here}/{name}"), found);
            }
        }
        _ => {}
    }
}

fn at(document: &Value, place: &Index) -> String {
    let mut found = Vec::new();
    places(document, "", &mut found);
    place.get(&found).clone()
}

fn damage_tree(document: &mut Value, place: &Index, damage: &TreeDamage) {
    let pointer = at(document, place);
    if let (TreeDamage::Remove | TreeDamage::Repeat(_), Some((parent, name))) =
        (damage, pointer.rsplit_once('/'))
    {
        match (document.pointer_mut(parent), damage) {
            (Some(Value::Object(fields)), TreeDamage::Repeat(other)) => {
                let value = fields.get(name).cloned().unwrap_or_default();
                fields.insert(other.clone(), value);
            }
            (Some(Value::Object(fields)), _) => drop(fields.shift_remove(name)),
            (Some(Value::Array(items)), TreeDamage::Repeat(_)) => {
                items.extend(items.get(place.index(items.len())).cloned());
            }
            (Some(Value::Array(items)), _) => drop(items.remove(place.index(items.len()))),
            _ => {}
        }
        return;
    }
    let replacement = match damage {
        TreeDamage::Replace(value) => value.clone(),
        TreeDamage::Graft(from) => document.pointer(&at(document, from)).cloned().unwrap_or_default(),
        TreeDamage::Nest(depth) => {
            let inner = document.pointer(&pointer).cloned().unwrap_or_default();
            let wrap = |value: Value, _| match value {
                Value::Object(fields)
                    if fields.contains_key("rules") || fields.contains_key("conditions") =>
                {
                    let mut outer = Map::new();
                    outer.insert("type".to_owned(), json!("ANY"));
                    outer.insert("conditions".to_owned(), json!([]));
                    outer.insert("rules".to_owned(), json!([fields]));
                    Value::Object(outer)
                }
                other => json!([other]),
            };
            (0..*depth).fold(inner, wrap)
        }
        TreeDamage::Remove | TreeDamage::Repeat(_) => return,
    };
    if let Some(target) = document.pointer_mut(&pointer) {
        *target = replacement;
    }
}

fn damage_text(text: &mut String, place: &Index, damage: &TextDamage) {
    let mut at = place.index(text.len() + 1);
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    match damage {
        TextDamage::Insert(more) => text.insert_str(at, more),
        TextDamage::Cut => text.truncate(at),
        TextDamage::Delete(count) => {
            let mut until = (at + count).min(text.len());
            while !text.is_char_boundary(until) {
                until += 1;
            }
            text.replace_range(at..until, "");
        }
    }
}

/// Mostly trees with a few changes, at times with changes to their text, too.
pub(crate) fn any_case() -> impl Strategy<Value = Case> {
    let trees = prop::collection::vec((any::<Index>(), tree_damage()), 0..4);
    let texts = prop_oneof![
        5 => Just(Vec::new()),
        1 => prop::collection::vec((any::<Index>(), text_damage()), 1..4),
    ];
    (
        any::<Index>(),
        trees,
        texts,
        identity(),
        any::<Index>(),
        odd_value(),
        any::<bool>(),
    )
        .prop_map(|(which, trees, texts, identity, part, odd, takes_odd)| {
            let mut document = which.get(documents()).clone();
            for (place, damage) in &trees {
                damage_tree(&mut document, place, damage);
            }
            let part = if takes_odd {
                odd
            } else {
                document
                    .pointer(&at(&document, &part))
                    .cloned()
                    .unwrap_or_default()
            };
            let mut text = document.to_string();
            for (place, damage) in &texts {
                damage_text(&mut text, place, damage);
            }
            Case { text, identity, part }
        })
}

/// A cohort file that was well once, in one of the three formats.
pub(crate) fn damaged_bytes() -> impl Strategy<Value = Vec<u8>> {
    const WELL: [&str; 3] = [
        "identifier,plan,age\nmaya,\"pro, \"\"paid\"\"\",42\nnoah,free,\nliv,,7\n",
        r#"[{"identifier": "maya", "traits": {"plan": "pro", "age": 42}}, {"identifier": "noah", "age": null}]"#,
        "{\"identifier\": \"maya\", \"plan\": \"pro\"}\n{\"identifier\": \"noah\", \"age\": 1.5}\n\n{\"identifier\": 7}\n",
    ];
    let changes = prop::collection::vec(
        (
            any::<Index>(),
            prop::collection::vec(any::<u8>(), 0..4),
            0usize..6,
        ),
        0..5,
    );
    let texts = prop::collection::vec((any::<Index>(), text_damage()), 0..4);
    (prop::sample::select(WELL.to_vec()), changes, texts).prop_map(|(well, changes, texts)| {
        let mut text = well.to_owned();
        for (place, damage) in &texts {
            damage_text(&mut text, place, damage);
        }
        let mut bytes = text.into_bytes();
        for (place, more, fewer) in changes {
            let at = place.index(bytes.len() + 1);
            let until = (at + fewer).min(bytes.len());
            bytes.splice(at..until, more);
        }
        bytes
    })
}
