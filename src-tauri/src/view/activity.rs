//! The requests that were made.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::SurfaceKindView;
use crate::error::WireError;

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum ExchangeOutcomeView {
    /// 2xx.
    Done,
    /// 304.
    Unchanged,
    /// 429.
    Throttled,
    /// Another 3xx or 4xx.
    Refused,
    /// 5xx.
    ServerFault,
    /// No whole answer.
    Broken,
}

/// Which requests to list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct ActivityRequest {
    /// Of this connection; `null` for all.
    pub connection: Option<String>,
    /// Words that must occur in method, path, surface, status or request id.
    pub search: String,
    /// Only of these outcomes; empty for all.
    pub outcomes: Vec<ExchangeOutcomeView>,
    /// Only of this surface kind.
    pub surface: Option<SurfaceKindView>,
    /// Only before this row; `null` for the newest.
    pub before: Option<String>,
    /// At most so many.
    pub most: u32,
}

/// A request that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct ExchangeView {
    /// Names it.
    pub id: String,
    /// When it left, in seconds …
    pub at: u32,
    /// … and milliseconds, 0 to 999.
    pub at_millis: u32,
    /// The connection's name; `null` before there was one.
    pub connection: Option<String>,
    /// The surface, such as `Admin API`.
    pub surface: String,
    /// Its kind; `null` for the status feed.
    pub kind: Option<SurfaceKindView>,
    /// The verb.
    pub method: String,
    /// The path; query values are left out.
    pub path: String,
    /// The answer's status.
    pub status: Option<u32>,
    /// How it ended.
    pub outcome: ExchangeOutcomeView,
    /// From leaving to the end of the answer, in milliseconds.
    pub took_millis: u32,
    /// How long it waited for its turn, in milliseconds.
    pub waited_millis: u32,
    /// 1 for the first attempt.
    pub attempt: u32,
    /// Nobody waited for it.
    pub background: bool,
    /// Bytes of the answer.
    pub bytes: u32,
    /// Requests left afterwards.
    pub budget_left: Option<u32>,
}

/// The list of requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct ActivityView {
    /// The rows, the newest first.
    pub rows: Vec<ExchangeView>,
    /// How many there are of this kind.
    pub total: u32,
    /// How many are kept at most; older ones are dropped.
    pub kept: u32,
}

/// One request in full.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
pub struct ExchangeDetailView {
    /// The row.
    pub row: ExchangeView,
    /// Scheme, host and port.
    pub origin: String,
    /// The service's name for it.
    pub request_id: Option<String>,
    /// The server's version.
    pub server_version: Option<String>,
    /// How far the server's clock was ahead, in seconds; about a second of it is uncertain.
    pub clock_ahead_seconds: Option<i32>,
    /// What went wrong, sorted.
    pub error: Option<WireError>,
}

/// How an export is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum ActivityFormatView {
    /// For a spreadsheet.
    Csv,
    /// For a program: one JSON object per line.
    JsonLines,
}
