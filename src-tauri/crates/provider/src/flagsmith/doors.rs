//! The places at which a surface is knocked at.

use halyard_model::{FlagsmithEndpoint, Surface};
use url::Url;

use super::evaluate::explained;
use super::surface::environment_call;
use super::{Flagsmith, flagsmith_endpoint};
use crate::http::{Call, Service};
use crate::probe::{nowhere, reach as knock};
use crate::{Answer, Door, Failure, FailureKind, Reach, Target};

pub(super) async fn reach(client: &Flagsmith, target: Target<'_>, door: &Door) -> Answer<Reach> {
    let place = flagsmith_endpoint(target.access.endpoint).and_then(|endpoint| match door {
        Door::Liveness(surface) => {
            liveness(client, endpoint, surface).map(|(call, url)| (call.on_behalf_of(target.access), url))
        }
        Door::Key(surface) => key(client, endpoint, target, surface),
    });
    let mut answer = match place {
        Ok((call, url)) => knock(call, url).await,
        Err(failure) => return nowhere(target.access.endpoint.address(), failure),
    };
    if let Door::Key(surface) = door
        && let Some(failure) = answer.value.failure.take()
    {
        answer.value.failure = Some(Box::new(why(client, target, surface, *failure).await));
    }
    // Not every release and not every front has the place; what answers that
    // nothing is there is alive.
    let absent = |failure: &Failure| failure.kind == FailureKind::NotFound;
    if matches!(door, Door::Liveness(_)) && answer.value.failure.as_deref().is_some_and(absent) {
        answer.value.failure = None;
    }
    answer
}

/// An Edge Proxy without documents calls every key unknown, so that it is asked
/// whether it has any.
async fn why(client: &Flagsmith, target: Target<'_>, surface: &Surface, failure: Failure) -> Failure {
    let call = flagsmith_endpoint(target.access.endpoint)
        .and_then(|endpoint| environment_call(client, endpoint, target, surface));
    match call {
        Ok(Some((call, service))) => explained(&call, service, failure).await,
        Ok(None) | Err(_) => failure,
    }
}

/// Where a service answers without a key, and without asking its database.
fn liveness<'a>(
    client: &'a Flagsmith,
    endpoint: &'a FlagsmithEndpoint,
    surface: &'a Surface,
) -> Result<(Call<'a>, Url), Failure> {
    let (service, base, path) = match surface {
        Surface::Admin => (Service::Flagsmith, &endpoint.admin_base, "health/liveness/"),
        Surface::FlagsApi => (
            Service::FlagsApi,
            endpoint.flags_base.as_ref().unwrap_or(&endpoint.admin_base),
            "health/liveness/",
        ),
        Surface::EdgeProxy(base) => (Service::EdgeProxy, base, "proxy/health/liveness"),
    };
    let call = Call::open(&client.transport, service, base)?.trusting(endpoint.ca_bundle.as_deref())?;
    let url = call.beside(path);
    Ok((call, url))
}

/// Where the key of a surface is needed: the project by the connection's own,
/// the flags by the environment's.
fn key<'a>(
    client: &'a Flagsmith,
    endpoint: &'a FlagsmithEndpoint,
    target: Target<'a>,
    surface: &'a Surface,
) -> Result<(Call<'a>, Url), Failure> {
    if let Some((call, _)) = environment_call(client, endpoint, target, surface)? {
        let url = call.at(&["flags", ""]);
        return Ok((call, url));
    }
    let call = client.admin(target.access)?;
    let url = match target.project.id.as_str() {
        // Before a project is chosen.
        "" => call.at(&["organisations", ""]),
        id => call.at(&["projects", id, ""]),
    };
    Ok((call, url))
}
