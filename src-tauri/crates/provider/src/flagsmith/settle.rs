//! What became of a write: a verifying read, or several where the answer to
//! the write was lost.

use halyard_model::{Change, Flag, FlagState, FlagValue, Verdict, differences, judge};
use serde_json::Value;

use super::fresh::{self, Fresh};
use crate::diagnosis::diagnose;
use crate::diagnosis::evidence::{Evidence, Unsent};
use crate::http::Call;
use crate::{Failure, FailureKind, FlagOutcome, FlagWrite, Target};

/// A write on its way: what it rests on and what it should lead to.
pub(super) struct Attempt<'a> {
    pub(super) call: &'a Call<'a>,
    pub(super) target: Target<'a>,
    pub(super) write: FlagWrite<'a>,
    /// The flag as read just before.
    pub(super) before: Fresh,
    /// The state that the write should lead to.
    pub(super) expected: FlagState,
}

/// The first part of every write: look before writing.
pub(super) enum Checked<'a> {
    /// Nothing to send.
    Done(FlagOutcome),
    /// Nobody changed the flag: send.
    Clear(Box<Attempt<'a>>),
}

/// Reads the flag and compares it with the base of the write.
pub(super) async fn check<'a>(
    call: &'a Call<'a>,
    target: Target<'a>,
    write: FlagWrite<'a>,
) -> Result<Checked<'a>, Failure> {
    let before = fresh::read(call, target, write.base).await?;
    let flag = || Box::new(before.flag.clone());
    match judge(&write.base.state, &before.flag.state, write.change) {
        Verdict::AlreadyThere => Ok(Checked::Done(FlagOutcome::AlreadyThere { flag: flag() })),
        Verdict::Conflict(_) => Ok(Checked::Done(FlagOutcome::Conflict { theirs: flag() })),
        Verdict::Clear => Ok(Checked::Clear(Box::new(Attempt {
            expected: write.change.applied_to(&before.flag.state),
            call,
            target,
            write,
            before,
        }))),
    }
}

impl Attempt<'_> {
    /// Reads the flag again.
    pub(super) async fn read(&self) -> Result<Flag, Failure> {
        Ok(fresh::read(self.call, self.target, self.write.base).await?.flag)
    }

    /// After a write that succeeded: what a read shows.
    pub(super) async fn verify(&self) -> FlagOutcome {
        let now = match self.read().await {
            Ok(now) => Box::new(now),
            Err(failure) => {
                return FlagOutcome::Unknown {
                    reason: format!(
                        "Flagsmith took the write, and the read after it failed. {}",
                        failure.sentence
                    ),
                    now: None,
                };
            }
        };
        if differences(&self.expected, &now.state).is_empty() {
            FlagOutcome::Confirmed { flag: now }
        } else {
            FlagOutcome::Overtaken { now }
        }
    }

    /// After a write whose answer was lost, or was none that tells: reads a
    /// few times, since the write may still be carried out. It is never sent
    /// again, for then it could come after somebody else's change.
    pub(super) async fn settle(&self, failure: Failure) -> Result<FlagOutcome, Failure> {
        let settings = self.call.settings();
        let mut seen: Option<Flag> = None;
        for _ in 0..settings.settling_reads.max(1) {
            tokio::time::sleep(settings.settling_pause).await;
            let Ok(now) = self.read().await else {
                continue;
            };
            if differences(&self.expected, &now.state).is_empty() {
                return Ok(FlagOutcome::Confirmed { flag: Box::new(now) });
            }
            let moved = !differences(&self.before.flag.state, &now.state).is_empty();
            if moved && self.write.change.is_met_by(&now.state) {
                return Ok(FlagOutcome::Overtaken { now: Box::new(now) });
            }
            let settled = moved;
            seen = Some(now);
            if settled {
                break;
            }
        }
        if matches!(failure.kind, FailureKind::BadAddress { .. }) && seen.is_some() {
            // A redirect is an answer: the service did not take the write.
            return Err(failure);
        }
        Ok(FlagOutcome::Unknown {
            reason: lost(&failure, seen.as_ref(), &self.before.flag.state),
            now: seen.map(Box::new),
        })
    }
}

fn lost(failure: &Failure, seen: Option<&Flag>, before: &FlagState) -> String {
    let then = match seen {
        None => "The flag could not be read since.",
        Some(flag) if differences(before, &flag.state).is_empty() => {
            "The flag still shows the state before; the edit may yet arrive."
        }
        Some(_) => "The flag shows a third state since, so somebody else changed it as well.",
    };
    format!("{} {then}", failure.sentence)
}

/// The longest text that the service keeps, in characters. Its one-call route
/// fails on a longer one instead of refusing it.
const LONGEST_TEXT: usize = 20_000;

/// A change as the service keeps it: text loses the blanks around it, whichever
/// route it comes by.
pub(super) fn as_kept(change: &Change) -> Change {
    let mut change = change.clone();
    if let Some(FlagValue(Value::String(text))) = &mut change.value {
        *text = text.trim_matches(is_blank).to_owned();
    }
    change
}

/// A blank in the sense of Python, which counts four separators more.
fn is_blank(character: char) -> bool {
    character.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&character)
}

/// Refuses a write that the environment or Flagsmith's kinds of values cannot
/// take, before anything is sent.
pub(super) fn refuse_early(target: Target<'_>, value: Option<&FlagValue>) -> Result<(), Failure> {
    let unsent = |why: Unsent| Err(diagnose(Evidence::unsent(why)));
    if target.environment.requires_change_requests {
        return unsent(Unsent::ChangeRequests {
            environment: target.environment.name.clone(),
        });
    }
    let Some(FlagValue(value)) = value else {
        return Ok(());
    };
    match value {
        Value::Number(number)
            if number
                .as_i64()
                .is_none_or(|number| i32::try_from(number).is_err()) =>
        {
            unsent(Unsent::NumberOutOfRange)
        }
        Value::Array(_) | Value::Object(_) => unsent(Unsent::JsonValue),
        Value::String(text) if text.chars().count() > LONGEST_TEXT => {
            unsent(Unsent::ValueTooLong { most: LONGEST_TEXT })
        }
        _ => Ok(()),
    }
}
