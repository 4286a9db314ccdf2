//! Which trait values are worth trying on an environment.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::examples::matching_text;
use super::generate::{RangeKind, TraitRange};
use super::read::infer;
use crate::condition::operand_text;
use crate::engine::{Condition, Engine, Rule};
use crate::lists::read_members;
use crate::operator::Operator;
use crate::property::{Property, Target};

/// Share of made-up identities that lack a trait.
const ABSENT: f64 = 0.1;
/// The same for a trait whose presence some condition asks about.
const ABSENT_WHERE_ASKED: f64 = 0.3;
/// Most values suggested for one trait.
const MOST_VALUES: usize = 1000;
/// How many members of a list are tried.
const MEMBERS: usize = 3;
/// Values of a trait that is only hashed.
const HASHED: RangeKind = RangeKind::Integers { from: 1, to: 100_000 };

/// A condition on a trait, as the document has it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TraitCondition<'e> {
    /// The trait's name.
    pub trait_name: &'e str,
    /// What is asked of it.
    pub operator: Operator,
    /// Text, most often; contexts may have lists and null.
    pub operand: &'e Value,
}

impl Engine {
    /// The conditions on traits, each distinct one once, in order of first use.
    pub fn trait_conditions(&self) -> impl Iterator<Item = TraitCondition<'_>> {
        // A revised engine keeps conditions that its document no longer has, so the rules are asked.
        let mut seen = HashSet::new();
        let mut used = Vec::new();
        let mut rules: Vec<&Rule> = self
            .segments
            .iter()
            .rev()
            .flat_map(|segment| segment.rules.iter().rev())
            .collect();
        while let Some(rule) = rules.pop() {
            used.extend(
                rule.conditions
                    .iter()
                    .copied()
                    .filter(|index| seen.insert(*index)),
            );
            rules.extend(rule.rules.iter().rev());
        }
        used.into_iter().filter_map(|index| {
            let condition = self.conditions.get(index)?;
            Some(TraitCondition {
                trait_name: self.trait_of(condition)?,
                operator: condition.operator,
                operand: &condition.source.operand,
            })
        })
    }

    fn trait_of(&self, condition: &Condition) -> Option<&str> {
        let slot = match &condition.property {
            Property::Trait(slot) => slot,
            Property::Path {
                target: Target::Trait(slot),
                ..
            } => slot,
            Property::IdentityKey | Property::Path { .. } => return None,
        };
        Some(self.slots.name(*slot))
    }
}

/// Trait ranges that let every comparison of some environments hold for some identities and fail for others: the
/// operands, values next to them, and a value that nobody asks for. For an edit, give the environment before and after.
pub fn suggested_ranges(engines: &[&Engine]) -> Vec<TraitRange> {
    let mut suggestions: Vec<(&str, Suggestion)> = Vec::new();
    let mut positions = HashMap::new();
    for condition in engines.iter().flat_map(|engine| engine.trait_conditions()) {
        let name = condition.trait_name;
        let position = *positions.entry(name).or_insert_with(|| {
            suggestions.push((name, Suggestion::default()));
            suggestions.len() - 1
        });
        if let Some((_, suggestion)) = suggestions.get_mut(position) {
            suggestion.add(&condition);
        }
    }
    let range = |(name, suggestion): (&str, Suggestion)| TraitRange {
        name: name.to_owned(),
        absent: if suggestion.is_presence_asked {
            ABSENT_WHERE_ASKED
        } else {
            ABSENT
        },
        kind: suggestion.kind(),
    };
    suggestions.into_iter().map(range).collect()
}

/// What is worth trying for one trait.
#[derive(Default)]
struct Suggestion {
    values: Vec<Value>,
    is_presence_asked: bool,
    is_hashed: bool,
}

impl Suggestion {
    fn add(&mut self, condition: &TraitCondition<'_>) {
        let text = operand_text(condition.operand);
        match condition.operator {
            Operator::Equal
            | Operator::NotEqual
            | Operator::GreaterThan
            | Operator::GreaterThanInclusive
            | Operator::LessThan
            | Operator::LessThanInclusive => self.extend(around(&text)),
            Operator::In => {
                let members = read_members(condition.operand).unwrap_or_default();
                self.extend(members.iter().take(MEMBERS).map(|member| typed(member)));
                self.extend([other(&text)]);
            }
            Operator::Contains | Operator::NotContains => {
                let text = text.strip_suffix(":semver").unwrap_or(&text);
                self.extend([Value::from(format!("some{text}")), other(text)]);
            }
            Operator::Regex => {
                self.extend(matching_text(&text).map(Value::from));
                self.extend([other(&text)]);
            }
            Operator::Modulo => {
                let remainder = text
                    .split_once('|')
                    .and_then(|(_, remainder)| remainder.trim().parse::<f64>().ok());
                let remainder = remainder.filter(|remainder| remainder.abs() < 1e15);
                self.extend(
                    remainder
                        .into_iter()
                        .flat_map(|remainder| [remainder, remainder + 1.0].map(number)),
                );
            }
            Operator::IsSet | Operator::IsNotSet => self.is_presence_asked = true,
            Operator::PercentageSplit => self.is_hashed = true,
            Operator::Unknown => {}
        }
    }

    fn extend(&mut self, values: impl IntoIterator<Item = Value>) {
        for value in values {
            if self.values.len() < MOST_VALUES && !self.values.contains(&value) {
                self.values.push(value);
            }
        }
    }

    fn kind(self) -> RangeKind {
        if !self.values.is_empty() {
            return RangeKind::one_of(self.values);
        }
        if self.is_hashed {
            HASHED
        } else {
            RangeKind::Booleans { share: 0.5 }
        }
    }
}

/// The value that an operand was most likely meant as.
fn typed(text: &str) -> Value {
    infer(text).unwrap_or_else(|| Value::from(text))
}

fn number(number: f64) -> Value {
    if number.fract() == 0.0 {
        Value::from(number as i64)
    } else {
        Value::from(number)
    }
}

/// Text that is not the one given and that does not hold it.
fn other(text: &str) -> Value {
    Value::from(if "other".contains(text) { "none" } else { "other" })
}

/// An operand's own value, one below and one above.
fn around(text: &str) -> Vec<Value> {
    if let Some(version) = text.strip_suffix(":semver") {
        let major = version
            .split('.')
            .next()
            .and_then(|major| major.parse::<u64>().ok())
            .unwrap_or(0);
        let above = format!("{}.0.0", major.saturating_add(1));
        return ["0.0.0-0", version, &above].map(Value::from).to_vec();
    }
    match typed(text) {
        Value::Bool(_) => vec![Value::Bool(false), Value::Bool(true)],
        Value::Number(operand) => match (operand.as_i64(), operand.as_f64()) {
            (Some(whole), _) => [whole.saturating_sub(1), whole, whole.saturating_add(1)]
                .map(Value::from)
                .to_vec(),
            (None, Some(float)) => [float - 1.0, float, float + 1.0].map(Value::from).to_vec(),
            (None, None) => Vec::new(),
        },
        // Blanks and the like come before any letter, and a longer text after the shorter.
        operand => vec![
            Value::from(if text > "!" { "!" } else { "" }),
            operand,
            Value::from(format!("{text}~")),
        ],
    }
}
