//! Reading a file.

use std::collections::HashSet;
use std::io::{BufRead, Read};

use halyard_model::{
    ConnectionId, Flag, Moment, MomentId, MomentSource, Segment, Service, Snapshot, Timestamp,
};
use serde::de::DeserializeOwned;

use super::bounded::{Counted, Lines};
use super::line::{borrowed, check_version, first_line, kind_of, parsed};
use super::records::{EndRecord, HeaderRecord, ListRecord, MomentRecord, PartRecord, check_time, kind};
use super::{FileError, FileHeader, Result, Seal, VERSION, json, limits, seal};
use crate::OpenedMoment;

/// Reads one file, moment by moment, the oldest first. What was read is to be
/// believed only once [`FileReader::next_moment`] has said that there is no more:
/// the digest over all of it comes last.
pub struct FileReader {
    lines: Lines<Counted<Box<dyn BufRead + Send>>>,
    header: FileHeader,
    nodes: Vec<Node>,
    moments: u64,
    newest: Timestamp,
    text_bytes: u64,
    digest: Option<String>,
}

enum Node {
    Text(Box<str>),
    List { of: Box<[u32]>, bytes: u64 },
}

/// A moment of a file, not yet put together.
#[derive(Clone, Debug)]
pub struct FileMoment {
    /// What is known about it. It belongs to a connection without a name, and
    /// counts from 1.
    pub moment: Moment,
    /// What it comes to once it is put together, in bytes.
    pub(super) bytes: u64,
    document: Vec<u32>,
    flags: Vec<u32>,
    segments: Vec<u32>,
}

impl FileReader {
    /// Whether a file that begins with these bytes is encrypted. Twenty-two
    /// bytes are enough.
    pub fn is_sealed(start: &[u8]) -> bool {
        start.starts_with(seal::MAGIC)
    }

    /// Begins to read a file, as far as its header.
    pub fn open(mut source: impl BufRead + Send + 'static, seal: Option<&Seal>) -> Result<FileReader> {
        let first = first_line(&mut source)?;
        let (source, first): (Box<dyn BufRead + Send>, Vec<u8>) = if first == seal::MAGIC {
            let seal = seal.ok_or(FileError::PassphraseNeeded)?;
            let mut inside = seal.opened(std::io::Cursor::new(first).chain(source))?;
            let first = first_line(&mut inside)?;
            (inside, first)
        } else {
            (Box::new(source), first)
        };
        check_version(&first)?;
        // Inside of an encryption, whose reader is ahead of what is unpacked.
        let (mut source, packed) = Counted::new(source);
        // The first bytes of the frame say how much it claims to be.
        source.fill_buf()?;
        let mut lines = Lines::of(source, packed, &first)?;
        let line = lines.next("the header")?.unwrap_or_default();
        if kind_of(line, "the header")? != kind::HEADER {
            return Err(FileError::damaged("the header"));
        }
        let header = parsed::<HeaderRecord>(line, "the header")?.read()?;
        Ok(FileReader {
            lines,
            header,
            nodes: Vec::new(),
            moments: 0,
            newest: Timestamp(limits::TIMES.start),
            text_bytes: 0,
            digest: None,
        })
    }

    /// What the file says of itself.
    pub fn header(&self) -> &FileHeader {
        &self.header
    }

    /// The digest over the whole content, in hex, once all of it was read and
    /// found to be what was written.
    pub fn digest(&self) -> Option<&str> {
        self.digest.as_deref()
    }

    /// The next moment; nothing after the last one, once the end was found to
    /// be right.
    pub fn next_moment(&mut self) -> Result<Option<FileMoment>> {
        while self.digest.is_none() {
            let place = format!("part {}", self.nodes.len());
            let Some(line) = self.lines.next(&place)? else {
                return Err(FileError::damaged("the end, which is missing"));
            };
            match kind_of(line, &place)? {
                kind if kind == kind::PART => {
                    let part: PartRecord<'_> = borrowed(line, &place)?;
                    let (id, text) = (part.id, part.text.into_owned());
                    self.node(id, Node::Text(text.into_boxed_str()), &place)?;
                }
                kind if kind == kind::LIST => {
                    let list: ListRecord<'_> = borrowed(line, &place)?;
                    let (id, of) = (list.id, list.of);
                    self.list(id, of, &place)?;
                }
                kind if kind == kind::MOMENT => {
                    let place = format!("moment {}", self.moments + 1);
                    let record: MomentRecord = parsed(line, &place)?;
                    return self.moment(record, &place).map(Some);
                }
                kind if kind == kind::END => self.end()?,
                _ => {
                    return Err(FileError::impossible(format!(
                        "{place} is of a kind that version {VERSION} does not have"
                    )));
                }
            }
        }
        Ok(None)
    }

    /// Puts a moment together.
    ///
    /// [`FileError::Impossible`] where its document or its lists are none.
    pub fn open_moment(&self, found: &FileMoment) -> Result<OpenedMoment> {
        let moment = found.moment.clone();
        let what = |part: &str| format!("the {part} of moment {}", moment.id.0);
        let document = self.text(&found.document);
        let what_document = what("document");
        json::check(&document, &what_document)?;
        check_service(&document, self.header.service, &what_document)?;
        let flags: Vec<Flag> = self.list_of(&found.flags, &what("list of flags"))?;
        let segments: Vec<Segment> = self.list_of(&found.segments, &what("list of segments"))?;
        if flags.len() != moment.flag_count as usize || segments.len() != moment.segment_count as usize {
            return Err(FileError::impossible(format!(
                "moment {} has other numbers of flags and segments than it says",
                moment.id.0
            )));
        }
        let mut keys = HashSet::with_capacity(flags.len());
        if let Some(twice) = flags.iter().find(|flag| !keys.insert(&flag.key)) {
            let key = super::clean_name(&twice.key.0);
            return Err(FileError::impossible(format!(
                "moment {} has {key} twice",
                moment.id.0
            )));
        }
        Ok(OpenedMoment {
            snapshot: Snapshot {
                environment: moment.environment.clone(),
                fetched_at: moment.last_seen,
                document,
                document_updated_at: moment.document_updated_at,
                flags,
                segments,
            },
            moment,
            damaged: Vec::new(),
        })
    }

    fn list_of<T: DeserializeOwned>(&self, references: &[u32], what: &str) -> Result<Vec<T>> {
        let text = self.text(references);
        json::check(&text, what)?;
        serde_json::from_str(&text).map_err(|_| FileError::impossible(format!("{what} is none")))
    }

    fn node(&mut self, id: u32, node: Node, place: &str) -> Result<()> {
        if id as usize != self.nodes.len() {
            return Err(FileError::damaged(format!("{place}, where part {id} stands")));
        }
        if self.nodes.len() >= limits::PARTS {
            return Err(FileError::too_large(format!(
                "it has more than {} parts",
                limits::PARTS
            )));
        }
        self.nodes.push(node);
        Ok(())
    }

    fn list(&mut self, id: u32, of: Vec<u32>, place: &str) -> Result<()> {
        if of.len() > limits::LIST {
            return Err(FileError::too_large(format!(
                "{place} lists more than {} parts",
                limits::LIST
            )));
        }
        let mut bytes = 0;
        for reference in &of {
            match self.nodes.get(*reference as usize) {
                Some(Node::Text(text)) => bytes += text.len() as u64,
                // A list of lists could name itself over and over again.
                Some(Node::List { .. }) => {
                    return Err(FileError::impossible(format!("{place} is a list of lists")));
                }
                None => return Err(missing(*reference, place)),
            }
        }
        check_text(bytes, place)?;
        let of = of.into_boxed_slice();
        self.node(id, Node::List { of, bytes }, place)
    }

    fn moment(&mut self, record: MomentRecord, place: &str) -> Result<FileMoment> {
        self.moments += 1;
        if self.moments > self.header.moments {
            return Err(FileError::impossible(format!(
                "it has more moments than the {} it says",
                self.header.moments
            )));
        }
        self.check_times(&record, place)?;
        let document_bytes = self.bytes(&record.document, place)?;
        let all = document_bytes + self.bytes(&record.flags, place)? + self.bytes(&record.segments, place)?;
        self.text_bytes += all;
        if self.text_bytes > limits::ALL_TEXT_BYTES {
            return Err(FileError::too_large(format!(
                "its moments come to more than {} GiB",
                limits::ALL_TEXT_BYTES >> 30
            )));
        }
        Ok(FileMoment {
            moment: Moment {
                id: MomentId(i64::try_from(self.moments).unwrap_or(i64::MAX)),
                connection: ConnectionId(String::new()),
                environment: self.header.environment.key.clone(),
                first_seen: record.first_seen,
                last_seen: record.last_seen,
                before: record.before,
                source: MomentSource::File,
                document_updated_at: record.document_updated_at,
                name: record.name,
                pinned: record.pinned,
                touched: record.touched,
                counts: record.counts,
                authors: record.authors,
                flag_count: record.flag_count,
                segment_count: record.segment_count,
                document_bytes,
            },
            bytes: all,
            document: record.document,
            flags: record.flags,
            segments: record.segments,
        })
    }

    fn check_times(&mut self, record: &MomentRecord, place: &str) -> Result<()> {
        for at in [Some(record.first_seen), Some(record.last_seen), record.before]
            .into_iter()
            .flatten()
        {
            check_time(at, &format!("a time of {place}"))?;
        }
        let before = record.before.unwrap_or(record.first_seen);
        if record.first_seen < self.newest
            || record.last_seen < record.first_seen
            || before > record.first_seen
        {
            return Err(FileError::impossible(format!(
                "{place} is not in the order of time"
            )));
        }
        self.newest = record.first_seen;
        Ok(())
    }

    /// How long a text is, put together.
    fn bytes(&self, references: &[u32], place: &str) -> Result<u64> {
        if references.len() > limits::REFERENCES {
            return Err(FileError::too_large(format!(
                "{place} refers to more than {} parts",
                limits::REFERENCES
            )));
        }
        let mut bytes = 0;
        for reference in references {
            bytes += match self.nodes.get(*reference as usize) {
                Some(Node::Text(text)) => text.len() as u64,
                Some(Node::List { bytes, .. }) => *bytes,
                None => return Err(missing(*reference, place)),
            };
        }
        check_text(bytes, place)?;
        Ok(bytes)
    }

    /// A text, put together. That its parts are there was seen before.
    fn text(&self, references: &[u32]) -> String {
        let mut text = String::new();
        let texts = |reference: &u32| match self.nodes.get(*reference as usize) {
            Some(Node::List { of, .. }) => of.as_ref(),
            _ => &[],
        };
        for reference in references {
            let alone = std::slice::from_ref(reference);
            let listed = texts(reference);
            for part in if listed.is_empty() { alone } else { listed } {
                if let Some(Node::Text(piece)) = self.nodes.get(*part as usize) {
                    text.push_str(piece);
                }
            }
        }
        text
    }

    /// The last line says what came before it, and nothing comes after it.
    fn end(&mut self) -> Result<()> {
        let digest = self.lines.digest();
        let (moments, parts) = (self.moments, self.nodes.len() as u64);
        let line = self.lines.current()?;
        let end: EndRecord<'_> = borrowed(line, "the end")?;
        if end.digest != digest || end.moments != moments || end.parts != parts {
            return Err(FileError::damaged(
                "the end: what came before is not what was written",
            ));
        }
        if moments == 0 {
            return Err(FileError::impossible("it holds no moment"));
        }
        if self.lines.next("what follows the end")?.is_some() {
            return Err(FileError::damaged("what follows its end"));
        }
        self.lines.ended()?;
        self.digest = Some(digest);
        Ok(())
    }
}

/// A document of one service does not look like that of the other.
fn check_service(document: &str, service: Service, what: &str) -> Result<()> {
    let member = match service {
        Service::Flagsmith => "feature_states",
        Service::EdgeFlags => "flags",
    };
    let members: json::Members<'_> = serde_json::from_str(document)
        .map_err(|_| FileError::impossible(format!("{what} is not an object")))?;
    if members.0.iter().any(|(name, _)| name == member) {
        return Ok(());
    }
    Err(FileError::impossible(format!(
        "{what} is not one of the service that it names"
    )))
}

fn check_text(bytes: u64, place: &str) -> Result<()> {
    if bytes > limits::TEXT_BYTES {
        return Err(FileError::too_large(format!(
            "a text of {place} comes to more than {} MiB",
            limits::TEXT_BYTES >> 20
        )));
    }
    Ok(())
}

fn missing(reference: u32, place: &str) -> FileError {
    FileError::damaged(format!("{place}, which needs part {reference} that is not there"))
}
