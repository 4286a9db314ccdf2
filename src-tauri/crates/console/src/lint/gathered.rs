//! What the rules look at: read from the mirror first, then weighed without
//! waiting for anything.

use std::{collections::BTreeSet, sync::Arc};

use halyard_engine::Finding;
use halyard_mirror::MomentFilter;
use halyard_model::{
    At, Edit, Flag, FlagNote, Moment, Segment, SegmentKey, Service, SubjectState, Timestamp,
};
use halyard_provider::edgeflags;
use serde_json::Value;

use super::{
    LintGap, LintScope,
    doubt::Doubt,
    rules::{self, Elsewhere, Facts, IdentityOverride, Known, KnownSegment},
    timeline::Timeline,
};
use crate::{Console, ConsoleError, LimitFacts, state::Site, subject};

/// More moments than are kept of one environment in practice.
const MOST_MOMENTS: u32 = 20_000;

/// A day in milliseconds.
const DAY: i64 = 86_400_000;

/// What the mirror holds of an environment and around it.
pub(super) struct Gathered {
    pub(super) service: Service,
    /// When the collection of the environment began.
    pub(super) fetched_at: Timestamp,
    flags: Vec<Flag>,
    /// The other environments with their flags, as far as they are mirrored.
    elsewhere: Vec<(String, Vec<Flag>)>,
    /// Those that are not, by name.
    not_mirrored: Vec<String>,
    segments: Vec<Segment>,
    /// What is staged for the connection.
    staged: Vec<Edit>,
    document: Option<Arc<Value>>,
    findings: Vec<Finding>,
    limits: Vec<LimitFacts>,
    moments: Vec<Moment>,
    now: Timestamp,
    days: u32,
    /// Why there are no findings of the document.
    unread: Option<LintGap>,
}

/// What is doubtful, with what it was found in.
pub(super) struct Weighed {
    pub(super) doubts: Vec<Doubt>,
    pub(super) flags: Vec<Flag>,
    pub(super) segments: Option<Vec<KnownSegment>>,
    pub(super) scope: LintScope,
    pub(super) gaps: Vec<LintGap>,
}

impl Console {
    /// Reads everything that the rules look at; none where nothing of the
    /// environment was fetched yet.
    pub(super) async fn gathered(&self, site: &Site, days: u32) -> Result<Option<Gathered>, ConsoleError> {
        let mirror = &self.inner.mirror;
        let service = self.known_connection(&site.0).await?.endpoint.service();
        let Some(snapshot) = mirror.snapshot_facts(&site.0, &site.1).await? else {
            return Ok(None);
        };
        let (elsewhere, not_mirrored) = self.elsewhere(site).await?;
        let at = At {
            connection: site.0.clone(),
            environment: site.1.clone(),
            moment: None,
        };
        let (findings, unread) = match self.findings(&at).await {
            Ok(findings) => (findings, None),
            Err(ConsoleError::RemoteOnly) => (Vec::new(), Some(LintGap::NoDocument)),
            Err(error) => {
                tracing::info!(%error, "the document could not be looked into");
                (Vec::new(), Some(LintGap::UnreadableDocument))
            }
        };
        let history = MomentFilter {
            environments: vec![site.clone()],
            limit: MOST_MOMENTS,
            ..MomentFilter::default()
        };
        Ok(Some(Gathered {
            service,
            fetched_at: snapshot.fetched_at,
            flags: mirror.flags(&site.0, &site.1).await?,
            elsewhere,
            not_mirrored,
            segments: mirror.segments(&site.0, &site.1).await?,
            staged: self.staged_edits(&site.0).await?,
            document: self.document_of(site).await?.map(|(_, document)| document),
            findings,
            limits: self.environment_limits(&site.0, &site.1).await?.limits,
            moments: mirror.moments(&history).await?,
            now: self.inner.clock.now(),
            days,
            unread,
        }))
    }

    /// The other environments of the project with their flags, and the names
    /// of those that are not mirrored.
    async fn elsewhere(&self, site: &Site) -> Result<(Vec<(String, Vec<Flag>)>, Vec<String>), ConsoleError> {
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
            all.push((environment.name, flags));
        }
        Ok((all, missing))
    }
}

impl Gathered {
    /// What is doubtful.
    pub(super) fn weighed(self) -> Weighed {
        let mut gaps = Vec::new();
        if !self.not_mirrored.is_empty() {
            gaps.push(LintGap::Environments(self.not_mirrored.clone()));
        }
        let segments = self.segments_in_use(&mut gaps);
        gaps.extend(self.unread);
        let timeline = Timeline::of(self.moments);
        let long = i64::from(self.days) * DAY;
        if timeline
            .since
            .is_none_or(|since| self.now.millis_since(since) < long)
        {
            gaps.push(LintGap::Timeline {
                since: timeline.since,
                days: self.days,
            });
        }
        let identities = self.document.as_deref().map(identities).unwrap_or_default();
        let elsewhere: Vec<Elsewhere> = self
            .elsewhere
            .into_iter()
            .map(|(name, flags)| Elsewhere {
                name,
                flags: flags.into_iter().map(|flag| (flag.key.clone(), flag)).collect(),
            })
            .collect();
        let doubts = rules::doubts(&Facts {
            service: self.service,
            here: &self.flags,
            elsewhere: &elsewhere,
            environments: match self.not_mirrored.is_empty() {
                true => Known::Whole,
                false => Known::Partly,
            },
            segments: segments.as_deref(),
            identities: &identities,
            findings: &self.findings,
            limits: &self.limits,
            unchanged_since: &|flag| timeline.unchanged_since(&flag.key),
            now: self.now,
            days: self.days,
        });
        Weighed {
            doubts,
            scope: LintScope {
                flags: self.flags.len(),
                segments: segments.as_ref().map_or(0, Vec::len),
                identities: identities.len(),
                environments: elsewhere.len() + 1,
            },
            flags: self.flags,
            segments,
            gaps,
        }
    }

    /// The segments, and whether anything names them; none where that cannot
    /// be told.
    fn segments_in_use(&self, gaps: &mut Vec<LintGap>) -> Option<Vec<KnownSegment>> {
        if !self.not_mirrored.is_empty() && self.service == Service::Flagsmith {
            return None;
        }
        let is_abridged = |flag: &Flag| flag.notes.contains(&FlagNote::AbridgedDefinition);
        if self.flags.iter().any(is_abridged) {
            gaps.push(LintGap::AbridgedDefinitions);
            return None;
        }
        let mut used: BTreeSet<&str> = BTreeSet::new();
        let there = self.elsewhere.iter().flat_map(|(_, flags)| flags);
        for flag in self.flags.iter().chain(there) {
            used.extend(of_overrides(&flag.state));
        }
        for edit in &self.staged {
            if let Some(SubjectState::FlagState(wish)) = &edit.wish {
                used.extend(of_overrides(wish));
            }
        }
        let in_document = match (&self.document, self.service) {
            (Some(document), Service::EdgeFlags) => used_by_edgeflags(document),
            _ => BTreeSet::new(),
        };
        let segments = self.segments.iter().map(|segment| KnownSegment {
            is_used: used.contains(segment.remote_id.as_str()) || in_document.contains(&segment.remote_id),
            key: SegmentKey(segment.remote_id.clone()),
            name: segment.name.clone(),
        });
        Some(segments.collect())
    }
}

fn of_overrides(state: &halyard_model::FlagState) -> impl Iterator<Item = &str> {
    let overrides = state.segment_overrides.iter();
    overrides.map(|own| own.segment_id.as_str())
}

fn used_by_edgeflags(document: &Value) -> BTreeSet<String> {
    let keys = edgeflags::segment_keys(document).into_iter();
    keys.filter(|key| !edgeflags::segment_uses(document, key).is_empty())
        .collect()
}

fn identities(document: &Value) -> Vec<IdentityOverride> {
    let all = subject::every_identity_override(document).into_iter();
    all.map(|(flag, identity, state)| IdentityOverride {
        flag,
        identity,
        state,
    })
    .collect()
}
