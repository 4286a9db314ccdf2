//! What is said of snapshot files.

use std::path::Path;

use halyard_console::{ExportedFile, FileContent, FileError, Kept};
use halyard_model::Timestamp;

use super::{
    number::{count, plural},
    time::Clock,
};

/// `Saved production-2026-11-20.halyard, 48 kB, to Downloads.`
pub fn saved(file: &ExportedFile) -> String {
    let part = |path: Option<&std::ffi::OsStr>| path.unwrap_or_default().to_string_lossy().into_owned();
    let folder = part(file.path.parent().and_then(Path::file_name));
    let mut said = format!(
        "Saved {}, {}, to {folder}.",
        part(file.path.file_name()),
        size(file.bytes)
    );
    if file.damaged > 0 {
        let damaged = plural(file.damaged, "snapshot is", "snapshots are");
        said.push_str(&format!(" {damaged} damaged in the local copy and not in it."));
    }
    said
}

/// `48 kB`, `1.6 MB`.
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => plural(bytes, "byte", "bytes"),
        1_000..1_000_000 => format!("{} kB", count(bytes / 1_000)),
        _ => format!("{}.{} MB", count(bytes / 1_000_000), bytes % 1_000_000 / 100_000),
    }
}

/// `Production of Storefront, 7 flags and 2 segments, as it was on 20 November, 14:05.`
pub fn content(content: &FileContent, clock: &Clock, now: Timestamp) -> String {
    let header = &content.header;
    let environment = match header.project.as_str() {
        "" => header.environment.name.clone(),
        project => format!("{} of {project}", header.environment.name),
    };
    let flags = plural(content.flag_count.into(), "flag", "flags");
    let segments = plural(content.segment_count.into(), "segment", "segments");
    let to = clock.moment(content.to, now);
    let mut said = match content.moments {
        1 => format!("{environment}, {flags} and {segments}, as it was on {to}."),
        moments => format!(
            "{environment}, {} from {} to {to}; {flags} and {segments} in the last one.",
            plural(moments, "snapshot", "snapshots"),
            clock.moment(content.from, now),
        ),
    };
    if header.identities == Kept::Removed {
        said.push_str(" Identities were left out.");
    }
    said
}

/// Why a file is not opened or not saved: what is wrong with it, and what to do.
pub fn refusal(error: &FileError) -> (&'static str, String, Option<&'static str>) {
    let again = Some("Ask for it to be exported and sent again.");
    match error {
        FileError::NotASnapshot => (
            "file",
            "This is not a snapshot file of Halyard.".into(),
            Some("Choose a file whose name ends in .halyard."),
        ),
        FileError::Newer { version } => (
            "file",
            format!(
                "This file cannot be opened: a newer Halyard wrote it, in version {version} of the format."
            ),
            Some("Update Halyard and open it again."),
        ),
        FileError::Damaged { place } => (
            "file",
            format!("This file is damaged at {place}. Nothing of it was opened."),
            again,
        ),
        FileError::PassphraseNeeded => (
            "passphrase",
            "This file is encrypted. Type the passphrase it was saved with.".into(),
            None,
        ),
        FileError::PassphraseWrong => (
            "passphrase",
            "This is not the passphrase the file was saved with.".into(),
            Some("Ask whoever sent it. Without it nobody can open the file."),
        ),
        FileError::TooLarge { what } => (
            "file",
            format!("This is more than a snapshot file can hold: {what}."),
            Some("Export fewer snapshots."),
        ),
        FileError::Impossible { what } => (
            "file",
            format!("This file says what cannot be: {what}. Nothing of it was opened."),
            again,
        ),
        FileError::Io(error) => (
            "folder",
            format!("The file could not be read or written: {error}."),
            Some("Make room or choose another folder, and try again."),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        for (bytes, expected) in [
            (1, "1 byte"),
            (999, "999 bytes"),
            (48_200, "48 kB"),
            (1_640_000, "1.6 MB"),
        ] {
            assert_eq!(size(bytes), expected);
        }
    }

    #[test]
    fn what_was_saved_is_named() {
        let mut file = ExportedFile {
            path: "/home/maya/Downloads/production-2026-11-20.halyard".into(),
            bytes: 48_000,
            moments: 3,
            damaged: 0,
        };
        assert_eq!(
            saved(&file),
            "Saved production-2026-11-20.halyard, 48 kB, to Downloads."
        );
        file.damaged = 2;
        assert!(saved(&file).ends_with("2 snapshots are damaged in the local copy and not in it."));
    }

    #[test]
    fn a_later_version_is_told() {
        let (field, said, next) = refusal(&FileError::Newer { version: 2 });
        assert_eq!(field, "file");
        assert!(
            said.contains("a newer Halyard wrote it") && said.contains('2'),
            "{said}"
        );
        assert!(next.is_some());
    }
}
