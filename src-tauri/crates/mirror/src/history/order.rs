//! What became of a list: which of its parts stayed, and where the others go.
//!
//! Parts have sparse places, so that one that comes between two others needs
//! no new place for them. Of those that are in the list before and after, as
//! many as possible keep their place: the longest sequence of them that is
//! still in order.

use std::collections::HashMap;

/// Between two neighbours of a new list.
const GAP: i64 = 1 << 16;

/// A part of a list now, beside the list before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    /// Which one it was before.
    pub(super) before: Option<usize>,
    /// Where it stands now.
    pub(super) place: i64,
    /// Whether others that stayed now come before it that came behind, or the
    /// other way round.
    pub(super) moved: bool,
}

/// Finds the parts of a list, given by what tells them apart, among those
/// before, which are given with their places and sorted by them.
pub(super) fn place<K: Eq + std::hash::Hash>(before: &[(K, i64)], now: &[K]) -> Vec<Placed> {
    let same = before.len() == now.len() && before.iter().zip(now).all(|((key, _), now)| key == now);
    if same {
        return before
            .iter()
            .enumerate()
            .map(|(index, (_, place))| Placed {
                before: Some(index),
                place: *place,
                moved: false,
            })
            .collect();
    }
    let known: HashMap<&K, usize> = before
        .iter()
        .enumerate()
        .map(|(index, (key, _))| (key, index))
        .collect();
    let found: Vec<Option<usize>> = now.iter().map(|key| known.get(key).copied()).collect();
    let kept = longest_increasing(&found);
    let fixed: Vec<Option<i64>> = found
        .iter()
        .zip(&kept)
        .map(|(found, kept)| found.filter(|_| *kept).map(|index| before[index].1))
        .collect();
    let places = fill(&fixed);
    found
        .into_iter()
        .zip(kept.into_iter().zip(places))
        .map(|(before, (kept, place))| Placed {
            before,
            place,
            moved: before.is_some() && !kept,
        })
        .collect()
}

/// Which of the numbers belong to a longest sequence of them that increases.
fn longest_increasing(numbers: &[Option<usize>]) -> Vec<bool> {
    // The last index of the best sequence of each length, and who came before each.
    let mut ends: Vec<usize> = Vec::new();
    let mut previous = vec![None; numbers.len()];
    for (index, number) in numbers.iter().enumerate() {
        if number.is_none() {
            continue;
        }
        let length = ends.partition_point(|end| numbers[*end] < *number);
        previous[index] = length.checked_sub(1).map(|shorter| ends[shorter]);
        if length == ends.len() {
            ends.push(index);
        } else {
            ends[length] = index;
        }
    }
    let mut kept = vec![false; numbers.len()];
    let mut at = ends.last().copied();
    while let Some(index) = at {
        kept[index] = true;
        at = previous[index];
    }
    kept
}

/// Gives places to those that have none, between their neighbours; all new
/// ones where a gap is used up.
fn fill(fixed: &[Option<i64>]) -> Vec<i64> {
    let anew = || (1..).map(|number: i64| number * GAP).take(fixed.len()).collect();
    let mut places = Vec::with_capacity(fixed.len());
    let mut from = 0;
    while from < fixed.len() {
        if let Some(place) = fixed[from] {
            places.push(place);
            from += 1;
            continue;
        }
        let run = fixed[from..].iter().take_while(|place| place.is_none()).count();
        let low = places.last().copied();
        let high = fixed.get(from + run).copied().flatten();
        match between(low, high, run) {
            Some(found) => places.extend(found),
            None => return anew(),
        }
        from += run;
    }
    places
}

/// So many places between two; nothing where there is no room.
fn between(low: Option<i64>, high: Option<i64>, count: usize) -> Option<Vec<i64>> {
    let count = i64::try_from(count).ok()?;
    let (start, step) = match (low, high) {
        (None, None) => (0, GAP),
        (Some(low), None) => (low, GAP),
        (None, Some(high)) => (high.checked_sub(GAP.checked_mul(count + 1)?)?, GAP),
        (Some(low), Some(high)) => (low, high.checked_sub(low)? / (count + 1)),
    };
    if step == 0 {
        return None;
    }
    (1..=count)
        .map(|number| {
            step.checked_mul(number)
                .and_then(|offset| start.checked_add(offset))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn settle(before: &mut Vec<(u8, i64)>, now: &[u8]) -> Vec<Placed> {
        let placed = place(before, now);
        *before = now
            .iter()
            .zip(&placed)
            .map(|(key, placed)| (*key, placed.place))
            .collect();
        placed
    }

    fn increasing(list: &[(u8, i64)]) -> bool {
        list.windows(2).all(|pair| pair[0].1 < pair[1].1)
    }

    proptest! {
        #[test]
        fn any_list_is_kept_in_order(lists in prop::collection::vec(
            prop::collection::hash_set(any::<u8>(), 0..30).prop_map(|set| set.into_iter().collect::<Vec<_>>()), 1..20,
        )) {
            let mut held = Vec::new();
            for now in lists {
                let before: Vec<u8> = held.iter().map(|(key, _)| *key).collect();
                let placed = settle(&mut held, &now);
                prop_assert!(increasing(&held));
                for (key, placed) in now.iter().zip(&placed) {
                    prop_assert_eq!(placed.before, before.iter().position(|other| other == key));
                }
            }
        }
    }

    #[test]
    fn as_many_as_possible_stay() {
        let first: Vec<u8> = (0..10).collect();
        for (now, moved) in [
            (vec![0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 0),
            (vec![9, 0, 1, 2, 3, 4, 5, 6, 7, 8], 1),
            (vec![1, 2, 3, 4, 5, 6, 7, 8, 9, 0], 1),
            (vec![1, 0, 2, 3, 5, 4, 6, 7, 9, 8], 3),
            (vec![0, 1, 2, 77, 3, 4, 8, 9], 0),
            (vec![9, 8, 7, 6, 5, 4, 3, 2, 1, 0], 9),
        ] {
            let mut held = Vec::new();
            settle(&mut held, &first);
            let old = held.clone();
            let placed = settle(&mut held, &now);
            assert_eq!(
                placed.iter().filter(|placed| placed.moved).count(),
                moved,
                "{now:?}"
            );
            assert!(increasing(&held));
            for (key, place) in &held {
                let stayed = old.iter().any(|other| other == &(*key, *place));
                let was_there = first.contains(key);
                let index = now.iter().position(|other| other == key);
                let is_moved = index.is_some_and(|index| placed[index].moved);
                assert_eq!(stayed, was_there && !is_moved, "{key} of {now:?}");
            }
        }
    }

    /// Always in the same gap, until it is used up and all are placed anew.
    #[test]
    fn a_used_up_gap_is_made_anew() {
        let mut held = Vec::new();
        settle(&mut held, &[0, 255]);
        let mut now = vec![0, 255];
        for number in 1..100 {
            now.insert(1, number);
            settle(&mut held, &now);
            assert!(increasing(&held), "{held:?}");
        }
    }
}
