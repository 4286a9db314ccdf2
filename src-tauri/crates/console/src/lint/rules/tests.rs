//! Small environments and what is doubtful about them.

use std::collections::BTreeMap;

use halyard_model::{
    FlagKind, FlagValue, IdentityState, SegmentKey, SegmentOverride, Service, Timestamp, Variant,
};
use serde_json::{Value, json};

use super::*;
use crate::{LimitKind, LimitSource, LimitTrend};

const NOW: Timestamp = Timestamp(1_000 * DAY);

/// A project in small. Flags are on with the value `"a"` unless said otherwise,
/// and were last seen to change 100 days ago.
#[derive(Default)]
struct World {
    here: Vec<Flag>,
    elsewhere: Vec<Elsewhere>,
    partly: bool,
    segments: Option<Vec<KnownSegment>>,
    identities: Vec<IdentityOverride>,
    limits: Vec<LimitFacts>,
    edgeflags: bool,
    /// Days since each flag was seen to change; nothing known where there is none.
    days: Option<i64>,
    /// After how many it counts as left alone; ninety where it is none.
    long: Option<u32>,
}

fn flag(key: &str) -> Flag {
    Flag {
        key: FlagKey(key.to_owned()),
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
    }
}

fn with(mut flag: Flag, change: impl FnOnce(&mut Flag)) -> Flag {
    change(&mut flag);
    flag
}

fn own(segment: &str, enabled: bool, value: Value) -> SegmentOverride {
    SegmentOverride {
        segment_id: segment.to_owned(),
        segment_name: segment.to_owned(),
        priority: None,
        enabled,
        value: FlagValue(value),
        variants: Vec::new(),
    }
}

fn option(id: &str, weight: f64) -> Variant {
    Variant {
        id: id.to_owned(),
        key: None,
        value: FlagValue(json!(id)),
        weight,
    }
}

fn place(name: &str, flags: Vec<Flag>) -> Elsewhere {
    Elsewhere {
        name: name.to_owned(),
        flags: flags
            .into_iter()
            .map(|flag| (flag.key.clone(), flag))
            .collect::<BTreeMap<_, _>>(),
    }
}

fn segment(name: &str, is_used: bool) -> KnownSegment {
    KnownSegment {
        key: SegmentKey(name.to_owned()),
        name: name.to_owned(),
        is_used,
    }
}

fn identity(flag: &str, identity: &str, enabled: bool, value: Value) -> IdentityOverride {
    IdentityOverride {
        flag: FlagKey(flag.to_owned()),
        identity: identity.to_owned(),
        state: IdentityState {
            enabled,
            value: FlagValue(value),
            variants: Vec::new(),
        },
    }
}

fn limit(used: u64, allowed: u64, before: Option<u64>) -> LimitFacts {
    LimitFacts {
        kind: LimitKind::Flags,
        used: Some(used),
        as_of: Some(NOW),
        limit: Some(allowed),
        source: LimitSource::Documented,
        heaviest: Vec::new(),
        trend: before.map(|before| LimitTrend { before, days: 7 }),
    }
}

/// Each doubt in a word and what it is about.
fn told(world: &World) -> Vec<String> {
    let days = world.days;
    let facts = Facts {
        service: match world.edgeflags {
            true => Service::EdgeFlags,
            false => Service::Flagsmith,
        },
        here: &world.here,
        elsewhere: &world.elsewhere,
        environments: match world.partly {
            true => Known::Partly,
            false => Known::Whole,
        },
        segments: world.segments.as_deref(),
        identities: &world.identities,
        findings: &[],
        limits: &world.limits,
        unchanged_since: &|_| days.map(|days| Timestamp(NOW.0 - days * DAY)),
        now: NOW,
        days: world.long.unwrap_or(90),
    };
    doubts(&facts).iter().map(word).collect()
}

fn word(doubt: &Doubt) -> String {
    match doubt {
        Doubt::OverrideLikeDefault { flag, name, .. } => format!("like default: {} for {name}", flag.0),
        Doubt::IdentityLikeDefault { flag, identity } => format!("like default: {} for {identity}", flag.0),
        Doubt::UnusedSegment {
            name, environments, ..
        } => format!("unused in {environments}: {name}"),
        Doubt::WeightsDoNotAddUp { flag, segment, sum } => {
            format!(
                "{sum} %: {}{}",
                flag.0,
                segment
                    .as_deref()
                    .map_or(String::new(), |name| format!(" for {name}"))
            )
        }
        Doubt::TypeDiffers {
            flag,
            here,
            elsewhere,
        } => format!("{} is {here:?}, {elsewhere:?}", flag.0),
        Doubt::ArchivedButOn { flag } => format!("archived and on: {}", flag.0),
        Doubt::RolledOut { flag, .. } => format!("rolled out: {}", flag.0),
        Doubt::OffEverywhere { flag, .. } => format!("off: {}", flag.0),
        Doubt::Unchanged { flag, .. } => format!("unchanged: {}", flag.0),
        Doubt::NearLimit { days_left, .. } => format!("near limit: {days_left:?}"),
        other => format!("{other:?}"),
    }
}

#[test]
fn small_environments_and_what_is_doubtful() {
    let a = || flag("a");
    let off = || with(a(), |a| a.state.enabled = false);
    let worlds: Vec<(&str, World, &[&str])> = vec![
        (
            "nothing",
            World {
                here: vec![a()],
                ..World::default()
            },
            &[],
        ),
        (
            "weights over 100, of the flag and of an override",
            World {
                here: vec![with(a(), |a| {
                    a.state.variants = vec![option("x", 60.0), option("y", 60.0)];
                    a.state.segment_overrides = vec![SegmentOverride {
                        variants: vec![option("x", 100.0), option("y", 1.0)],
                        ..own("s", true, json!("b"))
                    }];
                })],
                ..World::default()
            },
            &["120 %: a", "101 %: a for s"],
        ),
        (
            "weights that floating point does not add up",
            World {
                here: vec![with(a(), |a| {
                    a.state.variants = vec![option("x", 0.1 + 0.2), option("y", 99.7)];
                })],
                ..World::default()
            },
            &[],
        ),
        (
            "a rollout of more than all",
            World {
                here: vec![with(a(), |a| {
                    a.state.targeting = Some(json!({"rollout": {"percentage": 250}}));
                })],
                edgeflags: true,
                ..World::default()
            },
            &["250 %: a"],
        ),
        (
            "another type elsewhere; none and empty text are of no type",
            World {
                here: vec![a()],
                elsewhere: vec![
                    place(
                        "Staging",
                        vec![with(a(), |a| a.state.value = FlagValue(json!(5)))],
                    ),
                    place(
                        "Test",
                        vec![with(a(), |a| a.state.value = FlagValue(json!(null)))],
                    ),
                    place(
                        "Other",
                        vec![with(a(), |a| a.state.value = FlagValue(json!(" ")))],
                    ),
                    place(
                        "JSON",
                        vec![with(a(), |a| a.state.value = FlagValue(json!("{\"a\": 1}")))],
                    ),
                ],
                ..World::default()
            },
            &["a is Text, [(\"Staging\", Number), (\"JSON\", Json)]"],
        ),
        (
            "archived and on, by itself or for a segment",
            World {
                here: vec![
                    with(flag("a"), |a| a.archived = true),
                    with(flag("b"), |b| {
                        b.archived = true;
                        b.state.enabled = false;
                        b.state.segment_overrides = vec![own("s", true, json!("a"))];
                    }),
                    with(flag("c"), |c| {
                        c.archived = true;
                        c.state.enabled = false;
                    }),
                ],
                ..World::default()
            },
            &["archived and on: a", "archived and on: b"],
        ),
        (
            "overrides like the default, from the last one on",
            World {
                here: vec![with(a(), |a| {
                    a.state.segment_overrides = vec![
                        own("shields", true, json!("a")),
                        own("differs", true, json!("b")),
                        own("first", true, json!("a")),
                        own("second", true, json!("a")),
                    ];
                })],
                ..World::default()
            },
            &["like default: a for second", "like default: a for first"],
        ),
        (
            "an override of shares is never like the default",
            World {
                here: vec![with(a(), |a| {
                    a.state.variants = vec![option("x", 50.0)];
                    a.state.segment_overrides = vec![SegmentOverride {
                        variants: vec![option("x", 50.0)],
                        ..own("s", true, json!("a"))
                    }];
                })],
                ..World::default()
            },
            &[],
        ),
        (
            "an override of the one option everybody gets is",
            World {
                here: vec![with(a(), |a| {
                    a.state.variants = vec![option("x", 100.0), option("y", 0.0)];
                    a.state.segment_overrides = vec![SegmentOverride {
                        variants: vec![option("x", 100.0)],
                        ..own("s", true, json!("other"))
                    }];
                })],
                ..World::default()
            },
            &["like default: a for s"],
        ),
        (
            "identities that get what everybody gets",
            World {
                here: vec![
                    a(),
                    with(flag("b"), |b| {
                        b.state.segment_overrides = vec![own("s", false, json!("a"))];
                    }),
                ],
                identities: vec![
                    identity("a", "same", true, json!("a")),
                    identity("a", "off", false, json!("a")),
                    identity("a", "value", true, json!("b")),
                    identity("b", "kept from a segment", true, json!("a")),
                    identity("gone", "unknown flag", true, json!("a")),
                ],
                ..World::default()
            },
            &["like default: a for same"],
        ),
        (
            "segments that nothing names",
            World {
                here: vec![a()],
                elsewhere: vec![place("Staging", vec![a()])],
                segments: Some(vec![segment("used", true), segment("unused", false)]),
                ..World::default()
            },
            &["unused in 2: unused"],
        ),
        (
            "nothing is claimed where the history is short",
            World {
                here: vec![off()],
                days: Some(89),
                ..World::default()
            },
            &[],
        ),
        (
            "how long that is can be set: shorter",
            World {
                here: vec![off()],
                days: Some(30),
                long: Some(30),
                ..World::default()
            },
            &["off: a"],
        ),
        (
            "how long that is can be set: longer",
            World {
                here: vec![off()],
                days: Some(179),
                long: Some(180),
                ..World::default()
            },
            &[],
        ),
        (
            "on for all, alike everywhere, for long",
            World {
                here: vec![a()],
                elsewhere: vec![place("Staging", vec![a()])],
                days: Some(90),
                ..World::default()
            },
            &["rolled out: a"],
        ),
        (
            "otherwise elsewhere, it is only unchanged",
            World {
                here: vec![a()],
                elsewhere: vec![place(
                    "Staging",
                    vec![with(a(), |a| a.state.value = FlagValue(json!("b")))],
                )],
                days: Some(90),
                ..World::default()
            },
            &["unchanged: a"],
        ),
        (
            "where an environment is not mirrored, nothing is said of all of them",
            World {
                here: vec![a(), with(flag("b"), |b| b.state.enabled = false)],
                partly: true,
                days: Some(90),
                ..World::default()
            },
            &["unchanged: a", "unchanged: b"],
        ),
        (
            "off everywhere for long, unless somebody gets it",
            World {
                here: vec![
                    off(),
                    with(flag("b"), |b| {
                        b.state.enabled = false;
                        b.state.segment_overrides = vec![own("s", true, json!("a"))];
                    }),
                ],
                elsewhere: vec![place("Staging", vec![off()])],
                days: Some(500),
                ..World::default()
            },
            &["off: a", "unchanged: b"],
        ),
        (
            "on for all but one identity",
            World {
                here: vec![a()],
                identities: vec![identity("a", "ada", false, json!("a"))],
                days: Some(90),
                ..World::default()
            },
            &["unchanged: a"],
        ),
        (
            "the service knows of a later change",
            World {
                here: vec![with(a(), |a| a.state.updated_at = Some(Timestamp(NOW.0 - DAY)))],
                days: Some(500),
                ..World::default()
            },
            &[],
        ),
        (
            "archived flags are no news",
            World {
                here: vec![with(off(), |a| a.archived = true)],
                days: Some(500),
                ..World::default()
            },
            &[],
        ),
        (
            "a share is no full rollout",
            World {
                here: vec![
                    with(flag("a"), |a| {
                        a.state.targeting = Some(json!({"rollout": {"percentage": 25}}));
                    }),
                    with(flag("b"), |b| b.state.variants = vec![option("x", 30.0)]),
                    with(flag("c"), |c| c.state.variants = vec![option("x", 100.0)]),
                ],
                days: Some(100),
                ..World::default()
            },
            &["rolled out: c", "unchanged: a", "unchanged: b"],
        ),
        (
            "limits near, reached before long, and far away",
            World {
                limits: vec![
                    limit(800, 1000, None),
                    limit(500, 1000, Some(430)),
                    limit(500, 1000, Some(499)),
                    limit(500, 1000, Some(600)),
                    limit(1000, 1000, Some(900)),
                ],
                ..World::default()
            },
            &["near limit: None", "near limit: Some(50)", "near limit: None"],
        ),
    ];
    for (name, world, expected) in worlds {
        let found = told(&world);
        if name.starts_with("limits") {
            // They have no name to sort by.
            assert_eq!(found.len(), expected.len(), "{name}: {found:?}");
        }
        assert_eq!(found, expected, "{name}");
    }
}
