//! Commands that read what is edited beside flags' states.

use halyard_model::{ConnectionId, EnvironmentKey, Fields, FlagKey};
use tauri::State;

use crate::{
    app::Halyard,
    commands::prepare::begins,
    convert::{
        connection::marks,
        field::subject_in,
        flag::value,
        seconds,
        subject::{self as convert, fields_view, identity_override},
    },
    error::WireError,
    view::*,
};

/// Any subject with its fields; of one that does not exist, those to begin with.
#[tauri::command]
#[specta::specta]
pub async fn subject_fields(
    app: State<'_, Halyard>,
    connection: String,
    environment: String,
    subject: SubjectView,
) -> Result<SubjectFieldsView, WireError> {
    subject_fields_of(&app, connection, environment, subject).await
}

/// The same, for whoever has the state.
pub async fn subject_fields_of(
    app: &Halyard,
    connection: String,
    environment: String,
    subject: SubjectView,
) -> Result<SubjectFieldsView, WireError> {
    let (id, key) = (ConnectionId(connection), EnvironmentKey(environment));
    let subject = subject_in(subject);
    let service = app.console.connection(&id).await?.endpoint.service();
    let here = app.console.environment(&id, &key).await?.environment;
    let facts = app.console.subject(&id, &key, &subject).await?;
    let begins = match facts.state {
        Some(_) => Fields::new(),
        None => begins(app, service, &id, &key, &subject).await,
    };
    Ok(fields_view(&facts, &begins, service, &here))
}

/// The identities that override a flag, from the mirror.
#[tauri::command]
#[specta::specta]
pub async fn identity_overrides(
    app: State<'_, Halyard>,
    connection: String,
    environment: String,
    flag: String,
) -> Result<Vec<IdentityOverrideView>, WireError> {
    identity_overrides_of(&app, connection, environment, flag).await
}

/// The same, for whoever has the state.
pub async fn identity_overrides_of(
    app: &Halyard,
    connection: String,
    environment: String,
    flag: String,
) -> Result<Vec<IdentityOverrideView>, WireError> {
    let (id, key) = (ConnectionId(connection), EnvironmentKey(environment));
    let found = app
        .console
        .identity_overrides_of(&id, &key, &FlagKey(flag))
        .await?;
    Ok(found.iter().filter_map(identity_override).collect())
}

/// The segments, from the mirror.
#[tauri::command]
#[specta::specta]
pub async fn segments(
    app: State<'_, Halyard>,
    connection: String,
    environment: String,
) -> Result<SegmentListView, WireError> {
    segments_of(&app, connection, environment).await
}

/// The same, for whoever has the state.
pub async fn segments_of(
    app: &Halyard,
    connection: String,
    environment: String,
) -> Result<SegmentListView, WireError> {
    let (id, key) = (ConnectionId(connection), EnvironmentKey(environment));
    let service = app.console.connection(&id).await?.endpoint.service();
    let here = app.console.environment(&id, &key).await?;
    let found = app.console.segments(&id, &key).await?;
    Ok(convert::segments(&found, service, &here))
}

/// One segment in full, from the mirror.
#[tauri::command]
#[specta::specta]
pub async fn segment_detail(
    app: State<'_, Halyard>,
    connection: String,
    environment: String,
    segment: String,
) -> Result<SegmentDetailView, WireError> {
    segment_detail_of(&app, connection, environment, segment).await
}

/// The same, for whoever has the state.
pub async fn segment_detail_of(
    app: &Halyard,
    connection: String,
    environment: String,
    segment: String,
) -> Result<SegmentDetailView, WireError> {
    let (id, key) = (ConnectionId(connection), EnvironmentKey(environment));
    let service = app.console.connection(&id).await?.endpoint.service();
    let environments = app.console.environments(&id).await?;
    let all_marks = marks(environments.iter().map(|facts| &facts.environment));
    let (mut uses, mut found, mut here) = (Vec::new(), None, None);
    for (facts, mark) in environments.into_iter().zip(all_marks) {
        let there = facts.environment;
        let listed = app.console.segments(&id, &there.key).await?;
        let Some(one) = listed.into_iter().find(|one| one.segment.0 == segment) else {
            continue;
        };
        for used in &one.uses {
            let flag = app.console.flag(&id, &there.key, &used.flag).await.ok();
            let own = flag.and_then(|facts| {
                let overrides = facts.flag.state.segment_overrides;
                overrides.into_iter().find(|own| own.segment_id == segment)
            });
            uses.push(SegmentUseView {
                environment: there.name.clone(),
                mark,
                name: used.flag.0.clone(),
                enabled: used.enabled,
                value: own.map(|own| value(&own.value)),
            });
        }
        if there.key == key {
            (found, here) = (Some(one), Some(there));
        }
    }
    let view = found
        .zip(here)
        .and_then(|(found, here)| convert::segment(&found, uses, service, &here));
    view.ok_or_else(|| WireError::gone("the segment"))
}

/// One identity: traits from the service, overrides from the mirror.
#[tauri::command]
#[specta::specta]
pub async fn identity_detail(
    app: State<'_, Halyard>,
    connection: String,
    environment: String,
    identity: String,
) -> Result<IdentityDetailView, WireError> {
    identity_detail_of(&app, connection, environment, identity).await
}

/// The same, for whoever has the state.
pub async fn identity_detail_of(
    app: &Halyard,
    connection: String,
    environment: String,
    identity: String,
) -> Result<IdentityDetailView, WireError> {
    let (id, key) = (ConnectionId(connection), EnvironmentKey(environment));
    let here = app.console.environment(&id, &key).await?.environment;
    let facts = app.console.identity(&id, &key, &identity).await?;
    // Where the service cannot be asked, the mirror tells what it can.
    let known = app.console.find_identities(&id, &key, &identity).await;
    let known = known.is_ok_and(|found| found.iter().any(|one| one.identifier == identity));
    Ok(convert::identity(
        &facts,
        known,
        &here,
        seconds(app.console.now()),
    ))
}

/// The configs of an EdgeFlags project, from the mirror.
#[tauri::command]
#[specta::specta]
pub async fn configs(
    app: State<'_, Halyard>,
    connection: String,
    environment: String,
) -> Result<ConfigListView, WireError> {
    configs_of(&app, connection, environment).await
}

/// The same, for whoever has the state.
pub async fn configs_of(
    app: &Halyard,
    connection: String,
    environment: String,
) -> Result<ConfigListView, WireError> {
    let (id, key) = (ConnectionId(connection), EnvironmentKey(environment));
    let here = app.console.environment(&id, &key).await?;
    let found = app.console.configs(&id, &key).await?;
    Ok(convert::configs(&found, &here))
}
