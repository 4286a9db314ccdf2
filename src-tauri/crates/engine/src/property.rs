//! Where a condition gets its value from.

use serde_json::Value;
use serde_json_path::JsonPath;

/// A condition's property, resolved as far as the document allows.
#[derive(Debug)]
pub(crate) enum Property {
    /// A trait, by slot.
    Trait(u32),
    /// The identity's key as it is, without coercion: a split with an empty property.
    IdentityKey,
    /// A JSONPath; a trait literally named so goes first.
    Path { literal: u32, target: Target },
}

/// What a JSONPath points to.
#[derive(Debug)]
pub(crate) enum Target {
    Identifier,
    Key,
    Trait(u32),
    EnvironmentName,
    EnvironmentKey,
    /// Another flag's result (dialect 11.1.1 only), by name and field.
    Flag {
        name: String,
        field: FlagField,
    },
    /// Anything else, looked up in the whole context.
    General(Box<JsonPath>),
    /// Never anything.
    Nothing,
    /// The reference raises on this path.
    Raises(String),
}

/// Which part of another flag's result a path reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FlagField {
    Enabled,
    Value,
    Variant,
    Name,
    Reason,
    /// The flag as a whole or something that flags do not have: unset, but the flag is resolved all the same.
    Other,
}

/// A JSONPath as far as it matters for compiling.
pub(crate) enum Path {
    /// Only names after the root.
    Names(Vec<String>),
    General(JsonPath),
    /// Not a JSONPath: the text is a trait's name.
    TraitName,
    /// Well-formed, but the reference refuses it with an error nobody catches.
    Raises(String),
}

/// Parses a property that starts with `$.`.
pub(crate) fn parse_path(text: &str) -> Path {
    if let Some(names) = plain_names(text) {
        return Path::Names(names);
    }
    match JsonPath::parse(text) {
        Ok(path) => singular_names(&path).map_or_else(|| Path::General(path.clone()), Path::Names),
        Err(error) => {
            let message = error.to_string();
            let is_type_error = ["function", "Function", "signature", "exceeded", "out of range"]
                .iter()
                .any(|word| message.contains(word));
            if is_type_error {
                Path::Raises(message)
            } else {
                Path::TraitName
            }
        }
    }
}

/// `$.a.b.c` without brackets, the form nearly all paths have.
fn plain_names(text: &str) -> Option<Vec<String>> {
    let names = text.strip_prefix("$.")?;
    names
        .split('.')
        .map(|name| {
            let mut characters = name.chars();
            let is_first = |character: char| {
                character.is_ascii_alphabetic() || character == '_' || !character.is_ascii()
            };
            let sound = characters.next().is_some_and(is_first)
                && characters.all(|character| is_first(character) || character.is_ascii_digit());
            sound.then(|| name.to_owned())
        })
        .collect()
}

/// The names of a path that can only select one node by names, such as `$.a['b c']`.
///
/// The library keeps its syntax tree to itself, so the names are read from the printed path and then tried out.
fn singular_names(path: &JsonPath) -> Option<Vec<String>> {
    let text = path.to_string();
    let mut names = Vec::new();
    let mut rest = text.strip_prefix('$')?;
    while !rest.is_empty() {
        let (name, after) = match rest.strip_prefix("['") {
            Some(quoted) => quoted.split_once("']")?,
            None => {
                let dotted = rest
                    .strip_prefix('.')
                    .filter(|dotted| !dotted.starts_with(['*', '.']))?;
                dotted.split_at(dotted.find(['.', '[']).unwrap_or(dotted.len()))
            }
        };
        names.push(name.to_owned());
        rest = after;
    }
    let nest = names.iter().rev().fold(
        Value::Null,
        |inner, name| serde_json::json!({ name.as_str(): inner }),
    );
    let found = path.query(&nest).all();
    (found.len() == 1).then_some(names)
}

impl FlagField {
    pub(crate) fn named(name: &str) -> Self {
        match name {
            "enabled" => Self::Enabled,
            "value" => Self::Value,
            "variant" => Self::Variant,
            "name" => Self::Name,
            "reason" => Self::Reason,
            _ => Self::Other,
        }
    }
}

/// The first node a general path finds, if it is a scalar.
pub(crate) fn first_scalar<'c>(path: &JsonPath, context: &'c Value) -> Option<&'c Value> {
    let found = path.query(context).first()?;
    (!found.is_array() && !found.is_object()).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::{Path, parse_path};

    fn names(text: &str) -> Option<Vec<String>> {
        match parse_path(text) {
            Path::Names(names) => Some(names),
            _ => None,
        }
    }

    #[test]
    fn dotted_and_bracketed_names_are_the_same_path() {
        let expected = Some(vec!["identity".to_owned(), "traits".to_owned(), "a".to_owned()]);
        assert_eq!(names("$.identity.traits.a"), expected);
        assert_eq!(names("$.identity['traits'][\"a\"]"), expected);
        assert_eq!(
            names("$.identity.traits['[$the.size$]']").map(|names| names.len()),
            Some(3)
        );
    }

    #[test]
    fn other_paths_are_general_or_none() {
        assert!(matches!(parse_path("$.identity.traits.*"), Path::General(_)));
        assert!(matches!(parse_path("$..key"), Path::General(_)));
        assert!(matches!(parse_path("$.not a path"), Path::TraitName));
        assert!(matches!(parse_path("$.1st"), Path::TraitName));
    }
}
