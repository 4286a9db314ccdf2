//! Impact equals what two full runs over the cohort say.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use halyard_engine::{
    Chunk, ChunkSource, Cohort, CohortBuilder, CohortReader, Control, DecidingRule, Dialect, Engine,
    Evaluation, EvaluationError, FlagState, Identity, ReadError, ReadOptions, Stopped, TraitChanges,
    distribution, distribution_of_stream, impact, impact_of_stream, impact_with_traits, read_cohort,
};
use proptest::prelude::*;
use serde_json::{Value, json};

const FLAGS: usize = 4;

/// A flag's state in a document. Flag 0 has variants in its default.
fn state(flag: usize, enabled: bool, value: &str, priority: Option<usize>) -> Value {
    let variants = if flag == 0 && priority.is_none() {
        json!([{
            "id": 1, "mv_fs_value_uuid": "ed45bb3e-46bf-453f-bcd0-28de055373b2", "percentage_allocation": 40.0,
            "multivariate_feature_option": { "id": 1, "value": "blue", "key": "b" }
        }])
    } else {
        json!([])
    };
    json!({
        "feature": { "id": flag, "name": format!("flag_{flag}") }, "enabled": enabled, "feature_state_value": value,
        "django_id": 100 + flag, "featurestate_uuid": "9225949b-1a7c-4101-85bd-2a5a208f5a7d",
        "multivariate_feature_state_values": variants,
        "feature_segment": priority.map(|priority| json!({ "priority": priority }))
    })
}

/// A default: its flag's state and value.
type Default = (bool, u8);
/// A segment: operator, operand, whether it asks for the plan or the age, overridden flag, value.
type Segment = (usize, u8, bool, usize, u8);

const OPERATORS: [&str; 9] = [
    "EQUAL",
    "NOT_EQUAL",
    "GREATER_THAN",
    "LESS_THAN_INCLUSIVE",
    "IN",
    "IS_SET",
    "IS_NOT_SET",
    "PERCENTAGE_SPLIT",
    "MODULO",
];

/// What can be generated and edited.
#[derive(Clone, Debug)]
struct Plan {
    defaults: Vec<Default>,
    segments: Vec<Segment>,
    /// Identities with an override: who, which flag.
    overrides: Vec<(u8, usize)>,
    /// A condition that raises for numbers.
    raises: bool,
}

impl Plan {
    fn document(&self) -> Value {
        let defaults = self.defaults.iter().enumerate();
        let segments = self.segments.iter().enumerate().map(
            |(index, (operator, operand, by_plan, flag, value))| {
                let operator = OPERATORS[operator % OPERATORS.len()];
                let operand = if operator == "MODULO" {
                    format!("3|{}", operand % 3)
                } else {
                    operand.to_string()
                };
                let property = if *by_plan { "plan" } else { "age" };
                json!({
                    "id": index + 1, "name": format!("segment_{index}"),
                    "rules": [{ "type": "ALL", "rules": [], "conditions": [
                        { "operator": operator, "property_": property, "value": operand }
                    ]}],
                    "feature_states": [state(flag % FLAGS, value % 2 == 0, &format!("v{value}"), Some(index))]
                })
            },
        );
        let mut segments: Vec<Value> = segments.collect();
        if self.raises {
            segments.push(json!({
                "id": 99, "name": "raises", "feature_states": [],
                "rules": [{ "type": "ALL", "rules": [], "conditions": [
                    { "operator": "MODULO", "property_": "odd", "value": "0|1" }
                ]}]
            }));
        }
        let overrides = self.overrides.iter().map(|(who, flag)| {
            let own = state(flag % FLAGS, true, "own", None);
            json!({ "identifier": format!("user-{who}"), "identity_features": [own] })
        });
        json!({
            "api_key": "env", "name": "Production",
            "feature_states": defaults.map(|(flag, (enabled, value))| state(flag, *enabled, &format!("d{value}"), None))
                .collect::<Vec<_>>(),
            "identity_overrides": overrides.collect::<Vec<_>>(),
            "project": { "segments": segments }
        })
    }

    fn engine(&self) -> Engine {
        Engine::from_document(&self.document(), Dialect::Server10_2).unwrap()
    }
}

fn any_segment() -> impl Strategy<Value = Segment> {
    (0..OPERATORS.len(), 0_u8..6, any::<bool>(), 0..FLAGS, 0_u8..4)
}

fn any_plan() -> impl Strategy<Value = Plan> {
    let defaults = proptest::collection::vec((any::<bool>(), 0_u8..2), 1..=FLAGS);
    let segments = proptest::collection::vec(any_segment(), 0..4);
    let overrides = proptest::collection::vec((0_u8..30, 0..FLAGS), 0..3);
    (defaults, segments, overrides, proptest::bool::weighted(0.2)).prop_map(
        |(defaults, segments, overrides, raises)| Plan {
            defaults,
            segments,
            overrides,
            raises,
        },
    )
}

/// A plan and the same after an edit.
fn any_edit() -> impl Strategy<Value = (Plan, Plan)> {
    let edited = (any_plan(), 0_u8..7, 0_usize..4, any_segment());
    edited.prop_map(|(before, kind, position, segment)| {
        let mut after = before.clone();
        match kind {
            0 => after.segments.push(segment),
            1 if !after.segments.is_empty() => {
                let index = position % after.segments.len();
                after.segments[index] = segment;
            }
            2 => {
                after.segments.pop();
            }
            3 => after.overrides.push((segment.1, segment.3)),
            4 => after.defaults.truncate(1),
            5 => after.raises = !after.raises,
            _ => {
                let index = position % after.defaults.len();
                after.defaults[index] = (!after.defaults[index].0, segment.4);
            }
        }
        (before, after)
    })
}

fn any_identities() -> impl Strategy<Value = Vec<Identity>> {
    let value = || {
        prop_oneof![
            (0_u8..6).prop_map(|age| Some(json!(age))),
            (0_u8..6).prop_map(|age| Some(json!(age.to_string()))),
            Just(Some(json!("text"))),
            Just(None),
        ]
    };
    let identity =
        (0_u8..30, value(), value(), proptest::bool::weighted(0.1)).prop_map(|(who, plan, age, odd)| {
            let mut identity = Identity::new(format!("user-{who}"));
            let odd = odd.then(|| json!(1));
            for (name, value) in [("plan", plan), ("age", age), ("odd", odd)] {
                if let Some(value) = value {
                    identity = identity.with_trait(name, value);
                }
            }
            identity
        });
    proptest::collection::vec(identity, 0..60)
}

fn cohort(identities: &[Identity], chunk_rows: usize) -> Cohort {
    let mut builder = CohortBuilder::with_chunk_rows(chunk_rows);
    for identity in identities {
        builder.push(identity);
    }
    builder.finish()
}

fn threads(count: usize) -> Control {
    Control::with_threads(NonZeroUsize::new(count).unwrap())
}

type Evaluated<'e> = Result<Evaluation<'e>, EvaluationError>;

fn state_in(evaluation: &Evaluation<'_>, flag: &str) -> Option<FlagState> {
    evaluation.flag(flag).map(|flag| FlagState {
        enabled: flag.enabled,
        value: flag.value.clone(),
        variant: flag.variant.map(str::to_owned),
    })
}

fn run<'e>(engine: &'e Engine, identities: &[Identity]) -> Vec<Evaluated<'e>> {
    identities
        .iter()
        .map(|identity| engine.evaluate(identity))
        .collect()
}

/// Rows that both could evaluate, with what they say of a flag.
fn states(
    before: &[Evaluated<'_>],
    after: &[Evaluated<'_>],
    flag: &str,
) -> Vec<(usize, [Option<FlagState>; 2])> {
    let pairs = before.iter().zip(after).enumerate();
    pairs
        .filter_map(|(row, (before, after))| {
            let (before, after) = (before.as_ref().ok()?, after.as_ref().ok()?);
            Some((row, [state_in(before, flag), state_in(after, flag)]))
        })
        .collect()
}

fn tally<T>(items: impl Iterator<Item = T>) -> BTreeMap<String, u64>
where
    T: std::fmt::Debug,
{
    let mut counts = BTreeMap::new();
    for item in items {
        *counts.entry(format!("{item:?}")).or_default() += 1;
    }
    counts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn flips_are_the_difference_of_two_full_runs(
        (before, after) in any_edit(), identities in any_identities(), chunk_rows in 1_usize..20,
    ) {
        let (old, new) = (before.engine(), after.engine());
        let found = impact(&old, &new, &cohort(&identities, chunk_rows), &["flag_1"], &threads(2)).unwrap();
        let (was, is) = (run(&old, &identities), run(&new, &identities));
        let failing = |runs: &[Evaluated<'_>]| runs.iter().filter(|one| one.is_err()).count() as u64;
        prop_assert_eq!(found.failures_before.count, failing(&was));
        prop_assert_eq!(found.failures_after.count, failing(&is));
        prop_assert_eq!(found.identities as usize, was.iter().zip(&is).filter(|(was, is)| was.is_ok() && is.is_ok()).count());

        let mut changed_rows = std::collections::BTreeSet::new();
        for number in 0..FLAGS {
            let name = format!("flag_{number}");
            let rows = states(&was, &is, &name);
            let differing: Vec<_> = rows.iter().filter(|(_, [was, is])| was != is).collect();
            changed_rows.extend(differing.iter().map(|(row, _)| *row));
            let Some(flag) = found.flag(&name) else {
                prop_assert!(differing.is_empty(), "{} was not compared", name);
                continue;
            };
            let flips = |differ: fn(&FlagState, &FlagState) -> bool| {
                let both = differing.iter().filter_map(|(_, [was, is])| Some((was.as_ref()?, is.as_ref()?)));
                both.filter(|(was, is)| differ(was, is)).count() as u64
            };
            prop_assert_eq!(flag.changed, differing.len() as u64);
            prop_assert_eq!(flag.state_flips, flips(|was, is| was.enabled != is.enabled));
            prop_assert_eq!(flag.value_flips, flips(|was, is| was.value != is.value));
            prop_assert_eq!(flag.variant_flips, flips(|was, is| was.variant != is.variant));
            prop_assert_eq!(flag.edited, number == 1);
            prop_assert_eq!(flag.is_surprise(), number != 1 && !differing.is_empty());

            let shares = |shares: &[halyard_engine::Share]| {
                shares.iter().map(|share| (format!("{:?}", share.state), share.count)).collect::<BTreeMap<_, _>>()
            };
            prop_assert_eq!(shares(&flag.before), tally(rows.iter().filter_map(|(_, [was, _])| was.as_ref())));
            prop_assert_eq!(shares(&flag.after), tally(rows.iter().filter_map(|(_, [_, is])| is.as_ref())));

            let moved: u64 = flag.moves.iter().map(|one| one.count).sum();
            prop_assert_eq!(moved, flag.changed);
            for one in &flag.moves {
                prop_assert_eq!(one.examples.len() as u64, one.count.min(5));
                for example in &one.examples {
                    prop_assert_eq!(&identities[example.row as usize], &example.identity);
                    let (_, [was, is]) = rows.iter().find(|(row, _)| *row as u64 == example.row).unwrap();
                    prop_assert_eq!(was.as_ref(), one.before.as_ref().map(|decided| &decided.state));
                    prop_assert_eq!(is.as_ref(), one.after.as_ref().map(|decided| &decided.state));
                }
            }
        }
        prop_assert_eq!(found.changed, changed_rows.len() as u64);
    }

    #[test]
    fn threads_and_chunks_change_nothing(
        (before, after) in any_edit(), identities in any_identities(), chunk_rows in 1_usize..20, count in 2_usize..5,
    ) {
        let (before, after) = (before.engine(), after.engine());
        let (whole, split) = (cohort(&identities, 8192), cohort(&identities, chunk_rows));
        prop_assert_eq!(
            impact(&before, &after, &whole, &[], &threads(1)).unwrap(),
            impact(&before, &after, &split, &[], &threads(count)).unwrap()
        );
        let spread = distribution(&after, &whole, &threads(1)).unwrap();
        prop_assert_eq!(&spread, &distribution(&after, &split, &threads(count)).unwrap());
        let runs = run(&after, &identities);
        for flag in &spread.flags {
            let states = runs.iter().filter_map(|one| state_in(one.as_ref().ok()?, &flag.name));
            let shares = flag.shares.iter().map(|share| (format!("{:?}", share.state), share.count));
            prop_assert_eq!(shares.collect::<BTreeMap<_, _>>(), tally(states));
        }
    }
}

fn sample(count: usize) -> Vec<Identity> {
    (0..count)
        .map(|number| Identity::new(format!("user-{number}")).with_trait("age", number % 6))
        .collect()
}

#[test]
fn moves_name_the_rules_and_the_first_identities() {
    let before = Plan {
        defaults: vec![(false, 0); 3],
        segments: vec![(0, 1, false, 1, 0)],
        overrides: vec![(7, 1)],
        raises: false,
    };
    let mut after = before.clone();
    after.segments[0].1 = 2;
    let found = impact(
        &before.engine(),
        &after.engine(),
        &cohort(&sample(60), 7),
        &["flag_2"],
        &threads(2),
    )
    .unwrap();
    assert_eq!(
        (found.identities, found.changed),
        (60, 19),
        "user-7 keeps its own"
    );
    let surprises: Vec<&str> = found.surprises().map(|flag| flag.name.as_str()).collect();
    assert_eq!(surprises, ["flag_1"]);
    let flag = found.flag("flag_1").unwrap();
    assert_eq!(
        (flag.state_flips, flag.value_flips, flag.variant_flips),
        (19, 19, 0)
    );
    let moves: Vec<_> = flag
        .moves
        .iter()
        .map(|one| {
            let rule = |decided: &Option<halyard_engine::Decided>| decided.as_ref().unwrap().rule.clone();
            let rows: Vec<u64> = one.examples.iter().map(|example| example.row).collect();
            (rule(&one.before), rule(&one.after), one.count, rows)
        })
        .collect();
    let segment = || DecidingRule::Segment("segment_0".to_owned());
    assert_eq!(
        moves,
        [
            (DecidingRule::Default, segment(), 10, vec![2, 8, 14, 20, 26]),
            (segment(), DecidingRule::Default, 9, vec![1, 13, 19, 25, 31]),
        ]
    );
    let own = flag
        .after
        .iter()
        .find(|share| share.state.value == json!("own"))
        .unwrap();
    assert_eq!(own.deciders, [(DecidingRule::IdentityOverride, 1)]);
}

#[test]
fn a_cancelled_run_stops_and_others_report_progress() {
    let plan = Plan {
        defaults: vec![(true, 0); 4],
        segments: vec![(0, 1, false, 1, 0)],
        overrides: vec![],
        raises: false,
    };
    let (engine, cohort) = (plan.engine(), cohort(&sample(5000), 500));
    let control = threads(2);
    control.cancel();
    assert_eq!(distribution(&engine, &cohort, &control), Err(Stopped));
    assert_eq!(control.rows_done(), 0);
    let control = threads(2);
    distribution(&engine, &cohort, &control).unwrap();
    assert_eq!(control.rows_done(), 5000);
    let control = threads(2);
    impact(&engine, &engine, &cohort, &[], &control).unwrap();
    assert_eq!(control.rows_done(), 5000);
}

/// Gives the first chunk, and cancels just then.
struct Cancelling<'c>(&'c Cohort);

impl ChunkSource for Cancelling<'_> {
    fn next_chunk(&mut self, control: &Control) -> Result<Option<Arc<Chunk>>, ReadError> {
        control.cancel();
        Ok(self.0.chunks().first().cloned())
    }
}

#[test]
fn a_run_stops_within_a_chunk() {
    let plan = Plan {
        defaults: vec![(true, 0); 4],
        segments: vec![(0, 1, false, 1, 0)],
        overrides: vec![],
        raises: false,
    };
    let (engine, cohort) = (plan.engine(), cohort(&sample(20_000), 20_000));
    let control = threads(2);
    let found = impact_of_stream(&engine, &engine, &mut Cancelling(&cohort), &["flag_1"], &control);
    assert!(matches!(found, Err(ReadError::Stopped)), "{found:?}");
    assert!(control.rows_done() <= 1024, "{}", control.rows_done());
    let control = threads(1);
    let found = distribution_of_stream(&engine, &mut Cancelling(&cohort), &control);
    assert!(matches!(found, Err(ReadError::Stopped)), "{found:?}");
    assert!(control.rows_done() <= 1024, "{}", control.rows_done());
}

#[test]
fn a_file_is_weighed_while_it_is_read() {
    let before = Plan {
        defaults: vec![(false, 0); 3],
        segments: vec![(2, 1, false, 1, 0), (7, 4, false, 2, 1)],
        overrides: vec![],
        raises: false,
    };
    let mut after = before.clone();
    after.segments[0].1 = 2;
    let (before, after) = (before.engine(), after.engine());
    let rows: String = (0..3000)
        .map(|number| format!("user-{number},{}\n", number % 7))
        .collect();
    let text = format!("id,age\n{rows}broken\n");
    let options = || ReadOptions {
        chunk_rows: 100,
        ..ReadOptions::default()
    };
    let (cohort, report) = read_cohort(text.as_bytes(), options(), &Control::new()).unwrap();
    let mut reader = CohortReader::new(text.as_bytes(), options()).unwrap();
    let control = threads(3);
    let streamed = impact_of_stream(&before, &after, &mut reader, &[], &control).unwrap();
    assert_eq!(
        streamed,
        impact(&before, &after, &cohort, &[], &threads(1)).unwrap()
    );
    assert!(streamed.changed > 0);
    assert_eq!((reader.report(), report.broken), (report, 1));
    assert_eq!((control.rows_read(), control.rows_done()), (3000, 3000));

    let endless = format!("{text}x,\"{}", "1\n".repeat(1 << 20));
    let mut reader = CohortReader::new(endless.as_bytes(), options()).unwrap();
    let refused = distribution_of_stream(&after, &mut reader, &threads(3)).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "line 3003: a row without end; perhaps a quote is not closed"
    );
}

#[test]
fn an_identity_can_have_other_traits_after_an_edit() {
    let before = Plan {
        defaults: vec![(false, 0); 3],
        segments: vec![(2, 1, false, 1, 0), (7, 4, false, 2, 1)],
        overrides: vec![],
        raises: false,
    };
    let mut after = before.clone();
    after.defaults[0].0 = true;
    let (before, after) = (before.engine(), after.engine());
    let mut everybody = sample(300);
    everybody.push(Identity::new("bare"));
    let mut traits = TraitChanges::default();
    for (number, one) in everybody.iter().enumerate().filter(|(number, _)| number % 7 == 0) {
        for (at, name) in one.traits.keys().enumerate() {
            let to = [None, Some(json!(number % 5)), Some(json!(null)), Some(json!("3"))];
            traits.set(&one.identifier, name, to[(number + at) % 4].clone());
        }
    }
    traits.set("bare", "age", Some(json!(4)));
    for edited in [&[][..], &["flag_1"][..]] {
        let cohort = cohort(&everybody, 40);
        let found = impact_with_traits(
            &before,
            &after,
            &mut cohort.source(),
            edited,
            &traits,
            &threads(2),
        )
        .unwrap();
        assert_eq!(found.untouched, 0);
        let mut changed = 0;
        let mut by_flag: BTreeMap<String, u64> = BTreeMap::new();
        for one in &everybody {
            let then = before.evaluate(one).unwrap();
            let other = traits.applied_to(one.clone());
            let now = after.evaluate(&other).unwrap();
            let names = before
                .flag_names()
                .filter(|name| state_in(&then, name) != state_in(&now, name));
            let names: Vec<&str> = names.collect();
            changed += u64::from(!names.is_empty());
            for name in names {
                *by_flag.entry(name.to_owned()).or_default() += 1;
            }
        }
        assert_eq!(found.changed, changed);
        let counted: BTreeMap<String, u64> = found
            .flags
            .iter()
            .filter(|flag| flag.changed > 0)
            .map(|flag| (flag.name.clone(), flag.changed))
            .collect();
        assert_eq!(counted, by_flag);
        assert!(
            by_flag.len() >= 2,
            "traits change flags that the edit leaves alone: {by_flag:?}"
        );
    }
}
