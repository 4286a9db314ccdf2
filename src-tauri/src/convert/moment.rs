//! Moments of the history.

use halyard_console::{MomentAt, MomentFacts, Timeline};
use halyard_model::{Author, Connection, Environment, MomentId, Retention, Timestamp};

use super::{connection::marks, seconds};
use crate::{
    error::WireError,
    view::*,
    words::{moment as words, time::Clock},
};

/// A megabyte of a limit, in bytes.
const MEGABYTE: u64 = 1024 * 1024;

/// A moment's name, inwards.
pub fn id_in(id: &str) -> Result<MomentId, WireError> {
    let number = id.parse().map_err(|_| WireError::gone("the snapshot"))?;
    Ok(MomentId(number))
}

/// The same where there may be none, which is now.
pub fn at_in(id: Option<&str>) -> Result<Option<MomentId>, WireError> {
    id.map(id_in).transpose()
}

/// What moments are shown with.
pub struct Around<'a> {
    /// Their connection.
    pub connection: &'a Connection,
    /// Its environments, in its order.
    pub environments: &'a [Environment],
    /// The time it is.
    pub now: Timestamp,
    /// The zone times are told in.
    pub clock: Clock,
}

impl Around<'_> {
    /// A moment.
    pub fn moment(&self, facts: &MomentFacts) -> MomentView {
        let moment = &facts.moment;
        let marks = marks(self.environments.iter());
        let place = self
            .environments
            .iter()
            .position(|one| one.key == moment.environment);
        MomentView {
            id: moment.id.0.to_string(),
            environment: moment.environment.0.clone(),
            environment_name: self.name(moment.environment.0.as_str()).to_owned(),
            mark: place.map_or(MarkView::Development, |place| marks[place]),
            at: seconds(moment.first_seen),
            until: seconds(moment.last_seen),
            current: facts.current,
            title: words::title(moment),
            by: words::by(moment),
            name: moment.name.clone(),
            pinned: moment.pinned,
            added: moment.counts.added,
            changed: moment.counts.changed,
            removed: moment.counts.removed,
            parts: moment.touched.iter().map(words::part).collect(),
            authors: moment.authors.iter().map(author).collect(),
            gap: facts
                .gap
                .map(|gap| words::gap(gap.from, gap.to, self.now, &self.clock)),
            source: words::source(moment, self.connection),
        }
    }

    /// A page of the timeline. `damaged` is what is damaged of it, in sentences.
    pub fn timeline(&self, page: &Timeline, damaged: Vec<String>) -> TimelineView {
        TimelineView {
            moments: page.moments.iter().map(|facts| self.moment(facts)).collect(),
            next: page.next.map(|next| next.0.to_string()),
            summary: words::summary(page.size, &page.retention),
            damaged,
        }
    }

    /// What an environment was at a time.
    pub fn moment_at(&self, environment: &str, found: &MomentAt) -> MomentAtView {
        MomentAtView {
            moment: found.moment.as_ref().map(|facts| self.moment(facts)),
            sure: found.sureness.is_sure(),
            sentence: words::sureness(found, self.name(environment), self.now, &self.clock),
        }
    }

    /// An environment's name, by its key.
    pub fn name<'n>(&'n self, key: &'n str) -> &'n str {
        let known = self.environments.iter().find(|one| one.key.0 == key);
        known.map_or(key, |environment| &environment.name)
    }
}

fn author(author: &Author) -> AuthorView {
    AuthorView {
        name: author.name.clone(),
        at: seconds(author.at),
        what: author.what.clone(),
    }
}

/// How long moments are kept. `used` is what they take, in words.
pub fn retention(keep: &Retention, used: String) -> RetentionView {
    let megabytes = |bytes: u64| u32::try_from(bytes / MEGABYTE).unwrap_or(u32::MAX);
    RetentionView {
        days: keep.days,
        megabytes: keep.bytes.map(megabytes),
        used,
    }
}

/// How long moments are kept, inwards.
pub fn retention_in(days: Option<u32>, megabytes: Option<u32>) -> Retention {
    Retention {
        days,
        bytes: megabytes.map(|megabytes| u64::from(megabytes) * MEGABYTE),
    }
}
