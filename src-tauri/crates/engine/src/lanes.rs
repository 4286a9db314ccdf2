//! Several hashes side by side.
//!
//! Bucketing hashes many short texts, each in one step of MD5 whose operations wait for one another. Four steps that do
//! not wait for each other take little longer than one, since a processor works on the lanes at once.

use wide::u32x4;

use crate::bucket::bucket_of_digest;

/// Texts hashed at once.
pub(crate) const LANES: usize = 4;

/// The longest text that fits into one step: the rest of its 64 bytes are an end mark and the length.
const LONGEST: usize = 55;

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

/// Up to [`LANES`] pairs of ids waiting to be hashed.
#[derive(Clone, Debug)]
pub(crate) struct Lanes {
    /// Word by word, lane by lane.
    words: [[u32; LANES]; 16],
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
        let states = compress(&self.words.map(u32x4::new)).map(u32x4::to_array);
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
fn compress(words: &[u32x4; 16]) -> [u32x4; 4] {
    let start = START.map(u32x4::splat);
    let mut state = start;
    for step in (0..16).step_by(4) {
        let word = |ahead: usize| words[step + ahead];
        state = four::<7, 12, 17, 22>(state, step, word, |b, c, d| d ^ (b & (c ^ d)));
    }
    for step in (16..32).step_by(4) {
        let word = |ahead: usize| words[(5 * (step + ahead) + 1) % 16];
        state = four::<5, 9, 14, 20>(state, step, word, |b, c, d| c ^ (d & (b ^ c)));
    }
    for step in (32..48).step_by(4) {
        let word = |ahead: usize| words[(3 * (step + ahead) + 5) % 16];
        state = four::<4, 11, 16, 23>(state, step, word, |b, c, d| b ^ c ^ d);
    }
    for step in (48..64).step_by(4) {
        let word = |ahead: usize| words[(7 * (step + ahead)) % 16];
        state = four::<6, 10, 15, 21>(state, step, word, |b, c, d| c ^ (b | !d));
    }
    [0, 1, 2, 3].map(|place| start[place] + state[place])
}

/// Four operations of a round, which turn by four different numbers of bits.
#[inline(always)]
fn four<const FIRST: u32, const SECOND: u32, const THIRD: u32, const FOURTH: u32>(
    [a, b, c, d]: [u32x4; 4],
    step: usize,
    word: impl Fn(usize) -> u32x4,
    mix: impl Fn(u32x4, u32x4, u32x4) -> u32x4,
) -> [u32x4; 4] {
    let sum = |ahead: usize, a, mixed| a + mixed + (word(ahead) + u32x4::splat(SINES[step + ahead]));
    let a = b + turn::<FIRST>(sum(0, a, mix(b, c, d)));
    let d = a + turn::<SECOND>(sum(1, d, mix(a, b, c)));
    let c = d + turn::<THIRD>(sum(2, c, mix(d, a, b)));
    let b = c + turn::<FOURTH>(sum(3, b, mix(c, d, a)));
    [a, b, c, d]
}

#[inline(always)]
fn turn<const BY: u32>(lanes: u32x4) -> u32x4 {
    (lanes << BY) | (lanes >> (32 - BY))
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
