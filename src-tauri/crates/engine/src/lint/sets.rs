//! Whether any value can satisfy several conditions on one property at once.
//!
//! The values that a condition can see are nothing, the two booleans, integers, floats and texts that do not look like
//! numbers. For each type a set that surely holds all satisfying values is narrowed condition by condition; where it
//! is finite or small, its members are tried on the conditions themselves. "No" is therefore a proof, "yes" is not.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::Value;

use crate::condition::Test;
use crate::engine::Condition;
use crate::lists::read_members;
use crate::numbers::{Integer, parse_float, parse_integer};
use crate::operator::Operator;
use crate::value::Seen;
use crate::version::Version;

/// Ranges up to this many integers are tried out one by one.
const SMALL_RANGE: i64 = 64;

/// Alternatives are multiplied out up to this many combinations.
const MOST_COMBINATIONS: usize = 256;

/// What a rule demands of a property.
#[derive(Clone, Debug)]
pub(super) enum Demand<'e> {
    Holds(&'e Condition),
    Fails(&'e Condition),
    /// At least one of these holds.
    AnyOf(Vec<&'e Condition>),
}

impl<'e> Demand<'e> {
    pub(super) fn conditions(&self) -> Vec<&'e Condition> {
        match self {
            Self::Holds(one) | Self::Fails(one) => vec![one],
            Self::AnyOf(all) => all.clone(),
        }
    }

    fn is_met(&self, seen: &Seen<'_>) -> bool {
        let verdict = |condition: &Condition| condition.test.holds(seen, &mut String::new());
        match self {
            Self::Holds(one) => verdict(one) == Ok(true),
            Self::Fails(one) => verdict(one) == Ok(false),
            Self::AnyOf(all) => all.iter().any(|one| verdict(one) == Ok(true)),
        }
    }
}

/// Whether some value may meet all demands. All of them read the same property.
pub(super) fn can_be_met(demands: &[Demand<'_>]) -> bool {
    let combinations: usize = demands
        .iter()
        .map(|demand| match demand {
            Demand::AnyOf(all) => all.len(),
            _ => 1,
        })
        .fold(1, usize::saturating_mul);
    if combinations > MOST_COMBINATIONS {
        return true;
    }
    let alternatives = demands
        .iter()
        .position(|demand| matches!(demand, Demand::AnyOf(_)));
    let Some(position) = alternatives else {
        return meets_all(demands);
    };
    let Demand::AnyOf(all) = &demands[position] else {
        return true;
    };
    all.iter().any(|one| {
        let mut chosen = demands.to_vec();
        chosen[position] = Demand::Holds(one);
        can_be_met(&chosen)
    })
}

fn meets_all(demands: &[Demand<'_>]) -> bool {
    let must_fail = |one: &Condition| {
        demands
            .iter()
            .any(|demand| matches!(demand, Demand::Fails(other) if std::ptr::eq(one, *other)))
    };
    let is_contradicted = |demand: &Demand<'_>| matches!(demand, Demand::Holds(one) if must_fail(one));
    if demands.iter().any(is_contradicted) {
        return false;
    }
    let exactly = |seen: &Seen<'_>| demands.iter().all(|demand| demand.is_met(seen));
    exactly(&Seen::Unset)
        || exactly(&Seen::Boolean(true))
        || exactly(&Seen::Boolean(false))
        || integers(demands)
        || floats(demands)
        || texts(demands)
}

/// Whether all demands are comparisons with numbers that no number, boolean or unset value meets, although some text may.
pub(super) fn only_texts_meet(demands: &[Demand<'_>]) -> bool {
    let is_numeric = |demand: &Demand<'_>| match demand {
        Demand::Holds(one) => is_comparison(one.operator) && operand_of(one).and_then(parse_float).is_some(),
        _ => false,
    };
    let exactly = |seen: Seen<'_>| demands.iter().all(|demand| demand.is_met(&seen));
    demands.iter().all(is_numeric)
        && !exactly(Seen::Boolean(true))
        && !exactly(Seen::Boolean(false))
        && !integers(demands)
        && !floats(demands)
        && texts(demands)
}

/// The conditions that must hold.
fn held<'d, 'e>(demands: &'d [Demand<'e>]) -> impl Iterator<Item = &'e Condition> + use<'d, 'e> {
    demands.iter().filter_map(|demand| match demand {
        Demand::Holds(one) => Some(*one),
        _ => None,
    })
}

/// Whether set values are ruled out by a condition that must fail.
fn demands_unset(demands: &[Demand<'_>]) -> bool {
    demands
        .iter()
        .any(|demand| matches!(demand, Demand::Fails(one) if matches!(one.test, Test::IsSet)))
}

/// What a condition leaves of a type's values.
enum Left<T> {
    Nothing,
    /// At most these.
    Few(Vec<T>),
    /// At most those between; bounds with whether they belong to it.
    Between(Bounds<T>),
    /// Perhaps all.
    All,
}

struct Bounds<T> {
    low: Option<(T, bool)>,
    high: Option<(T, bool)>,
}

impl<T: Clone> Bounds<T> {
    /// The values that relate to a bound as the operator asks; `None` for NOT_EQUAL and the like.
    fn of(operator: Operator, bound: T) -> Option<Self> {
        let (low, high) = match operator {
            Operator::Equal => (Some((bound.clone(), true)), Some((bound, true))),
            Operator::GreaterThan => (Some((bound, false)), None),
            Operator::GreaterThanInclusive => (Some((bound, true)), None),
            Operator::LessThan => (None, Some((bound, false))),
            Operator::LessThanInclusive => (None, Some((bound, true))),
            _ => return None,
        };
        Some(Self { low, high })
    }

    fn unbounded() -> Self {
        Self {
            low: None,
            high: None,
        }
    }

    fn narrow(&mut self, other: Self, compare: impl Fn(&T, &T) -> Ordering) {
        self.low = tighter(self.low.take(), other.low, |one, other| compare(one, other));
        self.high = tighter(self.high.take(), other.high, |one, other| compare(other, one));
    }

    fn is_empty(&self, compare: impl Fn(&T, &T) -> Ordering) -> bool {
        let (Some((low, with_low)), Some((high, with_high))) = (&self.low, &self.high) else {
            return false;
        };
        match compare(low, high) {
            Ordering::Less => false,
            Ordering::Equal => !(*with_low && *with_high),
            Ordering::Greater => true,
        }
    }
}

/// The bound that lets less through; on a tie the one that excludes itself.
fn tighter<T>(
    one: Option<(T, bool)>,
    other: Option<(T, bool)>,
    compare: impl Fn(&T, &T) -> Ordering,
) -> Option<(T, bool)> {
    match (one, other) {
        (None, bound) | (bound, None) => bound,
        (Some(one), Some(other)) => Some(match compare(&one.0, &other.0) {
            Ordering::Greater => one,
            Ordering::Less => other,
            Ordering::Equal if one.1 => other,
            Ordering::Equal => one,
        }),
    }
}

/// What tests that do not depend on the type leave of set values.
fn leaves_nothing(test: &Test) -> bool {
    match test {
        Test::IsNotSet | Test::Never | Test::Raises(_) | Test::AlwaysRaises(_) => true,
        Test::Split { bound, .. } => *bound == 0,
        Test::Modulo { divisor, remainder } => {
            let is_between = if *divisor > 0.0 {
                (0.0..=*divisor).contains(remainder)
            } else {
                (*divisor..=0.0).contains(remainder)
            };
            *divisor == 0.0 || !is_between
        }
        _ => false,
    }
}

/// Narrows by every condition that must hold; `Some` verdict where that settles it.
fn narrowed<'e, T: Clone>(
    demands: &[Demand<'e>],
    left_by: impl Fn(&'e Condition) -> Left<T>,
    compare: impl Fn(&T, &T) -> Ordering + Copy,
) -> Left<T> {
    if demands_unset(demands) {
        return Left::Nothing;
    }
    let mut few: Option<Vec<T>> = None;
    let mut bounds = Bounds::unbounded();
    for condition in held(demands) {
        if leaves_nothing(&condition.test) {
            return Left::Nothing;
        }
        match left_by(condition) {
            Left::Nothing => return Left::Nothing,
            Left::Few(values) => few = few.or(Some(values)),
            Left::Between(other) => bounds.narrow(other, compare),
            Left::All => {}
        }
    }
    if let Some(values) = few {
        return Left::Few(values);
    }
    if bounds.is_empty(compare) {
        return Left::Nothing;
    }
    Left::Between(bounds)
}

fn members_of(condition: &Condition) -> Vec<String> {
    read_members(&condition.source.operand).unwrap_or_default()
}

fn is_comparison(operator: Operator) -> bool {
    matches!(
        operator,
        Operator::Equal
            | Operator::NotEqual
            | Operator::GreaterThan
            | Operator::GreaterThanInclusive
            | Operator::LessThan
            | Operator::LessThanInclusive
    )
}

/// The operand as text, which is the only form whose reading is known here; documents have nothing else but null.
fn operand_of(condition: &Condition) -> Option<&str> {
    condition.source.operand.as_str()
}

fn integers(demands: &[Demand<'_>]) -> bool {
    let left = narrowed(
        demands,
        |condition| match condition.operator {
            Operator::Contains | Operator::NotContains => Left::Nothing,
            Operator::In => Left::Few(
                members_of(condition)
                    .iter()
                    .filter_map(|member| match Seen::of_text(member) {
                        Seen::Integer(integer) if integer.to_string() == *member => Some(integer),
                        _ => None,
                    })
                    .collect(),
            ),
            _ if matches!(condition.test, Test::RaisesForNumbers(_)) => Left::Nothing,
            operator if is_comparison(operator) => match operand_of(condition) {
                None if condition.source.operand.is_null() => Left::Nothing,
                None => Left::All,
                Some(text) => match parse_integer(text) {
                    None => Left::Nothing,
                    Some(bound) => Bounds::of(operator, bound).map_or(Left::All, Left::Between),
                },
            },
            _ => Left::All,
        },
        Ord::cmp,
    );
    let exactly = |integer: Integer| {
        let seen = Seen::Integer(integer);
        demands.iter().all(|demand| demand.is_met(&seen))
    };
    match left {
        Left::Nothing => false,
        Left::Few(values) => values.into_iter().any(exactly),
        Left::Between(Bounds {
            low: Some((Integer::Small(low), _)),
            high: Some((Integer::Small(high), _)),
        }) if high.saturating_sub(low) <= SMALL_RANGE => {
            (low..=high).any(|integer| exactly(Integer::Small(integer)))
        }
        Left::Between(_) | Left::All => true,
    }
}

fn floats(demands: &[Demand<'_>]) -> bool {
    let compare = |left: &f64, right: &f64| left.partial_cmp(right).unwrap_or(Ordering::Equal);
    let left = narrowed(
        demands,
        |condition| match condition.operator {
            Operator::Contains | Operator::NotContains | Operator::In => Left::Nothing,
            _ if matches!(condition.test, Test::RaisesForNumbers(_)) => Left::Nothing,
            operator if is_comparison(operator) => match operand_of(condition) {
                None if condition.source.operand.is_null() => Left::Nothing,
                None => Left::All,
                Some(text) => match parse_float(text) {
                    None => Left::Nothing,
                    Some(bound) if bound.is_nan() && operator == Operator::NotEqual => Left::All,
                    Some(bound) if bound.is_nan() => Left::Nothing,
                    // Both zeros are equal, and print differently.
                    Some(0.0) if operator == Operator::Equal => Left::Few(vec![0.0, -0.0]),
                    Some(bound) if operator == Operator::Equal => Left::Few(vec![bound]),
                    Some(bound) => Bounds::of(operator, bound).map_or(Left::All, Left::Between),
                },
            },
            _ => Left::All,
        },
        compare,
    );
    match left {
        Left::Nothing => false,
        Left::Few(values) => values.into_iter().any(|float| {
            let seen = Seen::Float(float);
            demands.iter().all(|demand| demand.is_met(&seen))
        }),
        Left::Between(_) | Left::All => true,
    }
}

/// A text that conditions can see as text.
fn is_seen_as_text(text: &str) -> bool {
    matches!(Seen::of_text(text), Seen::Text(_))
}

fn texts(demands: &[Demand<'_>]) -> bool {
    let left = narrowed(demands, left_of_texts, |left: &Cow<'_, str>, right| {
        left.cmp(right)
    });
    match left {
        Left::Nothing => false,
        Left::Few(values) => values.iter().any(|text| {
            let seen = Seen::Text(Cow::Borrowed(text));
            is_seen_as_text(text) && demands.iter().all(|demand| demand.is_met(&seen))
        }),
        Left::Between(_) | Left::All => versions(demands) && parts(demands),
    }
}

fn left_of_texts(condition: &Condition) -> Left<Cow<'_, str>> {
    match condition.operator {
        Operator::Modulo => Left::Nothing,
        Operator::In => Left::Few(members_of(condition).into_iter().map(Cow::Owned).collect()),
        operator if is_comparison(operator) && !condition.test.compares_versions() => {
            match &condition.source.operand {
                Value::String(text) if operator == Operator::Equal => Left::Few(vec![Cow::Borrowed(text)]),
                Value::String(text) => {
                    Bounds::of(operator, Cow::Borrowed(text.as_str())).map_or(Left::All, Left::Between)
                }
                _ => Left::All,
            }
        }
        _ => Left::All,
    }
}

/// Whether a version can lie within all bounds on versions.
fn versions(demands: &[Demand<'_>]) -> bool {
    let mut bounds: Bounds<std::rc::Rc<Version>> = Bounds::unbounded();
    let compare = |left: &std::rc::Rc<Version>, right: &std::rc::Rc<Version>| left.precedence(right);
    for condition in held(demands).filter(|one| is_comparison(one.operator) && one.test.compares_versions()) {
        let text = operand_of(condition).and_then(|text| text.strip_suffix(":semver"));
        let Some(version) = text.and_then(Version::parse) else {
            return false;
        };
        if let Some(other) = Bounds::of(condition.operator, std::rc::Rc::new(version)) {
            bounds.narrow(other, compare);
        }
    }
    !bounds.is_empty(compare)
}

/// Whether nothing that must be contained contains what must not be.
fn parts(demands: &[Demand<'_>]) -> bool {
    let of = |operator: Operator| {
        held(demands)
            .filter(move |one| one.operator == operator && !one.test.compares_versions())
            .filter_map(operand_of)
    };
    of(Operator::NotContains).all(|unwanted| of(Operator::Contains).all(|wanted| !wanted.contains(unwanted)))
}
