//! What is doubtful about a whole environment, and what to do about it: what
//! the engine finds in its document, and rules over what the mirror holds of
//! all environments of the project, of its history and of its limits.

mod doubt;
mod rules;

use std::collections::{BTreeMap, BTreeSet};

use halyard_mirror::MomentFilter;
use halyard_model::{
    At, ConnectionId, Environment, EnvironmentKey, FieldChanges, Flag, FlagKey, FlagNote, Protection, Scope,
    SegmentKey, Service, Subject, SubjectState, Timestamp, TouchedKind,
};
use halyard_provider::edgeflags;

use doubt::Way;
pub use doubt::{Doubt, NeverApplies, Remedying};
use rules::{Elsewhere, Facts, IdentityOverride, Known, KnownSegment};

use crate::{Console, ConsoleError, LimitFacts, LimitKind, revision_of, state::Site, subject};

/// What nobody has touched for so many days is told.
const DAYS: u32 = 90;

/// More moments than are kept of one environment in practice.
const MOST_MOMENTS: u32 = 20_000;

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
        let service = self.known_connection(connection).await?.endpoint.service();
        let Some(snapshot) = self.inner.mirror.snapshot_facts(connection, environment).await? else {
            return Ok(EnvironmentLint {
                findings: Vec::new(),
                scope: LintScope::default(),
                as_of: None,
                gaps: vec![LintGap::NotFetched],
            });
        };
        let mut gaps = Vec::new();
        let flags = self.inner.mirror.flags(connection, environment).await?;
        let (elsewhere, environments) = self.elsewhere(&site, &mut gaps).await?;
        let segments = self
            .segments_in_use(&site, service, (&flags, &elsewhere), &mut gaps)
            .await?;
        let identities = self.every_identity_override(&site).await?;
        let at = At {
            connection: connection.clone(),
            environment: environment.clone(),
            moment: None,
        };
        let findings = match self.findings(&at).await {
            Ok(findings) => findings,
            Err(ConsoleError::RemoteOnly) => {
                gaps.push(LintGap::NoDocument);
                Vec::new()
            }
            Err(error) => {
                tracing::info!(%error, "the document could not be looked into");
                gaps.push(LintGap::UnreadableDocument);
                Vec::new()
            }
        };
        let limits = self.environment_limits(connection, environment).await?.limits;
        let now = self.inner.clock.now();
        let timeline = self.seen_unchanged(&site).await?;
        let long = i64::from(DAYS) * 86_400_000;
        if timeline.since.is_none_or(|since| now.millis_since(since) < long) {
            gaps.push(LintGap::Timeline {
                since: timeline.since,
                days: DAYS,
            });
        }
        let doubts = rules::doubts(&Facts {
            service,
            here: &flags,
            elsewhere: &elsewhere,
            environments,
            segments: segments.as_deref(),
            identities: &identities,
            findings: &findings,
            limits: &limits,
            unchanged_since: &|flag| timeline.of(&flag.key),
            now,
            days: DAYS,
        });
        let mut found = Vec::with_capacity(doubts.len());
        for doubt in doubts {
            let fixes = self
                .fixes(&site, &here, service, &doubt, (&flags, segments.as_deref()))
                .await?;
            found.push(LintFinding { doubt, fixes });
        }
        Ok(EnvironmentLint {
            findings: found,
            scope: LintScope {
                flags: flags.len(),
                segments: segments.as_ref().map_or(0, Vec::len),
                identities: identities.len(),
                environments: elsewhere.len() + 1,
            },
            as_of: Some(snapshot.fetched_at),
            gaps,
        })
    }

    /// The other environments of the project, as far as they are mirrored.
    async fn elsewhere(
        &self,
        site: &Site,
        gaps: &mut Vec<LintGap>,
    ) -> Result<(Vec<Elsewhere>, Known), ConsoleError> {
        let mirror = &self.inner.mirror;
        let (mut all, mut missing) = (Vec::new(), Vec::new());
        for environment in mirror.environments(&site.0).await? {
            if environment.key == site.1 {
                continue;
            }
            if mirror.snapshot_facts(&site.0, &environment.key).await?.is_none() {
                missing.push(environment.name);
                continue;
            }
            let flags = mirror.flags(&site.0, &environment.key).await?;
            all.push(Elsewhere {
                name: environment.name,
                flags: flags.into_iter().map(|flag| (flag.key.clone(), flag)).collect(),
            });
        }
        let known = match missing.is_empty() {
            true => Known::Whole,
            false => Known::Partly,
        };
        if known == Known::Partly {
            gaps.push(LintGap::Environments(missing));
        }
        Ok((all, known))
    }

    /// The segments, and whether anything names them; none where that cannot
    /// be told.
    async fn segments_in_use(
        &self,
        site: &Site,
        service: Service,
        (here, elsewhere): (&[Flag], &[Elsewhere]),
        gaps: &mut Vec<LintGap>,
    ) -> Result<Option<Vec<KnownSegment>>, ConsoleError> {
        let listed = self.inner.mirror.segments(&site.0, &site.1).await?;
        if gaps.iter().any(|gap| matches!(gap, LintGap::Environments(_))) && service == Service::Flagsmith {
            return Ok(None);
        }
        let abridged = here
            .iter()
            .any(|flag| flag.notes.contains(&FlagNote::AbridgedDefinition));
        if abridged {
            gaps.push(LintGap::AbridgedDefinitions);
            return Ok(None);
        }
        let mut used: BTreeSet<String> = BTreeSet::new();
        let everywhere = here
            .iter()
            .chain(elsewhere.iter().flat_map(|place| place.flags.values()));
        let overrides = everywhere.flat_map(|flag| &flag.state.segment_overrides);
        used.extend(overrides.map(|own| own.segment_id.clone()));
        for edit in self.staged_edits(&site.0).await? {
            if let Some(SubjectState::FlagState(wish)) = &edit.wish {
                used.extend(wish.segment_overrides.iter().map(|own| own.segment_id.clone()));
            }
        }
        if service == Service::EdgeFlags
            && let Some((_, document)) = self.document_of(site).await?
        {
            let keys = edgeflags::segment_keys(&document);
            used.extend(
                keys.into_iter()
                    .filter(|key| !edgeflags::segment_uses(&document, key).is_empty()),
            );
        }
        let segments = listed.into_iter().map(|segment| KnownSegment {
            is_used: used.contains(&segment.remote_id),
            key: SegmentKey(segment.remote_id),
            name: segment.name,
        });
        Ok(Some(segments.collect()))
    }

    async fn every_identity_override(&self, site: &Site) -> Result<Vec<IdentityOverride>, ConsoleError> {
        let Some((_, document)) = self.document_of(site).await? else {
            return Ok(Vec::new());
        };
        let all = subject::every_identity_override(&document).into_iter();
        Ok(all
            .map(|(flag, identity, state)| IdentityOverride {
                flag,
                identity,
                state,
            })
            .collect())
    }

    /// What the history tells of flags that nobody touched.
    async fn seen_unchanged(&self, site: &Site) -> Result<Timeline, ConsoleError> {
        let wanted = MomentFilter {
            environments: vec![site.clone()],
            limit: MOST_MOMENTS,
            ..MomentFilter::default()
        };
        let moments = self.inner.mirror.moments(&wanted).await?;
        let mut timeline = Timeline {
            since: moments.iter().map(|moment| moment.first_seen).min(),
            ..Timeline::default()
        };
        for moment in moments {
            let counts = moment.counts;
            let touched = u64::from(counts.added) + u64::from(counts.changed) + u64::from(counts.removed);
            if u64::try_from(moment.touched.len()).is_ok_and(|named| named < touched) {
                // Not all are named: it may have been any of them.
                timeline.all = timeline.all.max(Some(moment.first_seen));
            }
            for one in moment.touched {
                if one.kind == TouchedKind::Flag {
                    let newest = timeline
                        .flags
                        .entry(FlagKey(one.name))
                        .or_insert(moment.first_seen);
                    *newest = (*newest).max(moment.first_seen);
                }
            }
        }
        Ok(timeline)
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

/// Since when flags were seen as they are.
#[derive(Debug, Default)]
struct Timeline {
    /// The first moment that is kept.
    since: Option<Timestamp>,
    /// The last moment that may have touched any of them.
    all: Option<Timestamp>,
    /// The last one that touched each.
    flags: BTreeMap<FlagKey, Timestamp>,
}

impl Timeline {
    fn of(&self, flag: &FlagKey) -> Option<Timestamp> {
        let touched = self.flags.get(flag).copied();
        self.since
            .map(|since| since.max(touched.unwrap_or(since)).max(self.all.unwrap_or(since)))
    }
}
