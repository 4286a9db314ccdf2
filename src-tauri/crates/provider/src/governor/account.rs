//! One budget: who waits for it, what was sent, what the service said, and who
//! goes next. Whether one may go at all is decided in `room`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use halyard_model::ConnectionId;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::ledger::{Flight, Ledger};
use super::lesson::{Lesson, Refused};
use super::others::Others;
use super::room::Room;
use super::terms::{MINUTE, Terms};
use super::{Ending, Said};
use crate::{BudgetClass, Urgency};

/// After so many interactive requests in a row one background request goes,
/// where one waits.
const STREAK: u32 = 8;

/// The longest pause after a refusal that names none.
const LONGEST_GUESS: Duration = Duration::from_secs(60);

/// The longest pause that a service is believed to mean.
const LONGEST_PAUSE: Duration = Duration::from_secs(86_400);

/// The weight of the newest answer in the mean duration, at least.
const NEWEST: f64 = 0.1;

/// Whose turn it is: writes of a call that has begun go first, then in the
/// order of asking.
pub(super) type Place = (u8, u64);

#[derive(Debug)]
pub(super) struct Account {
    pub(super) class: BudgetClass,
    state: Mutex<State>,
}

impl Account {
    pub(super) fn new(class: BudgetClass, terms: Terms) -> Account {
        Account {
            class,
            state: Mutex::new(State::new(terms)),
        }
    }

    /// The state. Nothing panics while it is held, so a poisoned lock means nothing.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who waits.
#[derive(Debug)]
pub(super) struct Waiter {
    pub(super) connection: Option<ConnectionId>,
    pub(super) wake: Arc<Notify>,
}

/// What the service said of what is left.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told {
    pub(super) limit: u32,
    pub(super) remaining: u32,
    pub(super) resets: Option<Instant>,
    /// When the request left whose answer said so.
    pub(super) left: Instant,
    /// When that answer came.
    pub(super) at: Instant,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) terms: Terms,
    pub(super) connections: BTreeSet<ConnectionId>,
    pub(super) interactive: BTreeMap<Place, Waiter>,
    pub(super) background: BTreeMap<Place, Waiter>,
    pub(super) ledger: Ledger,
    pub(super) others: Others,
    pub(super) told: Option<Told>,
    pub(super) lesson: Option<Lesson>,
    pub(super) paused_until: Option<Instant>,
    /// After a pause one request goes ahead alone.
    pub(super) alone: bool,
    guesses: Option<ExponentialBackoff>,
    next_ticket: u64,
    interactive_streak: u32,
    pub(super) last_background: Option<Instant>,
    pub(super) last_probe: Option<Instant>,
    /// The mean duration of an answer, in seconds.
    mean: f64,
    /// How many answers it is the mean of.
    answers: u32,
}

impl State {
    fn new(terms: Terms) -> State {
        State {
            terms,
            connections: BTreeSet::new(),
            interactive: BTreeMap::new(),
            background: BTreeMap::new(),
            ledger: Ledger::default(),
            others: Others::default(),
            told: None,
            lesson: None,
            paused_until: None,
            alone: false,
            guesses: None,
            next_ticket: 0,
            interactive_streak: 0,
            last_background: None,
            last_probe: None,
            mean: 0.1,
            answers: 0,
        }
    }

    pub(super) fn ticket(&mut self) -> u64 {
        self.next_ticket += 1;
        self.next_ticket
    }

    pub(super) fn queue(&mut self, urgency: Urgency) -> &mut BTreeMap<Place, Waiter> {
        match urgency {
            Urgency::Interactive => &mut self.interactive,
            Urgency::Background => &mut self.background,
        }
    }

    /// The mean duration of an answer.
    pub(super) fn mean_duration(&self) -> Duration {
        Duration::from_secs_f64(self.mean)
    }

    /// How many background requests may be on their way at once: one place is
    /// left to somebody who waits.
    pub(super) fn background_places(&self) -> usize {
        self.places().saturating_sub(1).max(1)
    }

    /// How many may be on their way at once. Where the limit is small, few:
    /// those on their way are what is uncertain about it.
    pub(super) fn places(&self) -> usize {
        let by_limit = self.limit().map_or(usize::MAX, |limit| limit as usize / 25);
        self.terms.concurrency.min(by_limit.max(1))
    }

    /// Requests per window, where it is known.
    pub(super) fn limit(&self) -> Option<u32> {
        self.told
            .map(|told| told.limit)
            .or_else(|| self.lesson.map(|lesson| lesson.limit))
            .or(self.terms.documented)
    }

    /// The window that is counted in.
    pub(super) fn window(&self) -> Duration {
        match (self.told, self.lesson) {
            (None, Some(lesson)) => lesson.window,
            _ => MINUTE,
        }
    }

    /// Requests in the window that are not for the background.
    pub(super) fn reserve(limit: u32) -> usize {
        (limit as usize).div_ceil(20)
    }

    /// What background requests leave: the reserve and, where others may share
    /// the key without being seen, a place for them to show themselves.
    pub(super) fn kept_from_background(&self, limit: u32) -> usize {
        let newcomers = if self.told.is_some() {
            limit as usize / 100
        } else {
            0
        };
        Self::reserve(limit) + newcomers
    }

    /// Lets those go who may, and gives back when to look again for each queue.
    pub(super) fn pump(&mut self, now: Instant) {
        self.lesson = self
            .lesson
            .and_then(|lesson| lesson.loosened(self.terms.documented, now));
        while let Some(urgency) = self.next(now) {
            let Some((place, waiter)) = self.queue(urgency).pop_first() else {
                return;
            };
            self.leave(place.1, urgency, now);
            waiter.wake.notify_one();
            if let Some((_, first)) = self.queue(urgency).first_key_value() {
                first.wake.notify_one();
            }
        }
    }

    /// Wakes the first of each queue, who keep the time for the others.
    pub(super) fn wake_first(&self) {
        for queue in [&self.interactive, &self.background] {
            if let Some((_, first)) = queue.first_key_value() {
                first.wake.notify_one();
            }
        }
    }

    fn next(&mut self, now: Instant) -> Option<Urgency> {
        let background_waits = !self.background.is_empty();
        if !self.interactive.is_empty() {
            let is_due = background_waits && self.interactive_streak >= STREAK;
            if is_due && self.room(Urgency::Background, now) == Room::Now {
                return Some(Urgency::Background);
            }
            match self.room(Urgency::Interactive, now) {
                Room::Now => return Some(Urgency::Interactive),
                Room::AfterAnAnswer => return None,
                Room::At(_) => {}
            }
        }
        (background_waits && self.room(Urgency::Background, now) == Room::Now).then_some(Urgency::Background)
    }

    fn leave(&mut self, ticket: u64, urgency: Urgency, now: Instant) {
        match urgency {
            Urgency::Interactive => self.interactive_streak = self.interactive_streak.saturating_add(1),
            Urgency::Background => {
                self.interactive_streak = 0;
                self.last_background = Some(now);
            }
        }
        self.ledger.leave(ticket, Flight { left: now, urgency });
    }

    /// Takes up how a request ended.
    pub(super) fn settle(&mut self, ticket: u64, ending: &Ending, now: Instant) {
        let Some(flight) = self.ledger.land(ticket) else {
            return;
        };
        match ending {
            Ending::NotSent => {}
            Ending::Lost => self.ledger.count(flight, now),
            Ending::Answered(said) => self.answered(flight, said, now),
        }
        self.pump(now);
        self.wake_first();
    }

    fn answered(&mut self, flight: Flight, said: &Said, now: Instant) {
        let took = now.duration_since(flight.left).as_secs_f64();
        // The first few weigh alike: a forecast by one of them alone would be a guess.
        self.answers = self.answers.saturating_add(1);
        self.mean += (took - self.mean) * NEWEST.max(1.0 / f64::from(self.answers));
        let refused = said.status == 429;
        if !refused {
            self.ledger.count(flight, now);
            if self.paused_until.is_none() {
                self.alone = false;
                self.guesses = None;
            }
        }
        if let (Some(limit), Some(remaining)) = (said.limit, said.remaining) {
            self.told_anew(flight, limit, remaining, said, now);
        } else if refused {
            self.learn(flight, said, now);
        }
        if refused {
            self.pause(said, now);
        }
    }

    fn told_anew(&mut self, flight: Flight, limit: u32, remaining: u32, said: &Said, now: Instant) {
        let used = limit.saturating_sub(remaining) as usize;
        let (possible, sure) = self.ledger.counted_between(MINUTE, flight.left, now);
        // Only what others have is of interest, and the request itself is counted.
        self.others.observe(
            used.saturating_sub(possible),
            used.saturating_sub(sure),
            MINUTE,
            now,
        );
        if self.told.is_some_and(|told| told.left > flight.left) {
            return;
        }
        self.lesson = None;
        self.told = Some(Told {
            limit: limit.max(1),
            remaining,
            resets: said.resets_in.map(|wait| now + wait.min(MINUTE)),
            left: flight.left,
            at: now,
        });
    }

    fn learn(&mut self, flight: Flight, said: &Said, now: Instant) {
        self.told = None;
        if said.retry_after == Some(Duration::ZERO) {
            // Nothing that counts in a window asks to come back at once.
            return;
        }
        let refused = Refused {
            left: flight.left,
            now,
            wait: said.retry_after,
        };
        let mut lesson = Lesson::from(refused, &self.ledger, self.terms.documented);
        if let Some(before) = self.lesson {
            if flight.left <= before.at {
                // It was on its way with the one that taught the first.
                lesson.limit = lesson.limit.max(before.limit);
            } else {
                lesson.limit = lesson.limit.min(before.limit);
            }
        }
        self.lesson = Some(lesson);
    }

    fn pause(&mut self, said: &Said, now: Instant) {
        let wait = said.retry_after.or(said.resets_in).unwrap_or_else(|| {
            let guesses = self.guesses.get_or_insert_with(|| {
                ExponentialBuilder::default()
                    .with_min_delay(Duration::from_secs(1))
                    .with_max_delay(LONGEST_GUESS)
                    .without_max_times()
                    .with_jitter()
                    .build()
            });
            guesses.next().unwrap_or(LONGEST_GUESS)
        });
        let until = now + wait.min(LONGEST_PAUSE);
        self.paused_until = Some(self.paused_until.map_or(until, |before| before.max(until)));
    }
}
