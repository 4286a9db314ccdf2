//! What would lead to another result. The engine has evaluated every one.

use halyard_engine::{Change, OtherResult, TraitChange, WeightChange};
use serde_json::Value;

use super::{
    condition::property,
    number::{series, short, value},
};

/// Changes told of one result: the cheapest, and one other.
const MOST_WAYS: usize = 2;

/// A result in a word: `express`, `Off`, `39`.
pub fn goal(other: &OtherResult) -> String {
    match (&other.variant, other.enabled) {
        (_, false) => "Off".into(),
        (Some(option), true) => option.clone(),
        (None, true) if is_empty(&other.value) => "On".into(),
        (None, true) => value(&other.value),
    }
}

/// The same with its value, where the word alone does not tell two results apart.
pub fn long_goal(other: &OtherResult) -> String {
    if is_empty(&other.value) {
        return format!("{}, no value", goal(other));
    }
    let (word, shown) = (goal(other), value(&other.value));
    if word == shown {
        word
    } else {
        format!("{word}, {shown}")
    }
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_str() == Some("")
}

/// What to do: `set beta_opt_in to true`, `no trait does it; add an identity override`.
pub fn sentence(other: &OtherResult) -> String {
    let by_traits = other.by_traits();
    let others = other.ways.iter().filter_map(|way| match &way.change {
        Change::Traits(_) => None,
        // An override always does it, so it is worth a word only where nothing smaller does.
        Change::IdentityOverride => {
            (by_traits.is_none() && other.ways.len() == 1).then(|| words(&way.change))
        }
        change => Some(words(change)),
    });
    match by_traits {
        Some(changes) => {
            let all: Vec<String> = std::iter::once(traits(changes))
                .chain(others)
                .take(MOST_WAYS)
                .collect();
            all.join(", or ")
        }
        None => {
            let all: Vec<String> = others.take(MOST_WAYS).collect();
            match all.is_empty() {
                true => "no trait does it".into(),
                false => format!("no trait does it; {}", all.join(", or ")),
            }
        }
    }
}

fn words(change: &Change) -> String {
    match change {
        Change::Traits(changes) => traits(changes),
        Change::SplitThreshold {
            segment,
            property: of,
            from,
            to,
        } => {
            let verb = if to > from { "raise" } else { "lower" };
            let by = if of.is_empty() {
                String::new()
            } else {
                format!(" by {}", property(of))
            };
            format!(
                "{verb} the {}% split{by} of {segment} to {}%",
                short(*from),
                short(*to)
            )
        }
        Change::VariantWeights { segment, weights } => {
            let place = segment
                .as_ref()
                .map(|name| format!(" in the override for {name}"))
                .unwrap_or_default();
            format!("give {}{place}", weight_changes(weights))
        }
        Change::IdentityOverride => "add an identity override".into(),
        _ => "change the environment".into(),
    }
}

fn traits(changes: &[TraitChange]) -> String {
    let one = |change: &TraitChange| match &change.to {
        Some(to) => format!("set {} to {}", property(&change.name), quoted(to)),
        None => format!("take {} away", property(&change.name)),
    };
    series(&changes.iter().map(one).collect::<Vec<String>>())
}

fn quoted(to: &Value) -> String {
    match to {
        Value::String(text) if text.is_empty() => "empty text".into(),
        other => value(other),
    }
}

/// `one_page 20% and express 20%`, only those that change.
fn weight_changes(weights: &[WeightChange]) -> String {
    let changed: Vec<String> = weights
        .iter()
        .filter(|weight| short(weight.from) != short(weight.to))
        .map(|weight| format!("{} {}%", weight.label, short(weight.to)))
        .collect();
    series(&changed)
}

/// Label of the button: `Try beta_opt_in = true`. `None` where no trait does it.
pub fn try_label(other: &OtherResult) -> Option<String> {
    let changes = other.by_traits()?;
    let one = |change: &TraitChange| match &change.to {
        Some(to) => format!("{} = {}", property(&change.name), quoted(to)),
        None => format!("no {}", property(&change.name)),
    };
    let all: Vec<String> = changes.iter().map(one).collect();
    Some(format!("Try {}", all.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use halyard_engine::{Counterfactual, Reached};
    use serde_json::json;

    fn other(changes: Vec<Change>) -> OtherResult {
        let reached = || Reached {
            enabled: true,
            value: json!("b"),
            variant: Some("express".into()),
            reason: String::new(),
            segment: None,
        };
        OtherResult {
            enabled: true,
            value: json!("b"),
            variant: Some("express".into()),
            ways: changes
                .into_iter()
                .map(|change| Counterfactual {
                    change,
                    leads_to: reached(),
                    cost: 1,
                })
                .collect(),
        }
    }

    fn set(name: &str, to: Option<Value>) -> TraitChange {
        TraitChange {
            name: name.into(),
            from: None,
            to,
        }
    }

    fn split(from: f64, to: f64) -> Change {
        Change::SplitThreshold {
            segment: "Search rollout".into(),
            property: String::new(),
            from,
            to,
        }
    }

    #[test]
    fn a_way_says_what_to_do() {
        let beta = || Change::Traits(vec![set("beta_opt_in", Some(json!(true)))]);
        let weights = Change::VariantWeights {
            segment: None,
            weights: vec![
                WeightChange {
                    label: "one_page".into(),
                    from: 30.0,
                    to: 20.0,
                },
                WeightChange {
                    label: "express".into(),
                    from: 10.0,
                    to: 20.0,
                },
                WeightChange {
                    label: "classic".into(),
                    from: 5.0,
                    to: 5.0,
                },
            ],
        };
        let cases = [
            (vec![beta()], "set beta_opt_in to true"),
            (vec![beta(), Change::IdentityOverride], "set beta_opt_in to true"),
            (
                vec![Change::Traits(vec![
                    set("country", Some(json!("DE"))),
                    set("beta", None),
                ])],
                "set country to DE and take beta away",
            ),
            (
                vec![beta(), split(25.0, 43.0)],
                "set beta_opt_in to true, or raise the 25% split of Search rollout to 43%",
            ),
            (
                vec![split(25.0, 12.5), Change::IdentityOverride],
                "no trait does it; lower the 25% split of Search rollout to 12.5%",
            ),
            (
                vec![weights],
                "no trait does it; give one_page 20% and express 20%",
            ),
            (
                vec![Change::IdentityOverride],
                "no trait does it; add an identity override",
            ),
            (Vec::new(), "no trait does it"),
        ];
        for (changes, expected) in cases {
            assert_eq!(sentence(&other(changes)), expected);
        }
    }

    #[test]
    fn the_button_names_the_traits() {
        let one = other(vec![Change::Traits(vec![
            set("beta", Some(json!(true))),
            set("country", None),
        ])]);
        assert_eq!(try_label(&one).as_deref(), Some("Try beta = true, no country"));
        assert_eq!(try_label(&other(vec![Change::IdentityOverride])), None);
    }

    #[test]
    fn goals_are_told_apart() {
        let mut off = other(Vec::new());
        assert_eq!(goal(&off), "express");
        assert_eq!(long_goal(&off), "express, b");
        off.enabled = false;
        assert_eq!(goal(&off), "Off");
        off.variant = None;
        off.value = Value::Null;
        off.enabled = true;
        assert_eq!(goal(&off), "On");
    }
}
