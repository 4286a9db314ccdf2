//! Asking the Flags API or an Edge Proxy what an identity gets.

use halyard_model::{FlagKey, IdentityRef, RemoteFlag, Surface};
use reqwest::Method;
use reqwest::header::HeaderName;
use serde_json::{Value, json};

use super::wire::{Evaluated, EvaluatedRow};
use crate::diagnosis;
use crate::http::{Call, Service, Timeout, Transport};
use crate::{Answer, Failure, FailureKind, Target};

pub(super) const KEY_HEADER: HeaderName = HeaderName::from_static("x-environment-key");

pub(super) async fn evaluate(
    transport: &Transport,
    target: Target<'_>,
    identity: &IdentityRef,
    surface: &Surface,
) -> Result<Answer<Vec<RemoteFlag>>, Failure> {
    let endpoint = super::flagsmith_endpoint(target.access.endpoint)?;
    let (service, base) = match surface {
        Surface::FlagsApi => (
            Service::FlagsApi,
            endpoint.flags_base.as_ref().unwrap_or(&endpoint.admin_base),
        ),
        Surface::EdgeProxy(base) => (Service::EdgeProxy, base),
        Surface::Admin => {
            return Err(Failure::new(
                FailureKind::BadAddress {
                    detail: "the admin API".into(),
                },
                "The admin API evaluates nothing.",
            ));
        }
    };
    let call = Call::new(
        transport,
        service,
        base,
        KEY_HEADER,
        "",
        &target.environment.key.0,
    )?
    .trusting(endpoint.ca_bundle.as_deref())?
    .with_admin(&endpoint.admin_base)
    .on_behalf_of(target.access);
    let sent = call
        .read(
            Method::POST,
            call.at(&["identities", ""]),
            Some(&body(identity)),
            Timeout::Ordinary,
        )
        .await;
    let reply = match sent {
        Ok(reply) => reply,
        Err(failure) => return Err(explained(&call, service, failure).await),
    };
    let evaluated: Evaluated = call.parsed(&reply, "evaluation")?;
    Ok(call.answer(evaluated.flags.into_iter().map(remote).collect()))
}

/// The identity and each trait are transient: the service keeps neither.
fn body(identity: &IdentityRef) -> Value {
    let traits: Vec<Value> = identity
        .traits
        .iter()
        .map(|(name, value)| json!({"trait_key": name, "trait_value": value, "transient": true}))
        .collect();
    json!({"identifier": identity.identifier, "transient": true, "traits": traits})
}

fn remote(row: EvaluatedRow) -> RemoteFlag {
    let reason = if row.identity.as_ref().is_some_and(|value| !value.is_null()) {
        Some("identity override".to_owned())
    } else if row.feature_segment.as_ref().is_some_and(|value| !value.is_null()) {
        Some("segment override".to_owned())
    } else {
        row.variant.as_ref().map(|variant| format!("variant {variant}"))
    };
    RemoteFlag {
        key: FlagKey(row.feature.name),
        enabled: Some(row.enabled),
        value: row.feature_state_value,
        reason,
    }
}

/// An Edge Proxy refuses keys that are right while it has no documents: ask it.
pub(super) async fn explained(call: &Call<'_>, service: Service, failure: Failure) -> Failure {
    if service != Service::EdgeProxy || failure.status != Some(401) {
        return failure;
    }
    match unready(call).await {
        Some(reason) => call.redacted(diagnosis::of_unready_proxy(failure, reason)),
        None => failure,
    }
}

/// The proxy's own reason for not being ready. A proxy that was started while
/// its upstream was down answers 401 to keys that are right.
async fn unready(call: &Call<'_>) -> Option<String> {
    let mut url = call.base().clone();
    let prefix = url.path().strip_suffix("api/v1/")?.to_owned();
    url.set_path(&format!("{prefix}proxy/health"));
    match call.read(Method::GET, url, None, Timeout::Ordinary).await {
        Ok(_) => None,
        Err(failure) if matches!(failure.status, Some(500..=599)) => {
            Some("Its health check says that its documents are not up to date.".into())
        }
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_sent_to_be_kept() {
        let identity = IdentityRef {
            identifier: "alice".into(),
            traits: vec![("plan".into(), json!("beta"))],
        };
        assert_eq!(
            body(&identity),
            json!({
                "identifier": "alice", "transient": true,
                "traits": [{"trait_key": "plan", "trait_value": "beta", "transient": true}],
            })
        );
    }
}
