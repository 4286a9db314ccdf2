//! Counting, on one thread each and then together.

use hashbrown::HashMap;

use crate::cohort::Chunk;
use crate::error::EvaluationError;

use super::report::{CohortExample, FailureExample, Failures};

/// How many identities are named for each thing that can be found.
pub(super) const EXAMPLES: usize = 5;

/// How often each description of a flag came up.
#[derive(Clone, Debug)]
pub(super) struct Counts(pub(super) Vec<u64>);

impl Counts {
    pub(super) fn new(descriptions: usize) -> Self {
        Self(vec![0; descriptions])
    }

    #[inline]
    pub(super) fn add(&mut self, description: u32) {
        if let Some(count) = self.0.get_mut(description as usize) {
            *count += 1;
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (count, more) in self.0.iter_mut().zip(&other.0) {
            *count += more;
        }
    }
}

/// How often a flag went from one description to another.
#[derive(Debug, Default)]
pub(super) struct Pairs(pub(super) HashMap<(u32, u32), Pair>);

/// Identities that go from one description to another.
#[derive(Debug, Default)]
pub(super) struct Pair {
    pub(super) count: u64,
    pub(super) examples: Vec<CohortExample>,
}

impl Pairs {
    pub(super) fn add(&mut self, pair: (u32, u32), chunk: &Chunk, row: usize) {
        let found = self.0.entry(pair).or_default();
        found.count += 1;
        if found.examples.len() < EXAMPLES {
            found.examples.push(CohortExample {
                row: chunk.first_row() + row as u64,
                identity: chunk.identity(row),
            });
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        for (pair, more) in other.0 {
            let found = self.0.entry(pair).or_default();
            found.count += more.count;
            found.examples.extend(more.examples);
            keep_lowest(&mut found.examples, |example| example.row);
        }
    }
}

impl Failures {
    pub(super) fn add(&mut self, chunk: &Chunk, row: usize, error: &EvaluationError) {
        self.count += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push(FailureExample {
                row: chunk.first_row() + row as u64,
                identity: chunk.identity(row),
                problem: error.to_string(),
            });
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.examples.extend(other.examples);
        keep_lowest(&mut self.examples, |example| example.row);
    }
}

/// Each thread meets its own rows in order, so the lowest of all are among the lowest of each.
fn keep_lowest<T>(examples: &mut Vec<T>, row: impl Fn(&T) -> u64) {
    examples.sort_by_key(row);
    examples.truncate(EXAMPLES);
}

#[cfg(test)]
mod tests {
    use super::{EXAMPLES, Pairs};
    use crate::{CohortBuilder, Identity};

    #[test]
    fn merging_keeps_the_examples_of_the_lowest_rows() {
        let mut builder = CohortBuilder::with_chunk_rows(4);
        for number in 0..32 {
            builder.push(&Identity::new(number.to_string()));
        }
        let cohort = builder.finish();
        let counted = |parity: usize| {
            let mut pairs = Pairs::default();
            for chunk in cohort.chunks().iter().skip(parity).step_by(2) {
                (0..chunk.len()).for_each(|row| pairs.add((0, 1), chunk, row));
            }
            pairs
        };
        for (first, second) in [(0, 1), (1, 0)] {
            let mut pairs = counted(first);
            pairs.merge(counted(second));
            let pair = &pairs.0[&(0, 1)];
            let rows: Vec<u64> = pair.examples.iter().map(|example| example.row).collect();
            assert_eq!((pair.count, rows), (32, (0..EXAMPLES as u64).collect()));
        }
    }
}
