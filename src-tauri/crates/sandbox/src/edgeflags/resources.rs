//! What each resource answers once a request is let in.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    answer::{Answer, Refusal},
    door::{Call, one_max_age},
    evaluate::Asker,
    kind::Kind,
    options::WriteAnswers,
    project::{Project, Written},
    route::Route,
    tokens::{self, Token, permission},
    validate,
};

/// Carries out a request whose token, verb and size are already in order.
pub(super) fn carry_out(
    project: &mut Project,
    call: &Call<'_>,
    token: &Token,
    route: &Route,
) -> Result<Answer, Refusal> {
    let actor = token.actor();
    match (route, call.method.as_str()) {
        (Route::List(kind), "GET") => list(project, call, *kind),
        (Route::List(kind), _) => {
            let written = project.create(*kind, call.object()?, &actor)?;
            Ok(match written_answer(project, *kind, Some(&written)) {
                Some(body) => Answer::created(body),
                None => Answer::empty(),
            })
        }
        (Route::One(kind, key), "GET") => one(project, call, *kind, key),
        (Route::One(kind, key), "PUT") => {
            let if_match = call.headers.get("if-match").and_then(|value| value.to_str().ok());
            let written = project.update(*kind, key, call.object()?, if_match, &actor)?;
            Ok(after_write(project, *kind, Some(&written)))
        }
        (Route::One(kind, key), _) => {
            project.delete(*kind, key, &actor)?;
            Ok(after_write(project, *kind, None))
        }
        (Route::Override(kind, key, environment), method) => {
            let body = if method == "PUT" {
                Some(call.object()?)
            } else {
                None
            };
            let written = project.set_override(*kind, key, environment, body, &actor)?;
            Ok(after_write(project, *kind, Some(&written)))
        }
        (Route::Evaluate, _) => evaluate_all(project, call, token),
        (Route::Project, "GET") => Ok(Answer::ok(describe(project))),
        (Route::Project, _) => rename(project, call, &actor),
        (Route::Environments, "GET") => Ok(Answer::ok(json!({ "environments": project.environments }))),
        (Route::Environments, _) => add_environment(project, call, &actor),
        (Route::Environment(name), _) => remove_environment(project, name, &actor),
        (Route::Tokens, "GET") => {
            let all: Vec<Value> = project
                .tokens
                .iter()
                .map(|token| token.meta(&project.id))
                .collect();
            Ok(Answer::ok(json!({ "tokens": all })))
        }
        (Route::Tokens, _) => add_token(project, call, &actor),
        (Route::Token(prefix), _) => remove_token(project, prefix, &actor),
        (Route::Audit, _) => audit(project, call),
        (Route::Health | Route::Docs | Route::OpenApi, _) => Err(Refusal::not_found("Route")),
    }
}

fn after_write(project: &Project, kind: Kind, written: Option<&Written>) -> Answer {
    written_answer(project, kind, written).map_or_else(Answer::empty, Answer::ok)
}

fn written_answer(project: &Project, kind: Kind, written: Option<&Written>) -> Option<Value> {
    if project.options.write_answers == WriteAnswers::Empty {
        return None;
    }
    let mut body = json!({ "success": true });
    if let Some(written) = written {
        body["key"] = json!(written.key);
        body[kind.word()] = written.definition.clone();
    }
    Some(body)
}

fn list(project: &Project, call: &Call<'_>, kind: Kind) -> Result<Answer, Refusal> {
    let (limit, offset) = call.page()?;
    let all = project.seen().of(kind);
    let items: Vec<Value> = all
        .iter()
        .skip(offset)
        .take(limit)
        .map(|(key, definition)| json!({ "key": key, kind.word(): project.listed(definition) }))
        .collect();
    let has_more = offset.saturating_add(items.len()) < all.len();
    let body = json!({ kind.plural(): items, "total": all.len(), "has_more": has_more });
    Ok(Answer::ok(body).cached_for(kind.list_max_age()))
}

fn one(project: &Project, call: &Call<'_>, kind: Kind, key: &str) -> Result<Answer, Refusal> {
    let definition = project
        .seen()
        .of(kind)
        .get(key)
        .ok_or_else(|| Refusal::not_found(kind.title()))?;
    let body = match kind {
        Kind::Flag => {
            let context = match call.query("context") {
                None => Map::new(),
                Some(text) => serde_json::from_str(&text)
                    .map_err(|_| Refusal::invalid("context is not a JSON object"))?,
            };
            asker(project, &context).evaluate(key, definition).to_json()
        }
        Kind::Config => json!({ "value": config_value(definition, call.query("environment").as_deref()) }),
        Kind::Segment => {
            let mut body = json!({ "key": key });
            if let (Some(body), Some(members)) = (body.as_object_mut(), definition.as_object()) {
                body.extend(members.clone());
            }
            body
        }
    };
    Ok(Answer::ok(body).cached_for(one_max_age(kind)))
}

fn asker<'a>(project: &'a Project, context: &'a Map<String, Value>) -> Asker<'a> {
    Asker {
        context,
        segments: project.seen().of(Kind::Segment),
        now: Timestamp::now(),
    }
}

fn config_value(definition: &Value, environment: Option<&str>) -> Value {
    let own = environment.and_then(|name| definition.get("environments")?.get(name)?.get("value"));
    own.unwrap_or(&definition["value"]).clone()
}

/// Flags and configs together. A token that may not read configs gets none, rather than a refusal.
fn evaluate_all(project: &Project, call: &Call<'_>, token: &Token) -> Result<Answer, Refusal> {
    let body = call.object()?;
    let context = match body.get("context") {
        Some(Value::Object(context)) => context.clone(),
        _ => return Err(Refusal::invalid("context is required and must be an object")),
    };
    let asker = asker(project, &context);
    let seen = project.seen();
    let flags: Map<String, Value> = seen
        .flags
        .iter()
        .map(|(key, flag)| (key.clone(), asker.evaluate(key, flag).value))
        .collect();
    let environment = context.get("environment").and_then(Value::as_str);
    let configs: Map<String, Value> = if token.may(permission::READ_CONFIGS) {
        seen.configs
            .iter()
            .map(|(key, config)| (key.clone(), config_value(config, environment)))
            .collect()
    } else {
        Map::new()
    };
    Ok(Answer::ok(json!({ "flags": flags, "configs": configs })))
}

fn describe(project: &Project) -> Value {
    json!({
        "id": project.id,
        "name": project.name,
        "slug": project.slug,
        "environments": project.environments,
    })
}

fn rename(project: &mut Project, call: &Call<'_>, actor: &str) -> Result<Answer, Refusal> {
    let body = call.object()?;
    let Some(name) = body
        .get("name")
        .and_then(Value::as_str)
        .filter(|name| !name.is_empty())
    else {
        return Err(Refusal::invalid("name is required"));
    };
    let before = describe(project);
    name.clone_into(&mut project.name);
    let after = describe(project);
    let id = project.id.clone();
    project.record("update", "project", &id, Some(&before), Some(&after), actor);
    Ok(Answer::ok(after))
}

fn add_environment(project: &mut Project, call: &Call<'_>, actor: &str) -> Result<Answer, Refusal> {
    let body = call.object()?;
    let Some(name) = body
        .get("name")
        .and_then(Value::as_str)
        .filter(|name| validate::is_key(name))
    else {
        return Err(Refusal::invalid(
            "name is required and must match [a-z0-9][a-z0-9._-]{0,127}",
        ));
    };
    if project.environments.iter().any(|known| known == name) {
        return Err(Refusal::duplicate("Environment", name));
    }
    let before = describe(project);
    project.environments.push(name.to_owned());
    let (id, after) = (project.id.clone(), describe(project));
    project.record("update", "project", &id, Some(&before), Some(&after), actor);
    Ok(Answer::created(json!({ "environments": project.environments })))
}

fn remove_environment(project: &mut Project, name: &str, actor: &str) -> Result<Answer, Refusal> {
    let Some(place) = project.environments.iter().position(|known| known == name) else {
        return Err(Refusal::not_found("Environment"));
    };
    if project.environments.len() == 1 {
        return Err(Refusal::in_use("The last environment cannot be removed"));
    }
    let before = describe(project);
    project.environments.remove(place);
    let (id, after) = (project.id.clone(), describe(project));
    project.record("update", "project", &id, Some(&before), Some(&after), actor);
    Ok(Answer::ok(json!({ "environments": project.environments })))
}

fn add_token(project: &mut Project, call: &Call<'_>, actor: &str) -> Result<Answer, Refusal> {
    let body = call.object()?;
    let Some(name) = body.get("name").and_then(Value::as_str) else {
        return Err(Refusal::invalid("name is required"));
    };
    let asked = body
        .get("permissions")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    let permissions: Vec<&str> = asked.iter().filter_map(Value::as_str).collect();
    if permissions.is_empty() || !permissions.iter().all(|one| permission::ALL.contains(one)) {
        return Err(Refusal::invalid("permissions must name known permissions"));
    }
    let expires_at = match body.get("expires_at").and_then(Value::as_str) {
        None => None,
        Some(text) => Some(
            text.parse()
                .map_err(|_| Refusal::invalid("expires_at must be an ISO 8601 time"))?,
        ),
    };
    let plaintext = tokens::plaintext(&project.id, &Uuid::new_v4().to_string());
    let token = Token::new(
        &plaintext,
        name,
        &permissions,
        Timestamp::now().to_string(),
        expires_at,
    );
    let meta = token.meta(&project.id);
    project.record("create", "token", &token.prefix, None, Some(&meta), actor);
    project.tokens.push(token);
    Ok(Answer::created(
        json!({ "success": true, "token": plaintext, "meta": meta }),
    ))
}

fn remove_token(project: &mut Project, prefix: &str, actor: &str) -> Result<Answer, Refusal> {
    let Some(place) = project.tokens.iter().position(|token| token.prefix == prefix) else {
        return Err(Refusal::not_found("Token"));
    };
    let meta = project.tokens.remove(place).meta(&project.id);
    project.record("delete", "token", prefix, Some(&meta), None, actor);
    Ok(Answer::ok(json!({ "success": true })))
}

fn audit(project: &Project, call: &Call<'_>) -> Result<Answer, Refusal> {
    let (limit, offset) = call.page()?;
    let (resource_type, resource_key) = (call.query("resource_type"), call.query("resource_key"));
    let wanted = |member: &str, filter: &Option<String>, entry: &Value| {
        filter
            .as_deref()
            .is_none_or(|filter| entry[member].as_str() == Some(filter))
    };
    let found: Vec<&Value> = project
        .audit
        .iter()
        .rev()
        .filter(|entry| wanted("resource_type", &resource_type, entry))
        .filter(|entry| wanted("resource_key", &resource_key, entry))
        .collect();
    let entries: Vec<&Value> = found.iter().skip(offset).take(limit).copied().collect();
    let has_more = offset.saturating_add(entries.len()) < found.len();
    Ok(Answer::ok(
        json!({ "entries": entries, "total": found.len(), "has_more": has_more }),
    ))
}
