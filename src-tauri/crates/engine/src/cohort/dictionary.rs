//! The distinct values of a column.

use std::hash::{BuildHasher, Hash, Hasher};

use hashbrown::{DefaultHashBuilder, HashTable};
use serde_json::Value;

use super::chunk::UNSET;

/// Numbers distinct values in order of their first appearance.
///
/// Values are the same only when they print the same: 1 and 1.0 are two values, and so are 0.0 and -0.0, since
/// conditions can tell them apart.
#[derive(Debug, Default)]
pub(super) struct Dictionary {
    values: Vec<Value>,
    codes: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Dictionary {
    /// The code of a value; null is [`UNSET`].
    pub(super) fn code_of(&mut self, value: &Value) -> u32 {
        match value {
            Value::Null => UNSET,
            Value::String(text) => self.code_of_text(text),
            other => {
                let hash = hash_value(&self.hasher, other);
                self.find_or_add(hash, |known| same(known, other), || other.clone())
            }
        }
    }

    pub(super) fn code_of_text(&mut self, text: &str) -> u32 {
        let hash = hash_text(&self.hasher, text);
        self.find_or_add(
            hash,
            |known| known.as_str() == Some(text),
            || Value::String(text.to_owned()),
        )
    }

    fn find_or_add(
        &mut self,
        hash: u64,
        is_same: impl Fn(&Value) -> bool,
        make: impl FnOnce() -> Value,
    ) -> u32 {
        let Self {
            values,
            codes,
            hasher,
        } = self;
        let found = codes.find(hash, |code| values.get(*code as usize).is_some_and(&is_same));
        if let Some(code) = found {
            return *code;
        }
        let code = values.len() as u32;
        values.push(make());
        codes.insert_unique(hash, code, |code| {
            values
                .get(*code as usize)
                .map_or(0, |value| hash_value(hasher, value))
        });
        code
    }

    /// The values in order of their codes; the dictionary is empty afterwards.
    pub(super) fn take(&mut self) -> Vec<Value> {
        self.codes.clear();
        std::mem::take(&mut self.values)
    }
}

fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) if left.is_f64() && right.is_f64() => {
            left.as_f64().map(f64::to_bits) == right.as_f64().map(f64::to_bits)
        }
        (Value::Array(_), Value::Array(_)) | (Value::Object(_), Value::Object(_)) => {
            print(left) == print(right)
        }
        _ => left == right,
    }
}

fn print(value: &Value) -> String {
    value.to_string()
}

fn hash_text(hasher: &DefaultHashBuilder, text: &str) -> u64 {
    hasher.hash_one(text)
}

fn hash_value(hasher: &DefaultHashBuilder, value: &Value) -> u64 {
    let mut state = hasher.build_hasher();
    match value {
        Value::Null => return 0,
        Value::String(text) => return hash_text(hasher, text),
        Value::Bool(boolean) => boolean.hash(&mut state),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => integer.hash(&mut state),
            None => number.as_f64().map(f64::to_bits).hash(&mut state),
        },
        Value::Array(_) | Value::Object(_) => value.to_string().hash(&mut state),
    }
    state.finish()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Dictionary;

    #[test]
    fn only_values_that_print_the_same_share_a_code() {
        let mut dictionary = Dictionary::default();
        let values = json!([1, 1.0, "1", true, "true", 0.0, -0.0, [0.0], [-0.0], {"a": 1, "b": 2}, {"b": 2, "a": 1}, u64::MAX]);
        let Value::Array(values) = values else {
            unreachable!()
        };
        for round in 0..2 {
            let codes: Vec<u32> = values.iter().map(|value| dictionary.code_of(value)).collect();
            assert_eq!(
                codes,
                (0..values.len() as u32).collect::<Vec<_>>(),
                "round {round}"
            );
        }
        assert_eq!(dictionary.code_of(&Value::Null), super::UNSET);
        assert_eq!(dictionary.take(), values);
    }
}
