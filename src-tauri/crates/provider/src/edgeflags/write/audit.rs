//! What a request without a precondition replaced, by the audit log.

use halyard_model::SubjectState;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Map, Value};

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
}

/// The state that a deletion replaced, where it is another than the one that
/// was read before it. The log is asked once a token is not known to be barred
/// from it; where it cannot be read nothing is concluded.
pub(super) async fn replaced_unseen(attempt: &Attempt<'_>) -> Option<SubjectState> {
    let job = &attempt.job;
    if attempt.plan.request != Request::Delete {
        return None;
    }
    let read = attempt.before.item.as_ref()?;
    let owner = owner(job.target.access);
    if job.client.learned.permission(owner, ADMIN) == Some(Standing::Denied) {
        return None;
    }
    let mut url = job.call.at(&["api", "v1", "audit"]);
    url.query_pairs_mut()
        .append_pair("resource_type", job.place.kind.nested)
        .append_pair("resource_key", &job.place.key)
        .append_pair("limit", "5");
    let log: Log = match job.call.read(Method::GET, url, None, Timeout::Ordinary).await {
        Ok(reply) => job.call.parsed(&reply, "audit log").ok()?,
        Err(failure) => {
            if failure.kind == FailureKind::Forbidden {
                job.client.learned.showed(owner, ADMIN, Standing::Denied);
            }
            return None;
        }
    };
    // Newest first: another deletion can only come after the key was made again.
    let entry = log.entries.into_iter().find(|entry| entry.action == "delete")?;
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
