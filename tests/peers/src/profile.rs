//! The generated environment documents that everything is measured on.
//!
//! Three sizes, always the same from [`SEED`]:
//!
//! - `bench`: 50 flags, 15 segments of 15 conditions each (a hundred or so different ones), 750 overrides, all
//!   matching, 10 multivariate flags, 10 regular expressions.
//! - `noregex`: the same with an `EQUAL` in place of every regular expression.
//! - `large`: 400 flags, 400 segments of 1 to 8 conditions, 5,000 overrides, 40 splits, 53 regular expressions, 200
//!   identities with overrides of their own.

use serde_json::{Value, json};

use crate::people;
use crate::seeded::Seeded;

/// What the documents are made from.
pub const SEED: u64 = 42;

/// Which document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Few segments that all match.
    Bench,
    /// [`Profile::Bench`] without regular expressions.
    NoRegex,
    /// As many flags and segments as the service allows a project.
    Large,
}

impl Profile {
    /// All of them, small ones first.
    pub const ALL: [Self; 3] = [Self::Bench, Self::NoRegex, Self::Large];

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bench => "bench",
            Self::NoRegex => "noregex",
            Self::Large => "large",
        }
    }

    /// The profile of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.name() == name)
    }

    /// The environment document, in the form that a server gives it in.
    pub fn document(self) -> Value {
        let maker = Maker {
            random: Seeded::new(SEED),
            next_seed: 100_000,
        };
        match self {
            Self::Bench => maker.bench("REGEX"),
            Self::NoRegex => maker.bench("EQUAL"),
            Self::Large => maker.large(),
        }
    }
}

struct Maker {
    random: Seeded,
    /// The bucketing seed of the next feature state.
    next_seed: u64,
}

impl Maker {
    fn bench(mut self, pattern_operator: &str) -> Value {
        let is_multivariate = |flag: usize| flag.is_multiple_of(5);
        let states: Vec<Value> = (0..50)
            .map(|flag| self.state(flag, is_multivariate(flag), None))
            .collect();
        let patterned = self.random.distinct(10, 15);
        let mut segments = Vec::new();
        for segment in 0..15 {
            let mut conditions: Vec<Value> = (0..people::TRAITS.len())
                .map(|slot| {
                    let (operator, operand) = people::holding(slot, &mut self.random);
                    condition(people::TRAITS[slot], operator, &operand)
                })
                .collect();
            // Drawn for every segment, so that both variants of this profile go on with the same numbers.
            let ending = *self.random.choose(&["e", "me", "cme", "[a-z]e", "m+e"]);
            if patterned.contains(&segment) {
                let operand = if pattern_operator == "REGEX" {
                    format!("ac?[a-z]*{ending}$")
                } else {
                    "acme".to_owned()
                };
                conditions[people::COMPANY] = condition("company", pattern_operator, &operand);
            }
            let states: Vec<Value> = (0..50)
                .map(|flag| self.state(flag, is_multivariate(flag), Some(segment + 1)))
                .collect();
            segments.push(json!({
                "id": segment + 1, "name": format!("segment_{segment}"), "feature_states": states,
                "rules": [{ "type": "ALL", "rules": [], "conditions": conditions }],
            }));
        }
        document(&states, &segments, &[])
    }

    fn large(mut self) -> Value {
        const SEGMENTS: usize = 400;
        let is_multivariate = |flag: usize| flag.is_multiple_of(5);
        let states: Vec<Value> = (0..400)
            .map(|flag| self.state(flag, is_multivariate(flag), None))
            .collect();
        let splits = self.random.distinct(40, SEGMENTS);
        let patterned = self.random.distinct(53, SEGMENTS);
        let mut segments = Vec::new();
        for segment in 0..SEGMENTS {
            let mut conditions: Vec<Value> = (0..1 + self.random.below(8))
                .map(|_| {
                    let slot = self.random.below(people::TRAITS.len());
                    let (operator, operand) = people::varied(slot, &mut self.random);
                    condition(people::TRAITS[slot], operator, &operand)
                })
                .collect();
            if patterned.contains(&segment) {
                let pattern = *self.random.choose(&[
                    "^user_[0-4]+@",
                    "^user_1",
                    "user_[0-9]?5@",
                    "example[.]com$",
                    "_9[0-9]?@",
                ]);
                let pattern = if self.random.chance(50) {
                    pattern.to_owned()
                } else {
                    format!("{pattern}|x{segment}")
                };
                let place = self.random.below(conditions.len());
                conditions[place] = condition("email", "REGEX", &pattern);
            }
            if splits.contains(&segment) {
                let threshold = (1 + self.random.below(99)).to_string();
                conditions.push(condition("", "PERCENTAGE_SPLIT", &threshold));
            }
            let kind = *self.random.choose(&["ALL", "ALL", "ALL", "ANY", "NONE"]);
            // The server's own editor puts the conditions one level down.
            let rules = json!([{ "type": "ALL", "conditions": [], "rules": [
                { "type": kind, "rules": [], "conditions": conditions }
            ]}]);
            let count = 12 + segment % 2;
            let states: Vec<Value> = self
                .random
                .distinct(count, 400)
                .into_iter()
                .map(|flag| {
                    let priority = 1 + self.random.below(30);
                    self.state(flag, is_multivariate(flag), Some(priority))
                })
                .collect();
            segments.push(json!({
                "id": segment + 1, "name": format!("segment_{segment}"), "feature_states": states, "rules": rules,
            }));
        }
        let identities: Vec<Value> = (0..200)
            .map(|number| {
                let flag = self.random.below(400);
                let states = vec![
                    self.state(flag, false, None),
                    self.state((flag + 7) % 400, false, None),
                ];
                json!({
                    "identifier": people::identifier(number * 5), "identity_features": states,
                    "environment_api_key": "generated", "created_date": "2026-01-01T00:00:00.000000+00:00",
                    "identity_traits": [], "identity_uuid": self.random.uuid(), "django_id": number + 1,
                })
            })
            .collect();
        document(&states, &segments, &identities)
    }

    fn state(&mut self, flag: usize, is_multivariate: bool, priority: Option<usize>) -> Value {
        self.next_seed += 1;
        let seed = self.next_seed;
        let mut options = Vec::new();
        if is_multivariate {
            for (option, weight) in [20.0, 30.0, 25.0].into_iter().enumerate() {
                options.push(json!({
                    "id": seed * 4 + option as u64, "mv_fs_value_uuid": self.random.uuid(),
                    "percentage_allocation": weight,
                    "multivariate_feature_option": {
                        "id": flag * 10 + option, "key": format!("option_{option}"), "value": format!("option {option}"),
                    },
                }));
            }
        }
        json!({
            "feature": { "id": flag + 1, "name": format!("flag_{flag}"), "type": if is_multivariate { "MULTIVARIATE" } else { "STANDARD" } },
            "enabled": self.random.chance(60), "django_id": seed, "featurestate_uuid": self.random.uuid(),
            "feature_state_value": format!("value {seed}"), "multivariate_feature_state_values": options,
            "feature_segment": priority.map(|priority| json!({ "priority": priority })),
        })
    }
}

fn condition(property: &str, operator: &str, operand: &str) -> Value {
    json!({ "operator": operator, "property_": property, "value": operand })
}

fn document(states: &[Value], segments: &[Value], identities: &[Value]) -> Value {
    json!({
        "id": 1, "api_key": "generated", "name": "Production", "feature_states": states,
        "identity_overrides": identities, "updated_at": "2026-01-01T00:00:00.000000+00:00",
        "allow_client_traits": true, "hide_sensitive_data": false, "hide_disabled_flags": null,
        "use_identity_composite_key_for_hashing": true, "use_identity_overrides_in_local_eval": true,
        "project": {
            "id": 1, "name": "Generated", "hide_disabled_flags": false, "server_key_only_feature_ids": [],
            "enable_realtime_updates": false, "segments": segments,
            "organisation": {
                "id": 1, "name": "Generated", "feature_analytics": false, "stop_serving_flags": false,
                "persist_trait_data": true,
            },
        },
    })
}
