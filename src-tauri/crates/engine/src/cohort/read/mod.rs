//! Reading identities from files, a chunk at a time.

mod cells;
mod delimited;
mod error;
mod lines;
mod metered;
mod objects;
mod report;

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::io::BufRead;
use std::sync::Arc;

use serde_json::Value;

use super::Cohort;
use super::builder::ChunkBuilder;
use super::chunk::{CHUNK_ROWS, Chunk};
use super::source::ChunkSource;
use crate::impact::Control;

pub(super) use cells::infer;
pub use error::ReadError;
pub use report::{BrokenLine, ReadReport, TraitCount};

/// How a file of identities is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CohortFormat {
    /// Cells between commas (or semicolons, tabs, bars), names in the first row.
    Csv,
    /// One list of objects.
    Json,
    /// An object on each line.
    JsonLines,
}

impl CohortFormat {
    /// The name people know it by.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::Json => "JSON",
            Self::JsonLines => "JSON lines",
        }
    }
}

/// How to read the cells of a CSV file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CellTypes {
    /// `true`, `false` and numbers are read as such, everything else as text.
    #[default]
    Inferred,
    /// All cells are text.
    Text,
    /// Cells of these columns are text, the others are inferred.
    TextIn(Vec<String>),
}

/// How to read a file of identities.
#[derive(Clone, Debug)]
pub struct ReadOptions {
    /// `None` finds out from the content.
    pub format: Option<CohortFormat>,
    /// The column or member that names the identity. `None` takes the one with the most telling name, else the first.
    pub identifier: Option<String>,
    /// Types of CSV cells.
    pub cells: CellTypes,
    /// Identities in a chunk.
    pub chunk_rows: usize,
    /// Longest line, row or list item, in bytes.
    pub longest_line: usize,
    /// Most traits with different names.
    pub most_traits: usize,
    /// Most bytes that [`read_cohort`] keeps in memory.
    pub memory: usize,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            format: None,
            identifier: None,
            cells: CellTypes::Inferred,
            chunk_rows: CHUNK_ROWS,
            longest_line: 1 << 20,
            most_traits: 1000,
            memory: 768 << 20,
        }
    }
}

/// Reads a whole file into memory.
///
/// Where an identifier comes twice the first one stays. Fails where the file as a whole cannot be read, when it takes
/// more than [`ReadOptions::memory`], and with [`ReadError::Stopped`] when cancelled.
pub fn read_cohort(
    input: impl BufRead,
    options: ReadOptions,
    control: &Control,
) -> Result<(Cohort, ReadReport), ReadError> {
    let limit = options.memory;
    let mut reader = CohortReader::new(input, options)?;
    let (mut chunks, mut bytes) = (Vec::new(), 0);
    while let Some(chunk) = reader.next_chunk(control)? {
        bytes += chunk.bytes();
        if bytes > limit {
            return Err(ReadError::TooLarge { limit });
        }
        chunks.push(chunk);
    }
    Ok((Cohort::new(chunks), reader.into_report()))
}

/// Reads a file chunk by chunk. A line that cannot be read is counted and named in the report, and the rest goes on.
pub struct CohortReader<R> {
    records: Records<R>,
    rows: Rows,
}

enum Records<R> {
    Delimited(Box<delimited::Delimited<R>>),
    Lines(lines::JsonLines<R>),
    List(objects::JsonList<R>),
}

impl<R: BufRead> CohortReader<R> {
    /// Looks at the start of the input and finds out its format.
    ///
    /// Fails when there is nothing in it, when it is not UTF-8 and when a CSV header cannot be used.
    pub fn new(input: R, options: ReadOptions) -> Result<Self, ReadError> {
        let mut input = metered::Metered::new(input, options.longest_line)?;
        let start = metered::start_of(&mut input)?;
        let format = options.format.unwrap_or(match start {
            b'[' => CohortFormat::Json,
            b'{' => CohortFormat::JsonLines,
            _ => CohortFormat::Csv,
        });
        let mut rows = Rows::new(format, options);
        let records = match format {
            CohortFormat::Csv => Records::Delimited(Box::new(delimited::Delimited::new(input, &mut rows)?)),
            CohortFormat::Json => Records::List(objects::JsonList::new(input)),
            CohortFormat::JsonLines => Records::Lines(lines::JsonLines::new(input)),
        };
        Ok(Self { records, rows })
    }

    /// What was read so far.
    pub fn report(&self) -> ReadReport {
        self.rows.report()
    }

    /// What was read.
    pub fn into_report(self) -> ReadReport {
        self.rows.report()
    }
}

impl<R: BufRead> ChunkSource for CohortReader<R> {
    fn next_chunk(&mut self, control: &Control) -> Result<Option<Arc<Chunk>>, ReadError> {
        let mut looked_at = 0_u32;
        loop {
            if looked_at.is_multiple_of(256) {
                control.check()?;
                control.note_read(self.rows.accepted, self.bytes_read());
            }
            looked_at = looked_at.wrapping_add(1);
            let more = match &mut self.records {
                Records::Delimited(delimited) => delimited.next(&mut self.rows)?,
                Records::Lines(lines) => lines.next(&mut self.rows, control)?,
                Records::List(list) => list.next(&mut self.rows, control)?,
            };
            if !more || self.rows.open.is_full() {
                control.note_read(self.rows.accepted, self.bytes_read());
                return Ok(self.rows.open.close());
            }
        }
    }
}

impl<R: BufRead> CohortReader<R> {
    fn bytes_read(&self) -> u64 {
        match &self.records {
            Records::Delimited(delimited) => delimited.bytes_read(),
            Records::Lines(lines) => lines.bytes_read(),
            Records::List(list) => list.bytes_read(),
        }
    }
}

/// Rows on their way into chunks.
pub(super) struct Rows {
    options: ReadOptions,
    format: CohortFormat,
    open: ChunkBuilder,
    accepted: u64,
    /// Fingerprints of the identifiers seen; two identifiers out of a million share one once in 37 million files.
    seen: HashSet<u64>,
    fingerprint: RandomState,
    duplicates: u64,
    broken: u64,
    broken_lines: Vec<BrokenLine>,
    /// The column or member that names the identity, once known.
    identifier: Option<String>,
}

/// How many broken lines are named; further ones are only counted.
const NAMED_LINES: usize = 100;

impl Rows {
    fn new(format: CohortFormat, options: ReadOptions) -> Self {
        Self {
            open: ChunkBuilder::new(options.chunk_rows),
            identifier: options.identifier.clone(),
            options,
            format,
            accepted: 0,
            seen: HashSet::new(),
            fingerprint: RandomState::new(),
            duplicates: 0,
            broken: 0,
            broken_lines: Vec::new(),
        }
    }

    /// Counts a line that cannot be read, and names it if it is one of the first.
    fn reject(&mut self, line: u64, problem: impl Into<String>) {
        self.broken += 1;
        if self.broken_lines.len() < NAMED_LINES {
            let problem = problem.into();
            self.broken_lines.push(BrokenLine { line, problem });
        }
    }

    /// Starts a row, unless its identifier is there already.
    fn begin(&mut self, identifier: &str, key: Option<&str>) -> Begun {
        if !self.seen.insert(self.fingerprint.hash_one(identifier)) {
            self.duplicates += 1;
            return Begun::Duplicate;
        }
        self.accepted += 1;
        self.open.begin(identifier, key);
        Begun::New
    }

    /// Adds an identity with traits by name, unless it has more names than a file may have.
    fn add<'v>(
        &mut self,
        line: u64,
        identifier: &str,
        key: Option<&str>,
        traits: impl Iterator<Item = (&'v str, &'v Value)> + Clone,
    ) {
        let most = self.options.most_traits;
        let set = traits.filter(|(_, value)| !value.is_null());
        let new = set.clone().filter(|(name, _)| !self.open.knows(name)).count();
        if new > 0 && self.open.column_count() + new > most {
            return self.reject(
                line,
                format!("brings the number of different traits above {most}"),
            );
        }
        if self.begin(identifier, key) == Begun::New {
            for (name, value) in set {
                self.open.set(name, value);
            }
        }
    }

    fn report(&self) -> ReadReport {
        let mut traits: Vec<TraitCount> = self
            .open
            .counts()
            .map(|(name, identities)| TraitCount {
                name: name.to_owned(),
                identities,
            })
            .filter(|one| one.identities > 0)
            .collect();
        traits.sort_by_key(|one| std::cmp::Reverse(one.identities));
        ReadReport {
            format: self.format,
            identities: self.accepted,
            identifier: self.identifier.clone(),
            traits,
            duplicates: self.duplicates,
            broken: self.broken,
            broken_lines: self.broken_lines.clone(),
        }
    }
}

#[derive(PartialEq, Eq)]
enum Begun {
    New,
    Duplicate,
}
