//! An object on each line.

use std::io::BufRead;

use super::metered::Metered;
use super::objects::take_object;
use super::{ReadError, Rows};
use crate::impact::Control;

/// A file of JSON lines.
pub(super) struct JsonLines<R> {
    input: Metered<R>,
    line: Vec<u8>,
}

impl<R: BufRead> JsonLines<R> {
    pub(super) fn new(input: Metered<R>) -> Self {
        Self {
            input,
            line: Vec::new(),
        }
    }

    /// Reads a line; false at the end.
    pub(super) fn next(&mut self, rows: &mut Rows, control: &Control) -> Result<bool, ReadError> {
        self.line.clear();
        let number = self.input.lines + 1;
        let longest = self.input.longest();
        let mut length = 0;
        loop {
            let seen = self.input.fill_buf()?;
            if seen.is_empty() {
                if length == 0 {
                    return Ok(false);
                }
                break;
            }
            let end = seen.iter().position(|byte| *byte == b'\n');
            let part = seen.get(..end.unwrap_or(seen.len())).unwrap_or(seen);
            length += part.len();
            if length <= longest {
                self.line.extend_from_slice(part);
            }
            let used = part.len() + usize::from(end.is_some());
            self.input.skip(used)?;
            if end.is_some() {
                break;
            }
            control.check()?;
        }
        if length > longest {
            rows.reject(number, format!("longer than {longest} bytes"));
        } else if !self.line.trim_ascii().is_empty() {
            take_object(&self.line, number, rows);
        }
        Ok(true)
    }

    pub(super) fn bytes_read(&self) -> u64 {
        self.input.bytes()
    }
}
