//! The demo: connections to the sandbox inside the app.

use halyard_model::{Connection, ConnectionId, Endpoint, Named};
use halyard_provider::{Access, Credential};

use crate::{Console, ConsoleError, Event};

/// A service of the sandbox.
#[derive(Debug)]
pub struct DemoService {
    /// Names the connection from one run to the next.
    pub id: &'static str,
    /// What the switcher shows.
    pub name: String,
    /// Where it listens in this run.
    pub endpoint: Endpoint,
    /// Its key, which opens nothing else and is kept in memory only.
    pub credential: Credential,
    /// The organisation it shows.
    pub organisation: Option<Named>,
}

impl Console {
    /// Connects to the services of the sandbox, again in every run: their
    /// ports differ, what is mirrored of them stays.
    pub async fn connect_demo(&self, services: Vec<DemoService>) -> Result<Vec<ConnectionId>, ConsoleError> {
        let mut connected = Vec::new();
        for service in services {
            let id = ConnectionId(service.id.to_owned());
            let provider = (self.inner.providers)(&service.endpoint);
            let discovery = provider
                .discover(Access::new(&service.endpoint, &service.credential))
                .await?
                .value;
            let project = discovery
                .organisations
                .iter()
                .flat_map(|listing| &listing.projects)
                .next();
            let project = project.cloned().ok_or(ConsoleError::Gone {
                what: "the demo project",
            })?;
            let environments = provider
                .environments(Access::new(&service.endpoint, &service.credential), &project)
                .await?
                .value;
            let connection = Connection {
                id: id.clone(),
                name: service.name,
                endpoint: service.endpoint,
                organisation: service.organisation,
                project,
                demo: true,
            };
            self.inner.session.set(&id, service.credential);
            self.inner
                .mirror
                .save_connection(&connection, &environments)
                .await?;
            self.learn_version(&id, &discovery);
            connected.push(id);
        }
        self.tell(Event::App);
        Ok(connected)
    }

    /// Whether the mirror holds demo connections, which need the sandbox.
    pub async fn has_demo(&self) -> Result<bool, ConsoleError> {
        Ok(self
            .inner
            .mirror
            .connections()
            .await?
            .iter()
            .any(|connection| connection.demo))
    }
}
