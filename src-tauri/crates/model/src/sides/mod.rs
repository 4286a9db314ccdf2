//! Two environments or moments beside each other: what differs, and what is
//! taken from one to the other.
//!
//! Side A is written in the terms of side B first: segments and options of
//! another project have other identifiers, and another service has other
//! nouns. What has no counterpart there is named and never guessed. From then
//! on both sides are subjects with fields, as edits know them, so that taking
//! a difference over is nothing but [`FieldChanges`](crate::FieldChanges).

mod across;
mod compare;
mod fields;
mod lines;
mod matching;
mod promote;
mod translate;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{EnvironmentKey, FieldPath, Fields, FlagKey, SegmentKey, Service, Subject, SubjectState};

pub use compare::compare;
pub use lines::{Line, LineKind, LinePiece, lines};
pub use promote::{LeftOutDifference, LeftOutWhy, Picked, Promotion, promote};

/// What stands before the name of an option that is not made yet, in the place
/// of the service's identifier.
const NEW_OPTION: &str = "new:";

/// An environment as subjects with their states.
#[derive(Clone, Debug, PartialEq)]
pub struct Contents {
    /// The service it comes from.
    pub service: Service,
    /// Names the project, wherever it was read: contents of one project share
    /// the identifiers of segments and options.
    pub project: String,
    /// The environment: EdgeFlags' configs and flags have values by its name.
    pub environment: EnvironmentKey,
    /// Every flag with its state, the identity overrides, segments and configs.
    pub subjects: BTreeMap<Subject, SubjectState>,
    /// The names of segments by identifier, those of a single flag included,
    /// which are no subjects.
    pub segments: BTreeMap<SegmentKey, String>,
    /// Segments whose rules the environment does not show.
    pub rules_unknown: BTreeSet<SegmentKey>,
    /// It keeps descriptions of flags. Flagsmith does; of an EdgeFlags only its
    /// lists tell.
    pub describes: bool,
    /// It keeps labels of flags, likewise.
    pub labels: bool,
}

impl Contents {
    /// Contents that hold nothing yet.
    pub fn new(service: Service, project: impl Into<String>, environment: EnvironmentKey) -> Contents {
        Contents {
            service,
            project: project.into(),
            environment,
            subjects: BTreeMap::new(),
            segments: BTreeMap::new(),
            rules_unknown: BTreeSet::new(),
            describes: service == Service::Flagsmith,
            labels: service == Service::Flagsmith,
        }
    }

    /// The keys of its flags.
    pub fn flags(&self) -> impl Iterator<Item = &FlagKey> {
        self.subjects.keys().filter_map(|subject| match subject {
            Subject::FlagState { flag } => Some(flag),
            _ => None,
        })
    }

    fn is_of_one_project_with(&self, other: &Contents) -> bool {
        self.service == other.service && self.project == other.project
    }
}

/// How two sides stand to each other in one respect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// Both have it, with different contents.
    Changed,
    /// Only A has it.
    OnlyA,
    /// Only B has it.
    OnlyB,
}

/// What a difference is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aspect {
    /// On or off.
    State,
    /// The value or the weights.
    Value,
    /// Segment and identity overrides, and targeting.
    Overrides,
    /// A whole flag, or what it is everywhere.
    Flags,
    /// Segments.
    Segments,
    /// Configs.
    Configs,
}

/// Why a difference cannot be taken over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "blocked", rename_all = "snake_case")]
pub enum Blocked {
    /// Side A does not show the rules of the segment.
    RulesUnknown {
        /// The segment's name.
        segment: String,
    },
    /// Side B does not have the segment, and it cannot be made: its rules are
    /// not shown, or it belongs to a single flag.
    SegmentMissing {
        /// The segment's name.
        segment: String,
    },
    /// The other service does not keep such a value.
    ValueNotKept,
}

/// One respect in which two sides differ.
#[derive(Clone, Debug, PartialEq)]
pub struct SideDifference {
    /// Names it, made of the subject and the field; the same whenever the same
    /// is compared.
    pub id: String,
    /// What it is about.
    pub aspect: Aspect,
    /// How the sides stand to each other.
    pub presence: Presence,
    /// What differs, in B's terms.
    pub subject: Subject,
    /// Which field of it: the whole where several belong together, such as an
    /// override. [`FieldPath::Existence`] where the subject as a whole is taken.
    pub field: FieldPath,
    /// The name of the segment whose override it is.
    pub segment: Option<String>,
    /// What A has of it, in B's terms; empty for nothing.
    pub a: Fields,
    /// What B has of it; empty for nothing.
    pub b: Fields,
    /// Why it cannot be taken over.
    pub blocked: Option<Blocked>,
    /// Differences that must be taken over with it, by id.
    pub needs: Vec<String>,
}

/// One of the two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// What is taken from.
    A,
    /// What it would be taken to.
    B,
}

/// Why something has no counterpart on the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnmappedKind {
    /// Overrides for segments: EdgeFlags has rules in their place.
    SegmentOverrides,
    /// Overrides for identities: EdgeFlags has none.
    IdentityOverrides,
    /// Rules and rollout of EdgeFlags: Flagsmith has overrides in their place.
    Targeting,
    /// Options with weights: EdgeFlags has rollouts in their place.
    Options,
    /// A window of time: Flagsmith has none.
    Window,
    /// Serving server-side keys only: EdgeFlags has no such mark.
    ServerOnly,
    /// The archive: EdgeFlags has none.
    Archived,
    /// A description or labels, which that EdgeFlags does not show.
    Described,
    /// A segment: the two services write rules in different languages.
    Segment,
    /// A config: Flagsmith has none.
    Config,
    /// A value of a kind that the other service does not keep.
    Value,
    /// A segment whose name another segment has as well, so that nothing tells
    /// which of them is meant.
    AmbiguousSegment,
}

/// Something that has no counterpart on the other side.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Unmapped {
    /// The side that has it.
    pub side: Side,
    /// What it is.
    pub kind: UnmappedKind,
    /// The flag's key, the segment's name, the config's key.
    pub name: String,
    /// How many there are, where there are several of a kind.
    pub count: usize,
}

/// How many are the same on both sides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SameCounts {
    /// Flags without any difference.
    pub flags: usize,
    /// Segments.
    pub segments: usize,
    /// Configs.
    pub configs: usize,
}

/// Two sides beside each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Sides {
    /// What differs, by name.
    pub differences: Vec<SideDifference>,
    /// How many are the same.
    pub same: SameCounts,
    /// What has no counterpart on the other side.
    pub unmapped: Vec<Unmapped>,
    /// The services of both sides.
    services: (Service, Service),
    /// A in B's terms, without what has no counterpart.
    a: BTreeMap<Subject, SubjectState>,
    /// B without what has no counterpart.
    b: BTreeMap<Subject, SubjectState>,
    /// B's segments and those about to be made, by identifier.
    segments: BTreeMap<SegmentKey, String>,
}

impl Sides {
    /// A subject's state on a side, in B's terms.
    pub fn state(&self, side: Side, subject: &Subject) -> Option<&SubjectState> {
        match side {
            Side::A => self.a.get(subject),
            Side::B => self.b.get(subject),
        }
    }

    /// The difference of an id.
    pub fn difference(&self, id: &str) -> Option<&SideDifference> {
        self.differences.iter().find(|one| one.id == id)
    }

    /// How many differences an aspect has.
    pub fn count(&self, aspect: Aspect) -> usize {
        self.differences.iter().filter(|one| one.aspect == aspect).count()
    }

    /// How many differences stand so.
    pub fn count_of(&self, presence: Presence) -> usize {
        let all = self.differences.iter();
        all.filter(|one| one.presence == presence).count()
    }

    /// A subject's name for people.
    pub fn name(&self, subject: &Subject) -> String {
        match subject {
            Subject::FlagState { flag } | Subject::Flag { flag } | Subject::IdentityOverride { flag, .. } => {
                flag.0.clone()
            }
            Subject::Segment { segment } => {
                let named = self.segments.get(segment).map(String::as_str);
                let named = named.filter(|name| !name.is_empty());
                named.or(segment.name_to_be()).unwrap_or(&segment.0).to_owned()
            }
            Subject::Traits { identity } => identity.clone(),
            Subject::Config { key } => key.clone(),
        }
    }
}
