//! Input whose bytes are counted and whose lines cannot take all memory.

use std::io::{self, BufRead, Chain, Cursor, Read};

use super::ReadError;

/// How much of the start is looked at to find out the format, in bytes.
const START: u64 = 64 << 10;

/// Counts what is read, and fails once a record takes more than it may.
#[derive(Debug)]
pub(super) struct Metered<R> {
    /// The start is read ahead, so that it can be looked at as a whole.
    input: Chain<Cursor<Vec<u8>>, R>,
    bytes: u64,
    /// Lines before what is read next.
    pub(super) lines: u64,
    longest: usize,
    /// Bytes left for the record under way.
    left: usize,
}

/// Told apart from other failures by [`is_too_long`].
#[derive(Debug, thiserror::Error)]
#[error("too long")]
struct TooLong;

/// Whether reading failed since a record is longer than allowed.
pub(super) fn is_too_long(error: &io::Error) -> bool {
    error
        .get_ref()
        .is_some_and(<dyn std::error::Error + Send + Sync>::is::<TooLong>)
}

impl<R: BufRead> Metered<R> {
    pub(super) fn new(mut input: R, longest: usize) -> io::Result<Self> {
        let mut start = Vec::new();
        (&mut input).take(START).read_to_end(&mut start)?;
        Ok(Self {
            input: Cursor::new(start).chain(input),
            bytes: 0,
            lines: 0,
            longest,
            left: usize::MAX,
        })
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn longest(&self) -> usize {
        self.longest
    }

    /// Starts a record, of which up to so many bytes may have been read ahead.
    pub(super) fn begin(&mut self) {
        self.left = self.longest;
    }

    /// Drops bytes that were looked at, counting their lines.
    pub(super) fn skip(&mut self, bytes: usize) -> io::Result<()> {
        let seen = self.input.fill_buf()?;
        let seen = seen.get(..bytes).unwrap_or(seen);
        self.lines += seen.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.consume(bytes);
        Ok(())
    }
}

impl<R: BufRead> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::Error::other(TooLong));
        }
        let wanted = buffer.len().min(self.left);
        let count = self.input.read(buffer.get_mut(..wanted).unwrap_or_default())?;
        self.left -= count;
        self.bytes += count as u64;
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Metered<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.input.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.bytes += amount as u64;
        self.input.consume(amount);
    }
}

/// Skips a byte order mark and blanks; the first byte after them.
pub(super) fn start_of<R: BufRead>(input: &mut Metered<R>) -> Result<u8, ReadError> {
    let unreadable = |problem: &str| ReadError::Unreadable {
        line: 1,
        problem: problem.to_owned(),
    };
    let start = input.fill_buf()?;
    if start.is_empty() {
        return Err(unreadable("the file is empty"));
    }
    let utf_16 = start.starts_with(&[0xff, 0xfe])
        || start.starts_with(&[0xfe, 0xff])
        || matches!(start, [0, other, ..] | [other, 0, ..] if *other != 0);
    if utf_16 {
        return Err(unreadable("the file is UTF-16; save it as UTF-8"));
    }
    if start.starts_with(&[0xef, 0xbb, 0xbf]) {
        input.skip(3)?;
    }
    loop {
        let seen = input.fill_buf()?;
        let blanks = seen.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        if seen.is_empty() {
            return Err(unreadable("the file is empty"));
        }
        if let Some(first) = seen.get(blanks) {
            let first = *first;
            input.skip(blanks)?;
            return Ok(first);
        }
        input.skip(blanks)?;
    }
}
