//! What Health shows.

use halyard_console::{EnvironmentFacts, Pace, SurfaceSettings, WatchedSurface};
use halyard_model::{Connection, EdgeProxy, Endpoint, Surface};

use super::{connection::freshness_state, remedy::button, seconds};
use crate::{view::*, words};

/// The mirror's own freshness, as a surface among the others.
pub fn mirror(facts: &EnvironmentFacts, pace: Pace) -> SurfaceFreshnessView {
    let stale_after = pace.freshness_rule().stale_after_millis / 1000;
    SurfaceFreshnessView {
        surface: SurfaceNameView {
            kind: SurfaceKindView::Mirror,
            address: String::new(),
            name: "Mirror on this computer".into(),
        },
        environment: Some(facts.environment.key.0.clone()),
        environment_name: Some(facts.environment.name.clone()),
        as_of: facts.status.checked_at.map(seconds),
        checked_at: facts.status.checked_at.map(seconds),
        stale_after_seconds: u32::try_from(stale_after).ok(),
        state: freshness_state(facts.freshness),
        rule: format!("Stale after {}", words::surface::span(stale_after)),
        sentence: facts.status.last_failure.clone(),
        cause: None,
        next_step: None,
        remedy: None,
    }
}

/// A surface.
pub fn surface(watched: &WatchedSurface, connection: &Connection, environment: &str) -> SurfaceFreshnessView {
    let name = words::surface::name(&watched.surface, &watched.address);
    let told = watched
        .freshness
        .trouble
        .as_ref()
        .map(|trouble| words::surface::trouble(trouble, &name, &watched.surface, &watched.record));
    let (sentence, cause, next_step) = match told {
        Some(told) => (Some(told.sentence), told.cause, told.next_step),
        None => (None, None, None),
    };
    let stale_after = watched.rule.stale_after_millis(&watched.surface);
    let surface = SurfaceNameView {
        kind: words::surface::kind(&watched.surface),
        address: watched.address.clone(),
        name,
    };
    SurfaceFreshnessView {
        remedy: sentence.as_ref().map(|_| doctor_on(surface.clone())),
        surface,
        environment: Some(watched.environment.0.clone()),
        environment_name: Some(environment.to_owned()),
        as_of: watched.freshness.as_of.map(seconds),
        checked_at: watched
            .record
            .served
            .as_ref()
            .map(|served| seconds(served.read_at)),
        stale_after_seconds: stale_after.and_then(|millis| u32::try_from(millis / 1000).ok()),
        state: freshness_state(watched.freshness.state),
        rule: rule(watched, connection, stale_after),
        sentence,
        cause,
        next_step,
    }
}

fn rule(watched: &WatchedSurface, connection: &Connection, stale_after: Option<i64>) -> String {
    if let (Surface::EdgeProxy(base), Endpoint::Flagsmith(endpoint)) =
        (&watched.surface, &connection.endpoint)
        && let Some(proxy) = endpoint.edge_proxies.iter().find(|proxy| proxy.base == *base)
    {
        return words::surface::proxy_rule(proxy);
    }
    match stale_after {
        Some(millis) => format!(
            "Stale once it differs from the admin API for {}",
            words::surface::span(millis / 1000)
        ),
        None => "Never stale by a rule of its own".into(),
    }
}

fn doctor_on(surface: SurfaceNameView) -> RemedyView {
    RemedyView {
        surface: Some(surface),
        ..button(RemedyActionView::RunDoctor, "Run the doctor on it")
    }
}

/// What is set about a connection's surfaces.
pub fn settings(settings: SurfaceSettings) -> SurfaceSettingsView {
    let proxies = settings.edge_proxies.into_iter().map(|proxy| EdgeProxyView {
        address: proxy.base,
        poll_seconds: proxy.poll_seconds,
        grace_seconds: proxy.grace_seconds,
        key_pairs: proxy.key_pairs,
    });
    SurfaceSettingsView {
        flags_address: settings.flags_address,
        edge_proxies: proxies.collect(),
        ca_bundle: settings.ca_bundle,
        status_feed: settings.status_feed,
        status_feed_url: settings.status_feed_url,
    }
}

/// What was set, inwards.
pub fn settings_in(settings: SurfaceSettingsView) -> SurfaceSettings {
    let proxies = settings.edge_proxies.into_iter().map(|proxy| EdgeProxy {
        base: proxy.address,
        poll_seconds: proxy.poll_seconds,
        grace_seconds: proxy.grace_seconds,
        key_pairs: proxy.key_pairs,
    });
    SurfaceSettings {
        flags_address: settings.flags_address,
        edge_proxies: proxies.collect(),
        ca_bundle: settings.ca_bundle,
        status_feed: settings.status_feed,
        status_feed_url: settings.status_feed_url,
    }
}
