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
///
/// The reference's reader differs from the standard in names after a dot: hyphens are allowed, characters past the
/// basic plane are not.
pub(crate) fn parse_path(text: &str) -> Path {
    if let Some(names) = plain_names(text) {
        return Path::Names(names);
    }
    let Some(bracketed) = bracket_hyphens(text) else {
        return Path::TraitName;
    };
    match JsonPath::parse(&bracketed) {
        Ok(path) => singular_names(&path).map_or_else(|| Path::General(path.clone()), Path::Names),
        Err(error) if is_refused(text) => Path::Raises(error.to_string()),
        Err(_) => Path::TraitName,
    }
}

/// The path that selects by names alone.
pub(crate) fn path_of_names(names: &[&str]) -> Option<JsonPath> {
    let brackets: String = names
        .iter()
        .map(|name| format!("[{}]", Value::from(*name)))
        .collect();
    JsonPath::parse(&format!("${brackets}")).ok()
}

/// Whether a path that does not parse is one that the reference refuses aloud: a function it does not know or that is
/// called with the wrong arguments, or an index past 2^53. Anything else that does not parse is a trait's name to it.
fn is_refused(text: &str) -> bool {
    let in_name = |one: char| one.is_ascii_lowercase() || one.is_ascii_digit() || one == '_';
    let is_call = |at: usize| {
        let before = text.get(..at).unwrap_or_default();
        let owner = before.trim_end_matches(in_name);
        owner.len() < before.len() && !owner.ends_with('.')
    };
    let calls = text.contains('?') && text.match_indices('(').any(|(at, _)| is_call(at));
    let huge = |digits: &str| digits.parse::<u64>().is_ok_and(|index| index >= 1 << 53);
    calls || text.split(|one: char| !one.is_ascii_digit()).any(huge)
}

fn starts_name(character: char) -> bool {
    character.is_ascii_alphabetic() || matches!(character, '_' | '\u{80}'..='\u{ffff}')
}

fn continues_name(character: char) -> bool {
    starts_name(character) || character.is_ascii_digit() || character == '-'
}

/// `$.a.b.c` without brackets, the form nearly all paths have.
fn plain_names(text: &str) -> Option<Vec<String>> {
    let names = text.strip_prefix("$.")?;
    let name = |name: &str| {
        let sound = name.starts_with(starts_name) && name.chars().all(continues_name);
        sound.then(|| name.to_owned())
    };
    names.split('.').map(name).collect()
}

/// Puts names with hyphens into brackets; `None` where a character outside of quotes is one the reference refuses.
fn bracket_hyphens(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut quote = None;
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        rest = &rest[character.len_utf8()..];
        match (quote, character) {
            (Some(open), _) if character == open => quote = None,
            (Some(_), '\\') => {
                out.push(character);
                let escaped = rest.chars().next()?;
                out.push(escaped);
                rest = &rest[escaped.len_utf8()..];
                continue;
            }
            (None, '\'' | '"') => quote = Some(character),
            (None, '\u{10000}'..) => return None,
            (None, '.') if rest.starts_with(starts_name) => {
                let end = rest.find(|one| !continues_name(one)).unwrap_or(rest.len());
                let (name, after) = rest.split_at(end);
                if name.contains('-') {
                    // After two dots a bracket stands as it is; after one it takes the dot's place.
                    if out.ends_with('.') {
                        out.push('.');
                    }
                    out.push_str(&format!("[{}]", Value::from(name)));
                    rest = after;
                    continue;
                }
            }
            _ => {}
        }
        out.push(character);
    }
    Some(out)
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
        assert!(matches!(parse_path("$.identity.traits.🎉"), Path::TraitName));
        assert!(matches!(parse_path("$..user-type"), Path::General(_)));
        assert!(matches!(parse_path("$.a[?nobody(@)]"), Path::Raises(_)));
        assert!(matches!(parse_path("$.a[9007199254740992]"), Path::Raises(_)));
    }
}
