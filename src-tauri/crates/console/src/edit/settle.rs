//! Learning what became of an edit that no answer told about.

use halyard_model::{
    Edit, EditId, EditState, Refusal, Snapshot, Subject, SubjectState, Timestamp, changed_fields,
};

use super::{Desk, Outcome};
use crate::{Console, ConsoleError, state::Site};

/// How long a service may still carry out a write whose connection was cut: a
/// Flagsmith worker is given up after 30 s, with room to spare.
const LATE_COMMIT_MILLIS: i64 = 60_000;

impl Console {
    /// Reads an edit's subject again to learn what became of it.
    pub async fn settle(&self, id: &EditId) -> Result<Outcome, ConsoleError> {
        let edit = self.known_edit(id).await?;
        let desk = self.desk(&edit.connection, &edit.environment).await?;
        let _turn = self.subject_turn(&desk.site, &edit.subject).await;
        // Looked at in its turn: a refresh or the write itself may have told.
        let edit = self.known_edit(id).await?;
        if !self.is_open(&edit) {
            return Ok(outcome(Box::new(edit)));
        }
        let outcome = self.read_again(&desk, edit).await?;
        self.set_goes_on(edit_in(&outcome).change_set.as_ref()).await?;
        Ok(outcome)
    }

    /// Reads an edit's subject and records what that says of it. The caller has
    /// the subject's turn.
    pub(crate) async fn read_again(&self, desk: &Desk, edit: Edit) -> Result<Outcome, ConsoleError> {
        let known = match edit.flag() {
            Some(flag) => {
                let known = self.inner.mirror.flag(&desk.site.0, &desk.site.1, flag).await?;
                let is_state = !matches!(edit.subject, Subject::Flag { .. });
                if known.is_none() && is_state {
                    return Ok(outcome(self.recorded(edit, deleted()).await?));
                }
                known
            }
            None => None,
        };
        let reach = self
            .reach_of(desk.connection.clone(), desk.environment.clone())
            .await?;
        let asked_at = self.inner.clock.now();
        let answer = reach
            .provider
            .read(reach.target(), &edit.subject, known.as_ref())
            .await?;
        let found = self.heard(&desk.site.0, answer);
        if let Some(flag) = found.flag.as_deref() {
            self.inner
                .mirror
                .store_flag(&desk.site.0, &desk.site.1, flag, asked_at)
                .await?;
        }
        self.keep_asked(&desk.site, &edit.subject, Some(&found), asked_at);
        let state = settled(&edit, found.state.as_ref(), asked_at);
        if let (EditState::Confirmed, Some(flag)) = (&state, found.flag.as_deref()) {
            let sent_at = edit.attempt.sent_at.unwrap_or(edit.created_at);
            self.follow_edit(&edit, flag, sent_at).await;
        }
        let edit = self.settled_at(edit, asked_at).await?;
        Ok(outcome(self.recorded(edit, state).await?))
    }

    /// Notes that a reading told, or did not, what became of an edit.
    async fn settled_at(&self, mut edit: Edit, moment: Timestamp) -> Result<Edit, ConsoleError> {
        edit.attempt.settled_at = Some(moment);
        edit.attempt.doubtful = true;
        self.inner.mirror.set_attempt(&edit.id, &edit.attempt).await?;
        Ok(edit)
    }

    /// Whether only a reading can tell what became of an edit: its outcome is
    /// unknown, or it was being sent by a call that has since been given up.
    fn is_open(&self, edit: &Edit) -> bool {
        match edit.state {
            EditState::Unknown { .. } => true,
            EditState::Sent => !self.volatile().sending.contains(&edit.id),
            _ => false,
        }
    }

    /// Settles the open edits of an environment by a snapshot of it.
    pub(crate) async fn settle_by_snapshot(
        &self,
        site: &Site,
        snapshot: &Snapshot,
    ) -> Result<(), ConsoleError> {
        for edit in self.inner.mirror.open_edits(Some(&site.0)).await? {
            // A snapshot begun before the edit says nothing about it.
            if edit.environment != site.1 || snapshot.fetched_at <= edit.created_at || !self.is_open(&edit) {
                continue;
            }
            let Subject::FlagState { flag: key } = &edit.subject else {
                continue;
            };
            let found = snapshot.flags.iter().find(|flag| flag.key == *key);
            let state = found.map_or_else(deleted, |flag| {
                let now = SubjectState::FlagState(flag.state.clone());
                settled(&edit, Some(&now), snapshot.fetched_at)
            });
            if state == edit.state {
                continue;
            }
            if let (EditState::Confirmed, Some(flag)) = (&state, found) {
                let sent_at = edit.attempt.sent_at.unwrap_or(edit.created_at);
                self.follow_edit(&edit, flag, sent_at).await;
            }
            let edit = self.settled_at(edit, snapshot.fetched_at).await?;
            let edit = self.recorded(edit, state).await?;
            self.set_goes_on(edit.change_set.as_ref()).await?;
        }
        Ok(())
    }
}

fn edit_in(outcome: &Outcome) -> &Edit {
    match outcome {
        Outcome::Confirmed { edit }
        | Outcome::AlreadyThere { edit }
        | Outcome::Conflict { edit }
        | Outcome::Unknown { edit }
        | Outcome::NotDone { edit }
        | Outcome::Staged { edit } => edit,
    }
}

fn outcome(edit: Box<Edit>) -> Outcome {
    match edit.state {
        EditState::Confirmed => Outcome::Confirmed { edit },
        EditState::Conflicted { .. } => Outcome::Conflict { edit },
        EditState::Pending | EditState::Sent | EditState::Unknown { .. } => Outcome::Unknown { edit },
        EditState::Staged | EditState::Refused(_) | EditState::Dropped => Outcome::NotDone { edit },
    }
}

/// What becomes of an edit whose flag the service no longer has.
fn deleted() -> EditState {
    EditState::Refused(Refusal::because("The flag is not there any more."))
}

/// What a subject's state, asked for at `asked_at`, says about an edit.
fn settled(edit: &Edit, now: Option<&SubjectState>, asked_at: Timestamp) -> EditState {
    if changed_fields(edit.wish.as_ref(), now).is_empty() {
        return EditState::Confirmed;
    }
    if !changed_fields(edit.base.as_ref(), now).is_empty() {
        return EditState::Conflicted {
            theirs: now.cloned().map(Box::new),
            already_sent: true,
        };
    }
    let sent_at = edit.attempt.sent_at.unwrap_or(edit.created_at);
    if asked_at.millis_since(sent_at) < LATE_COMMIT_MILLIS {
        let reason = "It is not there yet, and the service may still carry it out.".into();
        return EditState::Unknown { reason };
    }
    EditState::Refused(Refusal::because("It was not carried out."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use halyard_model::{Change, ConnectionId, EnvironmentKey, FlagKey, FlagState, FlagValue};
    use serde_json::json;

    #[test]
    fn a_later_reading_settles_an_unknown_edit() {
        let base = FlagState::plain(false, FlagValue(json!("a")));
        let on = SubjectState::FlagState(Change::toggle(true).applied_to(&base));
        let other = SubjectState::FlagState(FlagState {
            value: FlagValue(json!("b")),
            ..base.clone()
        });
        let base = SubjectState::FlagState(base);
        let site = (ConnectionId("c".into()), EnvironmentKey("e".into()));
        let subject = Subject::state_of(&FlagKey("f".into()));
        let states = (Some(base.clone()), Some(on.clone()));
        let mut edit = Edit::new(EditId("1".into()), site, subject, states, Timestamp(0));
        edit.attempt.sent_at = Some(Timestamp(1_000));
        let settled = |now, at| settled(&edit, Some(now), Timestamp(at));
        assert_eq!(settled(&on, 5), EditState::Confirmed);
        assert!(matches!(
            settled(&other, 5),
            EditState::Conflicted {
                already_sent: true,
                ..
            }
        ));
        // It counts from when it was sent.
        assert!(matches!(settled(&base, 60_999), EditState::Unknown { .. }));
        assert!(matches!(settled(&base, 61_000), EditState::Refused(_)));
    }
}
