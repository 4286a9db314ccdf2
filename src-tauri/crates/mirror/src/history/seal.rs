//! Short hashes over rows, by which an altered one is noticed.

use sha2::{Digest, Sha256};

use super::list::{KINDS, List};

/// The hash of some fields, each behind its length; one that is absent differs
/// from an empty one.
pub(super) fn seal(fields: &[Option<&[u8]>]) -> i64 {
    let mut hasher = Sha256::new();
    for field in fields {
        hasher.update(field.map_or(u64::MAX, |field| field.len() as u64).to_le_bytes());
        hasher.update(field.unwrap_or_default());
    }
    let mut first = [0; 8];
    first.copy_from_slice(&hasher.finalize()[..8]);
    i64::from_le_bytes(first)
}

/// For each kind of list the sum of the seals of its parts: whatever their
/// order, one that is missing is missed. Each seal covers its part's place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Roots([i64; KINDS]);

impl Roots {
    pub(super) fn add(&mut self, list: &List, seal: i64) {
        let sum = &mut self.0[list.kind()];
        // Odd, so that no part counts for nothing.
        *sum = sum.wrapping_add(seal | 1);
    }

    pub(super) fn from_sums(sums: [i64; KINDS]) -> Roots {
        Roots(sums)
    }

    /// The sum of a kind.
    pub(super) fn of(&self, kind: usize) -> i64 {
        self.0.get(kind).copied().unwrap_or_default()
    }

    pub(super) fn written(&self) -> Vec<u8> {
        self.0.iter().flat_map(|sum| sum.to_le_bytes()).collect()
    }

    /// The kinds in which these differ from what was written.
    pub(super) fn differing(&self, written: &[u8]) -> Vec<usize> {
        let own = self.written();
        (0..KINDS)
            .filter(|kind| {
                let range = kind * 8..kind * 8 + 8;
                written.get(range.clone()) != own.get(range)
            })
            .collect()
    }
}
