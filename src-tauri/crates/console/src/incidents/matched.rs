//! Which surfaces an incident may concern, and what was seen here of it.

use halyard_model::{ConnectionId, Endpoint, Timestamp};
use halyard_provider::Incident;

use super::IncidentFacts;
use crate::{ActivityFilter, Console, ConsoleError, ExchangeOutcome, SurfaceKind};

/// An incident is felt before it is told.
const TOLD_LATE_MILLIS: i64 = 15 * 60_000;

/// How long ago a surface may have answered to count as well.
const LATELY_MILLIS: i64 = 10 * 60_000;

/// So many failed requests are looked at for what they have in common.
const LOOKED_AT: u32 = 100;

impl Console {
    /// An incident with what was seen of it by this connection.
    pub(super) async fn matched(
        &self,
        id: &ConnectionId,
        endpoint: &Endpoint,
        incident: Incident,
    ) -> Result<IncidentFacts, ConsoleError> {
        let now = self.inner.clock.now();
        let concerns = concerned(&incident, endpoint);
        let since = incident
            .started_at
            .unwrap_or(now)
            .min(now)
            .plus_millis(-TOLD_LATE_MILLIS);
        let mut matching = 0;
        let mut statuses = Vec::new();
        for surface in &concerns {
            let page = self
                .exchanges_kept(&failed(id, *surface, since), LOOKED_AT)
                .await?;
            matching += page.total;
            statuses.extend(page.rows.iter().map(|row| row.status));
        }
        statuses.dedup();
        let mut unaffected = Vec::new();
        let lately = now.plus_millis(-LATELY_MILLIS);
        for surface in [SurfaceKind::Admin, SurfaceKind::FlagsApi, SurfaceKind::EdgeProxy] {
            let well = self
                .exchanges_kept(&answered(id, surface, lately), 1)
                .await?
                .total
                > 0
                && self.exchanges_kept(&failed(id, surface, lately), 1).await?.total == 0;
            if well {
                unaffected.push(surface);
            }
        }
        Ok(IncidentFacts {
            incident,
            concerns,
            matching,
            status: statuses
                .first()
                .copied()
                .flatten()
                .filter(|_| statuses.len() == 1),
            unaffected,
        })
    }
}

fn failed(id: &ConnectionId, surface: SurfaceKind, since: Timestamp) -> ActivityFilter {
    ActivityFilter {
        connection: Some(id.clone()),
        outcomes: vec![ExchangeOutcome::ServerFault, ExchangeOutcome::Broken],
        surface: Some(surface),
        since: Some(since),
        ..ActivityFilter::default()
    }
}

fn answered(id: &ConnectionId, surface: SurfaceKind, since: Timestamp) -> ActivityFilter {
    ActivityFilter {
        outcomes: vec![ExchangeOutcome::Done, ExchangeOutcome::Unchanged],
        ..failed(id, surface, since)
    }
}

/// The surfaces that an incident may concern, by the components that it names
/// or else by its title. One that names nothing known may concern both that
/// the provider runs; an Edge Proxy is run by somebody else.
pub(super) fn concerned(incident: &Incident, endpoint: &Endpoint) -> Vec<SurfaceKind> {
    let named = incident.components.join(" ").to_lowercase();
    let text = if named.is_empty() {
        incident.title.to_lowercase()
    } else {
        named
    };
    let names = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let serving = names(&["edge", "flags api", "evaluation", "sdk", "serving"]);
    let core = names(&["core", "admin", "dashboard", "management"]);
    // Without an address of its own the Flags API is the same installation.
    let shared = match endpoint {
        Endpoint::Flagsmith(flagsmith) => flagsmith
            .flags_base
            .as_ref()
            .is_none_or(|flags| *flags == flagsmith.admin_base),
        Endpoint::EdgeFlags { .. } | Endpoint::File { .. } => false,
    };
    match (core, serving) {
        (true, false) if !shared => vec![SurfaceKind::Admin],
        (false, true) => vec![SurfaceKind::FlagsApi],
        _ => vec![SurfaceKind::Admin, SurfaceKind::FlagsApi],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use halyard_model::{FlagsmithAuth, FlagsmithEndpoint};

    #[test]
    fn an_incident_concerns_what_it_names() {
        let endpoint = |flags: Option<&str>| {
            Endpoint::Flagsmith(FlagsmithEndpoint {
                admin_base: "https://api.flagsmith.com/api/v1/".into(),
                flags_base: flags.map(str::to_owned),
                edge_proxies: Vec::new(),
                auth: FlagsmithAuth::OrganisationKey,
                ca_bundle: None,
            })
        };
        let edge = Some("https://edge.api.flagsmith.com/api/v1/");
        let (admin, flags) = (SurfaceKind::Admin, SurfaceKind::FlagsApi);
        for (title, components, base, expected) in [
            ("Delays", &["Edge API"][..], edge, &[flags][..]),
            ("Delays", &["Core API"], edge, &[admin]),
            ("Delays", &["Core API"], None, &[admin, flags]),
            ("Delays", &["Edge API", "Core API"], edge, &[admin, flags]),
            ("Edge API latency", &[], edge, &[flags]),
            ("Dashboard is slow", &[], edge, &[admin]),
            ("Something is wrong", &[], edge, &[admin, flags]),
            ("Something is wrong", &["Website"], edge, &[admin, flags]),
        ] {
            let incident = Incident {
                id: "1".into(),
                title: title.into(),
                impact: "minor".into(),
                status: "identified".into(),
                started_at: None,
                updated_at: None,
                words: None,
                components: components.iter().map(|one| (*one).to_owned()).collect(),
                link: None,
            };
            assert_eq!(
                concerned(&incident, &endpoint(base)),
                expected,
                "{title} {components:?}"
            );
        }
    }
}
