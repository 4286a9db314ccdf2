//! Reads that nobody waits for any more.

use halyard_mirror::Mirror;

use crate::samples::furnish;

/// Its one connection is the database: whoever gives up must not take it along.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mirror_in_memory_outlives_reads_that_are_given_up() {
    let mirror = Mirror::in_memory().await.unwrap();
    furnish(&mirror).await;
    let held = mirror.connections().await.unwrap();
    assert!(!held.is_empty());
    for turn in 0..2_000 {
        let asked = mirror.clone();
        let reading = tokio::spawn(async move { asked.connections().await });
        for _ in 0..turn % 40 {
            tokio::task::yield_now().await;
        }
        reading.abort();
        let _given_up = reading.await;
    }
    assert_eq!(mirror.connections().await.unwrap(), held);
}
