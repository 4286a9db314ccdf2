//! Whether what a surface serves is current: the rules.

use serde::{Deserialize, Serialize};

use super::{
    Failing, FailingKind, NOT_MODIFIED_LATE_MILLIS, Reference, Served, SurfaceRecord, Untold, UntoldWhy,
    same_second,
};
use crate::{EdgeProxy, Endpoint, FlagKey, Freshness, Surface, Timestamp};

/// How long a change may take to a surface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// From this age on a difference is worth a word, in milliseconds.
    pub ageing_after_millis: i64,
    /// From this age on it is stale, in milliseconds.
    pub stale_after_millis: i64,
}

/// By which rule a surface is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SurfaceRule {
    /// How long a change may take to it.
    pub differs: Allowance,
    /// An Edge Proxy's own limit since its last whole pass, in milliseconds;
    /// `None` for other surfaces, and where a proxy is set to never call
    /// itself stale.
    pub pass_stale_after_millis: Option<i64>,
    /// How often it is asked, in milliseconds.
    pub asked_every_millis: i64,
}

impl EdgeProxy {
    /// The proxy's own rule, in milliseconds: it calls itself stale when its
    /// last whole pass is longer ago than poll + grace × key pairs. `None`
    /// where it is set to never do so.
    pub fn stale_after_millis(&self) -> Option<i64> {
        self.grace_seconds.map(|grace| {
            (i64::from(self.poll_seconds) + i64::from(grace) * i64::from(self.key_pairs)) * 1_000
        })
    }

    /// How long a change may take through it: as its own rule, with the
    /// default grace where it has none.
    pub fn allowance(&self) -> Allowance {
        let grace_seconds = self.grace_seconds.or(EdgeProxy::at("").grace_seconds);
        let with_grace = EdgeProxy {
            grace_seconds,
            ..self.clone()
        };
        let limit = with_grace.stale_after_millis().unwrap_or_default();
        Allowance {
            ageing_after_millis: limit / 2,
            stale_after_millis: limit,
        }
    }
}

impl SurfaceRule {
    /// The rule for a surface of a connection that is asked so often.
    ///
    /// The hosted Flags API is worth a word after 30 s and stale after 120 s;
    /// a self-hosted one may cache its row of the environment for 60 s, and
    /// EdgeFlags' storage takes up to 60 s beside 60 s of answers kept.
    pub fn of(surface: &Surface, endpoint: &Endpoint, asked_every_millis: i64) -> SurfaceRule {
        let proxy = match surface {
            Surface::EdgeProxy(base) => endpoint.edge_proxies().iter().find(|proxy| proxy.base == *base),
            Surface::Admin | Surface::FlagsApi => None,
        };
        let differs = match (surface, endpoint) {
            (Surface::EdgeProxy(base), _) => {
                proxy.map_or_else(|| EdgeProxy::at(base.as_str()).allowance(), EdgeProxy::allowance)
            }
            (_, Endpoint::Flagsmith(endpoint)) if endpoint.admin_base.contains("api.flagsmith.com") => {
                Allowance {
                    ageing_after_millis: 30_000,
                    stale_after_millis: 120_000,
                }
            }
            (_, Endpoint::Flagsmith(_)) => Allowance {
                ageing_after_millis: 60_000,
                stale_after_millis: 120_000,
            },
            (_, Endpoint::EdgeFlags { .. } | Endpoint::File { .. }) => Allowance {
                ageing_after_millis: 120_000,
                stale_after_millis: 180_000,
            },
        };
        SurfaceRule {
            differs,
            pass_stale_after_millis: proxy.and_then(EdgeProxy::stale_after_millis),
            asked_every_millis,
        }
    }

    /// Stale from this age on, in milliseconds; `None` where it never is by
    /// its own rule.
    pub fn stale_after_millis(&self, surface: &Surface) -> Option<i64> {
        match surface {
            Surface::EdgeProxy(_) => self.pass_stale_after_millis,
            Surface::Admin | Surface::FlagsApi => Some(self.differs.stale_after_millis),
        }
    }
}

/// Why a surface serves what is no longer current.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BehindCause {
    /// The proxy's passes fail, and this environment's among them.
    NotFetched,
    /// The document's time of change did not move by a second although its
    /// content did: a scheduled version went live, or two changes fell into
    /// one second. Who asks conditionally is not told until the next change.
    StampUnmoved,
    /// The proxy's passes succeed, and the service's "not modified" may still
    /// be late: it is for up to a minute.
    NotModifiedLate,
    /// The proxy's passes succeed and the change is older than the service's
    /// lateness: it does not take what it is given.
    Frozen,
    /// Caches or the queue of tasks of the service itself.
    Serving,
}

/// What is known about the other environments of a proxy whose last whole pass
/// is too long ago.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OtherPair {
    /// This environment was fetched since: it is another pair of keys that
    /// fails and makes all of them age.
    Proven,
    /// This environment is current, but nothing changed in it since, so that
    /// it cannot be told whether it is still fetched.
    Possible,
    /// What this environment serves could not be compared.
    Unknown,
}

/// What is the matter with a surface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It does not answer as it should.
    Failing(FailingKind),
    /// The proxy has never had a whole pass.
    NeverPassed,
    /// It serves what is no longer current.
    Behind {
        /// Since this moment at the latest.
        since: Timestamp,
        /// Why.
        cause: BehindCause,
        /// The flags that differ, where flags were compared; the first few.
        differing: Vec<FlagKey>,
    },
    /// The proxy's last whole pass is too long ago, while nothing is seen to
    /// be wrong with this environment.
    PassOverdue {
        /// The last whole pass.
        since: Option<Timestamp>,
        /// Whether another pair is to blame.
        other_pair: OtherPair,
    },
}

/// How fresh a surface is for an environment.
#[derive(Clone, Debug, PartialEq)]
pub struct SurfaceFreshness {
    /// The state.
    pub state: Freshness,
    /// What is the matter, if anything is.
    pub trouble: Option<Trouble>,
    /// What it serves is known to have been current up to this moment.
    pub as_of: Option<Timestamp>,
    /// A change that "not modified" kept quiet about, found lately.
    pub untold: Option<Untold>,
}

/// How long after the content the document's time of change may still move.
const STAMP_MOVES_WITHIN_MILLIS: i64 = 5_000;

/// Whether a stamp that did not move with the content will not move any more.
fn stamp_settled(since: Timestamp, read_at: Timestamp) -> bool {
    read_at.millis_since(since) >= STAMP_MOVES_WITHIN_MILLIS
}

/// How long a finding is worth a word after everything is well again.
const LATELY_MILLIS: i64 = 10 * 60_000;

/// Judges a surface at `now` against what the admin API holds.
pub fn judge_surface(
    record: &SurfaceRecord,
    rule: SurfaceRule,
    reference: Option<&Reference<'_>>,
    now: Timestamp,
) -> SurfaceFreshness {
    let untold = record.untold.filter(|untold| {
        let settled = record.served.as_ref().is_some_and(|served| {
            served.first_read_at > untold.found_at || stamp_settled(served.since, served.read_at)
        });
        now.millis_since(untold.found_at) < LATELY_MILLIS && (untold.why == UntoldWhy::Late || settled)
    });
    let (state, trouble) = state(record, rule, reference, now);
    SurfaceFreshness {
        state,
        trouble,
        as_of: as_of(record),
        untold,
    }
}

fn state(
    record: &SurfaceRecord,
    rule: SurfaceRule,
    reference: Option<&Reference<'_>>,
    now: Timestamp,
) -> (Freshness, Option<Trouble>) {
    if let Some(Failing { kind, .. }) = record.failing
        && kind != FailingKind::Refused
    {
        return (Freshness::Offline, Some(Trouble::Failing(kind)));
    }
    let overdue = overdue(record, rule);
    let passes_fail = overdue == Some(Freshness::Stale);
    let mut found = vec![looked_at(record, rule, now)];
    found.extend(behind(record, rule, reference, passes_fail));
    found.extend(overdue.map(|overdue| {
        let trouble = (overdue == Freshness::Stale).then(|| pass_trouble(record));
        (overdue, trouble)
    }));
    // The first of equals is the more telling: what users get before what the
    // proxy says about itself.
    let mut worst = (Freshness::Fresh, None);
    for one in found {
        if rank(one.0) > rank(worst.0) || (rank(one.0) == rank(worst.0) && worst.1.is_none()) {
            worst = one;
        }
    }
    if worst.1.is_none() && record.failing.is_some() {
        let state = if record.served.is_some() {
            worst.0
        } else {
            Freshness::Never
        };
        return (state, Some(Trouble::Failing(FailingKind::Refused)));
    }
    worst
}

fn rank(state: Freshness) -> u8 {
    match state {
        Freshness::Fresh => 0,
        Freshness::Ageing => 1,
        Freshness::Never => 2,
        Freshness::Stale => 3,
        Freshness::Offline => 4,
    }
}

/// Nobody having looked makes nothing stale, only less sure.
fn looked_at(record: &SurfaceRecord, rule: SurfaceRule, now: Timestamp) -> (Freshness, Option<Trouble>) {
    let never_passed = record
        .heartbeat
        .as_ref()
        .is_some_and(|heartbeat| heartbeat.told.is_none());
    let Some(checked_at) = record.checked_at else {
        return (Freshness::Never, never_passed.then_some(Trouble::NeverPassed));
    };
    if now.millis_since(checked_at) > rule.asked_every_millis.saturating_mul(2) + NOT_MODIFIED_LATE_MILLIS {
        (Freshness::Ageing, None)
    } else {
        (Freshness::Fresh, None)
    }
}

/// Judges a difference by its age at the reading that last showed it: what
/// happened since is not known.
fn behind(
    record: &SurfaceRecord,
    rule: SurfaceRule,
    reference: Option<&Reference<'_>>,
    passes_fail: bool,
) -> Option<(Freshness, Option<Trouble>)> {
    let served = record.served.as_ref()?;
    let since = served.outdated_since?;
    let age = served.read_at.millis_since(since);
    let cause = cause(record, served, reference, age, passes_fail, rule.differs);
    // Nobody will tell a conditional reader, so there is nothing to wait for.
    let state = if age >= rule.differs.stale_after_millis {
        Freshness::Stale
    } else if age >= rule.differs.ageing_after_millis || cause == BehindCause::StampUnmoved {
        Freshness::Ageing
    } else {
        return None;
    };
    let trouble = Trouble::Behind {
        since,
        cause,
        differing: served.differing.clone(),
    };
    Some((state, Some(trouble)))
}

fn cause(
    record: &SurfaceRecord,
    served: &Served,
    reference: Option<&Reference<'_>>,
    age: i64,
    passes_fail: bool,
    differs: Allowance,
) -> BehindCause {
    if record.heartbeat.is_none() {
        return BehindCause::Serving;
    }
    if passes_fail {
        return BehindCause::NotFetched;
    }
    if reference.is_some_and(|reference| {
        stamp_settled(reference.since, reference.read_at)
            && same_second(served.document_updated_at, reference.document_updated_at)
    }) {
        return BehindCause::StampUnmoved;
    }
    if age <= NOT_MODIFIED_LATE_MILLIS + differs.ageing_after_millis {
        BehindCause::NotModifiedLate
    } else {
        BehindCause::Frozen
    }
}

/// Whether a proxy's last whole pass is too long ago, by its own word or by
/// its rule, as it was when it was asked.
fn overdue(record: &SurfaceRecord, rule: SurfaceRule) -> Option<Freshness> {
    let heartbeat = record.heartbeat.as_ref()?;
    let Some(passed_at) = heartbeat.passed_at else {
        return record.served.is_some().then_some(Freshness::Stale);
    };
    let Some(limit) = rule.pass_stale_after_millis else {
        return (!heartbeat.ready).then_some(Freshness::Stale);
    };
    // While it calls itself ready, its clock may be off or its settings other
    // than those known here; only a time that was seen not to move counts then.
    let unmoved = heartbeat
        .first_told_at
        .map_or(0, |first| heartbeat.read_at.millis_since(first));
    if !heartbeat.ready || unmoved > limit {
        return Some(Freshness::Stale);
    }
    (heartbeat.read_at.millis_since(passed_at) * 2 > limit).then_some(Freshness::Ageing)
}

fn pass_trouble(record: &SurfaceRecord) -> Trouble {
    let passed_at = record
        .heartbeat
        .as_ref()
        .and_then(|heartbeat| heartbeat.passed_at);
    let other_pair = match (&record.served, passed_at) {
        // It still served another content after the last whole pass.
        (Some(served), Some(passed_at))
            if served.agreed_at.is_some()
                && served.outdated_since.is_none()
                && served.replaced_at.is_some_and(|at| at > passed_at) =>
        {
            OtherPair::Proven
        }
        (Some(served), _) if served.agreed_at.is_some() && served.outdated_since.is_none() => {
            OtherPair::Possible
        }
        _ => OtherPair::Unknown,
    };
    Trouble::PassOverdue {
        since: passed_at,
        other_pair,
    }
}

/// Up to when what it serves is known to have been current.
fn as_of(record: &SurfaceRecord) -> Option<Timestamp> {
    let served = record.served.as_ref()?;
    if let Some(since) = served.outdated_since {
        return Some(since);
    }
    let by_content = served
        .agreed_at
        .map_or(served.read_at, |agreed_at| agreed_at.min(served.read_at));
    let by_word = record
        .not_modified
        .map(|said| said.last_at.plus_millis(-NOT_MODIFIED_LATE_MILLIS));
    Some(by_word.map_or(by_content, |by_word| by_word.max(by_content)))
}
