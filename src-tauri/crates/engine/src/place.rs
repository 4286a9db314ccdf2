//! Reading JSON with the place at hand, so that an error can name it.

use serde_json::{Number, Value};

use crate::error::DocumentError;
use crate::tree::{Fields, Tree};

/// A JSON value and the way to it.
#[derive(Clone, Copy)]
pub(crate) struct Node<'a> {
    pub(crate) value: &'a Tree<'a>,
    parent: Option<&'a Node<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Root,
    Field(&'a str),
    Item(usize),
}

impl<'a> Node<'a> {
    pub(crate) fn root(value: &'a Tree<'a>) -> Self {
        Self {
            value,
            parent: None,
            step: Step::Root,
        }
    }

    /// An error at this place.
    pub(crate) fn error(&self, problem: impl Into<String>) -> DocumentError {
        let place = self.place();
        let place = if place.is_empty() {
            "document".to_owned()
        } else {
            place
        };
        DocumentError {
            place,
            problem: problem.into(),
        }
    }

    fn mismatch(&self, expected: &str) -> DocumentError {
        self.error(format!("expected {expected}, found {}", self.value.kind()))
    }

    fn place(&self) -> String {
        let before = self.parent.map(Node::place).unwrap_or_default();
        match self.step {
            Step::Root => before,
            Step::Item(index) => format!("{before}[{index}]"),
            Step::Field(name) if !is_plain(name) => format!("{before}[{}]", Value::from(name)),
            Step::Field(name) if before.is_empty() => name.to_owned(),
            Step::Field(name) => format!("{before}.{name}"),
        }
    }

    pub(crate) fn object(&self) -> Result<&'a Fields<'a>, DocumentError> {
        match self.value {
            Tree::Object(fields) => Ok(fields),
            _ => Err(self.mismatch("object")),
        }
    }

    /// A field that must be there; its value may be null.
    pub(crate) fn field<'b>(&'b self, name: &'b str) -> Result<Node<'b>, DocumentError> {
        match self.object()?.get(name) {
            Some(value) => Ok(Node {
                value,
                parent: Some(self),
                step: Step::Field(name),
            }),
            None => Err(Node {
                value: &Tree::Null,
                parent: Some(self),
                step: Step::Field(name),
            }
            .error("missing")),
        }
    }

    /// A field that may be absent or null.
    pub(crate) fn optional<'b>(&'b self, name: &'b str) -> Result<Option<Node<'b>>, DocumentError> {
        let value = self.object()?.get(name).filter(|value| !value.is_null());
        Ok(value.map(|value| Node {
            value,
            parent: Some(self),
            step: Step::Field(name),
        }))
    }

    /// The members of an object, in document order.
    pub(crate) fn members<'b>(&'b self) -> Result<impl Iterator<Item = (&'a str, Node<'b>)>, DocumentError> {
        let object = self.object()?;
        Ok(object.iter().map(move |(name, value)| {
            (
                name,
                Node {
                    value,
                    parent: Some(self),
                    step: Step::Field(name),
                },
            )
        }))
    }

    /// The items of a list.
    pub(crate) fn items<'b>(&'b self) -> Result<impl Iterator<Item = Node<'b>>, DocumentError> {
        let Tree::List(items) = self.value else {
            return Err(self.mismatch("list"));
        };
        Ok(items.iter().enumerate().map(move |(index, value)| Node {
            value,
            parent: Some(self),
            step: Step::Item(index),
        }))
    }

    pub(crate) fn text(&self) -> Result<&'a str, DocumentError> {
        match self.value {
            Tree::Text(text) => Ok(text),
            _ => Err(self.mismatch("text")),
        }
    }

    pub(crate) fn boolean(&self) -> Result<bool, DocumentError> {
        match self.value {
            Tree::Bool(boolean) => Ok(*boolean),
            _ => Err(self.mismatch("true or false")),
        }
    }

    pub(crate) fn number(&self) -> Result<&'a Number, DocumentError> {
        match self.value {
            Tree::Number(number) => Ok(number),
            _ => Err(self.mismatch("number")),
        }
    }

    pub(crate) fn integer(&self) -> Result<i64, DocumentError> {
        match self.value {
            Tree::Number(number) => number.as_i64(),
            _ => None,
        }
        .ok_or_else(|| self.mismatch("integer"))
    }
}

/// Whether a name can stand in a path without brackets.
fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name
            .chars()
            .all(|character| character.is_alphanumeric() || matches!(character, '_' | '-' | '$'))
}

/// A JSON value's type in words.
pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}
