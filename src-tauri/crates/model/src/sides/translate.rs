//! A in B's terms, and both without what the other has nothing like.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Contents, Side, Unmapped, UnmappedKind,
    across::{Reduction, as_kept, is_kept_by_both, is_same},
    matching::{self, Counterpart},
};
use crate::{
    ConfigDefinition, FlagDefinition, FlagKey, FlagState, IdentityState, SegmentKey, Subject, SubjectState,
    Variant,
};

/// Both sides in B's terms.
pub(super) struct Translated {
    pub(super) a: BTreeMap<Subject, SubjectState>,
    pub(super) b: BTreeMap<Subject, SubjectState>,
    /// B's segments and those to be made, with their names.
    pub(super) segments: BTreeMap<SegmentKey, String>,
    /// Segments whose rules A does not show, and those whose B does not.
    pub(super) rules_unknown: [BTreeSet<SegmentKey>; 2],
    /// Flags that B does not have, with a value that it does not keep.
    pub(super) values_not_kept: BTreeSet<FlagKey>,
    pub(super) unmapped: Vec<Unmapped>,
}

pub(super) fn translate(a: &Contents, b: &Contents) -> Translated {
    if a.service == b.service {
        Alike::new(a, b).translated()
    } else {
        across(a, b)
    }
}

/// Two sides of one service.
struct Alike<'s> {
    a: &'s Contents,
    b: &'s Contents,
    segments: BTreeMap<SegmentKey, Counterpart>,
    /// Segments of B that are left alone, since nothing tells which they are.
    ambiguous: BTreeSet<SegmentKey>,
    options: BTreeMap<FlagKey, BTreeMap<String, Variant>>,
}

impl<'s> Alike<'s> {
    fn new(a: &'s Contents, b: &'s Contents) -> Alike<'s> {
        let matching::Segments {
            of_a: segments,
            ambiguous_in_b: ambiguous,
        } = matching::segments(a, b);
        let one_project = a.is_of_one_project_with(b);
        let options = a
            .flags()
            .filter_map(|flag| {
                let of_a = options_of(a, flag);
                (!of_a.is_empty()).then(|| {
                    (
                        flag.clone(),
                        matching::options(&of_a, &options_of(b, flag), one_project),
                    )
                })
            })
            .collect();
        Alike {
            a,
            b,
            segments,
            ambiguous,
            options,
        }
    }

    fn translated(&self) -> Translated {
        let mut segments = self.b.segments.clone();
        let mut rules_unknown = [BTreeSet::new(), self.b.rules_unknown.clone()];
        let mut unmapped = Vec::new();
        for (key, counterpart) in &self.segments {
            let name = self.a.segments.get(key).cloned().unwrap_or_default();
            match counterpart {
                Counterpart::Is(there) => {
                    if self.a.rules_unknown.contains(key) {
                        rules_unknown[0].insert(there.clone());
                    }
                    segments.entry(there.clone()).or_insert(name);
                }
                Counterpart::Ambiguous => unmapped.push(ambiguous(Side::A, name)),
            }
        }
        for key in &self.ambiguous {
            let name = self.b.segments.get(key).cloned().unwrap_or_default();
            unmapped.push(ambiguous(Side::B, name));
        }
        let a = self.a.subjects.iter();
        let a = a.filter_map(|(subject, state)| self.of_a(subject, state, &segments));
        let a = a.collect();
        let b = self.b.subjects.iter();
        let b = b.filter_map(|(subject, state)| Some((subject.clone(), self.of_b(subject, state)?)));
        Translated {
            a,
            b: b.collect(),
            segments,
            rules_unknown,
            values_not_kept: BTreeSet::new(),
            unmapped,
        }
    }

    fn of_a(
        &self,
        subject: &Subject,
        state: &SubjectState,
        names: &BTreeMap<SegmentKey, String>,
    ) -> Option<(Subject, SubjectState)> {
        Some(match (subject, state) {
            (Subject::FlagState { flag }, SubjectState::FlagState(state)) => {
                (subject.clone(), self.flag_state(flag, state, names).into())
            }
            (Subject::Flag { flag }, SubjectState::Flag(definition)) => {
                let definition = self.definition(flag, definition);
                (subject.clone(), SubjectState::Flag(definition))
            }
            (Subject::IdentityOverride { flag, .. }, SubjectState::IdentityOverride(own)) => {
                let own = IdentityState {
                    variants: self.shares(flag, &own.variants),
                    ..own.clone()
                };
                (subject.clone(), SubjectState::IdentityOverride(own))
            }
            (Subject::Segment { segment }, _) => {
                let Some(Counterpart::Is(segment)) = self.segments.get(segment) else {
                    return None;
                };
                let segment = segment.clone();
                (Subject::Segment { segment }, state.clone())
            }
            (Subject::Config { .. }, SubjectState::Config(config)) => {
                let config = seen_in(config, &self.a.environment.0, &self.b.environment.0);
                (subject.clone(), SubjectState::Config(config))
            }
            _ => (subject.clone(), state.clone()),
        })
    }

    /// B's, without what nothing tells what it is, and without what other
    /// environments have.
    fn of_b(&self, subject: &Subject, state: &SubjectState) -> Option<SubjectState> {
        Some(match (subject, state) {
            (Subject::FlagState { .. }, SubjectState::FlagState(state)) => {
                let mut state = state.clone();
                if !self.ambiguous.is_empty() {
                    let known = |id: &str| !self.ambiguous.contains(&SegmentKey(id.to_owned()));
                    state.segment_overrides.retain(|own| known(&own.segment_id));
                }
                state.into()
            }
            (Subject::Segment { segment }, _) if self.ambiguous.contains(segment) => return None,
            (Subject::Config { .. }, SubjectState::Config(config)) => {
                let here = &self.b.environment.0;
                SubjectState::Config(seen_in(config, here, here))
            }
            _ => state.clone(),
        })
    }

    fn flag_state(
        &self,
        flag: &FlagKey,
        state: &FlagState,
        names: &BTreeMap<SegmentKey, String>,
    ) -> FlagState {
        let mut state = state.clone();
        state.variants = self.shares(flag, &state.variants);
        state.segment_overrides.retain_mut(|own| {
            // A segment that is named nowhere else is left as it is.
            let key = SegmentKey(own.segment_id.clone());
            match self.segments.get(&key) {
                Some(Counterpart::Ambiguous) => return false,
                Some(Counterpart::Is(there)) => {
                    if let Some(name) = names.get(there) {
                        own.segment_name.clone_from(name);
                    }
                    own.segment_id.clone_from(&there.0);
                }
                None => {}
            }
            own.variants = self.shares(flag, &own.variants);
            true
        });
        state
    }

    /// Shares of A's options as shares of B's.
    fn shares(&self, flag: &FlagKey, shares: &[Variant]) -> Vec<Variant> {
        let options = self.options.get(flag);
        let translated = shares.iter().map(|share| {
            let twin = options.and_then(|options| options.get(&share.id));
            twin.map_or_else(
                || share.clone(),
                |twin| Variant {
                    weight: share.weight,
                    ..twin.clone()
                },
            )
        });
        translated.collect()
    }

    /// A's definition: its options keep their content under B's identifiers.
    fn definition(&self, flag: &FlagKey, definition: &FlagDefinition) -> FlagDefinition {
        let options = self.options.get(flag);
        let mut definition = definition.clone();
        for option in &mut definition.options {
            if let Some(twin) = options.and_then(|options| options.get(&option.id)) {
                option.id.clone_from(&twin.id);
            }
        }
        definition
    }
}

fn ambiguous(side: Side, name: String) -> Unmapped {
    Unmapped {
        side,
        kind: UnmappedKind::AmbiguousSegment,
        name,
        count: 1,
    }
}

/// Every option of a flag: of its definition, and such as only its state shows.
fn options_of(contents: &Contents, flag: &FlagKey) -> Vec<Variant> {
    let mut all = match contents.subjects.get(&Subject::Flag { flag: flag.clone() }) {
        Some(SubjectState::Flag(definition)) => definition.options.clone(),
        _ => Vec::new(),
    };
    if let Some(SubjectState::FlagState(state)) = contents.subjects.get(&Subject::state_of(flag)) {
        for option in &state.variants {
            if all.iter().all(|known| known.id != option.id) {
                all.push(option.clone());
            }
        }
    }
    all
}

/// A config with the value of one environment alone, under the name of another.
fn seen_in(config: &ConfigDefinition, environment: &str, as_if: &str) -> ConfigDefinition {
    let own = config.environments.get(environment);
    ConfigDefinition {
        environments: own
            .map(|value| (as_if.to_owned(), value.clone()))
            .into_iter()
            .collect(),
        ..config.clone()
    }
}

/// Two sides of different services.
fn across(a: &Contents, b: &Contents) -> Translated {
    let mut unmapped = Vec::new();
    let mut reduce = |contents: &Contents, other: &Contents, side: Side| {
        let mut reduction = Reduction {
            side,
            other,
            unmapped: &mut unmapped,
        };
        let states = contents.subjects.iter();
        states
            .filter_map(|(subject, state)| Some((subject.clone(), reduction.reduced(subject, state)?)))
            .collect::<BTreeMap<Subject, SubjectState>>()
    };
    let mut of_a = reduce(a, b, Side::A);
    let of_b = reduce(b, a, Side::B);
    let mut values_not_kept = BTreeSet::new();
    for (subject, state) in &mut of_a {
        let (Subject::FlagState { flag }, SubjectState::FlagState(state)) = (subject, state) else {
            continue;
        };
        let there = of_b
            .get(&Subject::state_of(flag))
            .and_then(SubjectState::flag_state);
        let sides = [
            (Side::A, Some(&state.value)),
            (Side::B, there.map(|there| &there.value)),
        ];
        let strange = sides.into_iter().find_map(|(side, value)| {
            let value = value.filter(|value| !is_kept_by_both(value))?;
            Some((side, value))
        });
        if let Some((side, _)) = strange {
            unmapped.push(Unmapped {
                side,
                kind: UnmappedKind::Value,
                name: flag.0.clone(),
                count: 1,
            });
        }
        match there {
            // What means the same or cannot be compared is left as B has it.
            Some(there) if strange.is_some() || is_same(&state.value, &there.value) => {
                state.value = there.value.clone();
            }
            None if strange.is_some() => {
                values_not_kept.insert(flag.clone());
            }
            _ => state.value = as_kept(&state.value, b.service),
        }
    }
    for flag in b
        .flags()
        .filter(|flag| !of_a.contains_key(&Subject::state_of(flag)))
    {
        let held = of_b
            .get(&Subject::state_of(flag))
            .and_then(SubjectState::flag_state);
        if held.is_some_and(|held| !is_kept_by_both(&held.value)) {
            unmapped.push(Unmapped {
                side: Side::B,
                kind: UnmappedKind::Value,
                name: flag.0.clone(),
                count: 1,
            });
        }
    }
    Translated {
        a: of_a,
        b: of_b,
        segments: BTreeMap::new(),
        rules_unknown: [BTreeSet::new(), BTreeSet::new()],
        values_not_kept,
        unmapped,
    }
}
