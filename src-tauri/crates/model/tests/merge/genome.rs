//! States and changes of every kind of subject, decoded from bytes so that
//! collisions are frequent and a failing case shrinks.

use std::collections::{BTreeMap, BTreeSet};

use halyard_model::{
    ConfigDefinition, FlagDefinition, FlagKey, FlagState, FlagValue, IdentityState, RuleKind,
    SegmentCondition, SegmentDefinition, SegmentKey, SegmentOverride, SegmentRule, Subject, SubjectState,
    Variant,
};
use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};

/// What a case is made of.
#[derive(Clone, Debug)]
pub struct Genome {
    base: Vec<u8>,
    shared: Vec<[u8; 4]>,
    mine: Vec<[u8; 4]>,
    theirs: Vec<[u8; 4]>,
    /// What the test decides with.
    pub dice: [u8; 8],
}

pub fn genomes() -> impl Strategy<Value = Genome> {
    // Few and large numbers are drawn faster than many bytes.
    let ops = |most| vec(any::<u32>(), 0..most);
    let bytes = |ops: Vec<u32>| ops.into_iter().map(u32::to_be_bytes).collect();
    (any::<[u64; 3]>(), ops(2), ops(4), ops(4), any::<u64>()).prop_map(
        move |(base, shared, mine, theirs, dice)| Genome {
            base: base.into_iter().flat_map(u64::to_be_bytes).collect(),
            shared: bytes(shared),
            mine: bytes(mine),
            theirs: bytes(theirs),
            dice: dice.to_be_bytes(),
        },
    )
}

/// The kinds of subjects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    FlagState,
    Flag,
    IdentityOverride,
    Segment,
    Traits,
    Config,
}

pub type State = Option<SubjectState>;

impl Kind {
    pub fn subject(self) -> Subject {
        let flag = FlagKey("checkout".into());
        match self {
            Kind::FlagState => Subject::FlagState { flag },
            Kind::Flag => Subject::Flag { flag },
            Kind::IdentityOverride => Subject::IdentityOverride {
                flag,
                identity: "u1".into(),
            },
            Kind::Segment => Subject::Segment {
                segment: SegmentKey("1".into()),
            },
            Kind::Traits => Subject::Traits {
                identity: "u1".into(),
            },
            Kind::Config => Subject::Config { key: "limits".into() },
        }
    }

    /// Base, mine and theirs.
    pub fn sides(self, genome: &Genome) -> [State; 3] {
        let mut bytes = Bytes(genome.base.iter());
        let base = (bytes.below(10) > 0).then(|| self.state(&mut bytes));
        let after = |from: &State, changes: &[[u8; 4]]| {
            let mut state = from.clone();
            for change in changes {
                self.change(&mut state, *change);
            }
            state
        };
        let both = after(&base, &genome.shared);
        [base, after(&both, &genome.mine), after(&both, &genome.theirs)]
    }

    /// What somebody made of a state afterwards.
    pub fn later(self, from: &State, genome: &Genome) -> State {
        let mut state = from.clone();
        for change in &genome.theirs {
            self.change(&mut state, *change);
        }
        state
    }

    fn state(self, bytes: &mut Bytes<'_>) -> SubjectState {
        match self {
            Kind::FlagState => SubjectState::FlagState(flag_state(bytes)),
            Kind::Flag => SubjectState::Flag(definition(bytes)),
            Kind::IdentityOverride => SubjectState::IdentityOverride(IdentityState {
                enabled: bytes.flip(),
                value: value(bytes.next()),
                variants: weights(bytes.next()),
            }),
            Kind::Segment => SubjectState::Segment(SegmentDefinition {
                name: name(bytes.next()),
                description: text(bytes.next()),
                rules: rules(bytes.next()),
                version: None,
            }),
            Kind::Traits => SubjectState::Traits(members(bytes).into_iter().collect()),
            Kind::Config => SubjectState::Config(ConfigDefinition {
                value: value(bytes.next()),
                environments: members(bytes)
                    .into_iter()
                    .map(|(name, value)| (name, FlagValue(value)))
                    .collect(),
                version: None,
            }),
        }
    }

    fn change(self, state: &mut State, change: [u8; 4]) {
        let [what, which, how, more] = change;
        if what >= 246 {
            *state = None;
            return;
        }
        let Some(state) = state else {
            if what >= 60 {
                *state = Some(self.state(&mut Bytes([which, how, more, what, 7, 1, 9, 3].iter())));
            }
            return;
        };
        match state {
            SubjectState::FlagState(state) => change_flag_state(state, what, which, how, more),
            SubjectState::Flag(flag) => change_definition(flag, what, which, how),
            SubjectState::IdentityOverride(own) => match what % 3 {
                0 => own.enabled = !own.enabled,
                1 => own.value = value(which),
                _ => own.variants = weights(which),
            },
            SubjectState::Segment(segment) => match what % 3 {
                0 => segment.name = name(which),
                1 => segment.description = text(which),
                _ => segment.rules = rules(which),
            },
            SubjectState::Traits(traits) => change_member(traits, which, how),
            SubjectState::Config(config) if what.is_multiple_of(3) => config.value = value(which),
            SubjectState::Config(config) => {
                let mut members: BTreeMap<String, Value> = config
                    .environments
                    .iter()
                    .map(|(name, value)| (name.clone(), value.0.clone()))
                    .collect();
                change_member(&mut members, which, how);
                let members = members.into_iter().map(|(name, value)| (name, FlagValue(value)));
                config.environments = members.collect();
            }
        }
    }
}

/// Bytes one after the other, and zeros behind them.
struct Bytes<'a>(std::slice::Iter<'a, u8>);

impl Bytes<'_> {
    fn next(&mut self) -> u8 {
        self.0.next().copied().unwrap_or_default()
    }

    fn below(&mut self, end: u8) -> u8 {
        self.next() % end
    }

    fn flip(&mut self) -> bool {
        self.below(2) == 1
    }
}

/// Values that are easily taken for each other.
fn value(pick: u8) -> FlagValue {
    FlagValue(match pick % 8 {
        0 => Value::Null,
        1 => json!("a"),
        2 => json!(25),
        3 => json!("25"),
        4 => json!(30),
        5 => json!(30.0),
        6 => json!({"limit": [1, 2.0]}),
        _ => json!(true),
    })
}

fn name(pick: u8) -> String {
    ["a", "b", "a:b"][usize::from(pick % 3)].to_owned()
}

fn text(pick: u8) -> Option<String> {
    (!pick.is_multiple_of(3)).then(|| name(pick))
}

fn weights(pick: u8) -> Vec<Variant> {
    let shares: &[f64] = match pick % 6 {
        1 => &[30.0, 70.0],
        2 => &[60.0, 40.0],
        3 => &[33.3, 66.7],
        _ => &[],
    };
    let numbered = shares.iter().enumerate();
    numbered
        .map(|(place, weight)| Variant {
            id: place.to_string(),
            key: None,
            value: value(place as u8),
            weight: *weight,
        })
        .collect()
}

fn rules(pick: u8) -> Vec<SegmentRule> {
    let condition = |value: &str| SegmentCondition {
        operator: "EQUAL".into(),
        property: Some("plan".into()),
        value: json!(value),
    };
    vec![SegmentRule {
        kind: RuleKind::All,
        conditions: (0..pick % 3).map(|one| condition(&name(one))).collect(),
        rules: Vec::new(),
    }]
}

fn members(bytes: &mut Bytes<'_>) -> Vec<(String, Value)> {
    let count = bytes.below(4);
    let mut member = || (name(bytes.next()), value(1 + bytes.below(7)).0);
    (0..count).map(|_| member()).collect()
}

fn change_member(members: &mut BTreeMap<String, Value>, which: u8, how: u8) {
    match how % 4 {
        0 => members.remove(&name(which)),
        more => members.insert(name(which), value(more).0),
    };
}

fn targeting(pick: u8) -> Option<Value> {
    match pick % 5 {
        0 | 1 => None,
        2 => Some(json!({})),
        3 => Some(json!({"rules": [{"conditions": [], "value": 1}]})),
        _ => Some(json!({"rules": [], "rollout": {"percentage": 25, "attribute": "user_id"}})),
    }
}

fn change_targeting(targeting: &mut Option<Value>, which: u8, how: u8) {
    if which.is_multiple_of(5) {
        *targeting = self::targeting(how);
        return;
    }
    let name = ["rules", "rollout", "sticky"][usize::from(which % 3)];
    let members = targeting.get_or_insert_with(|| json!({}));
    let Some(members) = members.as_object_mut() else {
        return;
    };
    match how % 3 {
        0 => members.remove(name),
        more => members.insert(name.to_owned(), json!([more])),
    };
}

fn definition(bytes: &mut Bytes<'_>) -> FlagDefinition {
    let labels = bytes.below(8);
    FlagDefinition {
        description: text(bytes.next()),
        tags: (0..3).filter(|tag| labels >> tag & 1 == 1).map(name).collect(),
        archived: bytes.flip(),
        server_only: bytes.flip(),
        options: weights(bytes.next()),
        enabled: bytes.flip(),
        value: value(bytes.next()),
        targeting: targeting(bytes.next()),
        active_from: text(bytes.next()),
        active_until: text(bytes.next()),
        version: None,
    }
}

fn change_definition(flag: &mut FlagDefinition, what: u8, which: u8, how: u8) {
    match what % 9 {
        0 => flag.description = text(which),
        1 | 2 => {
            let labels: BTreeSet<String> = [name(which)].into();
            flag.tags = &flag.tags ^ &labels;
        }
        3 => flag.archived = !flag.archived,
        4 => flag.options = weights(which),
        5 => flag.value = value(which),
        6 => flag.active_from = text(which),
        7 => flag.active_until = text(which),
        _ => change_targeting(&mut flag.targeting, which, how),
    }
}

fn segment_override(id: u8, bytes: &mut Bytes<'_>) -> SegmentOverride {
    SegmentOverride {
        segment_id: id.to_string(),
        segment_name: format!("segment {id}"),
        priority: None,
        enabled: bytes.flip(),
        value: value(bytes.below(3)),
        variants: weights(bytes.below(6)),
    }
}

fn flag_state(bytes: &mut Bytes<'_>) -> FlagState {
    let mut state = FlagState::plain(bytes.flip(), value(bytes.next()));
    state.variants = weights(bytes.next());
    state.targeting = targeting(bytes.next());
    let mut ids: Vec<u8> = (1..=4).collect();
    for _ in 0..bytes.below(4) {
        let at = bytes.below(ids.len() as u8);
        let id = ids.remove(usize::from(at));
        state.segment_overrides.push(segment_override(id, bytes));
    }
    state
}

fn change_flag_state(state: &mut FlagState, what: u8, which: u8, how: u8, more: u8) {
    let overrides = &mut state.segment_overrides;
    let own = match overrides.len() {
        0 => None,
        count => Some(usize::from(which) % count),
    };
    match (what % 12, own) {
        (0, _) => state.enabled = !state.enabled,
        (1, _) => state.value = value(which),
        (2, _) => state.variants = weights(which),
        (3, _) => change_targeting(&mut state.targeting, which, how),
        (4 | 5, _) => {
            let id = 1 + which % 5;
            if overrides.iter().all(|own| own.segment_id != id.to_string()) {
                let at = usize::from(how) % (overrides.len() + 1);
                let added = segment_override(id, &mut Bytes([more, more / 3, more / 9].iter()));
                overrides.insert(at, added);
            }
        }
        (6 | 7, Some(at)) => drop(overrides.remove(at)),
        (8, Some(at)) => {
            let moved = overrides.remove(at);
            overrides.insert(usize::from(how) % (overrides.len() + 1), moved);
        }
        (9, Some(at)) => overrides[at].enabled = !overrides[at].enabled,
        (10, Some(at)) => overrides[at].value = value(how),
        (11, Some(at)) => overrides[at].variants = weights(how),
        _ => {}
    }
}
