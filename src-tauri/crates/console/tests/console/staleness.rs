//! Hours of a service and its Edge Proxy before a console that looks at them as its loops do, second by second: what
//! is stale is found within one look of when it can be known, and nothing else is called stale.
//!
//! The rules alone are tried in thousands of worlds in the model; here everything between them and the wire takes part.

use std::time::Duration;

use halyard_console::{Clock, KeepKey, Place as Seen, WatchPace, WatchedSurface};
use halyard_model::{BehindCause, EdgeProxy, Freshness, OtherPair, Surface, Trouble, UntoldWhy};
use halyard_provider::Urgency;
use halyard_sandbox::{Config, Effect, Fault};
use serde_json::{Value, json};

use crate::bench::{Bench, Path, Place};

const FLAG: &str = "stock_low_badge";
/// How often the proxy asks, in seconds.
const POLL: i64 = 10;
/// The proxy's limit for each pair of keys, in seconds, beside its poll.
const GRACE: u32 = 4;
/// The pairs of keys it is configured with: the sample shop's environments.
const PAIRS: u32 = 4;
/// After so many seconds without a whole pass the proxy is stale by its own rule, and a change by ours.
const LIMIT: i64 = POLL + (GRACE * PAIRS) as i64;
const HOUR: i64 = 3_600;

struct World {
    bench: Bench,
    place: Place,
    proxy: Surface,
    /// Since the beginning.
    second: i64,
    /// The sandbox's clock runs by itself, and is so much ahead of the computer's.
    ahead: i64,
    /// The second of the last refresh.
    refreshed: i64,
}

impl World {
    async fn open(path: Path) -> World {
        let config = Config {
            // The test makes the polls itself.
            proxy_poll: Duration::from_secs(POLL as u64),
            proxy_grace: Duration::from_secs(GRACE.into()),
            ..Config::default()
        };
        let bench = Bench::with_config(path, config).await;
        let told = bench.sandbox.announcement();
        assert_eq!(
            told.flagsmith["environments"].as_array().unwrap().len(),
            PAIRS as usize
        );
        let base = told.edge_proxy.url.clone();
        let draft = bench.draft().await.unwrap();
        let mut choice = bench.choice(&draft, KeepKey::Keychain).await;
        let environments = bench
            .console
            .draft_environments(&choice.draft, &choice.project)
            .await
            .unwrap();
        choice.environments = environments
            .into_iter()
            .filter(|one| one.name == path.environment())
            .map(|one| one.key.0)
            .collect();
        let connection = bench.console.save_draft(choice).await.unwrap();
        let mut surfaces = bench.console.surface_settings(&connection).await.unwrap();
        surfaces.edge_proxies = vec![EdgeProxy {
            grace_seconds: Some(GRACE),
            key_pairs: PAIRS,
            ..EdgeProxy::at(base)
        }];
        surfaces.status_feed = false;
        let surfaces = bench
            .console
            .change_surfaces(&connection, surfaces)
            .await
            .unwrap();
        let proxy = Surface::EdgeProxy(surfaces.edge_proxies[0].base.clone());
        let place = bench.place(&connection, path.environment()).await;
        let seen = Seen {
            connection: place.connection.clone(),
            environment: place.environment.clone(),
        };
        bench.console.remember_place(seen).await.unwrap();
        let mut world = World {
            bench,
            place,
            proxy,
            second: 0,
            ahead: 0,
            refreshed: -1,
        };
        // Both clocks show the same, and the proxy has its first documents.
        let begins = real_millis() - world.bench.clock.now().0;
        world.bench.clock.advance(begins + 1_000);
        world.bench.sandbox.edge_proxy().poll().await;
        world.pass(1).await;
        world
    }

    /// Lets one step of time pass, and everybody do what is due.
    async fn pass(&mut self, seconds: i64) {
        let before = self.second;
        self.second += seconds;
        self.bench.clock.advance(seconds * 1_000);
        self.keep_clocks_together();
        if self.second / POLL > before / POLL {
            self.bench.sandbox.edge_proxy().poll().await;
        }
        for (connection, environment) in self.bench.console.due().await.unwrap() {
            self.bench
                .console
                .refresh(&connection, &environment)
                .await
                .unwrap();
            self.refreshed = self.second;
        }
        for (connection, environment, surface) in self.bench.console.due_looks().await.unwrap() {
            let look = self
                .bench
                .console
                .look(&connection, &environment, &surface, Urgency::Background);
            look.await.unwrap();
        }
    }

    /// The console's clock goes on with each reading and the sandbox's with the computer's.
    fn keep_clocks_together(&mut self) {
        let behind = self.bench.clock.now().0 - (real_millis() + self.ahead);
        if let Ok(by) = u64::try_from(behind) {
            self.bench.sandbox.advance(Duration::from_millis(by));
            self.ahead += behind;
        }
    }

    async fn surfaces(&self) -> Vec<WatchedSurface> {
        self.bench
            .console
            .watched_surfaces(&self.place.connection, &self.place.environment)
            .await
            .unwrap()
    }

    /// The proxy, as the window would show it now. All else is well at any time.
    async fn proxy(&mut self) -> WatchedSurface {
        let mut found = None;
        for one in self.surfaces().await {
            if one.surface == self.proxy {
                found = Some(one);
            } else {
                let trouble = &one.freshness.trouble;
                assert_eq!(*trouble, None, "{:?} at {}", one.surface, self.second);
            }
        }
        found.unwrap()
    }

    /// Second by second until the proxy is called stale.
    async fn found(&mut self) -> (i64, Trouble) {
        let began = self.second;
        loop {
            self.pass(1).await;
            let proxy = self.proxy().await;
            if proxy.freshness.state == Freshness::Stale {
                return (self.second, proxy.freshness.trouble.unwrap());
            }
            assert!(self.second < began + 400, "it is never found: {proxy:?}");
        }
    }

    /// So many seconds in which nothing is stale.
    async fn well(&mut self, seconds: i64, step: i64) {
        let until = self.second + seconds;
        while self.second < until {
            self.pass(step).await;
            let proxy = self.proxy().await;
            let is_well = (proxy.freshness.state, &proxy.freshness.trouble) == (Freshness::Fresh, &None);
            assert!(is_well, "at {}: {:?}", self.second, proxy.freshness);
        }
    }

    /// Until the first refresh from now on, which may be in this very second.
    async fn refreshes(&mut self) -> i64 {
        let from = self.second;
        while self.refreshed <= from {
            self.pass(1).await;
            let proxy = self.proxy().await;
            assert_ne!(
                proxy.freshness.state,
                Freshness::Stale,
                "too early, at {}",
                self.second
            );
        }
        self.refreshed
    }
}

/// One look of an environment in view, up to a tenth late, and the second in which it happens.
fn one_look() -> i64 {
    WatchPace::default().every(true) * 11 / 10_000 + 1
}

fn real_millis() -> i64 {
    halyard_console::SystemClock.now().0
}

#[tokio::test]
async fn a_quiet_hour_is_never_called_stale() {
    let mut world = World::open(Path::FlagsmithV1).await;
    world.well(HOUR, 5).await;
}

/// Edits at all distances from polls, looks and refreshes.
#[tokio::test]
async fn an_hour_of_edits_now_and_then_is_never_called_stale() {
    let mut world = World::open(Path::FlagsmithV1).await;
    let mut edits = 0;
    while world.second < HOUR {
        // Primes, so that no two of them meet the same moments.
        world.well([7, 131, 23, 61, 211, 3][edits % 6], 3).await;
        world.bench.maya_edits(FLAG, json!(edits));
        edits += 1;
    }
    assert!(edits > 30, "{edits}");
}

#[tokio::test]
async fn a_frozen_proxy_is_found_within_a_look() {
    let mut world = World::open(Path::FlagsmithV1).await;
    world.well(60, 1).await;
    world.bench.fault(Fault::of(Effect::FrozenProxy));
    // It takes nothing and lacks nothing: nobody can know.
    world.well(120, 1).await;
    world.bench.maya_edits(FLAG, json!(9));
    let known = world.refreshes().await + LIMIT;
    let (found, trouble) = world.found().await;
    assert!(
        (known - 1..=known + one_look()).contains(&found),
        "{found}, known at {known}"
    );
    assert!(matches!(trouble, Trouble::Behind { .. }), "{trouble:?}");
    let heartbeat = world.proxy().await.record.heartbeat.unwrap();
    assert!(heartbeat.ready, "it calls itself well");
    // Later than the service's own lateness can explain, it is told for what it is.
    for _ in 0..80 {
        world.pass(1).await;
    }
    let trouble = world.proxy().await.freshness.trouble.unwrap();
    assert!(
        matches!(
            trouble,
            Trouble::Behind {
                cause: BehindCause::Frozen,
                ..
            }
        ),
        "{trouble:?}"
    );
}

#[tokio::test]
async fn one_bad_pair_that_ages_all_is_found_and_told_apart() {
    let mut world = World::open(Path::FlagsmithV1).await;
    world.well(64, 1).await;
    let passed = world.second / POLL * POLL;
    let environment = "Production".to_owned();
    world.bench.fault(Fault::of(Effect::BadKeyPair { environment }));
    let (found, trouble) = world.found().await;
    let known = passed + LIMIT;
    assert!(
        (known..=known + one_look()).contains(&found),
        "{found}, known at {known}"
    );
    assert!(
        matches!(
            trouble,
            Trouble::PassOverdue {
                other_pair: OtherPair::Possible,
                ..
            }
        ),
        "{trouble:?}"
    );
    // Its own changes still arrive: that proves it.
    world.bench.maya_edits(FLAG, json!(9));
    world.pass(POLL).await;
    for _ in 0..50 {
        world.pass(1).await;
    }
    let trouble = world.proxy().await.freshness.trouble.unwrap();
    assert!(
        matches!(
            trouble,
            Trouble::PassOverdue {
                other_pair: OtherPair::Proven,
                ..
            }
        ),
        "{trouble:?}"
    );
    world.bench.sandbox.faults().clear();
    world.pass(POLL).await;
    for _ in 0..20 {
        world.pass(1).await;
    }
    world.well(60, 1).await;
}

#[tokio::test]
async fn a_scheduled_change_that_moved_no_time_is_found() {
    let mut world = World::open(Path::FlagsmithV2).await;
    world.well(40, 1).await;
    schedule(&world, 100).await;
    let due = world.second + 100;
    world.well(98, 1).await;
    while world.second < due {
        world.pass(1).await;
    }
    let known = world.refreshes().await + LIMIT;
    assert!(known <= due + LIMIT + 32, "a refresh comes within half a minute");
    let admin = &world.surfaces().await[0];
    assert_eq!(admin.record.untold.unwrap().why, UntoldWhy::StampUnmoved);
    let (found, trouble) = world.found().await;
    assert!(
        (known - 1..=known + one_look()).contains(&found),
        "{found}, known at {known}"
    );
    assert!(matches!(trouble, Trouble::Behind { .. }), "{trouble:?}");
    // Once the time of change has been seen not to follow, that is what is said.
    for _ in 0..50 {
        world.pass(1).await;
    }
    let trouble = world.proxy().await.freshness.trouble.unwrap();
    assert!(
        matches!(
            trouble,
            Trouble::Behind {
                cause: BehindCause::StampUnmoved,
                ..
            }
        ),
        "{trouble:?}"
    );
}

/// A version of the flag that goes live after so many seconds, as the dashboard schedules one.
async fn schedule(world: &World, after: i64) {
    let bench = &world.bench;
    let told = bench.sandbox.announcement();
    let environments = told.flagsmith["environments"].as_array().unwrap();
    let environment = environments
        .iter()
        .find(|one| one["name"] == bench.path.environment())
        .unwrap();
    let flag = bench.shown(&world.place, FLAG).await.flag;
    let base = format!(
        "environments/{}/features/{}/versions/",
        environment["id"], flag.remote_id
    );
    let send = async |method: reqwest::Method, path: String, body: Value| -> Value {
        let request = reqwest::Client::new().request(method, format!("{}{path}", bench.address()));
        let request = request.header("Authorization", format!("Api-Key {}", bench.key()));
        let answer = request.json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
        answer.json().await.unwrap()
    };
    let draft = send(reqwest::Method::POST, base.clone(), json!({})).await;
    let draft = format!("{base}{}/", draft["uuid"].as_str().unwrap());
    let states = send(reqwest::Method::GET, format!("{draft}featurestates/"), json!({})).await;
    let state = format!("{draft}featurestates/{}/", states[0]["id"]);
    let change = json!({"enabled": !flag.state.enabled});
    send(reqwest::Method::PATCH, state, change).await;
    let moment = real_millis() + world.ahead + after * 1_000;
    let live_from = jiff::Timestamp::from_millisecond(moment).unwrap().to_string();
    let publish = json!({"live_from": live_from});
    send(reqwest::Method::POST, format!("{draft}publish/"), publish).await;
}

#[tokio::test]
async fn a_not_modified_that_lied_is_found_and_ends_by_itself() {
    let mut world = World::open(Path::FlagsmithV1).await;
    world.well(59, 1).await;
    world.bench.fault(Fault::of(Effect::DocumentLag { ms: 60_000 }));
    // The row is taken by the next poll, and kept for a minute.
    world.well(POLL - world.second % POLL, 1).await;
    let kept_until = world.second + 60;
    world.pass(1).await;
    world.bench.maya_edits(FLAG, json!(9));
    world.bench.refresh(&world.place).await.unwrap();
    let known = world.second + LIMIT;
    let (found, trouble) = world.found().await;
    assert!(
        (known - 1..=known + one_look()).contains(&found),
        "{found}, known at {known}"
    );
    assert!(found < kept_until, "while it lasts");
    assert!(
        matches!(
            trouble,
            Trouble::Behind {
                cause: BehindCause::NotModifiedLate,
                ..
            }
        ),
        "{trouble:?}"
    );
    while world.second < kept_until + POLL + one_look() {
        world.pass(1).await;
        let trouble = world.proxy().await.freshness.trouble;
        let frozen = matches!(
            trouble,
            Some(Trouble::Behind {
                cause: BehindCause::Frozen,
                ..
            })
        );
        assert!(!frozen, "late is not frozen: {trouble:?}");
    }
    world.well(60, 1).await;
}
