//! Reading no more than is allowed.

use std::io::{self, BufRead, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};

use super::{FileError, Result, limits};

/// Counts what is read from a source.
pub(super) struct Counted<R> {
    inner: R,
    count: Arc<AtomicU64>,
}

impl<R: BufRead> Counted<R> {
    /// The source, and where its bytes are counted.
    pub(super) fn new(inner: R) -> (Counted<R>, Arc<AtomicU64>) {
        let count = Arc::new(AtomicU64::new(0));
        let counted = Counted {
            inner,
            count: count.clone(),
        };
        (counted, count)
    }
}

impl<R: BufRead> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.count.fetch_add(amount as u64, Ordering::Relaxed);
        self.inner.consume(amount);
    }
}

/// A frame being unpacked, line by line, with a digest over what was read.
pub(super) struct Lines<R: BufRead> {
    frame: io::BufReader<zstd::stream::read::Decoder<'static, R>>,
    packed: Arc<AtomicU64>,
    unpacked: u64,
    digest: Sha256,
    line: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    /// Begins with a frame. `before` counts for the digest and was read already.
    pub(super) fn of(mut source: R, packed: Arc<AtomicU64>, before: &[u8]) -> Result<Lines<R>> {
        let claimed = zstd::zstd_safe::get_frame_content_size(source.fill_buf()?);
        if let Ok(Some(claimed)) = claimed
            && claimed > limits::UNPACKED_BYTES
        {
            return Err(too_much());
        }
        let mut decoder = zstd::stream::read::Decoder::with_buffer(source)?.single_frame();
        decoder.window_log_max(limits::WINDOW_LOG)?;
        let mut digest = Sha256::new();
        digest.update(before);
        Ok(Lines {
            frame: io::BufReader::new(decoder),
            packed,
            unpacked: 0,
            digest,
            line: Vec::new(),
        })
    }

    /// The digest over everything but the last line that was read.
    pub(super) fn digest(&self) -> String {
        use std::fmt::Write as _;
        let mut text = String::with_capacity(64);
        for byte in self.digest.clone().finalize() {
            // Writing to a text cannot fail.
            let _written = write!(text, "{byte:02x}");
        }
        text
    }

    /// The next line without its end; nothing where the frame ends. `place`
    /// names it for errors.
    pub(super) fn next(&mut self, place: &str) -> Result<Option<&str>> {
        self.digest.update(&self.line);
        self.line.clear();
        let most = limits::LINE_BYTES as u64 + 1;
        let taken = (&mut self.frame)
            .take(most)
            .read_until(b'\n', &mut self.line)
            .map_err(|error| unpacking(error, place))?;
        self.unpacked += taken as u64;
        self.check_size()?;
        if taken > limits::LINE_BYTES {
            return Err(FileError::too_large(format!(
                "{place} is longer than {} bytes",
                limits::LINE_BYTES
            )));
        }
        if taken == 0 {
            return Ok(None);
        }
        if !self.line.ends_with(b"\n") {
            return Err(FileError::damaged(place));
        }
        self.current().map(Some).map_err(|_| FileError::damaged(place))
    }

    /// The last line that was read, again.
    pub(super) fn current(&self) -> Result<&str> {
        let line = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
        std::str::from_utf8(line).map_err(|_| FileError::damaged("the end"))
    }

    /// Nothing may follow the frame.
    pub(super) fn ended(&mut self) -> Result<()> {
        let source = self.frame.get_mut().get_mut();
        match source.fill_buf() {
            Ok([]) => Ok(()),
            Ok(_) => Err(FileError::damaged("what follows its end")),
            Err(error) => Err(unpacking(error, "the end")),
        }
    }

    fn check_size(&self) -> Result<()> {
        if self.unpacked > limits::UNPACKED_BYTES {
            return Err(too_much());
        }
        let packed = self.packed.load(Ordering::Relaxed);
        if self.unpacked > limits::RATIO_FROM && self.unpacked > packed.saturating_mul(limits::RATIO) {
            return Err(FileError::too_large(format!(
                "it unpacks to more than {} times its size",
                limits::RATIO
            )));
        }
        Ok(())
    }
}

fn too_much() -> FileError {
    FileError::too_large(format!(
        "it unpacks to more than {} MiB",
        limits::UNPACKED_BYTES / (1024 * 1024)
    ))
}

/// What went wrong inside of the frame. The unpacker gives its reasons as text
/// alone; of those only the one about memory is no damage.
fn unpacking(error: io::Error, place: &str) -> FileError {
    if error.to_string().contains("memory") {
        return FileError::too_large(format!(
            "unpacking it takes more than {} MiB of memory",
            (1_u64 << limits::WINDOW_LOG) / (1024 * 1024)
        ));
    }
    match error.downcast::<FileError>() {
        Ok(known) => known,
        Err(_) => FileError::damaged(place),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// How much of a frame was unpacked, and how much of it was read for that,
    /// until it was refused.
    fn until_refused(frame: Vec<u8>) -> Result<(u64, u64)> {
        let (source, packed) = Counted::new(io::Cursor::new(frame));
        let mut lines = Lines::of(source, packed.clone(), b"")?;
        loop {
            match lines.next("a line") {
                Ok(Some(_)) => {}
                Ok(None) => return Err(FileError::damaged("a frame that was not refused")),
                Err(FileError::TooLarge { .. }) => {
                    return Ok((lines.unpacked, packed.load(Ordering::Relaxed)));
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// A frame of so many bytes in lines of so many.
    fn frame(bytes: usize, line: usize) -> Result<Vec<u8>> {
        let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 3)?;
        let text = [vec![b'a'; line - 1], b"\n".to_vec()].concat();
        for _ in 0..bytes / line {
            encoder.write_all(&text)?;
        }
        Ok(encoder.finish()?)
    }

    /// Whatever a frame would come to, little of it is unpacked.
    #[test]
    fn a_bomb_is_refused_at_its_beginning() -> Result<()> {
        const MIB: usize = 1 << 20;
        for (bytes, line) in [(64 * MIB, 100), (1024 * MIB, 500_000), (64 * MIB, 64 * MIB)] {
            let frame = frame(bytes, line)?;
            let size = frame.len() as u64;
            let (unpacked, packed) = until_refused(frame)?;
            // A line is counted once it is there.
            let most = limits::RATIO_FROM + line.min(limits::LINE_BYTES) as u64;
            assert!(unpacked <= most, "{unpacked} bytes of {bytes} in lines of {line}");
            assert!(packed <= size / 10, "{packed} bytes of {size} were read");
        }
        Ok(())
    }

    #[test]
    fn a_claim_is_refused_before_anything_is_unpacked() {
        let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0b1110_0000];
        frame.extend((limits::UNPACKED_BYTES + 1).to_le_bytes());
        let (source, packed) = Counted::new(io::Cursor::new(frame));
        let refused = Lines::of(source, packed.clone(), b"").err();
        assert!(matches!(refused, Some(FileError::TooLarge { .. })));
        assert_eq!(packed.load(Ordering::Relaxed), 0);
    }
}
