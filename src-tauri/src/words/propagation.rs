//! How far a change has come, and why no further, in words.

use halyard_console::PropagationFacts;
use halyard_model::{Lane, LaneCause, LaneState, Surface, Timestamp};

use super::{number, surface::name};

/// Why a surface of this name does not serve a change that was published then.
pub fn cause(lane: &Lane, name: &str, published_at: Timestamp) -> Option<String> {
    let Some(cause) = &lane.cause else {
        let late = lane.state == LaneState::Late;
        return late.then(|| format!("{name} still serves what was there before; why is not known."));
    };
    Some(match cause {
        LaneCause::PollNotOver { poll_seconds } => {
            format!("{name} asks for changes every {poll_seconds} s.")
        }
        LaneCause::Failing { since, sentence } if *since < published_at => {
            format!("{name} does not answer, and did not before the change was published. {sentence}")
        }
        LaneCause::Failing { sentence, .. } => format!("{name} does not answer. {sentence}"),
        LaneCause::Refused { sentence } => {
            format!("{name} refuses to be read from here, so nothing is seen of it. {sentence}")
        }
        LaneCause::NeverPassed => format!("{name} has never fetched all of its environments."),
        LaneCause::NotFetched { passed_at, reason } => {
            not_fetched(name, *passed_at, reason.as_deref(), published_at)
        }
        LaneCause::StampUnmoved => format!(
            "The document’s time did not move with its content, so {name} is told that nothing changed."
        ),
        LaneCause::NotModifiedLate => format!(
            "{name} may still be told that nothing changed: the service’s word on it is up to a minute late."
        ),
        LaneCause::Frozen => {
            format!("{name} is healthy by its own account and does not take what it is given.")
        }
        LaneCause::Queue { waiting } => {
            let (tasks, hold) = match waiting {
                1 => ("1 task waits".to_owned(), "holds"),
                many => (format!("{} tasks wait", number::count(*many)), "hold"),
            };
            format!("{tasks} in the service’s queue, which {hold} the change back from {name}.")
        }
        LaneCause::Serving => {
            format!("Caches or the task queue of the service hold the change back from {name}.")
        }
    })
}

fn not_fetched(
    name: &str,
    passed_at: Option<Timestamp>,
    reason: Option<&str>,
    published_at: Timestamp,
) -> String {
    let since = match passed_at {
        Some(at) if at < published_at => " since before the change",
        _ => "",
    };
    let reason = reason.map_or_else(String::new, |reason| {
        let end = if reason.ends_with('.') { "" } else { "." };
        format!(" It says: {reason}{end}")
    });
    format!(
        "{name} has had no whole pass over its environments{since}: its upstream refuses its key of this one, or \
         cannot be reached.{reason}"
    )
}

/// The lane that most needs a word: one that does not answer, is late, or is
/// known to wait for something.
pub fn slowest(check: &PropagationFacts) -> Option<usize> {
    let rank = |lane: &Lane| match lane.state {
        LaneState::Unreachable => 3,
        LaneState::Late => 2,
        LaneState::Waiting if lane.cause.is_some() => 1,
        LaneState::Waiting | LaneState::Served | LaneState::Overtaken => 0,
    };
    let lanes = check.lanes.iter().map(|one| rank(&one.lane)).enumerate();
    // The first of equals, in the order in which they are shown.
    lanes
        .filter(|(_, rank)| *rank > 0)
        .max_by_key(|(at, rank)| (*rank, std::cmp::Reverse(*at)))
        .map(|(at, _)| at)
}

/// How far a change has come, with the cause of the slowest surface.
pub fn sentence(check: &PropagationFacts, cause: Option<&str>) -> String {
    let all = check.lanes.len();
    let of = |state| check.lanes.iter().filter(|one| one.lane.state == state).count();
    let (served, overtaken) = (of(LaneState::Served), of(LaneState::Overtaken));
    let mut parts = vec![match (served, overtaken) {
        (served, 0) if served == all && all > 1 => {
            format!(
                "All {all} surfaces serve the change, by the first reading of each that showed it, seen from this computer."
            )
        }
        (_, 0) => format!(
            "{served} of {all} {} the change, seen from this computer.",
            serve(all)
        ),
        _ => format!(
            "{served} of {all} {} seen with the change, and {overtaken} with something newer, seen from this computer.",
            if all == 1 { "surface was" } else { "surfaces were" }
        ),
    }];
    if !check.running && served + overtaken < all {
        parts.push("It is not followed any more.".to_owned());
    }
    parts.extend(cause.map(str::to_owned));
    if !check
        .lanes
        .iter()
        .any(|one| one.lane.surface == Surface::FlagsApi)
    {
        let name = name(&Surface::FlagsApi, "");
        parts.push(format!(
            "What the {name} answers for this flag cannot be foretold, so it is left out."
        ));
    }
    parts.join(" ")
}

fn serve(count: usize) -> &'static str {
    if count == 1 {
        "surface serves"
    } else {
        "surfaces serve"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use halyard_console::{PropagationId, PropagationLane};
    use halyard_model::{EnvironmentKey, FlagKey};

    const AT: Timestamp = Timestamp(1_795_000_000_000);

    fn lane(surface: Surface, state: LaneState, cause: Option<LaneCause>) -> PropagationLane {
        let mut lane = Lane::to(surface);
        lane.state = state;
        lane.cause = cause;
        PropagationLane {
            address: "https://fra-1.example/api/v1/".into(),
            lane,
        }
    }

    fn check(running: bool, lanes: &[(LaneState, Option<LaneCause>)]) -> PropagationFacts {
        let surfaces = [
            Surface::Admin,
            Surface::FlagsApi,
            Surface::EdgeProxy("p".into()),
            Surface::EdgeProxy("q".into()),
        ];
        PropagationFacts {
            id: PropagationId("1".into()),
            environment: EnvironmentKey("e".into()),
            flag: FlagKey("a".into()),
            published_at: AT,
            running,
            lanes: surfaces
                .into_iter()
                .zip(lanes)
                .map(|(surface, (state, cause))| lane(surface, *state, cause.clone()))
                .collect(),
        }
    }

    #[test]
    fn a_check_is_told_in_a_sentence() {
        let served = || (LaneState::Served, None);
        let rows = [
            (
                check(false, &[served(), served(), served()]),
                "All 3 surfaces serve the change, by the first reading of each that showed it, seen from this computer.",
            ),
            (
                check(true, &[served(), (LaneState::Waiting, None)]),
                "1 of 2 surfaces serve the change, seen from this computer.",
            ),
            (
                check(false, &[served(), (LaneState::Late, Some(LaneCause::Serving))]),
                "1 of 2 surfaces serve the change, seen from this computer. It is not followed any more. Why.",
            ),
            (
                check(false, &[served(), (LaneState::Overtaken, None)]),
                "1 of 2 surfaces were seen with the change, and 1 with something newer, seen from this computer.",
            ),
            (
                check(false, &[served()]),
                "1 of 1 surface serves the change, seen from this computer. What the Flags API answers for this flag \
                 cannot be foretold, so it is left out.",
            ),
        ];
        for (check, expected) in rows {
            let cause = slowest(&check).map(|_| "Why.");
            assert_eq!(sentence(&check, cause), expected);
        }
    }

    #[test]
    fn the_one_that_does_not_answer_is_told_before_those_that_are_late() {
        let failing = LaneCause::Failing {
            since: AT,
            sentence: String::new(),
        };
        let poll = LaneCause::PollNotOver { poll_seconds: 10 };
        let served = (LaneState::Served, None);
        for (lanes, expected) in [
            (vec![served.clone(), (LaneState::Waiting, None)], None),
            (vec![(LaneState::Waiting, Some(poll)), served.clone()], Some(0)),
            (
                vec![(LaneState::Late, None), (LaneState::Unreachable, Some(failing))],
                Some(1),
            ),
            (
                vec![served, (LaneState::Late, None), (LaneState::Late, None)],
                Some(1),
            ),
        ] {
            assert_eq!(slowest(&check(true, &lanes)), expected, "{lanes:?}");
        }
    }

    #[test]
    fn every_cause_has_a_sentence_that_names_the_surface() {
        let before = Some(AT.plus_millis(-1));
        let sentence = || "No answer.".to_owned();
        let causes = [
            (
                Some(LaneCause::PollNotOver { poll_seconds: 10 }),
                "X asks for changes every 10 s.",
            ),
            (
                Some(LaneCause::Failing {
                    since: AT,
                    sentence: sentence(),
                }),
                "X does not answer. No answer.",
            ),
            (
                Some(LaneCause::Failing {
                    since: AT.plus_millis(-1),
                    sentence: sentence(),
                }),
                "X does not answer, and did not before the change was published. No answer.",
            ),
            (
                Some(LaneCause::Refused { sentence: sentence() }),
                "X refuses to be read from here, so nothing is seen of it. No answer.",
            ),
            (
                Some(LaneCause::NeverPassed),
                "X has never fetched all of its environments.",
            ),
            (
                Some(LaneCause::NotFetched {
                    passed_at: before,
                    reason: Some("stale".into()),
                }),
                "X has had no whole pass over its environments since before the change: its upstream refuses its key of \
                 this one, or cannot be reached. It says: stale.",
            ),
            (
                Some(LaneCause::NotModifiedLate),
                "X may still be told that nothing changed: the service’s word on it is up to a minute late.",
            ),
            (
                Some(LaneCause::StampUnmoved),
                "The document’s time did not move with its content, so X is told that nothing changed.",
            ),
            (
                Some(LaneCause::Frozen),
                "X is healthy by its own account and does not take what it is given.",
            ),
            (
                Some(LaneCause::Queue { waiting: 37 }),
                "37 tasks wait in the service’s queue, which hold the change back from X.",
            ),
            (
                Some(LaneCause::Serving),
                "Caches or the task queue of the service hold the change back from X.",
            ),
            (None, "X still serves what was there before; why is not known."),
        ];
        for (found, expected) in causes {
            let one = lane(Surface::FlagsApi, LaneState::Late, found);
            assert_eq!(cause(&one.lane, "X", AT).as_deref(), Some(expected));
        }
        let waiting = lane(Surface::FlagsApi, LaneState::Waiting, None);
        assert_eq!(cause(&waiting.lane, "X", AT), None);
    }
}
