//! Writing to the service past Halyard, as any other client would.

use std::collections::HashMap;

use halyard_model::{
    EnvironmentKey, FlagDefinition, FlagState, FlagValue, IdentityState, SegmentDefinition, SegmentRule,
    Subject, SubjectState, Variant,
};
use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::bench::{Bench, Place};

pub struct Service {
    client: reqwest::Client,
    base: String,
    key: String,
    project: String,
    environment: EnvironmentKey,
    /// The segments that were made, by the key that stood for them.
    made: HashMap<String, u64>,
}

impl Service {
    pub async fn of(bench: &Bench, place: &Place) -> Service {
        let connection = bench.console.connection(&place.connection).await.unwrap();
        Service {
            client: reqwest::Client::new(),
            base: bench.address(),
            key: bench.key(),
            project: connection.project.id,
            environment: place.environment.clone(),
            made: HashMap::new(),
        }
    }

    async fn send(&self, method: Method, url: String, body: Value) -> Value {
        let mut request = self.client.request(method.clone(), &url);
        if !body.is_null() {
            request = request.json(&body);
        }
        let authorisation = format!("Api-Key {}", self.key);
        let answer = request
            .header("Authorization", authorisation)
            .send()
            .await
            .unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{method} {url} {body}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    async fn admin(&self, method: Method, path: &str, body: Value) -> Value {
        self.send(method, format!("{}{path}", self.base), body).await
    }

    async fn in_environment(&self, method: Method, path: &str, body: Value) -> Value {
        let path = format!("environments/{}/{path}", self.environment.0);
        self.admin(method, &path, body).await
    }

    async fn in_project(&self, method: Method, path: &str, body: Value) -> Value {
        let path = format!("projects/{}/{path}", self.project);
        self.admin(method, &path, body).await
    }

    pub async fn document(&self) -> Value {
        self.in_environment(Method::GET, "document/", Value::Null).await
    }

    async fn feature(&self, name: &str) -> u64 {
        let path = format!("features/?search={name}&page_size=999");
        let found = self.in_project(Method::GET, &path, Value::Null).await;
        let rows = found["results"].as_array().unwrap();
        let row = rows.iter().find(|row| row["name"] == name).unwrap();
        row["id"].as_u64().unwrap()
    }

    fn segment(&self, key: &str) -> u64 {
        let made = self.made.get(key).copied();
        made.unwrap_or_else(|| key.parse().unwrap())
    }

    /// Carries out what leads from one state to another.
    pub async fn write(
        &mut self,
        subject: &Subject,
        base: Option<&SubjectState>,
        wish: Option<&SubjectState>,
    ) {
        match (subject, base, wish) {
            (
                Subject::FlagState { flag },
                Some(SubjectState::FlagState(base)),
                Some(SubjectState::FlagState(wish)),
            ) => {
                self.write_state(&flag.0, base, wish).await;
            }
            (Subject::IdentityOverride { flag, identity }, _, wish) => {
                let wish = match wish {
                    Some(SubjectState::IdentityOverride(wish)) => Some(wish),
                    _ => None,
                };
                self.write_override(&flag.0, identity, wish).await;
            }
            (Subject::Flag { flag }, base, wish) => {
                self.write_flag(&flag.0, definition(base), definition(wish)).await;
            }
            (Subject::Segment { segment }, base, wish) => {
                self.write_segment(&segment.0, base.is_some(), segment_of(wish))
                    .await;
            }
            other => panic!("{other:?}"),
        }
    }

    /// By the route that writes a whole flag, in one request for each override
    /// that goes and one for the rest.
    async fn write_state(&self, flag: &str, base: &FlagState, wish: &FlagState) {
        let feature = self.feature(flag).await;
        let whole = format!("environments/{}/features/{feature}/", self.environment.0);
        let future = format!("{}{whole}", self.base.replace("/api/v1/", "/api/__future__/"));
        let held = |id: &str| base.segment_overrides.iter().find(|own| own.segment_id == id);
        for own in &base.segment_overrides {
            if wish
                .segment_overrides
                .iter()
                .all(|kept| kept.segment_id != own.segment_id)
            {
                let url = format!("{future}segment-overrides/{}/", self.segment(&own.segment_id));
                self.send(Method::DELETE, url, Value::Null).await;
            }
        }
        let mut body = Map::new();
        let default = parts(
            (base.enabled, &base.value, &base.variants),
            (wish.enabled, &wish.value, &wish.variants),
        );
        if !default.is_empty() {
            body.insert("environment_default".into(), Value::Object(default));
        }
        let mut rows = Vec::new();
        let kept = base.segment_overrides.iter().filter(|own| {
            wish.segment_overrides
                .iter()
                .any(|kept| kept.segment_id == own.segment_id)
        });
        let order = |overrides: &[halyard_model::SegmentOverride]| -> Vec<String> {
            overrides.iter().map(|own| own.segment_id.clone()).collect()
        };
        let is_numbered =
            kept.map(|own| own.segment_id.clone()).collect::<Vec<_>>() != order(&wish.segment_overrides);
        for (place, own) in wish.segment_overrides.iter().enumerate() {
            let wished = (own.enabled, &own.value, &own.variants);
            let mut row = match held(&own.segment_id) {
                Some(held) => parts((held.enabled, &held.value, &held.variants), wished),
                None => parts((!own.enabled, &FlagValue(json!({})), &Vec::new()), wished),
            };
            if is_numbered {
                row.insert("priority".into(), json!(place));
            }
            if !row.is_empty() {
                row.insert("segment".into(), json!({"id": self.segment(&own.segment_id)}));
                rows.push(Value::Object(row));
            }
        }
        if !rows.is_empty() {
            body.insert("segment_overrides".into(), Value::Array(rows));
        }
        if !body.is_empty() {
            self.send(Method::PATCH, future, Value::Object(body)).await;
        }
    }

    async fn identity(&self, identifier: &str) -> u64 {
        let path = format!("identities/?q=%22{identifier}%22");
        let found = self.in_environment(Method::GET, &path, Value::Null).await;
        if let Some(id) = found["results"][0]["id"].as_u64() {
            return id;
        }
        let made = self
            .in_environment(Method::POST, "identities/", json!({"identifier": identifier}))
            .await;
        made["id"].as_u64().unwrap()
    }

    async fn write_override(&self, flag: &str, identifier: &str, wish: Option<&IdentityState>) {
        let (feature, identity) = (self.feature(flag).await, self.identity(identifier).await);
        let states = format!("identities/{identity}/featurestates/");
        let path = format!("{states}?feature={feature}");
        let held = self.in_environment(Method::GET, &path, Value::Null).await;
        let held = held["results"][0]["id"].as_u64();
        let Some(wish) = wish else {
            let path = format!("{states}{}/", held.unwrap());
            self.in_environment(Method::DELETE, &path, Value::Null).await;
            return;
        };
        let body = json!({"feature": feature, "enabled": wish.enabled, "feature_state_value": wish.value});
        match held {
            Some(id) => {
                self.in_environment(Method::PUT, &format!("{states}{id}/"), body)
                    .await
            }
            None => self.in_environment(Method::POST, &states, body).await,
        };
    }

    async fn write_flag(&self, name: &str, base: Option<&FlagDefinition>, wish: Option<&FlagDefinition>) {
        let Some(wish) = wish else {
            let path = format!("features/{}/", self.feature(name).await);
            self.in_project(Method::DELETE, &path, Value::Null).await;
            return;
        };
        let Some(base) = base else {
            let options: Vec<Value> = wish.options.iter().map(option).collect();
            let body = json!({
                "name": name, "default_enabled": wish.enabled, "initial_value": wish.value,
                "is_server_key_only": wish.server_only, "multivariate_options": options,
            });
            self.in_project(Method::POST, "features/", body).await;
            return;
        };
        let feature = self.feature(name).await;
        let mut body = Map::new();
        for (name, from, to) in [
            ("is_archived", base.archived, wish.archived),
            ("is_server_key_only", base.server_only, wish.server_only),
        ] {
            if from != to {
                body.insert(name.into(), json!(to));
            }
        }
        self.in_project(
            Method::PATCH,
            &format!("features/{feature}/"),
            Value::Object(body),
        )
        .await;
        let path = format!("features/{feature}/mv-options/");
        for gone in base
            .options
            .iter()
            .filter(|held| wish.options.iter().all(|kept| kept.id != held.id))
        {
            self.in_project(Method::DELETE, &format!("{path}{}/", gone.id), Value::Null)
                .await;
        }
        for wished in &wish.options {
            let mut body = option(wished);
            body["feature"] = json!(feature);
            match base.options.iter().find(|held| held.id == wished.id) {
                Some(held) if held == wished => {}
                Some(_) => {
                    self.in_project(Method::PATCH, &format!("{path}{}/", wished.id), body)
                        .await;
                }
                None => {
                    self.in_project(Method::POST, &path, body).await;
                }
            }
        }
    }

    async fn write_segment(&mut self, key: &str, is_there: bool, wish: Option<&SegmentDefinition>) {
        let Some(wish) = wish else {
            let path = format!("segments/{}/", self.segment(key));
            self.in_project(Method::DELETE, &path, Value::Null).await;
            return;
        };
        let rules: Vec<Value> = wish.rules.iter().map(rule).collect();
        let body = json!({"name": wish.name, "project": self.project, "rules": rules});
        if is_there {
            let path = format!("segments/{}/", self.segment(key));
            self.in_project(Method::PUT, &path, body).await;
            return;
        }
        let made = self.in_project(Method::POST, "segments/", body).await;
        self.made.insert(key.to_owned(), made["id"].as_u64().unwrap());
    }
}

type Parts<'a> = (bool, &'a FlagValue, &'a Vec<Variant>);

/// What of a state changes, as the route that writes a whole flag takes it.
fn parts(base: Parts<'_>, wish: Parts<'_>) -> Map<String, Value> {
    let mut parts = Map::new();
    if base.0 != wish.0 {
        parts.insert("enabled".into(), json!(wish.0));
    }
    if base.1 != wish.1 {
        let typed = match &wish.1.0 {
            Value::Bool(on) => json!({"type": "boolean", "value": on.to_string()}),
            Value::Number(number) => json!({"type": "integer", "value": number.to_string()}),
            Value::String(text) => json!({"type": "string", "value": text}),
            other => panic!("{other}"),
        };
        parts.insert("value".into(), typed);
    }
    if base.2 != wish.2 {
        let rows = wish
            .2
            .iter()
            .map(|one| json!({"id": one.id.parse::<u64>().unwrap(), "weight": one.weight}));
        parts.insert("variants".into(), rows.collect());
    }
    parts
}

fn option(option: &Variant) -> Value {
    let mut row = match &option.value.0 {
        Value::Bool(on) => json!({"type": "bool", "boolean_value": on}),
        Value::Number(number) => json!({"type": "int", "integer_value": number}),
        Value::String(text) => json!({"type": "unicode", "string_value": text}),
        other => panic!("{other}"),
    };
    row["default_percentage_allocation"] = json!(option.weight);
    if let Some(key) = &option.key {
        row["key"] = json!(key);
    }
    row
}

fn rule(one: &SegmentRule) -> Value {
    let conditions: Vec<Value> = one
        .conditions
        .iter()
        .map(|one| json!({"operator": one.operator, "property": one.property, "value": one.value}))
        .collect();
    let rules: Vec<Value> = one.rules.iter().map(rule).collect();
    json!({"type": one.kind, "conditions": conditions, "rules": rules})
}

fn definition(state: Option<&SubjectState>) -> Option<&FlagDefinition> {
    match state {
        Some(SubjectState::Flag(flag)) => Some(flag),
        _ => None,
    }
}

fn segment_of(state: Option<&SubjectState>) -> Option<&SegmentDefinition> {
    match state {
        Some(SubjectState::Segment(segment)) => Some(segment),
        _ => None,
    }
}
