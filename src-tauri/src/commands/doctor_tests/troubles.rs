//! Each trouble is found at its step.

use halyard_model::{Environment, EnvironmentKey, FlagsmithAuth, Service};
use halyard_sandbox::{Config, Effect, ErrorBody, Fault};

use super::bench::*;
use crate::view::*;

#[tokio::test]
async fn a_wrong_address_or_certificate_is_found_at_its_step() {
    let config = Config {
        https: true,
        ..Config::default()
    };
    let bench = Bench::with(Service::Flagsmith, config).await;
    let right = bench.sandbox.announcement().flagsmith_text("url").to_owned();
    let https = bench.sandbox.announcement().https.clone().unwrap();
    let trusted = Some(https.ca_pem.clone());
    let edit = (RemedyActionView::EditConnection, "Edit the connection");
    let cases = [
        (
            "a path without /api/v1/",
            right.replace("api/v1/", "api/"),
            None,
            Expected {
                step: "path",
                state: StepStateView::Failed,
                detail: "/api/",
                cause: "below /api/v1/",
                button: Some(edit),
            },
        ),
        (
            "an unknown name",
            "http://flags.test:8000/api/v1/".to_owned(),
            None,
            Expected {
                step: "name",
                state: StepStateView::Failed,
                detail: "not found",
                cause: "flags.test",
                button: Some((RemedyActionView::TryAgain, "Run again")),
            },
        ),
        (
            "a private authority",
            https.url.clone(),
            None,
            Expected {
                step: "certificate",
                state: StepStateView::Failed,
                detail: "not accepted",
                cause: "certificate",
                button: Some((RemedyActionView::EditConnection, "Add a certificate")),
            },
        ),
        (
            "a certificate whose time is over",
            https.expired_url.clone(),
            trusted.clone(),
            Expected {
                step: "certificate",
                state: StepStateView::Failed,
                detail: "not accepted",
                cause: "expired",
                button: Some((RemedyActionView::TryAgain, "Run again")),
            },
        ),
    ];
    for (what, address, ca_bundle, expected) in cases {
        bench
            .lead(|endpoint| {
                endpoint.admin_base = address;
                endpoint.ca_bundle = ca_bundle;
            })
            .await;
        check(&bench.examine(SurfaceKindView::Admin).await, &expected, what);
    }
    bench
        .lead(|endpoint| {
            endpoint.admin_base = https.url.clone();
            endpoint.ca_bundle = trusted;
        })
        .await;
    let view = bench.examine(SurfaceKindView::Admin).await;
    let certificate = step(&view, "certificate");
    assert_eq!(certificate.state, StepStateView::Passed, "{certificate:?}");
    assert!(
        detail(&view, "certificate").starts_with("valid, ")
            && detail(&view, "certificate").ends_with(" days left"),
        "{certificate:?}"
    );
}

#[tokio::test]
async fn a_wrong_key_is_found_at_its_step() {
    let bench = Bench::new(Service::Flagsmith).await;
    bench
        .lead(|endpoint| endpoint.auth = FlagsmithAuth::UserToken)
        .await;
    let wrong_kind = Expected {
        step: "key_accepted",
        state: StepStateView::Failed,
        detail: "status 401",
        cause: "organisation",
        button: Some((RemedyActionView::TypeKeyAgain, "Use it as an organisation key")),
    };
    check(
        &bench.examine(SurfaceKindView::Admin).await,
        &wrong_kind,
        "a wrong kind of key",
    );

    let mut bench = Bench::new(Service::Flagsmith).await;
    let unknown = Environment {
        key: EnvironmentKey("Unk2nownKeyOfNobody0000".into()),
        ..bench.environment.clone()
    };
    let environments = bench.mirror.environments(&bench.connection).await.unwrap();
    let all: Vec<_> = environments.into_iter().chain([unknown.clone()]).collect();
    bench
        .mirror
        .save_connection(&bench.stored().await, &all)
        .await
        .unwrap();
    bench.environment = unknown;
    for (kind, cause, button) in [
        (
            SurfaceKindView::FlagsApi,
            "does not know this environment's key",
            (RemedyActionView::EditConnection, "Edit the connection"),
        ),
        (
            SurfaceKindView::EdgeProxy,
            "environment_key_pairs",
            (RemedyActionView::Copy, "Copy config without key"),
        ),
    ] {
        let expected = Expected {
            step: "key_accepted",
            state: StepStateView::Failed,
            detail: "status 40",
            cause,
            button: Some(button),
        };
        check(
            &bench.examine(kind).await,
            &expected,
            "an unknown environment key",
        );
    }
    let admin = bench.examine(SurfaceKindView::Admin).await;
    assert_eq!(step(&admin, "key_accepted").state, StepStateView::Passed);
    let expected = Expected {
        step: "environment",
        state: StepStateView::Failed,
        detail: "not listed",
        cause: "deleted or moved",
        button: Some((RemedyActionView::Refresh, "Sync now")),
    };
    check(&admin, &expected, "an environment that is gone");
}

#[tokio::test]
async fn a_service_in_trouble_is_found_at_its_step() {
    let run_again = Some((RemedyActionView::TryAgain, "Run again"));
    let page = |status| Effect::ServerError {
        status,
        body: ErrorBody::Html,
    };
    let cases = [
        (
            "a clock that is ahead",
            Service::Flagsmith,
            SurfaceKindView::FlagsApi,
            Fault::of(Effect::ClockSkew { seconds: 320 }),
            Expected {
                step: "clock",
                state: StepStateView::Noted,
                detail: "5 min",
                cause: "ahead of this computer's",
                button: None,
            },
        ),
        (
            "a gateway without a service behind it",
            Service::Flagsmith,
            SurfaceKindView::FlagsApi,
            Fault::of(page(502)).path("/flags/"),
            Expected {
                step: "key_accepted",
                state: StepStateView::Failed,
                detail: "status 502",
                cause: "502",
                button: run_again,
            },
        ),
        (
            "EdgeFlags in trouble",
            Service::EdgeFlags,
            SurfaceKindView::FlagsApi,
            Fault::of(page(503)).path("/api/v1/flags"),
            Expected {
                step: "key_accepted",
                state: StepStateView::Failed,
                detail: "status 503",
                cause: "503",
                button: run_again,
            },
        ),
        (
            "a proxy without any document",
            Service::Flagsmith,
            SurfaceKindView::EdgeProxy,
            Fault::of(Effect::ColdProxy),
            Expected {
                step: "key_accepted",
                state: StepStateView::Failed,
                detail: "status 40",
                cause: "no document of this environment yet",
                button: run_again,
            },
        ),
    ];
    for (what, service, kind, fault, expected) in cases {
        let bench = Bench::new(service).await;
        bench.fault(fault);
        check(&bench.examine(kind).await, &expected, what);
    }
}
