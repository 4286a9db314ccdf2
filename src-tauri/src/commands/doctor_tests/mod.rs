//! The connection doctor against the sandbox, from its answers to the words.

mod bench;
mod troubles;

use std::{sync::Mutex, time::Duration};

use halyard_model::Service;
use halyard_sandbox::{Config, Effect, ErrorBody, Fault, MayaEdit, Surface as Struck};
use serde_json::json;

use self::bench::*;
use super::doctor::examine;
use crate::{
    convert::{doctor::choices, health},
    error::{ErrorCode, WireError},
    view::*,
};

#[tokio::test]
async fn every_surface_of_a_healthy_service_passes() {
    for service in [Service::Flagsmith, Service::EdgeFlags] {
        let bench = Bench::new(service).await;
        let connection = bench.stored().await;
        let environments = bench.app.console.environments(&bench.connection).await.unwrap();
        let listed = choices(&connection, &environments, &bench.environment.key);
        let per_environment = if service == Service::Flagsmith { 3 } else { 2 };
        assert_eq!(listed.len(), environments.len() * per_environment);
        assert!(
            listed[..per_environment]
                .iter()
                .all(|one| one.environment == bench.environment.key.0),
            "those of the environment in view come first"
        );
        for choice in &listed[..per_environment] {
            let view = bench.examine(choice.surface.kind).await;
            let wrong: Vec<_> = view
                .steps
                .iter()
                .filter(|step| !matches!(step.state, StepStateView::Passed | StepStateView::Skipped))
                .collect();
            assert!(wrong.is_empty(), "{} {wrong:#?}", choice.name);
            for one in &view.steps {
                assert!(one.detail.is_some(), "{} {one:?}", choice.name);
                assert!(
                    one.cause.is_none() && one.next_step.is_none() && one.remedy.is_none(),
                    "{one:?}"
                );
                assert!(view.report.contains(&one.title), "{}", one.title);
            }
        }
    }
}

#[tokio::test]
async fn a_healthy_edge_proxy_is_told_step_by_step() {
    let bench = Bench::new(Service::Flagsmith).await;
    let view = bench.examine(SurfaceKindView::EdgeProxy).await;
    let address = bench.sandbox.announcement().edge_proxy.url.clone();
    let origin = address.trim_end_matches("/api/v1/");
    let rows: Vec<(&str, &str)> = view
        .steps
        .iter()
        .map(|step| (step.title.as_str(), step.detail.as_deref().unwrap_or_default()))
        .collect();
    for expected in [
        ("Address is well formed", origin),
        ("Path ends in /api/v1/", "/api/v1/"),
        ("Name resolves, no proxy in the way", "127.0.0.1"),
        ("TLS certificate", "plain http, not encrypted"),
        ("Key sent in the right header", "X-Environment-Key"),
        ("Key type", "client-side, as needed"),
        ("Key is accepted", "accepted"),
        ("Production is known there", "Production"),
        ("Evaluates like the mirror", "128 of 128 flags agree"),
    ] {
        assert!(rows.contains(&expected), "{expected:?} is not in {rows:#?}");
    }
    assert!(
        detail(&view, "clock").ends_with(" s apart"),
        "{}",
        detail(&view, "clock")
    );
    assert!(detail(&view, "answers").ends_with(" ms"));
    assert!(
        detail(&view, "up_to_date").ends_with(" s old"),
        "{}",
        detail(&view, "up_to_date")
    );
    assert_eq!(
        step(&view, "up_to_date").title,
        "Production document is up to date"
    );
    assert!(
        view.report
            .contains(&format!("Edge Proxy {}, {address}", &origin["http://".len()..]))
    );
    assert!(
        view.report.contains("[passed] Key is accepted: accepted"),
        "{}",
        view.report
    );
    assert!(!view.stopped && view.at > 1_700_000_000);
}

#[tokio::test]
async fn a_frozen_proxy_serves_older_content() {
    let bench = Bench::new(Service::Flagsmith).await;
    bench.fault(Fault::of(Effect::FrozenProxy));
    let edit = MayaEdit {
        environment: bench.environment.name.clone(),
        flag: "free_shipping_threshold".into(),
        enabled: None,
        value: Some(json!("4900")),
        ..MayaEdit::default()
    };
    bench
        .sandbox
        .faults()
        .edit_as_maya(Struck::Flagsmith, &edit)
        .unwrap();
    let expected = Expected {
        step: "up_to_date",
        state: StepStateView::Failed,
        detail: "serves older content",
        cause: "healthy by its own account",
        button: Some((RemedyActionView::TryAgain, "Run again")),
    };
    let view = bench.examine(SurfaceKindView::EdgeProxy).await;
    check(&view, &expected, "a frozen proxy");
    let next_step = step(&view, "up_to_date").next_step.as_deref().unwrap();
    assert!(next_step.contains("10 s at most"), "{next_step}");
}

#[tokio::test]
async fn a_stale_proxy_names_its_age_and_its_configuration() {
    let config = Config {
        proxy_poll: Duration::from_millis(40),
        proxy_grace: Duration::from_millis(40),
        ..Config::default()
    };
    let bench = Bench::with(Service::Flagsmith, config).await;
    let environment = bench.environment.name.clone();
    bench.fault(Fault::of(Effect::BadKeyPair { environment }));
    bench.proxy_answers(503).await;
    let expected = Expected {
        step: "up_to_date",
        state: StepStateView::Failed,
        detail: "",
        cause: "its last whole fetch was",
        button: Some((RemedyActionView::Copy, "Copy config without key")),
    };
    let view = bench.examine(SurfaceKindView::EdgeProxy).await;
    check(&view, &expected, "a stale proxy");
    let found = step(&view, "up_to_date");
    assert!(detail(&view, "up_to_date").ends_with(" old"), "{found:?}");
    let config = found.remedy.as_ref().unwrap().text.as_deref().unwrap();
    assert!(config.contains(&bench.environment.key.0), "{config}");
    assert!(
        config.contains("<server-side key>") && !config.contains("ser."),
        "{config}"
    );
}

#[tokio::test]
async fn no_key_and_nobody_is_in_what_is_told() {
    for service in [Service::Flagsmith, Service::EdgeFlags] {
        let bench = Bench::new(service).await;
        let told = bench.sandbox.announcement();
        let key = match service {
            Service::Flagsmith => told.flagsmith_text("api_key").to_owned(),
            Service::EdgeFlags => told.edgeflags.token.clone(),
        };
        assert!(key.len() > 8);
        let echo = format!("it broke on {key}, ser.Pl4ntedSecret and lena@example.test");
        let path = match service {
            Service::Flagsmith => "/projects/",
            Service::EdgeFlags => "/api/v1/flags",
        };
        bench.fault(
            Fault::of(Effect::Answer {
                status: 400,
                content_type: "application/json".into(),
                body: json!({"detail": echo, "error": echo, "message": echo}).to_string(),
                headers: [
                    ("Server".to_owned(), echo.clone()),
                    ("X-Request-Id".to_owned(), key.clone()),
                ]
                .into(),
            })
            .path(path),
        );
        let events = Mutex::new(Vec::new());
        let request = bench.request(SurfaceKindView::Admin).await;
        let view = examine(&bench.app, request, &|step| {
            events.lock().unwrap().push(serde_json::to_string(&step).unwrap());
        })
        .await
        .unwrap();
        let failed = step(&view, "key_accepted");
        assert!(
            failed.raw.as_deref().unwrap().contains("it broke on"),
            "the answer is shown: {failed:?}"
        );
        let mut all = events.into_inner().unwrap();
        all.push(serde_json::to_string(&view).unwrap());
        for secret in [key.as_str(), "Pl4ntedSecret", "lena@example.test"] {
            for text in &all {
                assert!(!text.contains(secret), "{service:?}: {secret} is in {text}");
            }
        }
        assert!(
            view.report.contains("[failed] Key is accepted"),
            "{}",
            view.report
        );
    }
}

#[tokio::test]
async fn a_run_is_stopped_by_its_name() {
    let bench = Bench::new(Service::Flagsmith).await;
    let app = &bench.app;
    let request = bench.request(SurfaceKindView::FlagsApi).await;
    let twice = Mutex::new(None);
    let view = examine(app, request.clone(), &|step| {
        if step.id == "name" {
            app.examinations.stop("another");
            *twice.lock().unwrap() = app.examinations.begin("run").err();
            app.examinations.stop("run");
        }
    })
    .await
    .unwrap();
    assert_eq!(
        twice
            .into_inner()
            .unwrap()
            .and_then(|error: WireError| error.field)
            .as_deref(),
        Some("run"),
        "a name is taken while its run goes on"
    );
    assert!(view.stopped);
    assert_eq!(step(&view, "address").state, StepStateView::Passed);
    assert_eq!(
        detail(&view, "key_accepted"),
        "Not tried, since the run was stopped"
    );
    assert!(view.report.contains("Stopped before its end"), "{}", view.report);
    // Its name is free again.
    assert!(!bench.examine(SurfaceKindView::FlagsApi).await.stopped);
}

#[tokio::test]
async fn an_address_of_somebody_else_is_not_sent_a_key() {
    let bench = Bench::new(Service::Flagsmith).await;
    let mut request = bench.request(SurfaceKindView::EdgeProxy).await;
    request.surface.address = "https://elsewhere.example/api/v1/".into();
    let refused = examine(&bench.app, request, &|_| ()).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::Gone);
}

#[tokio::test]
async fn a_surface_in_trouble_leads_to_the_doctor() {
    let bench = Bench::new(Service::Flagsmith).await;
    bench.fault(
        Fault::of(Effect::ServerError {
            status: 503,
            body: ErrorBody::Html,
        })
        .on(Struck::EdgeProxy),
    );
    let (console, key) = (&bench.app.console, &bench.environment.key);
    console.check_surfaces(&bench.connection, key).await.unwrap();
    let connection = bench.stored().await;
    let watched = console.watched_surfaces(&bench.connection, key).await.unwrap();
    let shown: Vec<SurfaceFreshnessView> = watched
        .iter()
        .map(|one| health::surface(one, &connection, &bench.environment.name))
        .collect();
    let proxy = shown
        .iter()
        .find(|one| one.surface.kind == SurfaceKindView::EdgeProxy)
        .unwrap();
    let remedy = proxy.remedy.as_ref().unwrap_or_else(|| panic!("{proxy:?}"));
    assert_eq!(remedy.action, RemedyActionView::RunDoctor);
    let environments = console.environments(&bench.connection).await.unwrap();
    assert!(
        choices(&connection, &environments, key)
            .iter()
            .any(|choice| Some(&choice.surface) == remedy.surface.as_ref()),
        "the button names a surface that the doctor can look at"
    );
}
