//! Who gets what: one flag over many identities.

use std::collections::HashMap;

use halyard_console::{BatchFacts, ChangeSetImpact, DecidedBy, FlagShares, Gets, ImpactFacts, Move, Share};

use halyard_model::{EnvironmentKey, IdentityRef, SegmentOverride};

use super::{basis_points, flag::value, large_count, traits::trait_out};
use crate::{
    view::*,
    words::{self, impact},
};

/// One flag over a cohort.
pub fn flag_shares(shares: &FlagShares) -> FlagSharesView {
    let words = Words::of(shares);
    FlagSharesView {
        flag: shares.flag.0.clone(),
        edited: shares.edited,
        surprise: shares.surprise,
        now: words.shares(&shares.now),
        after: shares.after.as_deref().map(|after| words.shares(after)),
        flips: large_count(shares.flips),
        moves: shares.moves.iter().map(|one| words.one_move(one)).collect(),
    }
}

/// How results are called: by their short word where it tells them apart.
struct Words {
    ambiguous: HashMap<String, bool>,
}

impl Words {
    fn of(shares: &FlagShares) -> Words {
        let all = shares.now.iter().chain(shares.after.iter().flatten());
        let mut first: HashMap<String, &Gets> = HashMap::new();
        let mut ambiguous = HashMap::new();
        for Share { gets, .. } in all {
            let word = impact::label(gets);
            let other = *first.entry(word.clone()).or_insert(gets);
            let differs = other.value != gets.value || other.enabled != gets.enabled;
            *ambiguous.entry(word).or_insert(false) |= differs;
        }
        Words { ambiguous }
    }

    fn label(&self, gets: &Gets) -> String {
        let word = impact::label(gets);
        if self.ambiguous.get(&word).copied().unwrap_or_default() {
            impact::long_label(gets)
        } else {
            word
        }
    }

    fn shares(&self, shares: &[Share]) -> Vec<ShareView> {
        let total = impact::total(shares).max(1);
        shares
            .iter()
            .map(|share| ShareView {
                label: self.label(&share.gets),
                enabled: share.gets.enabled,
                value: value(&share.gets.value),
                count: large_count(share.count),
                basis_points: basis_points(share.count as f64 / total as f64 * 100.0),
            })
            .collect()
    }

    fn one_move(&self, one: &Move) -> MoveView {
        MoveView {
            from: self.label(&one.from),
            to: self.label(&one.to),
            count: large_count(one.count),
            from_rule: impact::rule(&one.from_rule),
            to_rule: impact::rule(&one.to_rule),
            examples: one.examples.iter().map(example).collect(),
        }
    }
}

fn example(identity: &IdentityRef) -> ExampleView {
    ExampleView {
        identifier: identity.identifier.clone(),
        traits: identity.traits.iter().cloned().filter_map(trait_out).collect(),
    }
}

/// A cohort's results. `cohort` names it, `source` what it was evaluated against.
pub fn batch(facts: &BatchFacts, cohort: String, source: String) -> BatchView {
    BatchView {
        cohort,
        identities: large_count(facts.identities),
        stopped: facts.stopped,
        took_ms: u32::try_from(facts.took.as_millis()).unwrap_or(u32::MAX),
        failed: large_count(facts.failed),
        failures: facts
            .failures
            .iter()
            .map(|failed| FailureExampleView {
                identity: example(&failed.identity),
                problem: failed.problem.clone(),
            })
            .collect(),
        changed: facts.changed.map(large_count),
        flags: facts.flags.iter().map(flag_shares).collect(),
        source,
    }
}

/// What a change set does in one environment. `told` is what it cannot say.
pub fn change_set_impact(
    facts: &ChangeSetImpact,
    environment: &EnvironmentKey,
    mut told: Vec<String>,
) -> ChangeSetImpactView {
    if facts.failed > 0 {
        told.push(format!(
            "A server would fail for {} of them, who are not counted.",
            words::number::count(facts.failed)
        ));
    }
    let share = |changed: u64| basis_points(changed as f64 / facts.sampled.max(1) as f64 * 100.0);
    ChangeSetImpactView {
        environment: environment.0.clone(),
        sampled: large_count(facts.sampled),
        changed: large_count(facts.changed),
        flags: facts
            .flags
            .iter()
            .map(|(flag, changed)| FlagImpactView {
                flag: flag.0.clone(),
                changed: large_count(*changed),
                basis_points: share(*changed),
            })
            .collect(),
        edits: facts
            .edits
            .iter()
            .map(|(edit, changed)| EditImpactView {
                edit: edit.0.clone(),
                changed: large_count(*changed),
            })
            .collect(),
        sample: impact::how(&facts.sample),
        notes: told,
        then: None,
    }
}

/// Who gets the flag from which override. Names that several overrides bear are
/// left out, because the counts do not tell them apart.
fn override_shares(shares: &FlagShares, overrides: &[SegmentOverride]) -> Vec<OverrideShareView> {
    let names = overrides.iter().map(|own| own.segment_name.as_str());
    let single = |name: &&str| {
        let bearers = overrides.iter().filter(|own| own.segment_name == *name);
        bearers.count() == 1
    };
    names
        .filter(single)
        .map(|segment| OverrideShareView {
            segment: segment.to_owned(),
            now: supplied_by(segment, &shares.now),
            after: shares.after.as_deref().map(|after| supplied_by(segment, after)),
        })
        .collect()
}

/// How many get the flag from the override of this segment.
fn supplied_by(segment: &str, shares: &[Share]) -> u32 {
    let deciders = shares.iter().flat_map(|share| &share.deciders);
    let own = deciders.filter(|(rule, _)| matches!(rule, DecidedBy::Segment(name) if name == segment));
    large_count(own.map(|(_, count)| count).sum())
}

/// What edits would do to one flag, which has these overrides.
pub fn impact(facts: &ImpactFacts, overrides: &[SegmentOverride], notes: Vec<String>) -> ImpactView {
    ImpactView {
        cohort: impact::sample(&facts.sample),
        how: impact::how(&facts.sample),
        identities: large_count(facts.sample.identities()),
        shares: flag_shares(&facts.shares),
        overrides: override_shares(&facts.shares, overrides),
        sentence: impact::sentence(&facts.shares),
        notes,
        surprises: facts.surprises.iter().map(|flag| flag.0.clone()).collect(),
        then: None,
        missing: facts.missing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use halyard_model::{FlagKey, FlagValue};
    use serde_json::{Value, json};

    fn gets(enabled: bool, value: Value, variant: Option<&str>) -> Gets {
        Gets {
            enabled,
            value: FlagValue(value),
            variant: variant.map(str::to_owned),
        }
    }

    #[test]
    fn each_override_counts_whom_it_supplies() {
        let own = |name: &str| SegmentOverride {
            segment_id: "1".into(),
            segment_name: name.into(),
            priority: Some(0),
            enabled: true,
            value: FlagValue(Value::Null),
            variants: Vec::new(),
        };
        let segment = |name: &str| DecidedBy::Segment(name.into());
        let part = |deciders: Vec<(DecidedBy, u64)>| Share {
            gets: gets(true, Value::Null, None),
            count: deciders.iter().map(|(_, count)| count).sum(),
            deciders,
        };
        let shares = FlagShares {
            flag: FlagKey("checkout".into()),
            edited: true,
            surprise: false,
            now: vec![
                part(vec![(DecidedBy::Default, 2_000), (segment("Germany"), 90)]),
                part(vec![(segment("Germany"), 6), (segment("Twice"), 5)]),
            ],
            after: Some(vec![part(vec![(DecidedBy::Default, 2_100), (segment("VIP"), 1)])]),
            flips: 0,
            moves: Vec::new(),
        };
        let overrides = [own("Germany"), own("Twice"), own("VIP"), own("Twice")];
        let counted: Vec<(String, u32, Option<u32>)> = override_shares(&shares, &overrides)
            .into_iter()
            .map(|share| (share.segment, share.now, share.after))
            .collect();
        assert_eq!(
            counted,
            [("Germany".into(), 96, Some(0)), ("VIP".into(), 0, Some(1))]
        );
    }

    #[test]
    fn results_with_the_same_word_are_told_apart_by_their_values() {
        let (old, new) = (
            gets(true, json!("a"), Some("control")),
            gets(true, json!("b"), Some("control")),
        );
        let express = gets(true, json!("e"), Some("express"));
        let part = |gets: &Gets, count| Share {
            gets: gets.clone(),
            count,
            deciders: Vec::new(),
        };
        let shares = FlagShares {
            flag: FlagKey("checkout".into()),
            edited: true,
            surprise: false,
            now: vec![part(&old, 2), part(&express, 1)],
            after: Some(vec![part(&new, 2), part(&express, 1)]),
            flips: 2,
            moves: vec![Move {
                from: old,
                from_rule: DecidedBy::Default,
                to: new,
                to_rule: DecidedBy::Segment("Germany".into()),
                count: 2,
                examples: vec![IdentityRef {
                    identifier: "u_1".into(),
                    traits: vec![("age".into(), json!(7)), ("city".into(), Value::Null)],
                }],
            }],
        };
        let view = flag_shares(&shares);
        assert_eq!(view.now[0].label, "control, a");
        assert_eq!(view.now[0].basis_points, 6_667);
        assert_eq!(view.now[1].label, "express");
        assert_eq!(view.moves[0].from, "control, a");
        assert_eq!(view.moves[0].to, "control, b");
        assert_eq!(view.moves[0].to_rule, "segment Germany");
        let [example] = view.moves[0].examples.as_slice() else {
            panic!("{:?}", view.moves[0].examples);
        };
        let age = TraitView {
            name: "age".into(),
            kind: TraitKindView::Number,
            text: "7".into(),
        };
        assert_eq!(
            (example.identifier.as_str(), &example.traits),
            ("u_1", &vec![age])
        );
    }
}
