//! The requests of the recent past: what a service that counts in a sliding
//! window still counts.
//!
//! A service counts a request at some moment between its leaving and its
//! answer. It is taken as counted from when it leaves until a window after its
//! answer: at every moment this is at least what the service counts, so a
//! client that keeps this number within the limit is never refused.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use crate::Urgency;

/// How long answered requests are remembered, for limits learned per hour.
const MEMORY: Duration = Duration::from_secs(3600);

/// How many are remembered at most; the documented limits need 10,000.
const MOST: usize = 40_000;

/// A request that was answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Past {
    pub(super) left: Instant,
    pub(super) answered: Instant,
    pub(super) urgency: Urgency,
}

/// A request without an answer yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flight {
    pub(super) left: Instant,
    pub(super) urgency: Urgency,
}

#[derive(Debug, Default)]
pub(super) struct Ledger {
    flights: BTreeMap<u64, Flight>,
    /// Sorted by the moment of the answer.
    past: VecDeque<Past>,
}

impl Ledger {
    /// A request leaves.
    pub(super) fn leave(&mut self, ticket: u64, flight: Flight) {
        self.flights.insert(ticket, flight);
    }

    /// It is over; whether the service counted it is said by [`Ledger::count`].
    pub(super) fn land(&mut self, ticket: u64) -> Option<Flight> {
        self.flights.remove(&ticket)
    }

    /// Whether a request is on its way.
    pub(super) fn flies(&self, ticket: u64) -> bool {
        self.flights.contains_key(&ticket)
    }

    /// The service has counted a request.
    pub(super) fn count(&mut self, flight: Flight, now: Instant) {
        self.past.push_back(Past {
            left: flight.left,
            answered: now,
            urgency: flight.urgency,
        });
        while self.past.len() > MOST || self.past.front().is_some_and(|one| one.answered + MEMORY <= now) {
            self.past.pop_front();
        }
    }

    pub(super) fn in_flight(&self) -> usize {
        self.flights.len()
    }

    pub(super) fn background_in_flight(&self) -> usize {
        self.flights
            .values()
            .filter(|flight| flight.urgency == Urgency::Background)
            .count()
    }

    /// What a service may still count, those on their way included.
    pub(super) fn used(&self, window: Duration, now: Instant) -> usize {
        self.flights.len() + self.since(window, now).count()
    }

    /// As [`Ledger::used`], background requests only.
    pub(super) fn background_used(&self, window: Duration, now: Instant) -> usize {
        let past = self
            .since(window, now)
            .filter(|one| one.urgency == Urgency::Background)
            .count();
        self.background_in_flight() + past
    }

    /// When `used` will have fallen by `many`, if that needs no answer first.
    pub(super) fn falls_by(&self, many: usize, window: Duration, now: Instant) -> Option<Instant> {
        let nth = many.checked_sub(1)?;
        let one = self.past.get(self.first_since(window, now) + nth)?;
        Some(one.answered + window)
    }

    /// The moments at which those that are counted now cease to be, sorted.
    pub(super) fn expiries(&self, window: Duration, now: Instant) -> Vec<Instant> {
        self.since(window, now).map(|one| one.answered + window).collect()
    }

    /// How many were answered after a moment.
    pub(super) fn answered_after(&self, moment: Instant) -> usize {
        self.past.len() - self.past.partition_point(|one| one.answered <= moment)
    }

    /// How many the service surely counted by `moment` and still did then.
    pub(super) fn surely_counted(&self, window: Duration, moment: Instant) -> usize {
        self.past
            .iter()
            .skip_while(|one| one.left + window <= moment)
            .take_while(|one| one.answered <= moment)
            .count()
    }

    /// How many the service may have counted in the window that ended between
    /// `left` and `answered`, and how many it surely has.
    pub(super) fn counted_between(
        &self,
        window: Duration,
        left: Instant,
        answered: Instant,
    ) -> (usize, usize) {
        let start = self.past.partition_point(|one| one.answered + window <= left);
        let possible = self.past.len() - start + self.flights.len();
        let sure = self
            .past
            .iter()
            .skip(start)
            .filter(|one| one.answered <= left && one.left + window > answered)
            .count();
        (possible, sure)
    }

    /// Whether an answered request was counted between two moments.
    pub(super) fn any_between(&self, from: Instant, to: Instant) -> bool {
        self.past.iter().any(|one| one.answered >= from && one.left <= to)
    }

    fn first_since(&self, window: Duration, now: Instant) -> usize {
        self.past.partition_point(|one| one.answered + window <= now)
    }

    fn since(&self, window: Duration, now: Instant) -> impl Iterator<Item = &Past> {
        self.past.range(self.first_since(window, now)..)
    }
}
