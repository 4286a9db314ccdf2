//! The part of a write that both services share for now: a flag's state and
//! value.

use halyard_model::{Change, SubjectState, differences};

use crate::{
    Answer, Failure, FailureKind, FlagOutcome, FlagWrite, Found, Provider, Target, Write, WriteOutcome,
    WriteStep,
};

/// Carries out a write that turns a flag on or off or changes its value.
pub(crate) async fn write(
    provider: &dyn Provider,
    target: Target<'_>,
    write: Write<'_>,
) -> Result<Answer<WriteOutcome>, Failure> {
    let (Some(SubjectState::FlagState(base)), Some(SubjectState::FlagState(wish)), Some(known)) =
        (write.base, write.wish, write.known)
    else {
        return Err(beyond());
    };
    let change = Change {
        enabled: (base.enabled != wish.enabled).then_some(wish.enabled),
        value: (base.value != wish.value).then(|| wish.value.clone()),
    };
    if !differences(&change.applied_to(base), wish).is_empty() {
        return Err(beyond());
    }
    let mut flag = known.clone();
    flag.state = base.clone();
    write.steps.reached(WriteStep::Sending).await?;
    let answer = provider
        .write_flag(
            target,
            FlagWrite {
                base: &flag,
                change: &change,
            },
        )
        .await?;
    write.steps.reached(WriteStep::Answered).await?;
    Ok(Answer {
        value: outcome(answer.value),
        limits: answer.limits,
        requests: answer.requests,
    })
}

fn outcome(outcome: FlagOutcome) -> WriteOutcome {
    match outcome {
        FlagOutcome::Confirmed { flag } => WriteOutcome::Confirmed { now: flag.into() },
        FlagOutcome::AlreadyThere { flag } => WriteOutcome::AlreadyThere { now: flag.into() },
        FlagOutcome::Conflict { theirs } => WriteOutcome::Conflict {
            theirs: theirs.into(),
        },
        FlagOutcome::Replaced { now, replaced } => WriteOutcome::Replaced {
            now: now.into(),
            replaced: Box::new(SubjectState::FlagState(*replaced)),
        },
        FlagOutcome::Overtaken { now } => WriteOutcome::Overtaken { now: now.into() },
        FlagOutcome::Unknown { reason, now } => WriteOutcome::Unknown {
            reason,
            now: now.map(Found::from),
        },
    }
}

/// What is not written yet.
pub(crate) fn beyond() -> Failure {
    Failure::new(
        FailureKind::Refused {
            detail: "this kind of change".into(),
        },
        "Halyard cannot make this change yet.",
    )
}
