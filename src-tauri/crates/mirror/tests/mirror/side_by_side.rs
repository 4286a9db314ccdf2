//! Readers beside a writer, writers beside each other, and writes given up.

use halyard_mirror::Mirror;
use halyard_model::{FlagValue, Snapshot};
use serde_json::json;

use crate::samples::{edit, furnish, id, key, open_ready, snapshot};

/// A snapshot in which every flag says which one it is of.
fn generation(number: i64) -> Snapshot {
    let names: Vec<String> = (0..600 + number % 7)
        .map(|index| format!("flag_{index:03}"))
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut snapshot = snapshot("staging", &names, number);
    for flag in &mut snapshot.flags {
        flag.state.value = FlagValue(json!(number));
    }
    snapshot
}

/// The one generation that all flags are of.
async fn seen(mirror: &Mirror) -> i64 {
    let rows = mirror.flag_rows(&id("shop"), &key("staging")).await.unwrap().rows;
    let number = rows[0].fetched_at.0;
    assert_eq!(
        rows.len() as i64,
        600 + number % 7,
        "generation {number} is whole"
    );
    for row in &rows {
        assert_eq!(
            (row.fetched_at.0, &row.flag.state.value.0),
            (number, &json!(number))
        );
    }
    number
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_sees_one_snapshot_or_the_next() {
    let directory = tempfile::tempdir().unwrap();
    let mirror = open_ready(directory.path()).await;
    furnish(&mirror).await;
    mirror.store_snapshot(&id("shop"), &generation(1)).await.unwrap();
    let writer = tokio::spawn({
        let mirror = mirror.clone();
        async move {
            for number in 2..=25 {
                mirror
                    .store_snapshot(&id("shop"), &generation(number))
                    .await
                    .unwrap();
            }
        }
    });
    let mut last = 1;
    while !writer.is_finished() {
        let number = seen(&mirror).await;
        assert!(number >= last, "never back from {last} to {number}");
        last = number;
    }
    writer.await.unwrap();
    assert_eq!(seen(&mirror).await, 25);
    mirror.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_queue() {
    let directory = tempfile::tempdir().unwrap();
    let mirror = open_ready(directory.path()).await;
    furnish(&mirror).await;
    let writers: Vec<_> = (0..40)
        .map(|number| {
            let mirror = mirror.clone();
            tokio::spawn(async move {
                if number % 10 == 0 {
                    mirror
                        .store_snapshot(&id("shop"), &generation(number))
                        .await
                        .map(|_| ())
                } else {
                    mirror
                        .save_edit(&edit(&format!("e{number}"), "shop", "a", number))
                        .await
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap().unwrap();
    }
    assert_eq!(mirror.open_edits(None).await.unwrap().len(), 36);
    seen(&mirror).await;
    mirror.close().await;
}

/// A refresh can be given up at any moment, when the window closes or the
/// connection is deleted.
#[tokio::test]
async fn a_write_that_is_given_up_leaves_what_was() {
    let directory = tempfile::tempdir().unwrap();
    let mirror = open_ready(directory.path()).await;
    furnish(&mirror).await;
    mirror.store_snapshot(&id("shop"), &generation(1)).await.unwrap();
    let (mut kept, mut given_up) = (1, 0);
    // A write whose last step was on its way when it was given up may still
    // end, and then as a whole.
    let mut may_still_end = Vec::new();
    for number in 2..60 {
        let shop = id("shop");
        let next = generation(number);
        let finished = tokio::select! {
            biased;
            stored = mirror.store_snapshot(&shop, &next) => stored.is_ok(),
            () = turns(number * number * 4) => false,
        };
        let now = seen(&mirror).await;
        may_still_end.push(number);
        let possible = now == kept || may_still_end.contains(&now);
        assert!(
            possible && (!finished || now == number),
            "{now} after {number}, was {kept}"
        );
        assert!(
            now >= kept,
            "it never goes back: {now} after {number}, was {kept}"
        );
        given_up += u32::from(now != number);
        may_still_end.retain(|later| *later > now);
        kept = now;
    }
    println!("given up {given_up} of 58 times");
    assert!(given_up > 0, "some of them were cut off");
    mirror.save_setting("theme", "dark").await.unwrap();
    mirror.close().await;
}

async fn turns(count: i64) {
    for _ in 0..count {
        tokio::task::yield_now().await;
    }
}
