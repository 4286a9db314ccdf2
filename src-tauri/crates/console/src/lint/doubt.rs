//! What can be doubtful about an environment, how bad it is, and what to do.

use halyard_engine::{Finding, FindingKind, Severity};
use halyard_model::{FieldChanges, FieldPath, FlagKey, SegmentKey, Service, Subject, Timestamp, ValueKind};
use serde_json::Value;

use crate::LimitFacts;

/// Why an override never applies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NeverApplies {
    /// Nobody can be in its segment.
    NobodyMatches,
    /// The override for this segment comes first and matches everybody it
    /// matches.
    Shadowed {
        /// The stronger one's segment.
        by: String,
    },
}

/// One thing that is doubtful about an environment.
#[derive(Clone, Debug, PartialEq)]
pub enum Doubt {
    /// What the engine found. Never one that another variant tells better.
    Engine(Box<Finding>),
    /// A segment override that never applies.
    OverrideNeverApplies {
        /// The flag.
        flag: FlagKey,
        /// The segment's identifier.
        segment: SegmentKey,
        /// Its name.
        name: String,
        /// Why.
        why: NeverApplies,
    },
    /// A segment override that gives what the environment gives anyway, and
    /// keeps nobody from another override.
    OverrideLikeDefault {
        /// The flag.
        flag: FlagKey,
        /// The segment's identifier.
        segment: SegmentKey,
        /// Its name.
        name: String,
    },
    /// An identity's override that gives what it would get anyway.
    IdentityLikeDefault {
        /// The flag.
        flag: FlagKey,
        /// The identity.
        identity: String,
    },
    /// A segment that nothing names.
    UnusedSegment {
        /// Its identifier.
        segment: SegmentKey,
        /// Its name.
        name: String,
        /// In how many environments was looked.
        environments: usize,
    },
    /// Weights, or a rollout, outside of what they are a share of.
    WeightsDoNotAddUp {
        /// The flag.
        flag: FlagKey,
        /// The segment whose override it is.
        segment: Option<String>,
        /// Their sum in percent.
        sum: f64,
    },
    /// A value of another type than elsewhere.
    TypeDiffers {
        /// The flag.
        flag: FlagKey,
        /// Its type here.
        here: ValueKind,
        /// The environments in which it is another, with the type there.
        elsewhere: Vec<(String, ValueKind)>,
    },
    /// An archived flag that is on, or that an override turns on. It is still
    /// served.
    ArchivedButOn {
        /// The flag.
        flag: FlagKey,
    },
    /// On for everybody, alike in every environment, for long.
    RolledOut {
        /// The flag.
        flag: FlagKey,
        /// Since when it surely was so here.
        since: Timestamp,
    },
    /// Off in every environment for long.
    OffEverywhere {
        /// The flag.
        flag: FlagKey,
        /// Since when it surely was so here.
        since: Timestamp,
    },
    /// Nobody has touched it here for long.
    Unchanged {
        /// The flag.
        flag: FlagKey,
        /// Since when it surely was so.
        since: Timestamp,
    },
    /// A limit that is near, or reached before long at the rate of late.
    NearLimit {
        /// The limit.
        limit: Box<LimitFacts>,
        /// Days until it is reached at the rate of late.
        days_left: Option<u32>,
    },
}

/// What somebody can do about it.
#[derive(Clone, Debug, PartialEq)]
pub enum Way {
    /// An edit that does away with it.
    Stage {
        /// What it does.
        what: Remedying,
        /// What it is about.
        subject: Subject,
        /// What changes.
        changes: FieldChanges,
    },
    /// It has to be decided there.
    Open(Subject),
}

/// What a ready edit does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedying {
    /// Removes an override.
    RemoveOverride,
    /// Deletes a segment.
    DeleteSegment,
    /// Archives a flag.
    Archive,
    /// Brings a flag back from the archive.
    TakeOutOfArchive,
    /// Turns a flag off.
    TurnOff,
}

impl Doubt {
    /// How bad it is.
    pub fn severity(&self) -> Severity {
        match self {
            Doubt::Engine(finding) => finding.severity(),
            Doubt::OverrideNeverApplies { .. } => Severity::NeverMatches,
            _ => Severity::Doubtful,
        }
    }

    /// Those of a kind stand together, in this order within a severity.
    pub(super) fn rank(&self) -> u8 {
        match self {
            Doubt::Engine(_) => 0,
            Doubt::OverrideNeverApplies { .. } => 1,
            Doubt::WeightsDoNotAddUp { .. } => 2,
            Doubt::TypeDiffers { .. } => 3,
            Doubt::NearLimit { .. } => 4,
            Doubt::ArchivedButOn { .. } => 5,
            Doubt::OverrideLikeDefault { .. } => 6,
            Doubt::IdentityLikeDefault { .. } => 7,
            Doubt::UnusedSegment { .. } => 8,
            Doubt::RolledOut { .. } => 9,
            Doubt::OffEverywhere { .. } => 10,
            Doubt::Unchanged { .. } => 11,
        }
    }

    /// What it is about, for people.
    pub fn name(&self) -> String {
        match self {
            Doubt::Engine(finding) => {
                let subject = &finding.subject;
                let segment = subject.segment.as_ref().map(|segment| segment.name.clone());
                let flag = subject.flags.first().cloned();
                let first = match finding.kind {
                    FindingKind::TiedPriorities | FindingKind::UnreachableVariant => flag.clone(),
                    _ => segment,
                };
                let named = first.or_else(|| subject.identifiers.first().cloned()).or(flag);
                named.unwrap_or_default()
            }
            Doubt::OverrideNeverApplies { flag, .. }
            | Doubt::OverrideLikeDefault { flag, .. }
            | Doubt::IdentityLikeDefault { flag, .. }
            | Doubt::WeightsDoNotAddUp { flag, .. }
            | Doubt::TypeDiffers { flag, .. }
            | Doubt::ArchivedButOn { flag }
            | Doubt::RolledOut { flag, .. }
            | Doubt::OffEverywhere { flag, .. }
            | Doubt::Unchanged { flag, .. } => flag.0.clone(),
            Doubt::UnusedSegment { name, .. } => name.clone(),
            Doubt::NearLimit { limit, .. } => {
                let heaviest = limit.heaviest.first();
                heaviest.map(|one| one.name.clone()).unwrap_or_default()
            }
        }
    }

    /// What to do about it, the usual way first.
    pub(super) fn ways(&self, service: Service) -> Vec<Way> {
        match self {
            Doubt::Engine(finding) => ways_of_finding(finding),
            Doubt::OverrideNeverApplies { flag, segment, .. } => vec![
                without_override(flag, segment),
                Way::Open(Subject::Segment {
                    segment: segment.clone(),
                }),
            ],
            Doubt::OverrideLikeDefault { flag, segment, .. } => {
                vec![
                    without_override(flag, segment),
                    Way::Open(Subject::state_of(flag)),
                ]
            }
            Doubt::IdentityLikeDefault { flag, identity } => {
                let subject = Subject::IdentityOverride {
                    flag: flag.clone(),
                    identity: identity.clone(),
                };
                vec![
                    gone(Remedying::RemoveOverride, subject.clone()),
                    Way::Open(subject),
                ]
            }
            Doubt::UnusedSegment { segment, .. } => {
                let subject = Subject::Segment {
                    segment: segment.clone(),
                };
                vec![
                    gone(Remedying::DeleteSegment, subject.clone()),
                    Way::Open(subject),
                ]
            }
            Doubt::ArchivedButOn { flag } => vec![
                set(
                    Remedying::TurnOff,
                    Subject::state_of(flag),
                    FieldPath::Enabled,
                    false,
                ),
                archiving(flag, false),
                Way::Open(Subject::state_of(flag)),
            ],
            Doubt::RolledOut { flag, .. } | Doubt::OffEverywhere { flag, .. } => match service {
                Service::Flagsmith => vec![archiving(flag, true), Way::Open(Subject::state_of(flag))],
                // It knows no archive, and deleting is not for a list of hints.
                Service::EdgeFlags => vec![Way::Open(Subject::state_of(flag))],
            },
            Doubt::WeightsDoNotAddUp { flag, .. }
            | Doubt::TypeDiffers { flag, .. }
            | Doubt::Unchanged { flag, .. } => vec![Way::Open(Subject::state_of(flag))],
            // What takes the most is named; the console finds what it is.
            Doubt::NearLimit { .. } => Vec::new(),
        }
    }
}

fn ways_of_finding(finding: &Finding) -> Vec<Way> {
    let subject = &finding.subject;
    let flags = || subject.flags.iter().map(|flag| FlagKey(flag.clone()));
    if !subject.identifiers.is_empty() {
        let mut ways = Vec::new();
        for flag in flags() {
            ways.extend(subject.identifiers.iter().map(|identity| {
                Way::Open(Subject::IdentityOverride {
                    flag: flag.clone(),
                    identity: identity.clone(),
                })
            }));
        }
        return ways;
    }
    let about_flag = matches!(
        finding.kind,
        FindingKind::TiedPriorities
            | FindingKind::UnreachableVariant
            | FindingKind::NullPriority
            | FindingKind::FlagCycle
    );
    match &subject.segment {
        Some(segment) if !about_flag => vec![Way::Open(Subject::Segment {
            segment: SegmentKey(segment.key.clone()),
        })],
        _ => flags().map(|flag| Way::Open(Subject::state_of(&flag))).collect(),
    }
}

fn without_override(flag: &FlagKey, segment: &SegmentKey) -> Way {
    let id = || segment.0.clone();
    let parts = [
        FieldPath::Override(id()),
        FieldPath::OverrideEnabled(id()),
        FieldPath::OverrideValue(id()),
        FieldPath::OverrideWeights(id()),
    ];
    Way::Stage {
        what: Remedying::RemoveOverride,
        subject: Subject::state_of(flag),
        changes: parts.into_iter().map(|part| (part, None)).collect(),
    }
}

fn gone(what: Remedying, subject: Subject) -> Way {
    Way::Stage {
        what,
        subject,
        changes: FieldChanges::from([(FieldPath::Existence, None)]),
    }
}

fn archiving(flag: &FlagKey, archived: bool) -> Way {
    let what = match archived {
        true => Remedying::Archive,
        false => Remedying::TakeOutOfArchive,
    };
    set(
        what,
        Subject::Flag { flag: flag.clone() },
        FieldPath::Archived,
        archived,
    )
}

fn set(what: Remedying, subject: Subject, field: FieldPath, to: bool) -> Way {
    Way::Stage {
        what,
        subject,
        changes: FieldChanges::from([(field, Some(Value::Bool(to)))]),
    }
}
