//! A preview against what servers say.

use std::time::Duration;

use halyard_console::{
    CompareInput, CompareRemedy, Comparison, ConsoleError, Difference, DifferenceCause, Draft, KeepKey,
    PreviewInput, Surface,
};
use halyard_model::{Change, FlagKey, IdentityRef};
use halyard_sandbox::{Config, Effect, Fault};
use serde_json::{Value, json};

use crate::bench::{Bench, Path, Place, until, value};

/// The one flag of the store that client-side keys do not get.
const SERVER_ONLY: &str = "fraud_score_cutoff";

fn who(identifier: &str, traits: &[(&str, Value)]) -> IdentityRef {
    IdentityRef {
        identifier: identifier.into(),
        traits: traits
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect(),
    }
}

fn input(place: &Place, who: &IdentityRef, surface: Surface, edits: Vec<Draft>) -> CompareInput {
    CompareInput {
        preview: PreviewInput {
            at: None,
            change_set: None,
            connection: place.connection.clone(),
            environment: place.environment.clone(),
            identity: who.clone(),
            edits,
        },
        surface,
    }
}

async fn compared(bench: &Bench, place: &Place, who: &IdentityRef) -> Comparison {
    let input = input(place, who, Surface::FlagsApi, Vec::new());
    bench.console.compare(input).await.unwrap()
}

/// The differences that are not about the flag no client gets.
fn telling(comparison: &Comparison) -> Vec<&Difference> {
    let rest = comparison.differences.iter();
    rest.filter(|one| one.flag.0 != SERVER_ONLY).collect()
}

fn of<'c>(comparison: &'c Comparison, flag: &str) -> &'c Difference {
    let found = comparison.differences.iter().find(|one| one.flag.0 == flag);
    found.unwrap_or_else(|| panic!("{flag} differs: {:?}", comparison.differences))
}

async fn production(bench: &Bench, place: &Place) -> Place {
    let production = bench.place(&place.connection, "Production").await;
    bench.refresh(&production).await.unwrap();
    production
}

/// With an Edge Proxy that follows its upstream at once, and the address of it.
async fn with_proxy() -> (Bench, Place, Surface) {
    let config = Config {
        proxy_poll: Duration::from_millis(20),
        ..Config::default()
    };
    let bench = Bench::with_config(Path::FlagsmithV1, config).await;
    let address = bench.sandbox.announcement().edge_proxy.url.clone();
    let draft = bench.draft().await.unwrap();
    let mut choice = bench.choice(&draft, KeepKey::Session).await;
    choice.edge_proxies = vec![address];
    let connection = bench.console.save_draft(choice).await.unwrap();
    let place = bench.place(&connection, bench.path.environment()).await;
    bench.refresh(&place).await.unwrap();
    let surfaces = bench.console.surfaces(&connection).await.unwrap();
    assert_eq!(surfaces[0].surface, Surface::FlagsApi);
    assert_eq!(surfaces.len(), 2);
    let proxy = surfaces[1].surface.clone();
    // Its documents come after it has started.
    let anybody = who("anybody", &[]);
    until(async || {
        let asked = input(&place, &anybody, proxy.clone(), Vec::new());
        bench.console.compare(asked).await.ok()
    })
    .await;
    (bench, place, proxy)
}

#[tokio::test]
async fn servers_that_agree_leave_only_what_clients_do_not_get() {
    let (bench, place, proxy) = with_proxy().await;
    let traits = [("country", json!("DE")), ("order_count", json!(12))];
    for number in 0..10 {
        let who = who(&format!("compared-{number}"), &traits);
        for surface in [Surface::FlagsApi, proxy.clone()] {
            let asked = input(&place, &who, surface.clone(), Vec::new());
            let comparison = bench.console.compare(asked).await.unwrap();
            assert_eq!(comparison.answered_by.surface, surface);
            assert_eq!(comparison.compared, 128);
            assert_eq!(comparison.failure, None);
            assert!(
                telling(&comparison).is_empty(),
                "{surface:?}: {:?}",
                comparison.differences
            );
            let server_only = of(&comparison, SERVER_ONLY);
            assert_eq!(server_only.cause, DifferenceCause::ServerOnly);
            assert_eq!((server_only.verified, server_only.remedy), (true, None));
            assert_eq!(comparison.stored_traits, None, "nothing called for them");
        }
    }
}

#[tokio::test]
async fn stored_traits_are_found_out() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let production = production(&bench, &place).await;
    // Ten orders would make a VIP, and the typed number goes before the stored one.
    let who = who("u_10077", &[("order_count", json!(0))]);
    let comparison = compared(&bench, &production, &who).await;
    let stored = comparison.stored_traits.clone().unwrap();
    assert!(stored.contains(&("country".into(), json!("FR"))), "{stored:?}");

    let hero = of(&comparison, "homepage_hero");
    let cause = DifferenceCause::StoredTraits {
        traits: vec![("country".into(), json!("FR"))],
    };
    assert_eq!(hero.cause, cause, "the one trait that does it");
    assert!(hero.verified);
    assert_eq!(hero.remedy, Some(CompareRemedy::UseStoredTraits));
    for one in telling(&comparison) {
        assert!(one.verified, "{one:?}");
        assert!(
            matches!(
                one.cause,
                DifferenceCause::StoredTraits { .. } | DifferenceCause::PinnedOption
            ),
            "{one:?}"
        );
    }

    let whole = IdentityRef {
        identifier: who.identifier.clone(),
        traits: stored
            .into_iter()
            .filter(|(name, _)| name != "order_count")
            .chain(who.traits.clone())
            .collect(),
    };
    let after = compared(&bench, &production, &whole).await;
    for one in telling(&after) {
        assert_eq!(one.cause, DifferenceCause::PinnedOption, "{one:?}");
    }
}

#[tokio::test]
async fn an_option_that_an_override_pins_is_found_out() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let production = production(&bench, &place).await;
    let mut pinned = 0;
    for number in 0..8 {
        let who = who(&format!("u_{}", 50_011 + 137 * number), &[]);
        let comparison = compared(&bench, &production, &who).await;
        let causes = comparison
            .differences
            .iter()
            .map(|one| (&one.cause, one.verified));
        pinned += causes
            .filter(|cause| *cause == (&DifferenceCause::PinnedOption, true))
            .count();
    }
    assert!(pinned >= 3, "{pinned}");
}

#[tokio::test]
async fn a_comparison_leaves_nothing_on_the_server() {
    let (bench, place, proxy) = with_proxy().await;
    let production = production(&bench, &place).await;
    let known = async || {
        let mut all = Vec::new();
        let found = bench
            .console
            .find_identities(&production.connection, &production.environment, "")
            .await
            .unwrap();
        for record in found {
            let traits = bench
                .console
                .identity_traits(&production.connection, &production.environment, &record)
                .await
                .unwrap();
            all.push((record, traits));
        }
        all
    };
    let before = known().await;
    bench.sandbox.clear_journal();
    for identifier in ["u_10077", "halyard-never-seen", " u_48213 "] {
        let who = who(identifier, &[("country", json!("CH")), ("made_up", json!(7))]);
        for surface in [Surface::FlagsApi, proxy.clone()] {
            let drafts = vec![Draft::of_flag(
                &FlagKey("stock_low_badge".into()),
                &value(json!(99)),
            )];
            let asked = input(&production, &who, surface, drafts);
            bench.console.compare(asked).await.unwrap();
        }
    }
    let sent = bench.sandbox.journal();
    let posts: Vec<_> = sent.iter().filter(|one| one.method != "GET").collect();
    assert!(posts.len() >= 6);
    for one in posts {
        let body: Value = serde_json::from_str(&one.body).unwrap();
        assert!(
            one.target.ends_with("/identities/"),
            "{} {}",
            one.method,
            one.target
        );
        assert_eq!(body["transient"], true, "{body}");
        let traits = body["traits"].as_array().unwrap();
        assert!(traits.iter().all(|one| one["transient"] == true), "{body}");
    }
    assert!(!bench.sandbox.journal_contains("\"99\""), "a draft stays here");
    assert_eq!(known().await, before);
}

#[tokio::test]
async fn a_mirror_that_is_behind_is_found_out_and_a_refresh_mends_it() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let who = who("somebody", &[]);
    bench.maya_edits("stock_low_badge", json!(9));
    let comparison = compared(&bench, &place, &who).await;
    let badge = of(&comparison, "stock_low_badge");
    assert_eq!(badge.cause, DifferenceCause::StaleMirror);
    assert_eq!(
        (badge.verified, badge.remedy),
        (true, Some(CompareRemedy::Refresh))
    );
    assert_eq!(badge.here.as_ref().unwrap().value.0, json!(5));
    assert_eq!(badge.there.as_ref().unwrap().value.0, json!(9));
    assert_eq!(telling(&comparison).len(), 1);
    bench.refresh(&place).await.unwrap();
    assert!(telling(&compared(&bench, &place, &who).await).is_empty());
}

/// The server's own document can lag behind its data for a while.
#[tokio::test]
async fn a_document_older_than_the_flags_is_found_out_although_it_was_just_fetched() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let who = who("somebody", &[]);
    // More than are read on their own.
    let flags = [
        "stock_low_badge",
        "loyalty_points_multiplier",
        "image_cdn_host",
        "product_recs_model",
        "address_autocomplete",
        "free_shipping_threshold",
    ];
    bench.fault(Fault::of(Effect::StaleDocument));
    for flag in flags {
        bench.maya_edits(flag, json!(9));
    }
    bench.refresh(&place).await.unwrap();
    bench.sandbox.faults().clear();
    let comparison = compared(&bench, &place, &who).await;
    for flag in flags {
        let one = of(&comparison, flag);
        assert_eq!(
            (&one.cause, one.verified),
            (&DifferenceCause::StaleMirror, true),
            "{flag}"
        );
    }
}

#[tokio::test]
async fn a_flag_that_came_or_went_since_is_found_out() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let known = bench.shown(&place, "gift_wrapping").await.flag;
    let project = bench
        .console
        .connection(&place.connection)
        .await
        .unwrap()
        .project
        .id;
    let deleted = bench
        .send(
            reqwest::Method::DELETE,
            &format!("projects/{project}/features/{}/", known.remote_id),
        )
        .await;
    assert!(deleted.is_success(), "{deleted}");
    let comparison = compared(&bench, &place, &who("somebody", &[])).await;
    let gone = of(&comparison, "gift_wrapping");
    assert_eq!(
        (&gone.cause, gone.verified),
        (&DifferenceCause::StaleMirror, true)
    );
    assert_eq!(gone.there, None);
}

#[tokio::test]
async fn a_proxy_that_is_behind_is_told_from_a_mirror_that_is() {
    let (bench, place, proxy) = with_proxy().await;
    let who = who("somebody", &[]);
    bench.fault(Fault::of(Effect::FrozenProxy));
    bench.maya_edits("stock_low_badge", json!(9));
    bench.refresh(&place).await.unwrap();
    let asked = input(&place, &who, proxy.clone(), Vec::new());
    let comparison = bench.console.compare(asked).await.unwrap();
    let badge = of(&comparison, "stock_low_badge");
    assert_eq!(badge.cause, DifferenceCause::StaleServer);
    assert_eq!((badge.verified, badge.remedy), (true, None));

    bench.sandbox.faults().clear();
    // A proxy knows documents by the second in which they changed.
    bench.sandbox.advance(Duration::from_secs(2));
    bench.maya_edits("stock_low_badge", json!(11));
    bench.sandbox.edge_proxy().poll().await;
    let asked = input(&place, &who, proxy.clone(), Vec::new());
    let comparison = bench.console.compare(asked).await.unwrap();
    let behind = of(&comparison, "stock_low_badge");
    assert_eq!(behind.cause, DifferenceCause::StaleMirror);
    assert_eq!(
        (behind.verified, behind.remedy),
        (true, Some(CompareRemedy::Refresh))
    );
}

#[tokio::test]
async fn a_draft_is_named_as_what_the_server_does_not_have() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let who = who("somebody", &[]);
    let drafts = vec![
        Draft::of_flag(&FlagKey("stock_low_badge".into()), &value(json!(99))),
        Draft::of_flag(&FlagKey("guest_checkout".into()), &Change::toggle(false)),
    ];
    let asked = input(&place, &who, Surface::FlagsApi, drafts);
    let comparison = bench.console.compare(asked).await.unwrap();
    for flag in ["stock_low_badge", "guest_checkout"] {
        let one = of(&comparison, flag);
        assert_eq!(
            (&one.cause, one.verified),
            (&DifferenceCause::Drafts, true),
            "{flag}"
        );
    }
    assert_eq!(telling(&comparison).len(), 2);
}

#[tokio::test]
async fn blanks_around_an_identifier_are_found_out() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let mut found = 0;
    for number in 0..12 {
        let who = who(&format!(" blank-{number} "), &[]);
        let comparison = compared(&bench, &place, &who).await;
        for one in telling(&comparison) {
            let cause = DifferenceCause::Blanks {
                identifier: format!("blank-{number}"),
            };
            assert_eq!((&one.cause, one.verified), (&cause, true), "{}", one.flag.0);
            found += 1;
        }
    }
    assert!(found >= 4, "{found}");
}

#[tokio::test]
async fn a_server_that_cannot_be_asked_is_an_error() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let who = who("somebody", &[]);
    let elsewhere = Surface::EdgeProxy("http://127.0.0.1:9/api/v1/".into());
    let refused = bench
        .console
        .compare(input(&place, &who, elsewhere, Vec::new()))
        .await;
    assert!(matches!(refused, Err(ConsoleError::Gone { .. })), "{refused:?}");
    bench.fault(Fault::of(Effect::Refuse).path("/identities/"));
    let refused = bench
        .console
        .compare(input(&place, &who, Surface::FlagsApi, Vec::new()))
        .await;
    assert!(matches!(refused, Err(ConsoleError::Service(_))), "{refused:?}");
}
