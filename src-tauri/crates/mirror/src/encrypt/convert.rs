//! Writing the file once more, encrypted or not, and putting it in its place.
//!
//! The order is what keeps it safe. The old file is folded into one and held
//! against everybody else; the new one is written beside it, compared with it,
//! opened by itself and checked, and brought to the disk; one rename exchanges
//! them. Neither has a write-ahead log at that instant, so none can be taken
//! for the other's.

use std::fs::{self, File};
use std::io::{self, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use sqlx::sqlite::{SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};

use super::content;
use crate::key::{Nature, nature};
use crate::open::{options, remove_if_present, with_companions};
use crate::{MirrorError, MirrorKey, Result};

/// Zeros are written in pieces of this size.
const PIECE: usize = 1 << 16;
/// What the new file may be larger by: the log that the mirror begins when it
/// is opened again, and the change of a small file's last page.
const MARGIN: u64 = 256 << 10;
/// An encrypted page holds 80 bytes less of the 4,096, and so more pages may
/// be needed; a tenth is more than that comes to.
const GROWTH: u64 = 10;

/// Where the new file is written, until it takes the old one's place.
fn unfinished(path: &Path) -> PathBuf {
    path.with_extension("sqlite-converting")
}

/// Removes what a conversion that was cut off left; whether there was any.
pub(crate) fn remove_unfinished(path: &Path) -> Result<bool> {
    let mut found = false;
    let unfinished = unfinished(path);
    let mut journal = unfinished.clone().into_os_string();
    journal.push("-journal");
    for file in with_companions(&unfinished).into_iter().chain([journal.into()]) {
        found |= file.exists();
        remove_if_present(&file)?;
    }
    Ok(found)
}

/// Tries whether the disk has room for the new file beside the old one, by
/// writing as much: what is said to be free does not count quotas.
/// [`MirrorError::Full`] where it has not.
pub(super) fn reserve(path: &Path) -> Result<()> {
    remove_unfinished(path)?;
    let [file, log, _] = with_companions(path);
    let bytes = length(&file)? + length(&log)?;
    let wanted = bytes + bytes / GROWTH + MARGIN;
    let trial = unfinished(path);
    let tried = File::create(&trial).and_then(|mut file| fill(&mut file, wanted));
    remove_if_present(&trial)?;
    Ok(tried?)
}

/// Converts a file that this process has closed and holds alone. When this
/// fails, the old file is what it was.
pub(super) async fn convert(path: &Path, from: Option<&MirrorKey>, to: Option<&MirrorKey>) -> Result<()> {
    let written = unfinished(path);
    write(path, from, to, &written).await?;
    check(&written, to).await?;
    File::options().write(true).open(&written)?.sync_all()?;
    sync_directory(path)?;
    if with_companions(path)[1..].iter().any(|file| file.exists()) {
        // The last that has the file open removes these: somebody else has, and
        // would take them for the new file's.
        return Err(MirrorError::Busy);
    }
    let old = File::options().write(true).open(path)?;
    fs::rename(&written, path)?;
    sync_directory(path)?;
    if from.is_none()
        && let Err(error) = wipe(old)
    {
        tracing::warn!(%error, "the plain file could not be overwritten before it was given up");
    }
    Ok(())
}

/// Makes an empty file for its owner alone.
fn make(path: &Path) -> io::Result<()> {
    let mut wanted = File::options();
    wanted.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut wanted, 0o600);
    wanted.open(path)?;
    Ok(())
}

/// Writes the content of the old file into the new one, and compares them.
async fn write(path: &Path, from: Option<&MirrorKey>, to: Option<&MirrorKey>, written: &Path) -> Result<()> {
    make(written)?;
    let mut connection = options(path, from)
        .foreign_keys(false)
        // From the first write on, and not only for its time.
        .pragma("locking_mode", "EXCLUSIVE")
        .connect()
        .await?;
    let copied = copy(&mut connection, to, written).await;
    // Also folds the log into the file, as the last that has it open.
    let closed = connection.close().await;
    copied?;
    Ok(closed?)
}

async fn copy(connection: &mut SqliteConnection, to: Option<&MirrorKey>, written: &Path) -> Result<()> {
    for statement in ["BEGIN EXCLUSIVE", "COMMIT", "PRAGMA wal_checkpoint(TRUNCATE)"] {
        sqlx::query(statement).execute(&mut *connection).await?;
    }
    let key = to.map(MirrorKey::for_sqlcipher);
    sqlx::query("ATTACH ? AS written KEY ?")
        .bind(written.to_string_lossy())
        // Without a word about a key it would be the old file's.
        .bind(key.as_ref().map_or("", |key| key.as_str()))
        .execute(&mut *connection)
        .await?;
    for statement in [
        // As a new mirror has it.
        "PRAGMA written.auto_vacuum = INCREMENTAL",
        // A file that is not finished is of no use: it needs no way back.
        "PRAGMA written.journal_mode = OFF",
        "PRAGMA written.synchronous = OFF",
        "SELECT sqlcipher_export('written')",
    ] {
        sqlx::query(statement).execute(&mut *connection).await?;
    }
    if content::digest(connection, "main").await? != content::digest(connection, "written").await? {
        return Err(MirrorError::Other(
            "what was written while converting is not what was read".into(),
        ));
    }
    sqlx::query("DETACH written").execute(&mut *connection).await?;
    Ok(())
}

/// Opens the new file by itself, and looks at all of it. It is given its
/// write-ahead log here: doing so later would write into the file in a way
/// that a process killed meanwhile leaves to be undone.
async fn check(written: &Path, key: Option<&MirrorKey>) -> Result<()> {
    let expected = key.map_or(Nature::Plain, |key| Nature::Encrypted(key.id()));
    if nature(written)? != expected {
        return Err(MirrorError::Other("the converted file is of another kind".into()));
    }
    let mut connection = options(written, key)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .connect()
        .await?;
    let mut complaints: Vec<String> = Vec::new();
    if key.is_some() {
        // One row for each page whose seal is broken, none for a whole file.
        complaints = sqlx::query_scalar("PRAGMA cipher_integrity_check")
            .fetch_all(&mut connection)
            .await?;
    }
    let found: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check(1)")
        .fetch_all(&mut connection)
        .await?;
    complaints.extend(found.into_iter().filter(|complaint| complaint != "ok"));
    connection.close().await?;
    if !complaints.is_empty() || with_companions(written)[1..].iter().any(|file| file.exists()) {
        return Err(MirrorError::Other("the converted file is not whole".into()));
    }
    Ok(())
}

/// Overwrites a file that has lost its name, so that at least what is written
/// in place is gone: its old places on the disk would else keep its text.
fn wipe(mut file: File) -> io::Result<()> {
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::nlink(&file.metadata()?) > 0 {
        // It has another name, as in a backup that shares files.
        return Ok(());
    }
    let bytes = file.metadata()?.len();
    file.rewind()?;
    fill(&mut file, bytes)
}

fn fill(file: &mut File, bytes: u64) -> io::Result<()> {
    let zeros = vec![0_u8; PIECE];
    let mut left = bytes;
    while left > 0 {
        let piece = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
        file.write_all(&zeros[..piece])?;
        left -= piece as u64;
    }
    file.sync_all()
}

fn length(path: &Path) -> Result<u64> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(metadata.len()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error.into()),
    }
}

fn sync_directory(path: &Path) -> Result<()> {
    #[cfg(unix)]
    if let Some(directory) = path.parent() {
        File::open(directory)?.sync_all()?;
    }
    Ok(())
}
