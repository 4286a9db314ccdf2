//! Single readings, one after the other.

use super::*;
use crate::{EdgeProxy, Endpoint, FlagsmithAuth, FlagsmithEndpoint, Freshness, Surface};

const SECOND: i64 = 1_000;

fn at(seconds: i64) -> Timestamp {
    Timestamp(1_795_000_000_000 + seconds * SECOND)
}

fn endpoint() -> Endpoint {
    Endpoint::Flagsmith(FlagsmithEndpoint {
        admin_base: "https://flags.example/api/v1/".into(),
        flags_base: None,
        edge_proxies: vec![EdgeProxy {
            key_pairs: 4,
            ..EdgeProxy::at("https://proxy.example/api/v1/")
        }],
        auth: FlagsmithAuth::UserToken,
        ca_bundle: None,
    })
}

fn proxy_rule() -> SurfaceRule {
    let surface = Surface::EdgeProxy("https://proxy.example/api/v1/".into());
    SurfaceRule::of(&surface, &endpoint(), 15_000)
}

fn reading(content: &str, seconds: i64) -> ContentReading {
    ContentReading {
        content: content.into(),
        document_updated_at: None,
        bytes: None,
        at: at(seconds),
        until: at(seconds),
    }
}

/// An admin API that held contents from these seconds on.
fn admin(held: &[(&str, i64)]) -> SurfaceRecord {
    let mut record = SurfaceRecord::default();
    for (content, seconds) in held {
        record.showed(reading(content, *seconds), Compared::NotAtAll, None);
    }
    record
}

fn show(record: &mut SurfaceRecord, admin: &SurfaceRecord, content: &str, seconds: i64) {
    let reading = reading(content, seconds);
    let reference = admin.reference();
    let compared = reading.compared_with(reference.as_ref());
    record.showed(reading, compared, reference.as_ref());
}

#[test]
fn the_proxy_rule_counts_pairs() {
    let proxy = |grace_seconds, key_pairs| EdgeProxy {
        grace_seconds,
        key_pairs,
        ..EdgeProxy::at("x")
    };
    // The service's own examples: 1 pair 40 s, 5 pairs 160 s, 20 pairs 610 s.
    for (pairs, seconds) in [(1, 40), (4, 130), (5, 160), (20, 610)] {
        assert_eq!(
            proxy(Some(30), pairs).stale_after_millis(),
            Some(seconds * SECOND)
        );
    }
    assert_eq!(proxy(None, 1).stale_after_millis(), None);
    assert_eq!(proxy(None, 1).allowance().stale_after_millis, 40 * SECOND);
    assert_eq!(proxy_rule().pass_stale_after_millis, Some(130 * SECOND));
}

#[test]
fn a_difference_has_the_age_since_the_admin_api_had_it() {
    let before = admin(&[("a", 0)]);
    let mut proxy = SurfaceRecord::default();
    show(&mut proxy, &before, "a", 5);
    let after = admin(&[("a", 0), ("b", 30)]);
    for (seconds, expected) in [
        (35, Freshness::Fresh),
        (94, Freshness::Fresh),
        (95, Freshness::Ageing),
        (159, Freshness::Ageing),
        (160, Freshness::Stale),
    ] {
        let mut proxy = proxy.clone();
        show(&mut proxy, &after, "a", seconds);
        let judged = judge_surface(&proxy, proxy_rule(), after.reference().as_ref(), at(seconds));
        assert_eq!(judged.state, expected, "at {seconds}");
        assert_eq!(judged.as_of, Some(at(30)));
    }
}

#[test]
fn a_surface_that_is_ahead_of_the_last_look_at_the_admin_api_is_not_behind() {
    let early = admin(&[("a", 0)]);
    let mut proxy = SurfaceRecord::default();
    for seconds in (5..1_000).step_by(15) {
        show(&mut proxy, &early, "b", seconds);
        let judged = judge_surface(&proxy, proxy_rule(), early.reference().as_ref(), at(seconds));
        assert_eq!((judged.state, judged.trouble), (Freshness::Fresh, None));
        assert!(proxy.served.as_ref().unwrap().unconfirmed);
    }
    let late = admin(&[("a", 0), ("a", 1_000)]);
    show(&mut proxy, &late, "b", 1_005);
    let served = proxy.served.unwrap();
    assert_eq!(
        (served.unconfirmed, served.outdated_since),
        (false, Some(at(1_000)))
    );
}

#[test]
fn a_word_that_nothing_changed_is_a_minute_old() {
    let mut record = admin(&[("a", 0)]);
    for seconds in [15, 100, 200] {
        record.said_not_modified(at(seconds));
    }
    let judged = judge_surface(&record, proxy_rule(), None, at(210));
    assert_eq!(judged.as_of, Some(at(140)));
    assert_eq!(record.not_modified.unwrap().times, 3);
}

#[test]
fn failing_is_offline_and_being_refused_is_not() {
    let mut record = admin(&[("a", 0)]);
    record.failed(at(20), FailingKind::Refused, "403".into(), None);
    let judged = judge_surface(&record, proxy_rule(), None, at(21));
    assert_eq!(judged.state, Freshness::Fresh);
    assert_eq!(judged.trouble, Some(Trouble::Failing(FailingKind::Refused)));
    record.failed(at(40), FailingKind::Fault, "502".into(), None);
    let failing = record.failing.clone().unwrap();
    assert_eq!((failing.since, failing.at, failing.times), (at(20), at(40), 2));
    assert_eq!(
        judge_surface(&record, proxy_rule(), None, at(41)).state,
        Freshness::Offline
    );
    record.showed(reading("a", 60), Compared::NotAtAll, None);
    assert_eq!(
        judge_surface(&record, proxy_rule(), None, at(61)).state,
        Freshness::Fresh
    );
}

#[test]
fn a_stamp_that_moves_later_was_not_kept_quiet() {
    let stamped = |content: &str, seconds: i64, stamp: i64| ContentReading {
        document_updated_at: Some(at(stamp)),
        ..reading(content, seconds)
    };
    let mut record = SurfaceRecord::default();
    record.showed(stamped("a", 0, -9), Compared::NotAtAll, None);
    record.showed(stamped("b", 30, -9), Compared::NotAtAll, None);
    assert!(record.untold.is_some());
    let lately =
        |record: &SurfaceRecord, seconds| judge_surface(record, proxy_rule(), None, at(seconds)).untold;
    assert_eq!(lately(&record, 31), None, "too early to tell");
    let mut moved = record.clone();
    moved.showed(stamped("b", 60, 29), Compared::NotAtAll, None);
    assert_eq!(moved.untold, None);
    record.showed(stamped("b", 60, -9), Compared::NotAtAll, None);
    assert_eq!(lately(&record, 60).unwrap().why, UntoldWhy::StampUnmoved);
    assert_eq!(lately(&record, 700), None);
}

#[test]
fn nobody_looking_makes_nothing_stale() {
    let mut proxy = SurfaceRecord::default();
    let admin = admin(&[("a", 0)]);
    show(&mut proxy, &admin, "a", 5);
    for (hours, expected) in [
        (0, Freshness::Fresh),
        (1, Freshness::Ageing),
        (100, Freshness::Ageing),
    ] {
        let judged = judge_surface(
            &proxy,
            proxy_rule(),
            admin.reference().as_ref(),
            at(6 + hours * 3_600),
        );
        assert_eq!(judged.state, expected);
    }
    assert_eq!(
        judge_surface(&SurfaceRecord::default(), proxy_rule(), None, at(0)).state,
        Freshness::Never
    );
}
