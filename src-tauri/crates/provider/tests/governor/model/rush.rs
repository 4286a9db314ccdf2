//! Thousands of background requests at once, and somebody who goes on clicking.

use std::time::Duration;

use halyard_provider::Urgency;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until};

use super::best;
use super::limiter::MINUTE;
use super::service::{Chance, Client, Done, Kind, Service};

/// Background requests of a run.
pub(crate) const MANY: usize = 5_000;

/// Longer than any run.
pub(crate) const PATIENT: Duration = Duration::from_secs(86_400);

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Measured {
    /// Until the last background request was answered.
    pub(crate) took: Duration,
    /// The same by the best schedule that there is.
    pub(crate) best: Duration,
    /// When requests were refused, since the run began.
    pub(crate) refused: Vec<Duration>,
    /// What background requests had of one window, at most.
    pub(crate) most_background: usize,
    /// The latencies of the clicks, waiting included.
    pub(crate) clicks: Latencies,
    /// The same clicks where there is nothing in the background.
    pub(crate) idle: Latencies,
    /// Clicks that met the pause after a refusal, and are not among the others.
    pub(crate) paused_clicks: usize,
}

/// How long requests took, sorted.
#[derive(Debug)]
pub(crate) struct Latencies(Vec<Duration>);

impl Latencies {
    /// The latency that this share of the requests keeps below, in milliseconds.
    pub(crate) fn percentile(&self, share: f64) -> f64 {
        let last = self.0.len().saturating_sub(1);
        let place = (last as f64 * share).round() as usize;
        self.0.get(place).map_or(f64::NAN, |one| one.as_secs_f64() * 1e3)
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }
}

impl Measured {
    /// How many refusals came after the first lesson: those that were on their way with the first one belong to it.
    pub(crate) fn refused_later(&self, kind: Kind) -> usize {
        let Some(first) = self.refused.first() else {
            return 0;
        };
        let lesson = *first + kind.latency * 2;
        self.refused.iter().filter(|one| **one > lesson).count()
    }

    /// How many times longer than idle a share of the clicks took at most.
    pub(crate) fn slower(&self, share: f64) -> f64 {
        self.clicks.percentile(share) / self.idle.percentile(share)
    }

    /// How many times longer than the best schedule it took.
    pub(crate) fn longer(&self) -> f64 {
        self.took.as_secs_f64() / self.best.as_secs_f64()
    }

    /// How much of the reserve background requests took, of 1.
    pub(crate) fn reserve_taken(&self, kind: Kind) -> f64 {
        let reserve = best::reserve(kind.limit);
        let taken = self.most_background.saturating_sub(kind.limit - reserve);
        taken as f64 / reserve as f64
    }
}

/// Runs it. Somebody clicks at random, four tenths as often as the reserve has room for.
pub(crate) async fn run(kind: Kind) -> Measured {
    let between = MINUTE.div_f64(best::reserve(kind.limit) as f64 * 0.4);
    let service = Service::start(kind);
    let client = Client::of(&service);
    let began = Instant::now();
    let queue: Vec<_> = (0..MANY).map(|_| spawn(&client, Urgency::Background)).collect();
    let clicks = tokio::spawn(clicks(client.clone(), between, None));
    for one in queue {
        one.await.expect("a background request");
    }
    let took = began.elapsed();
    let clicks = clicks.await.expect("the clicks");
    let idle = Client::of(&Service::start(kind));
    let at_rest = self::clicks(idle, between, Some(took)).await;
    let steady = |clicks: &[Click]| {
        let mut all: Vec<Duration> = clicks
            .iter()
            .filter(|click| !click.paused)
            .map(|click| click.took)
            .collect();
        all.sort_unstable();
        Latencies(all)
    };
    Measured {
        took,
        best: best::shortest(kind.limit, kind.window, MANY, kind.latency),
        refused: service.refused(),
        most_background: service.most_background(),
        paused_clicks: clicks.iter().filter(|click| click.paused).count(),
        clicks: steady(&clicks),
        idle: steady(&at_rest),
    }
}

fn spawn(client: &Client, urgency: Urgency) -> JoinHandle<Done> {
    let request = client.request(urgency, PATIENT);
    tokio::spawn(async move { request.await.expect("a turn") })
}

struct Click {
    took: Duration,
    /// It met the pause after a refusal.
    paused: bool,
}

/// Clicks that do not wait for each other, for so long or until nothing waits in the background.
async fn clicks(client: Client, between: Duration, lasting: Option<Duration>) -> Vec<Click> {
    let mut chance = Chance(0xc11c4);
    let began = Instant::now();
    let mut next = began;
    let mut all = Vec::new();
    loop {
        next += chance.wait(between);
        match lasting {
            Some(lasting) if next > began + lasting => break,
            _ => sleep_until(next).await,
        }
        let budget = client.budget();
        if lasting.is_none()
            && budget
                .as_ref()
                .is_some_and(|budget| budget.background_waiting == 0)
        {
            break;
        }
        let paused = budget.is_some_and(|budget| budget.paused_until.is_some());
        all.push((paused, spawn(&client, Urgency::Interactive)));
    }
    let mut clicks = Vec::new();
    for (paused, click) in all {
        let done = click.await.expect("a click");
        clicks.push(Click {
            took: done.took,
            paused: paused || done.refused,
        });
    }
    clicks
}

/// Two installations that share one token: how many requests of each were granted in the second half of a time, the
/// second one beginning when the first has used the window up.
pub(crate) async fn share(kind: Kind, lasting: Duration) -> Shares {
    let service = Service::start(kind);
    let mut queues = Vec::new();
    let counts = [Counter::default(), Counter::default()];
    for count in &counts {
        let client = Client::of(&service);
        let most = kind.limit * (lasting.as_secs() / 60 + 2) as usize;
        for _ in 0..most {
            let (request, count) = (client.request(Urgency::Background, PATIENT), count.clone());
            queues.push(tokio::spawn(async move {
                let _done = request.await;
                count.add();
            }));
        }
        sleep(MINUTE / 3).await;
    }
    sleep(lasting / 2).await;
    let halfway = counts.each_ref().map(Counter::get);
    sleep(lasting / 2).await;
    let ended = counts.each_ref().map(Counter::get);
    for queue in queues {
        queue.abort();
    }
    Shares {
        granted: [ended[0] - halfway[0], ended[1] - halfway[1]],
        possible: (kind.limit as f64 * lasting.as_secs_f64() / 120.0) as usize,
        refused: service.refused().len(),
        asked: service.granted() + service.refused().len(),
    }
}

/// What two installations had of one budget.
#[derive(Debug)]
pub(crate) struct Shares {
    /// Requests granted to each in the time that counts.
    pub(crate) granted: [usize; 2],
    /// What the limit gives in that time.
    pub(crate) possible: usize,
    /// Requests refused to either, in all of the time.
    pub(crate) refused: usize,
    /// Requests of both, in all of the time.
    pub(crate) asked: usize,
}

impl Shares {
    /// How many of the requests were refused, of 1.
    pub(crate) fn refused(&self) -> f64 {
        self.refused as f64 / self.asked as f64
    }

    /// The smaller one's part of what both had, of 1.
    pub(crate) fn smaller(&self) -> f64 {
        let [one, other] = self.granted;
        one.min(other) as f64 / (one + other).max(1) as f64
    }

    /// What both had together, of 1.
    pub(crate) fn used(&self) -> f64 {
        self.granted.iter().sum::<usize>() as f64 / self.possible as f64
    }
}

#[derive(Clone, Debug, Default)]
struct Counter(std::sync::Arc<std::sync::atomic::AtomicUsize>);

impl Counter {
    fn add(&self) {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }

    fn get(&self) -> usize {
        self.0.load(std::sync::atomic::Ordering::Relaxed)
    }
}
