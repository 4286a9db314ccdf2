//! Opening the mirror's file, and what to do with one that cannot be used.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::pool::PoolOptions;
use sqlx::sqlite::{
    SqliteAutoVacuum, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool,
    SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection};

use crate::encrypt::remove_unfinished;
use crate::key::{Nature, nature};
use crate::pools::{Held, Open, Presence, State};
use crate::{KeyTrouble, Mirror, MirrorError, MirrorKey};

static MIGRATIONS: Migrator = sqlx::migrate!();

pub(crate) const FILE: &str = "mirror.sqlite";
const WAIT_FOR_LOCK: Duration = Duration::from_secs(5);
const WAIT_FOR_CONNECTION: Duration = Duration::from_secs(10);
/// Lists of one window are read side by side, rarely more than these.
const READERS: u32 = 3;
/// The write-ahead log is cut back to this size after a large snapshot.
const LOG_BYTES: &str = "16777216";

/// What [`Mirror::open`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    /// A mirror that can be used, or none, which was then made.
    Ready,
    /// A file that can be used. Encrypting it, or no longer, was cut off, which
    /// left it as it was before.
    Unconverted,
    /// A file that cannot be used. It was renamed, and an empty mirror is in
    /// its place.
    SetAside {
        /// Where the old file is now; `-wal` and `-shm` are beside it.
        kept_as: PathBuf,
        /// Why it cannot be used.
        why: SetAsideReason,
    },
}

/// Why a file cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetAsideReason {
    /// It is not a whole SQLite database, or not one that Halyard made.
    Damaged,
    /// A newer Halyard wrote it.
    NewerSchema {
        /// Its newest migration, a date and time as `YYYYMMDDhhmmss`.
        found: i64,
    },
    /// It is encrypted, and whoever began anew had no key for it.
    Locked,
}

impl Mirror {
    /// Opens `mirror.sqlite` in `directory`; makes both where they are absent.
    ///
    /// A file that cannot be used is renamed beside itself, never deleted, and
    /// a new one takes its place. "Cannot be used" is what SQLite's
    /// `quick_check` finds, which walks every page of the file: broken pages
    /// and missing parts, not a flipped letter inside a text, for which SQLite
    /// keeps no checksum. A record that a flipped letter made unreadable is
    /// left out by the reads and named by [`Mirror::unreadable_rows`].
    ///
    /// The file itself says whether it is encrypted. The key is used where it
    /// is, and where the file is made; a plain file is opened as it is, key or
    /// not ([`Mirror::encrypted_with`] tells). [`MirrorError::Locked`] where
    /// the file needs another key: it is not touched, and
    /// [`Mirror::locked`] stands in for it.
    pub async fn open(directory: &Path, key: Option<&MirrorKey>) -> Result<(Mirror, Opened), MirrorError> {
        make_directory(directory)?;
        let presence = Presence::announce(directory).await?;
        let (open, opened) = open_file(directory, key).await?;
        let mirror = Mirror::of(directory, State::Open(open), presence);
        mirror.tidy().await;
        Ok((mirror, opened))
    }

    fn of(directory: &Path, state: State, presence: Presence) -> Mirror {
        Mirror {
            pools: Held::shared(state, Some(presence)),
            directory: Some(directory.into()),
        }
    }

    /// What may as well be done at the next opening, such as on a full disk.
    pub(crate) async fn tidy(&self) {
        if let Err(error) = self.remove_unfinished_import().await {
            tracing::warn!(%error, "what is left of an import could not be removed");
        }
    }

    /// A mirror that vanishes with the last of its clones.
    pub async fn in_memory() -> Result<Mirror, MirrorError> {
        // One connection that is never given up: it is the database.
        let pool = PoolOptions::new()
            .max_connections(1)
            .min_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            // Whoever gives up waiting for the test would take the connection,
            // and with it everything, along.
            .test_before_acquire(false)
            .connect_with(
                SqliteConnectOptions::new()
                    .in_memory(true)
                    .disable_statement_logging(),
            )
            .await?;
        migrate(&pool).await?;
        let open = Open {
            writer: pool.clone(),
            readers: pool,
            key: None,
        };
        Ok(Mirror {
            pools: Held::shared(State::Open(open), None),
            directory: None,
        })
    }

    /// Closes the file and folds its write-ahead log into it. Reads and writes
    /// through other clones fail from then on.
    pub async fn close(&self) {
        self.pools.write().await.close().await;
    }
}

/// Opens the file, or makes it, or sets it aside and makes another.
pub(crate) async fn open_file(
    directory: &Path,
    key: Option<&MirrorKey>,
) -> Result<(Open, Opened), MirrorError> {
    let path = directory.join(FILE);
    // Without the file itself, what a conversion wrote may be all there is.
    let mut opened = if has_content(&path)? && remove_unfinished(&path)? {
        tracing::warn!("a conversion of the mirror was cut off, which left it as it was");
        Opened::Unconverted
    } else {
        Opened::Ready
    };
    let key = key_of(&path, key)?;
    if let Some(why) = examine(&path, key).await? {
        opened = set_aside(&path, why)?;
    }
    if !path.exists() {
        create(&path, key).await?;
    }
    match connect(&path, key).await {
        Err(MirrorError::Damaged) if !matches!(opened, Opened::SetAside { .. }) => {
            opened = set_aside(&path, SetAsideReason::Damaged)?;
            create(&path, key).await?;
            Ok((connect(&path, key).await?, opened))
        }
        other => Ok((other?, opened)),
    }
}

/// The key to use for a file: the one at hand, unless the file is a plain one.
fn key_of<'k>(path: &Path, key: Option<&'k MirrorKey>) -> Result<Option<&'k MirrorKey>, MirrorError> {
    match (nature(path)?, key) {
        (Nature::Encrypted(_), None) => Err(MirrorError::Locked(KeyTrouble::Missing)),
        (Nature::Encrypted(needed), Some(key)) if key.id() != needed => {
            Err(MirrorError::Locked(KeyTrouble::Wrong))
        }
        (Nature::Plain, Some(_)) => Ok(None),
        (_, key) => Ok(key),
    }
}

/// The newest migration this build knows.
pub(crate) fn newest_schema() -> i64 {
    MIGRATIONS
        .iter()
        .map(|migration| migration.version)
        .max()
        .unwrap_or_default()
}

pub(crate) fn options(path: &Path, key: Option<&MirrorKey>) -> SqliteConnectOptions {
    let options = SqliteConnectOptions::new()
        .filename(path)
        // What is sorted or set aside within a statement is in no file.
        .pragma("temp_store", "MEMORY")
        .foreign_keys(true)
        .busy_timeout(WAIT_FOR_LOCK)
        .disable_statement_logging();
    match key {
        // Is carried out before every other one.
        Some(key) => options.pragma("key", format!("\"{}\"", *key.for_sqlcipher())),
        None => options,
    }
}

pub(crate) async fn connect(path: &Path, key: Option<&MirrorKey>) -> Result<Open, MirrorError> {
    let writer = open_writer(path, options(path, key).create_if_missing(false)).await?;
    let readers = SqlitePoolOptions::new()
        .max_connections(READERS)
        .acquire_timeout(WAIT_FOR_CONNECTION)
        .connect_with(options(path, key).pragma("query_only", "ON"))
        .await?;
    Ok(Open {
        writer,
        readers,
        key: key.cloned(),
    })
}

/// One connection writes, so that writes queue here instead of failing on each
/// other's lock.
async fn open_writer(path: &Path, options: SqliteConnectOptions) -> Result<SqlitePool, MirrorError> {
    let options = options
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        // A killed process loses nothing under NORMAL either; FULL also keeps
        // the last commits through a power cut. "This edit was sent" must not
        // be forgotten, or its outcome would never be asked for.
        .synchronous(SqliteSynchronous::Full)
        .pragma("journal_size_limit", LOG_BYTES);
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(WAIT_FOR_CONNECTION)
        // SQLite ends a transaction by itself when the disk is full; sqlx
        // still counts it as open and would refuse every later one.
        .before_acquire(|connection, _| {
            let usable = !connection.is_in_transaction();
            Box::pin(async move { Ok(usable) })
        })
        .connect_with(options)
        .await?;
    let prepared = async {
        migrate(&pool).await?;
        // SQLite opens a write-protected file without a word and would tell
        // only at the first write, so here is one that changes nothing.
        sqlx::query("DELETE FROM settings WHERE FALSE")
            .execute(&pool)
            .await?;
        Ok(())
    };
    match prepared.await {
        Ok(()) => Ok(pool),
        Err(error) => {
            pool.close().await;
            Err(error)
        }
    }
}

async fn migrate(pool: &SqlitePool) -> Result<(), MirrorError> {
    match MIGRATIONS.run(pool).await {
        Ok(()) => Ok(()),
        Err(MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) => Err(error.into()),
        // Its history is not ours: some other program's file, or a torn one.
        Err(MigrateError::VersionMissing(_) | MigrateError::VersionMismatch(_) | MigrateError::Dirty(_)) => {
            Err(MirrorError::Damaged)
        }
        Err(error) => Err(MirrorError::Other(error.into())),
    }
}

/// Makes an empty mirror under another name and moves it into place, so that
/// a file of this name always was whole once.
async fn create(path: &Path, key: Option<&MirrorKey>) -> Result<(), MirrorError> {
    let unfinished = path.with_extension("sqlite-unfinished");
    for file in with_companions(&unfinished) {
        // Left by a start that was cut off; it never held anything.
        remove_if_present(&file)?;
    }
    let options = options(&unfinished, key)
        .create_if_missing(true)
        // So that what pruning frees can be given back to the disk.
        .auto_vacuum(SqliteAutoVacuum::Incremental);
    let pool = open_writer(&unfinished, options).await?;
    pool.close().await;
    #[cfg(unix)]
    // For its owner alone: documents name users. SQLite gives the log the same.
    fs::set_permissions(&unfinished, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    fs::rename(&unfinished, path)?;
    #[cfg(unix)]
    if let Some(directory) = path.parent() {
        // The new name must last before anything is written under it.
        fs::File::open(directory)?.sync_all()?;
    }
    Ok(())
}

/// Looks at the file without changing it: read-only, so that not even its
/// write-ahead log is folded in. Says why it cannot be used, if it cannot.
async fn examine(path: &Path, key: Option<&MirrorKey>) -> Result<Option<SetAsideReason>, MirrorError> {
    let [_, log, _] = with_companions(path);
    if !path.exists() {
        // SQLite would delete a log without its file.
        return Ok(has_content(&log)?.then_some(SetAsideReason::Damaged));
    }
    if !has_content(path)? {
        return Ok(Some(SetAsideReason::Damaged));
    }
    let found = async {
        let mut connection = options(path, key).read_only(true).connect().await?;
        let found = look_inside(&mut connection).await;
        connection.close().await?;
        found
    };
    match found.await {
        Err(MirrorError::Damaged) => Ok(Some(SetAsideReason::Damaged)),
        other => other,
    }
}

async fn look_inside(connection: &mut SqliteConnection) -> Result<Option<SetAsideReason>, MirrorError> {
    let complaints: Vec<String> = sqlx::query_scalar("PRAGMA quick_check(1)")
        .fetch_all(&mut *connection)
        .await?;
    if complaints != ["ok"] {
        return Ok(Some(SetAsideReason::Damaged));
    }
    let tables: Vec<String> = sqlx::query_scalar("SELECT name FROM sqlite_schema WHERE type = 'table'")
        .fetch_all(&mut *connection)
        .await?;
    if tables.is_empty() {
        return Ok(None);
    }
    if !tables.iter().any(|table| table == "_sqlx_migrations") {
        return Ok(Some(SetAsideReason::Damaged));
    }
    let found: Option<i64> = sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations")
        .fetch_one(&mut *connection)
        .await?;
    Ok(found
        .filter(|found| *found > newest_schema())
        .map(|found| SetAsideReason::NewerSchema { found }))
}

/// Renames the file and its companions to the first free name beside it.
pub(crate) fn set_aside(path: &Path, why: SetAsideReason) -> Result<Opened, MirrorError> {
    let word = match why {
        SetAsideReason::Damaged => "damaged",
        SetAsideReason::NewerSchema { .. } => "newer",
        SetAsideReason::Locked => "locked",
    };
    let mut number = 1_u32;
    let kept_as = loop {
        let candidate = path.with_file_name(format!("mirror.{word}-{number}.sqlite"));
        if !with_companions(&candidate).iter().any(|file| file.exists()) {
            break candidate;
        }
        number += 1;
    };
    // The file goes first: cut off here, the log is found without its file at
    // the next start and is kept as well.
    for (from, to) in with_companions(path).iter().zip(with_companions(&kept_as)) {
        match fs::rename(from, to) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            other => other?,
        }
    }
    tracing::warn!(kept_as = %kept_as.display(), ?why, "the mirror's file was set aside");
    Ok(Opened::SetAside { kept_as, why })
}

/// The file, its write-ahead log and that log's index.
pub(crate) fn with_companions(path: &Path) -> [PathBuf; 3] {
    ["", "-wal", "-shm"].map(|suffix| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    })
}

pub(crate) fn has_content(path: &Path) -> Result<bool, MirrorError> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(metadata.len() > 0),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error.into()),
    }
}

pub(crate) fn remove_if_present(path: &Path) -> Result<(), MirrorError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => Ok(other?),
    }
}

/// Makes the directory for its owner alone, where it is not there yet.
fn make_directory(directory: &Path) -> Result<(), MirrorError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    Ok(builder.create(directory)?)
}
