//! The rules, row by row.

use serde_json::{Value, json};

use super::*;
use crate::{
    EdgeProxy, Endpoint, FailingKind, FlagKey, FlagKind, FlagsmithAuth, FlagsmithEndpoint, HeartbeatReading,
    Surface, SurfaceRecord, SurfaceRule,
};

const SENT: i64 = 1_795_000_000_000;
const HELD: i64 = SENT + 400;

fn content(enabled: bool, value: &str) -> Content {
    Content {
        enabled,
        value: FlagValue(json!(value)),
    }
}

fn part(digest: &str, content: Content) -> Shown<FlagPart> {
    Shown::As(FlagPart {
        digest: Some(digest.into()),
        content,
    })
}

fn answer(enabled: bool, value: &str) -> Shown<Answer> {
    Shown::As(Answer {
        enabled: Some(enabled),
        value: FlagValue(json!(value)),
    })
}

/// A reading that began so many milliseconds after publishing.
fn sighting(after: i64, held: Shown<FlagPart>, answer: Shown<Answer>) -> Sighting {
    Sighting {
        at: Timestamp(SENT + after),
        until: Timestamp(SENT + after + 50),
        document_updated_at: Some(Timestamp(SENT)),
        held,
        answer,
    }
}

/// `old` was changed to `new`, and the admin API was read with it.
fn followed() -> Followed {
    let (new, old) = (content(true, "new"), content(true, "old"));
    let mut followed = Followed::new(
        new.clone(),
        Some(old),
        Answers::AsHeld,
        Service::Flagsmith,
        (Timestamp(SENT), Timestamp(HELD)),
    );
    let first = sighting(1_000, part("p2", new), Shown::Unread);
    assert_eq!(followed.held(&first), Showing::Change);
    assert!(followed.is_known_whole());
    followed
}

#[test]
fn a_reading_shows_the_change_what_is_newer_or_what_was_before() {
    let mut followed = followed();
    let hers = sighting(20_000, part("p3", content(true, "hers")), Shown::Unread);
    assert_eq!(followed.held(&hers), Showing::Newer);
    let (new, old) = (|| content(true, "new"), || content(true, "old"));
    let rows = [
        ("its document", part("p2", new()), Shown::Unread, Showing::Change),
        (
            "document and answer",
            part("p2", new()),
            answer(true, "new"),
            Showing::Change,
        ),
        (
            "the answer alone",
            Shown::Unread,
            answer(true, "new"),
            Showing::Change,
        ),
        // A proxy may answer from a cache of its own.
        (
            "a cached answer",
            part("p2", new()),
            answer(true, "old"),
            Showing::Other,
        ),
        // An override of the flag still is another one.
        (
            "an older override",
            part("p1", new()),
            answer(true, "new"),
            Showing::Other,
        ),
        (
            "what was before",
            part("p1", old()),
            answer(true, "old"),
            Showing::Other,
        ),
        ("off", Shown::Unread, answer(false, "new"), Showing::Other),
        ("left out", Shown::Unread, Shown::Absent, Showing::Other),
        (
            "a document without it",
            Shown::Absent,
            Shown::Unread,
            Showing::Other,
        ),
        (
            "hers",
            part("p3", content(true, "hers")),
            answer(true, "hers"),
            Showing::Newer,
        ),
        ("her answer", Shown::Unread, answer(true, "hers"), Showing::Newer),
        ("nothing", Shown::Unread, Shown::Unread, Showing::Nothing),
    ];
    for (name, held, answer, expected) in rows {
        let found = followed.seen(&sighting(21_000, held.clone(), answer.clone()));
        assert_eq!(found, expected, "{name}");
        let before = followed.seen(&sighting(-1, held, answer));
        assert_eq!(before, Showing::Nothing, "{name}, read before it was published");
    }
}

#[test]
fn what_is_published_next_is_newer_at_once() {
    let mut followed = followed();
    let next = sighting(2_000, part("p3", content(false, "new")), answer(false, "new"));
    assert_eq!(followed.seen(&next), Showing::Other);
    followed.followed_by(content(true, "new"));
    assert_eq!(
        followed.seen(&next),
        Showing::Other,
        "the same again is not newer"
    );
    followed.followed_by(content(false, "new"));
    assert_eq!(followed.seen(&next), Showing::Newer);
}

#[test]
fn what_is_off_may_be_left_out() {
    let off = Followed::new(
        content(false, "v"),
        None,
        Answers::AsHeld,
        Service::Flagsmith,
        (Timestamp(SENT), Timestamp(HELD)),
    );
    let left_out = sighting(1_000, Shown::Unread, Shown::Absent);
    assert_eq!(off.seen(&left_out), Showing::Change);
}

#[test]
fn the_admin_api_is_believed_once_it_surely_held_the_change() {
    let (old, hers) = (|| content(true, "old"), || content(true, "hers"));
    for (after, held, expected) in [
        (399, part("p1", old()), Showing::Other),
        // A copy of the database may be behind for a moment …
        (5_399, part("p1", old()), Showing::Other),
        // … and then it is somebody who went back.
        (5_400, part("p1", old()), Showing::Newer),
        (399, part("p3", hers()), Showing::Other),
        (400, part("p3", hers()), Showing::Newer),
        (400, part("p2b", content(true, "new")), Showing::Newer),
        (400, Shown::Absent, Showing::Other),
        (400, Shown::Unread, Showing::Nothing),
    ] {
        let found = followed().held(&sighting(after, held.clone(), Shown::Unread));
        assert_eq!(found, expected, "{held:?} after {after}");
    }
    for (after, listed, expected) in [
        (-1, Shown::As(hers()), Showing::Nothing),
        (0, Shown::As(content(true, "new")), Showing::Change),
        (399, Shown::As(hers()), Showing::Other),
        (400, Shown::As(hers()), Showing::Newer),
        (5_399, Shown::As(old()), Showing::Other),
        (5_400, Shown::As(old()), Showing::Newer),
        (400, Shown::Absent, Showing::Newer),
        (400, Shown::Unread, Showing::Nothing),
    ] {
        let found = followed().listed(Timestamp(SENT + after), &listed);
        assert_eq!(found, expected, "{listed:?} after {after}");
    }
}

#[test]
fn a_document_that_never_had_the_change_proves_nothing() {
    let mut followed = Followed::new(
        content(true, "new"),
        Some(content(true, "old")),
        Answers::AsHeld,
        Service::Flagsmith,
        (Timestamp(SENT), Timestamp(HELD)),
    );
    let stuck = |after| sighting(after, part("p0", content(true, "older")), Shown::Unread);
    for after in [1_000, 60_000, 500_000] {
        assert_eq!(followed.held(&stuck(after)), Showing::Other);
        assert_eq!(followed.seen(&stuck(after)), Showing::Other);
    }
    // What the lists hold is another matter.
    let listed = followed.listed(Timestamp(SENT + 9_000), &Shown::As(content(true, "older")));
    assert_eq!(listed, Showing::Newer);
    assert_eq!(followed.seen(&stuck(9_000)), Showing::Newer);
}

#[test]
fn a_document_stamped_later_is_not_from_before() {
    let mut followed = followed();
    let strange = |told: i64| Sighting {
        document_updated_at: Some(Timestamp(told)),
        ..sighting(9_000, part("p7", content(true, "unseen")), Shown::Unread)
    };
    assert_eq!(
        followed.seen(&strange(SENT + 7_000)),
        Showing::Other,
        "stamps may still move"
    );
    followed.held(&sighting(8_000, part("p2", content(true, "new")), Shown::Unread));
    assert_eq!(followed.seen(&strange(SENT + 7_000)), Showing::Newer);
    assert_eq!(followed.seen(&strange(SENT)), Showing::Other);
}

#[test]
fn values_alone_are_false_while_off() {
    for (enabled, value, told, expected) in [
        (true, json!("a"), json!("a"), Showing::Change),
        (true, json!("a"), json!(false), Showing::Other),
        (false, json!("a"), json!(false), Showing::Change),
        (false, json!("a"), json!("a"), Showing::Other),
        (true, Value::Null, json!(false), Showing::Change),
    ] {
        let content = Content {
            enabled,
            value: FlagValue(value),
        };
        let followed = Followed::new(
            content,
            None,
            Answers::ValueOrFalse,
            Service::Flagsmith,
            (Timestamp(SENT), Timestamp(HELD)),
        );
        let told = Shown::As(Answer {
            enabled: None,
            value: FlagValue(told),
        });
        assert_eq!(followed.seen(&sighting(1_000, Shown::Unread, told)), expected);
    }
}

#[test]
fn answers_are_foretold_only_where_they_can_be() {
    let mut flag = Flag {
        key: FlagKey("a".into()),
        remote_id: "1".into(),
        description: None,
        kind: FlagKind::Standard,
        tags: Vec::new(),
        owners: Vec::new(),
        archived: false,
        server_only: false,
        created_at: None,
        identity_overrides: None,
        notes: Vec::new(),
        state: FlagState::plain(true, FlagValue(json!("a"))),
    };
    let both = |flag: &Flag| {
        (
            Answers::of(flag, Service::Flagsmith),
            Answers::of(flag, Service::EdgeFlags),
        )
    };
    assert_eq!(both(&flag), (Answers::AsHeld, Answers::ValueOrFalse));
    for (targeting, edgeflags) in [
        (json!({"rules": []}), Answers::ValueOrFalse),
        (json!({"rules": [{"value": 1}]}), Answers::Untold),
        (json!({"rollout": {"percentage": 5}}), Answers::Untold),
    ] {
        flag.state.targeting = Some(targeting);
        assert_eq!(both(&flag).1, edgeflags);
    }
    flag.state.targeting = None;
    flag.server_only = true;
    flag.notes.push(FlagNote::BaseDisabled);
    assert_eq!(both(&flag), (Answers::Untold, Answers::Untold));
}

#[test]
fn a_part_is_all_that_a_document_says_about_the_flag() {
    let document = || {
        json!({
            "updated_at": "1", "feature_states": [
                {"feature": {"name": "a"}, "enabled": true, "feature_state_value": "1",
                 "multivariate_feature_state_values": [{"percentage_allocation": 25.0}]},
                {"feature": {"name": "b"}, "enabled": false, "feature_state_value": null},
            ],
            "project": {"segments": [
                {"id": 1, "rules": [], "feature_states": [{"feature": {"name": "a"}, "enabled": false}]},
                {"id": 2, "rules": [], "feature_states": [{"feature": {"name": "b"}, "enabled": false}]},
            ]},
            "identity_overrides": [{"identifier": "ada", "identity_uuid": "u",
                "identity_features": [{"feature": {"name": "a"}, "enabled": true}]}],
        })
    };
    let key = FlagKey("a".into());
    let of = |document: &Value| flag_part(document, &key);
    let whole = of(&document()).unwrap();
    assert_eq!(whole.content, content(true, "1"));
    type Edit = fn(&mut Value);
    let edits: [(bool, Edit); 9] = [
        (false, |d| d["updated_at"] = json!("2")),
        (false, |d| d["feature_states"][1]["enabled"] = json!(true)),
        (false, |d| {
            d["project"]["segments"][1]["feature_states"][0]["enabled"] = json!(true);
        }),
        (false, |d| {
            d["identity_overrides"][0]["identity_uuid"] = json!("v");
        }),
        (true, |d| d["feature_states"][0]["enabled"] = json!(false)),
        (true, |d| {
            d["feature_states"][0]["multivariate_feature_state_values"][0]["percentage_allocation"] =
                json!(26);
        }),
        (true, |d| {
            d["project"]["segments"][0]["feature_states"][0]["enabled"] = json!(true);
        }),
        (true, |d| d["project"]["segments"][0]["id"] = json!(3)),
        (true, |d| {
            d["identity_overrides"][0]["identity_features"] = json!([]);
        }),
    ];
    for (number, (counts, edit)) in edits.into_iter().enumerate() {
        let mut edited = document();
        edit(&mut edited);
        assert_eq!(
            of(&edited).unwrap().digest != whole.digest,
            counts,
            "edit {number}"
        );
    }
    assert_eq!(flag_part(&document(), &FlagKey("c".into())), None);
    assert_eq!(flag_part(&json!("no document"), &key), None);
}

fn proxy_rule() -> (Endpoint, Surface, SurfaceRule) {
    let endpoint = Endpoint::Flagsmith(FlagsmithEndpoint {
        admin_base: "https://flags.example/api/v1/".into(),
        flags_base: None,
        edge_proxies: vec![EdgeProxy::at("p")],
        auth: FlagsmithAuth::UserToken,
        ca_bundle: None,
    });
    let surface = Surface::EdgeProxy("p".into());
    let rule = SurfaceRule::of(&surface, &endpoint, 15_000);
    (endpoint, surface, rule)
}

fn failing(kind: FailingKind) -> SurfaceRecord {
    let mut record = SurfaceRecord::default();
    record.failed(Timestamp(SENT), kind, "no".into(), None);
    record
}

fn heartbeat(ready: bool, told: Option<i64>) -> SurfaceRecord {
    let mut record = SurfaceRecord::default();
    let reading = |at| HeartbeatReading {
        at: Timestamp(at),
        ready,
        reason: Some("stale".into()),
        told: told.map(Timestamp),
        zone_unknown: false,
    };
    record.told_heartbeat(reading(SENT), Some(40_000));
    record
}

#[test]
fn a_lane_that_is_not_served_has_a_state_and_a_cause() {
    let (endpoint, surface, rule) = proxy_rule();
    let served = || heartbeat(true, Some(SENT));
    let sentence = || "no".to_owned();
    let rows = [
        (
            9,
            served(),
            None,
            LaneState::Waiting,
            Some(LaneCause::PollNotOver { poll_seconds: 10 }),
        ),
        (11, served(), None, LaneState::Waiting, None),
        (11, served(), Some(37), LaneState::Waiting, None),
        (
            40,
            served(),
            None,
            LaneState::Late,
            Some(LaneCause::NotModifiedLate),
        ),
        (81, served(), None, LaneState::Late, Some(LaneCause::Frozen)),
        (81, served(), Some(0), LaneState::Late, Some(LaneCause::Frozen)),
        (
            81,
            served(),
            Some(37),
            LaneState::Late,
            Some(LaneCause::Queue { waiting: 37 }),
        ),
        (
            5,
            failing(FailingKind::Unreachable),
            None,
            LaneState::Unreachable,
            Some(LaneCause::Failing {
                since: Timestamp(SENT),
                sentence: sentence(),
            }),
        ),
        (
            50,
            failing(FailingKind::Fault),
            None,
            LaneState::Unreachable,
            Some(LaneCause::Failing {
                since: Timestamp(SENT),
                sentence: sentence(),
            }),
        ),
        (
            39,
            failing(FailingKind::Refused),
            None,
            LaneState::Waiting,
            Some(LaneCause::Refused { sentence: sentence() }),
        ),
        (
            40,
            failing(FailingKind::Refused),
            None,
            LaneState::Late,
            Some(LaneCause::Refused { sentence: sentence() }),
        ),
        (
            50,
            heartbeat(false, None),
            None,
            LaneState::Late,
            Some(LaneCause::NeverPassed),
        ),
    ];
    for (seconds, record, queue, state, cause) in rows {
        let facts = LaneFacts {
            published_at: Timestamp(SENT),
            rule,
            proxy: endpoint.edge_proxies().first(),
            record: &record,
            reference: None,
            queue,
        };
        let mut lane = Lane::to(surface.clone());
        lane.judge(facts, Timestamp(SENT + seconds * 1_000));
        assert_eq!(
            (lane.state, lane.cause),
            (state, cause),
            "after {seconds} s: {record:?}"
        );
    }
}

#[test]
fn times_are_from_publishing_to_the_reading_that_showed_it() {
    let read = |lane: &mut Lane, showing, at: i64| {
        lane.showed(
            showing,
            Timestamp(SENT),
            Timestamp(SENT + at),
            Timestamp(SENT + at + 30),
        );
    };
    for (showing, state) in [
        (Showing::Change, LaneState::Served),
        (Showing::Newer, LaneState::Overtaken),
    ] {
        let mut lane = Lane::to(Surface::FlagsApi);
        read(&mut lane, Showing::Nothing, 500);
        assert_eq!(lane, Lane::to(Surface::FlagsApi));
        read(&mut lane, Showing::Other, 1_000);
        read(&mut lane, Showing::Other, 2_000);
        assert!(!lane.is_over());
        read(&mut lane, showing, 4_000);
        // What comes later changes nothing any more.
        read(&mut lane, Showing::Other, 9_000);
        read(&mut lane, Showing::Newer, 9_500);
        assert!(lane.is_over());
        assert_eq!(
            (lane.state, lane.took_millis, lane.without_millis),
            (state, Some(4_030), Some(2_000))
        );
        assert_eq!(lane.read_at, Some(Timestamp(SENT + 4_030)));
    }
}
