//! Files of identities, read as they come in and kept in memory.

use halyard_engine::{
    BrokenLine, Cohort, CohortFormat, Control, ReadError, ReadOptions, ReadReport, read_cohort,
};
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::feed::{Feed, feed};
use crate::{Console, ConsoleError};

/// How many files are kept or being read: one to look at and one to compare.
const MOST: usize = 2;

/// Identities in a chunk: few enough that a run ends soon after it was cancelled.
pub(super) const CHUNK_ROWS: usize = 2048;

/// Names a file of identities while it is read and kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CohortId(pub String);

/// A file of identities that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CohortFile {
    /// Names it.
    pub id: CohortId,
    /// The file's name, as it was given.
    pub name: String,
    /// How it is written.
    pub format: CohortFormat,
    /// How many identities it holds.
    pub identities: u64,
    /// Names of their traits, most frequent first.
    pub traits: Vec<String>,
    /// The column or member the identifiers came from.
    pub identifier_from: String,
    /// How many lines could not be read.
    pub broken: u64,
    /// The first of them.
    pub broken_lines: Vec<BrokenLine>,
    /// Identities left out because their identifier was there before.
    pub duplicates: u64,
}

/// The files that are being read or kept, the newest at the end.
#[derive(Debug, Default)]
pub(crate) struct Cohorts {
    files: Vec<(CohortId, Stage)>,
}

#[derive(Debug)]
enum Stage {
    /// Dropping the feed ends the thread that reads.
    Reading {
        name: String,
        feed: Feed,
        read: Read,
    },
    Kept(Cohort),
}

/// A thread that reads a file.
type Read = JoinHandle<Result<(Cohort, ReadReport), ReadError>>;

impl Cohorts {
    fn add(&mut self, id: CohortId, stage: Stage) {
        self.files.push((id, stage));
        let excess = self.files.len().saturating_sub(MOST);
        self.files.drain(..excess);
    }

    fn take(&mut self, id: &CohortId) -> Option<Stage> {
        let place = self.files.iter().position(|(known, _)| known == id)?;
        Some(self.files.remove(place).1)
    }

    /// A file that was read. Clones share the identities.
    pub(crate) fn kept(&self, id: &CohortId) -> Option<Cohort> {
        let (_, stage) = self.files.iter().find(|(known, _)| known == id)?;
        match stage {
            Stage::Kept(cohort) => Some(cohort.clone()),
            Stage::Reading { .. } => None,
        }
    }
}

impl Console {
    /// Begins a file of identities under the name it has. Of more than two
    /// files the oldest is dropped.
    pub fn open_cohort(&self, name: &str) -> CohortId {
        let id = CohortId(Uuid::new_v4().to_string());
        let (feed, outlet) = feed();
        let options = ReadOptions {
            chunk_rows: CHUNK_ROWS,
            ..ReadOptions::default()
        };
        let read = tokio::task::spawn_blocking(move || read_cohort(outlet, options, &Control::new()));
        let stage = Stage::Reading {
            name: name.to_owned(),
            feed,
            read,
        };
        self.volatile().cohorts.add(id.clone(), stage);
        id
    }

    /// Takes the next bytes of a file. Waits while reading is behind.
    ///
    /// [`ConsoleError::Gone`] where the file was dropped or has been closed;
    /// [`ConsoleError::Input`] on `cohort` where it cannot be read any further:
    /// it is dropped then.
    pub async fn write_cohort(&self, id: &CohortId, bytes: Vec<u8>) -> Result<(), ConsoleError> {
        let sender = {
            let volatile = self.volatile();
            let found = volatile.cohorts.files.iter().find(|(known, _)| known == id);
            match found {
                Some((_, Stage::Reading { feed, .. })) => feed.sender(),
                _ => return Err(gone()),
            }
        };
        if sender.send(bytes).await.is_ok() {
            return Ok(());
        }
        drop(sender);
        // Nobody reads any more: the reading has failed, and says why.
        self.close_cohort(id).await.map(|_| ())
    }

    /// Ends a file and says what was read. It stays in memory until it is
    /// dropped, or until two newer ones are opened.
    ///
    /// [`ConsoleError::Gone`] where the file was dropped or has been closed;
    /// [`ConsoleError::Input`] on `cohort` where it cannot be read as a file of
    /// identities.
    pub async fn close_cohort(&self, id: &CohortId) -> Result<CohortFile, ConsoleError> {
        let stage = self.volatile().cohorts.take(id);
        let Some(Stage::Reading { name, feed, read }) = stage else {
            return Err(gone());
        };
        feed.end();
        let read = read.await.map_err(|_| gone())?;
        let (cohort, report) = read.map_err(|error| ConsoleError::Input {
            field: "cohort",
            sentence: error.to_string(),
        })?;
        self.volatile().cohorts.add(id.clone(), Stage::Kept(cohort));
        Ok(CohortFile {
            id: id.clone(),
            name,
            format: report.format,
            identities: report.identities,
            traits: report.traits.into_iter().map(|one| one.name).collect(),
            identifier_from: report.identifier.unwrap_or_default(),
            broken: report.broken,
            broken_lines: report.broken_lines,
            duplicates: report.duplicates,
        })
    }

    /// Gives a file up, whether it is being read or kept. One that is not there
    /// is no error.
    pub fn drop_cohort(&self, id: &CohortId) {
        self.volatile().cohorts.take(id);
    }
}

fn gone() -> ConsoleError {
    ConsoleError::Gone {
        what: "the cohort file",
    }
}
