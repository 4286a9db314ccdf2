//! Faults at random: each request of the next operation fails with a chance of three in ten.

use halyard_sandbox::staged::sign_in_page;
use halyard_sandbox::{Effect, ErrorBody, Fault};

use crate::bench::Bench;

/// How many requests ahead are decided. No operation makes more between two gatherings.
const AHEAD: u32 = 40;

pub struct Storm {
    state: u64,
}

impl Storm {
    pub fn new(seed: u64) -> Storm {
        Storm { state: seed }
    }

    /// A number below `end`; the sequence is the same in every run.
    pub fn below(&mut self, end: usize) -> usize {
        // SplitMix64: enough for choosing, and nothing to depend on.
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }

    /// Replaces the faults on the board by those of the next operation.
    pub fn gather(&mut self, bench: &Bench) {
        let board = bench.sandbox.faults();
        board.clear();
        for place in 0..AHEAD {
            if self.below(10) < 3 {
                let fault = Fault::of(self.effect()).on(bench.path.surface());
                board.add(fault.after(place).times(1));
            }
        }
    }

    fn effect(&mut self) -> Effect {
        let statuses = [500, 502, 503, 504];
        let bodies = [ErrorBody::Html, ErrorBody::Json, ErrorBody::Empty];
        match self.below(14) {
            0 => Effect::Latency { ms: 5 },
            1 => Effect::Throttle { retry_after: Some(0) },
            2 | 3 => Effect::ServerError {
                status: statuses[self.below(4)],
                body: bodies[self.below(3)],
            },
            4 => Effect::CutBody,
            5 => Effect::CommitThenCut,
            6 => Effect::LateCommit { ms: 5 },
            7 => Effect::Refuse,
            8 => Effect::WrongShape,
            9 => Effect::ClockSkew {
                seconds: 7_200 - 14_400 * self.below(2) as i64,
            },
            10 => Effect::HugeBody { bytes: 200_000 },
            11 => Effect::EndlessPaging,
            12 => sign_in_page(),
            _ => Effect::MalformedJson,
        }
    }
}
