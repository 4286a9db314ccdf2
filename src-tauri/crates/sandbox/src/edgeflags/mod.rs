//! EdgeFlags' routes, with the shapes, headers and quirks that its documentation and its client libraries show.
//!
//! Where the documentation is silent the sandbox takes the likelier reading; [`EdgeFlagsOptions`] switches
//! the readings that a client could get wrong. Streams and webhooks are not spoken.

mod answer;
mod colleague;
mod door;
mod evaluate;
mod kind;
mod limits;
mod openapi;
mod options;
mod project;
mod resources;
mod route;
mod tokens;
mod validate;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

pub(crate) use answer::throttled;
pub use options::{EdgeFlagsOptions, ListItems, PutMode, WriteAnswers};
pub(crate) use project::Definitions;

use crate::history::{MAYA, Writer, Writes};
use crate::serve::JournalNumber;
use crate::{EdgeFlagsPlace, FlagWrite, MayaEdit, Seed, Surface, seed};
use project::Project;
use tokens::{Token, permission};

const PROJECT: &str = "acme-store";

/// An EdgeFlags service in memory; clones share one state.
#[derive(Debug, Clone)]
pub struct EdgeFlags {
    project: Arc<Mutex<Project>>,
}

/// A token that the sandbox starts with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeededToken {
    /// `*`: everything, the audit log included.
    Admin,
    /// `read:flags` and `read:configs`.
    ReadOnly,
    /// `read:flags` and `write:flags`, nothing about configs.
    FlagsOnly,
    /// `read:configs` and `write:configs`, nothing about flags.
    ConfigsOnly,
    /// Was an admin's, and has expired.
    Expired,
    /// The colleague's own admin token.
    Maya,
}

impl SeededToken {
    const ALL: [Self; 6] = [
        Self::Admin,
        Self::ReadOnly,
        Self::FlagsOnly,
        Self::ConfigsOnly,
        Self::Expired,
        Self::Maya,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Admin => "console",
            Self::ReadOnly => "dashboards",
            Self::FlagsOnly => "release pipeline",
            Self::ConfigsOnly => "shipping desk",
            Self::Expired => "old console",
            Self::Maya => "Maya Lindqvist",
        }
    }

    fn permissions(self) -> &'static [&'static str] {
        match self {
            Self::Admin | Self::Expired | Self::Maya => &[permission::ADMIN],
            Self::ReadOnly => &[permission::READ_FLAGS, permission::READ_CONFIGS],
            Self::FlagsOnly => &[permission::READ_FLAGS, permission::WRITE_FLAGS],
            Self::ConfigsOnly => &[permission::READ_CONFIGS, permission::WRITE_CONFIGS],
        }
    }

    fn plaintext(self) -> String {
        tokens::plaintext(PROJECT, self.name())
    }

    fn token(self) -> Token {
        let expires_at = match self {
            Self::Expired => "2025-01-01T00:00:00Z".parse().ok(),
            _ => None,
        };
        let created_at = "2024-09-02T08:00:00Z".to_owned();
        Token::new(
            &self.plaintext(),
            self.name(),
            self.permissions(),
            created_at,
            expires_at,
        )
    }
}

impl EdgeFlags {
    /// Starts from a seed.
    pub fn new(seed: Seed, options: EdgeFlagsOptions) -> Self {
        let mut project = Project {
            id: PROJECT.to_owned(),
            name: "Acme Store".to_owned(),
            slug: PROJECT.to_owned(),
            environments: ["development", "staging", "production"]
                .map(str::to_owned)
                .to_vec(),
            live: seed::edgeflags::definitions(seed),
            lagging: None,
            tokens: SeededToken::ALL.map(SeededToken::token).to_vec(),
            audit: Vec::new(),
            limits: limits::Limits::default(),
            options,
            writes: Writes::new(Surface::EdgeFlags, 0),
            writer: Writer::named(MAYA),
        };
        project.audit = seed::edgeflags::history(&project.live, PROJECT, &SeededToken::Maya.token().actor());
        Self {
            project: Arc::new(Mutex::new(project)),
        }
    }

    /// The service's routes, from its root.
    pub fn router(&self) -> Router {
        Router::new().fallback(enter).with_state(self.clone())
    }

    /// The announcement's `edgeflags` member.
    pub(crate) fn describe(&self, url: String) -> EdgeFlagsPlace {
        let environments = self.lock().environments.clone();
        EdgeFlagsPlace {
            url,
            token: self.token(SeededToken::Admin),
            environments,
        }
    }

    /// The plaintext of a seeded token.
    pub fn token(&self, token: SeededToken) -> String {
        token.plaintext()
    }

    /// How the service behaves where its documentation does not say.
    pub fn options(&self) -> EdgeFlagsOptions {
        self.lock().options.clone()
    }

    /// Changes how the service behaves, and forgets the requests counted so far.
    pub fn set_options(&self, options: EdgeFlagsOptions) {
        let mut project = self.lock();
        project.options = options;
        project.limits.clear();
    }

    /// Keeps answering reads from the definitions of this moment, or lets them move again.
    ///
    /// The service's store is eventually consistent, so that a read may lag behind a write that succeeded.
    pub fn lag_reads(&self, lagging: bool) {
        let mut project = self.lock();
        if !lagging {
            project.lagging = None;
        } else if project.lagging.is_none() {
            project.lagging = Some(project.live.clone());
        }
    }

    /// A flag's definition with its version, as the service holds it now.
    pub fn flag(&self, key: &str) -> Option<Value> {
        self.lock().live.flags.get(key).cloned()
    }

    /// Creates or replaces a definition, at the next version, for tests that need a certain one.
    pub fn put_flag(&self, key: &str, definition: Map<String, Value>) {
        let mut project = self.lock();
        let version = project.live.flags.get(key).map_or(0, project::version) + 1;
        let mut definition = definition;
        definition.insert("version".to_owned(), json!(version));
        project
            .live
            .flags
            .insert(key.to_owned(), Value::Object(definition));
    }

    /// Carries out a colleague's edit: of an environment's override, or of the base definition where the
    /// edit names no environment; of a config or of a segment.
    ///
    /// # Errors
    /// Says what the service would have refused.
    pub fn edit_as_maya(&self, edit: &MayaEdit) -> Result<(), String> {
        let actor = SeededToken::Maya.token().actor();
        let mut project = self.lock();
        project.writer = Writer::named(MAYA);
        colleague::edit(&mut project, edit, &actor)
    }

    /// Keeps the newest writes of flags from now on, at most so many; none, unless told otherwise.
    pub fn keep_history(&self, most: usize) {
        self.lock().writes = Writes::new(Surface::EdgeFlags, most);
    }

    /// The writes of a flag, oldest first.
    pub fn history(&self, flag: &str) -> Vec<FlagWrite> {
        self.lock().writes.of("", flag)
    }

    /// The writes of all flags, oldest first.
    pub fn writes(&self) -> Vec<FlagWrite> {
        self.lock().writes.all()
    }

    fn lock(&self) -> MutexGuard<'_, Project> {
        self.project.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn enter(State(edgeflags): State<EdgeFlags>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    // The listener has bounded the body already; what is too much for this service is its own answer.
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        return (StatusCode::BAD_REQUEST, Body::empty()).into_response();
    };
    let call = door::Call {
        method: &parts.method,
        uri: &parts.uri,
        headers: &parts.headers,
        body: &body,
    };
    let number = parts.extensions.get().map(|JournalNumber(number)| *number);
    let mut project = edgeflags.lock();
    project.writer = Writer::of(&parts.headers, number);
    door::answer(&mut project, &call)
}
