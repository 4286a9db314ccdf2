//! What a snapshot holds, counted.

use std::collections::BTreeMap;

use halyard_engine::{Measure, SegmentMeasure, measure};
use halyard_model::{Flag, FlagValue, Service, Snapshot, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Contributor, LimitKind};

/// Of what takes the most, so many are named.
const NAMED: usize = 3;

/// Characters of a name that are kept.
const LONGEST_NAME: usize = 120;

/// What one snapshot held. Written into the mirror: members are only added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Counts {
    /// When the collection of the counted snapshot began.
    pub(super) of: Timestamp,
    /// Each amount.
    pub(super) amounts: BTreeMap<LimitKind, Amount>,
    /// The document says that flags are not served to the organisation any
    /// more, or that they are.
    #[serde(default)]
    pub(super) blocked: Option<bool>,
}

/// How much of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Amount {
    /// How much.
    pub(super) used: u64,
    /// What takes the most, the heaviest first.
    pub(super) heaviest: Vec<Contributor>,
}

impl Counts {
    /// Counts a snapshot. What its document does not show is left out, and so
    /// stays unknown.
    pub(super) fn of(service: Service, snapshot: &Snapshot) -> Counts {
        let parts = measure(&snapshot.document);
        Counts {
            of: snapshot.fetched_at,
            blocked: parts.as_ref().and_then(|parts| parts.stops_serving),
            amounts: amounts(service, snapshot, parts.as_ref()),
        }
    }

    /// Nothing differs but the snapshot.
    pub(super) fn says_the_same(&self, other: &Counts) -> bool {
        (&self.amounts, self.blocked) == (&other.amounts, other.blocked)
    }
}

fn amounts(service: Service, snapshot: &Snapshot, parts: Option<&Measure>) -> BTreeMap<LimitKind, Amount> {
    let mut amounts = BTreeMap::from([
        (LimitKind::Flags, plain(snapshot.flags.len())),
        (LimitKind::Segments, plain(snapshot.segments.len())),
    ]);
    if service == Service::Flagsmith {
        let overrides = ranked(
            snapshot
                .flags
                .iter()
                .map(|flag| (flag.key.0.as_str(), flag.state.segment_overrides.len())),
        );
        amounts.insert(LimitKind::SegmentOverrides, overrides.sum());
        let values = ranked(
            snapshot
                .flags
                .iter()
                .map(|flag| (flag.key.0.as_str(), longest_value(flag))),
        );
        amounts.insert(LimitKind::ValueBytes, values.greatest());
    }
    let Some(parts) = parts else {
        return amounts;
    };
    let segments = |of: fn(&SegmentMeasure) -> usize| {
        ranked(parts.segments.iter().map(move |one| (one.name.as_str(), of(one))))
    };
    amounts.insert(LimitKind::Conditions, segments(|one| one.conditions).greatest());
    match service {
        Service::Flagsmith => {
            // The list leaves segments of a single flag out, the document those that override nothing.
            let count = snapshot.segments.len().max(parts.segments.len());
            amounts.insert(LimitKind::Segments, plain(count));
            amounts.insert(
                LimitKind::ConditionBytes,
                segments(|one| one.longest_value).greatest(),
            );
            amounts.insert(LimitKind::IdentityOverrides, plain(parts.identity_overrides));
            let document = Amount {
                used: wide(snapshot.document.len()),
                ..segments(|one| one.bytes).greatest()
            };
            amounts.insert(LimitKind::DocumentBytes, document);
        }
        Service::EdgeFlags => {
            let definitions = parts.definitions.iter();
            let definitions = ranked(definitions.map(|(key, bytes)| (key.as_str(), *bytes)));
            amounts.insert(LimitKind::DefinitionBytes, definitions.greatest());
        }
    }
    amounts
}

/// Everything of one kind, the heaviest first.
struct Ranked<'a>(Vec<(&'a str, u64)>);

fn ranked<'a>(all: impl Iterator<Item = (&'a str, usize)>) -> Ranked<'a> {
    let mut all: Vec<(&str, u64)> = all.map(|(name, amount)| (name, wide(amount))).collect();
    all.sort_by_key(|&(name, amount)| (std::cmp::Reverse(amount), name));
    Ranked(all)
}

impl Ranked<'_> {
    /// A limit on all of them together.
    fn sum(&self) -> Amount {
        self.with(self.0.iter().map(|(_, amount)| amount).sum())
    }

    /// A limit on each of them.
    fn greatest(&self) -> Amount {
        self.with(self.0.first().map_or(0, |(_, amount)| *amount))
    }

    fn with(&self, used: u64) -> Amount {
        let heaviest = self.0.iter().filter(|(_, amount)| *amount > 0).take(NAMED);
        Amount {
            used,
            heaviest: heaviest
                .map(|&(name, amount)| Contributor {
                    name: name.chars().take(LONGEST_NAME).collect(),
                    amount,
                })
                .collect(),
        }
    }
}

fn plain(count: usize) -> Amount {
    Amount {
        used: wide(count),
        heaviest: Vec::new(),
    }
}

/// Bytes of the longest value that a flag gives anybody.
fn longest_value(flag: &Flag) -> usize {
    let overrides = &flag.state.segment_overrides;
    let values = std::iter::once(&flag.state.value)
        .chain(flag.state.variants.iter().map(|variant| &variant.value))
        .chain(overrides.iter().map(|one| &one.value))
        .chain(
            overrides
                .iter()
                .flat_map(|one| one.variants.iter().map(|variant| &variant.value)),
        );
    values.map(bytes).max().unwrap_or_default()
}

fn bytes(value: &FlagValue) -> usize {
    value.text().len()
}

fn wide(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
