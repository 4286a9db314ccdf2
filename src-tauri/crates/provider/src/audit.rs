//! What a service's audit log tells: who changed what, and when.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use halyard_model::{Timestamp, TouchedKind};

use crate::cache::Owner;

/// One entry of an audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// When, by the service's clock.
    pub at: Timestamp,
    /// Who: a person's name or address, or the beginning of a token. `None`
    /// where the service knows nobody, as behind Flagsmith's organisation keys.
    pub who: Option<String>,
    /// What they did, in the service's own words.
    pub what: String,
    /// What it is about, by the name that people know it by; empty where the
    /// service does not tell.
    pub about: Option<(TouchedKind, String)>,
}

/// How far an [`Audit`] reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditReach {
    /// Every entry since the time that was asked for.
    Whole,
    /// The newest ones; there are more than are read at once.
    Newest,
    /// None: the service does not give its log.
    NotGiven(NotGiven),
}

/// Why a service gives nothing of its audit log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NotGiven {
    /// The key may not read it.
    Forbidden,
    /// It is always empty, as that of a build without a licence is.
    Empty,
    /// The service has no such log.
    Absent,
}

/// What an audit log says of one environment since a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audit {
    /// The newest first.
    pub entries: Vec<AuditEntry>,
    /// How far it reaches.
    pub reach: AuditReach,
}

impl Audit {
    /// Nothing, and why.
    pub(crate) fn not_given(why: NotGiven) -> Audit {
        Audit {
            entries: Vec::new(),
            reach: AuditReach::NotGiven(why),
        }
    }
}

/// A log that gave nothing is asked again after so long: a licence may be
/// bought, a permission granted. Milliseconds.
const ASK_AGAIN: i64 = 24 * 60 * 60 * 1000;

/// Which logs gave nothing, by key and project, so that they are not asked at
/// every change.
#[derive(Debug, Default)]
pub(crate) struct SilentLogs(Mutex<HashMap<(Owner, String), (NotGiven, Timestamp)>>);

impl SilentLogs {
    /// Why a log gave nothing, where that was not long ago.
    pub(crate) fn known(&self, owner: Owner, project: &str, now: Timestamp) -> Option<NotGiven> {
        let silent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (why, since) = silent.get(&(owner, project.to_owned()))?;
        (now.millis_since(*since) < ASK_AGAIN).then_some(*why)
    }

    /// Keeps that a log gave nothing.
    pub(crate) fn note(&self, owner: Owner, project: &str, why: NotGiven, now: Timestamp) {
        let mut silent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        silent.insert((owner, project.to_owned()), (why, now));
    }
}
