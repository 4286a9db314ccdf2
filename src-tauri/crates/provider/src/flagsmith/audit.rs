//! The audit log of a project, newest entries first.

use halyard_model::{Timestamp, TouchedKind};
use reqwest::Method;

use super::wire::{AuditRow, Page, timestamp};
use crate::audit::{Audit, AuditEntry, AuditReach, NotGiven};
use crate::http::{Call, Timeout};
use crate::{Failure, FailureKind, Target};

/// Rows asked for at once.
const PAGE_SIZE: &str = "100";

/// Nobody waits for it, and each page costs the server as much as a refresh.
const MOST_PAGES: u32 = 5;

/// Reads what changed in an environment since a time. The service filters by
/// environment, but then leaves out what concerns all of them, such as a
/// segment; so the filter is applied here.
pub(super) async fn since(call: &Call<'_>, target: Target<'_>, since: Timestamp) -> Result<Audit, Failure> {
    let mut entries = Vec::new();
    for number in 1..=MOST_PAGES {
        let mut url = call.at(&["projects", &target.project.id, "audit", ""]);
        url.query_pairs_mut()
            .append_pair("page", &number.to_string())
            .append_pair("page_size", PAGE_SIZE);
        let reply = match call.read(Method::GET, url, None, Timeout::Ordinary).await {
            Ok(reply) => reply,
            Err(failure) => match (&failure.kind, number) {
                (FailureKind::Forbidden, 1) => return Ok(Audit::not_given(NotGiven::Forbidden)),
                (FailureKind::NotFound, 1) => return Ok(Audit::not_given(NotGiven::Absent)),
                (FailureKind::NotFound, _) => break,
                _ => return Err(failure),
            },
        };
        let page: Page<AuditRow> = call.parsed(&reply, "audit log")?;
        if number == 1 && page.results.is_empty() {
            // A project's log begins with the making of its environments: it
            // is empty only where nothing of it is shown.
            return Ok(Audit::not_given(NotGiven::Empty));
        }
        let reached = page
            .results
            .last()
            .and_then(AuditRow::at)
            .is_none_or(|oldest| oldest < since);
        let ours = page.results.into_iter().filter(|row| {
            let place = row.environment.as_ref();
            place.is_none_or(|place| place.api_key == target.environment.key.0)
        });
        entries.extend(ours.filter_map(entry).filter(|entry| entry.at >= since));
        if reached || page.next.is_none() {
            return Ok(Audit {
                entries,
                reach: AuditReach::Whole,
            });
        }
    }
    Ok(Audit {
        entries,
        reach: AuditReach::Newest,
    })
}

impl AuditRow {
    fn at(&self) -> Option<Timestamp> {
        timestamp(self.created_date.as_deref())
    }
}

fn entry(row: AuditRow) -> Option<AuditEntry> {
    let about = about(row.related_object_type.as_deref().unwrap_or_default(), &row.log);
    Some(AuditEntry {
        at: row.at()?,
        who: row.author.and_then(|author| author.name()),
        what: row.log,
        about,
    })
}

/// What a row is about. The row's number is that of a row in a table that
/// differs by kind and that may be gone; its words carry the name.
fn about(kind: &str, log: &str) -> Option<(TouchedKind, String)> {
    let after_colon = || log.split_once(": ").map(|(_, name)| name.trim().to_owned());
    match kind {
        "SEGMENT" => return Some((TouchedKind::Segment, after_colon()?)),
        "ENVIRONMENT" => return Some((TouchedKind::Environment, after_colon()?)),
        _ => {}
    }
    if let Some((_, rest)) = log.split_once("' and identity '") {
        return Some((TouchedKind::Identity, up_to_last_quote(rest)?));
    }
    if let Some((_, rest)) = log.split_once("feature '") {
        let name = match rest.split_once("' and segment '") {
            Some((name, _)) => name.to_owned(),
            None => up_to_last_quote(rest)?,
        };
        return Some((TouchedKind::Flag, name));
    }
    let of_flag = log.contains("for feature: ") || kind == "FEATURE";
    of_flag
        .then(after_colon)
        .flatten()
        .map(|name| (TouchedKind::Flag, name))
}

fn up_to_last_quote(text: &str) -> Option<String> {
    text.rsplit_once('\'').map(|(name, _)| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_what_it_is_about() {
        use TouchedKind::{Environment, Flag, Identity, Segment};
        for (kind, log, expected) in [
            (
                "FEATURE",
                "New Flag / Remote Config created: a: b",
                Some((Flag, "a: b")),
            ),
            (
                "FEATURE",
                "Flag / Remote Config Deleted: has space!",
                Some((Flag, "has space!")),
            ),
            (
                "FEATURE",
                "Multivariate option removed from feature 'it's'.",
                Some((Flag, "it's")),
            ),
            (
                "FEATURE",
                "Segment overrides re-ordered for feature 'max_items'.",
                Some((Flag, "max_items")),
            ),
            (
                "FEATURE",
                "Flag state / Remote config value deleted for feature 'max_items' and segment 'qa'",
                Some((Flag, "max_items")),
            ),
            (
                "FEATURE_STATE",
                "Flag state updated for feature: rate_limit",
                Some((Flag, "rate_limit")),
            ),
            (
                "FEATURE_STATE",
                "Remote config value updated for feature: x",
                Some((Flag, "x")),
            ),
            (
                "FEATURE_STATE",
                "Remote config value updated for identity override on feature 'x' and identity 'alice@acme.test'.",
                Some((Identity, "alice@acme.test")),
            ),
            (
                "EF_VERSION",
                "New version published for feature: x",
                Some((Flag, "x")),
            ),
            (
                "SEGMENT",
                "Segment deleted: uk_premium copy",
                Some((Segment, "uk_premium copy")),
            ),
            (
                "ENVIRONMENT",
                "New Environment created: Staging",
                Some((Environment, "Staging")),
            ),
            ("FEATURE_STATE", "Something else happened", None),
            ("", "", None),
        ] {
            let expected = expected.map(|(kind, name)| (kind, name.to_owned()));
            assert_eq!(about(kind, log), expected, "{kind}: {log}");
        }
    }
}
