//! Several hashes side by side.
//!
//! Bucketing hashes many short texts, each in one step of MD5 whose operations wait for one another. Four steps that do
//! not wait for each other take little longer than one, since a processor works on the lanes at once.

use crate::bucket::bucket_of_digest;

/// Texts hashed at once.
pub(crate) const LANES: usize = 4;

/// The longest text that fits into one step: the rest of its 64 bytes are an end mark and the length.
const LONGEST: usize = 55;

/// How far each step of a round turns.
const TURNS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];

/// The start of every MD5.
const START: [u32; 4] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];

/// The whole parts of `|sin(n)| × 2^32` for n from 1 to 64.
const SINES: [u32; 64] = [
    0xd76a_a478,
    0xe8c7_b756,
    0x2420_70db,
    0xc1bd_ceee,
    0xf57c_0faf,
    0x4787_c62a,
    0xa830_4613,
    0xfd46_9501,
    0x6980_98d8,
    0x8b44_f7af,
    0xffff_5bb1,
    0x895c_d7be,
    0x6b90_1122,
    0xfd98_7193,
    0xa679_438e,
    0x49b4_0821,
    0xf61e_2562,
    0xc040_b340,
    0x265e_5a51,
    0xe9b6_c7aa,
    0xd62f_105d,
    0x0244_1453,
    0xd8a1_e681,
    0xe7d3_fbc8,
    0x21e1_cde6,
    0xc337_07d6,
    0xf4d5_0d87,
    0x455a_14ed,
    0xa9e3_e905,
    0xfcef_a3f8,
    0x676f_02d9,
    0x8d2a_4c8a,
    0xfffa_3942,
    0x8771_f681,
    0x6d9d_6122,
    0xfde5_380c,
    0xa4be_ea44,
    0x4bde_cfa9,
    0xf6bb_4b60,
    0xbebf_bc70,
    0x289b_7ec6,
    0xeaa1_27fa,
    0xd4ef_3085,
    0x0488_1d05,
    0xd9d4_d039,
    0xe6db_99e5,
    0x1fa2_7cf8,
    0xc4ac_5665,
    0xf429_2244,
    0x432a_ff97,
    0xab94_23a7,
    0xfc93_a039,
    0x655b_59c3,
    0x8f0c_cc92,
    0xffef_f47d,
    0x8584_5dd1,
    0x6fa8_7e4f,
    0xfe2c_e6e0,
    0xa301_4314,
    0x4e08_11a1,
    0xf753_7e82,
    0xbd3a_f235,
    0x2ad7_d2bb,
    0xeb86_d391,
];

/// One value per lane.
type Lane = [u32; LANES];

/// Up to [`LANES`] pairs of ids waiting to be hashed.
#[derive(Clone, Debug)]
pub(crate) struct Lanes {
    /// Word by word, lane by lane.
    words: [Lane; 16],
    filled: usize,
}

impl Default for Lanes {
    fn default() -> Self {
        Self {
            words: [[0; LANES]; 16],
            filled: 0,
        }
    }
}

impl Lanes {
    /// Adds a pair; `false` when it is too long for one step and must be hashed on its own.
    pub(crate) fn add(&mut self, first: &str, second: &str) -> bool {
        let length = first.len() + 1 + second.len();
        if length > LONGEST || self.filled == LANES {
            return false;
        }
        let mut block = [0_u8; 64];
        block[..first.len()].copy_from_slice(first.as_bytes());
        block[first.len()] = b',';
        block[first.len() + 1..length].copy_from_slice(second.as_bytes());
        block[length] = 0x80;
        block[56] = (length as u8) << 3;
        block[57] = (length >> 5) as u8;
        let lane = self.filled;
        for (word, bytes) in self.words.iter_mut().zip(block.chunks_exact(4)) {
            word[lane] = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        }
        self.filled += 1;
        true
    }

    pub(crate) fn is_full(&self) -> bool {
        self.filled == LANES
    }

    /// Hashes what was added and starts over. A lane is `None` where the hash must be taken again with the ids
    /// repeated.
    pub(crate) fn finish(&mut self) -> [Option<u16>; LANES] {
        let states = compress(&self.words);
        let mut buckets = [None; LANES];
        for (lane, bucket) in buckets.iter_mut().enumerate().take(self.filled) {
            let mut digest = [0_u8; 16];
            for (state, bytes) in states.iter().zip(digest.chunks_exact_mut(4)) {
                bytes.copy_from_slice(&state[lane].to_le_bytes());
            }
            *bucket = bucket_of_digest(digest);
        }
        self.filled = 0;
        buckets
    }
}

/// One step of MD5 in each lane, from its start.
fn compress(words: &[Lane; 16]) -> [Lane; 4] {
    let start = START.map(|word| [word; LANES]);
    let [mut a, mut b, mut c, mut d] = start;
    // Four loops instead of one with a choice inside, so that each is compiled for all lanes at once.
    for (step, word) in words.iter().enumerate() {
        let mixed = each(b, c, d, |b, c, d| (b & c) | (!b & d));
        (a, d, c, b) = turn(0, step, [a, b, c, d], mixed, word);
    }
    for step in 16..32 {
        let mixed = each(b, c, d, |b, c, d| (d & b) | (!d & c));
        (a, d, c, b) = turn(1, step, [a, b, c, d], mixed, &words[(5 * step + 1) % 16]);
    }
    for step in 32..48 {
        let mixed = each(b, c, d, |b, c, d| b ^ c ^ d);
        (a, d, c, b) = turn(2, step, [a, b, c, d], mixed, &words[(3 * step + 5) % 16]);
    }
    for step in 48..64 {
        let mixed = each(b, c, d, |b, c, d| c ^ (b | !d));
        (a, d, c, b) = turn(3, step, [a, b, c, d], mixed, &words[(7 * step) % 16]);
    }
    let add = |one: Lane, other: Lane| each(one, other, other, |one, other, _| one.wrapping_add(other));
    [
        add(start[0], a),
        add(start[1], b),
        add(start[2], c),
        add(start[3], d),
    ]
}

/// The new a, d, c and b.
#[inline(always)]
fn turn(
    round: usize,
    step: usize,
    [a, b, c, d]: [Lane; 4],
    mixed: Lane,
    word: &Lane,
) -> (Lane, Lane, Lane, Lane) {
    let by = TURNS[round][step % 4];
    let mut turned = [0; LANES];
    for lane in 0..LANES {
        let sum = a[lane]
            .wrapping_add(mixed[lane])
            .wrapping_add(SINES[step])
            .wrapping_add(word[lane]);
        turned[lane] = b[lane].wrapping_add(sum.rotate_left(by));
    }
    (d, c, b, turned)
}

#[inline(always)]
fn each(b: Lane, c: Lane, d: Lane, mix: impl Fn(u32, u32, u32) -> u32) -> Lane {
    let mut mixed = [0; LANES];
    for lane in 0..LANES {
        mixed[lane] = mix(b[lane], c[lane], d[lane]);
    }
    mixed
}

#[cfg(test)]
mod tests {
    use super::{LANES, Lanes};
    use crate::bucket::bucket;

    fn one_by_lanes(first: &str, second: &str) -> u16 {
        let mut lanes = Lanes::default();
        if !lanes.add(first, second) {
            return bucket(first, second);
        }
        lanes.finish()[0].unwrap_or_else(|| bucket(first, second))
    }

    #[test]
    fn lanes_agree_with_single_hashes() {
        for number in 0..3000 {
            let first = number.to_string();
            let second = "key_".repeat(number % 18) + &first;
            assert_eq!(
                one_by_lanes(&first, &second),
                bucket(&first, &second),
                "{first} {second}"
            );
        }
    }

    #[test]
    fn lanes_do_not_mix() {
        let mut lanes = Lanes::default();
        let pairs: Vec<(String, String)> = (0..LANES).map(|n| (n.to_string(), "x".repeat(n * 9))).collect();
        for (first, second) in &pairs {
            assert!(lanes.add(first, second));
        }
        assert!(!lanes.add("full", ""));
        let buckets = lanes.finish();
        for (found, (first, second)) in buckets.iter().zip(&pairs) {
            assert_eq!(*found, Some(bucket(first, second)));
        }
    }
}
