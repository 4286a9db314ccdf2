//! The documented order, step by step.

use std::time::SystemTime;

use jiff::Timestamp;
use serde_json::Value;

use super::Question;
use super::conditions::Asker;
use super::expectation::{Doubt, EdgeReason, Expectation, Expected, Step};
use super::truth::Truth;

/// What the documentation leads one to expect.
///
/// The order is: disabled, activation window, override of the context's environment, explicit value, targeting rules
/// from the top, rollout, default. The rollout's hash is never simulated.
///
/// ```
/// use halyard_engine::edgeflags::{EdgeReason, Expected, Question, expect};
/// use serde_json::json;
///
/// let flag = json!({"enabled": true, "targeting": {"rules": [
///     {"conditions": [{"property": "plan", "operator": "equals", "value": "premium"}], "value": true}
/// ]}});
/// let expectation = expect(Question {
///     flag: &flag,
///     segments: &json!({}),
///     context: &json!({"user_id": "maya", "plan": "premium", "custom": {}}),
///     at: std::time::SystemTime::now(),
/// });
/// assert_eq!(expectation.expected, Expected::Value(json!(true)));
/// assert_eq!(expectation.reason, Some(EdgeReason::Targeting));
/// assert!(expectation.unsure.is_empty());
/// ```
pub fn expect(question: Question<'_>) -> Expectation {
    let mut search = Search {
        question,
        asker: Asker {
            context: question.context,
            segments: question.segments,
        },
        because: Vec::new(),
        unsure: Vec::new(),
    };
    let (expected, reason) = search.run();
    let mut unsure: Vec<Doubt> = Vec::new();
    for doubt in search.unsure {
        if !unsure.contains(&doubt) {
            unsure.push(doubt);
        }
    }
    Expectation {
        expected,
        reason,
        because: search.because,
        unsure,
    }
}

type Answer = (Expected, Option<EdgeReason>);

struct Search<'a> {
    question: Question<'a>,
    asker: Asker<'a>,
    because: Vec<Step>,
    unsure: Vec<Doubt>,
}

impl<'a> Search<'a> {
    fn run(&mut self) -> Answer {
        let flag = self.question.flag;
        if !flag.is_object() {
            self.unsure.push(Doubt::EnabledMissing);
            return (Expected::Unknown, None);
        }
        if let Some(answer) = self.disabled(flag).or_else(|| self.outside_window(flag)) {
            return answer;
        }
        if let Some(answer) = self.environment_override(flag) {
            return answer;
        }
        let targeting = &flag["targeting"];
        if let Some(value) = given(flag, "value") {
            self.because.push(Step::ExplicitValue);
            if has_targeting(targeting) {
                self.unsure.push(Doubt::ValueBesideTargeting);
            }
            return (Expected::Value(value.clone()), Some(EdgeReason::Override));
        }
        if let Some(answer) = self.target(targeting) {
            return answer;
        }
        self.because.push(Step::Default);
        (Expected::Value(self.default_value()), Some(EdgeReason::Default))
    }

    fn disabled(&mut self, flag: &Value) -> Option<Answer> {
        let enabled = flag["enabled"].as_bool();
        if enabled.is_none() {
            self.unsure.push(Doubt::EnabledMissing);
        }
        let is_on = enabled.unwrap_or(true);
        self.because.push(Step::Enabled(is_on));
        if is_on {
            return None;
        }
        if let Some((name, own)) = self.own_override(flag)
            && own["enabled"] == Value::Bool(true)
        {
            self.unsure.push(Doubt::OverrideSaysOn {
                environment: name.to_owned(),
            });
        }
        Some((Expected::Value(Value::Bool(false)), Some(EdgeReason::Disabled)))
    }

    /// Outside of its window the flag is inactive; what is then answered is not documented.
    fn outside_window(&mut self, flag: &Value) -> Option<Answer> {
        let from = self.bound(flag, "active_from");
        let until = self.bound(flag, "active_until");
        if from.is_none() && until.is_none() {
            return None;
        }
        let now = timestamp(self.question.at);
        for (bound, field) in [(from, "active_from"), (until, "active_until")] {
            if bound.is_some() && bound == now {
                self.unsure.push(Doubt::OnWindowBound { field });
            }
        }
        let inside = from.is_none_or(|from| now.is_none_or(|now| now >= from))
            && until.is_none_or(|until| now.is_none_or(|now| now < until));
        self.because.push(Step::Window { inside });
        if inside {
            return None;
        }
        self.unsure.push(Doubt::OutsideWindow);
        Some((Expected::Value(Value::Bool(false)), None))
    }

    fn bound(&mut self, flag: &Value, field: &'static str) -> Option<Timestamp> {
        let value = given(flag, field)?;
        let moment = value.as_str().and_then(|text| text.parse().ok());
        if moment.is_none() {
            self.unsure.push(Doubt::UnreadableMoment { field });
        }
        moment
    }

    /// The override of the context's environment.
    fn own_override(&self, flag: &'a Value) -> Option<(&'a str, &'a Value)> {
        let name = self.question.context.get("environment")?.as_str()?;
        let own = flag.get("environments")?.get(name)?;
        (!own.is_null()).then_some((name, own))
    }

    fn environment_override(&mut self, flag: &'a Value) -> Option<Answer> {
        let has_overrides = flag["environments"]
            .as_object()
            .is_some_and(|all| !all.is_empty());
        if has_overrides && self.question.context["environment"].as_str().is_none() {
            self.unsure.push(Doubt::NoEnvironment);
        }
        let (name, own) = self.own_override(flag)?;
        let environment = name.to_owned();
        let doubt = Doubt::PartialOverride {
            environment: environment.clone(),
        };
        let value = given(own, "value");
        let is_off = own["enabled"] == Value::Bool(false);
        let decides = is_off || value.is_some();
        self.because.push(Step::EnvironmentOverride {
            environment,
            decided: decides,
        });
        if is_off {
            // Neither a value beside "off" nor the lack of one is spoken of.
            self.unsure.push(doubt);
            return Some((
                Expected::Value(Value::Bool(false)),
                Some(EdgeReason::EnvironmentOverride),
            ));
        }
        if let Some(value) = value {
            if has_targeting(&own["targeting"]) {
                self.unsure.push(Doubt::ValueBesideTargeting);
            }
            return Some((
                Expected::Value(value.clone()),
                Some(EdgeReason::EnvironmentOverride),
            ));
        }
        self.unsure.push(doubt);
        self.target(&own["targeting"])
    }

    /// The rules from the top, then the rollout.
    fn target(&mut self, targeting: &'a Value) -> Option<Answer> {
        let rules = targeting["rules"].as_array().map_or(&[][..], Vec::as_slice);
        for (position, rule) in rules.iter().enumerate() {
            let verdicts = self.asker.conditions(&rule["conditions"]);
            let failing = verdicts.iter().position(|verdict| !verdict.holds);
            let verdict = Truth::all(verdicts);
            self.unsure.extend(verdict.doubts);
            self.because.push(Step::Rule {
                position,
                holds: verdict.holds,
                failing_condition: failing,
            });
            if !verdict.holds {
                continue;
            }
            let Some(value) = rule.get("value") else {
                self.unsure.push(Doubt::RuleWithoutValue { position });
                return Some((Expected::Unknown, Some(EdgeReason::Targeting)));
            };
            return Some((Expected::Value(value.clone()), Some(EdgeReason::Targeting)));
        }
        self.rollout(&targeting["rollout"])
    }

    fn rollout(&mut self, rollout: &Value) -> Option<Answer> {
        if !rollout.is_object() {
            return None;
        }
        let attribute = rollout["attribute"].as_str().unwrap_or("user_id").to_owned();
        let Some(percentage) = rollout["percentage"].as_f64() else {
            self.unsure.push(Doubt::RolloutPercentage);
            return None;
        };
        self.because.push(Step::Rollout {
            percentage,
            attribute: attribute.clone(),
        });
        if !(0.0..=100.0).contains(&percentage) {
            self.unsure.push(Doubt::RolloutPercentage);
        }
        if percentage <= 0.0 {
            return None;
        }
        let (held, doubts) = self.asker.property(&attribute);
        self.unsure.extend(doubts);
        if held.is_none() {
            self.unsure.push(Doubt::RolloutAttributeMissing { attribute });
            return None;
        }
        self.unsure.push(Doubt::RolloutValue);
        if percentage >= 100.0 {
            return Some((Expected::Value(Value::Bool(true)), Some(EdgeReason::Rollout)));
        }
        let decides = Expected::RolloutDecides {
            percentage,
            attribute,
            outside: self.default_value(),
        };
        Some((decides, None))
    }

    /// The documentation spells the default in two ways and says nothing of its absence.
    fn default_value(&mut self) -> Value {
        let flag = self.question.flag;
        let found = given(flag, "default_value").or_else(|| given(flag, "defaultValue"));
        if found.is_none() {
            self.unsure.push(Doubt::NoDefault);
        }
        found.cloned().unwrap_or(Value::Bool(false))
    }
}

/// A member that is there and not null.
fn given<'v>(owner: &'v Value, name: &str) -> Option<&'v Value> {
    owner.get(name).filter(|value| !value.is_null())
}

fn has_targeting(targeting: &Value) -> bool {
    let has_rules = targeting["rules"]
        .as_array()
        .is_some_and(|rules| !rules.is_empty());
    has_rules || targeting["rollout"].is_object()
}

fn timestamp(at: SystemTime) -> Option<Timestamp> {
    Timestamp::try_from(at).ok()
}
