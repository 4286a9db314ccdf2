//! The log: one JSON object per line, in Halyard's folder. Never a key, never
//! a body: libraries, whose details may hold requests, tell nothing below `info`.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::Path,
    sync::Mutex,
};

use tracing::{Level, Metadata};
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::{FilterExt, filter_fn},
    fmt,
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

/// A log that has grown past this is set aside once, replacing the one before.
const LIMIT_BYTES: u64 = 4 << 20;

/// Starts logging into `<folder>/halyard.log`.
pub fn start(folder: &Path) -> io::Result<()> {
    let file = open(folder)?;
    let filter = EnvFilter::try_from_env("HALYARD_LOG")
        .unwrap_or_else(|_| EnvFilter::new("warn,halyard=info,halyard_app=info,halyard_console=info"));
    let layer = fmt::layer()
        .json()
        .with_writer(Mutex::new(file))
        .with_filter(filter.and(filter_fn(holds_no_request)));
    // A second start in one process, as in tests, keeps the first log.
    let _already_started = tracing_subscriber::registry().with(layer).try_init();
    Ok(())
}

/// Halyard's own lines never hold a key; the details of a library may.
fn holds_no_request(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with("halyard") || *metadata.level() <= Level::INFO
}

fn open(folder: &Path) -> io::Result<File> {
    let path = folder.join("halyard.log");
    if fs::metadata(&path).is_ok_and(|metadata| metadata.len() > LIMIT_BYTES) {
        fs::rename(&path, folder.join("halyard.log.1"))?;
    }
    OpenOptions::new().create(true).append(true).open(path)
}
