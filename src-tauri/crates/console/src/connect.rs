//! Connecting: an address and a key are checked, what they open is chosen
//! from, and only then is anything saved.

use halyard_model::{
    Connection, ConnectionId, Endpoint, Environment, FlagsmithAuth, FlagsmithEndpoint, Named, Service,
};
use halyard_provider::{Credential, Discovery, normalise_address};
use uuid::Uuid;

use crate::{Console, ConsoleError, Event, secret::KeyStoreState};

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
#[derive(Debug)]
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
#[derive(Clone, Debug)]
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
        let (endpoint, corrections) = match &input.connection {
            Some(id) => (self.known_connection(id).await?.endpoint, Vec::new()),
            None => endpoint(input.service, &input.address, input.auth)?,
        };
        let provider = (self.inner.providers)(&endpoint);
        let discovery = provider.discover(&endpoint, &input.credential).await?.value;
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
            .environments(&facts.endpoint, &credential, &project)
            .await?
            .value)
    }

    /// Saves a draft as a connection: first the key, so that a keychain that
    /// fails leaves no connection without one; the draft then stays.
    pub async fn save_draft(&self, choice: SaveDraft) -> Result<ConnectionId, ConsoleError> {
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
        self.inner
            .mirror
            .save_connection(&connection, &environments)
            .await?;
        self.discard_draft(&choice.draft);
        self.learn_version(&connection.id, &facts.discovery);
        self.tell(Event::App);
        Ok(connection.id)
    }

    /// Saves a draft's key for the connection it was typed again for.
    pub async fn save_key(&self, id: &DraftId, keep: KeepKey) -> Result<ConnectionId, ConsoleError> {
        let (_, credential) = self.draft(id)?;
        let connection = self
            .volatile()
            .drafts
            .get(id)
            .and_then(|draft| draft.connection.clone());
        let connection = connection.ok_or(ConsoleError::Gone {
            what: "the connection",
        })?;
        self.keep_key(&connection, &credential, keep).await?;
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
        self.inner.session.remove(id);
        {
            let mut volatile = self.volatile();
            volatile.unlocked.remove(id);
            volatile.engines.retain(|(connection, _), _| connection != id);
        }
        // A keychain that cannot be opened must not keep the data here; the
        // item it may still hold opens nothing without the connection's address.
        if let Err(error) = self.inner.keys.delete(id).await {
            tracing::warn!(connection = id.0, %error, "the key could not be deleted from the keychain");
        }
        self.inner.mirror.delete_connection(id).await?;
        self.tell(Event::App);
        Ok(())
    }

    /// Where a connection's key is.
    pub async fn key_home(&self, id: &ConnectionId) -> KeyHome {
        if self.inner.session.get(id).is_some() {
            return KeyHome::Session;
        }
        match self.credential(id).await {
            Ok(_) => KeyHome::Keychain,
            Err(_) => KeyHome::Missing,
        }
    }

    /// Whether the keychain works, as last seen; probes it the first time.
    pub async fn key_store(&self) -> KeyStoreState {
        let seen = self.volatile().key_store.clone();
        match seen {
            Some(state) => state,
            None => self.probe_key_store().await,
        }
    }

    /// Tries the keychain again.
    pub async fn probe_key_store(&self) -> KeyStoreState {
        let state = self.inner.keys.probe().await;
        let before = self.volatile().key_store.replace(state.clone());
        if before.is_some_and(|before| before != state) {
            self.tell(Event::App);
        }
        state
    }

    async fn keep_key(
        &self,
        id: &ConnectionId,
        credential: &Credential,
        keep: KeepKey,
    ) -> Result<(), ConsoleError> {
        match keep {
            KeepKey::Session => self.inner.session.set(id, credential.clone()),
            KeepKey::Keychain => {
                self.inner.keys.persist(id, credential).await?;
                self.inner.session.remove(id);
                self.volatile().unlocked.insert(id.clone(), credential.clone());
            }
        }
        Ok(())
    }

    pub(crate) fn learn_version(&self, id: &ConnectionId, discovery: &Discovery) {
        if let Some(version) = &discovery.server_version {
            self.volatile()
                .server_versions
                .insert(id.clone(), version.clone());
        }
    }

    fn draft(&self, id: &DraftId) -> Result<(DraftFacts, Credential), ConsoleError> {
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
        Service::EdgeFlags => Endpoint::EdgeFlags { base: normal.base },
        Service::Flagsmith => Endpoint::Flagsmith(FlagsmithEndpoint {
            admin_base: normal.base,
            flags_base: normal.flags_base,
            edge_proxies: Vec::new(),
            auth: match auth {
                AuthKind::UserToken => FlagsmithAuth::UserToken,
                AuthKind::OrganisationKey | AuthKind::AccessToken => FlagsmithAuth::OrganisationKey,
            },
        }),
    };
    Ok((endpoint, normal.changes))
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
        flagsmith
            .edge_proxies
            .push(normalise_address(Service::Flagsmith, address)?.base);
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
