//! How one flag came to its value, step by step.

use std::mem;

use halyard_console::TracedFlag;
use halyard_engine::{
    BucketTrace, Candidate, CandidateSource, CandidateState, Cause, Caveat, ConditionText, ConditionTrace,
    Dependency, Finding, FlagTrace, OtherResult, RuleJoin, RuleTrace, Severity, SplitTrace, Standing,
    TraceVerdict, TraitChange,
};
use serde_json::Value;

use super::{basis_points, traits::value_out};
use crate::{
    error::WireError,
    view::*,
    words::{
        cause, caveat,
        condition::{Asked, saw},
        failure, finding, number, way,
    },
};

/// Results a way is shown to.
const MOST_WAYS: usize = 8;

/// Longest text that was hashed and is shown whole.
const LONGEST_HASHED: usize = 120;

/// How one flag came to its value.
pub fn trace(traced: &TracedFlag) -> Result<TraceView, WireError> {
    let trace = traced.trace();
    let flag = trace
        .flag(&traced.flag.0)
        .ok_or_else(|| WireError::gone("the flag"))?;
    let doubts = Doubts::of(&traced.findings);
    let candidates = flag.candidates();
    let steps = candidates
        .iter()
        .enumerate()
        .map(|(position, candidate)| step(position, candidate, &flag, &traced.identity.identifier, &doubts));
    Ok(TraceView {
        flag: flag.name().to_owned(),
        steps: steps.collect(),
        dependencies: flag.dependencies().iter().map(dependency).collect(),
        ways: ways(traced, flag.result().is_some_and(|now| now.enabled)),
        caveats: caveats(&flag, &candidates),
    })
}

/// A way to each other result. `is_on` is what the flag is now.
fn ways(traced: &TracedFlag, is_on: bool) -> Vec<WayView> {
    let mut others: Vec<&OtherResult> = Vec::new();
    for other in &traced.others {
        // Off is one result, whatever value stands behind it.
        if other.enabled || (is_on && others.iter().all(|known| known.enabled)) {
            others.push(other);
        }
    }
    let words: Vec<String> = others.iter().map(|other| way::goal(other)).collect();
    let is_twice = |word: &String| words.iter().filter(|other| *other == word).count() > 1;
    others
        .iter()
        .zip(&words)
        .take(MOST_WAYS)
        .map(|(other, word)| WayView {
            goal: if is_twice(word) {
                way::long_goal(other)
            } else {
                word.clone()
            },
            sentence: way::sentence(other),
            traits: other
                .by_traits()
                .unwrap_or_default()
                .iter()
                .map(try_trait)
                .collect(),
            try_label: way::try_label(other),
        })
        .collect()
}

fn try_trait(change: &TraitChange) -> TryTraitView {
    let to = change.to.as_ref().and_then(value_out);
    TryTraitView {
        name: change.name.clone(),
        kind: to.as_ref().map(|(kind, _)| *kind),
        text: to.map(|(_, text)| text).unwrap_or_default(),
    }
}

/// What is doubtful about conditions, by what they ask.
struct Doubts<'a>(Vec<(&'a ConditionText, &'a Finding)>);

impl<'a> Doubts<'a> {
    /// Findings come worst first and stay so.
    fn of(findings: &'a [Finding]) -> Doubts<'a> {
        let each = |finding: &'a Finding| finding.subject.conditions.iter().map(move |one| (one, finding));
        Doubts(findings.iter().flat_map(each).collect())
    }

    fn about(&self, condition: &ConditionTrace<'_>) -> Option<String> {
        let operand = condition.operand.as_str().unwrap_or_default();
        let asks_the_same = |one: &ConditionText| {
            one.property == condition.property
                && one.operator == condition.operator_name
                && one.operand == operand
        };
        let (_, found) = self
            .0
            .iter()
            .find(|(one, found)| asks_the_same(one) && concerns(found, condition.raw.as_deref()))?;
        Some(finding::sentence(found))
    }
}

/// Whether a finding matters for the value that was seen. Engines that disagree do so for values of a type; for an
/// identity with another one the warning would only distract.
fn concerns(finding: &Finding, seen: Option<&Value>) -> bool {
    match (finding.severity(), &finding.example) {
        (Severity::Differs, Some(example)) => {
            example.value.as_ref().map(mem::discriminant) == seen.map(mem::discriminant)
        }
        _ => true,
    }
}

fn step(
    position: usize,
    candidate: &Candidate<'_>,
    flag: &FlagTrace<'_>,
    identifier: &str,
    doubts: &Doubts<'_>,
) -> TraceStepView {
    let (outcome, outcome_text) = outcome(&candidate.standing);
    let (kind, title) = match candidate.source {
        CandidateSource::IdentityOverride => (StepKindView::Identity, "Identity override".to_owned()),
        CandidateSource::Segment { name, .. } => (StepKindView::Segment, format!("{position}. {name}")),
        CandidateSource::EnvironmentDefault { .. } => {
            (StepKindView::Default, "Environment default".to_owned())
        }
    };
    let split = flag.split().filter(|_| candidate.standing == Standing::Decides);
    let gives = candidate.state.map(gives).unwrap_or_default();
    let note = match kind {
        StepKindView::Identity if candidate.standing == Standing::Absent => {
            Some(format!("None for {identifier}"))
        }
        StepKindView::Identity => Some(format!("Set for {identifier}")),
        StepKindView::Segment => standing_note(&candidate.standing),
        StepKindView::Default if flag.is_cyclic() => {
            Some("The flag depends on itself, so only its default can decide.".into())
        }
        // The ruler says it.
        StepKindView::Default if split.is_some() => None,
        StepKindView::Default => Some(gives.clone()),
    };
    TraceStepView {
        kind,
        title,
        outcome,
        outcome_text: outcome_text.into(),
        gives,
        note,
        conditions: conditions(candidate, doubts),
        split: split.as_ref().map(split_view),
    }
}

fn outcome(standing: &Standing) -> (StepOutcomeView, &'static str) {
    match standing {
        Standing::Decides => (StepOutcomeView::Decides, "Decides"),
        Standing::Outranked { .. } => (StepOutcomeView::Outranked, "Matches too"),
        Standing::Fails(_) => (StepOutcomeView::Fails, "Fails here"),
        Standing::NotConsulted => (StepOutcomeView::Outranked, "Not reached"),
        _ => (StepOutcomeView::NoMatch, "No match"),
    }
}

fn standing_note(standing: &Standing) -> Option<String> {
    match standing {
        Standing::NoRules => Some("The segment has no rules, so it matches nobody.".into()),
        Standing::CyclicDependency => Some("It rests on a flag that depends on itself.".into()),
        Standing::Fails(cause) => Some(format!("The server would fail here: {}.", failure::cause(cause))),
        _ => None,
    }
}

/// Such as `On, express`; with options it cannot say which.
fn gives(state: CandidateState<'_>) -> String {
    let word = if state.enabled { "On" } else { "Off" };
    match state.value {
        _ if state.variants > 0 => {
            format!(
                "{word}, one of {}",
                number::plural(state.variants as u64 + 1, "option", "options")
            )
        }
        Value::Null => word.into(),
        Value::String(text) if text.is_empty() => word.into(),
        value => format!("{word}, {}", number::value(value)),
    }
}

fn conditions(candidate: &Candidate<'_>, doubts: &Doubts<'_>) -> Vec<TraceConditionView> {
    let Some(segment) = candidate.segment() else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let mut rules = 0;
    for rule in &segment.rules {
        flatten(rule, 0, doubts, &mut rules, &mut found);
    }
    // The outermost rules of nearly all segments only hold others.
    let least = found.iter().map(|one| one.depth).min().unwrap_or_default();
    found.iter_mut().for_each(|one| one.depth -= least);
    found
}

/// The conditions of a rule and of those in it, in order. `rules` counts the rules met.
fn flatten(
    rule: &RuleTrace<'_>,
    depth: u32,
    doubts: &Doubts<'_>,
    rules: &mut u32,
    found: &mut Vec<TraceConditionView>,
) {
    *rules += 1;
    let number = *rules;
    let join = join(rule);
    for asked in &rule.conditions {
        found.push(TraceConditionView {
            depth,
            join,
            rule: Some(number),
            ..condition(asked.condition, doubts)
        });
    }
    for inner in &rule.rules {
        flatten(inner, depth + 1, doubts, rules, found);
    }
}

/// A rule with one part joins nothing: any of one is all of one.
fn join(rule: &RuleTrace<'_>) -> JoinView {
    let parts = rule.conditions.len() + rule.rules.len();
    match rule.joins {
        Some(RuleJoin::Any) if parts > 1 => JoinView::Any,
        Some(RuleJoin::None) => JoinView::None,
        _ => JoinView::All,
    }
}

fn condition(traced: &ConditionTrace<'_>, doubts: &Doubts<'_>) -> TraceConditionView {
    let asked = Asked::new(traced.property, traced.operator_name, traced.operand);
    TraceConditionView {
        verdict: match traced.verdict {
            TraceVerdict::Holds => VerdictView::Holds,
            TraceVerdict::DoesNotHold => VerdictView::Fails,
            TraceVerdict::Fails(_) => VerdictView::Breaks,
        },
        depth: 0,
        join: JoinView::All,
        rule: None,
        property: asked.property().into_owned(),
        asks: asked.asks(),
        saw: traced.raw.as_deref().map(saw),
        because: cause::because(traced),
        bucket: traced.bucket.as_ref().map(bucket),
        warning: cause::warning(traced).or_else(|| doubts.about(traced)),
    }
}

fn bucket(bucket: &BucketTrace) -> BucketView {
    BucketView {
        hashed: hashed(&bucket.hashed),
        bucket: number::two(bucket.bucket),
        bucket_basis_points: basis_points(bucket.bucket),
        threshold_basis_points: basis_points(bucket.threshold),
    }
}

fn hashed(text: &str) -> String {
    number::cut_at(text, LONGEST_HASHED)
}

/// The options in order, then control, which takes the rest.
fn split_view(split: &SplitTrace<'_>) -> SplitView {
    let mut ranges: Vec<SplitRangeView> = split
        .ranges
        .iter()
        .enumerate()
        .map(|(position, range)| SplitRangeView {
            label: number::cut(&range.label),
            from_basis_points: basis_points(range.from),
            until_basis_points: basis_points(range.until),
            chosen: split.chosen == Some(position),
        })
        .collect();
    ranges.push(SplitRangeView {
        label: "control".into(),
        from_basis_points: ranges.last().map_or(0, |last| last.until_basis_points),
        until_basis_points: 10_000,
        chosen: split.chosen.is_none(),
    });
    SplitView {
        hashed: hashed(&split.hashed),
        bucket: number::two(split.bucket),
        bucket_basis_points: basis_points(split.bucket),
        ranges,
    }
}

/// `Klarna countries reads the state of flag gift_wrapping, which is true.`
fn dependency(one: &Dependency<'_>) -> String {
    let asked = Asked::new(
        one.condition.property,
        one.condition.operator_name,
        one.condition.operand,
    );
    let read = match one.condition.raw.as_deref() {
        Some(value) => format!("which is {}", number::value(value)),
        None => "which is not set".into(),
    };
    format!("{} reads {}, {read}.", one.segment, asked.property())
}

/// What a client may see differently of this flag.
fn caveats(flag: &FlagTrace<'_>, candidates: &[Candidate<'_>]) -> Vec<String> {
    let mut caveats = flag.caveats();
    let rests_on_unset = |candidate: &Candidate<'_>| {
        let unset = |condition: &ConditionTrace<'_>| condition.cause == Some(Cause::Unset);
        candidate.standing == Standing::DidNotMatch
            && candidate
                .decisive_conditions()
                .iter()
                .any(|asked| unset(asked.condition))
    };
    // A trait that is missing here may be one that the server sets by itself.
    if candidates.iter().any(rests_on_unset) {
        caveats.push(Caveat::SystemTraits);
    }
    caveats.into_iter().map(caveat::of_flag).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use halyard_engine::{Dialect, Engine, Identity};
    use halyard_model::FlagKey;
    use serde_json::json;

    fn condition(property: &str, operator: &str, operand: &str) -> Value {
        json!({"property_": property, "operator": operator, "value": operand})
    }

    fn rule(kind: &str, conditions: &[Value], rules: &[Value]) -> Value {
        json!({"type": kind, "conditions": conditions, "rules": rules})
    }

    fn state(value: &str, priority: Option<u32>, options: &[(&str, f64)]) -> Value {
        let options: Vec<Value> = options
            .iter()
            .enumerate()
            .map(|(at, (name, weight))| {
                json!({"id": at + 1, "percentage_allocation": weight,
                       "multivariate_feature_option": {"id": at + 1, "key": name, "value": name}})
            })
            .collect();
        json!({"feature": {"id": 1, "name": "new_checkout"}, "enabled": true, "feature_state_value": value,
               "django_id": 4127, "featurestate_uuid": "9225949b-1a7c-4101-85bd-2a5a208f5a7d",
               "multivariate_feature_state_values": options,
               "feature_segment": priority.map(|priority| json!({"priority": priority}))})
    }

    fn segment(id: u32, name: &str, rules: &[Value], value: &str) -> Value {
        json!({"id": id, "name": name, "rules": rules, "feature_states": [state(value, Some(id), &[])]})
    }

    /// The flag of the Acme Store whose trace is shown everywhere.
    fn engine() -> Arc<Engine> {
        let any = |conditions: &[Value]| rule("ANY", conditions, &[]);
        let document = json!({
            "api_key": "production", "name": "Production",
            "feature_states": [state("classic", None, &[("one_page", 30.0), ("express", 10.0)])],
            "project": {"segments": [
                segment(1, "EU beta testers", &[rule("ALL", &[], &[
                    any(&[condition("country", "IN", "DE,AT,NL,FR")]),
                    any(&[condition("beta_opt_in", "EQUAL", "true")]),
                ])], "beta"),
                segment(2, "VIP customers", &[rule("ALL", &[], &[
                    any(&[condition("order_count", "GREATER_THAN_INCLUSIVE", "10"), condition("vip", "IS_SET", "")]),
                    any(&[condition("plan", "EQUAL", "gold"), condition("plan", "EQUAL", "silver")]),
                ])], "vip"),
                segment(3, "Nobody", &[], "none"),
                segment(4, "Rollout", &[rule("ALL", &[condition("", "PERCENTAGE_SPLIT", "0.1")], &[])], "rolled"),
            ]},
        });
        Arc::new(Engine::from_document(&document, Dialect::Server10_2).unwrap())
    }

    fn shown(identity: Identity) -> TraceView {
        let engine = engine();
        let traced = TracedFlag {
            flag: FlagKey("new_checkout".into()),
            others: engine.counterfactuals(&identity, "new_checkout").unwrap(),
            findings: engine.lint(),
            engine,
            identity,
        };
        trace(&traced).unwrap()
    }

    fn lena() -> Identity {
        Identity::new("u_48213")
            .with_trait("country", "DE")
            .with_trait("order_count", 7)
    }

    #[test]
    fn every_step_says_what_became_of_it() {
        let steps = shown(lena()).steps;
        let told: Vec<(&str, &str, Option<&str>)> = steps
            .iter()
            .map(|step| {
                (
                    step.title.as_str(),
                    step.outcome_text.as_str(),
                    step.note.as_deref(),
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                ("Identity override", "No match", Some("None for u_48213")),
                ("1. EU beta testers", "No match", None),
                ("2. VIP customers", "No match", None),
                (
                    "3. Nobody",
                    "No match",
                    Some("The segment has no rules, so it matches nobody.")
                ),
                ("4. Rollout", "No match", None),
                ("Environment default", "Decides", None),
            ]
        );
        let split = steps[5].split.as_ref().unwrap();
        let ranges: Vec<(&str, u32, u32)> = split
            .ranges
            .iter()
            .map(|range| {
                (
                    range.label.as_str(),
                    range.from_basis_points,
                    range.until_basis_points,
                )
            })
            .collect();
        assert_eq!(
            ranges,
            [
                ("one_page", 0, 3_000),
                ("express", 3_000, 4_000),
                ("control", 4_000, 10_000)
            ]
        );
        let chosen = split.ranges.iter().find(|range| range.chosen).unwrap();
        assert!((chosen.from_basis_points..=chosen.until_basis_points).contains(&split.bucket_basis_points));
    }

    #[test]
    fn every_condition_says_what_it_asks_and_saw() {
        let steps = shown(lena()).steps;
        let told = |step: usize| -> Vec<(String, Option<&str>, Option<&str>, VerdictView)> {
            let words = |one: &TraceConditionView| format!("{} {}", one.property, one.asks);
            steps[step]
                .conditions
                .iter()
                .map(|one| {
                    (
                        words(one),
                        one.saw.as_deref(),
                        one.because.as_deref(),
                        one.verdict,
                    )
                })
                .collect()
        };
        assert_eq!(
            told(1),
            [
                (
                    "country is one of DE, AT, NL, FR".into(),
                    Some("\"DE\""),
                    None,
                    VerdictView::Holds
                ),
                (
                    "beta_opt_in is true".into(),
                    None,
                    Some("trait not set"),
                    VerdictView::Fails
                ),
            ]
        );
        assert_eq!(
            told(2)[0],
            (
                "order_count is at least 10".into(),
                Some("7"),
                None,
                VerdictView::Fails
            )
        );
        let bucket = steps[4].conditions[0].bucket.as_ref().unwrap();
        assert_eq!(bucket.threshold_basis_points, 10);
    }

    #[test]
    fn a_warning_is_for_the_value_that_was_seen() {
        let warning = |orders: Value| {
            let steps = shown(lena().with_trait("order_count", orders)).steps;
            steps[2].conditions[0].warning.clone()
        };
        assert_eq!(warning(json!(7)), None);
        let expected =
            "Numbers passed as text are numbers to the server. The Node SDK compares their letters.";
        assert_eq!(warning(json!("9")).as_deref(), Some(expected));
    }

    #[test]
    fn rules_beside_each_other_stay_apart_and_one_condition_is_not_joined() {
        let steps = shown(lena()).steps;
        let joined = |step: usize| -> Vec<(u32, JoinView, Option<u32>)> {
            steps[step]
                .conditions
                .iter()
                .map(|one| (one.depth, one.join, one.rule))
                .collect()
        };
        assert_eq!(
            joined(1),
            [(0, JoinView::All, Some(2)), (0, JoinView::All, Some(3))]
        );
        let any = |rule| (0, JoinView::Any, Some(rule));
        assert_eq!(joined(2), [any(2), any(2), any(3), any(3)]);
    }

    #[test]
    fn a_way_can_be_tried() {
        let view = shown(lena());
        let way = view.ways.iter().find(|way| way.goal == "beta").unwrap();
        assert_eq!(way.sentence, "set beta_opt_in to true");
        assert_eq!(way.try_label.as_deref(), Some("Try beta_opt_in = true"));
        let [TryTraitView { name, kind, text }] = way.traits.as_slice() else {
            panic!("one trait: {way:?}");
        };
        assert_eq!(
            (name.as_str(), *kind, text.as_str()),
            ("beta_opt_in", Some(TraitKindView::Boolean), "true")
        );
        assert!(
            view.ways
                .iter()
                .any(|way| way.traits.is_empty() && way.sentence.starts_with("no trait does it"))
        );
        let beta = shown(lena().with_trait("beta_opt_in", true));
        assert_eq!(beta.steps[1].outcome, StepOutcomeView::Decides);
        assert_eq!(beta.steps[1].gives, "On, beta");
        assert_eq!(beta.steps[5].outcome_text, "Matches too");
    }
}
