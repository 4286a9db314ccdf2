//! The order of a flag's segment overrides: each link has a priority, of which 0 wins. Nothing keeps two
//! links from sharing one.

use uuid::Uuid;

use super::store::Store;

/// The links that are in one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) environment: u64,
    pub(crate) feature: u64,
    pub(crate) feature_version: Option<Uuid>,
}

impl Store {
    /// Gives a link its priority, and leaves the others alone.
    pub(crate) fn set_priority(&mut self, id: u64, priority: u64) {
        let moved = self.next_id("move of a feature segment");
        if let Some(link) = self.links.get_mut(&id) {
            link.priority = priority;
            link.moved = moved;
        }
    }

    /// Moves a link from the priority at which it is thought to be; those between there and its new place make
    /// room.
    pub(crate) fn move_link(&mut self, id: u64, from: u64, to: u64) {
        let Some(link) = self.links.get(&id).filter(|_| from != to) else {
            return;
        };
        let order = Order {
            environment: link.environment,
            feature: link.feature,
            feature_version: link.feature_version,
        };
        let shifted: Vec<(u64, u64)> = self
            .in_order(order)
            .filter_map(|(other, priority)| {
                if (to..from).contains(&priority) {
                    Some((other, priority + 1))
                } else if from < priority && priority <= to {
                    Some((other, priority - 1))
                } else {
                    None
                }
            })
            .collect();
        for (other, priority) in shifted {
            self.set_priority(other, priority);
        }
        self.set_priority(id, to);
    }

    /// Before a link gets a priority, the one that holds it is moved behind. The link at the next priority
    /// comes forward for that, so that with three links in a row two share a priority afterwards.
    pub(crate) fn make_room(&mut self, order: Order, priority: u64, except: Option<u64>) {
        let holder = self
            .in_order(order)
            .filter(|(id, held)| *held == priority && Some(*id) != except)
            .map(|(id, _)| id)
            .min();
        if let Some(holder) = holder {
            self.move_link(holder, priority, priority + 1);
        }
    }

    fn in_order(&self, order: Order) -> impl Iterator<Item = (u64, u64)> {
        self.links
            .values()
            .filter(move |link| {
                link.environment == order.environment
                    && link.feature == order.feature
                    && link.feature_version == order.feature_version
            })
            .map(|link| (link.id, link.priority))
    }
}
