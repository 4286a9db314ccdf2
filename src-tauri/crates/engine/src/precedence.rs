//! Which of two overrides of a flag wins, where that must be found out pairwise.

use crate::engine::Engine;
use crate::error::{FailureCause, Raise};
use crate::outcome::Decider;
use crate::source::Priority;

/// The stronger of two overrides of one feature; the earlier one on a tie.
pub(crate) fn stronger(
    engine: &Engine,
    feature: u32,
    winner: Option<u32>,
    candidate: u32,
) -> Result<u32, Raise> {
    let Some(winner) = winner else {
        return Ok(candidate);
    };
    let overrides = &engine.features[feature as usize].overrides;
    let (held, challenger) = (&overrides[winner as usize], &overrides[candidate as usize]);
    if held.priority == Priority::Null || challenger.priority == Priority::Null {
        return Err(null_priority(feature, challenger.segment));
    }
    let wins = challenger.priority.compare(held.priority) == std::cmp::Ordering::Less;
    Ok(if wins { candidate } else { winner })
}

/// Lets the identity's own override, if any, stand against the strongest segment's.
pub(crate) fn strongest(
    engine: &Engine,
    feature: u32,
    winner: Option<u32>,
    own: Option<Decider>,
) -> Result<Decider, Raise> {
    let Some(own) = own else {
        return Ok(winner.map_or(Decider::Default, Decider::Override));
    };
    if let Some(winner) = winner {
        let held = &engine.features[feature as usize].overrides[winner as usize];
        if held.priority == Priority::Null {
            return Err(null_priority(feature, held.segment));
        }
    }
    Ok(own)
}

fn null_priority(feature: u32, segment: u32) -> Raise {
    Raise::from(FailureCause::NullPriority)
        .in_segment(segment)
        .of_feature(feature)
}
