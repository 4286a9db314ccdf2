//! A change to a flag's state and value as a write, for both services.

use halyard_model::{Subject, SubjectState};

use crate::{
    Answer, Failure, FailureKind, FlagOutcome, FlagWrite, Found, NoSteps, Provider, Target, Write,
    WriteOutcome,
};

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
