//! The one place where a failure of a connected service is looked at again,
//! with what only the console knows: recent requests, the provider's own
//! incidents, the clocks, the version. Everything that is asked of a
//! connection's service goes through it.

mod context;

use std::sync::Arc;

use async_trait::async_trait;
use halyard_model::{
    Connection, Environment, EnvironmentKey, Flag, FlagKey, IdentityRecord, IdentityRef, Named, RemoteFlag,
    Snapshot, Subject, Surface, Timestamp,
};
use halyard_provider::{
    Access, Allowances, Answer, Audit, Confirm, Discovery, Door, Failure, Found, Leftover, Progress,
    Provider, ProxyHealth, Reach, ServerHealth, SurfaceReading, Target, Write, WriteOutcome,
    diagnosis::in_context,
};

use crate::Console;

/// A failure for where only one text is kept: what happened, and why.
pub(crate) fn with_cause(failure: &Failure) -> String {
    match &failure.cause {
        Some(cause) => format!("{} {cause}", failure.sentence),
        None => failure.sentence.clone(),
    }
}

/// A client whose failures are looked at a second time.
pub(crate) struct SecondLook {
    console: Console,
    connection: Connection,
    provider: Arc<dyn Provider>,
}

impl SecondLook {
    /// Around the client of a connection.
    pub(crate) fn around(
        provider: Arc<dyn Provider>,
        console: &Console,
        connection: &Connection,
    ) -> Arc<dyn Provider> {
        Arc::new(SecondLook {
            console: console.clone(),
            connection: connection.clone(),
            provider,
        })
    }

    async fn sharpened(
        &self,
        failure: Failure,
        environment: Option<&EnvironmentKey>,
        surface: &Surface,
    ) -> Failure {
        let context = self
            .console
            .context_of(&self.connection, environment, surface, &failure)
            .await;
        match context {
            Ok(context) => in_context(&failure, &context),
            Err(error) => {
                tracing::warn!(
                    error = error.for_log(),
                    "what is known beside a failure could not be read"
                );
                failure
            }
        }
    }

    async fn look<T>(
        &self,
        told: Result<Answer<T>, Failure>,
        target: Target<'_>,
        surface: &Surface,
    ) -> Result<Answer<T>, Failure> {
        match told {
            Ok(answer) => Ok(answer),
            Err(failure) => Err(self
                .sharpened(failure, Some(&target.environment.key), surface)
                .await),
        }
    }
}

#[async_trait]
impl Provider for SecondLook {
    async fn discover(&self, access: Access<'_>) -> Result<Answer<Discovery>, Failure> {
        match self.provider.discover(access).await {
            Ok(answer) => Ok(answer),
            Err(failure) => Err(self.sharpened(failure, None, &Surface::Admin).await),
        }
    }

    async fn environments(
        &self,
        access: Access<'_>,
        project: &Named,
    ) -> Result<Answer<Vec<Environment>>, Failure> {
        match self.provider.environments(access, project).await {
            Ok(answer) => Ok(answer),
            Err(failure) => Err(self.sharpened(failure, None, &Surface::Admin).await),
        }
    }

    async fn collect(
        &self,
        target: Target<'_>,
        now: Timestamp,
        progress: &(dyn Fn(Progress) + Send + Sync),
    ) -> Result<Answer<Snapshot>, Failure> {
        let told = self.provider.collect(target, now, progress).await;
        self.look(told, target, &Surface::Admin).await
    }

    async fn flag(&self, target: Target<'_>, known: &Flag) -> Result<Answer<Flag>, Failure> {
        let told = self.provider.flag(target, known).await;
        self.look(told, target, &Surface::Admin).await
    }

    async fn read(
        &self,
        target: Target<'_>,
        subject: &Subject,
        known: Option<&Flag>,
    ) -> Result<Answer<Found>, Failure> {
        let told = self.provider.read(target, subject, known).await;
        self.look(told, target, &Surface::Admin).await
    }

    async fn write(&self, target: Target<'_>, write: Write<'_>) -> Result<Answer<WriteOutcome>, Failure> {
        let told = self.provider.write(target, write).await;
        self.look(told, target, &Surface::Admin).await
    }

    async fn leftovers(
        &self,
        target: Target<'_>,
        subject: &Subject,
        known: Option<&Flag>,
        handle: Option<&str>,
    ) -> Result<Answer<Vec<Leftover>>, Failure> {
        let told = self.provider.leftovers(target, subject, known, handle).await;
        self.look(told, target, &Surface::Admin).await
    }

    async fn remove_leftover(
        &self,
        target: Target<'_>,
        subject: &Subject,
        known: Option<&Flag>,
        leftover: &Leftover,
    ) -> Result<Answer<()>, Failure> {
        let told = self
            .provider
            .remove_leftover(target, subject, known, leftover)
            .await;
        self.look(told, target, &Surface::Admin).await
    }

    async fn identities(
        &self,
        target: Target<'_>,
        search: &str,
    ) -> Result<Answer<Vec<IdentityRecord>>, Failure> {
        let told = self.provider.identities(target, search).await;
        self.look(told, target, &Surface::Admin).await
    }

    async fn traits(
        &self,
        target: Target<'_>,
        identity: &IdentityRecord,
    ) -> Result<Answer<Vec<(String, serde_json::Value)>>, Failure> {
        let told = self.provider.traits(target, identity).await;
        self.look(told, target, &Surface::Admin).await
    }

    async fn evaluate(
        &self,
        target: Target<'_>,
        identity: &IdentityRef,
        surface: &Surface,
    ) -> Result<Answer<Vec<RemoteFlag>>, Failure> {
        let told = self.provider.evaluate(target, identity, surface).await;
        self.look(told, target, surface).await
    }

    async fn evaluate_flag(
        &self,
        target: Target<'_>,
        identity: &IdentityRef,
        flag: &FlagKey,
    ) -> Result<Answer<RemoteFlag>, Failure> {
        let told = self.provider.evaluate_flag(target, identity, flag).await;
        self.look(told, target, &Surface::FlagsApi).await
    }

    async fn reach(&self, target: Target<'_>, door: &Door) -> Answer<Reach> {
        let mut answer = self.provider.reach(target, door).await;
        if let Some(failure) = answer.value.failure.take() {
            let (Door::Liveness(surface) | Door::Key(surface)) = door;
            let environment = Some(&target.environment.key);
            let sharpened = self.sharpened(*failure, environment, surface).await;
            answer.value.failure = Some(Box::new(sharpened));
        }
        answer
    }

    async fn read_surface(
        &self,
        target: Target<'_>,
        surface: &Surface,
        confirm: &Confirm,
    ) -> Result<Answer<SurfaceReading>, Failure> {
        let told = self.provider.read_surface(target, surface, confirm).await;
        self.look(told, target, surface).await
    }

    async fn proxy_health(&self, access: Access<'_>, base: &str) -> Result<Answer<ProxyHealth>, Failure> {
        match self.provider.proxy_health(access, base).await {
            Ok(answer) => Ok(answer),
            Err(failure) => {
                let surface = Surface::EdgeProxy(base.to_owned());
                Err(self.sharpened(failure, None, &surface).await)
            }
        }
    }

    async fn server_health(&self, access: Access<'_>) -> Answer<ServerHealth> {
        let mut answer = self.provider.server_health(access).await;
        if let Some(failure) = answer.value.failure.take() {
            let sharpened = self.sharpened(*failure, None, &Surface::Admin).await;
            answer.value.failure = Some(Box::new(sharpened));
        }
        answer
    }

    async fn audit(&self, target: Target<'_>, since: Timestamp) -> Result<Answer<Audit>, Failure> {
        let told = self.provider.audit(target, since).await;
        self.look(told, target, &Surface::Admin).await
    }

    async fn allowances(&self, target: Target<'_>) -> Result<Answer<Allowances>, Failure> {
        let told = self.provider.allowances(target).await;
        self.look(told, target, &Surface::Admin).await
    }
}
