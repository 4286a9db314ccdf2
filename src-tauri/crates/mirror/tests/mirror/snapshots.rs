//! Snapshots, flags and segments.

use halyard_mirror::{FlagRow, Mirror, SnapshotFacts, Stored};
use halyard_model::{Flag, FlagValue, Snapshot, Timestamp};
use serde_json::json;

use crate::samples::{flag, flag_key, furnished, id, key, snapshot};

async fn store(mirror: &Mirror, snapshot: &Snapshot) -> Stored {
    mirror.store_snapshot(&id("shop"), snapshot).await.unwrap()
}

async fn names(mirror: &Mirror, environment: &str) -> Vec<String> {
    let flags = mirror.flags(&id("shop"), &key(environment)).await.unwrap();
    flags.into_iter().map(|flag| flag.key.0).collect()
}

/// The flag with another value than every snapshot's.
fn moved(name: &str) -> Flag {
    let mut flag = flag(name);
    flag.state.value = FlagValue(json!("moved"));
    flag
}

async fn row(mirror: &Mirror, name: &str) -> FlagRow {
    mirror
        .flag_row(&id("shop"), &key("staging"), &flag_key(name))
        .await
        .unwrap()
        .unwrap()
}

#[tokio::test]
async fn a_snapshot_comes_back_whole() {
    let mirror = furnished().await;
    let (shop, staging) = (id("shop"), key("staging"));
    assert_eq!(mirror.snapshot_facts(&shop, &staging).await.unwrap(), None);
    assert_eq!(mirror.document(&shop, &staging).await.unwrap(), None);

    let stored = snapshot("staging", &["a", "b"], 100);
    assert_eq!(store(&mirror, &stored).await, Stored::Changed);
    assert_eq!(mirror.flags(&shop, &staging).await.unwrap(), stored.flags);
    assert_eq!(mirror.segments(&shop, &staging).await.unwrap(), stored.segments);
    assert_eq!(
        mirror.document(&shop, &staging).await.unwrap().as_ref(),
        Some(&stored.document)
    );
    assert_eq!(
        mirror.flag(&shop, &staging, &flag_key("b")).await.unwrap(),
        Some(flag("b"))
    );
    assert_eq!(mirror.flag(&shop, &staging, &flag_key("c")).await.unwrap(), None);
    assert_eq!(
        mirror.snapshot_facts(&shop, &staging).await.unwrap(),
        Some(SnapshotFacts {
            fetched_at: Timestamp(100),
            document_updated_at: Some(Timestamp(99)),
            flag_count: 2,
            segment_count: 2,
            document_bytes: stored.document.len() as u64,
        })
    );
}

#[tokio::test]
async fn what_vanished_is_gone_and_other_environments_are_left_alone() {
    let mirror = furnished().await;
    store(&mirror, &snapshot("staging", &["a", "b", "c"], 100)).await;
    store(&mirror, &snapshot("production", &["a", "b", "c"], 100)).await;
    let mut smaller = snapshot("staging", &["c"], 200);
    smaller.segments.clear();
    store(&mirror, &smaller).await;

    assert_eq!(names(&mirror, "staging").await, ["c"]);
    assert_eq!(mirror.segments(&id("shop"), &key("staging")).await.unwrap(), []);
    assert_eq!(
        mirror
            .flag(&id("shop"), &key("staging"), &flag_key("a"))
            .await
            .unwrap(),
        None
    );
    assert_eq!(names(&mirror, "production").await, ["a", "b", "c"]);

    store(&mirror, &snapshot("staging", &[], 300)).await;
    assert_eq!(names(&mirror, "staging").await, Vec::<String>::new());
}

#[tokio::test]
async fn the_same_content_only_gets_younger() {
    let mirror = furnished().await;
    let with_uuid = |uuid: &str, fetched_at| Snapshot {
        document: json!({"identity_overrides": [{"identifier": "u", "identity_uuid": uuid}]}).to_string(),
        ..snapshot("staging", &["a"], fetched_at)
    };
    assert_eq!(store(&mirror, &with_uuid("1", 100)).await, Stored::Changed);
    assert_eq!(store(&mirror, &with_uuid("2", 200)).await, Stored::Unchanged);
    let facts = mirror
        .snapshot_facts(&id("shop"), &key("staging"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (facts.fetched_at, facts.document_updated_at),
        (Timestamp(200), Some(Timestamp(199)))
    );
    assert_eq!(row(&mirror, "a").await.fetched_at, Timestamp(200));

    let changes: [fn(&mut Snapshot); 4] = [
        |snapshot| snapshot.document = "{}".into(),
        |snapshot| snapshot.flags[0].state.enabled = false,
        |snapshot| snapshot.flags[0].description = None,
        |snapshot| snapshot.segments[0].name = "Austria".into(),
    ];
    for (index, change) in changes.into_iter().enumerate() {
        let mut changed = with_uuid("3", 300);
        change(&mut changed);
        assert_eq!(store(&mirror, &changed).await, Stored::Changed, "change {index}");
        assert_eq!(
            store(&mirror, &changed).await,
            Stored::Unchanged,
            "change {index} again"
        );
    }
}

#[tokio::test]
async fn a_flag_fetched_alone_is_younger_than_its_snapshot() {
    let mirror = furnished().await;
    let (shop, staging) = (id("shop"), key("staging"));
    store(&mirror, &snapshot("staging", &["a", "b", "c"], 100)).await;
    mirror
        .store_flag(&shop, &staging, &moved("b"), Timestamp(150))
        .await
        .unwrap();

    let rows = mirror.flag_rows(&shop, &staging).await.unwrap();
    let ages: Vec<_> = rows
        .rows
        .iter()
        .map(|row| (row.flag.key.0.as_str(), row.fetched_at.0))
        .collect();
    assert_eq!(ages, [("a", 100), ("b", 150), ("c", 100)]);
    assert_eq!(row(&mirror, "b").await.flag, moved("b"));

    assert_eq!(
        store(&mirror, &snapshot("staging", &["a", "b", "c"], 200)).await,
        Stored::Changed,
        "the snapshot of before is a change against the flag of since"
    );
    assert_eq!(
        row(&mirror, "b").await,
        FlagRow {
            flag: flag("b"),
            fetched_at: Timestamp(200)
        }
    );
}

#[tokio::test]
async fn a_flag_that_came_back_unchanged_changes_nothing() {
    let mirror = furnished().await;
    let (shop, staging) = (id("shop"), key("staging"));
    store(&mirror, &snapshot("staging", &["a", "b"], 100)).await;
    mirror
        .store_flag(&shop, &staging, &flag("a"), Timestamp(150))
        .await
        .unwrap();
    assert_eq!(row(&mirror, "a").await.fetched_at, Timestamp(150));
    assert_eq!(
        store(&mirror, &snapshot("staging", &["a", "b"], 200)).await,
        Stored::Unchanged
    );
    assert_eq!(row(&mirror, "a").await.fetched_at, Timestamp(200));
}

#[tokio::test]
async fn a_flag_the_snapshot_lacks_goes_behind_the_others() {
    let mirror = furnished().await;
    let (shop, staging) = (id("shop"), key("staging"));
    store(&mirror, &snapshot("staging", &["b", "c"], 100)).await;
    mirror
        .store_flag(&shop, &staging, &flag("a"), Timestamp(150))
        .await
        .unwrap();
    mirror
        .store_flag(&shop, &staging, &moved("a"), Timestamp(160))
        .await
        .unwrap();
    assert_eq!(names(&mirror, "staging").await, ["b", "c", "a"]);
    store(&mirror, &snapshot("staging", &["b", "c"], 200)).await;
    assert_eq!(names(&mirror, "staging").await, ["b", "c"]);
}

/// A refresh that began before a write and ends after it may carry what the
/// flag was before.
#[tokio::test]
async fn a_snapshot_begun_before_a_flag_was_fetched_does_not_take_it_back() {
    let mirror = furnished().await;
    let (shop, staging) = (id("shop"), key("staging"));
    store(&mirror, &snapshot("staging", &["a", "b"], 100)).await;
    mirror
        .store_flag(&shop, &staging, &moved("b"), Timestamp(250))
        .await
        .unwrap();
    store(&mirror, &snapshot("staging", &["a", "b", "c"], 200)).await;

    assert_eq!(names(&mirror, "staging").await, ["a", "b", "c"]);
    assert_eq!(
        row(&mirror, "b").await,
        FlagRow {
            flag: moved("b"),
            fetched_at: Timestamp(250)
        }
    );
    assert_eq!(row(&mirror, "a").await.fetched_at, Timestamp(200));

    assert_eq!(
        store(&mirror, &snapshot("staging", &["a", "b", "c"], 300)).await,
        Stored::Changed,
        "the next one, begun later, wins"
    );
    assert_eq!(row(&mirror, "b").await.flag, flag("b"));
}

#[tokio::test]
async fn a_flag_from_a_clock_that_was_set_back_gives_way() {
    let mirror = furnished().await;
    let tomorrow = Timestamp(24 * 3_600_000);
    store(&mirror, &snapshot("staging", &["a"], 100)).await;
    mirror
        .store_flag(&id("shop"), &key("staging"), &moved("a"), tomorrow)
        .await
        .unwrap();
    store(&mirror, &snapshot("staging", &["a"], 200)).await;
    assert_eq!(
        row(&mirror, "a").await,
        FlagRow {
            flag: flag("a"),
            fetched_at: Timestamp(200)
        }
    );
}

#[tokio::test]
async fn a_service_that_lists_a_flag_twice_is_shown_as_it_is() {
    let mirror = furnished().await;
    let twice = snapshot("staging", &["a", "a", "b"], 100);
    store(&mirror, &twice).await;
    assert_eq!(
        mirror.flags(&id("shop"), &key("staging")).await.unwrap(),
        twice.flags
    );
    mirror
        .store_flag(&id("shop"), &key("staging"), &moved("a"), Timestamp(150))
        .await
        .unwrap();
    assert_eq!(names(&mirror, "staging").await, ["a", "a", "b"]);
    assert_eq!(row(&mirror, "a").await.flag, moved("a"));
}

#[tokio::test]
async fn ten_thousand_flags_and_a_long_document_are_one_snapshot() {
    let mirror = furnished().await;
    let keys: Vec<String> = (0..10_000).map(|number| format!("flag_{number:05}")).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let mut large = snapshot("staging", &keys, 100);
    large.document = json!({"padding": "ä🎈\"".repeat(2_500_000)}).to_string();
    assert!(large.document.len() > 20_000_000);
    store(&mirror, &large).await;
    assert!(mirror.flags(&id("shop"), &key("staging")).await.unwrap() == large.flags);
    assert!(mirror.document(&id("shop"), &key("staging")).await.unwrap() == Some(large.document));
}
