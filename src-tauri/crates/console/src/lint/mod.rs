//! What is doubtful about a whole environment, and what to do about it: what
//! the engine finds in its document, and rules over what the mirror holds of
//! all environments of the project, of its history and of its limits.

mod doubt;
mod gathered;
mod rules;
mod span;
mod timeline;

use halyard_model::{
    ConnectionId, Environment, EnvironmentKey, FieldChanges, Flag, Protection, Scope, Service, Subject,
    Timestamp,
};

use doubt::Way;
pub use doubt::{Doubt, NeverApplies, Remedying};
use gathered::Weighed;
use rules::KnownSegment;

use crate::{Console, ConsoleError, LimitFacts, LimitKind, engines::computed, revision_of, state::Site};

/// What to do about a finding.
#[derive(Clone, Debug, PartialEq)]
pub enum LintFix {
    /// An edit that can be staged at once.
    Stage {
        /// What it does.
        what: Remedying,
        /// What it is about.
        subject: Subject,
        /// [`revision_of`] the state it rests on.
        revision: String,
        /// What changes.
        changes: FieldChanges,
    },
    /// A place where it is decided.
    Open {
        /// What is opened.
        subject: Subject,
    },
}

/// One finding.
#[derive(Clone, Debug, PartialEq)]
pub struct LintFinding {
    /// What is doubtful.
    pub doubt: Doubt,
    /// What to do, the usual way first.
    pub fixes: Vec<LintFix>,
}

/// Something that could not be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LintGap {
    /// Nothing of the environment was fetched yet.
    NotFetched,
    /// The service evaluates by itself: there is no document to look into.
    NoDocument,
    /// The document cannot be read.
    UnreadableDocument,
    /// Other environments of which nothing was fetched yet, by name.
    Environments(Vec<String>),
    /// The lists abridge definitions: what uses a segment is not told.
    AbridgedDefinitions,
    /// Nothing is known of the time before, so nothing is said of flags that
    /// were left alone.
    Timeline {
        /// Since when it is known; none where there is no history.
        since: Option<Timestamp>,
        /// How long it would have to be, in days.
        days: u32,
    },
}

/// How much was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LintScope {
    /// Flags of the environment.
    pub flags: usize,
    /// Segments of the project.
    pub segments: usize,
    /// Overrides of identities in the environment.
    pub identities: usize,
    /// Environments of the project, this one among them.
    pub environments: usize,
}

/// What is doubtful about an environment.
#[derive(Clone, Debug, PartialEq)]
pub struct EnvironmentLint {
    /// The findings, worst first.
    pub findings: Vec<LintFinding>,
    /// How much was looked at.
    pub scope: LintScope,
    /// When the collection began of what was looked at.
    pub as_of: Option<Timestamp>,
    /// What nobody has touched for so many days is told.
    pub days: u32,
    /// What could not be looked at.
    pub gaps: Vec<LintGap>,
}

impl Console {
    /// What is doubtful about an environment, from the mirror alone.
    pub async fn lint(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
    ) -> Result<EnvironmentLint, ConsoleError> {
        let site = (connection.clone(), environment.clone());
        let here = self.known_environment(connection, environment).await?;
        let days = self.lint_days().await?;
        let Some(gathered) = self.gathered(&site, days).await? else {
            return Ok(EnvironmentLint {
                findings: Vec::new(),
                scope: LintScope::default(),
                as_of: None,
                days,
                gaps: vec![LintGap::NotFetched],
            });
        };
        let (service, as_of) = (gathered.service, gathered.fetched_at);
        let Weighed {
            doubts,
            flags,
            segments,
            scope,
            gaps,
        } = computed(move || Ok(gathered.weighed())).await?;
        let mut findings = Vec::with_capacity(doubts.len());
        for doubt in doubts {
            let fixes = self
                .fixes(&site, &here, service, &doubt, (&flags, segments.as_deref()))
                .await?;
            findings.push(LintFinding { doubt, fixes });
        }
        Ok(EnvironmentLint {
            findings,
            scope,
            as_of: Some(as_of),
            days,
            gaps,
        })
    }

    /// The ways out of a doubt, each with the state it rests on. An edit that
    /// cannot be made here is left out.
    async fn fixes(
        &self,
        site: &Site,
        here: &Environment,
        service: Service,
        doubt: &Doubt,
        (flags, segments): (&[Flag], Option<&[KnownSegment]>),
    ) -> Result<Vec<LintFix>, ConsoleError> {
        let mut fixes = Vec::new();
        if let Doubt::NearLimit { limit, .. } = doubt {
            let subject = heaviest(limit, flags, segments);
            fixes.extend(subject.map(|subject| LintFix::Open { subject }));
        }
        for way in doubt.ways(service) {
            match way {
                Way::Open(subject) => fixes.push(LintFix::Open { subject }),
                Way::Stage {
                    what,
                    subject,
                    changes,
                } => {
                    if here.protection == Protection::ReadOnly
                        || here.requires_change_requests && subject.scope() == Scope::Environment
                    {
                        continue;
                    }
                    let held = self.held(site, &subject).await?;
                    if held.state.is_some() {
                        fixes.push(LintFix::Stage {
                            what,
                            revision: revision_of(held.state.as_ref()),
                            subject,
                            changes,
                        });
                    }
                }
            }
        }
        Ok(fixes)
    }
}

/// What takes the most of a limit, where it is a flag or a segment.
fn heaviest(limit: &LimitFacts, flags: &[Flag], segments: Option<&[KnownSegment]>) -> Option<Subject> {
    let name = &limit.heaviest.first()?.name;
    let segment = || {
        let mut segments = segments.unwrap_or_default().iter();
        let found = segments.find(|segment| segment.name == *name)?;
        Some(Subject::Segment {
            segment: found.key.clone(),
        })
    };
    let flag = || {
        let found = flags.iter().find(|flag| flag.key.0 == *name)?;
        Some(Subject::state_of(&found.key))
    };
    match limit.kind {
        LimitKind::Conditions | LimitKind::ConditionBytes | LimitKind::DocumentBytes => {
            segment().or_else(flag)
        }
        _ => flag().or_else(segment),
    }
}
