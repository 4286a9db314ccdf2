//! The audit logs of both services, as the sandbox keeps them.

#![allow(
    clippy::unwrap_used,
    reason = "a test ends at the first thing that is not as expected"
)]

mod support;

use halyard_model::{Environment, FlagsmithAuth, Timestamp, TouchedKind};
use halyard_provider::{Access, Audit, AuditReach, Credential, NotGiven, Target};
use halyard_sandbox::edgeflags::{EdgeFlagsOptions, SeededToken};
use halyard_sandbox::flagsmith::AuditLicence;
use halyard_sandbox::{MayaEdit, MayaIdentity, MayaSegment, Seed};
use serde_json::json;
use support::Bench;

/// Before everything the sandbox is asked to do, after everything it holds.
fn now() -> Timestamp {
    Timestamp(jiff::Timestamp::now().as_millisecond())
}

async fn audit(bench: &Bench, environment: &Environment, since: Timestamp) -> Audit {
    let answer = bench.provider.audit(bench.target(environment), since).await;
    answer.unwrap().value
}

/// `who: kind name` of every entry, the newest first.
fn told(audit: &Audit) -> Vec<String> {
    let entries = audit.entries.iter().map(|entry| {
        let who = entry.who.as_deref().unwrap_or("nobody");
        match &entry.about {
            Some((kind, name)) => format!("{who}: {kind:?} {name}"),
            None => format!("{who}: ?"),
        }
    });
    entries.collect()
}

fn asked(bench: &Bench) -> usize {
    let journal = bench.running.journal();
    journal.iter().filter(|one| one.target.contains("/audit")).count()
}

fn edit(environment: &str, change: impl FnOnce(&mut MayaEdit)) -> MayaEdit {
    let mut edit = MayaEdit {
        environment: environment.to_owned(),
        ..MayaEdit::default()
    };
    change(&mut edit);
    edit
}

#[tokio::test]
async fn flagsmith_names_who_changed_what() {
    let bench = Bench::flagsmith(Seed::Acme).await;
    let environment = bench.environment("Production").clone();
    let since = now();
    let flagsmith = bench.running.flagsmith();
    for maya in [
        edit("Production", |edit| {
            edit.flag = "new_checkout".into();
            edit.enabled = Some(false);
        }),
        edit("Staging", |edit| {
            edit.flag = "new_checkout".into();
            edit.enabled = Some(false);
        }),
        edit("Production", |edit| {
            edit.segment = Some(MayaSegment {
                name: "Germany".into(),
                description: Some("x".into()),
                ..MayaSegment::default()
            });
        }),
        edit("Production", |edit| {
            edit.flag = "new_checkout".into();
            edit.identities = vec![MayaIdentity {
                identifier: "ada's".into(),
                enabled: Some(true),
                ..MayaIdentity::default()
            }];
        }),
    ] {
        flagsmith.edit_as_maya(&maya).unwrap();
    }
    let found = audit(&bench, &environment, since).await;
    assert_eq!(found.reach, AuditReach::Whole);
    let mut who: Vec<String> = told(&found);
    who.dedup();
    let full = who[0].split(':').next().unwrap().to_owned();
    assert!(full.starts_with("Maya "), "{full}");
    // The newest first; what Maya did in Staging belongs to Staging.
    let expected = [
        "Identity ada's",
        "Flag new_checkout",
        "Segment Germany",
        "Flag new_checkout",
    ];
    let places: Vec<Option<usize>> = expected
        .iter()
        .map(|about| who.iter().position(|line| *line == format!("{full}: {about}")))
        .collect();
    assert!(
        places[0] == Some(0) && places[2] > places[0] && !places.contains(&None),
        "{who:#?}"
    );
    let staging = bench.environment("Staging").clone();
    let there = audit(&bench, &staging, since).await;
    assert!(
        told(&there).iter().all(|line| !line.contains("Identity")),
        "{there:?}"
    );
    // What is older than the time that was asked for is left out.
    assert_eq!(
        told(&audit(&bench, &environment, now().plus_millis(60_000)).await),
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn a_log_longer_than_is_read_says_so() {
    let bench = Bench::flagsmith(Seed::Large).await;
    let environment = bench.environments[0].clone();
    let flagsmith = bench.running.flagsmith();
    let since = now();
    let collected = bench.collect(&environment).await.unwrap().value;
    let name = collected.flags[0].key.0.clone();
    for turn in 0..501 {
        let maya = edit(&environment.name, |edit| {
            edit.flag = name.clone();
            edit.enabled = Some(turn % 2 == 0);
        });
        flagsmith.edit_as_maya(&maya).unwrap();
    }
    let found = audit(&bench, &environment, since).await;
    assert_eq!(found.reach, AuditReach::Newest);
    assert_eq!(asked(&bench), 5);
}

#[tokio::test]
async fn a_log_that_gives_nothing_is_asked_once() {
    for (licence, granted, expected) in [
        (AuditLicence::Unlicensed, None, NotGiven::Empty),
        (
            AuditLicence::Licensed,
            Some(vec!["VIEW_PROJECT".to_owned()]),
            NotGiven::Forbidden,
        ),
    ] {
        let bench = Bench::flagsmith(Seed::Acme).await;
        let environment = bench.environment("Production").clone();
        let flagsmith = bench.running.flagsmith();
        flagsmith.license_audit(licence);
        flagsmith.grant(granted);
        for _ in 0..3 {
            let found = audit(&bench, &environment, Timestamp(0)).await;
            assert_eq!(found.reach, AuditReach::NotGiven(expected));
            assert!(found.entries.is_empty());
        }
        assert_eq!(asked(&bench), 1, "{expected:?}");
        // Another key may be told more.
        flagsmith.license_audit(AuditLicence::Licensed);
        flagsmith.grant(None);
        let announcement = bench.running.announcement();
        let credential = Credential::new(announcement.flagsmith["token"].as_str().unwrap());
        let endpoint =
            support::flagsmith_endpoint(announcement.flagsmith_text("url"), FlagsmithAuth::UserToken);
        let target = Target {
            access: Access::new(&endpoint, &credential),
            project: &bench.project,
            environment: &environment,
        };
        let found = bench.provider.audit(target, Timestamp(0)).await.unwrap().value;
        assert!(!found.entries.is_empty() && !matches!(found.reach, AuditReach::NotGiven(_)));
    }
}

#[tokio::test]
async fn edgeflags_names_the_token_to_administrators_only() {
    let bench = Bench::edgeflags(EdgeFlagsOptions::default()).await;
    let environment = bench.environments[0].clone();
    let since = now();
    let maya = edit("", |edit| {
        edit.flag = "guest_checkout".into();
        edit.value = Some(json!(true));
        edit.enabled = Some(false);
    });
    bench.running.edgeflags().edit_as_maya(&maya).unwrap();
    let found = audit(&bench, &environment, since).await;
    assert_eq!(found.reach, AuditReach::Whole);
    let entry = &found.entries[0];
    assert_eq!(
        entry.about,
        Some((TouchedKind::Flag, "guest_checkout".to_owned()))
    );
    assert_eq!(entry.what, "update flag guest_checkout");
    assert!(entry.who.as_deref().unwrap().ends_with("..."), "{entry:?}");
    assert!(found.entries.iter().all(|entry| entry.at >= since));
    let before = asked(&bench);
    let reader = Credential::new(&bench.running.edgeflags().token(SeededToken::ReadOnly));
    for _ in 0..3 {
        let target = Target {
            access: Access::new(&bench.endpoint, &reader),
            project: &bench.project,
            environment: &environment,
        };
        let found = bench.provider.audit(target, since).await.unwrap().value;
        assert_eq!(found.reach, AuditReach::NotGiven(NotGiven::Forbidden));
    }
    assert_eq!(asked(&bench), before + 1);
}
