//! Commands on staged edits and change sets.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use halyard_console::{ChangeSetFacts, ConsoleError, StageInput};
use halyard_model::{
    ChangeSetId, ChangeSetState, ConnectionId, Edit, EditId, EditState, Environment, EnvironmentKey,
    FieldChanges, Flag, FlagKey, SegmentKey, SegmentUse, Service, Subject, SubjectState, fields_of,
};
use tauri::State;

use crate::{
    app::Halyard,
    commands::{
        impact::of_change_set,
        prepare::{named, prepared},
    },
    convert::{
        change_set::{change_set as change_set_view, change_sets as change_sets_view},
        connection::marks,
        field::{changes_in, subject_in},
        moment::at_in,
        staged::Around,
    },
    error::WireError,
    view::*,
    words,
};

/// The change sets of a connection with their edits.
#[tauri::command]
#[specta::specta]
pub async fn changes(app: State<'_, Halyard>, connection: String) -> Result<ChangesView, WireError> {
    changes_of(&app, &ConnectionId(connection)).await
}

/// The change sets of a connection, as they are shown.
pub async fn changes_of(app: &Halyard, connection: &ConnectionId) -> Result<ChangesView, WireError> {
    let sets = app.console.change_sets(connection).await?;
    let surroundings = Surroundings::of(app, connection, &sets).await?;
    let around = surroundings.around();
    Ok(change_sets_view(&sets, &around, &|writes| {
        app.console.time_for_writes(connection, writes)
    }))
}

/// What stands around change sets, looked up once.
pub struct Surroundings {
    service: Service,
    environments: Vec<Environment>,
    marks: Vec<MarkView>,
    flags: HashMap<(EnvironmentKey, FlagKey), Flag>,
    uses: HashMap<SegmentKey, Vec<SegmentUse>>,
}

impl Surroundings {
    /// What stands around some change sets of a connection.
    pub async fn of(
        app: &Halyard,
        connection: &ConnectionId,
        sets: &[ChangeSetFacts],
    ) -> Result<Surroundings, WireError> {
        let service = app.console.connection(connection).await?.endpoint.service();
        let environments: Vec<_> = app
            .console
            .environments(connection)
            .await?
            .into_iter()
            .map(|facts| facts.environment)
            .collect();
        let edits = || sets.iter().flat_map(|set| &set.edits).map(|one| &one.edit);
        let places: BTreeSet<&EnvironmentKey> = edits().map(|edit| &edit.environment).collect();
        let mut flags = HashMap::new();
        for place in places {
            for facts in app.console.flags(connection, place).await? {
                flags.insert((place.clone(), facts.flag.key.clone()), facts.flag);
            }
        }
        let mut uses: HashMap<SegmentKey, Vec<SegmentUse>> = HashMap::new();
        if edits().any(|edit| matches!(edit.subject, Subject::Segment { .. })) {
            for environment in &environments {
                for facts in app.console.segments(connection, &environment.key).await? {
                    let used = facts.uses.into_iter().map(|used| SegmentUse {
                        flag: used.flag,
                        environment: Some(environment.name.clone()),
                    });
                    uses.entry(facts.segment).or_default().extend(used);
                }
            }
        }
        Ok(Surroundings {
            service,
            marks: marks(environments.iter()),
            environments,
            flags,
            uses,
        })
    }

    /// The same, lent.
    pub fn around(&self) -> Around<'_> {
        Around {
            service: self.service,
            environments: &self.environments,
            marks: &self.marks,
            flags: &self.flags,
            uses: &self.uses,
        }
    }
}

/// One change set, as it is shown.
async fn shown(app: &Halyard, id: &ChangeSetId) -> Result<ChangeSetView, WireError> {
    let connection = app.console.change_set(id).await?.set.connection;
    let sets = app.console.change_sets(&connection).await?;
    let surroundings = Surroundings::of(app, &connection, &sets).await?;
    let takes = |writes| -> Duration { app.console.time_for_writes(&connection, writes) };
    let facts = sets.iter().find(|facts| facts.set.id == *id);
    let facts = facts.ok_or_else(|| WireError::gone("the change set"))?;
    Ok(change_set_view(facts, &sets, &surroundings.around(), &takes))
}

/// Begins a change set; without a name it is called `Draft`.
#[tauri::command]
#[specta::specta]
pub async fn new_change_set(
    app: State<'_, Halyard>,
    connection: String,
    name: Option<String>,
) -> Result<ChangeSetView, WireError> {
    let name = name.unwrap_or_default();
    let set = app
        .console
        .new_change_set(&ConnectionId(connection), &name)
        .await?;
    shown(&app, &set.id).await
}

/// Gives a change set another name.
#[tauri::command]
#[specta::specta]
pub async fn rename_change_set(
    app: State<'_, Halyard>,
    change_set: String,
    name: String,
) -> Result<(), WireError> {
    app.console
        .rename_change_set(&ChangeSetId(change_set), &name)
        .await?;
    Ok(())
}

/// Gives up a change set with what is left of it.
#[tauri::command]
#[specta::specta]
pub async fn discard_change_set(app: State<'_, Halyard>, change_set: String) -> Result<(), WireError> {
    Ok(app.console.discard_change_set(&ChangeSetId(change_set)).await?)
}

/// Takes back that a change set was given up.
#[tauri::command]
#[specta::specta]
pub async fn restore_change_set(app: State<'_, Halyard>, change_set: String) -> Result<(), WireError> {
    app.console.restore_change_set(&ChangeSetId(change_set)).await?;
    Ok(())
}

/// Stages an edit, or amends the one of the same subject.
#[tauri::command]
#[specta::specta]
pub async fn stage_edit(app: State<'_, Halyard>, request: StageRequest) -> Result<StagedView, WireError> {
    let input = stage_input(&app, request).await?;
    staged(&app, &stage(&app, input).await?).await
}

/// Stages the same changes for several subjects, all or none.
#[tauri::command]
#[specta::specta]
pub async fn stage_edits(
    app: State<'_, Halyard>,
    requests: Vec<StageRequest>,
) -> Result<Vec<StagedView>, WireError> {
    stage_all(&app, requests).await
}

/// Stages several edits, all or none.
pub async fn stage_all(app: &Halyard, requests: Vec<StageRequest>) -> Result<Vec<StagedView>, WireError> {
    // What cannot be staged is found before anything is.
    let mut inputs = Vec::with_capacity(requests.len());
    for request in requests {
        inputs.push(stage_input(app, request).await?);
    }
    let mut edits: Vec<Edit> = Vec::with_capacity(inputs.len());
    for mut input in inputs {
        if let (None, Some(first)) = (&input.input.change_set, edits.first()) {
            input.input.change_set.clone_from(&first.change_set);
        }
        match stage(app, input).await {
            Ok(edit) => edits.push(edit),
            Err(error) => {
                for edit in edits {
                    app.console.discard_edit(&edit.id).await?;
                }
                return Err(error);
            }
        }
    }
    let mut views = Vec::with_capacity(edits.len());
    for edit in &edits {
        views.push(staged(app, edit).await?);
    }
    Ok(views)
}

/// A change to be staged, with what it needs to be told about.
struct Staging {
    input: StageInput,
    service: Service,
    base: Option<SubjectState>,
}

async fn stage_input(app: &Halyard, request: StageRequest) -> Result<Staging, WireError> {
    let connection = ConnectionId(request.connection);
    let environment = EnvironmentKey(request.environment);
    let subject = subject_in(request.subject);
    let ready = prepared(app, (&connection, &environment), &subject, &request.changes).await?;
    if ready.revision != request.revision {
        return Err(ConsoleError::StaleView.into());
    }
    Ok(Staging {
        service: ready.service,
        base: ready.base,
        input: StageInput {
            connection,
            environment,
            subject,
            revision: request.revision,
            changes: ready.changes,
            change_set: request.change_set.map(ChangeSetId),
        },
    })
}

async fn stage(app: &Halyard, staging: Staging) -> Result<Edit, WireError> {
    let subject = staging.input.subject.clone();
    let staged = app.console.stage(staging.input).await.map_err(WireError::from);
    staged.map_err(|error| named(error, staging.service, &subject, staging.base.as_ref()))
}

async fn staged(app: &Halyard, edit: &Edit) -> Result<StagedView, WireError> {
    let id = edit.change_set.clone();
    let id = id.ok_or_else(|| WireError::gone("the change set"))?;
    let facts = app.console.change_set(&id).await?;
    let others = facts
        .edits
        .iter()
        .filter(|other| other.edit.id != edit.id && other.edit.state != EditState::Dropped)
        .count();
    Ok(StagedView {
        edit: edit.id.0.clone(),
        sentence: words::change::staged(&facts.set.name, others),
        change_set: id.0,
    })
}

/// Changes what a staged edit asks for.
#[tauri::command]
#[specta::specta]
pub async fn amend_edit(
    app: State<'_, Halyard>,
    edit: String,
    changes: Vec<FieldEdit>,
) -> Result<(), WireError> {
    let id = EditId(edit);
    let known = app.console.known(&id).await?;
    let service = app
        .console
        .connection(&known.connection)
        .await?
        .endpoint
        .service();
    let like = known.wish.as_ref().or(known.base.as_ref());
    let changes = changes_in(service, &fields_of(like), &changes)?;
    app.console.amend(&id, &changes).await?;
    Ok(())
}

/// Whether publishing sends an edit.
#[tauri::command]
#[specta::specta]
pub async fn tick_edit(app: State<'_, Halyard>, edit: String, ticked: bool) -> Result<(), WireError> {
    app.console.tick(&EditId(edit), ticked).await?;
    Ok(())
}

/// Puts an edit at another place of its change set, the first at 0.
#[tauri::command]
#[specta::specta]
pub async fn move_edit(app: State<'_, Halyard>, edit: String, to: u32) -> Result<(), WireError> {
    app.console.move_edit(&EditId(edit), to).await?;
    Ok(())
}

/// Gives an edit up.
#[tauri::command]
#[specta::specta]
pub async fn discard_edit(app: State<'_, Halyard>, edit: String) -> Result<(), WireError> {
    app.console.discard_edit(&EditId(edit)).await?;
    Ok(())
}

/// Takes back that an edit was given up.
#[tauri::command]
#[specta::specta]
pub async fn restore_edit(app: State<'_, Halyard>, edit: String) -> Result<(), WireError> {
    app.console.restore_edit(&EditId(edit)).await?;
    Ok(())
}

/// Begins to send a change set's ticked edits.
#[tauri::command]
#[specta::specta]
pub async fn publish(
    app: State<'_, Halyard>,
    change_set: String,
    confirmed: Vec<Confirmed>,
) -> Result<(), WireError> {
    let confirmed: BTreeMap<EnvironmentKey, String> = confirmed
        .into_iter()
        .map(|one| (EnvironmentKey(one.environment), one.name))
        .collect();
    app.console.publish(&ChangeSetId(change_set), &confirmed).await?;
    Ok(())
}

/// Sends nothing more until it is resumed.
#[tauri::command]
#[specta::specta]
pub async fn hold_publishing(app: State<'_, Halyard>, change_set: String) -> Result<(), WireError> {
    app.console.hold(&ChangeSetId(change_set)).await?;
    Ok(())
}

/// Goes on sending.
#[tauri::command]
#[specta::specta]
pub async fn resume_publishing(app: State<'_, Halyard>, change_set: String) -> Result<(), WireError> {
    app.console.resume(&ChangeSetId(change_set)).await?;
    Ok(())
}

/// Ends publishing; what is not sent is staged again.
#[tauri::command]
#[specta::specta]
pub async fn cancel_publishing(app: State<'_, Halyard>, change_set: String) -> Result<(), WireError> {
    app.console.cancel_rest(&ChangeSetId(change_set)).await?;
    Ok(())
}

/// Lets a refused edit wait to be sent again, or reads the subject of one whose
/// outcome is unknown. It goes with its change set: where that stands still
/// and nothing has to be confirmed, at once.
#[tauri::command]
#[specta::specta]
pub async fn retry_edit(app: State<'_, Halyard>, edit: String) -> Result<(), WireError> {
    let id = EditId(edit);
    let known = app.console.known(&id).await?;
    if matches!(known.state, EditState::Unknown { .. }) {
        app.console.settle(&id).await?;
        return Ok(());
    }
    let staged = app.console.amend(&id, &FieldChanges::new()).await?;
    let Some(set) = staged.change_set else {
        return Ok(());
    };
    let stands = app.console.change_set(&set).await?.set.state;
    if matches!(stands, ChangeSetState::Paused(_)) {
        app.console.publish(&set, &BTreeMap::new()).await?;
    }
    Ok(())
}

/// Stages the inverse of what a change set sent, as a new change set.
#[tauri::command]
#[specta::specta]
pub async fn roll_back(app: State<'_, Halyard>, change_set: String) -> Result<ChangeSetView, WireError> {
    let set = app.console.roll_back(&ChangeSetId(change_set)).await?;
    shown(&app, &set.id).await
}

/// What a change set's ticked edits do in one environment, or would have done
/// to what it was at a moment.
#[tauri::command]
#[specta::specta]
pub async fn change_set_impact(
    app: State<'_, Halyard>,
    change_set: String,
    environment: String,
    moment: Option<String>,
) -> Result<ChangeSetImpactView, WireError> {
    let at = at_in(moment.as_deref())?;
    of_change_set(&app, &ChangeSetId(change_set), &EnvironmentKey(environment), at).await
}

/// Removes what a write that was cut off left behind.
#[tauri::command]
#[specta::specta]
pub async fn remove_leftover(app: State<'_, Halyard>, edit: String, handle: String) -> Result<(), WireError> {
    app.console.remove_leftover(&EditId(edit), &handle).await?;
    Ok(())
}
