//! The steps of the connection doctor in words.

mod cause;
mod detail;

pub use cause::{cause, next_step};
pub use detail::detail;

use halyard_console::{DoctorFinding, DoctorStep, StepFact, StepState};
use halyard_model::{EdgeProxy, Surface, Timestamp};

/// What a run looks at.
#[derive(Clone, Copy, Debug)]
pub struct Looked<'a> {
    /// The surface.
    pub surface: &'a Surface,
    /// The environment's name.
    pub environment: &'a str,
    /// What is set about the Edge Proxy, where it is one.
    pub proxy: Option<&'a EdgeProxy>,
    /// Now, by this computer's clock.
    pub now: Timestamp,
}

/// What a step is called. Of one that failed, what should be.
pub fn title(finding: &DoctorFinding, looked: &Looked<'_>) -> String {
    let failed = finding.state == StepState::Failed;
    let title = match finding.step {
        DoctorStep::Address => "Address is well formed",
        DoctorStep::Path => "Path ends in /api/v1/",
        DoctorStep::Name if proxy_in_the_way(finding).is_some() => "Name is left to an HTTP proxy",
        DoctorStep::Name if finding.state == StepState::Passed => "Name resolves, no proxy in the way",
        DoctorStep::Name => "Name resolves",
        DoctorStep::Certificate if failed => "TLS certificate is accepted",
        DoctorStep::Certificate => "TLS certificate",
        DoctorStep::Clock => "Clock",
        DoctorStep::Answers => "Answers to a liveness check",
        DoctorStep::Version => "Server version",
        DoctorStep::Header => "Key sent in the right header",
        DoctorStep::KeyType => "Key type",
        DoctorStep::KeyAccepted => "Key is accepted",
        DoctorStep::Environment => return format!("{} is known there", looked.environment),
        DoctorStep::UpToDate => return format!("{} document is up to date", looked.environment),
        DoctorStep::Evaluates => "Evaluates like the mirror",
    };
    title.to_owned()
}

/// The HTTP proxy that a step found in the way.
fn proxy_in_the_way(finding: &DoctorFinding) -> Option<&str> {
    finding.facts.iter().find_map(|fact| match fact {
        StepFact::Proxy(address) => Some(address.as_str()),
        _ => None,
    })
}

/// When an Edge Proxy last fetched everything: `Some(None)` is never, `None`
/// that it was not asked.
fn last_update(finding: &DoctorFinding) -> Option<Option<Timestamp>> {
    finding.facts.iter().find_map(|fact| match fact {
        StepFact::LastUpdate(at) => Some(*at),
        _ => None,
    })
}

/// Flags compared, and how many of them differ.
fn compared(finding: &DoctorFinding) -> (u32, u32) {
    finding
        .facts
        .iter()
        .fold((0, 0), |(compared, differ), fact| match fact {
            StepFact::FlagsCompared(count) => (*count, differ),
            StepFact::FlagsDiffer(count) => (compared, *count),
            _ => (compared, differ),
        })
}

/// The content served is not the one that the admin API holds.
fn content_differs(finding: &DoctorFinding) -> bool {
    finding.facts.contains(&StepFact::ContentDiffers)
}
