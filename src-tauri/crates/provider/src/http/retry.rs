//! What may be repeated, how often and when.
//!
//! A reading is repeated where it broke on its way or a gateway gave up, after
//! pauses that double and vary, and where the service limited its rate, as soon
//! as the governor lets it. A write is repeated only by those who decided it,
//! with the check that precedes it, and only where it surely changed nothing.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

use super::{HttpSettings, Reply, limits};
use crate::{Failure, FailureKind, Stage, Urgency};

/// The longest pause that a background request makes because a 503 asks for it.
const LONGEST_PAUSE: Duration = Duration::from_secs(120);

/// Which answers lead to a repetition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeats {
    /// A limited rate, and a gateway that gave up.
    Passing,
    /// A limited rate only: any other answer is what was asked for.
    Limited,
}

/// What to do after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// Go on with what there is.
    End,
    /// Try again after a pause, or as soon as the governor lets it.
    Again(Duration),
}

/// The attempts at one request.
pub(super) struct Attempts {
    repeats: Repeats,
    pauses: ExponentialBackoff,
    limited_left: usize,
    longest: Duration,
    made: u32,
}

impl Attempts {
    pub(super) fn new(settings: &HttpSettings, urgency: Urgency, repeats: Repeats) -> Attempts {
        let pauses = ExponentialBuilder::default()
            .with_min_delay(settings.retry_pause)
            .with_max_times(settings.retries)
            .with_jitter()
            .build();
        Attempts {
            repeats,
            pauses,
            limited_left: settings.limited_repeats,
            longest: match urgency {
                Urgency::Interactive => settings.patience,
                Urgency::Background => LONGEST_PAUSE,
            },
            made: 0,
        }
    }

    /// The number of the next attempt, from 1.
    pub(super) fn next(&mut self) -> u32 {
        self.made += 1;
        self.made
    }

    /// After an answer.
    pub(super) fn after_answer(&mut self, reply: &Reply, settings: &HttpSettings) -> Then {
        match reply.status {
            429 if self.limited_left > 0 => {
                self.limited_left -= 1;
                Then::Again(Duration::ZERO)
            }
            502..=504 if self.repeats == Repeats::Passing => {
                let asked = limits::said(reply.status, &reply.headers, (settings.now)()).retry_after;
                self.pause(asked.unwrap_or_default())
            }
            _ => Then::End,
        }
    }

    /// After a request without a whole answer.
    pub(super) fn after_break(&mut self, failure: &Failure) -> Then {
        match failure.kind {
            FailureKind::Unreachable(Stage::Connect | Stage::Cut) => self.pause(Duration::ZERO),
            _ => Then::End,
        }
    }

    fn pause(&mut self, least: Duration) -> Then {
        if least > self.longest {
            return Then::End;
        }
        self.pauses
            .next()
            .map_or(Then::End, |pause| Then::Again(pause.max(least)))
    }
}
