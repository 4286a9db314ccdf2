//! The demo: the sandbox inside the app.

use halyard_console::{Credential, DemoService};
use halyard_model::{ConnectionId, EdgeProxy, Endpoint, FlagsmithAuth, FlagsmithEndpoint, Named};
use halyard_sandbox::{Config, Running, Sandbox, Seed, Switch, demo_faults};

use super::Halyard;
use crate::{
    error::{ErrorCode, WireError},
    view::DemoFaultView,
};

const FLAGSMITH: &str = "demo-flagsmith";
const EDGEFLAGS: &str = "demo-edgeflags";

/// The switch that makes the status feed tell of an incident.
const INCIDENT: &str = "incident";

impl Halyard {
    /// Starts the sandbox, unless it runs, and connects to its services.
    pub async fn start_demo(&self) -> Result<Vec<ConnectionId>, WireError> {
        let mut sandbox = self.sandbox.lock().await;
        if sandbox.is_none() {
            let config = Config {
                seed: Seed::Acme,
                ..Config::default()
            };
            let running = Sandbox::start(config).await.map_err(|error| {
                let mut wire = WireError::new(ErrorCode::Service, "The demo server could not start.");
                wire.cause = Some(error.to_string());
                wire
            })?;
            *sandbox = Some(running);
        }
        let services = sandbox.as_ref().map(services).unwrap_or_default();
        let feed = sandbox
            .as_ref()
            .map(|running| running.announcement().status.url.clone());
        drop(sandbox);
        let connected = self.console.connect_demo(services).await?;
        self.read_demo_feed(feed).await?;
        Ok(connected)
    }

    /// Lets the demo of Flagsmith read the sandbox's status feed, which is at
    /// another port in every run. Whoever switched it off keeps it off.
    async fn read_demo_feed(&self, feed: Option<String>) -> Result<(), WireError> {
        let id = ConnectionId(FLAGSMITH.into());
        let mut settings = self.console.surface_settings(&id).await?;
        settings.status_feed_url = feed;
        self.console.change_surfaces(&id, settings).await?;
        Ok(())
    }
}

impl Halyard {
    /// The fault board of the demo; empty while the demo does not run.
    pub async fn demo_faults(&self) -> Vec<DemoFaultView> {
        let sandbox = self.sandbox.lock().await;
        sandbox.as_ref().map(faults).unwrap_or_default()
    }

    /// Turns one of the demo's faults on or off; the board afterwards.
    pub async fn set_demo_fault(&self, id: &str, switch: Switch) -> Result<Vec<DemoFaultView>, WireError> {
        let sandbox = self.sandbox.lock().await;
        let running = sandbox
            .as_ref()
            .ok_or_else(|| WireError::gone("the demo server"))?;
        if !running.faults().switch_demo(id, switch) {
            return Err(WireError::gone("this fault"));
        }
        let board = faults(running);
        drop(sandbox);
        if id == INCIDENT {
            // Nobody who tries the board waits five minutes for the next reading.
            let flagsmith = ConnectionId(FLAGSMITH.into());
            self.console.check_provider_status(&flagsmith).await?;
        }
        Ok(board)
    }
}

#[cfg(test)]
impl Halyard {
    /// Lets something go wrong in the demo's services.
    pub async fn add_demo_fault(&self, fault: halyard_sandbox::Fault) {
        if let Some(running) = self.sandbox.lock().await.as_ref() {
            running.faults().add(fault);
        }
    }

    /// Lets somebody else change the demo's Flagsmith.
    pub async fn edit_demo_as_maya(&self, edit: &halyard_sandbox::MayaEdit) {
        if let Some(running) = self.sandbox.lock().await.as_ref() {
            let made = running
                .faults()
                .edit_as_maya(halyard_sandbox::Surface::Flagsmith, edit);
            assert!(made.is_ok(), "Maya can edit");
        }
    }

    /// Everything of the demo's services that nobody may see.
    pub async fn demo_secrets(&self) -> Vec<String> {
        let sandbox = self.sandbox.lock().await;
        let Some(running) = sandbox.as_ref() else {
            return Vec::new();
        };
        let announcement = running.announcement();
        let told = &announcement.flagsmith;
        let mut secrets = vec![announcement.edgeflags.token.clone()];
        for member in ["api_key", "token", "staff_token"] {
            secrets.extend(told[member].as_str().map(str::to_owned));
        }
        for environment in told["environments"].as_array().into_iter().flatten() {
            secrets.extend(environment["server_key"].as_str().map(str::to_owned));
        }
        secrets
    }
}

fn faults(running: &Running) -> Vec<DemoFaultView> {
    let on = running.faults().demo_switches_on();
    let listed = demo_faults().into_iter().map(|fault| DemoFaultView {
        on: on.contains(&fault.id),
        id: fault.id.into(),
        title: fault.title.into(),
        effect: fault.shows.into(),
    });
    listed.collect()
}

fn services(running: &Running) -> Vec<DemoService> {
    let announcement = running.announcement();
    let text = |member: &str| {
        announcement.flagsmith[member]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let edgeflags = &announcement.edgeflags;
    // The proxy is configured with every environment of the server.
    let pairs = announcement.flagsmith["environments"]
        .as_array()
        .map_or(1, Vec::len);
    let pairs = u32::try_from(pairs).unwrap_or(1);
    vec![
        DemoService {
            id: FLAGSMITH,
            name: "Acme Store".into(),
            endpoint: Endpoint::Flagsmith(FlagsmithEndpoint {
                admin_base: text("url"),
                flags_base: None,
                edge_proxies: vec![EdgeProxy {
                    key_pairs: pairs,
                    ..EdgeProxy::at(&announcement.edge_proxy.url)
                }],
                ca_bundle: None,
                auth: FlagsmithAuth::OrganisationKey,
            }),
            credential: Credential::new(&text("api_key")),
            organisation: Some(Named {
                id: "demo".into(),
                name: "Demo, Flagsmith".into(),
            }),
        },
        DemoService {
            id: EDGEFLAGS,
            name: "Acme Edge".into(),
            endpoint: Endpoint::EdgeFlags {
                base: edgeflags.url.clone(),
                ca_bundle: None,
            },
            credential: Credential::new(&edgeflags.token),
            organisation: Some(Named {
                id: "demo".into(),
                name: "Demo, EdgeFlags".into(),
            }),
        },
    ]
}
