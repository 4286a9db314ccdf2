//! What a line says.

use std::io::{BufRead, Read};

use serde::de::{Deserialize, DeserializeOwned};

use super::records::Kind;
use super::write::MAGIC;
use super::{FileError, Result, VERSION};

/// The longest first line: the magic and a number.
const FIRST_LINE_BYTES: usize = 64;

/// The first line with its end, or as much as there is of it.
pub(super) fn first_line(source: &mut (impl BufRead + ?Sized)) -> Result<Vec<u8>> {
    let mut line = Vec::new();
    source
        .take(FIRST_LINE_BYTES as u64)
        .read_until(b'\n', &mut line)?;
    Ok(line)
}

pub(super) fn check_version(first: &[u8]) -> Result<()> {
    let version = first
        .strip_prefix(MAGIC.as_bytes())
        .and_then(|rest| rest.strip_suffix(b"\n"))
        .and_then(|version| std::str::from_utf8(version).ok())
        .filter(|version| version.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|version| version.parse::<u64>().ok());
    match version {
        Some(VERSION) => Ok(()),
        Some(version) if version > VERSION => Err(FileError::Newer { version }),
        _ => Err(FileError::NotASnapshot),
    }
}

pub(super) fn kind_of(line: &str, place: &str) -> Result<String> {
    // Nearly all lines begin with it, and need not be read twice. A line that
    // says another kind further on is refused where it is read.
    let plain = line
        .strip_prefix(r#"{"record":""#)
        .and_then(|rest| rest.get(..8)?.split_once('"'));
    if let Some((kind, _)) = plain
        && kind.bytes().all(|letter| letter.is_ascii_lowercase())
    {
        return Ok(kind.to_owned());
    }
    let kind: Kind<'_> = borrowed(line, place)?;
    Ok(kind.record.into_owned())
}

pub(super) fn parsed<T: DeserializeOwned>(line: &str, place: &str) -> Result<T> {
    serde_json::from_str(line).map_err(|_| FileError::damaged(place))
}

pub(super) fn borrowed<'a, T: Deserialize<'a>>(line: &'a str, place: &str) -> Result<T> {
    serde_json::from_str(line).map_err(|_| FileError::damaged(place))
}
