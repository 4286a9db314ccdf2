//! How a self-hosted server is.

use halyard_console::{QueueTrend, ServerFacts};

use super::{large_count, seconds};
use crate::{
    view::*,
    words::{server as words, surface::host},
};

/// What is known about a server.
pub fn server(facts: &ServerFacts) -> ServerView {
    ServerView {
        host: host(&facts.address).to_owned(),
        healthy: facts.healthy,
        health: words::health(facts),
        version: facts.version.clone(),
        version_changed_at: facts.version_change.as_ref().map(|change| seconds(change.at)),
        queue: facts.queue.and_then(|queue| queue.waiting()).map(large_count),
        queue_trend: facts.queue_trend.map(|trend| match trend {
            QueueTrend::Draining => QueueTrendView::Draining,
            QueueTrend::Steady => QueueTrendView::Steady,
            QueueTrend::Growing => QueueTrendView::Growing,
        }),
        queue_note: words::queue_note(facts),
        checked_at: facts.checked_at.map(seconds),
    }
}
