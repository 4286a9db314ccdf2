//! Following a change until each surface serves it: the rules.
//!
//! A surface serves a change when it shows, for that flag alone, what the
//! admin API held when the change was published. Surfaces with a document are
//! compared by what it says about the flag, overrides and shares included;
//! those that only evaluate by what they answer to nobody in particular.

mod lane;
mod part;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use lane::{Lane, LaneCause, LaneFacts, LaneState};
pub use part::{FlagPart, flag_part};

use crate::{Flag, FlagNote, FlagState, FlagValue, Service, Timestamp};

/// How long after a write a reading may still show what was there before it,
/// and the document's time of change may still be the old one.
const SETTLES_WITHIN_MILLIS: i64 = 5_000;

/// The two parts of a flag that an edit changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Content {
    /// On or off where no override says otherwise.
    pub enabled: bool,
    /// The value where no override or option says otherwise.
    pub value: FlagValue,
}

impl From<&FlagState> for Content {
    fn from(state: &FlagState) -> Content {
        Content {
            enabled: state.enabled,
            value: state.value.clone(),
        }
    }
}

/// What a surface answers for a flag to nobody in particular.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// On or off; `None` where it tells values alone.
    pub enabled: Option<bool>,
    /// The value.
    pub value: FlagValue,
}

/// How answers to nobody in particular follow from what is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answers {
    /// On or off and the value, as they are held.
    AsHeld,
    /// The value, and `false` while it is off.
    ValueOrFalse,
    /// They cannot be foretold, or the flag is not among them.
    Untold,
}

impl Answers {
    /// How a flag is answered for. Flagsmith leaves out those for server-side
    /// keys; EdgeFlags weighs rules by itself, so that only flags without them
    /// and those that are off for everybody can be foretold.
    pub fn of(flag: &Flag, service: Service) -> Answers {
        let targeted = flag.state.targeting.as_ref().is_some_and(|targeting| {
            targeting["rules"]
                .as_array()
                .is_some_and(|rules| !rules.is_empty())
                || !targeting["rollout"].is_null()
        });
        match service {
            Service::Flagsmith if flag.server_only => Answers::Untold,
            Service::Flagsmith => Answers::AsHeld,
            Service::EdgeFlags if flag.notes.contains(&FlagNote::BaseDisabled) || targeted => Answers::Untold,
            Service::EdgeFlags => Answers::ValueOrFalse,
        }
    }

    fn fits(self, content: &Content, answer: &Answer) -> Option<bool> {
        match self {
            Answers::AsHeld => Some(
                answer.value == content.value
                    && answer.enabled.is_none_or(|enabled| enabled == content.enabled),
            ),
            Answers::ValueOrFalse if content.enabled && !content.value.0.is_null() => {
                Some(answer.value == content.value)
            }
            Answers::ValueOrFalse => Some(answer.value.0 == serde_json::Value::Bool(false)),
            Answers::Untold => None,
        }
    }
}

/// Whether a reading has a flag.
#[derive(Clone, Debug, PartialEq)]
pub enum Shown<T> {
    /// It was not read, or says nothing either way.
    Unread,
    /// It was read, and the flag is not in it.
    Absent,
    /// So it is.
    As(T),
}

/// One reading of a surface, as far as it is about the flag.
#[derive(Clone, Debug, PartialEq)]
pub struct Sighting {
    /// When the reading began …
    pub at: Timestamp,
    /// … and ended.
    pub until: Timestamp,
    /// When the document says that it last changed.
    pub document_updated_at: Option<Timestamp>,
    /// What the document, or the admin API's lists, say about it.
    pub held: Shown<FlagPart>,
    /// What is answered to nobody in particular.
    pub answer: Shown<Answer>,
}

/// What a reading showed of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Showing {
    /// The change.
    Change,
    /// What the admin API held later than the change.
    Newer,
    /// Something else: as far as is known what was there before.
    Other,
    /// It tells nothing.
    Nothing,
}

/// A change that is followed, with what is known about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Followed {
    /// When it was sent; when the check was asked for where nobody sent it.
    pub published_at: Timestamp,
    /// From this moment on the admin API surely held it.
    pub held_at: Timestamp,
    /// What was published.
    pub content: Content,
    /// What was there before, where that is known.
    pub before: Option<Content>,
    /// How it is answered for.
    pub answers: Answers,
    /// For so long the admin API's own lists may still show what was before.
    lags_within_millis: i64,
    /// Names everything that the admin API's document said about the flag with it.
    part: Option<String>,
    /// The newest time of change of a document that still had it.
    stamp: Option<Timestamp>,
    /// What the admin API held later.
    later: Vec<(Option<String>, Content)>,
}

impl Followed {
    /// A change that was sent at `published_at`, and surely held at `held_at`.
    /// EdgeFlags' storage takes up to 60 s beside 60 s of answers kept.
    pub fn new(
        content: Content,
        before: Option<Content>,
        answers: Answers,
        service: Service,
        (published_at, held_at): (Timestamp, Timestamp),
    ) -> Followed {
        Followed {
            lags_within_millis: match service {
                Service::Flagsmith => SETTLES_WITHIN_MILLIS,
                Service::EdgeFlags => 120_000,
            },
            published_at,
            held_at,
            content,
            before,
            answers,
            part: None,
            stamp: None,
            later: Vec::new(),
        }
    }

    /// Whether a document that has it was read, so that documents are compared
    /// by all that they say about the flag.
    pub fn is_known_whole(&self) -> bool {
        self.part.is_some()
    }

    /// Something else was published by whoever asks this.
    pub fn followed_by(&mut self, content: Content) {
        if content != self.content {
            self.later.push((None, content));
        }
    }

    /// Learns from what the admin API itself holds, read past every cache and
    /// document: the measure for all others. `at` is when that reading began.
    pub fn listed(&mut self, at: Timestamp, listed: &Shown<Content>) -> Showing {
        let content = match listed {
            Shown::Unread => return Showing::Nothing,
            _ if at < self.published_at => return Showing::Nothing,
            Shown::As(content) if *content == self.content => return Showing::Change,
            Shown::As(content) => Some(content),
            Shown::Absent => None,
        };
        // A copy of the database may be behind for a while.
        let may_lag =
            self.before.as_ref() == content && at.millis_since(self.held_at) < self.lags_within_millis;
        if at < self.held_at || may_lag {
            return Showing::Other;
        }
        if let Some(content) = content {
            self.keep_later(None, content);
        }
        Showing::Newer
    }

    /// Learns from the admin API's document. One that never had the change
    /// proves nothing: documents are built by tasks that may wait.
    pub fn held(&mut self, sighting: &Sighting) -> Showing {
        let part = match &sighting.held {
            Shown::Unread => return Showing::Nothing,
            _ if sighting.at < self.published_at => return Showing::Nothing,
            Shown::Absent => return Showing::Other,
            Shown::As(part) => part,
        };
        let age = sighting.at.millis_since(self.held_at);
        if self.is_it(part) {
            self.part = self.part.take().or_else(|| part.digest.clone());
            if age >= SETTLES_WITHIN_MILLIS {
                self.stamp = self.stamp.max(sighting.document_updated_at);
            }
            return Showing::Change;
        }
        let may_lag = self.before.as_ref() == Some(&part.content) && age < SETTLES_WITHIN_MILLIS;
        if self.part.is_none() || sighting.at < self.held_at || may_lag {
            return Showing::Other;
        }
        self.keep_later(part.digest.clone(), &part.content);
        Showing::Newer
    }

    fn keep_later(&mut self, digest: Option<String>, content: &Content) {
        let later = (digest, content.clone());
        if !self.later.contains(&later) {
            self.later.push(later);
        }
    }

    /// What a reading of another surface showed.
    pub fn seen(&self, sighting: &Sighting) -> Showing {
        if sighting.at < self.published_at {
            return Showing::Nothing;
        }
        match self.fits(sighting, self.part.as_deref(), &self.content) {
            None => return Showing::Nothing,
            Some(true) => return Showing::Change,
            Some(false) => {}
        }
        let is_later = self
            .later
            .iter()
            .any(|(digest, content)| self.fits(sighting, digest.as_deref(), content) == Some(true));
        // A document that changed after one which had the change is not from
        // before it, whatever it says.
        let stamped_later = self
            .stamp
            .is_some_and(|stamp| sighting.document_updated_at.is_some_and(|told| told > stamp));
        if is_later || stamped_later {
            Showing::Newer
        } else {
            Showing::Other
        }
    }

    fn is_it(&self, part: &FlagPart) -> bool {
        same(part, self.part.as_deref(), &self.content)
    }

    /// Whether a reading shows this content, by all that it says about it;
    /// `None` where it says nothing.
    fn fits(&self, sighting: &Sighting, digest: Option<&str>, content: &Content) -> Option<bool> {
        let held = match &sighting.held {
            Shown::Unread => None,
            Shown::Absent => Some(false),
            Shown::As(part) => Some(same(part, digest, content)),
        };
        let answered = match &sighting.answer {
            Shown::Unread => None,
            // Servers may be set to leave out what is off; one with a document
            // leaves out more.
            Shown::Absent if held.is_some() || self.answers == Answers::Untold => None,
            Shown::Absent => Some(!content.enabled),
            Shown::As(answer) => self.answers.fits(content, answer),
        };
        match (held, answered) {
            (None, told) | (told, None) => told,
            (Some(held), Some(answered)) => Some(held && answered),
        }
    }
}

fn same(part: &FlagPart, digest: Option<&str>, content: &Content) -> bool {
    match (digest, &part.digest) {
        (Some(known), Some(found)) => known == found,
        _ => part.content == *content,
    }
}
