//! A change on its way to one surface.

use serde::{Deserialize, Serialize};

use super::Showing;
use crate::{
    BehindCause, EdgeProxy, FailingKind, NOT_MODIFIED_LATE_MILLIS, Reference, Surface, SurfaceRecord,
    SurfaceRule, Timestamp, Trouble, judge_surface,
};

/// How far a change has come on one surface.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LaneState {
    /// Not yet, and it may still be on its way.
    #[default]
    Waiting,
    /// It serves the change.
    Served,
    /// Later than it should be.
    Late,
    /// It does not answer.
    Unreachable,
    /// Something newer than the change is served by now.
    Overtaken,
}

/// Why a surface does not serve a change, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "cause", rename_all = "snake_case")]
pub enum LaneCause {
    /// The proxy asks every so many seconds, and these are not over.
    PollNotOver {
        /// `api_poll_frequency_seconds`.
        poll_seconds: u32,
    },
    /// It gives no answer, or answers that it cannot.
    Failing {
        /// Since when.
        since: Timestamp,
        /// The failure in a sentence.
        sentence: String,
    },
    /// It refuses this reader, so that nothing is seen of it.
    Refused {
        /// The failure in a sentence.
        sentence: String,
    },
    /// The proxy has never had a whole pass.
    NeverPassed,
    /// The proxy's passes fail, and this environment's among them.
    NotFetched {
        /// Its last whole pass.
        passed_at: Option<Timestamp>,
        /// Its own reason.
        reason: Option<String>,
    },
    /// The document's time of change did not move with its content, so that
    /// who asks conditionally is not told.
    StampUnmoved,
    /// The service's "not modified" may still be late.
    NotModifiedLate,
    /// The proxy's passes succeed, and it does not take what it is given.
    Frozen,
    /// So many tasks wait in the service's queue.
    Queue {
        /// How many.
        waiting: u64,
    },
    /// Caches or the queue of tasks of the service itself.
    Serving,
}

/// A change on its way to one surface, as seen from this computer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lane {
    /// The surface.
    pub surface: Surface,
    /// How far it has come.
    pub state: LaneState,
    /// From publishing to the end of the first reading that showed the change,
    /// or what came after it, in milliseconds.
    pub took_millis: Option<i64>,
    /// From publishing to the beginning of the last reading that did not yet
    /// show it, in milliseconds: it arrived in between.
    pub without_millis: Option<i64>,
    /// When the newest reading ended that told anything.
    pub read_at: Option<Timestamp>,
    /// Why it is not served.
    pub cause: Option<LaneCause>,
}

/// What a lane is judged by, beside its own readings.
#[derive(Clone, Copy, Debug)]
pub struct LaneFacts<'a> {
    /// When the change was published.
    pub published_at: Timestamp,
    /// The rule of the surface.
    pub rule: SurfaceRule,
    /// Its settings, where it is an Edge Proxy.
    pub proxy: Option<&'a EdgeProxy>,
    /// What is known about the surface.
    pub record: &'a SurfaceRecord,
    /// What the admin API holds.
    pub reference: Option<Reference<'a>>,
    /// Tasks that wait in the service's queue, where that is known.
    pub queue: Option<u64>,
}

impl Lane {
    /// A lane on which nothing was seen yet.
    pub fn to(surface: Surface) -> Lane {
        Lane {
            surface,
            state: LaneState::Waiting,
            took_millis: None,
            without_millis: None,
            read_at: None,
            cause: None,
        }
    }

    /// Nothing more is to be seen: it serves the change, or something newer.
    pub fn is_over(&self) -> bool {
        matches!(self.state, LaneState::Served | LaneState::Overtaken)
    }

    /// After a reading that began at `at` and ended at `until`.
    pub fn showed(&mut self, showing: Showing, published_at: Timestamp, at: Timestamp, until: Timestamp) {
        if self.is_over() || showing == Showing::Nothing {
            return;
        }
        self.read_at = Some(until);
        self.state = match showing {
            Showing::Change => LaneState::Served,
            Showing::Newer => LaneState::Overtaken,
            Showing::Other | Showing::Nothing => {
                self.without_millis = Some(at.millis_since(published_at));
                return;
            }
        };
        self.took_millis = Some(until.millis_since(published_at));
        self.cause = None;
    }

    /// Judges at `now` a lane that is not over.
    pub fn judge(&mut self, facts: LaneFacts<'_>, now: Timestamp) {
        if self.is_over() {
            return;
        }
        let elapsed = now.millis_since(facts.published_at);
        self.state = match facts.record.failing.as_ref().map(|failing| failing.kind) {
            Some(FailingKind::Unreachable | FailingKind::Fault) => LaneState::Unreachable,
            _ if elapsed >= facts.rule.differs.stale_after_millis => LaneState::Late,
            _ => LaneState::Waiting,
        };
        self.cause = cause(self.state, facts, elapsed, now);
    }
}

/// So many tasks wait on any busy server.
const FEW_TASKS: u64 = 20;

fn cause(state: LaneState, facts: LaneFacts<'_>, elapsed: i64, now: Timestamp) -> Option<LaneCause> {
    if let Some(failing) = &facts.record.failing {
        let sentence = failing.sentence.clone();
        return Some(match failing.kind {
            FailingKind::Refused => LaneCause::Refused { sentence },
            FailingKind::Unreachable | FailingKind::Fault => LaneCause::Failing {
                since: failing.since,
                sentence,
            },
        });
    }
    let trouble = judge_surface(facts.record, facts.rule, facts.reference.as_ref(), now).trouble;
    let heartbeat = facts.record.heartbeat.as_ref();
    let not_fetched = || LaneCause::NotFetched {
        passed_at: heartbeat.and_then(|heartbeat| heartbeat.passed_at),
        reason: heartbeat.and_then(|heartbeat| heartbeat.reason.clone()),
    };
    match trouble {
        Some(Trouble::NeverPassed) => return Some(LaneCause::NeverPassed),
        Some(Trouble::Behind {
            cause: BehindCause::StampUnmoved,
            ..
        }) => return Some(LaneCause::StampUnmoved),
        Some(Trouble::Behind {
            cause: BehindCause::NotFetched,
            ..
        }) => return Some(not_fetched()),
        // Until then it may be another pair that fails.
        Some(Trouble::PassOverdue { .. }) if state == LaneState::Late => return Some(not_fetched()),
        _ => {}
    }
    // A few tasks are always under way; they explain nothing before it is late, and
    // nothing about a proxy that does not take what the service serves already.
    let behind = matches!(trouble, Some(Trouble::Behind { .. })) && facts.proxy.is_some();
    let few = if behind { FEW_TASKS } else { 0 };
    let queue = facts.queue.filter(|waiting| *waiting > few);
    if let Some(waiting) = queue.filter(|_| state == LaneState::Late) {
        return Some(LaneCause::Queue { waiting });
    }
    let poll_seconds = facts.proxy.map(|proxy| proxy.poll_seconds);
    match (state, poll_seconds) {
        (LaneState::Waiting, Some(poll_seconds)) if elapsed < i64::from(poll_seconds) * 1_000 => {
            Some(LaneCause::PollNotOver { poll_seconds })
        }
        (LaneState::Late, Some(_))
            if elapsed <= facts.rule.differs.ageing_after_millis + NOT_MODIFIED_LATE_MILLIS =>
        {
            Some(LaneCause::NotModifiedLate)
        }
        (LaneState::Late, Some(_)) => Some(LaneCause::Frozen),
        (LaneState::Late, None) => Some(LaneCause::Serving),
        _ => None,
    }
}
