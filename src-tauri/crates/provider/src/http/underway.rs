//! A request on its way, which is reported however it ends.

use halyard_model::Timestamp;
use reqwest::Method;
use reqwest::header::HeaderMap;
use tokio::time::Instant;
use url::Url;

use super::{HttpSettings, limits, shorten, sort};
use crate::{Admission, Ending, Exchange, Failure, FailureKind, Said, Stage};

/// Where services and the networks in front of them name a request.
const REQUEST_IDS: [&str; 6] = [
    "x-request-id",
    "cf-ray",
    "x-amzn-requestid",
    "x-amz-cf-id",
    "x-amzn-trace-id",
    "x-correlation-id",
];

/// A request on its way. Dropped before its end, it is reported as abandoned.
pub(super) struct Underway<'a> {
    settings: &'a HttpSettings,
    admission: Option<Admission>,
    exchange: Option<Exchange>,
    left: Instant,
    said: Option<Said>,
}

impl<'a> Underway<'a> {
    /// It leaves now. `exchange` holds what is known of it so far.
    pub(super) fn new(
        settings: &'a HttpSettings,
        admission: Admission,
        mut exchange: Exchange,
    ) -> Underway<'a> {
        exchange.waited = admission.waited();
        exchange.at = (settings.now)();
        Underway {
            settings,
            admission: Some(admission),
            exchange: Some(exchange),
            left: Instant::now(),
            said: None,
        }
    }

    /// The beginning of the answer has come.
    pub(super) fn answers(&mut self, status: u16, headers: &HeaderMap) {
        let now = (self.settings.now)();
        self.said = Some(limits::said(status, headers, now));
        if let Some(exchange) = &mut self.exchange {
            exchange.status = Some(status);
            exchange.request_id = REQUEST_IDS.iter().find_map(|name| text(headers, name));
            exchange.server_version = text(headers, "flagsmith-version");
            exchange.clock_ahead_millis = limits::clock_ahead_millis(headers, now);
        }
    }

    /// It has ended with a whole answer of so many bytes.
    pub(super) fn answered(mut self, bytes: usize, failure: Option<Failure>) {
        let ending = self.said.map_or(Ending::Lost, Ending::Answered);
        self.end(&ending, bytes, failure);
    }

    /// It has ended without one.
    pub(super) fn broke(mut self, may_have_arrived: bool, failure: Failure) {
        let ending = match self.said {
            Some(said) => Ending::Answered(said),
            None if may_have_arrived => Ending::Lost,
            None => Ending::NotSent,
        };
        if let Some(exchange) = &mut self.exchange {
            exchange.status = None;
        }
        self.end(&ending, 0, Some(failure));
    }

    fn end(&mut self, ending: &Ending, bytes: usize, failure: Option<Failure>) {
        let left = self.admission.take().and_then(|admission| admission.end(ending));
        let (Some(mut exchange), Some(observer)) = (self.exchange.take(), &self.settings.observer) else {
            return;
        };
        exchange.took = self.left.elapsed();
        exchange.bytes = bytes as u64;
        exchange.failure = failure.map(Box::new);
        exchange.budget_left = left;
        let account = exchange.account.clone();
        observer.exchanged(exchange);
        observer.budget_changed(account.as_ref());
    }
}

impl Drop for Underway<'_> {
    fn drop(&mut self) {
        if self.admission.is_none() {
            return;
        }
        let failure = Failure::new(
            FailureKind::Unreachable(Stage::Other),
            "The request was abandoned before its answer was whole.",
        );
        let ending = self.said.map_or(Ending::Lost, Ending::Answered);
        if let Some(exchange) = &mut self.exchange {
            exchange.status = None;
        }
        self.end(&ending, 0, Some(failure));
    }
}

/// An exchange of which only the request is known.
pub(super) fn beginning(method: &Method, url: &Url, secret: &str) -> Exchange {
    Exchange {
        account: None,
        class: crate::BudgetClass::Admin,
        origin: url.origin().ascii_serialization(),
        method: method.to_string(),
        path: told_path(url, secret),
        at: Timestamp(0),
        urgency: crate::Urgency::Interactive,
        waited: std::time::Duration::ZERO,
        took: std::time::Duration::ZERO,
        attempt: 1,
        status: None,
        bytes: 0,
        failure: None,
        budget_left: None,
        request_id: None,
        server_version: None,
        clock_ahead_millis: None,
    }
}

/// The path with its identifiers and the names of the query: its values may
/// hold anything about a person.
fn told_path(url: &Url, secret: &str) -> String {
    let segments = url.path().split('/').map(|segment| {
        if segment.starts_with("ser.") {
            "…".to_owned()
        } else {
            clean(segment, secret)
        }
    });
    let mut path = segments.collect::<Vec<_>>().join("/");
    // A secret with a slash in it spans segments.
    path = clean(&path, secret);
    let mut mark = '?';
    for (name, _) in url.query_pairs() {
        path.push(mark);
        path.push_str(&shorten(&clean(&name, secret), 60));
        path.push_str("=…");
        mark = '&';
    }
    shorten(&path, 500)
}

fn clean(text: &str, secret: &str) -> String {
    if secret.is_empty() {
        return text.to_owned();
    }
    sort::without(text, secret)
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    let text = headers.get(name)?.to_str().ok()?.trim();
    (!text.is_empty()).then(|| shorten(text, 80))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_tells_places_and_no_values() {
        const SECRET: &str = "Ab3dE6gH.Qb6bHVRC";
        for (address, told) in [
            (
                "https://h.test/api/v1/flags/?page=2&q=x",
                "/api/v1/flags/?page=…&q=…",
            ),
            (
                "https://h.test/api/v1/flags/dark?context=%7B%22email%22%3A%22a%40b%22%7D",
                "/api/v1/flags/dark?context=…",
            ),
            ("https://h.test/environments/ser.Abc123/x/", "/environments/…/x/"),
            ("https://h.test/environments/Kd8wKey/", "/environments/Kd8wKey/"),
            ("https://h.test/keys/Ab3dE6gH.Qb6bHVRC/", "/keys/…/"),
            ("https://h.test/?Ab3dE6gH.Qb6bHVRC", "/?…=…"),
        ] {
            let exchange = beginning(&Method::GET, &Url::parse(address).unwrap(), SECRET);
            assert_eq!(exchange.path, told);
            assert_eq!(exchange.origin, "https://h.test");
        }
    }
}
