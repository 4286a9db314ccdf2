//! The operators of segment conditions.

use std::fmt;

/// What a segment condition asks of a value. Names and meaning are the reference engine's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operator {
    /// `EQUAL`: equal after the operand is read as the value's type. With an operand ending in `:semver`, text is
    /// compared as a semantic version.
    Equal,
    /// `NOT_EQUAL`: unequal after the operand is read as the value's type; false when it cannot be read so.
    NotEqual,
    /// `GREATER_THAN`: greater; text by code point, true above false.
    GreaterThan,
    /// `GREATER_THAN_INCLUSIVE`: greater or equal.
    GreaterThanInclusive,
    /// `LESS_THAN`: less.
    LessThan,
    /// `LESS_THAN_INCLUSIVE`: less or equal.
    LessThanInclusive,
    /// `CONTAINS`: text that holds the operand; never numbers, nor text that looks like one.
    Contains,
    /// `NOT_CONTAINS`: text that does not hold the operand; false for numbers and booleans.
    NotContains,
    /// `REGEX`: the printed value matches the pattern from its start on; the end is free.
    Regex,
    /// `MODULO`: operand `divisor|remainder`; numbers only.
    Modulo,
    /// `IN`: one of a list (commas or a JSON list); text and integers only.
    In,
    /// `PERCENTAGE_SPLIT`: the value's bucket lies at or below the operand in percent. Without a property the
    /// identity's key is hashed.
    PercentageSplit,
    /// `IS_SET`: present and not null.
    IsSet,
    /// `IS_NOT_SET`: absent or null.
    IsNotSet,
    /// An operator the reference does not know: never holds.
    Unknown,
}

impl Operator {
    /// Reads the name a document uses.
    pub fn from_name(name: &str) -> Self {
        match name {
            "EQUAL" => Self::Equal,
            "NOT_EQUAL" => Self::NotEqual,
            "GREATER_THAN" => Self::GreaterThan,
            "GREATER_THAN_INCLUSIVE" => Self::GreaterThanInclusive,
            "LESS_THAN" => Self::LessThan,
            "LESS_THAN_INCLUSIVE" => Self::LessThanInclusive,
            "CONTAINS" => Self::Contains,
            "NOT_CONTAINS" => Self::NotContains,
            "REGEX" => Self::Regex,
            "MODULO" => Self::Modulo,
            "IN" => Self::In,
            "PERCENTAGE_SPLIT" => Self::PercentageSplit,
            "IS_SET" => Self::IsSet,
            "IS_NOT_SET" => Self::IsNotSet,
            _ => Self::Unknown,
        }
    }

    /// The name a document uses; `UNKNOWN` for [`Operator::Unknown`].
    pub fn name(self) -> &'static str {
        match self {
            Self::Equal => "EQUAL",
            Self::NotEqual => "NOT_EQUAL",
            Self::GreaterThan => "GREATER_THAN",
            Self::GreaterThanInclusive => "GREATER_THAN_INCLUSIVE",
            Self::LessThan => "LESS_THAN",
            Self::LessThanInclusive => "LESS_THAN_INCLUSIVE",
            Self::Contains => "CONTAINS",
            Self::NotContains => "NOT_CONTAINS",
            Self::Regex => "REGEX",
            Self::Modulo => "MODULO",
            Self::In => "IN",
            Self::PercentageSplit => "PERCENTAGE_SPLIT",
            Self::IsSet => "IS_SET",
            Self::IsNotSet => "IS_NOT_SET",
            Self::Unknown => "UNKNOWN",
        }
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}
