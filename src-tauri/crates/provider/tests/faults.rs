//! Faults of the services, against the sandbox: what is tried again, what is
//! told, and what is bounded.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends at the first thing that is not as expected"
)]

mod support;

use halyard_model::Surface;
use halyard_model::{Change, EnvironmentKey, FlagValue, IdentityRef, differences};
use halyard_provider::{FailureKind, HttpSettings};
use halyard_sandbox::edgeflags::EdgeFlagsOptions;
use halyard_sandbox::{Effect, ErrorBody, Fault, Seed};
use serde_json::json;
use support::{Bench, FlagOutcome, NOW, settings};

async fn both(settings: HttpSettings) -> [Bench; 2] {
    [
        Bench::flagsmith_with(Seed::Acme, settings).await,
        Bench::edgeflags(EdgeFlagsOptions::default()).await,
    ]
}

#[tokio::test]
async fn a_rate_limit_belongs_to_the_caller() {
    for (retry_after, seconds) in [(Some(60), Some(60_000)), (None, None)] {
        for bench in both(settings()).await {
            let environment = &bench.environments[0];
            bench.running.clear_journal();
            bench.fault(Fault::of(Effect::Throttle { retry_after }));
            let failure = bench.collect(environment).await.unwrap_err();
            let FailureKind::RateLimited { retry_at } = failure.kind else {
                panic!("{failure:?}");
            };
            match seconds {
                Some(millis) => assert_eq!(retry_at, Some(NOW.plus_millis(millis))),
                // EdgeFlags tells the end of its window with every answer.
                None => assert_eq!(
                    retry_at.is_some(),
                    bench.surface == halyard_sandbox::Surface::EdgeFlags
                ),
            }
            assert!(bench.running.journal().len() <= 2, "no request is repeated");
        }
    }
}

#[tokio::test]
async fn reads_survive_a_short_fault_and_no_more() {
    for bench in both(settings()).await {
        let environment = &bench.environments[0];
        let gateway = |status| Effect::ServerError {
            status,
            body: ErrorBody::Html,
        };
        for effect in [
            gateway(502),
            gateway(503),
            gateway(504),
            Effect::CutBody,
            Effect::Refuse,
        ] {
            bench.running.faults().clear();
            bench.fault(Fault::of(effect.clone()).times(2));
            bench
                .collect(environment)
                .await
                .unwrap_or_else(|failure| panic!("{effect:?}: {failure:?}"));
            bench.running.faults().clear();
            bench.fault(Fault::of(effect.clone()));
            bench.running.clear_journal();
            bench.collect(environment).await.unwrap_err();
            assert!(
                bench.running.journal().len() <= 6,
                "at most three times each of two"
            );
        }
        bench.running.faults().clear();
        bench.fault(Fault::of(gateway(500)));
        bench.running.clear_journal();
        let failure = bench.collect(environment).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::ServerFault);
        assert!(
            bench.running.journal().len() <= 2,
            "a failing server is not asked again"
        );
    }
}

#[tokio::test]
async fn bad_bodies_are_told_and_bounded() {
    for bench in both(settings()).await {
        let environment = &bench.environments[0];
        for effect in [
            Effect::WrongShape,
            Effect::MalformedJson,
            Effect::HugeBody {
                bytes: 20 * 1024 * 1024,
            },
        ] {
            bench.running.faults().clear();
            bench.fault(Fault::of(effect.clone()));
            let failure = bench.collect(environment).await.unwrap_err();
            assert!(
                matches!(failure.kind, FailureKind::Malformed { .. }),
                "{effect:?}: {failure:?}"
            );
            assert!(failure.excerpt.unwrap_or_default().chars().count() <= 301);
        }
    }
    let small = HttpSettings {
        body_limit: 1024 * 1024,
        ..settings()
    };
    let bench = Bench::flagsmith_with(Seed::Acme, small).await;
    bench.fault(Fault::of(Effect::HugeBody {
        bytes: 20 * 1024 * 1024,
    }));
    let failure = bench.collect(&bench.environments[0]).await.unwrap_err();
    assert_eq!(
        failure.sentence,
        "The answer is larger than 1 MB and was not read."
    );
}

/// Sends to Flagsmith what no client method sends.
async fn sent(bench: &Bench, method: &str, path: &str, body: &serde_json::Value) -> u16 {
    let url = format!("{}{path}", bench.endpoint.address());
    let answer = reqwest::Client::new()
        .request(method.parse().unwrap(), url)
        .header("Authorization", format!("Api-Key {}", bench.credential.expose()))
        .json(body)
        .send()
        .await
        .unwrap();
    answer.status().as_u16()
}

/// Flagsmith takes a second override of the same segment. The console shows
/// the one that is served, be it the older or the newer, and can still write.
#[tokio::test]
async fn duplicate_overrides_are_shown_once_and_hinder_nothing() {
    let bench = Bench::flagsmith(Seed::Acme).await;
    let environment = bench.versioned(false);
    let snapshot = bench.collect(environment).await.unwrap().value;
    let segment: u64 = snapshot.segments[0].remote_id.parse().unwrap();
    for (key, rows) in [
        ("guest_checkout", [("served", 0), ("hidden", 1)]),
        ("gift_wrapping", [("hidden", 3), ("served", 1)]),
    ] {
        let flag = snapshot.flags.iter().find(|flag| flag.key.0 == key).unwrap();
        for (value, priority) in rows {
            let path = format!(
                "environments/{}/features/{}/create-segment-override/",
                environment.key.0, flag.remote_id
            );
            let body = json!({
                "feature_segment": {"segment": segment, "priority": priority}, "enabled": true,
                "feature_state_value": {"type": "unicode", "string_value": value},
            });
            assert_eq!(sent(&bench, "POST", &path, &body).await, 201);
        }
        let collected = bench.collected(environment, key).await;
        let shown: Vec<_> = collected
            .state
            .segment_overrides
            .iter()
            .map(|one| one.value.clone())
            .collect();
        assert_eq!(shown, [FlagValue(json!("served"))], "{key}");
        let fresh = bench.now(environment, &collected).await;
        assert_eq!(differences(&collected.state, &fresh.state), []);
        let change = Change::toggle(!collected.state.enabled);
        let outcome = bench.write(environment, &collected, &change).await.unwrap();
        assert!(matches!(outcome, FlagOutcome::Confirmed { .. }), "{outcome:?}");
    }
}

/// A state that is scheduled for later leaves its flag without one until then.
/// All parts agree on that, so nothing is read twice.
#[tokio::test]
async fn a_flag_without_a_state_is_not_a_change_in_the_middle() {
    let bench = Bench::flagsmith(Seed::Acme).await;
    let environment = bench.versioned(false);
    let calm = bench.collect(environment).await.unwrap();
    let flag = calm
        .value
        .flags
        .iter()
        .find(|flag| flag.key.0 == "gift_wrapping")
        .unwrap();
    let url = format!(
        "{}environments/{}/featurestates/?feature={}",
        bench.endpoint.address(),
        environment.key.0,
        flag.remote_id
    );
    let listed = reqwest::Client::new()
        .get(url)
        .header("Authorization", format!("Api-Key {}", bench.credential.expose()))
        .send()
        .await
        .unwrap();
    let listed: serde_json::Value = serde_json::from_slice(&listed.bytes().await.unwrap()).unwrap();
    let state = &listed["results"][0];
    let path = format!("features/featurestates/{}/", state["id"]);
    let later = json!({
        "feature": state["feature"], "environment": state["environment"], "enabled": true,
        "feature_state_value": {"type": "unicode", "string_value": "later"}, "live_from": "2126-11-21T00:00:00Z",
    });
    assert_eq!(sent(&bench, "PUT", &path, &later).await, 200);
    assert_eq!(bench.collect(environment).await.unwrap().requests, calm.requests);
    let read = bench.provider.flag(bench.target(environment), flag).await;
    assert_eq!(read.unwrap_err().kind, FailureKind::NotFound);
}

/// A change while the parts are read leads to a second reading.
#[tokio::test]
async fn a_change_in_the_middle_of_a_collection_is_noticed() {
    use halyard_sandbox::{MayaEdit, Moment};
    let bench = Bench::flagsmith(Seed::Acme).await;
    for versioned in [false, true] {
        let environment = bench.versioned(versioned);
        let calm = bench.collect(environment).await.unwrap().requests;
        for nth in 1..=5 {
            for (when, value) in [(Moment::Before, "before"), (Moment::After, "after")] {
                bench.running.faults().clear();
                let edit = MayaEdit {
                    environment: environment.name.clone(),
                    flag: "homepage_hero".into(),
                    enabled: None,
                    value: Some(json!(format!("{value} {nth}"))),
                    ..MayaEdit::default()
                };
                bench.fault(Fault::of(Effect::Maya { edit, when, nth }));
                let answer = bench.collect(environment).await.unwrap();
                let document: serde_json::Value = serde_json::from_str(&answer.value.document).unwrap();
                let served = document["feature_states"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .find(|state| state["feature"]["name"] == "homepage_hero")
                    .unwrap();
                let listed = answer
                    .value
                    .flags
                    .iter()
                    .find(|flag| flag.key.0 == "homepage_hero")
                    .unwrap();
                assert_eq!(
                    served["feature_state_value"], listed.state.value.0,
                    "{value} {nth}"
                );
                assert!([calm, 2 * calm].contains(&answer.requests));
            }
        }
    }
}

/// A document from a cache never agrees with the lists. It is read twice and
/// then taken, and the states are those of the lists, which writes rest on.
#[tokio::test]
async fn a_stale_document_is_taken_after_a_second_reading() {
    use halyard_sandbox::MayaEdit;
    let bench = Bench::flagsmith(Seed::Acme).await;
    let environment = bench.versioned(false);
    let calm = bench.collect(environment).await.unwrap().requests;
    bench.fault(Fault::of(Effect::StaleDocument));
    let edit = MayaEdit {
        environment: environment.name.clone(),
        flag: "homepage_hero".into(),
        enabled: None,
        value: Some(json!("newer than the document")),
        ..MayaEdit::default()
    };
    bench.running.flagsmith().edit_as_maya(&edit).unwrap();
    let answer = bench.collect(environment).await.unwrap();
    assert_eq!(answer.requests, 2 * calm);
    let listed = answer
        .value
        .flags
        .iter()
        .find(|flag| flag.key.0 == "homepage_hero")
        .unwrap();
    assert_eq!(listed.state.value.0, json!("newer than the document"));
    let change = Change::toggle(!listed.state.enabled);
    let outcome = bench.write(environment, listed, &change).await.unwrap();
    assert!(matches!(outcome, FlagOutcome::Confirmed { .. }), "{outcome:?}");
}

#[tokio::test]
async fn an_edge_proxy_without_a_document_is_not_a_wrong_key() {
    let bench = Bench::flagsmith(Seed::Acme).await;
    let environment = bench.environment("Production");
    let identity = IdentityRef {
        identifier: "u_48213".into(),
        traits: Vec::new(),
    };
    let proxy = Surface::EdgeProxy(bench.running.announcement().edge_proxy.url.clone());
    let mut unknown = environment.clone();
    unknown.key = EnvironmentKey("AbCdEfGhIjKlMnOpQrStUv".into());
    let failure = bench
        .provider
        .evaluate(bench.target(&unknown), &identity, &proxy)
        .await
        .unwrap_err();
    assert!(
        failure.sentence.contains("does not know this environment's key")
            || failure.sentence.contains("no document of this environment yet"),
        "{failure}"
    );
    let failure = bench
        .provider
        .evaluate(bench.target(&unknown), &identity, &Surface::FlagsApi)
        .await
        .unwrap_err();
    assert_eq!(
        failure.sentence,
        "The Flags API does not know this environment's key."
    );
}

#[tokio::test]
async fn endless_paging_ends() {
    let [flagsmith, edgeflags] = both(settings()).await;
    flagsmith.fault(Fault::of(Effect::EndlessPaging));
    let snapshot = flagsmith.collect(&flagsmith.environments[0]).await.unwrap().value;
    assert_eq!(snapshot.flags.len(), 128, "the list says how long it is");
    edgeflags.fault(Fault::of(Effect::EndlessPaging));
    let failure = edgeflags.collect(&edgeflags.environments[0]).await.unwrap_err();
    let FailureKind::Malformed { place } = failure.kind else {
        panic!("{failure:?}");
    };
    assert!(place.starts_with("list of flags"), "{place}");
    assert!(edgeflags.running.journal().len() < 20);
}
