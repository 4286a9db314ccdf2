//! A flag's state in an environment without versions.
//!
//! The service has no precondition here: read, compare, write, read again. A
//! change that somebody makes between the service's answer to the read and its
//! carrying out of the write is replaced unseen where it touches the same
//! part; nothing on the client's side can close that gap. Only what differs is
//! sent, so a change to another part survives and is seen.
//!
//! Where the server knows it, one call carries everything in one transaction:
//! all of it or nothing. Otherwise the stable routes carry it in parts, in an
//! order in which a stop in the middle shows nobody what was meant for others:
//! first overrides are made and changed, so that their segments are taken care
//! of before the default moves; then the default; then the order; and only at
//! the end overrides go, so that nobody falls back to a default that is not
//! yet the one meant.

use async_trait::async_trait;
use halyard_model::{Flag, FlagState};
use reqwest::Method;
use serde_json::{Map, Value, json};
use url::Url;

use super::carry::{Carried, Sender, carry};
use super::one_call::{Call as OneCall, base as one_call_base, call_for};
use super::said::About;
use super::state::{Delta, as_kept, flag_state, number, refuse_early, weight_rows, with_state};
use crate::flagsmith::Flagsmith;
use crate::flagsmith::fresh::{self, Fresh, HeldOverride, StateRows};
use crate::flagsmith::wire::nested;
use crate::http::{Call, WriteFailure};
use crate::{Failure, FailureKind, Found, Target, Write, WriteOutcome};

/// How often an order is sent: the service makes something else of one that
/// begins with priorities that collide.
const ORDERINGS: u32 = 3;

/// Which route carries the write.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Route {
    /// One call in one transaction; experimental, so it may be absent.
    OneCall,
    /// The routes that every 2.x server has.
    Stable,
}

struct Direct<'a> {
    call: &'a Call<'a>,
    target: Target<'a>,
    known: Flag,
    base: &'a FlagState,
    wish: FlagState,
    route: Route,
}

/// Writes a flag's state.
pub(super) async fn write(
    flagsmith: &Flagsmith,
    call: &Call<'_>,
    target: Target<'_>,
    known: &Flag,
    write: &Write<'_>,
) -> Result<WriteOutcome, Failure> {
    let base = flag_state(write.base)?;
    let wish = as_kept(flag_state(write.wish)?, base);
    let delta = Delta::between(base, &wish);
    refuse_early(target, &delta)?;
    let address = call.base().as_str();
    let one_call =
        flagsmith.has_one_call(address) && one_call_base(call).is_some() && call_for(&delta).is_some();
    let kept = wish.clone().into();
    let write = Write {
        wish: Some(&kept),
        ..*write
    };
    let mut direct = Direct {
        call,
        target,
        known: with_state(known, base),
        base,
        wish,
        route: if one_call { Route::OneCall } else { Route::Stable },
    };
    let outcome = carry(&direct, call, &write).await;
    let absent = |failure: &Failure| matches!(failure.status, Some(404 | 405));
    match outcome {
        Err(failure)
            if one_call
                && failure.kind != FailureKind::Forbidden
                && absent(&failure)
                && !is_gone(&failure) =>
        {
            // Looked at again, so that nothing but the write itself lies
            // between the look and the write.
            direct.route = Route::Stable;
            let outcome = carry(&direct, call, &write).await;
            if outcome.is_ok() {
                flagsmith.remember_no_one_call(address);
            }
            outcome
        }
        outcome => outcome,
    }
}

/// Whether a read found that the flag is gone; a route that is absent is told
/// in the answer to a write.
fn is_gone(failure: &Failure) -> bool {
    failure.diagnosis == Some(crate::Diagnosis::FlagGone)
}

#[async_trait]
impl Carried for Direct<'_> {
    type Here = Option<StateRows>;

    async fn look(&self) -> Result<(Found, Self::Here), Failure> {
        let Fresh { flag, rows } = fresh::read(self.call, self.target, &self.known).await?;
        Ok((Found::from(Box::new(flag)), rows))
    }

    async fn send(&self, here: &Self::Here, sender: &Sender<'_>) -> Result<(), WriteFailure> {
        let delta = Delta::between(self.base, &self.wish);
        let one_call = (self.route == Route::OneCall).then(|| call_for(&delta)).flatten();
        if let (
            Some(OneCall {
                method,
                path,
                body,
                about,
            }),
            Some(mut url),
        ) = (one_call, one_call_base(self.call))
        {
            if let Ok(mut segments) = url.path_segments_mut() {
                let environment = &self.target.environment.key.0;
                segments
                    .pop_if_empty()
                    .extend(["environments", environment, "features", &self.known.remote_id])
                    .extend(&path)
                    .push("");
            }
            return sender.write(method, url, &body, &about).await.map(|_| ());
        }
        let Some(rows) = here else {
            return Err(WriteFailure::Nothing(fresh::absent(&self.known), None));
        };
        self.in_parts(&delta, rows, sender).await
    }
}

impl Direct<'_> {
    fn at(&self, segments: &[&str]) -> Url {
        self.call.at(segments)
    }

    async fn in_parts(
        &self,
        delta: &Delta<'_>,
        rows: &StateRows,
        sender: &Sender<'_>,
    ) -> Result<(), WriteFailure> {
        let environment = self.target.environment.key.0.as_str();
        let flag = self.known.remote_id.as_str();
        for own in &delta.added {
            let mut body = json!({
                "feature_segment": {"segment": number(&own.segment_id)},
                "enabled": own.enabled,
                "feature_state_value": nested(&own.value),
            });
            if !own.variants.is_empty() {
                body["multivariate_feature_state_values"] = weight_rows(&own.variants, &[]);
            }
            let url = self.at(&[
                "environments",
                environment,
                "features",
                flag,
                "create-segment-override",
                "",
            ]);
            let about = About::Override(own.segment_id.clone());
            sender.write(Method::POST, url, &body, &about).await?;
        }
        for own in delta.changed.iter().map(|delta| delta.wish) {
            let held = held(rows, &own.segment_id)?;
            let mut body = json!({
                "feature": number(flag),
                "environment": number(&self.target.environment.remote_id),
                "feature_segment": held.link_id,
                "enabled": own.enabled,
                "feature_state_value": nested(&own.value),
            });
            let weights = &held.state.multivariate_feature_state_values;
            if !own.variants.is_empty() || !weights.is_empty() {
                body["multivariate_feature_state_values"] = weight_rows(&own.variants, weights);
            }
            let url = self.at(&["features", "featurestates", &held.state.id.to_string(), ""]);
            let about = About::Override(own.segment_id.clone());
            sender.write(Method::PUT, url, &body, &about).await?;
        }
        if delta.default() {
            let state = rows.default.id.to_string();
            let url = self.at(&["environments", environment, "featurestates", &state, ""]);
            sender
                .write(Method::PUT, url, &default_body(delta, rows), &About::Default)
                .await?;
        }
        if delta.order {
            self.put_in_order(delta, sender).await?;
        }
        for id in &delta.removed {
            let held = held(rows, id)?;
            let url = self.at(&["features", "feature-segments", &held.link_id.to_string(), ""]);
            let about = About::Override((*id).to_owned());
            sender.write(Method::DELETE, url, &Value::Null, &about).await?;
        }
        Ok(())
    }

    /// Sends the order, reads it and sends it again where it is another.
    async fn put_in_order(&self, delta: &Delta<'_>, sender: &Sender<'_>) -> Result<(), WriteFailure> {
        let url = self.at(&["features", "feature-segments", "update-priorities", ""]);
        for _ in 0..ORDERINGS {
            let look = fresh::read(self.call, self.target, &self.known).await;
            let fresh = look.map_err(|failure| WriteFailure::Nothing(failure, None))?;
            let held = fresh.rows.map(|rows| rows.overrides).unwrap_or_default();
            let now = fresh.flag.state.segment_overrides;
            let wished = wished_order(delta, &held);
            if wished.iter().eq(now
                .iter()
                .filter_map(|own| held.iter().find(|one| one.segment_id == own.segment_id))
                .map(|one| &one.link_id))
            {
                return Ok(());
            }
            let body: Vec<Value> = wished
                .iter()
                .enumerate()
                .map(|(priority, id)| json!({"id": id, "priority": priority}))
                .collect();
            sender
                .write(Method::POST, url.clone(), &Value::Array(body), &About::Order)
                .await?;
        }
        Ok(())
    }
}

/// The links in the wished order, those that are to go at the end.
fn wished_order(delta: &Delta<'_>, held: &[HeldOverride]) -> Vec<u64> {
    let place = |one: &HeldOverride| {
        let wished = &delta.wish.segment_overrides;
        let place = wished.iter().position(|own| own.segment_id == one.segment_id);
        place.unwrap_or(wished.len())
    };
    let mut links: Vec<&HeldOverride> = held.iter().collect();
    links.sort_by_key(|one| place(one));
    links.into_iter().map(|one| one.link_id).collect()
}

fn held<'a>(rows: &'a StateRows, segment_id: &str) -> Result<&'a HeldOverride, WriteFailure> {
    let found = rows.overrides.iter().find(|one| one.segment_id == segment_id);
    found.ok_or_else(|| {
        let failure = Failure::new(
            FailureKind::Malformed {
                place: format!("states of the flag: the override of segment {segment_id}"),
            },
            "An override that was read has no row.",
        );
        WriteFailure::Nothing(failure, None)
    })
}

/// `PUT` on this route leaves alone what is not named, weights included;
/// `PATCH` would drop weights without saying so.
fn default_body(delta: &Delta<'_>, rows: &StateRows) -> Value {
    let mut body = Map::new();
    if delta.enabled {
        body.insert("enabled".into(), Value::Bool(delta.wish.enabled));
    }
    if delta.value {
        body.insert("feature_state_value".into(), delta.wish.value.0.clone());
    }
    if delta.weights {
        let held = &rows.default.multivariate_feature_state_values;
        body.insert(
            "multivariate_feature_state_values".into(),
            weight_rows(&delta.wish.variants, held),
        );
    }
    Value::Object(body)
}
