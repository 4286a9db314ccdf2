//! Making chunks out of rows.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::Cohort;
use super::chunk::{CHUNK_ROWS, Chunk, Column, Texts, UNSET};
use super::dictionary::Dictionary;
use crate::identity::Identity;

/// Text that one chunk gathers before it is closed early, in bytes.
const CHUNK_TEXT: usize = 64 << 20;

/// Collects identities one by one into a [`Cohort`].
///
/// ```
/// use halyard_engine::{CohortBuilder, Identity};
///
/// let mut builder = CohortBuilder::new();
/// builder.push(&Identity::new("maya").with_trait("plan", "beta"));
/// let cohort = builder.finish();
/// assert_eq!(cohort.identity(0), Some(Identity::new("maya").with_trait("plan", "beta")));
/// ```
#[derive(Debug)]
pub struct CohortBuilder {
    chunks: Vec<Arc<Chunk>>,
    open: ChunkBuilder,
}

impl Default for CohortBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl CohortBuilder {
    /// A builder of chunks of the usual size.
    pub fn new() -> Self {
        Self::with_chunk_rows(CHUNK_ROWS)
    }

    /// A builder of chunks of at most so many rows, at least one.
    pub fn with_chunk_rows(rows: usize) -> Self {
        Self {
            chunks: Vec::new(),
            open: ChunkBuilder::new(rows),
        }
    }

    /// Adds an identity. Null traits count as unset. Who adds an identifier twice has it twice.
    pub fn push(&mut self, identity: &Identity) {
        self.open.begin(&identity.identifier, identity.key.as_deref());
        for (name, value) in &identity.traits {
            self.open.set(name, value);
        }
        if self.open.is_full() {
            self.chunks.extend(self.open.close());
        }
    }

    /// The cohort of everything pushed.
    pub fn finish(mut self) -> Cohort {
        self.chunks.extend(self.open.close());
        Cohort::new(self.chunks)
    }
}

impl<'i> FromIterator<&'i Identity> for Cohort {
    fn from_iter<I: IntoIterator<Item = &'i Identity>>(identities: I) -> Self {
        let mut builder = CohortBuilder::new();
        for identity in identities {
            builder.push(identity);
        }
        builder.finish()
    }
}

/// The chunk that is being filled. Column names are known across chunks, so that all chunks share them.
#[derive(Debug)]
pub(super) struct ChunkBuilder {
    rows: usize,
    first_row: u64,
    identifiers: Texts,
    keys: Texts,
    has_keys: bool,
    columns: Vec<ColumnBuilder>,
    by_name: HashMap<Arc<str>, u32>,
}

#[derive(Debug)]
struct ColumnBuilder {
    name: Arc<str>,
    /// Shorter than the chunk where the last rows do not have the trait.
    codes: Vec<u32>,
    dictionary: Dictionary,
    /// Rows of closed chunks that have the trait.
    rows_closed: u64,
}

impl ChunkBuilder {
    pub(super) fn new(rows: usize) -> Self {
        Self {
            rows: rows.clamp(1, 1 << 20),
            first_row: 0,
            identifiers: Texts::default(),
            keys: Texts::default(),
            has_keys: false,
            columns: Vec::new(),
            by_name: HashMap::new(),
        }
    }

    /// How many names of traits are known.
    pub(super) fn column_count(&self) -> usize {
        self.columns.len()
    }

    /// Names of all traits seen so far, in order of appearance, and how many rows of closed chunks have them.
    pub(super) fn counts(&self) -> impl Iterator<Item = (&str, u64)> {
        self.columns
            .iter()
            .map(|column| (&*column.name, column.rows_closed))
    }

    /// Whether a trait of that name is known.
    pub(super) fn knows(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// Sets a trait to text, which spares an allocation where the text is known already.
    pub(super) fn set_column_text(&mut self, column: usize, text: &str) {
        if let Some(column) = self.columns.get_mut(column) {
            let code = column.dictionary.code_of_text(text);
            column.put(self.identifiers.len(), code);
        }
    }

    /// The position of a trait's column, made when it is new.
    pub(super) fn column(&mut self, name: &str) -> usize {
        if let Some(position) = self.by_name.get(name) {
            return *position as usize;
        }
        let name: Arc<str> = Arc::from(name);
        let position = self.columns.len();
        self.by_name.insert(Arc::clone(&name), position as u32);
        self.columns.push(ColumnBuilder {
            name,
            codes: Vec::new(),
            dictionary: Dictionary::default(),
            rows_closed: 0,
        });
        position
    }

    /// Starts the next row.
    pub(super) fn begin(&mut self, identifier: &str, key: Option<&str>) {
        self.identifiers.push(identifier);
        self.has_keys |= key.is_some_and(|key| !key.is_empty());
        self.keys.push(key.unwrap_or(""));
    }

    /// Sets a trait of the row begun last; the last value set wins.
    pub(super) fn set(&mut self, name: &str, value: &Value) {
        let column = self.column(name);
        self.set_column(column, value);
    }

    /// Sets a trait by the position of its column.
    pub(super) fn set_column(&mut self, column: usize, value: &Value) {
        if let Some(column) = self.columns.get_mut(column) {
            let code = column.dictionary.code_of(value);
            column.put(self.identifiers.len(), code);
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.identifiers.len() >= self.rows || self.identifiers.bytes() >= CHUNK_TEXT
    }

    /// Ends the chunk and starts the next; `None` when there was no row.
    pub(super) fn close(&mut self) -> Option<Arc<Chunk>> {
        let rows = self.identifiers.len();
        if rows == 0 {
            return None;
        }
        let first_row = self.first_row;
        self.first_row += rows as u64;
        let mut identifiers = std::mem::take(&mut self.identifiers);
        identifiers.shrink();
        let mut keys = std::mem::take(&mut self.keys);
        keys.shrink();
        let columns = self.columns.iter_mut().filter_map(|column| column.close(rows));
        let chunk = Chunk {
            first_row,
            identifiers,
            keys: std::mem::take(&mut self.has_keys).then_some(keys),
            columns: columns.collect(),
        };
        Some(Arc::new(chunk))
    }
}

impl ColumnBuilder {
    /// Gives the last of so many rows its code.
    fn put(&mut self, rows: usize, code: u32) {
        if self.codes.len() < rows {
            self.codes.resize(rows, UNSET);
        }
        if let Some(last) = self.codes.last_mut() {
            *last = code;
        }
    }

    fn close(&mut self, rows: usize) -> Option<Column> {
        let mut codes = std::mem::take(&mut self.codes);
        let values = self.dictionary.take();
        if values.is_empty() {
            return None;
        }
        self.rows_closed += codes.iter().filter(|code| **code != UNSET).count() as u64;
        codes.resize(rows, UNSET);
        Some(Column {
            name: Arc::clone(&self.name),
            codes: codes.into_boxed_slice(),
            values: values.into_boxed_slice(),
        })
    }
}
