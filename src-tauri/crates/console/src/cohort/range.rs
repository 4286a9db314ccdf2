//! What values of a trait to make up.

use halyard_engine::RangeKind;
use halyard_model::At;
use serde_json::Value;

use crate::{
    Console, ConsoleError,
    engines::{computed, site_of},
};

/// What values of a trait to make up.
#[derive(Clone, Debug, PartialEq)]
pub struct TraitRange {
    /// The trait.
    pub name: String,
    /// Its values.
    pub values: RangeValues,
    /// How often it is not set, in percent from 0 to 100.
    pub absent_percent: u32,
}

/// The values of a made-up trait.
#[derive(Clone, Debug, PartialEq)]
pub enum RangeValues {
    /// One of these, equally often: text, numbers or booleans.
    OneOf(Vec<Value>),
    /// Whole numbers, both ends included.
    Whole {
        /// The smallest.
        from: i64,
        /// The largest.
        to: i64,
    },
    /// true or false.
    Boolean {
        /// How often true, in percent from 0 to 100.
        true_percent: u32,
    },
}

impl Console {
    /// Ranges that reach both sides of the conditions of an environment's
    /// document, now or at a moment.
    ///
    /// [`ConsoleError::RemoteOnly`] where the service evaluates by itself;
    /// [`ConsoleError::Gone`] and [`ConsoleError::DamagedMoment`] as for an
    /// evaluation at the moment.
    pub async fn suggested_ranges(&self, at: &At) -> Result<Vec<TraitRange>, ConsoleError> {
        let compiled = self.compiled_at(&site_of(at), at.moment).await?;
        computed(move || {
            let suggested = halyard_engine::suggested_ranges(&[&compiled.engine]);
            Ok(suggested.into_iter().map(TraitRange::of_engine).collect())
        })
        .await
    }
}

impl TraitRange {
    fn of_engine(range: halyard_engine::TraitRange) -> TraitRange {
        TraitRange {
            name: range.name,
            absent_percent: percent(range.absent),
            values: match range.kind {
                RangeKind::OneOf(values) => {
                    RangeValues::OneOf(natural_first(values.into_iter().map(|one| one.value)))
                }
                RangeKind::Integers { from, to } => RangeValues::Whole { from, to },
                RangeKind::Decimals { from, to } => RangeValues::OneOf(between(from, to)),
                RangeKind::Booleans { share } => RangeValues::Boolean {
                    true_percent: percent(share),
                },
            },
        }
    }

    pub(super) fn to_engine(&self) -> halyard_engine::TraitRange {
        halyard_engine::TraitRange {
            name: self.name.clone(),
            absent: f64::from(self.absent_percent) / 100.0,
            kind: match &self.values {
                RangeValues::OneOf(values) => RangeKind::one_of(values.iter().cloned()),
                RangeValues::Whole { from, to } => RangeKind::Integers { from: *from, to: *to },
                RangeValues::Boolean { true_percent } => RangeKind::Booleans {
                    share: f64::from(*true_percent) / 100.0,
                },
            },
        }
    }
}

/// Values that a person would give before those made to miss a condition, such
/// as `!` and `DE~`; else in the order they come.
fn natural_first(values: impl Iterator<Item = Value>) -> Vec<Value> {
    let (natural, made_up): (Vec<Value>, Vec<Value>) = values.partition(|value| match value {
        Value::String(text) => {
            text.starts_with(|first: char| first.is_alphanumeric())
                && text.ends_with(|last: char| !matches!(last, '~' | '!'))
        }
        _ => true,
    });
    natural.into_iter().chain(made_up).collect()
}

/// Whole percents of a share from 0 to 1.
fn percent(share: f64) -> u32 {
    (share.clamp(0.0, 1.0) * 100.0).round() as u32
}

/// Decimals from one end to the other.
fn between(from: f64, to: f64) -> Vec<Value> {
    let steps = 8;
    (0..=steps)
        .map(|step| Value::from(from + (to - from) * f64::from(step) / f64::from(steps)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_that_only_miss_a_condition_come_last() {
        let values = ["!", "DE", "DE~", "AT"].map(Value::from);
        let ordered = natural_first(values.into_iter().chain([json!(7)]));
        assert_eq!(
            ordered,
            [json!("DE"), json!("AT"), json!(7), json!("!"), json!("DE~")]
        );
    }
}
