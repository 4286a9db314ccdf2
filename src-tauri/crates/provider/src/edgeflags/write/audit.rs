//! What the audit log tells that lists do not: what a request without a
//! precondition replaced, and whole definitions where lists abridge them. The
//! log is an admin's; where it cannot be read nothing is concluded.

use halyard_model::SubjectState;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::Job;
use super::plan::Request;
use super::verify::Attempt;
use crate::edgeflags::content::differing;
use crate::edgeflags::definition::differing_members;
use crate::edgeflags::owner;
use crate::edgeflags::wire::Item;
use crate::http::Timeout;
use crate::{FailureKind, Standing};

/// The permission that the log needs.
const ADMIN: &str = "*";

#[derive(Deserialize)]
struct Log {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    action: String,
    #[serde(default)]
    before: Option<Map<String, Value>>,
    #[serde(default)]
    after: Option<Map<String, Value>>,
}

/// The newest entries about a definition, newest first. Asked while the token
/// is not known to be barred from it.
async fn entries(job: &Job<'_>) -> Option<Vec<Entry>> {
    let owner = owner(job.target.access);
    if job.client.learned.permission(owner, ADMIN) == Some(Standing::Denied) {
        return None;
    }
    let mut url = job.call.at(&["api", "v1", "audit"]);
    url.query_pairs_mut()
        .append_pair("resource_type", job.place.kind.nested)
        .append_pair("resource_key", &job.place.key)
        .append_pair("limit", "5");
    match job.call.read(Method::GET, url, None, Timeout::Ordinary).await {
        Ok(reply) => {
            let log: Log = job.call.parsed(&reply, "audit log").ok()?;
            Some(log.entries)
        }
        Err(failure) => {
            if failure.kind == FailureKind::Forbidden {
                job.client.learned.showed(owner, ADMIN, Standing::Denied);
            }
            None
        }
    }
}

/// The state that a deletion replaced, where it is another than the one that
/// was read before it.
pub(super) async fn replaced_unseen(attempt: &Attempt<'_>) -> Option<SubjectState> {
    let job = &attempt.job;
    if attempt.plan.request != Request::Delete {
        return None;
    }
    let read = attempt.before.item.as_ref()?;
    // Another deletion can only come after the key was made again.
    let entries = entries(job).await?;
    let entry = entries.into_iter().find(|entry| entry.action == "delete")?;
    let deleted = Item {
        key: job.place.key.clone(),
        definition: entry.before?,
    };
    let state = job.place.state(&deleted, None).ok()?;
    let is_as_read = deleted.version() == read.version()
        || differing_members(&read.definition, &deleted.definition).is_empty()
            && differing(attempt.before.state.as_ref(), Some(&state)).is_empty();
    (!is_as_read).then_some(state)
}

/// The whole definition of what a list shows abridged, at the same version.
pub(super) async fn whole(job: &Job<'_>, listed: &Item) -> Option<Item> {
    let version = listed.version()?;
    let entries = entries(job).await?;
    let definitions = entries.into_iter().filter_map(|entry| entry.after);
    let items = definitions.map(|mut definition| {
        definition.shift_remove("key");
        Item {
            key: listed.key.clone(),
            definition,
        }
    });
    items.into_iter().find(|item| item.version() == Some(version))
}
