//! What can be told of a JSON text without taking it apart.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{FileError, Result, limits};

/// Whether a text is JSON that can be taken apart with bounded memory.
pub(super) fn check(text: &str, what: &str) -> Result<()> {
    let (mut depth, mut deepest, mut values) = (0_u32, 0_u32, 0_u64);
    let (mut quoted, mut escaped) = (false, false);
    for byte in text.bytes() {
        if quoted {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => quoted = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => quoted = true,
            b'[' | b'{' => {
                depth += 1;
                values += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b',' | b':' => values += 1,
            _ => {}
        }
    }
    if deepest > limits::DEPTH {
        return Err(FileError::impossible(format!(
            "{what} nests {deepest} levels, more than {}",
            limits::DEPTH
        )));
    }
    if values > limits::VALUES {
        return Err(FileError::too_large(format!(
            "{what} holds more than {} values",
            limits::VALUES
        )));
    }
    serde_json::from_str::<IgnoredAny>(text)
        .map(|_| ())
        .map_err(|_| FileError::impossible(format!("{what} is not JSON")))
}

/// An object's members in their order, each value as it is written.
pub(super) struct Members<'a>(pub(super) Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Members<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nesting_and_number_are_counted_outside_of_text() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(check(&nested(100), "it").is_ok());
        assert!(matches!(
            check(&nested(101), "it"),
            Err(FileError::Impossible { .. })
        ));
        let quoted = format!(r#"{{"a":"\"{}"}}"#, "[".repeat(1_000));
        assert!(check(&quoted, "it").is_ok());
        let many = format!("[{}0]", "0,".repeat(2_000_000));
        assert!(matches!(check(&many, "it"), Err(FileError::TooLarge { .. })));
        for text in ["", "{", "{}{}", "<html>", "[1,]"] {
            assert!(
                matches!(check(text, "it"), Err(FileError::Impossible { .. })),
                "{text}"
            );
        }
    }
}
