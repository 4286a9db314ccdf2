//! Files that somebody chose, kept in memory until they are opened or given up.

use std::{io::Cursor, sync::Arc};

use halyard_mirror::file::{FileError, FileHeader, FileReader, Seal, clean_name, limits};
use halyard_model::{ConnectionId, Timestamp};
use uuid::Uuid;

use super::ended;
use crate::{Console, ConsoleError};

/// How many files are kept: one to look at and one that arrived meanwhile.
const MOST: usize = 2;

/// How long a chosen file waits to be opened, in milliseconds.
const KEPT_MILLIS: i64 = 30 * 60_000;

/// Names a chosen file until it is opened or given up.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ChosenId(pub String);

/// A chosen file.
#[derive(Clone, Debug, PartialEq)]
pub struct FileFacts {
    /// Its name, without its folder.
    pub name: String,
    /// A passphrase opens it.
    pub encrypted: bool,
    /// What is in it; `None` where it is encrypted and no passphrase was given.
    pub content: Option<FileContent>,
}

/// What is in a snapshot file, all of which was found to be as it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct FileContent {
    /// What it says of itself.
    pub header: FileHeader,
    /// How many moments it holds.
    pub moments: u64,
    /// When the oldest was first seen.
    pub from: Timestamp,
    /// When the newest was last seen.
    pub to: Timestamp,
    /// Flags in the newest.
    pub flag_count: u32,
    /// Segments in the newest.
    pub segment_count: u32,
    /// The connection that opening it leads to.
    pub connection: ConnectionId,
}

/// The files that are chosen, the newest at the end.
#[derive(Default)]
pub(crate) struct ChosenFiles(Vec<Chosen>);

struct Chosen {
    id: ChosenId,
    name: String,
    bytes: Arc<Vec<u8>>,
    at: Timestamp,
}

/// A chosen file's bytes, shared with the thread that reads them.
#[derive(Clone)]
pub(super) struct Bytes(Arc<Vec<u8>>);

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Bytes {
    /// Begins to read them.
    pub(super) fn reader(&self, seal: Option<&Seal>) -> Result<FileReader, FileError> {
        FileReader::open(Cursor::new(self.clone()), seal)
    }
}

impl ChosenFiles {
    fn find(&mut self, id: &ChosenId) -> Result<&mut Chosen, ConsoleError> {
        let found = self.0.iter_mut().find(|chosen| chosen.id == *id);
        found.ok_or(ConsoleError::Gone {
            what: "the chosen file",
        })
    }
}

impl Console {
    /// Begins a file under the name it has. Of more than two the oldest is
    /// dropped, and so is one that waits for half an hour.
    pub fn choose_file(&self, name: &str) -> ChosenId {
        let id = ChosenId(Uuid::new_v4().to_string());
        let now = self.inner.clock.now();
        // A path of another system has other separators.
        let name = clean_name(name.rsplit(['/', '\\']).next().unwrap_or_default());
        let mut volatile = self.volatile();
        let files = &mut volatile.chosen_files.0;
        files.retain(|chosen| now.millis_since(chosen.at) < KEPT_MILLIS);
        files.push(Chosen {
            id: id.clone(),
            name,
            bytes: Arc::default(),
            at: now,
        });
        let excess = files.len().saturating_sub(MOST);
        files.drain(..excess);
        id
    }

    /// The next bytes of a chosen file. One that is larger than any snapshot
    /// file is dropped.
    pub fn feed_file(&self, id: &ChosenId, bytes: &[u8]) -> Result<(), ConsoleError> {
        let mut volatile = self.volatile();
        let chosen = volatile.chosen_files.find(id)?;
        if (chosen.bytes.len() + bytes.len()) as u64 > limits::FILE_BYTES {
            volatile.chosen_files.0.retain(|chosen| chosen.id != *id);
            let what = format!("it has more than {} MiB", limits::FILE_BYTES / (1024 * 1024));
            return Err(FileError::TooLarge { what }.into());
        }
        Arc::make_mut(&mut chosen.bytes).extend_from_slice(bytes);
        Ok(())
    }

    /// What a chosen file is, read from its beginning to its end. Nothing is
    /// brought in. An encrypted one without a passphrase is no error.
    pub async fn look_into(&self, id: &ChosenId, seal: Option<Seal>) -> Result<FileFacts, ConsoleError> {
        let (name, bytes) = self.chosen(id)?;
        let encrypted = FileReader::is_sealed(bytes.as_ref());
        let content = match (&seal, encrypted) {
            (None, true) => None,
            _ => Some(read_through(bytes, seal).await?),
        };
        Ok(FileFacts {
            name,
            encrypted,
            content,
        })
    }

    /// Gives a chosen file up. One that is not there is no error.
    pub fn drop_file(&self, id: &ChosenId) {
        self.volatile().chosen_files.0.retain(|chosen| chosen.id != *id);
    }

    pub(super) fn chosen(&self, id: &ChosenId) -> Result<(String, Bytes), ConsoleError> {
        let mut volatile = self.volatile();
        let chosen = volatile.chosen_files.find(id)?;
        Ok((chosen.name.clone(), Bytes(chosen.bytes.clone())))
    }
}

/// Reads a file to its end, so that its digest is known to be right, and puts
/// its newest moment together.
pub(super) async fn read_through(bytes: Bytes, seal: Option<Seal>) -> Result<FileContent, ConsoleError> {
    let reading = tokio::task::spawn_blocking(move || content(&bytes, seal.as_ref()));
    Ok(reading.await.map_err(|_| ended())??)
}

fn content(bytes: &Bytes, seal: Option<&Seal>) -> Result<FileContent, FileError> {
    let mut reader = bytes.reader(seal)?;
    let (mut moments, mut from, mut newest) = (0, None, None);
    while let Some(found) = reader.next_moment()? {
        moments += 1;
        from.get_or_insert(found.moment.first_seen);
        newest = Some(found);
    }
    let (Some(from), Some(newest), Some(digest)) = (from, newest, reader.digest()) else {
        return Err(FileError::NotASnapshot);
    };
    reader.open_moment(&newest)?;
    Ok(FileContent {
        moments,
        from,
        to: newest.moment.last_seen,
        flag_count: newest.moment.flag_count,
        segment_count: newest.moment.segment_count,
        connection: connection_of(digest),
        header: reader.header().clone(),
    })
}

/// The connection that a file's content makes: the same content, however often
/// and under whichever passphrase it was written, is the same connection.
fn connection_of(digest: &str) -> ConnectionId {
    ConnectionId(format!("file-{}", digest.get(..32).unwrap_or(digest)))
}
