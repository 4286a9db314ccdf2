//! What clients sent, for tests to look at.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::http::HeaderMap;
use jiff::Timestamp;
use serde::{Serialize, Serializer};

use crate::Surface;

/// Older requests are forgotten.
const LONGEST: usize = 20_000;
/// A body is kept up to this many bytes.
const BODY_KEPT: usize = 16 * 1024;
/// Headers that hold a credential: the journal says that they were there, and not what they held.
const CREDENTIALS: [&str; 4] = [
    "authorization",
    "x-environment-key",
    "cookie",
    "proxy-authorization",
];

/// One request and what came of it.
#[derive(Debug, Clone, Serialize)]
pub struct Exchange {
    /// Counted from 1 over all surfaces, in order of arrival.
    pub number: u64,
    /// The service it was for.
    pub surface: Surface,
    /// The verb.
    pub method: String,
    /// The path with its query.
    pub target: String,
    /// Headers in lower case. A credential's value is replaced by `(present)`.
    pub headers: Vec<(String, String)>,
    /// The start of the body.
    pub body: String,
    /// The status sent; none while under way, and none where the connection closed without an answer.
    pub status: Option<u16>,
    /// The faults that struck it.
    pub faults: Vec<&'static str>,
    /// When it arrived.
    #[serde(serialize_with = "as_text")]
    pub arrived_at: Timestamp,
    /// When the service carried it out and with which status, whatever the client got to see: after the
    /// answer to a late commit, and nothing where a fault kept the request from the service.
    pub carried_out: Option<CarriedOut>,
}

/// What the service made of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct CarriedOut {
    /// When it was done.
    #[serde(serialize_with = "as_text")]
    pub at: Timestamp,
    /// The status that the service gave.
    pub status: u16,
}

pub(crate) fn as_text<S: Serializer>(moment: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(moment)
}

impl Exchange {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

/// The newest requests; clones share one journal.
#[derive(Debug, Clone, Default)]
pub(crate) struct Journal {
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    n_seen: u64,
    exchanges: VecDeque<Exchange>,
}

impl Journal {
    /// Writes down a request as it arrives, and gives its number.
    pub(crate) fn arrived(
        &self,
        surface: Surface,
        method: &str,
        target: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> u64 {
        let shown = |name: &str, value: &axum::http::HeaderValue| match CREDENTIALS.contains(&name) {
            true => "(present)".to_owned(),
            false => String::from_utf8_lossy(value.as_bytes()).into_owned(),
        };
        let headers = headers
            .iter()
            .map(|(name, value)| (name.to_string(), shown(name.as_str(), value)))
            .collect();
        let body = String::from_utf8_lossy(body.get(..BODY_KEPT).unwrap_or(body)).into_owned();
        let mut kept = self.lock();
        kept.n_seen += 1;
        let number = kept.n_seen;
        kept.exchanges.push_back(Exchange {
            number,
            surface,
            method: method.to_owned(),
            target: target.to_owned(),
            headers,
            body,
            status: None,
            faults: Vec::new(),
            arrived_at: Timestamp::now(),
            carried_out: None,
        });
        if kept.exchanges.len() > LONGEST {
            kept.exchanges.pop_front();
        }
        number
    }

    /// Writes down what came of it.
    pub(crate) fn ended(&self, number: u64, status: Option<u16>, faults: Vec<&'static str>) {
        let mut kept = self.lock();
        if let Some(exchange) = kept.exchanges.iter_mut().rev().find(|one| one.number == number) {
            exchange.status = status;
            exchange.faults = faults;
        }
    }

    /// Writes down that the service carried it out.
    pub(crate) fn carried_out(&self, number: u64, status: u16) {
        let mut kept = self.lock();
        if let Some(exchange) = kept.exchanges.iter_mut().rev().find(|one| one.number == number) {
            let at = Timestamp::now();
            exchange.carried_out = Some(CarriedOut { at, status });
        }
    }

    pub(crate) fn exchanges(&self) -> Vec<Exchange> {
        self.lock().exchanges.iter().cloned().collect()
    }

    pub(crate) fn clear(&self) {
        self.lock().exchanges.clear();
    }

    /// Whether a text occurs in any path, query, header or body, credential headers apart.
    pub(crate) fn contains(&self, text: &str) -> bool {
        self.lock().exchanges.iter().any(|one| {
            one.target.contains(text)
                || one.body.contains(text)
                || one.headers.iter().any(|(_, value)| value.contains(text))
        })
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
