//! The documented operators, on the context that a caller sends.

use serde_json::Value;

use super::expectation::Doubt;
use super::truth::Truth;

/// Patterns longer than this may lie beyond the service's limit, which is not published.
const SURELY_SHORT_PATTERN: usize = 64;

/// Who asks and which segments are known.
pub(super) struct Asker<'a> {
    pub(super) context: &'a Value,
    pub(super) segments: &'a Value,
}

/// A condition's three parts.
struct Condition<'a> {
    property: &'a str,
    operator: &'a str,
    operand: &'a Value,
}

impl<'a> Asker<'a> {
    /// Whether every condition of a list holds; each with its own verdict.
    pub(super) fn conditions(&self, list: &'a Value) -> Vec<Truth> {
        self.conditions_below(list, &mut Vec::new())
    }

    fn conditions_below(&self, list: &'a Value, path: &mut Vec<&'a str>) -> Vec<Truth> {
        let items = list.as_array().map_or(&[][..], Vec::as_slice);
        if items.is_empty() {
            return vec![Truth::doubtful(true, Doubt::NoConditions)];
        }
        items.iter().map(|item| self.condition(item, path)).collect()
    }

    fn condition(&self, item: &'a Value, path: &mut Vec<&'a str>) -> Truth {
        let text = |name: &str| item[name].as_str().unwrap_or_default();
        let condition = Condition {
            property: text("property"),
            operator: text("operator"),
            operand: &item["value"],
        };
        if condition.property == "segment" {
            return self.membership(&condition, path);
        }
        let (held, mut doubts) = self.property(condition.property);
        let mut truth = match held {
            Some(held) => condition.applied_to(held),
            None => condition.applied_to_nothing(),
        };
        truth.doubts.append(&mut doubts);
        truth
    }

    /// A property of the context: one of its own members first, then a custom one.
    pub(super) fn property(&self, name: &str) -> (Option<&'a Value>, Vec<Doubt>) {
        let is_own = !matches!(name, "custom" | "segments" | "");
        let own = self.context.get(name).filter(|value| is_own && !value.is_null());
        let custom = self
            .context
            .get("custom")
            .and_then(|custom| custom.get(name))
            .filter(|value| !value.is_null());
        let mut doubts = Vec::new();
        if own.is_some() && custom.is_some() && own != custom {
            doubts.push(Doubt::AmbiguousProperty {
                property: name.to_owned(),
            });
        }
        if name.contains('.') {
            doubts.push(Doubt::DottedProperty {
                property: name.to_owned(),
            });
        }
        (own.or(custom), doubts)
    }

    /// `segment in [...]`: a member of at least one.
    fn membership(&self, condition: &Condition<'a>, path: &mut Vec<&'a str>) -> Truth {
        let names = match condition.operand {
            Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
            Value::String(one) => vec![one.as_str()],
            _ => Vec::new(),
        };
        let member = Truth::any(
            names
                .into_iter()
                .map(|name| self.in_segment(name, path))
                .collect(),
        );
        match (condition.operator, condition.operand) {
            ("in", Value::Array(_)) => member,
            ("not_in", Value::Array(_)) => member.negated(),
            // Only the two above are documented for this property.
            ("in" | "equals", _) => member.and_doubt(condition.types()),
            ("not_in" | "not_equals", _) => member.negated().and_doubt(condition.types()),
            _ => Truth::doubtful(false, condition.types()),
        }
    }

    fn in_segment(&self, key: &'a str, path: &mut Vec<&'a str>) -> Truth {
        let asserted = self
            .context
            .get("segments")
            .and_then(Value::as_array)
            .is_some_and(|all| all.iter().any(|one| one.as_str() == Some(key)));
        let segment = key.to_owned();
        if path.contains(&key) {
            return Truth::doubtful(asserted, Doubt::SegmentCycle { segment });
        }
        let Some(definition) = self.segments.get(key) else {
            return Truth::doubtful(asserted, Doubt::UnknownSegment { segment });
        };
        path.push(key);
        let computed = Truth::all(self.conditions_below(&definition["conditions"], path));
        path.pop();
        if asserted && !(computed.holds && computed.is_certain()) {
            return Truth::doubtful(true, Doubt::AssertedMembership { segment });
        }
        computed
    }
}

impl Truth {
    fn and_doubt(mut self, doubt: Doubt) -> Self {
        self.doubts.push(doubt);
        self
    }
}

impl Condition<'_> {
    fn types(&self) -> Doubt {
        Doubt::OperandTypes {
            property: self.property.to_owned(),
            operator: self.operator.to_owned(),
        }
    }

    /// A missing property: an operator that asks for something surely fails, one that denies perhaps holds.
    fn applied_to_nothing(&self) -> Truth {
        match self.operator {
            "equals" | "contains" | "starts_with" | "ends_with" | "in" | "gt" | "gte" | "lt" | "lte"
            | "regex" => Truth::certain(false),
            "not_equals" | "not_contains" | "not_in" => Truth::doubtful(
                true,
                Doubt::MissingProperty {
                    property: self.property.to_owned(),
                    operator: self.operator.to_owned(),
                },
            ),
            _ => self.unknown_operator(),
        }
    }

    fn unknown_operator(&self) -> Truth {
        Truth::doubtful(
            false,
            Doubt::UnknownOperator {
                operator: self.operator.to_owned(),
            },
        )
    }

    fn applied_to(&self, held: &Value) -> Truth {
        match self.operator {
            "equals" => self.equals(held, self.operand),
            "not_equals" => self.equals(held, self.operand).negated(),
            "contains" => self.on_texts(held, |held, part| held.contains(part)),
            "not_contains" => self.on_texts(held, |held, part| held.contains(part)).negated(),
            "starts_with" => self.on_texts(held, |held, part| held.starts_with(part)),
            "ends_with" => self.on_texts(held, |held, part| held.ends_with(part)),
            "in" => self.is_member(held),
            "not_in" => self.is_member(held).negated(),
            "gt" => self.on_numbers(held, |held, bound| held > bound),
            "gte" => self.on_numbers(held, |held, bound| held >= bound),
            "lt" => self.on_numbers(held, |held, bound| held < bound),
            "lte" => self.on_numbers(held, |held, bound| held <= bound),
            "regex" => self.matches(held),
            _ => self.unknown_operator(),
        }
    }

    /// Strict equality: types count. Lists and objects are not spoken of.
    fn equals(&self, held: &Value, wanted: &Value) -> Truth {
        match (held, wanted) {
            (Value::String(held), Value::String(wanted)) => {
                self.by_case(held == wanted, || held.to_lowercase() == wanted.to_lowercase())
            }
            (Value::Number(held), Value::Number(wanted)) => Truth::certain(held.as_f64() == wanted.as_f64()),
            (Value::Array(_) | Value::Object(_), _) | (_, Value::Array(_) | Value::Object(_)) => {
                Truth::doubtful(held == wanted, self.types())
            }
            _ => Truth::certain(held == wanted),
        }
    }

    /// A verdict on texts that would be another if case did not count is doubtful.
    fn by_case(&self, holds: bool, ignoring_case: impl FnOnce() -> bool) -> Truth {
        if holds == ignoring_case() {
            return Truth::certain(holds);
        }
        Truth::doubtful(
            holds,
            Doubt::LetterCase {
                property: self.property.to_owned(),
            },
        )
    }

    fn on_texts(&self, held: &Value, test: impl Fn(&str, &str) -> bool) -> Truth {
        match (held.as_str(), self.operand.as_str()) {
            (Some(held), Some(part)) => self.by_case(test(held, part), || {
                test(&held.to_lowercase(), &part.to_lowercase())
            }),
            // Both sides must be text for `contains`; nothing is said of the others.
            _ if self.operator == "contains" => Truth::certain(false),
            _ => Truth::doubtful(false, self.types()),
        }
    }

    fn is_member(&self, held: &Value) -> Truth {
        let Some(items) = self.operand.as_array() else {
            return Truth::doubtful(false, self.types());
        };
        if items.is_empty() {
            return Truth::certain(false);
        }
        Truth::any(items.iter().map(|item| self.equals(held, item)).collect())
    }

    fn on_numbers(&self, held: &Value, test: impl Fn(f64, f64) -> bool) -> Truth {
        let (held, bound) = (number(held), number(self.operand));
        if matches!(held, Converted::Not) || matches!(bound, Converted::Not) {
            return Truth::certain(false);
        }
        match (held, bound) {
            (Converted::Number(held), Converted::Number(bound)) => Truth::certain(test(held, bound)),
            _ => Truth::doubtful(
                false,
                Doubt::NumberConversion {
                    property: self.property.to_owned(),
                },
            ),
        }
    }

    fn matches(&self, held: &Value) -> Truth {
        let doubt = Doubt::Pattern {
            property: self.property.to_owned(),
        };
        let (Some(held), Some(pattern)) = (held.as_str(), self.operand.as_str()) else {
            return Truth::doubtful(false, self.types());
        };
        let Ok(compiled) = regex::Regex::new(pattern) else {
            return Truth::doubtful(false, doubt);
        };
        let holds = compiled.is_match(held);
        // Inline flags, named groups and Unicode classes are read differently by a JavaScript engine.
        let is_plain = pattern.len() <= SURELY_SHORT_PATTERN
            && pattern.is_ascii()
            && held.is_ascii()
            && !["(?", "\\p", "\\A", "\\z", "\\x", "\\u", "&&", "[:"]
                .iter()
                .any(|special| pattern.contains(special));
        if is_plain {
            return Truth::certain(holds);
        }
        Truth::doubtful(holds, doubt)
    }
}

/// A value as a number, as far as the documentation tells.
enum Converted {
    Number(f64),
    /// Surely no number.
    Not,
    /// JavaScript has an opinion (empty text, booleans, `0x10`), the documentation has none.
    Undocumented,
}

fn number(value: &Value) -> Converted {
    match value {
        Value::Number(number) => number.as_f64().map_or(Converted::Undocumented, Converted::Number),
        Value::String(text) => {
            let is_plain = !text.is_empty()
                && text
                    .strip_prefix('-')
                    .unwrap_or(text)
                    .bytes()
                    .all(|byte| byte.is_ascii_digit() || byte == b'.');
            match text.parse() {
                Ok(number) if is_plain => Converted::Number(number),
                // Blanks, exponents, hexadecimal digits and the like: a conversion may or may not take them.
                _ if text.bytes().any(|byte| byte.is_ascii_digit()) || text.trim().is_empty() => {
                    Converted::Undocumented
                }
                _ if text.contains("Infinity") => Converted::Undocumented,
                _ => Converted::Not,
            }
        }
        _ => Converted::Undocumented,
    }
}
