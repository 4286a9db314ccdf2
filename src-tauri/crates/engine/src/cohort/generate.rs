//! Identities made up from ranges of trait values.

use std::sync::Arc;

use serde_json::{Number, Value};

use super::builder::ChunkBuilder;
use super::chunk::{CHUNK_ROWS, Chunk};
use super::source::ChunkSource;
use super::{Cohort, ReadError};
use crate::impact::Control;

/// What values of a trait to make up, and how often none.
#[derive(Clone, Debug, PartialEq)]
pub struct TraitRange {
    /// The trait's name.
    pub name: String,
    /// Its values.
    pub kind: RangeKind,
    /// Share of the identities that do not have the trait, from 0 to 1.
    pub absent: f64,
}

/// What values to make up.
#[derive(Clone, Debug, PartialEq)]
pub enum RangeKind {
    /// One of these.
    OneOf(Vec<WeightedValue>),
    /// Integers, evenly spread.
    Integers {
        /// The smallest.
        from: i64,
        /// The largest.
        to: i64,
    },
    /// Decimals, evenly spread.
    Decimals {
        /// The smallest.
        from: f64,
        /// Just above the largest.
        to: f64,
    },
    /// true or false.
    Booleans {
        /// How often true, from 0 to 1.
        share: f64,
    },
}

/// A value and how often it comes.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightedValue {
    /// Any value; null is unset.
    pub value: Value,
    /// How often in proportion to the weights of the others; negative is 0.
    pub weight: f64,
}

impl RangeKind {
    /// These values, equally often.
    pub fn one_of(values: impl IntoIterator<Item = Value>) -> Self {
        let weigh = |value| WeightedValue { value, weight: 1.0 };
        Self::OneOf(values.into_iter().map(weigh).collect())
    }
}

/// Makes up a cohort. The same seed, count and ranges make the same identities, on every machine.
pub fn generate_cohort(seed: u64, count: u64, ranges: &[TraitRange]) -> Cohort {
    let mut generator = CohortGenerator::new(seed, count, ranges);
    Cohort::new(std::iter::from_fn(|| generator.chunk()).collect())
}

/// Makes up a cohort chunk by chunk.
///
/// Every trait is spread over the identities as its range says, exactly and not just on average, and independently
/// of the other traits (a Latin hypercube sample). So a value with a weight of one in a hundred comes up even among
/// a hundred identities.
#[derive(Debug)]
pub struct CohortGenerator {
    seed: u64,
    count: u64,
    made: u64,
    traits: Vec<MadeTrait>,
    open: ChunkBuilder,
}

#[derive(Debug)]
struct MadeTrait {
    column: usize,
    absent: f64,
    kind: MadeKind,
    shuffle: Shuffle,
}

#[derive(Debug)]
enum MadeKind {
    /// Values, each with the upper end of its part of the range from 0 to 1.
    OneOf(Vec<(f64, Value)>),
    Integers {
        from: i64,
        to: i64,
    },
    Decimals {
        from: f64,
        to: f64,
    },
}

impl CohortGenerator {
    /// A generator of so many identities. Of two ranges for one trait the last one counts.
    pub fn new(seed: u64, count: u64, ranges: &[TraitRange]) -> Self {
        let mut open = ChunkBuilder::new(CHUNK_ROWS);
        let traits = ranges.iter().enumerate().map(|(position, range)| MadeTrait {
            column: open.column(&range.name),
            absent: range.absent.clamp(0.0, 1.0),
            kind: MadeKind::of(&range.kind),
            shuffle: Shuffle::new(mix(seed ^ mix(position as u64 + 1)), count),
        });
        let traits = traits.collect();
        Self {
            seed,
            count,
            made: 0,
            traits,
            open,
        }
    }

    fn chunk(&mut self) -> Option<Arc<Chunk>> {
        while self.made < self.count && !self.open.is_full() {
            self.open
                .begin(&format!("sample-{}-{}", self.seed, self.made), None);
            for one in &self.traits {
                let place = (one.shuffle.place(self.made) as f64 + 0.5) / self.count as f64;
                if place >= one.absent {
                    let value = one.kind.value((place - one.absent) / (1.0 - one.absent));
                    self.open.set_column(one.column, &value);
                }
            }
            self.made += 1;
        }
        self.open.close()
    }
}

impl ChunkSource for CohortGenerator {
    fn next_chunk(&mut self, control: &Control) -> Result<Option<Arc<Chunk>>, ReadError> {
        control.check()?;
        let chunk = self.chunk();
        control.note_read(self.made, 0);
        Ok(chunk)
    }
}

impl MadeKind {
    fn of(kind: &RangeKind) -> Self {
        match kind {
            RangeKind::OneOf(values) => {
                Self::weighted(values.iter().map(|one| (one.weight, one.value.clone())))
            }
            RangeKind::Booleans { share } => {
                let share = share.clamp(0.0, 1.0);
                Self::weighted([(share, Value::Bool(true)), (1.0 - share, Value::Bool(false))].into_iter())
            }
            RangeKind::Integers { from, to } => Self::Integers {
                from: *from.min(to),
                to: *from.max(to),
            },
            RangeKind::Decimals { from, to } => Self::Decimals { from: *from, to: *to },
        }
    }

    fn weighted(values: impl Iterator<Item = (f64, Value)>) -> Self {
        let sound = |(weight, value): (f64, Value)| (if weight > 0.0 { weight } else { 0.0 }, value);
        let mut values: Vec<(f64, Value)> = values.map(sound).collect();
        let total: f64 = values.iter().map(|(weight, _)| weight).sum();
        let mut end = 0.0;
        for (weight, _) in &mut values {
            end += *weight / total;
            *weight = end;
        }
        Self::OneOf(values)
    }

    /// The value at a place from 0 up to 1.
    fn value(&self, place: f64) -> Value {
        match self {
            Self::OneOf(values) => {
                // Weights that do not add up to anything leave the last value.
                let found = values.iter().find(|(end, _)| place < *end).or(values.last());
                found.map_or(Value::Null, |(_, value)| value.clone())
            }
            Self::Integers { from, to } => {
                let (first, last) = (i128::from(*from), i128::from(*to));
                let offset = (place * ((last - first + 1) as f64)) as i128;
                i64::try_from((first + offset).min(last)).unwrap_or(*to).into()
            }
            Self::Decimals { from, to } => {
                Number::from_f64(from + place * (to - from)).map_or(Value::Null, Value::Number)
            }
        }
    }
}

/// A permutation of the numbers below a count, computed number by number: a Feistel network over the next power of
/// four, gone through again where it leaves the range.
#[derive(Debug)]
struct Shuffle {
    seed: u64,
    count: u64,
    /// Bits of one half.
    bits: u32,
}

impl Shuffle {
    fn new(seed: u64, count: u64) -> Self {
        let bits = u64::BITS - count.saturating_sub(1).leading_zeros();
        Self {
            seed,
            count,
            bits: bits.div_ceil(2).max(1),
        }
    }

    fn place(&self, number: u64) -> u64 {
        let mut place = self.step(number);
        while place >= self.count {
            place = self.step(place);
        }
        place
    }

    fn step(&self, number: u64) -> u64 {
        let mask = (1 << self.bits) - 1;
        let (mut left, mut right) = (number >> self.bits & mask, number & mask);
        for round in 0..4 {
            (left, right) = (right, left ^ (mix(self.seed ^ mix(right << 3 | round)) & mask));
        }
        left << self.bits | right
    }
}

/// Spreads a number over all bits (the finaliser of SplitMix64).
fn mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::Shuffle;

    #[test]
    fn a_shuffle_is_a_permutation() {
        for count in [1, 2, 3, 15, 16, 17, 1000, 4097] {
            let shuffle = Shuffle::new(7, count);
            let places: HashSet<u64> = (0..count).map(|number| shuffle.place(number)).collect();
            assert_eq!(places.len() as u64, count);
            assert!(places.iter().all(|place| *place < count));
        }
    }
}
