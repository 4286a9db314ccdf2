//! Changes that are followed to each surface.

use halyard_console::{PropagationFacts, PropagationLane};
use halyard_model::{LaneState, Timestamp};

use super::seconds;
use crate::{view::*, words};

/// The checks of an environment, in their order.
pub fn propagations(checks: Vec<PropagationFacts>) -> Vec<PropagationView> {
    checks.into_iter().map(propagation).collect()
}

fn propagation(check: PropagationFacts) -> PropagationView {
    let lanes: Vec<LaneView> = check
        .lanes
        .iter()
        .map(|one| lane(one, check.published_at))
        .collect();
    let slowest = words::propagation::slowest(&check).and_then(|at| lanes.get(at));
    PropagationView {
        sentence: words::propagation::sentence(&check, slowest.and_then(|lane| lane.cause.as_deref())),
        remedy: slowest.and_then(|lane| lane.remedy.clone()),
        id: check.id.0,
        flag: check.flag.0,
        environment: check.environment.0,
        published_at: seconds(check.published_at),
        running: check.running,
        lanes,
    }
}

fn lane(one: &PropagationLane, published_at: Timestamp) -> LaneView {
    let PropagationLane { address, lane } = one;
    let name = words::surface::name(&lane.surface, address);
    let surface = SurfaceNameView {
        kind: words::surface::kind(&lane.surface),
        address: address.clone(),
        name: name.clone(),
    };
    let amiss = matches!(lane.state, LaneState::Late | LaneState::Unreachable);
    LaneView {
        state: state(lane.state),
        // Of one that was overtaken it is when something newer was seen.
        took_millis: lane
            .took_millis
            .filter(|_| lane.state == LaneState::Served)
            .map(|millis| u32::try_from(millis.max(0)).unwrap_or(u32::MAX)),
        cause: words::propagation::cause(lane, &name, published_at),
        remedy: amiss.then(|| examination(surface.clone())),
        surface,
    }
}

fn examination(surface: SurfaceNameView) -> RemedyView {
    RemedyView {
        action: RemedyActionView::RunDoctor,
        label: "Run the doctor on it".into(),
        surface: Some(surface),
        search: None,
        link: None,
        text: None,
    }
}

fn state(state: LaneState) -> LaneStateView {
    match state {
        LaneState::Waiting => LaneStateView::Waiting,
        LaneState::Served => LaneStateView::Served,
        LaneState::Late => LaneStateView::Late,
        LaneState::Unreachable => LaneStateView::Unreachable,
        LaneState::Overtaken => LaneStateView::Overtaken,
    }
}
