//! One project's definitions, and the writes on them.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    answer::Refusal,
    kind::Kind,
    limits::Limits,
    options::{EdgeFlagsOptions, ListItems, PutMode},
    tokens::Token,
    validate,
};
use crate::history::{Change, Writer, Writes};

/// Definitions by key, each an object with its `version` and without its key.
#[derive(Debug, Clone, Default)]
pub(crate) struct Definitions {
    pub(crate) flags: Map<String, Value>,
    pub(crate) configs: Map<String, Value>,
    pub(crate) segments: Map<String, Value>,
}

impl Definitions {
    pub(super) fn of(&self, kind: Kind) -> &Map<String, Value> {
        match kind {
            Kind::Flag => &self.flags,
            Kind::Config => &self.configs,
            Kind::Segment => &self.segments,
        }
    }

    fn of_mut(&mut self, kind: Kind) -> &mut Map<String, Value> {
        match kind {
            Kind::Flag => &mut self.flags,
            Kind::Config => &mut self.configs,
            Kind::Segment => &mut self.segments,
        }
    }
}

/// Everything the service knows.
#[derive(Debug)]
pub(super) struct Project {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) slug: String,
    pub(super) environments: Vec<String>,
    pub(super) live: Definitions,
    /// What reads see while the store lags behind the writes.
    pub(super) lagging: Option<Definitions>,
    pub(super) tokens: Vec<Token>,
    /// Oldest first.
    pub(super) audit: Vec<Value>,
    pub(super) limits: Limits,
    pub(super) options: EdgeFlagsOptions,
    pub(super) writes: Writes,
    /// Who sends the request that is being carried out.
    pub(super) writer: Writer,
}

/// So many entries of the audit log are kept: each holds two definitions, and a
/// long run must not grow with its writes.
const AUDIT_KEPT: usize = 1_000;

/// A definition after a write, with its key.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) key: String,
    pub(super) definition: Value,
}

impl Project {
    /// What a read sees.
    pub(super) fn seen(&self) -> &Definitions {
        self.lagging.as_ref().unwrap_or(&self.live)
    }

    /// A definition as a list shows it.
    pub(super) fn listed(&self, definition: &Value) -> Value {
        if self.options.list_items == ListItems::Full {
            return definition.clone();
        }
        let shown = ["enabled", "value", "conditions", "version"];
        let members = shown
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), definition.get(name)?.clone())));
        Value::Object(members.collect())
    }

    pub(super) fn create(
        &mut self,
        kind: Kind,
        mut body: Map<String, Value>,
        actor: &str,
    ) -> Result<Written, Refusal> {
        let key = body.shift_remove("key");
        let Some(key) = key
            .as_ref()
            .and_then(Value::as_str)
            .filter(|key| validate::is_key(key))
        else {
            return Err(Refusal::invalid(match kind {
                Kind::Flag => "key and enabled are required, and key must match [a-z0-9][a-z0-9._-]{0,127}",
                Kind::Config | Kind::Segment => "key is required and must match [a-z0-9][a-z0-9._-]{0,127}",
            }));
        };
        validate::whole(kind, &body)?;
        validate::members(kind, &body, &self.environments)?;
        if self.live.of(kind).contains_key(key) {
            return Err(Refusal::duplicate(kind.title(), key));
        }
        body.retain(|_, value| !value.is_null());
        body.insert("version".to_owned(), json!(1));
        let written = Written {
            key: key.to_owned(),
            definition: Value::Object(body),
        };
        self.live
            .of_mut(kind)
            .insert(key.to_owned(), written.definition.clone());
        self.record("create", kind.word(), key, None, Some(&written.definition), actor);
        Ok(written)
    }

    /// Updates a definition, if it still has the version the caller saw.
    pub(super) fn update(
        &mut self,
        kind: Kind,
        key: &str,
        mut body: Map<String, Value>,
        if_match: Option<&str>,
        actor: &str,
    ) -> Result<Written, Refusal> {
        let before = self.find(kind, key)?;
        let current = version(&before);
        if if_match.is_some_and(|wanted| wanted.trim() != format!("\"{current}\"")) {
            return Err(Refusal::version_conflict(current));
        }
        if body.shift_remove("key").is_some_and(|other| other != key) {
            return Err(Refusal::invalid("key cannot be changed"));
        }
        body.shift_remove("version");
        validate::members(kind, &body, &self.environments)?;
        let after = match self.options.put_mode {
            PutMode::Merge => merged(before.as_object(), body),
            PutMode::Replace => body,
        };
        validate::whole(kind, &after)?;
        Ok(self.store(kind, key, &before, after, current + 1, actor))
    }

    pub(super) fn delete(&mut self, kind: Kind, key: &str, actor: &str) -> Result<(), Refusal> {
        let before = self.find(kind, key)?;
        self.live.of_mut(kind).shift_remove(key);
        self.record("delete", kind.word(), key, Some(&before), None, actor);
        Ok(())
    }

    /// Sets or, without a body, clears an environment's override.
    pub(super) fn set_override(
        &mut self,
        kind: Kind,
        key: &str,
        environment: &str,
        body: Option<Map<String, Value>>,
        actor: &str,
    ) -> Result<Written, Refusal> {
        let before = self.find(kind, key)?;
        if !self.environments.iter().any(|name| name == environment) {
            return Err(Refusal::not_found("Environment"));
        }
        let mut after = before.as_object().cloned().unwrap_or_default();
        let mut overrides = after
            .get("environments")
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default();
        match body {
            Some(body) => {
                validate::members(kind, &body, &[])?;
                if kind == Kind::Config && !body.contains_key("value") {
                    return Err(Refusal::invalid("value is required"));
                }
                let entry = match self.options.put_mode {
                    PutMode::Merge => merged(overrides.get(environment).and_then(Value::as_object), body),
                    PutMode::Replace => body,
                };
                overrides.insert(environment.to_owned(), Value::Object(entry));
            }
            None => {
                if overrides.shift_remove(environment).is_none() {
                    return Err(Refusal::not_found("Override"));
                }
            }
        }
        after.insert("environments".to_owned(), Value::Object(overrides));
        let next = version(&before) + u64::from(self.options.override_bumps_version);
        Ok(self.store(kind, key, &before, after, next, actor))
    }

    fn find(&self, kind: Kind, key: &str) -> Result<Value, Refusal> {
        self.live
            .of(kind)
            .get(key)
            .cloned()
            .ok_or_else(|| Refusal::not_found(kind.title()))
    }

    fn store(
        &mut self,
        kind: Kind,
        key: &str,
        before: &Value,
        mut after: Map<String, Value>,
        version: u64,
        actor: &str,
    ) -> Written {
        after.retain(|_, value| !value.is_null());
        after.shift_remove("version");
        after.insert("version".to_owned(), json!(version));
        let written = Written {
            key: key.to_owned(),
            definition: Value::Object(after),
        };
        self.live
            .of_mut(kind)
            .insert(key.to_owned(), written.definition.clone());
        self.record(
            "update",
            kind.word(),
            key,
            Some(before),
            Some(&written.definition),
            actor,
        );
        written
    }

    /// Adds an entry to the audit log, and to the history where it is about a flag.
    pub(super) fn record(
        &mut self,
        action: &str,
        resource_type: &str,
        resource_key: &str,
        before: Option<&Value>,
        after: Option<&Value>,
        actor: &str,
    ) {
        if resource_type == Kind::Flag.word() {
            let change = Change {
                environment: String::new(),
                flag: resource_key.to_owned(),
                before: before.cloned(),
                after: after.cloned(),
            };
            self.writes.add(&self.writer, change);
        }
        let mut entry = json!({
            "timestamp": Timestamp::now().to_string(),
            "actor": actor,
            "action": action,
            "resource_type": resource_type,
            "resource_key": resource_key,
            "project_id": self.id,
        });
        if let Some(before) = before {
            entry["before"] = before.clone();
        }
        if let Some(after) = after {
            entry["after"] = after.clone();
        }
        self.audit.push(entry);
        let excess = self.audit.len().saturating_sub(AUDIT_KEPT);
        self.audit.drain(..excess);
    }
}

/// The version of a definition, from 1.
pub(super) fn version(definition: &Value) -> u64 {
    definition["version"].as_u64().unwrap_or(1)
}

/// A shallow merge: members of the change replace whole members, and `null` clears one.
fn merged(base: Option<&Map<String, Value>>, change: Map<String, Value>) -> Map<String, Value> {
    let mut merged = base.cloned().unwrap_or_default();
    merged.extend(change);
    merged.retain(|_, value| !value.is_null());
    merged
}
