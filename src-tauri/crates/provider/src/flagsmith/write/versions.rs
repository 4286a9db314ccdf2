//! A flag's state in an environment with feature versioning (v2).
//!
//! Every publish makes a version that stays, so a conflict can be seen and
//! undone, though not prevented: make a draft that holds the whole change,
//! check that the version it would replace is still the one the user saw,
//! publish, and check again. Up to the publish nothing reaches users; the
//! publish shows all of it at once.

use async_trait::async_trait;
use halyard_model::{Flag, FlagState, SegmentOverride, SubjectState, Version, differences};
use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use super::carry::{Carried, Sender, answered, is_wished, unread, verdict, with_words};
use super::said::About;
use super::state::{Delta, as_kept, flag_state, number, refuse_early, weight_rows, with_state};
use crate::flagsmith::fresh::{self, Fresh};
use crate::flagsmith::versioned;
use crate::flagsmith::wire::{Page, VersionRow, nested};
use crate::http::{Call, WriteFailure};
use crate::{Diagnosis, Failure, FailureKind, Found, Remedy, Target, Write, WriteOutcome, WriteStep};

/// What a draft of ours is described as, which tells a stray one from others.
pub(super) const DESCRIPTION: &str = "Made with Halyard.";

struct Versioned<'a> {
    call: &'a Call<'a>,
    target: Target<'a>,
    known: Flag,
    base: &'a FlagState,
    wish: FlagState,
}

#[async_trait]
impl Carried for Versioned<'_> {
    type Here = Flag;

    async fn look(&self) -> Result<(Found, Flag), Failure> {
        let Fresh { flag, .. } = fresh::read(self.call, self.target, &self.known).await?;
        Ok((Found::from(Box::new(flag.clone())), flag))
    }

    async fn send(&self, _: &Flag, _: &Sender<'_>) -> Result<(), WriteFailure> {
        Ok(())
    }
}

/// Writes a flag's state.
pub(super) async fn write(
    call: &Call<'_>,
    target: Target<'_>,
    known: &Flag,
    write: &Write<'_>,
) -> Result<WriteOutcome, Failure> {
    let base = flag_state(write.base)?;
    let wish = as_kept(flag_state(write.wish)?, base);
    refuse_early(target, &Delta::between(base, &wish))?;
    let kept = wish.clone().into();
    let publishing = Publishing {
        flag: Versioned {
            call,
            target,
            known: with_state(known, base),
            base,
            wish,
        },
        write: Write {
            wish: Some(&kept),
            ..*write
        },
    };
    publishing.carry().await
}

struct Publishing<'a> {
    flag: Versioned<'a>,
    write: Write<'a>,
}

impl Publishing<'_> {
    async fn carry(&self) -> Result<WriteOutcome, Failure> {
        let (before, live) = self.flag.look().await?;
        if let Some(outcome) = verdict(&self.flag, &self.write, &before) {
            return Ok(outcome);
        }
        let base = self.base_version(&live).await?;
        // Nothing before the publish reaches users, so each failure up to there
        // means that nothing was changed.
        let draft = self.create_draft().await?;
        match self.prepare(&draft, &base).await {
            Ok(true) => self.publish(&draft, &base).await,
            Ok(false) => {
                self.discard(&draft).await;
                // The flag moved on: tell what it is now. It may have moved to
                // what was asked for.
                let (now, _) = self.flag.look().await?;
                Ok(verdict(&self.flag, &self.write, &now).unwrap_or(WriteOutcome::Conflict { theirs: now }))
            }
            Err(failure) => {
                self.discard(&draft).await;
                Err(failure)
            }
        }
    }

    fn versions(&self, rest: &[&str]) -> Url {
        versions(self.flag.call, self.flag.target, &self.flag.known, rest)
    }

    /// The version that the user saw: the state that was read names it, else
    /// the list of versions does.
    async fn base_version(&self, live: &Flag) -> Result<String, Failure> {
        if let Some(Version::Uuid(uuid)) = &live.state.version {
            return Ok(uuid.clone());
        }
        let listed = self.live_version().await?;
        // The list was read after the state, so the state is read again to be
        // sure that the two belong together.
        let (_, again) = self.flag.look().await?;
        if !differences(&live.state, &again.state).is_empty() {
            return Err(Failure::new(
                FailureKind::ServerFault,
                "The flag changed while its version was read.",
            )
            .diagnosed(Diagnosis::ChangingMeanwhile, Remedy::TryAgain));
        }
        listed.ok_or_else(|| {
            Failure::new(
                FailureKind::Malformed {
                    place: "list of versions: a live version".into(),
                },
                "The environment uses versions and the flag has none.",
            )
        })
    }

    async fn live_version(&self) -> Result<Option<String>, Failure> {
        let mut url = self.versions(&[]);
        url.query_pairs_mut()
            .append_pair("is_live", "true")
            .append_pair("page_size", "1");
        let page: Page<VersionRow> = self.flag.call.get(url, "list of versions").await?;
        Ok(page.results.into_iter().next().map(|version| version.uuid))
    }

    /// Makes a draft that holds the whole change, in one transaction.
    async fn create_draft(&self) -> Result<String, Failure> {
        let delta = Delta::between(self.flag.base, &self.flag.wish);
        let (body, about) = draft(&delta);
        let call = self.flag.call;
        let made = call.write(Method::POST, self.versions(&[]), None, &body).await;
        let reply = made.map_err(|failure| with_words(failure, &about).into_failure())?;
        let draft: VersionRow = call.parsed(&reply, "new version")?;
        Ok(draft.uuid)
    }

    /// Writes down what was made, and says whether it would still replace the
    /// version that the user saw.
    async fn prepare(&self, draft: &str, base: &str) -> Result<bool, Failure> {
        let handle = draft.to_owned();
        self.write.steps.reached(WriteStep::Prepared { handle }).await?;
        let version = version(self.flag.call, draft).await?;
        Ok(version.previous_version_uuid.as_deref() == Some(base))
    }

    /// Deletes a draft. One that stays does no harm, so a failure is only noted.
    async fn discard(&self, draft: &str) {
        if self.flag.call.tidy(self.versions(&[draft])).await.is_err() {
            tracing::warn!("a draft version could not be deleted");
        }
    }

    async fn publish(&self, draft: &str, base: &str) -> Result<WriteOutcome, Failure> {
        if let Err(failure) = self.write.steps.reached(WriteStep::Sending).await {
            self.discard(draft).await;
            return Err(failure);
        }
        let url = self.versions(&[draft, "publish"]);
        match self.flag.call.write(Method::POST, url, None, &json!({})).await {
            Ok(_) => {
                answered(self.write.steps).await;
                Ok(self.published(draft, base).await)
            }
            Err(WriteFailure::Nothing(failure, _)) => {
                self.discard(draft).await;
                Err(failure)
            }
            Err(WriteFailure::Unsettled(failure)) => self.settle(draft, base, failure).await,
        }
    }

    /// After a publish whose answer was lost: the version itself tells whether
    /// it was published.
    async fn settle(&self, draft: &str, base: &str, failure: Failure) -> Result<WriteOutcome, Failure> {
        let settings = self.flag.call.settings();
        let mut readable = false;
        for _ in 0..settings.settling_reads.max(1) {
            tokio::time::sleep(settings.settling_pause).await;
            let Ok(version) = version(self.flag.call, draft).await else {
                continue;
            };
            if version.published {
                return Ok(self.published(draft, base).await);
            }
            readable = true;
        }
        if readable && matches!(failure.kind, FailureKind::BadAddress { .. }) {
            self.discard(draft).await;
            return Err(failure);
        }
        let then = if readable {
            "The version is still a draft; it may yet be published."
        } else {
            "The version could not be read since."
        };
        Ok(WriteOutcome::Unknown {
            reason: format!("{} {then}", failure.sentence),
            now: self.flag.look().await.ok().map(|(now, _)| now),
        })
    }

    /// After the publish: which version was replaced, and whether ours is live.
    async fn published(&self, draft: &str, base: &str) -> WriteOutcome {
        let replaced = match version(self.flag.call, draft).await {
            Ok(version) => version.previous_version_uuid.filter(|uuid| uuid != base),
            Err(failure) => return unread(&failure),
        };
        let (now, flag) = match self.flag.look().await {
            Ok(read) => read,
            Err(failure) => return unread(&failure),
        };
        if let Some(replaced) = replaced {
            let held = versioned::version_state(self.flag.call, self.flag.target, &flag, &replaced).await;
            return match held {
                Ok(state) => WriteOutcome::Replaced {
                    now,
                    replaced: Box::new(SubjectState::FlagState(state)),
                },
                Err(failure) => WriteOutcome::Unknown {
                    reason: format!(
                        "Somebody published just before, and what they published could not be read. {}",
                        failure.sentence
                    ),
                    now: Some(now),
                },
            };
        }
        let live = flag.state.version.as_ref();
        let ours = live.is_none_or(|live| *live == Version::Uuid(draft.to_owned()));
        if ours && is_wished(&self.flag, &self.write, now.state.as_ref()) {
            WriteOutcome::Confirmed { now }
        } else {
            WriteOutcome::Overtaken { now }
        }
    }
}

/// An address below a flag's versions.
pub(super) fn versions(call: &Call<'_>, target: Target<'_>, known: &Flag, rest: &[&str]) -> Url {
    let mut segments = vec![
        "environments",
        &target.environment.remote_id,
        "features",
        &known.remote_id,
        "versions",
    ];
    segments.extend(rest);
    segments.push("");
    call.at(&segments)
}

/// A version with the one before it, which the service works out anew on each
/// read: for a draft it is the version that is live now.
pub(super) async fn version(call: &Call<'_>, uuid: &str) -> Result<VersionRow, Failure> {
    call.get(call.at(&["environment-feature-versions", uuid, ""]), "version")
        .await
}

/// The body that makes a draft: what is live, with the change. The service
/// finds the rows of weights by their options.
fn draft(delta: &Delta<'_>) -> (Value, About) {
    let mut updates = Vec::new();
    let mut updated = Vec::new();
    if delta.default() {
        let wish = delta.wish;
        let mut row = json!({
            "enabled": wish.enabled,
            "feature_state_value": nested(&wish.value),
            "feature_segment": null,
        });
        if delta.has_options() {
            row["multivariate_feature_state_values"] = weight_rows(&wish.variants, &[]);
        }
        updates.push(row);
        updated.push(None);
    }
    // Priorities are unique only where all of them are given.
    let renumbered = delta.order || !delta.added.is_empty();
    let (mut creations, mut made) = (Vec::new(), Vec::new());
    for (place, own) in delta.wish.segment_overrides.iter().enumerate() {
        let changed = delta
            .changed
            .iter()
            .find(|changed| changed.wish.segment_id == own.segment_id);
        let priority = renumbered.then_some(place);
        if delta.added.iter().any(|added| added.segment_id == own.segment_id) {
            creations.push(override_row(own, priority, !own.variants.is_empty()));
            made.push(own.segment_id.clone());
        } else if changed.is_some() || renumbered {
            let weights = !own.variants.is_empty() || changed.is_some_and(|changed| changed.weights);
            updates.push(override_row(own, priority, weights));
            updated.push(Some(own.segment_id.clone()));
        }
    }
    let removed: Vec<Value> = delta.removed.iter().map(|id| number(id)).collect();
    let body = json!({
        "description": DESCRIPTION,
        "feature_states_to_update": updates,
        "feature_states_to_create": creations,
        "segment_ids_to_delete_overrides": removed,
    });
    (body, About::Draft { made, updated })
}

fn override_row(own: &SegmentOverride, priority: Option<usize>, weights: bool) -> Value {
    let mut link = json!({"segment": number(&own.segment_id)});
    if let Some(priority) = priority {
        link["priority"] = json!(priority);
    }
    let mut row = json!({
        "enabled": own.enabled,
        "feature_state_value": nested(&own.value),
        "feature_segment": link,
    });
    if weights {
        row["multivariate_feature_state_values"] = weight_rows(&own.variants, &[]);
    }
    row
}
