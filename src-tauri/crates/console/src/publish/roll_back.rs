//! Leading a published set back.

use halyard_model::{ChangeSet, ChangeSetId, ChangeSetState, Edit, EditState, Rebased, Subject, rebase};

use crate::{Console, ConsoleError};

impl Console {
    /// Stages the inverses of what a set has published, the newest first, in a
    /// set of their own. Each rests on what its edit left: where somebody has
    /// moved on since, it is merged or shown as a conflict like any other.
    pub async fn roll_back(&self, id: &ChangeSetId) -> Result<ChangeSet, ConsoleError> {
        // Nobody knows the new set before it is whole, so no turn is needed; and a
        // refresh on the way takes one itself.
        let of = self.known_set(id).await?;
        if !matches!(of.state, ChangeSetState::Published | ChangeSetState::Paused(_)) {
            return Err(ConsoleError::Gone {
                what: "the published change set",
            });
        }
        let mut done = self.inner.mirror.edits_of_change_set(id).await?;
        done.retain(|edit| edit.state == EditState::Confirmed);
        done.sort_by_key(|edit| std::cmp::Reverse((edit.attempt.settled_at, edit.position)));
        let mut set = self.blank_set(&of.connection, &format!("Undo {}", of.name));
        set.undoes = Some(of.id);
        let mut back = Vec::with_capacity(done.len());
        for edit in done {
            let mut inverse = self.inverse(edit).await?;
            inverse.change_set = Some(set.id.clone());
            inverse.position = u32::try_from(back.len()).unwrap_or(u32::MAX);
            back.push(inverse);
        }
        if back.is_empty() {
            return Err(ConsoleError::Gone {
                what: "what was published",
            });
        }
        self.inner.mirror.save_together(&[set.clone()], &back).await?;
        self.tell_changes(&set.connection);
        Ok(set)
    }

    /// The staged edit that leads another back.
    async fn inverse(&self, edit: Edit) -> Result<Edit, ConsoleError> {
        let site = (edit.connection.clone(), edit.environment.clone());
        let subject = self.made_subject(&site, &edit.subject).await?;
        let mut inverse = self.new_edit(&site, subject, edit.wish, edit.base);
        inverse.state = EditState::Staged;
        inverse.undoes = Some(edit.id);
        if let Some(now) = self.ground(&inverse).await? {
            match rebase(&inverse, now.as_ref()) {
                Rebased::Unchanged | Rebased::AlreadyThere => {}
                Rebased::Moved(moved) => inverse = *moved,
                Rebased::Contested(_) => {
                    inverse.state = EditState::Conflicted {
                        theirs: now.map(Box::new),
                        already_sent: false,
                    };
                }
            }
        }
        Ok(inverse)
    }

    /// A subject as it is called once it has been made.
    async fn made_subject(
        &self,
        site: &crate::state::Site,
        subject: &Subject,
    ) -> Result<Subject, ConsoleError> {
        let Subject::Segment { segment } = subject else {
            return Ok(subject.clone());
        };
        let Some(name) = segment.name_to_be() else {
            return Ok(subject.clone());
        };
        let mut made = self.segment_named(site, name).await?;
        if made.is_none() {
            self.refreshed(site).await?;
            made = self.segment_named(site, name).await?;
        }
        let segment = made.ok_or(ConsoleError::Gone { what: "the segment" })?;
        Ok(Subject::Segment { segment })
    }
}
