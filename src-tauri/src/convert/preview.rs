//! What an identity gets.

use halyard_console::{
    Draft, EnvironmentFacts, ExpectedPreview, ExpectedRow, LocalPreview, LocalRow, Preview, PreviewInput,
    RemotePreview, RemoteRow, Weighed,
};
use halyard_engine::{
    CandidateSource, FlagTrace,
    edgeflags::{Agreement, Expected},
};
use halyard_model::{ChangeSetId, Connection, ConnectionId, EnvironmentKey, FlagValue};

use super::{connection::freshness, count, flag::value, moment::at_in, traits::identity_in};
use crate::{
    error::WireError,
    view::*,
    words::{caveat, expected, failure, reason},
};

/// A preview as asked for, inwards. Errors name the field.
pub fn input(request: &PreviewRequest, edits: Vec<Draft>) -> Result<PreviewInput, WireError> {
    Ok(PreviewInput {
        at: at_in(request.moment.as_deref())?,
        change_set: request.change_set.clone().map(ChangeSetId),
        identity: identity_in(&request.identifier, &request.traits)?,
        connection: ConnectionId(request.connection.clone()),
        environment: EnvironmentKey(request.environment.clone()),
        edits,
    })
}

/// What an identity gets of every flag. `source` is what was evaluated, in a
/// sentence.
pub fn preview(
    preview: Preview,
    identifier: &str,
    source: String,
    connection: &Connection,
    facts: &EnvironmentFacts,
) -> PreviewView {
    match preview {
        Preview::Local(local) => local_view(&local, source, facts),
        Preview::Remote(remote) => PreviewView {
            remote: true,
            source: format!(
                "Asked {} for {identifier} in {}",
                connection.endpoint.address(),
                facts.environment.name
            ),
            overrides: 0,
            caveats: vec!["EdgeFlags evaluates by itself and keeps its rollout to itself.".into()],
            rows: remote_rows(remote),
            freshness: freshness(facts),
            failure: None,
        },
        Preview::Expected(expected) => expected_preview(expected, source, facts),
    }
}

fn expected_preview(expected: ExpectedPreview, source: String, facts: &EnvironmentFacts) -> PreviewView {
    PreviewView {
        remote: false,
        source,
        overrides: 0,
        caveats: vec![
            "EdgeFlags evaluates by itself and was not asked: it answers only about now. This is what its documentation leads to expect, not verified.".into(),
        ],
        rows: expected.rows.into_iter().map(expected_row).collect(),
        freshness: freshness(facts),
        failure: None,
    }
}

fn expected_row(row: ExpectedRow) -> PreviewRowView {
    let why = expected::sentence(&row.expectation);
    let caveat = row.expectation.unsure.first().map(expected::doubt);
    let known = match row.expectation.expected {
        Expected::Value(known) => Some(FlagValue(known)),
        Expected::RolloutDecides { .. } | Expected::Unknown => None,
    };
    PreviewRowView {
        flag: row.flag.0,
        multivariate: false,
        enabled: known.as_ref().and_then(on_or_off),
        value: value(&known.unwrap_or_default()),
        decided_by: DeciderView::Service,
        why,
        caveat,
        expected: None,
    }
}

fn local_view(local: &LocalPreview, source: String, facts: &EnvironmentFacts) -> PreviewView {
    let environment = &facts.environment.name;
    let trace = local.trace();
    let rows: Vec<PreviewRowView> = local
        .rows
        .iter()
        .filter_map(|row| {
            let traced = trace.flag(&row.flag.0)?;
            Some(local_row(row, &traced, &local.identity.identifier, environment))
        })
        .collect();
    let is_override =
        |row: &&PreviewRowView| matches!(row.decided_by, DeciderView::Identity | DeciderView::Segment);
    PreviewView {
        remote: false,
        source,
        overrides: count(rows.iter().filter(is_override).count()),
        caveats: trace
            .caveats()
            .into_iter()
            .filter_map(caveat::of_environment)
            .collect(),
        rows,
        freshness: freshness(facts),
        failure: local.failure.as_ref().map(failure::sentence),
    }
}

fn local_row(row: &LocalRow, traced: &FlagTrace<'_>, identifier: &str, environment: &str) -> PreviewRowView {
    let caveat = match traced.caveats().first() {
        Some(caveat) => Some(caveat::of_flag(*caveat)),
        None if row.server_may_choose_option => Some(caveat::of_flag(halyard_engine::Caveat::PinnedOptions)),
        None => None,
    };
    PreviewRowView {
        flag: row.flag.0.clone(),
        multivariate: has_options(traced),
        enabled: Some(row.enabled),
        value: value(&row.value),
        decided_by: decider(traced),
        why: reason::sentence(traced, identifier, environment),
        caveat,
        expected: None,
    }
}

/// Told by the document: the mirror's flags take longer to read than all of them to evaluate.
fn has_options(traced: &FlagTrace<'_>) -> bool {
    let default = traced.candidates().pop();
    default
        .and_then(|default| default.state)
        .is_some_and(|state| state.variants > 0)
}

fn decider(traced: &FlagTrace<'_>) -> DeciderView {
    match traced.decided_by().map(|decided| decided.source) {
        Some(CandidateSource::IdentityOverride) => DeciderView::Identity,
        Some(CandidateSource::Segment { .. }) => DeciderView::Segment,
        _ if traced.split().is_some() => DeciderView::Split,
        _ => DeciderView::Default,
    }
}

fn remote_rows(remote: RemotePreview) -> Vec<PreviewRowView> {
    remote.rows.into_iter().map(remote_row).collect()
}

fn remote_row(row: RemoteRow) -> PreviewRowView {
    let answer = row.answer;
    let why = match answer.reason.as_deref() {
        Some("disabled") => "The flag is off, or outside its window.".to_owned(),
        Some("override") => "The flag's explicit value.".to_owned(),
        Some("environment_override") => "The override of this environment.".to_owned(),
        Some("targeting") => "A targeting rule matched.".to_owned(),
        Some("rollout") => "The rollout.".to_owned(),
        Some("default") => "The default.".to_owned(),
        // The set is open: an unknown word is shown as it came.
        Some(other) => format!("The service says: {other}."),
        None => "The service gives no reason here.".to_owned(),
    };
    PreviewRowView {
        flag: answer.key.0,
        multivariate: false,
        enabled: answer.enabled.or_else(|| on_or_off(&answer.value)),
        value: value(&answer.value),
        decided_by: DeciderView::Service,
        why,
        caveat: None,
        expected: row.weighed.as_ref().map(expected_view),
    }
}

fn expected_view(weighed: &Weighed) -> ExpectedView {
    ExpectedView {
        agreement: match weighed.agreement {
            Agreement::Agrees => AgreementView::Agrees,
            Agreement::Disagrees { .. } => AgreementView::Disagrees,
            Agreement::CannotTell => AgreementView::CannotTell,
        },
        sentence: expected::sentence(&weighed.expectation),
        unsure: weighed.expectation.unsure.iter().map(expected::doubt).collect(),
    }
}

/// A boolean answer is its own state.
fn on_or_off(value: &FlagValue) -> Option<bool> {
    value.0.as_bool()
}
