//! One row for each class, and one quiet hour that is none of them.

use halyard_model::Timestamp;
use halyard_provider::{BudgetClass, Failure, FailureKind, Stage, Urgency};

use super::{Behind, Gravity, QueueSeen, Seen, warnings};
use crate::{ExchangeFacts, ExchangeId, ExchangeOutcome};

const NOW: Timestamp = Timestamp(1_795_000_000_000);
const CORE: &str = "https://api.flagsmith.com";
const EDGE: &str = "https://edge.api.flagsmith.com";

/// A request that went well, so many seconds ago.
fn request(class: BudgetClass, seconds_ago: i64) -> ExchangeFacts {
    let (origin, path) = match class {
        BudgetClass::FlagsApi => (EDGE, "/api/v1/flags/"),
        _ => (CORE, "/api/v1/projects/12/features/"),
    };
    ExchangeFacts {
        id: ExchangeId(0),
        connection: None,
        class,
        origin: origin.into(),
        method: "GET".into(),
        path: path.into(),
        at: NOW.plus_millis(-seconds_ago * 1_000),
        urgency: Urgency::Background,
        waited_millis: 0,
        took_millis: 120,
        attempt: 1,
        status: Some(200),
        outcome: ExchangeOutcome::Done,
        bytes: 400,
        failure: None,
        budget_left: None,
        request_id: None,
        server_version: Some("2.265.0".into()),
        clock_ahead_millis: None,
    }
}

fn answered(mut row: ExchangeFacts, status: u16) -> ExchangeFacts {
    row.status = Some(status);
    row.outcome = ExchangeOutcome::of(Some(status), None);
    row
}

fn broken(mut row: ExchangeFacts, stage: Stage) -> ExchangeFacts {
    let failure = Failure::new(FailureKind::Unreachable(stage), "No answer.");
    row.outcome = ExchangeOutcome::of(None, Some(&failure.kind));
    row.status = None;
    row.server_version = None;
    row.failure = Some(failure);
    row
}

/// An hour in which all is well: a request to each surface every half minute,
/// the newest first.
fn quiet() -> Seen {
    let rows = (0..120).flat_map(|half_minute| {
        [BudgetClass::FlagsApi, BudgetClass::Admin].map(|class| request(class, half_minute * 30 + 5))
    });
    Seen {
        now: NOW,
        hosted: true,
        requests: rows.collect(),
        document_bytes: Some(200_000),
        queue: Some(QueueSeen {
            waiting: 3,
            draining: Some(false),
        }),
        healthy: Some(true),
        plan_told: Some(true),
        ..Seen::default()
    }
}

fn is(row: &ExchangeFacts, class: BudgetClass, within_seconds: i64) -> bool {
    row.class == class && NOW.millis_since(row.at) < within_seconds * 1_000
}

/// Changes the requests to a surface within the last so many seconds.
fn with(
    mut seen: Seen,
    class: BudgetClass,
    within_seconds: i64,
    change: impl Fn(ExchangeFacts) -> ExchangeFacts,
) -> Seen {
    let rows = std::mem::take(&mut seen.requests).into_iter();
    let changed = rows.map(|row| match is(&row, class, within_seconds) {
        true => change(row),
        false => row,
    });
    seen.requests = changed.collect();
    seen
}

fn slow(millis: u64) -> impl Fn(ExchangeFacts) -> ExchangeFacts {
    move |row| ExchangeFacts {
        took_millis: millis,
        ..row
    }
}

const ADMIN: BudgetClass = BudgetClass::Admin;
const FLAGS: BudgetClass = BudgetClass::FlagsApi;

/// What makes each class, and what it looks like just before it is one.
fn rows() -> Vec<(u8, Gravity, Seen, Seen)> {
    let behind = |seconds: &[i64]| {
        let since = seconds.iter().map(|ago| Behind {
            since: NOW.plus_millis(-ago * 1_000),
        });
        Seen {
            behind: since.collect(),
            ..quiet()
        }
    };
    let queue = |waiting, draining| Seen {
        queue: Some(QueueSeen { waiting, draining }),
        ..quiet()
    };
    let sized = |bytes| Seen {
        document_bytes: Some(bytes),
        ..quiet()
    };
    let versioned = |within| {
        with(quiet(), ADMIN, within, |row| ExchangeFacts {
            server_version: Some("2.266.0".into()),
            ..row
        })
    };
    let mut lied = with(quiet(), FLAGS, 600, |row| answered(row, 500));
    lied.requests.insert(
        0,
        ExchangeFacts {
            path: "/health".into(),
            ..request(ADMIN, 1)
        },
    );
    let mut told = lied.clone();
    told.requests[0] = answered(told.requests[0].clone(), 500);
    let nth = |place: usize, status| {
        let mut seen = quiet();
        seen.requests[place] = answered(seen.requests[place].clone(), status);
        seen
    };
    let mut sporadic = nth(41, 502);
    sporadic.requests[91] = answered(sporadic.requests[91].clone(), 502);
    vec![
        (1, Gravity::Danger, behind(&[130, 300]), behind(&[130])),
        (1, Gravity::Warning, behind(&[40, 60]), behind(&[])),
        (2, Gravity::Warning, sized(838_861), sized(838_860)),
        (
            4,
            Gravity::Note,
            Seen {
                empty_traits: vec!["Lena".into()],
                ..quiet()
            },
            quiet(),
        ),
        (
            6,
            Gravity::Warning,
            with(quiet(), ADMIN, 240, |row| answered(row, 500)),
            with(quiet(), ADMIN, 40, |row| answered(row, 500)),
        ),
        (
            7,
            Gravity::Note,
            only_admin(versioned(300)),
            only_admin(versioned(0)),
        ),
        (8, Gravity::Warning, lied, told),
        (
            11,
            Gravity::Warning,
            with(quiet(), ADMIN, 600, slow(2_400)),
            with(quiet(), ADMIN, 600, slow(1_900)),
        ),
        (
            12,
            Gravity::Warning,
            with(quiet(), FLAGS, 100, |row| broken(row, Stage::Connect)),
            with(quiet(), FLAGS, 40, |row| broken(row, Stage::Connect)),
        ),
        (
            13,
            Gravity::Danger,
            with(quiet(), FLAGS, 60, |row| broken(row, Stage::Name)),
            with(
                with(quiet(), FLAGS, 60, |row| broken(row, Stage::Name)),
                ADMIN,
                60,
                |row| broken(row, Stage::Name),
            ),
        ),
        (14, Gravity::Warning, sporadic, nth(41, 502)),
        (
            15,
            Gravity::Warning,
            with(quiet(), FLAGS, 600, slow(1_200)),
            with(quiet(), FLAGS, 600, slow(900)),
        ),
        (
            17,
            Gravity::Warning,
            with(quiet(), ADMIN, 40, |row| answered(row, 403)),
            with(quiet(), ADMIN, 3_700, |row| answered(row, 403)),
        ),
        (
            18,
            Gravity::Note,
            Seen {
                plan_told: Some(false),
                ..quiet()
            },
            Seen {
                plan_told: Some(false),
                hosted: false,
                ..quiet()
            },
        ),
        (
            19,
            Gravity::Note,
            with(quiet(), ADMIN, 600, slow(7_000)),
            with(
                with(quiet(), ADMIN, 3_700, slow(7_000)),
                FLAGS,
                3_700,
                slow(7_000),
            ),
        ),
        (
            20,
            Gravity::Warning,
            queue(4_000, Some(false)),
            queue(4_000, Some(true)),
        ),
    ]
}

/// Without the requests to the Flags API.
fn only_admin(mut seen: Seen) -> Seen {
    seen.requests.retain(|row| row.class == ADMIN);
    seen
}

fn classes(seen: &Seen) -> Vec<u8> {
    warnings(seen)
        .into_iter()
        .map(|warning| warning.sign.class())
        .collect()
}

#[test]
fn a_quiet_healthy_hour_gives_no_warning() {
    assert_eq!(warnings(&quiet()), []);
    let unknown = Seen {
        now: NOW,
        ..Seen::default()
    };
    assert_eq!(warnings(&unknown), [], "nothing known is nothing wrong");
}

#[test]
fn each_class_is_seen_and_not_before_it_is_one() {
    for (class, gravity, seen, not_yet) in rows() {
        let found = warnings(&seen);
        let this: Vec<_> = found.iter().filter(|one| one.sign.class() == class).collect();
        assert_eq!(this.len(), 1, "{class}: {found:?}");
        assert_eq!(this[0].gravity, gravity, "{class}");
        assert_eq!(found.len(), 1, "{class} is told as one thing: {found:?}");
        assert!(!classes(&not_yet).contains(&class), "{class} came too early");
    }
}

#[test]
fn a_new_version_is_graver_with_faults_and_when_two_answer_in_turn() {
    let turned = |row: ExchangeFacts| {
        let newer = row.at.0 / 30_000 % 2 == 0;
        ExchangeFacts {
            server_version: newer.then(|| "2.266.0".into()).or(row.server_version),
            ..row
        }
    };
    let in_turn = warnings(&only_admin(with(quiet(), ADMIN, 300, turned)));
    assert_eq!(in_turn[0].gravity, Gravity::Warning);
    let failing = with(quiet(), ADMIN, 100, |row| {
        answered(
            ExchangeFacts {
                server_version: Some("2.266.0".into()),
                ..row
            },
            502,
        )
    });
    let failing = warnings(&only_admin(failing));
    assert!(
        failing
            .iter()
            .any(|one| one.sign.class() == 7 && one.gravity == Gravity::Warning)
    );
}

#[test]
fn servers_of_two_releases_are_no_change_of_version() {
    let versioned = |seen: Seen, class, origin: &'static str, version: &'static str| {
        with(seen, class, 3_600, |row| ExchangeFacts {
            origin: origin.to_owned(),
            server_version: Some(version.to_owned()),
            ..row
        })
    };
    let seen = versioned(quiet(), ADMIN, "https://admin.test", "2.265.0");
    let seen = versioned(seen, FLAGS, "https://flags.test", "v2.190.0");
    assert_eq!(classes(&seen), [] as [u8; 0]);
}

#[test]
fn an_hour_without_a_network_is_no_fault_of_the_document() {
    let seen = Seen {
        document_bytes: Some(2_000_000),
        ..quiet()
    };
    let asked = |row: ExchangeFacts| ExchangeFacts {
        path: "/api/v1/environment-document/".to_owned(),
        ..row
    };
    let sized = |seen: &Seen| {
        warnings(seen)
            .into_iter()
            .find(|one| one.sign.class() == 2)
            .unwrap()
            .gravity
    };
    let silent = with(seen.clone(), ADMIN, 60, |row| broken(asked(row), Stage::Name));
    assert_eq!(sized(&silent), Gravity::Warning);
    let late = with(seen, ADMIN, 60, |row| broken(asked(row), Stage::Timeout));
    assert_eq!(sized(&late), Gravity::Danger);
}

#[test]
fn the_gravest_comes_first() {
    let mut seen = rows().swap_remove(0).2;
    seen.empty_traits = vec!["Lena".into()];
    seen.document_bytes = Some(900_000);
    assert_eq!(classes(&seen), [1, 2, 4]);
}

#[test]
fn the_docs_explain_every_class_and_why_the_others_are_not_told() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../docs/health.md");
    let docs = std::fs::read_to_string(path).unwrap();
    let (told, untold) = docs.split_once("These cannot be told").unwrap();
    let rules: Vec<u8> = rows().into_iter().map(|(class, ..)| class).collect();
    for class in 1..=20 {
        let row = format!("\n| {class} | ");
        let is_told = rules.contains(&class);
        assert_eq!(told.contains(&row), is_told, "{class}");
        assert_eq!(untold.contains(&row), !is_told, "{class}");
    }
}
