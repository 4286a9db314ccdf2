//! What EdgeFlags says about itself, and what it serves.

use std::time::Instant;

use halyard_model::{FlagKey, FlagValue, Surface, document_digest};
use reqwest::Method;
use reqwest::header::CACHE_CONTROL;
use serde_json::{Value, json};

use super::lists::Trust;
use super::read::{self, Gathered};
use super::wire::Evaluated;
use super::{EdgeFlags, base_of};
use crate::http::{Call, Service, Timeout, malformed, shorten};
use crate::probe::{nowhere, reach as knock};
use crate::{
    Access, Answer, Confirm, Door, Failure, FailureKind, Queue, Reach, ServedFlag, ServerHealth,
    SurfaceReading, Target,
};

pub(super) fn no_proxy() -> Failure {
    Failure::new(
        FailureKind::BadAddress {
            detail: "an Edge Proxy".into(),
        },
        "EdgeFlags has no Edge Proxy.",
    )
}

/// A call without a token, past every cache.
fn open<'a>(client: &'a EdgeFlags, access: Access<'a>) -> Result<Call<'a>, Failure> {
    let call = Call::open(&client.transport, Service::EdgeFlags, base_of(access.endpoint)?)?
        .trusting(access.endpoint.ca_bundle())?;
    Ok(call.with_header(CACHE_CONTROL, "no-cache").on_behalf_of(access))
}

/// Both surfaces are at one address, and the token is the same for both.
pub(super) async fn reach(client: &EdgeFlags, target: Target<'_>, door: &Door) -> Answer<Reach> {
    let place = match door {
        Door::Liveness(Surface::EdgeProxy(_)) | Door::Key(Surface::EdgeProxy(_)) => Err(no_proxy()),
        Door::Liveness(_) => open(client, target.access).map(|call| {
            let url = call.at(&["health"]);
            (call, url)
        }),
        Door::Key(_) => client.call(target.access).map(|call| {
            let mut url = call.at(&["api", "v1", "flags"]);
            url.query_pairs_mut().append_pair("limit", "1");
            (call, url)
        }),
    };
    match place {
        Ok((call, url)) => knock(call, url).await,
        Err(failure) => nowhere(target.access.endpoint.address(), failure),
    }
}

pub(super) async fn read_surface(
    client: &EdgeFlags,
    target: Target<'_>,
    surface: &Surface,
    confirm: &Confirm,
) -> Result<Answer<SurfaceReading>, Failure> {
    let call = client.call(target.access)?;
    let mut reading = SurfaceReading {
        at: (call.settings().now)(),
        ..SurfaceReading::default()
    };
    let began = Instant::now();
    match surface {
        Surface::Admin => lists(client, &call, target, confirm, &mut reading).await?,
        Surface::FlagsApi => reading.flags = Some(evaluated(&call, target).await?),
        Surface::EdgeProxy(_) => return Err(no_proxy()),
    }
    reading.took = began.elapsed();
    Ok(call.answer(reading))
}

/// The lists, read like a collection reads them, so that their digest is the
/// one of a snapshot with the same content.
async fn lists(
    client: &EdgeFlags,
    call: &Call<'_>,
    target: Target<'_>,
    confirm: &Confirm,
    reading: &mut SurfaceReading,
) -> Result<(), Failure> {
    let trust = match confirm {
        // The digest is told either way: the lists that did not change are kept.
        Confirm::Unless(_) => Trust::Tag,
        Confirm::Content => Trust::Content,
    };
    let lists = client.lists_of(call, target.access, trust);
    let Gathered { document, flags, .. } =
        read::gather(client, call, &lists, &target.environment.key.0, &|_| ()).await?;
    reading.digest = document_digest(&document);
    reading.bytes = u64::try_from(document.len()).ok();
    let served = flags.into_iter().map(|flag| ServedFlag {
        key: flag.key,
        enabled: Some(flag.state.enabled),
        value: flag.state.value,
    });
    reading.flags = Some(served.collect());
    Ok(())
}

/// What is served to nobody in particular. A bulk answer tells values alone;
/// a flag that is off has the value `false`, whatever its type is.
async fn evaluated(call: &Call<'_>, target: Target<'_>) -> Result<Vec<ServedFlag>, Failure> {
    let body = json!({"context": {"environment": target.environment.key.0, "custom": {}}});
    let url = call.at(&["api", "v1", "evaluate"]);
    let reply = call
        .read(Method::POST, url, Some(&body), Timeout::Ordinary)
        .await?;
    let evaluated: Evaluated = call.parsed(&reply, "evaluation")?;
    let mut flags: Vec<ServedFlag> = evaluated
        .flags
        .into_iter()
        .map(|(key, value)| ServedFlag {
            key: FlagKey(key),
            enabled: None,
            value: FlagValue(value),
        })
        .collect();
    flags.sort_by(|one, other| one.key.cmp(&other.key));
    Ok(flags)
}

/// `/health` is all there is: no version, no queue.
pub(super) async fn server_health(client: &EdgeFlags, access: Access<'_>) -> Answer<ServerHealth> {
    let mut health = ServerHealth {
        queue: Queue::NotOffered,
        ..ServerHealth::default()
    };
    let call = match open(client, access) {
        Ok(call) => call,
        Err(failure) => {
            health.failure = Some(Box::new(failure));
            return Answer {
                value: health,
                limits: None,
                requests: 0,
            };
        }
    };
    match status(&call).await {
        Ok(words) => {
            health.healthy = Some(words == "ok");
            health.checks = vec![("status".to_owned(), words)];
        }
        Err(failure) => {
            if matches!(failure.kind, FailureKind::ServerFault) {
                health.healthy = Some(false);
            }
            health.failure = Some(Box::new(failure));
        }
    }
    call.answer(health)
}

async fn status(call: &Call<'_>) -> Result<String, Failure> {
    let url = call.at(&["health"]);
    let told: Value = call.get(url.clone(), "health of the service").await?;
    match told["status"].as_str() {
        Some(words) => Ok(shorten(words, 200)),
        None => Err(call.about(&url, malformed("health of the service", "its status"))),
    }
}
