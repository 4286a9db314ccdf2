//! Tests on values: operands parsed once, applied many times.

use std::cmp::Ordering;

use serde_json::Value;

use crate::bucket::{bucket, count_while};
use crate::error::FailureCause;
use crate::lists::read_members;
use crate::numbers::{Integer, parse_float, parse_integer};
use crate::operator::Operator;
use crate::pattern::Pattern;
use crate::place::kind;
use crate::printing::{print_number, print_value};
use crate::value::Seen;
use crate::version::Version;

/// What a condition asks, ready to be asked.
#[derive(Debug)]
pub(crate) enum Test {
    Compare(Operator, Box<Operand>),
    Contains(Box<Operand>),
    NotContains(String),
    Regex(Box<Pattern>),
    Modulo {
        divisor: f64,
        remainder: f64,
    },
    In(Members),
    Split {
        seed: String,
        bound: u16,
        threshold: f64,
    },
    IsSet,
    IsNotSet,
    /// Holds for nothing, whatever the value.
    Never,
    /// Raises as soon as there is a value.
    Raises(FailureCause),
    /// Raises as soon as there is a number or a boolean.
    RaisesForNumbers(FailureCause),
    /// Raises even for an unset value.
    AlwaysRaises(FailureCause),
}

/// The operand of a comparison, read as every type it may be compared with.
#[derive(Debug)]
pub(crate) struct Operand {
    /// `None` where comparing text with it fails in the reference.
    text: Option<String>,
    /// With a `:semver` suffix: text values are compared as versions. The inner value is the operand's version.
    version: Option<VersionOperand>,
    integer: Option<Integer>,
    float: Option<f64>,
    boolean: bool,
}

#[derive(Debug)]
struct VersionOperand {
    /// The operand without its suffix.
    text: String,
    version: Option<Version>,
}

/// The members of an IN, sorted for search.
#[derive(Debug)]
pub(crate) struct Members {
    texts: Box<[Box<str>]>,
    /// Those that an integer of 64 bits prints as.
    integers: Box<[i64]>,
}

impl Members {
    fn new(mut members: Vec<String>) -> Self {
        members.sort_unstable();
        members.dedup();
        let mut integers: Vec<i64> = members
            .iter()
            .filter_map(|member| {
                member
                    .parse()
                    .ok()
                    .filter(|integer: &i64| integer.to_string() == *member)
            })
            .collect();
        integers.sort_unstable();
        Self {
            texts: members.into_iter().map(String::into_boxed_str).collect(),
            integers: integers.into(),
        }
    }

    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(AsRef::as_ref)
    }

    fn contains(&self, text: &str) -> bool {
        self.texts.binary_search_by(|member| (**member).cmp(text)).is_ok()
    }

    fn contains_integer(&self, integer: &Integer) -> bool {
        match integer {
            Integer::Small(small) => self.integers.binary_search(small).is_ok(),
            Integer::Big(big) => self.contains(&big.to_string()),
        }
    }
}

impl Operand {
    fn new(operand: &Value) -> Self {
        let printed = print_value(operand);
        let suffixed = operand.as_str().and_then(|text| text.strip_suffix(":semver"));
        let (integer, float) = match operand {
            Value::String(text) => (parse_integer(text), parse_float(text)),
            Value::Bool(boolean) => (
                Some(Integer::Small(i64::from(*boolean))),
                Some(f64::from(u8::from(*boolean))),
            ),
            Value::Number(number) => (
                number.as_i64().map(Integer::Small).or_else(|| {
                    number.as_u64().map(Integer::from_unsigned).or_else(|| {
                        // Converting a float to an integer cuts its fraction off.
                        number
                            .as_f64()
                            .and_then(|float| Integer::from_digits(&format!("{:.0}", float.trunc() + 0.0)))
                    })
                }),
                number.as_f64(),
            ),
            _ => (None, None),
        };
        Self {
            text: matches!(operand, Value::String(_) | Value::Null | Value::Array(_)).then_some(printed),
            version: suffixed.map(|text| VersionOperand {
                text: text.to_owned(),
                version: Version::parse(text),
            }),
            integer,
            float,
            boolean: !matches!(operand.as_str(), Some("False" | "false")),
        }
    }

    pub(crate) fn boolean(&self) -> bool {
        self.boolean
    }

    /// The operand as an integer of 64 bits.
    pub(crate) fn small_integer(&self) -> Option<i64> {
        match self.integer {
            Some(Integer::Small(small)) => Some(small),
            _ => None,
        }
    }

    /// The operand as text, where texts are compared as they are.
    pub(crate) fn plain_text(&self) -> Option<&str> {
        self.text.as_deref().filter(|_| self.version.is_none())
    }

    /// How a value relates to the operand; `None` when they cannot be compared. NaN gives `Some(None)`.
    fn relate(&self, seen: &Seen<'_>) -> Option<Option<Ordering>> {
        match seen {
            Seen::Unset | Seen::TooManyDigits => None,
            Seen::Boolean(boolean) => Some(Some(boolean.cmp(&self.boolean))),
            Seen::Integer(integer) => self.integer.as_ref().map(|operand| Some(integer.cmp(operand))),
            Seen::Float(float) => self.float.map(|operand| float.partial_cmp(&operand)),
            Seen::Text(text) => match &self.version {
                Some(operand) => {
                    let version = Version::parse(text)?;
                    operand
                        .version
                        .as_ref()
                        .map(|operand| Some(version.precedence(operand)))
                }
                None => self
                    .text
                    .as_ref()
                    .map(|operand| Some(text.as_ref().cmp(operand.as_str()))),
            },
        }
    }

    fn is_contained_in(&self, seen: &Seen<'_>) -> bool {
        let Seen::Text(text) = seen else { return false };
        match &self.version {
            // A version is a sequence of parts to the reference; of these only the labels are text.
            Some(operand) => Version::parse(text).is_some_and(|version| version.has_label(&operand.text)),
            None => self
                .text
                .as_ref()
                .is_some_and(|operand| text.contains(operand.as_str())),
        }
    }
}

impl Test {
    /// Parses an operand. `seed` is the segment's key, which splits hash.
    pub(crate) fn new(operator: Operator, operand: &Value, seed: &str) -> Self {
        match operator {
            Operator::Equal
            | Operator::NotEqual
            | Operator::GreaterThan
            | Operator::GreaterThanInclusive
            | Operator::LessThan
            | Operator::LessThanInclusive => Self::Compare(operator, Box::new(Operand::new(operand))),
            Operator::Contains => Self::Contains(Box::new(Operand::new(operand))),
            Operator::NotContains => Self::NotContains(print_value(operand)),
            Operator::Regex => match Pattern::new(&print_value(operand)) {
                Ok(pattern) => Self::Regex(Box::new(pattern)),
                Err(cause) => Self::Raises(cause),
            },
            Operator::Modulo => Self::modulo(operand),
            Operator::In => match read_members(operand) {
                Ok(members) => Self::In(Members::new(members)),
                Err(cause) => Self::AlwaysRaises(cause),
            },
            Operator::PercentageSplit => Self::split(operand, seed),
            Operator::IsSet => Self::IsSet,
            Operator::IsNotSet => Self::IsNotSet,
            Operator::Unknown => Self::Never,
        }
    }

    fn modulo(operand: &Value) -> Self {
        let text = match operand {
            Value::String(text) => text.as_str(),
            Value::Null | Value::Bool(false) => return Self::Never,
            Value::Number(number) if number.as_f64() == Some(0.0) => return Self::Never,
            Value::Array(items) if items.is_empty() => return Self::Never,
            Value::Object(fields) if fields.is_empty() => return Self::Never,
            other => return Self::RaisesForNumbers(FailureCause::UnreadableOperand(kind(other))),
        };
        let parts = text
            .split_once('|')
            .filter(|(_, remainder)| !remainder.contains('|'));
        let numbers =
            parts.and_then(|(divisor, remainder)| Some((parse_float(divisor)?, parse_float(remainder)?)));
        match numbers {
            None => Self::Never,
            Some((divisor, remainder)) => Self::Modulo { divisor, remainder },
        }
    }

    fn split(operand: &Value, seed: &str) -> Self {
        let threshold = match operand {
            Value::String(text) => parse_float(text),
            Value::Bool(boolean) => Some(f64::from(u8::from(*boolean))),
            Value::Number(number) => number.as_f64(),
            other => return Self::Raises(FailureCause::UnreadableOperand(kind(other))),
        };
        let Some(threshold) = threshold else {
            return Self::Never;
        };
        Self::Split {
            seed: seed.to_owned(),
            bound: count_while(|percent| percent <= threshold),
            threshold,
        }
    }

    /// Whether asking can fail the evaluation for ordinary values.
    pub(crate) fn is_hazard(&self) -> bool {
        match self {
            Self::Raises(_) | Self::RaisesForNumbers(_) | Self::AlwaysRaises(_) => true,
            Self::Modulo { divisor, .. } => *divisor == 0.0,
            Self::Regex(pattern) => pattern.can_fail(),
            _ => false,
        }
    }

    /// Asks. Errors where the reference raises. `buffer` is for printed numbers.
    pub(crate) fn holds(&self, seen: &Seen<'_>, buffer: &mut String) -> Result<bool, FailureCause> {
        match self {
            Self::AlwaysRaises(cause) => return Err(cause.clone()),
            Self::IsSet => return Ok(!matches!(seen, Seen::Unset)),
            Self::IsNotSet => return Ok(matches!(seen, Seen::Unset)),
            _ => {}
        }
        if matches!(seen, Seen::Unset) {
            return Ok(false);
        }
        Ok(match self {
            Self::Compare(operator, operand) => operand
                .relate(seen)
                .is_some_and(|relation| satisfies(*operator, relation)),
            Self::Contains(operand) => operand.is_contained_in(seen),
            Self::NotContains(operand) => {
                matches!(seen, Seen::Text(text) if !text.contains(operand.as_str()))
            }
            Self::Regex(pattern) => match seen.print_in(buffer) {
                Some(text) => pattern.matches_start(text)?,
                None => false,
            },
            Self::Modulo { divisor, remainder } => return modulo_holds(seen, *divisor, *remainder),
            Self::In(members) => match seen {
                Seen::Text(text) => members.contains(text),
                Seen::Integer(integer) => members.contains_integer(integer),
                _ => false,
            },
            Self::Split { seed, bound, .. } => match seen.print_in(buffer) {
                Some(text) => bucket(seed, text) < *bound,
                None => false,
            },
            Self::Raises(cause) => return Err(cause.clone()),
            Self::RaisesForNumbers(_) if matches!(seen, Seen::Text(_)) => false,
            Self::RaisesForNumbers(cause) => return Err(cause.clone()),
            Self::IsSet | Self::IsNotSet | Self::Never | Self::AlwaysRaises(_) => false,
        })
    }

    /// Whether the value's type rules this test out whatever the operand is.
    pub(crate) fn excludes_type_of(&self, seen: &Seen<'_>) -> bool {
        match self {
            Self::Contains(_) | Self::NotContains(_) => !matches!(seen, Seen::Text(_)),
            Self::In(_) => !matches!(seen, Seen::Text(_) | Seen::Integer(_)),
            Self::Modulo { .. } => matches!(seen, Seen::Text(_)),
            _ => false,
        }
    }

    /// Whether the operand could not be read as the value's type.
    pub(crate) fn cannot_compare(&self, seen: &Seen<'_>) -> bool {
        match self {
            Self::Compare(_, operand) => operand.relate(seen).is_none(),
            Self::Never => true,
            _ => false,
        }
    }

    /// Whether text is compared as a semantic version.
    pub(crate) fn compares_versions(&self) -> bool {
        matches!(self, Self::Compare(_, operand) | Self::Contains(operand) if operand.version.is_some())
    }
}

fn satisfies(operator: Operator, relation: Option<Ordering>) -> bool {
    match operator {
        Operator::Equal => relation == Some(Ordering::Equal),
        Operator::NotEqual => relation != Some(Ordering::Equal),
        Operator::GreaterThan => relation == Some(Ordering::Greater),
        Operator::GreaterThanInclusive => matches!(relation, Some(Ordering::Greater | Ordering::Equal)),
        Operator::LessThan => relation == Some(Ordering::Less),
        Operator::LessThanInclusive => matches!(relation, Some(Ordering::Less | Ordering::Equal)),
        _ => false,
    }
}

/// The remainder has the divisor's sign.
fn modulo_holds(seen: &Seen<'_>, divisor: f64, remainder: f64) -> Result<bool, FailureCause> {
    let dividend = match seen {
        Seen::Boolean(boolean) => f64::from(u8::from(*boolean)),
        Seen::Integer(integer) => integer.to_float().ok_or(FailureCause::IntegerTooLarge)?,
        Seen::Float(float) => *float,
        Seen::Unset | Seen::Text(_) | Seen::TooManyDigits => return Ok(false),
    };
    if divisor == 0.0 {
        return Err(FailureCause::DivisionByZero);
    }
    let truncated = dividend % divisor;
    let floored = if truncated != 0.0 && (truncated < 0.0) != (divisor < 0.0) {
        truncated + divisor
    } else {
        truncated
    };
    Ok(floored == remainder)
}

/// An operand as a person typed it.
pub(crate) fn operand_text(operand: &Value) -> String {
    match operand {
        Value::String(text) => text.clone(),
        Value::Number(number) => print_number(number),
        other => other.to_string(),
    }
}
