//! A loopback server that speaks Flagsmith, an Edge Proxy and EdgeFlags, with faults on request.
//!
//! It runs inside the app for the demo, in tests, and alone as a binary. Everything is kept in memory and
//! answers over real HTTP, so a client cannot tell it from a service except by its address.
//!
//! ```no_run
//! # async fn example() -> Result<(), halyard_sandbox::StartError> {
//! use halyard_sandbox::{Config, Effect, Fault, Sandbox, Surface};
//!
//! let running = Sandbox::start(Config::default()).await?;
//! running.faults().set(Fault::of(Effect::CommitThenCut).on(Surface::EdgeFlags).method("PUT").times(1));
//! let base = &running.announcement().edgeflags.url;
//! # let _ = base;
//! running.stop().await;
//! # Ok(())
//! # }
//! ```

mod announcement;
mod board;
mod catalogue;
mod control;
mod demo;
mod doors;
pub mod edge_proxy;
pub mod edgeflags;
mod effect;
mod fault;
pub mod flagsmith;
mod forward_proxy;
mod history;
mod journal;
mod levers;
mod maya;
mod seed;
mod serve;
mod spoil;
pub mod staged;
mod status;
mod tls;
mod traffic;

use std::time::Duration;

use serde_json::Value;
use tokio_util::sync::DropGuard;

pub use announcement::{Announcement, EdgeFlagsPlace, HttpsPlace, Place};
pub use board::{FaultBoard, Posted};
pub use catalogue::{Listed, catalogue};
pub use demo::{DemoFault, Switch, demo_faults};
pub use effect::Effect;
pub use fault::{ErrorBody, Fault, Moment, Surface};
pub use forward_proxy::{ForwardProxy, Gate, Passage};
pub use history::{CLIENT_HEADER, FlagWrite};
pub use journal::{CarriedOut, Exchange};
pub use maya::{MayaEdit, MayaIdentity, MayaOverride, MayaSegment};
pub use seed::Seed;
pub use status::Oddity;

use board::Services;
use doors::{Doors, HttpsDoors};
use edge_proxy::EdgeProxy;
use edgeflags::{EdgeFlags, EdgeFlagsOptions};
use flagsmith::Flagsmith;
use journal::Journal;
use serve::Lifetime;

/// What a sandbox starts with.
#[derive(Debug, Clone)]
pub struct Config {
    /// The data it holds.
    pub seed: Seed,
    /// Flagsmith's port on 127.0.0.1; 0 takes a free one.
    pub flagsmith_port: u16,
    /// The Edge Proxy's port; 0 takes a free one.
    pub edge_proxy_port: u16,
    /// EdgeFlags' port; 0 takes a free one.
    pub edgeflags_port: u16,
    /// How often the Edge Proxy asks Flagsmith for documents.
    pub proxy_poll: Duration,
    /// How long after its last good poll the Edge Proxy still calls itself healthy.
    pub proxy_grace: Duration,
    /// How EdgeFlags behaves where its documentation does not say.
    pub edgeflags: EdgeFlagsOptions,
    /// Whether Flagsmith is served over HTTPS too, by a private authority and by certificates that are wrong.
    pub https: bool,
    /// How many writes of flags each service keeps for [`Running::history`].
    pub history: usize,
    /// Whether a forward proxy is opened, which leads to this machine only.
    pub proxy: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            seed: Seed::Acme,
            flagsmith_port: 0,
            edge_proxy_port: 0,
            edgeflags_port: 0,
            proxy_poll: Duration::from_secs(10),
            proxy_grace: Duration::from_secs(30),
            edgeflags: EdgeFlagsOptions::default(),
            https: false,
            history: 0,
            proxy: false,
        }
    }
}

/// Why a sandbox could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A port could not be opened.
    #[error("port {port} on 127.0.0.1 could not be opened")]
    Port {
        /// The port asked for; 0 means any.
        port: u16,
        /// What the system said.
        source: std::io::Error,
    },
    /// No certificates for the HTTPS listeners could be made.
    #[error("the certificates for HTTPS could not be made: {0}")]
    Certificates(String),
}

/// The services, before they run.
#[derive(Debug)]
pub struct Sandbox;

/// Running services. Dropping it ends every listener and every request under way.
#[derive(Debug)]
pub struct Running {
    announcement: Announcement,
    services: Services,
    board: FaultBoard,
    journal: Journal,
    lifetime: Lifetime,
    _stop_on_drop: DropGuard,
}

impl Sandbox {
    /// Opens the ports and serves.
    ///
    /// # Errors
    /// A port could not be opened, most often because another program holds it; or the certificates of an
    /// HTTPS listener could not be made.
    pub async fn start(config: Config) -> Result<Running, StartError> {
        let doors = Doors::open(&config).await?;
        let flagsmith = Flagsmith::new(config.seed);
        let mut flagsmith_member = flagsmith.describe();
        let pairs = key_pairs(&flagsmith_member);
        flagsmith_member["url"] = Value::String(doors.flagsmith.api());
        let services = Services {
            flagsmith,
            edge_proxy: EdgeProxy::new(doors.upstream.api(), pairs, config.proxy_poll, config.proxy_grace),
            edgeflags: EdgeFlags::new(config.seed, config.edgeflags),
            forward_proxy: ForwardProxy::default(),
        };
        services.flagsmith.keep_history(config.history);
        services.edgeflags.keep_history(config.history);
        let announcement = Announcement {
            flagsmith: flagsmith_member,
            edge_proxy: Place {
                url: doors.edge_proxy.api(),
            },
            edgeflags: services.edgeflags.describe(doors.edgeflags.root()),
            status: Place {
                url: doors.status.root(),
            },
            control: Place {
                url: format!("{}/", doors.control.root()),
            },
            https: doors.https.as_ref().map(HttpsDoors::describe),
            proxy: doors
                .forward_proxy
                .as_ref()
                .map(|door| Place { url: door.root() }),
        };
        let board = FaultBoard::new(services.clone());
        let (journal, lifetime) = (Journal::default(), Lifetime::default());
        doors.serve(&services, &board, &journal, &lifetime);
        services.edge_proxy.start_polling(lifetime.stop.clone());
        let stop_on_drop = lifetime.stop.clone().drop_guard();
        Ok(Running {
            announcement,
            services,
            board,
            journal,
            lifetime,
            _stop_on_drop: stop_on_drop,
        })
    }
}

impl Running {
    /// Addresses and credentials.
    pub fn announcement(&self) -> &Announcement {
        &self.announcement
    }

    /// Where faults are set.
    pub fn faults(&self) -> &FaultBoard {
        &self.board
    }

    /// The Flagsmith server.
    pub fn flagsmith(&self) -> &Flagsmith {
        &self.services.flagsmith
    }

    /// The Edge Proxy.
    pub fn edge_proxy(&self) -> &EdgeProxy {
        &self.services.edge_proxy
    }

    /// The EdgeFlags service.
    pub fn edgeflags(&self) -> &EdgeFlags {
        &self.services.edgeflags
    }

    /// The forward proxy, which has a port only where the configuration says so.
    pub fn forward_proxy(&self) -> &ForwardProxy {
        &self.services.forward_proxy
    }

    /// Lets so much time pass at once for the Flagsmith server and the Edge Proxy, whose polls are then made by
    /// [`EdgeProxy::poll`]. The other services, and the `Date` of answers, keep the computer's time.
    pub fn advance(&self, by: Duration) {
        self.services.flagsmith.advance(by);
        self.services.edge_proxy.advance(by);
    }

    /// The writes of a flag that the service keeps, oldest first; see [`Config::history`]. On Flagsmith of its
    /// state in the environment of this name, on EdgeFlags of its definition, for which the name is empty.
    pub fn history(&self, surface: Surface, environment: &str, flag: &str) -> Vec<FlagWrite> {
        match surface {
            Surface::EdgeFlags => self.services.edgeflags.history(flag),
            _ => self.services.flagsmith.history(environment, flag),
        }
    }

    /// The writes of all flags that the services keep, oldest first within each service.
    pub fn writes(&self) -> Vec<FlagWrite> {
        let mut writes = self.services.flagsmith.writes();
        writes.extend(self.services.edgeflags.writes());
        writes
    }

    /// How many connections of clients are open, over all services. Those that the system has made and no
    /// listener has accepted yet are not among them; [`Running::at_rest`] waits for these too.
    pub fn open_connections(&self) -> usize {
        self.lifetime.traffic.counts().connections
    }

    /// How many requests of clients are under way: read or being carried out, whether or not the client still
    /// waits, and late commits that are still to come.
    pub fn requests_under_way(&self) -> usize {
        self.lifetime.traffic.counts().requests
    }

    /// Waits until no client is connected, no request is under way and no late commit is to come, so that
    /// nothing changes any more unless somebody connects anew. Connections that nobody has accepted and
    /// requests that nobody has read at the time of the call are waited for. A client that lives and keeps its
    /// connections open keeps this waiting.
    pub async fn at_rest(&self) {
        self.lifetime.traffic.rest().await;
    }

    /// The requests that arrived, oldest first; the newest 20,000 are kept.
    pub fn journal(&self) -> Vec<Exchange> {
        self.journal.exchanges()
    }

    /// Whether a text occurs in any path, query, body or header that arrived, apart from the headers that
    /// exist to carry a credential.
    pub fn journal_contains(&self, text: &str) -> bool {
        self.journal.contains(text)
    }

    /// Forgets the requests that arrived so far.
    pub fn clear_journal(&self) {
        self.journal.clear();
    }

    /// Ends every listener and every request under way, and waits until they have ended.
    pub async fn stop(self) {
        self.lifetime.stop.cancel();
        self.lifetime.tasks.close();
        self.lifetime.tasks.wait().await;
    }
}

/// The client and server keys of each environment, as an Edge Proxy is configured with them.
fn key_pairs(flagsmith: &Value) -> Vec<(String, String)> {
    let environments = flagsmith["environments"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    let pair = |one: &Value| {
        Some((
            one["client_key"].as_str()?.to_owned(),
            one["server_key"].as_str()?.to_owned(),
        ))
    };
    environments.iter().filter_map(pair).collect()
}
