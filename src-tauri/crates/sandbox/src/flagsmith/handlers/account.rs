//! Signing in, keys, permissions, the audit log, usage and health.

use serde_json::{Value, json};

use crate::flagsmith::audit::AuditRow;
use crate::flagsmith::call::{Answer, Call, Caller, Outcome, SERVER_VERSION};
use crate::flagsmith::condition::wants_checks;
use crate::flagsmith::fields;
use crate::flagsmith::paging;
use crate::flagsmith::permissions;
use crate::flagsmith::render;
use crate::flagsmith::rows::OrganisationKey;
use crate::flagsmith::store::Store;

/// `POST /auth/login/`
pub(crate) fn login(store: &mut Store, call: &Call) -> Outcome {
    let body = call.object()?;
    let email = fields::required_text(&body, "email")?;
    let password = fields::required_text(&body, "password")?;
    let user = store
        .users
        .values()
        .find(|user| user.email.eq_ignore_ascii_case(email) && user.password == password);
    let Some(user) = user else {
        let sentence = "Unable to log in with provided credentials.";
        return Err(Answer::bad(json!({"non_field_errors": [sentence]})));
    };
    Ok(Answer::ok(json!({"key": user.token}))
        .varying("Accept, Origin, Cookie")
        .with(
            "Set-Cookie",
            "sessionid=sandbox; HttpOnly; Path=/; SameSite=Lax".to_owned(),
        ))
}

/// `GET /auth/users/me/`
pub(crate) fn me(store: &mut Store, call: &Call) -> Outcome {
    let Caller::User(id) = call.caller else {
        return Err(Answer::server_error());
    };
    let user = store.users.get(&id).ok_or_else(Answer::server_error)?;
    Ok(Answer::ok(render::user(user)))
}

/// `GET /organisations/{id}/master-api-keys/`
pub(crate) fn organisation_keys(store: &mut Store, call: &Call) -> Outcome {
    let rows: Vec<Value> = store
        .organisation_keys
        .iter()
        .map(|key| Value::Object(render::organisation_key(key, store.now)))
        .collect();
    paging::page(call, &rows)
}

/// `POST` of the same: the only answer that shows the key.
pub(crate) fn create_organisation_key(store: &mut Store, call: &Call) -> Outcome {
    let body = call.object()?;
    let name = fields::required_text(&body, "name")?.to_owned();
    let expires_at = fields::moment(&body, "expiry_date")?;
    let serial = store.next_id("organisation key");
    let key = OrganisationKey {
        key: format!("sandbx{serial:02}.{:0>32}", "OnlyForTheSandbox"),
        name,
        created_at: store.now,
        expires_at,
        created_by: call.caller.user(),
    };
    let mut row = render::organisation_key(&key, store.now);
    row.insert("key".to_owned(), json!(key.key));
    store.organisation_keys.push(key);
    Ok(Answer::created(Value::Object(row)))
}

/// `GET …/my-permissions/`, which needs a person.
pub(crate) fn permissions(store: &mut Store, call: &Call) -> Outcome {
    let known = store.projects.contains_key(&call.id(0)) || store.environment_by_key(call.text(0)).is_some();
    if !known {
        return Err(Answer::forbidden());
    }
    if call.caller == Caller::OrganisationKey {
        let sentence = "This endpoint can only be used with a user and not Master API Key";
        return Err(Answer::detail(400, sentence));
    }
    let granted = permissions::granted(store, call.path.contains("/environments/"));
    Ok(Answer::ok(json!({
        "admin": granted.is_none(), "permissions": granted.unwrap_or_default(), "tag_based_permissions": [],
    })))
}

/// The audit lists of a project and of the organisation, newest first: always empty on an unlicensed build.
pub(crate) fn audit(store: &mut Store, call: &Call) -> Outcome {
    let of_project = call.path.contains("/projects/").then(|| call.id(0));
    let environments: Vec<u64> = call
        .query
        .iter()
        .filter(|(name, _)| name == "environments")
        .filter_map(|(_, id)| id.parse().ok())
        .collect();
    let search = call.query("search").map(str::to_lowercase);
    let rows: Vec<&AuditRow> = store
        .audit_shown()
        .into_iter()
        .filter(|row| of_project.is_none_or(|project| row.project == project))
        .filter(|row| {
            environments.is_empty() || row.environment.is_some_and(|one| environments.contains(&one))
        })
        .filter(|row| {
            search
                .as_ref()
                .is_none_or(|search| row.log.to_lowercase().contains(search))
        })
        .collect();
    paging::page_of(call, &rows, |row| render::audit_row(store, row))
}

/// `GET /audit/`, which breaks without a person.
pub(crate) fn audit_of_everything(store: &mut Store, call: &Call) -> Outcome {
    if call.caller == Caller::OrganisationKey {
        return Err(Answer::server_error());
    }
    audit(store, call)
}

/// `GET /organisations/{id}/usage-data/`
pub(crate) fn usage(store: &mut Store, call: &Call) -> Outcome {
    let usage = &store.account.usage;
    if call.query("period") == Some("current_billing_period") && !usage.is_billed() {
        return Err(Answer::detail(
            404,
            "No billing periods found for this organisation.",
        ));
    }
    Ok(Answer::ok(Value::Array(usage.days(store.now))))
}

/// `GET /organisations/{id}/usage-data/total-count/`, which breaks off where there is nothing to count.
pub(crate) fn usage_total(store: &mut Store, _: &Call) -> Outcome {
    if let Some(calls) = store.account.usage.calls {
        return Ok(Answer::ok(json!({"count": calls})));
    }
    Err(fields::wrong("count", "This field may not be null."))
}

/// The webhooks of an environment or of the organisation: there are none.
pub(crate) fn webhooks(_: &mut Store, _: &Call) -> Outcome {
    Ok(Answer::ok(json!([])))
}

/// Adding a webhook: an address on this machine or network is refused, and the sandbox sends to no other.
pub(crate) fn create_webhook(_: &mut Store, call: &Call) -> Outcome {
    let body = call.object()?;
    fields::required_text(&body, "url")?;
    Err(fields::wrong(
        "url",
        "URLs must not target internal or private network addresses.",
    ))
}

/// `GET /health` and `/health/readiness/`
pub(crate) fn health(_: &mut Store, call: &Call) -> Outcome {
    if wants_checks(call) {
        let checks = json!({"DatabaseBackend": "working", "MigrationsHealthCheck": "working"});
        return Ok(Answer::ok(checks).plain());
    }
    Ok(Answer {
        headers: Vec::new(),
        ..Answer::browsable()
    }
    .plain()
    .varying("Origin"))
}

/// `GET /health/liveness/`
pub(crate) fn liveness(_: &mut Store, _: &Call) -> Outcome {
    Ok(Answer::ok(json!({"status": "ok"})).plain())
}

/// `GET /version/`
pub(crate) fn version(_: &mut Store, _: &Call) -> Outcome {
    Ok(Answer::ok(json!({
        "ci_commit_sha": "unknown", "image_tag": SERVER_VERSION, "has_email_provider": false,
        "is_enterprise": false, "is_saas": false,
        "self_hosted_data": {"has_users": true, "has_logins": true},
        "package_versions": {".": SERVER_VERSION},
    }))
    .plain())
}

/// `GET /processor/monitoring/`
pub(crate) fn monitoring(store: &mut Store, call: &Call) -> Outcome {
    let Caller::User(id) = call.caller else {
        return Err(Answer::server_error());
    };
    if !store.users.get(&id).is_some_and(|user| user.staff) {
        return Err(Answer::forbidden());
    }
    Ok(Answer::ok(json!({"waiting": store.account.waiting()})))
}
