//! What became of a write, as a read afterwards shows it.

use halyard_model::{FieldPath, Said, SubjectState};

use super::plan::{Plan, Request};
use super::{Job, audit};
use crate::edgeflags::content::{differing, holds};
use crate::edgeflags::definition::{self, differing_members, evaluates_to};
use crate::edgeflags::read::Fresh;
use crate::edgeflags::subject::Part;
use crate::edgeflags::wire::{Item, SEGMENTS};
use crate::{Failure, FailureKind, WriteOutcome};

/// A write on its way.
pub(super) struct Attempt<'a> {
    pub(super) job: Job<'a>,
    pub(super) before: Fresh,
    pub(super) plan: Plan,
}

impl Attempt<'_> {
    /// Whether a reading shows what was sent, whole.
    fn shows_what_was_sent(&self, now: &Fresh) -> bool {
        match self.plan.request {
            Request::Delete => now.item.is_none(),
            Request::Create => self.shows_creation(now),
            Request::Change if self.plan.is_whole => self.shows_definition(now),
            Request::Change | Request::Own(_) | Request::Inherit(_) => self.shows_part(now),
        }
    }

    fn shows_definition(&self, now: &Fresh) -> bool {
        let Some(item) = &now.item else { return false };
        let differing = differing_members(&self.plan.body, &item.definition);
        if !differing.is_empty() {
            tracing::warn!(
                members = differing.len(),
                "the definition differs from what was sent"
            );
        }
        differing.is_empty()
            && self
                .expected()
                .is_none_or(|state| is_same(&state, now.state.as_ref()))
    }

    /// The state that the complete definition leads to.
    fn expected(&self) -> Option<SubjectState> {
        let item = Item {
            key: self.job.place.key.clone(),
            definition: self.plan.body.clone(),
        };
        let flag = match self.job.place.part {
            Part::Environment => Some(definition::flag(&item, self.job.environment()).ok()?),
            Part::Base => None,
        };
        self.job.place.state(&item, flag.as_ref()).ok()
    }

    /// Whether a list that abridges definitions shows what was sent. A value
    /// that it hides shows only once the flag is on, and what is inherited
    /// again not at all; another edit in between shows in the version.
    fn shows_part(&self, now: &Fresh) -> bool {
        if now.item.is_none() {
            return false;
        }
        let alone = match (self.before.version(), now.version()) {
            (Some(before), Some(now)) => now <= before + 1,
            _ => true,
        };
        let inherits = self.job.is_of_environment()
            && (self.plan.request.is_removal() || self.plan.body.values().any(serde_json::Value::is_null));
        let shown = match (self.job.wish, &now.state) {
            _ if inherits => !self.is_before(now),
            (Some(SubjectState::FlagState(wish)), Some(SubjectState::FlagState(now))) => {
                self.is_met_by(&Some(now.clone().into())) || evaluates_to(wish) == evaluates_to(now)
            }
            _ => self.is_met_by(&now.state) || self.hides_the_change() && !self.is_before(now),
        };
        shown && alone
    }

    /// A list that abridges definitions shows only a part of what was made;
    /// its first version is ours.
    fn shows_creation(&self, now: &Fresh) -> bool {
        let differing = differing(self.job.wish, now.state.as_ref());
        let is_first = now.version().is_none_or(|version| version == 1);
        let is_hidden = !now.whole && is_first && !differing.iter().any(|field| self.is_listed(field));
        now.item.is_some() && (differing.is_empty() || is_hidden)
    }

    /// Whether a part of the change is in what an abridged list leaves out: it
    /// shows in the version alone.
    fn hides_the_change(&self) -> bool {
        let changed = differing(self.before.state.as_ref(), self.job.wish);
        !changed.iter().all(|field| self.is_listed(field))
    }

    /// Whether an abridged list shows a field.
    fn is_listed(&self, field: &FieldPath) -> bool {
        match field {
            FieldPath::Existence | FieldPath::Enabled | FieldPath::Value | FieldPath::Name => true,
            FieldPath::Rules => self.job.place.kind == SEGMENTS,
            _ => false,
        }
    }

    fn is_met_by(&self, state: &Option<SubjectState>) -> bool {
        holds(self.write_base(), self.job.wish, state.as_ref())
    }

    /// The content that the write was decided on.
    fn write_base(&self) -> Option<&SubjectState> {
        self.before.state.as_ref()
    }

    /// Whether a reading is still the one from before the write.
    fn is_before(&self, now: &Fresh) -> bool {
        now.item == self.before.item && differing(self.before.state.as_ref(), now.state.as_ref()).is_empty()
    }

    /// After a write that succeeded. The list may lag behind for up to a
    /// minute, so a reading from before is read again a few times.
    pub(super) async fn verify(self) -> Result<WriteOutcome, Failure> {
        let settings = self.job.call.settings();
        let mut last = self.job.read().await;
        for _ in 0..settings.settling_reads {
            if last.as_ref().is_ok_and(|now| !self.is_before(now)) {
                break;
            }
            tokio::time::sleep(settings.settling_pause).await;
            last = self.job.read().await;
        }
        match last {
            Err(failure) => Ok(WriteOutcome::Unknown {
                reason: format!(
                    "EdgeFlags took the write, and the read after it failed. {}",
                    failure.sentence
                ),
                now: None,
            }),
            Ok(now) if self.shows_what_was_sent(&now) => Ok(self.confirmed(now).await),
            Ok(now) if self.is_before(&now) => Ok(WriteOutcome::Unknown {
                reason: "EdgeFlags took the write and still shows the state before it. Changes take up to a minute to spread."
                    .into(),
                now: Some(now.found()),
            }),
            Ok(now) if self.changed_nothing(&now) => Err(self.ignored()),
            Ok(now) => Ok(WriteOutcome::Overtaken { now: now.found() }),
        }
    }

    /// What was written without a precondition may have replaced what nobody
    /// had seen: the audit log tells, where the token may read it.
    async fn confirmed(&self, now: Fresh) -> WriteOutcome {
        match audit::replaced_unseen(self).await {
            Some(replaced) => WriteOutcome::Replaced {
                now: now.found(),
                replaced: Box::new(replaced),
            },
            None => WriteOutcome::Confirmed { now: now.found() },
        }
    }

    /// Whether the service counted the write and kept everything as it was.
    fn changed_nothing(&self, now: &Fresh) -> bool {
        let (Some(before), Some(held)) = (&self.before.item, &now.item) else {
            return false;
        };
        let counted = held.version() == before.version().map(|version| version + 1);
        self.plan.is_whole
            && counted
            && differing_members(&before.definition, &held.definition).is_empty()
            && differing(self.before.state.as_ref(), now.state.as_ref()).is_empty()
    }

    fn ignored(&self) -> Failure {
        let sentence = "EdgeFlags answered with success and kept everything as it was.";
        let mut failure = Failure::new(
            FailureKind::Refused {
                detail: "the change was ignored".into(),
            },
            sentence,
        );
        failure.cause =
            Some("It takes no notice of a part that is taken away or that it does not know.".into());
        failure.next_step = Some("Make this change in the EdgeFlags dashboard.".into());
        failure.said = differing(self.before.state.as_ref(), self.job.wish)
            .into_iter()
            .map(|field| Said {
                field: Some(field),
                words: "Sent, and kept as it was.".into(),
            })
            .collect();
        failure
    }

    /// After a write whose answer was lost: reads a few times, since it may
    /// still be carried out. It is never sent again.
    pub(super) async fn settle(self, failure: Failure) -> Result<WriteOutcome, Failure> {
        let settings = self.job.call.settings();
        let mut seen = None;
        for _ in 0..settings.settling_reads.max(1) {
            tokio::time::sleep(settings.settling_pause).await;
            let Ok(now) = self.job.read().await else {
                continue;
            };
            if self.shows_what_was_sent(&now) {
                return Ok(self.confirmed(now).await);
            }
            let moved = !self.is_before(&now);
            if moved && self.job.wish.is_some() && self.is_met_by(&now.state) {
                return Ok(WriteOutcome::Overtaken { now: now.found() });
            }
            seen = Some((moved, now));
            if moved {
                break;
            }
        }
        if matches!(failure.kind, FailureKind::BadAddress { .. }) && seen.is_some() {
            return Err(failure);
        }
        let word = self.job.place.kind.nested;
        let then = match &seen {
            None => format!("The {word} could not be read since."),
            Some((false, _)) => {
                format!("The {word} still shows the state before; the edit may yet arrive.")
            }
            Some((true, _)) => {
                format!("The {word} shows a third state since, so somebody else changed it as well.")
            }
        };
        Ok(WriteOutcome::Unknown {
            reason: format!("{} {then}", failure.sentence),
            now: seen.map(|(_, now)| now.found()),
        })
    }

    /// A reading without what was to be taken away; `None` while it is there.
    pub(super) async fn reads_gone(&self) -> Option<Fresh> {
        let settings = self.job.call.settings();
        for _ in 0..=settings.settling_reads {
            match self.job.read().await {
                Ok(now) if now.item.is_none() => return Some(now),
                // Whether an environment has settings of its own, an abridged
                // list does not show: the service's word counts.
                Ok(now) if matches!(self.plan.request, Request::Inherit(_)) => return Some(now),
                _ => tokio::time::sleep(settings.settling_pause).await,
            }
        }
        None
    }
}

fn is_same(one: &SubjectState, other: Option<&SubjectState>) -> bool {
    differing(Some(one), other).is_empty()
}
