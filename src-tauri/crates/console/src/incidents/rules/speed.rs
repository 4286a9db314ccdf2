//! Classes seen in how long answers take.

use std::collections::BTreeMap;

use halyard_provider::{FailureKind, Stage};

use super::{Gravity, IncidentSign, IncidentWarning, Seen, is_fault, is_to, is_well, route};
use crate::{ExchangeFacts, SurfaceKind};

/// An answer that takes so long is felt.
const SLOW_MILLIS: u64 = 2_000;

/// The admin API as a whole is slow from here on.
const VERY_SLOW_MILLIS: u64 = 5_000;

/// Flags are fetched by programs, which wait less than people.
const SERVING_SLOW_MILLIS: u64 = 1_000;

/// So many times slower is no chance.
const TIMES: u64 = 3;

/// 11: one route alone; where all are slow it is told as the admin API.
pub(super) fn route_slower(seen: &Seen) -> Option<IncidentWarning> {
    if admin_slow_serving_well(seen).is_some() {
        return None;
    }
    let mut routes: BTreeMap<String, (Vec<u64>, Vec<u64>)> = BTreeMap::new();
    let admin = seen.requests.iter().filter(|row| is_to(row, SurfaceKind::Admin));
    for row in admin.filter(|row| is_well(row)) {
        let (before, now) = routes.entry(route(row)).or_default();
        let times = if seen.is_recent(row) { now } else { before };
        times.push(row.took_millis);
    }
    let slower = routes.into_iter().filter_map(|(route, (before, now))| {
        let enough = before.len() >= 5 && now.len() >= 3;
        let (before_millis, now_millis) = (share_within(before, 50)?, share_within(now, 50)?);
        let felt = now_millis >= SLOW_MILLIS && now_millis >= before_millis * TIMES;
        (enough && felt).then_some((now_millis, before_millis, route))
    });
    let (now_millis, before_millis, route) = slower.max()?;
    Some(IncidentWarning {
        gravity: Gravity::Warning,
        since: None,
        sign: IncidentSign::RouteSlower {
            route,
            before_millis,
            now_millis,
        },
    })
}

/// 15: what hangs on serving, such as tracing or analytics, slows it.
pub(super) fn serving_slower(seen: &Seen) -> Option<IncidentWarning> {
    let (mut before, mut now) = (Vec::new(), Vec::new());
    let serving = seen
        .requests
        .iter()
        .filter(|row| is_to(row, SurfaceKind::FlagsApi));
    for row in serving.filter(|row| is_well(row)) {
        let times = if seen.is_recent(row) {
            &mut now
        } else {
            &mut before
        };
        times.push(row.took_millis);
    }
    let enough = before.len() >= 20 && now.len() >= 10;
    let (before_millis, now_millis) = (share_within(before, 95)?, share_within(now, 95)?);
    let felt = now_millis >= SERVING_SLOW_MILLIS && now_millis >= before_millis * TIMES;
    (enough && felt).then_some(IncidentWarning {
        gravity: Gravity::Warning,
        since: None,
        sign: IncidentSign::ServingSlower {
            before_millis,
            now_millis,
        },
    })
}

/// 19: the dashboard's side is slow or silent, flags are not.
pub(super) fn admin_slow_serving_well(seen: &Seen) -> Option<IncidentWarning> {
    let admin = seen.recent(SurfaceKind::Admin);
    let answered: Vec<u64> = admin
        .iter()
        .filter(|row| is_well(row))
        .map(|row| row.took_millis)
        .collect();
    let timed_out: Vec<_> = admin.iter().filter(|row| is_timeout(row)).collect();
    let serving = seen.recent(SurfaceKind::FlagsApi);
    let served: Vec<u64> = serving
        .iter()
        .filter(|row| is_well(row))
        .map(|row| row.took_millis)
        .collect();
    let serves = share_within(served, 50).is_some_and(|median| median < SERVING_SLOW_MILLIS)
        && !serving.iter().any(|row| is_fault(row) || is_timeout(row));
    let mostly_silent = timed_out.len() >= 3 && timed_out.len() >= answered.len();
    let enough = answered.len() >= 3;
    let millis = share_within(answered, 50);
    let slow = mostly_silent || enough && millis.is_some_and(|median| median >= VERY_SLOW_MILLIS);
    (slow && serves).then(|| IncidentWarning {
        gravity: Gravity::Note,
        since: timed_out.last().map(|row| row.at),
        sign: IncidentSign::AdminSlowServingWell {
            millis: millis.filter(|_| !mostly_silent),
        },
    })
}

pub(super) fn is_timeout(row: &ExchangeFacts) -> bool {
    let kind = row.failure.as_ref().map(|failure| &failure.kind);
    matches!(kind, Some(FailureKind::Unreachable(Stage::Timeout))) || row.status == Some(504)
}

/// The time within which so many of a hundred answers came.
fn share_within(mut times: Vec<u64>, per_cent: usize) -> Option<u64> {
    times.sort_unstable();
    let place = (times.len() * per_cent).div_ceil(100).saturating_sub(1);
    times.get(place).copied()
}
