//! What does not go into a file.

use std::borrow::Cow;

use halyard_model::{Flag, Moment, Service, Snapshot, TouchedHow, TouchedKind};
use serde_json::Value;

use super::json::Members;
use super::{FileError, Kept, Result};

/// Where Flagsmith's document has the identities with overrides of their own.
const OVERRIDES: &str = "identity_overrides";

/// Where Flagsmith's document has the environment's client-side key.
const KEY: &str = "api_key";

/// How the keys of Flagsmith begin that open more than a client may see.
const SERVER_SIDE: &str = "ser.";

/// How members end that hold what an integration is reached with, its key
/// among them. Documents of older Flagsmiths have them.
const INTEGRATION: &str = "_config";

/// A document without what never goes out, and without identities where they
/// stay. What remains is as it was, letter for letter.
pub(super) fn document(snapshot: &Snapshot, service: Service, identities: Kept) -> Result<Cow<'_, str>> {
    let text = snapshot.document.as_str();
    if service != Service::Flagsmith {
        return Ok(Cow::Borrowed(text));
    }
    let members: Members<'_> =
        serde_json::from_str(text).map_err(|_| FileError::impossible("the document is not an object"))?;
    let mut out = String::new();
    let mut copied = 0;
    for (name, value) in &members.0 {
        let instead = match name.as_str() {
            OVERRIDES if identities == Kept::Removed => "[]",
            KEY if server_side(value.get()) => {
                return Err(FileError::impossible("the document is that of a server-side key"));
            }
            integration if integration.ends_with(INTEGRATION) => "null",
            _ => continue,
        };
        // The value is a part of the text.
        let from = value.get().as_ptr() as usize - text.as_ptr() as usize;
        out.push_str(text.get(copied..from).unwrap_or_default());
        out.push_str(instead);
        copied = from + value.get().len();
    }
    if copied == 0 {
        return Ok(Cow::Borrowed(text));
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    Ok(Cow::Owned(out))
}

fn server_side(value: &str) -> bool {
    serde_json::from_str::<Value>(value)
        .is_ok_and(|value| value.as_str().is_some_and(|key| key.starts_with(SERVER_SIDE)))
}

/// The flags; without how many identities have a state of their own where
/// identities stay.
pub(super) fn flags(flags: &[Flag], identities: Kept) -> Cow<'_, [Flag]> {
    if identities == Kept::Kept {
        return Cow::Borrowed(flags);
    }
    let mut flags = flags.to_vec();
    for flag in &mut flags {
        flag.identity_overrides = None;
    }
    Cow::Owned(flags)
}

/// What a moment says beside its content. An audit log names identities in
/// the text of what was done, so that text stays with them.
pub(super) fn moment(moment: &Moment, identities: Kept, authors: Kept) -> Moment {
    let mut moment = moment.clone();
    if identities == Kept::Removed {
        for touched in moment
            .touched
            .extract_if(.., |part| part.kind == TouchedKind::Identity)
        {
            let count = match touched.how {
                TouchedHow::Added => &mut moment.counts.added,
                TouchedHow::Changed => &mut moment.counts.changed,
                TouchedHow::Removed => &mut moment.counts.removed,
            };
            *count = count.saturating_sub(1);
        }
        for author in &mut moment.authors {
            author.what.clear();
        }
    }
    if authors == Kept::Removed {
        moment.authors.clear();
    }
    moment
}
