//! What an edit's subject is on this service, and its state as an element of a
//! list shows it.

use halyard_model::{Flag, SegmentKey, Subject, SubjectState};

use super::content::{config, flag, segment};
use super::wire::{CONFIGS, FLAGS, Item, Kind, SEGMENTS};
use crate::{Failure, FailureKind};

/// Which part of a definition a subject is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// What holds wherever an environment sets nothing of its own.
    Base,
    /// What an environment sets of its own.
    Environment,
}

/// Where a subject is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) kind: Kind,
    pub(super) key: String,
    pub(super) part: Part,
}

impl Place {
    /// Where a subject is found. The service knows neither identities nor their
    /// traits.
    pub(super) fn of(subject: &Subject) -> Result<Place, Failure> {
        let (kind, key, part) = match subject {
            Subject::FlagState { flag } => (FLAGS, &flag.0, Part::Environment),
            Subject::Flag { flag } => (FLAGS, &flag.0, Part::Base),
            Subject::Config { key } => (CONFIGS, key, Part::Base),
            Subject::Segment { segment } => return Ok(Place::of_segment(segment)),
            Subject::IdentityOverride { .. } => {
                return Err(unknown_to_edgeflags(
                    "EdgeFlags keeps no flags for single identities.",
                    "Write a rule on the property that tells the identity, such as user_id.",
                ));
            }
            Subject::Traits { .. } => {
                return Err(unknown_to_edgeflags(
                    "EdgeFlags keeps no identities and no traits: the application sends them each time.",
                    "Change them where the application sets them.",
                ));
            }
        };
        Ok(Place {
            kind,
            key: key.clone(),
            part,
        })
    }

    fn of_segment(segment: &SegmentKey) -> Place {
        Place {
            kind: SEGMENTS,
            key: segment.name_to_be().unwrap_or(&segment.0).to_owned(),
            part: Part::Base,
        }
    }

    /// The state that an element shows. `flag` is the flag in the environment,
    /// where it is one.
    pub(super) fn state(&self, item: &Item, flag: Option<&Flag>) -> Result<SubjectState, Failure> {
        if let (Part::Environment, Some(flag)) = (self.part, flag) {
            return Ok(SubjectState::FlagState(flag.state.clone()));
        }
        Ok(if self.kind == FLAGS {
            SubjectState::Flag(flag::read(item)?)
        } else if self.kind == CONFIGS {
            SubjectState::Config(config::read(item)?)
        } else {
            SubjectState::Segment(segment::read(item)?)
        })
    }

    /// A wish in the form in which this service keeps it.
    pub(super) fn in_its_form(wish: &SubjectState) -> SubjectState {
        match wish {
            SubjectState::Segment(wish) => SubjectState::Segment(segment::in_one_rule(wish)),
            other => other.clone(),
        }
    }
}

fn unknown_to_edgeflags(sentence: &str, instead: &str) -> Failure {
    let mut failure = Failure::new(
        FailureKind::Refused {
            detail: sentence.to_owned(),
        },
        sentence,
    );
    failure.next_step = Some(instead.to_owned());
    failure
}
