//! The rate governor: who may send when, so that no budget is overrun and
//! somebody who waits goes first.
//!
//! There is one account for each base address, key and class of requests. What
//! a service tells of its limits is believed; where it tells nothing, the
//! requests of the last window are counted, and a refusal teaches what the
//! documentation does not say. Nothing here knows HTTP: a caller asks for a
//! turn, sends, and tells how it ended.

mod account;
mod budget;
mod forecast;
mod ledger;
mod lesson;
mod others;
mod room;
mod terms;
mod turn;

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use halyard_model::{ConnectionId, Timestamp};
use tokio::time::Instant;

pub use budget::{Budget, BudgetClass, Known};
pub use terms::Cost;
pub use turn::{Admission, Ask, Denied, Ending, Said, Step, Turn};

use self::account::{Account, State};
use self::terms::Terms;
use crate::Clock;

/// Names an account without holding the key.
#[derive(Clone, PartialEq, Eq, Hash)]
struct AccountKey {
    base: String,
    /// A keyed hash, of no use outside this process.
    fingerprint: u64,
    class: BudgetClass,
}

struct Inner {
    accounts: Mutex<HashMap<AccountKey, Arc<Account>>>,
    fingerprints: RandomState,
    now: Clock,
}

/// Decides who may send when. Cheap to clone; clones share their budgets, so
/// that all clients of one process keep one account per credential.
#[derive(Clone)]
pub struct Governor {
    inner: Arc<Inner>,
}

impl Default for Governor {
    fn default() -> Governor {
        Governor::with_clock(crate::http::wall_clock())
    }
}

impl std::fmt::Debug for Governor {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let accounts = self.accounts().len();
        formatter
            .debug_struct("Governor")
            .field("accounts", &accounts)
            .finish_non_exhaustive()
    }
}

impl Governor {
    /// A governor that names moments by a clock. It measures durations by the
    /// runtime's own time.
    pub fn with_clock(now: Clock) -> Governor {
        Governor {
            inner: Arc::new(Inner {
                accounts: Mutex::default(),
                fingerprints: RandomState::new(),
                now,
            }),
        }
    }

    /// Asks for a turn. A place in the queue is taken at once.
    pub fn ask(&self, ask: &Ask<'_>) -> Turn {
        Turn::ask(self.account(ask), ask)
    }

    /// The budgets of a connection, sorted by class; empty before its first request.
    pub fn budgets(&self, connection: &ConnectionId) -> Vec<Budget> {
        let now = Instant::now();
        let clock = (self.inner.now)();
        let mut budgets: Vec<Budget> = self
            .of_connection(connection)
            .into_iter()
            .map(|account| budget(account.class, &mut account.lock(), now, clock))
            .collect();
        budgets.sort_by_key(|budget| budget.class);
        budgets
    }

    /// How long `more` background requests would take beside what waits
    /// already. Zero before the first request of the class.
    pub fn plan(&self, connection: &ConnectionId, class: BudgetClass, more: u32) -> Duration {
        let now = Instant::now();
        self.of_connection(connection)
            .into_iter()
            .filter(|account| account.class == class)
            .map(|account| account.lock().expected(more as usize, now))
            .max()
            .unwrap_or_default()
    }

    /// Gives up what waits for a connection's budgets: each such call ends as
    /// [`FailureKind::RateLimited`](crate::FailureKind::RateLimited) with
    /// nothing sent. Returns how many there were.
    pub fn give_up(&self, connection: &ConnectionId) -> u32 {
        let mut given_up = 0;
        for account in self.of_connection(connection) {
            let mut state = account.lock();
            let state = &mut *state;
            for queue in [&mut state.interactive, &mut state.background] {
                queue.retain(|_, waiter| {
                    let is_theirs = waiter.connection.as_ref() == Some(connection);
                    if is_theirs {
                        waiter.wake.notify_one();
                        given_up += 1;
                    }
                    !is_theirs
                });
            }
            state.wake_first();
        }
        given_up
    }

    fn account(&self, ask: &Ask<'_>) -> Arc<Account> {
        let key = AccountKey {
            base: ask.base.to_owned(),
            fingerprint: self.inner.fingerprints.hash_one(ask.secret),
            class: ask.class,
        };
        self.accounts()
            .entry(key)
            .or_insert_with(|| {
                let terms = Terms::of(ask.class, ask.base, ask.cost);
                Arc::new(Account::new(ask.class, terms))
            })
            .clone()
    }

    fn of_connection(&self, connection: &ConnectionId) -> Vec<Arc<Account>> {
        self.accounts()
            .values()
            .filter(|account| account.lock().connections.contains(connection))
            .cloned()
            .collect()
    }

    fn accounts(&self) -> MutexGuard<'_, HashMap<AccountKey, Arc<Account>>> {
        self.inner.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn budget(class: BudgetClass, state: &mut State, now: Instant, clock: Timestamp) -> Budget {
    let moment = |instant: Instant| clock.plus_millis(millis(instant.saturating_duration_since(now)));
    let waiting = state.interactive.len() + state.background.len();
    Budget {
        class,
        known: match (state.told, state.lesson) {
            (Some(_), _) => Known::Told,
            (None, Some(_)) => Known::Learned,
            (None, None) => state.terms.known(),
        },
        limit: state.limit(),
        remaining: state.remaining(now),
        resets_at: state.resets(now).map(moment),
        paused_until: state.paused_until.filter(|until| *until > now).map(moment),
        interactive_waiting: count(state.interactive.len()),
        background_waiting: count(state.background.len()),
        expected: (waiting > 0).then(|| state.expected(0, now)),
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn millis(wait: Duration) -> i64 {
    i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)
}
