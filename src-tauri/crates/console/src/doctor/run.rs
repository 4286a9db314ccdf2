//! Taking the steps.

use halyard_model::{Endpoint, FlagsmithAuth, IdentityRef, Surface, Timestamp};
use halyard_provider::{
    Confirm, Credential, Door, Failure, FailureKind, Reach as Reached, Reached as Way, Stage, Target,
};
use tokio_util::sync::CancellationToken;

use super::{
    DoctorFacts, DoctorFinding, DoctorInput, DoctorStep, KeyKind, StepFact, StepState, redact::redact,
};
use crate::{
    CompareInput, Console, ConsoleError, Difference, DifferenceCause, PreviewInput, reach::Reach,
    watch::surfaces_of,
};

/// Fewer days left than this are worth a look.
const FEW_DAYS: i64 = 14;

/// Clocks further apart than this, in milliseconds, are worth a look:
/// conditional reads and expiry times go by them.
const CLOCKS_APART_MILLIS: i64 = 30_000;

const DAY_MILLIS: i64 = 86_400_000;

/// Who is evaluated: nobody that exists, and no service keeps it.
const NOBODY: &str = "halyard-connection-doctor";

type Tell<'a> = &'a (dyn Fn(&DoctorFinding) + Send + Sync);

impl Console {
    /// Looks at a surface step by step and tells of each step as it begins
    /// and ends. A step that fails ends those that depend on it; the others
    /// go on. Stopped, it gives what was found until then.
    ///
    /// Fails only where there is nothing to look at: the connection, the
    /// environment or the surface is gone, or the key is missing.
    pub async fn run_doctor(
        &self,
        input: DoctorInput,
        tell: Tell<'_>,
        cancel: CancellationToken,
    ) -> Result<DoctorFacts, ConsoleError> {
        let at = self.inner.clock.now();
        let reach = self
            .reach(&(input.connection.clone(), input.environment.clone()))
            .await?;
        let known = surfaces_of(reach.target().access.endpoint);
        if known.iter().all(|(surface, _)| *surface != input.surface) {
            return Err(ConsoleError::Gone { what: "the surface" });
        }
        let mut run = Run {
            console: self,
            input: &input,
            reach: &reach,
            tell,
            keys: self.inner.keys_in_memory(Some(&input.connection)),
            findings: Vec::new(),
        };
        let stopped = tokio::select! {
            () = cancel.cancelled() => true,
            () = run.all() => false,
        };
        let mut findings = run.findings;
        for step in DoctorStep::ALL {
            if findings.iter().all(|finding| finding.step != step) {
                findings.push(ended(step, StepState::Waits, Vec::new()));
            }
        }
        findings.sort_by_key(|finding| finding.step);
        Ok(DoctorFacts {
            at,
            findings,
            stopped,
        })
    }
}

struct Run<'a> {
    console: &'a Console,
    input: &'a DoctorInput,
    reach: &'a Reach,
    tell: Tell<'a>,
    /// The keys that are known, to be left out of what is told.
    keys: Vec<Credential>,
    findings: Vec<DoctorFinding>,
}

impl Run<'_> {
    async fn all(&mut self) {
        if !self.address() {
            return;
        }
        let answered = self.network().await;
        // It needs no network, and is told in its turn.
        self.header();
        if answered && self.key().await {
            self.up_to_date().await;
            self.evaluates().await;
        }
    }

    /// Tells of a step, and keeps it. Both without what nobody may read.
    fn end(&mut self, mut finding: DoctorFinding) {
        redact(&mut finding, &self.keys);
        (self.tell)(&finding);
        self.findings.push(finding);
    }

    fn begin(&self, step: DoctorStep) {
        (self.tell)(&ended(step, StepState::Running, Vec::new()));
    }

    fn is(&mut self, step: DoctorStep, state: StepState, facts: Vec<StepFact>) {
        self.end(ended(step, state, facts));
    }

    fn fails(&mut self, step: DoctorStep, facts: Vec<StepFact>, failure: Failure) {
        self.end(DoctorFinding {
            failure: Some(failure),
            ..ended(step, StepState::Failed, facts)
        });
    }

    fn target(&self) -> Target<'_> {
        self.reach.target()
    }

    /// The base address of the surface, and whether it should end in `/api/v1/`.
    fn base(&self) -> (String, bool) {
        match self.target().access.endpoint {
            Endpoint::EdgeFlags { base, .. } => (base.clone(), false),
            Endpoint::File { name, .. } => (name.clone(), false),
            Endpoint::Flagsmith(endpoint) => {
                let base = match &self.input.surface {
                    Surface::Admin => &endpoint.admin_base,
                    Surface::FlagsApi => endpoint.flags_base.as_ref().unwrap_or(&endpoint.admin_base),
                    Surface::EdgeProxy(base) => base,
                };
                (base.clone(), true)
            }
        }
    }

    fn address(&mut self) -> bool {
        let (base, has_path) = self.base();
        let url = url::Url::parse(&base)
            .ok()
            .filter(|url| url.host_str().is_some() && matches!(url.scheme(), "http" | "https"));
        let Some(url) = url else {
            self.is(DoctorStep::Address, StepState::Failed, Vec::new());
            return false;
        };
        let origin = url.origin().ascii_serialization();
        self.is(
            DoctorStep::Address,
            StepState::Passed,
            vec![StepFact::Address(origin)],
        );
        let path = url.path().to_owned();
        let state = match (has_path, path.ends_with("/api/v1/")) {
            (false, _) => StepState::Skipped,
            (true, true) => StepState::Passed,
            (true, false) => StepState::Failed,
        };
        self.is(DoctorStep::Path, state, vec![StepFact::Path(path)]);
        true
    }

    fn header(&mut self) {
        let target = self.target();
        let (header, kind) = match (target.access.endpoint, &self.input.surface) {
            (Endpoint::EdgeFlags { .. } | Endpoint::File { .. }, _) => {
                ("Authorization: Bearer", KeyKind::AccessToken)
            }
            (Endpoint::Flagsmith(endpoint), Surface::Admin) => match endpoint.auth {
                FlagsmithAuth::OrganisationKey => ("Authorization: Api-Key", KeyKind::Organisation),
                FlagsmithAuth::UserToken => ("Authorization: Token", KeyKind::User),
            },
            (Endpoint::Flagsmith(_), _) if target.environment.key.0.starts_with("ser.") => {
                ("X-Environment-Key", KeyKind::ServerSide)
            }
            (Endpoint::Flagsmith(_), _) => ("X-Environment-Key", KeyKind::ClientSide),
        };
        self.is(
            DoctorStep::Header,
            StepState::Passed,
            vec![StepFact::Header(header)],
        );
        let state = if kind == KeyKind::ServerSide {
            // It works, and is in a place where it is shown.
            StepState::Noted
        } else {
            StepState::Passed
        };
        self.is(DoctorStep::KeyType, state, vec![StepFact::Key(kind)]);
    }

    /// Name, certificate, clock, answer and version, by one request.
    async fn network(&mut self) -> bool {
        self.begin(DoctorStep::Name);
        let door = Door::Liveness(self.input.surface.clone());
        let reached = self.reach.provider.reach(self.target(), &door).await.value;
        let now = self.console.inner.clock.now();
        let secure = self.base().0.starts_with("https://");
        let Reached {
            address,
            steps,
            failure,
        } = reached;
        let stage = failure.as_ref().and_then(|failure| match failure.kind {
            FailureKind::Unreachable(stage) => Some(stage),
            _ => None,
        });
        let mut failure = failure.map(|failure| *failure);
        let mut answered = false;
        let mut named = false;
        let mut encrypted = false;
        for way in steps {
            match way {
                Way::Name { addresses, proxy } => {
                    named = true;
                    let mut facts = vec![StepFact::Addresses(addresses)];
                    facts.extend(proxy.map(StepFact::Proxy));
                    self.is(DoctorStep::Name, StepState::Passed, facts);
                    if !secure {
                        self.is(DoctorStep::Certificate, StepState::Skipped, Vec::new());
                    }
                }
                Way::Encrypted { expires, issuer } => {
                    encrypted = true;
                    let (state, facts) = certificate(expires, issuer, now);
                    self.is(DoctorStep::Certificate, state, facts);
                }
                Way::Answered {
                    status,
                    took,
                    clock_ahead_millis,
                    version,
                } => {
                    answered = true;
                    self.clock(clock_ahead_millis);
                    let facts = vec![
                        StepFact::Took(took),
                        StepFact::Request(format!("GET {address}")),
                        StepFact::Status(status),
                    ];
                    match failure.take() {
                        Some(failure) => self.fails(DoctorStep::Answers, facts, failure),
                        None => self.is(DoctorStep::Answers, StepState::Passed, facts),
                    }
                    let state = if version.is_some() {
                        StepState::Passed
                    } else {
                        StepState::Skipped
                    };
                    let facts = version.map(StepFact::Version).into_iter().collect();
                    self.is(DoctorStep::Version, state, facts);
                }
            }
        }
        if !secure && !named {
            self.is(DoctorStep::Certificate, StepState::Skipped, Vec::new());
        }
        if let Some(failure) = failure {
            let step = match stage {
                Some(Stage::Name) if !named => DoctorStep::Name,
                Some(Stage::Tls) if secure && !encrypted => DoctorStep::Certificate,
                _ => DoctorStep::Answers,
            };
            self.fails(step, Vec::new(), failure);
        }
        answered
    }

    fn clock(&mut self, ahead: Option<i64>) {
        let state = match ahead {
            None => StepState::Skipped,
            Some(ahead) if ahead.saturating_abs() >= CLOCKS_APART_MILLIS => StepState::Noted,
            Some(_) => StepState::Passed,
        };
        let facts = ahead.map(StepFact::ClockAhead).into_iter().collect();
        self.is(DoctorStep::Clock, state, facts);
    }

    /// The key and the environment; whether both are known there.
    async fn key(&mut self) -> bool {
        self.begin(DoctorStep::KeyAccepted);
        let door = Door::Key(self.input.surface.clone());
        let reached = self.reach.provider.reach(self.target(), &door).await.value;
        let asked = vec![StepFact::Request(format!("GET {}", reached.address))];
        if let Some(failure) = reached.failure {
            self.fails(DoctorStep::KeyAccepted, asked, *failure);
            return false;
        }
        self.is(DoctorStep::KeyAccepted, StepState::Passed, asked);
        let name = vec![StepFact::Environment(self.target().environment.name.clone())];
        if self.input.surface != Surface::Admin && self.reach.is_flagsmith() {
            // Its key is the environment.
            self.is(DoctorStep::Environment, StepState::Passed, name);
            return true;
        }
        self.begin(DoctorStep::Environment);
        let target = self.target();
        let listed = self
            .reach
            .provider
            .environments(target.access, target.project)
            .await;
        match listed {
            Err(failure) => {
                self.fails(DoctorStep::Environment, name, failure);
                false
            }
            Ok(answer) => {
                let known = answer.value.iter().any(|one| one.key == self.input.environment);
                let state = if known {
                    StepState::Passed
                } else {
                    StepState::Failed
                };
                self.is(DoctorStep::Environment, state, name);
                known
            }
        }
    }

    /// What is served against what the admin API holds.
    async fn up_to_date(&mut self) {
        if self.input.surface == Surface::Admin {
            return self.is(DoctorStep::UpToDate, StepState::Skipped, Vec::new());
        }
        self.begin(DoctorStep::UpToDate);
        let mut facts = Vec::new();
        let mut ready = true;
        if let Surface::EdgeProxy(base) = &self.input.surface {
            let target = self.target();
            match self.reach.provider.proxy_health(target.access, base).await {
                Err(failure) => return self.fails(DoctorStep::UpToDate, facts, failure),
                Ok(answer) => {
                    ready = answer.value.ready;
                    facts.push(StepFact::LastUpdate(answer.value.last_successful_update));
                    facts.extend(answer.value.reason.map(StepFact::ProxyReason));
                }
            }
        }
        let provider = &self.reach.provider;
        let (held, served) = futures_util::future::join(
            provider.read_surface(self.target(), &Surface::Admin, &Confirm::Content),
            provider.read_surface(self.target(), &self.input.surface, &Confirm::Content),
        )
        .await;
        let (held, served) = match (held, served) {
            (Ok(held), Ok(served)) => (held.value, served.value),
            (_, Err(failure)) | (Err(failure), _) => return self.fails(DoctorStep::UpToDate, facts, failure),
        };
        facts.extend(served.document_updated_at.map(StepFact::DocumentUpdatedAt));
        let differs = match (&held.digest, &served.digest) {
            (Some(held), Some(served)) => Some(held != served),
            _ => None,
        };
        if differs == Some(true) {
            facts.push(StepFact::ContentDiffers);
        }
        let state = match (ready, differs) {
            (false, _) | (_, Some(true)) => StepState::Failed,
            (true, Some(false)) => StepState::Passed,
            // It serves no document; the next step compares what it serves.
            (true, None) => StepState::Skipped,
        };
        self.is(DoctorStep::UpToDate, state, facts);
    }

    /// What the engine makes of the mirror against what the surface answers.
    async fn evaluates(&mut self) {
        if self.input.surface == Surface::Admin {
            return self.is(DoctorStep::Evaluates, StepState::Skipped, Vec::new());
        }
        self.begin(DoctorStep::Evaluates);
        let preview = PreviewInput {
            at: None,
            change_set: None,
            connection: self.input.connection.clone(),
            environment: self.input.environment.clone(),
            identity: IdentityRef {
                identifier: NOBODY.to_owned(),
                traits: Vec::new(),
            },
            edits: Vec::new(),
        };
        let compared = self
            .console
            .compare(CompareInput {
                preview,
                surface: self.input.surface.clone(),
            })
            .await;
        match compared {
            Ok(comparison) => {
                let mut facts = vec![StepFact::FlagsCompared(comparison.compared)];
                let differing: Vec<_> = comparison.differences.iter().filter(|one| !as_set(one)).collect();
                let state = if comparison.failure.is_some() || differing.iter().any(|one| !one.verified) {
                    StepState::Failed
                } else if differing.is_empty() {
                    StepState::Passed
                } else {
                    StepState::Noted
                };
                if state != StepState::Passed {
                    let count = u32::try_from(differing.len()).unwrap_or(u32::MAX);
                    facts.push(StepFact::FlagsDiffer(count));
                }
                self.is(DoctorStep::Evaluates, state, facts);
            }
            Err(ConsoleError::Service(failure)) => self.fails(DoctorStep::Evaluates, Vec::new(), failure),
            Err(ConsoleError::RemoteOnly) => self.is(DoctorStep::Evaluates, StepState::Skipped, Vec::new()),
            Err(_) => self.is(
                DoctorStep::Evaluates,
                StepState::Skipped,
                vec![StepFact::MirrorNotReady],
            ),
        }
    }
}

/// Whether a flag differs because the service is set to leave it out.
fn as_set(difference: &Difference) -> bool {
    matches!(
        difference.cause,
        DifferenceCause::ServerOnly | DifferenceCause::HiddenWhenOff
    )
}

fn certificate(
    expires: Option<Timestamp>,
    issuer: Option<String>,
    now: Timestamp,
) -> (StepState, Vec<StepFact>) {
    let mut facts: Vec<StepFact> = Vec::new();
    let mut state = StepState::Passed;
    if let Some(at) = expires {
        let days = at.0.saturating_sub(now.0).div_euclid(DAY_MILLIS);
        if days < FEW_DAYS {
            state = StepState::Noted;
        }
        facts.push(StepFact::Expires { at, days });
    }
    facts.extend(issuer.map(StepFact::Issuer));
    (state, facts)
}

fn ended(step: DoctorStep, state: StepState, facts: Vec<StepFact>) -> DoctorFinding {
    DoctorFinding {
        step,
        state,
        facts,
        failure: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_that_ends_soon_is_worth_a_look() {
        let now = Timestamp(1_795_000_000_000);
        for (days, state) in [
            (61, StepState::Passed),
            (14, StepState::Passed),
            (13, StepState::Noted),
            (-1, StepState::Noted),
        ] {
            let (found, facts) = certificate(Some(now.plus_millis(days * DAY_MILLIS)), None, now);
            assert_eq!(found, state, "{days}");
            assert!(matches!(facts[0], StepFact::Expires { days: told, .. } if told == days));
        }
        assert_eq!(certificate(None, None, now), (StepState::Passed, Vec::new()));
    }
}
