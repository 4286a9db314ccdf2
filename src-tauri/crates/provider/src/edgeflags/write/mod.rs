//! Writing a subject under a precondition.
//!
//! Where the whole definition is known it is sent back with the change applied
//! and `If-Match`, which the service checks. Where a list abridges definitions
//! only what changes is sent: of a base definition with `If-Match`, of an
//! environment's settings by the override's own route, which knows no
//! precondition. Nor does `DELETE`: read, compare, send, read again. What was
//! replaced in that gap is looked up in the audit log, where the token may.

mod audit;
mod plan;
mod verify;

use halyard_model::{SubjectState, Verdict, judge_write};
use serde_json::Value;

use super::read::{Fresh, fresh};
use super::subject::{Part, Place};
use super::wire::SEGMENTS;
use super::{EdgeFlags, owner, said};
use crate::http::{Call, WriteFailure};
use crate::{Diagnosis, Failure, FailureKind, Remedy, Standing, Target, Write, WriteOutcome, WriteStep};
use plan::{Planned, Request};
use verify::Attempt;

/// How often a write is tried whose precondition failed though nothing that
/// the user saw had changed, as after an edit in another environment.
const ROUNDS: u32 = 3;

/// One write, before anything is read for it.
#[derive(Clone, Copy)]
struct Job<'a> {
    client: &'a EdgeFlags,
    call: &'a Call<'a>,
    target: Target<'a>,
    write: Write<'a>,
    place: &'a Place,
    /// What is wished for, as this service keeps it.
    wish: Option<&'a SubjectState>,
}

pub(super) async fn write(
    client: &EdgeFlags,
    call: &Call<'_>,
    target: Target<'_>,
    write: Write<'_>,
) -> Result<WriteOutcome, Failure> {
    let place = Place::of(write.subject)?;
    let wish = write.wish.map(Place::in_its_form);
    let job = Job {
        client,
        call,
        target,
        write,
        place: &place,
        wish: wish.as_ref(),
    };
    if [write.base, write.wish]
        .into_iter()
        .flatten()
        .any(|state| !job.is_of_subject(state))
    {
        return Err(beyond());
    }
    let mut at_least = None;
    for _ in 0..ROUNDS {
        let before = job.fresh_from(at_least).await?;
        match job.verdict(&before) {
            Verdict::AlreadyThere => return Ok(WriteOutcome::AlreadyThere { now: before.found() }),
            Verdict::Conflict(_) => {
                return Ok(WriteOutcome::Conflict {
                    theirs: before.found(),
                });
            }
            Verdict::Clear => {}
        }
        let plan = match plan::plan(&job, &before).await? {
            Planned::Send(plan) => plan,
            Planned::Nothing => return Ok(WriteOutcome::AlreadyThere { now: before.found() }),
            Planned::Conflict(state) => {
                let mut theirs = before.found();
                theirs.state = Some(state);
                return Ok(WriteOutcome::Conflict { theirs });
            }
        };
        let attempt = Attempt { job, before, plan };
        match attempt.send().await {
            Ok(()) => return attempt.verify().await,
            Err(WriteFailure::Unsettled(failure)) => return attempt.settle(failure).await,
            Err(WriteFailure::Nothing(failure, answer)) => {
                if let Some(current) = current_version(&failure, answer.as_ref()) {
                    at_least = Some(current);
                    continue;
                }
                return attempt.refused(failure, answer.as_ref()).await;
            }
        }
    }
    let theirs = fresh(client, call, target, &place).await?;
    Ok(WriteOutcome::Conflict {
        theirs: theirs.found(),
    })
}

/// The version in a 409, which only a failed precondition carries; a duplicate
/// key does not.
fn current_version(failure: &Failure, answer: Option<&Value>) -> Option<u64> {
    if failure.status != Some(409) {
        return None;
    }
    answer?.get("details")?.get("current_version")?.as_u64()
}

impl Job<'_> {
    /// Whether a state is one of the subject it is written for.
    fn is_of_subject(&self, state: &SubjectState) -> bool {
        use halyard_model::Subject;
        matches!(
            (self.write.subject, state),
            (Subject::FlagState { .. }, SubjectState::FlagState(_))
                | (Subject::Flag { .. }, SubjectState::Flag(_))
                | (Subject::Config { .. }, SubjectState::Config(_))
                | (Subject::Segment { .. }, SubjectState::Segment(_))
        )
    }

    async fn read(&self) -> Result<Fresh, Failure> {
        fresh(self.client, self.call, self.target, self.place).await
    }

    /// Whether it is about what an environment sets of its own.
    fn is_of_environment(&self) -> bool {
        self.place.part == Part::Environment
    }

    /// Whether the audit log can show what a list hides of it.
    fn may_be_revealed(&self) -> bool {
        self.place.part == Part::Base && self.place.kind != SEGMENTS
    }

    fn environment(&self) -> &str {
        &self.target.environment.key.0
    }

    /// What the state read before the write says about it.
    fn verdict(&self, before: &Fresh) -> Verdict {
        let base = self.write.base.map(Place::in_its_form);
        let verdict = judge_write(base.as_ref(), before.state.as_ref(), self.wish);
        // An abridged list hides what may have changed; the version does not.
        let moved = before.item.is_some()
            && !before.whole
            && base.as_ref().map(SubjectState::version) != before.state.as_ref().map(SubjectState::version);
        match verdict {
            Verdict::Clear if moved => Verdict::Conflict(Vec::new()),
            other => other,
        }
    }

    /// Reads the subject, again where the list is older than a version that
    /// the service has named.
    async fn fresh_from(&self, at_least: Option<u64>) -> Result<Fresh, Failure> {
        let settings = self.call.settings();
        let mut read = self.read().await?;
        let Some(at_least) = at_least else {
            return Ok(read);
        };
        for _ in 0..settings.settling_reads {
            if read.version().is_none_or(|version| version >= at_least) {
                return Ok(read);
            }
            tokio::time::sleep(settings.settling_pause).await;
            read = self.read().await?;
        }
        Err(self.list_behind(at_least))
    }

    fn list_behind(&self, at_least: u64) -> Failure {
        let mut failure = Failure::new(
            FailureKind::Refused {
                detail: format!("version {at_least} exists and the list shows an older one"),
            },
            format!(
                "{} has changed, and the list of {} does not show the change yet.",
                self.place.key, self.place.kind.plural
            ),
        );
        failure.cause = Some("Changes take up to a minute to spread.".into());
        failure.next_step = Some("Try again in a minute. Nothing of yours has been sent.".into());
        failure.evidence = vec![format!(
            "EdgeFlags names version {at_least}, and its list still shows an older one."
        )];
        failure.diagnosed(Diagnosis::ListBehind, Remedy::TryAgain)
    }
}

impl Attempt<'_> {
    /// Sends it once, and says so before and after.
    async fn send(&self) -> Result<(), WriteFailure> {
        let nothing = |failure| WriteFailure::Nothing(failure, None);
        let steps = self.job.write.steps;
        self.plan.fits(&self.job).map_err(nothing)?;
        steps.reached(WriteStep::Sending).await.map_err(nothing)?;
        let sent = self.plan.send(&self.job, &self.before).await;
        let is_answered = match &sent {
            Ok(()) => true,
            Err(WriteFailure::Nothing(failure, _)) => failure.status.is_some(),
            Err(WriteFailure::Unsettled(_)) => false,
        };
        // It was sent: what became of it is told whether or not the answer
        // could be written down.
        if is_answered && let Err(failure) = steps.reached(WriteStep::Answered).await {
            tracing::warn!(failure = failure.for_log(), "an answer could not be written down");
        }
        self.learn(&sent);
        sent
    }

    /// The first write shows what no reading could: whether it is allowed.
    fn learn(&self, sent: &Result<(), WriteFailure>) {
        let standing = match sent {
            Ok(()) => Standing::Granted,
            Err(WriteFailure::Nothing(failure, _)) if failure.status == Some(403) => Standing::Denied,
            Err(_) => return,
        };
        let owner = owner(self.job.target.access);
        let permission = self.job.place.kind.write_permission();
        self.job.client.learned.showed(owner, permission, standing);
    }

    /// After an answer that refused it. What is to be deleted and is not there
    /// any more was deleted by somebody else.
    async fn refused(self, mut failure: Failure, answer: Option<&Value>) -> Result<WriteOutcome, Failure> {
        let is_gone = failure.status == Some(404) && self.plan.request.is_removal();
        if is_gone && let Some(now) = self.reads_gone().await {
            return Ok(WriteOutcome::AlreadyThere { now: now.found() });
        }
        if failure.said.is_empty() {
            let sent = match self.plan.request {
                Request::Create => said::Sent::Made(&self.plan.body),
                _ => said::Sent::Changed,
            };
            failure.said = said::by_field(self.job.write.subject, sent, answer);
        }
        if failure.status == Some(413) {
            let largest = said::largest(self.job.write.subject, &self.plan.body);
            failure
                .said
                .iter_mut()
                .for_each(|said| said.field.clone_from(&largest));
        }
        if failure.status == Some(404) && !matches!(self.plan.request, Request::Create) {
            failure.cause = Some(format!(
                "{} was deleted meanwhile, and the list does not show it yet.",
                self.job.place.key
            ));
            failure.next_step = Some("Refresh in a minute, then decide whether to make it again.".into());
        }
        Err(self.job.call.redacted(failure))
    }
}

/// What is not written yet.
pub(super) fn beyond() -> Failure {
    Failure::new(
        FailureKind::Refused {
            detail: "this kind of change".into(),
        },
        "Halyard cannot make this change yet.",
    )
}
