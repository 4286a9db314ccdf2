//! What edits would do, while they are typed and once they are staged.

use halyard_console::{Draft, DraftOrigin, EnvironmentFacts, ImpactFacts, ImpactInput, LeftOut};
use halyard_model::{
    At, ChangeSetId, ConnectionId, EnvironmentKey, Fields, Flag, FlagKey, MomentId, Service, SubjectState,
    fields_of,
};
use tauri::State;

use crate::{
    app::Halyard,
    commands::prepare::{drafts, source_of},
    convert::{
        field::outward::Names,
        moment::at_in,
        shares::{change_set_impact as change_set_impact_view, impact as impact_view},
        staged::names_of,
    },
    error::WireError,
    view::*,
    words::{
        field::Place,
        foreseen::{self, When},
        impact::{self as words, notes},
        moment, outcome,
    },
};

/// What edits would do to one flag over a sample of identities; without edits,
/// who gets what now. At a moment: what they would have done then.
#[tauri::command]
#[specta::specta]
pub async fn impact(app: State<'_, Halyard>, request: ImpactRequest) -> Result<ImpactView, WireError> {
    impact_of(&app, request).await
}

/// The same, for whoever has the state.
pub async fn impact_of(app: &Halyard, request: ImpactRequest) -> Result<ImpactView, WireError> {
    let connection = ConnectionId(request.connection);
    let environment = EnvironmentKey(request.environment);
    let flag = FlagKey(request.flag);
    let edits = drafts(app, (&connection, &environment), &request.edits).await?;
    let at = At {
        connection: connection.clone(),
        environment: environment.clone(),
        moment: at_in(request.moment.as_deref())?,
    };
    // One that a staged edit makes is not there yet.
    let known = app.console.flag_at(&at, &flag).await?;
    let here = app.console.environment(&connection, &environment).await?;
    let input = ImpactInput {
        at: at.moment,
        change_set: request.change_set.map(ChangeSetId),
        connection,
        environment,
        flag: flag.clone(),
        edits: edits.clone(),
    };
    let facts = app.console.impact(input).await?;
    let mut view = shown(&facts, &edits, known.as_ref());
    let Some(moment) = at.moment else {
        return Ok(view);
    };
    view.then = Some(then(app, &here, moment, edits.len()).await?);
    // What is typed rests on what is there now, which has the names.
    let now = app.console.flag_at(&At { moment: None, ..at }, &flag).await?;
    let fields = fields_of(now.map(|now| SubjectState::FlagState(now.state)).as_ref());
    view.notes = told(&facts, &edits, known.as_ref());
    view.notes
        .extend(foreseen::sentences(&facts.notes, When::Then, |left_out| {
            typed_label(left_out, &edits, &fields)
        }));
    if facts.missing {
        view.sentence = words::missing(&flag, &here.environment.name);
    }
    Ok(view)
}

/// The answer to a question about a flag, as it is shown.
pub fn shown(facts: &ImpactFacts, edits: &[Draft], known: Option<&Flag>) -> ImpactView {
    let mut told = told(facts, edits, known);
    told.extend(foreseen::sentences(&facts.notes, When::Now, foreseen::typed));
    let overrides = known.map(|known| known.state.segment_overrides.as_slice());
    impact_view(facts, overrides.unwrap_or_default(), told)
}

fn told(facts: &ImpactFacts, edits: &[Draft], known: Option<&Flag>) -> Vec<String> {
    known.map_or_else(Vec::new, |known| notes(&facts.shares, edits, known, facts.failed))
}

/// A part of what is typed, by its name. `fields` are those of the flag's state.
fn typed_label(left_out: &LeftOut, edits: &[Draft], fields: &Fields) -> String {
    let draft = match left_out.of {
        DraftOrigin::Typed(place) => edits.get(place),
        DraftOrigin::Staged(_) => None,
    };
    match (draft, &left_out.field) {
        (Some(draft), Some(field)) => {
            let of_draft = draft.changes.iter();
            let of_draft: Fields = of_draft
                .filter_map(|(field, to)| Some((field.clone(), to.clone()?)))
                .collect();
            let names = Names::of(Service::Flagsmith, &draft.subject, &[fields, &of_draft]);
            names.label(field, Place::Change)
        }
        (Some(draft), None) => format!("What is typed for {}", outcome::name_of(&draft.subject)),
        (None, _) => foreseen::typed(left_out),
    }
}

/// The moment something was weighed against.
async fn then(
    app: &Halyard,
    here: &EnvironmentFacts,
    at: MomentId,
    edits: usize,
) -> Result<WeighedThenView, WireError> {
    Ok(WeighedThenView {
        moment: at.0.to_string(),
        source: source_of(app, here, Some(at), edits).await?,
        caution: moment::only_weighed(&here.environment.name),
    })
}

/// What a change set's ticked edits do in one environment, or would have done
/// to what it was at a moment.
pub async fn of_change_set(
    app: &Halyard,
    id: &ChangeSetId,
    environment: &EnvironmentKey,
    at: Option<MomentId>,
) -> Result<ChangeSetImpactView, WireError> {
    let found = app.console.change_set_impact(id, environment, at).await?;
    let set = app.console.change_set(id).await?;
    let connection = &set.set.connection;
    let service = app.console.connection(connection).await?.endpoint.service();
    let label = |left_out: &LeftOut| {
        let DraftOrigin::Staged(edit) = &left_out.of else {
            return foreseen::typed(left_out);
        };
        let name = names_of(std::slice::from_ref(edit), &set).concat();
        let staged = set.edits.iter().find(|other| other.edit.id == *edit);
        match (&left_out.field, staged) {
            (Some(field), Some(staged)) => {
                let edit = &staged.edit;
                let (base, wish) = (fields_of(edit.base.as_ref()), fields_of(edit.wish.as_ref()));
                let names = Names::of(service, &edit.subject, &[&base, &wish]);
                format!("{name}, {},", names.label(field, Place::Change))
            }
            _ => name,
        }
    };
    let when = at.map_or(When::Now, |_| When::Then);
    let told = foreseen::sentences(&found.notes, when, label);
    let mut view = change_set_impact_view(&found, environment, told);
    if let Some(at) = at {
        let here = app.console.environment(connection, environment).await?;
        view.then = Some(then(app, &here, at, found.laid_over).await?);
    }
    Ok(view)
}
