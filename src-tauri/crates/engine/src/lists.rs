//! The operand of IN: a list in one of three spellings.

use serde_json::Value;

use crate::error::FailureCause;
use crate::numbers::{LONGEST_INTEGER, parse_float, print_float};
use crate::place::kind;
use crate::printing::{print_value, quote};

/// Reads the operand: a JSON list, text holding a JSON list, or text with commas. Nothing is trimmed; numbers are
/// printed.
pub(crate) fn read_members(operand: &Value) -> Result<Vec<String>, FailureCause> {
    match operand {
        Value::Array(items) => Ok(items.iter().map(print_value).collect()),
        Value::String(text) => Ok(read_text(text)),
        other => Err(FailureCause::UnreadableOperand(kind(other))),
    }
}

fn read_text(text: &str) -> Vec<String> {
    if text.starts_with('[') {
        let mut reader = Reader { rest: text, depth: 0 };
        if let Some(Item::List(items)) = reader.value()
            && reader.rest.trim_start_matches(is_json_blank).is_empty()
        {
            return items.into_iter().map(Item::into_text).collect();
        }
    }
    text.split(',').map(str::to_owned).collect()
}

/// A value of the reference's JSON reader. It keeps integers of any size and knows NaN and the infinities, which a
/// strict reader does not.
enum Item {
    Text(String),
    /// Everything else that is not a list, printed.
    Printed(String),
    List(Vec<Item>),
}

impl Item {
    fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            other => other.nested(),
        }
    }

    fn nested(self) -> String {
        match self {
            Self::Text(text) => quote(&text),
            Self::Printed(text) => text,
            Self::List(items) => {
                let items: Vec<String> = items.into_iter().map(Self::nested).collect();
                format!("[{}]", items.join(", "))
            }
        }
    }
}

/// Deeper nesting than this is not read as JSON.
const DEEPEST: usize = 500;

struct Reader<'a> {
    rest: &'a str,
    depth: usize,
}

impl Reader<'_> {
    fn value(&mut self) -> Option<Item> {
        self.rest = self.rest.trim_start_matches(is_json_blank);
        match self.rest.as_bytes().first()? {
            b'"' => self.string().map(Item::Text),
            b'[' => self.list(),
            b'{' => self.object(),
            _ => self.word(),
        }
    }

    fn string(&mut self) -> Option<String> {
        let bytes = self.rest.as_bytes();
        let mut end = 1;
        while *bytes.get(end)? != b'"' {
            end += if bytes.get(end) == Some(&b'\\') { 2 } else { 1 };
        }
        let text = serde_json::from_str(self.rest.get(..=end)?).ok()?;
        self.rest = self.rest.get(end + 1..)?;
        Some(text)
    }

    fn take(&mut self, expected: char) -> bool {
        self.rest = self.rest.trim_start_matches(is_json_blank);
        match self.rest.strip_prefix(expected) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn list(&mut self) -> Option<Item> {
        self.enter('[')?;
        let mut items = Vec::new();
        if self.take(']') {
            self.depth -= 1;
            return Some(Item::List(items));
        }
        loop {
            items.push(self.value()?);
            if self.take(']') {
                self.depth -= 1;
                return Some(Item::List(items));
            }
            if !self.take(',') {
                return None;
            }
        }
    }

    fn object(&mut self) -> Option<Item> {
        self.enter('{')?;
        let mut fields: Vec<(String, String)> = Vec::new();
        if !self.take('}') {
            loop {
                self.rest = self.rest.trim_start_matches(is_json_blank);
                if !self.rest.starts_with('"') {
                    return None;
                }
                let name = quote(&self.string()?);
                if !self.take(':') {
                    return None;
                }
                let value = self.value()?.nested();
                match fields.iter_mut().find(|(known, _)| *known == name) {
                    Some(field) => field.1 = value,
                    None => fields.push((name, value)),
                }
                if self.take('}') {
                    break;
                }
                if !self.take(',') {
                    return None;
                }
            }
        }
        self.depth -= 1;
        let fields: Vec<String> = fields
            .into_iter()
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        Some(Item::Printed(format!("{{{}}}", fields.join(", "))))
    }

    fn enter(&mut self, opening: char) -> Option<()> {
        self.depth += 1;
        (self.depth <= DEEPEST && self.take(opening)).then_some(())
    }

    fn word(&mut self) -> Option<Item> {
        const WORDS: [(&str, &str); 6] = [
            ("null", "None"),
            ("true", "True"),
            ("false", "False"),
            ("NaN", "nan"),
            ("Infinity", "inf"),
            ("-Infinity", "-inf"),
        ];
        for (word, printed) in WORDS {
            if let Some(rest) = self.rest.strip_prefix(word) {
                self.rest = rest;
                return Some(Item::Printed(printed.to_owned()));
            }
        }
        self.number()
    }

    fn number(&mut self) -> Option<Item> {
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let text = self.rest;
        let sign = usize::from(text.starts_with('-'));
        let whole = digits(text.get(sign..)?);
        // A leading zero stands alone: what follows it is no longer part of the number.
        let whole = if text.get(sign..)?.starts_with('0') {
            1
        } else {
            whole
        };
        if whole == 0 {
            return None;
        }
        let mut end = sign + whole;
        let mut is_float = false;
        if text.get(end..)?.starts_with('.') && digits(text.get(end + 1..)?) > 0 {
            end += 1 + digits(text.get(end + 1..)?);
            is_float = true;
        }
        if text.get(end..)?.starts_with(['e', 'E']) {
            let signed = text.get(end + 1..)?;
            let exponent_sign = usize::from(signed.starts_with(['+', '-']));
            let exponent = digits(signed.get(exponent_sign..)?);
            if exponent > 0 {
                end += 1 + exponent_sign + exponent;
                is_float = true;
            }
        }
        let literal = text.get(..end)?;
        self.rest = text.get(end..)?;
        if is_float {
            return parse_float(literal).map(|float| Item::Printed(print_float(float)));
        }
        if whole > LONGEST_INTEGER {
            return None;
        }
        Some(Item::Printed(if literal == "-0" {
            "0".to_owned()
        } else {
            literal.to_owned()
        }))
    }
}

fn is_json_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r')
}

#[cfg(test)]
mod tests {
    use super::read_text;

    #[test]
    fn lists_are_json_where_they_can_be_and_commas_else() {
        assert_eq!(read_text("a,b, c"), ["a", "b", " c"]);
        assert_eq!(
            read_text(r#"["a", 1, 1.50, true, null, NaN, 1e3, -0]"#),
            ["a", "1", "1.5", "True", "None", "nan", "1000.0", "0"]
        );
        assert_eq!(read_text("[a,b]"), ["[a", "b]"]);
        assert_eq!(read_text("[01]"), ["[01]"]);
        assert_eq!(read_text(r#"[["x", {"k": [1]}]]"#), ["['x', {'k': [1]}]"]);
        assert_eq!(read_text("[]"), Vec::<String>::new());
    }
}
