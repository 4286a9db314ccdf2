//! What each surface is known to serve, folded from one reading after the
//! other, and whether that is current.
//!
//! The admin API is the measure: what another surface serves is compared with
//! what the admin API held. Being different proves nothing at first, since a
//! change needs time to arrive; so a difference has an age, counted from a
//! moment at which the admin API surely held something newer.

mod heartbeat;
mod judge;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod worlds;

use serde::{Deserialize, Serialize};

pub use heartbeat::{Heartbeat, HeartbeatReading, ZoneNote};
pub use judge::{Allowance, BehindCause, OtherPair, SurfaceFreshness, SurfaceRule, Trouble, judge_surface};

use crate::{FlagKey, Timestamp};

/// How late a service's word that nothing changed may be: Flagsmith answers it
/// from a row that each worker keeps for 60 s.
pub const NOT_MODIFIED_LATE_MILLIS: i64 = 60_000;

/// How far two computers' clocks may be apart before their times are not
/// compared any more.
const CLOCKS_APART_MILLIS: i64 = 5_000;

/// What is known about one surface for one environment. The age of everything
/// is by this computer's clock.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SurfaceRecord {
    /// When the newest reading that was answered began.
    pub checked_at: Option<Timestamp>,
    /// What it serves, by its newest answer with content.
    pub served: Option<Served>,
    /// How often it has since said that nothing changed, and when last.
    pub not_modified: Option<NotModified>,
    /// The newest change that its "not modified" kept quiet about.
    pub untold: Option<Untold>,
    /// What an Edge Proxy says about its passes.
    pub heartbeat: Option<Heartbeat>,
    /// The failure since the newest answer.
    pub failing: Option<Failing>,
}

/// What a surface serves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Served {
    /// Names the content: the same name, the same content.
    pub content: String,
    /// When its document says that it last changed.
    pub document_updated_at: Option<Timestamp>,
    /// The size of its document in bytes.
    pub bytes: Option<u64>,
    /// When the first reading that showed this content began …
    pub first_read_at: Timestamp,
    /// … and ended.
    pub since: Timestamp,
    /// When the newest reading that showed it began …
    pub read_at: Timestamp,
    /// … and ended.
    pub read_until: Timestamp,
    /// The newest reading that still showed another content in its place.
    pub replaced_at: Option<Timestamp>,
    /// The end of the newest reading of the admin API that showed the same.
    pub agreed_at: Option<Timestamp>,
    /// The admin API surely held something newer at this moment.
    pub outdated_since: Option<Timestamp>,
    /// It differs from a reading of the admin API that is not newer, so that
    /// either of them may be the current one.
    pub unconfirmed: bool,
    /// The flags that differ, where flags were compared; the first few.
    pub differing: Vec<FlagKey>,
}

/// "Not modified", said once or more since the content was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotModified {
    /// How often in a row.
    pub times: u32,
    /// When it was last said.
    pub last_at: Timestamp,
}

/// A change that "not modified" kept quiet about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Untold {
    /// When the content was read and found changed.
    pub found_at: Timestamp,
    /// Why it was not told.
    pub why: UntoldWhy,
}

/// Why a change was not told by "not modified".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UntoldWhy {
    /// The document's time of change did not move by a whole second: a
    /// scheduled version went live, or two changes fell into one second. A
    /// client that asks conditionally learns of it with the next change.
    StampUnmoved,
    /// The answer was given after the change: it comes from a cached row and
    /// may be a minute late.
    Late,
}

/// A surface that does not answer as it should.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failing {
    /// Since when.
    pub since: Timestamp,
    /// The last time.
    pub at: Timestamp,
    /// How often in a row.
    pub times: u32,
    /// What it is for those who are served by it.
    pub kind: FailingKind,
    /// The failure in a sentence, as the service's client put it.
    pub sentence: String,
    /// Not before this moment, as the service asked.
    pub retry_at: Option<Timestamp>,
}

/// What a failure means for those who are served by the surface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailingKind {
    /// It gives no answer.
    Unreachable,
    /// It answers that it cannot.
    Fault,
    /// It refuses this reader; others may be served.
    Refused,
}

/// What the admin API is known to hold: the measure for the other surfaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference<'a> {
    /// Names the content.
    pub content: &'a str,
    /// When the document says that it last changed.
    pub document_updated_at: Option<Timestamp>,
    /// When the first reading that showed this content began …
    pub first_read_at: Timestamp,
    /// … and ended.
    pub since: Timestamp,
    /// When the newest reading that showed it began …
    pub read_at: Timestamp,
    /// … and ended.
    pub read_until: Timestamp,
}

impl Reference<'_> {
    /// The first moment after `settled` at which something other than an older
    /// content was surely held.
    fn held_after(&self, settled: Timestamp) -> Option<Timestamp> {
        if self.first_read_at > settled {
            return Some(self.since);
        }
        (self.read_at > settled).then_some(self.read_until)
    }
}

/// How what a surface serves compares with what the admin API held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Compared {
    /// There is nothing to compare with.
    NotAtAll,
    /// The same.
    Agrees,
    /// Not the same; with the flags that differ, where flags were compared.
    Differs(Vec<FlagKey>),
}

/// One reading of a surface by its content.
#[derive(Clone, Debug, PartialEq)]
pub struct ContentReading {
    /// Names the content: the same name, the same content.
    pub content: String,
    /// When the document says that it last changed.
    pub document_updated_at: Option<Timestamp>,
    /// The size of the document in bytes.
    pub bytes: Option<u64>,
    /// When the reading began …
    pub at: Timestamp,
    /// … and ended.
    pub until: Timestamp,
}

impl ContentReading {
    /// Compares a document with the admin API's by its content.
    pub fn compared_with(&self, reference: Option<&Reference<'_>>) -> Compared {
        match reference {
            None => Compared::NotAtAll,
            Some(reference) if reference.content == self.content => Compared::Agrees,
            Some(_) => Compared::Differs(Vec::new()),
        }
    }
}

impl SurfaceRecord {
    /// What the admin API holds, of the record of [`Surface::Admin`](crate::Surface::Admin).
    pub fn reference(&self) -> Option<Reference<'_>> {
        let served = self.served.as_ref()?;
        Some(Reference {
            content: &served.content,
            document_updated_at: served.document_updated_at,
            first_read_at: served.first_read_at,
            since: served.since,
            read_at: served.read_at,
            read_until: served.read_until,
        })
    }

    /// After a reading by content, compared with the admin API's.
    pub fn showed(&mut self, reading: ContentReading, compared: Compared, reference: Option<&Reference<'_>>) {
        self.untold = self.kept_quiet(&reading).or(self.untold);
        self.not_modified = None;
        self.answered(reading.at);
        self.forget_what_moved_later(&reading);
        let before = self.served.take();
        let replaced_at = before.as_ref().map(|before| before.read_at);
        let mut served = before.filter(|before| before.content == reading.content).map_or(
            Served {
                content: reading.content,
                document_updated_at: None,
                bytes: None,
                first_read_at: reading.at,
                since: reading.until,
                read_at: reading.at,
                read_until: reading.until,
                replaced_at,
                agreed_at: None,
                outdated_since: None,
                unconfirmed: false,
                differing: Vec::new(),
            },
            |before| Served {
                read_at: reading.at,
                read_until: reading.until,
                ..before
            },
        );
        served.document_updated_at = reading.document_updated_at;
        served.bytes = reading.bytes;
        served.compare(compared, reference);
        self.served = Some(served);
    }

    /// After a reading at `at` that was answered "not modified".
    pub fn said_not_modified(&mut self, at: Timestamp) {
        let times = self.not_modified.map_or(0, |said| said.times);
        self.not_modified = Some(NotModified {
            times: times.saturating_add(1),
            last_at: at,
        });
        self.answered(at);
    }

    /// After an Edge Proxy told how it is. Its documents are another question.
    pub fn told_heartbeat(&mut self, reading: HeartbeatReading, stale_after_millis: Option<i64>) {
        self.heartbeat = Some(Heartbeat::after(
            self.heartbeat.as_ref(),
            reading,
            stale_after_millis,
        ));
    }

    /// After a reading at `at` that failed.
    pub fn failed(
        &mut self,
        at: Timestamp,
        kind: FailingKind,
        sentence: String,
        retry_at: Option<Timestamp>,
    ) {
        let before = self.failing.take();
        self.failing = Some(Failing {
            since: before.as_ref().map_or(at, |before| before.since),
            at,
            times: before.map_or(0, |before| before.times).saturating_add(1),
            kind,
            sentence,
            retry_at,
        });
    }

    fn answered(&mut self, at: Timestamp) {
        self.checked_at = Some(at);
        self.failing = None;
    }

    /// Flagsmith moves the document's time of change up to some seconds after
    /// its content, so that a stamp which seemed unmoved may yet move.
    fn forget_what_moved_later(&mut self, reading: &ContentReading) {
        let (Some(served), Some(untold)) = (&self.served, self.untold) else {
            return;
        };
        let moved = !same_second(served.document_updated_at, reading.document_updated_at);
        if untold.why == UntoldWhy::StampUnmoved && served.content == reading.content && moved {
            self.untold = None;
        }
    }

    /// Whether this content should have been told before: "not modified" was
    /// said since the last one was read.
    fn kept_quiet(&self, reading: &ContentReading) -> Option<Untold> {
        let before = self.served.as_ref()?;
        if before.content == reading.content {
            return None;
        }
        let changed_at = reading.document_updated_at?;
        let why = if same_second(before.document_updated_at, Some(changed_at)) {
            // Nobody who asks conditionally will be told, whether or not we asked.
            UntoldWhy::StampUnmoved
        } else {
            let said_at = self.not_modified?.last_at;
            // The stamp's own second may not be over, and it is another
            // computer's time.
            if said_at.millis_since(changed_at) <= 1_000 + CLOCKS_APART_MILLIS {
                return None;
            }
            UntoldWhy::Late
        };
        Some(Untold {
            found_at: reading.at,
            why,
        })
    }
}

/// Whether two documents tell the same time of change as far as a conditional
/// reader can tell: to the second.
fn same_second(one: Option<Timestamp>, other: Option<Timestamp>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.unix_seconds() == other.unix_seconds(),
        _ => false,
    }
}

impl Served {
    fn compare(&mut self, compared: Compared, reference: Option<&Reference<'_>>) {
        match (compared, reference) {
            (Compared::Differs(flags), Some(reference)) => {
                // Before this it may have been current: it was first seen
                // then, or the admin API had it.
                let settled = self
                    .agreed_at
                    .map_or(self.since, |agreed_at| agreed_at.max(self.since));
                self.outdated_since = self.outdated_since.or_else(|| reference.held_after(settled));
                self.unconfirmed = self.outdated_since.is_none();
                self.differing = flags;
            }
            (compared, reference) => {
                if compared == Compared::Agrees {
                    self.agreed_at = reference.map(|reference| reference.read_until);
                }
                self.outdated_since = None;
                self.unconfirmed = false;
                self.differing = Vec::new();
            }
        }
    }
}
