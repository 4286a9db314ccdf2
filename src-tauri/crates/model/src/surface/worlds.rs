//! Whole hours of a service, its Edge Proxy and an observer, second by second.

use proptest::prelude::*;

use super::*;
use crate::{EdgeProxy, Freshness};

const HOUR: i64 = 3_600;
const ADMIN_EVERY: i64 = 30;

/// What goes wrong, and from which second on.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Trap {
    None,
    /// The proxy asks and takes nothing.
    Frozen(i64),
    /// Another environment of the proxy cannot be fetched.
    OtherPairFails(i64),
    /// A version goes live without moving the document's time of change.
    Scheduled(i64),
    /// From here on "not modified" comes from a row that is kept for a minute.
    LateWord(i64),
    /// The proxy does not reach the service.
    CutOff(i64),
}

#[derive(Clone, Debug)]
struct World {
    proxy: EdgeProxy,
    /// Seconds at which somebody changes something, sorted.
    changes: Vec<i64>,
    /// How long a pass of the proxy takes.
    pass_takes: i64,
    /// How far the proxy's clock is ahead, in seconds, and its zone in quarters of an hour.
    clock_ahead: i64,
    zone_quarters: i64,
    /// How often the observer looks at the proxy, and what a look takes.
    look_every: i64,
    look_takes: i64,
    trap: Trap,
}

/// What the service holds at a second.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Held {
    content: i64,
    updated_at: i64,
}

impl World {
    fn held(&self, second: i64) -> Held {
        let last = self.changes.iter().rev().find(|change| **change <= second);
        let mut held = last.map_or(
            Held {
                content: -1,
                updated_at: -100,
            },
            |change| Held {
                content: *change,
                updated_at: *change,
            },
        );
        if let Trap::Scheduled(due) = self.trap
            && second >= due
            && held.content < due
        {
            held.content = due;
        }
        held
    }

    /// Whether a conditional reader with this time of change is told "not modified".
    fn says_not_modified(&self, second: i64, known: i64) -> bool {
        let row_of = match self.trap {
            Trap::LateWord(from) if second >= from => second - second.rem_euclid(60),
            _ => second,
        };
        self.held(row_of).updated_at <= known
    }

    fn pass_every(&self) -> i64 {
        i64::from(self.proxy.poll_seconds) + self.pass_takes
    }

    /// The second of the last pass that began before this one; 0 for the start.
    fn last_pass_before(&self, second: i64) -> i64 {
        (second / self.pass_every() * self.pass_every() - 1).max(0)
    }

    fn limit(&self) -> i64 {
        self.proxy.stale_after_millis().unwrap() / 1_000
    }
}

#[derive(Debug)]
struct Judged {
    second: i64,
    freshness: SurfaceFreshness,
}

struct Ran {
    judged: Vec<Judged>,
    /// Each content with the second at which the observer first read it from the admin API.
    seen: Vec<(i64, i64)>,
    /// Seconds at which the observer found an untold change.
    untold: Vec<(i64, UntoldWhy)>,
}

fn at(second: i64) -> Timestamp {
    Timestamp(1_795_000_000_000 + second * 1_000)
}

fn reading(held: Held, from: i64, takes: i64) -> ContentReading {
    ContentReading {
        content: held.content.to_string(),
        document_updated_at: Some(at(held.updated_at)),
        bytes: None,
        at: at(from),
        until: at(from + takes),
    }
}

fn run(world: &World) -> Ran {
    let rule = SurfaceRule {
        differs: world.proxy.allowance(),
        pass_stale_after_millis: world.proxy.stale_after_millis(),
        asked_every_millis: world.look_every * 1_000,
    };
    let mut serves = world.held(0);
    let mut passed = 0;
    let (mut admin, mut proxy) = (SurfaceRecord::default(), SurfaceRecord::default());
    let mut ran = Ran {
        judged: Vec::new(),
        seen: Vec::new(),
        untold: Vec::new(),
    };
    for second in 0..HOUR {
        if second % world.pass_every() == world.pass_every() - 1 {
            pass(world, second, &mut serves, &mut passed);
        }
        if second % ADMIN_EVERY == 0 {
            let before = admin.untold;
            admin.showed(
                reading(world.held(second), second, world.look_takes),
                Compared::NotAtAll,
                None,
            );
            let content = world.held(second).content;
            if ran.seen.last().is_none_or(|(last, _)| *last != content) {
                ran.seen.push((content, second + world.look_takes));
            }
            if let Some(untold) = admin.untold.filter(|untold| Some(*untold) != before) {
                ran.untold.push((second, untold.why));
            }
        } else if second % ADMIN_EVERY == ADMIN_EVERY / 2 {
            let known = admin
                .served
                .as_ref()
                .and_then(|served| served.document_updated_at);
            let known = (known.unwrap().0 - at(0).0) / 1_000;
            if world.says_not_modified(second, known) {
                admin.said_not_modified(at(second));
            }
        }
        if second % world.look_every == world.look_every / 3 {
            look(world, second, serves, passed, rule, &admin, &mut proxy);
        }
        let freshness = judge_surface(&proxy, rule, admin.reference().as_ref(), at(second));
        ran.judged.push(Judged { second, freshness });
    }
    ran
}

fn pass(world: &World, second: i64, serves: &mut Held, passed: &mut i64) {
    if matches!(world.trap, Trap::CutOff(from) if second >= from) {
        return;
    }
    let frozen = matches!(world.trap, Trap::Frozen(from) if second >= from);
    if !frozen && !world.says_not_modified(second, serves.updated_at) {
        *serves = world.held(second);
    }
    if !matches!(world.trap, Trap::OtherPairFails(from) if second >= from) {
        *passed = second;
    }
}

fn look(
    world: &World,
    second: i64,
    serves: Held,
    passed: i64,
    rule: SurfaceRule,
    admin: &SurfaceRecord,
    proxy: &mut SurfaceRecord,
) {
    let told = passed + world.clock_ahead + world.zone_quarters * 900;
    let heartbeat = HeartbeatReading {
        at: at(second),
        ready: second - passed <= world.limit(),
        reason: None,
        told: Some(at(told)),
        zone_unknown: true,
    };
    proxy.told_heartbeat(heartbeat, rule.pass_stale_after_millis);
    let reading = reading(serves, second, world.look_takes);
    let reference = admin.reference();
    let compared = reading.compared_with(reference.as_ref());
    proxy.showed(reading, compared, reference.as_ref());
}

fn stale(ran: &Ran) -> Option<&Judged> {
    ran.judged
        .iter()
        .find(|judged| judged.freshness.state == Freshness::Stale)
}

/// One look, with what it takes.
fn one_poll(world: &World) -> i64 {
    world.look_every + world.look_takes
}

fn worlds(trap: impl Strategy<Value = Trap>) -> impl Strategy<Value = World> {
    let proxy =
        (5_u32..30, 30_u32..60, 1_u32..6).prop_map(|(poll_seconds, grace_seconds, key_pairs)| EdgeProxy {
            poll_seconds,
            grace_seconds: Some(grace_seconds),
            key_pairs,
            ..EdgeProxy::at("proxy")
        });
    let changes = prop::collection::btree_set(1_i64..HOUR, 0..12).prop_map(|set| set.into_iter().collect());
    let skew = prop_oneof![Just(0_i64), -4_i64..4, -300_i64..300];
    (
        proxy,
        changes,
        0_i64..5,
        skew,
        -48_i64..56,
        10_i64..40,
        0_i64..3,
        trap,
    )
        .prop_map(
            |(proxy, changes, pass_takes, clock_ahead, zone_quarters, look_every, look_takes, trap)| World {
                proxy,
                changes,
                pass_takes,
                clock_ahead,
                zone_quarters,
                look_every,
                look_takes,
                trap,
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(192) })]

    #[test]
    fn a_healthy_world_is_never_called_stale(world in worlds(Just(Trap::None))) {
        let ran = run(&world);
        prop_assert!(stale(&ran).is_none(), "{:?}", stale(&ran));
        let behind = ran.judged.iter().find(|judged| judged.freshness.trouble.is_some());
        prop_assert!(behind.is_none() || world.pass_takes + i64::from(world.proxy.poll_seconds) > world.limit() / 4,
            "{behind:?}");
        prop_assert_eq!(ran.untold, []);
    }

    #[test]
    fn a_frozen_proxy_is_found_with_the_next_look(world in worlds((100_i64..3_000).prop_map(Trap::Frozen))) {
        let Trap::Frozen(from) = world.trap else { unreachable!() };
        let ran = run(&world);
        // What the admin API was seen to hold after the last pass that took anything.
        let taken = world.held(world.last_pass_before(from)).content;
        let first = ran.seen.iter().position(|(content, _)| *content > taken);
        let known = first.map(|first| {
            let seen = ran.seen[first].1;
            // A content is outdated once it was looked at and the admin API read after it, and of several
            // contents between two looks only the newest is compared.
            let looked_at = world.last_pass_before(from).max(taken) + one_poll(&world) < seen;
            let alone = ran.seen.get(first + 1).is_none_or(|(_, next)| *next > seen + one_poll(&world));
            let in_steps = if looked_at && alone { 0 } else { world.look_every + ADMIN_EVERY };
            seen + in_steps + world.limit()
        });
        let found = stale(&ran);
        match known {
            Some(known) if known + one_poll(&world) < HOUR => {
                let found = found.expect("it is found");
                prop_assert!(found.second <= known + one_poll(&world), "{found:?}, known at {known}");
                let is_behind = matches!(found.freshness.trouble, Some(Trouble::Behind { .. }));
                prop_assert!(is_behind, "{found:?}");
            }
            Some(_) => {}
            None => prop_assert!(found.is_none(), "{found:?}"),
        }
        if let Some(found) = found {
            prop_assert!(found.second >= world.last_pass_before(from));
        }
    }

    #[test]
    fn one_bad_pair_is_told_from_a_stale_environment(world in worlds((100_i64..3_000).prop_map(Trap::OtherPairFails))) {
        let Trap::OtherPairFails(from) = world.trap else { unreachable!() };
        let ran = run(&world);
        let found = stale(&ran).expect("it is found");
        prop_assert!(found.second >= from);
        prop_assert!(found.second <= from + world.limit() + 1 + one_poll(&world), "{found:?}");
        for judged in &ran.judged {
            if judged.freshness.state == Freshness::Stale {
                let Some(Trouble::PassOverdue { other_pair, .. }) = &judged.freshness.trouble else {
                    return Err(TestCaseError::fail(format!("{judged:?}")));
                };
                prop_assert!(*other_pair != OtherPair::Unknown || !world.changes.is_empty());
            }
        }
        // Once something arrived in spite of it, the other pair is proven to blame.
        let arrived = world.changes.iter().any(|change| {
            (from + 2 * one_poll(&world)..HOUR - 150).contains(change)
        });
        let last = &ran.judged.last().unwrap().freshness.trouble;
        if arrived {
            let proven = matches!(last, Some(Trouble::PassOverdue { other_pair: OtherPair::Proven | OtherPair::Unknown, .. }));
            prop_assert!(proven, "{last:?}");
        }
    }

    #[test]
    fn a_scheduled_change_is_found_though_nothing_moved(world in worlds((100_i64..3_000).prop_map(Trap::Scheduled))) {
        let Trap::Scheduled(due) = world.trap else { unreachable!() };
        let ran = run(&world);
        let seen = ran.seen.iter().find(|(content, _)| *content == due).map(|(_, seen)| *seen);
        let next = world.changes.iter().find(|change| **change >= due).copied().unwrap_or(HOUR);
        // A change shortly before or afterwards hides it, or releases it.
        let quiet = !world.changes.iter().any(|change| (due - 100..=due).contains(change));
        if let Some(seen) = seen.filter(|seen| next > seen + world.limit() + one_poll(&world) && quiet && *seen < HOUR - 300) {
            prop_assert!(seen <= due + ADMIN_EVERY + world.look_takes);
            let untold = ran.untold.iter().any(|(_, why)| *why == UntoldWhy::StampUnmoved);
            prop_assert!(untold, "{:?}", ran.untold);
            let found = stale(&ran).expect("it is found");
            prop_assert!(found.second <= seen + world.limit() + one_poll(&world), "{found:?}");
            let said = matches!(found.freshness.trouble,
                Some(Trouble::Behind { cause: BehindCause::StampUnmoved, .. }));
            prop_assert!(said, "{found:?}");
        }
        if let Some(found) = stale(&ran) {
            prop_assert!(found.second >= due);
        }
    }

    #[test]
    fn a_late_word_is_caught_with_the_next_content(world in worlds((0_i64..60).prop_map(Trap::LateWord))) {
        let ran = run(&world);
        for (second, why) in &ran.untold {
            prop_assert_eq!(*why, UntoldWhy::Late, "at {}", second);
        }
        // Wherever our own conditional reading was lied to, the next reading of the content tells.
        for asked in (ADMIN_EVERY / 2..HOUR - ADMIN_EVERY).step_by(30) {
            let before = world.held(asked - ADMIN_EVERY / 2);
            let now = world.held(asked);
            let content_read = asked + ADMIN_EVERY / 2;
            let lied = now != before && world.says_not_modified(asked, before.updated_at)
                && world.held(content_read).updated_at + 6 < asked;
            if lied {
                prop_assert!(ran.untold.iter().any(|(second, _)| *second == content_read), "{asked}: {:?}", ran.untold);
            }
        }
        // Late is not frozen, and it ends by itself.
        for judged in &ran.judged {
            let frozen = matches!(judged.freshness.trouble, Some(Trouble::Behind { cause: BehindCause::Frozen, .. }));
            prop_assert!(!frozen, "{judged:?}");
        }
    }

    #[test]
    fn a_proxy_that_is_cut_off_is_stale_by_its_own_rule(world in worlds((100_i64..3_000).prop_map(Trap::CutOff))) {
        let Trap::CutOff(from) = world.trap else { unreachable!() };
        let found_at = stale(&run(&world)).expect("it is found").second;
        prop_assert!(found_at >= from && found_at <= from + world.limit() + 1 + one_poll(&world), "{found_at}");
    }
}
