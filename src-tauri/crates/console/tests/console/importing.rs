//! A file of many moments comes in: how far it is, and giving it up meanwhile.

use std::sync::Mutex;

use halyard_console::{ChosenId, ConsoleError, ExportInput, ImportProgress, Kept};
use halyard_mirror::{MomentFilter, STRETCH_MOMENTS};
use halyard_model::{FlagValue, Snapshot, Timestamp};

use crate::{
    bench::{Bench, Path, Place},
    files::Colleague,
};

const MOMENTS: usize = STRETCH_MOMENTS * 2 + 20;

/// A file with the whole timeline of an environment, in which one flag changed often.
async fn long_file() -> Vec<u8> {
    let (bench, place) = Bench::connected(Path::EdgeFlags).await;
    let Place {
        connection,
        environment,
    } = &place;
    let mirror = &bench.mirror;
    let mut snapshot = Snapshot {
        environment: environment.clone(),
        fetched_at: Timestamp(0),
        document: mirror.document(connection, environment).await.unwrap().unwrap(),
        document_updated_at: None,
        flags: mirror.flags(connection, environment).await.unwrap(),
        segments: mirror.segments(connection, environment).await.unwrap(),
    };
    let facts = mirror
        .snapshot_facts(connection, environment)
        .await
        .unwrap()
        .unwrap();
    for number in 1..MOMENTS as i64 {
        snapshot.fetched_at = Timestamp(facts.fetched_at.0 + number * 60_000);
        snapshot.flags[0].state.value = FlagValue(number.into());
        mirror.store_snapshot(connection, &snapshot).await.unwrap();
    }
    let filter = MomentFilter {
        environments: vec![(connection.clone(), environment.clone())],
        limit: 10_000,
        ..MomentFilter::default()
    };
    let moments = mirror.moments(&filter).await.unwrap();
    assert_eq!(moments.len(), MOMENTS);
    let folder = tempfile::tempdir().unwrap();
    let file = bench
        .console
        .export(ExportInput {
            connection: connection.clone(),
            environment: environment.clone(),
            from: moments.last().map(|oldest| oldest.id),
            to: None,
            seal: None,
            identities: Kept::Kept,
            authors: Kept::Kept,
            folder: folder.path().to_owned(),
        })
        .await
        .unwrap();
    std::fs::read(file.path).unwrap()
}

async fn told_while_importing(colleague: &Colleague, id: &ChosenId) -> Vec<ImportProgress> {
    let told = Mutex::new(Vec::new());
    let tell = |progress| told.lock().unwrap().push(progress);
    colleague.console.import(id, None, tell).await.unwrap();
    told.into_inner().unwrap()
}

#[tokio::test]
async fn how_far_a_file_has_come_in_is_told() {
    let file = long_file().await;
    let colleague = Colleague::new().await;
    let told = told_while_importing(&colleague, &colleague.choose(&file)).await;
    let done: Vec<u64> = told.iter().map(|progress| progress.done).collect();
    assert_eq!(
        done,
        [STRETCH_MOMENTS as u64, STRETCH_MOMENTS as u64 * 2],
        "after each stretch but the last"
    );
    assert!(told.iter().all(|progress| progress.total == MOMENTS as u64));
    assert!(
        told[0].bytes > 0 && told[1].bytes == told[0].bytes * 2,
        "{told:?}"
    );
    assert_eq!(
        colleague.mirror.history_size(None).await.unwrap().moments,
        MOMENTS as u64
    );
    let again = told_while_importing(&colleague, &colleague.choose(&file)).await;
    assert_eq!(again, [], "what is there already does not come in again");
}

#[tokio::test]
async fn a_file_that_is_given_up_while_it_comes_in_leaves_nothing() {
    let file = long_file().await;
    let colleague = Colleague::new().await;
    let (console, mirror) = (&colleague.console, &colleague.mirror);
    let id = colleague.choose(&file);
    let given_up = console.import(&id, None, |_| console.drop_file(&id)).await;
    assert!(matches!(given_up, Err(ConsoleError::Gone { .. })), "{given_up:?}");
    assert_eq!(console.connections().await.unwrap(), []);
    assert_eq!(mirror.history_size(None).await.unwrap().moments, 0);
    // Chosen anew, it comes in whole.
    let told = told_while_importing(&colleague, &colleague.choose(&file)).await;
    assert_eq!(told.len(), 2);
    assert_eq!(console.connections().await.unwrap().len(), 1);
}
