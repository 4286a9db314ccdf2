//! What a provider says about itself.

use halyard_console::{IncidentFacts, StatusFeedFacts};
use halyard_model::{Service, Timestamp};

use super::{large_count, seconds};
use crate::{view::*, words};

/// The last copy of a status feed.
pub fn status_feed(facts: &StatusFeedFacts, service: Service, now: Timestamp) -> StatusFeedView {
    let page = facts.page.as_deref();
    StatusFeedView {
        enabled: facts.enabled,
        url: facts.url.clone(),
        checked_at: facts.checked_at.map(seconds),
        failure: facts.failure.clone(),
        incidents: facts
            .incidents
            .iter()
            .map(|one| incident(one, page, service, now))
            .collect(),
    }
}

fn incident(facts: &IncidentFacts, page: Option<&str>, service: Service, now: Timestamp) -> IncidentView {
    IncidentView {
        id: facts.incident.id.clone(),
        title: facts.incident.title.clone(),
        gravity: gravity(facts),
        sentence: words::incident::sentence(facts, now),
        matching: large_count(facts.matching),
        remedy: (facts.matching > 0).then(|| RemedyView {
            action: RemedyActionView::ShowRequests,
            label: match facts.matching {
                1 => "Show the request".into(),
                many => format!("Show the {many} requests"),
            },
            surface: None,
            search: Some(words::incident::search(facts, service == Service::Flagsmith)),
            link: None,
            text: None,
        }),
        // Only what a browser may be sent to without a second thought.
        link: facts
            .incident
            .link
            .as_deref()
            .or(page)
            .filter(|link| link.starts_with("https://"))
            .map(str::to_owned),
    }
}

/// The provider's word, tempered by what was seen: what does not touch this
/// connection is not shown as a danger to it.
fn gravity(facts: &IncidentFacts) -> GravityView {
    match (facts.incident.impact.as_str(), facts.matching) {
        ("critical", _) => GravityView::Danger,
        ("major", matching) if matching > 0 => GravityView::Danger,
        ("none" | "maintenance", 0) => GravityView::Note,
        _ => GravityView::Warning,
    }
}
