//! Flagsmith's administration and SDK routes, held in memory.
//!
//! It answers as Flagsmith 2.265 does, with its shapes, statuses, headers and quirks. Everything is a row in
//! `store::Store`; the rules are methods of the store, and the handlers put them on HTTP.

mod audit;
mod auth;
mod call;
mod colleague;
pub(crate) mod condition;
mod document;
mod evaluate;
mod fields;
mod handlers;
mod history;
mod paging;
mod permissions;
mod priorities;
mod render;
mod routes;
pub(crate) mod rows;
mod served;
mod states;
pub(crate) mod store;
mod switches;
mod tracked;
pub(crate) mod value;
mod versions;
mod whole_flag;
mod worker;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Query;
use axum::http::{HeaderMap, Method, Request, Response, Uri};
use jiff::Timestamp;
use serde_json::{Value, json};

pub use self::audit::AuditLicence;
use self::auth::RequestHistory;
pub use self::auth::Throttle;
use self::call::{Answer, Call, Caller, Payload};
pub use self::condition::{Backlog, ProjectLimits, Trouble, Usage};
pub(crate) use self::evaluate::{Evaluated, evaluate};
use self::history::{Came, History};
pub(crate) use self::states::NewState;
use self::store::Store;
pub use self::switches::IdentityStore;
use self::worker::Reading;
use crate::history::{MAYA, Writer};
use crate::serve::JournalNumber;
use crate::{FlagWrite, MayaEdit, Seed};

/// The largest body that the server reads; bytes.
const LARGEST_BODY: usize = 32 * 1024 * 1024;

/// A Flagsmith server in memory; clones share one state.
#[derive(Debug, Clone)]
pub struct Flagsmith {
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug)]
struct Shared {
    store: Store,
    /// What SDK routes and documents are answered from while the documents stand still. What an SDK stores
    /// meanwhile goes there too and is lost when they move again.
    frozen: Option<Store>,
    /// What documents are made from while the task queue is behind.
    held: Option<Store>,
    trouble: Option<Trouble>,
    throttle: Option<Throttle>,
    requests: RequestHistory,
    history: History,
    document_lag: Duration,
    /// When each environment last changed as the worker's cache has it, and since when it has that.
    cached: BTreeMap<u64, (Timestamp, Instant)>,
}

impl Flagsmith {
    /// Starts from a seed.
    pub fn new(seed: Seed) -> Self {
        let shared = Shared {
            store: crate::seed::flagsmith(seed),
            frozen: None,
            held: None,
            trouble: None,
            throttle: None,
            requests: RequestHistory::default(),
            history: History::none(),
            document_lag: Duration::ZERO,
            cached: BTreeMap::new(),
        };
        Self {
            shared: Arc::new(Mutex::new(shared)),
        }
    }

    /// Every route: `/api/v1/`, `/api/v2/analytics/`, `/api/__future__/`, `/api/experiments/`, `/health`,
    /// `/version/` and `/processor/monitoring/`.
    pub fn router(&self) -> Router {
        let server = self.clone();
        Router::new().fallback(move |request: Request<Body>| {
            let server = server.clone();
            async move { server.answer(request).await }
        })
    }

    /// The announcement's `flagsmith` member without its `url`: `{"api_key", "token", "staff_token",
    /// "organisation", "project", "environments": [{"name", "id", "client_key", "server_key", "versioned"}]}`.
    pub fn describe(&self) -> Value {
        let shared = self.lock();
        let store = &shared.store;
        let environments: Vec<Value> = store
            .environments
            .values()
            .map(|environment| {
                json!({
                    "name": environment.name, "id": environment.id, "client_key": environment.client_key,
                    "server_key": environment.server_keys.first().map(|key| key.key.clone()),
                    "versioned": environment.versioned,
                })
            })
            .collect();
        json!({
            "api_key": store.organisation_keys.first().map(|key| key.key.clone()),
            "token": store.users.values().next_back().map(|user| user.token.clone()),
            "staff_token": store.users.values().find(|user| user.staff).map(|user| user.token.clone()),
            "organisation": store.organisation.id,
            "project": store.projects.keys().next(),
            "environments": environments,
        })
    }

    /// The document that a client- or server-side key gets now, frozen or not; `None` for an unknown key.
    pub fn document(&self, key: &str) -> Option<Arc<Value>> {
        let mut shared = self.lock();
        shared.store.tick();
        shared.release_documents();
        let store = shared.serving(Reading::Document);
        let environment = store.environments.values().find(|environment| {
            environment.client_key == key || environment.server_keys.iter().any(|server| server.key == key)
        })?;
        Some(Arc::new(store.document(environment)))
    }

    /// Carries out a colleague's edit through the paths that a request would take: a direct write, or a
    /// published version where the environment keeps versions.
    ///
    /// # Errors
    /// Says which name was not found, or what the server would have refused.
    pub fn edit_as_maya(&self, edit: &MayaEdit) -> Result<(), String> {
        let mut shared = self.lock();
        let shared = &mut *shared;
        shared.store.tick();
        shared.history.catch_up(&shared.store);
        let maya = colleague::person(&shared.store);
        shared.store.audit.begin(maya);
        let outcome = colleague::edit(&mut shared.store, edit);
        let writer = Writer::named(MAYA);
        shared.history.take(&mut shared.store, &writer, Came::ToPass);
        outcome
    }

    /// Keeps the newest writes of flags from now on, at most so many; none, unless told otherwise.
    pub fn keep_history(&self, most: usize) {
        let mut shared = self.lock();
        let shared = &mut *shared;
        shared.store.tick();
        shared.history = History::begin(&mut shared.store, most);
    }

    /// The writes of a flag in the environment of this name, oldest first.
    pub fn history(&self, environment: &str, flag: &str) -> Vec<FlagWrite> {
        self.lock().history.writes.of(environment, flag)
    }

    /// The writes of all flags, oldest first.
    pub fn writes(&self) -> Vec<FlagWrite> {
        self.lock().history.writes.all()
    }

    /// The client-side key of an environment with this name or key.
    pub(crate) fn client_key(&self, environment: &str) -> Option<String> {
        let shared = self.lock();
        let found = shared.store.environment_by_name_or_key(environment)?;
        Some(found.client_key.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn answer(&self, request: Request<Body>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let Ok(body) = axum::body::to_bytes(body, LARGEST_BODY).await else {
            return Answer::server_error().into_response(None);
        };
        if parts.method == Method::OPTIONS && parts.headers.contains_key("access-control-request-method") {
            return preflight();
        }
        let number = parts.extensions.get().map(|JournalNumber(number)| *number);
        let writer = Writer::of(&parts.headers, number);
        self.respond(parts.method, &parts.uri, parts.headers, body, &writer)
    }

    fn respond(
        &self,
        method: Method,
        uri: &Uri,
        headers: HeaderMap,
        body: Bytes,
        writer: &Writer,
    ) -> Response<Body> {
        let path = uri.path();
        let Some((route, params)) = routes::find(path) else {
            let with_slash = format!("{path}/");
            if routes::find(&with_slash).is_none() {
                return Answer::unknown_route().into_response(None);
            }
            let query = uri.query().map_or_else(String::new, |query| format!("?{query}"));
            return Answer::redirect(format!("{with_slash}{query}")).into_response(None);
        };
        let query = Query::<Vec<(String, String)>>::try_from_uri(uri)
            .map_or_else(|_| Vec::new(), |Query(query)| query);
        let call = Call {
            method,
            path: path.to_owned(),
            params,
            query,
            headers,
            body,
            caller: Caller::Nobody,
            environment_key: None,
            seen_updated_at: None,
        };
        let html = wants_html(&call);
        let answer = self
            .lock()
            .handle_as(writer, route, call)
            .unwrap_or_else(|refusal| refusal);
        let shown_as_page =
            html && matches!(answer.payload, Payload::Json(_)) && answer.dress == call::Dress::Rendered;
        let answer = if shown_as_page {
            Answer {
                status: answer.status,
                ..Answer::browsable()
            }
        } else {
            answer
        };
        answer.into_response(Some(route.allow))
    }
}

fn accept(call: &Call) -> &str {
    call.header("accept").unwrap_or("*/*")
}

fn wants_html(call: &Call) -> bool {
    accept(call).contains("text/html") && !accept(call).contains("application/json")
}

fn preflight() -> Response<Body> {
    let mut answer = Answer::redirect(String::new());
    answer.status = 200;
    answer.headers =
        vec![
        ("Access-Control-Allow-Origin", "*".to_owned()),
        ("Access-Control-Expose-Headers", "Retry-After".to_owned()),
        (
            "Access-Control-Allow-Headers",
            "accept, accept-encoding, authorization, content-type, dnt, origin, user-agent, x-csrftoken, \
             x-environment-key, x-requested-with"
                .to_owned(),
        ),
        ("Access-Control-Allow-Methods", "DELETE, GET, OPTIONS, PATCH, POST, PUT".to_owned()),
        ("Access-Control-Max-Age", "86400".to_owned()),
    ];
    answer.into_response(None)
}
