//! EdgeFlags: definitions, overrides per environment, evaluation.

mod audit;
mod content;
mod definition;
mod document;
mod evaluate;
mod learned;
mod lists;
mod probes;
mod read;
mod said;
mod subject;
mod wire;
mod write;

use async_trait::async_trait;
use halyard_model::{
    Endpoint, Environment, Flag, FlagKey, IdentityRecord, IdentityRef, Named, RemoteFlag, Snapshot, Subject,
    Surface, Timestamp,
};
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CACHE_CONTROL};
use serde_json::Value;
use url::Url;

pub use document::{
    SegmentUses, config_definition, config_keys, flag_definition, flag_keys, own_settings,
    segment_definition, segment_keys, segment_uses,
};

use learned::{Learned, Lists as LearnedLists};
use lists::{Lists, Trust};
use subject::Place;

use crate::audit::SilentLogs;
use crate::cache::{ListCache, Owner};
use crate::diagnosis;
use crate::http::{Call, HttpSettings, Service, Transport};
use crate::{
    Access, Allowances, Answer, Audit, AuditReach, BudgetClass, Confirm, Discovery, Door, Failure, Found,
    Leftover, Progress, Provider, ProxyHealth, Reach, ServerHealth, SurfaceReading, Target, Write,
    WriteOutcome,
};

/// A client of EdgeFlags.
#[derive(Debug)]
pub struct EdgeFlags {
    transport: Transport,
    /// What services and tokens were seen to be like.
    learned: Learned,
    /// For the background refresh.
    lists: ListCache,
    silent_logs: SilentLogs,
}

impl EdgeFlags {
    /// A client with a connection pool of its own. Fails where the system
    /// offers no usable encryption.
    pub fn new(settings: HttpSettings) -> Result<EdgeFlags, Failure> {
        Ok(EdgeFlags {
            transport: Transport::new(settings)?,
            learned: Learned::default(),
            lists: ListCache::default(),
            silent_logs: SilentLogs::default(),
        })
    }

    fn call<'a>(&'a self, access: Access<'a>) -> Result<Call<'a>, Failure> {
        let base = base_of(access.endpoint)?;
        let secret = access.credential.expose();
        let call = Call::new(
            &self.transport,
            Service::EdgeFlags,
            base,
            AUTHORIZATION,
            "Bearer ",
            secret,
        )?
        .trusting(access.endpoint.ca_bundle())?;
        // Lists may be served from a cache up to 30 s old otherwise.
        Ok(call
            .with_header(CACHE_CONTROL, "no-cache")
            .on_behalf_of(access)
            .classified(class))
    }

    /// A reader of the lists that a credential may see.
    fn lists_of<'a>(&'a self, call: &'a Call<'a>, access: Access<'_>, trust: Trust) -> Lists<'a> {
        Lists::new(self, call, owner(access), trust)
    }

    /// What is known of a service's lists.
    fn knows(&self, call: &Call<'_>) -> LearnedLists {
        self.learned.lists(call.base().as_str())
    }

    /// Whether lists are known to carry whole definitions.
    fn lists_whole(&self, call: &Call<'_>) -> bool {
        self.knows(call).whole
    }

    /// Learns from a list; says whether lists are known to carry whole
    /// definitions afterwards.
    fn learn_from(&self, call: &Call<'_>, kind: wire::Kind, items: &[wire::Item]) -> bool {
        self.learned.seen_in_list(call.base().as_str(), kind, items).whole
    }
}

fn owner(access: Access<'_>) -> Owner {
    Owner::of(access.endpoint.address(), access.credential.expose())
}

fn base_of(endpoint: &Endpoint) -> Result<&str, Failure> {
    match endpoint {
        Endpoint::EdgeFlags { base, .. } => Ok(base),
        Endpoint::Flagsmith(_) | Endpoint::File { .. } => Err(diagnosis::other_service(Service::EdgeFlags)),
    }
}

/// `GET /flags/:key` and `POST /evaluate` have a budget of their own.
fn class(method: &Method, url: &Url) -> BudgetClass {
    let mut segments = url.path_segments().into_iter().flatten().rev();
    let (last, before) = (segments.next(), segments.next());
    let evaluates = match *method {
        Method::GET => before == Some("flags") && last != Some(""),
        Method::POST => last == Some("evaluate"),
        _ => false,
    };
    if evaluates {
        BudgetClass::Evaluation
    } else {
        BudgetClass::Management
    }
}

#[async_trait]
impl Provider for EdgeFlags {
    async fn discover(&self, access: Access<'_>) -> Result<Answer<Discovery>, Failure> {
        let mut answer = read::discover(&self.call(access)?).await?;
        for permission in &mut answer.value.permissions {
            self.learned.correct(owner(access), permission);
        }
        Ok(answer)
    }

    async fn environments(
        &self,
        access: Access<'_>,
        _project: &Named,
    ) -> Result<Answer<Vec<Environment>>, Failure> {
        read::environments(&self.call(access)?).await
    }

    async fn collect(
        &self,
        target: Target<'_>,
        now: Timestamp,
        progress: &(dyn Fn(Progress) + Send + Sync),
    ) -> Result<Answer<Snapshot>, Failure> {
        let call = self.call(target.access)?;
        read::collect(self, &call, target, now, progress).await
    }

    async fn flag(&self, target: Target<'_>, known: &Flag) -> Result<Answer<Flag>, Failure> {
        let call = self.call(target.access)?;
        let place = Place::of(&Subject::state_of(&known.key))?;
        let read = read::fresh(self, &call, target, &place).await?;
        match read.flag {
            Some(flag) => Ok(call.answer(flag)),
            None => Err(read::gone(&call, &place, 0)),
        }
    }

    async fn read(
        &self,
        target: Target<'_>,
        subject: &Subject,
        _known: Option<&Flag>,
    ) -> Result<Answer<Found>, Failure> {
        let place = Place::of(subject)?;
        let call = self.call(target.access)?;
        let read = read::fresh(self, &call, target, &place).await?;
        Ok(call.answer(read.found()))
    }

    async fn write(&self, target: Target<'_>, write: Write<'_>) -> Result<Answer<WriteOutcome>, Failure> {
        let call = self.call(target.access)?;
        let written = call.decided(|| write::write(self, &call, target, write)).await;
        // Also after a failure: what was sent may have been done.
        self.lists.forget(owner(target.access));
        Ok(call.answer(written?))
    }

    /// Nothing is made on the way to a write, and a key exists once: there is
    /// nothing to leave behind.
    async fn leftovers(
        &self,
        target: Target<'_>,
        _subject: &Subject,
        _known: Option<&Flag>,
        _handle: Option<&str>,
    ) -> Result<Answer<Vec<Leftover>>, Failure> {
        Ok(self.call(target.access)?.answer(Vec::new()))
    }

    async fn remove_leftover(
        &self,
        target: Target<'_>,
        _subject: &Subject,
        _known: Option<&Flag>,
        _leftover: &Leftover,
    ) -> Result<Answer<()>, Failure> {
        Ok(self.call(target.access)?.answer(()))
    }

    async fn identities(
        &self,
        target: Target<'_>,
        _search: &str,
    ) -> Result<Answer<Vec<IdentityRecord>>, Failure> {
        // The service keeps no identities: nothing is asked.
        let call = self.call(target.access)?;
        Ok(call.answer(Vec::new()))
    }

    async fn traits(
        &self,
        target: Target<'_>,
        _identity: &IdentityRecord,
    ) -> Result<Answer<Vec<(String, Value)>>, Failure> {
        let call = self.call(target.access)?;
        Ok(call.answer(Vec::new()))
    }

    async fn evaluate(
        &self,
        target: Target<'_>,
        identity: &IdentityRef,
        _surface: &Surface,
    ) -> Result<Answer<Vec<RemoteFlag>>, Failure> {
        let call = self.call(target.access)?;
        let flags = evaluate::all(&call, &target.environment.key.0, identity).await?;
        Ok(call.answer(flags))
    }

    async fn evaluate_flag(
        &self,
        target: Target<'_>,
        identity: &IdentityRef,
        flag: &FlagKey,
    ) -> Result<Answer<RemoteFlag>, Failure> {
        let call = self.call(target.access)?;
        let remote = evaluate::one(&call, &target.environment.key.0, identity, flag).await?;
        Ok(call.answer(remote))
    }

    async fn reach(&self, target: Target<'_>, door: &Door) -> Answer<Reach> {
        probes::reach(self, target, door).await
    }

    async fn read_surface(
        &self,
        target: Target<'_>,
        surface: &Surface,
        confirm: &Confirm,
    ) -> Result<Answer<SurfaceReading>, Failure> {
        probes::read_surface(self, target, surface, confirm).await
    }

    async fn proxy_health(&self, _access: Access<'_>, _base: &str) -> Result<Answer<ProxyHealth>, Failure> {
        Err(probes::no_proxy())
    }

    async fn server_health(&self, access: Access<'_>) -> Answer<ServerHealth> {
        probes::server_health(self, access).await
    }

    /// The whole project's: definitions hold every environment.
    async fn audit(&self, target: Target<'_>, since: Timestamp) -> Result<Answer<Audit>, Failure> {
        let call = self.call(target.access)?;
        let owner = owner(target.access);
        let now = (self.transport.settings.now)();
        if let Some(why) = self.silent_logs.known(owner, &target.project.id, now) {
            return Ok(call.answer(Audit::not_given(why)));
        }
        let audit = audit::since(&call, since).await?;
        if let AuditReach::NotGiven(why) = audit.reach {
            self.silent_logs.note(owner, &target.project.id, why, now);
        }
        Ok(call.answer(audit))
    }

    /// The service tells no limit and no usage: everything is `None`.
    async fn allowances(&self, target: Target<'_>) -> Result<Answer<Allowances>, Failure> {
        Ok(self.call(target.access)?.answer(Allowances::default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_count_against_the_documented_budgets() {
        for (method, path, expected) in [
            (
                Method::GET,
                "/api/v1/flags/dark?context=%7B%7D",
                BudgetClass::Evaluation,
            ),
            (Method::POST, "/api/v1/evaluate", BudgetClass::Evaluation),
            (Method::GET, "/api/v1/flags", BudgetClass::Management),
            (Method::GET, "/api/v1/flags/", BudgetClass::Management),
            (Method::PUT, "/api/v1/flags/dark", BudgetClass::Management),
            (
                Method::GET,
                "/api/v1/flags/dark/environments",
                BudgetClass::Management,
            ),
            (Method::GET, "/api/v1/segments/beta", BudgetClass::Management),
        ] {
            let url = Url::parse(&format!("https://edgeflags.test{path}")).unwrap();
            assert_eq!(class(&method, &url), expected, "{method} {path}");
        }
    }
}
