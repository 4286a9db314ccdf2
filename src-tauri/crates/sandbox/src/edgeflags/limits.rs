//! Sliding-window budgets, one per token and class of request.

use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};

use axum::{http::HeaderMap, http::header};
use jiff::Timestamp;

use super::{answer::insert, options::EdgeFlagsOptions};

/// Which of a token's two budgets a request draws on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Class {
    /// `GET /flags/:key` and `POST /evaluate`.
    Evaluation,
    /// Everything else.
    Management,
}

/// What a budget says after a request has drawn on it, or could not.
#[derive(Debug)]
pub(super) struct Budget {
    limit: u32,
    remaining: u32,
    /// How long until the oldest request leaves the window.
    frees_in: Duration,
    /// Whether the request was within the budget.
    pub(super) granted: bool,
}

impl Budget {
    /// Writes what the service tells about limits on every authenticated answer.
    pub(super) fn write(&self, headers: &mut HeaderMap) {
        let frees_in_ms = i64::try_from(self.frees_in.as_millis()).unwrap_or(i64::MAX);
        let reset_ms = Timestamp::now().as_millisecond().saturating_add(frees_in_ms);
        insert(headers, "x-ratelimit-limit", &self.limit.to_string());
        insert(headers, "x-ratelimit-remaining", &self.remaining.to_string());
        insert(headers, "x-ratelimit-reset", &reset_ms.to_string());
        if !self.granted {
            let seconds = self.frees_in.as_millis().div_ceil(1000).max(1);
            insert(headers, header::RETRY_AFTER.as_str(), &seconds.to_string());
        }
    }
}

/// The moments of recent requests.
#[derive(Debug, Default)]
pub(super) struct Limits {
    moments: HashMap<([u8; 32], Class), VecDeque<Instant>>,
}

impl Limits {
    /// Draws one request from a token's budget. A refused request does not lengthen the wait.
    pub(super) fn draw(&mut self, token: [u8; 32], class: Class, options: &EdgeFlagsOptions) -> Budget {
        let window = Duration::from_millis(options.window_ms);
        let limit = match class {
            Class::Evaluation => options.evaluation_limit,
            Class::Management => options.management_limit,
        };
        let moments = self.moments.entry((token, class)).or_default();
        let now = Instant::now();
        while moments
            .front()
            .is_some_and(|first| now.duration_since(*first) >= window)
        {
            moments.pop_front();
        }
        let used = u32::try_from(moments.len()).unwrap_or(u32::MAX);
        let granted = used < limit;
        if granted {
            moments.push_back(now);
        }
        let remaining = limit.saturating_sub(used.saturating_add(u32::from(granted)));
        let oldest = moments.front().copied().unwrap_or(now);
        Budget {
            limit,
            remaining,
            frees_in: window.saturating_sub(now.duration_since(oldest)),
            granted,
        }
    }

    /// Forgets every request made so far.
    pub(super) fn clear(&mut self) {
        self.moments.clear();
    }
}
