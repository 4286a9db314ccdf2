//! Classes seen in how requests end.

use std::collections::{BTreeMap, BTreeSet};

use halyard_provider::{FailureKind, Stage};

use super::{Gravity, IncidentSign, IncidentWarning, Seen, count, is_fault, is_to, is_well, route};
use crate::{ExchangeFacts, SurfaceKind};

/// Fewer failures than this may be chance.
const SOME: usize = 3;

/// Fewer requests than this make no share.
const ENOUGH: u32 = 100;

fn faults_of<'a>(rows: &[&'a ExchangeFacts]) -> Vec<&'a ExchangeFacts> {
    rows.iter().copied().filter(|row| is_fault(row)).collect()
}

/// Whether so many fail inside the server that it is no chance.
fn many_faults(rows: &[&ExchangeFacts]) -> bool {
    let faults = faults_of(rows).len();
    faults >= SOME && faults * 10 >= rows.len() * 3
}

/// 6: a database that is being migrated or locked stops writes and the
/// dashboard first.
pub(super) fn admin_fails_serving_well(seen: &Seen) -> Option<IncidentWarning> {
    let admin = seen.recent(SurfaceKind::Admin);
    let faults = faults_of(&admin);
    let serving = seen.recent(SurfaceKind::FlagsApi);
    let serves = serving.iter().any(|row| is_well(row)) && !serving.iter().any(|row| is_fault(row));
    (many_faults(&admin) && serves).then(|| IncidentWarning {
        gravity: Gravity::Warning,
        since: faults.last().map(|row| row.at),
        sign: IncidentSign::AdminFailsServingWell {
            faults: count(faults.iter().copied()),
            requests: count(admin.iter().copied()),
        },
    })
}

/// 7: a new version is news; with faults, or with the old one still
/// answering, it is more.
pub(super) fn version_changed(seen: &Seen) -> Option<IncidentWarning> {
    // Edge Proxies have versions of their own, and so has a Flags API at
    // another address: each server is compared with itself.
    let versions = |row: &ExchangeFacts| row.server_version.is_some() && !is_to(row, SurfaceKind::EdgeProxy);
    let origin = &seen
        .requests
        .iter()
        .find(|row| versions(row) && changes_at(seen, &row.origin))?
        .origin;
    let told: Vec<(&str, &ExchangeFacts)> = versions_at(seen, origin).collect();
    let changes: Vec<_> = told.windows(2).filter(|pair| pair[0].0 != pair[1].0).collect();
    let (oldest, newest) = (changes.last()?, changes.first()?);
    let since = oldest[0].1.at;
    let faults = count(
        seen.requests
            .iter()
            .filter(|row| row.origin == *origin && row.at >= since && is_fault(row)),
    );
    let grave = changes.len() > 1 || faults >= 2;
    Some(IncidentWarning {
        gravity: if grave { Gravity::Warning } else { Gravity::Note },
        since: Some(since),
        sign: IncidentSign::VersionChanged {
            before: newest[1].0.to_owned(),
            now: newest[0].0.to_owned(),
            times: u32::try_from(changes.len()).unwrap_or(u32::MAX),
            faults,
        },
    })
}

/// What a server called its version, the newest first.
fn versions_at<'a>(seen: &'a Seen, origin: &'a str) -> impl Iterator<Item = (&'a str, &'a ExchangeFacts)> {
    seen.requests
        .iter()
        .filter(move |row| row.origin == origin && !is_to(row, SurfaceKind::EdgeProxy))
        .filter_map(|row| Some((row.server_version.as_deref()?.trim_start_matches('v'), row)))
}

fn changes_at(seen: &Seen, origin: &str) -> bool {
    let mut told = versions_at(seen, origin).map(|(version, _)| version);
    let newest = told.next();
    told.any(|version| Some(version) != newest)
}

/// 8: the health endpoint looks at less than what people need.
pub(super) fn health_lies(seen: &Seen) -> Option<IncidentWarning> {
    let recent = seen.requests.iter().filter(|row| seen.is_recent(row));
    let rows: Vec<_> = recent.filter(|row| !is_to(row, SurfaceKind::EdgeProxy)).collect();
    let faults = faults_of(&rows);
    let since = faults.last()?.at;
    let is_health = |row: &&&ExchangeFacts| row.path.trim_end_matches('/').ends_with("/health");
    let asked = rows.iter().find(is_health);
    let healthy = match asked {
        Some(row) => is_well(row) && row.at >= since,
        None => seen.healthy == Some(true),
    };
    (many_faults(&rows) && healthy).then(|| IncidentWarning {
        gravity: Gravity::Warning,
        since: Some(since),
        sign: IncidentSign::HealthLies {
            faults: count(faults.iter().copied()),
        },
    })
}

/// 12: one of several addresses, seen from this computer.
pub(super) fn partly_unreachable(seen: &Seen) -> Option<IncidentWarning> {
    let below_http = |row: &ExchangeFacts| {
        let stage = stage(row);
        matches!(stage, Some(Stage::Connect | Stage::Timeout | Stage::Cut))
    };
    let (origin, silent, answering) = silent(seen, SOME, below_http)?;
    Some(IncidentWarning {
        gravity: Gravity::Warning,
        since: silent.last().map(|row| row.at),
        sign: IncidentSign::PartlyUnreachable { origin, answering },
    })
}

/// 13: where no name is found at all, it is this computer's network.
pub(super) fn name_not_found(seen: &Seen) -> Option<IncidentWarning> {
    let (origin, silent, _) = silent(seen, 2, |row| stage(row) == Some(Stage::Name))?;
    let known_before = seen
        .requests
        .iter()
        .any(|row| row.origin == origin && row.status.is_some());
    Some(IncidentWarning {
        gravity: Gravity::Danger,
        since: silent.last().map(|row| row.at),
        sign: IncidentSign::NameNotFound { origin, known_before },
    })
}

fn stage(row: &ExchangeFacts) -> Option<Stage> {
    match row.failure.as_ref()?.kind {
        FailureKind::Unreachable(stage) => Some(stage),
        _ => None,
    }
}

/// An address whose newest requests, `least` of them or more, all ended so,
/// while another one answered since.
fn silent(
    seen: &Seen,
    least: usize,
    ended_so: impl Fn(&ExchangeFacts) -> bool,
) -> Option<(String, Vec<&ExchangeFacts>, Vec<String>)> {
    let mut by_origin: BTreeMap<&str, Vec<&ExchangeFacts>> = BTreeMap::new();
    for row in seen.requests.iter().filter(|row| seen.is_recent(row)) {
        by_origin.entry(&row.origin).or_default().push(row);
    }
    for (origin, rows) in &by_origin {
        let silent: Vec<_> = rows.iter().copied().take_while(|row| ended_so(row)).collect();
        let Some(first) = silent.last().filter(|_| silent.len() >= least) else {
            continue;
        };
        let answers = |rows: &[&ExchangeFacts]| rows.iter().any(|row| row.at >= first.at && is_well(row));
        let answering: Vec<String> = by_origin
            .iter()
            .filter(|(other, rows)| *other != origin && answers(rows))
            .map(|(other, _)| (*other).to_owned())
            .collect();
        if !answering.is_empty() {
            return Some(((*origin).to_owned(), silent, answering));
        }
    }
    None
}

/// 14: a tenth of a per cent is where operators are told to look; a tenth is
/// no longer a small part.
pub(super) fn sporadic_faults(seen: &Seen) -> Option<IncidentWarning> {
    [SurfaceKind::Admin, SurfaceKind::FlagsApi]
        .into_iter()
        .find_map(|surface| {
            let rows: Vec<_> = seen.requests.iter().filter(|row| is_to(row, surface)).collect();
            let faulty: Vec<_> = rows.iter().copied().filter(|row| is_fault(row)).collect();
            let (faults, requests) = (count(faulty.iter().copied()), count(rows.iter().copied()));
            let share = faults * 1_000 >= requests && faults * 10 < requests;
            let scattered = !many_faults(&seen.recent(surface));
            (requests >= ENOUGH && faults >= 2 && share && scattered).then(|| IncidentWarning {
                gravity: Gravity::Warning,
                since: faulty.last().map(|row| row.at),
                sign: IncidentSign::SporadicFaults {
                    surface,
                    faults,
                    requests,
                },
            })
        })
}

/// 17: compared with what the same requests were answered before.
pub(super) fn permission_lost(seen: &Seen) -> Option<IncidentWarning> {
    let mut newest = BTreeMap::new();
    let mut lost = BTreeSet::new();
    let mut since = None;
    for row in seen.requests.iter().filter(|row| is_to(row, SurfaceKind::Admin)) {
        let same = (&row.method, &row.origin, &row.path);
        match newest.get(&same) {
            None => drop(newest.insert(same, row)),
            Some(refused) if refused.status == Some(403) && is_well(row) => {
                since = since.max(Some(refused.at));
                lost.insert(route(row));
            }
            Some(_) => {}
        }
    }
    (!lost.is_empty()).then(|| IncidentWarning {
        gravity: Gravity::Warning,
        since,
        sign: IncidentSign::PermissionLost {
            routes: u32::try_from(lost.len()).unwrap_or(u32::MAX),
        },
    })
}
