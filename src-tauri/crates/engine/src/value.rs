//! What a condition sees: a context value after the reference's coercion.

use std::borrow::Cow;

use serde_json::Value;

use crate::numbers::{Integer, LONGEST_INTEGER, print_float, print_float_in};
use crate::printing::print_nested;

/// A context value as conditions see it. Text that looks like a number has become one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Seen<'a> {
    /// Absent, or null: the reference does not tell them apart.
    Unset,
    /// true or false.
    Boolean(bool),
    /// An integer of any size.
    Integer(Integer),
    /// A double.
    Float(f64),
    /// Text that does not look like a number.
    Text(Cow<'a, str>),
    /// More digits than the reference converts: reading the value fails the evaluation.
    TooManyDigits,
}

impl<'a> Seen<'a> {
    /// Coerces a JSON value. Lists and objects become their printed form, as a trait's value would.
    pub(crate) fn of(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Unset,
            Value::Bool(boolean) => Self::Boolean(*boolean),
            Value::Number(number) => {
                if let Some(small) = number.as_i64() {
                    Self::Integer(Integer::Small(small))
                } else if let Some(unsigned) = number.as_u64() {
                    Self::Integer(Integer::from_unsigned(unsigned))
                } else {
                    number.as_f64().map_or(Self::Unset, Self::Float)
                }
            }
            Value::String(text) => Self::of_text(text),
            Value::Array(_) | Value::Object(_) => Self::Text(Cow::Owned(print_nested(value))),
        }
    }

    /// Coerces text: `-?digits` is an integer, `-?digits.digits` a float.
    pub(crate) fn of_text(text: &'a str) -> Self {
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        if !unsigned.as_bytes().first().is_some_and(u8::is_ascii_digit) {
            return Self::Text(Cow::Borrowed(text));
        }
        let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let Some((whole, fraction)) = unsigned.split_once('.') else {
            if !all_digits(unsigned) {
                return Self::Text(Cow::Borrowed(text));
            }
            if unsigned.len() > LONGEST_INTEGER {
                return Self::TooManyDigits;
            }
            return Integer::from_digits(text).map_or(Self::TooManyDigits, Self::Integer);
        };
        if all_digits(whole) && all_digits(fraction) {
            return text.parse().map_or(Self::Text(Cow::Borrowed(text)), Self::Float);
        }
        Self::Text(Cow::Borrowed(text))
    }

    /// Whether conditions on this value can fail the evaluation although their operands are sound.
    pub(crate) fn is_hazard(&self) -> bool {
        matches!(self, Self::TooManyDigits | Self::Integer(Integer::Big(_)))
    }

    /// [`Seen::print`] without an allocation, once the buffer has grown.
    pub(crate) fn print_in<'b>(&'b self, buffer: &'b mut String) -> Option<&'b str> {
        buffer.clear();
        match self {
            Self::Unset | Self::TooManyDigits => return None,
            Self::Boolean(true) => return Some("True"),
            Self::Boolean(false) => return Some("False"),
            Self::Text(text) => return Some(text),
            Self::Integer(integer) => integer.print_in(buffer),
            Self::Float(float) => print_float_in(*float, buffer),
        }
        Some(buffer)
    }

    /// `str(value)`, as regular expressions and hashes use it; `None` when unset.
    pub(crate) fn print(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Unset | Self::TooManyDigits => None,
            Self::Boolean(true) => Some("True".into()),
            Self::Boolean(false) => Some("False".into()),
            Self::Integer(integer) => Some(integer.to_string().into()),
            Self::Float(float) => Some(print_float(*float).into()),
            Self::Text(text) => Some(text.as_ref().into()),
        }
    }
}
