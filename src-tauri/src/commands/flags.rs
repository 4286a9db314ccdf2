//! Commands that read flags from the mirror.

use std::collections::HashMap;

use halyard_model::{ConnectionId, EnvironmentKey, Flag, FlagKey, Subject};
use tauri::State;

use crate::{
    app::Halyard,
    commands::changes::Surroundings,
    convert::{
        connection::{freshness, marks, reference as pick_reference},
        flag::{Around, detail, row},
        seconds,
        staged::edit as edit_view,
        subject::definition,
    },
    error::WireError,
    view::*,
};

/// An environment's flags, from the mirror. `reference` is the key of the environment
/// to compare with; `null` picks one.
#[tauri::command]
#[specta::specta]
pub async fn flags(
    app: State<'_, Halyard>,
    connection: String,
    environment: String,
    reference: Option<String>,
) -> Result<FlagListView, WireError> {
    flags_of(&app, connection, environment, reference).await
}

/// The same, for whoever has the state.
pub async fn flags_of(
    app: &Halyard,
    connection: String,
    environment: String,
    reference: Option<String>,
) -> Result<FlagListView, WireError> {
    let (id, key) = (ConnectionId(connection), EnvironmentKey(environment));
    let environments = app.console.environments(&id).await?;
    let here = app.console.environment(&id, &key).await?;
    let other = pick_reference(&environments, &key.0, reference.as_deref());
    let mut others: HashMap<FlagKey, Flag> = HashMap::new();
    if let Some(other) = other {
        for facts in app.console.flags(&id, &other.key).await? {
            others.insert(facts.flag.key.clone(), facts.flag);
        }
    }
    // An environment that was never read cannot be compared with.
    let other = other.filter(|_| !others.is_empty());
    let rows = app.console.flags(&id, &key).await?;
    Ok(FlagListView {
        flags: rows
            .iter()
            .map(|facts| row(facts, other.map(|_| others.get(&facts.flag.key))))
            .collect(),
        reference: other.map(|other| other.key.0.clone()),
        freshness: freshness(&here),
    })
}

/// One flag in full, from the mirror.
#[tauri::command]
#[specta::specta]
pub async fn flag_detail(
    app: State<'_, Halyard>,
    connection: String,
    environment: String,
    flag: String,
) -> Result<FlagDetailView, WireError> {
    flag_detail_of(&app, connection, environment, flag).await
}

/// The same, for whoever has the state.
pub async fn flag_detail_of(
    app: &Halyard,
    connection: String,
    environment: String,
    flag: String,
) -> Result<FlagDetailView, WireError> {
    let (id, key, flag) = (
        ConnectionId(connection),
        EnvironmentKey(environment),
        FlagKey(flag),
    );
    let service = app.console.connection(&id).await?.endpoint.service();
    let environments = app.console.environments(&id).await?;
    let here = app.console.environment(&id, &key).await?;
    let facts = app.console.flag(&id, &key, &flag).await?;
    let all_marks = marks(environments.iter().map(|facts| &facts.environment));
    let reference = pick_reference(&environments, &key.0, None).map(|other| other.key.clone());
    let mut compared = None;
    let mut elsewhere = Vec::new();
    for (other, mark) in environments.iter().zip(all_marks) {
        if other.environment.key == key || other.snapshot.is_none() {
            continue;
        }
        let there = app
            .console
            .flag(&id, &other.environment.key, &flag)
            .await
            .ok()
            .map(|facts| facts.flag);
        elsewhere.push(ElsewhereView {
            environment: other.environment.name.clone(),
            mark,
            enabled: there.as_ref().map(|there| there.state.enabled),
        });
        if reference.as_ref() == Some(&other.environment.key) {
            compared = Some(there);
        }
    }
    let around = Around {
        fetched_at: here.status.checked_at.map(seconds).unwrap_or_default(),
        free_segments: free_segments(app, &id, &key, &facts.flag).await?,
        definition_revision: {
            let definition = Subject::Flag { flag: flag.clone() };
            app.console.subject(&id, &key, &definition).await?.revision
        },
        staged: staged(app, &id, &key, &flag).await?,
    };
    let compared = compared.as_ref().map(Option::as_ref);
    Ok(detail(
        &facts,
        compared,
        elsewhere,
        &here.environment,
        service,
        around,
    ))
}

/// Segments that a flag has no override for yet, also those about to be made.
async fn free_segments(
    app: &Halyard,
    id: &ConnectionId,
    key: &EnvironmentKey,
    flag: &Flag,
) -> Result<Vec<NamedView>, WireError> {
    let mut free: Vec<NamedView> = app
        .console
        .segments(id, key)
        .await?
        .iter()
        .filter(|facts| {
            let overrides = &flag.state.segment_overrides;
            overrides.iter().all(|own| own.segment_id != facts.segment.0)
        })
        .filter_map(|facts| {
            Some(NamedView {
                id: facts.segment.0.clone(),
                name: definition(facts)?.name.clone(),
            })
        })
        .collect();
    free.sort_by_key(|one| one.name.to_lowercase());
    Ok(free)
}

/// The staged edit of a flag's state, as the review shows it.
async fn staged(
    app: &Halyard,
    id: &ConnectionId,
    key: &EnvironmentKey,
    flag: &FlagKey,
) -> Result<Option<EditView>, WireError> {
    let subject = Subject::state_of(flag);
    let Some(edit) = app.console.subject(id, key, &subject).await?.staged else {
        return Ok(None);
    };
    let Some(set) = &edit.change_set else {
        return Ok(None);
    };
    let set = app.console.change_set(set).await?;
    let sets = std::slice::from_ref(&set);
    let surroundings = Surroundings::of(app, id, sets).await?;
    let found = set.edits.iter().find(|one| one.edit.id == edit.id);
    Ok(found.map(|one| edit_view(one, &set, &surroundings.around())))
}
