//! What both services are asked and what comes back, against the sandbox.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends at the first thing that is not as expected"
)]

mod support;

use halyard_model::{FlagKind, FlagNote, FlagValue, FlagsmithAuth, Version, differences};
use halyard_provider::{Access, Credential, FailureKind, Provider, Standing};
use halyard_sandbox::Seed;
use halyard_sandbox::edgeflags::{EdgeFlagsOptions, SeededToken};
use serde_json::json;
use support::{Bench, NOW, flagsmith_endpoint, settings};

#[tokio::test]
async fn flagsmith_lists_what_a_key_opens() {
    let bench = Bench::flagsmith(Seed::Acme).await;
    let token = Credential::new(bench.running.announcement().flagsmith_text("token"));
    let as_user = flagsmith_endpoint(bench.endpoint.address(), FlagsmithAuth::UserToken);
    for (endpoint, credential) in [(&bench.endpoint, &bench.credential), (&as_user, &token)] {
        let answer = bench
            .provider
            .discover(Access::new(endpoint, credential))
            .await
            .unwrap();
        assert_eq!(answer.value.server_version.as_deref(), Some("2.265.0"));
        assert_eq!(answer.value.organisations.len(), 1);
        assert!(
            answer.value.organisations[0]
                .projects
                .iter()
                .any(|project| project.id == bench.project.id)
        );
        assert_eq!((answer.requests, answer.limits), (2, None));
    }
    let announced = bench.running.announcement().flagsmith["environments"]
        .as_array()
        .unwrap();
    assert_eq!(bench.environments.len(), announced.len());
    for (environment, announced) in bench.environments.iter().zip(announced) {
        assert_eq!(json!(environment.name), announced["name"]);
        assert_eq!(json!(environment.key), announced["client_key"]);
        assert_eq!(json!(environment.versioned), announced["versioned"]);
        assert_eq!(environment.remote_id, announced["id"].to_string());
    }
}

#[tokio::test]
async fn flagsmith_names_the_mistake_behind_an_unaccepted_key() {
    let bench = Bench::flagsmith(Seed::Empty).await;
    let announcement = bench.running.announcement();
    let server_key = announcement.flagsmith["environments"][0]["server_key"]
        .as_str()
        .unwrap();
    let client_key = announcement.flagsmith["environments"][0]["client_key"]
        .as_str()
        .unwrap();
    let (api_key, token) = (
        announcement.flagsmith_text("api_key"),
        announcement.flagsmith_text("token"),
    );
    use FlagsmithAuth::{OrganisationKey, UserToken};
    for (key, auth, cause) in [
        (server_key, OrganisationKey, "This looks like an environment key."),
        (client_key, OrganisationKey, "This looks like an environment key."),
        (client_key, UserToken, "This looks like an environment key."),
        (
            token,
            OrganisationKey,
            "This looks like a user token, and it was sent as an organisation key.",
        ),
        (
            api_key,
            UserToken,
            "This looks like an organisation key, and it was sent as a user token.",
        ),
    ] {
        let endpoint = flagsmith_endpoint(bench.endpoint.address(), auth);
        let failure = bench
            .provider
            .discover(Access::new(&endpoint, &Credential::new(key)))
            .await
            .unwrap_err();
        assert_eq!(failure.kind, FailureKind::Unauthorised);
        assert_eq!(failure.sentence, "Flagsmith did not accept the key.");
        assert_eq!(failure.cause.as_deref(), Some(cause));
        assert!(failure.next_step.is_some());
    }
}

#[tokio::test]
async fn flagsmith_is_collected_in_parts_that_agree() {
    let bench = Bench::flagsmith(Seed::Acme).await;
    for environment in &bench.environments {
        let answer = bench.collect(environment).await.unwrap();
        let snapshot = answer.value;
        assert_eq!(snapshot.flags.len(), 128);
        assert_eq!(snapshot.segments.len(), 31);
        assert_eq!(
            (snapshot.fetched_at, &snapshot.environment),
            (NOW, &environment.key)
        );
        assert!(snapshot.flags.is_sorted_by(|one, other| one.key < other.key));
        assert!(snapshot.document_updated_at.is_some());
        let document: serde_json::Value = serde_json::from_str(&snapshot.document).unwrap();
        assert_eq!(document["api_key"], json!(environment.key));
        let checkout = snapshot
            .flags
            .iter()
            .find(|flag| flag.key.0 == "new_checkout")
            .unwrap();
        assert_eq!(checkout.kind, FlagKind::Multivariate);
        assert_eq!(checkout.state.variants.len(), 2);
        assert!(checkout.tags.iter().any(|tag| tag.label == "checkout"));
        assert!(checkout.identity_overrides.is_some());
        let is_uuid = matches!(checkout.state.version, Some(Version::Uuid(_)));
        assert_eq!(is_uuid, environment.versioned);
        // One reading: each request costs the server a third of a second with an organisation key.
        assert_eq!(answer.requests, 5, "{}", environment.name);
    }
}

/// What a write compares has to be the same from either route, else every write would be a conflict.
#[tokio::test]
async fn a_flag_read_afresh_equals_the_collected_one() {
    let bench = Bench::flagsmith(Seed::Acme).await;
    let mut overridden = 0;
    for environment in &bench.environments {
        let snapshot = bench.collect(environment).await.unwrap().value;
        for flag in &snapshot.flags {
            let fresh = bench.now(environment, flag).await;
            assert_eq!(
                differences(&flag.state, &fresh.state),
                [],
                "{} in {}",
                flag.key.0,
                environment.name
            );
            assert_eq!(flag.state.version, fresh.state.version);
            assert_eq!(
                (&flag.description, &flag.owners, flag.archived),
                (&fresh.description, &fresh.owners, fresh.archived)
            );
            overridden += usize::from(!flag.state.segment_overrides.is_empty());
        }
    }
    assert!(overridden > 10, "the seed has overrides: {overridden}");
}

#[tokio::test]
async fn edgeflags_tells_its_project_and_what_a_token_may_read() {
    let bench = Bench::edgeflags(EdgeFlagsOptions::default()).await;
    let standings = |token: SeededToken| {
        let credential = Credential::new(&bench.running.edgeflags().token(token));
        async {
            let credential = credential;
            let answer = bench
                .provider
                .discover(Access::new(&bench.endpoint, &credential))
                .await
                .unwrap();
            assert!(
                answer.limits.is_some(),
                "EdgeFlags tells its limits with every answer"
            );
            let permissions = answer.value.permissions;
            permissions
                .into_iter()
                .map(|permission| (permission.name, permission.standing))
                .collect::<Vec<_>>()
        }
    };
    use Standing::{Denied, Granted, Unknown};
    let named = |standings: [Standing; 5]| {
        ["read:flags", "read:configs", "write:flags", "write:configs", "*"]
            .map(str::to_owned)
            .into_iter()
            .zip(standings)
            .collect::<Vec<_>>()
    };
    assert_eq!(standings(SeededToken::Admin).await, named([Granted; 5]));
    assert_eq!(
        standings(SeededToken::ReadOnly).await,
        named([Granted, Granted, Unknown, Unknown, Denied])
    );
    assert_eq!(
        standings(SeededToken::ConfigsOnly).await,
        named([Denied, Granted, Unknown, Unknown, Denied])
    );
    let names: Vec<&str> = bench
        .environments
        .iter()
        .map(|environment| environment.name.as_str())
        .collect();
    assert_eq!(names, ["development", "staging", "production"]);
    for token in [
        bench.running.edgeflags().token(SeededToken::Expired),
        "ff_acme_wrong".to_owned(),
    ] {
        let failure = bench
            .provider
            .discover(Access::new(&bench.endpoint, &Credential::new(&token)))
            .await
            .unwrap_err();
        assert_eq!(failure.kind, FailureKind::Unauthorised);
        assert_eq!(failure.sentence, "EdgeFlags did not accept the key.");
    }
}

#[tokio::test]
async fn edgeflags_is_collected_with_the_environment_laid_over() {
    let bench = Bench::edgeflags(EdgeFlagsOptions::default()).await;
    let staging = bench.environment("staging");
    let snapshot = bench.collect(staging).await.unwrap().value;
    let flag = |key: &str| snapshot.flags.iter().find(|flag| flag.key.0 == key).unwrap();
    assert_eq!(flag("free_shipping_threshold").state.value, FlagValue(json!(39)));
    let wallets = flag("express_checkout_wallets");
    assert!(wallets.state.enabled && wallets.notes.contains(&FlagNote::BaseDisabled));
    let document: serde_json::Value = serde_json::from_str(&snapshot.document).unwrap();
    assert_eq!(document["environment"], "staging");
    assert_eq!(document["flags"].as_array().unwrap().len(), snapshot.flags.len());
    assert!(!document["configs"].as_array().unwrap().is_empty());
    assert_eq!(
        document["segments"].as_array().unwrap().len(),
        snapshot.segments.len()
    );
    for known in &snapshot.flags {
        let fresh = bench.now(staging, known).await;
        assert_eq!(differences(&known.state, &fresh.state), [], "{}", known.key.0);
    }
}

#[tokio::test]
async fn an_empty_environment_is_a_snapshot_without_flags() {
    let flagsmith = Bench::flagsmith(Seed::Empty).await;
    let edgeflags = Bench::edgeflags_with(Seed::Empty, EdgeFlagsOptions::default()).await;
    for bench in [flagsmith, edgeflags] {
        let snapshot = bench.collect(&bench.environments[0]).await.unwrap().value;
        assert_eq!(snapshot.flags, []);
        assert!(!snapshot.document.is_empty());
    }
}

#[tokio::test]
async fn long_lists_are_read_page_by_page() {
    let bench = Bench::flagsmith(Seed::Large).await;
    let seen = std::sync::Mutex::new(Vec::new());
    let environment = &bench.environments[0];
    let told = |progress| seen.lock().unwrap().push(progress);
    let snapshot = bench
        .provider
        .collect(bench.target(environment), NOW, &told)
        .await
        .unwrap()
        .value;
    assert_eq!((snapshot.flags.len(), snapshot.segments.len()), (400, 400));
    let overrides: usize = snapshot
        .flags
        .iter()
        .map(|flag| flag.state.segment_overrides.len())
        .sum();
    assert_eq!(overrides, 5000);
    assert!(
        seen.lock()
            .unwrap()
            .iter()
            .any(|progress: &halyard_provider::Progress| {
                progress.what == "flags" && progress.done == 400 && progress.total == Some(400)
            })
    );
    let edgeflags = Bench::edgeflags_with(Seed::Large, EdgeFlagsOptions::default()).await;
    let snapshot = edgeflags.collect(&edgeflags.environments[0]).await.unwrap().value;
    assert!(
        snapshot.flags.len() > 200,
        "more than one page: {}",
        snapshot.flags.len()
    );
}

#[tokio::test]
async fn a_client_of_the_other_service_says_so() {
    let flagsmith = Bench::flagsmith(Seed::Empty).await;
    let edgeflags = halyard_provider::EdgeFlags::new(settings()).unwrap();
    let failure = edgeflags
        .discover(Access::new(&flagsmith.endpoint, &flagsmith.credential))
        .await
        .unwrap_err();
    assert!(matches!(failure.kind, FailureKind::BadAddress { .. }));
}
