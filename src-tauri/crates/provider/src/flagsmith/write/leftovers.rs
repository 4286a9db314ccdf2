//! What a write that was cut off may have left behind, or added twice.

use std::collections::BTreeMap;

use halyard_model::{Flag, SegmentKey};
use reqwest::Method;
use serde_json::Value;

use super::segment::{named, segments};
use super::versions::{DESCRIPTION, version, versions};
use crate::flagsmith::fresh::links;
use crate::flagsmith::wire::{LinkRow, Page, VersionRow, WholeSegmentRow};
use crate::http::{Call, WriteFailure};
use crate::{Diagnosis, Failure, FailureKind, Leftover, LeftoverKind, Remedy, Target};

/// Drafts of a flag: the one that is named, and others that Halyard described
/// as its own. Another Halyard may just be about to publish one of those.
pub(super) async fn drafts(
    call: &Call<'_>,
    target: Target<'_>,
    known: &Flag,
    handle: Option<&str>,
) -> Result<Vec<Leftover>, Failure> {
    let mut url = versions(call, target, known, &[]);
    // Drafts stand in front, and are few.
    url.query_pairs_mut()
        .append_pair("is_live", "false")
        .append_pair("page_size", "100");
    let page: Page<VersionRow> = call.get(url, "list of versions").await?;
    Ok(page
        .results
        .into_iter()
        .filter(|row| !row.published)
        .filter(|row| Some(row.uuid.as_str()) == handle || row.description.as_deref() == Some(DESCRIPTION))
        .map(|row| Leftover {
            kind: LeftoverKind::Draft,
            name: match &row.created_at {
                Some(at) => format!("draft of {} made {at}", known.key.0),
                None => format!("draft of {}", known.key.0),
            },
            handle: row.uuid,
        })
        .collect())
}

/// Second overrides of a segment, where the environment keeps no versions. The
/// one that is served is not among them.
pub(super) async fn double_overrides(
    call: &Call<'_>,
    target: Target<'_>,
    known: &Flag,
) -> Result<Vec<Leftover>, Failure> {
    let mut by_segment: BTreeMap<u64, Vec<LinkRow>> = BTreeMap::new();
    for link in links(call, target, known).await? {
        by_segment.entry(link.segment).or_default().push(link);
    }
    let mut found = Vec::new();
    for mut links in by_segment.into_values() {
        links.sort_by_key(|link| (link.priority.unwrap_or(i64::MAX), link.id));
        found.extend(links.into_iter().skip(1).map(|link| Leftover {
            kind: LeftoverKind::Duplicate,
            handle: link.id.to_string(),
            name: link.segment_name,
        }));
    }
    Ok(found)
}

/// Younger segments of the same name.
pub(super) async fn double_segments(
    call: &Call<'_>,
    target: Target<'_>,
    key: &SegmentKey,
) -> Result<Vec<Leftover>, Failure> {
    let name = match key.name_to_be() {
        Some(name) => name.to_owned(),
        None => {
            let row: WholeSegmentRow = call.get(segments(call, target, &[&key.0]), "segment").await?;
            row.name
        }
    };
    let rows = named(call, target, &name).await?;
    Ok(rows
        .into_iter()
        .skip(1)
        .map(|row| Leftover {
            kind: LeftoverKind::Duplicate,
            handle: row.id.to_string(),
            name: row.name,
        })
        .collect())
}

/// Deletes a draft that nobody has published meanwhile.
pub(super) async fn remove_draft(
    call: &Call<'_>,
    target: Target<'_>,
    known: &Flag,
    handle: &str,
) -> Result<(), Failure> {
    if version(call, handle).await?.published {
        return Err(no_leftover("The version has been published meanwhile."));
    }
    let url = versions(call, target, known, &[handle]);
    told(call.tidy(url).await)
}

/// Deletes an override that still is a second one.
pub(super) async fn remove_override(
    call: &Call<'_>,
    target: Target<'_>,
    known: &Flag,
    handle: &str,
) -> Result<(), Failure> {
    let found = double_overrides(call, target, known).await?;
    if !found.iter().any(|one| one.handle == handle) {
        return Err(no_leftover(
            "The override is no longer a second one of its segment.",
        ));
    }
    let url = call.at(&["features", "feature-segments", handle, ""]);
    told(call.write(Method::DELETE, url, None, &Value::Null).await)
}

/// Deletes a segment that still is a second one of its name.
pub(super) async fn remove_segment(
    call: &Call<'_>,
    target: Target<'_>,
    key: &SegmentKey,
    handle: &str,
) -> Result<(), Failure> {
    let found = double_segments(call, target, key).await?;
    if !found.iter().any(|one| one.handle == handle) {
        return Err(no_leftover("The segment is no longer a second one of its name."));
    }
    let url = segments(call, target, &[handle]);
    told(call.write(Method::DELETE, url, None, &Value::Null).await)
}

fn told(deleted: Result<crate::http::Reply, WriteFailure>) -> Result<(), Failure> {
    deleted.map(|_| ()).map_err(WriteFailure::into_failure)
}

/// What is to be removed is none.
pub(super) fn no_leftover(sentence: &str) -> Failure {
    let mut failure = Failure::new(
        FailureKind::Refused {
            detail: "no leftover".into(),
        },
        sentence,
    );
    failure.next_step = Some("Refresh, and look again.".into());
    failure.diagnosed(Diagnosis::Refused, Remedy::Refresh)
}
