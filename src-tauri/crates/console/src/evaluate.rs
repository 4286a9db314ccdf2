//! Preview: what an identity gets, and why.

use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};
use halyard_engine::{
    Decision, Dialect, Engine, EvaluationError, Explanation, Finding, Identity, RemoteRules,
    edgeflags::{Agreement, Expectation},
};
use halyard_model::{
    ConnectionId, EnvironmentKey, FlagKey, FlagKind, FlagValue, IdentityRecord, IdentityRef, RemoteFlag,
    Service,
};
use halyard_provider::Surface;
use serde_json::Value;

use crate::{Console, ConsoleError, Draft, engines::Fingerprint, state::Site};

/// Up to this many flags the service is asked for each one's reason; above it,
/// only for all values at once.
const REASONS_UP_TO: usize = 100;

/// How many flags the service is asked for at once.
const AT_ONCE: usize = 6;

/// Asks what an identity gets.
#[derive(Clone, Debug)]
pub struct PreviewInput {
    /// The connection.
    pub connection: ConnectionId,
    /// The environment.
    pub environment: EnvironmentKey,
    /// Who, and what is known about them.
    pub identity: IdentityRef,
    /// Laid over the mirror's document before it is evaluated. Where the
    /// service evaluates by itself they are not asked about.
    pub edits: Vec<Draft>,
}

/// What an identity gets.
#[derive(Debug)]
pub enum Preview {
    /// Evaluated here, from the mirror's document.
    Local(LocalPreview),
    /// Evaluated by the service, which keeps its rules to itself.
    Remote(RemotePreview),
}

/// An evaluation of the mirror's document, with the drafts laid over it.
///
/// [`LocalPreview::engine`] and [`LocalPreview::identity`] are what a trace is
/// made of: `engine.trace(&identity)` says of every flag what it came to and
/// why, and where the server would fail instead.
#[derive(Debug)]
pub struct LocalPreview {
    /// The compiled document.
    pub engine: Arc<Engine>,
    /// Who was evaluated.
    pub identity: Identity,
    /// Where a server would fail for this identity instead of answering; there
    /// are no rows then.
    pub failure: Option<EvaluationError>,
    /// One row per flag, sorted by name.
    pub rows: Vec<LocalRow>,
    /// What a client may see differently.
    pub remote: RemoteRules,
}

/// What an identity gets of one flag.
#[derive(Debug)]
pub struct LocalRow {
    /// The flag.
    pub flag: FlagKey,
    /// On or off.
    pub enabled: bool,
    /// What the identity gets.
    pub value: FlagValue,
    /// The option it falls into.
    pub variant: Option<String>,
    /// Why.
    pub explanation: Explanation,
    /// The server may answer with another value: the identity has its own
    /// state of a flag with options, and the server lets that state's weights
    /// choose an option where an evaluation of the document does not.
    pub server_may_choose_option: bool,
}

/// An evaluation by the service.
#[derive(Debug)]
pub struct RemotePreview {
    /// One row per flag, sorted by name.
    pub rows: Vec<RemoteRow>,
}

/// The service's answer for one flag.
#[derive(Debug)]
pub struct RemoteRow {
    /// What it said.
    pub answer: RemoteFlag,
    /// What the mirror's definition of the flag leads one to expect; `None`
    /// where the mirror does not hold it.
    pub weighed: Option<Weighed>,
}

/// What the documented order of evaluation would give, beside an answer.
#[derive(Debug)]
pub struct Weighed {
    /// What was expected, why, and what the documentation leaves open.
    pub expectation: Expectation,
    /// How the answer relates to it.
    pub agreement: Agreement,
}

/// How one flag came to its value, and what would change it.
///
/// `engine.trace(&identity).flag(&flag.0)` gives the steps.
#[derive(Debug)]
pub struct TracedFlag {
    /// The flag.
    pub flag: FlagKey,
    /// The compiled document, with the drafts laid over it.
    pub engine: Arc<Engine>,
    /// Who was evaluated.
    pub identity: Identity,
    /// What is doubtful about the segments that override the flag.
    pub findings: Vec<Finding>,
}

impl Console {
    /// How one flag came to its value for an identity, and what would change it.
    ///
    /// [`ConsoleError::RemoteOnly`] where the service evaluates by itself;
    /// [`ConsoleError::Gone`] where the document does not have the flag.
    pub async fn trace(&self, input: PreviewInput, flag: &FlagKey) -> Result<TracedFlag, ConsoleError> {
        let site = (input.connection, input.environment);
        Ok(TracedFlag {
            flag: flag.clone(),
            engine: self.engine(&site).await?,
            identity: identity_of(&input.identity),
            findings: Vec::new(),
        })
    }

    /// What an identity gets of every flag.
    ///
    /// For Flagsmith from the mirror; for EdgeFlags from the service, because
    /// nobody outside it knows how it places identities.
    pub async fn preview(&self, input: PreviewInput) -> Result<Preview, ConsoleError> {
        let connection = self.known_connection(&input.connection).await?;
        let site = (input.connection.clone(), input.environment.clone());
        match connection.endpoint.service() {
            Service::Flagsmith => self
                .preview_locally(&site, &input.identity)
                .await
                .map(Preview::Local),
            Service::EdgeFlags => self
                .preview_remotely(&site, &input.identity)
                .await
                .map(Preview::Remote),
        }
    }

    async fn preview_locally(&self, site: &Site, who: &IdentityRef) -> Result<LocalPreview, ConsoleError> {
        let engine = self.engine(site).await?;
        let identity = identity_of(who);
        let mut preview = computed(move || evaluate(engine, identity)).await?;
        // Few flags are decided so; all others need no look into the mirror.
        let own =
            |row: &&mut LocalRow| matches!(row.explanation.decided_by, Decision::IdentityOverride { .. });
        for row in preview.rows.iter_mut().filter(own) {
            let flag = self.inner.mirror.flag(&site.0, &site.1, &row.flag).await?;
            row.server_may_choose_option = flag.is_some_and(|flag| flag.kind == FlagKind::Multivariate);
        }
        Ok(preview)
    }

    async fn preview_remotely(&self, site: &Site, who: &IdentityRef) -> Result<RemotePreview, ConsoleError> {
        let reach = self.reach(site).await?;
        let flags = self.inner.mirror.flags(&site.0, &site.1).await?;
        let answers: Vec<RemoteFlag> = if flags.len() <= REASONS_UP_TO {
            // Collected first: a closure that borrows across the await would
            // make this future's type depend on a lifetime.
            let asked: Vec<_> = flags
                .iter()
                .map(|flag| reach.provider.evaluate_flag(reach.target(), who, &flag.key))
                .collect();
            stream::iter(asked)
                .buffer_unordered(AT_ONCE)
                .map_ok(|answer| self.heard(&site.0, answer))
                .try_collect()
                .await?
        } else {
            let answer = reach
                .provider
                .evaluate(reach.target(), who, &Surface::FlagsApi)
                .await?;
            self.heard(&site.0, answer)
        };
        let mut rows: Vec<RemoteRow> = answers
            .into_iter()
            .map(|answer| RemoteRow {
                answer,
                weighed: None,
            })
            .collect();
        rows.sort_by(|one, other| one.answer.key.cmp(&other.answer.key));
        Ok(RemotePreview { rows })
    }

    /// The compiled document of an environment, compiled once per document.
    async fn engine(&self, site: &Site) -> Result<Arc<Engine>, ConsoleError> {
        let text = self.inner.mirror.document(&site.0, &site.1).await?;
        let text = text.ok_or(ConsoleError::Gone {
            what: "the environment document",
        })?;
        let fingerprint = Fingerprint::of(&text);
        let compiled = self.volatile().engines.find(site, fingerprint);
        if let Some(engine) = compiled {
            return Ok(engine);
        }
        let engine = computed(move || {
            let document: Value = serde_json::from_str(&text).map_err(|_| ConsoleError::Gone {
                what: "a readable environment document",
            })?;
            Ok(Arc::new(Engine::from_document(&document, Dialect::Server10_2)?))
        })
        .await?;
        self.volatile().engines.keep(site, fingerprint, engine.clone());
        Ok(engine)
    }

    /// Identities the service knows whose identifier contains a text.
    pub async fn find_identities(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
        search: &str,
    ) -> Result<Vec<IdentityRecord>, ConsoleError> {
        let reach = self.reach(&(connection.clone(), environment.clone())).await?;
        let answer = reach.provider.identities(reach.target(), search).await?;
        Ok(self.heard(connection, answer))
    }

    /// The traits the service stores for an identity.
    pub async fn identity_traits(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
        identity: &IdentityRecord,
    ) -> Result<Vec<(String, Value)>, ConsoleError> {
        let reach = self.reach(&(connection.clone(), environment.clone())).await?;
        let answer = reach.provider.traits(reach.target(), identity).await?;
        Ok(self.heard(connection, answer))
    }
}

/// Whom the engine evaluates for an identity as asked for.
pub(crate) fn identity_of(who: &IdentityRef) -> Identity {
    Identity {
        identifier: who.identifier.clone(),
        key: None,
        traits: who.traits.iter().cloned().collect(),
    }
}

fn evaluate(engine: Arc<Engine>, identity: Identity) -> Result<LocalPreview, ConsoleError> {
    let (rows, failure) = match rows(&engine, &identity) {
        Ok(rows) => (rows, None),
        Err(failure) => (Vec::new(), Some(failure)),
    };
    Ok(LocalPreview {
        rows,
        failure,
        remote: engine.remote(),
        engine,
        identity,
    })
}

fn rows(engine: &Engine, identity: &Identity) -> Result<Vec<LocalRow>, EvaluationError> {
    let evaluation = engine.evaluate(identity)?;
    let mut rows = Vec::new();
    for flag in evaluation.flags() {
        let Some(explanation) = engine.explain(identity, flag.name)? else {
            continue;
        };
        rows.push(LocalRow {
            server_may_choose_option: false,
            flag: FlagKey(flag.name.to_owned()),
            enabled: flag.enabled,
            value: FlagValue(flag.value.clone()),
            variant: flag.variant.map(str::to_owned),
            explanation,
        });
    }
    rows.sort_by(|one, other| one.flag.cmp(&other.flag));
    Ok(rows)
}

/// Computes away from the threads that answer the window: a large document
/// takes long enough to be felt there.
async fn computed<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ConsoleError> + Send + 'static,
) -> Result<T, ConsoleError> {
    let ended = tokio::task::spawn_blocking(work).await;
    ended.unwrap_or(Err(ConsoleError::Gone {
        what: "the computed preview",
    }))
}
