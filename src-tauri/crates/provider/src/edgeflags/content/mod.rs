//! What definitions hold, in the model's terms, and what a wish changes in them.
//!
//! A change is a set of top-level members, `null` for one that is to be
//! cleared; what it does not name stays as it was read. Unknown members are
//! never touched.

pub(super) mod config;
pub(super) mod flag;
pub(super) mod own;
pub(super) mod segment;

use halyard_model::{FieldPath, Said, SubjectState, changed_fields, fields_of, same_value};
use serde_json::{Map, Value};

use crate::{Failure, FailureKind};

/// Members of a JSON object by name.
pub(super) type Members = Map<String, Value>;

/// A wish that the service has no words for, with what to do instead.
pub(super) fn unsendable(field: FieldPath, sentence: &str, instead: &str) -> Failure {
    let mut failure = Failure::new(
        FailureKind::Refused {
            detail: sentence.to_owned(),
        },
        sentence,
    );
    failure.next_step = Some(instead.to_owned());
    failure.said = vec![Said {
        field: Some(field),
        words: sentence.to_owned(),
    }];
    failure
}

/// The fields in which two states differ. Two spellings of one moment do not.
pub(super) fn differing(one: Option<&SubjectState>, other: Option<&SubjectState>) -> Vec<FieldPath> {
    let (held, wished) = (fields_of(one), fields_of(other));
    let mut fields = changed_fields(one, other);
    fields.retain(|field| {
        let is_moment = matches!(field, FieldPath::ActiveFrom | FieldPath::ActiveUntil);
        !is_moment || !same_moment(held.get(field), wished.get(field))
    });
    fields
}

/// Whether a state holds everything in which a wish differs from a base.
pub(super) fn holds(
    base: Option<&SubjectState>,
    wish: Option<&SubjectState>,
    state: Option<&SubjectState>,
) -> bool {
    let missing = differing(wish, state);
    differing(base, wish).iter().all(|field| !missing.contains(field))
}

fn same_moment(one: Option<&Value>, other: Option<&Value>) -> bool {
    let moment = |value: Option<&Value>| value?.as_str()?.parse::<jiff::Timestamp>().ok();
    moment(one).is_some() && moment(one) == moment(other)
}

/// Whether two members mean the same: `30` and `30.0` do, two spellings of one
/// moment do, and `null` is absence.
pub(super) fn same_member(name: &str, one: Option<&Value>, other: Option<&Value>) -> bool {
    let (one, other) = (without_nulls(one), without_nulls(other));
    let is_moment = matches!(name, "active_from" | "active_until");
    same_value(&FieldPath::Value, one.as_ref(), other.as_ref())
        || is_moment && same_moment(one.as_ref(), other.as_ref())
}

fn without_nulls(value: Option<&Value>) -> Option<Value> {
    match value? {
        Value::Null => None,
        Value::Object(members) => Some(Value::Object(
            members
                .iter()
                .filter_map(|(name, member)| Some((name.clone(), without_nulls(Some(member))?)))
                .collect(),
        )),
        other => Some(other.clone()),
    }
}
