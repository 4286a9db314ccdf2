//! The routes that an SDK calls.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::flagsmith::call::{Answer, Call, Outcome, Outcome2, python_type};
use crate::flagsmith::rows::{Environment, Trait};
use crate::flagsmith::served::{self, ServedFlag};
use crate::flagsmith::store::Store;
use crate::flagsmith::value::stripped;

/// In characters.
const LONGEST_TRAIT: usize = 2_000;
const LONGEST_TRAIT_KEY: usize = 200;

fn environment<'a>(store: &'a Store, call: &Call) -> Outcome2<&'a Environment> {
    let key = call.key()?;
    store
        .environments
        .get(&key.environment)
        .ok_or_else(Answer::server_error)
}

/// Seconds since 1970 with the fraction, as the freshness header writes them.
fn document_time(moment: Timestamp) -> String {
    let micros = moment.as_microsecond();
    format!(
        "{}.{:06}",
        micros.div_euclid(1_000_000),
        micros.rem_euclid(1_000_000)
    )
}

/// Tells when the environment last changed, as far as the worker's row knows.
fn stamped(answer: Answer, call: &Call, environment: &Environment) -> Answer {
    let moment = call.seen_updated_at.unwrap_or(environment.updated_at);
    answer.with("X-Flagsmith-Document-Updated-At", document_time(moment))
}

/// `GET /flags/`: a bare list, or with `feature` one flag.
pub(crate) fn flags(store: &mut Store, call: &Call) -> Outcome {
    const VARY: &str = "X_ENVIRONMENT_KEY, Origin";
    let environment = environment(store, call)?;
    let rows = store.flags(environment, call.key()?.server_side);
    if let Some(name) = call.query("feature") {
        let row = rows
            .into_iter()
            .find(|(feature, _)| feature.name.eq_ignore_ascii_case(name));
        let Some((feature, state)) = row else {
            return Err(Answer::detail(404, "Given feature not found").varying(VARY));
        };
        return Ok(Answer::ok(Value::Object(served::flag_row(feature, state))).varying(VARY));
    }
    let rows = rows
        .into_iter()
        .map(|(feature, state)| Value::Object(served::flag_row(feature, state)))
        .collect();
    Ok(stamped(Answer::ok(Value::Array(rows)), call, environment).varying(VARY))
}

/// A trait as a request sends it.
#[derive(Debug)]
struct SentTrait {
    key: String,
    value: Value,
    transient: bool,
}

/// What an identity request asks for.
#[derive(Debug)]
struct Asked {
    identifier: String,
    transient: bool,
    traits: Vec<SentTrait>,
}

/// `GET /identities/?identifier=`: makes the identity unless told that it is transient.
pub(crate) fn identity_get(store: &mut Store, call: &Call) -> Outcome {
    const VARY: &str = "X_ENVIRONMENT_KEY, Accept, Origin";
    let Some(identifier) = call.query("identifier") else {
        return Ok(Answer::detail(200, "Missing identifier").varying(VARY));
    };
    let transient = call.query_flag("transient").unwrap_or(false);
    let asked = Asked {
        identifier: identifier.to_owned(),
        transient,
        traits: Vec::new(),
    };
    identity_answer(store, call, &asked, call.query("feature"))
        .map(|answer| answer.varying(VARY))
        .map_err(|answer| answer.varying(VARY))
}

/// `POST /identities/`: keeps the identity and its traits, except what is transient.
pub(crate) fn identity_post(store: &mut Store, call: &Call) -> Outcome {
    let body = call.object()?;
    let traits = sent_traits(&body)?;
    let named = match body.get("identifier") {
        Some(Value::String(text)) => stripped(text).to_owned(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    let named = Some(named).filter(|name| !name.is_empty());
    let transient = named.is_none() || body.get("transient").and_then(Value::as_bool).unwrap_or(false);
    let identifier = named.unwrap_or_else(|| made_identifier(&traits));
    identity_answer(
        store,
        call,
        &Asked {
            identifier,
            transient,
            traits,
        },
        None,
    )
}

/// Who names nobody gets a name made from the traits, or a new one where there are none.
fn made_identifier(traits: &[SentTrait]) -> String {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    if traits.is_empty() {
        return uuid::Uuid::new_v4().simple().to_string();
    }
    let mut parts: Vec<String> = traits
        .iter()
        .map(|sent| format!("{}{}", sent.key, sent.value))
        .collect();
    parts.sort();
    hex(&Sha256::digest(parts.join(",")))
}

fn sent_traits(body: &Map<String, Value>) -> Outcome2<Vec<SentTrait>> {
    let refused = |problem: Value| Answer::bad(json!({"traits": problem}));
    let rows = match body.get("traits") {
        None => return Ok(Vec::new()),
        Some(Value::Array(rows)) => rows,
        Some(Value::Null) => return Err(refused(json!(["This field may not be null."]))),
        Some(other) => {
            let sentence = format!(
                "Expected a list of items but got type \"{}\".",
                python_type(other)
            );
            return Err(refused(json!({"non_field_errors": [sentence]})));
        }
    };
    rows.iter()
        .map(|row| sent_trait(row).map_err(|(field, sentence)| refused(json!([{field: [sentence]}]))))
        .collect()
}

/// One row, or the field that is wrong with the server's sentence about it.
fn sent_trait(row: &Value) -> Result<SentTrait, (&'static str, String)> {
    let key = match row.get("trait_key") {
        Some(Value::String(text)) => stripped(text),
        _ => return Err(("trait_key", "This field is required.".to_owned())),
    };
    if key.is_empty() {
        return Err(("trait_key", "This field may not be blank.".to_owned()));
    }
    if key.chars().count() > LONGEST_TRAIT_KEY {
        let sentence = format!("Ensure this field has no more than {LONGEST_TRAIT_KEY} characters.");
        return Err(("trait_key", sentence));
    }
    let value = match row.get("trait_value") {
        None => return Err(("trait_value", "This field is required.".to_owned())),
        Some(Value::String(text)) if text.chars().count() > LONGEST_TRAIT => {
            let sentence = "Value string is too long. Must be less than 2000 character";
            return Err(("trait_value", sentence.to_owned()));
        }
        Some(compound @ (Value::Object(_) | Value::Array(_))) => Value::String(printed(compound)),
        Some(scalar) => scalar.clone(),
    };
    Ok(SentTrait {
        key: key.to_owned(),
        value,
        transient: row.get("transient").and_then(Value::as_bool).unwrap_or(false),
    })
}

/// A list or object as the server's language prints it.
fn printed(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => format!("'{text}'"),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(printed).collect::<Vec<_>>().join(", "))
        }
        Value::Object(fields) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|(name, value)| format!("'{name}': {}", printed(value)))
                .collect();
            format!("{{{}}}", fields.join(", "))
        }
    }
}

fn identity_answer(store: &mut Store, call: &Call, asked: &Asked, feature: Option<&str>) -> Outcome {
    let environment = environment(store, call)?.clone();
    let known = store
        .identity_by_identifier(environment.id, &asked.identifier)
        .map(|identity| identity.id);
    let keeps = !asked.transient;
    let id = if keeps {
        Some(store.identity_or_new(environment.id, &asked.identifier))
    } else {
        known
    };
    if let Some(id) = id.filter(|_| keeps && store.organisation.persist_trait_data) {
        keep_traits(store, id, &asked.traits);
    }
    let stored = id
        .and_then(|id| store.identities.get(&id))
        .map_or(&[][..], |identity| identity.traits.as_slice());
    let mut traits: Map<String, Value> = stored
        .iter()
        .map(|row| (row.key.clone(), row.value.clone()))
        .collect();
    let mut shown: Vec<Value> = stored
        .iter()
        .map(|row| json!({"id": row.id, "trait_key": row.key, "trait_value": row.value, "transient": false}))
        .collect();
    for sent in asked
        .traits
        .iter()
        .filter(|sent| sent.transient || asked.transient)
    {
        traits.insert(sent.key.clone(), sent.value.clone());
        shown.retain(|row| row["trait_key"] != json!(sent.key));
        shown.push(json!({"id": null, "trait_key": sent.key, "trait_value": sent.value, "transient": true}));
    }
    let server_side = call.key()?.server_side;
    let hide = store.hides_disabled(&environment);
    let flags: Vec<ServedFlag<'_>> = store
        .flags_for(&environment, &asked.identifier, &traits)
        .map_err(|_| Answer::server_error())?
        .into_iter()
        .filter(|flag| server_side || !flag.feature.is_server_key_only)
        .filter(|flag| flag.enabled || !hide)
        .collect();
    if let Some(name) = feature {
        let flag = flags
            .iter()
            .find(|flag| flag.feature.name.eq_ignore_ascii_case(name));
        let answer = match flag {
            Some(flag) => Answer::ok(served::identity_flag_row(flag)),
            None => Answer::detail(404, "Given feature not found"),
        };
        return Ok(stamped(answer, call, &environment));
    }
    let flags: Vec<Value> = flags.iter().map(served::identity_flag_row).collect();
    let body = json!({"identifier": asked.identifier, "traits": shown, "flags": flags});
    Ok(stamped(Answer::ok(body), call, &environment))
}

fn keep_traits(store: &mut Store, identity: u64, sent: &[SentTrait]) {
    for row in sent.iter().filter(|row| !row.transient) {
        let now = store.now;
        let fresh = store.next_id("trait");
        let Some(identity) = store.identities.get_mut(&identity) else {
            return;
        };
        if row.value.is_null() {
            identity.traits.retain(|stored| stored.key != row.key);
            continue;
        }
        match identity.traits.iter_mut().find(|stored| stored.key == row.key) {
            Some(stored) => stored.value = row.value.clone(),
            None => identity.traits.push(Trait {
                id: fresh,
                key: row.key.clone(),
                value: row.value.clone(),
                created_at: now,
            }),
        }
    }
}

/// `POST /traits/`: one trait of one identity.
pub(crate) fn set_trait(store: &mut Store, call: &Call) -> Outcome {
    let environment = environment(store, call)?.id;
    let body = call.object()?;
    let identifier = body
        .get("identity")
        .and_then(|identity| identity.get("identifier"))
        .and_then(Value::as_str);
    let Some(identifier) = identifier else {
        return Err(Answer::bad(json!({"identity": ["This field is required."]})));
    };
    let sent = sent_traits(&crate::flagsmith::render::object(json!({"traits": [{
        "trait_key": body.get("trait_key"), "trait_value": body.get("trait_value"),
    }]})))?;
    let id = store.identity_or_new(environment, identifier);
    keep_traits(store, id, &sent);
    Ok(Answer::ok(json!({
        "identity": {"identifier": identifier}, "trait_value": body.get("trait_value"),
        "trait_key": body.get("trait_key"),
    })))
}

/// `GET /environment-document/`. A conditional request is answered against a row that may be old.
pub(crate) fn document(store: &mut Store, call: &Call) -> Outcome {
    if !call.key()?.server_side {
        return Err(Answer::detail(403, "Invalid or missing Environment key"));
    }
    let environment = environment(store, call)?;
    let seen_at = call.seen_updated_at.unwrap_or(environment.updated_at);
    let last_modified = std::time::UNIX_EPOCH
        + std::time::Duration::from_secs(u64::try_from(seen_at.as_second()).unwrap_or(0));
    let shown = httpdate::fmt_http_date(last_modified);
    let since = call
        .header("if-modified-since")
        .and_then(|text| httpdate::parse_http_date(text).ok());
    if since.is_some_and(|since| since >= last_modified) {
        return Ok(Answer::empty(304).with("Last-Modified", shown));
    }
    let answer = Answer::ok(store.document(environment)).with("Last-Modified", shown);
    Ok(stamped(answer, call, environment))
}

/// `POST /analytics/flags/`: counted nowhere.
pub(crate) fn analytics(_: &mut Store, call: &Call) -> Outcome {
    call.object()?;
    Ok(Answer::empty(200))
}

/// `POST /api/v2/analytics/flags/`
pub(crate) fn analytics_v2(_: &mut Store, call: &Call) -> Outcome {
    call.object()?;
    Ok(Answer::empty(204))
}
