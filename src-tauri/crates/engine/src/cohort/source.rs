//! Where chunks come from, one after the other.

use std::sync::Arc;

use super::chunk::Chunk;
use super::{Cohort, ReadError};
use crate::impact::Control;

/// Gives the chunks of a cohort in order, from memory or as they are read or made.
pub trait ChunkSource {
    /// The next chunk; `None` after the last one.
    ///
    /// Fails where reading fails, and with [`ReadError::Stopped`] once the control is cancelled.
    fn next_chunk(&mut self, control: &Control) -> Result<Option<Arc<Chunk>>, ReadError>;
}

/// The chunks of a cohort in memory.
#[derive(Debug)]
pub struct CohortChunks<'c> {
    chunks: std::slice::Iter<'c, Arc<Chunk>>,
}

impl Cohort {
    /// The cohort as a source of chunks, from its first one.
    pub fn source(&self) -> CohortChunks<'_> {
        CohortChunks {
            chunks: self.chunks().iter(),
        }
    }
}

impl ChunkSource for CohortChunks<'_> {
    fn next_chunk(&mut self, control: &Control) -> Result<Option<Arc<Chunk>>, ReadError> {
        control.check()?;
        Ok(self.chunks.next().cloned())
    }
}
