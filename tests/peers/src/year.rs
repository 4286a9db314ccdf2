//! A simulated year of an environment of 400 flags, 400 segments and 5,000 overrides: one change after another, each a
//! whole document, as a refresh finds it.

use halyard_model::{
    EnvironmentKey, Flag, FlagKey, FlagKind, FlagState, FlagValue, Segment, SegmentOverride, Snapshot, Tag,
    Timestamp, Variant, Version,
};
use serde_json::{Value, json};

use crate::profile::{Profile, SEED};
use crate::seeded::Seeded;

/// Milliseconds between two changes: 5,000 of them in a year.
const BETWEEN: i64 = 365 * 24 * 3_600_000 / 5_000;

/// 1 January 2026.
const BEGAN: i64 = 1_767_225_600_000;

/// How the service keeps a flag's states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Versioning {
    /// A change is written over what was there.
    Off,
    /// Every publish makes a flag's states anew, those of its overrides among them, with new identifiers.
    On,
}

/// A part of the document, and its text.
struct Item {
    name: String,
    value: Value,
    text: String,
    /// What a version-controlled folder would hold of it.
    folder: &'static str,
}

impl Item {
    fn new(folder: &'static str, value: Value) -> Self {
        let name = ["/feature/name", "/name", "/identifier"]
            .iter()
            .find_map(|place| value.pointer(place)?.as_str())
            .unwrap_or_default()
            .to_owned();
        let mut item = Self {
            name,
            value,
            text: String::new(),
            folder,
        };
        item.write();
        item
    }

    fn write(&mut self) {
        self.text = self.value.to_string();
    }

    fn path(&self) -> String {
        format!("{}/{}.json", self.folder, self.name.replace('/', "-"))
    }
}

/// A file that a change left in a version-controlled folder; no content for one that is gone.
pub struct Left {
    /// Its path.
    pub path: String,
    /// Its content, indented.
    pub content: Option<String>,
}

/// The environment as it is.
pub struct Year {
    random: Seeded,
    versioning: Versioning,
    states: Vec<Item>,
    segments: Vec<Item>,
    identities: Vec<Item>,
    rest: Value,
    flags: Vec<Flag>,
    changes: usize,
    next: u64,
    left: Vec<Left>,
}

impl Year {
    /// The environment on the first day.
    pub fn new(versioning: Versioning) -> Self {
        let mut rest = Profile::Large.document();
        let mut take = |place: &str, folder: &'static str| -> Vec<Item> {
            let list = rest.pointer_mut(place).map(Value::take);
            let list = list.and_then(|list| list.as_array().cloned()).unwrap_or_default();
            list.into_iter().map(|value| Item::new(folder, value)).collect()
        };
        let states = take("/feature_states", "flags");
        let segments = take("/project/segments", "segments");
        let identities = take("/identity_overrides", "identities");
        let mut year = Self {
            random: Seeded::new(SEED),
            versioning,
            states,
            segments,
            identities,
            rest,
            flags: Vec::new(),
            changes: 0,
            next: 1_000_000,
            left: Vec::new(),
        };
        year.flags = (0..year.states.len()).map(|index| year.record(index)).collect();
        let all = year.states.iter().chain(&year.segments).chain(&year.identities);
        year.left = all.map(left).collect();
        year
    }

    /// The files that the change left, and at first all of them.
    pub fn take_left(&mut self) -> Vec<Left> {
        let mut left = std::mem::take(&mut self.left);
        left.push(Left {
            path: "environment.json".to_owned(),
            content: indented(&self.rest),
        });
        left
    }

    /// What a refresh collects now.
    pub fn snapshot(&self) -> Snapshot {
        let document = self.document();
        let at = Timestamp(BEGAN + BETWEEN * self.changes as i64);
        let mut flags = self.flags.clone();
        flags.sort_by(|one, other| one.key.cmp(&other.key));
        let mut segments: Vec<Segment> = self
            .segments
            .iter()
            .map(|item| Segment {
                remote_id: item.value["id"].to_string(),
                name: item.name.clone(),
                description: Some(format!("Who belongs to {} and why, in a sentence.", item.name)),
            })
            .collect();
        segments.sort_by(|one, other| one.name.cmp(&other.name));
        Snapshot {
            environment: EnvironmentKey("production".into()),
            fetched_at: at,
            document,
            document_updated_at: Some(at),
            flags,
            segments,
        }
    }

    fn document(&self) -> String {
        let list = |items: &[Item]| {
            let texts: Vec<&str> = items.iter().map(|item| item.text.as_str()).collect();
            format!("[{}]", texts.join(","))
        };
        // The rest has `null` where the lists were.
        self.rest
            .to_string()
            .replace(
                "\"feature_states\":null",
                &format!("\"feature_states\":{}", list(&self.states)),
            )
            .replace(
                "\"segments\":null",
                &format!("\"segments\":{}", list(&self.segments)),
            )
            .replace(
                "\"identity_overrides\":null",
                &format!("\"identity_overrides\":{}", list(&self.identities)),
            )
    }

    /// Does the next thing somebody does: most often a toggle, a value or an override, sometimes a rule, rarely
    /// something new or the end of something old.
    pub fn change(&mut self) {
        self.changes += 1;
        self.rest["updated_at"] = json!(format!("2026-01-01T00:00:00.{:06}+00:00", self.changes));
        match self.random.below(100) {
            0..35 => self.toggle(),
            35..55 => self.value(),
            55..80 => self.edit_override(),
            80..90 => self.edit_rule(),
            90..94 => self.exchange_override(),
            94..96 => self.exchange_flag(),
            96..98 => self.exchange_segment(),
            _ => self.edit_identity(),
        }
    }

    fn toggle(&mut self) {
        let index = self.random.below(self.states.len());
        let on = self.states[index].value["enabled"].as_bool().unwrap_or_default();
        self.states[index].value["enabled"] = json!(!on);
        self.publish(index);
    }

    fn value(&mut self) {
        let index = self.random.below(self.states.len());
        let value = format!("value {}", self.random.below(1_000_000));
        self.states[index].value["feature_state_value"] = json!(value);
        self.publish(index);
    }

    fn edit_override(&mut self) {
        let segment = self.random.below(self.segments.len());
        let (state, value) = (self.random.word() as usize, self.random.below(1_000_000));
        let Some(states) = self.segments[segment].value["feature_states"].as_array_mut() else {
            return;
        };
        if states.is_empty() {
            return;
        }
        let index = state % states.len();
        let edited = &mut states[index];
        if value.is_multiple_of(2) {
            let on = edited["enabled"].as_bool().unwrap_or_default();
            edited["enabled"] = json!(!on);
        } else {
            edited["feature_state_value"] = json!(format!("value {value}"));
        }
        let name = edited["feature"]["name"].as_str().unwrap_or_default().to_owned();
        self.rewrite(segment);
        self.publish_named(&name);
    }

    fn edit_rule(&mut self) {
        let segment = self.random.below(self.segments.len());
        let operand = format!("v{}", self.random.below(100_000));
        let place = "/rules/0/rules/0/conditions/0/value";
        if let Some(value) = self.segments[segment].value.pointer_mut(place) {
            *value = json!(operand);
        }
        self.rewrite(segment);
    }

    /// One override goes, and another one comes.
    fn exchange_override(&mut self) {
        let from = self.random.below(self.segments.len());
        let to = self.random.below(self.segments.len());
        let taken = match self.segments[from].value["feature_states"].as_array_mut() {
            Some(states) if !states.is_empty() => states.remove(0),
            _ => return,
        };
        let name = taken["feature"]["name"].as_str().unwrap_or_default().to_owned();
        if let Some(states) = self.segments[to].value["feature_states"].as_array_mut() {
            states.push(taken);
        }
        self.rewrite(from);
        self.rewrite(to);
        self.publish_named(&name);
    }

    /// A flag goes with its overrides, and a new one comes, with a few.
    fn exchange_flag(&mut self) {
        let index = self.random.below(self.states.len());
        let gone = self.states.remove(index);
        self.flags.remove(index);
        self.left.push(Left {
            path: gone.path(),
            content: None,
        });
        self.next += 1;
        let mut value = gone.value;
        let name = format!("flag_{}", self.next);
        value["feature"] = json!({"id": self.next, "name": name, "type": value["feature"]["type"]});
        for segment in 0..self.segments.len() {
            let mut touched = false;
            for state in self.segments[segment].value["feature_states"]
                .as_array_mut()
                .into_iter()
                .flatten()
            {
                if state["feature"]["name"].as_str() == Some(&gone.name) {
                    state["feature"] = value["feature"].clone();
                    touched = true;
                }
            }
            if touched {
                self.rewrite(segment);
            }
        }
        self.states.push(Item::new("flags", value));
        let last = self.states.len() - 1;
        self.flags.push(self.record(last));
        self.publish(last);
    }

    fn exchange_segment(&mut self) {
        let index = self.random.below(self.segments.len());
        let gone = self.segments.remove(index);
        self.left.push(Left {
            path: gone.path(),
            content: None,
        });
        self.next += 1;
        let mut value = gone.value;
        value["id"] = json!(self.next);
        value["name"] = json!(format!("segment_{}", self.next));
        let mut names = Vec::new();
        for state in value["feature_states"].as_array().into_iter().flatten() {
            names.extend(state["feature"]["name"].as_str().map(str::to_owned));
        }
        self.segments.push(Item::new("segments", value));
        self.rewrite(self.segments.len() - 1);
        for name in names {
            if let Some(index) = self.states.iter().position(|item| item.name == name) {
                self.flags[index] = self.record(index);
            }
        }
    }

    fn edit_identity(&mut self) {
        let index = self.random.below(self.identities.len());
        let value = format!("own {}", self.random.below(1_000_000));
        if let Some(state) = self.identities[index]
            .value
            .pointer_mut("/identity_features/0/feature_state_value")
        {
            *state = json!(value);
        }
        self.identities[index].write();
        self.left.push(left(&self.identities[index]));
    }

    fn publish_named(&mut self, name: &str) {
        if let Some(index) = self.states.iter().position(|item| item.name == name) {
            self.publish(index);
        }
    }

    /// Writes a flag's state, and with versions all its overrides, too.
    fn publish(&mut self, index: usize) {
        if self.versioning == Versioning::On {
            let name = self.states[index].name.clone();
            let uuid = self.random.uuid();
            self.renew_state(index);
            for segment in 0..self.segments.len() {
                self.renew_overrides(segment, &name);
            }
            self.flags[index].state.version = Some(Version::Uuid(uuid));
        }
        let version = self.flags[index].state.version.clone();
        self.states[index].write();
        self.left.push(left(&self.states[index]));
        self.flags[index] = self.record(index);
        self.flags[index].state.version = version;
        self.flags[index].state.updated_at = Some(Timestamp(BEGAN + BETWEEN * self.changes as i64));
    }

    fn renew_state(&mut self, index: usize) {
        self.next += 1;
        let (id, uuid) = (self.next, self.random.uuid());
        renew(&mut self.states[index].value, id, &uuid);
    }

    fn renew_overrides(&mut self, segment: usize, name: &str) {
        let mut touched = false;
        for state in self.segments[segment].value["feature_states"]
            .as_array_mut()
            .into_iter()
            .flatten()
        {
            if state["feature"]["name"].as_str() == Some(name) {
                self.next += 1;
                renew(state, self.next, &self.random.uuid());
                touched = true;
            }
        }
        if touched {
            self.rewrite(segment);
        }
    }

    fn rewrite(&mut self, segment: usize) {
        self.segments[segment].write();
        self.left.push(left(&self.segments[segment]));
    }

    /// The flag as the console has it.
    fn record(&self, index: usize) -> Flag {
        let item = &self.states[index];
        let segment_overrides = self
            .segments
            .iter()
            .flat_map(|segment| {
                let states = segment.value["feature_states"].as_array().into_iter().flatten();
                states
                    .filter(|state| state["feature"]["name"].as_str() == Some(&item.name))
                    .map(|state| SegmentOverride {
                        segment_id: segment.value["id"].to_string(),
                        segment_name: segment.name.clone(),
                        priority: state.pointer("/feature_segment/priority").and_then(Value::as_i64),
                        enabled: state["enabled"].as_bool().unwrap_or_default(),
                        value: FlagValue(state["feature_state_value"].clone()),
                        variants: variants(state),
                    })
            })
            .collect();
        let variants = variants(&item.value);
        Flag {
            key: FlagKey(item.name.clone()),
            remote_id: item.value["feature"]["id"].to_string(),
            description: Some(format!("What {} is for, in a sentence.", item.name)),
            kind: if variants.is_empty() {
                FlagKind::Standard
            } else {
                FlagKind::Multivariate
            },
            tags: vec![Tag {
                label: "checkout".into(),
                color: Some("#0AADDF".into()),
            }],
            owners: vec!["maya@example.com".into()],
            archived: false,
            server_only: false,
            created_at: Some(Timestamp(BEGAN)),
            identity_overrides: Some(1),
            notes: Vec::new(),
            state: FlagState {
                enabled: item.value["enabled"].as_bool().unwrap_or_default(),
                value: FlagValue(item.value["feature_state_value"].clone()),
                variants,
                segment_overrides,
                targeting: None,
                version: None,
                updated_at: None,
            },
        }
    }
}

/// New identifiers, and everything else as it was.
fn renew(state: &mut Value, id: u64, uuid: &str) {
    state["django_id"] = json!(id);
    state["featurestate_uuid"] = json!(uuid);
    for (option, value) in state["multivariate_feature_state_values"]
        .as_array_mut()
        .into_iter()
        .flatten()
        .enumerate()
    {
        value["id"] = json!(id * 4 + option as u64);
    }
}

fn variants(state: &Value) -> Vec<Variant> {
    let options = state["multivariate_feature_state_values"]
        .as_array()
        .into_iter()
        .flatten();
    options
        .map(|option| Variant {
            id: option["multivariate_feature_option"]["id"].to_string(),
            key: option["multivariate_feature_option"]["key"]
                .as_str()
                .map(str::to_owned),
            value: FlagValue(option["multivariate_feature_option"]["value"].clone()),
            weight: option["percentage_allocation"].as_f64().unwrap_or_default(),
        })
        .collect()
}

fn left(item: &Item) -> Left {
    Left {
        path: item.path(),
        content: indented(&item.value),
    }
}

fn indented(value: &Value) -> Option<String> {
    serde_json::to_string_pretty(value).ok()
}
