//! A change on its way to every surface, over real HTTP, by a clock that only
//! the tests move.

use std::time::Duration;

use halyard_console::{
    AuthKind, Check, DraftFacts, Event, KeepKey, PropagationFacts, PropagationId, Urgency,
};
use halyard_model::{FlagKey, LaneCause, LaneState, Surface};
use halyard_sandbox::{Config, Effect, Fault, Surface as Place};
use serde_json::{Value, json};
use tokio::sync::broadcast::error::TryRecvError;
use tokio_util::sync::CancellationToken;

use crate::bench::{self, Bench, Path, edit_of, until, value};

const FLAG: &str = "stock_low_badge";

/// Everything works: a proxy asks every 10 s and is late after 40 s, by its settings.
const LATE_MILLIS: i64 = 41_000;

/// A connected environment whose surfaces agree, and its Edge Proxy.
struct Scene {
    bench: Bench,
    place: bench::Place,
    proxy: Surface,
}

impl Scene {
    async fn new(path: Path) -> Scene {
        Scene::with_grace(path, Duration::from_secs(30)).await
    }

    /// With a proxy that calls itself stale so long after its last whole pass.
    async fn with_grace(path: Path, proxy_grace: Duration) -> Scene {
        let config = Config {
            proxy_poll: Duration::from_millis(20),
            proxy_grace,
            ..Config::default()
        };
        let bench = Bench::with_config(path, config).await;
        let draft = bench.draft().await.unwrap();
        Scene::of(bench, &draft).await
    }

    /// With all that a draft opens.
    async fn of(bench: Bench, draft: &DraftFacts) -> Scene {
        let mut choice = bench.choice(draft, KeepKey::Keychain).await;
        choice.edge_proxies = vec![bench.sandbox.announcement().edge_proxy.url.clone()];
        let connection = bench.console.save_draft(choice).await.unwrap();
        let place = bench.place(&connection, bench.path.environment()).await;
        let endpoint = bench.console.connection(&connection).await.unwrap().endpoint;
        let proxy = Surface::EdgeProxy(endpoint.edge_proxies()[0].base.clone());
        bench.refresh(&place).await.unwrap();
        let scene = Scene { bench, place, proxy };
        scene.served(FLAG).await;
        scene
    }

    /// Follows a flag as it is until it is served everywhere.
    async fn served(&self, flag: &str) {
        let id = self.check(flag).await;
        self.until(&id, |check| !check.running).await;
        let check = self.told(&id).await;
        assert!(
            states(&check).iter().all(|state| *state == LaneState::Served),
            "{check:?}"
        );
    }

    async fn check(&self, flag: &str) -> PropagationId {
        let Scene { bench, place, .. } = self;
        bench
            .console
            .check_propagation(&place.connection, &place.environment, &FlagKey(flag.into()))
            .await
            .unwrap()
    }

    async fn publish(&self, new: Value) -> PropagationId {
        let outcome = self.bench.edit(&self.place, FLAG, value(new)).await.unwrap();
        assert_eq!(edit_of(&outcome).state, halyard_model::EditState::Confirmed);
        self.all().await.remove(0).id
    }

    async fn all(&self) -> Vec<PropagationFacts> {
        let Scene { bench, place, .. } = self;
        bench
            .console
            .propagations(&place.connection, &place.environment)
            .await
            .unwrap()
    }

    async fn told(&self, id: &PropagationId) -> PropagationFacts {
        let all = self.all().await;
        all.into_iter().find(|check| check.id == *id).unwrap()
    }

    /// Has the proxy's fetches for this environment refused. Unlike a frozen
    /// proxy it has none under way that could still bring a document.
    fn cut_off(&self) {
        let environment = self.bench.path.environment().into();
        self.bench.fault(Fault::of(Effect::BadKeyPair { environment }));
    }

    /// Reads what is due now.
    async fn read(&self) {
        self.bench.console.follow_due().await.unwrap();
    }

    /// Lets time pass, and reads what is due then.
    async fn after(&self, millis: i64) {
        self.bench.clock.advance(millis);
        // However busy this computer is, the proxy has made a pass meanwhile.
        self.bench.sandbox.edge_proxy().poll().await;
        self.read().await;
    }

    /// Reads until something is so, while each reading takes half a second by
    /// the console's clock. The proxy asks by its own.
    async fn until(&self, id: &PropagationId, is: impl Fn(&PropagationFacts) -> bool) -> PropagationFacts {
        until(async || {
            self.after(500).await;
            let check = self.told(id).await;
            is(&check).then_some(check)
        })
        .await
    }

    fn on_proxy(&self, check: &PropagationFacts) -> (LaneState, Option<LaneCause>) {
        let mut lanes = check.lanes.iter();
        let found = lanes.find(|one| one.lane.surface == self.proxy).unwrap();
        (found.lane.state, found.lane.cause.clone())
    }
}

fn states(check: &PropagationFacts) -> Vec<LaneState> {
    check.lanes.iter().map(|one| one.lane.state).collect()
}

fn answered(status: u16, body: &Value) -> Effect {
    Effect::Answer {
        status,
        content_type: "application/json".into(),
        body: body.to_string(),
        headers: std::collections::BTreeMap::new(),
    }
}

#[tokio::test]
async fn a_change_is_followed_until_it_is_served_everywhere() {
    for path in [Path::FlagsmithV1, Path::FlagsmithV2] {
        let scene = Scene::new(path).await;
        let mut events = scene.bench.console.events();
        let id = scene.publish(json!("9")).await;
        let begun = scene.told(&id).await;
        assert!(begun.running, "{path:?}");
        assert_eq!(begun.flag.0, FLAG);
        let surfaces: Vec<_> = begun.lanes.iter().map(|one| one.lane.surface.clone()).collect();
        assert_eq!(surfaces, [Surface::Admin, Surface::FlagsApi, scene.proxy.clone()]);
        assert!(begun.lanes.iter().all(|one| one.address.starts_with("http://")));
        let admin = begun.lanes[0].lane.took_millis.unwrap();
        assert!(
            (1..1_000).contains(&admin),
            "the write's own reading showed it: {admin}"
        );

        let ended = scene.until(&id, |check| !check.running).await;
        assert_eq!(states(&ended), [LaneState::Served; 3], "{path:?}: {ended:?}");
        for one in &ended.lanes {
            let took = one.lane.took_millis.unwrap();
            assert!(one.lane.without_millis.is_none_or(|without| without < took));
            assert_eq!(one.lane.cause, None);
        }
        assert!(!scene.bench.console.is_following());
        let mut told = false;
        loop {
            match events.try_recv() {
                Ok(Event::Health { .. }) => told = true,
                Ok(_) | Err(TryRecvError::Lagged(_)) => {}
                Err(_) => break,
            }
        }
        assert!(told, "the window is told");
    }
}

#[tokio::test]
async fn the_loop_follows_by_itself() {
    let scene = Scene::new(Path::FlagsmithV1).await;
    let cancel = CancellationToken::new();
    let (console, token) = (scene.bench.console.clone(), cancel.clone());
    let running = tokio::spawn(async move { console.keep_following(token).await });
    let id = scene.publish(json!("9")).await;
    let ended = until(async || {
        scene.bench.clock.advance(50);
        let check = scene.told(&id).await;
        (!check.running).then_some(check)
    })
    .await;
    assert_eq!(states(&ended), [LaneState::Served; 3]);
    cancel.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn a_frozen_proxy_is_late_with_its_cause_and_given_up_in_the_end() {
    let scene = Scene::new(Path::FlagsmithV1).await;
    scene.bench.fault(Fault::of(Effect::FrozenProxy));
    let id = scene.publish(json!("9")).await;
    scene.after(1_000).await;
    let check = scene.told(&id).await;
    assert_eq!(
        states(&check),
        [LaneState::Served, LaneState::Served, LaneState::Waiting]
    );
    assert_eq!(
        scene.on_proxy(&check).1,
        Some(LaneCause::PollNotOver { poll_seconds: 10 })
    );

    scene.after(LATE_MILLIS).await;
    let check = scene.told(&id).await;
    assert_eq!(
        scene.on_proxy(&check),
        (LaneState::Late, Some(LaneCause::NotModifiedLate))
    );
    scene.after(60_000).await;
    let check = scene.told(&id).await;
    assert_eq!(scene.on_proxy(&check), (LaneState::Late, Some(LaneCause::Frozen)));
    let without = check.lanes[2].lane.without_millis.unwrap();
    assert!((100_000..105_000).contains(&without), "{without}");
    assert!(check.running);

    scene.after(600_000).await;
    let check = scene.told(&id).await;
    assert!(!check.running && !scene.bench.console.is_following());
    assert_eq!(scene.on_proxy(&check).0, LaneState::Late);
    assert_eq!(check.lanes[2].lane.took_millis, None);
}

#[tokio::test]
async fn tasks_that_wait_in_the_servers_queue_are_counted() {
    let config = Config {
        proxy_poll: Duration::from_millis(20),
        ..Config::default()
    };
    let bench = Bench::with_config(Path::FlagsmithV1, config).await;
    // Only a staff user's token may ask for the queue.
    let token = bench
        .sandbox
        .announcement()
        .flagsmith_text("staff_token")
        .to_owned();
    let mut input = bench.input(&bench.address(), &token);
    input.auth = AuthKind::UserToken;
    let draft = bench.console.connect(input).await.unwrap();
    let scene = Scene::of(bench, &draft).await;
    scene.bench.fault(Fault::of(Effect::Queue {
        waiting: 500,
        per_second: 0,
    }));
    let id = scene.publish(json!("9")).await;
    scene.after(1_000).await;
    scene.bench.clock.advance(LATE_MILLIS);
    scene
        .bench
        .console
        .check(&scene.place.connection, &Check::Server, Urgency::Background)
        .await
        .unwrap();
    scene.read().await;
    let check = scene.told(&id).await;
    assert_eq!(
        scene.on_proxy(&check),
        (LaneState::Late, Some(LaneCause::Queue { waiting: 500 })),
        "{check:?}"
    );
}

#[tokio::test]
async fn another_pair_that_fails_holds_up_no_change() {
    let scene = Scene::with_grace(Path::FlagsmithV1, Duration::from_millis(1)).await;
    let bad = Effect::BadKeyPair {
        environment: "Production".into(),
    };
    scene.bench.fault(Fault::of(bad));
    let id = scene.publish(json!("9")).await;
    let ended = scene.until(&id, |check| !check.running).await;
    assert_eq!(states(&ended), [LaneState::Served; 3]);
}

#[tokio::test]
async fn an_own_pair_that_fails_is_named() {
    let scene = Scene::with_grace(Path::FlagsmithV1, Duration::from_millis(1)).await;
    scene.cut_off();
    let id = scene.publish(json!("9")).await;
    scene.after(1_000).await;
    // The proxy's own limit passes by its own clock.
    let late = scene
        .until(&id, |check| {
            matches!(
                scene.on_proxy(check),
                (LaneState::Late, Some(LaneCause::NotFetched { .. }))
            )
        })
        .await;
    assert!(late.running);
    scene.bench.sandbox.faults().clear();
    let ended = scene.until(&id, |check| !check.running).await;
    assert_eq!(scene.on_proxy(&ended), (LaneState::Served, None));
}

#[tokio::test]
async fn a_proxy_that_does_not_answer_is_unreachable_until_it_does() {
    let scene = Scene::new(Path::FlagsmithV1).await;
    scene.bench.fault(Fault::of(Effect::Refuse).on(Place::EdgeProxy));
    let id = scene.publish(json!("9")).await;
    scene.after(1_000).await;
    let check = scene.told(&id).await;
    let (state, cause) = scene.on_proxy(&check);
    assert_eq!(state, LaneState::Unreachable);
    assert!(matches!(cause, Some(LaneCause::Failing { .. })), "{cause:?}");
    scene.bench.sandbox.faults().clear();
    let ended = scene.until(&id, |check| !check.running).await;
    assert_eq!(scene.on_proxy(&ended), (LaneState::Served, None));
}

#[tokio::test]
async fn a_proxy_that_refuses_this_reader_is_late_with_its_words() {
    let scene = Scene::new(Path::FlagsmithV1).await;
    let forbidden = answered(403, &json!({"detail": "no"}));
    scene.bench.fault(Fault::of(forbidden).on(Place::EdgeProxy));
    let id = scene.publish(json!("9")).await;
    scene.after(LATE_MILLIS).await;
    let (state, cause) = scene.on_proxy(&scene.told(&id).await);
    assert_eq!(state, LaneState::Late);
    assert!(matches!(cause, Some(LaneCause::Refused { .. })), "{cause:?}");
}

#[tokio::test]
async fn what_somebody_else_publishes_overtakes_it() {
    let scene = Scene::new(Path::FlagsmithV2).await;
    scene.cut_off();
    let id = scene.publish(json!("9")).await;
    scene.after(1_000).await;
    scene.bench.maya_edits(FLAG, json!("17"));
    scene.bench.sandbox.faults().clear();
    let ended = scene.until(&id, |check| !check.running).await;
    assert_eq!(
        states(&ended),
        [LaneState::Served, LaneState::Served, LaneState::Overtaken],
        "{ended:?}"
    );
}

#[tokio::test]
async fn a_later_publish_of_ours_overtakes_it_and_is_followed_itself() {
    let scene = Scene::new(Path::FlagsmithV1).await;
    scene.cut_off();
    let first = scene.publish(json!("9")).await;
    let second = scene.publish(json!("11")).await;
    assert_ne!(first, second);
    scene.bench.sandbox.faults().clear();
    let ended = scene.until(&second, |check| !check.running).await;
    assert_eq!(states(&ended), [LaneState::Served; 3]);
    let first = scene.until(&first, |check| !check.running).await;
    assert_eq!(
        states(&first),
        [LaneState::Served, LaneState::Overtaken, LaneState::Overtaken]
    );
}

#[tokio::test]
async fn a_mirror_that_is_behind_is_told_by_the_admin_api() {
    let scene = Scene::new(Path::FlagsmithV1).await;
    scene.bench.maya_edits(FLAG, json!("17"));
    let id = scene.check(FLAG).await;
    let ended = scene.until(&id, |check| !check.running).await;
    assert_eq!(ended.lanes[0].lane.state, LaneState::Overtaken);
    assert!(!states(&ended).contains(&LaneState::Late), "{ended:?}");
}

#[tokio::test]
async fn a_check_can_be_stopped_and_a_restart_resumes_nothing() {
    let scene = Scene::new(Path::FlagsmithV1).await;
    scene.bench.fault(Fault::of(Effect::FrozenProxy));
    let stopped = scene.publish(json!("9")).await;
    let again = scene.check(FLAG).await;
    assert_eq!(again, stopped, "it is being followed already");
    scene.after(1_000).await;
    scene.bench.console.stop_propagation(&stopped).await.unwrap();
    let check = scene.told(&stopped).await;
    assert!(!check.running);
    assert_eq!(
        states(&check),
        [LaneState::Served, LaneState::Served, LaneState::Waiting]
    );
    scene.bench.console.stop_propagation(&stopped).await.unwrap();

    let running = scene.check(FLAG).await;
    assert!(scene.told(&running).await.running);
    let Scene { bench, place, proxy } = scene;
    let scene = Scene {
        bench: bench.restarted(),
        place,
        proxy,
    };
    assert!(!scene.told(&running).await.running);
    scene.bench.sandbox.clear_journal();
    scene.after(5_000).await;
    assert!(scene.bench.sandbox.journal().is_empty());
}

#[tokio::test]
async fn checks_of_a_connection_that_is_gone_end() {
    let scene = Scene::new(Path::FlagsmithV1).await;
    scene.bench.fault(Fault::of(Effect::FrozenProxy));
    scene.publish(json!("9")).await;
    scene
        .bench
        .console
        .forget_connection(&scene.place.connection)
        .await
        .unwrap();
    scene.after(2_000).await;
    scene.after(700_000).await;
    assert!(!scene.bench.console.is_following());
}

#[tokio::test]
async fn overrides_that_a_proxy_weighs_for_nobody_hold_up_no_change() {
    let mut scene = Scene::new(Path::FlagsmithV1).await;
    scene.place = scene.bench.place(&scene.place.connection, "Production").await;
    scene.bench.refresh(&scene.place).await.unwrap();
    let flag = "max_items_per_order";
    let facts = scene.bench.shown(&scene.place, flag).await;
    assert!(!facts.flag.state.segment_overrides.is_empty());
    scene.served(flag).await;
}

#[tokio::test]
async fn what_was_not_published_is_not_followed() {
    let scene = Scene::new(Path::FlagsmithV1).await;
    let before = scene.all().await.len();
    scene.bench.maya_edits(FLAG, json!("17"));
    let outcome = scene
        .bench
        .edit(&scene.place, FLAG, value(json!("9")))
        .await
        .unwrap();
    assert_ne!(edit_of(&outcome).state, halyard_model::EditState::Confirmed);
    assert_eq!(scene.all().await.len(), before);
}

#[tokio::test]
async fn edgeflags_answers_are_followed_where_they_can_be_foretold() {
    let (bench, place) = Bench::connected(Path::EdgeFlags).await;
    let scene = Scene {
        bench,
        place,
        proxy: Surface::FlagsApi,
    };
    let id = scene.publish(json!(9)).await;
    let ended = scene.until(&id, |check| !check.running).await;
    assert_eq!(states(&ended), [LaneState::Served; 2]);

    // Answers are kept for a minute at the edge, and flags spread in another.
    let kept = answered(200, &json!({"flags": {FLAG: 9}}));
    scene
        .bench
        .fault(Fault::of(kept).on(Place::EdgeFlags).path("/evaluate"));
    let id = scene.publish(json!(11)).await;
    scene.after(2_000).await;
    assert_eq!(scene.on_proxy(&scene.told(&id).await), (LaneState::Waiting, None));
    scene.after(180_000).await;
    let late = (LaneState::Late, Some(LaneCause::Serving));
    assert_eq!(scene.on_proxy(&scene.told(&id).await), late);
    scene.bench.sandbox.faults().clear();
    let ended = scene.until(&id, |check| !check.running).await;
    assert_eq!(scene.on_proxy(&ended), (LaneState::Served, None));
}
