//! Writing to an environment without feature versioning.
//!
//! The service has no precondition here: read, compare, write, read again. A
//! change that somebody makes between the service's answer to the read and its
//! carrying out of the write is replaced unseen where it touches the same
//! part; nothing on the client's side can close that gap. Only the changed
//! parts are sent, so a change to another part survives and is seen.

use halyard_model::Change;
use reqwest::Method;
use serde_json::{Map, Value};

use super::Flagsmith;
use super::settle::{Attempt, Checked, check, refuse_early};
use super::wire::typed_text;
use crate::http::{Call, WriteFailure};
use crate::{Failure, FlagOutcome, FlagWrite, Target};

/// Which route carries the write.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Route {
    /// One call in one transaction; experimental, so it may be absent.
    OneCall,
    /// The route that every 2.x server has.
    Stable,
}

pub(super) async fn write(
    flagsmith: &Flagsmith,
    call: &Call<'_>,
    target: Target<'_>,
    write: FlagWrite<'_>,
) -> Result<FlagOutcome, Failure> {
    refuse_early(target, write.change.value.as_ref())?;
    let base = call.base().as_str();
    let one_call = flagsmith.has_one_call(base) && one_call_base(call).is_some();
    let mut route = if one_call && !clears_value(write.change) {
        Route::OneCall
    } else {
        Route::Stable
    };
    let mut one_call_absent = false;
    loop {
        // Looked at again after each attempt that found no route, so that
        // nothing but the write itself lies between the look and the write.
        let attempt = match check(call, target, write.clone()).await? {
            Checked::Done(outcome) => return Ok(outcome),
            Checked::Clear(attempt) => attempt,
        };
        match send(&attempt, route).await {
            Ok(()) => {
                if one_call_absent {
                    flagsmith.remember_no_one_call(base);
                }
                return Ok(attempt.verify().await);
            }
            Err(WriteFailure::Nothing(failure, _)) => {
                if route == Route::OneCall && matches!(failure.status, Some(404 | 405)) {
                    route = Route::Stable;
                    one_call_absent = true;
                    continue;
                }
                return Err(failure);
            }
            Err(WriteFailure::Unsettled(failure)) => return attempt.settle(failure).await,
        }
    }
}

/// The segments of the one-call route's base, where the admin base has the
/// usual form.
fn one_call_base(call: &Call<'_>) -> Option<url::Url> {
    let mut url = call.base().clone();
    let path = url.path().strip_suffix("api/v1/")?.to_owned();
    url.set_path(&format!("{path}api/__future__/"));
    Some(url)
}

/// Whether a change takes the value away. The one-call route shows such a value
/// as `null` and refuses to be given one.
fn clears_value(change: &Change) -> bool {
    change.value.as_ref().is_some_and(|value| value.0.is_null())
}

async fn send(attempt: &Attempt<'_>, route: Route) -> Result<(), WriteFailure> {
    let (call, environment) = (attempt.call, &attempt.target.environment.key.0);
    let (method, url, body) = match (route, one_call_base(call)) {
        (Route::OneCall, Some(mut url)) => {
            if let Ok(mut path) = url.path_segments_mut() {
                path.pop_if_empty().extend([
                    "environments",
                    environment,
                    "features",
                    &attempt.before.flag.remote_id,
                    "",
                ]);
            }
            (Method::PATCH, url, one_call_body(attempt.write.change))
        }
        _ => {
            let state = attempt.before.state_id.to_string();
            let url = call.at(&["environments", environment, "featurestates", &state, ""]);
            (Method::PUT, url, stable_body(attempt.write.change))
        }
    };
    call.write(method, url, None, &body).await.map(|_| ())
}

fn one_call_body(change: &Change) -> Value {
    let mut default = Map::new();
    if let Some(enabled) = change.enabled {
        default.insert("enabled".into(), Value::Bool(enabled));
    }
    if let Some(value) = &change.value {
        default.insert("value".into(), typed_text(value));
    }
    Value::Object(Map::from_iter([(
        "environment_default".into(),
        Value::Object(default),
    )]))
}

/// `PUT` on this route leaves alone what is not named, weights included;
/// `PATCH` would drop weights without saying so.
fn stable_body(change: &Change) -> Value {
    let mut body = Map::new();
    if let Some(enabled) = change.enabled {
        body.insert("enabled".into(), Value::Bool(enabled));
    }
    if let Some(value) = &change.value {
        body.insert("feature_state_value".into(), value.0.clone());
    }
    Value::Object(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use halyard_model::FlagValue;
    use serde_json::json;

    #[test]
    fn only_what_changes_is_sent() {
        let toggle = Change::toggle(false);
        assert_eq!(
            one_call_body(&toggle),
            json!({"environment_default": {"enabled": false}})
        );
        assert_eq!(stable_body(&toggle), json!({"enabled": false}));
        let value = Change {
            enabled: None,
            value: Some(FlagValue(json!(25))),
        };
        assert_eq!(
            one_call_body(&value),
            json!({"environment_default": {"value": {"type": "integer", "value": "25"}}})
        );
        assert_eq!(stable_body(&value), json!({"feature_state_value": 25}));
    }
}
