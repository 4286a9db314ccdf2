//! Rate budgets, as the governor keeps them.

use halyard_model::ConnectionId;
use halyard_provider::Budget;

use crate::Console;

impl Console {
    /// The rate budgets of a connection, sorted by class; empty before its
    /// first request.
    pub fn budgets(&self, connection: &ConnectionId) -> Vec<Budget> {
        self.inner.governor.budgets(connection)
    }

    /// Gives up the requests that wait for a connection's budgets, and tells
    /// how many there were. Nothing of them was sent; edits stay open.
    pub fn give_up_waiting(&self, connection: &ConnectionId) -> u32 {
        self.inner.governor.give_up(connection)
    }
}
