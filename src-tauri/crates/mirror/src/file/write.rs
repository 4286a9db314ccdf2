//! Writing a file.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{self, Write};

use halyard_model::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::pieces::pieces;
use super::records::{EndRecord, HeaderRecord, ListRecord, MomentRecord, PartRecord, check_time, kind};
use super::{FileError, FileHeader, Kept, Result, Seal, json, limits, withhold};
use crate::OpenedMoment;

/// The first line of a file, up to its version.
pub(super) const MAGIC: &str = "halyard-snapshot ";

/// How hard to pack: ten times faster than the hardest, and a tenth larger.
const LEVEL: i32 = 9;

/// The window that packing uses, as a power of two: 4 MiB.
const WINDOW_LOG: u32 = 22;

/// A list ends behind a text whose digest begins with less than this: after
/// 64 texts on average, and at the same places whatever is put in before.
const LIST_ENDS_BELOW: u8 = 4;

/// A list ends here at the latest.
const LONGEST_LIST: usize = 256;

type Hash = [u8; 32];

/// Writes one file, moment by moment, the oldest first.
pub struct FileWriter<W: Write> {
    frame: zstd::stream::write::Encoder<'static, Sink<W>>,
    header: FileHeader,
    digest: Sha256,
    unpacked: u64,
    texts: HashMap<Hash, u32>,
    lists: HashMap<Hash, u32>,
    next_id: u32,
    /// Written once it is known that the next one is another.
    waiting: Option<MomentRecord>,
    moments: u64,
}

enum Sink<W: Write> {
    Plain(W),
    Sealed(Box<age::stream::StreamWriter<W>>),
}

impl<W: Write> Write for Sink<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Sink::Plain(output) => output.write(bytes),
            Sink::Sealed(output) => output.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Sink::Plain(output) => output.flush(),
            Sink::Sealed(output) => output.flush(),
        }
    }
}

impl<W: Write> FileWriter<W> {
    /// Begins a file; with a passphrase where one is given.
    pub fn new(output: W, header: FileHeader, seal: Option<&Seal>) -> Result<FileWriter<W>> {
        let mut sink = match seal {
            None => Sink::Plain(output),
            Some(seal) => Sink::Sealed(Box::new(seal.over(output)?)),
        };
        let magic = format!("{MAGIC}{}\n", super::VERSION);
        sink.write_all(magic.as_bytes())?;
        let mut frame = zstd::stream::write::Encoder::new(sink, LEVEL)?;
        frame.window_log(WINDOW_LOG)?;
        frame.include_checksum(true)?;
        let mut writer = FileWriter {
            frame,
            digest: Sha256::new_with_prefix(magic),
            unpacked: 0,
            texts: HashMap::new(),
            lists: HashMap::new(),
            next_id: 0,
            waiting: None,
            moments: 0,
            header,
        };
        let record = HeaderRecord::of(&writer.header);
        writer.line(&record)?;
        // What would be refused on the other side is not written on this one.
        record.read()?;
        Ok(writer)
    }

    /// Adds a moment that is not older than the one before it.
    ///
    /// [`FileError::Impossible`] where it is older, or where its document is
    /// none; [`FileError::TooLarge`] past a limit.
    pub fn add(&mut self, opened: &OpenedMoment) -> Result<()> {
        let identities = self.header.identities;
        let snapshot = &opened.snapshot;
        let document = withhold::document(snapshot, self.header.service, identities)?;
        json::check(&document, "the document")?;
        let flags = text_of(&*withhold::flags(&snapshot.flags, identities))?;
        json::check(&flags, "the list of flags")?;
        let segments = text_of(&snapshot.segments)?;
        let moment = withhold::moment(&opened.moment, identities, self.header.authors);
        let last_seen = moment.last_seen.max(moment.first_seen);
        let record = MomentRecord {
            record: kind::MOMENT.into(),
            first_seen: moment.first_seen,
            last_seen,
            before: moment.before.map(|before| before.min(moment.first_seen)),
            document_updated_at: snapshot.document_updated_at,
            name: moment.name,
            pinned: moment.pinned,
            touched: moment.touched,
            counts: moment.counts,
            authors: moment.authors,
            flag_count: u32::try_from(snapshot.flags.len()).unwrap_or(u32::MAX),
            segment_count: u32::try_from(snapshot.segments.len()).unwrap_or(u32::MAX),
            document: self.references(&document)?,
            flags: self.references(&flags)?,
            segments: self.references(&segments)?,
        };
        self.check_times(&record)?;
        if let Some(before) = &mut self.waiting {
            let same = before.document == record.document
                && before.flags == record.flags
                && before.segments == record.segments;
            if identities == Kept::Removed && same {
                before.last_seen = record.last_seen.max(before.last_seen);
                before.name = before.name.take().or(record.name);
                before.pinned |= record.pinned;
                return Ok(());
            }
        }
        match self.waiting.replace(record) {
            Some(before) => self.moment(&before),
            None => Ok(()),
        }
    }

    /// Ends the file.
    pub fn finish(mut self) -> Result<W> {
        if let Some(last) = self.waiting.take() {
            self.moment(&last)?;
        }
        if self.moments == 0 {
            return Err(FileError::impossible("it holds no moment"));
        }
        let digest = self.digest.clone().finalize();
        let end = EndRecord {
            record: kind::END.into(),
            moments: self.moments,
            parts: u64::from(self.next_id),
            digest: hex(&digest).into(),
        };
        self.line(&end)?;
        let mut output = match self.frame.finish()? {
            Sink::Plain(output) => output,
            Sink::Sealed(output) => output.finish()?,
        };
        output.flush()?;
        Ok(output)
    }

    fn check_times(&self, record: &MomentRecord) -> Result<()> {
        for at in [Some(record.first_seen), Some(record.last_seen), record.before]
            .into_iter()
            .flatten()
        {
            check_time(at, "a time of a moment")?;
        }
        let before = self.waiting.as_ref().map_or(Timestamp(0), |one| one.first_seen);
        if record.first_seen < before {
            return Err(FileError::impossible("the moments are not in their order"));
        }
        Ok(())
    }

    fn moment(&mut self, record: &MomentRecord) -> Result<()> {
        self.moments += 1;
        if self.moments > self.header.moments {
            return Err(FileError::too_large(format!(
                "more than {} moments",
                self.header.moments
            )));
        }
        self.line(record)
    }

    /// What a text is put together from; writes what of it is new.
    fn references(&mut self, text: &str) -> Result<Vec<u32>> {
        if text.len() as u64 > limits::TEXT_BYTES {
            return Err(FileError::too_large(format!("a text of {} bytes", text.len())));
        }
        let mut references = Vec::new();
        let mut list = Vec::new();
        for piece in pieces(text) {
            let hash: Hash = Sha256::digest(piece).into();
            list.push(self.part(piece, hash)?);
            if hash[0] < LIST_ENDS_BELOW || list.len() >= LONGEST_LIST {
                references.push(self.list(std::mem::take(&mut list))?);
            }
        }
        if !list.is_empty() {
            references.push(self.list(list)?);
        }
        Ok(references)
    }

    fn part(&mut self, text: &str, hash: Hash) -> Result<u32> {
        if let Some(id) = self.texts.get(&hash) {
            return Ok(*id);
        }
        let id = self.new_id()?;
        self.line(&PartRecord {
            record: kind::PART.into(),
            id,
            text: Cow::Borrowed(text),
        })?;
        self.texts.insert(hash, id);
        Ok(id)
    }

    fn list(&mut self, of: Vec<u32>) -> Result<u32> {
        if let [only] = of.as_slice() {
            return Ok(*only);
        }
        let mut hash = Sha256::new();
        for id in &of {
            hash.update(id.to_le_bytes());
        }
        let hash: Hash = hash.finalize().into();
        if let Some(id) = self.lists.get(&hash) {
            return Ok(*id);
        }
        let id = self.new_id()?;
        self.line(&ListRecord {
            record: kind::LIST.into(),
            id,
            of,
        })?;
        self.lists.insert(hash, id);
        Ok(id)
    }

    fn new_id(&mut self) -> Result<u32> {
        if self.next_id as usize >= limits::PARTS {
            return Err(FileError::too_large(format!("more than {} parts", limits::PARTS)));
        }
        let id = self.next_id;
        self.next_id += 1;
        Ok(id)
    }

    fn line(&mut self, record: &impl Serialize) -> Result<()> {
        let mut line = text_of(record)?;
        line.push('\n');
        self.unpacked += line.len() as u64;
        if line.len() > limits::LINE_BYTES || self.unpacked > limits::UNPACKED_BYTES {
            return Err(FileError::too_large(format!(
                "more than {} MiB of differences",
                limits::UNPACKED_BYTES / (1024 * 1024)
            )));
        }
        self.digest.update(&line);
        Ok(self.frame.write_all(line.as_bytes())?)
    }
}

fn text_of(value: &(impl Serialize + ?Sized)) -> Result<String> {
    serde_json::to_string(value).map_err(|error| FileError::Io(error.into()))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a text cannot fail.
        let _written = write!(text, "{byte:02x}");
    }
    text
}
