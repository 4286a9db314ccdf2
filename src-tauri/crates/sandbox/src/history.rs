//! What each write made of a flag, for tests that judge whether anybody's work was lost unseen.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::{Surface, journal::as_text};

/// The header in which a client of the sandbox may say who it is, for [`FlagWrite::by`]. A client whose headers cannot
/// be chosen says it by the name it calls the sandbox, such as `ada` by `http://ada.localhost:8000`.
pub const CLIENT_HEADER: &str = "x-sandbox-client";
/// Who made a write that names nobody.
pub(crate) const UNKNOWN: &str = "unknown";
/// The colleague, as [`FlagWrite::by`] names her.
pub(crate) const MAYA: &str = "maya";
/// What nobody wrote: a scheduled version whose time has come.
pub(crate) const SCHEDULE: &str = "schedule";

/// One committed write of a flag: its state in one environment on Flagsmith, its definition on EdgeFlags.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FlagWrite {
    /// Counted from 1 within its service, in order of commitment.
    pub number: u64,
    /// Flagsmith or EdgeFlags.
    pub surface: Surface,
    /// Whom the request named ([`CLIENT_HEADER`]), or `unknown`; `maya`; or `schedule`.
    pub by: String,
    /// The request's number in the journal, where a request wrote.
    pub request: Option<u64>,
    /// When it was committed.
    #[serde(serialize_with = "as_text")]
    pub at: Timestamp,
    /// The environment's name. Empty on EdgeFlags, whose definitions hold every environment.
    pub environment: String,
    /// The flag's name or key.
    pub flag: String,
    /// What was replaced; nothing where the flag did not exist.
    ///
    /// On Flagsmith `{"version", "enabled", "value", "weights": [{"option", "percentage"}], "overrides":
    /// [{"segment", "priority", "enabled", "value", "weights"}]}` in the order in which overrides match;
    /// `version` is the live version's uuid, or null on an environment without versions. Overrides of
    /// identities are not part of it. On EdgeFlags the definition with its version.
    pub before: Option<Value>,
    /// What stands in its place; nothing where the flag is gone.
    pub after: Option<Value>,
}

/// Who writes.
#[derive(Debug, Clone)]
pub(crate) struct Writer {
    pub(crate) by: String,
    pub(crate) request: Option<u64>,
}

impl Writer {
    /// The client of a request, with the request's number in the journal.
    pub(crate) fn of(headers: &axum::http::HeaderMap, request: Option<u64>) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let called = || Some(text("host")?.split_once(".localhost")?.0);
        Self {
            by: text(CLIENT_HEADER).or_else(called).unwrap_or(UNKNOWN).to_owned(),
            request,
        }
    }

    /// Somebody who sends no request.
    pub(crate) fn named(by: &str) -> Self {
        Self {
            by: by.to_owned(),
            request: None,
        }
    }
}

/// A write before it has its number.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) environment: String,
    pub(crate) flag: String,
    pub(crate) before: Option<Value>,
    pub(crate) after: Option<Value>,
}

/// The newest writes of one service.
#[derive(Debug)]
pub(crate) struct Writes {
    surface: Surface,
    most: usize,
    n_seen: u64,
    kept: VecDeque<FlagWrite>,
}

impl Writes {
    /// Keeps at most so many; none, unless told otherwise.
    pub(crate) fn new(surface: Surface, most: usize) -> Self {
        Self {
            surface,
            most,
            n_seen: 0,
            kept: VecDeque::new(),
        }
    }

    pub(crate) fn is_kept(&self) -> bool {
        self.most > 0
    }

    pub(crate) fn add(&mut self, writer: &Writer, change: Change) {
        if !self.is_kept() {
            return;
        }
        self.n_seen += 1;
        self.kept.push_back(FlagWrite {
            number: self.n_seen,
            surface: self.surface,
            by: writer.by.clone(),
            request: writer.request,
            at: Timestamp::now(),
            environment: change.environment,
            flag: change.flag,
            before: change.before,
            after: change.after,
        });
        if self.kept.len() > self.most {
            self.kept.pop_front();
        }
    }

    pub(crate) fn all(&self) -> Vec<FlagWrite> {
        self.kept.iter().cloned().collect()
    }

    pub(crate) fn of(&self, environment: &str, flag: &str) -> Vec<FlagWrite> {
        let wanted = |write: &&FlagWrite| write.environment == environment && write.flag == flag;
        self.kept.iter().filter(wanted).cloned().collect()
    }
}
