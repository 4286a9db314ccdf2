//! A flag's value as the server stores it: one column a type, of which one counts.

use serde_json::{Map, Value, json};

use super::call::python_type;

/// The longest text value the server takes, in characters.
const LONGEST_TEXT: usize = 20_000;

/// Which of the three columns counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ValueKind {
    Integer,
    Text,
    Boolean,
}

/// A stored value. Columns that do not count keep what they held, as the server's do.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct StoredValue {
    kind: ValueKind,
    text: Option<String>,
    integer: Option<i64>,
    boolean: Option<bool>,
}

impl StoredValue {
    /// No value: text that is null.
    pub(crate) fn empty() -> Self {
        Self {
            kind: ValueKind::Text,
            text: None,
            integer: None,
            boolean: None,
        }
    }

    /// What a feature's `initial_value` becomes in each environment: text that looks like an integer or a
    /// boolean is stored as one.
    pub(crate) fn from_initial(initial: Option<&str>) -> Self {
        let mut value = Self::empty();
        let Some(text) = initial else { return value };
        if let Ok(integer) = text.parse::<i32>() {
            value.kind = ValueKind::Integer;
            value.integer = Some(i64::from(integer));
        } else if text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false") {
            value.kind = ValueKind::Boolean;
            value.boolean = Some(text.eq_ignore_ascii_case("true"));
        } else {
            value.text = Some(text.to_owned());
        }
        value
    }

    /// Empties every column; the type stays.
    pub(crate) fn clear(&mut self) {
        self.text = None;
        self.integer = None;
        self.boolean = None;
    }

    /// A JSON string, integer, boolean or null.
    pub(crate) fn from_typed(typed: &Value) -> Self {
        let mut value = Self::empty();
        // Seeds only hand in values that the server would take.
        let _ = value.write_typed(typed);
        value
    }

    /// The value as most answers show it: `30`, `true`, `"x"`, or null.
    pub(crate) fn typed(&self) -> Value {
        match self.kind {
            ValueKind::Integer => json!(self.integer),
            ValueKind::Text => json!(self.text),
            ValueKind::Boolean => json!(self.boolean),
        }
    }

    /// The value as the flat feature state routes and the versions show it, leftovers included.
    pub(crate) fn nested(&self) -> Value {
        let kind = match self.kind {
            ValueKind::Integer => "int",
            ValueKind::Text => "unicode",
            ValueKind::Boolean => "bool",
        };
        json!({"type": kind, "string_value": self.text, "integer_value": self.integer, "boolean_value": self.boolean})
    }

    /// The value as the one-call routes show it: a type and text, or null.
    pub(crate) fn tagged(&self) -> Value {
        match (self.kind, self.integer, &self.text, self.boolean) {
            (ValueKind::Integer, Some(integer), ..) => {
                json!({"type": "integer", "value": integer.to_string()})
            }
            (ValueKind::Text, _, Some(text), _) => json!({"type": "string", "value": text}),
            (ValueKind::Boolean, .., Some(boolean)) => {
                json!({"type": "boolean", "value": boolean.to_string()})
            }
            _ => Value::Null,
        }
    }

    /// Takes a bare JSON value.
    ///
    /// # Errors
    /// The body of the server's 400.
    pub(crate) fn write_typed(&mut self, typed: &Value) -> Result<(), Value> {
        match typed {
            Value::Null => {
                self.kind = ValueKind::Text;
                self.text = None;
            }
            Value::Bool(boolean) => {
                self.kind = ValueKind::Boolean;
                self.boolean = Some(*boolean);
            }
            Value::Number(number) if number.is_i64() || number.is_u64() => self.write_integer(typed)?,
            // A fraction has no column of its own.
            Value::Number(number) => self.write_text(&number.to_string())?,
            Value::String(text) => self.write_text(text)?,
            Value::Array(_) | Value::Object(_) => {
                return Err(json!({"string_value": ["Not a valid string."]}));
            }
        }
        Ok(())
    }

    /// Takes `{"type", "string_value" | "integer_value" | "boolean_value"}`.
    ///
    /// # Errors
    /// The body of the server's 400.
    pub(crate) fn write_nested(&mut self, nested: &Map<String, Value>) -> Result<(), Value> {
        let kind = nested.get("type").and_then(Value::as_str).unwrap_or("unicode");
        let column = |name: &str| nested.get(name).unwrap_or(&Value::Null);
        match kind {
            "unicode" => match column("string_value") {
                Value::Null => {
                    self.kind = ValueKind::Text;
                    self.text = None;
                    Ok(())
                }
                Value::String(text) => self.write_text(text),
                Value::Number(number) => self.write_text(&number.to_string()),
                _ => Err(json!({"string_value": ["Not a valid string."]})),
            },
            "int" => self.write_integer(column("integer_value")),
            "bool" => {
                self.boolean = column("boolean_value").as_bool();
                self.kind = ValueKind::Boolean;
                Ok(())
            }
            other => Err(json!({"type": [format!("\"{other}\" is not a valid choice.")]})),
        }
    }

    /// Takes the one-call routes' `{"type", "value"}`, where the value is text. It has to be there: these routes
    /// show the lack of a value as null and take none.
    pub(crate) fn write_tagged(&mut self, tagged: &Value) -> Result<(), TaggedRefusal> {
        let wrong = |body: Value| Err(TaggedRefusal::Wrong(body));
        let tagged = match tagged {
            Value::Object(tagged) => tagged,
            Value::Null => return wrong(json!(["This field may not be null."])),
            other => {
                let sentence = format!(
                    "Invalid data. Expected a dictionary, but got {}.",
                    python_type(other)
                );
                return wrong(json!({"non_field_errors": [sentence]}));
            }
        };
        let kind = tagged.get("type").and_then(Value::as_str).unwrap_or_default();
        if !["integer", "boolean", "string"].contains(&kind) {
            return wrong(json!({"type": [format!("\"{kind}\" is not a valid choice.")]}));
        }
        let text = match tagged.get("value") {
            None => return wrong(json!({"value": ["This field is required."]})),
            Some(Value::Null) => return wrong(json!({"value": ["This field may not be null."]})),
            Some(Value::String(text)) => stripped(text),
            Some(_) => return wrong(json!({"value": ["Not a valid string."]})),
        };
        if text.contains('\0') {
            return wrong(json!({"value": [NO_NULL_CHARACTERS]}));
        }
        match kind {
            "integer" => {
                let Ok(integer) = text.parse::<i64>() else {
                    return wrong(json!([format!("'{text}' is not a valid integer")]));
                };
                if i32::try_from(integer).is_err() {
                    return Err(TaggedRefusal::Fault);
                }
                self.kind = ValueKind::Integer;
                self.integer = Some(integer);
            }
            "boolean" => {
                let Ok(boolean) = text.to_ascii_lowercase().parse::<bool>() else {
                    let sentence = format!("'{text}' is not a valid boolean (use 'true' or 'false')");
                    return wrong(json!([sentence]));
                };
                self.kind = ValueKind::Boolean;
                self.boolean = Some(boolean);
            }
            _ => self.write_text(text).map_err(|_| TaggedRefusal::Fault)?,
        }
        Ok(())
    }

    fn write_text(&mut self, text: &str) -> Result<(), Value> {
        let text = stripped(text);
        if text.contains('\0') {
            return Err(json!({"string_value": [NO_NULL_CHARACTERS]}));
        }
        if text.chars().count() > LONGEST_TEXT {
            return Err(json!({"string_value": [too_long()]}));
        }
        self.kind = ValueKind::Text;
        self.text = Some(text.to_owned());
        Ok(())
    }

    fn write_integer(&mut self, integer: &Value) -> Result<(), Value> {
        let stored = match integer {
            Value::Null => None,
            // The largest unsigned numbers are over the limit anyway.
            Value::Number(number) if number.is_i64() || number.is_u64() => {
                Some(number.as_i64().unwrap_or(i64::MAX))
            }
            Value::String(text) => match text.parse::<i64>() {
                Ok(parsed) => Some(parsed),
                Err(_) => return Err(json!({"integer_value": ["A valid integer is required."]})),
            },
            _ => return Err(json!({"integer_value": ["A valid integer is required."]})),
        };
        if stored.is_some_and(|integer| integer > i64::from(i32::MAX)) {
            return Err(json!({"integer_value": ["Ensure this value is less than or equal to 2147483647."]}));
        }
        if stored.is_some_and(|integer| integer < i64::from(i32::MIN)) {
            return Err(
                json!({"integer_value": ["Ensure this value is greater than or equal to -2147483648."]}),
            );
        }
        self.kind = ValueKind::Integer;
        self.integer = stored;
        Ok(())
    }
}

/// Why a one-call route does not take a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TaggedRefusal {
    /// A 400 with this below the field's name.
    Wrong(Value),
    /// These routes check neither the length of a text nor the size of an integer, and fail in the database.
    Fault,
}

const NO_NULL_CHARACTERS: &str = "Null characters are not allowed.";

/// Text as the server takes it in nearly every field: without the blanks around it. Its language counts four
/// separators as blanks too.
pub(crate) fn stripped(text: &str) -> &str {
    text.trim_matches(|character: char| {
        character.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&character)
    })
}

fn too_long() -> String {
    format!("Ensure this field has no more than {LONGEST_TEXT} characters.")
}
