//! Everything that can be asked of a document, an identity or a cohort file.

use std::hint::black_box;

use halyard_engine::{Control, Dialect, Engine, ReadOptions, Revision, Trace, read_cohort};
use serde_json::Value;

use crate::damage::Case;

/// How far a case came.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) compiled: bool,
    pub(crate) evaluated: bool,
}

/// Compiles in both dialects and ways, then asks everything.
pub(crate) fn everything(case: &Case) -> Found {
    let mut found = Found::default();
    for dialect in [Dialect::Server10_2, Dialect::Sdk11_1] {
        let from_text = Engine::from_text(&case.text, dialect);
        let Ok(document) = serde_json::from_str::<Value>(&case.text) else {
            assert!(from_text.is_err(), "an engine from text that is no JSON");
            continue;
        };
        let from_document = Engine::from_document(&document, dialect);
        black_box(Engine::from_context(&document, dialect).is_ok());
        match (from_text, from_document) {
            (Err(_), Err(error)) => assert!(!error.place.is_empty() && !error.problem.is_empty()),
            (Ok(engine), Ok(other)) => {
                found.compiled = true;
                found.evaluated |= engine_is_sound(&engine, &other, case);
                revise(&engine, case);
                black_box(engine.lint_with(&document));
            }
            (text, tree) => {
                // A field that comes twice is one thing in text and another in a tree.
                assert_ne!(
                    document.to_string().len(),
                    case.text.len(),
                    "{:?} but {:?}",
                    text.err(),
                    tree.err()
                );
            }
        }
    }
    found
}

/// All ways to evaluate, which have to agree. Gives whether the reference would answer.
fn engine_is_sound(engine: &Engine, other: &Engine, case: &Case) -> bool {
    let mut scratch = engine.scratch();
    let evaluation = engine.evaluate(&case.identity);
    let trace = engine.trace(&case.identity);
    look_at(&trace);
    look_at(&engine.trace_anonymous());
    black_box(engine.evaluate_anonymous().is_ok());
    black_box(engine.lint());
    let again = other.evaluate(&case.identity);
    let Ok(evaluation) = evaluation else {
        assert!(
            engine.decide(&case.identity, &mut scratch).is_err()
                && trace.failure().is_some()
                && again.is_err()
        );
        return false;
    };
    let outcomes = engine
        .decide(&case.identity, &mut scratch)
        .expect("evaluate answered")
        .to_vec();
    assert_eq!(outcomes, evaluation.outcomes());
    let again = again.expect("the same document answered");
    for (((flag, outcome), traced), other) in evaluation
        .flags()
        .zip(&outcomes)
        .zip(trace.flags())
        .zip(again.flags())
    {
        let position = engine.flag_position(flag.name).expect("a flag of this document");
        assert_eq!(engine.result(position, *outcome), Some(flag));
        assert_eq!(traced.result(), Some(flag));
        assert_eq!(format!("{other:?}"), format!("{flag:?}"));
    }
    for flag in evaluation.flags().take(3) {
        black_box(engine.counterfactuals(&case.identity, flag.name).is_ok());
    }
    true
}

fn look_at(trace: &Trace<'_>) {
    for flag in trace.flags() {
        black_box((
            flag.candidates().len(),
            flag.decided_by().is_some(),
            flag.split().is_some(),
        ));
        black_box((flag.dependencies().len(), flag.caveats().len()));
    }
    for segment in trace.segments() {
        black_box(segment.decisive().len());
    }
    for condition in trace.conditions() {
        black_box((condition.holds(), condition.coerced().is_some()));
    }
    black_box((trace.caveats().len(), format!("{:?}", trace.failure())));
}

fn revise(engine: &Engine, case: &Case) {
    let part = &case.part;
    let name = part.as_str().unwrap_or("flag_1");
    for revision in [
        Revision::Flag(part),
        Revision::Segment(part),
        Revision::Identity(part),
        Revision::RemoveFlag(name),
        Revision::RemoveSegment(name),
        Revision::RemoveIdentity(name),
    ] {
        if let Ok(revised) = engine.revised(&[revision]) {
            black_box(revised.evaluate(&case.identity).is_ok());
            black_box(engine.affected(&revised).len());
        }
    }
}

/// Reads a file as an app would.
pub(crate) fn cohort(bytes: &[u8]) {
    let options = ReadOptions {
        chunk_rows: 2,
        longest_line: 200,
        most_traits: 20,
        memory: 1 << 20,
        ..ReadOptions::default()
    };
    if let Ok((cohort, _)) = read_cohort(bytes, options, &Control::new()) {
        for row in 0..cohort.len() {
            black_box(cohort.identity(row).expect("a row of this cohort"));
        }
    }
}
