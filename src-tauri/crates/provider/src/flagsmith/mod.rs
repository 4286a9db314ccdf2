//! Flagsmith: the admin API, the Flags API and the Edge Proxy.

mod allowances;
mod audit;
mod collect;
mod discover;
mod doors;
mod evaluate;
mod fresh;
mod health;
mod identities;
mod paging;
mod surface;
mod versioned;
mod wire;
mod write;

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use halyard_model::{
    Endpoint, Environment, Flag, FlagKey, FlagsmithAuth, FlagsmithEndpoint, IdentityRecord, IdentityRef,
    Named, RemoteFlag, Snapshot, Subject, Surface, Timestamp,
};
use reqwest::header::AUTHORIZATION;
use serde_json::Value;

use crate::audit::SilentLogs;
use crate::cache::Owner;
use crate::diagnosis;
use crate::http::{Call, HttpSettings, Service, Transport};
use crate::{
    Access, Allowances, Answer, Audit, AuditReach, Confirm, Diagnosis, Discovery, Door, Failure, FailureKind,
    Found, Leftover, Progress, Provider, ProxyHealth, Reach, Remedy, ServerHealth, SurfaceReading, Target,
    Write, WriteOutcome,
};

/// A client of Flagsmith 2.x: hosted, self-hosted, with or without Edge Proxy.
#[derive(Debug)]
pub struct Flagsmith {
    transport: Transport,
    /// Bases that answered 404 to the one-call write, which is experimental
    /// and absent from older servers.
    without_one_call: Mutex<HashSet<String>>,
    silent_logs: SilentLogs,
}

impl Flagsmith {
    /// A client with a connection pool of its own. Fails where the system
    /// offers no usable encryption.
    pub fn new(settings: HttpSettings) -> Result<Flagsmith, Failure> {
        Ok(Flagsmith {
            transport: Transport::new(settings)?,
            without_one_call: Mutex::new(HashSet::new()),
            silent_logs: SilentLogs::default(),
        })
    }

    /// A call of the admin API.
    fn admin<'a>(&'a self, access: Access<'a>) -> Result<Call<'a>, Failure> {
        let endpoint = flagsmith_endpoint(access.endpoint)?;
        let scheme = match endpoint.auth {
            FlagsmithAuth::OrganisationKey => "Api-Key ",
            FlagsmithAuth::UserToken => "Token ",
        };
        let secret = access.credential.expose();
        Call::new(
            &self.transport,
            Service::Flagsmith,
            &endpoint.admin_base,
            AUTHORIZATION,
            scheme,
            secret,
        )?
        .trusting(access.endpoint.ca_bundle())
        .map(|call| call.on_behalf_of(access))
    }

    fn has_one_call(&self, base: &str) -> bool {
        let known = self
            .without_one_call
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        !known.contains(base)
    }

    fn remember_no_one_call(&self, base: &str) {
        let mut known = self
            .without_one_call
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        known.insert(base.to_owned());
    }
}

fn flagsmith_endpoint(endpoint: &Endpoint) -> Result<&FlagsmithEndpoint, Failure> {
    match endpoint {
        Endpoint::Flagsmith(endpoint) => Ok(endpoint),
        Endpoint::EdgeFlags { .. } | Endpoint::File { .. } => {
            Err(diagnosis::other_service(Service::Flagsmith))
        }
    }
}

#[async_trait]
impl Provider for Flagsmith {
    async fn discover(&self, access: Access<'_>) -> Result<Answer<Discovery>, Failure> {
        discover::discover(&self.admin(access)?).await
    }

    async fn environments(
        &self,
        access: Access<'_>,
        project: &Named,
    ) -> Result<Answer<Vec<Environment>>, Failure> {
        discover::environments(&self.admin(access)?, project).await
    }

    async fn collect(
        &self,
        target: Target<'_>,
        now: Timestamp,
        progress: &(dyn Fn(Progress) + Send + Sync),
    ) -> Result<Answer<Snapshot>, Failure> {
        let call = self.admin(target.access)?;
        collect::collect(&call, target, now, progress).await
    }

    async fn flag(&self, target: Target<'_>, known: &Flag) -> Result<Answer<Flag>, Failure> {
        let call = self.admin(target.access)?;
        let flag = fresh::flag(&call, target, known).await?;
        Ok(call.answer(flag))
    }

    async fn read(
        &self,
        target: Target<'_>,
        subject: &Subject,
        known: Option<&Flag>,
    ) -> Result<Answer<Found>, Failure> {
        let call = self.admin(target.access)?;
        let found = write::read(&call, target, subject, known).await?;
        Ok(call.answer(found))
    }

    async fn write(&self, target: Target<'_>, write: Write<'_>) -> Result<Answer<WriteOutcome>, Failure> {
        let call = self.admin(target.access)?;
        let outcome = call.decided(|| write::write(self, &call, target, &write)).await?;
        Ok(call.answer(outcome))
    }

    async fn leftovers(
        &self,
        target: Target<'_>,
        subject: &Subject,
        known: Option<&Flag>,
        handle: Option<&str>,
    ) -> Result<Answer<Vec<Leftover>>, Failure> {
        let call = self.admin(target.access)?;
        let found = write::leftovers(&call, target, subject, known, handle).await?;
        Ok(call.answer(found))
    }

    async fn remove_leftover(
        &self,
        target: Target<'_>,
        subject: &Subject,
        known: Option<&Flag>,
        leftover: &Leftover,
    ) -> Result<Answer<()>, Failure> {
        let call = self.admin(target.access)?;
        write::remove_leftover(&call, target, subject, known, leftover).await?;
        Ok(call.answer(()))
    }

    async fn identities(
        &self,
        target: Target<'_>,
        search: &str,
    ) -> Result<Answer<Vec<IdentityRecord>>, Failure> {
        let call = self.admin(target.access)?;
        let found = identities::find(&call, target.environment, search).await?;
        Ok(call.answer(found))
    }

    async fn traits(
        &self,
        target: Target<'_>,
        identity: &IdentityRecord,
    ) -> Result<Answer<Vec<(String, Value)>>, Failure> {
        let call = self.admin(target.access)?;
        let traits = identities::traits(&call, target.environment, identity).await?;
        Ok(call.answer(traits))
    }

    async fn evaluate(
        &self,
        target: Target<'_>,
        identity: &IdentityRef,
        surface: &Surface,
    ) -> Result<Answer<Vec<RemoteFlag>>, Failure> {
        evaluate::evaluate(&self.transport, target, identity, surface).await
    }

    async fn evaluate_flag(
        &self,
        target: Target<'_>,
        identity: &IdentityRef,
        flag: &FlagKey,
    ) -> Result<Answer<RemoteFlag>, Failure> {
        let answer = self.evaluate(target, identity, &Surface::FlagsApi).await?;
        let count = answer.value.len();
        let found = answer.value.into_iter().find(|remote| remote.key == *flag);
        let value = found.ok_or_else(|| {
            let mut failure = Failure::new(
                FailureKind::NotFound,
                format!(
                    "The Flags API does not serve {} to this environment's client key.",
                    flag.0
                ),
            );
            failure.cause =
                Some("It may be served only to server-side keys, or hidden while it is off.".into());
            failure.evidence = vec![format!("The answer holds {count} flags, and not this one.")];
            failure.next_step =
                Some("See whether the flag is on and served to client-side keys, then refresh.".into());
            failure.diagnosed(Diagnosis::FlagNotServed, Remedy::Refresh)
        })?;
        Ok(Answer {
            value,
            limits: answer.limits,
            requests: answer.requests,
        })
    }

    async fn reach(&self, target: Target<'_>, door: &Door) -> Answer<Reach> {
        doors::reach(self, target, door).await
    }

    async fn read_surface(
        &self,
        target: Target<'_>,
        surface: &Surface,
        confirm: &Confirm,
    ) -> Result<Answer<SurfaceReading>, Failure> {
        surface::read(self, target, surface, confirm).await
    }

    async fn proxy_health(&self, access: Access<'_>, base: &str) -> Result<Answer<ProxyHealth>, Failure> {
        health::proxy(self, access, base).await
    }

    async fn server_health(&self, access: Access<'_>) -> Answer<ServerHealth> {
        health::server(self, access).await
    }

    async fn audit(&self, target: Target<'_>, since: Timestamp) -> Result<Answer<Audit>, Failure> {
        let call = self.admin(target.access)?;
        let base = target.access.endpoint.address();
        let owner = Owner::of(base, target.access.credential.expose());
        let now = (self.transport.settings.now)();
        if let Some(why) = self.silent_logs.known(owner, &target.project.id, now) {
            return Ok(call.answer(Audit::not_given(why)));
        }
        let audit = audit::since(&call, target, since).await?;
        if let AuditReach::NotGiven(why) = audit.reach {
            self.silent_logs.note(owner, &target.project.id, why, now);
        }
        Ok(call.answer(audit))
    }

    async fn allowances(&self, target: Target<'_>) -> Result<Answer<Allowances>, Failure> {
        let call = self.admin(target.access)?;
        let now = (self.transport.settings.now)();
        allowances::read(&call, target, now).await
    }
}
