//! What is taken from A to B, as changes to B's subjects.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Blocked, Contents, Presence, Side, SideDifference, Sides,
    compare::id_of,
    fields::{comparable, order_of, variants, variants_value},
    matching::is_new_option,
};
use crate::{
    FieldChanges, FieldPath, Fields, FlagDefinition, FlagKey, FlagState, SegmentKey, Service, Subject,
    SubjectState, Variant, fields_of, same_value,
};

/// Which differences are taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Picked<'p> {
    /// These, by id.
    Ids(&'p [String]),
    /// Everything of one flag: its state, its identity overrides, what it is
    /// everywhere, and that it is there at all.
    Flag(&'p FlagKey),
    /// All.
    All,
}

/// Why a difference that was picked is not taken over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum LeftOutWhy {
    /// There is no such difference any more.
    Gone,
    /// It cannot be taken over.
    Blocked(Blocked),
    /// What it needs cannot be taken over.
    NeedsBlocked {
        /// That difference.
        id: String,
    },
    /// It gives shares to options that the flag does not have yet. They can be
    /// taken over once the options are there.
    OptionsFirst,
    /// Of a new flag, the override for a segment that cannot be made.
    WithoutOverride {
        /// The segment's name.
        segment: String,
    },
}

/// A difference, or a part of one, that is not taken over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOutDifference {
    /// Which.
    pub id: String,
    /// Why.
    pub why: LeftOutWhy,
}

/// What taking differences over comes to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Promotion {
    /// What changes, in the order in which it must be staged: what is made
    /// comes first, what goes last. A segment to be made is named as
    /// [`SegmentKey::to_be_made`], an option by `new:` and its key or value.
    pub edits: Vec<(Subject, FieldChanges)>,
    /// Differences that were not picked and are taken along, by id: a segment
    /// or a flag that is not there, options that a share is given to. Of such
    /// options only the missing ones are made; none goes.
    pub needed: Vec<String>,
    /// What was picked and is not taken over.
    pub left_out: Vec<LeftOutDifference>,
}

/// When a change is staged; a smaller one first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    MakeSegment,
    Make,
    Define,
    Change,
    ChangeIdentity,
    Delete,
    DeleteSegment,
}

impl FlagDefinition {
    /// The state that the flag begins with in an environment.
    pub fn first_state(&self) -> FlagState {
        FlagState {
            variants: self.options.clone(),
            ..FlagState::plain(self.enabled, self.value.clone())
        }
    }
}

/// What picked differences between two sides make of B. `b` is B as it was
/// compared. Everything that was not picked, and is not needed by what was,
/// stays as it is in B; what goes takes along what is about it.
pub fn promote(sides: &Sides, b: &Contents, picked: Picked<'_>) -> Promotion {
    let mut promotion = Promotion::default();
    let chosen = chosen(sides, picked, &mut promotion);
    let deleted: BTreeSet<&FlagKey> = chosen
        .iter()
        .filter(|(one, _)| one.presence == Presence::OnlyB && matches!(one.subject, Subject::Flag { .. }))
        .filter(|(one, _)| one.field == FieldPath::Existence)
        .filter_map(|(one, _)| one.subject.flag())
        .collect();
    let mut promoting = Promoting {
        sides,
        b,
        edits: BTreeMap::new(),
        left_out: Vec::new(),
        reordered: BTreeSet::new(),
    };
    for (one, is_needed) in &chosen {
        let goes_along = one.subject.flag().is_some_and(|flag| deleted.contains(flag));
        if goes_along && !matches!(one.subject, Subject::Flag { .. }) {
            continue;
        }
        promoting.take(one, *is_needed);
    }
    for flag in std::mem::take(&mut promoting.reordered) {
        promoting.reorder(&flag, &chosen);
    }
    promotion.left_out.append(&mut promoting.left_out);
    promotion.edits = promoting
        .edits
        .into_iter()
        .map(|((_, subject), changes)| (subject, changes))
        .collect();
    promotion
}

/// The picked differences that can be taken over with what they need, and
/// whether each is only needed.
fn chosen<'s>(
    sides: &'s Sides,
    picked: Picked<'_>,
    promotion: &mut Promotion,
) -> Vec<(&'s SideDifference, bool)> {
    let by_id: BTreeMap<&str, &SideDifference> = sides
        .differences
        .iter()
        .map(|one| (one.id.as_str(), one))
        .collect();
    let mut wanted: Vec<&SideDifference> = Vec::new();
    match picked {
        Picked::All => wanted.extend(&sides.differences),
        Picked::Flag(flag) => {
            let of_flag = sides.differences.iter();
            wanted.extend(of_flag.filter(|one| one.subject.flag() == Some(flag)));
        }
        Picked::Ids(ids) => {
            for id in ids.iter().collect::<BTreeSet<_>>() {
                match by_id.get(id.as_str()) {
                    Some(one) => wanted.push(one),
                    None => promotion.left_out.push(LeftOutDifference {
                        id: id.clone(),
                        why: LeftOutWhy::Gone,
                    }),
                }
            }
        }
    }
    let mut taken: BTreeMap<&str, bool> = BTreeMap::new();
    for one in wanted {
        if let Some(blocked) = &one.blocked {
            promotion.left_out.push(LeftOutDifference {
                id: one.id.clone(),
                why: LeftOutWhy::Blocked(blocked.clone()),
            });
            continue;
        }
        let needed = all_needed(one, &by_id);
        if let Some(blocked) = needed.iter().find(|other| other.blocked.is_some()) {
            promotion.left_out.push(LeftOutDifference {
                id: one.id.clone(),
                why: LeftOutWhy::NeedsBlocked {
                    id: blocked.id.clone(),
                },
            });
            continue;
        }
        taken.insert(&one.id, false);
        for other in needed {
            taken.entry(&other.id).or_insert(true);
        }
    }
    let needed = taken.iter().filter(|(_, is_needed)| **is_needed);
    promotion.needed = needed.map(|(id, _)| (*id).to_owned()).collect();
    let all = sides.differences.iter();
    all.filter_map(|one| Some((one, *taken.get(one.id.as_str())?)))
        .collect()
}

/// Everything that a difference needs, and that needs in turn.
fn all_needed<'s>(
    one: &'s SideDifference,
    by_id: &BTreeMap<&str, &'s SideDifference>,
) -> Vec<&'s SideDifference> {
    let mut found: Vec<&SideDifference> = Vec::new();
    let mut queue: VecDeque<&str> = one.needs.iter().map(String::as_str).collect();
    while let Some(id) = queue.pop_front() {
        let Some(other) = by_id.get(id) else { continue };
        if other.id == one.id || found.iter().any(|known| known.id == other.id) {
            continue;
        }
        found.push(other);
        queue.extend(other.needs.iter().map(String::as_str));
    }
    found
}

struct Promoting<'p> {
    sides: &'p Sides,
    b: &'p Contents,
    edits: BTreeMap<(Phase, Subject), FieldChanges>,
    left_out: Vec<LeftOutDifference>,
    /// Flags that get overrides or another order of them.
    reordered: BTreeSet<FlagKey>,
}

impl Promoting<'_> {
    fn change(&mut self, phase: Phase, subject: &Subject) -> &mut FieldChanges {
        self.edits.entry((phase, subject.clone())).or_default()
    }

    fn take(&mut self, one: &SideDifference, is_needed: bool) {
        match (&one.subject, &one.field, one.presence) {
            (Subject::Flag { flag }, FieldPath::Existence, Presence::OnlyA) => self.make_flag(flag),
            (subject, FieldPath::Existence, Presence::OnlyA) => {
                let phase = match subject {
                    Subject::Segment { .. } => Phase::MakeSegment,
                    Subject::Config { .. } => Phase::Make,
                    _ => Phase::ChangeIdentity,
                };
                let mut fields = one.a.clone();
                if let Subject::IdentityOverride { flag, .. } = subject {
                    self.complete_weights(flag, &mut fields);
                }
                let made = fields.into_iter().map(|(field, value)| (field, Some(value)));
                self.change(phase, subject).extend(made);
            }
            (subject, FieldPath::Existence, Presence::OnlyB) => {
                let phase = match subject {
                    Subject::Segment { .. } => Phase::DeleteSegment,
                    Subject::IdentityOverride { .. } => Phase::ChangeIdentity,
                    _ => Phase::Delete,
                };
                self.change(phase, subject).insert(FieldPath::Existence, None);
            }
            (Subject::Flag { flag }, FieldPath::Options, _) => self.options(flag, is_needed),
            (Subject::FlagState { flag }, FieldPath::OverrideOrder, _) => {
                self.reordered.insert(flag.clone());
            }
            (subject, field, _) => {
                if let (Subject::FlagState { flag }, FieldPath::Override(_)) = (subject, field) {
                    self.reordered.insert(flag.clone());
                }
                self.fields(one);
            }
        }
    }

    /// Sets what A has of it and unsets what only B has.
    fn fields(&mut self, one: &SideDifference) {
        let phase = match one.subject {
            Subject::Flag { .. } | Subject::Segment { .. } | Subject::Config { .. } => Phase::Define,
            Subject::FlagState { .. } => Phase::Change,
            Subject::IdentityOverride { .. } | Subject::Traits { .. } => Phase::ChangeIdentity,
        };
        let services = self.sides.services;
        let means = |side| comparable(&one.subject, self.sides.state(side, &one.subject), services);
        let (in_a, in_b) = (means(Side::A), means(Side::B));
        let mut changes = FieldChanges::new();
        for field in one.a.keys().chain(one.b.keys()) {
            if same_value(field, in_a.get(field), in_b.get(field)) {
                continue;
            }
            let value = match (field, one.subject.flag()) {
                // Where A gives no shares, B's options get shares of nothing.
                (FieldPath::Weights | FieldPath::OverrideWeights(_), Some(flag))
                    if one.field == *field || one.a.contains_key(&one.field) =>
                {
                    Some(self.whole_weights(flag, &variants(one.a.get(field))))
                }
                _ => one.a.get(field).cloned(),
            };
            changes.insert(field.clone(), value);
        }
        // A new override that names no shares would get the flag's.
        if let (FieldPath::Override(id), Presence::OnlyA, Some(flag)) =
            (&one.field, one.presence, one.subject.flag())
        {
            let field = FieldPath::OverrideWeights(id.clone());
            let shares = self.whole_weights(flag, &variants(one.a.get(&field)));
            if shares != Value::Array(Vec::new()) {
                changes.insert(field, Some(shares));
            }
        }
        self.change(phase, &one.subject).extend(changes);
    }

    /// The options of B's flag, with what a write gives them at first.
    fn options_in_b(&self, flag: &FlagKey) -> Vec<Variant> {
        let state = self.b.subjects.get(&Subject::state_of(flag));
        let mut all: Vec<Variant> = state
            .and_then(SubjectState::flag_state)
            .map(|state| state.variants.clone())
            .unwrap_or_default();
        let subject = Subject::Flag { flag: flag.clone() };
        if let Some(SubjectState::Flag(definition)) = self.b.subjects.get(&subject) {
            for option in &definition.options {
                if all.iter().all(|known| known.id != option.id) {
                    all.push(option.clone());
                }
            }
        }
        all
    }

    /// Shares of every option that B's flag has and is to have.
    fn whole_weights(&self, flag: &FlagKey, shares: &[Variant]) -> Value {
        let mut all = self.options_in_b(flag);
        for option in &mut all {
            let share = shares.iter().find(|share| share.id == option.id);
            option.weight = share.map_or(0.0, |share| share.weight);
        }
        let made = shares
            .iter()
            .filter(|share| is_new_option(&share.id) && share.weight > 0.0);
        all.extend(made.cloned());
        variants_value(&all)
    }

    fn complete_weights(&self, flag: &FlagKey, fields: &mut Fields) {
        let is_in_b = self.b.subjects.contains_key(&Subject::state_of(flag));
        for (field, value) in fields.iter_mut().filter(|_| is_in_b) {
            if let FieldPath::Weights | FieldPath::OverrideWeights(_) = field {
                *value = self.whole_weights(flag, &variants(Some(value)));
            }
        }
    }

    /// Options as A has them; where they are only needed, B's with those that
    /// it misses. New ones begin with no share, since a share would hold in
    /// every environment.
    fn options(&mut self, flag: &FlagKey, is_needed: bool) {
        let subject = Subject::Flag { flag: flag.clone() };
        let options = |state: Option<&SubjectState>| match state {
            Some(SubjectState::Flag(definition)) => definition.options.clone(),
            _ => Vec::new(),
        };
        let of_a = options(self.sides.state(Side::A, &subject));
        let of_b = options(self.b.subjects.get(&subject));
        let weight = |option: &Variant| {
            let held = of_b.iter().find(|held| held.id == option.id);
            held.map_or(0.0, |held| held.weight)
        };
        let mut wished: Vec<Variant> = Vec::new();
        if is_needed {
            wished.extend(of_b.iter().cloned());
            wished.extend(of_a.iter().filter(|option| is_new_option(&option.id)).cloned());
        } else {
            // B's own come first and in B's order: their order is nobody's to choose.
            let place = |option: &Variant| of_b.iter().position(|held| held.id == option.id);
            wished.extend(of_a.iter().cloned());
            wished.sort_by_key(|option| place(option).unwrap_or(of_b.len()));
        }
        for option in &mut wished {
            option.weight = weight(option);
        }
        let value = (!wished.is_empty()).then(|| variants_value(&wished));
        self.change(Phase::Define, &subject)
            .insert(FieldPath::Options, value);
    }

    /// Makes a flag as A has it. On Flagsmith a new flag is in every
    /// environment at once, so it begins as off there; its state in the one
    /// environment is set by an edit of its own.
    fn make_flag(&mut self, flag: &FlagKey) {
        let subject = Subject::Flag { flag: flag.clone() };
        let state = self.sides.state(Side::A, &Subject::state_of(flag));
        let Some(state) = state.and_then(SubjectState::flag_state) else {
            return;
        };
        let mut definition = match self.sides.state(Side::A, &subject) {
            Some(SubjectState::Flag(definition)) => definition.clone(),
            _ => FlagDefinition::default(),
        };
        match self.sides.services {
            (_, Service::Flagsmith) => {
                definition.enabled = false;
                definition.value = state.value.clone();
                for option in &mut definition.options {
                    let share = state.variants.iter().find(|share| share.id == option.id);
                    option.weight = share.map_or(0.0, |share| share.weight);
                }
            }
            (Service::Flagsmith, Service::EdgeFlags) => {
                definition.enabled = state.enabled;
                definition.value = state.value.clone();
            }
            (Service::EdgeFlags, Service::EdgeFlags) => {}
        }
        let first = SubjectState::FlagState(definition.first_state());
        let options = definition.options.clone();
        let made = fields_of(Some(&SubjectState::Flag(definition)));
        let made = made.into_iter().map(|(field, value)| (field, Some(value)));
        self.change(Phase::Make, &subject).extend(made);
        let mut wished = state.clone();
        let nothing = options.into_iter().map(|option| Variant {
            weight: 0.0,
            ..option
        });
        let nothing: Vec<Variant> = nothing.collect();
        for own in wished
            .segment_overrides
            .iter_mut()
            .filter(|own| own.variants.is_empty())
        {
            own.variants.clone_from(&nothing);
        }
        let mut missing = Vec::new();
        wished.segment_overrides.retain(|own| {
            let key = SegmentKey(own.segment_id.clone());
            let comes = key.name_to_be().is_none() || self.is_made(&key);
            if !comes {
                missing.push(own.segment_name.clone());
            }
            comes
        });
        for segment in missing {
            self.left_out.push(LeftOutDifference {
                id: id_of(&subject, &FieldPath::Existence),
                why: LeftOutWhy::WithoutOverride { segment },
            });
        }
        let (first, wished) = (Some(first), Some(SubjectState::FlagState(wished)));
        let state_subject = Subject::state_of(flag);
        let services = self.sides.services;
        let comparable = |state: &Option<SubjectState>| comparable(&state_subject, state.as_ref(), services);
        let (before, after) = (comparable(&first), comparable(&wished));
        let raw = fields_of(wished.as_ref());
        let differing = before.keys().chain(after.keys());
        let mut changes: FieldChanges = differing
            .filter(|field| !same_value(field, before.get(*field), after.get(*field)))
            .map(|field| (field.clone(), raw.get(field).cloned()))
            .collect();
        if let Some(order) = raw.get(&FieldPath::OverrideOrder) {
            changes.insert(FieldPath::OverrideOrder, Some(order.clone()));
        }
        if !changes.is_empty() {
            self.change(Phase::Change, &state_subject).extend(changes);
        }
    }

    /// Whether a segment that B does not have is made from A's.
    fn is_made(&self, segment: &SegmentKey) -> bool {
        let subject = Subject::Segment {
            segment: segment.clone(),
        };
        let difference = self.sides.difference(&id_of(&subject, &FieldPath::Existence));
        difference.is_some_and(|one| one.blocked.is_none())
    }

    /// The order of a flag's overrides once those picked have come and gone:
    /// B's own, with new ones behind the one that they follow in A, and A's
    /// where that was picked.
    fn reorder(&mut self, flag: &FlagKey, chosen: &[(&SideDifference, bool)]) {
        let subject = Subject::state_of(flag);
        let a = order_of(&fields_of(self.sides.state(Side::A, &subject)));
        let before = order_of(&fields_of(self.b.subjects.get(&subject)));
        let mut order = before.clone();
        let key = (Phase::Change, subject.clone());
        let changes = self.edits.get(&key).cloned().unwrap_or_default();
        order.retain(|id| changes.get(&FieldPath::Override(id.clone())) != Some(&None));
        let is_picked = chosen
            .iter()
            .any(|(one, _)| one.subject == subject && one.field == FieldPath::OverrideOrder);
        if is_picked {
            let mut theirs = a
                .iter()
                .filter(|id| order.contains(id))
                .cloned()
                .collect::<VecDeque<_>>();
            for place in &mut order {
                if a.contains(place)
                    && let Some(next) = theirs.pop_front()
                {
                    *place = next;
                }
            }
        }
        let comes = |id: &String| matches!(changes.get(&FieldPath::Override(id.clone())), Some(Some(_)));
        for (place, id) in a.iter().enumerate() {
            if order.contains(id) || !comes(id) {
                continue;
            }
            let known = |other: &&String| order.contains(*other);
            let at = match a[..place].iter().rev().find(known) {
                Some(behind) => order.iter().position(|other| other == behind).map(|at| at + 1),
                None => a[place..]
                    .iter()
                    .find(known)
                    .and_then(|before| order.iter().position(|other| other == before)),
            };
            order.insert(at.unwrap_or(order.len()), id.clone());
        }
        // Ones that come go to the end by themselves, in the order of their fields.
        let added: Vec<&String> = order.iter().filter(|id| !before.contains(id)).collect();
        let stays = before.iter().filter(|id| order.contains(id));
        let by_itself: Vec<&String> = stays
            .chain(added.iter().copied().collect::<BTreeSet<_>>())
            .collect();
        if !by_itself.into_iter().eq(&order) {
            let value = order.into_iter().map(Value::String).collect();
            self.change(Phase::Change, &subject)
                .insert(FieldPath::OverrideOrder, Some(value));
        }
    }
}
