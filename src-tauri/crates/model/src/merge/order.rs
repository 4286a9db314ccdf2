//! Merging the order in which overrides are tried.
//!
//! The first match wins, so what matters is which of two is tried first. Each
//! pair is merged by itself: as the side has it that changed it, or the only
//! side that knows both. If the pairs leave exactly one order, that is the
//! merged one. If they contradict each other, or leave the place of what two
//! sides added open, somebody must decide.

use std::collections::{BTreeSet, HashMap};

/// The orders of base, mine and theirs.
pub(super) struct Orders<'a> {
    lists: &'a [Vec<String>; 3],
    places: [HashMap<&'a str, usize>; 3],
}

/// What the sides say about two overrides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pair {
    First,
    Second,
    /// No side knows both.
    Open,
    /// Both sides put the two together, each in another order.
    Clash,
}

impl<'a> Orders<'a> {
    pub(super) fn of(lists: &'a [Vec<String>; 3]) -> Orders<'a> {
        let places = |list: &'a Vec<String>| {
            let numbered = list.iter().enumerate();
            numbered.map(|(place, id)| (id.as_str(), place)).collect()
        };
        let [base, mine, theirs] = lists;
        Orders {
            lists,
            places: [places(base), places(mine), places(theirs)],
        }
    }

    /// The only order of the members that the pairs leave, where there is one.
    pub(super) fn merged(&self, members: &BTreeSet<String>) -> Option<Vec<String>> {
        let left: Vec<&str> = members.iter().map(String::as_str).collect();
        let mut known: Vec<Vec<Pair>> = Vec::with_capacity(left.len());
        for one in &left {
            known.push(left.iter().map(|other| self.pair(one, other)).collect());
        }
        if known.iter().flatten().any(|pair| *pair == Pair::Clash) {
            return None;
        }
        let mut before: Vec<usize> = known
            .iter()
            .map(|row| row.iter().filter(|pair| **pair == Pair::Second).count())
            .collect();
        let mut merged = Vec::with_capacity(left.len());
        let mut taken = vec![false; left.len()];
        while merged.len() < left.len() {
            let mut free = (0..left.len()).filter(|at| !taken[*at] && before[*at] == 0);
            let (Some(next), None) = (free.next(), free.next()) else {
                return None;
            };
            taken[next] = true;
            merged.push(left[next].to_owned());
            for (at, pair) in known[next].iter().enumerate() {
                before[at] -= usize::from(*pair == Pair::First);
            }
        }
        Some(merged)
    }

    fn pair(&self, one: &str, other: &str) -> Pair {
        if one == other {
            return Pair::Open;
        }
        let [base, mine, theirs] = [0, 1, 2].map(|side| self.is_first(side, one, other));
        let first = match (mine, theirs) {
            (None, None) => return Pair::Open,
            (Some(first), None) | (None, Some(first)) => first,
            (Some(mine), Some(theirs)) if mine == theirs => mine,
            // One of the two left the pair as it was, the other turned it.
            (Some(_), Some(_)) => match base {
                Some(first) => !first,
                None => return Pair::Clash,
            },
        };
        if first { Pair::First } else { Pair::Second }
    }

    fn is_first(&self, side: usize, one: &str, other: &str) -> Option<bool> {
        let places = &self.places[side];
        Some(places.get(one)? < places.get(other)?)
    }

    /// A list of exactly the members: strangers and repetitions dropped, and
    /// what is missing put next to its neighbours in the list of a side, theirs
    /// before mine.
    pub(super) fn completed(&self, list: Vec<String>, members: &BTreeSet<String>) -> Vec<String> {
        let mut full: Vec<String> = Vec::with_capacity(members.len());
        for id in list {
            if members.contains(&id) && !full.contains(&id) {
                full.push(id);
            }
        }
        let [base, mine, theirs] = self.lists;
        for side in [theirs, mine, base] {
            for (place, id) in side.iter().enumerate() {
                if !members.contains(id) || full.contains(id) {
                    continue;
                }
                let at_of = |other: &String| full.iter().position(|known| known == other);
                let behind = side[..place].iter().rev().find_map(at_of).map(|at| at + 1);
                let ahead = || side[place + 1..].iter().find_map(at_of);
                let at = behind.or_else(ahead).unwrap_or(full.len());
                full.insert(at, id.clone());
            }
        }
        for id in members {
            if !full.contains(id) {
                full.push(id.clone());
            }
        }
        full
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Vec<String> {
        text.chars().map(String::from).collect()
    }

    fn merged(base: &str, mine: &str, theirs: &str) -> Option<String> {
        let lists = [list(base), list(mine), list(theirs)];
        // What a side removed is gone.
        let is_kept = |id: &String| {
            lists[1].contains(id) && lists[2].contains(id)
                || !lists[0].contains(id) && lists[1..].iter().any(|side| side.contains(id))
        };
        let members = lists.iter().flatten().filter(|id| is_kept(id)).cloned().collect();
        Orders::of(&lists).merged(&members).map(|list| list.concat())
    }

    #[test]
    fn orders_are_merged_where_one_order_comes_out() {
        for (base, mine, theirs, expected) in [
            ("abc", "abc", "abc", "abc"),
            ("abc", "bac", "abc", "bac"),
            ("abc", "abc", "acb", "acb"),
            ("abc", "cab", "cab", "cab"),
            ("ab", "xab", "aby", "xaby"),
            ("ab", "axb", "ab", "axb"),
            ("ab", "axb", "axb", "axb"),
            ("abcd", "bacd", "abdc", "badc"),
            ("abc", "acb", "axbc", "axcb"),
            ("abc", "bc", "acb", "cb"),
        ] {
            assert_eq!(
                merged(base, mine, theirs).as_deref(),
                Some(expected),
                "{base} {mine} {theirs}"
            );
            assert_eq!(
                merged(base, theirs, mine).as_deref(),
                Some(expected),
                "{base} {theirs} {mine}"
            );
        }
    }

    #[test]
    fn an_order_that_could_be_another_is_contested() {
        for (base, mine, theirs) in [
            ("abc", "bac", "acb"),
            // Both added in the same place.
            ("ab", "xab", "yab"),
            // What they put before c is behind where I moved it.
            ("abc", "cab", "axbc"),
            ("abc", "bxc", "acb"),
            // Both added the same two, each in another order.
            ("a", "axy", "ayx"),
        ] {
            assert_eq!(merged(base, mine, theirs), None, "{base} {mine} {theirs}");
            assert_eq!(merged(base, theirs, mine), None, "{base} {theirs} {mine}");
        }
    }

    #[test]
    fn an_order_is_completed_beside_its_neighbours() {
        let lists = [list("ab"), list("xab"), list("aby")];
        let members = ["a", "b", "x", "y"].map(String::from).into();
        let completed = |text: &str| Orders::of(&lists).completed(list(text), &members).concat();
        for (decided, expected) in [
            ("xab", "xaby"),
            ("aby", "xaby"),
            ("yxba", "yxba"),
            ("bqbya", "byxa"),
            ("", "xaby"),
        ] {
            assert_eq!(completed(decided), expected, "{decided}");
        }
    }
}
