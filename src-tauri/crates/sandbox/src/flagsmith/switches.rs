//! How the server as a whole is held: its limits, troubles and settings.

use std::time::Duration;

use super::Flagsmith;
use super::audit::AuditLicence;
use super::auth::Throttle;
use super::condition::{Backlog, ProjectLimits, Queue, Trouble, Usage};

/// Where a project keeps its identities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdentityStore {
    /// In the server's own database.
    Core,
    /// In the hosted service's separate store.
    Hosted,
}

impl Flagsmith {
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
        let now = shared.store.now;
        shared.store.audit.wait_from(now);
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

    /// Moves every project's identities to the hosted service's separate store: the core identity routes end
    /// and the edge routes begin, as on a project that says `use_edge_identities`.
    pub fn host_identities(&self) {
        self.keep_identities(IdentityStore::Hosted);
    }

    /// Keeps every project's identities where it is told.
    pub fn keep_identities(&self, place: IdentityStore) {
        for project in self.lock().store.projects.values_mut() {
            project.use_edge_identities = place == IdentityStore::Hosted;
        }
    }

    /// Grants callers these permissions and no others, by the server's names, such as `UPDATE_FEATURE_STATE`;
    /// without a list everybody is an administrator. Reading is refused for identities only.
    pub fn grant(&self, permissions: Option<Vec<String>>) {
        self.lock().store.account.granted = permissions;
    }

    /// Shows the audit log, or nothing of it, as a build without a licence does.
    pub fn license_audit(&self, licence: AuditLicence) {
        self.lock().store.audit.licence = licence;
    }

    /// Lets an environment, by name or key, ask for change requests that so many have to approve, or for none.
    ///
    /// # Errors
    /// There is no such environment.
    pub fn require_change_requests(&self, environment: &str, approvals: Option<u64>) -> Result<(), String> {
        let mut shared = self.lock();
        let found = shared.store.environment_by_name_or_key(environment);
        let id = found
            .ok_or_else(|| format!("no environment is called {environment:?}"))?
            .id;
        if let Some(environment) = shared.store.environments.get_mut(&id) {
            environment.approvals = approvals;
        }
        Ok(())
    }
}
