//! Connecting: an address and a key are checked, what they open is chosen
//! from, and only then is anything saved.

use halyard_model::{
    Connection, ConnectionId, EdgeProxy, Endpoint, Environment, FlagsmithAuth, FlagsmithEndpoint, Named,
    Service, Timestamp,
};
use halyard_provider::{Access, Credential, Discovery, normalise_address};
use uuid::Uuid;

use crate::{Console, ConsoleError, Event};

/// How long a draft waits for its choices; its key is in memory until then.
const DRAFT_MILLIS: i64 = 30 * 60_000;

/// Names a draft.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DraftId(pub String);

/// Which credential was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthKind {
    /// Flagsmith organisation key.
    OrganisationKey,
    /// Flagsmith user token.
    UserToken,
    /// EdgeFlags token.
    AccessToken,
}

/// What the user typed to connect.
pub struct ConnectInput {
    /// The service.
    pub service: Service,
    /// The address as typed; empty for the hosted service.
    pub address: String,
    /// The key.
    pub credential: Credential,
    /// Its kind.
    pub auth: AuthKind,
    /// The connection whose key is typed again.
    pub connection: Option<ConnectionId>,
}

/// The address as typed is left out: people paste passwords in it.
impl std::fmt::Debug for ConnectInput {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ConnectInput")
            .field("service", &self.service)
            .field("auth", &self.auth)
            .field("connection", &self.connection)
            .finish_non_exhaustive()
    }
}

/// A checked address and key with what they open.
#[derive(Clone, Debug)]
pub struct DraftFacts {
    /// Names the draft.
    pub id: DraftId,
    /// The endpoint as it will be used.
    pub endpoint: Endpoint,
    /// What was corrected in the address, in sentences.
    pub corrections: Vec<String>,
    /// What the key opens.
    pub discovery: Discovery,
}

/// Kept while the user chooses; dropped with its key on save or discard.
pub(crate) struct Draft {
    facts: DraftFacts,
    credential: Credential,
    connection: Option<ConnectionId>,
    made_at: Timestamp,
}

impl Draft {
    /// Its key.
    pub(crate) fn credential(&self) -> &Credential {
        &self.credential
    }
}

/// Where to keep a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeepKey {
    /// In the system keychain.
    Keychain,
    /// In memory until the console ends.
    Session,
}

/// Where a connection's key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyHome {
    /// In the system keychain.
    Keychain,
    /// In memory until the console ends.
    Session,
    /// Nowhere.
    Missing,
}

/// What the user chose from a draft.
#[derive(Clone)]
pub struct SaveDraft {
    /// The draft.
    pub draft: DraftId,
    /// The project's identifier.
    pub project: String,
    /// Keys of the environments to mirror.
    pub environments: Vec<String>,
    /// An own Flags API address.
    pub flags_address: Option<String>,
    /// Addresses of Edge Proxies.
    pub edge_proxies: Vec<String>,
    /// Where to keep the key.
    pub keep: KeepKey,
}

/// The addresses as typed are left out: people paste passwords in them.
impl std::fmt::Debug for SaveDraft {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("SaveDraft")
            .field("draft", &self.draft)
            .field("project", &self.project)
            .field("environments", &self.environments)
            .field("keep", &self.keep)
            .finish_non_exhaustive()
    }
}

impl Console {
    /// Checks an address and a key and lists what they open. Saves nothing;
    /// the key stays in memory under the draft's name.
    pub async fn connect(&self, input: ConnectInput) -> Result<DraftFacts, ConsoleError> {
        if input.credential.expose().is_empty() {
            return Err(ConsoleError::Input {
                field: "key",
                sentence: "A key is needed to read flags.".into(),
            });
        }
        self.drop_old_drafts();
        let known = match &input.connection {
            Some(id) => Some(self.known_connection(id).await?),
            None => None,
        };
        if known.as_ref().is_some_and(|known| known.endpoint.is_file()) {
            return Err(ConsoleError::FromFile);
        }
        let (endpoint, corrections) = match &known {
            Some(connection) => (with_auth(connection.endpoint.clone(), input.auth), Vec::new()),
            None => endpoint(input.service, &input.address, input.auth)?,
        };
        let provider = (self.inner.providers)(&endpoint);
        let discovery = provider
            .discover(Access::new(&endpoint, &input.credential))
            .await?
            .value;
        if let Some(connection) = &known {
            check_opens(&discovery, &connection.project)?;
        }
        let facts = DraftFacts {
            id: DraftId(Uuid::new_v4().to_string()),
            endpoint,
            corrections,
            discovery,
        };
        let draft = Draft {
            facts: facts.clone(),
            credential: input.credential,
            connection: input.connection,
            made_at: self.inner.clock.now(),
        };
        self.volatile().drafts.insert(facts.id.clone(), draft);
        Ok(facts)
    }

    /// The environments of a project of a draft, in the service's order.
    pub async fn draft_environments(
        &self,
        id: &DraftId,
        project: &str,
    ) -> Result<Vec<Environment>, ConsoleError> {
        let (facts, credential) = self.draft(id)?;
        let (_, project) = chosen_project(&facts, project)?;
        let provider = (self.inner.providers)(&facts.endpoint);
        Ok(provider
            .environments(Access::new(&facts.endpoint, &credential), &project)
            .await?
            .value)
    }

    /// Saves a draft as a connection: first the key, so that a keychain that
    /// fails leaves no connection without one; the draft then stays.
    pub async fn save_draft(&self, choice: SaveDraft) -> Result<ConnectionId, ConsoleError> {
        let _turn = self.inner.save_turn.lock().await;
        let (facts, credential) = self.draft(&choice.draft)?;
        let (organisation, project) = chosen_project(&facts, &choice.project)?;
        let endpoint = with_surfaces(facts.endpoint.clone(), &choice)?;
        let environments = self.draft_environments(&choice.draft, &choice.project).await?;
        let environments: Vec<Environment> = environments
            .into_iter()
            .filter(|environment| choice.environments.contains(&environment.key.0))
            .collect();
        if environments.is_empty() {
            let sentence = "Choose at least one environment.".into();
            return Err(ConsoleError::Input {
                field: "environments",
                sentence,
            });
        }
        let connection = Connection {
            id: ConnectionId(Uuid::new_v4().to_string()),
            name: project.name.clone(),
            endpoint,
            organisation,
            project,
            demo: false,
        };
        self.keep_key(&connection.id, &credential, choice.keep).await?;
        let saved = self
            .inner
            .mirror
            .save_connection(&connection, &environments)
            .await;
        if let Err(error) = saved {
            // Nobody would ever find this key again.
            self.drop_key(&connection.id).await;
            return Err(error.into());
        }
        self.discard_draft(&choice.draft);
        self.learn_version(&connection.id, &facts.discovery);
        self.tell(Event::App);
        Ok(connection.id)
    }

    /// Saves a draft's key for the connection it was typed again for.
    pub async fn save_key(&self, id: &DraftId, keep: KeepKey) -> Result<ConnectionId, ConsoleError> {
        let _turn = self.inner.save_turn.lock().await;
        let (facts, credential) = self.draft(id)?;
        let connection = self
            .volatile()
            .drafts
            .get(id)
            .and_then(|draft| draft.connection.clone());
        let connection = connection.ok_or(ConsoleError::Gone {
            what: "the connection",
        })?;
        let mut known = self.known_connection(&connection).await?;
        self.keep_key(&connection, &credential, keep).await?;
        if known.endpoint != facts.endpoint {
            known.endpoint = facts.endpoint;
            let environments = self.inner.mirror.environments(&connection).await?;
            self.inner.mirror.save_connection(&known, &environments).await?;
        }
        self.discard_draft(id);
        self.tell(Event::App);
        Ok(connection)
    }

    /// Gives a draft up and drops its key.
    pub fn discard_draft(&self, id: &DraftId) {
        self.volatile().drafts.remove(id);
    }

    /// Removes a connection, its key and everything mirrored of it.
    pub async fn forget_connection(&self, id: &ConnectionId) -> Result<(), ConsoleError> {
        self.drop_key(id).await;
        self.inner.mirror.delete_connection(id).await?;
        self.forget_place(id).await?;
        {
            let mut volatile = self.volatile();
            volatile
                .drafts
                .retain(|_, draft| draft.connection.as_ref() != Some(id));
            volatile.engines.forget(id);
            volatile.documents.forget(id);
            volatile.opened.clear();
            volatile.asked.retain(|(site, _), _| site.0 != *id);
            volatile.limits.remove(id);
            volatile.environments_known_at.remove(id);
            volatile.server_versions.remove(id);
            volatile.in_view.take_if(|(connection, _)| connection == id);
        }
        self.tell(Event::App);
        Ok(())
    }

    /// Drops drafts, and the keys in them, that nobody came back to.
    pub(crate) fn drop_old_drafts(&self) {
        let now = self.inner.clock.now();
        self.volatile()
            .drafts
            .retain(|_, draft| now.millis_since(draft.made_at) < DRAFT_MILLIS);
    }

    pub(crate) fn learn_version(&self, id: &ConnectionId, discovery: &Discovery) {
        if let Some(version) = &discovery.server_version {
            self.volatile()
                .server_versions
                .insert(id.clone(), version.clone());
        }
    }

    fn draft(&self, id: &DraftId) -> Result<(DraftFacts, Credential), ConsoleError> {
        self.drop_old_drafts();
        let volatile = self.volatile();
        let draft = volatile.drafts.get(id).ok_or(ConsoleError::Gone {
            what: "the checked key",
        })?;
        Ok((draft.facts.clone(), draft.credential.clone()))
    }
}

fn endpoint(
    service: Service,
    address: &str,
    auth: AuthKind,
) -> Result<(Endpoint, Vec<String>), ConsoleError> {
    let normal = normalise_address(service, address)?;
    let endpoint = match service {
        Service::EdgeFlags => Endpoint::EdgeFlags {
            base: normal.base,
            ca_bundle: None,
        },
        Service::Flagsmith => Endpoint::Flagsmith(FlagsmithEndpoint {
            admin_base: normal.base,
            flags_base: normal.flags_base,
            edge_proxies: Vec::new(),
            ca_bundle: None,
            auth: flagsmith_auth(auth),
        }),
    };
    Ok((endpoint, normal.changes))
}

/// A key typed again must open the project it is typed for.
fn check_opens(discovery: &Discovery, project: &Named) -> Result<(), ConsoleError> {
    let mut projects = discovery
        .organisations
        .iter()
        .flat_map(|listing| &listing.projects);
    if projects.any(|found| found.id == project.id) {
        return Ok(());
    }
    Err(ConsoleError::Input {
        field: "key",
        sentence: format!(
            "This key is accepted and does not open the project {}.",
            project.name
        ),
    })
}

fn flagsmith_auth(auth: AuthKind) -> FlagsmithAuth {
    match auth {
        AuthKind::UserToken => FlagsmithAuth::UserToken,
        AuthKind::OrganisationKey | AuthKind::AccessToken => FlagsmithAuth::OrganisationKey,
    }
}

/// A key typed again may be of the other kind.
fn with_auth(mut endpoint: Endpoint, auth: AuthKind) -> Endpoint {
    if let Endpoint::Flagsmith(flagsmith) = &mut endpoint {
        flagsmith.auth = flagsmith_auth(auth);
    }
    endpoint
}

fn with_surfaces(endpoint: Endpoint, choice: &SaveDraft) -> Result<Endpoint, ConsoleError> {
    let Endpoint::Flagsmith(mut flagsmith) = endpoint else {
        return Ok(endpoint);
    };
    if let Some(address) = choice
        .flags_address
        .as_deref()
        .filter(|address| !address.trim().is_empty())
    {
        flagsmith.flags_base = Some(normalise_address(Service::Flagsmith, address)?.base);
    }
    for address in choice
        .edge_proxies
        .iter()
        .filter(|address| !address.trim().is_empty())
    {
        flagsmith.edge_proxies.push(EdgeProxy::at(
            normalise_address(Service::Flagsmith, address)?.base,
        ));
    }
    Ok(Endpoint::Flagsmith(flagsmith))
}

fn chosen_project(facts: &DraftFacts, project: &str) -> Result<(Option<Named>, Named), ConsoleError> {
    for listing in &facts.discovery.organisations {
        if let Some(found) = listing.projects.iter().find(|candidate| candidate.id == project) {
            let organisation = match facts.endpoint.service() {
                Service::Flagsmith => Some(listing.organisation.clone()),
                Service::EdgeFlags => None,
            };
            return Ok((organisation, found.clone()));
        }
    }
    Err(ConsoleError::Input {
        field: "project",
        sentence: "Choose a project.".into(),
    })
}
