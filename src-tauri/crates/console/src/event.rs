//! What the console tells without being asked.

use halyard_model::{ConnectionId, EnvironmentKey};

use crate::Notice;

/// Something changed that a view may show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Connections, keychain or notices.
    App,
    /// Flags, freshness or edits of an environment.
    Environment {
        /// The connection.
        connection: ConnectionId,
        /// The environment.
        environment: EnvironmentKey,
    },
    /// Reachability, budget or writes of a connection.
    Status {
        /// The connection.
        connection: ConnectionId,
    },
    /// Change sets of a connection, their edits, or how far publishing is.
    Changes {
        /// The connection.
        connection: ConnectionId,
    },
    /// Moments of a connection's history were made, named, pinned or removed.
    Timeline {
        /// The connection.
        connection: ConnectionId,
    },
    /// Requests were made; told at most once a second.
    Activity,
    /// What is known about a connection's surfaces: which of them are current.
    Health {
        /// The connection.
        connection: ConnectionId,
    },
    /// A protected environment is in trouble, which was not told before.
    Notice(Box<Notice>),
    /// A refresh came further, or ended (`what` is `None`).
    Progress {
        /// The connection.
        connection: ConnectionId,
        /// The environment.
        environment: EnvironmentKey,
        /// What is being read.
        what: Option<&'static str>,
        /// How many are read.
        done: u32,
        /// Out of how many, where known.
        total: Option<u32>,
    },
}
