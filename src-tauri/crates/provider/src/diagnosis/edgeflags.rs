//! EdgeFlags, whose failures carry a code.

use super::evidence::Evidence;
use super::key::KeyKind;
use super::row::{Row, Words, happened};
use super::{Diagnosis, Remedy, ended, own_words};
use crate::http::Service;

fn is_edgeflags(e: &Evidence) -> bool {
    e.service() == Service::EdgeFlags
}

pub(super) const ROWS: &[Row] = &[
    Row {
        diagnosis: Diagnosis::FlagsmithKeyAtEdgeFlags,
        applies: |e| {
            is_edgeflags(e)
                && e.status() == 401
                && !matches!(e.asked.key, KeyKind::EdgeFlagsToken | KeyKind::Other)
        },
        words: |e| {
            token_refused(e)
                .because(match e.asked.key {
                    KeyKind::OrganisationKey => "This looks like a Flagsmith organisation key.",
                    KeyKind::UserToken => "This looks like a Flagsmith user token.",
                    _ => "This looks like a Flagsmith environment key.",
                })
                .then("Make a new token in the EdgeFlags dashboard and paste it whole.")
        },
    },
    Row {
        diagnosis: Diagnosis::EdgeFlagsTokenMalformed,
        applies: |e| is_edgeflags(e) && e.status() == 401 && e.asked.key == KeyKind::Other,
        words: |e| {
            token_refused(e)
                .because("This does not look like an EdgeFlags token, which begins with ff_.")
                .then("Make a new token in the EdgeFlags dashboard and paste it whole.")
        },
    },
    Row {
        diagnosis: Diagnosis::EdgeFlagsTokenRefused,
        applies: |e| is_edgeflags(e) && e.status() == 401,
        words: |e| {
            token_refused(e)
                .because("The token may be mistyped, deleted or expired.")
                .then("Make a new token in the EdgeFlags dashboard and paste it whole.")
        },
    },
    Row {
        diagnosis: Diagnosis::EdgeFlagsPermissionMissing,
        applies: |e| is_edgeflags(e) && e.status() == 403,
        words: |e| {
            let mut words = happened("EdgeFlags accepts the key and does not allow this.")
                .then("Use a key with more permissions, or have them added to this one.")
                .by(Remedy::TypeKeyAgain);
            words.cause = own_words(e);
            words
        },
    },
    Row {
        diagnosis: Diagnosis::VersionConflict,
        applies: |e| e.status() == 409 && e.answer().is_some_and(|answer| answer.current_version.is_some()),
        words: |e| {
            let version = e
                .answer()
                .and_then(|answer| answer.current_version)
                .unwrap_or_default();
            happened(format!(
                "{} refused the request: somebody has changed it since, it is at version {version} now.",
                e.name()
            ))
            .because("The edit was made from an older version, so it was not carried out.")
            .then("Look at both states and choose.")
            .by(Remedy::ResolveConflict)
        },
    },
    Row {
        diagnosis: Diagnosis::DuplicateName,
        applies: |e| is_edgeflags(e) && e.status() == 409,
        words: |e| {
            happened(refusal(e))
                .because("The key is taken: keys are given once in a project.")
                .then("Choose another key, or refresh to see the one that has it.")
                .by(Remedy::Refresh)
        },
    },
    Row {
        diagnosis: Diagnosis::PayloadTooLarge,
        applies: |e| is_edgeflags(e) && e.status() == 413,
        words: |e| {
            happened(format!(
                "EdgeFlags takes at most 1 MB in one request, and this edit is of {} bytes.",
                e.asked.sent_bytes
            ))
            .because("The flag's value or its targeting is too large.")
            .then("Make the value smaller, or keep it elsewhere and put its address into the flag.")
            .by(Remedy::ShowLimits)
        },
    },
    Row {
        diagnosis: Diagnosis::EdgeFlagsInternal,
        applies: |e| is_edgeflags(e) && e.status() == 500 && e.code() == "INTERNAL_ERROR",
        words: |_| {
            happened("EdgeFlags failed with status 500.")
                .because("Something unexpected happened inside the service.")
                .then("Try again; if it stays so, tell EdgeFlags the name of the request.")
                .by(Remedy::TryAgain)
        },
    },
];

fn token_refused(e: &Evidence) -> Words {
    happened(format!("{} did not accept the key.", e.name())).by(Remedy::TypeKeyAgain)
}

fn refusal(e: &Evidence) -> String {
    match e.own_words() {
        Some(words) => ended(format!("{} refused the request: {words}", e.name())),
        None => format!("{} refused the request with status {}.", e.name(), e.status()),
    }
}
