//! The governor against models of the services' limiters, in virtual time.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends at the first thing that is not as expected"
)]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use halyard_model::ConnectionId;
use halyard_provider::{Ask, BudgetClass, Cost, Denied, Ending, Governor, Said, Step, Urgency};
use tokio::time::{Instant, sleep};

const LATENCY: Duration = Duration::from_millis(50);
const MINUTE: Duration = Duration::from_secs(60);

/// A service that counts the requests of the last minute, exactly.
struct Limiter {
    limit: usize,
    tells: bool,
    moments: VecDeque<Instant>,
    refused: Vec<Instant>,
    /// The fewest that were left after a background request.
    least_left: usize,
}

type Service = Arc<Mutex<Limiter>>;

fn service(limit: usize, tells: bool) -> Service {
    Arc::new(Mutex::new(Limiter {
        limit,
        tells,
        moments: VecDeque::new(),
        refused: Vec::new(),
        least_left: limit,
    }))
}

async fn send(service: &Service, urgency: Urgency) -> Said {
    sleep(LATENCY / 2).await;
    let said = {
        let now = Instant::now();
        let mut limiter = service.lock().unwrap();
        while limiter.moments.front().is_some_and(|one| *one + MINUTE <= now) {
            limiter.moments.pop_front();
        }
        let granted = limiter.moments.len() < limiter.limit;
        if granted {
            limiter.moments.push_back(now);
        } else {
            limiter.refused.push(now);
        }
        let left = limiter.limit - limiter.moments.len();
        if urgency == Urgency::Background {
            limiter.least_left = limiter.least_left.min(left);
        }
        let frees = limiter.moments.front().map(|one| *one + MINUTE - now);
        Said {
            status: if granted { 200 } else { 429 },
            limit: limiter.tells.then_some(limiter.limit as u32),
            remaining: limiter.tells.then_some(left as u32),
            resets_in: frees.filter(|_| limiter.tells),
            retry_after: frees
                .filter(|_| !granted)
                .map(|wait| Duration::from_secs_f64(wait.as_secs_f64().ceil())),
        }
    };
    sleep(LATENCY / 2).await;
    said
}

#[derive(Clone, Copy)]
struct Way {
    base: &'static str,
    class: BudgetClass,
    cost: Cost,
}

const EDGEFLAGS: Way = Way {
    base: "https://edgeflags.net/",
    class: BudgetClass::Management,
    cost: Cost::Ordinary,
};
const SELF_HOSTED: Way = Way {
    base: "https://flags.example.com/api/v1/",
    class: BudgetClass::Admin,
    cost: Cost::Ordinary,
};
const HOSTED: Way = Way {
    base: "https://api.flagsmith.com/api/v1/",
    ..SELF_HOSTED
};

fn account() -> ConnectionId {
    ConnectionId("one".into())
}

/// One request until it is granted.
async fn request(governor: &Governor, service: &Service, way: Way, urgency: Urgency) -> Duration {
    let began = Instant::now();
    let account = account();
    loop {
        let turn = governor.ask(&Ask {
            base: way.base,
            secret: "key",
            class: way.class,
            cost: way.cost,
            connection: Some(&account),
            urgency,
            step: Step::Reading,
            patience: Duration::from_secs(3600),
        });
        let admission = turn.come().await.unwrap();
        let said = send(service, urgency).await;
        admission.end(&Ending::Answered(said));
        if said.status != 429 {
            return began.elapsed();
        }
    }
}

struct Run {
    took: Duration,
    slowest_interactive: Duration,
}

/// 5,000 background requests at once, and somebody who clicks every few seconds.
async fn run(service: &Service, way: Way) -> Run {
    let governor = Governor::default();
    let began = Instant::now();
    let queue: Vec<_> = (0..5_000)
        .map(|_| {
            let (governor, service) = (governor.clone(), service.clone());
            tokio::spawn(async move {
                request(&governor, &service, way, Urgency::Background).await;
            })
        })
        .collect();
    let clicks = {
        let (governor, service) = (governor.clone(), service.clone());
        tokio::spawn(async move {
            let mut slowest = Duration::ZERO;
            loop {
                sleep(Duration::from_millis(7_300)).await;
                if governor.budgets(&account())[0].background_waiting == 0 {
                    return slowest;
                }
                let paused = governor.budgets(&account())[0].paused_until.is_some();
                let took = request(&governor, &service, way, Urgency::Interactive).await;
                if !paused {
                    slowest = slowest.max(took);
                }
            }
        })
    };
    for one in queue {
        one.await.unwrap();
    }
    let took = began.elapsed();
    Run {
        took,
        slowest_interactive: clicks.await.unwrap(),
    }
}

/// What nobody can beat who leaves a twentieth: whole windows, then the rest.
fn best(limit: usize) -> Duration {
    let usable = limit - limit.div_ceil(20);
    MINUTE * ((5_000 - 1) / usable) as u32
}

#[tokio::test(start_paused = true)]
async fn edgeflags_never_refuses_and_the_time_is_nearly_the_best() {
    let service = service(1_000, true);
    let run = run(&service, EDGEFLAGS).await;
    let limiter = service.lock().unwrap();
    assert_eq!(limiter.refused.len(), 0);
    assert!(limiter.least_left >= 50, "{} left", limiter.least_left);
    assert!(
        run.slowest_interactive <= LATENCY * 2,
        "{:?}",
        run.slowest_interactive
    );
    assert!(run.took <= best(1_000).mul_f64(1.1), "{:?}", run.took);
}

#[tokio::test(start_paused = true)]
async fn flagsmith_refuses_once_at_most() {
    // All three end within the half hour after which a lesson is put to the test.
    for (limit, way) in [(500, HOSTED), (300, SELF_HOSTED), (200, SELF_HOSTED)] {
        let service = service(limit, false);
        let run = run(&service, way).await;
        let limiter = service.lock().unwrap();
        let first = limiter.refused.first().copied();
        let later = limiter
            .refused
            .iter()
            .filter(|one| **one > first.unwrap() + LATENCY * 2);
        assert_eq!(later.count(), 0, "{limit}: {}", limiter.refused.len());
        assert!(run.took <= best(limit).mul_f64(1.1), "{limit}: {:?}", run.took);
        assert!(
            run.slowest_interactive <= LATENCY * 2,
            "{limit}: {:?}",
            run.slowest_interactive
        );
    }
}

#[tokio::test(start_paused = true)]
async fn two_that_share_a_token_both_get_on() {
    let service = service(1_000, true);
    let done = [Arc::new(Mutex::new(0)), Arc::new(Mutex::new(0))];
    let mut queues = Vec::new();
    for counter in &done {
        let governor = Governor::default();
        for _ in 0..12_000 {
            let (governor, service, counter) = (governor.clone(), service.clone(), counter.clone());
            queues.push(tokio::spawn(async move {
                request(&governor, &service, EDGEFLAGS, Urgency::Background).await;
                *counter.lock().unwrap() += 1;
            }));
        }
        // The second one comes when the first has used the window up.
        sleep(Duration::from_secs(20)).await;
    }
    sleep(MINUTE * 10).await;
    let counts = done.map(|counter| *counter.lock().unwrap());
    assert_eq!(service.lock().unwrap().refused.len(), 0);
    assert!(counts.iter().all(|count| *count > 2_000), "{counts:?}");
    for queue in queues {
        queue.abort();
    }
}

#[tokio::test(start_paused = true)]
async fn what_waits_can_be_given_up_and_dropped() {
    let service = service(10, true);
    let governor = Governor::default();
    let waiting: Vec<_> = (0..40)
        .map(|_| {
            let (governor, service) = (governor.clone(), service.clone());
            tokio::spawn(async move {
                let account = account();
                let turn = governor.ask(&Ask {
                    base: EDGEFLAGS.base,
                    secret: "key",
                    class: EDGEFLAGS.class,
                    cost: EDGEFLAGS.cost,
                    connection: Some(&account),
                    urgency: Urgency::Background,
                    step: Step::Reading,
                    patience: Duration::ZERO,
                });
                let admission = turn.come().await?;
                let said = send(&service, Urgency::Background).await;
                admission.end(&Ending::Answered(said));
                Ok::<_, Denied>(())
            })
        })
        .collect();
    sleep(Duration::from_secs(5)).await;
    let before = governor.budgets(&account())[0].background_waiting;
    waiting[39].abort();
    tokio::task::yield_now().await;
    assert_eq!(governor.budgets(&account())[0].background_waiting, before - 1);
    assert_eq!(governor.give_up(&account()), before - 1);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(governor.budgets(&account())[0].background_waiting, 0);
    let mut given_up = 0;
    for one in waiting {
        given_up += u32::from(matches!(one.await, Ok(Err(Denied::GivenUp { .. }))));
    }
    assert_eq!(given_up, before - 1);
    assert_eq!(service.lock().unwrap().refused.len(), 0);
}
