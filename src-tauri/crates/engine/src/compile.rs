//! From an environment as read to the compiled form.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use crate::bucket::count_while;
use crate::condition::Test;
use crate::conditions::Conditions;
use crate::engine::{
    Condition, Dialect, Engine, Feature, Origin, Override, Rule, RuleKind, Segment, State, Variant,
};
use crate::identities::Identities;
use crate::layout::Layout;
use crate::operator::Operator;
use crate::plan::Plan;
use crate::property::{FlagField, Path, Property, Target, parse_path, path_of_names};
use crate::slots::Slots;
use crate::source::{
    Priority, Source, SourceCondition, SourceRule, SourceSegment, SourceState, SourceVariant,
};
use crate::value::Seen;

/// The property under which identity overrides look for the identifier.
pub(crate) const IDENTIFIER_PATH: &str = "$.identity.identifier";

/// Compiles. Everything that could be wrong with the document has been found while reading it.
pub(crate) fn compile(source: Source, dialect: Dialect) -> Engine {
    let mut compiler = Compiler {
        dialect,
        environment_can_fail: environment_can_fail(&source.environment_key, &source.environment_name),
        slots: Slots::default(),
        conditions: Conditions::default(),
    };
    let feature_indices: HashMap<String, u32> = source
        .features
        .iter()
        .enumerate()
        .map(|(index, feature)| (feature.name.clone(), index as u32))
        .collect();
    let mut features: Vec<Feature> = source.features.into_iter().map(Feature::new).collect();
    let mut segments = Vec::with_capacity(source.segments.len());
    for mut segment in source.segments {
        let index = segments.len() as u32;
        let overrides = std::mem::take(&mut segment.overrides);
        let mut compiled = compiler.segment(segment);
        for state in overrides {
            let Some(feature) = feature_indices.get(&state.name) else {
                compiled.orphans.push(state);
                continue;
            };
            compiled.note_override(*feature);
            let own = Override::new(index, state);
            features[*feature as usize].overrides.push(own);
        }
        segments.push(Arc::new(compiled));
    }
    for feature in &mut features {
        arrange(feature);
    }
    let sources = source.identity_overrides.into_iter().map(Arc::new).collect();
    let mut identities = Identities::new(sources, features.len(), |name| feature_indices.get(name).copied());
    identities.slot = (!identities.is_empty()).then(|| compiler.slots.add(IDENTIFIER_PATH));
    let origin = if source.context.is_some() {
        Origin::Context
    } else {
        Origin::Document
    };
    let mut engine = Engine {
        origin,
        dialect,
        environment_key: source.environment_key,
        environment_name: source.environment_name,
        features: features.into_iter().map(Arc::new).collect(),
        feature_indices: Arc::new(feature_indices),
        segments,
        identities,
        conditions: compiler.conditions,
        slots: compiler.slots,
        layout: Layout::default(),
        hazards: Vec::new(),
        has_dependencies: false,
        context: source.context.map_or_else(OnceLock::new, OnceLock::from),
        context_identity: source.identity,
        remote: source.remote,
        server_only_ids: Arc::new(source.server_only_ids),
    };
    engine.take_stock();
    engine.name_server_only_flags();
    engine
}

impl Engine {
    /// Finds out what depends on all segments together.
    pub(crate) fn take_stock(&mut self) {
        let reads_flags = |condition: &Condition| condition.reads_flag().is_some();
        self.has_dependencies = self.conditions.iter().any(reads_flags);
        let can_fail = |(index, segment): (usize, &Arc<Segment>)| {
            let hazard = segment.rules.iter().any(|rule| is_hazard(&self.conditions, rule));
            hazard.then_some(index as u32)
        };
        self.hazards = self.segments.iter().enumerate().filter_map(can_fail).collect();
        self.layout = Layout::of(self);
    }

    /// Finds the names of the flags that only server-side keys receive.
    pub(crate) fn name_server_only_flags(&mut self) {
        let is_named =
            |feature: &&Arc<Feature>| feature.id.is_some_and(|id| self.server_only_ids.contains(&id));
        let named = self.features.iter().filter(is_named);
        self.remote.server_only_flags = named.map(|feature| feature.name.clone()).collect();
    }
}

impl Feature {
    /// A feature that nothing overrides yet.
    pub(crate) fn new(source: SourceState) -> Self {
        Self {
            name: source.name.clone(),
            id: source.feature_id,
            default: State::new(source),
            overrides: Vec::new(),
            document_order: Vec::new(),
            has_null_priority: false,
            outcomes: Vec::new(),
        }
    }
}

impl Override {
    pub(crate) fn new(segment: u32, source: SourceState) -> Self {
        Self {
            segment,
            priority: source.priority,
            state: State::new(source),
        }
    }
}

impl State {
    pub(crate) fn new(source: SourceState) -> Self {
        Self {
            first: 0,
            key: source.key,
            enabled: source.enabled,
            value: source.value,
            variants: compile_variants(source.variants),
            metadata: source.metadata,
        }
    }
}

impl Segment {
    pub(crate) fn note_override(&mut self, feature: u32) {
        if !self.features.contains(&feature) {
            self.features.push(feature);
        }
    }
}

impl Condition {
    /// The name of the flag it reads, if it reads one.
    pub(crate) fn reads_flag(&self) -> Option<&str> {
        match &self.property {
            Property::Path {
                target: Target::Flag { name, .. },
                ..
            } => Some(name),
            _ => None,
        }
    }
}

/// Whether looking at a rule can fail the evaluation.
fn is_hazard(conditions: &Conditions, rule: &Rule) -> bool {
    rule.has_hazard_below
        || matches!(rule.kind, RuleKind::Unknown(_))
        || rule
            .conditions
            .iter()
            .any(|index| conditions[*index as usize].can_fail)
}

/// Whether the environment's key or name is a number of a size that can fail sound conditions.
pub(crate) fn environment_can_fail(key: &str, name: &Value) -> bool {
    Seen::of_text(key).is_hazard() || Seen::of(name).is_hazard()
}

/// Sorts a feature's overrides by precedence and remembers their document order.
pub(crate) fn arrange(feature: &mut Feature) {
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
    feature.number_outcomes();
}

/// Variants by priority, their weights laid end to end.
fn compile_variants(variants: Vec<SourceVariant>) -> Vec<Variant> {
    let mut sorted: Vec<(usize, SourceVariant)> = variants.into_iter().enumerate().collect();
    sorted.sort_by(|(_, left), (_, right)| left.priority.compare(right.priority));
    let (mut start, mut next) = (0.0, 0);
    sorted
        .into_iter()
        .map(|(listed, variant)| {
            let limit = variant.weight.as_f64().unwrap_or_default() + start;
            let range = (start, limit);
            let until = count_while(|percent| percent < range.1);
            let from = std::mem::replace(&mut next, until);
            start = limit;
            Variant {
                listed: listed as u32,
                priority: variant.priority,
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

/// Compiles segments; revisions go on where the first compilation ended.
pub(crate) struct Compiler {
    pub(crate) dialect: Dialect,
    pub(crate) environment_can_fail: bool,
    pub(crate) slots: Slots,
    pub(crate) conditions: Conditions,
}

impl Compiler {
    /// Compiles a segment's rules.
    pub(crate) fn segment(&mut self, segment: SourceSegment) -> Segment {
        let rules: Vec<Rule> = segment
            .rules
            .into_iter()
            .map(|rule| self.rule(rule, &segment.key))
            .collect();
        let can_fail = rules.iter().any(|rule| is_hazard(&self.conditions, rule));
        Segment {
            plan: Plan::of(&rules, can_fail),
            key: segment.key,
            name: segment.name,
            metadata: segment.metadata,
            rules,
            features: Vec::new(),
            orphans: Vec::new(),
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
        let has_hazard_below = matches!(kind, RuleKind::Unknown(_))
            || rules.iter().any(|rule| is_hazard(&self.conditions, rule));
        Rule {
            kind,
            conditions,
            rules,
            has_hazard_below,
        }
    }

    fn condition(&mut self, source: SourceCondition, seed: &str) -> u32 {
        let operator = Operator::from_name(&source.operator);
        let seed = if operator == Operator::PercentageSplit {
            seed
        } else {
            ""
        };
        if let Some(known) = self.conditions.find(&source, seed) {
            return known;
        }
        let property = self.property(&source.property, operator);
        let test = Test::new(operator, &source.operand, seed);
        let mut condition = Condition {
            property,
            operator,
            test,
            source,
            seed: seed.to_owned(),
            is_memoisable: true,
            can_fail: false,
        };
        condition.is_memoisable = condition.reads_flag().is_none();
        condition.can_fail = condition.test.is_hazard() || self.can_find_hazard(&condition.property);
        self.conditions.add(condition)
    }

    /// Whether a property can lead to a value that fails the evaluation, other than by a trait or name of the identity.
    fn can_find_hazard(&self, property: &Property) -> bool {
        let Property::Path { target, .. } = property else {
            return false;
        };
        match target {
            Target::Flag { .. } | Target::General(_) | Target::Raises(_) => true,
            Target::EnvironmentName | Target::EnvironmentKey => self.environment_can_fail,
            Target::Identifier | Target::Key | Target::Trait(_) | Target::Nothing => false,
        }
    }

    fn property(&mut self, text: &str, operator: Operator) -> Property {
        if operator == Operator::PercentageSplit && text.is_empty() {
            return Property::IdentityKey;
        }
        if !text.starts_with("$.") {
            return Property::Trait(self.slots.add(text));
        }
        let target = match parse_path(text) {
            Path::TraitName => return Property::Trait(self.slots.add(text)),
            Path::Raises(message) => Target::Raises(message),
            Path::General(path) => Target::General(Box::new(path)),
            Path::Names(names) => self.target(&names),
        };
        Property::Path {
            literal: self.slots.add(text),
            target,
        }
    }

    fn target(&mut self, names: &[String]) -> Target {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        match names.as_slice() {
            ["identity", "identifier"] => Target::Identifier,
            ["identity", "key"] => Target::Key,
            ["identity", "traits", name] => Target::Trait(self.slots.add(name)),
            ["environment", "name"] => Target::EnvironmentName,
            ["environment", "key"] => Target::EnvironmentKey,
            ["flags", name, rest @ ..] if self.dialect == Dialect::Sdk11_1 => {
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
