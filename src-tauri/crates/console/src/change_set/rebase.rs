//! What becomes of a staged edit when somebody else changes its subject.

use halyard_model::{ChangeSetState, Edit, EditState, Rebased, Scope, Subject, SubjectState, merge, rebase};

use super::Ground;
use crate::{Console, ConsoleError, state::Site};

/// How many rounds of conflicts are gone through without a look at the whole.
pub(crate) const MOST_ROUNDS: u32 = 20;

impl Console {
    /// How an edit stands to what the mirror holds now.
    pub(super) async fn ground_of(&self, edit: &Edit) -> Result<Ground, ConsoleError> {
        let now = match &edit.state {
            EditState::Conflicted { theirs, .. } => {
                let theirs = theirs.as_deref();
                let merge = merge(edit.base.as_ref(), edit.wish.as_ref(), theirs);
                return Ok(Ground::Contested(merge));
            }
            EditState::Staged | EditState::Refused(_) | EditState::Pending => self.ground(edit).await?,
            _ => return Ok(Ground::Past),
        };
        let Some(now) = now else {
            return Ok(Ground::Firm);
        };
        Ok(match rebase(edit, now.as_ref()) {
            Rebased::Unchanged => Ground::Firm,
            Rebased::AlreadyThere => Ground::AlreadyThere,
            Rebased::Moved(_) => Ground::Moved(merge(edit.base.as_ref(), edit.wish.as_ref(), now.as_ref())),
            Rebased::Contested(merge) => Ground::Contested(merge),
        })
    }

    /// What the mirror holds of an edit's subject; `None` where the mirror
    /// cannot tell.
    pub(crate) async fn ground(&self, edit: &Edit) -> Result<Option<Option<SubjectState>>, ConsoleError> {
        let site = (edit.connection.clone(), edit.environment.clone());
        let held = self.held(&site, &edit.subject).await?;
        if held.state.is_some() {
            return Ok(Some(held.state));
        }
        // What is about to be made rests on nothing, or on what another edit
        // makes; traits that were not read yet say nothing.
        let made_by_another = edit.attempt.tries == 0 && edit.base.is_some() && self.is_made(edit).await?;
        let unread = matches!(edit.subject, Subject::Traits { .. });
        if unread || made_by_another || self.document_missing(&site).await? {
            return Ok(None);
        }
        Ok(Some(None))
    }

    /// Whether another edit of its set makes its subject's flag.
    async fn is_made(&self, edit: &Edit) -> Result<bool, ConsoleError> {
        let (Some(set), Some(flag)) = (&edit.change_set, edit.flag()) else {
            return Ok(false);
        };
        let others = self.inner.mirror.edits_of_change_set(set).await?;
        Ok(others.iter().any(|other| {
            matches!(&other.subject, Subject::Flag { flag: made } if made == flag)
                && other.base.is_none()
                && other.id != edit.id
        }))
    }

    /// The state in which an edit of a set waits: pending where it was said to
    /// be sent.
    pub(crate) async fn waiting_state(&self, edit: &Edit) -> Result<EditState, ConsoleError> {
        let Some(set) = &edit.change_set else {
            return Ok(EditState::Pending);
        };
        let set = self.known_set(set).await?;
        Ok(match set.state {
            ChangeSetState::Publishing | ChangeSetState::Paused(_) => EditState::Pending,
            _ => EditState::Staged,
        })
    }

    async fn document_missing(&self, site: &Site) -> Result<bool, ConsoleError> {
        Ok(self
            .inner
            .mirror
            .snapshot_facts(&site.0, &site.1)
            .await?
            .is_none())
    }

    /// After a refresh: staged edits go on from what it brought, or are shown
    /// as conflicts; conflicts before sending follow what the others hold.
    pub(crate) async fn rebase_staged(&self, site: &Site) -> Result<(), ConsoleError> {
        let _turn = self.inner.change_turn.lock().await;
        let mut moved = Vec::new();
        let mut freed = Vec::new();
        for mut edit in self.staged_edits(&site.0).await? {
            let here = edit.environment == site.1 || edit.subject.scope() == Scope::Project;
            let was_sent = matches!(
                edit.state,
                EditState::Conflicted {
                    already_sent: true,
                    ..
                }
            );
            if !here || was_sent {
                continue;
            }
            // Decided in one environment, held by all: the mirror of its own is
            // what it rests on.
            let Some(now) = self.ground(&edit).await? else {
                continue;
            };
            let before = edit.clone();
            let conflicted = matches!(edit.state, EditState::Conflicted { .. });
            match rebase(&edit, now.as_ref()) {
                Rebased::Unchanged | Rebased::AlreadyThere if conflicted => freed.push(edit.id.clone()),
                Rebased::Unchanged | Rebased::AlreadyThere => {}
                Rebased::Moved(moved) => {
                    edit = *moved;
                    if conflicted {
                        freed.push(edit.id.clone());
                    }
                }
                Rebased::Contested(_) => {
                    edit.state = EditState::Conflicted {
                        theirs: now.map(Box::new),
                        already_sent: false,
                    };
                }
            }
            if freed.contains(&edit.id) {
                edit.state = self.waiting_state(&edit).await?;
            }
            if edit != before {
                moved.push(edit);
            }
        }
        if !moved.is_empty() {
            self.inner.mirror.save_together(&[], &moved).await?;
            self.tell_changes(&site.0);
        }
        Ok(())
    }
}
