//! Following a change until each surface serves it.
//!
//! A check begins with each edit that was confirmed, and on demand. It asks
//! for looks at surfaces (`watch`) at a pace of its own; what any look shows,
//! whoever wanted it, is told to every check of the environment. All times are
//! as seen from this computer, between one reading and the next.
//!
//! Nothing is resumed: a check that was going on when the app ended is one
//! that was stopped.

mod follow;
mod pace;
mod seen;

use halyard_mirror::{KeptPropagation, MirrorError, PropagationId};
use halyard_model::{
    Answers, ConnectionId, Content, Edit, Endpoint, EnvironmentKey, Flag, FlagKey, Followed, Lane,
    SubjectState, Surface, SurfaceRule, Timestamp, differences,
};
use uuid::Uuid;

use self::follow::{Follow, FollowedLane};
pub(crate) use self::{
    follow::Follows,
    seen::{Looked, Seen},
};
use crate::{Console, ConsoleError, state::Site, watch::surfaces_of};

/// So many checks are told of an environment, at most.
const MOST_TOLD: u32 = 20;

/// A change followed to each surface. The shell puts it into words.
#[derive(Clone, Debug, PartialEq)]
pub struct PropagationFacts {
    /// Names the check.
    pub id: PropagationId,
    /// The environment.
    pub environment: EnvironmentKey,
    /// The flag.
    pub flag: FlagKey,
    /// When the change was sent, or the check asked for.
    pub published_at: Timestamp,
    /// It is still followed.
    pub running: bool,
    /// Each surface that can show it, in the order of the watch.
    pub lanes: Vec<PropagationLane>,
}

/// A change on its way to one surface.
#[derive(Clone, Debug, PartialEq)]
pub struct PropagationLane {
    /// The surface's base address.
    pub address: String,
    /// How far it has come.
    pub lane: Lane,
}

impl Console {
    /// Follows a flag's state as the mirror has it until each surface serves
    /// it. While the same state is being followed already, the answer names
    /// that check.
    pub async fn check_propagation(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
        flag: &FlagKey,
    ) -> Result<PropagationId, ConsoleError> {
        if self.known_connection(connection).await?.endpoint.is_file() {
            return Err(ConsoleError::FromFile);
        }
        let site = (connection.clone(), environment.clone());
        let found = self.inner.mirror.flag(connection, environment, flag).await?;
        let flag = found.ok_or(ConsoleError::Gone { what: "the flag" })?;
        let content = Content::from(&flag.state);
        let running = self.volatile().follows.of(&site, &flag.key, &content);
        if let Some(id) = running {
            return Ok(id);
        }
        let now = self.inner.clock.now();
        self.begin_following(&site, &flag, None, (now, now)).await
    }

    /// Stops following. What was seen so far stays.
    pub async fn stop_propagation(&self, id: &PropagationId) -> Result<(), ConsoleError> {
        let _turn = self.inner.follow_turn.lock().await;
        let stopped = self.volatile().follows.remove(id);
        match stopped {
            Some(follow) => self.keep_propagation(follow.kept(false)).await,
            None => Ok(()),
        }
    }

    /// The checks of an environment, the newest first.
    pub async fn propagations(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
    ) -> Result<Vec<PropagationFacts>, ConsoleError> {
        let endpoint = self.known_connection(connection).await?.endpoint;
        let surfaces = surfaces_of(&endpoint);
        // Looked at first: one that ends meanwhile is written down before it is
        // no longer followed.
        let followed = self.volatile().follows.ids();
        let kept = self
            .inner
            .mirror
            .propagations(connection, environment, MOST_TOLD)
            .await?;
        Ok(kept
            .into_iter()
            .map(|check| PropagationFacts {
                // One that another process began is not followed by this one.
                running: check.running && followed.contains(&check.id),
                lanes: check
                    .lanes
                    .into_iter()
                    .map(|lane| PropagationLane {
                        address: address(&lane.surface, &surfaces),
                        lane,
                    })
                    .collect(),
                id: check.id,
                environment: check.environment,
                flag: check.flag,
                published_at: check.published_at,
            })
            .collect())
    }

    /// After an edit was confirmed by a reading that ended at `held_at`. That
    /// it cannot be followed is no failure of the edit.
    pub(crate) async fn follow_edit(&self, edit: &Edit, flag: &Flag, published_at: Timestamp) {
        let site = (edit.connection.clone(), edit.environment.clone());
        let (Some(SubjectState::FlagState(base)), Some(SubjectState::FlagState(wished))) =
            (&edit.base, &edit.wish)
        else {
            return;
        };
        // Somebody's later state is not what was published.
        if !differences(wished, &flag.state).is_empty() {
            return;
        }
        let before = Some(Content::from(base));
        let times = (published_at, self.inner.clock.now());
        if let Err(error) = self.begin_following(&site, flag, before, times).await {
            tracing::warn!(error = error.for_log(), "a change could not be followed");
        }
    }

    async fn begin_following(
        &self,
        site: &Site,
        flag: &Flag,
        before: Option<Content>,
        (published_at, held_at): (Timestamp, Timestamp),
    ) -> Result<PropagationId, ConsoleError> {
        let endpoint = self.known_connection(&site.0).await?.endpoint;
        let answers = Answers::of(flag, endpoint.service());
        let content = Content::from(&flag.state);
        let read_back = before.is_some();
        let mut follow = Follow {
            id: PropagationId(Uuid::new_v4().to_string()),
            site: site.clone(),
            flag: flag.key.clone(),
            server_only: flag.server_only,
            overridden: !flag.state.segment_overrides.is_empty(),
            followed: Followed::new(
                content.clone(),
                before,
                answers,
                endpoint.service(),
                (published_at, held_at),
            ),
            doubted: false,
            admin_read: false,
            lanes: self.lanes(&endpoint, site, answers, published_at),
        };
        if read_back {
            // The write was confirmed by a reading of the admin API.
            follow.read_back();
        }
        let (id, over) = (follow.id.clone(), follow.is_over());
        let _turn = self.inner.follow_turn.lock().await;
        let kept = follow.kept(!over);
        let given_up = {
            let follows = &mut self.volatile().follows;
            follows.published(site, &flag.key, &content);
            if over { Vec::new() } else { follows.add(follow) }
        };
        self.keep_propagation(kept).await?;
        for other in given_up {
            self.keep_propagation(other.kept(false)).await?;
        }
        self.inner.follow_wake.notify_one();
        Ok(id)
    }

    /// A lane for each surface that can show the flag.
    fn lanes(
        &self,
        endpoint: &Endpoint,
        site: &Site,
        answers: Answers,
        published_at: Timestamp,
    ) -> Vec<FollowedLane> {
        let every = self.watch_pace().every(self.is_in_view(site));
        surfaces_of(endpoint)
            .into_iter()
            .filter(|(surface, _)| *surface != Surface::FlagsApi || answers != Answers::Untold)
            .map(|(surface, _)| FollowedLane {
                late_after_millis: SurfaceRule::of(&surface, endpoint, every)
                    .differs
                    .stale_after_millis,
                due_at: published_at,
                lane: Lane::to(surface),
            })
            .collect()
    }

    /// Writes down how far a check has come, and tells. One whose environment
    /// was removed meanwhile is followed no more.
    pub(crate) async fn keep_propagation(&self, check: KeptPropagation) -> Result<(), ConsoleError> {
        match self.inner.mirror.save_propagation(&check).await {
            Err(MirrorError::Missing) => {
                self.volatile().follows.remove(&check.id);
            }
            saved => saved?,
        }
        self.tell(crate::Event::Health {
            connection: check.connection,
        });
        Ok(())
    }
}

fn address(surface: &Surface, surfaces: &[(Surface, String)]) -> String {
    let known = surfaces.iter().find(|(one, _)| one == surface);
    match (known, surface) {
        (Some((_, address)), _) => address.clone(),
        (None, Surface::EdgeProxy(base)) => base.clone(),
        (None, Surface::Admin | Surface::FlagsApi) => String::new(),
    }
}
