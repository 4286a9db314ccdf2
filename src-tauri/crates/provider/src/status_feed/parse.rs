//! Making sense of a feed, whatever of it is missing or odd.

use halyard_model::Timestamp;
use serde_json::Value;
use url::Url;

use super::{Incident, ProviderStatus};
use crate::http::shorten;

/// More incidents at once than any provider tells.
const MOST_INCIDENTS: usize = 50;
const MOST_COMPONENTS: usize = 40;
const LONGEST_NAME: usize = 200;
const LONGEST_WORDS: usize = 2000;

/// What a feed says; `None` where it has none of a feed's members.
pub(super) fn status(feed: &Value) -> Option<ProviderStatus> {
    let is_feed = feed["status"].is_object() || feed["incidents"].is_array();
    if !is_feed {
        return None;
    }
    let mut incidents = incidents(&feed["incidents"], &["resolved", "postmortem", "completed"]);
    incidents.sort_by_key(|incident| (gravity(&incident.impact), std::cmp::Reverse(incident.updated_at)));
    let mut maintenances = incidents_or_none(&feed["scheduled_maintenances"]);
    maintenances.sort_by_key(|maintenance| maintenance.started_at);
    Some(ProviderStatus {
        description: text(&feed["status"]["description"], LONGEST_NAME),
        page: link(&feed["page"]["url"]),
        incidents,
        maintenances,
    })
}

fn incidents_or_none(rows: &Value) -> Vec<Incident> {
    incidents(rows, &["completed", "resolved"])
}

/// How grave an impact is, the gravest first. A word that nobody knows may
/// mean anything, and stands before those that mean little.
fn gravity(impact: &str) -> u8 {
    match impact {
        "critical" => 0,
        "major" => 1,
        "minor" => 3,
        "maintenance" => 4,
        "none" => 5,
        _ => 2,
    }
}

fn incidents(rows: &Value, over: &[&str]) -> Vec<Incident> {
    let rows = rows.as_array().map_or(&[][..], Vec::as_slice);
    rows.iter()
        .filter_map(incident)
        .filter(|incident| !over.contains(&incident.status.as_str()))
        .take(MOST_INCIDENTS)
        .collect()
}

fn incident(row: &Value) -> Option<Incident> {
    let title = text(&row["name"], LONGEST_NAME).or_else(|| text(&row["title"], LONGEST_NAME))?;
    let id = match &row["id"] {
        Value::Number(number) => Some(number.to_string()),
        id => text(id, LONGEST_NAME),
    };
    let word = |name: &str| text(&row[name], 40).map(|word| word.to_ascii_lowercase());
    let newest = newest_update(&row["incident_updates"]);
    let first_of = |names: &[&str]| names.iter().find_map(|name| moment(&row[*name]));
    Some(Incident {
        id: id.unwrap_or_else(|| title.clone()),
        impact: word("impact").unwrap_or_else(|| "unknown".to_owned()),
        status: word("status").unwrap_or_else(|| "unknown".to_owned()),
        started_at: first_of(&["scheduled_for", "started_at", "created_at"]),
        updated_at: first_of(&["updated_at", "created_at"]),
        words: newest.and_then(|update| text(&update["body"], LONGEST_WORDS)),
        components: components(&row["components"]),
        link: link(&row["shortlink"]),
        title,
    })
}

/// Feeds put the newest first; their times say so where they are told.
fn newest_update(updates: &Value) -> Option<&Value> {
    let updates = updates.as_array()?;
    let told = updates
        .iter()
        .rev()
        .max_by_key(|update| moment(&update["created_at"]));
    told.filter(|update| moment(&update["created_at"]).is_some())
        .or_else(|| updates.first())
}

fn components(rows: &Value) -> Vec<String> {
    let rows = rows.as_array().map_or(&[][..], Vec::as_slice);
    rows.iter()
        .filter_map(|row| text(row, LONGEST_NAME).or_else(|| text(&row["name"], LONGEST_NAME)))
        .take(MOST_COMPONENTS)
        .collect()
}

fn text(value: &Value, most: usize) -> Option<String> {
    let text = value.as_str()?.trim();
    (!text.is_empty()).then(|| shorten(text, most))
}

fn moment(value: &Value) -> Option<Timestamp> {
    let moment: jiff::Timestamp = value.as_str()?.parse().ok()?;
    Some(Timestamp(moment.as_millisecond()))
}

/// An address that a browser may be sent to.
fn link(value: &Value) -> Option<String> {
    let url = Url::parse(value.as_str()?).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.as_str().len() < 500).then(|| url.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_gravest_comes_first_and_what_is_over_is_left_out() {
        let row = |name: &str, impact: Value, status: &str, updated: &str| json!({"name": name, "impact": impact, "status": status, "updated_at": updated});
        let feed = json!({"incidents": [
            row("e", json!("none"), "identified", "2026-11-21T10:00:00Z"),
            row("d", json!("minor"), "monitoring", "2026-11-21T09:00:00Z"),
            row("over", json!("critical"), "resolved", "2026-11-21T10:00:00Z"),
            row("told", json!("critical"), "Postmortem", "2026-11-21T10:00:00Z"),
            row("c", json!("minor"), "investigating", "2026-11-21T10:00:00Z"),
            row("b", json!("catastrophic"), "smouldering", "x"),
            row("a", json!("critical"), "investigating", "2026-11-21T08:00:00Z"),
            json!({"impact": "critical"}), json!(7), json!(null),
        ]});
        let titles = status(&feed)
            .unwrap()
            .incidents
            .into_iter()
            .map(|incident| incident.title);
        assert_eq!(titles.collect::<Vec<_>>(), ["a", "b", "c", "d", "e"]);
    }

    #[test]
    fn the_newest_words_are_told_and_only_links_for_a_browser() {
        let feed = json!({"status": {}, "page": {"url": "javascript:alert(1)"}, "incidents": [{
            "name": "x", "shortlink": "file:///etc/passwd",
            "incident_updates": [
                {"body": "older", "created_at": "2026-11-21T08:00:00Z"},
                {"body": "newer", "created_at": "2026-11-21T09:00:00+00:00"},
            ],
            "components": ["plain", {"name": "named"}, 7],
        }]});
        let told = status(&feed).unwrap();
        let incident = &told.incidents[0];
        assert_eq!((told.page, incident.link.as_ref()), (None, None));
        assert_eq!(incident.words.as_deref(), Some("newer"));
        assert_eq!(incident.components, ["plain", "named"]);
        assert_eq!((incident.id.as_str(), incident.impact.as_str()), ("x", "unknown"));
    }

    #[test]
    fn what_has_none_of_its_members_is_no_feed() {
        for (feed, is_feed) in [
            (json!({}), false),
            (json!([]), false),
            (json!("ok"), false),
            (json!({"status": "ok"}), false),
            (json!({"page": {}}), false),
            (json!({"status": {"indicator": "none"}}), true),
            (json!({"incidents": []}), true),
        ] {
            assert_eq!(status(&feed).is_some(), is_feed, "{feed}");
        }
    }
}
