//! What is wrong, as warnings.

use halyard_console::{Gravity, IncidentSign, IncidentWarning, SurfaceKind};
use halyard_model::Service;

use super::seconds;
use crate::{view::*, words};

/// Everything that is wrong, the gravest first: what is the matter with single
/// surfaces, and the classes of incidents that are seen to happen.
pub fn warnings(
    surfaces: &[SurfaceFreshnessView],
    incidents: &[IncidentWarning],
    service: Service,
) -> Vec<WarningView> {
    let mut all: Vec<WarningView> = surfaces
        .iter()
        .filter_map(surface)
        .chain(incidents.iter().map(|warning| incident(warning, service)))
        .collect();
    all.sort_by_key(|warning| std::cmp::Reverse(warning.gravity));
    all
}

/// A surface in trouble as a warning; the mirror's own age has a banner of its own.
pub fn surface(surface: &SurfaceFreshnessView) -> Option<WarningView> {
    let gravity = match surface.state {
        _ if surface.surface.kind == SurfaceKindView::Mirror => return None,
        FreshnessStateView::Stale | FreshnessStateView::Offline => GravityView::Warning,
        FreshnessStateView::Never | FreshnessStateView::Fresh | FreshnessStateView::Ageing => {
            return None;
        }
    };
    let environment = surface.environment.as_deref().unwrap_or_default();
    Some(WarningView {
        // Admin and Flags API may share an address.
        id: format!(
            "surface {} {} {environment}",
            surface.surface.name, surface.surface.address
        ),
        gravity,
        sentence: surface.sentence.clone()?,
        cause: surface.cause.clone(),
        next_step: surface.next_step.clone(),
        remedy: surface.remedy.clone(),
        since: surface.as_of,
    })
}

fn incident(warning: &IncidentWarning, service: Service) -> WarningView {
    let told = words::warning::told(&warning.sign);
    WarningView {
        id: format!("incident {}", warning.sign.class()),
        gravity: match warning.gravity {
            Gravity::Note => GravityView::Note,
            Gravity::Warning => GravityView::Warning,
            Gravity::Danger => GravityView::Danger,
        },
        sentence: told.sentence,
        cause: told.cause,
        next_step: told.next_step,
        remedy: requests(&warning.sign, service),
        since: warning.since.map(seconds),
    }
}

/// The requests that it was seen by, where it was seen by requests.
fn requests(sign: &IncidentSign, service: Service) -> Option<RemedyView> {
    // As Activity names the surfaces.
    let (admin, serving) = match service {
        Service::Flagsmith => ("admin api", "flags api"),
        Service::EdgeFlags => ("management", "evaluation"),
    };
    let search = match sign {
        IncidentSign::AdminFailsServingWell { .. } => format!("{admin} server_fault"),
        IncidentSign::VersionChanged { faults: 0, .. } => return None,
        IncidentSign::VersionChanged { .. } | IncidentSign::HealthLies { .. } => "server_fault".to_owned(),
        IncidentSign::DocumentOversized { failed: 0, .. } => return None,
        IncidentSign::DocumentOversized { .. } => "document".to_owned(),
        IncidentSign::RouteSlower { .. } | IncidentSign::AdminSlowServingWell { .. } => admin.to_owned(),
        IncidentSign::PartlyUnreachable { origin, .. } | IncidentSign::NameNotFound { origin, .. } => {
            words::surface::host(origin).to_owned()
        }
        IncidentSign::SporadicFaults { surface, .. } => match surface {
            SurfaceKind::Admin => format!("{admin} server_fault"),
            _ => format!("{serving} server_fault"),
        },
        IncidentSign::ServingSlower { .. } => serving.to_owned(),
        IncidentSign::PermissionLost { .. } => "403".to_owned(),
        IncidentSign::PropagationDelayed { .. }
        | IncidentSign::EmptyTrait { .. }
        | IncidentSign::PlanUntold
        | IncidentSign::TasksStuck { .. } => return None,
    };
    Some(RemedyView {
        action: RemedyActionView::ShowRequests,
        label: "Show the requests".into(),
        surface: None,
        search: Some(search),
        link: None,
        text: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use halyard_console::IncidentWarning;

    fn watched(name: &str, kind: SurfaceKindView, state: FreshnessStateView) -> SurfaceFreshnessView {
        SurfaceFreshnessView {
            surface: SurfaceNameView {
                kind,
                address: "https://flags.acme.example/api/v1/".into(),
                name: name.into(),
            },
            environment: Some("env".into()),
            environment_name: Some("Staging".into()),
            as_of: Some(1),
            checked_at: Some(2),
            stale_after_seconds: Some(40),
            state,
            rule: String::new(),
            sentence: Some(format!("{name} is not well.")),
            cause: None,
            next_step: None,
            remedy: None,
        }
    }

    #[test]
    fn surfaces_and_incidents_are_one_list_with_the_gravest_first() {
        let surfaces = [
            watched("Mirror", SurfaceKindView::Mirror, FreshnessStateView::Stale),
            watched("Admin API", SurfaceKindView::Admin, FreshnessStateView::Offline),
            watched("Flags API", SurfaceKindView::FlagsApi, FreshnessStateView::Stale),
            watched(
                "Edge Proxy",
                SurfaceKindView::EdgeProxy,
                FreshnessStateView::Fresh,
            ),
        ];
        let incidents = [
            IncidentWarning {
                gravity: Gravity::Danger,
                since: None,
                sign: IncidentSign::NameNotFound {
                    origin: "https://edge.example".into(),
                    known_before: false,
                },
            },
            IncidentWarning {
                gravity: Gravity::Note,
                since: None,
                sign: IncidentSign::PlanUntold,
            },
        ];
        let all = warnings(&surfaces, &incidents, Service::Flagsmith);
        let told: Vec<_> = all
            .iter()
            .map(|one| (one.gravity, one.sentence.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                (
                    GravityView::Danger,
                    "The name edge.example is not found, while others are."
                ),
                (GravityView::Warning, "Admin API is not well."),
                (GravityView::Warning, "Flags API is not well."),
                (
                    GravityView::Note,
                    "The provider tells neither plan nor allowance."
                ),
            ]
        );
        let names: std::collections::HashSet<_> = all.iter().map(|one| &one.id).collect();
        assert_eq!(names.len(), all.len(), "each has a name of its own");
    }
}
