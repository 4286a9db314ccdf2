//! Files of identities, read as they come in and kept in memory.

use crate::{Console, ConsoleError};

/// Names a file of identities while it is read and kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CohortId(pub String);

/// How a file of identities is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CohortFormat {
    /// Values separated by commas, semicolons or tabs, with a heading.
    Csv,
    /// One list.
    Json,
    /// An object on each line.
    JsonLines,
}

/// A file of identities that was read.
#[derive(Clone, Debug)]
pub struct CohortFile {
    /// Names it.
    pub id: CohortId,
    /// The file's name, as it was given.
    pub name: String,
    /// How it is written.
    pub format: CohortFormat,
    /// How many identities it holds.
    pub identities: u64,
    /// Names of their traits, in order of appearance.
    pub traits: Vec<String>,
    /// The column or member the identifiers came from.
    pub identifier_from: String,
    /// How many lines could not be read.
    pub broken: u64,
    /// The first of them: the line, counted from 1, and what is wrong in words.
    pub broken_lines: Vec<(u64, String)>,
    /// Identities whose identifier was there before.
    pub duplicates: u64,
}

impl Console {
    /// Begins a file of identities under the name it has.
    pub fn open_cohort(&self, name: &str) -> CohortId {
        CohortId(name.to_owned())
    }

    /// Takes the next bytes of a file. Waits while reading is behind.
    ///
    /// [`ConsoleError::Gone`] where the file was dropped or is closed.
    pub async fn write_cohort(&self, id: &CohortId, bytes: Vec<u8>) -> Result<(), ConsoleError> {
        let _given = (id, bytes);
        Err(ConsoleError::Gone {
            what: "the cohort file",
        })
    }

    /// Ends a file and says what was read. The newest two stay in memory; an
    /// older one is dropped.
    ///
    /// [`ConsoleError::Input`] on `cohort` where nothing in it can be read as
    /// identities.
    pub async fn close_cohort(&self, id: &CohortId) -> Result<CohortFile, ConsoleError> {
        let _given = id;
        Err(ConsoleError::Gone {
            what: "the cohort file",
        })
    }

    /// Gives a file up, whether it is being read or kept. One that is not there
    /// is no error.
    pub fn drop_cohort(&self, id: &CohortId) {
        let _given = id;
    }
}
