//! What the connection doctor finds, for the window and as a report.

use halyard_console::{
    DoctorFacts, DoctorFinding, DoctorInput, DoctorStep, EnvironmentFacts, StepFact, StepState, surfaces_of,
};
use halyard_model::{Connection, ConnectionId, EdgeProxy, EnvironmentKey, Surface, Timestamp};

use super::{
    remedy::{self, Subject, button, proxy_config},
    seconds,
};
use crate::{
    error::WireError,
    view::*,
    words::{self, doctor as said},
};

/// What a run looks at, kept for as long as it goes on.
#[derive(Clone, Debug)]
pub struct Examined {
    surface: Surface,
    address: String,
    environment: String,
    environment_key: EnvironmentKey,
    proxy: Option<EdgeProxy>,
    upstream: Option<String>,
}

impl Examined {
    /// Looks up the surface that was asked for. Fails where the connection has
    /// no such surface: an address of somebody else is not sent a key.
    pub fn new(
        connection: &Connection,
        facts: &EnvironmentFacts,
        asked: &SurfaceNameView,
    ) -> Result<Examined, WireError> {
        let endpoint = &connection.endpoint;
        let found = surfaces_of(endpoint)
            .into_iter()
            .find(|(surface, address)| match surface {
                Surface::EdgeProxy(_) => {
                    asked.kind == SurfaceKindView::EdgeProxy && asked.address == *address
                }
                other => asked.kind == words::surface::kind(other),
            });
        let (surface, address) = found.ok_or_else(|| WireError::gone("this surface"))?;
        let own = |proxy: &&EdgeProxy| surface == Surface::EdgeProxy(proxy.base.clone());
        let proxy = endpoint.edge_proxies().iter().find(own).cloned();
        Ok(Examined {
            upstream: proxy.as_ref().map(|_| endpoint.address().to_owned()),
            surface,
            address,
            environment: facts.environment.name.clone(),
            environment_key: facts.environment.key.clone(),
            proxy,
        })
    }

    /// What the console is asked.
    pub fn input(&self, connection: &ConnectionId) -> DoctorInput {
        DoctorInput {
            connection: connection.clone(),
            environment: self.environment_key.clone(),
            surface: self.surface.clone(),
        }
    }

    fn looked(&self, now: Timestamp) -> said::Looked<'_> {
        said::Looked {
            surface: &self.surface,
            environment: &self.environment,
            proxy: self.proxy.as_ref(),
            now,
        }
    }

    fn name(&self) -> String {
        words::surface::name(&self.surface, &self.address)
    }

    fn subject(&self) -> Subject {
        Subject {
            surface: Some(surface_name(&self.surface, &self.address)),
            environment: Some(self.environment_key.0.clone()),
            upstream: self.upstream.clone(),
        }
    }

    /// A step, as it begins or ends.
    pub fn step(&self, finding: &DoctorFinding, now: Timestamp) -> DoctorStepView {
        let looked = self.looked(now);
        DoctorStepView {
            id: finding.step.name().to_owned(),
            title: said::title(finding, &looked),
            state: state(finding.state),
            detail: said::detail(finding, &looked),
            cause: said::cause(finding, &looked),
            next_step: said::next_step(finding, &looked),
            remedy: self.remedy(finding),
            raw: raw(finding),
        }
    }

    fn remedy(&self, finding: &DoctorFinding) -> Option<RemedyView> {
        if let Some(failure) = &finding.failure {
            let found = remedy::of(failure, &self.subject())?;
            // Both mean the same here: it is the doctor who asks again.
            return Some(match found.action {
                RemedyActionView::RunDoctor | RemedyActionView::TryAgain => run_again(),
                _ => found,
            });
        }
        match (finding.state, finding.step) {
            (StepState::Failed, DoctorStep::Address | DoctorStep::Path) => {
                Some(button(RemedyActionView::EditConnection, "Edit the connection"))
            }
            (StepState::Failed, DoctorStep::Environment | DoctorStep::Evaluates) => {
                Some(button(RemedyActionView::Refresh, "Sync now"))
            }
            (StepState::Failed, DoctorStep::UpToDate) => {
                let healthy = finding.facts.contains(&StepFact::ContentDiffers)
                    && !finding
                        .facts
                        .iter()
                        .any(|fact| matches!(fact, StepFact::ProxyReason(_)));
                Some(if self.proxy.is_some() && !healthy {
                    proxy_config(&self.subject())
                } else {
                    run_again()
                })
            }
            _ => None,
        }
    }

    /// The whole of it.
    pub fn view(&self, facts: &DoctorFacts, now: Timestamp) -> DoctorView {
        let mut steps: Vec<DoctorStepView> = facts
            .findings
            .iter()
            .map(|finding| self.step(finding, now))
            .collect();
        if facts.stopped {
            for step in steps.iter_mut().filter(|step| step.state == StepStateView::Waits) {
                step.detail = Some("Not tried, since the run was stopped".to_owned());
            }
        }
        DoctorView {
            report: self.report(facts, &steps),
            steps,
            at: seconds(facts.at),
            stopped: facts.stopped,
        }
    }

    /// As text to copy. The beginnings of answers stay out of it: whom they
    /// are about cannot be told.
    fn report(&self, facts: &DoctorFacts, steps: &[DoctorStepView]) -> String {
        let mut lines = vec![
            format!("Halyard {}, connection doctor", env!("CARGO_PKG_VERSION")),
            format!("Surface: {}, {}", self.name(), self.address),
            format!("Environment: {}", self.environment),
            format!("Began: {}", facts.began()),
        ];
        if facts.stopped {
            lines.push("Stopped before its end".to_owned());
        }
        lines.push(String::new());
        for (step, finding) in steps.iter().zip(&facts.findings) {
            let detail = step.detail.as_ref().map(|detail| format!(": {detail}"));
            lines.push(format!(
                "[{}] {}{}",
                outcome(finding.state),
                step.title,
                detail.unwrap_or_default()
            ));
            let failure = finding.failure.as_ref();
            let evidence = failure
                .map(|failure| failure.evidence.clone())
                .unwrap_or_default();
            let more = [&step.cause, &step.next_step].into_iter().flatten().cloned();
            lines.extend(more.chain(evidence).map(|line| format!("    {line}")));
        }
        lines.push(String::new());
        lines.join("\n")
    }
}

/// Everything that the doctor can look at: each surface in each environment,
/// those of the environment in view first.
pub fn choices(
    connection: &Connection,
    environments: &[EnvironmentFacts],
    in_view: &EnvironmentKey,
) -> Vec<DoctorChoiceView> {
    let surfaces = surfaces_of(&connection.endpoint);
    let (first, others): (Vec<_>, Vec<_>) = environments
        .iter()
        .map(|facts| &facts.environment)
        .partition(|environment| environment.key == *in_view);
    first
        .into_iter()
        .chain(others)
        .flat_map(|environment| {
            surfaces.iter().map(|(surface, address)| {
                let surface = surface_name(surface, address);
                DoctorChoiceView {
                    name: format!("{}, {}", surface.name, environment.name),
                    surface,
                    environment: environment.key.0.clone(),
                }
            })
        })
        .collect()
}

fn surface_name(surface: &Surface, address: &str) -> SurfaceNameView {
    SurfaceNameView {
        kind: words::surface::kind(surface),
        address: address.to_owned(),
        name: words::surface::name(surface, address),
    }
}

fn run_again() -> RemedyView {
    button(RemedyActionView::TryAgain, "Run again")
}

fn state(state: StepState) -> StepStateView {
    match state {
        StepState::Running => StepStateView::Running,
        StepState::Passed => StepStateView::Passed,
        StepState::Noted => StepStateView::Noted,
        StepState::Failed => StepStateView::Failed,
        StepState::Waits => StepStateView::Waits,
        StepState::Skipped => StepStateView::Skipped,
    }
}

fn outcome(state: StepState) -> &'static str {
    match state {
        StepState::Running => "running",
        StepState::Passed => "passed",
        StepState::Noted => "noted",
        StepState::Failed => "failed",
        StepState::Waits => "not tried",
        StepState::Skipped => "skipped",
    }
}

/// The request and the beginning of its answer.
fn raw(finding: &DoctorFinding) -> Option<String> {
    let mut lines: Vec<String> = Vec::new();
    for fact in &finding.facts {
        match fact {
            StepFact::Request(request) => lines.push(request.clone()),
            StepFact::Status(status) => lines.push(format!("answered {status}")),
            StepFact::Issuer(issuer) => lines.push(format!("issued by {issuer}")),
            _ => {}
        }
    }
    if let Some(failure) = &finding.failure {
        lines.clear();
        lines.extend(failure.request.clone());
        lines.extend(failure.status.map(|status| format!("answered {status}")));
        lines.extend(failure.excerpt.clone());
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}
