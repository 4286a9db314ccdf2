//! The comparisons that a service takes in conditions.

use halyard_model::Service;

/// What a comparison looks at and compares with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// A trait and a value.
    Both,
    /// A trait alone.
    TraitAlone,
    /// A value; a trait may be left out.
    ValueAlone,
}

/// A comparison: the service's name, words for it, what it takes, and how its
/// value is written where that needs saying.
pub type Operator = (&'static str, &'static str, Takes, &'static str);

/// As Flagsmith names them.
const FLAGSMITH: [Operator; 14] = [
    ("EQUAL", "is", Takes::Both, ""),
    ("NOT_EQUAL", "is not", Takes::Both, ""),
    (
        "IN",
        "is one of",
        Takes::Both,
        "with commas between, such as DE,AT",
    ),
    ("CONTAINS", "contains", Takes::Both, ""),
    ("NOT_CONTAINS", "does not contain", Takes::Both, ""),
    (
        "REGEX",
        "matches",
        Takes::Both,
        "a pattern, from the beginning of the value",
    ),
    (
        "GREATER_THAN",
        "is over",
        Takes::Both,
        "a number, or a version such as 1.2.0:semver",
    ),
    (
        "GREATER_THAN_INCLUSIVE",
        "is at least",
        Takes::Both,
        "a number, or a version such as 1.2.0:semver",
    ),
    (
        "LESS_THAN",
        "is under",
        Takes::Both,
        "a number, or a version such as 1.2.0:semver",
    ),
    (
        "LESS_THAN_INCLUSIVE",
        "is at most",
        Takes::Both,
        "a number, or a version such as 1.2.0:semver",
    ),
    ("MODULO", "modulo", Takes::Both, "divisor|remainder, such as 4|0"),
    (
        "PERCENTAGE_SPLIT",
        "is in the first percent",
        Takes::ValueAlone,
        "0 to 100",
    ),
    ("IS_SET", "is set", Takes::TraitAlone, ""),
    ("IS_NOT_SET", "is not set", Takes::TraitAlone, ""),
];

/// As EdgeFlags names them.
const EDGEFLAGS: [Operator; 13] = [
    ("equals", "is", Takes::Both, "JSON: \"pro\" is text, 7 a number"),
    (
        "not_equals",
        "is not",
        Takes::Both,
        "JSON: \"pro\" is text, 7 a number",
    ),
    (
        "in",
        "is one of",
        Takes::Both,
        "a JSON list, such as [\"DE\", \"AT\"]",
    ),
    (
        "not_in",
        "is none of",
        Takes::Both,
        "a JSON list, such as [\"DE\", \"AT\"]",
    ),
    ("contains", "contains", Takes::Both, ""),
    ("not_contains", "does not contain", Takes::Both, ""),
    ("starts_with", "starts with", Takes::Both, ""),
    ("ends_with", "ends with", Takes::Both, ""),
    ("regex", "matches", Takes::Both, "a pattern"),
    ("gt", "is over", Takes::Both, "a number"),
    ("gte", "is at least", Takes::Both, "a number"),
    ("lt", "is under", Takes::Both, "a number"),
    ("lte", "is at most", Takes::Both, "a number"),
];

/// The comparisons of a service, the commonest first.
pub fn of(service: Service) -> &'static [Operator] {
    match service {
        Service::Flagsmith => &FLAGSMITH,
        Service::EdgeFlags => &EDGEFLAGS,
    }
}
