//! Identities in columns.

use serde_json::Value;
use std::sync::Arc;

use crate::identity::Identity;

/// The code of a row that does not have the trait.
pub const UNSET: u32 = u32::MAX;

/// How many rows a chunk holds unless told otherwise.
pub const CHUNK_ROWS: usize = 8192;

/// Some thousand identities of a cohort, kept in columns. Immutable; share it between threads freely.
#[derive(Debug)]
pub struct Chunk {
    pub(super) first_row: u64,
    pub(super) identifiers: Texts,
    /// Empty text stands for an identity without a key of its own. `None` when no row of the chunk has one.
    pub(super) keys: Option<Texts>,
    pub(super) columns: Vec<Column>,
}

/// One trait of a chunk: a code for each row, and the distinct values that the codes stand for.
#[derive(Debug)]
pub struct Column {
    pub(super) name: Arc<str>,
    pub(super) codes: Box<[u32]>,
    pub(super) values: Box<[Value]>,
}

/// Texts one behind the other in one allocation.
#[derive(Debug, Default)]
pub(super) struct Texts {
    text: String,
    /// Where each text ends.
    ends: Vec<u32>,
}

impl Chunk {
    /// The cohort's row that is this chunk's first, counted from 0.
    pub fn first_row(&self) -> u64 {
        self.first_row
    }

    /// Number of identities.
    pub fn len(&self) -> usize {
        self.identifiers.len()
    }

    /// Whether there is no identity in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The identifier of a row of this chunk; empty past its end.
    pub fn identifier(&self, row: usize) -> &str {
        self.identifiers.get(row)
    }

    /// The key of a row, where the cohort gave it one.
    pub fn key(&self, row: usize) -> Option<&str> {
        let key = self.keys.as_ref()?.get(row);
        (!key.is_empty()).then_some(key)
    }

    /// The traits that some row of this chunk has, each name once.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// A row as an identity of its own.
    pub fn identity(&self, row: usize) -> Identity {
        let value = |column: &Column| {
            let value = column.value(row)?;
            Some((column.name().to_owned(), value.clone()))
        };
        Identity {
            identifier: self.identifier(row).to_owned(),
            key: self.key(row).map(str::to_owned),
            traits: self.columns.iter().filter_map(value).collect(),
        }
    }

    /// Roughly how many bytes the chunk takes.
    pub fn bytes(&self) -> usize {
        let columns: usize = self.columns.iter().map(Column::bytes).sum();
        self.identifiers.bytes() + self.keys.as_ref().map_or(0, Texts::bytes) + columns
    }
}

impl Column {
    /// The trait's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// For each row of the chunk the position of its value in [`Column::values`], or [`UNSET`].
    pub fn codes(&self) -> &[u32] {
        &self.codes
    }

    /// The distinct values, none of them null, in order of their first row.
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// The value of a row; `None` when unset.
    pub fn value(&self, row: usize) -> Option<&Value> {
        self.values.get(*self.codes.get(row)? as usize)
    }

    fn bytes(&self) -> usize {
        let values: usize = self.values.iter().map(bytes_of).sum();
        self.codes.len() * size_of::<u32>() + values
    }
}

/// Roughly what a value takes, with what it points to.
pub(super) fn bytes_of(value: &Value) -> usize {
    let behind = match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(bytes_of).sum(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| 40 + name.len() + bytes_of(value))
            .sum(),
        _ => 0,
    };
    size_of::<Value>() + behind
}

impl Texts {
    pub(super) fn push(&mut self, text: &str) {
        self.text.push_str(text);
        // The builder ends a chunk long before its texts reach 4 GiB.
        self.ends.push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn get(&self, index: usize) -> &str {
        let start = match index.checked_sub(1) {
            Some(before) => self.ends.get(before).copied().unwrap_or(0),
            None => 0,
        };
        let end = self.ends.get(index).copied().unwrap_or(start);
        self.text.get(start as usize..end as usize).unwrap_or("")
    }

    pub(super) fn bytes(&self) -> usize {
        self.text.len() + self.ends.len() * size_of::<u32>()
    }

    pub(super) fn shrink(&mut self) {
        self.text.shrink_to_fit();
        self.ends.shrink_to_fit();
    }
}
