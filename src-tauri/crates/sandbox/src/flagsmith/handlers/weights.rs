//! The weights of a multivariate feature's options, as bodies name them.

use serde_json::{Value, json};

use crate::flagsmith::call::{Answer, Outcome2, python_type};
use crate::flagsmith::fields::Fields;
use crate::flagsmith::store::Store;

const MEMBER: &str = "multivariate_feature_state_values";

/// Whether a route holds the sum of the weights against the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sum {
    /// At most 100 percent.
    AtMostAll,
    /// The routes that make an override in one call, and those of drafts, look at each weight alone.
    Unchecked,
}

/// Weights in percent by option id; none where the body names none.
pub(crate) fn read(store: &Store, body: &Fields, sum: Sum) -> Outcome2<Vec<(u64, f64)>> {
    let Some(listed) = body.get(MEMBER) else {
        return Ok(Vec::new());
    };
    let Some(rows) = listed.as_array() else {
        let sentence = match listed {
            Value::Null => json!(["This field may not be null."]),
            other => {
                let kind = python_type(other);
                json!({"non_field_errors": [format!("Expected a list of items but got type \"{kind}\".")]})
            }
        };
        return Err(Answer::bad(json!({MEMBER: sentence})));
    };
    let mut weights = Vec::new();
    for (position, row) in rows.iter().enumerate() {
        let weight = weight(store, row).map_err(|why| {
            let mut errors = vec![json!({}); rows.len()];
            errors[position] = why;
            Answer::bad(json!({MEMBER: errors}))
        })?;
        weights.push(weight);
    }
    let total: f64 = weights.iter().map(|(_, percentage)| percentage).sum();
    if sum == Sum::AtMostAll && total > 100.0 {
        return Err(Answer::bad(
            json!({"non_field_errors": ["Multivariate percentage values exceed 100%."]}),
        ));
    }
    Ok(weights)
}

fn weight(store: &Store, row: &Value) -> Result<(u64, f64), Value> {
    let wrong = |field: &str, sentence: &str| Err(json!({field: [sentence]}));
    let Some(option) = row.get("multivariate_feature_option") else {
        return wrong("multivariate_feature_option", "This field is required.");
    };
    let known = option.as_u64().filter(|option| {
        let mut options = store.features.values().flat_map(|feature| &feature.options);
        options.any(|known| known.id == *option)
    });
    let Some(option) = known else {
        let sentence = format!("Invalid pk \"{option}\" - object does not exist.");
        return wrong("multivariate_feature_option", &sentence);
    };
    let Some(percentage) = row.get("percentage_allocation") else {
        return wrong("percentage_allocation", "This field is required.");
    };
    match percentage.as_f64() {
        None => wrong("percentage_allocation", "A valid number is required."),
        Some(percentage) if percentage > 100.0 => wrong(
            "percentage_allocation",
            "Ensure this value is less than or equal to 100.",
        ),
        Some(percentage) if percentage < 0.0 => wrong(
            "percentage_allocation",
            "Ensure this value is greater than or equal to 0.",
        ),
        Some(percentage) => Ok((option, percentage)),
    }
}
