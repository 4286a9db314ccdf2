//! Conflicts as data, and deciding them field by field.

use std::collections::BTreeMap;

use halyard_model::{
    ChangeSet, ChangeSetState, Choice, Edit, EditId, EditState, FieldPath, Merge, SubjectState, Timestamp,
    Unmerged, merge,
};

use super::{Desk, Outcome, bad_field, check_confirmed, check_writable};
use crate::{Console, ConsoleError, change_set::MOST_ROUNDS};

/// A conflict with its three sides.
#[derive(Clone, Debug)]
pub struct ConflictFacts {
    /// The edit: its base and its wish are two of the sides.
    pub edit: Edit,
    /// The third: what the service holds; `None` where it holds none any more.
    pub theirs: Option<SubjectState>,
    /// What the mirror holds by now, which may be newer than theirs.
    pub now: Option<SubjectState>,
    /// The edit had been sent when the other change was seen.
    pub already_sent: bool,
    /// The three sides merged, field by field.
    pub merge: Merge,
    /// How many rounds are left before a refresh is asked for.
    pub rounds_left: u32,
    /// The change set it is part of.
    pub change_set: Option<ChangeSet>,
    /// Who made the other change, as far as the audit log has told by now.
    pub by: Option<String>,
}

impl Console {
    /// A conflict as it stands.
    ///
    /// [`ConsoleError::Gone`] where the edit is in none, or no longer.
    pub async fn conflict(&self, id: &EditId) -> Result<ConflictFacts, ConsoleError> {
        let edit = self.known_edit(id).await?;
        let EditState::Conflicted { theirs, already_sent } = &edit.state else {
            return Err(ConsoleError::Gone { what: "the conflict" });
        };
        let site = (edit.connection.clone(), edit.environment.clone());
        let change_set = match &edit.change_set {
            Some(set) => Some(self.known_set(set).await?),
            None => None,
        };
        let theirs = theirs.as_deref().cloned();
        Ok(ConflictFacts {
            merge: merge(edit.base.as_ref(), edit.wish.as_ref(), theirs.as_ref()),
            now: self.held(&site, &edit.subject).await?.state,
            already_sent: *already_sent,
            rounds_left: MOST_ROUNDS.saturating_sub(edit.rounds),
            theirs,
            change_set,
            by: self.author_of_conflict(&edit),
            edit,
        })
    }

    /// Settles a conflict as decided: what is contested by the choices, the
    /// rest as it was merged. The merged state rests on theirs, and is sent
    /// under that precondition: at once, or with the change set it is part of
    /// ([`Outcome::Staged`]). Another change in between is another round.
    ///
    /// [`ConsoleError::Input`] where something contested is not decided;
    /// [`ConsoleError::StaleView`] after too many rounds without a refresh.
    pub async fn resolve_fields(
        &self,
        id: &EditId,
        choices: &BTreeMap<FieldPath, Choice>,
        confirmed: Option<&str>,
    ) -> Result<Outcome, ConsoleError> {
        let edit = self.known_edit(id).await?;
        let desk = self.desk(&edit.connection, &edit.environment).await?;
        let _turn = self.subject_turn(&desk.site, &edit.subject).await;
        // Looked at in its turn: a second click finds the conflict settled.
        let edit = self.known_edit(id).await?;
        self.decide(&desk, edit, choices, confirmed).await
    }

    /// As [`Console::resolve_fields`], with mine wherever it is contested.
    pub(super) async fn decide_mine(
        &self,
        desk: &Desk,
        edit: Edit,
        confirmed: Option<&str>,
    ) -> Result<Outcome, ConsoleError> {
        let EditState::Conflicted { theirs, .. } = &edit.state else {
            return Err(ConsoleError::Gone { what: "the conflict" });
        };
        let merge = merge(edit.base.as_ref(), edit.wish.as_ref(), theirs.as_deref());
        let choices = merge
            .contested()
            .into_iter()
            .map(|field| (field, Choice::Mine))
            .collect();
        self.decide(desk, edit, &choices, confirmed).await
    }

    async fn decide(
        &self,
        desk: &Desk,
        edit: Edit,
        choices: &BTreeMap<FieldPath, Choice>,
        confirmed: Option<&str>,
    ) -> Result<Outcome, ConsoleError> {
        let EditState::Conflicted { theirs, .. } = &edit.state else {
            return Err(ConsoleError::Gone { what: "the conflict" });
        };
        let theirs = theirs.as_deref().cloned();
        let merged = merge(edit.base.as_ref(), edit.wish.as_ref(), theirs.as_ref()).decided(choices);
        let wish = merged.state(&edit.subject, theirs.as_ref()).map_err(undecided)?;
        if edit.rounds >= MOST_ROUNDS && !self.refreshed_since(desk, edit.attempt.settled_at).await? {
            return Err(ConsoleError::StaleView);
        }
        let mut again = edit.clone();
        again.base = theirs;
        again.wish = wish;
        again.rounds += 1;
        if let Some(set) = &edit.change_set {
            let sent_soon = self.known_set(set).await?.state != ChangeSetState::Open;
            if sent_soon {
                check_writable(&desk.environment)?;
                check_confirmed(&desk.environment, confirmed)?;
            }
            return self.back_into_set(again).await;
        }
        check_writable(&desk.environment)?;
        check_confirmed(&desk.environment, confirmed)?;
        again.state = EditState::Pending;
        match self.write_down_and_send(desk, again).await {
            // Nothing was changed: the conflict stays as it was.
            Err(error @ ConsoleError::Service(_)) => {
                self.inner.mirror.save_edit(&edit).await?;
                Err(error)
            }
            other => other,
        }
    }

    /// A decided edit waits in its set again, which goes on.
    async fn back_into_set(&self, mut edit: Edit) -> Result<Outcome, ConsoleError> {
        let turn = self.inner.change_turn.lock().await;
        let now = self.known_edit(&edit.id).await?;
        if !matches!(now.state, EditState::Conflicted { .. }) {
            return Err(ConsoleError::Gone { what: "the conflict" });
        }
        (edit.position, edit.ticked) = (now.position, now.ticked);
        edit.state = self.waiting_state(&edit).await?;
        self.inner.mirror.save_edit(&edit).await?;
        drop(turn);
        self.tell_changes(&edit.connection);
        self.tell_environment(&(edit.connection.clone(), edit.environment.clone()));
        self.set_goes_on(edit.change_set.as_ref()).await?;
        Ok(Outcome::Staged { edit: Box::new(edit) })
    }

    /// Whether the whole environment was read after a moment.
    async fn refreshed_since(&self, desk: &Desk, moment: Option<Timestamp>) -> Result<bool, ConsoleError> {
        let (connection, environment) = &desk.site;
        let status = self.inner.mirror.fetch_status(connection, environment).await?;
        Ok(status.checked_at > moment)
    }
}

fn undecided(unmerged: Unmerged) -> ConsoleError {
    match unmerged {
        Unmerged::Contested(fields) => {
            let fields: Vec<String> = fields.iter().map(ToString::to_string).collect();
            ConsoleError::Input {
                field: "choices",
                sentence: format!("Not decided yet: {}.", fields.join(", ")),
            }
        }
        Unmerged::Bad(bad) => bad_field(bad),
    }
}
