//! One budget: who waits for it, what was sent, what the service said, and the
//! decision who goes next.

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
use super::terms::{MINUTE, Terms};
use super::{Ending, Said};
use crate::{BudgetClass, Urgency};

/// After so many interactive requests in a row one background request goes,
/// where one waits.
const STREAK: u32 = 8;

/// How many may be on their way while it is not known, or no longer known,
/// what is left: those who share a key leave more than that to each other.
const UNINFORMED: usize = 4;

/// The longest pause after a refusal that names none.
const LONGEST_GUESS: Duration = Duration::from_secs(60);

/// The longest pause that a service is believed to mean.
const LONGEST_PAUSE: Duration = Duration::from_secs(86_400);

/// The weight of the newest answer in the mean duration.
const NEWEST: f64 = 0.2;

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
    left: Instant,
    /// When that answer came.
    pub(super) at: Instant,
}

/// Whether one more may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    Now,
    /// Not before this moment, at the latest.
    At(Instant),
    /// Not before one of those on their way is answered.
    AfterAnAnswer,
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
    alone: bool,
    guesses: Option<ExponentialBackoff>,
    next_ticket: u64,
    interactive_streak: u32,
    last_background: Option<Instant>,
    last_probe: Option<Instant>,
    /// The mean duration of an answer, in seconds.
    mean: Option<f64>,
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
            mean: None,
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
        Duration::from_secs_f64(self.mean.unwrap_or(0.1))
    }

    /// How many background requests may be on their way at once: one place is
    /// left to somebody who waits.
    pub(super) fn background_places(&self) -> usize {
        self.places().saturating_sub(1).max(1)
    }

    /// How many may be on their way at once. Where the limit is small, few:
    /// those on their way are what is uncertain about it.
    fn places(&self) -> usize {
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

    /// Whether one more request of this urgency may leave.
    pub(super) fn room(&mut self, urgency: Urgency, now: Instant) -> Room {
        if let Some(until) = self.paused_until {
            if until > now {
                return Room::At(until);
            }
            self.paused_until = None;
            self.alone = true;
        }
        let in_flight = self.ledger.in_flight();
        if in_flight > 0 && self.alone {
            return Room::AfterAnAnswer;
        }
        let full = match urgency {
            Urgency::Interactive => in_flight >= self.places(),
            Urgency::Background => {
                in_flight >= self.places() || self.ledger.background_in_flight() >= self.background_places()
            }
        };
        if full || (in_flight >= UNINFORMED && self.is_uninformed(now)) {
            return Room::AfterAnAnswer;
        }
        match (self.told, self.limit()) {
            (Some(told), _) if told.at + MINUTE > now => self.room_as_told(told, urgency, now),
            (_, Some(limit)) => self.room_as_counted(limit, urgency, now),
            (_, None) => self.room_by_pace(urgency, now),
        }
    }

    /// Whether what is left is told by the service and was not told lately.
    fn is_uninformed(&self, now: Instant) -> bool {
        self.terms.tells && self.told.is_none_or(|told| told.at + MINUTE / 30 <= now)
    }

    fn room_by_pace(&self, urgency: Urgency, now: Instant) -> Room {
        match (urgency, self.last_background) {
            (Urgency::Background, Some(last)) if last + self.terms.pace > now => {
                Room::At(last + self.terms.pace)
            }
            _ => Room::Now,
        }
    }

    fn room_as_counted(&self, limit: u32, urgency: Urgency, now: Instant) -> Room {
        let window = self.window();
        let kept = match urgency {
            Urgency::Interactive => 0,
            // A limit of one is for whoever comes.
            Urgency::Background => self.kept_from_background(limit).min(limit as usize - 1),
        };
        let used = self.ledger.used(window, now) + self.others.used(window, now);
        let most = (limit as usize).saturating_sub(kept).max(1);
        if used < most {
            return Room::Now;
        }
        let freed = self.falls_by(used + 1 - most, window, now);
        match (urgency, self.trickle(limit, window, now)) {
            (Urgency::Background, Some(moment)) if used < limit as usize => {
                earlier(freed, Room::At(moment), now)
            }
            _ => freed,
        }
    }

    /// By the service's own count, which includes what others use. Where that
    /// leaves nothing, one request goes ahead to ask again when there is
    /// reason to think that there is room.
    fn room_as_told(&mut self, told: Told, urgency: Urgency, now: Instant) -> Room {
        let limit = told.limit as usize;
        let in_flight = self.ledger.in_flight();
        // Those which the service may not have counted when it said so. The
        // one it was said to is among those answered since it left.
        let uncounted = in_flight + self.ledger.answered_after(told.left).saturating_sub(1);
        let left = (told.remaining as usize).saturating_sub(uncounted);
        let shared = self.others.were_seen(MINUTE, now);
        let reserve = Self::reserve(told.limit);
        let kept = match urgency {
            Urgency::Background => self.kept_from_background(told.limit),
            // Others see what is used only after it was.
            Urgency::Interactive if shared => limit / 40,
            Urgency::Interactive => limit / 100,
        };
        if urgency == Urgency::Interactive && shared && left <= reserve && in_flight >= 2 {
            return Room::AfterAnAnswer;
        }
        if urgency == Urgency::Background
            && let Some(moment) = self.over_fair_share(told.limit, now)
        {
            return moment;
        }
        if left > kept {
            return Room::Now;
        }
        let mut room = self.room_to_ask_again(told, kept, now);
        if urgency == Urgency::Background
            && left > limit / 40
            && let Some(moment) = self.trickle(told.limit, MINUTE, now)
        {
            room = earlier(room, Room::At(moment), now);
        }
        room
    }

    /// When one may go ahead to learn how much is left now.
    fn room_to_ask_again(&mut self, told: Told, kept: usize, now: Instant) -> Room {
        if self.ledger.in_flight() > 0 {
            return Room::AfterAnAnswer;
        }
        let used = self.ledger.used(MINUTE, now) + self.others.used(MINUTE, now);
        let most = (told.limit as usize).saturating_sub(kept).max(1);
        if used < most {
            return Room::Now;
        }
        let freed = self.falls_by(used + 1 - most, MINUTE, now);
        // The service's own word on when the window frees is followed now and
        // then only: others may be quicker.
        let spacing = MINUTE / 20;
        let Some(resets) = told.resets else {
            return freed;
        };
        let moment = resets.max(self.last_probe.map_or(resets, |last| last + spacing));
        if moment <= now {
            self.last_probe = Some(now);
        }
        earlier(freed, Room::At(moment), now)
    }

    /// When `used` will have fallen by `many`.
    fn falls_by(&self, many: usize, window: Duration, now: Instant) -> Room {
        if self.others.used(window, now) == 0 {
            return self
                .ledger
                .falls_by(many, window, now)
                .map_or(Room::AfterAnAnswer, Room::At);
        }
        let mut moments = self.ledger.expiries(window, now);
        moments.extend(self.others.expiries(window, now));
        moments.sort_unstable();
        many.checked_sub(1)
            .and_then(|nth| moments.get(nth))
            .map_or(Room::AfterAnAnswer, |moment| Room::At(*moment))
    }

    /// Where the background has had hardly anything of this window, whoever
    /// had it, one of its requests may go from the reserve now and then: it
    /// never starves, and others see that it is there.
    fn trickle(&self, limit: u32, window: Duration, now: Instant) -> Option<Instant> {
        let share = self.ledger.background_used(window, now);
        if share >= (limit as usize / 10).max(1) {
            return None;
        }
        Some(self.last_background.map_or(now, |last| last + window / 20))
    }

    /// Where others use the key too, the background takes no more than half,
    /// or what they leave and a part that lets them grow.
    fn over_fair_share(&self, limit: u32, now: Instant) -> Option<Room> {
        let others = self.others.used(MINUTE, now);
        let limit = limit as usize;
        if others == 0 || others < limit / 100 {
            return None;
        }
        let usable = limit.saturating_sub(self.kept_from_background(limit as u32));
        let growth = others.max(limit / 10);
        let share = usable.saturating_sub(others + growth).max(usable / 2).max(1);
        let own = self.ledger.used(MINUTE, now);
        if own < share {
            return None;
        }
        let freed = self.ledger.falls_by(own + 1 - share, MINUTE, now);
        Some(freed.map_or(Room::AfterAnAnswer, Room::At))
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
        self.mean = Some(self.mean.map_or(took, |mean| mean + NEWEST * (took - mean)));
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
        let mut lesson = Lesson::from(refused, &self.ledger);
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

/// The earlier of two. A moment that has come is now.
fn earlier(one: Room, other: Room, now: Instant) -> Room {
    let come = |room: Room| matches!(room, Room::Now) || matches!(room, Room::At(moment) if moment <= now);
    match (one, other) {
        (one, other) if come(one) || come(other) => Room::Now,
        (Room::At(one), Room::At(other)) => Room::At(one.min(other)),
        (Room::At(moment), _) | (_, Room::At(moment)) => Room::At(moment),
        _ => Room::AfterAnAnswer,
    }
}
