//! The part of a write that both services share for now: a flag's state and
//! value.

use halyard_model::{Change, Subject, SubjectState, differences};

use crate::{
    Answer, Failure, FailureKind, FlagOutcome, FlagWrite, Found, NoSteps, Provider, Target, Write,
    WriteOutcome, WriteStep,
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

/// Carries out a change to a flag's state and value as a write.
pub(crate) async fn write_flag(
    provider: &dyn Provider,
    target: Target<'_>,
    write: FlagWrite<'_>,
) -> Result<Answer<FlagOutcome>, Failure> {
    let base = SubjectState::FlagState(write.base.state.clone());
    let wish = SubjectState::FlagState(write.change.applied_to(&write.base.state));
    let answer = provider
        .write(
            target,
            Write {
                subject: &Subject::state_of(&write.base.key),
                base: Some(&base),
                wish: Some(&wish),
                known: Some(write.base),
                steps: &NoSteps,
            },
        )
        .await?;
    let flag = |found: Found| found.flag.unwrap_or_else(|| Box::new(write.base.clone()));
    let value = match answer.value {
        WriteOutcome::Confirmed { now } => FlagOutcome::Confirmed { flag: flag(now) },
        WriteOutcome::AlreadyThere { now } => FlagOutcome::AlreadyThere { flag: flag(now) },
        WriteOutcome::Conflict { theirs } => FlagOutcome::Conflict { theirs: flag(theirs) },
        WriteOutcome::Replaced { now, replaced } => FlagOutcome::Replaced {
            now: flag(now),
            replaced: Box::new(replaced.flag_state().cloned().unwrap_or(write.base.state.clone())),
        },
        WriteOutcome::Overtaken { now } => FlagOutcome::Overtaken { now: flag(now) },
        WriteOutcome::Unknown { reason, now } => FlagOutcome::Unknown {
            reason,
            now: now.map(flag),
        },
    };
    Ok(Answer {
        value,
        limits: answer.limits,
        requests: answer.requests,
    })
}
