//! The audit log of a project, newest entries first. An administrator's token
//! reads it; its actors are tokens, by their first characters.

use halyard_model::{Timestamp, TouchedKind};
use reqwest::Method;

use super::wire::{AuditPage, AuditRow, timestamp};
use crate::audit::{Audit, AuditEntry, AuditReach, NotGiven};
use crate::http::{Call, Timeout};
use crate::{Failure, FailureKind};

/// The most that the service gives at once.
const PAGE_SIZE: usize = 200;

/// Nobody waits for it.
const MOST_PAGES: usize = 3;

/// Reads what changed since a time. A definition holds every environment, so
/// the entries are those of all of them.
pub(super) async fn since(call: &Call<'_>, since: Timestamp) -> Result<Audit, Failure> {
    let mut entries: Vec<AuditEntry> = Vec::new();
    for page in 0..MOST_PAGES {
        let mut url = call.at(&["api", "v1", "audit"]);
        url.query_pairs_mut()
            .append_pair("limit", &PAGE_SIZE.to_string())
            .append_pair("offset", &(page * PAGE_SIZE).to_string());
        let reply = match call.read(Method::GET, url, None, Timeout::Ordinary).await {
            Ok(reply) => reply,
            Err(failure) => match &failure.kind {
                FailureKind::Forbidden => return Ok(Audit::not_given(NotGiven::Forbidden)),
                FailureKind::NotFound => return Ok(Audit::not_given(NotGiven::Absent)),
                _ => return Err(failure),
            },
        };
        let read: AuditPage = call.parsed(&reply, "audit log")?;
        let oldest = read.entries.last().and_then(AuditRow::at);
        let ends = !read.has_more || oldest.is_none_or(|oldest| oldest < since);
        let new = read.entries.into_iter().filter_map(entry);
        entries.extend(new.filter(|entry| entry.at >= since));
        if ends {
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
        timestamp(self.timestamp.as_ref())
    }
}

fn entry(row: AuditRow) -> Option<AuditEntry> {
    let kind = match row.resource_type.as_str() {
        "flag" => Some(TouchedKind::Flag),
        "segment" => Some(TouchedKind::Segment),
        "config" => Some(TouchedKind::Config),
        "project" => Some(TouchedKind::Environment),
        _ => None,
    };
    Some(AuditEntry {
        at: row.at()?,
        what: format!("{} {} {}", row.action, row.resource_type, row.resource_key),
        who: row.actor.filter(|actor| !actor.is_empty()),
        about: kind.map(|kind| (kind, row.resource_key)),
    })
}
