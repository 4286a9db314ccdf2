//! Flags as an SDK or an identity gets them.

use serde_json::{Map, Value, json};

use super::evaluate::{Evaluated, Settled, evaluate};
use super::render::{feature_stub, feature_type, time};
use super::rows::{Environment, Feature, FeatureState, Identity};
use super::store::Store;

/// One flag for one identity, with what decided it.
#[derive(Debug)]
pub(crate) struct ServedFlag<'a> {
    pub(crate) feature: &'a Feature,
    /// The state that won: the identity's, an override's or the default.
    pub(crate) state: &'a FeatureState,
    pub(crate) enabled: bool,
    pub(crate) value: Value,
    pub(crate) variant: Option<String>,
}

impl Store {
    /// The flags of an environment without an identity; disabled ones are left out where the environment
    /// or the project says so.
    pub(crate) fn flags(
        &self,
        environment: &Environment,
        server_side: bool,
    ) -> Vec<(&Feature, &FeatureState)> {
        let hide = self.hides_disabled(environment);
        self.features_of(environment.project)
            .filter(|feature| server_side || !feature.is_server_key_only)
            .filter_map(|feature| Some((feature, self.default_state(environment.id, feature.id)?)))
            .filter(|(_, state)| state.enabled || !hide)
            .collect()
    }

    /// Whether an environment leaves disabled flags out.
    pub(crate) fn hides_disabled(&self, environment: &Environment) -> bool {
        environment.hide_disabled_flags.unwrap_or_else(|| {
            self.projects
                .get(&environment.project)
                .is_some_and(|project| project.hide_disabled_flags)
        })
    }

    /// The flags of an environment for an identity with these traits.
    ///
    /// # Errors
    /// The engine's sentence where the server would fail.
    pub(crate) fn flags_for(
        &self,
        environment: &Environment,
        identifier: &str,
        traits: &Map<String, Value>,
    ) -> Result<Vec<ServedFlag<'_>>, String> {
        let mut document = self.document(environment);
        // The server looks only at segments that override something here, so a broken pattern elsewhere
        // hurts nobody. A client that evaluates the document looks at all of them.
        if let Some(segments) = document["project"]["segments"].as_array_mut() {
            segments.retain(|segment| {
                segment["feature_states"]
                    .as_array()
                    .is_some_and(|rows| !rows.is_empty())
            });
        }
        let Evaluated { mut flags, segments } = evaluate(&document, Some((identifier, traits)))?;
        let identity = self
            .identity_by_identifier(environment.id, identifier)
            .map(|identity| identity.id);
        let mut served = Vec::new();
        for feature in self.features_of(environment.project) {
            let Some(default) = self.default_state(environment.id, feature.id) else {
                continue;
            };
            let own =
                identity.and_then(|identity| self.identity_override(environment.id, identity, feature.id));
            let matched = self
                .served_overrides(environment.id, feature.id)
                .into_iter()
                .find(|(link, _)| {
                    self.segments
                        .get(&link.segment)
                        .is_some_and(|segment| segments.contains(&segment.name))
                });
            let state = own.or(matched.map(|(_, state)| state)).unwrap_or(default);
            let pinned = own.filter(|own| !own.weights.is_empty());
            let settled = match pinned {
                Some(own) => self.settle_alone(environment, own, identifier)?,
                None => flags.remove(&feature.name),
            };
            let settled = settled.unwrap_or_else(|| Settled {
                enabled: state.enabled,
                value: state.value.typed(),
                variant: None,
            });
            let Settled {
                enabled,
                value,
                variant,
            } = settled;
            served.push(ServedFlag {
                feature,
                state,
                enabled,
                value,
                variant,
            });
        }
        Ok(served)
    }

    /// An identity's own override with weights. The server lets them choose; a client that evaluates the
    /// document drops them, so the override is settled here as if it were the default of the only flag.
    fn settle_alone(
        &self,
        environment: &Environment,
        own: &FeatureState,
        identifier: &str,
    ) -> Result<Option<Settled>, String> {
        let document = json!({
            "id": environment.id, "api_key": environment.client_key, "name": environment.name,
            "project": {"segments": []}, "feature_states": [self.document_state(own)],
        });
        let Evaluated { mut flags, .. } = evaluate(&document, Some((identifier, &Map::new())))?;
        Ok(flags.pop_first().map(|(_, settled)| settled))
    }

    /// An identity's stored traits by name.
    pub(crate) fn stored_traits(identity: &Identity) -> Map<String, Value> {
        identity
            .traits
            .iter()
            .map(|row| (row.key.clone(), row.value.clone()))
            .collect()
    }
}

/// A flag as `/flags/` shows it.
pub(crate) fn flag_row(feature: &Feature, state: &FeatureState) -> Map<String, Value> {
    super::render::object(json!({
        "id": state.id, "feature": sdk_feature(feature), "feature_state_value": state.value.typed(),
        "environment": state.environment, "identity": state.identity, "feature_segment": state.link,
        "enabled": state.enabled,
    }))
}

/// A flag as `/identities/` shows it.
pub(crate) fn identity_flag_row(flag: &ServedFlag<'_>) -> Value {
    let mut row = flag_row(flag.feature, flag.state);
    row.insert("enabled".to_owned(), json!(flag.enabled));
    row.insert("feature_state_value".to_owned(), flag.value.clone());
    row.insert("variant".to_owned(), json!(flag.variant));
    Value::Object(row)
}

fn sdk_feature(feature: &Feature) -> Value {
    json!({
        "id": feature.id, "name": feature.name, "created_date": time(feature.created_at),
        "description": feature.description, "initial_value": feature.initial_value,
        "default_enabled": feature.default_enabled, "type": feature_type(feature),
    })
}

/// A flag as an identity's `featurestates/all/` shows it, with what decided it.
pub(crate) fn reasoned_row(store: &Store, flag: &ServedFlag<'_>) -> Value {
    let link = flag.state.link.and_then(|link| store.links.get(&link));
    let segment = link.and_then(|link| store.segments.get(&link.segment));
    let decided_by = if flag.state.identity.is_some() {
        Some("IDENTITY")
    } else {
        segment.map(|_| "SEGMENT")
    };
    let weights: Vec<Value> = flag
        .state
        .weights
        .iter()
        .filter_map(|weight| {
            let option = flag
                .feature
                .options
                .iter()
                .find(|option| option.id == weight.option)?;
            Some(json!({
                "multivariate_feature_option": {"value": option.value.typed()},
                "percentage_allocation": weight.percentage,
            }))
        })
        .collect();
    json!({
        "feature": feature_stub(flag.feature), "enabled": flag.enabled, "feature_state_value": flag.value,
        "overridden_by": decided_by,
        "segment": segment.map(|segment| json!({"id": segment.id, "name": segment.name})),
        "multivariate_feature_state_values": weights,
    })
}
