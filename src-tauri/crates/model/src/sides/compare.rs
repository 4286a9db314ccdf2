//! What two sides differ in.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{
    Aspect, Blocked, Contents, Presence, SameCounts, SideDifference, Sides,
    fields::{comparable, named_segments, order_of, unit_of, variants},
    matching::is_new_option,
    translate::{Translated, translate},
};
use crate::{
    FieldPath, Fields, FlagKey, SegmentKey, Service, Subject, SubjectState, Variant, differences, fields_of,
    same_value,
};

/// What would have to be taken from A so that B is like it, and what neither
/// can say to the other. Versions, times, identifiers and the numbers of
/// priorities are no content.
pub fn compare(a: &Contents, b: &Contents) -> Sides {
    let translated = translate(a, b);
    let services = (a.service, b.service);
    let subjects: BTreeSet<&Subject> = translated.a.keys().chain(translated.b.keys()).collect();
    let comparing = Comparing {
        translated: &translated,
        services,
    };
    let mut found = Vec::new();
    let mut same = SameCounts::default();
    let mut differing: BTreeSet<&FlagKey> = BTreeSet::new();
    for subject in subjects {
        let before = found.len();
        comparing.subject(subject, &mut found);
        let is_same = found.len() == before;
        match subject {
            Subject::FlagState { flag } | Subject::Flag { flag } | Subject::IdentityOverride { flag, .. }
                if !is_same =>
            {
                differing.insert(flag);
            }
            Subject::Segment { .. } if is_same => same.segments += 1,
            Subject::Config { .. } if is_same => same.configs += 1,
            _ => {}
        }
    }
    comparing.depend(&mut found);
    let flags = translated.a.keys().filter_map(|subject| match subject {
        Subject::FlagState { flag } => Some(flag),
        _ => None,
    });
    same.flags = flags.filter(|flag| !differing.contains(flag)).count();
    let mut unmapped = translated.unmapped;
    unmapped
        .sort_by(|one, other| (one.side, one.kind, &one.name).cmp(&(other.side, other.kind, &other.name)));
    let mut sides = Sides {
        differences: Vec::new(),
        same,
        unmapped,
        services,
        a: translated.a,
        b: translated.b,
        segments: translated.segments,
    };
    let key = |one: &SideDifference| (sides.name(&one.subject).to_lowercase(), one.subject.clone());
    found.sort_by_cached_key(|one| (key(one), one.field.clone()));
    sides.differences = found;
    sides
}

struct Comparing<'c> {
    translated: &'c Translated,
    services: (Service, Service),
}

impl Comparing<'_> {
    fn state(&self, subject: &Subject) -> (Option<&SubjectState>, Option<&SubjectState>) {
        (self.translated.a.get(subject), self.translated.b.get(subject))
    }

    fn subject(&self, subject: &Subject, found: &mut Vec<SideDifference>) {
        let (a, b) = self.state(subject);
        match (subject, a, b) {
            (_, None, None) => {}
            // A flag that only one side has is one difference, told of the whole.
            (Subject::FlagState { .. }, Some(_), None) | (Subject::FlagState { .. }, None, Some(_)) => {}
            (_, Some(_), None) => found.push(self.whole(subject, Presence::OnlyA)),
            (_, None, Some(_)) => found.push(self.whole(subject, Presence::OnlyB)),
            (_, Some(a), Some(b)) if is_evidently_same(a, b) => {}
            (Subject::IdentityOverride { .. }, Some(_), Some(_)) => {
                if !self.differing(subject).is_empty() {
                    found.push(self.whole(subject, Presence::Changed));
                }
            }
            (_, Some(_), Some(_)) => self.parts(subject, found),
        }
    }

    /// The fields of a subject in which the sides differ.
    fn differing(&self, subject: &Subject) -> BTreeSet<FieldPath> {
        let (a, b) = self.state(subject);
        let mut fields = (
            comparable(subject, a, self.services),
            comparable(subject, b, self.services),
        );
        if let Subject::Segment { segment } = subject
            && self
                .translated
                .rules_unknown
                .iter()
                .any(|unknown| unknown.contains(segment))
        {
            fields.0.remove(&FieldPath::Rules);
            fields.1.remove(&FieldPath::Rules);
        }
        let (a, b) = fields;
        let all: BTreeSet<&FieldPath> = a.keys().chain(b.keys()).collect();
        all.into_iter()
            .filter(|field| !same_value(field, a.get(*field), b.get(*field)))
            .cloned()
            .collect()
    }

    fn parts(&self, subject: &Subject, found: &mut Vec<SideDifference>) {
        let differing = self.differing(subject);
        let has_targeting = differing.contains(&FieldPath::HasTargeting);
        let units: BTreeSet<FieldPath> = differing
            .iter()
            .map(|field| match field {
                field if has_targeting && field.is_within(&FieldPath::HasTargeting) => {
                    FieldPath::HasTargeting
                }
                field => unit_of(field),
            })
            .collect();
        let (a, b) = self.state(subject);
        let (a, b) = (fields_of(a), fields_of(b));
        let part = |fields: &Fields, unit: &FieldPath| -> Fields {
            let belongs = |field: &FieldPath| field == unit || field.is_within(unit);
            let own = fields.iter().filter(|(field, _)| belongs(field));
            own.map(|(field, value)| (field.clone(), value.clone())).collect()
        };
        for unit in units {
            let (a, b) = (part(&a, &unit), part(&b, &unit));
            let presence = match (a.contains_key(&unit), b.contains_key(&unit)) {
                (true, false) if is_there_or_not(&unit) => Presence::OnlyA,
                (false, true) if is_there_or_not(&unit) => Presence::OnlyB,
                _ => Presence::Changed,
            };
            found.push(self.difference(subject, unit, presence, (a, b)));
        }
        found.extend(self.order(subject, (&a, &b)));
    }

    /// The order of the overrides that both have, where it is another.
    fn order(&self, subject: &Subject, (a, b): (&Fields, &Fields)) -> Option<SideDifference> {
        let (a, b) = (order_of(a), order_of(b));
        let of_both = |list: &[String], other: &[String]| -> Vec<String> {
            list.iter().filter(|id| other.contains(id)).cloned().collect()
        };
        let (a, b) = (of_both(&a, &b), of_both(&b, &a));
        if a == b {
            return None;
        }
        let field = |order: Vec<String>| {
            let order = order.into_iter().map(Value::String).collect();
            Fields::from([(FieldPath::OverrideOrder, order)])
        };
        let fields = (field(a), field(b));
        Some(self.difference(subject, FieldPath::OverrideOrder, Presence::Changed, fields))
    }

    fn whole(&self, subject: &Subject, presence: Presence) -> SideDifference {
        let (a, b) = self.state(subject);
        let fields = (fields_of(a), fields_of(b));
        self.difference(subject, FieldPath::Existence, presence, fields)
    }

    fn difference(
        &self,
        subject: &Subject,
        field: FieldPath,
        presence: Presence,
        (a, b): (Fields, Fields),
    ) -> SideDifference {
        let segment = field.override_of().map(|id| {
            let field = FieldPath::Override(id.to_owned());
            let told = b.get(&field).or(a.get(&field)).and_then(Value::as_str);
            told.filter(|name| !name.is_empty()).unwrap_or(id).to_owned()
        });
        SideDifference {
            id: id_of(subject, &field),
            aspect: aspect(subject, &field),
            presence,
            subject: subject.clone(),
            blocked: self.blocked(subject, &field, presence),
            field,
            segment,
            a,
            b,
            needs: Vec::new(),
        }
    }

    fn blocked(&self, subject: &Subject, field: &FieldPath, presence: Presence) -> Option<Blocked> {
        let [in_a, in_b] = &self.translated.rules_unknown;
        let is_made = presence == Presence::OnlyA && *field == FieldPath::Existence;
        match subject {
            // An edit carries the segment as a whole.
            Subject::Segment { segment } => {
                let lacks = (is_made && in_a.contains(segment))
                    || (presence != Presence::OnlyB && in_b.contains(segment));
                let named = self.translated.segments.get(segment);
                lacks.then(|| Blocked::RulesUnknown {
                    segment: named.unwrap_or(&segment.0).clone(),
                })
            }
            Subject::Flag { flag } if is_made && self.translated.values_not_kept.contains(flag) => {
                Some(Blocked::ValueNotKept)
            }
            _ => None,
        }
    }

    /// Which difference cannot be taken over without which other.
    fn depend(&self, found: &mut [SideDifference]) {
        let mut makers = Makers::default();
        for one in found.iter() {
            makers.add(one);
        }
        for one in found.iter_mut() {
            let of_flag = match (&one.subject, &one.field) {
                (Subject::Flag { flag }, FieldPath::Existence) => {
                    let state = self.translated.a.get(&Subject::state_of(flag));
                    Some(fields_of(state))
                }
                _ => None,
            };
            if one.presence == Presence::OnlyB {
                continue;
            }
            let fields = of_flag.unwrap_or_else(|| one.a.clone());
            makers.needs_of(one, &fields);
            one.needs.sort();
            one.needs.dedup();
        }
    }
}

/// The differences that make something.
#[derive(Default)]
struct Makers {
    segments: BTreeMap<SegmentKey, String>,
    flags: BTreeMap<FlagKey, String>,
    options: BTreeMap<FlagKey, String>,
}

impl Makers {
    fn add(&mut self, one: &SideDifference) {
        match (&one.subject, &one.field, one.presence) {
            (Subject::Segment { segment }, FieldPath::Existence, Presence::OnlyA)
                if one.blocked.is_none() =>
            {
                self.segments.insert(segment.clone(), one.id.clone());
            }
            (Subject::Flag { flag }, FieldPath::Existence, Presence::OnlyA) => {
                self.flags.insert(flag.clone(), one.id.clone());
            }
            (Subject::Flag { flag }, FieldPath::Options, _) => {
                self.options.insert(flag.clone(), one.id.clone());
            }
            _ => {}
        }
    }

    /// Writes down what a difference needs. `fields` is what it takes over.
    fn needs_of(&self, one: &mut SideDifference, fields: &Fields) {
        let is_flag = matches!(one.subject, Subject::Flag { .. });
        if let Subject::IdentityOverride { flag, .. } = &one.subject
            && let Some(made) = self.flags.get(flag)
        {
            one.needs.push(made.clone());
        }
        for (field, value) in fields {
            match field {
                FieldPath::Override(id) => {
                    let segment = SegmentKey(id.clone());
                    let Some(name) = segment.name_to_be() else {
                        continue;
                    };
                    match self.segments.get(&segment) {
                        Some(made) => one.needs.push(made.clone()),
                        // A new flag is made without that override.
                        None if is_flag => {}
                        None => {
                            one.blocked = Some(Blocked::SegmentMissing {
                                segment: name.to_owned(),
                            });
                        }
                    }
                }
                FieldPath::Weights | FieldPath::OverrideWeights(_) => {
                    let is_new = |option: &Variant| option.weight > 0.0 && is_new_option(&option.id);
                    let made = one.subject.flag().and_then(|flag| self.options.get(flag));
                    if let Some(made) = made.filter(|_| variants(Some(value)).iter().any(is_new)) {
                        one.needs.push(made.clone());
                    }
                }
                FieldPath::Rules | FieldPath::Rollout | FieldPath::Targeting(_) => {
                    let mut named = Vec::new();
                    named_segments(value, &mut named);
                    let made = named.into_iter().filter_map(|name| {
                        let segment = SegmentKey::to_be_made(name.trim());
                        self.segments.get(&segment)
                    });
                    one.needs.extend(made.filter(|id| **id != one.id).cloned());
                }
                _ => {}
            }
        }
    }
}

/// Whether states have the same content, told without taking them apart.
fn is_evidently_same(a: &SubjectState, b: &SubjectState) -> bool {
    match (a, b) {
        (SubjectState::FlagState(a), SubjectState::FlagState(b)) => differences(a, b).is_empty(),
        (a, b) => a == b,
    }
}

/// Whether a field is there or not, rather than set to one thing or another.
fn is_there_or_not(field: &FieldPath) -> bool {
    field.is_whole() || matches!(field, FieldPath::Tag(_) | FieldPath::EnvironmentValue(_))
}

fn aspect(subject: &Subject, field: &FieldPath) -> Aspect {
    match (subject, field) {
        (Subject::FlagState { .. }, FieldPath::Enabled) => Aspect::State,
        (Subject::FlagState { .. }, FieldPath::Value | FieldPath::Weights) => Aspect::Value,
        (Subject::FlagState { .. } | Subject::IdentityOverride { .. } | Subject::Traits { .. }, _) => {
            Aspect::Overrides
        }
        (Subject::Flag { .. }, _) => Aspect::Flags,
        (Subject::Segment { .. }, _) => Aspect::Segments,
        (Subject::Config { .. }, _) => Aspect::Configs,
    }
}

/// Text that no other subject and field have.
pub(super) fn id_of(subject: &Subject, field: &FieldPath) -> String {
    let field = field.to_string();
    let parts: Vec<&str> = match subject {
        Subject::FlagState { flag } => vec!["flag_state", &flag.0],
        Subject::IdentityOverride { flag, identity } => vec!["identity_override", &flag.0, identity],
        Subject::Flag { flag } => vec!["flag", &flag.0],
        Subject::Segment { segment } => vec!["segment", &segment.0],
        Subject::Traits { identity } => vec!["traits", identity],
        Subject::Config { key } => vec!["config", key],
    };
    let parts: Vec<&str> = parts.into_iter().chain([field.as_str()]).collect();
    serde_json::to_string(&parts).unwrap_or_default()
}
