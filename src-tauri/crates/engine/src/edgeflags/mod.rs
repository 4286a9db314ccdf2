//! What to expect of EdgeFlags.
//!
//! EdgeFlags evaluates by itself and publishes neither its rollout's hash nor many corners of its rules. What the
//! documented order says can still be worked out, beside the service's own answer and never instead of it. Every
//! point that the documentation leaves open is named.

mod compare;
mod conditions;
mod expect;
mod expectation;
mod truth;

pub use compare::compare;
pub use expect::expect;
pub use expectation::{Agreement, Doubt, EdgeReason, Expectation, Expected, Step};

use std::time::SystemTime;

use serde_json::Value;

/// What is asked: a flag, as the service's list gives it, for a context at a moment.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The flag's definition, with `enabled`, `value`, `targeting`, `environments`, `active_from`, `active_until`.
    pub flag: &'a Value,
    /// Segment definitions by key (`{"beta": {"conditions": [...]}}`); null where they are not known.
    pub segments: &'a Value,
    /// The context: `user_id`, `email`, `phone`, `plan`, `segments`, `environment`, `custom`.
    pub context: &'a Value,
    /// The moment, for activation windows; the service goes by its own clock.
    pub at: SystemTime,
}
