//! Cohorts: many identities, to evaluate all at once.

mod builder;
mod changes;
mod chunk;
mod dictionary;
mod examples;
mod generate;
mod read;
mod source;
mod suggest;

use std::collections::HashSet;
use std::sync::Arc;

pub use builder::CohortBuilder;
pub use changes::TraitChanges;
pub use chunk::{CHUNK_ROWS, Chunk, Column, UNSET};
pub use generate::{CohortGenerator, RangeKind, TraitRange, WeightedValue, generate_cohort};
pub use read::{
    BrokenLine, CellTypes, CohortFormat, CohortReader, ReadError, ReadOptions, ReadReport, TraitCount,
    read_cohort,
};
pub use source::{ChunkSource, CohortChunks};
pub use suggest::{TraitCondition, suggested_ranges};

use crate::identity::Identity;

/// Many identities, kept in columns. Cheap to clone, immutable, shared between threads freely.
#[derive(Clone, Debug, Default)]
pub struct Cohort {
    chunks: Vec<Arc<Chunk>>,
}

impl Cohort {
    pub(crate) fn new(chunks: Vec<Arc<Chunk>>) -> Self {
        Self { chunks }
    }

    /// Number of identities.
    pub fn len(&self) -> u64 {
        self.chunks
            .last()
            .map_or(0, |last| last.first_row() + last.len() as u64)
    }

    /// Whether there is no identity in it.
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// The identities in chunks, in order.
    pub fn chunks(&self) -> &[Arc<Chunk>] {
        &self.chunks
    }

    /// The identity of a row, counted from 0; `None` past the end.
    pub fn identity(&self, row: u64) -> Option<Identity> {
        let after = self.chunks.partition_point(|chunk| chunk.first_row() <= row);
        let chunk = self.chunks.get(after.checked_sub(1)?)?;
        let within = usize::try_from(row - chunk.first_row()).ok()?;
        (within < chunk.len()).then(|| chunk.identity(within))
    }

    /// Names of all traits that some identity has, in order of appearance.
    pub fn trait_names(&self) -> Vec<&str> {
        let mut seen = HashSet::new();
        let names = self
            .chunks
            .iter()
            .flat_map(|chunk| chunk.columns())
            .map(Column::name);
        names.filter(|name| seen.insert(*name)).collect()
    }

    /// Roughly how many bytes it takes.
    pub fn bytes(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.bytes()).sum()
    }
}
