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
pub mod edge_proxy;
pub mod edgeflags;
mod effect;
mod fault;
pub mod flagsmith;
mod journal;
mod levers;
mod maya;
mod seed;
mod serve;
mod spoil;
pub mod staged;
mod status;

use std::time::Duration;

use axum::Router;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::sync::DropGuard;

pub use announcement::{Announcement, EdgeFlagsPlace, Place};
pub use board::{FaultBoard, Posted};
pub use catalogue::{Listed, catalogue};
pub use effect::Effect;
pub use fault::{ErrorBody, Fault, Moment, Surface};
pub use journal::Exchange;
pub use maya::MayaEdit;
pub use seed::Seed;
pub use status::Oddity;

use board::Services;
use edge_proxy::EdgeProxy;
use edgeflags::{EdgeFlags, EdgeFlagsOptions};
use flagsmith::Flagsmith;
use journal::Journal;
use serve::{Front, Lifetime};

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
        }
    }
}

/// Why a sandbox could not start.
#[derive(Debug, thiserror::Error)]
#[error("port {port} on 127.0.0.1 could not be opened")]
pub struct StartError {
    /// The port asked for; 0 means any.
    pub port: u16,
    source: std::io::Error,
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
    /// A port could not be opened, most often because another program holds it.
    pub async fn start(config: Config) -> Result<Running, StartError> {
        let flagsmith_listener = open(config.flagsmith_port).await?;
        let proxy_listener = open(config.edge_proxy_port).await?;
        let edgeflags_listener = open(config.edgeflags_port).await?;
        let upstream_listener = open(0).await?;
        let status_listener = open(0).await?;
        let control_listener = open(0).await?;

        let flagsmith_url = format!("{}/api/v1/", address(&flagsmith_listener)?);
        let flagsmith = Flagsmith::new(config.seed);
        let mut flagsmith_member = flagsmith.describe();
        let pairs = key_pairs(&flagsmith_member);
        flagsmith_member["url"] = Value::String(flagsmith_url);
        let upstream_url = format!("{}/api/v1/", address(&upstream_listener)?);
        let edge_proxy = EdgeProxy::new(upstream_url, pairs, config.proxy_poll, config.proxy_grace);
        let edgeflags = EdgeFlags::new(config.seed, config.edgeflags);

        let announcement = Announcement {
            flagsmith: flagsmith_member,
            edge_proxy: Place {
                url: format!("{}/api/v1/", address(&proxy_listener)?),
            },
            edgeflags: edgeflags.describe(address(&edgeflags_listener)?),
            status: Place {
                url: address(&status_listener)?,
            },
            control: Place {
                url: format!("{}/", address(&control_listener)?),
            },
        };
        let services = Services {
            flagsmith,
            edge_proxy,
            edgeflags,
        };
        let board = FaultBoard::new(services.clone());
        let (journal, lifetime) = (Journal::default(), Lifetime::default());
        let front = |surface: Surface, router: Router| Front {
            surface,
            router,
            board: board.clone(),
            journal: journal.clone(),
            lifetime: lifetime.clone(),
        };
        serve::serve(
            flagsmith_listener,
            front(Surface::Flagsmith, services.flagsmith.router()),
        );
        serve::serve(
            upstream_listener,
            front(Surface::ProxyUpstream, services.flagsmith.router()),
        );
        serve::serve(
            proxy_listener,
            front(Surface::EdgeProxy, services.edge_proxy.router()),
        );
        serve::serve(
            edgeflags_listener,
            front(Surface::EdgeFlags, services.edgeflags.router()),
        );
        serve::serve(
            status_listener,
            front(Surface::Status, status::router(board.clone())),
        );
        let control = control::router(board.clone(), journal.clone());
        serve::serve_plain(control_listener, control, lifetime.clone());
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

async fn open(port: u16) -> Result<TcpListener, StartError> {
    serve::bind(port)
        .await
        .map_err(|source| StartError { port, source })
}

fn address(listener: &TcpListener) -> Result<String, StartError> {
    let address = listener
        .local_addr()
        .map_err(|source| StartError { port: 0, source })?;
    Ok(format!("http://{address}"))
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
