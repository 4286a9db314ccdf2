//! Requests that were made, as the window lists them.

use std::collections::HashMap;

use halyard_console::{
    ActivityFilter, ActivityFormat, ActivityPage, BudgetClass, ExchangeFacts, ExchangeId, ExchangeOutcome,
    SurfaceKind, Urgency,
};
use halyard_model::{Connection, ConnectionId};

use super::seconds;
use crate::{error::WireError, view::*, words};

/// Names of connections by their identifiers.
pub type Names = HashMap<ConnectionId, String>;

/// The names of connections.
pub fn names(connections: Vec<Connection>) -> Names {
    connections
        .into_iter()
        .map(|connection| (connection.id, connection.name))
        .collect()
}

/// Which requests the window asks for.
pub fn filter_in(request: &ActivityRequest) -> ActivityFilter {
    ActivityFilter {
        connection: request.connection.clone().map(ConnectionId),
        search: request.search.clone(),
        outcomes: request.outcomes.iter().copied().map(outcome_in).collect(),
        surface: request.surface.and_then(surface_in),
        since: None,
    }
}

/// The name of a row, as the window gave it.
pub fn id_in(id: &str) -> Result<ExchangeId, WireError> {
    id.parse()
        .map(ExchangeId)
        .map_err(|_| WireError::gone("this request"))
}

/// How an export is written.
pub fn format_in(format: ActivityFormatView) -> ActivityFormat {
    match format {
        ActivityFormatView::Csv => ActivityFormat::Csv,
        ActivityFormatView::JsonLines => ActivityFormat::JsonLines,
    }
}

/// A page of the list.
pub fn page(page: &ActivityPage, names: &Names) -> ActivityView {
    ActivityView {
        rows: page.rows.iter().map(|facts| row(facts, names)).collect(),
        total: u32::try_from(page.total).unwrap_or(u32::MAX),
        kept: page.kept,
    }
}

/// One request in full.
pub fn detail(facts: ExchangeFacts, names: &Names) -> ExchangeDetailView {
    ExchangeDetailView {
        row: row(&facts, names),
        origin: facts.origin,
        request_id: facts.request_id,
        server_version: facts.server_version,
        clock_ahead_seconds: facts
            .clock_ahead_millis
            .map(|millis| i32::try_from(millis / 1000).unwrap_or(i32::MAX)),
        error: facts.failure.map(WireError::from),
    }
}

fn row(facts: &ExchangeFacts, names: &Names) -> ExchangeView {
    let connection = facts.connection.as_ref();
    ExchangeView {
        id: facts.id.0.to_string(),
        at: seconds(facts.at),
        at_millis: u32::try_from(facts.at.0.rem_euclid(1000)).unwrap_or_default(),
        connection: connection.and_then(|id| names.get(id)).cloned(),
        surface: words::budget::surface_of(facts.class).to_owned(),
        kind: kind_of(facts.class),
        method: facts.method.clone(),
        path: facts.path.clone(),
        status: facts.status.map(u32::from),
        outcome: outcome(facts.outcome),
        took_millis: u32::try_from(facts.took_millis).unwrap_or(u32::MAX),
        waited_millis: u32::try_from(facts.waited_millis).unwrap_or(u32::MAX),
        attempt: facts.attempt,
        background: facts.urgency == Urgency::Background,
        bytes: u32::try_from(facts.bytes).unwrap_or(u32::MAX),
        budget_left: facts.budget_left,
    }
}

fn kind_of(class: BudgetClass) -> Option<SurfaceKindView> {
    Some(match SurfaceKind::of(class)? {
        SurfaceKind::Admin => SurfaceKindView::Admin,
        SurfaceKind::FlagsApi => SurfaceKindView::FlagsApi,
        SurfaceKind::EdgeProxy => SurfaceKindView::EdgeProxy,
    })
}

/// The mirror is asked by no request.
fn surface_in(kind: SurfaceKindView) -> Option<SurfaceKind> {
    match kind {
        SurfaceKindView::Mirror => None,
        SurfaceKindView::Admin => Some(SurfaceKind::Admin),
        SurfaceKindView::FlagsApi => Some(SurfaceKind::FlagsApi),
        SurfaceKindView::EdgeProxy => Some(SurfaceKind::EdgeProxy),
    }
}

fn outcome(outcome: ExchangeOutcome) -> ExchangeOutcomeView {
    match outcome {
        ExchangeOutcome::Done => ExchangeOutcomeView::Done,
        ExchangeOutcome::Unchanged => ExchangeOutcomeView::Unchanged,
        ExchangeOutcome::Throttled => ExchangeOutcomeView::Throttled,
        ExchangeOutcome::Refused => ExchangeOutcomeView::Refused,
        ExchangeOutcome::ServerFault => ExchangeOutcomeView::ServerFault,
        ExchangeOutcome::Broken => ExchangeOutcomeView::Broken,
    }
}

fn outcome_in(outcome: ExchangeOutcomeView) -> ExchangeOutcome {
    match outcome {
        ExchangeOutcomeView::Done => ExchangeOutcome::Done,
        ExchangeOutcomeView::Unchanged => ExchangeOutcome::Unchanged,
        ExchangeOutcomeView::Throttled => ExchangeOutcome::Throttled,
        ExchangeOutcomeView::Refused => ExchangeOutcome::Refused,
        ExchangeOutcomeView::ServerFault => ExchangeOutcome::ServerFault,
        ExchangeOutcomeView::Broken => ExchangeOutcome::Broken,
    }
}
