//! Bucketing: the hash that spreads identities over percentages.

use md5::{Digest, Md5};

/// Number of buckets below 100 %; bucket `n` lies at `n / 9998 × 100` percent.
pub(crate) const BUCKETS: u16 = 9998;

/// 2^64 modulo 9999, to reduce a 128-bit hash in 64-bit steps.
const TWO_TO_64: u64 = 1897;

/// The bucket (0 to 9997) of two ids. The one value that would be exactly 100 % is hashed again with the ids
/// repeated, as often as needed.
pub(crate) fn bucket(first: &str, second: &str) -> u16 {
    let mut repetitions = 1;
    loop {
        let mut hash = Md5::new();
        for repetition in 0..repetitions {
            if repetition > 0 {
                hash.update(b",");
            }
            hash.update(first.as_bytes());
            hash.update(b",");
            hash.update(second.as_bytes());
        }
        if let Some(bucket) = bucket_of_digest(hash.finalize().into()) {
            return bucket;
        }
        repetitions += 1;
    }
}

/// The bucket of a hash; `None` for the value that must be hashed again.
pub(crate) fn bucket_of_digest(digest: [u8; 16]) -> Option<u16> {
    let number = u128::from_be_bytes(digest);
    let (high, low) = ((number >> 64) as u64, number as u64);
    let reduced = ((high % 9999) * TWO_TO_64 + low % 9999) % 9999;
    (reduced < u64::from(BUCKETS)).then_some(reduced as u16)
}

/// Where a bucket lies, in percent from 0 up to but excluding 100.
pub(crate) fn percent(bucket: u16) -> f64 {
    f64::from(bucket) / f64::from(BUCKETS) * 100.0
}

/// How many buckets satisfy a condition that holds for the low ones and fails from some bucket on.
pub(crate) fn count_while(holds: impl Fn(f64) -> bool) -> u16 {
    let (mut low, mut high) = (0, BUCKETS);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(percent(middle)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::{TWO_TO_64, bucket, count_while, percent};

    #[test]
    fn reduction_constant_is_two_to_the_64() {
        assert_eq!(u128::from(TWO_TO_64), (1_u128 << 64) % 9999);
    }

    #[test]
    fn bounds_agree_with_the_float_formula_for_every_bucket() {
        for step in 0..=1000 {
            let threshold = f64::from(step) / 10.0;
            let bound = count_while(|percent| percent <= threshold);
            for candidate in [0, bound.saturating_sub(1), bound.min(9997)] {
                assert_eq!(
                    candidate < bound,
                    percent(candidate) <= threshold,
                    "{candidate} {threshold}"
                );
            }
        }
    }

    #[test]
    fn ids_are_joined_by_a_comma() {
        assert_eq!(bucket("1", "2"), bucket("1", "2"));
        assert_ne!(bucket("1", "2"), bucket("12", ""));
    }
}
