//! Moments: what an environment was, from when it was first seen so until
//! something in it changed.

use serde::{Deserialize, Serialize};

use crate::{ConnectionId, EnvironmentKey, Timestamp};

/// Names a moment of the mirror's history. A later moment of the same
/// environment has a larger number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MomentId(pub i64);

/// An environment now, as the mirror holds it, or at a moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct At {
    /// The connection.
    pub connection: ConnectionId,
    /// The environment.
    pub environment: EnvironmentKey,
    /// The moment; none for now.
    pub moment: Option<MomentId>,
}

/// How a moment came into the mirror.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MomentSource {
    /// A refresh found a difference.
    Refresh,
    /// It was read from a snapshot file.
    File,
}

/// What a part of an environment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TouchedKind {
    /// A flag: its state, its segment overrides, what it is everywhere.
    Flag,
    /// A segment.
    Segment,
    /// An identity with overrides of its own.
    Identity,
    /// An EdgeFlags config.
    Config,
    /// What the environment is beside those, such as its settings.
    Environment,
}

/// What became of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TouchedHow {
    /// It is there since.
    Added,
    /// It is another since.
    Changed,
    /// It is gone since.
    Removed,
}

/// A part of an environment that a moment changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touched {
    /// What it is.
    pub kind: TouchedKind,
    /// Its name for people: a flag's key, a segment's name, an identifier.
    pub name: String,
    /// What became of it.
    pub how: TouchedHow,
}

/// Who changed something, as the service's audit log tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// A name, an address, or what the service writes for a key.
    pub name: String,
    /// When.
    pub at: Timestamp,
    /// What they did, in the service's own words.
    pub what: String,
}

/// What an environment was for a while, without its content.
///
/// The content was surely so from `first_seen` to `last_seen`. The change that
/// led to it took place after `before` and not later than `first_seen`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// Names it.
    pub id: MomentId,
    /// The connection.
    pub connection: ConnectionId,
    /// The environment.
    pub environment: EnvironmentKey,
    /// When the first collection began that showed it.
    pub first_seen: Timestamp,
    /// When the last collection began that showed it.
    pub last_seen: Timestamp,
    /// When the state before it was last seen; none for the first moment that
    /// is kept.
    pub before: Option<Timestamp>,
    /// How it came into the mirror.
    pub source: MomentSource,
    /// When the service says the document last changed.
    pub document_updated_at: Option<Timestamp>,
    /// What the user calls it. A named one is never pruned.
    pub name: Option<String>,
    /// Kept for ever by the user's wish.
    pub pinned: bool,
    /// What differs from the moment before; at most [`Moment::MOST_TOUCHED`],
    /// flags first. Empty for the first one.
    pub touched: Vec<Touched>,
    /// How many parts differ in all, by what became of them.
    pub counts: TouchedCounts,
    /// Who made the change, where the service told.
    pub authors: Vec<Author>,
    /// Number of flags.
    pub flag_count: u32,
    /// Number of segments.
    pub segment_count: u32,
    /// Size of its document in bytes.
    pub document_bytes: u64,
}

/// How many parts a moment changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TouchedCounts {
    /// Parts that are there since.
    pub added: u32,
    /// Parts that are others since.
    pub changed: u32,
    /// Parts that are gone since.
    pub removed: u32,
}

impl Moment {
    /// How many parts are named; more are counted only.
    pub const MOST_TOUCHED: usize = 50;

    /// How long nobody looked before it was first seen, in milliseconds: the
    /// change, or several of them, fell into that time.
    pub fn unseen_millis(&self) -> Option<i64> {
        self.before
            .map(|before| self.first_seen.0.saturating_sub(before.0))
    }

    /// Whether the environment surely was so at a time.
    pub fn surely_held_at(&self, at: Timestamp) -> bool {
        self.first_seen <= at && at <= self.last_seen
    }
}

/// How long moments are kept. Pinned and named ones, and the newest of each
/// environment, always are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// Days after `last_seen`; none for ever.
    pub days: Option<u32>,
    /// Bytes that the history may take in all; none for any. The oldest go
    /// first.
    pub bytes: Option<u64>,
}

impl Default for Retention {
    fn default() -> Retention {
        Retention {
            days: Some(90),
            bytes: Some(512 * 1024 * 1024),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(first: i64, last: i64) -> Moment {
        Moment {
            id: MomentId(1),
            connection: ConnectionId("c".into()),
            environment: EnvironmentKey("e".into()),
            first_seen: Timestamp(first),
            last_seen: Timestamp(last),
            before: Some(Timestamp(first - 30)),
            source: MomentSource::Refresh,
            document_updated_at: None,
            name: None,
            pinned: false,
            touched: Vec::new(),
            counts: TouchedCounts::default(),
            authors: Vec::new(),
            flag_count: 0,
            segment_count: 0,
            document_bytes: 0,
        }
    }

    #[test]
    fn a_moment_is_sure_only_where_it_was_seen() {
        let moment = seen(100, 200);
        for (at, sure) in [(99, false), (100, true), (150, true), (200, true), (201, false)] {
            assert_eq!(moment.surely_held_at(Timestamp(at)), sure, "{at}");
        }
        assert_eq!(moment.unseen_millis(), Some(30));
    }
}
