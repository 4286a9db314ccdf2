//! Rows as JSON, in the shapes of the administration API.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::audit::{AuditRow, Related};
use super::condition::Account;
use super::rows::{
    Condition, Environment, Feature, FeatureOption, FeatureSegment, FeatureState, Identity, Organisation,
    OrganisationKey, Project, Rule, Segment, Tag, Trait, User, Version,
};
use super::store::Store;

/// A time as the administration API writes it: microseconds, left out when they are zero, and `Z`.
pub(crate) fn time(moment: Timestamp) -> String {
    format!("{}Z", bare_time(moment))
}

/// A time as the environment document writes it: as above, with an offset.
pub(crate) fn offset_time(moment: Timestamp) -> String {
    format!("{}+00:00", bare_time(moment))
}

fn bare_time(moment: Timestamp) -> String {
    let micros = moment.as_microsecond().rem_euclid(1_000_000);
    let seconds = moment.strftime("%Y-%m-%dT%H:%M:%S").to_string();
    if micros == 0 {
        seconds
    } else {
        format!("{seconds}.{micros:06}")
    }
}

fn maybe_time(moment: Option<Timestamp>) -> Option<String> {
    moment.map(time)
}

pub(crate) fn organisation(row: &Organisation, account: &Account) -> Value {
    let subscription = account.usage.plan.as_ref().map(|plan| {
        json!({
            "id": row.id, "has_active_billing_periods": account.usage.is_billed(), "deleted_at": null,
            "uuid": row.uuid, "subscription_id": null, "subscription_date": null, "plan": plan, "max_seats": 5,
            "max_api_calls": account.usage.allowance, "cancellation_date": null, "customer_id": null,
            "billing_status": null, "payment_method": null, "notes": null,
        })
    });
    json!({
        "id": row.id, "uuid": row.uuid, "name": row.name, "created_date": time(row.created_at),
        "webhook_notification_email": null, "num_seats": 5,
        "subscription": subscription,
        "role": "ADMIN", "persist_trait_data": row.persist_trait_data, "block_access_to_admin": false,
        "restrict_project_create_to_admin": false, "force_2fa": false,
    })
}

pub(crate) fn organisation_key(row: &OrganisationKey, now: Timestamp) -> Map<String, Value> {
    let prefix = row.key.split('.').next().unwrap_or("");
    let shown = json!({
        // The real id holds the stored hash. Here it says that it is none.
        "id": format!("{prefix}.not-a-hash"), "prefix": prefix, "created": time(row.created_at), "name": row.name,
        "revoked": false, "expiry_date": maybe_time(row.expires_at), "is_admin": true,
        "has_expired": row.expires_at.is_some_and(|expiry| expiry <= now), "created_by": row.created_by,
    });
    object(shown)
}

pub(crate) fn user(row: &User) -> Value {
    json!({
        "first_name": row.first_name, "last_name": row.last_name, "sign_up_type": null, "id": row.id,
        "email": row.email, "auth_type": "EMAIL", "is_superuser": false, "date_joined": time(row.joined_at),
        "uuid": row.uuid, "pylon_email_signature": null, "onboarding": null,
    })
}

fn owner(row: &User) -> Value {
    json!({
        "id": row.id, "email": row.email, "first_name": row.first_name, "last_name": row.last_name,
        "last_login": time(row.joined_at), "uuid": row.uuid,
    })
}

/// A row of the audit log as its lists show it.
pub(crate) fn audit_row(store: &Store, row: &AuditRow) -> Value {
    let author = row.author.and_then(|author| store.users.get(&author));
    let place = row.environment.and_then(|id| store.environments.get(&id));
    let place = place.map(|row| {
        let mut shown = environment(row);
        shown.remove("metadata");
        shown
    });
    let of = store.projects.get(&row.project);
    let (kind, id, uuid) = match row.related {
        Related::Feature(id) => ("FEATURE", Some(id), None),
        Related::State(id) => ("FEATURE_STATE", Some(id), None),
        Related::Segment(id) => ("SEGMENT", Some(id), None),
        Related::Version(uuid) => ("EF_VERSION", None, Some(uuid)),
        Related::Environment(id) => ("ENVIRONMENT", Some(id), None),
    };
    json!({
        "id": row.id, "created_date": time(row.created_at), "log": row.log, "author": author.map(owner),
        "environment": place, "project": of.map(|of| project(of, store.organisation.id)),
        "related_object_id": id, "related_object_uuid": uuid, "related_object_type": kind,
        "is_system_event": false,
    })
}

pub(crate) fn project(row: &Project, organisation: u64) -> Map<String, Value> {
    object(json!({
        "id": row.id, "uuid": row.uuid, "name": row.name, "organisation": organisation,
        "hide_disabled_flags": row.hide_disabled_flags, "enable_dynamo_db": row.use_edge_identities,
        "migration_status": if row.use_edge_identities { "MIGRATION_COMPLETED" } else { "NOT_APPLICABLE" },
        "use_edge_identities": row.use_edge_identities, "prevent_flag_defaults": false,
        "enable_realtime_updates": false, "only_allow_lower_case_feature_names": true,
        "feature_name_regex": null, "show_edge_identity_overrides_for_feature": false,
        "stale_flags_limit_days": 30, "edge_v2_migration_status": "NOT_STARTED",
        "minimum_change_request_approvals": null, "enforce_feature_owners": false,
    }))
}

pub(crate) fn environment(row: &Environment) -> Map<String, Value> {
    object(json!({
        "id": row.id, "uuid": row.uuid, "name": row.name, "api_key": row.client_key,
        "description": row.description, "project": row.project, "minimum_change_request_approvals": row.approvals,
        "allow_client_traits": true, "banner_text": null, "banner_colour": null,
        "hide_disabled_flags": row.hide_disabled_flags, "use_mv_v2_evaluation": true,
        "use_identity_composite_key_for_hashing": true, "hide_sensitive_data": false,
        "use_v2_feature_versioning": row.versioned, "use_identity_overrides_in_local_eval": true,
        "is_creating": false, "metadata": [],
    }))
}

pub(crate) fn tag(row: &Tag) -> Value {
    json!({
        "id": row.id, "label": row.label, "color": row.color, "description": row.description,
        "project": row.project, "uuid": row.uuid, "is_permanent": false, "is_system_tag": false, "type": "NONE",
    })
}

pub(crate) fn feature_option(row: &FeatureOption) -> Map<String, Value> {
    let nested = row.value.nested();
    object(json!({
        "id": row.id, "uuid": row.uuid, "type": nested["type"], "integer_value": nested["integer_value"],
        "string_value": nested["string_value"], "boolean_value": nested["boolean_value"],
        "default_percentage_allocation": row.default_percentage, "key": row.key,
    }))
}

/// The state that is embedded in a feature.
fn embedded_state(row: &FeatureState) -> Value {
    json!({
        "id": row.id, "feature_state_value": row.value.typed(), "environment": row.environment,
        "identity": row.identity, "feature_segment": row.link, "enabled": row.enabled,
    })
}

/// A feature, seen from an environment and perhaps from a segment.
pub(crate) fn feature(
    store: &Store,
    row: &Feature,
    environment: Option<u64>,
    segment: Option<u64>,
) -> Map<String, Value> {
    let owners: Vec<Value> = row
        .owners
        .iter()
        .filter_map(|id| store.users.get(id))
        .map(owner)
        .collect();
    let options: Vec<Value> = row
        .options
        .iter()
        .map(|option| Value::Object(feature_option(option)))
        .collect();
    let overrides = environment.map_or_else(Vec::new, |environment| store.overrides(environment, row.id));
    let own = environment
        .and_then(|environment| store.default_state(environment, row.id))
        .map(embedded_state);
    let of_segment = overrides
        .iter()
        .find(|(link, _)| Some(link.segment) == segment)
        .map(|(_, state)| embedded_state(state));
    let identities = environment.map_or(0, |environment| {
        store.identity_override_count(environment, row.id)
    });
    let here = environment.and_then(|environment| store.last_published(environment, row.id));
    let anywhere = store
        .environments_of(row.project)
        .filter_map(|environment| store.last_published(environment.id, row.id))
        .max();
    object(json!({
        "id": row.id, "name": row.name, "type": feature_type(row), "default_enabled": row.default_enabled,
        "initial_value": row.initial_value, "created_date": time(row.created_at),
        "description": row.description, "tags": row.tags, "multivariate_options": options,
        "is_archived": row.is_archived, "owners": owners, "group_owners": [], "uuid": row.uuid,
        "project": row.project, "environment_feature_state": own, "segment_feature_state": of_segment,
        "num_segment_overrides": overrides.len(),
        "num_identity_overrides": (identities > 0).then_some(identities),
        "is_num_identity_overrides_complete": true, "is_server_key_only": row.is_server_key_only,
        "last_modified_in_any_environment": environment.and(anywhere).map(offset_time),
        "last_modified_in_current_environment": here.map(offset_time),
        "metadata": [],
    }))
}

impl Store {
    fn identity_override_count(&self, environment: u64, feature: u64) -> usize {
        let Some(ids) = self.states_by_flag.get(&(environment, feature)) else {
            return 0;
        };
        ids.iter()
            .filter_map(|id| self.states.get(id))
            .filter(|state| state.identity.is_some())
            .count()
    }

    fn last_published(&self, environment: u64, feature: u64) -> Option<Timestamp> {
        self.versions_of(environment, feature)
            .filter(|version| version.published)
            .map(|version| version.created_at)
            .max()
    }
}

/// What the server calls a feature's type.
pub(crate) fn feature_type(row: &Feature) -> &'static str {
    if row.multivariate {
        "MULTIVARIATE"
    } else {
        "STANDARD"
    }
}

/// The feature as it is shown inside flags and states.
pub(crate) fn feature_stub(row: &Feature) -> Value {
    json!({"id": row.id, "name": row.name, "type": feature_type(row)})
}

fn weights(row: &FeatureState) -> Vec<Value> {
    row.weights
        .iter()
        .map(|weight| {
            json!({
                "id": weight.id, "multivariate_feature_option": weight.option,
                "percentage_allocation": weight.percentage,
            })
        })
        .collect()
}

/// How a state shows its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ValueShape {
    /// `30`
    Typed,
    /// `{"type": "int", "integer_value": 30, …}`
    Nested,
}

/// A feature state with everything.
pub(crate) fn state(row: &FeatureState, shape: ValueShape) -> Map<String, Value> {
    let value = if shape == ValueShape::Typed {
        row.value.typed()
    } else {
        row.value.nested()
    };
    object(json!({
        "id": row.id, "feature_state_value": value, "multivariate_feature_state_values": weights(row),
        "deleted_at": null, "uuid": row.uuid, "enabled": row.enabled, "created_at": time(row.created_at),
        "updated_at": time(row.updated_at), "live_from": maybe_time(row.live_from), "version": row.version,
        "feature": row.feature, "environment": row.environment, "identity": row.identity,
        "feature_segment": row.link, "change_request": null, "environment_feature_version": row.feature_version,
    }))
}

/// A feature state as versions and the override route show it, with its link spelled out.
pub(crate) fn state_of_version(store: &Store, row: &FeatureState) -> Value {
    let link = row.link.and_then(|link| store.links.get(&link)).map(
        |link| json!({"id": link.id, "segment": link.segment, "priority": link.priority, "uuid": link.uuid}),
    );
    json!({
        "id": row.id, "feature": row.feature, "enabled": row.enabled, "feature_state_value": row.value.nested(),
        "feature_segment": link, "deleted_at": null, "uuid": row.uuid, "created_at": time(row.created_at),
        "updated_at": time(row.updated_at), "live_from": maybe_time(row.live_from),
        "environment": row.environment, "identity": row.identity, "change_request": null,
        "multivariate_feature_state_values": weights(row),
    })
}

/// A link as the list and the re-ordering show it.
pub(crate) fn link(store: &Store, row: &FeatureSegment) -> Value {
    let segment = store.segments.get(&row.segment);
    json!({
        "id": row.id, "uuid": row.uuid, "segment": row.segment, "priority": row.priority,
        "environment": row.environment, "segment_name": segment.map(|segment| segment.name.clone()),
        "is_feature_specific": segment.is_some_and(|segment| segment.feature.is_some()),
    })
}

/// A version as lists show it.
pub(crate) fn version(row: &Version, now: Timestamp) -> Map<String, Value> {
    object(json!({
        "created_at": time(row.created_at), "updated_at": time(row.updated_at), "published": row.published,
        "live_from": maybe_time(row.live_from), "uuid": row.uuid, "is_live": row.is_live(now),
        "published_by": row.published_by, "created_by": row.created_by, "description": row.description,
    }))
}

fn condition(row: &Condition) -> Value {
    json!({
        "id": row.id, "operator": row.operator, "property": row.property, "value": row.value,
        "description": row.description,
    })
}

/// A rule with its ids. Rules of the second level have no `rules` of their own.
fn rule(row: &Rule, level: usize) -> Value {
    let conditions: Vec<Value> = row.conditions.iter().map(condition).collect();
    if level > 0 {
        return json!({"id": row.id, "type": row.kind, "conditions": conditions});
    }
    let rules: Vec<Value> = row.rules.iter().map(|inner| rule(inner, level + 1)).collect();
    json!({"id": row.id, "type": row.kind, "rules": rules, "conditions": conditions})
}

pub(crate) fn segment(row: &Segment) -> Value {
    let rules: Vec<Value> = row.rules.iter().map(|outer| rule(outer, 0)).collect();
    json!({
        "id": row.id, "uuid": row.uuid, "created_at": time(row.created_at), "updated_at": time(row.updated_at),
        "name": row.name, "description": row.description, "project": row.project, "feature": row.feature,
        "version_of": row.id, "rules": rules, "metadata": [], "membership_counts": [], "managed_by": "",
    })
}

pub(crate) fn identity(row: &Identity) -> Value {
    json!({"id": row.id, "identifier": row.identifier, "environment": row.environment})
}

/// A trait with a column for each type.
pub(crate) fn trait_row(row: &Trait) -> Value {
    let column = |wanted: bool| if wanted { row.value.clone() } else { Value::Null };
    let kind = match &row.value {
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        _ => "unicode",
    };
    json!({
        "id": row.id, "trait_key": row.key, "value_type": kind, "integer_value": column(kind == "int"),
        "string_value": column(kind == "unicode"), "boolean_value": column(kind == "bool"),
        "float_value": column(kind == "float"), "created_date": time(row.created_at),
    })
}

/// The object inside a value that is known to be one.
pub(crate) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}
