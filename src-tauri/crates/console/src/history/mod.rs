//! The history of environments: what each was, and when. Everything here is
//! answered from the mirror; only [`Console::take`] asks a service, by a
//! refresh.

mod at;
mod authors;
mod keep;
mod take;

pub use at::MomentAt;
pub(crate) use authors::AuthorSearch;
pub(crate) use keep::HistoryCare;

use std::collections::HashMap;

use halyard_mirror::{DamagedPart, HistorySize, MomentFilter, OpenedMoment};
use halyard_model::{
    ConnectionId, Environment, EnvironmentKey, FlagKey, Gap, GapRule, Moment, MomentId, Retention,
};

use crate::{Console, ConsoleError, Event, state::Site};

/// The most moments of a page.
const MOST: u32 = 500;

/// Moments of a flag's history: more than a person goes through.
const MOST_OF_A_FLAG: u32 = 200;

/// Asks for a page of the timeline.
#[derive(Clone, Debug)]
pub struct TimelineInput {
    /// The connection.
    pub connection: ConnectionId,
    /// Its environments; all of them where empty.
    pub environments: Vec<EnvironmentKey>,
    /// Only pinned and named moments.
    pub kept_only: bool,
    /// Only those behind this one: [`Timeline::next`] of the page before.
    pub before: Option<MomentId>,
    /// At most so many; no page has more than 500.
    pub limit: u32,
}

/// A page of the timeline.
#[derive(Clone, Debug)]
pub struct Timeline {
    /// The connection's environments, in its order.
    pub environments: Vec<Environment>,
    /// The moments, the one first seen last in front.
    pub moments: Vec<MomentFacts>,
    /// Where the next page begins; none at the end.
    pub next: Option<MomentId>,
    /// What the history of the connection holds.
    pub size: HistorySize,
    /// How long moments are kept.
    pub retention: Retention,
    /// What was found damaged in the history, whichever connection's.
    pub damaged: Vec<DamagedPart>,
}

/// A moment with what is known around it.
#[derive(Clone, Debug, PartialEq)]
pub struct MomentFacts {
    /// The moment.
    pub moment: Moment,
    /// It is the newest of its environment: what the mirror holds now.
    pub current: bool,
    /// Nobody looked for a while before it, and something changed meanwhile.
    pub gap: Option<Gap>,
}

impl Console {
    /// A page of the timeline of some environments of a connection.
    ///
    /// [`ConsoleError::Gone`] where the connection is not there.
    pub async fn timeline(&self, input: TimelineInput) -> Result<Timeline, ConsoleError> {
        let mirror = &self.inner.mirror;
        self.known_connection(&input.connection).await?;
        let environments = mirror.environments(&input.connection).await?;
        let wanted: Vec<Site> = environments
            .iter()
            .filter(|one| input.environments.is_empty() || input.environments.contains(&one.key))
            .map(|one| (input.connection.clone(), one.key.clone()))
            .collect();
        let limit = input.limit.clamp(1, MOST);
        let mut moments = match wanted.is_empty() {
            true => Vec::new(),
            false => {
                let filter = MomentFilter {
                    environments: wanted,
                    kept_only: input.kept_only,
                    before: input.before,
                    // One more tells whether there is a next page.
                    limit: limit + 1,
                    ..MomentFilter::default()
                };
                mirror.moments(&filter).await?
            }
        };
        let has_more = moments.len() > limit as usize;
        moments.truncate(limit as usize);
        Ok(Timeline {
            next: moments.last().filter(|_| has_more).map(|last| last.id),
            moments: self.moment_facts(moments).await?,
            environments,
            size: mirror.history_size(Some(&input.connection)).await?,
            retention: self.retention().await?,
            damaged: self.volatile().history.damaged.clone(),
        })
    }

    /// The moments that touched a flag in an environment, the newest in front;
    /// at most 200.
    pub async fn flag_history(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
        flag: &FlagKey,
    ) -> Result<Vec<MomentFacts>, ConsoleError> {
        let filter = MomentFilter {
            environments: vec![(connection.clone(), environment.clone())],
            flag: Some(flag.clone()),
            limit: MOST_OF_A_FLAG,
            ..MomentFilter::default()
        };
        let moments = self.inner.mirror.moments(&filter).await?;
        self.moment_facts(moments).await
    }

    /// A moment, without its content.
    ///
    /// [`ConsoleError::Gone`] where it is not there.
    pub async fn moment(&self, id: MomentId) -> Result<Moment, ConsoleError> {
        self.inner.mirror.moment(id).await?.ok_or(GONE)
    }

    /// A moment of an environment with its content, all of it.
    ///
    /// [`ConsoleError::Gone`] where the environment has no such moment;
    /// [`ConsoleError::DamagedMoment`] where not all of it can be read.
    pub(crate) async fn opened_moment(
        &self,
        site: &Site,
        id: MomentId,
    ) -> Result<OpenedMoment, ConsoleError> {
        let opened = self.inner.mirror.open_moment(id).await?;
        let is_of_it =
            |opened: &OpenedMoment| opened.moment.connection == site.0 && opened.moment.environment == site.1;
        let opened = opened.filter(is_of_it).ok_or(GONE)?;
        if !opened.damaged.is_empty() {
            return Err(ConsoleError::DamagedMoment {
                parts: opened.damaged.into_iter().map(|part| part.what).collect(),
            });
        }
        Ok(opened)
    }

    /// The newest moment of an environment: what the mirror holds of it now.
    pub async fn newest(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
    ) -> Result<Option<Moment>, ConsoleError> {
        self.newest_moment(&(connection.clone(), environment.clone()))
            .await
    }

    /// The newest moment of an environment: what the mirror holds of it.
    pub(crate) async fn newest_moment(&self, site: &Site) -> Result<Option<Moment>, ConsoleError> {
        let filter = MomentFilter {
            environments: vec![site.clone()],
            limit: 1,
            ..MomentFilter::default()
        };
        Ok(self.inner.mirror.moments(&filter).await?.pop())
    }

    /// What counts as a gap.
    pub(crate) fn gap_rule(&self) -> GapRule {
        self.pace().gap_rule()
    }

    /// Moments with what is known around them.
    async fn moment_facts(&self, moments: Vec<Moment>) -> Result<Vec<MomentFacts>, ConsoleError> {
        let mut newest: HashMap<Site, Option<MomentId>> = HashMap::new();
        let mut all = Vec::with_capacity(moments.len());
        for moment in moments {
            let site = (moment.connection.clone(), moment.environment.clone());
            let newest = match newest.get(&site) {
                Some(known) => *known,
                None => {
                    let found = self.newest_moment(&site).await?.map(|moment| moment.id);
                    newest.insert(site, found);
                    found
                }
            };
            all.push(MomentFacts {
                current: newest == Some(moment.id),
                gap: moment.gap(self.gap_rule()),
                moment,
            });
        }
        Ok(all)
    }

    /// A moment of an environment was made, or is another by now.
    pub(crate) fn tell_timeline(&self, connection: &ConnectionId) {
        self.tell(Event::Timeline {
            connection: connection.clone(),
        });
    }
}

const GONE: ConsoleError = ConsoleError::Gone { what: "the snapshot" };
