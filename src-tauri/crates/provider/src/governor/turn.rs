//! Waiting for one's turn, and having it.

use std::sync::Arc;
use std::time::Duration;

use halyard_model::ConnectionId;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::account::{Account, Place, State, Waiter};
use super::room::Room;
use super::terms::Cost;
use crate::{BudgetClass, Urgency};

/// A request that is to be made.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// The base address of the service.
    pub base: &'a str,
    /// The key it is made with; only a hash of it is kept.
    pub secret: &'a str,
    /// What it counts against.
    pub class: BudgetClass,
    /// What the key costs the service.
    pub cost: Cost,
    /// Whom it is made for.
    pub connection: Option<&'a ConnectionId>,
    /// How urgent it is.
    pub urgency: Urgency,
    /// Whether it follows a reading that grows old meanwhile, as a write does.
    pub step: Step,
    /// How long an interactive request may be told to wait. Background
    /// requests wait as long as it takes.
    pub patience: Duration,
}

/// Where in a call a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It reads.
    Reading,
    /// It writes what was decided by a reading: it goes before those that read.
    Writing,
}

/// What the service's answer said about rates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// The status.
    pub status: u16,
    /// Requests per window.
    pub limit: Option<u32>,
    /// Requests left in the window.
    pub remaining: Option<u32>,
    /// How long until the window frees, by the service's own clock.
    pub resets_in: Option<Duration>,
    /// The wait that a refusal asked for.
    pub retry_after: Option<Duration>,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With an answer.
    Answered(Said),
    /// It surely did not reach the service.
    NotSent,
    /// It may have reached the service.
    Lost,
}

/// Why a request had no turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// Somebody gave the waiting up.
    GivenUp {
        /// How long the service still wants to be left alone, where it does.
        paused_for: Option<Duration>,
    },
    /// It would have to wait for longer than its patience lasts.
    TooLong {
        /// How long.
        wait: Duration,
    },
}

/// A place in the queue. Dropping it frees the place.
#[derive(Debug)]
pub struct Turn {
    account: Arc<Account>,
    place: Place,
    urgency: Urgency,
    patience: Duration,
    asked: Instant,
    wake: Arc<Notify>,
    taken: bool,
}

impl Turn {
    pub(super) fn ask(account: Arc<Account>, ask: &Ask<'_>) -> Turn {
        let now = Instant::now();
        let wake = Arc::new(Notify::new());
        let place = {
            let mut state = account.lock();
            // Requests without a key are no part of what a connection may do.
            if let Some(connection) = ask.connection
                && !ask.secret.is_empty()
                && !state.connections.contains(connection)
            {
                state.connections.insert(connection.clone());
            }
            let rank = u8::from(ask.step == Step::Reading);
            let place = (rank, state.ticket());
            let waiter = Waiter {
                connection: ask.connection.cloned(),
                wake: wake.clone(),
            };
            state.queue(ask.urgency).insert(place, waiter);
            state.pump(now);
            place
        };
        Turn {
            account,
            place,
            urgency: ask.urgency,
            patience: ask.patience,
            asked: now,
            wake,
            taken: false,
        }
    }

    /// Whether it has to wait.
    pub fn waits(&self) -> bool {
        self.account.lock().queue(self.urgency).contains_key(&self.place)
    }

    /// Waits until it may leave.
    pub async fn come(mut self) -> Result<Admission, Denied> {
        loop {
            let until = {
                let now = Instant::now();
                let mut state = self.account.lock();
                state.pump(now);
                match self.look(&mut state, now)? {
                    Standing::Left => None,
                    Standing::Waits(until) => Some(until),
                }
            };
            match until {
                None => {
                    self.taken = true;
                    return Ok(Admission {
                        account: self.account.clone(),
                        ticket: self.place.1,
                        waited: self.asked.elapsed(),
                        ended: false,
                    });
                }
                Some(None) => self.wake.notified().await,
                Some(Some(moment)) => {
                    tokio::select! {
                        () = self.wake.notified() => {}
                        () = tokio::time::sleep_until(moment) => {}
                    }
                }
            }
        }
    }

    /// How it stands with this one. Only the first of a queue keeps the time.
    fn look(&self, state: &mut State, now: Instant) -> Result<Standing, Denied> {
        if state.ledger.flies(self.place.1) {
            return Ok(Standing::Left);
        }
        let queue = state.queue(self.urgency);
        if !queue.contains_key(&self.place) {
            let paused_for = state
                .paused_until
                .map(|until| until.saturating_duration_since(now));
            return Err(Denied::GivenUp { paused_for });
        }
        let is_first = queue
            .first_key_value()
            .is_some_and(|(place, _)| *place == self.place);
        let room = state.room(self.urgency, now);
        if self.urgency == Urgency::Interactive
            && let Room::At(moment) = room
            && moment > self.asked + self.patience
        {
            let wait = moment.saturating_duration_since(now);
            return Err(Denied::TooLong { wait });
        }
        Ok(Standing::Waits(match room {
            Room::At(moment) if is_first => Some(moment),
            _ => None,
        }))
    }
}

enum Standing {
    Left,
    /// Until this moment, or until it is woken.
    Waits(Option<Instant>),
}

impl Drop for Turn {
    fn drop(&mut self) {
        if self.taken {
            return;
        }
        let now = Instant::now();
        let mut state = self.account.lock();
        if state.queue(self.urgency).remove(&self.place).is_some() {
            // Another one may be the first now.
            state.wake_first();
        } else {
            // Its turn had come and it did not take it.
            state.settle(self.place.1, &Ending::NotSent, now);
        }
    }
}

/// The permission to send one request now. A request that is dropped on its
/// way counts as sent.
#[derive(Debug)]
#[must_use = "the request counts as on its way until this is ended or dropped"]
pub struct Admission {
    account: Arc<Account>,
    ticket: u64,
    waited: Duration,
    ended: bool,
}

impl Admission {
    /// How long it had to wait.
    pub fn waited(&self) -> Duration {
        self.waited
    }

    /// Tells how the request ended; gives back how many are left in the
    /// window, where that is known.
    pub fn end(mut self, ending: &Ending) -> Option<u32> {
        self.ended = true;
        let now = Instant::now();
        let mut state = self.account.lock();
        state.settle(self.ticket, ending, now);
        state.remaining(now)
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        if !self.ended {
            let now = Instant::now();
            self.account.lock().settle(self.ticket, &Ending::Lost, now);
        }
    }
}
