//! What the services themselves answer for an identity, and which identities
//! they know.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends at the first thing that is not as expected"
)]

mod support;

use halyard_model::Surface;
use halyard_model::{FlagValue, IdentityRef};
use halyard_provider::FailureKind;
use halyard_sandbox::Seed;
use halyard_sandbox::edgeflags::EdgeFlagsOptions;
use serde_json::json;
use support::Bench;

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
