//! Watching surfaces: whether what each of them serves is current.
//!
//! The admin API's content is the measure and comes with each refresh. Other
//! surfaces are read one at a time, in the background, the environment in view
//! often and the others rarely. What is known is kept in the mirror, so that
//! a restart forgets nothing.

mod checks;
mod look;
mod pace;
mod ticking;

use std::collections::{HashMap, HashSet};

use halyard_model::{
    ConnectionId, Endpoint, EnvironmentKey, Freshness, Surface, SurfaceFreshness, SurfaceRecord, SurfaceRule,
    Timestamp, judge_surface,
};
use halyard_provider::Stamp;

pub use checks::Check;
pub(crate) use checks::Checks;
pub(crate) use look::Conditional;
pub use pace::WatchPace;

use crate::{Console, ConsoleError, state::Site};

/// What looking at surfaces has come to while the console runs.
#[derive(Default)]
pub(crate) struct Looks {
    /// When each surface was last tried.
    tried_at: HashMap<(Site, Surface), Timestamp>,
    /// Surfaces that are being looked at.
    running: HashSet<(Site, Surface)>,
    /// What conditional reads refer to.
    stamps: HashMap<(Site, Surface), Stamp>,
    /// The state last told, so that only changes are told.
    told: HashMap<(Site, Surface), (Freshness, bool)>,
}

/// A surface with what is known about it for one environment. The shell puts
/// it into words.
#[derive(Clone, Debug)]
pub struct WatchedSurface {
    /// The surface.
    pub surface: Surface,
    /// Its base address.
    pub address: String,
    /// The environment.
    pub environment: EnvironmentKey,
    /// What was read of it.
    pub record: SurfaceRecord,
    /// By which rule it is judged.
    pub rule: SurfaceRule,
    /// How fresh that makes it now.
    pub freshness: SurfaceFreshness,
}

/// The surfaces of an endpoint and their addresses, the admin API first. A
/// file has none.
pub fn surfaces_of(endpoint: &Endpoint) -> Vec<(Surface, String)> {
    if endpoint.is_file() {
        return Vec::new();
    }
    let admin = endpoint.address().to_owned();
    let flags = match endpoint {
        Endpoint::Flagsmith(flagsmith) => flagsmith.flags_base.clone().unwrap_or_else(|| admin.clone()),
        Endpoint::EdgeFlags { .. } | Endpoint::File { .. } => admin.clone(),
    };
    let proxies = endpoint
        .edge_proxies()
        .iter()
        .map(|proxy| (Surface::EdgeProxy(proxy.base.clone()), proxy.base.clone()));
    [(Surface::Admin, admin), (Surface::FlagsApi, flags)]
        .into_iter()
        .chain(proxies)
        .collect()
}

impl Console {
    /// Every surface of a connection with how fresh it is for an environment,
    /// the admin API first, then the Flags API, then the Edge Proxies. What
    /// was never read is [`Freshness::Never`]. The mirror's own freshness is
    /// in [`EnvironmentFacts`](crate::EnvironmentFacts).
    pub async fn watched_surfaces(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
    ) -> Result<Vec<WatchedSurface>, ConsoleError> {
        let endpoint = self.known_connection(connection).await?.endpoint;
        let site = (connection.clone(), environment.clone());
        let mirror = &self.inner.mirror;
        let admin = mirror
            .surface_record(connection, environment, &Surface::Admin)
            .await?;
        let now = self.inner.clock.now();
        let mut all = Vec::new();
        for (surface, address) in surfaces_of(&endpoint) {
            let record = mirror.surface_record(connection, environment, &surface).await?;
            let rule = SurfaceRule::of(
                &surface,
                &endpoint,
                self.watch_pace().every(self.is_in_view(&site)),
            );
            all.push(WatchedSurface {
                freshness: judge_surface(&record, rule, admin.reference().as_ref(), now),
                environment: environment.clone(),
                surface,
                address,
                record,
                rule,
            });
        }
        Ok(all)
    }

    /// The gravest of what is the matter with a surface that serves an
    /// environment; nothing where all is well or nothing is known.
    pub async fn gravest_surface(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
    ) -> Result<Option<WatchedSurface>, ConsoleError> {
        let gravity = |state: Freshness| match state {
            Freshness::Never | Freshness::Fresh => 0,
            Freshness::Ageing => 1,
            Freshness::Offline => 2,
            Freshness::Stale => 3,
        };
        let all = self.watched_surfaces(connection, environment).await?;
        let in_trouble = all.into_iter().filter(|one| one.freshness.trouble.is_some());
        Ok(in_trouble.max_by_key(|one| gravity(one.freshness.state)))
    }

    pub(crate) fn is_in_view(&self, site: &Site) -> bool {
        self.volatile().in_view.as_ref() == Some(site)
    }
}
