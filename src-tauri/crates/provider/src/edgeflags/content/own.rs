//! What an environment sets of its own on a flag.

use halyard_model::{FieldPath, FlagState, SubjectState};
use serde_json::{Value, json};

use super::{Members, differing, unsendable};
use crate::Failure;

/// What a list shows of an environment's own settings.
#[derive(Clone, Copy, Debug)]
pub(in crate::edgeflags) enum Own<'a> {
    /// All of them; `None` where it sets nothing.
    Shown(Option<&'a Members>),
    /// Nothing: the list abridges definitions.
    Hidden,
}

impl Own<'_> {
    fn has(self, name: &str) -> bool {
        match self {
            Own::Shown(own) => own.is_some_and(|own| own.get(name).is_some_and(|value| !value.is_null())),
            Own::Hidden => true,
        }
    }
}

/// The environment's own settings in a definition.
pub(in crate::edgeflags) fn of<'a>(definition: &'a Members, environment: &str) -> Option<&'a Members> {
    definition.get("environments")?.get(environment)?.as_object()
}

/// The members that lead from a state as read to a wish; `null` for one that
/// the environment is to inherit again.
pub(in crate::edgeflags) fn changes(
    own: Own<'_>,
    now: &FlagState,
    wish: &FlagState,
) -> Result<Members, Failure> {
    let (now, wished) = (now.clone().into(), SubjectState::FlagState(wish.clone()));
    let mut changes = Members::new();
    for field in differing(Some(&now), Some(&wished)) {
        let (name, value) = match &field {
            FieldPath::Enabled => ("enabled", json!(wish.enabled)),
            FieldPath::Value => ("value", wish.value.0.clone()),
            FieldPath::HasTargeting | FieldPath::Rules | FieldPath::Rollout | FieldPath::Targeting(_) => {
                ("targeting", wish.targeting.clone().unwrap_or_default())
            }
            _ => {
                return Err(unsendable(
                    field,
                    "EdgeFlags has no weights and no segment overrides.",
                    "Write a rule that names the segment.",
                ));
            }
        };
        if value.is_null() && !own.has(name) {
            return Err(nothing_to_clear(field, name));
        }
        changes.insert(name.to_owned(), value);
    }
    Ok(changes)
}

fn nothing_to_clear(field: FieldPath, name: &str) -> Failure {
    let sentence = format!(
        "The environment sets no {name} of its own: it gets the flag's, which only the flag itself can drop."
    );
    let instead = if name == "value" {
        "Change the flag's value for all environments, or give this environment another."
    } else {
        "Change the flag's targeting for all environments, or give this environment empty rules."
    };
    unsendable(field, &sentence, instead)
}

/// All environments' settings after a change in one. A setting to be inherited
/// again is left out, and an environment without settings too: a `null` left in
/// there might be served.
pub(in crate::edgeflags) fn environments_after(
    definition: &Members,
    environment: &str,
    changes: &Members,
) -> Members {
    let mut own = of(definition, environment).cloned().unwrap_or_default();
    for (name, value) in changes {
        if value.is_null() {
            own.shift_remove(name);
        } else {
            own.insert(name.clone(), value.clone());
        }
    }
    let mut all = environments(definition);
    if own.is_empty() {
        all.shift_remove(environment);
    } else {
        all.insert(environment.to_owned(), Value::Object(own));
    }
    all
}

/// All environments' settings without those of one; `None` where it has none.
pub(in crate::edgeflags) fn environments_without(definition: &Members, environment: &str) -> Option<Members> {
    let mut all = environments(definition);
    all.shift_remove(environment).map(|_| all)
}

fn environments(definition: &Members) -> Members {
    let all = definition.get("environments").and_then(Value::as_object);
    all.cloned().unwrap_or_default()
}
