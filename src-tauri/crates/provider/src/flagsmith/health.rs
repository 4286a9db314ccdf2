//! How a server and its Edge Proxies are, in their own words.

use std::collections::BTreeMap;

use halyard_model::{FlagsmithAuth, Timestamp};
use serde_json::Value;

use super::wire::timestamp;
use super::{Flagsmith, flagsmith_endpoint};
use crate::http::{Call, Service, Timeout, malformed, shorten};
use crate::{Access, Answer, Failure, FailureKind, ProxyHealth, Queue, ServerHealth};

/// Named checks that are kept, and characters of each.
const MOST_CHECKS: usize = 40;
const MOST_WORDS: usize = 200;

/// What a proxy says about itself. It answers 503, or 500 in some releases,
/// where it calls itself stale; the same status in another shape comes from
/// something in front of it and is a failure.
pub(super) async fn proxy(
    client: &Flagsmith,
    access: Access<'_>,
    base: &str,
) -> Result<Answer<ProxyHealth>, Failure> {
    let call = Call::open(&client.transport, Service::EdgeProxy, base)?
        .trusting(access.endpoint.ca_bundle())?
        .on_behalf_of(access);
    let mut url = call.beside("proxy/health");
    let mut reply = call.ask(url.clone(), &[], Timeout::Ordinary).await?;
    if reply.status == 404 {
        // The place where older releases answer.
        url = call.beside("health");
        reply = call.ask(url.clone(), &[], Timeout::Ordinary).await?;
    }
    if !matches!(reply.status, 200 | 500 | 503) {
        return Err(call.status_failure(&reply));
    }
    let told = reply
        .is_json()
        .then(|| reply.value())
        .flatten()
        .filter(|told| told["status"].is_string());
    let Some(told) = told else {
        if reply.status == 200 {
            let failure = call.about(&url, malformed("health of the Edge Proxy", "its status"));
            return Err(failure);
        }
        return Err(call.status_failure(&reply));
    };
    let (last_successful_update, zone_unknown) = match told["last_successful_update"].as_str() {
        Some(text) => perhaps_without_zone(text),
        None => (None, false),
    };
    Ok(call.answer(ProxyHealth {
        base: base.to_owned(),
        ready: reply.status == 200,
        reason: told["reason"].as_str().map(|words| shorten(words, MOST_WORDS)),
        last_successful_update,
        zone_unknown,
    }))
}

/// A time with a zone, or one without that is read as UTC; the second tells
/// which.
fn perhaps_without_zone(text: &str) -> (Option<Timestamp>, bool) {
    if let Some(moment) = timestamp(Some(text)) {
        return (Some(moment), false);
    }
    let naive = text.parse::<jiff::civil::DateTime>().ok();
    let moment = naive
        .and_then(|naive| naive.to_zoned(jiff::tz::TimeZone::UTC).ok())
        .map(|zoned| Timestamp(zoned.timestamp().as_millisecond()));
    (moment, moment.is_some())
}

/// What a server says about itself. Never fails as a whole; a server that
/// cannot be reached is asked once.
pub(super) async fn server(client: &Flagsmith, access: Access<'_>) -> Answer<ServerHealth> {
    let mut health = ServerHealth::default();
    let opened = flagsmith_endpoint(access.endpoint).and_then(|endpoint| {
        let call = Call::open(&client.transport, Service::Flagsmith, &endpoint.admin_base)?
            .trusting(access.endpoint.ca_bundle())?
            .on_behalf_of(access);
        Ok((endpoint, call))
    });
    let (endpoint, call) = match opened {
        Ok(opened) => opened,
        Err(failure) => {
            health.failure = Some(Box::new(failure));
            return unasked(health);
        }
    };
    match checks(&call).await {
        Ok((healthy, checks)) => {
            health.healthy = Some(healthy);
            health.checks = checks;
        }
        Err(failure) => {
            let unreachable = matches!(failure.kind, FailureKind::Unreachable(_));
            health.failure = Some(Box::new(failure));
            if unreachable {
                health.queue = Queue::Unread;
                return call.answer(health);
            }
        }
    }
    health.version = version(&call).await;
    let mut answer = call.answer(health);
    let (queue, requests) = match endpoint.auth {
        // A server answers an organisation key with an error of its own here.
        FlagsmithAuth::OrganisationKey => (Queue::StaffOnly, 0),
        FlagsmithAuth::UserToken => queue(client, access).await,
    };
    answer.value.queue = queue;
    answer.requests += requests;
    answer
}

fn unasked<T>(value: T) -> Answer<T> {
    Answer {
        value,
        limits: None,
        requests: 0,
    }
}

/// Whether all checks pass, and each with its words. The answer is JSON where
/// JSON is asked for, also with status 500.
async fn checks(call: &Call<'_>) -> Result<(bool, Vec<(String, String)>), Failure> {
    let reply = call.ask(call.beside("health"), &[], Timeout::Ordinary).await?;
    if !matches!(reply.status, 200 | 500 | 503) || (reply.status != 200 && !reply.is_json()) {
        return Err(call.status_failure(&reply));
    }
    let told: BTreeMap<String, Value> = call.parsed(&reply, "health of the server")?;
    let words = |words: Value| match words {
        Value::String(words) => shorten(&words, MOST_WORDS),
        other => shorten(&other.to_string(), MOST_WORDS),
    };
    let checks = told
        .into_iter()
        .take(MOST_CHECKS)
        .map(|(name, told)| (shorten(&name, MOST_WORDS), words(told)))
        .collect();
    Ok((reply.status == 200, checks))
}

/// From `/version/`, else from the header of any answer.
async fn version(call: &Call<'_>) -> Option<String> {
    let reply = call.ask(call.beside("version/"), &[], Timeout::Ordinary).await;
    let told = reply
        .ok()
        .filter(|reply| reply.status == 200 && reply.is_json())
        .and_then(|reply| reply.value());
    let named = told.as_ref().and_then(|told| {
        let packages = &told["package_versions"]["."];
        packages
            .as_str()
            .or_else(|| told["image_tag"].as_str())
            .filter(|version| !version.is_empty() && *version != "unknown")
    });
    named
        .map(|version| shorten(version, 40))
        .or_else(|| call.server_version())
}

/// How many tasks wait, as far as this user may know, and how many requests
/// it took. A refusal is never told as an empty queue.
async fn queue(client: &Flagsmith, access: Access<'_>) -> (Queue, u32) {
    let Ok(call) = client.admin(access) else {
        return (Queue::Unread, 0);
    };
    let asked = call
        .ask(call.beside("processor/monitoring/"), &[], Timeout::Ordinary)
        .await;
    let queue = match asked {
        Ok(reply) => match reply.status {
            200 => {
                let told = reply.is_json().then(|| reply.value()).flatten();
                let waiting = told.as_ref().and_then(|told| told["waiting"].as_u64());
                waiting.map_or(Queue::Unread, Queue::Waiting)
            }
            401 | 403 => Queue::StaffOnly,
            404 => Queue::NotOffered,
            _ => Queue::Unread,
        },
        Err(_) => Queue::Unread,
    };
    (queue, call.answer(()).requests)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_without_a_zone_is_read_as_utc_and_said_so() {
        for (text, expected) in [
            ("2026-11-21T03:44:49.251748", (Some(1_795_232_689_251), true)),
            ("2026-11-21T03:44:49.251748Z", (Some(1_795_232_689_251), false)),
            (
                "2026-11-21T04:44:49.251748+01:00",
                (Some(1_795_232_689_251), false),
            ),
            ("2026-11-21 03:44:49", (Some(1_795_232_689_000), true)),
            ("soon", (None, false)),
        ] {
            let (moment, unknown) = perhaps_without_zone(text);
            assert_eq!((moment.map(|moment| moment.0), unknown), expected, "{text}");
        }
    }
}
