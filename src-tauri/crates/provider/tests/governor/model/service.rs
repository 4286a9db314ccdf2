//! A service with a limiter, and clients that ask a governor before each request.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use halyard_model::ConnectionId;
use halyard_provider::{
    Admission, Ask, BudgetClass, Cost, Denied, Ending, Governor, Said, Step, Turn, Urgency,
};
use tokio::time::{Instant, sleep};

use super::limiter::{Limiter, MINUTE, Window};

/// The mean time of an answer; the shortest and the longest differ from it by two fifths.
pub(crate) const LATENCY: Duration = Duration::from_millis(50);

/// A service, its limit, and how a governor knows it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) base: &'static str,
    pub(crate) class: BudgetClass,
    pub(crate) cost: Cost,
    /// Requests per minute.
    pub(crate) limit: usize,
    pub(crate) window: Window,
    /// Whether each answer tells what is left.
    pub(crate) tells: bool,
    /// The mean time of an answer.
    pub(crate) latency: Duration,
}

/// EdgeFlags' management routes.
pub(crate) const EDGEFLAGS: Kind = Kind {
    name: "EdgeFlags, 1,000 a minute",
    base: "https://edgeflags.net/",
    class: BudgetClass::Management,
    cost: Cost::Ordinary,
    limit: 1_000,
    window: Window::Sliding,
    tells: true,
    latency: LATENCY,
};

/// Flagsmith's own installation, whose limit is documented.
pub(crate) const HOSTED: Kind = Kind {
    name: "hosted Flagsmith, 500 a minute",
    base: "https://api.flagsmith.com/api/v1/",
    class: BudgetClass::Admin,
    limit: 500,
    tells: false,
    ..EDGEFLAGS
};

/// Somebody's Flagsmith server, whose limit nobody knows.
pub(crate) const SELF_HOSTED: Kind = Kind {
    name: "self-hosted Flagsmith, 300 a minute",
    base: "https://flags.example.com/api/v1/",
    limit: 300,
    ..HOSTED
};

#[derive(Debug)]
struct State {
    limiter: Limiter,
    granted: usize,
    refused: Vec<Duration>,
    /// The most that the background had of one window: since the first refusal's window is over, where there was
    /// one, because nobody can leave a part of what he does not know.
    most_background: usize,
    chance: Chance,
    /// Refuses the request after so many, once, and asks for this wait.
    hiccup: Option<(usize, Duration)>,
}

/// A running service. Clones are the same one.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    pub(crate) kind: Kind,
    began: Instant,
    state: Arc<Mutex<State>>,
}

impl Service {
    pub(crate) fn start(kind: Kind) -> Service {
        Service {
            kind,
            began: Instant::now(),
            state: Arc::new(Mutex::new(State {
                limiter: Limiter::new(kind.limit, kind.window),
                granted: 0,
                refused: Vec::new(),
                most_background: 0,
                chance: Chance(0x5eed),
                hiccup: None,
            })),
        }
    }

    /// Refuses one request after so many were granted, for no reason that its limit gives, and asks for this wait.
    pub(crate) fn refuses_once_after(&self, granted: usize, wait: Duration) {
        self.lock().hiccup = Some((granted, wait));
    }

    pub(crate) fn granted(&self) -> usize {
        self.lock().granted
    }

    /// When requests were refused, since the run began.
    pub(crate) fn refused(&self) -> Vec<Duration> {
        self.lock().refused.clone()
    }

    /// The most that background requests had of one window, once the limit could be known.
    pub(crate) fn most_background(&self) -> usize {
        self.lock().most_background
    }

    /// Half of the time goes by before the service counts the request, half of it afterwards.
    async fn answer(&self, urgency: Urgency) -> Said {
        let half = self.kind.latency.mul_f64(0.3 + 0.4 * self.lock().chance.next());
        sleep(half).await;
        let said = self.count(urgency);
        sleep(half).await;
        said
    }

    fn count(&self, urgency: Urgency) -> Said {
        let now = self.began.elapsed();
        let mut state = self.lock();
        let state = &mut *state;
        let hiccup = state.hiccup.filter(|(after, _)| state.granted >= *after);
        let granted = hiccup.is_none() && state.limiter.take(now, urgency);
        if granted {
            state.granted += 1;
        } else {
            state.hiccup = None;
            state.refused.push(now);
        }
        let left = state.limiter.left();
        match state.refused.first() {
            Some(first) if now < *first + MINUTE => state.most_background = 0,
            _ => state.most_background = state.most_background.max(state.limiter.background()),
        }
        let frees = state.limiter.frees_in(now);
        let in_seconds = Duration::from_secs_f64(frees.as_secs_f64().ceil());
        let number = |count: usize| u32::try_from(count).ok().filter(|_| self.kind.tells);
        Said {
            status: if granted { 200 } else { 429 },
            limit: number(self.kind.limit),
            remaining: number(left),
            resets_in: self.kind.tells.then_some(frees),
            retry_after: (!granted).then_some(hiccup.map_or(in_seconds, |(_, wait)| wait)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The connection that all requests are made for.
pub(crate) fn connection() -> ConnectionId {
    ConnectionId("one".into())
}

/// One installation of Halyard: a governor and the service in front of it.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) governor: Governor,
    pub(crate) service: Service,
}

/// What became of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Done {
    /// From asking for a turn to the last answer.
    pub(crate) took: Duration,
    /// Whether it was refused on the way.
    pub(crate) refused: bool,
}

impl Client {
    pub(crate) fn of(service: &Service) -> Client {
        Client {
            governor: Governor::default(),
            service: service.clone(),
        }
    }

    /// A place in the queue.
    pub(crate) fn turn(&self, urgency: Urgency, patience: Duration) -> Turn {
        let connection = connection();
        self.governor.ask(&Ask {
            base: self.service.kind.base,
            secret: "key",
            class: self.service.kind.class,
            cost: self.service.kind.cost,
            connection: Some(&connection),
            urgency,
            step: Step::Reading,
            patience,
        })
    }

    /// Sends what has been admitted; gives back whether it was granted.
    pub(crate) async fn send(&self, admission: Admission, urgency: Urgency) -> bool {
        let said = self.service.answer(urgency).await;
        admission.end(&Ending::Answered(said));
        said.status != 429
    }

    /// One request, again after each refusal, as the clients make it. Its place in the queue is taken at once.
    pub(crate) fn request(
        &self,
        urgency: Urgency,
        patience: Duration,
    ) -> impl Future<Output = Result<Done, Denied>> + Send + 'static {
        let began = Instant::now();
        let client = self.clone();
        let mut turn = client.turn(urgency, patience);
        async move {
            let mut refused = false;
            loop {
                let admission = turn.come().await?;
                if client.send(admission, urgency).await {
                    let took = began.elapsed();
                    return Ok(Done { took, refused });
                }
                refused = true;
                turn = client.turn(urgency, patience);
            }
        }
    }

    /// One budget is all there is, once a request was made.
    pub(crate) fn budget(&self) -> Option<halyard_provider::Budget> {
        self.governor.budgets(&connection()).pop()
    }
}

/// Numbers at random, the same in every run: SplitMix64, which is enough for choosing.
#[derive(Clone, Debug)]
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    /// From 0 to below 1, evenly.
    pub(crate) fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// The time until the next of events that come independently of each other, so long apart on average.
    pub(crate) fn wait(&mut self, mean: Duration) -> Duration {
        mean.mul_f64(-(1.0 - self.next()).ln())
    }
}
