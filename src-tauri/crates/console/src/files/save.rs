//! Writing a file into a folder: whole, under a name of its own, or not at all.

use std::{
    fs::{self, File},
    io::{self, BufWriter},
    path::{Path, PathBuf},
};

use halyard_mirror::OpenedMoment;
use halyard_mirror::file::{EXTENSION, FileError, FileHeader, FileWriter, Seal};
use tempfile::NamedTempFile;
use tokio::sync::mpsc;

/// How many files of one name a folder holds before another folder is wanted.
const MOST_OF_A_NAME: u32 = 1_000;

/// What a writing thread is told.
pub(super) enum Next {
    /// A moment, the oldest first.
    Moment(Box<OpenedMoment>),
    /// That was all.
    End,
}

/// Writes what comes until it is told that it was all. Where nobody says so,
/// nothing stays behind.
pub(super) fn save(
    folder: &Path,
    name: &str,
    header: FileHeader,
    seal: Option<&Seal>,
    mut moments: mpsc::Receiver<Next>,
) -> Result<(PathBuf, u64), FileError> {
    fs::create_dir_all(folder)?;
    let temporary = tempfile::Builder::new()
        .prefix(".halyard-")
        .suffix(".part")
        .tempfile_in(folder)?;
    let mut writer = FileWriter::new(BufWriter::new(temporary), header, seal)?;
    loop {
        match moments.blocking_recv() {
            Some(Next::Moment(opened)) => writer.add(&opened)?,
            Some(Next::End) => break,
            None => return Err(io::Error::other("it was given up").into()),
        }
    }
    let temporary = writer
        .finish()?
        .into_inner()
        .map_err(io::IntoInnerError::into_error)?;
    let file = temporary.as_file();
    file.sync_all()?;
    let bytes = file.metadata()?.len();
    let path = named(temporary, folder, name)?;
    // The name is on the disk once the folder is; where a folder cannot be
    // synced, the system does it in its time.
    let _later = File::open(folder).and_then(|folder| folder.sync_all());
    Ok((path, bytes))
}

/// Gives the file its name, or the next one that nobody has.
fn named(mut temporary: NamedTempFile, folder: &Path, name: &str) -> Result<PathBuf, FileError> {
    let stem = name
        .strip_suffix(EXTENSION)
        .and_then(|stem| stem.strip_suffix('.'));
    for number in 1..=MOST_OF_A_NAME {
        let path = folder.join(match (number, stem) {
            (2.., Some(stem)) => format!("{stem}-{number}.{EXTENSION}"),
            _ => name.to_owned(),
        });
        match temporary.persist_noclobber(&path) {
            Ok(_) => return Ok(path),
            Err(refused) if refused.error.kind() == io::ErrorKind::AlreadyExists => temporary = refused.file,
            Err(refused) => return Err(refused.error.into()),
        }
    }
    Err(io::Error::from(io::ErrorKind::AlreadyExists).into())
}
