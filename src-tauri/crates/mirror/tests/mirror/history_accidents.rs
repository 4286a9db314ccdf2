//! Killed while the history is written and pruned, without room for it, and with bits of it flipped.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use halyard_mirror::{Mirror, MirrorError, MomentFilter};
use halyard_model::{FlagValue, Moment, Retention, Snapshot, Timestamp};
use serde_json::json;
use sqlx::Connection as _;

use crate::full::SmallDisk;
use crate::killed::Random;
use crate::samples::{flag, furnish, id, key, open_ready, raw, snapshot};

const DIRECTORY: &str = "HALYARD_TEST_HISTORY_KILLED";
pub(crate) const DAY: i64 = 24 * 3_600_000;
const KILLS: u32 = 25;

/// The environment of a day; all of it follows from the number.
pub(crate) fn day(number: i64) -> Snapshot {
    let value = |index: i64| {
        if index == number % 7 {
            number
        } else {
            number / 7 * 7
        }
    };
    let names: Vec<String> = (0..7).map(|index| format!("flag_{index}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut snapshot = snapshot("staging", &names, number * DAY);
    let states: Vec<_> = (0..7)
        .map(|index| json!({"feature": {"name": format!("flag_{index}")}, "v": format!("{} ", value(index)).repeat(40)}))
        .collect();
    let segments =
        json!([{"id": 1, "name": "s", "feature_states": [{"feature": {"name": "flag_4"}, "v": number / 3}]}]);
    snapshot.document = json!({"name": "x", "feature_states": states, "project": {"segments": segments},
        "identity_overrides": [{"identifier": "u", "number": number / 5}]})
    .to_string();
    for (index, flag) in (0..).zip(&mut snapshot.flags) {
        flag.state.value = FlagValue(json!(value(index)));
    }
    snapshot
}

async fn timeline(mirror: &Mirror) -> Vec<Moment> {
    let filter = MomentFilter {
        limit: 10_000,
        ..MomentFilter::default()
    };
    let mut moments = mirror.moments(&filter).await.unwrap();
    moments.reverse();
    moments
}

/// Each moment is the day that it was first seen on; gives the last day.
async fn expect_whole(mirror: &Mirror) -> i64 {
    assert_eq!(mirror.check_history().await.unwrap(), []);
    let moments = timeline(mirror).await;
    for moment in &moments {
        let opened = mirror.open_moment(moment.id).await.unwrap().unwrap();
        let expected = day(moment.first_seen.0 / DAY);
        assert_eq!(opened.damaged, []);
        assert_eq!(opened.snapshot.document, expected.document);
        assert_eq!(opened.snapshot.flags, expected.flags);
    }
    for pair in moments.windows(2) {
        assert_eq!(pair[1].before, Some(pair[0].last_seen));
    }
    moments.last().map_or(0, |moment| moment.first_seen.0 / DAY)
}

/// Run again by the test below, and killed.
#[tokio::test]
#[ignore = "a part of another test"]
async fn write_and_prune_until_killed() {
    let Ok(directory) = std::env::var(DIRECTORY) else {
        println!("skipped: nothing of its own");
        return;
    };
    let mirror = open_ready(Path::new(&directory)).await;
    furnish(&mirror).await;
    let first = timeline(&mirror)
        .await
        .last()
        .map_or(1, |moment| moment.first_seen.0 / DAY + 1);
    for number in first.. {
        mirror.store_snapshot(&id("shop"), &day(number)).await.unwrap();
        println!("\nwritten {number}");
        if number % 11 == 0 {
            let newest = timeline(&mirror).await.last().unwrap().id;
            mirror.name_moment(newest, Some("eleventh")).await.unwrap();
            println!("\nnamed {number}");
        }
        if number % 9 == 0 {
            let keep = Retention {
                days: Some(20),
                bytes: Some(100_000),
            };
            mirror
                .prune_history(&keep, Timestamp(number * DAY))
                .await
                .unwrap();
        }
    }
}

#[tokio::test]
async fn killed_while_writing_and_pruning_no_moment_is_lost() {
    let directory = tempfile::tempdir().unwrap();
    let mut random = Random::new();
    let mut last = 0;
    let mut named: Vec<i64> = Vec::new();
    for _ in 0..KILLS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--ignored",
                "--exact",
                "history_accidents::write_and_prune_until_killed",
                "--nocapture",
            ])
            .env(DIRECTORY, directory.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut written = 0;
        let mut heard = 0;
        let mut lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
        let wanted = 1 + random.below(15);
        while heard < wanted {
            let line = lines
                .next()
                .expect("the child writes until it is killed")
                .unwrap();
            if let Some(number) = line.strip_prefix("written ") {
                written = number.parse().unwrap();
                heard += 1;
            } else if let Some(number) = line.strip_prefix("named ") {
                named.push(number.parse().unwrap());
            }
        }
        std::thread::sleep(Duration::from_micros(random.below(25_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        let mirror = open_ready(directory.path()).await;
        last = expect_whole(&mirror).await;
        assert!(last >= written, "{written} was written, {last} is there");
        let moments = timeline(&mirror).await;
        let kept = |number: &i64| moments.iter().any(|moment| moment.first_seen.0 == number * DAY);
        assert!(named.iter().all(kept), "{named:?} were named");
        mirror.close().await;
    }
    println!("killed {KILLS} times, {last} days written, {} named", named.len());
}

#[tokio::test]
async fn a_full_disk_costs_no_moment() {
    let directory = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mounted_at(directory.path()) else {
        println!("skipped: a small disk cannot be mounted here");
        return;
    };
    let room = directory.path().join("room");
    std::fs::write(&room, vec![0_u8; 300_000]).unwrap();
    let mirror = open_ready(directory.path()).await;
    furnish(&mirror).await;
    let mut refused = 0;
    let mut stored = 0;
    for number in 1..2_000 {
        let mut snapshot = day(number);
        // What does not compress, in a flag that the expected days have, too.
        let noise: String = (0..9_000_i64)
            .map(|at| format!("{:x}", (number * 7919 + at) * 104_729 % 65_537))
            .collect();
        snapshot.flags.push(flag("noise"));
        snapshot.flags[7].description = Some(noise);
        match mirror.store_snapshot(&id("shop"), &snapshot).await {
            Ok(_) => stored += 1,
            Err(MirrorError::Full) => refused += 1,
            Err(error) => panic!("{number}: {error:?}"),
        }
        if refused == 3 {
            break;
        }
    }
    assert_eq!(refused, 3, "the disk did get full");
    assert_eq!(mirror.check_history().await.unwrap(), []);
    assert_eq!(timeline(&mirror).await.len(), stored);
    std::fs::remove_file(room).unwrap();
    let keep = Retention {
        days: Some(1),
        bytes: None,
    };
    mirror.prune_history(&keep, Timestamp(9_999 * DAY)).await.unwrap();
    mirror
        .store_snapshot(&id("shop"), &day(5_000))
        .await
        .expect("there is room again");
    assert_eq!(expect_last(&mirror).await, day(5_000).document);
    mirror.close().await;
    let mirror = open_ready(directory.path()).await;
    assert_eq!(mirror.check_history().await.unwrap(), []);
    assert_eq!(expect_last(&mirror).await, day(5_000).document);
    mirror.close().await;
    drop(disk);
}

async fn expect_last(mirror: &Mirror) -> String {
    let newest = timeline(mirror).await.pop().unwrap();
    mirror
        .open_moment(newest.id)
        .await
        .unwrap()
        .unwrap()
        .snapshot
        .document
}

/// A statement that flips or loses something, what is then named, and what can still be read.
struct Accident {
    what: &'static str,
    statement: &'static str,
    named: &'static [&'static str],
    /// Flags that are left out of what is read of the moments that are hit.
    lost: &'static [&'static str],
}

const ACCIDENTS: [Accident; 10] = [
    Accident {
        what: "a flipped byte of a flag's record",
        statement:
            "UPDATE bodies SET bytes = CAST(substr(bytes, 1, 20) || x'ff' || substr(bytes, 22) AS BLOB)
            WHERE id = (SELECT body FROM spans WHERE list = 'F' AND key = 'flag_3' AND first = 1)",
        named: &["flag flag_3"],
        lost: &["flag_3"],
    },
    Accident {
        what: "a lost body",
        statement: "DELETE FROM bodies WHERE id = (SELECT body FROM spans WHERE list = 'F' AND key = 'flag_3' AND first = 1)",
        named: &["flag flag_3", "the list of the flags"],
        lost: &["flag_3"],
    },
    Accident {
        what: "a flipped name",
        statement: "UPDATE spans SET key = 'flag_9' WHERE list = 'F' AND key = 'flag_3' AND first = 1",
        named: &["flag flag_9"],
        lost: &["flag_3"],
    },
    Accident {
        what: "a name that is no text any more",
        statement: "UPDATE spans SET key = CAST(x'66ff' AS TEXT) WHERE list = 'F' AND key = 'flag_3' AND first = 1",
        named: &["flag f\u{fffd}", "the list of the flags"],
        lost: &["flag_3"],
    },
    Accident {
        what: "a flipped place",
        statement: "UPDATE spans SET place = place + 131072 WHERE list = 'F' AND key = 'flag_3' AND first = 1",
        named: &["flag flag_3"],
        lost: &["flag_3"],
    },
    Accident {
        what: "a lost part",
        statement: "DELETE FROM spans WHERE list = 'F' AND key = 'flag_3' AND first = 1",
        named: &["the list of the flags"],
        lost: &["flag_3"],
    },
    Accident {
        what: "a part that ends too early",
        statement: "UPDATE spans SET last = first WHERE list = 'F' AND key = 'flag_0' AND first = 1",
        named: &["the list of the flags"],
        lost: &["flag_0"],
    },
    Accident {
        what: "another hash",
        statement: "UPDATE bodies SET hash = x'00112233445566778899aabbccddeeff'
            WHERE id = (SELECT body FROM spans WHERE list = 'F' AND key = 'flag_3' AND first = 1)",
        named: &["flag flag_3"],
        lost: &["flag_3"],
    },
    Accident {
        what: "another time",
        statement: "UPDATE moments SET first_seen = first_seen + 1 WHERE id = 2",
        named: &["what is written about the moment"],
        lost: &[],
    },
    Accident {
        what: "a flipped root",
        statement: "UPDATE moments SET roots = CAST(x'01' || substr(roots, 2) AS BLOB) WHERE id = 2",
        named: &[
            "what is written about the moment",
            "the settings of the environment",
        ],
        lost: &[],
    },
];

#[tokio::test]
async fn what_is_damaged_is_named_and_the_rest_is_read() {
    for accident in ACCIDENTS {
        let directory = tempfile::tempdir().unwrap();
        let mirror = open_ready(directory.path()).await;
        furnish(&mirror).await;
        for number in 7..12 {
            mirror.store_snapshot(&id("shop"), &day(number)).await.unwrap();
        }
        assert_eq!(expect_whole(&mirror).await, 11);
        mirror.close().await;
        let mut database = raw(&directory.path().join("mirror.sqlite")).await;
        sqlx::query("PRAGMA foreign_keys = OFF")
            .execute(&mut database)
            .await
            .unwrap();
        let done = sqlx::query(accident.statement)
            .execute(&mut database)
            .await
            .unwrap();
        assert_eq!(done.rows_affected(), 1, "{}", accident.what);
        database.close().await.unwrap();

        let mirror = open_ready(directory.path()).await;
        expect_named(&mirror, &accident).await;
        mirror.store_snapshot(&id("shop"), &day(12)).await.unwrap();
        mirror.store_snapshot(&id("shop"), &day(20)).await.unwrap();
        let found = mirror
            .moment_at(&id("shop"), &key("staging"), Timestamp(20 * DAY))
            .await
            .unwrap()
            .unwrap();
        let opened = mirror.open_moment(found.id).await.unwrap().unwrap();
        assert_eq!(opened.damaged, [], "{}: what comes later is whole", accident.what);
        assert_eq!(opened.snapshot.flags, day(20).flags, "{}", accident.what);
        mirror.close().await;
    }
}

async fn expect_named(mirror: &Mirror, accident: &Accident) {
    let checked = mirror.check_history().await.unwrap();
    let mut hit = 0;
    for moment in timeline(mirror).await {
        let number = moment.first_seen.0 / DAY;
        let opened = mirror.open_moment(moment.id).await.unwrap().unwrap();
        let expected = day(number);
        let named: Vec<&str> = opened.damaged.iter().map(|part| part.what.as_str()).collect();
        if named.is_empty() {
            assert_eq!(opened.snapshot.flags, expected.flags, "{}", accident.what);
        } else {
            hit += 1;
            // Later states of a flag are kept as differences from the one that is hit.
            let all: Vec<&str> = accident
                .named
                .iter()
                .copied()
                .filter(|name| hit == 1 || named.contains(name))
                .collect();
            assert_eq!(named, all, "{}", accident.what);
            let left: Vec<_> = expected
                .flags
                .into_iter()
                .filter(|flag| !accident.lost.contains(&flag.key.0.as_str()))
                .collect();
            assert_eq!(opened.snapshot.flags, left, "{}", accident.what);
            for part in &opened.damaged {
                let what = |other: &halyard_mirror::DamagedPart| {
                    other.what == part.what && other.moment <= moment.id
                };
                assert!(checked.iter().any(what), "{}: {checked:?}", accident.what);
            }
        }
        assert_eq!(opened.snapshot.document, expected.document, "{}", accident.what);
    }
    assert!(hit > 0, "{} is noticed", accident.what);
}

/// The document's own parts: a lost flag, override, segment or envelope leaves the rest of it.
#[tokio::test]
async fn a_document_is_put_together_without_what_is_damaged() {
    for (list, what, left) in [
        ("f", "flag flag_3", "feature_states"),
        ("o/1", "flag flag_4 for segment 1", "project"),
        ("s", "segment s", "project"),
        ("i", "identity u", "identity_overrides"),
        ("e", "the settings of the environment", "name"),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let mirror = open_ready(directory.path()).await;
        furnish(&mirror).await;
        mirror.store_snapshot(&id("shop"), &day(4)).await.unwrap();
        mirror.close().await;
        let mut database = raw(&directory.path().join("mirror.sqlite")).await;
        let done = sqlx::query(
            "UPDATE bodies SET bytes = CAST(substr(bytes, 1, length(bytes) - 1) || x'07' AS BLOB)
             WHERE id = (SELECT body FROM spans WHERE list = ? ORDER BY key = 'flag_3' DESC LIMIT 1)",
        )
        .bind(list)
        .execute(&mut database)
        .await
        .unwrap();
        assert_eq!(done.rows_affected(), 1);
        database.close().await.unwrap();
        let mirror = open_ready(directory.path()).await;
        let moment = timeline(&mirror).await.pop().unwrap();
        let opened = mirror.open_moment(moment.id).await.unwrap().unwrap();
        let named: Vec<_> = opened.damaged.iter().map(|part| part.what.as_str()).collect();
        assert_eq!(named, [what]);
        let read: serde_json::Value = serde_json::from_str(&opened.snapshot.document).unwrap();
        let whole: serde_json::Value = serde_json::from_str(&day(4).document).unwrap();
        for (name, value) in whole.as_object().unwrap() {
            assert_eq!(read.get(name) == Some(value), name != left, "{what}: {name}");
        }
        mirror.close().await;
    }
}
