//! Edits of change sets.

use std::collections::HashMap;

use halyard_console::{ChangeSetFacts, Ground, PublishProgress, StagedFacts};
use halyard_model::{
    Edit, EditId, EditState, Environment, EnvironmentKey, Facts, Flag, FlagKey, FlagState, FlagValue,
    Refusal, Said, Scope, SegmentKey, SegmentUse, Service, Subject, SubjectState, ValueKind, fields_of,
    warnings,
};

use super::{
    count,
    field::{
        outward::Names,
        rows::{changes, row_of},
        subject as subject_view,
    },
    seconds,
};
use crate::{
    view::*,
    words::{self, field::Place},
};

/// What stands around the edits of a connection.
pub struct Around<'a> {
    /// The service.
    pub service: Service,
    /// The environments, in the connection's order.
    pub environments: &'a [Environment],
    /// Their marks, in the same order.
    pub marks: &'a [MarkView],
    /// The flags of the environments that edits are in.
    pub flags: &'a HashMap<(EnvironmentKey, FlagKey), Flag>,
    /// Where the segments are used that edits are about.
    pub uses: &'a HashMap<SegmentKey, Vec<SegmentUse>>,
}

impl Around<'_> {
    /// An environment with its mark.
    pub fn environment(&self, key: &EnvironmentKey) -> Option<(&Environment, MarkView)> {
        let place = self.environments.iter().position(|one| one.key == *key)?;
        Some((self.environments.get(place)?, *self.marks.get(place)?))
    }
}

/// One edit of a change set.
pub fn edit(staged: &StagedFacts, set: &ChangeSetFacts, around: &Around<'_>) -> EditView {
    let edit = &staged.edit;
    let name = words::outcome::name(edit);
    let here = around.environment(&edit.environment);
    EditView {
        id: edit.id.0.clone(),
        environment: edit.environment.0.clone(),
        environment_name: here.map_or_else(|| edit.environment.0.clone(), |(here, _)| here.name.clone()),
        mark: here.map_or(MarkView::Development, |(_, mark)| mark),
        subject: subject_view(&edit.subject),
        icon: icon(edit, around),
        verb: verb(edit),
        everywhere: edit.subject.scope() == Scope::Project,
        fields: changes(
            around.service,
            &edit.subject,
            edit.base.as_ref(),
            edit.wish.as_ref(),
        ),
        status: status(staged, set, around.service),
        ticked: edit.ticked,
        warnings: heed(staged, set, around, &name),
        problems: faults(edit, around.service),
        leftovers: staged
            .leftovers
            .iter()
            .map(|leftover| LeftoverView {
                handle: leftover.handle.clone(),
                sentence: words::change::leftover(leftover, &name),
            })
            .collect(),
        name,
        rounds: edit.rounds,
        can_undo: edit.state == EditState::Confirmed,
    }
}

fn verb(edit: &Edit) -> EditVerbView {
    match (&edit.base, &edit.wish) {
        (None, _) => EditVerbView::Create,
        (Some(_), None) => EditVerbView::Delete,
        _ => EditVerbView::Change,
    }
}

/// What stands before a flag's name.
pub fn icon_of_flag(state: &FlagState) -> SubjectIconView {
    of_flag(!state.variants.is_empty(), &state.value)
}

fn of_flag(multivariate: bool, value: &FlagValue) -> SubjectIconView {
    match (multivariate, value.kind()) {
        (true, _) => SubjectIconView::Multivariate,
        (_, ValueKind::None | ValueKind::Boolean) => SubjectIconView::Boolean,
        (_, ValueKind::Text) => SubjectIconView::Text,
        (_, ValueKind::Number) => SubjectIconView::Number,
        (_, ValueKind::Json) => SubjectIconView::Json,
    }
}

fn icon(edit: &Edit, around: &Around<'_>) -> SubjectIconView {
    if let Some(flag) = edit.flag()
        && let Some(known) = around.flags.get(&(edit.environment.clone(), flag.clone()))
    {
        return icon_of_flag(&known.state);
    }
    match (&edit.subject, edit.wish.as_ref().or(edit.base.as_ref())) {
        (Subject::Segment { .. }, _) => SubjectIconView::Segment,
        (Subject::Traits { .. }, _) => SubjectIconView::Identity,
        (Subject::Config { .. }, _) => SubjectIconView::Config,
        (_, Some(SubjectState::FlagState(state))) => icon_of_flag(state),
        (_, Some(SubjectState::IdentityOverride(own))) => of_flag(!own.variants.is_empty(), &own.value),
        (_, Some(SubjectState::Flag(flag))) => of_flag(!flag.options.is_empty(), &flag.value),
        _ => SubjectIconView::Boolean,
    }
}

fn status(staged: &StagedFacts, set: &ChangeSetFacts, service: Service) -> EditStatusView {
    let edit = &staged.edit;
    let waits = set
        .progress
        .as_ref()
        .filter(|progress| is_waiting(edit, set, progress));
    match &edit.state {
        EditState::Pending | EditState::Sent if waits.is_some() => EditStatusView::Waiting {
            sentence: words::change::waiting(edit.attempt.tries),
            until: waits.and_then(|progress| progress.waits_until).map(seconds),
        },
        EditState::Staged => match &staged.ground {
            Ground::Contested(merge) => EditStatusView::Behind {
                contested: count(merge.contested().len()),
            },
            _ => EditStatusView::Staged,
        },
        EditState::Pending => EditStatusView::Queued,
        EditState::Sent => EditStatusView::Sending,
        EditState::Confirmed => {
            let at = edit.attempt.settled_at.unwrap_or(edit.created_at);
            let millis = edit.attempt.sent_at.map_or(0, |sent| at.millis_since(sent));
            EditStatusView::Sent {
                at: seconds(at),
                millis: u32::try_from(millis).unwrap_or(u32::MAX),
            }
        }
        EditState::Conflicted { already_sent, .. } => EditStatusView::Conflict {
            contested: match &staged.ground {
                Ground::Contested(merge) | Ground::Moved(merge) => count(merge.contested().len()),
                _ => 0,
            },
            already_sent: *already_sent,
        },
        EditState::Refused(refused) => EditStatusView::Refused {
            refusal: refusal(refused, edit, service),
        },
        EditState::Unknown { reason } => EditStatusView::Unknown {
            sentence: reason.clone(),
        },
        EditState::Dropped => EditStatusView::Discarded,
    }
}

/// While the service asks for patience, the edit whose turn it is waits and
/// those behind it stand in the queue.
fn is_waiting(edit: &Edit, set: &ChangeSetFacts, progress: &PublishProgress) -> bool {
    let turn: Option<&EditId> = progress.sending.as_ref().or_else(|| set.sequence.first());
    progress.waits_until.is_some() && turn == Some(&edit.id)
}

/// Why an edit was not carried out, with the names of its fields.
pub fn refusal(refusal: &Refusal, edit: &Edit, service: Service) -> RefusalView {
    RefusalView {
        sentence: refusal.reason.clone(),
        cause: refusal.cause.clone(),
        next_step: refusal.next_step.clone(),
        said: said(&refusal.said, edit, service),
    }
}

/// A service's words beside the fields of an edit that they are about.
pub fn said(said: &[Said], edit: &Edit, service: Service) -> Vec<SaidView> {
    let (before, after) = (fields_of(edit.base.as_ref()), fields_of(edit.wish.as_ref()));
    let names = Names::of(service, &edit.subject, &[&before, &after]);
    said.iter()
        .map(|one| SaidView {
            field: one.field.as_ref().map(row_of),
            label: one.field.as_ref().map(|path| names.label(path, Place::Change)),
            words: one.words.clone(),
        })
        .collect()
}

fn faults(edit: &Edit, service: Service) -> Vec<SaidView> {
    let found: Vec<Said> = edit
        .problems()
        .into_iter()
        .map(|problem| Said {
            words: words::problem::problem(&problem.kind),
            field: Some(problem.field),
        })
        .collect();
    said(&found, edit, service)
}

/// What to know before an edit is sent; nothing once it is on its way.
fn heed(staged: &StagedFacts, set: &ChangeSetFacts, around: &Around<'_>, name: &str) -> Vec<String> {
    let edit = &staged.edit;
    let mut told = Vec::new();
    let waits = matches!(
        edit.state,
        EditState::Staged | EditState::Pending | EditState::Refused(_) | EditState::Conflicted { .. }
    );
    if !waits {
        return told;
    }
    match &staged.ground {
        Ground::AlreadyThere => told.push(words::change::ALREADY_THERE.to_owned()),
        Ground::Moved(_) => told.push(words::change::moved(name)),
        Ground::Firm | Ground::Contested(_) | Ground::Past => {}
    }
    told.extend(foreseen(edit, around));
    if !staged.waits_for.is_empty() {
        told.push(words::change::waits_for(&names_of(&staged.waits_for, set)));
    }
    told
}

fn foreseen(edit: &Edit, around: &Around<'_>) -> Vec<String> {
    let Some((here, _)) = around.environment(&edit.environment) else {
        return Vec::new();
    };
    let environments: Vec<String> = around.environments.iter().map(|one| one.name.clone()).collect();
    let flag = edit
        .flag()
        .and_then(|flag| around.flags.get(&(edit.environment.clone(), flag.clone())));
    let uses = match &edit.subject {
        Subject::Segment { segment } => around.uses.get(segment).map(Vec::as_slice),
        _ => None,
    };
    let facts = Facts {
        service: around.service,
        requires_change_requests: here.requires_change_requests,
        flag,
        definition: None,
        environments: &environments,
        uses: uses.unwrap_or_default(),
    };
    let (before, after) = (fields_of(edit.base.as_ref()), fields_of(edit.wish.as_ref()));
    let names = Names::of(around.service, &edit.subject, &[&before, &after]);
    warnings(edit, &facts)
        .iter()
        .map(|warning| words::heed::sentence(warning, &here.name, |path| names.label(path, Place::Change)))
        .collect()
}

/// Edits of a set by what they are about.
pub fn names_of(ids: &[EditId], set: &ChangeSetFacts) -> Vec<String> {
    set.edits
        .iter()
        .filter(|other| ids.contains(&other.edit.id))
        .map(|other| words::outcome::name(&other.edit))
        .collect()
}
