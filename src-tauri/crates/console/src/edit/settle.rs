//! Learning what became of an edit that no answer told about.

use halyard_model::{Edit, EditId, EditState, FlagState, Snapshot, Timestamp, differences};

use super::Outcome;
use crate::{Console, ConsoleError, state::Site};

/// How long a service may still carry out a write whose connection was cut: a
/// Flagsmith worker is given up after 30 s, with room to spare.
const LATE_COMMIT_MILLIS: i64 = 60_000;

impl Console {
    /// Reads an edit's flag again to learn what became of it.
    pub async fn settle(&self, id: &EditId) -> Result<Outcome, ConsoleError> {
        let edit = self.known_edit(id).await?;
        let desk = self.desk(&edit.connection, &edit.environment).await?;
        let _turn = self.flag_turn(&desk.site, &edit.flag).await;
        // Looked at in its turn: a refresh or the write itself may have told.
        let edit = self.known_edit(id).await?;
        if !self.is_open(&edit) {
            return Ok(outcome(Box::new(edit)));
        }
        let Some(known) = self
            .inner
            .mirror
            .flag(&desk.site.0, &desk.site.1, &edit.flag)
            .await?
        else {
            return Ok(outcome(self.recorded(edit, deleted()).await?));
        };
        let reach = self
            .reach_of(desk.connection.clone(), desk.environment.clone())
            .await?;
        let asked_at = self.inner.clock.now();
        let answer = reach.provider.flag(reach.target(), &known).await?;
        let flag = self.heard(&desk.site.0, answer);
        self.inner
            .mirror
            .store_flag(&desk.site.0, &desk.site.1, &flag, asked_at)
            .await?;
        let state = settled(&edit, &flag.state, asked_at);
        if state == EditState::Confirmed {
            self.follow_edit(&edit, &flag, edit.created_at).await;
        }
        Ok(outcome(self.recorded(edit, state).await?))
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
            let found = snapshot.flags.iter().find(|flag| flag.key == edit.flag);
            let state = found.map_or_else(deleted, |flag| settled(&edit, &flag.state, snapshot.fetched_at));
            if state != edit.state {
                self.recorded(edit, state).await?;
            }
        }
        Ok(())
    }
}

fn outcome(edit: Box<Edit>) -> Outcome {
    match edit.state {
        EditState::Confirmed => Outcome::Confirmed { edit },
        EditState::Conflicted { .. } => Outcome::Conflict { edit },
        EditState::Pending | EditState::Sent | EditState::Unknown { .. } => Outcome::Unknown { edit },
        EditState::Refused { .. } | EditState::Dropped => Outcome::NotDone { edit },
    }
}

/// What becomes of an edit whose flag the service no longer has.
fn deleted() -> EditState {
    EditState::Refused {
        reason: "The flag is not there any more.".into(),
    }
}

/// What a flag's state, asked for at `asked_at`, says about an edit.
fn settled(edit: &Edit, now: &FlagState, asked_at: Timestamp) -> EditState {
    let wished = edit.change.applied_to(&edit.base);
    if differences(&wished, now).is_empty() {
        return EditState::Confirmed;
    }
    if !differences(&edit.base, now).is_empty() {
        return EditState::Conflicted {
            theirs: Box::new(now.clone()),
            already_sent: true,
        };
    }
    if asked_at.millis_since(edit.created_at) < LATE_COMMIT_MILLIS {
        let reason = "It is not there yet, and the service may still carry it out.".into();
        return EditState::Unknown { reason };
    }
    EditState::Refused {
        reason: "It was not carried out.".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use halyard_model::{Change, ConnectionId, EnvironmentKey, FlagKey, FlagValue};
    use serde_json::json;

    #[test]
    fn a_later_reading_settles_an_unknown_edit() {
        let base = FlagState::plain(false, FlagValue(json!("a")));
        let edit = Edit {
            id: EditId("1".into()),
            connection: ConnectionId("c".into()),
            environment: EnvironmentKey("e".into()),
            flag: FlagKey("f".into()),
            base: base.clone(),
            change: Change::toggle(true),
            state: EditState::Unknown {
                reason: String::new(),
            },
            created_at: Timestamp(0),
        };
        let on = Change::toggle(true).applied_to(&base);
        let other = FlagState {
            value: FlagValue(json!("b")),
            ..base.clone()
        };
        assert_eq!(settled(&edit, &on, Timestamp(5)), EditState::Confirmed);
        assert!(matches!(
            settled(&edit, &other, Timestamp(5)),
            EditState::Conflicted {
                already_sent: true,
                ..
            }
        ));
        assert!(matches!(
            settled(&edit, &base, Timestamp(59_999)),
            EditState::Unknown { .. }
        ));
        assert!(matches!(
            settled(&edit, &base, Timestamp(60_000)),
            EditState::Refused { .. }
        ));
    }
}
