//! Asking EdgeFlags what a user gets. It keeps nothing about users.

use halyard_model::{FlagKey, FlagValue, IdentityRef, RemoteFlag};
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::wire::{Evaluated, EvaluatedFlag};
use crate::Failure;
use crate::http::{Call, Timeout};

pub(super) async fn all(
    call: &Call<'_>,
    environment: &str,
    identity: &IdentityRef,
) -> Result<Vec<RemoteFlag>, Failure> {
    let body = json!({"context": context(environment, identity)});
    let url = call.at(&["api", "v1", "evaluate"]);
    let reply = call
        .read(Method::POST, url, Some(&body), Timeout::Ordinary)
        .await?;
    let evaluated: Evaluated = call.parsed(&reply, "evaluation")?;
    Ok(evaluated
        .flags
        .into_iter()
        .map(|(key, value)| RemoteFlag {
            key: FlagKey(key),
            enabled: None,
            value: FlagValue(value),
            reason: None,
        })
        .collect())
}

/// One flag with its reason. The context is part of the address here; failures
/// name addresses without it.
pub(super) async fn one(
    call: &Call<'_>,
    environment: &str,
    identity: &IdentityRef,
    flag: &FlagKey,
) -> Result<RemoteFlag, Failure> {
    let mut url = call.at(&["api", "v1", "flags", &flag.0]);
    url.query_pairs_mut()
        .append_pair("context", &context(environment, identity).to_string());
    let evaluated: EvaluatedFlag = call.get(url, "evaluation").await?;
    Ok(RemoteFlag {
        key: flag.clone(),
        enabled: None,
        value: FlagValue(evaluated.value),
        reason: evaluated.reason,
    })
}

/// The documented context: a few members of its own, everything else under
/// `custom`, which is always present because one of the clients needs it.
fn context(environment: &str, identity: &IdentityRef) -> Value {
    let mut context = Map::new();
    let mut custom = Map::new();
    if !identity.identifier.is_empty() {
        context.insert("user_id".into(), json!(identity.identifier));
    }
    for (name, value) in &identity.traits {
        let own = match name.as_str() {
            "email" | "phone" | "plan" => value.is_string(),
            "segments" => value.is_array(),
            _ => false,
        };
        let members = if own { &mut context } else { &mut custom };
        members.insert(name.clone(), value.clone());
    }
    context.insert("environment".into(), json!(environment));
    context.insert("custom".into(), Value::Object(custom));
    Value::Object(context)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traits_find_their_place_in_the_context() {
        let identity = IdentityRef {
            identifier: "alice".into(),
            traits: vec![
                ("plan".into(), json!("pro")),
                ("phone".into(), json!(123)),
                ("age".into(), json!(42)),
                ("segments".into(), json!(["beta"])),
            ],
        };
        assert_eq!(
            context("production", &identity),
            json!({
                "user_id": "alice", "plan": "pro", "segments": ["beta"], "environment": "production",
                "custom": {"phone": 123, "age": 42},
            })
        );
    }
}
