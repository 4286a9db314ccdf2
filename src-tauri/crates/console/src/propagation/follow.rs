//! The checks that are going on, and the loop that reads for them.

use std::{collections::HashSet, time::Duration};

use halyard_mirror::{KeptPropagation, PropagationId};
use halyard_model::{Content, FlagKey, Followed, Lane, Showing, Surface, Timestamp};
use halyard_provider::Urgency;
use tokio::{task::JoinSet, time::MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::pace::{self, Read};
use crate::{Console, ConsoleError, state::Site, watch::Conditional};

/// So many checks go on at once, at most; the oldest are given up.
const MOST_RUNNING: usize = 50;

/// How often it is looked which surfaces are due.
const TICK: Duration = Duration::from_millis(250);

/// A surface that is about to be read is not due for so long.
const UNDERWAY_MILLIS: i64 = 1_000;

/// The pause after a look for which the key or the mirror was missing.
const NO_LOOK_MILLIS: i64 = 30_000;

/// A check that is going on.
#[derive(Clone, Debug)]
pub(crate) struct Follow {
    pub(super) id: PropagationId,
    pub(super) site: Site,
    pub(super) flag: FlagKey,
    /// Documents served to client-side keys may leave it out.
    pub(super) server_only: bool,
    /// Segments override it. Edge Proxies weigh them for nobody in particular,
    /// too, and Flagsmith does not; what they answer then is their own.
    pub(super) overridden: bool,
    pub(super) followed: Followed,
    /// The admin API was read since the change was published.
    pub(super) admin_read: bool,
    /// The admin API's document does not show the change: only its lists can
    /// tell whether it is behind, or somebody has moved on.
    pub(super) doubted: bool,
    pub(super) lanes: Vec<FollowedLane>,
}

/// A lane with its pace.
#[derive(Clone, Debug)]
pub(crate) struct FollowedLane {
    pub(super) lane: Lane,
    /// From publishing on, in milliseconds.
    pub(super) late_after_millis: i64,
    pub(super) due_at: Timestamp,
}

impl Follow {
    pub(super) fn kept(&self, running: bool) -> KeptPropagation {
        KeptPropagation {
            id: self.id.clone(),
            connection: self.site.0.clone(),
            environment: self.site.1.clone(),
            flag: self.flag.clone(),
            published_at: self.followed.published_at,
            running,
            lanes: self.lanes.iter().map(|one| one.lane.clone()).collect(),
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.lanes.iter().all(|one| one.lane.is_over())
    }

    /// The write's own reading showed the change in the admin API.
    pub(super) fn read_back(&mut self) {
        let (published_at, held_at) = (self.followed.published_at, self.followed.held_at);
        let has_documents = self.lanes.iter().any(|one| is_proxy(&one.lane.surface));
        for one in &mut self.lanes {
            if pace::is_measure(&one.lane.surface) {
                one.lane
                    .showed(Showing::Change, published_at, published_at, held_at);
                if !has_documents {
                    one.due_at = pace::next_measure(published_at, held_at);
                }
            } else {
                one.due_at = held_at;
            }
        }
    }

    /// Sets when a surface is to be read again.
    pub(super) fn paced(&mut self, surface: &Surface, read: Read, now: Timestamp) {
        let published_at = self.followed.published_at;
        let measured = pace::is_measure(surface) && self.admin_read;
        for one in self.lanes.iter_mut().filter(|one| one.lane.surface == *surface) {
            one.due_at = if measured && read == Read::Answered {
                pace::next_measure(published_at, now)
            } else {
                pace::next(one.lane.state, read, published_at, one.late_after_millis, now)
            };
        }
    }

    fn given_up_at(&self) -> Timestamp {
        let limits = self.lanes.iter().map(|one| one.late_after_millis);
        pace::given_up_at(self.followed.published_at, limits)
    }

    /// The surfaces that are due. The measure is read as long as any lane is
    /// not over.
    fn due(&self, now: Timestamp) -> impl Iterator<Item = &Surface> {
        self.lanes
            .iter()
            .filter(move |one| {
                one.due_at <= now && (!one.lane.is_over() || pace::is_measure(&one.lane.surface))
            })
            .map(|one| &one.lane.surface)
    }
}

fn is_proxy(surface: &Surface) -> bool {
    matches!(surface, Surface::EdgeProxy(_))
}

/// The checks that are going on, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Follows {
    running: Vec<Follow>,
}

impl Follows {
    pub(super) fn ids(&self) -> HashSet<PropagationId> {
        self.running.iter().map(|follow| follow.id.clone()).collect()
    }

    pub(super) fn of(&self, site: &Site, flag: &FlagKey, content: &Content) -> Option<PropagationId> {
        let same = |follow: &&Follow| {
            follow.site == *site
                && follow.flag == *flag
                && follow.followed.content == *content
                && !follow.is_over()
        };
        self.running.iter().find(same).map(|follow| follow.id.clone())
    }

    /// Adds a check; the answer is those that are given up for it.
    pub(super) fn add(&mut self, follow: Follow) -> Vec<Follow> {
        self.running.push(follow);
        let excess = self.running.len().saturating_sub(MOST_RUNNING);
        self.running.drain(..excess).collect()
    }

    pub(super) fn remove(&mut self, id: &PropagationId) -> Option<Follow> {
        let place = self.running.iter().position(|follow| follow.id == *id)?;
        Some(self.running.remove(place))
    }

    /// A flag was published anew: what was followed so far is not the newest.
    pub(super) fn published(&mut self, site: &Site, flag: &FlagKey, content: &Content) {
        for follow in self.at(site).filter(|follow| follow.flag == *flag) {
            follow.followed.followed_by(content.clone());
        }
    }

    /// The checks of an environment.
    pub(super) fn at(&mut self, site: &Site) -> impl Iterator<Item = &mut Follow> {
        self.running.iter_mut().filter(move |follow| follow.site == *site)
    }

    /// Drops those of an environment that are over.
    pub(super) fn drop_over(&mut self, site: &Site) {
        self.running
            .retain(|follow| follow.site != *site || !follow.is_over());
    }

    fn take_given_up(&mut self, now: Timestamp) -> Vec<Follow> {
        let given_up = |follow: &mut Follow| follow.given_up_at() <= now;
        self.running.extract_if(.., given_up).collect()
    }

    /// The surfaces to be read now. They are not due again before a look at
    /// them had its time.
    fn take_due(&mut self, now: Timestamp) -> Vec<(Site, Surface)> {
        let mut due: Vec<(Site, Surface)> = Vec::new();
        for follow in &self.running {
            for surface in follow.due(now) {
                let place = (follow.site.clone(), surface.clone());
                if !due.contains(&place) {
                    due.push(place);
                }
            }
        }
        for (site, surface) in &due {
            self.postpone(site, surface, now.plus_millis(UNDERWAY_MILLIS));
        }
        due
    }

    fn postpone(&mut self, site: &Site, surface: &Surface, at: Timestamp) {
        for follow in self.at(site) {
            let lanes = follow.lanes.iter_mut();
            for one in lanes.filter(|one| one.lane.surface == *surface) {
                one.due_at = one.due_at.max(at);
            }
        }
    }
}

impl Console {
    /// Reads for the checks that are going on until cancelled.
    pub async fn keep_following(&self, cancel: CancellationToken) {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut looks = JoinSet::new();
        loop {
            let idle = self.volatile().follows.running.is_empty();
            tokio::select! {
                () = cancel.cancelled() => return,
                Some(_) = looks.join_next() => continue,
                () = self.inner.follow_wake.notified(), if idle => {}
                _ = tick.tick(), if !idle => {}
            }
            let due = self.volatile().follows.take_due(self.inner.clock.now());
            for (site, surface) in due {
                let console = self.clone();
                looks.spawn(async move { console.look_for_checks(&site, &surface).await });
            }
            if let Err(error) = self.give_up_following().await {
                tracing::warn!(
                    error = error.for_log(),
                    "a propagation check could not be written down"
                );
            }
        }
    }

    /// Reads once what is due for the checks that are going on, one surface
    /// after the other, and gives up those that took too long.
    pub async fn follow_due(&self) -> Result<(), ConsoleError> {
        let due = self.volatile().follows.take_due(self.inner.clock.now());
        for (site, surface) in due {
            self.look_for_checks(&site, &surface).await;
        }
        self.give_up_following().await
    }

    /// Whether any change is being followed.
    pub fn is_following(&self) -> bool {
        !self.volatile().follows.running.is_empty()
    }

    async fn look_for_checks(&self, site: &Site, surface: &Surface) {
        let looked = self
            .look_as(site, surface, Urgency::Background, Conditional::Never)
            .await;
        let looked = match looked {
            Ok(()) if pace::is_measure(surface) => self.ask_lists(site).await,
            looked => looked,
        };
        // What the surface answers, also a failure, is recorded with it.
        if let Err(error) = looked {
            tracing::info!(
                error = error.for_log(),
                "a surface could not be looked at for a propagation check"
            );
            let again = self.inner.clock.now().plus_millis(NO_LOOK_MILLIS);
            self.volatile().follows.postpone(site, surface, again);
        }
    }

    /// Reads the flags of which the document does not show what was published.
    async fn ask_lists(&self, site: &Site) -> Result<(), ConsoleError> {
        let doubted: HashSet<FlagKey> = {
            let follows = &mut self.volatile().follows;
            let doubted = follows.at(site).filter(|follow| follow.doubted);
            doubted.map(|follow| follow.flag.clone()).collect()
        };
        for key in doubted {
            let Some(known) = self.inner.mirror.flag(&site.0, &site.1, &key).await? else {
                continue;
            };
            let reach = self.reach(site).await?.going(Urgency::Background);
            let at = self.inner.clock.now();
            let answer = reach.provider.flag(reach.target(), &known).await?;
            let flag = self.heard(&site.0, answer);
            let content = Content::from(&flag.state);
            self.lists_showed(site, &key, &content, at).await?;
        }
        Ok(())
    }

    async fn give_up_following(&self) -> Result<(), ConsoleError> {
        let _turn = self.inner.follow_turn.lock().await;
        let now = self.inner.clock.now();
        let given_up = self.volatile().follows.take_given_up(now);
        for follow in given_up {
            self.keep_propagation(follow.kept(false)).await?;
        }
        Ok(())
    }
}
