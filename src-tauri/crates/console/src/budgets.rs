//! Rate budgets, as the governor keeps them.

use std::time::Duration;

use halyard_model::ConnectionId;
use halyard_provider::{Budget, BudgetClass};

use crate::Console;

/// Requests that a write takes: the state is read, changed and read back.
const REQUESTS_OF_A_WRITE: u32 = 3;

impl Console {
    /// The rate budgets of a connection, sorted by class; empty before its
    /// first request.
    pub fn budgets(&self, connection: &ConnectionId) -> Vec<Budget> {
        self.inner.governor.budgets(connection)
    }

    /// How long some writes take by the rate budgets, beside what waits
    /// already. Zero where no budget is known.
    pub fn time_for_writes(&self, connection: &ConnectionId, writes: u32) -> Duration {
        let requests = writes.saturating_mul(REQUESTS_OF_A_WRITE);
        [BudgetClass::Admin, BudgetClass::Management]
            .map(|class| self.inner.governor.plan(connection, class, requests))
            .into_iter()
            .max()
            .unwrap_or_default()
    }

    /// Gives up the requests that wait for a connection's budgets, and tells
    /// how many there were. Nothing of them was sent; edits stay open.
    pub fn give_up_waiting(&self, connection: &ConnectionId) -> u32 {
        self.inner.governor.give_up(connection)
    }
}
