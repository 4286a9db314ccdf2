//! The Acme Store as EdgeFlags holds it, and larger projects of the same shape.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use crate::{Seed, edgeflags::Definitions};

const ACME: &str = include_str!("edgeflags_acme.json");

/// What a seed holds.
pub(crate) fn definitions(seed: Seed) -> Definitions {
    match seed {
        Seed::Acme => acme(),
        Seed::Large => many(400, 400),
        Seed::TenThousand => many(10_000, 100),
        Seed::Empty => Definitions::default(),
    }
}

fn acme() -> Definitions {
    // The file is part of the program, and a test reads it; a damaged one leaves an empty project.
    let mut file: Value = serde_json::from_str(ACME).unwrap_or_default();
    let mut take = |name: &str| match file[name].take() {
        Value::Object(map) => map,
        _ => Map::new(),
    };
    Definitions {
        flags: take("flags"),
        configs: take("configs"),
        segments: take("segments"),
    }
}

fn many(n_flags: usize, n_segments: usize) -> Definitions {
    let segments = (0..n_segments)
        .map(|n| {
            let condition = json!({ "property": "cohort", "operator": "equals", "value": n });
            (
                format!("cohort_{n:05}"),
                json!({ "conditions": [condition], "version": 1 }),
            )
        })
        .collect();
    let flags = (0..n_flags)
        .map(|n| (format!("flag_{n:05}"), generated_flag(n, n_segments)))
        .collect();
    let configs = (0..50)
        .map(|n| (format!("config_{n:03}"), json!({ "value": n * 10, "version": 1 })))
        .collect();
    Definitions {
        flags,
        configs,
        segments,
    }
}

/// Kinds of flags take turns, so that every page of a list shows some of each.
fn generated_flag(n: usize, n_segments: usize) -> Value {
    let enabled = !n.is_multiple_of(3);
    match n % 5 {
        0 => json!({ "enabled": enabled, "value": true, "version": 1 }),
        1 => json!({ "enabled": enabled, "value": format!("variant-{}", n % 7), "version": 2 }),
        2 => json!({
            "enabled": enabled,
            "targeting": { "rollout": { "percentage": n % 101, "attribute": "user_id" } },
            "version": 1,
        }),
        3 => {
            let segment = format!("cohort_{:05}", n % n_segments.max(1));
            let condition = json!({ "property": "segment", "operator": "in", "value": [segment] });
            json!({
                "enabled": enabled,
                "targeting": { "rules": [{ "conditions": [condition], "value": true }] },
                "version": 3,
            })
        }
        _ => json!({
            "enabled": enabled,
            "value": n,
            "environments": { "production": { "enabled": n.is_multiple_of(2) }, "staging": { "value": n + 1 } },
            "version": 4,
        }),
    }
}

/// An audit log that explains the versions: one entry per version of every flag, oldest first. The states
/// before the last are not known, so only the newest entry carries one.
pub(crate) fn history(definitions: &Definitions, project_id: &str, actor: &str) -> Vec<Value> {
    let now = Timestamp::now();
    let mut entries: Vec<(SignedDuration, Value)> = Vec::new();
    for (place, (key, flag)) in definitions.flags.iter().enumerate() {
        let version = flag["version"].as_u64().unwrap_or(1);
        for step in 1..=version {
            let hours = i64::try_from(place as u64 * 3 + (version - step) * 30).unwrap_or_default();
            let ago = SignedDuration::from_hours(hours) + SignedDuration::from_mins(2);
            let mut entry = json!({
                "timestamp": now.checked_sub(ago).unwrap_or(now).to_string(),
                "actor": actor,
                "action": if step == 1 { "create" } else { "update" },
                "resource_type": "flag",
                "resource_key": key,
                "project_id": project_id,
            });
            if step == version {
                entry["after"] = flag.clone();
            }
            entries.push((ago, entry));
        }
    }
    entries.sort_by(|(left, _), (right, _)| right.cmp(left));
    entries.into_iter().map(|(_, entry)| entry).collect()
}
