//! Writing to an environment with feature versioning (v2).
//!
//! Every publish makes a version that stays, so a conflict can be seen and
//! undone, though not prevented: make a draft, change the state in it, check
//! that the version it would replace is still the one the user saw, publish,
//! and check again.

use halyard_model::{Version, differences};
use reqwest::Method;
use serde_json::{Value, json};

use super::fresh::is_default;
use super::settle::{Attempt, Checked, check, refuse_early};
use super::versioned;
use super::wire::{NestedStateRow, VersionRow, nested};
use crate::http::{Call, WriteFailure};
use crate::{Diagnosis, Failure, FailureKind, FlagOutcome, FlagWrite, Remedy, Target};

pub(super) async fn write(
    call: &Call<'_>,
    target: Target<'_>,
    write: FlagWrite<'_>,
) -> Result<FlagOutcome, Failure> {
    refuse_early(target, write.change.value.as_ref())?;
    let attempt = match check(call, target, write).await? {
        Checked::Done(outcome) => return Ok(outcome),
        Checked::Clear(attempt) => attempt,
    };
    let base = base_version(&attempt).await?;
    // Nothing before the publish reaches users, so each failure up to there
    // means that nothing was changed.
    let draft = create_draft(&attempt).await?;
    match prepare(&attempt, &draft, &base).await {
        Ok(true) => publish(&attempt, &draft, &base).await,
        Ok(false) => {
            discard(&attempt, &draft).await;
            // The flag moved on: tell what it is now. It may have moved to
            // what was asked for.
            match check(call, target, attempt.write.clone()).await? {
                Checked::Done(outcome) => Ok(outcome),
                Checked::Clear(again) => Ok(FlagOutcome::Conflict {
                    theirs: Box::new(again.before.flag.clone()),
                }),
            }
        }
        Err(failure) => {
            discard(&attempt, &draft).await;
            Err(failure)
        }
    }
}

fn versions(attempt: &Attempt<'_>, rest: &[&str]) -> url::Url {
    let mut segments = vec![
        "environments",
        &attempt.target.environment.remote_id,
        "features",
        &attempt.before.flag.remote_id,
        "versions",
    ];
    segments.extend(rest);
    segments.push("");
    attempt.call.at(&segments)
}

/// The version that the user saw: the state that was read names it, else the
/// list of versions does.
async fn base_version(attempt: &Attempt<'_>) -> Result<String, Failure> {
    if let Some(Version::Uuid(uuid)) = &attempt.before.flag.state.version {
        return Ok(uuid.clone());
    }
    let live = live_version(attempt).await?;
    // The list was read after the state, so the state is read again to be sure
    // that the two belong together.
    let again = attempt.read().await?;
    if !differences(&attempt.before.flag.state, &again.state).is_empty() {
        return Err(Failure::new(
            FailureKind::ServerFault,
            "The flag changed while its version was read.",
        )
        .diagnosed(Diagnosis::ChangingMeanwhile, Remedy::TryAgain));
    }
    live.ok_or_else(|| {
        Failure::new(
            FailureKind::Malformed {
                place: "list of versions: a live version".into(),
            },
            "The environment uses versions and the flag has none.",
        )
    })
}

async fn live_version(attempt: &Attempt<'_>) -> Result<Option<String>, Failure> {
    let mut url = versions(attempt, &[]);
    url.query_pairs_mut()
        .append_pair("is_live", "true")
        .append_pair("page_size", "1");
    let page: super::wire::Page<VersionRow> = attempt.call.get(url, "list of versions").await?;
    Ok(page.results.into_iter().next().map(|version| version.uuid))
}

async fn create_draft(attempt: &Attempt<'_>) -> Result<String, Failure> {
    let reply = attempt
        .call
        .write(Method::POST, versions(attempt, &[]), None, &json!({}))
        .await
        .map_err(before_publish)?;
    let draft: VersionRow = attempt.call.parsed(&reply, "new version")?;
    Ok(draft.uuid)
}

/// A failure of a step that users cannot notice.
fn before_publish(failure: WriteFailure) -> Failure {
    match failure {
        WriteFailure::Nothing(failure, _) | WriteFailure::Unsettled(failure) => failure,
    }
}

/// Changes the state in the draft; says whether the draft would still replace
/// the version that the user saw.
async fn prepare(attempt: &Attempt<'_>, draft: &str, base: &str) -> Result<bool, Failure> {
    let call = attempt.call;
    let states = versioned::version_states(call, attempt.target, &attempt.before.flag, draft).await?;
    let Some(default) = states.into_iter().find(is_default) else {
        return Err(Failure::new(
            FailureKind::Malformed {
                place: "states of the draft: a default state".into(),
            },
            "The new version holds no state of the flag.",
        ));
    };
    let url = versions(attempt, &[draft, "featurestates", &default.id.to_string()]);
    call.write(Method::PUT, url, None, &draft_body(attempt, &default))
        .await
        .map_err(before_publish)?;
    Ok(previous(call, draft).await?.previous_version_uuid.as_deref() == Some(base))
}

/// The whole default state, weights as the draft has them.
fn draft_body(attempt: &Attempt<'_>, default: &NestedStateRow) -> Value {
    let mut body = json!({
        "enabled": attempt.expected.enabled,
        "feature_state_value": nested(&attempt.expected.value),
    });
    if !default.multivariate_feature_state_values.is_empty() {
        body["multivariate_feature_state_values"] = json!(default.multivariate_feature_state_values);
    }
    body
}

/// A version with the one before it, which the service works out anew on each
/// read: for a draft it is the version that is live now.
async fn previous(call: &Call<'_>, version: &str) -> Result<VersionRow, Failure> {
    call.get(call.at(&["environment-feature-versions", version, ""]), "version")
        .await
}

/// Deletes a draft. One that stays does no harm, so a failure is only noted.
async fn discard(attempt: &Attempt<'_>, draft: &str) {
    let deleted = attempt
        .call
        .write(Method::DELETE, versions(attempt, &[draft]), None, &Value::Null)
        .await;
    if deleted.is_err() {
        tracing::warn!("a draft version could not be deleted");
    }
}

async fn publish(attempt: &Attempt<'_>, draft: &str, base: &str) -> Result<FlagOutcome, Failure> {
    let url = versions(attempt, &[draft, "publish"]);
    match attempt.call.write(Method::POST, url, None, &json!({})).await {
        Ok(_) => Ok(published(attempt, draft, base).await),
        Err(WriteFailure::Nothing(failure, _)) => {
            discard(attempt, draft).await;
            Err(failure)
        }
        Err(WriteFailure::Unsettled(failure)) => settle(attempt, draft, base, failure).await,
    }
}

/// After a publish whose answer was lost: the version itself tells whether it
/// was published.
async fn settle(
    attempt: &Attempt<'_>,
    draft: &str,
    base: &str,
    failure: Failure,
) -> Result<FlagOutcome, Failure> {
    let settings = attempt.call.settings();
    let mut readable = false;
    for _ in 0..settings.settling_reads.max(1) {
        tokio::time::sleep(settings.settling_pause).await;
        let Ok(version) = previous(attempt.call, draft).await else {
            continue;
        };
        if version.published {
            return Ok(published(attempt, draft, base).await);
        }
        readable = true;
    }
    if readable && matches!(failure.kind, FailureKind::BadAddress { .. }) {
        discard(attempt, draft).await;
        return Err(failure);
    }
    let then = if readable {
        "The version is still a draft; it may yet be published."
    } else {
        "The version could not be read since."
    };
    Ok(FlagOutcome::Unknown {
        reason: format!("{} {then}", failure.sentence),
        now: attempt.read().await.ok().map(Box::new),
    })
}

/// After the publish: which version was replaced, and whether ours is live.
async fn published(attempt: &Attempt<'_>, draft: &str, base: &str) -> FlagOutcome {
    let replaced = match previous(attempt.call, draft).await {
        Ok(version) => version.previous_version_uuid.filter(|uuid| uuid != base),
        Err(failure) => return unread(&failure),
    };
    let now = match attempt.read().await {
        Ok(now) => Box::new(now),
        Err(failure) => return unread(&failure),
    };
    if let Some(replaced) = replaced {
        let held = versioned::version_state(attempt.call, attempt.target, &now, &replaced).await;
        return match held {
            Ok(state) => FlagOutcome::Replaced {
                now,
                replaced: Box::new(state),
            },
            Err(failure) => FlagOutcome::Unknown {
                reason: format!(
                    "Somebody published just before, and what they published could not be read. {}",
                    failure.sentence
                ),
                now: Some(now),
            },
        };
    }
    let ours = now
        .state
        .version
        .as_ref()
        .is_none_or(|live| *live == Version::Uuid(draft.to_owned()));
    if ours && differences(&attempt.expected, &now.state).is_empty() {
        FlagOutcome::Confirmed { flag: now }
    } else {
        FlagOutcome::Overtaken { now }
    }
}

fn unread(failure: &Failure) -> FlagOutcome {
    FlagOutcome::Unknown {
        reason: format!(
            "Flagsmith took the write, and the read after it failed. {}",
            failure.sentence
        ),
        now: None,
    }
}
