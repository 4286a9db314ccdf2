//! What callers may do who are no administrators.

use serde_json::Value;

use super::call::{Answer, Call, Outcome2};
use super::store::Store;

const CREATE_FEATURE: &str = "CREATE_FEATURE";
const DELETE_FEATURE: &str = "DELETE_FEATURE";
const MANAGE_SEGMENTS: &str = "MANAGE_SEGMENTS";
const MANAGE_TAGS: &str = "MANAGE_TAGS";
const UPDATE_FEATURE_STATE: &str = "UPDATE_FEATURE_STATE";
const MANAGE_SEGMENT_OVERRIDES: &str = "MANAGE_SEGMENT_OVERRIDES";
const VIEW_IDENTITIES: &str = "VIEW_IDENTITIES";
const MANAGE_IDENTITIES: &str = "MANAGE_IDENTITIES";
const VIEW_AUDIT_LOG: &str = "VIEW_AUDIT_LOG";
/// What only an administrator has.
const ADMIN: &str = "ADMIN";
/// What belongs to an environment; the others belong to a project.
const OF_ENVIRONMENTS: [&str; 7] = [
    "VIEW_ENVIRONMENT",
    UPDATE_FEATURE_STATE,
    MANAGE_SEGMENT_OVERRIDES,
    VIEW_IDENTITIES,
    MANAGE_IDENTITIES,
    "CREATE_CHANGE_REQUEST",
    "APPROVE_CHANGE_REQUEST",
];

/// Which requests a row of the table is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verbs {
    Reads,
    Writes,
    Only(&'static str),
}

impl Verbs {
    fn hold(self, method: &str) -> bool {
        let reads = matches!(method, "GET" | "HEAD");
        match self {
            Self::Reads => reads,
            Self::Writes => !reads,
            Self::Only(wanted) => wanted == method,
        }
    }
}

/// What a request needs, by the beginning of its route's pattern; the first row that fits counts.
const NEEDS: [(Verbs, &str, &str); 20] = [
    (Verbs::Reads, "/api/v1/projects/{}/audit/", VIEW_AUDIT_LOG),
    (
        Verbs::Writes,
        "/api/v1/projects/{}/features/{}/mv-options/",
        CREATE_FEATURE,
    ),
    (
        Verbs::Only("DELETE"),
        "/api/v1/projects/{}/features/",
        DELETE_FEATURE,
    ),
    (Verbs::Writes, "/api/v1/projects/{}/features/", CREATE_FEATURE),
    (Verbs::Writes, "/api/v1/projects/{}/segments/", MANAGE_SEGMENTS),
    (Verbs::Writes, "/api/v1/projects/{}/tags/", MANAGE_TAGS),
    (
        Verbs::Writes,
        "/api/v1/features/feature-segments/",
        MANAGE_SEGMENT_OVERRIDES,
    ),
    (
        Verbs::Only("POST"),
        "/api/v1/environments/{}/features/{}/create-segment-override/",
        MANAGE_SEGMENT_OVERRIDES,
    ),
    (
        Verbs::Writes,
        "/api/v1/environments/{}/features/",
        UPDATE_FEATURE_STATE,
    ),
    (
        Verbs::Writes,
        "/api/v1/environments/{}/featurestates/",
        UPDATE_FEATURE_STATE,
    ),
    (
        Verbs::Writes,
        "/api/v1/environments/{}/identities/{}/featurestates/",
        UPDATE_FEATURE_STATE,
    ),
    (
        Verbs::Writes,
        "/api/v1/environments/{}/edge-identities/{}/edge-featurestates/",
        UPDATE_FEATURE_STATE,
    ),
    (
        Verbs::Writes,
        "/api/v1/environments/{}/edge-identities-featurestates",
        UPDATE_FEATURE_STATE,
    ),
    (
        Verbs::Writes,
        "/api/v1/environments/environments/{}/edge-identities-featurestates",
        UPDATE_FEATURE_STATE,
    ),
    (
        Verbs::Reads,
        "/api/v1/environments/{}/identities/",
        VIEW_IDENTITIES,
    ),
    (
        Verbs::Reads,
        "/api/v1/environments/{}/edge-identities/",
        VIEW_IDENTITIES,
    ),
    (
        Verbs::Writes,
        "/api/v1/environments/{}/identities/",
        MANAGE_IDENTITIES,
    ),
    (
        Verbs::Writes,
        "/api/v1/environments/{}/edge-identities/",
        MANAGE_IDENTITIES,
    ),
    (Verbs::Writes, "/api/v1/environments/", ADMIN),
    (
        Verbs::Writes,
        "/api/experiments/environments/",
        UPDATE_FEATURE_STATE,
    ),
];

/// Refuses what a caller may not do. Without a list of what is granted everybody is an administrator.
pub(super) fn check(store: &Store, pattern: &str, call: &Call) -> Outcome2<()> {
    let Some(granted) = &store.account.granted else {
        return Ok(());
    };
    let may = |permission: &str| granted.iter().any(|one| one == permission || one == ADMIN);
    if pattern.starts_with("/api/__future__/") {
        return check_whole_flag(call, may);
    }
    let method = call.method.as_str();
    let needed = match pattern.starts_with("/api/v1/features/featurestates/") {
        true if Verbs::Writes.hold(method) => Some(for_state(store, call)),
        true => None,
        false => NEEDS
            .iter()
            .find(|(verbs, beginning, _)| verbs.hold(method) && pattern.starts_with(beginning))
            .map(|(_, _, needed)| *needed),
    };
    if needed.is_some_and(|needed| !may(needed)) {
        return Err(Answer::forbidden());
    }
    let options = call.json().ok();
    let options = options
        .as_ref()
        .and_then(|body| body.get("multivariate_options")?.as_array());
    let makes_options = !may(ADMIN)
        && pattern.starts_with("/api/v1/projects/{}/features/")
        && Verbs::Writes.hold(method)
        && options.is_some_and(|options| !options.is_empty());
    if makes_options {
        return Err(Answer::detail(
            403,
            "User must be project admin to modify / create MV options.",
        ));
    }
    Ok(())
}

/// What a flat state's write needs, by whether it is an override's.
fn for_state(store: &Store, call: &Call) -> &'static str {
    let body = call.json().unwrap_or_default();
    let named = body.get("feature_segment").is_some_and(|link| !link.is_null());
    let held = store
        .states
        .get(&call.id(0))
        .is_some_and(|state| state.link.is_some());
    match named || held {
        true => MANAGE_SEGMENT_OVERRIDES,
        false => UPDATE_FEATURE_STATE,
    }
}

/// The one-call route asks for what the body's members need, and is not there for who may write none of them.
fn check_whole_flag(call: &Call, may: impl Fn(&str) -> bool) -> Outcome2<()> {
    let absent = || Answer::detail(404, "Not found.");
    let members = [
        ("environment_default", UPDATE_FEATURE_STATE),
        ("segment_overrides", MANAGE_SEGMENT_OVERRIDES),
    ];
    let writes_any = members.iter().any(|(_, permission)| may(permission));
    if Verbs::Reads.hold(call.method.as_str()) {
        return match writes_any || may("VIEW_ENVIRONMENT") {
            true => Ok(()),
            false => Err(absent()),
        };
    }
    if !writes_any {
        return Err(absent());
    }
    let body = call.json().unwrap_or_default();
    let names =
        |member: &str| body.get(member).is_some() || call.method == "DELETE" && member == members[1].0;
    match members
        .iter()
        .any(|(member, permission)| names(member) && !may(permission))
    {
        true => Err(Answer::forbidden()),
        false => Ok(()),
    }
}

/// What a caller has in a project, or in an environment.
pub(super) fn granted(store: &Store, in_environment: bool) -> Option<Vec<Value>> {
    let all = store.account.granted.as_ref()?.iter();
    let here = all.filter(|one| OF_ENVIRONMENTS.contains(&one.as_str()) == in_environment);
    Some(here.map(|one| Value::String(one.clone())).collect())
}
