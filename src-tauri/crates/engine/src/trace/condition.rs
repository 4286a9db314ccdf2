//! Every condition, asked of one identity.

use std::borrow::Cow;

use serde_json::Value;

use crate::bound::Session;
use crate::bucket::{bucket, percent};
use crate::condition::Test;
use crate::engine::{Condition, Engine};
use crate::error::FailureCause;
use crate::operator::Operator;
use crate::property::{Property, Target};
use crate::value::Seen;

/// The answer to a condition or a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TraceVerdict {
    /// It holds.
    Holds,
    /// It does not.
    DoesNotHold,
    /// The reference raises instead of answering, if it comes to ask.
    Fails(FailureCause),
}

/// One condition, asked of this identity.
#[derive(Clone, Debug, PartialEq)]
pub struct ConditionTrace<'t> {
    /// Trait name or JSONPath; empty for a split on the identity itself.
    pub property: &'t str,
    /// What was asked.
    pub operator: Operator,
    /// The operator's name in the document, also when it is unknown.
    pub operator_name: &'t str,
    /// The operand as the document has it: text or null, in contexts also other JSON.
    pub operand: &'t Value,
    /// The value found, before coercion; `None` when unset.
    pub raw: Option<Cow<'t, Value>>,
    /// The type the comparison took place in; `None` when unset or unreadable.
    pub seen_as: Option<SeenType>,
    /// Whether it holds.
    pub verdict: TraceVerdict,
    /// Why it does not hold, where the values themselves do not say.
    pub cause: Option<Cause>,
    /// What the reference raises as soon as there is a value to ask about, although it may have none now.
    pub hazard: Option<FailureCause>,
    /// The bucket, for percentage splits of something that is set.
    pub bucket: Option<BucketTrace>,
}

/// The type in which a value is compared, after coercion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeenType {
    /// true or false.
    Boolean,
    /// An integer, also written as text.
    Integer,
    /// A number with a fraction, also written as text.
    Float,
    /// Text.
    Text,
    /// Text compared as a semantic version.
    Version,
}

/// Why a condition does not hold, apart from the values being different.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// There is no value.
    Unset,
    /// The operator never holds for values of this type.
    WrongType,
    /// The operand cannot be read as the value's type.
    UnreadableOperand,
    /// The value is text that is no version, and the operand is a version.
    UnreadableVersion,
    /// The operand lets nothing through, whatever the value.
    CanNeverMatch,
    /// The reference does not know the operator, so it never holds.
    UnknownOperator,
    /// The pattern is no regular expression of the reference's dialect: the reference raises.
    BadPattern,
    /// The reference raises for another reason.
    Fails(FailureCause),
}

/// Where a percentage split put the value.
#[derive(Clone, Debug, PartialEq)]
pub struct BucketTrace {
    /// The text that was hashed: the segment's key and the value.
    pub hashed: String,
    /// Percent, from 0 up to but excluding 100.
    pub bucket: f64,
    /// Percent; buckets up to and including it are in.
    pub threshold: f64,
}

impl ConditionTrace<'_> {
    /// Whether it holds.
    pub fn holds(&self) -> bool {
        self.verdict == TraceVerdict::Holds
    }

    /// The value as it was compared, after coercion: the number that text became, else the value's own text. `None`
    /// when unset.
    pub fn coerced(&self) -> Option<Cow<'_, str>> {
        let raw = self.raw.as_deref()?;
        match (self.seen_as?, raw) {
            (SeenType::Text | SeenType::Version, Value::String(text)) => Some(Cow::Borrowed(text)),
            (_, Value::Bool(boolean)) => Some(Cow::Borrowed(if *boolean { "true" } else { "false" })),
            (_, raw) => Seen::of(raw).print().map(|text| Cow::Owned(text.into_owned())),
        }
    }
}

/// Asks every condition of the session's identity.
pub(super) fn ask_all<'t>(session: &mut Session<'t, 't>) -> Vec<ConditionTrace<'t>> {
    let engine = session.engine;
    let raw = RawTraits::of(engine, session);
    engine
        .conditions
        .iter()
        .map(|condition| ask(session, condition, &raw))
        .collect()
}

/// The traits as given, by slot.
struct RawTraits<'t>(Vec<Option<&'t Value>>);

impl<'t> RawTraits<'t> {
    fn of(engine: &'t Engine, session: &Session<'t, 't>) -> Self {
        let mut by_slot = vec![None; engine.slots.len()];
        for (name, slot) in engine.slots.sorted() {
            let given = session.identity.and_then(|identity| identity.traits.get(name));
            by_slot[slot as usize] = given.filter(|value| !value.is_null());
        }
        Self(by_slot)
    }

    fn slot(&self, slot: u32) -> Option<&'t Value> {
        self.0.get(slot as usize).copied().flatten()
    }

    /// The trait a property reads; `None` where it reads something else.
    fn of_property(&self, property: &Property) -> Option<&'t Value> {
        match property {
            Property::Trait(slot) => self.slot(*slot),
            Property::IdentityKey => None,
            Property::Path { literal, target } => self.slot(*literal).or(match target {
                Target::Trait(slot) => self.slot(*slot),
                _ => None,
            }),
        }
    }
}

fn ask<'t>(
    session: &mut Session<'t, 't>,
    condition: &'t Condition,
    raw: &RawTraits<'t>,
) -> ConditionTrace<'t> {
    let test = &condition.test;
    let mut trace = ConditionTrace {
        property: &condition.source.property,
        operator: condition.operator,
        operator_name: &condition.source.operator,
        operand: &condition.source.operand,
        raw: raw.of_property(&condition.property).map(Cow::Borrowed),
        seen_as: None,
        verdict: TraceVerdict::DoesNotHold,
        cause: None,
        hazard: hazard(test),
        bucket: None,
    };
    let asked = session.with_seen(condition, |seen| {
        trace.seen_as = seen_type(seen, test);
        if *seen == Seen::Unset {
            trace.raw = None;
        } else if trace.raw.is_none() {
            trace.raw = plain(seen).map(Cow::Owned);
        }
        trace.bucket = bucket_of(seen, test);
        let verdict = condition.answers(seen);
        if verdict == Ok(false) {
            trace.cause = cause(seen, condition);
        }
        verdict
    });
    match asked.map_err(|raise| raise.into_facts().cause).flatten() {
        Ok(true) => trace.verdict = TraceVerdict::Holds,
        Ok(false) => {}
        Err(failure) => {
            trace.cause = Some(match &failure {
                FailureCause::InvalidPattern(_) => Cause::BadPattern,
                other => Cause::Fails(other.clone()),
            });
            trace.verdict = TraceVerdict::Fails(failure);
        }
    }
    trace
}

/// What was seen as JSON, where it was no trait.
fn plain(seen: &Seen<'_>) -> Option<Value> {
    match seen {
        Seen::Unset | Seen::TooManyDigits => None,
        Seen::Boolean(boolean) => Some(Value::Bool(*boolean)),
        Seen::Float(float) => Some(Value::from(*float)),
        Seen::Integer(_) | Seen::Text(_) => seen.print().map(|text| Value::from(text.into_owned())),
    }
}

fn seen_type(seen: &Seen<'_>, test: &Test) -> Option<SeenType> {
    match seen {
        Seen::Unset | Seen::TooManyDigits => None,
        Seen::Boolean(_) => Some(SeenType::Boolean),
        Seen::Integer(_) => Some(SeenType::Integer),
        Seen::Float(_) => Some(SeenType::Float),
        Seen::Text(_) if test.compares_versions() => Some(SeenType::Version),
        Seen::Text(_) => Some(SeenType::Text),
    }
}

/// Why a condition that does not hold does not, where the values themselves do not say.
fn cause(seen: &Seen<'_>, condition: &Condition) -> Option<Cause> {
    let (operator, test) = (condition.operator, &condition.test);
    match operator {
        Operator::Unknown => return Some(Cause::UnknownOperator),
        Operator::IsSet => return Some(Cause::Unset),
        Operator::IsNotSet => return None,
        _ => {}
    }
    if can_never_hold(condition) {
        return Some(Cause::CanNeverMatch);
    }
    if *seen == Seen::Unset {
        return Some(Cause::Unset);
    }
    if test.excludes_type_of(seen) {
        return Some(Cause::WrongType);
    }
    if !test.cannot_compare(seen) {
        return None;
    }
    let is_foreign = matches!(seen, Seen::Text(text) if test.compares_versions()
        && crate::version::Version::parse(text).is_none());
    Some(if is_foreign {
        Cause::UnreadableVersion
    } else {
        Cause::UnreadableOperand
    })
}

/// Whether no value at all satisfies a condition, by its operand alone.
pub(crate) fn can_never_hold(condition: &Condition) -> bool {
    match &condition.test {
        Test::Never => true,
        Test::Split { bound, .. } => *bound == 0,
        // Rounding can make a remainder reach its divisor, never pass it.
        Test::Modulo { divisor, remainder } => {
            divisor.is_nan()
                || remainder.is_nan()
                || (*divisor != 0.0 && *remainder != 0.0 && (*remainder < 0.0) != (*divisor < 0.0))
                || (*divisor != 0.0 && remainder.abs() > divisor.abs())
        }
        // Only a JSON list can be empty; without its bracket there is no need to read it again.
        Test::In(_) => {
            let operand = &condition.source.operand;
            let is_list = operand.as_str().is_none_or(|text| text.starts_with('['));
            is_list && crate::lists::read_members(operand).is_ok_and(|members| members.is_empty())
        }
        _ => false,
    }
}

impl Condition {
    /// Asks about a value without an identity around it.
    pub(crate) fn answers(&self, seen: &Seen<'_>) -> Result<bool, FailureCause> {
        self.test.holds(seen, &mut String::new())
    }
}

/// What the operand makes the reference raise once there is a value of the right type.
fn hazard(test: &Test) -> Option<FailureCause> {
    match test {
        Test::Raises(cause) | Test::RaisesForNumbers(cause) | Test::AlwaysRaises(cause) => {
            Some(cause.clone())
        }
        Test::Modulo { divisor, .. } if *divisor == 0.0 => Some(FailureCause::DivisionByZero),
        _ => None,
    }
}

fn bucket_of(seen: &Seen<'_>, test: &Test) -> Option<BucketTrace> {
    let Test::Split { seed, threshold, .. } = test else {
        return None;
    };
    let text = seen.print()?;
    Some(BucketTrace {
        hashed: format!("{seed},{text}"),
        bucket: percent(bucket(seed, &text)),
        threshold: *threshold,
    })
}
