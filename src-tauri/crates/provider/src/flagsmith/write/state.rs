//! A flag's state in an environment: what differs, and what can be written.

use halyard_model::{
    FieldPath, Flag, FlagState, FlagValue, Said, SegmentKey, SegmentOverride, SubjectState, Variant,
};
use serde_json::{Value, json};

use crate::diagnosis::diagnose;
use crate::diagnosis::evidence::{Evidence, Unsent};
use crate::flagsmith::wire::WeightRow;
use crate::{Diagnosis, Failure, FailureKind, Remedy, Target};

/// What leads from a flag's state to another.
pub(super) struct Delta<'a> {
    pub(super) wish: &'a FlagState,
    pub(super) enabled: bool,
    pub(super) value: bool,
    pub(super) weights: bool,
    /// Overrides that are made, in the order of the wish.
    pub(super) added: Vec<&'a SegmentOverride>,
    /// Overrides that change.
    pub(super) changed: Vec<OverrideDelta<'a>>,
    /// Segments whose override goes.
    pub(super) removed: Vec<&'a str>,
    /// The order is not the one that comes about by itself: those that stay as
    /// they were, and then those that are made.
    pub(super) order: bool,
}

/// What changes in an override.
pub(super) struct OverrideDelta<'a> {
    pub(super) wish: &'a SegmentOverride,
    pub(super) enabled: bool,
    pub(super) value: bool,
    pub(super) weights: bool,
}

impl<'a> Delta<'a> {
    pub(super) fn between(base: &'a FlagState, wish: &'a FlagState) -> Delta<'a> {
        let (from, to) = (&base.segment_overrides, &wish.segment_overrides);
        let added: Vec<&SegmentOverride> = to
            .iter()
            .filter(|own| override_of(from, &own.segment_id).is_none())
            .collect();
        let removed: Vec<&str> = from
            .iter()
            .map(|own| own.segment_id.as_str())
            .filter(|id| override_of(to, id).is_none())
            .collect();
        let changed = to
            .iter()
            .filter_map(|own| {
                let was = override_of(from, &own.segment_id)?;
                let delta = OverrideDelta {
                    wish: own,
                    enabled: was.enabled != own.enabled,
                    value: was.value != own.value,
                    weights: was.variants != own.variants,
                };
                (delta.enabled || delta.value || delta.weights).then_some(delta)
            })
            .collect();
        let by_itself = from
            .iter()
            .filter(|own| !removed.contains(&own.segment_id.as_str()))
            .chain(added.iter().copied())
            .map(|own| &own.segment_id);
        let order = !by_itself.eq(to.iter().map(|own| &own.segment_id));
        Delta {
            wish,
            enabled: base.enabled != wish.enabled,
            value: base.value != wish.value,
            weights: base.variants != wish.variants,
            added,
            changed,
            removed,
            order,
        }
    }

    /// Whether the default state changes.
    pub(super) fn default(&self) -> bool {
        self.enabled || self.value || self.weights
    }

    /// The values that are sent, with the field that each belongs to.
    fn values(&self) -> Vec<(FieldPath, &FlagValue)> {
        let own = self.value.then_some((FieldPath::Value, &self.wish.value));
        let changed = self.changed.iter().filter(|delta| delta.value);
        let overrides = changed
            .map(|delta| delta.wish)
            .chain(self.added.iter().copied())
            .map(|own| (FieldPath::OverrideValue(own.segment_id.clone()), &own.value));
        own.into_iter().chain(overrides).collect()
    }

    /// Whether an option of the flag exists.
    pub(super) fn has_options(&self) -> bool {
        !self.wish.variants.is_empty()
    }
}

pub(super) fn override_of<'a>(overrides: &'a [SegmentOverride], id: &str) -> Option<&'a SegmentOverride> {
    overrides.iter().find(|own| own.segment_id == id)
}

/// The longest text that the service keeps, in characters. Its one-call route
/// fails on a longer one instead of refusing it.
const LONGEST_TEXT: usize = 20_000;

/// Refuses what the environment or Flagsmith's kinds of values cannot take,
/// before anything is sent.
pub(super) fn refuse_early(target: Target<'_>, delta: &Delta<'_>) -> Result<(), Failure> {
    if target.environment.requires_change_requests {
        return Err(diagnose(Evidence::unsent(Unsent::ChangeRequests {
            environment: target.environment.name.clone(),
        })));
    }
    for own in &delta.added {
        if let Some(name) = SegmentKey(own.segment_id.clone()).name_to_be() {
            return Err(not_made_yet(&own.segment_id, name));
        }
    }
    for (field, value) in delta.values() {
        check_value(value, Some(&field))?;
    }
    Ok(())
}

fn not_made_yet(id: &str, name: &str) -> Failure {
    let mut failure = Failure::new(
        FailureKind::Refused {
            detail: format!("segment {name} does not exist yet"),
        },
        format!("The segment {name} does not exist yet, so nothing can be set for it."),
    );
    failure.cause = Some("The edit that makes it has not been published.".into());
    failure.next_step = Some("Publish the segment first.".into());
    failure.said = vec![Said {
        field: Some(FieldPath::Override(id.to_owned())),
        words: failure.sentence.clone(),
    }];
    failure.diagnosed(Diagnosis::Refused, Remedy::Refresh)
}

/// Refuses a value that Flagsmith does not keep.
pub(super) fn check_value(value: &FlagValue, field: Option<&FieldPath>) -> Result<(), Failure> {
    let why = match &value.0 {
        Value::Number(number)
            if number
                .as_i64()
                .is_none_or(|number| i32::try_from(number).is_err()) =>
        {
            Unsent::NumberOutOfRange
        }
        Value::Array(_) | Value::Object(_) => Unsent::JsonValue,
        Value::String(text) if text.chars().count() > LONGEST_TEXT => {
            Unsent::ValueTooLong { most: LONGEST_TEXT }
        }
        _ => return Ok(()),
    };
    let mut failure = diagnose(Evidence::unsent(why));
    failure.said = vec![Said {
        field: field.cloned(),
        words: failure.sentence.clone(),
    }];
    Err(failure)
}

/// A state as the service keeps it: text loses the blanks around it, whichever
/// route it comes by, and a new override of a flag with options that names no
/// weights gets the flag's own. What `base` holds already is not touched.
pub(super) fn as_kept(wish: &FlagState, base: &FlagState) -> FlagState {
    let mut wish = wish.clone();
    if wish.value != base.value {
        trim(&mut wish.value);
    }
    for own in &mut wish.segment_overrides {
        let was = override_of(&base.segment_overrides, &own.segment_id);
        if was.is_none_or(|was| was.value != own.value) {
            trim(&mut own.value);
        }
        if was.is_none() && own.variants.is_empty() {
            own.variants.clone_from(&wish.variants);
        }
    }
    wish
}

pub(super) fn trim(value: &mut FlagValue) {
    if let Value::String(text) = &mut value.0 {
        *text = text.trim_matches(is_blank).to_owned();
    }
}

/// A blank in the sense of Python, which counts four separators more.
fn is_blank(character: char) -> bool {
    character.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&character)
}

/// Weights as most routes take them, with the numbers of the rows that hold
/// them already.
pub(super) fn weight_rows(variants: &[Variant], held: &[WeightRow]) -> Value {
    variants
        .iter()
        .map(|variant| {
            let option = number(&variant.id);
            let row = held
                .iter()
                .find(|row| json!(row.multivariate_feature_option) == option);
            match row.and_then(|row| row.id) {
                Some(id) => json!({
                    "id": id, "multivariate_feature_option": option,
                    "percentage_allocation": variant.weight,
                }),
                None => json!({
                    "multivariate_feature_option": option, "percentage_allocation": variant.weight,
                }),
            }
        })
        .collect()
}

/// An identifier as the number that it is on Flagsmith.
pub(super) fn number(id: &str) -> Value {
    id.parse::<u64>().map_or_else(|_| json!(id), Value::from)
}

/// The state of a write's side, which is a flag's.
pub(super) fn flag_state(state: Option<&SubjectState>) -> Result<&FlagState, Failure> {
    state.and_then(SubjectState::flag_state).ok_or_else(|| {
        Failure::new(
            FailureKind::Refused {
                detail: "a flag always has a state".into(),
            },
            "A flag's state in an environment can be changed, and neither made nor deleted.",
        )
    })
}

/// The flag with the state that the write rests on.
pub(super) fn with_state(known: &Flag, state: &FlagState) -> Flag {
    let mut flag = known.clone();
    flag.state = state.clone();
    flag
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(id: &str, value: &str) -> SegmentOverride {
        SegmentOverride {
            segment_id: id.into(),
            segment_name: format!("segment {id}"),
            priority: None,
            enabled: true,
            value: FlagValue(json!(value)),
            variants: Vec::new(),
        }
    }

    fn state(overrides: &[SegmentOverride]) -> FlagState {
        let mut state = FlagState::plain(true, FlagValue(json!("on")));
        state.segment_overrides = overrides.to_vec();
        state
    }

    #[test]
    fn only_what_differs_is_told() {
        let base = state(&[own("1", "a"), own("2", "b"), own("3", "c")]);
        let wish = state(&[own("1", "a"), own("3", "other"), own("4", "d")]);
        let delta = Delta::between(&base, &wish);
        assert!(!delta.default() && !delta.order);
        assert_eq!(delta.removed, ["2"]);
        let ids = |overrides: Vec<&SegmentOverride>| -> Vec<String> {
            overrides.into_iter().map(|own| own.segment_id.clone()).collect()
        };
        assert_eq!(ids(delta.added.clone()), ["4"]);
        let changed = &delta.changed[0];
        assert_eq!((delta.changed.len(), changed.wish.segment_id.as_str()), (1, "3"));
        assert!(changed.value && !changed.enabled && !changed.weights);
        assert_eq!(delta.values().len(), 2);
    }

    #[test]
    fn an_order_is_told_where_it_does_not_come_by_itself() {
        let base = state(&[own("1", "a"), own("2", "b")]);
        for (wish, order) in [
            (state(&[own("2", "b"), own("1", "a")]), true),
            (state(&[own("1", "a"), own("2", "b"), own("3", "c")]), false),
            (state(&[own("3", "c"), own("1", "a"), own("2", "b")]), true),
            (state(&[own("2", "b")]), false),
            (state(&[]), false),
        ] {
            assert_eq!(Delta::between(&base, &wish).order, order, "{wish:?}");
        }
    }

    #[test]
    fn text_loses_blanks_only_where_it_is_sent() {
        let base = state(&[own("1", " kept ")]);
        let mut wish = state(&[own("1", " kept "), own("2", "\u{1c}new ")]);
        wish.value = FlagValue(json!(" text\n"));
        let kept = as_kept(&wish, &base);
        assert_eq!(kept.value.0, json!("text"));
        assert_eq!(kept.segment_overrides[0].value.0, json!(" kept "));
        assert_eq!(kept.segment_overrides[1].value.0, json!("new"));
    }

    #[test]
    fn a_new_override_without_weights_gets_the_flags() {
        let option = |weight| Variant {
            id: "7".into(),
            key: None,
            value: FlagValue(json!("one_page")),
            weight,
        };
        let mut base = state(&[own("1", "a")]);
        base.variants = vec![option(30.0)];
        let mut wish = base.clone();
        wish.variants = vec![option(40.0)];
        wish.segment_overrides.extend([own("2", "b"), own("3", "c")]);
        wish.segment_overrides[2].variants = vec![option(100.0)];
        let kept = as_kept(&wish, &base);
        let weights = |place: usize| kept.segment_overrides[place].variants.clone();
        assert_eq!(weights(0), [], "what was there is not touched");
        assert_eq!(weights(1), [option(40.0)]);
        assert_eq!(weights(2), [option(100.0)]);
    }
}
