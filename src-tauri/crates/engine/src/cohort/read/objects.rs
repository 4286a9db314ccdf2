//! Objects that stand for identities, and lists of them.

use std::io::BufRead;

use serde_json::{Map, Value};

use super::metered::Metered;
use super::{ReadError, Rows};
use crate::impact::Control;

/// Names of the column or member that names an identity, the most telling first; case, `_`, `-` and blanks do not count.
const IDENTIFIERS: [&str; 14] = [
    "identifier",
    "identityidentifier",
    "identity",
    "identityid",
    "userid",
    "user",
    "useridentifier",
    "id",
    "uid",
    "uuid",
    "userkey",
    "key",
    "customerid",
    "accountid",
];

/// The position of the name that most tells of an identifier.
pub(super) fn telling<'n>(names: impl Iterator<Item = &'n str>) -> Option<usize> {
    let rank = |name: &str| {
        let bare = name
            .chars()
            .filter(|one| !matches!(one, '_' | '-' | ' '))
            .flat_map(char::to_lowercase);
        let bare: String = bare.collect();
        IDENTIFIERS.iter().position(|known| *known == bare)
    };
    let ranked = names
        .enumerate()
        .filter_map(|(position, name)| Some((rank(name)?, position)));
    ranked.min().map(|(_, position)| position)
}

/// Reads one object: `{"identifier", "key"?, "traits"}`, with traits as an object or as Flagsmith's list of
/// `{"trait_key", "trait_value"}`, or a flat object whose members are the traits.
pub(super) fn take_object(text: &[u8], line: u64, rows: &mut Rows) {
    if let Err(problem) = try_object(text, line, rows) {
        rows.reject(line, problem);
    }
}

fn try_object(text: &[u8], line: u64, rows: &mut Rows) -> Result<(), String> {
    if std::str::from_utf8(text).is_err() {
        return Err("not UTF-8".to_owned());
    }
    let value: Value = serde_json::from_slice(text).map_err(|error| format!("not JSON: {error}"))?;
    let Value::Object(fields) = value else {
        return Err(format!(
            "expected an object, found {}",
            crate::place::kind(&value)
        ));
    };
    let nested = fields.get("traits").or_else(|| fields.get("identity_traits"));
    let nested = nested.filter(|value| value.is_object() || value.is_array());
    let name = identifier_name(&fields, rows);
    let Some((name, identifier)) = name.and_then(|name| fields.get_key_value(&name)) else {
        return Err("no identifier".to_owned());
    };
    let identifier = match identifier {
        Value::String(text) if !text.is_empty() => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::String(_) => return Err("no identifier".to_owned()),
        other => {
            return Err(format!(
                "the identifier is {}, not text",
                crate::place::kind(other)
            ));
        }
    };
    let key_name = if nested.is_some() && name != "key" && fields.contains_key("key") {
        "key"
    } else {
        "identity_key"
    };
    let key = fields
        .get(key_name)
        .and_then(Value::as_str)
        .filter(|_| name != key_name);
    match nested {
        Some(Value::Object(traits)) => rows.add(line, &identifier, key, entries(traits)),
        Some(Value::Array(items)) => {
            let traits = items
                .iter()
                .enumerate()
                .map(listed)
                .collect::<Result<Vec<_>, _>>()?;
            rows.add(line, &identifier, key, traits.iter().copied());
        }
        _ => {
            let others = entries(&fields).filter(|(other, _)| other != name && *other != "identity_key");
            rows.add(line, &identifier, key, others);
        }
    }
    Ok(())
}

fn entries(fields: &Map<String, Value>) -> impl Iterator<Item = (&str, &Value)> + Clone {
    fields.iter().map(|(name, value)| (name.as_str(), value))
}

/// A trait as Flagsmith lists it.
fn listed((position, item): (usize, &Value)) -> Result<(&str, &Value), String> {
    let name = item.get("trait_key").and_then(Value::as_str);
    let name = name.ok_or_else(|| format!("traits[{position}] has no trait_key"))?;
    Ok((name, item.get("trait_value").unwrap_or(&Value::Null)))
}

/// The member that names the identity: the one asked for, else the one found first in this file.
fn identifier_name(fields: &Map<String, Value>, rows: &mut Rows) -> Option<String> {
    if rows.identifier.is_none() {
        let can_name = |value: &Value| value.is_string() || value.is_number();
        let names = fields
            .iter()
            .filter(|(_, value)| can_name(value))
            .map(|(name, _)| name.as_str());
        let found = telling(names.clone()).unwrap_or(0);
        rows.identifier = names.clone().nth(found).map(str::to_owned);
    }
    rows.identifier.clone()
}

/// A list of objects, read item by item.
pub(super) struct JsonList<R> {
    input: Metered<R>,
    item: Vec<u8>,
    state: ListState,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum ListState {
    Start,
    Inside,
    Ended,
}

/// Where in an item a reader is.
#[derive(Default)]
struct Scan {
    depth: u64,
    in_text: bool,
    escaped: bool,
}

/// What a byte means to the list.
enum Step {
    Part,
    ItemEnds,
    ListEnds,
}

impl Scan {
    fn step(&mut self, byte: u8) -> Step {
        if self.in_text {
            self.in_text = self.escaped || byte != b'"';
            self.escaped = !self.escaped && byte == b'\\';
            return Step::Part;
        }
        match byte {
            b'"' => self.in_text = true,
            b'{' | b'[' => self.depth += 1,
            b']' if self.depth == 0 => return Step::ListEnds,
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            b',' if self.depth == 0 => return Step::ItemEnds,
            _ => {}
        }
        Step::Part
    }
}

impl<R: BufRead> JsonList<R> {
    pub(super) fn new(input: Metered<R>) -> Self {
        Self {
            input,
            item: Vec::new(),
            state: ListState::Start,
        }
    }

    /// Reads an item; false at the end.
    pub(super) fn next(&mut self, rows: &mut Rows, control: &Control) -> Result<bool, ReadError> {
        match self.state {
            ListState::Start => self.open()?,
            ListState::Inside => {}
            ListState::Ended => return Ok(false),
        }
        self.skip_blanks()?;
        self.item.clear();
        let (number, longest) = (self.input.lines + 1, self.input.longest());
        let (mut scan, mut length) = (Scan::default(), 0_usize);
        loop {
            let seen = self.input.fill_buf()?;
            if seen.is_empty() {
                self.state = ListState::Ended;
                rows.reject(number, "the list is not closed");
                return Ok(false);
            }
            let mut end = None;
            for (position, byte) in seen.iter().enumerate() {
                match scan.step(*byte) {
                    Step::Part => {}
                    Step::ItemEnds => end = Some((position, ListState::Inside)),
                    Step::ListEnds => end = Some((position, ListState::Ended)),
                }
                if end.is_some() {
                    break;
                }
            }
            let part = end.map_or(seen.len(), |(position, _)| position);
            length = length.saturating_add(part);
            if length <= longest {
                self.item.extend_from_slice(seen.get(..part).unwrap_or_default());
            }
            self.input.skip(part + usize::from(end.is_some()))?;
            if let Some((_, state)) = end {
                self.state = state;
                break;
            }
            control.check()?;
        }
        let is_blank = self.item.trim_ascii().is_empty();
        if length > longest {
            rows.reject(number, format!("longer than {longest} bytes"));
        } else if is_blank && self.state == ListState::Inside {
            rows.reject(number, "nothing before a comma");
        } else if !is_blank {
            take_object(&self.item, number, rows);
        }
        Ok(self.state == ListState::Inside)
    }

    fn open(&mut self) -> Result<(), ReadError> {
        if self.input.fill_buf()?.first() != Some(&b'[') {
            return Err(ReadError::Unreadable {
                line: self.input.lines + 1,
                problem: "expected a list".to_owned(),
            });
        }
        self.input.skip(1)?;
        self.state = ListState::Inside;
        Ok(())
    }

    fn skip_blanks(&mut self) -> Result<(), ReadError> {
        loop {
            let seen = self.input.fill_buf()?;
            let blanks = seen.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            let all = blanks == seen.len() && blanks > 0;
            self.input.skip(blanks)?;
            if !all {
                return Ok(());
            }
        }
    }

    pub(super) fn bytes_read(&self) -> u64 {
        self.input.bytes()
    }
}
