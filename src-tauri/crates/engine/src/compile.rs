//! From an environment as read to the compiled form.

use std::collections::HashMap;

use serde_json::Value;

use crate::bucket::count_while;
use crate::condition::Test;
use crate::engine::{
    Condition, Dialect, Engine, Feature, Override, OverrideSet, Rule, RuleKind, Segment, State, Variant,
};
use crate::operator::Operator;
use crate::property::{FlagField, Path, Property, Target, parse_path, path_of_names};
use crate::source::{
    Priority, Source, SourceCondition, SourceRule, SourceSegment, SourceState, SourceVariant,
};

/// The property under which identity overrides look for the identifier.
const IDENTIFIER_PATH: &str = "$.identity.identifier";

/// Compiles. Everything that could be wrong with the document has been found while reading it.
pub(crate) fn compile(source: Source, dialect: Dialect) -> Engine {
    let mut compiler = Compiler {
        dialect,
        slots: HashMap::new(),
        slot_names: Vec::new(),
        conditions: Vec::new(),
        known_conditions: HashMap::new(),
        has_dependencies: false,
    };
    let mut features = Vec::with_capacity(source.features.len());
    let mut feature_indices = HashMap::with_capacity(source.features.len());
    for feature in source.features {
        feature_indices.insert(feature.name.clone(), features.len() as u32);
        features.push(Feature {
            name: feature.name.clone(),
            id: feature.feature_id,
            default: compile_state(feature),
            overrides: Vec::new(),
            document_order: Vec::new(),
            has_null_priority: false,
            is_targeted: false,
        });
    }
    let mut segments = Vec::with_capacity(source.segments.len());
    for segment in source.segments {
        let index = segments.len() as u32;
        segments.push(compiler.segment(segment, index, &mut features, &feature_indices));
    }
    let (override_sets, sets_by_identifier) =
        compile_identity_overrides(source.identity_overrides, &mut features, &feature_indices);
    for feature in &mut features {
        arrange(feature);
    }
    Engine {
        dialect,
        environment_key: source.environment_key,
        environment_name: source.environment_name,
        features,
        feature_indices,
        segments,
        identifier_slot: (!sets_by_identifier.is_empty()).then(|| compiler.slot(IDENTIFIER_PATH)),
        conditions: compiler.conditions,
        slots: compiler.slots,
        slot_names: compiler.slot_names,
        override_sets,
        sets_by_identifier,
        has_dependencies: compiler.has_dependencies,
        context: source.context,
        context_identity: source.identity,
        remote: source.remote,
    }
}

/// Sorts a feature's overrides by precedence and remembers their document order.
fn arrange(feature: &mut Feature) {
    feature.has_null_priority = feature.overrides.iter().any(|one| one.priority == Priority::Null);
    let mut order: Vec<u32> = (0..feature.overrides.len() as u32).collect();
    // The sort is stable: on a tie the first in the document stays first.
    order.sort_by(|left, right| {
        let priority = |index: &u32| feature.overrides[*index as usize].priority;
        priority(left).compare(priority(right))
    });
    let mut document_order = vec![0; order.len()];
    for (position, original) in order.iter().enumerate() {
        document_order[*original as usize] = position as u32;
    }
    let mut unsorted: Vec<Option<Override>> = feature.overrides.drain(..).map(Some).collect();
    feature.overrides = order
        .iter()
        .filter_map(|index| unsorted[*index as usize].take())
        .collect();
    feature.document_order = document_order;
}

fn compile_identity_overrides(
    sets: Vec<crate::source::SourceOverrideSet>,
    features: &mut [Feature],
    feature_indices: &HashMap<String, u32>,
) -> (Vec<OverrideSet>, HashMap<String, Vec<u32>>) {
    let mut compiled = Vec::with_capacity(sets.len());
    let mut by_identifier: HashMap<String, Vec<u32>> = HashMap::new();
    for (index, set) in sets.into_iter().enumerate() {
        for identifier in set.identifiers {
            let sets = by_identifier.entry(identifier).or_default();
            if sets.last() != Some(&(index as u32)) {
                sets.push(index as u32);
            }
        }
        let mut states = Vec::with_capacity(set.states.len());
        for state in set.states {
            if let Some(feature) = feature_indices.get(&state.name) {
                features[*feature as usize].is_targeted = true;
                states.push((*feature, compile_state(state)));
            }
        }
        compiled.push(OverrideSet { states });
    }
    (compiled, by_identifier)
}

fn compile_state(state: SourceState) -> State {
    State {
        key: state.key,
        enabled: state.enabled,
        value: state.value,
        variants: compile_variants(state.variants),
        metadata: state.metadata,
    }
}

/// Variants by priority, their weights laid end to end.
fn compile_variants(mut variants: Vec<SourceVariant>) -> Vec<Variant> {
    variants.sort_by(|left, right| left.priority.compare(right.priority));
    let mut start = 0.0;
    variants
        .into_iter()
        .map(|variant| {
            let limit = variant.weight.as_f64().unwrap_or_default() + start;
            let range = (start, limit);
            let from = count_while(|percent| percent < range.0);
            let until = count_while(|percent| percent < range.1);
            start = limit;
            Variant {
                value: variant.value,
                key: variant.key,
                weight: variant.weight,
                from,
                until,
                range,
            }
        })
        .collect()
}

struct Compiler {
    dialect: Dialect,
    slots: HashMap<String, u32>,
    slot_names: Vec<String>,
    conditions: Vec<Condition>,
    /// Property, operator, operand and, for splits, segment key of every condition so far.
    known_conditions: HashMap<(String, String, String, String), u32>,
    has_dependencies: bool,
}

impl Compiler {
    fn slot(&mut self, name: &str) -> u32 {
        if let Some(slot) = self.slots.get(name) {
            return *slot;
        }
        let slot = self.slot_names.len() as u32;
        self.slots.insert(name.to_owned(), slot);
        self.slot_names.push(name.to_owned());
        slot
    }

    fn segment(
        &mut self,
        segment: SourceSegment,
        index: u32,
        features: &mut [Feature],
        feature_indices: &HashMap<String, u32>,
    ) -> Segment {
        let rules = segment
            .rules
            .into_iter()
            .map(|rule| self.rule(rule, &segment.key))
            .collect();
        for state in segment.overrides {
            let Some(feature) = feature_indices.get(&state.name) else {
                continue;
            };
            let feature = &mut features[*feature as usize];
            feature.is_targeted = true;
            feature.overrides.push(Override {
                segment: index,
                priority: state.priority,
                state: compile_state(state),
            });
        }
        Segment {
            key: segment.key,
            name: segment.name,
            metadata: segment.metadata,
            rules,
        }
    }

    fn rule(&mut self, rule: SourceRule, seed: &str) -> Rule {
        let kind = match rule.kind.as_str() {
            "ALL" => RuleKind::All,
            "ANY" => RuleKind::Any,
            "NONE" => RuleKind::None,
            _ => RuleKind::Unknown(rule.kind),
        };
        let conditions = rule
            .conditions
            .into_iter()
            .map(|condition| self.condition(condition, seed))
            .collect();
        let rules: Vec<Rule> = rule.rules.into_iter().map(|rule| self.rule(rule, seed)).collect();
        let has_hazard_below =
            matches!(kind, RuleKind::Unknown(_)) || rules.iter().any(|rule| self.is_hazard(rule));
        Rule {
            kind,
            conditions,
            rules,
            has_hazard_below,
        }
    }

    fn is_hazard(&self, rule: &Rule) -> bool {
        rule.has_hazard_below
            || matches!(rule.kind, RuleKind::Unknown(_))
            || rule.conditions.iter().any(|index| {
                let condition = &self.conditions[*index as usize];
                condition.test.is_hazard()
                    || matches!(
                        condition.property,
                        Property::Path {
                            target: Target::Flag { .. } | Target::Raises(_),
                            ..
                        }
                    )
            })
    }

    fn condition(&mut self, source: SourceCondition, seed: &str) -> u32 {
        let operator = Operator::from_name(&source.operator);
        let own_seed = if operator == Operator::PercentageSplit {
            seed
        } else {
            ""
        };
        let fingerprint = (
            source.property.clone(),
            source.operator.clone(),
            source.operand.to_string(),
            own_seed.to_owned(),
        );
        if let Some(known) = self.known_conditions.get(&fingerprint) {
            return *known;
        }
        let property = self.property(&source.property, operator);
        let is_memoisable = !matches!(
            property,
            Property::Path {
                target: Target::Flag { .. },
                ..
            }
        );
        let test = Test::new(operator, &source.operand, seed);
        let index = self.conditions.len() as u32;
        self.conditions.push(Condition {
            property,
            operator,
            test,
            source,
            is_memoisable,
        });
        self.known_conditions.insert(fingerprint, index);
        index
    }

    fn property(&mut self, text: &str, operator: Operator) -> Property {
        if operator == Operator::PercentageSplit && text.is_empty() {
            return Property::IdentityKey;
        }
        if !text.starts_with("$.") {
            return Property::Trait(self.slot(text));
        }
        let target = match parse_path(text) {
            Path::TraitName => return Property::Trait(self.slot(text)),
            Path::Raises(message) => Target::Raises(message),
            Path::General(path) => Target::General(Box::new(path)),
            Path::Names(names) => self.target(&names),
        };
        Property::Path {
            literal: self.slot(text),
            target,
        }
    }

    fn target(&mut self, names: &[String]) -> Target {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        match names.as_slice() {
            ["identity", "identifier"] => Target::Identifier,
            ["identity", "key"] => Target::Key,
            ["identity", "traits", name] => Target::Trait(self.slot(name)),
            ["environment", "name"] => Target::EnvironmentName,
            ["environment", "key"] => Target::EnvironmentKey,
            ["flags", name, rest @ ..] if self.dialect == Dialect::Sdk11_1 => {
                self.has_dependencies = true;
                let field = if let [field] = rest {
                    FlagField::named(field)
                } else {
                    FlagField::Other
                };
                Target::Flag {
                    name: (*name).to_owned(),
                    field,
                }
            }
            names => path_of_names(names).map_or(Target::Nothing, |path| Target::General(Box::new(path))),
        }
    }
}

/// Whether a value can be the answer of a path.
pub(crate) fn is_scalar(value: &Value) -> bool {
    !value.is_array() && !value.is_object()
}
