//! The connection doctor, against real answers.

use std::sync::Mutex;

use halyard_console::{DoctorFacts, DoctorInput, DoctorStep, StepFact, StepState, SurfaceSettings};
use halyard_model::{EdgeProxy, Surface};
use halyard_sandbox::{Effect, ErrorBody, Fault};
use tokio_util::sync::CancellationToken;

use crate::bench::{Bench, Path, Place};

async fn examined(bench: &Bench, place: &Place, surface: Surface) -> DoctorFacts {
    let input = DoctorInput {
        connection: place.connection.clone(),
        environment: place.environment.clone(),
        surface,
    };
    let told = Mutex::new(Vec::new());
    let tell = |finding: &halyard_console::DoctorFinding| told.lock().unwrap().push(finding.clone());
    let facts = bench
        .console
        .run_doctor(input, &tell, CancellationToken::new())
        .await
        .unwrap();
    let steps: Vec<DoctorStep> = facts.findings.iter().map(|finding| finding.step).collect();
    assert_eq!(steps, DoctorStep::ALL, "every step once, in order");
    for finding in &facts.findings {
        let last = told
            .lock()
            .unwrap()
            .iter()
            .rev()
            .find(|one| one.step == finding.step)
            .cloned();
        assert!(
            finding.state == StepState::Waits || last.as_ref() == Some(finding),
            "{finding:?}"
        );
    }
    facts
}

fn state(facts: &DoctorFacts, step: DoctorStep) -> StepState {
    facts
        .findings
        .iter()
        .find(|finding| finding.step == step)
        .unwrap()
        .state
}

#[tokio::test]
async fn a_healthy_connection_passes() {
    for path in [Path::FlagsmithV1, Path::EdgeFlags] {
        let (bench, place) = Bench::connected(path).await;
        for surface in [Surface::Admin, Surface::FlagsApi] {
            let facts = examined(&bench, &place, surface.clone()).await;
            let wrong: Vec<_> = facts
                .findings
                .iter()
                // The clock of these tests stands still, that of the server does not.
                .filter(|finding| finding.step != DoctorStep::Clock)
                .filter(|finding| !matches!(finding.state, StepState::Passed | StepState::Skipped))
                .collect();
            assert!(wrong.is_empty(), "{path:?} {surface:?} {wrong:#?}");
            for step in [
                DoctorStep::Name,
                DoctorStep::Answers,
                DoctorStep::KeyAccepted,
                DoctorStep::Environment,
            ] {
                assert_eq!(
                    state(&facts, step),
                    StepState::Passed,
                    "{path:?} {surface:?} {step:?}"
                );
            }
            assert_eq!(state(&facts, DoctorStep::Certificate), StepState::Skipped);
        }
    }
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let facts = examined(&bench, &place, Surface::FlagsApi).await;
    let evaluated = facts.findings.last().unwrap();
    assert_eq!(evaluated.state, StepState::Passed);
    assert!(matches!(evaluated.facts[0], StepFact::FlagsCompared(count) if count > 100));
}

#[tokio::test]
async fn a_step_that_fails_ends_those_that_depend_on_it() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let settings = bench.console.surface_settings(&place.connection).await.unwrap();
    // Nothing listens on a port that was just given back.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let base = format!("http://127.0.0.1:{port}/api/v1/");
    let settings = SurfaceSettings {
        edge_proxies: vec![EdgeProxy::at(base.clone())],
        ..settings
    };
    bench
        .console
        .change_surfaces(&place.connection, settings)
        .await
        .unwrap();
    let facts = examined(&bench, &place, Surface::EdgeProxy(base)).await;
    assert_eq!(state(&facts, DoctorStep::Path), StepState::Passed);
    assert_eq!(
        state(&facts, DoctorStep::KeyType),
        StepState::Passed,
        "it does not depend on the network"
    );
    let failed: Vec<_> = facts
        .findings
        .iter()
        .filter(|one| one.state == StepState::Failed)
        .collect();
    assert_eq!(failed.len(), 1, "{failed:#?}");
    assert_eq!(failed[0].step, DoctorStep::Answers);
    assert!(failed[0].failure.is_some());
    for step in [
        DoctorStep::KeyAccepted,
        DoctorStep::UpToDate,
        DoctorStep::Evaluates,
    ] {
        assert_eq!(state(&facts, step), StepState::Waits, "{step:?}");
    }
}

#[tokio::test]
async fn a_refused_key_is_found_at_its_step() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    bench.fault(
        Path::FlagsmithV1
            .last_of_refresh(Fault::of(Effect::ServerError {
                status: 500,
                body: ErrorBody::Html,
            }))
            .path("/flags/"),
    );
    let facts = examined(&bench, &place, Surface::FlagsApi).await;
    assert_eq!(state(&facts, DoctorStep::Answers), StepState::Passed);
    assert_eq!(state(&facts, DoctorStep::KeyAccepted), StepState::Failed);
    assert_eq!(state(&facts, DoctorStep::Evaluates), StepState::Waits);
}

#[tokio::test]
async fn a_run_that_is_stopped_gives_what_was_found() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let cancel = CancellationToken::new();
    let stop = cancel.clone();
    let tell = move |finding: &halyard_console::DoctorFinding| {
        if finding.step == DoctorStep::Name {
            stop.cancel();
        }
    };
    let input = DoctorInput {
        connection: place.connection.clone(),
        environment: place.environment.clone(),
        surface: Surface::FlagsApi,
    };
    let facts = bench.console.run_doctor(input, &tell, cancel).await.unwrap();
    assert!(facts.stopped);
    assert_eq!(state(&facts, DoctorStep::Address), StepState::Passed);
    assert_eq!(state(&facts, DoctorStep::Evaluates), StepState::Waits);
}
