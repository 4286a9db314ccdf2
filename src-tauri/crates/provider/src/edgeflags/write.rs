//! Writing a flag's state in an environment.
//!
//! Where the whole definition is known it is sent back with the edit applied
//! and `If-Match`, which the service checks. Where a list abridges definitions
//! the override's own route is used, which knows no precondition: read,
//! compare, write, read again.

use halyard_model::{Flag, Verdict, differences, judge};
use reqwest::Method;
use reqwest::header::IF_MATCH;
use serde_json::{Map, Value};

use super::EdgeFlags;
use super::definition::{differing_members, evaluates_to, override_change, whole_after};
use super::read::{Fresh, fresh};
use crate::http::{Call, WriteFailure};
use crate::{Diagnosis, Failure, FailureKind, FlagOutcome, FlagWrite, Remedy, Target};

/// How often a write is tried whose precondition failed though nothing that
/// the user saw had changed, as after an edit in another environment.
const ROUNDS: u32 = 3;

/// A write on its way.
struct Attempt<'a> {
    client: &'a EdgeFlags,
    call: &'a Call<'a>,
    target: Target<'a>,
    write: FlagWrite<'a>,
    before: Fresh,
    /// What was sent: the whole definition, or only the change to an override.
    sent: Map<String, Value>,
}

pub(super) async fn write(
    client: &EdgeFlags,
    call: &Call<'_>,
    target: Target<'_>,
    write: FlagWrite<'_>,
) -> Result<FlagOutcome, Failure> {
    let mut at_least = None;
    for _ in 0..ROUNDS {
        let before = fresh_from(client, call, target, write.base, at_least).await?;
        if let Some(outcome) = verdict(&write, &before) {
            return Ok(outcome);
        }
        let environment = &target.environment.key.0;
        let sent = if before.whole {
            whole_after(&before.item, environment, write.change)
        } else {
            override_change(write.change)
        };
        let attempt = Attempt {
            client,
            call,
            target,
            write: write.clone(),
            before,
            sent,
        };
        match attempt.send().await {
            Ok(()) => return Ok(attempt.verify().await),
            Err(WriteFailure::Unsettled(failure)) => return attempt.settle(failure).await,
            Err(WriteFailure::Nothing(failure, answer)) => match current_version(&failure, answer.as_ref()) {
                Some(current) => at_least = Some(current),
                None => return Err(failure),
            },
        }
    }
    let theirs = fresh(client, call, target, write.base).await?.flag;
    Ok(FlagOutcome::Conflict {
        theirs: Box::new(theirs),
    })
}

/// The outcome without sending anything, where there is one.
fn verdict(write: &FlagWrite<'_>, before: &Fresh) -> Option<FlagOutcome> {
    let flag = || Box::new(before.flag.clone());
    match judge(&write.base.state, &before.flag.state, write.change) {
        Verdict::AlreadyThere => Some(FlagOutcome::AlreadyThere { flag: flag() }),
        Verdict::Conflict(_) => Some(FlagOutcome::Conflict { theirs: flag() }),
        // An abridged list hides what may have changed; the version does not.
        Verdict::Clear if !before.whole && write.base.state.version != before.flag.state.version => {
            Some(FlagOutcome::Conflict { theirs: flag() })
        }
        Verdict::Clear => None,
    }
}

/// The version in a 409, which only a failed precondition carries; a duplicate
/// key does not.
fn current_version(failure: &Failure, answer: Option<&Value>) -> Option<u64> {
    if failure.status != Some(409) {
        return None;
    }
    answer?.get("details")?.get("current_version")?.as_u64()
}

/// Reads the flag, again where the list is older than a version that the
/// service has named.
async fn fresh_from(
    client: &EdgeFlags,
    call: &Call<'_>,
    target: Target<'_>,
    known: &Flag,
    at_least: Option<u64>,
) -> Result<Fresh, Failure> {
    let settings = call.settings();
    let mut read = fresh(client, call, target, known).await?;
    let Some(at_least) = at_least else {
        return Ok(read);
    };
    for _ in 0..settings.settling_reads {
        if read.item.version().is_none_or(|version| version >= at_least) {
            return Ok(read);
        }
        tokio::time::sleep(settings.settling_pause).await;
        read = fresh(client, call, target, known).await?;
    }
    let mut failure = Failure::new(
        FailureKind::Refused {
            detail: format!("version {at_least} exists and the list shows an older one"),
        },
        format!(
            "{} has changed, and the list of flags does not show the change yet.",
            known.key.0
        ),
    );
    failure.cause = Some("Changes take up to a minute to spread.".into());
    failure.next_step = Some("Try again in a minute. Nothing of yours has been sent.".into());
    failure.evidence = vec![format!(
        "EdgeFlags names version {at_least}, and its list still shows an older one."
    )];
    Err(failure.diagnosed(Diagnosis::ListBehind, Remedy::TryAgain))
}

impl Attempt<'_> {
    async fn send(&self) -> Result<(), WriteFailure> {
        let key = &self.before.item.key;
        let body = Value::Object(self.sent.clone());
        let sent = if self.before.whole {
            let condition = self
                .before
                .item
                .version()
                .map(|version| (IF_MATCH, format!("\"{version}\"")));
            let url = self.call.at(&["api", "v1", "flags", key]);
            self.call.write(Method::PUT, url, condition, &body).await
        } else {
            let environment = &self.target.environment.key.0;
            let url = self
                .call
                .at(&["api", "v1", "flags", key, "environments", environment]);
            self.call.write(Method::PUT, url, None, &body).await
        };
        sent.map(|_| ())
    }

    async fn read(&self) -> Result<Fresh, Failure> {
        fresh(self.client, self.call, self.target, self.write.base).await
    }

    /// Whether a flag, as read, is what was sent, whole.
    fn shows_what_was_sent(&self, now: &Fresh) -> bool {
        let expected = self.write.change.applied_to(&self.before.flag.state);
        if !self.before.whole {
            // A value that an abridged list hides shows only once the flag is
            // on, so just what was changed can be compared; another edit in
            // between shows in the version.
            let shown = self.write.change.is_met_by(&now.flag.state)
                || evaluates_to(&expected) == evaluates_to(&now.flag.state);
            let alone = match (self.before.item.version(), now.item.version()) {
                (Some(before), Some(now)) => now <= before + 1,
                _ => true,
            };
            return shown && alone;
        }
        let differing = differing_members(&self.sent, &now.item.definition);
        if !differing.is_empty() {
            tracing::warn!(members = ?differing, "the definition differs from what was sent");
        }
        differing.is_empty() && differences(&expected, &now.flag.state).is_empty()
    }

    /// Whether a reading is still the one from before the write.
    fn is_before(&self, now: &Fresh) -> bool {
        now.item.definition == self.before.item.definition
            && differences(&self.before.flag.state, &now.flag.state).is_empty()
    }

    /// After a write that succeeded. The list may lag behind for up to a
    /// minute, so a reading from before is read again a few times.
    async fn verify(&self) -> FlagOutcome {
        let settings = self.call.settings();
        let mut last = self.read().await;
        for _ in 0..settings.settling_reads {
            if last.as_ref().is_ok_and(|now| !self.is_before(now)) {
                break;
            }
            tokio::time::sleep(settings.settling_pause).await;
            last = self.read().await;
        }
        match last {
            Err(failure) => FlagOutcome::Unknown {
                reason: format!("EdgeFlags took the write, and the read after it failed. {}", failure.sentence),
                now: None,
            },
            Ok(now) if self.shows_what_was_sent(&now) => FlagOutcome::Confirmed {
                flag: Box::new(now.flag),
            },
            Ok(now) if self.is_before(&now) => FlagOutcome::Unknown {
                reason: "EdgeFlags took the write and still shows the state before it. Changes take up to a minute to spread."
                    .into(),
                now: Some(Box::new(now.flag)),
            },
            Ok(now) => FlagOutcome::Overtaken {
                now: Box::new(now.flag),
            },
        }
    }

    /// After a write whose answer was lost: reads a few times, since it may
    /// still be carried out. It is never sent again.
    async fn settle(&self, failure: Failure) -> Result<FlagOutcome, Failure> {
        let settings = self.call.settings();
        let mut seen = None;
        for _ in 0..settings.settling_reads.max(1) {
            tokio::time::sleep(settings.settling_pause).await;
            let Ok(now) = self.read().await else {
                continue;
            };
            if self.shows_what_was_sent(&now) {
                return Ok(FlagOutcome::Confirmed {
                    flag: Box::new(now.flag),
                });
            }
            let moved = !self.is_before(&now);
            if moved && self.write.change.is_met_by(&now.flag.state) {
                return Ok(FlagOutcome::Overtaken {
                    now: Box::new(now.flag),
                });
            }
            seen = Some((moved, now.flag));
            if moved {
                break;
            }
        }
        if matches!(failure.kind, FailureKind::BadAddress { .. }) && seen.is_some() {
            return Err(failure);
        }
        let then = match &seen {
            None => "The flag could not be read since.",
            Some((false, _)) => "The flag still shows the state before; the edit may yet arrive.",
            Some((true, _)) => "The flag shows a third state since, so somebody else changed it as well.",
        };
        Ok(FlagOutcome::Unknown {
            reason: format!("{} {then}", failure.sentence),
            now: seen.map(|(_, flag)| Box::new(flag)),
        })
    }
}
