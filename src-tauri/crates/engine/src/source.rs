//! An environment as read, before it is compiled. Documents and contexts both end here.

use std::collections::HashSet;

use serde_json::{Number, Value};

use crate::identity::Identity;
use crate::result::RemoteRules;

/// Everything an evaluation needs, in the order of the document.
pub(crate) struct Source {
    pub(crate) environment_key: String,
    /// Text or null.
    pub(crate) environment_name: Value,
    /// Features under their names; unique, in order of first appearance.
    pub(crate) features: Vec<SourceState>,
    /// Segments; unique by key, in order of first appearance.
    pub(crate) segments: Vec<SourceSegment>,
    /// Identities with states of their own.
    pub(crate) identity_overrides: Vec<SourceIdentity>,
    /// All but the names of the flags for server-side keys.
    pub(crate) remote: RemoteRules,
    /// Ids of the features that only server-side keys receive.
    pub(crate) server_only_ids: HashSet<i64>,
    /// Only a context brings its own identity.
    pub(crate) identity: Option<Identity>,
    /// A context as it was given, without the identity; documents have none.
    pub(crate) context: Option<Value>,
}

pub(crate) struct SourceSegment {
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) metadata: Option<Value>,
    pub(crate) rules: Vec<SourceRule>,
    pub(crate) overrides: Vec<SourceState>,
}

pub(crate) struct SourceRule {
    pub(crate) kind: String,
    pub(crate) conditions: Vec<SourceCondition>,
    pub(crate) rules: Vec<SourceRule>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SourceCondition {
    pub(crate) property: String,
    pub(crate) operator: String,
    pub(crate) operand: Value,
}

#[derive(Clone, Debug)]
pub(crate) struct SourceState {
    pub(crate) name: String,
    pub(crate) feature_id: Option<i64>,
    /// Hashed for variants.
    pub(crate) key: String,
    pub(crate) enabled: bool,
    pub(crate) value: Value,
    /// As listed; the compiler sorts them.
    pub(crate) variants: Vec<SourceVariant>,
    pub(crate) priority: Priority,
    pub(crate) metadata: Option<Value>,
}

#[derive(Clone, Debug)]
pub(crate) struct SourceVariant {
    pub(crate) value: Value,
    pub(crate) weight: Number,
    pub(crate) priority: Priority,
    pub(crate) key: Option<String>,
}

/// An identity with states of its own, by the features' names.
#[derive(Debug)]
pub(crate) struct SourceIdentity {
    pub(crate) identifier: String,
    pub(crate) states: Vec<SourceState>,
}

/// Precedence; lower wins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Priority {
    /// Not given: weakest.
    Absent,
    /// Given as null: the reference raises when it has to compare it.
    Null,
    /// A whole number; wide enough for ids and for UUIDs read as numbers.
    Whole(u128),
    /// Any other number.
    Fraction(f64),
}

impl Priority {
    pub(crate) fn of(number: &Number) -> Self {
        number.as_u64().map_or_else(
            || Self::Fraction(number.as_f64().unwrap_or(f64::INFINITY)),
            |whole| Self::Whole(u128::from(whole)),
        )
    }

    /// The priority as a number, for display; `None` when absent or null.
    pub(crate) fn as_number(self) -> Option<f64> {
        match self {
            Self::Absent | Self::Null => None,
            Self::Whole(whole) => Some(whole as f64),
            Self::Fraction(fraction) => Some(fraction),
        }
    }

    /// Compares two priorities. Null sorts last here; whoever must raise on it asks before.
    pub(crate) fn compare(self, other: Self) -> std::cmp::Ordering {
        if let (Self::Whole(left), Self::Whole(right)) = (self, other) {
            return left.cmp(&right);
        }
        let number = |priority: Self| priority.as_number().unwrap_or(f64::INFINITY);
        number(self)
            .partial_cmp(&number(other))
            .unwrap_or(std::cmp::Ordering::Equal)
    }
}
