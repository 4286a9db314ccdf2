//! A trace says what the ordinary evaluation says: on the frozen corpus, on our own cases and on made-up environments.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test")]

mod common;
mod environments;

use std::collections::BTreeSet;

use common::{DIALECTS, generator, identity_of, number, test_folder};
use environments::{Spice, document, identity};
use halyard_engine::{
    AskedCondition, Candidate, CandidateSource, Dialect, Engine, FlagTrace, Identity, RuleTrace,
    SegmentStanding, Standing, Trace, TraceVerdict,
};
use proptest::prelude::{ProptestConfig, proptest};
use serde_json::Value;

/// Compares everything a trace says with the ordinary evaluation. Returns the number of flag decisions compared.
fn assert_agrees(engine: &Engine, identity: &Identity) -> usize {
    let trace = engine.trace(identity);
    let evaluation = match engine.evaluate(identity) {
        Ok(evaluation) => evaluation,
        Err(error) => {
            assert_eq!(trace.failure(), Some(&error));
            assert!(trace.flags().all(|flag| flag.result().is_none()));
            assert_failure_is_marked(&trace);
            return 0;
        }
    };
    assert_eq!(trace.failure(), None);
    let members: BTreeSet<&str> = evaluation.matched_segments().map(|segment| segment.key).collect();
    for segment in trace.segments() {
        let holds = !segment.rules.is_empty()
            && segment
                .rules
                .iter()
                .all(|rule| rule.verdict == TraceVerdict::Holds);
        let matches = members.contains(segment.key);
        assert_eq!(
            segment.standing == SegmentStanding::Matches,
            matches,
            "{segment:#?}"
        );
        if segment.standing != SegmentStanding::CyclicDependency {
            assert_eq!(holds, matches, "{segment:#?}");
        }
        segment.rules.iter().for_each(assert_nothing_reached_fails);
    }
    let reads_flags = trace
        .conditions()
        .iter()
        .any(|one| one.property.starts_with("$.flags"));
    let mut decisions = 0;
    for flag in evaluation.flags() {
        let traced = trace.flag(flag.name).unwrap();
        assert_eq!(traced.result(), Some(flag), "{traced:#?}");
        assert_candidates_agree(&traced, reads_flags);
        decisions += 1;
    }
    decisions
}

/// The one that decides is the first that applies, and its state is the result's. Where flags read flags, what applies
/// to a flag that is read can differ from what applies by itself, since cycles are cut at another place.
fn assert_candidates_agree(flag: &FlagTrace<'_>, reads_flags: bool) {
    let result = flag.result().unwrap();
    let candidates = flag.candidates();
    let applies = |position: &usize| {
        let candidate = &candidates[*position];
        match candidate.source {
            CandidateSource::IdentityOverride => candidate.state.is_some(),
            CandidateSource::Segment { .. } => {
                candidate.segment().unwrap().standing == SegmentStanding::Matches
            }
            CandidateSource::EnvironmentDefault { .. } => true,
        }
    };
    let decides = |candidate: &Candidate<'_>| candidate.standing == Standing::Decides;
    let first = if reads_flags {
        candidates.iter().position(decides).unwrap()
    } else {
        (0..candidates.len()).find(applies).unwrap()
    };
    assert_eq!(candidates[first].standing, Standing::Decides, "{candidates:#?}");
    for (position, candidate) in candidates.iter().enumerate() {
        match &candidate.standing {
            Standing::Decides => assert_eq!(position, first),
            Standing::Outranked { by } => assert!(*by == first && position > first && applies(&position)),
            Standing::CyclicDependency if reads_flags => {}
            _ => assert!(!applies(&position), "{:?}", candidate.source),
        }
    }
    let state = candidates[first].state.unwrap();
    assert_eq!(state.enabled, result.enabled);
    let split = flag.split();
    assert_eq!(split.is_some(), state.variants > 0);
    let chosen = split.and_then(|split| Some(split.ranges[split.chosen?].value));
    assert_eq!(chosen.unwrap_or(state.value), result.value);
    let segment = match candidates[first].source {
        CandidateSource::Segment { name, .. } => Some(name),
        _ => None,
    };
    assert_eq!(segment, result.segment);
}

/// Conditions that would raise are there only where the reference does not come to ask them.
fn assert_nothing_reached_fails(rule: &RuleTrace<'_>) {
    let fails =
        |one: &AskedCondition<'_>| one.is_reached && matches!(one.condition.verdict, TraceVerdict::Fails(_));
    assert!(!rule.conditions.iter().any(fails), "{rule:#?}");
    rule.rules.iter().for_each(assert_nothing_reached_fails);
}

/// The segment that the error names fails in the trace, and on the condition that the error names.
fn assert_failure_is_marked(trace: &Trace<'_>) {
    let error = trace.failure().unwrap();
    let Some(name) = &error.segment else { return };
    if error.flag.is_some() {
        let marked = trace.flags().any(|flag| {
            let fails =
                |standing: &Standing| matches!(standing, Standing::Fails(cause) if *cause == error.cause);
            flag.candidates()
                .iter()
                .any(|candidate| fails(&candidate.standing))
        });
        // Where nothing but a flag that is read compares priorities, no segment fails by itself.
        assert!(
            marked
                || trace
                    .conditions()
                    .iter()
                    .any(|one| matches!(one.verdict, TraceVerdict::Fails(_)))
        );
        return;
    }
    let marked = trace
        .segments()
        .filter(|segment| segment.name == name)
        .any(|segment| {
            let fails = matches!(&segment.standing, SegmentStanding::Fails(cause) if *cause == error.cause);
            fails
                && error.condition.as_ref().is_none_or(|condition| {
                    // A failure inside a flag that is read is the reading condition's failure, too.
                    segment.decisive().iter().any(|one| {
                        let traced = one.condition;
                        let is_named = traced.property == condition.property
                            && *traced.operand == serde_json::from_str::<Value>(&condition.operand).unwrap();
                        matches!(traced.verdict, TraceVerdict::Fails(_))
                            && (is_named || traced.property.starts_with("$.flags"))
                    })
                })
        });
    assert!(
        marked,
        "{error} is not in {:#?}",
        trace.segments().collect::<Vec<_>>()
    );
}

fn assert_request_agrees(request: &Value) -> usize {
    let mut decisions = 0;
    for (_, dialect) in DIALECTS {
        let Ok(engine) = Engine::from_document(&request["document"], dialect) else {
            continue;
        };
        for identity in request["identities"].as_array().unwrap() {
            if !identity.is_null() {
                decisions += assert_agrees(&engine, &identity_of(identity));
            }
        }
    }
    decisions
}

#[test]
fn traces_agree_on_the_frozen_corpus() {
    let corpus = std::fs::read_to_string(test_folder().join("corpus/corpus.jsonl")).unwrap();
    let decisions: usize = corpus
        .lines()
        .map(|line| assert_request_agrees(&serde_json::from_str(line).unwrap()))
        .sum();
    println!("frozen corpus: {decisions} decisions traced");
    assert!(decisions > 1500);
}

#[test]
fn traces_agree_on_our_own_cases() {
    let mut decisions = 0;
    for entry in std::fs::read_dir(test_folder().join("cases")).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        decisions += assert_request_agrees(&serde_json::from_str(&text).unwrap());
    }
    println!("own cases: {decisions} decisions traced");
    assert!(decisions > 400);
}

/// Made by the generator of the comparison with the reference; `HALYARD_CORPUS_SEED` and `HALYARD_CORPUS_SIZE` change
/// what.
#[test]
fn traces_agree_on_requests_made_afresh() {
    let (seed, size) = (
        number("HALYARD_CORPUS_SEED", 11),
        number("HALYARD_CORPUS_SIZE", 150),
    );
    let Some(mut generator) = generator("11.1", seed, size, &[]) else {
        return;
    };
    let output = generator.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let requests = String::from_utf8(output.stdout).unwrap();
    let decisions: usize = requests
        .lines()
        .map(|line| assert_request_agrees(&serde_json::from_str(line).unwrap()))
        .sum();
    println!("made afresh, seed {seed}: {decisions} decisions traced");
    assert!(decisions > size);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn traces_agree_on_made_up_environments(
        document in document(Spice::Everything),
        identities in proptest::collection::vec(identity(), 1..4),
    ) {
        for dialect in [Dialect::Server10_2, Dialect::Sdk11_1] {
            let engine = Engine::from_document(&document, dialect).unwrap();
            for identity in &identities {
                assert_agrees(&engine, identity);
            }
        }
    }
}
