//! The governor against models of the services' limiters, in virtual time.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends at the first thing that is not as expected"
)]

mod model;

use std::time::Duration;

use halyard_provider::{Budget, Cost, Denied, Governor, Urgency};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use model::limiter::{MINUTE, Window};
use model::rush::{self, Measured, PATIENT};
use model::service::{Client, Done, EDGEFLAGS, HOSTED, Kind, LATENCY, SELF_HOSTED, Service, connection};

/// What holds for each run, whatever the service does.
fn hold(kind: Kind, run: &Measured) {
    let name = kind.name;
    assert!(run.longer() >= 0.999, "{name}: shorter than the best, {run:?}");
    assert!(
        run.longer() <= 1.1,
        "{name}: {} times the best, {:?}",
        run.longer(),
        run.took
    );
    assert_eq!(
        run.reserve_taken(kind),
        0.0,
        "{name}: {} in one window",
        run.most_background
    );
    assert!(run.clicks.count() >= 30, "{name}: {} clicks", run.clicks.count());
    for share in [0.5, 0.99, 1.0] {
        let slower = run.slower(share);
        assert!(slower <= 2.0, "{name}: {slower} times idle at {share}");
    }
}

#[tokio::test(start_paused = true)]
async fn edgeflags_never_refuses() {
    for window in [Window::Sliding, Window::Fixed(MINUTE / 4)] {
        let kind = Kind { window, ..EDGEFLAGS };
        let run = rush::run(kind).await;
        assert!(run.refused.is_empty(), "{window:?}: {:?}", run.refused);
        hold(kind, &run);
    }
}

#[tokio::test(start_paused = true)]
async fn hosted_flagsmith_whose_limit_is_documented_never_refuses() {
    let run = rush::run(HOSTED).await;
    assert!(run.refused.is_empty(), "{:?}", run.refused);
    hold(HOSTED, &run);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_limit_is_learned_by_one_lesson() {
    // The slowest ends within the half hour after which a lesson is put to the test.
    for limit in [500, 300, 200] {
        let kind = Kind { limit, ..SELF_HOSTED };
        let run = rush::run(kind).await;
        // Gentle from the beginning, it never meets the limit that is usual.
        assert_eq!(run.refused.is_empty(), limit == 500, "{limit}: {:?}", run.refused);
        assert_eq!(run.refused_later(kind), 0, "{limit}: {:?}", run.refused);
        hold(kind, &run);
    }
}

/// Half of it each where the service tells what is left. Where it tells nothing, refusals are the only sign of each
/// other, and without a documented limit the one who came first takes some of what the other uses for the limit.
#[tokio::test(start_paused = true)]
async fn two_that_share_a_token_both_get_on() {
    for (kind, least, most_refused) in [
        (EDGEFLAGS, 0.45, 0.0),
        (HOSTED, 0.35, 0.02),
        (SELF_HOSTED, 0.2, 0.02),
    ] {
        let shares = rush::share(kind, MINUTE * 20).await;
        let name = kind.name;
        assert!(shares.smaller() >= least, "{name}: {:?}", shares.granted);
        assert!(shares.used() >= 0.9, "{name}: {} of what there is", shares.used());
        assert!(
            shares.refused() <= most_refused,
            "{name}: {} refused",
            shares.refused()
        );
    }
}

/// Somebody who clicks beside another installation's rush is served, too.
#[tokio::test(start_paused = true)]
async fn a_click_beside_another_ones_rush_waits_for_nothing() {
    let service = Service::start(EDGEFLAGS);
    let other = Client::of(&service);
    let rush = queue(&other, 4_000);
    sleep(MINUTE / 3).await;
    let client = Client::of(&service);
    for _ in 0..30 {
        let done = client.request(Urgency::Interactive, PATIENT).await.unwrap();
        assert!(done.took <= LATENCY * 2, "{:?}", done.took);
        sleep(Duration::from_secs(4)).await;
    }
    assert!(service.refused().is_empty());
    rush.into_iter().for_each(|one| one.abort());
}

/// Background requests that wait in their queue or are on their way.
fn queue(client: &Client, many: usize) -> Vec<JoinHandle<Result<Done, Denied>>> {
    (0..many)
        .map(|_| tokio::spawn(client.request(Urgency::Background, PATIENT)))
        .collect()
}

async fn all(queue: Vec<JoinHandle<Result<Done, Denied>>>) {
    for one in queue {
        one.await.unwrap().unwrap();
    }
}

fn budget(client: &Client) -> Budget {
    client.budget().unwrap()
}

/// A refusal that no limit explains: the pause is kept to, and all that waits goes afterwards.
#[tokio::test(start_paused = true)]
async fn a_pause_keeps_the_queue() {
    let wait = Duration::from_secs(20);
    for kind in [EDGEFLAGS, HOSTED] {
        let service = Service::start(kind);
        service.refuses_once_after(60, wait);
        let client = Client::of(&service);
        let began = Instant::now();
        let queue = queue(&client, 200);
        while service.refused().is_empty() {
            sleep(LATENCY).await;
        }
        sleep(LATENCY * 2).await;
        let (granted, before) = (service.granted(), budget(&client));
        assert!(before.paused_until.is_some());
        // The refused one has taken its place again.
        assert_eq!(before.background_waiting as usize + granted, 200);
        let hasty = client.request(Urgency::Interactive, Duration::from_secs(5)).await;
        assert!(
            matches!(hasty, Err(Denied::TooLong { wait: told }) if told > wait / 2),
            "{hasty:?}"
        );
        sleep(wait - LATENCY * 8).await;
        assert_eq!(service.granted(), granted, "nothing leaves in the pause");
        assert_eq!(budget(&client).background_waiting, before.background_waiting);
        all(queue).await;
        assert_eq!(service.granted(), 200);
        assert_eq!(service.refused().len(), 1);
        assert!(began.elapsed() < wait * 2, "{:?}", began.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn what_waits_in_a_pause_can_be_given_up() {
    let service = Service::start(HOSTED);
    service.refuses_once_after(60, MINUTE);
    let client = Client::of(&service);
    let queue = queue(&client, 200);
    while service.refused().is_empty() {
        sleep(LATENCY).await;
    }
    sleep(LATENCY * 2).await;
    let granted = service.granted();
    assert_eq!(client.governor.give_up(&connection()) as usize, 200 - granted);
    let mut given_up = 0;
    for one in queue {
        match one.await.unwrap() {
            Ok(_) => {}
            Err(Denied::GivenUp { paused_for }) => {
                assert!(paused_for.is_some_and(|wait| wait > MINUTE / 2), "{paused_for:?}");
                given_up += 1;
            }
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(given_up, 200 - granted);
    assert_eq!(service.granted(), granted);
}

#[tokio::test(start_paused = true)]
async fn what_is_dropped_frees_its_place() {
    let kind = Kind {
        limit: 10,
        ..EDGEFLAGS
    };
    let service = Service::start(kind);
    let client = Client::of(&service);
    let mut queue = queue(&client, 40);
    sleep(Duration::from_secs(5)).await;
    let before = budget(&client).background_waiting;
    queue.pop().unwrap().abort();
    tokio::task::yield_now().await;
    assert_eq!(budget(&client).background_waiting, before - 1);
    all(queue).await;
    assert_eq!(service.granted(), 39);
    assert!(service.refused().is_empty());
}

/// What a forecast is asked in.
struct Moment {
    name: &'static str,
    kind: Kind,
    /// Requests granted before, the last of them so long ago.
    before: usize,
    ago: Duration,
    /// Background requests that wait already.
    waiting: usize,
    /// Background requests to be foreseen.
    more: usize,
    /// The first of the earlier requests is refused with this wait.
    pause: Option<Duration>,
    /// What the forecast must be about, where a person could reckon it: seconds.
    about: Option<f64>,
}

const MOMENT: Moment = Moment {
    name: "an idle budget",
    kind: EDGEFLAGS,
    before: 5,
    ago: Duration::from_secs(1),
    waiting: 0,
    more: 400,
    pause: None,
    about: None,
};

/// An organisation key, which the server hashes anew for each request: one at a time in the background.
const HASHED: Kind = Kind {
    cost: Cost::Hashed,
    latency: Duration::from_millis(245),
    ..HOSTED
};

fn moments() -> [Moment; 7] {
    [
        MOMENT,
        Moment {
            name: "62 writes with an organisation key",
            kind: HASHED,
            before: 20,
            more: 62,
            about: Some(15.0),
            ..MOMENT
        },
        Moment {
            name: "some of the window is used up",
            before: 800,
            ago: Duration::from_secs(20),
            more: 300,
            ..MOMENT
        },
        Moment {
            name: "several windows",
            before: 900,
            more: 3_000,
            ..MOMENT
        },
        Moment {
            name: "behind a queue",
            kind: HOSTED,
            waiting: 600,
            more: 200,
            ..MOMENT
        },
        Moment {
            name: "in a pause",
            kind: HOSTED,
            before: 40,
            more: 62,
            pause: Some(Duration::from_secs(25)),
            ..MOMENT
        },
        Moment {
            name: "while no limit is known",
            kind: SELF_HOSTED,
            more: 120,
            ..MOMENT
        },
    ]
}

#[tokio::test(start_paused = true)]
async fn forecasts_come_true() {
    for moment in moments() {
        let name = moment.name;
        let service = Service::start(moment.kind);
        let client = Client::of(&service);
        all(queue(&client, moment.before)).await;
        if let Some(wait) = moment.pause {
            service.refuses_once_after(0, wait);
            drop(tokio::spawn(client.request(Urgency::Background, PATIENT)));
        }
        sleep(moment.ago).await;
        let began = Instant::now();
        let before = queue(&client, moment.waiting);
        let class = moment.kind.class;
        let plan = |governor: &Governor, more: usize| governor.plan(&connection(), class, more as u32);
        let foreseen = plan(&client.governor, moment.more);
        let more = queue(&client, moment.more);
        let expected = budget(&client).expected.unwrap();
        all(before).await;
        all(more).await;
        let took = began.elapsed();
        assert_eq!(plan(&client.governor, 0), Duration::ZERO, "{name}");
        for forecast in [foreseen, expected] {
            let (forecast, took) = (forecast.as_secs_f64(), took.as_secs_f64());
            let tolerance = 0.5 + took * 0.1;
            assert!(
                (forecast - took).abs() <= tolerance,
                "{name}: {forecast} s were foreseen, {took} s it was"
            );
        }
        if let Some(about) = moment.about {
            assert!(
                (foreseen.as_secs_f64() - about).abs() <= 1.5,
                "{name}: {foreseen:?}"
            );
        }
    }
}
