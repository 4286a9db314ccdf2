//! What is asked of a service about itself: how it is, how fresh what it
//! serves is, how much of its limits is used.
//!
//! Probes never write and keep nothing. Their results are facts; judging them
//! is the console's, with rules of the model.

mod headers;
mod reach;

use std::time::Duration;

use halyard_model::{FlagKey, FlagValue, Surface, Timestamp};

pub(crate) use headers::{lifetime, stamp_of};
pub(crate) use reach::{nowhere, reach};

use crate::Failure;

/// How a reading may be answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Confirm {
    /// By the service's own word that nothing changed since this reading,
    /// where it knows conditional reads and [`Stamp::may_be_asked`] allows it.
    /// That word may be up to a minute old and even be given while the
    /// database is down.
    Unless(Box<Stamp>),
    /// By the content alone.
    #[default]
    Content,
}

/// What a later conditional read refers to, and how far the service's word
/// that nothing changed may still be taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// `Last-Modified`, verbatim.
    pub last_modified: Option<String>,
    /// `ETag`, verbatim.
    pub etag: Option<String>,
    /// How often in a row the service has only said that nothing changed.
    pub unchanged: u32,
    /// When the content itself was last read. `None` makes the next reading
    /// read it, whatever else the stamp holds.
    pub content_at: Option<Timestamp>,
}

/// How often in a row a service's word that nothing changed is taken.
pub const MOST_UNCHANGED: u32 = 5;

/// How long after the content was read that word is taken at all.
pub const LONGEST_UNCHANGED: Duration = Duration::from_secs(120);

impl Stamp {
    /// Whether the next reading may be answered by the service's word alone.
    ///
    /// That word has three known faults: it is up to a minute late, because it
    /// comes from a cached row; it cannot tell two changes in one second
    /// apart, so that the later one stays hidden until a third; and it is
    /// given while the database is down. Hence it is taken a few times in a
    /// row and for a short while, and then the content is read.
    pub fn may_be_asked(&self, now: Timestamp) -> bool {
        let Some(content_at) = self.content_at else {
            return false;
        };
        let longest = i64::try_from(LONGEST_UNCHANGED.as_millis()).unwrap_or(i64::MAX);
        (self.last_modified.is_some() || self.etag.is_some())
            && self.unchanged < MOST_UNCHANGED
            // A clock that was set back proves nothing about the time since.
            && (content_at..content_at.plus_millis(longest)).contains(&now)
    }

    /// The stamp after one more answer that nothing changed.
    pub(crate) fn once_more(&self) -> Stamp {
        Stamp {
            unchanged: self.unchanged.saturating_add(1),
            ..self.clone()
        }
    }
}

/// What one surface serves for one environment at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SurfaceReading {
    /// When the reading began, by this computer's clock.
    pub at: Timestamp,
    /// How long it took.
    pub took: Duration,
    /// The service said that nothing changed since the reading whose stamp was
    /// given: `digest`, `document`, `flags` and `bytes` are `None` then.
    pub not_modified: bool,
    /// Hash of the document's content without what is random in it, the same
    /// for the same content on every surface (`halyard_model::document_digest`).
    /// `None` where the surface serves no document.
    pub digest: Option<String>,
    /// The document itself, where the surface serves Flagsmith's.
    pub document: Option<DocumentText>,
    /// When the document says that it last changed. Not monotonic, and not
    /// moved by a scheduled version that goes live.
    pub document_updated_at: Option<Timestamp>,
    /// Size of the document, in bytes.
    pub bytes: Option<u64>,
    /// The flags as served to nobody in particular; `None` where only the
    /// document was read.
    pub flags: Option<Vec<ServedFlag>>,
    /// For the next conditional read.
    pub stamp: Stamp,
}

/// An environment document as it was served. Its `Debug` shows no more than
/// its size, since it names people and may hold keys of integrations.
#[derive(Clone, PartialEq, Eq)]
pub struct DocumentText(pub String);

impl std::fmt::Debug for DocumentText {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "DocumentText({} bytes)", self.0.len())
    }
}

/// A flag as a surface serves it to nobody in particular.
#[derive(Clone, Debug, PartialEq)]
pub struct ServedFlag {
    /// Its key.
    pub key: FlagKey,
    /// On or off; `None` where the surface tells values alone.
    pub enabled: Option<bool>,
    /// Its value.
    pub value: FlagValue,
}

/// What an Edge Proxy says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyHealth {
    /// The base of the proxy's API.
    pub base: String,
    /// 200 rather than 503 or 500.
    pub ready: bool,
    /// Its reason in its own words.
    pub reason: Option<String>,
    /// The last pass in which every environment was fetched. The proxy writes
    /// it without a zone; read as UTC. `None`: never.
    pub last_successful_update: Option<Timestamp>,
    /// The time had no zone, so that it may be off by hours.
    pub zone_unknown: bool,
}

/// What a self-hosted server says about itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServerHealth {
    /// From `/version/` or a header.
    pub version: Option<String>,
    /// `/health` answered 200. It proves little: servers were seen healthy
    /// while flags failed.
    pub healthy: Option<bool>,
    /// Each named check and its words, such as `MigrationsHealthCheck`.
    pub checks: Vec<(String, String)>,
    /// Tasks that wait, or why that is not known.
    pub queue: Queue,
    /// Why `/health` could not be read.
    pub failure: Option<Box<Failure>>,
}

/// The task queue of a self-hosted server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Queue {
    /// Not asked, or the service has none to show.
    #[default]
    NotOffered,
    /// This many tasks wait.
    Waiting(u64),
    /// Only a staff user's token may ask.
    StaffOnly,
    /// It could not be read.
    Unread,
}

/// The provider's own numbers. `None`: it does not say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Allowances {
    /// Flags per project.
    pub flags: Option<u32>,
    /// Segments per project.
    pub segments: Option<u32>,
    /// Segment overrides per environment.
    pub segment_overrides: Option<u32>,
    /// Conditions per segment.
    pub conditions: Option<u32>,
    /// Bytes of a flag's text value.
    pub value_bytes: Option<u32>,
    /// Bytes of a condition's value.
    pub condition_bytes: Option<u32>,
    /// Calls per month of the plan.
    pub monthly_calls: Option<u64>,
    /// Calls of this month so far.
    pub monthly_used: Option<u64>,
    /// The plan's name.
    pub plan: Option<String>,
    /// The service has stopped serving flags for this organisation.
    pub blocked: Option<bool>,
}

/// One step of finding out how far a connection comes.
#[derive(Clone, Debug, PartialEq)]
pub enum Reached {
    /// The name was resolved to these addresses; through a proxy it is not
    /// resolved here.
    Name {
        /// The addresses, as text.
        addresses: Vec<String>,
        /// The HTTP proxy in the way, without user information.
        proxy: Option<String>,
    },
    /// Encryption was agreed on; the step is absent for plain HTTP. Through an
    /// HTTP proxy the certificate is checked and not told.
    Encrypted {
        /// When the certificate ends.
        expires: Option<Timestamp>,
        /// Who issued it.
        issuer: Option<String>,
    },
    /// The server answered anything at all.
    Answered {
        /// The status.
        status: u16,
        /// How long it took.
        took: Duration,
        /// How far its clock is ahead, in milliseconds.
        clock_ahead_millis: Option<i64>,
        /// The server's version.
        version: Option<String>,
    },
}

/// How far a connection to a surface comes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reach {
    /// The address that was tried.
    pub address: String,
    /// What was reached, in order.
    pub steps: Vec<Reached>,
    /// Why it ended there. An answer that is no success is told here too, and
    /// is among the steps; `None` after a success.
    pub failure: Option<Box<Failure>>,
}

/// Which of a surface's doors to knock at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Door {
    /// The place that needs no key: `/health/liveness`, `/proxy/health/liveness`, `/health`.
    Liveness(Surface),
    /// A place that needs the key of this surface.
    Key(Surface),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_that_nothing_changed_is_taken_a_few_times_and_for_a_while() {
        const READ: i64 = 1_795_000_000_000;
        let fresh = Stamp {
            last_modified: Some("Sat, 21 Nov 2026 03:32:01 GMT".into()),
            etag: None,
            unchanged: 0,
            content_at: Some(Timestamp(READ)),
        };
        let may = |stamp: &Stamp, seconds: i64| stamp.may_be_asked(Timestamp(READ + seconds * 1000));
        assert!(may(&fresh, 0) && may(&fresh, 119));
        assert!(!may(&fresh, 120), "never longer than two minutes");
        assert!(!may(&fresh, -1), "a clock set back");
        let mut stamp = fresh.clone();
        let taken = std::iter::from_fn(|| {
            let may = may(&stamp, 10);
            stamp = stamp.once_more();
            may.then_some(())
        });
        assert_eq!(taken.take(20).count(), 5);
        let unread = Stamp {
            content_at: None,
            ..fresh.clone()
        };
        let nothing_to_name = Stamp {
            last_modified: None,
            ..fresh
        };
        assert!(!may(&unread, 0) && !may(&nothing_to_name, 0));
    }
}
