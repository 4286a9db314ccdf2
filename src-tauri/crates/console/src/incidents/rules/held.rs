//! Classes seen in what the mirror holds and in what a server says of itself.

use super::{Gravity, IncidentSign, IncidentWarning, Seen, count, speed::is_timeout};

/// The hosted service cuts a document into pages of about this size.
const PAGE_BYTES: u64 = 1_048_576;

/// A change that takes longer than this is late for everybody.
const LATE_MILLIS: i64 = 120_000;

/// Fewer waiting tasks than this are everyday life.
const MANY_TASKS: u64 = 100;

/// 1: late in several environments at once, or while tasks pile up. One that
/// is late alone is told with its surface.
pub(super) fn propagation_delayed(seen: &Seen) -> Option<IncidentWarning> {
    let environments = seen.behind.len();
    let since = seen.behind.iter().map(|one| one.since).min()?;
    let piling = seen
        .queue
        .filter(|queue| queue.waiting >= MANY_TASKS && queue.draining != Some(true));
    if environments < 2 && piling.is_none() {
        return None;
    }
    Some(IncidentWarning {
        gravity: if seen.now.millis_since(since) >= LATE_MILLIS {
            Gravity::Danger
        } else {
            Gravity::Warning
        },
        since: Some(since),
        sign: IncidentSign::PropagationDelayed {
            environments: u32::try_from(environments).unwrap_or(u32::MAX),
            waiting: seen.queue.map(|queue| queue.waiting),
        },
    })
}

/// 2: from four fifths of a page on.
pub(super) fn document_oversized(seen: &Seen) -> Option<IncidentWarning> {
    let bytes = seen.document_bytes.filter(|bytes| bytes * 5 >= PAGE_BYTES * 4)?;
    let failed = count(
        seen.requests
            .iter()
            .filter(|row| is_timeout(row) && row.path.contains("document")),
    );
    Some(IncidentWarning {
        gravity: if failed > 0 && bytes >= PAGE_BYTES {
            Gravity::Danger
        } else {
            Gravity::Warning
        },
        since: None,
        sign: IncidentSign::DocumentOversized {
            bytes,
            limit: PAGE_BYTES,
            failed,
        },
    })
}

/// 4: known only of the identities that somebody keeps as personas.
pub(super) fn empty_trait(seen: &Seen) -> Option<IncidentWarning> {
    (!seen.empty_traits.is_empty()).then(|| IncidentWarning {
        gravity: Gravity::Note,
        since: None,
        sign: IncidentSign::EmptyTrait {
            personas: seen.empty_traits.clone(),
        },
    })
}

/// 18: unknown is not free, and nothing is concluded from it.
pub(super) fn plan_untold(seen: &Seen) -> Option<IncidentWarning> {
    (seen.hosted && seen.plan_told == Some(false)).then_some(IncidentWarning {
        gravity: Gravity::Note,
        since: None,
        sign: IncidentSign::PlanUntold,
    })
}

/// 20, and 1 before it is felt.
pub(super) fn tasks_stuck(seen: &Seen) -> Option<IncidentWarning> {
    let queue = seen.queue?;
    (queue.waiting >= MANY_TASKS && queue.draining == Some(false)).then_some(IncidentWarning {
        gravity: Gravity::Warning,
        since: None,
        sign: IncidentSign::TasksStuck {
            waiting: queue.waiting,
        },
    })
}
