//! What one surface serves for one environment.

use std::time::Instant;

use halyard_model::{FlagKey, FlagsmithEndpoint, Surface, Timestamp, document_digest};
use reqwest::Method;
use reqwest::header::{HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH};
use serde::Deserialize;
use serde_json::Value;

use super::collect::{DOCUMENT, document_text};
use super::evaluate::{KEY_HEADER, explained};
use super::wire::{EvaluatedRow, timestamp};
use super::{Flagsmith, flagsmith_endpoint};
use crate::http::{Call, Reply, Service, Timeout, malformed, parse};
use crate::probe::stamp_of;
use crate::{Answer, Confirm, DocumentText, Failure, ServedFlag, Stamp, SurfaceReading, Target};

/// Seconds since the epoch with a fraction, on answers of the Flags API.
const DOCUMENT_UPDATED_AT: &str = "x-flagsmith-document-updated-at";

/// A call of the Flags API or an Edge Proxy with the environment's client key.
/// `None` for the admin API, which takes the connection's own key.
pub(super) fn environment_call<'a>(
    client: &'a Flagsmith,
    endpoint: &'a FlagsmithEndpoint,
    target: Target<'a>,
    surface: &'a Surface,
) -> Result<Option<(Call<'a>, Service)>, Failure> {
    let (service, base) = match surface {
        Surface::Admin => return Ok(None),
        Surface::FlagsApi => (
            Service::FlagsApi,
            endpoint.flags_base.as_ref().unwrap_or(&endpoint.admin_base),
        ),
        Surface::EdgeProxy(base) => (Service::EdgeProxy, base),
    };
    let key = &target.environment.key.0;
    let call = Call::new(&client.transport, service, base, KEY_HEADER, "", key)?
        .trusting(endpoint.ca_bundle.as_deref())?
        .with_admin(&endpoint.admin_base)
        .on_behalf_of(target.access);
    Ok(Some((call, service)))
}

pub(super) async fn read(
    client: &Flagsmith,
    target: Target<'_>,
    surface: &Surface,
    confirm: &Confirm,
) -> Result<Answer<SurfaceReading>, Failure> {
    let endpoint = flagsmith_endpoint(target.access.endpoint)?;
    let at = (client.transport.settings.now)();
    let began = Instant::now();
    let Some((call, service)) = environment_call(client, endpoint, target, surface)? else {
        let call = client.admin(target.access)?;
        let url = call.at(&["environments", &target.environment.key.0, "document", ""]);
        let mut reading = document(&call, url, confirm, at).await?;
        reading.took = began.elapsed();
        return Ok(call.answer(reading));
    };
    let read = match service {
        Service::EdgeProxy => through_proxy(&call, at).await,
        _ => served(&call, at).await,
    };
    match read {
        Ok(mut reading) => {
            reading.took = began.elapsed();
            Ok(call.answer(reading))
        }
        Err(failure) => Err(explained(&call, service, failure).await),
    }
}

/// The document of a surface that knows conditional reads, or does not: the
/// admin route of the servers seen names no `Last-Modified`, so that it is
/// always read whole there.
async fn document(
    call: &Call<'_>,
    url: url::Url,
    confirm: &Confirm,
    at: Timestamp,
) -> Result<SurfaceReading, Failure> {
    let known = match confirm {
        Confirm::Unless(stamp) if stamp.may_be_asked(at) => Some(stamp.as_ref()),
        Confirm::Unless(_) | Confirm::Content => None,
    };
    let conditions = known.map(conditions).unwrap_or_default();
    let reply = call.ask(url.clone(), &conditions, Timeout::Document).await?;
    if let (304, Some(known)) = (reply.status, known) {
        return Ok(SurfaceReading {
            at,
            not_modified: true,
            stamp: known.once_more(),
            ..SurfaceReading::default()
        });
    }
    document_in(call, &url, &reply, at)
}

fn conditions(stamp: &Stamp) -> Vec<(HeaderName, String)> {
    let named = [
        (IF_NONE_MATCH, &stamp.etag),
        (IF_MODIFIED_SINCE, &stamp.last_modified),
    ];
    named
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.clone()?)))
        .collect()
}

fn document_in(
    call: &Call<'_>,
    url: &url::Url,
    reply: &Reply,
    at: Timestamp,
) -> Result<SurfaceReading, Failure> {
    #[derive(Deserialize)]
    struct Head {
        #[serde(default)]
        updated_at: Option<Value>,
        #[serde(rename = "feature_states")]
        _states: Vec<serde::de::IgnoredAny>,
    }
    if !(200..300).contains(&reply.status) {
        return Err(call.status_failure(reply));
    }
    let text = document_text(call, url, reply)?;
    let head: Head = parse(text.as_bytes(), DOCUMENT).map_err(|failure| call.about(url, failure))?;
    let digest = document_digest(&text);
    if digest.is_none() {
        return Err(call.about(url, malformed(DOCUMENT, "one JSON object")));
    }
    Ok(SurfaceReading {
        at,
        digest,
        document_updated_at: timestamp(head.updated_at.as_ref().and_then(Value::as_str)),
        bytes: u64::try_from(text.len()).ok(),
        document: Some(DocumentText(text)),
        stamp: stamp_of(&reply.headers, at),
        ..SurfaceReading::default()
    })
}

/// What the Flags API serves to the client key, with the document's time.
async fn served(call: &Call<'_>, at: Timestamp) -> Result<SurfaceReading, Failure> {
    let (flags, reply) = flags(call).await?;
    Ok(SurfaceReading {
        at,
        document_updated_at: reply.header(DOCUMENT_UPDATED_AT).and_then(unix_seconds),
        flags: Some(flags),
        stamp: stamp_of(&reply.headers, at),
        ..SurfaceReading::default()
    })
}

/// The document that a proxy holds, and the flags it makes of it. It gives the
/// document to the client key too, and knows no conditional reads. Both are
/// read because a proxy may keep answers in a cache of its own.
async fn through_proxy(call: &Call<'_>, at: Timestamp) -> Result<SurfaceReading, Failure> {
    let url = call.at(&["environment-document"]);
    let reply = call.ask(url.clone(), &[], Timeout::Document).await?;
    let mut reading = match reply.status {
        // Proxies before the route was made have flags alone.
        404 => SurfaceReading {
            at,
            ..SurfaceReading::default()
        },
        _ => document_in(call, &url, &reply, at)?,
    };
    reading.flags = Some(flags(call).await?.0);
    Ok(reading)
}

async fn flags(call: &Call<'_>) -> Result<(Vec<ServedFlag>, Reply), Failure> {
    let url = call.at(&["flags", ""]);
    let reply = call.read(Method::GET, url, None, Timeout::Ordinary).await?;
    let rows: Vec<EvaluatedRow> = call.parsed(&reply, "list of served flags")?;
    let mut flags: Vec<ServedFlag> = rows
        .into_iter()
        .map(|row| ServedFlag {
            key: FlagKey(row.feature.name),
            enabled: Some(row.enabled),
            value: row.feature_state_value,
        })
        .collect();
    flags.sort_by(|one, other| one.key.cmp(&other.key));
    Ok((flags, reply))
}

/// Seconds since the epoch with a fraction, as a moment. Values that could
/// only be milliseconds are read as such.
fn unix_seconds(text: &str) -> Option<Timestamp> {
    let seconds: f64 = text.trim().parse().ok()?;
    if !seconds.is_finite() || seconds <= 0.0 {
        return None;
    }
    let millis = if seconds < 1e11 { seconds * 1000.0 } else { seconds };
    Some(Timestamp(millis as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_document_is_read_from_a_header() {
        for (text, expected) in [
            ("1795231864.440924", Some(1_795_231_864_440)),
            (" 1795231864 ", Some(1_795_231_864_000)),
            ("1795231864440", Some(1_795_231_864_440)),
            ("", None),
            ("-1", None),
            ("NaN", None),
            ("yesterday", None),
        ] {
            assert_eq!(unix_seconds(text), expected.map(Timestamp), "{text}");
        }
    }
}
