//! A provider's incidents, in words.

use halyard_console::{IncidentFacts, SurfaceKind};
use halyard_model::Timestamp;

use super::warning::surface_kind;

/// Where it stands since when, what was seen here that matches, and what is
/// not affected.
pub fn sentence(facts: &IncidentFacts, now: Timestamp) -> String {
    let incident = &facts.incident;
    let mut parts = vec![standing(&incident.status, incident.started_at, now)];
    if let Some(updated_at) = incident.updated_at.filter(|at| Some(*at) != incident.started_at) {
        parts.push(format!("Last spoken of {}.", ago(updated_at, now)));
    }
    if let Some(words) = &incident.words {
        let end = if words.ends_with(['.', '!', '?', '…']) {
            ""
        } else {
            "."
        };
        parts.push(format!("In the provider’s words: {words}{end}"));
    }
    parts.push(match facts.matching {
        0 => "Nothing seen here matches.".to_owned(),
        1 => "Matches one failed request seen here.".to_owned(),
        many => format!("Matches {many} failed requests seen here."),
    });
    if !facts.unaffected.is_empty() {
        let names: Vec<&str> = facts.unaffected.iter().map(|kind| surface_kind(*kind)).collect();
        let verb = if names.len() == 1 { "is" } else { "are" };
        let names = names.join(" and ");
        parts.push(format!(
            "{names} {verb} not affected, as seen from this computer."
        ));
    }
    parts.join(" ")
}

fn standing(status: &str, started_at: Option<Timestamp>, now: Timestamp) -> String {
    let since = started_at.map_or_else(String::new, |at| format!(", begun {}", ago(at, now)));
    let status = match status {
        "investigating" => "The provider investigates",
        "identified" => "The provider knows the cause",
        "monitoring" => "The provider watches its remedy",
        "in_progress" | "verifying" => "Maintenance is going on",
        _ => "The provider tells of it",
    };
    format!("{status}{since}.")
}

/// How long ago something was, roughly.
fn ago(at: Timestamp, now: Timestamp) -> String {
    match now.millis_since(at) / 60_000 {
        0 => "just now".to_owned(),
        minutes if minutes < 120 => format!("{minutes} min ago"),
        minutes if minutes < 48 * 60 => format!("{} h ago", minutes / 60),
        minutes => format!("{} days ago", minutes / (24 * 60)),
    }
}

/// What finds the matching requests in Activity.
pub fn search(facts: &IncidentFacts, is_flagsmith: bool) -> String {
    let surface = match facts.concerns.as_slice() {
        [SurfaceKind::Admin] if is_flagsmith => "admin api",
        [SurfaceKind::Admin] => "management",
        [SurfaceKind::FlagsApi] if is_flagsmith => "flags api",
        [SurfaceKind::FlagsApi] => "evaluation",
        _ => "",
    };
    match facts.status {
        Some(status) => format!("{surface} {status}").trim().to_owned(),
        None if surface.is_empty() => "server_fault".to_owned(),
        None => surface.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use halyard_console::Incident;

    #[test]
    fn an_incident_is_told_with_what_was_seen_of_it() {
        let now = Timestamp(1_795_000_000_000);
        let mut facts = IncidentFacts {
            incident: Incident {
                id: "1".into(),
                title: "Edge API latency".into(),
                impact: "minor".into(),
                status: "investigating".into(),
                started_at: Some(now.plus_millis(-25 * 60_000)),
                updated_at: Some(now.plus_millis(-60_000)),
                words: Some("We are looking into it".into()),
                components: vec!["Edge API".into()],
                link: None,
            },
            concerns: vec![SurfaceKind::FlagsApi],
            matching: 8,
            status: Some(502),
            unaffected: vec![SurfaceKind::Admin],
        };
        assert_eq!(
            sentence(&facts, now),
            "The provider investigates, begun 25 min ago. Last spoken of 1 min ago. In the provider’s words: We are \
             looking into it. Matches 8 failed requests seen here. Admin API is not affected, as seen from this computer."
        );
        assert_eq!(search(&facts, true), "flags api 502");
        facts.incident.status = "smouldering".into();
        facts.incident.started_at = None;
        facts.incident.updated_at = None;
        facts.incident.words = None;
        facts.matching = 0;
        facts.unaffected.clear();
        assert_eq!(
            sentence(&facts, now),
            "The provider tells of it. Nothing seen here matches."
        );
    }
}
