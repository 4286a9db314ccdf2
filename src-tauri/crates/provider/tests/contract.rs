//! What both services are asked and what comes back, against the sandbox.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends at the first thing that is not as expected"
)]

mod support;

use halyard_model::{
    Change, FlagKind, FlagNote, FlagValue, FlagsmithAuth, IdentityRef, Version, differences,
};
use halyard_provider::{Credential, FailureKind, Provider, Standing, Surface, WriteOutcome};
use halyard_sandbox::edgeflags::{EdgeFlagsOptions, ListItems, PutMode, SeededToken, WriteAnswers};
use halyard_sandbox::{MayaEdit, Seed};
use serde_json::json;
use support::{Bench, NOW, flagsmith_endpoint, settings, value};

#[tokio::test]
async fn flagsmith_lists_what_a_key_opens() {
    let bench = Bench::flagsmith(Seed::Acme).await;
    let token = Credential::new(bench.running.announcement().flagsmith_text("token"));
    let as_user = flagsmith_endpoint(bench.endpoint.address(), FlagsmithAuth::UserToken);
    for (endpoint, credential) in [(&bench.endpoint, &bench.credential), (&as_user, &token)] {
        let answer = bench.provider.discover(endpoint, credential).await.unwrap();
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
            .discover(&endpoint, &Credential::new(key))
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
                .discover(&bench.endpoint, &credential)
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
            .discover(&bench.endpoint, &Credential::new(&token))
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

/// Every way of writing, with the values that are easy to get wrong.
#[tokio::test]
async fn what_is_written_is_what_is_read() {
    let long = "x".repeat(20_000);
    let v1 = Bench::flagsmith(Seed::Acme).await;
    let stable = Bench::flagsmith(Seed::Acme).await;
    stable.fault(no_one_call());
    for (bench, versioned) in [(&v1, false), (&stable, false), (&v1, true)] {
        let environment = bench.versioned(versioned);
        for change in [
            Change::toggle(false),
            Change::toggle(true),
            value(json!("🚀 Grüße 漢字")),
            value(json!(long)),
            value(json!(25)),
            value(json!("25 as text")),
            value(json!(true)),
            value(json!("")),
            value(json!(null)),
            value(json!("{\"slot\": 1}")),
        ] {
            for key in ["guest_checkout", "new_checkout"] {
                let base = bench.collected(environment, key).await;
                let outcome = bench.write(environment, &base, &change).await.unwrap();
                let shown = match outcome {
                    WriteOutcome::Confirmed { flag } | WriteOutcome::AlreadyThere { flag } => flag.state,
                    other => panic!("{key} {change:?} in {}: {other:?}", environment.name),
                };
                assert_eq!(differences(&shown, &change.applied_to(&base.state)), []);
                let collected = bench.collected(environment, key).await;
                assert_eq!(
                    differences(&shown, &collected.state),
                    [],
                    "weights and overrides survive"
                );
            }
        }
    }
}

/// A fault that stands for a server without the one-call route.
fn no_one_call() -> halyard_sandbox::Fault {
    halyard_sandbox::Fault::of(halyard_sandbox::Effect::ServerError {
        status: 404,
        body: halyard_sandbox::ErrorBody::Html,
    })
    .path("/api/__future__/")
}

#[tokio::test]
async fn the_missing_one_call_route_is_remembered() {
    let bench = Bench::flagsmith(Seed::Acme).await;
    bench.fault(no_one_call());
    let environment = bench.versioned(false);
    for enabled in [false, true, false] {
        let base = bench.collected(environment, "guest_checkout").await;
        let outcome = bench
            .write(environment, &base, &Change::toggle(enabled))
            .await
            .unwrap();
        assert!(matches!(outcome, WriteOutcome::Confirmed { .. }), "{outcome:?}");
    }
    let asked = bench
        .running
        .journal()
        .iter()
        .filter(|one| one.target.contains("__future__"))
        .count();
    assert_eq!(asked, 1);
}

#[tokio::test]
async fn edgeflags_writes_are_right_for_every_reading_of_its_documentation() {
    for put_mode in [PutMode::Merge, PutMode::Replace] {
        for list_items in [ListItems::Full, ListItems::Abridged] {
            for write_answers in [WriteAnswers::Definition, WriteAnswers::Empty] {
                for override_bumps_version in [true, false] {
                    let options = EdgeFlagsOptions {
                        put_mode,
                        list_items,
                        write_answers,
                        override_bumps_version,
                        ..EdgeFlagsOptions::default()
                    };
                    let told = format!("{options:?}");
                    edgeflags_writes(options)
                        .await
                        .unwrap_or_else(|problem| panic!("{told}: {problem}"));
                }
            }
        }
    }
}

async fn edgeflags_writes(options: EdgeFlagsOptions) -> Result<(), String> {
    let abridged = options.list_items == ListItems::Abridged;
    let bench = Bench::edgeflags(options).await;
    let service = bench.running.edgeflags();
    let staging = bench.environment("staging");
    let before = service.flag("product_recs_model").unwrap();
    for change in [Change::toggle(false), Change::toggle(true), value(json!("🚀"))] {
        let base = bench.collected(staging, "product_recs_model").await;
        if base.notes.contains(&FlagNote::AbridgedDefinition) != abridged {
            return Err("whether lists are abridged was not noticed".into());
        }
        match bench.write(staging, &base, &change).await {
            Ok(WriteOutcome::Confirmed { flag } | WriteOutcome::AlreadyThere { flag })
                if change.is_met_by(&flag.state) => {}
            other => return Err(format!("{change:?}: {other:?}")),
        }
        let collected = bench.collected(staging, "product_recs_model").await;
        if !change.is_met_by(&collected.state) {
            return Err(format!("{change:?} is not seen afterwards"));
        }
    }
    let after = service.flag("product_recs_model").unwrap();
    for (name, member) in before.as_object().unwrap() {
        if !["environments", "version"].contains(&name.as_str()) && after[name] != *member {
            return Err(format!("member {name} changed"));
        }
    }
    let others = |flag: &serde_json::Value, name: &str| flag["environments"][name].clone();
    for name in ["development", "production"] {
        if others(&before, name) != others(&after, name) {
            return Err(format!("the override of {name} changed"));
        }
    }
    Ok(())
}

#[tokio::test]
async fn edgeflags_unknown_members_survive_a_write() {
    let bench = Bench::edgeflags(EdgeFlagsOptions {
        put_mode: PutMode::Replace,
        ..EdgeFlagsOptions::default()
    })
    .await;
    let definition = json!({"enabled": true, "value": 1, "targeting": {"rules": []}});
    bench
        .running
        .edgeflags()
        .put_flag("odd", definition.as_object().unwrap().clone());
    let production = bench.environment("production");
    let base = bench.collected(production, "odd").await;
    let outcome = bench
        .write(production, &base, &Change::toggle(false))
        .await
        .unwrap();
    assert!(matches!(outcome, WriteOutcome::Confirmed { .. }), "{outcome:?}");
    let held = bench.running.edgeflags().flag("odd").unwrap();
    assert_eq!(held["targeting"], json!({"rules": []}));
    assert_eq!(held["environments"], json!({"production": {"enabled": false}}));
}

#[tokio::test]
async fn an_edit_elsewhere_raises_the_version_and_is_no_conflict() {
    let bench = Bench::edgeflags(EdgeFlagsOptions::default()).await;
    let production = bench.environment("production");
    let base = bench.collected(production, "guest_checkout").await;
    let elsewhere = MayaEdit {
        environment: "staging".into(),
        flag: "guest_checkout".into(),
        enabled: Some(false),
        value: None,
    };
    bench.running.edgeflags().edit_as_maya(&elsewhere).unwrap();
    let outcome = bench
        .write(production, &base, &Change::toggle(false))
        .await
        .unwrap();
    assert!(matches!(outcome, WriteOutcome::Confirmed { .. }), "{outcome:?}");
    let held = bench.running.edgeflags().flag("guest_checkout").unwrap();
    assert_eq!(
        held["environments"]["staging"]["enabled"], false,
        "her edit is still there"
    );
}

#[tokio::test]
async fn values_that_flagsmith_cannot_keep_are_refused_before_anything_is_sent() {
    let bench = Bench::flagsmith(Seed::Acme).await;
    let environment = bench.versioned(false);
    let base = bench.collected(environment, "guest_checkout").await;
    bench.running.clear_journal();
    for refused in [json!(1.5), json!(3_000_000_000_i64), json!({"a": 1}), json!([1])] {
        let failure = bench
            .write(environment, &base, &value(refused))
            .await
            .unwrap_err();
        assert!(matches!(failure.kind, FailureKind::Refused { .. }), "{failure:?}");
    }
    let mut guarded = environment.clone();
    guarded.requires_change_requests = true;
    let failure = bench
        .write(&guarded, &base, &Change::toggle(false))
        .await
        .unwrap_err();
    assert!(failure.sentence.contains("change requests"), "{failure}");
    assert_eq!(bench.running.journal().len(), 0);
    // The service's own limit is the service's to judge.
    let too_long = value(json!("x".repeat(20_001)));
    let failure = bench.write(environment, &base, &too_long).await.unwrap_err();
    assert!(matches!(failure.kind, FailureKind::Refused { .. }), "{failure:?}");
}

#[tokio::test]
async fn evaluation_keeps_nothing_and_hides_the_context() {
    let bench = Bench::flagsmith(Seed::Acme).await;
    let production = bench.environment("Production");
    let identity = IdentityRef {
        identifier: "halyard-preview-only".into(),
        traits: vec![("country".into(), json!("DE")), ("order_count".into(), json!(12))],
    };
    let flags = bench
        .provider
        .evaluate(bench.target(production), &identity, &Surface::FlagsApi)
        .await
        .unwrap()
        .value;
    assert!(flags.len() > 100);
    let one = bench
        .provider
        .evaluate_flag(bench.target(production), &identity, &flags[0].key)
        .await
        .unwrap()
        .value;
    assert_eq!(one, flags[0]);
    let found = bench
        .provider
        .identities(bench.target(production), "halyard-preview")
        .await
        .unwrap()
        .value;
    assert_eq!(found, [], "the preview was not kept");

    let edgeflags = Bench::edgeflags(EdgeFlagsOptions::default()).await;
    let staging = edgeflags.environment("staging");
    let all = edgeflags
        .provider
        .evaluate(edgeflags.target(staging), &identity, &Surface::FlagsApi)
        .await
        .unwrap()
        .value;
    let threshold = all
        .iter()
        .find(|flag| flag.key.0 == "free_shipping_threshold")
        .unwrap();
    assert_eq!(threshold.value, FlagValue(json!(39)));
    let one = edgeflags
        .provider
        .evaluate_flag(edgeflags.target(staging), &identity, &threshold.key)
        .await
        .unwrap()
        .value;
    assert_eq!(one.reason.as_deref(), Some("environment_override"));
    let missing = halyard_model::FlagKey("no_such_flag".into());
    let failure = edgeflags
        .provider
        .evaluate_flag(edgeflags.target(staging), &identity, &missing)
        .await
        .unwrap_err();
    assert_eq!(failure.kind, FailureKind::NotFound);
    assert!(
        !format!("{failure:?}").contains("halyard-preview-only"),
        "the context stays out of failures"
    );
}

#[tokio::test]
async fn an_edge_proxy_answers_as_the_flags_api_does() {
    let bench = Bench::flagsmith(Seed::Acme).await;
    let production = bench.environment("Production");
    let identity = IdentityRef {
        identifier: "u_48213".into(),
        traits: vec![("country".into(), json!("DE")), ("order_count".into(), json!(12))],
    };
    let proxy = Surface::EdgeProxy(bench.running.announcement().edge_proxy.url.clone());
    let mut through_proxy = Vec::new();
    // The proxy may be asked before it has its first document.
    for _ in 0..500 {
        match bench
            .provider
            .evaluate(bench.target(production), &identity, &proxy)
            .await
        {
            Ok(answer) => {
                through_proxy = answer.value;
                break;
            }
            Err(failure) => assert_eq!(failure.kind, FailureKind::ServerFault, "{failure:?}"),
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let direct = bench
        .provider
        .evaluate(bench.target(production), &identity, &Surface::FlagsApi)
        .await
        .unwrap()
        .value;
    let plain = |flags: Vec<halyard_model::RemoteFlag>| {
        let mut flags: Vec<_> = flags
            .into_iter()
            .map(|flag| (flag.key, flag.enabled, flag.value))
            .collect();
        flags.sort_by(|one, other| one.0.cmp(&other.0));
        flags
    };
    assert!(!through_proxy.is_empty());
    assert_eq!(plain(through_proxy), plain(direct));
}

#[tokio::test]
async fn identities_are_found_with_their_traits() {
    let bench = Bench::flagsmith(Seed::Acme).await;
    let production = bench.environment("Production");
    let found = bench
        .provider
        .identities(bench.target(production), "u_48213")
        .await
        .unwrap()
        .value;
    assert_eq!(found.len(), 1);
    let traits = bench
        .provider
        .traits(bench.target(production), &found[0])
        .await
        .unwrap()
        .value;
    let of = |name: &str| {
        traits
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.clone())
    };
    assert_eq!(of("country"), Some(json!("DE")));
    assert_eq!(of("order_count"), Some(json!(3)));
    assert_eq!(of("is_vip"), Some(json!(false)));
    assert_eq!(of("lifetime_value"), Some(json!(418.5)));
}

#[tokio::test]
async fn a_client_of_the_other_service_says_so() {
    let flagsmith = Bench::flagsmith(Seed::Empty).await;
    let edgeflags = halyard_provider::EdgeFlags::new(settings()).unwrap();
    let failure = edgeflags
        .discover(&flagsmith.endpoint, &flagsmith.credential)
        .await
        .unwrap_err();
    assert!(matches!(failure.kind, FailureKind::BadAddress { .. }));
}
