//! From counts to what is shown.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use super::outcomes::Descriptions;
use super::report::{DecidingRule, FlagImpact, FlagState, Move, Share};
use super::tally::Pairs;

/// The shares that counts of descriptions amount to, largest first.
pub(super) fn of(known: &Descriptions, counts: &[u64]) -> Vec<Share> {
    let mut by_state: HashMap<u32, (FlagState, BTreeMap<DecidingRule, u64>)> = HashMap::new();
    for ((decided, state), count) in known.list.iter().zip(&known.states).zip(counts) {
        let (Some(decided), 1..) = (decided, *count) else {
            continue;
        };
        let entry = by_state
            .entry(*state)
            .or_insert_with(|| (decided.state.clone(), BTreeMap::new()));
        *entry.1.entry(decided.rule.clone()).or_default() += count;
    }
    let mut shares: Vec<Share> = by_state
        .into_values()
        .map(|(state, deciders)| {
            let mut deciders: Vec<_> = deciders.into_iter().collect();
            deciders.sort_by_key(|(_, count)| Reverse(*count));
            Share {
                state,
                count: deciders.iter().map(|(_, count)| count).sum(),
                deciders,
            }
        })
        .collect();
    shares.sort_by_cached_key(|share| (Reverse(share.count), text_of(&share.state)));
    shares
}

/// What happened to one flag, from how often each description was there before and where identities went.
pub(super) fn impact_of(
    name: &str,
    edited: bool,
    known: &Descriptions,
    before: &[u64],
    pairs: Pairs,
) -> FlagImpact {
    let mut after = before.to_vec();
    for ((from, to), pair) in &pairs.0 {
        if let Some(count) = after.get_mut(*from as usize) {
            *count -= pair.count;
        }
        if let Some(count) = after.get_mut(*to as usize) {
            *count += pair.count;
        }
    }
    let mut impact = FlagImpact {
        name: name.to_owned(),
        edited,
        changed: 0,
        state_flips: 0,
        value_flips: 0,
        variant_flips: 0,
        decided_otherwise: 0,
        before: of(known, before),
        after: of(known, &after),
        moves: Vec::new(),
    };
    for ((from, to), pair) in pairs.0 {
        let described = |index: u32| known.list.get(index as usize).cloned().flatten();
        impact.count(Move {
            before: described(from),
            after: described(to),
            count: pair.count,
            examples: pair.examples,
        });
    }
    let first_row = |one: &Move| one.examples.first().map(|example| example.row);
    impact
        .moves
        .sort_by_cached_key(|one| (Reverse(one.count), first_row(one), format!("{one:?}")));
    impact
}

impl FlagImpact {
    /// Counts identities of one move; it is kept if they get something else.
    fn count(&mut self, one: Move) {
        let before = one.before.as_ref().map(|decided| &decided.state);
        let after = one.after.as_ref().map(|decided| &decided.state);
        if before == after {
            self.decided_otherwise += one.count;
            return;
        }
        self.changed += one.count;
        if let (Some(before), Some(after)) = (before, after) {
            let count_if = |differs: bool| if differs { one.count } else { 0 };
            self.state_flips += count_if(before.enabled != after.enabled);
            self.value_flips += count_if(before.value != after.value);
            self.variant_flips += count_if(before.variant != after.variant);
        }
        self.moves.push(one);
    }
}

/// Orders states of equal count.
fn text_of(state: &FlagState) -> String {
    format!("{} {} {:?}", state.enabled, state.value, state.variant)
}
