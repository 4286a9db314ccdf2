//! Cells between commas.

use std::collections::HashSet;
use std::io::BufRead;

use csv::{ByteRecord, Position, ReaderBuilder};

use super::cells::infer;
use super::metered::{Metered, is_too_long};
use super::objects::telling;
use super::{Begun, CellTypes, ReadError, Rows};

/// How much is read ahead at once, in bytes.
const READ_AHEAD: usize = 64 << 10;

/// A file of cells, its header read.
pub(super) struct Delimited<R> {
    reader: csv::Reader<Metered<R>>,
    record: ByteRecord,
    columns: Vec<Use>,
    identifier: usize,
    key: Option<usize>,
    /// Lines before the header.
    skipped: u64,
}

/// What a column is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    /// The identifier, the key, or a column without a name.
    None,
    /// The trait in this column of the chunk.
    Trait { column: usize, types: Types },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Types {
    Inferred,
    Text,
}

impl<R: BufRead> Delimited<R> {
    /// Reads the header.
    pub(super) fn new(mut input: Metered<R>, rows: &mut Rows) -> Result<Self, ReadError> {
        let skipped = input.lines;
        let delimiter = delimiter_of(input.fill_buf()?);
        input.begin();
        let mut reader = ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(false)
            .flexible(true)
            .buffer_capacity(READ_AHEAD)
            .from_reader(input);
        let mut record = ByteRecord::new();
        reader
            .read_byte_record(&mut record)
            .map_err(|error| failure(error, skipped, &Position::new()))?;
        let unreadable = |problem| ReadError::Unreadable {
            line: skipped + 1,
            problem,
        };
        let header = header_of(&record, rows.options.most_traits).map_err(unreadable)?;
        let identifier = identifier_of(&header, rows).map_err(unreadable)?;
        rows.identifier = header.get(identifier).cloned();
        let key = header
            .iter()
            .position(|name| name == "identity_key")
            .filter(|key| *key != identifier);
        let columns = header.iter().enumerate().map(|(position, name)| {
            if position == identifier || Some(position) == key || name.is_empty() {
                return Use::None;
            }
            let is_text = match &rows.options.cells {
                CellTypes::Inferred => false,
                CellTypes::Text => true,
                CellTypes::TextIn(names) => names.contains(name),
            };
            Use::Trait {
                column: rows.open.column(name),
                types: if is_text { Types::Text } else { Types::Inferred },
            }
        });
        let columns = columns.collect();
        Ok(Self {
            reader,
            record,
            columns,
            identifier,
            key,
            skipped,
        })
    }

    /// Reads a row; false at the end.
    pub(super) fn next(&mut self, rows: &mut Rows) -> Result<bool, ReadError> {
        self.reader.get_mut().begin();
        let start = self.reader.position().clone();
        let more = self.reader.read_byte_record(&mut self.record);
        if !more.map_err(|error| failure(error, self.skipped, &start))? {
            return Ok(false);
        }
        let line = self.skipped + self.record.position().map_or(0, Position::line);
        if let Err(problem) = self.take(rows) {
            rows.reject(line, problem);
        }
        Ok(true)
    }

    fn take(&self, rows: &mut Rows) -> Result<(), String> {
        let (found, expected) = (self.record.len(), self.columns.len());
        if found != expected {
            return Err(format!("{found} cells where the header has {expected}"));
        }
        let cell = |position: usize| {
            let cell = self.record.get(position).unwrap_or_default();
            std::str::from_utf8(cell).map_err(|_| "not UTF-8".to_owned())
        };
        // Everything is looked at before anything is kept, so that no half of a row stays.
        if std::str::from_utf8(self.record.as_slice()).is_err() {
            return Err("not UTF-8".to_owned());
        }
        let identifier = cell(self.identifier)?;
        if identifier.is_empty() {
            return Err("no identifier".to_owned());
        }
        let key = self.key.map(cell).transpose()?;
        if rows.begin(identifier, key) == Begun::Duplicate {
            return Ok(());
        }
        for (position, column) in self.columns.iter().enumerate() {
            let Use::Trait { column, types } = column else {
                continue;
            };
            let text = cell(position)?;
            if text.is_empty() {
                continue;
            }
            match (types, infer(text)) {
                (Types::Inferred, Some(value)) => rows.open.set_column(*column, &value),
                _ => rows.open.set_column_text(*column, text),
            }
        }
        Ok(())
    }

    pub(super) fn bytes_read(&self) -> u64 {
        self.reader.get_ref().bytes()
    }
}

/// The names in the first row. Columns without a name are allowed and not read.
fn header_of(record: &ByteRecord, most: usize) -> Result<Vec<String>, String> {
    let text = |cell| std::str::from_utf8(cell).map(|name| name.trim().to_owned());
    let header = record.iter().map(text).collect::<Result<Vec<String>, _>>();
    let header = header.map_err(|_| "the header is not UTF-8".to_owned())?;
    if header.len() > most {
        return Err(format!("{} columns; at most {most} can be read", header.len()));
    }
    let mut seen = HashSet::new();
    let named = header.iter().filter(|name| !name.is_empty());
    match named.into_iter().find(|name| !seen.insert(name.as_str())) {
        Some(twice) => Err(format!("two columns are named \"{twice}\"")),
        None => Ok(header),
    }
}

/// Which column names the identity.
fn identifier_of(header: &[String], rows: &Rows) -> Result<usize, String> {
    match &rows.options.identifier {
        Some(wanted) => header
            .iter()
            .position(|name| name == wanted.trim())
            .ok_or_else(|| format!("no column is named \"{wanted}\"")),
        None => Ok(telling(header.iter().map(String::as_str)).unwrap_or(0)),
    }
}

/// The character that separates the cells of the first line: the most frequent of the usual ones outside of quotes.
fn delimiter_of(start: &[u8]) -> u8 {
    let mut counts = [(b',', 0_u32), (b';', 0), (b'\t', 0), (b'|', 0)];
    let mut quoted = false;
    for byte in start.iter().take_while(|byte| **byte != b'\n') {
        quoted ^= *byte == b'"';
        if let Some((_, count)) = counts.iter_mut().find(|(one, _)| !quoted && one == byte) {
            *count += 1;
        }
    }
    let most = counts.iter().rev().max_by_key(|(_, count)| *count);
    most.map_or(b',', |(delimiter, _)| *delimiter)
}

/// Names a failure to read; a row without end is most often a quote that was never closed.
fn failure(error: csv::Error, skipped: u64, start: &Position) -> ReadError {
    let line = skipped + start.line();
    match error.into_kind() {
        csv::ErrorKind::Io(error) if is_too_long(&error) => ReadError::Unreadable {
            line,
            problem: "a row without end; perhaps a quote is not closed".to_owned(),
        },
        csv::ErrorKind::Io(error) => ReadError::Input(error),
        other => ReadError::Unreadable {
            line,
            problem: format!("{other:?}"),
        },
    }
}
