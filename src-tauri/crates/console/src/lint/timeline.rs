//! What the history tells of flags that nobody touched.

use std::collections::BTreeMap;

use halyard_model::{FlagKey, Moment, Timestamp, TouchedKind};

/// Since when flags were seen as they are.
#[derive(Debug, Default)]
pub(super) struct Timeline {
    /// The first moment that is kept.
    pub(super) since: Option<Timestamp>,
    /// The last moment that may have touched any of them.
    all: Option<Timestamp>,
    /// The last one that touched each.
    flags: BTreeMap<FlagKey, Timestamp>,
}

impl Timeline {
    /// By the moments of one environment, in any order.
    pub(super) fn of(moments: Vec<Moment>) -> Timeline {
        let mut timeline = Timeline {
            since: moments.iter().map(|moment| moment.first_seen).min(),
            ..Timeline::default()
        };
        for moment in moments {
            let counts = moment.counts;
            let touched = u64::from(counts.added) + u64::from(counts.changed) + u64::from(counts.removed);
            if u64::try_from(moment.touched.len()).is_ok_and(|named| named < touched) {
                // Not all are named: it may have been any of them.
                timeline.all = timeline.all.max(Some(moment.first_seen));
            }
            for one in moment.touched {
                if one.kind == TouchedKind::Flag {
                    let newest = timeline
                        .flags
                        .entry(FlagKey(one.name))
                        .or_insert(moment.first_seen);
                    *newest = (*newest).max(moment.first_seen);
                }
            }
        }
        timeline
    }

    /// Since when a flag surely is as it is.
    pub(super) fn unchanged_since(&self, flag: &FlagKey) -> Option<Timestamp> {
        let touched = self.flags.get(flag).copied();
        self.since
            .map(|since| since.max(touched.unwrap_or(since)).max(self.all.unwrap_or(since)))
    }
}
