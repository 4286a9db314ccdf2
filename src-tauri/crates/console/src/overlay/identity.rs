//! What single identities get, and their traits.

use halyard_model::{FieldChanges, FieldPath, FlagKey};
use serde_json::{Value, json};

use super::{
    Findings, LeftOutReason,
    places::{flag_name, list},
    sheet::{Kind, NewState, Sheet},
    state::lay_part,
    value::weights,
};

/// Lays a change to an identity's own state of a flag over.
pub(super) fn lay(
    sheet: &mut Sheet<'_>,
    (flag, identity): (&FlagKey, &str),
    changes: &FieldChanges,
    findings: &mut Findings,
) {
    if sheet.document()["use_identity_overrides_in_local_eval"] == false {
        return findings.leave_all_out(LeftOutReason::IdentitiesApart);
    }
    if changes.get(&FieldPath::Existence) == Some(&None) {
        return sheet.strip(Kind::Identity, identity, &flag.0);
    }
    let Some(default) = sheet.flag(&flag.0).cloned() else {
        return findings.leave_all_out(LeftOutReason::FlagMissing);
    };
    let own = sheet.get(Kind::Identity, identity);
    let held = own
        .and_then(|own| list(&own["identity_features"]).position(|state| flag_name(state) == Some(&flag.0)));
    let mut state = match (own, held) {
        (Some(own), Some(place)) => own["identity_features"][place].clone(),
        _ => new_state(sheet, &default),
    };
    for (field, to) in changes {
        let laid = match field {
            FieldPath::Existence => Ok(()),
            // Weights that an edit leaves open are the service's to choose.
            FieldPath::Weights if to.is_none() => Ok(()),
            FieldPath::Enabled | FieldPath::Value | FieldPath::Weights => {
                lay_part(sheet, &mut state, &default, field, to.as_ref())
            }
            _ => Err(LeftOutReason::Elsewhere),
        };
        if let Err(why) = laid {
            findings.leave_out(field, why);
        }
    }
    if sheet.get(Kind::Identity, identity).is_none() {
        let made = new_identity(sheet, identity);
        sheet.put(Kind::Identity, identity, made);
    }
    let Some(place) = held else {
        return sheet.join(Kind::Identity, identity, &flag.0, state);
    };
    if let Some(own) = sheet.get_mut(Kind::Identity, identity) {
        own["identity_features"][place] = state;
    }
}

/// What a draft leaves open of a new one is as the flag's default is.
fn new_state(sheet: &mut Sheet<'_>, default: &Value) -> Value {
    let rows: Vec<Value> = weights(default)
        .map(|row| {
            let weight = row["percentage_allocation"].as_f64().unwrap_or_default();
            sheet.new_weight(&row["multivariate_feature_option"], weight)
        })
        .collect();
    sheet.new_state(&NewState {
        feature: default["feature"].clone(),
        enabled: default["enabled"].as_bool().unwrap_or_default(),
        value: default["feature_state_value"].clone(),
        weights: rows,
        priority: None,
    })
}

fn new_identity(sheet: &mut Sheet<'_>, identity: &str) -> Value {
    let key = &sheet.document()["api_key"];
    let composite = format!("{}_{identity}", key.as_str().unwrap_or_default());
    let id = sheet.new_id();
    json!({
        "identifier": identity, "environment_api_key": key, "identity_features": [], "identity_traits": [],
        "django_id": id, "composite_key": composite,
    })
}

/// Lays a change to an identity's stored traits over: not in the document,
/// which has none of them, but in what is known of the identity.
pub(super) fn lay_traits(
    sheet: &mut Sheet<'_>,
    identity: &str,
    changes: &FieldChanges,
    findings: &mut Findings,
) {
    for (field, to) in changes {
        match field {
            FieldPath::Trait(name) => sheet.traits.set(identity, name, to.clone()),
            FieldPath::Existence => {}
            _ => findings.leave_out(field, LeftOutReason::Elsewhere),
        }
    }
}
