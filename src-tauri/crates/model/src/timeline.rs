//! Where the history has gaps, and how sure it is of a time.

use crate::{Moment, Timestamp};

/// How long nobody may have looked before a change without that being told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GapRule {
    /// In milliseconds.
    pub longest_unseen_millis: i64,
}

/// A time in which nobody looked and something changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The state before was last seen then.
    pub from: Timestamp,
    /// The state after was first seen then.
    pub to: Timestamp,
}

impl Moment {
    /// The gap before it: the change that led to it, or several of them, fell
    /// into a time in which nobody looked for longer than the rule allows.
    pub fn gap(&self, rule: GapRule) -> Option<Gap> {
        let unseen = self.unseen_millis()?;
        (unseen > rule.longest_unseen_millis).then_some(Gap {
            from: self.before?,
            to: self.first_seen,
        })
    }
}

/// How sure it is what an environment was at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sureness {
    /// Nothing was seen by then.
    NothingYet,
    /// It was seen so before and after.
    Seen,
    /// It was seen so before and after, and the last look still showed it.
    StillSo,
    /// It was seen so before and as the next moment after: it was either, or
    /// something in between that nobody saw.
    Between,
    /// It was seen so before, and nobody has looked since.
    NotLookedSince,
    /// What was seen then is no longer kept; this is what is kept from before.
    NotKept,
}

impl Sureness {
    /// Of a time, by the newest moment first seen until then and the one that
    /// follows it.
    pub fn of(at: Timestamp, moment: Option<&Moment>, next: Option<&Moment>) -> Sureness {
        let Some(moment) = moment else {
            return Sureness::NothingYet;
        };
        if moment.surely_held_at(at) {
            return match next {
                Some(_) => Sureness::Seen,
                None => Sureness::StillSo,
            };
        }
        match next {
            None => Sureness::NotLookedSince,
            // The next one knows another state before it, which was pruned.
            Some(next) if next.before.is_none_or(|before| before > moment.last_seen) => Sureness::NotKept,
            Some(_) => Sureness::Between,
        }
    }

    /// Whether the moment surely is what the environment was.
    pub fn is_sure(self) -> bool {
        matches!(self, Sureness::Seen | Sureness::StillSo)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ConnectionId, EnvironmentKey, MomentId, MomentSource, TouchedCounts};

    fn seen(first: i64, last: i64, before: Option<i64>) -> Moment {
        Moment {
            id: MomentId(first),
            connection: ConnectionId("c".into()),
            environment: EnvironmentKey("e".into()),
            first_seen: Timestamp(first),
            last_seen: Timestamp(last),
            before: before.map(Timestamp),
            source: MomentSource::Refresh,
            document_updated_at: None,
            name: None,
            pinned: false,
            touched: Vec::new(),
            counts: TouchedCounts::default(),
            authors: Vec::new(),
            flag_count: 0,
            segment_count: 0,
            document_bytes: 0,
        }
    }

    #[test]
    fn a_gap_is_longer_than_the_rule_allows() {
        let rule = GapRule {
            longest_unseen_millis: 600,
        };
        let gap = |from, to| {
            Some(Gap {
                from: Timestamp(from),
                to: Timestamp(to),
            })
        };
        for (moment, expected) in [
            (seen(1_000, 2_000, None), None),
            (seen(1_000, 2_000, Some(999)), None),
            (seen(1_000, 2_000, Some(400)), None),
            (seen(1_000, 2_000, Some(399)), gap(399, 1_000)),
            // A clock that was set back makes no gap.
            (seen(1_000, 2_000, Some(5_000)), None),
        ] {
            assert_eq!(moment.gap(rule), expected, "{moment:?}");
        }
    }

    #[test]
    fn sureness_follows_what_was_seen() {
        use Sureness::{Between, NotKept, NotLookedSince, NothingYet, Seen, StillSo};
        let first = seen(100, 200, None);
        let next = seen(260, 300, Some(200));
        let behind_a_pruned_one = seen(400, 500, Some(350));
        for (at, moment, next, expected) in [
            (50, None, Some(&first), NothingYet),
            (50, None, None, NothingYet),
            (100, Some(&first), Some(&next), Seen),
            (200, Some(&first), Some(&next), Seen),
            (201, Some(&first), Some(&next), Between),
            (259, Some(&first), Some(&next), Between),
            (150, Some(&first), None, StillSo),
            (201, Some(&first), None, NotLookedSince),
            (250, Some(&first), Some(&behind_a_pruned_one), NotKept),
            (380, Some(&first), Some(&behind_a_pruned_one), NotKept),
            (150, Some(&first), Some(&behind_a_pruned_one), Seen),
        ] {
            let found = Sureness::of(Timestamp(at), moment, next);
            assert_eq!(found, expected, "at {at}");
            assert_eq!(found.is_sure(), matches!(expected, Seen | StillSo));
        }
    }
}
