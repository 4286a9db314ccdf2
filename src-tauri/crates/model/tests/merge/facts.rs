//! What a state says, one fact at a time, taken from the states themselves and
//! not from their fields.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use halyard_model::{FieldPath, FlagState, FlagValue, SegmentRule, SubjectState, Variant};
use serde_json::Value;

/// Something that a state says or does not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fact {
    Exists,
    /// A part that there is once.
    Own(&'static str),
    /// A tag, a trait, an environment's value.
    Of(&'static str, String),
    HasOverride(String),
    OverrideSays(String, &'static str),
    /// Whether the first is tried before the second, which is larger.
    Before(String, String),
    HasTargeting,
    TargetingSays(String),
}

pub type Facts = BTreeMap<Fact, String>;

/// A value as text in which numbers are what they count, however they are
/// written. Of our own, and quick: this is asked millions of times.
trait Told {
    fn tell(&self, text: &mut String);
}

impl Told for Value {
    fn tell(&self, text: &mut String) {
        match self {
            Value::Number(number) => write!(text, "{}", number.as_f64().unwrap()).unwrap(),
            Value::String(own) => write!(text, "{own:?}").unwrap(),
            Value::Array(list) => list.tell(text),
            Value::Object(members) => {
                for (name, value) in members {
                    write!(text, "{name:?}:").unwrap();
                    value.tell(text);
                    text.push(',');
                }
                text.push('}');
            }
            other => write!(text, "{other}").unwrap(),
        }
    }
}

impl<T: Told> Told for Vec<T> {
    fn tell(&self, text: &mut String) {
        for one in self {
            one.tell(text);
            text.push(',');
        }
        text.push(']');
    }
}

impl Told for FlagValue {
    fn tell(&self, text: &mut String) {
        self.0.tell(text);
    }
}

impl Told for bool {
    fn tell(&self, text: &mut String) {
        write!(text, "{self}").unwrap();
    }
}

impl Told for String {
    fn tell(&self, text: &mut String) {
        text.push_str(self);
    }
}

impl Told for Variant {
    fn tell(&self, text: &mut String) {
        write!(text, "{} {:?} {} ", self.id, self.key, self.weight).unwrap();
        self.value.tell(text);
    }
}

impl Told for SegmentRule {
    fn tell(&self, text: &mut String) {
        write!(text, "{self:?}").unwrap();
    }
}

fn told(value: &impl Told) -> String {
    let mut text = String::new();
    value.tell(&mut text);
    text
}

fn targeting(facts: &mut Facts, targeting: Option<&Value>) {
    let Some(targeting) = targeting else { return };
    facts.insert(Fact::HasTargeting, String::new());
    for (name, value) in targeting.as_object().unwrap() {
        facts.insert(Fact::TargetingSays(name.clone()), told(value));
    }
}

fn is_some(value: &Option<String>, fact: &'static str, facts: &mut Facts) {
    if let Some(value) = value {
        facts.insert(Fact::Own(fact), told(value));
    }
}

pub fn facts(state: Option<&SubjectState>) -> Facts {
    let mut facts = Facts::new();
    let Some(state) = state else { return facts };
    facts.insert(Fact::Exists, String::new());
    let mut own = |name: &'static str, value: String| facts.insert(Fact::Own(name), value);
    match state {
        SubjectState::FlagState(state) => {
            own("enabled", told(&state.enabled));
            own("value", told(&state.value));
            own("weights", told(&state.variants));
            overrides(&mut facts, state);
            targeting(&mut facts, state.targeting.as_ref());
        }
        SubjectState::IdentityOverride(state) => {
            own("enabled", told(&state.enabled));
            own("value", told(&state.value));
            own("weights", told(&state.variants));
        }
        SubjectState::Flag(flag) => {
            own("archived", told(&flag.archived));
            own("server_only", told(&flag.server_only));
            own("options", told(&flag.options));
            own("enabled", told(&flag.enabled));
            own("value", told(&flag.value));
            is_some(&flag.description, "description", &mut facts);
            is_some(&flag.active_from, "active_from", &mut facts);
            is_some(&flag.active_until, "active_until", &mut facts);
            for tag in &flag.tags {
                facts.insert(Fact::Of("tag", tag.clone()), String::new());
            }
            targeting(&mut facts, flag.targeting.as_ref());
        }
        SubjectState::Segment(segment) => {
            own("name", told(&segment.name));
            own("rules", told(&segment.rules));
            is_some(&segment.description, "description", &mut facts);
        }
        SubjectState::Traits(traits) => {
            for (name, value) in traits {
                facts.insert(Fact::Of("trait", name.clone()), told(value));
            }
        }
        SubjectState::Config(config) => {
            own("value", told(&config.value));
            for (name, value) in &config.environments {
                facts.insert(Fact::Of("environment_value", name.clone()), told(value));
            }
        }
    }
    facts
}

fn overrides(facts: &mut Facts, state: &FlagState) {
    let ids: Vec<&String> = state
        .segment_overrides
        .iter()
        .map(|own| &own.segment_id)
        .collect();
    for (place, own) in state.segment_overrides.iter().enumerate() {
        let id = &own.segment_id;
        facts.insert(Fact::HasOverride(id.clone()), String::new());
        let mut says = |what, value| facts.insert(Fact::OverrideSays(id.clone(), what), value);
        says("enabled", told(&own.enabled));
        says("value", told(&own.value));
        says("weights", told(&own.variants));
        for later in &ids[place + 1..] {
            let (first, second) = (id.min(later).clone(), id.max(later).clone());
            let value = (*id == first).to_string();
            facts.insert(Fact::Before(first, second), value);
        }
    }
}

impl Fact {
    /// Whether a decision about a field decides this fact.
    pub fn is_decided_by(&self, field: &FieldPath) -> bool {
        let word = field.to_string();
        let is = |fact: &str| word == fact;
        match self {
            _ if *field == FieldPath::Existence => true,
            Fact::Exists => false,
            Fact::Own(name) => is(name),
            Fact::Of(name, key) => is(&format!("{name}:{key}")),
            Fact::HasOverride(id) => is(&format!("override:{id}")),
            Fact::OverrideSays(id, what) => {
                is(&format!("override:{id}")) || is(&format!("override_{what}:{id}"))
            }
            Fact::Before(one, other) => {
                is("override_order") || is(&format!("override:{one}")) || is(&format!("override:{other}"))
            }
            Fact::HasTargeting => is("has_targeting"),
            Fact::TargetingSays(name) => {
                is("has_targeting")
                    || match name.as_str() {
                        "rules" | "rollout" => is(name),
                        other => is(&format!("targeting:{other}")),
                    }
            }
        }
    }

    /// What it is a part of: there is no fact without that.
    pub fn whole(&self) -> Fact {
        match self {
            Fact::OverrideSays(id, _) => Fact::HasOverride(id.clone()),
            Fact::TargetingSays(_) => Fact::HasTargeting,
            _ => Fact::Exists,
        }
    }

    /// Whether there is but one of it in its whole.
    pub fn is_single(&self) -> bool {
        matches!(
            self,
            Fact::Own(_) | Fact::OverrideSays(..) | Fact::HasTargeting | Fact::TargetingSays(_)
        )
    }
}

/// How many orders of the overrides hold every pair as it must come out, by
/// trying all of them; and one of these.
pub fn possible_orders(
    ids: &BTreeSet<String>,
    [base, mine, theirs]: [&Facts; 3],
) -> (usize, Option<Vec<String>>) {
    let ids: Vec<&String> = ids.iter().collect();
    let must = |one: &String, other: &String| {
        let fact = Fact::Before(one.clone(), other.clone());
        match (base.get(&fact), mine.get(&fact), theirs.get(&fact)) {
            (_, None, None) => Ok(None),
            (_, Some(told), None) | (_, None, Some(told)) => Ok(Some(told == "true")),
            (_, Some(mine), Some(theirs)) if mine == theirs => Ok(Some(mine == "true")),
            (Some(base), Some(_), Some(_)) => Ok(Some(base != "true")),
            (None, Some(_), Some(_)) => Err(()),
        }
    };
    let places = 0..ids.len();
    let Ok(must) = places
        .clone()
        .map(|one| ids.iter().map(|other| must(ids[one], other)).collect())
        .collect::<Result<Vec<Vec<Option<bool>>>, ()>>()
    else {
        return (0, None);
    };
    let mut found = (0, None);
    permute(&mut places.collect(), 0, &mut |order| {
        let holds = (0..order.len()).all(|place| {
            // Smaller places hold smaller identifiers.
            let is_held = |later: &usize| match order[place] < *later {
                true => must[order[place]][*later] != Some(false),
                false => must[*later][order[place]] != Some(true),
            };
            order[place + 1..].iter().all(is_held)
        });
        if holds {
            found.0 += 1;
            found.1 = Some(order.iter().map(|at| ids[*at].clone()).collect());
        }
    });
    found
}

fn permute(list: &mut Vec<usize>, from: usize, each: &mut impl FnMut(&[usize])) {
    if from >= list.len() {
        return each(list);
    }
    for at in from..list.len() {
        list.swap(from, at);
        permute(list, from + 1, each);
        list.swap(from, at);
    }
}
