//! One reading of a server, as it is kept in the mirror.

use halyard_model::Timestamp;
use halyard_provider::{Queue, ServerHealth};
use serde::{Deserialize, Serialize};

/// The task queue of a self-hosted server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskQueue {
    /// This many tasks wait.
    Waiting(u64),
    /// Only a staff user's token may ask.
    StaffOnly,
    /// The server has no route for it.
    NotOffered,
    /// It could not be read.
    #[default]
    Unread,
}

impl TaskQueue {
    /// How many tasks wait, where that is known.
    pub fn waiting(self) -> Option<u64> {
        match self {
            TaskQueue::Waiting(waiting) => Some(waiting),
            TaskQueue::StaffOnly | TaskQueue::NotOffered | TaskQueue::Unread => None,
        }
    }
}

/// What a server said at one moment. Written into the mirror: members are only
/// added, with a default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct ServerReading {
    /// When it was asked.
    pub(crate) at: Timestamp,
    /// `/health` passed.
    pub(super) healthy: Option<bool>,
    /// Named checks with the server's words.
    pub(super) checks: Vec<(String, String)>,
    /// Its version.
    pub(super) version: Option<String>,
    /// Its task queue.
    pub(crate) queue: TaskQueue,
    /// Why `/health` could not be read.
    pub(super) failure: Option<String>,
}

impl ServerReading {
    /// What a server said when it was asked at `at`.
    pub(super) fn new(health: ServerHealth, at: Timestamp) -> ServerReading {
        ServerReading {
            at,
            healthy: health.healthy,
            checks: health.checks,
            version: health.version,
            queue: match health.queue {
                Queue::Waiting(waiting) => TaskQueue::Waiting(waiting),
                Queue::StaffOnly => TaskQueue::StaffOnly,
                Queue::NotOffered => TaskQueue::NotOffered,
                Queue::Unread => TaskQueue::Unread,
            },
            failure: health.failure.map(|failure| failure.sentence),
        }
    }

    /// Nothing differs but the time.
    pub(super) fn says_the_same(&self, other: &ServerReading) -> bool {
        let at = other.at;
        ServerReading { at, ..self.clone() } == *other
    }

    /// It was no answer.
    pub(crate) fn has_failed(&self) -> bool {
        self.failure.is_some()
    }
}

/// The newest change among versions as they were seen, the newest first.
/// Nothing where it is older than `within_millis`, or where nobody looked for
/// longer than that before: then it may be of any age.
pub(super) fn version_change(
    seen: &[(Timestamp, String)],
    now: Timestamp,
    within_millis: i64,
) -> Option<super::VersionChange> {
    let (_, newest) = seen.first()?;
    let run = seen
        .iter()
        .take_while(|(_, version)| same(version, newest))
        .count();
    let (at, _) = seen.get(run.checked_sub(1)?)?;
    let (last_seen, from) = seen.get(run)?;
    let is_known = now.millis_since(*at) <= within_millis && at.millis_since(*last_seen) <= within_millis;
    is_known.then(|| super::VersionChange {
        from: from.clone(),
        at: *at,
    })
}

/// `v2.204.0` in a header is `2.204.0` in an answer.
fn same(one: &str, other: &str) -> bool {
    one.trim_start_matches('v') == other.trim_start_matches('v')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_the_version_is_told_for_an_hour() {
        const MINUTE: i64 = 60_000;
        let change = |seen: &[(i64, &str)], now: i64| {
            let seen: Vec<_> = seen
                .iter()
                .rev()
                .map(|(minute, version)| (Timestamp(minute * MINUTE), (*version).to_owned()))
                .collect();
            version_change(&seen, Timestamp(now * MINUTE), 60 * MINUTE)
                .map(|change| (change.from, change.at.0 / MINUTE))
        };
        assert_eq!(change(&[], 0), None);
        assert_eq!(change(&[(0, "2.1"), (1, "2.1")], 2), None);
        let upgraded = [(0, "2.1"), (10, "2.1"), (11, "2.2"), (12, "2.2")];
        assert_eq!(change(&upgraded, 12), Some(("2.1".into(), 11)));
        assert_eq!(change(&upgraded, 71), Some(("2.1".into(), 11)));
        assert_eq!(change(&upgraded, 72), None, "no longer news");
        // A deployment that is half done answers with both.
        let half = [(0, "2.1"), (1, "2.2"), (2, "2.1"), (3, "2.2")];
        assert_eq!(change(&half, 4), Some(("2.1".into(), 3)));
        // Nobody looked for three days, so that it may have changed at any time.
        assert_eq!(change(&[(0, "2.1"), (4_320, "2.2")], 4_321), None);
        assert_eq!(change(&[(0, "v2.1"), (1, "2.1")], 2), None);
    }
}
