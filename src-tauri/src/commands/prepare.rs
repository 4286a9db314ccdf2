//! What is typed, made ready to be staged or sent.

use halyard_console::{Draft, EnvironmentFacts, PreviewInput};
use halyard_model::{
    ConnectionId, EnvironmentKey, FieldChanges, FieldPath, Fields, FlagKey, MomentId, Service, Subject,
    SubjectState, fields_of,
};

use crate::{
    app::Halyard,
    convert::{
        field::{
            beginning::{beginning, of_flag},
            changes_in,
            outward::Names,
            rows::row_of,
            subject_in,
        },
        preview,
    },
    error::WireError,
    view::{DraftEditView, FieldEdit, PreviewRequest},
    words::{field::Place, moment, source, time::Clock},
};

/// Changes with what they rest on.
pub struct Prepared {
    /// The service.
    pub service: Service,
    /// Names the state that the mirror holds.
    pub revision: String,
    /// What the subject is, or is staged to become.
    pub base: Option<SubjectState>,
    /// The changes.
    pub changes: FieldChanges,
}

/// Changes of a subject, inwards. Where they make it, they begin with what it
/// was shown to begin with.
pub async fn prepared(
    app: &Halyard,
    (connection, environment): (&ConnectionId, &EnvironmentKey),
    subject: &Subject,
    edits: &[FieldEdit],
) -> Result<Prepared, WireError> {
    let service = app.console.connection(connection).await?.endpoint.service();
    let facts = app.console.subject(connection, environment, subject).await?;
    let staged = facts.staged.is_some();
    let revision = facts.revision.clone();
    let base = if staged {
        facts.wished().cloned()
    } else {
        facts.state
    };
    let begins = match &base {
        Some(_) => Fields::new(),
        None => begins(app, service, connection, environment, subject).await,
    };
    let mut changes = match &base {
        Some(_) => changes_in(service, &fields_of(base.as_ref()), edits)?,
        None => changes_in(service, &begins, edits)?,
    };
    let deletes = changes.get(&FieldPath::Existence) == Some(&None);
    if !staged && !deletes {
        for (field, value) in begins {
            changes.entry(field).or_insert(Some(value));
        }
    }
    Ok(Prepared {
        service,
        revision,
        base,
        changes,
    })
}

/// Changes that are considered, inwards. What is staged counts as known, so
/// that shares can be typed into it.
pub async fn drafts(
    app: &Halyard,
    (connection, environment): (&ConnectionId, &EnvironmentKey),
    edits: &[DraftEditView],
) -> Result<Vec<Draft>, WireError> {
    let service = app.console.connection(connection).await?.endpoint.service();
    let mut drafts = Vec::with_capacity(edits.len());
    for edit in edits {
        let subject = subject_in(edit.subject.clone());
        // Traits would be asked of the service, and their changes need no base.
        let known = match &subject {
            Subject::Traits { .. } => Fields::new(),
            subject => {
                let facts = app.console.subject(connection, environment, subject).await?;
                fields_of(facts.wished().or(facts.state.as_ref()))
            }
        };
        let changes = changes_in(service, &known, &edit.changes)?;
        drafts.push(Draft { subject, changes });
    }
    Ok(drafts)
}

/// A preview as asked for, inwards.
pub async fn preview_input(app: &Halyard, request: &PreviewRequest) -> Result<PreviewInput, WireError> {
    let (connection, environment) = (
        ConnectionId(request.connection.clone()),
        EnvironmentKey(request.environment.clone()),
    );
    let edits = drafts(app, (&connection, &environment), &request.edits).await?;
    preview::input(request, edits)
}

/// What is evaluated, in a sentence: an environment now or at a moment, and
/// how many edits are laid over it.
pub async fn source_of(
    app: &Halyard,
    facts: &EnvironmentFacts,
    at: Option<MomentId>,
    edits: usize,
) -> Result<String, WireError> {
    let environment = &facts.environment.name;
    let Some(at) = at else {
        return Ok(source::mirror(environment, edits));
    };
    let moment = app.console.moment(at).await?;
    Ok(moment::as_it_was(
        &moment,
        environment,
        edits,
        app.console.now(),
        &Clock::local(),
    ))
}

/// What a subject begins with that does not exist yet.
pub async fn begins(
    app: &Halyard,
    service: Service,
    connection: &ConnectionId,
    environment: &EnvironmentKey,
    subject: &Subject,
) -> Fields {
    match subject {
        Subject::IdentityOverride { flag, .. } => {
            let state = flag_state(app, connection, environment, flag).await;
            of_flag(state.as_ref())
        }
        other => beginning(service, other),
    }
}

async fn flag_state(
    app: &Halyard,
    connection: &ConnectionId,
    environment: &EnvironmentKey,
    flag: &FlagKey,
) -> Option<SubjectState> {
    let found = app.console.flag(connection, environment, flag).await;
    found.ok().map(|facts| facts.flag.state.into())
}

/// An error with the names of the fields that the service's words are about.
pub fn named(
    mut error: WireError,
    service: Service,
    subject: &Subject,
    base: Option<&SubjectState>,
) -> WireError {
    let fields = fields_of(base);
    let names = Names::of(service, subject, &[&fields]);
    for said in &mut error.said {
        let path: Option<FieldPath> = said.field.as_deref().and_then(|field| field.parse().ok());
        if let Some(path) = path {
            said.label = Some(names.label(&path, Place::Change));
            said.field = Some(row_of(&path));
        }
    }
    error
}
