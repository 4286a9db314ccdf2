//! The environment document.

use serde_json::{Value, json};
use uuid::Uuid;

use super::render::{feature_stub, offset_time};
use super::rows::{Environment, FeatureState, Rule, Segment};
use super::store::Store;

impl Store {
    /// The whole document of an environment.
    pub(crate) fn document(&self, environment: &Environment) -> Value {
        let project = self.projects.get(&environment.project);
        let mut overrides_by_segment: std::collections::BTreeMap<u64, Vec<Value>> = Default::default();
        let mut defaults = Vec::new();
        let mut server_only = Vec::new();
        for feature in self.features_of(environment.project) {
            if feature.is_server_key_only {
                server_only.push(feature.id);
            }
            if let Some(state) = self.default_state(environment.id, feature.id) {
                defaults.push(self.document_state(state));
            }
            for (link, state) in self.overrides(environment.id, feature.id) {
                overrides_by_segment
                    .entry(link.segment)
                    .or_default()
                    .push(self.document_state(state));
            }
        }
        let segments: Vec<Value> = self
            .segments_of(environment.project)
            .filter(|segment| segment.feature.is_none() || overrides_by_segment.contains_key(&segment.id))
            .map(|segment| document_segment(segment, overrides_by_segment.get(&segment.id)))
            .collect();
        json!({
            "id": environment.id,
            "api_key": environment.client_key,
            "project": {
                "id": environment.project,
                "name": project.map(|project| project.name.clone()),
                "organisation": {
                    "id": self.organisation.id, "name": self.organisation.name, "feature_analytics": false,
                    "stop_serving_flags": self.account.is_blocked, "persist_trait_data": self.organisation.persist_trait_data,
                },
                "hide_disabled_flags": project.is_some_and(|project| project.hide_disabled_flags),
                "segments": segments,
                "enable_realtime_updates": false,
                "server_key_only_feature_ids": server_only,
            },
            "feature_states": defaults,
            "identity_overrides": self.document_identities(environment),
            "name": environment.name,
            "allow_client_traits": true,
            "updated_at": offset_time(environment.updated_at),
            "hide_sensitive_data": false,
            "hide_disabled_flags": environment.hide_disabled_flags,
            "use_identity_composite_key_for_hashing": true,
            "use_identity_overrides_in_local_eval": true,
        })
    }

    fn document_identities(&self, environment: &Environment) -> Vec<Value> {
        let mut by_identity: std::collections::BTreeMap<u64, Vec<Value>> = Default::default();
        for state in self
            .states
            .values()
            .filter(|state| state.environment == environment.id)
        {
            if let Some(identity) = state.identity {
                by_identity
                    .entry(identity)
                    .or_default()
                    .push(self.document_state(state));
            }
        }
        by_identity
            .into_iter()
            .filter_map(|(identity, features)| Some((self.identities.get(&identity)?, features)))
            .map(|(identity, features)| {
                json!({
                    "identifier": identity.identifier,
                    "environment_api_key": environment.client_key,
                    "created_date": offset_time(identity.created_at),
                    "identity_features": features,
                    "identity_traits": [],
                    // The server makes one up for each request.
                    "identity_uuid": Uuid::new_v4(),
                    "django_id": identity.id,
                    "dashboard_alias": identity.dashboard_alias,
                    "composite_key": format!("{}_{}", environment.client_key, identity.identifier),
                })
            })
            .collect()
    }

    /// A state as the document writes it.
    pub(crate) fn document_state(&self, state: &FeatureState) -> Value {
        let feature = self.features.get(&state.feature);
        let link = state.link.and_then(|link| self.links.get(&link));
        let weights: Vec<Value> = state
            .weights
            .iter()
            .filter_map(|weight| {
                let option = feature?
                    .options
                    .iter()
                    .find(|option| option.id == weight.option)?;
                Some(json!({
                    "multivariate_feature_option": {
                        "value": option.value.typed(), "id": option.id, "key": option.key,
                    },
                    "percentage_allocation": weight.percentage,
                    "id": weight.id,
                    "mv_fs_value_uuid": weight.uuid,
                }))
            })
            .collect();
        json!({
            "feature": feature.map(feature_stub),
            "enabled": state.enabled,
            "django_id": state.origin,
            "feature_segment": link.map(|link| json!({"priority": link.priority})),
            "featurestate_uuid": state.uuid,
            "feature_state_value": state.value.typed(),
            "multivariate_feature_state_values": weights,
        })
    }
}

fn document_segment(segment: &Segment, overrides: Option<&Vec<Value>>) -> Value {
    let rules: Vec<Value> = segment.rules.iter().map(document_rule).collect();
    json!({
        "id": segment.id, "name": segment.name, "rules": rules,
        "feature_states": overrides.cloned().unwrap_or_default(),
    })
}

fn document_rule(rule: &Rule) -> Value {
    let rules: Vec<Value> = rule.rules.iter().map(document_rule).collect();
    let conditions: Vec<Value> = rule
        .conditions
        .iter()
        .map(|condition| {
            json!({
                "operator": condition.operator, "value": condition.value, "property_": condition.property,
            })
        })
        .collect();
    json!({"type": rule.kind, "rules": rules, "conditions": conditions})
}
