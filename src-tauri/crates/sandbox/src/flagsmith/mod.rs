//! Flagsmith's administration and SDK routes, held in memory.
//!
//! It answers as Flagsmith 2.265 does, with its shapes, statuses, headers and quirks. Everything is a row in
//! `store::Store`; the rules are methods of the store, and the handlers put them on HTTP.

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
mod priorities;
mod render;
mod routes;
pub(crate) mod rows;
mod served;
mod states;
pub(crate) mod store;
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

use self::auth::RequestHistory;
pub use self::auth::Throttle;
use self::call::{Answer, Call, Caller, Payload};
use self::condition::Queue;
pub use self::condition::{Backlog, ProjectLimits, Trouble, Usage};
pub(crate) use self::evaluate::{Evaluated, evaluate};
use self::history::{Came, History};
pub(crate) use self::states::NewState;
use self::store::Store;
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

    /// Limits callers of the administration routes, or stops limiting them.
    pub fn set_throttle(&self, throttle: Option<Throttle>) {
        let mut shared = self.lock();
        shared.throttle = throttle;
        shared.requests.clear();
    }

    /// Keeps serving the documents and flags of this moment while administration moves on, or lets them
    /// move again.
    pub fn freeze_document(&self, frozen: bool) {
        let mut shared = self.lock();
        shared.store.tick();
        let copy = frozen.then(|| shared.store.clone());
        shared.frozen = copy;
    }

    /// Tells the time of the last change late by up to `lag`, as the real server's cached environment row
    /// does by up to 60 seconds: in `Last-Modified`, and so in answers to conditional requests, and in
    /// `X-Flagsmith-Document-Updated-At`. What is served is new all the same. Zero, the default, makes it exact.
    pub fn set_document_lag(&self, lag: Duration) {
        let mut shared = self.lock();
        shared.document_lag = lag;
        shared.cached.clear();
    }

    /// Lets so much time pass for the server at once: what is scheduled until then goes live with the next request.
    pub fn advance(&self, by: Duration) {
        let mut shared = self.lock();
        let ahead = jiff::SignedDuration::try_from(by).unwrap_or_default();
        let shared = &mut *shared;
        let stores = [
            Some(&mut shared.store),
            shared.frozen.as_mut(),
            shared.held.as_mut(),
        ];
        for store in stores.into_iter().flatten() {
            store.ahead += ahead;
        }
        for (_, kept_since) in shared.cached.values_mut() {
            *kept_since = kept_since.checked_sub(by).unwrap_or(*kept_since);
        }
    }

    /// Breaks the server as a whole, or mends it.
    pub fn set_trouble(&self, trouble: Option<Trouble>) {
        self.lock().trouble = trouble;
    }

    /// Lets tasks wait from now on, or none. Environment documents stand still until the queue is empty.
    pub fn set_backlog(&self, backlog: Option<Backlog>) {
        let mut shared = self.lock();
        shared.store.tick();
        shared.store.account.queue = backlog.map(Queue::begin);
        let copy = backlog.map(|_| shared.store.clone());
        shared.held = copy;
        shared.release_documents();
    }

    /// Sets what is told of usage and of the plan; without it, a free plan whose usage is unknown.
    pub fn set_usage(&self, usage: Option<Usage>) {
        self.lock().store.account.usage = usage.unwrap_or_default();
    }

    /// Sets what projects may hold and holds new rows against it; without it, the server's own limits are
    /// told and not held against anything, since a seed may hold more.
    pub fn set_project_limits(&self, limits: Option<ProjectLimits>) {
        let account = &mut self.lock().store.account;
        account.enforces_limits = limits.is_some();
        account.limits = limits.unwrap_or_default();
    }

    /// Serves no flags to the organisation, as over a plan's allowance, or serves them again.
    pub fn block_serving(&self, blocked: bool) {
        let mut shared = self.lock();
        shared.store.account.is_blocked = blocked;
        if let Some(frozen) = &mut shared.frozen {
            frozen.account.is_blocked = blocked;
        }
    }

    /// The client-side key of an environment with this name or key.
    pub(crate) fn client_key(&self, environment: &str) -> Option<String> {
        let shared = self.lock();
        let found = shared.store.environment_by_name_or_key(environment)?;
        Some(found.client_key.clone())
    }

    /// Moves every project's identities to the hosted service's separate store: the core identity routes end
    /// and the edge routes begin, as on a project that says `use_edge_identities`.
    pub fn host_identities(&self) {
        for project in self.lock().store.projects.values_mut() {
            project.use_edge_identities = true;
        }
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
