//! Reading the sandbox's status feed.

#![allow(
    clippy::unwrap_used,
    reason = "a test ends at the first thing that is not as expected"
)]

mod support;

use halyard_model::{Endpoint, FlagsmithAuth};
use halyard_provider::{FailureKind, StatusFeed, default_status_url};
use halyard_sandbox::edgeflags::EdgeFlagsOptions;
use halyard_sandbox::{Effect, Fault, Oddity, Seed, Surface, staged};
use serde_json::json;
use support::{settings, start};

fn incident(impact: &str) -> Fault {
    Fault::of(Effect::Incident {
        title: "Edge API latency".into(),
        impact: impact.into(),
        component: "Edge API".into(),
    })
    .on(Surface::Status)
}

#[tokio::test]
async fn incidents_and_odd_feeds_are_read() {
    let running = start(Seed::Acme, EdgeFlagsOptions::default()).await;
    let url = running.announcement().status.url.clone();
    let feed = StatusFeed::new(settings()).unwrap();
    let quiet = feed.read(&url).await.unwrap().value;
    assert_eq!(quiet.description.as_deref(), Some("All Systems Operational"));
    assert!(quiet.incidents.is_empty());
    assert_eq!(quiet.page.as_deref(), Some("https://status.example/"));

    let board = running.faults();
    board.set(incident("major"));
    let told = feed
        .read(&format!("{url}/api/v2/summary.json"))
        .await
        .unwrap()
        .value;
    let first = &told.incidents[0];
    assert_eq!(
        (first.title.as_str(), first.impact.as_str()),
        ("Edge API latency", "major")
    );
    assert_eq!(first.components, ["Edge API"]);
    assert!(first.started_at.is_some() && first.words.is_some() && first.link.is_some());

    for oddity in Oddity::ALL {
        board.clear();
        board.set(incident("critical"));
        board.set(Fault::of(Effect::OddFeed { oddity }).on(Surface::Status));
        let told = feed.read(&url).await.unwrap().value;
        assert!(told.description.is_some(), "{oddity:?}");
        let expected = usize::from(oddity != Oddity::StatusOnly);
        assert_eq!(told.incidents.len(), expected, "{oddity:?}");
    }
    assert!(running.journal().iter().all(|exchange| exchange.method == "GET"));
}

#[tokio::test]
async fn what_is_no_feed_is_a_failure_with_words() {
    let running = start(Seed::Acme, EdgeFlagsOptions::default()).await;
    let url = running.announcement().status.url.clone();
    let feed = StatusFeed::new(settings()).unwrap();
    let board = running.faults();
    let malformed = |kind: &FailureKind| matches!(kind, FailureKind::Malformed { .. });
    for effect in [
        staged::sign_in_page(),
        staged::json(200, &json!({"hello": "world"})),
        Effect::MalformedJson,
        Effect::HugeBody {
            bytes: 3 * 1024 * 1024,
        },
    ] {
        board.clear();
        board.set(Fault::of(effect.clone()).on(Surface::Status));
        let failure = feed.read(&url).await.unwrap_err();
        assert!(malformed(&failure.kind), "{effect:?}: {failure:?}");
        assert!(failure.request.is_some());
    }
    board.clear();
    board.set(Fault::of(staged::gateway(503)).on(Surface::Status));
    let failure = feed.read(&url).await.unwrap_err();
    assert!(failure.sentence.starts_with("The status page"), "{failure}");
    board.clear();
    board.set(Fault::of(staged::captive_portal("http://portal.test/")).on(Surface::Status));
    assert!(matches!(
        feed.read(&url).await.unwrap_err().kind,
        FailureKind::BadAddress { .. }
    ));
    assert!(matches!(
        feed.read("nowhere").await.unwrap_err().kind,
        FailureKind::BadAddress { .. }
    ));
}

#[tokio::test]
async fn a_feed_that_did_not_change_is_not_sent_again() {
    let running = start(Seed::Acme, EdgeFlagsOptions::default()).await;
    let url = running.announcement().status.url.clone();
    let feed = StatusFeed::new(settings()).unwrap();
    let board = running.faults();
    let tagged = staged::json(200, &json!({"status": {"description": "As told once"}}));
    let tagged = staged::with_header(tagged, "etag", "\"one\"");
    board.set(Fault::of(tagged).on(Surface::Status));
    feed.read(&url).await.unwrap();
    board.clear();
    let unchanged = Effect::Answer {
        status: 304,
        content_type: String::new(),
        body: String::new(),
        headers: Default::default(),
    };
    board.set(Fault::of(unchanged).on(Surface::Status));
    let again = feed.read(&url).await.unwrap().value;
    assert_eq!(again.description.as_deref(), Some("As told once"));
    assert!(running.journal_contains("\"one\""), "the tag was named");
    // Somebody who holds no copy cannot be told that nothing changed.
    let other = StatusFeed::new(settings()).unwrap();
    assert!(other.read(&url).await.is_err());
}

#[test]
fn only_the_hosted_service_has_a_known_feed() {
    let flagsmith = |base| support::flagsmith_endpoint(base, FlagsmithAuth::OrganisationKey);
    let edgeflags = Endpoint::EdgeFlags {
        base: "https://edgeflags.net".into(),
        ca_bundle: None,
    };
    for (endpoint, url) in [
        (
            flagsmith("https://api.flagsmith.com/api/v1/"),
            Some("https://status.flagsmith.com"),
        ),
        (flagsmith("https://flags.acme.example/api/v1/"), None),
        (flagsmith("https://notflagsmith.com/api/v1/"), None),
        (edgeflags, None),
    ] {
        assert_eq!(default_status_url(&endpoint), url);
    }
}
