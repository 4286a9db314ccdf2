//! Edits of every kind, thrown.

use std::collections::BTreeMap;

use halyard_model::{
    ConnectionId, Edit, EditId, EnvironmentKey, FlagDefinition, FlagKey, FlagState, FlagValue, IdentityState,
    RuleKind, SegmentCondition, SegmentDefinition, SegmentKey, SegmentOverride, SegmentRule, Subject,
    SubjectState, Timestamp, Variant,
};
use serde_json::{Value, json};

use super::dice::Dice;

/// Everything there is, as it will be after the edits thrown so far.
pub struct World {
    pub dice: Dice,
    pub site: (ConnectionId, EnvironmentKey),
    pub states: BTreeMap<FlagKey, FlagState>,
    /// Flags that edits make: their buckets cannot be foreseen.
    pub new_flags: Vec<FlagKey>,
    pub segments: BTreeMap<String, SegmentDefinition>,
    pub owners: BTreeMap<(String, FlagKey), IdentityState>,
    pub count: usize,
}

impl World {
    /// What a document holds, with the flags' states as the mirror shows them.
    pub fn of(
        dice: Dice,
        site: (ConnectionId, EnvironmentKey),
        states: BTreeMap<FlagKey, FlagState>,
        document: &Value,
    ) -> World {
        let mut world = World {
            dice,
            site,
            states,
            new_flags: Vec::new(),
            segments: BTreeMap::new(),
            owners: BTreeMap::new(),
            count: 0,
        };
        for segment in document["project"]["segments"].as_array().unwrap() {
            let definition = SegmentDefinition {
                name: segment["name"].as_str().unwrap().to_owned(),
                description: None,
                rules: segment["rules"].as_array().unwrap().iter().map(rule_of).collect(),
                version: None,
            };
            world.segments.insert(segment["id"].to_string(), definition);
        }
        for identity in document["identity_overrides"].as_array().unwrap() {
            for state in identity["identity_features"].as_array().unwrap() {
                let flag = FlagKey(state["feature"]["name"].as_str().unwrap().to_owned());
                let own = IdentityState {
                    enabled: state["enabled"].as_bool().unwrap(),
                    value: FlagValue(state["feature_state_value"].clone()),
                    variants: Vec::new(),
                };
                let identifier = identity["identifier"].as_str().unwrap().to_owned();
                world.owners.insert((identifier, flag), own);
            }
        }
        world
    }

    fn edit(&mut self, subject: Subject, base: Option<SubjectState>, wish: Option<SubjectState>) -> Edit {
        self.count += 1;
        let id = EditId(format!("thrown-{}-{}", self.count, self.dice.next()));
        Edit::new(id, self.site.clone(), subject, (base, wish), Timestamp(1))
    }

    /// The next edit, and its kind.
    pub fn throw(&mut self) -> (&'static str, Edit) {
        loop {
            let thrown = match self.dice.below(20) {
                0..8 => self.state().map(|edit| ("state", edit)),
                8..11 => self.identity().map(|edit| ("identity", edit)),
                11 => self.new_flag().map(|edit| ("new flag", edit)),
                12 => self.no_flag().map(|edit| ("no flag", edit)),
                13 => self.described().map(|edit| ("described", edit)),
                14 => self.options().map(|edit| ("options", edit)),
                15..17 => self.new_segment().map(|edit| ("new segment", edit)),
                17..19 => self.segment().map(|edit| ("segment", edit)),
                _ => self.no_segment().map(|edit| ("no segment", edit)),
            };
            if let Some(thrown) = thrown {
                return thrown;
            }
        }
    }

    fn any_flag(&mut self) -> Option<FlagKey> {
        // Flags with a story more often than those without.
        let wanted = self.dice.below(4) > 0;
        let told: Vec<FlagKey> = self
            .states
            .iter()
            .filter(|(_, state)| !wanted || !state.segment_overrides.is_empty() || !state.variants.is_empty())
            .map(|(flag, _)| flag.clone())
            .collect();
        self.dice.pick(&told).cloned()
    }

    fn value(&mut self) -> FlagValue {
        let number = self.dice.below(90);
        FlagValue(match self.dice.below(6) {
            0 => json!(number),
            1 => json!(self.dice.one_in(2)),
            2 => json!(format!("{number}")),
            3 => json!(format!(" blanks {number}\t\u{1d}")),
            4 => json!("{\"slot\": 1}"),
            _ => json!(format!("text {number}")),
        })
    }

    /// Shares that come to at most 100; where the buckets cannot be foreseen,
    /// everything for one option.
    fn weigh(&mut self, variants: &mut [Variant], is_new: bool) {
        if is_new {
            let all = self.dice.below(variants.len() + 1);
            for (place, variant) in variants.iter_mut().enumerate() {
                variant.weight = if place == all { 100.0 } else { 0.0 };
            }
            return;
        }
        let mut left = 100;
        for variant in variants {
            let share = self.dice.below(left + 1);
            left -= share;
            variant.weight = f64::from(u32::try_from(share).unwrap());
        }
    }

    fn state(&mut self) -> Option<Edit> {
        let flag = self.any_flag()?;
        let base = self.states.get(&flag)?.clone();
        let mut wish = base.clone();
        let is_new = self.new_flags.contains(&flag);
        for _ in 0..=self.dice.below(3) {
            self.change(&mut wish, is_new);
        }
        self.states.insert(flag.clone(), wish.clone());
        Some(self.edit(Subject::state_of(&flag), Some(base.into()), Some(wish.into())))
    }

    fn change(&mut self, state: &mut FlagState, is_new: bool) {
        let count = state.segment_overrides.len();
        let place = self.dice.below(count);
        match self.dice.below(9) {
            0 => state.enabled = !state.enabled,
            1 => state.value = self.value(),
            2 => self.weigh(&mut state.variants, is_new),
            3 | 4 => self.add_override(state),
            5 if count > 0 => {
                state.segment_overrides.remove(place);
            }
            6 if count > 0 => self.dice.shuffle(&mut state.segment_overrides),
            7 if count > 0 => {
                let own = &mut state.segment_overrides[place];
                own.enabled = !own.enabled;
                let foreseen = own.priority.is_some();
                let mut variants = own.variants.clone();
                self.weigh(&mut variants, is_new || !foreseen);
                state.segment_overrides[place].variants = variants;
            }
            _ if count > 0 => {
                let value = self.value();
                state.segment_overrides[place].value = value;
            }
            _ => {}
        }
    }

    fn add_override(&mut self, state: &mut FlagState) {
        let free: Vec<(String, String)> = self
            .segments
            .iter()
            .filter(|(id, _)| state.segment_overrides.iter().all(|own| own.segment_id != **id))
            .map(|(id, segment)| (id.clone(), segment.name.clone()))
            .collect();
        // One that is made just before is the harder case.
        let new: Vec<(String, String)> = free
            .iter()
            .filter(|(id, _)| id.starts_with("new:"))
            .cloned()
            .collect();
        let among = if new.is_empty() || self.dice.one_in(4) {
            free
        } else {
            new
        };
        let Some((segment_id, segment_name)) = self.dice.pick(&among).cloned() else {
            return;
        };
        let mut variants = state.variants.clone();
        self.weigh(&mut variants, true);
        let own = SegmentOverride {
            segment_id,
            segment_name,
            priority: None,
            enabled: self.dice.one_in(2),
            value: self.value(),
            variants,
        };
        let place = self.dice.below(state.segment_overrides.len() + 1);
        state.segment_overrides.insert(place, own);
    }

    fn identity(&mut self) -> Option<Edit> {
        let held: Vec<(String, FlagKey)> = self.owners.keys().cloned().collect();
        let flag = self.any_flag()?;
        let known = match self.dice.below(3) {
            0 => self.dice.pick(&held).cloned(),
            1 => Some((format!("u_{}", 50_011 + 137 * self.dice.below(5)), flag)),
            _ => Some((format!("new-{}", self.dice.below(6)), flag)),
        };
        let (identity, flag) = known?;
        if !self.states.contains_key(&flag) {
            return None;
        }
        let key = (identity.clone(), flag.clone());
        let base = self.owners.get(&key).cloned();
        let wish = (base.is_none() || !self.dice.one_in(3)).then(|| IdentityState {
            enabled: self.dice.one_in(2),
            // The engine takes 1 and true for one: which of two identities comes
            // first, only the service knows.
            value: FlagValue(json!(format!("own {}", self.dice.below(9)))),
            variants: base
                .as_ref()
                .map(|base| base.variants.clone())
                .unwrap_or_default(),
        });
        match &wish {
            Some(wish) => self.owners.insert(key, wish.clone()),
            None => self.owners.remove(&key),
        };
        let subject = Subject::IdentityOverride { flag, identity };
        let own = SubjectState::IdentityOverride;
        Some(self.edit(subject, base.map(own), wish.map(own)))
    }

    fn new_flag(&mut self) -> Option<Edit> {
        let flag = FlagKey(format!("thrown_{}", self.dice.next()));
        let mut options = Vec::new();
        if self.dice.one_in(2) {
            for number in 0..=self.dice.below(3) {
                options.push(Variant {
                    id: String::new(),
                    key: None,
                    value: FlagValue(json!(format!("option {number}"))),
                    weight: 0.0,
                });
            }
            self.weigh(&mut options, true);
        }
        let value = [
            json!("25"),
            json!("true"),
            json!(" words "),
            json!(7),
            json!(null),
            json!(""),
        ];
        let definition = FlagDefinition {
            options,
            enabled: self.dice.one_in(2),
            value: FlagValue(self.dice.pick(&value)?.clone()),
            server_only: self.dice.one_in(3),
            ..FlagDefinition::default()
        };
        self.new_flags.push(flag.clone());
        // Its options have no names yet, so only one without any is edited on.
        if definition.options.is_empty() {
            let kept = match &definition.value.0 {
                Value::String(text) if text == "25" => json!(25),
                Value::String(text) if text == "true" => json!(true),
                Value::String(text) => json!(text.trim()),
                other => other.clone(),
            };
            let state = FlagState::plain(definition.enabled, FlagValue(kept));
            self.states.insert(flag.clone(), state);
        }
        Some(self.edit(Subject::Flag { flag }, None, Some(SubjectState::Flag(definition))))
    }

    fn no_flag(&mut self) -> Option<Edit> {
        let flag = self.any_flag()?;
        self.states.remove(&flag);
        self.owners.retain(|(_, of), _| *of != flag);
        let base = SubjectState::Flag(FlagDefinition::default());
        Some(self.edit(Subject::Flag { flag }, Some(base), None))
    }

    /// Archiving changes nothing; who receives it is told beside the results.
    fn described(&mut self) -> Option<Edit> {
        let flag = self.any_flag()?;
        let base = FlagDefinition::default();
        let wish = FlagDefinition {
            archived: true,
            server_only: true,
            description: Some("words".into()),
            ..base.clone()
        };
        let (base, wish) = (SubjectState::Flag(base), SubjectState::Flag(wish));
        Some(self.edit(Subject::Flag { flag }, Some(base), Some(wish)))
    }

    fn options(&mut self) -> Option<Edit> {
        let flag = self.any_flag().filter(|flag| !self.new_flags.contains(flag))?;
        let state = self.states.get(&flag)?.clone();
        let mut base = FlagDefinition {
            options: state.variants,
            ..FlagDefinition::default()
        };
        if base.options.is_empty() {
            return None;
        }
        // New environments begin with these, which nothing shows; none of them
        // changes but for a new one.
        base.options.iter_mut().for_each(|option| option.weight = 0.0);
        let mut wish = base.clone();
        let place = self.dice.below(wish.options.len());
        match self.dice.below(3) {
            0 if wish.options.len() > 1 => {
                wish.options.remove(place);
            }
            1 => wish.options.push(Variant {
                id: String::new(),
                key: Some("added".into()),
                value: self.value(),
                weight: 0.0,
            }),
            _ => wish.options[place].value = self.value(),
        }
        // What its states hold from here on, the next refresh tells.
        self.states.remove(&flag);
        let (base, wish) = (SubjectState::Flag(base), SubjectState::Flag(wish));
        Some(self.edit(Subject::Flag { flag }, Some(base), Some(wish)))
    }

    fn rules(&mut self, is_new: bool) -> Vec<SegmentRule> {
        let kinds = [RuleKind::All, RuleKind::Any, RuleKind::None];
        let mut inner = Vec::new();
        for _ in 0..=self.dice.below(2) {
            let mut conditions = Vec::new();
            for _ in 0..=self.dice.below(2) {
                conditions.push(self.condition(is_new));
            }
            inner.push(SegmentRule {
                kind: kinds[self.dice.below(3)],
                conditions,
                rules: Vec::new(),
            });
        }
        vec![SegmentRule {
            kind: kinds[self.dice.below(2)],
            conditions: Vec::new(),
            rules: inner,
        }]
    }

    fn condition(&mut self, is_new: bool) -> SegmentCondition {
        // Whom a new segment draws, its number decides.
        let percent = if is_new { "100" } else { "40" };
        let (operator, property, value) = [
            ("EQUAL", Some("country"), "DE"),
            ("NOT_EQUAL", Some("country"), " FR "),
            ("IN", Some("city"), "Berlin,Paris"),
            ("GREATER_THAN_INCLUSIVE", Some("order_count"), "5"),
            ("IS_SET", Some("beta_opt_in"), ""),
            ("MODULO", Some("customer_no"), "3|1"),
            ("REGEX", Some("email"), r"\d+@"),
            ("PERCENTAGE_SPLIT", None, percent),
        ][self.dice.below(8)];
        SegmentCondition {
            operator: operator.into(),
            property: property.map(str::to_owned),
            value: json!(value),
        }
    }

    fn new_segment(&mut self) -> Option<Edit> {
        let name = format!("Thrown {}", self.dice.next());
        let segment = SegmentKey::to_be_made(&name);
        let definition = SegmentDefinition {
            name,
            description: None,
            rules: self.rules(true),
            version: None,
        };
        self.segments.insert(segment.0.clone(), definition.clone());
        let wish = SubjectState::Segment(definition);
        Some(self.edit(Subject::Segment { segment }, None, Some(wish)))
    }

    fn segment(&mut self) -> Option<Edit> {
        let keys: Vec<String> = self.segments.keys().cloned().collect();
        let key = self.dice.pick(&keys)?.clone();
        let base = self.segments.get(&key)?.clone();
        let mut wish = base.clone();
        wish.rules = self.rules(key.starts_with("new:"));
        if self.dice.one_in(2) {
            wish.name = format!("Renamed {}", self.dice.next());
        }
        self.segments.insert(key.clone(), wish.clone());
        let segment = SegmentKey(key);
        let (base, wish) = (SubjectState::Segment(base), SubjectState::Segment(wish));
        Some(self.edit(Subject::Segment { segment }, Some(base), Some(wish)))
    }

    fn no_segment(&mut self) -> Option<Edit> {
        let keys: Vec<String> = self.segments.keys().cloned().collect();
        let key = self.dice.pick(&keys)?.clone();
        let base = self.segments.remove(&key)?;
        for state in self.states.values_mut() {
            state.segment_overrides.retain(|own| own.segment_id != key);
        }
        let segment = SegmentKey(key);
        Some(self.edit(
            Subject::Segment { segment },
            Some(SubjectState::Segment(base)),
            None,
        ))
    }
}

fn rule_of(rule: &Value) -> SegmentRule {
    SegmentRule {
        kind: serde_json::from_value(rule["type"].clone()).unwrap(),
        conditions: rule["conditions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| SegmentCondition {
                operator: one["operator"].as_str().unwrap().to_owned(),
                property: one["property_"].as_str().map(str::to_owned),
                value: one["value"].clone(),
            })
            .collect(),
        rules: rule["rules"].as_array().unwrap().iter().map(rule_of).collect(),
    }
}
