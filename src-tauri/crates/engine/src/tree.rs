//! JSON as read, cheap to build: texts are borrowed where they hold no escapes, objects are lists.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// A JSON value. A document of two megabytes is read in a fraction of the time that owned maps would take.
pub(crate) enum Tree<'t> {
    Null,
    Bool(bool),
    Number(Number),
    Text(Cow<'t, str>),
    List(Vec<Tree<'t>>),
    Object(Fields<'t>),
}

/// An object's members in the order of the text.
#[derive(Default)]
pub(crate) struct Fields<'t>(Vec<(Cow<'t, str>, Tree<'t>)>);

impl<'t> Fields<'t> {
    /// A member's value; of members with the same name the last, as JSON readers commonly do.
    pub(crate) fn get(&self, name: &str) -> Option<&Tree<'t>> {
        let found = self.0.iter().rev().find(|(known, _)| known == name);
        found.map(|(_, value)| value)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Tree<'t>)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value))
    }
}

impl<'t> Tree<'t> {
    /// The same value with texts borrowed.
    pub(crate) fn of(value: &'t Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(boolean) => Self::Bool(*boolean),
            Value::Number(number) => Self::Number(number.clone()),
            Value::String(text) => Self::Text(Cow::Borrowed(text)),
            Value::Array(items) => Self::List(items.iter().map(Self::of).collect()),
            Value::Object(fields) => Self::Object(Fields(
                fields
                    .iter()
                    .map(|(name, value)| (Cow::Borrowed(name.as_str()), Self::of(value)))
                    .collect(),
            )),
        }
    }

    /// The same value, owned.
    pub(crate) fn to_value(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(boolean) => Value::Bool(*boolean),
            Self::Number(number) => Value::Number(number.clone()),
            Self::Text(text) => Value::String(text.as_ref().to_owned()),
            Self::List(items) => Value::Array(items.iter().map(Self::to_value).collect()),
            Self::Object(fields) => {
                let members = fields
                    .iter()
                    .map(|(name, value)| (name.to_owned(), value.to_value()));
                Value::Object(members.collect::<Map<_, _>>())
            }
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    pub(crate) fn is_scalar(&self) -> bool {
        !matches!(self, Self::List(_) | Self::Object(_))
    }

    /// The value's type in words.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "true or false",
            Self::Number(_) => "number",
            Self::Text(_) => "text",
            Self::List(_) => "list",
            Self::Object(_) => "object",
        }
    }
}

impl<'de> Deserialize<'de> for Tree<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Tree<'de>, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E>(self, boolean: bool) -> Result<Tree<'de>, E> {
        Ok(Tree::Bool(boolean))
    }

    fn visit_i64<E>(self, integer: i64) -> Result<Tree<'de>, E> {
        Ok(Tree::Number(integer.into()))
    }

    fn visit_u64<E>(self, integer: u64) -> Result<Tree<'de>, E> {
        Ok(Tree::Number(integer.into()))
    }

    fn visit_f64<E>(self, float: f64) -> Result<Tree<'de>, E> {
        Ok(Number::from_f64(float).map_or(Tree::Null, Tree::Number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Tree<'de>, E> {
        Ok(Tree::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Tree<'de>, E> {
        Ok(Tree::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree<'de>, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Tree<'de>, A::Error> {
        let mut fields = Vec::new();
        while let Some(name) = members.next_key::<Name<'de>>()? {
            fields.push((name.0, members.next_value()?));
        }
        Ok(Tree::Object(Fields(fields)))
    }
}

/// A member's name, borrowed where it can be.
struct Name<'t>(Cow<'t, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Tree::deserialize(deserializer)? {
            Tree::Text(text) => Ok(Self(text)),
            other => Ok(Self(Cow::Borrowed(other.kind()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Tree;
    use serde_json::{Value, json};

    #[test]
    fn a_tree_is_the_value_it_was_read_from() {
        let value = json!({"a": [1, -2, 1.5, u64::MAX, "x\ny", null, true], "b": {"c": {}}});
        let text = value.to_string();
        let read: Tree<'_> = serde_json::from_str(&text).unwrap();
        assert_eq!(read.to_value(), value);
        assert_eq!(Tree::of(&value).to_value(), value);
    }

    #[test]
    fn of_members_with_one_name_the_last_counts() {
        let text = r#"{"a": 1, "b": 2, "a": 3}"#;
        let Tree::Object(fields) = serde_json::from_str(text).unwrap() else {
            panic!("no object");
        };
        assert_eq!(fields.get("a").map(Tree::to_value), Some(json!(3)));
        assert_eq!(serde_json::from_str::<Value>(text).unwrap()["a"], 3);
    }
}
