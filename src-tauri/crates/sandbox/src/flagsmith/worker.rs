//! One request inside the server: what it is answered from, and what stands in its way.

use std::time::Instant;

use jiff::Timestamp;
use serde_json::json;

use super::auth::{self, Door};
use super::call::{self, Answer, Call};
use super::condition::{self, Trouble};
use super::history::Came;
use super::permissions;
use super::routes::Route;
use super::store::Store;
use super::{Shared, accept};
use crate::history::Writer;

/// What a request reads, which decides what it is answered from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    Administration,
    Flags,
    Document,
}

impl Reading {
    fn of(route: &Route, call: &Call) -> Self {
        if condition::asks_for_document(call) || call.path.ends_with("/document/") {
            return Self::Document;
        }
        match route.door {
            Door::Sdk => Self::Flags,
            Door::Open | Door::Login | Door::Admin => Self::Administration,
        }
    }
}

impl Shared {
    /// Handles a request, and notes what it made of flags.
    pub(super) fn handle_as(&mut self, writer: &Writer, route: &'static Route, call: Call) -> call::Outcome {
        let reads = matches!(call.method.as_str(), "GET" | "HEAD" | "OPTIONS");
        let logged = self.store.audit.mark();
        let outcome = self.handle(route, call);
        if !reads {
            let came = match &outcome {
                Ok(answer) if answer.status < 400 => Came::ToPass,
                Ok(_) | Err(_) => Came::ToNothing,
            };
            if came == Came::ToNothing {
                self.store.audit.take_back(logged);
            }
            self.history.take(&mut self.store, writer, came);
        }
        outcome
    }

    fn handle(&mut self, route: &'static Route, mut call: Call) -> call::Outcome {
        self.store.tick();
        self.history.catch_up(&self.store);
        self.release_documents();
        let accepted = ["application/json", "text/html", "*/*", "application/*"];
        if !accepted.iter().any(|media| accept(&call).contains(media)) {
            return Err(Answer::detail(
                406,
                "Could not satisfy the request Accept header.",
            ));
        }
        if let Some(answer) = self.trouble.as_ref().and_then(|trouble| trouble.answer(&call)) {
            return Ok(answer);
        }
        let reading = Reading::of(route, &call);
        match route.door {
            Door::Open => {}
            Door::Login => self.admit("signing in")?,
            Door::Admin => {
                call.caller = auth::caller(&self.store, &call)?;
                self.store.audit.begin(call.caller.user());
                let credential = call.header("authorization").unwrap_or_default().to_owned();
                self.admit(&credential)?;
            }
            Door::Sdk => {
                let store = self.serving(reading);
                let bare = call.path.starts_with("/api/v1/flags/");
                let refused = |answer: Answer| if bare { answer.varying("Origin") } else { answer };
                let found = auth::environment_key(store, &call).map_err(refused);
                call.environment_key = Some(match self.trouble {
                    Some(Trouble::DatabaseDown) => found.map_err(|_| Answer::server_error())?,
                    _ => found?,
                });
                call.seen_updated_at = self.cached_row(&call, reading)?;
            }
        }
        let method = call.method.as_str().to_owned();
        if method == "OPTIONS" {
            return Ok(Answer::ok(json!({
                "name": "", "description": "", "renders": ["application/json", "text/html"],
                "parses": ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"],
            })));
        }
        let Some(handler) = route.handler(&method) else {
            return Err(Answer::detail(405, &format!("Method \"{method}\" not allowed.")));
        };
        if route.door == Door::Admin {
            permissions::check(&self.store, route.pattern, &call)?;
        }
        let answer = handler(self.serving_mut(reading), &call);
        match self.trouble {
            Some(Trouble::DatabaseDown) if reading == Reading::Document => {
                answer.map(condition::without_database)
            }
            _ => answer,
        }
    }

    pub(super) fn serving(&self, reading: Reading) -> &Store {
        let held = self.held.as_ref().filter(|_| reading == Reading::Document);
        match reading {
            Reading::Administration => &self.store,
            Reading::Flags | Reading::Document => self.frozen.as_ref().or(held).unwrap_or(&self.store),
        }
    }

    fn serving_mut(&mut self, reading: Reading) -> &mut Store {
        let held = self.held.as_mut().filter(|_| reading == Reading::Document);
        match reading {
            Reading::Administration => &mut self.store,
            Reading::Flags | Reading::Document => self.frozen.as_mut().or(held).unwrap_or(&mut self.store),
        }
    }

    /// Documents move again once no task waits.
    pub(super) fn release_documents(&mut self) {
        if self.store.account.waiting() == 0 {
            self.held = None;
        }
    }

    fn admit(&mut self, credential: &str) -> Result<(), Answer> {
        match self.throttle {
            Some(throttle) => self.requests.admit(throttle, credential, Instant::now()),
            None => Ok(()),
        }
    }

    /// When the environment last changed, as the row has it that a worker keeps. Without the database a
    /// worker knows only rows that it has kept for less than a minute.
    fn cached_row(&mut self, call: &Call, reading: Reading) -> Result<Option<Timestamp>, Answer> {
        let Some(key) = call.environment_key else {
            return Ok(None);
        };
        let Some(row) = self.serving(reading).environments.get(&key.environment) else {
            return Ok(None);
        };
        let fresh = (row.updated_at, Instant::now());
        if self.trouble == Some(Trouble::DatabaseDown) {
            let kept = self.cached.get(&key.environment);
            return kept
                .filter(|kept| kept.1.elapsed() < condition::ROW_KEPT)
                .map(|kept| Some(kept.0))
                .ok_or_else(Answer::server_error);
        }
        let lag = self.document_lag;
        let entry = self.cached.entry(key.environment).or_insert(fresh);
        if entry.1.elapsed() >= lag {
            *entry = fresh;
        }
        Ok(Some(entry.0))
    }
}
