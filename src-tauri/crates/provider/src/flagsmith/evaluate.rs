//! Asking the Flags API or an Edge Proxy what an identity gets.

use halyard_model::{Environment, FlagKey, FlagsmithEndpoint, IdentityRef, RemoteFlag, Surface};
use reqwest::Method;
use reqwest::header::HeaderName;
use serde_json::{Value, json};

use super::wire::{Evaluated, EvaluatedRow};
use crate::http::{Call, Service, Timeout, Transport};
use crate::{Answer, Failure, FailureKind};

pub(super) const KEY_HEADER: HeaderName = HeaderName::from_static("x-environment-key");

pub(super) async fn evaluate(
    transport: &Transport,
    endpoint: &FlagsmithEndpoint,
    environment: &Environment,
    identity: &IdentityRef,
    surface: &Surface,
) -> Result<Answer<Vec<RemoteFlag>>, Failure> {
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
    let call = Call::new(transport, service, base, KEY_HEADER, "", &environment.key.0)?
        .trusting(endpoint.ca_bundle.as_deref())?;
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

/// A refused environment key is not the connection's credential: say where to
/// look instead.
pub(super) async fn explained(call: &Call<'_>, service: Service, mut failure: Failure) -> Failure {
    match (service, failure.status) {
        (Service::FlagsApi, Some(401 | 403)) => {
            failure.kind = FailureKind::BadAddress {
                detail: "the environment's key is unknown there".into(),
            };
            failure.sentence = "The Flags API does not know this environment's key.".into();
            failure.cause = Some("The Flags API address may belong to another installation.".into());
            failure.next_step = Some("Check the Flags API address of the connection.".into());
            failure
        }
        (Service::EdgeProxy, Some(401)) => {
            if let Some(reason) = unready(call).await {
                failure.kind = FailureKind::ServerFault;
                failure.sentence = "The Edge Proxy has no document of this environment yet.".into();
                failure.cause = Some(reason);
                failure.next_step = Some("Look into its log: it cannot reach its upstream.".into());
                return failure;
            }
            failure.kind = FailureKind::BadAddress {
                detail: "the environment's key is unknown there".into(),
            };
            failure.sentence = "The Edge Proxy does not know this environment's key.".into();
            failure.cause = Some("The environment is missing from its environment_key_pairs.".into());
            failure.next_step = Some("Add the pair of keys and restart it.".into());
            failure
        }
        _ => failure,
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
